//! The line before the data of a chunk: RFC 9112 section 7.1.

use super::octet::{is_field, is_ows, is_tchar};
use crate::config::Lenient;
use crate::error::{Error, ErrorKind};

/// How many digits a chunk size may have; more than 16 only if the first ones are zeros.
pub(crate) const MAX_SIZE_DIGITS: usize = 32;

/// How many hexadecimal digits `line` begins with.
pub(crate) fn size_digits(line: &[u8]) -> usize {
    line.iter()
        .take_while(|octet| octet.is_ascii_hexdigit())
        .count()
}

/// The size of a chunk from the first `digits` octets of its line.
pub(crate) fn size(line: &[u8], digits: usize) -> Result<u64, Error> {
    if digits == 0 {
        return Err(Error::new(ErrorKind::BadChunkSize, 0));
    }
    let overflow = || Error::new(ErrorKind::ChunkSizeOverflow, 0);
    if digits > MAX_SIZE_DIGITS {
        return Err(overflow());
    }
    line[..digits].iter().try_fold(0u64, |size, &octet| {
        let digit = match octet {
            b'0'..=b'9' => octet - b'0',
            _ => (octet | 0x20) - b'a' + 10,
        };
        (size >> 60 == 0)
            .then(|| size << 4 | u64::from(digit))
            .ok_or_else(overflow)
    })
}

/// Checks what stands behind the size: nothing, or extensions (RFC 9112 section 7.1.1), which have
/// no meaning here. `line` has no line end.
pub(crate) fn check_extensions(line: &[u8], digits: usize, lenient: &Lenient) -> Result<(), Error> {
    let mut rest = Rest { line, at: digits };
    match rest.peek() {
        None => return Ok(()),
        Some(octet) if octet == b';' || is_ows(octet) => {}
        Some(_) => return Err(Error::new(ErrorKind::BadChunkSize, digits)),
    }
    loop {
        rest.skip_ows();
        match rest.peek() {
            None if lenient.space_after_chunk_size || !is_ows(line[line.len() - 1]) => {
                return Ok(());
            }
            Some(b';') => rest.at += 1,
            _ => return rest.refused(),
        }
        rest.skip_ows();
        if !rest.token() {
            return rest.refused();
        }
        let name_end = rest.at;
        rest.skip_ows();
        if rest.peek() != Some(b'=') {
            rest.at = name_end;
            continue;
        }
        rest.at += 1;
        rest.skip_ows();
        if !(rest.token() || rest.quoted_string()) {
            return rest.refused();
        }
    }
}

/// What is left of a line.
struct Rest<'l> {
    line: &'l [u8],
    at: usize,
}

impl Rest<'_> {
    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn refused<T>(&self) -> Result<T, Error> {
        Err(Error::new(ErrorKind::BadChunkExtension, self.at))
    }

    fn skip_ows(&mut self) {
        while self.peek().is_some_and(is_ows) {
            self.at += 1;
        }
    }

    fn token(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_some_and(is_tchar) {
            self.at += 1;
        }
        self.at > start
    }

    fn quoted_string(&mut self) -> bool {
        if self.peek() != Some(b'"') {
            return false;
        }
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return true;
                }
                Some(b'\\') if self.line.get(self.at + 1).copied().is_some_and(is_field) => {
                    self.at += 2;
                }
                Some(octet) if octet != b'\\' && is_field(octet) => self.at += 1,
                _ => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[u8]) -> Result<u64, Error> {
        let digits = size_digits(line);
        let size = size(line, digits)?;
        check_extensions(line, digits, &Lenient::default()).map(|()| size)
    }

    #[test]
    fn rfc9112_7_1_chunk_lines() {
        for (line, size) in [
            (&b"0"[..], 0),
            (b"1aF", 0x1af),
            (b"000000000000000000000005", 5),
            (b"ffffffffffffffff", u64::MAX),
            (b"5;a", 5),
            (b"5 ; a = b", 5),
            (b"5;a=\"x;\\\"y\\\\\" \t;b", 5),
            (b"5;a;b=c;d", 5),
        ] {
            assert_eq!(read(line), Ok(size), "{line:?}");
        }
        for (line, kind, at) in [
            (&b""[..], ErrorKind::BadChunkSize, 0),
            (b" 5", ErrorKind::BadChunkSize, 0),
            (b"0x5", ErrorKind::BadChunkSize, 1),
            (b"+5", ErrorKind::BadChunkSize, 0),
            (b"-5", ErrorKind::BadChunkSize, 0),
            (b"0_5", ErrorKind::BadChunkSize, 1),
            (b"5x", ErrorKind::BadChunkSize, 1),
            (b"10000000000000000", ErrorKind::ChunkSizeOverflow, 0),
            (
                b"000000000000000000000000000000005",
                ErrorKind::ChunkSizeOverflow,
                0,
            ),
            (b"5 ", ErrorKind::BadChunkExtension, 2),
            (b"5;", ErrorKind::BadChunkExtension, 2),
            (b"5;a ", ErrorKind::BadChunkExtension, 4),
            (b"5;=b", ErrorKind::BadChunkExtension, 2),
            (b"5;a=", ErrorKind::BadChunkExtension, 4),
            (b"5;a=\"b", ErrorKind::BadChunkExtension, 6),
            (b"5;a=\"b\\", ErrorKind::BadChunkExtension, 6),
            (b"5;a\r", ErrorKind::BadChunkExtension, 3),
            (b"5;a=\"\0\"", ErrorKind::BadChunkExtension, 5),
            (b"5\r", ErrorKind::BadChunkSize, 1),
            (b"5 a", ErrorKind::BadChunkExtension, 2),
        ] {
            assert_eq!(read(line), Err(Error::new(kind, at)), "{line:?}");
        }
    }

    #[test]
    fn space_after_chunk_size() {
        let lenient = Lenient {
            space_after_chunk_size: true,
            ..Lenient::default()
        };
        assert_eq!(check_extensions(b"5 \t", 1, &lenient), Ok(()));
        assert_eq!(check_extensions(b"5;a ", 1, &lenient), Ok(()));
    }
}
