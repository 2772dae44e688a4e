use bytes::Bytes;

use crate::Machine;
use crate::dot::{DotEvent, DotReceiver};
use crate::lines::{LineEvent, LineReceiver};
use crate::reply::{Reply, ReplyReader};

/// Events that outlive the input, without copying it.
///
/// The caller keeps the input in a [`Bytes`] and lends a function that makes a slice of it into a
/// `Bytes` of its own; [`Bytes::slice_ref`] is that function.
///
/// ```
/// # use bytes::Bytes;
/// # use wirelore_core::lines::{LineConfig, LineEnd, LineEvent, LineReceiver};
/// # use wirelore_core::{Detach, Input, Machine, Next};
/// let input = Bytes::from_static(b"NOOP\r\nQU");
/// let mut machine = LineReceiver::new(LineConfig::default());
/// let step = machine.step(Input::more(&input), &mut Vec::new()).unwrap();
/// let Next::Event(event) = step.next else { panic!() };
/// let owned = LineReceiver::detach(event, &mut |slice| input.slice_ref(slice));
/// assert_eq!(owned, LineEvent::Line { content: Bytes::from("NOOP"), end: LineEnd::CrLf });
/// ```
pub trait Detach: Machine {
    /// The event that owns what it says.
    type Owned: 'static;

    /// Makes `event` independent of the input. `slice` is called only with slices of the input that
    /// the event was made from.
    fn detach(event: Self::Event<'_>, slice: &mut dyn FnMut(&[u8]) -> Bytes) -> Self::Owned;
}

impl Detach for LineReceiver {
    type Owned = LineEvent<Bytes>;

    fn detach(event: Self::Event<'_>, slice: &mut dyn FnMut(&[u8]) -> Bytes) -> Self::Owned {
        event.map(slice)
    }
}

impl Detach for ReplyReader {
    type Owned = Reply<Bytes>;

    fn detach(event: Self::Event<'_>, slice: &mut dyn FnMut(&[u8]) -> Bytes) -> Self::Owned {
        event.map(slice)
    }
}

impl Detach for DotReceiver {
    type Owned = DotEvent<Bytes>;

    fn detach(event: Self::Event<'_>, slice: &mut dyn FnMut(&[u8]) -> Bytes) -> Self::Owned {
        event.map(slice)
    }
}
