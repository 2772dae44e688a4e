//! `decode http1-request` and `decode http1-response`: the shape of what they print, and the vectors by
//! which messages are smuggled and responses split, each with its verdict.

use super::{data, wirelore};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use wirelore_http1::{ErrorKind, Lenient};

pub(super) fn answers(verb: &str, name: &str, cases: &[Value]) -> Vec<Value> {
    let input: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let ended = wirelore(&[verb, name, "--cases"], input.as_bytes());
    assert_eq!(ended.code, 0, "whatever the cases hold");
    let lines = ended.lines();
    assert_eq!(lines.len(), cases.len());
    lines
}

fn decoded(name: &str, octets: &[u8], config: Value) -> Value {
    let case = json!({"hex": hex::encode(octets), "config": config});
    answers("decode", name, &[case]).remove(0)
}

/// Octets of a string whose code points they are.
fn octets(text: &Value) -> Vec<u8> {
    let text = text.as_str().expect("text");
    let octet = |c| u8::try_from(c).expect("a code point below 256");
    text.chars().map(octet).collect()
}

/// An event in short: `request length 5`, `response 200 none close`, `data hello`, `end 2`.
fn short(event: &Value) -> String {
    let text = |key: &str| event[key].as_str().expect("text").to_owned();
    let mut words = vec![text("event")];
    match &*words[0] {
        "data" => {
            let data = hex::decode(text("data")).expect("hex");
            words.push(data.iter().copied().map(char::from).collect());
        }
        "end" => match event["trailers"].as_array().map(Vec::len) {
            Some(0) => {}
            count => words.push(count.expect("an array").to_string()),
        },
        _ => {
            if event["event"] == "response" {
                words.push(event["status"].to_string());
            }
            words.push(text("framing"));
            if event["framing"] == "length" {
                words.push(event["length"].to_string());
            } else {
                assert_eq!(event["length"], Value::Null);
            }
            if event["keep_alive"] == false {
                words.push("close".into());
            }
        }
    }
    words.join(" ")
}

fn vectors() -> Vec<Value> {
    let lines = fs::read_to_string(data("http1.vectors.jsonl")).expect("the table is there");
    let lines = lines.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("JSON Lines")
}

#[test]
fn every_vector_has_its_verdict() {
    for name in ["http1-request", "http1-response"] {
        let vectors = vectors();
        let vectors: Vec<_> = vectors.iter().filter(|v| v["decoder"] == name).collect();
        let whole = vectors
            .iter()
            .map(|vector| json!({"hex": hex::encode(octets(&vector["octets"])), "config": vector["config"]}));
        let single = vectors.iter().map(|vector| {
            let octets = octets(&vector["octets"]);
            let chunks: Value = octets.iter().map(|o| format!("{o:02x}")).collect();
            json!({"chunks": chunks, "config": vector["config"]})
        });
        let whole = answers("decode", name, &whole.collect::<Vec<_>>());
        let single = answers("decode", name, &single.collect::<Vec<_>>());
        for ((found, single), vector) in whole.iter().zip(single).zip(vectors) {
            assert_eq!(found, &single, "octet by octet: {vector}");
            let events = found["events"].as_array().expect("events");
            let events: Value = events.iter().map(short).collect();
            let all = octets(&vector["octets"]).len() as u64;
            let rest = hex::decode(found["rest"].as_str().expect("hex")).expect("hex");
            let consumed = found["consumed"].as_u64();
            match vector["error"].as_array() {
                Some(wanted) => {
                    let error = &found["error"];
                    let error = [&error["kind"], &error["offset"], &error["reply"]];
                    assert_eq!(error, [&wanted[0], &wanted[1], &wanted[2]], "{vector}");
                    assert_eq!(found["end"], "error", "{vector}");
                    if !vector["events"].is_null() {
                        assert_eq!(events, vector["events"], "{vector}");
                    }
                }
                None => {
                    assert_eq!(found["error"], Value::Null, "{vector}");
                    assert_eq!(found["end"], "done", "{vector}");
                    assert_eq!(events, vector["events"], "{vector}");
                    let wanted = vector.get("rest").map(octets).unwrap_or_default();
                    assert_eq!(rest, wanted, "{vector}");
                }
            }
            assert_eq!(consumed, Some(all - rest.len() as u64), "{vector}");
            if let Some(header) = vector.get("header") {
                let headers = found["events"][0]["headers"].as_array().expect("headers");
                assert!(headers.contains(header), "{vector}");
            }
            if let Some(authority) = vector.get("authority") {
                assert_eq!(&found["events"][0]["authority"], authority, "{vector}");
            }
        }
    }
}

/// Every leniency makes a difference to a vector: without it, its verdict is another.
#[test]
fn the_vectors_need_every_flag() {
    let listed = wirelore(&["decode", "--list"], b"");
    let listed: BTreeSet<_> = listed
        .text()
        .lines()
        .filter_map(|line| {
            Some(
                line.trim()
                    .strip_prefix("lenient: ")?
                    .split(' ')
                    .next()?
                    .into(),
            )
        })
        .collect();
    let mut used = BTreeSet::new();
    for vector in vectors().iter().filter(|vector| vector["error"].is_null()) {
        let Some([flag]) = vector["config"]["lenient"].as_array().map(Vec::as_slice) else {
            continue;
        };
        let name = vector["decoder"].as_str().expect("a name");
        let strict = decoded(name, &octets(&vector["octets"]), json!({}));
        assert_ne!(strict["error"], Value::Null, "{vector}");
        used.insert(flag.as_str().expect("a flag").to_owned());
    }
    // on by default: the vectors turn it off
    used.insert("duplicate_content_length_equal".to_owned());
    assert_eq!(used, listed);
    assert_eq!(used.len(), 13);
}

#[test]
fn a_request_has_these_members() {
    let octets =
        b"PUT http://b:81/\xc3\xa9?q HTTP/1.1\r\nhOst: a\r\nX: \xe9\t\r\nX:\r\nUpgrade: h2c\r\n\
        Connection: upgrade\r\nExpect: 100-Continue\r\nContent-Length: 003\r\n\r\nabc";
    let found = decoded(
        "http1-request",
        octets,
        json!({"lenient": ["obs_text_in_target"]}),
    );
    let wanted = json!({
        "id": null,
        "events": [
            {
                "event": "request",
                "method": "PUT",
                "target": "http://b:81/\u{c3}\u{a9}?q",
                "target_form": "absolute",
                "version": "HTTP/1.1",
                "headers": [
                    ["hOst", "a"], ["X", "\u{e9}"], ["X", ""], ["Upgrade", "h2c"],
                    ["Connection", "upgrade"], ["Expect", "100-Continue"], ["Content-Length", "003"],
                ],
                "framing": "length",
                "length": 3,
                "keep_alive": true,
                "upgrade": true,
                "expect_continue": true,
                "authority": "b:81",
            },
            {"event": "data", "data": "616263"},
            {"event": "end", "trailers": []},
        ],
        "sent": "",
        "consumed": octets.len(),
        "rest": "",
        "end": "done",
        "error": null,
    });
    assert_eq!(found, wanted);
    for (line, form, version, authority) in [
        ("GET / HTTP/1.0\r\n\r\n", "origin", "HTTP/1.0", Value::Null),
        (
            "GET / HTTP/1.9\r\nHost: h\r\n\r\n",
            "origin",
            "HTTP/1.1",
            json!("h"),
        ),
        (
            "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
            "asterisk",
            "HTTP/1.1",
            json!("h"),
        ),
        (
            "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n",
            "authority",
            "HTTP/1.1",
            json!("h:1"),
        ),
        ("GET /\r\n", "origin", "HTTP/0.9", Value::Null),
    ] {
        let found = decoded("http1-request", line.as_bytes(), json!({"http09": true}));
        let event = &found["events"][0];
        assert_eq!(event["target_form"], form, "{line}");
        assert_eq!(event["version"], version, "{line}");
        assert_eq!(event["authority"], authority, "{line}");
    }
}

#[test]
fn a_response_has_these_members() {
    let octets = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n\
        3\r\nabc\r\n2;x\r\nde\r\n0\r\nSum: 5\r\nSum: 6\r\n\r\n";
    let found = decoded("http1-response", octets, json!({}));
    let wanted = json!([
        {
            "event": "response", "status": 103, "reason": "Early Hints", "version": "HTTP/1.1",
            "headers": [["Link", "</a>"]], "framing": "none", "length": null, "keep_alive": true,
        },
        {"event": "end", "trailers": []},
        {
            "event": "response", "status": 200, "reason": "", "version": "HTTP/1.1",
            "headers": [["Transfer-Encoding", "Chunked"]], "framing": "chunked", "length": null,
            "keep_alive": true,
        },
        {"event": "data", "data": "6162636465"},
        {"event": "end", "trailers": [["Sum", "5"], ["Sum", "6"]]},
    ]);
    assert_eq!(found["events"], wanted);
    assert_eq!(
        (&found["end"], &found["sent"]),
        (&json!("done"), &json!(""))
    );
}

#[test]
fn input_without_an_end_needs_more_or_is_complete() {
    for (name, octets, end, consumed) in [
        ("http1-request", &b""[..], "need-more", 0),
        ("http1-request", b"\r\n", "need-more", 2),
        ("http1-request", b"GET / HTTP/1.0\r\n", "need-more", 0),
        ("http1-request", b"GET / HTTP/1.0\r\n\r\n", "done", 18),
        (
            "http1-request",
            b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
            "need-more",
            25,
        ),
        ("http1-response", b"HTTP/1.1 204 \r\n\r\n", "need-more", 17),
        (
            "http1-response",
            b"HTTP/1.1 200 \r\n\r\nabc",
            "need-more",
            20,
        ),
        ("http1-response", b"HTTP/1.0 204 \r\n\r\nabc", "done", 17),
    ] {
        let case = json!({"hex": hex::encode(octets), "eof": false});
        let found = answers("decode", name, &[case]).remove(0);
        let octets = octets.escape_ascii();
        assert_eq!(found["end"], end, "{octets}");
        assert_eq!(found["consumed"], consumed, "{octets}");
        assert_eq!(found["error"], Value::Null, "{octets}");
    }
}

#[test]
fn wrong_configurations_are_bad_cases() {
    for config in [
        json!({"max_heads": 1}),
        json!({"lenient: bare_lf": true}),
        json!({"lenient": "bare_lf"}),
        json!({"lenient": ["bare_ln"]}),
        json!({"lenient": ["--bare_lf"]}),
        json!({"lenient": [1]}),
        json!({"max_head": -1}),
        json!({"max_body": "1"}),
        json!({"http09": 1}),
        json!({"requests": ["GET"]}),
    ] {
        let found = decoded("http1-request", b"", config.clone());
        assert_eq!(found["error"]["kind"], "bad-case", "{config}");
    }
    for config in [
        json!({"requests": "GET"}),
        json!({"requests": ["G\u{100}"]}),
    ] {
        let found = decoded("http1-response", b"", config.clone());
        assert_eq!(found["error"]["kind"], "bad-case", "{config}");
    }
    let both = json!({"lenient": ["bare_lf", "-bare_lf"], "max_body": null, "max_head": null});
    let found = decoded("http1-request", b"GET / HTTP/1.0\n\n", both);
    assert_eq!(found["error"]["kind"], "bare-lf");
}

#[test]
fn every_kind_of_error_is_documented() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/decode.md");
    let page = fs::read_to_string(page).expect("the documentation is there");
    for (name, reply) in ErrorKind::NAMES {
        // of connections only, not of streams
        if !["timed-out", "unexpected-switch"].contains(name) {
            assert!(page.contains(&format!("| `{name}` | {reply} | ")), "{name}");
        }
    }
    for (name, _) in Lenient::NAMES {
        assert!(page.contains(&format!("| `{name}` | ")), "{name}");
    }
}
