//! TELNET: the chunks are what the peer sends.

pub(crate) mod meaning;
mod settings;
mod words;

pub(crate) use settings::{KEYS, is_raw};
pub(crate) use words::{annotate, annotate_sent};

use super::json::{BadCase, Case, ErrorObject, Outcome};
use super::stream::{Events, Reader, feed};
use serde_json::{Value, json};
use settings::{Acts, Settings};
use std::convert::Infallible;
use std::ops::Range;
use wirelore_telnet_nvt::{Event, Receiver, Side, Verb};

/// Decodes the stream, and carries out what the configuration wants done between its chunks.
pub(crate) fn decode(case: &Case) -> Result<Outcome, BadCase> {
    let settings = Settings::read(&case.config, case.chunks.len())?;
    let mut receiver = Receiver::new(settings.config);
    let mut printed = Printed {
        acts: settings.acts,
        events: Events::default(),
    };
    let fed = feed(&mut receiver, &mut printed, &case.chunks, case.eof);
    Ok(fed.with(printed.events))
}

struct Printed {
    acts: Acts,
    events: Events,
}

impl Reader<Receiver> for Printed {
    fn before(&mut self, receiver: &mut Receiver, chunk: usize, out: &mut Vec<u8>) {
        self.acts.before(receiver, chunk, out);
    }

    fn event(&mut self, _: &mut Receiver, event: Event<&[u8]>, _: Range<usize>, _: &mut Vec<u8>) {
        match event {
            Event::Data(data) => self.events.piece("data", "data", data),
            event => {
                if let Some(event) = value(&event) {
                    self.events.push(event);
                }
            }
        }
    }

    fn error(&mut self, error: Infallible) -> ErrorObject {
        match error {}
    }
}

/// An event that is not data; `None` when it is one that the format does not have.
fn value(event: &Event<&[u8]>) -> Option<Value> {
    Some(match event {
        Event::Command(command) => json!({
            "event": "command",
            "code": command.0,
            "name": command.name(),
        }),
        Event::Option { side, option, on } => json!({
            "event": "option",
            "side": side_word(*side),
            "option": option.0,
            "name": option.name(),
            "on": on,
        }),
        Event::Refused { side, option } => json!({
            "event": "refused",
            "side": side_word(*side),
            "option": option.0,
        }),
        Event::TimingMark(_) => json!({ "event": "timing-mark" }),
        Event::Subnegotiation { option, payload } => json!({
            "event": "subnegotiation",
            "option": option.0,
            "payload_hex": hex::encode(payload.to_cow()),
        }),
        Event::Violation { offset, violation } => json!({
            "event": "violation",
            "kind": violation.kind(),
            "offset": offset,
        }),
        _ => return None,
    })
}

/// The word for a side, in both directions.
pub(crate) const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Us => "us",
        Side::Him => "him",
    }
}

/// The word for a verb, in both directions.
pub(crate) const fn verb_word(verb: Verb) -> &'static str {
    match verb {
        Verb::Will => "will",
        Verb::Wont => "wont",
        Verb::Do => "do",
        Verb::Dont => "dont",
    }
}

/// The verb of a word.
pub(crate) fn verb_of(word: &str) -> Option<Verb> {
    [Verb::Will, Verb::Wont, Verb::Do, Verb::Dont]
        .into_iter()
        .find(|verb| verb_word(*verb) == word)
}
