//! TELNET: streams, subnegotiations, and both ends of a conversation.

mod endpoints;
mod negotiation;
mod options;
mod receiver;
mod text;

pub use endpoints::telnet_endpoints;
pub use negotiation::telnet_negotiation;
pub use options::telnet_options;
pub use receiver::telnet_receiver;
pub use text::telnet_nvt_text;

use crate::core::pieces;
use wirelore_telnet_nvt::{Event, Input, Machine, Next};

/// Shows `stream` to `machine` in the pieces that follow from `seed`; at the end of it, and before
/// each piece, `before` is called with the offset. What the contract demands of each step is checked,
/// and what `step` says.
///
/// Returns what was consumed, and whether the machine was done.
fn show<M: for<'i> Machine<Event<'i> = Event<&'i [u8]>>>(
    machine: &mut M,
    stream: &[u8],
    seed: u8,
    out: &mut Vec<u8>,
    mut step: impl FnMut(&mut M, Shown<'_>, &mut Vec<u8>),
) -> usize {
    let (mut at, mut end, mut idle) = (0, 0, 0);
    let mut pieces = pieces(stream, seed).map(<[u8]>::len);
    let mut last = false;
    loop {
        let shown = &stream[at..end];
        let input = match last {
            true => Input::last(shown),
            false => Input::more(shown),
        };
        let written = out.len();
        let Ok(done) = machine.step(input, out) else {
            panic!("no TELNET stream is an error");
        };
        assert!(done.consumed <= shown.len());
        assert!(out.len() >= written);
        at += done.consumed;
        idle = if done.consumed == 0 { idle + 1 } else { 0 };
        let event = match done.next {
            Next::Event(event) => {
                assert!(idle <= 4);
                Some(event)
            }
            Next::NeedMore => None,
            Next::Done => return at,
            Next::Paused => panic!("paused"),
        };
        let needs_more = event.is_none();
        let shown = Shown {
            consumed: done.consumed,
            end: at,
            event,
            written: out.len() - written,
        };
        step(machine, shown, out);
        if needs_more && done.consumed == 0 {
            assert!(!last);
            assert!(end - at < machine.max_unconsumed());
            match pieces.next() {
                Some(len) => end += len,
                None => last = true,
            }
            idle = 0;
        }
    }
}

/// A step that was taken.
struct Shown<'i> {
    consumed: usize,
    /// The offset of the next octet.
    end: usize,
    event: Option<Event<&'i [u8]>>,
    /// How much it wrote.
    written: usize,
}
