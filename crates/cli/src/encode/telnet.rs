//! TELNET: the events one after the other, as the peer would have sent them.

use crate::decode::json::{BadCase, Config, ErrorObject, octets_of_hex};
use crate::decode::telnet::{is_raw, side_word, verb_of};
use serde_json::Value;
use wirelore_telnet_nvt::wire::code::IAC;
use wirelore_telnet_nvt::wire::escape_into;
use wirelore_telnet_nvt::wire::payload::write_subnegotiation;
use wirelore_telnet_nvt::{Command, OptionCode, Side, Verb};

/// Takes the keys of the decoder, of which only `mode` matters.
pub(super) fn encode(events: &[Value], config: &Config) -> Result<Vec<u8>, ErrorObject> {
    let mut stream = Stream {
        octets: Vec::new(),
        raw: is_raw(config).map_err(ErrorObject::bad_case)?,
        binary: false,
        after_cr: false,
    };
    for (n, value) in events.iter().enumerate() {
        let in_event = |mut error: ErrorObject| {
            error.message = format!("events[{n}]: {}", error.message);
            error
        };
        let event = Event::read(value).map_err(|why| in_event(ErrorObject::bad_case(why)))?;
        stream.write(&event).map_err(in_event)?;
    }
    stream.end_text();
    Ok(stream.octets)
}

enum Event {
    Data(Vec<u8>),
    Command(Command),
    Negotiation(Verb, OptionCode),
    /// What makes the option be on or off, or refused, for the decoder.
    Option(Side, OptionCode, bool),
    Subnegotiation(OptionCode, Vec<u8>),
    Violation,
}

impl Event {
    fn read(value: &Value) -> Result<Self, BadCase> {
        let member = |key| value.get(key).unwrap_or(&Value::Null);
        let hex = |key| octets_of_hex(member(key)).map_err(|why| format!("{key}: {why}"));
        let octet = |key| match member(key).as_u64().map(u8::try_from) {
            Some(Ok(number)) => Ok(number),
            _ => Err(format!("{key}: not a number from 0 to 255")),
        };
        let option = || octet("option").map(OptionCode);
        let side = || match member("side").as_str() {
            Some(word) if word == side_word(Side::Us) => Ok(Side::Us),
            Some(word) if word == side_word(Side::Him) => Ok(Side::Him),
            _ => Err("side: neither us nor him"),
        };
        match member("event").as_str() {
            Some("data") => hex("data").map(Self::Data),
            Some("command") => octet("code").map(|code| Self::Command(Command(code))),
            Some("negotiation") => match member("verb").as_str().and_then(verb_of) {
                Some(verb) => Ok(Self::Negotiation(verb, option()?)),
                None => Err("verb: not do, dont, will or wont".into()),
            },
            Some("option") => match member("on").as_bool() {
                Some(on) => Ok(Self::Option(side()?, option()?, on)),
                None => Err("on: not a boolean".into()),
            },
            Some("refused") => Ok(Self::Option(side()?, option()?, false)),
            Some("subnegotiation") => Ok(Self::Subnegotiation(option()?, hex("payload_hex")?)),
            Some("timing-mark") => Ok(Self::Negotiation(Verb::Do, OptionCode::TIMING_MARK)),
            Some("violation") => Ok(Self::Violation),
            Some(other) => Err(format!("unknown event {other:?}")),
            None => Err("event: not a string".into()),
        }
    }
}

struct Stream {
    octets: Vec<u8>,
    /// The mode of the decoder.
    raw: bool,
    /// The events say that the peer sends BINARY now.
    binary: bool,
    /// The last octet of data is a CR: the decoder leaves out a NUL behind it, also behind commands.
    after_cr: bool,
}

impl Stream {
    fn write(&mut self, event: &Event) -> Result<(), ErrorObject> {
        if let Event::Data(data) = event {
            self.data(data);
            return Ok(());
        }
        self.end_text();
        match event {
            Event::Command(command) => {
                if *command == Command::SE || command.0 >= Command::SB.0 {
                    let message = format!("{command} is not a command of two octets");
                    return Err(refused("not-a-command", message));
                }
                self.octets.extend_from_slice(&[IAC, command.0]);
            }
            Event::Negotiation(verb, option) => {
                self.octets.extend_from_slice(&[IAC, verb.code(), option.0]);
            }
            Event::Option(side, option, on) => {
                let verb = match (side, on) {
                    (Side::Us, true) => Verb::Do,
                    (Side::Us, false) => Verb::Dont,
                    (Side::Him, true) => Verb::Will,
                    (Side::Him, false) => Verb::Wont,
                };
                if (*side, *option) == (Side::Him, OptionCode::BINARY) {
                    self.binary = *on;
                }
                self.octets.extend_from_slice(&[IAC, verb.code(), option.0]);
            }
            Event::Subnegotiation(option, payload) => {
                write_subnegotiation(*option, payload, &mut self.octets);
            }
            Event::Violation | Event::Data(_) => {
                let message = "a violation does not say which octets it was".to_owned();
                return Err(refused("violation", message));
            }
        }
        Ok(())
    }

    /// Data as the decoder delivers it: the NUL behind a CR that no LF follows is put back.
    fn data(&mut self, data: &[u8]) {
        if self.raw || self.binary {
            if let Some(last) = data.last() {
                self.after_cr = *last == b'\r';
            }
            return escape_into(data, &mut self.octets);
        }
        for piece in data.split_inclusive(|&octet| octet == b'\r') {
            if piece[0] != b'\n' {
                self.end_text();
            }
            self.after_cr = piece.ends_with(b"\r");
            escape_into(piece, &mut self.octets);
        }
    }

    /// What follows is not a LF. Without a NUL that is left out, one that is data could be.
    fn end_text(&mut self) {
        if self.after_cr && !self.raw && !self.binary {
            self.octets.push(0);
            self.after_cr = false;
        }
    }
}

fn refused(kind: &'static str, message: String) -> ErrorObject {
    ErrorObject {
        kind,
        offset: None,
        message,
        reply: None,
    }
}
