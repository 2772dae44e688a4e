//! A source that can be read only once, and keeps what may be asked for again.

use std::io::{self, ErrorKind, Read};
use wirelore_tokio::Source;

/// How many octets are read at a time.
const PIECE: usize = 64 << 10;

/// Keeps one window of what was read, and not more, however long the stream is.
pub(crate) struct Kept<R> {
    reader: R,
    octets: Vec<u8>,
    /// Where the octets begin in the stream.
    start: u64,
    window: usize,
    ended: bool,
}

impl<R: Read> Kept<R> {
    /// Whoever reads at some place reads no more than `window` octets before it later.
    pub(crate) const fn new(reader: R, window: usize) -> Self {
        Self {
            reader,
            octets: Vec::new(),
            start: 0,
            window,
            ended: false,
        }
    }

    fn forget(&mut self, offset: u64) {
        let until = offset.saturating_sub(self.window as u64);
        let gone = usize::try_from(until.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let gone = gone.min(self.octets.len());
        self.octets.drain(..gone);
        self.start += gone as u64;
    }

    /// Reads until `len` octets are kept, or there are no more.
    fn fill(&mut self, len: usize) -> io::Result<()> {
        while self.octets.len() < len && !self.ended {
            let had = self.octets.len();
            self.octets.resize(had + PIECE.min(len - had), 0);
            let read = self.reader.read(&mut self.octets[had..]);
            self.octets.truncate(had + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(count) => self.ended = count == 0,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<R: Read + Send + 'static> Source for Kept<R> {
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.forget(offset);
        let from = offset
            .checked_sub(self.start)
            .and_then(|from| usize::try_from(from).ok());
        let Some(from) = from.filter(|&from| from <= self.octets.len()) else {
            return Err(io::Error::other(
                "octets of a stream were asked for that are gone",
            ));
        };
        self.fill(from + buf.len())?;
        let len = buf.len().min(self.octets.len() - from);
        buf[..len].copy_from_slice(&self.octets[from..from + len]);
        Ok(len)
    }

    fn is_at_rest(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few octets at a time, and is interrupted in between.
    struct Trickle {
        next: u8,
        end: u8,
        interrupted: bool,
    }

    impl Read for Trickle {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.interrupted = !self.interrupted;
            if self.interrupted {
                return Err(ErrorKind::Interrupted.into());
            }
            let len = buf.len().min(3).min(usize::from(self.end - self.next));
            for octet in &mut buf[..len] {
                *octet = self.next;
                self.next += 1;
            }
            Ok(len)
        }
    }

    fn kept(window: usize) -> Kept<Trickle> {
        Kept::new(
            Trickle {
                next: 0,
                end: 200,
                interrupted: false,
            },
            window,
        )
    }

    #[test]
    fn a_window_can_be_read_again() {
        let mut source = kept(20);
        let mut buf = [0; 30];
        for offset in [0, 10, 30, 10, 20, 60, 40, 180, 199, 200] {
            // no more is skipped than was read ahead
            let mut from = offset.min(source.start + source.octets.len() as u64);
            while from < offset {
                let step = (offset - from).min(30) as usize;
                assert_eq!(source.read_at(from, &mut buf[..step]).unwrap(), step);
                from += step as u64;
            }
            let len = source.read_at(offset, &mut buf).unwrap();
            assert_eq!(len as u64, 30.min(200 - offset), "at {offset}");
            let wanted: Vec<u8> = (offset as u8..).take(len).collect();
            assert_eq!(buf[..len], wanted);
        }
    }

    #[test]
    fn no_more_than_a_window_and_a_piece_is_kept() {
        let mut source = kept(20);
        let mut buf = [0; 30];
        for offset in (0..200).step_by(5) {
            source.read_at(offset, &mut buf).unwrap();
            assert!(
                source.octets.len() <= 50,
                "{} at {offset}",
                source.octets.len()
            );
        }
        assert!(source.read_at(100, &mut buf).is_err());
    }
}
