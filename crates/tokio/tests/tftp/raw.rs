//! A peer that a test plays datagram by datagram.

use crate::rig::{socket, soon};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;
use wirelore_tftp::wire::Packet;

/// A socket that speaks in packets.
pub(crate) struct Raw {
    pub(crate) socket: UdpSocket,
}

impl Raw {
    pub(crate) fn new() -> Self {
        Self::from(socket())
    }

    pub(crate) fn from(socket: std::net::UdpSocket) -> Self {
        socket.set_nonblocking(true).unwrap();
        let socket = UdpSocket::from_std(socket).unwrap();
        Self { socket }
    }

    pub(crate) async fn sends(&self, to: SocketAddr, datagram: &[u8]) {
        let len = soon("room to send", self.socket.send_to(datagram, to))
            .await
            .unwrap();
        assert_eq!(len, datagram.len());
    }

    /// The next packet, in words, and who sent it.
    pub(crate) async fn hears(&self) -> (String, SocketAddr) {
        let (datagram, from) = self.receives().await;
        (words(&datagram), from)
    }

    pub(crate) async fn receives(&self) -> (Vec<u8>, SocketAddr) {
        let mut buf = vec![0; 65_536];
        let (len, from) = soon("a datagram", self.socket.recv_from(&mut buf))
            .await
            .unwrap();
        buf.truncate(len);
        (buf, from)
    }

    /// That nothing comes for a while.
    pub(crate) async fn hears_nothing_for(&self, time: Duration) {
        if let Ok((words, from)) = tokio::time::timeout(time, self.hears()).await {
            panic!("{words} from {from}");
        }
    }

    /// Asks for a file and plays the rest of the download in lockstep: its octets.
    pub(crate) async fn fetches(&self, server: SocketAddr, name: &str) -> Vec<u8> {
        self.sends(server, &rrq(name, &[])).await;
        let (mut octets, mut expected) = (Vec::new(), 1);
        while expected < 1000 {
            let (datagram, from) = self.receives().await;
            let Ok(Packet::Data(data)) = Packet::parse(&datagram) else {
                panic!("{}", words(&datagram));
            };
            if data.block != expected {
                continue;
            }
            octets.extend_from_slice(data.payload);
            self.sends(from, &ack(expected)).await;
            if data.payload.len() < 512 {
                return octets;
            }
            expected += 1;
        }
        panic!("a file without an end");
    }
}

pub(crate) fn rrq(name: &str, options: &[(&str, &str)]) -> Vec<u8> {
    request(1, name, options)
}

pub(crate) fn wrq(name: &str, options: &[(&str, &str)]) -> Vec<u8> {
    request(2, name, options)
}

pub(crate) fn data(block: u16, octets: &[u8]) -> Vec<u8> {
    [&[0, 3], &block.to_be_bytes(), octets].concat()
}

pub(crate) fn ack(block: u16) -> Vec<u8> {
    [[0, 4], block.to_be_bytes()].concat()
}

fn request(opcode: u8, name: &str, options: &[(&str, &str)]) -> Vec<u8> {
    let mut datagram = vec![0, opcode];
    for word in [name, "octet"]
        .into_iter()
        .chain(options.iter().flat_map(|&(n, v)| [n, v]))
    {
        datagram.extend_from_slice(word.as_bytes());
        datagram.push(0);
    }
    datagram
}

/// A packet in words: `DATA 1 512`, `ACK 1`, `ERROR 5`, `OACK blksize=8`.
pub(crate) fn words(datagram: &[u8]) -> String {
    match Packet::parse(datagram) {
        Ok(Packet::Data(data)) => format!("DATA {} {}", data.block, data.payload.len()),
        Ok(Packet::Ack(ack)) => format!("ACK {}", ack.block),
        Ok(Packet::Error(error)) => format!("ERROR {}", error.code.0),
        Ok(Packet::Oack(oack)) => {
            let mut words = String::from("OACK");
            for (name, value) in oack.options.iter() {
                words += &format!(" {}={}", name.escape_ascii(), value.escape_ascii());
            }
            words
        }
        Ok(Packet::Request(request)) => format!("{:?} request", request.direction),
        Err(error) => panic!("{}: {error}", datagram.escape_ascii()),
    }
}
