//! When the machine is stepped, and what is done with what it says.

use super::link::Link;
use super::{Driver, DriverError, Pumped};
use bytes::{Buf, Bytes};
use core::future::poll_fn;
use core::ops::ControlFlow;
use core::task::{Context, Poll, ready};
use std::io::ErrorKind;
use tokio::io::{AsyncRead, AsyncWrite};
use wirelore_core::{Detach, Input, Machine, Next, Step};

/// So many steps follow the end of the machine's patience, whatever waits to be sent: the most
/// events that may come without octets, and what ends the conversation.
const FORCED: u8 = 5;

/// What [`Driver::next`] comes to.
pub(super) type NextEvent<M> =
    Result<Option<<M as Detach>::Owned>, DriverError<<M as Machine>::Error>>;

/// What one step led to.
enum Stepped<T> {
    /// Step again.
    Again,
    /// Return to the caller with this.
    Break(T),
    /// Only octets or the end of the stream help.
    Starved,
    /// Only the application helps.
    Paused,
    /// The receive direction is over.
    Done,
}

/// What the driver waits in.
enum State<E> {
    /// The machine is not stepped: too much waits to be sent.
    Clogged,
    Starved,
    Paused,
    Done,
    Failed(E),
}

impl<M: Machine, S: AsyncRead + AsyncWrite + Unpin> Driver<M, S> {
    /// Steps the machine and gives each event to `on_event`, together with the machine and the
    /// place where its calls append what is to be sent, until one of these comes first:
    ///
    /// - the closure breaks off: [`Pumped::Break`]; call `pump` again to go on,
    /// - the machine's receive direction is over, in most protocols because the peer said so or
    ///   closed the stream: [`Pumped::Done`], after all is sent,
    /// - the machine waits for the application and the peer closes: [`Pumped::HungUp`],
    /// - an error.
    ///
    /// It sends before it waits, goes on reading while a large flush is blocked, and does not step
    /// the machine from the high-water mark on until less than the low-water mark is unsent.
    ///
    /// While the machine is paused, only the application can make it go on, and it has to stop
    /// `pump` for that: break off at the event that has to be answered, or wait for the answer and
    /// `pump` at the same time (`tokio::select!`). In the second case `pump` reads pipelined octets
    /// into the receive buffer, and so notices that the peer resets the connection or closes it.
    /// When the buffer is full, or the peer has closed already, a reset is noticed only by sending.
    ///
    /// Cancel safe. Events that the closure has seen will not come again; only what the closure
    /// itself keeps of them can be lost with it.
    ///
    /// # Errors
    /// See [`DriverError`].
    pub async fn pump<R>(
        &mut self,
        mut on_event: impl FnMut(&mut M, M::Event<'_>, &mut Vec<u8>) -> ControlFlow<R>,
    ) -> Result<Pumped<R>, DriverError<M::Error>> {
        poll_fn(|cx| self.poll_steps(cx, |machine, link| borrowed(machine, link, &mut on_event)))
            .await
    }

    /// Steps and waits until `step` breaks off or nothing more can come. All state is in `self`.
    fn poll_steps<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut step: impl FnMut(&mut M, &mut Link<S>) -> Result<Stepped<T>, M::Error>,
    ) -> Poll<Result<Pumped<T>, DriverError<M::Error>>> {
        self.deadline.see(self.machine.patience());
        // Whether all that came in time has been looked at.
        let mut read = false;
        loop {
            self.tell_urgent();
            let state = if self.may_step() {
                let stepped = step(&mut self.machine, &mut self.link);
                self.deadline.see(self.machine.patience());
                match stepped {
                    Ok(Stepped::Again) => continue,
                    Ok(Stepped::Break(value)) => return Poll::Ready(Ok(Pumped::Break(value))),
                    Ok(Stepped::Starved) => State::Starved,
                    Ok(Stepped::Paused) => State::Paused,
                    Ok(Stepped::Done) => State::Done,
                    Err(error) => State::Failed(error),
                }
            } else {
                State::Clogged
            };

            let flushed = self.link.poll_flush(cx);
            let ended = matches!(state, State::Done | State::Failed(_));
            match state {
                State::Failed(error) if flushed.is_ready() => {
                    return Poll::Ready(Err(DriverError::Machine(error)));
                }
                State::Done if flushed.is_ready() => {
                    let error = self.link.error().map(DriverError::Io);
                    return Poll::Ready(error.map_or(Ok(Pumped::Done), Err));
                }
                State::Clogged if self.link.send.is_low() => continue,
                State::Starved if self.link.eof || self.link.room() == 0 => {
                    return Poll::Ready(Err(DriverError::Stuck));
                }
                State::Paused if self.link.eof && !self.told && !self.link.is_broken() => {
                    self.told = true;
                    return Poll::Ready(Ok(Pumped::HungUp));
                }
                _ => {}
            }

            if read && !ended && self.deadline.take() {
                self.machine.expired(self.link.send.out());
                self.deadline.see(self.machine.patience());
                self.forced = FORCED;
                continue;
            }
            read = true;
            // A peer that does not read, but never stops sending, would be read for ever.
            if let Some(error) = self
                .link
                .error()
                .filter(|e| e.kind() == ErrorKind::TimedOut)
                && !ended
            {
                return Poll::Ready(Err(DriverError::Io(error)));
            }
            if self.link.can_read() && self.link.poll_fill(cx).is_ready() {
                continue;
            }
            if let Some(error) = self.link.error() {
                return Poll::Ready(Err(DriverError::Io(error)));
            }
            if self.link.poll_mark(cx).is_ready() {
                continue;
            }
            let stalled = self.link.poll_stalled(cx).is_ready();
            let over = !ended && self.deadline.poll_over(cx).is_ready();
            if !stalled && !over {
                self.link.release();
                return Poll::Pending;
            }
        }
    }

    fn may_step(&mut self) -> bool {
        if self.link.send.is_high() {
            self.clogged = true;
        } else if self.link.send.is_low() {
            self.clogged = false;
        }
        let forced = self.forced > 0;
        self.forced = self.forced.saturating_sub(1);
        !self.clogged || forced
    }
}

impl<M: Detach, S: AsyncRead + AsyncWrite + Unpin> Driver<M, S> {
    /// The next event, owned; none when the machine's receive direction is over and all is sent.
    ///
    /// What the octets of an event are slices of is the receive buffer itself, taken out as a
    /// whole: only what is unconsumed when more has to be read is copied. So a small event that is
    /// kept keeps up to [`DriverConfig::receive`](crate::DriverConfig::receive) octets in memory.
    ///
    /// Waits like [`pump`](Self::pump), with one difference: that the peer closes while the machine
    /// is paused is no end. Wait for that with [`hung_up`](Self::hung_up).
    ///
    /// Cancel safe: an event is consumed only when it is returned.
    ///
    /// # Errors
    /// See [`DriverError`].
    pub async fn next(&mut self) -> Result<Option<M::Owned>, DriverError<M::Error>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<NextEvent<M>> {
        loop {
            return Poll::Ready(match ready!(self.poll_steps(cx, owned)) {
                Ok(Pumped::Break(event)) => Ok(Some(event)),
                Ok(Pumped::Done) => Ok(None),
                // Reported once only: the second round waits.
                Ok(Pumped::HungUp) => continue,
                Err(error) => Err(error),
            });
        }
    }
}

/// One step over the receive buffer.
fn borrowed<M: Machine, S, R>(
    machine: &mut M,
    link: &mut Link<S>,
    on_event: &mut impl FnMut(&mut M, M::Event<'_>, &mut Vec<u8>) -> ControlFlow<R>,
) -> Result<Stepped<R>, M::Error> {
    link.thaw();
    let (consumed, stepped) = {
        let (bytes, out) = (link.recv.bytes(), link.send.out());
        let Step { consumed, next } = machine.step(input(bytes, link.eof), out)?;
        let stepped = match next {
            Next::Event(event) => match on_event(machine, event, out) {
                ControlFlow::Continue(()) => Stepped::Again,
                ControlFlow::Break(value) => Stepped::Break(value),
            },
            Next::NeedMore if consumed == 0 => Stepped::Starved,
            Next::NeedMore => Stepped::Again,
            Next::Paused => Stepped::Paused,
            Next::Done => Stepped::Done,
        };
        (consumed, stepped)
    };
    link.recv.consume(consumed);
    Ok(stepped)
}

/// One step over the receive buffer, taken out so that events can own slices of it.
fn owned<M: Detach, S>(machine: &mut M, link: &mut Link<S>) -> Result<Stepped<M::Owned>, M::Error> {
    if link.frozen.is_empty() && !link.recv.is_empty() {
        link.frozen = link.recv.freeze();
    }
    // What was read in the meantime stands behind the frozen octets, and is not shown yet.
    let more_behind = !link.recv.is_empty();
    let (consumed, stepped) = {
        let (frozen, out) = (&link.frozen, link.send.out());
        let Step { consumed, next } = machine.step(input(frozen, link.eof && !more_behind), out)?;
        let stepped = match next {
            Next::Event(event) => {
                Stepped::Break(M::detach(event, &mut |slice| frozen.slice_ref(slice)))
            }
            Next::NeedMore if consumed > 0 || more_behind => Stepped::Again,
            Next::NeedMore => Stepped::Starved,
            Next::Paused => Stepped::Paused,
            Next::Done => Stepped::Done,
        };
        (consumed, stepped)
    };
    link.frozen.advance(consumed.min(link.frozen.len()));
    if link.frozen.is_empty() {
        // An empty slice would keep the memory of the whole.
        link.frozen = Bytes::new();
    } else if consumed == 0 && matches!(stepped, Stepped::Starved | Stepped::Again) {
        link.thaw();
    }
    Ok(stepped)
}

const fn input(bytes: &[u8], last: bool) -> Input<'_> {
    if last {
        Input::last(bytes)
    } else {
        Input::more(bytes)
    }
}
