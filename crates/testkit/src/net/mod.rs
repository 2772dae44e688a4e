//! A network of datagrams in virtual time, wholly decided by one seed.
//!
//! [`Network`] carries datagrams between addresses of any type; [`Link`] says what it does to them
//! in each direction. Whoever wants events in order without a loop of their own implements
//! [`Node`] and calls [`run`].

mod link;
mod trace;
mod world;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt::Debug;
use std::hash::Hash;

pub use link::{Burst, Counters, Link};
pub use world::{Ending, Limits, Node, Outcome, flush, run};

use link::{Channel, Fate};
use trace::Trace;
use wirelore_core::Instant;

use crate::Rng;

/// What serves as an address: a small integer, a (host, port) pair, a socket address.
pub trait Address: Copy + Ord + Hash + Debug {}

impl<A: Copy + Ord + Hash + Debug> Address for A {}

/// Datagrams on their way, in virtual time that starts at [`Instant::ORIGIN`].
#[derive(Debug)]
pub struct Network<A> {
    now: Instant,
    rng: Rng,
    default_link: Link,
    channels: BTreeMap<(A, A), Channel>,
    in_flight: BinaryHeap<Reverse<Flight<A>>>,
    sequence: u64,
    trace: Trace,
    free: Vec<Vec<u8>>,
}

/// A datagram at its destination. Give the buffer back with [`Network::recycle`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival<A> {
    /// When it arrived.
    pub at: Instant,
    /// Who sent it.
    pub from: A,
    /// The address it was sent to.
    pub to: A,
    /// Its octets.
    pub datagram: Vec<u8>,
}

impl<A: Address> Network<A> {
    /// A network of perfect links in which `seed` decides everything.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            now: Instant::ORIGIN,
            rng: Rng::new(seed),
            default_link: Link::default(),
            channels: BTreeMap::new(),
            in_flight: BinaryHeap::new(),
            sequence: 0,
            trace: Trace::default(),
            free: Vec::new(),
        }
    }

    /// The time of the last arrival or [`advance`](Self::advance).
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The link of every direction that was neither set nor used yet.
    pub fn set_default_link(&mut self, link: Link) {
        self.default_link = link;
    }

    /// The link of the direction from `from` to `to`. What is in flight is not changed.
    pub fn set_link(&mut self, from: A, to: A, link: Link) {
        self.channel(from, to).link = link;
    }

    /// Sends `datagram` now. Whether, when, how often and in what state it arrives is up to the
    /// link.
    pub fn send(&mut self, from: A, to: A, datagram: &[u8]) {
        self.trace.datagram(b's', self.now, from, to, datagram);
        let now = self.now;
        let channel = self.channel(from, to);
        let Fate::Delivered { after, corrupt } = channel.fate(now) else {
            return;
        };
        for copy in channel.copies().into_iter().flatten() {
            self.launch(now + copy, from, to, datagram);
        }
        let mut original = self.buffer(datagram);
        if corrupt {
            self.channel(from, to).corrupt(&mut original);
        }
        self.push(now + after, from, to, original);
    }

    /// Lets `datagram` arrive exactly at `at` (now, if that is over), past every link: strangers,
    /// old packets, forged senders.
    pub fn inject(&mut self, at: Instant, from: A, to: A, datagram: &[u8]) {
        self.launch(at.max(self.now), from, to, datagram);
    }

    /// When the next datagram arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        self.in_flight.peek().map(|Reverse(f)| f.at.max(self.now))
    }

    /// The earliest arrival that is not after `until`, and moves [`now`](Self::now) there. What
    /// arrives at one instant comes in the order in which it was sent.
    pub fn receive(&mut self, until: Instant) -> Option<Arrival<A>> {
        if self.next_arrival()? > until {
            return None;
        }
        let Reverse(flight) = self.in_flight.pop()?;
        let Flight {
            at,
            from,
            to,
            datagram,
            ..
        } = flight;
        self.now = self.now.max(at);
        self.channel(from, to).counters.delivered += 1;
        self.trace.datagram(b'r', self.now, from, to, &datagram);
        Some(Arrival {
            at: self.now,
            from,
            to,
            datagram,
        })
    }

    /// Moves [`now`](Self::now) to `to`, if that is later. What should have arrived before arrives
    /// then.
    pub fn advance(&mut self, to: Instant) {
        self.now = self.now.max(to);
    }

    /// Takes back the buffer of an arrival for later datagrams.
    pub fn recycle(&mut self, datagram: Vec<u8>) {
        if self.free.len() < 64 {
            self.free.push(datagram);
        }
    }

    /// How many datagrams are on their way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// What happened from `from` to `to` so far.
    #[must_use]
    pub fn counters(&self, from: A, to: A) -> Counters {
        self.channels
            .get(&(from, to))
            .map_or_else(Counters::default, |channel| channel.counters)
    }

    /// What happened in all directions so far.
    #[must_use]
    pub fn total(&self) -> Counters {
        let mut total = Counters::default();
        for channel in self.channels.values() {
            total.add(channel.counters);
        }
        total
    }

    /// A digest of every send and every arrival so far, with time, addresses and octets. Two runs
    /// of one seed must agree on it, on any platform as long as the addresses hash alike there.
    #[must_use]
    pub const fn trace_hash(&self) -> u64 {
        self.trace.value()
    }

    fn channel(&mut self, from: A, to: A) -> &mut Channel {
        self.channels
            .entry((from, to))
            .or_insert_with(|| Channel::new(self.default_link.clone(), self.rng.fork()))
    }

    fn launch(&mut self, at: Instant, from: A, to: A, datagram: &[u8]) {
        let datagram = self.buffer(datagram);
        self.push(at, from, to, datagram);
    }

    fn buffer(&mut self, datagram: &[u8]) -> Vec<u8> {
        let mut buffer = self.free.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(datagram);
        buffer
    }

    fn push(&mut self, at: Instant, from: A, to: A, datagram: Vec<u8>) {
        self.sequence += 1;
        self.in_flight.push(Reverse(Flight {
            at,
            sequence: self.sequence,
            from,
            to,
            datagram,
        }));
    }
}

/// Ordered by time, then by the order of sending: the sequence number is unique.
#[derive(Debug)]
struct Flight<A> {
    at: Instant,
    sequence: u64,
    from: A,
    to: A,
    datagram: Vec<u8>,
}

impl<A> Ord for Flight<A> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

impl<A> PartialOrd for Flight<A> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<A> PartialEq for Flight<A> {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}

impl<A> Eq for Flight<A> {}
