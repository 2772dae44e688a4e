//! Numbers as the wire has them.

/// The digits of a number.
#[derive(Clone, Copy)]
pub(super) struct Digits {
    octets: [u8; Self::MOST],
    from: usize,
}

impl Digits {
    /// How many digits there can be.
    pub(super) const MOST: usize = 20;

    pub(super) const fn decimal(number: u64) -> Self {
        Self::to_base(number, 10)
    }

    pub(super) const fn hexadecimal(number: u64) -> Self {
        Self::to_base(number, 16)
    }

    const fn to_base(mut number: u64, base: u64) -> Self {
        let mut octets = [0; Self::MOST];
        let mut from = Self::MOST;
        loop {
            from -= 1;
            octets[from] = b"0123456789abcdef"[(number % base) as usize];
            number /= base;
            if number == 0 {
                return Self { octets, from };
            }
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.octets.get(self.from..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn as_the_formatter_writes_them() {
        let around = |n: u64| [n.wrapping_sub(1), n, n.wrapping_add(1)];
        let powers = (0..64).flat_map(|bit| around(1 << bit));
        let tens = (0..20).flat_map(|exponent| around(10u64.pow(exponent)));
        for number in powers.chain(tens) {
            assert_eq!(
                Digits::decimal(number).as_bytes(),
                format!("{number}").as_bytes()
            );
            assert_eq!(
                Digits::hexadecimal(number).as_bytes(),
                format!("{number:x}").as_bytes()
            );
        }
    }
}
