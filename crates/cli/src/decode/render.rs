//! Annotated hex for people: what the octets are, beside them, and what is wrong, under them.
//!
//! ```text
//! RRQ "motd" octet, blksize 4  25 octets
//!
//!   0000  00 01                    opcode    RRQ, read request
//!   0002  6d 6f 74 64 00           filename  "motd"
//!   ...
//!   0017  34 00                    value     "4"
//!         ^^ note: blksize is 8 to 65464
//! ```

use anstyle::{AnsiColor, Style};
use std::io::{self, Write};
use std::ops::Range;
use wirelore_core::escape;

pub(crate) const HEAD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const LABEL: Style = AnsiColor::Cyan.on_default();
pub(crate) const VALUE: Style = AnsiColor::Green.on_default();
pub(crate) const NOTE: Style = AnsiColor::Yellow.on_default();
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();

/// What octets are, in words. All text in it is safe to print.
pub(crate) struct Annotation {
    /// The kind of packet.
    pub(crate) head: &'static str,
    /// The rest of its one-line description.
    pub(crate) words: String,
    /// One after the other, without gaps.
    pub(crate) fields: Vec<Field>,
    pub(crate) marks: Vec<Mark>,
}

/// A run of octets with one meaning.
pub(crate) struct Field {
    pub(crate) octets: Range<usize>,
    pub(crate) label: &'static str,
    pub(crate) text: Text,
}

pub(crate) enum Text {
    /// What the octets say, then what that means.
    Words(String, String),
    /// A line of a text protocol, then what it means. The hex beside it goes no further than the
    /// text does.
    Line(String, String),
    /// Octets without a structure: the text column shows those that are ASCII.
    Dump,
}

/// Something wrong, or at least odd, with the octet at `at`; the end of the octets can be marked
/// too.
pub(crate) struct Mark {
    pub(crate) at: usize,
    pub(crate) severity: Severity,
    pub(crate) text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The octets were not decoded.
    Error,
    /// They were, but they break a rule.
    Violation,
    /// They were, but a reader should know.
    Note,
}

impl Annotation {
    pub(crate) fn is_error(&self) -> bool {
        self.marks
            .iter()
            .any(|mark| mark.severity == Severity::Error)
    }

    /// The one line that says what it is.
    pub(crate) fn title(&self) -> String {
        let style = if self.is_error() { ERROR } else { HEAD };
        let space = if self.words.is_empty() { "" } else { " " };
        let (words, more) = match self.words.char_indices().nth(MAX_TITLE) {
            Some((end, _)) => (&self.words[..end], "..."),
            None => (&*self.words, ""),
        };
        format!("{style}{}{style:#}{space}{words}{more}", self.head)
    }

    /// Writes all lines under the title. Long fields are shown by their first and last rows,
    /// unless `full`.
    pub(crate) fn write(&self, octets: &[u8], full: bool, out: &mut impl Write) -> io::Result<()> {
        let mut page = Page {
            octets,
            digits: if octets.len() > 0xffff { 8 } else { 4 },
            marks: &self.marks,
            full,
            out,
        };
        for field in &self.fields {
            page.field(field)?;
        }
        page.end()
    }
}

/// The most characters of the words in a title.
const MAX_TITLE: usize = 300;
/// Octets in a row of a field with words, and in a row of a dump.
const NARROW: usize = 8;
const WIDE: usize = 16;
/// What a label takes, with the space after it.
const LABEL_WIDTH: usize = 10;
/// Where a value is broken: more than eight octets need when each of them is escaped.
const VALUE_WIDTH: usize = 48;
/// A field of more rows than this loses its middle.
const MAX_ROWS: usize = 8;
const ROWS_AFTER_GAP: usize = 2;

struct Page<'a, W> {
    octets: &'a [u8],
    /// Hex digits of an offset.
    digits: usize,
    marks: &'a [Mark],
    full: bool,
    out: &'a mut W,
}

impl<W: Write> Page<'_, W> {
    fn field(&mut self, field: &Field) -> io::Result<()> {
        let (width, mut lines) = match &field.text {
            Text::Words(value, meaning) | Text::Line(value, meaning) => {
                (NARROW, words(field.label, value, meaning))
            }
            Text::Dump if field.octets.len() <= NARROW => {
                let value = quoted(&self.octets[field.octets.clone()]);
                (NARROW, words(field.label, &value, ""))
            }
            Text::Dump => (WIDE, Vec::new()),
        };
        let rows = field.octets.len().div_ceil(width);
        let mut brief = false;
        if let (Text::Line(value, _), false) = (&field.text, self.full) {
            brief = true;
            shorten(&mut lines, value);
        }
        let mut hidden = 0;
        for row in 0..rows {
            let start = field.octets.start + row * width;
            let octets = start..field.octets.end.min(start + width);
            let marks = self.marks.iter().filter(|mark| octets.contains(&mark.at));
            let is_marked = marks.clone().next().is_some();
            let in_gap = row >= MAX_ROWS - ROWS_AFTER_GAP && row + ROWS_AFTER_GAP < rows;
            if brief && row >= lines.len() && !is_marked {
                continue;
            }
            if in_gap && !brief && !self.full && !is_marked {
                hidden += octets.len();
                continue;
            }
            self.gap(&mut hidden)?;
            let text = match width {
                WIDE => ascii(&self.octets[octets.clone()]),
                _ => lines.get(row).cloned().unwrap_or_default(),
            };
            let goes_on = brief && row + 1 >= lines.len() && row + 1 < rows;
            self.row(octets.clone(), width, goes_on, &text)?;
            for mark in marks {
                self.mark(mark.at - start, mark)?;
            }
        }
        for line in lines.iter().skip(rows).filter(|_| rows > 0) {
            let indent = self.digits + 4 + columns(width) + 1;
            writeln!(self.out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }

    /// `goes_on`: there are further octets that are not shown.
    fn row(
        &mut self,
        octets: Range<usize>,
        width: usize,
        goes_on: bool,
        text: &str,
    ) -> io::Result<()> {
        let plus = if goes_on { '+' } else { ' ' };
        let digits = self.digits;
        let hex: String = self.octets[octets.clone()]
            .iter()
            .enumerate()
            .map(|(column, octet)| format!("{}{octet:02x}", space_before(column)))
            .collect();
        let columns = columns(width);
        let line = format!(
            "  {DIM}{:0digits$x}{DIM:#} {hex:columns$}{plus} {text}",
            octets.start
        );
        writeln!(self.out, "{}", line.trim_end())
    }

    fn gap(&mut self, hidden: &mut usize) -> io::Result<()> {
        if *hidden > 0 {
            let indent = self.digits + 4;
            writeln!(
                self.out,
                "{:indent$}{DIM}... {hidden} octets more ...{DIM:#}",
                ""
            )?;
            *hidden = 0;
        }
        Ok(())
    }

    fn mark(&mut self, column: usize, mark: &Mark) -> io::Result<()> {
        let indent = self.digits + 4 + 3 * column + column / NARROW;
        let (style, word) = match mark.severity {
            Severity::Error => (ERROR, "error"),
            Severity::Violation => (ERROR, "violation"),
            Severity::Note => (NOTE, "note"),
        };
        let text = &mark.text;
        writeln!(self.out, "{:indent$}{style}^^ {word}: {text}{style:#}", "")
    }

    /// The marks on the octet that is missing.
    fn end(&mut self) -> io::Result<()> {
        let end = self.octets.len();
        for (n, mark) in self.marks.iter().filter(|mark| mark.at >= end).enumerate() {
            if n == 0 {
                self.row(end..end, NARROW, false, "")?;
            }
            self.mark(0, mark)?;
        }
        Ok(())
    }
}

/// How wide a row of so many octets is.
const fn columns(width: usize) -> usize {
    3 * width + width / NARROW - 1
}

fn space_before(column: usize) -> &'static str {
    match column {
        NARROW => "  ",
        _ => " ",
    }
}

/// The text beside the rows of a field: a long value goes on in the rows below.
fn words(label: &str, value: &str, meaning: &str) -> Vec<String> {
    let value: Vec<char> = value.chars().collect();
    let mut lines: Vec<String> = value
        .chunks(VALUE_WIDTH)
        .map(|part| part.iter().collect())
        .map(|part: String| format!("{:LABEL_WIDTH$}{VALUE}{part}{VALUE:#}", ""))
        .collect();
    if let Some(first) = lines.first_mut() {
        let width = LABEL_WIDTH;
        first.replace_range(..width, &format!("{LABEL}{label:width$}{LABEL:#}"));
    }
    if let Some(last) = lines.last_mut().filter(|_| !meaning.is_empty()) {
        let column = 14usize.saturating_sub(value.len()).max(2);
        last.push_str(&format!("{:column$}{meaning}", ""));
    }
    lines
}

/// Leaves out what is too much of a long value.
fn shorten(lines: &mut Vec<String>, value: &str) {
    if lines.len() > MAX_ROWS {
        lines.truncate(MAX_ROWS - 1);
        let more = value.chars().count() - lines.len() * VALUE_WIDTH;
        let column = "";
        lines.push(format!(
            "{column:LABEL_WIDTH$}{DIM}... {more} characters more ...{DIM:#}"
        ));
    }
}

fn ascii(octets: &[u8]) -> String {
    let shown = |octet: &u8| match octet {
        b' '..=b'~' => char::from(*octet),
        _ => '.',
    };
    octets.iter().map(shown).collect()
}

/// The peer's text in quotes, with everything that could play tricks on a terminal escaped.
pub(crate) fn quoted(octets: &[u8]) -> String {
    let text = escape(octets).limit(usize::MAX).to_string();
    format!("\"{}\"", text.replace('"', "\\\""))
}

/// A number with what is counted.
pub(crate) fn count_of(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}
