//! `docs/copy.md` says what the program says.

use super::Scene;
use std::fs;
use std::path::Path;

fn manual() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/copy.md");
    fs::read_to_string(path).expect("the manual is there")
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let help = Scene::new().copy(&["--help", "exit"]).good();
    let told: Vec<(String, String)> = help
        .text()
        .lines()
        .filter_map(|line| line.trim_start().split_once("  "))
        .map(|(code, meaning)| (code.to_owned(), meaning.to_owned()))
        .collect();
    let documented: Vec<(String, String)> = manual()
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")
        })
        .filter(|(code, _)| code.parse::<u8>().is_ok())
        .map(|(code, meaning)| (code.to_owned(), meaning.replace('`', "")))
        .collect();
    assert!(told.len() > 20, "{told:?}");
    assert_eq!(told, documented);
}

#[test]
fn every_option_is_documented_and_exists() {
    let help = Scene::new().copy(&["--help"]).good();
    let options = |text: &str| {
        let mut found: Vec<String> = text
            .split(|c: char| !(c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit()))
            .filter(|word| word.starts_with("--") && word.len() > 3)
            .map(|word| word.trim_end_matches('-').to_owned())
            .collect();
        found.sort();
        found.dedup();
        found
    };
    assert_eq!(options(help.text()), options(&manual()));
}
