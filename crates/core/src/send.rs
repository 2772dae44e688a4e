use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;

/// A send buffer: what machines write is joined, large chunks that the application owns are kept
/// apart and never copied.
///
/// Octets leave in the order they came in. [`slices`](Self::slices) shows the front of the queue as
/// slices for a vectored write, [`advance`](Self::advance) takes away what was sent. Both marks are
/// advice for the driver: nothing is refused.
///
/// ```
/// # use wirelore_core::SendBuf;
/// let mut buf = SendBuf::new(65_536, 16_384);
/// buf.out().extend_from_slice(b"HTTP/1.1 200 OK\r\n\r\n"); // in real life: machine.step(.., buf.out())
/// buf.push(vec![b'x'; 10_000]);
/// let mut slices = [&[][..]; 8];
/// let count = buf.slices(&mut slices);
/// assert_eq!(slices[..count].iter().map(|s| s.len()).collect::<Vec<_>>(), [19, 10_000]);
/// buf.advance(20); // in real life: what write_vectored returned
/// assert_eq!(buf.len(), 9_999);
/// ```
#[derive(Clone, Debug)]
pub struct SendBuf {
    queue: VecDeque<Chunk>,
    /// Octets in `queue`, with those of the front chunk that were sent.
    queued: usize,
    /// Behind the queue: what machines append to.
    out: Vec<u8>,
    /// How many octets of the front chunk, or of `out` when the queue is empty, were sent.
    sent: usize,
    /// An empty buffer with memory, to be the next `out`.
    reserve: Vec<u8>,
    high: usize,
    low: usize,
}

/// A chunk that a [`SendBuf`] owns.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Chunk {
    /// Octets on the heap.
    Vec(Vec<u8>),
    /// Octets of the program.
    Static(&'static [u8]),
    /// Shared octets.
    #[cfg(feature = "bytes")]
    Bytes(bytes::Bytes),
}

impl SendBuf {
    /// Chunks up to this length are copied to what was written before, longer ones stay apart.
    pub const JOIN: usize = 1024;

    /// So many octets that were sent stay in front of others, to be removed together.
    const TIDY: usize = 16_384;

    /// An empty buffer with its marks in octets; nothing is allocated.
    #[must_use]
    pub const fn new(high: usize, low: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            queued: 0,
            out: Vec::new(),
            sent: 0,
            reserve: Vec::new(),
            high,
            low,
        }
    }

    /// Where machines append what is to be sent. Only to be appended to: what is in it already was
    /// not sent yet, or has been sent in part.
    pub const fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Appends a chunk.
    pub fn push(&mut self, chunk: impl Into<Chunk>) {
        let chunk = chunk.into();
        if chunk.len() <= Self::JOIN {
            self.out.extend_from_slice(chunk.as_ref());
            return;
        }
        if !self.out.is_empty() {
            let out = mem::replace(&mut self.out, mem::take(&mut self.reserve));
            self.queued += out.len();
            self.queue.push_back(Chunk::Vec(out));
        }
        self.queued += chunk.len();
        self.queue.push_back(chunk);
    }

    /// How many octets wait to be sent.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.queued + self.out.len() - self.sent
    }

    /// Whether all was sent.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the high mark is reached: stop causing output.
    #[must_use]
    pub const fn is_high(&self) -> bool {
        self.len() >= self.high
    }

    /// Whether less than the low mark waits: go on causing output.
    #[must_use]
    pub const fn is_low(&self) -> bool {
        self.len() < self.low
    }

    /// Puts the front of the queue into `slices`, as far as it fits, and returns how many slices
    /// that are. None of them is empty.
    pub fn slices<'s>(&'s self, slices: &mut [&'s [u8]]) -> usize {
        let mut sent = self.sent;
        let chunks = self.queue.iter().map(AsRef::as_ref).chain([&self.out[..]]);
        let waiting = chunks
            .map(|chunk| &chunk[mem::take(&mut sent)..])
            .filter(|chunk| !chunk.is_empty());
        let mut count = 0;
        for (slice, chunk) in slices.iter_mut().zip(waiting) {
            *slice = chunk;
            count += 1;
        }
        count
    }

    /// The first octets that wait, contiguous; empty when nothing waits.
    #[must_use]
    pub fn front(&self) -> &[u8] {
        let mut slices = [&[][..]];
        self.slices(&mut slices);
        slices[0]
    }

    /// Takes away the first `count` octets, which were sent. More than there are count as all.
    pub fn advance(&mut self, count: usize) {
        self.sent += count.min(self.len());
        while let Some(front) = self.queue.front()
            && front.len() <= self.sent
        {
            let len = front.len();
            self.sent -= len;
            self.queued -= len;
            if let Some(Chunk::Vec(mut chunk)) = self.queue.pop_front()
                && self.reserve.capacity() == 0
            {
                chunk.clear();
                self.reserve = chunk;
            }
        }
        if !self.queue.is_empty() {
            return;
        }
        if self.sent == self.out.len() {
            self.out.clear();
            self.sent = 0;
        } else if self.sent > Self::TIDY && self.sent > self.out.len() / 2 {
            // A slow peer that never lets the buffer run empty must not make it grow for ever.
            self.out.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// Gives the memory back if there is nothing in it: for a connection that begins to wait.
    pub fn release(&mut self) {
        if self.is_empty() {
            *self = Self::new(self.high, self.low);
        }
    }
}

impl Chunk {
    /// Its length in octets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_ref().len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Vec(octets) => octets,
            Self::Static(octets) => octets,
            #[cfg(feature = "bytes")]
            Self::Bytes(octets) => octets,
        }
    }
}

impl From<Vec<u8>> for Chunk {
    fn from(octets: Vec<u8>) -> Self {
        Self::Vec(octets)
    }
}

impl From<&'static [u8]> for Chunk {
    fn from(octets: &'static [u8]) -> Self {
        Self::Static(octets)
    }
}

#[cfg(feature = "bytes")]
impl From<bytes::Bytes> for Chunk {
    fn from(octets: bytes::Bytes) -> Self {
        Self::Bytes(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    fn all(buf: &SendBuf) -> Vec<u8> {
        let mut slices = [&[][..]; 32];
        let count = buf.slices(&mut slices);
        assert!(slices[..count].iter().all(|slice| !slice.is_empty()));
        assert_eq!(buf.front(), slices[0]);
        slices.concat()
    }

    #[test]
    fn small_writes_are_joined_and_large_chunks_are_kept() {
        let mut buf = SendBuf::new(5000, 100);
        buf.out().extend_from_slice(b"a");
        buf.push(&b"b"[..]);
        buf.push(vec![b'c'; 1024]);
        let large = vec![b'd'; 1025];
        let place = large.as_ptr();
        buf.push(large);
        buf.out().push(b'e');
        buf.push(vec![b'f'; 3000]);
        let mut slices = [&[][..]; 3];
        assert_eq!(buf.slices(&mut slices), 3);
        assert_eq!(slices.map(<[u8]>::len), [1026, 1025, 1]);
        assert_eq!(slices[1].as_ptr(), place);
        assert_eq!(
            (buf.len(), buf.is_high(), buf.is_low()),
            (5052, true, false)
        );
        buf.advance(1026 + 1025);
        assert_eq!((buf.front(), buf.len()), (&b"e"[..], 3001));
        assert!(!buf.is_high());
        buf.advance(2950);
        assert!(buf.is_low() && !buf.is_empty());
        buf.advance(100);
        assert!(buf.is_empty() && buf.front().is_empty());
    }

    #[test]
    fn a_slow_peer_does_not_make_it_grow() {
        let mut buf = SendBuf::new(0, 0);
        buf.out().extend_from_slice(&[0; 1000]);
        for n in 0..100_000_u32 {
            buf.out().extend_from_slice(&[n as u8; 100]);
            buf.advance(100);
        }
        assert_eq!(buf.len(), 1000);
        assert!(buf.out.capacity() < 200_000, "{}", buf.out.capacity());
        assert_eq!(all(&buf)[999], 99_999_u32 as u8);
    }

    #[test]
    fn memory_is_kept_until_it_is_given_back() {
        let mut buf = SendBuf::new(0, 0);
        buf.out().extend_from_slice(&[0; 100_000]);
        let capacity = buf.out.capacity();
        buf.advance(99_999);
        buf.release();
        assert_eq!(all(&buf), [0]);
        buf.advance(1);
        assert_eq!(buf.out.capacity(), capacity);
        buf.release();
        assert_eq!(buf.out.capacity(), 0);
    }

    #[test]
    fn the_buffer_for_small_writes_is_used_again() {
        let mut buf = SendBuf::new(0, 0);
        for _ in 0..3 {
            buf.out().extend_from_slice(b"head");
            buf.push(vec![0; 2000]);
            buf.advance(2004);
        }
        let (out, reserve) = (buf.out.capacity(), buf.reserve.capacity());
        assert!(out > 0 && reserve > 0);
        buf.out().extend_from_slice(b"head");
        buf.push(&[0; 2000][..]);
        buf.advance(2004);
        assert_eq!(buf.out.capacity() + buf.reserve.capacity(), out + reserve);
    }

    #[cfg(feature = "bytes")]
    #[test]
    fn shared_octets_are_not_copied() {
        let mut buf = SendBuf::new(0, 0);
        let shared = bytes::Bytes::from(vec![1; 5000]);
        buf.push(shared.clone());
        assert_eq!(buf.front().as_ptr(), shared.as_ptr());
    }

    proptest! {
        #[test]
        fn octets_leave_in_the_order_they_came_in(
            acts in proptest::collection::vec((0_u8..3, 0_usize..4000), 0..30),
        ) {
            let mut buf = SendBuf::new(1, 1);
            let mut model = Vec::new();
            let mut next = 0_u8;
            for (act, count) in acts {
                if act == 2 {
                    let count = count * 3;
                    buf.advance(count);
                    model.drain(..count.min(model.len()));
                } else {
                    next = next.wrapping_add(1);
                    let octets = vec![next; count];
                    model.extend_from_slice(&octets);
                    if act == 0 {
                        buf.out().extend_from_slice(&octets);
                    } else {
                        buf.push(octets);
                    }
                }
                prop_assert_eq!(buf.len(), model.len());
                prop_assert_eq!(all(&buf), &model[..]);
                prop_assert_eq!((buf.is_high(), buf.is_low()), (!model.is_empty(), model.is_empty()));
            }
        }
    }
}
