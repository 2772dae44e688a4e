//! Conversations in the notation of the RFCs, and machines that take one side of them.
//!
//! ```text
//! # Scenario 1 of RFC 821
//! S: 220 BBN-UNIX.ARPA Simple Mail Transfer Service Ready
//! C: HELO USC-ISIF.ARPA
//! S: 250 BBN-UNIX.ARPA
//! C: QUIT
//! S: 221 BBN-UNIX.ARPA Service closing transmission channel
//! S-close
//! ```
//!
//! A line starts with `C: ` (the client says) or `S: ` (the server says), perhaps indented; the rest
//! is what is said, CR LF is added. `C-close` and `S-close`: that side sends nothing any more. Empty
//! lines and lines that start with `#` say nothing.
//!
//! | escape | octets |
//! |---|---|
//! | `\r` `\n` `\t` `\0` `\\` | CR, LF, HT, NUL, backslash |
//! | `\xNN` | the octet with this hexadecimal value |
//! | `\c` at the end | no CR LF is added |
//!
//! [`Transcript::play`] lets a machine take one side: what the other side says is its input, what it
//! writes must be what its own side says.

mod play;

use std::path::Path;
use std::{fmt, fs};

pub use play::{Delivery, Happening, Mismatch};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `C`
    Client,
    /// `S`
    Server,
}

/// One line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The number of the line, from 1.
    pub line: usize,
    /// Who speaks.
    pub side: Side,
    /// What is said, with CR LF. `None`: the side closes.
    pub says: Option<Vec<u8>>,
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    name: String,
    turns: Vec<Turn>,
}

impl Transcript {
    /// Reads `text`; `name` is what failures are reported under.
    ///
    /// # Errors
    /// The first line that is not in the notation.
    pub fn parse(name: &str, text: &str) -> Result<Self, NotationError> {
        let mut turns = Vec::new();
        for (n, line) in text.lines().enumerate() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let turn = parse_line(line).ok_or_else(|| NotationError {
                name: name.into(),
                line: n + 1,
                text: line.into(),
            })?;
            turns.push(Turn {
                line: n + 1,
                side: turn.0,
                says: turn.1,
            });
        }
        Ok(Self {
            name: name.into(),
            turns,
        })
    }

    /// Reads a file.
    ///
    /// # Panics
    /// When it cannot be read or is not in the notation.
    #[must_use]
    pub fn load(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let name = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&name, &text).unwrap_or_else(|error| panic!("{error}")),
            Err(error) => panic!("{name}: {error}"),
        }
    }

    /// The lines, without comments.
    #[must_use]
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// Everything that `side` says, as one stream: an input for the contract suite.
    #[must_use]
    pub fn octets(&self, side: Side) -> Vec<u8> {
        let turns = self.turns.iter().filter(|turn| turn.side == side);
        turns
            .flat_map(|turn| turn.says.iter().flatten().copied())
            .collect()
    }
}

fn parse_line(line: &str) -> Option<(Side, Option<Vec<u8>>)> {
    let (side, rest) = match line.split_at_checked(1)? {
        ("C", rest) => (Side::Client, rest),
        ("S", rest) => (Side::Server, rest),
        _ => return None,
    };
    let says = match rest {
        "-close" => None,
        ":" => Some(b"\r\n".to_vec()),
        _ => Some(unescape(rest.strip_prefix(": ")?)?),
    };
    Some((side, says))
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let [octet, after @ ..] = rest {
        rest = after;
        if *octet != b'\\' {
            octets.push(*octet);
            continue;
        }
        let (escape, after) = rest.split_first()?;
        rest = after;
        octets.push(match escape {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'0' => 0,
            b'\\' => b'\\',
            b'c' => return rest.is_empty().then_some(octets),
            b'x' => {
                let digits = rest.split_off(..2)?;
                u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?
            }
            _ => return None,
        });
    }
    octets.extend_from_slice(b"\r\n");
    Some(octets)
}

/// A line that is not in the notation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotationError {
    name: String,
    line: usize,
    text: String,
}

impl fmt::Display for NotationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, line, text } = self;
        write!(
            f,
            "{name}:{line}: not in the notation of transcripts: {text}"
        )
    }
}

impl core::error::Error for NotationError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_is_read() {
        let text =
            "# comment\n\n   S: 220 \\xfF\\\\ ready \n  C:\nC: a\\0\\t\\r\\n\\c\nC-close\nS-close";
        let transcript = Transcript::parse("t", text).unwrap();
        let turn = |line, side, says: Option<&[u8]>| Turn {
            line,
            side,
            says: says.map(<[u8]>::to_vec),
        };
        assert_eq!(
            transcript.turns(),
            [
                turn(3, Side::Server, Some(b"220 \xff\\ ready \r\n")),
                turn(4, Side::Client, Some(b"\r\n")),
                turn(5, Side::Client, Some(b"a\0\t\r\n")),
                turn(6, Side::Client, None),
                turn(7, Side::Server, None),
            ]
        );
        assert_eq!(transcript.octets(Side::Client), b"\r\na\0\t\r\n");
    }

    #[test]
    fn other_lines_are_refused_by_number() {
        for bad in [
            "X: hello",
            "C:hello",
            "C- close",
            "hello",
            "C: \\q",
            "C: \\x1",
            "C: \\xgg",
            "C: \\c more",
            "C: \\",
            "C-closed",
            "S",
            "é",
        ] {
            let error = Transcript::parse("name", &format!("C: fine\n{bad}")).unwrap_err();
            assert!(error.to_string().starts_with("name:2: "), "{bad}");
        }
    }
}
