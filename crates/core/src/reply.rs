//! Replies: a three-digit code and text, in one line or several.
//!
//! FTP (RFC 959 section 4.2) and SMTP (RFC 5321 section 4.2) differ in what the lines between the
//! first and the last one look like: [`ReplyForm`]. [`ReplyReader`] is the machine that receives
//! them, [`write()`] sends them.

mod reader;

use alloc::vec::Vec;
use core::fmt;

use memchr::memchr;

use crate::Misuse;
use crate::lines::stray;

pub use reader::{ReplyConfig, ReplyReader};

/// A reply code: three decimal digits, 000 to 999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// The code of this value, `None` above 999.
    #[must_use]
    pub const fn new(value: u16) -> Option<Self> {
        if value > 999 { None } else { Some(Self(value)) }
    }

    /// The code that `line` begins with, whatever follows it.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        let digits = line.first_chunk::<3>()?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        Some(Self(
            digits.iter().fold(0, |n, d| 10 * n + u16::from(d - b'0')),
        ))
    }

    /// The value, 0 to 999.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }

    /// The first digit, which says whether the answer is good, bad or incomplete.
    #[must_use]
    pub const fn class(self) -> u8 {
        (self.0 / 100) as u8
    }

    /// The three digits in ASCII.
    #[must_use]
    pub const fn digits(self) -> [u8; 3] {
        [
            b'0' + self.class(),
            b'0' + (self.0 / 10 % 10) as u8,
            b'0' + (self.0 % 10) as u8,
        ]
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// What the lines of a reply with several lines look like. In both forms the last line is the code,
/// a space and text, and the first one has a hyphen in place of the space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyForm {
    /// The lines in between are anything that is not the last line (RFC 959 section 4.2).
    FreeMiddle,
    /// The lines in between are like the first one (RFC 5321 section 4.2).
    EveryLine,
}

/// A whole reply. `D` is a slice of the input, or its owned counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<D> {
    code: Code,
    form: ReplyForm,
    raw: D,
}

impl<D: AsRef<[u8]>> Reply<D> {
    /// The code, of the last line where lenient reading let them differ.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Every octet of the reply, with all line ends.
    #[must_use]
    pub const fn raw(&self) -> &D {
        &self.raw
    }

    /// The text of each line: without the line end, and without code and separator where the form
    /// puts them. In [`ReplyForm::FreeMiddle`] a line in between that begins with the same code and
    /// a hyphen is taken to be written in the other form.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.raw_lines().enumerate().map(|(n, line)| {
            let code = Code::parse(line);
            let has_code = match self.form {
                _ if n == 0 => true,
                ReplyForm::FreeMiddle => code == Some(self.code),
                ReplyForm::EveryLine => code.is_some(),
            };
            match line.get(3..) {
                Some([b' ' | b'-', text @ ..]) if has_code => text,
                Some(text) if has_code && (n == 0 || text.is_empty()) => text,
                _ => line,
            }
        })
    }

    /// Each line as it came, without its end.
    pub fn raw_lines(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.raw.as_ref();
        core::iter::from_fn(move || {
            let lf = memchr(b'\n', rest)?;
            let (line, after) = (&rest[..lf], &rest[lf + 1..]);
            rest = after;
            Some(line.strip_suffix(b"\r").unwrap_or(line))
        })
    }

    /// The same reply with its octets changed by `change`, which must not change what they are.
    pub fn map<E>(self, change: impl FnOnce(D) -> E) -> Reply<E> {
        Reply {
            code: self.code,
            form: self.form,
            raw: change(self.raw),
        }
    }
}

/// Appends a reply with the text `lines`; without any, one empty line.
///
/// Lines in between that begin with three digits are indented by one space in
/// [`ReplyForm::FreeMiddle`], so that none of them can be taken for the last one (RFC 959 section
/// 4.2). How long lines may be is the caller's concern.
///
/// # Errors
/// [`Misuse::Stray`] when a line contains CR, LF or NUL; then nothing is appended. Its index counts
/// from the start of that line.
pub fn write<L: AsRef<[u8]>>(
    form: ReplyForm,
    code: Code,
    lines: impl IntoIterator<Item = L>,
    out: &mut Vec<u8>,
) -> Result<(), Misuse> {
    let before = out.len();
    let mut lines = lines.into_iter();
    let mut line = lines.next();
    let mut first = true;
    loop {
        let text = line.as_ref().map_or(&[][..], AsRef::as_ref);
        let next = lines.next();
        if let Some((at, stray)) = stray(text) {
            out.truncate(before);
            return Err(Misuse::Stray { stray, at });
        }
        if first || next.is_none() || form == ReplyForm::EveryLine {
            out.extend_from_slice(&code.digits());
            out.push(if next.is_none() { b' ' } else { b'-' });
        } else if Code::parse(text).is_some() {
            out.push(b' ');
        }
        out.extend_from_slice(text);
        out.extend_from_slice(b"\r\n");
        if next.is_none() {
            return Ok(());
        }
        line = next;
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Stray;
    use alloc::string::ToString;

    fn written(form: ReplyForm, code: u16, lines: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        write(form, Code::new(code).unwrap(), lines, &mut out).unwrap();
        out
    }

    #[test]
    fn codes_are_three_digits() {
        assert_eq!(Code::new(1000), None);
        let code = Code::parse(b"050-x").unwrap();
        assert_eq!((code.value(), code.class()), (50, 0));
        assert_eq!((code.digits(), code.to_string()), (*b"050", "050".into()));
        assert_eq!(Code::parse(b"999").map(Code::class), Some(9));
        for none in [&b"25"[..], b"", b"2 0", b"+20", b"25\xb2"] {
            assert_eq!(Code::parse(none), None);
        }
    }

    #[test]
    fn rfc959_4_2_lines_in_between_are_free_and_padded() {
        assert_eq!(
            written(ReplyForm::FreeMiddle, 123, &[
                "First line",
                "Second line",
                "234 A line beginning with numbers",
                "123 not the last",
                "The last line"
            ]),
            b"123-First line\r\nSecond line\r\n 234 A line beginning with numbers\r\n 123 not the last\r\n123 The last line\r\n"
        );
        assert_eq!(written(ReplyForm::FreeMiddle, 220, &["Hi"]), b"220 Hi\r\n");
    }

    #[test]
    fn rfc5321_4_2_every_line_has_the_code() {
        assert_eq!(
            written(
                ReplyForm::EveryLine,
                250,
                &["foo.com greets bar.com", "8BITMIME", "HELP"]
            ),
            b"250-foo.com greets bar.com\r\n250-8BITMIME\r\n250 HELP\r\n"
        );
        assert_eq!(written(ReplyForm::EveryLine, 1, &[]), b"001 \r\n");
    }

    #[test]
    fn a_stray_octet_in_any_line_writes_nothing() {
        for (bad, stray, at) in [
            ("a\rb", Stray::Cr, 1),
            ("\n", Stray::Lf, 0),
            ("ab\0", Stray::Nul, 2),
        ] {
            for lines in [[bad, "x", "y"], ["x", bad, "y"], ["x", "y", bad]] {
                for form in [ReplyForm::FreeMiddle, ReplyForm::EveryLine] {
                    let mut out = b"before".to_vec();
                    let refused = write(form, Code(250), lines, &mut out);
                    assert_eq!(refused, Err(Misuse::Stray { stray, at }));
                    assert_eq!(out, b"before");
                }
            }
        }
    }
}
