//! What each octet does to the line.

use crate::nvt::Codes;

use super::EditorConfig;

/// The codes that edit a line as they are typed, besides the commands EC and EL. `None` is a key
/// that there is not; its code is then data. CR, LF and NUL cannot be keys.
///
/// These are the "local analogs" of RFC 854's control functions: the codes that a user who types
/// character by character has on his keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Erases the last print position, as EC does.
    pub erase: Option<u8>,
    /// The same. Some terminals send BS, some DEL.
    pub erase_too: Option<u8>,
    /// Erases the last word and the blanks behind it.
    pub erase_word: Option<u8>,
    /// Erases the line, as EL does.
    pub erase_line: Option<u8>,
    /// Asks for the line to be shown again.
    pub redraw: Option<u8>,
    /// Gives the line up.
    pub interrupt: Option<u8>,
    /// On an empty line: there is no more input. Elsewhere it does nothing.
    pub end_of_file: Option<u8>,
}

impl Keys {
    /// DEL and BS erase, ^W and ^U erase more, ^R shows the line, ^C gives it up, ^D ends the input.
    pub const USUAL: Self = Self {
        erase: Some(0x7f),
        erase_too: Some(0x08),
        erase_word: Some(0x17),
        erase_line: Some(0x15),
        redraw: Some(0x12),
        interrupt: Some(0x03),
        end_of_file: Some(0x04),
    };

    /// None: only EC and EL edit, every code is data.
    pub const NONE: Self = Self {
        erase: None,
        erase_too: None,
        erase_word: None,
        erase_line: None,
        redraw: None,
        interrupt: None,
        end_of_file: None,
    };
}

impl Default for Keys {
    /// [`USUAL`](Self::USUAL).
    fn default() -> Self {
        Self::USUAL
    }
}

/// What an octet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Printed, and in the line.
    Text,
    /// In the line, shown with a circumflex.
    Control,
    /// Nothing.
    Ignored,
    CarriageReturn,
    LineFeed,
    Erase,
    EraseWord,
    EraseLine,
    Redraw,
    Interrupt,
    EndOfFile,
}

pub(super) fn classes(config: &EditorConfig) -> [Class; 256] {
    let control = if config.controls {
        Class::Control
    } else {
        Class::Ignored
    };
    let mut classes = [Class::Text; 256];
    classes[..32].fill(control);
    classes[0x7f] = control;
    if config.codes == Codes::SevenBit {
        classes[0x80..].fill(Class::Ignored);
    }
    let keys = &config.keys;
    for (key, class) in [
        (keys.end_of_file, Class::EndOfFile),
        (keys.interrupt, Class::Interrupt),
        (keys.redraw, Class::Redraw),
        (keys.erase_line, Class::EraseLine),
        (keys.erase_word, Class::EraseWord),
        (keys.erase_too, Class::Erase),
        (keys.erase, Class::Erase),
    ] {
        if let Some(code) = key {
            classes[usize::from(code)] = class;
        }
    }
    classes[0] = Class::Ignored;
    classes[usize::from(b'\r')] = Class::CarriageReturn;
    classes[usize::from(b'\n')] = if config.line_ends.lf {
        Class::LineFeed
    } else {
        control
    };
    classes
}
