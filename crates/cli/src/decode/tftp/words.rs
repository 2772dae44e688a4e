//! A TFTP datagram in words for people.
//!
//! [`Packet::parse`] decides what is an error; the fields are cut here once more, because people
//! want to see as much as there is of a datagram that is refused.

use super::super::render::{Annotation, Field, Mark, Severity, Text, count_of, quoted};
use super::kind;
use std::ops::Range;
use wirelore_tftp::wire::{
    Direction, ErrorCode, Mode, OptionName, Options, Packet, ParseError, option_value,
};

pub(crate) fn annotate(datagram: &[u8]) -> Annotation {
    let packet = Packet::parse(datagram);
    let (head, words) = title(datagram, &packet);
    let mut page = Page {
        datagram,
        fields: Vec::new(),
        marks: Vec::new(),
    };
    if let Err(error) = packet {
        let reply = match error.reply_hint() {
            Some(code) => format!("ERROR {}", code.0),
            None => "silence".into(),
        };
        let text = format!("{error} [{}]; the answer is {reply}", kind(&error));
        page.mark(error.offset(), Severity::Error, text);
    }
    page.fields();
    Annotation {
        head,
        words,
        fields: page.fields,
        marks: page.marks,
    }
}

fn title(datagram: &[u8], packet: &Result<Packet<'_>, ParseError>) -> (&'static str, String) {
    match packet {
        Ok(packet) => (name(datagram), describe(packet)),
        Err(ParseError::UnknownOpcode { opcode }) => ("not TFTP:", format!("opcode {opcode}")),
        Err(_) => match name(datagram) {
            "" => ("not TFTP:", "too short".into()),
            name => ("malformed", name.into()),
        },
    }
}

/// The name of the packet by its opcode.
fn name(datagram: &[u8]) -> &'static str {
    match datagram {
        [0, 1, ..] => "RRQ",
        [0, 2, ..] => "WRQ",
        [0, 3, ..] => "DATA",
        [0, 4, ..] => "ACK",
        [0, 5, ..] => "ERROR",
        [0, 6, ..] => "OACK",
        _ => "",
    }
}

/// Everything but the name of the packet, in one line.
fn describe(packet: &Packet<'_>) -> String {
    match packet {
        Packet::Request(request) => {
            let mode = match request.mode() {
                Mode::Other => quoted(request.mode_name),
                mode => super::mode_word(mode).into(),
            };
            let options = list(&request.options);
            let comma = if options.is_empty() { "" } else { ", " };
            format!("{} {mode}{comma}{options}", quoted(request.filename))
        }
        Packet::Data(data) => format!("block {}, {}", data.block, octets(data.payload.len())),
        Packet::Ack(ack) => format!("block {}", ack.block),
        Packet::Error(error) if error.message.is_empty() => error.code.to_string(),
        Packet::Error(error) => format!("{} {}", error.code, quoted(error.message)),
        Packet::Oack(oack) => list(&oack.options),
    }
}

fn list(options: &Options<'_>) -> String {
    let show = |text: &[u8]| match text.iter().all(u8::is_ascii_alphanumeric) && !text.is_empty() {
        true => String::from_utf8_lossy(text).into_owned(),
        false => quoted(text),
    };
    options
        .iter()
        .map(|(name, value)| format!("{} {}", show(name), show(value)))
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn octets(count: usize) -> String {
    count_of(count as u64, "octet")
}

struct Page<'d> {
    datagram: &'d [u8],
    fields: Vec<Field>,
    marks: Vec<Mark>,
}

impl<'d> Page<'d> {
    fn fields(&mut self) {
        let len = self.datagram.len();
        let opcode = match name(self.datagram) {
            "" => return self.dump(0, ""),
            "RRQ" => "RRQ, read request",
            "WRQ" => "WRQ, write request",
            "OACK" => "OACK, options accepted",
            "ACK" => "ACK, acknowledgment",
            name => name,
        };
        self.field(0..2, "opcode", opcode, "");
        match (name(self.datagram), self.number(2)) {
            ("RRQ", _) => self.request(Direction::Read),
            ("WRQ", _) => self.request(Direction::Write),
            ("OACK", _) => self.options(2, None),
            (_, None) => self.dump(2, ""),
            ("DATA", Some(block)) => {
                self.field(2..4, "block", &block.to_string(), "");
                self.dump(4, "payload");
            }
            ("ACK", Some(block)) => {
                let meaning = match block {
                    0 => "answers a WRQ or an OACK (or block 65536)",
                    _ => "",
                };
                self.field(2..4, "block", &block.to_string(), meaning);
                if len > 4 {
                    self.extra(4, "octets after the block number mean nothing");
                }
            }
            (_, Some(code)) => self.error(code),
        }
    }

    fn request(&mut self, direction: Direction) {
        let Some((filename, mode_at)) = self.string(2, "filename") else {
            return;
        };
        self.field(2..mode_at, "filename", &quoted(filename), "");
        if filename.is_empty() {
            self.note(2, "the name is empty");
        }
        let Some((mode, options_at)) = self.string(mode_at, "mode") else {
            return;
        };
        let meaning = match Mode::of(mode) {
            Mode::Octet => "octets as they are",
            Mode::Netascii => "text, lines end with CR LF",
            Mode::Mail => "to a user, not a file",
            Mode::Other => "",
        };
        self.field(mode_at..options_at, "mode", &quoted(mode), meaning);
        match Mode::of(mode) {
            Mode::Octet | Mode::Netascii => {}
            Mode::Mail => self.note(mode_at, "obsolete: servers answer ERROR 4"),
            Mode::Other => self.note(mode_at, "no such mode: servers answer ERROR 4"),
        }
        self.options(options_at, Some(direction));
    }

    /// The options of a request in `direction`, or of an OACK.
    fn options(&mut self, mut at: usize, direction: Option<Direction>) {
        let mut seen: Vec<&[u8]> = Vec::new();
        while at < self.datagram.len() {
            if self.datagram[at..].iter().all(|&octet| octet == 0) {
                return self.extra(at, "padding");
            }
            let Some((name, value_at)) = self.string(at, "option") else {
                return;
            };
            let known = OptionName::of(name);
            self.field(at..value_at, "option", &quoted(name), purpose(name, known));
            if seen.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                self.note(at, "named before: the first one counts");
            }
            seen.push(name);
            if value_at == self.datagram.len() {
                return;
            }
            let Some((value, next)) = self.string(value_at, "value") else {
                return;
            };
            let (meaning, oddity) = match known {
                Some(option) => meaning(option, value, direction),
                None => (String::new(), None),
            };
            self.field(value_at..next, "value", &quoted(value), &meaning);
            if let Some(oddity) = oddity {
                self.note(value_at, oddity);
            }
            at = next;
        }
    }

    fn error(&mut self, code: u16) {
        self.field(2..4, "code", &code.to_string(), ErrorCode(code).meaning());
        let text = &self.datagram[4..];
        match text.iter().position(|&octet| octet == 0) {
            Some(len) => {
                self.field(4..4 + len + 1, "message", &quoted(&text[..len]), "");
                if len + 1 < text.len() {
                    self.extra(4 + len + 1, "octets after the message mean nothing");
                }
            }
            None => {
                self.field(4..4 + text.len(), "message", &quoted(text), "");
                self.note(self.datagram.len(), "the final NUL is missing");
            }
        }
    }

    /// The string that begins at `at`, without its NUL, and where the next one does. A string
    /// without NUL is the last thing that can be shown.
    fn string(&mut self, at: usize, label: &'static str) -> Option<(&'d [u8], usize)> {
        let rest = &self.datagram[at..];
        match rest.iter().position(|&octet| octet == 0) {
            Some(len) => Some((&rest[..len], at + len + 1)),
            None => {
                self.field(at..self.datagram.len(), label, &quoted(rest), "");
                None
            }
        }
    }

    fn number(&self, at: usize) -> Option<u16> {
        let octets = self.datagram.get(at..at + 2)?;
        Some(u16::from_be_bytes([octets[0], octets[1]]))
    }

    fn extra(&mut self, at: usize, what: &'static str) {
        self.dump(at, "");
        self.note(at, what);
    }

    fn dump(&mut self, at: usize, label: &'static str) {
        self.fields.push(Field {
            octets: at..self.datagram.len(),
            label,
            text: Text::Dump,
        });
    }

    fn field(&mut self, octets: Range<usize>, label: &'static str, value: &str, meaning: &str) {
        self.fields.push(Field {
            octets,
            label,
            text: Text::Words(value.into(), meaning.into()),
        });
    }

    fn note(&mut self, at: usize, text: &'static str) {
        self.mark(at, Severity::Note, text.into());
    }

    fn mark(&mut self, at: usize, severity: Severity, text: String) {
        self.marks.push(Mark { at, severity, text });
    }
}

/// What an option is for.
fn purpose(name: &[u8], known: Option<OptionName>) -> &'static str {
    match known {
        Some(OptionName::Blksize) => "size of a block",
        Some(OptionName::Windowsize) => "blocks per ACK",
        Some(OptionName::Timeout) => "wait before sending again",
        Some(OptionName::Utimeout) => "the same in microseconds",
        Some(OptionName::Tsize) => "size of the file",
        Some(OptionName::Rollover) => "the block after 65535",
        _ if name.eq_ignore_ascii_case(b"multicast") => "to many at once, RFC 2090",
        _ => "not known here",
    }
}

/// What the value of an option says, and what is wrong with it.
fn meaning(
    option: OptionName,
    value: &[u8],
    direction: Option<Direction>,
) -> (String, Option<&'static str>) {
    let Some(number) = option_value(value) else {
        return (String::new(), Some("not a decimal number"));
    };
    let within = |range: Range<u64>, oddity| (!range.contains(&number)).then_some(oddity);
    match option {
        OptionName::Blksize => (
            count_of(number, "octet"),
            within(8..65465, "blksize is 8 to 65464"),
        ),
        OptionName::Windowsize => (
            count_of(number, "block"),
            within(1..65536, "windowsize is 1 to 65535"),
        ),
        OptionName::Timeout => (
            count_of(number, "second"),
            within(1..256, "timeout is 1 to 255"),
        ),
        OptionName::Utimeout => (
            count_of(number, "microsecond"),
            within(10_000..255_000_001, "utimeout is 10000 to 255000000"),
        ),
        OptionName::Tsize => match (direction, number) {
            (Some(Direction::Read), 0) => ("asks for the size".into(), None),
            (Some(Direction::Read), _) => (
                count_of(number, "octet"),
                Some("tsize is 0 in a read request"),
            ),
            _ => (count_of(number, "octet"), None),
        },
        OptionName::Rollover => (
            format!("65535 is followed by {number}"),
            within(0..2, "rollover is 0 or 1"),
        ),
        _ => (String::new(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Valid datagrams, each cut everywhere, and with every octet replaced by a few others.
    fn datagrams() -> impl Iterator<Item = Vec<u8>> {
        let seeds: [&[u8]; 7] = [
            b"\0\x01name\0octet\0blksize\x001468\0tsize\x000\0\0\0",
            b"\0\x02na\xffme\x1b\0mail\0BLKSIZE\0x\0blksize\x001\0rollover\x002\0\0y\0",
            b"\0\x03\0\x01a payload of more than sixteen octets",
            b"\0\x04\0\0more",
            b"\0\x05\0\x01File\x07\0more",
            b"\0\x06utimeout\x0099999999999999999999\0windowsize\0\0multicast\0,,1\0",
            b"\x01\x00",
        ];
        seeds.into_iter().flat_map(|seed| {
            let cut = (0..=seed.len()).map(|len| seed[..len].to_vec());
            let changed = (0..seed.len()).flat_map(|at| {
                [0, 1, 5, b'7', 0x9b].map(|octet| {
                    let mut datagram = seed.to_vec();
                    datagram[at] = octet;
                    datagram
                })
            });
            cut.chain(changed)
        })
    }

    #[test]
    fn every_octet_is_shown_once_and_an_error_is_marked_as_the_parser_has_it() {
        for datagram in datagrams() {
            let found = annotate(&datagram);
            let shown = datagram.escape_ascii();
            let mut at = 0;
            for field in &found.fields {
                assert_eq!(field.octets.start, at, "{shown}");
                at = field.octets.end;
            }
            assert_eq!(at, datagram.len(), "{shown}");
            let errors = found.marks.iter().filter(|m| m.severity == Severity::Error);
            let errors: Vec<_> = errors.map(|mark| mark.at).collect();
            let wanted = Packet::parse(&datagram).err().map(|error| error.offset());
            assert_eq!(errors, Vec::from_iter(wanted), "{shown}");
            assert!(
                found.marks.iter().all(|mark| mark.at <= datagram.len()),
                "{shown}"
            );
        }
    }

    #[test]
    fn what_is_written_holds_nothing_that_a_terminal_obeys_and_every_mark() {
        for datagram in datagrams() {
            let found = annotate(&datagram);
            let mut page = format!("{}\n", found.title()).into_bytes();
            found
                .write(&datagram, false, &mut page)
                .expect("memory takes everything");
            let page = anstream::adapter::strip_bytes(&page).into_vec();
            let page = String::from_utf8(page).expect("pages are text");
            assert!(page.chars().all(|c| c == '\n' || !c.is_control()), "{page}");
            assert_eq!(page.matches("^^ ").count(), found.marks.len(), "{page}");
        }
    }
}
