//! What the connections tell of the messages of `data/vectors.txt` is what the receivers tell, and what
//! they write does not depend on how the octets were cut.

#[allow(dead_code, reason = "not every test needs all of it")]
mod vector;

use vector::{End, Role, Told, Vector, load, receive};
use wirelore_http1::encode::{FieldBlock, Request, Response};
use wirelore_http1::wire::MethodKind;
use wirelore_http1::{
    ClientConfig, ClientConnection, Error, Input, Machine, Next, ServerConfig, ServerConnection,
};
use wirelore_testkit::{Cutting, Rng};

/// What came of a run: what was told, how it ended, how much was consumed and what was written.
type Run = (Vec<Told>, End, usize, Vec<u8>);

/// Gives the octets of `vector` in these pieces; `answer` is the application at the end of a message.
fn run<M>(
    mut machine: M,
    vector: &Vector,
    cutting: &Cutting,
    answer: impl Fn(&mut M, &mut Vec<u8>),
) -> Run
where
    M: Machine<Error = Error>,
    for<'i> Told: From<M::Event<'i>>,
{
    let (mut told, mut out): (Vec<Told>, _) = (Vec::new(), Vec::new());
    let mut lengths = cutting.lengths().iter();
    let (mut at, mut shown, mut last) = (0, 0, false);
    for _ in 0..1_000_000 {
        let bytes = &vector.octets[at..shown];
        let input = if last {
            Input::last(bytes)
        } else {
            Input::more(bytes)
        };
        let step = match machine.step(input, &mut out) {
            Ok(step) => step,
            Err(error) => return (told, End::Error(error), at, out),
        };
        at += step.consumed;
        match step.next {
            Next::Event(event) => {
                match (Told::from(event), told.last_mut()) {
                    (Told::Data(more), Some(Told::Data(data))) => data.extend_from_slice(&more),
                    (event, _) => told.push(event),
                }
                if let Some(Told::End(_)) = told.last() {
                    answer(&mut machine, &mut out);
                }
            }
            Next::NeedMore if step.consumed > 0 && at < shown => {}
            Next::NeedMore => match lengths.next() {
                Some(len) => {
                    shown += len;
                    last = vector.eof && shown == vector.octets.len();
                }
                None if vector.eof && !last => last = true,
                None if last => assert!(step.consumed > 0, "waits at the end"),
                None => return (told, End::More, at, out),
            },
            Next::Paused => panic!("line {}: paused although all is answered", vector.line),
            Next::Done => return (told, End::Done, at, out),
        }
    }
    panic!("no end");
}

fn cuttings(vector: &Vector) -> Vec<Cutting> {
    let len = vector.octets.len();
    let mut rng = Rng::new(vector.line as u64);
    let mut cuttings = vec![Cutting::whole(len), Cutting::octets(len)];
    cuttings.extend((0..64).map(|_| Cutting::random(len, &mut rng)));
    cuttings
}

/// Compares all runs with the first, and that with the receiver.
fn compare(vector: &Vector, run: impl Fn(&Cutting) -> Run) {
    let line = vector.line;
    let cuttings = cuttings(vector);
    let whole = run(&cuttings[0]);
    for cutting in &cuttings[1..] {
        assert_eq!(run(cutting), whole, "line {line}: {cutting:?}");
    }
    let received = receive(vector, &cuttings[0], false);
    assert_eq!(whole.0, received.told, "line {line}");
    assert_eq!(whole.1, received.end, "line {line}");
    assert_eq!(whole.2, received.consumed, "line {line}");
}

#[test]
fn servers_tell_what_receivers_tell() {
    let fields = FieldBlock::new();
    let mut count = 0;
    for vector in load().iter().filter(|vector| vector.role == Role::Request) {
        // Those go on, or end, by the answer.
        let received = receive(vector, &Cutting::whole(vector.octets.len()), false);
        let switches = |told: &Told| match told {
            Told::Request(head) => head.upgrade() || head.kind() == MethodKind::Connect,
            _ => false,
        };
        if received.told.iter().any(switches) {
            continue;
        }
        count += 1;
        compare(vector, |cutting| {
            let machine = ServerConnection::new(ServerConfig {
                message: vector.config,
                ..ServerConfig::default()
            });
            run::<ServerConnection>(machine, vector, cutting, |server, out| {
                let response = Response::new(200, &fields);
                server.respond_with(&response, b"hello", out).unwrap();
                let goes_on = server.keeps_alive();
                assert_eq!(server.next_cycle().is_ok(), goes_on);
            })
        });
    }
    assert!(count > 300, "{count}");
}

/// RFC 9112 section 9.2.
#[test]
fn clients_tell_what_receivers_tell() {
    let host = FieldBlock::new().with("Host", "h").unwrap();
    let tunnel = FieldBlock::new().with("Host", "h:1").unwrap();
    let mut count = 0;
    for vector in &load() {
        let Role::Response(methods) = &vector.role else {
            continue;
        };
        // A client sends nothing behind CONNECT before the answer, and asked for no switch.
        let last_only = |kind: &MethodKind| *kind == MethodKind::Connect;
        let pipelined = methods
            .split_last()
            .is_none_or(|(_, before)| !before.iter().any(last_only));
        if !pipelined || vector.octets.starts_with(b"HTTP/1.1 101") {
            continue;
        }
        count += 1;
        compare(vector, |cutting| {
            let mut machine = ClientConnection::new(ClientConfig {
                message: vector.config,
                ..ClientConfig::default()
            });
            let mut out = Vec::new();
            for method in methods {
                let (method, target) = match method {
                    MethodKind::Head => ("HEAD", "/"),
                    MethodKind::Connect => ("CONNECT", "h:1"),
                    _ => ("GET", "/"),
                };
                let host = if target == "/" { &host } else { &tunnel };
                let request = Request::new(method, target, host);
                machine.request_with(&request, b"", &mut out).unwrap();
            }
            run::<ClientConnection>(machine, vector, cutting, |client, _| {
                let goes_on = client.keeps_alive();
                assert_eq!(client.next_cycle().is_ok(), goes_on);
            })
        });
    }
    assert!(count > 90, "{count}");
}
