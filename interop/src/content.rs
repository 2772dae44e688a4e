//! Files to transfer, and what they are compared by.

use std::fmt::Write;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// `len` octets of all values, the same at every call; a longer content starts like a shorter one.
#[must_use]
pub fn content(len: usize) -> Vec<u8> {
    words().flat_map(u64::to_le_bytes).take(len).collect()
}

/// `len` octets of text in which CR, LF and NUL are frequent, alone and in every pair.
#[must_use]
pub fn text(len: usize) -> Vec<u8> {
    let octets = words().flat_map(u64::to_le_bytes);
    let octets = octets.map(|octet| match octet % 16 {
        0..3 => b'\r',
        3..6 => b'\n',
        6 => 0,
        letter => b'a' + letter,
    });
    octets.take(len).collect()
}

/// Pseudo-random numbers without a short period (splitmix64).
fn words() -> impl Iterator<Item = u64> {
    (1_u64..).map(|n| {
        let mut word = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    })
}

/// The SHA-256 digest of `content`, hexadecimal.
#[must_use]
pub fn digest(content: &[u8]) -> String {
    let mut hex = String::new();
    for octet in Sha256::digest(content) {
        let _ = write!(hex, "{octet:02x}");
    }
    hex
}

/// The [`digest`] of a file's content.
///
/// # Panics
/// When the file cannot be read.
#[must_use]
#[track_caller]
pub fn digest_of(file: &Path) -> String {
    match fs::read(file) {
        Ok(content) => digest(&content),
        Err(error) => panic!("{}: {error}", file.display()),
    }
}

/// A new folder that is gone when the value is dropped. Everybody may read and write in it: some
/// daemons give up their rights and become `nobody`.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("mode 777");
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_sha_256() {
        // the one-block example of FIPS 180-2
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(b"abc"), abc);
    }

    #[test]
    fn content_has_the_length_asked_for_and_does_not_repeat() {
        for len in [0, 1, 7, 8, 9, 513] {
            assert_eq!(content(len).len(), len);
            assert_eq!(content(len), content(513)[..len]);
        }
        let blocks = content(1 << 20);
        let mut blocks: Vec<_> = blocks.chunks(512).collect();
        blocks.sort_unstable();
        assert!(blocks.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn text_has_every_pair_that_a_conversion_may_stumble_over() {
        let text = text(10_000);
        for pair in [b"\r\n", b"\r\r", b"\n\n", b"\n\r", b"\r\0", b"\ra", b"a\n"] {
            let pair = pair.map(|octet| if octet == b'a' { b'h' } else { octet });
            assert!(text.windows(2).any(|two| two == pair), "{pair:?}");
        }
    }
}
