//! What has to be known of a field before it is sent, by its name.

/// A set of the constants below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Class(u16);

impl Class {
    pub(super) const NONE: Self = Self(0);
    /// Decides where the body ends: written by nobody but us.
    pub(super) const FRAMING: Self = Self(1);
    /// For the next recipient only (RFC 9110 section 7.6.1 and, for the proxy's credentials, 11.7).
    pub(super) const HOP: Self = Self(2);
    /// Must be known before the content, so it may not stand behind it (RFC 9110 section 6.5.1).
    pub(super) const HEAD_ONLY: Self = Self(4);
    pub(super) const HOST: Self = Self(8);
    pub(super) const CONNECTION: Self = Self(16);
    pub(super) const UPGRADE: Self = Self(32);
    pub(super) const TE: Self = Self(64);
    pub(super) const DATE: Self = Self(128);
    pub(super) const EXPECT: Self = Self(256);

    /// What is known of the field `name`.
    pub(super) fn of(name: &[u8]) -> Self {
        let from = START.get(name.len()).copied().unwrap_or(TABLE.len());
        let to = START.get(name.len() + 1).copied().unwrap_or(TABLE.len());
        TABLE
            .get(from..to)
            .unwrap_or_default()
            .iter()
            .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name))
            .map_or(Self::default(), |&(_, class)| class)
    }

    pub(super) const fn is(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

const HOP: Class = Class::HOP.and(Class::HEAD_ONLY);
const HEAD: Class = Class::HEAD_ONLY;

/// Sorted by length.
const TABLE: &[(&str, Class)] = &[
    ("te", HOP.and(Class::TE)),
    ("age", HEAD),
    ("date", HEAD.and(Class::DATE)),
    ("host", HEAD.and(Class::HOST)),
    ("vary", HEAD),
    ("range", HEAD),
    ("accept", HEAD),
    ("cookie", HEAD),
    ("expect", HEAD.and(Class::EXPECT)),
    ("origin", HEAD),
    ("pragma", HEAD),
    ("expires", HEAD),
    ("trailer", HEAD),
    ("upgrade", HOP.and(Class::UPGRADE)),
    ("warning", HEAD),
    ("if-match", HEAD),
    ("if-range", HEAD),
    ("location", HEAD),
    ("connection", HOP.and(Class::CONNECTION)),
    ("keep-alive", HOP),
    ("set-cookie", HEAD),
    ("retry-after", HEAD),
    ("content-type", HEAD),
    ("max-forwards", HEAD),
    ("authorization", HEAD),
    ("cache-control", HEAD),
    ("content-range", HEAD),
    ("if-none-match", HEAD),
    ("accept-charset", HEAD),
    ("content-length", Class::FRAMING.and(HEAD)),
    ("accept-encoding", HEAD),
    ("accept-language", HEAD),
    ("content-encoding", HEAD),
    ("content-language", HEAD),
    ("content-location", HEAD),
    ("proxy-connection", HOP),
    ("www-authenticate", HEAD),
    ("if-modified-since", HEAD),
    ("transfer-encoding", Class::FRAMING.and(HOP)),
    ("proxy-authenticate", HOP),
    ("content-disposition", HEAD),
    ("if-unmodified-since", HEAD),
    ("proxy-authorization", HOP),
    ("proxy-authentication-info", Class::HOP),
];

const LONGEST: usize = 25;

/// Where in `TABLE` the names of each length begin.
const START: [usize; LONGEST + 1] = {
    let mut start = [0; LONGEST + 1];
    let mut len = 0;
    let mut at = 0;
    while len <= LONGEST {
        while at < TABLE.len() && TABLE[at].0.len() < len {
            at += 1;
        }
        start[len] = at;
        len += 1;
    }
    start
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_table_is_found() {
        for &(name, class) in TABLE {
            assert_eq!(Class::of(name.as_bytes()), class, "{name}");
            let upper = name.to_ascii_uppercase();
            assert_eq!(Class::of(upper.as_bytes()), class, "{upper}");
            assert!(name.len() <= LONGEST);
        }
        assert!(TABLE.is_sorted_by_key(|(name, _)| name.len()));
        for unknown in [
            &b""[..],
            b"x",
            b"etag",
            b"hosts",
            &[b'a'; 25],
            &[b'a'; 26],
            &[b'a'; 99],
        ] {
            assert_eq!(Class::of(unknown), Class::default());
        }
    }
}
