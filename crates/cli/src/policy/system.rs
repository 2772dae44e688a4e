//! What std has no word for: octets as names, locks, renaming that never replaces, free space.

use super::denied::DeniedKind;
use super::identity::Identity;
use cap_std::fs::{Dir, Metadata};
use std::ffi::OsStr;
use std::fs::File;
use std::io;

/// What came of asking for a lock.
pub(super) enum Lock {
    Ours,
    /// Another open file has it.
    Taken,
    /// This file system has none.
    Unknown,
}

#[cfg(unix)]
pub(super) use unix::*;

#[cfg(unix)]
mod unix {
    use super::*;
    use rustix::fs::{AtFlags, FlockOperation, flock, fstatvfs, statat};
    use rustix::io::Errno;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::FileExt;

    /// Octets as a name of the file system; `None` where it cannot have such names.
    pub(in super::super) fn os(octets: &[u8]) -> Option<&OsStr> {
        Some(OsStr::from_bytes(octets))
    }

    pub(in super::super) fn octets(name: &OsStr) -> &[u8] {
        name.as_bytes()
    }

    pub(in super::super) fn identity(metadata: &Metadata) -> Identity {
        use cap_std::fs::MetadataExt;
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            modified: (metadata.mtime(), nanoseconds(metadata.mtime_nsec())),
            changed: (metadata.ctime(), nanoseconds(metadata.ctime_nsec())),
        }
    }

    /// What `path` leads to, out of `root` too: one system call.
    #[allow(
        clippy::unnecessary_cast,
        clippy::useless_conversion,
        reason = "the types of the fields are those of the system"
    )]
    pub(in super::super) fn identity_at(root: &Dir, path: &[u8]) -> Option<Identity> {
        let there = statat(root, path, AtFlags::empty()).ok()?;
        Some(Identity {
            device: there.st_dev as u64,
            inode: there.st_ino as u64,
            len: u64::try_from(there.st_size).ok()?,
            modified: (
                i64::from(there.st_mtime),
                nanoseconds(there.st_mtime_nsec as i64),
            ),
            changed: (
                i64::from(there.st_ctime),
                nanoseconds(there.st_ctime_nsec as i64),
            ),
        })
    }

    /// They are below a thousand million.
    fn nanoseconds(number: i64) -> u32 {
        u32::try_from(number).unwrap_or_default()
    }

    /// The kind of an error that has no `ErrorKind` of its own.
    pub(in super::super) fn special(error: &io::Error) -> DeniedKind {
        match Errno::from_io_error(error) {
            Some(Errno::LOOP | Errno::PERM) => DeniedKind::Forbidden,
            Some(Errno::NAMETOOLONG | Errno::ILSEQ) => DeniedKind::BadName,
            Some(Errno::NXIO | Errno::NODEV) => DeniedKind::NotAFile,
            Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => DeniedKind::Busy,
            _ => DeniedKind::Other,
        }
    }

    /// Asks for the lock of an open file without waiting. It ends with the file, or the process.
    pub(in super::super) fn lock(file: &File) -> Lock {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Lock::Ours,
            Err(Errno::WOULDBLOCK) => Lock::Taken,
            Err(_) => Lock::Unknown,
        }
    }

    /// Whether the file has a name left.
    pub(in super::super) fn is_named(file: &File) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;
        Ok(file.metadata()?.nlink() > 0)
    }

    pub(in super::super) fn write_all_at(
        file: &File,
        offset: u64,
        octets: &[u8],
    ) -> io::Result<()> {
        file.write_all_at(octets, offset)
    }

    /// Octets that this process may still write to the file system of `file`.
    pub(in super::super) fn free_space(file: &File) -> Option<u64> {
        let system = fstatvfs(file).ok()?;
        Some(system.f_bavail.saturating_mul(system.f_frsize))
    }

    /// Gives `file` the mode of the file that it replaces, and its owner if this process may.
    pub(in super::super) fn take_after(file: &File, replaced: &Metadata) -> io::Result<()> {
        use cap_std::fs::MetadataExt;
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
        let ours = file.metadata()?;
        if (ours.uid(), ours.gid()) != (replaced.uid(), replaced.gid()) {
            // only root may give files away: the content matters more than the owner
            let _ = std::os::unix::fs::fchown(file, Some(replaced.uid()), Some(replaced.gid()));
        }
        // the content is new: rights to act as the owner or group do not pass to it
        file.set_permissions(PermissionsExt::from_mode(replaced.mode() & 0o777))
    }

    /// Makes the names in a folder safe.
    pub(in super::super) fn sync_folder(folder: &Dir) -> io::Result<()> {
        match folder.open(".")?.into_std().sync_all() {
            // not every file system can, or needs to
            Err(error) if matches!(Errno::from_io_error(&error), Some(Errno::INVAL)) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
            other => other,
        }
    }

    /// Renames within a folder, but never over another file.
    pub(in super::super) fn rename_new(folder: &Dir, from: &OsStr, to: &OsStr) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{RenameFlags, renameat_with};
            match renameat_with(folder, from, folder, to, RenameFlags::NOREPLACE) {
                // some file systems cannot, some kernels and sandboxes do not know the call
                Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => {}
                Ok(()) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        link_new(folder, from, to)
    }
}

#[cfg(not(unix))]
pub(super) use elsewhere::*;

/// Where nothing better is at hand. Untested.
#[cfg(not(unix))]
mod elsewhere {
    use super::*;
    use std::io::{Seek, SeekFrom, Write};

    pub(in super::super) fn os(octets: &[u8]) -> Option<&OsStr> {
        std::str::from_utf8(octets).ok().map(OsStr::new)
    }

    pub(in super::super) fn octets(name: &OsStr) -> &[u8] {
        name.as_encoded_bytes()
    }

    pub(in super::super) fn identity(metadata: &Metadata) -> Identity {
        use cap_fs_ext::MetadataExt;
        let modified = metadata.modified().ok().and_then(|modified| {
            let modified = modified.into_std();
            modified.duration_since(std::time::UNIX_EPOCH).ok()
        });
        let modified = modified.map_or((0, 0), |since| {
            (since.as_secs().cast_signed(), since.subsec_nanos())
        });
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            modified,
            changed: modified,
        }
    }

    pub(in super::super) fn identity_at(root: &Dir, path: &[u8]) -> Option<Identity> {
        root.metadata(os(path)?).ok().as_ref().map(identity)
    }

    pub(in super::super) fn special(_: &io::Error) -> DeniedKind {
        DeniedKind::Other
    }

    pub(in super::super) fn lock(_: &File) -> Lock {
        Lock::Unknown
    }

    pub(in super::super) fn is_named(_: &File) -> io::Result<bool> {
        Ok(true)
    }

    pub(in super::super) fn write_all_at(
        mut file: &File,
        offset: u64,
        octets: &[u8],
    ) -> io::Result<()> {
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(octets)
    }

    pub(in super::super) fn free_space(_: &File) -> Option<u64> {
        None
    }

    pub(in super::super) fn take_after(_: &File, _: &Metadata) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn sync_folder(_: &Dir) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn rename_new(folder: &Dir, from: &OsStr, to: &OsStr) -> io::Result<()> {
        link_new(folder, from, to)
    }
}

/// A second name never replaces a file either.
fn link_new(folder: &Dir, from: &OsStr, to: &OsStr) -> io::Result<()> {
    match folder.hard_link(from, folder, to) {
        Ok(()) => folder.remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(error) => Err(io::Error::new(
            error.kind(),
            format!("{error}; if this file system has no links, try upload = \"overwrite\""),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;

    #[test]
    fn neither_way_of_renaming_replaces() {
        type Way = fn(&Dir, &OsStr, &OsStr) -> io::Result<()>;
        for way in [rename_new as Way, link_new] {
            let folder = tempfile::tempdir().expect("a folder");
            let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("opens");
            dir.write("a", "1").expect("writes");
            dir.write("b", "2").expect("writes");
            let error = way(&dir, OsStr::new("a"), OsStr::new("b")).expect_err("b exists");
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(dir.read_to_string("b").expect("reads"), "2");
            way(&dir, OsStr::new("a"), OsStr::new("c")).expect("c is new");
            assert_eq!(dir.read_to_string("c").expect("reads"), "1");
            assert!(!dir.exists("a"));
        }
    }

    #[test]
    fn a_folder_can_be_made_safe() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("opens");
        sync_folder(&dir).expect("syncs");
    }
}
