//! Entity-tags (RFC 9110 section 8.8.3).

use alloc::vec::Vec;

use crate::wire::octet::trim;

/// An entity-tag: opaque octets, and whether they are weak.
///
/// There is no `==`, because there are two ways to compare.
///
/// ```
/// # use wirelore_http1::value::etag::EntityTag;
/// let old = EntityTag::parse(b"W/\"1\"").unwrap();
/// let new = EntityTag::strong(b"1").unwrap();
/// assert!(old.matches_weakly(&new) && !old.matches_strongly(&new));
/// ```
#[derive(Clone, Copy)]
pub struct EntityTag<'v> {
    weak: bool,
    opaque: &'v [u8],
}

/// Octets that are no entity-tag, or cannot be made one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct NotATag<'v>(pub &'v [u8]);

impl core::fmt::Display for NotATag<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "`{}` is not an entity-tag",
            wirelore_core::escape(self.0)
        )
    }
}

impl core::error::Error for NotATag<'_> {}

impl<'v> EntityTag<'v> {
    /// The strong entity-tag of these octets, which stand between quotation marks and have none
    /// themselves.
    ///
    /// # Errors
    /// [`NotATag`] if there is a quotation mark, a space or a control octet among them. Backslashes
    /// are allowed, but better avoided.
    pub fn strong(opaque: &'v [u8]) -> Result<Self, NotATag<'v>> {
        if opaque.iter().all(|&octet| is_etagc(octet)) {
            let weak = false;
            Ok(Self { weak, opaque })
        } else {
            Err(NotATag(opaque))
        }
    }

    /// The weak entity-tag of these octets.
    ///
    /// # Errors
    /// As [`strong`](Self::strong).
    pub fn weak(opaque: &'v [u8]) -> Result<Self, NotATag<'v>> {
        let weak = true;
        Ok(Self {
            weak,
            ..Self::strong(opaque)?
        })
    }

    /// Reads an entity-tag: `"xyzzy"` or `W/"xyzzy"`. The `W` is case-sensitive, no whitespace is
    /// allowed.
    ///
    /// # Errors
    /// [`NotATag`] with all of `value`.
    pub fn parse(value: &'v [u8]) -> Result<Self, NotATag<'v>> {
        let (weak, quoted) = match value {
            [b'W', b'/', quoted @ ..] => (true, quoted),
            quoted => (false, quoted),
        };
        match quoted {
            [b'"', opaque @ .., b'"'] => match Self::strong(opaque) {
                Ok(tag) => Ok(Self { weak, ..tag }),
                Err(_) => Err(NotATag(value)),
            },
            _ => Err(NotATag(value)),
        }
    }

    /// Whether it is marked as weak.
    #[must_use]
    pub const fn is_weak(&self) -> bool {
        self.weak
    }

    /// What stands between the quotation marks.
    #[must_use]
    pub const fn opaque(&self) -> &'v [u8] {
        self.opaque
    }

    /// The strong comparison: neither is weak, and the octets are the same (section 8.8.3.2).
    #[must_use]
    pub fn matches_strongly(&self, other: &EntityTag<'_>) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// The weak comparison: the octets are the same (section 8.8.3.2).
    #[must_use]
    pub fn matches_weakly(&self, other: &EntityTag<'_>) -> bool {
        self.opaque == other.opaque
    }

    /// Appends the tag as a field has it.
    pub fn write(&self, out: &mut Vec<u8>) {
        if self.weak {
            out.extend_from_slice(b"W/");
        }
        out.push(b'"');
        out.extend_from_slice(self.opaque);
        out.push(b'"');
    }
}

impl core::fmt::Debug for EntityTag<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let weak = if self.weak { "W/" } else { "" };
        write!(f, "{weak}\"{}\"", wirelore_core::escape(self.opaque))
    }
}

/// The entity-tags of a list. Empty members are skipped, a malformed one is an error behind which
/// the next call goes on. A backslash does not escape here, unlike in other lists; a comma between
/// two quotation marks belongs to the tag.
#[must_use]
pub const fn tags(value: &[u8]) -> Tags<'_> {
    Tags { rest: value }
}

/// The members of a list of entity-tags; see [`tags`].
#[derive(Clone, Copy, Debug)]
pub struct Tags<'v> {
    rest: &'v [u8],
}

impl<'v> Iterator for Tags<'v> {
    type Item = Result<EntityTag<'v>, NotATag<'v>>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let end = member_len(self.rest);
            let member = trim(self.rest.get(..end).unwrap_or(self.rest));
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if !member.is_empty() {
                return Some(EntityTag::parse(member));
            }
        }
        None
    }
}

impl core::iter::FusedIterator for Tags<'_> {}

fn member_len(octets: &[u8]) -> usize {
    let mut quoted = false;
    for (at, &octet) in octets.iter().enumerate() {
        match octet {
            b'"' => quoted = !quoted,
            b',' if !quoted => return at,
            _ => {}
        }
    }
    octets.len()
}

/// `etagc`: a visible US-ASCII character other than the quotation mark, or obs-text.
const fn is_etagc(octet: u8) -> bool {
    octet == 0x21 || (octet >= 0x23 && octet != 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(value: &[u8]) -> EntityTag<'_> {
        EntityTag::parse(value).unwrap()
    }

    #[test]
    fn rfc9110_8_8_3_examples() {
        for (value, weak, opaque) in [
            (&b"\"xyzzy\""[..], false, &b"xyzzy"[..]),
            (b"W/\"xyzzy\"", true, b"xyzzy"),
            (b"\"\"", false, b""),
            (b"\"W/\"", false, b"W/"),
            (b"\"a\\\"", false, b"a\\"),
            (b"\"a,b\x80\xff\"", false, b"a,b\x80\xff"),
        ] {
            assert_eq!((tag(value).is_weak(), tag(value).opaque()), (weak, opaque));
            let mut out = Vec::new();
            tag(value).write(&mut out);
            assert_eq!(out, value);
        }
    }

    #[test]
    fn rfc9110_8_8_3_what_is_no_tag() {
        for value in [
            &b""[..],
            b"\"",
            b"xyzzy",
            b"\"a",
            b"a\"",
            b"w/\"a\"",
            b"W/a",
            b"W/",
            b"W/ \"a\"",
            b"\"a\"b\"",
            b"\"a b\"",
            b"\"a\tb\"",
            b"\"a\0b\"",
            b"\"a\x7fb\"",
            b" \"a\"",
            b"*",
        ] {
            assert_eq!(EntityTag::parse(value).unwrap_err(), NotATag(value));
        }
        for opaque in [&b"a\"b"[..], b"a\r\nb", b"a b"] {
            assert!(EntityTag::strong(opaque).is_err() && EntityTag::weak(opaque).is_err());
        }
    }

    #[test]
    fn rfc9110_8_8_3_2_table_3() {
        for (one, other, strong, weak) in [
            (&b"W/\"1\""[..], &b"W/\"1\""[..], false, true),
            (b"W/\"1\"", b"W/\"2\"", false, false),
            (b"W/\"1\"", b"\"1\"", false, true),
            (b"\"1\"", b"\"1\"", true, true),
            (b"\"1\"", b"\"2\"", false, false),
            (b"\"a\"", b"\"A\"", false, false),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(tag(one).matches_strongly(&tag(other)), strong);
                assert_eq!(tag(one).matches_weakly(&tag(other)), weak);
            }
        }
    }

    #[test]
    fn rfc9110_13_1_2_lists_of_tags() {
        let list = b"W/\"a,b\" ,, \"c\\\", bad, \"d\"";
        let read: Vec<_> = tags(list).map(|it| it.map(|tag| tag.opaque())).collect();
        assert_eq!(
            read,
            [Ok(&b"a,b"[..]), Ok(b"c\\"), Err(NotATag(b"bad")), Ok(b"d")]
        );
        assert_eq!(tags(b" , ").count(), 0);
        assert_eq!(tags(b"").count(), 0);
        let open: Vec<_> = tags(b"\"a, \"b\"").collect();
        assert_eq!(open.len(), 1);
        assert!(open[0].is_err());
    }
}
