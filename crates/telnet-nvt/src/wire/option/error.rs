//! What can be wrong with a payload, and with a value that is to become one.

use core::fmt;

/// Why a payload is not what its option says it must be. Nothing is lost by it but this one payload:
/// framing is not the payload's business.
///
/// Every `offset` counts the octets of the payload as they are meant, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionError {
    /// The payload ends where more must follow.
    Truncated {
        /// Its length.
        offset: usize,
    },
    /// The payload goes on where it must end.
    TrailingOctets {
        /// The first octet too many.
        offset: usize,
    },
    /// The first octet is none of the commands that the option has. RFC 1372 wants those of LFLOW
    /// ignored.
    UnknownCommand {
        /// The octet.
        code: u8,
        /// Where it stands.
        offset: usize,
    },
    /// An octet that cannot stand where it does: text before the first variable, a value without a
    /// variable or where there must be none, a bracket that closes what is not open.
    Misplaced {
        /// The octet.
        octet: u8,
        /// Where it stands.
        offset: usize,
    },
    /// A name is empty that must not be.
    EmptyName {
        /// Where it should begin.
        offset: usize,
    },
    /// A variable has no value, in a protocol where each must have one.
    MissingValue {
        /// Where the value should begin.
        offset: usize,
    },
    /// The last octet is an ESC, which stands for nothing alone.
    UnfinishedEscape {
        /// Where it stands.
        offset: usize,
    },
    /// An octet that is no digit, or no digit at all, in a number.
    NotANumber {
        /// Where the octet stands, or should.
        offset: usize,
    },
    /// A number begins with a zero that it does not need.
    LeadingZero {
        /// Where the zero stands.
        offset: usize,
    },
    /// A number has more than 32 bits.
    NumberTooLarge {
        /// Where it begins.
        offset: usize,
    },
    /// A forward mask has more than 32 octets.
    MaskTooLong {
        /// The first octet too many.
        offset: usize,
    },
    /// The number of octets after SLC cannot be divided by three.
    PartialTriplet {
        /// Where the triplet begins that is not whole.
        offset: usize,
    },
    /// Version 0 of a translation table, which is not valid.
    ZeroVersion {
        /// Where it stands.
        offset: usize,
    },
    /// 255 as separator of a list of character sets.
    BadSeparator {
        /// Where it stands.
        offset: usize,
    },
    /// Tables and arrays are nested deeper than allowed.
    TooDeep {
        /// The limit.
        limit: u32,
        /// The bracket too many.
        offset: usize,
    },
}

impl OptionError {
    /// A word for programs: the name of the variant in lower case, with hyphens.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "truncated",
            Self::TrailingOctets { .. } => "trailing-octets",
            Self::UnknownCommand { .. } => "unknown-command",
            Self::Misplaced { .. } => "misplaced",
            Self::EmptyName { .. } => "empty-name",
            Self::MissingValue { .. } => "missing-value",
            Self::UnfinishedEscape { .. } => "unfinished-escape",
            Self::NotANumber { .. } => "not-a-number",
            Self::LeadingZero { .. } => "leading-zero",
            Self::NumberTooLarge { .. } => "number-too-large",
            Self::MaskTooLong { .. } => "mask-too-long",
            Self::PartialTriplet { .. } => "partial-triplet",
            Self::ZeroVersion { .. } => "zero-version",
            Self::BadSeparator { .. } => "bad-separator",
            Self::TooDeep { .. } => "too-deep",
        }
    }

    /// Which octet of the payload is wrong; its length, when one is missing.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match *self {
            Self::Truncated { offset }
            | Self::TrailingOctets { offset }
            | Self::UnknownCommand { offset, .. }
            | Self::Misplaced { offset, .. }
            | Self::EmptyName { offset }
            | Self::MissingValue { offset }
            | Self::UnfinishedEscape { offset }
            | Self::NotANumber { offset }
            | Self::LeadingZero { offset }
            | Self::NumberTooLarge { offset }
            | Self::MaskTooLong { offset }
            | Self::PartialTriplet { offset }
            | Self::ZeroVersion { offset }
            | Self::BadSeparator { offset }
            | Self::TooDeep { offset, .. } => offset,
        }
    }
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { offset } => {
                write!(f, "the payload ends too early, at octet {offset}")
            }
            Self::TrailingOctets { offset } => {
                write!(f, "the payload should have ended at octet {offset}")
            }
            Self::UnknownCommand { code, offset } => {
                write!(f, "unknown command {code} at octet {offset}")
            }
            Self::Misplaced { octet, offset } => {
                write!(f, "octet {octet} cannot stand at octet {offset}")
            }
            Self::EmptyName { offset } => write!(f, "empty name at octet {offset}"),
            Self::MissingValue { offset } => write!(f, "no value at octet {offset}"),
            Self::UnfinishedEscape { offset } => {
                write!(f, "nothing follows the ESC at octet {offset}")
            }
            Self::NotANumber { offset } => write!(f, "no digit at octet {offset}"),
            Self::LeadingZero { offset } => {
                write!(f, "the number at octet {offset} begins with a zero")
            }
            Self::NumberTooLarge { offset } => {
                write!(f, "the number at octet {offset} has more than 32 bits")
            }
            Self::MaskTooLong { offset } => {
                write!(f, "the mask should have ended at octet {offset}")
            }
            Self::PartialTriplet { offset } => {
                write!(f, "the triplet at octet {offset} is not whole")
            }
            Self::ZeroVersion { offset } => write!(f, "version 0 at octet {offset}"),
            Self::BadSeparator { offset } => write!(f, "255 as separator at octet {offset}"),
            Self::TooDeep { limit, offset } => {
                write!(f, "more than {limit} levels at octet {offset}")
            }
        }
    }
}

impl core::error::Error for OptionError {}

/// Why a value was not written. Nothing was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// A name, or a list, that must not be empty is.
    Empty,
    /// A name is longer than its RFC allows.
    TooLong {
        /// How many octets that is.
        limit: usize,
    },
    /// An octet that must not stand in the argument.
    Octet {
        /// The octet.
        octet: u8,
        /// Where it stands in the argument.
        at: usize,
    },
    /// The argument does not have the form that the RFC gives it.
    Form,
    /// A value where there must be none, no value where there must be one, or brackets that do not
    /// match or are nested too deep.
    Structure,
    /// Version 0 of a translation table.
    ZeroVersion,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a name or list is empty"),
            Self::TooLong { limit } => write!(f, "a name is longer than {limit} octets"),
            Self::Octet { octet, at } => write!(f, "octet {octet} must not stand at octet {at}"),
            Self::Form => f.write_str("the text does not have the form that it must have"),
            Self::Structure => f.write_str("variables, values or brackets do not match"),
            Self::ZeroVersion => f.write_str("version 0 is not valid"),
        }
    }
}

impl core::error::Error for EncodeError {}
