//! NVT text, as the receiver hands it out, as local text.

use alloc::vec::Vec;

use memchr::memchr;

const CR: u8 = b'\r';
const LF: u8 = b'\n';

/// What a CR that no LF follows becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BareCr {
    /// A CR, "the sequence "CR NUL" must be used where a carriage return alone is actually desired"
    /// (RFC 854): for what is printed. A CR at the end of a piece is kept back until the next octet.
    #[default]
    Keep,
    /// A line end, "CR LF and CR NUL MUST have the same effect on an ASCII server host when received
    /// as input" (RFC 1123 section 3.3.1): for what was typed. Nothing is kept back.
    LineEnd,
}

/// NVT data to local text, in which lines end with LF.
///
/// The data is what the receiver hands out: no 255 is doubled and the NUL of CR NUL is gone. CR LF
/// becomes LF, a bare LF stays, a bare CR is as [`BareCr`] says. The result does not depend on how
/// the data was cut.
///
/// ```
/// # use wirelore_telnet_nvt::nvt::{BareCr, TextDecoder};
/// let mut text = Vec::new();
/// let mut printed = TextDecoder::new(BareCr::Keep);
/// printed.decode(b"one\r", &mut text);
/// printed.decode(b"\ntwo\rthree", &mut text);
/// assert_eq!(text, b"one\ntwo\rthree");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextDecoder {
    bare_cr: BareCr,
    /// The octet before was a CR: kept back, or already a line end, as `bare_cr` says.
    cr: bool,
}

impl TextDecoder {
    /// A decoder before the first octet.
    #[must_use]
    pub const fn new(bare_cr: BareCr) -> Self {
        Self { bare_cr, cr: false }
    }

    /// Appends the local text of the next piece of data.
    pub fn decode(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let mut rest = data;
        loop {
            if self.cr {
                let Some(&next) = rest.first() else {
                    return;
                };
                self.cr = false;
                match (self.bare_cr, next) {
                    // the LF itself is copied with what follows
                    (BareCr::Keep, LF) => {}
                    (BareCr::Keep, _) => out.push(CR),
                    (BareCr::LineEnd, LF) => rest = &rest[1..],
                    (BareCr::LineEnd, _) => {}
                }
            }
            let Some(at) = memchr(CR, rest) else {
                out.extend_from_slice(rest);
                return;
            };
            out.extend_from_slice(&rest[..at]);
            if self.bare_cr == BareCr::LineEnd {
                out.push(LF);
            }
            self.cr = true;
            rest = &rest[at + 1..];
        }
    }

    /// The data is over: appends a CR that was kept back.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if core::mem::take(&mut self.cr) && self.bare_cr == BareCr::Keep {
            out.push(CR);
        }
    }
}
