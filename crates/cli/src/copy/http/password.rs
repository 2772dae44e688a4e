//! Asking for a password where nobody else sees it.

use super::super::codes::{Code, Failure};
use wirelore_core::escape;

/// Asks on the terminal, without showing what is typed.
pub(super) fn ask(name: &str, url: &str) -> Result<String, Failure> {
    let refused = |why: &str| {
        let text = format!("{url}: the password of {} is missing{why}", escape(name));
        Failure::new(Code::LOGIN, text)
    };
    match terminal::ask(&format!("Password of {} for {url}: ", escape(name))) {
        Ok(Some(password)) => Ok(password),
        Ok(None) => Err(refused("")),
        Err(_) => Err(refused(", and there is no terminal to ask on")),
    }
}

#[cfg(unix)]
mod terminal {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    use std::fs::{File, OpenOptions};
    use std::io::{self, BufRead, BufReader, Write};

    /// A line; nothing at the end of the input.
    pub(super) fn ask(prompt: &str) -> io::Result<Option<String>> {
        let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        write!(terminal, "{prompt}")?;
        terminal.flush()?;
        let quiet = Quiet::new(terminal.try_clone()?)?;
        let mut line = String::new();
        let read = BufReader::new(&terminal).read_line(&mut line);
        drop(quiet);
        writeln!(terminal)?;
        let line = line.trim_end_matches(['\r', '\n']);
        Ok((read? > 0).then(|| line.to_owned()))
    }

    /// A terminal that does not show what is typed, until this is dropped.
    struct Quiet {
        terminal: File,
        before: rustix::termios::Termios,
    }

    impl Quiet {
        fn new(terminal: File) -> io::Result<Self> {
            let before = tcgetattr(&terminal)?;
            let mut quiet = before.clone();
            quiet.local_modes -= LocalModes::ECHO;
            tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
            Ok(Self { terminal, before })
        }
    }

    impl Drop for Quiet {
        fn drop(&mut self) {
            let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
        }
    }
}

#[cfg(not(unix))]
mod terminal {
    use std::io;

    pub(super) fn ask(_: &str) -> io::Result<Option<String>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
