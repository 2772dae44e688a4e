//! Block numbers: counted in 64 bits here, 16 of them on the wire.

/// The number that follows 65535 on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Rollover {
    /// 0: what nearly everybody does, since 16 bits do it by themselves.
    #[default]
    Zero,
    /// 1: 0 is then only ever the number that answers a request.
    One,
}

impl Rollover {
    /// How many blocks until numbers repeat.
    pub(crate) const fn period(self) -> u64 {
        match self {
            Self::Zero => 65536,
            Self::One => 65535,
        }
    }

    /// The number of `block` on the wire; blocks of a file count from 1, and 0 is the answer to a
    /// request.
    pub(crate) const fn on_wire(self, block: u64) -> u16 {
        match (self, block) {
            (Self::Zero, _) => block as u16,
            (Self::One, 0) => 0,
            (Self::One, _) => ((block - 1) % 65535 + 1) as u16,
        }
    }

    /// The first block not before `from` that has `number` on the wire; `None` when no block has.
    pub(crate) const fn from(self, from: u64, number: u16) -> Option<u64> {
        if matches!(self, Self::One) && number == 0 {
            return if from == 0 { Some(0) } else { None };
        }
        // block 0 stands outside the cycle of `One`
        let from = if matches!(self, Self::One) && from == 0 {
            1
        } else {
            from
        };
        let distance =
            (number as u64 + 2 * self.period() - self.on_wire(from) as u64) % self.period();
        Some(from + distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_roll_over_to_zero_or_one() {
        let wire = |rollover: Rollover| [65534, 65535, 65536, 65537].map(|b| rollover.on_wire(b));
        assert_eq!(wire(Rollover::Zero), [65534, 65535, 0, 1]);
        assert_eq!(wire(Rollover::One), [65534, 65535, 1, 2]);
        assert_eq!(Rollover::One.on_wire(131_071), 1);
    }

    #[test]
    fn the_next_block_with_a_number_is_found_in_every_cycle() {
        for rollover in [Rollover::Zero, Rollover::One] {
            for from in [
                0,
                1,
                2,
                65534,
                65535,
                65536,
                65537,
                131_070,
                131_071,
                1 << 40,
            ] {
                for ahead in [0, 1, 2, 63, 65533, 65534] {
                    let block = from + ahead;
                    if rollover == Rollover::One && from == 0 && block == 65535 {
                        continue;
                    }
                    let found = rollover.from(from, rollover.on_wire(block));
                    assert_eq!(found, Some(block), "{rollover:?} {from}+{ahead}");
                }
            }
        }
        assert_eq!(Rollover::One.from(5, 0), None);
    }
}
