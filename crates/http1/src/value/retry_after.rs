//! `Retry-After` (RFC 9110 section 10.2.3).

use super::date::{DateError, HttpDate};
use super::pair::digits;
use crate::wire::octet::trim;

/// When to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum RetryAfter {
    /// So many seconds after the response was received; what is too large is the largest number there
    /// is.
    Seconds(u64),
    /// At this time.
    At(HttpDate),
}

impl RetryAfter {
    /// Reads the field. `now` is there for dates whose year has two digits.
    ///
    /// ```
    /// # use wirelore_http1::value::{date::HttpDate, retry_after::RetryAfter};
    /// let now = HttpDate::from_unix(0).unwrap();
    /// assert_eq!(RetryAfter::parse(b"120", now), Ok(RetryAfter::Seconds(120)));
    /// ```
    ///
    /// # Errors
    /// [`DateError`] if it is neither.
    pub fn parse(value: &[u8], now: HttpDate) -> Result<Self, DateError> {
        let value = trim(value);
        match digits(value) {
            Some(seconds) => Ok(Self::Seconds(seconds)),
            None => HttpDate::parse(value, now).map(Self::At),
        }
    }

    /// How many seconds that is at the time `now`; 0 for what has passed.
    #[must_use]
    pub fn seconds_from(self, now: HttpDate) -> u64 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::At(date) => date.to_unix().saturating_sub(now.to_unix()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_10_2_3_examples() {
        let now = HttpDate::new(1999, 12, 31, 23, 58, 59).unwrap();
        let parse = |value| RetryAfter::parse(value, now).map(|it| it.seconds_from(now));
        assert_eq!(parse(b"Fri, 31 Dec 1999 23:59:59 GMT"), Ok(60));
        assert_eq!(parse(b"120"), Ok(120));
        assert_eq!(parse(b"Fri, 31 Dec 1999 23:50:00 GMT"), Ok(0));
        assert_eq!(parse(b"99999999999999999999"), Ok(u64::MAX));
        for wrong in [&b""[..], b"-1", b"1.5", b"soon"] {
            assert!(parse(wrong).is_err());
        }
    }
}
