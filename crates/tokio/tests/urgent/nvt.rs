//! As much of TELNET as urgent data needs.

use bytes::Bytes;
use std::convert::Infallible;
use wirelore_core::{Detach, Input, Machine, Step};

pub(crate) const IAC: u8 = 255;
pub(crate) const DM: u8 = 242;
pub(crate) const IP: u8 = 244;

/// Reads text with TELNET commands in it, and writes down what happens to it. `P` pauses, `B` is
/// answered with 1000 octets. From [`Machine::urgent`] on text is dropped until DM.
#[derive(Debug, Default)]
pub(crate) struct Nvt {
    pub(crate) log: Vec<String>,
    pub(crate) dropping: bool,
    pub(crate) paused: bool,
    /// Steps that were made.
    pub(crate) steps: usize,
    /// Octets that were consumed.
    pub(crate) consumed: usize,
    /// How many octets were consumed whenever urgent data was told of.
    pub(crate) told_at: Vec<usize>,
    /// DMs that came when nothing was dropped.
    pub(crate) idle_marks: usize,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard<D> {
    Text(D),
    Dropped(D),
    Command(u8),
    Pause,
}

impl Nvt {
    /// Writes text down, behind text of the same kind.
    fn write(&mut self, kind: &str, text: &[u8]) {
        let text = text.escape_ascii().to_string();
        match self.log.last_mut() {
            Some(last) if last.starts_with(kind) => last.push_str(&text),
            _ => self.log.push(format!("{kind}{text}")),
        }
    }

    fn note(&mut self, what: String) {
        self.log.push(what);
    }
}

impl Machine for Nvt {
    type Event<'i> = Heard<&'i [u8]>;
    type Error = Infallible;

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        out: &mut Vec<u8>,
    ) -> Result<Step<Heard<&'i [u8]>>, Infallible> {
        self.steps += 1;
        if self.paused && !self.dropping {
            return Ok(Step::paused());
        }
        let bytes = input.bytes();
        let (count, heard) = match bytes {
            [] | [IAC] if input.is_last() => return Ok(Step::done(bytes.len())),
            [] | [IAC] => return Ok(Step::need_more(0)),
            [IAC, command, ..] => {
                self.note(format!("command {command}"));
                if *command == DM {
                    self.idle_marks += usize::from(!self.dropping);
                    self.dropping = false;
                }
                (2, Heard::Command(*command))
            }
            [b'P', ..] if !self.dropping => {
                self.note("pause".into());
                self.paused = true;
                (1, Heard::Pause)
            }
            [b'B', ..] if !self.dropping => {
                out.resize(out.len() + 1000, b'b');
                self.write("text ", &bytes[..1]);
                (1, Heard::Text(&bytes[..1]))
            }
            _ => {
                let dropping = self.dropping;
                let ends = |octet: &u8| *octet == IAC || (!dropping && b"PB".contains(octet));
                let end = bytes.iter().position(ends).unwrap_or(bytes.len());
                let text = &bytes[..end];
                self.write(if dropping { "drop " } else { "text " }, text);
                let heard = match dropping {
                    true => Heard::Dropped(text),
                    false => Heard::Text(text),
                };
                (end, heard)
            }
        };
        self.consumed += count;
        Ok(Step::event(count, heard))
    }

    fn max_unconsumed(&self) -> usize {
        2
    }

    fn urgent(&mut self) {
        self.told_at.push(self.consumed);
        if !self.dropping {
            self.note("urgent".into());
        }
        self.dropping = true;
        self.paused = false;
    }
}

impl Detach for Nvt {
    type Owned = Heard<Bytes>;

    fn detach(event: Heard<&[u8]>, slice: &mut dyn FnMut(&[u8]) -> Bytes) -> Heard<Bytes> {
        match event {
            Heard::Text(text) => Heard::Text(slice(text)),
            Heard::Dropped(text) => Heard::Dropped(slice(text)),
            Heard::Command(command) => Heard::Command(command),
            Heard::Pause => Heard::Pause,
        }
    }
}
