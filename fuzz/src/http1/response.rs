//! What servers send.

use super::{METHODS, compare_table, config, methods};
use crate::core::{Cutting, Run, drive, pieces, same_in_any_cutting};
use wirelore_http1::encode::{FieldBlock, Request};
use wirelore_http1::wire::{Field, MethodKind, parse_response};
use wirelore_http1::{
    ClientConfig, ClientConnection, Config, Error, ErrorKind, Input, Machine, Next, ResponseEvent,
    ResponseReceiver,
};

/// Any octets as responses to three requests: the cutting does not show, the value level and the
/// machine agree about every head, and a client reads what the receiver reads.
///
/// Octets 0 and 1 are the configuration, octet 2 the cutting, octet 3 the methods.
pub fn http1_response(data: &[u8]) {
    let [low, high, cutting, octet, stream @ ..] = data else {
        return;
    };
    let config = config([*low, *high]);
    let all = methods(*octet);
    let whole = same_in_any_cutting(*cutting, |cutting| receive(config, &all, stream, cutting));
    compare_values(config, &all, stream, &whole);
    let (_, sent) = client(config, *octet);
    let client = same_in_any_cutting(*cutting, |cutting| {
        let (client, _) = client(config, *octet);
        ask(client, stream, cutting)
    });
    let receiver = receive(config, &sent, stream, Cutting::WHOLE);
    let switches = receiver
        .log
        .iter()
        .any(|(_, event)| matches!(event, ResponseEvent::Response(head) if head.status() == 101));
    if switches {
        // nobody asked for it
        assert_eq!(
            client.error.map(|it| it.kind),
            Some(ErrorKind::UnexpectedSwitch)
        );
    } else {
        let read: Vec<_> = receiver.log.iter().map(|(_, event)| event).collect();
        assert_eq!(client.log.iter().collect::<Vec<_>>(), read);
        assert_eq!(client.error, receiver.error);
        assert_eq!(client.consumed, receiver.consumed);
    }
}

type Logged = ResponseEvent<Vec<u8>>;

fn receive(
    config: Config,
    methods: &[MethodKind],
    stream: &[u8],
    cutting: Cutting,
) -> Run<(usize, Logged), Error> {
    let mut machine = ResponseReceiver::new(config);
    methods.iter().for_each(|method| machine.expect(*method));
    drive(machine, stream, cutting, |log, machine, event| {
        let end = usize::try_from(machine.offset()).expect("it is not that long");
        push(log, end, event);
    })
}

fn push(log: &mut Vec<(usize, Logged)>, end: usize, event: ResponseEvent<&[u8]>) {
    if let ResponseEvent::Response(head) | ResponseEvent::Informational(head) = &event {
        assert!(head.fields().count() == head.field_count());
        assert!(head.status() < 1000);
        assert!(!head.reason().contains(&b'\n'));
        assert!(!format!("{head:?}").contains('\n'));
        let interim = matches!(event, ResponseEvent::Informational(_));
        assert_eq!(head.is_informational(), interim);
    }
    match (event, log.last_mut()) {
        (ResponseEvent::Data(data), Some((place, ResponseEvent::Data(before)))) => {
            *place = end;
            before.extend_from_slice(data);
        }
        (event, _) => log.push((end, event.map(<[u8]>::to_vec))),
    }
}

/// `parse_response` finds the head that the machine found, and the error.
fn compare_values(
    config: Config,
    methods: &[MethodKind],
    stream: &[u8],
    run: &Run<(usize, Logged), Error>,
) {
    let mut table = [Field::default(); 128];
    let mut methods = methods.iter().copied();
    let mut method = methods.next();
    let mut in_head = true;
    for (end, event) in &run.log {
        in_head = matches!(
            event,
            ResponseEvent::End { .. } | ResponseEvent::Informational(_)
        );
        let (ResponseEvent::Response(wanted) | ResponseEvent::Informational(wanted)) = event else {
            continue;
        };
        let bytes = &stream[end - wanted.raw().len()..];
        let of = method.expect("a request is outstanding");
        let found = parse_response(bytes, &mut table, of, &config);
        let found = found
            .expect("the machine read it")
            .expect("it is all there");
        assert_eq!(&found.map(<[u8]>::to_vec), wanted);
        compare_table(bytes, &table[..found.field_count()], found.fields());
        let less = &bytes[..wanted.raw().len() - 1];
        assert_eq!(parse_response(less, &mut table, of, &config), Ok(None));
        if matches!(event, ResponseEvent::Response(_)) {
            method = methods.next();
        }
    }
    let bytes = &stream[run.consumed..];
    if let (Some(error), Some(of), true) = (run.error, method, in_head) {
        let at = error.offset - run.consumed as u64;
        match parse_response(bytes, &mut table, of, &config) {
            Ok(head) => {
                assert_eq!(head, None);
                assert_eq!((error.kind, at), (ErrorKind::Truncated, bytes.len() as u64));
            }
            Err(found) => assert_eq!((found.kind, found.offset), (error.kind, at)),
        }
    }
}

/// A client that has asked as much of this as may be asked ahead of a response.
fn client(config: Config, octet: u8) -> (ClientConnection, Vec<MethodKind>) {
    let mut client = ClientConnection::new(ClientConfig {
        message: config,
        ..ClientConfig::default()
    });
    let fields = FieldBlock::new().with("Host", "a").expect("a field");
    let mut sent = Vec::new();
    for n in [octet & 7, octet >> 3 & 7, octet >> 6] {
        let method = METHODS[usize::from(n)];
        let target = match method {
            b"CONNECT" => "a:1",
            _ => "/",
        };
        let mut out = Vec::new();
        let request = Request::new(method, target, &fields);
        if client.request_with(&request, b"", &mut out).is_ok() {
            sent.push(MethodKind::of(method));
        } else {
            assert_eq!(out, []);
        }
    }
    assert_eq!(client.unanswered(), sent.len());
    (client, sent)
}

#[derive(Debug, PartialEq)]
struct Asked {
    log: Vec<Logged>,
    consumed: usize,
    error: Option<Error>,
    unanswered: usize,
}

fn ask(mut client: ClientConnection, stream: &[u8], cutting: Cutting) -> Asked {
    let mut log = Vec::new();
    let mut out = Vec::new();
    let (mut at, mut end, mut idle) = (0, 0, 0);
    let mut pieces = pieces(stream, cutting.seed).map(<[u8]>::len);
    let mut last = false;
    let error = loop {
        let shown = &stream[at..end];
        let input = match last {
            true => Input::last(shown),
            false => Input::more(shown),
        };
        let step = match client.step(input, &mut out) {
            Ok(step) => step,
            Err(error) => {
                assert_eq!(client.step(input, &mut out), Err(error));
                break Some(error);
            }
        };
        at += step.consumed;
        idle = if step.consumed == 0 { idle + 1 } else { 0 };
        match step.next {
            Next::Event(event) => {
                assert!(idle <= 4);
                push(&mut log, at, event);
                continue;
            }
            Next::NeedMore if step.consumed > 0 => continue,
            Next::NeedMore => {
                assert!(!last);
                assert!(shown.len() < client.max_unconsumed());
                match pieces.next() {
                    Some(len) => {
                        end += len;
                        last = end == stream.len() && !cutting.end_apart;
                    }
                    None => last = true,
                }
            }
            Next::Done => break None,
            Next::Paused => assert_eq!(client.next_cycle(), Ok(())),
        }
        idle = 0;
    };
    assert_eq!(out, []);
    Asked {
        log: log.into_iter().map(|(_, event)| event).collect(),
        consumed: at,
        error,
        unanswered: client.unanswered(),
    }
}
