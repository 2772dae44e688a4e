//! The loop that lets nodes talk over a network, in the order of events.

use wirelore_core::{DatagramMachine, Instant};

use super::{Address, Network};

/// A participant: a machine with its application, a naive reference peer, a whole server.
///
/// Whatever a node sends, it sends with [`Network::send`] and one of its own addresses as sender.
pub trait Node<A> {
    /// Whether datagrams to `address` are for this node. It may own several (a listening port and
    /// one per transfer), and they may come and go.
    fn owns(&self, address: A) -> bool;

    /// Called once by [`run`] before anything else: the first request goes out here.
    fn start(&mut self, now: Instant, net: &mut Network<A>) {
        let _ = (now, net);
    }

    /// `datagram` arrived from `from` at this node's address `to`.
    fn datagram(&mut self, now: Instant, from: A, to: A, datagram: &[u8], net: &mut Network<A>);

    /// [`next_timeout`](Self::next_timeout) is reached: a retransmission is due, a slow disk has
    /// answered. Must make `next_timeout` later or `None` in the end.
    fn timeout(&mut self, now: Instant, net: &mut Network<A>);

    /// When [`timeout`](Self::timeout) is to be called.
    fn next_timeout(&self) -> Option<Instant>;

    /// Whether the run may end as far as this node is concerned. [`run`] ends when all nodes agree.
    fn finished(&self) -> bool;
}

/// Where [`run`] gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// At most this many arrivals and timeouts together.
    pub events: u64,
    /// Nothing after this instant.
    pub until: Instant,
}

impl Default for Limits {
    /// A million events, one day.
    fn default() -> Self {
        Self {
            events: 1_000_000,
            until: Instant::from_micros(86_400_000_000),
        }
    }
}

/// How a run went.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Why it ended.
    pub ending: Ending,
    /// How many arrivals and timeouts there were.
    pub events: u64,
    /// Virtual time at the end.
    pub at: Instant,
    /// [`Network::trace_hash`] at the end.
    pub trace_hash: u64,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every node is finished.
    Finished,
    /// Nothing is in flight and no timeout is set, but some node is not finished: a deadlock.
    Stalled,
    /// [`Limits::events`] were used up: perhaps a loop that never ends.
    TooManyEvents,
    /// [`Limits::until`] was reached.
    OutOfTime,
}

/// Lets `nodes` talk over `net` until all are finished or a limit is reached.
///
/// What happens at one instant happens in this order: arrivals as they were sent, then timeouts in
/// the order of `nodes`. A datagram to an address that nobody owns vanishes, as does one to a
/// closed port. What is in flight at the end stays in `net`.
pub fn run<A: Address>(
    net: &mut Network<A>,
    nodes: &mut [&mut dyn Node<A>],
    limits: Limits,
) -> Outcome {
    for node in nodes.iter_mut() {
        node.start(net.now(), net);
    }
    let mut events = 0;
    let ending = loop {
        if nodes.iter().all(|node| node.finished()) {
            break Ending::Finished;
        }
        if events == limits.events {
            break Ending::TooManyEvents;
        }
        let timeout = nodes
            .iter()
            .enumerate()
            .filter_map(|(n, node)| Some((node.next_timeout()?, n)))
            .min();
        let until = timeout.map_or(limits.until, |(at, _)| at.min(limits.until));
        if let Some(arrival) = net.receive(until.max(net.now())) {
            if let Some(node) = nodes.iter_mut().find(|node| node.owns(arrival.to)) {
                let now = arrival.at;
                node.datagram(now, arrival.from, arrival.to, &arrival.datagram, net);
            }
            net.recycle(arrival.datagram);
        } else if let Some((at, n)) = timeout.filter(|&(at, _)| at <= limits.until) {
            net.advance(at);
            nodes[n].timeout(net.now(), net);
        } else if timeout.is_none() && net.next_arrival().is_none() {
            break Ending::Stalled;
        } else {
            net.advance(limits.until);
            break Ending::OutOfTime;
        }
        events += 1;
    };
    Outcome {
        ending,
        events,
        at: net.now(),
        trace_hash: net.trace_hash(),
    }
}

/// Sends everything that `machine` has to send now, from the address `from`, and returns how many
/// datagrams that were. `buf` must hold at least [`DatagramMachine::max_datagram`] octets.
///
/// # Panics
/// After a million datagrams: the machine would go on for ever.
pub fn flush<A: Address, M: DatagramMachine<A>>(
    machine: &mut M,
    from: A,
    net: &mut Network<A>,
    buf: &mut [u8],
) -> usize {
    let mut sent = 0;
    while let Some(transmit) = machine.poll_transmit(net.now(), buf) {
        let datagrams = &buf[..transmit.len];
        if datagrams.is_empty() {
            net.send(from, transmit.to, datagrams);
            sent += 1;
        }
        for datagram in datagrams.chunks(transmit.segment.unwrap_or(usize::MAX)) {
            net.send(from, transmit.to, datagram);
            sent += 1;
        }
        assert!(sent <= 1_000_000, "poll_transmit never comes to an end");
    }
    sent
}
