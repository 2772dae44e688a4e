//! Where a transfer's octets come from and where they go, whatever the protocol.

use bytes::Bytes;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::sync::Arc;

/// Something to send: a file, a virtual one, a pipe that keeps a window.
pub trait Source: Send + 'static {
    /// Fills `buf` with the octets from `offset` on and returns how many they are, fewer than fit
    /// only at the end. May block; it is called where blocking is allowed.
    ///
    /// # Errors
    /// What reading led to; the transfer is given up.
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;

    /// The same, if the octets are at hand: it must not block. `None`: ask
    /// [`read_at`](Self::read_at).
    fn read_now(&mut self, offset: u64, buf: &mut [u8]) -> Option<io::Result<usize>> {
        let _ = (offset, buf);
        None
    }

    /// Whether more may be asked for than is needed at once. Not where octets come as somebody
    /// produces them: the peer would wait for what it does not need yet.
    fn is_at_rest(&self) -> bool {
        true
    }
}

/// A place for what is received. Dropped without [`finish`](Self::finish), it keeps nothing.
pub trait Target: Send + 'static {
    /// Writes `octets`, which begin at `offset`; every call goes on where the last one ended. May
    /// block; it is called where blocking is allowed.
    ///
    /// # Errors
    /// What writing led to; the transfer is given up. [`ErrorKind::StorageFull`],
    /// [`ErrorKind::QuotaExceeded`] and [`ErrorKind::FileTooLarge`] are told to the peer as such.
    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()>;

    /// Everything was written: make it safe, and give it its name. The peer is told only afterwards
    /// that its file arrived. May block.
    ///
    /// # Errors
    /// As for [`write_at`](Self::write_at).
    fn finish(&mut self) -> io::Result<()>;
}

impl Source for File {
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        read_at(self, offset, buf)
    }

    /// What the page cache has, where the system can tell.
    fn read_now(&mut self, offset: u64, buf: &mut [u8]) -> Option<io::Result<usize>> {
        read_now(self, offset, buf)
    }
}

/// A file that others read, too.
impl Source for Arc<File> {
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        read_at(self, offset, buf)
    }

    fn read_now(&mut self, offset: u64, buf: &mut [u8]) -> Option<io::Result<usize>> {
        read_now(self, offset, buf)
    }
}

fn read_at(file: &File, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buf.len() {
        match positioned::read(file, offset + len as u64, &mut buf[len..]) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

#[cfg(not(target_os = "linux"))]
fn read_now(_: &File, _: u64, _: &mut [u8]) -> Option<io::Result<usize>> {
    None
}

#[cfg(target_os = "linux")]
fn read_now(file: &File, offset: u64, buf: &mut [u8]) -> Option<io::Result<usize>> {
    use rustix::io::{ReadWriteFlags, preadv2};
    let mut len = 0;
    while len < buf.len() {
        let mut rest = [io::IoSliceMut::new(&mut buf[len..])];
        // a short read may be the end of the file, or of what is cached: the next one tells
        match preadv2(file, &mut rest, offset + len as u64, ReadWriteFlags::NOWAIT) {
            // Linux 5.9 and 5.10 may say so of what is not cached, too (preadv2(2), BUGS)
            Ok(0)
                if file
                    .metadata()
                    .is_ok_and(|file| offset + len as u64 >= file.len()) =>
            {
                break;
            }
            Ok(count @ 1..) => len += count,
            Ok(0) | Err(_) => return None,
        }
    }
    Some(Ok(len))
}

#[cfg(unix)]
mod positioned {
    pub(super) use std::os::unix::fs::FileExt;

    pub(super) fn read(
        file: &std::fs::File,
        offset: u64,
        buf: &mut [u8],
    ) -> std::io::Result<usize> {
        file.read_at(buf, offset)
    }
}

#[cfg(not(unix))]
mod positioned {
    use std::io::{Read, Seek, SeekFrom};

    pub(super) fn read(
        mut file: &std::fs::File,
        offset: u64,
        buf: &mut [u8],
    ) -> std::io::Result<usize> {
        file.seek(SeekFrom::Start(offset))?;
        file.read(buf)
    }
}

/// A virtual file.
impl Source for Bytes {
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.len());
        let len = buf.len().min(self.len() - start);
        buf[..len].copy_from_slice(&self[start..start + len]);
        Ok(len)
    }

    fn read_now(&mut self, offset: u64, buf: &mut [u8]) -> Option<io::Result<usize>> {
        Some(self.read_at(offset, buf))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::{Seek, SeekFrom, Write};

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    fn content(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at % 251) as u8).collect()
    }

    fn reads(file: &mut File, offset: u64, room: usize) -> Vec<u8> {
        let mut buf = vec![0xee; room];
        let len = file.read_at(offset, &mut buf).unwrap();
        assert!(buf[len..].iter().all(|&octet| octet == 0xee));
        buf.truncate(len);
        buf
    }

    /// What `read_now` says, which may be nothing, but nothing else than `read_at`.
    fn reads_now(file: &mut File, offset: u64, room: usize) -> Option<Vec<u8>> {
        let mut buf = vec![0; room];
        let len = file.read_now(offset, &mut buf)?.unwrap();
        buf.truncate(len);
        assert_eq!(
            buf,
            reads(file, offset, room),
            "{room} octets from {offset} on"
        );
        Some(buf)
    }

    #[test]
    fn what_was_just_written_is_at_hand_up_to_its_end() {
        let all = content(100_000);
        let mut file = file(&all);
        for (offset, room) in [
            (0, 1),
            (0, 65_536),
            (65_536, 65_536),
            (99_999, 10),
            (0, 100_000),
        ] {
            let wanted = &all[offset..all.len().min(offset + room)];
            assert_eq!(reads(&mut file, offset as u64, room), wanted);
            // (a file system that cannot tell says nothing)
            if let Some(found) = reads_now(&mut file, offset as u64, room) {
                assert_eq!(found, wanted);
            }
        }
        for offset in [100_000, 100_001, 1 << 40] {
            assert_eq!(reads(&mut file, offset, 10), b"");
            assert!(reads_now(&mut file, offset, 10).is_none_or(|found| found.is_empty()));
        }
        assert_eq!(reads(&mut file, 0, 0), b"");
    }

    #[test]
    fn a_file_that_grows_has_a_later_end() {
        let mut file = file(b"begin");
        assert!(reads_now(&mut file, 0, 100).is_none_or(|found| found == b"begin"));
        file.write_all(b", and go on").unwrap();
        assert_eq!(reads(&mut file, 0, 100), b"begin, and go on");
        assert!(reads_now(&mut file, 5, 100).is_none_or(|found| found == b", and go on"));
        file.set_len(3).unwrap();
        assert_eq!(reads(&mut file, 0, 100), b"beg");
        assert!(reads_now(&mut file, 0, 100).is_none_or(|found| found == b"beg"));
    }

    #[test]
    fn holes_are_noughts() {
        let mut file = file(b"a");
        file.seek(SeekFrom::Start(300_000)).unwrap();
        file.write_all(b"z").unwrap();
        let mut wanted = vec![0; 300_001];
        (wanted[0], wanted[300_000]) = (b'a', b'z');
        assert_eq!(reads(&mut file, 0, 400_000), wanted);
        assert!(reads_now(&mut file, 0, 400_000).is_none_or(|found| found == wanted));
        assert!(reads_now(&mut file, 100_000, 50_000).is_none_or(|found| found == [0; 50_000]));
    }

    /// What the cache lost, wholly or in part, is either still read or not at hand: never an end.
    #[test]
    fn a_cold_cache_is_no_end_of_file() {
        use rustix::fs::{Advice, fadvise, fdatasync};
        use std::num::NonZeroU64;
        let all = content(1 << 20);
        let mut file = file(&all);
        fdatasync(&file).unwrap();
        let parts = [
            (0, None),
            (0, NonZeroU64::new(1 << 19)),
            (1 << 19, None),
            (1 << 16, None),
        ];
        for (from, len) in parts {
            reads(&mut file, 0, 1 << 20);
            fadvise(&file, from, len, Advice::DontNeed).unwrap();
            for (offset, room) in [(0, 1 << 20), (1 << 18, 1 << 19), ((1 << 20) - 10, 100)] {
                if let Some(found) = reads_now(&mut file, offset as u64, room) {
                    assert_eq!(found.len(), room.min(all.len() - offset));
                }
            }
        }
        assert_eq!(reads(&mut file, 0, 2 << 20), all);
    }

    #[test]
    fn bytes_are_a_file() {
        let mut source = Bytes::from(content(1000));
        let mut buf = [0; 600];
        for (offset, wanted) in [(0, 600), (500, 500), (1000, 0), (u64::MAX, 0)] {
            assert_eq!(source.read_at(offset, &mut buf).unwrap(), wanted);
            assert_eq!(source.read_now(offset, &mut buf).unwrap().unwrap(), wanted);
            if wanted > 0 {
                assert_eq!(buf[..wanted], content(1000)[offset as usize..][..wanted]);
            }
        }
    }

    #[test]
    fn what_is_no_file_is_an_error_and_not_at_hand() {
        let mut folder = File::open(std::env::temp_dir()).unwrap();
        assert!(folder.read_at(0, &mut [0; 8]).is_err());
        assert!(folder.read_now(0, &mut [0; 8]).is_none());
    }
}
