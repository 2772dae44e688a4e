//! Digests that the server announces of what it sends: RFC 9530, and what there was before it.

use super::super::codes::{Code, Failure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use sha2::{Sha256, Sha512};
use wirelore_http1::value::list::members;
use wirelore_http1::wire::Fields;

/// What a digest is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// The file.
    Whole,
    /// What is in this answer.
    Message,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha256,
    Sha512,
}

impl Algorithm {
    fn of(name: &[u8]) -> Option<Self> {
        Some(match &*name.to_ascii_lowercase() {
            b"md5" => Self::Md5,
            b"sha-256" => Self::Sha256,
            b"sha-512" => Self::Sha512,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        }
    }

    const fn len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// A digest as a field has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Announced {
    field: &'static str,
    scope: Scope,
    algorithm: Algorithm,
    octets: Vec<u8>,
}

/// The digests in fields of a head or a trailer section. What cannot be read is passed over.
fn announced(fields: Fields<'_>) -> Vec<Announced> {
    let mut found = Vec::new();
    for line in fields {
        let value = line.value();
        let known = [
            ("Repr-Digest", Scope::Whole, b"=:"),
            ("Content-Digest", Scope::Message, b"=:"),
            ("Digest", Scope::Whole, b"= "),
            ("Content-MD5", Scope::Message, b"  "),
        ];
        let Some(&(field, scope, style)) = known.iter().find(|(name, ..)| line.is(name)) else {
            continue;
        };
        let pairs: Vec<(&[u8], &[u8])> = match style {
            b"  " => vec![(b"md5", &value)],
            _ => members(&value)
                .filter_map(|member| {
                    let equals = member.iter().position(|&octet| octet == b'=')?;
                    Some((&member[..equals], &member[equals + 1..]))
                })
                .collect(),
        };
        for (name, value) in pairs {
            let value = match style {
                // a byte sequence of structured fields stands between colons, before parameters
                b"=:" => value
                    .strip_prefix(b":")
                    .and_then(|value| value.split(|&octet| octet == b':').next()),
                _ => Some(value),
            };
            let octets = value.and_then(|value| STANDARD.decode(value).ok());
            if let (Some(algorithm), Some(octets)) = (Algorithm::of(name), octets)
                && octets.len() == algorithm.len()
            {
                found.push(Announced {
                    field,
                    scope,
                    algorithm,
                    octets,
                });
            }
        }
    }
    found
}

/// All digests of one run of octets.
#[derive(Clone, Default)]
struct Hashes {
    md5: Option<Md5>,
    sha256: Option<Sha256>,
    sha512: Option<Sha512>,
}

impl Hashes {
    fn want(&mut self, algorithm: Algorithm) {
        match algorithm {
            Algorithm::Md5 => drop(self.md5.get_or_insert_default()),
            Algorithm::Sha256 => drop(self.sha256.get_or_insert_default()),
            Algorithm::Sha512 => drop(self.sha512.get_or_insert_default()),
        }
    }

    fn see(&mut self, octets: &[u8]) {
        if let Some(hash) = &mut self.md5 {
            hash.update(octets);
        }
        if let Some(hash) = &mut self.sha256 {
            hash.update(octets);
        }
        if let Some(hash) = &mut self.sha512 {
            hash.update(octets);
        }
    }

    fn of(&self, algorithm: Algorithm) -> Option<Vec<u8>> {
        Some(match algorithm {
            Algorithm::Md5 => self.md5.clone()?.finalize().to_vec(),
            Algorithm::Sha256 => self.sha256.clone()?.finalize().to_vec(),
            Algorithm::Sha512 => self.sha512.clone()?.finalize().to_vec(),
        })
    }
}

/// Looks at a file while it comes, in one answer or several.
#[derive(Default)]
pub(super) struct Verifier {
    announced: Vec<Announced>,
    whole: Hashes,
    message: Hashes,
    /// The octets before this place were not seen.
    unseen: u64,
}

impl Verifier {
    /// An answer that begins with the file, and so does this.
    pub(super) fn new(fields: Fields<'_>) -> Self {
        let mut verifier = Self::default();
        verifier.begin(fields);
        verifier
    }

    /// Another answer goes on with the file.
    pub(super) fn go_on(&mut self, fields: Fields<'_>) {
        self.announced.retain(|it| it.scope == Scope::Whole);
        self.message = Hashes::default();
        // a hash that begins in the middle is worth nothing
        let running = self.whole.clone();
        self.begin(fields);
        self.whole = running;
    }

    /// An answer that begins in the middle: what is before it can be given to
    /// [`beginning`](Self::beginning), and counts only then.
    pub(super) fn in_the_middle(fields: Fields<'_>, offset: u64) -> Self {
        let mut verifier = Self::new(fields);
        verifier.unseen = offset;
        verifier
    }

    fn begin(&mut self, fields: Fields<'_>) {
        let new = announced(fields);
        // what stands behind the body cannot be known before
        let behind = fields
            .named("Trailer")
            .flat_map(|line| {
                let value = line.value().to_ascii_lowercase();
                let names = members(&value).map(<[u8]>::to_vec);
                names.collect::<Vec<_>>()
            })
            .any(|name| name.ends_with(b"digest"));
        for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512] {
            let wanted = |scope| {
                behind
                    || new
                        .iter()
                        .any(|it| it.scope == scope && it.algorithm == algorithm)
            };
            if wanted(Scope::Whole) {
                self.whole.want(algorithm);
            }
            if wanted(Scope::Message) {
                self.message.want(algorithm);
            }
        }
        self.announced.extend(new);
    }

    /// Whether the octets before the middle would be of use.
    pub(super) fn wants_beginning(&self) -> bool {
        let whole = &self.whole;
        self.unseen > 0 && (whole.md5.is_some() || whole.sha256.is_some() || whole.sha512.is_some())
    }

    /// Octets before the middle, in order and all of them before any others.
    pub(super) fn beginning(&mut self, octets: &[u8]) {
        let count = usize::try_from(self.unseen).unwrap_or(usize::MAX);
        let octets = &octets[..count.min(octets.len())];
        self.whole.see(octets);
        self.unseen -= octets.len() as u64;
    }

    /// The next octets.
    pub(super) fn see(&mut self, octets: &[u8]) {
        self.whole.see(octets);
        self.message.see(octets);
    }

    /// The answer, and with it the file, is complete. Returns what was verified, in words.
    pub(super) fn verify(&mut self, trailers: Option<Fields<'_>>) -> Result<Vec<String>, Failure> {
        if let Some(trailers) = trailers {
            self.announced.extend(announced(trailers));
        }
        let mut verified = Vec::new();
        for announced in &self.announced {
            let (hashes, whole) = match announced.scope {
                Scope::Whole => (&self.whole, true),
                Scope::Message => (&self.message, false),
            };
            if whole && self.unseen > 0 {
                continue;
            }
            let Some(found) = hashes.of(announced.algorithm) else {
                continue;
            };
            let name = announced.algorithm.name();
            if found != announced.octets {
                let text = format!(
                    "the content is not what the server announced: {name} {} instead of {} ({})",
                    hex::encode(found),
                    hex::encode(&announced.octets),
                    announced.field
                );
                return Err(Failure::new(Code::CHECKSUM, text));
            }
            verified.push(format!("{name} is that of {}", announced.field));
        }
        Ok(verified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirelore_http1::Config;
    use wirelore_http1::wire::{Field, MethodKind, parse_response};

    /// `hello`
    const SHA256: &str = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    const MD5: &str = "XUFAKrxLKna5cZ2REBfFkg==";

    fn with<R>(fields: &[String], act: impl FnOnce(Fields<'_>) -> R) -> R {
        let head = format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", fields.join("\r\n"));
        let head = parse_response(
            head.as_bytes(),
            &mut [Field::default(); 8],
            MethodKind::Other,
            &Config::default(),
        );
        act(head.unwrap().unwrap().fields())
    }

    fn fields() -> [String; 5] {
        [
            format!("Repr-Digest: sha-256=:{SHA256}:, unixsum=:AAA=:"),
            format!("repr-digest: sha-256=:{SHA256}:;x=1"),
            format!("Content-Digest: md5=:{MD5}:"),
            format!("Digest: SHA-256={SHA256},md5={MD5}"),
            format!("Content-MD5: {MD5}"),
        ]
    }

    #[test]
    fn every_notation_is_read_and_verified() {
        for field in fields() {
            let field = [field];
            let mut good = with(&field, Verifier::new);
            let mut bad = with(&field, Verifier::new);
            for piece in [&b"he"[..], b"", b"llo"] {
                good.see(piece);
            }
            bad.see(b"hellO");
            let verified = good.verify(None).unwrap();
            assert!(!verified.is_empty(), "{field:?}");
            let failure = bad.verify(None).unwrap_err();
            assert_eq!(failure.code, Code::CHECKSUM, "{field:?}");
        }
        for field in [
            "Repr-Digest: sha-256=:AAAA:",
            "Digest: x",
            "Content-MD5: x",
            "X: y",
        ] {
            let mut nothing = with(&[field.to_owned()], Verifier::new);
            nothing.see(b"x");
            assert_eq!(nothing.verify(None), Ok(vec![]), "{field}");
        }
    }

    #[test]
    fn an_answer_in_the_middle_counts_with_the_beginning() {
        let repr = [fields()[0].clone()];
        let mut verifier = with(&repr, |fields| Verifier::in_the_middle(fields, 2));
        assert!(verifier.wants_beginning());
        verifier.beginning(b"he");
        verifier.see(b"llo");
        assert_eq!(verifier.verify(None).unwrap().len(), 1);
        let mut verifier = with(&repr, |fields| Verifier::in_the_middle(fields, 2));
        verifier.see(b"llo");
        assert_eq!(verifier.verify(None), Ok(vec![]));
        // of the message it is another matter
        let mut verifier = with(&[fields()[2].clone()], |fields| {
            Verifier::in_the_middle(fields, 2)
        });
        verifier.see(b"llo");
        assert!(verifier.verify(None).is_err());
    }

    #[test]
    fn an_answer_that_goes_on_keeps_what_was_announced() {
        let mut verifier = with(&fields()[..1], Verifier::new);
        verifier.see(b"hel");
        with(&["Content-Digest: md5=:AAAA:".into()], |fields| {
            verifier.go_on(fields);
        });
        verifier.see(b"lo");
        assert_eq!(verifier.verify(None).unwrap().len(), 1);
    }

    #[test]
    fn what_stands_behind_the_body_counts_too() {
        let mut verifier = with(&["Trailer: X, Repr-Digest".into()], Verifier::new);
        verifier.see(b"hello");
        let verified = with(&fields()[..1], |fields| verifier.verify(Some(fields)));
        assert_eq!(verified.unwrap().len(), 1);
        let mut verifier = with(&["Trailer: repr-digest".into()], Verifier::new);
        verifier.see(b"hellO");
        let verified = with(&fields()[..1], |fields| verifier.verify(Some(fields)));
        assert!(verified.is_err());
    }
}
