//! The Basic scheme (RFC 7617).

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::authorization::{Challenge, Credentials};
use super::quoted::quote;
use super::unfit::Unfit;

/// Pads what it writes, and reads with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A user-id and password, as octets: whether they are UTF-8 nobody says. `Debug` shows neither.
///
/// Compare the password in constant time; see [`authorization`](super::authorization).
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct UserPass {
    /// The user-id, which has no colon.
    pub user_id: Vec<u8>,
    /// The password.
    pub password: Vec<u8>,
}

impl fmt::Debug for UserPass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserPass(..)")
    }
}

/// Why credentials are none of this scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BasicError {
    /// They are of another scheme.
    Scheme,
    /// What follows the scheme is not base64.
    Base64,
    /// There is no colon in what was encoded.
    NoColon,
    /// There is a control character in what was encoded (section 2).
    Control,
}

impl fmt::Display for BasicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "not the basic scheme",
            Self::Base64 => "credentials are not base64",
            Self::NoColon => "no colon between user-id and password",
            Self::Control => "control character in user-id or password",
        })
    }
}

impl core::error::Error for BasicError {}

impl UserPass {
    /// Reads credentials. The first colon ends the user-id. Padding may be missing.
    ///
    /// ```
    /// # use wirelore_http1::value::{authorization::Credentials, basic::UserPass};
    /// let value = Credentials::parse(b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").unwrap();
    /// let it = UserPass::parse(&value).unwrap();
    /// assert_eq!((&it.user_id[..], &it.password[..]), (&b"Aladdin"[..], &b"open sesame"[..]));
    /// ```
    ///
    /// # Errors
    /// [`BasicError`].
    pub fn parse(credentials: &Credentials<'_>) -> Result<Self, BasicError> {
        if !credentials.is(b"basic") {
            return Err(BasicError::Scheme);
        }
        let mut user_id = BASE64
            .decode(credentials.rest)
            .map_err(|_| BasicError::Base64)?;
        if user_id.iter().any(u8::is_ascii_control) {
            return Err(BasicError::Control);
        }
        let colon = memchr::memchr(b':', &user_id).ok_or(BasicError::NoColon)?;
        let password = user_id.split_off(colon + 1);
        user_id.truncate(colon);
        Ok(Self { user_id, password })
    }

    /// Appends the value of an `Authorization` or `Proxy-Authorization` field.
    ///
    /// # Errors
    /// [`Unfit::Octet`] for a colon in the `user-id` or a control character in it or in the
    /// `password`. Nothing is appended then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), Unfit> {
        Unfit::check("user-id", &self.user_id, |it| {
            !it.is_ascii_control() && it != b':'
        })?;
        Unfit::check("password", &self.password, |it| !it.is_ascii_control())?;
        let plain = [&self.user_id[..], b":", &self.password].concat();
        out.extend_from_slice(b"Basic ");
        out.extend_from_slice(BASE64.encode(plain).as_bytes());
        Ok(())
    }
}

/// A challenge of this scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct BasicChallenge<'v> {
    /// For what a password is asked.
    pub realm: Cow<'v, [u8]>,
    /// Whether the server expects UTF-8 (section 2.1).
    pub utf8: bool,
}

impl<'v> BasicChallenge<'v> {
    /// Reads a challenge. `None` if it is of another scheme, or has no `realm`, or two. Other
    /// parameters are ignored, and so is a `charset` other than UTF-8 (section 2.1).
    #[must_use]
    pub fn parse(challenge: &Challenge<'v>) -> Option<Self> {
        let parameters = challenge.parameters();
        let mut realms = parameters.filter(|it| it.is(b"realm"));
        let realm = realms.next().filter(|_| challenge.is(b"basic"))?.value();
        let charset = parameters.value_of(b"charset");
        realms.next().is_none().then_some(Self {
            realm,
            utf8: charset.is_some_and(|it| it.eq_ignore_ascii_case(b"utf-8")),
        })
    }

    /// Appends the value of a `WWW-Authenticate` or `Proxy-Authenticate` field.
    ///
    /// # Errors
    /// [`Unfit::Octet`] for a control character in the `realm`. Nothing is appended then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let mut realm = Vec::with_capacity(self.realm.len() + 2);
        quote(&self.realm, &mut realm).map_err(Unfit::of("realm"))?;
        out.extend_from_slice(b"Basic realm=");
        out.extend_from_slice(&realm);
        if self.utf8 {
            out.extend_from_slice(b", charset=\"UTF-8\"");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use proptest::prelude::*;

    use super::super::authorization::challenges;
    use super::*;

    fn parse(value: &[u8]) -> Result<(Vec<u8>, Vec<u8>), BasicError> {
        let it = UserPass::parse(&Credentials::parse(value).unwrap())?;
        Ok((it.user_id, it.password))
    }

    fn pair(user_id: &[u8], password: &[u8]) -> (Vec<u8>, Vec<u8>) {
        (user_id.to_vec(), password.to_vec())
    }

    /// RFC 7617 §2.
    #[test]
    fn rfc7617_2_example() {
        let value = b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        assert_eq!(parse(value), Ok(pair(b"Aladdin", b"open sesame")));
        let mut out = Vec::new();
        let (user_id, password) = pair(b"Aladdin", b"open sesame");
        UserPass { user_id, password }.write(&mut out).unwrap();
        assert_eq!(out, value);
    }

    /// RFC 7617 §2.1.
    #[test]
    fn rfc7617_2_1_example() {
        let value = b"Basic dGVzdDoxMjPCow==";
        assert_eq!(parse(value), Ok(pair(b"test", "123\u{a3}".as_bytes())));
        let it = challenges(b"Basic realm=\"foo\", charset=\"UTF-8\"")
            .next()
            .unwrap();
        let it = BasicChallenge::parse(&it).unwrap();
        assert_eq!((&*it.realm, it.utf8), (&b"foo"[..], true));
    }

    /// RFC 7617 §2.
    #[test]
    fn rfc7617_2_the_first_colon_ends_the_user_id() {
        assert_eq!(parse(b"basic YTpiOmM="), Ok(pair(b"a", b"b:c")));
        assert_eq!(parse(b"BASIC Og"), Ok(pair(b"", b"")));
        assert_eq!(parse(b"Basic YQ=="), Err(BasicError::NoColon));
    }

    /// RFC 7617 §2.
    #[test]
    fn rfc7617_2_what_is_malformed() {
        assert_eq!(parse(b"Basic"), Err(BasicError::NoColon));
        assert_eq!(parse(b"Bearer YTpi"), Err(BasicError::Scheme));
        for value in [
            &b"Basic YTpi YTpi"[..],
            b"Basic YTp",
            b"Basic Y=Tpi",
            b"Basic YTpi,",
            b"Basic Y-_i",
        ] {
            assert_eq!(parse(value), Err(BasicError::Base64), "{value:?}");
        }
        assert_eq!(parse(b"Basic YToNCg=="), Err(BasicError::Control));
    }

    /// RFC 7617 §2.
    #[test]
    fn rfc7617_2_what_cannot_be_sent() {
        for (user_id, password) in [
            (&b"a:b"[..], &b"c"[..]),
            (b"a\0", b"c"),
            (b"a", b"c\r\n"),
            (b"a", b"\x7f"),
        ] {
            let (user_id, password) = pair(user_id, password);
            let mut out = b"x".to_vec();
            assert!(UserPass { user_id, password }.write(&mut out).is_err());
            assert_eq!(out, b"x");
        }
    }

    /// RFC 7617 §2.
    #[test]
    fn rfc7617_2_challenges() {
        let parse = |value| {
            challenges(value)
                .next()
                .and_then(|it| BasicChallenge::parse(&it))
        };
        assert!(
            parse(b"Basic charset=\"UTF-8\"").is_none(),
            "realm is required"
        );
        assert!(parse(b"Basic realm=a, realm=b").is_none());
        assert!(parse(b"Digest realm=a").is_none());
        let it = parse(b"basic x=y, REALM=a, charset=latin1").unwrap();
        assert_eq!((&*it.realm, it.utf8), (&b"a"[..], false));
        let mut out = Vec::new();
        let realm = Cow::Borrowed(&b"a \"b\""[..]);
        BasicChallenge { realm, utf8: true }
            .write(&mut out)
            .unwrap();
        assert_eq!(out, b"Basic realm=\"a \\\"b\\\"\", charset=\"UTF-8\"");
        let realm = Cow::Borrowed(&b"a\nb"[..]);
        assert!(
            BasicChallenge { realm, utf8: true }
                .write(&mut out)
                .is_err()
        );
    }

    #[test]
    fn nothing_is_shown() {
        let (user_id, password) = pair(b"joe", b"secret");
        assert_eq!(
            format!("{:?}", UserPass { user_id, password }),
            "UserPass(..)"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(user_id in "[^:\\x00-\\x1f\\x7f]{0,20}", password in "[^\\x00-\\x1f\\x7f]{0,20}") {
            let given = UserPass { user_id: user_id.into_bytes(), password: password.into_bytes() };
            let mut out = Vec::new();
            given.write(&mut out).unwrap();
            prop_assert_eq!(UserPass::parse(&Credentials::parse(&out).unwrap()), Ok(given));
        }
    }
}
