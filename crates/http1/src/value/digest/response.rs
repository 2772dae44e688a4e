//! What a client sends (RFC 7616 section 3.4).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::super::authorization::Credentials;
use super::super::ext_value;
use super::super::unfit::Unfit;
use super::compute::Exchange;
use super::{Algorithm, DigestError, NonceCount, Qop, Writer, algorithm_of, collect, is_true};

/// Credentials of this scheme, in an `Authorization` or `Proxy-Authorization` field.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct DigestResponse<'v> {
    /// Who it is.
    pub username: Username<'v>,
    /// The realm.
    pub realm: Cow<'v, [u8]>,
    /// The nonce, which the server has to know as its own.
    pub nonce: Cow<'v, [u8]>,
    /// The target, which the server has to compare with that of the request (section 3.4.6).
    pub uri: Cow<'v, [u8]>,
    /// The proof: as many hexadecimal digits as the algorithm has, in any case.
    pub response: Cow<'v, [u8]>,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// What the server sent in its challenge.
    pub opaque: Option<Cow<'v, [u8]>>,
    /// `qop`, `nc` and `cnonce`; `None` from clients older than RFC 2617.
    pub protection: Option<Protection<'v>>,
}

/// What a client adds to the nonce.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Protection<'v> {
    /// What is protected. It has to be what the server offered.
    pub qop: Qop,
    /// The nonce count, which the server has to see once only.
    pub nc: NonceCount,
    /// The client's nonce.
    pub cnonce: Cow<'v, [u8]>,
}

/// A username in one of its three forms.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Username<'v> {
    /// As it is.
    Plain(Cow<'v, [u8]>),
    /// From `username*`: as it is, in other characters than US-ASCII.
    Extended(String),
    /// The [hash](super::compute::username_hash) of it, in hexadecimal: `userhash` is true.
    Hashed(Cow<'v, [u8]>),
}

impl fmt::Debug for DigestResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestResponse")
            .field("algorithm", &self.algorithm)
            .field("protection", &self.protection)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Protection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protection")
            .field("qop", &self.qop)
            .field("nc", &self.nc.count())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Username<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain(..)",
            Self::Extended(_) => "Extended(..)",
            Self::Hashed(_) => "Hashed(..)",
        })
    }
}

impl<'v> DigestResponse<'v> {
    /// Reads credentials. Values are taken as tokens and as quoted-strings.
    ///
    /// # Errors
    /// [`DigestError`]. What is missing or improper deserves a 4xx, not another challenge (section
    /// 3.4). With a `qop`, `nc` and `cnonce` have to be there too.
    pub fn parse(credentials: &Credentials<'v>) -> Result<Self, DigestError> {
        if !credentials.is(b"digest") {
            return Err(DigestError::Scheme);
        }
        let [
            username,
            extended,
            realm,
            nonce,
            uri,
            response,
            algorithm,
            opaque,
            qop,
            nc,
            cnonce,
            userhash,
        ] = collect(
            credentials.parameters(),
            [
                "username",
                "username*",
                "realm",
                "nonce",
                "uri",
                "response",
                "algorithm",
                "opaque",
                "qop",
                "nc",
                "cnonce",
                "userhash",
            ],
        )?;
        let hashed = is_true(userhash);
        let username = match (username, extended) {
            (Some(_), Some(_)) => return Err(DigestError::Repeated("username")),
            (None, None) => return Err(DigestError::Missing("username")),
            (Some(it), None) if hashed => Username::Hashed(it.value()),
            (Some(it), None) => Username::Plain(it.value()),
            (None, Some(it)) => match ext_value::decode(it.raw) {
                Some(decoded) if !hashed => Username::Extended(decoded.text),
                _ => return Err(DigestError::Malformed("username*")),
            },
        };
        let algorithm = algorithm_of(algorithm)?;
        let response = response.ok_or(DigestError::Missing("response"))?.value();
        if response.len() != algorithm.digits() || !response.iter().all(u8::is_ascii_hexdigit) {
            return Err(DigestError::Malformed("response"));
        }
        let protection = match qop {
            None => None,
            Some(qop) => Some(Protection {
                qop: Qop::of(&qop.value()).ok_or(DigestError::Malformed("qop"))?,
                nc: NonceCount::parse(&nc.ok_or(DigestError::Missing("nc"))?.value())
                    .ok_or(DigestError::Malformed("nc"))?,
                cnonce: cnonce.ok_or(DigestError::Missing("cnonce"))?.value(),
            }),
        };
        Ok(Self {
            username,
            realm: realm.ok_or(DigestError::Missing("realm"))?.value(),
            nonce: nonce.ok_or(DigestError::Missing("nonce"))?.value(),
            uri: uri.ok_or(DigestError::Missing("uri"))?.value(),
            response,
            algorithm,
            opaque: opaque.map(|it| it.value()),
            protection,
        })
    }

    /// What a server computes the expected response and its own proof from. `secret` is `H(A1)`; see
    /// [`compute`](super::compute).
    #[must_use]
    pub fn exchange<'e>(&'e self, secret: &'e str, method: &'e [u8]) -> Exchange<'e> {
        Exchange {
            secret,
            nonce: &self.nonce,
            protection: self.protection.clone(),
            method,
            uri: &self.uri,
        }
    }

    /// Appends the value of the field. `username`, `realm`, `nonce`, `uri`, `response`, `cnonce` and
    /// `opaque` are quoted, `algorithm`, `qop` and `nc` are not, as section 3.4 has it.
    ///
    /// # Errors
    /// [`Unfit::Octet`] for a control character. Nothing is appended then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let mut it = Writer::new(b"Digest ", out);
        match &self.username {
            Username::Plain(name) | Username::Hashed(name) => it.quoted("username", name),
            Username::Extended(name) => {
                let mut value = Vec::new();
                ext_value::encode(name, &mut value);
                it.plain("username*", &value);
            }
        }
        it.quoted("realm", &self.realm);
        it.quoted("uri", &self.uri);
        it.plain("algorithm", self.algorithm.as_str().as_bytes());
        it.quoted("nonce", &self.nonce);
        if let Some(protection) = &self.protection {
            it.plain("nc", protection.nc.as_octets());
            it.quoted("cnonce", &protection.cnonce);
            it.plain("qop", protection.qop.as_str().as_bytes());
        }
        it.quoted("response", &self.response);
        if let Some(opaque) = &self.opaque {
            it.quoted("opaque", opaque);
        }
        if matches!(self.username, Username::Hashed(_)) {
            it.plain("userhash", b"true");
        }
        it.finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    const EXAMPLE: &str = "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
         uri=\"/dir/index.html\", algorithm=MD5, \
         nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
         cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, \
         response=\"8ca523f5e9506fed4657c9700eebdbec\", \
         opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

    fn parse(value: &str) -> Result<DigestResponse<'_>, DigestError> {
        DigestResponse::parse(&Credentials::parse(value.as_bytes()).unwrap())
    }

    /// RFC 7616 §3.4.
    #[test]
    fn rfc7616_3_9_1_credentials_are_read_and_written() {
        let it = parse(EXAMPLE).unwrap();
        assert!(it.username == Username::Plain(Cow::Borrowed(b"Mufasa")));
        assert_eq!(&*it.uri, b"/dir/index.html");
        let protection = it.protection.as_ref().unwrap();
        assert_eq!((protection.qop, protection.nc.count()), (Qop::Auth, 1));
        let mut out = Vec::new();
        it.write(&mut out).unwrap();
        assert_eq!(out, EXAMPLE.as_bytes());
    }

    /// RFC 7616 §3.4.
    #[test]
    fn rfc7616_3_4_both_notations_are_read() {
        let other = EXAMPLE
            .replace("algorithm=MD5", "algorithm=\"md5\"")
            .replace("nc=00000001", "nc = \"00000001\"")
            .replace("qop=auth", "QOP=\"auth\"")
            .replace("\"Mufasa\"", "Mufasa");
        assert!(parse(&other) == parse(EXAMPLE));
    }

    /// RFC 7616 §3.4.
    #[test]
    fn rfc7616_3_4_one_username_only() {
        let with = |text: &str| EXAMPLE.replace("username=\"Mufasa\"", text);
        for (text, username) in [
            (
                "username*=UTF-8''%c3%a4",
                Ok(Username::Extended("\u{e4}".into())),
            ),
            (
                "username=ab, userhash=true",
                Ok(Username::Hashed(Cow::Borrowed(&b"ab"[..]))),
            ),
            (
                "username=ab, userhash=false",
                Ok(Username::Plain(Cow::Borrowed(b"ab"))),
            ),
            (
                "username=a, username*=UTF-8''b",
                Err(DigestError::Repeated("username")),
            ),
            (
                "username*=UTF-8''b, userhash=true",
                Err(DigestError::Malformed("username*")),
            ),
            ("username*=b", Err(DigestError::Malformed("username*"))),
            ("x=y", Err(DigestError::Missing("username"))),
        ] {
            let value = with(text);
            assert_eq!(parse(&value).map(|it| it.username), username, "{text}");
        }
    }

    /// RFC 7616 §3.4.
    #[test]
    fn rfc7616_3_4_improper_and_missing_parameters() {
        use DigestError::{Malformed, Missing, Repeated, Scheme, Unknown};
        for (from, to, error) in [
            ("Digest", "Basic", Scheme),
            ("realm=", "x=", Missing("realm")),
            (", nonce=", ", x=", Missing("nonce")),
            ("uri=", "x=", Missing("uri")),
            ("response=", "x=", Missing("response")),
            (", nc=", ", x=", Missing("nc")),
            ("cnonce=", "x=", Missing("cnonce")),
            ("opaque=", "nonce=", Repeated("nonce")),
            ("algorithm=MD5", "algorithm=SHA-256", Malformed("response")),
            ("algorithm=MD5", "algorithm=x", Unknown("algorithm")),
            ("8ca523f5", "8ca523g5", Malformed("response")),
            ("8ca523f5", "", Malformed("response")),
            ("00000001", "1", Malformed("nc")),
            ("qop=auth", "qop=\"auth, auth-int\"", Malformed("qop")),
        ] {
            let text = EXAMPLE.replacen(from, to, 1);
            assert_eq!(parse(&text).err(), Some(error), "{text}");
        }
    }

    #[test]
    fn rfc9110_5_5_nothing_can_be_injected() {
        let mut it = parse(EXAMPLE).unwrap();
        it.uri = Cow::Borrowed(b"/\r\nX: y");
        let mut out = b"x".to_vec();
        assert!(matches!(
            it.write(&mut out),
            Err(Unfit::Octet {
                part: "uri",
                offset: 1,
                ..
            })
        ));
        assert_eq!(out, b"x");
    }

    #[test]
    fn nothing_is_shown() {
        let shown = format!("{:?}", parse(EXAMPLE).unwrap());
        assert!(shown.contains("Md5") && shown.contains("nc: 1"), "{shown}");
        for secret in ["Mufasa", "8ca5", "7ypf", "f2/w", "FQhe"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
