//! The numbers of RFC 854 and of the options, with their names.

use core::fmt;

/// Interpret As Command: the octet before every command. As data it is sent twice.
pub const IAC: u8 = 255;

/// A TELNET command: what follows an [`IAC`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Command(pub u8);

/// Makes the constants and the table of names.
macro_rules! codes {
    ($type:ident, $table:ident: $($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        impl $type {
            $($(#[$doc])* pub const $name: Self = Self($code);)*
        }
        const $table: &[(u8, &str)] = &[$(($code, $text)),*];
    };
}

codes! { Command, COMMANDS:
    /// End of file (RFC 1184).
    EOF = 236, "EOF";
    /// Suspend the current process (RFC 1184).
    SUSP = 237, "SUSP";
    /// Abort the process (RFC 1184).
    ABORT = 238, "ABORT";
    /// End of record (RFC 885).
    EOR = 239, "EOR";
    /// End of subnegotiation parameters.
    SE = 240, "SE";
    /// No operation.
    NOP = 241, "NOP";
    /// The data stream part of a Synch.
    DM = 242, "DM";
    /// Break.
    BRK = 243, "BRK";
    /// Interrupt Process.
    IP = 244, "IP";
    /// Abort Output.
    AO = 245, "AO";
    /// Are You There.
    AYT = 246, "AYT";
    /// Erase Character.
    EC = 247, "EC";
    /// Erase Line.
    EL = 248, "EL";
    /// Go Ahead.
    GA = 249, "GA";
    /// A subnegotiation follows.
    SB = 250, "SB";
    /// The sender wants to perform an option, or confirms that it does.
    WILL = 251, "WILL";
    /// The sender refuses to perform an option, or stops it.
    WONT = 252, "WONT";
    /// The sender asks the other side to perform an option, or confirms it.
    DO = 253, "DO";
    /// The sender demands that the other side does not perform an option.
    DONT = 254, "DONT";
}

/// The number of an option.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OptionCode(pub u8);

codes! { OptionCode, OPTIONS:
    /// Binary Transmission (RFC 856).
    BINARY = 0, "BINARY";
    /// Echo (RFC 857).
    ECHO = 1, "ECHO";
    /// Suppress Go Ahead (RFC 858).
    SGA = 3, "SGA";
    /// Status (RFC 859).
    STATUS = 5, "STATUS";
    /// Timing Mark (RFC 860).
    TIMING_MARK = 6, "TIMING-MARK";
    /// Logout (RFC 727).
    LOGOUT = 18, "LOGOUT";
    /// Terminal Type (RFC 1091).
    TTYPE = 24, "TTYPE";
    /// End of Record (RFC 885).
    EOR = 25, "EOR";
    /// Negotiate About Window Size (RFC 1073).
    NAWS = 31, "NAWS";
    /// Terminal Speed (RFC 1079).
    TSPEED = 32, "TSPEED";
    /// Remote Flow Control (RFC 1372).
    LFLOW = 33, "LFLOW";
    /// Linemode (RFC 1184).
    LINEMODE = 34, "LINEMODE";
    /// X Display Location (RFC 1096).
    XDISPLOC = 35, "XDISPLOC";
    /// Environment, with the numbers for VAR and VALUE that implementations disagree about (RFC 1408).
    OLD_ENVIRON = 36, "OLD-ENVIRON";
    /// Authentication (RFC 2941).
    AUTHENTICATION = 37, "AUTHENTICATION";
    /// Encryption (RFC 2946).
    ENCRYPT = 38, "ENCRYPT";
    /// New Environment (RFC 1572).
    NEW_ENVIRON = 39, "NEW-ENVIRON";
    /// Charset (RFC 2066).
    CHARSET = 42, "CHARSET";
    /// Com Port Control (RFC 2217).
    COM_PORT = 44, "COM-PORT";
    /// Mud Server Data Protocol.
    MSDP = 69, "MSDP";
    /// Mud Server Status Protocol.
    MSSP = 70, "MSSP";
    /// Mud Client Compression Protocol, version 1.
    MCCP1 = 85, "MCCP1";
    /// Mud Client Compression Protocol, version 2.
    MCCP2 = 86, "MCCP2";
    /// Generic Mud Communication Protocol.
    GMCP = 201, "GMCP";
    /// Extended Options List (RFC 861).
    EXOPL = 255, "EXOPL";
}

/// One of the four words of option negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// "I want to", or "I do".
    Will,
    /// "I do not".
    Wont,
    /// "Please do", or "yes, do".
    Do,
    /// "Do not".
    Dont,
}

/// Which end of the connection performs an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// This end: the peer says DO and DONT, we say WILL and WONT.
    Us,
    /// The peer: it says WILL and WONT, we say DO and DONT.
    Him,
}

impl Command {
    /// Its name in the RFCs, if it has one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        named(COMMANDS, self.0)
    }
}

impl OptionCode {
    /// Its usual name, if it has one here.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        named(OPTIONS, self.0)
    }

    /// The option of that name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let found = OPTIONS.iter().find(|(_, n)| n.eq_ignore_ascii_case(name));
        found.map(|&(code, _)| Self(code))
    }
}

impl Verb {
    /// The octet on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Will => 251,
            Self::Wont => 252,
            Self::Do => 253,
            Self::Dont => 254,
        }
    }

    /// The verb of an octet, if it is one.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            251 => Some(Self::Will),
            252 => Some(Self::Wont),
            253 => Some(Self::Do),
            254 => Some(Self::Dont),
            _ => None,
        }
    }

    /// What we say about the option on `side`: that it shall be on, or off.
    #[must_use]
    pub const fn said(side: Side, on: bool) -> Self {
        match (side, on) {
            (Side::Us, true) => Self::Will,
            (Side::Us, false) => Self::Wont,
            (Side::Him, true) => Self::Do,
            (Side::Him, false) => Self::Dont,
        }
    }

    /// Which side a verb that we sent is about, and whether the option shall be on: the reverse of
    /// [`said`](Self::said).
    #[must_use]
    pub const fn sent(self) -> (Side, bool) {
        match self {
            Self::Will => (Side::Us, true),
            Self::Wont => (Side::Us, false),
            Self::Do => (Side::Him, true),
            Self::Dont => (Side::Him, false),
        }
    }

    /// Which side a verb that we received is about, and whether the option shall be on.
    #[must_use]
    pub const fn heard(self) -> (Side, bool) {
        match self {
            Self::Will => (Side::Him, true),
            Self::Wont => (Side::Him, false),
            Self::Do => (Side::Us, true),
            Self::Dont => (Side::Us, false),
        }
    }
}

fn named(table: &[(u8, &'static str)], code: u8) -> Option<&'static str> {
    let found = table.iter().find(|&&(c, _)| c == code);
    found.map(|&(_, name)| name)
}

impl fmt::Display for Command {
    /// The name, or the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown(self.name(), self.0, f)
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for OptionCode {
    /// The name, or the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown(self.name(), self.0, f)
    }
}

impl fmt::Debug for OptionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Command(self.code()), f)
    }
}

fn shown(name: Option<&str>, code: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match name {
        Some(name) => f.pad(name),
        None => fmt::Display::fmt(&code, f),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_and_sides() {
        for side in [Side::Us, Side::Him] {
            for on in [true, false] {
                let verb = Verb::said(side, on);
                assert_eq!(verb.sent(), (side, on));
                assert_eq!(Verb::from_code(verb.code()), Some(verb));
                let other = match side {
                    Side::Us => Side::Him,
                    Side::Him => Side::Us,
                };
                assert_eq!(
                    verb.heard(),
                    (other, on),
                    "what we say, the peer hears of itself"
                );
            }
        }
        assert_eq!(Verb::from_code(250), None);
    }

    #[test]
    fn names() {
        for (code, name) in OPTIONS {
            assert_eq!(
                OptionCode::from_name(&name.to_ascii_lowercase()),
                Some(OptionCode(*code))
            );
        }
        assert_eq!(
            std::format!("{} {:?} {}", Command::AYT, Command(7), OptionCode(50)),
            "AYT 7 50"
        );
    }
}
