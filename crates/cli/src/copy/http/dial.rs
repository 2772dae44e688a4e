//! Connections, as the options of the network want them.

use super::super::network::Network;
use super::super::place::Host;
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpSocket, TcpStream};
use wirelore_tokio::http1::client::{BoxFuture, Connect};

pub(super) struct Dial(pub(super) Network);

impl Connect for Dial {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<TcpStream>> {
        Box::pin(async move {
            let host = match host.parse() {
                Ok(address) => Host::Address(address),
                Err(_) => Host::Name(host.to_owned()),
            };
            let addresses = self.0.resolve(&host, port).await;
            let addresses = addresses.map_err(|failure| failure.into_io())?;
            let mut failed = io::Error::from(io::ErrorKind::NotFound);
            for address in addresses {
                match self.to(address).await {
                    Ok(stream) => {
                        stream.set_nodelay(true)?;
                        return Ok(stream);
                    }
                    Err(error) => failed = error,
                }
            }
            Err(failed)
        })
    }
}

impl Dial {
    async fn to(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = self.0.tcp(address).map_err(|failure| failure.into_io())?;
        TcpSocket::from_std_stream(socket).connect(address).await
    }
}
