//! Percent-encoding (RFC 3986 section 2.1, RFC 8187 section 3.2).

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// A `%` that two hexadecimal digits do not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadEscape {
    /// Where the `%` stands.
    pub offset: usize,
}

impl core::fmt::Display for BadEscape {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "bad percent escape at offset {}", self.offset)
    }
}

impl core::error::Error for BadEscape {}

/// `octets` with every escape replaced by the octet it stands for, once: `%2541` is `%41`. Digits
/// may be of either case, a `+` is a plus. Borrowed if there is no escape. The result may hold any
/// octet: NUL, slashes, what is not UTF-8.
///
/// # Errors
/// [`BadEscape`] with the offset of the first one.
///
/// ```
/// # use wirelore_http1::value::percent::decode;
/// assert_eq!(decode(b"a%20b%2F").as_deref(), Ok(&b"a b/"[..]));
/// assert_eq!(decode(b"100%").unwrap_err().offset, 3);
/// ```
pub fn decode(octets: &[u8]) -> Result<Cow<'_, [u8]>, BadEscape> {
    let Some(first) = memchr::memchr(b'%', octets) else {
        return Ok(Cow::Borrowed(octets));
    };
    let mut plain = Vec::with_capacity(octets.len());
    let (before, mut rest) = octets.split_at(first);
    plain.extend_from_slice(before);
    while let [octet, behind @ ..] = rest {
        if *octet != b'%' {
            plain.push(*octet);
            rest = behind;
            continue;
        }
        let bad = BadEscape {
            offset: octets.len() - rest.len(),
        };
        let [high, low, behind @ ..] = behind else {
            return Err(bad);
        };
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
            return Err(bad);
        };
        plain.push(high << 4 | low);
        rest = behind;
    }
    Ok(Cow::Owned(plain))
}

/// Where encoded octets will stand, which decides what stays as it is. What is unreserved (letters,
/// digits, `-`, `.`, `_`, `~`) always does, but for [`ExtendedValue`](Self::ExtendedValue) that is
/// all about `attr-char`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A segment of a path: `!$&'()*+,=@` stay. So do not `/`, which would end the segment, `:`,
    /// which would make a scheme of the first segment of a relative reference, and `;`, where some
    /// servers cut. A segment `.` or `..` stays what it is: no encoding can make it a name.
    Segment,
    /// A name or a value in a query: `!$'()*,/:?@` stay. So do not `&`, `=`, `+` and `;`, which
    /// separate or mean a space.
    Query,
    /// The text of an extended parameter such as `filename*` (`attr-char`, RFC 8187 section 3.2.1):
    /// ``!#$&+-.^_`|~`` stay.
    ExtendedValue,
}

impl Place {
    /// Whether `octet` stays as it is here.
    #[must_use]
    pub const fn keeps(self, octet: u8) -> bool {
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~') {
            return true;
        }
        match self {
            Self::Segment => matches!(
                octet,
                b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b'@'
            ),
            Self::Query => matches!(
                octet,
                b'!' | b'$' | b'\'' | b'(' | b')' | b'*' | b',' | b'/' | b':' | b'?' | b'@'
            ),
            Self::ExtendedValue => {
                matches!(octet, b'!' | b'#' | b'$' | b'&' | b'+' | b'^' | b'`' | b'|')
            }
        }
    }
}

/// `octets` with everything escaped that does not stay as it is in `place`, with digits in upper
/// case. Borrowed if nothing is escaped. [`decode`] gives `octets` back.
#[must_use]
pub fn encode(octets: &[u8], place: Place) -> Cow<'_, [u8]> {
    if octets.iter().all(|&octet| place.keeps(octet)) {
        return Cow::Borrowed(octets);
    }
    let mut out = Vec::with_capacity(octets.len() + octets.len() / 2);
    encode_to(octets, place, &mut out);
    Cow::Owned(out)
}

/// As [`encode`], appended to `out`: at most three octets for each.
pub fn encode_to(octets: &[u8], place: Place, out: &mut Vec<u8>) {
    const DIGITS: [u8; 16] = *b"0123456789ABCDEF";
    for &octet in octets {
        if place.keeps(octet) {
            out.push(octet);
        } else {
            let digit = |nibble: u8| DIGITS[usize::from(nibble & 15)];
            out.extend_from_slice(&[b'%', digit(octet >> 4), digit(octet)]);
        }
    }
}

const fn digit(octet: u8) -> Option<u8> {
    match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3986_2_1_escapes_are_two_digits_of_either_case() {
        for (octets, plain) in [
            (&b""[..], Ok(&b""[..])),
            (b"abc+d", Ok(b"abc+d")),
            (b"%20", Ok(b" ")),
            (b"a%2fb%2Fc", Ok(b"a/b/c")),
            (b"%00%ff%FF", Ok(b"\0\xff\xff")),
            (b"%25%32%35", Ok(b"%25")),
            (b"\xe9%", Err(BadEscape { offset: 1 })),
            (b"%", Err(BadEscape { offset: 0 })),
            (b"%4", Err(BadEscape { offset: 0 })),
            (b"%41%4g", Err(BadEscape { offset: 3 })),
            (b"%41%g4", Err(BadEscape { offset: 3 })),
            (b"a%%41", Err(BadEscape { offset: 1 })),
            (b"%u0041", Err(BadEscape { offset: 0 })),
            (b"%+1", Err(BadEscape { offset: 0 })),
            (b"% 1", Err(BadEscape { offset: 0 })),
        ] {
            assert_eq!(decode(octets).as_deref(), plain.as_ref().copied());
        }
        assert!(matches!(decode(b"abc"), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn rfc3986_2_4_nothing_is_decoded_twice() {
        assert_eq!(decode(b"%252e%2541").as_deref(), Ok(&b"%2e%41"[..]));
    }

    #[test]
    fn rfc3986_3_3_what_a_segment_keeps() {
        let kept = |place: Place| -> Vec<u8> {
            (0..=255u8)
                .filter(|&it| !it.is_ascii_alphanumeric() && place.keeps(it))
                .collect()
        };
        assert_eq!(kept(Place::Segment), b"!$&'()*+,-.=@_~");
        assert_eq!(kept(Place::Query), b"!$'()*,-./:?@_~");
        assert_eq!(
            encode(b"a b/c%\xc3\xa9;:", Place::Segment).as_ref(),
            b"a%20b%2Fc%25%C3%A9%3B%3A"
        );
        assert_eq!(
            encode(b"a&b=c+/?#", Place::Query).as_ref(),
            b"a%26b%3Dc%2B/?%23"
        );
        assert!(matches!(encode(b"a.b", Place::Segment), Cow::Borrowed(_)));
    }

    #[test]
    fn rfc8187_3_2_1_attr_char_is_tchar_without_star_quote_and_percent() {
        for octet in 0..=255u8 {
            let expected = crate::wire::octet::is_tchar(octet) && !b"*'%".contains(&octet);
            assert_eq!(Place::ExtendedValue.keeps(octet), expected, "{octet}");
        }
        // RFC 8187 section 3.2.3
        assert_eq!(
            encode("£ rates".as_bytes(), Place::ExtendedValue).as_ref(),
            b"%C2%A3%20rates"
        );
    }

    #[test]
    fn all_octets_come_back() {
        let all: Vec<u8> = (0..=255).collect();
        for place in [Place::Segment, Place::Query, Place::ExtendedValue] {
            let encoded = encode(&all, place);
            assert_eq!(decode(&encoded).as_deref(), Ok(&all[..]));
        }
    }
}
