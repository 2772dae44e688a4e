//! The framing of a message out of httparse's fields, as a careful user of httparse writes it: one loop,
//! names compared without regard to case.
//!
//! Less is checked than ours checks: of `Host` only how often it is there, of the target nothing.

use httparse::Header;

/// What follows the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Empty,
    Length(u64),
    Chunked,
    UntilClose,
}

/// What a server or client must know before it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Framing {
    pub(crate) body: Body,
    pub(crate) keep_alive: bool,
}

/// Why the message cannot be framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    ContentLength,
    TransferEncoding,
    Host,
}

/// Of a request; `minor` is the digit behind `HTTP/1.`.
pub(crate) fn of_request(minor: u8, fields: &[Header<'_>]) -> Result<Framing, Refused> {
    let found = Found::in_fields(minor, fields)?;
    if found.hosts > 1 || (found.hosts == 0 && minor == 1) {
        return Err(Refused::Host);
    }
    let body = match (found.chunked, found.length) {
        (true, _) => Body::Chunked,
        (false, Some(length)) => Body::Length(length),
        (false, None) => Body::Empty,
    };
    Ok(Framing {
        body,
        keep_alive: found.keep_alive,
    })
}

/// Of a response to anything but HEAD and CONNECT.
pub(crate) fn of_response(
    minor: u8,
    status: u16,
    fields: &[Header<'_>],
) -> Result<Framing, Refused> {
    let found = Found::in_fields(minor, fields)?;
    let body = match (status, found.chunked, found.length) {
        (100..=199 | 204 | 304, _, _) => Body::Empty,
        (_, true, _) => Body::Chunked,
        (_, false, Some(length)) => Body::Length(length),
        (_, false, None) => Body::UntilClose,
    };
    Ok(Framing {
        body,
        keep_alive: found.keep_alive && body != Body::UntilClose,
    })
}

struct Found {
    length: Option<u64>,
    chunked: bool,
    hosts: u32,
    keep_alive: bool,
}

impl Found {
    fn in_fields(minor: u8, fields: &[Header<'_>]) -> Result<Self, Refused> {
        let mut found = Self {
            length: None,
            chunked: false,
            hosts: 0,
            keep_alive: minor == 1,
        };
        for field in fields {
            if field.name.eq_ignore_ascii_case("content-length") {
                let length = number(field.value).ok_or(Refused::ContentLength)?;
                if found
                    .length
                    .replace(length)
                    .is_some_and(|other| other != length)
                {
                    return Err(Refused::ContentLength);
                }
            } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
                if found.chunked || !field.value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Refused::TransferEncoding);
                }
                found.chunked = true;
            } else if field.name.eq_ignore_ascii_case("host") {
                found.hosts += 1;
            } else if field.name.eq_ignore_ascii_case("connection") {
                found.connection(field.value);
            }
        }
        if found.chunked && (found.length.is_some() || minor == 0) {
            return Err(Refused::TransferEncoding);
        }
        Ok(found)
    }

    fn connection(&mut self, value: &[u8]) {
        for token in value.split(|&octet| octet == b',') {
            let token = token.trim_ascii();
            if token.eq_ignore_ascii_case(b"close") {
                self.keep_alive = false;
            } else if token.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            }
        }
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, &digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(fields: &[(&str, &str)]) -> Result<Framing, Refused> {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| Header {
                name,
                value: value.as_bytes(),
            })
            .collect();
        of_request(1, &fields)
    }

    #[test]
    fn bodies_are_found() {
        let found = request(&[("Host", "a"), ("content-length", "12")]).unwrap();
        assert_eq!(found.body, Body::Length(12));
        assert!(found.keep_alive);
        let found = request(&[
            ("HOST", "a"),
            ("Transfer-Encoding", "Chunked"),
            ("Connection", "x, Close"),
        ]);
        assert_eq!(found.unwrap().body, Body::Chunked);
        assert!(!found.unwrap().keep_alive);
        assert_eq!(of_response(1, 304, &[]).unwrap().body, Body::Empty);
        assert_eq!(of_response(1, 200, &[]).unwrap().body, Body::UntilClose);
    }

    #[test]
    fn what_cannot_be_framed_is_refused() {
        for (fields, why) in [
            (&[("Accept", "*/*")][..], Refused::Host),
            (&[("Host", "a"), ("Host", "a")], Refused::Host),
            (
                &[("Host", "a"), ("Content-Length", "+1")],
                Refused::ContentLength,
            ),
            (
                &[
                    ("Host", "a"),
                    ("Content-Length", "1"),
                    ("Content-Length", "2"),
                ],
                Refused::ContentLength,
            ),
            (
                &[
                    ("Host", "a"),
                    ("Content-Length", "1"),
                    ("Transfer-Encoding", "chunked"),
                ],
                Refused::TransferEncoding,
            ),
        ] {
            assert_eq!(request(fields), Err(why), "{fields:?}");
        }
    }
}
