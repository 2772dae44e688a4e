//! What can be wrong with a peer's octets, and what with a caller's.

use core::fmt;

use crate::lines::Stray;
use crate::reply::Code;

/// Why a stream cannot be read any further.
///
/// Offsets count octets from the first one the machine was ever given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The stream ended inside a reply, or before the line that ends dot-stuffed text.
    Truncated {
        /// Where the stream ended.
        offset: u64,
    },
    /// A line that must begin with a reply code does not, or the code is followed by something
    /// that it must not be followed by.
    NotAReply {
        /// Where the line begins.
        offset: u64,
    },
    /// The lines of one reply have different codes, in strict reading.
    CodeMismatch {
        /// The code of the first line.
        first: Code,
        /// The code of a later line.
        later: Code,
        /// Where that line begins.
        offset: u64,
    },
    /// A CR, LF or NUL inside a line of a reply, in strict reading.
    Stray {
        /// Which one.
        stray: Stray,
        /// Where it stands.
        offset: u64,
    },
    /// A line of a reply is longer than allowed.
    LineTooLong {
        /// The limit in octets, without the line end.
        limit: usize,
        /// Where the line begins.
        offset: u64,
    },
    /// A reply is longer than allowed.
    ReplyTooLong {
        /// The limit in octets, with all line ends.
        limit: usize,
        /// Where the reply begins.
        offset: u64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { offset } => {
                write!(f, "the stream ends too early, at octet {offset}")
            }
            Self::NotAReply { offset } => write!(f, "no reply line at octet {offset}"),
            Self::CodeMismatch {
                first,
                later,
                offset,
            } => write!(
                f,
                "reply {first} goes on with code {later} at octet {offset}"
            ),
            Self::Stray { stray, offset } => write!(f, "{stray} in a reply at octet {offset}"),
            Self::LineTooLong { limit, offset } => write!(
                f,
                "the reply line at octet {offset} is longer than {limit} octets"
            ),
            Self::ReplyTooLong { limit, offset } => write!(
                f,
                "the reply at octet {offset} is longer than {limit} octets"
            ),
        }
    }
}

impl core::error::Error for Error {}

/// A call that cannot be carried out as asked. Nothing was written and nothing is spoiled: the call
/// may be repeated with better arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// A CR, LF or NUL in what was to become a line, or one that does not belong to a CR LF pair in
    /// what was to be sent as lines.
    Stray {
        /// Which one.
        stray: Stray,
        /// Where it stands, in octets from the start of the argument it is in. For a CR that ended
        /// the piece before: 0.
        at: usize,
    },
    /// The text does not end with a line end.
    UnfinishedLine,
    /// A byte has more bits than its width.
    ByteTooWide {
        /// Where its first octet stands in the argument.
        at: usize,
    },
    /// A byte that consists of several octets was given only in part.
    UnfinishedByte,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stray { stray, at } => write!(f, "{stray} at octet {at} of what is to be sent"),
            Self::UnfinishedLine => f.write_str("the text does not end with a line end"),
            Self::ByteTooWide { at } => {
                write!(f, "the byte at octet {at} has more bits than its width")
            }
            Self::UnfinishedByte => f.write_str("a byte was given only in part"),
        }
    }
}

impl core::error::Error for Misuse {}
