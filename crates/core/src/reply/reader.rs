use alloc::vec::Vec;
use core::mem;

use super::{Code, Reply, ReplyForm};
use crate::lines::{LineConfig, LineEvent, LineFramer, stray};
use crate::{Error, Input, Machine, Next, Step};

/// How replies are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyConfig {
    /// Which lines belong to a reply.
    pub form: ReplyForm,
    /// Only what the RFC allows. Otherwise these are accepted too:
    ///
    /// - lines that end with LF alone, and CR, LF or NUL inside a line;
    /// - any octet after the code of a reply of one line;
    /// - in [`ReplyForm::FreeMiddle`], a code without the space after it as the last line;
    /// - in [`ReplyForm::EveryLine`], any first and second digit, and lines in between with another
    ///   code or none (the reply ends with the first line that has a code and a space, and that code
    ///   counts).
    pub strict: bool,
    /// The longest line in octets, without its end.
    pub max_line: usize,
    /// The longest reply in octets, with all line ends.
    pub max_reply: usize,
}

impl ReplyConfig {
    /// FTP: [`ReplyForm::FreeMiddle`], lenient, lines of 4096 octets, replies of 65536.
    #[must_use]
    pub const fn ftp() -> Self {
        Self {
            form: ReplyForm::FreeMiddle,
            strict: false,
            max_line: 4096,
            max_reply: 65_536,
        }
    }

    /// SMTP: [`ReplyForm::EveryLine`], lenient, lines of 4096 octets, replies of 65536. RFC 5321
    /// section 4.5.3.1.5 allows servers 512 octets a line, but longer ones are about.
    #[must_use]
    pub const fn smtp() -> Self {
        Self {
            form: ReplyForm::EveryLine,
            ..Self::ftp()
        }
    }
}

/// Receives replies, one event each.
///
/// A reply stays in the caller's buffer until it is whole, then the event is a slice over all of
/// it. The machine writes nothing. Its errors are final: after a reply that is none, nobody knows
/// which reply belongs to which command.
#[derive(Clone, Debug)]
pub struct ReplyReader {
    config: ReplyConfig,
    framer: LineFramer,
    /// The lines of the unfinished reply that were seen, in octets.
    framed: usize,
    /// The code of its first line.
    first: Option<Code>,
    /// Everything consumed.
    offset: u64,
    failed: Option<Error>,
}

impl ReplyReader {
    /// A reader before the first reply.
    #[must_use]
    pub const fn new(config: ReplyConfig) -> Self {
        let framer = LineFramer::new(LineConfig {
            max_line: config.max_line,
            accept_bare_lf: !config.strict,
        });
        Self {
            config,
            framer,
            framed: 0,
            first: None,
            offset: 0,
            failed: None,
        }
    }

    /// Whether the first line of a reply of several lines was seen, but not the last one.
    #[must_use]
    pub const fn is_inside_reply(&self) -> bool {
        self.first.is_some()
    }

    /// Judges one line: the code when it ends the reply, `None` when more lines follow.
    fn line(&mut self, line: &[u8]) -> Result<Option<Code>, Error> {
        let ReplyConfig { form, strict, .. } = self.config;
        let offset = self.line_offset();
        if strict && let Some((at, stray)) = stray(line) {
            let offset = offset + at as u64;
            return Err(Error::Stray { stray, offset });
        }
        let code = Code::parse(line).filter(|&code| {
            let smtp = || matches!((code.class(), code.value() / 10 % 10), (2..=5, 0..=5));
            !strict || form == ReplyForm::FreeMiddle || smtp()
        });
        let separator = line.get(3).copied();
        let ends = match separator {
            Some(separator) => separator == b' ',
            // The grammar of RFC 5321 has it, RFC 959 demands the space.
            None => !strict || form == ReplyForm::EveryLine,
        };
        let goes_on = separator == Some(b'-');
        let Some(first) = self.first else {
            let code = code.ok_or(Error::NotAReply { offset })?;
            if goes_on {
                self.first = Some(code);
                return Ok(None);
            }
            if ends || !strict {
                return Ok(Some(code));
            }
            return Err(Error::NotAReply { offset });
        };
        match (form, code) {
            (ReplyForm::FreeMiddle, _) => Ok(code.filter(|&code| ends && code == first)),
            (ReplyForm::EveryLine, _) if !strict => Ok(code.filter(|_| ends)),
            (ReplyForm::EveryLine, Some(later)) if later != first => Err(Error::CodeMismatch {
                first,
                later,
                offset,
            }),
            (ReplyForm::EveryLine, Some(_)) if ends => Ok(code),
            (ReplyForm::EveryLine, Some(_)) if goes_on => Ok(None),
            (ReplyForm::EveryLine, _) => Err(Error::NotAReply { offset }),
        }
    }

    fn line_offset(&self) -> u64 {
        self.offset + self.framed as u64
    }

    fn fail<T>(&mut self, error: Error) -> Result<T, Error> {
        self.failed = Some(error);
        Err(error)
    }
}

impl Machine for ReplyReader {
    type Event<'i> = Reply<&'i [u8]>;
    type Error = Error;

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        _out: &mut Vec<u8>,
    ) -> Result<Step<Self::Event<'i>>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        // Nothing behind the longest reply is looked at, not even the end of the stream: so the
        // verdict does not depend on how much came at once.
        let limit = self.config.max_reply;
        let full = input.bytes().len() >= limit;
        let bytes = &input.bytes()[..input.bytes().len().min(limit)];
        loop {
            let rest = bytes.get(self.framed..).unwrap_or_default();
            let step = self.framer.frame(if input.is_last() && !full {
                Input::last(rest)
            } else {
                Input::more(rest)
            });
            match step.next {
                Next::Event(LineEvent::Line { content, .. }) => match self.line(content) {
                    Ok(None) => self.framed += step.consumed,
                    Ok(Some(code)) => {
                        let len = mem::take(&mut self.framed) + step.consumed;
                        self.offset += len as u64;
                        self.first = None;
                        let reply = Reply {
                            code,
                            form: self.config.form,
                            raw: &bytes[..len],
                        };
                        return Ok(Step::event(len, reply));
                    }
                    Err(error) => return self.fail(error),
                },
                Next::Event(LineEvent::TooLong { .. }) => {
                    let limit = self.config.max_line;
                    let offset = self.line_offset();
                    return self.fail(Error::LineTooLong { limit, offset });
                }
                Next::Done if self.framed == 0 => return Ok(Step::done(0)),
                Next::Done | Next::Event(LineEvent::Unfinished { .. }) => {
                    let offset = self.offset + bytes.len() as u64;
                    return self.fail(Error::Truncated { offset });
                }
                Next::NeedMore | Next::Paused if full => {
                    let offset = self.offset;
                    return self.fail(Error::ReplyTooLong { limit, offset });
                }
                Next::NeedMore | Next::Paused => return Ok(Step::need_more(0)),
            }
        }
    }

    fn max_unconsumed(&self) -> usize {
        self.config.max_reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Stray;
    use alloc::vec;

    type Read = (Vec<(u16, Vec<Vec<u8>>)>, Result<(), Error>);

    /// Codes and text lines of all replies in `stream`, and how it ended.
    fn read(config: ReplyConfig, stream: &[u8], piece: usize) -> Read {
        let mut reader = ReplyReader::new(config);
        let (mut at, mut end) = (0, 0);
        let mut replies = Vec::new();
        loop {
            let shown = &stream[at..end];
            let input = if end == stream.len() {
                Input::last(shown)
            } else {
                Input::more(shown)
            };
            let step = match reader.step(input, &mut Vec::new()) {
                Ok(step) => step,
                Err(error) => {
                    assert_eq!(reader.step(input, &mut Vec::new()), Err(error));
                    return (replies, Err(error));
                }
            };
            at += step.consumed;
            match step.next {
                Next::Event(reply) => {
                    assert_eq!(reply.raw().len(), step.consumed);
                    let lines = reply.lines().map(<[u8]>::to_vec).collect();
                    replies.push((reply.code().value(), lines));
                }
                Next::NeedMore => {
                    assert!(shown.len() < reader.max_unconsumed());
                    end = stream.len().min(end + piece);
                }
                Next::Done => return (replies, Ok(())),
                Next::Paused => unreachable!(),
            }
        }
    }

    #[track_caller]
    fn check(config: ReplyConfig, stream: &str, want: &[(u16, &[&str])], end: Result<(), Error>) {
        let want: Vec<_> = want
            .iter()
            .map(|(code, lines)| (*code, lines.iter().map(|l| l.as_bytes().to_vec()).collect()))
            .collect();
        for piece in [stream.len().max(1), 1, 2, 3, 5, 7] {
            let got = read(config, stream.as_bytes(), piece);
            assert_eq!(got, (want.clone(), end), "pieces of {piece}");
        }
    }

    fn strict(config: ReplyConfig) -> ReplyConfig {
        ReplyConfig {
            strict: true,
            ..config
        }
    }

    #[test]
    fn rfc959_4_2_only_the_same_code_and_a_space_end_a_reply() {
        let stream = "123-First line\r\nSecond line\r\n  234 A line beginning with numbers\r\n\
            123-more\r\n124 other\r\n1234\r\n\r\n123 The last line\r\n220 \r\n";
        let lines = [
            "First line",
            "Second line",
            "  234 A line beginning with numbers",
            "more",
            "124 other",
            "1234",
            "",
            "The last line",
        ];
        let want: [(u16, &[&str]); 2] = [(123, &lines), (220, &[""])];
        check(ReplyConfig::ftp(), stream, &want, Ok(()));
        check(strict(ReplyConfig::ftp()), stream, &want, Ok(()));
    }

    #[test]
    fn rfc5321_4_2_every_line_has_the_code() {
        let stream = "250-foo.com\r\n250-8BITMIME\r\n250-\r\n250\r\n354 go\r\n250 HELP\r\n";
        let want: [(u16, &[&str]); 3] = [
            (250, &["foo.com", "8BITMIME", "", ""]),
            (354, &["go"]),
            (250, &["HELP"]),
        ];
        check(ReplyConfig::smtp(), stream, &want, Ok(()));
        check(strict(ReplyConfig::smtp()), stream, &want, Ok(()));
    }

    #[test]
    fn lenient_reading_takes_what_servers_send() {
        let ftp: [(u16, &[&str]); 4] = [
            (220, &["x"]),
            (230, &["a", "b", ""]),
            (200, &["text"]),
            (50, &[""]),
        ];
        check(
            ReplyConfig::ftp(),
            "220 x\n230-a\nb\n230\n200text\r\n050\r\n",
            &ftp,
            Ok(()),
        );
        let smtp: [(u16, &[&str]); 2] = [(251, &["a", "garbage", "c"]), (999, &["d\0"])];
        check(
            ReplyConfig::smtp(),
            "250-a\r\ngarbage\r\n251 c\r\n999 d\0\r\n",
            &smtp,
            Ok(()),
        );
    }

    #[test]
    fn strict_reading_refuses_it() {
        let smtp = strict(ReplyConfig::smtp());
        let ftp = strict(ReplyConfig::ftp());
        let ok: [(u16, &[&str]); 1] = [(220, &["x"])];
        let first = Code::new(250).unwrap();
        let later = Code::new(251).unwrap();
        for (config, stream, error) in [
            (
                smtp,
                "220 x\r\n250-a\r\n251 c\r\n",
                Error::CodeMismatch {
                    first,
                    later,
                    offset: 14,
                },
            ),
            (
                smtp,
                "220 x\r\n250-a\r\nb\r\n250 c\r\n",
                Error::NotAReply { offset: 14 },
            ),
            (
                smtp,
                "220 x\r\n250-a\r\n250xb\r\n",
                Error::NotAReply { offset: 14 },
            ),
            (smtp, "220 x\r\n150 a\r\n", Error::NotAReply { offset: 7 }),
            (smtp, "220 x\r\n260 a\r\n", Error::NotAReply { offset: 7 }),
            (smtp, "220 x\r\n650 a\r\n", Error::NotAReply { offset: 7 }),
            (ftp, "220 x\r\n230x\r\n", Error::NotAReply { offset: 7 }),
            (ftp, "220 x\r\n230\r\n", Error::NotAReply { offset: 7 }),
            (
                ftp,
                "220 x\r\n230-\r\na\nb\r\n230 \r\n",
                Error::Stray {
                    stray: Stray::Lf,
                    offset: 14,
                },
            ),
            (
                smtp,
                "220 x\r\n230 \0\r\n",
                Error::Stray {
                    stray: Stray::Nul,
                    offset: 11,
                },
            ),
        ] {
            check(config, stream, &ok, Err(error));
        }
        // The last line of RFC 959 needs its space; without it, it is a line in between.
        let one: [(u16, &[&str]); 1] = [(230, &["a", "", "b"])];
        check(ftp, "230-a\r\n230\r\n230 b\r\n", &one, Ok(()));
    }

    #[test]
    fn what_is_no_reply_is_an_error_in_any_reading() {
        for stream in ["hello\r\n", "\r\n", "22\r\n", "2x0 a\r\n"] {
            for config in [ReplyConfig::ftp(), strict(ReplyConfig::smtp())] {
                check(config, stream, &[], Err(Error::NotAReply { offset: 0 }));
            }
        }
    }

    #[test]
    fn a_reply_is_bounded_in_lines_and_in_all() {
        let config = ReplyConfig {
            max_line: 10,
            max_reply: 20,
            ..ReplyConfig::ftp()
        };
        let longest: [(u16, &[&str]); 2] = [(200, &["456789"]), (200, &["456", "89012"])];
        check(
            config,
            "200 456789\r\n200-456\r\n200 89012\r\n",
            &longest,
            Ok(()),
        );
        let limit = 10;
        check(
            config,
            "200 4567890\r\n",
            &[],
            Err(Error::LineTooLong { limit, offset: 0 }),
        );
        check(
            config,
            "200-\r\n45678901234567890",
            &[],
            Err(Error::LineTooLong { limit, offset: 6 }),
        );
        let limit = 20;
        for stream in [
            "200-\r\n67890\r\n3456789",
            "200-\r\n67890\r\n345678\r",
            "200-\r\n67890\r\n3456789\r\n",
            "200-\r\n67890\r\n345678901234567",
            "200-\r\n67890\r\n200 7890\r\n",
        ] {
            check(
                config,
                stream,
                &[],
                Err(Error::ReplyTooLong { limit, offset: 0 }),
            );
        }
    }

    #[test]
    fn the_end_of_the_stream_inside_a_reply_is_an_error() {
        let one: [(u16, &[&str]); 1] = [(220, &["x"])];
        check(
            ReplyConfig::ftp(),
            "220 x\r\n230-a\r\n",
            &one,
            Err(Error::Truncated { offset: 14 }),
        );
        check(
            ReplyConfig::ftp(),
            "220 x\r\n230 a",
            &one,
            Err(Error::Truncated { offset: 12 }),
        );
        check(ReplyConfig::ftp(), "", &[], Ok(()));
    }

    #[test]
    fn a_reader_knows_whether_it_is_inside_a_reply() {
        let mut reader = ReplyReader::new(ReplyConfig::ftp());
        let mut step = |bytes, inside| {
            let _ = reader.step(Input::more(bytes), &mut vec![]).unwrap();
            assert_eq!(reader.is_inside_reply(), inside);
        };
        step(b"230", false);
        step(b"230-\r\n", true);
        step(b"230-\r\n230 \r\n", false);
    }
}
