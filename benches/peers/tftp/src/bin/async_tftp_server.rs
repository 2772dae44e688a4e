//! The crate `async-tftp` as a server: `async-tftp-server ADDRESS DIR`. It runs on the executor
//! whose reactor the crate is built on.

use async_tftp::server::TftpServerBuilder;
use std::error::Error;
use std::net::SocketAddr;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: async-tftp-server ADDRESS DIR";
    let address: SocketAddr = arguments.next().ok_or(usage)?.parse()?;
    let folder = arguments.next().ok_or(usage)?;
    async_io::block_on(async {
        let server = TftpServerBuilder::with_dir_ro(folder)?.bind(address);
        server.build().await?.serve().await
    })?;
    Ok(())
}
