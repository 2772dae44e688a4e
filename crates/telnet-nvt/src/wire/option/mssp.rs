//! Mud Server Status Protocol: variables, each with one or more values.

use alloc::vec::Vec;
use core::fmt;

use memchr::memchr2;

use super::{EncodeError, OptionError, all_or_nothing, name};
use crate::wire::code::IAC;

const VAR: u8 = 1;
const VAL: u8 = 2;

/// A list of variables.
#[derive(Clone, Copy)]
pub struct Mssp<'p>(Source<'p>);

#[derive(Clone, Copy)]
enum Source<'p> {
    /// A payload, checked.
    Wire(&'p [u8]),
    Listed(&'p [MsspVariable<'p>]),
}

/// A variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsspVariable<'p> {
    /// Its name.
    pub name: &'p [u8],
    /// Its values, of which there is at least one.
    pub values: MsspValues<'p>,
}

/// The values of a variable.
#[derive(Clone, Copy)]
pub struct MsspValues<'p>(Values<'p>);

#[derive(Clone, Copy)]
enum Values<'p> {
    /// What stands behind the first VAL, up to the next VAR.
    Wire(&'p [u8]),
    Listed(&'p [&'p [u8]]),
}

impl<'p> Mssp<'p> {
    /// These.
    #[must_use]
    pub const fn of(variables: &'p [MsspVariable<'p>]) -> Self {
        Self(Source::Listed(variables))
    }

    /// Reads a payload. Names and values may hold any octet but 1 and 2.
    ///
    /// # Errors
    /// It does not begin with VAR; a variable has no name or no value.
    pub fn parse(payload: &'p [u8]) -> Result<Self, OptionError> {
        let mut reader = Reader { payload, at: 0 };
        while reader.next()?.is_some() {}
        Ok(Self(Source::Wire(payload)))
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// A variable has no name or no values, or 0, 1, 2 or 255 is in one of them.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        all_or_nothing(payload, |payload| {
            let mut push = |code, text: &[u8]| {
                name::refuse(text, |octet| matches!(octet, 0 | VAR | VAL | IAC))?;
                payload.push(code);
                payload.extend_from_slice(text);
                Ok(())
            };
            for variable in self.iter() {
                if variable.name.is_empty() {
                    return Err(EncodeError::Empty);
                }
                push(VAR, variable.name)?;
                let mut values = variable.values.iter();
                let first = values.next().ok_or(EncodeError::Structure)?;
                push(VAL, first)?;
                values.try_for_each(|value| push(VAL, value))?;
            }
            Ok(())
        })
    }

    /// The variables, in order. One may come twice.
    pub fn iter(&self) -> impl Iterator<Item = MsspVariable<'p>> + Clone + use<'p> {
        let (payload, listed) = match self.0 {
            Source::Wire(payload) => (payload, &[][..]),
            Source::Listed(listed) => (&[][..], listed),
        };
        let mut reader = Reader { payload, at: 0 };
        let read = core::iter::from_fn(move || reader.next().ok().flatten());
        read.chain(listed.iter().copied())
    }
}

impl<'p> MsspValues<'p> {
    /// These.
    #[must_use]
    pub const fn of(values: &'p [&'p [u8]]) -> Self {
        Self(Values::Listed(values))
    }

    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'p [u8]> + Clone + use<'p> {
        let (wire, listed) = match self.0 {
            Values::Wire(wire) => (Some(wire), &[][..]),
            Values::Listed(listed) => (None, listed),
        };
        let wire = wire.into_iter();
        let wire = wire.flat_map(|wire| wire.split(|&octet| octet == VAL));
        wire.chain(listed.iter().copied())
    }
}

/// Reads variables from a payload.
#[derive(Clone)]
struct Reader<'p> {
    payload: &'p [u8],
    at: usize,
}

impl<'p> Reader<'p> {
    fn next(&mut self) -> Result<Option<MsspVariable<'p>>, OptionError> {
        let offset = self.at;
        match self.payload.get(offset) {
            None => return Ok(None),
            Some(&VAR) => {}
            Some(&octet) => return Err(OptionError::Misplaced { octet, offset }),
        }
        let rest = &self.payload[offset + 1..];
        let name = &rest[..memchr2(VAR, VAL, rest).unwrap_or(rest.len())];
        if name.is_empty() {
            return Err(OptionError::EmptyName { offset: offset + 1 });
        }
        let Some((&VAL, values)) = rest[name.len()..].split_first() else {
            let offset = offset + 1 + name.len();
            return Err(OptionError::MissingValue { offset });
        };
        let values = &values[..memchr::memchr(VAR, values).unwrap_or(values.len())];
        self.at = offset + 2 + name.len() + values.len();
        Ok(Some(MsspVariable {
            name,
            values: MsspValues(Values::Wire(values)),
        }))
    }
}

impl PartialEq for Mssp<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Mssp<'_> {}

impl fmt::Debug for Mssp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for MsspValues<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for MsspValues<'_> {}

impl fmt::Debug for MsspValues<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
