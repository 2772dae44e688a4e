//! The sending side of one body.

use alloc::vec::Vec;

use super::digits::Digits;
use super::{FieldBlock, Misuse, OutFraming};

/// Sends one body: counts its octets and, where it is chunked, writes what stands between them.
///
/// Octets go through [`data`](Self::data), which copies them, or past it: [`announce`](Self::announce)
/// writes what has to precede them, and the caller sends the octets right behind it from wherever they
/// are. Both give the same stream. At the end, and also where there is no body at all, call
/// [`finish`](Self::finish).
///
/// ```
/// use wirelore_http1::encode::{BodyWriter, OutFraming};
///
/// let mut out = Vec::new();
/// let mut body = BodyWriter::new(OutFraming::Chunked);
/// body.data(b"hello ", &mut out)?;
/// body.announce(5, &mut out)?;
/// out.extend_from_slice(b"world"); // or sent from a file behind what is in `out`
/// body.finish(None, &mut out)?;
/// assert_eq!(out, b"6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n");
/// # Ok::<(), wirelore_http1::Misuse>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyWriter(State);

/// ```text
///   Length { left } ──────────────────────────────┐
///   Chunked { open: false } ──► { open: true } ───┼── finish ──► Finished
///   UntilClose ───────────────────────────────────┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// With `allowed` false there is no body at all.
    Length {
        left: u64,
        allowed: bool,
    },
    /// `open`: the line end behind the last chunk's data is still owed.
    Chunked {
        open: bool,
    },
    UntilClose,
    Finished,
}

impl BodyWriter {
    /// A body framed like this, of which nothing is sent yet.
    #[must_use]
    pub const fn new(framing: OutFraming) -> Self {
        Self(match framing {
            OutFraming::None => State::Length {
                left: 0,
                allowed: false,
            },
            OutFraming::Length(left) => State::Length {
                left,
                allowed: true,
            },
            OutFraming::Chunked => State::Chunked { open: false },
            OutFraming::UntilClose => State::UntilClose,
        })
    }

    /// Appends octets of the body, with what has to precede them. No octets are no chunk.
    ///
    /// # Errors
    ///
    /// As for [`announce`](Self::announce).
    pub fn data(&mut self, octets: &[u8], out: &mut Vec<u8>) -> Result<(), Misuse> {
        let len = octets.len() as u64;
        self.check(len)?;
        let line = match self.0 {
            State::Chunked { .. } => MOST_BEFORE_DATA,
            _ => 0,
        };
        out.reserve(line + octets.len());
        self.count(len, out);
        out.extend_from_slice(octets);
        Ok(())
    }

    /// Appends what has to precede the next `len` octets of the body and counts them as sent. The
    /// caller sends them right behind `out`, and nothing else before them.
    ///
    /// # Errors
    ///
    /// [`Misuse::BodyTooLong`], [`Misuse::BodyNotAllowed`], and [`Misuse::NotNow`] behind the end.
    pub fn announce(&mut self, len: u64, out: &mut Vec<u8>) -> Result<(), Misuse> {
        self.check(len)?;
        self.count(len, out);
        Ok(())
    }

    /// Appends what ends the body: the last chunk and the trailer fields, if it is chunked.
    ///
    /// # Errors
    ///
    /// [`Misuse::BodyTooShort`], [`Misuse::TrailersWithoutChunked`], [`Misuse::NotInTrailers`], and
    /// [`Misuse::NotNow`] behind the end.
    pub fn finish(
        &mut self,
        trailers: Option<&FieldBlock>,
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        let trailers = trailers.filter(|block| !block.is_empty());
        match (self.0, trailers) {
            (State::Finished, _) => return Err(Misuse::NotNow),
            (State::Length { left: 1.., .. }, _) => {
                let remaining = self.remaining().unwrap_or_default();
                return Err(Misuse::BodyTooShort { remaining });
            }
            (State::Length { .. } | State::UntilClose, Some(_)) => {
                return Err(Misuse::TrailersWithoutChunked);
            }
            (State::Length { .. } | State::UntilClose, None) => {}
            (State::Chunked { .. }, Some(block)) if !block.may_be_trailers() => {
                return Err(Misuse::NotInTrailers);
            }
            (State::Chunked { open }, _) => {
                let lines = trailers.map_or(&[][..], FieldBlock::as_bytes);
                out.reserve(lines.len() + 7);
                out.extend_from_slice(if open { b"\r\n0\r\n" } else { b"0\r\n" });
                out.extend_from_slice(lines);
                out.extend_from_slice(b"\r\n");
            }
        }
        self.0 = State::Finished;
        Ok(())
    }

    /// How many octets must still come; `None` when nobody knows.
    #[must_use]
    pub const fn remaining(&self) -> Option<u64> {
        match self.0 {
            State::Length { left, .. } => Some(left),
            State::Chunked { .. } | State::UntilClose => None,
            State::Finished => Some(0),
        }
    }

    /// Whether [`finish`](Self::finish) takes trailers: only where the body is chunked.
    #[must_use]
    pub const fn may_trail(&self) -> bool {
        matches!(self.0, State::Chunked { .. })
    }

    /// Whether [`finish`](Self::finish) has ended it.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        matches!(self.0, State::Finished)
    }

    const fn check(&self, len: u64) -> Result<(), Misuse> {
        match self.0 {
            State::Finished => Err(Misuse::NotNow),
            State::Length { allowed: false, .. } if len > 0 => Err(Misuse::BodyNotAllowed),
            State::Length { left, .. } if len > left => {
                Err(Misuse::BodyTooLong { remaining: left })
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, len: u64, out: &mut Vec<u8>) {
        match &mut self.0 {
            State::Length { left, .. } => *left -= len,
            State::Chunked { open } if len > 0 => {
                out.reserve(MOST_BEFORE_DATA);
                if core::mem::replace(open, true) {
                    out.extend_from_slice(b"\r\n");
                }
                out.extend_from_slice(Digits::hexadecimal(len).as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            _ => {}
        }
    }
}

/// A line end, a chunk size and another line end.
const MOST_BEFORE_DATA: usize = 2 + 16 + 2;
