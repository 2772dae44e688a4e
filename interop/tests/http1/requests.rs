//! nginx as judge of the requests that we write: it stores their bodies, and logs how it read them.

use std::fs;
use std::path::Path;

use serde_json::Value;
use wirelore_http1::Version;
use wirelore_interop::{content, require};

use crate::client::{Ask, exchange};
use crate::lists::value;
use crate::origin::Origin;
use crate::theirs::Nginx;

/// Requests with every kind of framing, and their names.
pub(crate) fn asks() -> Vec<(&'static str, Ask)> {
    let odd = [1, 7, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 4097, 65_535];
    let sum = [("X-Sum", "1"), ("X-Other", "two words")];
    let many = (0..90).fold(Ask::new("GET", "/store/many"), |ask, number| {
        ask.with(&format!("X-Field-{number}"), "a value")
    });
    let chunked = |method| Ask::new(method, "/store/chunked");
    vec![
        ("no body", Ask::new("GET", "/store/?a=b&c=%20")),
        ("head", Ask::new("HEAD", "/store/head")),
        ("post without content", Ask::new("POST", "/store/nothing")),
        ("length", Ask::new("PUT", "/store/length").length(content(10))),
        ("long", Ask::new("POST", "/store/long").length(content(100_000))),
        ("get with content", Ask::new("GET", "/store/get").length(content(11))),
        ("delete with content", Ask::new("DELETE", "/store/delete").length(content(12))),
        ("no chunk", chunked("PATCH").chunked(&[], &[])),
        ("one chunk", chunked("POST").chunked(&[3], &[])),
        ("odd chunks", chunked("PUT").chunked(&odd, &[])),
        ("trailers", chunked("POST").chunked(&[5, 16], &sum).with("Trailer", "X-Sum")),
        ("get with chunks", chunked("GET").chunked(&[2, 1], &[])),
        (
            "expectation",
            Ask::new("PUT", "/store/expected")
                .length(content(40_000))
                .with("Expect", "100-continue"),
        ),
        (
            "expectation with chunks",
            chunked("POST").chunked(&[1000, 1], &sum).with("Expect", "100-Continue"),
        ),
        ("1.0", Ask::new("GET", "/store/old").version(Version::Http10)),
        (
            "1.0 with content",
            Ask::new("POST", "/store/old").version(Version::Http10).length(content(300)),
        ),
        ("absolute form", Ask::new("GET", "http://127.0.0.1/store/absolute?x")),
        ("unknown method", Ask::new("FROB-IT", "/store/frob").length(content(1))),
        ("many fields", many),
        ("values", Ask::new("GET", "/store/v").with("X-Judged", "\u{e4}\t\"b\" \u{80}\u{ff}")),
        ("no value", Ask::new("GET", "/store/v").with("X-Empty", "").with("X-Judged", "z")),
    ]
}

#[test]
fn nginx_reads_our_requests_one_by_one() {
    let origin = Origin::start();
    let nginx = require!(Nginx::start(origin.port));
    for (name, ask) in asks() {
        let exchange = exchange(nginx.port, std::slice::from_ref(&ask));
        let [got] = &exchange.got[..] else { panic!("{name}: {:?}", exchange.got) };
        assert_eq!(got.status, 200, "{name}: {got:?}");
        // a 1.0 request asks for it
        assert!(got.keep_alive, "{name}: {got:?}");
        let waited = ask.fields.iter().any(|(name, _)| name == "Expect");
        assert_eq!(got.interim, if waited { vec![100] } else { vec![] }, "{name}");
        check(name, &ask, &exchange.sent[0], &nginx.judgements(1)[0]);
    }
}

/// All of them on one connection, each sent as early as it may be.
#[test]
fn nginx_reads_our_requests_in_a_row() {
    let origin = Origin::start();
    let nginx = require!(Nginx::start(origin.port));
    let (names, asks): (Vec<_>, Vec<_>) = asks().into_iter().unzip();
    let exchange = exchange(nginx.port, &asks);
    let judgements = nginx.judgements(asks.len());
    assert_eq!(exchange.got.len(), asks.len());
    for (number, (name, ask)) in names.iter().zip(&asks).enumerate() {
        assert_eq!(exchange.got[number].status, 200, "{name}: {:?}", exchange.got[number]);
        check(name, ask, &exchange.sent[number], &judgements[number]);
    }
}

/// `said`: what nginx logged.
#[track_caller]
fn check(name: &str, ask: &Ask, sent: &[u8], said: &Value) {
    let text = |key: &str| said[key].as_str().unwrap_or_else(|| panic!("{name}: {said}"));
    let line = format!("{} {} {}", ask.method, ask.target, ask.version.as_str());
    assert_eq!(text("line"), line, "{name}");
    assert_eq!(text("status"), "200", "{name}");
    assert_eq!(text("length"), sent.len().to_string(), "{name}: {said}");
    assert_eq!(text("host"), "127.0.0.1", "{name}");
    assert_eq!(text("judged"), value(&ask.fields, "X-Judged").unwrap_or_default(), "{name}");
    let body = ask.body();
    if ask.chunked {
        assert_eq!(text("coded"), "chunked", "{name}");
    } else if !body.is_empty() {
        assert_eq!(text("framed"), body.len().to_string(), "{name}");
    }
    let stored = match text("file") {
        "" => Vec::new(),
        file => fs::read(Path::new(file)).expect("the body that was stored"),
    };
    assert!(stored == body, "{name}: {} octets of {}", stored.len(), body.len());
}

/// What our server gets from nginx is what our client gave it.
#[test]
fn nginx_passes_values_on_as_we_wrote_them() {
    let origin = Origin::start();
    let nginx = require!(Nginx::start(origin.port));
    let odd = "\u{e4}\t\"b\" \u{80}\u{ff};,=\\ ~";
    let ask = Ask::new("GET", "/ours/x?y=%00&z").with("X-Odd", odd).with("X-Blank", "");
    let ask = ask.with("x-lower", " trimmed\t").with("X-Twice", "1").with("X-Twice", "2");
    assert_eq!(exchange(nginx.port, &[ask]).got[0].status, 200);
    let [asked] = &origin.take_good()[..] else { panic!("one request") };
    assert_eq!(asked.target, "/x?y=%00&z");
    assert_eq!(asked.field("X-Odd"), Some(odd));
    assert_eq!(asked.field("x-lower"), Some("trimmed"));
    assert_eq!(asked.field("X-Blank"), Some(""));
    let twice = asked.fields.iter().filter(|(name, _)| name == "X-Twice");
    assert_eq!(twice.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["1", "2"]);
}

/// nginx takes lines that fit into 8 KiB, as we do by default: 414 for a longer request line, and for a
/// longer field line the 400 that it calls 494 in its own sources.
#[test]
fn nginx_reads_heads_up_to_its_limits() {
    let origin = Origin::start();
    let nginx = require!(Nginx::start(origin.port));
    let target = |len: usize| format!("/store/{}", "a".repeat(len - "/store/".len()));
    let around = "GET  HTTP/1.1\r\n".len();
    let field = |len: usize| "v".repeat(len - "X-Judged: \r\n".len());
    let get = |target: String| Ask::new("GET", target);
    for (ask, status) in [
        (get(target(8192 - around)), 200),
        (get(target(8192 - around + 1)), 414),
        (get(target(20)).with("X-Judged", field(8192)), 200),
        (get(target(20)).with("X-Judged", field(8193)), 400),
        (
            get(target(8192 - around)).with("X-Judged", field(8192)).with("X-Other", field(8000)),
            200,
        ),
    ] {
        let exchange = exchange(nginx.port, std::slice::from_ref(&ask));
        assert_eq!(exchange.got[0].status, status, "{} octets", exchange.sent[0].len());
        if status == 200 {
            check("big", &ask, &exchange.sent[0], &nginx.judgements(1)[0]);
        }
    }
}

/// nginx knows no asterisk-form: it reads the head as a bad one, answers, and closes.
#[test]
fn nginx_refuses_the_asterisk() {
    let origin = Origin::start();
    let nginx = require!(Nginx::start(origin.port));
    let got = exchange(nginx.port, &[Ask::new("OPTIONS", "*")]).got;
    assert_eq!((got[0].status, got[0].keep_alive), (400, false), "{got:?}");
}
