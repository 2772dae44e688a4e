//! A client and a server that talk to each other, whatever their applications do.

use super::METHODS;
use arbitrary::{Arbitrary, Unstructured};
use wirelore_http1::encode::{Body, FieldBlock, Request, Response};
use wirelore_http1::{
    ClientConfig, ClientConnection, ClientState, ErrorKind, Input, Machine, Misuse, Next,
    RequestEvent, ResponseEvent, ServerConfig, ServerConnection, Version,
};

#[derive(Arbitrary, Debug)]
enum Operation {
    Request {
        method: u8,
        target: u8,
        fields: u8,
        old: bool,
        body: Announced,
    },
    RequestWith {
        method: u8,
        fields: u8,
        len: u8,
    },
    Respond {
        status: u8,
        fields: u8,
        old: bool,
        body: Announced,
    },
    RespondWith {
        status: u8,
        fields: u8,
        len: u8,
    },
    Inform {
        status: u8,
    },
    Proceed,
    Data {
        server: bool,
        len: Len,
    },
    /// The octets are sent past the machine, which is told before.
    Announce {
        server: bool,
        len: Len,
    },
    Finish {
        server: bool,
        trailers: u8,
    },
    NextCycle {
        server: bool,
    },
    /// What ends a connection, which most numbers do not.
    End(u8),
    /// Some octets arrive at the server, or at the client.
    Deliver {
        to_server: bool,
        len: u8,
    },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Len {
    Some(u8),
    /// What is missing, if that is known.
    Rest,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Announced {
    Empty,
    Length(u8),
    Unknown,
}

/// Calls in any order on both ends of a connection: no panic, a misuse leaves the output as it was,
/// everything that one end writes the other can read, and it reads what was written.
pub fn http1_exchange(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut talk = Talk::new(u8::arbitrary(&mut input).unwrap_or_default());
    for _ in 0..256 {
        if input.is_empty() {
            break;
        }
        let Ok(operation) = Operation::arbitrary(&mut input) else {
            break;
        };
        talk.carry_out(&operation);
    }
    for _ in 0..64 {
        talk.deliver_to_server(usize::MAX >> 1);
        talk.deliver_to_client(usize::MAX >> 1);
        let server = talk.server.next_cycle().is_ok();
        let client = talk.client.next_cycle().is_ok();
        if !server && !client {
            break;
        }
    }
    assert!(talk.client.unanswered() <= 70);
}

struct Talk {
    client: ClientConnection,
    server: ServerConnection,
    to_server: Pipe,
    to_client: Pipe,
    /// What was sent, and what arrived.
    requests: [Vec<Told>; 2],
    responses: [Vec<Told>; 2],
    /// The server answers a request whose method it has not seen: it cannot know whether the client
    /// will look for a body.
    blind: bool,
    /// The server, and the client, was told that its patience has run out.
    expired: [bool; 2],
}

/// What one end has written, but for what the other has consumed.
#[derive(Default)]
struct Pipe {
    octets: Vec<u8>,
    shown: usize,
    /// The other end reads no more.
    over: bool,
}

/// A message in so far as both ends must agree about it.
#[derive(Debug, PartialEq)]
struct Told {
    start: String,
    body: Vec<u8>,
    trailers: usize,
    complete: bool,
}

impl Told {
    fn new(start: String) -> Self {
        Self {
            start,
            body: Vec::new(),
            trailers: 0,
            complete: false,
        }
    }
}

impl Talk {
    fn new(setup: u8) -> Self {
        Self {
            client: ClientConnection::new(ClientConfig {
                max_pipelined: usize::from(setup & 7),
                ..ClientConfig::default()
            }),
            server: ServerConnection::new(ServerConfig {
                farewell: setup & 8 == 0,
                ..ServerConfig::default()
            }),
            to_server: Pipe::default(),
            to_client: Pipe::default(),
            requests: Default::default(),
            responses: Default::default(),
            blind: false,
            expired: [false; 2],
        }
    }

    fn carry_out(&mut self, operation: &Operation) {
        let (up, down) = (&mut self.to_server.octets, &mut self.to_client.octets);
        let (client, server) = (&mut self.client, &mut self.server);
        match *operation {
            Operation::Request {
                method,
                target,
                fields,
                old,
                body,
            } => {
                let method = METHODS[usize::from(method % 8)];
                let target = match (TARGETS.get(usize::from(target)), method) {
                    (Some(target), _) => *target,
                    (None, b"CONNECT") => b"a:443",
                    (None, _) => b"/",
                };
                let fields = request_fields(fields);
                let version = if old {
                    Version::Http10
                } else {
                    Version::Http11
                };
                let request = Request::new(method, target, &fields).with_version(version);
                if unless_misused(up, |up| client.request(&request, body.get(), up)) {
                    self.requests[0].push(Told::new(request_words(method, target)));
                }
            }
            Operation::RequestWith {
                method,
                fields,
                len,
            } => {
                let body = &content(len.into());
                let method = METHODS[usize::from(method % 8)];
                let fields = request_fields(fields);
                let request = Request::new(method, "/", &fields);
                if unless_misused(up, |up| client.request_with(&request, body, up)) {
                    let mut told = Told::new(request_words(method, b"/"));
                    told.body = body.to_vec();
                    told.complete = true;
                    self.requests[0].push(told);
                }
            }
            Operation::Respond {
                status,
                fields,
                old,
                body,
            } => {
                let status = STATUS[usize::from(status) % STATUS.len()];
                let fields = response_fields(fields);
                let version = if old {
                    Version::Http10
                } else {
                    Version::Http11
                };
                let response = Response::new(status, &fields).with_version(version);
                if unless_misused(down, |down| server.respond(&response, body.get(), down)) {
                    let mut told = Told::new(status.to_string());
                    told.complete = server.is_switched();
                    self.responses[0].push(told);
                }
            }
            Operation::RespondWith {
                status,
                fields,
                len,
            } => {
                let body = &content(len.into());
                let status = STATUS[usize::from(status) % STATUS.len()];
                let fields = response_fields(fields);
                let response = Response::new(status, &fields);
                let start = down.len();
                if unless_misused(down, |down| server.respond_with(&response, body, down)) {
                    let mut told = Told::new(status.to_string());
                    // nothing of it where there is no body
                    let sent = down[start..].ends_with(body) && !body.is_empty();
                    let head = down[start..]
                        .windows(4)
                        .position(|four| four == b"\r\n\r\n");
                    let head = head.expect("the end of a head") + 4;
                    if sent && down.len() - start - head >= body.len() {
                        told.body = body.to_vec();
                    }
                    told.complete = true;
                    self.responses[0].push(told);
                }
            }
            Operation::Inform { status } => {
                let status = [100, 102, 103, 199, 101, 200][usize::from(status % 6)];
                let fields = FieldBlock::new();
                let response = Response::new(status, &fields);
                unless_misused(down, |down| server.inform(&response, down));
            }
            Operation::Proceed => server.proceed(down),
            Operation::Data { server: true, len } => {
                let data = &len.content(server.remaining());
                if unless_misused(down, |down| server.data(data, down)) {
                    said(&mut self.responses[0], data);
                }
            }
            Operation::Data { len, .. } => {
                let data = &len.content(client.remaining());
                if unless_misused(up, |up| client.data(data, up)) {
                    said(&mut self.requests[0], data);
                }
            }
            Operation::Announce { server: true, len } => {
                let data = &len.content(server.remaining());
                if unless_misused(down, |down| server.announce(data.len() as u64, down)) {
                    down.extend_from_slice(data);
                    said(&mut self.responses[0], data);
                }
            }
            Operation::Announce { len, .. } => {
                let data = &len.content(client.remaining());
                if unless_misused(up, |up| client.announce(data.len() as u64, up)) {
                    up.extend_from_slice(data);
                    said(&mut self.requests[0], data);
                }
            }
            Operation::Finish {
                server: true,
                trailers,
            } => {
                let block = trailer_fields(trailers);
                if unless_misused(down, |down| server.finish(block.as_ref(), down)) {
                    finished(&mut self.responses[0], block.as_ref());
                }
            }
            Operation::Finish { trailers, .. } => {
                let block = trailer_fields(trailers);
                if unless_misused(up, |up| client.finish(block.as_ref(), up)) {
                    finished(&mut self.requests[0], block.as_ref());
                }
            }
            Operation::NextCycle { server: true } => {
                let _ = server.next_cycle();
            }
            Operation::NextCycle { .. } => {
                let _ = client.next_cycle();
            }
            Operation::End(0..=7) => client.abandon(),
            Operation::End(8..=15) => server.close_after(),
            Operation::End(16..=23) => {
                client.expired(up);
                self.expired[1] = true;
            }
            Operation::End(24..=31) => {
                let before = down.len();
                server.expired(down);
                self.expired[0] = true;
                self.blind |= server.client_state() == ClientState::Failed;
                if down.len() > before {
                    let mut told = Told::new("408".into());
                    told.complete = true;
                    self.responses[0].push(told);
                }
            }
            Operation::End(_) => {}
            Operation::Deliver {
                to_server: true,
                len,
            } => self.deliver_to_server(len.into()),
            Operation::Deliver { len, .. } => self.deliver_to_client(len.into()),
        }
    }

    fn deliver_to_server(&mut self, len: usize) {
        let pipe = &mut self.to_server;
        pipe.shown = (pipe.shown + len).min(pipe.octets.len());
        let mut at = 0;
        while !pipe.over {
            let input = Input::more(&pipe.octets[at..pipe.shown]);
            let step = match self.server.step(input, &mut self.to_client.octets) {
                Ok(step) => step,
                Err(error) if self.expired[0] && error.kind == ErrorKind::TimedOut => {
                    pipe.over = true;
                    break;
                }
                Err(error) => panic!("{error}: {}", pipe.octets[at..].escape_ascii()),
            };
            at += step.consumed;
            let arrived = &mut self.requests[1];
            match step.next {
                Next::Event(RequestEvent::Request(head)) => {
                    let target = head.target();
                    arrived.push(Told::new(request_words(head.method(), target)));
                }
                Next::Event(RequestEvent::Data(data)) => said(arrived, data),
                Next::Event(RequestEvent::End { trailers }) => {
                    let last = arrived.last_mut().expect("the end of a request");
                    last.trailers = trailers.fields().count();
                    last.complete = true;
                }
                Next::Done => pipe.over = true,
                _ if step.consumed == 0 => break,
                _ => {}
            }
        }
        pipe.octets.drain(..at);
        pipe.shown -= at;
        compare(&self.requests);
    }

    fn deliver_to_client(&mut self, len: usize) {
        let pipe = &mut self.to_client;
        pipe.shown = (pipe.shown + len).min(pipe.octets.len());
        let mut at = 0;
        while !pipe.over {
            let input = Input::more(&pipe.octets[at..pipe.shown]);
            let step = match self.client.step(input, &mut self.to_server.octets) {
                Ok(step) => step,
                Err(error) if self.expired[1] && error.kind == ErrorKind::TimedOut => {
                    pipe.over = true;
                    break;
                }
                Err(error) => panic!("{error}: {}", pipe.octets[at..].escape_ascii()),
            };
            at += step.consumed;
            let arrived = &mut self.responses[1];
            match step.next {
                Next::Event(ResponseEvent::Response(head)) => {
                    arrived.push(Told::new(head.status().to_string()));
                }
                Next::Event(ResponseEvent::Data(data)) => said(arrived, data),
                Next::Event(ResponseEvent::End { trailers }) => {
                    let last = arrived.last_mut().expect("the end of a response");
                    last.trailers = trailers.fields().count();
                    last.complete = true;
                }
                Next::Done => pipe.over = true,
                _ if step.consumed == 0 => break,
                _ => {}
            }
        }
        pipe.octets.drain(..at);
        pipe.shown -= at;
        if !self.blind {
            compare(&self.responses);
        }
    }
}

impl Len {
    fn content(self, remaining: Option<u64>) -> Vec<u8> {
        match (self, remaining) {
            (Self::Some(len), _) => content(len.into()),
            (Self::Rest, remaining) => content(remaining.unwrap_or(3).min(255)),
        }
    }
}

/// So many octets of a body; some look like HTTP.
fn content(len: u64) -> Vec<u8> {
    let text = b"0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nGET / HTTP/1.1\r\n\r\n\xff\x00";
    text.iter()
        .copied()
        .cycle()
        .take(usize::try_from(len).unwrap_or_default())
        .collect()
}

impl Announced {
    const fn get(self) -> Body {
        match self {
            Self::Empty => Body::Empty,
            Self::Length(len) => Body::Length(len as u64),
            Self::Unknown => Body::Unknown,
        }
    }
}

/// Whether it was done; if not, nothing was written.
fn unless_misused(
    out: &mut Vec<u8>,
    call: impl FnOnce(&mut Vec<u8>) -> Result<(), Misuse>,
) -> bool {
    let before = out.clone();
    let done = call(out);
    assert!(out.starts_with(&before));
    if let Err(misuse) = done {
        assert!(!misuse.to_string().is_empty());
        assert_eq!(out.len(), before.len(), "{misuse}");
    }
    done.is_ok()
}

fn said(told: &mut [Told], data: &[u8]) {
    if let Some(last) = told.last_mut() {
        last.body.extend_from_slice(data);
    } else {
        assert!(data.is_empty());
    }
}

fn finished(told: &mut [Told], trailers: Option<&FieldBlock>) {
    let last = told.last_mut().expect("the end of a message");
    last.trailers = trailers.map_or(0, |block| block.iter().count());
    last.complete = true;
}

/// What arrived is what was sent, as far as it has come.
fn compare([sent, arrived]: &[Vec<Told>; 2]) {
    assert!(arrived.len() <= sent.len());
    for (n, (sent, told)) in sent.iter().zip(arrived).enumerate() {
        assert_eq!(told.start, sent.start);
        assert!(sent.body.starts_with(&told.body));
        if told.complete && sent.complete {
            assert_eq!(told, sent);
        }
        assert!(told.complete || n + 1 == arrived.len());
    }
}

/// Most numbers stand for a target that fits to the method.
const TARGETS: [&[u8]; 5] = [b"/", b"*", b"a:443", b"http://a/b?c", b"/\xe9"];
const STATUS: [u16; 12] = [200, 200, 200, 101, 204, 205, 304, 404, 100, 417, 500, 999];

fn request_words(method: &[u8], target: &[u8]) -> String {
    format!("{} {}", method.escape_ascii(), target.escape_ascii())
}

fn request_fields(bits: u8) -> FieldBlock {
    let mut block = chosen(
        &[
            ("Connection", "close"),
            ("Connection", "upgrade"),
            ("Upgrade", "x"),
            ("Expect", "100-continue"),
            ("TE", "trailers"),
            ("Connection", "keep-alive"),
        ],
        some(bits),
    );
    if bits & 0xc0 != 0xc0 {
        let host = if bits & 128 == 0 { "a" } else { "a:443" };
        block.set("Host", host).expect("a field");
    }
    block
}

fn response_fields(bits: u8) -> FieldBlock {
    chosen(
        &[
            ("Connection", "close"),
            ("Upgrade", "x"),
            ("Connection", "upgrade"),
            ("Connection", "keep-alive"),
            ("Server", "\u{e9}"),
        ],
        some(bits),
    )
}

fn trailer_fields(bits: u8) -> Option<FieldBlock> {
    let all = [("Sum", "1"), ("Sum", "2"), ("Host", "a")];
    (bits & 24 == 0).then(|| chosen(&all, bits))
}

/// Often none.
const fn some(bits: u8) -> u8 {
    if bits & 3 == 0 {
        bits
    } else {
        bits >> 4 & 0b1_1100
    }
}

fn chosen(fields: &[(&str, &str)], bits: u8) -> FieldBlock {
    let fields = fields.iter().enumerate();
    let fields = fields.filter(|(n, _)| bits >> n & 1 != 0);
    FieldBlock::of(fields.map(|(_, field)| *field)).expect("fields")
}
