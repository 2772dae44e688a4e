//! What a TELNET subnegotiation says: each chunk is one payload, un-escaped.

use super::Key;
use super::json::{BadCase, Case, Config, End, ErrorObject, Outcome};
use super::render::{Annotation, Field, Mark, Severity, Text};
use super::telnet::meaning;
use serde_json::Value;
use wirelore_telnet_nvt::OptionCode;
use wirelore_telnet_nvt::wire::option::Subnegotiation;

pub(crate) const KEYS: &[Key] = &[Key {
    name: "option",
    default: "(required)",
    meaning: "number of the option",
}];

/// Decodes the payloads one after the other up to the first that is refused.
pub(crate) fn decode(case: &Case) -> Result<Outcome, BadCase> {
    let option = option(&case.config)?;
    let mut outcome = Outcome {
        events: Vec::new(),
        sent: Vec::new(),
        consumed: 0,
        rest: Vec::new(),
        end: if case.eof { End::Done } else { End::NeedMore },
    };
    for payload in &case.chunks {
        let start = outcome.consumed;
        outcome.consumed += payload.len();
        match parse(option, payload) {
            Ok(said) => outcome.events.push(meaning::event(&said)),
            Err(mut error) => {
                error.offset = error.offset.map(|offset| start + offset);
                outcome.end = End::Error(error);
                break;
            }
        }
    }
    Ok(outcome)
}

pub(crate) fn annotate(payload: &[u8], config: &Config) -> Result<Annotation, BadCase> {
    let option = option(config)?;
    let (words, text, marks) = match parse(option, payload) {
        Ok(said) => {
            let words = meaning::words(&said);
            let text = Text::Words(words.clone(), String::new());
            (words, text, Vec::new())
        }
        Err(error) => {
            let mark = Mark {
                at: error.offset.unwrap_or(0),
                severity: Severity::Error,
                text: format!("{} [{}]", error.message, error.kind),
            };
            ("refused".into(), Text::Dump, vec![mark])
        }
    };
    let field = Field {
        octets: 0..payload.len(),
        label: "payload",
        text,
    };
    Ok(Annotation {
        head: option.name().unwrap_or("option"),
        words,
        fields: vec![field],
        marks,
    })
}

fn option(config: &Config) -> Result<OptionCode, BadCase> {
    if let Some(key) = config.keys().find(|key| *key != "option") {
        return Err(format!("config: unknown key {key:?}"));
    }
    match config
        .get("option")
        .and_then(Value::as_u64)
        .map(u8::try_from)
    {
        Some(Ok(number)) => Ok(OptionCode(number)),
        _ if config.contains_key("option") => {
            Err("config: option: not a number from 0 to 255".into())
        }
        _ => Err("config: option: missing".into()),
    }
}

fn parse(option: OptionCode, payload: &[u8]) -> Result<Subnegotiation<'_>, ErrorObject> {
    match Subnegotiation::parse(option, payload) {
        Ok(Some(said)) => Ok(said),
        Ok(None) => Err(ErrorObject {
            kind: "unknown-option",
            offset: None,
            message: format!("nothing is known about payloads of option {option}"),
            reply: None,
        }),
        Err(error) => Err(ErrorObject {
            kind: error.kind(),
            offset: Some(error.offset()),
            message: error.to_string(),
            reply: None,
        }),
    }
}
