//! What is shown of folders, and of errors: pages for browsers of every age, and JSON for programs.
//!
//! Nothing here touches a file or a connection. Pages need neither scripts nor style sheets nor
//! images, and refer to nothing but entries, folders above and other orders of themselves, by
//! relative references: so the page of a folder has to be asked for with a slash at the end.

mod error;
mod html;
mod json;
mod order;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use error::error;
pub(crate) use html::html;
pub(crate) use json::json;
pub(crate) use order::Order;

use crate::policy::Entry;
use wirelore_http1::value::accept::media;

/// What pages may do, for `Content-Security-Policy`: show themselves.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'self'";

/// Of pages, for `Content-Type`.
const HTML: &str = "text/html; charset=utf-8";
/// Of errors without one, for `Content-Type`.
const TEXT: &str = "text/plain; charset=utf-8";
/// Of [`json`], for `Content-Type`.
const JSON: &str = "application/json";

/// A folder as somebody sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'v> {
    /// The path as it was asked for, decoded; its names joined by slashes.
    pub(crate) path: &'v [u8],
    pub(crate) entries: &'v [Entry],
    /// There are more entries.
    pub(crate) cut: bool,
    pub(crate) order: Order,
    /// Where the peer may upload: scheme and authority of this server, `http://10.0.0.1:8080`. It
    /// may be what the peer sent as Host.
    pub(crate) upload: Option<&'v str>,
}

impl<'v> View<'v> {
    fn names(&self) -> impl Iterator<Item = &'v [u8]> {
        let names = self.path.split(|&octet| octet == b'/');
        names.filter(|name| !name.is_empty())
    }
}

/// What a folder is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Html,
    Json,
}

/// What the peer would rather have: JSON if the query has `json` in it, or `Accept` prefers it. The
/// response depends on `Accept`, so it needs `Vary: Accept`.
pub(crate) fn choose(accept: Option<&[u8]>, query: Option<&[u8]>) -> Kind {
    if order::parameters(query).any(|(name, _)| name == b"json") {
        return Kind::Json;
    }
    match media::best_of(accept, &[b"text/html", b"application/json"]) {
        Some(1) => Kind::Json,
        // who accepts neither is shown something all the same
        _ => Kind::Html,
    }
}

/// The folder as `kind`, and its media type.
pub(crate) fn folder(folder: &View<'_>, kind: Kind) -> (&'static str, Vec<u8>) {
    match kind {
        Kind::Html => (HTML, html(folder)),
        Kind::Json => (JSON, json(folder)),
    }
}
