use std::io;

/// Why a [`Driver`](crate::Driver) cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError<E> {
    /// The machine cannot make sense of the stream any more. Its words of farewell, if any, were
    /// sent. Every later call returns the same error.
    #[error(transparent)]
    Machine(E),
    /// The connection failed: whatever it still carried has been handed out as events, what was
    /// unsent is dropped. Every later call fails in the same way.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The machine broke the contract: it asks for more octets than its `max_unconsumed` says, or
    /// for more after the end of the stream.
    #[error("the protocol waits for octets that cannot come")]
    Stuck,
}

/// Why [`act`](crate::Driver::act) did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActError<U> {
    /// The machine refused the call. Nothing was written, nothing is spoiled.
    #[error(transparent)]
    Misuse(U),
    /// The machine took the call, but the connection failed before the octets were sent.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// How [`pump`](crate::Driver::pump) ended. Exhaustive on purpose: each end wants another answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pumped<R> {
    /// The closure broke off with this value. Its event is consumed; what it caused to be sent
    /// goes out with the next call that waits.
    Break(R),
    /// The machine's receive direction is over and all that it wrote is sent. Octets behind the end
    /// are in [`received`](crate::Driver::received).
    Done,
    /// The machine waits for the application, and the peer has closed its sending direction:
    /// perhaps it went away, perhaps it still waits for the answer. Reported once; the next `pump`
    /// waits on. Pipelined octets are kept.
    HungUp,
}

/// Why a connection cannot be carried over, and the driver as it was.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct UpgradeError<D> {
    /// The driver, unchanged.
    pub driver: Box<D>,
    /// What stands in the way.
    pub why: UpgradeRefusal,
}

/// What stands in the way of an [`upgrade`](crate::Driver::upgrade).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpgradeRefusal {
    /// The peer has sent so many octets that nobody consumed: plain text that must not count as
    /// part of what follows.
    #[error("{0} octets arrived before the change of protocol")]
    Received(usize),
    /// So many octets are not sent yet; [`flush`](crate::Driver::flush) first. Zero: the stream
    /// itself still holds some.
    #[error("{0} octets are not sent yet")]
    Unsent(usize),
    /// The connection has failed.
    #[error("the connection has failed")]
    Broken,
}

/// The same error once more: it is kept, and told as often as somebody asks.
pub(crate) fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
