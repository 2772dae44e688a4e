//! Comma-separated lists (`#rule`, RFC 9110 section 5.6.1).
//!
//! A field that comes in several lines is one list: read the lines one after the other. Entity-tags
//! are the exception to the rule of quoted-strings; [`etag::tags`](super::etag::tags) reads lists of
//! them.

use super::quoted::{comment_len, quoted_len};
use crate::wire::octet::{is_token, trim};

/// The members of the list `value`, without the whitespace (SP and HTAB) at their ends; empty ones
/// are skipped, as section 5.6.1.2 asks of recipients. A comma in a quoted-string does not separate.
/// If nothing closes a quoted-string, the rest of `value` belongs to the member it stands in, which
/// then does not parse.
///
/// ```
/// # use wirelore_http1::value::list::members;
/// let mut it = members(b"foo , ,bar;x=\"1,2\",");
/// assert_eq!(it.next(), Some(&b"foo"[..]));
/// assert_eq!(it.next(), Some(&b"bar;x=\"1,2\""[..]));
/// assert_eq!(it.next(), None);
/// ```
#[must_use]
pub const fn members(value: &[u8]) -> Members<'_> {
    Members(members_and_gaps(value))
}

/// As [`members`], with empty members where the list has them: a value with n commas outside quotes
/// has n + 1 of these, so the empty value has one empty member.
#[must_use]
pub const fn members_and_gaps(value: &[u8]) -> MembersAndGaps<'_> {
    MembersAndGaps {
        rest: Some(value),
        comments: false,
    }
}

/// The members of the list `value`, each of which should be a token.
#[must_use]
pub const fn tokens(value: &[u8]) -> Tokens<'_> {
    Tokens(members(value))
}

/// Whether `token`, in any case, is a member of the list `value`: `close` in `Connection`. Members
/// that are not tokens, and members with parameters, are not it.
#[must_use]
pub fn contains_token(value: &[u8], token: &[u8]) -> bool {
    members(value).any(|member| member.eq_ignore_ascii_case(token))
}

/// The members of a list that are not empty; see [`members`].
#[derive(Clone, Copy)]
pub struct Members<'v>(MembersAndGaps<'v>);

impl Members<'_> {
    /// A comma in a comment does not separate either. For fields whose members may have comments,
    /// such as `Via`.
    #[must_use]
    pub const fn with_comments(self) -> Self {
        Self(self.0.with_comments())
    }
}

impl<'v> Iterator for Members<'v> {
    type Item = &'v [u8];

    fn next(&mut self) -> Option<&'v [u8]> {
        self.0.find(|member| !member.is_empty())
    }
}

impl core::iter::FusedIterator for Members<'_> {}

/// All members of a list; see [`members_and_gaps`].
#[derive(Clone, Copy)]
pub struct MembersAndGaps<'v> {
    rest: Option<&'v [u8]>,
    comments: bool,
}

impl MembersAndGaps<'_> {
    /// A comma in a comment does not separate either.
    #[must_use]
    pub const fn with_comments(mut self) -> Self {
        self.comments = true;
        self
    }
}

impl<'v> Iterator for MembersAndGaps<'v> {
    type Item = &'v [u8];

    fn next(&mut self) -> Option<&'v [u8]> {
        let rest = self.rest.take()?;
        let end = find_outside_quotes(rest, b',', self.comments);
        let member = rest.get(..end).unwrap_or(rest);
        self.rest = rest.get(end + 1..);
        Some(trim(member))
    }
}

impl core::iter::FusedIterator for MembersAndGaps<'_> {}

/// The members of a list of tokens; see [`tokens`]. A member that is no token is an error that names
/// it, and the next call goes on behind it.
#[derive(Clone, Copy)]
pub struct Tokens<'v>(Members<'v>);

impl<'v> Iterator for Tokens<'v> {
    type Item = Result<&'v [u8], NotAToken<'v>>;

    fn next(&mut self) -> Option<Self::Item> {
        let member = self.0.next()?;
        Some(if is_token(member) {
            Ok(member)
        } else {
            Err(NotAToken(member))
        })
    }
}

impl core::iter::FusedIterator for Tokens<'_> {}

/// A member of a list of tokens that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct NotAToken<'v>(pub &'v [u8]);

impl core::fmt::Display for NotAToken<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "`{}` is not a token", wirelore_core::escape(self.0))
    }
}

impl core::error::Error for NotAToken<'_> {}

/// Where the first `delimiter` stands that is not in a quoted-string (and, with `comments`, not in a
/// comment), or the length of `octets`. What is opened and not closed goes on to the end.
pub(super) fn find_outside_quotes(octets: &[u8], delimiter: u8, comments: bool) -> usize {
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        if octet == delimiter {
            return at;
        }
        let rest = octets.get(at..).unwrap_or_default();
        let skip = match octet {
            b'"' => quoted_len(rest),
            b'(' if comments => comment_len(rest),
            _ => Some(1),
        };
        match skip {
            Some(skip) => at += skip,
            None => return octets.len(),
        }
    }
    octets.len()
}

/// What is walked over may be secret, so it is not shown.
macro_rules! hidden {
    ($($walk:ident),*) => {
        $(impl core::fmt::Debug for $walk<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($walk)).finish_non_exhaustive()
            }
        })*
    };
}
pub(in crate::value) use hidden;

hidden!(Members, MembersAndGaps, Tokens);

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    fn all(value: &[u8]) -> Vec<&[u8]> {
        members(value).collect()
    }

    #[test]
    fn rfc9110_5_6_1_2_examples() {
        assert_eq!(all(b"foo,bar"), vec![b"foo", b"bar"]);
        assert_eq!(all(b"foo ,bar,"), vec![b"foo", b"bar"]);
        assert_eq!(
            all(b"foo , ,bar,charlie"),
            vec![&b"foo"[..], b"bar", b"charlie"]
        );
        for empty in [&b""[..], b",", b",   ,", b" \t "] {
            assert!(all(empty).is_empty());
        }
    }

    #[test]
    fn gaps_are_one_more_than_commas() {
        let gaps = |value| members_and_gaps(value).collect::<Vec<_>>();
        assert_eq!(gaps(b""), vec![b""]);
        assert_eq!(gaps(b","), vec![b"", b""]);
        assert_eq!(gaps(b",chunked"), vec![&b""[..], b"chunked"]);
        assert_eq!(gaps(b"chunked, "), vec![&b"chunked"[..], b""]);
        assert_eq!(gaps(b"a,\t,b"), vec![&b"a"[..], b"", b"b"]);
    }

    #[test]
    fn rfc9110_5_6_4_comma_in_a_quoted_string_does_not_separate() {
        assert_eq!(all(br#"a="1,\",2" , b"#), vec![&br#"a="1,\",2""#[..], b"b"]);
        assert_eq!(all(br#""a","b,c""#), vec![&br#""a""#[..], br#""b,c""#]);
    }

    #[test]
    fn an_open_quoted_string_takes_the_rest() {
        assert_eq!(all(br#"a, "b, close"#), vec![&b"a"[..], br#""b, close"#]);
        assert_eq!(all(br#""b\", close"#), vec![br#""b\", close"#]);
        assert!(!contains_token(br#""b, close"#, b"close"));
    }

    #[test]
    fn rfc9110_5_6_5_comments_only_on_request() {
        let via = b"1.0 fred, 1.1 p (a, (b), c), 1.1 q (x";
        assert_eq!(
            members(via).with_comments().collect::<Vec<_>>(),
            vec![&b"1.0 fred"[..], b"1.1 p (a, (b), c)", b"1.1 q (x"]
        );
        assert_eq!(members(via).count(), 5);
        assert_eq!(members_and_gaps(b"(,),").with_comments().count(), 2);
    }

    #[test]
    fn rfc9110_5_6_3_only_space_and_tab_are_whitespace() {
        assert_eq!(
            all(b"\x0bchunked\x0c,\xa0x"),
            vec![&b"\x0bchunked\x0c"[..], b"\xa0x"]
        );
        assert!(!contains_token(b"\x0bchunked", b"chunked"));
        assert_eq!(all(b" \ta b\t ,"), vec![b"a b"]);
    }

    #[test]
    fn rfc9110_7_6_1_tokens_in_any_case() {
        assert!(contains_token(b"keep-alive, Close", b"close"));
        assert!(!contains_token(b"closed", b"close"));
        assert!(!contains_token(b"close;x=1", b"close"));
        assert!(!contains_token(b"close foo", b"close"));
        assert!(!contains_token(b"", b""));
    }

    #[test]
    fn what_is_no_token_is_named() {
        assert_eq!(
            tokens(b"a, b c, \"d\", e").collect::<Vec<_>>(),
            vec![
                Ok(&b"a"[..]),
                Err(NotAToken(b"b c")),
                Err(NotAToken(b"\"d\"")),
                Ok(b"e")
            ]
        );
    }
}
