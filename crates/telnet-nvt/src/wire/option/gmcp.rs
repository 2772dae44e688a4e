//! Generic Mud Communication Protocol: the name of a message, and JSON.

use alloc::vec::Vec;

use memchr::memchr;

use super::{EncodeError, OptionError, name};

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gmcp<'p> {
    /// Its name, `Package.SubPackage.Message`. Case does not matter.
    pub package: &'p [u8],
    /// JSON in UTF-8, not checked; empty where the message has none.
    pub json: &'p [u8],
}

impl<'p> Gmcp<'p> {
    /// Reads a payload: the name up to the first space, and JSON behind that.
    ///
    /// # Errors
    /// There is no name.
    pub fn parse(payload: &'p [u8]) -> Result<Self, OptionError> {
        let (package, json) = match memchr(b' ', payload) {
            Some(space) => (&payload[..space], &payload[space + 1..]),
            None => (payload, &[][..]),
        };
        match (package, payload) {
            ([], []) => Err(OptionError::Truncated { offset: 0 }),
            ([], _) => Err(OptionError::EmptyName { offset: 0 }),
            _ => Ok(Self { package, json }),
        }
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// The name is empty, or has a space or an octet that is not printable ASCII.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        name::check(self.package)?;
        name::refuse(self.package, |octet| octet == b' ')?;
        payload.extend_from_slice(self.package);
        if !self.json.is_empty() {
            payload.push(b' ');
            payload.extend_from_slice(self.json);
        }
        Ok(())
    }
}
