//! A tap: what passes is written to a capture that Wireshark opens.

mod stream;

pub use stream::TapStream;

use crate::Watch;
use crate::stream::again;
use core::fmt;
use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use tokio::sync::watch;
use wirelore_pcapng::{Misuse, Stamp, Writer};

/// So many octets are worth a write of their own.
const PIECE: usize = 65_536;

/// How much a [`Tap`] holds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapConfig {
    /// The most octets that wait to be written. When the disk is so slow that there would be more,
    /// the capture ends there. Default: 8 MiB.
    pub waiting: usize,
    /// How long octets wait at most for others to be written together with them. Default: 200 ms.
    pub delay: Duration,
}

impl Default for TapConfig {
    fn default() -> Self {
        Self {
            waiting: 8 << 20,
            delay: Duration::from_millis(200),
        }
    }
}

/// Writes a capture of datagrams and streams, in pcapng, with Ethernet and IP headers made up around
/// them. Cheap to clone; all clones write one capture.
///
/// The event loop never waits for the file. Packets are put together in memory, and a thread of the
/// tap's own writes them: as soon as there are 64 KiB, and otherwise [`TapConfig::delay`] after the
/// first. So a program that is killed loses the last moments at most.
///
/// The sessions do not notice when something goes wrong. An error of the file, or one of the limits
/// of [`TapConfig`], ends the capture at that place, and there are no gaps before it;
/// [`finish`](Self::finish) tells. Packets that cannot be written at all, such as a datagram between
/// an IPv4 and an IPv6 address, are left out, and `finish` tells of the first.
///
/// Captures contain everything: passwords too.
#[derive(Clone)]
pub struct Tap(Arc<Handle>);

impl Tap {
    /// A capture in a file that only its owner may read: it is made with mode 0600, or emptied and
    /// given that mode when it exists. Opening it may block for a
    /// moment, and for long when it is a pipe that nobody reads.
    ///
    /// # Errors
    /// When the file cannot be made or the thread cannot be started.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::new(create(path.as_ref())?, TapConfig::default())
    }

    /// A capture that is written to anything: a pipe to Wireshark, a buffer. Flushed after every
    /// write.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn new(to: impl Write + Send + 'static, config: TapConfig) -> io::Result<Self> {
        let mut waiting = Vec::new();
        let writer = Writer::ethernet(
            "tap",
            concat!("wirelore ", env!("CARGO_PKG_VERSION")),
            &mut waiting,
        )
        .map_err(misused)?;
        let (ended, end) = watch::channel(false);
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                writer,
                waiting,
                closing: false,
                failed: None,
                left_out: None,
            }),
            more: Condvar::new(),
            config,
            end,
        });
        let thread = std::thread::Builder::new().name("tap".into());
        thread.spawn({
            let shared = shared.clone();
            move || {
                shared.write_out(to);
                let _ = ended.send(true);
            }
        })?;
        Ok(Self(Arc::new(Handle(shared))))
    }

    /// A datagram that we send.
    pub fn datagram_sent(&self, local: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        let (local, to) = related(local, to);
        self.record(|writer, now, out| writer.udp(Stamp::sent(now), local, to, datagram, out));
    }

    /// A datagram that we received.
    pub fn datagram_received(&self, local: SocketAddr, from: SocketAddr, datagram: &[u8]) {
        let (local, from) = related(local, from);
        self.record(|writer, now, out| {
            writer.udp(Stamp::received(now), from, local, datagram, out)
        });
    }

    /// Ends the capture, for all clones, and waits until it is written.
    ///
    /// Not waited for, the capture ends with the last clone and is still written, unless the
    /// program ends first. Cancel safe: the capture is over from the first poll on.
    ///
    /// # Errors
    /// The first thing that went wrong since the beginning.
    pub async fn finish(self) -> io::Result<()> {
        let shared = &self.0.0;
        shared.close();
        let ended = shared.end.clone().wait_for(|ended| *ended).await.is_ok();
        let state = shared.lock();
        match state.failed.as_ref().or(state.left_out.as_ref()) {
            Some(error) => Err(again(error)),
            None if ended => Ok(()),
            None => Err(io::Error::other("the writer of the capture panicked")),
        }
    }

    /// Adds what `write` makes, if the capture goes on.
    fn record(&self, write: impl FnOnce(&Writer, Duration, &mut Vec<u8>) -> Result<(), Misuse>) {
        self.0.0.record(write);
    }
}

impl Watch for Tap {
    fn wants_datagrams(&self) -> bool {
        true
    }

    fn sent(&mut self, local: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        self.datagram_sent(local, to, datagram);
    }

    fn received(&mut self, local: SocketAddr, from: SocketAddr, datagram: &[u8]) {
        self.datagram_received(local, from, datagram);
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap").finish_non_exhaustive()
    }
}

/// What all clones of a tap have in common; the capture ends with it.
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// What the clones and the thread that writes have in common.
struct Shared {
    state: Mutex<State>,
    /// Something is waiting to be written, or the capture is closing.
    more: Condvar,
    config: TapConfig,
    /// Whether the thread has written everything.
    end: watch::Receiver<bool>,
}

struct State {
    writer: Writer,
    waiting: Vec<u8>,
    closing: bool,
    /// Why the capture ended too early.
    failed: Option<io::Error>,
    /// Why the first packet that is missing could not be written.
    left_out: Option<io::Error>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().closing = true;
        self.more.notify_all();
    }

    fn record(&self, write: impl FnOnce(&Writer, Duration, &mut Vec<u8>) -> Result<(), Misuse>) {
        let state = &mut *self.lock();
        if state.closing || state.failed.is_some() {
            return;
        }
        // Read while the capture is locked, so that stamps stand in order.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let before = state.waiting.len();
        if let Err(misuse) = write(&state.writer, now.unwrap_or_default(), &mut state.waiting) {
            state.left_out.get_or_insert_with(|| misused(misuse));
        }
        let after = state.waiting.len();
        if after > self.config.waiting {
            state.waiting.truncate(before);
            let what = "the capture could not be written as fast as it grew, and ends early";
            state.failed = Some(io::Error::new(ErrorKind::StorageFull, what));
        } else if (before == 0) != (after == 0) || (before < PIECE && after >= PIECE) {
            self.more.notify_one();
        }
    }

    /// The thread: writes what there is until the capture is closed or cannot be written.
    fn write_out(&self, mut to: impl Write) {
        let mut piece = Vec::new();
        let mut last = false;
        while !last {
            {
                let state = self.lock();
                let idle = |state: &mut State| state.waiting.is_empty() && !state.closing;
                let state = self.more.wait_while(state, idle);
                let state = state.unwrap_or_else(PoisonError::into_inner);
                let little = |state: &mut State| state.waiting.len() < PIECE && !state.closing;
                let waited = self
                    .more
                    .wait_timeout_while(state, self.config.delay, little);
                let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
                core::mem::swap(&mut state.waiting, &mut piece);
                last = state.closing;
            }
            if let Err(error) = to.write_all(&piece).and_then(|()| to.flush()) {
                let mut state = self.lock();
                state.failed.get_or_insert(error);
                state.waiting = Vec::new();
                return;
            }
            piece.clear();
            piece.shrink_to(4 * PIECE);
        }
    }
}

/// Opens a file for its owner alone.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::fs::Permissions;
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = options.mode(0o600).open(path)?;
        // One that was there before may be open to others; pipes and devices are left alone.
        if file.metadata()?.is_file() {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

/// The two addresses in one family, as far as that can be: a socket that is bound to no address in
/// particular has the family of its peer.
fn related(local: SocketAddr, peer: SocketAddr) -> (SocketAddr, SocketAddr) {
    let (ours, theirs) = (local.ip().to_canonical(), peer.ip().to_canonical());
    let ours = match theirs {
        IpAddr::V4(_) if ours.is_unspecified() => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) if ours.is_unspecified() => Ipv6Addr::UNSPECIFIED.into(),
        _ => ours,
    };
    (
        SocketAddr::new(ours, local.port()),
        SocketAddr::new(theirs, peer.port()),
    )
}

fn misused(misuse: Misuse) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, misuse)
}
