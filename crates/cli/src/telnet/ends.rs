//! How a session ends: exit codes, with curl's numbers where curl has one.

use std::fmt;
use std::io;

/// An exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Code(pub(crate) u8);

impl Code {
    pub(crate) const GOOD: Self = Self(0);
    pub(crate) const USAGE: Self = Self(2);
    pub(crate) const NO_SUCH_HOST: Self = Self(6);
    pub(crate) const NO_ROUTE: Self = Self(7);
    pub(crate) const WRITING: Self = Self(23);
    pub(crate) const READING: Self = Self(26);
    pub(crate) const TIMEOUT: Self = Self(28);
    pub(crate) const INTERFACE: Self = Self(45);
    pub(crate) const NETWORK: Self = Self(56);
    pub(crate) const HANGUP: Self = Self(129);
    pub(crate) const INTERRUPTED: Self = Self(130);
    pub(crate) const ABORTED: Self = Self(131);
    pub(crate) const UNREAD: Self = Self(141);
    pub(crate) const TERMINATED: Self = Self(143);
}

/// Every code there is, and when. `docs/telnet.md` has the same rows.
pub(crate) const TABLE: &[(Code, &str)] = &[
    (Code::GOOD, "the peer closed the connection, or you did"),
    (Code::USAGE, "wrong use"),
    (Code::NO_SUCH_HOST, "the host name was not resolved"),
    (
        Code::NO_ROUTE,
        "no connection: refused, or no way to the host",
    ),
    (
        Code::WRITING,
        "stdout, the log or the capture cannot be written",
    ),
    (Code::READING, "stdin or the terminal cannot be used"),
    (Code::TIMEOUT, "no connection in time"),
    (Code::INTERFACE, "the local address cannot be used"),
    (
        Code::NETWORK,
        "the connection broke: reset by the peer, or timed out",
    ),
    (Code::HANGUP, "ended by SIGHUP, or the terminal went away"),
    (Code::INTERRUPTED, "ended by SIGINT"),
    (Code::ABORTED, "ended by SIGQUIT"),
    (Code::UNREAD, "nobody reads stdout any more"),
    (Code::TERMINATED, "ended by SIGTERM"),
];

/// The table, for people.
pub(crate) fn help() -> String {
    let mut text = String::from("Exit codes of wirelore telnet (curl's, where curl has one):\n\n");
    for (code, meaning) in TABLE {
        text += &format!("{:>5}  {meaning}\n", code.0);
    }
    text
}

/// Why it ended before its time. The text is one line, safe to print; empty where nothing is to be
/// said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) text: String,
}

impl Failure {
    pub(crate) fn new(code: Code, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code, text }
    }

    /// What the system refused, and about what.
    pub(crate) fn of(error: &io::Error, code: Code, what: impl fmt::Display) -> Self {
        Self::new(code, format!("{what}: {}", plain(error)))
    }

    /// Stdout failed: no word when nobody reads it any more, as if SIGPIPE had ended the process.
    pub(crate) fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Code::UNREAD, ""),
            _ => Self::of(error, Code::WRITING, "cannot write"),
        }
    }
}

/// What the system says, without the number it also has for it.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text
        .split_once(" (os error")
        .map_or(&*text, |(words, _)| words);
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_every_code_once() {
        assert!(TABLE.is_sorted_by(|(a, _), (b, _)| a < b));
        assert!(TABLE.iter().all(|(_, meaning)| meaning.len() < 80));
    }

    #[test]
    fn errors_are_told_in_plain_words() {
        let refused = io::Error::from_raw_os_error(111);
        let failure = Failure::of(&refused, Code::NO_ROUTE, "127.0.0.1:1");
        assert_eq!(failure.text, "127.0.0.1:1: connection refused");
        assert_eq!(Failure::output(&io::ErrorKind::BrokenPipe.into()).text, "");
    }
}
