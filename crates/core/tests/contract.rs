//! The machines of this crate against the contract.

use core::convert::Infallible;

use wirelore_core::dot::{DotConfig, DotEvent, DotReceiver};
use wirelore_core::lines::{LineConfig, LineEvent, LineReceiver, write_line};
use wirelore_core::reply::{self, Code, Reply, ReplyConfig, ReplyForm, ReplyReader};
use wirelore_core::{Machine, escape};
use wirelore_testkit::contract::{Log, Subject, refuses_line_breaks};
use wirelore_testkit::contract_suite;

#[derive(Clone)]
struct Lines {
    accept_bare_lf: bool,
}

impl Subject for Lines {
    type Machine = LineReceiver;

    fn machine(&self) -> LineReceiver {
        LineReceiver::new(LineConfig {
            max_line: 20,
            accept_bare_lf: self.accept_bare_lf,
        })
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        [
            &b"HELO\r\n\r\na\nb\r\nc\rd\r\r\n\0\r\n"[..],
            b"twenty octets exactly"[..20].as_ref(),
            b"twenty octets exactl\r\ntwenty octets exactly\r\nok\r\n",
            b"much, much too long\rto be\na line\r\r\nok\r\nand another one without end",
            b"no end\r",
            b"",
        ]
        .map(<[u8]>::to_vec)
        .to_vec()
    }

    fn event(
        &mut self,
        _: &mut LineReceiver,
        event: LineEvent<&[u8]>,
        _: &mut Vec<u8>,
        log: &mut Log,
    ) {
        let event = event.map(escape);
        log.fact(format_args!("{event:?}"));
    }

    fn unit(&self) -> Vec<u8> {
        b"NOOP\r\nan over-long line, skipped\r\n".to_vec()
    }

    fn long(&self, len: usize) -> (LineReceiver, Vec<u8>) {
        let config = LineConfig {
            max_line: len,
            accept_bare_lf: self.accept_bare_lf,
        };
        (LineReceiver::new(config), vec![b'\r'; len])
    }
}

contract_suite!(
    strict_lines,
    Lines {
        accept_bare_lf: false
    }
);
contract_suite!(
    tolerant_lines,
    Lines {
        accept_bare_lf: true
    }
);

/// Lines that are skipped for ever.
#[derive(Clone)]
struct Skipped;

impl Subject for Skipped {
    type Machine = LineReceiver;

    fn machine(&self) -> LineReceiver {
        LineReceiver::new(LineConfig {
            max_line: 0,
            accept_bare_lf: false,
        })
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        vec![b"\r\na\r\n\r\r\n\n\r\n\r".to_vec(), b"a\r".to_vec()]
    }

    fn event(
        &mut self,
        _: &mut LineReceiver,
        event: LineEvent<&[u8]>,
        _: &mut Vec<u8>,
        log: &mut Log,
    ) {
        log.fact(format_args!("{event:?}"));
    }

    fn unit(&self) -> Vec<u8> {
        b"a\r\n\r\n".to_vec()
    }

    fn long(&self, len: usize) -> (LineReceiver, Vec<u8>) {
        (self.machine(), b"\ra".repeat(len / 2))
    }
}

contract_suite!(skipped_lines, Skipped);

#[derive(Clone)]
struct Replies(ReplyConfig);

impl Replies {
    fn new(config: ReplyConfig, strict: bool) -> Self {
        Self(ReplyConfig {
            strict,
            max_line: 30,
            max_reply: 60,
            ..config
        })
    }
}

impl Subject for Replies {
    type Machine = ReplyReader;

    fn machine(&self) -> ReplyReader {
        ReplyReader::new(self.0)
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        [
            "220 ready\r\n250-mx\r\n250-SIZE 1\r\n250 HELP\r\n221 bye\r\n",
            "123-First\r\nSecond\r\n 234 x\r\n123-a\r\n124 b\r\n123 Last\r\n050\r\n",
            "250-a\r\n251 b\r\n250-a\r\n251-b\r\n250 c\r\n",
            "220 a\nb\r\n220-\rc\0\r\n220 \r\n",
            "200-\r\n200\r\n200 \r\n200x\r\n",
            "220 ready\r\nhello\r\n",
            "220 this line is longer than thirty octets\r\n",
            "220-\r\na reply that\r\nis altogether\r\nlonger than\r\nsixty octets\r\n220 \r\n",
            "220-\r\nexactly so many octets\r\nas fit in sixty, no more\r\n220 ",
            "220-\r\nnot finished\r\n",
            "220 not finished",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
    }

    fn event(&mut self, _: &mut ReplyReader, reply: Reply<&[u8]>, _: &mut Vec<u8>, log: &mut Log) {
        for line in reply.lines() {
            log.fact(format_args!("{} {}", reply.code(), escape(line)));
        }
    }

    fn unit(&self) -> Vec<u8> {
        b"250-a\r\n250-b\r\n250 c\r\n354 go\r\n".to_vec()
    }

    fn long(&self, len: usize) -> (ReplyReader, Vec<u8>) {
        let config = ReplyConfig {
            max_line: len,
            max_reply: len + 100,
            ..self.0
        };
        let long_line = self.0.strict;
        let text = if long_line {
            [&b"250-"[..], &vec![b'a'; len - 4]].concat()
        } else {
            b"250-a\r\n".repeat(len / 7)
        };
        (ReplyReader::new(config), text)
    }

    fn words(&self) -> Vec<&'static [u8]> {
        vec![
            b"250", b"250-", b"250 ", b"251 ", b"\r\n", b"\n", b"\r", b"\0", b"a", b"123-",
        ]
    }
}

contract_suite!(ftp_replies, Replies::new(ReplyConfig::ftp(), false));
contract_suite!(strict_ftp_replies, Replies::new(ReplyConfig::ftp(), true));
contract_suite!(smtp_replies, Replies::new(ReplyConfig::smtp(), false));
contract_suite!(strict_smtp_replies, Replies::new(ReplyConfig::smtp(), true));

#[derive(Clone)]
struct Dots(DotConfig);

impl Subject for Dots {
    type Machine = DotReceiver;

    fn machine(&self) -> DotReceiver {
        DotReceiver::new(self.0)
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        [
            "a line\r\n..b\r\n...\r\n.c.\r\n\r\n.\r\nQUIT\r\n",
            ".\r\n.\r\n",
            "a\n.\nb\r.\rc\r\n.\rd\r\n.\ne\n.\r\nf\r.\r\ng\0\r\n.\r\n",
            "\n.\n",
            "\r\r\n.\r\r\n.\r\r\n.\r\n",
            "a line that is longer than ten octets\r\n.\r\n",
            "ten octets\r\n.ten octets\r\n.ten octets!\r\nten octets\r!\r\n.\r\n",
            "0123456789\r\n01234567\n\n\r\n0123456789\r\r\n.\r\n",
            "the end is missing",
            "the end is missing\r\n.\r",
            "",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
    }

    fn event(
        &mut self,
        machine: &mut DotReceiver,
        event: DotEvent<&[u8]>,
        _: &mut Vec<u8>,
        log: &mut Log,
    ) {
        match event {
            DotEvent::Data(data) => log.data("text", data),
            other => log.fact(format_args!(
                "{other:?}, {} octets",
                machine.report().octets
            )),
        }
    }

    fn unit(&self) -> Vec<u8> {
        b"a line\r\n..b\r\n\r\n".to_vec()
    }

    fn long(&self, len: usize) -> (DotReceiver, Vec<u8>) {
        (self.machine(), vec![b'a'; len])
    }
}

contract_suite!(dots, Dots(DotConfig::default()));
contract_suite!(
    watched_dots,
    Dots(DotConfig {
        max_line: Some(10),
        measure: true,
    })
);

/// The report does not depend on the cutting either.
#[test]
fn a_report_is_the_same_in_any_cutting() {
    let config = DotConfig {
        max_line: Some(10),
        measure: true,
    };
    for input in Dots(config).inputs() {
        let mut first = None;
        for cutting in wirelore_testkit::Cutting::all(input.len(), 1) {
            let mut machine = DotReceiver::new(config);
            let mut held = Vec::new();
            for piece in cutting.pieces(&input) {
                held.extend_from_slice(piece);
                while let Ok(step) = machine
                    .step(wirelore_core::Input::more(&held), &mut Vec::new())
                    .map(|step| (step.consumed, step.map(drop)))
                    && matches!(step.1.next, wirelore_core::Next::Event(()))
                {
                    held.drain(..step.0);
                }
            }
            let report = machine.report();
            assert_eq!(*first.get_or_insert(report), report, "{cutting:?}");
        }
    }
}

#[test]
fn rule_10_writers_refuse_line_breaks() {
    refuses_line_breaks(b"hello", |text, out| write_line(&[b"USER ", text], out));
    let code = Code::new(250).unwrap();
    for form in [ReplyForm::FreeMiddle, ReplyForm::EveryLine] {
        refuses_line_breaks(b"hello", |text, out| reply::write(form, code, [text], out));
        refuses_line_breaks(b"hello", |text, out| {
            reply::write(form, code, [&b"x"[..], text, b"y"], out)
        });
    }
}

/// The line receiver cannot fail, and says so.
#[test]
fn lines_have_no_error() {
    fn error_of<M: Machine<Error = Infallible>>(_: M) {}
    error_of(LineReceiver::new(LineConfig::default()));
}
