//! Finding the next place in text where something has to be done.

use memchr::{memchr2, memchr3, memrchr};

use crate::lines::Stray;

const CR: u8 = b'\r';
const LF: u8 = b'\n';

/// What stands after a run of plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Nothing: the text was plain to its end.
    End,
    /// A CR, the last octet; whether it is bare depends on the next one.
    HeldCr,
    /// A dot after CR LF.
    Dot,
    /// A stray octet that is not ignored.
    Stray(Stray),
}

/// Which stray octets are plain text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ignored {
    pub(super) cr: bool,
    pub(super) lf: bool,
    pub(super) nul: bool,
}

impl Ignored {
    pub(super) const ALL: Self = Self {
        cr: true,
        lf: true,
        nul: true,
    };
}

/// How many octets `text` begins with that are plain, and what stands after them. A CR LF is never
/// torn apart. The octet before `text` is not a CR that is still undecided.
pub(super) fn run(text: &[u8], ignored: Ignored) -> (usize, Stop) {
    let mut at = 0;
    loop {
        at += clean(&text[at..]);
        // Something is in the next window: octet by octet of interest through it.
        let end = text.len().min(at + WINDOW);
        while at < end {
            let window = &text[at..end];
            let found = if ignored.nul {
                memchr2(CR, LF, window)
            } else {
                memchr3(CR, LF, 0, window)
            };
            let Some(distance) = found else {
                at = end;
                break;
            };
            at += distance;
            match (text[at], text.get(at + 1)) {
                (CR, None) => return (at, Stop::HeldCr),
                (CR, Some(&LF)) => {
                    at += 2;
                    if text.get(at) == Some(&b'.') {
                        return (at, Stop::Dot);
                    }
                    continue;
                }
                (CR, _) if !ignored.cr => return (at, Stop::Stray(Stray::Cr)),
                (LF, next) => {
                    // After a CR only when a clean window ended between the two.
                    let bare = at == 0 || text[at - 1] != CR;
                    if bare && !ignored.lf {
                        return (at, Stop::Stray(Stray::Lf));
                    }
                    if !bare && next == Some(&b'.') {
                        return (at + 1, Stop::Dot);
                    }
                }
                (0, _) => return (at, Stop::Stray(Stray::Nul)),
                _ => {}
            }
            at += 1;
        }
        if at >= text.len() {
            return (text.len(), Stop::End);
        }
    }
}

/// How much is looked at together.
const WINDOW: usize = 64;

/// How many octets of `text` are in windows without anything of interest: every CR is followed by
/// LF, every LF preceded by CR, there is no NUL, and no dot after LF. May end between CR and LF.
/// Written so that it becomes vector instructions.
fn clean(text: &[u8]) -> usize {
    if text.first() == Some(&LF) {
        return 0;
    }
    let mut len = 0;
    // Each window is looked at with the octet after it.
    while let Some((here, next)) = text[len..]
        .first_chunk::<WINDOW>()
        .zip(text[len..].get(1..).and_then(<[u8]>::first_chunk::<WINDOW>))
    {
        let mut found = false;
        for (&a, &b) in here.iter().zip(next) {
            found |= ((a == CR) != (b == LF)) | (a == 0) | ((a == LF) & (b == b'.'));
        }
        if found {
            break;
        }
        len += WINDOW;
    }
    len
}

/// Where `text` has more than `limit` octets in one line, when `before` of that line came already:
/// the index of the first octet too much. Otherwise the length of the line that `text` ends in.
///
/// A line that is short enough costs next to nothing: only the last line end within reach of the
/// limit is looked for.
pub(super) fn overrun(mut before: usize, text: &[u8], limit: usize) -> Result<usize, usize> {
    let mut start = 0_usize;
    loop {
        let room = limit.saturating_sub(before);
        let end = text.len().min(start.saturating_add(room).saturating_add(2));
        let window = &text[start..end];
        match last_line_end(window) {
            Some(after) => {
                start += after;
                before = 0;
            }
            None if window.len() > room => return Err(start + room),
            None => return Ok(before + window.len()),
        }
    }
}

/// The length of `text` up to and with its last CR LF.
pub(super) fn last_line_end(text: &[u8]) -> Option<usize> {
    let mut end = text.len();
    while let Some(lf) = memrchr(LF, &text[..end]) {
        if lf > 0 && text[lf - 1] == CR {
            return Some(lf + 1);
        }
        end = lf;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// What `run` says, octet by octet.
    fn plain_run(text: &[u8], ignored: Ignored) -> (usize, Stop) {
        for (at, &octet) in text.iter().enumerate() {
            let after_cr = at > 0 && text[at - 1] == CR;
            match octet {
                CR if at + 1 == text.len() => return (at, Stop::HeldCr),
                CR if text[at + 1] != LF && !ignored.cr => return (at, Stop::Stray(Stray::Cr)),
                LF if !after_cr && !ignored.lf => return (at, Stop::Stray(Stray::Lf)),
                0 if !ignored.nul => return (at, Stop::Stray(Stray::Nul)),
                b'.' if at > 1 && text[..at].ends_with(b"\r\n") => return (at, Stop::Dot),
                _ => {}
            }
        }
        (text.len(), Stop::End)
    }

    #[test]
    fn every_special_place_is_found_at_every_distance() {
        let words: [&[u8]; 10] = [
            b"\r\n",
            b"\r\n.",
            b"\n",
            b"\r",
            b"\0",
            b"\n.",
            b"\r\r\n",
            b"\r\n\n",
            b".",
            b"\r\n\r\n.",
        ];
        for before in 0..200 {
            for word in words {
                for after in [0, 1, 63, 64, 65, 200] {
                    let mut text: Vec<u8> = alloc::vec![b'x'; before];
                    text.extend_from_slice(word);
                    text.resize(text.len() + after, b'y');
                    for bits in 0..8 {
                        let ignored = Ignored {
                            cr: bits & 1 != 0,
                            lf: bits & 2 != 0,
                            nul: bits & 4 != 0,
                        };
                        assert_eq!(run(&text, ignored), plain_run(&text, ignored), "{text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn long_lines_are_found() {
        assert_eq!(overrun(0, b"abc\r\nabcd\r\n", 4), Ok(0));
        assert_eq!(overrun(0, b"abc\r\nabcd\r\nab", 4), Ok(2));
        assert_eq!(overrun(0, b"abc\r\nabcde\r\n", 4), Err(9));
        assert_eq!(overrun(2, b"abc\r\n", 4), Err(2));
        assert_eq!(overrun(2, b"ab\r\n", 4), Ok(0));
        assert_eq!(overrun(9, b"ab\r\n", 4), Err(0));
        assert_eq!(overrun(3, b"a", 4), Ok(4));
        assert_eq!(overrun(0, b"abc\nd\r\n", 4), Err(4));
        assert_eq!(overrun(0, b"abcd\r\r\n", 4), Err(4));
        assert_eq!(overrun(7, b"", usize::MAX), Ok(7));
        assert_eq!(overrun(0, b"\r\n\r\n", 0), Ok(0));
    }
}
