//! HTTP/1: the messages one after the other, written by the encoder of the library.

mod event;
mod framing;

use crate::decode::http1::Settings;
use crate::decode::json::{Config, ErrorObject};
use event::{Event, Message, Start};
use framing::Framed;
use serde_json::Value;
use wirelore_http1::Misuse;
use wirelore_http1::encode::{
    BodyWriter, ConnectionOption, FieldBlock, Request, Response, write_request_head,
    write_response_head,
};
use wirelore_http1::wire::MethodKind;

/// What a client sends. The keys are those of the decoder; none of them matters.
pub(super) fn encode_request(events: &[Value], config: &Config) -> Result<Vec<u8>, ErrorObject> {
    Settings::of_requests(config).map_err(ErrorObject::bad_case)?;
    encode(events, Stream::new(Side::Client, Vec::new()))
}

/// What a server sends. The keys are those of the decoder, of which only `requests` matters.
pub(super) fn encode_response(events: &[Value], config: &Config) -> Result<Vec<u8>, ErrorObject> {
    let settings = Settings::of_responses(config).map_err(ErrorObject::bad_case)?;
    encode(events, Stream::new(Side::Server, settings.requests))
}

fn encode(events: &[Value], mut stream: Stream) -> Result<Vec<u8>, ErrorObject> {
    let in_event = |n: usize| {
        move |mut error: ErrorObject| {
            error.message = format!("events[{n}]: {}", error.message);
            error
        }
    };
    let mut read = Vec::new();
    for (n, value) in events.iter().enumerate() {
        let event = Event::read(value).map_err(ErrorObject::bad_case);
        read.push(event.map_err(in_event(n))?);
    }
    for (n, event) in read.iter().enumerate() {
        let written = stream.write(event, &read[n + 1..]);
        written.map_err(in_event(n))?;
    }
    Ok(stream.octets)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

struct Stream {
    octets: Vec<u8>,
    side: Side,
    /// The methods that the next responses answer.
    requests: std::vec::IntoIter<MethodKind>,
    /// Of the message that has begun and not ended.
    body: Option<BodyWriter>,
}

impl Stream {
    fn new(side: Side, requests: Vec<MethodKind>) -> Self {
        Self {
            octets: Vec::new(),
            side,
            requests: requests.into_iter(),
            body: None,
        }
    }

    /// `later`: the events behind it.
    fn write(&mut self, event: &Event, later: &[Event]) -> Result<(), ErrorObject> {
        match (event, self.side, &mut self.body) {
            (Event::Data(data), _, Some(body)) => body.data(data, &mut self.octets).map_err(misuse),
            (Event::End(trailers), _, Some(body)) => {
                let block = FieldBlock::of(trailers.iter().map(|(name, value)| (name, value)));
                let block = block.map_err(misuse)?;
                body.finish(Some(&block), &mut self.octets)
                    .map_err(misuse)?;
                self.body = None;
                Ok(())
            }
            (Event::Begin(message), _, None) => self.begin(message, later),
            _ => Err(misuse(Misuse::NotNow)),
        }
    }

    fn begin(&mut self, message: &Message, later: &[Event]) -> Result<(), ErrorObject> {
        let mut block = FieldBlock::new();
        // where the first field stood that frames the message, and how its name was written
        let mut place = None;
        for (name, value) in &message.headers {
            if framing::is_framing(name) {
                place.get_or_insert((block.as_bytes().len(), &**name));
            } else {
                block.push(name, value).map_err(misuse)?;
            }
        }
        let Framed { head, body } = match (&message.start, self.side) {
            (Start::Request { method, .. }, Side::Client) => {
                framing::of_request(message, method, later)?
            }
            (Start::Response { status, .. }, Side::Server) => {
                let method = match status {
                    100 | 102..=199 => MethodKind::Get,
                    _ => self.requests.next().unwrap_or_default(),
                };
                framing::of_response(message, *status, method, later)?
            }
            _ => return Err(misuse(Misuse::NotNow)),
        };
        let start = self.octets.len();
        let connection = ConnectionOption::None;
        match &message.start {
            Start::Request { method, target } => {
                let request = Request::new(method, target, &block).with_version(message.version);
                write_request_head(&request, head, connection, &mut self.octets).map_err(misuse)?;
            }
            Start::Response { status, reason } => {
                let mut response = Response::new(*status, &block).with_version(message.version);
                response.reason = reason.as_deref();
                write_response_head(&response, head, connection, &mut self.octets)
                    .map_err(misuse)?;
            }
        }
        if let Some((before, name)) = place {
            let head = &mut self.octets[start..];
            move_framing_field(head, block.as_bytes().len(), before, name);
        }
        self.body = Some(BodyWriter::new(body));
        Ok(())
    }
}

/// The encoder writes the field that frames the message behind the others, of which there are `fields`
/// octets behind the start line, and maybe more: moves it to where it stood, `before` octets behind the
/// start line, with its name as it was written.
fn move_framing_field(head: &mut [u8], fields: usize, before: usize, name: &[u8]) {
    let line_end = |octets: &[u8]| octets.iter().position(|&octet| octet == b'\n');
    let Some(start) = line_end(head).map(|end| end + 1) else {
        return;
    };
    let mut at = start + fields;
    while let Some(len) = head.get(at..).and_then(line_end).map(|end| end + 1) {
        let is_it = head[at..at + len]
            .split_at_checked(name.len())
            .is_some_and(|(its, rest)| its.eq_ignore_ascii_case(name) && rest[0] == b':');
        if is_it {
            head[at..at + name.len()].copy_from_slice(name);
            head[start + before..at + len].rotate_right(len);
            return;
        }
        at += len;
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

fn misuse(misuse: Misuse) -> ErrorObject {
    let kind = match misuse {
        Misuse::BadMethod { .. } => "bad-method",
        Misuse::BadTarget { .. } => "bad-target",
        Misuse::BadTargetForm => "bad-target-form",
        Misuse::BadFieldName { .. } => "bad-field-name",
        Misuse::BadFieldValue { .. } => "bad-field-value",
        Misuse::BadReason { .. } => "bad-reason",
        Misuse::BadStatus { .. } => "bad-status",
        Misuse::FramingField => "framing-field",
        Misuse::MissingHost => "missing-host",
        Misuse::DuplicateHost => "duplicate-host",
        Misuse::BadHost => "bad-host",
        Misuse::HostMismatch => "host-mismatch",
        Misuse::NotInTrailers => "not-in-trailers",
        Misuse::TrailersWithoutChunked => "trailers-without-chunked",
        Misuse::BodyTooLong { .. } => "body-too-long",
        Misuse::BodyTooShort { .. } => "body-too-short",
        Misuse::BodyNotAllowed => "body-not-allowed",
        Misuse::LengthRequired => "length-required",
        Misuse::NotInVersion { .. } => "not-in-version",
        Misuse::NotNow => "not-now",
        _ => "not-encodable",
    };
    refused(kind, misuse.to_string())
}
