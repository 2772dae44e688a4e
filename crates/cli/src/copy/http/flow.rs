//! Octets from and to files, where blocking is allowed.

use super::super::codes::{Code, Failure};
use bytes::Bytes;
use std::io;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};
use wirelore_tokio::{Source, Target};

/// How many pieces wait to be written at the most.
const WAITING: usize = 8;

/// A target, and how writing to it went.
type Written = (Box<dyn Target>, io::Result<()>);

/// Writes to a target, while more is received.
pub(super) struct Writer {
    pieces: Option<mpsc::Sender<(u64, Bytes)>>,
    /// Until its end was seen.
    task: Option<JoinHandle<Written>>,
}

impl Writer {
    pub(super) fn new(mut target: Box<dyn Target>) -> Self {
        let (pieces, mut waiting) = mpsc::channel::<(u64, Bytes)>(WAITING);
        let task = spawn_blocking(move || {
            while let Some((offset, piece)) = waiting.blocking_recv() {
                if let Err(error) = target.write_at(offset, &piece) {
                    return (target, Err(error));
                }
            }
            (target, Ok(()))
        });
        Self {
            pieces: Some(pieces),
            task: Some(task),
        }
    }

    /// Writes a piece, some time.
    pub(super) async fn write(&mut self, offset: u64, piece: Bytes) -> Result<(), Failure> {
        let sent = match &self.pieces {
            Some(pieces) => pieces.send((offset, piece)).await.is_ok(),
            None => false,
        };
        if sent {
            Ok(())
        } else {
            Err(self.failed().await)
        }
    }

    /// Writes what waits, and gives the target up.
    pub(super) async fn close(mut self) -> Result<(), Failure> {
        self.end().await.map(drop)
    }

    /// Writes what waits, and finishes the target.
    pub(super) async fn finish(mut self) -> Result<(), Failure> {
        let Some(mut target) = self.end().await? else {
            return Err(Failure::new(Code::WRITING, "cannot write"));
        };
        let finished = spawn_blocking(move || target.finish()).await;
        match finished {
            Ok(finished) => finished.map_err(|error| failure(&error)),
            Err(_) => Err(Failure::new(Code::WRITING, "cannot write")),
        }
    }

    /// Nothing where the end was seen before.
    async fn end(&mut self) -> Result<Option<Box<dyn Target>>, Failure> {
        self.pieces = None;
        let Some(task) = self.task.take() else {
            return Ok(None);
        };
        match task.await {
            Ok((target, Ok(()))) => Ok(Some(target)),
            Ok((_, Err(error))) => Err(failure(&error)),
            Err(_) => Err(Failure::new(Code::WRITING, "cannot write")),
        }
    }

    async fn failed(&mut self) -> Failure {
        match self.end().await {
            Ok(_) => Failure::new(Code::WRITING, "cannot write"),
            Err(failure) => failure,
        }
    }
}

fn failure(error: &io::Error) -> Failure {
    Failure::of(error, Code::WRITING, "cannot write")
}

/// Reads from a source.
pub(super) struct Reader {
    source: Option<Box<dyn Source>>,
}

impl Reader {
    pub(super) const fn new(source: Box<dyn Source>) -> Self {
        Self {
            source: Some(source),
        }
    }

    /// So many octets, fewer only at the end.
    pub(super) async fn read(&mut self, offset: u64, len: usize) -> Result<Bytes, Failure> {
        let gone = || Failure::new(Code::READING, "cannot read");
        let mut source = self.source.take().ok_or_else(gone)?;
        let read = spawn_blocking(move || {
            let mut piece = vec![0; len];
            let read = source.read_at(offset, &mut piece);
            (
                source,
                read.map(|len| {
                    piece.truncate(len);
                    Bytes::from(piece)
                }),
            )
        });
        let (source, read) = read.await.map_err(|_| gone())?;
        self.source = Some(source);
        read.map_err(|error| Failure::of(&error, Code::READING, "cannot read"))
    }
}
