//! Limits and quirks.

use crate::{OptionSet, Policy};

/// How a [`Receiver`](crate::Receiver) behaves. The default agrees to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// What we agree to when the peer asks.
    pub policy: Policy,
    /// The longest payload of a subnegotiation, in octets that are meant (two 255 are one). A longer
    /// one is reported once and skipped. Default: 1024.
    pub max_subnegotiation: usize,
    /// A NUL after a CR is left out, unless the peer sends BINARY (RFC 854). Default: yes; no for
    /// data that is no text and a peer that never said so.
    pub nvt: bool,
    /// DO TIMING-MARK is answered with WILL as soon as it is seen, every time (RFC 860). Everything
    /// before it has been reported by then. Default: no, then it is an option like any other.
    pub timing_marks: bool,
    /// After a subnegotiation about one of these, if it is on at the peer's side, the receiver is
    /// done: the octets behind its IAC SE are in another form. MCCP2 is such an option. See
    /// [`Receiver::resume`](crate::Receiver::resume). Default: none.
    pub handoff: OptionSet,
    /// How many times the peer may ask for an option to be on. Each request is answered with at most
    /// three octets; what comes after so many is reported once and then ignored. Default: no limit.
    pub max_requests: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            max_subnegotiation: 1024,
            nvt: true,
            timing_marks: false,
            handoff: OptionSet::NONE,
            max_requests: u32::MAX,
        }
    }
}
