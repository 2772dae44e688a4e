//! Which end echoes what is typed, and whether it is sent by the line or by the character.

use crate::wire::code::Side;

/// What is in effect of one end's ECHO and SUPPRESS-GO-AHEAD: on after its WILL and the other's DO.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// This end echoes what it receives (RFC 857).
    pub echo: bool,
    /// This end sends no Go Ahead (RFC 858).
    pub sga: bool,
}

/// How a keyboard works, as the two options say it.
///
/// LINEMODE (RFC 1184), where it is in effect, says it instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Neither option, the NVT as it begins: "data should be accumulated in the host where it is
    /// generated until a complete line of data is ready for transmission", and echoes "will not be
    /// expected to traverse the network" (RFC 854). The keyboard's end edits and prints the line.
    Line,
    /// ECHO without SUPPRESS-GO-AHEAD: lines still, but the keyboard's end does not print them. With
    /// a far end that echoes nothing, a way to ask for a password. Some user programs send single
    /// characters in this mode too.
    KludgeLine,
    /// SUPPRESS-GO-AHEAD without ECHO: single characters ("should attempt to actually transmit
    /// characters as soon as possible", RFC 858 section 6), printed by the keyboard's end. Some user
    /// programs send lines in this mode too.
    LocalEcho,
    /// Both: "both of these options will normally have to be in effect simultaneously to effect what
    /// is commonly understood to be character at a time echoing by the remote computer" (RFC 858
    /// section 6, RFC 857 section 5).
    Character,
}

impl Mode {
    /// The mode of the keyboard at `keyboard`: [`Side::Us`] for a user program, [`Side::Him`] for a
    /// server.
    ///
    /// The far end's options decide, because it is the one that would echo and send Go Aheads. The
    /// GAs of the keyboard's end say nothing: "in this direction, GAs may be sent at any time, but
    /// need not ever be sent" (RFC 854).
    #[must_use]
    pub const fn of(keyboard: Side, us: Agreed, him: Agreed) -> Self {
        let far = match keyboard {
            Side::Us => him,
            Side::Him => us,
        };
        match (far.echo, far.sga) {
            (false, false) => Self::Line,
            (true, false) => Self::KludgeLine,
            (false, true) => Self::LocalEcho,
            (true, true) => Self::Character,
        }
    }

    /// Whether the keyboard's end prints what is typed. If not, the far end is expected to.
    #[must_use]
    pub const fn echoes_here(self) -> bool {
        matches!(self, Self::Line | Self::LocalEcho)
    }

    /// Whether the keyboard's end edits a line and sends it whole. A server must expect single
    /// characters in every mode.
    #[must_use]
    pub const fn sends_lines(self) -> bool {
        matches!(self, Self::Line | Self::KludgeLine)
    }
}

/// Whether ECHO may begin at one end, given what is in effect at the `other`: "if one site is
/// echoing, echoing is not permitted to be turned on at the other", or each character would go to and
/// fro for ever (RFC 857 section 5).
#[must_use]
pub const fn echo_may_begin(other: Agreed) -> bool {
    !other.echo
}
