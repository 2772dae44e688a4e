//! The stream with its two buffers: all of the driver that knows nothing of machines.

use super::DriverConfig;
use super::error::again;
use super::timer::Timer;
use super::urgent::Marks;
use bytes::Bytes;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io::{self, ErrorKind, IoSlice};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use wirelore_core::{RecvBuf, SendBuf};

/// The most slices of one vectored write.
const SLICES: usize = 16;

pub(super) struct Link<S> {
    pub(super) stream: S,
    pub(super) urgent: Option<Marks<S>>,
    pub(super) recv: RecvBuf,
    /// Octets that came before those in `recv`, taken out of it for owned events.
    pub(super) frozen: Bytes,
    pub(super) send: SendBuf,
    /// The peer has closed its sending direction.
    pub(super) eof: bool,
    /// Nothing can be read any more, because reading failed.
    deaf: bool,
    /// Why nothing can be sent any more.
    broken: Option<io::Error>,
    /// The stream was given octets that it was not yet told to pass on.
    unflushed: bool,
    /// Our own sending direction is closed.
    shut: bool,
    stall: Option<Duration>,
    bare_end: bool,
    /// Since when the stream takes nothing.
    blocked: Option<Instant>,
    timer: Timer,
    /// Changes with everything that may concern somebody who waits.
    pub(super) progress: u64,
}

impl<S> Link<S> {
    pub(super) fn new(stream: S, max_unconsumed: usize, config: &DriverConfig) -> Self {
        let high = config.high.max(1);
        Self {
            stream,
            urgent: None,
            recv: RecvBuf::new(config.receive.max(max_unconsumed)),
            frozen: Bytes::new(),
            send: SendBuf::new(high, config.low.clamp(1, high)),
            eof: false,
            deaf: false,
            broken: None,
            unflushed: false,
            shut: false,
            stall: config.stall,
            bare_end: config.bare_end,
            blocked: None,
            timer: Timer::default(),
            progress: 0,
        }
    }

    /// How many octets were received and not consumed.
    pub(super) fn held(&self) -> usize {
        self.frozen.len() + self.recv.len()
    }

    /// All received octets in one buffer that nobody else sees.
    pub(super) fn thaw(&mut self) {
        if !self.frozen.is_empty() {
            let frozen = core::mem::take(&mut self.frozen);
            self.recv.restore(&frozen);
        }
    }

    pub(super) fn room(&self) -> usize {
        self.recv.max().saturating_sub(self.held())
    }

    /// Whether reading could change anything.
    pub(super) fn can_read(&self) -> bool {
        !self.eof && !self.deaf && self.room() > 0
    }

    /// Nothing is read, but only because there is no room.
    pub(super) fn is_full(&self) -> bool {
        !self.eof && !self.deaf && self.room() == 0
    }

    pub(super) const fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Nothing is left to be passed on.
    pub(super) const fn is_flushed(&self) -> bool {
        self.send.is_empty() && !self.unflushed
    }

    /// Why the connection failed, as often as it is asked for.
    pub(super) fn error(&self) -> Option<io::Error> {
        self.broken.as_ref().map(again)
    }

    fn fail(&mut self, error: io::Error) {
        self.broken.get_or_insert(error);
        self.blocked = None;
        self.progress += 1;
        self.discard();
    }

    /// What cannot be sent must not fill the memory.
    fn discard(&mut self) {
        self.unflushed = false;
        self.send.advance(self.send.len());
    }

    /// About to wait: empty buffers give their memory back.
    pub(super) fn release(&mut self) {
        self.recv.release();
        self.send.release();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    /// Reads once. Ready with 0 when nothing more can come.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        let room = self.room();
        let spare = self.recv.spare();
        let len = spare.len().min(room);
        let mut buf = ReadBuf::new(&mut spare[..len]);
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf));
        let count = buf.filled().len();
        self.progress += 1;
        match read {
            Ok(()) if count == 0 => self.eof = true,
            Ok(()) => self.recv.fill(count),
            Err(error) if self.bare_end && error.kind() == ErrorKind::UnexpectedEof => {
                self.eof = true;
            }
            Err(error) => {
                self.deaf = true;
                self.fail(error);
                return Poll::Ready(0);
            }
        }
        Poll::Ready(count)
    }

    /// Sends what can be sent. Ready when nothing is left or nothing can be sent any more.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_broken() {
            self.discard();
            return Poll::Ready(());
        }
        match self.poll_send(cx) {
            Poll::Ready(Ok(())) => self.blocked = None,
            Poll::Ready(Err(error)) => self.fail(error),
            Poll::Pending => {
                self.blocked.get_or_insert_with(Instant::now);
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.send.is_empty() {
            let count = ready!(self.poll_write(cx))?;
            if count == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            self.send.advance(count);
            self.unflushed = true;
            self.blocked = None;
            self.progress += 1;
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        if !stream.is_write_vectored() {
            return stream.poll_write(cx, self.send.front());
        }
        let mut slices = [&[][..]; SLICES];
        let count = self.send.slices(&mut slices);
        if count == 1 {
            return stream.poll_write(cx, slices[0]);
        }
        let slices = slices.map(IoSlice::new);
        stream.poll_write_vectored(cx, &slices[..count])
    }

    /// Closes the sending direction, when all is sent.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.poll_flush(cx));
        if self.shut || self.is_broken() {
            return Poll::Ready(());
        }
        match Pin::new(&mut self.stream).poll_shutdown(cx) {
            Poll::Ready(Ok(())) => {
                self.blocked = None;
                self.shut = true;
            }
            Poll::Ready(Err(error)) => self.fail(error),
            Poll::Pending => {
                self.blocked.get_or_insert_with(Instant::now);
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// Ready when the peer has not read for too long, which breaks the connection.
    pub(super) fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = self.blocked.zip(self.stall);
        let at = since.and_then(|(since, stall)| since.checked_add(stall));
        ready!(self.timer.poll_at(cx, at));
        let what = "the peer does not read what is sent";
        self.fail(io::Error::new(ErrorKind::TimedOut, what));
        Poll::Ready(())
    }

    /// Waits for `end`, while it goes on sending and reading.
    fn poll_until<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut end: impl FnMut(&mut Self, &mut Context<'_>) -> Option<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            let _ = self.poll_flush(cx);
            let ended = end(self, cx);
            if let Some(error) = self.error() {
                return Poll::Ready(Err(error));
            }
            if let Some(value) = ended {
                return Poll::Ready(Ok(value));
            }
            let read = self.can_read() && self.poll_fill(cx).is_ready();
            if !read && self.poll_stalled(cx).is_pending() {
                self.release();
                return Poll::Pending;
            }
        }
    }

    /// Less than the low-water mark waits to be sent.
    pub(super) fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_until(cx, |link, _| link.send.is_low().then_some(()))
    }

    /// All is sent.
    pub(super) fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_until(cx, |link, _| link.is_flushed().then_some(()))
    }

    /// All is sent and the sending direction is closed.
    pub(super) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_until(cx, |link, cx| {
            link.poll_shutdown(cx).is_ready().then_some(())
        })
    }

    /// Both directions are closed; what comes is thrown away.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_until(cx, |link, cx| {
            link.frozen = Bytes::new();
            link.recv.consume(link.recv.len());
            (link.poll_shutdown(cx).is_ready() && link.eof).then_some(())
        })
    }

    /// The peer has closed its sending direction.
    pub(super) fn poll_hung_up(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_until(cx, |link, _| link.eof.then_some(()))
    }

    /// Octets have come. 0 when there is no room, or when none will come.
    pub(super) fn poll_filled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            let _ = self.poll_flush(cx);
            if !self.can_read() {
                return Poll::Ready(self.error().map_or(Ok(0), Err));
            }
            // What a broken connection still carries comes before the news that it is broken.
            match self.poll_fill(cx) {
                Poll::Ready(count) if count > 0 => return Poll::Ready(Ok(count)),
                Poll::Ready(_) => continue,
                Poll::Pending => {}
            }
            if let Some(error) = self.error() {
                return Poll::Ready(Err(error));
            }
            if self.poll_stalled(cx).is_pending() {
                self.release();
                return Poll::Pending;
            }
        }
    }
}
