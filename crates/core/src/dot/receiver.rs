use alloc::vec::Vec;

use memchr::memmem;

use super::scan::{Ignored, Stop, overrun, run};
use crate::lines::Stray;
use crate::{Error, Input, Machine, Step};

/// What a receiver watches besides stray octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DotConfig {
    /// Longer lines are reported, the first one with an event. In octets, without the line end and
    /// without the stuffed dot, as RFC 5321 section 4.5.3.1.6 counts (there the limit is 998).
    /// Default: none.
    pub max_line: Option<usize>,
    /// Measure the longest line. Default: no.
    pub measure: bool,
}

/// What a receiver tells. `D` is a slice of the input, or its owned counterpart.
///
/// Each kind of flaw is told once, right before the octet that makes it; the octet itself is
/// content and comes with the next `Data`. What to do about flaws is the caller's: the end of the
/// text is found in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DotEvent<D> {
    /// Text, without stuffed dots. A fragment: its boundaries mean nothing, except that CR LF is
    /// never torn apart.
    Data(D),
    /// The first bare CR, bare LF or NUL.
    Stray {
        /// Which one.
        stray: Stray,
        /// Where it stands in the stream.
        offset: u64,
    },
    /// The first line that is too long.
    LongLine {
        /// Where its first octet too much stands in the stream.
        offset: u64,
    },
}

impl<D> DotEvent<D> {
    /// The same event with its text changed by `change`.
    pub fn map<E>(self, change: impl FnOnce(D) -> E) -> DotEvent<E> {
        match self {
            Self::Data(data) => DotEvent::Data(change(data)),
            Self::Stray { stray, offset } => DotEvent::Stray { stray, offset },
            Self::LongLine { offset } => DotEvent::LongLine { offset },
        }
    }
}

/// What was found so far. Offsets count from the first octet the receiver was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DotReport {
    /// How many octets of text came, without stuffed dots and without the line that ends it.
    pub octets: u64,
    /// The first CR that no LF follows.
    pub bare_cr: Option<u64>,
    /// The first LF that no CR precedes.
    pub bare_lf: Option<u64>,
    /// The first NUL.
    pub nul: Option<u64>,
    /// The first octet too much of the first line longer than [`DotConfig::max_line`].
    pub long_line: Option<u64>,
    /// The length of the longest line, when [`DotConfig::measure`] asks for it.
    pub longest_line: Option<usize>,
}

/// Receives dot-stuffed text, up to and with the line that ends it; then it is `Done` and leaves
/// the rest to the caller.
///
/// One receiver for one text. It writes nothing. The stream ending before the text does is its
/// only error.
#[derive(Clone, Debug)]
pub struct DotReceiver {
    config: DotConfig,
    state: State,
    /// Octets of the present line that were passed, while somebody wants to know.
    line_len: usize,
    /// Everything consumed.
    offset: u64,
    report: DotReport,
}

#[derive(Clone, Debug)]
enum State {
    LineStart,
    InLine,
    Done,
    Failed(Error),
}

impl DotReceiver {
    /// A receiver before the first line of a text.
    #[must_use]
    pub fn new(config: DotConfig) -> Self {
        Self {
            config,
            state: State::LineStart,
            line_len: 0,
            offset: 0,
            report: DotReport {
                longest_line: config.measure.then_some(0),
                ..DotReport::default()
            },
        }
    }

    /// What was found so far; complete once the receiver is `Done`.
    #[must_use]
    pub const fn report(&self) -> DotReport {
        self.report
    }

    /// A limit that still matters.
    fn max_line(&self) -> Option<usize> {
        self.config
            .max_line
            .filter(|_| self.report.long_line.is_none())
    }

    /// Accounts for `data`, which is about to be passed.
    fn pass(&mut self, data: &[u8]) {
        self.report.octets += data.len() as u64;
        self.state = if data.ends_with(b"\r\n") {
            State::LineStart
        } else {
            State::InLine
        };
        let Some(longest) = &mut self.report.longest_line else {
            if self.config.max_line.is_some() {
                self.line_len = overrun(self.line_len, data, usize::MAX).unwrap_or(usize::MAX);
            }
            return;
        };
        let mut rest = data;
        loop {
            match overrun(self.line_len, rest, *longest) {
                Ok(line_len) => {
                    self.line_len = line_len;
                    return;
                }
                Err(over) => {
                    // A new record: how far does it go?
                    rest = &rest[over..];
                    let end = memmem::find(rest, b"\r\n");
                    *longest += end.unwrap_or(rest.len());
                    let Some(end) = end else {
                        self.line_len = *longest;
                        return;
                    };
                    self.line_len = 0;
                    rest = &rest[end + 2..];
                }
            }
        }
    }
}

impl Machine for DotReceiver {
    type Event<'i> = DotEvent<&'i [u8]>;
    type Error = Error;

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        _out: &mut Vec<u8>,
    ) -> Result<Step<Self::Event<'i>>, Error> {
        let bytes = input.bytes();
        let wait = |this: &mut Self| {
            if !input.is_last() {
                return Ok(Step::need_more(0));
            }
            let error = Error::Truncated {
                offset: this.offset + bytes.len() as u64,
            };
            this.state = State::Failed(error);
            Err(error)
        };
        let mut skipped = 0;
        match (&self.state, bytes) {
            (State::Failed(error), _) => return Err(*error),
            (State::Done, _) => return Ok(Step::done(0)),
            (State::LineStart, [b'.', b'\r', b'\n', ..]) => {
                self.state = State::Done;
                return Ok(Step::done(3));
            }
            (State::LineStart, [b'.']) => return wait(self),
            (State::LineStart, [b'.', ..]) => skipped = 1,
            _ => {}
        }
        let text = &bytes[skipped..];
        let (mut len, stop) = run(
            text,
            Ignored {
                cr: self.report.bare_cr.is_some(),
                lf: self.report.bare_lf.is_some(),
                nul: self.report.nul.is_some(),
            },
        );
        let mut offset = self.offset + skipped as u64;
        let over = self
            .max_line()
            .and_then(|max| overrun(self.line_len, &text[..len], max).err());
        if let Some(over) = over {
            len = over;
        }
        let event = match stop {
            _ if len > 0 => {
                self.pass(&text[..len]);
                offset += len as u64;
                DotEvent::Data(&text[..len])
            }
            _ if over.is_some() => {
                self.report.long_line = Some(offset);
                DotEvent::LongLine { offset }
            }
            Stop::Stray(stray) => {
                let first = match stray {
                    Stray::Cr => &mut self.report.bare_cr,
                    Stray::Lf => &mut self.report.bare_lf,
                    Stray::Nul => &mut self.report.nul,
                };
                *first = Some(offset);
                DotEvent::Stray { stray, offset }
            }
            Stop::End | Stop::HeldCr | Stop::Dot => return wait(self),
        };
        self.offset = offset;
        if skipped > 0 && len == 0 {
            self.state = State::InLine;
        }
        Ok(Step::event(skipped + len, event))
    }

    fn max_unconsumed(&self) -> usize {
        3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    /// What a receiver made of a stream: text with the flaws in it as `<what@offset>`, the octets
    /// it left (or the error) and the report.
    fn receive(config: DotConfig, stream: &[u8], piece: usize) -> (String, String, DotReport) {
        let mut receiver = DotReceiver::new(config);
        let (mut at, mut end) = (0, 0);
        let mut text = String::new();
        loop {
            let shown = &stream[at..end];
            let input = if end == stream.len() {
                Input::last(shown)
            } else {
                Input::more(shown)
            };
            match receiver.step(input, &mut Vec::new()) {
                Ok(step) => {
                    at += step.consumed;
                    match step.next {
                        crate::Next::Event(DotEvent::Data(data)) => {
                            assert!(!data.is_empty());
                            text += &format!("{}", data.escape_ascii());
                        }
                        crate::Next::Event(DotEvent::Stray { stray, offset }) => {
                            text += &format!("<{stray}@{offset}>");
                        }
                        crate::Next::Event(DotEvent::LongLine { offset }) => {
                            text += &format!("<long@{offset}>");
                        }
                        crate::Next::NeedMore => {
                            assert!(step.consumed == 0 && shown.len() < 3);
                            end = stream.len().min(end + piece);
                        }
                        crate::Next::Done => {
                            let rest = format!("{}", stream[at..].escape_ascii());
                            return (text, rest, receiver.report());
                        }
                        crate::Next::Paused => unreachable!(),
                    }
                }
                Err(error) => {
                    assert_eq!(receiver.step(input, &mut Vec::new()), Err(error));
                    return (text, format!("{error:?}"), receiver.report());
                }
            }
        }
    }

    #[track_caller]
    fn check(config: DotConfig, stream: &str, text: &str, rest: &str) -> DotReport {
        let whole = receive(config, stream.as_bytes(), stream.len().max(1));
        assert_eq!((&*whole.0, &*whole.1), (text, rest));
        for piece in 1..6 {
            assert_eq!(receive(config, stream.as_bytes(), piece), whole, "{piece}");
        }
        whole.2
    }

    const PLAIN: DotConfig = DotConfig {
        max_line: None,
        measure: false,
    };

    #[test]
    fn rfc5321_4_5_2_stuffed_dots_are_removed_and_the_text_ends() {
        let report = check(
            PLAIN,
            "a\r\n..b\r\n...\r\n.c.\r\n\r\n.\r\nQUIT\r\n",
            r"a\r\n.b\r\n..\r\nc.\r\n\r\n",
            r"QUIT\r\n",
        );
        assert_eq!(
            report,
            DotReport {
                octets: 17,
                ..DotReport::default()
            }
        );
        check(PLAIN, ".\r\n.\r\n", "", r".\r\n");
    }

    #[test]
    fn rfc5321_4_1_1_4_nothing_else_ends_the_text() {
        for (inside, text) in [
            ("\n.\n", r"<bare LF@1>\n.\n"),
            ("\n.\r\n", r"<bare LF@1>\n.\r\n"),
            ("\r\n.\n", r"\r\n<bare LF@4>\n"),
            ("\r.\r", r"<bare CR@1>\r.\r"),
            ("\r.\r\n", r"<bare CR@1>\r.\r\n"),
            ("\r\n.\r", r"\r\n<bare CR@4>\r"),
            ("\n.\r", r"<bare LF@1>\n.<bare CR@3>\r"),
            ("\r.\n", r"<bare CR@1>\r.<bare LF@3>\n"),
            ("\n\r.\n\r", r"<bare LF@1>\n<bare CR@2>\r.\n\r"),
            ("\r\n.\r\r\n", r"\r\n<bare CR@4>\r\r\n"),
            ("\r\r\n.\r\r\n", r"<bare CR@1>\r\r\n\r\r\n"),
            ("\r\n.\0\r\n", r"\r\n<NUL@4>\x00\r\n"),
            ("\r\n\0.\r\n", r"\r\n<NUL@3>\x00.\r\n"),
            ("\r\n. \r\n", r"\r\n \r\n"),
            ("\r\n..\r\n", r"\r\n.\r\n"),
        ] {
            let stream = format!("a{inside}b\r\n.\r\nNOOP\r\n");
            check(PLAIN, &stream, &format!("a{text}b\\r\\n"), r"NOOP\r\n");
        }
        // This one does end, with a stray octet in the text.
        check(PLAIN, "a\r\r\n.\r\nx", r"a<bare CR@1>\r\r\n", "x");
    }

    #[test]
    fn each_kind_of_flaw_is_told_once() {
        let report = check(
            PLAIN,
            "\na\nb\rc\rd\0e\0\r\n.\0\r\n.\r\n",
            r"<bare LF@0>\na\nb<bare CR@4>\rc\rd<NUL@8>\x00e\x00\r\n\x00\r\n",
            "",
        );
        let (bare_cr, bare_lf, nul) = (Some(4), Some(0), Some(8));
        assert_eq!(
            report,
            DotReport {
                octets: 16,
                bare_cr,
                bare_lf,
                nul,
                ..DotReport::default()
            }
        );
    }

    #[test]
    fn rfc5321_4_5_3_1_6_long_lines_are_told_without_the_stuffed_dot() {
        let config = DotConfig {
            max_line: Some(3),
            measure: true,
        };
        let report = check(config, "abc\r\n.abc\r\n.\r\n", r"abc\r\nabc\r\n", "");
        assert_eq!((report.long_line, report.longest_line), (None, Some(3)));
        let report = check(
            config,
            "abc\r\n.abcdefg\r\nabcd\r\n.\r\n",
            r"abc\r\nabc<long@9>defg\r\nabcd\r\n",
            "",
        );
        assert_eq!((report.long_line, report.longest_line), (Some(9), Some(7)));
        // A bare CR or LF does not end a line, and may be the octet too much.
        check(
            config,
            "ab\nd\r\n.\r\n",
            r"ab<bare LF@2>\n<long@3>d\r\n",
            "",
        );
        check(
            config,
            "abc\r\r\n.\r\n",
            r"abc<bare CR@3><long@3>\r\r\n",
            "",
        );
        let report = check(PLAIN, "abcdefgh\r\n.\r\n", r"abcdefgh\r\n", "");
        assert_eq!((report.long_line, report.longest_line), (None, None));
        let measure = DotConfig {
            max_line: None,
            measure: true,
        };
        let report = check(
            measure,
            "ab\r\nabcd\r\n\r\nabc\r\n.\r\n",
            r"ab\r\nabcd\r\n\r\nabc\r\n",
            "",
        );
        assert_eq!(report.longest_line, Some(4));
    }

    #[test]
    fn a_limit_of_zero_is_a_limit() {
        let config = DotConfig {
            max_line: Some(0),
            measure: false,
        };
        check(config, "\r\na\r\n.\r\n", r"\r\n<long@2>a\r\n", "");
        // Of two dots, the first one is stuffed; the second one is the octet too much, and content.
        check(config, "..\r\n.\r\n", r"<long@1>.\r\n", "");
    }

    #[test]
    fn the_end_of_the_stream_before_the_end_of_the_text_is_an_error() {
        for (stream, text, offset) in [
            ("", "", 0),
            ("abc", "abc", 3),
            ("abc\r", "abc", 4),
            ("abc\r\n", r"abc\r\n", 5),
            ("abc\r\n.", r"abc\r\n", 6),
            ("abc\r\n.\r", r"abc\r\n", 7),
            ("abc\r\n.x", r"abc\r\nx", 7),
        ] {
            check(
                PLAIN,
                stream,
                text,
                &format!("Truncated {{ offset: {offset} }}"),
            );
        }
    }

    #[test]
    fn long_text_comes_in_one_piece() {
        let line = b"seventy octets of text, as in most mail, more or less, and a line end\r\n";
        let mut stream = line.repeat(1000);
        let text = stream.len();
        stream.extend_from_slice(b".\r\n");
        let mut receiver = DotReceiver::new(PLAIN);
        let step = receiver.step(Input::more(&stream), &mut Vec::new());
        assert_eq!(step, Ok(Step::event(text, DotEvent::Data(&stream[..text]))));
    }
}
