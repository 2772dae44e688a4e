//! `Set-Cookie`: read by the algorithm of RFC 6265 section 5.2, written by the grammar of 4.1.1.

use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;

use super::super::date::HttpDate;
use super::super::unfit::Unfit;
use super::{cut, is_cookie_octet, parse_date};
use crate::wire::octet::{is_token, trim};

/// A `Set-Cookie` field. Of an attribute that comes several times the last one counts (section 5.3);
/// those that are malformed were ignored. Each such field is one cookie: several are never one list.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct SetCookie<'v> {
    /// The name.
    pub name: &'v [u8],
    /// The value, quotation marks included.
    pub value: &'v [u8],
    /// When it expires; `max_age` precedes it.
    pub expires: Option<HttpDate>,
    /// After how many seconds it expires. 0 and less: at once.
    pub max_age: Option<i64>,
    /// To which domain it is sent, beside the host it came from: without a dot in front, in any case.
    pub domain: Option<&'v [u8]>,
    /// To which path it is sent; `None` for the [default](super::scope::default_path).
    pub path: Option<&'v [u8]>,
    /// Whether it is sent over secure connections only.
    pub secure: bool,
    /// Whether it is kept from scripts.
    pub http_only: bool,
    /// The `SameSite` attribute, which RFC 6265 does not know.
    pub same_site: Option<&'v [u8]>,
}

impl<'v> SetCookie<'v> {
    /// A cookie without attributes, which lasts as long as the session of the user agent.
    #[must_use]
    pub fn new(name: &'v [u8], value: &'v [u8]) -> Self {
        Self {
            name,
            value,
            ..Self::default()
        }
    }

    /// Reads a `Set-Cookie` field. `None` if section 5.2 has it ignored: no `=` in front of the first
    /// semicolon, or no name in front of that.
    ///
    /// ```
    /// # use wirelore_http1::value::cookie::SetCookie;
    /// let it = SetCookie::parse(b"SID=31d4; Path=/; Domain=.example.com; Max-Age=60").unwrap();
    /// assert_eq!((it.name, it.max_age), (&b"SID"[..], Some(60)));
    /// assert_eq!(it.domain, Some(&b"example.com"[..]));
    /// ```
    #[must_use]
    pub fn parse(value: &'v [u8]) -> Option<Self> {
        let (pair, _) = cut(value, b';');
        let (name, content) = cut(pair, b'=');
        let mut cookie = Self::new(trim(name), trim(content?));
        if cookie.name.is_empty() {
            return None;
        }
        for (name, value) in attributes(value) {
            cookie.set(name, value);
        }
        Some(cookie)
    }

    fn set(&mut self, name: &[u8], value: &'v [u8]) {
        let is = |wanted: &[u8]| name.eq_ignore_ascii_case(wanted);
        if is(b"expires") {
            self.expires = parse_date(value).or(self.expires);
        } else if is(b"max-age") {
            self.max_age = max_age(value).or(self.max_age);
        } else if is(b"domain") {
            let domain = value.strip_prefix(b".").unwrap_or(value);
            if !value.is_empty() {
                self.domain = Some(domain).filter(|it| !it.is_empty());
            }
        } else if is(b"path") {
            self.path = Some(value).filter(|it| it.first() == Some(&b'/'));
        } else if is(b"secure") {
            self.secure = true;
        } else if is(b"httponly") {
            self.http_only = true;
        } else if is(b"samesite") {
            self.same_site = Some(value);
        }
    }

    /// Appends the field value, by the grammar of section 4.1.1.
    ///
    /// # Errors
    /// [`Unfit`], of the `cookie-name` (a token), the `cookie-value`
    /// (see [`is_cookie_value`](super::is_cookie_value)), the `domain-value` (letters, digits, hyphens
    /// and dots, a letter or digit at both ends of each label), the `path-value` (US-ASCII without
    /// controls and semicolons, with a `/` in front), the `samesite-value` (a token), or of `Max-Age`,
    /// which has to be positive: to delete a cookie, let it expire in the past. Nothing is appended
    /// then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), Unfit> {
        self.check()?;
        let mut append = |parts: &[&[u8]]| {
            for part in parts {
                out.extend_from_slice(part);
            }
        };
        append(&[self.name, b"=", self.value]);
        if let Some(date) = self.expires {
            append(&[b"; Expires=", &date.to_octets()]);
        }
        if let Some(seconds) = self.max_age {
            append(&[b"; Max-Age=", alloc::format!("{seconds}").as_bytes()]);
        }
        if let Some(domain) = self.domain {
            append(&[b"; Domain=", domain]);
        }
        if let Some(path) = self.path {
            append(&[b"; Path=", path]);
        }
        if self.secure {
            append(&[b"; Secure"]);
        }
        if self.http_only {
            append(&[b"; HttpOnly"]);
        }
        if let Some(same_site) = self.same_site {
            append(&[b"; SameSite=", same_site]);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Unfit> {
        let (part, inner) = ("cookie-value", self.value);
        let inner = match inner {
            [b'"', inner @ .., b'"'] => inner,
            _ => inner,
        };
        let shift = usize::from(inner.len() < self.value.len());
        Unfit::check(part, inner, is_cookie_octet).map_err(|error| match error {
            Unfit::Octet {
                part,
                offset,
                octet,
            } => Unfit::Octet {
                part,
                offset: offset + shift,
                octet,
            },
            other => other,
        })?;
        for (part, octets) in [
            ("cookie-name", Some(self.name)),
            ("samesite-value", self.same_site),
        ] {
            if octets.is_some_and(|it| !is_token(it)) {
                return Err(Unfit::NotAToken { part });
            }
        }
        if self.max_age.is_some_and(|it| it <= 0) {
            return Err(Unfit::OutOfRange { part: "max-age" });
        }
        if let Some(domain) = self.domain {
            check_domain(domain)?;
        }
        if let Some(path) = self.path {
            let part = "path-value";
            Unfit::check(part, path, |it| {
                it.is_ascii() && !it.is_ascii_control() && it != b';'
            })?;
            if path.first() != Some(&b'/') || path.last() == Some(&b' ') {
                return Err(Unfit::OutOfRange { part });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for SetCookie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown =
            |it: Option<&[u8]>| it.map(|it| alloc::format!("{}", wirelore_core::escape(it)));
        f.debug_struct("SetCookie")
            .field("name", &shown(Some(self.name)).unwrap_or_default())
            .field("expires", &self.expires)
            .field("max_age", &self.max_age)
            .field("domain", &shown(self.domain))
            .field("path", &shown(self.path))
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &shown(self.same_site))
            .finish_non_exhaustive()
    }
}

/// All attributes of the `Set-Cookie` field `value`, as they were sent and known or not: name and
/// value, without the whitespace around them, the value empty where there is no `=`.
#[must_use]
pub fn attributes(value: &[u8]) -> Attributes<'_> {
    let (_, rest) = cut(value, b';');
    Attributes { rest }
}

/// The attributes of a `Set-Cookie` field; see [`attributes`].
#[derive(Clone, Copy)]
pub struct Attributes<'v> {
    rest: Option<&'v [u8]>,
}

impl<'v> Iterator for Attributes<'v> {
    /// Name and value.
    type Item = (&'v [u8], &'v [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (attribute, rest) = cut(self.rest?, b';');
        self.rest = rest;
        let (name, value) = cut(attribute, b'=');
        Some((trim(name), trim(value.unwrap_or_default())))
    }
}

impl FusedIterator for Attributes<'_> {}

/// Section 5.2.2; what is too large is the largest number there is.
fn max_age(value: &[u8]) -> Option<i64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let amount = i64::try_from(super::super::pair::digits(digits)?).unwrap_or(i64::MAX);
    Some(if digits.len() < value.len() {
        -amount
    } else {
        amount
    })
}

fn check_domain(domain: &[u8]) -> Result<(), Unfit> {
    let part = "domain-value";
    Unfit::check(part, domain, |it| {
        it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.')
    })?;
    let label = |label: &[u8]| {
        let end = |it: Option<&u8>| it.is_some_and(u8::is_ascii_alphanumeric);
        label.len() <= 63 && end(label.first()) && end(label.last())
    };
    if domain.len() <= 253 && domain.split(|&octet| octet == b'.').all(label) {
        return Ok(());
    }
    Err(Unfit::OutOfRange { part })
}

crate::value::list::hidden!(Attributes);

#[cfg(test)]
mod tests {
    use alloc::format;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rfc6265_3_1_examples() {
        let it = SetCookie::parse(b"SID=31d4d96e407aad42; Path=/; Secure; HttpOnly").unwrap();
        assert_eq!(
            it,
            SetCookie {
                path: Some(b"/"),
                secure: true,
                http_only: true,
                ..SetCookie::new(b"SID", b"31d4d96e407aad42")
            }
        );
        let it = SetCookie::parse(b"lang=; Expires=Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!((it.name, it.value), (&b"lang"[..], &b""[..]));
        assert_eq!(it.expires.map(HttpDate::to_unix), Some(784_111_777));
    }

    /// RFC 6265 §5.2.
    #[test]
    fn rfc6265_5_2_name_and_value() {
        for (text, name, value) in [
            (&b" a = b ;x"[..], &b"a"[..], &b"b"[..]),
            (b"a=b=c", b"a", b"b=c"),
            (b"a=\"b c\"", b"a", b"\"b c\""),
            (b"a=,", b"a", b","),
            (b"a b=c d", b"a b", b"c d"),
        ] {
            let it = SetCookie::parse(text).unwrap();
            assert_eq!((it.name, it.value), (name, value));
        }
        for ignored in [&b""[..], b"a", b"a;b=c", b"=b", b" =b;c=d", b";a=b"] {
            assert_eq!(SetCookie::parse(ignored), None, "{ignored:?}");
        }
    }

    #[test]
    fn rfc6265_5_2_1_expires() {
        let expires = |text| SetCookie::parse(text).unwrap().expires.map(HttpDate::year);
        assert_eq!(expires(b"a=b; expires=1 Jan 2030 00:00:00"), Some(2030));
        assert_eq!(
            expires(b"a=b; expires=1 Jan 2030 00:00:00; expires=never"),
            Some(2030)
        );
        assert_eq!(expires(b"a=b; expires=never"), None);
    }

    #[test]
    fn rfc6265_5_2_2_max_age() {
        let max_age = |text| SetCookie::parse(text).unwrap().max_age;
        for (text, seconds) in [
            (&b"a=b; Max-Age=60"[..], Some(60)),
            (b"a=b; max-age = 60 ", Some(60)),
            (b"a=b; max-age=-1", Some(-1)),
            (b"a=b; max-age=0", Some(0)),
            (b"a=b; max-age=5;max-age=x;max-age=7", Some(7)),
            (b"a=b; max-age=5;max-age=", Some(5)),
            (b"a=b; max-age=99999999999999999999", Some(i64::MAX)),
            (b"a=b; max-age=-99999999999999999999", Some(-i64::MAX)),
            (b"a=b; max-age=+1", None),
            (b"a=b; max-age=1.5", None),
            (b"a=b; max-age=-", None),
            (b"a=b; max-age=\"1\"", None),
        ] {
            assert_eq!(max_age(text), seconds, "{text:?}");
        }
    }

    /// RFC 6265 §5.2.3.
    #[test]
    fn rfc6265_5_2_3_domain() {
        let domain = |text| SetCookie::parse(text).unwrap().domain;
        assert_eq!(
            domain(b"a=b; Domain=Example.com"),
            Some(&b"Example.com"[..])
        );
        assert_eq!(domain(b"a=b; domain=.x.y"), Some(&b"x.y"[..]));
        assert_eq!(domain(b"a=b; domain=x.y; domain="), Some(&b"x.y"[..]));
        assert_eq!(domain(b"a=b; domain=x.y; domain=."), None);
    }

    #[test]
    fn rfc6265_5_2_4_path() {
        let path = |text| SetCookie::parse(text).unwrap().path;
        assert_eq!(path(b"a=b; path=/x"), Some(&b"/x"[..]));
        assert_eq!(path(b"a=b; path=/x; PATH=x"), None);
        assert_eq!(path(b"a=b; path=/x; path"), None);
    }

    /// RFC 6265 §5.2, RFC 6265 §5.2.5, RFC 6265 §5.2.6.
    #[test]
    fn rfc6265_5_2_5_and_5_2_6_flags_need_no_value() {
        let it = SetCookie::parse(b"a=b;SECURE=no;httponly=;SameSite=Lax").unwrap();
        assert!(it.secure && it.http_only);
        assert_eq!(it.same_site, Some(&b"Lax"[..]));
        let it = SetCookie::parse(b"a=b; secured; Priority=High").unwrap();
        assert!(!it.secure && !it.http_only);
        assert!(
            attributes(b"a=b; secured; Priority = High")
                .eq([(&b"secured"[..], &b""[..]), (b"Priority", b"High")])
        );
    }

    /// RFC 6265 §2.2, RFC 6265 §4.1.1.
    #[test]
    fn rfc6265_4_1_1_is_written_and_refused() {
        let good = SetCookie {
            expires: HttpDate::from_unix(784_111_777),
            max_age: Some(60),
            domain: Some(b"example.com"),
            path: Some(b"/a b"),
            secure: true,
            http_only: true,
            same_site: Some(b"Strict"),
            ..SetCookie::new(b"SID", b"\"1\"")
        };
        let mut out = Vec::new();
        good.write(&mut out).unwrap();
        assert_eq!(
            out,
            b"SID=\"1\"; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=60; Domain=example.com; \
              Path=/a b; Secure; HttpOnly; SameSite=Strict"
        );
        let wrong: [fn(&mut SetCookie<'static>); 19] = [
            |it| it.name = b"",
            |it| it.name = b"a b",
            |it| it.name = b"a=b",
            |it| it.value = b"a; Secure",
            |it| it.value = b"a\r\n",
            |it| it.value = b"a\"",
            |it| it.value = b"\xc3\xa9",
            |it| it.domain = Some(b""),
            |it| it.domain = Some(b".example.com"),
            |it| it.domain = Some(b"a..b"),
            |it| it.domain = Some(b"-a"),
            |it| it.domain = Some(&[b'a'; 64]),
            |it| it.domain = Some([b"a.".repeat(126), b"aa".to_vec()].concat().leak()),
            |it| it.domain = Some(b"a;b"),
            |it| it.path = Some(b"/;a"),
            |it| it.path = Some(b"a"),
            |it| it.path = Some(b"/\0"),
            |it| it.max_age = Some(0),
            |it| it.same_site = Some(b"a;b"),
        ];
        for spoil in wrong {
            let mut bad = good;
            spoil(&mut bad);
            let mut out = b"x".to_vec();
            assert!(bad.write(&mut out).is_err(), "{bad:?}");
            assert_eq!(out, b"x");
        }
    }

    #[test]
    fn the_value_is_not_shown() {
        let it = SetCookie::parse(b"SID=secret; Path=/").unwrap();
        let shown = format!("{it:?}");
        assert!(
            shown.contains("SID") && !shown.contains("secret"),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            name in "[a-zA-Z!#$&]{1,8}",
            value in "[!#-+\\--:<-\\[\\]-~]{0,12}",
            expires in prop::option::of(0u64..253_402_300_800),
            max_age in prop::option::of(1i64..),
            domain in prop::option::of("[a-z0-9]{1,5}(\\.[a-z]{1,5}){0,3}"),
            path in prop::option::of("/[!-:<-~]{0,9}"),
            secure: bool,
            http_only: bool,
            same_site in prop::option::of("Lax|Strict|None"),
        ) {
            let cookie = SetCookie {
                expires: expires.and_then(HttpDate::from_unix),
                max_age,
                domain: domain.as_deref().map(str::as_bytes),
                path: path.as_deref().map(str::as_bytes),
                secure,
                http_only,
                same_site: same_site.as_deref().map(str::as_bytes),
                ..SetCookie::new(name.as_bytes(), value.as_bytes())
            };
            let mut out = Vec::new();
            cookie.write(&mut out).unwrap();
            prop_assert_eq!(SetCookie::parse(&out), Some(cookie));
        }
    }
}
