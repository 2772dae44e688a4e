//! The tables in `docs/conformance/rfcN.md`.

use std::fmt;

/// The columns, in order.
const COLUMNS: [&str; 6] = ["clause", "level", "what", "status", "code", "test"];

/// How strongly the RFC binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Must,
    MustNot,
    Should,
    ShouldNot,
    May,
    /// A normative sentence without such a word, as RFCs before 2119 have them.
    Text,
}

/// How far we keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Yes,
    Partial,
    No,
    Deviation,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Line in the file, from 1.
    pub(crate) line: usize,
    /// RFC and section, a blank, a short name: `2347-4 oack-unrequested`.
    pub(crate) clause: String,
    pub(crate) level: Level,
    pub(crate) status: Status,
    /// `FILE::NAME`, several where the clause is kept in several places.
    pub(crate) code: Vec<Reference>,
    /// `FILE::NAME` of test functions.
    pub(crate) test: Vec<Reference>,
}

/// `crates/tftp/src/negotiate.rs::granted`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) file: String,
    pub(crate) item: String,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.file, self.item)
    }
}

impl Level {
    /// Whether a row that is kept must have a test.
    pub(crate) const fn needs_test(self) -> bool {
        matches!(self, Self::Must | Self::MustNot | Self::Text)
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "MUST" => Self::Must,
            "MUST NOT" => Self::MustNot,
            "SHOULD" => Self::Should,
            "SHOULD NOT" => Self::ShouldNot,
            "MAY" => Self::May,
            "text" => Self::Text,
            _ => return None,
        })
    }
}

impl Status {
    /// Whether there is code that keeps the clause, at least in part.
    pub(crate) const fn is_kept(self) -> bool {
        matches!(self, Self::Yes | Self::Partial)
    }

    /// `yes`, or one of the others with a reason after a colon.
    fn parse(text: &str) -> Result<Self, String> {
        let (word, reason) = text.split_once(':').unwrap_or((text, ""));
        let status = match word.trim() {
            "yes" => return Ok(Self::Yes),
            "partial" => Self::Partial,
            "no" => Self::No,
            "deviation" => Self::Deviation,
            _ => {
                return Err(format!(
                    "status `{text}` is not yes, partial, no or deviation"
                ));
            }
        };
        match reason.trim() {
            "" => Err(format!(
                "status `{text}` gives no reason: write `{}: why`",
                word.trim()
            )),
            _ => Ok(status),
        }
    }
}

/// The rows of every table of a file whose first column is `clause`, and what is wrong with the
/// others, as `LINE: ...`.
pub(crate) fn parse(rfc: u32, text: &str) -> (Vec<Row>, Vec<String>) {
    let (mut rows, mut problems) = (Vec::<Row>::new(), Vec::new());
    let mut in_table = false;
    for (index, line) in text.lines().enumerate() {
        let Some(cells) = cells(line) else {
            in_table = false;
            continue;
        };
        if !in_table && cells.first().is_some_and(|cell| cell == COLUMNS[0]) {
            in_table = true;
            if cells != COLUMNS {
                problems.push(format!(
                    "{}: the columns are {}",
                    index + 1,
                    COLUMNS.join(" | ")
                ));
            }
        } else if in_table && !is_rule(&cells) {
            match row(rfc, index + 1, &cells) {
                Ok(row) if rows.iter().any(|old| old.clause == row.clause) => {
                    problems.push(format!("{}: `{}` a second time", index + 1, row.clause));
                }
                Ok(row) => rows.push(row),
                Err(problem) => problems.push(format!("{}: {problem}", index + 1)),
            }
        }
    }
    if rows.is_empty() && problems.is_empty() {
        problems.push(format!(
            "1: no table with the columns {}",
            COLUMNS.join(" | ")
        ));
    }
    (rows, problems)
}

/// The cells of a table line, trimmed; `\|` is a bar.
fn cells(line: &str) -> Option<Vec<String>> {
    let line = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let line = line.replace("\\|", "\u{0}");
    Some(
        line.split('|')
            .map(|cell| cell.trim().replace('\u{0}', "|"))
            .collect(),
    )
}

/// The line of dashes under a header.
fn is_rule(cells: &[String]) -> bool {
    cells
        .iter()
        .all(|cell| !cell.is_empty() && cell.chars().all(|c| "-:".contains(c)))
}

fn row(rfc: u32, line: usize, cells: &[String]) -> Result<Row, String> {
    let [clause, level, what, status, code, test] = cells else {
        return Err(format!(
            "{} cells instead of {}",
            cells.len(),
            COLUMNS.len()
        ));
    };
    let parts = clause.split_once(' ');
    let is_clause = parts.is_some_and(|(section, name)| {
        section
            .strip_prefix(&format!("{rfc}-"))
            .is_some_and(|s| !s.is_empty())
            && !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    });
    if !is_clause {
        return Err(format!(
            "clause `{clause}` is not like `{rfc}-4 short-name`"
        ));
    }
    if what.is_empty() {
        return Err("says not what is meant".to_owned());
    }
    Ok(Row {
        line,
        clause: clause.clone(),
        level: Level::parse(level).ok_or_else(|| {
            format!("level `{level}` is not MUST, MUST NOT, SHOULD, SHOULD NOT, MAY or text")
        })?,
        status: Status::parse(status)?,
        code: references(code)?,
        test: references(test)?,
    })
}

/// The references of a cell: each in backticks, with commas or blanks between; `-` for none.
fn references(cell: &str) -> Result<Vec<Reference>, String> {
    let mut references = Vec::new();
    for (index, part) in cell.split('`').enumerate() {
        if index % 2 == 0 {
            if !part.chars().all(|c| c == ' ' || c == ',' || c == '-') {
                return Err(format!("`{}` is not a reference in backticks", part.trim()));
            }
        } else {
            let (file, item) = part
                .split_once("::")
                .ok_or_else(|| format!("`{part}` is not like `FILE::NAME`"))?;
            references.push(Reference {
                file: file.to_owned(),
                item: item.to_owned(),
            });
        }
    }
    Ok(references)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &str) -> String {
        format!(
            "# RFC 7\n\n| clause | level | what | status | code | test |\n|---|:--|---|---|---|---|\n{rows}\n"
        )
    }

    #[test]
    fn rows_are_read() {
        let text = table(
            "| 7-1.2 no-echo | MUST NOT | echoes a\\|b | yes | `a/src/x.rs::f` | `a/tests/t.rs::m::g`, `a/src/x.rs::h` |\n\
             | 7-3 may-sing | MAY | sing | no: nobody asked | - | |",
        );
        let (rows, problems) = parse(7, &text);
        assert_eq!(problems, [""; 0]);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].clause, "7-1.2 no-echo");
        assert_eq!(rows[0].level, Level::MustNot);
        assert_eq!(rows[0].code[0].to_string(), "a/src/x.rs::f");
        assert_eq!(rows[0].test[0].item, "m::g");
        assert_eq!(rows[0].test.len(), 2);
        assert_eq!((rows[1].status, rows[1].line), (Status::No, 6));
        assert_eq!(rows[1].test, []);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (bad, why) in [
            ("| 8-1 x | MUST | w | yes | - | - |", "clause"),
            ("| 7-1 | MUST | w | yes | - | - |", "clause"),
            ("| 7-1 Big Name | MUST | w | yes | - | - |", "clause"),
            ("| 7-1 x | SHALL | w | yes | - | - |", "level"),
            ("| 7-1 x | MUST |  | yes | - | - |", "meant"),
            ("| 7-1 x | MUST | w | mostly | - | - |", "status"),
            ("| 7-1 x | MUST | w | partial | - | - |", "reason"),
            ("| 7-1 x | MUST | w | deviation: | - | - |", "reason"),
            ("| 7-1 x | MUST | w | yes | a.rs::f | - |", "backticks"),
            ("| 7-1 x | MUST | w | yes | `a.rs` | - |", "FILE::NAME"),
            ("| 7-1 x | MUST | w | yes | - |", "5 cells"),
        ] {
            let (rows, problems) = parse(7, &table(bad));
            assert_eq!(rows, [], "{bad}");
            assert_eq!(problems.len(), 1, "{bad}: {problems:?}");
            assert!(
                problems[0].starts_with("5: ") && problems[0].contains(why),
                "{problems:?}"
            );
        }
        let twice = "| 7-1 x | MAY | w | yes | - | - |\n| 7-1 x | MAY | w | yes | - | - |";
        assert!(parse(7, &table(twice)).1[0].contains("second time"));
        assert!(parse(7, "# RFC 7\n\n| a | b |\n|---|---|\n| c | d |\n").1[0].contains("no table"));
        let short = "| clause | level | status | code | test |\n|---|---|---|---|---|\n";
        assert!(parse(7, short).1[0].contains("the columns are"));
    }
}
