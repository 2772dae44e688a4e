use crate::{TapStream, UrgentStream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A byte stream that a connection is served on.
pub trait Transport: AsyncRead + AsyncWrite + Unpin + Send + Sync {
    /// The TCP connection, where what is written to it is sent as it is: files then go into it without
    /// passing through the program.
    fn tcp(&self) -> Option<&TcpStream> {
        None
    }

    /// The TCP connection beneath, whatever stands on it: to break it off.
    fn beneath(&self) -> Option<&TcpStream> {
        self.tcp()
    }
}

impl Transport for TcpStream {
    fn tcp(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl<T: Transport> Transport for TapStream<T> {
    fn beneath(&self) -> Option<&TcpStream> {
        self.inner().beneath()
    }
}

impl Transport for UrgentStream {}

impl Transport for tokio::io::DuplexStream {}

#[cfg(feature = "tls")]
impl<T: Transport> Transport for tokio_rustls::server::TlsStream<T> {
    fn beneath(&self) -> Option<&TcpStream> {
        self.get_ref().0.beneath()
    }
}
