//! The Digest scheme (RFC 7616), without the hashes: the functions of [`compute`] take one.
//!
//! A client reads a [`DigestChallenge`] and [answers](DigestChallenge::answer) it. A server reads a
//! [`DigestResponse`], computes what the response should be, and compares it with what was sent, in
//! constant time. It also has to look at what no function here can know: that the nonce is its own and
//! not too old, that the nonce count has not been seen, and that `uri` is the target of the request
//! (sections 3.3 and 3.4.6).
//!
//! `Debug` shows neither names nor anything that was computed from a password.

mod challenge;
pub mod compute;
mod info;
mod response;

pub use challenge::{DigestChallenge, Request};
pub use info::AuthenticationInfo;
pub use response::{DigestResponse, Protection, Username};

use alloc::vec::Vec;
use core::fmt;

use super::authorization::{AuthParameter, AuthParameters};
use super::quoted::quote;
use super::unfit::Unfit;

/// The hash of an algorithm (section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashName {
    /// MD5, for old peers only.
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512/256, which is not a cut SHA-512: it has initial values of its own.
    Sha512_256,
}

/// An algorithm: a hash, and whether the secret is made for each session (section 3.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs)]
pub struct Algorithm {
    /// The hash.
    pub hash: HashName,
    /// Whether it is the `-sess` variant.
    pub session: bool,
}

impl Algorithm {
    /// What is meant where nothing is said.
    pub const DEFAULT: Self = Self {
        hash: HashName::Md5,
        session: false,
    };

    /// The algorithm of this name, in any case.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        ALGORITHMS
            .into_iter()
            .find(|it| name.eq_ignore_ascii_case(it.as_str().as_bytes()))
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match (self.hash, self.session) {
            (HashName::Md5, false) => "MD5",
            (HashName::Md5, true) => "MD5-sess",
            (HashName::Sha256, false) => "SHA-256",
            (HashName::Sha256, true) => "SHA-256-sess",
            (HashName::Sha512_256, false) => "SHA-512-256",
            (HashName::Sha512_256, true) => "SHA-512-256-sess",
        }
    }

    /// How many hexadecimal digits a hash of it has.
    #[must_use]
    pub const fn digits(self) -> usize {
        match self.hash {
            HashName::Md5 => 32,
            HashName::Sha256 | HashName::Sha512_256 => 64,
        }
    }
}

const ALGORITHMS: [Algorithm; 6] = {
    const fn both(hash: HashName) -> [Algorithm; 2] {
        let session = false;
        let plain = Algorithm { hash, session };
        let session = true;
        [plain, Algorithm { hash, session }]
    }
    let (a, b, c) = (
        both(HashName::Md5),
        both(HashName::Sha256),
        both(HashName::Sha512_256),
    );
    [a[0], a[1], b[0], b[1], c[0], c[1]]
};

/// What a response protects (section 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Qop {
    /// `auth`: the method and target.
    Auth,
    /// `auth-int`: the content too.
    AuthInt,
}

impl Qop {
    /// The value of this name. Case counts, since the name is hashed.
    #[must_use]
    pub const fn of(name: &[u8]) -> Option<Self> {
        match name {
            b"auth" => Some(Self::Auth),
            b"auth-int" => Some(Self::AuthInt),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

/// A nonce count: eight hexadecimal digits, kept as they were sent, because they are hashed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NonceCount([u8; 8]);

impl NonceCount {
    /// This count, in lower case. The first request with a nonce has 1.
    #[must_use]
    pub const fn new(count: u32) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 8];
        let mut at = 0;
        while at < digits.len() {
            digits[at] = HEX[(count >> (28 - 4 * at) & 15) as usize];
            at += 1;
        }
        Self(digits)
    }

    /// Reads exactly eight hexadecimal digits (section 3.5).
    #[must_use]
    pub fn parse(digits: &[u8]) -> Option<Self> {
        let digits = <[u8; 8]>::try_from(digits).ok()?;
        digits
            .iter()
            .all(u8::is_ascii_hexdigit)
            .then_some(Self(digits))
    }

    /// The number.
    #[must_use]
    pub fn count(self) -> u32 {
        self.0.iter().fold(0, |sum, &digit| {
            sum << 4 | char::from(digit).to_digit(16).unwrap_or_default()
        })
    }

    /// The digits.
    #[must_use]
    pub const fn as_octets(&self) -> &[u8] {
        &self.0
    }
}

/// Why a challenge or credentials are none of this scheme, or cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DigestError {
    /// They are of another scheme.
    Scheme,
    /// A parameter is missing that has to be there.
    Missing(&'static str),
    /// A parameter is there twice, or both `username` and `username*` are (section 3.4).
    Repeated(&'static str),
    /// A parameter has a value that it cannot have.
    Malformed(&'static str),
    /// An algorithm, or only qop values, that are not known. A client tries the next challenge.
    Unknown(&'static str),
}

impl fmt::Display for DigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme => f.write_str("not the digest scheme"),
            Self::Missing(name) => write!(f, "no {name}"),
            Self::Repeated(name) => write!(f, "more than one {name}"),
            Self::Malformed(name) => write!(f, "malformed {name}"),
            Self::Unknown(name) => write!(f, "unknown {name}"),
        }
    }
}

impl core::error::Error for DigestError {}

/// The parameters of these names, each at most once. Others are ignored.
fn collect<'v, const N: usize>(
    parameters: AuthParameters<'v>,
    names: [&'static str; N],
) -> Result<[Option<AuthParameter<'v>>; N], DigestError> {
    let mut found = [None; N];
    for it in parameters {
        for (slot, name) in found.iter_mut().zip(names) {
            if it.is(name.as_bytes()) {
                if slot.is_some() {
                    return Err(DigestError::Repeated(name));
                }
                *slot = Some(it);
            }
        }
    }
    Ok(found)
}

fn algorithm_of(parameter: Option<AuthParameter<'_>>) -> Result<Algorithm, DigestError> {
    parameter.map_or(Ok(Algorithm::DEFAULT), |it| {
        Algorithm::of(&it.value()).ok_or(DigestError::Unknown("algorithm"))
    })
}

fn is_true(parameter: Option<AuthParameter<'_>>) -> bool {
    parameter.is_some_and(|it| it.value().eq_ignore_ascii_case(b"true"))
}

/// Writes a list of parameters; which are quoted and which must not be is the caller's to say.
struct Writer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    first: bool,
    error: Option<Unfit>,
}

impl<'o> Writer<'o> {
    fn new(scheme: &[u8], out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(scheme);
        Self {
            out,
            start,
            first: true,
            error: None,
        }
    }

    fn name(&mut self, name: &str) {
        if !core::mem::take(&mut self.first) {
            self.out.extend_from_slice(b", ");
        }
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'=');
    }

    fn quoted(&mut self, name: &'static str, value: &[u8]) {
        self.name(name);
        if let Err(error) = quote(value, self.out) {
            self.error.get_or_insert(Unfit::of(name)(error));
        }
    }

    /// `value` is ours, and a token.
    fn plain(&mut self, name: &'static str, value: &[u8]) {
        self.name(name);
        self.out.extend_from_slice(value);
    }

    fn finish(self) -> Result<(), Unfit> {
        match self.error {
            None => Ok(()),
            Some(error) => {
                self.out.truncate(self.start);
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 §3.7.
    #[test]
    fn rfc7616_3_3_algorithm_names() {
        for it in ALGORITHMS {
            assert_eq!(Algorithm::of(it.as_str().as_bytes()), Some(it));
            assert_eq!(it.session, it.as_str().ends_with("-sess"));
        }
        assert_eq!(Algorithm::of(b"md5"), Some(Algorithm::DEFAULT));
        assert_eq!(Algorithm::of(b"SHA-512"), None);
        assert_eq!(Algorithm::of(b""), None);
    }

    #[test]
    fn rfc7616_3_5_nc_is_exactly_8_hexadecimal_digits() {
        assert_eq!(NonceCount::new(1).as_octets(), b"00000001");
        assert_eq!(NonceCount::new(0xdead_beef).as_octets(), b"deadbeef");
        let upper = NonceCount::parse(b"0000000A").unwrap();
        assert_eq!((upper.count(), upper.as_octets()), (10, &b"0000000A"[..]));
        assert_eq!(NonceCount::parse(b"ffffffff").unwrap().count(), u32::MAX);
        for wrong in [
            &b""[..],
            b"1",
            b"0000001",
            b"000000001",
            b"0000000g",
            b"+0000001",
        ] {
            assert_eq!(NonceCount::parse(wrong), None);
        }
    }

    /// RFC 7616 §3.4.1.
    #[test]
    fn rfc7616_3_4_1_qop_names_are_hashed_so_case_counts() {
        assert_eq!(Qop::of(b"auth-int"), Some(Qop::AuthInt));
        assert_eq!(Qop::of(b"Auth"), None);
        assert_eq!(Qop::of(Qop::Auth.as_str().as_bytes()), Some(Qop::Auth));
    }
}
