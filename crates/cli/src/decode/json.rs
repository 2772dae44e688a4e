//! The words of the JSON format that all decoders share: a case, its outcome, and how octets and
//! protocol text stand in it. `docs/decode.md` is the reference.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is wrong with a case, in words: the kind `bad-case`.
pub(crate) type BadCase = String;

/// Configuration keys and their values.
pub(crate) type Config = Map<String, Value>;

/// A line of input as an object, its values not yet looked into: so that `id` comes back exactly as
/// it was written, and comes back whatever else is wrong.
pub(crate) struct Line<'l>(BTreeMap<String, &'l RawValue>);

impl<'l> Line<'l> {
    pub(crate) fn parse(line: &'l [u8]) -> Result<Self, BadCase> {
        let text = std::str::from_utf8(line).map_err(|_| "the line is not UTF-8")?;
        serde_json::from_str(text)
            .map(Self)
            .map_err(|error| format!("the line is not a JSON object: {error}"))
    }

    pub(crate) fn id(&self) -> Option<&'l RawValue> {
        self.0.get("id").copied()
    }

    /// The value of `key`; null counts as absent.
    pub(crate) fn value(&self, key: &str) -> Result<Option<Value>, BadCase> {
        let Some(raw) = self.0.get(key) else {
            return Ok(None);
        };
        match serde_json::from_str(raw.get()) {
            Ok(Value::Null) => Ok(None),
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(format!("{key}: {error}")),
        }
    }

    pub(crate) fn config(&self) -> Result<Config, BadCase> {
        match self.value("config")? {
            None => Ok(Config::new()),
            Some(Value::Object(config)) => Ok(config),
            Some(_) => Err("config: not an object".into()),
        }
    }
}

/// What a decoder is given.
pub(crate) struct Case {
    /// The octets, as they arrive. For a datagram protocol each chunk is one datagram.
    pub(crate) chunks: Vec<Vec<u8>>,
    /// Whether the stream ends after the last chunk.
    pub(crate) eof: bool,
    pub(crate) config: Config,
}

impl Case {
    pub(crate) fn from_line(line: &Line<'_>) -> Result<Self, BadCase> {
        let chunks = match (line.value("chunks")?, line.value("hex")?) {
            (Some(Value::Array(chunks)), None) => chunks
                .iter()
                .enumerate()
                .map(|(n, chunk)| octets_of_hex(chunk).map_err(|why| format!("chunks[{n}]: {why}")))
                .collect::<Result<_, _>>()?,
            (None, Some(chunk)) => {
                vec![octets_of_hex(&chunk).map_err(|why| format!("hex: {why}"))?]
            }
            (Some(_), None) => return Err("chunks: not an array".into()),
            (Some(_), Some(_)) => return Err("both chunks and hex".into()),
            (None, None) => return Err("neither chunks nor hex".into()),
        };
        let eof = match line.value("eof")? {
            None => true,
            Some(Value::Bool(eof)) => eof,
            Some(_) => return Err("eof: not a boolean".into()),
        };
        let config = line.config()?;
        Ok(Self {
            chunks,
            eof,
            config,
        })
    }
}

/// What a decoder makes of a case.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<Value>,
    /// Everything the protocol's own side answered.
    pub(crate) sent: Vec<u8>,
    pub(crate) consumed: usize,
    pub(crate) rest: Vec<u8>,
    pub(crate) end: End,
}

#[derive(Debug)]
pub(crate) enum End {
    NeedMore,
    /// The protocol waits for an application that has nothing more to do.
    Paused,
    Done,
    Error(ErrorObject),
}

impl End {
    pub(crate) const fn error(&self) -> Option<&ErrorObject> {
        match self {
            Self::Error(error) => Some(error),
            Self::NeedMore | Self::Paused | Self::Done => None,
        }
    }

    const fn word(&self) -> &'static str {
        match self {
            Self::NeedMore => "need-more",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Error(_) => "error",
        }
    }
}

/// The member `error`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ErrorObject {
    pub(crate) kind: &'static str,
    /// Counted from the first octet of the first chunk.
    pub(crate) offset: Option<usize>,
    pub(crate) message: String,
    /// The code of the protocol's reply to this error.
    pub(crate) reply: Option<u16>,
}

impl ErrorObject {
    pub(crate) const fn bad_case(message: BadCase) -> Self {
        Self {
            kind: "bad-case",
            offset: None,
            message,
            reply: None,
        }
    }
}

/// The line that answers a case, without its line end.
pub(crate) fn answer<I: Serialize>(id: Option<I>, outcome: &Outcome) -> String {
    #[derive(Serialize)]
    struct Answer<'a, I> {
        id: Option<I>,
        events: &'a [Value],
        sent: String,
        consumed: usize,
        rest: String,
        end: &'static str,
        error: Option<&'a ErrorObject>,
    }
    line(&Answer {
        id,
        events: &outcome.events,
        sent: hex::encode(&outcome.sent),
        consumed: outcome.consumed,
        rest: hex::encode(&outcome.rest),
        end: outcome.end.word(),
        error: outcome.end.error(),
    })
}

/// The line that answers a case that is none.
pub(crate) fn refusal(id: Option<&RawValue>, why: BadCase) -> String {
    #[derive(Serialize)]
    struct Refusal<'a> {
        id: Option<&'a RawValue>,
        end: &'static str,
        error: ErrorObject,
    }
    line(&Refusal {
        id,
        end: "error",
        error: ErrorObject::bad_case(why),
    })
}

pub(crate) fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings, numbers and string keys always serialise")
}

/// A JSON string of hex digits as octets.
pub(crate) fn octets_of_hex(value: &Value) -> Result<Vec<u8>, BadCase> {
    match value {
        Value::String(digits) => unhex(digits.as_bytes()),
        _ => Err("not a string of hex digits".into()),
    }
}

/// Hex digits of either case as octets.
pub(crate) fn unhex(digits: &[u8]) -> Result<Vec<u8>, BadCase> {
    hex::decode(digits).map_err(|error| match error {
        hex::FromHexError::InvalidHexCharacter { c, index } => {
            format!("{c:?} at position {index} is no hex digit")
        }
        _ => "an odd number of hex digits".into(),
    })
}

/// Protocol text as a string whose code points are the octets.
pub(crate) fn text_of_octets(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

/// The octets of a string made by [`text_of_octets`].
pub(crate) fn octets_of_text(text: &str) -> Result<Vec<u8>, BadCase> {
    text.chars()
        .map(|c| u8::try_from(c).map_err(|_| format!("{c:?} is no octet: a code point above 255")))
        .collect()
}
