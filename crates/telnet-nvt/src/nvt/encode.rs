//! Local text as NVT text.
//!
//! "The sequence "CR LF" must be treated as a single "new line" character and used whenever their
//! combined action is intended; the sequence "CR NUL" must be used where a carriage return alone is
//! actually desired; and the CR character must be avoided in other contexts" (RFC 854, THE NVT
//! PRINTER AND KEYBOARD). Local text has lines ended by LF or by CR LF. Other codes are sent as they
//! are, only 255 is doubled.
//!
//! None of this is for data sent while BINARY is in effect: then only
//! [`escape`](crate::wire::escape) applies (RFC 1123 section 3.2.7).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use memchr::memchr3;

use crate::wire::code::IAC;

const CR: u8 = b'\r';
const LF: u8 = b'\n';
const NUL: u8 = 0;

/// `text` as NVT text: LF becomes CR LF, CR becomes CR NUL, CR LF stays, 255 is doubled. Borrowed
/// when nothing changes.
///
/// ```
/// # use wirelore_telnet_nvt::nvt::encode_text;
/// assert_eq!(*encode_text(b"a\nb\r\nc\rd\xff"), *b"a\r\nb\r\nc\r\0d\xff\xff");
/// ```
#[must_use]
pub fn encode_text(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = first_change(text) else {
        return Cow::Borrowed(text);
    };
    let mut out = Vec::with_capacity(text.len() + text.len() / 16 + 16);
    out.extend_from_slice(&text[..first]);
    encode_text_into(&text[first..], &mut out);
    Cow::Owned(out)
}

/// Appends `text` as NVT text; see [`encode_text`].
pub fn encode_text_into(text: &[u8], out: &mut Vec<u8>) {
    let mut encoder = TextEncoder::new();
    encoder.encode(text, out);
    encoder.finish(out);
}

/// Local text to NVT text, for text that comes in pieces. However it is cut, what is sent is the
/// same as [`encode_text`] of all of it.
///
/// A CR is sent at once; whether LF or NUL follows it is known with the next octet, or by
/// [`finish`](Self::finish).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextEncoder {
    cr: bool,
}

impl TextEncoder {
    /// An encoder before the first octet.
    #[must_use]
    pub const fn new() -> Self {
        Self { cr: false }
    }

    /// Whether a CR was sent whose LF or NUL is still owed. Commands may stand between the two (they
    /// may "appear at any point in the data stream", RFC 1123 section 3.2.6), but receivers are
    /// known that mistake the IAC for data.
    #[must_use]
    pub const fn owes(&self) -> bool {
        self.cr
    }

    /// Appends the next piece of the text.
    pub fn encode(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let Some(&first) = text.first() else {
            return;
        };
        let mut search = 0;
        if self.cr {
            self.cr = false;
            if first == LF {
                search = 1;
            } else {
                out.push(NUL);
            }
        }
        // What `from` begins with has not been copied.
        let mut from = 0;
        while let Some(at) = next_special(text, search) {
            search = at + 1;
            let pair = match (text[at], text.get(search)) {
                (CR, Some(&LF)) => {
                    search += 1;
                    continue;
                }
                (CR, None) => {
                    self.cr = true;
                    break;
                }
                (CR, Some(_)) => [CR, NUL],
                (LF, _) => [CR, LF],
                _ => [IAC, IAC],
            };
            if from < at {
                out.extend_from_slice(&text[from..at]);
            }
            out.extend_from_slice(&pair);
            from = search;
        }
        out.extend_from_slice(&text[from..]);
    }

    /// The text is over, or something follows that is not text (a change to BINARY, for one): sends
    /// the NUL after a last CR.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if core::mem::take(&mut self.cr) {
            out.push(NUL);
        }
    }
}

/// The first octet, a CR or LF or 255, that does not go as it is.
fn first_change(text: &[u8]) -> Option<usize> {
    let mut search = 0;
    while let Some(at) = next_special(text, search) {
        if text[at] != CR || text.get(at + 1) != Some(&LF) {
            return Some(at);
        }
        search = at + 2;
    }
    None
}

/// The first CR, LF or 255 that is not before `from`.
fn next_special(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    match rest.first()? {
        // Such octets come in rows, and a search has its price.
        &(CR | LF | IAC) => Some(from),
        _ => memchr3(CR, LF, IAC, rest).map(|at| from + at),
    }
}
