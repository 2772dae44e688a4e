//! `name=value` where the value may be missing or have whitespace in front of it: what members of
//! `Cache-Control`, `Expect` and of lists of auth-params look like.

use alloc::borrow::Cow;

use super::parameters::{BadParameter, Flaw, Parameters};
use super::quoted::unquote;

/// The name and, as it was sent, the value of `element`, which has no whitespace at its ends. `None`
/// if it is something else. A semicolon may follow, but nothing behind it.
pub(super) fn pair(element: &[u8], bad_whitespace: bool) -> Option<(&[u8], Option<&[u8]>)> {
    let mut parts = Parameters::new(element);
    if bad_whitespace {
        parts = parts.with_bad_whitespace();
    }
    let pair = match parts.next()? {
        Ok(parameter) => (parameter.name, Some(parameter.raw)),
        Err(BadParameter {
            octets,
            flaw: Flaw::NoValue,
            ..
        }) => (octets, None),
        Err(_) => return None,
    };
    parts.next().is_none().then_some(pair)
}

/// What a token or quoted-string says.
pub(super) fn said(raw: &[u8]) -> Cow<'_, [u8]> {
    unquote(raw).unwrap_or(Cow::Borrowed(raw))
}

/// The number that decimal digits say; `u64::MAX` if it is too large. `None` if they are something
/// else or nothing.
pub(super) fn digits(octets: &[u8]) -> Option<u64> {
    if octets.is_empty() || !octets.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(octets.iter().fold(0u64, |sum, &digit| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_pair() {
        for (element, strict, lenient) in [
            (&b"a=1"[..], true, true),
            (b"a = 1", false, true),
            (b"a=\"1, ;2\"", true, true),
            (b"a=1;", true, true),
            (b"a=1;b=2", false, false),
            (b"a=", false, false),
            (b"=1", false, false),
            (b"a b", false, false),
        ] {
            assert_eq!(pair(element, false).is_some(), strict, "{element:?}");
            assert_eq!(pair(element, true).is_some(), lenient, "{element:?}");
        }
        assert_eq!(
            pair(b"a = \"1\"", true),
            Some((&b"a"[..], Some(&b"\"1\""[..])))
        );
        assert_eq!(pair(b"a", false), Some((&b"a"[..], None)));
    }

    #[test]
    fn numbers_saturate() {
        assert_eq!(digits(b"0010"), Some(10));
        assert_eq!(digits(b"18446744073709551616"), Some(u64::MAX));
        assert_eq!(digits(b"99999999999999999999999999"), Some(u64::MAX));
        for wrong in [&b""[..], b"-1", b"+1", b"1 ", b"1.5", b"0x1"] {
            assert_eq!(digits(wrong), None);
        }
    }
}
