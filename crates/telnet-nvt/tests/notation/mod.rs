//! Conversations in the notation of the RFCs.
//!
//! ```text
//! == 1073-6 client-suggests
//! # the server agrees
//! C: IAC WILL NAWS
//! S: IAC DO NAWS
//! C: IAC SB NAWS 1 44 0 24 IAC SE
//! ```
//!
//! `== NAME` begins a conversation, `#` a remark. `C: ` and `S: ` are followed by what the client
//! or the server says, in names, decimal octets and quoted text, as they stand on the wire: a 255 in a
//! payload is written as `IAC 255`. `C> ` and `S> ` are followed by what the application of that side
//! does, `C= ` and `S= ` by the data that it was told of since the last such line.

use wirelore_telnet_nvt::wire::option::SlcFunction;
use wirelore_telnet_nvt::{Command, OptionCode};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Says(Who, Vec<u8>),
    Does(Who, String),
    Told(Who, Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Client,
    Server,
}

/// The lines of the conversation called `name`.
pub(super) fn conversation(text: &str, name: &str) -> Vec<Line> {
    let begin = |line: &&str| line.strip_prefix("== ") == Some(name);
    let lines = text.lines().map(str::trim).skip_while(|line| !begin(line));
    let lines = lines.skip(1).take_while(|line| !line.starts_with("=="));
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lines: Vec<Line> = lines.map(line).collect();
    assert!(!lines.is_empty(), "no conversation {name}");
    lines
}

/// The names of all conversations.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.strip_prefix("== "))
}

fn line(line: &str) -> Line {
    let (kind, rest) = line.split_at(2);
    let who = match &kind[..1] {
        "C" => Who::Client,
        "S" => Who::Server,
        _ => panic!("not a line: {line}"),
    };
    match &kind[1..] {
        ":" => Line::Says(who, octets(rest)),
        ">" => Line::Does(who, rest.trim().to_owned()),
        "=" => Line::Told(who, octets(rest)),
        _ => panic!("not a line: {line}"),
    }
}

/// What stands in quotes, and words that are none.
pub(super) fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.push(c);
            }
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    assert!(!quoted, "no end of a quotation: {text}");
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The octets of some words.
pub(super) fn octets(text: &str) -> Vec<u8> {
    let mut place = Place::Data;
    let mut octets = Vec::new();
    for word in words(text) {
        if let Some(quoted) = word.strip_prefix('"') {
            octets.extend(unquoted(quoted.trim_end_matches('"')));
            if let Place::Slc(_) = place {
                panic!("no text among triplets: {text}");
            }
            continue;
        }
        let octet = octet(&word, place).unwrap_or_else(|| panic!("{word} in {text}"));
        octets.push(octet);
        place = place.after(octet);
    }
    octets
}

fn unquoted(text: &str) -> Vec<u8> {
    let (mut octets, mut chars) = (Vec::new(), text.chars());
    while let Some(c) = chars.next() {
        let octet = match c {
            '\\' => match chars.next() {
                Some('r') => b'\r',
                Some('n') => b'\n',
                Some('0') => 0,
                other => panic!("\\{other:?}"),
            },
            c => u8::try_from(c).expect("Latin 1"),
        };
        octets.push(octet);
    }
    octets
}

/// Where a word stands decides what it means.
#[derive(Clone, Copy)]
enum Place {
    Data,
    Iac,
    Verb,
    Sb,
    Payload(OptionCode),
    /// Behind an IAC in a payload.
    Inside(OptionCode),
    /// The next octet of a triplet.
    Slc(u8),
    InsideSlc(u8),
}

impl Place {
    fn after(self, octet: u8) -> Self {
        match (self, octet) {
            (Self::Data, 255) => Self::Iac,
            (Self::Iac, 251..=254) => Self::Verb,
            (Self::Iac, 250) => Self::Sb,
            (Self::Sb, option) => Self::Payload(OptionCode(option)),
            (Self::Payload(option), 255) => Self::Inside(option),
            (Self::Payload(OptionCode::LINEMODE), 3) => Self::Slc(0),
            (Self::Payload(option), _) => Self::Payload(option),
            (Self::Slc(at), 255) => Self::InsideSlc(at),
            (Self::Slc(at), _) => Self::Slc((at + 1) % 3),
            (Self::InsideSlc(at), 255) => Self::Slc((at + 1) % 3),
            (Self::Inside(option), 255) => Self::Payload(option),
            (Self::Inside(_) | Self::InsideSlc(_) | Self::Data | Self::Iac | Self::Verb, _) => {
                Self::Data
            }
        }
    }
}

fn octet(word: &str, place: Place) -> Option<u8> {
    if word == "IAC" {
        return Some(255);
    }
    if let Ok(octet) = word.parse() {
        return Some(octet);
    }
    match place {
        Place::Data => None,
        Place::Iac | Place::Inside(_) | Place::InsideSlc(_) => command(word),
        Place::Verb | Place::Sb => option(word),
        Place::Slc(0) => {
            let found = SlcFunction::every().find(|f| f.name() == Some(word));
            found.map(|function| function.0)
        }
        Place::Slc(_) => flags(word, SLC),
        Place::Payload(OptionCode::LINEMODE) => flags(word, LINEMODE).or_else(|| command(word)),
        Place::Payload(code) => {
            let words = match code {
                OptionCode::NEW_ENVIRON | OptionCode::OLD_ENVIRON => ENVIRON,
                OptionCode::CHARSET => CHARSET,
                OptionCode::LFLOW => LFLOW,
                _ => IS_SEND,
            };
            let found = flags(word, words);
            found.or_else(|| command(word)).or_else(|| option(word))
        }
    }
}

fn flags(word: &str, table: &[(&str, u8)]) -> Option<u8> {
    let flag = |name: &str| {
        table
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, octet)| *octet)
    };
    word.split('|')
        .try_fold(0, |sum, name| Some(sum | flag(name)?))
}

fn command(word: &str) -> Option<u8> {
    let plain = word.replace('\'', "");
    let found = (236..=254).find(|&code| Command(code).name() == Some(&plain));
    found.or(match word {
        "Data-Mark" => Some(242),
        "Break" => Some(243),
        _ => None,
    })
}

pub(super) fn option(word: &str) -> Option<u8> {
    let usual = match word {
        "TRANSMIT-BINARY" => "BINARY",
        "SUPPRESS-GO-AHEAD" => "SGA",
        "TERMINAL-TYPE" => "TTYPE",
        "END-OF-RECORD" => "EOR",
        "TERMINAL-SPEED" => "TSPEED",
        "TOGGLE-FLOW-CONTROL" => "LFLOW",
        "X-DISPLAY-LOCATION" => "XDISPLOC",
        word => word,
    };
    let known = OptionCode::from_name(usual).map(|option| option.0);
    known.or_else(|| word.parse().ok())
}

const IS_SEND: &[(&str, u8)] = &[("IS", 0), ("SEND", 1)];
const LFLOW: &[(&str, u8)] = &[
    ("OFF", 0),
    ("ON", 1),
    ("RESTART-ANY", 2),
    ("RESTART-XON", 3),
];
const ENVIRON: &[(&str, u8)] = &[
    ("IS", 0),
    ("SEND", 1),
    ("INFO", 2),
    ("VAR", 0),
    ("VALUE", 1),
    ("ESC", 2),
    ("USERVAR", 3),
];
const CHARSET: &[(&str, u8)] = &[
    ("REQUEST", 1),
    ("ACCEPTED", 2),
    ("REJECTED", 3),
    ("TTABLE-IS", 4),
    ("TTABLE-REJECTED", 5),
    ("TTABLE-ACK", 6),
    ("TTABLE-NAK", 7),
];
const LINEMODE: &[(&str, u8)] = &[
    ("MODE", 1),
    ("FORWARDMASK", 2),
    ("SLC", 3),
    ("EDIT", 1),
    ("TRAPSIG", 2),
    ("MODE_ACK", 4),
    ("SOFT_TAB", 8),
    ("LIT_ECHO", 16),
];
const SLC: &[(&str, u8)] = &[
    ("NOSUPPORT", 0),
    ("CANTCHANGE", 1),
    ("VALUE", 2),
    ("DEFAULT", 3),
    ("FLUSHOUT", 32),
    ("FLUSHIN", 64),
    ("ACK", 128),
];
