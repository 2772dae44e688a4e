//! A folder for programs.

use super::View;
use super::write::{href, rfc3339};
use crate::policy::EntryKind;
use serde::Serialize;

#[derive(Serialize)]
struct Folder {
    path: String,
    cut: bool,
    entries: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    /// What is not UTF-8 in it is replaced; `href` is exact.
    name: String,
    r#type: &'static str,
    /// Of files.
    size: Option<u64>,
    modified: Option<String>,
    href: String,
}

/// The folder as JSON: `path`, `cut` and `entries`, each with `name`, `type` (`file` or `folder`),
/// `size` (null for folders), `modified` (RFC 3339, or null) and `href`, which is relative.
pub(crate) fn json(folder: &View<'_>) -> Vec<u8> {
    let mut path = String::from("/");
    for name in folder.names() {
        path.push_str(&String::from_utf8_lossy(name));
        path.push('/');
    }
    let entries = folder.order.sorted(folder.entries);
    let entries = entries.into_iter().map(|entry| Shown {
        name: String::from_utf8_lossy(&entry.name).into_owned(),
        r#type: match entry.kind {
            EntryKind::File => "file",
            EntryKind::Folder => "folder",
        },
        size: (entry.kind == EntryKind::File).then_some(entry.len),
        modified: entry.modified.and_then(rfc3339),
        href: String::from_utf8_lossy(&href(entry)).into_owned(),
    });
    let folder = Folder {
        path,
        cut: folder.cut,
        entries: entries.collect(),
    };
    let plain = serde_json::to_string(&folder).unwrap_or_default();
    let mut out = Vec::with_capacity(plain.len() + 1);
    // some of what acts on a terminal may stand in JSON as it is: only strings have it
    for c in plain.chars() {
        match c {
            '\x7f'..='\u{9f}' => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
            }
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'\n');
    out
}
