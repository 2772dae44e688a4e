//! How transfers fail, and wrong use by the application.

use crate::wire::{ErrorCode, ParseError};
use core::fmt;

/// Why a transfer ended without success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The peer sent an ERROR; its text is in the event.
    Peer {
        /// The code of the ERROR.
        code: ErrorCode,
    },
    /// The client answered the OACK with an ERROR: it does not want these options, or it only asked
    /// for the size, as boot firmware does before it comes again. Not worth a line in a log.
    OptionsDeclined {
        /// The code of the ERROR.
        code: ErrorCode,
    },
    /// No answer in time, so often that we gave up.
    TimedOut,
    /// The peer sent an incorrectly formed packet; it got ERROR 4.
    Malformed(ParseError),
    /// The peer sent more octets in a block than were agreed on; it got ERROR 4.
    BlockTooLong {
        /// How many.
        len: usize,
        /// The block size.
        blksize: u16,
    },
    /// The server's OACK has an option that was not asked for, or a value outside what was; it got
    /// ERROR 8.
    BadOack,
    /// The application refused to go on; the peer got its ERROR.
    Refused {
        /// The code of the ERROR.
        code: ErrorCode,
    },
    /// The file is larger than was allowed; the peer got ERROR 3.
    TooLarge {
        /// The limit, in octets.
        limit: u64,
    },
    /// The source gave other octets when it was read again; the peer got ERROR 0.
    SourceChanged,
    /// The sides disagree about the number after 65535: a number came that cannot be, or, after
    /// numbers rolled over, the file has another size than was announced. The peer got ERROR 0.
    Rollover,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer { code } => write!(f, "error {code} from the peer"),
            Self::OptionsDeclined { code } => {
                write!(f, "options declined by the client with error {code}")
            }
            Self::TimedOut => f.write_str("timed out"),
            Self::Malformed(error) => write!(f, "malformed packet: {error}"),
            Self::BlockTooLong { len, blksize } => {
                write!(f, "block of {len} octets, {blksize} were agreed on")
            }
            Self::BadOack => f.write_str("option acknowledgment out of bounds"),
            Self::Refused { code } => write!(f, "refused with error {code}"),
            Self::TooLarge { limit } => write!(f, "file larger than {limit} octets"),
            Self::SourceChanged => f.write_str("source changed while it was sent"),
            Self::Rollover => f.write_str("block numbers rolled over differently"),
        }
    }
}

impl core::error::Error for Failure {}

/// Wrong use by the application. Nothing was written and nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The buffer cannot hold the packet.
    BufferTooSmall {
        /// How many octets are needed.
        needed: usize,
    },
    /// More octets than were asked for.
    BlockTooLong {
        /// How many were.
        max: usize,
    },
    /// Fewer octets than were asked for, and not the last ones.
    BlockTooShort {
        /// How many were.
        max: usize,
    },
    /// A netascii block must be converted: it cannot be sent as it is in the source.
    Netascii,
    /// No block waits to be written.
    NothingToWrite,
    /// There is no such transfer, or it does not wait for this.
    NoSuchTransfer,
    /// The request cannot be encoded: a NUL in the name, or longer than 512 octets.
    BadRequest,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { needed } => write!(f, "buffer needs {needed} octets"),
            Self::BlockTooLong { max } => write!(f, "more than the {max} octets asked for"),
            Self::BlockTooShort { max } => {
                write!(f, "fewer than the {max} octets asked for, and not the last")
            }
            Self::Netascii => f.write_str("netascii blocks must be converted"),
            Self::NothingToWrite => f.write_str("no block waits to be written"),
            Self::NoSuchTransfer => f.write_str("no such transfer"),
            Self::BadRequest => f.write_str("request cannot be encoded"),
        }
    }
}

impl core::error::Error for Misuse {}
