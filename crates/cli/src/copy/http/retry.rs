//! What may pass when it is asked for again, and when to ask.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wirelore_http1::value::date::HttpDate;
use wirelore_http1::value::retry_after::RetryAfter;

/// Whether a refusal may be about the moment.
pub(super) const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// How long is waited before the first try after a failure; every other wait is twice as long as the
/// one before it, up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(500);

/// The longest wait that the server has not asked for.
const LONGEST: Duration = Duration::from_secs(30);

/// Counts the tries.
#[derive(Debug)]
pub(super) struct Retries {
    left: u32,
    wait: Duration,
    max: Duration,
    /// How many there were.
    pub(super) made: u64,
}

/// Whether to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// After this time.
    Again(Duration),
    Enough,
    /// The server wants to be left alone for longer than is waited here.
    TooLong(Duration),
}

impl Retries {
    pub(super) const fn new(retries: u32, max: Duration) -> Self {
        Self {
            left: retries,
            wait: FIRST,
            max,
            made: 0,
        }
    }

    /// A try failed, and the server said when to come again, or did not.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Verdict {
        if self.left == 0 {
            return Verdict::Enough;
        }
        if let Some(asked) = asked
            && asked > self.max
        {
            return Verdict::TooLong(asked);
        }
        let wait = asked.unwrap_or_else(|| self.wait.min(LONGEST).min(self.max));
        self.left -= 1;
        self.made += 1;
        self.wait = self.wait.saturating_mul(2).min(LONGEST);
        Verdict::Again(wait)
    }
}

/// What a Retry-After says at this moment; nothing if it cannot be read.
pub(super) fn retry_after(value: &[u8], now: SystemTime) -> Option<Duration> {
    let now = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let now = HttpDate::from_unix(now)?;
    let asked = RetryAfter::parse(value, now).ok()?;
    Some(Duration::from_secs(asked.seconds_from(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let mut retries = Retries::new(3, Duration::from_secs(60));
        for millis in [500, 1000, 2000] {
            let wait = Duration::from_millis(millis);
            assert_eq!(retries.next(None), Verdict::Again(wait));
        }
        assert_eq!(retries.next(None), Verdict::Enough);
        assert_eq!(retries.made, 3);
        let mut retries = Retries::new(100, Duration::from_secs(3600));
        for _ in 0..100 {
            let Verdict::Again(wait) = retries.next(None) else {
                panic!("there are tries left")
            };
            assert!(wait <= LONGEST);
        }
    }

    #[test]
    fn the_server_is_obeyed_up_to_a_limit() {
        let (max, second) = (Duration::from_secs(10), Duration::from_secs(1));
        let mut retries = Retries::new(3, max);
        assert_eq!(retries.next(Some(max)), Verdict::Again(max));
        assert_eq!(
            retries.next(Some(max + second)),
            Verdict::TooLong(max + second)
        );
        assert_eq!(
            retries.next(Some(Duration::ZERO)),
            Verdict::Again(Duration::ZERO)
        );
        let mut retries = Retries::new(3, Duration::ZERO);
        assert_eq!(retries.next(None), Verdict::Again(Duration::ZERO));
    }

    #[test]
    fn times_and_dates_are_read() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (value, wanted) in [
            ("120", Some(120)),
            ("0", Some(0)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:27 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let found = retry_after(value.as_bytes(), now);
            assert_eq!(found, wanted.map(Duration::from_secs), "{value}");
        }
    }

    /// RFC 9110 §15.5.4, RFC 1945 §9.4.
    #[test]
    fn only_some_refusals_pass() {
        let passing: Vec<u16> = (400..600).filter(|&status| is_passing(status)).collect();
        assert_eq!(passing, [408, 429, 500, 502, 503, 504]);
    }
}
