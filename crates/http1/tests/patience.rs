//! What a connection waits for, and how long (RFC 9112 section 9.5).

use core::time::Duration;

use wirelore_http1::encode::{Body, FieldBlock, Request, Response};
use wirelore_http1::{
    ClientConfig, ClientConnection, Error, ErrorKind, Input, Machine, Next, ServerConfig,
    ServerConnection,
};

fn feed<M: Machine<Error = Error>>(machine: &mut M, octets: &[u8]) {
    let mut at = 0;
    for _ in 0..1000 {
        let step = machine
            .step(Input::more(&octets[at..]), &mut Vec::new())
            .unwrap();
        at += step.consumed;
        match step.next {
            Next::Event(_) => {}
            Next::NeedMore if step.consumed > 0 => {}
            _ => return,
        }
    }
    panic!("no end");
}

/// What is awaited, for how many milliseconds, and the mark.
fn awaited<M: Machine>(machine: &M) -> Option<(&'static str, u128, u64)> {
    let patience = machine.patience()?;
    Some((patience.what, patience.limit.as_millis(), patience.mark))
}

#[test]
fn rfc9112_9_5_what_a_server_waits_for() {
    let none = FieldBlock::new();
    let mut server = ServerConnection::new(ServerConfig::default());
    assert_eq!(awaited(&server), Some(("request", 60_000, 0)));
    feed(&mut server, b"\r\n");
    assert_eq!(awaited(&server), Some(("request", 60_000, 0)));
    feed(&mut server, b"GET / HTTP/1.1\r\n");
    assert_eq!(awaited(&server), Some(("request head", 20_000, 0)));
    feed(&mut server, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(
        awaited(&server),
        None,
        "it is for the application to answer"
    );
    server
        .respond_with(&Response::new(200, &none), b"", &mut Vec::new())
        .unwrap();
    assert_eq!(awaited(&server), None);
    server.next_cycle().unwrap();
    assert_eq!(awaited(&server), Some(("request", 60_000, 1)), "anew");
}

/// Each piece of a body has the whole time, so a slow body is no late one, and one that trickles is.
#[test]
fn rfc9112_9_5_a_server_waits_for_each_piece_of_a_body() {
    let mut server = ServerConnection::new(ServerConfig {
        body: Some(Duration::from_secs(5)),
        body_piece: 100,
        ..ServerConfig::default()
    });
    feed(
        &mut server,
        b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n",
    );
    let first = awaited(&server);
    assert!(
        matches!(first, Some(("request body", 5_000, _))),
        "{first:?}"
    );
    let mut marks = vec![first];
    for octet in 1..1000u64 {
        feed(&mut server, b"a");
        let now = awaited(&server);
        if marks.last() != Some(&now) {
            marks.push(now);
        }
        assert!(marks.len() as u64 <= 2 + octet / 100);
    }
    assert!(marks.len() >= 10);
    feed(&mut server, b"a");
    assert_eq!(awaited(&server), None);
}

/// RFC 9110 section 10.1.1: the client waits for us.
#[test]
fn rfc9110_10_1_1_a_server_does_not_wait_for_a_body_it_did_not_ask_for() {
    let mut server = ServerConnection::new(ServerConfig::default());
    feed(
        &mut server,
        b"PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    );
    assert_eq!(awaited(&server), None);
    server.proceed(&mut Vec::new());
    assert!(matches!(
        awaited(&server),
        Some(("request body", 30_000, _))
    ));
}

#[test]
fn rfc9112_9_5_what_a_client_waits_for() {
    let host = FieldBlock::new().with("Host", "h").unwrap();
    let expects = host.clone().with("Expect", "100-continue").unwrap();
    let mut out = Vec::new();
    let mut client = ClientConnection::new(ClientConfig::default());
    assert_eq!(awaited(&client), None);
    client
        .request_with(&Request::get("/", &host), b"", &mut out)
        .unwrap();
    assert_eq!(awaited(&client), Some(("response head", 60_000, 0)));
    feed(
        &mut client,
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n",
    );
    let before = awaited(&client);
    assert!(
        matches!(before, Some(("response body", 30_000, _))),
        "{before:?}"
    );
    feed(&mut client, &[b'a'; 8999]);
    let after = awaited(&client);
    assert!(matches!(after, Some(("response body", 30_000, _))) && after != before);
    feed(&mut client, b"a");
    assert_eq!(awaited(&client), None);
    client.next_cycle().unwrap();
    assert_eq!(awaited(&client), None);
    let request = Request::new("PUT", "/", &expects);
    client.request(&request, Body::Length(5), &mut out).unwrap();
    assert_eq!(awaited(&client), Some(("100 (Continue)", 1_000, 0)));
    client.expired(&mut out);
    assert!(!client.awaits_continue());
    assert_eq!(awaited(&client), None, "it is for us to send the body");
    client.data(b"hello", &mut out).unwrap();
    client.finish(None, &mut out).unwrap();
    assert_eq!(awaited(&client), Some(("response head", 60_000, 1)), "anew");
    client.expired(&mut out);
    assert!(!client.keeps_alive());
    let late = client.step(Input::more(b"HTTP/1.1 200 OK\r\n\r\n"), &mut out);
    assert_eq!(
        late.map(|_| ()).map_err(|error| error.kind),
        Err(ErrorKind::TimedOut)
    );
}

/// Without limits nothing is waited for, for ever.
#[test]
fn patience_can_be_switched_off() {
    let mut server = ServerConnection::new(ServerConfig {
        idle: None,
        head: None,
        body: None,
        ..ServerConfig::default()
    });
    for octets in [
        &b""[..],
        b"PUT",
        b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n",
    ] {
        feed(&mut server, octets);
        assert_eq!(awaited(&server), None);
    }
}

/// 100 (Continue) for this request, a final response to it, or the end of the body; not an interim
/// response of another kind, nor one to the request before.
#[test]
fn rfc9110_10_1_1_what_ends_the_wait_for_100() {
    let host = FieldBlock::new().with("Host", "h").unwrap();
    let expects = host.clone().with("Expect", "100-continue").unwrap();
    let waiting = |ahead: bool| {
        let mut client = ClientConnection::new(ClientConfig::default());
        let mut out = Vec::new();
        if ahead {
            client
                .request_with(&Request::get("/", &host), b"", &mut out)
                .unwrap();
        }
        let request = Request::new("PUT", "/", &expects);
        client.request(&request, Body::Length(5), &mut out).unwrap();
        assert!(client.awaits_continue());
        client
    };
    for (octets, waits) in [
        (&b"HTTP/1.1 103 E\r\n\r\n"[..], true),
        (b"HTTP/1.1 100 C\r\n\r", true),
        (b"HTTP/1.1 100 C\r\n\r\n", false),
        (b"HTTP/1.1 403 F\r\nContent-Length: 0\r\n\r\n", false),
    ] {
        let mut client = waiting(false);
        feed(&mut client, octets);
        assert_eq!(client.awaits_continue(), waits, "{}", octets.escape_ascii());
    }
    let mut client = waiting(true);
    feed(
        &mut client,
        b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    );
    assert!(client.awaits_continue(), "that was for the request before");
    client.next_cycle().unwrap();
    feed(&mut client, b"HTTP/1.1 100 C\r\n\r\n");
    assert!(!client.awaits_continue());
    let mut client = waiting(false);
    client.data(b"hello", &mut Vec::new()).unwrap();
    client.finish(None, &mut Vec::new()).unwrap();
    assert!(!client.awaits_continue());
}
