use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use tokio::time::{Instant, Sleep};
use wirelore_core::Patience;

/// One alarm clock, made when it is first needed.
#[derive(Default)]
pub(super) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready when it is `at` or later; never, without a time.
    pub(super) fn poll_at(&mut self, cx: &mut Context<'_>, at: Option<Instant>) -> Poll<()> {
        let Some(at) = at else {
            return Poll::Pending;
        };
        if at <= Instant::now() {
            return Poll::Ready(());
        }
        let sleep = self
            .0
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(())
    }
}

/// The machine's patience, and when it ends.
#[derive(Default)]
pub(super) struct Deadline {
    seen: Option<Patience>,
    at: Option<Instant>,
    timer: Timer,
}

impl Deadline {
    /// Starts again if the value has changed.
    pub(super) fn see(&mut self, patience: Option<Patience>) {
        if self.seen != patience {
            self.seen = patience;
            // Later than the clock can say is never.
            self.at = patience.and_then(|patience| Instant::now().checked_add(patience.limit));
        }
    }

    /// Ready when the machine has to be told that the time is up.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.timer.poll_at(cx, self.at)
    }

    /// Whether the time is up. True once after each change.
    pub(super) fn take(&mut self) -> bool {
        let over = self.at.is_some_and(|at| at <= Instant::now());
        if over {
            self.at = None;
        }
        over
    }
}
