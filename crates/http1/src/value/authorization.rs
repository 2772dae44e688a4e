//! Challenges and credentials: `WWW-Authenticate`, `Proxy-Authenticate`, `Authorization`,
//! `Proxy-Authorization`, `Authentication-Info` (RFC 9110 chapter 11).
//!
//! The schemes have modules of their own: [`basic`](super::basic), [`digest`](super::digest).
//!
//! Nothing here shows in `Debug` what follows the scheme. To compare a secret with what a peer sent,
//! the caller uses a comparison whose time does not depend on where they differ; `==` on slices is not
//! one, and there is none here, since what is worth keeping secret from timing depends on what the
//! caller stores.

use alloc::borrow::Cow;
use core::fmt;

use super::list::{Members, find_outside_quotes, members};
use super::pair::{pair, said};
use crate::wire::octet::{is_ows, is_tchar, trim};

/// One challenge of a `WWW-Authenticate` or `Proxy-Authenticate` field.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge<'v> {
    /// The scheme. Case means nothing in it.
    pub scheme: &'v [u8],
    /// What follows it, as it was sent, without the whitespace around it.
    pub rest: &'v [u8],
}

/// The challenges in the field `value`, in their order, which is that of the server's preference. A
/// field in several lines is read line by line.
///
/// Commas separate challenges, and also the parameters of one (section 11.6.1). What stands between
/// two commas begins a new challenge if it is a token with nothing or whitespace behind it, unless a
/// `=` comes next; otherwise it belongs to the challenge in front of it, and to none if there is none.
///
/// ```
/// # use wirelore_http1::value::authorization::challenges;
/// let value = br#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#;
/// let mut it = challenges(value);
/// assert!(it.next().unwrap().is(b"basic"));
/// let second = it.next().unwrap();
/// assert_eq!(second.parameters().value_of(b"type").as_deref(), Some(&b"1"[..]));
/// assert_eq!(it.next(), None);
/// ```
#[must_use]
pub const fn challenges(value: &[u8]) -> Challenges<'_> {
    Challenges { rest: value }
}

impl<'v> Challenge<'v> {
    /// Whether it is of this scheme, in any case.
    #[must_use]
    pub fn is(&self, scheme: &[u8]) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The `token68`, if that is what follows the scheme.
    #[must_use]
    pub fn token68(&self) -> Option<&'v [u8]> {
        is_token68(self.rest).then_some(self.rest)
    }

    /// The parameters. Of a `token68` there are none, or a malformed one.
    #[must_use]
    pub const fn parameters(&self) -> AuthParameters<'v> {
        auth_parameters(self.rest)
    }
}

impl fmt::Debug for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenge({} ..)", wirelore_core::escape(self.scheme))
    }
}

/// The challenges of a field; see [`challenges`].
#[derive(Clone, Copy)]
pub struct Challenges<'v> {
    rest: &'v [u8],
}

impl fmt::Debug for Challenges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<'v> Iterator for Challenges<'v> {
    type Item = Challenge<'v>;

    fn next(&mut self) -> Option<Challenge<'v>> {
        // The first element that begins a challenge.
        let (scheme, first_end) = loop {
            if self.rest.is_empty() {
                return None;
            }
            let end = find_outside_quotes(self.rest, b',', false);
            let element = trim(self.rest.get(..end).unwrap_or_default());
            if let Some(scheme) = scheme_of(element) {
                break (scheme, end);
            }
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
        };
        // What belongs to it.
        let all = self.rest;
        let mut end = first_end;
        loop {
            let behind = all.get(end + 1..).unwrap_or_default();
            let len = find_outside_quotes(behind, b',', false);
            let element = trim(behind.get(..len).unwrap_or_default());
            self.rest = behind;
            if behind.is_empty() || scheme_of(element).is_some() {
                break;
            }
            end += 1 + len;
        }
        let all = trim(all.get(..end).unwrap_or_default());
        let rest = all.get(scheme.len()..).unwrap_or_default();
        // Empty elements at the end belong to nobody.
        let kept = rest
            .iter()
            .rposition(|&it| !is_ows(it) && it != b',')
            .map_or(0, |last| last + 1);
        let rest = trim(rest.get(..kept).unwrap_or_default());
        Some(Challenge { scheme, rest })
    }
}

impl core::iter::FusedIterator for Challenges<'_> {}

/// The scheme that `element` begins with, if it begins a challenge. Leading whitespace is gone.
fn scheme_of(element: &[u8]) -> Option<&[u8]> {
    let len = element.iter().take_while(|&&it| is_tchar(it)).count();
    let (scheme, rest) = element.split_at(len);
    let begins = match (rest.first(), trim(rest).first()) {
        (None, _) => true,
        (Some(&next), after) => is_ows(next) && after != Some(&b'='),
    };
    (begins && !scheme.is_empty()).then_some(scheme)
}

/// An `Authorization` or `Proxy-Authorization` field: a scheme and what follows it.
///
/// ```
/// # use wirelore_http1::value::authorization::Credentials;
/// let it = Credentials::parse(b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").unwrap();
/// assert!(it.is(b"basic"));
/// assert_eq!(it.token68(), Some(&b"QWxhZGRpbjpvcGVuIHNlc2FtZQ=="[..]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials<'v> {
    /// The scheme. Case means nothing in it.
    pub scheme: &'v [u8],
    /// What follows it, as it was sent, without the whitespace around it.
    pub rest: &'v [u8],
}

impl<'v> Credentials<'v> {
    /// Reads the field. `None` if it does not begin with a token that ends there or at whitespace. What
    /// follows the scheme is not looked at.
    #[must_use]
    pub fn parse(value: &'v [u8]) -> Option<Self> {
        let value = trim(value);
        let len = value.iter().take_while(|&&it| is_tchar(it)).count();
        let (scheme, rest) = value.split_at(len);
        let ends = rest.first().is_none_or(|&it| is_ows(it));
        (ends && !scheme.is_empty()).then_some(Self {
            scheme,
            rest: trim(rest),
        })
    }

    /// Whether they are of this scheme, in any case.
    #[must_use]
    pub fn is(&self, scheme: &[u8]) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The `token68`, if that is what follows the scheme.
    #[must_use]
    pub fn token68(&self) -> Option<&'v [u8]> {
        is_token68(self.rest).then_some(self.rest)
    }

    /// The parameters.
    #[must_use]
    pub const fn parameters(&self) -> AuthParameters<'v> {
        auth_parameters(self.rest)
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} ..)", wirelore_core::escape(self.scheme))
    }
}

/// Whether `octets` are a `token68`, which is what base64 of any kind fits into (section 11.2).
#[must_use]
pub fn is_token68(octets: &[u8]) -> bool {
    let padding = octets.iter().rev().take_while(|&&it| it == b'=').count();
    let (text, _) = octets.split_at(octets.len() - padding);
    !text.is_empty()
        && text.iter().all(|&it| {
            it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
        })
}

/// The parameters in `list`, which is what follows a scheme, or the value of an `Authentication-Info`
/// field (section 11.6.3).
#[must_use]
pub const fn auth_parameters(list: &[u8]) -> AuthParameters<'_> {
    AuthParameters(members(list))
}

/// A parameter of a challenge or of credentials.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthParameter<'v> {
    /// The name. Case means nothing in it.
    pub name: &'v [u8],
    /// The value as it was sent, quotation marks included.
    pub raw: &'v [u8],
}

impl<'v> AuthParameter<'v> {
    /// Whether `name` is its name, in any case.
    #[must_use]
    pub fn is(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Its value: what the quoted-string says, or the token.
    #[must_use]
    pub fn value(&self) -> Cow<'v, [u8]> {
        said(self.raw)
    }
}

impl fmt::Debug for AuthParameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=..", wirelore_core::escape(self.name))
    }
}

/// The parameters of a challenge or of credentials; those that are malformed are passed over. See
/// [`auth_parameters`].
#[derive(Clone, Copy)]
pub struct AuthParameters<'v>(Members<'v>);

impl<'v> AuthParameters<'v> {
    /// The value of the first parameter of this name, in any case, among those that are left. There
    /// must be no second one (section 11.2).
    #[must_use]
    pub fn value_of(mut self, name: &[u8]) -> Option<Cow<'v, [u8]>> {
        self.find(|it| it.is(name)).map(|it| it.value())
    }
}

impl<'v> Iterator for AuthParameters<'v> {
    type Item = AuthParameter<'v>;

    fn next(&mut self) -> Option<AuthParameter<'v>> {
        self.0.find_map(|member| {
            let (name, raw) = pair(member, true)?;
            Some(AuthParameter { name, raw: raw? })
        })
    }
}

impl core::iter::FusedIterator for AuthParameters<'_> {}

impl fmt::Debug for AuthParameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn all(value: &[u8]) -> Vec<(&[u8], &[u8])> {
        challenges(value).map(|it| (it.scheme, it.rest)).collect()
    }

    #[test]
    fn rfc9110_11_6_1_example() {
        let value = b"Basic realm=\"simple\", Newauth realm=\"apps\",\ttype=1, title=\"Login to \\\"apps\\\"\"";
        let it: Vec<_> = challenges(value).collect();
        assert_eq!(it.len(), 2);
        assert!(it[0].is(b"BASIC") && it[1].is(b"newauth"));
        let parameters: Vec<_> = it[1]
            .parameters()
            .map(|it| (it.name, it.value().into_owned()))
            .collect();
        assert_eq!(
            parameters,
            [
                (&b"realm"[..], b"apps".to_vec()),
                (b"type", b"1".to_vec()),
                (b"title", b"Login to \"apps\"".to_vec())
            ]
        );
        assert_eq!(it[0].parameters().value_of(b"title"), None);
    }

    #[test]
    fn rfc9110_11_6_1_commas_between_and_within_challenges() {
        for (value, wanted) in [
            (&b""[..], &[][..]),
            (b" , ,", &[]),
            (b"Negotiate", &[("Negotiate", "")]),
            (b"Negotiate, NTLM", &[("Negotiate", ""), ("NTLM", "")]),
            (b"A x==, B", &[("A", "x=="), ("B", "")]),
            (b"A , , B", &[("A", ""), ("B", "")]),
            (b",A a=1,,b=2,,B", &[("A", "a=1,,b=2"), ("B", "")]),
            (
                b"A a = 1, b =2, B c= 3",
                &[("A", "a = 1, b =2"), ("B", "c= 3")],
            ),
            (b"A a=\"x, B y=1\", c=2", &[("A", "a=\"x, B y=1\", c=2")]),
            (b"A  ,a=1", &[("A", ",a=1")]),
            (b"realm=\"x\", A a=1", &[("A", "a=1")]),
            (b"A a=1, /, b=2, C", &[("A", "a=1, /, b=2"), ("C", "")]),
            (b"A a=\"open, B b=1", &[("A", "a=\"open, B b=1")]),
            (b"A\ta=1 ,B abc ", &[("A", "a=1"), ("B", "abc")]),
        ] {
            let wanted: Vec<_> = wanted
                .iter()
                .map(|it| (it.0.as_bytes(), it.1.as_bytes()))
                .collect();
            assert_eq!(all(value), wanted, "{:?}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn rfc9110_11_2_parameters_have_bad_whitespace_and_both_forms() {
        let it =
            Credentials::parse(b"X a = 1 ,, b=\"2\\\"\" , A=3, c, d=, =, e=a b, f=1;g=2").unwrap();
        let names: Vec<_> = it.parameters().map(|it| it.name).collect();
        assert_eq!(names, [&b"a"[..], b"b", b"A"]);
        assert_eq!(it.parameters().value_of(b"A").as_deref(), Some(&b"1"[..]));
        assert_eq!(it.parameters().value_of(b"B").as_deref(), Some(&b"2\""[..]));
        assert_eq!(it.token68(), None);
    }

    #[test]
    fn rfc9110_11_2_token68() {
        for good in [&b"a"[..], b"a=", b"a==", b"AZaz09-._~+/"] {
            assert!(is_token68(good));
        }
        for bad in [&b""[..], b"=", b"a=b", b"a b", b"a,b", b"a\"", b"\xe9"] {
            assert!(!is_token68(bad), "{bad:?}");
        }
    }

    #[test]
    fn rfc9110_11_4_credentials() {
        let it = Credentials::parse(b" Bearer \t abc ").unwrap();
        assert_eq!((it.scheme, it.rest), (&b"Bearer"[..], &b"abc"[..]));
        assert!(Credentials::parse(b"Negotiate").unwrap().rest.is_empty());
        for wrong in [
            &b""[..],
            b" ",
            b"\"Basic\" a",
            b"Basic,a",
            b"a=b",
            b"B\xe9 a",
        ] {
            assert_eq!(Credentials::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_follows_the_scheme_is_not_shown() {
        let it = Credentials::parse(b"Bearer secret").unwrap();
        assert_eq!(format!("{it:?}"), "Credentials(Bearer ..)");
        let it = Credentials::parse(b"Digest response=secret").unwrap();
        assert_eq!(format!("{:?}", it.parameters()), "[response=..]");
        assert_eq!(
            format!("{:?}", challenges(b"A x, B nonce=secret")),
            "[Challenge(A ..), Challenge(B ..)]"
        );
    }

    proptest! {
        #[test]
        fn any_octets_make_a_bounded_number_of_challenges(
            octets in prop::collection::vec(prop_oneof![any::<u8>(), Just(b','), Just(b'='), Just(b' '), Just(b'"'), Just(b'a')], 0..80)
        ) {
            let all: Vec<_> = challenges(&octets).take(100).collect();
            let total: usize = all.iter().map(|it| it.scheme.len() + it.rest.len()).sum();
            prop_assert!(total <= octets.len());
            prop_assert!(all.iter().all(|it| crate::wire::octet::is_token(it.scheme)));
            for it in all {
                prop_assert!(it.parameters().count() <= octets.len());
            }
        }
    }
}
