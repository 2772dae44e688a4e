//! Dot-stuffed text: lines up to one that is a single dot (RFC 5321 section 4.5.2, RFC 1939
//! section 3).
//!
//! Only CR LF ends a line here, so only CR LF . CR LF ends the text (or . CR LF as its first line):
//! what a lax receiver would take for the end is content and stays content. [`DotReceiver`] cuts
//! the stuffed dots out and reports what a receiver may want to refuse; [`DotStuffer`] puts them
//! in.

mod receiver;
mod scan;
mod stuffer;

pub use receiver::{DotConfig, DotEvent, DotReceiver, DotReport};
pub use stuffer::{DotStuffer, StrayPolicy};
