//! What a peer may change: uploads, removal, and what both may be conditional on.

use super::denied::{Denied, DeniedKind};
use super::identity::{Expect, Identity};
use super::name::{self, shown};
use super::options::Uploads;
use super::rules::{Listed, Settings};
use super::upload::{Limits, Upload};
use super::{Asker, Policy, Wish, is_file, is_same, or_dot, os, split, system};
use cap_std::fs::{Dir, Metadata};
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;

/// The place that a peer may change.
struct Target {
    folder: Dir,
    /// One component.
    name: OsString,
    shown: String,
    limits: Limits,
    /// What has the name now; of a symbolic link, the link.
    there: Option<Metadata>,
}

impl Policy {
    /// Begins an upload.
    pub(crate) fn write(&self, asker: &Asker, name: &[u8]) -> Result<Upload, Denied> {
        let target = self.target(asker, name)?;
        if let Some(there) = &target.there {
            may_replace(there, target.limits.uploads, &target.shown)?;
        }
        Upload::begin(target.folder, &target.name, target.shown, target.limits)
    }

    /// Whether the peer may upload anything anywhere.
    pub(crate) fn lets_upload(&self, asker: &Asker) -> bool {
        self.settings(asker)
            .is_ok_and(|settings| takes_uploads(settings, asker))
    }

    /// Whether the peer may remove anything anywhere: where it may replace.
    pub(crate) fn lets_remove(&self, asker: &Asker) -> bool {
        self.settings(asker).is_ok_and(|settings| {
            takes_uploads(settings, asker) && settings.limits.uploads == Uploads::Overwrite
        })
    }

    /// What an upload to this name would replace, or [`remove`](Self::remove) would remove. It is
    /// told to whoever may upload there, even if that may not replace anything.
    pub(crate) fn identity(&self, asker: &Asker, name: &[u8]) -> Result<Option<Identity>, Denied> {
        let target = self.target(asker, name)?;
        let Some(there) = &target.there else {
            return Ok(None);
        };
        if !there.is_symlink() {
            is_file(there, &target.shown)?;
        }
        Ok(Some(Identity::of(there)))
    }

    /// Removes a file. The rules are those of replacing it.
    #[allow(dead_code, reason = "for protocols without conditions")]
    pub(crate) fn remove(&self, asker: &Asker, name: &[u8]) -> Result<(), Denied> {
        self.remove_if(asker, name, Expect::Anything).map(drop)
    }

    /// Removes a file if it is the one that is expected, and says whether it was. Another file that
    /// takes its name between looking and removing is removed.
    pub(crate) fn remove_if(
        &self,
        asker: &Asker,
        name: &[u8],
        expect: Expect,
    ) -> Result<bool, Denied> {
        let target = self.target(asker, name)?;
        if target.limits.uploads != Uploads::Overwrite {
            let why = format!(
                "{}: files are removed only with --upload overwrite",
                target.shown
            );
            return Err(Denied::new(DeniedKind::Forbidden, why));
        }
        let failed = |error| Denied::from_io(&error, &target.shown);
        let Some(there) = &target.there else {
            return Err(failed(ErrorKind::NotFound.into()));
        };
        may_replace(there, target.limits.uploads, &target.shown)?;
        if !expect.is_met_by(Some(there)) {
            return Ok(false);
        }
        target.folder.remove_file(&target.name).map_err(failed)?;
        system::sync_folder(&target.folder).map_err(failed)?;
        Ok(true)
    }

    /// Where a change of `name` goes, if the peer may change anything there.
    fn target(&self, asker: &Asker, name: &[u8]) -> Result<Target, Denied> {
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
        Ok(Target {
            name: name.to_owned(),
            folder,
            shown,
            limits: settings.limits,
            there,
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

    /// Whether a new file `name` in `folder` is what the list means.
    fn would_be(&self, listed: &Listed, folder: &Metadata, name: &OsStr) -> bool {
        let (parent, last) = split(&listed.path);
        let there = system::os(parent).map(|parent| self.root.metadata(or_dot(parent)));
        system::os(last) == Some(name)
            && matches!(there, Some(Ok(there)) if is_same(&there, folder))
    }
}

/// Whether any upload of the peer is taken.
pub(super) fn takes_uploads(settings: &Settings, asker: &Asker) -> bool {
    settings.limits.uploads != Uploads::Off && settings.upload_from.lets_in(asker.peer)
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
