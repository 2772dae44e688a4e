//! Why a request is refused: a kind for the protocol, a sentence for the operator.

use std::fmt;
use std::io::{self, ErrorKind};

/// A request that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    pub(crate) kind: DeniedKind,
    /// For the log, escaped: what was refused, and where possible how to allow it. Never for the
    /// peer.
    pub(crate) why: String,
}

/// What a refusal is about; a protocol maps it to its own codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeniedKind {
    /// There is no such file, or it is to look as if there were none.
    NotFound,
    /// The peer may not, or the process may not.
    Forbidden,
    /// A folder, a pipe, a device.
    NotAFile,
    /// There is such a file, and only new ones are taken.
    Exists,
    /// Nothing may be written at all.
    ReadOnly,
    /// More octets than an upload may have.
    TooLarge,
    /// The disk or a quota is full, or almost.
    NoSpace,
    /// Nothing could have this name.
    BadName,
    /// The system has no descriptors or memory at the moment.
    Busy,
    /// The system failed.
    Other,
}

impl Denied {
    pub(super) fn new(kind: DeniedKind, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { kind, why }
    }

    /// What a failed operation on the file `shown` means. Also for what
    /// [`Upload`](super::Upload) returns while it is written.
    pub(crate) fn from_io(error: &io::Error, shown: &str) -> Self {
        let (kind, hint) = match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => (DeniedKind::NotFound, ""),
            // the library that keeps paths beneath the root says so without a number of the system
            ErrorKind::PermissionDenied if error.raw_os_error().is_none() => {
                let hint = "; a symbolic link there leads out of what is served";
                (DeniedKind::Forbidden, hint)
            }
            ErrorKind::PermissionDenied => {
                let hint = "; this process lacks the right, see the file's mode and owner";
                (DeniedKind::Forbidden, hint)
            }
            ErrorKind::CrossesDevices => (DeniedKind::Forbidden, ""),
            ErrorKind::IsADirectory => (DeniedKind::NotAFile, ""),
            ErrorKind::AlreadyExists => (DeniedKind::Exists, ""),
            ErrorKind::ReadOnlyFilesystem => (DeniedKind::ReadOnly, ""),
            ErrorKind::FileTooLarge => (DeniedKind::TooLarge, ""),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => (DeniedKind::NoSpace, ""),
            _ => (super::system::special(error), ""),
        };
        let words = error.to_string();
        // the number says nothing that the words do not
        let words = words.split(" (os error ").next().unwrap_or_default();
        Self::new(kind, format!("{shown}: {words}{hint}"))
    }

    /// What the peer may know. It never has a path in it.
    pub(crate) const fn for_peer(&self) -> &'static str {
        match self.kind {
            DeniedKind::NotFound => "file not found",
            DeniedKind::Forbidden => "access violation",
            DeniedKind::NotAFile => "not a regular file",
            DeniedKind::Exists => "file exists",
            DeniedKind::ReadOnly => "uploads are off",
            DeniedKind::TooLarge => "file too large",
            DeniedKind::NoSpace => "disk full",
            DeniedKind::BadName => "bad file name",
            DeniedKind::Busy => "server busy",
            DeniedKind::Other => "server error",
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Denied {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_have_their_kinds() {
        let cases = [
            (ErrorKind::NotFound, DeniedKind::NotFound),
            (ErrorKind::NotADirectory, DeniedKind::NotFound),
            (ErrorKind::PermissionDenied, DeniedKind::Forbidden),
            (ErrorKind::CrossesDevices, DeniedKind::Forbidden),
            (ErrorKind::IsADirectory, DeniedKind::NotAFile),
            (ErrorKind::AlreadyExists, DeniedKind::Exists),
            (ErrorKind::ReadOnlyFilesystem, DeniedKind::ReadOnly),
            (ErrorKind::FileTooLarge, DeniedKind::TooLarge),
            (ErrorKind::StorageFull, DeniedKind::NoSpace),
            (ErrorKind::QuotaExceeded, DeniedKind::NoSpace),
            (ErrorKind::TimedOut, DeniedKind::Other),
        ];
        for (error, kind) in cases {
            assert_eq!(
                Denied::from_io(&error.into(), "\"x\"").kind,
                kind,
                "{error}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn numbers_without_a_name_in_std_have_their_kinds() {
        use rustix::io::Errno;
        let cases = [
            (Errno::LOOP, DeniedKind::Forbidden),
            (Errno::NAMETOOLONG, DeniedKind::BadName),
            (Errno::NXIO, DeniedKind::NotAFile),
            (Errno::PERM, DeniedKind::Forbidden),
            (Errno::NOSPC, DeniedKind::NoSpace),
            (Errno::DQUOT, DeniedKind::NoSpace),
            (Errno::FBIG, DeniedKind::TooLarge),
            (Errno::ROFS, DeniedKind::ReadOnly),
            (Errno::MFILE, DeniedKind::Busy),
            (Errno::IO, DeniedKind::Other),
        ];
        for (number, kind) in cases {
            assert_eq!(
                Denied::from_io(&number.into(), "\"x\"").kind,
                kind,
                "{number}"
            );
        }
    }

    #[test]
    fn a_link_out_of_the_root_and_a_missing_right_read_differently() {
        let escape = io::Error::new(ErrorKind::PermissionDenied, "outside");
        let right = io::Error::from_raw_os_error(13);
        assert!(
            Denied::from_io(&escape, "\"x\"")
                .why
                .contains("symbolic link")
        );
        assert!(
            !Denied::from_io(&right, "\"x\"")
                .why
                .contains("symbolic link")
        );
    }
}
