//! How long a body is, and whether the connection outlives the message (RFC 9112 sections 6 and 9.3).

use super::authority::is_authority;
use super::octet::is_token;
use super::section::bounds_of_value;
use super::target::MethodKind;
use crate::config::Lenient;
use crate::error::{Error, ErrorKind};
use crate::version::Version;

/// How the body of a message is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// There is no body.
    None,
    /// So many octets.
    Length(u64),
    /// Chunks.
    Chunked,
    /// All octets until the end of the stream. Responses only.
    UntilEof,
    /// There is no body, and what follows is not HTTP any more. Responses only.
    Tunnel,
}

/// What the fields of one head say about framing, host and connection, gathered line by line. What is
/// wrong is only remembered: whether it matters shows at the end of the head.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    flags: u16,
    content_length: u64,
    content_length_at: u32,
    transfer_encoding_at: u32,
    pub(crate) host: (u32, u32),
    host_fault: Option<Fault>,
    length_fault: Option<Fault>,
    coding_fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug)]
struct Fault {
    kind: ErrorKind,
    at: u32,
}

impl Fault {
    const fn error(self) -> Error {
        Error::new(self.kind, self.at as usize)
    }
}

const CONTENT_LENGTH: u16 = 1;
const TRANSFER_ENCODING: u16 = 1 << 1;
/// Chunked was named, and whether it is the last coding so far.
const CHUNKED: u16 = 1 << 2;
const CHUNKED_LAST: u16 = 1 << 3;
const OTHER_CODING: u16 = 1 << 4;
const HOST: u16 = 1 << 5;
const CLOSE: u16 = 1 << 6;
const KEEP_ALIVE: u16 = 1 << 7;
const CONNECTION_UPGRADE: u16 = 1 << 8;
const UPGRADE: u16 = 1 << 9;
const EXPECT_CONTINUE: u16 = 1 << 10;
const EXPECT_OTHER: u16 = 1 << 11;

/// What a request says, framing and all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestVerdict {
    pub(crate) framing: Framing,
    pub(crate) keep_alive: bool,
    pub(crate) asks: Asks,
}

/// What an HTTP/1.1 request asks for beside its resource; nothing in older ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asks(u16);

impl Asks {
    pub(crate) const NOTHING: Self = Self(0);

    pub(crate) const fn upgrade(self) -> bool {
        self.0 & (UPGRADE | CONNECTION_UPGRADE) == UPGRADE | CONNECTION_UPGRADE
    }

    pub(crate) const fn to_continue(self) -> bool {
        self.0 & EXPECT_CONTINUE != 0
    }

    pub(crate) const fn something_else(self) -> bool {
        self.0 & EXPECT_OTHER != 0
    }
}

/// What a response says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResponseVerdict {
    pub(crate) framing: Framing,
    pub(crate) keep_alive: bool,
}

/// The first letter of the one name of each length that decides about anything.
const FIRST: [u8; 32] = {
    let mut first = [0; 32];
    first[4] = b'h';
    first[6] = b'e';
    first[7] = b'u';
    first[10] = b'c';
    first[14] = b'c';
    first[17] = b't';
    first
};

impl Facts {
    /// Whether a field with this name may be of interest.
    #[inline(always)]
    pub(crate) fn may_matter(name: &[u8]) -> bool {
        let Some(first) = name.first() else {
            return false;
        };
        FIRST.get(name.len()) == Some(&(first | 0x20))
    }

    /// Takes note of a field if it says what most say; `None` when [`note`](Self::note) has to.
    #[inline(always)]
    pub(crate) fn note_plain(&mut self, name: &[u8], value: &[u8], at: u32) -> Option<()> {
        self.flags |= match name.len() {
            4 if is_host(name) => {
                if self.flags & HOST != 0 || !is_authority(value) {
                    return None;
                }
                self.host = (at, at + offset(value.len()));
                HOST
            }
            6 if is(name, b"expect") && is(value, b"100-continue") => EXPECT_CONTINUE,
            6 if is(name, b"expect") => return None,
            7 if is(name, b"upgrade") => UPGRADE,
            10 if is(name, b"connection") => match value.len() {
                5 if is(value, b"close") => CLOSE,
                10 if is(value, b"keep-alive") => KEEP_ALIVE,
                7 if is(value, b"upgrade") => CONNECTION_UPGRADE,
                _ => return None,
            },
            14 if is(name, b"content-length") => {
                if self.flags & CONTENT_LENGTH != 0 {
                    return None;
                }
                self.content_length = short_decimal(value)?;
                self.content_length_at = at;
                CONTENT_LENGTH
            }
            17 if is(name, b"transfer-encoding") => {
                if self.flags & TRANSFER_ENCODING != 0 || !is(value, b"chunked") {
                    return None;
                }
                self.transfer_encoding_at = at;
                TRANSFER_ENCODING | CHUNKED | CHUNKED_LAST
            }
            _ => 0,
        };
        Some(())
    }

    /// Takes note of a field; `at` is where its value begins. `value` may have line folds in it.
    #[inline]
    pub(crate) fn note(&mut self, name: &[u8], value: &[u8], at: usize, lenient: &Lenient) {
        match name.len() {
            4 if is(name, b"host") => self.note_host(value, at),
            6 if is(name, b"expect") => self.note_expect(value),
            7 if is(name, b"upgrade") => self.flags |= UPGRADE,
            10 if is(name, b"connection") => self.note_connection(value),
            14 if is(name, b"content-length") => self.note_content_length(value, at, lenient),
            17 if is(name, b"transfer-encoding") => self.note_transfer_encoding(value, at, lenient),
            _ => {}
        }
    }

    fn note_host(&mut self, value: &[u8], at: usize) {
        if self.flags & HOST != 0 {
            self.host_fault
                .get_or_insert(fault(ErrorKind::DuplicateHost, at));
        } else if !is_authority(value) {
            self.host_fault.get_or_insert(fault(ErrorKind::BadHost, at));
        }
        self.flags |= HOST;
        self.host = (offset(at), offset(at + value.len()));
    }

    fn note_expect(&mut self, value: &[u8]) {
        for member in members(value).filter(|member| !member.is_empty()) {
            self.flags |= if member.eq_ignore_ascii_case(b"100-continue") {
                EXPECT_CONTINUE
            } else {
                EXPECT_OTHER
            };
        }
    }

    fn note_connection(&mut self, value: &[u8]) {
        for member in value.split(|&octet| octet == b',').map(trim) {
            self.flags |= match member.len() {
                5 if member.eq_ignore_ascii_case(b"close") => CLOSE,
                10 if member.eq_ignore_ascii_case(b"keep-alive") => KEEP_ALIVE,
                7 if member.eq_ignore_ascii_case(b"upgrade") => CONNECTION_UPGRADE,
                _ => 0,
            };
        }
    }

    fn note_content_length(&mut self, value: &[u8], at: usize, lenient: &Lenient) {
        let mut any = false;
        for member in members(value) {
            if member.is_empty() {
                if !lenient.empty_list_members && value.contains(&b',') {
                    self.length(ErrorKind::EmptyListMember, at);
                }
                continue;
            }
            any = true;
            match decimal(member) {
                Err(kind) => self.length(kind, at),
                Ok(length) if self.flags & CONTENT_LENGTH == 0 => self.content_length = length,
                Ok(length) if length != self.content_length => {
                    self.length(ErrorKind::ContentLengthMismatch, at);
                }
                Ok(_) if !lenient.duplicate_content_length_equal => {
                    self.length(ErrorKind::ContentLengthRepeated, at);
                }
                Ok(_) => {}
            }
            self.flags |= CONTENT_LENGTH;
            self.content_length_at = offset(at);
        }
        if !any {
            self.length(ErrorKind::BadContentLength, at);
        }
        self.flags |= CONTENT_LENGTH;
        self.content_length_at = offset(at);
    }

    #[cold]
    fn length(&mut self, kind: ErrorKind, at: usize) {
        self.length_fault.get_or_insert(fault(kind, at));
    }

    fn note_transfer_encoding(&mut self, value: &[u8], at: usize, lenient: &Lenient) {
        self.flags |= TRANSFER_ENCODING;
        self.transfer_encoding_at = offset(at);
        for member in members(value) {
            if member.is_empty() {
                if !lenient.empty_list_members {
                    self.coding(ErrorKind::EmptyListMember, at);
                }
                continue;
            }
            let name = trim(
                member
                    .split(|&octet| octet == b';')
                    .next()
                    .unwrap_or(member),
            );
            if name.eq_ignore_ascii_case(b"chunked") {
                if self.flags & CHUNKED != 0 {
                    self.coding(ErrorKind::ChunkedTwice, at);
                }
                if name.len() != member.len() {
                    self.coding(ErrorKind::BadTransferEncoding, at);
                }
                self.flags |= CHUNKED | CHUNKED_LAST;
            } else {
                if !is_token(name) {
                    self.coding(ErrorKind::BadTransferEncoding, at);
                }
                self.flags = self.flags & !CHUNKED_LAST | OTHER_CODING;
            }
        }
    }

    #[cold]
    fn coding(&mut self, kind: ErrorKind, at: usize) {
        self.coding_fault.get_or_insert(fault(kind, at));
    }

    /// What a request with these fields says; `end` is where its head ends.
    #[inline]
    pub(crate) fn request(
        &self,
        version: Version,
        method: MethodKind,
        end: usize,
        lenient: &Lenient,
    ) -> Result<RequestVerdict, Error> {
        let flags = self.flags;
        let modern = version >= Version::Http11;
        if let Some(fault) = self.host_fault {
            return Err(fault.error());
        }
        if modern && flags & HOST == 0 && !lenient.missing_host {
            return Err(Error::new(ErrorKind::MissingHost, end));
        }
        let mut keep_alive = self.persists(version);
        let mut framing = Framing::None;
        if flags & (TRANSFER_ENCODING | CONTENT_LENGTH) != 0 {
            framing = self.request_framing(version, lenient)?;
            keep_alive &=
                flags & (TRANSFER_ENCODING | CONTENT_LENGTH) != TRANSFER_ENCODING | CONTENT_LENGTH;
            if method == MethodKind::Connect {
                // Whoever reads a body where the other end reads none must not read on.
                keep_alive &= framing == Framing::Length(0);
                framing = Framing::None;
            }
        }
        Ok(RequestVerdict {
            framing,
            keep_alive,
            asks: if modern { Asks(flags) } else { Asks::NOTHING },
        })
    }

    fn request_framing(&self, version: Version, lenient: &Lenient) -> Result<Framing, Error> {
        if self.flags & TRANSFER_ENCODING == 0 {
            return self.length_framing();
        }
        self.check_coding(version, lenient)?;
        let wrong = |kind| Err(Error::new(kind, self.transfer_encoding_at as usize));
        if self.flags & CHUNKED_LAST == 0 {
            return wrong(ErrorKind::ChunkedNotFinal);
        }
        if self.flags & OTHER_CODING != 0 && !lenient.other_transfer_codings {
            return wrong(ErrorKind::UnknownTransferCoding);
        }
        Ok(Framing::Chunked)
    }

    /// What a response with these fields says, given what it answers (RFC 9112 section 6.3).
    #[inline]
    pub(crate) fn response(
        &self,
        version: Version,
        status: u16,
        method: MethodKind,
        lenient: &Lenient,
    ) -> Result<ResponseVerdict, Error> {
        let keep_alive = self.persists(version);
        let bodiless = |framing| {
            Ok(ResponseVerdict {
                framing,
                keep_alive,
            })
        };
        match status {
            101 => return bodiless(Framing::Tunnel),
            100..=199 | 204 | 304 => return bodiless(Framing::None),
            _ if method == MethodKind::Head => return bodiless(Framing::None),
            200..=299 if method == MethodKind::Connect => return bodiless(Framing::Tunnel),
            _ => {}
        }
        let flags = self.flags;
        let framing = if flags & TRANSFER_ENCODING != 0 {
            self.check_coding(version, lenient)?;
            if flags & CHUNKED_LAST != 0 {
                Framing::Chunked
            } else {
                Framing::UntilEof
            }
        } else if flags & CONTENT_LENGTH != 0 {
            self.length_framing()?
        } else {
            Framing::UntilEof
        };
        let both = TRANSFER_ENCODING | CONTENT_LENGTH;
        Ok(ResponseVerdict {
            framing,
            keep_alive: keep_alive && framing != Framing::UntilEof && flags & both != both,
        })
    }

    fn length_framing(&self) -> Result<Framing, Error> {
        match self.length_fault {
            Some(fault) => Err(fault.error()),
            None => Ok(Framing::Length(self.content_length)),
        }
    }

    /// What is wrong with Transfer-Encoding in either role.
    fn check_coding(&self, version: Version, lenient: &Lenient) -> Result<(), Error> {
        if self.flags & CONTENT_LENGTH != 0 && !lenient.te_and_cl_te_wins {
            let later = self.transfer_encoding_at.max(self.content_length_at);
            let kind = ErrorKind::TransferEncodingAndContentLength;
            return Err(Error::new(kind, later as usize));
        }
        if version < Version::Http11 {
            let kind = ErrorKind::TransferEncodingInHttp10;
            return Err(Error::new(kind, self.transfer_encoding_at as usize));
        }
        match self.coding_fault {
            Some(fault) => Err(fault.error()),
            None => Ok(()),
        }
    }

    /// RFC 9112 section 9.3.
    #[inline]
    const fn persists(&self, version: Version) -> bool {
        match version {
            Version::Http11 => self.flags & CLOSE == 0,
            Version::Http10 => self.flags & (CLOSE | KEEP_ALIVE) == KEEP_ALIVE,
            Version::Http09 => false,
        }
    }

    /// Whether Upgrade is among the fields, and named by Connection.
    pub(crate) const fn names_upgrade(&self) -> bool {
        self.flags & (UPGRADE | CONNECTION_UPGRADE) == UPGRADE | CONNECTION_UPGRADE
    }
}

const fn fault(kind: ErrorKind, at: usize) -> Fault {
    Fault {
        kind,
        at: offset(at),
    }
}

/// Heads are shorter than 4 GiB: see `Limits::head`.
#[expect(clippy::cast_possible_truncation, reason = "see above")]
pub(crate) const fn offset(at: usize) -> u32 {
    at as u32
}

/// Whether `octets`, without control characters, are `lower` but for the case. `lower` is made of
/// letters, digits and hyphens: then nothing else becomes one of them by setting a bit.
#[inline(always)]
fn is(octets: &[u8], lower: &[u8]) -> bool {
    octets.len() == lower.len()
        && octets
            .iter()
            .zip(lower)
            .fold(true, |same, (octet, lower)| same & (octet | 0x20 == *lower))
}

/// The same of `host`, in one comparison.
#[inline(always)]
fn is_host(name: &[u8]) -> bool {
    let lower = |name| u32::from_ne_bytes(name) | 0x2020_2020;
    name.first_chunk()
        .is_some_and(|name| lower(*name) == lower(*b"host"))
}

/// The members of a list without whitespace around them. CR and LF only occur where a fold or a
/// tolerated bare CR is read as SP.
fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    value
        .split(move |&octet| {
            if escaped {
                escaped = false;
            } else if octet == b'"' {
                quoted = !quoted;
            } else if quoted && octet == b'\\' {
                escaped = true;
            }
            octet == b',' && !quoted
        })
        .map(trim)
}

fn trim(octets: &[u8]) -> &[u8] {
    bounds_of_value(octets).map_or(&[], |(start, end)| &octets[start..end])
}

/// `1*19DIGIT`, which cannot overflow.
#[inline(always)]
fn short_decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    digits.iter().try_fold(0u64, |number, octet| {
        let digit = octet.wrapping_sub(b'0');
        (digit < 10).then(|| number.wrapping_mul(10).wrapping_add(u64::from(digit)))
    })
}

/// `1*DIGIT`, at most 2^64 - 1.
fn decimal(digits: &[u8]) -> Result<u64, ErrorKind> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(ErrorKind::BadContentLength);
    }
    digits
        .iter()
        .try_fold(0u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        })
        .ok_or(ErrorKind::ContentLengthOverflow)
}
