//! One upload: a hidden file beside the final one, until it is whole.

use super::denied::{Denied, DeniedKind};
use super::identity::Expect;
use super::options::Uploads;
use super::{part, system};
use cap_std::fs::{Dir, Metadata};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind};

/// After how many octets the free space is looked at again.
const SPACE_CHECK: u64 = 4 << 20;

/// A file on its way in. Its octets are in a hidden file that nobody can ask for;
/// [`finish`](Self::finish) gives it its name. Dropped before that, nothing is left of it.
#[derive(Debug)]
pub(crate) struct Upload {
    folder: Dir,
    name: OsString,
    part: OsString,
    /// `None` once it is finished, well or not.
    file: Option<File>,
    shown: String,
    limits: Limits,
    /// Octets until the free space is looked at again.
    unchecked: u64,
}

/// What came of an upload that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Finished {
    /// There was no file of this name.
    Created,
    /// It has the place of another one.
    Replaced,
    /// What was expected was not there; nothing has changed.
    Unexpected,
}

/// What an upload may do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) uploads: Uploads,
    pub(super) max_size: Option<u64>,
    pub(super) keep_free: u64,
}

impl Upload {
    /// Begins a file `name`, a single component, in `folder`.
    pub(super) fn begin(
        folder: Dir,
        name: &OsStr,
        shown: String,
        limits: Limits,
    ) -> Result<Self, Denied> {
        let (part, file) =
            part::create(&folder, name).map_err(|error| Denied::from_io(&error, &shown))?;
        let upload = Self {
            folder,
            name: name.to_owned(),
            part,
            file: Some(file),
            shown,
            limits,
            unchecked: 0,
        };
        match upload.space_for(0) {
            Ok(()) => Ok(upload),
            Err(error) => Err(Denied::from_io(&error, &upload.shown)),
        }
    }

    /// The path beneath the root, escaped, for the log.
    #[allow(
        dead_code,
        reason = "for logs of protocols in which it is not the name"
    )]
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// More octets than this are refused.
    pub(crate) const fn max_size(&self) -> Option<u64> {
        self.limits.max_size
    }

    /// The peer says how long the file will be: whether that can be.
    pub(crate) fn announced(&self, len: u64) -> Result<(), Denied> {
        if self.limits.max_size.is_some_and(|max| len > max) {
            let why = format!("{}: {len} octets; {TOO_LARGE}", self.shown);
            return Err(Denied::new(DeniedKind::TooLarge, why));
        }
        self.space_for(len)
            .map_err(|error| Denied::from_io(&error, &self.shown))
    }

    /// Writes `octets`, which begin at `offset`.
    ///
    /// # Errors
    /// [`ErrorKind::FileTooLarge`] beyond [`max_size`](Self::max_size), [`ErrorKind::StorageFull`]
    /// when no more space may be taken, or what the system says. [`Denied::from_io`] sorts them.
    pub(crate) fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        let len = octets.len() as u64;
        let end = offset.checked_add(len);
        let max = self.limits.max_size.unwrap_or(u64::MAX);
        if end.is_none_or(|end| end > max) {
            return Err(io::Error::new(ErrorKind::FileTooLarge, TOO_LARGE));
        }
        match self.unchecked.checked_sub(len) {
            Some(unchecked) => self.unchecked = unchecked,
            None => {
                self.space_for(len)?;
                self.unchecked = SPACE_CHECK;
            }
        }
        system::write_all_at(self.file()?, offset, octets)
    }

    /// Whether another file has the name now.
    #[allow(dead_code, reason = "for protocols that say it beforehand")]
    pub(crate) fn replaces(&self) -> bool {
        self.folder.symlink_metadata(&self.name).is_ok()
    }

    /// The file is whole: makes it safe and gives it its name, all at once or not at all. To be
    /// called once.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] if there is such a file by now and only new ones are taken, or
    /// what the system says. Only if the folder could not be made safe is the file there
    /// nevertheless.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.finish_if(Expect::Anything).map(drop)
    }

    /// As [`finish`](Self::finish), if what is expected has the name now; if not, the upload is
    /// over and nothing is left of it. That nothing has the name holds until this file gets it.
    /// Another file is looked at just before it is replaced: of two that replace the same one at
    /// the same moment, both may be told that they did.
    pub(crate) fn finish_if(&mut self, expect: Expect) -> io::Result<Finished> {
        let finished = self.give_name(expect);
        match finished {
            Ok(Finished::Created | Finished::Replaced) => {}
            Ok(Finished::Unexpected) | Err(_) => {
                self.remove();
                return finished;
            }
        }
        self.file = None;
        system::sync_folder(&self.folder)?;
        finished
    }

    fn give_name(&self, expect: Expect) -> io::Result<Finished> {
        let file = self.file()?;
        let there = self.there()?;
        if !expect.is_met_by(there.as_ref()) {
            return Ok(Finished::Unexpected);
        }
        if self.limits.uploads != Uploads::Overwrite || expect == Expect::Nothing {
            file.sync_all()?;
            return match system::rename_new(&self.folder, &self.part, &self.name) {
                Ok(()) => Ok(Finished::Created),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => match expect {
                    Expect::Nothing => Ok(Finished::Unexpected),
                    _ => Err(error),
                },
                Err(error) => Err(error),
            };
        }
        match &there {
            Some(replaced) if replaced.is_file() && !replaced.permissions().readonly() => {
                system::take_after(file, replaced)?;
            }
            Some(_) => {
                let text = "what has this name now must not be replaced";
                return Err(io::Error::new(ErrorKind::AlreadyExists, text));
            }
            None => {}
        }
        file.sync_all()?;
        // that may have taken long
        if expect != Expect::Anything && !expect.is_met_by(self.there()?.as_ref()) {
            return Ok(Finished::Unexpected);
        }
        self.folder.rename(&self.part, &self.folder, &self.name)?;
        Ok(match there {
            Some(_) => Finished::Replaced,
            None => Finished::Created,
        })
    }

    /// What has the name now; of a symbolic link, the link.
    fn there(&self) -> io::Result<Option<Metadata>> {
        match self.folder.symlink_metadata(&self.name) {
            Ok(there) => Ok(Some(there)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn file(&self) -> io::Result<&File> {
        self.file
            .as_ref()
            .ok_or_else(|| io::Error::other("the upload is over"))
    }

    /// Whether `len` more octets leave free what is to stay free.
    fn space_for(&self, len: u64) -> io::Result<()> {
        let Some(free) = system::free_space(self.file()?) else {
            return Ok(());
        };
        if free < self.limits.keep_free.saturating_add(len) {
            return Err(io::Error::new(
                ErrorKind::StorageFull,
                format!(
                    "{free} octets are free, {len} are wanted, {} are to stay free (keep-free)",
                    self.limits.keep_free
                ),
            ));
        }
        Ok(())
    }

    /// Nothing is left, if there still was something. The lock is held until the name is gone.
    fn remove(&mut self) {
        if self.file.is_some() {
            let _ = self.folder.remove_file(&self.part);
            self.file = None;
        }
    }
}

const TOO_LARGE: &str = "more than --max-upload, or max-upload, allows";

impl Drop for Upload {
    fn drop(&mut self) {
        self.remove();
    }
}
