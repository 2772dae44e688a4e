//! `docs/telnet.md` says what the program says.

use super::{command, run};
use std::fs;
use std::path::Path;

fn manual() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/telnet.md");
    fs::read_to_string(path).expect("the manual is there")
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let help = run(&mut command(&["--help", "exit"]), b"").good();
    let help = String::from_utf8(help.stdout).expect("text");
    let told: Vec<(&str, &str)> = help
        .lines()
        .filter_map(|line| line.trim_start().split_once("  "))
        .collect();
    let manual = manual();
    let (_, table) = manual.split_once("## Exit codes").expect("a chapter");
    let documented: Vec<(&str, &str)> = table
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")
        })
        .filter(|(code, _)| code.parse::<u8>().is_ok())
        .collect();
    assert!(told.len() > 10);
    assert_eq!(told, documented);
}

#[test]
fn every_flag_is_in_the_manual() {
    let help = run(&mut command(&["--help"]), b"").good();
    let help = String::from_utf8(help.stdout).expect("text");
    let manual = manual();
    let flags = help
        .split_whitespace()
        .filter(|word| word.starts_with("--"));
    let mut count = 0;
    for flag in flags.map(|flag| flag.trim_end_matches([',', '.', ')'])) {
        let flag = flag.split(['=', '[']).next().expect("a word");
        assert!(manual.contains(flag), "{flag}");
        count += 1;
    }
    assert!(count > 12, "{count}");
    assert!(help.contains("\nExamples:\n  wirelore telnet "));
}
