//! The contract of datagram and frame protocols with timers.

use crate::Instant;

/// One or more datagrams of equal destination that [`DatagramMachine::poll_transmit`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit<A> {
    /// Where to send it.
    pub to: A,
    /// How many octets of the buffer are used, from its start.
    pub len: usize,
    /// When set, the buffer holds several datagrams of this length each (the last one may be
    /// shorter), for segmentation offload; otherwise it holds one.
    pub segment: Option<usize>,
}

impl<A> Transmit<A> {
    /// One datagram of `len` octets for `to`.
    #[must_use]
    pub const fn one(to: A, len: usize) -> Self {
        Self {
            to,
            len,
            segment: None,
        }
    }
}

/// A protocol over datagrams (or frames) with timers, as a value.
///
/// `A` is whatever the caller routes by: a socket address, an interface number, a pair of peer and
/// local address, a small integer in a test. Malformed datagrams are counted, answered or ignored by
/// the protocol's rules; they are never an error of this interface.
///
/// After every `handle_*` call and after every call of the application, drain
/// [`poll_event`](Self::poll_event) and [`poll_transmit`](Self::poll_transmit) until both return
/// `None`, then wait for a datagram or for [`poll_timeout`](Self::poll_timeout).
pub trait DatagramMachine<A: Copy + Eq> {
    /// What the application is told. An event borrows the datagram at most, never the machine.
    type Event<'d>;

    /// A datagram came in from `from` at `now`. At most one event is returned; further facts wait
    /// in [`poll_event`](Self::poll_event).
    fn handle_datagram<'d>(
        &mut self,
        now: Instant,
        from: A,
        datagram: &'d [u8],
    ) -> Option<Self::Event<'d>>;

    /// Time passed. Without effect when called early or repeatedly. Afterwards
    /// [`poll_timeout`](Self::poll_timeout) is later than `now`, or `None`.
    fn handle_timeout(&mut self, now: Instant);

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; every other call may
    /// change it.
    fn poll_timeout(&self) -> Option<Instant>;

    /// Writes the next datagram to send into `buf`, which holds at least
    /// [`max_datagram`](Self::max_datagram) octets. `None`: nothing to send now.
    fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Transmit<A>>;

    /// What time caused, and further facts about the last datagram.
    fn poll_event(&mut self) -> Option<Self::Event<'static>>;

    /// The longest datagram (or segment) this machine sends, in octets.
    fn max_datagram(&self) -> usize;
}
