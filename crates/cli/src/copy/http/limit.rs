//! No faster than wanted, and not too slow.

use super::super::codes::{Code, Failure};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Lets so many octets pass in a second, evenly.
#[derive(Debug)]
pub(super) struct Limit {
    rate: Option<u64>,
    /// When those that passed should have passed.
    next: Instant,
}

/// The most octets that pass at once.
const PIECE: usize = 64 << 10;

impl Limit {
    pub(super) fn new(rate: Option<u64>) -> Self {
        Self {
            rate,
            next: Instant::now(),
        }
    }

    /// How many octets to take at a time, so that nothing comes in bursts.
    pub(super) fn piece(&self) -> usize {
        match self.rate {
            None => PIECE,
            Some(rate) => usize::try_from(rate / 8).unwrap_or(PIECE).clamp(1, PIECE),
        }
    }

    /// So many octets passed: waits as long as that should take.
    pub(super) async fn pass(&mut self, octets: usize) {
        let Some(rate) = self.rate else {
            return;
        };
        let nanos = (octets as u128 * 1_000_000_000).div_ceil(u128::from(rate));
        let time = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        // what was not used is not saved up
        self.next = self.next.max(Instant::now()) + time.min(Duration::from_secs(1 << 32));
        sleep_until(self.next).await;
    }
}

/// Notices when a transfer is too slow for too long.
#[derive(Debug)]
pub(super) struct Slowness {
    limit: Option<u64>,
    time: Duration,
    since: Instant,
    octets: u64,
}

impl Slowness {
    pub(super) fn new(limit: Option<u64>, time: Duration) -> Self {
        Self {
            limit,
            time,
            since: Instant::now(),
            octets: 0,
        }
    }

    /// From now on.
    pub(super) fn begin(&mut self) {
        (self.since, self.octets) = (Instant::now(), 0);
    }

    /// So many octets passed just now.
    pub(super) fn passed(&mut self, octets: u64) -> Result<(), Failure> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        self.octets += octets;
        let elapsed = self.since.elapsed();
        if elapsed < self.time {
            return Ok(());
        }
        if (self.octets as f64) < limit as f64 * elapsed.as_secs_f64() {
            return Err(self.failure(limit));
        }
        self.begin();
        Ok(())
    }

    /// Ends when nothing has passed for too long.
    pub(super) async fn silence(&self) -> Failure {
        match self.limit {
            // a moment later, so that what passed just now is counted
            Some(limit) => {
                sleep_until(self.since + self.time.saturating_mul(2)).await;
                self.failure(limit)
            }
            None => std::future::pending().await,
        }
    }

    fn failure(&self, limit: u64) -> Failure {
        let text = format!(
            "slower than --speed-limit, {limit} bytes a second, for {:.0} s",
            self.time.as_secs_f64()
        );
        Failure::new(Code::TIMEOUT, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn octets_pass_evenly() {
        let (mut limit, started) = (Limit::new(Some(1000)), Instant::now());
        assert_eq!(limit.piece(), 125);
        for _ in 0..81 {
            limit.pass(125).await;
        }
        let elapsed = started.elapsed().as_secs_f64();
        assert!((9.9..10.2).contains(&elapsed), "{elapsed}");
        // a pause does not make up for it
        tokio::time::sleep(Duration::from_secs(100)).await;
        let started = Instant::now();
        for _ in 0..9 {
            limit.pass(125).await;
        }
        assert!(started.elapsed() >= Duration::from_millis(999));
        let mut none = Limit::new(None);
        none.pass(usize::MAX).await;
        assert_eq!(none.piece(), PIECE);
        assert_eq!(Limit::new(Some(1)).piece(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_slow_for_long_is_given_up() {
        let time = Duration::from_secs(10);
        let mut slow = Slowness::new(Some(100), time);
        for _ in 0..9 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            slow.passed(99).unwrap();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(slow.passed(99).unwrap_err().code, Code::TIMEOUT);
        let mut fast = Slowness::new(Some(100), time);
        for _ in 0..50 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            fast.passed(101).unwrap();
        }
        Slowness::new(None, time).passed(0).unwrap();
        assert_eq!(
            Slowness::new(Some(1), time).silence().await.code,
            Code::TIMEOUT
        );
    }
}
