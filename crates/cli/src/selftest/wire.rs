//! A connection of this very process, octet by octet, and how long anything is waited for.

use super::judge::Fault;
use super::stage::PATIENCE;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wirelore_core::escape;

/// No answer of a server is longer.
const LONGEST: usize = 1 << 20;
/// So many characters of what came are shown.
const SHOWN: usize = 400;

/// A TCP connection to a server.
pub(super) struct Wire {
    pub(super) stream: TcpStream,
    unread: Vec<u8>,
}

impl Wire {
    pub(super) async fn open(server: SocketAddr) -> Result<Self, Fault> {
        let stream = patient("a connection", TcpStream::connect(server)).await?;
        let unread = Vec::new();
        // so that octets which are sent one by one arrive like that
        match stream.set_nodelay(true) {
            Ok(()) => Ok(Self { stream, unread }),
            Err(error) => Err(Fault::new("a connection", error.to_string())),
        }
    }

    /// Our own address.
    pub(super) fn address(&self) -> Result<SocketAddr, Fault> {
        let address = self.stream.local_addr();
        address.map_err(|error| Fault::new("a connection", error.to_string()))
    }

    pub(super) async fn sends(&mut self, octets: &[u8]) -> Result<(), Fault> {
        patient("that the server takes it", self.stream.write_all(octets)).await
    }

    /// No more is sent.
    pub(super) async fn finish(&mut self) -> Result<(), Fault> {
        patient("that the server takes it", self.stream.shutdown()).await
    }

    /// These octets come next, and no others.
    pub(super) async fn gets(&mut self, wanted: &[u8]) -> Result<(), Fault> {
        let expected = shown(wanted);
        while self.unread.len() < wanted.len() && wanted.starts_with(&self.unread) {
            if !self.more(&expected).await? {
                return Err(Fault::new(expected, ended(&self.unread)));
            }
        }
        match self.unread.starts_with(wanted) {
            true => {
                self.unread.drain(..wanted.len());
                Ok(())
            }
            false => Err(Fault::new(expected, shown(&self.unread))),
        }
    }

    /// What comes up to these octets, and they themselves.
    pub(super) async fn up_to(&mut self, end: &[u8]) -> Result<Vec<u8>, Fault> {
        let expected = format!("\"{}\"", shown(end));
        loop {
            if let Some(at) = find(&self.unread, end) {
                return Ok(self.unread.drain(..at + end.len()).collect());
            }
            if !self.more(&expected).await? {
                return Err(Fault::new(expected, ended(&self.unread)));
            }
        }
    }

    /// So many octets.
    pub(super) async fn take(&mut self, count: usize) -> Result<Vec<u8>, Fault> {
        while self.unread.len() < count {
            let expected = format!("{count} octets");
            if !self.more(&expected).await? {
                return Err(Fault::new(expected, ended(&self.unread)));
            }
        }
        Ok(self.unread.drain(..count).collect())
    }

    /// What has come, and was not looked at. The rest is in the stream.
    #[cfg(unix)]
    pub(super) fn unread(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.unread)
    }

    /// What comes up to the end.
    pub(super) async fn rest(&mut self) -> Result<Vec<u8>, Fault> {
        while self.more("the end of the connection").await? {}
        Ok(std::mem::take(&mut self.unread))
    }

    /// Whether there was more.
    async fn more(&mut self, expected: &str) -> Result<bool, Fault> {
        if self.unread.len() > LONGEST {
            return Err(Fault::new(expected, "far too much"));
        }
        let before = self.unread.len();
        let read = self.stream.read_buf(&mut self.unread);
        match patient(expected, read).await {
            Ok(count) => Ok(count > 0),
            Err(fault) if before == 0 => Err(fault),
            Err(Fault { came, .. }) => {
                let came = format!("{}, then {came}", shown(&self.unread));
                Err(Fault::new(expected, came))
            }
        }
    }
}

/// Waits for what must happen, but not for ever.
pub(super) async fn patient<T>(
    expected: &str,
    happens: impl Future<Output = io::Result<T>>,
) -> Result<T, Fault> {
    match timeout(PATIENCE, happens).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Fault::new(expected, error.to_string())),
        Err(_) => {
            let came = format!("nothing for {} s", PATIENCE.as_secs());
            Err(Fault::new(expected, came))
        }
    }
}

/// Octets for people; the end of them, where they are many.
pub(super) fn shown(octets: &[u8]) -> String {
    escape(octets).limit(SHOWN).to_string()
}

pub(super) fn find(octets: &[u8], wanted: &[u8]) -> Option<usize> {
    octets.windows(wanted.len()).position(|at| at == wanted)
}

/// What came, where more had to come.
pub(super) fn ended(octets: &[u8]) -> String {
    match octets {
        [] => "the end of the connection".to_owned(),
        octets => format!("the end after {}", shown(octets)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A connection over which these octets came, and then the end.
    async fn got(octets: &[u8]) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (wire, peer) = tokio::join!(Wire::open(address), listener.accept());
        let (mut peer, _) = peer.expect("a peer");
        peer.write_all(octets).await.expect("it is sent");
        wire.expect("a connection")
    }

    #[tokio::test]
    async fn only_what_is_wanted_is_right() {
        let mut wire = got(b"\xff\xfbab").await;
        assert_eq!(wire.gets(b"\xff\xfb").await, Ok(()));
        assert_eq!(wire.gets(b"ab").await, Ok(()));
        for (came, wanted) in [(&b"a"[..], &b"ab"[..]), (b"ac", b"ab"), (b"xab", b"ab")] {
            let fault = got(came).await.gets(wanted).await;
            assert!(fault.is_err_and(|fault| fault.expected == "ab"), "{came:?}");
        }
        let fault = got(b"\x1ba").await.gets(b"b").await.expect_err("wrong");
        assert_eq!(fault.came, r"\x1ba");
        let fault = got(b"a").await.gets(b"ab").await.expect_err("too little");
        assert_eq!(fault.came, "the end after a");
    }

    #[tokio::test]
    async fn text_is_read_up_to_its_end() {
        let mut wire = got(b"abcabc").await;
        assert_eq!(wire.up_to(b"bc").await, Ok(b"abc".to_vec()));
        assert!(wire.up_to(b"bd").await.is_err());
        assert_eq!(wire.take(1).await, Ok(b"a".to_vec()));
        assert!(wire.take(3).await.is_err());
        assert_eq!(wire.rest().await, Ok(b"bc".to_vec()));
        let fault = wire.up_to(b"a").await.expect_err("nothing is left");
        assert_eq!(fault.came, "the end of the connection");
    }
}
