//! How the command ends, and what it says then.

use std::io;
use std::path::Path;
use std::process::ExitCode;

/// Everything that was asked for was done; whether the input was what it was said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Exit code 0.
    Good,
    /// Exit code 1.
    Bad,
}

impl Verdict {
    pub(crate) const fn good(good: bool) -> Self {
        if good { Self::Good } else { Self::Bad }
    }
}

/// What ends the command early. The text is one line, for stderr.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong use: exit code 2.
    Usage(String),
    /// The input cannot be taken for what it should be: exit code 1.
    Input(String),
    /// Output cannot be written: exit code 1, or 141 and not a word when nobody reads it any more,
    /// as if SIGPIPE had ended the process.
    Output(io::Error),
}

impl Failure {
    /// A file named by the user cannot be read.
    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::Usage(format!("{}: {error}", path.display()))
    }
}

/// Only writing fails with a bare `io::Error`: reading says what could not be read.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// The exit code of `result`, after saying on stderr what went wrong.
pub(crate) fn code(result: Result<Verdict, Failure>) -> ExitCode {
    let (text, code) = match result {
        Ok(Verdict::Good) => return ExitCode::SUCCESS,
        Ok(Verdict::Bad) => return ExitCode::from(1),
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return ExitCode::from(141);
        }
        Err(Failure::Output(error)) => (format!("cannot write: {error}"), 1),
        Err(Failure::Input(text)) => (text, 1),
        Err(Failure::Usage(text)) => (text, 2),
    };
    anstream::eprintln!("wirelore: {text}");
    ExitCode::from(code)
}
