//! The worked example of the repository's `docs/contract.md` is the one in the README, which runs
//! as a test.

use std::{fs, path::Path};

#[test]
fn the_worked_example_of_the_contract_is_the_one_that_runs() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/contract.md");
    let Ok(document) = fs::read_to_string(&document) else {
        let name = "the_worked_example_of_the_contract_is_the_one_that_runs";
        return wirelore_testkit::skip(name, "docs/contract.md is not part of the package");
    };
    let example = |text: &str| {
        let (_, text) = text.split_once("```rust\n")?;
        let (example, _) = text.split_once("```")?;
        let lines = example.lines().filter(|line| !line.starts_with("# "));
        Some(lines.map(|line| format!("{line}\n")).collect::<String>())
    };
    let in_readme = example(include_str!("../README.md"));
    assert!(
        in_readme
            .as_ref()
            .is_some_and(|text| text.lines().count() > 20)
    );
    assert_eq!(example(&document), in_readme);
}
