//! What is hashed (RFC 7616 section 3.4).
//!
//! The hash is the caller's: a function that takes parts and hashes them one behind the other. It has
//! to be the one of the [algorithm](super::Algorithm). All results are in lower-case hexadecimal.

use alloc::string::String;
use core::fmt;

use super::{Protection, Qop};

/// The hash of `parts`, in hexadecimal: `H` of section 3.3. For content, and for tests.
pub fn hex<D: AsRef<[u8]>>(hash: impl Fn(&[&[u8]]) -> D, parts: &[&[u8]]) -> String {
    let octets = hash(parts);
    let digit = |it: u8| char::from_digit(u32::from(it), 16).unwrap_or_default();
    octets
        .as_ref()
        .iter()
        .flat_map(|it| [digit(it >> 4), digit(it & 15)])
        .collect()
}

/// `H(A1)` of an algorithm that is not a `-sess` variant: all that a server has to store of a password
/// (section 3.6). As good as the password within the realm, so keep it as secret.
pub fn user_secret<D: AsRef<[u8]>>(
    hash: impl Fn(&[&[u8]]) -> D,
    username: &[u8],
    realm: &[u8],
    password: &[u8],
) -> String {
    hex(hash, &[username, b":", realm, b":", password])
}

/// `H(A1)` of a `-sess` variant, made of the [`user_secret`], and of the nonce and client nonce with
/// which the session began.
pub fn session_secret<D: AsRef<[u8]>>(
    hash: impl Fn(&[&[u8]]) -> D,
    user_secret: &str,
    nonce: &[u8],
    cnonce: &[u8],
) -> String {
    hex(hash, &[user_secret.as_bytes(), b":", nonce, b":", cnonce])
}

/// What stands for the username where `userhash` is true (section 3.4.4).
pub fn username_hash<D: AsRef<[u8]>>(
    hash: impl Fn(&[&[u8]]) -> D,
    username: &[u8],
    realm: &[u8],
) -> String {
    hex(hash, &[username, b":", realm])
}

/// What both ends know about one request.
#[derive(Clone)]
#[allow(clippy::exhaustive_structs)]
pub struct Exchange<'e> {
    /// `H(A1)`: a [`user_secret`] or [`session_secret`].
    pub secret: &'e str,
    /// The server's nonce.
    pub nonce: &'e [u8],
    /// What a client adds; `None` with servers older than RFC 2617.
    pub protection: Option<Protection<'e>>,
    /// The method.
    pub method: &'e [u8],
    /// The target, as in the `uri` parameter.
    pub uri: &'e [u8],
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchange(..)")
    }
}

impl Exchange<'_> {
    /// The `response` of the client (section 3.4.1). `content` is the hash of the content of the
    /// request, in hexadecimal, which counts with `auth-int` only; `None` is the hash of nothing.
    pub fn response<D: AsRef<[u8]>>(
        &self,
        hash: impl Fn(&[&[u8]]) -> D,
        content: Option<&str>,
    ) -> String {
        self.digest(hash, self.method, content)
    }

    /// The `rspauth` of the server (section 3.5), which proves that it knows the secret too. `content`
    /// is that of the response.
    pub fn rspauth<D: AsRef<[u8]>>(
        &self,
        hash: impl Fn(&[&[u8]]) -> D,
        content: Option<&str>,
    ) -> String {
        self.digest(hash, b"", content)
    }

    fn digest<D: AsRef<[u8]>>(
        &self,
        hash: impl Fn(&[&[u8]]) -> D,
        method: &[u8],
        content: Option<&str>,
    ) -> String {
        let with_content = matches!(
            self.protection,
            Some(Protection {
                qop: Qop::AuthInt,
                ..
            })
        );
        let a2 = if with_content {
            let nothing;
            let content = match content {
                Some(content) => content,
                None => {
                    nothing = hex(&hash, &[]);
                    &nothing
                }
            };
            hex(&hash, &[method, b":", self.uri, b":", content.as_bytes()])
        } else {
            hex(&hash, &[method, b":", self.uri])
        };
        let (secret, a2) = (self.secret.as_bytes(), a2.as_bytes());
        match &self.protection {
            None => hex(&hash, &[secret, b":", self.nonce, b":", a2]),
            Some(it) => {
                let (nc, qop) = (it.nc.as_octets(), it.qop.as_str().as_bytes());
                let parts = [secret, self.nonce, nc, it.cnonce.as_ref(), qop, a2];
                let [secret, nonce, nc, cnonce, qop, a2] = parts;
                let colon = &b":"[..];
                hex(
                    &hash,
                    &[
                        secret, colon, nonce, colon, nc, colon, cnonce, colon, qop, colon, a2,
                    ],
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;
    use alloc::vec::Vec;

    use md5::Md5;
    use sha2::{Sha256, Sha512, Sha512_256};

    use super::super::NonceCount;
    use super::*;

    fn hash<H: sha2::Digest>(parts: &[&[u8]]) -> Vec<u8> {
        let mut hash = H::new();
        for part in parts {
            hash.update(part);
        }
        hash.finalize().to_vec()
    }

    const NONCE: &[u8] = b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    const CNONCE: &[u8] = b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

    fn mufasa<'e>(secret: &'e str, qop: Qop) -> Exchange<'e> {
        Exchange {
            secret,
            nonce: NONCE,
            protection: Some(Protection {
                qop,
                nc: NonceCount::new(1),
                cnonce: Cow::Borrowed(CNONCE),
            }),
            method: b"GET",
            uri: b"/dir/index.html",
        }
    }

    fn secret_of<H: sha2::Digest>() -> String {
        let realm = b"http-auth@example.org";
        user_secret(hash::<H>, b"Mufasa", realm, b"Circle of Life")
    }

    /// RFC 7616 §3.2, RFC 7616 §3.4.1.
    #[test]
    fn rfc7616_3_9_1_md5_and_sha_256() {
        assert_eq!(
            mufasa(&secret_of::<Md5>(), Qop::Auth).response(hash::<Md5>, None),
            "8ca523f5e9506fed4657c9700eebdbec"
        );
        assert_eq!(
            mufasa(&secret_of::<Sha256>(), Qop::Auth).response(hash::<Sha256>, None),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    /// RFC 7616 §3.4.4.
    #[test]
    fn rfc7616_3_9_2_sha_512_256_and_userhash() {
        let of = |hash: fn(&[&[u8]]) -> Vec<u8>| {
            let (username, realm) = ("J\u{e4}s\u{f8}n Doe".as_bytes(), b"api@example.org");
            let secret = user_secret(hash, username, realm, b"Secret, or not?");
            let exchange = Exchange {
                secret: &secret,
                nonce: b"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
                protection: Some(Protection {
                    qop: Qop::Auth,
                    nc: NonceCount::new(1),
                    cnonce: Cow::Borrowed(b"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"),
                }),
                method: b"GET",
                uri: b"/doe.json",
            };
            let name = username_hash(hash, username, realm);
            (name, exchange.response(hash, None))
        };
        // The figures that are printed there were made with the first half of SHA-512, ...
        let half = |parts: &[&[u8]]| hash::<Sha512>(parts)[..32].to_vec();
        let (name, response) = of(half);
        assert_eq!(
            name,
            "488869477bf257147b804c45308cd62ac4e25eb717b12b298c79e62dcea254ec"
        );
        assert_eq!(
            response,
            "ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229025f607a79dd"
        );
        // ... which is not SHA-512/256.
        let (name, response) = of(hash::<Sha512_256>);
        assert_eq!(
            name,
            "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
        );
        assert_eq!(
            response,
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
        );
    }

    fn rfc2617<'e>(secret: &'e str, method: &'e [u8], qop: Option<Qop>) -> Exchange<'e> {
        Exchange {
            secret,
            nonce: b"dcd98b7102dd2f0e8b11d0f600bfb0c093",
            protection: qop.map(|qop| Protection {
                qop,
                nc: NonceCount::new(1),
                cnonce: Cow::Borrowed(b"0a4f113b"),
            }),
            method,
            uri: b"/dir/index.html",
        }
    }

    fn rfc2617_secret() -> String {
        user_secret(
            hash::<Md5>,
            b"Mufasa",
            b"testrealm@host.com",
            b"Circle Of Life",
        )
    }

    #[test]
    fn rfc2617_3_5_example_and_the_form_without_qop() {
        let secret = rfc2617_secret();
        let response = |qop| rfc2617(&secret, b"GET", qop).response(hash::<Md5>, None);
        assert_eq!(
            response(Some(Qop::Auth)),
            "6629fae49393a05397450978507c4ef1"
        );
        assert_eq!(response(None), "670fd8c2df070c60b045671b8b24ff02");
    }

    /// RFC 7616 §3.4.2.
    #[test]
    fn rfc7616_3_4_2_session_secret() {
        let secret = session_secret(
            hash::<Md5>,
            &rfc2617_secret(),
            b"dcd98b7102dd2f0e8b11d0f600bfb0c093",
            b"0a4f113b",
        );
        assert_eq!(secret, "5edb191b66dce1584c16cb7e7346fcee");
        assert_eq!(
            rfc2617(&secret, b"GET", Some(Qop::Auth)).response(hash::<Md5>, None),
            "8e3825c57e897f5a0dec6c2d4e5059d0"
        );
    }

    /// RFC 7616 §3.4.3.
    #[test]
    fn rfc7616_3_4_3_content_is_hashed_with_auth_int_only() {
        let secret = rfc2617_secret();
        let content = hex(hash::<Md5>, &[b"bo", b"dy"]);
        let response =
            |qop, content| rfc2617(&secret, b"POST", Some(qop)).response(hash::<Md5>, content);
        assert_eq!(
            response(Qop::AuthInt, Some(&content[..])),
            "dca9ff67010f70af399e472e7367c12e"
        );
        assert_eq!(
            response(Qop::AuthInt, None),
            "4bb0e26e65bdae3e89570d68fd7a073b"
        );
        assert_eq!(
            response(Qop::Auth, Some(&content[..])),
            response(Qop::Auth, None)
        );
    }

    #[test]
    fn rfc7616_3_5_rspauth_has_no_method() {
        let secret = rfc2617_secret();
        let content = hex(hash::<Md5>, &[b"body"]);
        let rspauth = |method, qop| {
            rfc2617(&secret, method, Some(qop)).rspauth(hash::<Md5>, Some(&content[..]))
        };
        assert_eq!(
            rspauth(&b"GET"[..], Qop::Auth),
            "376602cfd2f4e8e5e78b948a85263e85"
        );
        assert_eq!(rspauth(b"PUT", Qop::Auth), rspauth(b"GET", Qop::Auth));
        assert_eq!(
            rspauth(b"GET", Qop::AuthInt),
            "5e7a6d44b1ea430adcaac8cdf86584cb"
        );
    }

    #[test]
    fn nothing_is_shown() {
        let shown = alloc::format!("{:?}", rfc2617("5edb19", b"GET", Some(Qop::Auth)));
        assert_eq!(shown, "Exchange(..)");
    }
}
