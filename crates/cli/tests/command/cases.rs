//! `decode NAME --cases`.

use super::{command, data, wirelore};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};

/// The same without nulls and without the error's message: a member that is null and one that is
/// absent mean the same, and messages are for people.
fn plain(mut value: Value) -> Value {
    if let Some(error) = value.get_mut("error").and_then(Value::as_object_mut) {
        let message = error.shift_remove("message");
        assert!(message.is_some_and(|m| m.as_str().is_some_and(|m| !m.is_empty())));
        error.retain(|_, member| !member.is_null());
    }
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, member| !member.is_null());
    }
    value
}

/// The cases of the table and their expected answers.
fn table() -> Vec<(Value, Value)> {
    let lines = fs::read_to_string(data("tftp.cases.jsonl")).expect("the table is there");
    lines
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).expect("the table is JSON Lines");
            let mut wanted = line["out"].take();
            if let Some(error) = wanted["error"].as_object_mut() {
                error.insert("message".into(), "any".into());
            }
            (line["in"].take(), plain(wanted))
        })
        .collect()
}

fn answers(input: &[u8]) -> Vec<Value> {
    let ended = wirelore(&["decode", "tftp", "--cases"], input);
    assert_eq!(ended.code, 0, "whatever the cases hold");
    ended.lines()
}

fn answer(case: &Value) -> Value {
    answers(case.to_string().as_bytes()).remove(0)
}

#[test]
fn every_case_of_the_table_has_the_answer_of_the_table() {
    let table = table();
    let input: String = table.iter().map(|(case, _)| format!("{case}\n")).collect();
    let found = answers(input.as_bytes());
    assert_eq!(found.len(), table.len());
    for (found, (_, wanted)) in found.into_iter().zip(table) {
        assert_eq!(plain(found), wanted);
    }
}

#[test]
fn a_whole_result_looks_like_this() {
    let found = wirelore(&["decode", "tftp", "--cases"], br#"{"hex":"00040007"}"#);
    let wanted = concat!(
        r#"{"id":null,"events":[{"event":"ack","block":7}],"sent":"","consumed":4,"#,
        r#""rest":"","end":"done","error":null}"#,
        "\n"
    );
    assert_eq!(found.text(), wanted);
}

#[test]
fn bad_cases_are_answered_in_their_place() {
    let bad: &[(&[u8], Value)] = &[
        (b"", Value::Null),
        (b"not json", Value::Null),
        (b"{\"id\":1", Value::Null),
        (b"\"text\"", Value::Null),
        (b"[1,[\"00040001\"],null,true,{}]", Value::Null),
        (b"null", Value::Null),
        (b"{\"id\":\"\xff\",\"hex\":\"00040001\"}", Value::Null),
        (br#"{"id":2}"#, json!(2)),
        (br#"{"id":3,"hex":"0004000"}"#, json!(3)),
        (br#"{"id":4,"hex":"0004000g"}"#, json!(4)),
        (br#"{"id":5,"hex":7}"#, json!(5)),
        (br#"{"id":6,"chunks":"00040001"}"#, json!(6)),
        (br#"{"id":7,"chunks":["00040001",null]}"#, json!(7)),
        (br#"{"id":8,"chunks":[],"hex":""}"#, json!(8)),
        (br#"{"id":9,"hex":"00040001","eof":"yes"}"#, json!(9)),
        (br#"{"id":10,"hex":"00040001","config":[]}"#, json!(10)),
        (
            br#"{"id":11,"hex":"00040001","config":{"servers":{}}}"#,
            json!(11),
        ),
        (br#"{"id":[12],"hex":"00 04 00 01"}"#, json!([12])),
    ];
    let good = b"\n{\"id\":\"good\",\"hex\":\"00040001\"}\n";
    let input: Vec<u8> = bad
        .iter()
        .flat_map(|(line, _)| [line, &good[..]].concat())
        .collect();
    let found = answers(&input);
    assert_eq!(found.len(), 2 * bad.len());
    for (found, (line, id)) in found.chunks(2).zip(bad) {
        let line = line.escape_ascii();
        assert_eq!(found[0]["error"]["kind"], "bad-case", "{line}");
        assert_eq!(&found[0]["id"], id, "{line}");
        assert_eq!(found[0]["end"], "error", "{line}");
        assert!(found[0]["error"]["message"].is_string(), "{line}");
        assert_eq!(found[1]["id"], "good", "{line}");
        assert_eq!(found[1]["end"], "done", "{line}");
    }
}

#[test]
fn the_id_comes_back_as_it_was_written() {
    for id in [
        "18446744073709551616",
        "1e400",
        "1.10",
        r#"{"b":1,"a":[null,"\u00e9\ud800"]}"#,
    ] {
        let line = format!(r#"{{"config":null,"eof":null,"hex":"00040001","id":{id}}}"#);
        let ended = wirelore(&["decode", "tftp", "--cases"], line.as_bytes());
        assert!(
            ended
                .text()
                .starts_with(&format!(r#"{{"id":{id},"events":[{{"#)),
            "{id}"
        );
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let line = format!(r#"{{"id":{deep},"hex":"00040001"}}"#);
    let ended = wirelore(&["decode", "tftp", "--cases"], line.as_bytes());
    assert!(ended.text().contains(&deep));
}

#[test]
fn hex_digits_may_be_capitals_and_unknown_members_are_no_matter() {
    let found = answer(&json!({"hex": "0003ABcd00", "note": "x", "sent": 1}));
    assert_eq!(
        found["events"],
        json!([{"event": "data", "block": 0xabcd, "data": "00"}])
    );
}

#[test]
fn a_line_of_33_mib_is_a_case() {
    let data = "5a".repeat(33 << 20);
    let found = answer(&json!({"id": 1, "hex": format!("00030001{data}")}));
    assert_eq!(found["consumed"], (33 << 20) + 4);
    assert_eq!(
        found["events"][0]["data"].as_str().map(str::len),
        Some(data.len())
    );
}

#[test]
fn each_answer_comes_before_the_next_case_is_asked() {
    let mut child = command()
        .args(["decode", "tftp", "--cases"])
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
    for id in 0..3 {
        writeln!(stdin, r#"{{"id":{id},"hex":"00040001"}}"#).expect("it reads");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it answers");
        assert!(line.starts_with(&format!(r#"{{"id":{id},"#)), "{line}");
    }
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}
