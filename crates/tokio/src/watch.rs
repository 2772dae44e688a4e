use std::net::SocketAddr;

/// Somebody who looks on: a log, a capture, a progress bar.
///
/// Called from within the event loop: it must not block.
pub trait Watch: Send {
    /// Whether [`sent`](Self::sent) and [`received`](Self::received) are wanted. Asked once, before
    /// the first datagram: where nobody looks, datagrams need not be put together in memory.
    fn wants_datagrams(&self) -> bool {
        false
    }

    /// A datagram is sent from the local address.
    fn sent(&mut self, local: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        let _ = (local, to, datagram);
    }

    /// A datagram came to the local address.
    fn received(&mut self, local: SocketAddr, from: SocketAddr, datagram: &[u8]) {
        let _ = (local, from, datagram);
    }

    /// The two sides agreed on how the file is transferred.
    #[cfg(feature = "tftp")]
    fn started(&mut self, parameters: &wirelore_tftp::Parameters) {
        let _ = parameters;
    }

    /// So many octets of the file, counted from its start, were sent or are written.
    fn progress(&mut self, octets: u64) {
        let _ = octets;
    }

    /// A wait for the peer ended without an answer.
    fn waited(&mut self) {}
}

/// Nobody looks on.
impl Watch for () {}
