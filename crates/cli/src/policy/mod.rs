//! Who may read and write what. Made once, for every protocol of `wirelore serve`: all files are
//! opened here, beneath one root that neither `..` nor symbolic links lead out of.
//!
//! A [`Policy`] never changes; [`Policy::reload`] makes another one. It blocks on the file system,
//! so it is called where that is allowed. `docs/serve-configuration.md` says what it does.

mod access;
mod config;
mod denied;
mod find;
mod name;
mod options;
mod part;
mod rules;
mod system;
#[cfg(test)]
mod tests;
mod upload;

pub(crate) use config::LoadError;
#[cfg(test)]
pub(crate) use config::Secret;
pub(crate) use denied::{Denied, DeniedKind};
pub(crate) use options::{Options, Uploads};
pub(crate) use rules::{Telnet, User};
pub(crate) use upload::Upload;

use cap_fs_ext::{MetadataExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, Metadata, OpenOptions};
use name::shown;
use rules::{Listed, Listing, Rules, Settings};
use std::ffi::OsStr;
use std::fs::File;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How many entries are looked at, at most, for what a dead server left.
const SWEEP: usize = 100_000;

/// What a folder is served by.
#[derive(Debug)]
pub(crate) struct Policy {
    root: Dir,
    path: PathBuf,
    options: Options,
    rules: Rules,
    notes: Vec<String>,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    /// As in `serve --only`, and as its section in the configuration.
    pub(crate) protocol: &'static str,
    pub(crate) peer: IpAddr,
}

/// A file that may be read.
#[derive(Debug)]
pub(crate) struct Readable {
    pub(crate) file: File,
    pub(crate) len: u64,
    #[allow(dead_code, reason = "for protocols that say it")]
    pub(crate) modified: Option<SystemTime>,
    /// The path beneath the root, escaped, for the log.
    #[allow(
        dead_code,
        reason = "for logs of protocols in which it is not the name"
    )]
    pub(crate) shown: String,
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Read,
    Write,
}

/// A path beneath the root that rules let pass.
struct Found {
    path: Vec<u8>,
    /// By a `[[file]]`, which has said that it may.
    listed: bool,
}

impl Policy {
    /// Opens the folder `root` and reads the configuration. If anything may be uploaded, what a
    /// server that no longer runs left unfinished is removed.
    pub(crate) fn load(root: &Path, options: &Options) -> Result<Self, LoadError> {
        let path = root.to_owned();
        let root = match Dir::open_ambient_dir(root, cap_std::ambient_authority()) {
            Ok(root) => root,
            Err(error) => return Err(LoadError::Root { path, error }),
        };
        let mut policy = Self {
            root,
            path,
            options: options.clone(),
            rules: Rules::new(options)?,
            notes: Vec::new(),
        };
        policy.look_around()?;
        Ok(policy)
    }

    /// What the files say now, with the same command line. Transfers that run are not touched.
    pub(crate) fn reload(&self) -> Result<Self, LoadError> {
        Self::load(&self.path, &self.options)
    }

    /// What the operator should know: a line each, escaped.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether the peer may ask this protocol for anything, files or not.
    pub(crate) fn lets_in(&self, asker: &Asker) -> Result<(), &'static str> {
        self.settings(asker).map(drop)
    }

    /// What holds for the console.
    pub(crate) const fn telnet(&self) -> &Telnet {
        &self.rules.telnet
    }

    /// Opens a file for reading.
    pub(crate) fn read(&self, asker: &Asker, name: &[u8]) -> Result<Readable, Denied> {
        let settings = self.admit(asker, name)?;
        let found = self.find(settings, asker, name, Wish::Read)?;
        let shown = shown(&found.path);
        let failed = |error| Denied::from_io(&error, &shown);
        let path = os(&found.path)?;
        // a pipe is not even opened: that alone would wake whoever writes to it
        is_file(&self.root.metadata(path).map_err(failed)?, &shown)?;
        let mut options = OpenOptions::new();
        options.read(true).nonblock(true);
        let file = self.root.open_with(path, &options).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        is_file(&metadata, &shown)?;
        if !found.listed {
            let same = |listed: &Listed| self.is_at(listed, &metadata);
            self.check_lists(asker, &shown, same)?;
        }
        Ok(Readable {
            file: file.into_std(),
            len: metadata.len(),
            modified: metadata
                .modified()
                .ok()
                .map(cap_std::time::SystemTime::into_std),
            shown,
        })
    }

    /// Begins an upload.
    pub(crate) fn write(&self, asker: &Asker, name: &[u8]) -> Result<Upload, Denied> {
        let settings = self.admit(asker, name)?;
        if settings.limits.uploads == Uploads::Off {
            let name = shown(name);
            let why = format!("{name}: uploads are off: start with --upload create");
            return Err(Denied::new(DeniedKind::ReadOnly, why));
        }
        if !settings.upload_from.lets_in(asker.peer) {
            let why = format!("{}: upload-from does not have this peer", shown(name));
            return Err(Denied::new(DeniedKind::Forbidden, why));
        }
        let found = self.find(settings, asker, name, Wish::Write)?;
        let shown = shown(&found.path);
        let (folder, name) = self.place(settings, &found.path, &shown)?;
        let there = match folder.symlink_metadata(name) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Denied::from_io(&error, &shown)),
        };
        if !found.listed {
            let own = folder
                .dir_metadata()
                .map_err(|error| Denied::from_io(&error, &shown))?;
            let same = |listed: &Listed| {
                there
                    .as_ref()
                    .is_some_and(|there| self.is_at(listed, there))
                    || self.would_be(listed, &own, name)
            };
            self.check_lists(asker, &shown, same)?;
        }
        if let Some(there) = there {
            may_replace(&there, settings.limits.uploads, &shown)?;
        }
        Upload::begin(folder, name, shown, settings.limits)
    }

    /// Looks at what is served, once.
    fn look_around(&mut self) -> Result<(), LoadError> {
        for listed in &self.rules.files {
            let there = system::os(&listed.path).map(|path| self.root.metadata(path));
            if !matches!(there, Some(Ok(metadata)) if metadata.is_file()) {
                let note = format!("{}: listed, but there is no such file", shown(&listed.path));
                self.notes.push(note);
            }
        }
        let mut folders: Vec<&[u8]> = Vec::new();
        for settings in self.rules.with_uploads() {
            if !folders.contains(&&settings.upload_folder[..]) {
                folders.push(&settings.upload_folder);
            }
        }
        for path in folders {
            let open = system::os(path).map(|path| self.root.open_dir(or_dot(path)));
            let folder = match open {
                Some(Ok(folder)) => folder,
                Some(Err(error)) => {
                    return Err(LoadError::Option {
                        name: "upload-folder",
                        text: format!("{}: {error}", shown(path)),
                    });
                }
                None => continue,
            };
            let swept = part::sweep(&folder, SWEEP);
            if swept.removed > 0 {
                let note = format!(
                    "removed {} unfinished uploads of a server that died",
                    swept.removed
                );
                self.notes.push(note);
            }
            if swept.cut {
                let note = format!("looked for unfinished uploads in the first {SWEEP} files only");
                self.notes.push(note);
            }
        }
        Ok(())
    }

    /// What holds for the peer, if it may ask for anything.
    fn settings(&self, asker: &Asker) -> Result<&Settings, &'static str> {
        let settings = self.rules.of(asker.protocol);
        if !self.rules.everyone.lets_in(asker.peer) {
            Err("allow and deny do not let this peer in")
        } else if !settings.access.lets_in(asker.peer) {
            Err("allow and deny of this protocol do not let this peer in")
        } else {
            Ok(settings)
        }
    }

    fn admit(&self, asker: &Asker, name: &[u8]) -> Result<&Settings, Denied> {
        self.settings(asker).map_err(|text| {
            let why = format!("{}: {text}", shown(name));
            Denied::new(DeniedKind::Forbidden, why)
        })
    }

    fn find(
        &self,
        settings: &Settings,
        asker: &Asker,
        name: &[u8],
        wish: Wish,
    ) -> Result<Found, Denied> {
        let tolerance = &settings.tolerance;
        let path = name::normal(name, tolerance)?;
        // who cannot have it need not know that it is there
        let denied = |why: &str| {
            let kind = match wish {
                Wish::Read => DeniedKind::NotFound,
                Wish::Write => DeniedKind::Forbidden,
            };
            Err(Denied::new(kind, format!("{}: {why}", shown(name))))
        };
        if name::has_part(&path) {
            return denied("names of unfinished uploads are never served");
        }
        match self.rules.listing(&path, asker.peer, tolerance.ignore_case) {
            Listing::File(listed) => {
                return Ok(Found {
                    path: listed.path.clone(),
                    listed: true,
                });
            }
            Listing::Closed => return Err(closed(&shown(name))),
            Listing::Unlisted if settings.only_listed => {
                return denied("no [[file]] has this name, and only-listed is set");
            }
            Listing::Unlisted => {}
        }
        if name::is_hidden(&path) && !settings.hidden {
            return denied("names with a dot in front are hidden: --hidden serves them");
        }
        let path = match tolerance.ignore_case {
            true => find::spelling(&self.root, &path, self.rules.max_scan)?,
            false => path,
        };
        Ok(Found {
            path,
            listed: false,
        })
    }

    /// The folder that an upload goes to, and its name there.
    fn place<'p>(
        &self,
        settings: &Settings,
        path: &'p [u8],
        shown: &str,
    ) -> Result<(Dir, &'p OsStr), Denied> {
        let top = &settings.upload_folder[..];
        let rest = match top {
            b"" => path,
            _ => match path
                .strip_prefix(top)
                .and_then(|rest| rest.strip_prefix(b"/"))
            {
                Some(rest) => rest,
                None => {
                    let top = name::shown(top);
                    let why = format!("{shown}: uploads must go into {top} (upload-folder)");
                    return Err(Denied::new(DeniedKind::Forbidden, why));
                }
            },
        };
        let (folder, name) = split(rest);
        // opened one by one, so that links within the upload folder do not lead out of it
        let folder = self
            .root
            .open_dir(or_dot(os(top)?))
            .and_then(|top| top.open_dir(or_dot(system::os(folder).unwrap_or_default())))
            .map_err(|error| Denied::from_io(&error, shown))?;
        Ok((folder, os(name)?))
    }

    /// A file that has access lists has them under each of its names: links, other letters.
    fn check_lists(
        &self,
        asker: &Asker,
        shown: &str,
        same: impl Fn(&Listed) -> bool,
    ) -> Result<(), Denied> {
        if self
            .rules
            .files
            .iter()
            .all(|listed| listed.access.is_open())
        {
            return Ok(());
        }
        let mut same = self
            .rules
            .files
            .iter()
            .filter(|listed| same(listed))
            .peekable();
        if same.peek().is_none() || same.any(|listed| listed.access.lets_in(asker.peer)) {
            return Ok(());
        }
        Err(closed(shown))
    }

    /// Whether `file` is what the list means.
    fn is_at(&self, listed: &Listed, file: &Metadata) -> bool {
        let there = system::os(&listed.path).map(|path| self.root.metadata(path));
        matches!(there, Some(Ok(there)) if is_same(&there, file))
    }

    /// Whether a new file `name` in `folder` is what the list means.
    fn would_be(&self, listed: &Listed, folder: &Metadata, name: &OsStr) -> bool {
        let (parent, last) = split(&listed.path);
        let there = system::os(parent).map(|parent| self.root.metadata(or_dot(parent)));
        system::os(last) == Some(name)
            && matches!(there, Some(Ok(there)) if is_same(&there, folder))
    }
}

fn os(octets: &[u8]) -> Result<&OsStr, Denied> {
    system::os(octets).ok_or_else(|| {
        let why = format!("{}: no file can have this name here", shown(octets));
        Denied::new(DeniedKind::BadName, why)
    })
}

/// The folder of a path, and the last component.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&octet| octet == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

fn or_dot(path: &OsStr) -> &OsStr {
    if path.is_empty() {
        OsStr::new(".")
    } else {
        path
    }
}

fn closed(shown: &str) -> Denied {
    let why = format!("{shown}: allow and deny of its [[file]] do not let this peer in");
    Denied::new(DeniedKind::Forbidden, why)
}

fn is_file(metadata: &Metadata, shown: &str) -> Result<(), Denied> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() {
        "a folder"
    } else {
        "no regular file"
    };
    Err(Denied::new(
        DeniedKind::NotAFile,
        format!("{shown}: this is {what}"),
    ))
}

fn is_same(a: &Metadata, b: &Metadata) -> bool {
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Whether an upload may take the place of what is there.
fn may_replace(there: &Metadata, uploads: Uploads, shown: &str) -> Result<(), Denied> {
    let denied = |kind, why: &str| Err(Denied::new(kind, format!("{shown}: {why}")));
    if !there.is_file() && !there.is_symlink() {
        return is_file(there, shown);
    }
    if uploads == Uploads::Create {
        return denied(
            DeniedKind::Exists,
            "it exists: --upload overwrite would replace it",
        );
    }
    if there.is_symlink() {
        let why = "uploads do not replace symbolic links, nor do they go through them";
        return denied(DeniedKind::Forbidden, why);
    }
    if there.permissions().readonly() {
        return denied(
            DeniedKind::Forbidden,
            "the file is read-only: chmod u+w would let it be replaced",
        );
    }
    Ok(())
}
