//! TFTP: each event is one datagram.

use crate::decode::json::{BadCase, Config, ErrorObject, octets_of_hex, octets_of_text};
use crate::decode::tftp::mode_word;
use serde_json::Value;
use wirelore_tftp::wire::{
    Ack, Data, Direction, EncodeError, ErrorCode, ErrorPacket, Mode, Packet, encode_oack,
    encode_request,
};

/// The datagrams one after the other.
pub(super) fn encode(events: &[Value], config: &Config) -> Result<Vec<u8>, ErrorObject> {
    if let Some(key) = config.keys().next() {
        return Err(ErrorObject::bad_case(format!(
            "config: unknown key {key:?}"
        )));
    }
    let mut datagrams = Vec::new();
    for (n, value) in events.iter().enumerate() {
        let in_event = |mut error: ErrorObject| {
            error.message = format!("events[{n}]: {}", error.message);
            error
        };
        let bad_case = |why| in_event(ErrorObject::bad_case(why));
        let event = Event::read(value).map_err(bad_case)?;
        let start = datagrams.len();
        datagrams.resize(start + event.encoded_len(), 0);
        let len = event
            .write(&mut datagrams[start..])
            .map_err(|error| in_event(refused(&error)))?;
        datagrams.truncate(start + len);
    }
    Ok(datagrams)
}

enum Event {
    Request {
        direction: Direction,
        filename: Vec<u8>,
        mode: Vec<u8>,
        options: Pairs,
    },
    Data {
        block: u16,
        payload: Vec<u8>,
    },
    Ack {
        block: u16,
    },
    Error {
        code: u16,
        message: Vec<u8>,
    },
    Oack {
        options: Pairs,
    },
}

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

impl Event {
    fn read(value: &Value) -> Result<Self, BadCase> {
        let member = |key| value.get(key).unwrap_or(&Value::Null);
        let hex = |key| octets_of_hex(member(key)).map_err(|why| format!("{key}: {why}"));
        let number = |key| match member(key).as_u64().map(u16::try_from) {
            Some(Ok(number)) => Ok(number),
            _ => Err(format!("{key}: not a number from 0 to 65535")),
        };
        let request = |direction| {
            Ok(Self::Request {
                direction,
                filename: hex("filename_hex")?,
                mode: mode(member("mode"), member("mode_raw"))?,
                options: pairs(member("options"))?,
            })
        };
        match member("event").as_str() {
            Some("rrq") => request(Direction::Read),
            Some("wrq") => request(Direction::Write),
            Some("data") => Ok(Self::Data {
                block: number("block")?,
                payload: hex("data")?,
            }),
            Some("ack") => Ok(Self::Ack {
                block: number("block")?,
            }),
            Some("error") => Ok(Self::Error {
                code: number("code")?,
                message: hex("message_hex")?,
            }),
            Some("oack") => Ok(Self::Oack {
                options: pairs(member("options"))?,
            }),
            Some(other) => Err(format!("unknown event {other:?}")),
            None => Err("event: not a string".into()),
        }
    }

    fn encoded_len(&self) -> usize {
        let all = |options: &Pairs| {
            options
                .iter()
                .map(|(n, v)| n.len() + v.len() + 2)
                .sum::<usize>()
        };
        match self {
            Self::Request {
                filename,
                mode,
                options,
                ..
            } => 4 + filename.len() + mode.len() + all(options),
            Self::Data { payload, .. } => 4 + payload.len(),
            Self::Ack { .. } => 4,
            Self::Error { message, .. } => 5 + message.len(),
            Self::Oack { options } => 2 + all(options),
        }
    }

    fn write(&self, buf: &mut [u8]) -> Result<usize, EncodeError> {
        match self {
            Self::Request {
                direction,
                filename,
                mode,
                options,
            } => encode_request(*direction, filename, mode, slices(options), buf),
            Self::Data { block, payload } => Packet::Data(Data {
                block: *block,
                payload,
            })
            .encode(buf),
            Self::Ack { block } => Packet::Ack(Ack { block: *block }).encode(buf),
            Self::Error { code, message } => Packet::Error(ErrorPacket {
                code: ErrorCode(*code),
                message,
            })
            .encode(buf),
            Self::Oack { options } => encode_oack(slices(options), buf),
        }
    }
}

fn slices(pairs: &Pairs) -> impl Iterator<Item = (&[u8], &[u8])> {
    pairs.iter().map(|(name, value)| (&name[..], &value[..]))
}

/// The mode as it goes on the wire: `mode_raw`, or the word in `mode` where that is missing. When
/// both are there they must agree.
fn mode(word: &Value, raw: &Value) -> Result<Vec<u8>, BadCase> {
    let raw = match raw {
        Value::Null => None,
        Value::String(raw) => Some(octets_of_text(raw).map_err(|why| format!("mode_raw: {why}"))?),
        _ => return Err("mode_raw: not a string".into()),
    };
    let word = match word {
        Value::Null => None,
        Value::String(word) => Some(word.as_str()),
        _ => return Err("mode: not a string".into()),
    };
    match (word, raw) {
        (Some(word), Some(raw)) if mode_word(Mode::of(&raw)) != word => {
            Err("mode and mode_raw contradict each other".into())
        }
        (_, Some(raw)) => Ok(raw),
        (Some(word @ ("octet" | "netascii" | "mail")), None) => Ok(word.into()),
        (Some("other"), None) => Err("mode: other needs mode_raw".into()),
        (Some(word), None) => Err(format!("mode: {word:?} is no mode")),
        (None, None) => Err("mode: missing".into()),
    }
}

fn pairs(options: &Value) -> Result<Pairs, BadCase> {
    let pair = |option: &Value| match option.as_array().map(Vec::as_slice) {
        Some([Value::String(name), Value::String(value)]) => {
            Ok((octets_of_text(name)?, octets_of_text(value)?))
        }
        _ => Err("not an array of [name, value]".to_owned()),
    };
    match options {
        Value::Null => Ok(Vec::new()),
        Value::Array(options) => options.iter().map(pair).collect(),
        _ => Err("not an array".into()),
    }
    .map_err(|why| format!("options: {why}"))
}

fn refused(error: &EncodeError) -> ErrorObject {
    ErrorObject {
        kind: match error {
            EncodeError::NulInString => "nul-in-string",
            EncodeError::EmptyOptionName => "empty-option-name",
            EncodeError::RequestTooLong { .. } => "request-too-long",
            _ => "not-encodable",
        },
        offset: None,
        message: error.to_string(),
        reply: None,
    }
}
