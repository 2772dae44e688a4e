//! `encode telnet`, and that `decode telnet` undoes it.

use super::wirelore;
use serde_json::{Value, json};

fn run(verb: &str, cases: &[Value]) -> Vec<Value> {
    let input: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let ended = wirelore(&[verb, "telnet", "--cases"], input.as_bytes());
    assert_eq!(ended.code, 0, "whatever the cases hold");
    let lines = ended.lines();
    assert_eq!(lines.len(), cases.len());
    lines
}

fn data(octets: &str) -> Value {
    json!({"event": "data", "data": octets})
}

#[test]
fn events_become_the_octets_of_the_rfcs() {
    let raw = json!({"mode": "raw"});
    let cases = [
        (json!({}), json!([data("61ff62")]), "61ffff62"),
        (json!({}), json!([data("0d0a0a0d")]), "0d0a0a0d00"),
        (
            json!({}),
            json!([data("0d"), data("0a0d"), data(""), data("61")]),
            "0d0a0d0061",
        ),
        (json!({}), json!([data("0d00")]), "0d0000"),
        (raw, json!([data("0d000dff")]), "0d000dffff"),
        (
            json!({}),
            json!([data("0d"), {"event": "command", "code": 241}, data("0a")]),
            "0d00fff10a",
        ),
        (
            json!({"him": [0]}),
            json!([
                data("0d"),
                {"event": "option", "side": "him", "option": 0, "on": true},
                data("0d0061"),
                {"event": "option", "side": "him", "option": 0, "on": false},
                data("0d"),
            ]),
            "0d00fffb000d0061fffc000d00",
        ),
        (
            json!({}),
            json!([
                {"event": "option", "side": "us", "option": 1, "name": "ECHO", "on": true},
                {"event": "option", "side": "us", "option": 1, "on": false},
                {"event": "refused", "side": "us", "option": 3},
                {"event": "refused", "side": "him", "option": 24},
            ]),
            "fffd01fffe01fffe03fffc18",
        ),
        (
            json!({}),
            json!([
                {"event": "negotiation", "verb": "will", "option": 1},
                {"event": "negotiation", "verb": "wont", "option": 255},
                {"event": "negotiation", "verb": "do", "option": 1},
                {"event": "negotiation", "verb": "dont", "option": 0},
                {"event": "timing-mark"},
            ]),
            "fffb01fffcfffffd01fffe00fffd06",
        ),
        (
            json!({}),
            json!([
                {"event": "subnegotiation", "option": 24, "payload_hex": "00ff61f0"},
                {"event": "subnegotiation", "option": 255, "payload_hex": ""},
            ]),
            "fffa1800ffff61f0fff0fffafffffff0",
        ),
        (json!({}), json!([]), ""),
    ];
    let input: Vec<_> = cases
        .iter()
        .map(|(config, events, _)| json!({"id": 1, "config": config, "events": events}))
        .collect();
    for (found, (_, events, hex)) in run("encode", &input).iter().zip(&cases) {
        assert_eq!(
            found,
            &json!({"id": 1, "hex": hex, "error": null}),
            "{events}"
        );
    }
}

#[test]
fn what_was_encoded_is_decoded_to_the_same_events() {
    let option = |side: &str, option: u8, name: Option<&str>, on: bool| json!({"event": "option", "side": side, "option": option, "name": name, "on": on});
    let command =
        |code: u8, name: Option<&str>| json!({"event": "command", "code": code, "name": name});
    let sb = |option: u8, payload: &str| json!({"event": "subnegotiation", "option": option, "payload_hex": payload});
    // all octets behind a CR, then all in a row
    let text: String = (0..=255).map(|octet| format!("0d{octet:02x}")).collect();
    let row: String = (0..=255).map(|octet| format!("{octet:02x}")).collect();
    let events = json!([
        data(&text),
        command(246, Some("AYT")),
        data("0d"),
        command(0, None),
        data("0a"),
        option("him", 0, Some("BINARY"), true),
        data(&format!("{text}0d")),
        option("us", 3, Some("SGA"), true),
        option("him", 0, Some("BINARY"), false),
        data(&row),
        json!({"event": "timing-mark"}),
        sb(24, &row),
        sb(255, "ffff"),
        sb(0, ""),
        option("us", 3, Some("SGA"), false),
        data("0d"),
    ]);
    for mode in ["nvt", "raw"] {
        let config = json!({"mode": mode, "us": [3], "him": [0], "tm": true});
        let case = json!({"events": events, "config": config});
        let encoded = run("encode", &[case]).remove(0);
        assert_eq!(encoded["error"], Value::Null);
        let decoded = run(
            "decode",
            &[json!({"hex": encoded["hex"], "config": config})],
        )
        .remove(0);
        assert_eq!(decoded["events"], events, "{mode}");
        assert_eq!(decoded["end"], "done");
    }
}

#[test]
fn random_text_survives_in_both_modes() {
    // a fixed linear congruence, mostly over octets that have a meaning
    let mut state = 12345u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize
    };
    let cases: Vec<_> = (0..400)
        .map(|n| {
            let len = 1 + next() % 30;
            let text: String = (0..len)
                .map(|_| ["0d", "0a", "00", "ff", "f0", "61", "fd"][next() % 7])
                .collect();
            let mode = if n % 2 == 0 { "nvt" } else { "raw" };
            json!({"events": [data(&text)], "config": {"mode": mode}})
        })
        .collect();
    let encoded = run("encode", &cases);
    let back: Vec<_> = encoded
        .iter()
        .zip(&cases)
        .map(|(encoded, case)| json!({"hex": encoded["hex"], "config": case["config"]}))
        .collect();
    for (found, case) in run("decode", &back).iter().zip(&cases) {
        assert_eq!(found["events"], case["events"]);
    }
}

#[test]
fn what_cannot_be_encoded_is_refused_by_its_kind() {
    let refused = [
        ("not-a-command", json!({"event": "command", "code": 240})),
        ("not-a-command", json!({"event": "command", "code": 250})),
        ("not-a-command", json!({"event": "command", "code": 251})),
        ("not-a-command", json!({"event": "command", "code": 255})),
        (
            "violation",
            json!({"event": "violation", "kind": "stray-se", "offset": 0}),
        ),
        ("bad-case", json!({"event": "command", "code": 256})),
        ("bad-case", json!({"event": "command", "name": "AYT"})),
        ("bad-case", json!({"event": "data", "data": "6"})),
        ("bad-case", json!({"event": "data"})),
        (
            "bad-case",
            json!({"event": "option", "side": "us", "option": 1}),
        ),
        (
            "bad-case",
            json!({"event": "option", "side": "it", "option": 1, "on": true}),
        ),
        ("bad-case", json!({"event": "refused", "side": "us"})),
        (
            "bad-case",
            json!({"event": "negotiation", "verb": "DO", "option": 1}),
        ),
        (
            "bad-case",
            json!({"event": "negotiation", "verb": "do", "option": 300}),
        ),
        ("bad-case", json!({"event": "subnegotiation", "option": 1})),
        ("bad-case", json!({"event": "naws"})),
        ("bad-case", json!(7)),
    ];
    let cases: Vec<_> = refused
        .iter()
        .map(|(_, event)| json!({"events": [data("61"), event]}))
        .collect();
    for (found, (kind, event)) in run("encode", &cases).iter().zip(&refused) {
        assert_eq!(found["error"]["kind"], *kind, "{event}");
        assert_eq!(found["hex"], Value::Null);
        let message = found["error"]["message"].as_str().expect("a message");
        assert!(message.starts_with("events[1]: "), "{message}");
    }
    let case = json!({"events": [], "config": {"mode": "ascii"}});
    assert_eq!(run("encode", &[case])[0]["error"]["kind"], "bad-case");
}
