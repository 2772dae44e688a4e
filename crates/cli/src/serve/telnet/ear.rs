//! What a peer says over TELNET: what it typed, and, where everything is to be logged, the rest.

use super::keys::Key;
use serde_json::{Value, json};
use std::collections::VecDeque;
use wirelore_core::escape;
use wirelore_telnet_nvt::wire::option::TerminalType;
use wirelore_telnet_nvt::{Command, Event, Fact, OptionCode, Side, Violation};

/// So many things are noted of one session. A peer that says more is not written down any further.
const NOTES: u32 = 1000;
/// So many octets of a subnegotiation are written down.
const OCTETS: usize = 1024;

/// Something that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    /// Is somebody there?
    Ask,
    Octet(u8),
    /// What TELNET has instead of a key.
    Key(Key),
    /// Output is not wanted any more.
    Stop,
    /// The same, and what is on its way is not wanted either.
    AbortOutput,
}

/// Something for the log.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Note {
    pub(super) what: &'static str,
    pub(super) text: String,
    pub(super) members: Vec<(&'static str, Value)>,
}

/// Hears events.
#[derive(Debug, Default)]
pub(super) struct Ear {
    /// Bounded by what the driver receives at once, since all is dealt with after each event.
    pub(super) strokes: VecDeque<Stroke>,
    logs: bool,
    noted: u32,
    /// The peer wants to echo by itself.
    pub(super) echo_refused: bool,
}

impl Ear {
    pub(super) fn new(logs: bool) -> Self {
        Self {
            logs,
            ..Self::default()
        }
    }

    /// What is to be noted of an event, if anything is.
    pub(super) fn hear(&mut self, event: &Event<&[u8]>) -> Option<Note> {
        match *event {
            Event::Data(data) => {
                self.strokes.extend(data.iter().copied().map(Stroke::Octet));
                return None;
            }
            Event::Command(command) => self.command(command),
            Event::Refused {
                side: Side::Us,
                option: OptionCode::ECHO,
            } => self.echo_refused = true,
            Event::Option {
                side: Side::Us,
                option: OptionCode::ECHO,
                on,
            } => self.echo_refused = !on,
            _ => {}
        }
        if !self.logs || self.noted > NOTES {
            return None;
        }
        let note = note(event)?;
        self.noted += 1;
        Some(match self.noted > NOTES {
            true => Note {
                what: "enough",
                text: format!("said {NOTES} things; what follows is not noted"),
                members: Vec::new(),
            },
            false => note,
        })
    }

    fn command(&mut self, command: Command) {
        let stroke = match command {
            Command::IP | Command::BRK | Command::ABORT => {
                self.strokes.push_back(Stroke::Stop);
                Stroke::Key(Key::Interrupt)
            }
            Command::AO => Stroke::AbortOutput,
            Command::AYT => Stroke::Ask,
            Command::EC => Stroke::Key(Key::Backspace),
            Command::EL => Stroke::Key(Key::KillLine),
            Command::EOF => Stroke::Key(Key::EndOfInput),
            _ => return,
        };
        self.strokes.push_back(stroke);
    }
}

/// What there is to note of an event. All that a peer chose is escaped or in hexadecimal.
fn note(event: &Event<&[u8]>) -> Option<Note> {
    let side = |side| match side {
        Side::Us => "server",
        Side::Him => "client",
    };
    let option_members = |at, option: OptionCode| {
        vec![
            ("side", Value::from(side(at))),
            ("option", option.to_string().into()),
            ("code", option.0.into()),
        ]
    };
    let (what, text, members) = match *event {
        Event::Command(command) => (
            "command",
            format!("sent {command}"),
            vec![
                ("command", command.to_string().into()),
                ("code", command.0.into()),
            ],
        ),
        Event::Option {
            side: at,
            option,
            on,
        } => {
            let mut members = option_members(at, option);
            members.push(("on", on.into()));
            let text = format!(
                "option {option} of the {} is {}",
                side(at),
                if on { "on" } else { "off" }
            );
            ("option", text, members)
        }
        Event::Refused { side: at, option } => (
            "option-refused",
            format!("refused option {option} of the {}", side(at)),
            option_members(at, option),
        ),
        Event::Declined { side: at, option } => (
            "option-declined",
            format!("asked for option {option} of the {}, in vain", side(at)),
            option_members(at, option),
        ),
        Event::TimingMark(_) => ("timing-mark", "wanted a timing mark".to_owned(), Vec::new()),
        Event::Subnegotiation { option, payload } => {
            let payload: Vec<u8> = payload.octets().take(OCTETS).collect();
            let hex = hex::encode(&payload);
            match TerminalType::parse(&payload) {
                Ok(TerminalType::Is(name)) if option == OptionCode::TTYPE => (
                    "terminal-type",
                    format!("terminal type {}", escape(name)),
                    vec![
                        ("name", String::from_utf8_lossy(name).into()),
                        ("hex", hex.into()),
                    ],
                ),
                _ => (
                    "subnegotiation",
                    format!("subnegotiation of {option}: {}", escape(&payload)),
                    vec![
                        ("option", option.to_string().into()),
                        ("code", option.0.into()),
                        ("hex", hex.into()),
                    ],
                ),
            }
        }
        Event::Learned(Fact::Window { columns, rows }) => (
            "window",
            format!("window of {columns} by {rows}"),
            vec![("columns", columns.into()), ("rows", rows.into())],
        ),
        Event::Learned(Fact::Malformed { option, error }) => (
            "violation",
            format!("subnegotiation of {option} cannot be read: {error}"),
            vec![
                ("kind", "malformed".into()),
                ("option", option.to_string().into()),
            ],
        ),
        Event::Violation { offset, violation } => {
            let kind = violation.kind();
            let mut members = vec![("kind", json!(kind)), ("offset", offset.into())];
            if let Violation::SbInterrupted { payload, .. } = violation {
                let payload: Vec<u8> = payload.octets().take(OCTETS).collect();
                members.push(("hex", hex::encode(payload).into()));
            }
            ("violation", format!("violation: {kind}"), members)
        }
        _ => return None,
    };
    Some(Note {
        what,
        text,
        members,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirelore_telnet_nvt::Payload;

    fn sub(option: OptionCode, raw: &[u8]) -> Event<&[u8]> {
        let payload = Payload::from_raw(raw);
        Event::Subnegotiation { option, payload }
    }

    #[test]
    fn commands_are_keys() {
        let mut ear = Ear::new(false);
        ear.hear(&Event::Data(b"a"));
        for command in [Command::EC, Command::AO, Command::NOP, Command::IP] {
            assert_eq!(ear.hear(&Event::Command(command)), None);
        }
        let heard: Vec<_> = ear.strokes.into();
        let wanted = [
            Stroke::Octet(b'a'),
            Stroke::Key(Key::Backspace),
            Stroke::AbortOutput,
            Stroke::Stop,
            Stroke::Key(Key::Interrupt),
        ];
        assert_eq!(heard, wanted);
    }

    #[test]
    fn what_is_noted_is_safe_and_whole() {
        let mut ear = Ear::new(true);
        assert_eq!(ear.hear(&Event::Data(b"not noted")), None);
        let on = Event::Option {
            side: Side::Him,
            option: OptionCode(200),
            on: true,
        };
        let events = [
            sub(OptionCode::TTYPE, b"\0VT\x1b[2J"),
            sub(OptionCode::NEW_ENVIRON, b"\0\0USER\x01\x1b\xff\xff"),
            on,
        ];
        let notes: Vec<_> = events.iter().filter_map(|event| ear.hear(event)).collect();
        let texts: Vec<_> = notes.iter().map(|note| &*note.text).collect();
        let wanted = [
            r"terminal type VT\x1b[2J",
            r"subnegotiation of NEW-ENVIRON: \x00\x00USER\x01\x1b\xff",
            "option 200 of the client is on",
        ];
        assert_eq!(texts, wanted);
        let hex = ("hex", json!("000055534552011bff"));
        assert!(notes[1].members.contains(&hex));
    }

    #[test]
    fn there_is_an_end_to_notes() {
        let mut ear = Ear::new(true);
        let events = (0..NOTES * 3).filter_map(|_| ear.hear(&Event::Command(Command::NOP)));
        let notes: Vec<_> = events.collect();
        assert_eq!(notes.len(), NOTES as usize + 1);
        assert_eq!(notes.last().map(|note| note.what), Some("enough"));
    }
}
