use super::ConnectionFacts;
use bytes::Bytes;
use wirelore_http1::wire::ResponseHead;

/// Somebody who looks on: lines for `-v`, a trace, statistics.
///
/// `connection` is the number of the connection, as in [`ConnectionFacts::id`]. Credentials are in what is
/// shown. Called from within the event loop: it must not block.
pub trait Observer: Send + Sync {
    /// A TCP connection to `host` and `port` is begun: the origin's, or the proxy's.
    fn connecting(&self, connection: u64, host: &str, port: u16) {
        let _ = (connection, host, port);
    }

    /// The TCP connection is there.
    fn connected(&self, connection: u64, local: std::net::SocketAddr, peer: std::net::SocketAddr) {
        let _ = (connection, local, peer);
    }

    /// A TLS handshake is done. Twice where the proxy itself is reached by TLS.
    #[cfg(feature = "tls")]
    fn secured(&self, connection: u64, facts: &crate::tls::TlsFacts) {
        let _ = (connection, facts);
    }

    /// An idle connection is used again.
    fn reused(&self, facts: &ConnectionFacts) {
        let _ = facts;
    }

    /// The connection was closed without an answer, and the request is sent again on a new one.
    fn again(&self, connection: u64) {
        let _ = connection;
    }

    /// The head of a request is to be sent: these octets, CONNECT to a proxy included.
    fn request(&self, connection: u64, head: &[u8]) {
        let _ = (connection, head);
    }

    /// An interim response came (1xx).
    fn interim(&self, connection: u64, head: &ResponseHead<Bytes>) {
        let _ = (connection, head);
    }

    /// The head of a final response came, that of a proxy to CONNECT included.
    fn response(&self, connection: u64, head: &ResponseHead<Bytes>) {
        let _ = (connection, head);
    }

    /// Octets of the request's body are to be sent, without what chunks put around them.
    fn body_sent(&self, connection: u64, octets: &[u8]) {
        let _ = (connection, octets);
    }

    /// Octets of the response's body came, without what chunks put around them.
    fn body_received(&self, connection: u64, octets: &[u8]) {
        let _ = (connection, octets);
    }

    /// An exchange is over and the connection is kept for the next one.
    fn kept(&self, connection: u64) {
        let _ = connection;
    }

    /// The connection is closed.
    fn closed(&self, connection: u64) {
        let _ = connection;
    }
}

/// Nobody looks on.
impl Observer for () {}
