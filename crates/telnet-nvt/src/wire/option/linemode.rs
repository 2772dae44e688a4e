//! Linemode (RFC 1184): who edits lines and traps signals, and with which characters.

use alloc::vec::Vec;
use core::fmt;

use super::slc::SLC;
use super::{EncodeError, ForwardMask, OptionError, SlcTriplets, ends_at, split_command};
use crate::Verb;

const MODE: u8 = 1;
const FORWARDMASK: u8 = 2;

/// What a LINEMODE subnegotiation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linemode<'p> {
    /// MODE: how the connection shall work, or works.
    Mode(Mode),
    /// FORWARDMASK: at which characters the client sends what it has.
    ForwardMask(ForwardMask),
    /// SLC: which characters have a function.
    Slc(SlcTriplets<'p>),
}

/// The mask of MODE. Bits without a name are kept.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Mode(pub u8);

impl<'p> Linemode<'p> {
    /// Reads a payload.
    ///
    /// # Errors
    /// It begins with none of the three, nor with a verb and FORWARDMASK; a mask is missing or too
    /// long; a triplet is not whole; only DO has a mask.
    pub fn parse(payload: &'p [u8]) -> Result<Self, OptionError> {
        let (code, rest) = split_command(payload)?;
        if let Some(verb) = Verb::from_code(code) {
            return match *rest {
                [] => Err(OptionError::Truncated { offset: 1 }),
                [FORWARDMASK, ref mask @ ..] => ForwardMask::parse(verb, mask, 2),
                [code, ..] => Err(OptionError::UnknownCommand { code, offset: 1 }),
            }
            .map(Self::ForwardMask);
        }
        match (code, rest) {
            (MODE, []) => Err(OptionError::Truncated { offset: 1 }),
            (MODE, &[mask, ..]) => ends_at(payload, 2).map(|()| Self::Mode(Mode(mask))),
            (SLC, triplets) => SlcTriplets::parse(triplets, 1).map(Self::Slc),
            _ => Err(OptionError::UnknownCommand { code, offset: 0 }),
        }
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// None: every value can be sent.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Mode(mode) => payload.extend_from_slice(&[MODE, mode.0]),
            Self::ForwardMask(said) => {
                payload.extend_from_slice(&[said.verb().code(), FORWARDMASK]);
                if let ForwardMask::Do(mask) = said {
                    payload.extend_from_slice(mask.as_bytes());
                }
            }
            Self::Slc(triplets) => {
                payload.push(SLC);
                payload.extend(triplets.iter().flat_map(|triplet| triplet.to_octets()));
            }
        }
        Ok(())
    }
}

impl Mode {
    /// The client edits lines and sends whole ones.
    pub const EDIT: Self = Self(1);
    /// The client turns characters that interrupt into commands.
    pub const TRAPSIG: Self = Self(2);
    /// The mode is confirmed, not asked for. Never answered.
    pub const ACK: Self = Self(4);
    /// The client expands tabs into spaces.
    pub const SOFT_TAB: Self = Self(8);
    /// The client echoes what cannot be printed as it is.
    pub const LIT_ECHO: Self = Self(16);

    const NAMES: [(Self, &str); 5] = [
        (Self::EDIT, "EDIT"),
        (Self::TRAPSIG, "TRAPSIG"),
        (Self::ACK, "MODE_ACK"),
        (Self::SOFT_TAB, "SOFT_TAB"),
        (Self::LIT_ECHO, "LIT_ECHO"),
    ];

    /// Whether all bits of `bits` are set.
    #[must_use]
    pub const fn has(self, bits: Self) -> bool {
        self.0 & bits.0 == bits.0
    }

    /// The same, and `bits`.
    #[must_use]
    pub const fn with(self, bits: Self) -> Self {
        Self(self.0 | bits.0)
    }

    /// The same, without `bits`.
    #[must_use]
    pub const fn without(self, bits: Self) -> Self {
        Self(self.0 & !bits.0)
    }
}

impl fmt::Display for Mode {
    /// The names of the bits in the notation of the RFC: `EDIT|MODE_ACK`, or `0`; bits without a
    /// name as one number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut rest, mut bar) = (*self, "");
        for (bit, name) in Self::NAMES {
            if self.has(bit) {
                write!(f, "{bar}{name}")?;
                (rest, bar) = (rest.without(bit), "|");
            }
        }
        match rest.0 == 0 && self.0 != 0 {
            true => Ok(()),
            false => write!(f, "{bar}{}", rest.0),
        }
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
