//! `multipart/byteranges`: several ranges in one body (RFC 9110 section 14.6, RFC 2046 section 5.1).

use alloc::vec::Vec;

use memchr::memmem::Finder;

use super::content_range::{ContentRange, ContentRangeError};
use super::parameters::write_parameter;
use super::quoted::EncodeError;
use super::range::ByteRange;
use crate::wire::octet::{is_field, is_field_value, is_ows, is_token, trim};

/// What separates the parts: 1 to 70 of the characters of RFC 2046 section 5.1.1, not a space at the
/// end.
///
/// It must not occur in the data, which nobody can check who sends as he reads: take 20 random
/// letters or more. A boundary that is a token need not be quoted, which some clients do not
/// understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundary<'b>(&'b [u8]);

/// Octets that cannot be a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadBoundary {
    /// None at all, or more than 70.
    Length {
        /// How many.
        len: usize,
    },
    /// One that cannot stand there: the last of them, if it is a space.
    Octet {
        /// Where it stands.
        offset: usize,
        /// The octet.
        octet: u8,
    },
}

impl core::fmt::Display for BadBoundary {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Length { len } => write!(f, "boundary of {len} octets, 1 to 70 are allowed"),
            Self::Octet { offset, octet } => {
                write!(f, "octet {octet:#04x} at offset {offset} of a boundary")
            }
        }
    }
}

impl core::error::Error for BadBoundary {}

impl<'b> Boundary<'b> {
    /// The boundary of these octets.
    ///
    /// # Errors
    /// See [`BadBoundary`].
    pub fn new(octets: &'b [u8]) -> Result<Self, BadBoundary> {
        if !(1..=70).contains(&octets.len()) {
            return Err(BadBoundary::Length { len: octets.len() });
        }
        let last = octets.len() - 1;
        let allowed = |offset: usize, octet: u8| {
            octet.is_ascii_alphanumeric()
                || b"'()+_,-./:=?".contains(&octet)
                || (octet == b' ' && offset < last)
        };
        for (offset, &octet) in octets.iter().enumerate() {
            if !allowed(offset, octet) {
                return Err(BadBoundary::Octet { offset, octet });
            }
        }
        Ok(Self(octets))
    }

    /// Its octets.
    #[must_use]
    pub const fn octets(self) -> &'b [u8] {
        self.0
    }
}

/// Writes what stands around the ranges of a body. The ranges themselves are sent by the caller,
/// after the head of each, so nothing of them need be in memory.
///
/// ```
/// # use wirelore_http1::value::multipart::{Boundary, Writer};
/// # use wirelore_http1::value::range::ByteRange;
/// let data = b"0123456789";
/// let ranges = [ByteRange::new(0, 1).unwrap(), ByteRange::new(8, 9).unwrap()];
/// let writer = Writer::new(Boundary::new(b"THIS_STRING_SEPARATES").unwrap(), Some(10))
///     .with_content_type(b"text/plain").unwrap();
/// let mut body = Vec::new();
/// for range in ranges {
///     writer.part_head(range, &mut body).unwrap();
///     body.extend_from_slice(&data[range.first() as usize..=range.last() as usize]);
/// }
/// writer.close(&mut body);
/// assert_eq!(writer.encoded_len(&ranges), Some(body.len() as u64));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Writer<'w> {
    boundary: Boundary<'w>,
    content_type: Option<&'w [u8]>,
    complete_length: Option<u64>,
}

impl<'w> Writer<'w> {
    /// For ranges of a representation of `complete_length` octets, if that is known.
    #[must_use]
    pub const fn new(boundary: Boundary<'w>, complete_length: Option<u64>) -> Self {
        Self {
            boundary,
            content_type: None,
            complete_length,
        }
    }

    /// Each part has this `Content-Type`: the one that a 200 would have had.
    ///
    /// # Errors
    /// [`EncodeError::Forbidden`] with the first octet that no field may have: a control octet, or
    /// whitespace at either end.
    pub fn with_content_type(mut self, content_type: &'w [u8]) -> Result<Self, EncodeError> {
        if !is_field_value(content_type) {
            let control = content_type.iter().position(|&octet| !is_field(octet));
            let last = content_type.len().saturating_sub(1);
            let space = if content_type.first().is_some_and(|&it| is_ows(it)) {
                0
            } else {
                last
            };
            let offset = control.unwrap_or(space);
            return Err(EncodeError::Forbidden {
                offset,
                octet: content_type.get(offset).copied().unwrap_or_default(),
            });
        }
        self.content_type = Some(content_type);
        Ok(self)
    }

    /// Appends the value of the `Content-Type` of the whole response. It must not have a
    /// `Content-Range` (section 15.3.7.2).
    pub fn content_type(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"multipart/byteranges");
        let written = write_parameter(b"boundary", self.boundary.0, out);
        debug_assert_eq!(written, Ok(()), "a boundary has no control octets");
    }

    /// Appends what stands in front of the octets of `range`: delimiter, fields and the empty line.
    /// The first delimiter has a CRLF in front of it too, which is allowed (section 14.6).
    ///
    /// # Errors
    /// [`ContentRangeError::Invalid`] if the range is not within the complete length; then nothing
    /// was appended.
    pub fn part_head(&self, range: ByteRange, out: &mut Vec<u8>) -> Result<(), ContentRangeError> {
        let content_range = self.content_range(range)?;
        out.extend_from_slice(b"\r\n--");
        out.extend_from_slice(self.boundary.0);
        if let Some(content_type) = self.content_type {
            out.extend_from_slice(b"\r\nContent-Type: ");
            out.extend_from_slice(content_type);
        }
        out.extend_from_slice(b"\r\nContent-Range: ");
        content_range.write(out);
        out.extend_from_slice(b"\r\n\r\n");
        Ok(())
    }

    /// Appends what ends the body, after the octets of the last part.
    pub fn close(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\r\n--");
        out.extend_from_slice(self.boundary.0);
        out.extend_from_slice(b"--\r\n");
    }

    /// How long the body with these parts is, ranges included: its `Content-Length`. `None` if a
    /// range is not within the complete length, or 64 bits are not enough.
    #[must_use]
    pub fn encoded_len(&self, ranges: &[ByteRange]) -> Option<u64> {
        let len = |len: usize| u64::try_from(len).ok();
        let content_type = self.content_type.map_or(0, |it| 16 + it.len());
        let fixed = 4 + self.boundary.0.len() + content_type + 17 + 4;
        let close = len(self.boundary.0.len() + 8)?;
        ranges.iter().try_fold(close, |sum, &range| {
            let content_range = self.content_range(range).ok()?;
            let head = len(fixed + content_range.encoded_len())?;
            sum.checked_add(head)?.checked_add(range.len())
        })
    }

    fn content_range(&self, range: ByteRange) -> Result<ContentRange, ContentRangeError> {
        ContentRange::new(range, self.complete_length).ok_or(ContentRangeError::Invalid)
    }
}

/// A part of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part<'p> {
    /// The value of its `Content-Type`.
    pub content_type: Option<&'p [u8]>,
    /// The value of its `Content-Range`, as it was sent.
    pub content_range: &'p [u8],
    /// Which octets these are. `None` if the unit is not bytes.
    pub range: Option<ByteRange>,
    /// How many octets there are altogether, if the unit is bytes and the sender knew.
    pub complete_length: Option<u64>,
    /// The octets: exactly as many as the range has.
    pub octets: &'p [u8],
}

/// Why a body has no further part. What came before is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartError {
    /// Where the body was given up.
    pub offset: usize,
    /// What is wrong there.
    pub flaw: PartFlaw,
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartFlaw {
    /// The boundary does not occur in it.
    NoBoundary,
    /// A line of a part's head is neither a field nor empty, or the head does not end.
    Head,
    /// A part without `Content-Range`, or with two.
    NoContentRange,
    /// A `Content-Range` that is not valid, or says that there are no octets.
    ContentRange(ContentRangeError),
    /// The part does not have as many octets as its range, or the body ends in it.
    Length,
}

impl core::fmt::Display for PartError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.flaw {
            PartFlaw::NoBoundary => f.write_str("no boundary")?,
            PartFlaw::Head => f.write_str("malformed head of a part")?,
            PartFlaw::NoContentRange => f.write_str("part without one content range")?,
            PartFlaw::ContentRange(error) => write!(f, "{error}")?,
            PartFlaw::Length => f.write_str("part does not have the length of its range")?,
        }
        write!(f, " at offset {}", self.offset)
    }
}

impl core::error::Error for PartError {}

/// The parts of a complete `body`, in the order they were sent, which need not be the order asked
/// for. What precedes the first delimiter and follows the last is passed over. After an error there
/// are no more.
///
/// A part of bytes is as long as its range, and a delimiter has to follow it there, so nothing in
/// the data can pass for a delimiter. How many parts there may be is for the caller to limit.
#[must_use]
pub fn parts<'p>(body: &'p [u8], boundary: Boundary<'p>) -> Parts<'p> {
    Parts {
        body,
        boundary: boundary.0,
        finder: Finder::new(boundary.0),
        state: State::Preamble,
    }
}

/// An iterator over the parts of a body; see [`parts`].
#[derive(Clone, Debug)]
pub struct Parts<'p> {
    body: &'p [u8],
    boundary: &'p [u8],
    finder: Finder<'p>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first delimiter is not found yet.
    Preamble,
    /// The head of a part begins here.
    Head(usize),
    /// No more parts.
    End,
}

/// What stands behind a delimiter.
enum Behind {
    /// A part, whose head begins here.
    Part(usize),
    /// Nothing: this was the last one.
    Close,
}

impl<'p> Iterator for Parts<'p> {
    type Item = Result<Part<'p>, PartError>;

    fn next(&mut self) -> Option<Self::Item> {
        let state = core::mem::replace(&mut self.state, State::End);
        let head = match state {
            State::End => return None,
            State::Head(at) => at,
            State::Preamble => match self.first_delimiter() {
                Some(Behind::Part(at)) => at,
                Some(Behind::Close) => return None,
                None => return Some(Err(self.fail(0, PartFlaw::NoBoundary))),
            },
        };
        Some(self.part(head))
    }
}

impl core::iter::FusedIterator for Parts<'_> {}

impl<'p> Parts<'p> {
    fn part(&mut self, head: usize) -> Result<Part<'p>, PartError> {
        let (fields, data) = self.head(head)?;
        let content_range = fields
            .content_range
            .ok_or_else(|| self.fail(head, PartFlaw::NoContentRange))?;
        let (range, complete_length) = match ContentRange::parse(content_range) {
            Ok(ContentRange::Range {
                range,
                complete_length,
            }) => (Some(range), complete_length),
            Err(ContentRangeError::Unit) => (None, None),
            Ok(ContentRange::Unsatisfied { .. }) => {
                let flaw = PartFlaw::ContentRange(ContentRangeError::Invalid);
                return Err(self.fail(head, flaw));
            }
            Err(error) => return Err(self.fail(head, PartFlaw::ContentRange(error))),
        };
        let found = match range {
            Some(range) => usize::try_from(range.len())
                .ok()
                .and_then(|len| data.checked_add(len))
                .and_then(|end| Some((end, self.delimiter(end)?))),
            None => self.next_delimiter(data),
        };
        let (end, behind) = found.ok_or_else(|| self.fail(data, PartFlaw::Length))?;
        if let Behind::Part(at) = behind {
            self.state = State::Head(at);
        }
        Ok(Part {
            content_type: fields.content_type,
            content_range,
            range,
            complete_length,
            octets: self.body.get(data..end).unwrap_or_default(),
        })
    }

    const fn fail(&self, offset: usize, flaw: PartFlaw) -> PartError {
        PartError { offset, flaw }
    }

    fn from(&self, at: usize) -> &'p [u8] {
        self.body.get(at..).unwrap_or_default()
    }

    /// The fields of the head that begins at `at`, and where the data begins.
    fn head(&self, mut at: usize) -> Result<(Fields<'p>, usize), PartError> {
        let mut fields = Fields::default();
        loop {
            let bad = self.fail(at, PartFlaw::Head);
            let rest = self.from(at);
            let end = memchr::memchr(b'\n', rest).ok_or(bad)?;
            let line = rest.get(..end).and_then(|it| it.strip_suffix(b"\r"));
            let line = line.ok_or(bad)?;
            at += end + 1;
            if line.is_empty() {
                return Ok((fields, at));
            }
            let colon = memchr::memchr(b':', line).ok_or(bad)?;
            let (name, value) = line.split_at(colon);
            let value = trim(value.get(1..).unwrap_or_default());
            if !is_token(name) || !value.iter().all(|&octet| is_field(octet)) {
                return Err(bad);
            }
            if name.eq_ignore_ascii_case(b"content-type") {
                fields.content_type = Some(value);
            } else if name.eq_ignore_ascii_case(b"content-range")
                && fields.content_range.replace(value).is_some()
            {
                return Err(self.fail(at, PartFlaw::NoContentRange));
            }
        }
    }

    /// What follows the first delimiter, which needs no line in front of it.
    fn first_delimiter(&self) -> Option<Behind> {
        let mut at = 0;
        loop {
            let found = at + self.finder.find(self.from(at))?;
            at = found + 1;
            let before = self.body.get(..found).unwrap_or_default();
            let before = before.strip_suffix(b"--");
            if before.is_some_and(|it| it.is_empty() || it.ends_with(b"\r\n"))
                && let Some(behind) = self.behind(found)
            {
                return Some(behind);
            }
        }
    }

    /// Where the next delimiter from `at` on begins, and what follows it.
    fn next_delimiter(&self, at: usize) -> Option<(usize, Behind)> {
        let mut from = at;
        loop {
            let found = from + self.finder.find(self.from(from))?;
            from = found + 1;
            let before = self.body.get(at..found).unwrap_or_default();
            if before.ends_with(b"\r\n--")
                && let Some(behind) = self.behind(found)
            {
                return Some((found - 4, behind));
            }
        }
    }

    /// What follows the delimiter at `at`, if there is one.
    fn delimiter(&self, at: usize) -> Option<Behind> {
        self.from(at)
            .strip_prefix(b"\r\n--")?
            .strip_prefix(self.boundary)?;
        self.behind(at + 4)
    }

    /// What follows the boundary at `at`, if that ends a delimiter: whitespace is allowed behind it.
    fn behind(&self, at: usize) -> Option<Behind> {
        let at = at + self.boundary.len();
        let rest = self.from(at);
        let (closing, rest) = match rest.strip_prefix(b"--") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let padding = rest.iter().take_while(|&&octet| is_ows(octet)).count();
        let rest = rest.get(padding..).unwrap_or_default();
        match (closing, rest) {
            (true, [] | [b'\r', b'\n', ..]) => Some(Behind::Close),
            (false, [b'\r', b'\n', ..]) => Some(Behind::Part(at + padding + 2)),
            _ => None,
        }
    }
}

/// The fields of a part that matter.
#[derive(Default)]
struct Fields<'p> {
    content_type: Option<&'p [u8]>,
    content_range: Option<&'p [u8]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &[u8] = b"THIS_STRING_SEPARATES";

    fn boundary() -> Boundary<'static> {
        Boundary::new(NAME).unwrap()
    }

    fn range(first: u64, last: u64) -> ByteRange {
        ByteRange::new(first, last).unwrap()
    }

    fn read(body: &[u8]) -> Result<Vec<Part<'_>>, PartError> {
        parts(body, boundary()).collect()
    }

    fn flaw(body: &[u8]) -> PartFlaw {
        let mut it = parts(body, boundary());
        let error = it.find_map(Result::err).expect("a flaw");
        assert_eq!(it.next(), None, "nothing after an error");
        error.flaw
    }

    #[test]
    fn rfc9110_15_3_7_2_written_octet_by_octet() {
        let writer = Writer::new(boundary(), Some(8000))
            .with_content_type(b"application/pdf")
            .unwrap();
        let mut body = Vec::new();
        writer.content_type(&mut body);
        assert_eq!(
            body,
            b"multipart/byteranges; boundary=THIS_STRING_SEPARATES"
        );
        body.clear();
        let ranges = [range(500, 502), range(7000, 7001)];
        writer.part_head(ranges[0], &mut body).unwrap();
        body.extend_from_slice(b"abc");
        writer.part_head(ranges[1], &mut body).unwrap();
        body.extend_from_slice(b"de");
        writer.close(&mut body);
        let expected = b"\r\n--THIS_STRING_SEPARATES\r\n\
            Content-Type: application/pdf\r\n\
            Content-Range: bytes 500-502/8000\r\n\
            \r\n\
            abc\r\n\
            --THIS_STRING_SEPARATES\r\n\
            Content-Type: application/pdf\r\n\
            Content-Range: bytes 7000-7001/8000\r\n\
            \r\n\
            de\r\n\
            --THIS_STRING_SEPARATES--\r\n";
        assert_eq!(body, expected);
        assert_eq!(writer.encoded_len(&ranges), Some(expected.len() as u64));
        let parts = read(&body).unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].range, Some(ranges[0]));
        assert_eq!(parts[0].content_type, Some(&b"application/pdf"[..]));
        assert_eq!(parts[0].complete_length, Some(8000));
        assert_eq!(
            (parts[0].octets, parts[1].octets),
            (&b"abc"[..], &b"de"[..])
        );
    }

    #[test]
    fn rfc9110_14_6_units_other_than_bytes() {
        let body = b"--THIS_STRING_SEPARATES\r\n\
            Content-Type: video/example\r\n\
            Content-Range: exampleunit 1.2-4.3/25\r\n\
            \r\n\
            ...the first range...\r\n\
            --THIS_STRING_SEPARATES\r\n\
            Content-Type: video/example\r\n\
            Content-Range: exampleunit 11.2-14.3/25\r\n\
            \r\n\
            ...--THIS_STRING_SEPARATES\r\n...the second range\r\n\
            --THIS_STRING_SEPARATES--\r\n";
        let parts = read(body).unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].octets, b"...the first range...");
        assert_eq!(parts[0].range, None);
        assert_eq!(parts[1].content_range, b"exampleunit 11.2-14.3/25");
        let second = b"...--THIS_STRING_SEPARATES\r\n...the second range";
        assert_eq!(parts[1].octets, second);
    }

    #[test]
    fn rfc9110_14_6_crlf_before_the_first_boundary_and_rfc2046_5_1_1_padding() {
        let body = b"not a part\r\n--THIS_STRING_SEPARATESnot\r\n\r\n\
            --THIS_STRING_SEPARATES \t\r\n\
            content-range:bytes 0-0/*\r\n\
            X: y\r\n\
            \r\n\
            a\r\n\
            --THIS_STRING_SEPARATES-- \r\n\
            epilogue\r\n--THIS_STRING_SEPARATES\r\n";
        let parts = read(body).unwrap();
        assert_eq!(parts.len(), 1);
        assert_eq!((parts[0].octets, parts[0].content_type), (&b"a"[..], None));
        assert_eq!(parts[0].complete_length, None);
        assert_eq!(read(b"--THIS_STRING_SEPARATES--"), Ok(Vec::new()));
    }

    #[test]
    fn data_that_looks_like_a_delimiter_is_data() {
        let data = b"\r\n--THIS_STRING_SEPARATES--\r\n";
        let writer = Writer::new(boundary(), None);
        let mut body = Vec::new();
        let whole = range(0, data.len() as u64 - 1);
        writer.part_head(whole, &mut body).unwrap();
        body.extend_from_slice(data);
        writer.close(&mut body);
        let parts = read(&body).unwrap();
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].octets, data);
    }

    #[test]
    fn flaws_are_told() {
        let part = |fields: &[u8], data: &[u8]| {
            let mut body = b"--THIS_STRING_SEPARATES\r\n".to_vec();
            body.extend_from_slice(fields);
            body.extend_from_slice(b"\r\n");
            body.extend_from_slice(data);
            body
        };
        let end = b"ab\r\n--THIS_STRING_SEPARATES--";
        let good: &[u8] = b"Content-Range: bytes 0-1/2\r\n";
        assert_eq!(read(&part(good, end)).unwrap()[0].octets, b"ab");
        assert_eq!(flaw(b""), PartFlaw::NoBoundary);
        assert_eq!(flaw(b"x--THIS_STRING_SEPARATES\r\n"), PartFlaw::NoBoundary);
        assert_eq!(flaw(b"--THIS_STRING_SEPARATES\n"), PartFlaw::NoBoundary);
        for fields in [
            &b"Content-Range\r\n"[..],
            b"a b: c\r\n",
            b"a: b\r\n c\r\n",
            b"a: b\n",
        ] {
            assert_eq!(flaw(&part(fields, end)), PartFlaw::Head, "{fields:?}");
        }
        assert_eq!(flaw(b"--THIS_STRING_SEPARATES\r\na: b\r\n"), PartFlaw::Head);
        assert_eq!(flaw(&part(b"", end)), PartFlaw::NoContentRange);
        let twice = b"Content-Range: bytes 0-1/2\r\nContent-Range: bytes 0-1/2\r\n";
        assert_eq!(flaw(&part(twice, end)), PartFlaw::NoContentRange);
        for fields in [
            &b"Content-Range: bytes */2\r\n"[..],
            b"Content-Range: bytes 1-0/2\r\n",
        ] {
            let invalid = PartFlaw::ContentRange(ContentRangeError::Invalid);
            assert_eq!(flaw(&part(fields, end)), invalid);
        }
        for data in [
            &b"ab"[..],
            b"",
            b"a\r\n--THIS_STRING_SEPARATES--",
            b"abc\r\n--THIS_STRING_SEPARATES--",
            b"ab\r\n--THIS_STRING",
            b"ab\r\n--THIS_STRING_SEPARATES",
            b"ab\r\n--THIS_STRING_SEPARATES_NOT\r\n",
            b"ab\r\n--THIS_STRING_SEPARATES--x",
        ] {
            assert_eq!(flaw(&part(good, data)), PartFlaw::Length, "{data:?}");
        }
        let huge = b"Content-Range: bytes 0-18446744073709551614/*\r\n";
        assert_eq!(flaw(&part(huge, end)), PartFlaw::Length);
    }

    #[test]
    fn rfc2046_5_1_1_boundaries() {
        let long = [b'a'; 71];
        assert!(Boundary::new(&long[..70]).is_ok());
        assert_eq!(Boundary::new(&long), Err(BadBoundary::Length { len: 71 }));
        assert_eq!(Boundary::new(b""), Err(BadBoundary::Length { len: 0 }));
        assert!(Boundary::new(b"a '()+_,-./:=?Z9").is_ok());
        for (octets, offset) in [
            (&b"a "[..], 1),
            (b"a\r\nb", 1),
            (b"\"a\"", 0),
            (b"a;b", 1),
            (b"ab\xe9", 2),
        ] {
            let octet = octets[offset];
            let bad = BadBoundary::Octet { offset, octet };
            assert_eq!(Boundary::new(octets), Err(bad));
        }
        let mut out = Vec::new();
        let spaced = Boundary::new(b"a b").unwrap();
        Writer::new(spaced, None).content_type(&mut out);
        assert_eq!(out, b"multipart/byteranges; boundary=\"a b\"");
    }

    #[test]
    fn misuse_writes_nothing() {
        let writer = Writer::new(boundary(), Some(10));
        let mut out = Vec::new();
        assert_eq!(
            writer.part_head(range(5, 10), &mut out),
            Err(ContentRangeError::Invalid)
        );
        assert!(out.is_empty());
        assert_eq!(writer.encoded_len(&[range(5, 10)]), None);
        let unknown = Writer::new(boundary(), None);
        let huge = range(0, u64::MAX - 1);
        assert_eq!(unknown.encoded_len(&[huge]), None);
        for (value, offset) in [(&b"a/b\r\nX: y"[..], 3), (b" a/b", 0), (b"a/b ", 3)] {
            let octet = value[offset];
            let error = writer.with_content_type(value).unwrap_err();
            assert_eq!(error, EncodeError::Forbidden { offset, octet });
        }
    }
}
