//! What was accepted, sent on.

use super::{Pairs, config, methods, pairs};
use crate::core::{Cutting, drive};
use wirelore_http1::encode::{
    BodyWriter, ConnectionOption, FieldBlock, Forward, OutFraming, Request, Response,
    write_request_head, write_response_head,
};
use wirelore_http1::wire::octet::is_field;
use wirelore_http1::wire::{Framing, MethodKind, RequestHead, ResponseHead, TargetForm};
use wirelore_http1::{
    Config, Limits, Misuse, RequestEvent, RequestReceiver, ResponseEvent, ResponseReceiver, Version,
};

/// Whatever is accepted, with any leniency, and written again is strict: it is read by default as the
/// same message, and written from that it is the same octets. What cannot be written is on a list.
///
/// Octets 0 and 1 are the leniency, octet 2 the side, and the methods that responses answer.
pub fn http1_roundtrip(data: &[u8]) {
    let [low, high, side, stream @ ..] = data else {
        return;
    };
    let config = Config {
        limits: Limits::default(),
        ..config([*low, *high])
    };
    for forward in [Forward::All, Forward::EndToEnd] {
        match side & 1 {
            0 => requests(config, forward, stream),
            _ => responses(config, forward, &methods(*side), stream),
        }
    }
}

struct Message<H> {
    head: H,
    body: Vec<u8>,
    trailers: Pairs,
}

fn requests(config: Config, forward: Forward, stream: &[u8]) {
    for message in read_requests(config, stream) {
        let head = &message.head;
        let written = match write_request(&message, forward) {
            Ok(written) => written,
            Err(misuse) => {
                let expected = match misuse {
                    Misuse::BadTarget { .. } => config.lenient.obs_text_in_target,
                    Misuse::MissingHost => config.lenient.missing_host,
                    // the target wins for who reads (RFC 9112 section 3.2.2), and Host has to be
                    // empty where the target has no authority (section 3.2): who sends it on mends it
                    Misuse::HostMismatch => matches!(
                        head.target_form(),
                        TargetForm::Absolute | TargetForm::Authority
                    ),
                    Misuse::BodyNotAllowed => head.kind() == MethodKind::Trace,
                    _ => false,
                };
                assert!(expected, "{misuse}: {head:?}");
                continue;
            }
        };
        let strict = Config {
            http09: config.http09,
            ..strict()
        };
        let again = read_requests(strict, &written);
        let [again] = &again[..] else {
            panic!("{} messages: {}", again.len(), written.escape_ascii());
        };
        assert_eq!(again.head.method(), head.method());
        assert_eq!(again.head.target(), head.target());
        assert_eq!(again.head.version(), head.version());
        assert_eq!(again.head.authority(), head.authority());
        assert_eq!(again.head.framing(), head.framing());
        assert_eq!(again.body, message.body);
        if forward == Forward::All {
            assert!(again.head.keep_alive() || !head.keep_alive());
            assert!(again.head.upgrade() || !head.upgrade());
            assert_eq!(again.head.expect_continue(), head.expect_continue());
        }
        let block = block(pairs(head.fields()), forward);
        compare_fields(&block, &pairs(again.head.fields()));
        compare_trailers(&message.trailers, &again.trailers);
        let twice = write_request(again, forward).expect("it was written");
        assert_eq!(escaped(&twice), escaped(&written));
    }
}

fn responses(config: Config, forward: Forward, methods: &[MethodKind], stream: &[u8]) {
    for (method, message) in read_responses(config, methods, stream) {
        let head = &message.head;
        let written = match write_response(&message, forward) {
            Ok(written) => written,
            Err(misuse) => {
                let expected = match misuse {
                    Misuse::BadStatus { status } => status < 100,
                    // 205 has no content (RFC 9110 section 15.3.6), but who gets some reads it
                    Misuse::BodyNotAllowed => head.status() == 205,
                    Misuse::NotInVersion { version } => {
                        version == Version::Http10 && head.status() < 200
                    }
                    _ => false,
                };
                assert!(expected, "{misuse}: {head:?}");
                continue;
            }
        };
        let again = read_responses(strict(), &[method], &written);
        let [(_, again)] = &again[..] else {
            panic!("{} messages: {}", again.len(), written.escape_ascii());
        };
        assert_eq!(again.head.status(), head.status());
        assert_eq!(again.head.version(), head.version());
        assert_eq!(again.head.reason(), cleaned(head.reason()));
        assert_eq!(again.head.framing(), head.framing());
        assert_eq!(again.body, message.body);
        let block = block(pairs(head.fields()), forward);
        compare_fields(&block, &pairs(again.head.fields()));
        compare_trailers(&message.trailers, &again.trailers);
        let twice = write_response(again, forward).expect("it was written");
        assert_eq!(escaped(&twice), escaped(&written));
    }
}

/// Strict, with room for the lines that an encoder adds to a message that has as many as it may.
fn strict() -> Config {
    let usual = Config::default();
    Config {
        limits: Limits {
            max_headers: usual.limits.max_headers + 2,
            max_head: usual.limits.max_head * 2,
            ..usual.limits
        },
        ..usual
    }
}

fn escaped(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}

/// All complete messages.
fn read_requests(config: Config, stream: &[u8]) -> Vec<Message<RequestHead<Vec<u8>>>> {
    let mut messages = Vec::new();
    let mut open = None;
    let machine = RequestReceiver::new(config);
    drive(
        machine,
        stream,
        Cutting::WHOLE,
        |_: &mut Vec<()>, _, event| match event {
            RequestEvent::Request(head) => {
                open = Some(Message {
                    head: head.map(<[u8]>::to_vec),
                    body: Vec::new(),
                    trailers: Vec::new(),
                });
            }
            RequestEvent::Data(data) => {
                let open: &mut Message<_> = open.as_mut().expect("data of a message");
                open.body.extend_from_slice(data);
            }
            RequestEvent::End { trailers } => {
                let mut message = open.take().expect("the end of a message");
                message.trailers = pairs(trailers.fields());
                messages.push(message);
            }
            _ => {}
        },
    );
    messages
}

/// All complete messages, with the methods that they answer.
fn read_responses(
    config: Config,
    methods: &[MethodKind],
    stream: &[u8],
) -> Vec<(MethodKind, Message<ResponseHead<Vec<u8>>>)> {
    let mut messages = Vec::new();
    let mut open = None;
    let mut machine = ResponseReceiver::new(config);
    methods.iter().for_each(|method| machine.expect(*method));
    let mut methods = methods.iter().copied();
    let begin = |head: ResponseHead<&[u8]>| Message {
        head: head.map(<[u8]>::to_vec),
        body: Vec::new(),
        trailers: Vec::new(),
    };
    drive(
        machine,
        stream,
        Cutting::WHOLE,
        |_: &mut Vec<()>, _, event| match event {
            // its own method does not matter
            ResponseEvent::Informational(head) => messages.push((MethodKind::Get, begin(head))),
            ResponseEvent::Response(head) => open = Some(begin(head)),
            ResponseEvent::Data(data) => {
                let open: &mut Message<_> = open.as_mut().expect("data of a message");
                open.body.extend_from_slice(data);
            }
            ResponseEvent::End { trailers } => {
                let mut message = open.take().expect("the end of a message");
                message.trailers = pairs(trailers.fields());
                messages.push((methods.next().expect("it was asked for"), message));
            }
            _ => {}
        },
    );
    messages
}

fn block(fields: Pairs, forward: Forward) -> FieldBlock {
    FieldBlock::from_received(
        fields.iter().map(|(name, value)| (&**name, &**value)),
        forward,
    )
}

const fn framing(framing: Framing) -> OutFraming {
    match framing {
        Framing::Length(length) => OutFraming::Length(length),
        Framing::Chunked => OutFraming::Chunked,
        Framing::UntilEof => OutFraming::UntilClose,
        _ => OutFraming::None,
    }
}

fn write_request(
    message: &Message<RequestHead<Vec<u8>>>,
    forward: Forward,
) -> Result<Vec<u8>, Misuse> {
    let head = &message.head;
    let fields = block(pairs(head.fields()), forward);
    let request = Request {
        method: head.method(),
        target: head.target(),
        version: head.version(),
        fields: &fields,
    };
    let framing = framing(head.framing());
    let mut out = Vec::new();
    let connection = ConnectionOption::None;
    if let Err(misuse) = write_request_head(&request, framing, connection, &mut out) {
        assert_eq!(out, []);
        return Err(misuse);
    }
    write_body(framing, &message.body, &message.trailers, &mut out);
    Ok(out)
}

fn write_response(
    message: &Message<ResponseHead<Vec<u8>>>,
    forward: Forward,
) -> Result<Vec<u8>, Misuse> {
    let head = &message.head;
    let fields = block(pairs(head.fields()), forward);
    let reason = cleaned(head.reason());
    let response = Response::new(head.status(), &fields)
        .with_reason(&reason)
        .with_version(head.version());
    let framing = framing(head.framing());
    let mut out = Vec::new();
    let connection = ConnectionOption::None;
    if let Err(misuse) = write_response_head(&response, framing, connection, &mut out) {
        assert_eq!(out, []);
        return Err(misuse);
    }
    write_body(framing, &message.body, &message.trailers, &mut out);
    Ok(out)
}

fn write_body(framing: OutFraming, body: &[u8], trailers: &Pairs, out: &mut Vec<u8>) {
    let trailers = block(trailers.clone(), Forward::Trailers);
    let mut writer = BodyWriter::new(framing);
    let (first, second) = body.split_at(body.len() / 3);
    writer.data(first, out).expect("the length is right");
    writer
        .announce(second.len() as u64, out)
        .expect("the length is right");
    out.extend_from_slice(second);
    writer
        .finish(Some(&trailers), out)
        .expect("trailers that may stand there");
    assert!(writer.is_finished());
    assert_eq!(writer.data(b"", out), Err(Misuse::NotNow));
}

/// The fields of the block, those that frame the message, and options of the connection behind them.
fn compare_fields(block: &FieldBlock, found: &Pairs) {
    let is = |name: &[u8], other: &[u8]| name.eq_ignore_ascii_case(other);
    let mut found = found
        .iter()
        .filter(|(name, _)| !is(name, b"content-length") && !is(name, b"transfer-encoding"));
    for (name, value) in block.iter() {
        let (found, its) = found.next().expect("a field for each");
        assert_eq!((&**found, &**its), (name, value));
    }
    assert!(found.all(|(name, _)| is(name, b"connection")));
}

fn compare_trailers(before: &Pairs, after: &Pairs) {
    let block = block(before.clone(), Forward::Trailers);
    let kept = block
        .iter()
        .map(|(name, value)| (name.to_vec(), value.to_vec()));
    assert_eq!(&kept.collect::<Pairs>(), after);
}

fn cleaned(reason: &[u8]) -> Vec<u8> {
    let clean = |&octet: &u8| if is_field(octet) { octet } else { b' ' };
    reason.iter().map(clean).collect()
}
