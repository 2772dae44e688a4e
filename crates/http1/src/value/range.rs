//! Range requests for bytes (RFC 9110 sections 14.1, 14.2 and 14.3).
//!
//! A server reads the field with [`ByteRanges::parse`], resolves it against the length of what it
//! has, asks [`is_abusive`], and joins what lies close together with [`coalesce`].

use alloc::vec::Vec;

use super::list::members;
use super::pair::digits;
use crate::wire::octet::is_token;

/// One range of a request (`range-spec`). Numbers that do not fit are [`u64::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum RangeSpec {
    /// `500-999`: from the first to the last position, both included.
    FromTo {
        /// The first position.
        first: u64,
        /// The last position; not before the first.
        last: u64,
    },
    /// `9500-`: from this position to the end.
    From {
        /// The first position.
        first: u64,
    },
    /// `-500`: so many octets at the end.
    Suffix {
        /// How many.
        length: u64,
    },
}

/// Octets of a representation: at least one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteRange {
    first: u64,
    last: u64,
}

/// The ranges of a request, all of them valid, in the order they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRanges<'v> {
    set: &'v [u8],
    count: usize,
}

/// What ranges come to when the length is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Resolved {
    /// These octets, in the order they were asked for: 206. Never empty, all within the length.
    Partial(Vec<ByteRange>),
    /// The last octets of a representation that has none. The range is satisfiable, but there is no
    /// `Content-Range` for it: ignore it and answer 200.
    Empty,
    /// 416, with [`ContentRange::Unsatisfied`](super::content_range::ContentRange::Unsatisfied).
    Unsatisfiable,
}

/// Why a `Range` is not one of bytes. A server may ignore such a field, and must ignore one with a
/// unit it does not know (section 14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RangeError {
    /// Not `unit=`.
    Syntax,
    /// A unit other than bytes.
    Unit,
    /// No range at all, one that is malformed, or one that ends before it begins.
    Spec,
    /// More ranges than allowed.
    TooMany {
        /// How many are.
        limit: usize,
    },
}

impl core::fmt::Display for RangeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Syntax => f.write_str("no range unit"),
            Self::Unit => f.write_str("range unit is not bytes"),
            Self::Spec => f.write_str("invalid range"),
            Self::TooMany { limit } => write!(f, "more than {limit} ranges"),
        }
    }
}

impl core::error::Error for RangeError {}

/// What an `Accept-Ranges` says about bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum AcceptRanges {
    /// Ranges of bytes are supported.
    Bytes,
    /// `none`: do not try.
    None,
    /// Only units that are not known here, or nothing.
    Other,
}

/// Reads an `Accept-Ranges` (section 14.3): units, in any case. `bytes` counts wherever it stands.
#[must_use]
pub fn accept_ranges(value: &[u8]) -> AcceptRanges {
    members(value).fold(AcceptRanges::Other, |so_far, unit| {
        if so_far == AcceptRanges::Bytes || unit.eq_ignore_ascii_case(b"bytes") {
            AcceptRanges::Bytes
        } else if unit.eq_ignore_ascii_case(b"none") {
            AcceptRanges::None
        } else {
            so_far
        }
    })
}

impl<'v> ByteRanges<'v> {
    /// Reads the value of a `Range`, with at most `max` ranges. The unit may be of any case.
    /// Numbers too large for 64 bits saturate, and so stand for a position behind every end.
    ///
    /// # Errors
    /// See [`RangeError`]. If one range is invalid, all are.
    ///
    /// ```
    /// # use wirelore_http1::value::range::{ByteRange, ByteRanges, Resolved};
    /// let ranges = ByteRanges::parse(b"bytes=0-0,-1", 16).unwrap();
    /// let both = vec![ByteRange::new(0, 0).unwrap(), ByteRange::new(9999, 9999).unwrap()];
    /// assert_eq!(ranges.resolve(10_000), Resolved::Partial(both));
    /// ```
    pub fn parse(value: &'v [u8], max: usize) -> Result<Self, RangeError> {
        let equals = memchr::memchr(b'=', value).ok_or(RangeError::Syntax)?;
        let (unit, set) = value.split_at(equals);
        if !is_token(unit) {
            return Err(RangeError::Syntax);
        }
        if !unit.eq_ignore_ascii_case(b"bytes") {
            return Err(RangeError::Unit);
        }
        let set = set.get(1..).unwrap_or_default();
        let mut count = 0;
        for spec in specs(set) {
            spec.ok_or(RangeError::Spec)?;
            count += 1;
            if count > max {
                return Err(RangeError::TooMany { limit: max });
            }
        }
        if count == 0 {
            return Err(RangeError::Spec);
        }
        Ok(Self { set, count })
    }

    /// How many ranges were asked for; not how many can be satisfied. If it is one, the answer must
    /// not be a multipart (section 15.3.7.2).
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// The ranges, as they were asked for.
    pub fn specs(&self) -> impl Iterator<Item = RangeSpec> + use<'v> {
        specs(self.set).flatten()
    }

    /// The octets that are meant if the representation has `complete_length` of them: what is not
    /// satisfiable is left out, what ends behind the end is cut.
    #[must_use]
    pub fn resolve(&self, complete_length: u64) -> Resolved {
        let satisfiable: Vec<_> = self
            .specs()
            .filter_map(|spec| spec.resolve(complete_length))
            .collect();
        if !satisfiable.is_empty() {
            return Resolved::Partial(satisfiable);
        }
        let suffix = |spec| matches!(spec, RangeSpec::Suffix { length: 1.. });
        if complete_length == 0 && self.specs().any(suffix) {
            return Resolved::Empty;
        }
        Resolved::Unsatisfiable
    }
}

/// Appends the value of a `Range` that asks for these: `bytes=0-499,-500`.
pub fn write_ranges(specs: &[RangeSpec], out: &mut Vec<u8>) {
    out.extend_from_slice(b"bytes=");
    for (index, spec) in specs.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match *spec {
            RangeSpec::FromTo { first, last } => {
                decimal(first, out);
                out.push(b'-');
                decimal(last, out);
            }
            RangeSpec::From { first } => {
                decimal(first, out);
                out.push(b'-');
            }
            RangeSpec::Suffix { length } => {
                out.push(b'-');
                decimal(length, out);
            }
        }
    }
}

impl RangeSpec {
    /// The octets that are meant if there are `complete_length` of them, or `None` if this cannot be
    /// satisfied: it begins behind the end, or asks for no octet. (The suffix of an empty
    /// representation is `None` too.)
    #[must_use]
    pub fn resolve(self, complete_length: u64) -> Option<ByteRange> {
        let end = complete_length.checked_sub(1)?;
        let (first, last) = match self {
            Self::FromTo { first, last } => (first, last.min(end)),
            Self::From { first } => (first, end),
            // No octets would begin behind the last one, which is no range.
            Self::Suffix { length } => (complete_length.saturating_sub(length), end),
        };
        ByteRange::new(first, last)
    }
}

impl ByteRange {
    /// From the first to the last position, both included. `None` if the last is before the first,
    /// or is [`u64::MAX`], which no octet can have whose length fits into 64 bits.
    #[must_use]
    pub const fn new(first: u64, last: u64) -> Option<Self> {
        if first <= last && last < u64::MAX {
            Some(Self { first, last })
        } else {
            None
        }
    }

    /// The position of the first octet.
    #[must_use]
    pub const fn first(self) -> u64 {
        self.first
    }

    /// The position of the last octet.
    #[must_use]
    pub const fn last(self) -> u64 {
        self.last
    }

    /// How many octets it has: at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub const fn len(self) -> u64 {
        self.last - self.first + 1
    }
}

/// Whether a set of ranges looks like an attack (sections 14.2 and 17.15): more than two of them
/// overlap others, or more than `many` are shorter than `small` octets and the set is not in
/// ascending order. Ignore or reject such a request.
///
/// ```
/// # use wirelore_http1::value::range::{ByteRange, is_abusive};
/// let range = |first, last| ByteRange::new(first, last).unwrap();
/// assert!(is_abusive(&[range(0, 9), range(1, 9), range(2, 9)], 80, 8));
/// ```
#[must_use]
pub fn is_abusive(ranges: &[ByteRange], small: u64, many: usize) -> bool {
    if overlapping(ranges) > 2 {
        return true;
    }
    let ascending = ranges.is_sorted_by_key(|it| it.first);
    !ascending && ranges.iter().filter(|it| it.len() < small).count() > many
}

/// Joins ranges that overlap, touch, or have fewer than `gap` octets between them, so that no two of
/// those that remain do. About 80 is what a part of a multipart costs (section 15.3.7.2). Each
/// remaining range stands where the first of those it was made of stood.
pub fn coalesce(ranges: &mut Vec<ByteRange>, gap: u64) {
    let mut ordered: Vec<(usize, ByteRange)> = ranges.iter().copied().enumerate().collect();
    ordered.sort_unstable_by_key(|(_, range)| *range);
    let mut joined: Vec<(usize, ByteRange)> = Vec::with_capacity(ordered.len());
    for (index, range) in ordered {
        match joined.last_mut() {
            Some((place, before)) if is_close(*before, range, gap) => {
                *place = (*place).min(index);
                before.last = before.last.max(range.last);
            }
            _ => joined.push((index, range)),
        }
    }
    joined.sort_unstable_by_key(|(place, _)| *place);
    ranges.clear();
    ranges.extend(joined.into_iter().map(|(_, range)| range));
}

/// Whether `next`, which does not begin earlier, begins fewer than `gap` octets behind the end of
/// `before`, or right there, or earlier.
const fn is_close(before: ByteRange, next: ByteRange, gap: u64) -> bool {
    match next.first.checked_sub(before.last + 1) {
        None | Some(0) => true,
        Some(between) => between < gap,
    }
}

/// How many ranges share an octet with another one.
fn overlapping(ranges: &[ByteRange]) -> usize {
    let mut ordered = ranges.to_vec();
    ordered.sort_unstable();
    let mut count = 0;
    // The furthest end so far, and whether the range it belongs to has been counted.
    let mut furthest: Option<(u64, bool)> = None;
    for range in ordered {
        let mut counted = false;
        if let Some((last, before_counted)) = &mut furthest
            && range.first <= *last
        {
            count += if *before_counted { 1 } else { 2 };
            *before_counted = true;
            counted = true;
        }
        if furthest.is_none_or(|(last, _)| range.last > last) {
            furthest = Some((range.last, counted));
        }
    }
    count
}

fn specs(set: &[u8]) -> impl Iterator<Item = Option<RangeSpec>> {
    // A quotation mark is no part of any range, so it does not matter that lists know them.
    members(set).map(spec)
}

fn spec(octets: &[u8]) -> Option<RangeSpec> {
    let dash = memchr::memchr(b'-', octets)?;
    let (first, last) = (octets.get(..dash)?, octets.get(dash + 1..)?);
    if first.is_empty() {
        let length = digits(last)?;
        return Some(RangeSpec::Suffix { length });
    }
    let from = digits(first)?;
    if last.is_empty() {
        return Some(RangeSpec::From { first: from });
    }
    let to = digits(last)?;
    (!is_less(last, first)).then_some(RangeSpec::FromTo {
        first: from,
        last: to,
    })
}

/// Whether one number is less than another, both of any length.
fn is_less(one: &[u8], other: &[u8]) -> bool {
    let significant = |digits: &[u8]| digits.iter().take_while(|&&it| it == b'0').count();
    let one = one.get(significant(one)..).unwrap_or_default();
    let other = other.get(significant(other)..).unwrap_or_default();
    (one.len(), one) < (other.len(), other)
}

/// Appends `number` in decimal.
pub(super) fn decimal(number: u64, out: &mut Vec<u8>) {
    let start = out.len();
    let mut rest = number;
    loop {
        out.push(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn range(first: u64, last: u64) -> ByteRange {
        ByteRange::new(first, last).unwrap()
    }

    fn resolved(value: &[u8], length: u64) -> Resolved {
        ByteRanges::parse(value, 16).unwrap().resolve(length)
    }

    #[test]
    fn rfc9110_14_1_2_examples() {
        for (value, expected) in [
            (&b"bytes=0-499"[..], &[(0, 499)][..]),
            (b"bytes=500-999", &[(500, 999)]),
            (b"bytes=-500", &[(9500, 9999)]),
            (b"bytes=9500-", &[(9500, 9999)]),
            (b"bytes=0-0,-1", &[(0, 0), (9999, 9999)]),
            (
                b"bytes= 0-999, 4500-5499, -1000",
                &[(0, 999), (4500, 5499), (9000, 9999)],
            ),
            (b"bytes=500-600,601-999", &[(500, 600), (601, 999)]),
            (b"bytes=500-700,601-999", &[(500, 700), (601, 999)]),
            (b"bytes=0-10000", &[(0, 9999)]),
            (b"bytes=-10001", &[(0, 9999)]),
            (b"Bytes=7-,10000-,3-4", &[(7, 9999), (3, 4)]),
        ] {
            let expected = expected.iter().map(|it| range(it.0, it.1)).collect();
            assert_eq!(resolved(value, 10_000), Resolved::Partial(expected));
        }
    }

    #[test]
    fn rfc9110_14_1_2_satisfiable() {
        for (value, length) in [
            (&b"bytes=10-"[..], 10),
            (b"bytes=10-20,30-40", 10),
            (b"bytes=-0", 10),
            (b"bytes=0-", 0),
            (b"bytes=0-0", 0),
            (b"bytes=-0", 0),
        ] {
            assert_eq!(resolved(value, length), Resolved::Unsatisfiable);
        }
        assert_eq!(resolved(b"bytes=-1", 0), Resolved::Empty);
        assert_eq!(resolved(b"bytes=0-,-5", 0), Resolved::Empty);
        assert_eq!(
            resolved(b"bytes=9-", 10),
            Resolved::Partial(vec![range(9, 9)])
        );
    }

    #[test]
    fn rfc9110_14_1_1_one_invalid_range_spoils_all() {
        for value in [
            &b"bytes="[..],
            b"bytes=,",
            b"bytes=1",
            b"bytes=-",
            b"bytes=2-1",
            b"bytes=0-1,2-1",
            b"bytes=0-1,x",
            b"bytes=0-1-2",
            b"bytes=--1",
            b"bytes=+1-2",
            b"bytes=0x1-2",
            b"bytes=1 - 2",
            b"bytes=1- 2",
            b"bytes=\"1-2\"",
            b"bytes=0-1;2-3",
            b"bytes=99999999999999999999999-99999999999999999999998",
        ] {
            assert_eq!(
                ByteRanges::parse(value, 16),
                Err(RangeError::Spec),
                "{value:?}"
            );
        }
    }

    #[test]
    fn rfc9110_14_2_other_units_are_told_apart() {
        for (value, error) in [
            (&b""[..], RangeError::Syntax),
            (b"bytes", RangeError::Syntax),
            (b"bytes 0-1", RangeError::Syntax),
            (b"=0-1", RangeError::Syntax),
            (b"bytes =0-1", RangeError::Syntax),
            (b"lines=0-1", RangeError::Unit),
            (b"byte=0-1", RangeError::Unit),
        ] {
            assert_eq!(ByteRanges::parse(value, 16), Err(error));
        }
    }

    #[test]
    fn rfc9110_14_1_2_large_numbers_do_not_wrap() {
        let wraps_to_5 = b"bytes=18446744073709551621-"; // 2^64 + 5
        assert_eq!(resolved(wraps_to_5, 10), Resolved::Unsatisfiable);
        for value in [
            &b"bytes=5-18446744073709551615"[..],
            b"bytes=5-18446744073709551616",
            b"bytes=5-99999999999999999999999999999999999999999999",
            b"bytes=00000000000000000000000000000005-",
        ] {
            assert_eq!(resolved(value, 10), Resolved::Partial(vec![range(5, 9)]));
        }
        let all = b"bytes=-99999999999999999999999999999999";
        let last = u64::MAX - 1;
        assert_eq!(
            resolved(all, u64::MAX),
            Resolved::Partial(vec![range(0, last)])
        );
        assert_eq!(range(0, last).len(), u64::MAX);
        assert_eq!(ByteRange::new(0, u64::MAX), None);
        assert_eq!(ByteRange::new(1, 0), None);
    }

    #[test]
    fn rfc9110_17_15_number_of_ranges_is_limited() {
        let limit = 2;
        assert_eq!(ByteRanges::parse(b"bytes=0-0,1-1", limit).unwrap().len(), 2);
        assert_eq!(
            ByteRanges::parse(b"bytes=0-0,1-1,2-2", limit),
            Err(RangeError::TooMany { limit })
        );
    }

    #[test]
    fn rfc9110_17_15_what_looks_like_an_attack() {
        for (ranges, abusive) in [
            (&[(0, 9)][..], false),
            (&[(0, 9), (5, 14)], false),
            (&[(0, 9), (5, 14), (14, 20)], true),
            (&[(0, 99), (1, 1), (50, 50)], true),
            (&[(50, 50), (0, 99), (1, 1)], true),
            (&[(0, 9), (5, 14), (20, 30), (30, 40)], true),
            (&[(0, 9), (5, 14), (20, 30), (31, 40)], false),
            // many small ones: more than two below 5 octets
            (&[(0, 1), (4, 5), (8, 9), (12, 13)], false),
            (&[(8, 9), (4, 5), (0, 1)], true),
            (&[(8, 9), (4, 5)], false),
            (&[(80, 89), (40, 49), (0, 9)], false),
        ] {
            let ranges: Vec<_> = ranges.iter().map(|it| range(it.0, it.1)).collect();
            assert_eq!(is_abusive(&ranges, 5, 2), abusive, "{ranges:?}");
        }
    }

    #[test]
    fn rfc9110_15_3_7_2_coalesced_in_the_order_asked_for() {
        for (gap, ranges, expected) in [
            (0, &[(0, 4), (5, 9)][..], &[(0, 9)][..]),
            (0, &[(5, 9), (0, 4)], &[(0, 9)]),
            (0, &[(0, 4), (6, 9)], &[(0, 4), (6, 9)]),
            (1, &[(0, 4), (6, 9)], &[(0, 4), (6, 9)]),
            (2, &[(0, 4), (6, 9)], &[(0, 9)]),
            (0, &[(0, 9), (2, 3)], &[(0, 9)]),
            (0, &[(0, 9), (2, 3), (9, 12)], &[(0, 12)]),
            (
                0,
                &[(90, 99), (0, 4), (50, 60), (95, 100), (55, 70)],
                &[(90, 100), (0, 4), (50, 70)],
            ),
            (u64::MAX, &[(9, 9), (0, 0)], &[(0, 9)]),
            (0, &[], &[]),
        ] {
            let all = |it: &[(u64, u64)]| it.iter().map(|it| range(it.0, it.1)).collect();
            let mut ranges: Vec<_> = all(ranges);
            let expected: Vec<_> = all(expected);
            coalesce(&mut ranges, gap);
            assert_eq!(ranges, expected);
        }
    }

    #[test]
    fn rfc9110_14_2_written_as_read() {
        let specs = [
            RangeSpec::FromTo {
                first: 0,
                last: 499,
            },
            RangeSpec::From { first: 9500 },
            RangeSpec::Suffix { length: 10 },
        ];
        let mut out = Vec::new();
        write_ranges(&specs, &mut out);
        assert_eq!(out, b"bytes=0-499,9500-,-10");
        let read: Vec<_> = ByteRanges::parse(&out, 3).unwrap().specs().collect();
        assert_eq!(read, specs);
    }

    #[test]
    fn rfc9110_14_3_accept_ranges() {
        for (value, expected) in [
            (&b"bytes"[..], AcceptRanges::Bytes),
            (b"lines , BYTES", AcceptRanges::Bytes),
            (b"none, bytes, none", AcceptRanges::Bytes),
            (b"none", AcceptRanges::None),
            (b"lines", AcceptRanges::Other),
            (b"", AcceptRanges::Other),
        ] {
            assert_eq!(accept_ranges(value), expected);
        }
    }
}
