//! The NVT printer: what the codes do to the carriage, and the lines that come of it.

use alloc::vec::Vec;
use core::str::from_utf8;

use super::Codes;
use super::codes::columns;

/// What a code does to the printer: the table of RFC 854, THE NVT PRINTER AND KEYBOARD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// "All remaining codes do not cause the NVT printer to take any action"; NUL is "No Operation".
    Nothing,
    /// One of "all 95 USASCII graphics (codes 32 through 126)", or an octet of a character beyond
    /// them.
    Graphic,
    /// BEL "produces an audible or visible signal (which does NOT move the print head)".
    Bell,
    /// BS "moves the print head one character position towards the left margin".
    BackSpace,
    /// HT "moves the printer to the next horizontal tab stop".
    HorizontalTab,
    /// LF "moves the printer to the next print line, keeping the same horizontal position".
    LineFeed,
    /// VT "moves the printer to the next vertical tab stop".
    VerticalTab,
    /// FF "moves the printer to the top of the next page, keeping the same horizontal position".
    FormFeed,
    /// CR "moves the printer to the left margin of the current line".
    CarriageReturn,
}

impl Action {
    /// What `octet` does.
    #[must_use]
    pub const fn of(octet: u8, codes: Codes) -> Self {
        match octet {
            7 => Self::Bell,
            8 => Self::BackSpace,
            9 => Self::HorizontalTab,
            10 => Self::LineFeed,
            11 => Self::VerticalTab,
            12 => Self::FormFeed,
            13 => Self::CarriageReturn,
            32..=126 => Self::Graphic,
            128..=255 if !matches!(codes, Codes::SevenBit) => Self::Graphic,
            _ => Self::Nothing,
        }
    }
}

/// What RFC 854 leaves open about a printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrinterConfig {
    /// What the codes 128 to 255 are. Default: nothing, they are not printed.
    pub codes: Codes,
    /// The width of the carriage, at least 2 and at most 65535 (the RFC: "unspecified"). A character
    /// beyond it goes to the next line. Default: 1024.
    pub width: usize,
    /// The distance of the horizontal tab stops ("it remains unspecified"); 0 if there are none, and
    /// HT does nothing. Default: 8.
    pub tab: usize,
    /// LF, VT and FF also move to the left margin: "there is a difference in interpretation" (RFC
    /// 5198 appendix B). Default: no, as in RFC 854.
    pub line_feed_returns: bool,
}

impl Default for PrinterConfig {
    fn default() -> Self {
        Self {
            codes: Codes::default(),
            width: 1024,
            tab: 8,
            line_feed_returns: false,
        }
    }
}

/// What the printer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Printed {
    /// It left a line, by LF, VT or FF (a vertical tab stop and a page are a line here):
    /// [`Printer::write_line`] has it.
    Line,
    /// It left a line because the next character did not fit.
    Wrapped,
    /// It rang.
    Bell,
}

/// Prints NVT data into lines of text, as a transcript needs them: codes without effect are gone,
/// and where something was printed over something else, the last is what remains.
///
/// Memory is bounded by the width: a column has room for a character and some marks on it, further
/// marks are dropped. The text is not safe to show on a terminal just because it was printed here:
/// characters that act on one may be among those beyond ASCII; `wirelore_core::escape` is for that.
///
/// ```
/// # use wirelore_telnet_nvt::nvt::{Printed, Printer, PrinterConfig};
/// let mut printer = Printer::new(PrinterConfig::default());
/// let mut rest: &[u8] = b"10%\r20%\r\nlx\x08 \x08s\x1b\r\n";
/// let mut text = Vec::new();
/// while !rest.is_empty() {
///     let (used, printed) = printer.print(rest);
///     rest = &rest[used..];
///     if printed == Some(Printed::Line) {
///         printer.write_line(&mut text);
///         text.push(b'\n');
///     }
/// }
/// assert_eq!(text, b"20%\nls\n");
/// ```
#[derive(Clone, Debug)]
pub struct Printer {
    config: PrinterConfig,
    cells: Vec<Cell>,
    /// Where the next character goes; may be behind the last cell.
    column: usize,
    /// The first octets of a character.
    part: Part,
    /// The line was reported.
    left: bool,
}

impl Printer {
    /// A printer at the left margin of an empty line.
    #[must_use]
    pub fn new(config: PrinterConfig) -> Self {
        let width = config.width.clamp(2, 0xffff);
        Self {
            config: PrinterConfig { width, ..config },
            cells: Vec::new(),
            column: 0,
            part: Part::default(),
            left: false,
        }
    }

    /// The column where the next character goes; 0 is the left margin.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }

    /// Appends the line: after [`Printed::Line`] or [`Printed::Wrapped`] the one that was left,
    /// otherwise the one that is being printed. Blanks that were printed are there, at the end too.
    pub fn write_line(&self, text: &mut Vec<u8>) {
        for cell in &self.cells {
            match cell.octets() {
                [octet] => text.push(*octet),
                octets => text.extend_from_slice(octets),
            }
        }
    }

    /// Prints the next octets from the receiver, up to the first event. Returns how many were used;
    /// the others must be given again. Unless `data` is empty, it uses one or returns an event.
    ///
    /// Text that is not the UTF-8 it should be prints U+FFFD.
    pub fn print(&mut self, data: &[u8]) -> (usize, Option<Printed>) {
        self.begin();
        let mut at = 0;
        while let Some(&octet) = data.get(at) {
            // most of what is printed
            let here = self.column == self.cells.len() && self.column < self.config.width;
            if matches!(octet, b' '..=b'~') && here && self.part.is_empty() {
                self.cells.push(Cell::of(octet));
                self.column += 1;
                at += 1;
                continue;
            }
            let continues = octet & 0xc0 == 0x80 && self.config.codes == Codes::Utf8;
            if !self.part.is_empty() && !continues && !self.print_broken() {
                return (at, Some(self.wrap()));
            }
            let printed = match Action::of(octet, self.config.codes) {
                Action::Nothing => None,
                Action::Graphic => match self.graphic(octet) {
                    Taken::Yes => None,
                    Taken::Again => continue,
                    Taken::NoRoom => return (at, Some(self.wrap())),
                },
                Action::Bell => Some(Printed::Bell),
                Action::BackSpace => {
                    self.column = self.column.saturating_sub(1);
                    None
                }
                Action::HorizontalTab => {
                    if let Some(tabs) = self.column.checked_div(self.config.tab) {
                        let stop = tabs.saturating_add(1).saturating_mul(self.config.tab);
                        self.column = stop.min(self.config.width);
                    }
                    None
                }
                Action::LineFeed | Action::VerticalTab | Action::FormFeed => {
                    self.left = true;
                    if self.config.line_feed_returns {
                        self.column = 0;
                    }
                    Some(Printed::Line)
                }
                Action::CarriageReturn => {
                    self.column = 0;
                    None
                }
            };
            at += 1;
            if printed.is_some() {
                return (at, printed);
            }
        }
        (at, None)
    }

    /// The data is over: leaves the line that is being printed, if anything is on it. Call it until
    /// it returns `None`; the printer is then as it was at first.
    pub fn finish(&mut self) -> Option<Printed> {
        self.begin();
        if !self.part.is_empty() && !self.print_broken() {
            return Some(self.wrap());
        }
        self.column = 0;
        self.left = !self.cells.is_empty();
        self.left.then_some(Printed::Line)
    }

    fn begin(&mut self) {
        if core::mem::take(&mut self.left) {
            self.cells.clear();
        }
    }

    fn wrap(&mut self) -> Printed {
        self.left = true;
        self.column = 0;
        Printed::Wrapped
    }

    /// Takes an octet of a character.
    fn graphic(&mut self, octet: u8) -> Taken {
        let whole = if octet.is_ascii() || self.config.codes != Codes::Utf8 {
            self.place(Cell::of(octet), 1)
        } else {
            let part = self.part.with(octet);
            match from_utf8(part.octets()) {
                Ok(text) => {
                    let c = text.chars().next().unwrap_or('\0');
                    match columns(c) {
                        0 => self.mark(part.octets()),
                        width => self.place(Cell::new(part.octets()), width),
                    }
                }
                Err(e) if e.error_len().is_none() => {
                    self.part = part;
                    return Taken::Yes;
                }
                // What came before is no character, but this octet may begin one.
                Err(_) if !self.part.is_empty() => {
                    return if self.print_broken() {
                        Taken::Again
                    } else {
                        Taken::NoRoom
                    };
                }
                Err(_) => self.place(Cell::new(BROKEN), 1),
            }
        };
        if !whole {
            return Taken::NoRoom;
        }
        self.part = Part::default();
        Taken::Yes
    }

    /// Prints U+FFFD for the part of a character, if there is room.
    fn print_broken(&mut self) -> bool {
        let placed = self.place(Cell::new(BROKEN), 1);
        if placed {
            self.part = Part::default();
        }
        placed
    }

    /// Puts a character where the carriage is, if there is room.
    fn place(&mut self, cell: Cell, width: usize) -> bool {
        let from = self.column;
        let to = from + width;
        if to > self.config.width {
            return false;
        }
        if self.cells.len() < to {
            self.cells.resize(to, Cell::BLANK);
        }
        // Of a wide character that is printed over in part, the other half goes too.
        if self.cells[from].is_second_half() && from > 0 {
            self.cells[from - 1] = Cell::BLANK;
        }
        if let Some(next) = self.cells.get_mut(to)
            && next.is_second_half()
        {
            *next = Cell::BLANK;
        }
        self.cells[from] = cell;
        self.cells[from + 1..to].fill(Cell::SECOND_HALF);
        self.column = to;
        true
    }

    /// Puts a mark on the character before the carriage, if there is one and it has room. Takes no
    /// room on the line.
    fn mark(&mut self, octets: &[u8]) -> bool {
        let before = self.cells.get_mut(..self.column).unwrap_or_default();
        let cell = before.iter_mut().rfind(|cell| !cell.is_second_half());
        // C1 controls have no effect.
        if let Some(cell) = cell
            && !matches!(octets, [0xc2, 0x80..=0x9f])
        {
            cell.append(octets);
        }
        true
    }
}

/// U+FFFD.
const BROKEN: &[u8] = "\u{fffd}".as_bytes();

enum Taken {
    Yes,
    /// The octet must be looked at once more.
    Again,
    NoRoom,
}

/// A column: a character and the marks on it, or the second half of a wide one.
#[derive(Clone, Copy, Debug)]
struct Cell {
    octets: [u8; 8],
    len: u8,
}

impl Cell {
    const BLANK: Self = Self::of(b' ');
    const SECOND_HALF: Self = Self {
        octets: [b' '; 8],
        len: 0,
    };

    const fn of(octet: u8) -> Self {
        Self {
            octets: [octet; 8],
            len: 1,
        }
    }

    fn new(octets: &[u8]) -> Self {
        let mut cell = Self::SECOND_HALF;
        cell.append(octets);
        cell
    }

    fn append(&mut self, octets: &[u8]) {
        let len = usize::from(self.len);
        if let Some(room) = self.octets.get_mut(len..len + octets.len()) {
            room.copy_from_slice(octets);
            self.len += octets.len() as u8;
        }
    }

    const fn is_second_half(&self) -> bool {
        self.len == 0
    }

    fn octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }
}

/// The first octets of a character in UTF-8.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    octets: [u8; 4],
    len: u8,
}

impl Part {
    const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One octet more. No beginning of a character has four.
    fn with(mut self, octet: u8) -> Self {
        if let Some(room) = self.octets.get_mut(usize::from(self.len)) {
            *room = octet;
            self.len += 1;
        }
        self
    }

    fn octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }
}
