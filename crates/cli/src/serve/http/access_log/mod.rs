//! A line for every request, as other web servers write it.
//!
//! A request formats its line straight into a buffer that all share, without allocating; a thread
//! writes the buffer to the file some times a second. `format` is what lines look like, `writer` the
//! thread. What cannot be kept up with is lost and counted, and never holds up a request.

mod format;
#[cfg(test)]
mod tests;
mod writer;

use format::Clock;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};
use wirelore_http1::Version;

/// Lines of so many octets wait to be written; further ones are lost, and counted.
const WAITING: usize = 1 << 20;

/// What the command line has to say about the access log.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "HTTP")]
pub(crate) struct Options {
    /// Write a line for every request to this file; - for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) access_log: Option<PathBuf>,
    /// What such a line looks like
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) access_log_format: Format,
}

/// What a line looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// As Apache and others have it
    #[default]
    Combined,
    /// An object
    Json,
}

/// A request that was answered.
#[derive(Clone, Copy)]
pub(super) struct Entry<'e> {
    pub(super) client: SocketAddr,
    /// Who it is, if that was asked.
    pub(super) user: Option<&'e str>,
    /// Empty where there was no request line that could be read.
    pub(super) method: &'e [u8],
    pub(super) target: &'e [u8],
    pub(super) version: Version,
    pub(super) status: u16,
    /// Octets of content that were sent.
    pub(super) octets: u64,
    pub(super) elapsed: Duration,
    pub(super) referer: Option<&'e [u8]>,
    pub(super) user_agent: Option<&'e [u8]>,
    /// Whether it came over TLS.
    pub(super) secure: bool,
}

/// Where lines are written to. Cheap to clone.
#[derive(Clone)]
pub(super) struct AccessLog(Arc<Shared>);

/// The thread that writes.
pub(super) struct Writer {
    log: AccessLog,
    thread: JoinHandle<()>,
}

struct Shared {
    format: Format,
    state: Mutex<State>,
    /// There is something to do for the thread.
    wake: Condvar,
}

struct State {
    /// Whole lines.
    lines: Vec<u8>,
    /// There was no room for so many.
    lost: u64,
    clock: Clock,
    reopen: bool,
    stop: bool,
}

impl AccessLog {
    /// Begins to write to the end of a file, which is made with mode 0640, or to stdout. `report` is
    /// told, from the thread that writes, of what goes wrong.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(super) fn open(
        path: &Path,
        format: Format,
        report: impl Fn(&str) + Send + 'static,
    ) -> io::Result<(Self, Writer)> {
        let place = writer::Place::open(path)?;
        let log = Self(Arc::new(Shared {
            format,
            state: Mutex::new(State {
                lines: Vec::new(),
                lost: 0,
                clock: Clock::default(),
                reopen: false,
                stop: false,
            }),
            wake: Condvar::new(),
        }));
        let shared = Arc::clone(&log.0);
        let thread = std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || writer::run(&shared, place, report))?;
        let writer = Writer {
            log: log.clone(),
            thread,
        };
        Ok((log, writer))
    }

    /// Adds a line. It never waits for the file.
    pub(super) fn line(&self, entry: &Entry<'_>) {
        self.line_at(entry, SystemTime::now());
    }

    fn line_at(&self, entry: &Entry<'_>, now: SystemTime) {
        let mut state = self.0.state();
        if state.stop {
            return;
        }
        let State {
            lines, clock, lost, ..
        } = &mut *state;
        let before = lines.len();
        match self.0.format {
            Format::Combined => format::combined(entry, clock.local(now), lines),
            Format::Json => format::json(entry, clock.utc(now), lines),
        }
        if lines.len() > WAITING {
            lines.truncate(before);
            *lost += 1;
        }
        // the thread sleeps only while there is nothing, and for a while otherwise
        let half = before < WAITING / 2 && lines.len() >= WAITING / 2;
        if before == 0 || half {
            self.0.wake.notify_one();
        }
    }

    /// Opens the file again by its name, when all that was written to the old one is there: it was
    /// moved away.
    pub(super) fn reopen(&self) {
        self.0.state().reopen = true;
        self.0.wake.notify_one();
    }
}

impl Writer {
    /// Waits until everything is written. Lines that come later are nowhere.
    pub(super) fn finish(self) {
        self.log.0.state().stop = true;
        self.log.0.wake.notify_one();
        let _ = self.thread.join();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
