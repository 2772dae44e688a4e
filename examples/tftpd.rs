//! A read-only TFTP server for one folder, on tokio. What the adapter does by itself: a socket and a
//! task for every transfer, options, windows, retransmissions, repeated requests, a clean end.
//!
//! ```sh
//! cargo run --release --example tftpd -- 127.0.0.1:6969 .
//! ```

use std::fs::File;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use wirelore_core::escape;
use wirelore_tokio::tftp::{Access, Asked, Denial, Direction, ErrorCode, Files, Report, Server};

struct Folder(PathBuf);

impl Files for Folder {
    fn open(&self, asked: &Asked) -> Result<Access, Denial> {
        let denied = |code: ErrorCode, why: &str| Denial {
            code,
            text: code.meaning().into(),
            why: why.into(),
        };
        // one plain name: no way out of the folder
        let name = str::from_utf8(&asked.filename).unwrap_or("/").trim_start_matches('/');
        if name.contains('/') || name.starts_with('.') || asked.direction == Direction::Write {
            return Err(denied(ErrorCode::ACCESS_VIOLATION, "only plain names, only to read"));
        }
        let opened = File::open(self.0.join(name)).and_then(|file| Ok((file.metadata()?, file)));
        match opened {
            Ok((metadata, file)) if metadata.is_file() => Ok(Access::Read {
                source: Box::new(file),
                size: Some(metadata.len()),
                watch: Box::new(()),
            }),
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(denied(ErrorCode::ACCESS_VIOLATION, &error.to_string()))
            }
            _ => Err(denied(ErrorCode::FILE_NOT_FOUND, "no such file")),
        }
    }

    fn report(&self, report: Report) {
        match report {
            Report::Transfer(asked, summary) => println!(
                "{} {:?} {}: {} octets in {:?}, {:?}",
                asked.peer,
                asked.direction,
                escape(&asked.filename),
                summary.octets,
                summary.elapsed,
                summary.outcome,
            ),
            other => println!("{other:?}"),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address: SocketAddr = arguments.next().ok_or("ADDRESS:PORT FOLDER")?.parse()?;
    let folder = Folder(arguments.next().ok_or("ADDRESS:PORT FOLDER")?.into());
    let server = Server::bind(address, Default::default())?;
    println!("listening on {}", server.local_addr());
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    println!("{:?}", server.run(Arc::new(folder), stop).await);
    Ok(())
}
