//! `Content-Disposition` (RFC 6266).

use alloc::string::String;
use alloc::vec::Vec;

use super::ext_value;
use super::parameters::{Parameters, split_item};
use super::quoted::quote;
use super::unfit::Unfit;
use crate::wire::octet::is_token;

/// What to do with content: `attachment; filename="example.html"`.
///
/// ```
/// # use wirelore_http1::value::content_disposition::ContentDisposition;
/// let it = ContentDisposition::parse(b"INLINE; FILENAME= \"an example.html\"").unwrap();
/// assert!(!it.is_attachment());
/// assert_eq!(it.file_name().as_deref(), Some("an example.html"));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ContentDisposition<'v> {
    /// The type. Case means nothing in it.
    pub kind: &'v [u8],
    /// The parameters.
    pub parameters: Parameters<'v>,
}

impl<'v> ContentDisposition<'v> {
    /// Reads the field. `None` if it does not begin with a token; malformed parameters are passed
    /// over. Whitespace around `=` is allowed (section 4.1).
    #[must_use]
    pub fn parse(value: &'v [u8]) -> Option<Self> {
        let (kind, parameters) = split_item(value);
        is_token(kind).then_some(Self {
            kind,
            parameters: parameters.with_bad_whitespace(),
        })
    }

    /// Whether the content is to be saved rather than shown: `attachment`, and every type that is not
    /// known (section 4.2).
    #[must_use]
    pub fn is_attachment(&self) -> bool {
        !self.kind.eq_ignore_ascii_case(b"inline")
    }

    /// The name of the file: `filename*` if there is one that can be read, otherwise `filename`
    /// (section 4.3). Octets that are not US-ASCII in the latter are UTF-8 if they can be, otherwise
    /// ISO-8859-1; the document says ISO-8859-1, and senders do either. A `%` is a `%`.
    ///
    /// The name is the peer's: before a file is made of it, let it go through
    /// [`file_name::safe`](super::file_name::safe).
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        let extended = self
            .parameters
            .flatten()
            .filter(|it| it.is(b"filename*"))
            .find_map(|it| ext_value::decode(it.raw));
        if let Some(it) = extended {
            return Some(it.text);
        }
        let octets = self.parameters.value_of(b"filename")?;
        Some(match str::from_utf8(&octets) {
            Ok(text) => text.into(),
            Err(_) => octets.iter().map(|&octet| char::from(octet)).collect(),
        })
    }
}

/// Appends the value of a `Content-Disposition` of type `kind` (`attachment`, `inline`) with a file
/// name, in the way of RFC 6266 appendix D: `filename` if it can say it, otherwise `filename` with
/// `_` for what it cannot and `filename*` behind it.
///
/// ```
/// # use wirelore_http1::value::content_disposition::write;
/// let mut out = Vec::new();
/// write(b"attachment", "\u{20ac} rates", &mut out).unwrap();
/// assert_eq!(out, b"attachment; filename=\"_ rates\"; filename*=UTF-8''%E2%82%AC%20rates");
/// ```
///
/// # Errors
/// [`Unfit::NotAToken`] if `kind` is none; [`Unfit::Octet`] for a control character in `name`, with
/// the first octet of it; [`Unfit::Missing`] for an empty `name`. Nothing is appended then.
pub fn write(kind: &[u8], name: &str, out: &mut Vec<u8>) -> Result<(), Unfit> {
    if !is_token(kind) {
        let part = "disposition-type";
        return Err(Unfit::NotAToken { part });
    }
    let part = "filename";
    if name.is_empty() {
        return Err(Unfit::Missing { part });
    }
    if let Some((offset, _)) = name.char_indices().find(|it| it.1.is_control()) {
        let octet = name.as_bytes().get(offset).copied().unwrap_or_default();
        return Err(Unfit::Octet {
            part,
            offset,
            octet,
        });
    }
    out.extend_from_slice(kind);
    out.extend_from_slice(b"; filename=");
    if is_token(name.as_bytes()) && !name.contains('%') {
        out.extend_from_slice(name.as_bytes());
        return Ok(());
    }
    let plain: String = name
        .chars()
        .map(|it| match it {
            ' '..='~' if !matches!(it, '"' | '\\' | '%') => it,
            _ => '_',
        })
        .collect();
    quote(plain.as_bytes(), out).map_err(Unfit::of(part))?;
    if plain != name {
        out.extend_from_slice(b"; filename*=");
        ext_value::encode(name, out);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(value: &[u8]) -> Option<String> {
        ContentDisposition::parse(value)?.file_name()
    }

    /// RFC 6266 §4.1, RFC 6266 §4.3.
    #[test]
    fn rfc6266_5_examples() {
        for (value, attachment, file_name) in [
            (
                &b"Attachment; filename=example.html"[..],
                true,
                "example.html",
            ),
            (
                b"INLINE; FILENAME= \"an example.html\"",
                false,
                "an example.html",
            ),
            (
                b"attachment; filename*= UTF-8''%e2%82%ac%20rates",
                true,
                "\u{20ac} rates",
            ),
            (
                b"attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates",
                true,
                "\u{20ac} rates",
            ),
        ] {
            let it = ContentDisposition::parse(value).unwrap();
            assert_eq!(it.is_attachment(), attachment);
            assert_eq!(it.file_name().as_deref(), Some(file_name));
        }
    }

    /// RFC 6266 §4.4.
    #[test]
    fn rfc6266_4_2_unknown_types_are_attachments() {
        assert!(
            ContentDisposition::parse(b"foobar")
                .unwrap()
                .is_attachment()
        );
        assert!(
            ContentDisposition::parse(b"form-data; name=x")
                .unwrap()
                .is_attachment()
        );
        for wrong in [
            &b""[..],
            b"; filename=x",
            b"a b; filename=x",
            b"\"attachment\"",
        ] {
            assert!(ContentDisposition::parse(wrong).is_none());
        }
    }

    /// RFC 6266 §4.1, RFC 6266 §4.3.
    #[test]
    fn rfc6266_4_3_extended_name_is_preferred_wherever_it_stands() {
        assert_eq!(
            name(b"a; filename*=UTF-8''b; filename=c").as_deref(),
            Some("b")
        );
        assert_eq!(
            name(b"a; filename*=UTF-8''%ff; filename=c").as_deref(),
            Some("c")
        );
        assert_eq!(name(b"a; filename*=\"UTF-8''b\""), None);
        assert_eq!(name(b"a; name=c"), None);
        assert_eq!(
            name(b"a; x; filename=\"a\\\"b%41\"; =").as_deref(),
            Some("a\"b%41")
        );
        assert_eq!(name(b"a; filename=\"\xe4\"").as_deref(), Some("\u{e4}"));
        assert_eq!(name(b"a; filename=\"\xc3\xa4\"").as_deref(), Some("\u{e4}"));
    }

    /// RFC 6266 §3, RFC 6266 §D.
    #[test]
    fn rfc6266_d_advice_to_senders() {
        let written = |name| {
            let mut out = Vec::new();
            write(b"attachment", name, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written("example.html"), "attachment; filename=example.html");
        assert_eq!(written("an example"), "attachment; filename=\"an example\"");
        assert_eq!(
            written("50%41"),
            "attachment; filename=\"50_41\"; filename*=UTF-8''50%2541"
        );
        assert_eq!(
            written("a\"\\b"),
            "attachment; filename=\"a__b\"; filename*=UTF-8''a%22%5Cb"
        );
    }

    /// RFC 6266 §3.
    #[test]
    fn rfc6266_4_3_control_characters_are_refused() {
        for (kind, name) in [
            (&b"attachment"[..], ""),
            (b"attachment", "a\r\nb"),
            (b"attachment", "a\0"),
            (b"attachment", "a\tb"),
            (b"attachment", "\u{85}"),
            (b"a b", "a"),
            (b"", "a"),
        ] {
            let mut out = b"x".to_vec();
            assert!(write(kind, name, &mut out).is_err(), "{name:?}");
            assert_eq!(out, b"x");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(name in "\\PC{1,40}") {
            let mut out = Vec::new();
            if write(b"attachment", &name, &mut out).is_ok() {
                prop_assert!(crate::wire::octet::is_field_value(&out) && out.is_ascii());
                prop_assert_eq!(tests::name(&out), Some(name));
            }
        }
    }
}
