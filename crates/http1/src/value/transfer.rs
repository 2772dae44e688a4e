//! `Transfer-Encoding`, `TE` and `Trailer` (RFC 9112 sections 6.1 and 7, RFC 9110 sections 10.1.4 and
//! 6.6.2), as lists. How long a message is does not follow from these functions: framing has rules of
//! its own for what is malformed.

use super::accept::weight_of;
use super::list::{Tokens, contains_token, members_and_gaps, tokens};
use super::parameters::{Parameters, split_item};
use crate::wire::octet::is_token;

/// A transfer coding: a name and its parameters.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TransferCoding<'v> {
    /// The name. Case means nothing in it.
    pub name: &'v [u8],
    /// The parameters, which may have whitespace around `=`.
    pub parameters: Parameters<'v>,
}

impl<'v> TransferCoding<'v> {
    /// Whether `name` is its name, in any case.
    #[must_use]
    pub fn is(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn parse(member: &'v [u8]) -> Result<Self, BadCoding<'v>> {
        let (name, parameters) = split_item(member);
        if !is_token(name) {
            return Err(BadCoding(member));
        }
        Ok(Self {
            name,
            parameters: parameters.with_bad_whitespace(),
        })
    }
}

/// A member of the list that does not begin with a token. An empty one is one too: RFC 9110 section
/// 5.6.1 lets recipients skip some, but not here, where two recipients must not disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct BadCoding<'v>(pub &'v [u8]);

impl core::fmt::Display for BadCoding<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "`{}` is not a transfer coding",
            wirelore_core::escape(self.0)
        )
    }
}

impl core::error::Error for BadCoding<'_> {}

/// The codings in the `Transfer-Encoding` field `value`, in the order in which they were applied, so
/// that the last one is undone first.
///
/// ```
/// # use wirelore_http1::value::transfer::codings;
/// let mut it = codings(b"gzip, Chunked");
/// assert!(it.next().unwrap().unwrap().is(b"gzip"));
/// assert!(it.next().unwrap().unwrap().is(b"chunked"));
/// ```
pub fn codings(value: &[u8]) -> impl Iterator<Item = Result<TransferCoding<'_>, BadCoding<'_>>> {
    members_and_gaps(value).map(TransferCoding::parse)
}

/// Whether the `TE` field `value` has `trailers`: the client, and all that stand between, will not
/// throw trailer fields away (RFC 9110 section 6.5.1).
#[must_use]
pub fn accepts_trailers(value: &[u8]) -> bool {
    contains_token(value, b"trailers")
}

/// The codings in the `TE` field `value` and their weights in thousandths; `trailers`, and what is
/// malformed, is skipped. `chunked` is always acceptable and need not be here. A `q` is among the
/// parameters, too.
pub fn accepted(value: &[u8]) -> impl Iterator<Item = (TransferCoding<'_>, u16)> {
    super::list::members(value)
        .filter(|it| !it.eq_ignore_ascii_case(b"trailers"))
        .filter_map(|member| {
            let coding = TransferCoding::parse(member).ok()?;
            Some((coding, weight_of(coding.parameters)?))
        })
}

/// The names of fields in the `Trailer` field `value`, which announces them (RFC 9110 section 6.6.2).
/// What is no token is an error that names it, and the next call goes on behind it.
#[must_use]
pub const fn trailer_names(value: &[u8]) -> Tokens<'_> {
    tokens(value)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn rfc9112_6_1_codings_in_their_order() {
        let all: Vec<_> = codings(b"gzip;level = \"9\";x=1, Chunked")
            .map(Result::unwrap)
            .collect();
        assert_eq!(all[0].name, b"gzip");
        assert_eq!(
            all[0].parameters.value_of(b"level").as_deref(),
            Some(&b"9"[..])
        );
        assert_eq!(all[0].parameters.count(), 2);
        assert!(all[1].is(b"chunked"));
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn rfc9112_6_1_what_is_no_coding_is_named() {
        let bad = |value| {
            codings(value)
                .filter_map(Result::err)
                .map(|it| it.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(bad(b",chunked"), [b""]);
        assert_eq!(bad(b"chunked,"), [b""]);
        assert_eq!(bad(b""), [b""]);
        assert_eq!(
            bad(b"\x0bchunked, chun ked"),
            [&b"\x0bchunked"[..], b"chun ked"]
        );
        assert!(bad(b"chunked").is_empty());
    }

    #[test]
    fn rfc9110_10_1_4_te() {
        assert!(accepts_trailers(b"deflate;q=0.5, Trailers"));
        assert!(!accepts_trailers(b"trailers;q=1") && !accepts_trailers(b""));
        let all: Vec<_> = accepted(b"trailers, deflate;q=0.5, gzip;x = y, , br;q=7, a b")
            .map(|it| (it.0.name, it.1))
            .collect();
        assert_eq!(all, [(&b"deflate"[..], 500), (b"gzip", 1000)]);
    }

    #[test]
    fn rfc9110_6_6_2_trailer() {
        let all: Vec<_> = trailer_names(b"Digest, X-Sum,, a b").collect();
        assert_eq!(all[..2], [Ok(&b"Digest"[..]), Ok(b"X-Sum")]);
        assert!(all[2].is_err());
    }
}
