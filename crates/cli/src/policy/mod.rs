//! Who may read and write what. Made once, for every protocol of `wirelore serve`: all files are
//! opened here, beneath one root that neither `..` nor symbolic links lead out of.
//!
//! A [`Policy`] never changes; [`Policy::reload`] makes another one. It blocks on the file system,
//! so it is called where that is allowed. `docs/serve-configuration.md` says what it does.

mod access;
mod apart;
mod config;
mod denied;
mod find;
mod http_users;
mod identity;
mod look;
mod name;
mod options;
mod part;
mod rules;
mod system;
#[cfg(test)]
mod tests;
mod upload;
mod write;

pub(crate) use apart::is_apart;
pub(crate) use config::{LoadError, Secret};
pub(crate) use denied::{Denied, DeniedKind};
pub(crate) use http_users::{DigestAlgorithm, HttpUsers, Protect, Scheme, fault, list_fault};
pub(crate) use identity::{Expect, Identity};
pub(crate) use look::{Entry, EntryKind, Folder, Looked};
pub(crate) use options::Options;
#[cfg(test)]
pub(crate) use options::Uploads;
pub(crate) use rules::{Telnet, User};
pub(crate) use upload::{Finished, Upload};

use cap_fs_ext::{MetadataExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, Metadata, OpenOptions};
use name::shown;
use rules::{Listed, Listing, Rules, Settings};
use std::ffi::OsStr;
use std::fs::File;
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
    /// The path beneath the root, in octets, for [`Policy::is_still`].
    pub(crate) path: Vec<u8>,
    pub(crate) identity: Identity,
    /// Whether this name is this file for every peer that [`Policy::lets_in`] lets in, as long as
    /// [`Policy::is_still`] says so. False where it is in doubt.
    pub(crate) for_all: bool,
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
    /// Whether it would be found for every peer, and nothing on the disk could change that.
    for_all: bool,
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
        if let Some(config) = &options.config
            && policy.rules.has_passwords()
            && !is_apart(&policy.path, config)
        {
            let text = "it has passwords, and everybody could read it in the folder that is served";
            return Err(LoadError::Config {
                path: config.clone(),
                line: 1,
                text: text.to_owned(),
            });
        }
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

    /// The folder that is served, as it was given.
    pub(crate) fn root(&self) -> &Path {
        &self.path
    }

    /// Whether the peer may ask this protocol for anything, files or not.
    pub(crate) fn lets_in(&self, asker: &Asker) -> Result<(), &'static str> {
        self.settings(asker).map(drop)
    }

    /// What holds for the console.
    pub(crate) const fn telnet(&self) -> &Telnet {
        &self.rules.telnet
    }

    /// Who may come in over HTTP.
    pub(crate) const fn http_users(&self) -> &HttpUsers {
        &self.rules.http_users
    }

    /// Opens a file for reading.
    pub(crate) fn read(&self, asker: &Asker, name: &[u8]) -> Result<Readable, Denied> {
        let settings = self.admit(asker, name)?;
        let found = self.find(settings, asker, name, Wish::Read)?;
        let there = self
            .root
            .metadata(os(&found.path)?)
            .map_err(|error| Denied::from_io(&error, &shown(&found.path)))?;
        self.open(asker, found, &there)
    }

    /// Opens what was found and is `there`.
    fn open(&self, asker: &Asker, found: Found, there: &Metadata) -> Result<Readable, Denied> {
        let shown = shown(&found.path);
        let failed = |error| Denied::from_io(&error, &shown);
        // a pipe is not even opened: that alone would wake whoever writes to it
        is_file(there, &shown)?;
        let mut options = OpenOptions::new();
        options.read(true).nonblock(true);
        let file = self
            .root
            .open_with(os(&found.path)?, &options)
            .map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        is_file(&metadata, &shown)?;
        if !found.listed {
            let same = |listed: &Listed| self.is_at(listed, &metadata);
            self.check_lists(asker, &shown, same)?;
        }
        Ok(Readable {
            file: file.into_std(),
            len: metadata.len(),
            modified: modified(&metadata),
            shown,
            identity: Identity::of(&metadata),
            for_all: found.for_all,
            path: found.path,
        })
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
                    for_all: self.rules.is_for_all(&path, tolerance.ignore_case),
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
        self.spelled(settings, path)
    }

    /// A path that is in no list, as it is on the disk.
    fn spelled(&self, settings: &Settings, asked: Vec<u8>) -> Result<Found, Denied> {
        let path = match settings.tolerance.ignore_case {
            true => find::spelling(&self.root, &asked, self.rules.max_scan)?,
            false => asked.clone(),
        };
        Ok(Found {
            // the place of a file with lists may come to be this one; so may the spelling asked for
            for_all: path == asked && !self.rules.has_lists(),
            path,
            listed: false,
        })
    }

    /// A file that has access lists has them under each of its names: links, other letters.
    fn check_lists(
        &self,
        asker: &Asker,
        shown: &str,
        same: impl Fn(&Listed) -> bool,
    ) -> Result<(), Denied> {
        if !self.rules.has_lists() {
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

fn modified(metadata: &Metadata) -> Option<SystemTime> {
    let modified = metadata.modified().ok();
    modified.map(cap_std::time::SystemTime::into_std)
}

fn is_same(a: &Metadata, b: &Metadata) -> bool {
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}
