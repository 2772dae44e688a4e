//! What the server says: one line for people on stderr and, where asked for, one JSON object on
//! stdout, for everything that happens. Another thread writes, so that a terminal or a pipe that
//! does not take it cannot hold up transfers.

use super::board::{Board, Over, Place};
use super::endpoint::Endpoint;
use anstyle::{AnsiColor, Style};
use bytesize::ByteSize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use wirelore_core::escape;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// So many lines wait to be written; further ones are lost, and counted.
const WAITING: usize = 4096;

/// Where everything is said. Cheap to clone.
#[derive(Clone)]
pub(super) struct Log {
    lines: SyncSender<Line>,
    lost: Arc<AtomicU64>,
    json: bool,
    quiet: bool,
    board: Board,
}

/// The thread that writes.
pub(super) struct Writer(JoinHandle<()>);

enum Line {
    People(String),
    Program(Value),
}

/// A transfer that is over.
pub(super) struct Transfer<'t> {
    pub(super) protocol: &'static str,
    pub(super) client: SocketAddr,
    /// "read" or "write", as the client sees it.
    pub(super) direction: &'static str,
    /// The name as the client sent it.
    pub(super) file: &'t [u8],
    pub(super) octets: u64,
    pub(super) elapsed: Duration,
    /// What the protocol has to add, in the order to be shown: names and values.
    pub(super) options: Vec<(&'static str, Value)>,
    pub(super) retransmits: u64,
    /// Why it failed, in words, with the protocol's code where it has one.
    pub(super) error: Option<(String, Option<u16>)>,
}

/// Something that happened in a session.
pub(super) struct Session<'t> {
    pub(super) protocol: &'static str,
    pub(super) client: SocketAddr,
    /// What happened, in one word, for programs.
    pub(super) what: &'static str,
    /// The same for people; nothing where they are not told. Safe to show.
    pub(super) text: Option<&'t str>,
    /// It is nothing good: people are told even with `--quiet`.
    pub(super) bad: bool,
    /// What there is to add for programs: names and values.
    pub(super) members: Vec<(&'static str, Value)>,
}

impl Log {
    /// What this log has been told of.
    pub(super) const fn board(&self) -> &Board {
        &self.board
    }

    pub(super) fn start(json: bool, quiet: bool) -> (Self, Writer) {
        let (lines, waiting) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        let writer = std::thread::spawn(move || write(&waiting, &counted));
        (
            Self {
                lines,
                lost,
                json,
                quiet,
                board: Board::new(),
            },
            Writer(writer),
        )
    }

    pub(super) fn listening(&self, dir: &Path, endpoints: &[Endpoint], sample: &str) {
        let name = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        let shown = escape(name.as_os_str().as_encoded_bytes());
        let width = endpoints
            .iter()
            .map(|endpoint| endpoint.protocol.name.len())
            .fold(8, usize::max);
        let mut text = format!("serving {BOLD}{shown}{BOLD:#}\n\n");
        for Endpoint { protocol, address } in endpoints {
            let mut label = protocol.name;
            for reached in (Endpoint {
                protocol,
                address: *address,
            })
            .reached_at()
            {
                for (index, client) in (protocol.clients)(reached, sample).iter().enumerate() {
                    let at = format!("{reached}/{}", protocol.transport);
                    let at = if index == 0 { &*at } else { "" };
                    text += &format!("  {BOLD}{label:<width$}{BOLD:#} {at:<26} {client}\n");
                    label = "";
                }
            }
        }
        text += &format!("\n{DIM}Ctrl-C stops; one line for each transfer follows{DIM:#}");
        self.people(text);
        for Endpoint { protocol, address } in endpoints {
            self.board.serves(Place {
                protocol: protocol.name,
                transport: protocol.transport,
                address: *address,
            });
            let address = address.to_string();
            self.program(
                json!({"event": "listening", "protocol": protocol.name, "address": address}),
            );
        }
        self.program(json!({"event": "ready"}));
    }

    pub(super) fn transfer(&self, transfer: &Transfer<'_>) {
        let Transfer {
            protocol,
            client,
            direction,
            file,
            octets,
            elapsed,
            ..
        } = *transfer;
        let Transfer {
            options,
            retransmits,
            error,
            ..
        } = transfer;
        self.board.over(Over {
            protocol,
            client,
            direction,
            file: file.to_vec(),
            octets,
            elapsed,
            at: Instant::now(),
            error: error.as_ref().map(|(why, _)| why.clone()),
        });
        let seconds = elapsed.as_secs_f64();
        let rate = if seconds > 0.0 {
            octets as f64 / seconds
        } else {
            0.0
        };
        if !self.quiet || error.is_some() {
            let name = escape(file);
            let mut text = format!("{} {protocol} {client} {direction} {name}: ", now());
            let size = ByteSize(octets).display().iec();
            match error {
                None => {
                    let rate = ByteSize(rate as u64).display().iec();
                    let time = shown(elapsed);
                    text += &format!("{GOOD}{size}{GOOD:#} in {time}, {rate}/s");
                }
                Some((why, _)) if octets == 0 => text += &format!("{BAD}failed{BAD:#}, {why}"),
                Some((why, _)) => text += &format!("{BAD}failed{BAD:#} after {size}, {why}"),
            }
            for (name, value) in options {
                match value {
                    Value::String(value) => text += &format!(", {name} {value}"),
                    value => text += &format!(", {name} {value}"),
                }
            }
            if *retransmits > 0 {
                text += &format!(", {BOLD}{retransmits} sent again{BOLD:#}");
            }
            self.people(text);
        }
        if !self.json {
            return;
        }
        let options = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let options: serde_json::Map<_, _> = options.collect();
        let mut event = json!({
            "event": "transfer", "time": stamp(), "protocol": protocol,
            "client": client.to_string(), "direction": direction,
            "file": String::from_utf8_lossy(file), "bytes": octets, "seconds": seconds,
            "options": options, "retransmits": retransmits, "ok": error.is_none(),
        });
        if let Some((why, code)) = error {
            event["error"] = why.as_str().into();
            event["error_code"] = (*code).into();
        }
        self.program(event);
    }

    pub(super) fn session(&self, session: Session<'_>) {
        let Session {
            protocol,
            client,
            what,
            text,
            bad,
            members,
        } = session;
        match text {
            Some(text) if bad => {
                self.say(format!("{} {protocol} {client} {BAD}{text}{BAD:#}", now()));
            }
            Some(text) => self.people(format!("{} {protocol} {client} {text}", now())),
            None => {}
        }
        if !self.json {
            return;
        }
        let mut event = json!({
            "event": "session", "time": stamp(), "protocol": protocol,
            "client": client.to_string(), "what": what,
        });
        for (name, value) in members {
            event[name] = value;
        }
        self.program(event);
    }

    /// Something went wrong that is no transfer.
    pub(super) fn error(&self, protocol: &str, text: &str) {
        self.board.error();
        self.say(format!("{} {protocol} {BAD}{text}{BAD:#}", now()));
        self.program(
            json!({"event": "error", "time": stamp(), "protocol": protocol, "error": text}),
        );
    }

    pub(super) fn note(&self, text: &str) {
        self.people(format!("{} {DIM}{text}{DIM:#}", now()));
    }

    pub(super) fn stopped(&self, cut: usize) {
        let s = if cut == 1 { "" } else { "s" };
        self.note(&match cut {
            0 => "stopped".to_owned(),
            cut => format!("stopped; {cut} transfer{s} had to be cut off"),
        });
        self.program(json!({"event": "stopped", "time": stamp(), "cut": cut}));
    }

    fn people(&self, text: String) {
        if !self.quiet {
            self.say(text);
        }
    }

    fn say(&self, text: String) {
        self.line(Line::People(text));
    }

    fn program(&self, value: Value) {
        if self.json {
            self.line(Line::Program(value));
        }
    }

    fn line(&self, line: Line) {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(line) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Writer {
    /// Waits until everything is written.
    pub(super) fn finish(self) {
        let _ = self.0.join();
    }
}

fn write(waiting: &Receiver<Line>, lost: &AtomicU64) {
    let mut stdout = std::io::stdout();
    let mut stderr = anstream::AutoStream::auto(std::io::stderr());
    for line in waiting {
        // nobody reads it any more: what is served is served nevertheless
        let _ = match line {
            Line::People(text) => writeln!(stderr, "{text}"),
            Line::Program(value) => {
                let line = value.to_string();
                writeln!(stdout, "{}", undeceptive(&line)).and_then(|()| stdout.flush())
            }
        };
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(
                stderr,
                "{BAD}{lost} lines were lost: they came too fast{BAD:#}"
            );
        }
    }
}

/// Whether a character could make a terminal, or an eye, see something else: controls, marks of direction,
/// what has no width.
pub(super) const fn is_deceptive(c: char) -> bool {
    matches!(
        c,
        '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
    )
}

/// JSON that means the same, and in which no character is deceptive. They occur only in strings.
fn undeceptive(json: &str) -> Cow<'_, str> {
    if !json.contains(is_deceptive) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_deceptive(c) {
            out += &format!("\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The time of day, for people.
fn now() -> impl std::fmt::Display {
    let time = jiff::Zoned::now().strftime("%H:%M:%S").to_string();
    format!("{DIM}{time}{DIM:#}")
}

/// The time for programs, RFC 3339 in UTC with milliseconds.
fn stamp() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S.%3fZ")
        .to_string()
}

/// A duration to three digits or so.
pub(super) fn shown(elapsed: Duration) -> String {
    match elapsed.as_secs_f64() {
        seconds if seconds < 0.001 => format!("{:.0} µs", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        seconds if seconds < 100.0 => format!("{seconds:.1} s"),
        seconds => format!("{seconds:.0} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_not_deceived() {
        let value = json!({"file": "a\u{9b}31m\u{202e}b\u{feff}"});
        let line = undeceptive(&value.to_string()).into_owned();
        assert_eq!(line, r#"{"file":"a\u009b31m\u202eb\ufeff"}"#);
        assert_eq!(serde_json::from_str::<Value>(&line).ok(), Some(value));
        assert!(matches!(
            undeceptive("{\"file\":\"grün\"}"),
            Cow::Borrowed(_)
        ));
    }
}
