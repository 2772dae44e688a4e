//! Wrong use by the application.

use core::fmt;

use crate::Command;

/// A call that cannot be carried out as asked. Nothing was written and nothing is spoiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// Not a command that stands alone: IAC, SB, SE and the words of negotiation are sent by other
    /// calls.
    NotACommand(Command),
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACommand(command) => write!(f, "{command} is not a command that stands alone"),
        }
    }
}

impl core::error::Error for Misuse {}
