//! The manuals say what the program says.

use super::wirelore;
use std::fs;
use std::path::Path;

fn manual(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    fs::read_to_string(path).expect("the manual is there")
}

fn options(text: &str) -> Vec<String> {
    let word = |c: char| !(c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit());
    let mut found: Vec<String> = text
        .split(word)
        .filter(|word| word.starts_with("--") && word.len() > 3)
        .map(|word| word.trim_end_matches('-').to_owned())
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn every_option_is_documented_and_exists() {
    let help = wirelore()
        .arg("--help")
        .output()
        .expect("the command starts");
    let help = String::from_utf8(help.stdout).expect("help is text");
    let manuals = manual("serve.md") + &manual("serve-configuration.md") + &manual("serve-http.md");
    let documented = options(&manuals);
    for option in options(&help) {
        let standard = ["--help", "--version"].contains(&&*option);
        assert!(
            standard || documented.contains(&option),
            "{option} is not documented"
        );
    }
    // what is said of curl and wget
    let others = ["--ca-certificate", "--cacert", "--digest", "--pinnedpubkey"];
    for option in documented {
        let known = others.contains(&&*option);
        assert!(
            known || options(&help).contains(&option),
            "{option} does not exist"
        );
    }
}

#[test]
fn every_port_is_documented() {
    let (_, complaint) = super::refused(&["--only", "gopher"]);
    let names = complaint.rsplit_once("there is ").expect("a list").1;
    let manual = manual("serve.md");
    let mut count = 0;
    for name in names.trim().split(", ") {
        let row = format!("| {name} | ");
        assert!(manual.contains(&row), "{row}");
        count += 1;
    }
    assert_eq!(count, 14, "{names}");
}
