//! Bytes to values and back, pure and without allocation.
//!
//! [`Packet::parse`] checks the framing of one datagram and borrows everything from it; the numbers
//! in option values are read in a second step ([`option_value`]). [`Packet::encode`] and the
//! `encode_*` functions write into the caller's buffer. Octet order is the network's.

mod data;
mod encoder;
mod error_packet;
mod options;
mod request;

pub use data::{Ack, DATA_HEADER, Data};
pub use encoder::EncodeError;
pub use error_packet::{ErrorCode, ErrorPacket};
pub use options::{Oack, OptionName, Options, encode_oack, option_value};
pub use request::{Direction, MAX_REQUEST, Mode, Request, encode_request};

pub(crate) use encoder::Encoder;
pub(crate) use request::{begin_request, finish_request};

/// The two octets that begin every packet (RFC 1350 section 5, RFC 2347).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
#[allow(clippy::exhaustive_enums)]
pub enum Opcode {
    /// Read request.
    Rrq = 1,
    /// Write request.
    Wrq = 2,
    /// Data.
    Data = 3,
    /// Acknowledgment.
    Ack = 4,
    /// Error.
    Error = 5,
    /// Option acknowledgment (RFC 2347).
    Oack = 6,
}

/// One TFTP packet, borrowed from its datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Packet<'p> {
    /// RRQ or WRQ.
    Request(Request<'p>),
    /// DATA.
    Data(Data<'p>),
    /// ACK.
    Ack(Ack),
    /// ERROR.
    Error(ErrorPacket<'p>),
    /// OACK.
    Oack(Oack<'p>),
}

impl<'p> Packet<'p> {
    /// Reads one datagram.
    ///
    /// Lenient where deployed peers need it and nothing is lost by it: octets after an ACK's block
    /// number, after the final NUL of an ERROR, an ERROR without its final NUL (or without any
    /// text), and NULs that pad a request are accepted.
    ///
    /// # Errors
    /// [`ParseError`] when the datagram is not one of the six packets.
    #[inline]
    pub fn parse(datagram: &'p [u8]) -> Result<Self, ParseError> {
        // what comes once per block is decided in the caller's code, the rest is not copied there
        match datagram {
            [0, 3, rest @ ..] => Data::parse(rest).map(Self::Data),
            [0, 4, rest @ ..] => Ack::parse(rest).map(Self::Ack),
            _ => Self::parse_other(datagram),
        }
    }

    #[inline(never)]
    fn parse_other(datagram: &'p [u8]) -> Result<Self, ParseError> {
        let [high, low, rest @ ..] = datagram else {
            return Err(ParseError::Truncated {
                len: datagram.len(),
            });
        };
        match u16::from_be_bytes([*high, *low]) {
            1 => Request::parse(Direction::Read, rest).map(Self::Request),
            2 => Request::parse(Direction::Write, rest).map(Self::Request),
            5 => ErrorPacket::parse(rest).map(Self::Error),
            6 => Oack::parse(rest).map(Self::Oack),
            opcode => Err(ParseError::UnknownOpcode { opcode }),
        }
    }

    /// The opcode this packet has on the wire.
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        match self {
            Self::Request(request) => request.direction.opcode(),
            Self::Data(_) => Opcode::Data,
            Self::Ack(_) => Opcode::Ack,
            Self::Error(_) => Opcode::Error,
            Self::Oack(_) => Opcode::Oack,
        }
    }

    /// How many octets [`encode`](Self::encode) writes.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        match self {
            Self::Request(request) => request.encoded_len(),
            Self::Data(data) => DATA_HEADER + data.payload.len(),
            Self::Ack(_) => 4,
            Self::Error(error) => 5 + error.message.len(),
            Self::Oack(oack) => 2 + oack.options.as_bytes().len(),
        }
    }

    /// Writes the packet to the start of `buf` and returns its length.
    ///
    /// # Errors
    /// [`EncodeError`]; `buf` may then have been partly written.
    pub fn encode(&self, buf: &mut [u8]) -> Result<usize, EncodeError> {
        match self {
            Self::Request(request) => request.encode(buf),
            Self::Data(data) => data.encode(buf),
            Self::Ack(ack) => ack.encode(buf),
            Self::Error(error) => error.encode(buf),
            Self::Oack(oack) => {
                let mut encoder = Encoder::new(buf, Opcode::Oack)?;
                encoder.raw(oack.options.as_bytes())?;
                Ok(encoder.len())
            }
        }
    }
}

/// A string of a request or OACK, in the order they stand on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// The file name.
    Filename,
    /// The transfer mode.
    Mode,
    /// The name of an option.
    OptionName,
    /// The value of an option.
    OptionValue,
}

impl core::fmt::Display for Field {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Filename => "filename",
            Self::Mode => "mode",
            Self::OptionName => "option name",
            Self::OptionValue => "option value",
        })
    }
}

/// Why a datagram is not a TFTP packet. Offsets count octets from the start of the datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// The datagram ends inside the fixed header of its packet.
    Truncated {
        /// The length of the datagram.
        len: usize,
    },
    /// The datagram is an ERROR that ends inside its code. Like every ERROR it is never answered.
    TruncatedError {
        /// The length of the datagram.
        len: usize,
    },
    /// The first two octets are none of the six opcodes.
    UnknownOpcode {
        /// What they are.
        opcode: u16,
    },
    /// A string has no NUL before the end of the datagram.
    Unterminated {
        /// Which one.
        field: Field,
        /// Where it begins.
        offset: usize,
    },
    /// The last option has a name but no value.
    OptionWithoutValue {
        /// Where its name begins.
        offset: usize,
    },
    /// A request is longer than [`MAX_REQUEST`] octets (RFC 2347).
    RequestTooLong {
        /// The length of the datagram.
        len: usize,
    },
}

impl ParseError {
    /// Where the datagram stops making sense.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match *self {
            Self::Truncated { len } | Self::TruncatedError { len } => len,
            Self::UnknownOpcode { .. } => 0,
            Self::Unterminated { offset, .. } | Self::OptionWithoutValue { offset } => offset,
            Self::RequestTooLong { .. } => MAX_REQUEST,
        }
    }

    /// The code of the ERROR that answers such a datagram. `None`: it gets silence, being too short to
    /// be anybody's packet, or an ERROR.
    #[must_use]
    pub const fn reply_hint(&self) -> Option<ErrorCode> {
        match self {
            Self::Truncated { len: 0 | 1 } | Self::TruncatedError { .. } => None,
            _ => Some(ErrorCode::ILLEGAL_OPERATION),
        }
    }
}

impl core::fmt::Display for ParseError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Truncated { len: 1 } => f.write_str("packet ends after 1 octet"),
            Self::Truncated { len } | Self::TruncatedError { len } => {
                write!(f, "packet ends after {len} octets")
            }
            Self::UnknownOpcode { opcode } => write!(f, "unknown opcode {opcode}"),
            Self::Unterminated { field, offset } => {
                write!(f, "{field} at octet {offset} has no final NUL")
            }
            Self::OptionWithoutValue { offset } => {
                write!(f, "option at octet {offset} has no value")
            }
            Self::RequestTooLong { len } => {
                write!(f, "request of {len} octets, the limit is {MAX_REQUEST}")
            }
        }
    }
}

impl core::error::Error for ParseError {}
