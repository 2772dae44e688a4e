//! RRQ and WRQ (RFC 1350 figure 5-1, RFC 2347).

use super::{EncodeError, Encoder, Field, Opcode, Options, ParseError};

/// The longest request, in octets (RFC 2347).
pub const MAX_REQUEST: usize = 512;

/// Which way the file goes, seen from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Direction {
    /// RRQ: from the server to the client.
    Read,
    /// WRQ: from the client to the server.
    Write,
}

impl Direction {
    /// The opcode of a request in this direction.
    #[must_use]
    pub const fn opcode(self) -> Opcode {
        match self {
            Self::Read => Opcode::Rrq,
            Self::Write => Opcode::Wrq,
        }
    }
}

/// The transfer mode, compared without regard to case (RFC 1350 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Mode {
    /// Text with lines ended by CR LF.
    Netascii,
    /// Octets as they are.
    Octet,
    /// To a user instead of a file; obsolete, recognised in order to be refused.
    Mail,
    /// Anything else.
    Other,
}

impl Mode {
    /// Which mode `name` is.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        if name.eq_ignore_ascii_case(b"octet") {
            Self::Octet
        } else if name.eq_ignore_ascii_case(b"netascii") {
            Self::Netascii
        } else if name.eq_ignore_ascii_case(b"mail") {
            Self::Mail
        } else {
            Self::Other
        }
    }
}

/// A read or write request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Request<'p> {
    /// RRQ or WRQ.
    pub direction: Direction,
    /// The file name as it came, any octets but NUL.
    pub filename: &'p [u8],
    /// The mode as it was written; [`mode`](Self::mode) says what it means.
    pub mode_name: &'p [u8],
    /// The options as they were written.
    pub options: Options<'p>,
}

impl<'p> Request<'p> {
    pub(super) fn parse(direction: Direction, rest: &'p [u8]) -> Result<Self, ParseError> {
        if rest.len() + 2 > MAX_REQUEST {
            return Err(ParseError::RequestTooLong {
                len: rest.len() + 2,
            });
        }
        let name_len = memchr::memchr(0, rest).ok_or(ParseError::Unterminated {
            field: Field::Filename,
            offset: 2,
        })?;
        let (filename, rest) = (&rest[..name_len], &rest[name_len + 1..]);
        let mode_at = 2 + name_len + 1;
        let mode_len = memchr::memchr(0, rest).ok_or(ParseError::Unterminated {
            field: Field::Mode,
            offset: mode_at,
        })?;
        Ok(Self {
            direction,
            filename,
            mode_name: &rest[..mode_len],
            options: Options::parse(&rest[mode_len + 1..], mode_at + mode_len + 1)?,
        })
    }

    /// What the mode means.
    #[must_use]
    pub fn mode(&self) -> Mode {
        Mode::of(self.mode_name)
    }

    pub(super) const fn encoded_len(&self) -> usize {
        4 + self.filename.len() + self.mode_name.len() + self.options.as_bytes().len()
    }

    pub(super) fn encode(&self, buf: &mut [u8]) -> Result<usize, EncodeError> {
        let mut encoder = begin_request(self.direction, self.filename, self.mode_name, buf)?;
        encoder.raw(self.options.as_bytes())?;
        finish_request(&encoder)
    }
}

/// Writes a request to the start of `buf` and returns its length.
///
/// # Errors
/// [`EncodeError`]; `buf` may then have been partly written.
pub fn encode_request<'a>(
    direction: Direction,
    filename: &[u8],
    mode_name: &[u8],
    options: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    buf: &mut [u8],
) -> Result<usize, EncodeError> {
    let mut encoder = begin_request(direction, filename, mode_name, buf)?;
    for (name, value) in options {
        encoder.option(name, value)?;
    }
    finish_request(&encoder)
}

pub(crate) fn begin_request<'b>(
    direction: Direction,
    filename: &[u8],
    mode_name: &[u8],
    buf: &'b mut [u8],
) -> Result<Encoder<'b>, EncodeError> {
    let mut encoder = Encoder::new(buf, direction.opcode())?;
    encoder.string(filename)?;
    encoder.string(mode_name)?;
    Ok(encoder)
}

pub(crate) const fn finish_request(encoder: &Encoder<'_>) -> Result<usize, EncodeError> {
    match encoder.len() {
        len @ ..=MAX_REQUEST => Ok(len),
        len => Err(EncodeError::RequestTooLong { len }),
    }
}
