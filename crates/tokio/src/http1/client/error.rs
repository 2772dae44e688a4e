use bytes::Bytes;
use core::fmt;
use std::io;
use wirelore_http1::wire::ResponseHead;
use wirelore_http1::{Error, Misuse};

/// Why there is no response, or not all of it. The text of the [`source`](core::error::Error::source) is not
/// in the text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// There is no TCP connection. The error is that of [`Connect`](super::Connect), as it was.
    #[error("cannot connect to {}", wirelore_core::escape(.to.as_bytes()))]
    Connect {
        /// `host:port` of the origin or of the proxy.
        to: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The TLS handshake failed; `tls::handshake_error` finds what rustls says.
    #[error("the TLS handshake with {} failed", wirelore_core::escape(.with.as_bytes()))]
    Tls {
        /// `host:port` of the origin or of the proxy.
        with: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// TLS is wanted, and there is no configuration for it, or the feature `tls` is off.
    #[error("tls is not configured")]
    NoTls,
    /// The proxy does not make a tunnel: its answer to CONNECT is not 2xx, or it is 204, which ends with its
    /// head (RFC 9112 section 6.3).
    #[error("the proxy refuses the tunnel with {}", .head.status())]
    ProxyRefused {
        /// What it says. With 407, Proxy-Authenticate is in it.
        head: Box<ResponseHead<Bytes>>,
    },
    /// So many octets came behind the proxy's 2xx, before TLS has begun: the tunnel is not to be trusted.
    #[error("{0} octets came through the tunnel before tls")]
    ProxyBabbled(usize),
    /// The request cannot be sent as asked, or the call does not fit. Nothing was sent by it.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// CONNECT, or a request with Upgrade: what follows is not HTTP, and not for this client.
    #[error("a change of protocol is not supported")]
    Switch,
    /// The server's octets make no sense, or end too early.
    #[error("the response cannot be understood")]
    Protocol(#[source] Error),
    /// The connection ended before one octet of a response came, and the request may have been carried
    /// out or not. It was not sent again, because it is not idempotent, its body was on its way, or the
    /// connection was a new one.
    #[error("the connection was closed before a response came{}", if *.reused { " (it had been used before)" } else { "" })]
    Closed {
        /// Whether the connection had been used before. If so, the server may just have closed an idle
        /// connection.
        reused: bool,
        /// How, if not in order.
        #[source]
        error: Option<io::Error>,
    },
    /// The connection failed later; over TLS, it also fails when it ends without a closure alert where only
    /// its end ends the body.
    #[error("the connection failed")]
    Io(#[source] io::Error),
    /// Something took too long.
    #[error("timed out: {0}")]
    TimedOut(Waiting),
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waiting {
    /// The TCP connection, to the origin or to the proxy.
    Connect,
    /// The proxy's answer to CONNECT.
    Tunnel,
    /// The TLS handshake.
    Tls,
    /// The peer reads nothing of the request.
    Sending,
    /// The head of the response.
    ResponseHead,
    /// The next octets of its body.
    ResponseBody,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Tunnel => "the proxy's answer",
            Self::Tls => "the tls handshake",
            Self::Sending => "sending",
            Self::ResponseHead => "the response",
            Self::ResponseBody => "the body of the response",
        })
    }
}
