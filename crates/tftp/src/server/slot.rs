//! One place in the table of a [`Demux`](crate::Demux).

use crate::negotiate::Values;
use crate::transfer::{ErrorText, Transfer};
use crate::wire::{Direction, ErrorCode, ErrorPacket, Mode, Packet};
use wirelore_core::{DatagramMachine, Instant, Transmit};

/// What a transfer is called: a slot, and how often it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId {
    index: u32,
    generation: u32,
}

impl TransferId {
    /// The number of the slot: below the length of the table, and no two transfers at a time have
    /// the same one.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }
}

/// Room for one client. Make as many as clients are to be served at a time.
#[derive(Debug)]
pub struct Slot<A, F> {
    generation: u32,
    entry: Option<Entry<A, F>>,
}

impl<A, F> Default for Slot<A, F> {
    fn default() -> Self {
        Self {
            generation: 0,
            entry: None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Entry<A, F> {
    pub(super) peer: A,
    /// Tells a repetition of the request from another one.
    pub(super) fingerprint: u64,
    pub(super) stage: Stage<A>,
    pub(super) file: Option<F>,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // a machine must not need an allocator
pub(super) enum Stage<A> {
    /// The application was told and has not answered.
    Asked(Asked),
    /// The ERROR has yet to be sent.
    Denied(ErrorCode, ErrorText),
    Running(Transfer<A>),
    /// The transfer goes on over a socket of its own.
    Detached {
        octets: u64,
    },
    /// The slot is free at the next poll.
    Over,
}

/// What remains of a request when its datagram is gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) direction: Direction,
    pub(super) mode: Mode,
    pub(super) values: Values,
}

impl<A: Copy + Eq, F> Slot<A, F> {
    pub(super) const fn is_taken(&self) -> bool {
        self.entry.is_some()
    }

    pub(super) fn peer(&self) -> Option<A> {
        self.entry.as_ref().map(|entry| entry.peer)
    }

    pub(super) fn take(&mut self, index: usize, entry: Entry<A, F>) -> TransferId {
        self.entry = Some(entry);
        self.id(index)
    }

    pub(super) fn clear(&mut self) {
        self.entry = None;
        self.generation = self.generation.wrapping_add(1);
    }

    pub(super) fn taken(&mut self, index: usize) -> Option<(TransferId, &mut Entry<A, F>)> {
        let id = self.id(index);
        self.entry.as_mut().map(|entry| (id, entry))
    }

    pub(super) fn entry(&self, id: TransferId) -> Option<&Entry<A, F>> {
        self.entry
            .as_ref()
            .filter(|_| self.generation == id.generation)
    }

    pub(super) fn entry_mut(&mut self, id: TransferId) -> Option<&mut Entry<A, F>> {
        self.entry
            .as_mut()
            .filter(|_| self.generation == id.generation)
    }

    pub(super) const fn transfer_mut(&mut self) -> Option<&mut Transfer<A>> {
        match &mut self.entry {
            Some(Entry {
                stage: Stage::Running(transfer),
                ..
            }) => Some(transfer),
            _ => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.entry.as_ref()?.stage {
            Stage::Running(transfer) => transfer.poll_timeout(),
            _ => None,
        }
    }

    pub(super) fn octets_in_flight(&self) -> u64 {
        match self.entry.as_ref().map(|entry| &entry.stage) {
            // it only repeats an ACK
            Some(Stage::Running(transfer)) if transfer.is_complete() => 0,
            Some(Stage::Running(transfer)) => {
                let parameters = transfer.parameters();
                u64::from(parameters.blksize) * u64::from(parameters.windowsize)
            }
            Some(Stage::Detached { octets }) => *octets,
            // it will be 512 at least
            Some(Stage::Asked(_)) => 512,
            _ => 0,
        }
    }

    const fn id(&self, index: usize) -> TransferId {
        TransferId {
            index: index as u32,
            generation: self.generation,
        }
    }
}

impl<A: Copy + Eq, F> Entry<A, F> {
    pub(super) fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Transmit<A>> {
        match &mut self.stage {
            Stage::Running(transfer) => transfer.poll_transmit(now, buf),
            Stage::Denied(code, text) => {
                let error = ErrorPacket {
                    code: *code,
                    message: text.as_bytes(),
                };
                let len = Packet::Error(error).encode(buf).ok()?;
                self.stage = Stage::Over;
                Some(Transmit::one(self.peer, len))
            }
            _ => None,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        match &self.stage {
            Stage::Running(transfer) => transfer.is_over(),
            Stage::Over => true,
            _ => false,
        }
    }
}

/// FNV-1a of a request.
pub(super) fn fingerprint(datagram: &[u8]) -> u64 {
    datagram.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    })
}
