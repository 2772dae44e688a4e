//! The page of a folder, in the part of HTML that is valid both as HTML 4.01 and today, and that
//! reads well where neither style sheets nor tables are known.

use super::order::{By, Order};
use super::write::{self, href, name, text};
use super::{View, write::size};
use crate::policy::{Entry, EntryKind};
use wirelore_http1::value::percent::{Place, encode_to};

/// Without scripts and `<`, so it can stand in the page as it is.
pub(super) const STYLE: &str = include_str!("style.css");

/// The page of a folder.
pub(crate) fn html(folder: &View<'_>) -> Vec<u8> {
    let names: Vec<&[u8]> = folder.names().collect();
    let mut title = b"Index of /".to_vec();
    for it in &names {
        name(it, &mut title);
        title.push(b'/');
    }
    let mut out = Vec::with_capacity(4096 + 200 * folder.entries.len());
    begin(&title, &mut out);
    heading(&names, &mut out);
    out.extend_from_slice(b"<table>\n<thead>\n");
    // with less than two there is no order, and programs that follow every link have less to do
    columns((folder.entries.len() > 1).then_some(folder.order), &mut out);
    out.extend_from_slice(b"</thead>\n<tbody>\n");
    if !names.is_empty() {
        out.extend_from_slice(b"<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
    }
    for entry in folder.order.sorted(folder.entries) {
        row(entry, &mut out);
    }
    if folder.entries.is_empty() {
        out.extend_from_slice(b"<tr><td colspan=\"3\">Nothing is in this folder.</td></tr>\n");
    }
    out.extend_from_slice(b"</tbody>\n</table>\n");
    if folder.cut {
        let note = format!(
            "<p>There are more than these {} entries.</p>\n",
            folder.entries.len()
        );
        out.extend_from_slice(note.as_bytes());
    }
    if let Some(server) = folder.upload {
        out.extend_from_slice(b"<p>Upload: <code>curl -T FILE ");
        text(&shell_word(&url(server, &names)), &mut out);
        out.extend_from_slice(b"</code></p>\n");
    }
    end(&mut out);
    out
}

/// Up to the content. The title is text in HTML.
pub(super) fn begin(title: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(
        b"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n\
          <meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\">\n\
          <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
          <title>",
    );
    out.extend_from_slice(title);
    // as a comment, for those who do not know what a style is
    out.extend_from_slice(b"</title>\n<style type=\"text/css\"><!--\n");
    out.extend_from_slice(STYLE.as_bytes());
    out.extend_from_slice(b"--></style>\n</head>\n<body>\n");
}

/// What is behind the content.
pub(super) fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"<address>wirelore ");
    text(env!("CARGO_PKG_VERSION"), out);
    out.extend_from_slice(b"</address>\n</body>\n</html>\n");
}

/// The path, of which each folder above is a link.
fn heading(names: &[&[u8]], out: &mut Vec<u8>) {
    out.extend_from_slice(b"<h1>Index of ");
    let above = |up: usize, out: &mut Vec<u8>| {
        out.extend_from_slice(b"<a href=\"");
        out.extend_from_slice(b"../".repeat(up).as_slice());
        out.extend_from_slice(b"\">");
    };
    match names {
        [] => out.push(b'/'),
        [above_it @ .., last] => {
            above(names.len(), out);
            out.extend_from_slice(b"/</a>");
            for (index, it) in above_it.iter().enumerate() {
                above(above_it.len() - index, out);
                name(it, out);
                out.extend_from_slice(b"/</a>");
            }
            name(last, out);
            out.push(b'/');
        }
    }
    out.extend_from_slice(b"</h1>\n");
}

/// The headings of the columns, which are links to other orders where there is one.
fn columns(order: Option<Order>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<tr>");
    for (by, words) in [
        (By::Name, "Name"),
        (By::Size, "Size"),
        (By::Modified, "Modified (UTC)"),
    ] {
        out.extend_from_slice(b"<th scope=\"col\"");
        if let Some(order) = order
            && order.by == by
        {
            let way: &[u8] = match order.descending {
                true => b" aria-sort=\"descending\"",
                false => b" aria-sort=\"ascending\"",
            };
            out.extend_from_slice(way);
        }
        out.push(b'>');
        if let Some(order) = order {
            // with the folder in front: some old browsers take a query alone for another name
            out.extend_from_slice(b"<a rel=\"nofollow\" href=\"./");
            text(&order.next(by).query(), out);
            out.extend_from_slice(b"\">");
        }
        text(words, out);
        if order.is_some() {
            out.extend_from_slice(b"</a>");
        }
        out.extend_from_slice(b"</th>");
    }
    out.extend_from_slice(b"</tr>\n");
}

fn row(entry: &Entry, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<tr><td><a href=\"");
    text(&String::from_utf8_lossy(&href(entry)), out);
    out.extend_from_slice(b"\">");
    name(&entry.name, out);
    match entry.kind {
        EntryKind::Folder => out.extend_from_slice(b"/</a></td><td>"),
        EntryKind::File if entry.len < 1024 => {
            out.extend_from_slice(b"</a></td><td>");
            text(&size(entry.len), out);
        }
        EntryKind::File => {
            let exact = format!("</a></td><td title=\"{} octets\">", entry.len);
            out.extend_from_slice(exact.as_bytes());
            text(&size(entry.len), out);
        }
    }
    out.extend_from_slice(b"</td><td>");
    if let Some(time) = entry.modified.and_then(write::time) {
        text(&time, out);
    }
    out.extend_from_slice(b"</td></tr>\n");
}

/// The absolute URL of the folder.
fn url(server: &str, names: &[&[u8]]) -> String {
    let mut url = server.as_bytes().to_vec();
    for it in names {
        url.push(b'/');
        encode_to(it, Place::Segment, &mut url);
    }
    url.push(b'/');
    wirelore_core::escape(&url).limit(usize::MAX).to_string()
}

/// A URL that a shell leaves as it is.
fn shell_word(url: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~:/%@+,=".contains(&octet);
    if url.bytes().all(plain) {
        return url.to_owned();
    }
    format!("'{}'", url.replace('\'', "%27"))
}
