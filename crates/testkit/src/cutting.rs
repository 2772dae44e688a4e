//! How a stream is cut into the pieces that arrive together.

use std::fmt;

use crate::Rng;

/// The lengths of the pieces of one stream.
#[derive(Clone, PartialEq, Eq)]
pub struct Cutting(Vec<usize>);

impl Cutting {
    /// Streams up to this many octets are cut in two at every place by [`all`](Self::all), longer
    /// ones at this many places.
    pub const TWO_PIECES: usize = 512;
    /// How many random cuttings [`all`](Self::all) has.
    pub const RANDOM: usize = 32;

    /// All `len` octets at once.
    #[must_use]
    pub fn whole(len: usize) -> Self {
        Self(vec![len])
    }

    /// One octet at a time.
    #[must_use]
    pub fn octets(len: usize) -> Self {
        Self(vec![1; len])
    }

    /// The first `at` octets (at most all), then the rest.
    #[must_use]
    pub fn two(len: usize, at: usize) -> Self {
        let at = at.min(len);
        Self(vec![at, len - at])
    }

    /// Random pieces: mostly short ones, some of them empty, so that nothing new arrives.
    #[must_use]
    pub fn random(len: usize, rng: &mut Rng) -> Self {
        let longest = 1 << rng.below(8);
        let mut lengths = Vec::new();
        let mut left = len;
        while left > 0 {
            let piece = rng.index(longest + 1).min(left);
            lengths.push(piece);
            left -= piece;
        }
        Self(lengths)
    }

    /// Whole, octet by octet, in two at every place (see [`TWO_PIECES`](Self::TWO_PIECES)), and
    /// random ones that `seed` decides.
    pub fn all(len: usize, seed: u64) -> impl Iterator<Item = Self> {
        let mut rng = Rng::new(seed);
        let places: Vec<usize> = if len <= Self::TWO_PIECES {
            (0..=len).collect()
        } else {
            (0..Self::TWO_PIECES).map(|_| rng.index(len + 1)).collect()
        };
        [Self::whole(len), Self::octets(len)]
            .into_iter()
            .chain(places.into_iter().map(move |at| Self::two(len, at)))
            .chain((0..Self::RANDOM).map(move |_| Self::random(len, &mut rng)))
    }

    /// The lengths of the pieces, in octets.
    #[must_use]
    pub fn lengths(&self) -> &[usize] {
        &self.0
    }

    /// The pieces of `stream`, which has the length that this cutting was made for.
    pub fn pieces<'s>(&self, stream: &'s [u8]) -> impl Iterator<Item = &'s [u8]> {
        let mut rest = stream;
        self.0.iter().map(move |&len| {
            let (piece, after) = rest.split_at(len.min(rest.len()));
            rest = after;
            piece
        })
    }
}

/// Equal neighbours are counted: `3 1*200 7`.
impl fmt::Debug for Cutting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pieces")?;
        for run in self.0.chunk_by(|a, b| a == b) {
            match run.len() {
                1 => write!(f, " {}", run[0])?,
                n => write!(f, " {}*{n}", run[0])?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cutting_keeps_the_stream() {
        for len in [0, 1, 2, 100, 513, 2000] {
            let stream: Vec<u8> = (0..len).map(|n| n as u8).collect();
            let mut count = 0;
            for cutting in Cutting::all(len, 5) {
                let joined: Vec<u8> = cutting.pieces(&stream).flatten().copied().collect();
                assert_eq!(joined, stream, "{cutting:?}");
                count += 1;
            }
            assert_eq!(count, 2 + 32 + (len + 1).min(512));
        }
    }

    #[test]
    fn equal_pieces_are_shown_counted() {
        let cutting = Cutting(vec![3, 1, 1, 1, 7]);
        assert_eq!(format!("{cutting:?}"), "pieces 3 1*3 7");
    }

    #[test]
    fn short_streams_are_cut_at_every_place() {
        for at in 0..=300 {
            assert!(Cutting::all(300, 1).any(|c| c == Cutting::two(300, at)));
        }
    }
}
