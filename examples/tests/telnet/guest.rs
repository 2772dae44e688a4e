//! A client that knows nothing: octets go out, and octets are waited for.

use socket2::SockRef;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long anything is waited for. Only a test that fails waits so long.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct Guest {
    stream: TcpStream,
    /// What came and was not asked for yet.
    pub(crate) received: Vec<u8>,
}

impl Guest {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        Self { stream, received: Vec::new() }
    }

    pub(crate) fn send(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).unwrap();
    }

    pub(crate) fn send_urgent(&self, octet: u8) {
        SockRef::from(&self.stream).send_out_of_band(&[octet]).unwrap();
    }

    /// To a server that may close meanwhile.
    pub(crate) fn try_send(&mut self, octets: &[u8]) {
        let _ = self.stream.write_all(octets);
    }

    /// Everything up to and with `end`, which is awaited.
    pub(crate) fn until(&mut self, end: &[u8]) -> Vec<u8> {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.received.windows(end.len()).position(|w| w == end) {
                return self.received.drain(..at + end.len()).collect();
            }
            let more = self.read(deadline);
            assert!(more, "no {} in {}", end.escape_ascii(), self.last());
        }
    }

    /// Everything until the server closes, which is awaited.
    pub(crate) fn rest(mut self) -> Vec<u8> {
        let deadline = Instant::now() + LIMIT;
        while self.read(deadline) {}
        self.received
    }

    /// The octets of an opening: as many as there are to be.
    pub(crate) fn exactly(&mut self, count: usize) -> Vec<u8> {
        let deadline = Instant::now() + LIMIT;
        while self.received.len() < count {
            assert!(self.read(deadline), "{:02x?}", self.received);
        }
        self.received.drain(..count).collect()
    }

    /// Whether there was more. A reset is an end, too.
    fn read(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = left.max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(left)).unwrap();
        let mut octets = [0; 4096];
        match self.stream.read(&mut octets) {
            Ok(0) => false,
            Ok(count) => {
                self.received.extend_from_slice(&octets[..count]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("{error}, after {}", self.last()),
        }
    }

    /// The end of what was received, to be shown.
    fn last(&self) -> String {
        let from = self.received.len().saturating_sub(300);
        self.received[from..].escape_ascii().to_string()
    }
}
