//! Shows so much at a time as the peer's window holds.

use super::keys::Key;
use std::collections::VecDeque;

const MORE: &str = "--More--";

/// What still waits to be shown.
#[derive(Debug, Default)]
pub(super) struct Pager {
    rest: VecDeque<String>,
}

/// The size of a window; 0 where it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) columns: u16,
    pub(super) rows: u16,
}

impl Window {
    pub(super) const fn columns(self) -> u16 {
        match self.columns {
            0 => 80,
            columns => columns,
        }
    }

    /// How many rows a page has, beside the one that asks whether to go on.
    fn page(self) -> usize {
        let rows = match self.rows {
            0 => 24,
            rows => rows,
        };
        usize::from(rows.max(2)) - 1
    }

    fn rows_of(self, line: &str) -> usize {
        line.chars().count().div_ceil(self.columns().into()).max(1)
    }
}

impl Pager {
    /// Shows lines, or the first of them. Without a window all are shown.
    pub(super) fn show(&mut self, lines: Vec<String>, window: Option<Window>, out: &mut String) {
        self.rest = lines.into();
        match window {
            Some(window) => self.rows(window, window.page(), out),
            None => {
                for line in self.rest.drain(..) {
                    out.push_str(&line);
                    out.push('\n');
                }
            }
        }
    }

    /// Whether it waits for a key.
    pub(super) fn waits(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Goes on, or ends it.
    pub(super) fn key(&mut self, key: Key, window: Window, out: &mut String) {
        let rows = match key {
            Key::Char(' ' | 'f') => window.page(),
            Key::Enter | Key::Down => 1,
            Key::Char('q' | 'Q') | Key::Interrupt | Key::EndOfInput => 0,
            _ => return,
        };
        erase(out);
        match rows {
            0 => self.rest.clear(),
            rows => self.rows(window, rows, out),
        }
    }

    /// Forgets what waits.
    pub(super) fn stop(&mut self, out: &mut String) {
        if self.waits() {
            erase(out);
            self.rest.clear();
        }
    }

    fn rows(&mut self, window: Window, rows: usize, out: &mut String) {
        let mut left = rows;
        while let Some(line) = self.rest.front() {
            let needed = window.rows_of(line);
            // one that is larger than a window is shown all the same
            if needed > left && left < rows {
                break;
            }
            left = left.saturating_sub(needed);
            out.push_str(line);
            out.push('\n');
            self.rest.pop_front();
            if left == 0 {
                break;
            }
        }
        if self.waits() {
            out.push_str(MORE);
        }
    }
}

/// Takes the question away, with nothing but BS and blanks.
fn erase(out: &mut String) {
    for text in ["\x08", " ", "\x08"] {
        out.push_str(&text.repeat(MORE.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window {
        columns: 10,
        rows: 4,
    };

    fn lines(count: usize) -> Vec<String> {
        (1..=count).map(|number| number.to_string()).collect()
    }

    /// What is shown after each key, without the question, and whether there is more.
    fn pages(count: usize, keys: &[Key]) -> Vec<(String, bool)> {
        let mut pager = Pager::default();
        let mut out = String::new();
        pager.show(lines(count), Some(WINDOW), &mut out);
        let mut pages = vec![out];
        for &key in keys {
            let mut out = String::new();
            if pager.waits() {
                pager.key(key, WINDOW, &mut out);
            }
            pages.push(out);
        }
        let mut erased = String::new();
        erase(&mut erased);
        let page = |out: String| {
            let out = out.replace(&erased, "").replace('\n', " ");
            let more = out.ends_with(MORE);
            (out.trim_end_matches(MORE).trim_end().to_owned(), more)
        };
        pages.into_iter().map(page).collect()
    }

    #[track_caller]
    fn assert_pages(count: usize, keys: &[Key], wanted: &[(&str, bool)]) {
        let wanted: Vec<_> = wanted
            .iter()
            .map(|&(text, more)| (text.to_owned(), more))
            .collect();
        assert_eq!(pages(count, keys), wanted);
    }

    #[test]
    fn pages_and_lines() {
        let (space, enter) = (Key::Char(' '), Key::Enter);
        assert_pages(3, &[], &[("1 2 3", false)]);
        assert_pages(4, &[space], &[("1 2 3", true), ("4", false)]);
        assert_pages(
            8,
            &[enter, space, enter],
            &[("1 2 3", true), ("4", true), ("5 6 7", true), ("8", false)],
        );
        assert_pages(9, &[Key::Char('q')], &[("1 2 3", true), ("", false)]);
        assert_pages(9, &[Key::Interrupt], &[("1 2 3", true), ("", false)]);
    }

    #[test]
    fn wide_lines_need_several_rows() {
        let mut pager = Pager::default();
        let mut out = String::new();
        let lines = vec![
            "x".repeat(11),
            "y".repeat(20),
            "z".repeat(100),
            String::new(),
        ];
        pager.show(lines, Some(WINDOW), &mut out);
        assert_eq!(out, format!("{}\n{MORE}", "x".repeat(11)));
        out.clear();
        pager.key(Key::Char(' '), WINDOW, &mut out);
        assert!(
            out.ends_with(&format!("{}\n{MORE}", "y".repeat(20))),
            "{out}"
        );
        pager.key(Key::Char(' '), WINDOW, &mut out);
        assert!(
            out.ends_with(&format!("{}\n{MORE}", "z".repeat(100))),
            "{out}"
        );
        pager.key(Key::Char('x'), WINDOW, &mut out);
        assert!(pager.waits());
        pager.key(Key::Char(' '), WINDOW, &mut out);
        assert!(!pager.waits());
    }

    #[test]
    fn a_window_of_no_size_has_24_rows() {
        let mut pager = Pager::default();
        let mut out = String::new();
        pager.show(lines(23), Some(Window::default()), &mut out);
        assert!(!pager.waits());
        pager.show(lines(24), Some(Window::default()), &mut out);
        assert!(pager.waits());
        for rows in [1, 2] {
            let window = Window { columns: 1, rows };
            let mut out = String::new();
            pager.show(lines(3), Some(window), &mut out);
            assert_eq!(out, "1\n--More--");
        }
    }

    #[test]
    fn without_a_window_all_is_shown() {
        let mut pager = Pager::default();
        let mut out = String::new();
        pager.show(lines(500), None, &mut out);
        assert!(!pager.waits());
        assert_eq!(out.lines().count(), 500);
    }
}
