//! TFTP through the command: our server against four clients, our client against three servers, ours
//! against ours, and the faults that were seen in others.
#![cfg(target_os = "linux")]

mod client;
mod crash;
mod examples;
mod faults;
mod lists;
mod names;
mod server;
mod signals;

mod ours;
mod theirs;
mod wire;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Around the borders of a block of 512 octets, at the end of one of 1428, and far enough beyond
/// 65535 blocks for the block number to wrap.
const SIZES: [usize; 7] = [0, 1, 511, 512, 513, 3 * 1428, 33 << 20];

/// With a blank, with octets outside ASCII, and with what a shell or an address would read.
const NAMES: [&str; 3] = ["two words", "grüße 文字", "100% #1?&.txt"];

/// What a transfer, or anything else that is waited for, may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Puts a file into a folder.
fn put(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, content).unwrap();
    file
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
