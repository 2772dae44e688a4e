//! Where the servers and their clients run: which CPUs, and which files.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The small file, and what a hello has for a body.
pub(crate) const SMALL_OCTETS: u64 = 1024;

/// One CPU for servers, another for those who ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cpus {
    pub(crate) server: usize,
    pub(crate) client: usize,
    pinned: bool,
}

impl Cpus {
    /// Moves this thread, and all it will start, to the clients' CPU.
    pub(crate) fn pin(server: usize, client: usize) -> Self {
        let may = sched_getaffinity(Pid::from_raw(0));
        let both =
            may.is_ok_and(|may| [server, client].map(|cpu| may.is_set(cpu)) == [Ok(true); 2]);
        Self {
            server,
            client,
            pinned: both && only(client).is_ok(),
        }
    }

    /// Starts something on the servers' CPU.
    pub(crate) fn serve<T>(self, start: impl FnOnce() -> T) -> T {
        if !self.pinned {
            return start();
        }
        // both were possible before, so neither fails now
        let _ = only(self.server);
        let started = start();
        let _ = only(self.client);
        started
    }

    pub(crate) fn describe(self) -> String {
        let Self { server, client, .. } = self;
        match self.pinned {
            true => format!("servers on CPU {server}, clients on CPU {client}"),
            false => format!("NOT pinned, CPUs {server} and {client} cannot both be had"),
        }
    }
}

fn only(cpu: usize) -> nix::Result<()> {
    let mut one = CpuSet::new();
    one.set(cpu)?;
    sched_setaffinity(Pid::from_raw(0), &one)
}

/// The folder of a run and what is in it.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    root: PathBuf,
}

impl Site {
    pub(crate) fn new(root: &Path) -> io::Result<Self> {
        let site = Self {
            root: root.to_owned(),
        };
        fs::create_dir(site.served())?;
        fs::create_dir(site.logs())?;
        write(&site.small(), SMALL_OCTETS)?;
        Ok(site)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What all servers serve.
    pub(crate) fn served(&self) -> PathBuf {
        self.root.join("served")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub(crate) fn small(&self) -> PathBuf {
        self.served().join("small.bin")
    }

    pub(crate) fn large(&self) -> PathBuf {
        self.served().join("large.bin")
    }

    /// Makes the large file, if it is not there yet. Afterwards it is in the page cache, and on disk,
    /// so that no writing goes on while something is measured.
    pub(crate) fn with_large(&self, octets: u64) -> io::Result<()> {
        if !self.large().exists() {
            write(&self.large(), octets)?;
        }
        Ok(())
    }

    /// An empty folder of a server's own.
    pub(crate) fn own(&self, name: &str) -> io::Result<PathBuf> {
        let folder = self.root.join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// The kind of file system that everything is on.
    pub(crate) fn file_system(&self) -> String {
        let asked = Command::new("stat")
            .args(["-f", "-c", "%T"])
            .arg(&self.root)
            .output();
        let kind = asked.map(|asked| String::from_utf8_lossy(&asked.stdout).trim().to_owned());
        kind.unwrap_or_else(|_| "unknown".into())
    }
}

/// Octets that repeat only after a long while, so that no part passes for another.
fn write(path: &Path, octets: u64) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut state = 1_u64;
    let mut left = octets;
    while left > 0 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let word = (state ^ (state >> 29)).to_le_bytes();
        let part = left.min(8);
        file.write_all(&word[..part as usize])?;
        left -= part;
    }
    file.into_inner()?.sync_all()
}

/// Whether two files have the same content.
pub(crate) fn same(one: &Path, other: &Path) -> io::Result<bool> {
    let open = |path| File::open(path).map(|file| BufReader::with_capacity(1 << 20, file));
    let (mut one, mut other) = (open(one)?, open(other)?);
    let (mut left, mut right) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let (read, of_other) = (fill(&mut one, &mut left)?, fill(&mut other, &mut right)?);
        if left[..read] != right[..of_other] {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_differ_when_one_octet_does_or_one_is_longer() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path()).unwrap();
        site.with_large(100_003).unwrap();
        assert_eq!(fs::metadata(site.large()).unwrap().len(), 100_003);
        let copy = folder.path().join("copy");
        let mut octets = fs::read(site.large()).unwrap();
        fs::write(&copy, &octets).unwrap();
        assert!(same(&site.large(), &copy).unwrap());
        octets[70_000] ^= 1;
        fs::write(&copy, &octets).unwrap();
        assert!(!same(&site.large(), &copy).unwrap());
        octets[70_000] ^= 1;
        octets.pop();
        fs::write(&copy, &octets).unwrap();
        assert!(!same(&site.large(), &copy).unwrap());
    }
}
