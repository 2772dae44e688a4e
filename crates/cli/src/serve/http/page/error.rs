//! What is shown instead of what was asked for.

use super::html::{begin, end};
use super::{HTML, TEXT, write};
use wirelore_http1::value::accept::media;

/// Why there is nothing else, as the peer would rather have it, and its media type: a line for programs,
/// which take anything, a page for browsers, which say that they want one.
pub(crate) fn error(
    status: u16,
    reason: &str,
    text: &str,
    accept: Option<&[u8]>,
) -> (&'static str, Vec<u8>) {
    match media::best_of(accept, &[b"text/plain", b"text/html"]) {
        Some(1) => (HTML, error_html(status, reason, text)),
        _ => (TEXT, error_text(status, reason, text)),
    }
}

/// As a page. The texts are shown escaped.
pub(super) fn error_html(status: u16, reason: &str, text: &str) -> Vec<u8> {
    let mut title = format!("{status} ").into_bytes();
    write::name(reason.as_bytes(), &mut title);
    let mut out = Vec::with_capacity(3072);
    begin(&title, &mut out);
    out.extend_from_slice(b"<h1>");
    out.extend_from_slice(&title);
    out.extend_from_slice(b"</h1>\n");
    if !text.is_empty() {
        out.extend_from_slice(b"<p>");
        write::name(text.as_bytes(), &mut out);
        out.extend_from_slice(b"</p>\n");
    }
    end(&mut out);
    out
}

/// In a line. The status is in the head, and who has only the line wants to know why.
pub(super) fn error_text(status: u16, reason: &str, text: &str) -> Vec<u8> {
    let line = match text {
        "" => format!("{status} {}\n", wirelore_core::escape(reason)),
        text => format!("{}\n", wirelore_core::escape(text)),
    };
    line.into_bytes()
}
