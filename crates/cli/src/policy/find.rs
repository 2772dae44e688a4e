//! Finding a file whose name is known but for the case of its letters.

use super::denied::{Denied, DeniedKind};
use super::name::{fold, shown};
use super::system;
use cap_std::fs::Dir;
use std::ffi::OsStr;

/// `path` as it is spelled on the disk. A component that is there as asked for is taken; otherwise
/// the one that differs in case only, and of several the first by octets (so capitals go first).
/// What comes after a component that is not there stays as it was asked for.
///
/// # Errors
/// A folder has more than `max_scan` entries: which one is the first is not known then.
pub(super) fn spelling(root: &Dir, path: &[u8], max_scan: usize) -> Result<Vec<u8>, Denied> {
    let there =
        |path: &[u8]| system::os(path).is_some_and(|path| root.symlink_metadata(path).is_ok());
    if there(path) {
        return Ok(path.to_vec());
    }
    let mut found: Vec<u8> = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let end = rest
            .iter()
            .position(|&octet| octet == b'/')
            .unwrap_or(rest.len());
        let (component, tail) = (&rest[..end], &rest[end..]);
        let exact = beneath(&found, component);
        found = if there(&exact) {
            exact
        } else {
            let folder = system::os(&found).filter(|folder| !folder.is_empty());
            match other_case(root, folder.unwrap_or(OsStr::new(".")), component, max_scan)? {
                Some(name) => beneath(&found, &name),
                None => return Ok(beneath(&found, rest)),
            }
        };
        rest = tail.strip_prefix(b"/").unwrap_or(tail);
    }
    Ok(found)
}

fn beneath(folder: &[u8], rest: &[u8]) -> Vec<u8> {
    if folder.is_empty() {
        return rest.to_vec();
    }
    [folder, rest].join(&b'/')
}

fn other_case(
    root: &Dir,
    folder: &OsStr,
    wanted: &[u8],
    max_scan: usize,
) -> Result<Option<Vec<u8>>, Denied> {
    let Ok(entries) = root.read_dir(folder) else {
        return Ok(None);
    };
    let folded = fold(wanted);
    let mut first: Option<Vec<u8>> = None;
    for (index, entry) in entries.map_while(Result::ok).enumerate() {
        if index >= max_scan {
            let folder = shown(system::octets(folder));
            let why = format!(
                "{}: the folder {folder} has more entries than max-scan ({max_scan}), too many to \
                 look for a name in other letters",
                shown(wanted)
            );
            return Err(Denied::new(DeniedKind::NotFound, why));
        }
        let name = entry.file_name();
        let name = system::octets(&name);
        if fold(name) == folded && first.as_deref().is_none_or(|first| name < first) {
            first = Some(name.to_vec());
        }
    }
    Ok(first)
}
