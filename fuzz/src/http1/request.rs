//! What clients send.

use super::{compare_table, config};
use crate::core::{Cutting, Run, drive, pieces, same_in_any_cutting};
use wirelore_http1::encode::FieldBlock;
use wirelore_http1::encode::Response;
use wirelore_http1::wire::{Field, MethodKind, TargetForm, parse_request};
use wirelore_http1::{
    Config, Error, ErrorKind, Input, Machine, Next, RequestEvent, RequestReceiver, ServerConfig,
    ServerConnection,
};

/// Any octets: the cutting does not show, the value level and the machine agree about every head, and
/// a server reads what the receiver reads.
///
/// Octets 0 and 1 are the configuration, octet 2 the cutting.
pub fn http1_request(data: &[u8]) {
    let [low, high, cutting, stream @ ..] = data else {
        return;
    };
    let config = config([*low, *high]);
    let whole = same_in_any_cutting(*cutting, |cutting| receive(config, stream, cutting));
    compare_values(config, stream, &whole);
    let server = same_in_any_cutting(*cutting, |cutting| serve(config, stream, cutting));
    let connects = whole.log.iter().any(|(_, event)| {
        matches!(event, RequestEvent::Request(head) if head.kind() == MethodKind::Connect)
    });
    let read: Vec<_> = whole.log.iter().map(|(_, event)| event).collect();
    let served: Vec<_> = server.log.iter().collect();
    if connects {
        // the server refuses the tunnel, and goes on
        assert!(served.len() >= read.len());
        assert_eq!(served[..read.len()], read);
    } else {
        assert_eq!(served, read);
        assert_eq!(server.error, whole.error);
        assert_eq!(server.consumed, whole.consumed);
    }
}

type Logged = RequestEvent<Vec<u8>>;

/// Events with what was consumed before them; data that follows data is joined.
fn receive(config: Config, stream: &[u8], cutting: Cutting) -> Run<(usize, Logged), Error> {
    drive(
        RequestReceiver::new(config),
        stream,
        cutting,
        |log, machine, event| {
            let end = usize::try_from(machine.offset()).expect("it is not that long");
            push(log, end, event);
        },
    )
}

fn push(log: &mut Vec<(usize, Logged)>, end: usize, event: RequestEvent<&[u8]>) {
    if let RequestEvent::Request(head) = &event {
        let raw = head.raw();
        assert!(head.fields().count() == head.field_count());
        let asterisk = head.target() == b"*";
        assert_eq!(head.target_form() == TargetForm::Asterisk, asterisk);
        assert!(raw.starts_with(head.method()));
        assert!(head.path_and_query().is_empty() == (head.target_form() == TargetForm::Authority));
        assert!(!format!("{head:?}").contains('\n'));
        if let Some(authority) = head.authority() {
            assert!(wirelore_http1::wire::Authority::parse(authority).is_some());
        }
    }
    match (event, log.last_mut()) {
        (RequestEvent::Data(data), Some((place, RequestEvent::Data(before)))) => {
            *place = end;
            before.extend_from_slice(data);
        }
        (event, _) => log.push((end, event.map(<[u8]>::to_vec))),
    }
}

/// `parse_request` finds the head that the machine found, and the error.
fn compare_values(config: Config, stream: &[u8], run: &Run<(usize, Logged), Error>) {
    let mut table = [Field::default(); 128];
    let mut in_head = true;
    for (end, event) in &run.log {
        in_head = matches!(event, RequestEvent::End { .. });
        let RequestEvent::Request(wanted) = event else {
            continue;
        };
        let bytes = &stream[end - wanted.raw().len()..];
        let found = parse_request(bytes, &mut table, &config);
        let found = found
            .expect("the machine read it")
            .expect("it is all there");
        assert_eq!(&found.map(<[u8]>::to_vec), wanted);
        compare_table(bytes, &table[..found.field_count()], found.fields());
        // not one octet less
        let less = &bytes[..wanted.raw().len() - 1];
        assert_eq!(parse_request(less, &mut table, &config), Ok(None));
    }
    let bytes = &stream[run.consumed..];
    if let Some(error) = run.error.filter(|_| in_head)
        && !matches!(bytes.first(), Some(b'\r' | b'\n') | None)
    {
        let at = error.offset - run.consumed as u64;
        match parse_request(bytes, &mut table, &config) {
            Ok(head) => {
                assert_eq!(head, None);
                assert_eq!((error.kind, at), (ErrorKind::Truncated, bytes.len() as u64));
            }
            Err(found) => assert_eq!((found.kind, found.offset), (error.kind, at)),
        }
    }
}

#[derive(Debug, PartialEq)]
struct Served {
    log: Vec<Logged>,
    out: Vec<u8>,
    consumed: usize,
    error: Option<Error>,
}

/// A server that answers at once and offers nothing.
fn serve(config: Config, stream: &[u8], cutting: Cutting) -> Served {
    let mut server = ServerConnection::new(ServerConfig {
        message: config,
        ..ServerConfig::default()
    });
    let fields = FieldBlock::new();
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
        let step = match server.step(input, &mut out) {
            Ok(step) => step,
            Err(error) => {
                let written = out.len();
                assert_eq!(server.step(input, &mut out), Err(error));
                assert_eq!(out.len(), written);
                assert!(error.offset <= stream.len() as u64);
                break Some(error);
            }
        };
        at += step.consumed;
        idle = if step.consumed == 0 { idle + 1 } else { 0 };
        match step.next {
            Next::Event(event) => {
                assert!(idle <= 4);
                if let RequestEvent::Request(_) = &event {
                    server.proceed(&mut out);
                }
                let ends = matches!(event, RequestEvent::End { .. });
                push(&mut log, at, event);
                if ends {
                    let status = if log.len() % 3 == 0 { 404 } else { 403 };
                    let response = Response::new(status, &fields);
                    let written = server.respond_with(&response, b"no", &mut out);
                    assert_eq!(written, Ok(()));
                    // refused where the connection does not outlive it
                    assert_eq!(server.next_cycle().is_ok(), server.keeps_alive());
                }
                continue;
            }
            Next::NeedMore if step.consumed > 0 => continue,
            Next::NeedMore => {
                assert!(!last);
                assert!(shown.len() < server.max_unconsumed());
                match pieces.next() {
                    Some(len) => {
                        end += len;
                        last = end == stream.len() && !cutting.end_apart;
                    }
                    None => last = true,
                }
            }
            Next::Done => break None,
            Next::Paused => panic!("everything was answered"),
        }
        idle = 0;
    };
    assert!(
        server
            .patience()
            .is_none_or(|patience| !patience.what.is_empty())
    );
    Served {
        log: log.into_iter().map(|(_, event)| event).collect(),
        out,
        consumed: at,
        error,
    }
}
