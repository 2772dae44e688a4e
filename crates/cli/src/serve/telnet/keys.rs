//! From octets to keys: UTF-8, the ends of lines, and what the keys of common terminals send.

/// A key, by what it does here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Enter,
    Tab,
    /// BS or DEL: takes away what is left of the cursor.
    Backspace,
    /// The key "Delete": takes away what is under the cursor.
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    /// ^U
    KillLine,
    /// ^W
    KillWord,
    /// ^K
    KillRest,
    /// ^L
    Redraw,
    /// ^C
    Interrupt,
    /// ^D
    EndOfInput,
    /// Means nothing here.
    Other,
}

/// Puts keys together. Any octets are keys, of whatever kind.
#[derive(Debug, Default)]
pub(super) struct Keys {
    state: State,
    /// The last octet was a CR: a LF or NUL that follows belongs to it.
    after_cr: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Plain,
    /// After ESC.
    Escape,
    /// After ESC O.
    Single,
    /// After ESC [, and a number, or several, of which none is of use.
    Sequence(Option<u16>),
    /// Inside a character of UTF-8: its octets so far.
    Utf8 {
        octets: [u8; 4],
        len: usize,
        of: usize,
    },
}

impl Keys {
    /// The key that ends with this octet, if one does.
    pub(super) fn octet(&mut self, octet: u8) -> Option<Key> {
        let after_cr = std::mem::replace(&mut self.after_cr, octet == b'\r');
        if after_cr && matches!(octet, b'\n' | 0) {
            return None;
        }
        match std::mem::take(&mut self.state) {
            State::Plain => self.plain(octet),
            State::Escape => match octet {
                b'[' => self.go_on(State::Sequence(Some(0))),
                b'O' => self.go_on(State::Single),
                // ESC was a key of its own
                0..0x20 => self.plain(octet),
                _ => Some(Key::Other),
            },
            State::Single => Some(letter(octet)),
            State::Sequence(number) => match octet {
                b'0'..=b'9' => {
                    let digit = u16::from(octet - b'0');
                    let number =
                        number.map(|number| number.saturating_mul(10).saturating_add(digit));
                    self.go_on(State::Sequence(number))
                }
                // parameters and intermediates; with a modifier a key is another one
                0x20..=0x3f => self.go_on(State::Sequence(None)),
                b'~' => Some(match number {
                    Some(1 | 7) => Key::Home,
                    Some(4 | 8) => Key::End,
                    Some(3) => Key::Delete,
                    _ => Key::Other,
                }),
                0x40..0x7f => Some(letter(octet)),
                _ => self.plain(octet),
            },
            State::Utf8 {
                mut octets,
                len,
                of,
            } => {
                if octet & 0xc0 != 0x80 {
                    return self.plain(octet);
                }
                octets[len] = octet;
                let len = len + 1;
                if len < of {
                    return self.go_on(State::Utf8 { octets, len, of });
                }
                let text = std::str::from_utf8(&octets[..len]).ok();
                let c = text.and_then(|text| text.chars().next());
                Some(c.map_or(Key::Other, character))
            }
        }
    }

    fn go_on(&mut self, state: State) -> Option<Key> {
        self.state = state;
        None
    }

    fn plain(&mut self, octet: u8) -> Option<Key> {
        Some(match octet {
            0x1b => return self.go_on(State::Escape),
            0xc2..=0xf4 => {
                let of = match octet {
                    ..0xe0 => 2,
                    0xe0..0xf0 => 3,
                    _ => 4,
                };
                let octets = [octet, 0, 0, 0];
                return self.go_on(State::Utf8 { octets, len: 1, of });
            }
            b' '..=b'~' => Key::Char(octet.into()),
            b'\r' | b'\n' => Key::Enter,
            b'\t' => Key::Tab,
            0x08 | 0x7f => Key::Backspace,
            0x01 => Key::Home,
            0x02 => Key::Left,
            0x03 => Key::Interrupt,
            0x04 => Key::EndOfInput,
            0x05 => Key::End,
            0x06 => Key::Right,
            0x0b => Key::KillRest,
            0x0c => Key::Redraw,
            0x0e => Key::Down,
            0x10 => Key::Up,
            0x15 => Key::KillLine,
            0x17 => Key::KillWord,
            _ => Key::Other,
        })
    }
}

/// What ends in a letter, behind ESC [ or ESC O.
const fn letter(octet: u8) -> Key {
    match octet {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'M' => Key::Enter,
        _ => Key::Other,
    }
}

/// A character that may be sent back: what is not printable is none.
fn character(c: char) -> Key {
    let mut buf = [0; 4];
    let octets: &[u8] = c.encode_utf8(&mut buf).as_bytes();
    match wirelore_core::escape(octets).to_string().starts_with(c) {
        true => Key::Char(c),
        false => Key::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(octets: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        octets.iter().filter_map(|&o| keys.octet(o)).collect()
    }

    #[test]
    fn each_end_of_line_is_one_key() {
        use Key::{Char, Enter};
        assert_eq!(
            keys(b"a\r\nb\r\0c\rd\n\n"),
            [
                Char('a'),
                Enter,
                Char('b'),
                Enter,
                Char('c'),
                Enter,
                Char('d'),
                Enter,
                Enter
            ]
        );
        assert_eq!(keys(b"\r\r\n\r"), [Enter; 3]);
    }

    #[test]
    fn keys_of_terminals() {
        use Key::{Char, Delete, Down, End, Home, Interrupt, Left, Other, Right, Up};
        let arrows = [Up, Down, Right, Left, Home, End];
        assert_eq!(keys(b"\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F"), arrows);
        assert_eq!(keys(b"\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOF"), arrows);
        let edit = keys(b"\x1b[1~\x1b[7~\x1b[4~\x1b[8~\x1b[3~\x1b[5~");
        assert_eq!(edit, [Home, Home, End, End, Delete, Other]);
        assert_eq!(
            keys(b"\x1b[3;5~x\x1b[99999999999~y"),
            [Other, Char('x'), Other, Char('y')]
        );
        assert_eq!(keys(b"\x1bx\x1b\x03"), [Other, Interrupt]);
    }

    #[test]
    fn only_what_is_printable_is_a_character() {
        use Key::{Char, Other};
        let text = "äß€😀\u{9b}\u{202e}\u{200b}é";
        let found = keys(text.as_bytes());
        let wanted = [
            Char('ä'),
            Char('ß'),
            Char('€'),
            Char('😀'),
            Other,
            Other,
            Other,
            Char('é'),
        ];
        assert_eq!(found, wanted);
        // what breaks off is dropped, what follows is not
        assert_eq!(keys(b"\xe2\x82a\xff\x80\xc3"), [Char('a'), Other, Other]);
        assert_eq!(keys(b"\xed\xa0\x80\xf4\xff"), [Other, Other]);
    }

    #[test]
    fn any_octets_lead_somewhere() {
        let mut keys = Keys::default();
        let mut seed = 1_u32;
        let mut found = 0;
        for _ in 0..200_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            found += usize::from(keys.octet((seed >> 24) as u8).is_some());
        }
        assert!(found > 50_000, "{found}");
    }
}
