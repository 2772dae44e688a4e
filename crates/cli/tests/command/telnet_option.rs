//! `decode telnet-option`: every type, and every way to be wrong.

use super::wirelore;
use serde_json::{Value, json};

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn answers(payloads: &[(u8, &[u8])]) -> Vec<Value> {
    let case = |(option, payload): &(u8, &[u8])| {
        let case = json!({"hex": hex(payload), "config": {"option": option}});
        format!("{case}\n")
    };
    let input: String = payloads.iter().map(case).collect();
    let ended = wirelore(&["decode", "telnet-option", "--cases"], input.as_bytes());
    assert_eq!(ended.code, 0);
    let lines = ended.lines();
    assert_eq!(lines.len(), payloads.len());
    lines
}

#[test]
fn every_type_has_its_event() {
    let cases: Vec<(u8, &[u8], Value)> = vec![
        (5, b"\x01", json!({"event": "status-send"})),
        (
            5,
            b"\0\xfb\x01\xfd\x03\xfc\x18\xfe\x20\xfa\x1f\0\x50\0\xf0\xf0\xf0",
            json!({"event": "status-is", "entries": [
                ["will", 1], ["do", 3], ["wont", 24], ["dont", 32], ["sb", 31, "005000f0"],
            ]}),
        ),
        (5, b"\0", json!({"event": "status-is", "entries": []})),
        (24, b"\0XTERM", json!({"event": "ttype-is", "name_hex": "585445524d"})),
        (24, b"\0", json!({"event": "ttype-is", "name_hex": ""})),
        (24, b"\x01", json!({"event": "ttype-send"})),
        (31, b"\0\x50\x01\xff", json!({"event": "naws", "cols": 80, "rows": 511})),
        (32, b"\x0038400,9600", json!({"event": "tspeed-is", "tx": 38400, "rx": 9600})),
        (32, b"\x01", json!({"event": "tspeed-send"})),
        (33, b"\0", json!({"event": "lflow", "code": "off"})),
        (33, b"\x01", json!({"event": "lflow", "code": "on"})),
        (33, b"\x02", json!({"event": "lflow", "code": "restart-any"})),
        (33, b"\x03", json!({"event": "lflow", "code": "restart-xon"})),
        (34, b"\x01\x07", json!({"event": "linemode-mode", "mask": 7})),
        (34, b"\x03\x03\x62\x03\x0a\x02\x7f", json!({"event": "slc", "triplets": [
            [3, 98, 3], [10, 2, 127],
        ]})),
        (34, b"\x03", json!({"event": "slc", "triplets": []})),
        (34, b"\xfd\x02\xff\0\x80", json!({
            "event": "forwardmask", "verb": "do", "mask_hex": "ff0080",
        })),
        (34, b"\xfe\x02", json!({"event": "forwardmask", "verb": "dont", "mask_hex": null})),
        (34, b"\xfb\x02", json!({"event": "forwardmask", "verb": "will", "mask_hex": null})),
        (34, b"\xfc\x02", json!({"event": "forwardmask", "verb": "wont", "mask_hex": null})),
        (35, b"\0host:0.0", json!({"event": "xdisploc-is", "name_hex": "686f73743a302e30"})),
        (35, b"\x01", json!({"event": "xdisploc-send"})),
        (
            39,
            b"\0\0USER\x01b\x02\x01b\x03E\xff\x03F\x01",
            json!({"event": "environ", "verb": "is", "vars": [
                {"kind": "var", "name_hex": "55534552", "value_hex": "620162"},
                {"kind": "uservar", "name_hex": "45ff", "value_hex": null},
                {"kind": "uservar", "name_hex": "46", "value_hex": ""},
            ]}),
        ),
        (
            39,
            b"\x01\0\x03",
            json!({"event": "environ", "verb": "send", "vars": [
                {"kind": "var", "name_hex": "", "value_hex": null},
                {"kind": "uservar", "name_hex": "", "value_hex": null},
            ]}),
        ),
        (39, b"\x02", json!({"event": "environ", "verb": "info", "vars": []})),
        (
            36,
            b"\0\x01USER\0bob",
            json!({"event": "environ", "verb": "is", "vars": [
                {"kind": "var", "name_hex": "55534552", "value_hex": "626f62"},
            ]}),
        ),
        (
            42,
            b"\x01;UTF-8;X\xe9",
            json!({
                "event": "charset-request", "separator": ";", "names": ["UTF-8", "X\u{e9}"],
                "ttable": null,
            }),
        ),
        (
            42,
            b"\x01[TTABLE]\x01 UTF-8",
            json!({
                "event": "charset-request", "separator": " ", "names": ["UTF-8"], "ttable": 1,
            }),
        ),
        (42, b"\x02UTF-8", json!({"event": "charset-accepted", "name": "UTF-8"})),
        (42, b"\x03", json!({"event": "charset-rejected"})),
        (42, b"\x04\x01abc", json!({
            "event": "charset-ttable-is", "version": 1, "table_hex": "616263",
        })),
        (42, b"\x05", json!({"event": "charset-ttable-rejected"})),
        (42, b"\x06", json!({"event": "charset-ttable-ack"})),
        (42, b"\x07", json!({"event": "charset-ttable-nak"})),
        (
            69,
            b"\x01A\x02x\x02y\x01T\x02\x03\x01B\x02\x05\x02p\x02\x03\x04\x06\x01C\x02\x04\x01D\x02z",
            json!({"event": "msdp", "vars": [
                ["A", ["x", "y"]],
                ["T", [{"table": [
                    ["B", [{"array": ["p", {"table": []}]}]],
                    ["C", [""]],
                ]}]],
                ["D", ["z"]],
            ]}),
        ),
        (
            70,
            b"\x01NAME\x02The \xe9\x01PORT\x0223\x022323",
            json!({"event": "mssp", "vars": [["NAME", ["The \u{e9}"]], ["PORT", ["23", "2323"]]]}),
        ),
        (
            201,
            b"Core.Hello { \"a\": 1 }",
            json!({"event": "gmcp", "package": "Core.Hello", "json": "{ \"a\": 1 }"}),
        ),
        (201, b"Core.Ping", json!({"event": "gmcp", "package": "Core.Ping", "json": ""})),
    ];
    let payloads: Vec<_> = cases.iter().map(|(o, p, _)| (*o, *p)).collect();
    for (found, (option, payload, event)) in answers(&payloads).iter().zip(&cases) {
        let shown = payload.escape_ascii();
        assert_eq!(found["events"], json!([event]), "{option} {shown}");
        assert_eq!(found["error"], Value::Null, "{option} {shown}");
        assert_eq!(found["consumed"], payload.len(), "{option} {shown}");
        assert_eq!((&found["sent"], &found["rest"]), (&json!(""), &json!("")));
        assert_eq!(found["end"], "done", "{option} {shown}");
    }
}

#[test]
fn what_is_refused_has_a_kind_and_an_offset_and_no_event() {
    let cases: &[(u8, &[u8], &str, Option<usize>)] = &[
        (24, b"", "truncated", Some(0)),
        (31, b"\0\x50\0", "truncated", Some(3)),
        (31, b"\0\x50\0\x18\0", "trailing-octets", Some(4)),
        (24, b"\x01x", "trailing-octets", Some(1)),
        (24, b"\x02x", "unknown-command", Some(0)),
        (33, b"\x04", "unknown-command", Some(0)),
        (32, b"\x009600,x", "not-a-number", Some(6)),
        (32, b"\x0009600,1", "leading-zero", Some(1)),
        (32, b"\x0099999999999,1", "number-too-large", Some(1)),
        (34, b"\x03\x03\x62\x03\x0a", "partial-triplet", Some(4)),
        (
            34,
            &[&b"\xfd\x02"[..], &[1; 33]].concat(),
            "mask-too-long",
            Some(34),
        ),
        (39, b"\0\0A\x01a\x02", "unfinished-escape", Some(5)),
        (39, b"\0x", "misplaced", Some(1)),
        (42, b"\x01[TTABLE]\0;A", "zero-version", Some(9)),
        (42, b"\x01\xffA", "bad-separator", Some(1)),
        (69, b"\x01A", "missing-value", Some(2)),
        (70, b"\x01\x02a", "empty-name", Some(1)),
        (0, b"x", "unknown-option", None),
        (255, b"", "unknown-option", None),
    ];
    let payloads: Vec<_> = cases.iter().map(|(o, p, ..)| (*o, *p)).collect();
    for (found, (option, payload, kind, offset)) in answers(&payloads).iter().zip(cases) {
        let shown = payload.escape_ascii();
        assert_eq!(found["error"]["kind"], *kind, "{option} {shown}");
        assert_eq!(found["error"]["offset"], json!(offset), "{option} {shown}");
        assert_eq!(
            (&found["events"], &found["end"]),
            (&json!([]), &json!("error"))
        );
    }
}

#[test]
fn each_chunk_is_a_payload() {
    let input = concat!(
        r#"{"chunks":["01","0061","02","01"],"config":{"option":24}}"#,
        "\n",
        r#"{"chunks":["01"],"eof":false,"config":{"option":24}}"#,
    );
    let found = wirelore(&["decode", "telnet-option", "--cases"], input.as_bytes()).lines();
    let events = json!([{"event": "ttype-send"}, {"event": "ttype-is", "name_hex": "61"}]);
    assert_eq!(found[0]["events"], events);
    assert_eq!(found[0]["error"]["offset"], 3);
    assert_eq!(found[0]["consumed"], 4);
    assert_eq!(found[1]["end"], "need-more");
}

#[test]
fn the_option_must_be_a_number_that_fits() {
    for config in [
        json!({}),
        json!({"option": null}),
        json!({"option": 256}),
        json!({"option": -1}),
        json!({"option": 1.5}),
        json!({"option": "24"}),
        json!({"option": 24, "more": 1}),
    ] {
        let case = json!({"hex": "01", "config": config}).to_string();
        let found = wirelore(&["decode", "telnet-option", "--cases"], case.as_bytes()).lines();
        assert_eq!(found[0]["error"]["kind"], "bad-case", "{config}");
    }
}
