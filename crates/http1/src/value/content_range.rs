//! `Content-Range` (RFC 9110 section 14.4).

use alloc::vec::Vec;

use super::range::{ByteRange, decimal};
use crate::wire::octet::is_token;

/// What a `Content-Range` says: which octets of how many follow, or how many there would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum ContentRange {
    /// `bytes 42-1233/1234`, in a 206 or in a part of one.
    Range {
        /// These octets follow.
        range: ByteRange,
        /// So many there are altogether; more than the last position. `None` if the sender does not
        /// know (`*`).
        complete_length: Option<u64>,
    },
    /// `bytes */1234`, in a 416.
    Unsatisfied {
        /// So many there are.
        complete_length: u64,
    },
}

/// Why a value is no `Content-Range` of bytes. What came with it must not be combined with anything
/// that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentRangeError {
    /// Not a unit, a space and a range.
    Syntax,
    /// A unit other than bytes.
    Unit,
    /// The last position is before the first or not below the complete length.
    Invalid,
    /// A number that does not fit into 64 bits.
    TooLarge,
}

impl core::fmt::Display for ContentRangeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Syntax => "malformed content range",
            Self::Unit => "range unit is not bytes",
            Self::Invalid => "positions contradict each other",
            Self::TooLarge => "number is too large",
        })
    }
}

impl core::error::Error for ContentRangeError {}

impl ContentRange {
    /// Reads the value of a `Content-Range`. The unit may be of any case; one SP follows it.
    ///
    /// # Errors
    /// See [`ContentRangeError`].
    ///
    /// ```
    /// # use wirelore_http1::value::content_range::ContentRange;
    /// let it = ContentRange::parse(b"bytes */1234").unwrap();
    /// assert_eq!(it, ContentRange::Unsatisfied { complete_length: 1234 });
    /// ```
    pub fn parse(value: &[u8]) -> Result<Self, ContentRangeError> {
        let (unit, rest) = cut(value, b' ')?;
        if !is_token(unit) {
            return Err(ContentRangeError::Syntax);
        }
        if !unit.eq_ignore_ascii_case(b"bytes") {
            return Err(ContentRangeError::Unit);
        }
        let (range, complete_length) = cut(rest, b'/')?;
        if range == b"*" {
            let complete_length = number(complete_length)?;
            return Ok(Self::Unsatisfied { complete_length });
        }
        let (first, last) = cut(range, b'-')?;
        let (first, last) = (number(first)?, number(last)?);
        let complete_length = match complete_length {
            b"*" => None,
            digits => Some(number(digits)?),
        };
        let range = ByteRange::new(first, last).ok_or(ContentRangeError::Invalid)?;
        Self::new(range, complete_length).ok_or(ContentRangeError::Invalid)
    }

    /// These octets out of so many; `None` if there are not so many.
    #[must_use]
    pub const fn new(range: ByteRange, complete_length: Option<u64>) -> Option<Self> {
        match complete_length {
            Some(complete_length) if complete_length <= range.last() => None,
            _ => Some(Self::Range {
                range,
                complete_length,
            }),
        }
    }

    /// Appends the value of the field.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"bytes ");
        match *self {
            Self::Range {
                range,
                complete_length,
            } => {
                decimal(range.first(), out);
                out.push(b'-');
                decimal(range.last(), out);
                out.push(b'/');
                match complete_length {
                    Some(complete_length) => decimal(complete_length, out),
                    None => out.push(b'*'),
                }
            }
            Self::Unsatisfied { complete_length } => {
                out.extend_from_slice(b"*/");
                decimal(complete_length, out);
            }
        }
    }

    /// How many octets [`write`](Self::write) appends.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        6 + match *self {
            Self::Range {
                range,
                complete_length,
            } => {
                let complete = match complete_length {
                    Some(complete_length) => digits(complete_length),
                    None => 1,
                };
                digits(range.first()) + digits(range.last()) + complete + 2
            }
            Self::Unsatisfied { complete_length } => 2 + digits(complete_length),
        }
    }
}

const fn digits(number: u64) -> usize {
    match number.checked_ilog10() {
        Some(log) => log as usize + 1,
        None => 1,
    }
}

fn cut(octets: &[u8], at: u8) -> Result<(&[u8], &[u8]), ContentRangeError> {
    let at = memchr::memchr(at, octets).ok_or(ContentRangeError::Syntax)?;
    match octets.split_at(at) {
        (before, [_, behind @ ..]) => Ok((before, behind)),
        _ => Err(ContentRangeError::Syntax),
    }
}

fn number(digits: &[u8]) -> Result<u64, ContentRangeError> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(ContentRangeError::Syntax);
    }
    digits
        .iter()
        .try_fold(0u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        })
        .ok_or(ContentRangeError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content_range(first: u64, last: u64, complete_length: Option<u64>) -> ContentRange {
        ContentRange::new(ByteRange::new(first, last).unwrap(), complete_length).unwrap()
    }

    #[test]
    fn rfc9110_14_4_examples() {
        let complete_length = 1234;
        for (value, expected) in [
            (
                &b"bytes 42-1233/1234"[..],
                content_range(42, 1233, Some(1234)),
            ),
            (b"bytes 42-1233/*", content_range(42, 1233, None)),
            (
                b"bytes */1234",
                ContentRange::Unsatisfied { complete_length },
            ),
            (b"bytes 0-499/1234", content_range(0, 499, Some(1234))),
            (b"bytes 500-999/1234", content_range(500, 999, Some(1234))),
            (b"bytes 500-1233/1234", content_range(500, 1233, Some(1234))),
            (b"bytes 734-1233/1234", content_range(734, 1233, Some(1234))),
            (b"bytes 0-0/1", content_range(0, 0, Some(1))),
            (
                b"bytes */0",
                ContentRange::Unsatisfied { complete_length: 0 },
            ),
        ] {
            assert_eq!(ContentRange::parse(value), Ok(expected));
            let mut out = Vec::new();
            expected.write(&mut out);
            assert_eq!(out, value);
            assert_eq!(expected.encoded_len(), out.len());
        }
        assert_eq!(
            ContentRange::parse(b"BYTES 0-0/1"),
            Ok(content_range(0, 0, Some(1)))
        );
    }

    #[test]
    fn rfc9110_14_4_positions_that_contradict_are_invalid() {
        for value in [
            &b"bytes 1-0/10"[..],
            b"bytes 0-10/10",
            b"bytes 0-0/0",
            b"bytes 0-18446744073709551615/*",
        ] {
            assert_eq!(ContentRange::parse(value), Err(ContentRangeError::Invalid));
        }
        assert_eq!(
            ContentRange::new(ByteRange::new(0, 10).unwrap(), Some(10)),
            None
        );
    }

    #[test]
    fn rfc9110_14_4_what_is_none() {
        for (value, error) in [
            (&b""[..], ContentRangeError::Syntax),
            (b"bytes", ContentRangeError::Syntax),
            (b"bytes=0-1/2", ContentRangeError::Syntax),
            (b"bytes 0-1", ContentRangeError::Syntax),
            (b"bytes 0-/2", ContentRangeError::Syntax),
            (b"bytes -1/2", ContentRangeError::Syntax),
            (b"bytes 0-1/", ContentRangeError::Syntax),
            (b"bytes  0-1/2", ContentRangeError::Syntax),
            (b"bytes 0-1/2 ", ContentRangeError::Syntax),
            (b"bytes 0 - 1/2", ContentRangeError::Syntax),
            (b"bytes */*", ContentRangeError::Syntax),
            (b"bytes *", ContentRangeError::Syntax),
            (b"bytes +0-1/2", ContentRangeError::Syntax),
            (b"exampleunit 1.2-4.3/25", ContentRangeError::Unit),
            (
                b"bytes 0-1/18446744073709551616",
                ContentRangeError::TooLarge,
            ),
            (
                b"bytes */99999999999999999999999",
                ContentRangeError::TooLarge,
            ),
        ] {
            assert_eq!(ContentRange::parse(value), Err(error), "{value:?}");
        }
    }
}
