//! What a peer would rather have: `Accept`, `Accept-Charset`, `Accept-Encoding` and
//! `Accept-Language` (RFC 9110 sections 12.4 and 12.5).
//!
//! A weight is a number of thousandths, 0 to 1000: 0 is "not acceptable", 1000 what a member without
//! a weight has. A field in several lines is one list: join the lines with commas before you ask.
//! Members that are malformed, or whose weight is, are passed over.
//!
//! The functions that choose (`best_of`) take what is available in the order in which the server would
//! rather send it, which decides between equal weights, and give an index into it. They look at the
//! whole list once for each thing that is available, so let that be few things of your own, not
//! something a peer sent.

pub mod coding;
pub mod language;
pub mod media;

use super::list::{Members, members};
use super::parameters::{Parameters, split_item};
use crate::wire::octet::is_token;

/// The weight of a member without one.
pub const FULL: u16 = 1000;

/// The thousandths that `qvalue` says: `0.5` is 500 (section 12.4.2). Digits after the third, which
/// nobody may send, are cut off. `None` if it is no number of this form from 0 to 1.
///
/// ```
/// # use wirelore_http1::value::accept::qvalue;
/// assert_eq!(qvalue(b"0.25"), Some(250));
/// assert_eq!(qvalue(b"1.5"), None);
/// ```
#[must_use]
pub fn qvalue(qvalue: &[u8]) -> Option<u16> {
    let (whole, fraction) = match qvalue {
        [whole] => (whole, &[][..]),
        [whole, b'.', fraction @ ..] => (whole, fraction),
        _ => return None,
    };
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    match whole {
        b'1' => fraction.iter().all(|&it| it == b'0').then_some(FULL),
        b'0' => Some(
            (0..3)
                .map(|at| u16::from(fraction.get(at).map_or(0, |digit| digit - b'0')))
                .fold(0, |sum, digit| sum * 10 + digit),
        ),
        _ => None,
    }
}

/// `weight` as it is written: `1`, `0`, `0.25`. What is above 1000 counts as 1000.
#[must_use]
pub fn write_qvalue(weight: u16) -> impl core::fmt::Display {
    struct Qvalue(u16);
    impl core::fmt::Display for Qvalue {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            match self.0 {
                0 => f.write_str("0"),
                FULL.. => f.write_str("1"),
                it if it % 100 == 0 => write!(f, "0.{}", it / 100),
                it if it % 10 == 0 => write!(f, "0.{:02}", it / 10),
                it => write!(f, "0.{it:03}"),
            }
        }
    }
    Qvalue(weight)
}

/// The names and weights in `value`: an `Accept-Charset`, `Accept-Encoding` or `Accept-Language`.
#[must_use]
pub const fn weighted(value: &[u8]) -> Weighted<'_> {
    Weighted(members(value))
}

/// The names in a list and their weights, as they were sent; see [`weighted`].
#[derive(Clone, Copy, Debug)]
pub struct Weighted<'v>(Members<'v>);

impl<'v> Iterator for Weighted<'v> {
    /// A name, which is a token, and its weight.
    type Item = (&'v [u8], u16);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.find_map(|member| {
            let (name, parameters) = split_item(member);
            let weight = weight_of(parameters)?;
            is_token(name).then_some((name, weight))
        })
    }
}

impl core::iter::FusedIterator for Weighted<'_> {}

/// The weight among `parameters`, wherever it stands. `None` if it is malformed, or something in front
/// of it is: behind it, earlier documents allowed more than parameters.
pub(super) fn weight_of(parameters: Parameters<'_>) -> Option<u16> {
    for parameter in parameters.with_bad_whitespace() {
        let parameter = parameter.ok()?;
        if parameter.is(b"q") {
            return qvalue(&parameter.value());
        }
    }
    Some(FULL)
}

/// The index of the highest weight that is not 0; the first of equal ones.
fn best(weights: impl Iterator<Item = u16>) -> Option<usize> {
    let acceptable = weights.enumerate().filter(|it| it.1 > 0);
    acceptable
        .reduce(|best, it| if it.1 > best.1 { it } else { best })
        .map(|it| it.0)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn rfc9110_12_4_2_qvalues() {
        for (text, weight) in [
            (&b"0"[..], Some(0)),
            (b"0.", Some(0)),
            (b"0.5", Some(500)),
            (b"0.05", Some(50)),
            (b"0.001", Some(1)),
            (b"0.999", Some(999)),
            (b"0.3333", Some(333)),
            (b"1", Some(1000)),
            (b"1.", Some(1000)),
            (b"1.000", Some(1000)),
            (b"1.001", None),
            (b"2", None),
            (b"", None),
            (b".5", None),
            (b"00.5", None),
            (b"0,5", None),
            (b"0.5 ", None),
            (b"-0", None),
            (b"1e0", None),
        ] {
            assert_eq!(qvalue(text), weight, "{text:?}");
        }
    }

    #[test]
    fn rfc9110_12_4_2_every_weight_is_written_as_it_is_read() {
        for weight in 0..=FULL {
            let text = write_qvalue(weight).to_string();
            assert!(text.len() <= 5);
            assert_eq!(qvalue(text.as_bytes()), Some(weight), "{text}");
        }
        assert_eq!(write_qvalue(u16::MAX).to_string(), "1");
        assert_eq!(write_qvalue(500).to_string(), "0.5");
    }

    #[test]
    fn rfc9110_12_5_2_names_and_weights() {
        let all = |value| weighted(value).collect::<Vec<_>>();
        assert_eq!(
            all(b"iso-8859-5, unicode-1-1;q=0.8"),
            [(&b"iso-8859-5"[..], 1000), (b"unicode-1-1", 800)]
        );
        assert_eq!(
            all(b", gzip ; Q = 0.5 ,,*;q=0"),
            [(&b"gzip"[..], 500), (b"*", 0)]
        );
        assert_eq!(
            all(b"a;q=2, b;q, c d, e;x=1;q=0.1, f;q=0.2;x"),
            [(&b"e"[..], 100), (b"f", 200)]
        );
        assert_eq!(all(b""), []);
    }

    #[test]
    fn equal_weights_go_by_the_order_of_what_is_available() {
        assert_eq!(best([5, 7, 7].into_iter()), Some(1));
        assert_eq!(best([0, 0].into_iter()), None);
        assert_eq!(best([].into_iter()), None);
    }
}
