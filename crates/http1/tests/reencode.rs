//! Everything that is accepted, by whatever leniency, can be sent on: the result is read by the strict
//! defaults as the same message, and sending that on gives the same octets (RFC 9112 section 11.2, RFC
//! 9110 section 7.6).

#[allow(dead_code, reason = "not every test needs all of it")]
mod vector;

use std::collections::BTreeSet;

use wirelore_http1::encode::{
    Body, BodyWriter, ConnectionOption, FieldBlock, Forward, OutFraming, Request, Response,
    request_framing, response_framing, write_request_head, write_response_head,
};
use wirelore_http1::wire::octet::{is_field, trim};
use wirelore_http1::wire::{Fields, Framing, MethodKind, RequestHead, ResponseHead, TargetForm};
use wirelore_http1::{Config, Misuse, Trailers, Version};

use vector::{End, Role, Told, Vector, load, receive, receive_whole};
use wirelore_testkit::Cutting;

/// Why a message cannot be sent on as it came.
fn excuse(vector: &Vector, misuse: Misuse) -> &'static str {
    let lenient = &vector.config.lenient;
    match misuse {
        Misuse::MissingHost if lenient.missing_host => "nobody knows whom it is for",
        Misuse::BadTarget { .. } if lenient.obs_text_in_target => "an octet that no target has",
        Misuse::BadStatus { .. } => "a status code below 100",
        Misuse::BodyNotAllowed => "a body with 205 (RFC 9110 section 15.3.6)",
        other => panic!("line {}: {other:?}", vector.line),
    }
}

enum Head<'t> {
    Request(&'t RequestHead<Vec<u8>>),
    Response(&'t ResponseHead<Vec<u8>>),
}

/// A whole message of those that were told.
struct Message<'t> {
    head: Head<'t>,
    data: &'t [u8],
    trailers: Option<&'t Trailers<Vec<u8>>>,
    /// Of the request that it answers.
    method: MethodKind,
}

fn messages<'t>(role: &Role, told: &'t [Told]) -> Vec<Message<'t>> {
    let mut methods = match role {
        Role::Request => Vec::new(),
        Role::Response(methods) => methods.clone(),
    }
    .into_iter();
    let mut method = methods.next().unwrap_or_default();
    let mut list = Vec::new();
    let mut open: Option<Message<'t>> = None;
    for told in told {
        let begin = |head| Message {
            head,
            data: &[],
            trailers: None,
            method,
        };
        match told {
            Told::Request(head) => open = Some(begin(Head::Request(head))),
            Told::Response(head) => open = Some(begin(Head::Response(head))),
            Told::Interim(head) => list.push(begin(Head::Response(head))),
            Told::Data(data) => open.as_mut().unwrap().data = data,
            Told::End(trailers) => {
                let mut message = open.take().unwrap();
                message.trailers = Some(trailers);
                list.push(message);
                method = methods.next().unwrap_or_default();
            }
        }
    }
    list
}

fn block(fields: Fields<'_>, forward: Forward) -> FieldBlock {
    let list: Vec<_> = fields.map(|field| (field.name(), field.value())).collect();
    let mut block = FieldBlock::from_received(
        list.iter().map(|(name, value)| (*name, &value[..])),
        forward,
    );
    block.retain(|name, value| !is_persistence(name, value));
    block
}

/// Whether a field only says what is said anew with every message.
fn is_persistence(name: &[u8], value: &[u8]) -> bool {
    let is = |option: &[u8]| value.eq_ignore_ascii_case(option);
    name.eq_ignore_ascii_case(b"Connection") && (is(b"close") || is(b"keep-alive"))
}

/// What Host has to be. Empty where the target is absolute and has no authority (RFC 9112 section 3.2).
fn host(head: &RequestHead<Vec<u8>>) -> Option<&[u8]> {
    match head.target_form() {
        TargetForm::Absolute => Some(head.authority().unwrap_or_default()),
        _ => head.authority(),
    }
}

const fn connection(keep_alive: bool, version: Version) -> ConnectionOption {
    match (keep_alive, version) {
        (false, _) => ConnectionOption::Close,
        (true, Version::Http10) => ConnectionOption::KeepAlive,
        _ => ConnectionOption::None,
    }
}

impl Message<'_> {
    fn body(&self, framing: Framing) -> Body {
        match framing {
            Framing::Length(length) => Body::Length(length),
            Framing::Chunked | Framing::UntilEof => Body::Unknown,
            _ => Body::Empty,
        }
    }

    /// As somebody would send it on. An absolute target decides about Host (RFC 9112 section 3.2.2).
    fn write(&self, out: &mut Vec<u8>) -> Result<(), Misuse> {
        let framing = match &self.head {
            Head::Request(head) => {
                let mut fields = block(head.fields(), Forward::All);
                if fields.has_host() {
                    fields.set("Host", host(head).unwrap_or_default())?;
                }
                let request = Request {
                    method: head.method(),
                    target: head.target(),
                    version: head.version(),
                    fields: &fields,
                };
                let body = self.body(head.framing());
                let framing = request_framing(head.method(), head.version(), body)?;
                let option = connection(head.keep_alive(), head.version());
                write_request_head(&request, framing, option, out)?;
                framing
            }
            Head::Response(head) => {
                let fields = block(head.fields(), Forward::All);
                let cleaned = |octet: &u8| if is_field(*octet) { *octet } else { b' ' };
                let reason: Vec<u8> = head.reason().iter().map(cleaned).collect();
                // Ours is the version of whoever sends it on (RFC 9110 section 6.2).
                let response = Response::new(head.status(), &fields).with_reason(&reason);
                let body = self.body(head.framing());
                let version = Version::Http11;
                let framing = response_framing(head.status(), self.method, version, body)?;
                let switched = head.framing() == Framing::Tunnel || head.is_informational();
                let option = connection(switched || head.keep_alive(), version);
                write_response_head(&response, framing.head, option, out)?;
                if head.is_informational() {
                    return Ok(());
                }
                framing.body
            }
        };
        let mut body = BodyWriter::new(framing);
        body.data(self.data, out)?;
        let trailers = self
            .trailers
            .map(|trailers| block(trailers.fields(), Forward::Trailers));
        let trailers = trailers.filter(|_| framing == OutFraming::Chunked);
        body.finish(trailers.as_ref(), out)
    }

    fn fields(&self) -> Fields<'_> {
        match &self.head {
            Head::Request(head) => head.fields(),
            Head::Response(head) => head.fields(),
        }
    }

    /// What another message has to have in common with this one.
    fn facts(&self) -> String {
        let (data, method) = (self.data.escape_ascii(), self.method);
        match &self.head {
            Head::Request(head) => {
                let framing = match head.framing() {
                    Framing::None => Framing::Length(0),
                    other => other,
                };
                format!(
                    "{} {} {:?} {framing:?} keep {} expect {} {} {:?} data {data}",
                    head.method().escape_ascii(),
                    head.target().escape_ascii(),
                    head.version(),
                    head.keep_alive(),
                    head.expect_continue(),
                    head.expect_other(),
                    head.authority(),
                )
            }
            Head::Response(head) => {
                let framing = match head.framing() {
                    Framing::UntilEof => Framing::Chunked,
                    other => other,
                };
                let keep =
                    head.keep_alive() || framing == Framing::Tunnel || head.is_informational();
                let until_eof = head.framing() == Framing::UntilEof;
                let reason = head
                    .reason()
                    .iter()
                    .map(|&o| if is_field(o) { o } else { b' ' });
                let reason: Vec<u8> = reason.collect();
                format!(
                    "{method:?}: {} {} {framing:?} keep {} data {data}",
                    head.status(),
                    reason.escape_ascii(),
                    keep && !until_eof,
                )
            }
        }
    }

    /// Names and cleaned values, without those that frame the message.
    fn lines(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let authority = match &self.head {
            Head::Request(head) => host(head).map(<[u8]>::to_vec),
            Head::Response(_) => None,
        };
        self.fields()
            .filter(|field| !field.is("Content-Length") && !field.is("Transfer-Encoding"))
            .filter(|field| !is_persistence(field.name(), &field.value()))
            .map(|field| {
                let cleaned = |octet: &u8| if is_field(*octet) { *octet } else { b' ' };
                let value: Vec<u8> = field.value().iter().map(cleaned).collect();
                match &authority {
                    Some(authority) if field.is("Host") => {
                        (field.name().to_vec(), authority.clone())
                    }
                    _ => (field.name().to_vec(), trim(&value).to_vec()),
                }
            })
            .collect()
    }
}

fn is_old(told: &[Told]) -> bool {
    let old =
        |told: &Told| matches!(told, Told::Request(head) if head.version() == Version::Http09);
    told.iter().any(old)
}

#[test]
fn rfc9112_11_2_whatever_is_accepted_can_be_sent_on() {
    let (mut sent_on, mut excused) = (0, BTreeSet::new());
    for vector in load() {
        let line = vector.line;
        let outcome = receive(&vector, &Cutting::whole(vector.octets.len()), false);
        let first = messages(&vector.role, &outcome.told);
        // A simple request has no head that could be sent on.
        if first.is_empty() || is_old(&outcome.told) {
            continue;
        }
        // Transfer codings that we do not know are left to the application.
        if vector.config.lenient.other_transfer_codings {
            continue;
        }
        let mut once = Vec::new();
        if let Err(misuse) = first
            .iter()
            .try_for_each(|message| message.write(&mut once))
        {
            excused.insert(excuse(&vector, misuse));
            continue;
        }
        let strict = receive_whole(&vector.role, Config::default(), &once, false);
        let shown = once.escape_ascii();
        let readable = match strict.end {
            End::More | End::Done => strict.consumed == once.len(),
            End::Error(_) => false,
        };
        assert!(readable, "line {line}: {:?} of {shown}", strict.end);
        let second = messages(&vector.role, &strict.told);
        assert_eq!(first.len(), second.len(), "line {line}: {shown}");
        for (first, second) in first.iter().zip(&second) {
            assert_eq!(first.facts(), second.facts(), "line {line}: {shown}");
            let (before, after) = (first.lines(), second.lines());
            assert_eq!(before[..], after[..before.len()], "line {line}: {shown}");
            for (name, _) in &after[before.len()..] {
                assert_eq!(name, b"Connection", "line {line}: {shown}");
            }
        }
        let mut twice = Vec::new();
        for message in &second {
            message.write(&mut twice).unwrap();
        }
        assert_eq!(once, twice, "line {line}: {shown}");
        sent_on += first.len();
    }
    assert!(sent_on > 200, "{sent_on}");
    assert_eq!(excused.len(), 4, "{excused:?}");
}
