//! What was copied: one line of JSON for each copy, in a file of the user's.

use super::super::codes::Code;
use super::super::progress::seconds;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use wirelore_core::escape;

/// One copy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) time: String,
    /// `get` or `put`.
    pub(super) direction: String,
    /// Without name and password.
    pub(super) url: String,
    pub(super) bytes: u64,
    pub(super) seconds: f64,
    pub(super) status: Option<u16>,
    pub(super) exit_code: u8,
    pub(super) error: Option<String>,
}

/// How many lines are kept.
const KEPT: usize = 200;

/// How large the file may become before older lines are left out.
const LARGE: u64 = 256 << 10;

/// How many are printed.
const SHOWN: usize = 20;

impl Entry {
    pub(super) fn now() -> String {
        humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
    }
}

/// `$XDG_STATE_HOME/wirelore/history.jsonl`, or in `~/.local/state`.
fn path(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name: &str| {
        variable(name)
            .map(PathBuf::from)
            .filter(|it| it.is_absolute())
    };
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join("wirelore/history.jsonl"))
}

/// Adds a line. What cannot be written is lost: a copy does not fail for it.
pub(super) fn add(entry: &Entry) {
    if let Some(path) = path(|name| std::env::var_os(name)) {
        let _ = write(&path, entry);
    }
}

fn write(path: &Path, entry: &Entry) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        folders(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("is no file"));
    }
    #[cfg(unix)]
    {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)?;
    }
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    if file.metadata()?.len() + line.len() as u64 > LARGE {
        let old = tail(&mut file)?;
        let lines: Vec<&[u8]> = old.split_inclusive(|&octet| octet == b'\n').collect();
        let kept = lines[lines.len().saturating_sub(KEPT)..].concat();
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(&kept)?;
    }
    file.seek(SeekFrom::End(0))?;
    file.write_all(&line)
}

/// The end of the file, as much as is ever looked at.
fn tail(file: &mut File) -> io::Result<Vec<u8>> {
    let len = file.metadata()?.len();
    file.seek(SeekFrom::Start(len.saturating_sub(LARGE / 2)))?;
    let mut octets = Vec::new();
    file.take(LARGE).read_to_end(&mut octets)?;
    if len > LARGE / 2 {
        let end = octets.iter().position(|&octet| octet == b'\n');
        octets.drain(..end.map_or(octets.len(), |end| end + 1));
    }
    Ok(octets)
}

#[cfg(unix)]
fn folders(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

#[cfg(not(unix))]
fn folders(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Prints the last ones, the newest at the end.
pub(crate) fn show() -> Code {
    let mut entries = Vec::new();
    if let Some(path) = path(|name| std::env::var_os(name))
        && let Ok(mut file) = File::open(&path)
        && let Ok(octets) = tail(&mut file)
    {
        let lines = octets.split(|&octet| octet == b'\n');
        entries.extend(lines.filter_map(|line| serde_json::from_slice::<Entry>(line).ok()));
    }
    let mut text = String::new();
    for entry in &entries[entries.len().saturating_sub(SHOWN)..] {
        text += &line(entry);
        text.push('\n');
    }
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => Code::COPIED,
        Err(_) => Code::WRITING,
    }
}

fn line(entry: &Entry) -> String {
    let Entry {
        time,
        direction,
        url,
        bytes,
        exit_code,
        ..
    } = entry;
    let (time, direction, url) = (escape(time), escape(direction), escape(url).limit(1024));
    let took = Duration::try_from_secs_f64(entry.seconds).unwrap_or_default();
    let status = entry
        .status
        .map_or("-".to_owned(), |status| status.to_string());
    let result = match exit_code {
        0 => "copied".to_owned(),
        code => format!("failed, {code}"),
    };
    let took = seconds(took);
    format!("{time}  {direction}  {status:>3}  {bytes:>12} bytes  {took:>9}  {result:<10}  {url}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(url: &str) -> Entry {
        Entry {
            time: "2026-01-02T03:04:05Z".into(),
            direction: "get".into(),
            url: url.into(),
            bytes: 12345,
            seconds: 1.5,
            status: Some(200),
            exit_code: 0,
            error: None,
        }
    }

    #[test]
    fn the_file_is_where_state_is_kept() {
        let found = |set: &[(&str, &str)]| {
            path(|name| {
                let found = set.iter().find(|(known, _)| *known == name)?;
                Some(found.1.into())
            })
        };
        assert_eq!(found(&[]), None);
        let home = ("HOME", "/h");
        assert_eq!(
            found(&[home]),
            Some("/h/.local/state/wirelore/history.jsonl".into())
        );
        let state = ("XDG_STATE_HOME", "/s");
        assert_eq!(
            found(&[home, state]),
            Some("/s/wirelore/history.jsonl".into())
        );
        assert_eq!(found(&[("XDG_STATE_HOME", "s")]), None);
    }

    #[test]
    fn the_file_is_bounded_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/history.jsonl");
        let long = format!("http://h/{}", "x".repeat(2000));
        for index in 0..200 {
            write(&path, &entry(&format!("{long}{index}"))).unwrap();
        }
        let metadata = fs::metadata(&path).unwrap();
        assert!(metadata.len() <= LARGE, "{}", metadata.len());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        }
        let text = fs::read_to_string(&path).unwrap();
        let last: Entry = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert!(last.url.ends_with("x199"));
        for line in text.lines() {
            serde_json::from_str::<Entry>(line).unwrap();
        }
    }

    #[test]
    fn a_line_is_short() {
        let wanted = "2026-01-02T03:04:05Z  get  200         12345 bytes      1.5 s  copied      \
                      http://h/\\x1b";
        assert_eq!(line(&entry("http://h/\x1b")), wanted);
    }
}
