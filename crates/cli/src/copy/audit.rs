//! What a copy is held to while it goes by: its digest, and how large it may be.

use super::codes::{Code, Failure};
use md5::Md5;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wirelore_tokio::{Source, Target};

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Algorithm {
    Sha256,
    Md5,
}

/// `ALGORITHM:HEX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checksum {
    pub(crate) algorithm: Algorithm,
    octets: Vec<u8>,
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Md5 => "md5",
        }
    }

    const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Md5 => 16,
        }
    }
}

impl FromStr for Checksum {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, digits) = text.split_once(':').ok_or("it is sha256:HEX or md5:HEX")?;
        let algorithm = match &*name.to_ascii_lowercase() {
            "sha256" => Algorithm::Sha256,
            "md5" => Algorithm::Md5,
            _ => return Err("only sha256 and md5 are known".into()),
        };
        match hex::decode(digits) {
            Ok(octets) if octets.len() == algorithm.len() => Ok(Self { algorithm, octets }),
            _ => Err(format!(
                "{} has {} hex digits",
                algorithm.name(),
                2 * algorithm.len()
            )),
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), hex::encode(&self.octets))
    }
}

/// Looks at all octets of a file, in order.
#[derive(Clone)]
pub(crate) struct Audit(Arc<Mutex<State>>);

struct State {
    octets: u64,
    max_size: Option<u64>,
    sha256: Option<Sha256>,
    md5: Option<Md5>,
    expected: Option<Checksum>,
}

impl Audit {
    pub(crate) fn new(
        max_size: Option<u64>,
        expected: Option<&Checksum>,
        shown: Option<Algorithm>,
    ) -> Self {
        let wanted = |algorithm| {
            shown == Some(algorithm) || expected.is_some_and(|sum| sum.algorithm == algorithm)
        };
        Self(Arc::new(Mutex::new(State {
            octets: 0,
            max_size,
            sha256: wanted(Algorithm::Sha256).then(Sha256::new),
            md5: wanted(Algorithm::Md5).then(Md5::new),
            expected: expected.cloned(),
        })))
    }

    /// The digest of what has gone by.
    pub(crate) fn digest(&self, algorithm: Algorithm) -> Option<Checksum> {
        self.lock().digest(algorithm)
    }

    /// Nothing has gone by yet: the file begins again.
    pub(crate) fn restart(&self) {
        let mut state = self.lock();
        state.octets = 0;
        if let Some(sha256) = &mut state.sha256 {
            *sha256 = Sha256::new();
        }
        if let Some(md5) = &mut state.md5 {
            *md5 = Md5::new();
        }
    }

    /// Octets that were written before this copy began.
    pub(crate) fn see(&self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.lock().see(offset, octets)
    }

    /// What is written is looked at.
    pub(crate) fn target(&self, inner: Box<dyn Target>) -> Box<dyn Target> {
        match self.lock().is_idle() {
            true => inner,
            false => Box::new(Audited {
                inner,
                audit: self.clone(),
            }),
        }
    }

    /// What is read is looked at.
    pub(crate) fn source(&self, inner: Box<dyn Source>) -> Box<dyn Source> {
        match self.lock().is_idle() {
            true => inner,
            false => Box::new(Audited {
                inner,
                audit: self.clone(),
            }),
        }
    }

    /// Refuses a size that is known before.
    pub(crate) fn size(&self, size: Option<u64>) -> Result<(), Failure> {
        let max = self.lock().max_size.unwrap_or(u64::MAX);
        if size.is_some_and(|size| size > max) {
            Err(too_large(max))
        } else {
            Ok(())
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn is_idle(&self) -> bool {
        self.max_size.is_none() && self.sha256.is_none() && self.md5.is_none()
    }

    /// Octets from `offset` on; what was seen before is not looked at again.
    fn see(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        let seen = usize::try_from(self.octets.saturating_sub(offset)).unwrap_or(usize::MAX);
        let Some(new @ [_, ..]) = octets.get(seen..) else {
            return Ok(());
        };
        self.octets += new.len() as u64;
        if let Some(max) = self.max_size.filter(|&max| self.octets > max) {
            return Err(too_large(max).into_io());
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(new);
        }
        if let Some(md5) = &mut self.md5 {
            md5.update(new);
        }
        Ok(())
    }

    /// The file is complete.
    fn verify(&self) -> io::Result<()> {
        let Some(expected) = &self.expected else {
            return Ok(());
        };
        match self.digest(expected.algorithm) {
            Some(found) if found == *expected => Ok(()),
            Some(found) => {
                let text = format!("the checksum is wrong: {found} instead of {expected}");
                Err(Failure::new(Code::CHECKSUM, text).into_io())
            }
            None => Ok(()),
        }
    }

    fn digest(&self, algorithm: Algorithm) -> Option<Checksum> {
        let octets = match algorithm {
            Algorithm::Sha256 => self.sha256.clone()?.finalize().to_vec(),
            Algorithm::Md5 => self.md5.clone()?.finalize().to_vec(),
        };
        Some(Checksum { algorithm, octets })
    }
}

fn too_large(max: u64) -> Failure {
    let text = format!("the file is larger than --max-size, {max} bytes");
    Failure::new(Code::TOO_LARGE, text)
}

struct Audited<T> {
    inner: T,
    audit: Audit,
}

impl Target for Audited<Box<dyn Target>> {
    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.audit.lock().see(offset, octets)?;
        self.inner.write_at(offset, octets)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.audit.lock().verify()?;
        self.inner.finish()
    }
}

impl Audited<Box<dyn Source>> {
    fn see(&self, offset: u64, buf: &[u8], len: usize) -> io::Result<usize> {
        let mut audit = self.audit.lock();
        audit.see(offset, &buf[..len])?;
        if len < buf.len() {
            // nothing of the last block is sent before this is known
            audit.verify()?;
        }
        Ok(len)
    }
}

impl Source for Audited<Box<dyn Source>> {
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read_at(offset, buf)?;
        self.see(offset, buf, len)
    }

    fn read_now(&mut self, offset: u64, buf: &mut [u8]) -> Option<io::Result<usize>> {
        let read = self.inner.read_now(offset, buf)?;
        Some(read.and_then(|len| self.see(offset, buf, len)))
    }

    fn is_at_rest(&self) -> bool {
        self.inner.is_at_rest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "md5:900150983cd24fb0d6963f7d28e17f72";
    const SHA_ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn checksums_are_read_and_shown() {
        for text in [ABC, SHA_ABC] {
            assert_eq!(text.parse::<Checksum>().unwrap().to_string(), text);
        }
        let upper = ABC.to_ascii_uppercase().parse::<Checksum>();
        assert_eq!(upper.unwrap().to_string(), ABC);
        for bad in [
            "",
            "md5",
            "md5:",
            "md5:00",
            "sha1:00",
            &SHA_ABC.replace("sha256", "md5"),
            "md5:zz",
        ] {
            assert!(bad.parse::<Checksum>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_read_again_counts_once() {
        let expected = SHA_ABC.parse().unwrap();
        let audit = Audit::new(None, Some(&expected), Some(Algorithm::Md5));
        let mut source = audit.source(Box::new(Abc));
        let mut buf = [0; 2];
        for offset in [0, 0, 1, 0, 1] {
            assert_eq!(source.read_at(offset, &mut buf).unwrap(), 2);
        }
        assert_eq!(source.read_at(2, &mut buf).unwrap(), 1);
        assert_eq!(audit.digest(Algorithm::Md5).unwrap().to_string(), ABC);
    }

    struct Abc;

    impl Source for Abc {
        fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            let rest = &b"abc"[offset as usize..];
            let len = rest.len().min(buf.len());
            buf[..len].copy_from_slice(&rest[..len]);
            Ok(len)
        }
    }

    #[test]
    fn a_file_that_begins_again_is_looked_at_again() {
        let audit = Audit::new(Some(3), None, Some(Algorithm::Md5));
        audit.see(0, b"xy").unwrap();
        audit.restart();
        audit.see(0, b"a").unwrap();
        audit.see(1, b"bc").unwrap();
        assert_eq!(audit.digest(Algorithm::Md5).unwrap().to_string(), ABC);
    }

    #[test]
    fn a_wrong_end_and_too_much_are_errors() {
        let expected = ABC.replace('9', "8").parse().unwrap();
        let mut source = Audit::new(None, Some(&expected), None).source(Box::new(Abc));
        assert_eq!(source.read_at(0, &mut [0; 3]).unwrap(), 3);
        let error = source.read_at(3, &mut [0; 3]).unwrap_err();
        assert_eq!(Failure::of(&error, Code::READING, "").code, Code::CHECKSUM);
        let audit = Audit::new(Some(2), None, None);
        assert!(audit.size(Some(2)).is_ok() && audit.size(Some(3)).is_err());
        let error = audit
            .source(Box::new(Abc))
            .read_at(0, &mut [0; 3])
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
