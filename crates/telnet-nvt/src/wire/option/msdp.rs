//! Mud Server Data Protocol: variables whose values are text, tables or arrays.

use alloc::vec::Vec;
use core::fmt;

use super::{EncodeError, OptionError, all_or_nothing, name};
use crate::wire::code::IAC;

const VAR: u8 = 1;
const VAL: u8 = 2;
const TABLE_OPEN: u8 = 3;
const TABLE_CLOSE: u8 = 4;
const ARRAY_OPEN: u8 = 5;
const ARRAY_CLOSE: u8 = 6;

/// A list of variables, as the steps that lead through it.
#[derive(Clone, Copy)]
pub struct Msdp<'p>(Source<'p>);

#[derive(Clone, Copy)]
enum Source<'p> {
    /// A payload, checked.
    Wire(&'p [u8]),
    Listed(&'p [MsdpEvent<'p>]),
}

/// One step. After a [`Var`](Self::Var) come one or more values; in a table there are variables, in
/// an array values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MsdpEvent<'p> {
    /// A variable of this name.
    Var(&'p [u8]),
    /// A value that is text.
    Text(&'p [u8]),
    /// A value that is a table begins.
    TableOpen,
    /// It ends.
    TableClose,
    /// A value that is an array begins.
    ArrayOpen,
    /// It ends.
    ArrayClose,
}

impl<'p> Msdp<'p> {
    /// How deep tables and arrays may be nested unless one asks for another depth.
    pub const DEPTH: u32 = 16;
    /// How deep they may be nested at all.
    pub const MAX_DEPTH: u32 = 64;

    /// These steps.
    #[must_use]
    pub const fn of(events: &'p [MsdpEvent<'p>]) -> Self {
        Self(Source::Listed(events))
    }

    /// Reads a payload, with tables and arrays up to a depth of [`DEPTH`](Self::DEPTH).
    ///
    /// # Errors
    /// It does not begin with VAR; text stands outside names and values; a variable has no value;
    /// brackets do not match or are too deep.
    pub fn parse(payload: &'p [u8]) -> Result<Self, OptionError> {
        Self::parse_to_depth(payload, Self::DEPTH)
    }

    /// Reads a payload with another limit, up to [`MAX_DEPTH`](Self::MAX_DEPTH).
    ///
    /// # Errors
    /// Those of [`parse`](Self::parse).
    pub fn parse_to_depth(payload: &'p [u8], depth: u32) -> Result<Self, OptionError> {
        let mut reader = Reader { payload, at: 0 };
        let mut nesting = Nesting::new(depth);
        loop {
            let offset = reader.at;
            match reader.next()? {
                Some(event) => nesting.step(event, payload, offset)?,
                None => return nesting.end(offset).map(|()| Self(Source::Wire(payload))),
            }
        }
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// The steps do not make a list of variables as `parse` wants it, with a depth of
    /// [`MAX_DEPTH`](Self::MAX_DEPTH) at most, or text has one of the octets 0 to 6, or 255.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        all_or_nothing(payload, |payload| {
            let before = payload.len();
            for event in self.iter() {
                let (codes, text): (&[u8], &[u8]) = match event {
                    MsdpEvent::Var([]) => return Err(EncodeError::Empty),
                    MsdpEvent::Var(name) => (&[VAR], name),
                    MsdpEvent::Text(text) => (&[VAL], text),
                    MsdpEvent::TableOpen => (&[VAL, TABLE_OPEN], &[]),
                    MsdpEvent::TableClose => (&[TABLE_CLOSE], &[]),
                    MsdpEvent::ArrayOpen => (&[VAL, ARRAY_OPEN], &[]),
                    MsdpEvent::ArrayClose => (&[ARRAY_CLOSE], &[]),
                };
                name::refuse(text, |octet| matches!(octet, 0..=6 | IAC))?;
                payload.extend_from_slice(codes);
                payload.extend_from_slice(text);
            }
            let written = Msdp::parse_to_depth(&payload[before..], Self::MAX_DEPTH);
            written.map_or(Err(EncodeError::Structure), |_| Ok(()))
        })
    }

    /// The steps, in order. Brackets match, and none is nested deeper than the limit.
    pub fn iter(&self) -> impl Iterator<Item = MsdpEvent<'p>> + Clone + use<'p> {
        let (payload, listed) = match self.0 {
            Source::Wire(payload) => (payload, &[][..]),
            Source::Listed(listed) => (&[][..], listed),
        };
        let mut reader = Reader { payload, at: 0 };
        let read = core::iter::from_fn(move || reader.next().ok().flatten());
        read.chain(listed.iter().copied())
    }
}

/// Reads steps from a payload.
#[derive(Clone)]
struct Reader<'p> {
    payload: &'p [u8],
    at: usize,
}

impl<'p> Reader<'p> {
    fn next(&mut self) -> Result<Option<MsdpEvent<'p>>, OptionError> {
        let offset = self.at;
        let rest = &self.payload[offset..];
        let (event, len) = match *rest {
            [] => return Ok(None),
            [VAR, ref rest @ ..] => match text(rest) {
                [] => return Err(OptionError::EmptyName { offset: offset + 1 }),
                name => (MsdpEvent::Var(name), 1 + name.len()),
            },
            [VAL, TABLE_OPEN, ..] => (MsdpEvent::TableOpen, 2),
            [VAL, ARRAY_OPEN, ..] => (MsdpEvent::ArrayOpen, 2),
            [VAL, ref rest @ ..] => {
                let text = text(rest);
                (MsdpEvent::Text(text), 1 + text.len())
            }
            [TABLE_CLOSE, ..] => (MsdpEvent::TableClose, 1),
            [ARRAY_CLOSE, ..] => (MsdpEvent::ArrayClose, 1),
            [octet, ..] => return Err(OptionError::Misplaced { octet, offset }),
        };
        self.at += len;
        Ok(Some(event))
    }
}

/// The octets up to the next one that has a meaning.
fn text(rest: &[u8]) -> &[u8] {
    let end = rest.iter().position(|o| matches!(o, VAR..=ARRAY_CLOSE));
    &rest[..end.unwrap_or(rest.len())]
}

/// Where in tables and arrays we are.
struct Nesting {
    limit: u32,
    depth: u32,
    /// For each level, the innermost in the lowest bit, whether it is an array.
    arrays: u64,
    expected: Expected,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// A variable; in an array, a value. Or the end.
    Item,
    /// A value.
    Value,
    /// Another value of the same variable, or an item, or the end.
    ItemOrValue,
}

impl Nesting {
    fn new(depth: u32) -> Self {
        Self {
            limit: depth.min(Msdp::MAX_DEPTH),
            depth: 0,
            arrays: 0,
            expected: Expected::Item,
        }
    }

    /// Takes the step that stands at `offset`, if it may stand there.
    fn step(
        &mut self,
        event: MsdpEvent<'_>,
        payload: &[u8],
        offset: usize,
    ) -> Result<(), OptionError> {
        let in_array = self.depth > 0 && self.arrays & 1 == 1;
        let fits = match event {
            MsdpEvent::Var(_) => !in_array,
            MsdpEvent::Text(_) | MsdpEvent::TableOpen | MsdpEvent::ArrayOpen => {
                in_array || self.expected != Expected::Item
            }
            MsdpEvent::TableClose => self.depth > 0 && !in_array,
            MsdpEvent::ArrayClose => in_array,
        };
        let is_value = matches!(
            event,
            MsdpEvent::Text(_) | MsdpEvent::TableOpen | MsdpEvent::ArrayOpen
        );
        if self.expected == Expected::Value && !is_value {
            return Err(OptionError::MissingValue { offset });
        }
        if !fits {
            let octet = payload[offset];
            return Err(OptionError::Misplaced { octet, offset });
        }
        match event {
            MsdpEvent::Var(_) => self.expected = Expected::Value,
            MsdpEvent::Text(_) => self.expected = Expected::ItemOrValue,
            MsdpEvent::TableOpen => self.open(false, offset)?,
            MsdpEvent::ArrayOpen => self.open(true, offset)?,
            MsdpEvent::TableClose | MsdpEvent::ArrayClose => {
                self.depth -= 1;
                self.arrays >>= 1;
                self.expected = Expected::ItemOrValue;
            }
        }
        Ok(())
    }

    fn open(&mut self, is_array: bool, offset: usize) -> Result<(), OptionError> {
        if self.depth == self.limit {
            return Err(OptionError::TooDeep {
                limit: self.limit,
                offset: offset + 1,
            });
        }
        self.depth += 1;
        self.arrays = self.arrays << 1 | u64::from(is_array);
        self.expected = Expected::Item;
        Ok(())
    }

    /// Whether a list may end here.
    fn end(&self, offset: usize) -> Result<(), OptionError> {
        match (self.expected, self.depth) {
            (Expected::Value, _) => Err(OptionError::MissingValue { offset }),
            (_, 0) => Ok(()),
            _ => Err(OptionError::Truncated { offset }),
        }
    }
}

impl PartialEq for Msdp<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Msdp<'_> {}

impl fmt::Debug for Msdp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
