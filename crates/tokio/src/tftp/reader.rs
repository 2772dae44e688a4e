//! The octets to be sent, a piece ahead of what is asked for.

use crate::Source;
use std::io;
use std::ops::Range;
use tokio::task::spawn_blocking;

/// How many octets are read at a time, at least: many blocks of 512.
const PIECE: usize = 16 << 10;

/// How many at the most, unless one window is larger.
const MAX_PIECE: usize = 64 << 10;

pub(super) struct Reader {
    /// Away while it is read on another thread.
    source: Option<Box<dyn Source>>,
    piece: Vec<u8>,
    /// Where the piece begins in the source.
    start: u64,
    /// The piece goes to the end of the source.
    ends: bool,
    size: usize,
}

impl Reader {
    pub(super) fn new(source: Box<dyn Source>) -> Self {
        Self {
            source: Some(source),
            piece: Vec::new(),
            start: 0,
            ends: false,
            size: PIECE,
        }
    }

    /// Prepares for blocks of `blksize` octets, `windowsize` of them at a time.
    pub(super) fn window(&mut self, blksize: u16, windowsize: u16) {
        let block = usize::from(blksize);
        let size = (block * usize::from(windowsize))
            .clamp(PIECE, MAX_PIECE)
            .max(block);
        // whole blocks, so that none is read twice
        self.size = size / block * block;
    }

    /// The octets that are at hand.
    pub(super) fn piece(&self) -> &[u8] {
        &self.piece
    }

    /// Where in the piece `max` octets from `offset` on are, fewer only at the end of the source, and
    /// whether nothing follows them. `None`: they are not at hand.
    pub(super) fn at_hand(&self, offset: u64, max: usize) -> Option<(Range<usize>, bool)> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        let rest = self.piece.len().checked_sub(from)?;
        if rest < max && !self.ends {
            return None;
        }
        let len = rest.min(max);
        Some((from..from + len, self.ends && rest <= max))
    }

    /// Reads a piece that begins at `offset`, of at least `max` octets if there are so many.
    pub(super) async fn fetch(&mut self, offset: u64, max: usize) -> io::Result<()> {
        let Some(source) = &mut self.source else {
            return Err(io::Error::other("the source is gone"));
        };
        self.start = offset;
        let size = if source.is_at_rest() { self.size } else { max };
        self.piece.resize(size, 0);
        let read = match source.read_now(offset, &mut self.piece) {
            Some(read) => read,
            None => self.fetch_elsewhere(offset).await,
        };
        // what could not be read is not at hand
        let len = *read.as_ref().unwrap_or(&0);
        self.ends = read.is_ok() && len < self.piece.len();
        self.piece.truncate(len);
        read.map(drop)
    }

    async fn fetch_elsewhere(&mut self, offset: u64) -> io::Result<usize> {
        let mut piece = std::mem::take(&mut self.piece);
        let Some(mut source) = self.source.take() else {
            return Err(io::Error::other("the source is gone"));
        };
        let read = spawn_blocking(move || {
            let len = source.read_at(offset, &mut piece);
            (source, piece, len)
        });
        let (source, piece, len) = read.await?;
        (self.source, self.piece) = (Some(source), piece);
        len
    }
}
