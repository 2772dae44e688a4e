//! Our client of the tests: the machine, with a std socket or with octets that were recorded.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use wirelore_core::RecvBuf;
use wirelore_http1::encode::{Body, Request};
use wirelore_http1::wire::{Framing, ResponseHead};
use wirelore_http1::{
    ClientConfig, ClientConnection, Input, Machine, Next, ResponseEvent, Version,
};
use wirelore_interop::content;

use crate::LIMIT;
use crate::lists::{List, block, latin, section, value};

/// A request that is to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) version: Version,
    pub(crate) fields: List,
    pub(crate) pieces: Vec<Vec<u8>>,
    pub(crate) chunked: bool,
    pub(crate) trailers: List,
}

impl Ask {
    /// Without a body.
    pub(crate) fn new(method: &'static str, target: impl Into<String>) -> Self {
        let target = target.into();
        // of CONNECT it is what the target says
        let host = if method == "CONNECT" { target.clone() } else { "127.0.0.1".into() };
        Self {
            method,
            target,
            version: Version::Http11,
            fields: vec![("Host".into(), host)],
            pieces: Vec::new(),
            chunked: false,
            trailers: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    pub(crate) fn length(mut self, body: Vec<u8>) -> Self {
        self.pieces = vec![body];
        self
    }

    /// Chunks of the sizes `sizes`.
    pub(crate) fn chunked(mut self, sizes: &[usize], trailers: &[(&str, &str)]) -> Self {
        let all = content(sizes.iter().sum());
        let mut rest = &all[..];
        for &size in sizes {
            let (piece, behind) = rest.split_at(size);
            self.pieces.push(piece.to_vec());
            rest = behind;
        }
        self.chunked = true;
        let trailers = trailers.iter().map(|&(name, value)| (name.into(), value.into()));
        self.trailers = trailers.collect();
        self
    }

    pub(crate) fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        self.pieces.concat()
    }

    fn send_head(&self, client: &mut ClientConnection, out: &mut Vec<u8>) {
        let fields = block(&self.fields);
        let body = match self.pieces.iter().map(Vec::len).sum::<usize>() {
            _ if self.chunked => Body::Unknown,
            0 => Body::Empty,
            len => Body::Length(len as u64),
        };
        let request = Request::new(self.method, &self.target, &fields).with_version(self.version);
        client.request(&request, body, out).unwrap_or_else(|misuse| panic!("{misuse}: {self:?}"));
    }

    fn send_body(&self, client: &mut ClientConnection, out: &mut Vec<u8>) {
        for piece in &self.pieces {
            client.data(piece, out).expect("a piece of the body");
        }
        client.finish(Some(&block(&self.trailers)), out).expect("the end of the body");
    }
}

/// A response that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) version: Version,
    pub(crate) framing: Framing,
    pub(crate) keep_alive: bool,
    /// Of the 1xx responses before it.
    pub(crate) interim: Vec<u16>,
    pub(crate) fields: List,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: List,
}

impl Got {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        value(&self.fields, name)
    }
}

/// Collects responses out of events.
#[derive(Default)]
struct Collected {
    got: Vec<Got>,
    interim: Vec<u16>,
    present: Option<Got>,
}

impl Collected {
    fn event(&mut self, client: &mut ClientConnection, event: ResponseEvent<&[u8]>) {
        match event {
            ResponseEvent::Informational(head) => self.interim.push(head.status()),
            ResponseEvent::Response(head) => {
                self.present = Some(self.begun(&head));
            }
            ResponseEvent::Data(data) => {
                self.present.as_mut().expect("a head").body.extend_from_slice(data);
            }
            ResponseEvent::End { trailers } => {
                let mut got = self.present.take().expect("a head");
                got.trailers = section(&trailers);
                self.got.push(got);
                // refused where the connection ends
                let _ = client.next_cycle();
            }
            other => panic!("{other:?}"),
        }
    }

    fn begun(&mut self, head: &ResponseHead<&[u8]>) -> Got {
        let fields = head.fields().map(|field| (latin(field.name()), latin(&field.value())));
        Got {
            status: head.status(),
            reason: latin(head.reason()),
            version: head.version(),
            framing: head.framing(),
            keep_alive: head.keep_alive(),
            interim: std::mem::take(&mut self.interim),
            fields: fields.collect(),
            body: Vec::new(),
            trailers: Vec::new(),
        }
    }
}

/// A conversation over one connection.
pub(crate) struct Exchange {
    /// The octets of each request.
    pub(crate) sent: Vec<Vec<u8>>,
    /// All octets that came.
    pub(crate) received: Vec<u8>,
    pub(crate) got: Vec<Got>,
}

/// Sends `asks` over one connection, each as early as it may be sent, and reads the responses.
#[track_caller]
pub(crate) fn exchange(port: u16, asks: &[Ask]) -> Exchange {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("an option of a socket");
    let mut client = ClientConnection::new(ClientConfig::default());
    let mut buf = RecvBuf::new(client.max_unconsumed());
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    let (mut pending, mut collected, mut at_end) = (Vec::new(), Collected::default(), false);
    let mut next = asks.iter();
    let mut present: Option<(&Ask, Vec<u8>)> = None;
    loop {
        // as much as may be said now
        loop {
            if let Some((ask, mut octets)) = present.take() {
                if client.awaits_continue() {
                    present = Some((ask, octets));
                    break;
                }
                let start = octets.len();
                ask.send_body(&mut client, &mut octets);
                pending.extend_from_slice(&octets[start..]);
                sent.push(octets);
            }
            let Some(ask) = next.next() else { break };
            let mut octets = Vec::new();
            ask.send_head(&mut client, &mut octets);
            pending.extend_from_slice(&octets);
            present = Some((ask, octets));
        }
        let bytes = buf.bytes();
        let input = if at_end { Input::last(bytes) } else { Input::more(bytes) };
        let step = client.step(input, &mut pending).unwrap_or_else(|error| {
            panic!("{error}: {}", received.escape_ascii());
        });
        let consumed = step.consumed;
        match step.next {
            Next::Event(event) => collected.event(&mut client, event),
            Next::NeedMore if consumed > 0 => {}
            Next::NeedMore if client.unanswered() == 0 && collected.present.is_none() => break,
            Next::NeedMore => {
                stream.write_all(&pending).expect("an open connection");
                pending.clear();
                let patience = client.patience().map_or(LIMIT, |patience| patience.limit);
                stream.set_read_timeout(Some(patience)).expect("an option of a socket");
                match stream.read(buf.spare()) {
                    Ok(count) => {
                        received.extend_from_slice(&buf.spare()[..count]);
                        at_end = count == 0;
                        buf.fill(count);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        client.expired(&mut pending);
                    }
                    Err(error) => panic!("{error}: {}", received.escape_ascii()),
                }
            }
            Next::Paused => panic!("a response that nobody waited for"),
            Next::Done => break,
        }
        buf.consume(consumed);
    }
    let got = collected.got;
    assert_eq!(client.unanswered(), 0, "{asks:?} {got:?}");
    Exchange { sent, received, got }
}

/// The octets of a request.
pub(crate) fn octets(ask: &Ask) -> Vec<u8> {
    let mut client = ClientConnection::new(ClientConfig::default());
    let mut octets = Vec::new();
    ask.send_head(&mut client, &mut octets);
    ask.send_body(&mut client, &mut octets);
    octets
}

/// Reads recorded octets once more, in pieces whose sizes `cut` says: what came of it.
#[track_caller]
pub(crate) fn reread(asks: &[Ask], received: &[u8], mut cut: impl FnMut() -> usize) -> Vec<Got> {
    let mut client = ClientConnection::new(ClientConfig::default());
    let (mut collected, mut sent) = (Collected::default(), Vec::new());
    let mut next = asks.iter();
    let (mut at, mut end) = (0, 0);
    loop {
        while let Some(ask) = next.clone().next()
            && client.keeps_alive()
        {
            ask.send_head(&mut client, &mut sent);
            ask.send_body(&mut client, &mut sent);
            next.next();
        }
        let bytes = &received[at..end];
        let last = end == received.len();
        let input = if last { Input::last(bytes) } else { Input::more(bytes) };
        let step = client.step(input, &mut sent).unwrap_or_else(|error| {
            panic!("{error}: {}", received.escape_ascii());
        });
        at += step.consumed;
        match step.next {
            Next::Event(event) => collected.event(&mut client, event),
            Next::NeedMore if step.consumed > 0 => {}
            Next::NeedMore => {
                assert!(!last, "more is wanted behind the end");
                end = (end + cut().max(1)).min(received.len());
            }
            Next::Paused | Next::Done => break,
        }
    }
    collected.got
}
