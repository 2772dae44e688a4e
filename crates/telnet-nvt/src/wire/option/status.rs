//! Status (RFC 859).

use alloc::vec::Vec;
use core::fmt;

use memchr::memchr;

use super::{EncodeError, OptionError, Quoted, ends_at, split_command};
use crate::{OptionCode, Verb};

/// Ends a subnegotiation inside a payload, without an IAC. As data it is sent twice.
const SE: u8 = 240;
const SB: u8 = 250;

/// What is said about the options in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status<'p> {
    /// Those that are not in their default state.
    Is(StatusEntries<'p>),
    /// The question.
    Send,
}

/// One option that is not in its default state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusEntry<'p> {
    /// What the sender would say about the option now.
    Verb(Verb, OptionCode),
    /// What a subnegotiation would say.
    Subnegotiation(OptionCode, Quoted<'p>),
}

/// The entries of [`Status::Is`].
#[derive(Clone, Copy)]
pub struct StatusEntries<'p>(Source<'p>);

#[derive(Clone, Copy)]
enum Source<'p> {
    /// A payload after IS, checked.
    Wire(&'p [u8]),
    Listed(&'p [StatusEntry<'p>]),
}

impl<'p> Status<'p> {
    /// Reads a payload.
    ///
    /// # Errors
    /// It does not begin with IS or SEND, or what follows is not as the RFC says.
    pub fn parse(payload: &'p [u8]) -> Result<Self, OptionError> {
        match split_command(payload)? {
            (0, entries) => {
                let mut reader = Reader { payload, at: 1 };
                while reader.next()?.is_some() {}
                Ok(Self::Is(StatusEntries(Source::Wire(entries))))
            }
            (1, _) => ends_at(payload, 1).map(|()| Self::Send),
            (code, _) => Err(OptionError::UnknownCommand { code, offset: 0 }),
        }
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// None: every list can be sent.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        let Self::Is(entries) = self else {
            payload.push(1);
            return Ok(());
        };
        payload.push(0);
        for entry in entries.iter() {
            match entry {
                StatusEntry::Verb(verb, option) => {
                    payload.push(verb.code());
                    push_doubled(option.0, payload);
                }
                StatusEntry::Subnegotiation(option, octets) => {
                    payload.push(SB);
                    push_doubled(option.0, payload);
                    octets.octets().for_each(|o| push_doubled(o, payload));
                    payload.push(SE);
                }
            }
        }
        Ok(())
    }
}

impl<'p> StatusEntries<'p> {
    /// These.
    #[must_use]
    pub const fn of(entries: &'p [StatusEntry<'p>]) -> Self {
        Self(Source::Listed(entries))
    }

    /// The entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = StatusEntry<'p>> + Clone + use<'p> {
        let (payload, listed) = match self.0 {
            Source::Wire(payload) => (payload, &[][..]),
            Source::Listed(listed) => (&[][..], listed),
        };
        let mut reader = Reader { payload, at: 0 };
        let read = core::iter::from_fn(move || reader.next().ok().flatten());
        read.chain(listed.iter().copied())
    }
}

/// Reads entries from a payload.
#[derive(Clone)]
struct Reader<'p> {
    payload: &'p [u8],
    at: usize,
}

impl<'p> Reader<'p> {
    fn next(&mut self) -> Result<Option<StatusEntry<'p>>, OptionError> {
        let Some(&octet) = self.payload.get(self.at) else {
            return Ok(None);
        };
        let verb = Verb::from_code(octet);
        if verb.is_none() && octet != SB {
            return Err(OptionError::Misplaced {
                octet,
                offset: self.at,
            });
        }
        self.at += 1;
        let option = self.option(verb.is_some())?;
        Ok(Some(match verb {
            Some(verb) => StatusEntry::Verb(verb, option),
            None => StatusEntry::Subnegotiation(option, self.octets()?),
        }))
    }

    /// An option, which is sent twice when it is 240. Where it cannot be taken for the end of
    /// something, once will do.
    fn option(&mut self, once_will_do: bool) -> Result<OptionCode, OptionError> {
        let rest = &self.payload[self.at..];
        self.at += match *rest {
            [] => return Err(self.truncated()),
            [SE, SE, ..] => 2,
            [SE, ..] if !once_will_do => {
                return Err(OptionError::Misplaced {
                    octet: SE,
                    offset: self.at,
                });
            }
            _ => 1,
        };
        Ok(OptionCode(rest[0]))
    }

    /// The octets up to an SE that is not doubled.
    fn octets(&mut self) -> Result<Quoted<'p>, OptionError> {
        let rest = &self.payload[self.at..];
        let mut len = 0;
        loop {
            len += memchr(SE, &rest[len..]).ok_or_else(|| self.truncated())?;
            if rest.get(len + 1) != Some(&SE) {
                break;
            }
            len += 2;
        }
        self.at += len + 1;
        Ok(Quoted::from_wire(&rest[..len], SE))
    }

    fn truncated(&self) -> OptionError {
        OptionError::Truncated {
            offset: self.payload.len(),
        }
    }
}

fn push_doubled(octet: u8, payload: &mut Vec<u8>) {
    payload.push(octet);
    if octet == SE {
        payload.push(SE);
    }
}

impl PartialEq for StatusEntries<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for StatusEntries<'_> {}

impl fmt::Debug for StatusEntries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
