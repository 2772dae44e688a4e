//! One guest, from the opening to the end.

use super::record::{Record, text, variables};
use super::{Fingerprint, Limits, Log};
use serde_json::json;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use wirelore_core::RecvBuf;
use wirelore_telnet_nvt::nvt::{Codes, Echo, Edit, EditorConfig, LineEditor, encode_text_into};
use wirelore_telnet_nvt::wire::option::{EnvironVerb, Subnegotiation, TerminalType};
use wirelore_telnet_nvt::wire::payload::write_subnegotiation;
use wirelore_telnet_nvt::{Command, Config, Event, Input, Machine, Next, OptionCode, Receiver};
use wirelore_telnet_nvt::{Side, Verb, Violation};

/// Names of his terminal that a guest is asked for.
const MAX_TERMINALS: usize = 8;
/// How many times a guest may ask for an option.
const MAX_REQUESTS: u32 = 500;
const MAX_LINE: usize = 1024;

pub(crate) struct Session {
    receiver: Receiver,
    editor: LineEditor,
    fingerprint: Fingerprint,
    limits: Limits,
    record: Record,
    out: Vec<u8>,
    asks: Asks,
    terminals: Vec<Vec<u8>>,
    octets: usize,
    lines: usize,
    /// Why it ends, once it does.
    end: Option<&'static str>,
}

/// What the next line will be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Login,
    Password,
    Command,
}

impl Session {
    pub(crate) fn new(number: u64, fingerprint: &Fingerprint, limits: Limits, log: Log) -> Self {
        let config = Config {
            policy: fingerprint.policy(),
            max_requests: MAX_REQUESTS,
            ..Config::default()
        };
        let editor =
            EditorConfig { max_line: MAX_LINE, codes: Codes::EightBit, ..Default::default() };
        Self {
            receiver: Receiver::new(config),
            editor: LineEditor::new(editor),
            fingerprint: fingerprint.clone(),
            limits,
            record: Record::new(number, log, limits.records),
            out: Vec::new(),
            asks: Asks::Login,
            terminals: Vec::new(),
            octets: 0,
            lines: 0,
            end: None,
        }
    }

    pub(crate) fn run(mut self, mut stream: TcpStream, peer: SocketAddr) {
        let facts = json!({ "peer": peer.to_string(), "fingerprint": self.fingerprint.name });
        self.record.always("connected", facts);
        let end = match self.converse(&mut stream) {
            Ok(why) => why.to_owned(),
            Err(error) => error.kind().to_string(),
        };
        let _ = stream.shutdown(Shutdown::Both);
        let facts = json!({ "why": end, "octets": self.octets, "lines": self.lines });
        self.record.always("closed", facts);
    }

    /// Until the guest leaves, or a limit is reached.
    fn converse(&mut self, stream: &mut TcpStream) -> io::Result<&'static str> {
        let until = Instant::now() + self.limits.time;
        let mut received = RecvBuf::new(self.receiver.max_unconsumed().max(4096));
        self.fingerprint.tell(&mut self.receiver);
        self.out.extend_from_slice(&self.fingerprint.opening);
        self.record.sent(&self.out);
        self.prompt();
        loop {
            self.send(stream, until)?;
            if let Some(why) = self.end {
                return Ok(why);
            }
            stream.set_read_timeout(Some(left(until)))?;
            let room = received.spare();
            let len = room.len().min(self.limits.octets - self.octets);
            let count = match stream.read(&mut room[..len]) {
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok("time");
                }
                count => count?,
            };
            received.fill(count);
            self.octets += count;
            self.take(&mut received, count == 0);
            if self.octets >= self.limits.octets {
                self.end = self.end.or(Some("octets"));
            }
        }
    }

    /// Sends what is to be sent, as long as there is time.
    fn send(&mut self, stream: &mut TcpStream, until: Instant) -> io::Result<()> {
        let mut sent = 0;
        while sent < self.out.len() {
            stream.set_write_timeout(Some(left(until)))?;
            match stream.write(&self.out[sent..])? {
                0 => return Err(ErrorKind::WriteZero.into()),
                count => sent += count,
            }
        }
        self.out.clear();
        Ok(())
    }

    /// Goes through what was received.
    fn take(&mut self, received: &mut RecvBuf, last: bool) {
        let mut answer = Vec::new();
        while self.end.is_none() {
            let bytes = received.bytes();
            let input = if last { Input::last(bytes) } else { Input::more(bytes) };
            let Ok(step) = self.receiver.step(input, &mut answer);
            let consumed = step.consumed;
            // The receiver tells what a word has changed, if anything; here every word counts.
            if let &[255, code, option] = &bytes[..consumed]
                && let Some(verb) = Verb::from_code(code)
            {
                self.record.negotiation("client", verb, OptionCode(option));
            }
            self.say(&answer);
            answer.clear();
            match step.next {
                Next::Event(event) => self.heard(event),
                Next::Done => self.end = Some("closed by the guest"),
                Next::NeedMore if consumed == 0 => return,
                _ => {}
            }
            received.consume(consumed);
        }
    }

    fn heard(&mut self, event: Event<&[u8]>) {
        match event {
            Event::Data(mut data) => {
                while !data.is_empty() && self.end.is_none() {
                    let (used, edit) = self.editor.feed(data, &mut self.out);
                    data = &data[used..];
                    self.edited(edit);
                }
            }
            Event::Command(command) => {
                self.record.note("command", json!({ "name": command.to_string() }));
                match command {
                    Command::IP => self.edited(Some(Edit::Interrupt)),
                    Command::AYT if self.fingerprint.negotiates => self.write(b"\n[Yes]\n"),
                    _ => _ = self.editor.command(command, &mut self.out),
                }
            }
            Event::Option { side: Side::Us, option: OptionCode::ECHO, .. } => self.choose_echo(),
            Event::Option { side: Side::Him, option, on: true } => self.ask(option),
            Event::Subnegotiation { option, payload } => {
                self.record.subnegotiation("client", option, payload);
                self.told(option, &payload.into_cow());
            }
            Event::Violation { offset, violation } => self.violated(offset, violation),
            _ => {}
        }
    }

    /// The guest now tells about this: let him.
    fn ask(&mut self, option: OptionCode) {
        use OptionCode as O;
        const SEND: u8 = 1;
        match option {
            O::TTYPE | O::TSPEED | O::XDISPLOC | O::NEW_ENVIRON | O::OLD_ENVIRON => {
                self.say_about(option, &[SEND]);
            }
            // An opening of our user's own has asked for it. Nobody here can do it.
            O::AUTHENTICATION | O::ENCRYPT => self.request(Side::Him, option, false),
            _ => {}
        }
    }

    /// What a subnegotiation asks of us, and what of it has a line of its own in the log.
    fn told(&mut self, option: OptionCode, octets: &[u8]) {
        // Where the opening offers AUTHENTICATION, the guest may name methods: "none of these" (RFC
        // 2941). Where it offers ENCRYPT, he names ciphers: without an answer the stream stays as it is
        // (RFC 2946).
        if option == OptionCode::AUTHENTICATION && octets.first() == Some(&1) {
            self.say_about(option, &[0, 0, 0]);
        }
        match Subnegotiation::parse(option, octets) {
            // the list is over when a name comes twice (RFC 1091)
            Ok(Some(Subnegotiation::TerminalType(TerminalType::Is(name))))
                if self.terminals.len() < MAX_TERMINALS
                    && !self.terminals.iter().any(|n| n == name) =>
            {
                self.terminals.push(name.to_vec());
                self.record.note("terminal-type", json!({ "name": text(name) }));
                self.ask(option);
            }
            Ok(Some(Subnegotiation::NewEnviron(said) | Subnegotiation::OldEnviron(said)))
                if said.verb != EnvironVerb::Send =>
            {
                self.record.note("environment", json!({ "variables": variables(&said) }));
            }
            _ => {}
        }
    }

    fn violated(&mut self, offset: u64, violation: Violation<&[u8]>) {
        let mut facts = json!({ "kind": violation.kind(), "offset": offset });
        match violation {
            Violation::SbInterrupted { option, payload } => {
                facts["option"] = json!(option.map(|option| option.to_string()));
                facts["raw"] = json!(hex::encode(payload.raw()));
            }
            Violation::SbOverflow { option } => facts["option"] = json!(option.to_string()),
            _ => {}
        }
        self.record.note("violation", facts);
    }

    fn edited(&mut self, edit: Option<Edit>) {
        match edit {
            Some(Edit::Line) => self.line(),
            Some(Edit::TooLong) => {
                self.record.note("too-long", json!({ "line": text(self.editor.line()) }));
                self.count_line();
            }
            Some(Edit::Interrupt) => {
                self.editor.clear();
                self.write(b"\n");
                self.prompt();
            }
            Some(Edit::EndOfFile) => self.end = Some("end of file"),
            Some(Edit::Redraw) => self.prompt(),
            _ => {}
        }
    }

    fn line(&mut self) {
        let line = self.editor.line().to_vec();
        self.editor.clear();
        let hidden =
            self.asks == Asks::Password && !self.receiver.is_on(Side::Us, OptionCode::ECHO);
        match self.asks {
            Asks::Login => {
                self.record.note("user", json!({ "name": text(&line) }));
                self.asks = Asks::Password;
                // so that the guest's system does not show what he types
                self.request(Side::Us, OptionCode::ECHO, true);
            }
            Asks::Password => {
                self.record.note("password", json!({ "password": text(&line) }));
                self.asks = Asks::Command;
                self.write(if hidden { b"\n" } else { b"" });
            }
            Asks::Command => {
                self.record.note("shell", json!({ "line": text(&line) }));
                let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
                if let Some(word) = words.next() {
                    self.write(format!("sh: {}: not found\n", text(word)).as_bytes());
                }
            }
        }
        self.choose_echo();
        self.prompt();
        self.count_line();
    }

    fn count_line(&mut self) {
        self.lines += 1;
        if self.lines >= self.limits.lines {
            self.end = Some("lines");
        }
    }

    fn prompt(&mut self) {
        self.write(match self.asks {
            Asks::Login => b"login: ",
            Asks::Password => b"Password: ",
            Asks::Command => b"$ ",
        });
        self.editor.redraw(&mut self.out);
    }

    fn choose_echo(&mut self) {
        let on = self.receiver.is_on(Side::Us, OptionCode::ECHO);
        self.editor.set_echo(match self.asks {
            _ if !on => Echo::Off,
            Asks::Password => Echo::Hidden,
            Asks::Login | Asks::Command => Echo::On,
        });
    }

    fn request(&mut self, side: Side, option: OptionCode, on: bool) {
        if self.fingerprint.negotiates {
            let mut said = Vec::new();
            self.receiver.request(side, option, on, &mut said);
            self.say(&said);
        }
    }

    fn say_about(&mut self, option: OptionCode, payload: &[u8]) {
        let mut said = Vec::new();
        write_subnegotiation(option, payload, &mut said);
        self.say(&said);
    }

    /// Says something about options, and writes it down; nothing where that does not fit.
    fn say(&mut self, octets: &[u8]) {
        if self.fingerprint.negotiates {
            self.record.sent(octets);
            self.out.extend_from_slice(octets);
        }
    }

    fn write(&mut self, text: &[u8]) {
        encode_text_into(text, &mut self.out);
    }
}

/// How much time there is: never none, which the system takes for no limit.
fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}
