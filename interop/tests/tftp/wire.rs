//! Datagrams that a test sends and gets by itself, written down octet by octet.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};

use crate::LIMIT;

/// A peer without a mind of its own: a client, or the server's side of one transfer.
pub(crate) struct Raw {
    socket: UdpSocket,
    /// Where the last datagram came from.
    peer: Option<SocketAddr>,
}

impl Raw {
    pub(crate) fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        Self { socket, peer: None }
    }

    /// One that has asked `server`, and got no answer yet.
    pub(crate) fn asking(server: SocketAddr, request: &[u8]) -> Self {
        let raw = Self::new();
        raw.send_to(request, server);
        raw
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub(crate) fn send_to(&self, datagram: &[u8], to: SocketAddr) {
        self.socket.send_to(datagram, to).unwrap();
    }

    /// The next datagram. All of them come from the same port, until [`Raw::forget`].
    #[track_caller]
    pub(crate) fn hear(&mut self) -> Vec<u8> {
        let mut datagram = vec![0; 65_536];
        let (len, from) = match self.socket.recv_from(&mut datagram) {
            Ok(received) => received,
            Err(error) => panic!("silence: {error}"),
        };
        assert_eq!(*self.peer.get_or_insert(from), from, "another port answers");
        datagram.truncate(len);
        datagram
    }

    /// The next answer may come from another port.
    pub(crate) fn forget(&mut self) {
        self.peer = None;
    }

    /// Where the last datagram came from.
    #[track_caller]
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer.expect("somebody was heard")
    }

    /// Sends to where the last datagram came from.
    #[track_caller]
    pub(crate) fn say(&self, datagram: &[u8]) {
        self.send_to(datagram, self.peer());
    }

    /// [`say`](Self::say), then [`hear`](Self::hear).
    #[track_caller]
    pub(crate) fn ask(&mut self, datagram: &[u8]) -> Vec<u8> {
        self.say(datagram);
        self.hear()
    }

    /// What has come and was not heard yet.
    pub(crate) fn waiting(&self) -> Vec<Vec<u8>> {
        self.socket.set_nonblocking(true).unwrap();
        let mut waiting = Vec::new();
        let mut datagram = vec![0; 65_536];
        loop {
            match self.socket.recv(&mut datagram) {
                Ok(len) => waiting.push(datagram[..len].to_vec()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        self.socket.set_nonblocking(false).unwrap();
        waiting
    }
}

/// A request to read.
pub(crate) fn rrq(name: impl AsRef<[u8]>, mode: &str, options: &[(&str, &str)]) -> Vec<u8> {
    request(1, name.as_ref(), mode, options)
}

/// A request to write.
pub(crate) fn wrq(name: impl AsRef<[u8]>, mode: &str, options: &[(&str, &str)]) -> Vec<u8> {
    request(2, name.as_ref(), mode, options)
}

fn request(opcode: u8, name: &[u8], mode: &str, options: &[(&str, &str)]) -> Vec<u8> {
    let mut datagram = vec![0, opcode];
    datagram.extend_from_slice(name);
    datagram.push(0);
    string(&mut datagram, mode);
    list(datagram, options)
}

pub(crate) fn data(block: u16, octets: &[u8]) -> Vec<u8> {
    [&[0, 3], &block.to_be_bytes()[..], octets].concat()
}

pub(crate) fn ack(block: u16) -> Vec<u8> {
    [[0, 4], block.to_be_bytes()].concat()
}

pub(crate) fn error(code: u16, text: &str) -> Vec<u8> {
    let mut datagram = [[0, 5], code.to_be_bytes()].concat();
    string(&mut datagram, text);
    datagram
}

pub(crate) fn oack(options: &[(&str, &str)]) -> Vec<u8> {
    list(vec![0, 6], options)
}

fn list(mut datagram: Vec<u8>, options: &[(&str, &str)]) -> Vec<u8> {
    for (name, value) in options {
        string(&mut datagram, name);
        string(&mut datagram, value);
    }
    datagram
}

fn string(datagram: &mut Vec<u8>, text: &str) {
    datagram.extend_from_slice(text.as_bytes());
    datagram.push(0);
}

/// Code and text of an ERROR.
#[track_caller]
pub(crate) fn error_of(datagram: &[u8]) -> (u16, String) {
    match datagram {
        [0, 5, high, low, text @ .., 0] => {
            (u16::from_be_bytes([*high, *low]), String::from_utf8(text.to_vec()).unwrap())
        }
        other => panic!("no ERROR: {}", other.escape_ascii()),
    }
}

/// A datagram for people.
pub(crate) fn shown(datagram: &[u8]) -> String {
    datagram[..datagram.len().min(64)].escape_ascii().to_string()
}
