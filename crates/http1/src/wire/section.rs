//! The field lines of a head or of a trailer section: RFC 9112 section 5.
//!
//! A line is judged when its end is there, never before: so the verdict is the same however the
//! octets arrive. The fast path knows only well-formed lines; whatever it stumbles over is read again
//! by the careful one, which alone knows errors, leniency and limits.

use memchr::memchr;

use super::framing::{Facts, offset};
use super::octet::{is_field, is_ows, is_tchar};
use super::scan::{printable_len, token_len, unusual_value_len};
use crate::config::Config;
use crate::error::{Error, ErrorKind};

/// Where a field line and its parts are, in octets from the start of the slice that was parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Where the name, and the line, begins.
    pub name_start: u32,
    /// Behind the last octet of the name.
    pub name_end: u32,
    /// Where the value begins, whitespace around it left out.
    pub value_start: u32,
    /// Behind the last octet of the value. Where the line is folded the line ends inside the value
    /// stand for spaces.
    pub value_end: u32,
}

impl Field {
    /// The name as it was sent. `bytes` is the slice that was parsed.
    #[must_use]
    pub fn name<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        bytes
            .get(self.name_start as usize..self.name_end as usize)
            .unwrap_or_default()
    }

    /// The value as it was sent.
    #[must_use]
    pub fn value<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        bytes
            .get(self.value_start as usize..self.value_end as usize)
            .unwrap_or_default()
    }
}

/// Who wrote the section: that decides which leniency there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Request,
    Response,
    Trailers,
}

/// How far a head was read. Kept between calls, so that no complete line is read twice and no
/// incomplete one searched twice.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Where the first line begins that is not complete.
    pub(crate) at: usize,
    /// Up to here there is no end of that line.
    pub(crate) scanned: usize,
    /// Field lines so far.
    pub(crate) fields: usize,
    /// Lines were folded, or have a CR that stands for a space.
    pub(crate) rewritten: bool,
    pub(crate) folded: bool,
    pub(crate) facts: Facts,
}

impl Progress {
    /// Whether the line that was incomplete still is, for sure. Searches only what is new.
    pub(crate) fn still_waits(&mut self, bytes: &[u8], max_line: usize, max_head: usize) -> bool {
        let line_limit = self.at.saturating_add(max_line).saturating_add(2);
        let new = bytes.get(self.scanned..).unwrap_or_default();
        if bytes.len() >= line_limit.min(max_head) || memchr(b'\n', new).is_some() {
            return false;
        }
        self.scanned = bytes.len();
        true
    }
}

/// Where field lines go.
pub(crate) trait Sink {
    /// How many it has room for.
    fn room(&self) -> usize;
    fn field(&mut self, index: usize, field: Field);
    /// The value of the last field goes on in another line, from `start` to `end`.
    fn extend(&mut self, index: usize, start: u32, end: u32);
}

impl Sink for &mut [Field] {
    #[inline(always)]
    fn room(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn field(&mut self, index: usize, field: Field) {
        if let Some(slot) = self.get_mut(index) {
            *slot = field;
        }
    }

    fn extend(&mut self, index: usize, start: u32, end: u32) {
        if let Some(slot) = self.get_mut(index) {
            if slot.value_start == slot.value_end {
                slot.value_start = start;
            }
            slot.value_end = end;
        }
    }
}

/// Nobody keeps them: they are read again when somebody asks.
pub(crate) struct Nowhere;

impl Sink for Nowhere {
    #[inline(always)]
    fn room(&self) -> usize {
        usize::MAX
    }

    #[inline(always)]
    fn field(&mut self, _: usize, _: Field) {}

    fn extend(&mut self, _: usize, _: u32, _: u32) {}
}

/// Where a section ends, how many fields it has and what they say.
pub(crate) struct Quick {
    pub(crate) end: usize,
    pub(crate) fields: usize,
    pub(crate) facts: Facts,
}

/// Reads the field lines from `start` up to and with the empty line, if all are well-formed, within the
/// limits, and say nothing unusual about framing. `None` says nothing: [`read`] then knows.
#[inline(always)]
pub(crate) fn quick(
    bytes: &[u8],
    start: usize,
    mut sink: impl Sink,
    config: &Config,
) -> Option<Quick> {
    let limits = &config.limits;
    let room = limits.max_headers.min(sink.room());
    let whole = bytes.get(..limits.head()).unwrap_or(bytes);
    let mut rest = whole.get(start..)?;
    let mut fields = 0;
    let mut facts = Facts::default();
    loop {
        let at = whole.len() - rest.len();
        if rest.first() == Some(&b'\r') {
            let (b"\r\n", behind) = rest.split_first_chunk()? else {
                return None;
            };
            return Some(Quick {
                end: whole.len() - behind.len(),
                fields,
                facts,
            });
        }
        let line = well_formed(rest)?;
        if fields >= room || rest.len() - line.rest.len() > limits.max_field_line {
            return None;
        }
        let field = line.field(at);
        sink.field(fields, field);
        fields += 1;
        if Facts::may_matter(line.name) {
            facts.note_plain(line.name, line.value, field.value_start)?;
        }
        rest = line.rest;
    }
}

/// Reads field lines from `progress.at` up to and with the empty line. `Some` is where the section
/// ends; `None` that it is not all there.
pub(crate) fn read(
    bytes: &[u8],
    progress: &mut Progress,
    mut sink: impl Sink,
    section: Section,
    config: &Config,
) -> Result<Option<usize>, Error> {
    let limits = &config.limits;
    let room = limits.max_headers.min(sink.room());
    // behind the limit nothing is well formed
    let whole = bytes.get(..limits.head()).unwrap_or(bytes);
    let mut rest = whole.get(progress.at..).unwrap_or_default();
    let mut fields = progress.fields;
    let mut facts = progress.facts;
    loop {
        let at = whole.len() - rest.len();
        let (field, name, value, next) = match well_formed(rest) {
            Some(line) if rest.len() - line.rest.len() <= limits.max_field_line => {
                (line.field(at), line.name, line.value, line.rest)
            }
            _ => {
                if let Some((b"\r\n", next)) = rest.split_first_chunk() {
                    rest = next;
                    break;
                }
                progress.at = at;
                progress.fields = fields;
                progress.facts = facts;
                let line = careful(bytes, progress, section, config)?;
                match line {
                    Line::Field(field, end) => {
                        let next = whole.get(end..).unwrap_or_default();
                        (field, field.name(bytes), field.value(bytes), next)
                    }
                    Line::Fold { value, end } => {
                        progress.folded = true;
                        progress.rewritten = true;
                        if let Some((start, end)) = value {
                            sink.extend(fields - 1, offset(start), offset(end));
                        }
                        rest = whole.get(end..).unwrap_or_default();
                        continue;
                    }
                    Line::Empty(end) => {
                        rest = whole.get(end..).unwrap_or_default();
                        break;
                    }
                    Line::Incomplete => return Ok(None),
                }
            }
        };
        if fields >= room {
            let kind = ErrorKind::TooManyFields { limit: room };
            return Err(Error::new(kind, at));
        }
        sink.field(fields, field);
        fields += 1;
        if section != Section::Trailers && Facts::may_matter(name) {
            facts.note(name, value, field.value_start as usize, &config.lenient);
        }
        rest = next;
    }
    let at = whole.len() - rest.len();
    progress.at = at;
    progress.fields = fields;
    progress.facts = facts;
    Ok(Some(at))
}

/// The parts of a line, and what comes after it.
struct Parts<'b> {
    name: &'b [u8],
    /// From the start of the line.
    value_start: usize,
    value: &'b [u8],
    rest: &'b [u8],
}

impl Parts<'_> {
    /// Where the parts are when the line begins at `at`.
    #[inline(always)]
    fn field(&self, at: usize) -> Field {
        let value_start = at + self.value_start;
        Field {
            name_start: offset(at),
            name_end: offset(at + self.name.len()),
            value_start: offset(value_start),
            value_end: offset(value_start + self.value.len()),
        }
    }
}

/// What is in front of the CR LF at `at`, and what behind it.
#[inline(always)]
fn split_line(octets: &[u8], at: usize) -> Option<(&[u8], &[u8])> {
    let (line, behind) = octets.split_at_checked(at)?;
    let (b"\r\n", rest) = behind.split_first_chunk()? else {
        return None;
    };
    Some((line, rest))
}

/// A line as it should be: a token, a colon, a value between optional whitespace, CR LF.
#[inline(always)]
fn well_formed(line: &[u8]) -> Option<Parts<'_>> {
    let (name, behind) = line.split_at_checked(token_len(line))?;
    if name.is_empty() {
        return None;
    }
    let behind = match behind {
        [b':', b' ', first, ..] if *first > b' ' => &behind[2..],
        _ => behind_colon(behind)?,
    };
    let value_start = line.len() - behind.len();
    let (mut value, rest) = match split_line(behind, printable_len(behind)) {
        Some(parts) => parts,
        None => split_line(behind, unusual_value_len(behind, 0))?,
    };
    if value.last().is_some_and(|&last| last <= b' ') {
        value = trim_end(value);
    }
    Some(Parts {
        name,
        value_start,
        value,
        rest,
    })
}

/// What is behind a colon and any whitespace.
#[inline(never)]
fn behind_colon(octets: &[u8]) -> Option<&[u8]> {
    let (b':', mut behind) = octets.split_first()? else {
        return None;
    };
    while let Some((octet, next)) = behind.split_first()
        && is_ows(*octet)
    {
        behind = next;
    }
    Some(behind)
}

#[inline(never)]
fn trim_end(mut value: &[u8]) -> &[u8] {
    while let Some((octet, front)) = value.split_last()
        && is_ows(*octet)
    {
        value = front;
    }
    value
}

enum Line {
    Field(Field, usize),
    /// The value of the field before goes on, unless there is only whitespace.
    Fold {
        value: Option<(usize, usize)>,
        end: usize,
    },
    Empty(usize),
    Incomplete,
}

/// A complete line: where its content ends and where the next one begins.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) content_end: usize,
    pub(super) end: usize,
    /// It ends with an LF alone.
    pub(super) bare_lf: bool,
}

/// The bounds of the line that begins at `progress.at`, if it is all there and within the limits.
/// `max_line` is without the line end, and `too_long` what it is to exceed it.
pub(super) fn bounds(
    bytes: &[u8],
    progress: &mut Progress,
    max_line: usize,
    too_long: ErrorKind,
    max_head: usize,
) -> Result<Option<Bounds>, Error> {
    let at = progress.at;
    // The first octet that shows that the limit is exceeded, whatever follows: a line of the greatest
    // length has two octets more.
    let line_limit = at.saturating_add(max_line).saturating_add(2);
    let line = |_| Error::new(too_long, at + max_line);
    let head = |_| Error::new(ErrorKind::HeadTooLarge { limit: max_head }, max_head);
    let exceeded = |line_too: bool, head_too: bool| match (line_too, head_too) {
        (false, false) => Ok(()),
        (true, false) => Err(line(())),
        (false, true) => Err(head(())),
        (true, true) if line_limit <= max_head => Err(line(())),
        (true, true) => Err(head(())),
    };
    let from = progress.scanned.max(at);
    let Some(lf) = memchr(b'\n', bytes.get(from..).unwrap_or_default()) else {
        exceeded(bytes.len() >= line_limit, bytes.len() >= max_head)?;
        progress.scanned = bytes.len();
        return Ok(None);
    };
    let lf = from + lf;
    let bare_lf = lf == at || bytes[lf - 1] != b'\r';
    let content_end = if bare_lf { lf } else { lf - 1 };
    exceeded(content_end - at > max_line, lf >= max_head)?;
    Ok(Some(Bounds {
        content_end,
        end: lf + 1,
        bare_lf,
    }))
}

/// Any line, read with care.
#[cold]
#[inline(never)]
fn careful(
    bytes: &[u8],
    progress: &mut Progress,
    section: Section,
    config: &Config,
) -> Result<Line, Error> {
    let lenient = &config.lenient;
    let limits = &config.limits;
    let at = progress.at;
    let too_long = ErrorKind::FieldLineTooLong {
        limit: limits.max_field_line,
    };
    let Some(line) = bounds(
        bytes,
        progress,
        limits.max_field_line,
        too_long,
        limits.head(),
    )?
    else {
        return Ok(Line::Incomplete);
    };
    let content = &bytes[at..line.content_end];
    let line_end = || {
        if line.bare_lf && !lenient.bare_lf {
            return Err(Error::new(ErrorKind::BareLf, line.end - 1));
        }
        Ok(())
    };
    let Some(&first) = content.first() else {
        line_end()?;
        return Ok(Line::Empty(line.end));
    };
    if is_ows(first) {
        if progress.fields == 0 {
            return Err(Error::new(ErrorKind::LeadingWhitespace, at));
        }
        if section != Section::Response && !lenient.obs_fold {
            return Err(Error::new(ErrorKind::ObsFold, at));
        }
        check_text(bytes, at, line.content_end, progress, config)?;
        line_end()?;
        return Ok(Line::Fold {
            value: bounds_of_value(content).map(|(start, end)| (at + start, at + end)),
            end: line.end,
        });
    }
    let name_len = content
        .iter()
        .position(|&octet| !is_tchar(octet))
        .unwrap_or(content.len());
    let mut colon = name_len;
    if content.get(colon).is_some_and(|&octet| is_ows(octet)) {
        while content.get(colon).is_some_and(|&octet| is_ows(octet)) {
            colon += 1;
        }
        let tolerated = section == Section::Response && lenient.space_before_colon_in_response;
        if content.get(colon) == Some(&b':') && name_len > 0 && !tolerated {
            return Err(Error::new(ErrorKind::SpaceBeforeColon, at + name_len));
        }
        if content.get(colon) != Some(&b':') {
            colon = name_len;
        }
    }
    match content.get(colon) {
        Some(b':') if name_len == 0 => return Err(Error::new(ErrorKind::EmptyFieldName, at)),
        Some(b':') => {}
        Some(b'\r') => return Err(Error::new(ErrorKind::BareCr, at + colon)),
        Some(&octet) => {
            let kind = ErrorKind::BadFieldName { octet };
            return Err(Error::new(kind, at + colon));
        }
        None => return Err(Error::new(ErrorKind::MissingColon, at + colon)),
    }
    let value = at + colon + 1;
    check_text(bytes, value, line.content_end, progress, config)?;
    line_end()?;
    let (start, end) = bounds_of_value(&bytes[value..line.content_end])
        .map_or((line.content_end, line.content_end), |(start, end)| {
            (value + start, value + end)
        });
    let field = Field {
        name_start: offset(at),
        name_end: offset(at + name_len),
        value_start: offset(start),
        value_end: offset(end),
    };
    Ok(Line::Field(field, line.end))
}

/// Where a value begins and ends in the octets behind a colon, if there is one.
pub(super) fn bounds_of_value(octets: &[u8]) -> Option<(usize, usize)> {
    let start = octets.iter().position(|&octet| !is_gap(octet))?;
    let last = octets.iter().rposition(|&octet| !is_gap(octet))?;
    Some((start, last + 1))
}

/// Checks the octets of a value or reason phrase.
pub(super) fn check_text(
    bytes: &[u8],
    start: usize,
    end: usize,
    progress: &mut Progress,
    config: &Config,
) -> Result<(), Error> {
    for (index, &octet) in bytes[start..end].iter().enumerate() {
        let at = start + index;
        match octet {
            _ if is_field(octet) => {}
            b'\r' if config.lenient.bare_cr_as_sp => progress.rewritten = true,
            b'\r' => return Err(Error::new(ErrorKind::BareCr, at)),
            0 => return Err(Error::new(ErrorKind::Nul, at)),
            _ if config.lenient.other_ctl_in_value => {}
            _ => return Err(Error::new(ErrorKind::ControlCharacter { octet }, at)),
        }
    }
    Ok(())
}

/// Whether `octet` is whitespace, or stands for it: CR and LF are inside a value only where a fold or a
/// bare CR is read as SP.
pub(super) const fn is_gap(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}
