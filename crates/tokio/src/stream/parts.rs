use super::link::Link;
use super::timer::Deadline;
use super::urgent::Marks;
use super::{Driver, DriverConfig, UpgradeError, UpgradeRefusal};
use crate::UrgentStream;
use bytes::Bytes;
use core::fmt;
use wirelore_core::{Machine, SendBuf};

/// What a [`Driver`] was made of and what it holds.
#[non_exhaustive]
pub struct Parts<M, S> {
    /// The machine.
    pub machine: M,
    /// The stream.
    pub stream: S,
    /// What was received and not consumed.
    pub received: Vec<u8>,
    /// What is to be sent, in this order.
    pub unsent: Vec<Bytes>,
    /// Whether the peer has closed its sending direction.
    pub peer_closed: bool,
    /// Where the stream keeps its marks, if the driver looks for them.
    urgent: Option<fn(&mut S) -> &mut UrgentStream>,
}

impl<M, S> Parts<M, S> {
    /// A machine that has been started, on a stream from which nothing was read yet.
    pub const fn new(machine: M, stream: S) -> Self {
        Self {
            machine,
            stream,
            received: Vec::new(),
            unsent: Vec::new(),
            peer_closed: false,
            urgent: None,
        }
    }

    /// Puts `machine` in the place of the machine and starts it: the conversation goes on in
    /// another protocol, which gets the octets that the first one left. Returns the old machine
    /// too.
    pub fn switch<N: Machine>(self, mut machine: N) -> (Parts<N, S>, M) {
        let mut words = Vec::new();
        machine.start(&mut words);
        let mut unsent = self.unsent;
        if !words.is_empty() {
            unsent.push(words.into());
        }
        let parts = Parts {
            machine,
            stream: self.stream,
            received: self.received,
            unsent,
            peer_closed: self.peer_closed,
            urgent: self.urgent,
        };
        (parts, self.machine)
    }
}

impl<M: Machine, S> Driver<M, S> {
    /// A driver that goes on with a conversation: the machine is not started.
    ///
    /// Should more octets come with the parts than [`DriverConfig::receive`] allows, they are all
    /// kept. Parts of a driver [`with_urgent`](Self::with_urgent) make one again.
    pub fn resume(parts: Parts<M, S>, config: &DriverConfig) -> Self {
        let max = parts.machine.max_unconsumed().max(parts.received.len());
        let mut link = Link::new(parts.stream, max, config);
        if !parts.received.is_empty() {
            link.recv.restore(&parts.received);
        }
        for chunk in parts.unsent {
            link.send.push(chunk);
        }
        link.eof = parts.peer_closed;
        link.urgent = parts.urgent.map(Marks::new);
        Self {
            machine: parts.machine,
            link,
            deadline: Deadline::default(),
            clogged: false,
            forced: 0,
            told: false,
            tasks: None,
            over: false,
        }
    }

    /// Takes the driver apart. Nothing is lost: all that was received and not consumed, and all
    /// that was not sent, is in the [`Parts`].
    pub fn into_parts(mut self) -> Parts<M, S> {
        self.link.thaw();
        Parts {
            received: self.link.recv.bytes().to_vec(),
            unsent: drain(&mut self.link.send),
            peer_closed: self.link.eof,
            urgent: self.link.urgent.map(|marks| marks.of),
            machine: self.machine,
            stream: self.link.stream,
        }
    }

    /// Ends the driver at a place where the protocol changes, as STARTTLS does: machine and stream
    /// come back alone, to be carried over. Not a future, so there is nothing to cancel.
    ///
    /// The same machine goes on in a fresh driver by [`resume`](Self::resume), another one begins
    /// by [`new`](Self::new). Where the octets behind the change belong to the next protocol, use
    /// [`into_parts`](Self::into_parts) and [`Parts::switch`] instead.
    ///
    /// # Errors
    /// Whenever octets would be lost or slip through: received ones that nobody consumed, or unsent
    /// ones ([`flush`](Self::flush) first). The driver comes back with the error.
    pub fn upgrade(self) -> Result<(M, S), UpgradeError<Self>> {
        let why = match self.link.held() {
            _ if self.link.is_broken() => UpgradeRefusal::Broken,
            0 if self.link.is_flushed() => return Ok((self.machine, self.link.stream)),
            0 => UpgradeRefusal::Unsent(self.link.send.len()),
            count => UpgradeRefusal::Received(count),
        };
        let driver = Box::new(self);
        Err(UpgradeError { driver, why })
    }
}

fn drain(send: &mut SendBuf) -> Vec<Bytes> {
    let mut unsent = Vec::new();
    while !send.is_empty() {
        let front = Bytes::copy_from_slice(send.front());
        send.advance(front.len());
        unsent.push(front);
    }
    unsent
}

impl<M, S> fmt::Debug for Parts<M, S> {
    /// No octets: there may be passwords among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unsent: usize = self.unsent.iter().map(Bytes::len).sum();
        f.debug_struct("Parts")
            .field("received", &self.received.len())
            .field("unsent", &unsent)
            .field("peer_closed", &self.peer_closed)
            .finish_non_exhaustive()
    }
}
