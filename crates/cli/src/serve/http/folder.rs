//! Pages that show what is in a folder.
//!
//! They cost much more than files: a look at every entry, and memory until the client has read the page.
//! So few are made at a time, and not many are on their way; others wait, and hold up nobody else.

use super::account::Account;
use super::answer::{self, Answer};
use super::facts::Facts;
use super::page;
use super::visitor::{Job, Visitor};
use crate::policy::{Denied, Folder};
use std::io;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use wirelore_http1::value::conditional::{Outcome, Recipient, Selected};
use wirelore_tokio::http1::server::{Exchange, ExchangeError, Transport};

/// So many pages are made at a time.
const MADE: usize = 2;
/// So many long ones are on their way.
const SENT: usize = 64;
/// What is longer is long.
const LONG: usize = 64 << 10;
/// So long a long one waits for its turn.
const TURN: Duration = Duration::from_secs(5);
/// A page may take so long, and a second more for each 16 KiB.
const SLOW: Duration = Duration::from_secs(60);

/// How many pages there may be.
pub(super) struct Presses {
    made: Semaphore,
    sent: Semaphore,
}

impl Default for Presses {
    fn default() -> Self {
        Self {
            made: Semaphore::new(MADE),
            sent: Semaphore::new(SENT),
        }
    }
}

/// A folder that is to be shown.
pub(super) struct Shown {
    pub(super) folder: Folder,
    /// As it was asked for, decoded.
    pub(super) path: Vec<u8>,
    pub(super) query: Option<Vec<u8>>,
}

pub(super) async fn send<T: Transport>(
    shown: Shown,
    visitor: &Visitor,
    job: &Job,
    facts: &Facts<'_>,
    exchange: &mut Exchange<'_, T>,
    account: &mut Account<'_>,
) -> Result<(), ExchangeError> {
    // a page has no validators, but there is one
    let (now, there) = (answer::now(), Selected::new());
    let method = job.head.method();
    let outcome = (facts.conditions).evaluate(method, Some(&there), Recipient::Origin, now);
    match outcome {
        Outcome::Proceed | Outcome::IgnoreRange => {}
        Outcome::NotModified => {
            return answer::send(&Answer::empty(304), facts, exchange, account);
        }
        Outcome::PreconditionFailed => {
            let failed = Answer::error(412, "a page of a folder has no tag");
            return answer::send(&failed, facts, exchange, account);
        }
    }
    let presses = &visitor.house.presses;
    let made = {
        // never closed
        let _press = presses.made.acquire().await;
        make(shown, visitor, job, facts).await
    };
    let mut answer = made.unwrap_or_else(|denied| Answer::denied(denied, false));
    let len = answer.page_len();
    let turn = match len {
        0..=LONG => None,
        _ => match timeout(TURN, presses.sent.acquire()).await {
            Ok(turn) => turn.ok(),
            Err(_) => {
                answer = Answer::busy("too many folders are being shown");
                None
            }
        },
    };
    answer::send(&answer, facts, exchange, account)?;
    let limit = SLOW + Duration::from_secs(len as u64 / 16_384);
    let flushed = timeout(limit, exchange.flush()).await;
    drop(turn);
    flushed.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
}

async fn make(
    shown: Shown,
    visitor: &Visitor,
    job: &Job,
    facts: &Facts<'_>,
) -> Result<Answer, Denied> {
    let (policy, asker) = (visitor.policy(), visitor.asker());
    let kind = page::choose(facts.accept.as_deref(), shown.query.as_deref());
    let server = job.head.authority().filter(|host| !host.is_empty());
    let server =
        server.map(|host| format!("{}://{}", visitor.protocol(), String::from_utf8_lossy(host)));
    let made = tokio::task::spawn_blocking(move || {
        let Shown {
            folder,
            path,
            query,
        } = shown;
        let mut entries = policy.entries(&asker, &folder, policy.max_list())?;
        // such a name cannot stand in a path
        entries.entries.retain(|entry| !entry.name.contains(&b'\\'));
        let view = page::View {
            path: &path,
            entries: &entries.entries,
            cut: entries.cut,
            order: page::Order::from_query(query.as_deref()),
            upload: server.as_deref().filter(|_| folder.takes_uploads()),
        };
        let (content_type, body) = page::folder(&view, kind);
        let mut answer = Answer::page(200, content_type, body);
        answer.field("Vary", b"Accept");
        answer.field("Cache-Control", b"no-cache");
        let csp = page::CONTENT_SECURITY_POLICY.as_bytes();
        answer.field("Content-Security-Policy", csp);
        Ok(answer)
    });
    match made.await {
        Ok(made) => made,
        Err(gone) => Err(Denied::from_io(&io::Error::other(gone), "")),
    }
}
