//! RFC 9112 section 8: a message that ends too early is never taken for a complete one.

use wirelore_http1::wire::MethodKind;
use wirelore_http1::{
    Config, Error, ErrorKind, Input, Machine, Next, RequestReceiver, ResponseReceiver,
};

const REQUESTS: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "\r\nGET / HTTP/1.0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcde",
    "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n00 ;c\r\nA: 1\r\nB: 2\r\n\r\n",
    "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: h\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n",
];

const RESPONSES: &[(MethodKind, &str)] = &[
    (
        MethodKind::Get,
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
    ),
    (
        MethodKind::Get,
        "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
    ),
    (
        MethodKind::Get,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
    ),
    (
        MethodKind::Get,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\nT: 1\r\n\r\n",
    ),
    (
        MethodKind::Head,
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    ),
    (MethodKind::Get, "HTTP/1.1 204 No Content\r\n\r\n"),
    (
        MethodKind::Get,
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    ),
    (
        MethodKind::Get,
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\na",
    ),
    (MethodKind::Connect, "HTTP/1.1 200 OK\r\n\r\n"),
    (MethodKind::Get, "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
];

/// How many messages are said to be complete, and the error.
fn ends<M: Machine<Error = Error>>(
    machine: &mut M,
    octets: &[u8],
    is_end: impl Fn(M::Event<'_>) -> bool,
) -> (usize, Option<Error>) {
    let (mut at, mut ends) = (0, 0);
    for _ in 0..10_000 {
        match machine.step(Input::last(&octets[at..]), &mut Vec::new()) {
            Err(error) => return (ends, Some(error)),
            Ok(step) => {
                at += step.consumed;
                match step.next {
                    Next::Event(event) => ends += usize::from(is_end(event)),
                    Next::Done => return (ends, None),
                    Next::NeedMore if step.consumed > 0 => {}
                    Next::NeedMore | Next::Paused => panic!("waits at the end"),
                }
            }
        }
    }
    panic!("no end");
}

fn request(octets: &[u8]) -> (usize, Option<Error>) {
    let mut receiver = RequestReceiver::new(Config::default());
    ends(&mut receiver, octets, |event| {
        matches!(event, wirelore_http1::RequestEvent::End { .. })
    })
}

fn response(method: MethodKind, octets: &[u8]) -> (usize, Option<Error>) {
    let mut receiver = ResponseReceiver::new(Config::default());
    receiver.expect(method);
    ends(&mut receiver, octets, |event| {
        matches!(event, wirelore_http1::ResponseEvent::End { .. })
    })
}

fn is_truncated(error: Option<Error>, at: usize) -> bool {
    error
        == Some(Error {
            kind: ErrorKind::Truncated,
            offset: at as u64,
        })
}

#[test]
fn rfc9112_8_requests_cut_at_every_octet() {
    for text in REQUESTS {
        let octets = text.as_bytes();
        assert_eq!(request(octets), (1, None), "{text:?}");
        for at in 0..octets.len() {
            let (ends, error) = request(&octets[..at]);
            assert_eq!(ends, 0, "{text:?} cut at {at}");
            let nothing = octets[..at].iter().all(|octet| b"\r\n".contains(octet)) && at % 2 == 0;
            if nothing {
                assert_eq!(error, None, "{text:?} cut at {at}");
            } else {
                assert!(is_truncated(error, at), "{text:?} cut at {at}: {error:?}");
            }
        }
    }
}

#[test]
fn rfc9112_8_responses_cut_at_every_octet() {
    for (method, text) in RESPONSES {
        let octets = text.as_bytes();
        assert_eq!(response(*method, octets), (1, None), "{text:?}");
        let between = text.rfind("\r\n\r\nHTTP").map(|at| at + 4);
        for at in 0..octets.len() {
            let (ends, error) = response(*method, &octets[..at]);
            assert_eq!(ends, 0, "{text:?} cut at {at}");
            if at == 0 || Some(at) == between {
                assert_eq!(error, None, "{text:?} cut at {at}");
            } else {
                assert!(is_truncated(error, at), "{text:?} cut at {at}: {error:?}");
            }
        }
    }
}

/// Only there nobody can know (RFC 9112 section 8, last paragraph).
#[test]
fn rfc9112_8_a_body_until_the_end_is_complete_wherever_it_ends() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n";
    for len in 0..20 {
        let octets = [&head[..], &vec![b'a'; len]].concat();
        assert_eq!(response(MethodKind::Get, &octets), (1, None));
    }
    for at in 1..head.len() {
        let (ends, error) = response(MethodKind::Get, &head[..at]);
        assert!(ends == 0 && is_truncated(error, at), "{at}");
    }
}
