//! Parameter values in other characters than US-ASCII (`ext-value`, RFC 8187 section 3.2).

use alloc::string::String;
use alloc::vec::Vec;

/// A value with its character encoding and, possibly, language.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtValue<'v> {
    /// The language tag, empty if there is none.
    pub language: &'v [u8],
    /// What it says.
    pub text: String,
}

/// Reads `UTF-8'en'%C2%A3%20rates`. The encoding is UTF-8 or, for old senders, ISO-8859-1, in any
/// case. `None` for another one, for an escape that is not complete, for octets that are not of the
/// encoding, and for characters that have to be escaped and are not: the parameter is then best
/// ignored, as section 3.2.1 allows.
///
/// ```
/// # use wirelore_http1::value::ext_value::decode;
/// assert_eq!(decode(b"UTF-8''%e2%82%ac%20rates").unwrap().text, "€ rates");
/// ```
#[must_use]
pub fn decode(value: &[u8]) -> Option<ExtValue<'_>> {
    let mut parts = value.splitn(3, |&octet| octet == b'\'');
    let (charset, language, chars) = (parts.next()?, parts.next()?, parts.next()?);
    if !language
        .iter()
        .all(|&it| it.is_ascii_alphanumeric() || it == b'-')
    {
        return None;
    }
    let octets = unescape(chars)?;
    let text = if charset.eq_ignore_ascii_case(b"utf-8") {
        String::from_utf8(octets).ok()?
    } else if charset.eq_ignore_ascii_case(b"iso-8859-1") {
        octets.into_iter().map(char::from).collect()
    } else {
        return None;
    };
    Some(ExtValue { language, text })
}

/// Appends `text` as an `ext-value` in UTF-8, without a language. Every text can be written: what may
/// not stand there is escaped, control characters too.
pub fn encode(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(b"UTF-8''");
    for octet in text.bytes() {
        if is_attr_char(octet) {
            out.push(octet);
        } else {
            let digit = |it: u8| HEX.get(usize::from(it)).copied().unwrap_or_default();
            out.extend_from_slice(&[b'%', digit(octet >> 4), digit(octet & 15)]);
        }
    }
}

const fn is_attr_char(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(
            octet,
            b'!' | b'#' | b'$' | b'&' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

fn unescape(chars: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(chars.len());
    let mut rest = chars;
    loop {
        rest = match rest {
            [] => return Some(octets),
            [b'%', high, low, rest @ ..] => {
                let digit = |it: u8| char::from(it).to_digit(16);
                octets.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
                rest
            }
            [octet, rest @ ..] if is_attr_char(*octet) => {
                octets.push(*octet);
                rest
            }
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 6266 §4.3.
    #[test]
    fn rfc8187_3_2_3_examples() {
        let it = decode(b"utf-8'en'%C2%A3%20rates").unwrap();
        assert_eq!((it.language, it.text.as_str()), (&b"en"[..], "£ rates"));
        let it = decode(b"UTF-8''%c2%a3%20and%20%e2%82%ac%20rates").unwrap();
        assert_eq!((it.language, it.text.as_str()), (&b""[..], "£ and € rates"));
    }

    #[test]
    fn rfc8187_3_2_2_latin_1_is_read() {
        assert_eq!(
            decode(b"iso-8859-1'en'%A3%20rates").unwrap().text,
            "£ rates"
        );
    }

    #[test]
    fn rfc8187_3_2_1_what_is_wrong_is_ignored() {
        for wrong in [
            &b""[..],
            b"UTF-8",
            b"UTF-8'en",
            b"''a",
            b"UTF-16''a",
            b"UTF-8''%",
            b"UTF-8''%4",
            b"UTF-8''%4g",
            b"UTF-8''%+4",
            b"UTF-8''%A3",
            b"UTF-8''a b",
            b"UTF-8''a'b",
            b"UTF-8''\xc2\xa3",
            b"UTF-8'e n'a",
            b"\"UTF-8''a\"",
        ] {
            assert_eq!(decode(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn rfc8187_3_2_1_attr_chars_are_not_escaped() {
        let mut out = Vec::new();
        encode("a!#$&+-.^_`|~ *'%(\r\n\u{e4}", &mut out);
        assert_eq!(out, b"UTF-8''a!#$&+-.^_`|~%20%2A%27%25%28%0D%0A%C3%A4");
        assert!(crate::wire::octet::is_token(&out));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text: String) {
            let mut out = Vec::new();
            encode(&text, &mut out);
            prop_assert_eq!(decode(&out).unwrap().text, text);
        }

        #[test]
        fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..40)) {
            let value = [b"UTF-8''", &octets[..]].concat();
            let _ = decode(&octets);
            if let Some(it) = decode(&value) {
                prop_assert!(it.text.len() <= octets.len());
            }
        }
    }
}
