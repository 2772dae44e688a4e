//! Do the things that a table names exist, and do its tests say which clause they prove?

use super::table::{Reference, Row};
use crate::source::{Item, Lexed};
use std::fs;
use std::path::Path;

/// What is wrong with the rows of one table, as `LINE: ...`.
pub(crate) fn check(root: &Path, rows: &[Row]) -> Vec<String> {
    let mut problems = Vec::new();
    for row in rows {
        let mut problem =
            |text: String| problems.push(format!("{}: `{}`: {text}", row.line, row.clause));
        if row.status.is_kept() && row.code.is_empty() {
            problem("is kept, but names no code".to_owned());
        }
        if row.status.is_kept() && row.level.needs_test() && row.test.is_empty() {
            problem("is binding and kept, but names no test".to_owned());
        }
        for code in &row.code {
            if let Err(error) = find(root, code, |_, _| Ok(())) {
                problem(error);
            }
        }
        for test in &row.test {
            if let Err(error) = find(root, test, |lexed, item| {
                is_test_of(&row.clause, lexed, item)
            }) {
                problem(error);
            }
        }
    }
    problems
}

/// Looks a reference up; of several items with this name one has to pass `judge`.
fn find(
    root: &Path,
    reference: &Reference,
    judge: impl Fn(&Lexed<'_>, &Item) -> Result<(), String>,
) -> Result<(), String> {
    let text = fs::read_to_string(root.join(&reference.file))
        .map_err(|e| format!("{}: {e}", reference.file))?;
    let lexed = Lexed::new(&text).map_err(|e| format!("{}: {e}", reference.file))?;
    let mut verdict = Err("does not exist".to_owned());
    for item in lexed.items(&reference.item) {
        verdict = judge(&lexed, &item);
        if verdict.is_ok() {
            break;
        }
    }
    verdict.map_err(|error| format!("{reference} {error}"))
}

fn is_test_of(clause: &str, lexed: &Lexed<'_>, item: &Item) -> Result<(), String> {
    let above = lexed.above(item);
    // a test of std, or of a runtime, with or without arguments
    let is_test = |line: &str| {
        let tests = ["#[test]", "#[tokio::test]", "#[tokio::test("];
        tests.iter().any(|test| line.starts_with(test))
    };
    if !above.lines().any(is_test) {
        return Err("is not a test".to_owned());
    }
    let name = item.path.last().map_or("", String::as_str);
    let said = [above.as_str(), lexed.first_line(item)];
    match name_tells(name, clause) || said.iter().any(|text| text_tells(text, clause)) {
        true => Ok(()),
        false => Err("does not name the clause in its name, comment or first line".to_owned()),
    }
}

/// Whether the name of a function holds a clause: `rfc2347_4_oack_unrequested_by_a_write` names
/// `2347-4 oack-unrequested`.
fn name_tells(name: &str, clause: &str) -> bool {
    let clause = clause.replace(['-', '.', ' '], "_");
    let is_word = |text: &str| text.starts_with('_') || text.is_empty();
    name.match_indices(&clause).any(|(at, _)| {
        is_word(&name[at + clause.len()..]) && !name[..at].ends_with(|c: char| c.is_ascii_digit())
    })
}

/// Whether a text holds a clause as it is written in the table, or cites its section:
/// `RFC 2347 §4`, `RFC 1123 section 4.2.3.1`, `RFC 2347 Negotiation Protocol`.
fn text_tells(text: &str, clause: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '-';
    let named = text.match_indices(clause).any(|(at, _)| {
        !text[at + clause.len()..].starts_with(joins) && !text[..at].ends_with(joins)
    });
    let section = clause.split(' ').next().unwrap_or(clause);
    let (text, section) = (words(text), words(&format!("RFC {section}")));
    named
        || text.match_indices(&section).any(|(at, _)| {
            // section 4 is not section 4.2
            let after = &text[at + section.len()..];
            !after.starts_with(|c: char| c.is_ascii_digit())
        })
}

/// Lower-case words with one blank behind each; the word "section" and its sign left out.
fn words(text: &str) -> String {
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty() && *word != "section");
    words.flat_map(|word| [word, " "]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::table;

    const CODE: &str = "pub fn kept() -> u8 { 1 }\npub const LIMIT: u8 = 4;\n";
    const TESTS: &str = "\
/// 7-1.2 no-echo: and more.
#[test]
fn silence() {}

#[test]
fn rfc7_1_2_no_echo() {}

#[test]
fn first_line() {
    // proves 7-1.2 no-echo
}

#[test]
fn nameless() {
    let x = 1;
    // 7-1.2 no-echo
}

/// 7-1.2 no-echo-at-all, 17-1.2 no-echo
#[test]
fn longer() {}

/// 7-1.2 no-echo
fn no_test() {}

/// RFC 7 §1.2 MUST NOT: no echo.
#[test]
fn citation() {}

/// By RFC 7, section 1.2, there is no echo.
#[test]
fn citation_in_a_sentence() {}

/// RFC 7 §1.2.3 and RFC 17 §1.2 and RFC 7 §1: something else.
#[test]
fn other_citations() {}
";

    fn problems(row: &str) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("x.rs"), CODE).unwrap();
        fs::write(root.path().join("t.rs"), TESTS).unwrap();
        let text =
            format!("| clause | level | what | status | code | test |\n|-|-|-|-|-|-|\n{row}");
        let (rows, wrong) = table::parse(7, &text);
        assert_eq!(wrong, [""; 0]);
        check(root.path(), &rows)
    }

    fn with_test(test: &str) -> Vec<String> {
        problems(&format!(
            "| 7-1.2 no-echo | MUST | w | yes | `x.rs::kept` | `t.rs::{test}` |"
        ))
    }

    #[test]
    fn a_test_names_its_clause() {
        for good in [
            "silence",
            "rfc7_1_2_no_echo",
            "first_line",
            "citation",
            "citation_in_a_sentence",
        ] {
            assert_eq!(with_test(good), [""; 0], "{good}");
        }
        for (bad, why) in [
            ("nameless", "does not name the clause"),
            ("longer", "does not name the clause"),
            ("other_citations", "does not name the clause"),
            ("no_test", "is not a test"),
            ("absent", "does not exist"),
        ] {
            let found = with_test(bad);
            assert_eq!(found.len(), 1, "{bad}: {found:?}");
            assert!(
                found[0].starts_with("3: `7-1.2 no-echo`: t.rs::") && found[0].contains(why),
                "{found:?}"
            );
        }
    }

    #[test]
    fn code_and_files_exist() {
        assert_eq!(
            problems("| 7-1 a | SHOULD | w | yes | `x.rs::LIMIT`, `x.rs::kept` | - |"),
            [""; 0]
        );
        for bad in ["`x.rs::lost`", "`y.rs::kept`", "`x.rs::kept::inner`"] {
            assert_eq!(
                problems(&format!("| 7-1 a | SHOULD | w | yes | {bad} | - |")).len(),
                1,
                "{bad}"
            );
        }
    }

    #[test]
    fn what_is_kept_has_code_and_what_binds_has_a_test() {
        for (row, count) in [
            ("| 7-1 a | MUST | w | yes | `x.rs::kept` | - |", 1),
            ("| 7-1 a | text | w | partial: why | `x.rs::kept` | - |", 1),
            ("| 7-1 a | SHOULD | w | yes | - | - |", 1),
            ("| 7-1 a | MUST NOT | w | yes | - | - |", 2),
            ("| 7-1 a | MUST | w | deviation: why | - | - |", 0),
            ("| 7-1 a | MUST | w | no: why | - | - |", 0),
            ("| 7-1 a | SHOULD | w | yes | `x.rs::kept` | - |", 0),
        ] {
            let found = problems(row);
            assert_eq!(found.len(), count, "{row}: {found:?}");
        }
    }
}
