//! Files that go into a connection without passing through the program, where the system can do that.

use super::{ExchangeError, Transport};
use crate::{Driver, Source};
use bytes::Bytes;
use core::time::Duration;
use std::fs::File;
use std::io;
use std::sync::Arc;
use wirelore_http1::ServerConnection;

type Sent<'s> = &'s mut (dyn FnMut(u64) + Send);

/// The most octets that are read into memory at a time.
const PIECE: usize = 64 << 10;

/// Sends octets that were announced.
pub(super) async fn send<T: Transport>(
    driver: &mut Driver<ServerConnection, T>,
    file: &Arc<File>,
    offset: u64,
    len: u64,
    stall: Option<Duration>,
    sent: Sent<'_>,
) -> Result<(), ExchangeError> {
    #[cfg(target_os = "linux")]
    if driver.stream().tcp().is_some() {
        driver.flush().await?;
        return system::send(driver, file, offset, len, stall, sent).await;
    }
    let _ = stall;
    through_memory(driver, file, offset, len, sent).await
}

async fn through_memory<T: Transport>(
    driver: &mut Driver<ServerConnection, T>,
    file: &Arc<File>,
    mut offset: u64,
    len: u64,
    sent: Sent<'_>,
) -> Result<(), ExchangeError> {
    let end = offset.saturating_add(len);
    while offset < end {
        let want = usize::try_from(end - offset).map_or(PIECE, |left| left.min(PIECE));
        let piece = read(file, offset, want)
            .await
            .map_err(ExchangeError::Source)?;
        if piece.len() < want {
            let missing = end - offset - piece.len() as u64;
            return Err(ExchangeError::Short(missing));
        }
        driver.send_owned(piece).await?;
        offset += want as u64;
        sent(want as u64);
    }
    Ok(())
}

/// Octets of a file, fewer only at its end.
async fn read(file: &Arc<File>, offset: u64, want: usize) -> io::Result<Bytes> {
    let mut file = Arc::clone(file);
    let mut piece = vec![0; want];
    if let Some(read) = file.read_now(offset, &mut piece) {
        piece.truncate(read?);
        return Ok(piece.into());
    }
    blocking(move || {
        let len = file.read_at(offset, &mut piece)?;
        piece.truncate(len);
        Ok(piece.into())
    })
    .await
}

/// Where blocking is allowed.
async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> io::Result<R> + Send + 'static,
) -> io::Result<R> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(gone) => Err(io::Error::other(gone)),
    }
}

#[cfg(target_os = "linux")]
mod system {
    use super::{ExchangeError, PIECE, Sent, blocking};
    use crate::http1::server::Transport;
    use crate::{Driver, Source};
    use core::time::Duration;
    use rustix::fs::{fstatfs, sendfile};
    use rustix::io::{Errno, ReadWriteFlags, preadv2};
    use std::fs::File;
    use std::io::{self, ErrorKind, IoSliceMut};
    use std::sync::Arc;
    use tokio::io::Interest;
    use tokio::time::timeout;
    use wirelore_http1::ServerConnection;

    /// The most octets that the system is given at a time.
    const WINDOW: u64 = 1 << 20;
    /// The number of a file system that is in memory, and cannot say so (statfs(2)).
    const TMPFS: u64 = 0x0102_1994;

    /// Sends octets of a file straight into the connection. All that was said before is with the system.
    pub(super) async fn send<T: Transport>(
        driver: &Driver<ServerConnection, T>,
        file: &Arc<File>,
        mut offset: u64,
        len: u64,
        stall: Option<Duration>,
        sent: Sent<'_>,
    ) -> Result<(), ExchangeError> {
        let gone = || ExchangeError::Io(ErrorKind::NotConnected.into());
        let tcp = driver.stream().tcp().ok_or_else(gone)?;
        let end = offset.saturating_add(len);
        while offset < end {
            let window = end.min(offset.saturating_add(WINDOW));
            if !is_at_hand(file, offset) || !is_at_hand(file, window - 1) {
                fetch(file, offset, window)
                    .await
                    .map_err(ExchangeError::Source)?;
            }
            while offset < window {
                let count = usize::try_from(window - offset).unwrap_or(usize::MAX);
                let mut from = offset;
                let write = tcp.async_io(Interest::WRITABLE, || {
                    Ok(sendfile(tcp, &**file, Some(&mut from), count)?)
                });
                let passed = match stall {
                    Some(stall) => match timeout(stall, write).await {
                        Ok(passed) => passed,
                        Err(_) => Err(io::Error::new(
                            ErrorKind::TimedOut,
                            "the peer does not read what is sent",
                        )),
                    },
                    None => write.await,
                }?;
                if passed == 0 {
                    return Err(ExchangeError::Short(end - offset));
                }
                offset += passed as u64;
                sent(passed as u64);
            }
            // others have waited meanwhile
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Whether an octet is in memory. What cannot be read counts as if it were: sending tells.
    fn is_at_hand(file: &File, offset: u64) -> bool {
        let mut octet = [0];
        let mut octets = [IoSliceMut::new(&mut octet)];
        match preadv2(file, &mut octets, offset, ReadWriteFlags::NOWAIT) {
            Err(Errno::AGAIN) => false,
            Err(Errno::OPNOTSUPP) => fstatfs(file).is_ok_and(|kind| kind.f_type as u64 == TMPFS),
            _ => true,
        }
    }

    /// Has the system read a part of a file into its memory.
    async fn fetch(file: &Arc<File>, offset: u64, end: u64) -> io::Result<()> {
        let mut file = Arc::clone(file);
        blocking(move || {
            let mut piece = vec![0; PIECE];
            let mut at = offset;
            while at < end {
                match file.read_at(at, &mut piece)? {
                    0 => break,
                    len => at += len as u64,
                }
            }
            Ok(())
        })
        .await
    }
}
