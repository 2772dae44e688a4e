//! How a copy ends: one table of exit codes, with curl's numbers where curl has one, because scripts
//! know them already.

use std::fmt;
use std::io;

/// An exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Code(pub(crate) u8);

impl Code {
    pub(crate) const COPIED: Self = Self(0);
    pub(crate) const UNKNOWN_SCHEME: Self = Self(1);
    pub(crate) const USAGE: Self = Self(2);
    pub(crate) const MALFORMED_URL: Self = Self(3);
    pub(crate) const NO_SUCH_PROXY: Self = Self(5);
    pub(crate) const NO_SUCH_HOST: Self = Self(6);
    pub(crate) const NO_ROUTE: Self = Self(7);
    pub(crate) const NOT_HTTP: Self = Self(8);
    pub(crate) const PARTIAL: Self = Self(18);
    pub(crate) const HTTP_ERROR: Self = Self(22);
    pub(crate) const WRITING: Self = Self(23);
    pub(crate) const READING: Self = Self(26);
    pub(crate) const TIMEOUT: Self = Self(28);
    pub(crate) const NO_RANGE: Self = Self(33);
    pub(crate) const TLS: Self = Self(35);
    pub(crate) const FILE_URL: Self = Self(37);
    pub(crate) const INTERFACE: Self = Self(45);
    pub(crate) const REDIRECTS: Self = Self(47);
    pub(crate) const EMPTY_REPLY: Self = Self(52);
    pub(crate) const SENDING: Self = Self(55);
    pub(crate) const NETWORK: Self = Self(56);
    pub(crate) const CERTIFICATE: Self = Self(60);
    pub(crate) const TOO_LARGE: Self = Self(63);
    pub(crate) const REWIND: Self = Self(65);
    pub(crate) const LOGIN: Self = Self(67);
    pub(crate) const NOT_FOUND: Self = Self(68);
    pub(crate) const NO_PERMISSION: Self = Self(69);
    pub(crate) const REMOTE_DISK_FULL: Self = Self(70);
    pub(crate) const ILLEGAL: Self = Self(71);
    pub(crate) const UNKNOWN_ID: Self = Self(72);
    pub(crate) const REMOTE_EXISTS: Self = Self(73);
    pub(crate) const NO_SUCH_USER: Self = Self(74);
    pub(crate) const CA_FILE: Self = Self(77);
    pub(crate) const CHECKSUM: Self = Self(90);
    pub(crate) const REFUSED: Self = Self(91);
    pub(crate) const PROXY: Self = Self(97);
    pub(crate) const HANGUP: Self = Self(129);
    pub(crate) const INTERRUPTED: Self = Self(130);
    pub(crate) const TERMINATED: Self = Self(143);
}

/// Every code there is, and when. `docs/copy.md` has the same rows.
pub(crate) const TABLE: &[(Code, &str)] = &[
    (Code::COPIED, "everything was copied"),
    (
        Code::UNKNOWN_SCHEME,
        "the URL has a scheme that is not known here",
    ),
    (
        Code::USAGE,
        "wrong use: unknown option, or options that exclude each other",
    ),
    (
        Code::MALFORMED_URL,
        "malformed URL, or a name that the protocol cannot carry",
    ),
    (Code::NO_SUCH_PROXY, "the proxy's name was not resolved"),
    (Code::NO_SUCH_HOST, "the host name was not resolved"),
    (
        Code::NO_ROUTE,
        "no way to the host; a TFTP server that is not there is a timeout, 28",
    ),
    (Code::NOT_HTTP, "HTTP: what the server says is no HTTP"),
    (Code::PARTIAL, "what came is not the whole file"),
    (
        Code::HTTP_ERROR,
        "HTTP: the server refused: any status of 400 and above",
    ),
    (Code::WRITING, "the target cannot be written"),
    (
        Code::READING,
        "the source cannot be read, or changed while it was",
    ),
    (Code::TIMEOUT, "no answer in time, at the start or later"),
    (
        Code::NO_RANGE,
        "HTTP: cannot go on in the middle of the file",
    ),
    (Code::TLS, "TLS: the two sides do not come together"),
    (Code::FILE_URL, "the source of a file: URL cannot be opened"),
    (
        Code::INTERFACE,
        "the interface, local address or local port cannot be used",
    ),
    (Code::REDIRECTS, "HTTP: more redirects than --max-redirects"),
    (Code::EMPTY_REPLY, "HTTP: the server closed without a word"),
    (Code::SENDING, "HTTP: the connection broke while we sent"),
    (Code::NETWORK, "the socket failed"),
    (
        Code::CERTIFICATE,
        "TLS: the server's certificate is not to be trusted",
    ),
    (Code::TOO_LARGE, "larger than --max-size"),
    (
        Code::REWIND,
        "HTTP: the source would have to be read again, and cannot be",
    ),
    (
        Code::LOGIN,
        "HTTP: the server or proxy does not accept the login",
    ),
    (Code::NOT_FOUND, "TFTP: file not found on the server"),
    (Code::NO_PERMISSION, "TFTP: the server allows no access"),
    (Code::REMOTE_DISK_FULL, "TFTP: the server's disk is full"),
    (
        Code::ILLEGAL,
        "TFTP: the server refused for another reason, or broke the protocol",
    ),
    (
        Code::UNKNOWN_ID,
        "TFTP: the server does not know the transfer any more",
    ),
    (
        Code::REMOTE_EXISTS,
        "TFTP: the file exists on the server already",
    ),
    (Code::NO_SUCH_USER, "TFTP: the server knows no such user"),
    (Code::CA_FILE, "the file of --cacert cannot be used"),
    (
        Code::CHECKSUM,
        "not the digest given with --checksum, or announced by the server",
    ),
    (
        Code::REFUSED,
        "refused: the target exists (--no-clobber), or a redirect is unsafe",
    ),
    (Code::PROXY, "the proxy does not open a way to the host"),
    (Code::HANGUP, "ended by SIGHUP"),
    (Code::INTERRUPTED, "ended by SIGINT (Ctrl-C)"),
    (Code::TERMINATED, "ended by SIGTERM"),
];

/// The table, for people.
pub(crate) fn help() -> String {
    let mut text = String::from("Exit codes of wirelore copy (curl's, where curl has one):\n\n");
    for (code, meaning) in TABLE {
        text += &format!("{:>5}  {meaning}\n", code.0);
    }
    text
}

/// Why nothing, or not everything, was copied. The text is one line, safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) text: String,
    /// It only happened because the other side of the copy failed first.
    pub(crate) follows: bool,
}

impl Failure {
    pub(crate) fn new(code: Code, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            code,
            text,
            follows: false,
        }
    }

    /// The failure inside of `error`, if one of ours was put there, or else a new one.
    pub(crate) fn of(error: &io::Error, code: Code, place: &str) -> Self {
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Self>())
        {
            Some(failure) => failure.clone(),
            None => Self::new(code, format!("{place}: {}", plain(error))),
        }
    }

    /// Goes through interfaces that know `io::Error` only.
    pub(crate) fn into_io(self) -> io::Error {
        let kind = match self.code {
            Code::TOO_LARGE => io::ErrorKind::FileTooLarge,
            Code::REFUSED => io::ErrorKind::AlreadyExists,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, self)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

/// What the system says, without the number it also has for it.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => lower(words),
        None => text,
    }
}

fn lower(words: &str) -> String {
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
        for (code, meaning) in TABLE {
            assert!(
                !meaning.is_empty() && meaning.len() < 80,
                "{code:?}: {meaning}"
            );
        }
    }

    #[test]
    fn curls_numbers_are_kept() {
        let curls = [
            (Code::UNKNOWN_SCHEME, 1),
            (Code::MALFORMED_URL, 3),
            (Code::NO_SUCH_PROXY, 5),
            (Code::NO_SUCH_HOST, 6),
            (Code::NO_ROUTE, 7),
            (Code::NOT_HTTP, 8),
            (Code::PARTIAL, 18),
            (Code::HTTP_ERROR, 22),
            (Code::WRITING, 23),
            (Code::READING, 26),
            (Code::TIMEOUT, 28),
            (Code::NO_RANGE, 33),
            (Code::TLS, 35),
            (Code::FILE_URL, 37),
            (Code::INTERFACE, 45),
            (Code::REDIRECTS, 47),
            (Code::EMPTY_REPLY, 52),
            (Code::SENDING, 55),
            (Code::NETWORK, 56),
            (Code::CERTIFICATE, 60),
            (Code::TOO_LARGE, 63),
            (Code::REWIND, 65),
            (Code::LOGIN, 67),
            (Code::CA_FILE, 77),
            (Code::PROXY, 97),
            (Code::NOT_FOUND, 68),
            (Code::NO_PERMISSION, 69),
            (Code::REMOTE_DISK_FULL, 70),
            (Code::ILLEGAL, 71),
            (Code::UNKNOWN_ID, 72),
            (Code::REMOTE_EXISTS, 73),
            (Code::NO_SUCH_USER, 74),
        ];
        for (code, number) in curls {
            assert_eq!(code.0, number);
            assert!(
                TABLE.iter().any(|(listed, _)| *listed == code),
                "{code:?} is not listed"
            );
        }
    }

    #[test]
    fn a_failure_survives_the_way_through_an_io_error() {
        let failure = Failure::new(Code::TOO_LARGE, "too large");
        let error = failure.clone().into_io();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(Failure::of(&error, Code::WRITING, "x"), failure);
        let other = Failure::of(&io::Error::from_raw_os_error(2), Code::WRITING, "x");
        assert_eq!(
            (other.code, &*other.text),
            (Code::WRITING, "x: no such file or directory")
        );
    }
}
