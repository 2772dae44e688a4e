//! What the user's keys send.

use alloc::vec::Vec;

use memchr::memchr3;

use crate::wire::code::IAC;

const CR: u8 = b'\r';
const LF: u8 = b'\n';

/// What the "end-of-line" key sends.
///
/// "A User Telnet MUST be able to send any of the forms: CR LF, CR NUL, and LF. A User Telnet on an
/// ASCII host SHOULD have a user-controllable mode to send either CR LF or CR NUL when the user
/// presses the "end-of-line" key, and CR LF SHOULD be the default" (RFC 1123 section 3.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReturnKey {
    /// CR LF.
    #[default]
    CrLf,
    /// CR NUL.
    CrNul,
    /// LF alone.
    Lf,
}

impl ReturnKey {
    /// The octets to send. Not while BINARY is in effect: then "there is no end-of-line convention"
    /// (RFC 1123 section 3.2.7), and the key sends the code that it gives.
    #[must_use]
    pub const fn octets(self) -> &'static [u8] {
        match self {
            Self::CrLf => b"\r\n",
            Self::CrNul => b"\r\0",
            Self::Lf => b"\n",
        }
    }
}

/// A local keyboard on the NVT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyboard {
    /// The code that the local terminal gives for its "end-of-line" key: CR from a terminal in raw
    /// mode, LF from one that edits lines.
    pub return_code: u8,
    /// What is sent for it.
    pub return_key: ReturnKey,
}

impl Keyboard {
    /// A terminal in raw mode, where Return is CR; sends CR LF.
    pub const RAW: Self = Self {
        return_code: CR,
        return_key: ReturnKey::CrLf,
    };

    /// A terminal, or a file, whose lines end with LF; sends CR LF.
    pub const LINES: Self = Self {
        return_code: LF,
        return_key: ReturnKey::CrLf,
    };

    /// Appends what `typed` sends: the return code as [`ReturnKey`] says, a CR that is not the
    /// return code as CR NUL (RFC 854: "the sequence "CR NUL" must be used where a carriage return
    /// alone is actually desired"), a LF that is not the return code as it is, 255 twice. There is
    /// no state: every key stands for itself.
    pub fn encode(self, typed: &[u8], out: &mut Vec<u8>) {
        let mut rest = typed;
        while let [first, ..] = rest {
            let at = if matches!(*first, CR | IAC) || *first == self.return_code {
                0
            } else {
                memchr3(self.return_code, CR, IAC, rest).unwrap_or(rest.len())
            };
            out.extend_from_slice(&rest[..at]);
            let Some((&special, after)) = rest[at..].split_first() else {
                return;
            };
            if special == self.return_code {
                out.extend_from_slice(self.return_key.octets());
            } else if special == CR {
                out.extend_from_slice(ReturnKey::CrNul.octets());
            } else {
                out.extend_from_slice(&[IAC, IAC]);
            }
            rest = after;
        }
    }
}

impl Default for Keyboard {
    /// [`RAW`](Self::RAW).
    fn default() -> Self {
        Self::RAW
    }
}
