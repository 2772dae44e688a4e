use super::Seen;
use socket2::SockRef;
use std::io;
use tokio::net::TcpStream;

/// No mark is ever seen.
pub(super) const MARKS: bool = false;

/// Sees nothing.
pub(super) const fn look(_: &TcpStream) -> Seen {
    Seen {
        readable: true,
        urgent: false,
        closed: false,
    }
}

/// Sends the octet as an urgent one.
pub(super) fn send_urgent(tcp: &TcpStream, octet: &[u8]) -> io::Result<usize> {
    SockRef::from(tcp).send_out_of_band(octet)
}
