//! A line that is typed, edited where it stands, with those that were typed before.
//!
//! What the peer's terminal is, nobody knows for sure. So nothing is used but characters, blanks and
//! BS: that works on all of them. A line that is wider than the window is moved sideways.

use super::keys::Key;
use std::collections::VecDeque;

/// A line has so many characters at most.
pub(super) const LONGEST: usize = 256;
/// So many lines are remembered.
const HISTORY: usize = 50;
const BELL: char = '\x07';
const BACK: char = '\x08';

/// Asks for lines.
#[derive(Debug, Default)]
pub(super) struct Prompt {
    label: String,
    /// What is typed is not shown and not remembered.
    secret: bool,
    /// Lines are remembered.
    remembers: bool,
    line: Vec<char>,
    cursor: usize,
    /// The first character that is shown, and how many are.
    first: usize,
    shown: usize,
    /// The latest last.
    history: VecDeque<String>,
    /// Which of them is shown, counted from the end, and what was typed before it was.
    recalled: usize,
    draft: Vec<char>,
}

/// Where it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Each key comes as it is typed, and is shown by us; otherwise the peer edits lines itself.
    pub(super) character: bool,
    pub(super) columns: u16,
}

/// What a key led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Line(String),
    /// The line is thrown away.
    Interrupt,
    /// There will be no more lines.
    End,
    /// To be completed: what stands before the cursor.
    Complete(String),
}

impl Prompt {
    /// Begins a line, and shows the label.
    pub(super) fn ask(&mut self, label: &str, secret: bool, remembers: bool, out: &mut String) {
        label.clone_into(&mut self.label);
        self.secret = secret;
        self.remembers = remembers;
        self.line.clear();
        self.draft.clear();
        self.recalled = 0;
        (self.cursor, self.first, self.shown) = (0, 0, 0);
        out.push_str(label);
    }

    /// Shows label and line once more, on a fresh line.
    pub(super) fn again(&mut self, place: Place, out: &mut String) {
        out.push_str(&self.label);
        (self.first, self.shown) = (0, 0);
        if place.character && !self.secret {
            let column = std::mem::take(&mut self.cursor);
            self.go_to(column, 0, place, out);
        }
    }

    /// Puts in `text` at the cursor.
    pub(super) fn insert(&mut self, text: &str, place: Place, out: &mut String) {
        for c in text.chars() {
            self.key(Key::Char(c), place, out);
        }
    }

    pub(super) fn key(&mut self, key: Key, place: Place, out: &mut String) -> Option<Typed> {
        match key {
            Key::Enter => return Some(Typed::Line(self.enter(place, out))),
            Key::Interrupt => {
                if place.character {
                    out.push_str("^C\n");
                }
                return Some(Typed::Interrupt);
            }
            Key::EndOfInput if self.line.is_empty() => {
                if place.character {
                    out.push('\n');
                }
                return Some(Typed::End);
            }
            Key::Tab if !self.secret && place.character => {
                return Some(Typed::Complete(self.line[..self.cursor].iter().collect()));
            }
            _ => self.edit(key, place, out),
        }
        None
    }

    fn edit(&mut self, key: Key, place: Place, out: &mut String) {
        let len = self.line.len();
        let was = self.cursor;
        match key {
            Key::Char(_) if len >= LONGEST => self.bell(place, out),
            Key::Char(c) => {
                self.line.insert(was, c);
                self.go_to(was + 1, was, place, out);
            }
            Key::Backspace if was > 0 => self.remove(was - 1, was, place, out),
            Key::Delete | Key::EndOfInput if was < len => self.remove(was, was + 1, place, out),
            Key::KillLine => self.remove(0, was, place, out),
            Key::KillRest => self.remove(was, len, place, out),
            Key::KillWord => {
                let before = &self.line[..was];
                let word = before.iter().rposition(|&c| c != ' ').unwrap_or(0);
                let start = before[..word].iter().rposition(|&c| c == ' ');
                self.remove(start.map_or(0, |blank| blank + 1), was, place, out);
            }
            Key::Left if was > 0 => self.go_to(was - 1, len, place, out),
            Key::Right if was < len => self.go_to(was + 1, len, place, out),
            Key::Home => self.go_to(0, len, place, out),
            Key::End => self.go_to(len, len, place, out),
            Key::Up => self.recall(self.recalled + 1, place, out),
            Key::Down if self.recalled > 0 => self.recall(self.recalled - 1, place, out),
            // nothing there to be moved or taken away
            _ => self.bell(place, out),
        }
    }

    fn enter(&mut self, place: Place, out: &mut String) -> String {
        // a client that shows what is typed has begun a new line itself
        if place.character || self.secret {
            out.push('\n');
        }
        let line: String = self.line.drain(..).collect();
        (self.cursor, self.first, self.shown) = (0, 0, 0);
        if self.remembers && !line.trim().is_empty() && self.history.back() != Some(&line) {
            if self.history.len() == HISTORY {
                self.history.pop_front();
            }
            self.history.push_back(line.clone());
        }
        line
    }

    fn recall(&mut self, index: usize, place: Place, out: &mut String) {
        if !self.remembers || index > self.history.len() {
            return self.bell(place, out);
        }
        if self.recalled == 0 {
            self.draft.clone_from(&self.line);
        }
        self.recalled = index;
        self.line = match index {
            0 => std::mem::take(&mut self.draft),
            index => self.history[self.history.len() - index].chars().collect(),
        };
        self.go_to(self.line.len(), 0, place, out);
    }

    fn remove(&mut self, from: usize, to: usize, place: Place, out: &mut String) {
        self.line.drain(from..to);
        self.go_to(from, from, place, out);
    }

    fn bell(&self, place: Place, out: &mut String) {
        if place.character && !self.secret {
            out.push(BELL);
        }
    }

    /// Shows the line, which has changed from `changed` on, with the cursor at `to`.
    fn go_to(&mut self, to: usize, changed: usize, place: Place, out: &mut String) {
        let was = std::mem::replace(&mut self.cursor, to);
        if !place.character || self.secret {
            return;
        }
        // the last column stays free: beyond it, terminals differ
        let room = usize::from(place.columns).saturating_sub(self.label.len() + 1);
        let room = room.max(8);
        let first = match to {
            _ if to < self.first => to.saturating_sub(room / 2),
            _ if to > self.first + room => to - room / 2,
            _ => self.first,
        };
        let (changed, at) = match first == self.first {
            true => (changed.max(first), was.clamp(first, first + room)),
            // all is moved
            false => (first, was - self.first + first),
        };
        self.first = first;
        let end = self.line.len().min(first + room);
        let shown = end - first;
        // the column of the screen, counted from the label
        let mut column = at - first;
        let move_to = |target: usize, line: &[char], column: &mut usize, out: &mut String| {
            while *column > target {
                out.push(BACK);
                *column -= 1;
            }
            while *column < target {
                out.push(line.get(first + *column).copied().unwrap_or(' '));
                *column += 1;
            }
        };
        if changed < end || shown < self.shown {
            let from = changed.min(end) - first;
            if column > from {
                move_to(from, &self.line, &mut column, out);
            }
            // what was there before is overwritten by blanks
            move_to(shown.max(self.shown), &self.line, &mut column, out);
        }
        move_to(to - first, &self.line, &mut column, out);
        self.shown = shown;
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::Keys;
    use super::*;

    const PLACE: Place = Place {
        character: true,
        columns: 80,
    };

    /// A terminal with one line, which nothing may leave.
    struct Screen {
        cells: Vec<char>,
        column: usize,
        bells: usize,
    }

    impl Screen {
        fn new(columns: u16) -> Self {
            Self {
                cells: vec![' '; columns.into()],
                column: 0,
                bells: 0,
            }
        }

        fn show(&mut self, text: &str) {
            for c in text.chars() {
                match c {
                    BACK => self.column = self.column.checked_sub(1).expect("still on screen"),
                    BELL => self.bells += 1,
                    '\n' => {
                        self.cells.fill(' ');
                        self.column = 0;
                    }
                    c => {
                        self.cells[self.column] = c;
                        self.column += 1;
                    }
                }
            }
        }

        fn text(&self) -> String {
            let text: String = self.cells.iter().collect();
            text.trim_end().to_owned()
        }
    }

    /// Types keys and says what came of it: the screen, its cursor, and the rest.
    fn typed(octets: &[u8], place: Place) -> (String, usize, Vec<Typed>) {
        let (mut prompt, mut keys) = (Prompt::default(), Keys::default());
        let mut screen = Screen::new(place.columns);
        let mut results = Vec::new();
        let mut out = String::new();
        prompt.ask("> ", false, true, &mut out);
        for &octet in octets {
            if let Some(key) = keys.octet(octet) {
                let result = prompt.key(key, place, &mut out);
                if let Some(Typed::Line(_)) = result {
                    prompt.ask("> ", false, true, &mut out);
                }
                results.extend(result);
            }
            screen.show(&std::mem::take(&mut out));
        }
        (screen.text(), screen.column, results)
    }

    #[track_caller]
    fn line(octets: &[u8], line: &str, screen: &str, column: usize) {
        let (text, at, _) = typed(octets, PLACE);
        assert_eq!((&*text, at), (screen, column));
        let (_, _, results) = typed(&[octets, b"\r"].concat(), PLACE);
        assert_eq!(results.last(), Some(&Typed::Line(line.to_owned())));
    }

    #[test]
    fn a_line_is_edited_where_it_stands() {
        line(b"abc", "abc", "> abc", 5);
        line(b"abc\x7f\x08", "a", "> a", 3);
        line(b"ac\x1b[Db", "abc", "> abc", 4);
        line(b"bc\x01a\x05d", "abcd", "> abcd", 6);
        line(b"abc\x1b[H\x1b[3~", "bc", "> bc", 2);
        line(b"abc\x1b[D\x04", "ab", "> ab", 4);
        line(b"abc\x1b[D\x1b[D\x7f", "bc", "> bc", 2);
        line(b"one two  \x17", "one ", "> one", 6);
        line(b"one two\x17\x17\x17", "", ">", 2);
        line(b"abcdef\x1b[D\x1b[D\x15", "ef", "> ef", 2);
        line(b"abcdef\x1b[D\x1b[D\x0b", "abcd", "> abcd", 6);
        line("aéb\x1b[D\x7f".as_bytes(), "ab", "> ab", 3);
    }

    #[test]
    fn lines_come_back() {
        let up = b"\x1b[A";
        let all = |pieces: &[&[u8]]| pieces.concat();
        line(&all(&[b"one\rtwo\r", up]), "two", "> two", 5);
        line(&all(&[b"one\rtwo\rdr", up, up]), "one", "> one", 5);
        line(
            &all(&[b"one\rtwo\rdr", up, up, b"\x1b[B\x1b[B"]),
            "dr",
            "> dr",
            4,
        );
        // twice the same, and nothing, are remembered once and not
        line(&all(&[b"one\rtwo\rtwo\r  \r\r", up, up]), "one", "> one", 5);
        line(&all(&[b"one\r", up, up, up]), "one", "> one", 5);
        // what is changed leaves what is remembered
        line(&all(&[b"one\r", up, b"x\r", up, up]), "one", "> one", 5);
    }

    #[test]
    fn no_more_lines_are_remembered_than_allowed() {
        let mut octets: Vec<u8> = (0..200)
            .flat_map(|i| format!("c{i}\r").into_bytes())
            .collect();
        octets.extend(b"\x1b[A".repeat(500));
        line(&octets, "c150", "> c150", 6);
    }

    #[test]
    fn what_is_too_wide_moves_sideways_and_stays_on_the_screen() {
        let place = Place {
            character: true,
            columns: 20,
        };
        let long: Vec<u8> = (0..60).map(|i| b'a' + i % 26).collect();
        let text: String = long.iter().map(|&o| char::from(o)).collect();
        let (_, _, results) = typed(&[&long[..], b"\r"].concat(), place);
        assert_eq!(results, [Typed::Line(text.clone())]);
        // wherever the cursor is, the screen shows the line around it
        for left in 0..=60 {
            let (screen, column, _) = typed(&[&long[..], &b"\x1b[D".repeat(left)].concat(), place);
            let shown = screen.strip_prefix("> ").expect("the label stays");
            let first = text.find(shown).expect("a part of the line");
            let firsts = [first, first + 26, first + 52];
            assert!(
                firsts.contains(&(60 - left + 2 - column)),
                "{left}: {screen}"
            );
        }
    }

    #[test]
    fn keys_at_random_never_spoil_the_screen() {
        let place = Place {
            character: true,
            columns: 16,
        };
        let keys: [&[u8]; 14] = [
            b"a", b"b", b" ", b"c", b"x", b"\x7f", b"\x1b[D", b"\x1b[C", b"\x01", b"\x05", b"\x17",
            b"\x0b", b"\x1b[A", b"\x1b[B",
        ];
        let mut seed = 7_u32;
        let mut octets = b"first line, a long one\rsecond\r".to_vec();
        for round in 0..2000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            octets.extend(keys[(seed >> 16) as usize % keys.len()]);
            if round % 50 == 49 {
                let (screen, column, _) = typed(&octets, place);
                let (_, _, results) = typed(&[&octets[..], b"\r"].concat(), place);
                let Some(Typed::Line(line)) = results.last() else {
                    panic!("{results:?}");
                };
                let shown = screen.get(2..).unwrap_or_default();
                assert!(line.contains(shown), "{shown:?} is not in {line:?}");
                assert!((2..16).contains(&column));
            }
        }
    }

    #[test]
    fn a_line_has_an_end() {
        let (screen, _, results) = typed(&[&[b'x'; LONGEST * 2][..], b"\r"].concat(), PLACE);
        assert_eq!(results, [Typed::Line("x".repeat(LONGEST))]);
        assert_eq!(screen, ">");
    }

    #[test]
    fn control_keys_lead_out_of_the_line() {
        let (_, _, results) = typed(b"ab\x03", PLACE);
        assert_eq!(results, [Typed::Interrupt]);
        let (_, _, results) = typed(b"\x04", PLACE);
        assert_eq!(results, [Typed::End]);
        let (_, _, results) = typed(b"sh tr\x1b[D\t", PLACE);
        assert_eq!(results, [Typed::Complete("sh t".into())]);
    }

    #[test]
    fn in_line_mode_and_for_passwords_nothing_is_shown() {
        let line = Place {
            character: false,
            columns: 80,
        };
        for (place, secret, after) in [(line, false, ""), (line, true, "\n"), (PLACE, true, "\n")] {
            let (mut prompt, mut keys) = (Prompt::default(), Keys::default());
            let mut out = String::new();
            prompt.ask("? ", secret, true, &mut out);
            assert_eq!(std::mem::take(&mut out), "? ");
            let mut results = Vec::new();
            for &octet in b"ac\x7fb\x1b[D\x1b[Ax\t\r" {
                let key = keys.octet(octet);
                results.extend(key.and_then(|key| prompt.key(key, place, &mut out)));
            }
            assert_eq!(results, [Typed::Line("axb".into())]);
            assert_eq!(out, after, "{place:?} {secret}");
        }
    }
}
