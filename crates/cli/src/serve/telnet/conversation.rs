//! What is said to a peer, key by key: who it is, commands, pages. Knows neither sockets nor time.

use super::console;
use super::keys::{Key, Keys};
use super::pager::{Pager, Window};
use super::prompt::{Place, Prompt, Typed};

const LABEL: &str = "wirelore> ";
/// So many times a peer may say who it is.
pub(super) const TRIES: u32 = 3;

/// A conversation with one peer.
#[derive(Debug)]
pub(super) struct Conversation {
    keys: Keys,
    prompt: Prompt,
    pager: Pager,
    phase: Phase,
    /// Wrong passwords so far.
    wrong: u32,
    /// See [`Place::character`].
    pub(super) character: bool,
    pub(super) window: Window,
}

#[derive(Debug)]
enum Phase {
    Name,
    Password { name: String },
    Command,
}

/// What the peer wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To be let in; answer by `let_in` or `refuse`.
    LogIn { name: String, password: String },
    /// A command; answer by `answer`.
    Run(String),
    /// To leave.
    Leave,
}

impl Conversation {
    pub(super) fn new() -> Self {
        Self {
            keys: Keys::default(),
            prompt: Prompt::default(),
            pager: Pager::default(),
            phase: Phase::Command,
            wrong: 0,
            character: false,
            window: Window::default(),
        }
    }

    /// The first words. With `log_in`, the peer has to say who it is.
    pub(super) fn begin(&mut self, log_in: bool, out: &mut String) {
        let version = env!("CARGO_PKG_VERSION");
        *out += &format!("Wirelore {version} console; ? lists the commands\n\n");
        match log_in {
            true => self.ask_name(out),
            false => self.ask_command(out),
        }
    }

    /// Whether what is typed now must not be seen.
    pub(super) const fn hides(&self) -> bool {
        matches!(self.phase, Phase::Password { .. })
    }

    /// Whether the peer has still to say who it is.
    pub(super) const fn logs_in(&self) -> bool {
        !matches!(self.phase, Phase::Command)
    }

    /// An octet that was typed.
    pub(super) fn octet(&mut self, octet: u8, out: &mut String) -> Option<Wish> {
        let key = self.keys.octet(octet)?;
        self.key(key, out)
    }

    /// A key, or what the peer's TELNET has instead of one.
    pub(super) fn key(&mut self, key: Key, out: &mut String) -> Option<Wish> {
        if self.pager.waits() {
            self.pager.key(key, self.window, out);
            if !self.pager.waits() {
                self.ask_command(out);
            }
            return None;
        }
        if key == Key::Redraw {
            if self.character {
                out.push('\n');
                self.prompt.again(self.place(), out);
            }
            return None;
        }
        match self.prompt.key(key, self.place(), out)? {
            Typed::Line(line) => self.line(line, out),
            Typed::Interrupt => {
                match self.phase {
                    Phase::Command => self.ask_command(out),
                    _ => self.ask_name(out),
                }
                None
            }
            Typed::End => Some(Wish::Leave),
            Typed::Complete(before) => {
                self.complete(&before, out);
                None
            }
        }
    }

    /// The peer asks whether somebody is there (AYT).
    pub(super) fn be_there(&mut self, out: &mut String) {
        out.push_str("\n[Yes]\n");
        if !self.pager.waits() {
            self.prompt.again(self.place(), out);
        }
    }

    /// The peer does not want to see the rest of an answer (AO, IP).
    pub(super) fn stop(&mut self, out: &mut String) {
        if self.pager.waits() {
            self.pager.stop(out);
            self.ask_command(out);
        }
    }

    /// A command's answer, and the next question.
    pub(super) fn answer(&mut self, lines: Vec<String>, out: &mut String) {
        let window = self.character.then_some(self.window);
        self.pager.show(lines, window, out);
        if !self.pager.waits() {
            self.ask_command(out);
        }
    }

    pub(super) fn let_in(&mut self, out: &mut String) {
        out.push('\n');
        self.ask_command(out);
    }

    /// The name or the password is wrong. Whether it may try again: the first question was asked
    /// then.
    pub(super) fn refuse(&mut self, out: &mut String) -> bool {
        self.wrong += 1;
        *out += "Login incorrect\n";
        let again = self.wrong < TRIES;
        if again {
            self.ask_name(out);
        }
        again
    }

    /// How many times it was wrong.
    pub(super) const fn wrong(&self) -> u32 {
        self.wrong
    }

    fn line(&mut self, line: String, out: &mut String) -> Option<Wish> {
        match &mut self.phase {
            Phase::Command => Some(Wish::Run(line)),
            Phase::Name if line.trim().is_empty() => {
                self.ask_name(out);
                None
            }
            Phase::Name => {
                let name = line.trim().to_owned();
                self.phase = Phase::Password { name };
                self.prompt.ask("Password: ", true, false, out);
                None
            }
            Phase::Password { name } => Some(Wish::LogIn {
                name: std::mem::take(name),
                password: line,
            }),
        }
    }

    fn complete(&mut self, before: &str, out: &mut String) {
        let place = self.place();
        if !matches!(self.phase, Phase::Command) {
            return;
        }
        match console::complete(before) {
            Ok(rest) => self.prompt.insert(&rest, place, out),
            Err(several) if several.is_empty() => out.push('\x07'),
            Err(several) => {
                *out += &format!("\n{}\n", several.join("  "));
                self.prompt.again(place, out);
            }
        }
    }

    fn ask_name(&mut self, out: &mut String) {
        self.phase = Phase::Name;
        self.prompt.ask("Username: ", false, false, out);
    }

    fn ask_command(&mut self, out: &mut String) {
        self.phase = Phase::Command;
        self.prompt.ask(LABEL, false, true, out);
    }

    const fn place(&self) -> Place {
        Place {
            character: self.character,
            columns: self.window.columns(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(log_in: bool, character: bool) -> Conversation {
        let mut talk = Conversation::new();
        talk.character = character;
        talk.begin(log_in, &mut String::new());
        talk
    }

    fn typed(talk: &mut Conversation, text: &str) -> (Vec<Wish>, String) {
        let mut out = String::new();
        let octets = text.bytes();
        let wishes = octets.filter_map(|octet| talk.octet(octet, &mut out));
        (wishes.collect(), out)
    }

    #[test]
    fn commands_are_echoed_and_asked_for_again() {
        let mut talk = talk(false, true);
        let (wishes, out) = typed(&mut talk, "who\r\n");
        assert_eq!(wishes, [Wish::Run("who".into())]);
        assert_eq!(out, "who\n");
        let mut out = String::new();
        talk.answer(vec!["a".into(), "b".into()], &mut out);
        assert_eq!(out, "a\nb\nwirelore> ");
        assert_eq!(typed(&mut talk, "x\x03").1, "x^C\nwirelore> ");
        assert_eq!(typed(&mut talk, "\x04").0, [Wish::Leave]);
    }

    #[test]
    fn in_line_mode_nothing_is_echoed_and_nothing_is_paged() {
        let mut talk = talk(false, false);
        let (wishes, out) = typed(&mut talk, "sh tr\t\x0c\n");
        assert_eq!(wishes, [Wish::Run("sh tr".into())]);
        assert_eq!(out, "");
        let mut out = String::new();
        talk.answer(vec!["x".into(); 100], &mut out);
        assert_eq!(out, "x\n".repeat(100) + LABEL);
    }

    #[test]
    fn long_answers_come_in_pages() {
        let mut talk = talk(false, true);
        talk.window = Window {
            columns: 80,
            rows: 5,
        };
        let mut out = String::new();
        talk.answer(vec!["x".into(); 6], &mut out);
        assert_eq!(out, "x\n".repeat(4) + "--More--");
        let (wishes, out) = typed(&mut talk, " ");
        assert_eq!(wishes, []);
        assert!(out.ends_with("x\nx\nwirelore> "), "{out:?}");
        talk.answer(vec!["x".into(); 60], &mut String::new());
        let (wishes, out) = typed(&mut talk, "qwho\r");
        assert_eq!(wishes, [Wish::Run("who".into())]);
        assert!(out.ends_with("wirelore> who\n"), "{out:?}");
        talk.answer(vec!["x".into(); 60], &mut String::new());
        let mut out = String::new();
        talk.stop(&mut out);
        assert!(out.ends_with(LABEL), "{out:?}");
        out.clear();
        talk.stop(&mut out);
        assert_eq!(out, "");
    }

    #[test]
    fn three_tries_to_log_in_and_no_echo_of_the_password() {
        for character in [true, false] {
            let mut talk = talk(true, character);
            for wrong in 1..=TRIES {
                assert!(talk.logs_in() && !talk.hides());
                let (_, out) = typed(&mut talk, "\r");
                assert!(out.ends_with("Username: "), "{out:?}");
                let (wishes, out) = typed(&mut talk, " ann \r");
                assert_eq!(wishes, []);
                let echo = if character { " ann \n" } else { "" };
                assert_eq!(out, format!("{echo}Password: "));
                assert!(talk.hides());
                let (wishes, out) = typed(&mut talk, "se?x\x7fcret \r");
                let (name, password) = ("ann".to_owned(), "se?cret ".to_owned());
                assert_eq!(wishes, [Wish::LogIn { name, password }]);
                assert_eq!(out, "\n");
                let mut out = String::new();
                assert_eq!(talk.refuse(&mut out), wrong < TRIES);
            }
            assert_eq!(talk.wrong(), TRIES);
        }
    }

    #[test]
    fn a_login_can_be_begun_again_and_leaves_no_history() {
        let mut talk = talk(true, true);
        let (_, out) = typed(&mut talk, "x\r\x03");
        assert!(out.ends_with("^C\nUsername: "), "{out:?}");
        let (wishes, _) = typed(&mut talk, "ann\rsecret\r");
        assert_eq!(wishes.len(), 1);
        let mut out = String::new();
        talk.let_in(&mut out);
        assert_eq!(out, "\nwirelore> ");
        assert!(!talk.logs_in());
        assert_eq!(typed(&mut talk, "\x1b[A").1, "\x07");
    }

    #[test]
    fn tab_completes_or_shows_what_could_follow() {
        let mut talk = talk(false, true);
        assert_eq!(typed(&mut talk, "sh\t").1, "show ");
        let (_, out) = typed(&mut talk, "\t");
        assert_eq!(out, "\nendpoints  transfers\nwirelore> show ");
        let (wishes, out) = typed(&mut talk, "t\t\r");
        assert_eq!(wishes, [Wish::Run("show transfers ".into())]);
        assert_eq!(out, "transfers \n");
        assert_eq!(typed(&mut talk, "zz\t").1, "zz\x07");
        // in the middle of a line, what stands behind stays
        let (wishes, _) = typed(&mut talk, "\x15w x\x1b[D\x1b[D\t\r");
        assert_eq!(wishes, [Wish::Run("who  x".into())]);
    }
}
