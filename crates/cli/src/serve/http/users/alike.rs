//! Comparisons whose time does not depend on what they find.

use sha2::{Digest, Sha256};
use std::hint::black_box;

/// What stands for a text in comparisons, so that its length does not show.
pub(super) fn print(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// 0 if both are the same.
pub(super) fn differs(a: &[u8; 32], b: &[u8; 32]) -> u8 {
    let pairs = a.iter().zip(b);
    pairs.fold(0, |all, (a, b)| black_box(all | (a ^ b)))
}

/// HMAC-SHA-256 (RFC 2104) of `parts` one behind the other.
pub(super) fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let pad = |with: u8| {
        let mut block = [with; 64];
        for (octet, key) in block.iter_mut().zip(key) {
            *octet ^= key;
        }
        Sha256::new_with_prefix(block)
    };
    let mut inner = pad(0x36);
    for part in parts {
        inner.update(part);
    }
    let mut outer = pad(0x5c);
    outer.update(inner.finalize());
    outer.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc4231_4_2_and_4_3_hmac() {
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(
            hex::encode(mac(&key, &[b"Hi ", b"There"])),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        // a shorter key is one with zeros behind it
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        assert_eq!(
            hex::encode(mac(&key, &[b"what do ya want for nothing?"])),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn every_octet_counts() {
        let one = print(b"one");
        assert_eq!(differs(&one, &print(b"one")), 0);
        for at in 0..32 {
            let mut other = one;
            other[at] ^= 0x80;
            assert_ne!(differs(&one, &other), 0, "{at}");
        }
    }
}
