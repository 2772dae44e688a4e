//! Looks on while a transfer goes: tells people how far it is and what is said, and keeps records.

use super::progress::{Console, Progress};
use super::trace::{Seen, Trace};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use wirelore_tokio::tftp::Parameters;
use wirelore_tokio::{Tap, Watch};

/// What all transfers of a copy are looked at with.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) console: Console,
    /// 0: nothing is said; 1: what is out of the ordinary; 2: everything.
    pub(crate) verbose: u8,
    pub(crate) progress: Arc<Mutex<Progress>>,
    pub(crate) trace: Option<Trace>,
    pub(crate) tap: Option<Tap>,
}

impl Tools {
    pub(crate) fn progress<R>(&self, act: impl FnOnce(&mut Progress) -> R) -> R {
        act(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Puts datagrams into words.
pub(crate) trait Interpreter: Send {
    fn interpret(&mut self, sent: bool, datagram: &[u8]) -> Sight;
}

pub(crate) struct Sight {
    pub(crate) words: String,
    /// Worth a line even when not everything is told.
    pub(crate) notable: bool,
    /// A block came that was not the next one.
    pub(crate) out_of_order: bool,
}

pub(crate) struct Lookout {
    tools: Tools,
    /// Stands before every line, where more than one transfer is looked at.
    label: &'static str,
    /// The transfer whose octets are the progress of the copy.
    counts: bool,
    size: Size,
    interpreter: Option<Box<dyn Interpreter>>,
    begun: watch::Sender<Option<Begun>>,
    parameters: Option<Parameters>,
    octets: u64,
}

/// Where the size of the file is known from.
#[derive(Clone, Copy)]
pub(crate) enum Size {
    Known(u64),
    /// The peer announces it.
    Announced,
    Unknown,
}

/// The other side answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    /// The size of the file.
    pub(crate) size: Option<u64>,
}

impl Lookout {
    pub(crate) fn new(tools: Tools, label: &'static str, counts: bool) -> Self {
        Self {
            tools,
            label,
            counts,
            size: Size::Unknown,
            interpreter: None,
            begun: watch::Sender::new(None),
            parameters: None,
            octets: 0,
        }
    }

    /// The protocol says what it knows of the file, and how its datagrams are read.
    pub(crate) fn prepare(&mut self, size: Size, interpreter: Box<dyn Interpreter>) {
        self.size = size;
        self.interpreter = Some(interpreter);
    }

    pub(crate) fn begun(&self) -> watch::Receiver<Option<Begun>> {
        self.begun.subscribe()
    }

    /// What the transfer goes by, as far as it came.
    pub(crate) const fn parameters(&self) -> Option<Parameters> {
        self.parameters
    }

    pub(crate) const fn tools(&self) -> &Tools {
        &self.tools
    }

    pub(crate) const fn label(&self) -> &'static str {
        self.label
    }

    /// The other side answered, and the file begins: so many octets, in pieces of `block` octets.
    pub(crate) fn begins(&self, size: Option<u64>, block: u64) {
        if self.counts {
            self.tools.progress(|progress| progress.begin(size, block));
        }
        self.begun.send_replace(Some(Begun { size }));
    }

    /// So many octets went by, from the beginning of the file.
    pub(crate) fn passed(&self, octets: u64) {
        if self.counts {
            self.tools.progress(|progress| progress.at(octets));
        }
    }

    /// How many octets of the file went by.
    pub(crate) const fn octets(&self) -> u64 {
        self.octets
    }

    pub(crate) fn say(&self, text: &str) {
        if self.tools.verbose > 0 {
            self.tools.console.line(&format!("{}{text}", self.label));
        }
    }

    fn see(&mut self, seen: Seen<'_>) {
        let Some(interpreter) = &mut self.interpreter else {
            return;
        };
        let sight = interpreter.interpret(seen.sent, seen.octets);
        if let Some(trace) = &self.tools.trace {
            trace.write(seen, &sight.words);
        }
        if self.tools.verbose > 1 || sight.notable {
            self.say(&format!(
                "{} {}",
                if seen.sent { '>' } else { '<' },
                sight.words
            ));
        }
        if sight.out_of_order {
            self.tools.progress(|progress| progress.out_of_order());
        }
    }
}

impl Watch for Lookout {
    fn wants_datagrams(&self) -> bool {
        let tools = &self.tools;
        tools.verbose > 0
            || tools.trace.is_some()
            || tools.tap.is_some()
            || tools.progress(|progress| progress.wants_order())
    }

    fn sent(&mut self, local: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        if let Some(tap) = &self.tools.tap {
            tap.datagram_sent(local, to, datagram);
        }
        self.see(Seen {
            sent: true,
            from: local,
            to,
            octets: datagram,
        });
    }

    fn received(&mut self, local: SocketAddr, from: SocketAddr, datagram: &[u8]) {
        if let Some(tap) = &self.tools.tap {
            tap.datagram_received(local, from, datagram);
        }
        self.see(Seen {
            sent: false,
            from,
            to: local,
            octets: datagram,
        });
    }

    fn started(&mut self, parameters: &Parameters) {
        self.parameters = Some(*parameters);
        let size = match self.size {
            Size::Known(size) => Some(size),
            Size::Announced => parameters.tsize,
            Size::Unknown => None,
        };
        if self.counts {
            let block = u64::from(parameters.blksize);
            self.tools.progress(|progress| progress.begin(size, block));
        }
        self.begun.send_replace(Some(Begun { size }));
        let Parameters {
            blksize,
            windowsize,
            ..
        } = parameters;
        self.say(&format!(
            "* transfer with blksize {blksize}, windowsize {windowsize}"
        ));
    }

    fn progress(&mut self, octets: u64) {
        self.octets = octets;
        if self.counts {
            self.tools.progress(|progress| progress.at(octets));
        }
    }

    fn waited(&mut self) {
        self.say("* no answer in time");
        self.tools.progress(Progress::waited);
    }
}
