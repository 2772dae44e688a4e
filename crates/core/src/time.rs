//! Time as a value: nobody below the adapter owns a clock.

use core::ops::{Add, Sub};
use core::time::Duration;

/// A point in time, in microseconds since an origin that the caller chose.
///
/// Only differences mean anything. The caller's clock must be monotonic and every call on one
/// machine must use the same origin. All arithmetic saturates: time never wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The origin of the caller's time.
    pub const ORIGIN: Self = Self(0);
    /// The end of time: later than every timeout that can be reached.
    pub const FAR_FUTURE: Self = Self(u64::MAX);

    /// The instant `micros` microseconds after the origin.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the origin.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`, zero when `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl From<Duration> for Instant {
    /// The instant `after_origin` after the origin, in whole microseconds.
    fn from(after_origin: Duration) -> Self {
        Self(u64::try_from(after_origin.as_micros()).unwrap_or(u64::MAX))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(Self::from(later).0))
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(Self::from(earlier).0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(
            Instant::FAR_FUTURE + Duration::from_secs(1),
            Instant::FAR_FUTURE
        );
        assert_eq!(Instant::ORIGIN - Duration::from_secs(1), Instant::ORIGIN);
        assert_eq!(
            Instant::ORIGIN.since(Instant::from_micros(5)),
            Duration::ZERO
        );
        assert_eq!(Instant::from(Duration::MAX), Instant::FAR_FUTURE);
    }
}
