//! One end of a transfer: the application with its disk, between the machine and the watcher.

use std::collections::VecDeque;

use super::plan::File;
use super::watch::Watch;
use wirelore_testkit::{Pace, Rng, Sink};
use wirelore_tftp::{
    Client, Content, Demux, ErrorCode, Event, Instant, Misuse, Slot, Transfer, TransferId,
};

/// What an application calls, whatever machine the transfer is in.
pub(crate) trait Machine {
    fn block(
        &mut self,
        now: Instant,
        offset: u64,
        data: &[u8],
        last: bool,
        buf: &mut [u8],
    ) -> Result<usize, Misuse>;
    fn written(&mut self, now: Instant) -> Result<(), Misuse>;
    fn refuse(&mut self, code: ErrorCode, text: &str);
}

impl Machine for Client<'_, u32> {
    fn block(
        &mut self,
        now: Instant,
        offset: u64,
        data: &[u8],
        last: bool,
        buf: &mut [u8],
    ) -> Result<usize, Misuse> {
        Client::block(self, now, offset, data, last, buf)
    }
    fn written(&mut self, now: Instant) -> Result<(), Misuse> {
        Client::written(self, now)
    }
    fn refuse(&mut self, code: ErrorCode, text: &str) {
        Client::refuse(self, code, text);
    }
}

impl Machine for Transfer<u32> {
    fn block(
        &mut self,
        now: Instant,
        offset: u64,
        data: &[u8],
        last: bool,
        buf: &mut [u8],
    ) -> Result<usize, Misuse> {
        Self::block(self, now, offset, data, last, buf)
    }
    fn written(&mut self, now: Instant) -> Result<(), Misuse> {
        Self::written(self, now)
    }
    fn refuse(&mut self, code: ErrorCode, text: &str) {
        Self::refuse(self, code, text);
    }
}

pub(crate) type Server = Demux<u32, (), Vec<Slot<u32, ()>>>;

impl Machine for (&mut Server, TransferId) {
    fn block(
        &mut self,
        now: Instant,
        offset: u64,
        data: &[u8],
        last: bool,
        buf: &mut [u8],
    ) -> Result<usize, Misuse> {
        self.0.block(now, self.1, offset, data, last, buf)
    }
    fn written(&mut self, now: Instant) -> Result<(), Misuse> {
        self.0.written(now, self.1)
    }
    fn refuse(&mut self, code: ErrorCode, text: &str) {
        self.0
            .refuse(self.1, code, text)
            .expect("the transfer runs");
    }
}

#[derive(Debug)]
pub(crate) struct End<'p> {
    pub(crate) watch: Watch<'p>,
    /// Whether the content is checked.
    content: bool,
    pub(crate) file: &'p File,
    pace: Pace,
    fails_at: Option<u64>,
    rng: Rng,
    /// The disk does one thing after the other.
    jobs: VecDeque<(Instant, Job)>,
    sink: Sink,
    /// When the last octet was on the disk.
    pub(crate) file_complete_at: Option<Instant>,
    scratch: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Job {
    Read { offset: u64, max: usize },
    Write { until: u64 },
}

impl<'p> End<'p> {
    pub(crate) fn new(
        watch: Watch<'p>,
        content: bool,
        file: &'p File,
        pace: Pace,
        fails_at: Option<u64>,
        rng: Rng,
    ) -> Self {
        Self {
            watch,
            content,
            file,
            pace,
            fails_at,
            rng,
            jobs: VecDeque::new(),
            sink: Sink::new(file.source),
            file_complete_at: None,
            scratch: Vec::new(),
        }
    }

    pub(crate) fn event(&mut self, now: Instant, event: Event<'_>) {
        match event {
            Event::Started(parameters) => self.watch.goes_by(&parameters),
            Event::ReadBlock { offset, max } => self.job(now, Job::Read { offset, max }),
            Event::Write { offset, content } => {
                let until = offset + content.octets();
                self.check(offset, content);
                self.job(now, Job::Write { until });
            }
            Event::Complete { octets } => {
                if self.content {
                    assert_eq!(
                        octets,
                        self.file.source.len(),
                        "S1: octets of the whole file"
                    );
                }
                self.watch.end(now, Ok(octets));
            }
            Event::Size(size) => {
                let announced = size.is_none_or(|size| size == self.file.wire_len());
                assert!(announced || !self.content, "S9: size {size:?}");
                self.watch.end(now, Ok(size.unwrap_or(0)));
            }
            Event::Failed { failure, .. } => self.watch.end(now, Err(failure)),
            _ => panic!("an event that the simulation does not know: {event:?}"),
        }
        if self.watch.ended.is_some() {
            self.jobs.clear();
        }
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.jobs.front().map(|&(due, _)| due)
    }

    /// Does one thing that is due; a DATA packet that results is at the start of `buf`, and its
    /// length in the answer. `None`: nothing is due.
    pub(crate) fn work(
        &mut self,
        now: Instant,
        machine: &mut dyn Machine,
        buf: &mut Vec<u8>,
    ) -> Option<usize> {
        let &(due, job) = self.jobs.front()?;
        if due > now {
            return None;
        }
        self.jobs.pop_front();
        let fails = |until| self.fails_at.is_some_and(|limit| until > limit);
        match job {
            Job::Read { offset, max } => {
                if fails(offset) {
                    machine.refuse(ErrorCode::NOT_DEFINED, "read error");
                    return Some(0);
                }
                self.scratch.resize(max.max(self.scratch.len()), 0);
                let len = self.file.source.fill(offset, &mut self.scratch[..max]);
                let last = offset + len as u64 >= self.file.source.len();
                if buf.len() < max + 4 {
                    buf.resize(max + 4, 0);
                }
                let data = &self.scratch[..len];
                let len = machine.block(now, offset, data, last, buf);
                Some(len.expect("the application does as it was asked"))
            }
            Job::Write { until } => {
                if fails(until) {
                    machine.refuse(ErrorCode::DISK_FULL, "disk full");
                    return Some(0);
                }
                self.watch.written += 1;
                if until == self.file.source.len() && self.file_complete_at.is_none() {
                    self.file_complete_at = Some(now);
                }
                machine.written(now).expect("a block was to be written");
                Some(0)
            }
        }
    }

    fn check(&mut self, mut offset: u64, content: Content<'_>) {
        if !self.content {
            return;
        }
        assert_eq!(offset, self.sink.len(), "S1: where the next block begins");
        for piece in content {
            if let Err(error) = self.sink.write(offset, piece) {
                panic!("S1: {error}");
            }
            offset += piece.len() as u64;
        }
    }

    fn job(&mut self, now: Instant, job: Job) {
        let from = self.jobs.back().map_or(now, |&(due, _)| due);
        self.jobs
            .push_back((from + self.pace.draw(&mut self.rng), job));
    }
}
