//! What the command itself says: on stderr, between the lines of the server.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};

/// Our voice, and what it is to tell of. The session and the stream below it share one.
#[derive(Debug, Default)]
pub(crate) struct Console {
    /// The terminal does not turn LF into CR LF.
    pub(crate) raw: Cell<bool>,
    /// Negotiations are told in words.
    pub(crate) options: Cell<bool>,
    /// Every octet on the network is shown in hex.
    pub(crate) netdata: Cell<bool>,
}

impl Console {
    /// Says whole lines. What comes from others must have been escaped.
    pub(crate) fn say(&self, lines: &str) {
        self.write(&format!("{lines}\n"));
    }

    /// Says something that is no whole line. Nobody can be told if that fails.
    pub(crate) fn write(&self, text: &str) {
        let mut stderr = io::stderr().lock();
        let _ = match self.raw.get() && stderr.is_terminal() {
            true => stderr.write_all(text.replace('\n', "\r\n").as_bytes()),
            false => stderr.write_all(text.as_bytes()),
        };
    }
}
