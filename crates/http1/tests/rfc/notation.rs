//! Octets as text.
//!
//! ```text
//! \r \n \t \0 \s \\ \{ \} \xNN   an octet (\s is SP where it stands at an end)
//! {a*300}                        300 times what stands before the last asterisk
//! {get} {post} {chunked} ...     see `named`
//! {|}                            what comes next is not consumed
//! {eof}                          the stream ends here
//! {}                             no octets, where something has to stand
//! ```

use std::fmt::Write;

use crate::vector::notation::escape;

/// Names and values.
pub(super) type List = Vec<(Vec<u8>, Vec<u8>)>;

/// What stands between octets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    pub(super) rest: Option<usize>,
    pub(super) eof: bool,
}

pub(super) fn octets(text: &str) -> (Vec<u8>, Marks) {
    let (mut octets, mut marks) = (Vec::new(), Marks::default());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        match first {
            '\\' => {
                let (octet, len) = escape(rest).unwrap_or_else(|| panic!("\\{rest} in {text}"));
                octets.push(octet);
                rest = &rest[len..];
            }
            '{' => {
                let (name, after) = rest.split_once('}').expect("a closing brace");
                rest = after;
                match name {
                    "|" => marks.rest = Some(octets.len()),
                    "eof" => marks.eof = true,
                    _ => octets.extend(named(name).unwrap_or_else(|| panic!("{{{name}}}"))),
                }
            }
            _ => octets.extend_from_slice(first.to_string().as_bytes()),
        }
    }
    (octets, marks)
}

/// Octets without marks.
pub(super) fn plain(text: &str) -> Vec<u8> {
    octets(text).0
}

/// Octets as they are written in expectations.
pub(super) fn show(octets: &[u8]) -> String {
    let mut text = String::new();
    for &octet in octets {
        match octet {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            b' ' | b'!'..=b'{' | b'}' | b'~' => text.push(char::from(octet)),
            _ => write!(text, "\\x{octet:02x}").expect("memory"),
        }
    }
    text
}

/// An expectation with what it says in short written out: `{a*300}`.
pub(super) fn expanded(expected: &str) -> String {
    let Some((before, rest)) = expected.split_once('{') else {
        return expected.into();
    };
    match rest.split_once('}') {
        Some((name, after)) if name.contains('*') => {
            let octets = named(name).expect("a text and a count");
            format!("{before}{}{}", show(&octets), expanded(after))
        }
        _ => format!("{before}{{{}", expanded(rest)),
    }
}

/// `[Name value][Name value]`.
pub(super) fn fields(text: &str) -> List {
    let mut fields = Vec::new();
    let mut rest = text.trim();
    while let Some((field, after)) = rest.strip_prefix('[').and_then(|it| it.split_once(']')) {
        let (name, value) = field.split_once(' ').unwrap_or((field, ""));
        fields.push((plain(name), plain(value)));
        rest = after;
    }
    assert!(rest.is_empty(), "no fields: {text}");
    fields
}

/// The words before the fields, and the fields.
pub(super) fn words_and_fields(text: &str) -> (Vec<&str>, List) {
    let at = text.find('[').unwrap_or(text.len());
    let (words, list) = text.split_at(at);
    (words.split_whitespace().collect(), fields(list))
}

fn named(name: &str) -> Option<Vec<u8>> {
    let text = match name {
        "" => "",
        "get" => "GET / HTTP/1.1\r\nHost: h\r\n",
        "get10" => "GET / HTTP/1.0\r\n",
        "post" => "POST / HTTP/1.1\r\nHost: h\r\n",
        "chunked" => "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        "next" => "GET /next HTTP/1.1\r\nHost: h\r\n\r\n",
        "ok" => "HTTP/1.1 200 OK\r\n",
        "ok-chunked" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "ok-empty" => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "no-content" => "HTTP/1.1 204 No Content\r\n\r\n",
        _ => {
            let (text, count) = name.rsplit_once('*')?;
            return Some(plain(text).repeat(count.parse().ok()?));
        }
    };
    Some(text.as_bytes().to_vec())
}
