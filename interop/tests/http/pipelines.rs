//! ncat: requests one behind the other without waiting, and octet by octet.

use std::fmt::Write;
use std::process::Command;

use wirelore_interop::{content, find, require, run};

use crate::LIMIT;
use crate::clients::{List, Piped, heads};
use crate::server::{Server, utf8};

/// The responses to GET in `octets`, of which nothing may be left, by the length that each has.
#[track_caller]
fn responses(mut octets: &[u8]) -> Vec<(u16, List, Vec<u8>)> {
    let mut found = Vec::new();
    while !octets.is_empty() {
        assert!(found.len() < 10_000);
        let end = octets.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        let (head, rest) = octets.split_at(end);
        let (status, fields) = heads(head).swap_remove(0);
        let mut lengths = fields.iter().filter(|(name, _)| name == "Content-Length");
        let length = lengths.next().map_or(0, |(_, value)| value.parse().expect("a number"));
        assert!(
            lengths.next().is_none() && !fields.iter().any(|(name, _)| name == "Transfer-Encoding")
        );
        let (body, rest) = rest.split_at_checked(length).expect("a whole body");
        found.push((status, fields, body.to_vec()));
        octets = rest;
    }
    found
}

/// A hundred requests in one write: files from memory and from the disk, folders, ranges, what is not
/// there and what is refused, each answered in its turn.
/// RFC 9112 §9.3.2.
#[test]
fn ncat_pipelines_a_hundred_requests() {
    let ncat = require!(find("ncat"));
    let server = Server::start(&["--upload", "create"]);
    server.folder.holds("small", &content(1000));
    server.folder.holds("large", &content(100_000));
    let mut text = String::new();
    let mut wanted = Vec::new();
    for n in 0..100_usize {
        let (method, path, field, status, body) = match n % 10 {
            0 => ("GET", "/large".to_owned(), "X-A: b".to_owned(), 200, Some(content(100_000))),
            1 => ("GET", "/nothing".into(), "X-A: b".into(), 404, None),
            2 => {
                let range = format!("Range: bytes={}-{}", n * 10, n * 10);
                ("GET", "/large".into(), range, 206, Some(vec![content(100_000)[n * 10]]))
            }
            3 => ("GET", "/".into(), "X-A: b".into(), 200, None),
            4 => ("PUT", format!("/new{n}"), "Content-Length: 4".into(), 201, Some(Vec::new())),
            5 => ("POST", "/small".into(), "Content-Length: 4".into(), 405, None),
            6 => ("GET", format!("/new{}", n - 2), "X-A: b".into(), 200, Some(b"abcd".to_vec())),
            _ => ("GET", "/small".into(), "X-A: b".into(), 200, Some(content(1000))),
        };
        write!(text, "{method} {path} HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n").unwrap();
        if field.starts_with("Content-Length") {
            text.push_str("abcd");
        }
        wanted.push((path, status, body));
    }
    // no end of the connection is said, but ncat ends its side
    let port = server.port.to_string();
    let (ended, output) = Piped::start(&ncat, &["127.0.0.1", &port], text.as_bytes()).wait();
    ended.expect_success();
    let found = responses(&output);
    assert_eq!(found.len(), 100);
    for (number, ((path, status, body), (code, fields, octets))) in
        wanted.iter().zip(&found).enumerate()
    {
        assert_eq!(status, code, "{number} {path} {fields:?}");
        assert!(body.as_ref().is_none_or(|body| body == octets), "{number} {path}");
    }
    // one client at one port, in this order
    let events = server.events("transfer");
    let files: Vec<&str> = events.iter().filter_map(|event| event["file"].as_str()).collect();
    let paths: Vec<&str> = wanted.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(files, paths);
    assert!(events.iter().all(|event| event["client"] == events[0]["client"]));
}

/// A client that reads nothing before it has sent all its requests.
#[test]
fn ncat_pipelines_more_than_sockets_take() {
    let ncat = require!(find("ncat"));
    let server = Server::start(&[]);
    server.folder.holds("large", &content(1 << 20));
    let text = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n".repeat(64);
    let port = server.port.to_string();
    let (ended, output) = Piped::start(&ncat, &["127.0.0.1", &port], text.as_bytes()).wait();
    ended.expect_success();
    let found = responses(&output);
    assert_eq!(found.len(), 64);
    assert!(found.iter().all(|(status, _, body)| *status == 200 && *body == content(1 << 20)));
}

/// Every octet in a segment of its own.
#[test]
fn ncat_sends_octet_by_octet() {
    let ncat = require!(find("ncat"));
    let server = Server::start(&["--upload", "create"]);
    server.folder.holds("small", &content(1000));
    let requests = "GET /small HTTP/1.1\r\nHost: a\r\n\r\n\
        PUT /new HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: 1\r\n\r\n\
        GET /new HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut script = String::new();
    for octet in requests.bytes() {
        writeln!(script, "printf '\\{octet:03o}'; sleep 0.002").unwrap();
    }
    let script = server.folder.keeps("script", &script);
    let mut command = Command::new("sh");
    let pipe = "sh \"$1\" | \"$2\" 127.0.0.1 \"$3\" >\"$4\"";
    let output = server.folder.copy("output");
    command.args([
        "-c",
        pipe,
        "sh",
        utf8(&script),
        utf8(&ncat),
        &server.port.to_string(),
        utf8(&output),
    ]);
    run(&mut command, LIMIT).expect_success();
    let found = responses(&std::fs::read(output).unwrap());
    let told: Vec<(u16, &[u8])> =
        found.iter().map(|(status, _, body)| (*status, &body[..])).collect();
    assert_eq!(told, [(200, &content(1000)[..]), (201, b""), (200, b"abcde")]);
}

/// What cannot be read is answered with the status that says why, the connection ends, and what was
/// pipelined behind it is not looked at.
#[test]
fn ncat_is_told_what_is_wrong() {
    let ncat = require!(find("ncat"));
    let server = Server::start(&["--upload", "create"]);
    server.folder.holds("f", b"here");
    let port = server.port.to_string();
    let smuggled = "PUT /smuggled HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    for (text, status) in [
        ("GET /f HTTP/1.1\r\n\r\n", 400),
        ("GET /f HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET /f HTTP/1.1\nHost: a\n\n", 400),
        ("GET /f HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
        ("GET /f HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET /f HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET  /f HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("PUT /g HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (
            "PUT /g HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        ("PUT /g HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
        ("PUT /g HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        ("\x16\x03\x01\x02", 400),
    ] {
        let all = format!("GET /f HTTP/1.1\r\nHost: a\r\n\r\n{text}{smuggled}");
        let (_, output) = Piped::start(&ncat, &["127.0.0.1", &port], all.as_bytes()).wait();
        let found = responses(&output);
        let [(200, _, first), (code, fields, _)] = &found[..] else {
            panic!("{text:?}: {found:?}")
        };
        assert_eq!((&first[..], *code), (&b"here"[..], status), "{text:?}");
        assert!(fields.contains(&("Connection".into(), "close".into())), "{text:?}: {fields:?}");
    }
    assert_eq!(server.folder.names(), ["f"]);
}

/// A body that does not come to its end is no file.
#[test]
fn half_a_body_is_nothing() {
    let ncat = require!(find("ncat"));
    let server = Server::start(&["--upload", "create"]);
    let port = server.port.to_string();
    for body in [
        "Content-Length: 10\r\n\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    ] {
        let text = format!("PUT /f HTTP/1.1\r\nHost: a\r\n{body}");
        let (_, output) = Piped::start(&ncat, &["127.0.0.1", &port], text.as_bytes()).wait();
        let output = String::from_utf8_lossy(&output);
        assert!(!output.contains(" 201 ") && !output.contains(" 204 "), "{text}: {output}");
    }
    wirelore_interop::wait_until("five failures", LIMIT, || {
        (server.events("transfer").len() == 5).then_some(())
    });
    assert!(server.events("transfer").iter().all(|event| event["ok"] == false));
    assert_eq!(server.folder.names(), Vec::<String>::new());
}
