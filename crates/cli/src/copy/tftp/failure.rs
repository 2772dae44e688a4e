//! What went wrong, and what to do about it.

use super::super::Arguments;
use super::super::codes::{Code, Failure};
use super::super::progress::seconds;
use super::super::remote::Remote;
use super::Tftp;
use std::net::SocketAddr;
use wirelore_core::escape;
use wirelore_tftp::Failure as Protocol;
use wirelore_tokio::tftp::{ErrorCode, Unfinished};

/// What was asked for.
pub(super) struct Asked<'a> {
    pub(super) remote: &'a Tftp,
    pub(super) server: SocketAddr,
    pub(super) is_put: bool,
    /// How many addresses the host has.
    pub(super) addresses: usize,
    pub(super) arguments: &'a Arguments,
}

impl Asked<'_> {
    /// `begun`: the server answered at least once.
    pub(super) fn failure(&self, unfinished: &Unfinished, begun: bool, octets: u64) -> Failure {
        let url = self.remote.shown();
        match unfinished {
            Unfinished::Protocol {
                failure: Protocol::Peer { code },
                message,
            } => {
                let (exit, words, hint) = self.refusal(*code);
                let said = match &**message {
                    [] => String::new(),
                    message => format!(" (\"{}\")", escape(message)),
                };
                let hint = if hint.is_empty() {
                    String::new()
                } else {
                    format!(": {hint}")
                };
                Failure::new(exit, format!("{url}: {words}{said}{hint}"))
            }
            Unfinished::Protocol { failure, .. } => self.broken(*failure, begun, octets),
            Unfinished::Source(error) => Failure::of(error, Code::READING, "cannot read"),
            Unfinished::Target(error) => Failure::of(error, Code::WRITING, "cannot write"),
            Unfinished::Socket(error) => {
                Failure::of(error, Code::NETWORK, &format!("{url}: the socket failed"))
            }
            Unfinished::BadRequest => {
                let text = format!(
                    "{url}: the name is too long for a request of TFTP, which has 512 octets"
                );
                Failure::new(Code::MALFORMED_URL, text)
            }
            other => Failure::new(Code::NETWORK, format!("{url}: {other}")),
        }
    }

    /// The server's ERROR.
    fn refusal(&self, code: ErrorCode) -> (Code, &'static str, &'static str) {
        match (code, self.is_put) {
            (ErrorCode::FILE_NOT_FOUND, false) => (
                Code::NOT_FOUND,
                "not found on the server",
                "check the name; tftp://HOST//NAME asks for /NAME",
            ),
            (ErrorCode::FILE_NOT_FOUND, true) => (
                Code::NOT_FOUND,
                "the server has no such file to be written",
                "many servers only take files that exist there already",
            ),
            (ErrorCode::ACCESS_VIOLATION, false) => (
                Code::NO_PERMISSION,
                "the server gives no access to it",
                "is it in the folder that is served, and may everybody read it?",
            ),
            (ErrorCode::ACCESS_VIOLATION, true) => (
                Code::NO_PERMISSION,
                "the server does not let it be written",
                "are uploads allowed there?",
            ),
            (ErrorCode::DISK_FULL, _) => (
                Code::REMOTE_DISK_FULL,
                "no room on the server",
                "its disk is full, or the file is larger than it allows",
            ),
            (ErrorCode::UNKNOWN_TRANSFER_ID, _) => (
                Code::UNKNOWN_ID,
                "the server does not know this transfer any more",
                "try again",
            ),
            (ErrorCode::FILE_EXISTS, _) => (
                Code::REMOTE_EXISTS,
                "exists on the server already",
                "it does not overwrite files",
            ),
            (ErrorCode::NO_SUCH_USER, _) => {
                (Code::NO_SUCH_USER, "the server knows no such user", "")
            }
            (ErrorCode::OPTIONS_REFUSED, _) => (
                Code::ILLEGAL,
                "the server does not want these options",
                "try --no-options",
            ),
            (ErrorCode::ILLEGAL_OPERATION, _) => (
                Code::ILLEGAL,
                "the server calls this an illegal operation",
                "",
            ),
            _ => (Code::ILLEGAL, "the server gave up", ""),
        }
    }

    /// What was not the server's own decision.
    fn broken(&self, failure: Protocol, begun: bool, octets: u64) -> Failure {
        let (url, server) = (self.remote.shown(), self.server);
        let tries = self.arguments.retries.saturating_add(1);
        let times = if tries == 1 {
            "once".into()
        } else {
            format!("{tries} times")
        };
        match failure {
            Protocol::TimedOut if begun => {
                let direction = if self.is_put { "sent" } else { "received" };
                let text = format!(
                    "{url}: the server fell silent after {octets} bytes were {direction}, asked {times}"
                );
                Failure::new(Code::TIMEOUT, text)
            }
            Protocol::TimedOut => {
                let each = match self.arguments.timeout {
                    Some(wait) => format!(", {} each", seconds(wait)),
                    None => String::new(),
                };
                let other = match self.addresses {
                    1 => "",
                    _ if server.is_ipv4() => " (the host has other addresses: try -6)",
                    _ => " (the host has other addresses: try -4)",
                };
                let text = format!(
                    "no answer from {server}, asked {times}{each}: is a TFTP server listening there, \
                     and do firewalls let UDP pass?{other}"
                );
                Failure::new(Code::TIMEOUT, text)
            }
            Protocol::TooLarge { limit } => {
                let text = format!("{url}: the file is larger than --max-size, {limit} bytes");
                Failure::new(Code::TOO_LARGE, text)
            }
            Protocol::SourceChanged => {
                Failure::new(Code::READING, "the source changed while it was sent")
            }
            Protocol::Rollover => {
                let other = 1 - self.arguments.tftp.rollover;
                let text = format!(
                    "{url}: the server does not count blocks as we do after 65535: try --rollover {other}"
                );
                Failure::new(Code::PARTIAL, text)
            }
            other => {
                let text = format!("{url}: the server broke the protocol: {other}");
                Failure::new(Code::ILLEGAL, text)
            }
        }
    }
}
