//! In which order entries are shown.

use crate::policy::{Entry, EntryKind};
use std::cmp::Ordering;

/// What entries are sorted by. Folders go first in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The octets of the name.
    Name,
    Size,
    Modified,
}

/// In which order entries are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) by: By,
    pub(crate) descending: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self::first(By::Name)
    }
}

impl Order {
    /// What a query asks for: `sort=name|size|modified&order=asc|desc`. What it does not say, and
    /// what makes no sense, is as usual.
    pub(crate) fn from_query(query: Option<&[u8]>) -> Self {
        let value = |wanted: &[u8]| {
            let mut all = parameters(query);
            all.find(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        };
        let mut order = Self::first(match value(b"sort") {
            Some(b"size") => By::Size,
            Some(b"modified") => By::Modified,
            _ => By::Name,
        });
        match value(b"order") {
            Some(b"asc") => order.descending = false,
            Some(b"desc") => order.descending = true,
            _ => {}
        }
        order
    }

    /// How a column is sorted at first: names from the first on, the largest and the newest first.
    const fn first(by: By) -> Self {
        Self {
            descending: !matches!(by, By::Name),
            by,
        }
    }

    /// What the heading of a column leads to: the other way round where it is in this order.
    pub(super) fn next(self, by: By) -> Self {
        if self.by == by {
            Self {
                descending: !self.descending,
                by,
            }
        } else {
            Self::first(by)
        }
    }

    /// As a query, with the question mark.
    pub(super) fn query(self) -> String {
        let by = match self.by {
            By::Name => "name",
            By::Size => "size",
            By::Modified => "modified",
        };
        let order = if self.descending { "desc" } else { "asc" };
        format!("?sort={by}&order={order}")
    }

    pub(super) fn sorted(self, entries: &[Entry]) -> Vec<&Entry> {
        let mut sorted: Vec<&Entry> = entries.iter().collect();
        sorted.sort_by(|a, b| self.compare(a, b));
        sorted
    }

    fn compare(self, a: &Entry, b: &Entry) -> Ordering {
        let value = match self.by {
            By::Name => a.name.cmp(&b.name),
            By::Size if a.kind == EntryKind::Folder => Ordering::Equal,
            By::Size => a.len.cmp(&b.len),
            By::Modified => a.modified.cmp(&b.modified),
        };
        let value = if self.descending {
            value.reverse()
        } else {
            value
        };
        a.kind
            .cmp(&b.kind)
            .then(value)
            .then_with(|| a.name.cmp(&b.name))
    }
}

/// The names and values in a query, as they were sent.
pub(super) fn parameters(query: Option<&[u8]>) -> impl Iterator<Item = (&[u8], &[u8])> {
    let all = query.unwrap_or_default().split(|&octet| octet == b'&');
    all.map(|one| match one.iter().position(|&octet| octet == b'=') {
        Some(at) => (&one[..at], &one[at + 1..]),
        None => (one, &[][..]),
    })
}
