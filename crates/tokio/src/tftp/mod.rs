//! TFTP over UDP sockets: a server engine for many transfers, and one transfer of a client.
//!
//! Every transfer has a socket of its own, as RFC 1350 section 4 has it, and a task of its own;
//! files are read from the page cache where they are in it, and otherwise, like everything that is
//! written, on tokio's pool of threads for blocking work.

mod client;
mod endpoint;
mod listener;
mod reader;
mod run;
mod server;
mod writer;

pub use client::{Request, get, put, size};
pub use server::{Access, Asked, Denial, Drained, Files, Report, Server, ServerOptions};

pub use wirelore_tftp::{
    ClientConfig, Config, Direction, ErrorCode, Failure, Mode, Parameters, RefusedRequest,
    Rollover, ServerConfig, Timing,
};

use std::io;
use std::time::Duration;
use thiserror::Error;

/// A transfer that is over.
#[derive(Debug)]
#[non_exhaustive]
pub struct Summary {
    /// Octets of the file that were sent and acknowledged, or written; without success as far as is
    /// known.
    pub octets: u64,
    /// What the transfer went by, if it began.
    pub parameters: Option<Parameters>,
    /// What the server said of the file's size, where that was all that was asked for.
    pub size: Option<u64>,
    /// Datagrams that were sent more than once.
    pub retransmissions: u64,
    /// From the request to the end, without the time that is left for repeating the last ACK.
    pub elapsed: Duration,
    /// How it ended.
    pub outcome: Result<(), Unfinished>,
}

impl Summary {
    /// Of a transfer that never began.
    fn without(parameters: Option<Parameters>, why: Unfinished) -> Self {
        Self {
            octets: 0,
            parameters,
            size: None,
            retransmissions: 0,
            elapsed: Duration::ZERO,
            outcome: Err(why),
        }
    }
}

/// Why a transfer is over without success.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Unfinished {
    /// By the protocol's rules, or because the peer said so.
    #[error("{failure}")]
    Protocol {
        /// Why.
        failure: Failure,
        /// The text of the peer's ERROR, empty otherwise. Escape it before showing it.
        message: Vec<u8>,
    },
    /// The source cannot be read.
    #[error("cannot read: {0}")]
    Source(#[source] io::Error),
    /// The target cannot be written, or not be finished.
    #[error("cannot write: {0}")]
    Target(#[source] io::Error),
    /// The socket does not work.
    #[error("{0}")]
    Socket(#[source] io::Error),
    /// The request cannot be made: the name has a NUL, or is too long for one of 512 octets.
    #[error("the request does not fit: a NUL in the name, or more than 512 octets")]
    BadRequest,
    /// The other side sent the same client another request, or the server was stopped.
    #[error("given up for another request, or because the server stopped")]
    Stopped,
    /// The transfer's task panicked: most likely in a [`Watch`](crate::Watch). The peer was not told.
    #[error("the transfer panicked")]
    Panicked,
}

impl Unfinished {
    /// The code of the ERROR that the peer sent, or was sent.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Protocol { failure, .. } => match *failure {
                Failure::Peer { code }
                | Failure::OptionsDeclined { code }
                | Failure::Refused { code } => Some(code),
                Failure::Malformed(_) | Failure::BlockTooLong { .. } => {
                    Some(ErrorCode::ILLEGAL_OPERATION)
                }
                Failure::BadOack => Some(ErrorCode::OPTIONS_REFUSED),
                Failure::TooLarge { .. } => Some(ErrorCode::DISK_FULL),
                Failure::SourceChanged | Failure::Rollover => Some(ErrorCode::NOT_DEFINED),
                _ => None,
            },
            Self::Source(error) | Self::Target(error) => Some(run::refusal(error).0),
            _ => None,
        }
    }
}
