//! The other end of a connection.

use socket2::SockRef;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct Listener(TcpListener);

pub(crate) struct Peer {
    stream: TcpStream,
    /// What was read and not asked for.
    heard: Vec<u8>,
}

impl Listener {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket option");
        Self(listener)
    }

    pub(crate) fn port(&self) -> String {
        self.0.local_addr().expect("an address").port().to_string()
    }

    pub(crate) fn accept(&self) -> Peer {
        let end = Instant::now() + LIMIT;
        loop {
            match self.0.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).expect("a socket option");
                    stream
                        .set_read_timeout(Some(LIMIT))
                        .expect("a socket option");
                    stream
                        .set_write_timeout(Some(LIMIT))
                        .expect("a socket option");
                    let inline = SockRef::from(&stream).set_out_of_band_inline(true);
                    inline.expect("a socket option");
                    return Peer {
                        stream,
                        heard: Vec::new(),
                    };
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    assert!(Instant::now() < end, "nobody connects");
                    sleep(Duration::from_millis(5));
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

impl Peer {
    pub(crate) fn send(&mut self, octets: &[u8]) {
        self.stream
            .write_all(octets)
            .expect("the connection takes it");
    }

    /// Reads until `octets` have come, and returns what came before them.
    #[track_caller]
    pub(crate) fn expect(&mut self, octets: &[u8]) -> Vec<u8> {
        loop {
            let found = self.heard.windows(octets.len()).position(|w| w == octets);
            if let Some(at) = found {
                let before = self.heard[..at].to_vec();
                self.heard.drain(..at + octets.len());
                return before;
            }
            let mut piece = [0; 4096];
            match self.stream.read(&mut piece) {
                Ok(count @ 1..) => self.heard.extend_from_slice(&piece[..count]),
                other => panic!(
                    "{other:?} instead of \"{}\", after \"{}\"",
                    octets.escape_ascii(),
                    self.heard.escape_ascii()
                ),
            }
        }
    }

    /// What comes until the end.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.heard);
        self.stream.read_to_end(&mut rest).expect("an end");
        rest
    }

    /// Sends an octet with an urgent mark.
    pub(crate) fn send_urgent(&mut self, octet: u8) {
        let sent = SockRef::from(&self.stream).send_out_of_band(&[octet]);
        sent.expect("the connection takes it");
    }

    /// Ends the connection with a reset.
    pub(crate) fn reset(self) {
        let linger = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        linger.expect("a socket option");
    }
}
