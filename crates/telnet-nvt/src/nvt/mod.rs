//! The discipline of text on the network virtual terminal.
//!
//! "An NVT is an imaginary device which provides a standard, network-wide, intermediate
//! representation of a canonical terminal" (RFC 854): a printer for what is received and a keyboard
//! for what is sent. The receiver and the commands know nothing of text; what stands here works on
//! the data they hand out, and makes the data they send:
//!
//! | to | use |
//! |---|---|
//! | send data while BINARY is in effect | [`escape`], [`escape_into`] |
//! | send local text | [`encode_text`], [`encode_text_into`], [`TextEncoder`] |
//! | send what a user types | [`Keyboard`], [`ReturnKey`] |
//! | have what was received as local text | [`TextDecoder`] |
//! | keep a transcript of it | [`Printer`], [`Action`] |
//! | read lines from a user, with erasing and echo | [`LineEditor`] |
//! | know who echoes | [`Mode`] |
//! | check text | [`is_nvt_ascii`], [`net_unicode`] |
//!
//! What the receiver hands out: a CR at once, a NUL directly behind it not at all, a LF behind it,
//! of two 255 one. So CR NUL and CR LF are a CR, and a CR and a LF, however they were cut.

mod codes;
mod decode;
mod echo;
mod editor;
mod encode;
mod keyboard;
mod net_unicode;
mod printer;

pub use codes::Codes;
pub use decode::{BareCr, TextDecoder};
pub use echo::{Agreed, Mode, echo_may_begin};
pub use editor::{Echo, Edit, EditorConfig, Keys, LineEditor, LineEnds};
pub use encode::{TextEncoder, encode_text, encode_text_into};
pub use keyboard::{Keyboard, ReturnKey};
pub use net_unicode::{NetUnicode, Violation, is_nvt_ascii, net_unicode};
pub use printer::{Action, Printed, Printer, PrinterConfig};

pub use crate::wire::{escape, escape_into};
