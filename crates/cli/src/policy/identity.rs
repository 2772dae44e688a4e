//! Telling whether a file is still the one that it was.

use super::{Policy, system};
use cap_std::fs::Metadata;

/// What changes when a file is replaced or written to. Content of the same length that is written
/// within one tick of the file system's clock (a few milliseconds, on some systems seconds) does
/// not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) len: u64,
    /// Seconds since 1970 and nanoseconds: of the content.
    pub(crate) modified: (i64, u32),
    /// Of the content, the names, the mode or the owner. Programs cannot set it back.
    pub(crate) changed: (i64, u32),
}

impl Identity {
    pub(super) fn of(metadata: &Metadata) -> Self {
        system::identity(metadata)
    }
}

/// What has to have a name for something to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Whatever there is.
    Anything,
    /// Nothing (`If-None-Match: *`).
    Nothing,
    /// Something (`If-Match: *`).
    #[allow(dead_code, reason = "for protocols that leave the rest to the server")]
    Something,
    /// This very file (`If-Match`, when the peer's tag is that of this file).
    This(Identity),
}

impl Expect {
    pub(super) fn is_met_by(self, there: Option<&Metadata>) -> bool {
        match (self, there) {
            (Self::Anything, _) | (Self::Nothing, None) | (Self::Something, Some(_)) => true,
            (Self::This(identity), Some(there)) => Identity::of(there) == identity,
            _ => false,
        }
    }
}

impl Policy {
    /// Whether `path`, which is [`Readable::path`](super::Readable::path), still leads to the file
    /// that had this identity when it was opened. For a cache of open files: one system call, and
    /// nothing is opened.
    ///
    /// The call follows symbolic links wherever they lead, out of the root too, and that is safe:
    /// nobody is told what it found, only whether that is the file which was opened beneath the
    /// root. By another file it is not met, for a file that is open keeps its inode. If it is met,
    /// the open file is the one that the path leads to, and has not changed. Access lists may have
    /// come to mean this file; hence [`Readable::for_all`](super::Readable::for_all).
    pub(crate) fn is_still(&self, path: &[u8], identity: &Identity) -> bool {
        system::identity_at(&self.root, path).is_some_and(|there| there == *identity)
    }
}
