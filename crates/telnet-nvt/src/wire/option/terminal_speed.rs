//! Terminal Speed (RFC 1079).

use alloc::vec::Vec;
use core::fmt::{self, Write};

use memchr::memchr;

use super::{EncodeError, OptionError, ends_at, split_command};

/// What is said about the speed of the terminal, in bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminalSpeed {
    /// The answer.
    Is {
        /// What the terminal transmits at.
        transmit: u32,
        /// What it receives at.
        receive: u32,
    },
    /// The question.
    Send,
}

impl TerminalSpeed {
    /// Reads a payload: `9600,100`, without spaces and leading zeros.
    ///
    /// # Errors
    /// It is not like that, or a number has more than 32 bits.
    pub fn parse(payload: &[u8]) -> Result<Self, OptionError> {
        let text = match split_command(payload)? {
            (0, text) => text,
            (1, _) => return ends_at(payload, 1).map(|()| Self::Send),
            (code, _) => return Err(OptionError::UnknownCommand { code, offset: 0 }),
        };
        let comma = memchr(b',', text);
        let transmit = number(&text[..comma.unwrap_or(text.len())], 1)?;
        let Some(comma) = comma else {
            return Err(OptionError::Truncated {
                offset: payload.len(),
            });
        };
        let receive = number(&text[comma + 1..], comma + 2)?;
        Ok(Self::Is { transmit, receive })
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// None: every speed can be sent.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Is { transmit, receive } => {
                payload.push(0);
                write!(Text(payload), "{transmit},{receive}").map_err(|_| EncodeError::Form)
            }
            Self::Send => {
                payload.push(1);
                Ok(())
            }
        }
    }
}

/// Reads decimal digits; `at` is where they stand in the payload.
fn number(digits: &[u8], at: usize) -> Result<u32, OptionError> {
    if let Some(wrong) = digits.iter().position(|octet| !octet.is_ascii_digit()) {
        return Err(OptionError::NotANumber { offset: at + wrong });
    }
    match digits {
        [] => return Err(OptionError::NotANumber { offset: at }),
        [b'0', _, ..] => return Err(OptionError::LeadingZero { offset: at }),
        _ => {}
    }
    let add = |sum: u32, &digit: &u8| sum.checked_mul(10)?.checked_add(u32::from(digit - b'0'));
    let sum = digits.iter().try_fold(0, add);
    sum.ok_or(OptionError::NumberTooLarge { offset: at })
}

/// Formats into octets.
struct Text<'v>(&'v mut Vec<u8>);

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
