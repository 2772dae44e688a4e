//! When to send again: an adaptive timeout with exponential back-off (RFC 1123 section 4.2.3.2).

use crate::config::Timing;
use core::time::Duration;
use wirelore_core::Instant;

/// The retransmission timer of one transfer.
///
/// Without a negotiated interval: the first wait is the round-trip estimate (the initial timeout
/// until one is known); every further one is twice as long, the second at least the initial timeout,
/// up to the maximum. A longer wait stays until an answer tells the round-trip time again (Karn).
/// With one: every wait is that long (RFC 2349). Every wait is varied by up to a tenth.
#[derive(Clone, Debug)]
pub(crate) struct Retry {
    timing: Timing,
    negotiated: Option<Duration>,
    random: u64,
    /// Round-trip estimate and its variation in microseconds, after the first sample.
    estimate: Option<(u64, u64)>,
    /// When the exchange that is being measured began; `None` once anything was sent again.
    measured_from: Option<Instant>,
    /// The other side asked again: the next answer may be one to anything.
    repeated: bool,
    /// Waits without an answer.
    tries: u32,
    /// How often the wait was doubled.
    doublings: u32,
    deadline: Option<Instant>,
}

impl Retry {
    pub(crate) const fn new(timing: Timing, seed: u64) -> Self {
        Self {
            timing,
            negotiated: None,
            random: seed,
            estimate: None,
            measured_from: None,
            repeated: false,
            tries: 0,
            doublings: 0,
            deadline: None,
        }
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Every wait is `interval` from now on.
    pub(crate) const fn negotiated(&mut self, interval: Duration) {
        self.negotiated = Some(interval);
    }

    /// Something was sent that wants an answer: wait for it.
    pub(crate) fn arm(&mut self, now: Instant) {
        let wait = self.wait();
        let tenth = wait.as_micros() as u64 / 10;
        let jitter = if tenth == 0 {
            0
        } else {
            self.random() % (2 * tenth)
        };
        let wait = wait - Duration::from_micros(tenth) + Duration::from_micros(jitter);
        self.deadline = Some(now + wait.max(Duration::from_micros(1)));
    }

    /// The file is complete: wait a while for the other side to ask for the last ACK again.
    pub(crate) fn dally(&mut self, now: Instant) {
        let own = match self.negotiated {
            Some(interval) if !self.timing.dally.is_zero() => interval.saturating_mul(2),
            _ => Duration::ZERO,
        };
        self.deadline = Some(now + self.timing.dally.max(own));
    }

    pub(crate) const fn disarm(&mut self) {
        self.deadline = None;
    }

    /// What was sent at `now` was sent for the first time: its answer tells the round-trip time.
    pub(crate) const fn measure(&mut self, now: Instant) {
        if self.tries == 0 && !self.repeated {
            self.measured_from = Some(now);
        }
    }

    /// What is being measured can no longer be told from an answer to something else (Karn).
    pub(crate) const fn spoil(&mut self) {
        self.measured_from = None;
    }

    /// The awaited answer came.
    pub(crate) fn progress(&mut self, now: Instant) {
        if let Some(from) = self.measured_from.take() {
            let sample = now.since(from).as_micros() as u64;
            self.estimate = Some(match self.estimate {
                None => (sample, sample / 2),
                Some((mean, variation)) => (
                    mean - mean / 8 + sample / 8,
                    variation - variation / 4 + sample.abs_diff(mean) / 4,
                ),
            });
            self.doublings = 0;
        }
        self.tries = 0;
        self.repeated = false;
    }

    /// Whether the wait is over at `now`; then the timer is off and `tries` counts one more.
    pub(crate) fn expired(&mut self, now: Instant) -> bool {
        match self.deadline {
            Some(deadline) if now >= deadline => {
                self.deadline = None;
                self.measured_from = None;
                self.tries += 1;
                self.doublings += 1;
                true
            }
            _ => false,
        }
    }

    /// Whether so many waits ended without an answer that it is time to give up.
    pub(crate) const fn exhausted(&self) -> bool {
        self.tries >= self.timing.tries
    }

    /// The other side asked again: the count of waits starts anew, as after an answer.
    pub(crate) const fn reset(&mut self) {
        self.tries = 0;
        self.doublings = 0;
        self.repeated = true;
        self.measured_from = None;
    }

    /// The shortest time between two equal replies that are not caused by a timeout. A client that
    /// repeats its request does not know the negotiated interval yet.
    pub(crate) fn spacing(&self) -> Duration {
        self.wait().min(self.timing.initial) / 2
    }

    fn wait(&self) -> Duration {
        if let Some(interval) = self.negotiated {
            return interval;
        }
        let first = match self.estimate {
            Some((mean, variation)) => {
                // more than what the variation of waits can take away
                let margin = variation.saturating_mul(4).max(mean / 4);
                Duration::from_micros(mean.saturating_add(margin))
                    .max(self.timing.minimum)
                    .min(self.timing.maximum)
            }
            None => self.timing.initial,
        };
        let factor = |doublings: u32| 1 << doublings.min(20);
        match self.doublings {
            0 => first,
            n => (first.saturating_mul(factor(n)))
                .max(self.timing.initial.saturating_mul(factor(n - 1)))
                .min(self.timing.maximum),
        }
    }

    /// splitmix64
    const fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = self.random;
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
