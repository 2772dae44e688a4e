//! When the machine is told of urgent data, and which octet is sent as urgent.

use super::link::Link;
use super::{ActError, Driver};
use crate::UrgentStream;
use core::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};
use wirelore_core::Machine;

/// Where the connection is, and what the machine knows.
pub(super) struct Marks<S> {
    pub(super) of: fn(&mut S) -> &mut UrgentStream,
    /// The machine was last told when it had consumed so many octets.
    told: Option<u64>,
}

impl<S> Marks<S> {
    pub(super) const fn new(of: fn(&mut S) -> &mut UrgentStream) -> Self {
        Self { of, told: None }
    }
}

impl<M: Machine, S> Driver<M, S> {
    /// The driver tells the machine of urgent data from now on, and can send it. The stream is an
    /// [`UrgentStream`] or holds one, passes on at once what is written, and reads nothing ahead.
    ///
    /// While `pump` or `next` runs, the machine is told by [`urgent`](Machine::urgent)
    ///
    /// - as soon as an urgent octet is seen, even if the machine is paused, if so much is unsent
    ///   that it is not stepped, or if the receive buffer is full,
    /// - and again before every step that follows a step which consumed something, as long as an
    ///   urgent octet is among what the machine has not consumed, or has not been read yet.
    ///
    /// So for each mark that the system reports it is told once or more, always before it is given
    /// the urgent octet, and never after it has consumed that. Once is not enough, because TCP
    /// merges marks: the octets in front of the last one may contain the whole of an earlier Synch,
    /// and a machine that leaves its urgent mode at the DM of that one has to enter it again.
    ///
    /// What the system does not report cannot be passed on: see [`UrgentStream`]. What the machine
    /// has consumed before the mark came stays consumed. The driver knows nothing of DM: a machine
    /// that waits for one, and whose peer marks something else, waits until another comes.
    #[must_use]
    pub fn with_urgent(mut self) -> Self
    where
        S: AsMut<UrgentStream>,
    {
        self.link.urgent = Some(Marks::new(S::as_mut));
        self
    }

    /// Whether urgent data lies ahead of what the machine has consumed, as far as the system knows
    /// now. For an application that sends a lot and does not look at events meanwhile. False without
    /// [`with_urgent`](Self::with_urgent).
    pub fn urgent_ahead(&mut self) -> bool {
        if let Some(marks) = &self.link.urgent {
            (marks.of)(&mut self.link.stream).look();
        }
        self.link.urgent_at().is_some()
    }

    /// The last of the octets that wait to be sent is urgent, and does not wait: it is sent in its
    /// place, with the mark, by the next call that waits. If nothing is unsent, nothing is marked.
    ///
    /// For a TELNET Synch append IAC, mark, and append DM: what sockets call urgent is the octet before
    /// the one that TCP's urgent pointer is at, so the pointer is at the DM, as RFC 1123 wants it, and a
    /// peer that takes urgent octets out of the stream still finds the DM. Without [`with_urgent`](Self::with_urgent) the
    /// octet is sent as any other.
    pub fn mark_urgent(&mut self) {
        if let Some(marks) = &self.link.urgent {
            (marks.of)(&mut self.link.stream).mark(self.link.send.len());
        }
    }

    /// Tells the machine of urgent data, if there is some that it has not been told of.
    pub(super) fn tell_urgent(&mut self) {
        if self.link.has_urgent_news() {
            self.machine.urgent();
            self.deadline.see(self.machine.patience());
        }
    }
}

impl<M: Machine, S: AsyncRead + AsyncWrite + Unpin> Driver<M, S> {
    /// Makes a call on the machine, marks the last octet that it appended as urgent, and waits until
    /// all is sent: [`apply`](Self::apply), [`mark_urgent`](Self::mark_urgent) and
    /// [`flush`](Self::flush). If the call appended nothing, nothing is marked.
    ///
    /// Cancel safe like [`act`](Self::act): from the first poll on the call is made and the mark is
    /// set, before that nothing has happened.
    ///
    /// # Errors
    /// What the machine refuses, and a connection that fails while waiting.
    pub async fn act_urgent<R, U>(
        &mut self,
        call: impl FnOnce(&mut M, &mut Vec<u8>) -> Result<R, U>,
    ) -> Result<R, ActError<U>> {
        let before = self.unsent();
        let value = self.apply(call).map_err(ActError::Misuse)?;
        if self.unsent() > before {
            self.mark_urgent();
        }
        self.flush().await?;
        Ok(value)
    }
}

impl<S> Link<S> {
    /// How many octets the machine has consumed, if an urgent one is ahead of it.
    fn urgent_at(&mut self) -> Option<u64> {
        let held = self.held() as u64;
        let marks = self.urgent.as_ref()?;
        let stream = (marks.of)(&mut self.stream);
        let consumed = stream.received().saturating_sub(held);
        stream.is_urgent_after(consumed).then_some(consumed)
    }

    fn has_urgent_news(&mut self) -> bool {
        let at = self.urgent_at();
        match &mut self.urgent {
            Some(marks) if at.is_some() => core::mem::replace(&mut marks.told, at) != at,
            _ => false,
        }
    }

    /// Ready when a mark has come while nothing can be read.
    pub(super) fn poll_mark(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.urgent {
            Some(marks) if self.is_full() => {
                ready!((marks.of)(&mut self.stream).poll_mark(cx));
                self.progress += 1;
                Poll::Ready(())
            }
            _ => Poll::Pending,
        }
    }
}
