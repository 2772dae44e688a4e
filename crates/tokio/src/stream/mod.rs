//! Byte streams: a machine, a stream and the two buffers between them.
//!
//! `link.rs` knows the stream and the buffers, `steps.rs` when the machine is stepped; everything
//! else stands on these two.

mod calls;
mod config;
mod error;
mod futures;
mod link;
mod parts;
mod steps;
mod timer;
mod urgent;

pub use config::DriverConfig;
pub(crate) use error::again;
pub use error::{ActError, DriverError, Pumped, UpgradeError, UpgradeRefusal};
pub use parts::Parts;

use self::futures::Tasks;
use self::link::Link;
use self::timer::Deadline;
use core::fmt;
use std::sync::Arc;
use wirelore_core::Machine;

/// Drives a [`Machine`] over a byte stream: a TCP connection, a TLS session, a pipe.
///
/// One task owns a driver, and calls one of its methods at a time:
///
/// - [`pump`](Self::pump) is driven by input. It steps the machine and gives its events, borrowed,
///   to a closure, until the closure breaks off. [`next`](Self::next) hands them out one by one,
///   owned and without copying their octets. A `Driver` is also a `Stream` of owned events and a
///   `Sink` of [`Bytes`](bytes::Bytes).
/// - [`act`](Self::act) is driven by the application: it makes a call on the machine and waits until
///   the peer has taken most of what is to be sent. A long body is a loop of `act` or of
///   [`send_owned`](Self::send_owned).
/// - [`with_urgent`](Self::with_urgent) lets it see the urgent marks of TCP, and
///   [`act_urgent`](Self::act_urgent) sets them.
/// - [`flush`](Self::flush), [`fill`](Self::fill), [`hung_up`](Self::hung_up),
///   [`shutdown`](Self::shutdown) and [`close`](Self::close) concern the stream alone.
/// - [`upgrade`](Self::upgrade) and [`into_parts`](Self::into_parts) end the driver and carry the
///   connection over. A driver that is dropped drops the stream, and what is unsent with it.
///
/// Whatever a method waits for, it sends what is to be sent and goes on reading as long as the
/// receive buffer has room. So two peers that both write first do not wait for each other, unless
/// each sends more than the other's buffer holds and neither consumes anything: `act` does not step
/// the machine. Where a lot comes and goes at once, alternate between small `act`s and `pump`.
///
/// The driver owns the clock. It starts a timer when the machine's
/// [`patience`](Machine::patience) changes; while `pump` or `next` waits and the time is up, it
/// calls [`expired`](Machine::expired). What arrived in time but was not looked at yet comes first.
/// The timers need a tokio runtime with time enabled.
///
/// A closure that breaks off and an event from `next` are no waits: what they caused to be sent is
/// sent by the next call that waits, together with what the application adds. Before you wait for
/// anything else, [`flush`](Self::flush), or wait for it together with [`hung_up`](Self::hung_up).
///
/// # Cancel safety
///
/// All that a method has done is in the driver and not in the future: dropping a future, at any
/// point, loses no octet in either direction and no event, and the next call goes on where it
/// stood. An event is consumed when the closure has seen it, or when `next` returns it; both happen
/// in the poll that completes the future or in an earlier one, never after a wait. What is special
/// to a method is said there.
///
/// # When it fails
///
/// A connection can fail while octets are still unread. They are read and handed out as events
/// first; what could not be sent is dropped; then comes the error.
pub struct Driver<M, S> {
    machine: M,
    link: Link<S>,
    deadline: Deadline,
    /// The high-water mark was reached, and the low-water mark not yet since.
    clogged: bool,
    /// So many steps are made all the same: the machine was told that its patience ran out.
    forced: u8,
    /// That the peer hung up while the machine is paused was reported.
    told: bool,
    /// Who waits as a `Stream` and as a `Sink`, as soon as somebody does.
    tasks: Option<Arc<Tasks>>,
    /// The `Stream` has ended.
    over: bool,
}

impl<M: Machine, S> Driver<M, S> {
    /// A driver at the beginning of a conversation: the machine is
    /// [`start`](Machine::start)ed, so what it has to say first is sent by the first call that
    /// waits.
    pub fn new(machine: M, stream: S, config: &DriverConfig) -> Self {
        let mut driver = Self::resume(Parts::new(machine, stream), config);
        driver.machine.start(driver.link.send.out());
        driver
    }

    /// The machine.
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// The machine, for calls that send nothing; others are made with [`apply`](Self::apply) or
    /// [`act`](Self::act).
    pub const fn machine_mut(&mut self) -> &mut M {
        &mut self.machine
    }

    /// The stream.
    pub const fn stream(&self) -> &S {
        &self.link.stream
    }

    /// The octets that were received and not consumed.
    pub fn received(&mut self) -> &[u8] {
        self.link.thaw();
        self.link.recv.bytes()
    }

    /// Forgets the first `count` octets of [`received`](Self::received), which must not be the
    /// machine's any more: after `Done`.
    pub fn consume(&mut self, count: usize) {
        self.link.thaw();
        self.link.recv.consume(count);
    }

    /// How many octets wait to be sent.
    pub const fn unsent(&self) -> usize {
        self.link.send.len()
    }

    /// Whether the peer has closed its sending direction, as far as was read.
    pub const fn peer_closed(&self) -> bool {
        self.link.eof
    }
}

impl<M, S> fmt::Debug for Driver<M, S> {
    /// No octets: there may be passwords among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("received", &self.link.held())
            .field("unsent", &self.link.send.len())
            .field("peer_closed", &self.link.eof)
            .field("broken", &self.link.is_broken())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ops::ControlFlow;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use wirelore_core::lines::{LineConfig, LineReceiver};

    #[tokio::test]
    async fn a_connection_that_waits_holds_no_empty_buffers() {
        let (ours, mut theirs) = duplex(4096);
        let machine = LineReceiver::new(LineConfig::default());
        let mut driver = Driver::new(machine, ours, &DriverConfig::default());
        theirs.write_all(b"one line\r\n").await.unwrap();
        driver.push(vec![b'x'; 5000]);
        driver.push(&b"little"[..]);
        let read = async {
            theirs.read_exact(&mut [0; 5006]).await.unwrap();
            tokio::time::sleep(core::time::Duration::from_millis(20)).await;
        };
        tokio::select! {
            ended = driver.pump(|_, _, _| ControlFlow::<()>::Continue(())) => panic!("{ended:?}"),
            () = read => {}
        }
        assert_eq!(driver.link.recv.capacity(), 0);
        assert_eq!(driver.link.send.out().capacity(), 0);
    }
}
