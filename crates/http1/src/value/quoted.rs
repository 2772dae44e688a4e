//! Quoted strings and comments (RFC 9110 sections 5.6.4 and 5.6.5).
//!
//! Quotation marks are part of what these functions read and write. Nothing here looks further than
//! it must: work is linear in the octets of the string, nesting of comments costs a counter.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::wire::octet::{is_field, is_token};

/// Why a value cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// A control octet other than HTAB, which cannot stand in a field, not even quoted.
    Forbidden {
        /// Where it stands in the value.
        offset: usize,
        /// The octet.
        octet: u8,
    },
    /// A name that is not a token.
    NotAToken,
}

impl core::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Forbidden { offset, octet } => {
                write!(f, "octet {octet:#04x} at offset {offset} cannot be quoted")
            }
            Self::NotAToken => f.write_str("name is not a token"),
        }
    }
}

impl core::error::Error for EncodeError {}

/// What the quoted-string `quoted` says, `quoted` being all of it with both quotation marks. `None`
/// if it is anything else: a mark is missing, something follows, a control octet other than HTAB
/// stands in it, plain or escaped (section 5.6.4). Borrowed where nothing is escaped.
///
/// ```
/// # use wirelore_http1::value::quoted::unquote;
/// assert_eq!(unquote(br#""a \"b\"""#).as_deref(), Some(&br#"a "b""#[..]));
/// assert_eq!(unquote(b"token"), None);
/// ```
#[must_use]
pub fn unquote(quoted: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (quoted, rest) = split_quoted(quoted)?;
    if !rest.is_empty() {
        return None;
    }
    let text = quoted.get(1..quoted.len() - 1)?;
    if memchr::memchr(b'\\', text).is_none() {
        return Some(Cow::Borrowed(text));
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut octets = text.iter();
    while let Some(&octet) = octets.next() {
        plain.push(match octet {
            b'\\' => *octets.next()?,
            _ => octet,
        });
    }
    Some(Cow::Owned(plain))
}

/// The quoted-string that `octets` begin with, with its quotation marks and as it was sent, and what
/// follows. `None` if there is none, or one with an octet that section 5.6.4 forbids.
#[must_use]
pub fn split_quoted(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = quoted_len(octets)?;
    let (quoted, rest) = octets.split_at_checked(end)?;
    // The octet behind a backslash obeys the same rule as the others.
    quoted
        .iter()
        .all(|&it| is_field(it))
        .then_some((quoted, rest))
}

/// How many octets the quoted-string takes that `octets` begin with, whatever stands in it: for
/// skipping. `None` if `octets` do not begin with a quotation mark, or nothing closes it.
#[must_use]
pub fn quoted_len(octets: &[u8]) -> Option<usize> {
    if octets.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', octets.get(at..)?)?;
        if octets.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// How many octets the comment takes that `octets` begin with, comments in it included, whatever
/// stands in it: for skipping (section 5.6.5). `None` if `octets` do not begin with `(`, or nothing
/// closes it. A quotation mark means nothing in a comment.
#[must_use]
pub fn comment_len(octets: &[u8]) -> Option<usize> {
    if octets.first() != Some(&b'(') {
        return None;
    }
    let mut depth = 1usize;
    let mut at = 1;
    loop {
        at += memchr::memchr3(b'(', b')', b'\\', octets.get(at..)?)?;
        match octets.get(at)? {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => at += 1,
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Appends `text` as a quoted-string. Only quotation marks and backslashes are escaped, as section
/// 5.6.4 asks of senders. On an error nothing was appended.
///
/// # Errors
/// [`EncodeError::Forbidden`] for a control octet other than HTAB: CR, LF and NUL among them.
pub fn quote(text: &[u8], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    check(text)?;
    out.reserve(text.len() + 2);
    out.push(b'"');
    for &octet in text {
        if matches!(octet, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(octet);
    }
    out.push(b'"');
    Ok(())
}

/// Appends `text` as it is if it is a token, otherwise as a quoted-string; both mean the same in a
/// parameter (section 5.6.6). On an error nothing was appended.
///
/// # Errors
/// As [`quote`].
pub fn quote_unless_token(text: &[u8], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if is_token(text) {
        out.extend_from_slice(text);
        return Ok(());
    }
    quote(text, out)
}

fn check(text: &[u8]) -> Result<(), EncodeError> {
    match text.iter().position(|&octet| !is_field(octet)) {
        None => Ok(()),
        Some(offset) => Err(EncodeError::Forbidden {
            offset,
            octet: text.get(offset).copied().unwrap_or_default(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_5_6_4_quoted_pair_is_the_octet_behind_the_backslash() {
        for (quoted, plain) in [
            (&b"\"\""[..], Some(&b""[..])),
            (b"\"a b\tc\"", Some(b"a b\tc")),
            (b"\"\\\"\\\\\\a\"", Some(b"\"\\a")),
            (b"\"\x80\xff!#[]~\"", Some(b"\x80\xff!#[]~")),
            (b"\"\\\x80\"", Some(b"\x80")),
            (b"", None),
            (b"\"", None),
            (b"\"a", None),
            (b"a\"", None),
            (b"\"a\"b", None),
            (b"\"a\" ", None),
            (b" \"a\"", None),
            (b"\"a\"\"b\"", None),
            (b"\"\\\"", None),
            (b"\"\\", None),
            (b"\"a\0b\"", None),
            (b"\"a\\\rb\"", None),
            (b"\"a\x7fb\"", None),
            (b"\"a\r\n b\"", None),
        ] {
            assert_eq!(unquote(quoted).as_deref(), plain, "{:?}", quoted);
        }
    }

    #[test]
    fn what_is_not_escaped_is_not_copied() {
        assert!(matches!(unquote(b"\"abc\""), Some(Cow::Borrowed(b"abc"))));
        assert!(matches!(unquote(b"\"a\\bc\""), Some(Cow::Owned(_))));
    }

    #[test]
    fn rfc9110_5_6_4_sender_escapes_only_mark_and_backslash() {
        let mut out = b"x=".to_vec();
        quote(b"a\tb\"\\(\xe9", &mut out).unwrap();
        assert_eq!(out, b"x=\"a\tb\\\"\\\\(\xe9\"");
    }

    #[test]
    fn rfc9110_5_5_control_octets_are_refused_and_write_nothing() {
        for octet in (0..=255u8).filter(|&it| (it < 0x20 && it != b'\t') || it == 0x7f) {
            let mut out = b"x".to_vec();
            let refused = EncodeError::Forbidden { offset: 2, octet };
            assert_eq!(quote(&[b'a', b'"', octet], &mut out), Err(refused));
            assert_eq!(
                quote_unless_token(&[b'a', b'b', octet], &mut out),
                Err(refused)
            );
            assert_eq!(out, b"x");
        }
    }

    #[test]
    fn rfc9110_5_6_6_a_token_needs_no_quotes_and_the_empty_value_does() {
        let mut out = Vec::new();
        quote_unless_token(b"utf-8", &mut out).unwrap();
        quote_unless_token(b"", &mut out).unwrap();
        quote_unless_token(b"a b", &mut out).unwrap();
        assert_eq!(out, b"utf-8\"\"\"a b\"");
    }

    #[test]
    fn rfc9110_5_6_5_comments_nest_and_escape() {
        for (octets, len) in [
            (&b"()"[..], Some(2)),
            (b"(a) b", Some(3)),
            (b"(a (b) (c(d)) e)f", Some(16)),
            (b"(\\) \\( )x", Some(8)),
            (b"(\")", Some(3)),
            (b"", None),
            (b"a", None),
            (b"(", None),
            (b"((a)", None),
            (b"(\\)", None),
            (b"(a\\", None),
        ] {
            assert_eq!(comment_len(octets), len, "{octets:?}");
        }
    }

    #[test]
    fn deep_comments_need_no_stack() {
        let mut deep = alloc::vec![b'('; 1 << 20];
        assert_eq!(comment_len(&deep), None);
        deep.extend(core::iter::repeat_n(b')', 1 << 20));
        assert_eq!(comment_len(&deep), Some(2 << 20));
    }

    #[test]
    fn splits_in_front_of_the_rest() {
        assert_eq!(
            split_quoted(b"\"a\\\"b\";c"),
            Some((&b"\"a\\\"b\""[..], &b";c"[..]))
        );
        assert_eq!(split_quoted(b"\"a\nb\";c"), None);
        assert_eq!(quoted_len(b"\"a\nb\";c"), Some(5));
    }
}
