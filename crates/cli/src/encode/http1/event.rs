//! Events as they are written in JSON.

use crate::decode::json::{BadCase, octets_of_hex, octets_of_text};
use serde_json::Value;
use wirelore_http1::Version;

pub(super) enum Event {
    Begin(Message),
    Data(Vec<u8>),
    /// With the trailers.
    End(Pairs),
}

/// The head of a message.
pub(super) struct Message {
    pub(super) start: Start,
    pub(super) version: Version,
    pub(super) headers: Pairs,
    pub(super) framing: Option<FramingWord>,
    pub(super) length: Option<u64>,
}

pub(super) enum Start {
    Request {
        method: Vec<u8>,
        target: Vec<u8>,
    },
    Response {
        status: u16,
        reason: Option<Vec<u8>>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FramingWord {
    None,
    Length,
    Chunked,
    Eof,
    Tunnel,
}

pub(super) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

impl Event {
    pub(super) fn read(value: &Value) -> Result<Self, BadCase> {
        let member = |key| value.get(key).unwrap_or(&Value::Null);
        match member("event").as_str() {
            Some("data") => octets_of_hex(member("data"))
                .map(Self::Data)
                .map_err(|why| format!("data: {why}")),
            Some("end") => pairs("trailers", member("trailers")).map(Self::End),
            Some("request") => {
                let start = Start::Request {
                    method: text("method", member("method"))?,
                    target: text("target", member("target"))?,
                };
                Message::read(start, value).map(Self::Begin)
            }
            Some("response") => {
                let status = member("status").as_u64().map(u16::try_from);
                let Some(Ok(status)) = status else {
                    return Err("status: not a number from 0 to 65535".into());
                };
                let reason = match member("reason") {
                    Value::Null => None,
                    reason => Some(text("reason", reason)?),
                };
                let start = Start::Response { status, reason };
                Message::read(start, value).map(Self::Begin)
            }
            Some(other) => Err(format!("unknown event {other:?}")),
            None => Err("event: not a string".into()),
        }
    }
}

impl Message {
    fn read(start: Start, value: &Value) -> Result<Self, BadCase> {
        let member = |key| value.get(key).unwrap_or(&Value::Null);
        let version = match (member("version"), &start) {
            (Value::Null, _) => Version::Http11,
            (word, start) => [Version::Http09, Version::Http10, Version::Http11]
                .into_iter()
                .find(|version| word == version.as_str())
                .filter(|version| {
                    // the response to a simple request has no head
                    *version != Version::Http09 || matches!(start, Start::Request { .. })
                })
                .ok_or("version: not a version that this message can have")?,
        };
        let framing = match member("framing") {
            Value::Null => None,
            word => Some(match word.as_str() {
                Some("none") => FramingWord::None,
                Some("length") => FramingWord::Length,
                Some("chunked") => FramingWord::Chunked,
                Some("eof") => FramingWord::Eof,
                Some("tunnel") => FramingWord::Tunnel,
                _ => return Err("framing: not none, length, chunked, eof or tunnel".into()),
            }),
        };
        let length = match member("length") {
            Value::Null => None,
            length => Some(length.as_u64().ok_or("length: not a number of octets")?),
        };
        Ok(Self {
            start,
            version,
            headers: pairs("headers", member("headers"))?,
            framing,
            length,
        })
    }
}

fn text(key: &str, value: &Value) -> Result<Vec<u8>, BadCase> {
    match value.as_str() {
        Some(text) => octets_of_text(text).map_err(|why| format!("{key}: {why}")),
        None => Err(format!("{key}: not a string")),
    }
}

fn pairs(key: &str, fields: &Value) -> Result<Pairs, BadCase> {
    let pair = |field: &Value| match field.as_array().map(Vec::as_slice) {
        Some([Value::String(name), Value::String(value)]) => {
            Ok((octets_of_text(name)?, octets_of_text(value)?))
        }
        _ => Err("not an array of [name, value]".to_owned()),
    };
    match fields {
        Value::Null => Ok(Vec::new()),
        Value::Array(fields) => fields.iter().map(pair).collect(),
        _ => Err("not an array".into()),
    }
    .map_err(|why| format!("{key}: {why}"))
}
