//! What the logs and the board are told of requests.

use super::access_log;
use super::facts::Facts;
use super::visitor::{Job, Visitor, path};
use crate::serve::board::{Pin, Running};
use crate::serve::log::Transfer;
use std::sync::Arc;
use std::time::Instant;
use wirelore_http1::Version;
use wirelore_http1::value::percent;
use wirelore_http1::wire::RequestHead;
use wirelore_tokio::http1::server::ExchangeError;

/// A request that was answered.
pub(super) struct Line<'l> {
    pub(super) method: &'l [u8],
    pub(super) target: &'l [u8],
    pub(super) version: Version,
    pub(super) facts: &'l Facts<'l>,
    pub(super) user: Option<&'l str>,
    pub(super) since: Instant,
    pub(super) status: u16,
    /// Octets of the response's body.
    pub(super) sent: u64,
    /// Octets of the file, in either direction.
    pub(super) moved: u64,
    /// Why it failed, safe to show.
    pub(super) error: Option<&'l str>,
    /// What was asked for, still encoded.
    pub(super) name: &'l [u8],
}

impl Visitor {
    pub(super) fn account(&self, line: &Line<'_>) {
        let house = &self.house;
        let elapsed = line.since.elapsed();
        if let Some(log) = &house.access_log {
            log.line(&access_log::Entry {
                client: self.peer,
                user: line.user,
                method: line.method,
                target: line.target,
                version: line.version,
                status: line.status,
                octets: line.sent,
                elapsed,
                referer: line.facts.referer,
                user_agent: line.facts.user_agent,
                secure: self.secure,
            });
        }
        let direction = match line.method {
            b"GET" => "read",
            b"PUT" => "write",
            b"DELETE" => "delete",
            _ if line.error.is_none() => return,
            _ => "ask",
        };
        // a login that is asked for is no failure yet
        if line.status == 401 && line.facts.authorization.is_none() {
            return;
        }
        let mut options = Vec::new();
        if !matches!(line.status, 200 | 201 | 204) {
            options.push(("status", line.status.into()));
        }
        if let Some(user) = line.user {
            options.push(("user", user.into()));
        }
        let name = percent::decode(line.name);
        let name = name.as_deref().unwrap_or(line.name);
        house.log.transfer(&Transfer {
            protocol: self.protocol(),
            client: self.peer,
            direction,
            file: name,
            octets: line.moved,
            elapsed,
            options,
            retransmits: 0,
            error: line.error.map(|why| (why.to_owned(), Some(line.status))),
        });
    }

    pub(super) const fn protocol(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }
}

/// A request that takes its time.
pub(super) struct Account<'a> {
    visitor: &'a Visitor,
    job: &'a Job,
    facts: &'a Facts<'a>,
    pub(super) is_head: bool,
    status: u16,
    sent: u64,
    moved: u64,
    error: Option<String>,
    pin: Option<Pin>,
}

impl<'a> Account<'a> {
    pub(super) fn new(visitor: &'a Visitor, job: &'a Job, facts: &'a Facts<'a>) -> Self {
        Self {
            visitor,
            job,
            facts,
            is_head: job.head.method() == b"HEAD",
            status: 0,
            sent: 0,
            moved: 0,
            error: None,
            pin: None,
        }
    }

    pub(super) const fn answers(&mut self, status: u16) {
        self.status = status;
    }

    pub(super) fn fails(&mut self, why: &str) {
        self.error = Some(why.to_owned());
    }

    /// Octets of a response that is no file.
    pub(super) const fn sends(&mut self, octets: u64) {
        self.sent += octets;
    }

    /// The file begins to move.
    pub(super) fn begins(&mut self, size: Option<u64>) {
        let direction = match self.job.work {
            super::visitor::Work::Put => "write",
            _ => "read",
        };
        let name = path(&self.job.head);
        self.pin = Some(self.visitor.house.log.board().transfer(Running {
            protocol: self.visitor.protocol(),
            client: self.visitor.peer,
            direction,
            file: percent::decode(name).map_or_else(|_| name.to_vec(), |name| name.into_owned()),
            octets: Arc::default(),
            size,
            since: self.job.since,
        }));
    }

    /// More octets of the file have moved.
    pub(super) fn moves(&mut self, octets: u64) {
        self.moved += octets;
        if let Some(pin) = &self.pin {
            pin.progress(self.moved);
        }
    }

    /// It is over.
    pub(super) fn close(mut self, done: &Result<(), ExchangeError>) {
        if let Err(error) = done {
            self.error = Some(match error {
                ExchangeError::Io(error) => format!("the connection failed: {error}"),
                ExchangeError::Request(error) if self.status == 0 => {
                    self.status = error.reply_hint();
                    error.to_string()
                }
                error => error.to_string(),
            });
        }
        self.pin = None;
        let head: &RequestHead<Vec<u8>> = &self.job.head;
        let sent = match self.job.work {
            super::visitor::Work::Put => self.sent,
            _ => self.sent + self.moved,
        };
        self.visitor.account(&Line {
            user: self.job.user.as_deref(),
            since: self.job.since,
            // 499 is what others write too, of a client that went away
            status: if self.status == 0 { 499 } else { self.status },
            sent,
            moved: self.moved,
            error: self.error.as_deref(),
            name: path(head),
            ..Line::of(head, self.facts)
        });
    }
}

impl<'l> Line<'l> {
    /// Of a request, of which nothing else is known.
    pub(super) fn of<B: AsRef<[u8]>>(head: &'l RequestHead<B>, facts: &'l Facts<'l>) -> Self {
        Self {
            method: head.method(),
            target: head.target(),
            version: head.version(),
            facts,
            user: None,
            since: Instant::now(),
            status: 0,
            sent: 0,
            moved: 0,
            error: None,
            name: b"",
        }
    }
}
