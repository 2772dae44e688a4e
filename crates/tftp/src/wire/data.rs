//! DATA and ACK (RFC 1350 figures 5-2 and 5-3).

use super::{EncodeError, Encoder, Opcode, ParseError};

/// The octets of a DATA packet in front of its payload.
pub const DATA_HEADER: usize = 4;

/// A DATA packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Data<'p> {
    /// The block number; the first block of a file is 1.
    pub block: u16,
    /// The octets of the block; fewer than the block size ends the transfer.
    pub payload: &'p [u8],
}

impl<'p> Data<'p> {
    #[inline]
    pub(super) const fn parse(rest: &'p [u8]) -> Result<Self, ParseError> {
        match rest {
            [high, low, payload @ ..] => Ok(Self {
                block: u16::from_be_bytes([*high, *low]),
                payload,
            }),
            _ => Err(ParseError::Truncated {
                len: 2 + rest.len(),
            }),
        }
    }

    /// The four octets that stand in front of a payload, for callers whose payload is already in
    /// place.
    #[must_use]
    pub const fn header(block: u16) -> [u8; DATA_HEADER] {
        let [high, low] = block.to_be_bytes();
        [0, Opcode::Data as u8, high, low]
    }

    pub(super) fn encode(&self, buf: &mut [u8]) -> Result<usize, EncodeError> {
        let mut encoder = Encoder::new(buf, Opcode::Data)?;
        encoder.number16(self.block)?;
        encoder.raw(self.payload)?;
        Ok(encoder.len())
    }
}

/// An ACK packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Ack {
    /// The number of the block that is acknowledged; 0 answers a WRQ or an OACK.
    pub block: u16,
}

impl Ack {
    #[inline]
    pub(super) const fn parse(rest: &[u8]) -> Result<Self, ParseError> {
        match rest {
            [high, low, ..] => Ok(Self {
                block: u16::from_be_bytes([*high, *low]),
            }),
            _ => Err(ParseError::Truncated {
                len: 2 + rest.len(),
            }),
        }
    }

    pub(super) fn encode(self, buf: &mut [u8]) -> Result<usize, EncodeError> {
        let mut encoder = Encoder::new(buf, Opcode::Ack)?;
        encoder.number16(self.block)?;
        Ok(encoder.len())
    }
}
