use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use tokio::time::{Instant, Sleep};
use wirelore_core::Patience;

/// One alarm clock, made when it is first needed.
///
/// It is not set anew when the time is put off, only when it has rung too early: on a connection that is
/// in use the time is put off with every message, and rings once in a while.
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
        if sleep.deadline() > at {
            sleep.as_mut().reset(at);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= at {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(at);
        }
    }
}

/// The machine's patience, and when it ends.
#[derive(Default)]
pub(super) struct Deadline {
    seen: Option<Patience>,
    at: At,
    timer: Timer,
}

/// When the patience ends.
#[derive(Clone, Copy, Default)]
enum At {
    #[default]
    Never,
    /// So long after the next look at the clock: what comes and goes between two needs none.
    After(Duration),
    Then(Instant),
}

impl Deadline {
    /// Starts again if the value has changed.
    pub(super) fn see(&mut self, patience: Option<Patience>) {
        if self.seen != patience {
            self.seen = patience;
            self.at = patience.map_or(At::Never, |patience| At::After(patience.limit));
        }
    }

    fn at(&mut self) -> Option<Instant> {
        if let At::After(limit) = self.at {
            // later than the clock can say is never
            self.at = Instant::now()
                .checked_add(limit)
                .map_or(At::Never, At::Then);
        }
        match self.at {
            At::Then(at) => Some(at),
            _ => None,
        }
    }

    /// Ready when the machine has to be told that the time is up.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let at = self.at();
        self.timer.poll_at(cx, at)
    }

    /// Whether the time is up. True once after each change.
    pub(super) fn take(&mut self) -> bool {
        let over = match self.at {
            At::After(limit) => self.at().is_some() && limit.is_zero(),
            At::Then(at) => at <= Instant::now(),
            At::Never => false,
        };
        if over {
            self.at = At::Never;
        }
        over
    }
}
