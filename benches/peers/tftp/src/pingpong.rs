//! Two UDP sockets and nothing else: how fast a lockstep transfer could be on this machine.
//!
//! The client says hello to a well-known port, and from then on asks a connected socket of the
//! server for datagrams of a size: as TFTP does, but nobody reads a file, parses or keeps time.

use crate::client::{LONGEST, Report, Sizes, TIMEOUT, Trouble};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Instant;

/// What a request is made of: how long the answer is to be. The last one wants none.
const REQUEST: usize = 4;

/// Serves one client after the other, until killed.
pub(crate) fn serve() -> io::Result<()> {
    let listening = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("listening on {}", listening.local_addr()?);
    let answer = vec![0; LONGEST];
    let mut request = [0; REQUEST];
    loop {
        let (_, client) = listening.recv_from(&mut request)?;
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        socket.connect(client)?;
        socket.send(&request)?;
        while let Ok(REQUEST) = socket.recv(&mut request) {
            match u32::from_be_bytes(request) as usize {
                0 => break,
                len => socket.send(&answer[..len.min(LONGEST)])?,
            };
        }
    }
}

/// As many datagrams as a file of `octets` has blocks.
pub(crate) fn play(server: SocketAddr, octets: u64, block: u16) -> io::Result<Report> {
    let mut datagram = vec![0; LONGEST];
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    let request = (u32::from(block) + 4).to_be_bytes();
    let start = Instant::now();
    socket.send_to(&request, server)?;
    let (_, from) = socket.recv_from(&mut datagram)?;
    socket.connect(from)?;
    for _ in 0..octets.div_ceil(u64::from(block)) {
        socket.send(&request)?;
        let len = socket.recv(&mut datagram)?;
        if len != usize::from(block) + 4 {
            return Err(io::Error::other("an answer of another size"));
        }
    }
    let took = start.elapsed();
    socket.send(&0_u32.to_be_bytes())?;
    Ok(Report {
        took,
        granted: Sizes { block, window: 1 },
        trouble: Trouble::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_answers_nothing_is_an_error() {
        let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(play(silent.local_addr().unwrap(), 1024, 512).is_err());
    }
}
