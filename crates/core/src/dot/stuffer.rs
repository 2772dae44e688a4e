use alloc::vec::Vec;

use super::scan::{Ignored, Stop, run};
use crate::Misuse;
use crate::lines::Stray;

/// What a stuffer does with octets that a strict receiver complains about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StrayPolicy {
    /// A bare CR, bare LF or NUL is refused.
    #[default]
    Refuse,
    /// A bare CR or bare LF becomes CR LF; a NUL stays.
    Normalize,
    /// All stay as they are. A lax receiver may then find an end in the text that is none: for
    /// peers known to be strict, and for tests.
    Keep,
}

/// Stuffs the dots of a text that comes in pieces, and ends it.
///
/// Give the text to [`push`](Self::push) in any cutting, then call [`finish`](Self::finish). A
/// final line without line end is not repaired silently: [`end_line`](Self::end_line) does that,
/// and `finish` refuses. Afterwards the stuffer is ready for the next text.
#[derive(Clone, Debug, Default)]
pub struct DotStuffer {
    policy: StrayPolicy,
    place: Place,
}

#[derive(Clone, Copy, Debug, Default)]
enum Place {
    #[default]
    LineStart,
    InLine,
    /// The last octet was a CR. It is not written yet.
    AfterCr,
}

impl DotStuffer {
    /// A stuffer before the first octet of a text.
    #[must_use]
    pub const fn new(policy: StrayPolicy) -> Self {
        Self {
            policy,
            place: Place::LineStart,
        }
    }

    /// Whether nothing was pushed or the last octets were a line end.
    #[must_use]
    pub const fn is_at_line_start(&self) -> bool {
        matches!(self.place, Place::LineStart)
    }

    /// Appends `piece`, the next part of the text. A CR at its end is kept back until the next call.
    ///
    /// # Errors
    /// [`Misuse::Stray`] under [`StrayPolicy::Refuse`]; then nothing of the piece is appended or
    /// remembered.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Misuse> {
        let before = (out.len(), self.place);
        let result = self.stuff(piece, out);
        if result.is_err() {
            out.truncate(before.0);
            self.place = before.1;
        }
        result
    }

    /// Ends the last line if it has no end yet.
    ///
    /// # Errors
    /// [`Misuse::Stray`] when the text ends with a CR, under [`StrayPolicy::Refuse`].
    pub fn end_line(&mut self, out: &mut Vec<u8>) -> Result<(), Misuse> {
        if let Place::AfterCr = self.place {
            self.bare(Stray::Cr, 0, out)?;
        }
        if !self.is_at_line_start() {
            out.extend_from_slice(b"\r\n");
            self.place = Place::LineStart;
        }
        Ok(())
    }

    /// Appends the line that ends the text.
    ///
    /// # Errors
    /// [`Misuse::UnfinishedLine`] when the text does not end with a line end: see
    /// [`end_line`](Self::end_line). Nothing is appended then.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Misuse> {
        if !self.is_at_line_start() {
            return Err(Misuse::UnfinishedLine);
        }
        out.extend_from_slice(b".\r\n");
        Ok(())
    }

    fn stuff(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Misuse> {
        let ignored = match self.policy {
            StrayPolicy::Refuse => Ignored::default(),
            StrayPolicy::Normalize => Ignored {
                nul: true,
                ..Ignored::default()
            },
            StrayPolicy::Keep => Ignored::ALL,
        };
        let mut at = 0;
        if let (Place::AfterCr, Some(&next)) = (self.place, piece.first()) {
            if next == b'\n' {
                out.extend_from_slice(b"\r\n");
                self.place = Place::LineStart;
                at = 1;
            } else {
                self.bare(Stray::Cr, 0, out)?;
            }
        }
        while at < piece.len() {
            if self.is_at_line_start() && piece[at] == b'.' {
                out.push(b'.');
                self.place = Place::InLine;
            }
            let (len, stop) = run(&piece[at..], ignored);
            let text = &piece[at..at + len];
            out.extend_from_slice(text);
            at += len;
            if len > 0 {
                self.place = if text.ends_with(b"\r\n") {
                    Place::LineStart
                } else {
                    Place::InLine
                };
            }
            match stop {
                Stop::End | Stop::Dot => {}
                Stop::HeldCr => {
                    self.place = Place::AfterCr;
                    at += 1;
                }
                Stop::Stray(stray) => {
                    self.bare(stray, at, out)?;
                    at += 1;
                }
            }
        }
        Ok(())
    }

    /// What becomes of a stray octet, `at` in the piece.
    fn bare(&mut self, stray: Stray, at: usize, out: &mut Vec<u8>) -> Result<(), Misuse> {
        match self.policy {
            StrayPolicy::Refuse => return Err(Misuse::Stray { stray, at }),
            StrayPolicy::Normalize => {
                out.extend_from_slice(b"\r\n");
                self.place = Place::LineStart;
            }
            StrayPolicy::Keep => {
                out.push(stray.octet());
                self.place = Place::InLine;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stuffed text, the same in pieces of any length.
    #[track_caller]
    fn stuff(policy: StrayPolicy, text: &[u8]) -> Result<Vec<u8>, Misuse> {
        let run = |piece: usize| {
            let mut stuffer = DotStuffer::new(policy);
            let mut out = Vec::new();
            for piece in text.chunks(piece) {
                stuffer.push(piece, &mut out)?;
            }
            stuffer.end_line(&mut out)?;
            stuffer.finish(&mut out)?;
            Ok(out)
        };
        let whole = run(text.len().max(1));
        for piece in 1..5 {
            // Where in its piece a stray octet stands depends on the piece.
            match (&whole, run(piece)) {
                (Err(Misuse::Stray { stray, .. }), Err(Misuse::Stray { stray: same, .. })) => {
                    assert_eq!(*stray, same);
                }
                (whole, cut) => assert_eq!(*whole, cut),
            }
        }
        whole
    }

    #[test]
    fn rfc5321_4_5_2_dots_at_line_starts_are_doubled() {
        for policy in [
            StrayPolicy::Refuse,
            StrayPolicy::Normalize,
            StrayPolicy::Keep,
        ] {
            assert_eq!(
                stuff(policy, b".\r\na.\r\n..\r\n\r\n.b"),
                Ok(b"..\r\na.\r\n...\r\n\r\n..b\r\n.\r\n".to_vec())
            );
            assert_eq!(stuff(policy, b""), Ok(b".\r\n".to_vec()));
        }
    }

    #[test]
    fn stray_octets_are_refused_made_lines_or_kept() {
        let text = b".a\n.b\r.c\r\r\n.\0\r";
        assert_eq!(
            stuff(StrayPolicy::Refuse, text),
            Err(Misuse::Stray {
                stray: Stray::Lf,
                at: 2
            })
        );
        assert_eq!(
            stuff(StrayPolicy::Normalize, text),
            Ok(b"..a\r\n..b\r\n..c\r\n\r\n..\0\r\n.\r\n".to_vec())
        );
        assert_eq!(
            stuff(StrayPolicy::Keep, text),
            Ok(b"..a\n.b\r.c\r\r\n..\0\r\r\n.\r\n".to_vec())
        );
        for (text, stray, at) in [
            (&b"ab\rc"[..], Stray::Cr, 2),
            (b"\r\n\0", Stray::Nul, 2),
            (b"a\r", Stray::Cr, 0),
        ] {
            assert_eq!(
                stuff(StrayPolicy::Refuse, text),
                Err(Misuse::Stray { stray, at })
            );
        }
    }

    #[test]
    fn a_refused_piece_leaves_no_trace() {
        let mut stuffer = DotStuffer::new(StrayPolicy::Refuse);
        let mut out = Vec::new();
        stuffer.push(b"a\r", &mut out).unwrap();
        assert_eq!(out, b"a");
        let (stray, at) = (Stray::Cr, 0);
        assert_eq!(
            stuffer.push(b"b\r\n", &mut out),
            Err(Misuse::Stray { stray, at })
        );
        let (stray, at) = (Stray::Nul, 3);
        assert_eq!(
            stuffer.push(b"\n.x\0", &mut out),
            Err(Misuse::Stray { stray, at })
        );
        assert_eq!(out, b"a");
        stuffer.push(b"\n.x", &mut out).unwrap();
        assert_eq!(out, b"a\r\n..x");
    }

    #[test]
    fn an_unfinished_line_is_not_ended_silently() {
        for end in [&b"x"[..], b"x\r"] {
            let mut stuffer = DotStuffer::new(StrayPolicy::Normalize);
            let mut out = Vec::new();
            stuffer.push(end, &mut out).unwrap();
            assert!(!stuffer.is_at_line_start());
            assert_eq!(stuffer.finish(&mut out), Err(Misuse::UnfinishedLine));
            assert_eq!(out, b"x");
            stuffer.end_line(&mut out).unwrap();
            stuffer.finish(&mut out).unwrap();
            // Ready for the next text.
            stuffer.push(b".\r\n", &mut out).unwrap();
            stuffer.finish(&mut out).unwrap();
            assert_eq!(out, b"x\r\n.\r\n..\r\n.\r\n");
        }
    }
}
