//! What is said that is no file, and small files from memory.

use super::SERVER;
use super::account::Account;
use super::entity::{Content, Entity};
use super::facts::Facts;
use super::page;
use super::plan::Plan;
use crate::policy::{Denied, DeniedKind};
use bytes::Bytes;
use std::time::{SystemTime, UNIX_EPOCH};
use wirelore_http1::encode::{FieldBlock, Misuse, Response};
use wirelore_http1::status::Status;
use wirelore_http1::value::content_range::ContentRange;
use wirelore_http1::value::date::HttpDate;
use wirelore_http1::value::multipart::{Boundary, Writer};
use wirelore_http1::value::range::ByteRange;
use wirelore_tokio::http1::server::{Exchange, ExchangeError, Reply, Transport};

/// The time, in seconds.
pub(super) fn now() -> HttpDate {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    HttpDate::from_unix(now.map_or(0, |now| now.as_secs())).unwrap_or(EPOCH)
}

const EPOCH: HttpDate = match HttpDate::from_unix(0) {
    Some(date) => date,
    None => unreachable!(),
};

/// What is said, without a file.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    fields: FieldBlock,
    body: Body,
    /// For the log.
    why: Option<String>,
}

#[derive(Debug)]
enum Body {
    Empty,
    /// An error, in words for the peer: as a page, or as a line of text.
    Error(String),
    Page(Bytes),
}

impl Answer {
    pub(super) fn empty(status: u16) -> Self {
        let mut answer = Self {
            status,
            fields: FieldBlock::new(),
            body: Body::Empty,
            why: None,
        };
        answer.field("Server", SERVER.as_bytes());
        answer
    }

    /// Something with content of its own.
    pub(super) fn page(status: u16, kind: &str, body: impl Into<Bytes>) -> Self {
        let mut answer = Self::empty(status);
        answer.field("Content-Type", kind.as_bytes());
        answer.body = Body::Page(body.into());
        answer
    }

    pub(super) fn error(status: u16, text: impl Into<String>) -> Self {
        let mut answer = Self::empty(status);
        answer.body = Body::Error(text.into());
        answer
    }

    /// A refusal of the policy; `writes` says whether something was to be changed.
    pub(super) fn denied(denied: Denied, writes: bool) -> Self {
        let status = match denied.kind {
            // of a file that is not there yet, the folder is missing
            DeniedKind::NotFound if writes => 409,
            DeniedKind::NotFound => 404,
            DeniedKind::NotAFile if writes => 409,
            DeniedKind::NotAFile => 404,
            DeniedKind::Forbidden | DeniedKind::ReadOnly => 403,
            DeniedKind::Exists => 409,
            DeniedKind::TooLarge => 413,
            DeniedKind::NoSpace => 507,
            DeniedKind::BadName => 400,
            DeniedKind::Busy => 503,
            DeniedKind::Other => 500,
        };
        let mut answer = Self::error(status, denied.for_peer());
        if status == 503 {
            answer.field("Retry-After", b"1");
        }
        answer.because(denied.why);
        answer
    }

    /// It may work later.
    pub(super) fn busy(text: &str) -> Self {
        let mut answer = Self::error(503, text);
        answer.field("Retry-After", b"1");
        answer
    }

    /// How long a page is.
    pub(super) fn page_len(&self) -> usize {
        match &self.body {
            Body::Page(page) => page.len(),
            Body::Empty | Body::Error(_) => 0,
        }
    }

    /// Adds a field. One that cannot be sent is left out.
    pub(super) fn field(&mut self, name: &str, value: &[u8]) {
        let _ = self.fields.push(name, value);
    }

    /// What the log says of it.
    pub(super) fn because(&mut self, why: impl Into<String>) {
        self.why = Some(why.into());
    }

    pub(super) fn why(&self) -> Option<&str> {
        match (&self.why, &self.body) {
            (Some(why), _) => Some(why),
            (None, Body::Error(text)) => Some(text),
            _ => None,
        }
    }

    /// Fields and body.
    pub(super) fn rendered(&self, facts: &Facts<'_>) -> (FieldBlock, Bytes) {
        let mut fields = self.fields.clone();
        let (kind, body) = match &self.body {
            Body::Empty => return (fields, Bytes::new()),
            Body::Page(body) => return (fields, body.clone()),
            Body::Error(text) => {
                let status = Status::new(self.status);
                let reason = status.and_then(Status::reason).unwrap_or("Error");
                page::error(self.status, reason, text, facts.accept.as_deref())
            }
        };
        // all are our own words
        let _ = fields.push("Content-Type", kind);
        let _ = fields.push("Vary", "Accept");
        (fields, body.into())
    }
}

/// Answers a request that took its time.
pub(super) fn send<T: Transport>(
    answer: &Answer,
    facts: &Facts<'_>,
    exchange: &mut Exchange<'_, T>,
    account: &mut Account<'_>,
) -> Result<(), ExchangeError> {
    let (fields, body) = answer.rendered(facts);
    account.answers(answer.status);
    if let Some(why) = answer.why() {
        account.fails(why);
    }
    if !account.is_head {
        account.sends(body.len() as u64);
    }
    exchange.respond_with(&Response::new(answer.status, &fields), body)
}

/// What was said from memory.
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) octets: u64,
}

/// Answers with a small file, or what was wanted of it. Nothing, if it is no small file.
pub(super) fn from_memory(
    entity: &Entity,
    plan: &Plan,
    is_head: bool,
    reply: &mut Reply<'_>,
) -> Option<Said> {
    let Content::Memory(content) = &entity.content else {
        return None;
    };
    let (status, said, octets) = match plan {
        Plan::Whole => (
            200,
            reply.respond_owned(&Response::new(200, &entity.fields), content.clone()),
            content.len(),
        ),
        Plan::NotModified => (
            304,
            reply.respond_head(&Response::new(304, &entity.bare), None),
            0,
        ),
        Plan::Part(range) => {
            let fields = part_fields(entity, *range).ok()?;
            let body = content.slice(span(*range));
            let len = body.len();
            (
                206,
                reply.respond_owned(&Response::new(206, &fields), body),
                len,
            )
        }
        _ => return None,
    };
    debug_assert!(said.is_ok(), "{said:?}");
    Some(Said {
        status,
        octets: if is_head { 0 } else { octets as u64 },
    })
}

/// The place of a range in a file in memory.
pub(super) fn span(range: ByteRange) -> std::ops::RangeInclusive<usize> {
    let place = |octet: u64| usize::try_from(octet).unwrap_or(usize::MAX);
    place(range.first())..=place(range.last())
}

/// The fields of a response with one range.
pub(super) fn part_fields(entity: &Entity, range: ByteRange) -> Result<FieldBlock, Misuse> {
    let mut fields = entity.fields.clone();
    let mut value = Vec::new();
    if let Some(content_range) = ContentRange::new(range, Some(entity.identity.len)) {
        content_range.write(&mut value);
    }
    fields.push("Content-Range", value)?;
    Ok(fields)
}

/// The fields of a response with several ranges.
pub(super) fn parts_fields(entity: &Entity, writer: &Writer<'_>) -> Result<FieldBlock, Misuse> {
    let mut fields = entity.fields.clone();
    let mut value = Vec::new();
    writer.content_type(&mut value);
    fields.set("Content-Type", value)?;
    Ok(fields)
}

/// 416, with the length that there is.
pub(super) fn unsatisfiable(entity: &Entity) -> Answer {
    let mut answer = Answer::error(416, "the file has no such octets");
    let mut value = Vec::new();
    let complete_length = entity.identity.len;
    ContentRange::Unsatisfied { complete_length }.write(&mut value);
    answer.field("Content-Range", &value);
    // who has it all wants to know that it is still this
    if let Some(tag) = entity.bare.first("ETag") {
        answer.field("ETag", tag);
    }
    answer
}

/// Something that does not occur in any file, as far as can be expected.
pub(super) fn boundary() -> String {
    use std::hash::{BuildHasher, RandomState};
    let number = || RandomState::new().hash_one(0);
    format!("{:016x}{:016x}", number(), number())
}

/// The boundary as such.
pub(super) fn bounded(text: &str) -> Result<Boundary<'_>, ExchangeError> {
    Boundary::new(text.as_bytes()).map_err(|_| ExchangeError::Unfinished)
}
