//! `encode http1-request` and `encode http1-response`, and that `decode` undoes them.

use super::data;
use super::http1::answers;
use serde_json::{Value, json};
use std::fs;

fn octets(name: &str, events: Value, config: Value) -> String {
    let case = json!({"events": events, "config": config});
    let found = answers("encode", name, &[case]).remove(0);
    assert_eq!(found["error"], Value::Null);
    let octets = hex::decode(found["hex"].as_str().expect("hex")).expect("hex");
    octets.iter().copied().map(char::from).collect()
}

fn get(more: Value) -> Value {
    let mut event = json!({
        "event": "request", "method": "GET", "target": "/", "headers": [["Host", "a"]],
    });
    let event = event.as_object_mut().expect("an object");
    for (key, value) in more.as_object().expect("an object") {
        event.insert(key.clone(), value.clone());
    }
    Value::from(event.clone())
}

fn ok(more: Value) -> Value {
    let mut event = json!({"event": "response", "status": 200});
    let event = event.as_object_mut().expect("an object");
    for (key, value) in more.as_object().expect("an object") {
        event.insert(key.clone(), value.clone());
    }
    Value::from(event.clone())
}

#[test]
fn the_framing_follows_from_the_event_or_the_data() {
    let data = |text: &str| json!({"event": "data", "data": hex::encode(text)});
    let end = json!({"event": "end"});
    let sum = json!({"event": "end", "trailers": [["Sum", "5"]]});
    let host = "HTTP/1.1\r\nHost: a\r\n";
    for (events, wanted) in [
        (json!([get(json!({})), end]), format!("GET / {host}\r\n")),
        (
            json!([get(json!({"method": "POST"})), end]),
            format!("POST / {host}Content-Length: 0\r\n\r\n"),
        ),
        (
            json!([
                get(json!({"method": "POST"})),
                data("he"),
                data("llo"),
                end,
                get(json!({}))
            ]),
            format!("POST / {host}Content-Length: 5\r\n\r\nhelloGET / {host}\r\n"),
        ),
        (
            json!([
                get(json!({"framing": "chunked"})),
                data("he"),
                data(""),
                data("llo"),
                sum
            ]),
            format!(
                "GET / {host}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nSum: 5\r\n\r\n"
            ),
        ),
        (
            json!([get(json!({})), data("hello"), sum]),
            format!(
                "GET / {host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nSum: 5\r\n\r\n"
            ),
        ),
        (
            json!([
                get(
                    json!({"headers": [["content-LENGTH", "003"], ["Host", "a"], ["X", " \u{e9} "]]})
                ),
                data("abc"),
                end
            ]),
            "GET / HTTP/1.1\r\ncontent-LENGTH: 3\r\nHost: a\r\nX: \u{e9}\r\n\r\nabc".to_owned(),
        ),
        (
            json!([
                get(json!({
                    "headers": [["Host", "a"], ["TRANSFER-Encoding", "CHUNKED"], ["X", "1"]],
                    "framing": "chunked",
                })),
                end
            ]),
            format!("GET / {host}TRANSFER-Encoding: chunked\r\nX: 1\r\n\r\n0\r\n\r\n"),
        ),
        (
            json!([get(json!({
                "headers": [["content-length", "0"], ["Host", "a"], ["Upgrade", "x"]],
            })), end]),
            "GET / HTTP/1.1\r\ncontent-length: 0\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
                .to_owned(),
        ),
        (
            json!([get(json!({"version": "HTTP/1.0", "headers": []})), end]),
            "GET / HTTP/1.0\r\n\r\n".to_owned(),
        ),
        (
            json!([get(json!({"version": "HTTP/0.9", "headers": []})), end]),
            "GET /\r\n".to_owned(),
        ),
        (
            json!([get(json!({"headers": [["Host", "a"], ["Upgrade", "x"]]}))]),
            format!("GET / {host}Upgrade: x\r\nConnection: upgrade\r\n\r\n"),
        ),
    ] {
        assert_eq!(octets("http1-request", events, json!({})), wanted);
    }
    for (events, requests, wanted) in [
        (
            json!([ok(json!({})), end]),
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            json!([ok(json!({"reason": "So be it"})), data("x"), end]),
            "GET",
            "HTTP/1.1 200 So be it\r\nContent-Length: 1\r\n\r\nx",
        ),
        (
            json!([ok(json!({"status": 103})), end, ok(json!({})), end]),
            "HEAD",
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ),
        (
            json!([ok(json!({"headers": [["Content-Length", "7"]]})), end]),
            "HEAD",
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
        ),
        (
            json!([
                ok(json!({"framing": "none", "headers": [["Transfer-Encoding", "chunked"]]})),
                end
            ]),
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        (
            json!([
                ok(json!({"framing": "eof", "version": "HTTP/1.0"})),
                data("x"),
                end
            ]),
            "GET",
            "HTTP/1.0 200 OK\r\n\r\nx",
        ),
        (
            json!([ok(json!({"framing": "tunnel", "reason": ""})), end]),
            "CONNECT",
            "HTTP/1.1 200 \r\n\r\n",
        ),
        (
            json!([ok(json!({"framing": "length", "length": 2})), data("h")]),
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh",
        ),
    ] {
        let config = json!({"requests": [requests]});
        assert_eq!(octets("http1-response", events, config), wanted);
    }
}

/// Every vector that is accepted: what is encoded again is strict, is read as the same, and stays as it
/// is. Where the encoder has to refuse it says why.
#[test]
fn what_was_decoded_is_encoded_to_the_same_events() {
    let lines = fs::read_to_string(data("http1.vectors.jsonl")).expect("the table is there");
    let vectors = lines.lines().map(serde_json::from_str);
    let vectors: Vec<Value> = vectors.collect::<Result<_, _>>().expect("JSON Lines");
    let (mut tried, mut refused) = (0, Vec::new());
    for name in ["http1-request", "http1-response"] {
        let good = vectors.iter();
        let good = good.filter(|vector| vector["decoder"] == name && vector["error"].is_null());
        let cases: Vec<_> = good
            .map(|vector| {
                let text = vector["octets"].as_str().expect("text").chars();
                let octets: Vec<u8> = text.map(|c| u8::try_from(c).expect("an octet")).collect();
                json!({
                    "hex": hex::encode(octets), "config": vector["config"], "row": vector["row"],
                })
            })
            .collect();
        let decoded = answers("decode", name, &cases);
        // the answers can be given back as they are
        let encoded = answers("encode", name, &decoded);
        for ((case, decoded), encoded) in cases.iter().zip(&decoded).zip(&encoded) {
            if let Some(kind) = encoded["error"]["kind"].as_str() {
                refused.push(format!("{kind}: {}", case["row"].as_str().expect("a row")));
                continue;
            }
            tried += 1;
            let mut config = json!({});
            if name == "http1-response" {
                config["requests"] = case["config"]["requests"].clone();
            } else {
                config["http09"] = case["config"]["http09"].clone();
            }
            let again = json!({"hex": encoded["hex"], "config": config});
            let again = answers("decode", name, &[again]).remove(0);
            assert_eq!(again["error"], Value::Null, "{case}");
            assert_eq!(again["rest"], "", "{case}");
            let strip = |events: &Value| {
                let mut events = events.clone();
                for event in events.as_array_mut().expect("events") {
                    // a framing field is written in its normal form
                    if let Some(headers) = event["headers"].as_array_mut() {
                        headers.retain(|header| {
                            let name = header[0].as_str().expect("a name").to_lowercase();
                            !matches!(&*name, "content-length" | "transfer-encoding")
                        });
                    }
                }
                events
            };
            assert_eq!(strip(&again["events"]), strip(&decoded["events"]), "{case}");
            let twice = answers("encode", name, &[again]).remove(0);
            assert_eq!(twice["hex"], encoded["hex"], "{case}");
        }
    }
    assert!(tried >= 30, "{tried}");
    let wanted = [
        "bad-field-value: another control character in a value",
        "framing-field: Transfer-Encoding and Content-Length",
        "framing-field: gzip, chunked",
        "framing-field: Content-Length, Transfer-Encoding and Host in trailers",
        "missing-host: Host missing, twice or wrong",
        "host-mismatch: absolute-form with another Host",
        "bad-target: octets above 127 in the target",
        "framing-field: Transfer-Encoding and Content-Length",
        "framing-field: the final transfer coding is not chunked",
        "body-not-allowed: 204, 304, 1xx and the response to HEAD have no body",
        "body-not-allowed: 204, 304, 1xx and the response to HEAD have no body",
        "body-not-allowed: 2xx to CONNECT with Content-Length or Transfer-Encoding",
        "body-not-allowed: 2xx to CONNECT with Content-Length or Transfer-Encoding",
    ];
    assert_eq!(refused, wanted);
}

#[test]
fn what_must_not_be_sent_is_refused_by_its_kind() {
    let end = json!({"event": "end"});
    let one = json!({"event": "data", "data": "61"});
    let headers = |name: &str, value: &str| json!({"headers": [["Host", "a"], [name, value]]});
    for (kind, events) in [
        ("bad-method", json!([get(json!({"method": "G T"}))])),
        (
            "bad-target",
            json!([get(json!({"target": "/ HTTP/1.1\r\nX: 1\r\n"}))]),
        ),
        ("bad-target-form", json!([get(json!({"target": "a"}))])),
        ("bad-field-name", json!([get(headers("X:", "1"))])),
        ("bad-field-name", json!([get(headers("", "1"))])),
        ("bad-field-value", json!([get(headers("X", "1\r\nY: 2"))])),
        ("bad-field-value", json!([get(headers("X", "1\u{0}2"))])),
        (
            "framing-field",
            json!([get(headers("Content-Length", "x"))]),
        ),
        (
            "framing-field",
            json!([get(headers("Content-Length", "5, 6"))]),
        ),
        (
            "framing-field",
            json!([get(headers("Transfer-Encoding", "gzip, chunked"))]),
        ),
        (
            "framing-field",
            json!([get(json!({
                "framing": "chunked",
                "headers": [["Host", "a"], ["Transfer-Encoding", "chunked"], ["Content-Length", "0"]],
            }))]),
        ),
        (
            "framing-field",
            json!([get(json!({
                "framing": "length", "length": 1, "headers": [["Host", "a"], ["Content-Length", "2"]],
            }))]),
        ),
        ("missing-host", json!([get(json!({"headers": []}))])),
        ("duplicate-host", json!([get(headers("host", "a"))])),
        (
            "bad-host",
            json!([get(json!({"headers": [["Host", "a b"]]}))]),
        ),
        (
            "host-mismatch",
            json!([get(json!({"target": "http://b/"}))]),
        ),
        (
            "not-in-trailers",
            json!([
                get(json!({"framing": "chunked"})),
                {"event": "end", "trailers": [["Host", "a"]]},
            ]),
        ),
        (
            "framing-field",
            json!([
                get(json!({"framing": "chunked"})),
                {"event": "end", "trailers": [["Content-Length", "1"]]},
            ]),
        ),
        (
            "trailers-without-chunked",
            json!([
                get(json!({"framing": "none"})),
                {"event": "end", "trailers": [["X", "a"]]},
            ]),
        ),
        (
            "body-too-long",
            json!([get(json!({"framing": "length", "length": 0})), one]),
        ),
        (
            "body-too-short",
            json!([get(json!({"framing": "length", "length": 2})), one, end]),
        ),
        (
            "body-not-allowed",
            json!([get(json!({"framing": "none"})), one]),
        ),
        (
            "body-not-allowed",
            json!([get(json!({"method": "TRACE"})), one]),
        ),
        (
            "body-not-allowed",
            json!([get(json!({
                "method": "CONNECT", "target": "a:1", "framing": "none",
                "headers": [["Host", "a:1"], ["Content-Length", "1"]],
            }))]),
        ),
        (
            "length-required",
            json!([
                get(json!({"version": "HTTP/1.0"})), one, {"event": "end", "trailers": [["X", "a"]]}
            ]),
        ),
        (
            "not-in-version",
            json!([get(json!({"version": "HTTP/1.0", "framing": "chunked"}))]),
        ),
        (
            "not-in-version",
            json!([get(json!({"version": "HTTP/0.9"}))]),
        ),
        ("not-now", json!([one])),
        ("not-now", json!([end])),
        ("not-now", json!([get(json!({})), get(json!({}))])),
        ("not-now", json!([ok(json!({}))])),
        (
            "illegal-combination",
            json!([get(json!({"framing": "eof"}))]),
        ),
        ("bad-case", json!([get(json!({"framing": "big"}))])),
        ("bad-case", json!([get(json!({"version": "HTTP/2.0"}))])),
        ("bad-case", json!([get(json!({"headers": {"Host": "a"}}))])),
        ("bad-case", json!([get(json!({"target": "\u{100}"}))])),
        ("bad-case", json!([get(json!({"length": -1}))])),
        ("bad-case", json!([{"event": "request", "target": "/"}])),
        ("bad-case", json!([{"event": "data", "data": "6"}])),
        ("bad-case", json!([{"event": "chunk"}])),
        ("bad-case", json!([1])),
    ] {
        let found = answers("encode", "http1-request", &[json!({"events": events})]).remove(0);
        assert_eq!(found["error"]["kind"], kind, "{events}");
        assert_eq!(found["hex"], Value::Null);
    }
    for (kind, events) in [
        ("bad-status", json!([ok(json!({"status": 99}))])),
        ("bad-reason", json!([ok(json!({"reason": "a\r\nX: 1"}))])),
        (
            "body-not-allowed",
            json!([ok(json!({"status": 204, "framing": "length"})), one]),
        ),
        ("body-not-allowed", json!([ok(json!({"status": 204})), one])),
        ("body-not-allowed", json!([ok(json!({"status": 205})), one])),
        (
            "body-not-allowed",
            json!([ok(json!({"framing": "none"})), one]),
        ),
        (
            "body-not-allowed",
            json!([ok(
                json!({"framing": "tunnel", "headers": [["Content-Length", "1"]]})
            )]),
        ),
        (
            "not-in-version",
            json!([ok(json!({"status": 100, "version": "HTTP/1.0"}))]),
        ),
        (
            "illegal-combination",
            json!([ok(json!({"status": 404, "framing": "tunnel"}))]),
        ),
        (
            "framing-field",
            json!([ok(
                json!({"framing": "eof", "headers": [["Content-Length", "1"]]})
            )]),
        ),
        ("not-now", json!([get(json!({}))])),
        ("bad-case", json!([ok(json!({"version": "HTTP/0.9"}))])),
        ("bad-case", json!([ok(json!({"status": "200"}))])),
        ("bad-case", json!([ok(json!({"reason": 1}))])),
    ] {
        let found = answers("encode", "http1-response", &[json!({"events": events})]).remove(0);
        assert_eq!(found["error"]["kind"], kind, "{events}");
    }
    let case = json!({"events": [], "config": {"requests": ["GET"]}});
    let found = answers("encode", "http1-request", &[case]).remove(0);
    assert_eq!(found["error"]["kind"], "bad-case");
}
