//! Local files, and what else this system calls a file.

use super::codes::{Code, Failure, plain};
use super::kept::Kept;
use super::place::shown;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::{Builder, TempPath};
use wirelore_tokio::{Source, Target};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Local {
    /// Stdin or stdout.
    Standard,
    Path {
        path: PathBuf,
        /// It was written as a URL.
        url: bool,
    },
}

/// Something to be copied.
pub(crate) struct Input {
    pub(crate) source: Box<dyn Source>,
    /// How many octets it has, where that is known before it is read.
    pub(crate) size: Option<u64>,
    /// The same once more, where it can be read twice.
    pub(crate) again: Option<Box<dyn Source>>,
}

impl Local {
    pub(crate) fn name(&self) -> Option<Vec<u8>> {
        match self {
            Self::Standard => None,
            Self::Path { path, .. } => Some(path.file_name()?.as_encoded_bytes().to_vec()),
        }
    }

    /// Whether a file is to be put into it, under its own name.
    pub(crate) fn is_folder(&self) -> bool {
        match self {
            Self::Standard => false,
            Self::Path { path, .. } => {
                let text = path.as_os_str().as_encoded_bytes();
                text.ends_with(b"/")
                    || text.ends_with(std::path::MAIN_SEPARATOR_STR.as_bytes())
                    || path.is_dir()
            }
        }
    }

    /// Whether a whole new file takes its place, so that nothing is written before its time.
    pub(crate) fn is_replaced(&self) -> bool {
        match self {
            Self::Standard => false,
            Self::Path { path, .. } => fs::metadata(path).map_or(true, |kind| kind.is_file()),
        }
    }

    /// The same folder, and another name in it; or the first name, where there was only the folder.
    pub(crate) fn rename(&mut self, name: OsString) {
        if self.is_folder() {
            self.enter(name);
        } else if let Self::Path { path, .. } = self {
            path.set_file_name(name);
        }
    }

    pub(crate) fn enter(&mut self, name: OsString) {
        if let Self::Path { path, .. } = self {
            path.push(name);
        }
    }

    /// Opens it for reading. What cannot be read twice keeps `window` octets.
    pub(crate) fn open(&self, window: usize) -> Result<Input, Failure> {
        match self {
            Self::Standard => {
                let opened = standard_input().and_then(|file| {
                    // the shell may have read a part of it
                    let start = if file.metadata()?.is_file() {
                        (&file).stream_position()?
                    } else {
                        0
                    };
                    input(file, start, window)
                });
                opened.map_err(|error| Failure::of(&error, Code::READING, "stdin"))
            }
            Self::Path { path, url } => {
                let code = if *url { Code::FILE_URL } else { Code::READING };
                let failed = |error: io::Error| Failure::of(&error, code, &shown(path));
                let kind = fs::metadata(path).map_err(failed)?;
                if kind.is_dir() {
                    let text = format!("{}: is a folder, and folders are not copied", shown(path));
                    return Err(Failure::new(code, text));
                }
                if !kind.is_file() {
                    // opening a fifo waits for its writer
                    let stream = Stream::Later(path.clone());
                    return Ok(Input {
                        source: Box::new(Kept::new(stream, window)),
                        size: None,
                        again: None,
                    });
                }
                let file = File::open(path).map_err(failed)?;
                input(file, 0, window).map_err(failed)
            }
        }
    }

    /// Prepares for writing.
    pub(crate) fn create(
        &self,
        no_clobber: bool,
        scratch: &Scratch,
    ) -> Result<Box<dyn Target>, Failure> {
        let path = match self {
            Self::Standard => {
                let file = standard_output();
                let file = file.map_err(|error| Failure::of(&error, Code::WRITING, "stdout"))?;
                return Ok(Box::new(Flow {
                    stream: Stream::Open(file),
                    place: "stdout".into(),
                }));
            }
            Self::Path { path, .. } => path,
        };
        let place = shown(path);
        let failed = |error: io::Error| Failure::of(&error, Code::WRITING, &place);
        // through symbolic links, as every other program writes
        let path = match fs::symlink_metadata(path) {
            Ok(kind) if kind.is_symlink() => fs::canonicalize(path).map_err(failed)?,
            _ => path.clone(),
        };
        let old = match fs::metadata(&path) {
            Ok(old) if old.is_dir() => {
                return Err(Failure::new(Code::WRITING, format!("{place}: is a folder")));
            }
            Ok(old) if !old.is_file() => {
                return Ok(Box::new(Flow {
                    stream: Stream::Later(path),
                    place,
                }));
            }
            Ok(_) if no_clobber => return Err(exists(&place)),
            Ok(old) => {
                // what is write-protected stays
                OpenOptions::new().write(true).open(&path).map_err(failed)?;
                Some(old.permissions())
            }
            Err(_) => None,
        };
        let replacement = Replacement::new(path, place.clone(), old, no_clobber, scratch);
        Ok(Box::new(replacement.map_err(failed)?))
    }
}

pub(crate) fn exists(place: &str) -> Failure {
    Failure::new(
        Code::REFUSED,
        format!("{place}: exists already, and --no-clobber was given"),
    )
}

fn input(file: File, start: u64, window: usize) -> io::Result<Input> {
    let kind = file.metadata()?;
    if !kind.is_file() {
        return Ok(Input {
            source: Box::new(Kept::new(Stream::Open(file), window)),
            size: None,
            again: None,
        });
    }
    // files of the system that are made up while they are read say that they are empty
    let size = Some(kind.len().saturating_sub(start)).filter(|&size| size > 0);
    let again = Section {
        file: file.try_clone()?,
        start,
    };
    Ok(Input {
        source: Box::new(Section { file, start }),
        size,
        again: Some(Box::new(again)),
    })
}

#[cfg(unix)]
fn standard_input() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

#[cfg(unix)]
fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn standard_input() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn standard_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

/// A file from `start` on.
struct Section {
    file: File,
    start: u64,
}

impl Source for Section {
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        Source::read_at(&mut self.file, self.start + offset, buf)
    }

    fn read_now(&mut self, offset: u64, buf: &mut [u8]) -> Option<io::Result<usize>> {
        self.file.read_now(self.start + offset, buf)
    }
}

/// A file without places: a pipe, a terminal, a device.
enum Stream {
    /// To be opened when it is needed, where blocking is allowed.
    Later(PathBuf),
    Open(File),
}

impl Stream {
    fn file(&mut self, options: &mut OpenOptions) -> io::Result<&mut File> {
        if let Self::Later(path) = self {
            *self = Self::Open(options.open(path)?);
        }
        match self {
            Self::Open(file) => Ok(file),
            Self::Later(_) => Err(ErrorKind::NotFound.into()),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.file(OpenOptions::new().read(true))?.read(buf)
    }
}

/// A stream that is written to as octets come.
struct Flow {
    stream: Stream,
    place: String,
}

impl Flow {
    fn told(&self, result: io::Result<()>) -> io::Result<()> {
        result.map_err(|error| Failure::of(&error, Code::WRITING, &self.place).into_io())
    }
}

impl Target for Flow {
    fn write_at(&mut self, _: u64, octets: &[u8]) -> io::Result<()> {
        let file = self.stream.file(OpenOptions::new().write(true));
        let written = file.and_then(|file| file.write_all(octets));
        self.told(written)
    }

    fn finish(&mut self) -> io::Result<()> {
        // a reader that waits for a fifo's first writer must not wait for ever
        let opened = self.stream.file(OpenOptions::new().write(true)).map(drop);
        self.told(opened)
    }
}

/// The file that has not got its name yet; whoever ends the program removes it here.
#[derive(Clone, Default)]
pub(crate) struct Scratch(Arc<Mutex<Option<TempPath>>>);

impl Scratch {
    /// Removes the file, if it still is one without a name. It can get none afterwards.
    pub(crate) fn clear(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<TempPath> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A file that takes its name, and the place of an older one, when it is complete.
struct Replacement {
    file: File,
    part: Scratch,
    path: PathBuf,
    place: String,
    no_clobber: bool,
}

/// How many octets of the name the temporary name has in it.
const NAME: usize = 200;

impl Replacement {
    fn new(
        path: PathBuf,
        place: String,
        old: Option<Permissions>,
        no_clobber: bool,
        scratch: &Scratch,
    ) -> io::Result<Self> {
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let name = path
            .file_name()
            .ok_or(ErrorKind::IsADirectory)?
            .to_string_lossy();
        let end = (0..=NAME.min(name.len()))
            .rev()
            .find(|&end| name.is_char_boundary(end));
        let prefix = format!(".{}.", &name[..end.unwrap_or(0)]);
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(".part");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let (file, temporary) = builder.tempfile_in(folder).map_err(ours)?.into_parts();
        if let Some(old) = old {
            let _ = file.set_permissions(kept(old));
        }
        *scratch.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(temporary);
        Ok(Self {
            file,
            part: scratch.clone(),
            path,
            place,
            no_clobber,
        })
    }

    fn rename(&self) -> io::Result<()> {
        self.file.sync_all()?;
        // whoever has the lock decides whether the file is kept
        let mut slot = self.part.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(temporary) = slot.take() else {
            return Err(ErrorKind::Interrupted.into());
        };
        let renamed = match self.no_clobber {
            true => temporary.persist_noclobber(&self.path),
            false => temporary.persist(&self.path),
        };
        renamed.map_err(|failed| match failed.error.kind() {
            ErrorKind::AlreadyExists => exists(&self.place).into_io(),
            _ => failed.error,
        })?;
        // the name should survive a crash as well, but the file is there
        #[cfg(unix)]
        if let Some(folder) = self.path.parent() {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }

    fn told(&self, result: io::Result<()>) -> io::Result<()> {
        result.map_err(|error| {
            let kind = error.kind();
            let failure = Failure::of(&error, Code::WRITING, &self.place);
            match kind {
                // the peer is told as much
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                    io::Error::new(kind, failure)
                }
                _ => failure.into_io(),
            }
        })
    }
}

impl Target for Replacement {
    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        let sought = self.file.seek(SeekFrom::Start(offset));
        let written = sought.and_then(|_| self.file.write_all(octets));
        self.told(written)
    }

    fn finish(&mut self) -> io::Result<()> {
        let renamed = self.rename();
        self.told(renamed)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        self.part.clear();
    }
}

/// What a new file takes over from the one that it replaces: who may read, write and run it.
#[cfg(unix)]
pub(crate) fn kept(old: Permissions) -> Permissions {
    use std::os::unix::fs::PermissionsExt;
    Permissions::from_mode(old.mode() & 0o777)
}

#[cfg(not(unix))]
pub(crate) fn kept(old: Permissions) -> Permissions {
    old
}

/// The error without the temporary name, which nobody has heard of.
fn ours(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), plain(&error)),
    }
}
