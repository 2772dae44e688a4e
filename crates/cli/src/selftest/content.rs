//! What is copied, and how one sees that it arrived.

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wirelore_core::escape;

/// What is in a file: its length and its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) octets: u64,
    pub(super) sha256: String,
}

impl Content {
    pub(super) fn of(octets: &[u8]) -> Self {
        Self {
            octets: octets.len() as u64,
            sha256: hex::encode(Sha256::digest(octets)),
        }
    }

    /// Reads a file; nothing where there is none.
    pub(super) fn at(path: &Path) -> io::Result<Option<Self>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let (mut hash, mut octets) = (Sha256::new(), 0);
        let mut piece = vec![0; 256 << 10];
        loop {
            match file.read(&mut piece)? {
                0 => break,
                len => {
                    hash.update(&piece[..len]);
                    octets += len as u64;
                }
            }
        }
        Ok(Some(Self {
            octets,
            sha256: hex::encode(hash.finalize()),
        }))
    }
}

/// So many octets in which no two blocks are alike, so that a lost, doubled or moved one shows.
/// The same at every call.
pub(super) fn octets(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ len as u64;
    let mut octets = Vec::with_capacity(len + 8);
    while octets.len() < len {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        octets.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    octets.truncate(len);
    octets
}

/// Every file in a folder and below; links are not followed.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Files in `folder` other than `place`. A server may still be cleaning up when it has answered.
pub(super) async fn strays(folder: &Path, place: &Path) -> io::Result<Vec<String>> {
    let mut tries = 50;
    loop {
        tries -= 1;
        let mut strays = files(folder)?;
        strays.retain(|file| file != place);
        if strays.is_empty() || tries == 0 {
            let name = |file: &PathBuf| match file.strip_prefix(folder) {
                Ok(name) => escape(name.as_os_str().as_encoded_bytes()).to_string(),
                Err(_) => String::new(),
            };
            return Ok(strays.iter().map(name).collect());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_blocks_are_alike() {
        let octets = octets(100_003);
        assert_eq!(octets.len(), 100_003);
        let blocks: HashSet<_> = octets.chunks(8).collect();
        assert_eq!(blocks.len(), octets.len().div_ceil(8));
        assert_eq!(octets, super::octets(100_003));
    }

    #[test]
    fn a_file_is_its_octets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert_eq!(Content::at(&path).unwrap(), None);
        let octets = octets(300_000);
        fs::write(&path, &octets).unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        fs::write(folder.path().join("b/c"), b"").unwrap();
        assert_eq!(Content::at(&path).unwrap(), Some(Content::of(&octets)));
        // of nothing, SHA-256 is widely known
        assert!(Content::of(b"").sha256.starts_with("e3b0c44298fc1c14"));
        assert_eq!(
            files(folder.path()).unwrap(),
            [path, folder.path().join("b/c")]
        );
    }

    #[tokio::test]
    async fn what_does_not_belong_is_found() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("drop")).unwrap();
        for name in ["a", "drop/.a.part"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let strays = strays(folder.path(), &folder.path().join("a")).await;
        assert_eq!(strays.unwrap(), ["drop/.a.part"]);
    }
}
