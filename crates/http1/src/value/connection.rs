//! Fields about one connection: `Connection`, `Keep-Alive`, `Upgrade` (RFC 9110 sections 7.6.1 and
//! 7.8).

use super::list::{Tokens, contains_token, members, tokens};
use super::pair::{digits, pair, said};
use crate::wire::octet::is_token;

/// Whether the `Connection` field `value` has `close`.
#[must_use]
pub fn has_close(value: &[u8]) -> bool {
    contains_token(value, b"close")
}

/// Whether the `Connection` field `value` has `keep-alive`, by which HTTP/1.0 asks for what HTTP/1.1
/// does anyway (RFC 9112 section 9.3).
#[must_use]
pub fn has_keep_alive(value: &[u8]) -> bool {
    contains_token(value, b"keep-alive")
}

/// Whether the `Connection` field `value` has `upgrade`, without which an `Upgrade` field is none.
#[must_use]
pub fn has_upgrade(value: &[u8]) -> bool {
    contains_token(value, b"upgrade")
}

/// The options in the `Connection` field `value`. What is no token is an error that names it, and the
/// next call goes on behind it. Case means nothing in an option.
#[must_use]
pub const fn options(value: &[u8]) -> Tokens<'_> {
    tokens(value)
}

/// The fields, in lower case, that an intermediary removes or replaces even if `Connection` does not
/// name them (section 7.6.1), `Connection` itself among them.
///
/// `Trailer` is not one of them, though RFC 2616 counted it. `Proxy-Authenticate` and
/// `Proxy-Authorization` are not either: they are for the next proxy that wants them (section 11.7).
pub const HOP_BY_HOP: [&str; 6] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Whether an intermediary removes the field `name` before it passes a message on whose `Connection`
/// fields are `connection`: it is one of [`HOP_BY_HOP`], or one of them names it, in any case.
///
/// Nothing is exempt: a peer may name `Host`, `Content-Length` or `Authorization`, though a sender must
/// not. What a message needs to be framed and routed the intermediary writes itself, from what it
/// understood before anything was removed.
///
/// The work is linear in `connection`, for each field: bound the number of fields.
///
/// ```
/// # use wirelore_http1::value::connection::is_hop_by_hop;
/// let connection = [&b"close, X-Trace"[..]];
/// assert!(is_hop_by_hop(b"x-trace", connection));
/// assert!(is_hop_by_hop(b"Transfer-Encoding", connection));
/// assert!(!is_hop_by_hop(b"Accept", connection));
/// ```
#[must_use]
pub fn is_hop_by_hop<'v>(name: &[u8], connection: impl IntoIterator<Item = &'v [u8]>) -> bool {
    HOP_BY_HOP
        .iter()
        .any(|it| name.eq_ignore_ascii_case(it.as_bytes()))
        || connection.into_iter().any(|it| contains_token(it, name))
}

/// A `Keep-Alive` field (RFC 2068 section 19.7.1, as it is used): `timeout=5, max=100`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeepAlive {
    /// For how many seconds an idle connection stays open.
    pub timeout: Option<u64>,
    /// How many more requests may come on it.
    pub max: Option<u64>,
}

impl KeepAlive {
    /// Reads the field. Other parameters, and numbers that are none, are passed over; of two equal
    /// ones the first counts; a number that is too large is the largest there is.
    #[must_use]
    pub fn parse(value: &[u8]) -> Self {
        let mut it = Self::default();
        for (name, raw) in members(value).filter_map(|member| pair(member, true)) {
            let number = raw.and_then(|raw| digits(&said(raw)));
            if name.eq_ignore_ascii_case(b"timeout") {
                it.timeout = it.timeout.or(number);
            } else if name.eq_ignore_ascii_case(b"max") {
                it.max = it.max.or(number);
            }
        }
        it
    }
}

/// A protocol in an `Upgrade` field: `websocket`, `IRC/6.9`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Protocol<'v> {
    /// The name. Compare without regard to case.
    pub name: &'v [u8],
    /// The version.
    pub version: Option<&'v [u8]>,
}

/// The protocols in the `Upgrade` field `value`, the most wanted first; malformed ones are skipped.
/// Without `upgrade` in `Connection`, and in HTTP/1.0, the field means nothing (section 7.8).
///
/// ```
/// # use wirelore_http1::value::connection::protocols;
/// let mut it = protocols(b"websocket, IRC/6.9");
/// assert_eq!(it.next().unwrap().name, b"websocket");
/// assert_eq!(it.next().unwrap().version, Some(&b"6.9"[..]));
/// ```
pub fn protocols(value: &[u8]) -> impl Iterator<Item = Protocol<'_>> {
    members(value).filter_map(Protocol::parse)
}

impl<'v> Protocol<'v> {
    /// Reads one protocol. `None` if it is not a token, or two with a `/` between them.
    #[must_use]
    pub fn parse(protocol: &'v [u8]) -> Option<Self> {
        let slash = memchr::memchr(b'/', protocol);
        let (name, version) = match slash {
            None => (protocol, None),
            Some(at) => (protocol.get(..at)?, Some(protocol.get(at + 1..)?)),
        };
        (is_token(name) && version.is_none_or(is_token)).then_some(Self { name, version })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn rfc9110_7_6_1_options_in_any_case() {
        assert!(has_close(b"Close") && has_close(b"a, ,CLOSE") && !has_close(b"closed"));
        assert!(has_keep_alive(b"Keep-Alive") && !has_keep_alive(b"close"));
        assert!(has_upgrade(b"HTTP2-Settings, Upgrade") && !has_upgrade(b"upgrade-x"));
        assert_eq!(options(b"close, x y, TE").filter_map(Result::ok).count(), 2);
    }

    #[test]
    fn rfc9110_7_6_1_what_an_intermediary_removes() {
        let connection = [&b"close, X-A"[..], b"Foo, Host, cache-control, \"Accept\""];
        let removed = |name: &str| is_hop_by_hop(name.as_bytes(), connection);
        for name in [
            "Connection",
            "Proxy-Connection",
            "KEEP-ALIVE",
            "TE",
            "Transfer-Encoding",
            "Upgrade",
            "x-a",
            "FOO",
            "Close",
            "Host",
            "Cache-Control",
        ] {
            assert!(removed(name), "{name}");
        }
        for name in ["Accept", "Trailer", "Via", "Proxy-Authorization", "X", ""] {
            assert!(!removed(name), "{name}");
        }
        assert!(is_hop_by_hop(b"te", []) && !is_hop_by_hop(b"foo", []));
    }

    #[test]
    fn rfc2068_19_7_1_keep_alive() {
        let parse = KeepAlive::parse;
        let of = |timeout, max| KeepAlive { timeout, max };
        assert_eq!(parse(b"timeout=5, max=100"), of(Some(5), Some(100)));
        assert_eq!(parse(b"MAX = 3 , x=y, timeout=\"7\""), of(Some(7), Some(3)));
        assert_eq!(
            parse(b"timeout=x, timeout=1, timeout=2, max"),
            of(Some(1), None)
        );
        assert_eq!(parse(b"max=-1, timeout=1.5"), of(None, None));
        assert_eq!(parse(b"max=99999999999999999999"), of(None, Some(u64::MAX)));
        assert_eq!(parse(b""), of(None, None));
    }

    #[test]
    fn rfc9110_7_8_protocols() {
        let all: Vec<_> = protocols(b"websocket, IRC/6.9,, RTA/x11, a/, /b, a/b/c, x y, h2c")
            .map(|it| (it.name, it.version))
            .collect();
        assert_eq!(
            all,
            [
                (&b"websocket"[..], None),
                (b"IRC", Some(&b"6.9"[..])),
                (b"RTA", Some(b"x11")),
                (b"h2c", None)
            ]
        );
    }
}
