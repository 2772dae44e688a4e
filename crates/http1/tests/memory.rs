//! What is allocated: nothing per message, nothing per octet of a body, and nothing because of a length
//! that the peer announced.

use allocation_counter::measure;
use wirelore_http1::encode::{Body, FieldBlock, Request, Response};
use wirelore_http1::wire::MethodKind;
use wirelore_http1::{
    ClientConfig, ClientConnection, Config, Error, Input, Machine, Next, RequestEvent,
    RequestReceiver, ResponseEvent, ResponseReceiver, ServerConfig, ServerConnection,
};

const GIB: u64 = 1 << 30;
const PIECE: usize = 1 << 16;

/// Steps over `octets` until more is wanted.
fn feed<M: Machine<Error = Error>>(
    machine: &mut M,
    octets: &[u8],
    out: &mut Vec<u8>,
    mut event: impl FnMut(&mut M, M::Event<'_>, &mut Vec<u8>),
) -> usize {
    let mut at = 0;
    loop {
        let step = machine.step(Input::more(&octets[at..]), out).unwrap();
        at += step.consumed;
        match step.next {
            Next::Event(it) => event(machine, it, out),
            Next::NeedMore if step.consumed > 0 && at < octets.len() => {}
            _ => return at,
        }
    }
}

const REQUESTS: &[u8] = b"GET /a?b=c HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\nPOST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: 1\r\n\r\nPUT / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello";

#[test]
fn ten_thousand_requests_allocate_nothing() {
    let mut receiver = RequestReceiver::new(Config::default());
    let mut ends = 0;
    let used = measure(|| {
        for _ in 0..10_000 {
            let consumed = feed(&mut receiver, REQUESTS, &mut Vec::new(), |_, event, _| {
                if let RequestEvent::Request(head) = &event {
                    assert_eq!(head.authority(), Some(&b"example.com"[..]));
                    assert!(head.fields().count() > 1);
                }
                ends += usize::from(matches!(event, RequestEvent::End { .. }));
            });
            assert_eq!(consumed, REQUESTS.len());
        }
    });
    assert_eq!(ends, 30_000);
    assert_eq!(used.count_total, 0, "{used:?}");
}

#[test]
fn ten_thousand_responses_of_a_server_allocate_nothing() {
    let mut server = ServerConnection::new(ServerConfig::default());
    let fields = FieldBlock::new()
        .with("Server", "test")
        .and_then(|block| block.with("Content-Type", "text/plain"))
        .unwrap();
    let mut out = Vec::with_capacity(4096);
    let mut sent = 0;
    let used = measure(|| {
        for _ in 0..10_000 {
            let answer =
                |server: &mut ServerConnection, event: RequestEvent<&[u8]>, out: &mut Vec<u8>| {
                    if let RequestEvent::End { .. } = event {
                        server
                            .respond_with(&Response::new(200, &fields), b"hello", out)
                            .unwrap();
                        server.next_cycle().unwrap();
                    }
                };
            assert_eq!(
                feed(&mut server, REQUESTS, &mut out, answer),
                REQUESTS.len()
            );
            sent += out.len();
            out.clear();
        }
    });
    assert!(sent > 1_000_000);
    assert_eq!(used.count_total, 0, "{used:?}");
}

#[test]
fn ten_thousand_requests_of_a_client_allocate_nothing() {
    let mut client = ClientConnection::new(ClientConfig::default());
    let fields = FieldBlock::new().with("Host", "h").unwrap();
    let mut out = Vec::with_capacity(4096);
    let mut exchange = |count| {
        for _ in 0..count {
            for _ in 0..4 {
                client
                    .request_with(&Request::get("/", &fields), b"", &mut out)
                    .unwrap();
            }
            let response = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
            for _ in 0..4 {
                let consumed = feed(&mut client, response, &mut out, |client, event, _| {
                    if let ResponseEvent::End { .. } = event {
                        client.next_cycle().unwrap();
                    }
                });
                assert_eq!(consumed, response.len());
            }
            out.clear();
        }
    };
    exchange(1);
    let used = measure(|| exchange(2_500));
    assert_eq!(used.count_total, 0, "{used:?}");
}

/// Gives the receiver 1 GiB of a body in pieces.
fn a_gib<M: Machine<Error = Error>>(
    machine: &mut M,
    is_data: impl Fn(M::Event<'_>) -> usize,
) -> u64 {
    let piece = vec![b'a'; PIECE];
    let mut told = 0;
    let used = measure(|| {
        for _ in 0..GIB / PIECE as u64 {
            let consumed = feed(machine, &piece, &mut Vec::new(), |_, event, _| {
                told += is_data(event) as u64;
            });
            assert_eq!(consumed, PIECE);
        }
    });
    assert_eq!(used.count_total, 0, "{used:?}");
    told
}

fn request_data(event: RequestEvent<&[u8]>) -> usize {
    match event {
        RequestEvent::Data(data) => data.len(),
        _ => 0,
    }
}

fn response_data(event: ResponseEvent<&[u8]>) -> usize {
    match event {
        ResponseEvent::Data(data) => data.len(),
        _ => 0,
    }
}

#[test]
fn a_gib_of_a_body_is_never_held() {
    for framing in [
        "Content-Length: 2000000000\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n70000000\r\n",
    ] {
        let head = format!("PUT / HTTP/1.1\r\nHost: h\r\n{framing}");
        let mut receiver = RequestReceiver::new(Config::default());
        feed(
            &mut receiver,
            head.as_bytes(),
            &mut Vec::new(),
            |_, _, _| {},
        );
        assert_eq!(a_gib(&mut receiver, request_data), GIB);
        let mut server = ServerConnection::new(ServerConfig::default());
        feed(&mut server, head.as_bytes(), &mut Vec::new(), |_, _, _| {});
        assert_eq!(a_gib(&mut server, request_data), GIB);
    }
    for framing in [
        "Content-Length: 2000000000\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n70000000\r\n",
        "\r\n",
    ] {
        let head = format!("HTTP/1.1 200 OK\r\n{framing}");
        let mut receiver = ResponseReceiver::new(Config::default());
        receiver.expect(MethodKind::Get);
        feed(
            &mut receiver,
            head.as_bytes(),
            &mut Vec::new(),
            |_, _, _| {},
        );
        assert_eq!(a_gib(&mut receiver, response_data), GIB);
    }
}

/// Octets that go past the machine are counted, and never more than there may be.
#[test]
fn a_body_received_outside() {
    let mut receiver = RequestReceiver::new(Config::default());
    assert!(!receiver.received_outside(1));
    assert_eq!(receiver.receivable_outside(), 0);
    let head = b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000000\r\n\r\n";
    feed(&mut receiver, head, &mut Vec::new(), |_, _, _| {});
    assert_eq!(receiver.receivable_outside(), 2_000_000_000);
    assert!(!receiver.received_outside(2_000_000_001));
    assert!(receiver.received_outside(1_999_999_998));
    assert_eq!(receiver.receivable_outside(), 2);
    assert_eq!(receiver.offset(), head.len() as u64 + 1_999_999_998);
    let mut told = 0;
    let consumed = feed(&mut receiver, b"abGET", &mut Vec::new(), |_, event, _| {
        told += request_data(event);
    });
    assert_eq!((consumed, told), (2, 2));
    // Of chunks, the data alone.
    let mut receiver = RequestReceiver::new(Config::default());
    let head = b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n";
    feed(&mut receiver, head, &mut Vec::new(), |_, _, _| {});
    assert_eq!(receiver.receivable_outside(), 5);
    assert!(!receiver.received_outside(6) && receiver.received_outside(5));
    assert_eq!(receiver.receivable_outside(), 0);
    let mut ends = 0;
    feed(
        &mut receiver,
        b"\r\n0\r\n\r\n",
        &mut Vec::new(),
        |_, event, _| {
            ends += usize::from(matches!(event, RequestEvent::End { .. }));
        },
    );
    assert_eq!(ends, 1);
}

/// RFC 9112 section 7.1: a recipient must anticipate large sizes.
#[test]
fn rfc9112_7_1_announced_lengths_allocate_nothing() {
    for framing in [
        "Transfer-Encoding: chunked\r\n\r\n8000000000000000\r\n",
        "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        "Content-Length: 18446744073709551615\r\n\r\n",
    ] {
        let head = format!("PUT / HTTP/1.1\r\nHost: h\r\n{framing}");
        let mut told = 0;
        let used = measure(|| {
            let mut server = ServerConnection::new(ServerConfig::default());
            feed(&mut server, head.as_bytes(), &mut Vec::new(), |_, _, _| {});
            for _ in 0..100 {
                feed(&mut server, b"piece", &mut Vec::new(), |_, event, _| {
                    told += request_data(event);
                });
            }
        });
        assert_eq!(told, 500, "{framing}");
        assert_eq!(used.count_total, 0, "{framing} {used:?}");
    }
}

/// Announcing costs a line, whatever is announced.
#[test]
fn announcements_of_ours_are_as_cheap() {
    let mut server = ServerConnection::new(ServerConfig::default());
    let mut out = Vec::with_capacity(1024);
    feed(
        &mut server,
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        &mut out,
        |_, _, _| {},
    );
    let none = FieldBlock::new();
    let used = measure(|| {
        server
            .respond(&Response::new(200, &none), Body::Unknown, &mut out)
            .unwrap();
        server.announce(1 << 63, &mut out).unwrap();
    });
    assert!(out.ends_with(b"\r\n\r\n8000000000000000\r\n"));
    assert_eq!(used.count_total, 0, "{used:?}");
}

/// The greatest limits, lengths and offsets there are.
#[test]
fn nothing_overflows() {
    let mut config = Config::default();
    config.limits.max_request_line = usize::MAX;
    config.limits.max_field_line = usize::MAX;
    config.limits.max_head = usize::MAX;
    config.limits.max_headers = usize::MAX;
    config.limits.max_chunk_ext = usize::MAX;
    config.limits.max_chunk_ext_total = u64::MAX;
    config.limits.max_body = Some(u64::MAX);
    let length = "Content-Length: 18446744073709551615\r\n\r\n";
    let chunk = "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff;a\r\n";
    for framing in [length, chunk] {
        let mut receiver = RequestReceiver::new(config);
        let head = format!("PUT / HTTP/1.1\r\nHost: h\r\n{framing}");
        feed(
            &mut receiver,
            head.as_bytes(),
            &mut Vec::new(),
            |_, _, _| {},
        );
        assert_eq!(receiver.receivable_outside(), u64::MAX);
        assert!(receiver.received_outside(u64::MAX));
        assert_eq!(receiver.receivable_outside(), 0);
        assert_eq!(receiver.offset(), u64::MAX);
    }
}

/// A body until the end of the stream may not be longer outside than inside.
#[test]
fn rfc9112_6_3_a_body_until_the_end_received_outside() {
    let mut config = Config::default();
    config.limits.max_body = Some(10);
    let mut receiver = ResponseReceiver::new(config);
    receiver.expect(MethodKind::Get);
    feed(
        &mut receiver,
        b"HTTP/1.1 200 OK\r\n\r\nabc",
        &mut Vec::new(),
        |_, _, _| {},
    );
    assert_eq!(receiver.receivable_outside(), 7);
    assert!(!receiver.received_outside(8));
    assert!(receiver.received_outside(7));
    let error = receiver
        .step(Input::more(b"x"), &mut Vec::new())
        .unwrap_err();
    assert_eq!(error.kind.name(), "body-too-large");
}

/// Octets that are not shown are the body all the same (RFC 9110 section 10.1.1).
#[test]
fn rfc9110_10_1_1_a_body_received_outside_is_not_asked_for() {
    let mut server = ServerConnection::new(ServerConfig::default());
    let head = b"PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let mut out = Vec::new();
    feed(&mut server, head, &mut out, |_, _, _| {});
    assert!(server.received_outside(0) && server.awaits_continue());
    assert!(server.received_outside(3) && !server.awaits_continue());
    server.proceed(&mut out);
    assert!(out.is_empty());
}
