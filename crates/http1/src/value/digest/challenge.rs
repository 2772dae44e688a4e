//! What a server asks for (RFC 7616 section 3.3), and the answer of a client.

use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use super::super::authorization::Challenge;
use super::super::list::members;
use super::super::unfit::Unfit;
use super::compute::{Exchange, session_secret, user_secret, username_hash};
use super::{
    Algorithm, DigestError, DigestResponse, NonceCount, Protection, Qop, Username, Writer,
    algorithm_of, collect, is_true,
};

/// A challenge of this scheme, in a `WWW-Authenticate` or `Proxy-Authenticate` field.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct DigestChallenge<'v> {
    /// For what a password is asked.
    pub realm: Cow<'v, [u8]>,
    /// The URIs it holds for, separated by spaces; `None` for the whole origin. Means nothing from a
    /// proxy.
    pub domain: Option<Cow<'v, [u8]>>,
    /// The nonce.
    pub nonce: Cow<'v, [u8]>,
    /// What is to be sent back.
    pub opaque: Option<Cow<'v, [u8]>>,
    /// Whether only the nonce was wrong: the client answers with the new one, and asks nobody.
    pub stale: bool,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Whether `qop` offers `auth`. With neither, there was no `qop`, as before RFC 2617.
    pub auth: bool,
    /// Whether `qop` offers `auth-int`.
    pub auth_int: bool,
    /// Whether the server expects UTF-8 (section 4).
    pub utf8: bool,
    /// Whether the client is to hash the username.
    pub userhash: bool,
}

impl fmt::Debug for DigestChallenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestChallenge")
            .field("realm", &wirelore_core::escape(&self.realm).to_string())
            .field("stale", &self.stale)
            .field("algorithm", &self.algorithm)
            .field("auth", &self.auth)
            .field("auth_int", &self.auth_int)
            .field("userhash", &self.userhash)
            .finish_non_exhaustive()
    }
}

/// What a client says about the request for which it answers a challenge.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct Request<'r> {
    /// The method.
    pub method: &'r [u8],
    /// The request-target, as in the request line.
    pub uri: &'r [u8],
    /// The hash of the content in hexadecimal, for servers that offer `auth-int` only; `None` is the
    /// hash of nothing.
    pub content: Option<&'r str>,
    /// A random string that was not used before.
    pub cnonce: &'r [u8],
    /// How many requests were sent with this nonce, with this one.
    pub nc: u32,
}

impl<'v> DigestChallenge<'v> {
    /// Reads a challenge. Values are taken as tokens and as quoted-strings (RFC 9110 section 11.2).
    ///
    /// # Errors
    /// [`DigestError::Scheme`]; [`DigestError::Missing`] without `realm` or `nonce`;
    /// [`DigestError::Repeated`]; [`DigestError::Unknown`] for an `algorithm` that is not known, or a
    /// `qop` without any known value: such a challenge is passed over for the next one.
    pub fn parse(challenge: &Challenge<'v>) -> Result<Self, DigestError> {
        if !challenge.is(b"digest") {
            return Err(DigestError::Scheme);
        }
        let [
            realm,
            domain,
            nonce,
            opaque,
            stale,
            algorithm,
            qop,
            charset,
            userhash,
        ] = collect(
            challenge.parameters(),
            [
                "realm",
                "domain",
                "nonce",
                "opaque",
                "stale",
                "algorithm",
                "qop",
                "charset",
                "userhash",
            ],
        )?;
        let qop = qop.map(|it| it.value());
        let offers = |wanted: Qop| {
            qop.as_deref().is_some_and(|it| {
                members(it).any(|it| it.eq_ignore_ascii_case(wanted.as_str().as_bytes()))
            })
        };
        let (auth, auth_int) = (offers(Qop::Auth), offers(Qop::AuthInt));
        if qop.is_some() && !auth && !auth_int {
            return Err(DigestError::Unknown("qop"));
        }
        Ok(Self {
            realm: realm.ok_or(DigestError::Missing("realm"))?.value(),
            domain: domain.map(|it| it.value()),
            nonce: nonce.ok_or(DigestError::Missing("nonce"))?.value(),
            opaque: opaque.map(|it| it.value()),
            stale: is_true(stale),
            algorithm: algorithm_of(algorithm)?,
            auth,
            auth_int,
            utf8: charset.is_some_and(|it| it.value().eq_ignore_ascii_case(b"utf-8")),
            userhash: is_true(userhash),
        })
    }

    /// Appends the value of the field. `realm`, `domain`, `nonce`, `opaque` and `qop` are quoted,
    /// `stale` and `algorithm` are not, as section 3.3 has it.
    ///
    /// # Errors
    /// [`Unfit::Octet`] for a control character. Nothing is appended then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let mut it = Writer::new(b"Digest ", out);
        it.quoted("realm", &self.realm);
        if let Some(domain) = &self.domain {
            it.quoted("domain", domain);
        }
        match (self.auth, self.auth_int) {
            (true, true) => it.quoted("qop", b"auth, auth-int"),
            (true, false) => it.quoted("qop", b"auth"),
            (false, true) => it.quoted("qop", b"auth-int"),
            (false, false) => {}
        }
        it.plain("algorithm", self.algorithm.as_str().as_bytes());
        it.quoted("nonce", &self.nonce);
        if let Some(opaque) = &self.opaque {
            it.quoted("opaque", opaque);
        }
        if self.stale {
            it.plain("stale", b"true");
        }
        if self.utf8 {
            it.plain("charset", b"UTF-8");
        }
        if self.userhash {
            it.plain("userhash", b"true");
        }
        it.finish()
    }

    /// The answer of a client that knows the password. `auth` is preferred to `auth-int`, and either
    /// to nothing. The session of a `-sess` algorithm begins with this request. Username and password
    /// are taken as they are: they should be in Unicode Normalization Form C (section 4).
    ///
    /// `hash` is that of [`algorithm`](Self::algorithm); see [`compute`](super::compute).
    pub fn answer<'a, D: AsRef<[u8]>>(
        &'a self,
        hash: impl Fn(&[&[u8]]) -> D,
        username: &'a str,
        password: &[u8],
        request: &Request<'a>,
    ) -> DigestResponse<'a> {
        let qop = match (self.auth, self.auth_int) {
            (true, _) => Some(Qop::Auth),
            (false, true) => Some(Qop::AuthInt),
            (false, false) => None,
        };
        let protection = qop.map(|qop| Protection {
            qop,
            nc: NonceCount::new(request.nc),
            cnonce: Cow::Borrowed(request.cnonce),
        });
        let name = username.as_bytes();
        let mut secret = user_secret(&hash, name, &self.realm, password);
        if self.algorithm.session {
            secret = session_secret(&hash, &secret, &self.nonce, request.cnonce);
        }
        let exchange = Exchange {
            secret: &secret,
            nonce: &self.nonce,
            protection: protection.clone(),
            method: request.method,
            uri: request.uri,
        };
        let response = exchange.response(&hash, request.content);
        let username = if self.userhash {
            let name = username_hash(&hash, name, &self.realm);
            Username::Hashed(Cow::Owned(name.into_bytes()))
        } else if name.iter().all(|&it| (b' '..=b'~').contains(&it)) {
            Username::Plain(Cow::Borrowed(name))
        } else {
            Username::Extended(username.into())
        };
        DigestResponse {
            username,
            realm: Cow::Borrowed(&self.realm),
            nonce: Cow::Borrowed(&self.nonce),
            uri: Cow::Borrowed(request.uri),
            response: Cow::Owned(response.into_bytes()),
            algorithm: self.algorithm,
            opaque: self.opaque.as_deref().map(Cow::Borrowed),
            protection,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use md5::{Digest, Md5};
    use sha2::Sha256;

    use super::super::super::authorization::{Credentials, challenges};
    use super::super::HashName;
    use super::*;

    const SHA_256: &str = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
         algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
         opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

    fn hash<H: Digest>(parts: &[&[u8]]) -> Vec<u8> {
        let mut hash = H::new();
        for part in parts {
            hash.update(part);
        }
        hash.finalize().to_vec()
    }

    fn parse(value: &str) -> Result<DigestChallenge<'_>, DigestError> {
        DigestChallenge::parse(&challenges(value.as_bytes()).next().unwrap())
    }

    fn written(it: &DigestChallenge<'_>) -> String {
        let mut out = Vec::new();
        it.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rfc7616_3_9_1_challenge_is_read_and_written() {
        let it = parse(SHA_256).unwrap();
        assert_eq!(&*it.realm, b"http-auth@example.org");
        assert_eq!(it.algorithm.hash, HashName::Sha256);
        assert!(it.auth && it.auth_int && !it.stale && !it.utf8 && !it.userhash);
        assert_eq!(written(&it), SHA_256);
    }

    #[test]
    fn rfc7616_3_9_1_two_challenges_in_one_field() {
        let both = format!("{SHA_256}, {}", SHA_256.replace("SHA-256", "MD5"));
        let all: Vec<_> = challenges(both.as_bytes())
            .map(|it| DigestChallenge::parse(&it).unwrap().algorithm.as_str())
            .collect();
        assert_eq!(all, ["SHA-256", "MD5"]);
    }

    /// RFC 7616 §3.3, RFC 7616 §4.
    #[test]
    fn rfc7616_3_3_quoting() {
        let text = "Digest realm=\"a \\\"b\\\"\", domain=\"/ /x\", qop=\"auth-int\", \
                    algorithm=MD5-sess, nonce=\"n\", stale=true, charset=UTF-8, userhash=true";
        let it = parse(text).unwrap();
        assert_eq!(&*it.realm, b"a \"b\"");
        assert_eq!(written(&it), text);
        let other = "digest REALM=x, NONCE=n, Algorithm=\"md5-SESS\", QOP=auth-int, stale=\"TRUE\"";
        let it = parse(other).unwrap();
        assert!(it.stale && it.auth_int && !it.auth && it.algorithm.session);
        let mut bad = parse(SHA_256).unwrap();
        bad.nonce = Cow::Borrowed(b"a\r\nb");
        let mut out = b"x".to_vec();
        assert!(bad.write(&mut out).is_err());
        assert_eq!(out, b"x");
    }

    /// RFC 7616 §3.3.
    #[test]
    fn rfc7616_3_3_what_cannot_be_answered() {
        use DigestError::{Missing, Repeated, Scheme, Unknown};
        for (text, error) in [
            ("Basic realm=a", Scheme),
            ("Digest nonce=a", Missing("realm")),
            ("Digest realm=a", Missing("nonce")),
            ("Digest realm=a, nonce=b, Realm=c", Repeated("realm")),
            (
                "Digest realm=a, nonce=b, algorithm=SHA-1",
                Unknown("algorithm"),
            ),
            ("Digest realm=a, nonce=b, qop=\"x, y\"", Unknown("qop")),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
        let it = parse("Digest realm=a, nonce=b, foo=bar, qop=\"x, AUTH\"").unwrap();
        assert_eq!(it.algorithm, Algorithm::DEFAULT);
        assert!(it.auth && !it.stale);
    }

    fn answer(challenge: &str, username: &str) -> (String, String) {
        let challenge = parse(challenge).unwrap();
        let request = Request {
            method: b"GET",
            uri: b"/dir/index.html",
            content: None,
            cnonce: b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            nc: 1,
        };
        let hash = match challenge.algorithm.hash {
            HashName::Md5 => hash::<Md5>,
            _ => hash::<Sha256>,
        };
        let it = challenge.answer(hash, username, b"Circle of Life", &request);
        let mut out = Vec::new();
        it.write(&mut out).unwrap();
        let parsed = DigestResponse::parse(&Credentials::parse(&out).unwrap());
        assert!(parsed == Ok(it.clone()));
        // A server that knows the secret comes to the same.
        let mut secret = user_secret(hash, username.as_bytes(), &it.realm, b"Circle of Life");
        if it.algorithm.session {
            secret = session_secret(hash, &secret, &it.nonce, request.cnonce);
        }
        let expected = it.exchange(&secret, b"GET").response(hash, None);
        assert_eq!(it.response, expected.as_bytes());
        (String::from_utf8(out).unwrap(), expected)
    }

    /// RFC 7616 §3.3, RFC 7616 §3.4.
    #[test]
    fn rfc7616_3_9_1_answer() {
        let (text, _) = answer(SHA_256, "Mufasa");
        assert_eq!(
            text,
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
             algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
             cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, \
             response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        );
        let (_, response) = answer(&SHA_256.replace("SHA-256", "MD5"), "Mufasa");
        assert_eq!(response, "8ca523f5e9506fed4657c9700eebdbec");
    }

    /// RFC 7616 §3.4.4.
    #[test]
    fn rfc7616_3_4_forms_of_the_username() {
        let (text, _) = answer(&format!("{SHA_256}, userhash=true"), "J\u{e4}s\u{f8}n Doe");
        assert!(text.contains("Digest username=\"") && text.ends_with(", userhash=true"));
        assert!(!text.contains("Doe"));
        let (text, _) = answer(SHA_256, "J\u{e4}s\u{f8}n Doe");
        assert!(text.starts_with("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, "));
        assert!(!text.contains("userhash"));
    }

    #[test]
    fn rfc7616_3_4_1_answers_with_each_qop_and_session() {
        let (text, _) = answer("Digest realm=a, nonce=b", "c");
        assert!(!text.contains("qop") && !text.contains("cnonce"));
        let (text, _) = answer("Digest realm=a, nonce=b, qop=auth-int", "c");
        assert!(text.contains("qop=auth-int"));
        let (_, plain) = answer("Digest realm=a, nonce=b, qop=auth", "c");
        let (_, session) = answer("Digest realm=a, nonce=b, qop=auth, algorithm=MD5-sess", "c");
        assert!(plain != session);
    }

    #[test]
    fn nonces_are_not_shown() {
        let shown = format!("{:?}", parse(SHA_256).unwrap());
        assert!(
            shown.contains("Sha256") && !shown.contains("7ypf"),
            "{shown}"
        );
    }
}
