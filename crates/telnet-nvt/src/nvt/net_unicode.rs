//! Whether text is NVT ASCII (RFC 854) or Net-Unicode (RFC 5198).

use core::fmt;
use core::str::from_utf8;

/// Whether `octets` are seven-bit codes only, and every CR is followed by LF or NUL: what may be sent
/// as text before any option is agreed (RFC 854, THE NVT PRINTER AND KEYBOARD). The codes without a
/// meaning for the printer are among them: the "keyboard is capable of generating them".
#[must_use]
pub fn is_nvt_ascii(octets: &[u8]) -> bool {
    let mut cr = false;
    octets.is_ascii()
        && octets.iter().all(|&octet| {
            let follows = core::mem::replace(&mut cr, octet == b'\r');
            !follows || matches!(octet, b'\n' | 0)
        })
        && !cr
}

/// What is wrong with a text as Net-Unicode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Violation {
    /// Octets that are not UTF-8: "Characters MUST be encoded in UTF-8" (section 2, 1).
    NotUtf8,
    /// A byte order mark, which "MUST NOT appear at the beginning" (section 2, 5).
    ByteOrderMark,
    /// A CR that neither LF nor NUL follows: "CR MUST NOT appear unless it is immediately followed by
    /// LF (indicating end of line) or NUL" (section 2).
    BareCr,
    /// U+0080 to U+009F: "the so-called "C1 Controls" (...) MUST NOT appear" (section 2, 3).
    C1,
    /// A code point that is no character and never will be: none "that is unassigned" may be sent
    /// (section 2, 6). Others that are unassigned are not looked for.
    Noncharacter,
    /// A LF without a CR before it: "line-endings MUST be indicated by the sequence" CR LF (section
    /// 2, 2), "the use of LF without CR is questionable" (section 2).
    BareLf,
    /// CR NUL, which "SHOULD be avoided" (section 2).
    CrNul,
    /// Another control character than CR, LF and FF: they "SHOULD generally be avoided" (section 2,
    /// 3). A NUL that follows a CR is not one.
    Control,
    /// U+2028 or U+2029: "similar observations apply to the yet newer line and paragraph separators"
    /// as to NEL (section 2).
    Separator,
    /// A private code point: they "SHOULD be avoided" (section 4).
    PrivateUse,
}

impl Violation {
    /// Whether the RFC has a MUST or a MUST NOT for it, otherwise it advises against it. A bare LF is
    /// against a MUST where it is meant to end a line, which cannot be seen here: it counts as
    /// forbidden.
    #[must_use]
    pub const fn is_forbidden(self) -> bool {
        matches!(
            self,
            Self::NotUtf8
                | Self::ByteOrderMark
                | Self::BareCr
                | Self::C1
                | Self::Noncharacter
                | Self::BareLf
        )
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NotUtf8 => "not UTF-8",
            Self::ByteOrderMark => "byte order mark",
            Self::BareCr => "CR without LF",
            Self::C1 => "C1 control character",
            Self::Noncharacter => "code point that is no character",
            Self::BareLf => "LF without CR",
            Self::CrNul => "CR NUL",
            Self::Control => "control character",
            Self::Separator => "line or paragraph separator",
            Self::PrivateUse => "private code point",
        })
    }
}

/// What RFC 5198 has against `text`, from its front to its end: offsets in octets, and what begins
/// there. Normalization (section 3) is not checked, nor which code points a version of Unicode has.
///
/// The text is as it is on the wire, with the NUL of CR NUL, but without TELNET commands and without
/// doubled octets.
///
/// ```
/// # use wirelore_telnet_nvt::nvt::{Violation, net_unicode};
/// assert!(net_unicode("Grüße\r\n".as_bytes()).next().is_none());
/// let found: Vec<_> = net_unicode(b"a\n\xff\r").collect();
/// assert_eq!(found, [(1, Violation::BareLf), (2, Violation::NotUtf8), (3, Violation::BareCr)]);
/// ```
pub fn net_unicode(text: &[u8]) -> NetUnicode<'_> {
    NetUnicode {
        text,
        at: 0,
        valid: 0,
        before: None,
    }
}

/// The iterator of [`net_unicode`].
#[derive(Clone, Debug)]
pub struct NetUnicode<'t> {
    text: &'t [u8],
    at: usize,
    /// The text is UTF-8 up to here.
    valid: usize,
    before: Option<char>,
}

impl Iterator for NetUnicode<'_> {
    type Item = (usize, Violation);

    fn next(&mut self) -> Option<(usize, Violation)> {
        loop {
            let rest = &self.text[self.at..];
            let plain = |octet: &&u8| matches!(octet, b' '..=b'~');
            let run = rest.iter().take_while(plain).count();
            if run > 0 {
                self.at += run;
                self.before = None;
            }
            if self.at >= self.valid {
                let rest = &self.text[self.at..];
                if rest.is_empty() {
                    return None;
                }
                match from_utf8(rest) {
                    Ok(_) => self.valid = self.text.len(),
                    Err(e) if e.valid_up_to() > 0 => self.valid = self.at + e.valid_up_to(),
                    Err(e) => {
                        let offset = self.at;
                        self.at += e.error_len().unwrap_or(rest.len());
                        self.before = None;
                        return Some((offset, Violation::NotUtf8));
                    }
                }
            }
            let offset = self.at;
            // The character at `at`: at most four octets, and they are UTF-8.
            let piece = &self.text[offset..self.valid];
            let len = piece
                .iter()
                .take(4)
                .skip(1)
                .take_while(|o| **o & 0xc0 == 0x80);
            let piece = &piece[..1 + len.count()];
            let c = from_utf8(piece)
                .ok()
                .and_then(|piece| piece.chars().next())?;
            self.at += piece.len();
            let before = self.before.replace(c);
            if let Some(violation) = self.judge(before, c, offset) {
                return Some((offset, violation));
            }
        }
    }
}

impl NetUnicode<'_> {
    fn judge(&self, before: Option<char>, c: char, offset: usize) -> Option<Violation> {
        match c {
            ' '..='~' | '\x0c' => None,
            '\r' => match self.text.get(self.at) {
                Some(b'\n') => None,
                Some(0) => Some(Violation::CrNul),
                _ => Some(Violation::BareCr),
            },
            '\n' => (before != Some('\r')).then_some(Violation::BareLf),
            '\0' if before == Some('\r') => None,
            '\0'..='\x1f' | '\x7f' => Some(Violation::Control),
            '\u{80}'..='\u{9f}' => Some(Violation::C1),
            '\u{feff}' if offset == 0 => Some(Violation::ByteOrderMark),
            '\u{2028}' | '\u{2029}' => Some(Violation::Separator),
            '\u{fdd0}'..='\u{fdef}' => Some(Violation::Noncharacter),
            _ if u32::from(c) & 0xfffe == 0xfffe => Some(Violation::Noncharacter),
            '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => Some(Violation::PrivateUse),
            _ => None,
        }
    }
}
