//! X Display Location (RFC 1096).

use alloc::vec::Vec;

use memchr::memrchr;

use super::{EncodeError, OptionError, ends_at, name, split_command};

/// What is said about where the X server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XDisplayLocation<'p> {
    /// The answer: `host:display.screen`, the last part with its dot optional.
    Is(&'p [u8]),
    /// The question.
    Send,
}

impl<'p> XDisplayLocation<'p> {
    /// Reads a payload. A location may be of any form and hold any octet.
    ///
    /// # Errors
    /// It does not begin with IS or SEND, or goes on after SEND.
    pub fn parse(payload: &'p [u8]) -> Result<Self, OptionError> {
        match split_command(payload)? {
            (0, location) => Ok(Self::Is(location)),
            (1, _) => ends_at(payload, 1).map(|()| Self::Send),
            (code, _) => Err(OptionError::UnknownCommand { code, offset: 0 }),
        }
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// The location has an octet that is not printable ASCII, or a space, or not the form above.
    /// `:0` without a host means the client's own one, which is of no use to the server.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        match *self {
            Self::Is(location) => {
                name::check(location)?;
                name::refuse(location, |octet| octet == b' ')?;
                if !has_its_form(location) {
                    return Err(EncodeError::Form);
                }
                payload.push(0);
                payload.extend_from_slice(location);
            }
            Self::Send => payload.push(1),
        }
        Ok(())
    }
}

/// `<host>:<dispnum>[.<screennum>]`, where the host may have colons, too.
fn has_its_form(location: &[u8]) -> bool {
    let Some(colon) = memrchr(b':', location) else {
        return false;
    };
    let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let mut numbers = location[colon + 1..].splitn(2, |&octet| octet == b'.');
    colon > 0 && numbers.all(is_number)
}
