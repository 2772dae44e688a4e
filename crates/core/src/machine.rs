//! The contract of byte-stream protocols.

use alloc::vec::Vec;
use core::time::Duration;

/// What the caller has: every octet after the last one consumed, and whether more can come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input<'i> {
    bytes: &'i [u8],
    eof: bool,
}

impl<'i> Input<'i> {
    /// Octets after which more may follow.
    #[must_use]
    pub const fn more(bytes: &'i [u8]) -> Self {
        Self { bytes, eof: false }
    }

    /// The last octets of the stream: the peer closed its sending direction. Once given, every
    /// later call must be `last` too.
    #[must_use]
    pub const fn last(bytes: &'i [u8]) -> Self {
        Self { bytes, eof: true }
    }

    /// The octets.
    #[must_use]
    pub const fn bytes(&self) -> &'i [u8] {
        self.bytes
    }

    /// Whether the stream ends after these octets.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.eof
    }
}

/// What one call of [`Machine::step`] did.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<E> {
    /// How many octets, from the start of the input, the caller may now forget.
    pub consumed: usize,
    /// What comes next.
    pub next: Next<E>,
}

/// What comes next. Exhaustive on purpose: a driver must treat every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<E> {
    /// Something for the application. Step again afterwards.
    Event(E),
    /// Only more octets, or the end of the stream, can change the answer.
    NeedMore,
    /// Nothing is consumed until the application acts.
    Paused,
    /// The receive direction is over; unconsumed octets are the caller's.
    Done,
}

impl<E> Step<E> {
    /// An event that used up `consumed` octets.
    pub const fn event(consumed: usize, event: E) -> Self {
        Self {
            consumed,
            next: Next::Event(event),
        }
    }

    /// `consumed` octets were skipped or remembered; more are needed.
    pub const fn need_more(consumed: usize) -> Self {
        Self {
            consumed,
            next: Next::NeedMore,
        }
    }

    /// The application must act first.
    pub const fn paused() -> Self {
        Self {
            consumed: 0,
            next: Next::Paused,
        }
    }

    /// The receive direction is over after `consumed` octets.
    pub const fn done(consumed: usize) -> Self {
        Self {
            consumed,
            next: Next::Done,
        }
    }

    /// The same step with its event changed by `change`.
    pub fn map<F>(self, change: impl FnOnce(E) -> F) -> Step<F> {
        Step {
            consumed: self.consumed,
            next: match self.next {
                Next::Event(event) => Next::Event(change(event)),
                Next::NeedMore => Next::NeedMore,
                Next::Paused => Next::Paused,
                Next::Done => Next::Done,
            },
        }
    }
}

/// What a machine waits for, and how long the driver should let it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Patience {
    /// What is awaited, in words of the protocol ("request line", "body").
    pub what: &'static str,
    /// How long, from the moment the driver first sees this value.
    pub limit: Duration,
    /// Tells waits apart that are alike otherwise: with another mark the time starts again.
    pub mark: u64,
}

impl Patience {
    /// Wait `limit` for `what`.
    #[must_use]
    pub const fn new(what: &'static str, limit: Duration) -> Self {
        Self {
            what,
            limit,
            mark: 0,
        }
    }

    /// The same wait, told apart by `mark`: a machine that counts progress in it gives each stretch the
    /// whole time.
    #[must_use]
    pub const fn marked(mut self, mark: u64) -> Self {
        self.mark = mark;
        self
    }
}

/// A protocol over a byte stream, as a value.
///
/// The caller owns both buffers: it shows the machine everything it received and did not consume
/// yet, and sends what the machine appended to `out`. The ten rules every machine keeps are in
/// `docs/contract.md`; the test kit's contract suite checks them. Not dyn-compatible on purpose:
/// events borrow the input.
pub trait Machine {
    /// What the application is told. An event borrows the input only, never the machine.
    type Event<'i>;
    /// Why the stream cannot be resynchronised. Sticky: the same error again on every later call.
    type Error: core::error::Error + Clone + PartialEq;

    /// Called once before the first step: a greeting, opening offers.
    fn start(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// Looks at `input` and reports at most one event. Whatever the event caused to be sent is in
    /// `out` before it is returned.
    ///
    /// # Errors
    /// Fatal for the receive side: nothing further is consumed, the same error is returned again.
    fn step<'i>(
        &mut self,
        input: Input<'i>,
        out: &mut Vec<u8>,
    ) -> Result<Step<Self::Event<'i>>, Self::Error>;

    /// A receive buffer of this many octets can never deadlock. Constant for the life of the
    /// machine.
    fn max_unconsumed(&self) -> usize;

    /// The transport saw an urgent mark: urgent data lies ahead. May be called again until the marked
    /// octet is consumed, and is not called for a mark that is behind.
    fn urgent(&mut self) {}

    /// What the machine waits for and how long it should be let; the driver owns the clock.
    fn patience(&self) -> Option<Patience> {
        None
    }

    /// The [`patience`](Self::patience) ran out.
    fn expired(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }
}
