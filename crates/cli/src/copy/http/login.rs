//! Who asks: names and passwords, and how they are told to a server that wants to know.

use md5::Md5;
use rustls::crypto::ring;
use sha2::{Sha256, Sha512_256};
use std::fmt;
use std::str::FromStr;
use wirelore_http1::value::authorization::{Challenge, challenges};
use wirelore_http1::value::basic::{BasicChallenge, UserPass};
use wirelore_http1::value::digest::{DigestChallenge, HashName, Request};

/// A name and perhaps a password. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) name: String,
    pub(super) password: Option<String>,
}

impl FromStr for Login {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, password) = match text.split_once(':') {
            Some((name, password)) => (name, Some(password.to_owned())),
            None => (text, None),
        };
        if text.chars().any(char::is_control) {
            return Err("no control characters".into());
        }
        if name.is_empty() {
            return Err("the name is missing".into());
        }
        Ok(Self {
            name: name.into(),
            password,
        })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(..)")
    }
}

/// How a login is told, as far as that is known.
#[derive(Clone, Default)]
pub(super) enum Scheme {
    /// The server has not asked.
    #[default]
    Unknown,
    Basic,
    Digest {
        /// The challenge, as it was sent.
        challenge: Vec<u8>,
        /// How many requests were sent with its nonce.
        count: u32,
    },
}

/// What to do about a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Ask again, with credentials.
    Again,
    /// They were told already, and are wrong.
    Refused,
    /// Only schemes are offered that are not known here.
    Unknown,
}

impl Scheme {
    /// Reads the challenges of a 401 or 407, the values of all the fields of that name. `told`: the
    /// request had credentials.
    pub(super) fn challenged<'v>(
        &mut self,
        values: impl Iterator<Item = &'v [u8]>,
        told: bool,
    ) -> Answer {
        let mut best: Option<(u8, Self, bool)> = None;
        for value in values {
            for challenge in challenges(value) {
                let Some((strength, scheme, stale)) = read(&challenge) else {
                    continue;
                };
                if best.as_ref().is_none_or(|(known, ..)| *known < strength) {
                    best = Some((strength, scheme, stale));
                }
            }
        }
        match best {
            None => Answer::Unknown,
            // a nonce that is too old is no refusal; one that was not used yet cannot be
            Some((_, scheme, stale)) => {
                let fresh = match (&*self, &scheme) {
                    (Self::Digest { .. }, Self::Digest { .. }) => stale,
                    // what was sent at once was a guess
                    (Self::Basic, Self::Digest { .. }) => true,
                    _ => false,
                };
                if told && !fresh {
                    return Answer::Refused;
                }
                *self = scheme;
                Answer::Again
            }
        }
    }

    /// The value of Authorization for a request, if there is anything to say.
    pub(super) fn credentials(
        &mut self,
        login: &Login,
        method: &str,
        target: &str,
    ) -> Option<Vec<u8>> {
        let password = login.password.as_deref().unwrap_or_default();
        let mut value = Vec::new();
        match self {
            Self::Unknown => return None,
            Self::Basic => {
                let login = UserPass {
                    user_id: login.name.clone().into_bytes(),
                    password: password.into(),
                };
                login.write(&mut value).ok()?;
            }
            Self::Digest { challenge, count } => {
                *count += 1;
                let challenge = challenges(challenge).next()?;
                let challenge = DigestChallenge::parse(&challenge).ok()?;
                let cnonce = random()?;
                let request = Request {
                    method: method.as_bytes(),
                    uri: target.as_bytes(),
                    content: None,
                    cnonce: cnonce.as_bytes(),
                    nc: *count,
                };
                let hash = hash(challenge.algorithm.hash)?;
                let answer = challenge.answer(hash, &login.name, password.as_bytes(), &request);
                answer.write(&mut value).ok()?;
            }
        }
        Some(value)
    }
}

/// How strong a challenge is, what to answer it with, and whether only the nonce was too old.
fn read(challenge: &Challenge<'_>) -> Option<(u8, Scheme, bool)> {
    if challenge.is(b"basic") {
        BasicChallenge::parse(challenge)?;
        return Some((0, Scheme::Basic, false));
    }
    let digest = DigestChallenge::parse(challenge).ok()?;
    // the content would have to be read before it is sent
    if digest.auth_int && !digest.auth {
        return None;
    }
    let strength = match digest.algorithm.hash {
        HashName::Md5 => 1,
        HashName::Sha256 => 2,
        HashName::Sha512_256 => 3,
        _ => return None,
    };
    let challenge = [challenge.scheme, b" ", challenge.rest].concat();
    let scheme = Scheme::Digest {
        challenge,
        count: 0,
    };
    Some((strength, scheme, digest.stale))
}

/// Hashes parts, one behind the other.
type Hash = fn(&[&[u8]]) -> Vec<u8>;

fn hash(name: HashName) -> Option<Hash> {
    fn of<H: md5::Digest>(parts: &[&[u8]]) -> Vec<u8> {
        let mut hash = H::new();
        for part in parts {
            hash.update(part);
        }
        hash.finalize().to_vec()
    }
    Some(match name {
        HashName::Md5 => of::<Md5>,
        HashName::Sha256 => of::<Sha256>,
        HashName::Sha512_256 => of::<Sha512_256>,
        _ => return None,
    })
}

/// 128 random bits, in hex.
fn random() -> Option<String> {
    let mut octets = [0; 16];
    let random = ring::default_provider().secure_random;
    random.fill(&mut octets).ok()?;
    Some(hex::encode(octets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirelore_http1::value::authorization::Credentials;
    use wirelore_http1::value::digest::{DigestResponse, Qop};

    const MD5: &str = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=MD5";
    const SHA: &str = "Digest realm=\"r\", nonce=\"n\", qop=\"auth,auth-int\", algorithm=SHA-256";
    const SHA512: &str = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-512-256";

    fn login() -> Login {
        "u:p:q".parse().unwrap()
    }

    fn challenged(scheme: &mut Scheme, values: &[&str], told: bool) -> Answer {
        scheme.challenged(values.iter().map(|value| value.as_bytes()), told)
    }

    fn name(scheme: &Scheme) -> String {
        match scheme {
            Scheme::Unknown => "nothing".into(),
            Scheme::Basic => "basic".into(),
            Scheme::Digest { challenge, .. } => String::from_utf8(challenge.clone()).unwrap(),
        }
    }

    #[test]
    fn a_login_is_a_name_and_what_follows_the_first_colon() {
        assert_eq!(login().name, "u");
        assert_eq!(login().password.as_deref(), Some("p:q"));
        assert_eq!("u".parse::<Login>().unwrap().password, None);
        assert_eq!("u:".parse::<Login>().unwrap().password.as_deref(), Some(""));
        for bad in ["", ":p", "u\n:p"] {
            assert!(bad.parse::<Login>().is_err());
        }
        assert_eq!(format!("{:?}", login()), "Login(..)");
    }

    /// RFC 7616 §5.6.
    #[test]
    fn the_strongest_challenge_is_answered() {
        for (values, wanted) in [
            (&["Basic realm=x"][..], "basic"),
            (&["Basic realm=x", MD5], MD5),
            (&[&*format!("{MD5}, Basic realm=x, {SHA}")], SHA),
            (&[SHA, SHA512, MD5], SHA512),
            (&["Negotiate", "Digest realm=x", "Basic realm=x"], "basic"),
        ] {
            let mut scheme = Scheme::Unknown;
            assert_eq!(challenged(&mut scheme, values, false), Answer::Again);
            assert_eq!(name(&scheme), wanted);
        }
        let mut scheme = Scheme::Unknown;
        let int = SHA.replace("auth,auth-int", "auth-int");
        for values in [&["Negotiate"][..], &[], &[&*int]] {
            assert_eq!(challenged(&mut scheme, values, false), Answer::Unknown);
        }
    }

    /// RFC 7616 §3.3.
    #[test]
    fn a_second_challenge_is_a_refusal_unless_the_nonce_was_old() {
        let mut scheme = Scheme::Unknown;
        assert_eq!(challenged(&mut scheme, &[SHA], false), Answer::Again);
        assert_eq!(challenged(&mut scheme, &[SHA], true), Answer::Refused);
        let stale = format!("{SHA}, stale=true");
        assert_eq!(challenged(&mut scheme, &[&stale], true), Answer::Again);
        let mut scheme = Scheme::Basic;
        assert_eq!(
            challenged(&mut scheme, &["Basic realm=x"], true),
            Answer::Refused
        );
        assert_eq!(challenged(&mut scheme, &[SHA], true), Answer::Again);
        // weaker ones do not get what was refused
        assert_eq!(
            challenged(&mut scheme, &["Basic realm=x"], true),
            Answer::Refused
        );
    }

    /// RFC 7616 §3.3, RFC 7616 §3.4.
    #[test]
    fn answers_count_and_are_right() {
        for challenge in [MD5, SHA, SHA512] {
            let mut scheme = Scheme::Unknown;
            challenged(&mut scheme, &[challenge], false);
            let mut cnonces = Vec::new();
            for count in 1..3 {
                let value = scheme.credentials(&login(), "GET", "/x?y").unwrap();
                let credentials = Credentials::parse(&value).unwrap();
                let response = DigestResponse::parse(&credentials).unwrap();
                let protection = response.protection.clone().unwrap();
                assert_eq!(protection.nc.count(), count);
                assert_eq!(protection.qop, Qop::Auth);
                assert_eq!(&*response.uri, b"/x?y");
                cnonces.push(protection.cnonce.to_vec());
            }
            assert_ne!(cnonces[0], cnonces[1]);
        }
        let value = Scheme::Basic.credentials(&login(), "GET", "/").unwrap();
        assert_eq!(value, b"Basic dTpwOnE=");
        assert_eq!(Scheme::Unknown.credentials(&login(), "GET", "/"), None);
    }
}
