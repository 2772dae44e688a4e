//! What endpoints learn.

use crate::OptionCode;
use crate::wire::option::OptionError;

/// What an endpoint has learned from a subnegotiation. The octets themselves were the event before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fact {
    /// The size of the peer's window, in characters; 0 where the peer does not say (RFC 1073).
    Window {
        /// Its width.
        columns: u16,
        /// Its height.
        rows: u16,
    },
    /// A name of the peer's terminal (RFC 1091); see [`Server::terminal_types`](crate::Server).
    TerminalType {
        /// That was the last one it has.
        complete: bool,
    },
    /// The speeds of the peer's terminal, in bits per second (RFC 1079).
    TerminalSpeed {
        /// At which it transmits.
        transmit: u32,
        /// At which it receives.
        receive: u32,
    },
    /// Variables of the peer's environment (RFC 1572).
    Environment {
        /// How many were let through.
        taken: usize,
        /// How many were not; see [`EnvironmentPolicy`](crate::EnvironmentPolicy).
        barred: usize,
    },
    /// The modes of LINEMODE that both ends have agreed on (RFC 1184): bits of
    /// [`Mode`](crate::wire::option::Mode).
    Linemode {
        /// The bits.
        mask: u8,
    },
    /// Special characters of LINEMODE were changed (RFC 1184).
    SpecialCharacters,
    /// Flow control by the client (RFC 1372).
    FlowControl {
        /// Whether XOFF stops output.
        on: bool,
        /// Whether any character restarts it, and not only XON.
        restart_any: bool,
    },
    /// A character set was agreed on (RFC 2066); see `charset` of the endpoint.
    Charset {
        /// It was not: none of those offered was acceptable.
        rejected: bool,
    },
    /// The subnegotiation cannot be read.
    Malformed {
        /// About which option.
        option: OptionCode,
        /// Why.
        error: OptionError,
    },
}
