//! Negotiate About Window Size (RFC 1073).

use alloc::vec::Vec;

use super::{EncodeError, OptionError, ends_at};

/// The size of the client's window, in characters. 0 says nothing about a dimension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Naws {
    /// Its width.
    pub columns: u16,
    /// Its height.
    pub rows: u16,
}

impl Naws {
    /// Reads a payload: two numbers of two octets each, the high octet first.
    ///
    /// # Errors
    /// It has more or fewer than four octets.
    pub fn parse(payload: &[u8]) -> Result<Self, OptionError> {
        let &[w1, w0, h1, h0, ..] = payload else {
            return Err(OptionError::Truncated {
                offset: payload.len(),
            });
        };
        ends_at(payload, 4)?;
        Ok(Self {
            columns: u16::from_be_bytes([w1, w0]),
            rows: u16::from_be_bytes([h1, h0]),
        })
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// None: every size can be sent.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        payload.extend_from_slice(&self.columns.to_be_bytes());
        payload.extend_from_slice(&self.rows.to_be_bytes());
        Ok(())
    }
}
