//! `encode NAME`, and that it undoes `decode NAME`.

use super::{data, wirelore};
use serde_json::{Value, json};
use std::fs;

fn encode(case: &Value) -> Value {
    let ended = wirelore(&["encode", "tftp", "--cases"], case.to_string().as_bytes());
    assert_eq!(ended.code, 0, "whatever the cases hold");
    ended.lines().remove(0)
}

#[test]
fn events_become_the_datagrams_of_the_rfcs() {
    let events = json!([
        {"event": "rrq", "filename_hex": "666f6f66696c65", "mode": "octet",
            "options": [["blksize", "1432"]]},
        {"event": "oack", "options": [["blksize", "1432"]]},
        {"event": "ack", "block": 0},
        {"event": "data", "block": 1, "data": "656e64"},
        {"event": "error", "code": 1, "message_hex": "6e6f"},
        {"event": "wrq", "filename_hex": "ff", "mode_raw": "Octet\u{e9}", "options": []},
    ]);
    let wanted = [
        "0001666f6f66696c65006f6374657400626c6b73697a65003134333200",
        "0006626c6b73697a65003134333200",
        "00040000",
        "00030001656e64",
        "000500016e6f00",
        "0002ff004f63746574e900",
    ];
    let found = encode(&json!({"id": [1], "events": events}));
    assert_eq!(
        found,
        json!({"id": [1], "hex": wanted.concat(), "error": null})
    );
    assert_eq!(encode(&json!({"events": []}))["hex"], "");
}

/// The table's datagrams are all as an encoder would write them, but for these.
const NOT_CANONICAL: [&str; 3] = [
    "octets after an acknowledgment",
    "an error without its final NUL",
    "NULs that pad a request",
];

#[test]
fn what_was_decoded_is_encoded_to_the_same_octets() {
    let table = fs::read_to_string(data("tftp.cases.jsonl")).expect("the table is there");
    let cases: Vec<Value> = table
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("the table is JSON Lines"))
        .filter(|line| line["out"]["error"].is_null())
        .map(|mut line| line["in"].take())
        .filter(|case| !NOT_CANONICAL.contains(&case["id"].as_str().expect("ids are texts")))
        .collect();
    assert!(cases.len() > 20);
    let input: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let decoded = wirelore(&["decode", "tftp", "--cases"], input.as_bytes());
    let encoded = wirelore(&["encode", "tftp", "--cases"], &decoded.stdout).lines();
    assert_eq!(encoded.len(), cases.len());
    for (found, case) in encoded.iter().zip(&cases) {
        let octets = case["hex"].as_str().map_or_else(
            || {
                case["chunks"]
                    .as_array()
                    .expect("else chunks")
                    .iter()
                    .filter_map(Value::as_str)
                    .collect()
            },
            str::to_owned,
        );
        assert_eq!(
            found,
            &json!({"id": case["id"], "hex": octets, "error": null})
        );
    }
}

#[test]
fn what_cannot_be_a_datagram_is_refused_by_its_own_kind() {
    let rrq = |filename: &str, options: Value| json!({"event": "rrq", "filename_hex": filename, "mode": "octet", "options": options});
    let refused = [
        ("nul-in-string", rrq("610062", json!([]))),
        ("nul-in-string", rrq("61", json!([["a\0b", "1"]]))),
        (
            "nul-in-string",
            json!({"event": "error", "code": 0, "message_hex": "00"}),
        ),
        ("empty-option-name", rrq("61", json!([["", "1"]]))),
        (
            "empty-option-name",
            json!({"event": "oack", "options": [["", ""]]}),
        ),
        ("request-too-long", rrq(&"61".repeat(504), json!([]))),
        ("bad-case", rrq("6", json!([]))),
        ("bad-case", rrq("61", json!([["a"]]))),
        ("bad-case", rrq("61", json!({"a": "b"}))),
        ("bad-case", rrq("61", json!([["\u{100}", "1"]]))),
        ("bad-case", json!({"event": "rrq", "filename_hex": "61"})),
        (
            "bad-case",
            json!({"event": "rrq", "filename_hex": "61", "mode": "other"}),
        ),
        (
            "bad-case",
            json!({"event": "rrq", "filename_hex": "61", "mode": "mail", "mode_raw": "octet"}),
        ),
        ("bad-case", json!({"event": "ack", "block": 65536})),
        ("bad-case", json!({"event": "ack", "block": -1})),
        ("bad-case", json!({"event": "data", "block": 1})),
        ("bad-case", json!({"event": "nak", "block": 1})),
        ("bad-case", json!(7)),
    ];
    for (kind, event) in refused {
        let found = encode(&json!({"id": 1, "events": [{"event": "ack", "block": 1}, event]}));
        assert_eq!(found["error"]["kind"], kind, "{event}");
        assert_eq!(found["hex"], Value::Null, "{event}");
        let message = found["error"]["message"]
            .as_str()
            .expect("there is a message");
        assert!(message.starts_with("events[1]: "), "{message}");
    }
    for case in [
        json!({}),
        json!({"events": 1}),
        json!({"events": [], "config": {"a": 1}}),
        json!([]),
    ] {
        assert_eq!(encode(&case)["error"]["kind"], "bad-case", "{case}");
    }
}

#[test]
fn plain_input_is_an_event_or_an_array_or_a_decoded_result() {
    let event = br#"{"event":"ack","block":258}"#;
    assert_eq!(wirelore(&["encode", "tftp"], event).stdout, [0, 4, 1, 2]);
    let array = [b"[".as_slice(), event, b",", event, b"]"].concat();
    let found = wirelore(&["encode", "tftp", "--hex"], &array);
    assert_eq!((found.text(), found.code), ("0004010200040102\n", 0));
    let decoded = wirelore(&["decode", "tftp", "--json"], b"\0\x03\0\x01\n\0\xff");
    assert_eq!(
        wirelore(&["encode", "tftp"], &decoded.stdout).stdout,
        b"\0\x03\0\x01\n\0\xff"
    );
}

#[test]
fn plain_input_that_is_refused_exits_with_1() {
    for input in [
        &b""[..],
        b"7",
        b"{",
        b"{}",
        b"\xff",
        br#"{"event":"ack","block":"1"}"#,
    ] {
        let ended = wirelore(&["encode", "tftp"], input);
        assert_eq!(ended.code, 1, "{}", input.escape_ascii());
        assert!(ended.complaint().starts_with("wirelore: "));
    }
}
