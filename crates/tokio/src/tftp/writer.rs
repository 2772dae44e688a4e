//! The octets that were received, on their way to the target.

use crate::Target;
use std::io;
use tokio::task::{JoinHandle, spawn_blocking};

/// How many octets are gathered before they are written. A transfer holds twice as many at most: a
/// batch being written, and one being gathered.
const BATCH: usize = 64 << 10;

pub(super) struct Writer {
    target: Option<Box<dyn Target>>,
    batch: Vec<u8>,
    /// Where the batch begins in the file.
    start: u64,
    writing: Option<JoinHandle<Written>>,
}

/// The target comes back, with the room that its octets were in.
type Written = (Box<dyn Target>, Vec<u8>, io::Result<()>);

impl Writer {
    pub(super) fn new(target: Box<dyn Target>) -> Self {
        Self {
            target: Some(target),
            batch: Vec::new(),
            start: 0,
            writing: None,
        }
    }

    /// Takes the next octets of the file.
    pub(super) fn push(&mut self, octets: &[u8]) {
        self.batch.extend_from_slice(octets);
    }

    /// Whether there is no room for another block: [`write`](Self::write) is due.
    pub(super) fn is_full(&self) -> bool {
        self.batch.len() >= BATCH
    }

    /// Lets the batch be written on another thread, as soon as the one before it is.
    pub(super) async fn write(&mut self) -> io::Result<()> {
        let mut next = self.settle().await?;
        let Some(mut target) = self.target.take() else {
            return Err(gone());
        };
        std::mem::swap(&mut next, &mut self.batch);
        let start = self.start;
        self.start += next.len() as u64;
        self.writing = Some(spawn_blocking(move || {
            let result = target.write_at(start, &next);
            next.clear();
            (target, next, result)
        }));
        Ok(())
    }

    /// Writes what is left and finishes the target.
    pub(super) async fn finish(&mut self) -> io::Result<()> {
        if !self.batch.is_empty() {
            self.write().await?;
        }
        self.settle().await?;
        let Some(mut target) = self.target.take() else {
            return Err(gone());
        };
        // a target that could not be finished is dropped where that may block, too
        spawn_blocking(move || target.finish()).await?
    }

    /// Waits until nothing is being written; the room that is free.
    async fn settle(&mut self) -> io::Result<Vec<u8>> {
        let Some(writing) = &mut self.writing else {
            return Ok(Vec::new());
        };
        let done = writing.await;
        self.writing = None;
        let (target, room, result) = done?;
        self.target = Some(target);
        result.map(|()| room)
    }
}

/// A target may have a file to remove.
impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(target) = self.target.take() {
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn_blocking(move || drop(target))),
                Err(_) => drop(target),
            }
        }
    }
}

fn gone() -> io::Error {
    io::Error::other("the target is gone")
}
