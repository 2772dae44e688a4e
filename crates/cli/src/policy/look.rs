//! Folders: what a name leads to, and what is shown of what is in one.

use super::denied::{Denied, DeniedKind};
use super::name::{self, shown};
use super::rules::{Listed, Listing, Settings};
use super::{Asker, Policy, Readable, is_same, modified, or_dot, os, part, system, write};
use cap_std::fs::{Dir, Metadata};
use std::time::SystemTime;

/// What a name leads to.
#[derive(Debug)]
pub(crate) enum Looked {
    File(Readable),
    Folder(Folder),
}

/// A folder that may be shown.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: Dir,
    path: Vec<u8>,
    takes_uploads: bool,
}

impl Folder {
    /// The path beneath the root, in octets; empty for the root.
    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }

    /// Whether the peer that asked may upload into it, as far as can be known without a name.
    pub(crate) const fn takes_uploads(&self) -> bool {
        self.takes_uploads
    }
}

/// What is shown of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entries {
    /// Folders first, both by the octets of their names.
    pub(crate) entries: Vec<Entry>,
    /// There is more than was to be shown, or looked at.
    pub(crate) cut: bool,
}

/// A file or a folder in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// In octets, as it stands on the disk.
    pub(crate) name: Vec<u8>,
    pub(crate) kind: EntryKind,
    /// 0 for a folder.
    pub(crate) len: u64,
    pub(crate) modified: Option<SystemTime>,
}

/// What an entry is, symbolic links being what they lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EntryKind {
    Folder,
    File,
}

impl Policy {
    /// Opens what the name leads to. A slash at its end says that it is a folder; an empty name is
    /// that of the root. Whose name is listed is a file, unless there is a slash.
    pub(crate) fn look(&self, asker: &Asker, name: &[u8]) -> Result<Looked, Denied> {
        let settings = self.admit(asker, name)?;
        let asked = name::asked(name, &settings.tolerance)?;
        let (path, ignore_case) = (asked.path, settings.tolerance.ignore_case);
        let not_found = |why: &str| {
            let why = format!("{}: {why}", shown(name));
            Err(Denied::new(DeniedKind::NotFound, why))
        };
        if name::has_part(&path) {
            return not_found("names of unfinished uploads are never served");
        }
        let listing = self.rules.listing(&path, asker.peer, ignore_case);
        if !asked.folder && !matches!(listing, Listing::Unlisted) {
            return self.read(asker, name).map(Looked::File);
        }
        if name::is_hidden(&path) && !settings.hidden {
            return not_found("names with a dot in front are hidden: --hidden serves them");
        }
        let found = self.spelled(settings, path)?;
        if settings.only_listed && !self.leads_to_listed(settings, asker, &found.path) {
            return not_found("no [[file]] has this name or is beneath it, and only-listed is set");
        }
        let failed = |error| Denied::from_io(&error, &shown(&found.path));
        let path = or_dot(os(&found.path)?);
        let there = self.root.metadata(path).map_err(failed)?;
        if there.is_dir() {
            return Ok(Looked::Folder(Folder {
                dir: self.root.open_dir(path).map_err(failed)?,
                takes_uploads: write::takes_uploads(settings, asker)
                    && is_in(&settings.upload_folder, &found.path)
                    && !settings.only_listed,
                path: found.path,
            }));
        }
        if asked.folder || settings.only_listed {
            return not_found("there is no folder of this name");
        }
        self.open(asker, found, &there).map(Looked::File)
    }

    /// How many entries of a folder are to be shown.
    pub(crate) const fn max_list(&self) -> usize {
        self.rules.max_list
    }

    /// What the peer may know of a folder that [`look`](Self::look) gave it: at most `limit` entries,
    /// the first ones by name. What cannot be asked for is not there: hidden names unless they are
    /// served, unfinished uploads, files for others, links that lead out of the root or nowhere,
    /// whatever is neither file nor folder.
    pub(crate) fn entries(
        &self,
        asker: &Asker,
        folder: &Folder,
        limit: usize,
    ) -> Result<Entries, Denied> {
        let settings = self.admit(asker, &folder.path)?;
        let failed = |error| Denied::from_io(&error, &shown(&folder.path));
        let mut names = Vec::new();
        let mut shown = Entries::default();
        for (index, entry) in folder.dir.entries().map_err(failed)?.enumerate() {
            if index >= self.rules.max_scan {
                shown.cut = true;
                break;
            }
            let name = entry.map_err(failed)?.file_name();
            let name = system::octets(&name);
            if !part::may_be(name) && (settings.hidden || !name.starts_with(b".")) {
                names.push(name.to_vec());
            }
        }
        names.sort_unstable();
        let view = Viewer {
            policy: self,
            settings,
            asker,
            listed: self.listed_files(),
        };
        for name in names {
            let Some(entry) = view.entry(&folder.path, name) else {
                continue;
            };
            if shown.entries.len() >= limit {
                shown.cut = true;
                break;
            }
            shown.entries.push(entry);
        }
        shown.entries.sort_by_key(|entry| entry.kind);
        Ok(shown)
    }

    /// Whether `folder` is on the way to a file that is listed, for this peer, and not hidden.
    fn leads_to_listed(&self, settings: &Settings, asker: &Asker, folder: &[u8]) -> bool {
        folder.is_empty()
            || self.rules.files.iter().any(|listed| {
                listed.path != folder
                    && is_in(folder, &listed.path)
                    && listed.access.lets_in(asker.peer)
                    && (settings.hidden || !name::is_hidden(&listed.path))
            })
    }

    /// The files of the list, if any is not for all, and what they are on the disk.
    fn listed_files(&self) -> Vec<(&Listed, Metadata)> {
        if !self.rules.has_lists() {
            return Vec::new();
        }
        let there = |listed| Some((listed, self.listed_metadata(listed)?));
        self.rules.files.iter().filter_map(there).collect()
    }

    fn listed_metadata(&self, listed: &Listed) -> Option<Metadata> {
        self.root.metadata(system::os(&listed.path)?).ok()
    }
}

/// Who looks at a folder.
struct Viewer<'p> {
    policy: &'p Policy,
    settings: &'p Settings,
    asker: &'p Asker,
    listed: Vec<(&'p Listed, Metadata)>,
}

impl Viewer<'_> {
    /// What is shown of `name` in `folder`.
    fn entry(&self, folder: &[u8], name: Vec<u8>) -> Option<Entry> {
        let path = match folder {
            b"" => name.clone(),
            folder => [folder, &name].join(&b'/'),
        };
        let there = self.policy.root.metadata(system::os(&path)?).ok();
        if let Some(there) = &there
            && there.is_dir()
        {
            let (settings, asker) = (self.settings, self.asker);
            let shown =
                !settings.only_listed || self.policy.leads_to_listed(settings, asker, &path);
            return shown.then(|| Entry {
                name,
                kind: EntryKind::Folder,
                len: 0,
                modified: modified(there),
            });
        }
        let ignore_case = self.settings.tolerance.ignore_case;
        let rules = &self.policy.rules;
        let file = match rules.listing(&path, self.asker.peer, ignore_case) {
            // an alias goes before what is on the disk
            Listing::File(listed) => self.policy.listed_metadata(listed)?,
            Listing::Closed => return None,
            Listing::Unlisted if self.settings.only_listed => return None,
            Listing::Unlisted => there.filter(|there| self.may_have(there))?,
        };
        file.is_file().then(|| Entry {
            name,
            kind: EntryKind::File,
            len: file.len(),
            modified: modified(&file),
        })
    }

    /// A file that has access lists has them under each of its names.
    fn may_have(&self, file: &Metadata) -> bool {
        let mut same = self
            .listed
            .iter()
            .filter(|(_, there)| is_same(there, file))
            .peekable();
        same.peek().is_none() || same.any(|(listed, _)| listed.access.lets_in(self.asker.peer))
    }
}

/// Whether `path` is `folder` or beneath it.
fn is_in(folder: &[u8], path: &[u8]) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}
