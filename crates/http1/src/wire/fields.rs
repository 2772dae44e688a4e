//! Walking over the field lines of a section that was checked before.

use alloc::borrow::Cow;
use core::fmt;

use memchr::memchr;

use super::octet::is_ows;
use super::section::is_gap;
use wirelore_core::escape::escape;

/// The field lines of a head or trailer section, in the order they came in. Reads them as it goes;
/// nothing is allocated.
#[derive(Clone, Copy, Default)]
pub struct Fields<'i> {
    rest: &'i [u8],
    rewritten: bool,
}

/// One field line.
#[derive(Clone, Copy)]
pub struct FieldLine<'i> {
    name: &'i [u8],
    raw: &'i [u8],
    rewritten: bool,
}

impl<'i> Fields<'i> {
    /// `section` is valid: field lines, and the empty line behind them or nothing.
    pub(crate) const fn new(section: &'i [u8], rewritten: bool) -> Self {
        Self {
            rest: section,
            rewritten,
        }
    }

    /// The next field, and how many octets before the end of the section its value begins.
    #[inline]
    pub(crate) fn next_with_place(&mut self) -> Option<(FieldLine<'i>, usize)> {
        let lines = self.rest;
        let mut end = memchr(b'\n', lines)?;
        let colon = memchr(b':', &lines[..end])?;
        while self.rewritten && lines.get(end + 1).is_some_and(|&octet| is_ows(octet)) {
            end += 1 + memchr(b'\n', &lines[end + 1..])?;
        }
        self.rest = &lines[end + 1..];
        let mut name = &lines[..colon];
        while let [shorter @ .., last] = name
            && is_ows(*last)
        {
            name = shorter;
        }
        let mut raw = &lines[colon + 1..end];
        while let [first, shorter @ ..] = raw
            && is_gap(*first)
        {
            raw = shorter;
        }
        let left = lines.len() - end + raw.len();
        while let [shorter @ .., last] = raw
            && is_gap(*last)
        {
            raw = shorter;
        }
        let field = FieldLine {
            name,
            raw,
            rewritten: self.rewritten,
        };
        Some((field, left))
    }

    /// The fields called `name`, whatever the case.
    pub fn named<'n>(self, name: &'n str) -> impl Iterator<Item = FieldLine<'i>> + use<'i, 'n> {
        self.filter(move |field| field.is(name))
    }

    /// The value of the first field called `name`, whatever the case.
    #[must_use]
    pub fn value(self, name: &str) -> Option<Cow<'i, [u8]>> {
        self.named(name).next().map(|field| field.value())
    }
}

impl<'i> Iterator for Fields<'i> {
    type Item = FieldLine<'i>;

    fn next(&mut self) -> Option<FieldLine<'i>> {
        self.next_with_place().map(|(field, _)| field)
    }
}

impl<'i> FieldLine<'i> {
    /// The name as it was sent.
    #[must_use]
    pub const fn name(&self) -> &'i [u8] {
        self.name
    }

    /// Whether it is called `name`, whatever the case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value without whitespace around it. Owned only where the line was folded, or has a CR that
    /// stands for SP: each run of whitespace with a CR or LF in it is then one SP.
    #[must_use]
    pub fn value(&self) -> Cow<'i, [u8]> {
        if !self.rewritten || !self.raw.iter().any(|octet| matches!(octet, b'\r' | b'\n')) {
            return Cow::Borrowed(self.raw);
        }
        let mut value = alloc::vec::Vec::with_capacity(self.raw.len());
        let mut octets = self.raw;
        while let Some(&octet) = octets.first() {
            let gap = octets.iter().take_while(|&&octet| is_gap(octet)).count();
            let (run, rest) = octets.split_at(gap.max(1));
            if run.iter().any(|octet| matches!(octet, b'\r' | b'\n')) {
                value.push(b' ');
            } else if gap > 0 {
                value.extend_from_slice(run);
            } else {
                value.push(octet);
            }
            octets = rest;
        }
        Cow::Owned(value)
    }

    /// The value as it was sent, line ends of folds and all.
    #[must_use]
    pub const fn raw_value(&self) -> &'i [u8] {
        self.raw
    }
}

/// Values of fields that carry credentials are not shown.
impl fmt::Debug for FieldLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = escape(self.name);
        if is_secret(self.name) {
            write!(f, "{name}: [{} octets]", self.raw.len())
        } else {
            write!(f, "{name}: {}", escape(&self.value()))
        }
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

/// Whether the value of the field called `name` is none of a log's business.
#[must_use]
pub fn is_secret(name: &[u8]) -> bool {
    [
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
    ]
    .iter()
    .any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()))
}
