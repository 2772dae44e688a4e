//! Files that need no memory: content by seed, and a writer that checks it.

use core::fmt;

use wirelore_core::Duration;

use crate::Rng;
use crate::rng::{GOLDEN, mix};

/// The content of a file of any size: every octet follows from the seed and its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    seed: u64,
    len: u64,
    text: bool,
}

impl Source {
    /// `len` octets of all values.
    #[must_use]
    pub const fn new(seed: u64, len: u64) -> Self {
        Self {
            seed,
            len,
            text: false,
        }
    }

    /// `len` octets of which many are CR, LF, NUL and 255: the ones that conversions stumble over.
    #[must_use]
    pub const fn text(seed: u64, len: u64) -> Self {
        Self {
            seed,
            len,
            text: true,
        }
    }

    /// The length in octets.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are no octets.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The octet at `offset`, `None` at and after the end.
    #[must_use]
    pub fn octet(&self, offset: u64) -> Option<u8> {
        (offset < self.len).then(|| self.word(offset / 8)[(offset % 8) as usize])
    }

    /// Fills `buf` from `offset` on and returns how many octets there were.
    pub fn fill(&self, offset: u64, buf: &mut [u8]) -> usize {
        let len = self.available(offset, buf.len());
        let mut done = 0;
        while done < len {
            let at = offset + done as u64;
            let word = &self.word(at / 8)[(at % 8) as usize..];
            let n = word.len().min(len - done);
            buf[done..done + n].copy_from_slice(&word[..n]);
            done += n;
        }
        len
    }

    /// At most `len` octets from `offset` on.
    #[must_use]
    pub fn read(&self, offset: u64, len: usize) -> Vec<u8> {
        let mut octets = vec![0; self.available(offset, len)];
        self.fill(offset, &mut octets);
        octets
    }

    fn available(&self, offset: u64, len: usize) -> usize {
        self.len.saturating_sub(offset).min(len as u64) as usize
    }

    fn word(&self, index: u64) -> [u8; 8] {
        let word = mix(self.seed ^ mix(index.wrapping_mul(GOLDEN))).to_le_bytes();
        if !self.text {
            return word;
        }
        word.map(|octet| match octet {
            0..=31 => b'\r',
            32..=79 => b'\n',
            80..=87 => 0,
            88..=95 => 255,
            _ => b' ' + octet % 95,
        })
    }
}

/// A file that is written: keeps nothing, checks everything against a [`Source`] at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sink {
    source: Source,
    end: u64,
    rewritten: u64,
    /// The offset from which on writing fails, as on a full disk. `None`: never.
    pub fails_at: Option<u64>,
}

impl Sink {
    /// An empty file that is to become `source`.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        Self {
            source,
            end: 0,
            rewritten: 0,
            fails_at: None,
        }
    }

    /// Writes `data` at `offset`. All or nothing: after an error the file is as before.
    ///
    /// # Errors
    /// [`SinkError::Full`] is what the test asked for; every other one is a defect of the writer.
    pub fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), SinkError> {
        let after = offset + data.len() as u64;
        if let Some(limit) = self.fails_at.filter(|&limit| after > limit) {
            return Err(SinkError::Full { limit });
        }
        if offset > self.end {
            return Err(SinkError::Gap {
                from: self.end,
                to: offset,
            });
        }
        if after > self.source.len {
            return Err(SinkError::TooLong {
                len: self.source.len,
                written: after,
            });
        }
        let mut at = offset;
        let mut rest = data;
        while !rest.is_empty() {
            let word = self.source.word(at / 8);
            let expected = &word[(at % 8) as usize..];
            let n = expected.len().min(rest.len());
            if let Some(wrong) = (0..n).find(|&i| expected[i] != rest[i]) {
                return Err(SinkError::Wrong {
                    offset: at + wrong as u64,
                    expected: expected[wrong],
                    written: rest[wrong],
                });
            }
            at += n as u64;
            rest = &rest[n..];
        }
        self.rewritten += self.end.min(after) - offset;
        self.end = self.end.max(after);
        Ok(())
    }

    /// How many octets the file has, all of them right.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.end
    }

    /// Whether nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// How many octets were written again.
    #[must_use]
    pub const fn rewritten(&self) -> u64 {
        self.rewritten
    }

    /// Whether the file equals its source.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.end == self.source.len
    }
}

/// Why a write was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SinkError {
    /// [`Sink::fails_at`] would be passed.
    Full {
        /// Its value.
        limit: u64,
    },
    /// The octets between `from` and `to` were never written.
    Gap {
        /// Where the file ends.
        from: u64,
        /// Where the write begins.
        to: u64,
    },
    /// The file would be longer than its source.
    TooLong {
        /// Length of the source.
        len: u64,
        /// Where the write ends.
        written: u64,
    },
    /// An octet differs from the source.
    Wrong {
        /// Its offset.
        offset: u64,
        /// What the source has there.
        expected: u8,
        /// What was to be written.
        written: u8,
    },
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Full { limit } => write!(f, "full at octet {limit}"),
            Self::Gap { from, to } => write!(f, "octets {from} to {to} were never written"),
            Self::TooLong { len, written } => {
                write!(f, "written up to octet {written} of {len}")
            }
            Self::Wrong {
                offset,
                expected,
                written,
            } => write!(
                f,
                "octet {offset} is {written:#04x} instead of {expected:#04x}"
            ),
        }
    }
}

impl core::error::Error for SinkError {}

/// How long an application takes to answer: a disk, a reader, a writer. The default is at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// The shortest time.
    pub base: Duration,
    /// Up to this much is added, evenly distributed.
    pub jitter: Duration,
    /// Per mille of answers that stall.
    pub stall: u32,
    /// How much longer those take.
    pub stall_for: Duration,
}

impl Pace {
    /// How long the next answer takes.
    pub fn draw(&self, rng: &mut Rng) -> Duration {
        let stall = if rng.chance_per_mille(self.stall) {
            self.stall_for
        } else {
            Duration::ZERO
        };
        self.base + rng.up_to(self.jitter) + stall
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_read_agrees() {
        for source in [Source::new(3, 1000), Source::text(3, 1000)] {
            let whole = source.read(0, 2000);
            assert_eq!(whole.len(), 1000);
            for offset in [0_u64, 1, 7, 8, 9, 500, 993, 999, 1000, 5000] {
                let want = &whole[(offset as usize).min(1000)..];
                assert_eq!(source.read(offset, 100), want[..want.len().min(100)]);
                assert_eq!(source.octet(offset), want.first().copied());
            }
        }
        assert_ne!(
            Source::new(1, 64).read(0, 64),
            Source::new(2, 64).read(0, 64)
        );
        let text = Source::text(1, 4096).read(0, 4096);
        assert!([b'\r', b'\n', 0, 255].iter().all(|o| text.contains(o)));
    }

    #[test]
    fn a_sink_accepts_the_source_in_order_and_nothing_else() {
        let source = Source::new(9, 100);
        let mut sink = Sink::new(source);
        sink.write(0, &source.read(0, 33)).unwrap();
        sink.write(10, &source.read(10, 40)).unwrap();
        assert_eq!((sink.len(), sink.rewritten()), (50, 23));
        assert_eq!(
            sink.write(51, &source.read(51, 1)),
            Err(SinkError::Gap { from: 50, to: 51 })
        );
        let mut wrong = source.read(50, 20);
        wrong[13] ^= 1;
        assert!(matches!(
            sink.write(50, &wrong),
            Err(SinkError::Wrong { offset: 63, .. })
        ));
        assert_eq!(
            sink.write(50, &[0; 51]),
            Err(SinkError::TooLong {
                len: 100,
                written: 101
            })
        );
        assert!(sink.len() == 50 && !sink.is_complete());
        sink.fails_at = Some(99);
        assert_eq!(
            sink.write(50, &source.read(50, 50)),
            Err(SinkError::Full { limit: 99 })
        );
        sink.fails_at = None;
        sink.write(50, &source.read(50, 50)).unwrap();
        assert!(sink.is_complete());
    }
}
