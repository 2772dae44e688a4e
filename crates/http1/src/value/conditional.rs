//! Conditional requests (RFC 9110 section 13): which fields make a request conditional, and what
//! becomes of it.

use alloc::borrow::Cow;

use super::date::HttpDate;
use super::etag::{EntityTag, tags};

/// The fields of a request that make it conditional.
///
/// Offer all fields to [`field`](Self::field), then ask [`evaluate`](Self::evaluate). This is to be
/// done when the request would otherwise succeed, just before the method is performed: a redirect or
/// failure comes first (section 13.2.1).
///
/// ```
/// # use wirelore_http1::value::conditional::{Outcome, Preconditions, Recipient, Selected};
/// # use wirelore_http1::value::date::HttpDate;
/// # use wirelore_http1::value::etag::EntityTag;
/// # let now = HttpDate::from_unix(1_000_000_000).unwrap();
/// let request = Preconditions::new().field(b"If-None-Match", b"\"a\", \"b\"");
/// let file = Selected::new().with_tag(EntityTag::strong(b"b").unwrap());
/// let outcome = request.evaluate(b"GET", Some(&file), Recipient::Origin, now);
/// assert_eq!(outcome, Outcome::NotModified);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions<'v> {
    if_match: Option<Cow<'v, [u8]>>,
    if_none_match: Option<Cow<'v, [u8]>>,
    if_modified_since: Option<Cow<'v, [u8]>>,
    if_unmodified_since: Option<Cow<'v, [u8]>>,
    if_range: Option<Cow<'v, [u8]>>,
    range: bool,
}

/// What the target has at the moment, seen by the preconditions: the selected representation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selected<'v> {
    tag: Option<EntityTag<'v>>,
    last_modified: Option<HttpDate>,
    strong_date: bool,
}

/// Who evaluates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Recipient {
    /// The origin server.
    Origin,
    /// A cache that may answer by itself: it looks at neither `If-Match` nor `If-Unmodified-Since`.
    /// What is neither must not evaluate preconditions, but forward them (section 13.2.1).
    Cache,
}

/// What becomes of a conditional request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Outcome {
    /// Perform the method, with the `Range` if there is one.
    Proceed,
    /// Perform the method as if there were no `Range`.
    IgnoreRange,
    /// Answer 304.
    NotModified,
    /// Answer 412, and do not perform the method. (Where the request changes something, and this
    /// has already been done, success is allowed too: sections 13.1.1 and 13.1.4.)
    PreconditionFailed,
}

impl<'v> Preconditions<'v> {
    /// No preconditions.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            if_match: None,
            if_none_match: None,
            if_modified_since: None,
            if_unmodified_since: None,
            if_range: None,
            range: false,
        }
    }

    /// Those among these fields, given as names and values.
    pub fn from_fields(fields: impl IntoIterator<Item = (&'v [u8], &'v [u8])>) -> Self {
        let all = fields.into_iter();
        all.fold(Self::new(), |it, (name, value)| it.field(name, value))
    }

    /// Takes note of the field `name`, in any case, if it is one of the five or `Range`. A field in
    /// several lines is given line by line; only then is anything copied.
    #[must_use]
    pub fn field(mut self, name: &[u8], value: &'v [u8]) -> Self {
        if !matches!(name, [b'i' | b'I', b'f' | b'F', b'-', ..]) {
            self.range |= name.eq_ignore_ascii_case(b"range");
            return self;
        }
        let slots: [(&[u8], _); 5] = [
            (b"match", &mut self.if_match),
            (b"none-match", &mut self.if_none_match),
            (b"modified-since", &mut self.if_modified_since),
            (b"unmodified-since", &mut self.if_unmodified_since),
            (b"range", &mut self.if_range),
        ];
        for (rest, slot) in slots {
            if name
                .get(3..)
                .is_some_and(|it| it.eq_ignore_ascii_case(rest))
            {
                match slot {
                    None => *slot = Some(Cow::Borrowed(value)),
                    Some(before) => {
                        let before = before.to_mut();
                        before.extend_from_slice(b", ");
                        before.extend_from_slice(value);
                    }
                }
                break;
            }
        }
        self
    }

    /// Whether there is nothing to evaluate. A `Range` alone is no precondition.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.if_match.is_none()
            && self.if_none_match.is_none()
            && self.if_modified_since.is_none()
            && self.if_unmodified_since.is_none()
            && self.if_range.is_none()
    }

    /// What becomes of the request, by the order of section 13.2.2. `selected` is `None` if the
    /// target has no representation at the moment, as for a PUT that creates one. `now` is for years
    /// of two digits only.
    ///
    /// Malformed values follow from what each field says: a malformed entity-tag matches nothing, a
    /// malformed date is ignored, except in `If-Range`, where it takes the `Range` with it. With
    /// `CONNECT`, `OPTIONS` and `TRACE` all preconditions are ignored.
    #[must_use]
    pub fn evaluate(
        &self,
        method: &[u8],
        selected: Option<&Selected<'_>>,
        recipient: Recipient,
        now: HttpDate,
    ) -> Outcome {
        if self.is_empty() || matches!(method, b"CONNECT" | b"OPTIONS" | b"TRACE") {
            return Outcome::Proceed;
        }
        let reads = matches!(method, b"GET" | b"HEAD");
        let last_modified = selected.and_then(|it| it.last_modified);
        let date = |value: &Option<Cow<'_, [u8]>>| {
            let date = HttpDate::parse(value.as_deref()?, now).ok()?;
            Some((last_modified?, date))
        };
        if recipient == Recipient::Origin {
            if let Some(list) = &self.if_match {
                if !any_matches(list, selected, |one, other| one.matches_strongly(other)) {
                    return Outcome::PreconditionFailed;
                }
            } else if let Some((modified, date)) = date(&self.if_unmodified_since)
                && modified > date
            {
                return Outcome::PreconditionFailed;
            }
        }
        if let Some(list) = &self.if_none_match {
            if any_matches(list, selected, |one, other| one.matches_weakly(other)) {
                return if reads {
                    Outcome::NotModified
                } else {
                    Outcome::PreconditionFailed
                };
            }
        } else if reads
            && let Some((modified, date)) = date(&self.if_modified_since)
            && modified <= date
        {
            return Outcome::NotModified;
        }
        match &self.if_range {
            Some(validator) if method == b"GET" && self.range => {
                if selected.is_some_and(|it| it.is_still(validator, now)) {
                    Outcome::Proceed
                } else {
                    Outcome::IgnoreRange
                }
            }
            _ => Outcome::Proceed,
        }
    }
}

impl<'v> Selected<'v> {
    /// A representation without validators.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tag: None,
            last_modified: None,
            strong_date: false,
        }
    }

    /// Its entity-tag, the one that would be sent as `ETag`.
    #[must_use]
    pub const fn with_tag(mut self, tag: EntityTag<'v>) -> Self {
        self.tag = Some(tag);
        self
    }

    /// The date of its last modification, the one that would be sent as `Last-Modified`: rounded
    /// down to a second.
    #[must_use]
    pub const fn with_last_modified(mut self, date: HttpDate) -> Self {
        self.last_modified = Some(date);
        self
    }

    /// The date is a strong validator: it is known that the representation did not change twice in
    /// that second (section 8.8.2.2). Unless this is said, no date in `If-Range` matches. A cache
    /// may say so if the response it stored has a `Date` at least one second later.
    #[must_use]
    pub const fn with_strong_date(mut self) -> Self {
        self.strong_date = true;
        self
    }

    /// Whether the condition of an `If-Range` is true (section 13.1.5): an exact match, and of
    /// strong validators.
    fn is_still(&self, validator: &[u8], now: HttpDate) -> bool {
        if let Ok(tag) = EntityTag::parse(validator) {
            return self.tag.is_some_and(|it| it.matches_strongly(&tag));
        }
        let date = HttpDate::parse(validator, now).ok();
        self.strong_date && date.is_some() && date == self.last_modified
    }
}

/// Whether the list has an entity-tag that matches, or is `*` and there is a representation.
fn any_matches(
    list: &[u8],
    selected: Option<&Selected<'_>>,
    matches: fn(&EntityTag<'_>, &EntityTag<'_>) -> bool,
) -> bool {
    let Some(selected) = selected else {
        return false;
    };
    if list == b"*" {
        return true;
    }
    let Some(current) = &selected.tag else {
        return false;
    };
    tags(list).flatten().any(|tag| matches(&tag, current))
}

#[cfg(test)]
mod tests {
    use super::Outcome::{IgnoreRange, NotModified, PreconditionFailed, Proceed};
    use super::*;

    const EARLIER: &[u8] = b"Sat, 29 Oct 1994 19:43:30 GMT";
    const SAME: &[u8] = b"Sat, 29 Oct 1994 19:43:31 GMT";
    const LATER: &[u8] = b"Sat, 29 Oct 1994 19:43:32 GMT";

    fn now() -> HttpDate {
        HttpDate::new(2026, 11, 21, 17, 0, 0).unwrap()
    }

    fn selected<'v>(tag: &'v [u8]) -> Selected<'v> {
        Selected::new()
            .with_tag(EntityTag::parse(tag).unwrap())
            .with_last_modified(HttpDate::parse(SAME, now()).unwrap())
    }

    /// `fields` are lines; the representation has the strong tag `"x"` and the date `SAME`.
    fn outcome(method: &str, fields: &[(&str, &[u8])]) -> Outcome {
        evaluate(method, fields, Some(&selected(b"\"x\"")))
    }

    fn evaluate(
        method: &str,
        fields: &[(&str, &[u8])],
        selected: Option<&Selected<'_>>,
    ) -> Outcome {
        let fields = fields.iter().map(|(name, value)| (name.as_bytes(), *value));
        let request = Preconditions::from_fields(fields);
        request.evaluate(method.as_bytes(), selected, Recipient::Origin, now())
    }

    #[test]
    fn rfc9110_13_1_1_if_match_compares_strongly() {
        for (value, expected) in [
            (&b"\"x\""[..], Proceed),
            (b"\"y\", \"x\"", Proceed),
            (b"*", Proceed),
            (b"\"y\"", PreconditionFailed),
            (b"W/\"x\"", PreconditionFailed),
            (b"", PreconditionFailed),
            (b"x", PreconditionFailed),
            (b"*, \"y\"", PreconditionFailed),
        ] {
            assert_eq!(
                outcome("PUT", &[("If-Match", value)]),
                expected,
                "{value:?}"
            );
            assert_eq!(
                outcome("GET", &[("if-match", value)]),
                expected,
                "{value:?}"
            );
        }
        let weak = selected(b"W/\"x\"");
        let list = [("If-Match", &b"W/\"x\", \"x\""[..])];
        assert_eq!(evaluate("PUT", &list, Some(&weak)), PreconditionFailed);
    }

    #[test]
    fn rfc9110_13_1_1_if_match_fails_where_there_is_nothing() {
        for value in [&b"*"[..], b"\"x\""] {
            assert_eq!(
                evaluate("PUT", &[("If-Match", value)], None),
                PreconditionFailed
            );
        }
        let bare = Selected::new();
        assert_eq!(evaluate("PUT", &[("If-Match", b"*")], Some(&bare)), Proceed);
        let one = [("If-Match", &b"\"x\""[..])];
        assert_eq!(evaluate("PUT", &one, Some(&bare)), PreconditionFailed);
    }

    #[test]
    fn rfc9110_13_1_2_if_none_match_compares_weakly() {
        for (value, matches) in [
            (&b"\"x\""[..], true),
            (b"W/\"x\"", true),
            (b"\"y\" , W/\"x\"", true),
            (b"*", true),
            (b"\"y\"", false),
            (b"", false),
            (b"x", false),
        ] {
            let field = [("If-None-Match", value)];
            for (method, expected) in [
                ("GET", NotModified),
                ("HEAD", NotModified),
                ("PUT", PreconditionFailed),
                ("get", PreconditionFailed),
            ] {
                let expected = if matches { expected } else { Proceed };
                assert_eq!(outcome(method, &field), expected, "{method} {value:?}");
            }
            assert_eq!(evaluate("PUT", &field, None), Proceed);
        }
    }

    #[test]
    fn rfc9110_13_1_3_if_modified_since() {
        for (value, expected) in [
            (EARLIER, Proceed),
            (SAME, NotModified),
            (LATER, NotModified),
            (b"Saturday, 29-Oct-94 19:43:31 GMT", NotModified),
            (b"Sat Oct 29 19:43:31 1994", NotModified),
            (b"never", Proceed),
            (
                b"Sat, 29 Oct 1994 19:43:31 GMT, Sat, 29 Oct 1994 19:43:31 GMT",
                Proceed,
            ),
        ] {
            let field = [("If-Modified-Since", value)];
            assert_eq!(outcome("GET", &field), expected, "{value:?}");
            assert_eq!(outcome("HEAD", &field), expected);
            assert_eq!(outcome("POST", &field), Proceed);
            assert_eq!(evaluate("GET", &field, Some(&Selected::new())), Proceed);
        }
        let twice = [("If-Modified-Since", SAME), ("If-Modified-Since", SAME)];
        assert_eq!(outcome("GET", &twice), Proceed);
    }

    #[test]
    fn rfc9110_13_1_4_if_unmodified_since() {
        for (value, expected) in [
            (EARLIER, PreconditionFailed),
            (SAME, Proceed),
            (LATER, Proceed),
            (b"never", Proceed),
            (b"Sat, 29 Oct 1994 19:43:30 GMT, x", Proceed),
        ] {
            let field = [("If-Unmodified-Since", value)];
            assert_eq!(outcome("PUT", &field), expected);
            assert_eq!(outcome("GET", &field), expected);
            assert_eq!(evaluate("PUT", &field, Some(&Selected::new())), Proceed);
            assert_eq!(evaluate("PUT", &field, None), Proceed);
        }
    }

    #[test]
    fn rfc9110_13_1_5_if_range_is_an_exact_match_of_strong_validators() {
        let range = ("Range", &b"bytes=0-1"[..]);
        let strong = selected(b"\"x\"").with_strong_date();
        for (value, by_tag, by_strong_date) in [
            (&b"\"x\""[..], Proceed, Proceed),
            (b"W/\"x\"", IgnoreRange, IgnoreRange),
            (b"\"y\"", IgnoreRange, IgnoreRange),
            (b"\"x\", \"x\"", IgnoreRange, IgnoreRange),
            (b"*", IgnoreRange, IgnoreRange),
            (b"", IgnoreRange, IgnoreRange),
            (SAME, IgnoreRange, Proceed),
            (EARLIER, IgnoreRange, IgnoreRange),
            (LATER, IgnoreRange, IgnoreRange),
            (b"never", IgnoreRange, IgnoreRange),
        ] {
            let fields = [("If-Range", value), range];
            assert_eq!(outcome("GET", &fields), by_tag, "{value:?}");
            assert_eq!(evaluate("GET", &fields, Some(&strong)), by_strong_date);
            assert_eq!(outcome("HEAD", &fields), Proceed);
            assert_eq!(outcome("GET", &[("If-Range", value)]), Proceed, "no Range");
        }
        let bare = Selected::new().with_strong_date();
        assert_eq!(
            evaluate("GET", &[("If-Range", b"never"), range], Some(&bare)),
            IgnoreRange
        );
    }

    #[test]
    fn rfc9110_13_2_2_order() {
        let range = ("range", &b"bytes=0-1"[..]);
        for (method, fields, expected) in [
            // 1 before 2, which is then ignored
            (
                "GET",
                &[
                    ("If-Match", &b"\"x\""[..]),
                    ("If-Unmodified-Since", EARLIER),
                ][..],
                Proceed,
            ),
            (
                "GET",
                &[("If-Unmodified-Since", LATER), ("If-Match", b"\"y\"")],
                PreconditionFailed,
            ),
            // 1 and 2 before 3
            (
                "GET",
                &[("If-None-Match", b"\"x\""), ("If-Match", b"\"y\"")],
                PreconditionFailed,
            ),
            (
                "GET",
                &[("If-None-Match", b"\"x\""), ("If-Match", b"\"x\"")],
                NotModified,
            ),
            (
                "GET",
                &[
                    ("If-None-Match", b"\"x\""),
                    ("If-Unmodified-Since", EARLIER),
                ],
                PreconditionFailed,
            ),
            // 3 before 4, which is then ignored
            (
                "GET",
                &[("If-None-Match", b"\"y\""), ("If-Modified-Since", SAME)],
                Proceed,
            ),
            // 2 before 4
            (
                "GET",
                &[
                    ("If-Modified-Since", LATER),
                    ("If-Unmodified-Since", EARLIER),
                ],
                PreconditionFailed,
            ),
            // 3 and 4 before 5
            (
                "GET",
                &[("If-None-Match", b"\"x\""), range, ("If-Range", b"\"y\"")],
                NotModified,
            ),
            (
                "GET",
                &[("If-Modified-Since", SAME), range, ("If-Range", b"\"y\"")],
                NotModified,
            ),
            (
                "GET",
                &[("If-None-Match", b"\"y\""), range, ("If-Range", b"\"y\"")],
                IgnoreRange,
            ),
            ("GET", &[range], Proceed),
        ] {
            assert_eq!(outcome(method, fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn rfc9110_13_2_1_ignored_with_methods_that_select_nothing() {
        let fields = [("If-Match", &b"\"y\""[..]), ("If-None-Match", b"*")];
        for method in ["CONNECT", "OPTIONS", "TRACE"] {
            assert_eq!(outcome(method, &fields), Proceed);
        }
        assert_eq!(outcome("DELETE", &fields), PreconditionFailed);
    }

    #[test]
    fn rfc9110_13_2_2_a_cache_leaves_steps_1_and_2_to_the_origin() {
        let it = selected(b"\"x\"");
        let cache = |name: &[u8], value| {
            let request = Preconditions::new().field(name, value);
            request.evaluate(b"GET", Some(&it), Recipient::Cache, now())
        };
        assert_eq!(cache(b"If-Match", b"\"y\""), Proceed);
        assert_eq!(cache(b"If-Unmodified-Since", EARLIER), Proceed);
        assert_eq!(cache(b"If-None-Match", b"\"x\""), NotModified);
    }

    #[test]
    fn rfc9110_5_3_lines_are_one_list() {
        let lines = [
            ("If-None-Match", &b"\"a\""[..]),
            ("if-none-match", b"\"x\""),
        ];
        assert_eq!(outcome("GET", &lines), NotModified);
        let stars = [("If-None-Match", &b"*"[..]), ("If-None-Match", b"*")];
        assert_eq!(outcome("GET", &stars), Proceed, "`*, *` is not `*`");
    }

    #[test]
    fn only_preconditions_count() {
        let none = Preconditions::new()
            .field(b"Range", b"bytes=0-")
            .field(b"If-", b"x")
            .field(b"If-Foo", b"x")
            .field(b"Host", b"x");
        assert!(none.is_empty());
        assert!(!none.field(b"IF-RANGE", b"x").is_empty());
    }
}
