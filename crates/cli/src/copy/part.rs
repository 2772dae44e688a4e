//! A file that is not whole yet, and is kept until it is, however often the copy is begun.

use super::codes::{Code, Failure};
use super::local::{Local, exists, kept};
use super::place::shown;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::TempPath;
use wirelore_tokio::Target;

/// What is written beside the octets: which version of what they are the beginning of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notes {
    pub(crate) url: String,
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    /// How many octets the whole has.
    pub(crate) length: Option<u64>,
}

/// Where a file is kept that will be called `path`.
pub(crate) struct Part {
    path: PathBuf,
    octets: PathBuf,
    notes: PathBuf,
    place: String,
    no_clobber: bool,
}

/// How many octets of the name the name of the part has in it.
const NAME: usize = 200;

/// What a file of notes has at most.
const NOTES: u64 = 64 << 10;

impl Part {
    pub(crate) fn of(local: &Local, no_clobber: bool) -> Result<Self, Failure> {
        let Local::Path { path, .. } = local else {
            return Err(Failure::new(
                Code::USAGE,
                "--continue: stdout keeps nothing",
            ));
        };
        let place = shown(path);
        let failed = |error: io::Error| Failure::of(&error, Code::WRITING, &place);
        let path = match fs::symlink_metadata(path) {
            Ok(kind) if kind.is_symlink() => fs::canonicalize(path).map_err(failed)?,
            _ => path.clone(),
        };
        let name = path
            .file_name()
            .ok_or_else(|| failed(ErrorKind::IsADirectory.into()))?;
        let name = name.to_string_lossy();
        let end = (0..=NAME.min(name.len()))
            .rev()
            .find(|&end| name.is_char_boundary(end));
        let beside = |end_of_name: &str| {
            let name = format!(".{}{end_of_name}", &name[..end.unwrap_or(0)]);
            path.with_file_name(OsString::from(name))
        };
        Ok(Self {
            octets: beside_or_here(beside(".wirelore-part")),
            notes: beside_or_here(beside(".wirelore-part.json")),
            path: path.clone(),
            place,
            no_clobber,
        })
    }

    /// How many octets are there, and of what; nothing unless it is the file at `url`, and there is a
    /// way to tell whether it has changed.
    pub(crate) fn left(&self, url: &str) -> Option<(u64, Notes)> {
        let mut text = Vec::new();
        let notes = open(&self.notes, OpenOptions::new().read(true)).ok()?;
        notes.take(NOTES).read_to_end(&mut text).ok()?;
        let notes: Notes = serde_json::from_slice(&text).ok()?;
        let len = self.open()?.metadata().ok()?.len();
        let known = notes.etag.is_some() || notes.last_modified.is_some();
        let fits = notes.length.is_none_or(|length| len <= length);
        (notes.url == url && known && fits && len > 0).then_some((len, notes))
    }

    /// Its octets.
    pub(crate) fn open(&self) -> Option<File> {
        open(&self.octets, OpenOptions::new().read(true)).ok()
    }

    /// Begins with nothing.
    pub(crate) fn begin(&self, notes: &Notes) -> Result<Kept, Failure> {
        let kept = self.kept()?;
        let written = kept.file.set_len(0).and_then(|()| self.note(notes));
        written.map_err(|error| self.failed(&error))?;
        Ok(kept)
    }

    /// Goes on behind what is there, which `see` is shown.
    pub(crate) fn go_on(
        &self,
        mut see: impl FnMut(u64, &[u8]) -> io::Result<()>,
    ) -> Result<Kept, Failure> {
        let mut kept = self.kept()?;
        let shown = (|| {
            kept.file.seek(SeekFrom::Start(0))?;
            let (mut piece, mut offset) = (vec![0; 256 << 10], 0);
            loop {
                match kept.file.read(&mut piece) {
                    Ok(0) => return Ok(()),
                    Ok(len) => {
                        see(offset, &piece[..len])?;
                        offset += len as u64;
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        })();
        shown.map_err(|error| self.failed(&error))?;
        Ok(kept)
    }

    pub(crate) fn discard(&self) {
        let _ = fs::remove_file(&self.notes);
        let _ = fs::remove_file(&self.octets);
    }

    fn kept(&self) -> Result<Kept, Failure> {
        match fs::metadata(&self.path) {
            Ok(old) if !old.is_file() => {
                let text = format!("{}: --continue needs a file", self.place);
                return Err(Failure::new(Code::WRITING, text));
            }
            Ok(_) if self.no_clobber => return Err(exists(&self.place)),
            // what is write-protected stays
            Ok(_) => {
                let opened = OpenOptions::new().write(true).open(&self.path);
                opened.map_err(|error| self.failed(&error))?;
            }
            Err(_) => {}
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        let file = open(&self.octets, &mut options).map_err(|error| self.failed(&error))?;
        #[cfg(unix)]
        if rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err() {
            let text = format!("{}: another copy is being made of it", self.place);
            return Err(Failure::new(Code::WRITING, text));
        }
        Ok(Kept {
            file,
            octets: self.octets.clone(),
            notes: self.notes.clone(),
            path: self.path.clone(),
            place: self.place.clone(),
            no_clobber: self.no_clobber,
        })
    }

    fn note(&self, notes: &Notes) -> io::Result<()> {
        let _ = fs::remove_file(&self.notes);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.notes)?;
        file.write_all(&serde_json::to_vec(notes)?)
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::of(error, Code::WRITING, &self.place)
    }
}

fn beside_or_here(path: PathBuf) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => path,
        _ => Path::new(".").join(path),
    }
}

/// Opens a file of ours, and nothing that somebody put in its place: no link, no device.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags as i32);
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("is no file"))
    }
}

/// A target that keeps what it has until it is whole.
pub(crate) struct Kept {
    file: File,
    octets: PathBuf,
    notes: PathBuf,
    path: PathBuf,
    place: String,
    no_clobber: bool,
}

impl Kept {
    fn take_name(&self) -> io::Result<()> {
        if let Ok(old) = fs::metadata(&self.path) {
            let _ = self.file.set_permissions(kept(old.permissions()));
        }
        self.file.sync_all()?;
        let part = TempPath::try_from_path(&self.octets)?;
        let renamed = match self.no_clobber {
            true => part.persist_noclobber(&self.path),
            false => part.persist(&self.path),
        };
        if let Err(failed) = renamed {
            // the octets are good; it is the name that cannot be had
            let _ = failed.path.keep();
            return Err(match failed.error.kind() {
                ErrorKind::AlreadyExists => exists(&self.place).into_io(),
                _ => failed.error,
            });
        }
        let _ = fs::remove_file(&self.notes);
        #[cfg(unix)]
        if let Some(folder) = self.octets.parent() {
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }

    fn told(&self, result: io::Result<()>) -> io::Result<()> {
        result.map_err(|error| Failure::of(&error, Code::WRITING, &self.place).into_io())
    }
}

impl Target for Kept {
    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        let sought = self.file.seek(SeekFrom::Start(offset));
        let written = sought.and_then(|_| self.file.write_all(octets));
        self.told(written)
    }

    fn finish(&mut self) -> io::Result<()> {
        let named = self.take_name();
        self.told(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes() -> Notes {
        Notes {
            url: "http://h/f".into(),
            etag: Some("\"1\"".into()),
            last_modified: None,
            length: Some(6),
        }
    }

    fn part(folder: &Path) -> Part {
        let local = Local::Path {
            path: folder.join("f"),
            url: false,
        };
        Part::of(&local, false).unwrap()
    }

    #[test]
    fn what_was_kept_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let part = part(folder.path());
        assert_eq!(part.left("http://h/f"), None);
        let mut first = part.begin(&notes()).unwrap();
        first.write_at(0, b"abc").unwrap();
        drop(first);
        assert_eq!(part.left("http://h/f"), Some((3, notes())));
        assert_eq!(part.left("http://h/g"), None);
        let mut seen = Vec::new();
        let mut second = part
            .go_on(|offset, octets| {
                assert_eq!(offset, seen.len() as u64);
                seen.extend_from_slice(octets);
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, b"abc");
        second.write_at(3, b"def").unwrap();
        second.finish().unwrap();
        assert_eq!(fs::read(folder.path().join("f")).unwrap(), b"abcdef");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_does_not_fit_its_notes_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let part = part(folder.path());
        part.begin(&notes())
            .unwrap()
            .write_at(0, b"abcdefg")
            .unwrap();
        assert_eq!(part.left("http://h/f"), None);
        let nothing = Notes {
            etag: None,
            ..notes()
        };
        part.begin(&nothing).unwrap().write_at(0, b"abc").unwrap();
        assert_eq!(part.left("http://h/f"), None);
        part.begin(&notes()).unwrap().write_at(0, b"abc").unwrap();
        fs::write(folder.path().join(".f.wirelore-part.json"), "{").unwrap();
        assert_eq!(part.left("http://h/f"), None);
        part.discard();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    #[cfg(unix)]
    fn links_and_second_copies_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let part = part(folder.path());
        fs::write(folder.path().join("victim"), "1").unwrap();
        let link = folder.path().join(".f.wirelore-part");
        std::os::unix::fs::symlink(folder.path().join("victim"), &link).unwrap();
        assert!(part.begin(&notes()).is_err());
        assert_eq!(fs::read(folder.path().join("victim")).unwrap(), b"1");
        fs::remove_file(link).unwrap();
        let _first = part.begin(&notes()).unwrap();
        let failure = part.begin(&notes()).map(drop).unwrap_err();
        assert!(failure.text.contains("another copy"), "{}", failure.text);
    }
}
