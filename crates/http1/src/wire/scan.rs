//! Finding the first octet that may not stand where it stands.
//!
//! Short runs are tested eight octets at a time in a machine word, long ones in blocks of 32 with a
//! constant step: nothing in the loop depends on where a match is, so the compiler turns a block into
//! vector instructions and the processor works on several at once.

use super::octet;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// A high bit for octets of `word` below `limit` (at most 0x80). Bits above the lowest one set may be
/// false.
#[inline(always)]
const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * limit as u64) & !word & HIGHS
}

/// A high bit for octets of `word` that are `octet`. Bits above the lowest one set may be false.
#[inline(always)]
const fn equal(word: u64, octet: u8) -> u64 {
    below(word ^ (ONES * octet as u64), 1)
}

/// A high bit for octets of `word` below `limit` (at most 0x80) or above 0x7E. Bits above the lowest one
/// set may be false.
#[inline(always)]
const fn outside(word: u64, limit: u8) -> u64 {
    (word.wrapping_sub(ONES * limit as u64) | word.wrapping_add(ONES)) & HIGHS
}

/// A high bit for octets of `word` that are neither SP nor visible US-ASCII. Bits above the lowest one
/// set may be false.
#[inline(always)]
const fn unprintable(word: u64) -> u64 {
    outside(word, 0x20)
}

/// The octet that the lowest bit set belongs to.
#[inline(always)]
const fn lowest(bits: u64) -> usize {
    (bits.trailing_zeros() / 8) as usize
}

/// How many words are tried before a value is taken for a long one.
const WORDS: usize = 4;

/// How many octets of a field value `octets` begins with: up to the first one that is not HTAB, SP,
/// visible or above 0x7F.
#[inline(always)]
pub(super) fn value_len(octets: &[u8]) -> usize {
    let len = printable_len(octets);
    match octets.get(len) {
        Some(b'\r') => len,
        _ => unusual_value_len(octets, len),
    }
}

/// How many octets that are SP or visible US-ASCII `octets` begins with, or fewer: what a value nearly
/// always is up to its line end.
#[inline(always)]
pub(super) fn printable_len(octets: &[u8]) -> usize {
    let mut rest = octets;
    let mut len = 0;
    while len < WORDS * 8 {
        let Some((word, behind)) = rest.split_first_chunk() else {
            return last_printable_len(octets, len, rest);
        };
        let stop = unprintable(u64::from_le_bytes(*word));
        if stop != 0 {
            return len + lowest(stop);
        }
        len += 8;
        rest = behind;
    }
    long_printable_len(octets, len)
}

/// The same where fewer than eight octets, `rest`, are left behind `len` that are known.
#[inline(always)]
fn last_printable_len(octets: &[u8], len: usize, rest: &[u8]) -> usize {
    match octets.last_chunk() {
        Some(word) if !rest.is_empty() => {
            // what is shifted in is unprintable
            let word = u64::from_le_bytes(*word) >> (64 - 8 * (rest.len() & 7));
            len + lowest(unprintable(word))
        }
        _ => len,
    }
}

/// The same, of which `len` are known.
#[inline(never)]
fn long_printable_len(octets: &[u8], mut len: usize) -> usize {
    let mut rest = octets.get(len..).unwrap_or_default();
    while let Some((block, behind)) = rest.split_first_chunk::<64>() {
        if any_unprintable(block) {
            break;
        }
        len += 64;
        rest = behind;
    }
    while let Some((block, behind)) = rest.split_first_chunk::<32>() {
        if any_unprintable(block) {
            break;
        }
        len += 32;
        rest = behind;
    }
    while let Some((word, behind)) = rest.split_first_chunk() {
        let stop = unprintable(u64::from_le_bytes(*word));
        if stop != 0 {
            return len + lowest(stop);
        }
        len += 8;
        rest = behind;
    }
    last_printable_len(octets, len, rest)
}

/// Whether one is below 0x20 or above 0x7E, as a signed comparison, which SSE2 has.
#[inline(always)]
#[expect(clippy::cast_possible_wrap, reason = "meant so")]
fn any_unprintable<const N: usize>(block: &[u8; N]) -> bool {
    block.iter().fold(false, |any, octet| {
        any | ((octet.wrapping_add(1) as i8) < 0x21)
    })
}

/// [`value_len`] for values with HTAB or obs-text, of which `len` octets are known.
#[cold]
#[inline(never)]
pub(super) fn unusual_value_len(octets: &[u8], mut len: usize) -> usize {
    let mut rest = octets.get(len..).unwrap_or_default();
    while let Some((block, behind)) = rest.split_first_chunk::<32>() {
        let refused = block.iter().fold(false, |any, &octet| {
            any | ((octet < 0x20) & (octet != b'\t')) | (octet == 0x7f)
        });
        if refused {
            break;
        }
        len += 32;
        rest = behind;
    }
    len + rest
        .iter()
        .take_while(|&&octet| octet::is_field(octet))
        .count()
}

/// How many octets that may stand in a request-target `octets` begins with.
#[inline(always)]
pub(super) fn target_len(octets: &[u8]) -> usize {
    let mut rest = octets;
    let mut len = 0;
    while let Some((word, behind)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*word);
        let stop = outside(word, 0x21) | equal(word, b'#');
        if stop != 0 {
            return len + lowest(stop);
        }
        len += 8;
        rest = behind;
    }
    len + rest
        .iter()
        .take_while(|&&octet| octet::is_target(octet))
        .count()
}

/// How many `tchar`s `octets` begins with. The place is found by branches, which the processor
/// predicts, and not by counting bits, for which what follows would have to wait.
#[inline(always)]
pub(super) fn token_len(octets: &[u8]) -> usize {
    let mut rest = octets;
    let mut len = 0;
    while let Some((eight, behind)) = rest.split_first_chunk::<8>() {
        for (index, &octet) in eight.iter().enumerate() {
            if !octet::is_tchar(octet) {
                return len + index;
            }
        }
        len += 8;
        rest = behind;
    }
    len + rest
        .iter()
        .take_while(|&&octet| octet::is_tchar(octet))
        .count()
}

/// Whether `octets` are at least eight letters, digits, dots and hyphens, as most host names are.
#[inline(always)]
pub(super) fn is_host_name(octets: &[u8]) -> bool {
    // The last word may overlap the one before it.
    let Some(last) = octets.last_chunk() else {
        return false;
    };
    let mut rest = octets;
    while let Some((word, behind)) = rest.split_first_chunk() {
        if !are_host_octets(u64::from_le_bytes(*word)) {
            return false;
        }
        rest = behind;
    }
    rest.is_empty() || are_host_octets(u64::from_le_bytes(*last))
}

/// Whether all octets of `word` are letters, digits, dots or hyphens.
#[inline(always)]
const fn are_host_octets(word: u64) -> bool {
    let lower = word | (ONES * 0x20);
    let letter = at_least(lower, b'a') & !at_least(lower, b'z' + 1);
    let other = at_least(word, b'-') & !at_least(word, b'9' + 1);
    let slash = !at_least(word ^ (ONES * b'/' as u64), 1);
    word & HIGHS == 0 && (letter | other & !slash) & HIGHS == HIGHS
}

/// A high bit for octets of `word` that are at least `limit`, if all are below 0x80.
#[inline(always)]
const fn at_least(word: u64, limit: u8) -> u64 {
    word.wrapping_add(ONES * (0x80 - limit as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn host_names_are_letters_digits_dots_and_hyphens() {
        for len in 0..20 {
            for place in 0..len {
                for odd in 0..=255u8 {
                    let mut bytes: Vec<u8> = core::iter::repeat_n(b'a', len).collect();
                    bytes[place] = odd;
                    let plain = odd.is_ascii_alphanumeric() || matches!(odd, b'.' | b'-');
                    assert_eq!(is_host_name(&bytes), plain && len >= 8, "{odd:#x} of {len}");
                }
            }
        }
    }

    /// Every octet at every place of runs of every length up to 80, against the table.
    #[test]
    fn agree_with_the_table() {
        for len in 0..80 {
            for place in 0..=len {
                for odd in 0..=255u8 {
                    for filler in [b'a', b'\t', 0xe9] {
                        let mut bytes: Vec<u8> = core::iter::repeat_n(filler, len).collect();
                        bytes.insert(place, odd);
                        bytes.push(b'\r');
                        let by = |allowed: fn(u8) -> bool| {
                            bytes.iter().position(|&o| !allowed(o)).unwrap()
                        };
                        assert_eq!(value_len(&bytes), by(octet::is_field));
                        assert_eq!(target_len(&bytes), by(octet::is_target));
                        assert_eq!(token_len(&bytes), by(octet::is_tchar));
                    }
                }
            }
        }
    }
}
