//! The cookie-date algorithm (RFC 6265 section 5.1.1).

use super::super::date::HttpDate;

/// The date that `text` says by the algorithm of section 5.1.1, which takes what looks like a time, a
/// day, a month and a year wherever it stands. `None` if one of them is missing or there is no such
/// date. Dates before 1900 come as the start of 1900, the earliest that can be represented here
/// (section 5.2.1).
///
/// ```
/// # use wirelore_http1::value::cookie::parse_date;
/// let date = parse_date(b"Wed, 09-Jun-2021 10:18:14 GMT").unwrap();
/// assert_eq!(&date.to_octets(), b"Wed, 09 Jun 2021 10:18:14 GMT");
/// assert_eq!(parse_date(b"tomorrow"), None);
/// ```
#[must_use]
pub fn parse_date(text: &[u8]) -> Option<HttpDate> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|&octet| is_delimiter(octet)) {
        let known = (time.is_none() && take(&mut time, time_of(token)))
            || (day.is_none() && take(&mut day, number(token, 1, 2)))
            || (month.is_none() && take(&mut month, month_of(token)));
        if !known && year.is_none() {
            year = number(token, 2, 4);
        }
    }
    let ((hour, minute, second), day, month) = (time?, small(day?)?, month?);
    let year = match year? {
        it @ 70..=99 => it + 1900,
        it @ 0..=69 => it + 2000,
        it => it,
    };
    if year < 1601 || second > 59 {
        return None;
    }
    if year < 1900 {
        // Which days a month has repeats every 400 years.
        HttpDate::new(year + 400, month, day, hour, minute, second)?;
        return HttpDate::new(1900, 1, 1, 0, 0, 0);
    }
    HttpDate::new(year, month, day, hour, minute, second)
}

fn take<T>(slot: &mut Option<T>, found: Option<T>) -> bool {
    *slot = found;
    slot.is_some()
}

const fn is_delimiter(octet: u8) -> bool {
    matches!(octet, b'\t' | b' '..=b'/' | b';'..=b'@' | b'['..=b'`' | b'{'..=b'~')
}

/// The number that `token` begins with, which has `min` to `max` digits.
fn number(token: &[u8], min: usize, max: usize) -> Option<u16> {
    let len = token.iter().take_while(|it| it.is_ascii_digit()).count();
    let digits = token.get(..len).filter(|_| (min..=max).contains(&len))?;
    Some(
        digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')),
    )
}

fn small(number: u16) -> Option<u8> {
    u8::try_from(number).ok()
}

fn time_of(token: &[u8]) -> Option<(u8, u8, u8)> {
    let mut fields = token.splitn(3, |&octet| octet == b':');
    let mut whole = || {
        let field = fields.next()?;
        (field.len() <= 2 && field.iter().all(u8::is_ascii_digit))
            .then(|| small(number(field, 1, 2)?))?
    };
    let (hour, minute) = (whole()?, whole()?);
    // What follows the seconds does not matter, if it is no digit.
    let second = small(number(fields.next()?, 1, 2)?)?;
    Some((hour, minute, second))
}

fn month_of(token: &[u8]) -> Option<u8> {
    const MONTHS: [&[u8]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let name = token.get(..3)?;
    (1u8..)
        .zip(MONTHS)
        .find(|it| name.eq_ignore_ascii_case(it.1))
        .map(|it| it.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6265 §5.1.1.
    #[test]
    fn rfc6265_5_1_1_dates() {
        let is = |year, month, day, hour, minute, second| {
            HttpDate::new(year, month, day, hour, minute, second)
        };
        for (text, date) in [
            ("Wed, 09 Jun 2021 10:18:14 GMT", is(2021, 6, 9, 10, 18, 14)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", is(1994, 11, 6, 8, 49, 37)),
            ("Sun Nov  6 08:49:37 1994", is(1994, 11, 6, 8, 49, 37)),
            ("6 november 69 8:9:7", is(2069, 11, 6, 8, 9, 7)),
            ("1970/Jan/1 0:0:0", is(1970, 1, 1, 0, 0, 0)),
            ("10:18:14pm, 9th JUNE, 2021x", is(2021, 6, 9, 10, 18, 14)),
            ("09 Jun 2021 10:18:14:15", is(2021, 6, 9, 10, 18, 14)),
            ("70 Jun 09 10:18:14", None),
            ("09 10 Jun 2021 10:18:14", is(2010, 6, 9, 10, 18, 14)),
            ("29 Feb 2024 00:00:00", is(2024, 2, 29, 0, 0, 0)),
            ("29 Feb 2023 00:00:00", None),
            ("31 Apr 2021 00:00:00", None),
            ("32 Jan 2021 00:00:00", None),
            ("0 Jan 2021 00:00:00", None),
            ("1 Jan 2021 24:00:00", None),
            ("1 Jan 2021 00:60:00", None),
            ("31 Dec 2016 23:59:60", None),
            ("1 Jan 2021 000:00:00", None),
            ("1 Jan 2021 00:00", None),
            ("1 Jan 20211 00:00:00", None),
            ("1 Jan 1 00:00:00", None),
            ("001 Jan 2021 00:00:00", None),
            ("1 Jan 1600 00:00:00", None),
            ("1 Jan 1601 00:00:00", is(1900, 1, 1, 0, 0, 0)),
            ("29 Feb 1700 00:00:00", None),
            ("1 Jan 9999 00:00:00", is(9999, 1, 1, 0, 0, 0)),
            ("1 Jan 100 00:00:00", None),
            ("Jan 2021 00:00:00", None),
            ("1 2021 00:00:00", None),
            ("", None),
        ] {
            assert_eq!(parse_date(text.as_bytes()), date, "{text}");
        }
    }

    /// RFC 6265 §5.1.1.
    #[test]
    fn rfc6265_5_1_1_delimiters() {
        for octet in 0..=255u8 {
            let mut text = b"9 Jun 2021 10:18:14".to_vec();
            text[1] = octet;
            let listed = octet == 9
                || (0x20..=0x2f).contains(&octet)
                || (0x3b..=0x40).contains(&octet)
                || (0x5b..=0x60).contains(&octet)
                || (0x7b..=0x7e).contains(&octet);
            assert_eq!(is_delimiter(octet), listed);
            // "9" and "Jun" are one token without a delimiter, so there is no month.
            assert_eq!(parse_date(&text).is_some(), listed, "{octet:#x}");
        }
    }
}
