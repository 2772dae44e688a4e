//! Octets inside a payload that have a quoting of their own.

use alloc::borrow::Cow;
use core::fmt;

use memchr::memchr;
use wirelore_core::escape;

/// Octets in which one that follows a certain octet stands for itself: ESC in the environment
/// options, SE in STATUS. Two of them are equal when the octets that are meant are.
#[derive(Clone, Copy)]
pub struct Quoted<'p> {
    raw: &'p [u8],
    quote: Option<u8>,
}

impl<'p> Quoted<'p> {
    /// Octets that all stand for themselves.
    #[must_use]
    pub const fn plain(octets: &'p [u8]) -> Self {
        Self {
            raw: octets,
            quote: None,
        }
    }

    /// Octets from a payload, in which every `quote` has a successor.
    pub(super) const fn from_wire(raw: &'p [u8], quote: u8) -> Self {
        Self {
            raw,
            quote: Some(quote),
        }
    }

    /// The octets that are meant.
    pub fn octets(&self) -> impl Iterator<Item = u8> + Clone + use<'p> {
        let (mut raw, quote) = (self.raw.iter().copied(), self.quote);
        core::iter::from_fn(move || match raw.next()? {
            octet if Some(octet) == quote => raw.next(),
            octet => Some(octet),
        })
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The octets that are meant, borrowed when none of them is quoted.
    #[must_use]
    pub fn to_cow(self) -> Cow<'p, [u8]> {
        let is_quoted = |quote| memchr(quote, self.raw).is_some();
        match self.quote.is_some_and(is_quoted) {
            true => Cow::Owned(self.octets().collect()),
            false => Cow::Borrowed(self.raw),
        }
    }
}

impl PartialEq for Quoted<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.octets().eq(other.octets())
    }
}

impl Eq for Quoted<'_> {}

impl PartialEq<[u8]> for Quoted<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        *self == Quoted::plain(other)
    }
}

impl PartialEq<&[u8]> for Quoted<'_> {
    fn eq(&self, other: &&[u8]) -> bool {
        *self == Quoted::plain(other)
    }
}

impl<const N: usize> PartialEq<&[u8; N]> for Quoted<'_> {
    fn eq(&self, other: &&[u8; N]) -> bool {
        *self == Quoted::plain(*other)
    }
}

impl<'p> From<&'p [u8]> for Quoted<'p> {
    fn from(octets: &'p [u8]) -> Self {
        Self::plain(octets)
    }
}

impl<'p, const N: usize> From<&'p [u8; N]> for Quoted<'p> {
    fn from(octets: &'p [u8; N]) -> Self {
        Self::plain(octets)
    }
}

impl<'p> From<&'p str> for Quoted<'p> {
    fn from(text: &'p str) -> Self {
        Self::plain(text.as_bytes())
    }
}

impl fmt::Debug for Quoted<'_> {
    /// The octets that are meant, escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", escape(&self.to_cow()))
    }
}
