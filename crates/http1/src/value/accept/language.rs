//! `Accept-Language` and `Accept-Charset` (RFC 9110 sections 12.5.4 and 12.5.2).

use super::{FULL, best, weighted};

/// The weight that the `Accept-Language` field `value` gives to the language tag `available`: that of
/// the longest range that matches by basic filtering (RFC 4647 section 3.3.1), that is, in any case,
/// is the tag or the part of it in front of a `-`. A `*` matches what nothing else does. 0 if nothing
/// matches; without a field, or with one without any well-formed member, everything is acceptable.
#[must_use]
pub fn weight(value: Option<&[u8]>, available: &[u8]) -> u16 {
    let value = value.unwrap_or_default();
    if weighted(value).next().is_none() {
        return FULL;
    }
    weighted(value)
        .filter_map(|(range, weight)| {
            let len = if range == b"*" { 0 } else { range.len() };
            (len == 0 || covers(range, available)).then_some((len, weight))
        })
        .reduce(|best, it| if it.0 > best.0 { it } else { best })
        .map_or(0, |it| it.1)
}

fn covers(range: &[u8], tag: &[u8]) -> bool {
    tag.split_at_checked(range.len())
        .is_some_and(|(head, rest)| {
            head.eq_ignore_ascii_case(range) && matches!(rest, [] | [b'-', ..])
        })
}

/// Which of the `available` language tags to send to a peer with the `Accept-Language` field `value`:
/// an index into them. `None` if none is acceptable; it is then better to send some language than
/// none.
///
/// ```
/// # use wirelore_http1::value::accept::language::best_of;
/// let available = [&b"en-US"[..], b"da"];
/// assert_eq!(best_of(Some(b"da, en-gb;q=0.8, en;q=0.7"), &available), Some(1));
/// ```
#[must_use]
pub fn best_of(value: Option<&[u8]>, available: &[&[u8]]) -> Option<usize> {
    best(available.iter().map(|it| weight(value, it)))
}

/// The weight that the `Accept-Charset` field `value` gives to a charset, in any case: its own, or
/// else that of `*`, or else 0. Without a field, or with one without any well-formed member, every
/// charset is acceptable.
#[must_use]
pub fn charset_weight(value: Option<&[u8]>, charset: &[u8]) -> u16 {
    let value = value.unwrap_or_default();
    if weighted(value).next().is_none() {
        return FULL;
    }
    let of = |wanted: &[u8]| weighted(value).find(|it| it.0.eq_ignore_ascii_case(wanted));
    of(charset).or_else(|| of(b"*")).map_or(0, |it| it.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_12_5_4_example() {
        let w = |tag| weight(Some(b"da, en-gb;q=0.8, en;q=0.7"), tag);
        assert_eq!(w(b"da"), 1000);
        assert_eq!(w(b"en-GB"), 800);
        assert_eq!(w(b"en-GB-oed"), 800);
        assert_eq!(w(b"en-US"), 700);
        assert_eq!(w(b"en"), 700);
        assert_eq!(w(b"eng"), 0);
        assert_eq!(w(b"de"), 0);
    }

    #[test]
    fn rfc4647_3_3_1_a_range_does_not_match_a_shorter_tag() {
        assert_eq!(weight(Some(b"en-gb"), b"en"), 0);
        assert_eq!(weight(Some(b"en-gb, *;q=0.1"), b"en"), 100);
        assert_eq!(weight(Some(b"en;q=0, *;q=0.5"), b"en-US"), 0);
        assert_eq!(best_of(Some(b"fr"), &[b"en", b"de"]), None);
        assert_eq!(best_of(None, &[b"en", b"de"]), Some(0));
        assert_eq!(best_of(Some(b" ,"), &[b"en", b"de"]), Some(0));
    }

    #[test]
    fn rfc9110_12_5_2_any_charset_but_those_listed() {
        let value = Some(&b"iso-8859-5, unicode-1-1;q=0.8, *;q=0.1, koi8-r;q=0"[..]);
        assert_eq!(charset_weight(value, b"ISO-8859-5"), 1000);
        assert_eq!(charset_weight(value, b"unicode-1-1"), 800);
        assert_eq!(charset_weight(value, b"utf-8"), 100);
        assert_eq!(charset_weight(value, b"koi8-r"), 0);
        assert_eq!(charset_weight(Some(b"utf-8"), b"latin1"), 0);
        assert_eq!(charset_weight(None, b"latin1"), 1000);
        assert_eq!(charset_weight(Some(b""), b"latin1"), 1000);
    }
}
