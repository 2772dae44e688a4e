//! `Cache-Control`, `Age` and `Pragma`: the syntax (RFC 9111 sections 5.1, 5.2 and 5.4). What a cache
//! makes of them is not here.

use alloc::borrow::Cow;

use super::list::{Members, Tokens, members, tokens};
use super::pair::{digits, pair, said};

/// What a number of seconds counts as that is larger: 2^31 (section 1.2.2).
pub const MAX_DELTA_SECONDS: u32 = 1 << 31;

/// The seconds that `digits` say, at most [`MAX_DELTA_SECONDS`]. `None` if they are something else
/// than decimal digits.
#[must_use]
pub fn delta_seconds(octets: &[u8]) -> Option<u32> {
    let seconds = digits(octets)?;
    Some(u32::try_from(seconds).map_or(MAX_DELTA_SECONDS, |it| it.min(MAX_DELTA_SECONDS)))
}

/// A directive: `no-store`, `max-age=60`, `private="Set-Cookie"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Directive<'v> {
    /// The name. Case means nothing in it.
    pub name: &'v [u8],
    /// The argument as it was sent, quotation marks included.
    pub raw: Option<&'v [u8]>,
}

impl<'v> Directive<'v> {
    /// Whether `name` is its name, in any case.
    #[must_use]
    pub fn is(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The argument: the token, or what the quoted-string says. Both are read of every directive.
    #[must_use]
    pub fn argument(&self) -> Option<Cow<'v, [u8]>> {
        self.raw.map(said)
    }

    /// The argument as seconds. `None` if there is none or it is no number, which a cache should take
    /// for 0 where freshness is meant (section 4.2.1).
    #[must_use]
    pub fn seconds(&self) -> Option<u32> {
        delta_seconds(&self.argument()?)
    }

    /// The names of fields in the argument of `no-cache` and `private`; none if there is no argument.
    /// They are never escaped, so they are read where they stand.
    #[must_use]
    pub fn field_names(&self) -> Tokens<'v> {
        let inner = match self.raw {
            Some([b'"', inner @ .., b'"']) => inner,
            Some(raw) => raw,
            None => &[],
        };
        tokens(inner)
    }
}

/// The directives in the `Cache-Control` field `value`, in their order. Malformed ones are skipped.
///
/// ```
/// # use wirelore_http1::value::cache_control::{directives, find};
/// let value = b"private=\"Set-Cookie, X\", Max-Age=60";
/// assert_eq!(directives(value).count(), 2);
/// assert_eq!(find(value, b"max-age").unwrap().seconds(), Some(60));
/// ```
#[must_use]
pub const fn directives(value: &[u8]) -> Directives<'_> {
    Directives(members(value))
}

/// The first directive of this name, in any case.
#[must_use]
pub fn find<'v>(value: &'v [u8], name: &[u8]) -> Option<Directive<'v>> {
    directives(value).find(|it| it.is(name))
}

/// The directives of a field; see [`directives`].
#[derive(Clone, Copy, Debug)]
pub struct Directives<'v>(Members<'v>);

impl<'v> Iterator for Directives<'v> {
    type Item = Directive<'v>;

    fn next(&mut self) -> Option<Directive<'v>> {
        self.0.find_map(|member| {
            let (name, raw) = pair(member, false)?;
            Some(Directive { name, raw })
        })
    }
}

impl core::iter::FusedIterator for Directives<'_> {}

/// The seconds in the `Age` field `value`: those of the first member where there are several (section
/// 5.1). `None` if that is no number: the field is then ignored.
#[must_use]
pub fn age(value: &[u8]) -> Option<u32> {
    let first = value.split(|&octet| octet == b',').next()?;
    delta_seconds(crate::wire::octet::trim(first))
}

/// Whether the `Pragma` field `value` of a request has `no-cache`, which counts where there is no
/// `Cache-Control` (section 5.4).
#[must_use]
pub fn has_pragma_no_cache(value: &[u8]) -> bool {
    directives(value).any(|it| it.is(b"no-cache") && it.raw.is_none())
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn rfc9111_1_2_2_delta_seconds_saturate_at_2_to_the_31() {
        for (text, seconds) in [
            (&b"0"[..], Some(0)),
            (b"007", Some(7)),
            (b"2147483647", Some(2_147_483_647)),
            (b"2147483648", Some(2_147_483_648)),
            (b"2147483649", Some(2_147_483_648)),
            (b"4294967296", Some(2_147_483_648)),
            (b"99999999999999999999999", Some(2_147_483_648)),
            (b"", None),
            (b"-1", None),
            (b"1.5", None),
            (b" 1", None),
        ] {
            assert_eq!(delta_seconds(text), seconds, "{text:?}");
        }
    }

    #[test]
    fn rfc9111_5_2_directives_in_both_forms() {
        let all: Vec<_> = directives(
            b"private, community=\"UCI, x\",, MAX-AGE=\"5\", a b, s-maxage=10, =1, max-age=, x = 1",
        )
        .map(|it| (it.name, it.argument()))
        .collect();
        let some = |it: &'static [u8]| Some(Cow::Borrowed(it));
        assert_eq!(
            all,
            [
                (&b"private"[..], None),
                (b"community", some(b"UCI, x")),
                (b"MAX-AGE", some(b"5")),
                (b"s-maxage", some(b"10"))
            ]
        );
        assert_eq!(
            find(b"max-age=1, Max-Age=2", b"MAX-AGE").unwrap().seconds(),
            Some(1)
        );
        assert_eq!(find(b"max-stale", b"max-stale").unwrap().seconds(), None);
        assert_eq!(find(b"max-age=x", b"max-age").unwrap().seconds(), None);
        assert_eq!(find(b"max-age=1", b"no-cache"), None);
    }

    #[test]
    fn rfc9111_5_2_2_4_field_names() {
        let names = |value| {
            let it = find(value, b"no-cache").unwrap();
            it.field_names().filter_map(Result::ok).collect::<Vec<_>>()
        };
        assert_eq!(
            names(b"no-cache=\"Set-Cookie, X-A ,\""),
            [&b"Set-Cookie"[..], b"X-A"]
        );
        assert_eq!(names(b"no-cache=Set-Cookie"), [b"Set-Cookie"]);
        assert!(names(b"no-cache").is_empty());
        assert!(names(b"no-cache=\"\"").is_empty());
    }

    #[test]
    fn rfc9111_5_1_age_is_the_first_member_or_nothing() {
        assert_eq!(age(b" 60 "), Some(60));
        assert_eq!(age(b"60, 70"), Some(60));
        assert_eq!(age(b"99999999999"), Some(MAX_DELTA_SECONDS));
        for wrong in [&b""[..], b"x, 60", b"-1", b"1.5", b"\"60\""] {
            assert_eq!(age(wrong), None);
        }
    }

    #[test]
    fn rfc9111_5_4_pragma() {
        assert!(has_pragma_no_cache(b"No-Cache") && has_pragma_no_cache(b"x=y, no-cache"));
        assert!(!has_pragma_no_cache(b"no-cache=x") && !has_pragma_no_cache(b"no-store"));
    }
}
