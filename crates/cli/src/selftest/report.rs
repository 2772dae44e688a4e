//! The table for people, line by line as the cases end, or one JSON object a line for programs.

use super::judge::Fault;
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::time::Duration;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const UNSURE: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// Columns, each with two blanks before it: what, size, options, rate, verdict.
const WHAT: usize = 36;
const SIZE: usize = 10;
const OPTIONS: usize = 27;
const RATE: usize = 11;
/// What a case is called has no more characters.
#[cfg(test)]
pub(super) const LONGEST_WHAT: usize = WHAT;
/// From size to rate.
const ANSWER: usize = SIZE + 2 + OPTIONS + 2 + RATE;
/// An answer leaves room for the longest verdict.
#[cfg(test)]
pub(super) const LONGEST_ANSWER: usize = ANSWER - 2 - 3;
/// No line is wider.
const WIDTH: usize = 100;

/// Where the text of a note begins.
const NOTE: usize = 4 + 8 + 2;

/// A rate says something about so many octets or more.
const WORTH_A_RATE: u64 = 4096;

/// A case that is over, or was left out.
pub(super) struct Row {
    pub(super) group: &'static str,
    pub(super) what: &'static str,
    pub(super) shown: Shown,
    pub(super) verdict: Verdict,
    pub(super) story: Story,
}

/// More about a case, for who asks.
#[derive(Clone, Default)]
pub(super) struct Story {
    /// As one would type it.
    pub(super) command: Option<String>,
    /// What the two sides reported.
    pub(super) client: Option<Value>,
    pub(super) server: Option<Value>,
}

/// What stands in the middle of a row.
#[derive(Clone)]
pub(super) enum Shown {
    /// A copy: octets of the file, what it is to go by.
    Copy { octets: u64, options: String },
    /// What the answer must be.
    Answer(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong(Fault),
    /// Because of what went wrong before.
    LeftOut,
}

impl Verdict {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong(_) => "wrong",
            Self::LeftOut => "left out",
        }
    }
}

impl From<Result<(), Fault>> for Verdict {
    fn from(judged: Result<(), Fault>) -> Self {
        judged.map_or_else(Self::Wrong, |()| Self::Right)
    }
}

pub(super) struct Report<W> {
    out: W,
    json: bool,
    verbose: bool,
    heading: Option<(&'static str, &'static str)>,
    right: usize,
    wrong: usize,
    left_out: usize,
}

impl<W: Write> Report<W> {
    pub(super) fn new(out: W, json: bool, verbose: bool) -> Self {
        Self {
            out,
            json,
            verbose,
            heading: None,
            right: 0,
            wrong: 0,
            left_out: 0,
        }
    }

    pub(super) fn begin(&mut self) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        let version = env!("CARGO_PKG_VERSION");
        writeln!(
            self.out,
            "{BOLD}wirelore {version}{BOLD:#} tests itself: every octet is compared, and what must \
             be refused is tried"
        )
    }

    pub(super) fn row(&mut self, protocol: &'static str, row: &Row) -> io::Result<()> {
        *match row.verdict {
            Verdict::Right => &mut self.right,
            Verdict::Wrong(_) => &mut self.wrong,
            Verdict::LeftOut => &mut self.left_out,
        } += 1;
        if self.json {
            return self.object(protocol, row);
        }
        self.heading(protocol, row)?;
        self.people(row)?;
        self.out.flush()
    }

    /// The total. Whether all was right, and there was something at all.
    pub(super) fn end(&mut self, elapsed: Duration) -> io::Result<bool> {
        let Self {
            right,
            wrong,
            left_out,
            ..
        } = *self;
        let (all, seconds) = (right + wrong + left_out, elapsed.as_secs_f64());
        let good = right == all && all > 0;
        if self.json {
            let seconds = (seconds * 1e3).round() / 1e3;
            let summary = json!({
                "event": "summary", "cases": all, "right": right, "wrong": wrong,
                "left_out": left_out, "seconds": seconds, "ok": good,
            });
            writeln!(self.out, "{summary}")?;
            return Ok(good);
        }
        let style = if good { GOOD.bold() } else { BAD };
        let mut rest = String::new();
        if wrong > 0 {
            rest += &format!(", {wrong} wrong");
        }
        if left_out > 0 {
            rest += &format!(", {left_out} left out");
        }
        writeln!(
            self.out,
            "\n{style}{right} of {all} right{rest}{style:#} in {seconds:.1} s"
        )?;
        Ok(good)
    }

    fn heading(&mut self, protocol: &'static str, row: &Row) -> io::Result<()> {
        if self.heading == Some((protocol, row.group)) {
            return Ok(());
        }
        self.heading = Some((protocol, row.group));
        let title = format!("{protocol}, {}", row.group);
        let columns = match &row.shown {
            Shown::Copy { .. } => {
                format!(
                    "{:>SIZE$}  {:OPTIONS$}  {:>RATE$}",
                    "size", "options", "rate"
                )
            }
            Shown::Answer(_) => format!("{:ANSWER$}", "  what must come of it"),
        };
        let room = WHAT + 2;
        writeln!(
            self.out,
            "\n{BOLD}{title:room$}{BOLD:#}  {DIM}{}{DIM:#}",
            columns.trim_end()
        )
    }

    fn people(&mut self, row: &Row) -> io::Result<()> {
        let (what, word) = (row.what, row.verdict.word());
        let style = match row.verdict {
            Verdict::Right => GOOD,
            Verdict::Wrong(_) => BAD,
            Verdict::LeftOut => UNSURE,
        };
        // the longest word takes some of the blanks before it
        let longer = word.len() - Verdict::Right.word().len();
        let middle = match &row.shown {
            Shown::Copy { octets, options } => {
                let rate = rate(row).filter(|_| *octets >= WORTH_A_RATE);
                let rate = rate
                    .filter(|_| row.verdict == Verdict::Right)
                    .map(per_second);
                let (size, rate, room) =
                    (grouped(*octets), rate.unwrap_or_default(), RATE - longer);
                format!("{size:>SIZE$}  {DIM}{options:OPTIONS$}{DIM:#}  {rate:>room$}")
            }
            Shown::Answer(answer) => {
                let room = ANSWER - 2 - longer;
                format!("  {DIM}{answer:room$}{DIM:#}")
            }
        };
        writeln!(self.out, "  {what:WHAT$}  {middle}  {style}{word}{style:#}")?;
        if let Verdict::Wrong(Fault {
            expected,
            came,
            advice,
        }) = &row.verdict
        {
            self.note("expected", expected, BAD)?;
            self.note("came", came, BAD)?;
            self.note("what now", advice, BAD)?;
        }
        if self.verbose {
            let Story {
                command,
                client,
                server,
            } = &row.story;
            let digest = client.as_ref().and_then(|client| client["digest"].as_str());
            let digest = digest.map(str::to_owned);
            let client = client
                .as_ref()
                .map(|client| told(client, "exit_code", "exit code"));
            let server = server
                .as_ref()
                .map(|server| told(server, "error_code", "ERROR"));
            let command = command.clone();
            for (label, text) in [
                ("command", command),
                ("client", client),
                ("server", server),
                ("digest", digest),
            ] {
                text.map_or(Ok(()), |text| self.note(label, &text, DIM))?;
            }
        }
        Ok(())
    }

    /// A label and a text, in as many lines as it takes.
    fn note(&mut self, mut label: &str, text: &str, style: Style) -> io::Result<()> {
        for line in wrapped(text, WIDTH - NOTE) {
            writeln!(self.out, "{style}    {label:8}  {line}{style:#}")?;
            label = "";
        }
        Ok(())
    }

    fn object(&mut self, protocol: &'static str, row: &Row) -> io::Result<()> {
        let client = |name: &str| {
            row.story
                .client
                .as_ref()
                .map_or(Value::Null, |client| client[name].clone())
        };
        let mut case = json!({
            "event": "case", "protocol": protocol, "group": row.group, "case": row.what,
            "verdict": row.verdict.word(),
        });
        match &row.shown {
            Shown::Copy { octets, .. } => {
                case["bytes"] = (*octets).into();
                case["seconds"] = client("seconds");
                case["options"] = client("options");
            }
            Shown::Answer(answer) => case["answer"] = answer.as_str().into(),
        }
        if let Verdict::Wrong(Fault {
            expected,
            came,
            advice,
        }) = &row.verdict
        {
            case["expected"] = expected.as_str().into();
            case["came"] = came.as_str().into();
            case["advice"] = (*advice).into();
        }
        if self.verbose {
            case["command"] = row.story.command.clone().into();
            case["client"] = row.story.client.clone().into();
            case["server"] = row.story.server.clone().into();
        }
        writeln!(self.out, "{case}")?;
        self.out.flush()
    }
}

/// Octets per second, as the client measured them.
fn rate(row: &Row) -> Option<f64> {
    let client = row.story.client.as_ref()?;
    let seconds = client["seconds"]
        .as_f64()
        .filter(|&seconds| seconds > 0.0)?;
    Some(client["bytes"].as_f64()? / seconds)
}

/// Octets per second in at most 11 characters.
fn per_second(rate: f64) -> String {
    let steps = ["B", "KiB", "MiB", "GiB"];
    let scaled = |step: usize| rate / 1024_f64.powi(step as i32);
    let step = (1..steps.len())
        .rev()
        .find(|&step| scaled(step) >= 1.0)
        .unwrap_or(0);
    let digits = usize::from(step > 0 && scaled(step) < 999.95);
    format!("{:.digits$} {}/s", scaled(step), steps[step])
}

/// What a side reported, in words; `code` is the member that has the reason of a failure.
fn told(report: &Value, code: &str, shown: &str) -> String {
    let mut text = match report["error"].as_str() {
        Some(error) => match report[code].as_u64() {
            Some(code) => format!("{shown} {code}: {error}"),
            None => error.to_owned(),
        },
        None => {
            let octets = report["bytes"].as_u64().unwrap_or_default();
            let s = if octets == 1 { "" } else { "s" };
            let millis = report["seconds"].as_f64().unwrap_or_default() * 1e3;
            format!("{octets} octet{s} in {millis:.1} ms")
        }
    };
    for (name, value) in report["options"].as_object().into_iter().flatten() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        text += &format!(", {name} {value}");
    }
    match report["retransmits"].as_u64() {
        Some(again @ 1..) => text + &format!(", {again} sent again"),
        _ => text,
    }
}

/// A number with a blank before every three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Lines of at most `width` characters, cut at blanks where there are any.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line, mut room) = (Vec::new(), String::new(), width);
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        if word.len() + 1 > room && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            room = width;
        }
        while word.len() > width {
            let rest = word.split_off(width);
            lines.push(std::mem::replace(&mut word, rest).into_iter().collect());
        }
        if !line.is_empty() {
            line.push(' ');
            room -= 1;
        }
        room -= word.len();
        line.extend(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(verdict: Verdict) -> Row {
        let client = json!({"seconds": 0.004, "bytes": 200_000, "options": {"blksize": 1428}});
        let server = json!({"error": "no", "error_code": 3, "retransmits": 2});
        let command = Some("wirelore copy".into());
        Row {
            group: "download",
            what: "many blocks and a rest",
            shown: Shown::Copy {
                octets: 200_000,
                options: "blksize 1428, windowsize 16".into(),
            },
            verdict,
            story: Story {
                command,
                client: Some(client),
                server: Some(server),
            },
        }
    }

    fn printed(json: bool, rows: &[Row]) -> (String, bool) {
        let mut text = Vec::new();
        let mut report = Report::new(anstream::StripStream::new(&mut text), json, true);
        report.begin().unwrap();
        rows.iter().for_each(|row| report.row("tftp", row).unwrap());
        let good = report.end(Duration::from_millis(2840)).unwrap();
        (String::from_utf8(text).unwrap(), good)
    }

    #[test]
    fn the_table_is_aligned_and_has_a_total() {
        let refused = Row {
            group: "refused",
            what: "a file that is not there",
            shown: Shown::Answer("ERROR 1".into()),
            story: Story::default(),
            ..copy(Verdict::Right)
        };
        let (text, good) = printed(false, &[copy(Verdict::Right), refused]);
        assert!(good);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines.iter().all(|line| line.len() <= WIDTH), "{text}");
        let at = |line: usize, word: &str| lines[line].find(word).map(|at| at + word.len());
        assert_eq!(at(3, "200 000"), at(2, "size"));
        assert_eq!(lines[3].find("blksize"), lines[2].find("options"));
        assert_eq!(at(3, "47.7 MiB/s"), at(2, "rate"));
        assert_eq!(lines[4], "    command   wirelore copy");
        assert_eq!(
            lines[5],
            "    client    200000 octets in 4.0 ms, blksize 1428"
        );
        assert_eq!(lines[6], "    server    ERROR 3: no, 2 sent again");
        assert_eq!(lines[3].find("right"), lines[9].find("right"));
        assert_eq!(lines[9].find("ERROR 1"), lines[8].find("what must"));
        assert_eq!(lines.last(), Some(&"2 of 2 right in 2.8 s"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let fault = Fault::new("3 octets", "a".repeat(200));
        let shown = Shown::Answer("a".repeat(LONGEST_ANSWER));
        let refused = Row {
            shown,
            ..copy(Verdict::LeftOut)
        };
        let (text, good) = printed(
            false,
            &[copy(Verdict::Wrong(fault)), copy(Verdict::LeftOut), refused],
        );
        assert!(
            !good && text.ends_with("\n0 of 3 right, 1 wrong, 2 left out in 2.8 s\n"),
            "{text}"
        );
        assert!(
            text.contains("    expected  3 octets\n    came      aaa"),
            "{text}"
        );
        assert!(
            text.contains("    what now  this is a fault in wirelore"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }

    #[test]
    fn programs_read_objects() {
        let fault = Fault::new("x", "y");
        let rows = [copy(Verdict::Right), copy(Verdict::Wrong(fault))];
        let (text, good) = printed(true, &rows);
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(!good && lines.len() == 3);
        assert_eq!(
            (&lines[0]["verdict"], &lines[0]["bytes"]),
            (&json!("right"), &json!(200_000))
        );
        assert_eq!(
            (&lines[0]["command"], &lines[0]["expected"]),
            (&json!("wirelore copy"), &Value::Null)
        );
        assert_eq!(
            (&lines[1]["verdict"], &lines[1]["came"]),
            (&json!("wrong"), &json!("y"))
        );
        assert_eq!(
            (&lines[2]["right"], &lines[2]["ok"]),
            (&json!(1), &json!(false))
        );
    }

    #[test]
    fn nothing_is_not_right() {
        assert!(!printed(false, &[]).1 && !printed(true, &[]).1);
    }

    #[test]
    fn numbers_and_lines_are_readable() {
        for (number, wanted) in [
            (0, "0"),
            (999, "999"),
            (1000, "1 000"),
            (34_603_008, "34 603 008"),
        ] {
            assert_eq!(grouped(number), wanted);
        }
        for (rate, wanted) in [
            (17.0, "17 B/s"),
            (999.9 * 1024.0, "999.9 KiB/s"),
            (1023.9 * 1024.0, "1024 KiB/s"),
            (1048576.0, "1.0 MiB/s"),
            (3e12, "2794 GiB/s"),
        ] {
            assert_eq!(per_second(rate), wanted);
        }
        assert_eq!(wrapped("ab cd ef", 5), ["ab cd", "ef"]);
        assert_eq!(wrapped("abcdefg h", 3), ["abc", "def", "g h"]);
        assert_eq!(wrapped("ab abcdefg", 3), ["ab", "abc", "def", "g"]);
        assert_eq!(wrapped("", 5), [""]);
    }
}
