//! What must not be in the folder that is served: files with passwords and keys.

use std::path::{Path, PathBuf};

/// Whether `path` leads out of what is served from `root`, whatever links are in either. Hidden names are
/// no protection: each protocol may serve them, today or after the configuration was read again.
pub(crate) fn is_apart(root: &Path, path: &Path) -> bool {
    match (resolved(root), resolved(path)) {
        (Some(root), Some(whole)) => !whole.starts_with(root),
        _ => true,
    }
}

/// Where it really is, as far as it exists.
fn resolved(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let existing = path
        .ancestors()
        .find_map(|it| Some((it, it.canonicalize().ok()?)));
    let (given, real) = existing?;
    Some(real.join(path.strip_prefix(given).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_dots_are_seen_through() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("root")).expect("a folder");
        std::fs::write(path("root/users"), "").expect("writes");
        #[cfg(unix)]
        std::os::unix::fs::symlink(path("root"), path("link")).expect("links");
        for inside in [
            "root",
            "root/users",
            "root/not/yet",
            "root/.hidden",
            "root/../root/x",
        ] {
            assert!(!is_apart(&path("root"), &path(inside)), "{inside}");
        }
        #[cfg(unix)]
        assert!(!is_apart(&path("root"), &path("link/x")));
        for outside in ["users", "rootless", "root/../users", "."] {
            assert!(is_apart(&path("root"), &path(outside)), "{outside}");
        }
    }
}
