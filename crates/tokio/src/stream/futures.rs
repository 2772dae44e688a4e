//! `Stream` of owned events and `Sink` of octets.

use super::{Driver, DriverError};
use bytes::Bytes;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use futures_core::Stream;
use futures_sink::Sink;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake;
use tokio::io::{AsyncRead, AsyncWrite};
use wirelore_core::{Detach, Machine};

/// The two tasks that may wait for one driver, if it is split into a `Stream` and a `Sink`.
///
/// Both send and both read, and a stream wakes only the last task that asked. So it is asked in the
/// name of both, and both look again.
#[derive(Default)]
pub(super) struct Tasks(Mutex<[Option<Waker>; 2]>);

/// Which of the two.
#[derive(Clone, Copy)]
enum Half {
    Stream = 0,
    Sink = 1,
}

impl Tasks {
    fn waits(&self, half: Half, waker: &Waker) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut tasks[half as usize] {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    fn take(&self, half: Half) -> Option<Waker> {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks[half as usize].take()
    }

    fn wake_one(&self, half: Half) {
        if let Some(waker) = self.take(half) {
            waker.wake();
        }
    }
}

impl Wake for Tasks {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_one(Half::Stream);
        self.wake_one(Half::Sink);
    }
}

impl<M: Machine, S: AsyncRead + AsyncWrite + Unpin> Driver<M, S> {
    /// Polls in the name of both tasks, and tells the other one when something has changed.
    fn poll_as<T>(
        &mut self,
        half: Half,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Self, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let tasks = self.tasks.get_or_insert_default().clone();
        tasks.waits(half, cx.waker());
        let before = self.link.progress;
        let polled = poll(self, &mut Context::from_waker(&Waker::from(tasks.clone())));
        if polled.is_ready() {
            tasks.take(half);
        }
        if self.link.progress != before {
            tasks.wake_one(match half {
                Half::Stream => Half::Sink,
                Half::Sink => Half::Stream,
            });
        }
        polled
    }
}

/// The owned events, as by [`next`](Driver::next). Ends after an error, and when the machine's
/// receive direction is over.
impl<M, S> Stream for Driver<M, S>
where
    M: Detach + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    type Item = Result<M::Owned, DriverError<M::Error>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let driver = self.get_mut();
        if driver.over {
            return Poll::Ready(None);
        }
        let event = driver.poll_as(Half::Stream, cx, Self::poll_event);
        event.map(|event| {
            driver.over = !matches!(event, Ok(Some(_)));
            event.transpose()
        })
    }
}

/// Octets past the machine, as by [`send_owned`](Driver::send_owned): ready when less than the
/// high-water mark is unsent. To close it is to [`shutdown`](Driver::shutdown).
impl<M, S> Sink<Bytes> for Driver<M, S>
where
    M: Machine + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    type Error = io::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let driver = self.get_mut();
        if !driver.link.send.is_high() && !driver.link.is_broken() {
            return Poll::Ready(Ok(()));
        }
        driver.poll_as(Half::Sink, cx, |driver, cx| driver.link.poll_settled(cx))
    }

    fn start_send(self: Pin<&mut Self>, chunk: Bytes) -> io::Result<()> {
        self.get_mut().push(chunk);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let driver = self.get_mut();
        driver.poll_as(Half::Sink, cx, |driver, cx| driver.link.poll_flushed(cx))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let driver = self.get_mut();
        driver.poll_as(Half::Sink, cx, |driver, cx| driver.link.poll_closed(cx))
    }
}
