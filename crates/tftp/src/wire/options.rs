//! Option lists and OACK (RFC 2347).

use super::{EncodeError, Encoder, Field, Opcode, ParseError};

/// The options that have a meaning here. Names compare without regard to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionName {
    /// `blksize`, RFC 2348: octets in a block, 8 to 65464.
    Blksize,
    /// `windowsize`, RFC 7440: blocks in a window, 1 to 65535.
    Windowsize,
    /// `timeout`, RFC 2349: seconds before a retransmission, 1 to 255.
    Timeout,
    /// `utimeout`, an extension in use: the same in microseconds, 10000 to 255000000.
    Utimeout,
    /// `tsize`, RFC 2349: octets in the transfer.
    Tsize,
    /// `rollover`, an extension in use: the number after 65535, 0 or 1.
    Rollover,
}

impl OptionName {
    /// All of them, in the order in which an OACK lists them: `blksize` first, because receivers
    /// exist that find it only there.
    pub const ALL: [Self; 6] = [
        Self::Blksize,
        Self::Windowsize,
        Self::Timeout,
        Self::Utimeout,
        Self::Tsize,
        Self::Rollover,
    ];

    /// The name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blksize => "blksize",
            Self::Windowsize => "windowsize",
            Self::Timeout => "timeout",
            Self::Utimeout => "utimeout",
            Self::Tsize => "tsize",
            Self::Rollover => "rollover",
        }
    }

    /// Which option `name` is, if any.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        let known = match name.len() {
            5 => Self::Tsize,
            7 if name[0] | 0x20 == b'b' => Self::Blksize,
            7 => Self::Timeout,
            8 if name[0] | 0x20 == b'u' => Self::Utimeout,
            8 => Self::Rollover,
            10 => Self::Windowsize,
            _ => return None,
        };
        name.eq_ignore_ascii_case(known.as_str().as_bytes())
            .then_some(known)
    }
}

/// The number an option value stands for: decimal digits only, no sign, no space, at least one
/// digit, at most 64 bits. `None`: it is no such number.
#[must_use]
pub fn option_value(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0u64, |sum, &digit| {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// A checked list of options: pairs of name and value, in wire order and as written. Iterate over it
/// with [`iter`](Self::iter).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options<'p> {
    raw: &'p [u8],
}

impl<'p> Options<'p> {
    /// Checks the octets after a request's mode or an OACK's opcode; `at` is where they stand in
    /// the datagram, for the offsets in errors. NULs after the last pair are padding.
    pub(super) fn parse(raw: &'p [u8], at: usize) -> Result<Self, ParseError> {
        let padding = raw
            .iter()
            .rposition(|&octet| octet != 0)
            .map_or(0, |i| i + 1);
        let mut pos = 0;
        while pos < raw.len() {
            if pos >= padding {
                return Ok(Self { raw: &raw[..pos] });
            }
            let unterminated = |field, offset| ParseError::Unterminated { field, offset };
            let name =
                memchr::memchr(0, &raw[pos..]).ok_or(unterminated(Field::OptionName, at + pos))?;
            let value = pos + name + 1;
            if value == raw.len() {
                return Err(ParseError::OptionWithoutValue { offset: at + pos });
            }
            let len = memchr::memchr(0, &raw[value..])
                .ok_or(unterminated(Field::OptionValue, at + value))?;
            pos = value + len + 1;
        }
        Ok(Self { raw })
    }

    /// The pairs of name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'p [u8], &'p [u8])> + use<'p> {
        let mut strings = self.raw.split(|&octet| octet == 0);
        core::iter::from_fn(move || match (strings.next(), strings.next()) {
            (Some(name), Some(value)) => Some((name, value)),
            _ => None,
        })
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The list as it stands on the wire, without padding.
    #[must_use]
    pub const fn as_bytes(&self) -> &'p [u8] {
        self.raw
    }
}

/// An OACK packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Oack<'p> {
    /// What was accepted.
    pub options: Options<'p>,
}

impl<'p> Oack<'p> {
    pub(super) fn parse(rest: &'p [u8]) -> Result<Self, ParseError> {
        Options::parse(rest, 2).map(|options| Self { options })
    }
}

/// Writes an OACK of the given pairs to the start of `buf` and returns its length.
///
/// # Errors
/// [`EncodeError`]; `buf` may then have been partly written.
pub fn encode_oack<'a>(
    options: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    buf: &mut [u8],
) -> Result<usize, EncodeError> {
    let mut encoder = Encoder::new(buf, Opcode::Oack)?;
    for (name, value) in options {
        encoder.option(name, value)?;
    }
    Ok(encoder.len())
}
