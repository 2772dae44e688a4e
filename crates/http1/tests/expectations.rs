//! 100-continue at both ends, and ends that come early: what is waited for, said and kept (RFC 9110 section
//! 10.1.1, RFC 9112 sections 8, 9.5 and 9.6).

use wirelore_http1::encode::{Body, FieldBlock, Misuse, Request, Response};
use wirelore_http1::wire::MethodKind;
use wirelore_http1::{
    ClientConfig, ClientConnection, Config, Error, ErrorKind, Input, Machine, Next,
    RequestReceiver, ResponseReceiver, ServerConfig, ServerConnection, Version,
};

/// Steps until nothing more happens: how many octets were used up, and the end of it.
fn feed<M: Machine<Error = Error>>(
    machine: &mut M,
    input: Input<'_>,
) -> Result<(usize, bool), Error> {
    let mut at = 0;
    for _ in 0..1000 {
        let bytes = &input.bytes()[at..];
        let rest = if input.is_last() {
            Input::last(bytes)
        } else {
            Input::more(bytes)
        };
        let step = machine.step(rest, &mut Vec::new())?;
        at += step.consumed;
        match step.next {
            Next::NeedMore if step.consumed == 0 => return Ok((at, false)),
            Next::Paused => return Ok((at, false)),
            Next::Done => return Ok((at, true)),
            Next::Event(_) | Next::NeedMore => {}
        }
    }
    panic!("no end");
}

fn expecting(rest: &str) -> ServerConnection {
    let mut server = ServerConnection::default();
    let head = format!("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n{rest}");
    feed(&mut server, Input::more(head.as_bytes())).unwrap();
    server
}

#[test]
fn rfc9110_10_1_1_nothing_is_awaited_without_content() {
    for rest in ["\r\n", "Content-Length: 0\r\n\r\n"] {
        let mut server = ServerConnection::default();
        let head = format!("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n{rest}");
        let step = server.step(Input::more(head.as_bytes()), &mut Vec::new());
        assert!(matches!(step.unwrap().next, Next::Event(_)));
        assert!(!server.awaits_continue(), "{rest:?}");
    }
    assert!(expecting("Content-Length: 1\r\n\r\n").awaits_continue());
    assert!(expecting("Transfer-Encoding: chunked\r\n\r\n").awaits_continue());
}

#[test]
fn rfc9110_10_1_1_an_interim_response_ends_the_wait() {
    let mut server = expecting("Content-Length: 1\r\n\r\n");
    let (none, mut out) = (FieldBlock::new(), Vec::new());
    server.inform(&Response::new(102, &none), &mut out).unwrap();
    assert!(server.awaits_continue(), "102 is no 100");
    server.inform(&Response::new(100, &none), &mut out).unwrap();
    assert!(!server.awaits_continue());
    out.clear();
    server.proceed(&mut out);
    assert_eq!(out, b"");
    server
        .respond_with(&Response::new(200, &none), b"", &mut out)
        .unwrap();
    assert_eq!(out, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn rfc9110_10_1_1_content_ends_the_wait() {
    let mut server = expecting("Content-Length: 2\r\n\r\na");
    assert!(!server.awaits_continue());
    let mut out = Vec::new();
    server.proceed(&mut out);
    assert_eq!(out, b"");
    assert_eq!(server.patience().map(|it| it.what), Some("request body"));
}

#[test]
fn rfc9110_10_1_1_what_a_client_may_expect() {
    let host = FieldBlock::new().with("Host", "h").unwrap();
    let expects = host.with("Expect", "100-continue").unwrap();
    let mut out = Vec::new();
    let mut client = ClientConnection::default();
    let request = Request::new("PUT", "/", &expects);
    for body in [Body::Empty, Body::Length(0)] {
        let refused = client.request(&request, body, &mut out);
        assert_eq!(refused, Err(Misuse::ExpectWithoutContent));
    }
    assert_eq!(out, b"");
    let old = request.with_version(Version::Http10);
    client.request(&old, Body::Length(1), &mut out).unwrap();
    assert!(
        !client.awaits_continue(),
        "HTTP/1.0 has no interim responses"
    );
}

#[test]
fn rfc9112_9_6_to_close_behind_the_request_that_has_begun() {
    let mut server = ServerConnection::default();
    let head = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    assert_eq!(feed(&mut server, Input::more(&head[..20])), Ok((0, false)));
    server.close_after();
    assert_eq!(
        feed(&mut server, Input::more(head)),
        Ok((head.len(), false))
    );
    let (none, mut out) = (FieldBlock::new(), Vec::new());
    server
        .respond_with(&Response::new(200, &none), b"", &mut out)
        .unwrap();
    assert_eq!(
        out,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(feed(&mut server, Input::more(b"GET")), Ok((0, true)));
}

/// The time that is up is that of the response, not that of the request behind it.
#[test]
fn rfc9112_9_5_a_late_body_while_another_request_waits_for_100() {
    let host = FieldBlock::new().with("Host", "h").unwrap();
    let expects = host.clone().with("Expect", "100-continue").unwrap();
    let mut out = Vec::new();
    let mut client = ClientConnection::new(ClientConfig::default());
    client
        .request_with(&Request::get("/a", &host), b"", &mut out)
        .unwrap();
    client
        .request(
            &Request::new("PUT", "/b", &expects),
            Body::Length(1),
            &mut out,
        )
        .unwrap();
    assert_eq!(client.patience().map(|it| it.what), Some("100 (Continue)"));
    feed(
        &mut client,
        Input::more(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"),
    )
    .unwrap();
    assert_eq!(client.patience().map(|it| it.what), Some("response body"));
    client.expired(&mut out);
    let error = client.step(Input::more(b"cde"), &mut out).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TimedOut);
}

/// An error stays what it is, and an end stays an end, however late it gets.
#[test]
fn rfc9112_9_5_nothing_is_late_behind_the_end() {
    let host = FieldBlock::new().with("Host", "h").unwrap();
    let mut out = Vec::new();
    let mut client = ClientConnection::default();
    client
        .request_with(&Request::get("/", &host), b"", &mut out)
        .unwrap();
    let mut closed = client.clone();
    assert_eq!(feed(&mut closed, Input::last(b"")), Ok((0, true)));
    assert_eq!(closed.patience(), None);
    closed.expired(&mut out);
    assert_eq!(feed(&mut closed, Input::last(b"")), Ok((0, true)));
    assert_eq!(closed.unanswered(), 1);
    assert!(!closed.keeps_alive());
    let error = feed(&mut client, Input::more(b"nonsense")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadVersion);
    assert_eq!(client.patience(), None);
    client.expired(&mut out);
    assert_eq!(client.step(Input::more(b""), &mut out), Err(error));
    assert!(!client.received_outside(1));
    assert_eq!(client.receivable_outside(), 0);
}

#[test]
fn rfc9112_8_an_announced_chunk_that_does_not_come() {
    let message = b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n";
    let mut whole = RequestReceiver::new(Config::default());
    let error = feed(&mut whole, Input::last(message)).unwrap_err();
    let mut single = RequestReceiver::new(Config::default());
    let mut used = 0;
    for end in 1..=message.len() {
        used += feed(&mut single, Input::more(&message[used..end]))
            .unwrap()
            .0;
    }
    assert_eq!(feed(&mut single, Input::last(&message[used..])), Err(error));
    assert_eq!(error.kind, ErrorKind::Truncated);
    assert_eq!((whole.offset(), single.offset()), (58, 58));
    assert_eq!(message.len(), 58);
}

#[test]
fn nothing_is_received_outside_of_a_body() {
    let mut receiver = ResponseReceiver::new(Config::default());
    receiver.expect(MethodKind::Get);
    assert!(receiver.received_outside(0) && !receiver.received_outside(1));
    assert_eq!((receiver.offset(), receiver.receivable_outside()), (0, 0));
}

#[test]
fn rfc9110_9_3_6_no_tunnel_without_a_head() {
    let mut server = ServerConnection::new(ServerConfig::default());
    feed(&mut server, Input::more(b"CONNECT h:1 HTTP/1.0\r\n\r\n")).unwrap();
    let (none, mut out) = (FieldBlock::new(), Vec::new());
    let response = Response::new(200, &none).with_version(Version::Http09);
    let refused = server.respond(&response, Body::Empty, &mut out);
    let version = Version::Http09;
    assert_eq!(refused, Err(Misuse::NotInVersion { version }));
    assert!(!server.is_switched() && out.is_empty());
}

/// Of the requests that are outstanding only the one that is answered next may be answered with 101, and
/// only when all of it was sent.
#[test]
fn rfc9110_7_8_a_switch_that_nobody_waits_for() {
    let host = FieldBlock::new().with("Host", "h").unwrap();
    let upgrade = host.clone().with("Upgrade", "a").unwrap();
    let switches = b"HTTP/1.1 101 S\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n";
    let mut out = Vec::new();
    let refused = |mut client: ClientConnection| {
        let error = feed(&mut client, Input::more(switches)).unwrap_err();
        assert_eq!((error.kind, error.offset), (ErrorKind::UnexpectedSwitch, 0));
        assert_eq!(client.offset(), 0);
    };
    let mut behind_another = ClientConnection::default();
    behind_another
        .request_with(&Request::get("/a", &host), b"", &mut out)
        .unwrap();
    behind_another
        .request_with(&Request::get("/b", &upgrade), b"", &mut out)
        .unwrap();
    assert_eq!(behind_another.unanswered(), 2);
    refused(behind_another);
    let mut too_early = ClientConnection::default();
    too_early
        .request(
            &Request::new("PUT", "/", &upgrade),
            Body::Length(2),
            &mut out,
        )
        .unwrap();
    too_early.data(b"a", &mut out).unwrap();
    let mut all_sent = too_early.clone();
    refused(too_early);
    all_sent.data(b"b", &mut out).unwrap();
    assert_eq!(
        feed(&mut all_sent, Input::more(switches)),
        Ok((switches.len(), true))
    );
    assert!(all_sent.is_switched());
    let tunnel = FieldBlock::new().with("Host", "h:1").unwrap();
    let mut connect = ClientConnection::default();
    connect
        .request_with(&Request::new("CONNECT", "h:1", &tunnel), b"", &mut out)
        .unwrap();
    refused(connect);
}

/// The first request has no answer, so it does not matter that the second one is being sent.
#[test]
fn rfc9112_9_5_a_response_is_late_whatever_else_is_sent() {
    let host = FieldBlock::new().with("Host", "h").unwrap();
    let mut out = Vec::new();
    let mut client = ClientConnection::default();
    let put = Request::new("PUT", "/b", &host);
    client.request(&put, Body::Length(1), &mut out).unwrap();
    assert_eq!(client.patience(), None, "we are to send");
    feed(&mut client, Input::more(b"HTTP/1.1 2")).unwrap();
    assert_eq!(client.patience().map(|it| it.what), Some("response head"));
    let mut client = ClientConnection::default();
    client
        .request_with(&Request::get("/a", &host), b"", &mut out)
        .unwrap();
    client.request(&put, Body::Length(1), &mut out).unwrap();
    assert_eq!(client.patience().map(|it| it.what), Some("response head"));
    client.expired(&mut out);
    let error = client.step(Input::more(b""), &mut out).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TimedOut);
}

#[test]
fn rfc9112_6_3_zero_is_a_length_like_any_other() {
    for (first, second) in [("0", "5"), ("5", "0")] {
        let message = format!(
            "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: {first}\r\nContent-Length: {second}\r\n\r\n"
        );
        let mut receiver = RequestReceiver::new(Config::default());
        let error = feed(&mut receiver, Input::more(message.as_bytes())).unwrap_err();
        assert_eq!(error.kind, ErrorKind::ContentLengthMismatch, "{message}");
    }
}
