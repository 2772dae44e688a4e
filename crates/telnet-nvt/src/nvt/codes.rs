//! The codes above 127, and how many columns a character takes.

use core::str::from_utf8;

/// What the codes 128 to 255 mean. The NVT has none of them: "the code set is seven-bit USASCII in an
/// eight-bit field" (RFC 854); what is used beyond that, the two ends must know (RFC 1123 section
/// 3.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Codes {
    /// Nothing: they "do not cause the NVT printer to take any action" (RFC 854).
    #[default]
    SevenBit,
    /// Each is a graphic of some eight-bit character set, one column wide.
    EightBit,
    /// They make up UTF-8 (RFC 5198).
    Utf8,
}

/// The columns that `c` takes: none for controls and for what joins the character before it, two for
/// wide East Asian characters and pictures, otherwise one. Which are wide is a matter of the terminal;
/// here whole blocks are.
pub(super) fn columns(c: char) -> usize {
    match c {
        ' '..='~' | '\u{a0}'..='\u{2ff}' => 1,
        '\0'..='\u{9f}' => 0,
        // the second and third letters of a Hangul syllable, and what is invisible
        '\u{1160}'..='\u{11ff}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}' => 0,
        _ if joins(c) => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Whether the standard library's tables have `c` as a mark on the character before it: it is shown
/// as it is behind a letter, but not alone.
fn joins(c: char) -> bool {
    let mut text = [b'a', 0, 0, 0, 0];
    let len = 1 + c.encode_utf8(&mut text[1..]).len();
    c.escape_debug().nth(1).is_some()
        && from_utf8(&text[..len]).is_ok_and(|text| text.escape_debug().nth(1) == Some(c))
}

/// The octets of the last character of `text` and its columns. An octet that belongs to no character
/// is one of its own, an unfinished character too; `None` only for an empty text.
pub(super) fn last_char(text: &[u8], codes: Codes) -> Option<(usize, usize)> {
    let last = *text.last()?;
    if last.is_ascii() || codes != Codes::Utf8 {
        return Some((1, 1));
    }
    for len in 1..=text.len().min(4) {
        match from_utf8(&text[text.len() - len..]) {
            Ok(tail) => return Some((len, tail.chars().map(columns).sum())),
            Err(e) if e.valid_up_to() == 0 && e.error_len().is_none() => return Some((len, 1)),
            Err(_) => {}
        }
    }
    Some((1, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_characters() {
        for (c, expected) in [
            ('a', 1),
            ('~', 1),
            ('\x1b', 0),
            ('\x7f', 0),
            ('\u{85}', 0),
            ('\u{a0}', 1),
            ('é', 1),
            ('\u{301}', 0),
            ('\u{5b0}', 0),
            ('\u{200d}', 0),
            ('\u{fe0f}', 0),
            ('한', 2),
            ('日', 2),
            ('Ａ', 2),
            ('🦀', 2),
            ('\u{3000}', 2),
            ('\u{e000}', 1),
            ('Ж', 1),
        ] {
            assert_eq!(columns(c), expected, "{c:?}");
        }
    }

    #[test]
    fn last_characters() {
        for (text, octets) in [
            (&b"ab"[..], 1),
            ("aé".as_bytes(), 2),
            ("日".as_bytes(), 3),
            ("🦀".as_bytes(), 4),
            (b"a\xe2\x82", 2),
            (b"a\xf0\x9f\xa6", 3),
            (b"a\xe2", 1),
            (b"a\x82", 1),
            (b"\xc3\xa9\x82", 1),
            (b"\x82\x82\x82\x82\x82", 1),
            (b"\xff", 1),
        ] {
            let found = last_char(text, Codes::Utf8).map(|(octets, _)| octets);
            assert_eq!(found, Some(octets), "{text:x?}");
            assert_eq!(last_char(text, Codes::EightBit), Some((1, 1)));
        }
        assert_eq!(last_char(b"", Codes::Utf8), None);
    }
}
