//! `host[:port]` (RFC 3986 section 3.2, RFC 9110 sections 4.2 and 7.2).

use core::net::Ipv6Addr;

use super::octet::{are_reg_name, is_reg_name};
use super::scan;

/// A host with an optional port, as Host fields and request-targets name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Authority<'a> {
    /// A registered name, an IPv4 address, or an IP literal with its brackets. May be empty.
    pub host: &'a [u8],
    /// The port; `None` when there is none, also behind a colon.
    pub port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Reads `host[:port]`; `None` when it is something else, userinfo included (RFC 9110 section
    /// 4.2.4), or when the port is beyond 65535.
    #[must_use]
    pub fn parse(octets: &'a [u8]) -> Option<Self> {
        let end = match octets {
            [b'[', ..] => octets.iter().position(|&octet| octet == b']')? + 1,
            _ => octets
                .iter()
                .position(|&octet| octet == b':')
                .unwrap_or(octets.len()),
        };
        let (host, rest) = octets.split_at_checked(end)?;
        let port = match rest {
            [] | [b':'] => None,
            [b':', digits @ ..] => Some(port(digits)?),
            _ => return None,
        };
        let valid = match host {
            [b'[', literal @ .., b']'] => is_ip_literal(literal),
            _ => is_registered_name(host),
        };
        valid.then_some(Self { host, port })
    }
}

/// Whether `octets` are `host[:port]`. The same as [`Authority::parse`], faster for plain names.
#[inline]
pub(super) fn is_authority(octets: &[u8]) -> bool {
    scan::is_host_name(octets) || are_reg_name(octets) || Authority::parse(octets).is_some()
}

fn port(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0u16, |port, digit| {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        port.checked_mul(10)?.checked_add(digit.into())
    })
}

fn is_registered_name(mut host: &[u8]) -> bool {
    loop {
        host = match host {
            [] => return true,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest
            }
            [octet, rest @ ..] if is_reg_name(*octet) => rest,
            _ => return false,
        }
    }
}

fn is_ip_literal(literal: &[u8]) -> bool {
    if let [b'v' | b'V', future @ ..] = literal {
        let Some(dot) = future.iter().position(|&octet| octet == b'.') else {
            return false;
        };
        let (version, address) = (&future[..dot], &future[dot + 1..]);
        return !version.is_empty()
            && version.iter().all(u8::is_ascii_hexdigit)
            && !address.is_empty()
            && address.iter().all(|&o| is_reg_name(o) || o == b':');
    }
    core::str::from_utf8(literal).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_rfc3986_3_2_2() {
        for (octets, host, port) in [
            (&b"example.com"[..], &b"example.com"[..], None),
            (b"example.com:", b"example.com", None),
            (b"example.com:8080", b"example.com", Some(8080)),
            (b"", b"", None),
            (b":80", b"", Some(80)),
            (b"10.0.0.1:65535", b"10.0.0.1", Some(65535)),
            (b"[::1]:80", b"[::1]", Some(80)),
            (b"[2001:db8::192.0.2.1]", b"[2001:db8::192.0.2.1]", None),
            (b"[v1.a:b]", b"[v1.a:b]", None),
            (b"a%20b", b"a%20b", None),
            (b"h:00080", b"h", Some(80)),
        ] {
            let parsed = Authority::parse(octets);
            assert_eq!(parsed, Some(Authority { host, port }), "{octets:?}");
            assert!(is_authority(octets), "{octets:?}");
        }
        for octets in [
            &b"user@example.com"[..],
            b"a b",
            b"a/b",
            b"a:b",
            b"a:65536",
            b"a:-1",
            b"a:8 0",
            b"[::1",
            b"[::1]x",
            b"[1.2.3.4]",
            b"[::1%eth0]",
            b"[v1.]",
            b"[v.a]",
            b"::1",
            b"a%2",
            b"a%zz",
            b"a,b@c",
            b"\xe9",
            b"a\"b",
        ] {
            assert_eq!(Authority::parse(octets), None, "{octets:?}");
            assert!(!is_authority(octets), "{octets:?}");
        }
    }
}
