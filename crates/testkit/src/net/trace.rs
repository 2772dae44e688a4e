//! The digest of a run.

use std::hash::{Hash, Hasher};

use wirelore_core::Instant;

use crate::rng::mix;

/// A running digest. Integers go in as 64 bits, so that word size and byte order of the platform
/// do not show.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trace(u64);

impl Trace {
    pub(super) const fn value(self) -> u64 {
        self.0
    }

    pub(super) fn datagram<A: Hash>(
        &mut self,
        what: u8,
        at: Instant,
        from: A,
        to: A,
        datagram: &[u8],
    ) {
        self.write_u8(what);
        self.write_u64(at.as_micros());
        from.hash(self);
        to.hash(self);
        self.write(datagram);
        // Only here are the bits spread: once a datagram is enough.
        self.0 = mix(self.0);
    }
}

impl Hasher for Trace {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        self.write_u64(octets.len() as u64);
        let (words, rest) = octets.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        for &octet in rest {
            self.write_u64(u64::from(octet));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0xf135_7aea_2e62_a9c5);
    }

    fn write_u8(&mut self, i: u8) {
        self.write_u64(u64::from(i));
    }

    fn write_u16(&mut self, i: u16) {
        self.write_u64(u64::from(i));
    }

    fn write_u32(&mut self, i: u32) {
        self.write_u64(u64::from(i));
    }

    fn write_u128(&mut self, i: u128) {
        self.write_u64(i as u64);
        self.write_u64((i >> 64) as u64);
    }

    fn write_usize(&mut self, i: usize) {
        self.write_u64(i as u64);
    }

    fn write_i8(&mut self, i: i8) {
        self.write_u64(i as u64);
    }

    fn write_i16(&mut self, i: i16) {
        self.write_u64(i as u64);
    }

    fn write_i32(&mut self, i: i32) {
        self.write_u64(i as u64);
    }

    fn write_i64(&mut self, i: i64) {
        self.write_u64(i as u64);
    }

    fn write_i128(&mut self, i: i128) {
        self.write_u128(i as u128);
    }

    fn write_isize(&mut self, i: isize) {
        self.write_u64(i as i64 as u64);
    }
}
