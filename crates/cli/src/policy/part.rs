//! Unfinished uploads on the disk: their names, how they are made, how those of a server that died
//! are told from those of one that lives.
//!
//! Every unfinished upload is locked (`flock`) as long as the process that makes it has it open. The
//! system ends the lock with the process, so a lock tells more than the number in the name: that may
//! belong to something else by now, or to a process in another container. Where a file system has no
//! locks, nothing is ever removed.

use super::system::{self, Lock};
use cap_fs_ext::{FollowSymlinks, MetadataExt, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, OpenOptions};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

const SUFFIX: &[u8] = b".wirelore-part";

/// How much of the final name is repeated, in octets. With the rest it stays below the 143 octets
/// that some encrypting file systems allow.
const MAX_STEM: usize = 80;

/// How often another number is tried, where names of an earlier process are in the way.
const ATTEMPTS: u32 = 1000;

/// Makes, opens and locks an unfinished file for `target` in `folder`.
pub(super) fn create(folder: &Dir, target: &OsStr) -> io::Result<(OsString, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    for _ in 0..ATTEMPTS {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = name(target, std::process::id(), number);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use cap_std::fs::OpenOptionsExt;
            options.mode(0o644);
        }
        let file = match folder.open_with(&name, &options) {
            Ok(file) => file.into_std(),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        // a server that starts at this moment may have found the file before it was locked
        match system::lock(&file) {
            Lock::Taken => continue,
            Lock::Ours if !system::is_named(&file)? => continue,
            Lock::Ours | Lock::Unknown => return Ok((name, file)),
        }
    }
    let text = "too many unfinished uploads in the folder";
    Err(io::Error::other(text))
}

/// `.NAME.PID-N.wirelore-part`
fn name(target: &OsStr, process: u32, number: u64) -> OsString {
    let target = system::octets(target);
    let mut stem = &target[..target.len().min(MAX_STEM)];
    if let Err(error) = std::str::from_utf8(stem)
        && error.error_len().is_none()
    {
        // cut between characters
        stem = &stem[..error.valid_up_to()];
    }
    let mut name = OsString::from(".");
    name.push(system::os(stem).unwrap_or_default());
    name.push(format!(".{process}-{number}"));
    name.push(system::os(SUFFIX).unwrap_or_default());
    name
}

/// Whether a peer must not ask for this name: like ours, if perhaps in other letters.
pub(super) fn may_be(name: &[u8]) -> bool {
    let Some(at) = name.len().checked_sub(SUFFIX.len()) else {
        return false;
    };
    name.starts_with(b".") && name[at..].eq_ignore_ascii_case(SUFFIX)
}

/// Whether [`name`] could have made it, exactly.
fn is_ours(name: &[u8]) -> bool {
    let number =
        |octets: &[u8]| (1..=20).contains(&octets.len()) && octets.iter().all(u8::is_ascii_digit);
    let Some(name) = name
        .strip_prefix(b".")
        .and_then(|name| name.strip_suffix(SUFFIX))
    else {
        return false;
    };
    let Some(dot) = name.iter().rposition(|&octet| octet == b'.') else {
        return false;
    };
    let (stem, tail) = (&name[..dot], &name[dot + 1..]);
    let Some(dash) = tail.iter().position(|&octet| octet == b'-') else {
        return false;
    };
    (1..=MAX_STEM).contains(&stem.len()) && number(&tail[..dash]) && number(&tail[dash + 1..])
}

/// What came of looking for remains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Swept {
    pub(super) removed: usize,
    /// There were more entries than were to be looked at.
    pub(super) cut: bool,
}

/// Removes what servers that no longer run left in `folder` and below, looking at `budget` entries
/// at most. Symbolic links are not followed. What cannot be read or removed is left alone.
pub(super) fn sweep(folder: &Dir, budget: usize) -> Swept {
    let mut swept = Swept::default();
    let mut left = budget;
    let mut folders = vec![PathBuf::from(".")];
    while let Some(path) = folders.pop() {
        let Ok(here) = folder.open_dir(&path) else {
            continue;
        };
        let Ok(entries) = here.entries() else {
            continue;
        };
        for entry in entries.map_while(Result::ok) {
            let Some(rest) = left.checked_sub(1) else {
                swept.cut = true;
                return swept;
            };
            left = rest;
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let name = entry.file_name();
            if kind.is_dir() {
                folders.push(path.join(name));
            } else if kind.is_file()
                && is_ours(system::octets(&name))
                && let Some(_locked) = left_behind(&here, &name)
            {
                swept.removed += usize::from(here.remove_file(&name).is_ok());
            }
        }
    }
    swept
}

/// The file, locked, if nobody writes it any more. Whoever made it at this very moment finds it
/// locked or without a name, and makes another.
fn left_behind(folder: &Dir, name: &OsStr) -> Option<File> {
    let mut options = OpenOptions::new();
    // some file systems lock only what is open for writing
    options
        .read(true)
        .write(true)
        .nonblock(true)
        .follow(FollowSymlinks::No);
    let file = folder.open_with(name, &options).ok()?;
    let open = file.metadata().ok()?;
    let file = file.into_std();
    if !open.is_file() || !matches!(system::lock(&file), Lock::Ours) {
        return None;
    }
    // it may have been finished, and so have got its own name, before we had the lock
    let named = folder.symlink_metadata(name).ok()?;
    ((named.dev(), named.ino()) == (open.dev(), open.ino())).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;

    fn dir(folder: &tempfile::TempDir) -> Dir {
        Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("opens")
    }

    #[test]
    fn names_are_bounded_and_recognised() {
        let long = "x".repeat(255);
        let wide = "\u{20ac}".repeat(85);
        for target in ["a", ".a", "a.b-c", "a b", &long, &wide] {
            let name = name(OsStr::new(target), u32::MAX, u64::MAX);
            assert!(name.len() <= 143, "{name:?}");
            assert!(name.to_str().is_some(), "{name:?}");
            assert!(is_ours(system::octets(&name)), "{name:?}");
            assert!(may_be(system::octets(&name)), "{name:?}");
        }
    }

    #[test]
    fn names_of_others_are_not_taken_for_ours() {
        let others = [
            "a",
            ".a.part",
            "a.1-2.wirelore-part",
            ".wirelore-part",
            "..1-2.wirelore-part",
            ".a.1-2.WIRELORE-PART",
            ".a.12.wirelore-part",
            ".a.1-x.wirelore-part",
            ".a.-2.wirelore-part",
            ".a.1-2.wirelore-part.old",
            ".a.1-2-3.wirelore-part",
            ".a.1-123456789012345678901.wirelore-part",
        ];
        for name in others {
            assert!(!is_ours(name.as_bytes()), "{name}");
        }
        assert!(may_be(b".a.1-2.WIRELORE-PART"));
        assert!(!may_be(b"a.1-2.wirelore-part"));
    }

    #[test]
    fn names_of_another_process_in_the_way_are_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = dir(&folder);
        let (first, _file) = create(&dir, OsStr::new("a")).expect("creates");
        let (second, _file) = create(&dir, OsStr::new("a")).expect("creates");
        assert_ne!(first, second);
    }

    #[cfg(unix)]
    #[test]
    fn only_what_nobody_writes_is_swept() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = dir(&folder);
        dir.create_dir_all("sub/deep").expect("makes folders");
        let dead = ".a.999999999-1.wirelore-part";
        dir.write(dead, "x").expect("writes");
        dir.write(format!("sub/deep/{dead}"), "x").expect("writes");
        dir.write(".a.part", "a user's").expect("writes");
        dir.create_dir(".d.1-1.wirelore-part")
            .expect("a folder of that name");
        dir.write("target", "kept").expect("writes");
        dir.symlink("target", ".l.1-1.wirelore-part")
            .expect("links");
        let (live, file) = create(&dir, OsStr::new("b")).expect("creates");

        assert_eq!(
            sweep(&dir, 1000),
            Swept {
                removed: 2,
                cut: false
            }
        );
        assert!(!dir.exists(dead));
        assert!(!dir.exists(format!("sub/deep/{dead}")));
        for kept in [
            ".a.part",
            ".d.1-1.wirelore-part",
            "target",
            ".l.1-1.wirelore-part",
        ] {
            assert!(dir.symlink_metadata(kept).is_ok(), "{kept}");
        }
        assert!(dir.exists(&live), "it is being written");

        drop(file);
        assert_eq!(
            sweep(&dir, 1000),
            Swept {
                removed: 1,
                cut: false
            }
        );
        assert!(!dir.exists(&live));
    }

    #[test]
    fn sweeping_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = dir(&folder);
        for number in 0..20 {
            dir.write(format!("f{number}"), "").expect("writes");
        }
        assert!(sweep(&dir, 19).cut);
        assert!(!sweep(&dir, 20).cut);
    }

    /// As two processes would: one makes files and locks them, the other sweeps as fast as it can. No file
    /// whose lock was confirmed may vanish.
    #[cfg(unix)]
    #[test]
    fn a_server_that_starts_does_not_disturb_one_that_runs() {
        use std::sync::atomic::AtomicBool;
        let folder = tempfile::tempdir().expect("a folder");
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let dir = dir(&folder);
                for _ in 0..1_000_000 {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    sweep(&dir, 1000);
                }
            });
            let dir = dir(&folder);
            let target = OsStr::new("race");
            let mut swept = None;
            let start = std::time::Instant::now();
            for _ in 0..3000 {
                // enough, where the machine has much else to do
                if start.elapsed().as_secs() >= 2 {
                    break;
                }
                let (name, file) = create(&dir, target).expect("creates");
                std::thread::yield_now();
                if !system::is_named(&file).expect("has metadata") {
                    swept = Some(name);
                    break;
                }
                dir.remove_file(&name).expect("is there");
            }
            over.store(true, Ordering::Relaxed);
            assert_eq!(swept, None);
        });
    }
}
