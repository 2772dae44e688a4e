//! `Accept`: media ranges (RFC 9110 section 12.5.1).

use super::super::content_type::MediaType;
use super::super::list::{Members, members};
use super::{FULL, best, weight_of};

/// A media range with its weight: `text/*;q=0.5`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MediaRange<'v> {
    /// The range, written like a media type: `*` stands for any. Its parameters may include `q`,
    /// which is not one of the type's.
    pub range: MediaType<'v>,
    /// The weight, in thousandths.
    pub weight: u16,
}

impl MediaRange<'_> {
    /// How closely this range describes `available`: `None` if it does not. The higher precedes the
    /// lower: 0 for `*/*`, 1 for `type/*`, 2 for `type/subtype`, and among equal ones the number of
    /// parameters.
    #[must_use]
    pub fn precedence(&self, available: &MediaType<'_>) -> Option<(u8, usize)> {
        let any = |part: &[u8]| part == b"*";
        let base = match (any(self.range.kind), any(self.range.subtype)) {
            (true, true) => 0,
            (true, false) => return None,
            (false, true) if self.range.kind.eq_ignore_ascii_case(available.kind) => 1,
            (false, false) if self.range.is(available.kind, available.subtype) => 2,
            _ => return None,
        };
        let mut parameters = 0;
        for it in self.range.parameters.flatten().filter(|it| !it.is(b"q")) {
            if !available.has(&it) {
                return None;
            }
            parameters += 1;
        }
        Some((base, parameters))
    }
}

/// The media ranges in the `Accept` field `value`, as they were sent.
#[must_use]
pub const fn media_ranges(value: &[u8]) -> MediaRanges<'_> {
    MediaRanges(members(value))
}

/// The media ranges of an `Accept` field; see [`media_ranges`].
#[derive(Clone, Copy, Debug)]
pub struct MediaRanges<'v>(Members<'v>);

impl<'v> Iterator for MediaRanges<'v> {
    type Item = MediaRange<'v>;

    fn next(&mut self) -> Option<MediaRange<'v>> {
        self.0.find_map(|member| {
            let range = MediaType::parse(member)?;
            let weight = weight_of(range.parameters)?;
            Some(MediaRange { range, weight })
        })
    }
}

impl core::iter::FusedIterator for MediaRanges<'_> {}

/// The weight that the `Accept` field `value` gives to the media type `available`: that of the range
/// with the highest precedence, of the first of several. 0 if none describes it. Without a field (or
/// with one without any well-formed member) everything is acceptable (section 12.4.1).
#[must_use]
pub fn weight(value: Option<&[u8]>, available: &MediaType<'_>) -> u16 {
    let mut ranges = media_ranges(value.unwrap_or_default()).peekable();
    if ranges.peek().is_none() {
        return FULL;
    }
    ranges
        .filter_map(|range| Some((range.precedence(available)?, range.weight)))
        .reduce(|best, it| if it.0 > best.0 { it } else { best })
        .map_or(0, |it| it.1)
}

/// Which of the `available` media types to send to a peer with the `Accept` field `value`: an index
/// into them. `None` if none is acceptable, or none is a media type; a server may then answer 406 or
/// send what it has.
///
/// ```
/// # use wirelore_http1::value::accept::media::best_of;
/// let available = [&b"text/plain"[..], b"text/html"];
/// assert_eq!(best_of(Some(b"text/*;q=0.3, text/html"), &available), Some(1));
/// assert_eq!(best_of(Some(b"image/*"), &available), None);
/// assert_eq!(best_of(None, &available), Some(0));
/// ```
#[must_use]
pub fn best_of(value: Option<&[u8]>, available: &[&[u8]]) -> Option<usize> {
    best(
        available
            .iter()
            .map(|it| MediaType::parse(it).map_or(0, |it| weight(value, &it))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn w(value: &[u8], available: &[u8]) -> u16 {
        weight(Some(value), &MediaType::parse(available).unwrap())
    }

    #[test]
    fn rfc9110_12_5_1_table_5() {
        // The last row of the table says 0.7 for text/html;level=3. No range of this value has that
        // weight and matches it: the row is left over from an earlier example.
        let value = b"text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, \
                      text/plain;format=fixed;q=0.4, */*;q=0.5";
        for (available, weight) in [
            (&b"text/plain;format=flowed"[..], 1000),
            (b"text/plain", 700),
            (b"text/html", 300),
            (b"image/jpeg", 500),
            (b"text/plain;format=fixed", 400),
            (b"text/html;level=3", 300),
        ] {
            assert_eq!(w(value, available), weight, "{available:?}");
        }
    }

    #[test]
    fn rfc9110_12_5_1_precedence() {
        let value = b"text/*, text/plain, text/plain;format=flowed, */*";
        let available = MediaType::parse(b"text/plain;format=flowed").unwrap();
        let mut ranked: alloc::vec::Vec<_> = media_ranges(value)
            .map(|it| it.precedence(&available).unwrap())
            .enumerate()
            .collect();
        ranked.sort_by_key(|it| core::cmp::Reverse(it.1));
        assert!(ranked.iter().map(|it| it.0).eq([2, 1, 0, 3]));
        assert_eq!(
            w(
                b"*/*;format=flowed;q=0.1, text/*;q=0.2",
                b"text/x;format=flowed"
            ),
            200
        );
    }

    #[test]
    fn rfc9110_12_5_1_examples() {
        let audio = [&b"audio/ogg"[..], b"Audio/BASIC"];
        assert_eq!(
            best_of(Some(b"audio/*; q=0.2, audio/basic"), &audio),
            Some(1)
        );
        let value = Some(&b"text/plain; q=0.5, text/html,\ttext/x-dvi; q=0.8, text/x-c"[..]);
        assert_eq!(
            best_of(
                value,
                &[b"text/plain", b"text/x-dvi", b"text/x-c", b"text/html"]
            ),
            Some(2)
        );
        assert_eq!(best_of(value, &[b"text/plain", b"text/x-dvi"]), Some(1));
        assert_eq!(best_of(value, &[b"text/plain"]), Some(0));
        assert_eq!(best_of(value, &[b"image/png"]), None);
    }

    #[test]
    fn rfc9110_12_4_1_absence_accepts_anything() {
        assert_eq!(best_of(None, &[b"a/b", b"c/d"]), Some(0));
        assert_eq!(best_of(Some(b" , "), &[b"a/b"]), Some(0));
        assert_eq!(best_of(Some(b"*"), &[b"a/b"]), Some(0), "no media range");
        assert_eq!(best_of(None, &[b"nonsense"]), None);
    }

    #[test]
    fn rfc9110_12_5_1_q_is_the_weight_wherever_it_stands() {
        assert_eq!(w(b"text/html;q=0.2;level=1", b"text/html;level=1"), 200);
        assert_eq!(w(b"text/html;q=0.2;level=1", b"text/html"), 0);
        assert_eq!(w(b"*/*;q=0", b"text/html"), 0);
        assert_eq!(w(b"a/b;q=0.1, A/B;q=0.2", b"a/b"), 100, "the first");
        assert_eq!(w(b"text/html;q=9, */*;q=0.1", b"text/html"), 100);
        assert_eq!(w(b"*/html, */*;q=0.1", b"text/html"), 100);
    }
}
