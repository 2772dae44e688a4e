//! Random walks: the application calls what it likes, the peer's octets come when they like, and a
//! simple model says what has to be accepted, refused and told.

use proptest::prelude::*;
use wirelore_http1::encode::{Body, FieldBlock, Request, Response};
use wirelore_http1::wire::MethodKind;
use wirelore_http1::{
    ClientConfig, ClientConnection, Config, Input, Machine, Misuse, Next, RequestEvent,
    RequestReceiver, ResponseEvent, ResponseReceiver, ServerConfig, ServerConnection,
};

#[derive(Clone, Copy, Debug)]
enum Op {
    /// So many octets more arrive.
    Arrive(usize),
    Inform,
    /// A message begins, with a body of this length, or of unknown length.
    Begin(Option<u64>),
    Data(u64),
    Finish,
    NextCycle,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0usize..90).prop_map(Op::Arrive),
        1 => Just(Op::Inform),
        4 => prop::option::of(0u64..6).prop_map(Op::Begin),
        4 => (0u64..6).prop_map(Op::Data),
        4 => Just(Op::Finish),
        4 => Just(Op::NextCycle),
    ]
}

/// How a message of ours stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ours {
    No,
    Owed,
    /// Its body, of which so much is left.
    Body(Option<u64>),
    Over,
}

impl Ours {
    fn data(&mut self, octets: u64) -> Result<(), Misuse> {
        match self {
            Self::Body(Some(left)) if octets > *left => {
                Err(Misuse::BodyTooLong { remaining: *left })
            }
            Self::Body(Some(left)) => {
                *left -= octets;
                Ok(())
            }
            Self::Body(None) => Ok(()),
            _ => Err(Misuse::NotNow),
        }
    }

    fn finish(&mut self) -> Result<(), Misuse> {
        match self {
            Self::Body(Some(remaining @ 1..)) => Err(Misuse::BodyTooShort {
                remaining: *remaining,
            }),
            Self::Body(_) => {
                *self = Self::Over;
                Ok(())
            }
            _ => Err(Misuse::NotNow),
        }
    }
}

/// A request of the peer: the length of its body, whether it is chunked, whether it is the last.
type Asked = (usize, bool, bool);

fn asked(&(len, chunked, close): &Asked) -> Vec<u8> {
    let close = if close { "Connection: close\r\n" } else { "" };
    let body = "x".repeat(len);
    match (chunked, len) {
        (true, 0) => format!("PUT / HTTP/1.1\r\nHost: h\r\n{close}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (true, _) => format!("PUT / HTTP/1.1\r\nHost: h\r\n{close}Transfer-Encoding: chunked\r\n\r\n{len:x}\r\n{body}\r\n0\r\n\r\n"),
        _ => format!("PUT / HTTP/1.1\r\nHost: h\r\n{close}Content-Length: {len}\r\n\r\n{body}"),
    }
    .into_bytes()
}

#[derive(Debug)]
struct ServerModel {
    asked: Vec<Asked>,
    /// Requests that were told of.
    begun: usize,
    received: usize,
    ended: bool,
    ours: Ours,
    last: bool,
    done: bool,
}

impl ServerModel {
    fn arrive(
        &mut self,
        machine: &mut ServerConnection,
        octets: &[u8],
        at: &mut usize,
        eof: bool,
        out: &mut Vec<u8>,
    ) {
        for _ in 0..1000 {
            let rest = &octets[*at..];
            let input = if eof {
                Input::last(rest)
            } else {
                Input::more(rest)
            };
            let step = machine.step(input, out).expect("what arrives is good");
            *at += step.consumed;
            match step.next {
                Next::Event(RequestEvent::Request(_)) => {
                    assert_eq!((self.ours, self.ended), (Ours::No, false));
                    self.last = self.asked[self.begun].2;
                    self.begun += 1;
                    self.received = 0;
                    self.ours = Ours::Owed;
                }
                Next::Event(RequestEvent::Data(data)) => self.received += data.len(),
                Next::Event(RequestEvent::End { .. }) => {
                    assert_eq!(self.received, self.asked[self.begun - 1].0);
                    assert!(!self.ended);
                    self.ended = true;
                }
                Next::Event(other) => panic!("{other:?}"),
                Next::NeedMore if step.consumed > 0 => {}
                Next::NeedMore => {
                    assert!(!self.ended && !eof);
                    return;
                }
                Next::Paused => {
                    assert!(self.ended && (self.ours != Ours::Over || !self.last));
                    return;
                }
                Next::Done => {
                    let over = self.ended && self.ours == Ours::Over && self.last;
                    let nothing = eof && self.ours == Ours::No;
                    assert!(over || nothing, "{self:?}");
                    self.done = true;
                    return;
                }
            }
        }
        panic!("no end");
    }

    fn call(&mut self, op: Op, machine: &mut ServerConnection, out: &mut Vec<u8>) {
        let none = FieldBlock::new();
        let len = out.len();
        let (result, wanted) = match op {
            Op::Arrive(_) => return,
            Op::Inform => {
                let wanted = if self.ours == Ours::Owed {
                    Ok(())
                } else {
                    Err(Misuse::NotNow)
                };
                (machine.inform(&Response::new(103, &none), out), wanted)
            }
            Op::Begin(length) => {
                let wanted = if self.ours == Ours::Owed {
                    Ok(())
                } else {
                    Err(Misuse::NotNow)
                };
                if wanted.is_ok() {
                    self.ours = Ours::Body(length);
                }
                let body = length.map_or(Body::Unknown, Body::Length);
                (
                    machine.respond(&Response::new(200, &none), body, out),
                    wanted,
                )
            }
            Op::Data(octets) => {
                let result = machine.data(&vec![b'y'; usize::try_from(octets).unwrap()], out);
                (result, self.ours.data(octets))
            }
            Op::Finish => (machine.finish(None, out), self.ours.finish()),
            Op::NextCycle => {
                let may = self.ended && self.ours == Ours::Over && !self.last;
                if may {
                    self.ours = Ours::No;
                    self.ended = false;
                }
                (
                    machine.next_cycle(),
                    if may { Ok(()) } else { Err(Misuse::NotNow) },
                )
            }
        };
        assert_eq!(result, wanted, "{op:?} {self:?}");
        if result.is_err() {
            assert_eq!(out.len(), len, "{op:?} writes although it is refused");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// RFC 9112 sections 9.3.2 and 9.6.
    #[test]
    fn rfc9112_9_3_2_walks_of_a_server(
        asked_list in prop::collection::vec((0usize..20, any::<bool>(), prop::bool::weighted(0.1)), 1..5),
        ops in prop::collection::vec(op(), 0..80),
        eof in any::<bool>(),
    ) {
        let octets: Vec<u8> = asked_list.iter().flat_map(asked).collect();
        let mut machine = ServerConnection::new(ServerConfig::default());
        let mut model = ServerModel {
            asked: asked_list,
            begun: 0,
            received: 0,
            ended: false,
            ours: Ours::No,
            last: false,
            done: false,
        };
        let (mut at, mut shown) = (0, 0);
        let mut out = Vec::new();
        let mut responses = 0;
        for op in ops {
            if let Op::Arrive(more) = op {
                shown = octets.len().min(shown + more);
            }
            let before = model.ours;
            model.call(op, &mut machine, &mut out);
            responses += usize::from(before != Ours::Over && model.ours == Ours::Over);
            let last = eof && shown == octets.len();
            model.arrive(&mut machine, &octets[..shown], &mut at, last, &mut out);
        }
        // What was written is as many responses as were finished, and perhaps the start of one more.
        let mut receiver = ResponseReceiver::new(Config::default());
        for _ in 0..model.begun {
            receiver.expect(MethodKind::Put);
        }
        let (mut at, mut ends) = (0, 0);
        loop {
            let step = receiver.step(Input::more(&out[at..]), &mut Vec::new()).unwrap();
            at += step.consumed;
            match step.next {
                Next::Event(event) => ends += usize::from(matches!(event, ResponseEvent::End { .. })),
                Next::NeedMore if step.consumed > 0 => {}
                _ => break,
            }
        }
        // A body that is all there is complete, though the application has not said so.
        prop_assert!(ends == responses || ends == responses + 1);
        prop_assert_eq!(at, out.len());
    }

    /// RFC 9112 sections 9.3.2 and 9.6.
    #[test]
    fn rfc9112_9_3_2_walks_of_a_client(
        answers in prop::collection::vec((0usize..20, prop::bool::weighted(0.1), prop::bool::weighted(0.2)), 1..5),
        ops in prop::collection::vec(op(), 0..80),
        ahead in 0usize..4,
    ) {
        let config = ClientConfig { max_pipelined: ahead, ..ClientConfig::default() };
        let mut machine = ClientConnection::new(config);
        let mut model = ClientModel {
            answers,
            ahead,
            ours: Ours::No,
            sent: 0,
            finished: 0,
            begun: 0,
            over: 0,
            acknowledged: 0,
            last: false,
            done: false,
        };
        let mut out = Vec::new();
        let (mut octets, mut ready, mut at, mut shown) = (Vec::new(), 0, 0, 0);
        for op in ops {
            // The server answers with the head of each request.
            while ready < model.sent && ready < model.answers.len() {
                octets.extend(answer(&model.answers[ready]));
                ready += 1;
            }
            if let Op::Arrive(more) = op {
                shown = octets.len().min(shown + more);
            }
            model.call(op, &mut machine, &mut out);
            model.arrive(&mut machine, &octets[..shown], &mut at);
        }
        let mut receiver = RequestReceiver::new(Config::default());
        let (mut at, mut ends) = (0, 0);
        loop {
            let step = receiver.step(Input::more(&out[at..]), &mut Vec::new()).unwrap();
            at += step.consumed;
            match step.next {
                Next::Event(event) => ends += usize::from(matches!(event, RequestEvent::End { .. })),
                Next::NeedMore if step.consumed > 0 => {}
                _ => break,
            }
        }
        prop_assert_eq!(at, out.len());
        // As above.
        prop_assert!(ends == model.finished || ends == model.finished + 1);
    }
}

/// A response: the length of its body, whether it is the last, whether interim ones precede it.
type Answer = (usize, bool, bool);

fn answer(&(len, close, interim): &Answer) -> Vec<u8> {
    let interim = if interim {
        "HTTP/1.1 103 Early Hints\r\n\r\n"
    } else {
        ""
    };
    let close = if close { "Connection: close\r\n" } else { "" };
    let body = "z".repeat(len);
    format!("{interim}HTTP/1.1 200 OK\r\n{close}Content-Length: {len}\r\n\r\n{body}").into_bytes()
}

#[derive(Debug)]
struct ClientModel {
    answers: Vec<Answer>,
    ahead: usize,
    /// The request that is being sent.
    ours: Ours,
    sent: usize,
    finished: usize,
    /// Responses that began, are over, and were followed by `next_cycle`.
    begun: usize,
    over: usize,
    acknowledged: usize,
    last: bool,
    done: bool,
}

impl ClientModel {
    fn arrive(&mut self, machine: &mut ClientConnection, octets: &[u8], at: &mut usize) {
        for _ in 0..1000 {
            let step = machine
                .step(Input::more(&octets[*at..]), &mut Vec::new())
                .unwrap();
            *at += step.consumed;
            match step.next {
                Next::Event(ResponseEvent::Informational(_)) => assert!(self.begun < self.sent),
                Next::Event(ResponseEvent::Response(_)) => {
                    assert_eq!(self.acknowledged, self.begun);
                    self.last = self.answers[self.begun].1;
                    self.begun += 1;
                }
                Next::Event(ResponseEvent::Data(_)) => assert!(self.over < self.begun),
                Next::Event(ResponseEvent::End { .. }) => self.over += 1,
                Next::Event(other) => panic!("{other:?}"),
                Next::NeedMore if step.consumed > 0 => {}
                Next::NeedMore => {
                    assert_eq!(self.acknowledged, self.over);
                    return;
                }
                Next::Paused => {
                    assert!(self.acknowledged < self.over && !self.last, "{self:?}");
                    return;
                }
                Next::Done => {
                    assert!(self.last && self.over == self.begun, "{self:?}");
                    self.done = true;
                    return;
                }
            }
        }
        panic!("no end");
    }

    fn call(&mut self, op: Op, machine: &mut ClientConnection, out: &mut Vec<u8>) {
        let host = FieldBlock::new().with("Host", "h").unwrap();
        let len = out.len();
        let (result, wanted) = match op {
            Op::Arrive(_) | Op::Inform => return,
            Op::Begin(length) => {
                let sending = matches!(self.ours, Ours::Body(_));
                // The first one needs no room.
                let open = self.sent - self.acknowledged;
                let may = !sending && !self.last && (open == 0 || open <= self.ahead);
                if may {
                    self.ours = Ours::Body(length);
                    self.sent += 1;
                }
                let body = length.map_or(Body::Unknown, Body::Length);
                let request = Request::new("PUT", "/", &host);
                let wanted = if may { Ok(()) } else { Err(Misuse::NotNow) };
                (machine.request(&request, body, out), wanted)
            }
            Op::Data(octets) => {
                let result = machine.data(&vec![b'y'; usize::try_from(octets).unwrap()], out);
                (result, self.ours.data(octets))
            }
            Op::Finish => {
                let wanted = self.ours.finish();
                self.finished += usize::from(wanted.is_ok());
                (machine.finish(None, out), wanted)
            }
            Op::NextCycle => {
                let own = self.over == self.sent;
                let sending = matches!(self.ours, Ours::Body(_));
                let may = self.acknowledged < self.over && !self.last && !(own && sending);
                self.acknowledged += usize::from(may);
                (
                    machine.next_cycle(),
                    if may { Ok(()) } else { Err(Misuse::NotNow) },
                )
            }
        };
        assert_eq!(result, wanted, "{op:?} {self:?}");
        if result.is_err() {
            assert_eq!(out.len(), len, "{op:?} writes although it is refused");
        }
    }
}
