//! A transcript of what the server printed, for the owner only.

use super::ends::{Code, Failure};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use wirelore_core::escape;

pub(crate) struct Log {
    file: File,
    path: PathBuf,
    failed: Option<Failure>,
}

impl Log {
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let file = private(path).map_err(|error| failure(path, &error))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            failed: None,
        })
    }

    /// Appends octets. The first failure is kept, and ends the transcript.
    pub(crate) fn write(&mut self, octets: &[u8]) {
        if self.failed.is_none()
            && let Err(error) = self.file.write_all(octets)
        {
            self.failed = Some(failure(&self.path, &error));
        }
    }

    /// Whether everything was written.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        self.failed.map_or(Ok(()), Err)
    }
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::of(
        error,
        Code::WRITING,
        escape(path.as_os_str().as_encoded_bytes()),
    )
}

/// A file that nobody else may read, whatever it was before.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(path)?;
    if file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}
