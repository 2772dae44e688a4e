use core::future::Future;
use core::pin::Pin;
use std::io::{self, ErrorKind};
use tokio::net::{TcpStream, lookup_host};

/// A boxed future that may be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How TCP connections come into being: which names mean which addresses, from which interface, in which
/// order. The connect timeout is the client's, which drops the future.
pub trait Connect: Send + Sync {
    /// Connects to a host: a name, an IPv4 address, or an IPv6 address without brackets. It is that of the
    /// origin, or that of the proxy.
    ///
    /// The stream should have TCP_NODELAY. An error comes back as the one in
    /// [`ClientError::Connect`](super::ClientError::Connect), whatever it holds.
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<TcpStream>>;
}

/// Resolves with the system's resolver and tries every address in turn, with TCP_NODELAY.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct Dial;

impl Connect for Dial {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<TcpStream>> {
        Box::pin(async move {
            let mut failed = None;
            for address in lookup_host((host, port)).await? {
                match TcpStream::connect(address).await {
                    Ok(stream) => {
                        stream.set_nodelay(true)?;
                        return Ok(stream);
                    }
                    Err(error) => failed = Some(error),
                }
            }
            Err(failed
                .unwrap_or_else(|| io::Error::new(ErrorKind::NotFound, "the name has no address")))
        })
    }
}
