//! What lines look like. All is appended to the caller's buffer.

use super::Entry;
use crate::serve::log::is_deceptive;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wirelore_http1::Version;

/// So much of a field is written, and then three dots. Targets are as long as requests may have them.
const MAX_FIELD: usize = 2048;

/// The time of day in words, made once a second.
#[derive(Default)]
pub(super) struct Clock {
    /// Since the epoch, and in words.
    local: Option<(u64, String)>,
    utc: Option<(u64, String)>,
}

/// A time with milliseconds: all but those, and those.
pub(super) struct Stamp<'c>(&'c str, u32);

impl Clock {
    /// As in `[10/Oct/2000:13:55:36 -0700]`.
    pub(super) fn local(&mut self, now: SystemTime) -> &str {
        let seconds = since_epoch(now).as_secs();
        let made = self.local.take().filter(|(second, _)| *second == seconds);
        let made = made.unwrap_or_else(|| {
            let time = timestamp(seconds).to_zoned(jiff::tz::TimeZone::system());
            (seconds, time.strftime("%d/%b/%Y:%H:%M:%S %z").to_string())
        });
        &self.local.insert(made).1
    }

    /// As in `2000-10-10T20:55:36.250Z`.
    pub(super) fn utc(&mut self, now: SystemTime) -> Stamp<'_> {
        let since = since_epoch(now);
        let seconds = since.as_secs();
        let made = self.utc.take().filter(|(second, _)| *second == seconds);
        let made = made.unwrap_or_else(|| {
            let time = timestamp(seconds).strftime("%Y-%m-%dT%H:%M:%S");
            (seconds, time.to_string())
        });
        Stamp(&self.utc.insert(made).1, since.subsec_millis())
    }
}

fn since_epoch(now: SystemTime) -> Duration {
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn timestamp(seconds: u64) -> jiff::Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX)
}

/// Client, identity (nobody knows), user, time, request line, status, octets of content, referrer,
/// user agent.
pub(super) fn combined(entry: &Entry<'_>, time: &str, out: &mut Vec<u8>) {
    put(out, format_args!("{} - ", entry.client.ip().to_canonical()));
    match entry.user {
        // a blank would end it
        Some(user) => user.as_bytes().iter().for_each(|&octet| match octet {
            b' ' => out.extend_from_slice(b"\\x20"),
            octet => escaped(&[octet], out),
        }),
        None => out.push(b'-'),
    }
    put(out, format_args!(" [{time}] \""));
    if entry.method.is_empty() {
        out.push(b'-');
    } else {
        escaped(entry.method, out);
        out.push(b' ');
        escaped(entry.target, out);
        if let Some(version) = version(entry.version) {
            put(out, format_args!(" {version}"));
        }
    }
    put(out, format_args!("\" {} ", entry.status));
    match entry.octets {
        0 => out.push(b'-'),
        octets => put(out, format_args!("{octets}")),
    }
    for field in [entry.referer, entry.user_agent] {
        out.extend_from_slice(b" \"");
        match field {
            Some(field) => {
                let (field, dots) = cut(field);
                escaped(field, out);
                out.extend_from_slice(dots);
            }
            None => out.push(b'-'),
        }
        out.push(b'"');
    }
    out.push(b'\n');
}

/// Every member is there in every line.
pub(super) fn json(entry: &Entry<'_>, Stamp(time, milliseconds): Stamp<'_>, out: &mut Vec<u8>) {
    let client = entry.client;
    let client = std::net::SocketAddr::new(client.ip().to_canonical(), client.port());
    put(
        out,
        format_args!(r#"{{"time":"{time}.{milliseconds:03}Z","client":"{client}","user":"#),
    );
    optional(entry.user.map(str::as_bytes), out);
    let is_known = !entry.method.is_empty();
    out.extend_from_slice(br#","method":"#);
    optional(is_known.then_some(entry.method), out);
    out.extend_from_slice(br#","target":"#);
    optional(is_known.then_some(entry.target), out);
    out.extend_from_slice(br#","version":"#);
    let version = version(entry.version).filter(|_| is_known);
    optional(version.map(str::as_bytes), out);
    let (seconds, micros) = (entry.elapsed.as_secs(), entry.elapsed.subsec_micros());
    put(
        out,
        format_args!(
            r#","status":{},"bytes":{},"seconds":{seconds}.{micros:06},"tls":{},"referer":"#,
            entry.status, entry.octets, entry.secure
        ),
    );
    optional(entry.referer, out);
    out.extend_from_slice(br#","user_agent":"#);
    optional(entry.user_agent, out);
    out.extend_from_slice(b"}\n");
}

/// What a request line says; that of HTTP/0.9 says nothing.
fn version(version: Version) -> Option<&'static str> {
    (version != Version::Http09).then_some(version.as_str())
}

fn optional(field: Option<&[u8]>, out: &mut Vec<u8>) {
    match field {
        Some(field) => {
            let (field, dots) = cut(field);
            out.push(b'"');
            json_escaped(field, out);
            out.extend_from_slice(dots);
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
}

/// What is written of a field.
fn cut(field: &[u8]) -> (&[u8], &'static [u8]) {
    match field.split_at_checked(MAX_FIELD) {
        Some((field, rest)) if !rest.is_empty() => (field, b"..."),
        _ => (field, b""),
    }
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // a vector takes everything
    let _ = out.write_fmt(text);
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// As Apache does it: quotation marks and backslashes behind a backslash, what is not printable
/// ASCII as `\xhh`, or `\n` and the like where C has a letter for it.
fn escaped(octets: &[u8], out: &mut Vec<u8>) {
    runs(
        octets,
        out,
        |octet| !matches!(octet, b' '..=b'~') || b"\"\\".contains(&octet),
        |octet, out| {
            out.push(b'\\');
            match octet {
                b'"' | b'\\' => out.push(octet),
                8 => out.push(b'b'),
                9 => out.push(b't'),
                10 => out.push(b'n'),
                11 => out.push(b'v'),
                13 => out.push(b'r'),
                _ => {
                    out.push(b'x');
                    hex(octet, out);
                }
            }
        },
    );
}

/// As a JSON string has it. What is not UTF-8 is shown with replacement characters.
fn json_escaped(octets: &[u8], out: &mut Vec<u8>) {
    for chunk in octets.utf8_chunks() {
        let mut valid = chunk.valid();
        while let Some((at, c)) = valid.char_indices().find(|(_, c)| is_deceptive(*c)) {
            json_plain(&valid.as_bytes()[..at], out);
            out.extend_from_slice(b"\\u");
            for octet in u32::from(c).to_be_bytes().into_iter().skip(2) {
                hex(octet, out);
            }
            valid = &valid[at + c.len_utf8()..];
        }
        json_plain(valid.as_bytes(), out);
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

/// The same, of text in which no character is deceptive.
fn json_plain(octets: &[u8], out: &mut Vec<u8>) {
    runs(
        octets,
        out,
        |octet| octet < b' ' || b"\"\\".contains(&octet),
        |octet, out| {
            out.push(b'\\');
            match octet {
                b'"' | b'\\' => out.push(octet),
                8 => out.push(b'b'),
                9 => out.push(b't'),
                10 => out.push(b'n'),
                12 => out.push(b'f'),
                13 => out.push(b'r'),
                _ => {
                    out.extend_from_slice(b"u00");
                    hex(octet, out);
                }
            }
        },
    );
}

/// Copies what needs no escape in one piece.
fn runs(
    mut octets: &[u8],
    out: &mut Vec<u8>,
    needs: impl Fn(u8) -> bool,
    escape: impl Fn(u8, &mut Vec<u8>),
) {
    while let Some(at) = octets.iter().position(|&octet| needs(octet)) {
        let (plain, rest) = octets.split_at(at);
        out.extend_from_slice(plain);
        let Some((&octet, rest)) = rest.split_first() else {
            return;
        };
        escape(octet, out);
        octets = rest;
    }
    out.extend_from_slice(octets);
}

fn hex(octet: u8, out: &mut Vec<u8>) {
    let digit = |at: u8| HEX.get(usize::from(at)).copied().unwrap_or_default();
    out.extend_from_slice(&[digit(octet >> 4), digit(octet & 15)]);
}
