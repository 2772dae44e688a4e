//! `file:` URLs: local files, spelled another way.

use super::codes::Failure;
use super::local::Local;
use super::place::{Place, Scheme, Url, os_string};
use std::path::PathBuf;

pub(crate) const SCHEME: Scheme = Scheme {
    name: "file",
    place,
};

/// `file:/path`, `file:///path`, `file://localhost/path` (RFC 8089).
fn place(url: &Url<'_>) -> Result<Place, Failure> {
    let path = match url.rest.strip_prefix(b"//") {
        Some(rest) => rest.strip_prefix(b"localhost").unwrap_or(rest),
        None => url.rest,
    };
    if !path.starts_with(b"/") {
        return Err(url.malformed("a file: URL is file:///PATH, on this host"));
    }
    let path = PathBuf::from(os_string(url.decoded(path)?));
    Ok(Place::Local(Local::Path { path, url: true }))
}
