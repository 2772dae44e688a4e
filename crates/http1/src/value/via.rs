//! `Via` and `Max-Forwards` (RFC 9110 sections 7.6.2 and 7.6.3).

use alloc::vec::Vec;

use super::list::members;
use super::pair::digits;
use super::quoted::comment_len;
use super::unfit::Unfit;
use crate::wire::octet::{is_field, is_ows, is_token, trim};

/// One intermediary in a `Via` field: `1.1 p.example.net (Apache/1.1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hop<'v> {
    /// The name of the protocol; `HTTP` where it is left out.
    pub protocol: &'v [u8],
    /// The version.
    pub version: &'v [u8],
    /// The host and port, or a pseudonym.
    pub received_by: &'v [u8],
    /// The comment as it was sent, with its parentheses.
    pub comment: Option<&'v [u8]>,
}

/// The intermediaries in the `Via` field `value`, the first one that saw the message first. Malformed
/// ones are skipped. Commas in comments do not separate.
///
/// ```
/// # use wirelore_http1::value::via::hops;
/// let mut it = hops(b"1.0 fred, 1.1 p.example.net (a, b)");
/// assert_eq!(it.next().unwrap().received_by, b"fred");
/// assert_eq!(it.next().unwrap().comment, Some(&b"(a, b)"[..]));
/// assert_eq!(it.next(), None);
/// ```
pub fn hops(value: &[u8]) -> impl Iterator<Item = Hop<'_>> {
    members(value).with_comments().filter_map(Hop::parse)
}

impl<'v> Hop<'v> {
    /// Reads one member of the list. The received-by may be anything without whitespace: addresses in
    /// brackets are sent, though the grammar has tokens only.
    #[must_use]
    pub fn parse(member: &'v [u8]) -> Option<Self> {
        let (received, rest) = word(member)?;
        let (received_by, rest) = word(rest)?;
        let slash = memchr::memchr(b'/', received);
        let (protocol, version) = match slash {
            None => (&b"HTTP"[..], received),
            Some(at) => (received.get(..at)?, received.get(at + 1..)?),
        };
        let comment = match rest {
            [] => None,
            _ if comment_len(rest) == Some(rest.len()) => Some(rest),
            _ => return None,
        };
        let host = |octet: &u8| is_field(*octet) && !matches!(octet, b'"' | b'(' | b')' | b',');
        let fits = is_token(protocol) && is_token(version) && received_by.iter().all(host);
        fits.then_some(Self {
            protocol,
            version,
            received_by,
            comment,
        })
    }
}

/// The word that `octets` begin with, and the rest without whitespace around it.
fn word(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = octets
        .iter()
        .position(|&it| is_ows(it))
        .unwrap_or(octets.len());
    let (word, rest) = octets.split_at_checked(end)?;
    (!word.is_empty()).then_some((word, trim(rest)))
}

/// Appends one member: `version` is `1.1`, or `NAME/version` for another protocol than HTTP, of the
/// message as it was received; `received_by` a host with or without a port, or a pseudonym.
///
/// # Errors
/// [`Unfit::NotAToken`] for the `protocol-version`, [`Unfit::Missing`] or [`Unfit::Octet`] for the
/// `received-by`, which is visible US-ASCII without quotation marks, parentheses, commas and
/// semicolons. Nothing is appended then.
pub fn write(version: &[u8], received_by: &[u8], out: &mut Vec<u8>) -> Result<(), Unfit> {
    if !version.splitn(2, |&it| it == b'/').all(is_token) {
        let part = "protocol-version";
        return Err(Unfit::NotAToken { part });
    }
    let part = "received-by";
    if received_by.is_empty() {
        return Err(Unfit::Missing { part });
    }
    Unfit::check(part, received_by, |it| {
        it.is_ascii_graphic() && !b"\"(),;".contains(&it)
    })?;
    for part in [version, b" ", received_by] {
        out.extend_from_slice(part);
    }
    Ok(())
}

/// The number in the `Max-Forwards` field `value`; the largest there is if it is larger. `None` if it
/// is not one.
#[must_use]
pub fn max_forwards(value: &[u8]) -> Option<u64> {
    digits(trim(value))
}

/// What an intermediary that has `received` a `Max-Forwards` with TRACE or OPTIONS does: `None`, answer
/// as the final recipient; or pass the request on with this number, which is no more than
/// `own_maximum` (section 7.6.2).
#[must_use]
pub const fn next_max_forwards(received: u64, own_maximum: u64) -> Option<u64> {
    match received.checked_sub(1) {
        Some(next) if next < own_maximum => Some(next),
        Some(_) => Some(own_maximum),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (
        &'static [u8],
        &'static [u8],
        &'static [u8],
        Option<&'static [u8]>,
    );

    fn all(value: &'static [u8]) -> Vec<Row> {
        hops(value)
            .map(|it| (it.protocol, it.version, it.received_by, it.comment))
            .collect()
    }

    #[test]
    fn rfc9110_7_6_3_examples() {
        assert_eq!(
            all(b"1.0 fred, 1.1 p.example.net"),
            [
                (&b"HTTP"[..], &b"1.0"[..], &b"fred"[..], None),
                (b"HTTP", b"1.1", b"p.example.net", None)
            ]
        );
        assert_eq!(all(b"1.0 ricky, 1.1 ethel, 1.1 fred, 1.0 lucy").len(), 4);
    }

    #[test]
    fn rfc9110_7_6_3_protocol_port_and_comment() {
        assert_eq!(
            all(b"FSTR/2 [::1]:80 \t (a, \"b (c\\))), , x, 1.1, 1.1 a b, 1.1 a (b, /1 a, 1.1 a (b) c"),
            [(
                &b"FSTR"[..],
                &b"2"[..],
                &b"[::1]:80"[..],
                Some(&b"(a, \"b (c\\)))"[..])
            ),]
        );
        assert_eq!(all(b"1.1  z , 1.1 a b")[0].2, b"z");
    }

    #[test]
    fn rfc9110_7_6_3_is_written_and_refused() {
        let mut out = Vec::new();
        write(b"1.1", b"p.example.net:8080", &mut out).unwrap();
        out.extend_from_slice(b", ");
        write(b"FTP/454", b"fred", &mut out).unwrap();
        assert_eq!(out, b"1.1 p.example.net:8080, FTP/454 fred");
        assert_eq!(hops(&out).count(), 2);
        for (version, host) in [
            (&b""[..], &b"a"[..]),
            (b"1.1/", b"a"),
            (b"1 1", b"a"),
            (b"1.1", b""),
            (b"1.1", b"a, 1.1 b"),
            (b"1.1", b"a\r\n"),
            (b"1.1", b"a(b)"),
        ] {
            let before = out.clone();
            assert!(
                write(version, host, &mut out).is_err(),
                "{version:?} {host:?}"
            );
            assert_eq!(out, before);
        }
    }

    #[test]
    fn rfc9110_7_6_2_max_forwards() {
        assert_eq!(max_forwards(b" 10 "), Some(10));
        assert_eq!(max_forwards(b"99999999999999999999"), Some(u64::MAX));
        for wrong in [&b""[..], b"-1", b"1, 2", b"x", b"1.0"] {
            assert_eq!(max_forwards(wrong), None);
        }
        assert_eq!(next_max_forwards(0, 10), None);
        assert_eq!(next_max_forwards(1, 10), Some(0));
        assert_eq!(next_max_forwards(10, 10), Some(9));
        assert_eq!(next_max_forwards(u64::MAX, 10), Some(10));
    }
}
