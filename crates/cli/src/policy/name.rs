//! From the octets that a peer sent to a path beneath the root. No file is touched here.

use super::denied::{Denied, DeniedKind};
use super::part;
use wirelore_core::escape;

/// What is forgiven in a name.
#[derive(Clone, Debug)]
pub(super) struct Tolerance {
    /// A backslash separates too, and `C:\` in front means nothing.
    pub(super) backslash: bool,
    /// Letters may have the other case.
    pub(super) ignore_case: bool,
    /// The first of these that a name begins with is taken off.
    pub(super) strip_prefix: Vec<Vec<u8>>,
    /// Longer names are refused, in octets.
    pub(super) max_name: usize,
}

/// What a name means.
#[derive(Debug)]
pub(super) struct Asked {
    /// Beneath the root: components joined by `/`, without empty ones, `.` and `..`. Empty for the
    /// root itself.
    pub(super) path: Vec<u8>,
    /// It can only be the name of a folder.
    pub(super) folder: bool,
}

/// The path of a file that `name` means. `..` is undone in the name, not on the disk.
pub(super) fn normal(name: &[u8], tolerance: &Tolerance) -> Result<Vec<u8>, Denied> {
    if name.is_empty() {
        return Err(Denied::new(DeniedKind::BadName, "the name is empty"));
    }
    let asked = asked(name, tolerance)?;
    if asked.folder {
        let why = format!("{}: the name is that of a folder", shown(name));
        return Err(Denied::new(DeniedKind::NotAFile, why));
    }
    Ok(asked.path)
}

/// As [`normal`], where folders have names too; an empty one is that of the root.
pub(super) fn asked(name: &[u8], tolerance: &Tolerance) -> Result<Asked, Denied> {
    let denied = |kind, why: &str| Denied::new(kind, format!("{}: {why}", shown(name)));
    if name.len() > tolerance.max_name {
        return Err(denied(
            DeniedKind::BadName,
            "the name is longer than max-name allows",
        ));
    }
    if name.contains(&0) {
        return Err(denied(DeniedKind::BadName, "the name has a NUL in it"));
    }
    let mut octets = name.to_vec();
    if tolerance.backslash {
        octets
            .iter_mut()
            .filter(|octet| **octet == b'\\')
            .for_each(|octet| *octet = b'/');
        if let [letter, b':', b'/', ..] = octets[..]
            && letter.is_ascii_alphabetic()
        {
            octets.drain(..2);
        }
    }
    let path = join(&octets).ok_or_else(|| {
        denied(
            DeniedKind::Forbidden,
            "`..` in the name leads out of what is served",
        )
    })?;
    let mut folder = matches!(
        octets.rsplit(|&octet| octet == b'/').next(),
        Some(b"" | b"." | b"..")
    );
    let path = if folder {
        // with its slash, for a prefix that has one
        let slashed = [&path[..], b"/"].concat();
        let path = strip(&slashed, tolerance);
        path.strip_suffix(b"/").unwrap_or(path).to_vec()
    } else {
        strip(&path, tolerance).to_vec()
    };
    folder |= path.is_empty();
    Ok(Asked { path, folder })
}

/// The components of a path, joined anew; `None` if `..` leads out of it.
pub(super) fn join(octets: &[u8]) -> Option<Vec<u8>> {
    let mut components: Vec<&[u8]> = Vec::new();
    for component in octets.split(|&octet| octet == b'/') {
        match component {
            b"" | b"." => {}
            b".." => {
                components.pop()?;
            }
            _ => components.push(component),
        }
    }
    Some(components.join(&b'/'))
}

fn strip<'p>(path: &'p [u8], tolerance: &Tolerance) -> &'p [u8] {
    for prefix in &tolerance.strip_prefix {
        let Some((head, rest)) = path.split_at_checked(prefix.len()) else {
            continue;
        };
        if head == prefix || tolerance.ignore_case && fold(head) == fold(prefix) {
            let start = rest.iter().position(|&octet| octet != b'/');
            return &rest[start.unwrap_or(rest.len())..];
        }
    }
    path
}

/// The same for names that differ only in the case of letters: of all letters in UTF-8, of the
/// ASCII ones in anything else.
pub(super) fn fold(name: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(name) {
        Ok(text) => {
            let lower: String = text.chars().flat_map(char::to_lowercase).collect();
            lower.into_bytes()
        }
        Err(_) => name.to_ascii_lowercase(),
    }
}

/// Whether a component begins with a dot.
pub(super) fn is_hidden(path: &[u8]) -> bool {
    path.split(|&octet| octet == b'/')
        .any(|component| component.starts_with(b"."))
}

/// Whether a component could be one of our unfinished uploads.
pub(super) fn has_part(path: &[u8]) -> bool {
    path.split(|&octet| octet == b'/').any(part::may_be)
}

/// A name for people, in quotation marks.
pub(super) fn shown(name: &[u8]) -> String {
    format!("\"{}\"", escape(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict() -> Tolerance {
        Tolerance {
            backslash: false,
            ignore_case: false,
            strip_prefix: Vec::new(),
            max_name: 1024,
        }
    }

    fn path(name: &[u8], tolerance: &Tolerance) -> String {
        let path = normal(name, tolerance).expect("a good name");
        String::from_utf8(path).expect("UTF-8")
    }

    fn kind(name: &[u8], tolerance: &Tolerance) -> DeniedKind {
        normal(name, tolerance).expect_err("a bad name").kind
    }

    #[test]
    fn the_root_is_the_root() {
        for name in ["a/b", "/a/b", "//a//b", "./a/./b", "a/c/../b", "/c/../a/b"] {
            assert_eq!(path(name.as_bytes(), &strict()), "a/b", "{name}");
        }
    }

    #[test]
    fn dots_do_not_leave_the_root() {
        for name in ["..", "../a", "/../a", "a/../../b", "a/../..", "./../a"] {
            assert_eq!(
                kind(name.as_bytes(), &strict()),
                DeniedKind::Forbidden,
                "{name}"
            );
        }
        assert_eq!(path(b"...", &strict()), "...");
        assert_eq!(path(b"..a", &strict()), "..a");
        let tolerance = Tolerance {
            backslash: true,
            ..strict()
        };
        assert_eq!(kind(br"a\..\..\b", &tolerance), DeniedKind::Forbidden);
        assert_eq!(kind(br"C:\..\b", &tolerance), DeniedKind::Forbidden);
    }

    #[test]
    fn names_that_nothing_can_have() {
        assert_eq!(kind(b"", &strict()), DeniedKind::BadName);
        assert_eq!(kind(b"a\0b", &strict()), DeniedKind::BadName);
        assert_eq!(kind(&[b'a'; 1025], &strict()), DeniedKind::BadName);
        assert_eq!(path(&[b'a'; 1024], &strict()).len(), 1024);
    }

    #[test]
    fn a_slash_at_the_end_means_a_folder() {
        for name in ["/", ".", "a/", "a/.", "a/b/..", "a//"] {
            assert_eq!(
                kind(name.as_bytes(), &strict()),
                DeniedKind::NotAFile,
                "{name}"
            );
        }
    }

    #[test]
    fn folders_have_names_where_they_may() {
        let folder = |name: &[u8], tolerance: &Tolerance| {
            let asked = asked(name, tolerance).expect("a good name");
            (String::from_utf8(asked.path).expect("UTF-8"), asked.folder)
        };
        for (name, path, is_folder) in [
            ("", "", true),
            ("/", "", true),
            ("a/..", "", true),
            ("a", "a", false),
            ("a/", "a", true),
            ("/a//b/./", "a/b", true),
            ("a/b/..", "a", true),
            ("a/b/.", "a/b", true),
        ] {
            let found = folder(name.as_bytes(), &strict());
            assert_eq!(found, (path.into(), is_folder), "{name}");
        }
        for name in [&b"../"[..], b"a/../../", b"/.."] {
            let denied = asked(name, &strict()).expect_err("leaves");
            assert_eq!(denied.kind, DeniedKind::Forbidden);
        }
        let tolerance = Tolerance {
            strip_prefix: vec![b"tftpboot/".to_vec()],
            ..strict()
        };
        for (name, path) in [
            ("tftpboot/", ""),
            ("/tftpboot/a/", "a"),
            ("tftpboot/a/b/..", "a"),
            ("tftpboots/", "tftpboots"),
        ] {
            let found = folder(name.as_bytes(), &tolerance);
            assert_eq!(found, (path.into(), true), "{name}");
        }
    }

    #[test]
    fn octets_are_kept_as_they_are() {
        for name in [
            &b"a b"[..],
            b" a ",
            "\u{fc}\u{1f600}".as_bytes(),
            b"\xff\xfe",
            b"a\\b\r\n",
        ] {
            assert_eq!(normal(name, &strict()).expect("good"), name);
        }
    }

    #[test]
    fn backslashes_and_drives_only_when_asked_for() {
        let tolerance = Tolerance {
            backslash: true,
            ..strict()
        };
        for name in [r"a\b", r"\a\b", r"C:\a\b", "c:/a/b", r"a/\b"] {
            assert_eq!(path(name.as_bytes(), &tolerance), "a/b", "{name}");
        }
        assert_eq!(path(br"C:a", &tolerance), "C:a");
        assert_eq!(path(br"C:\a", &strict()), r"C:\a");
        assert_eq!(kind(br"a\", &tolerance), DeniedKind::NotAFile);
    }

    #[test]
    fn the_first_prefix_that_fits_is_taken_off_once() {
        let tolerance = Tolerance {
            strip_prefix: vec![b"tftpboot/".to_vec(), b"flash:".to_vec(), b"t".to_vec()],
            ..strict()
        };
        assert_eq!(path(b"/tftpboot/a", &tolerance), "a");
        assert_eq!(path(b"tftpboot//tftpboot/a", &tolerance), "tftpboot/a");
        assert_eq!(path(b"flash:image", &tolerance), "image");
        assert_eq!(path(b"flash:/image", &tolerance), "image");
        assert_eq!(path(b"tx", &tolerance), "x");
        assert_eq!(path(b"/Tftpboot/a", &tolerance), "Tftpboot/a");
        assert_eq!(kind(b"flash:", &tolerance), DeniedKind::NotAFile);
        let tolerance = Tolerance {
            ignore_case: true,
            ..tolerance
        };
        assert_eq!(path(b"/TFTPBOOT/a", &tolerance), "a");
    }

    #[test]
    fn folding_knows_unicode_and_survives_octets() {
        assert_eq!(fold("\u{c4}B".as_bytes()), "\u{e4}b".as_bytes());
        assert_eq!(fold(b"A\xffB"), b"a\xffb");
    }

    #[test]
    fn reasons_show_names_escaped() {
        let denied = normal(b"../\x1b[31m", &strict()).expect_err("leaves");
        assert!(denied.why.contains(r"\x1b[31m"), "{}", denied.why);
        assert!(!denied.why.contains('\x1b'));
    }
}
