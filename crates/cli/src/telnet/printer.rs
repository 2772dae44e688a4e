//! Stdout, written by a thread of its own: a terminal that is stopped stops the server, and nothing
//! else.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// So many pieces wait to be written.
const WAITING: usize = 4;
/// So many octets are written at once: what follows can still be dropped.
const PIECE: usize = 4096;

pub(crate) struct Printer {
    pieces: mpsc::Sender<Piece>,
    ended: oneshot::Receiver<()>,
    shared: Arc<Shared>,
}

/// What is to be written, and when it was given to us.
struct Piece {
    octets: Vec<u8>,
    era: u64,
}

#[derive(Default)]
struct Shared {
    /// Counts how often what waited was dropped.
    era: AtomicU64,
    failed: Mutex<Option<io::Error>>,
}

impl Printer {
    pub(crate) fn stdout() -> io::Result<Self> {
        let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let (pieces, receiver) = mpsc::channel(WAITING);
        let (over, ended) = oneshot::channel();
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new().name("stdout".into());
        thread.spawn({
            let shared = shared.clone();
            move || {
                let mut receiver = receiver;
                if let Err(error) = shared.write_out(file, &mut receiver) {
                    let mut failed = shared.failed.lock().unwrap_or_else(PoisonError::into_inner);
                    *failed = Some(error);
                }
                // whoever learns that nothing is taken any more finds the reason
                drop(receiver);
                let _ = over.send(());
            }
        })?;
        Ok(Self {
            pieces,
            ended,
            shared,
        })
    }

    /// Waits until there is room, and gives all of `octets`. Cancel safe.
    pub(crate) async fn print(&self, octets: &mut Vec<u8>) -> io::Result<()> {
        let Ok(permit) = self.pieces.reserve().await else {
            return Err(self.failure());
        };
        permit.send(Piece {
            octets: std::mem::take(octets),
            era: self.shared.era.load(Ordering::Relaxed),
        });
        Ok(())
    }

    /// Waits until nothing can be written any more, and says why. Cancel safe.
    pub(crate) async fn broken(&self) -> io::Error {
        self.pieces.closed().await;
        self.failure()
    }

    /// Drops what waits to be written.
    pub(crate) fn discard(&self) {
        self.shared.era.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until all is written.
    pub(crate) async fn finish(self) -> io::Result<()> {
        drop(self.pieces);
        let _ = self.ended.await;
        let mut failed = self
            .shared
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failed.take().map_or(Ok(()), Err)
    }

    /// Why nothing is written any more.
    fn failure(&self) -> io::Error {
        let mut failed = self
            .shared
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failed
            .take()
            .unwrap_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

impl Shared {
    fn write_out(&self, mut to: File, pieces: &mut mpsc::Receiver<Piece>) -> io::Result<()> {
        while let Some(piece) = pieces.blocking_recv() {
            for octets in piece.octets.chunks(PIECE) {
                if self.era.load(Ordering::Relaxed) > piece.era {
                    break;
                }
                to.write_all(octets)?;
            }
        }
        Ok(())
    }
}
