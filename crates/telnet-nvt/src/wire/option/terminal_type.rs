//! Terminal Type (RFC 1091).

use alloc::vec::Vec;

use super::{EncodeError, OptionError, ends_at, name, split_command};

/// What is said about the kind of terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminalType<'p> {
    /// The client: the terminal is of this type, whatever the case of the letters.
    Is(&'p [u8]),
    /// The server: change to the next type and say which.
    Send,
}

impl<'p> TerminalType<'p> {
    /// The longest name that is sent.
    pub const MAX_NAME: usize = 40;
    /// The name of a type that is unknown, or that the peer is unlikely to know.
    pub const UNKNOWN: Self = Self::Is(b"UNKNOWN");

    /// Reads a payload. A name may be of any length and hold any octet.
    ///
    /// # Errors
    /// It does not begin with IS or SEND, or goes on after SEND.
    pub fn parse(payload: &'p [u8]) -> Result<Self, OptionError> {
        match split_command(payload)? {
            (0, name) => Ok(Self::Is(name)),
            (1, _) => ends_at(payload, 1).map(|()| Self::Send),
            (code, _) => Err(OptionError::UnknownCommand { code, offset: 0 }),
        }
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// The name is empty, has more than 40 octets, or one that is not printable ASCII.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        match *self {
            Self::Is(name) => {
                if name.len() > Self::MAX_NAME {
                    return Err(EncodeError::TooLong {
                        limit: Self::MAX_NAME,
                    });
                }
                name::check(name)?;
                payload.push(0);
                payload.extend_from_slice(name);
            }
            Self::Send => payload.push(1),
        }
        Ok(())
    }
}
