//! The head of a request: RFC 9112 section 3, and section 4.1 of RFC 1945.

use core::fmt;

use super::fields::Fields;
use super::framing::{Asks, Facts, Framing, RequestVerdict, offset};
use super::octet::{is_target, is_tchar};
use super::scan::{target_len, token_len};
use super::section::{self, Field, Nowhere, Progress, Section, Sink};
use super::start_line::{Words, version};
use super::target::{MethodKind, TargetForm, form};
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::version::Version;
use wirelore_core::escape::escape;

/// Where the parts of a request line are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RequestLine {
    method_end: u32,
    target_start: u32,
    target_end: u32,
    end: u32,
    /// Of the target, where it has one; otherwise empty.
    authority: (u32, u32),
    version: Version,
    form: TargetForm,
    kind: MethodKind,
}

/// A valid head: its octets, and what it says about target, version, framing, host and connection.
///
/// `B` is a slice of the input, or octets of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestHead<B> {
    raw: B,
    line: RequestLine,
    host: (u32, u32),
    fields: u32,
    framing: Framing,
    keep_alive: bool,
    asks: Asks,
    rewritten: bool,
}

impl<B> RequestHead<B> {
    /// The same head with its octets changed into others by `change`, which must keep them as they are.
    pub fn map<C>(self, change: impl FnOnce(B) -> C) -> RequestHead<C> {
        RequestHead {
            raw: change(self.raw),
            line: self.line,
            host: self.host,
            fields: self.fields,
            framing: self.framing,
            keep_alive: self.keep_alive,
            asks: self.asks,
            rewritten: self.rewritten,
        }
    }

    /// The method in so far as it matters to framing.
    pub const fn kind(&self) -> MethodKind {
        self.line.kind
    }

    /// The form of the target.
    pub const fn target_form(&self) -> TargetForm {
        self.line.form
    }

    /// The version; minor versions above 1 are read as 1.
    pub const fn version(&self) -> Version {
        self.line.version
    }

    /// How the body is delimited: `None`, `Length` or `Chunked`.
    pub const fn framing(&self) -> Framing {
        self.framing
    }

    /// Whether the client would go on with this connection (RFC 9112 section 9.3).
    pub const fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// Whether the client offers another protocol: HTTP/1.1, an Upgrade field, and Connection names it
    /// (RFC 9110 section 7.8).
    pub const fn upgrade(&self) -> bool {
        self.asks.upgrade()
    }

    /// Whether the client waits for 100 (Continue) before it sends the body (RFC 9110 section 10.1.1).
    pub const fn expect_continue(&self) -> bool {
        self.asks.to_continue()
    }

    /// Whether there is an expectation other than 100-continue, which 417 may answer.
    pub const fn expect_other(&self) -> bool {
        self.asks.something_else()
    }

    /// How many field lines there are.
    pub const fn field_count(&self) -> usize {
        self.fields as usize
    }
}

impl<B: AsRef<[u8]>> RequestHead<B> {
    /// The head as it was sent, from the method to the empty line.
    pub fn raw(&self) -> &[u8] {
        self.raw.as_ref()
    }

    /// The method as it was sent.
    pub fn method(&self) -> &[u8] {
        self.part(0, self.line.method_end)
    }

    /// The request-target as it was sent.
    pub fn target(&self) -> &[u8] {
        self.part(self.line.target_start, self.line.target_end)
    }

    /// The target without scheme and authority, which is what an origin server serves: `*` for the
    /// asterisk-form and for OPTIONS with an absolute-form of neither path nor query, `/` where another
    /// absolute-form has neither, empty for CONNECT. With a query but no path it begins with `?`: read
    /// `/` before it.
    pub fn path_and_query(&self) -> &[u8] {
        match self.line.form {
            TargetForm::Origin | TargetForm::Asterisk => self.target(),
            TargetForm::Authority => b"",
            TargetForm::Absolute if self.line.authority.1 == 0 => self.target(),
            TargetForm::Absolute => match self.part(self.line.authority.1, self.line.target_end) {
                b"" if self.line.kind == MethodKind::Options => b"*",
                b"" => b"/",
                rest => rest,
            },
        }
    }

    /// Host and port that the request is for: of the target where it names them, otherwise of the
    /// Host field (RFC 9112 section 3.2.2). `None` when neither does, and when the target is absolute
    /// but has no authority (`urn:x`): Host does not count then.
    pub fn authority(&self) -> Option<&[u8]> {
        match (self.line.authority, self.host) {
            ((_, 0), _) if self.line.form == TargetForm::Absolute => None,
            ((_, 0), (_, 0)) => None,
            ((_, 0), (start, end)) | ((start, end), _) => Some(self.part(start, end)),
        }
    }

    /// The field lines.
    pub fn fields(&self) -> Fields<'_> {
        Fields::new(
            self.raw().get(self.line.end as usize..).unwrap_or_default(),
            self.rewritten,
        )
    }

    fn part(&self, start: u32, end: u32) -> &[u8] {
        self.raw()
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for RequestHead<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead")
            .field("method", &format_args!("{}", escape(self.method())))
            .field("target", &format_args!("{}", escape(self.target())))
            .field("version", &self.version())
            .field("fields", &self.fields())
            .field("framing", &self.framing)
            .field("keep_alive", &self.keep_alive)
            .finish_non_exhaustive()
    }
}

/// How far a request head was read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RequestProgress {
    line: Option<RequestLine>,
    section: Progress,
}

impl RequestProgress {
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

/// Reads the head of a request at the start of `bytes`: request line, field lines, empty line, and what
/// they say about target, host, framing and connection.
///
/// `table` is filled with where the fields are; a head with more fields than it, or than
/// [`Limits::max_headers`](crate::Limits), is an error. `None` means that the head is not all there.
/// Empty lines before a request are not skipped here.
///
/// # Errors
/// What is wrong, where, and the status code of the reply it deserves.
///
/// ```
/// use wirelore_http1::wire::{Field, Framing, parse_request};
///
/// let bytes = b"PUT /a HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3\r\n\r\nabc";
/// let mut table = [Field::default(); 16];
/// let head = parse_request(bytes, &mut table, &Default::default())?.unwrap();
/// assert_eq!(head.target(), b"/a");
/// assert_eq!(head.authority(), Some(&b"example.com"[..]));
/// assert_eq!(head.framing(), Framing::Length(3));
/// let fields = &table[..head.field_count()];
/// assert_eq!(fields[1].name(bytes), b"Content-Length");
/// assert_eq!(&bytes[head.raw().len()..], b"abc");
/// # Ok::<(), wirelore_http1::Error>(())
/// ```
#[inline]
pub fn parse_request<'b>(
    bytes: &'b [u8],
    table: &mut [Field],
    config: &Config,
) -> Result<Option<RequestHead<&'b [u8]>>, Error> {
    if let Some(head) = quick(bytes, &mut *table, config) {
        return Ok(Some(head));
    }
    read(bytes, &mut RequestProgress::default(), table, config)
}

/// The head without a table, if it is all there and nothing about it is unusual. `None` says nothing:
/// [`resume`] knows.
#[inline]
pub(crate) fn quick_head<'b>(bytes: &'b [u8], config: &Config) -> Option<RequestHead<&'b [u8]>> {
    quick(bytes, Nowhere, config)
}

/// The head, if it is all there and nothing about it is unusual. `None` says nothing: [`read`] knows.
#[inline(always)]
fn quick<'b>(bytes: &'b [u8], sink: impl Sink, config: &Config) -> Option<RequestHead<&'b [u8]>> {
    let line = well_formed(bytes, config)?;
    let section = section::quick(bytes, line.end as usize, sink, config)?;
    let facts = &section.facts;
    let verdict = facts
        .request(line.version, line.kind, section.end, &config.lenient)
        .ok()?;
    if config.limits.max_body.is_some() && verdict.framing != Framing::None {
        return None;
    }
    let RequestVerdict {
        framing,
        keep_alive,
        asks,
    } = verdict;
    Some(RequestHead {
        raw: bytes.get(..section.end)?,
        line,
        host: facts.host,
        fields: offset(section.fields),
        framing,
        keep_alive,
        asks,
        rewritten: false,
    })
}

/// The same without a table, from where it was left before.
pub(crate) fn resume<'b>(
    bytes: &'b [u8],
    progress: &mut RequestProgress,
    config: &Config,
) -> Result<Option<RequestHead<&'b [u8]>>, Error> {
    read(bytes, progress, Nowhere, config)
}

#[cold]
#[inline(never)]
fn read<'b>(
    bytes: &'b [u8],
    progress: &mut RequestProgress,
    sink: impl Sink,
    config: &Config,
) -> Result<Option<RequestHead<&'b [u8]>>, Error> {
    let line = match progress.line {
        Some(line) => line,
        None => {
            let line = match well_formed(bytes, config) {
                Some(line) => line,
                None => match careful(bytes, &mut progress.section, config)? {
                    Some(line) => line,
                    None => return Ok(None),
                },
            };
            progress.section.at = line.end as usize;
            if line.version == Version::Http09 {
                return Ok(Some(simple(bytes, line)));
            }
            line
        }
    };
    let section = &mut progress.section;
    let Some(end) = section::read(bytes, section, sink, Section::Request, config)? else {
        progress.line = Some(line);
        return Ok(None);
    };
    if section.folded {
        section.facts = gather(bytes, line.end as usize, end, config);
    }
    let verdict = section
        .facts
        .request(line.version, line.kind, end, &config.lenient)?;
    if let (Framing::Length(length), Some(limit)) = (verdict.framing, config.limits.max_body)
        && length > limit
    {
        return Err(Error::new(ErrorKind::BodyTooLarge { limit }, end));
    }
    let RequestVerdict {
        framing,
        keep_alive,
        asks,
    } = verdict;
    Ok(Some(RequestHead {
        raw: &bytes[..end],
        line,
        host: section.facts.host,
        fields: offset(section.fields),
        framing,
        keep_alive,
        asks,
        rewritten: section.rewritten,
    }))
}

/// What the fields say when lines are folded: read again, with the folds undone.
#[cold]
pub(super) fn gather(bytes: &[u8], start: usize, end: usize, config: &Config) -> Facts {
    let mut facts = Facts::default();
    let mut fields = Fields::new(&bytes[start..end], true);
    while let Some((field, left)) = fields.next_with_place() {
        facts.note(field.name(), field.raw_value(), end - left, &config.lenient);
    }
    facts
}

/// A simple request has neither version nor fields.
fn simple(bytes: &[u8], line: RequestLine) -> RequestHead<&[u8]> {
    RequestHead {
        raw: &bytes[..line.end as usize],
        line,
        host: (0, 0),
        fields: 0,
        framing: Framing::None,
        keep_alive: false,
        asks: Asks::NOTHING,
        rewritten: false,
    }
}

/// A request line as most are: a method, an origin-form, HTTP/1.1 or 1.0.
#[inline(always)]
fn well_formed(bytes: &[u8], config: &Config) -> Option<RequestLine> {
    let limits = &config.limits;
    let (method_end, kind) = if bytes.starts_with(b"GET /") {
        (3, MethodKind::Get)
    } else {
        other_method(bytes)?
    };
    let target_start = method_end + 1;
    let behind = bytes.get(target_start..)?;
    let target_len = target_len(behind);
    let tail = behind.get(target_len..)?.first_chunk::<11>()?;
    // Compared as words; a pattern would be compared octet by octet.
    let version = if tail == b" HTTP/1.1\r\n" {
        Version::Http11
    } else if tail == b" HTTP/1.0\r\n" {
        Version::Http10
    } else {
        return None;
    };
    let target_end = target_start + target_len;
    let end = target_end + 11;
    let within =
        end <= limits.max_request_line && end <= limits.head() && method_end <= limits.max_method;
    within.then_some(RequestLine {
        method_end: offset(method_end),
        target_start: offset(target_start),
        target_end: offset(target_end),
        end: offset(end),
        authority: (0, 0),
        version,
        form: TargetForm::Origin,
        kind,
    })
}

/// Where a method ends that is followed by an origin-form, and which it is.
#[inline(never)]
fn other_method(bytes: &[u8]) -> Option<(usize, MethodKind)> {
    let end = token_len(bytes);
    let (method, behind) = bytes.split_at_checked(end)?;
    let kind = MethodKind::of(method);
    let fits = end > 0 && behind.starts_with(b" /") && kind != MethodKind::Connect;
    fits.then_some((end, kind))
}

/// Any request line, read with care.
#[cold]
#[inline(never)]
fn careful(
    bytes: &[u8],
    progress: &mut Progress,
    config: &Config,
) -> Result<Option<RequestLine>, Error> {
    let limits = &config.limits;
    if let Some(&octet) = bytes.first()
        && !is_tchar(octet)
    {
        return Err(Error::new(ErrorKind::BadMethod { octet }, 0));
    }
    let too_long = ErrorKind::RequestLineTooLong {
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
    let method_end = words.end(0);
    let method = &bytes[..method_end];
    if let Some(at) = method.iter().position(|&octet| !is_tchar(octet)) {
        return Err(match method[at] {
            b'\r' => Error::new(ErrorKind::BareCr, at),
            octet => Error::new(ErrorKind::BadMethod { octet }, at),
        });
    }
    if method_end > limits.max_method {
        let limit = limits.max_method;
        return Err(Error::new(ErrorKind::MethodTooLong { limit }, limit));
    }
    let Some(target_start) = words.next(method_end)? else {
        return Err(Error::new(ErrorKind::MissingVersion, method_end));
    };
    let target_end = words.end(target_start);
    let target = &bytes[target_start..target_end];
    let allowed = |octet| is_target(octet) || octet >= 0x80 && config.lenient.obs_text_in_target;
    if let Some(index) = target.iter().position(|&octet| !allowed(octet)) {
        let at = target_start + index;
        return Err(match target[index] {
            b'\r' => Error::new(ErrorKind::BareCr, at),
            octet => Error::new(ErrorKind::BadTarget { octet }, at),
        });
    }
    let kind = MethodKind::of(method);
    let version = match words.next(target_end)? {
        None if config.http09 && kind == MethodKind::Get => Version::Http09,
        None => return Err(Error::new(ErrorKind::MissingVersion, target_end)),
        Some(start) => {
            let end = words.end(start);
            words.refuse_cr(start, end)?;
            if words.next(end)?.is_some() {
                return Err(Error::new(ErrorKind::BadRequestLine, end));
            }
            version(&bytes[start..end]).map_err(|kind| Error::new(kind, start))?
        }
    };
    if line.bare_lf && !config.lenient.bare_lf {
        return Err(Error::new(ErrorKind::BareLf, line.content_end));
    }
    let (form, authority) = form(kind, target).map_err(|kind| Error::new(kind, target_start))?;
    let place = |at: usize| offset(target_start + at);
    Ok(Some(RequestLine {
        method_end: offset(method_end),
        target_start: offset(target_start),
        target_end: offset(target_end),
        end: offset(line.end),
        authority: authority.map_or((0, 0), |(start, end)| (place(start), place(end))),
        version,
        form,
        kind,
    }))
}
