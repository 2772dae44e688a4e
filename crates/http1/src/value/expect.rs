//! `Expect` (RFC 9110 section 10.1.1).

use super::list::members;
use super::pair::said;
use super::parameters::{BadParameter, Flaw, Parameters, split_item};
use alloc::borrow::Cow;

/// One expectation: `100-continue`, `name=value;parameter=value`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Expectation<'v> {
    /// The name. Case means nothing in it.
    pub name: &'v [u8],
    /// The value, if there is one.
    pub value: Option<Cow<'v, [u8]>>,
    /// What follows the value.
    pub parameters: Parameters<'v>,
}

/// The expectations in the `Expect` field `value`. What is malformed comes as an error: it is
/// something that the server cannot meet either.
pub fn expectations(
    value: &[u8],
) -> impl Iterator<Item = Result<Expectation<'_>, BadParameter<'_>>> {
    members(value).map(|member| {
        let (item, parameters) = split_item(member);
        let first = Parameters::new(item).next();
        let (name, value) = match first {
            Some(Ok(it)) => (it.name, Some(said(it.raw))),
            Some(Err(it)) if it.flaw == Flaw::NoValue => (it.octets, None),
            Some(Err(it)) => return Err(it),
            None => (item, None),
        };
        Ok(Expectation {
            name,
            value,
            parameters,
        })
    })
}

/// Whether the `Expect` field `value` has `100-continue`, in any case: the client waits for a 100
/// before it sends the content.
#[must_use]
pub fn is_100_continue(value: &[u8]) -> bool {
    members(value).any(|it| it.eq_ignore_ascii_case(b"100-continue"))
}

/// Whether the `Expect` field `value` has anything but `100-continue`, to which a server may answer
/// 417.
#[must_use]
pub fn has_unknown(value: &[u8]) -> bool {
    members(value).any(|it| !it.eq_ignore_ascii_case(b"100-continue"))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn rfc9110_10_1_1_100_continue_in_any_case() {
        assert!(is_100_continue(b"100-Continue") && !has_unknown(b"100-Continue"));
        assert!(is_100_continue(b"x, 100-continue") && has_unknown(b"x, 100-continue"));
        assert!(!is_100_continue(b"100-continue=1") && has_unknown(b"100-continue;x=y"));
        assert!(!is_100_continue(b"") && !has_unknown(b" ,"));
    }

    #[test]
    fn rfc9110_10_1_1_expectations() {
        let all: Vec<_> = expectations(b"100-continue, a=\"b,c\";d=e, ;x, f=")
            .map(|it| it.map(|it| (it.name, it.value, it.parameters.count())))
            .collect();
        assert_eq!(all.len(), 4);
        assert_eq!(all[0], Ok((&b"100-continue"[..], None, 0)));
        assert_eq!(all[1], Ok((&b"a"[..], Some(Cow::Borrowed(&b"b,c"[..])), 1)));
        assert_eq!(all[2], Ok((&b""[..], None, 1)));
        assert!(all[3].is_err());
    }
}
