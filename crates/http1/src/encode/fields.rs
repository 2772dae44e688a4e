//! Field lines, encoded in advance.

use alloc::vec::Vec;
use core::fmt;

use memchr::memchr;
use wirelore_core::escape;

use super::Misuse;
use super::facts::{Facts, Host};
use super::names::Class;
use crate::wire::is_secret;
use crate::wire::octet::{is_field, is_tchar, trim};

/// Field lines as they are sent, checked: a head with them is written by copying.
///
/// A block can be made once and sent many times, or cleared and filled again. Order and case of the
/// names stay as given. Content-Length and Transfer-Encoding are refused, because they follow from
/// the body; `Connection: close`, `keep-alive`, `upgrade` and `TE` are added when a head is written, where
/// they are not among the fields but have to be.
///
/// `Debug` does not show credentials and cookies.
///
/// ```
/// use wirelore_http1::encode::FieldBlock;
///
/// let fields = FieldBlock::new()
///     .with("Host", "example.org")?
///     .with("Accept", " */* ")?;
/// assert_eq!(fields.as_bytes(), b"Host: example.org\r\nAccept: */*\r\n");
/// assert!(FieldBlock::new().with("X", "1\r\nX-Injected: 2").is_err());
/// # Ok::<(), wirelore_http1::Misuse>(())
/// ```
#[derive(Clone, Default)]
pub struct FieldBlock {
    octets: Vec<u8>,
    facts: Facts,
}

impl FieldBlock {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            octets: Vec::new(),
            facts: Facts::NONE,
        }
    }

    /// No fields, and room for lines of together `octets` octets.
    #[must_use]
    pub fn with_capacity(octets: usize) -> Self {
        Self {
            octets: Vec::with_capacity(octets),
            facts: Facts::NONE,
        }
    }

    /// The fields of `list`, in its order.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub fn of<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        list: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, Misuse> {
        let mut block = Self::new();
        block.extend(list)?;
        Ok(block)
    }

    /// These fields and one more.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub fn with(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<Self, Misuse> {
        self.push(name, value)?;
        Ok(self)
    }

    /// Adds a field behind the others. SP and HTAB at the ends of the value are left out.
    ///
    /// # Errors
    ///
    /// [`Misuse::BadFieldName`], [`Misuse::BadFieldValue`], [`Misuse::FramingField`].
    pub fn push(
        &mut self,
        name: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Result<&mut Self, Misuse> {
        let (name, value) = (name.as_ref(), value.as_ref());
        let class = check(name, value)?;
        self.append_line(name, value, class);
        Ok(self)
    }

    /// Adds all fields of `list`, or none.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub fn extend<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        &mut self,
        list: impl IntoIterator<Item = (N, V)>,
    ) -> Result<&mut Self, Misuse> {
        let (len, facts) = (self.octets.len(), self.facts.clone());
        for (name, value) in list {
            if let Err(misuse) = self.push(name, value) {
                self.octets.truncate(len);
                self.facts = facts;
                return Err(misuse);
            }
        }
        Ok(self)
    }

    /// Adds all fields of another block.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        self.octets.reserve(other.octets.len());
        for (name, value) in other.iter() {
            self.append_line(name, value, Class::of(name));
        }
        self
    }

    /// Puts a field in the place of the first one with this name, and removes the others. If there is
    /// none it goes to the end, or to the front when it is Host (RFC 9110 section 7.2).
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub fn set(
        &mut self,
        name: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Result<&mut Self, Misuse> {
        let (name, value) = (name.as_ref(), value.as_ref());
        let class = check(name, value)?;
        let place = match self.lines().find(|line| line.is_named(name)) {
            Some(line) => line.start,
            None if class.is(Class::HOST) => 0,
            None => self.octets.len(),
        };
        self.remove(name);
        let end = self.octets.len();
        self.append_line(name, value, class);
        let len = self.octets.len() - end;
        if let Some(moved) = self.octets.get_mut(place..) {
            moved.rotate_right(len);
        }
        self.look_again();
        Ok(self)
    }

    /// Removes all fields with this name, in any case.
    pub fn remove(&mut self, name: impl AsRef<[u8]>) -> &mut Self {
        let name = name.as_ref();
        self.retain(|other, _| !other.eq_ignore_ascii_case(name))
    }

    /// Removes the fields for which `keep(name, value)` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8], &[u8]) -> bool) -> &mut Self {
        let (mut from, mut to) = (0, 0);
        while let Some(line) = Line::at(&self.octets, from) {
            if keep(line.name, line.value) {
                let whole = line.start..line.end;
                (from, to) = (line.end, to + whole.len());
                self.octets.copy_within(whole.clone(), to - whole.len());
            } else {
                from = line.end;
            }
        }
        if to < self.octets.len() {
            self.octets.truncate(to);
            self.look_again();
        }
        self
    }

    /// Removes all fields and keeps the memory.
    pub fn clear(&mut self) -> &mut Self {
        self.octets.clear();
        self.facts = Facts::NONE;
        self
    }

    /// Whether there are no fields.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The field lines, each with its line end, without the empty line behind them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines().map(|line| (line.name, line.value))
    }

    /// The value of the first field with this name, in any case.
    #[must_use]
    pub fn first(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let mut lines = self.lines();
        lines
            .find(|line| line.is_named(name.as_ref()))
            .map(|line| line.value)
    }

    /// Whether a Connection field has the option `close`.
    #[must_use]
    pub const fn says_close(&self) -> bool {
        self.facts.options.close
    }

    /// Whether a Connection field has the option `keep-alive`.
    #[must_use]
    pub const fn says_keep_alive(&self) -> bool {
        self.facts.options.keep_alive
    }

    /// Whether there is an Upgrade field.
    #[must_use]
    pub const fn has_upgrade(&self) -> bool {
        self.facts.seen.is(Class::UPGRADE)
    }

    /// Whether there is a Date field.
    #[must_use]
    pub const fn has_date(&self) -> bool {
        self.facts.seen.is(Class::DATE)
    }

    /// Whether there is a Host field, valid or not.
    #[must_use]
    pub const fn has_host(&self) -> bool {
        self.facts.seen.is(Class::HOST)
    }

    /// Whether an Expect field has the expectation `100-continue`. A client sends it only before a
    /// body (RFC 9110 section 10.1.1).
    #[must_use]
    pub const fn expects_continue(&self) -> bool {
        self.facts.expects_continue
    }

    /// Whether no field is among those that may only stand in a head (RFC 9110 section 6.5.1):
    /// framing, routing, conditions, credentials, cache control, the form of the content, and what
    /// concerns the connection.
    #[must_use]
    pub const fn may_be_trailers(&self) -> bool {
        !self.facts.seen.is(Class::HEAD_ONLY)
    }

    /// The value of Host, if there is exactly one and it is valid.
    pub(super) fn host(&self) -> Result<Option<&[u8]>, Misuse> {
        match &self.facts.host {
            Host::Missing => Ok(None),
            Host::Once(value) => Ok(self.octets.get(value.clone())),
            Host::Bad => Err(Misuse::BadHost),
            Host::Repeated => Err(Misuse::DuplicateHost),
        }
    }

    pub(super) const fn says_upgrade(&self) -> bool {
        self.facts.options.upgrade
    }

    pub(super) const fn says_te(&self) -> bool {
        self.facts.options.te
    }

    pub(super) const fn has_te(&self) -> bool {
        self.facts.seen.is(Class::TE)
    }

    /// Adds a line whose parts are good.
    pub(super) fn append_line(&mut self, name: &[u8], value: &[u8], class: Class) {
        let value = trim(value);
        self.octets.reserve(name.len() + value.len() + 4);
        self.octets.extend_from_slice(name);
        self.octets.push(b':');
        if !value.is_empty() {
            self.octets.push(b' ');
        }
        let start = self.octets.len();
        self.octets.extend_from_slice(value);
        self.octets.extend_from_slice(b"\r\n");
        self.facts.note(class, value, start);
    }

    fn look_again(&mut self) {
        let mut facts = Facts::NONE;
        for line in self.lines() {
            facts.note(Class::of(line.name), line.value, line.value_start);
        }
        self.facts = facts;
    }

    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut at = 0;
        core::iter::from_fn(move || {
            let line = Line::at(&self.octets, at)?;
            at = line.end;
            Some(line)
        })
    }
}

/// Blocks are equal when their octets are.
impl PartialEq for FieldBlock {
    fn eq(&self, other: &Self) -> bool {
        self.octets == other.octets
    }
}

impl Eq for FieldBlock {}

impl fmt::Debug for FieldBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.iter() {
            map.key(&format_args!("{}", escape(name)));
            if is_secret(name) {
                map.value(&format_args!("<hidden>"));
            } else {
                map.value(&format_args!("{}", escape(value)));
            }
        }
        map.finish()
    }
}

/// Whether a field with this name may stand behind a body (RFC 9110 section 6.5.1); see
/// [`FieldBlock::may_be_trailers`].
#[must_use]
pub fn may_be_trailer(name: &[u8]) -> bool {
    !Class::of(name).is(Class::HEAD_ONLY)
}

fn check(name: &[u8], value: &[u8]) -> Result<Class, Misuse> {
    let wrong = name.iter().position(|&octet| !is_tchar(octet));
    if let Some(at) = wrong.or(name.is_empty().then_some(0)) {
        return Err(Misuse::BadFieldName { at });
    }
    if let Some(at) = value.iter().position(|&octet| !is_field(octet)) {
        return Err(Misuse::BadFieldValue {
            octet: value.get(at).copied().unwrap_or_default(),
            at,
        });
    }
    let class = Class::of(name);
    if class.is(Class::FRAMING) {
        return Err(Misuse::FramingField);
    }
    Ok(class)
}

/// A line of a block.
struct Line<'b> {
    name: &'b [u8],
    value: &'b [u8],
    start: usize,
    value_start: usize,
    end: usize,
}

impl<'b> Line<'b> {
    fn at(octets: &'b [u8], start: usize) -> Option<Self> {
        let rest = octets.get(start..)?;
        let colon = memchr(b':', rest)?;
        let line = rest.get(..memchr(b'\r', rest)?)?;
        let value = line.get(colon + 1..)?;
        let value = value.strip_prefix(b" ").unwrap_or(value);
        Some(Self {
            name: line.get(..colon)?,
            value,
            start,
            value_start: start + line.len() - value.len(),
            end: start + line.len() + 2,
        })
    }

    fn is_named(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}
