//! Lines: a bounded framer, a writer, and the octets that must not stand inside a line.
//!
//! [`LineFramer`] is a small value with one method over slices, to be owned by a protocol's machine;
//! [`LineReceiver`] makes a machine of it. A line that is too long costs one event and nothing
//! after it is lost.

use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;

use memchr::{memchr, memchr3};

use crate::{Input, Machine, Misuse, Step};

const CR: u8 = b'\r';
const LF: u8 = b'\n';

/// What a line may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineConfig {
    /// The longest line in octets, without its end. Default: 2048.
    pub max_line: usize,
    /// A LF without a CR before it ends a line too. Default: no, then it is an octet of the line.
    pub accept_bare_lf: bool,
}

impl Default for LineConfig {
    fn default() -> Self {
        Self {
            max_line: 2048,
            accept_bare_lf: false,
        }
    }
}

/// What a framer found. `D` is a slice of the input, or its owned counterpart.
///
/// A line may contain CR, LF or NUL; [`stray`] finds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineEvent<D> {
    /// A whole line.
    Line {
        /// Its octets, without the line end.
        content: D,
        /// How it ended.
        end: LineEnd,
    },
    /// A line longer than [`LineConfig::max_line`]. Comes as soon as that is known, once; the rest
    /// of the line is skipped.
    TooLong {
        /// Its first `max_line` octets.
        start: D,
    },
    /// The stream ended inside a line.
    Unfinished {
        /// What there is of it: at most `max_line` octets, and perhaps a CR after them.
        content: D,
    },
}

impl<D> LineEvent<D> {
    /// The same event with its octets changed by `change`.
    pub fn map<E>(self, change: impl FnOnce(D) -> E) -> LineEvent<E> {
        match self {
            Self::Line { content, end } => LineEvent::Line {
                content: change(content),
                end,
            },
            Self::TooLong { start } => LineEvent::TooLong {
                start: change(start),
            },
            Self::Unfinished { content } => LineEvent::Unfinished {
                content: change(content),
            },
        }
    }
}

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// CR LF.
    CrLf,
    /// LF alone, which only [`LineConfig::accept_bare_lf`] makes a line end.
    Lf,
}

impl LineEnd {
    /// Its length in octets.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a line end is never empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::CrLf => 2,
            Self::Lf => 1,
        }
    }
}

/// Cuts a stream into lines.
///
/// It remembers how far it has searched, so it may be shown the same unfinished line any number of
/// times: no octet is looked at twice.
#[derive(Clone, Debug)]
pub struct LineFramer {
    config: LineConfig,
    /// So many octets of the unfinished line hold no line end.
    scanned: usize,
    /// Inside a line that was reported as too long.
    discarding: bool,
}

impl LineFramer {
    /// A framer before the first line.
    #[must_use]
    pub const fn new(config: LineConfig) -> Self {
        Self {
            config,
            scanned: 0,
            discarding: false,
        }
    }

    /// What the framer was made with.
    #[must_use]
    pub const fn config(&self) -> LineConfig {
        self.config
    }

    /// Changes the limit from the next call on, for a line whose kind allows more or less. The
    /// owner's own `max_unconsumed` must be constant all the same.
    pub const fn set_max_line(&mut self, max_line: usize) {
        self.config.max_line = max_line;
    }

    /// The next line of `input`, which is every octet after the last one consumed.
    ///
    /// Answers like [`Machine::step`], but never with `Paused`. `Done` means that the stream is
    /// over and every octet consumed.
    pub fn frame<'i>(&mut self, input: Input<'i>) -> Step<LineEvent<&'i [u8]>> {
        let bytes = input.bytes();
        let mut skipped = 0;
        if self.discarding {
            let Some((len, end)) = self.find_end(bytes, 0) else {
                return self.discard(input);
            };
            self.discarding = false;
            skipped = len + end.len();
        }
        let line = &bytes[skipped..];
        let max = self.config.max_line;
        if let Some((len, end)) = self.find_end(line, self.scanned.min(line.len())) {
            self.scanned = 0;
            let event = if len > max {
                LineEvent::TooLong {
                    start: &line[..max],
                }
            } else {
                LineEvent::Line {
                    content: &line[..len],
                    end,
                }
            };
            return Step::event(skipped + len + end.len(), event);
        }
        // A CR after the last octet allowed may still be half of the line end.
        if line
            .get(max..)
            .is_some_and(|over| !matches!(over, [] | [CR]))
        {
            self.scanned = 0;
            self.discarding = true;
            let rest = self.discard(input);
            return Step::event(
                rest.consumed,
                LineEvent::TooLong {
                    start: &line[..max],
                },
            );
        }
        if !input.is_last() {
            self.scanned = line.len();
            return Step::need_more(skipped);
        }
        self.scanned = 0;
        if line.is_empty() {
            return Step::done(bytes.len());
        }
        Step::event(bytes.len(), LineEvent::Unfinished { content: line })
    }

    /// The octets that a receive buffer must have room for: the longest line and its end.
    #[must_use]
    pub const fn max_unconsumed(&self) -> usize {
        self.config.max_line.saturating_add(2)
    }

    /// The length of the line that `bytes` begins with, and its end, which is not before `from`.
    fn find_end(&self, bytes: &[u8], mut from: usize) -> Option<(usize, LineEnd)> {
        while let Some(distance) = memchr(LF, &bytes[from..]) {
            let lf = from + distance;
            if lf > 0 && bytes[lf - 1] == CR {
                return Some((lf - 1, LineEnd::CrLf));
            }
            if self.config.accept_bare_lf {
                return Some((lf, LineEnd::Lf));
            }
            from = lf + 1;
        }
        None
    }

    /// Skips `input`, which has no line end, but for a CR that may be half of one.
    fn discard(&self, input: Input<'_>) -> Step<LineEvent<&'static [u8]>> {
        let len = input.bytes().len();
        if input.is_last() {
            return Step::done(len);
        }
        Step::need_more(len - usize::from(input.bytes().ends_with(b"\r")))
    }
}

/// A [`LineFramer`] as a machine. It writes nothing and never fails.
#[derive(Clone, Debug)]
pub struct LineReceiver(LineFramer);

impl LineReceiver {
    /// A receiver before the first line.
    #[must_use]
    pub const fn new(config: LineConfig) -> Self {
        Self(LineFramer::new(config))
    }
}

impl Machine for LineReceiver {
    type Event<'i> = LineEvent<&'i [u8]>;
    type Error = Infallible;

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        _out: &mut Vec<u8>,
    ) -> Result<Step<Self::Event<'i>>, Infallible> {
        Ok(self.0.frame(input))
    }

    fn max_unconsumed(&self) -> usize {
        self.0.max_unconsumed()
    }
}

/// An octet that has no business where it stands: a CR or LF that is not part of a line end, or a
/// NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stray {
    /// CR, 13.
    Cr,
    /// LF, 10.
    Lf,
    /// NUL, 0.
    Nul,
}

impl Stray {
    /// The octet.
    #[must_use]
    pub const fn octet(self) -> u8 {
        match self {
            Self::Cr => CR,
            Self::Lf => LF,
            Self::Nul => 0,
        }
    }
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cr => "bare CR",
            Self::Lf => "bare LF",
            Self::Nul => "NUL",
        })
    }
}

/// The first CR, LF or NUL in `content` and its index: what a received line has inside, and what
/// nothing that becomes a line may contain.
#[must_use]
pub fn stray(content: &[u8]) -> Option<(usize, Stray)> {
    let at = memchr3(CR, LF, 0, content)?;
    let stray = match content[at] {
        CR => Stray::Cr,
        LF => Stray::Lf,
        _ => Stray::Nul,
    };
    Some((at, stray))
}

/// Appends one line made of `parts`, one after the other, and CR LF.
///
/// # Errors
/// [`Misuse::Stray`] when a part contains CR, LF or NUL; then nothing is appended. Its index counts
/// from the start of that part.
pub fn write_line(parts: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Misuse> {
    if let Some((at, stray)) = parts.iter().find_map(|part| stray(part)) {
        return Err(Misuse::Stray { stray, at });
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Next;
    use alloc::vec;

    type Owned = LineEvent<Vec<u8>>;

    /// All events of `stream`, shown in `pieces`; every octet must be consumed at the end.
    fn frame<'p>(config: LineConfig, pieces: impl IntoIterator<Item = &'p [u8]>) -> Vec<Owned> {
        let mut framer = LineFramer::new(config);
        let mut pieces = pieces.into_iter().peekable();
        let mut held = Vec::new();
        let mut events = Vec::new();
        loop {
            held.extend_from_slice(pieces.next().unwrap_or_default());
            let last = pieces.peek().is_none();
            loop {
                let input = if last {
                    Input::last(&held)
                } else {
                    Input::more(&held)
                };
                let step = framer.frame(input);
                let event = match step.next {
                    Next::Event(event) => Some(event.map(<[u8]>::to_vec)),
                    Next::Done => {
                        assert_eq!(step.consumed, held.len());
                        return events;
                    }
                    Next::NeedMore => {
                        assert!(!last);
                        assert!(held.len() - step.consumed < framer.max_unconsumed());
                        None
                    }
                    Next::Paused => unreachable!(),
                };
                held.drain(..step.consumed);
                match event {
                    Some(event) => events.push(event),
                    None => break,
                }
            }
        }
    }

    fn line(content: &[u8]) -> Owned {
        LineEvent::Line {
            content: content.to_vec(),
            end: LineEnd::CrLf,
        }
    }

    fn bare(content: &[u8]) -> Owned {
        LineEvent::Line {
            content: content.to_vec(),
            end: LineEnd::Lf,
        }
    }

    fn too_long(start: &[u8]) -> Owned {
        LineEvent::TooLong {
            start: start.to_vec(),
        }
    }

    fn unfinished(content: &[u8]) -> Owned {
        LineEvent::Unfinished {
            content: content.to_vec(),
        }
    }

    #[track_caller]
    fn check(max_line: usize, accept_bare_lf: bool, stream: &[u8], want: &[Owned]) {
        let config = LineConfig {
            max_line,
            accept_bare_lf,
        };
        assert_eq!(frame(config, [stream]), want, "whole");
        assert_eq!(frame(config, stream.chunks(1)), want, "octet by octet");
        for at in 0..=stream.len() {
            let (a, b) = stream.split_at(at);
            assert_eq!(frame(config, [a, b]), want, "cut at {at}");
        }
    }

    #[test]
    fn strict_lines_end_with_cr_lf_only() {
        check(
            9,
            false,
            b"a\nb\r\n\r\nc\rd\r\r\n\0\r\n",
            &[line(b"a\nb"), line(b""), line(b"c\rd\r"), line(b"\0")],
        );
    }

    #[test]
    fn tolerant_lines_end_with_lf_too() {
        check(
            9,
            true,
            b"a\nb\r\n\n\r\nc\rd\n",
            &[bare(b"a"), line(b"b"), bare(b""), line(b""), bare(b"c\rd")],
        );
    }

    #[test]
    fn the_limit_is_exact_and_the_next_line_is_read() {
        for tolerant in [false, true] {
            check(
                3,
                tolerant,
                b"abc\r\nabcd\r\nx\r\n",
                &[line(b"abc"), too_long(b"abc"), line(b"x")],
            );
            check(
                3,
                tolerant,
                b"abcdefghijklm\r\r\nx\r\nabc\rd\r\n\r\n",
                &[too_long(b"abc"), line(b"x"), too_long(b"abc"), line(b"")],
            );
        }
        check(
            3,
            true,
            b"abc\nabcd\nx\n",
            &[bare(b"abc"), too_long(b"abc"), bare(b"x")],
        );
        // Nothing inside an over-long line is a line, in strict framing.
        check(
            3,
            false,
            b"abcd\nQUIT\nx\r\nok\r\n",
            &[too_long(b"abc"), line(b"ok")],
        );
        check(
            0,
            false,
            b"\r\nx\r\n\r\n",
            &[line(b""), too_long(b""), line(b"")],
        );
    }

    #[test]
    fn the_end_of_the_stream_inside_a_line_is_reported() {
        check(3, false, b"a\r\nbc", &[line(b"a"), unfinished(b"bc")]);
        check(3, false, b"abc\r", &[unfinished(b"abc\r")]);
        check(3, false, b"abcd", &[too_long(b"abc")]);
        check(3, false, b"abcd\r", &[too_long(b"abc")]);
        check(3, false, b"ab\n", &[unfinished(b"ab\n")]);
        check(3, false, b"", &[]);
        check(3, false, b"\r", &[unfinished(b"\r")]);
    }

    #[test]
    fn the_limit_can_change_between_lines() {
        let mut framer = LineFramer::new(LineConfig {
            max_line: 2,
            ..LineConfig::default()
        });
        assert_eq!(
            framer.frame(Input::more(b"abc\r\n")),
            Step::event(5, LineEvent::TooLong { start: &b"ab"[..] })
        );
        framer.set_max_line(3);
        assert_eq!((framer.config().max_line, framer.max_unconsumed()), (3, 5));
        let content = &b"abc"[..];
        let end = LineEnd::CrLf;
        assert_eq!(
            framer.frame(Input::more(b"abc\r\n")),
            Step::event(5, LineEvent::Line { content, end })
        );
    }

    #[test]
    fn a_machine_frames_the_same_lines() {
        let mut machine = LineReceiver::new(LineConfig::default());
        let mut out = vec![1];
        let (content, end) = (&b"HELO"[..], LineEnd::CrLf);
        assert_eq!(
            machine.step(Input::more(b"HELO\r\nrest"), &mut out),
            Ok(Step::event(6, LineEvent::Line { content, end }))
        );
        assert_eq!((machine.max_unconsumed(), &out[..]), (2050, &[1][..]));
    }

    #[test]
    fn strays_are_found_and_refused() {
        assert_eq!(stray(b"ab\rc\n"), Some((2, Stray::Cr)));
        assert_eq!(stray(b"\n"), Some((0, Stray::Lf)));
        assert_eq!(stray(b"abc\0"), Some((3, Stray::Nul)));
        assert_eq!(stray(b"abc\xff"), None);
        let mut out = b"x".to_vec();
        assert_eq!(write_line(&[b"USER ", b"a"], &mut out), Ok(()));
        assert_eq!(out, b"xUSER a\r\n");
        assert_eq!(
            write_line(&[b"USER ", b"a\r\nDELE b"], &mut out),
            Err(Misuse::Stray {
                stray: Stray::Cr,
                at: 1
            })
        );
        assert_eq!(out, b"xUSER a\r\n");
    }
}
