//! What the application does.

use super::{ActError, Driver};
use bytes::Bytes;
use core::future::poll_fn;
use core::time::Duration;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use wirelore_core::{Chunk, Machine};

impl<M: Machine, S> Driver<M, S> {
    /// Makes a call on the machine, which appends what is to be sent, and does not wait. It is sent
    /// by the next call that waits.
    ///
    /// # Errors
    /// Those of the call: nothing was written then.
    pub fn apply<R, U>(
        &mut self,
        call: impl FnOnce(&mut M, &mut Vec<u8>) -> Result<R, U>,
    ) -> Result<R, U> {
        let called = call(&mut self.machine, self.link.send.out());
        self.deadline.see(self.machine.patience());
        called
    }

    /// Appends octets to what is to be sent, and does not wait. More than 1024 of them are not
    /// copied.
    pub fn push(&mut self, chunk: impl Into<Chunk>) {
        self.link.send.push(chunk);
    }
}

impl<M: Machine, S: AsyncRead + AsyncWrite + Unpin> Driver<M, S> {
    /// Makes a call on the machine and waits until less than the low-water mark is unsent:
    /// [`apply`](Self::apply) and [`settle`](Self::settle). A long body is a loop of `act`.
    ///
    /// Cancel safe in this sense: the call is made when the future is polled for the first time,
    /// and stays made. A future that was never polled has done nothing; of one that was dropped
    /// while it waited, only the value that the call returned is lost. Where either matters, use
    /// `apply` and `settle`.
    ///
    /// # Errors
    /// What the machine refuses, and a connection that fails while waiting.
    pub async fn act<R, U>(
        &mut self,
        call: impl FnOnce(&mut M, &mut Vec<u8>) -> Result<R, U>,
    ) -> Result<R, ActError<U>> {
        let value = self.apply(call).map_err(ActError::Misuse)?;
        self.settle().await?;
        Ok(value)
    }

    /// Appends `chunk` to what is to be sent, without copying it when it is long, and waits until
    /// less than the low-water mark is unsent: [`push`](Self::push) and [`settle`](Self::settle).
    ///
    /// Cancel safe like [`act`](Self::act): from the first poll on the chunk belongs to the driver,
    /// before that it is dropped with the future.
    ///
    /// # Errors
    /// A connection that fails while waiting.
    pub async fn send_owned(&mut self, chunk: Bytes) -> io::Result<()> {
        self.push(chunk);
        self.settle().await
    }

    /// Waits until less than the low-water mark is unsent, while it goes on reading as long as there
    /// is room. Cancel safe.
    ///
    /// # Errors
    /// A connection that fails, or has failed before.
    pub async fn settle(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.link.poll_settled(cx)).await
    }

    /// Waits until all is sent, while it goes on reading as long as there is room. Cancel safe.
    ///
    /// # Errors
    /// A connection that fails, or has failed before.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.link.poll_flushed(cx)).await
    }

    /// Waits for more octets and returns how many came, while it sends what is to be sent. 0: the
    /// receive buffer is full, or the peer has closed. The machine is not stepped. Cancel safe.
    ///
    /// # Errors
    /// A connection that fails, or has failed before, and carries no more octets.
    pub async fn fill(&mut self) -> io::Result<usize> {
        poll_fn(|cx| self.link.poll_filled(cx)).await
    }

    /// Waits until the peer closes its sending direction or the connection fails, while it sends
    /// what is to be sent and reads as long as there is room. For the time in which the application
    /// works and the machine is paused: wait for the work and for this together. Once the buffer
    /// is full, only sending can show that the peer is gone. Cancel safe.
    ///
    /// # Errors
    /// A connection that fails, or has failed before.
    pub async fn hung_up(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.link.poll_hung_up(cx)).await
    }

    /// Sends all that is to be sent and closes the sending direction; the peer may go on sending.
    /// A machine that writes something afterwards breaks the connection. Repeated: no effect.
    /// Cancel safe.
    ///
    /// # Errors
    /// A connection that fails, or has failed before.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.link.poll_closed(cx)).await
    }

    /// Sends all that is to be sent, closes the sending direction, and throws away what comes until
    /// the peer closes too, for `limit` at most. Returns whether the peer has closed.
    ///
    /// A stream that is dropped while there are octets that nobody read is reset by TCP, and a reset
    /// can destroy what the peer has not read yet. So where the last words matter, after a
    /// machine's error above all, close before you drop.
    ///
    /// Cancel safe: to drop the future is to close no longer politely.
    ///
    /// # Errors
    /// A connection that fails, or has failed before.
    pub async fn close(&mut self, limit: Duration) -> io::Result<bool> {
        match timeout(limit, poll_fn(|cx| self.link.poll_over(cx))).await {
            Ok(closed) => closed.map(|()| true),
            Err(_) => Ok(false),
        }
    }
}
