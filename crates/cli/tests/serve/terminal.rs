//! A client of the console: something that speaks just enough TELNET over TCP.

use super::{PATIENCE, Server, rest, send};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

pub(super) const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
pub(super) const WONT: u8 = 252;
pub(super) const WILL: u8 = 251;
pub(super) const SB: u8 = 250;
pub(super) const SE: u8 = 240;
pub(super) const ECHO: u8 = 1;
const SGA: u8 = 3;
const TTYPE: u8 = 24;
pub(super) const NAWS: u8 = 31;
const NEW_ENVIRON: u8 = 39;

/// How the client answers offers and questions.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Manner {
    /// It agrees to all that makes a terminal.
    Agrees,
    /// It refuses everything at first. Asked once more, it leaves the echo to the server.
    Refuses,
    /// It knows nothing of TELNET.
    Deaf,
}

/// A client.
pub(super) struct Terminal {
    pub(super) stream: TcpStream,
    pub(super) manner: Manner,
    pub(super) window: (u8, u8),
    pub(super) name: &'static [u8],
    /// Octets that are not taken apart yet.
    pub(super) raw: Vec<u8>,
    /// What is to be shown.
    pub(super) shown: String,
    /// Verbs and options that came.
    pub(super) heard: Vec<(u8, u8)>,
}

impl Terminal {
    pub(super) fn open(server: &Server, manner: Manner) -> Self {
        Self {
            stream: server.connect("telnet"),
            manner,
            window: (80, 24),
            name: b"VT100",
            raw: Vec::new(),
            shown: String::new(),
            heard: Vec::new(),
        }
    }

    pub(super) fn with_window(mut self, columns: u8, rows: u8) -> Self {
        self.window = (columns, rows);
        self
    }

    /// Reads until this is on the screen; returns what came up to there.
    #[track_caller]
    pub(super) fn sees(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.shown.find(text) {
                return self.shown.drain(..at + text.len()).collect();
            }
            assert!(Instant::now() < until, "no {text:?} in {:?}", self.shown);
            let mut room = [0; 4096];
            match self.stream.read(&mut room) {
                Ok(0) => panic!("it closed; no {text:?} in {:?}", self.shown),
                Ok(len) => self.raw.extend(&room[..len]),
                Err(error) => panic!("{error}; no {text:?} in {:?}", self.shown),
            }
            self.take_apart();
        }
    }

    /// Whether nothing but what was seen is shown for a while.
    pub(super) fn sees_nothing(&mut self) -> bool {
        let short = Duration::from_millis(200);
        self.stream.set_read_timeout(Some(short)).expect("a time");
        let mut room = [0; 4096];
        while let Ok(len @ 1..) = self.stream.read(&mut room) {
            self.raw.extend(&room[..len]);
            self.take_apart();
        }
        self.stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a time");
        self.shown.is_empty()
    }

    /// The rest of the session.
    #[track_caller]
    pub(super) fn ends(mut self) -> String {
        let more = rest(&mut self.stream);
        self.raw.extend(more);
        self.take_apart();
        self.shown
    }

    pub(super) fn types(&mut self, text: &str) {
        assert!(send(&mut self.stream, text.as_bytes()), "it takes {text:?}");
    }

    pub(super) fn sends(&mut self, octets: &[u8]) {
        assert!(send(&mut self.stream, octets), "it takes {octets:?}");
    }

    pub(super) fn take_apart(&mut self) {
        let raw = std::mem::take(&mut self.raw);
        let mut at = 0;
        let mut answers = Vec::new();
        while at < raw.len() {
            let left = &raw[at..];
            match *left {
                [IAC, verb @ WILL..=DONT, option, ..] => {
                    self.heard.push((verb, option));
                    self.answer(verb, option, &mut answers);
                    at += 3;
                }
                [IAC, SB, option, ..] => {
                    let Some(end) = left.windows(2).position(|two| two == [IAC, SE]) else {
                        break;
                    };
                    if option == TTYPE {
                        answers.extend([&[IAC, SB, TTYPE, 0], self.name, &[IAC, SE]].concat());
                    }
                    if option == NEW_ENVIRON {
                        let is = b"\0\0USER\x01-froot\x03X\x01\x1b[2J";
                        answers.extend([&[IAC, SB, NEW_ENVIRON], &is[..], &[IAC, SE]].concat());
                    }
                    at += end + 2;
                }
                [IAC] | [IAC, WILL..=DONT] | [IAC, SB] => break,
                [IAC, _, ..] => at += 2,
                [b'\r', ..] => at += 1,
                [0, ..] => at += 1,
                [octet, ..] => {
                    assert!(octet < 128, "only ASCII is shown");
                    self.shown.push(octet.into());
                    at += 1;
                }
                [] => break,
            }
        }
        self.raw = raw[at..].to_vec();
        if !answers.is_empty() {
            // it may have gone
            let _ = self.stream.write_all(&answers);
        }
    }

    pub(super) fn answer(&self, verb: u8, option: u8, answers: &mut Vec<u8>) {
        let times = self
            .heard
            .iter()
            .filter(|&&said| said == (verb, option))
            .count();
        let agrees = match self.manner {
            Manner::Deaf => return,
            Manner::Refuses => option == ECHO && times == 2,
            Manner::Agrees => [ECHO, SGA, TTYPE, NAWS, NEW_ENVIRON].contains(&option),
        };
        let reply = match (verb, agrees) {
            (WILL, true) => DO,
            (WILL, false) | (WONT, _) => DONT,
            (DO, true) => WILL,
            _ => WONT,
        };
        answers.extend([IAC, reply, option]);
        if reply == WILL && option == NAWS {
            let (columns, rows) = self.window;
            answers.extend([IAC, SB, NAWS, 0, columns, 0, rows, IAC, SE]);
        }
    }
}

/// Waits until both have agreed on who echoes: what is typed comes back.
#[track_caller]
pub(super) fn settled(terminal: &mut Terminal) {
    terminal.sees("wirelore> ");
    terminal.types("?");
    terminal.sees("?");
    terminal.types("\x7f");
    terminal.sees("\x08 \x08");
}
