//! HTTP-date in its three formats (RFC 9110 section 5.6.7, RFC 1945 section 3.3).

/// A point in time to the second, in UTC, from the year 1900 to 9999.
///
/// It is always a day that exists. The order is that of time; a leap second, 23:59:60, comes before
/// the midnight that [`to_unix`](Self::to_unix) takes it for.
///
/// ```
/// # use wirelore_http1::value::date::HttpDate;
/// let now = HttpDate::from_unix(784_111_777).unwrap();
/// assert_eq!(&now.to_octets(), b"Sun, 06 Nov 1994 08:49:37 GMT");
/// assert_eq!(HttpDate::parse(b"Sunday, 06-Nov-94 08:49:37 GMT", now), Ok(now));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpDate {
    // In this order, because it is the order of time.
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

/// Why octets are no HTTP-date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DateError {
    /// None of the three formats has this octet here, or the value ends here, or does not.
    Syntax {
        /// Where it stops being a date.
        offset: usize,
    },
    /// A date or time that does not exist, such as 30 February or 24:00:00, or a year before 1900.
    Impossible,
}

impl core::fmt::Display for DateError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Syntax { offset } => write!(f, "not a date from offset {offset} on"),
            Self::Impossible => f.write_str("no such date or time"),
        }
    }
}

impl core::error::Error for DateError {}

/// The octets of the preferred format.
const LEN: usize = 29;
const DAYS: [&[u8]; 7] = [
    b"Sunday",
    b"Monday",
    b"Tuesday",
    b"Wednesday",
    b"Thursday",
    b"Friday",
    b"Saturday",
];
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
/// Days from 1 March of the year 0 to 1 January 1970. Years that begin in March have their leap day
/// at the end.
const EPOCH: u64 = 719_468;
const DAY: u64 = 86_400;
const ERA: u64 = 146_097;

impl HttpDate {
    /// The length of a date in the preferred format: 29 octets.
    pub const LEN: usize = LEN;

    /// This date and time, or `None` if there is no such: months and days count from 1, the year is
    /// between 1900 and 9999, and second 60 exists in minute 23:59 only.
    #[must_use]
    pub const fn new(
        year: u16,
        month: u8,
        day: u8,
        hour: u8,
        minute: u8,
        second: u8,
    ) -> Option<Self> {
        let leap_second = hour == 23 && minute == 59 && second == 60;
        let exists = year >= 1900
            && year <= 9999
            && month >= 1
            && month <= 12
            && day >= 1
            && day <= days_in(year, month)
            && hour <= 23
            && minute <= 59
            && (second <= 59 || leap_second);
        if !exists {
            return None;
        }
        Some(Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        })
    }

    /// The date so many seconds after 1970-01-01 00:00:00, leap seconds not counted. `None` after
    /// the year 9999.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "each is below its modulus")]
    pub const fn from_unix(seconds: u64) -> Option<Self> {
        let time = seconds % DAY;
        let days = seconds / DAY + EPOCH;
        let era = days / ERA;
        if era > 25 {
            return None;
        }
        let of_era = days % ERA;
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let (month, carry) = if month_from_march < 10 {
            (month_from_march + 3, 0)
        } else {
            (month_from_march - 9, 1)
        };
        let year = era * 400 + year_of_era + carry;
        Self::new(
            year as u16,
            month as u8,
            day as u8,
            (time / 3600) as u8,
            (time / 60 % 60) as u8,
            (time % 60) as u8,
        )
    }

    /// Seconds since 1970-01-01 00:00:00, leap seconds not counted: 23:59:60 is the midnight that
    /// follows. 0 for what was before; compare dates, not these numbers, where that matters.
    #[must_use]
    pub const fn to_unix(self) -> u64 {
        let time = self.hour as u64 * 3600 + self.minute as u64 * 60 + self.second as u64;
        match (self.days() * DAY + time).checked_sub(EPOCH * DAY) {
            Some(seconds) => seconds,
            None => 0,
        }
    }

    /// Reads a date in any of the three formats. `now` decides about the two digits of a year in the
    /// RFC 850 format: it is the latest year that does not put the date more than 50 years after
    /// `now`.
    ///
    /// The name of the day has to be one, but not the right one: recipients are encouraged to be
    /// robust, and with a year of two digits it may be right for another century. Names and `GMT`
    /// are case-sensitive; see [`parse_any_case`](Self::parse_any_case). No whitespace is allowed
    /// that the formats do not have, so take it off both ends before.
    ///
    /// # Errors
    /// See [`DateError`]. A field that holds no valid date is mostly to be ignored; an `Expires` is
    /// in the past.
    pub fn parse(octets: &[u8], now: Self) -> Result<Self, DateError> {
        read(octets, now, false)
    }

    /// As [`parse`](Self::parse), with names and `GMT` in any case: what a cache should do (RFC 9111
    /// section 4.2).
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_any_case(octets: &[u8], now: Self) -> Result<Self, DateError> {
        read(octets, now, true)
    }

    /// This date in the format that senders must use, IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
    #[must_use]
    pub fn to_octets(self) -> [u8; LEN] {
        let mut octets = *b"Day, 00 Mon 0000 00:00:00 GMT";
        if let Some(name) = DAYS.get(usize::from(self.weekday())) {
            put(&mut octets, 0, &name[..3]);
        }
        if let Some(name) = MONTHS.get(usize::from(self.month) - 1) {
            put(&mut octets, 8, *name);
        }
        put(&mut octets, 5, &two_digits(self.day));
        put(&mut octets, 12, &two_digits((self.year / 100) as u8));
        put(&mut octets, 14, &two_digits((self.year % 100) as u8));
        put(&mut octets, 17, &two_digits(self.hour));
        put(&mut octets, 20, &two_digits(self.minute));
        put(&mut octets, 23, &two_digits(self.second));
        octets
    }

    /// The year, from 1900 to 9999.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, from 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }

    /// The hour, from 0 to 23.
    #[must_use]
    pub const fn hour(self) -> u8 {
        self.hour
    }

    /// The minute, from 0 to 59.
    #[must_use]
    pub const fn minute(self) -> u8 {
        self.minute
    }

    /// The second, from 0 to 59; 60 in a leap second.
    #[must_use]
    pub const fn second(self) -> u8 {
        self.second
    }

    /// The day of the week; Sunday is 0.
    #[must_use]
    pub const fn weekday(self) -> u8 {
        // 1 March of the year 0 was a Wednesday.
        ((self.days() + 3) % 7) as u8
    }

    /// Days since 1 March of the year 0.
    const fn days(self) -> u64 {
        let (year, month) = if self.month > 2 {
            (self.year as u64, self.month as u64 - 3)
        } else {
            (self.year as u64 - 1, self.month as u64 + 9)
        };
        let leap_days = year / 4 - year / 100 + year / 400;
        365 * year + leap_days + (153 * month + 2) / 5 + self.day as u64 - 1
    }
}

impl core::fmt::Display for HttpDate {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(core::str::from_utf8(&self.to_octets()).unwrap_or_default())
    }
}

const fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

const fn two_digits(number: u8) -> [u8; 2] {
    [b'0' + number / 10 % 10, b'0' + number % 10]
}

fn put(octets: &mut [u8; LEN], at: usize, text: &[u8]) {
    if let Some(room) = octets.get_mut(at..at + text.len()) {
        room.copy_from_slice(text);
    }
}

fn read(octets: &[u8], now: HttpDate, any_case: bool) -> Result<HttpDate, DateError> {
    let mut cursor = Cursor {
        octets,
        at: 0,
        any_case,
    };
    let whole_name = cursor.weekday()?;
    let (mut year, month, day, time);
    if whole_name || cursor.rest().starts_with(b",") {
        let separator: &[u8] = if whole_name { b"-" } else { b" " };
        cursor.expect(b", ")?;
        day = cursor.number(2)?;
        cursor.expect(separator)?;
        month = cursor.month()?;
        cursor.expect(separator)?;
        year = cursor.number(if whole_name { 2 } else { 4 })?;
        cursor.expect(b" ")?;
        time = cursor.time()?;
        cursor.expect(b" GMT")?;
    } else {
        cursor.expect(b" ")?;
        month = cursor.month()?;
        cursor.expect(b" ")?;
        day = if cursor.expect(b" ").is_ok() {
            cursor.number(1)?
        } else {
            cursor.number(2)?
        };
        cursor.expect(b" ")?;
        time = cursor.time()?;
        cursor.expect(b" ")?;
        year = cursor.number(4)?;
    }
    if !cursor.rest().is_empty() {
        return Err(cursor.syntax());
    }
    let (hour, minute, second) = time;
    if whole_name {
        year = full_year(year, (month, day, hour, minute, second), now);
    }
    let date = HttpDate::new(
        year,
        month,
        narrow(day),
        narrow(hour),
        narrow(minute),
        narrow(second),
    );
    date.ok_or(DateError::Impossible)
}

/// The latest year with these last two digits that does not put the rest of the date more than 50
/// years after `now`.
fn full_year(two_digits: u16, rest: (u8, u16, u16, u16, u16), now: HttpDate) -> u16 {
    let limit_year = now.year + 50;
    let limit = (
        now.month,
        u16::from(now.day),
        u16::from(now.hour),
        u16::from(now.minute),
        u16::from(now.second),
    );
    let year = limit_year / 100 * 100 + two_digits;
    if (year, rest) > (limit_year, limit) || year > 9999 {
        year - 100
    } else {
        year
    }
}

/// A number of two digits.
#[expect(clippy::cast_possible_truncation, reason = "below 100")]
const fn narrow(number: u16) -> u8 {
    number as u8
}

struct Cursor<'d> {
    octets: &'d [u8],
    at: usize,
    any_case: bool,
}

impl<'d> Cursor<'d> {
    fn rest(&self) -> &'d [u8] {
        self.octets.get(self.at..).unwrap_or_default()
    }

    const fn syntax(&self) -> DateError {
        DateError::Syntax { offset: self.at }
    }

    fn eat(&mut self, text: &[u8]) -> bool {
        let found = self
            .rest()
            .get(..text.len())
            .is_some_and(|it| it == text || (self.any_case && it.eq_ignore_ascii_case(text)));
        if found {
            self.at += text.len();
        }
        found
    }

    fn expect(&mut self, text: &[u8]) -> Result<(), DateError> {
        if self.eat(text) {
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    /// Whether it is a whole name, not its first three letters.
    fn weekday(&mut self) -> Result<bool, DateError> {
        for name in DAYS {
            if self.eat(name) {
                return Ok(true);
            }
            if self.eat(&name[..3]) {
                return Ok(false);
            }
        }
        Err(self.syntax())
    }

    fn month(&mut self) -> Result<u8, DateError> {
        for (name, number) in MONTHS.iter().zip(1..) {
            if self.eat(*name) {
                return Ok(number);
            }
        }
        Err(self.syntax())
    }

    /// A number of exactly so many digits, at most four.
    fn number(&mut self, digits: usize) -> Result<u16, DateError> {
        let mut number = 0;
        for _ in 0..digits {
            match self.rest().first() {
                Some(digit @ b'0'..=b'9') => number = number * 10 + u16::from(digit - b'0'),
                _ => return Err(self.syntax()),
            }
            self.at += 1;
        }
        Ok(number)
    }

    fn time(&mut self) -> Result<(u16, u16, u16), DateError> {
        let hour = self.number(2)?;
        self.expect(b":")?;
        let minute = self.number(2)?;
        self.expect(b":")?;
        Ok((hour, minute, self.number(2)?))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn now() -> HttpDate {
        HttpDate::new(2026, 11, 21, 17, 0, 0).unwrap()
    }

    fn parse(octets: &[u8]) -> Result<HttpDate, DateError> {
        HttpDate::parse(octets, now())
    }

    #[test]
    fn rfc9110_5_6_7_the_three_formats_are_one_date() {
        let date = HttpDate::new(1994, 11, 6, 8, 49, 37).unwrap();
        for octets in [
            &b"Sun, 06 Nov 1994 08:49:37 GMT"[..],
            b"Sunday, 06-Nov-94 08:49:37 GMT",
            b"Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(octets), Ok(date));
        }
        assert_eq!(
            parse(b"Wed Nov 16 08:49:37 1994"),
            Ok(HttpDate::new(1994, 11, 16, 8, 49, 37).unwrap())
        );
        assert_eq!(date.to_unix(), 784_111_777);
    }

    #[test]
    fn rfc1945_3_3_dates_of_http_1_0_are_read() {
        rfc9110_5_6_7_the_three_formats_are_one_date();
    }

    #[test]
    fn rfc9110_5_6_7_sender_writes_imf_fixdate() {
        for (date, octets) in [
            ((1994, 11, 6, 8, 49, 37), b"Sun, 06 Nov 1994 08:49:37 GMT"),
            ((1970, 1, 1, 0, 0, 0), b"Thu, 01 Jan 1970 00:00:00 GMT"),
            ((2000, 2, 29, 23, 59, 59), b"Tue, 29 Feb 2000 23:59:59 GMT"),
            ((2016, 12, 31, 23, 59, 60), b"Sat, 31 Dec 2016 23:59:60 GMT"),
            ((9999, 12, 31, 0, 0, 0), b"Fri, 31 Dec 9999 00:00:00 GMT"),
            ((1900, 1, 1, 0, 0, 0), b"Mon, 01 Jan 1900 00:00:00 GMT"),
        ] {
            let (year, month, day, hour, minute, second) = date;
            let date = HttpDate::new(year, month, day, hour, minute, second).unwrap();
            assert_eq!(&date.to_octets(), octets);
            assert_eq!(date.to_string().as_bytes(), octets);
            assert_eq!(parse(octets), Ok(date));
        }
    }

    #[test]
    fn rfc9110_5_6_7_two_digit_year_is_at_most_50_years_ahead() {
        for (octets, year) in [
            (&b"Sunday, 21-Nov-76 17:00:00 GMT"[..], 2076),
            (b"Sunday, 21-Nov-76 17:00:01 GMT", 1976),
            (b"Sunday, 22-Nov-76 00:00:00 GMT", 1976),
            (b"Sunday, 20-Nov-76 23:59:59 GMT", 2076),
            (b"Sunday, 01-Jan-77 00:00:00 GMT", 1977),
            (b"Sunday, 01-Jan-26 00:00:00 GMT", 2026),
            (b"Sunday, 31-Dec-27 00:00:00 GMT", 2027),
            (b"Sunday, 31-Dec-00 00:00:00 GMT", 2000),
        ] {
            assert_eq!(parse(octets).unwrap().year(), year);
        }
        let later = HttpDate::new(2080, 1, 1, 0, 0, 0).unwrap();
        let octets = b"Sunday, 01-Jan-10 00:00:00 GMT";
        assert_eq!(HttpDate::parse(octets, later).unwrap().year(), 2110);
        let last = HttpDate::new(9990, 1, 1, 0, 0, 0).unwrap();
        assert_eq!(HttpDate::parse(octets, last).unwrap().year(), 9910);
        let first = HttpDate::new(1900, 1, 1, 0, 0, 0).unwrap();
        let octets = b"Sunday, 01-Jan-94 00:00:00 GMT";
        assert_eq!(HttpDate::parse(octets, first), Err(DateError::Impossible));
    }

    #[test]
    fn rfc9110_5_6_7_case_matters_but_not_to_caches() {
        for octets in [
            &b"sun, 06 Nov 1994 08:49:37 GMT"[..],
            b"Sun, 06 NOV 1994 08:49:37 GMT",
            b"Sun, 06 Nov 1994 08:49:37 gmt",
            b"SUNDAY, 06-nov-94 08:49:37 Gmt",
            b"sun nov  6 08:49:37 1994",
        ] {
            assert!(matches!(parse(octets), Err(DateError::Syntax { .. })));
            let date = HttpDate::parse_any_case(octets, now()).unwrap();
            assert_eq!(date.to_unix(), 784_111_777, "rfc9111_4_2");
        }
    }

    #[test]
    fn rfc9110_5_6_7_name_of_the_day_need_not_be_right() {
        assert_eq!(
            parse(b"Mon, 06 Nov 1994 08:49:37 GMT").unwrap().weekday(),
            0
        );
        let offset = 0;
        assert_eq!(
            parse(b"Xyz, 06 Nov 1994 08:49:37 GMT"),
            Err(DateError::Syntax { offset })
        );
    }

    #[test]
    fn rfc9110_5_6_7_leap_second_at_the_end_of_a_day_only() {
        let leap = parse(b"Sat, 31 Dec 2016 23:59:60 GMT").unwrap();
        let midnight = parse(b"Sun, 01 Jan 2017 00:00:00 GMT").unwrap();
        assert_eq!((leap.second(), leap.to_unix()), (60, midnight.to_unix()));
        assert!(leap < midnight);
        for octets in [
            &b"Sat, 31 Dec 2016 23:58:60 GMT"[..],
            b"Sat, 31 Dec 2016 12:59:60 GMT",
            b"Sat, 31 Dec 2016 23:59:61 GMT",
        ] {
            assert_eq!(parse(octets), Err(DateError::Impossible));
        }
    }

    #[test]
    fn what_does_not_exist_is_impossible() {
        for octets in [
            &b"Sun, 00 Nov 1994 08:49:37 GMT"[..],
            b"Sun, 31 Nov 1994 08:49:37 GMT",
            b"Sun, 29 Feb 1900 08:49:37 GMT",
            b"Sun, 29 Feb 2023 08:49:37 GMT",
            b"Sun, 06 Nov 1994 24:00:00 GMT",
            b"Sun, 06 Nov 1994 08:60:00 GMT",
            b"Sun, 06 Nov 1899 08:49:37 GMT",
            b"Mon, 01 Jan 0001 00:00:00 GMT",
            b"Monday, 29-Feb-23 00:00:00 GMT",
        ] {
            assert_eq!(parse(octets), Err(DateError::Impossible), "{octets:?}");
        }
        assert!(parse(b"Tue, 29 Feb 2000 08:49:37 GMT").is_ok());
    }

    #[test]
    fn what_is_no_date_says_where() {
        for (octets, offset) in [
            (&b""[..], 0),
            (b"0", 0),
            (b"Sun", 3),
            (b"Sun,06 Nov 1994 08:49:37 GMT", 3),
            (b"Sun, 6 Nov 1994 08:49:37 GMT", 6),
            (b"Sun, 06-Nov-94 08:49:37 GMT", 7),
            (b"Sunday, 06 Nov 1994 08:49:37 GMT", 10),
            (b"Sunday, 06-Nov-1994 08:49:37 GMT", 17),
            (b"Sun, 06 Nov 1994 08:49:37", 25),
            (b"Sun, 06 Nov 1994 08:49:37 UTC", 25),
            (b"Sun, 06 Nov 1994 08:49:37 GMT ", 29),
            (b"Sun, 06 Nov 1994 08:49:37 GMT, Sun", 29),
            (b"Sun, 06 Nov 1994  8:49:37 GMT", 17),
            (b"Sun Nov 6 08:49:37 1994", 9),
            (b"Sun Nov  6 08:49:37 1994 GMT", 24),
            (b"Sunday Nov  6 08:49:37 1994", 6),
            (b"Thu, 01 Jan 1970 00:00:00 +0000", 25),
        ] {
            let octets: &[u8] = octets;
            assert_eq!(
                parse(octets),
                Err(DateError::Syntax { offset }),
                "{octets:?}"
            );
        }
    }

    #[test]
    fn days_follow_each_other() {
        let mut before = HttpDate::from_unix(0).unwrap();
        for day in 1..80_000 {
            let date = HttpDate::from_unix(day * DAY).unwrap();
            assert!(date > before);
            assert_eq!(date.weekday(), (before.weekday() + 1) % 7);
            assert_eq!(date.to_unix(), day * DAY);
            before = date;
        }
    }

    #[test]
    fn time_ends_with_the_year_9999() {
        let last = HttpDate::from_unix(253_402_300_799).unwrap();
        assert_eq!(&last.to_octets(), b"Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(HttpDate::from_unix(253_402_300_800), None);
        assert_eq!(HttpDate::from_unix(u64::MAX), None);
        assert_eq!(
            HttpDate::new(1969, 12, 31, 23, 59, 59).unwrap().to_unix(),
            0
        );
        assert_eq!(HttpDate::new(10_000, 1, 1, 0, 0, 0), None);
    }
}
