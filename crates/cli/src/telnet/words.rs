//! What passes on the network, in words: `RCVD DO TTYPE`, `SENT SB TTYPE IS "XTERM"`.

use std::fmt::Write as _;
use wirelore_core::escape;
use wirelore_telnet_nvt::wire::items::{Item, items};
use wirelore_telnet_nvt::wire::option::{
    Environ, EnvironVerb, FlowControl, ForwardMask, Linemode, SlcTriplets, Status, StatusEntry,
    Subnegotiation, TerminalSpeed, TerminalType, VariableKind, XDisplayLocation,
};
use wirelore_telnet_nvt::{OptionCode, Payload};

/// The most octets of one command that are kept to be told of.
const LONGEST: usize = 4 << 10;

/// One direction of the network, read for its commands.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// The begin of a command whose end has not come.
    begun: Vec<u8>,
    /// A subnegotiation that is too long is passed over; whether the last octet was an IAC.
    skipping: Option<bool>,
}

impl Words {
    /// Reads on, and gives a line for each command.
    pub(crate) fn read(&mut self, octets: &[u8], mut line: impl FnMut(&str)) {
        let Some(octets) = self.skip(octets) else {
            return;
        };
        let joined;
        let all = if self.begun.is_empty() {
            octets
        } else {
            self.begun.extend_from_slice(octets);
            joined = std::mem::take(&mut self.begun);
            &joined
        };
        let mut items = items(all);
        for item in items.by_ref() {
            if let Some(text) = words(item) {
                line(&text);
            }
        }
        let rest = items.rest();
        if rest.len() > LONGEST {
            line("SB, too long to be shown");
            self.skipping = Some(rest.last() == Some(&255));
        } else {
            self.begun.extend_from_slice(rest);
        }
    }

    /// What follows the subnegotiation that is passed over.
    fn skip<'o>(&mut self, octets: &'o [u8]) -> Option<&'o [u8]> {
        let Some(mut iac) = self.skipping else {
            return Some(octets);
        };
        for (at, octet) in octets.iter().enumerate() {
            if iac && *octet == 240 {
                self.skipping = None;
                return Some(&octets[at + 1..]);
            }
            iac = !iac && *octet == 255;
        }
        self.skipping = Some(iac);
        None
    }
}

/// A line for what is not data.
fn words(item: Item<'_>) -> Option<String> {
    Some(match item {
        Item::Data(_) => return None,
        Item::Command(command) => format!("IAC {command}"),
        Item::Negotiation { verb, option } => format!("{verb} {option}"),
        Item::Subnegotiation { option, payload } => {
            format!("SB {option} {}", subnegotiation(option, payload))
        }
        Item::Interrupted { option, .. } => format!("SB {option}, interrupted"),
        Item::Stray(_) => "a subnegotiation that is none".into(),
        _ => "something else".into(),
    })
}

/// What a payload says, as far as that is known here; anything else in hex.
fn subnegotiation(option: OptionCode, payload: Payload<&[u8]>) -> String {
    let octets = payload.into_cow();
    match Subnegotiation::parse(option, &octets) {
        Ok(Some(said)) => meaning(&said),
        Ok(None) => hex(&octets),
        Err(error) => format!("{} ({})", hex(&octets), escape(&error.to_string())),
    }
}

fn meaning(said: &Subnegotiation<'_>) -> String {
    match said {
        Subnegotiation::TerminalType(TerminalType::Send)
        | Subnegotiation::TerminalSpeed(TerminalSpeed::Send)
        | Subnegotiation::XDisplayLocation(XDisplayLocation::Send)
        | Subnegotiation::Status(Status::Send) => "SEND".into(),
        Subnegotiation::TerminalType(TerminalType::Is(text))
        | Subnegotiation::XDisplayLocation(XDisplayLocation::Is(text)) => {
            format!("IS \"{}\"", escape(text))
        }
        Subnegotiation::TerminalSpeed(TerminalSpeed::Is { transmit, receive }) => {
            format!("IS {transmit},{receive}")
        }
        Subnegotiation::Naws(size) => format!("{}x{}", size.columns, size.rows),
        Subnegotiation::FlowControl(said) => String::from(match said {
            FlowControl::Off => "OFF",
            FlowControl::On => "ON",
            FlowControl::RestartAny => "RESTART-ANY",
            FlowControl::RestartXon => "RESTART-XON",
        }),
        Subnegotiation::Linemode(Linemode::Mode(mode)) => format!("MODE {mode}"),
        Subnegotiation::Linemode(Linemode::ForwardMask(mask)) => forward_mask(mask),
        Subnegotiation::Linemode(Linemode::Slc(triplets)) => slc(triplets),
        Subnegotiation::OldEnviron(said) | Subnegotiation::NewEnviron(said) => environ(said),
        Subnegotiation::Status(Status::Is(entries)) => {
            let mut text = String::from("IS");
            for entry in entries.iter() {
                let _ = match entry {
                    StatusEntry::Verb(verb, option) => write!(text, " {verb} {option}"),
                    StatusEntry::Subnegotiation(option, _) => write!(text, " SB {option}"),
                };
            }
            text
        }
        // what they show of the peer may not have been escaped
        other => escape(&format!("{other:?}")).to_string(),
    }
}

fn forward_mask(mask: &ForwardMask) -> String {
    match mask.mask() {
        Some(mask) => format!("DO FORWARDMASK {}", hex(mask.as_bytes())),
        None => format!("{} FORWARDMASK", mask.verb()),
    }
}

fn slc(triplets: &SlcTriplets<'_>) -> String {
    let mut text = String::from("SLC");
    for triplet in triplets.iter() {
        let (function, modifiers) = (triplet.function, triplet.modifiers);
        let _ = write!(text, " {function} {modifiers} {},", triplet.value);
    }
    text.trim_end_matches(',').into()
}

fn environ(said: &Environ<'_>) -> String {
    let mut text = String::from(match said.verb {
        EnvironVerb::Is => "IS",
        EnvironVerb::Send => "SEND",
        EnvironVerb::Info => "INFO",
    });
    for variable in said.variables.iter() {
        let kind = match variable.kind {
            VariableKind::Var => "VAR",
            VariableKind::UserVar => "USERVAR",
        };
        let _ = write!(text, " {kind} {:?}", variable.name);
        if let Some(value) = variable.value {
            let _ = write!(text, " VALUE {value:?}");
        }
    }
    text
}

/// So many octets are shown at most.
const SHOWN: usize = 64;

fn hex(octets: &[u8]) -> String {
    let shown = hex::encode(&octets[..octets.len().min(SHOWN)]);
    match octets.len() {
        0 => "(empty)".into(),
        len if len > SHOWN => format!("{shown}…, {len} octets"),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let (mut words, mut lines) = (Words::default(), Vec::new());
        for piece in pieces {
            words.read(piece, |line| lines.push(line.to_owned()));
        }
        lines
    }

    #[test]
    fn commands_are_named_however_they_are_cut() {
        let stream = b"ab\xff\xffc\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0x\xff\xf6\xff\xfb\xc8\
            \xff\xfa\x1f\x00\x50\x00\x18\xff\xf0\xff\xfa\x22\x01\x03\xff\xf0\
            \xff\xfa\x22\x03\x03\x62\x03\xff\xf0\xff\xfa\x27\x00\x00USER\x01bob\xff\xf0";
        let wanted = [
            "DO TTYPE",
            "SB TTYPE SEND",
            "IAC AYT",
            "WILL 200",
            "SB NAWS 80x24",
            "SB LINEMODE MODE EDIT|TRAPSIG",
            "SB LINEMODE SLC IP VALUE|FLUSHIN|FLUSHOUT 3",
            "SB NEW-ENVIRON IS VAR \"USER\" VALUE \"bob\"",
        ];
        assert_eq!(lines(&[stream]), wanted);
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(lines(&single), wanted);
    }

    #[test]
    fn nothing_of_a_peer_is_shown_as_it_is() {
        let bad = b"\xff\xfa\x18\x00\x1b[2J\r\n\xff\xf0\xff\xfa\xc9\x1b[2J \x07\xff\xf0\
            \xff\xfa\x27\x00\x00\x1b\x01\x07\xff\xf0\xff\xfa\x45\x01\x1b\x02\x07\xff\xf0";
        let lines = lines(&[bad]);
        assert_eq!(lines.len(), 4);
        for line in &lines {
            assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
        }
        assert_eq!(lines[0], r#"SB TTYPE IS "\x1b[2J\r\n""#);
    }

    #[test]
    fn a_subnegotiation_without_end_fills_no_memory() {
        let mut words = Words::default();
        let mut lines = Vec::new();
        words.read(b"\xff\xfa\x18", |line| lines.push(line.to_owned()));
        for _ in 0..100 {
            words.read(&[b'x'; 1000], |line| lines.push(line.to_owned()));
            assert!(words.begun.len() <= LONGEST);
        }
        words.read(b"\xff\xff\xff\xf0\xff\xf6", |line| {
            lines.push(line.to_owned());
        });
        assert_eq!(lines, ["SB, too long to be shown", "IAC AYT"]);
    }
}
