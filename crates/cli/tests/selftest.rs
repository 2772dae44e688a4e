//! `wirelore selftest` as its users run it. That it can fail is tested beside its judgment, in
//! `src/selftest/judge.rs`.

use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The command, with a place for temporary files in which one sees what is left behind.
fn selftest(arguments: &[&str]) -> (Command, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirelore"));
    command
        .arg("selftest")
        .args(arguments)
        .env("TMPDIR", folder.path())
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null());
    (command, folder)
}

fn run(arguments: &[&str]) -> Output {
    let (mut command, folder) = selftest(arguments);
    let output = command.output().expect("the command runs");
    assert_eq!(names(folder.path()), [""; 0]);
    output
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).expect("it is text")
}

/// The cases of a protocol, all of which must be right.
#[track_caller]
fn right_cases(protocol: &str) -> Vec<Value> {
    let output = run(&["--json", "--only", protocol]);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    assert_eq!(stderr, "");
    let mut cases: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is JSON"))
        .collect();
    let summary = cases.pop().expect("there are lines");
    for case in &cases {
        assert_eq!(case["event"], "case", "{case}");
        assert_eq!(case["protocol"], protocol, "{case}");
        assert_eq!(case["verdict"], "right", "{case}");
        assert!(case["case"].is_string(), "{case}");
        assert_eq!(case["expected"], Value::Null, "{case}");
    }
    assert_eq!(summary["event"], "summary");
    assert_eq!(
        (&summary["ok"], &summary["wrong"]),
        (&true.into(), &0.into())
    );
    assert_eq!(summary["right"].as_u64(), Some(cases.len() as u64));
    assert_eq!(summary["right"], summary["cases"]);
    cases
}

/// How many cases a group has, by its name.
fn groups(cases: &[Value]) -> HashMap<&str, usize> {
    let mut groups = HashMap::new();
    for case in cases {
        match case["answer"].is_null() {
            true => assert!(case["bytes"].is_u64() && case["seconds"].is_f64(), "{case}"),
            false => assert!(case["answer"].is_string(), "{case}"),
        }
        let group = case["group"].as_str().expect("a name");
        *groups.entry(group).or_default() += 1;
    }
    groups
}

#[test]
fn every_small_service_is_tried_over_both() {
    let cases = right_cases("small");
    let wanted = [("TCP", 5), ("UDP", 5), ("SIGTERM ends the server", 1)];
    assert_eq!(groups(&cases), HashMap::from(wanted));
    for service in ["echo", "discard", "daytime", "chargen", "time"] {
        let found = cases.iter().filter(|case| case["case"] == service);
        assert_eq!(found.count(), 2, "{service}");
    }
}

#[test]
fn the_console_is_tried_by_the_command_and_octet_by_octet() {
    let cases = right_cases("telnet");
    let wanted = [
        ("wirelore telnet in a pipe", 8),
        ("octet by octet", 9),
        ("limits", 2),
        ("login", 2),
        ("SIGTERM ends the servers", 3),
    ];
    assert_eq!(groups(&cases), HashMap::from(wanted));
}

#[test]
fn http_is_tried_by_the_command_and_octet_by_octet() {
    let cases = right_cases("http");
    let wanted = [
        ("download", 7),
        ("download by https", 7),
        ("upload", 7),
        ("upload from a pipe", 7),
        ("upload by https", 7),
        ("names and old files", 3),
        ("refused", 12),
        ("login", 6),
        ("going on", 4),
        ("many files", 1),
        ("a folder as JSON", 2),
        ("octet by octet", 10),
        ("parts and conditions", 8),
        ("uploads, octet by octet", 4),
        ("limits", 2),
        ("SIGTERM ends the servers", 5),
    ];
    assert_eq!(groups(&cases), HashMap::from(wanted));
    let copies = cases.iter().filter(|case| case["answer"].is_null());
    for copy in copies {
        assert!(copy["options"]["status"].is_u64(), "{copy}");
    }
    let resumed = |case: &&Value| case["options"]["resumed_at"] == 100_000;
    assert_eq!(cases.iter().filter(resumed).count(), 1);
}

#[test]
fn all_is_right_and_every_case_says_so() {
    let cases = right_cases("tftp");
    assert!(cases.len() >= 50, "{}", cases.len());
    let mut groups = HashSet::new();
    for case in &cases {
        if case["answer"].is_null() {
            assert!(case["bytes"].is_u64() && case["seconds"].is_f64(), "{case}");
            assert!(case["options"]["blksize"].is_u64(), "{case}");
        }
        groups.insert(case["group"].as_str());
    }
    for group in ["download", "upload", "netascii text", "names", "refused"] {
        assert!(groups.contains(&Some(group)), "{group}");
    }
    // block numbers have begun again
    assert!(
        cases
            .iter()
            .any(|case| case["bytes"].as_u64() >= Some(65536 * 512))
    );
}

#[test]
fn the_table_is_plain_text_where_no_terminal_is() {
    let output = run(&["-v"]);
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    assert!(!stdout.contains('\x1b'));
    let width = stdout.lines().map(|line| line.chars().count()).max();
    assert!(width <= Some(100), "{width:?}");
    let last = stdout.lines().next_back().expect("there are lines");
    let words: Vec<_> = last.split(' ').collect();
    assert!(
        matches!(words[..], [all, "of", same, "right", "in", _, "s"] if all == same),
        "{last}"
    );
    let verdicts = stdout
        .lines()
        .filter(|line| line.ends_with("  right"))
        .count();
    assert_eq!(words[0], verdicts.to_string());
    for line in [
        "command   wirelore copy ",
        "command   wirelore telnet ",
        "server    ",
    ] {
        assert!(stdout.contains(&format!("    {line}")), "{line}: {stdout}");
    }
}

#[test]
fn an_unknown_protocol_is_wrong_use() {
    let output = run(&["--only", "tftp,gopher"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    assert!(text(&output.stderr).contains("\"gopher\""), "{output:?}");
}

#[test]
fn where_it_cannot_begin_it_says_so() {
    let (mut command, folder) = selftest(&[]);
    let output = command
        .env("TMPDIR", folder.path().join("missing"))
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).starts_with("wirelore: cannot begin: "),
        "{output:?}"
    );
}

#[cfg(unix)]
#[test]
fn interrupted_it_leaves_nothing_behind() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::{BufRead, BufReader};
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (mut command, folder) = selftest(&["--json"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let mut lines = BufReader::new(stdout).lines();
        // in the middle of it
        for _ in 0..3 {
            assert!(lines.next().is_some_and(|line| line.is_ok()));
        }
        assert_eq!(names(folder.path()).len(), 1);
        let id = Pid::from_raw(child.id().try_into().expect("it has a number"));
        kill_process(id.expect("it has a number"), signal).expect("it runs");
        let more = lines.map_while(Result::ok).count();
        assert_eq!(
            child.wait().expect("it ends").code(),
            Some(code),
            "after {more} more lines"
        );
        assert_eq!(names(folder.path()), [""; 0]);
    }
}
