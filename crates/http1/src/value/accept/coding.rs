//! `Accept-Encoding`: content codings (RFC 9110 section 12.5.3).

use super::{FULL, best, weighted};

/// The weight that the `Accept-Encoding` field `value` gives to a content coding, in any case; 0 if it
/// is not acceptable. For a representation without one, ask for `identity`.
///
/// - Without a field every coding is acceptable.
/// - `identity` is acceptable unless it, or `*` where it is not listed, has the weight 0. Where neither
///   is listed, it weighs 1, the least there is: a coding that the peer named is preferred.
/// - Any other coding is acceptable if it, or `*`, is listed with another weight than 0.
/// - `x-gzip` and `x-compress` are `gzip` and `compress` (section 8.4.1).
///
/// If a coding is listed twice the first one counts.
#[must_use]
pub fn weight(value: Option<&[u8]>, coding: &[u8]) -> u16 {
    let Some(value) = value else { return FULL };
    let mut any = None;
    for (name, weight) in weighted(value) {
        if plain(name).eq_ignore_ascii_case(plain(coding)) {
            return weight;
        }
        if name == b"*" && any.is_none() {
            any = Some(weight);
        }
    }
    any.unwrap_or_else(|| u16::from(coding.eq_ignore_ascii_case(b"identity")))
}

/// Which of the `available` codings to use for a peer with the `Accept-Encoding` field `value`: an
/// index into them. List `identity` among them if the representation can be sent as it is; it is
/// chosen where nothing else is acceptable. `None` if nothing is.
///
/// ```
/// # use wirelore_http1::value::accept::coding::best_of;
/// let available = [&b"gzip"[..], b"identity"];
/// assert_eq!(best_of(Some(b"gzip, br"), &available), Some(0));
/// assert_eq!(best_of(Some(b"br"), &available), Some(1));
/// assert_eq!(best_of(Some(b"br, *;q=0"), &available), None);
/// ```
#[must_use]
pub fn best_of(value: Option<&[u8]>, available: &[&[u8]]) -> Option<usize> {
    best(available.iter().map(|it| weight(value, it)))
}

fn plain(coding: &[u8]) -> &[u8] {
    match coding {
        [b'x' | b'X', b'-', rest @ ..]
            if rest.eq_ignore_ascii_case(b"gzip") || rest.eq_ignore_ascii_case(b"compress") =>
        {
            rest
        }
        _ => coding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_12_5_3_examples() {
        for (value, gzip, compress, br, identity) in [
            (&b"compress, gzip"[..], 1000, 1000, 0, 1),
            (b"", 0, 0, 0, 1),
            (b"*", 1000, 1000, 1000, 1000),
            (b"compress;q=0.5, gzip;q=1.0", 1000, 500, 0, 1),
            (b"gzip;q=1.0, identity; q=0.5, *;q=0", 1000, 0, 0, 500),
        ] {
            let w = |coding| weight(Some(value), coding);
            assert_eq!(w(b"gzip"), gzip, "{value:?}");
            assert_eq!(w(b"compress"), compress, "{value:?}");
            assert_eq!(w(b"br"), br, "{value:?}");
            assert_eq!(w(b"identity"), identity, "{value:?}");
        }
    }

    #[test]
    fn rfc9110_12_5_3_rule_1_no_field_accepts_any_coding() {
        assert_eq!(weight(None, b"br"), 1000);
        assert_eq!(best_of(None, &[b"identity", b"gzip"]), Some(0));
    }

    #[test]
    fn rfc9110_12_5_3_rule_2_identity_is_acceptable_unless_excluded() {
        let w = |value| weight(Some(value), b"Identity");
        assert_eq!(w(b"gzip"), 1);
        assert_eq!(w(b"gzip, identity;q=0"), 0);
        assert_eq!(w(b"gzip, *;q=0"), 0);
        assert_eq!(w(b"*;q=0, identity;q=0.1"), 100);
    }

    #[test]
    fn rfc9110_12_5_3_rule_3_zero_is_not_acceptable() {
        assert_eq!(weight(Some(b"gzip;q=0, *"), b"gzip"), 0);
        assert_eq!(weight(Some(b"gzip;q=0, *"), b"br"), 1000);
        assert_eq!(weight(Some(b"*;q=0.1, *;q=0.2"), b"br"), 100, "the first");
    }

    #[test]
    fn rfc9110_12_5_3_highest_weight_is_preferred() {
        let available = [&b"gzip"[..], b"br", b"identity"];
        assert_eq!(best_of(Some(b"gzip;q=0.5, br;q=0.8"), &available), Some(1));
        assert_eq!(best_of(Some(b"br, gzip"), &available), Some(0));
        assert_eq!(best_of(Some(b""), &available), Some(2));
        assert_eq!(best_of(Some(b"identity, gzip;q=0.1"), &available), Some(2));
    }

    #[test]
    fn rfc9110_8_4_1_old_names() {
        assert_eq!(weight(Some(b"X-GZIP"), b"gzip"), 1000);
        assert_eq!(weight(Some(b"compress"), b"x-compress"), 1000);
        assert_eq!(weight(Some(b"x-br"), b"br"), 0);
    }
}
