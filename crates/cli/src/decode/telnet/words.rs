//! A TELNET stream in words for people: the receiver says what each octet came to.

use super::super::json::{BadCase, Config, ErrorObject};
use super::super::render::{Annotation, Field, Mark, Severity, Text, count_of};
use super::super::stream::{Reader, feed};
use super::meaning;
use super::settings::{Acts, Settings};
use std::convert::Infallible;
use std::ops::Range;
use wirelore_telnet_nvt::wire::items::{Item, items};
use wirelore_telnet_nvt::wire::option::Subnegotiation;
use wirelore_telnet_nvt::{Command, Event, OptionCode, Payload, Receiver, Side, Violation};

/// What the peer sent, with what came of it.
pub(crate) fn annotate(octets: &[u8], config: &Config) -> Result<Annotation, BadCase> {
    let settings = Settings::read(config, 1)?;
    Ok(walk(octets, settings, true))
}

/// What we sent.
pub(crate) fn annotate_sent(octets: &[u8]) -> Annotation {
    let settings = Settings::read(&Config::new(), 1).expect("no key is wrong");
    walk(octets, settings, false)
}

fn walk(octets: &[u8], settings: Settings, heard: bool) -> Annotation {
    let mut receiver = Receiver::new(settings.config);
    let mut page = Page {
        octets,
        acts: settings.acts,
        heard,
        overflown: false,
        in_synch: false,
        sent: 0,
        counts: [0; COUNTED.len()],
        fields: Vec::new(),
        marks: Vec::new(),
    };
    feed(&mut receiver, &mut page, &[octets.to_vec()], true);
    Annotation {
        head: "TELNET",
        words: page.words(),
        fields: page.fields,
        marks: page.marks,
    }
}

/// What the title counts.
const COUNTED: [&str; 5] = [
    "data octet",
    "command",
    "negotiation",
    "subnegotiation",
    "violation",
];

#[derive(Clone, Copy)]
enum Counted {
    Data,
    Command,
    Negotiation,
    Subnegotiation,
    Violation,
}

struct Page<'d> {
    octets: &'d [u8],
    acts: Acts,
    /// The octets are the peer's: tell what came of them.
    heard: bool,
    /// Inside a subnegotiation that is too long.
    overflown: bool,
    in_synch: bool,
    /// How much of what we sent was told.
    sent: usize,
    counts: [u64; COUNTED.len()],
    fields: Vec<Field>,
    marks: Vec<Mark>,
}

impl Reader<Receiver> for Page<'_> {
    fn before(&mut self, receiver: &mut Receiver, chunk: usize, out: &mut Vec<u8>) {
        self.acts.before(receiver, chunk, out);
        self.in_synch = receiver.is_in_synch();
        self.sent = out.len();
    }

    fn event(
        &mut self,
        _: &mut Receiver,
        event: Event<&[u8]>,
        octets: Range<usize>,
        out: &mut Vec<u8>,
    ) {
        self.overflown = false;
        match event {
            Event::Data(data) => self.data(octets, data),
            Event::Command(command) => {
                self.in_synch &= command != Command::DM;
                self.command(octets, command_words(command));
            }
            Event::Option { side, on, .. } => {
                let state = if on { "on" } else { "off" };
                let words = format!("{} is {state}", end_words(side));
                self.negotiation(octets, &words, out);
            }
            Event::Refused { .. } => self.negotiation(octets, "we are refused", out),
            Event::Declined { .. } => self.negotiation(octets, "not agreed to", out),
            Event::TimingMark(Side::Us) => self.negotiation(octets, "asks for a mark", out),
            Event::TimingMark(Side::Him) => self.negotiation(octets, "the mark is here", out),
            Event::Subnegotiation { option, payload } => {
                self.count(Counted::Subnegotiation, 1);
                let end = octets.end - 2;
                self.payload(octets.start..end, option, &payload);
                self.field(end..octets.end, "end", "IAC SE", "");
            }
            Event::Violation { offset, violation } => {
                self.violated(octets, offset as usize, &violation, out);
            }
            Event::Asked { .. } | _ => self.dump(octets, ""),
        }
    }

    fn skipped(&mut self, octets: Range<usize>, out: &[u8]) {
        let shown = &self.octets[octets.clone()];
        if self.overflown {
            match shown {
                [255, code, ..] if !matches!(code, 240 | 255) => self.overflown = false,
                [.., 255, 240] => {
                    self.overflown = false;
                    let end = octets.end - 2;
                    self.dump(octets.start..end, "skipped");
                    return self.field(end..octets.end, "end", "IAC SE", "");
                }
                _ => return self.dump(octets, "skipped"),
            }
        }
        match *shown {
            [255, 250, option, ..] => {
                let value = format!("IAC SB {}", OptionCode(option));
                self.field(octets, "begin", &value, "");
            }
            [255, 251..=254, _] => self.negotiation(octets, "nothing changes", out),
            [255, 247 | 248] => self.command(octets, "dropped"),
            [0] if !self.in_synch => self.field(octets, "NUL", "left out", "it belongs to the CR"),
            _ => self.dump(octets, "dropped"),
        }
    }

    fn error(&mut self, error: Infallible) -> ErrorObject {
        match error {}
    }
}

impl Page<'_> {
    /// `data`, and behind it maybe the second 255 or the NUL that is left out.
    fn data(&mut self, octets: Range<usize>, data: &[u8]) {
        self.count(Counted::Data, data.len() as u64);
        let skip = octets.len() - data.len();
        match data {
            // of two 255, one was the data
            [rest @ .., 255] if self.octets[octets.end - 1] == 255 => {
                let end = octets.start + rest.len();
                self.dump(octets.start..end, "data");
                self.field(end..octets.end, "data", "IAC IAC", "255");
            }
            _ => {
                let end = octets.end - skip;
                self.dump(octets.start..end, "data");
                if skip > 0 {
                    self.field(end..octets.end, "NUL", "left out", "it belongs to the CR");
                }
            }
        }
    }

    fn command(&mut self, octets: Range<usize>, meaning: &str) {
        self.count(Counted::Command, 1);
        let command = Command(self.octets[octets.start + 1]);
        self.field(octets, "command", &format!("IAC {command}"), meaning);
    }

    fn negotiation(&mut self, octets: Range<usize>, remark: &str, out: &[u8]) {
        self.count(Counted::Negotiation, 1);
        let [_, verb, option] = self.octets[octets.clone()] else {
            return self.dump(octets, "");
        };
        let value = format!("IAC {} {}", Command(verb), OptionCode(option));
        let answer = self.answer(out);
        let meaning = match self.heard {
            true => format!("{remark}{answer}"),
            false => String::new(),
        };
        self.field(octets, "option", &value, &meaning);
    }

    /// What we said since this was asked last.
    fn answer(&mut self, out: &[u8]) -> String {
        let said = items(&out[self.sent..]).filter_map(|item| match item {
            Item::Negotiation { verb, option } => Some(format!("; we say {verb} {option}")),
            _ => None,
        });
        let said = said.collect();
        self.sent = out.len();
        said
    }

    /// The payload of a subnegotiation, whole or not.
    fn payload(&mut self, octets: Range<usize>, option: OptionCode, payload: &Payload<&[u8]>) {
        if octets.is_empty() {
            return;
        }
        let payload = payload.to_cow();
        match Subnegotiation::parse(option, &payload) {
            Ok(Some(said)) => self.field(octets, "payload", &meaning::words(&said), ""),
            Ok(None) => self.dump(octets, "payload"),
            Err(error) => {
                let at = octets.start;
                self.dump(octets, "payload");
                let text = format!("not as {option} has it: {error} [{}]", error.kind());
                self.mark(at, Severity::Note, text);
            }
        }
    }

    fn violated(
        &mut self,
        octets: Range<usize>,
        at: usize,
        violation: &Violation<&[u8]>,
        out: &[u8],
    ) {
        self.count(Counted::Violation, 1);
        let text = match violation {
            Violation::AnsweredWrong { on, .. } => {
                let state = if *on { "on" } else { "off" };
                self.negotiation(octets, "", out);
                format!("\"off\" was answered with \"on\"; it is {state}")
            }
            Violation::StraySe => {
                self.field(octets, "end", "IAC SE", "");
                "no subnegotiation ends here".into()
            }
            Violation::SbEmpty => {
                self.field(octets, "empty", "IAC SB IAC SE", "");
                "a subnegotiation without an option".into()
            }
            Violation::SbInterrupted { option, payload } => {
                match option {
                    Some(option) => self.payload(octets, *option, payload),
                    None => self.field(octets, "begin", "IAC SB", ""),
                }
                "the subnegotiation is cut short by a command".into()
            }
            Violation::SbOverflow { .. } => {
                self.overflown = true;
                self.dump(octets, "payload");
                "the subnegotiation is too long and is left out".into()
            }
            Violation::Truncated => {
                self.dump(octets, "");
                "the stream ends inside this".into()
            }
            Violation::TooManyRequests | _ => {
                self.dump(octets, "");
                "not allowed".into()
            }
        };
        let text = format!("{text} [{}]", violation.kind());
        self.mark(at, Severity::Violation, text);
    }

    fn words(&self) -> String {
        let counted = COUNTED.iter().zip(self.counts);
        let counted = counted.filter(|(_, count)| *count > 0);
        let words: Vec<_> = counted.map(|(what, count)| count_of(count, what)).collect();
        words.join(", ")
    }

    fn count(&mut self, what: Counted, more: u64) {
        self.counts[what as usize] += more;
    }

    /// Octets without a structure; those that follow others of the same kind are one field.
    fn dump(&mut self, octets: Range<usize>, label: &'static str) {
        if octets.is_empty() {
            return;
        }
        if let Some(Field {
            octets: before,
            label: same,
            text: Text::Dump,
        }) = self.fields.last_mut()
            && *same == label
        {
            before.end = octets.end;
            return;
        }
        self.fields.push(Field {
            octets,
            label,
            text: Text::Dump,
        });
    }

    fn field(&mut self, octets: Range<usize>, label: &'static str, value: &str, meaning: &str) {
        self.fields.push(Field {
            octets,
            label,
            text: Text::Words(value.into(), meaning.into()),
        });
    }

    fn mark(&mut self, at: usize, severity: Severity, text: String) {
        self.marks.push(Mark { at, severity, text });
    }
}

const fn end_words(side: Side) -> &'static str {
    match side {
        Side::Us => "ours",
        Side::Him => "the peer's",
    }
}

/// What a command is for.
fn command_words(command: Command) -> &'static str {
    match command {
        Command::EOF => "end of file",
        Command::SUSP => "suspend",
        Command::ABORT => "abort",
        Command::EOR => "end of record",
        Command::NOP => "no operation",
        Command::DM => "data mark: end of a Synch",
        Command::BRK => "break",
        Command::IP => "interrupt process",
        Command::AO => "abort output",
        Command::AYT => "are you there",
        Command::EC => "erase character",
        Command::EL => "erase line",
        Command::GA => "go ahead",
        _ => "not known",
    }
}
