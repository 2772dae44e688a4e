//! What the two sides say, for people and for a trace. Secrets are left out.

use super::super::lookout::Lookout;
use super::super::progress::Console;
use super::super::trace::{Seen, Trace};
use bytes::Bytes;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use wirelore_core::escape;
use wirelore_http1::wire::ResponseHead;
use wirelore_tokio::http1::client::{ConnectionFacts, Observer};
use wirelore_tokio::tls::TlsFacts;

/// Looks on at the connections of one direction.
#[derive(Default)]
pub(super) struct Onlooker(Mutex<State>);

#[derive(Default)]
struct State {
    told: Option<Told>,
    /// Both ends of the connections.
    ends: HashMap<u64, (SocketAddr, SocketAddr)>,
}

/// Who is told.
struct Told {
    console: Console,
    verbose: u8,
    trace: Option<Trace>,
    label: &'static str,
}

impl Onlooker {
    /// From now on it is this copy.
    pub(super) fn attend(&self, lookout: &Lookout) {
        let tools = lookout.tools();
        self.state().told = Some(Told {
            console: tools.console.clone(),
            verbose: tools.verbose,
            trace: tools.trace.clone(),
            label: lookout.label(),
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, verbose: u8, text: &str) {
        if let Some(told) = &self.state().told
            && told.verbose >= verbose
        {
            told.console.line(&format!("{}{text}", told.label));
        }
    }

    /// A head: its lines.
    fn head(&self, connection: u64, sent: bool, lines: &[String]) {
        let mark = if sent { '>' } else { '<' };
        for line in lines {
            self.say(1, &format!("{mark} {line}"));
        }
        let words = lines.first().map_or("", |line| line);
        let text = lines.join("\r\n") + "\r\n\r\n";
        self.write(connection, sent, text.as_bytes(), words);
    }

    fn body(&self, connection: u64, sent: bool, octets: &[u8]) {
        let (mark, len) = (if sent { '>' } else { '<' }, octets.len());
        self.say(2, &format!("{mark} {len} octets"));
        self.write(connection, sent, octets, "body");
    }

    fn write(&self, connection: u64, sent: bool, octets: &[u8], words: &str) {
        let state = self.state();
        let Some(told) = &state.told else {
            return;
        };
        if let (Some(trace), Some(&(local, peer))) = (&told.trace, state.ends.get(&connection)) {
            let (from, to) = if sent { (local, peer) } else { (peer, local) };
            let seen = Seen {
                sent,
                from,
                to,
                octets,
            };
            trace.write(seen, words);
        }
    }
}

impl Observer for Onlooker {
    fn connecting(&self, _: u64, host: &str, port: u16) {
        self.say(1, &format!("* to {} port {port}", escape(host)));
    }

    fn connected(&self, connection: u64, local: SocketAddr, peer: SocketAddr) {
        self.state().ends.insert(connection, (local, peer));
        self.say(1, &format!("* from {local} to {peer}"));
    }

    fn secured(&self, _: u64, facts: &TlsFacts) {
        let alpn = match &facts.alpn {
            Some(alpn) => format!(", {}", escape(alpn)),
            None => String::new(),
        };
        let (version, suite) = (facts.version_name(), facts.cipher_suite_name());
        self.say(1, &format!("* {version}, {suite}{alpn}"));
    }

    fn reused(&self, facts: &ConnectionFacts) {
        let (local, peer) = (facts.local, facts.peer);
        self.say(1, &format!("* once more from {local} to {peer}"));
    }

    fn again(&self, _: u64) {
        self.say(
            1,
            "* the server had closed the connection: asked again on a new one",
        );
    }

    fn request(&self, connection: u64, head: &[u8]) {
        self.head(connection, true, &request_lines(head));
    }

    fn interim(&self, connection: u64, head: &ResponseHead<Bytes>) {
        self.head(connection, false, &response_lines(head));
    }

    fn response(&self, connection: u64, head: &ResponseHead<Bytes>) {
        self.head(connection, false, &response_lines(head));
    }

    fn body_sent(&self, connection: u64, octets: &[u8]) {
        self.body(connection, true, octets);
    }

    fn body_received(&self, connection: u64, octets: &[u8]) {
        self.body(connection, false, octets);
    }

    fn closed(&self, connection: u64) {
        self.state().ends.remove(&connection);
    }
}

fn request_lines(head: &[u8]) -> Vec<String> {
    let text = head.split(|&octet| octet == b'\n');
    let lines = text.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines
        .filter(|line| !line.is_empty())
        .enumerate()
        .map(|(index, line)| {
            let colon = line.iter().position(|&octet| octet == b':');
            match colon {
                Some(colon) if index > 0 => {
                    field_line(&line[..colon], line[colon + 1..].trim_ascii())
                }
                _ => escape(line).limit(8192).to_string(),
            }
        })
        .collect()
}

fn response_lines(head: &ResponseHead<Bytes>) -> Vec<String> {
    let version = match head.version() {
        wirelore_http1::Version::Http10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    };
    let reason = escape(head.reason());
    let mut lines = vec![
        format!("{version} {} {reason}", head.status())
            .trim_end()
            .to_owned(),
    ];
    lines.extend(
        head.fields()
            .map(|field| field_line(field.name(), &field.value())),
    );
    lines
}

fn field_line(name: &[u8], value: &[u8]) -> String {
    let shown = escape(name);
    if is_secret(name) {
        // which scheme it is may be known
        let scheme = value
            .split(|&octet| octet == b' ')
            .next()
            .unwrap_or_default();
        let has_scheme =
            scheme.len() < value.len() && name.to_ascii_lowercase().ends_with(b"authorization");
        let scheme = match has_scheme {
            true => format!("{} ", escape(scheme)),
            false => String::new(),
        };
        return format!("{shown}: {scheme}(hidden)");
    }
    let value = super::url::without_login(value);
    format!("{shown}: {}", escape(&value).limit(1024))
}

/// Whether the value is nobody's business: credentials, and whatever else sounds like them.
fn is_secret(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let sounds = [
        &b"authorization"[..],
        b"cookie",
        b"token",
        b"secret",
        b"password",
        b"key",
    ];
    sounds
        .iter()
        .any(|sound| name.windows(sound.len()).any(|part| part == *sound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out() {
        let head = b"GET /x HTTP/1.1\r\nHost: h:80\r\nAuthorization: Basic dTpw\r\n\
            X-Api-Key: s3cret\r\nCookie: a=s3cret\r\nX: a\x1bb\r\n\r\n";
        let wanted = [
            "GET /x HTTP/1.1",
            "Host: h:80",
            "Authorization: Basic (hidden)",
            "X-Api-Key: (hidden)",
            "Cookie: (hidden)",
            "X: a\\x1bb",
        ];
        assert_eq!(request_lines(head), wanted);
        let line = field_line(b"Location", b"http://u:p@h/x");
        assert_eq!(line, "Location: http://h/x");
    }
}
