//! ERROR (RFC 1350 figure 5-4 and appendix, RFC 2347).

use super::{EncodeError, Encoder, Opcode, ParseError};
use core::fmt;

/// The code of an ERROR packet. Any 16-bit value can come in; the constants are those with a
/// meaning.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs)]
pub struct ErrorCode(pub u16);

impl ErrorCode {
    /// 0: see the message.
    pub const NOT_DEFINED: Self = Self(0);
    /// 1
    pub const FILE_NOT_FOUND: Self = Self(1);
    /// 2
    pub const ACCESS_VIOLATION: Self = Self(2);
    /// 3: disk full or allocation exceeded.
    pub const DISK_FULL: Self = Self(3);
    /// 4
    pub const ILLEGAL_OPERATION: Self = Self(4);
    /// 5
    pub const UNKNOWN_TRANSFER_ID: Self = Self(5);
    /// 6
    pub const FILE_EXISTS: Self = Self(6);
    /// 7
    pub const NO_SUCH_USER: Self = Self(7);
    /// 8: the transfer ends because of option negotiation (RFC 2347).
    pub const OPTIONS_REFUSED: Self = Self(8);

    /// The meaning in words, as RFC 1350's appendix has it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self.0 {
            0 => "not defined",
            1 => "file not found",
            2 => "access violation",
            3 => "disk full or allocation exceeded",
            4 => "illegal TFTP operation",
            5 => "unknown transfer ID",
            6 => "file already exists",
            7 => "no such user",
            8 => "options refused",
            _ => "code without a meaning",
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ErrorCode({}: {})", self.0, self.meaning())
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0, self.meaning())
    }
}

/// An ERROR packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct ErrorPacket<'p> {
    /// The code.
    pub code: ErrorCode,
    /// The text for people, without its NUL. It is the peer's: escape it before showing it.
    pub message: &'p [u8],
}

impl<'p> ErrorPacket<'p> {
    pub(super) fn parse(rest: &'p [u8]) -> Result<Self, ParseError> {
        let [high, low, text @ ..] = rest else {
            return Err(ParseError::TruncatedError {
                len: 2 + rest.len(),
            });
        };
        let end = memchr::memchr(0, text).unwrap_or(text.len());
        Ok(Self {
            code: ErrorCode(u16::from_be_bytes([*high, *low])),
            message: &text[..end],
        })
    }

    pub(super) fn encode(&self, buf: &mut [u8]) -> Result<usize, EncodeError> {
        let mut encoder = Encoder::new(buf, Opcode::Error)?;
        encoder.number16(self.code.0)?;
        encoder.string(self.message)?;
        Ok(encoder.len())
    }
}
