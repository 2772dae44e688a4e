//! Netascii to local text and back, streaming (RFC 1350 section 1, RFC 764).
//!
//! Local text here has lines ended by a lone LF. On the wire a line ends with CR LF, and a CR that
//! ends no line is CR NUL. Decoding cuts slices and copies nothing.

/// One block of a netascii transfer, as the local text it stands for.
///
/// Iterate to get the pieces, in order; together they are the local octets. A CR at the very end of
/// a block says nothing until the next octet is known: it is kept back (see
/// [`held`](Self::held)) unless the block is the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'d> {
    rest: &'d [u8],
    /// A CR came just before `rest`, and has not been handed out.
    cr: bool,
    last: bool,
}

impl<'d> Decoded<'d> {
    /// The text of `block`; `cr` says that the block before it ended with a CR that was kept back,
    /// `last` that no block follows.
    #[must_use]
    pub const fn new(block: &'d [u8], cr: bool, last: bool) -> Self {
        Self {
            rest: block,
            cr,
            last,
        }
    }

    /// Whether `block` ends with a CR that the following block must explain, given that `cr` came
    /// before it.
    #[must_use]
    pub const fn held(block: &[u8], cr: bool) -> bool {
        match block {
            [] => cr,
            [.., last] => *last == b'\r',
        }
    }

    /// How many octets of local text the block stands for.
    #[must_use]
    pub fn octets(self) -> u64 {
        self.map(|piece| piece.len() as u64).sum()
    }
}

impl<'d> Iterator for Decoded<'d> {
    type Item = &'d [u8];

    fn next(&mut self) -> Option<&'d [u8]> {
        loop {
            if self.cr {
                self.cr = false;
                match self.rest {
                    [b'\n', rest @ ..] => {
                        let line_end = &self.rest[..1];
                        self.rest = rest;
                        return Some(line_end);
                    }
                    [b'\0', rest @ ..] => {
                        self.rest = rest;
                        return Some(b"\r");
                    }
                    // a bare CR, which netascii does not have: kept as it is
                    [_, ..] => return Some(b"\r"),
                    [] => return self.last.then_some(b"\r"),
                }
            }
            if self.rest.is_empty() {
                return None;
            }
            let end = memchr::memchr(b'\r', self.rest);
            let piece = &self.rest[..end.unwrap_or(self.rest.len())];
            self.cr = end.is_some();
            self.rest = &self.rest[piece.len() + usize::from(self.cr)..];
            if !piece.is_empty() {
                return Some(piece);
            }
        }
    }
}

/// Where a netascii block begins: how many local octets were taken before it, and the second half
/// of a pair that the block before it had no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Local octets taken so far.
    pub offset: u64,
    /// LF or NUL still owed, if any.
    pub owed: Option<u8>,
}

impl Position {
    /// Encodes `text`, the local octets from [`offset`](Self::offset) on, into `block` until one of
    /// the two ends. Returns the octets written and the position after them.
    #[must_use]
    pub fn encode(mut self, text: &[u8], block: &mut [u8]) -> (usize, Self) {
        let mut written = 0;
        let mut taken = 0;
        loop {
            if let Some(second) = self.owed {
                let Some(room) = block.get_mut(written) else {
                    break;
                };
                *room = second;
                self.owed = None;
                written += 1;
            }
            let room = &mut block[written..];
            let rest = &text[taken..];
            let plain = &rest[..rest.len().min(room.len())];
            let run = memchr::memchr2(b'\r', b'\n', plain).unwrap_or(plain.len());
            room[..run].copy_from_slice(&plain[..run]);
            written += run;
            taken += run;
            let (Some(&special), true) = (rest.get(run), written < block.len()) else {
                break;
            };
            block[written] = b'\r';
            written += 1;
            taken += 1;
            self.owed = Some(if special == b'\n' { b'\n' } else { 0 });
        }
        self.offset += taken as u64;
        (written, self)
    }
}

/// How many octets `text` takes on the wire. For the `tsize` of a long text, add up its pieces.
#[must_use]
pub fn encoded_len(text: &[u8]) -> u64 {
    (text.len() + memchr::memchr2_iter(b'\r', b'\n', text).count()) as u64
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn decode(blocks: &[&[u8]]) -> Vec<u8> {
        let mut text = Vec::new();
        let mut cr = false;
        for (i, block) in blocks.iter().enumerate() {
            for piece in Decoded::new(block, cr, i + 1 == blocks.len()) {
                text.extend_from_slice(piece);
            }
            cr = Decoded::held(block, cr);
        }
        text
    }

    fn encode(text: &[u8], block: usize) -> Vec<Vec<u8>> {
        let mut at = Position::default();
        let mut blocks = Vec::new();
        loop {
            let mut room = std::vec![0; block];
            let from = at.offset as usize;
            let upto = text.len().min(from + block);
            let (len, next) = at.encode(&text[from..upto], &mut room);
            room.truncate(len);
            blocks.push(room);
            at = next;
            if len < block {
                return blocks;
            }
        }
    }

    #[test]
    fn line_ends_and_bare_carriage_returns() {
        assert_eq!(encode(b"a\nb\rc", 64), [b"a\r\nb\r\0c"]);
        assert_eq!(decode(&[b"a\r\nb\r\0c"]), b"a\nb\rc");
        assert_eq!(encoded_len(b"a\nb\rc"), 7);
    }

    #[test]
    fn a_pair_may_be_split_between_blocks() {
        let text = b"\n\r\n\n\r\rx\r";
        let whole: Vec<u8> = encode(text, 512).concat();
        for size in 1..=whole.len() + 1 {
            let blocks = encode(text, size);
            assert_eq!(blocks.concat(), whole, "block size {size}");
            let blocks: Vec<&[u8]> = blocks.iter().map(Vec::as_slice).collect();
            assert_eq!(decode(&blocks), text, "block size {size}");
        }
        assert_eq!(encoded_len(text), whole.len() as u64);
    }

    #[test]
    fn a_bare_cr_on_the_wire_is_kept() {
        assert_eq!(decode(&[b"a\rb"]), b"a\rb");
        assert_eq!(decode(&[b"a\r", b"b"]), b"a\rb");
        assert_eq!(decode(&[b"a\r", b""]), b"a\r");
        assert_eq!(decode(&[b"\r\r\n"]), b"\r\n");
    }

    #[test]
    fn octets_counts_the_local_text() {
        assert_eq!(Decoded::new(b"\nab\r", true, false).octets(), 3);
        assert_eq!(Decoded::new(b"\nab\r", true, true).octets(), 4);
    }
}
