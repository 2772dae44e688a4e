//! What of a file is the answer to a request.

use super::entity::Entity;
use super::facts::Facts;
use wirelore_http1::value::conditional::{Outcome, Recipient};
use wirelore_http1::value::date::HttpDate;
use wirelore_http1::value::range::{ByteRange, ByteRanges, Resolved, coalesce, is_abusive};

/// The most ranges of a request; with more of them it gets the whole file.
const RANGES: usize = 200;
/// What a part of a multipart response costs, in octets: ranges that are closer are joined.
const PART: u64 = 80;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Plan {
    Whole,
    Part(ByteRange),
    Parts(Vec<ByteRange>),
    /// 304
    NotModified,
    /// 412
    Failed,
    /// 416
    Unsatisfiable,
}

pub(super) fn plan(method: &[u8], facts: &Facts<'_>, entity: &Entity, now: HttpDate) -> Plan {
    if facts.conditions.is_empty() && facts.range.is_none() {
        return Plan::Whole;
    }
    let selected = entity.validators.selected(now);
    let outcome = facts
        .conditions
        .evaluate(method, Some(&selected), Recipient::Origin, now);
    match outcome {
        Outcome::NotModified => Plan::NotModified,
        Outcome::PreconditionFailed => Plan::Failed,
        Outcome::IgnoreRange => Plan::Whole,
        // RFC 9110 section 14.2: a Range has a meaning for GET only
        Outcome::Proceed if method == b"GET" => ranged(facts.range, entity.identity.len),
        Outcome::Proceed => Plan::Whole,
    }
}

/// A Range that makes no sense, or too much work, is ignored.
fn ranged(range: Option<&[u8]>, len: u64) -> Plan {
    let parsed = range.and_then(|range| ByteRanges::parse(range, RANGES).ok());
    match parsed.map(|ranges| ranges.resolve(len)) {
        None | Some(Resolved::Empty) => Plan::Whole,
        Some(Resolved::Unsatisfiable) => Plan::Unsatisfiable,
        Some(Resolved::Partial(ranges)) if is_abusive(&ranges, PART, 8) => Plan::Whole,
        Some(Resolved::Partial(mut ranges)) => {
            coalesce(&mut ranges, PART);
            match ranges[..] {
                [range] => Plan::Part(range),
                _ => Plan::Parts(ranges),
            }
        }
    }
}
