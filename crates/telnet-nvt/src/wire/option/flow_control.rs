//! Remote Flow Control (RFC 1372).

use alloc::vec::Vec;

use super::{EncodeError, OptionError, ends_at, split_command};

/// What the sender of DO asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowControl {
    /// XON and XOFF are data.
    Off,
    /// XON and XOFF start and stop output.
    On,
    /// Any character but XOFF starts output again.
    RestartAny,
    /// Only XON starts output again.
    RestartXon,
}

impl FlowControl {
    /// Reads a payload.
    ///
    /// # Errors
    /// It has more or fewer than one octet, or [`OptionError::UnknownCommand`] for one that is to
    /// be "silently ignored" (RFC 1372 section 5).
    pub fn parse(payload: &[u8]) -> Result<Self, OptionError> {
        let said = match split_command(payload)?.0 {
            0 => Self::Off,
            1 => Self::On,
            2 => Self::RestartAny,
            3 => Self::RestartXon,
            code => return Err(OptionError::UnknownCommand { code, offset: 0 }),
        };
        ends_at(payload, 1).map(|()| said)
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// None.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        payload.push(match self {
            Self::Off => 0,
            Self::On => 1,
            Self::RestartAny => 2,
            Self::RestartXon => 3,
        });
        Ok(())
    }
}
