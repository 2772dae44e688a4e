//! Media types, of which `Content-Type` is one (RFC 9110 section 8.3).

use alloc::borrow::Cow;

use super::multipart::Boundary;
use super::parameters::{Parameter, Parameters, split_item};
use crate::wire::octet::is_token;

/// A media type as it was sent: `text/html; charset=utf-8`.
///
/// ```
/// # use wirelore_http1::value::content_type::MediaType;
/// let it = MediaType::parse(b"Text/HTML;Charset=\"utf-8\"").unwrap();
/// assert!(it.is(b"text", b"html"));
/// assert_eq!(it.charset().as_deref(), Some(&b"utf-8"[..]));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MediaType<'v> {
    /// The type. Case means nothing in it.
    pub kind: &'v [u8],
    /// The subtype. Case means nothing in it.
    pub subtype: &'v [u8],
    /// The parameters. Malformed ones come as errors and may be passed over.
    pub parameters: Parameters<'v>,
}

impl<'v> MediaType<'v> {
    /// Reads a media type. `None` if what stands in front of the first semicolon is not two tokens
    /// with a `/` between them (section 8.3.1); so two types in one value, which is what a message
    /// with two `Content-Type` fields comes to, are none.
    #[must_use]
    pub fn parse(value: &'v [u8]) -> Option<Self> {
        let (item, parameters) = split_item(value);
        let slash = memchr::memchr(b'/', item)?;
        let (kind, subtype) = (item.get(..slash)?, item.get(slash + 1..)?);
        (is_token(kind) && is_token(subtype)).then_some(Self {
            kind,
            subtype,
            parameters,
        })
    }

    /// Whether this is its type and subtype, in any case.
    #[must_use]
    pub fn is(&self, kind: &[u8], subtype: &[u8]) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }

    /// The `charset` parameter, whose case means nothing (section 8.3.2).
    #[must_use]
    pub fn charset(&self) -> Option<Cow<'v, [u8]>> {
        self.parameters.value_of(b"charset")
    }

    /// The `boundary` parameter of a multipart type, if it can be one: 1 to 70 of the characters of
    /// RFC 2046 section 5.1.1, the last of them not a space.
    #[must_use]
    pub fn boundary(&self) -> Option<Cow<'v, [u8]>> {
        let fits = |it: &Cow<'_, [u8]>| Boundary::new(it).is_ok();
        self.parameters.value_of(b"boundary").filter(fits)
    }
}

impl MediaType<'_> {
    /// Whether it has this parameter with this value. The case of values counts, except in a `charset`.
    #[must_use]
    pub fn has(&self, wanted: &Parameter<'_>) -> bool {
        let value = wanted.value();
        self.parameters.flatten().any(|it| {
            it.is(wanted.name)
                && if it.is(b"charset") {
                    it.value().eq_ignore_ascii_case(&value)
                } else {
                    it.value() == value
                }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_8_3_1_equivalent_forms() {
        let all = [
            &b"text/html;charset=utf-8"[..],
            b"Text/HTML;Charset=\"utf-8\"",
            b"text/html; charset=\"utf-8\"",
            b"text/html;charset=UTF-8",
        ];
        for one in all {
            let one = MediaType::parse(one).unwrap();
            for other in all {
                let other = MediaType::parse(other).unwrap();
                assert!(one.is(other.kind, other.subtype));
                assert!(one.parameters.flatten().all(|it| other.has(&it)));
            }
        }
        let plain = MediaType::parse(b"text/html;level=a").unwrap();
        let upper = MediaType::parse(b"text/html;level=A").unwrap();
        assert!(!upper.parameters.flatten().any(|it| plain.has(&it)));
    }

    #[test]
    fn rfc9110_8_3_two_types_are_none() {
        for wrong in [
            &b""[..],
            b"text",
            b"text/",
            b"/html",
            b"text / html",
            b"text/html, text/plain",
            b"te xt/html",
            b"text/html/x",
            b";charset=utf-8",
        ] {
            assert!(MediaType::parse(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn rfc9110_8_3_malformed_parameters_do_not_hide_the_type() {
        let it = MediaType::parse(b"text/html; charset; x=; charset=a").unwrap();
        assert!(it.is(b"TEXT", b"html"));
        assert_eq!(it.charset().as_deref(), Some(&b"a"[..]));
        assert_eq!(it.parameters.count(), 3);
    }

    #[test]
    fn rfc2046_5_1_1_boundary() {
        let boundary = |value| MediaType::parse(value).unwrap().boundary();
        assert_eq!(
            boundary(b"multipart/byteranges; boundary=THIS_STRING_SEPARATES").as_deref(),
            Some(&b"THIS_STRING_SEPARATES"[..])
        );
        assert_eq!(
            boundary(b"multipart/mixed; boundary=\"gc0p4Jq0M2Yt08j34c0p=_ ()'+,-./:?x\"")
                .as_deref(),
            Some(&b"gc0p4Jq0M2Yt08j34c0p=_ ()'+,-./:?x"[..])
        );
        assert_eq!(boundary(b"multipart/mixed; boundary=\"\""), None);
        assert_eq!(boundary(b"multipart/mixed; boundary=\"a \""), None);
        assert_eq!(boundary(b"multipart/mixed; boundary=a*b"), None);
        let mut long = b"multipart/mixed; boundary=".to_vec();
        long.extend_from_slice(&[b'a'; 70]);
        assert!(boundary(&long).is_some());
        let longer = [&long[..], b"a"].concat();
        assert!(boundary(&longer).is_none());
    }
}
