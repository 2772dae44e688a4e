//! The octets of a subnegotiation, as they came.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use memchr::memchr;

use super::code::{IAC, OptionCode};

/// What stands between `IAC SB option` and `IAC SE`, with every 255 still doubled. `D` is a slice of
/// the input, or its owned counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload<D>(D);

impl<D: AsRef<[u8]>> Payload<D> {
    /// Octets in which every 255 is doubled. One that is not stands for itself.
    pub const fn from_raw(raw: D) -> Self {
        Self(raw)
    }

    /// The octets as they came.
    pub fn raw(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// The octets that are meant: of two 255 there is one.
    pub fn octets(&self) -> impl Iterator<Item = u8> + '_ {
        let mut raw = self.raw().iter().copied();
        core::iter::from_fn(move || {
            let octet = raw.next()?;
            if octet == IAC && raw.clone().next() == Some(IAC) {
                raw.next();
            }
            Some(octet)
        })
    }

    /// How many octets are meant.
    pub fn octet_count(&self) -> usize {
        self.octets().count()
    }

    /// Writes the octets that are meant to the front of `to` and returns them, or `None` when they
    /// do not fit.
    pub fn copy_to<'t>(&self, to: &'t mut [u8]) -> Option<&'t [u8]> {
        let mut len = 0;
        for octet in self.octets() {
            *to.get_mut(len)? = octet;
            len += 1;
        }
        Some(&to[..len])
    }

    /// The octets that are meant, borrowed when none of them is 255.
    pub fn to_cow(&self) -> Cow<'_, [u8]> {
        unescape(self.raw())
    }
}

impl<D> Payload<D> {
    /// The same with its octets changed by `change`.
    pub fn map<E>(self, change: impl FnOnce(D) -> E) -> Payload<E> {
        Payload(change(self.0))
    }
}

impl<'i> Payload<&'i [u8]> {
    /// The octets that are meant, borrowed from the input when none of them is 255.
    #[must_use]
    pub fn into_cow(self) -> Cow<'i, [u8]> {
        unescape(self.0)
    }
}

fn unescape(raw: &[u8]) -> Cow<'_, [u8]> {
    match memchr(IAC, raw) {
        None => Cow::Borrowed(raw),
        Some(_) => Cow::Owned(Payload(raw).octets().collect()),
    }
}

/// Appends `IAC SB option`, `payload` with every 255 doubled, and `IAC SE`.
pub fn write_subnegotiation(option: OptionCode, payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[IAC, 250]);
    out.push(option.0);
    if option.0 == IAC {
        out.push(IAC);
    }
    super::escape_into(payload, out);
    out.extend_from_slice(&[IAC, 240]);
}
