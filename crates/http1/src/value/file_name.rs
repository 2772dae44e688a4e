//! Names of files that come from a peer (RFC 6266 section 4.3).

use alloc::string::String;

/// The most octets that [`safe`] returns, which is what common file systems take.
pub const MAX_LEN: usize = 255;

/// What of `name` can be the name of a new file in a folder of the caller's choice, whatever a peer
/// thought of. `None` if nothing is left.
///
/// - Only what is behind the last `/` or `\` counts, so it never names a folder.
/// - Control characters, and those that turn the direction of writing, are left out.
/// - `"`, `*`, `:`, `<`, `>`, `?` and `|` become `_`; so does a `.` or `~` in front, which would hide
///   the file or name a home.
/// - Whitespace at both ends and dots at the end are left out.
/// - The device names of Windows (`CON`, `nul.txt`, `COM1`) get a `_` in front.
/// - It is cut to [`MAX_LEN`] octets, an ending of at most 16 octets (`.tar`) being kept.
///
/// The ending is the peer's choice: before the file is opened by it, compare it with the media type.
///
/// ```
/// # use wirelore_http1::value::file_name::safe;
/// assert_eq!(safe("../../etc/passwd").as_deref(), Some("passwd"));
/// assert_eq!(safe("..\\a\r\nb?.txt ").as_deref(), Some("ab_.txt"));
/// assert_eq!(safe(".."), None);
/// ```
#[must_use]
pub fn safe(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut safe: String = last.chars().filter(|&it| !is_invisible(it)).collect();
    trim_end(&mut safe);
    let mut safe: String = safe
        .trim_start()
        .chars()
        .enumerate()
        .map(|(at, it)| match it {
            '"' | '*' | ':' | '<' | '>' | '?' | '|' => '_',
            '.' | '~' if at == 0 => '_',
            it => it,
        })
        .collect();
    if safe.is_empty() {
        return None;
    }
    if is_device(&safe) {
        safe.insert(0, '_');
    }
    shorten(&mut safe);
    Some(safe)
}

/// Control characters, and the marks, embeddings, overrides and isolates of bidirectional text.
fn is_invisible(it: char) -> bool {
    it.is_control()
        || matches!(
            it,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let is = |wanted: &str| stem.eq_ignore_ascii_case(wanted);
    let numbered = |prefix: &str| {
        stem.get(..3)
            .is_some_and(|it| it.eq_ignore_ascii_case(prefix))
            && matches!(stem.as_bytes().get(3..), Some([b'0'..=b'9']))
    };
    is("con") || is("prn") || is("aux") || is("nul") || numbered("com") || numbered("lpt")
}

fn shorten(name: &mut String) {
    if name.len() <= MAX_LEN {
        return;
    }
    let ending = name
        .rfind('.')
        .and_then(|at| name.get(at..))
        .filter(|it| it.len() <= 16)
        .map(String::from)
        .unwrap_or_default();
    let mut end = MAX_LEN - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    name.push_str(&ending);
    trim_end(name);
}

fn trim_end(name: &mut String) {
    let kept = name.trim_end_matches(|it: char| it == '.' || it.is_whitespace());
    name.truncate(kept.len());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_is_cut_ends_as_others_do() {
        let name = alloc::format!("{} . b", "a".repeat(MAX_LEN - 2));
        let cut = safe(&name).unwrap();
        assert_eq!(cut, "a".repeat(MAX_LEN - 3) + ". b");
        let name = alloc::format!("{} . {}", "a".repeat(MAX_LEN - 2), "b".repeat(20));
        assert_eq!(safe(&name).unwrap(), "a".repeat(MAX_LEN - 2));
    }

    /// RFC 6266 §4.3.
    #[test]
    fn rfc6266_4_3_names_are_made_safe() {
        for (name, wanted) in [
            ("example.html", Some("example.html")),
            ("an example.html", Some("an example.html")),
            ("/etc/passwd", Some("passwd")),
            ("..\\..\\boot.ini", Some("boot.ini")),
            ("a/", None),
            ("", None),
            (".", None),
            ("..", None),
            ("a/..", None),
            (". .", None),
            (".bashrc", Some("_bashrc")),
            ("~", Some("_")),
            ("~root", Some("_root")),
            ("|", Some("_")),
            ("C:x", Some("C_x")),
            (" \ta.txt. \t", Some("a.txt")),
            ("a\0b\x7f\u{85}c\r\n", Some("abc")),
            ("a\u{202e}txt.exe", Some("atxt.exe")),
            ("CON", Some("_CON")),
            ("nul.txt", Some("_nul.txt")),
            ("com1", Some("_com1")),
            ("com", Some("com")),
            ("com10", Some("com10")),
            ("\u{20ac} rates", Some("\u{20ac} rates")),
        ] {
            assert_eq!(safe(name).as_deref(), wanted, "{name:?}");
        }
    }

    #[test]
    fn long_names_keep_their_ending() {
        let name = alloc::format!("{}.html", "\u{20ac}".repeat(200));
        let short = safe(&name).unwrap();
        assert!(short.ends_with("\u{20ac}.html") && short.len() <= MAX_LEN && short.len() > 250);
        let bare = safe(&"x".repeat(1000)).unwrap();
        assert_eq!(bare.len(), MAX_LEN);
    }

    proptest! {
        #[test]
        fn is_one_visible_name_and_stays_it(name in "[./\\\\~ a-cNUL:\\x00-\\x20€\u{202e}]{0,300}") {
            if let Some(it) = safe(&name) {
                prop_assert!(!it.is_empty() && it.len() <= MAX_LEN);
                prop_assert!(!it.contains(['/', '\\', ':', '\0', '\r', '\n']));
                prop_assert!(!it.starts_with('.') && it != "..");
                prop_assert_eq!(safe(&it), Some(it));
            }
        }
    }
}
