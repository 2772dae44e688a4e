//! What request lines and status lines have in common: words, and a version (RFC 9112 sections 2.3, 3 and 4).

use super::octet::is_ows;
use crate::error::{Error, ErrorKind};
use crate::version::Version;

/// The words of a start line.
pub(super) struct Words<'b> {
    pub(super) content: &'b [u8],
    /// Whether any run of SP and HTAB separates them.
    pub(super) runs: bool,
}

impl Words<'_> {
    /// Where the word that begins at `start` ends.
    pub(super) fn end(&self, start: usize) -> usize {
        self.content[start..]
            .iter()
            .position(|&octet| is_ows(octet))
            .map_or(self.content.len(), |len| start + len)
    }

    /// A CR in a word is said to be one, whatever else the word should be.
    pub(super) fn refuse_cr(&self, start: usize, end: usize) -> Result<(), Error> {
        match self.content[start..end]
            .iter()
            .position(|&octet| octet == b'\r')
        {
            Some(index) => Err(Error::new(ErrorKind::BareCr, start + index)),
            None => Ok(()),
        }
    }

    /// Where the word after the one that ends at `end` begins; `None` when there is none.
    pub(super) fn next(&self, end: usize) -> Result<Option<usize>, Error> {
        let rest = &self.content[end..];
        let gap = rest.iter().take_while(|&&octet| is_ows(octet)).count();
        match rest {
            [] => Ok(None),
            _ if self.runs => Ok((gap < rest.len()).then_some(end + gap)),
            [b' ', ..] if gap == 1 && rest.len() > 1 => Ok(Some(end + 1)),
            [b'\t', ..] => Err(Error::new(ErrorKind::BadRequestLine, end)),
            _ => Err(Error::new(ErrorKind::BadRequestLine, end + 1)),
        }
    }
}

/// `HTTP/` DIGIT `.` DIGIT, of which only major version 1 is known.
pub(super) fn version(word: &[u8]) -> Result<Version, ErrorKind> {
    match word {
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            match (major, minor) {
                (b'1', b'0') => Ok(Version::Http10),
                (b'1', _) => Ok(Version::Http11),
                _ => Err(ErrorKind::UnsupportedVersion {
                    major: major - b'0',
                }),
            }
        }
        _ => Err(ErrorKind::BadVersion),
    }
}
