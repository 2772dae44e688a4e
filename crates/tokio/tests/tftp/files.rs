//! Sources and targets that do what a test wants of them.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use wirelore_tokio::{Source, Target};

/// What no wait in a test exceeds.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// `len` octets without a period that a block could have.
pub(crate) fn content(len: usize) -> Vec<u8> {
    let mut word = 0x9e37_79b9_u32;
    let mut next = || {
        word ^= word << 13;
        word ^= word >> 17;
        word ^= word << 5;
        word.to_le_bytes()[1]
    };
    (0..len).map(|_| next()).collect()
}

/// What became of targets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    finished: HashMap<String, Vec<u8>>,
    unfinished: usize,
}

impl Shelf {
    /// A target that puts what it gets onto the shelf under `name`, when it is finished.
    pub(crate) fn target(&self, name: &str) -> Box<dyn Target> {
        Box::new(self.keep(name))
    }

    pub(crate) fn keep(&self, name: &str) -> Keep {
        Keep {
            shelf: self.clone(),
            name: name.to_owned(),
            octets: Vec::new(),
            is_finished: false,
        }
    }

    pub(crate) fn has(&self, name: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().finished.get(name).cloned()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap().finished.is_empty()
    }

    /// How many targets were dropped without being finished.
    pub(crate) fn unfinished(&self) -> usize {
        self.0.lock().unwrap().unfinished
    }

    /// Waits until so many were.
    pub(crate) async fn wait_for_unfinished(&self, count: usize) {
        let start = Instant::now();
        while self.unfinished() < count {
            assert!(start.elapsed() < LIMIT, "a target is kept");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(self.unfinished(), count);
    }
}

/// A target in memory.
#[derive(Debug)]
pub(crate) struct Keep {
    shelf: Shelf,
    name: String,
    octets: Vec<u8>,
    is_finished: bool,
}

impl Target for Keep {
    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        assert!(!self.is_finished);
        assert_eq!(offset, self.octets.len() as u64, "a hole in the file");
        self.octets.extend_from_slice(octets);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        assert!(!self.is_finished);
        self.is_finished = true;
        let octets = std::mem::take(&mut self.octets);
        let mut kept = self.shelf.0.lock().unwrap();
        let before = kept.finished.insert(self.name.clone(), octets);
        assert!(before.is_none(), "{} came twice", self.name);
        Ok(())
    }
}

impl Drop for Keep {
    fn drop(&mut self) {
        if !self.is_finished {
            self.shelf.0.lock().unwrap().unfinished += 1;
        }
    }
}

/// A target that fails with `kind` when it has to hold more than `room` octets, or, with
/// `finish`, when it is to be finished.
pub(crate) struct Failing {
    pub(crate) keep: Keep,
    pub(crate) room: u64,
    pub(crate) finish: bool,
    pub(crate) kind: ErrorKind,
}

impl Target for Failing {
    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        if offset + octets.len() as u64 > self.room {
            return Err(self.kind.into());
        }
        self.keep.write_at(offset, octets)
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.finish {
            return Err(self.kind.into());
        }
        self.keep.finish()
    }
}

/// A door that reading and writing can be made to wait at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<(Mutex<Passing>, Condvar)>);

#[derive(Debug, Default)]
struct Passing {
    is_open: bool,
    waited: usize,
}

impl Gate {
    pub(crate) fn open(&self) {
        self.0.0.lock().unwrap().is_open = true;
        self.0.1.notify_all();
    }

    /// How often somebody came here.
    pub(crate) fn waited(&self) -> usize {
        self.0.0.lock().unwrap().waited
    }

    pub(crate) fn pass(&self) {
        let mut passing = self.0.0.lock().unwrap();
        passing.waited += 1;
        let closed = |passing: &mut Passing| !passing.is_open;
        let (passing, _) = self.0.1.wait_timeout_while(passing, LIMIT, closed).unwrap();
        assert!(passing.is_open, "a gate was never opened");
    }

    /// Waits, without blocking, until somebody stands here.
    pub(crate) async fn is_reached(&self) {
        let start = Instant::now();
        while self.waited() == 0 {
            assert!(start.elapsed() < LIMIT, "nobody comes to the gate");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A target that waits at a gate before it writes, or before it finishes.
pub(crate) struct GatedTarget {
    pub(crate) keep: Keep,
    pub(crate) write: Option<Gate>,
    pub(crate) finish: Option<Gate>,
}

impl Target for GatedTarget {
    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.write.iter().for_each(Gate::pass);
        self.keep.write_at(offset, octets)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.finish.iter().for_each(Gate::pass);
        self.keep.finish()
    }
}

/// A source with nothing at hand: every octet has to be waited for at a gate.
pub(crate) struct GatedSource {
    pub(crate) octets: Vec<u8>,
    pub(crate) gate: Gate,
}

impl Source for GatedSource {
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.gate.pass();
        Ok(read(&self.octets, offset, buf))
    }
}

/// A source that does not block, and that the test may change or spoil meanwhile.
#[derive(Clone, Default)]
pub(crate) struct Changing(pub(crate) Arc<Mutex<Vec<u8>>>);

impl Source for Changing {
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        Ok(read(&self.0.lock().unwrap(), offset, buf))
    }

    fn read_now(&mut self, offset: u64, buf: &mut [u8]) -> Option<io::Result<usize>> {
        Some(self.read_at(offset, buf))
    }
}

/// A source that cannot be read from `bad` on, be it at once or on another thread.
pub(crate) struct Broken {
    pub(crate) octets: Vec<u8>,
    pub(crate) bad: u64,
    pub(crate) kind: ErrorKind,
    pub(crate) at_once: bool,
}

impl Source for Broken {
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if offset + buf.len() as u64 > self.bad {
            return Err(self.kind.into());
        }
        Ok(read(&self.octets, offset, buf))
    }

    fn read_now(&mut self, offset: u64, buf: &mut [u8]) -> Option<io::Result<usize>> {
        self.at_once.then(|| self.read_at(offset, buf))
    }
}

fn read(octets: &[u8], offset: u64, buf: &mut [u8]) -> usize {
    let rest = octets.get(offset as usize..).unwrap_or_default();
    let len = rest.len().min(buf.len());
    buf[..len].copy_from_slice(&rest[..len]);
    len
}
