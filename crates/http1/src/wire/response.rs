//! The head of a response: RFC 9112 section 4.

use core::fmt;

use super::fields::Fields;
use super::framing::{Framing, offset};
use super::octet::is_ows;
use super::request::gather;
use super::scan::value_len;
use super::section::{self, Field, Nowhere, Progress, Section, Sink};
use super::start_line::{Words, version};
use super::target::MethodKind;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::version::Version;
use wirelore_core::escape::escape;

/// Where the parts of a status line are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct StatusLine {
    reason_start: u32,
    reason_end: u32,
    end: u32,
    status: u16,
    version: Version,
}

/// A valid head: its octets, and what it says about status, version, framing and connection.
///
/// `B` is a slice of the input, or octets of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ResponseHead<B> {
    raw: B,
    line: StatusLine,
    fields: u32,
    framing: Framing,
    keep_alive: bool,
    upgrade: bool,
    rewritten: bool,
}

impl<B> ResponseHead<B> {
    /// The same head with its octets changed into others by `change`, which must keep them as they are.
    pub fn map<C>(self, change: impl FnOnce(B) -> C) -> ResponseHead<C> {
        ResponseHead {
            raw: change(self.raw),
            line: self.line,
            fields: self.fields,
            framing: self.framing,
            keep_alive: self.keep_alive,
            upgrade: self.upgrade,
            rewritten: self.rewritten,
        }
    }

    /// The status code: any three digits. What is not in 100 to 599 counts as a server error (RFC 9110
    /// section 15).
    pub const fn status(&self) -> u16 {
        self.line.status
    }

    /// Whether this is an interim response: 1xx, but not 101.
    pub const fn is_informational(&self) -> bool {
        matches!(self.line.status, 100 | 102..=199)
    }

    /// The version; minor versions above 1 are read as 1.
    pub const fn version(&self) -> Version {
        self.line.version
    }

    /// How the body is delimited.
    pub const fn framing(&self) -> Framing {
        self.framing
    }

    /// Whether the connection outlives this message (RFC 9112 section 9.3).
    pub const fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// Whether there is an Upgrade field, and Connection names it.
    pub const fn upgrade(&self) -> bool {
        self.upgrade
    }

    /// How many field lines there are.
    pub const fn field_count(&self) -> usize {
        self.fields as usize
    }
}

impl<B: AsRef<[u8]>> ResponseHead<B> {
    /// The head as it was sent, from the version to the empty line.
    pub fn raw(&self) -> &[u8] {
        self.raw.as_ref()
    }

    /// The reason phrase as it was sent; often empty, never to be relied upon. Where
    /// [`Lenient::bare_cr_as_sp`](crate::Lenient) let a CR pass, it is still in it: write a reason of your
    /// own, or none, when you send the response on.
    pub fn reason(&self) -> &[u8] {
        self.raw()
            .get(self.line.reason_start as usize..self.line.reason_end as usize)
            .unwrap_or_default()
    }

    /// The field lines.
    pub fn fields(&self) -> Fields<'_> {
        Fields::new(
            self.raw().get(self.line.end as usize..).unwrap_or_default(),
            self.rewritten,
        )
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for ResponseHead<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseHead")
            .field("status", &self.status())
            .field("reason", &format_args!("{}", escape(self.reason())))
            .field("version", &self.version())
            .field("fields", &self.fields())
            .field("framing", &self.framing)
            .field("keep_alive", &self.keep_alive)
            .finish_non_exhaustive()
    }
}

/// How far a response head was read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResponseProgress {
    line: Option<StatusLine>,
    section: Progress,
}

impl ResponseProgress {
    /// Whether nothing can be said yet about `bytes`, which is what was there before and more.
    pub(crate) fn still_waits(&mut self, bytes: &[u8], config: &Config) -> bool {
        let limits = &config.limits;
        let max_line = match self.line {
            None => limits.max_request_line,
            Some(_) => limits.max_field_line,
        };
        self.section.scanned > 0 && self.section.still_waits(bytes, max_line, limits.head())
    }
}

/// Reads the head of a response at the start of `bytes`. `method` is that of the request which it
/// answers: it decides about the body (RFC 9112 section 6.3).
///
/// `table` and the result are those of [`parse_request`](super::parse_request). The SP between status
/// code and an empty reason phrase may be missing, as many servers leave it out.
///
/// # Errors
/// What is wrong, and where.
#[inline]
pub fn parse_response<'b>(
    bytes: &'b [u8],
    table: &mut [Field],
    method: MethodKind,
    config: &Config,
) -> Result<Option<ResponseHead<&'b [u8]>>, Error> {
    if let Some(head) = quick(bytes, &mut *table, method, config) {
        return Ok(Some(head));
    }
    let mut progress = ResponseProgress::default();
    read(bytes, &mut progress, table, method, config)
}

/// The same without a table, from where it was left before.
pub(crate) fn resume<'b>(
    bytes: &'b [u8],
    progress: &mut ResponseProgress,
    method: MethodKind,
    config: &Config,
) -> Result<Option<ResponseHead<&'b [u8]>>, Error> {
    read(bytes, progress, Nowhere, method, config)
}

/// The head without a table, if it is all there and nothing about it is unusual. `None` says nothing:
/// [`resume`] knows.
#[inline]
pub(crate) fn quick_head<'b>(
    bytes: &'b [u8],
    method: MethodKind,
    config: &Config,
) -> Option<ResponseHead<&'b [u8]>> {
    quick(bytes, Nowhere, method, config)
}

/// The head, if it is all there and nothing about it is unusual. `None` says nothing: [`read`] knows.
#[inline(always)]
fn quick<'b>(
    bytes: &'b [u8],
    sink: impl Sink,
    method: MethodKind,
    config: &Config,
) -> Option<ResponseHead<&'b [u8]>> {
    let line = well_formed(bytes, config)?;
    let section = section::quick(bytes, line.end as usize, sink, config)?;
    let facts = &section.facts;
    let verdict = facts
        .response(line.version, line.status, method, &config.lenient)
        .ok()?;
    if config.limits.max_body.is_some() && verdict.framing != Framing::None {
        return None;
    }
    Some(ResponseHead {
        raw: bytes.get(..section.end)?,
        line,
        fields: offset(section.fields),
        framing: verdict.framing,
        keep_alive: verdict.keep_alive,
        upgrade: facts.names_upgrade(),
        rewritten: false,
    })
}

#[cold]
#[inline(never)]
fn read<'b>(
    bytes: &'b [u8],
    progress: &mut ResponseProgress,
    sink: impl Sink,
    method: MethodKind,
    config: &Config,
) -> Result<Option<ResponseHead<&'b [u8]>>, Error> {
    let section = &mut progress.section;
    let line = match progress.line {
        Some(line) => line,
        None => {
            let line = match well_formed(bytes, config) {
                Some(line) => line,
                None => match careful(bytes, section, config)? {
                    Some(line) => line,
                    None => return Ok(None),
                },
            };
            section.at = line.end as usize;
            line
        }
    };
    let Some(end) = section::read(bytes, section, sink, Section::Response, config)? else {
        progress.line = Some(line);
        return Ok(None);
    };
    if section.folded {
        section.facts = gather(bytes, line.end as usize, end, config);
    }
    let facts = &section.facts;
    let verdict = facts.response(line.version, line.status, method, &config.lenient)?;
    if let (Framing::Length(length), Some(limit)) = (verdict.framing, config.limits.max_body)
        && length > limit
    {
        return Err(Error::new(ErrorKind::BodyTooLarge { limit }, end));
    }
    Ok(Some(ResponseHead {
        raw: &bytes[..end],
        line,
        fields: offset(section.fields),
        framing: verdict.framing,
        keep_alive: verdict.keep_alive,
        upgrade: facts.names_upgrade(),
        rewritten: section.rewritten,
    }))
}

/// A status line as most are.
#[inline(always)]
fn well_formed(bytes: &[u8], config: &Config) -> Option<StatusLine> {
    let start = bytes.first_chunk::<9>()?;
    let version = if start == b"HTTP/1.1 " {
        Version::Http11
    } else if start == b"HTTP/1.0 " {
        Version::Http10
    } else {
        return None;
    };
    let &[a, b, c, b' '] = bytes.get(9..)?.first_chunk()? else {
        return None;
    };
    let status = status(a, b, c)?;
    let reason_end = 13 + value_len(bytes.get(13..)?);
    let Some([b'\r', b'\n']) = bytes.get(reason_end..)?.first_chunk() else {
        return None;
    };
    let end = reason_end + 2;
    let within = end <= config.limits.max_request_line && end <= config.limits.head();
    within.then_some(StatusLine {
        reason_start: 13,
        reason_end: offset(reason_end),
        end: offset(end),
        status,
        version,
    })
}

fn status(a: u8, b: u8, c: u8) -> Option<u16> {
    let digit = |octet: u8| octet.is_ascii_digit().then(|| u16::from(octet - b'0'));
    Some(digit(a)? * 100 + digit(b)? * 10 + digit(c)?)
}

/// Any status line, read with care.
#[cold]
#[inline(never)]
fn careful(
    bytes: &[u8],
    progress: &mut Progress,
    config: &Config,
) -> Result<Option<StatusLine>, Error> {
    let limits = &config.limits;
    if bytes.first().is_some_and(|&octet| octet != b'H') {
        return Err(Error::new(ErrorKind::BadVersion, 0));
    }
    let too_long = ErrorKind::StatusLineTooLong {
        limit: limits.max_request_line,
    };
    let Some(line) = section::bounds(
        bytes,
        progress,
        limits.max_request_line,
        too_long,
        limits.head(),
    )?
    else {
        return Ok(None);
    };
    let words = Words {
        content: &bytes[..line.content_end],
        runs: config.lenient.multiple_spaces_in_request_line,
    };
    let version_end = words.end(0);
    words.refuse_cr(0, version_end)?;
    let version = version(&bytes[..version_end]).map_err(|kind| Error::new(kind, 0))?;
    let Some(status_start) = words.next(version_end)? else {
        return Err(Error::new(ErrorKind::BadStatus, version_end));
    };
    let status_end = words.end(status_start);
    words.refuse_cr(status_start, status_end)?;
    let status = match bytes[status_start..status_end] {
        [a, b, c] => status(a, b, c),
        _ => None,
    };
    let Some(status) = status else {
        return Err(Error::new(ErrorKind::BadStatus, status_start));
    };
    let behind = &bytes[status_end..line.content_end];
    let gap = match behind {
        _ if words.runs => behind.iter().take_while(|&&octet| is_ows(octet)).count(),
        [] => 0,
        [b' ', ..] => 1,
        _ => return Err(Error::new(ErrorKind::BadRequestLine, status_end)),
    };
    let reason_start = status_end + gap;
    section::check_text(bytes, reason_start, line.content_end, progress, config)?;
    if line.bare_lf && !config.lenient.bare_lf {
        return Err(Error::new(ErrorKind::BareLf, line.content_end));
    }
    Ok(Some(StatusLine {
        reason_start: offset(reason_start),
        reason_end: offset(line.content_end),
        end: offset(line.end),
        status,
        version,
    }))
}
