//! What both endpoints do alike.

use alloc::vec::Vec;

use crate::nvt::{Agreed, Mode, TextEncoder};
use crate::wire::escape_into;
use crate::wire::option::{
    Charset, CharsetNames, CharsetRequest, Status, StatusEntries, StatusEntry,
};
use crate::wire::payload::write_subnegotiation;
use crate::{Command, Event, Fact, Input, Machine, Next, OptionCode, Receiver, Side, Step, Verb};

/// A receiver, an encoder, and the options that are the same for both roles.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) receiver: Receiver,
    encoder: TextEncoder,
    /// Character sets to agree to, the best first.
    charsets: Vec<Vec<u8>>,
    pub(crate) charset: Option<Vec<u8>>,
    /// Our offer of character sets was not answered yet.
    has_offered: bool,
    /// We are the server, which has the last word about character sets.
    is_server: bool,
    /// A second fact about the octets of the last event.
    pub(crate) learned: Option<Fact>,
    /// For payloads that are being made.
    pub(crate) scratch: Vec<u8>,
}

impl Session {
    pub(crate) fn new(receiver: Receiver, charsets: Vec<Vec<u8>>, is_server: bool) -> Self {
        Self {
            receiver,
            encoder: TextEncoder::default(),
            charsets,
            charset: None,
            has_offered: false,
            is_server,
            learned: None,
            scratch: Vec::new(),
        }
    }

    /// A step of the receiver, or what the last one has taught.
    pub(crate) fn step<'i>(
        &mut self,
        input: Input<'i>,
        out: &mut Vec<u8>,
    ) -> Step<Event<&'i [u8]>> {
        if let Some(fact) = self.learned.take() {
            return Step::event(0, Event::Learned(fact));
        }
        let before = out.len();
        let Ok(step) = self.receiver.step(input, out);
        if let Next::Event(Event::Subnegotiation { option, payload }) = &step.next {
            match *option {
                OptionCode::STATUS if self.is_on(Side::Us, *option) => {
                    self.learned = self.status(&payload.to_cow(), out);
                }
                OptionCode::CHARSET => self.learned = self.heard_charset(&payload.to_cow(), out),
                _ => {}
            }
        }
        if out.len() > before && self.encoder.owes() {
            // what was written last ends with a CR: no command may come between it and its NUL
            out.insert(before, 0);
            self.encoder = TextEncoder::new();
        }
        step
    }

    /// To be called before anything but text is sent: a CR that was written last gets its NUL.
    pub(crate) fn settle(&mut self, out: &mut Vec<u8>) {
        self.encoder.finish(out);
    }

    pub(crate) const fn is_on(&self, side: Side, option: OptionCode) -> bool {
        self.receiver.is_on(side, option)
    }

    /// How the keyboard at `side` works.
    pub(crate) const fn mode(&self, keyboard: Side) -> Mode {
        let us = self.agreed(Side::Us);
        let him = self.agreed(Side::Him);
        Mode::of(keyboard, us, him)
    }

    const fn agreed(&self, side: Side) -> Agreed {
        Agreed {
            echo: self.is_on(side, OptionCode::ECHO),
            sga: self.is_on(side, OptionCode::SGA),
        }
    }

    /// Local text: lines end with LF, unless BINARY is in effect.
    pub(crate) fn write(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if self.is_on(Side::Us, OptionCode::BINARY) {
            self.encoder.finish(out);
            escape_into(text, out);
        } else {
            self.encoder.encode(text, out);
        }
    }

    /// The same with CR LF in BINARY, too, where nobody makes it of LF; a CR alone stays alone there.
    pub(crate) fn write_lines(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if !self.is_on(Side::Us, OptionCode::BINARY) {
            return self.encoder.encode(text, out);
        }
        self.encoder.finish(out);
        for line in text.split_inclusive(|&octet| octet == b'\n') {
            match line {
                [start @ .., b'\n'] if !start.ends_with(b"\r") => {
                    escape_into(start, out);
                    out.extend_from_slice(b"\r\n");
                }
                _ => escape_into(line, out),
            }
        }
    }

    /// Octets that are NVT text already, or not text at all.
    pub(crate) fn write_raw(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        self.encoder.finish(out);
        escape_into(octets, out);
    }

    /// Sends what `encode` appends to a payload.
    pub(crate) fn send<E>(
        &mut self,
        option: OptionCode,
        out: &mut Vec<u8>,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) {
        self.scratch.clear();
        if encode(&mut self.scratch).is_ok() {
            self.settle(out);
            write_subnegotiation(option, &self.scratch, out);
        }
    }

    /// The same for what cannot fail.
    pub(crate) fn send_with(
        &mut self,
        option: OptionCode,
        out: &mut Vec<u8>,
        encode: impl FnOnce(&mut Vec<u8>),
    ) {
        self.scratch.clear();
        encode(&mut self.scratch);
        self.settle(out);
        write_subnegotiation(option, &self.scratch, out);
    }

    /// RFC 859: tells what we believe to be on, when asked to.
    fn status(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Option<Fact> {
        match Status::parse(payload) {
            Ok(Status::Send) => {}
            Ok(_) => return None,
            Err(error) => {
                let option = OptionCode::STATUS;
                return Some(Fact::Malformed { option, error });
            }
        }
        let negotiation = self.receiver.negotiation();
        let mut entries = Vec::new();
        for (side, verb) in [(Side::Us, Verb::Will), (Side::Him, Verb::Do)] {
            let on = negotiation.on(side);
            entries.extend(on.iter().map(|option| StatusEntry::Verb(verb, option)));
        }
        let status = Status::Is(StatusEntries::of(&entries));
        self.send(OptionCode::STATUS, out, |p| status.encode(p));
        None
    }

    /// RFC 2066: of what the peer offers, the one that we like best is accepted. When both offer at
    /// the same time, the server's offer is answered and the client's is rejected.
    fn heard_charset(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Option<Fact> {
        let option = OptionCode::CHARSET;
        if !self.is_on(Side::Us, option) {
            self.has_offered = false;
            if !self.is_on(Side::Him, option) {
                return None;
            }
        }
        let said = match Charset::parse(payload) {
            Ok(said) => said,
            Err(error) => return Some(Fact::Malformed { option, error }),
        };
        match said {
            Charset::Request(_) if self.is_server && self.has_offered => {
                self.send(option, out, |p| Charset::Rejected.encode(p));
                None
            }
            Charset::Request(request) => {
                // the answer has the peer's spelling
                let chosen = self.charsets.iter().find_map(|ours| {
                    let mut names = request.names.iter();
                    let theirs = names.find(|name| name.eq_ignore_ascii_case(ours))?;
                    Some((ours.clone(), theirs))
                });
                let answer = match &chosen {
                    Some((_, theirs)) => Charset::Accepted(theirs),
                    None => Charset::Rejected,
                };
                self.send(option, out, |p| answer.encode(p));
                let rejected = chosen.is_none();
                let ours = chosen.map(|(ours, _)| ours);
                self.charset = ours.or(self.charset.take());
                Some(Fact::Charset { rejected })
            }
            Charset::Accepted(name) if self.has_offered => {
                self.has_offered = false;
                // only what was offered
                let ours = self.charsets.iter();
                let chosen = ours.clone().find(|c| c.eq_ignore_ascii_case(name));
                let rejected = chosen.is_none();
                self.charset = chosen.cloned().or(self.charset.take());
                Some(Fact::Charset { rejected })
            }
            Charset::Rejected if self.has_offered => {
                self.has_offered = false;
                Some(Fact::Charset { rejected: true })
            }
            // we did not say that we take one
            Charset::TtableIs(_) => {
                self.has_offered = false;
                self.send(option, out, |p| Charset::TtableRejected.encode(p));
                Some(Fact::Charset { rejected: true })
            }
            _ => None,
        }
    }

    /// Offers our character sets: the side that said WILL does (RFC 2066).
    pub(crate) fn offer_charsets(&mut self, out: &mut Vec<u8>) {
        let charsets = core::mem::take(&mut self.charsets);
        let names: Vec<&[u8]> = charsets.iter().map(Vec::as_slice).collect();
        let request = Charset::Request(CharsetRequest {
            separator: b';',
            names: CharsetNames::of(&names),
            ttable: None,
        });
        self.send(OptionCode::CHARSET, out, |p| request.encode(p));
        self.has_offered = !self.scratch.is_empty();
        self.charsets = charsets;
    }

    /// See `Server::prompt_ends`.
    pub(crate) fn prompt_ends(&mut self, out: &mut Vec<u8>) {
        if self.is_on(Side::Us, OptionCode::EOR) {
            out.extend_from_slice(&[255, Command::EOR.0]);
        }
        if !self.is_on(Side::Us, OptionCode::SGA) {
            out.extend_from_slice(&[255, Command::GA.0]);
        }
    }
}
