//! `decode telnet`: what clients and servers that are in use were seen to send, and what the RFCs
//! say about the rest.

use super::wirelore;
use serde_json::{Value, json};

/// Hex digits without the spaces between them.
fn hex(spaced: &str) -> String {
    spaced.split_whitespace().collect()
}

fn answers(cases: &[Value]) -> Vec<Value> {
    let input: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let ended = wirelore(&["decode", "telnet", "--cases"], input.as_bytes());
    assert_eq!(ended.code, 0, "whatever the cases hold");
    let lines = ended.lines();
    assert_eq!(lines.len(), cases.len());
    lines
}

fn answer(case: Value) -> Value {
    answers(&[case]).remove(0)
}

fn decoded(octets: &str, config: Value) -> Value {
    answer(json!({"hex": hex(octets), "config": config}))
}

/// The events in a short notation: `us 24 on`, `sb 24 00`, `data 6162` and so on.
fn short(answer: &Value) -> Vec<String> {
    let events = answer["events"].as_array().expect("there are events");
    let show = |event: &Value| {
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| event[key].as_u64().unwrap_or(9999);
        match event["event"].as_str().expect("every event has a name") {
            "data" => format!("data {}", text("data")),
            "command" => format!("command {}", number("code")),
            "option" => {
                let on = event["on"].as_bool().expect("on or not");
                let on = if on { "on" } else { "off" };
                format!("{} {} {on}", text("side"), number("option"))
            }
            "refused" => format!("{} {} refused", text("side"), number("option")),
            "subnegotiation" => format!("sb {} {}", number("option"), text("payload_hex")),
            "violation" => format!("{} at {}", text("kind"), number("offset")),
            other => other.to_owned(),
        }
    };
    events.iter().map(show).collect()
}

#[track_caller]
fn assert_decoded(octets: &str, config: Value, events: &[&str], sent: &str) -> Value {
    let found = decoded(octets, config);
    assert_eq!(short(&found), events, "{octets}");
    assert_eq!(found["sent"], hex(sent), "{octets}");
    assert_eq!(found["consumed"], hex(octets).len() / 2, "{octets}");
    assert_eq!(
        (&found["rest"], &found["end"], &found["error"]),
        (&json!(""), &json!("done"), &Value::Null),
        "{octets}"
    );
    found
}

#[test]
fn a_whole_result_looks_like_this() {
    let case = br#"{"id":1,"chunks":["61ff","fd18fff6"],"config":{"us":[24]}}"#;
    let found = wirelore(&["decode", "telnet", "--cases"], case);
    let wanted = concat!(
        r#"{"id":1,"events":[{"event":"data","data":"61"},"#,
        r#"{"event":"option","side":"us","option":24,"name":"TTYPE","on":true},"#,
        r#"{"event":"command","code":246,"name":"AYT"}],"#,
        r#""sent":"fffb18","consumed":6,"rest":"","end":"done","error":null}"#,
        "\n"
    );
    assert_eq!(found.text(), wanted);
}

/// inetutils telnet 2.4 with a user's name, to port 23.
const INETUTILS_CLIENT: &str =
    "fffb25 fffd26 fffb26 fffd03 fffb18 fffb1f fffb20 fffb21 fffb22 fffb27 fffd05";

/// inetutils telnetd 2.4: its first words, then those after it knows the terminal.
const INETUTILS_SERVER: [&str; 2] = [
    "fffb25 fffb26 fffd18 fffd20 fffd23 fffd27 fffd24",
    "fffd1f fffb03 fffb01 fffa2001fff0 fffa2701fff0 fffa1801fff0 fffd01 fffd22 fffb05 fffd21
     fffa220103fff000 0d0a5b5965735d0d0a fffb06",
];

/// What inetutils telnet answers to offers of everything.
const INETUTILS_ANSWERS: &str =
    "fffb18 fffb20 fffc23 fffb27 fffb1f fffa1f00500018fff0 fffd03 fffb22
     fffa2203 010000 036203 04020f 050000 07621c 080204 09421a 0a027f 0b0215 0c0217 0d0212
     0e0216 0f0211 100213 110000 120000 fff0 fffd01 fffb03 fffd05 fffb00 fffd00 fffc2a
     fffa1800585445524dfff0 fffa2700fff0 fffa200033383430302c3338343030fff0 fffa220107fff0";

/// And busybox telnet.
const BUSYBOX_ANSWERS: &str = "fffb18 fffc20 fffc23 fffc27 fffb1f fffa1f00500018fff0 fffc22
     fffd03 fffd01 fffe03 fffe05 fffc00 fffe00 fffc2a";

#[test]
fn the_opening_of_a_client_is_answered_as_configured() {
    assert_decoded(
        INETUTILS_CLIENT,
        json!({"us": [3], "him": [24, 31]}),
        &["us 3 on", "him 24 on", "him 31 on"],
        "fffe25 fffc26 fffe26 fffb03 fffd18 fffd1f fffe20 fffe21 fffe22 fffe27 fffc05",
    );
}

#[test]
fn the_opening_of_a_server_is_answered_as_configured() {
    let config = json!({"us": [24, 31, 32, 39], "him": [1, 3], "tm": false});
    assert_decoded(
        &INETUTILS_SERVER.concat(),
        config,
        &[
            "us 24 on",
            "us 32 on",
            "us 39 on",
            "us 31 on",
            "him 3 on",
            "him 1 on",
            "sb 32 01",
            "sb 39 01",
            "sb 24 01",
            "sb 34 0103",
            "data 000d0a5b5965735d0d0a",
        ],
        "fffe25 fffe26 fffb18 fffb20 fffc23 fffb27 fffc24 fffb1f fffd03 fffd01 fffc01 fffc22
         fffe05 fffc21 fffe06",
    );
}

/// Our offers: DO for 24 32 35 39 31 34, WILL for 3 1, DO 3, WILL 5, DO 0, WILL 0, DO 42.
fn offers() -> Value {
    let offers = [
        ("do", 24),
        ("do", 32),
        ("do", 35),
        ("do", 39),
        ("do", 31),
        ("do", 34),
        ("will", 3),
        ("will", 1),
        ("do", 3),
        ("will", 5),
        ("do", 0),
        ("will", 0),
        ("do", 42),
    ];
    let offers = offers.map(|(op, opt)| json!({"before": 0, "op": op, "opt": opt}));
    json!(offers)
}

const OFFERED: &str =
    "fffd18 fffd20 fffd23 fffd27 fffd1f fffd22 fffb03 fffb01 fffd03 fffb05 fffd00 fffb00 fffd2a";

#[test]
fn answers_of_a_client_to_our_offers_need_no_answer() {
    assert_decoded(
        INETUTILS_ANSWERS,
        json!({"actions": offers()}),
        &[
            "him 24 on",
            "him 32 on",
            "him 35 refused",
            "him 39 on",
            "him 31 on",
            "sb 31 00500018",
            "us 3 on",
            "him 34 on",
            "sb 34 0301000003620304020f05000007621c08020409421a0a027f0b02150c02170d02120e02160f0211\
             100213110000120000",
            "us 1 on",
            "him 3 on",
            "us 5 on",
            "him 0 on",
            "us 0 on",
            "him 42 refused",
            "sb 24 00585445524d",
            "sb 39 00",
            "sb 32 0033383430302c3338343030",
            "sb 34 0107",
        ],
        OFFERED,
    );
    // DONT SGA directly behind DO SGA: on, and off again
    let sent = format!("{OFFERED} fffc03");
    assert_decoded(
        BUSYBOX_ANSWERS,
        json!({"actions": offers()}),
        &[
            "him 24 on",
            "him 32 refused",
            "him 35 refused",
            "him 39 refused",
            "him 31 on",
            "sb 31 00500018",
            "him 34 refused",
            "us 3 on",
            "us 1 on",
            "us 3 off",
            "us 5 refused",
            "him 0 refused",
            "us 0 refused",
            "him 42 refused",
        ],
        &sent,
    );
}

#[test]
fn what_is_not_agreed_to_is_refused_every_time_and_off_is_not_confirmed() {
    assert_decoded(
        "fffdc8 fffdc8 fffbc8 fffbc8 fffec8 fffcc8",
        json!({}),
        &[],
        "fffcc8 fffcc8 fffec8 fffec8",
    );
    assert_decoded(
        "fffd01 fffd01 fffe01 fffe01",
        json!({"us": [1]}),
        &["us 1 on", "us 1 off"],
        "fffb01 fffc01",
    );
}

#[test]
fn data_is_whole_again_whatever_stood_in_between() {
    // 255 is sent twice; NUL behind CR; a refused option is no event
    assert_decoded(
        "61 ffff 62 0d00 63 fffdc8 64 0d0a 00 ffff",
        json!({}),
        &["data 61ff620d63640d0a00ff"],
        "fffcc8",
    );
    assert_decoded("610d0062", json!({"mode": "raw"}), &["data 610d0062"], "");
    assert_decoded(
        "0d00 fffb00 0d00 fffc00 0d00",
        json!({"him": [0]}),
        &["data 0d", "him 0 on", "data 0d00", "him 0 off", "data 0d"],
        "fffd00 fffe00",
    );
    // an IAC behind a CR is an IAC, and the NUL may come behind what it begins
    assert_decoded(
        "0d fffb01 0d fff1 0000",
        json!({"him": [1]}),
        &["data 0d", "him 1 on", "data 0d", "command 241", "data 00"],
        "fffd01",
    );
}

#[test]
fn every_code_is_a_command_of_two_octets_or_more() {
    let octets: String = (0..=249)
        .filter(|&code| code != 240)
        .map(|code| format!("ff{code:02x}"))
        .collect();
    let found = decoded(&octets, json!({}));
    let events = found["events"].as_array().expect("events");
    assert_eq!(events.len(), 249);
    let named: Vec<_> = events
        .iter()
        .filter_map(|event| {
            assert_eq!(event["event"], "command");
            event["name"].as_str()
        })
        .collect();
    let wanted = "EOF SUSP ABORT EOR NOP DM BRK IP AO AYT EC EL GA";
    assert_eq!(named.join(" "), wanted);
}

#[test]
fn subnegotiations_are_unescaped_and_may_be_about_anything() {
    assert_decoded(
        "fffa1800 61ffff62 fff0 fffa18fff0 fffaffff01fff0 fffa2a f0 ffff f0 fff0",
        json!({}),
        &["sb 24 0061ff62", "sb 24 ", "sb 255 01", "sb 42 f0fff0"],
        "",
    );
}

#[test]
fn every_violation_has_its_kind_and_offset_and_is_survived() {
    let cases: [(&str, Value, &[&str]); 13] = [
        (
            "61 fff0 62",
            json!({}),
            &["data 61", "stray-se at 1", "data 62"],
        ),
        (
            "61 fffafff0 62",
            json!({}),
            &["data 61", "sb-empty at 1", "data 62"],
        ),
        (
            "fffa186162 fff6 63",
            json!({}),
            &["sb-interrupted at 5", "command 246", "data 63"],
        ),
        (
            "fffa18 fffa1801fff0",
            json!({}),
            &["sb-interrupted at 3", "sb 24 01"],
        ),
        (
            "fffafff6 61",
            json!({}),
            &["sb-interrupted at 0", "command 246", "data 61"],
        ),
        (
            "61 fffa18 00010203 fff0 62 fffa18 000102 fff0",
            json!({"max_sb": 3}),
            &["data 61", "sb-overflow at 1", "data 62", "sb 24 000102"],
        ),
        (
            "fffa18 ffffffffffff ffff 7ffff0 fff0 61",
            json!({"max_sb": 3}),
            &["sb-overflow at 0", "stray-se at 14", "data 61"],
        ),
        (
            "fffa18 00010203 fff6 61",
            json!({"max_sb": 3}),
            &["sb-overflow at 0", "command 246", "data 61"],
        ),
        ("61ff", json!({}), &["data 61", "truncated at 1"]),
        ("61fffd", json!({}), &["data 61", "truncated at 1"]),
        ("61fffa18", json!({}), &["data 61", "truncated at 1"]),
        ("61fffa180061ff", json!({}), &["data 61", "truncated at 1"]),
        (
            "fffa1800010203",
            json!({"max_sb": 3}),
            &["sb-overflow at 0", "truncated at 0"],
        ),
    ];
    for (octets, config, events) in cases {
        assert_decoded(octets, config, events, "");
    }
    // "off" is answered with "on"
    let wrong = json!({"chunks": ["fffb01", "fffb01"], "config": {
        "him": [1], "actions": [{"before": 1, "op": "dont", "opt": 1}],
    }});
    let found = answer(wrong);
    assert_eq!(short(&found), ["him 1 on", "answered-wrong at 3"]);
    assert_eq!(found["sent"], "fffd01fffe01");
}

#[test]
fn an_input_that_goes_on_has_no_end() {
    let open = |octets: &str| answer(json!({"hex": octets, "eof": false}));
    let found = open("61fffd");
    assert_eq!(short(&found), ["data 61"]);
    assert_eq!(
        (&found["consumed"], &found["rest"], &found["end"]),
        (&json!(1), &json!("fffd"), &json!("need-more"))
    );
    let found = open("fffa180061");
    assert_eq!(found["consumed"], 3);
    assert_eq!(found["rest"], "0061");
    let found = open("");
    assert_eq!(
        (
            found["end"].as_str(),
            found["events"].as_array().map(Vec::len)
        ),
        (Some("need-more"), Some(0))
    );
}

#[test]
fn actions_are_carried_out_before_their_chunk() {
    let case = json!({"chunks": ["fffb18", "fffc18", "fffd03"], "config": {
        "actions": [
            {"before": 3, "op": "wont", "opt": 3},
            {"before": 1, "op": "dont", "opt": 24},
            {"before": 0, "op": "do", "opt": 24},
            {"before": 2, "op": "will", "opt": 3},
            {"before": 1, "op": "do", "opt": 24},
        ],
    }});
    let found = answer(case);
    // the second DO waits for the answer to DONT
    assert_eq!(short(&found), ["him 24 on", "him 24 off", "us 3 on"]);
    assert_eq!(found["sent"], hex("fffd18 fffe18 fffd18 fffb03 fffc03"));
}

#[test]
fn timing_marks_have_no_state() {
    let asked = "fffd06 61 fffd06 fffe06 fffc06 fffb06";
    let events = ["timing-mark", "data 61", "timing-mark"];
    assert_decoded(asked, json!({"tm": true}), &events, "fffb06 fffb06 fffe06");
    assert_decoded("fffd06", json!({}), &[], "fffc06");
    let actions = json!([
        {"before": 0, "op": "do", "opt": 6}, {"before": 0, "op": "do", "opt": 6},
    ]);
    assert_decoded(
        "fffb06 fffc06",
        json!({"tm": true, "actions": actions}),
        &["timing-mark", "him 6 refused"],
        "fffd06 fffd06",
    );
}

#[test]
fn behind_an_urgent_mark_data_is_dropped_until_a_data_mark() {
    let case = json!({
        "chunks": ["6161", "6262fff6", "fff7ffff6363fffd01fff2", "6464"],
        "config": {"urgent_before": [1], "us": [1]},
    });
    let found = answer(case);
    let wanted = [
        "data 6161",
        "command 246",
        "us 1 on",
        "command 242",
        "data 6464",
    ];
    assert_eq!(short(&found), wanted);
    assert_eq!(
        (&found["consumed"], &found["end"]),
        (&json!(19), &json!("done"))
    );
    // without a mark, a DM drops nothing
    let found = decoded("6161 fff7 6262 fff2 63", json!({}));
    assert_eq!(
        short(&found),
        [
            "data 6161",
            "command 247",
            "data 6262",
            "command 242",
            "data 63"
        ]
    );
}

#[test]
fn chunks_do_not_show() {
    let streams = [
        (hex(INETUTILS_CLIENT), json!({"us": [3], "him": [24]})),
        (hex(&INETUTILS_SERVER.concat()), json!({"us": [24], "him": [1, 3]})),
        (hex(INETUTILS_ANSWERS), json!({"actions": offers()})),
        (hex(BUSYBOX_ANSWERS), json!({"actions": offers()})),
        (
            hex("61 ffff ffff 0d00 0d 0a 0d fff6 00 fff0 fffafff0 fffa18 61 fff6
                 fffa18 0102030405 ffff 06 fff0 fffafff6 fffaffff 01 fff0 0d ffff 0d00 fffa18 01 ff"),
            json!({"max_sb": 4}),
        ),
    ];
    for (octets, config) in streams {
        let case = |sizes: &[usize]| {
            let mut rest = &octets[..];
            let mut chunks = Vec::new();
            let mut sizes = sizes.iter().cycle();
            while !rest.is_empty() {
                let size = 2 * sizes.next().expect("a cycle has no end");
                let (chunk, after) = rest.split_at(size.min(rest.len()));
                chunks.push(chunk);
                rest = after;
            }
            json!({"chunks": chunks, "config": config})
        };
        let whole = json!({"hex": octets, "config": config});
        let mut cases = vec![whole];
        cases.extend([&[1][..], &[2], &[3], &[0, 1, 5], &[7]].map(case));
        // every cut in two
        cases.extend((0..=octets.len() / 2).map(|at| {
            let (a, b) = octets.split_at(2 * at);
            json!({"chunks": [a, b], "config": config})
        }));
        let found = answers(&cases);
        for (found_here, case) in found.iter().zip(&cases) {
            assert_eq!(found_here, &found[0], "{case}");
        }
    }
}

#[test]
fn a_configuration_that_is_wrong_is_a_bad_case() {
    let wrong = [
        json!({"x": 1}),
        json!({"mode": "ascii"}),
        json!({"mode": 1}),
        json!({"us": 1}),
        json!({"us": [256]}),
        json!({"us": [-1]}),
        json!({"him": ["ECHO"]}),
        json!({"max_sb": -1}),
        json!({"max_sb": "1"}),
        json!({"tm": 1}),
        json!({"actions": {}}),
        json!({"actions": [{"before": 0, "op": "do"}]}),
        json!({"actions": [{"op": "do", "opt": 1}]}),
        json!({"actions": [{"before": 0, "opt": 1}]}),
        json!({"actions": [{"before": 0, "op": "DO", "opt": 1}]}),
        json!({"actions": [{"before": 0, "op": "ask", "opt": 1}]}),
        json!({"actions": [{"before": 0, "op": "do", "opt": 256}]}),
        json!({"actions": [{"before": -1, "op": "do", "opt": 1}]}),
        json!({"actions": [{"before": 2, "op": "do", "opt": 1}]}),
        json!({"actions": [{"before": 0, "op": "do", "opt": 1, "more": 1}]}),
        json!({"urgent_before": 0}),
        json!({"urgent_before": [2]}),
        json!({"actions.op": "do"}),
    ];
    let cases: Vec<_> = wrong
        .iter()
        .map(|config| json!({"id": config, "hex": "61", "config": config}))
        .collect();
    for (found, config) in answers(&cases).iter().zip(&wrong) {
        assert_eq!(found["error"]["kind"], "bad-case", "{config}");
        assert_eq!(&found["id"], config);
        let message = found["error"]["message"].as_str().expect("a message");
        let key = config
            .as_object()
            .and_then(|c| c.keys().next())
            .expect("a key");
        assert!(
            message.starts_with("config: ") && message.contains(key),
            "{message}"
        );
    }
    let null = json!({
        "mode": null, "us": null, "him": null, "max_sb": null, "tm": null, "actions": null,
        "urgent_before": null,
    });
    assert_decoded("610d00", null, &["data 610d"], "");
    // those at the end are right
    let last = json!({"actions": [{"before": 1, "op": "do", "opt": 1}], "urgent_before": [1]});
    assert_decoded("61", last, &["data 61"], "fffd01");
}

#[test]
fn a_large_input_is_decoded_in_time() {
    let octets = "61ffff0d0a".repeat(400_000);
    let chunks: Vec<_> = (0..octets.len())
        .step_by(20)
        .map(|at| &octets[at..octets.len().min(at + 20)])
        .collect();
    let found = answer(json!({"chunks": chunks}));
    assert_eq!(
        short(&found),
        [format!("data {}", "61ff0d0a".repeat(400_000))]
    );
    // a subnegotiation in single octets is not searched again and again
    let payload = vec!["61"; 200_000];
    let chunks = [&["fffa18"][..], &payload, &["fff0"]].concat();
    let found = answer(json!({"chunks": chunks, "config": {"max_sb": 1_000_000}}));
    assert_eq!(
        found["events"][0]["payload_hex"].as_str().map(str::len),
        Some(400_000)
    );
}
