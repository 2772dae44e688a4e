//! Feeds the chunks of a case to a machine, as a network would: each chunk with what was left of
//! those before it, then the end.

use super::json::{End, ErrorObject, Outcome};
use serde_json::{Map, Value};
use std::ops::Range;
use wirelore_core::{Input, Machine, Next};

/// What a decoder does with the events of its machine.
pub(crate) trait Reader<M: Machine> {
    /// The chunk of this index is about to be shown; at the number of chunks, the end of the stream.
    fn before(&mut self, machine: &mut M, chunk: usize, out: &mut Vec<u8>);

    /// An event that used up `octets`, counted from the first one of the stream. An answer that only
    /// the application can give is given here.
    fn event(
        &mut self,
        machine: &mut M,
        event: M::Event<'_>,
        octets: Range<usize>,
        out: &mut Vec<u8>,
    );

    /// Octets that were used up without an event. At least one.
    fn skipped(&mut self, octets: Range<usize>, out: &[u8]) {
        let _ = (octets, out);
    }

    /// The error that ends the case.
    fn error(&mut self, error: M::Error) -> ErrorObject;
}

/// What came of feeding a machine.
pub(crate) struct Fed {
    sent: Vec<u8>,
    consumed: usize,
    rest: Vec<u8>,
    end: End,
}

impl Fed {
    /// The outcome of the case, with what a reader has made of the events.
    pub(crate) fn with(self, events: Events) -> Outcome {
        Outcome {
            events: events.finish(),
            sent: self.sent,
            consumed: self.consumed,
            rest: self.rest,
            end: self.end,
        }
    }
}

/// Starts the machine and shows it all chunks, and the end of the stream if there is one.
pub(crate) fn feed<M: Machine>(
    machine: &mut M,
    reader: &mut impl Reader<M>,
    chunks: &[Vec<u8>],
    eof: bool,
) -> Fed {
    let mut fed = Fed {
        sent: Vec::new(),
        consumed: 0,
        rest: Vec::new(),
        end: End::NeedMore,
    };
    machine.start(&mut fed.sent);
    let count = chunks.len();
    for (n, chunk) in chunks.iter().enumerate() {
        reader.before(machine, n, &mut fed.sent);
        fed.rest.extend_from_slice(chunk);
        fed.show(machine, reader, false);
        if matches!(fed.end, End::Done | End::Error(_)) {
            chunks[n + 1..].iter().for_each(|c| fed.rest.extend(c));
            return fed;
        }
    }
    reader.before(machine, count, &mut fed.sent);
    // what the application did may have been all that was missing
    fed.show(machine, reader, eof);
    fed
}

impl Fed {
    /// Steps through what is there, and removes from it what was consumed.
    fn show<M: Machine>(&mut self, machine: &mut M, reader: &mut impl Reader<M>, last: bool) {
        let before = self.consumed;
        self.end = loop {
            let octets = &self.rest[self.consumed - before..];
            let input = match last {
                true => Input::last(octets),
                false => Input::more(octets),
            };
            let step = match machine.step(input, &mut self.sent) {
                Ok(step) => step,
                Err(error) => break End::Error(reader.error(error)),
            };
            let octets = self.consumed..self.consumed + step.consumed;
            self.consumed = octets.end;
            match step.next {
                Next::Event(event) => reader.event(machine, event, octets, &mut self.sent),
                end => {
                    let waits = octets.is_empty();
                    if !waits {
                        reader.skipped(octets, &self.sent);
                    }
                    match end {
                        Next::Done => break End::Done,
                        Next::Paused => break End::Paused,
                        _ if waits => break End::NeedMore,
                        _ => {}
                    }
                }
            }
        };
        self.rest.drain(..self.consumed - before);
    }
}

/// The member `events`. Octets of one kind that come in several pieces are one event.
#[derive(Default)]
pub(crate) struct Events {
    all: Vec<Value>,
    /// An event that is not finished: its name, the member with its octets, and those.
    open: Option<(&'static str, &'static str)>,
    octets: Vec<u8>,
}

impl Events {
    pub(crate) fn push(&mut self, event: Value) {
        self.close();
        self.all.push(event);
    }

    /// A piece of the octets in `member` of `event`, which has no other member.
    pub(crate) fn piece(&mut self, event: &'static str, member: &'static str, octets: &[u8]) {
        if self.open != Some((event, member)) {
            self.close();
            self.open = Some((event, member));
        }
        self.octets.extend_from_slice(octets);
    }

    pub(crate) fn finish(mut self) -> Vec<Value> {
        self.close();
        self.all
    }

    fn close(&mut self) {
        let Some((event, member)) = self.open.take() else {
            return;
        };
        if !self.octets.is_empty() {
            let mut object = Map::new();
            object.insert("event".into(), event.into());
            object.insert(member.into(), hex::encode(&self.octets).into());
            self.all.push(object.into());
            self.octets.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wirelore_core::Step;

    /// Every `a` is an event, `p` waits for the application, `z` is the end, `!` an error; other
    /// octets come in pairs.
    #[derive(Default)]
    struct Letters {
        allowed: bool,
    }

    #[derive(Clone, Debug, PartialEq)]
    struct Wrong;

    impl std::fmt::Display for Wrong {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("wrong")
        }
    }

    impl std::error::Error for Wrong {}

    impl Machine for Letters {
        type Event<'i> = &'i [u8];
        type Error = Wrong;

        fn start(&mut self, out: &mut Vec<u8>) {
            out.push(b'S');
        }

        fn step<'i>(
            &mut self,
            input: Input<'i>,
            out: &mut Vec<u8>,
        ) -> Result<Step<&'i [u8]>, Wrong> {
            match input.bytes() {
                [] if input.is_last() => Ok(Step::done(0)),
                [] => Ok(Step::need_more(0)),
                [b'a', ..] => {
                    out.push(b'A');
                    Ok(Step::event(1, &input.bytes()[..1]))
                }
                [b'p', ..] if !self.allowed => Ok(Step::paused()),
                [b'z', ..] => Ok(Step::done(1)),
                [b'!', ..] => Err(Wrong),
                [_, _, ..] => Ok(Step::need_more(2)),
                [_] if input.is_last() => Ok(Step::done(0)),
                [_] => Ok(Step::need_more(0)),
            }
        }

        fn max_unconsumed(&self) -> usize {
            2
        }
    }

    #[derive(Default)]
    struct Log {
        events: Events,
        skipped: Vec<Range<usize>>,
        befores: usize,
        allow_at: Option<usize>,
    }

    impl Reader<Letters> for Log {
        fn before(&mut self, machine: &mut Letters, chunk: usize, _: &mut Vec<u8>) {
            assert_eq!(chunk, self.befores);
            self.befores += 1;
            machine.allowed |= self.allow_at == Some(chunk);
        }

        fn event(&mut self, _: &mut Letters, event: &[u8], at: Range<usize>, _: &mut Vec<u8>) {
            assert_eq!(at.len(), event.len());
            self.events.piece("letter", "data", event);
        }

        fn skipped(&mut self, octets: Range<usize>, _: &[u8]) {
            self.skipped.push(octets);
        }

        fn error(&mut self, error: Wrong) -> ErrorObject {
            ErrorObject::bad_case(error.to_string())
        }
    }

    fn fed(chunks: &[&[u8]], eof: bool, allow_at: Option<usize>) -> (Log, Fed) {
        let chunks: Vec<Vec<u8>> = chunks.iter().map(|c| c.to_vec()).collect();
        let mut log = Log {
            allow_at,
            ..Log::default()
        };
        let fed = feed(&mut Letters::default(), &mut log, &chunks, eof);
        (log, fed)
    }

    #[track_caller]
    fn assert_fed(found: &Fed, sent: &[u8], consumed: usize, rest: &[u8], end: &str) {
        assert_eq!(
            (&*found.sent, found.consumed, &*found.rest),
            (sent, consumed, rest)
        );
        assert_eq!(
            format!("{:?}", found.end).split('(').next(),
            Some(end),
            "{:?}",
            found.end
        );
    }

    #[test]
    fn what_is_left_comes_again_with_the_next_chunk() {
        let (log, found) = fed(&[b"xya", b"", b"ax", b"yb"], false, None);
        assert_fed(&found, b"SAA", 6, b"b", "NeedMore");
        assert_eq!(log.befores, 5);
        assert_eq!(log.skipped, [0..2, 4..6]);
        let events = found.with(log.events).events;
        assert_eq!(events, [json!({"event": "letter", "data": "6161"})]);
        let (_, found) = fed(&[b"xya", b"b"], true, None);
        assert_fed(&found, b"SA", 3, b"b", "Done");
        let (_, found) = fed(&[], true, None);
        assert_fed(&found, b"S", 0, b"", "Done");
    }

    #[test]
    fn chunks_behind_the_end_or_an_error_are_rest_and_are_not_shown() {
        let (log, found) = fed(&[b"az", b"aa", b"a"], true, None);
        assert_fed(&found, b"SA", 2, b"aaa", "Done");
        assert_eq!(log.befores, 1);
        let (_, found) = fed(&[b"a!b", b"aa"], true, None);
        assert_fed(&found, b"SA", 1, b"!baa", "Error");
    }

    #[test]
    fn a_pause_lasts_until_the_application_acts() {
        let (_, found) = fed(&[b"ap", b"ya"], true, None);
        assert_fed(&found, b"SA", 1, b"pya", "Paused");
        let (_, found) = fed(&[b"ap", b"ya"], true, Some(1));
        assert_fed(&found, b"SAA", 4, b"", "Done");
        let (_, found) = fed(&[b"ap", b"ya"], false, Some(2));
        assert_fed(&found, b"SAA", 4, b"", "NeedMore");
    }

    #[test]
    fn pieces_are_joined_and_empty_ones_are_not_printed() {
        let mut events = Events::default();
        events.piece("data", "data", b"");
        events.push(json!(1));
        events.piece("data", "data", b"a");
        events.piece("data", "data", b"b");
        events.piece("suspect", "data", b"c");
        events.piece("data", "data", b"");
        events.push(json!(2));
        let wanted = json!([
            1, {"event": "data", "data": "6162"}, {"event": "suspect", "data": "63"}, 2
        ]);
        assert_eq!(Value::from(events.finish()), wanted);
    }
}
