//! Everything that is sent and received, written down in hex and text, for the owner only.

use super::codes::{Code, Failure};
use super::place::shown;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// A file that several transfers write to.
#[derive(Clone)]
pub(crate) struct Trace(Arc<Mutex<Inner>>);

struct Inner {
    file: BufWriter<File>,
    path: PathBuf,
    failed: Option<io::Error>,
}

impl Trace {
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let file =
            private(path).map_err(|error| Failure::of(&error, Code::WRITING, &shown(path)))?;
        let (file, path) = (BufWriter::new(file), path.to_owned());
        Ok(Self(Arc::new(Mutex::new(Inner {
            file,
            path,
            failed: None,
        }))))
    }

    /// `words` say what the datagram is.
    pub(crate) fn write(&self, seen: Seen<'_>, words: &str) {
        let page = page(SystemTime::now(), seen, words);
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.failed.is_none() {
            inner.failed = inner.file.write_all(page.as_bytes()).err();
        }
    }

    /// Writes what is left, and says what went wrong.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let flushed = inner.file.flush();
        let result = inner.failed.take().map_or(flushed, Err);
        result.map_err(|error| Failure::of(&error, Code::WRITING, &shown(&inner.path)))
    }
}

/// A file that nobody else may read, whatever it was before.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = options.mode(0o600).open(path)?;
        if file.metadata()?.is_file() {
            file.set_permissions(PermissionsExt::from_mode(0o600))?;
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

/// A datagram that was sent or received.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'d> {
    pub(crate) sent: bool,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) octets: &'d [u8],
}

fn page(time: SystemTime, seen: Seen<'_>, words: &str) -> String {
    let time = humantime::format_rfc3339_micros(time);
    let Seen {
        sent,
        from,
        to,
        octets,
    } = seen;
    let mark = if sent { '>' } else { '<' };
    let len = octets.len();
    let mut text = format!("{time} {mark} {from} to {to}, {len} octets: {words}\n");
    for (row, octets) in octets.chunks(16).enumerate() {
        let _ = write!(text, "  {:04x} ", 16 * row);
        for index in 0..16 {
            let gap = if index == 8 { "  " } else { " " };
            let _ = match octets.get(index) {
                Some(octet) => write!(text, "{gap}{octet:02x}"),
                None => write!(text, "{gap}  "),
            };
        }
        text.push_str("  ");
        let plain = |&octet: &u8| {
            if matches!(octet, b' '..=b'~') {
                octet.into()
            } else {
                '.'
            }
        };
        text.extend(octets.iter().map(plain));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_datagram_is_a_line_and_its_octets() {
        let seen = Seen {
            sent: true,
            from: "127.0.0.1:40000".parse().unwrap(),
            to: "[::1]:69".parse().unwrap(),
            octets: b"\0\x03\0\x01 a\x7fbcdefghijkl~",
        };
        let time = UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_001);
        let wanted = "\
2023-11-14T22:13:20.000001Z > 127.0.0.1:40000 to [::1]:69, 19 octets: DATA 1
  0000  00 03 00 01 20 61 7f 62  63 64 65 66 67 68 69 6a  .... a.bcdefghij
  0010  6b 6c 7e                                          kl~
";
        assert_eq!(page(time, seen, "DATA 1"), wanted);
    }
}
