//! Lines from a keyboard, edited as RFC 854 says.

mod keys;

use alloc::vec::Vec;

use super::Codes;
use super::codes::last_char;
use crate::wire::code::Command;
use crate::wire::escape_into;

use keys::{Class, classes};

pub use keys::Keys;

const BS: u8 = 0x08;
const LF: u8 = b'\n';
const CR: u8 = b'\r';
const NEW_LINE: &[u8] = b"\r\n";

/// What a line may be, and how it is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EditorConfig {
    /// The longest line in octets, without its end. Default: 1024.
    pub max_line: usize,
    /// What ends a line besides CR LF.
    pub line_ends: LineEnds,
    /// What the codes 128 to 255 are. Default: nothing, they are dropped.
    pub codes: Codes,
    /// Control codes that mean nothing here stand in the line, as "a Telnet connection is fully
    /// transparent to all 7-bit ASCII characters, including arbitrary ASCII control characters"
    /// (RFC 1123 section 3.2.5). Otherwise they are dropped. NUL always is. Default: yes.
    pub controls: bool,
    /// The keys that edit.
    pub keys: Keys,
    /// What is sent back. Default: nothing.
    pub echo: Echo,
}

impl Default for EditorConfig {
    fn default() -> Self {
        Self {
            max_line: 1024,
            line_ends: LineEnds::default(),
            codes: Codes::default(),
            controls: true,
            keys: Keys::default(),
            echo: Echo::default(),
        }
    }
}

/// What ends a line. CR LF always does, as one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineEnds {
    /// CR alone, sent as CR NUL: "CR LF and CR NUL MUST have the same effect on an ASCII server host
    /// when received as input over a Telnet connection" (RFC 1123 section 3.3.1). A line ends with
    /// the CR then, and a LF that comes next belongs to it. If not, a CR waits for the next octet,
    /// and is a control code in the line unless that is a LF. Default: yes.
    pub cr: bool,
    /// LF alone. User programs "MUST be able to send" it (RFC 1123 section 3.3.1). If not, it is a
    /// control code in the line. Default: yes.
    pub lf: bool,
}

impl Default for LineEnds {
    fn default() -> Self {
        Self { cr: true, lf: true }
    }
}

/// What is sent back of what is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Echo {
    /// Nothing. "When the echoing option is not in effect, the receiver of data characters should
    /// not echo them back to the sender" (RFC 857 section 5).
    #[default]
    Off,
    /// Everything: text as it is, a control code as a circumflex and a letter, an erasure as BS SP
    /// BS for each column, the line end as CR LF. "The option does not require that the characters
    /// echoed be exactly the characters received" (RFC 857 section 5).
    On,
    /// Line ends only, while ECHO is in effect and a password is typed.
    Hidden,
}

/// What happened to the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// It ended: [`LineEditor::line`] has it, without its end.
    Line,
    /// It became longer than [`EditorConfig::max_line`]: [`LineEditor::line`] has what fitted. Comes
    /// once for a line; the rest of it is dropped, its end is no [`Line`](Self::Line). Erasing the
    /// whole line begins a new one.
    TooLong,
    /// The interrupt key: the line is gone.
    Interrupt,
    /// The key for the end of the input, on an empty line.
    EndOfFile,
    /// The redraw key: send the prompt, if there is one, and call [`LineEditor::redraw`].
    Redraw,
}

/// Makes lines of what is typed: one bounded line, edited by EC and EL and by local keys, and the
/// echo for it.
///
/// It does not matter whether the user sends single characters or whole lines, nor how the data was
/// cut. Nothing is allocated once the line has grown to its limit.
///
/// ```
/// # use wirelore_telnet_nvt::nvt::{Echo, Edit, EditorConfig, LineEditor};
/// let mut editor = LineEditor::new(EditorConfig { echo: Echo::On, ..Default::default() });
/// let mut out = Vec::new();
/// let mut rest: &[u8] = b"lx\x7fs\r\nexit\r\n";
/// let mut lines = Vec::new();
/// while !rest.is_empty() {
///     let (used, edit) = editor.feed(rest, &mut out);
///     rest = &rest[used..];
///     if edit == Some(Edit::Line) {
///         lines.push(editor.line().to_vec());
///     }
/// }
/// assert_eq!(lines, [&b"ls"[..], b"exit"]);
/// assert_eq!(out, b"lx\x08 \x08s\r\nexit\r\n");
/// ```
#[derive(Clone, Debug)]
pub struct LineEditor {
    config: EditorConfig,
    classes: [Class; 256],
    line: Vec<u8>,
    /// The octet before was a CR: it ended a line, or it waits, as `line_ends.cr` says.
    cr: bool,
    /// The line was reported as too long; `line` is its beginning.
    too_long: bool,
    /// `line` was reported as ended.
    ended: bool,
}

impl LineEditor {
    /// An editor with an empty line.
    #[must_use]
    pub fn new(config: EditorConfig) -> Self {
        Self {
            classes: classes(&config),
            config,
            line: Vec::new(),
            cr: false,
            too_long: false,
            ended: false,
        }
    }

    /// How it edits.
    #[must_use]
    pub const fn config(&self) -> &EditorConfig {
        &self.config
    }

    /// Changes the echo from the next octet on: when ECHO is agreed or ended, or around a password.
    /// In the middle of a line, erasures do not know what of it was shown.
    pub const fn set_echo(&mut self, echo: Echo) {
        self.config.echo = echo;
    }

    /// After [`Edit::Line`] or [`Edit::TooLong`], what was reported; otherwise the line as far as it
    /// was typed.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// The next octets from the receiver, up to the first event. Appends the echo, as NVT text.
    /// Returns how many octets were used; the others must be given again. Unless `data` is empty, it
    /// uses one or returns an event.
    ///
    /// An octet costs a few octets of `out`, but an event may make the caller write more: for a peer
    /// that does not read, stop at a limit.
    pub fn feed(&mut self, data: &[u8], out: &mut Vec<u8>) -> (usize, Option<Edit>) {
        self.begin();
        let mut at = 0;
        while let Some(&octet) = data.get(at) {
            if self.cr {
                self.cr = false;
                if octet == LF {
                    at += 1;
                    if !self.config.line_ends.cr && self.end(out) {
                        return (at, Some(Edit::Line));
                    }
                    continue;
                }
                if !self.config.line_ends.cr && self.control(CR, out) {
                    return (at, Some(Edit::TooLong));
                }
            }
            let class = self.classes[usize::from(octet)];
            if class == Class::Text {
                let rest = &data[at..];
                let text = |octet: &&u8| self.classes[usize::from(**octet)] == Class::Text;
                let run = rest.iter().take_while(text).count();
                let (used, too_long) = self.text(&rest[..run], out);
                at += used;
                if too_long {
                    return (at, Some(Edit::TooLong));
                }
                continue;
            }
            at += 1;
            let edit = match class {
                Class::Text | Class::Ignored => None,
                Class::Control => self.control(octet, out).then_some(Edit::TooLong),
                Class::CarriageReturn if !self.config.line_ends.cr => {
                    self.cr = true;
                    None
                }
                Class::CarriageReturn => {
                    if data.get(at) == Some(&LF) {
                        at += 1;
                    } else {
                        self.cr = true;
                    }
                    self.end(out).then_some(Edit::Line)
                }
                Class::LineFeed => self.end(out).then_some(Edit::Line),
                Class::Erase => {
                    self.erase_character(out);
                    None
                }
                Class::EraseWord => {
                    self.erase_word(out);
                    None
                }
                Class::EraseLine => {
                    self.erase_line(out);
                    None
                }
                Class::Redraw => {
                    self.show_key(octet, out);
                    Some(Edit::Redraw)
                }
                Class::Interrupt => {
                    self.show_key(octet, out);
                    self.clear();
                    Some(Edit::Interrupt)
                }
                Class::EndOfFile => {
                    let empty = self.line.is_empty() && !self.too_long;
                    empty.then_some(Edit::EndOfFile)
                }
            };
            if edit.is_some() {
                return (at, edit);
            }
        }
        (at, None)
    }

    /// A command from the receiver. EC: "delete the last preceding undeleted character or "print
    /// position" from the data stream". EL: "delete characters from the data stream back to, but not
    /// including, the last "CR LF" sequence" (RFC 854). Others are not the editor's: the answer is
    /// `false`.
    pub fn command(&mut self, command: Command, out: &mut Vec<u8>) -> bool {
        if !matches!(command, Command::EC | Command::EL) {
            return false;
        }
        self.begin();
        if self.cr && !self.config.line_ends.cr {
            // The waiting CR is the last character; no line end can come of it now.
            self.cr = false;
            if command == Command::EC && self.config.controls && !self.too_long {
                return true;
            }
        }
        match command {
            Command::EC => self.erase_character(out),
            _ => self.erase_line(out),
        }
        true
    }

    /// Forgets the line as far as it was typed, without an echo: for what the server does on IP, and
    /// for text that a Synch discarded.
    pub fn clear(&mut self) {
        self.line.clear();
        self.too_long = false;
        self.ended = false;
    }

    /// Appends the line as it is shown, as NVT text: behind a new prompt, or after other output that
    /// broke into it. Nothing unless everything is echoed.
    pub fn redraw(&self, out: &mut Vec<u8>) {
        if self.config.echo != Echo::On || self.ended {
            return;
        }
        let control = |octet: &u8| is_control(*octet);
        for piece in self.line.split_inclusive(control) {
            let (text, last) = match piece.split_last() {
                Some((last, text)) if is_control(*last) => (text, Some(*last)),
                _ => (piece, None),
            };
            escape_into(text, out);
            if let Some(octet) = last {
                out.extend_from_slice(&shown(octet));
            }
        }
    }

    fn begin(&mut self) {
        if self.ended {
            self.clear();
        }
    }

    /// Takes a run of text: what was used, and whether the line became too long with the last of it.
    fn text(&mut self, run: &[u8], out: &mut Vec<u8>) -> (usize, bool) {
        if self.too_long {
            return (run.len(), false);
        }
        let room = self.config.max_line - self.line.len();
        let fits = &run[..run.len().min(room)];
        self.line.extend_from_slice(fits);
        if self.config.echo == Echo::On {
            escape_into(fits, out);
        }
        self.too_long = fits.len() < run.len();
        (fits.len() + usize::from(self.too_long), self.too_long)
    }

    /// Takes a control code as data: whether the line became too long with it.
    fn control(&mut self, octet: u8, out: &mut Vec<u8>) -> bool {
        if self.too_long || !self.config.controls {
            return false;
        }
        if self.line.len() == self.config.max_line {
            self.too_long = true;
            return true;
        }
        self.line.push(octet);
        if self.config.echo == Echo::On {
            out.extend_from_slice(&shown(octet));
        }
        false
    }

    /// The line end: whether there is a line to report.
    fn end(&mut self, out: &mut Vec<u8>) -> bool {
        if self.config.echo != Echo::Off {
            out.extend_from_slice(NEW_LINE);
        }
        if self.too_long {
            self.clear();
        } else {
            self.ended = true;
        }
        self.ended
    }

    fn erase_character(&mut self, out: &mut Vec<u8>) {
        if self.too_long {
            return;
        }
        let (octets, columns) = last_position(&self.line, self.config.codes);
        self.erase(octets, columns, out);
    }

    fn erase_word(&mut self, out: &mut Vec<u8>) {
        if self.too_long {
            return;
        }
        let mut from = self.line.len();
        let mut columns = 0;
        let mut in_word = false;
        while from > 0 {
            let rest = &self.line[..from];
            let (octets, width) = last_position(rest, self.config.codes);
            let blank = matches!(rest[from - octets..], [b' ' | b'\t']);
            if blank && in_word {
                break;
            }
            in_word |= !blank;
            from -= octets;
            columns += width;
        }
        self.erase(self.line.len() - from, columns, out);
    }

    fn erase_line(&mut self, out: &mut Vec<u8>) {
        let columns = width(&self.line, self.config.codes);
        self.erase(self.line.len(), columns, out);
        self.too_long = false;
    }

    fn erase(&mut self, octets: usize, columns: usize, out: &mut Vec<u8>) {
        self.line.truncate(self.line.len() - octets);
        if self.config.echo == Echo::On {
            for _ in 0..columns {
                out.extend_from_slice(&[BS, b' ', BS]);
            }
        }
    }

    /// The echo of a key that ends what is on the screen.
    fn show_key(&self, octet: u8, out: &mut Vec<u8>) {
        if self.config.echo == Echo::On {
            if is_control(octet) {
                out.extend_from_slice(&shown(octet));
            } else {
                escape_into(&[octet], out);
            }
        }
        if self.config.echo != Echo::Off {
            out.extend_from_slice(NEW_LINE);
        }
    }
}

const fn is_control(octet: u8) -> bool {
    octet < 32 || octet == 0x7f
}

/// A control code as it is shown: ^A for 1, ^? for 127.
const fn shown(control: u8) -> [u8; 2] {
    [b'^', control ^ 0x40]
}

/// The octets and columns of the last print position. It "may contain several characters which are
/// the result of overstrikes, or of sequences such as <char1> BS <char2>" (RFC 854).
fn last_position(line: &[u8], codes: Codes) -> (usize, usize) {
    let mut start = line.len();
    let mut columns = 0;
    while let Some((octets, width)) = last_shown(&line[..start], codes) {
        start -= octets;
        columns += width;
        if width == 0 {
            // a mark on the character before it
            continue;
        }
        match line[..start] {
            [.., before, BS] if before != BS && line[start] != BS => {
                start -= 1;
                columns += 2;
            }
            _ => break,
        }
    }
    (line.len() - start, columns)
}

/// The columns of `text` as it is shown.
fn width(text: &[u8], codes: Codes) -> usize {
    let mut rest = text;
    let mut columns = 0;
    while let Some((octets, width)) = last_shown(rest, codes) {
        rest = &rest[..rest.len() - octets];
        columns += width;
    }
    columns
}

fn last_shown(text: &[u8], codes: Codes) -> Option<(usize, usize)> {
    match text.last() {
        Some(&octet) if is_control(octet) => Some((1, 2)),
        _ => last_char(text, codes),
    }
}
