//! Making a peer's octets safe to show.

use core::fmt::{self, Write};

/// Shows `octets` so that nothing in them can act on a terminal or forge a line of a log, at most
/// [`Escaped::LIMIT`] characters of them; [`Escaped::limit`] changes that.
///
/// - Printable UTF-8 stays as it is, but a backslash is doubled.
/// - CR, LF and TAB become `\r`, `\n` and `\t`, every other control octet and every octet that is
///   not UTF-8 becomes `\x` and two hexadecimal digits.
/// - Characters that are not printable (the C1 controls, direction marks, invisible and other format
///   characters, separators other than the space, private and unassigned ones) become `\u{...}`.
/// - Where it is cut, there is a `…`.
///
/// Quotation marks stay, so this is no string literal. Two different inputs that are not cut look
/// different.
///
/// ```
/// # use wirelore_core::escape;
/// let bad = b"USER \x1b[31mroot\r\n\xff\xe2\x80\xae";
/// assert_eq!(escape(bad).to_string(), r"USER \x1b[31mroot\r\n\xff\u{202e}");
/// assert_eq!(escape(bad).limit(10).to_string(), r"USER \x1b[…");
/// ```
#[must_use]
pub fn escape(octets: &(impl AsRef<[u8]> + ?Sized)) -> Escaped<'_> {
    Escaped {
        octets: octets.as_ref(),
        limit: Escaped::LIMIT,
    }
}

/// Octets that are safe to show; see [`escape`].
#[derive(Clone, Copy)]
pub struct Escaped<'o> {
    octets: &'o [u8],
    limit: usize,
}

impl Escaped<'_> {
    /// How many characters are shown unless [`limit`](Self::limit) says otherwise.
    pub const LIMIT: usize = 256;

    /// Shows at most `limit` characters (and a `…`); [`usize::MAX`] for all.
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = Line {
            f,
            left: self.limit,
        };
        for chunk in self.octets.utf8_chunks() {
            for c in chunk.valid().chars() {
                if !line.char(c)? {
                    return Ok(());
                }
            }
            for &octet in chunk.invalid() {
                if !line.octet(octet)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What is being written, and how many characters still fit. Each method says whether it fitted; if
/// not, the ellipsis was written and nothing more may come.
struct Line<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    left: usize,
}

impl Line<'_, '_> {
    fn char(&mut self, c: char) -> Result<bool, fmt::Error> {
        match c {
            ' '..='[' | ']'..='~' => self.fits(1, |f| f.write_char(c)),
            '\\' => self.fits(2, |f| f.write_str("\\\\")),
            '\r' => self.fits(2, |f| f.write_str("\\r")),
            '\n' => self.fits(2, |f| f.write_str("\\n")),
            '\t' => self.fits(2, |f| f.write_str("\\t")),
            '\0'..='\x7f' => self.octet(c as u8),
            _ if is_printable(c) => self.fits(1, |f| f.write_char(c)),
            _ => {
                let code = c.escape_unicode();
                self.fits(code.len(), |f| write!(f, "{code}"))
            }
        }
    }

    fn octet(&mut self, octet: u8) -> Result<bool, fmt::Error> {
        self.fits(4, |f| write!(f, "\\x{octet:02x}"))
    }

    fn fits(
        &mut self,
        width: usize,
        write: impl FnOnce(&mut fmt::Formatter<'_>) -> fmt::Result,
    ) -> Result<bool, fmt::Error> {
        let Some(left) = self.left.checked_sub(width) else {
            self.f.write_char('…')?;
            return Ok(false);
        };
        self.left = left;
        write(self.f)?;
        Ok(true)
    }
}

/// Whether the standard library's tables have `c`, which is not ASCII, as printable. A character
/// that combines with the one before is, behind a letter.
fn is_printable(c: char) -> bool {
    let mut buf = [b'a', 0, 0, 0, 0];
    let len = 1 + c.encode_utf8(&mut buf[1..]).len();
    core::str::from_utf8(&buf[..len]).is_ok_and(|text| text.escape_debug().nth(1) == Some(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};
    use proptest::prelude::*;

    fn shown(octets: &[u8]) -> String {
        escape(octets).limit(usize::MAX).to_string()
    }

    #[test]
    fn printable_text_stays() {
        for text in [
            "",
            "plain 'text' \"quoted\" ~",
            "Grüße",
            "日本語",
            "e\u{301}",
            "🦀",
            "हिन्दी",
        ] {
            assert_eq!(shown(text.as_bytes()), text);
        }
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped() {
        for (octets, text) in [
            (&b"\x1b]0;x\x07"[..], r"\x1b]0;x\x07"),
            (b"a\r\nb\tc\0\x7f", r"a\r\nb\tc\x00\x7f"),
            (br"C:\x41", r"C:\\x41"),
            (b"\x9b31m\xff\xc3", r"\x9b31m\xff\xc3"),
            ("\u{9b}31m\u{85}".as_bytes(), r"\u{9b}31m\u{85}"),
            (
                "\u{202e}\u{2066}\u{200f}\u{61c}".as_bytes(),
                r"\u{202e}\u{2066}\u{200f}\u{61c}",
            ),
            (
                "\u{200b}\u{feff}\u{ad}\u{2028}\u{a0}".as_bytes(),
                r"\u{200b}\u{feff}\u{ad}\u{2028}\u{a0}",
            ),
            (
                "\u{e000}\u{e0041}\u{10ffff}".as_bytes(),
                r"\u{e000}\u{e0041}\u{10ffff}",
            ),
            (b"\xed\xa0\x80", r"\xed\xa0\x80"),
        ] {
            assert_eq!(shown(octets), text);
        }
    }

    #[test]
    fn the_limit_counts_characters_shown() {
        let long = [b'a'; 300];
        assert_eq!(escape(&long).to_string(), "a".repeat(256) + "…");
        assert_eq!(escape(&long[..256]).to_string(), "a".repeat(256));
        assert_eq!(escape("é\n\0b").limit(7).to_string(), "é\\n\\x00…");
        assert_eq!(escape("é\n\0b").limit(8).to_string(), "é\\n\\x00b");
        assert_eq!(escape("é\n\0").limit(6).to_string(), "é\\n…");
        assert_eq!(escape("x").limit(0).to_string(), "…");
        assert_eq!(escape("").limit(0).to_string(), "");
    }

    /// Undoes the escapes.
    fn read(text: &str) -> Vec<u8> {
        let mut octets = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            octets.extend_from_slice(&rest.as_bytes()[..at]);
            rest = &rest[at + 1..];
            let (kind, after) = rest.split_at(1);
            rest = after;
            match kind {
                "\\" => octets.push(b'\\'),
                "r" => octets.push(b'\r'),
                "n" => octets.push(b'\n'),
                "t" => octets.push(b'\t'),
                "x" => {
                    octets.push(u8::from_str_radix(&rest[..2], 16).unwrap());
                    rest = &rest[2..];
                }
                "u" => {
                    let (code, after) = rest[1..].split_once('}').unwrap();
                    rest = after;
                    let c = char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap();
                    octets.extend_from_slice(c.to_string().as_bytes());
                }
                other => panic!("{other}"),
            }
        }
        octets.extend_from_slice(rest.as_bytes());
        octets
    }

    use alloc::vec::Vec;

    proptest! {
        #[test]
        fn anything_can_be_read_back_and_has_no_control_character(octets: Vec<u8>) {
            let text = shown(&octets);
            prop_assert!(!text.contains(|c: char| c.is_control()), "{}", text);
            prop_assert_eq!(read(&text), octets);
        }

        #[test]
        fn any_text_too(text in any::<String>(), limit in 0_usize..50) {
            prop_assert_eq!(read(&shown(text.as_bytes())), text.as_bytes());
            let cut = escape(&text).limit(limit).to_string();
            prop_assert!(cut.chars().count() <= limit + 1);
        }
    }
}
