//! What no file of the repository says: where it was written, and where packages come from.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders of a developer's machine, as absolute paths. (Cut in two, or this file would find itself.)
const FOLDERS: &[&str] = &[
    concat!("/", "work/"),
    concat!("/", "root/"),
    concat!("/", "home/"),
    concat!("/", "Users/"),
];

/// Hosts of package registries, and a folder beside the repository.
const NAMES: &[&str] = &[
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("deb.debian", ".org"),
    concat!("proxy.golang", ".org"),
    concat!("npmjs", ".org"),
    concat!("../", "shared"),
];

/// The one place where cargo itself names a registry.
const LOCK_INDEX: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

/// Every line of a text file that names one of these, `FILE:LINE: ...`.
pub(crate) fn check(root: &Path, files: &[PathBuf]) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    for file in files {
        let bytes = fs::read(root.join(file)).map_err(|e| format!("{}: {e}", file.display()))?;
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        let text = match file.file_name() {
            Some(name) if name == "Cargo.lock" => text.replace(LOCK_INDEX, ""),
            _ => text,
        };
        for (index, line) in text.lines().enumerate() {
            findings.extend(
                named(line).map(|what| format!("{}:{}: names {what}", file.display(), index + 1)),
            );
        }
    }
    Ok(findings)
}

/// What a line names that it should not.
fn named(line: &str) -> Option<&'static str> {
    let folder = FOLDERS.iter().find(|folder| {
        line.match_indices(**folder)
            .any(|(at, _)| !continues_a_path(&line[..at]))
    });
    folder
        .or_else(|| NAMES.iter().find(|name| line.contains(**name)))
        .copied()
}

/// Whether a slash after `before` is in the middle of a path, so that the path is not absolute.
fn continues_a_path(before: &str) -> bool {
    before
        .chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() || "._-~*})$>/".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_and_registries_are_found() {
        for bad in [
            concat!("see /", "work/main/x"),
            concat!("\"/", "root/.cargo\""),
            concat!("PATH=/", "home/somebody/bin"),
            concat!("https://crates", ".io/crates/x"),
            concat!("index.crates", ".io"),
            concat!("read ../", "shared/x.md"),
        ] {
            assert!(named(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn relative_paths_are_fine() {
        for good in [
            "$HOME/.cache/wirelore",
            concat!("a/", "work/b"),
            concat!("./", "root/x"),
            concat!("${d}/", "home/x"),
            concat!("~/", "work/x"),
        ] {
            assert_eq!(named(good), None, "{good}");
        }
    }

    #[test]
    fn the_lock_file_names_its_index_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let index = format!("source = \"{LOCK_INDEX}\"\n");
        let bad = format!(
            "{index}source = \"{}\"\n",
            concat!("sparse+https://x.crates", ".io/")
        );
        fs::write(folder.path().join("Cargo.lock"), &bad).unwrap();
        fs::write(
            folder.path().join("binary"),
            concat!("\u{0}/", "root/").as_bytes(),
        )
        .unwrap();
        fs::write(
            folder.path().join("latin"),
            [b"\xff".as_slice(), FOLDERS[0].as_bytes()].concat(),
        )
        .unwrap();
        let files = ["Cargo.lock", "binary", "latin"].map(PathBuf::from);
        let found = check(folder.path(), &files).unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("Cargo.lock:2:"), "{found:?}");
        assert!(found[1].starts_with("binary:1:"), "{found:?}");
    }
}
