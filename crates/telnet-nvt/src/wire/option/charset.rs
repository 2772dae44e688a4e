//! Charset (RFC 2066).

use alloc::vec::Vec;
use core::fmt;

use super::{EncodeError, OptionError, all_or_nothing, ends_at, name, split_command};
use crate::wire::code::IAC;

/// What stands before the version in a request, and how the prose of the RFC spells it.
const TTABLE: [&[u8]; 2] = [b"[TTABLE ]", b"[TTABLE]"];

/// What is said about the character set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset<'p> {
    /// Choose one of these. Sent by the side that said WILL.
    Request(CharsetRequest<'p>),
    /// This one. Case does not matter.
    Accepted(&'p [u8]),
    /// None of them.
    Rejected,
    /// None of them, but here is how to translate one.
    TtableIs(Ttable<'p>),
    /// The translation table cannot be used.
    TtableRejected,
    /// The translation table is used from now on.
    TtableAck,
    /// The translation table did not arrive whole: send it again.
    TtableNak,
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CharsetRequest<'p> {
    /// What stands before each name; no name has it. Any octet but 255.
    pub separator: u8,
    /// The character sets, the best first.
    pub names: CharsetNames<'p>,
    /// Translation tables of this version or a lower one may be sent; never 0.
    pub ttable: Option<u8>,
}

/// The names of a [`CharsetRequest`].
#[derive(Clone, Copy)]
pub struct CharsetNames<'p>(Source<'p>);

#[derive(Clone, Copy)]
enum Source<'p> {
    /// What stands behind the first separator, and that.
    Wire(&'p [u8], u8),
    Listed(&'p [&'p [u8]]),
}

/// A translation table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttable<'p> {
    /// What its form is; never 0.
    pub version: u8,
    /// The rest, in a form that depends on the version.
    pub table: &'p [u8],
}

impl<'p> Charset<'p> {
    /// Reads a payload. A name may hold any octet; empty ones between separators are skipped.
    ///
    /// # Errors
    /// It begins with none of the seven commands, goes on where it must end, has no name or no
    /// version; the version is 0; the separator is 255.
    pub fn parse(payload: &'p [u8]) -> Result<Self, OptionError> {
        let (code, rest) = split_command(payload)?;
        let offset = payload.len();
        let bare = |said| ends_at(payload, 1).map(|()| said);
        match code {
            1 => CharsetRequest::parse(payload).map(Self::Request),
            2 if rest.is_empty() => Err(OptionError::Truncated { offset }),
            2 => Ok(Self::Accepted(rest)),
            3 => bare(Self::Rejected),
            4 => match *rest {
                [] => Err(OptionError::Truncated { offset }),
                [0, ..] => Err(OptionError::ZeroVersion { offset: 1 }),
                [version, ref table @ ..] => Ok(Self::TtableIs(Ttable { version, table })),
            },
            5 => bare(Self::TtableRejected),
            6 => bare(Self::TtableAck),
            7 => bare(Self::TtableNak),
            code => Err(OptionError::UnknownCommand { code, offset: 0 }),
        }
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// A name is empty, is not printable ASCII or has the separator in it; there is no name; a
    /// version is 0; the separator is 255, or `[` where that would read as a translation table.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        all_or_nothing(payload, |payload| {
            payload.push(self.code());
            match self {
                Self::Request(request) => return request.encode(payload),
                Self::Accepted(name) => {
                    name::check(name)?;
                    payload.extend_from_slice(name);
                }
                Self::TtableIs(Ttable { version: 0, .. }) => return Err(EncodeError::ZeroVersion),
                Self::TtableIs(said) => {
                    payload.push(said.version);
                    payload.extend_from_slice(said.table);
                }
                _ => {}
            }
            Ok(())
        })
    }

    const fn code(&self) -> u8 {
        match self {
            Self::Request(_) => 1,
            Self::Accepted(_) => 2,
            Self::Rejected => 3,
            Self::TtableIs(_) => 4,
            Self::TtableRejected => 5,
            Self::TtableAck => 6,
            Self::TtableNak => 7,
        }
    }
}

impl<'p> CharsetRequest<'p> {
    fn parse(payload: &'p [u8]) -> Result<Self, OptionError> {
        let truncated = OptionError::Truncated {
            offset: payload.len(),
        };
        let (mut rest, mut ttable) = (&payload[1..], None);
        if let Some(behind) = TTABLE.iter().find_map(|mark| rest.strip_prefix(*mark)) {
            let (&version, list) = behind.split_first().ok_or(truncated)?;
            if version == 0 {
                let offset = payload.len() - behind.len();
                return Err(OptionError::ZeroVersion { offset });
            }
            (rest, ttable) = (list, Some(version));
        }
        let offset = payload.len() - rest.len();
        let (&separator, list) = rest.split_first().ok_or(truncated)?;
        if separator == IAC {
            return Err(OptionError::BadSeparator { offset });
        }
        let names = CharsetNames(Source::Wire(list, separator));
        match names.iter().next() {
            None => Err(truncated),
            Some(_) => Ok(Self {
                separator,
                names,
                ttable,
            }),
        }
    }

    /// Appends what follows the command.
    fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self.ttable {
            Some(0) => return Err(EncodeError::ZeroVersion),
            Some(version) => {
                payload.extend_from_slice(TTABLE[0]);
                payload.push(version);
            }
            None => {}
        }
        if self.separator == IAC {
            return Err(EncodeError::Octet { octet: IAC, at: 0 });
        }
        let list = payload.len();
        for name in self.names.iter() {
            name::check(name)?;
            name::refuse(name, |octet| octet == self.separator)?;
            payload.push(self.separator);
            payload.extend_from_slice(name);
        }
        let list = &payload[list..];
        let is_mark = |mark: &&[u8]| list.starts_with(mark);
        match (list, self.ttable) {
            ([], _) => Err(EncodeError::Empty),
            (_, None) if TTABLE.iter().any(is_mark) => Err(EncodeError::Form),
            _ => Ok(()),
        }
    }
}

impl<'p> CharsetNames<'p> {
    /// These.
    #[must_use]
    pub const fn of(names: &'p [&'p [u8]]) -> Self {
        Self(Source::Listed(names))
    }

    /// The names, the best first. Case does not matter.
    pub fn iter(&self) -> impl Iterator<Item = &'p [u8]> + Clone + use<'p> {
        let (wire, separator, listed) = match self.0 {
            Source::Wire(wire, separator) => (wire, separator, &[][..]),
            Source::Listed(listed) => (&[][..], 0, listed),
        };
        let wire = wire.split(move |&octet| octet == separator);
        let wire = wire.filter(|name| !name.is_empty());
        wire.chain(listed.iter().copied())
    }
}

impl PartialEq for CharsetNames<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for CharsetNames<'_> {}

impl fmt::Debug for CharsetNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
