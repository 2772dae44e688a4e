//! What came of reading a case, by us and by h11, in one form.

use std::cmp::Ordering;

use serde_json::Value;
use wirelore_http1::encode::{FieldBlock, Request, Response};
use wirelore_http1::wire::{Fields, Framing};
use wirelore_http1::{
    ClientConfig, ClientConnection, ErrorKind, Input, Machine, Next, RequestEvent, ResponseEvent,
    ServerConfig, ServerConnection,
};

use super::Case;
use crate::lists::{List, latin};

/// Messages, and how the stream ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) messages: Vec<Message>,
    pub(crate) end: End,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) start: String,
    pub(crate) framing: String,
    pub(crate) keep_alive: bool,
    /// Names in lower case; without those that frame the message.
    pub(crate) fields: List,
    pub(crate) body: String,
    pub(crate) trailers: List,
    pub(crate) complete: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// Between messages, or behind the last one.
    #[default]
    Good,
    /// Inside a message.
    Truncated,
    Refused(String),
}

/// The first thing that is not the same.
#[derive(Clone, Debug)]
pub(crate) enum Difference {
    /// We refuse what h11 reads, or refuses only further on.
    Refused(String),
    /// h11 refuses what we read, or refuse only further on.
    Accepted(String),
    /// A part of a message that both have.
    Part { part: &'static str, ours: String, theirs: String },
}

impl Reading {
    /// A line that the judge wrote.
    pub(crate) fn parse(line: &str) -> Self {
        let value: Value = serde_json::from_str(line).expect("JSON");
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        let list = |value: &Value| -> List {
            let pairs = value.as_array().expect("a list");
            pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
        };
        let messages = value["messages"].as_array().expect("a list");
        let messages = messages.iter().map(|message| Message {
            start: text(&message["start"]),
            framing: text(&message["framing"]),
            keep_alive: message["keep_alive"] == true,
            fields: unframed(list(&message["fields"])),
            body: text(&message["body"]),
            trailers: list(&message["trailers"]),
            complete: message["complete"] == true,
        });
        let end = match value["end"].as_str().expect("a string") {
            "closed" | "last" | "idle" | "switch" => End::Good,
            end => match end.strip_prefix("error: ").expect("an end that is known") {
                error if error.starts_with("peer ") => End::Truncated,
                error => End::Refused(error.to_owned()),
            },
        };
        Self { messages: messages.collect(), end }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.end == End::Good
    }

    /// How far it was read.
    fn reach(&self) -> (usize, bool) {
        let complete = self.messages.iter().filter(|message| message.complete);
        (complete.count(), self.is_good())
    }

    fn why(&self) -> String {
        match &self.end {
            End::Good => "it ends".into(),
            End::Truncated => "truncated".into(),
            End::Refused(why) => why.clone(),
        }
    }

    fn last(&mut self) -> &mut Message {
        self.messages.last_mut().expect("a head")
    }

    fn fail(&mut self, kind: ErrorKind) {
        self.end = match kind {
            ErrorKind::Truncated => End::Truncated,
            kind => End::Refused(kind.name().to_owned()),
        };
    }
}

/// Names of fields without regard to case, and without those whose meaning is compared anyway.
fn unframed(mut list: List) -> List {
    list.retain(|(name, _)| !matches!(name.as_str(), "content-length" | "transfer-encoding"));
    list
}

fn listed(fields: Fields<'_>) -> List {
    fields.map(|field| (latin(field.name()).to_lowercase(), latin(&field.value()))).collect()
}

fn named(framing: Framing) -> String {
    match framing {
        Framing::None => "length 0".into(),
        Framing::Length(length) => format!("length {length}"),
        Framing::Chunked => "chunked".into(),
        Framing::UntilEof => "until-eof".into(),
        Framing::Tunnel => "tunnel".into(),
        other => panic!("{other:?}"),
    }
}

/// What we make of it.
pub(crate) fn read(case: &Case) -> Reading {
    if case.methods.is_empty() { read_requests(case) } else { read_responses(case) }
}

fn read_requests(case: &Case) -> Reading {
    let mut server = ServerConnection::new(ServerConfig::default());
    let (mut reading, mut out) = (Reading::default(), Vec::new());
    let fields = FieldBlock::new();
    let mut rest = &case.octets[..];
    loop {
        let step = match server.step(Input::last(rest), &mut out) {
            Ok(step) => step,
            Err(error) => {
                reading.fail(error.kind);
                return reading;
            }
        };
        rest = &rest[step.consumed..];
        match step.next {
            Next::Event(RequestEvent::Request(head)) => reading.messages.push(Message {
                start: format!(
                    "{} {} {}",
                    latin(head.method()),
                    latin(head.target()),
                    &head.version().as_str()["HTTP/".len()..]
                ),
                framing: named(head.framing()),
                keep_alive: head.keep_alive(),
                fields: unframed(listed(head.fields())),
                ..Message::default()
            }),
            Next::Event(RequestEvent::Data(data)) => reading.last().body += &hex::encode(data),
            Next::Event(RequestEvent::End { trailers }) => {
                reading.last().trailers = listed(trailers.fields());
                reading.last().complete = true;
                let refusal = Response::new(400, &fields);
                server.respond_with(&refusal, b"", &mut out).expect("a response");
                if server.keeps_alive() {
                    server.next_cycle().expect("both sides are over");
                }
            }
            Next::NeedMore if step.consumed > 0 => {}
            Next::Done => return reading,
            other => panic!("{other:?}: {case:?}"),
        }
    }
}

fn read_responses(case: &Case) -> Reading {
    let mut client = ClientConnection::new(ClientConfig::default());
    let (mut reading, mut out) = (Reading::default(), Vec::new());
    let host = |value| FieldBlock::new().with("Host", value).expect("a field");
    let (fields, tunnel) = (host("example.com"), host("example.com:80"));
    let mut methods = case.methods.iter();
    let mut ask = |client: &mut ClientConnection, out: &mut Vec<u8>| {
        let Some(method) = methods.next() else { return false };
        let (target, fields) = match *method {
            "CONNECT" => ("example.com:80", &tunnel),
            _ => ("/", &fields),
        };
        let request = Request::new(*method, target, fields);
        client.request_with(&request, b"", out).expect("a request");
        true
    };
    ask(&mut client, &mut out);
    let mut rest = &case.octets[..];
    loop {
        let step = match client.step(Input::last(rest), &mut out) {
            Ok(step) => step,
            Err(error) => {
                reading.fail(error.kind);
                return reading;
            }
        };
        rest = &rest[step.consumed..];
        match step.next {
            Next::Event(ResponseEvent::Informational(_)) => {}
            Next::Event(ResponseEvent::Response(head)) => reading.messages.push(Message {
                start: format!(
                    "{} {} {}",
                    head.status(),
                    latin(head.reason()),
                    &head.version().as_str()["HTTP/".len()..]
                ),
                framing: named(head.framing()),
                keep_alive: head.keep_alive(),
                fields: unframed(listed(head.fields())),
                ..Message::default()
            }),
            Next::Event(ResponseEvent::Data(data)) => reading.last().body += &hex::encode(data),
            Next::Event(ResponseEvent::End { trailers }) => {
                reading.last().trailers = listed(trailers.fields());
                reading.last().complete = true;
                if !client.keeps_alive() {
                    return reading;
                }
                client.next_cycle().expect("both sides are over");
                if !ask(&mut client, &mut out) {
                    return reading;
                }
            }
            Next::NeedMore if step.consumed > 0 => {}
            Next::Done => {
                if client.unanswered() > 0 {
                    reading.end = End::Truncated;
                }
                return reading;
            }
            other => panic!("{other:?}: {case:?}"),
        }
    }
}

/// The first difference, if there is one.
pub(crate) fn difference(ours: &Reading, theirs: &Reading) -> Option<Difference> {
    for (a, b) in ours.messages.iter().zip(&theirs.messages) {
        let part = |part, ours: String, theirs: String| {
            (ours != theirs).then_some(Difference::Part { part, ours, theirs })
        };
        let list = |list: &List| format!("{list:?}");
        // with what decides about it, for who has to judge
        let kept = |message: &Message| {
            let version = message.start.rsplit(' ').next().unwrap_or_default();
            format!("{version} {} {}", message.framing, message.keep_alive)
        };
        let head = part("start", a.start.clone(), b.start.clone())
            .or_else(|| part("framing", a.framing.clone(), b.framing.clone()))
            .or_else(|| part("fields", list(&a.fields), list(&b.fields)))
            .or_else(|| part("keep-alive", kept(a), kept(b)));
        if head.is_some() {
            return head;
        }
        // what was delivered before an error is as much as there was
        if !a.complete || !b.complete {
            break;
        }
        let rest = part("body", a.body.clone(), b.body.clone())
            .or_else(|| part("trailers", list(&a.trailers), list(&b.trailers)));
        if rest.is_some() {
            return rest;
        }
    }
    match ours.reach().cmp(&theirs.reach()) {
        Ordering::Less => Some(Difference::Refused(ours.why())),
        Ordering::Greater => Some(Difference::Accepted(theirs.why())),
        Ordering::Equal => None,
    }
}
