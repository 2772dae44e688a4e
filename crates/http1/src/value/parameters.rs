//! Parameters: `;name=value` behind an item (RFC 9110 section 5.6.6).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::list::find_outside_quotes;
use super::quoted::{EncodeError, quote_unless_token, split_quoted, unquote};
use crate::wire::octet::{is_ows, is_tchar, is_token, trim};

/// Cuts `member` into the item it begins with, without the whitespace around it, and the parameters
/// that follow: `text/html` and `charset=utf-8`. A semicolon in a quoted-string does not cut.
///
/// ```
/// # use wirelore_http1::value::parameters::split_item;
/// let (item, parameters) = split_item(b"text/html; charset=\"utf-8\"");
/// assert_eq!(item, b"text/html");
/// assert_eq!(parameters.value_of(b"Charset").as_deref(), Some(&b"utf-8"[..]));
/// ```
#[must_use]
pub fn split_item(member: &[u8]) -> (&[u8], Parameters<'_>) {
    let end = find_outside_quotes(member, b';', false);
    let item = member.get(..end).unwrap_or(member);
    let rest = member.get(end..).unwrap_or_default();
    (trim(item), Parameters::new(rest))
}

/// Appends `; name=value`, the value quoted if it has to be. On an error nothing was appended.
///
/// # Errors
/// [`EncodeError::NotAToken`] if `name` is none; [`EncodeError::Forbidden`] for a control octet in
/// `value`.
pub fn write_parameter(name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if !is_token(name) {
        return Err(EncodeError::NotAToken);
    }
    let start = out.len();
    out.extend_from_slice(b"; ");
    out.extend_from_slice(name);
    out.push(b'=');
    quote_unless_token(value, out).inspect_err(|_| out.truncate(start))
}

/// A parameter: a token, `=`, and a token or quoted-string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter<'v> {
    /// The name, as it was sent. Case means nothing in it; see [`is`](Self::is).
    pub name: &'v [u8],
    /// The value as it was sent, quotation marks included; see [`value`](Self::value).
    pub raw: &'v [u8],
}

impl<'v> Parameter<'v> {
    /// Whether `name` is its name, in any case.
    #[must_use]
    pub fn is(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Its value: what the quoted-string says, or the token. Both mean the same.
    #[must_use]
    pub fn value(&self) -> Cow<'v, [u8]> {
        unquote(self.raw).unwrap_or(Cow::Borrowed(self.raw))
    }

    /// Whether the value was sent as a quoted-string.
    #[must_use]
    pub const fn is_quoted(&self) -> bool {
        matches!(self.raw, [b'"', ..])
    }
}

/// Something between two semicolons that is no parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadParameter<'v> {
    /// All of it, without the whitespace around it.
    pub octets: &'v [u8],
    /// Where it begins in what [`Parameters::new`] was given.
    pub offset: usize,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// What is wrong with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// The name is empty or not a token.
    Name,
    /// A token without `=`. Some fields of old allowed this.
    NoValue,
    /// Whitespace around `=`, where it is not allowed.
    Whitespace,
    /// The value is neither a token nor a quoted-string; an empty one is not either.
    Value,
}

impl core::fmt::Display for BadParameter<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let flaw = match self.flaw {
            Flaw::Name => "name is not a token",
            Flaw::NoValue => "no value",
            Flaw::Whitespace => "whitespace around =",
            Flaw::Value => "value is neither token nor quoted-string",
        };
        let octets = wirelore_core::escape(self.octets);
        write!(f, "parameter `{octets}` at offset {}: {flaw}", self.offset)
    }
}

impl core::error::Error for BadParameter<'_> {}

/// The parameters of an item, in the order they were sent. Empty ones (`;;`) are skipped, as the
/// grammar says; a malformed one is an error, behind which the next call goes on.
#[derive(Clone, Copy)]
pub struct Parameters<'v> {
    all: &'v [u8],
    at: usize,
    bad_whitespace: bool,
}

impl<'v> Parameters<'v> {
    /// Reads the parameters in `octets`, which are what follows the item. The first one need not
    /// have a semicolon in front of it, so this reads lists of pairs such as those of `Forwarded`
    /// too.
    #[must_use]
    pub const fn new(octets: &'v [u8]) -> Self {
        Self {
            all: octets,
            at: 0,
            bad_whitespace: false,
        }
    }

    /// Allows whitespace around `=`. Parameters of section 5.6.6 have none; those of transfer
    /// codings and of credentials may (`BWS`, sections 10.1.4 and 11.2).
    #[must_use]
    pub const fn with_bad_whitespace(mut self) -> Self {
        self.bad_whitespace = true;
        self
    }

    /// The value of the first well-formed parameter of this name, in any case, among those that are
    /// left.
    #[must_use]
    pub fn value_of(&self, name: &[u8]) -> Option<Cow<'v, [u8]>> {
        self.flatten().find(|it| it.is(name)).map(|it| it.value())
    }
}

impl<'v> Iterator for Parameters<'v> {
    type Item = Result<Parameter<'v>, BadParameter<'v>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.all.get(self.at..).filter(|rest| !rest.is_empty())?;
            let end = find_outside_quotes(rest, b';', false);
            let start = self.at + rest.iter().take_while(|&&octet| is_ows(octet)).count();
            self.at += end + 1;
            let octets = trim(rest.get(..end).unwrap_or(rest));
            if !octets.is_empty() {
                return Some(
                    parse(octets, self.bad_whitespace).map_err(|flaw| BadParameter {
                        octets,
                        offset: start,
                        flaw,
                    }),
                );
            }
        }
    }
}

impl core::iter::FusedIterator for Parameters<'_> {}

fn parse(octets: &[u8], bad_whitespace: bool) -> Result<Parameter<'_>, Flaw> {
    let end = octets.iter().position(|&octet| !is_tchar(octet));
    let (name, rest) = octets.split_at(end.unwrap_or(octets.len()));
    if name.is_empty() {
        return Err(Flaw::Name);
    }
    let raw = match trim(rest) {
        [] => return Err(Flaw::NoValue),
        [b'=', raw @ ..] => raw,
        _ => return Err(Flaw::Name),
    };
    let trimmed = trim(raw);
    if !bad_whitespace && (rest.first() != Some(&b'=') || trimmed.len() != raw.len()) {
        return Err(Flaw::Whitespace);
    }
    let raw = trimmed;
    let whole = is_token(raw) || split_quoted(raw).is_some_and(|(_, rest)| rest.is_empty());
    if !whole {
        return Err(Flaw::Value);
    }
    Ok(Parameter { name, raw })
}

crate::value::list::hidden!(Parameters);

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    fn pairs(octets: &[u8]) -> Vec<(&[u8], Vec<u8>)> {
        Parameters::new(octets)
            .map(|it| it.unwrap())
            .map(|it| (it.name, it.value().into_owned()))
            .collect()
    }

    #[test]
    fn rfc9110_5_6_6_token_and_quoted_string_are_equal() {
        let expected = vec![(&b"charset"[..], b"utf-8".to_vec())];
        for octets in [
            &b";charset=utf-8"[..],
            b";charset=\"utf-8\"",
            b"; charset=\"utf\\-8\"",
            b" ;\tcharset=utf-8 ",
            b";; charset=utf-8 ; ;",
            b"charset=utf-8",
        ] {
            assert_eq!(pairs(octets), expected, "{octets:?}");
        }
        assert!(pairs(b"").is_empty());
        assert!(pairs(b" ; ;").is_empty());
    }

    #[test]
    fn semicolon_in_a_quoted_string_does_not_separate() {
        assert_eq!(
            pairs(br#"; a="1;b=2\";" ;c=3"#),
            vec![(&b"a"[..], br#"1;b=2";"#.to_vec()), (b"c", b"3".to_vec())]
        );
    }

    #[test]
    fn rfc9110_5_6_6_malformed_ones_are_reported_and_the_next_is_read() {
        for (octets, flaw) in [
            (&b"a"[..], Flaw::NoValue),
            (b"=1", Flaw::Name),
            (b"a b=1", Flaw::Name),
            (b"a/b=1", Flaw::Name),
            (b"\"a\"=1", Flaw::Name),
            (b"a =1", Flaw::Whitespace),
            (b"a= 1", Flaw::Whitespace),
            (b"a=", Flaw::Value),
            (b"a=1 2", Flaw::Value),
            (b"a=\"1\"2", Flaw::Value),
            (b"a=1\"2\"", Flaw::Value),
            (b"a=\"\x01\"", Flaw::Value),
            (b"a=/", Flaw::Value),
            (b"a==", Flaw::Value),
        ] {
            let mut all = b"; ".to_vec();
            all.extend_from_slice(octets);
            all.extend_from_slice(b" ;ok=1");
            let mut it = Parameters::new(&all);
            let bad = BadParameter {
                octets,
                offset: 2,
                flaw,
            };
            assert_eq!(it.next(), Some(Err(bad)), "{octets:?}");
            assert_eq!(it.next().unwrap().unwrap().name, b"ok");
            assert_eq!(it.next(), None);
        }
    }

    #[test]
    fn an_open_quoted_string_takes_the_rest() {
        let mut it = Parameters::new(b";a=\"1;b=2");
        assert_eq!(it.next().unwrap().unwrap_err().flaw, Flaw::Value);
        assert_eq!(it.next(), None);
    }

    #[test]
    fn rfc9110_5_6_3_bad_whitespace_on_request() {
        let it = Parameters::new(b";a = 1;b= \"2\"").with_bad_whitespace();
        assert_eq!(it.value_of(b"a").as_deref(), Some(&b"1"[..]));
        assert_eq!(it.value_of(b"b").as_deref(), Some(&b"2"[..]));
        let mut broken = Parameters::new(b"a = ").with_bad_whitespace();
        assert_eq!(broken.next().unwrap().unwrap_err().flaw, Flaw::Value);
    }

    #[test]
    fn rfc9110_5_6_6_names_in_any_case_first_wins() {
        let (item, parameters) = split_item(b" text/html;x;Charset=a;charset=b");
        assert_eq!(item, b"text/html");
        assert_eq!(parameters.value_of(b"CHARSET").as_deref(), Some(&b"a"[..]));
        assert_eq!(parameters.value_of(b"x"), None);
        assert_eq!(split_item(b"a=\"b;c\";d=e").0, b"a=\"b;c\"");
    }

    #[test]
    fn written_as_read() {
        let mut out = b"text/plain".to_vec();
        write_parameter(b"charset", b"utf-8", &mut out).unwrap();
        write_parameter(b"title", b"a \"b\"; c", &mut out).unwrap();
        assert_eq!(out, br#"text/plain; charset=utf-8; title="a \"b\"; c""#);
        let (_, parameters) = split_item(&out);
        assert_eq!(
            parameters.value_of(b"title").as_deref(),
            Some(&br#"a "b"; c"#[..])
        );
        let before = out.clone();
        assert_eq!(
            write_parameter(b"a b", b"", &mut out),
            Err(EncodeError::NotAToken)
        );
        assert!(write_parameter(b"a", b"\r\nX: y", &mut out).is_err());
        assert_eq!(out, before);
    }

    #[test]
    fn message_shows_peer_text_escaped() {
        let bad = Parameters::new(b"a\x1b=1").next().unwrap().unwrap_err();
        assert_eq!(
            bad.to_string(),
            r"parameter `a\x1b=1` at offset 0: name is not a token"
        );
    }
}
