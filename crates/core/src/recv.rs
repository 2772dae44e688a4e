use alloc::vec::Vec;

/// A receive buffer: octets are filled in at its end and consumed at its start.
///
/// It grows from nothing to a maximum, twice as large each time it was filled to the brim, so that a
/// fast stream soon needs few reads. It moves what is left to the front when that makes room, and
/// gives its memory back on [`release`](Self::release).
///
/// ```
/// # use wirelore_core::RecvBuf;
/// let mut buf = RecvBuf::new(4096);
/// let spare = buf.spare();
/// spare[..5].copy_from_slice(b"hello"); // in real life: read(spare)
/// buf.fill(5);
/// buf.consume(2);
/// assert_eq!(buf.bytes(), b"llo");
/// ```
#[derive(Clone, Debug)]
pub struct RecvBuf {
    /// Zeroed once when it is allocated, so that `spare` can lend it out.
    buf: Vec<u8>,
    start: usize,
    end: usize,
    max: usize,
    /// The size of the next first allocation.
    first: usize,
    /// The last read used all the room there was.
    brimful: bool,
}

impl RecvBuf {
    /// The size of the first allocation, unless the maximum is less.
    const FIRST: usize = 4096;

    /// An empty buffer that holds at most `max` octets; nothing is allocated. With
    /// [`max_unconsumed`](crate::Machine::max_unconsumed) or more a machine can always go on; for
    /// streams of data 65536 or more is a good choice.
    #[must_use]
    pub const fn new(max: usize) -> Self {
        Self {
            buf: Vec::new(),
            start: 0,
            end: 0,
            max,
            first: Self::FIRST,
            brimful: false,
        }
    }

    /// What was filled in and not consumed yet.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }

    /// How many octets these are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether the maximum is reached: [`spare`](Self::spare) is empty until something is consumed.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.len() >= self.max
    }

    /// How many octets it holds at most.
    #[must_use]
    pub const fn max(&self) -> usize {
        self.max
    }

    /// How much memory it has now, in octets.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buf.capacity()
    }

    /// Room for more octets, to read into: at least one, unless the buffer is full. What it
    /// contains means nothing. Call [`fill`](Self::fill) afterwards.
    pub fn spare(&mut self) -> &mut [u8] {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
        let room = self.buf.len() - self.end;
        if self.wanted() > self.buf.len() {
            self.compact();
            let size = self.wanted();
            self.buf.reserve_exact(size - self.buf.len());
            self.buf.resize(size, 0);
            self.brimful = false;
        } else if room < self.buf.len() / 2 && room < self.start {
            self.compact();
        }
        &mut self.buf[self.end..]
    }

    /// The first `count` octets of [`spare`](Self::spare) were read into. More than there were
    /// count as all.
    pub fn fill(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.buf.len());
        self.brimful = count > 0 && self.end == self.buf.len();
    }

    /// Forgets the first `count` octets. More than there are count as all.
    pub fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }

    /// Gives the memory back if there is nothing in it: for a connection that begins to wait.
    pub fn release(&mut self) {
        if self.is_empty() {
            *self = Self::new(self.max);
        }
    }

    /// Takes all octets out, with the memory they are in and without copying them; the buffer is
    /// empty afterwards. What remains of them comes back with [`restore`](Self::restore).
    #[cfg(feature = "bytes")]
    pub fn freeze(&mut self) -> bytes::Bytes {
        self.first = self.wanted();
        let mut buf = core::mem::take(&mut self.buf);
        buf.truncate(self.end);
        let bytes = bytes::Bytes::from(buf).slice(self.start..);
        (self.start, self.end, self.brimful) = (0, 0, false);
        bytes
    }

    /// Copies `rest`, what was not consumed of the octets that [`freeze`](Self::freeze) took out,
    /// back to the front.
    #[cfg(feature = "bytes")]
    pub fn restore(&mut self, rest: &[u8]) {
        let len = rest.len() + self.len();
        let size = self.wanted().max(len);
        let mut buf = Vec::with_capacity(size);
        buf.extend_from_slice(rest);
        buf.extend_from_slice(self.bytes());
        buf.resize(size, 0);
        self.buf = buf;
        (self.start, self.end, self.brimful) = (0, len, false);
    }

    /// The size that the buffer should have now.
    fn wanted(&self) -> usize {
        let size = match self.buf.len() {
            0 => self.first,
            size if self.brimful => 2 * size,
            size => size,
        };
        size.min(self.max)
    }

    fn compact(&mut self) {
        self.buf.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn write(buf: &mut RecvBuf, octets: &[u8]) -> usize {
        let spare = buf.spare();
        let count = spare.len().min(octets.len());
        spare[..count].copy_from_slice(&octets[..count]);
        buf.fill(count);
        count
    }

    #[test]
    fn it_grows_from_nothing_to_its_maximum() {
        let mut buf = RecvBuf::new(10_000);
        assert_eq!((buf.capacity(), buf.len(), buf.max()), (0, 0, 10_000));
        let mut sizes = alloc::vec![];
        while !buf.is_full() {
            let count = buf.spare().len();
            assert_eq!(write(&mut buf, &[7; 10_000]), count);
            sizes.push(buf.capacity());
        }
        assert_eq!(sizes, [4096, 8192, 10_000]);
        assert!(buf.spare().is_empty());
        assert_eq!(buf.bytes(), [7; 10_000]);
        buf.consume(1);
        assert_eq!((buf.is_full(), buf.spare().len()), (false, 1));
    }

    #[test]
    fn what_is_left_moves_to_the_front() {
        let mut buf = RecvBuf::new(8);
        assert_eq!(write(&mut buf, b"abcdefgh"), 8);
        buf.consume(6);
        assert_eq!(write(&mut buf, b"ijklmnop"), 6);
        assert_eq!(buf.bytes(), b"ghijklmn");
        buf.consume(99);
        assert_eq!((buf.len(), buf.spare().len()), (0, 8));
        buf.fill(99);
        assert_eq!(buf.len(), 8);
    }

    #[test]
    fn only_reads_that_fill_it_make_it_grow() {
        let mut buf = RecvBuf::new(100_000);
        for _ in 0..1000 {
            let room = buf.spare().len();
            assert!(room >= 2048, "{room}");
            write(&mut buf, &[1; 2000]);
            buf.consume(buf.len() - 100);
        }
        assert_eq!((buf.len(), buf.capacity()), (100, 4096));
        for size in [4096, 8192, 16_384, 32_768, 65_536, 100_000, 100_000] {
            write(&mut buf, &[1; 100_000]);
            assert_eq!((buf.len(), buf.capacity()), (size, size));
            buf.consume(size - 100);
        }
    }

    #[test]
    fn memory_is_given_back_only_when_empty() {
        let mut buf = RecvBuf::new(100);
        write(&mut buf, b"abc");
        buf.consume(2);
        buf.release();
        assert_eq!(buf.bytes(), b"c");
        buf.consume(1);
        buf.release();
        assert_eq!(buf.capacity(), 0);
        assert_eq!(write(&mut buf, b"d"), 1);
        assert_eq!(buf.bytes(), b"d");
    }

    #[test]
    fn a_buffer_for_nothing_is_full() {
        let mut buf = RecvBuf::new(0);
        assert!(buf.is_full() && buf.spare().is_empty());
    }

    proptest! {
        #[test]
        fn octets_stay_in_order_and_within_the_maximum(
            max in 1_usize..20_000,
            acts in proptest::collection::vec((0_u8..5, 0_usize..9000), 0..60),
        ) {
            let mut buf = RecvBuf::new(max);
            let mut model = alloc::vec![];
            let mut next = 0_u8;
            for (act, count) in acts {
                match act {
                    0..2 => {
                        buf.consume(count);
                        model.drain(..count.min(model.len()));
                    }
                    2 => buf.release(),
                    _ => {
                        next = next.wrapping_add(1);
                        let octets = alloc::vec![next; count];
                        let count = write(&mut buf, &octets);
                        prop_assert!(count > 0 || octets.is_empty() || buf.is_full());
                        model.extend_from_slice(&octets[..count]);
                    }
                }
                prop_assert_eq!(buf.bytes(), &model[..]);
                prop_assert_eq!((buf.len(), buf.is_full()), (model.len(), model.len() == max));
                prop_assert!(buf.capacity() <= max);
            }
        }
    }

    #[cfg(feature = "bytes")]
    #[test]
    fn frozen_octets_keep_their_place_in_memory() {
        let mut buf = RecvBuf::new(100_000);
        while buf.len() < 5000 {
            write(&mut buf, b"0123456789");
        }
        buf.consume(3);
        let (place, len) = (buf.bytes().as_ptr(), buf.len());
        let frozen = buf.freeze();
        assert_eq!((frozen.as_ptr(), frozen.len()), (place, len));
        assert!(buf.is_empty() && frozen.starts_with(b"3456"));
        buf.restore(&frozen[len - 7..]);
        assert_eq!((buf.len(), buf.spare().len()), (7, 8192 - 7));
        assert_eq!(buf.bytes(), &frozen[len - 7..]);
        // Octets that came in between stay behind the rest.
        let mut buf = RecvBuf::new(8);
        write(&mut buf, b"abcd");
        let frozen = buf.freeze();
        write(&mut buf, b"ef");
        buf.restore(&frozen[2..]);
        assert_eq!(buf.bytes(), b"cdef");
    }
}
