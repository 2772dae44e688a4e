//! Cookies (RFC 6265).
//!
//! `Cookie` is read leniently, as servers have to, and `Set-Cookie` by the algorithm that the document
//! gives to user agents; both are written strictly. There is no store here: [`scope`] has the
//! functions with which one decides what to send where.
//!
//! What a cookie says is often a credential, so `Debug` shows names but no values.

mod date;
pub mod scope;
mod set_cookie;

pub use date::parse_date;
pub use set_cookie::{Attributes, SetCookie, attributes};

use alloc::vec::Vec;
use core::fmt;

use super::unfit::Unfit;
use crate::wire::octet::{is_token, trim};

/// A cookie as it comes with a request: its name and value, without the whitespace around them.
/// Quotation marks are part of the value (section 4.1.1).
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Cookie<'v> {
    /// The name. Empty if there was no `=`.
    pub name: &'v [u8],
    /// The value.
    pub value: &'v [u8],
}

impl fmt::Debug for Cookie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookie({}=..)", wirelore_core::escape(self.name))
    }
}

/// The cookies in the `Cookie` field `value` (section 4.2.1), in their order, which may mean something
/// where two have the same name (section 5.4). Empty ones are skipped. One without `=` has no name,
/// which is how browsers send it.
///
/// ```
/// # use wirelore_http1::value::cookie::cookies;
/// let mut it = cookies(b"SID=31d4d96e407aad42; lang=en-US");
/// assert_eq!(it.next().unwrap().name, b"SID");
/// assert_eq!(it.next().unwrap().value, b"en-US");
/// assert_eq!(it.next(), None);
/// ```
#[must_use]
pub const fn cookies(value: &[u8]) -> Cookies<'_> {
    Cookies { rest: value }
}

/// The cookies of a `Cookie` field; see [`cookies`].
#[derive(Clone, Copy)]
pub struct Cookies<'v> {
    rest: &'v [u8],
}

impl fmt::Debug for Cookies<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<'v> Iterator for Cookies<'v> {
    type Item = Cookie<'v>;

    fn next(&mut self) -> Option<Cookie<'v>> {
        while !self.rest.is_empty() {
            let (cookie, rest) = cut(self.rest, b';');
            self.rest = rest.unwrap_or_default();
            let (name, value) = match cut(cookie, b'=') {
                (name, Some(value)) => (trim(name), trim(value)),
                (value, None) => (&[][..], trim(value)),
            };
            if !(name.is_empty() && value.is_empty()) {
                return Some(Cookie { name, value });
            }
        }
        None
    }
}

impl core::iter::FusedIterator for Cookies<'_> {}

/// Appends a `Cookie` field value: `name=value` of each, with `; ` between them (section 5.4). What a
/// server has set is sent back as it is, so values are not held to the grammar of section 4.1.1; but
/// nothing is written that would be read as something else.
///
/// # Errors
/// [`Unfit::Missing`] for an empty `cookie-name` or no cookie at all, [`Unfit::Octet`] for a control
/// octet other than HTAB or a `;` in either part, a `=` in a name, or whitespace at an end of a part.
/// Nothing is appended then.
pub fn write_cookies<'c>(
    cookies: impl IntoIterator<Item = Cookie<'c>>,
    out: &mut Vec<u8>,
) -> Result<(), Unfit> {
    let start = out.len();
    let written = write_all(cookies, start, out);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn write_all<'c>(
    cookies: impl IntoIterator<Item = Cookie<'c>>,
    start: usize,
    out: &mut Vec<u8>,
) -> Result<(), Unfit> {
    for Cookie { name, value } in cookies {
        let part = "cookie-name";
        if name.is_empty() {
            return Err(Unfit::Missing { part });
        }
        check(part, name, |it| !matches!(it, b';' | b'='))?;
        check("cookie-value", value, |it| it != b';')?;
        if out.len() > start {
            out.extend_from_slice(b"; ");
        }
        for part in [name, b"=", value] {
            out.extend_from_slice(part);
        }
    }
    if out.len() == start {
        let part = "cookie-pair";
        return Err(Unfit::Missing { part });
    }
    Ok(())
}

fn check(part: &'static str, octets: &[u8], allowed: impl Fn(u8) -> bool) -> Result<(), Unfit> {
    Unfit::check(part, octets, |it| {
        (it == b'\t' || !it.is_ascii_control()) && allowed(it)
    })?;
    let inner = trim(octets).len();
    if inner == octets.len() {
        return Ok(());
    }
    let offset = if trim(octets.get(..1).unwrap_or_default()).is_empty() {
        0
    } else {
        octets.len() - 1
    };
    Err(Unfit::Octet {
        part,
        offset,
        octet: octets.get(offset).copied().unwrap_or_default(),
    })
}

/// Whether `value` is a `cookie-value` of section 4.1.1, which is what a server may set: visible
/// US-ASCII without comma, semicolon and backslash, and quotation marks only around all of it.
#[must_use]
pub fn is_cookie_value(value: &[u8]) -> bool {
    let inner = match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    };
    inner.iter().all(|&octet| is_cookie_octet(octet))
}

/// Whether `name` is a `cookie-name` of section 4.1.1: a token.
#[must_use]
pub fn is_cookie_name(name: &[u8]) -> bool {
    is_token(name)
}

const fn is_cookie_octet(octet: u8) -> bool {
    octet.is_ascii_graphic() && !matches!(octet, b'"' | b',' | b';' | b'\\')
}

/// What is in front of the first `at` and, if there is one, what is behind it.
fn cut(octets: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(at, octets) {
        Some(found) => (
            octets.get(..found).unwrap_or_default(),
            octets.get(found + 1..),
        ),
        None => (octets, None),
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use proptest::prelude::*;

    use super::*;

    fn all(value: &[u8]) -> Vec<(&[u8], &[u8])> {
        cookies(value).map(|it| (it.name, it.value)).collect()
    }

    /// RFC 6265 §4.2.1.
    #[test]
    fn rfc6265_4_2_1_pairs_in_their_order() {
        assert_eq!(
            all(b"SID=31d4d96e407aad42; lang=en-US; SID=2"),
            [
                (&b"SID"[..], &b"31d4d96e407aad42"[..]),
                (b"lang", b"en-US"),
                (b"SID", b"2")
            ]
        );
    }

    /// RFC 6265 §4.2.1.
    #[test]
    fn rfc6265_4_2_1_what_browsers_send_is_read() {
        assert_eq!(
            all(b" ;a = b c ;; =; b=\"x, y\" ;bare;=nameless;c=d=e;\tf=;"),
            [
                (&b"a"[..], &b"b c"[..]),
                (b"b", b"\"x, y\""),
                (b"", b"bare"),
                (b"", b"nameless"),
                (b"c", b"d=e"),
                (b"f", b"")
            ]
        );
        assert_eq!(all(b""), []);
    }

    #[test]
    fn rfc6265_5_4_cookie_string() {
        let mut out = b"x".to_vec();
        let pairs = [(&b"SID"[..], &b"1"[..]), (b"lang", b"en US, \"de\"")];
        let it = pairs.map(|(name, value)| Cookie { name, value });
        write_cookies(it, &mut out).unwrap();
        assert_eq!(out, b"xSID=1; lang=en US, \"de\"");
    }

    /// RFC 6265 §5.4.
    #[test]
    fn rfc6265_5_4_nothing_can_be_injected() {
        for (name, value) in [
            (&b""[..], &b"v"[..]),
            (b"a=b", b"v"),
            (b"a;b", b"v"),
            (b"a ", b"v"),
            (b"a", b"v; admin=1"),
            (b"a", b"v\r\nX: y"),
            (b"a", b"\0"),
            (b"a", b" v"),
            (b"a", b"v\t"),
        ] {
            let mut out = b"x".to_vec();
            let good = Cookie {
                name: b"g",
                value: b"",
            };
            let wrong = write_cookies([good, Cookie { name, value }], &mut out);
            assert!(wrong.is_err(), "{name:?} {value:?}");
            assert_eq!(out, b"x");
        }
        let part = "cookie-pair";
        assert_eq!(
            write_cookies([], &mut Vec::new()),
            Err(Unfit::Missing { part })
        );
    }

    /// RFC 6265 §4.1.1.
    #[test]
    fn rfc6265_4_1_1_cookie_values() {
        for good in [&b""[..], b"\"\"", b"abc", b"\"abc\"", b"a=b:c/d"] {
            assert!(is_cookie_value(good));
        }
        for bad in [
            &b"\""[..],
            b"a\"b",
            b"a b",
            b"a,b",
            b"a;b",
            b"a\\b",
            b"\xe9",
        ] {
            assert!(!is_cookie_value(bad), "{bad:?}");
        }
        assert!(is_cookie_name(b"SID") && !is_cookie_name(b"") && !is_cookie_name(b"a b"));
    }

    #[test]
    fn values_are_not_shown() {
        let it = cookies(b"SID=secret; bare");
        assert_eq!(format!("{it:?}"), "[Cookie(SID=..), Cookie(=..)]");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            pairs in prop::collection::vec(("[!-:<>-~]{1,8}", "([!-:<-~]([ -:<-~]{0,8}[!-:<-~])?)?"), 1..6)
        ) {
            let given: Vec<_> = pairs
                .iter()
                .map(|(name, value)| Cookie { name: name.as_bytes(), value: value.as_bytes() })
                .collect();
            let mut out = Vec::new();
            write_cookies(given.iter().copied(), &mut out).unwrap();
            prop_assert_eq!(cookies(&out).collect::<Vec<_>>(), given);
        }

        #[test]
        fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..64)) {
            let len: usize = cookies(&octets).map(|it| it.name.len() + it.value.len()).sum();
            prop_assert!(len <= octets.len());
        }
    }
}
