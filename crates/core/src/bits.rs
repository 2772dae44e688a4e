//! Bytes of 1 to 255 bits, packed without gaps, most significant bit first.
//!
//! This is how FTP's logical byte sizes (RFC 454, RFC 959 section 3.1.1.4) travel over connections
//! that carry octets. In memory a byte of `b` bits is [`Width::octets`] octets, its bits right
//! aligned, most significant octet first: with 36 bits, `0x123456789` is `01 23 45 67 89`.
//! [`Packer`] and [`Unpacker`] convert between the two forms in pieces of any length. Widths that
//! are multiples of 8 are copied, 36 has a path of its own.

use alloc::vec::Vec;

use crate::Misuse;

/// How many bits a byte has: 1 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Width(u8);

impl Width {
    /// The octet.
    pub const OCTET: Self = Self(8);

    /// The width of `bits` bits, `None` for 0.
    #[must_use]
    pub const fn new(bits: u8) -> Option<Self> {
        if bits == 0 { None } else { Some(Self(bits)) }
    }

    /// The number of bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// How many octets a byte has in memory: 1 to 32.
    #[must_use]
    pub const fn octets(self) -> usize {
        self.0.div_ceil(8) as usize
    }

    /// How many bits the first octet of a byte has in memory: 1 to 8.
    const fn top_bits(self) -> u8 {
        (self.0 - 1) % 8 + 1
    }

    /// How many bits the octet `column` of a byte has in memory, and the column after it.
    const fn column(self, column: u8) -> (u8, u8) {
        let bits = if column == 0 { self.top_bits() } else { 8 };
        let next = column + 1;
        (
            bits,
            if next as usize == self.octets() {
                0
            } else {
                next
            },
        )
    }
}

const MAX_OCTETS: usize = 32;

/// From bytes in memory to packed octets.
#[derive(Clone, Debug)]
pub struct Packer {
    width: Width,
    /// The low `pending` bits wait for the rest of their octet; the others are zero.
    bits: u8,
    pending: u8,
    /// So many octets of the present byte came already.
    column: u8,
}

impl Packer {
    /// A packer with nothing pending.
    #[must_use]
    pub const fn new(width: Width) -> Self {
        Self {
            width,
            bits: 0,
            pending: 0,
            column: 0,
        }
    }

    /// The width of the bytes.
    #[must_use]
    pub const fn width(&self) -> Width {
        self.width
    }

    /// Packs `bytes`, which are in the memory form and may be cut anywhere, and appends every octet
    /// that is complete.
    ///
    /// # Errors
    /// [`Misuse::ByteTooWide`] when a byte has a bit above its width; then nothing is done.
    pub fn pack(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Misuse> {
        let octets = self.width.octets();
        let top = self.width.top_bits();
        let first = (octets - usize::from(self.column)) % octets;
        if top < 8 {
            let mut tops = (first..bytes.len()).step_by(octets);
            if let Some(at) = tops.find(|&at| bytes[at] >> top != 0) {
                return Err(Misuse::ByteTooWide { at });
            }
        }
        if top == 8 {
            self.column = ((usize::from(self.column) + bytes.len()) % octets) as u8;
            out.extend_from_slice(bytes);
            return Ok(());
        }
        out.reserve(bytes.len());
        let mut rest = bytes;
        if self.width.0 == 36 {
            // Octet by octet up to a byte that begins with an octet; that is at most one byte away.
            while (self.pending, self.column) != (0, 0)
                && let Some((&octet, after)) = rest.split_first()
            {
                self.put(octet, out);
                rest = after;
            }
            while let Some((pair, after)) = rest.split_first_chunk::<10>() {
                out.extend_from_slice(&pack_36(pair));
                rest = after;
            }
        }
        for &octet in rest {
            self.put(octet, out);
        }
        Ok(())
    }

    /// Packs one byte whose value is given; its bits above the 64th are zero.
    ///
    /// # Errors
    /// [`Misuse::ByteTooWide`] when the value has a bit above the width, [`Misuse::UnfinishedByte`]
    /// when a byte was packed only in part before; then nothing is done.
    pub fn pack_u64(&mut self, value: u64, out: &mut Vec<u8>) -> Result<(), Misuse> {
        if self.column != 0 {
            return Err(Misuse::UnfinishedByte);
        }
        if self.width.0 < 64 && value >> self.width.0 != 0 {
            return Err(Misuse::ByteTooWide { at: 0 });
        }
        let mut byte = [0; MAX_OCTETS];
        byte[MAX_OCTETS - 8..].copy_from_slice(&value.to_be_bytes());
        self.pack(&byte[MAX_OCTETS - self.width.octets()..], out)
    }

    /// Fills the last octet up with zero bits, and returns how many (0 to 7). For the end of the
    /// data; the packer may be used again.
    ///
    /// # Errors
    /// [`Misuse::UnfinishedByte`] when the last byte was packed only in part; then nothing is done.
    pub fn align(&mut self, out: &mut Vec<u8>) -> Result<u8, Misuse> {
        if self.column != 0 {
            return Err(Misuse::UnfinishedByte);
        }
        if self.pending == 0 {
            return Ok(0);
        }
        let padding = 8 - self.pending;
        out.push(self.bits << padding);
        (self.bits, self.pending) = (0, 0);
        Ok(padding)
    }

    fn put(&mut self, octet: u8, out: &mut Vec<u8>) {
        let (count, next) = self.width.column(self.column);
        self.column = next;
        let bits = u16::from(self.bits) << count | u16::from(octet);
        self.pending += count;
        if self.pending >= 8 {
            self.pending -= 8;
            out.push((bits >> self.pending) as u8);
        }
        self.bits = bits as u8 & low_bits(self.pending);
    }
}

/// From packed octets to bytes in memory.
#[derive(Clone, Debug)]
pub struct Unpacker {
    width: Width,
    /// The low `pending` bits were not given out yet; the others are zero.
    bits: u8,
    pending: u8,
    /// So many octets of the present byte are in `byte`.
    column: u8,
    byte: [u8; MAX_OCTETS],
}

/// What [`Unpacker::unpack`] did.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// How many octets of the input were used.
    pub consumed: usize,
    /// How many whole bytes were appended.
    pub bytes: usize,
}

/// Bits that did not make a byte.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leftover {
    bits: u8,
    value: [u8; MAX_OCTETS],
}

impl Unpacker {
    /// An unpacker with nothing pending.
    #[must_use]
    pub const fn new(width: Width) -> Self {
        Self {
            width,
            bits: 0,
            pending: 0,
            column: 0,
            byte: [0; MAX_OCTETS],
        }
    }

    /// The width of the bytes.
    #[must_use]
    pub const fn width(&self) -> Width {
        self.width
    }

    /// Unpacks at most `max` bytes from `octets` and appends them in the memory form, only whole
    /// ones. No octet is consumed that is not needed for them, except that the rest of the last
    /// one is remembered. With `max` [`usize::MAX`] all octets are consumed.
    ///
    /// Up to 7 zero bits at the end of the data may be padding; with widths below 8 they look like
    /// a byte.
    pub fn unpack(&mut self, octets: &[u8], max: usize, out: &mut Vec<u8>) -> Unpacked {
        let size = self.width.octets();
        let mut rest = octets;
        let mut bytes = 0;
        let from = out.len();
        out.extend_from_slice(&self.byte[..usize::from(self.column)]);
        while bytes < max {
            if self.column == 0 && self.pending == 0 {
                bytes += self.unpack_aligned(&mut rest, max - bytes, out);
                if bytes == max {
                    break;
                }
            }
            let Some(octet) = self.take(&mut rest) else {
                break;
            };
            out.push(octet);
            bytes += usize::from(self.column == 0);
        }
        // What is not a whole byte is kept for the next call.
        let whole = from + bytes * size;
        self.byte[..out.len() - whole].copy_from_slice(&out[whole..]);
        out.truncate(whole);
        Unpacked {
            consumed: octets.len() - rest.len(),
            bytes,
        }
    }

    /// Unpacks one byte from the start of `octets`, which is shortened by what was used, and returns
    /// its low 64 bits: all of it when the width is at most 64. `None`: all octets were used and
    /// remembered, and more are needed.
    pub fn next_low_u64(&mut self, octets: &mut &[u8]) -> Option<u64> {
        loop {
            let column = usize::from(self.column);
            self.byte[column] = self.take(octets)?;
            if self.column == 0 {
                let byte = &self.byte[..=column];
                return Some(byte.iter().fold(0, |n, &o| n << 8 | u64::from(o)));
            }
        }
    }

    /// Forgets all bits that were not given out, and returns them. For the end of the data, and
    /// where the format goes on at the next octet.
    pub fn align(&mut self) -> Leftover {
        let column = usize::from(core::mem::take(&mut self.column));
        let pending = core::mem::take(&mut self.pending);
        let bits = if column == 0 {
            pending
        } else {
            self.width.top_bits() + 8 * (column as u8 - 1) + pending
        };
        // The bits of the byte, moved up by those that are still pending.
        let mut value = [0; MAX_OCTETS];
        let mut carry = u16::from(core::mem::take(&mut self.bits));
        let octets = self.byte[..column].iter().rev().chain([&0]);
        for (to, &octet) in value.iter_mut().rev().zip(octets) {
            carry |= u16::from(octet) << pending;
            *to = carry as u8;
            carry >>= 8;
        }
        Leftover { bits, value }
    }

    /// As many bytes as a fast path has, at most `max`, from the start of `octets`. Nothing is
    /// pending before or after.
    fn unpack_aligned(&self, octets: &mut &[u8], max: usize, out: &mut Vec<u8>) -> usize {
        if self.width.0.is_multiple_of(8) {
            let size = self.width.octets();
            let bytes = max.min(octets.len() / size);
            let (whole, rest) = octets.split_at(bytes * size);
            out.extend_from_slice(whole);
            *octets = rest;
            return bytes;
        }
        let mut bytes = 0;
        if self.width.0 == 36 {
            out.reserve(octets.len().min(max.saturating_mul(5)) / 9 * 10);
            while max - bytes >= 2
                && let Some((pair, rest)) = octets.split_first_chunk::<9>()
            {
                out.extend_from_slice(&unpack_36(pair));
                *octets = rest;
                bytes += 2;
            }
        }
        bytes
    }

    /// The next octet of the memory form.
    fn take(&mut self, octets: &mut &[u8]) -> Option<u8> {
        let (count, next) = self.width.column(self.column);
        let mut bits = u16::from(self.bits);
        if self.pending < count {
            let (&octet, rest) = octets.split_first()?;
            *octets = rest;
            bits = bits << 8 | u16::from(octet);
            self.pending += 8;
        }
        self.pending -= count;
        self.column = next;
        self.bits = bits as u8 & low_bits(self.pending);
        Some((bits >> self.pending) as u8)
    }
}

impl Leftover {
    /// How many bits there are: fewer than the width, or fewer than 8 when bytes were left out on
    /// purpose.
    #[must_use]
    pub const fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether all of them are zero, as padding is.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.value == [0; MAX_OCTETS]
    }

    /// The bits, right aligned, in as few octets as they fit in.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.value[MAX_OCTETS - usize::from(self.bits).div_ceil(8)..]
    }
}

/// The lowest `count` bits of an octet, for `count` up to 7.
const fn low_bits(count: u8) -> u8 {
    (1 << count) - 1
}

const MASK_36: u64 = (1 << 36) - 1;

fn pack_36(pair: &[u8; 10]) -> [u8; 9] {
    let [a, b, c, d, e, f, g, h, i, j] = *pair;
    let first = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
    let second = u64::from_be_bytes([0, 0, 0, f, g, h, i, j]);
    let high = (first << 28 | second >> 8).to_be_bytes();
    let mut packed = [0; 9];
    packed[..8].copy_from_slice(&high);
    packed[8] = j;
    packed
}

fn unpack_36(packed: &[u8; 9]) -> [u8; 10] {
    let [a, b, c, d, e, f, g, h, i] = *packed;
    let first = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]) >> 4;
    let second = u64::from_be_bytes([0, 0, 0, e, f, g, h, i]) & MASK_36;
    let mut pair = [0; 10];
    pair[..5].copy_from_slice(&first.to_be_bytes()[3..]);
    pair[5..].copy_from_slice(&second.to_be_bytes()[3..]);
    pair
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec;
    use proptest::prelude::*;

    fn width(bits: u8) -> Width {
        Width::new(bits).unwrap()
    }

    /// The bits of `octets` as text, the first `skip` left out.
    fn text(octets: &[u8], skip: usize) -> String {
        octets
            .iter()
            .flat_map(|octet| (0..8).rev().map(move |n| octet >> n & 1))
            .skip(skip)
            .map(|bit| if bit == 1 { '1' } else { '0' })
            .collect()
    }

    /// The packed form as text, bit by bit.
    fn packed_text(width: Width, bytes: &[u8]) -> String {
        let unused = 8 - usize::from(width.top_bits());
        bytes
            .chunks(width.octets())
            .map(|byte| text(byte, unused))
            .collect()
    }

    /// `count` bytes that fit their width, out of any octets.
    fn bytes_of(width: Width, octets: &[u8]) -> Vec<u8> {
        let mut bytes = octets.to_vec();
        bytes.truncate(bytes.len() / width.octets() * width.octets());
        for byte in bytes.chunks_mut(width.octets()) {
            byte[0] &= (0xff_u16 >> (8 - width.top_bits())) as u8;
        }
        bytes
    }

    fn pieces<'a>(octets: &'a [u8], cuts: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = octets;
        let mut cuts = cuts.iter().cycle();
        core::iter::from_fn(move || {
            let len = rest.len().min(cuts.next().copied().unwrap_or(usize::MAX));
            let (piece, after) = rest.split_at_checked(len).filter(|_| !rest.is_empty())?;
            rest = after;
            Some(piece)
        })
    }

    fn pack(width: Width, bytes: &[u8], cuts: &[usize]) -> Vec<u8> {
        let mut packer = Packer::new(width);
        let mut out = Vec::new();
        for piece in pieces(bytes, cuts) {
            packer.pack(piece, &mut out).unwrap();
        }
        let padding = packer.align(&mut out).unwrap();
        let bits = bytes.len() / width.octets() * usize::from(width.bits());
        assert_eq!(usize::from(padding), bits.next_multiple_of(8) - bits);
        out
    }

    fn unpack(width: Width, octets: &[u8], cuts: &[usize]) -> (Vec<u8>, Leftover) {
        let mut unpacker = Unpacker::new(width);
        let mut out = Vec::new();
        for piece in pieces(octets, cuts) {
            let before = out.len();
            let done = unpacker.unpack(piece, usize::MAX, &mut out);
            assert_eq!(done.consumed, piece.len());
            assert_eq!(out.len() - before, done.bytes * width.octets());
        }
        (out, unpacker.align())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn every_width_round_trips_in_any_cutting(
            octets in proptest::collection::vec(any::<u8>(), 0..400),
            cuts in proptest::collection::vec(1_usize..40, 1..9),
        ) {
            for bits in 1..=255 {
                let width = width(bits);
                let bytes = bytes_of(width, &octets);
                let packed = pack(width, &bytes, &cuts);
                prop_assert_eq!(&packed, &pack(width, &bytes, &[]));
                prop_assert!(text(&packed, 0).starts_with(&packed_text(width, &bytes)));
                let (unpacked, leftover) = unpack(width, &packed, &cuts);
                let (whole, padding) = unpacked.split_at(bytes.len());
                prop_assert_eq!(whole, &bytes);
                prop_assert!(leftover.bits() < bits && leftover.is_zero());
                prop_assert!(padding.iter().all(|&octet| octet == 0) && padding.len() < 8);
            }
        }

        #[test]
        fn any_octets_unpack_to_bytes_and_leftover(
            octets in proptest::collection::vec(any::<u8>(), 0..100),
            cuts in proptest::collection::vec(1_usize..40, 1..9),
        ) {
            for bits in 1..=255 {
                let width = width(bits);
                let (bytes, leftover) = unpack(width, &octets, &cuts);
                prop_assert_eq!((&bytes, leftover), (&unpack(width, &octets, &[]).0, leftover));
                let mut all = packed_text(width, &bytes);
                let unused = leftover.octets().len() * 8 - usize::from(leftover.bits());
                all += &text(leftover.octets(), unused);
                prop_assert_eq!(all, text(&octets, 0));
            }
        }

        #[test]
        fn a_limit_takes_exactly_so_many_bytes(
            octets in proptest::collection::vec(any::<u8>(), 0..200),
            limits in proptest::collection::vec(0_usize..9, 1..9),
        ) {
            for bits in 1..=255 {
                let width = width(bits);
                let (all, _) = unpack(width, &octets, &[]);
                let mut unpacker = Unpacker::new(width);
                let mut rest = &octets[..];
                let mut out = Vec::new();
                for &max in limits.iter().cycle().take(limits.len() * 40) {
                    let done = unpacker.unpack(rest, max, &mut out);
                    rest = &rest[done.consumed..];
                    prop_assert!(done.bytes == max || rest.is_empty());
                    if done.bytes == max && max > 0 {
                        let used = (octets.len() - rest.len()) * 8;
                        let needed = out.len() / width.octets() * usize::from(bits);
                        prop_assert!((0..8).contains(&(used - needed)));
                    }
                }
                prop_assert!(all.starts_with(&out));
            }
        }

        #[test]
        fn values_round_trip(values in proptest::collection::vec(any::<u64>(), 1..20)) {
            for bits in 1..=255 {
                let width = width(bits);
                let fit = |value| if bits < 64 { value & ((1 << bits) - 1) } else { value };
                let mut packer = Packer::new(width);
                let mut out = Vec::new();
                for &value in &values {
                    packer.pack_u64(fit(value), &mut out).unwrap();
                }
                packer.align(&mut out).unwrap();
                let mut unpacker = Unpacker::new(width);
                let mut rest = &out[..];
                for &value in &values {
                    // Octet by octet: `None` remembers.
                    let got = core::iter::from_fn(|| {
                        let (mut first, after) = rest.split_at(rest.len().min(1));
                        let got = unpacker.next_low_u64(&mut first);
                        if first.is_empty() {
                            rest = after;
                        }
                        Some(got)
                    })
                    .take(40)
                    .find_map(|got| got);
                    prop_assert_eq!(got, Some(fit(value)));
                }
            }
        }
    }

    #[test]
    fn rfc454_figures() {
        // One 36-bit word, two of them, and 1011 in one-bit bytes.
        let words = |values: &[u64], bits| {
            let mut packer = Packer::new(width(bits));
            let mut out = Vec::new();
            for &value in values {
                packer.pack_u64(value, &mut out).unwrap();
            }
            (packer.align(&mut out).unwrap(), out)
        };
        assert_eq!(
            words(&[0x1_2345_6789], 36),
            (4, vec![0x12, 0x34, 0x56, 0x78, 0x90])
        );
        assert_eq!(words(&[1, 2], 36), (0, vec![0, 0, 0, 0, 0x10, 0, 0, 0, 2]));
        assert_eq!(words(&[1, 0, 1, 1], 1), (4, vec![0xb0]));
        assert_eq!(
            words(&[4, 2, 0x51, 0x39], 12),
            (0, vec![0, 0x40, 2, 5, 0x10, 0x39])
        );
    }

    #[test]
    fn a_byte_that_is_too_wide_is_refused() {
        let mut packer = Packer::new(width(12));
        let mut out = Vec::new();
        packer.pack(&[0x0f], &mut out).unwrap();
        assert_eq!(
            packer.pack(&[0xff, 0x0f, 0xff, 0x10, 0], &mut out),
            Err(Misuse::ByteTooWide { at: 3 })
        );
        assert_eq!(out, []);
        assert_eq!(packer.pack_u64(1, &mut out), Err(Misuse::UnfinishedByte));
        assert_eq!(packer.align(&mut out), Err(Misuse::UnfinishedByte));
        packer.pack(&[0xff], &mut out).unwrap();
        assert_eq!(
            packer.pack_u64(0x1000, &mut out),
            Err(Misuse::ByteTooWide { at: 0 })
        );
        packer.pack_u64(0xfff, &mut out).unwrap();
        assert_eq!((packer.align(&mut out), out), (Ok(0), vec![0xff; 3]));
    }

    #[test]
    fn every_bit_above_the_width_is_refused() {
        for bits in 1..=255 {
            let width = width(bits);
            for bit in width.top_bits()..8 {
                let mut bytes = vec![0; 2 * width.octets()];
                bytes[width.octets()] = 1 << bit;
                let at = width.octets();
                assert_eq!(
                    Packer::new(width).pack(&bytes, &mut Vec::new()),
                    Err(Misuse::ByteTooWide { at })
                );
            }
            let widest = (0xff_u16 >> (8 - width.top_bits())) as u8;
            let bytes = [&[widest][..], &vec![0xff; width.octets() - 1]].concat();
            assert_eq!(Packer::new(width).pack(&bytes, &mut Vec::new()), Ok(()));
        }
    }

    #[test]
    fn leftover_is_what_did_not_make_a_byte() {
        let mut unpacker = Unpacker::new(width(36));
        let mut out = Vec::new();
        let done = unpacker.unpack(&[0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc], usize::MAX, &mut out);
        assert_eq!(
            (done.bytes, &out[..]),
            (1, &[1, 0x23, 0x45, 0x67, 0x89][..])
        );
        let leftover = unpacker.align();
        assert_eq!((leftover.bits(), leftover.octets()), (12, &[0xa, 0xbc][..]));
        assert!(!leftover.is_zero());
        let nothing = unpacker.align();
        assert_eq!((nothing.bits(), nothing.octets()), (0, &[][..]));
        // Aligned, it goes on with a new octet.
        assert_eq!(unpacker.next_low_u64(&mut &[0, 0, 0, 0, 0x5f][..]), Some(5));
        assert_eq!(unpacker.align().octets(), [0xf]);
    }

    #[test]
    fn widths_have_1_to_255_bits() {
        assert_eq!(Width::new(0), None);
        for (bits, octets, top) in [(1, 1, 1), (8, 1, 8), (9, 2, 1), (36, 5, 4), (255, 32, 7)] {
            let width = width(bits);
            assert_eq!((width.octets(), width.top_bits()), (octets, top));
        }
    }
}
