//! The receiver alone.

use super::{Shown, show};
use wirelore_telnet_nvt::wire::items::{Item, items};
use wirelore_telnet_nvt::{
    Command, Config, Event, Input, Machine, Next, OptionCode, OptionSet, Policy, Receiver, Side,
    Violation,
};

/// Any stream: cut anywhere it gives the same, nothing comes through in a Synch, and in raw mode the
/// reader of whole buffers finds the same.
///
/// Octet 0 is the configuration, octet 1 the cutting, octet 2 where the urgent mark is.
pub fn telnet_receiver(data: &[u8]) {
    let [setup, cutting, mark, stream @ ..] = data else {
        return;
    };
    let config = config(*setup);
    let whole = run(config, stream, 0);
    for seed in [1, *cutting] {
        assert_eq!(run(config, stream, seed), whole);
    }
    let mark = stream.len() * usize::from(*mark) / 256;
    let whole = marked(config, stream, mark, 0);
    for seed in [1, *cutting] {
        assert_eq!(marked(config, stream, mark, seed), whole);
    }
    compare_with_items(stream);
}

fn config(setup: u8) -> Config {
    let agreed = OptionSet::of(&[OptionCode::BINARY, OptionCode::SGA, OptionCode::TTYPE]);
    let asked = OptionSet::of(&[OptionCode::NAWS]);
    Config {
        policy: Policy {
            us: agreed,
            him: agreed.with(OptionCode::MCCP2),
            ask_us: asked,
            ask_him: asked,
        },
        max_subnegotiation: [0, 1, 8, 1024][usize::from(setup >> 6)],
        nvt: setup & 1 == 0,
        timing_marks: setup & 2 != 0,
        handoff: match setup & 4 {
            0 => OptionSet::NONE,
            _ => OptionSet::of(&[OptionCode::MCCP2, OptionCode::NAWS]),
        },
        max_requests: if setup & 8 == 0 { u32::MAX } else { 5 },
    }
}

#[derive(Debug, Default, PartialEq)]
struct Run {
    log: Vec<Logged>,
    out: Vec<u8>,
    consumed: usize,
}

#[derive(Debug, PartialEq)]
enum Logged {
    Data(Vec<u8>),
    Event(Event<Vec<u8>>),
}

impl Run {
    fn log(&mut self, event: Event<&[u8]>) {
        match (event, self.log.last_mut()) {
            (Event::Data(data), Some(Logged::Data(before))) => before.extend_from_slice(data),
            (Event::Data(data), _) => self.log.push(Logged::Data(data.to_vec())),
            (event, _) => self.log.push(Logged::Event(event.map(<[u8]>::to_vec))),
        }
    }

    /// Checks a step and writes it down. What the application is asked about is agreed to.
    fn step(&mut self, receiver: &mut Receiver, shown: Shown<'_>, out: &mut Vec<u8>) {
        assert!(shown.written <= 3 && (shown.written == 0 || shown.consumed == 3));
        let Some(event) = shown.event else {
            return;
        };
        match event {
            Event::Data(data) => assert!(!data.is_empty() && data.len() <= shown.consumed),
            Event::Violation { offset, violation } => {
                let offset = usize::try_from(offset).expect("it fits");
                let begin = shown.end - shown.consumed;
                match violation {
                    Violation::SbInterrupted { option: None, .. }
                    | Violation::AnsweredWrong { .. }
                    | Violation::StraySe
                    | Violation::SbEmpty
                    | Violation::TooManyRequests => assert_eq!(offset, begin),
                    Violation::SbInterrupted { .. } => assert_eq!(offset, shown.end),
                    _ => assert!(offset <= begin),
                }
            }
            Event::Asked { side, option } => {
                receiver.request(side, option, side == Side::Us, out);
            }
            _ => {}
        }
        self.log(event);
    }
}

fn run(config: Config, stream: &[u8], seed: u8) -> Run {
    let mut receiver = Receiver::new(config);
    let mut run = Run::default();
    let mut out = Vec::new();
    run.consumed = show(
        &mut receiver,
        stream,
        seed,
        &mut out,
        |receiver, shown, out| {
            run.step(receiver, shown, out);
        },
    );
    run.out = out;
    let handed_off = run.consumed < stream.len();
    assert!(!handed_off || config.handoff != OptionSet::NONE);
    run
}

/// The same with an urgent mark before the octet at `mark`.
fn marked(config: Config, stream: &[u8], mark: usize, seed: u8) -> Run {
    let mut receiver = Receiver::new(config);
    let mut run = Run::default();
    let mut out = Vec::new();
    let (before, behind) = stream.split_at(mark);
    let (mut at, mut end) = (0, 0);
    let pieces = crate::core::pieces(before, seed).map(|piece| (piece.len(), false));
    let first = crate::core::pieces(behind, seed).map(|piece| (piece.len(), false));
    let pieces = pieces.chain([(0, true)]).chain(first);
    let mut pieces = pieces.chain([(0, false)]);
    let mut last = false;
    let mut steps = 0;
    loop {
        steps += 1;
        assert!(steps <= 4 * stream.len() + 16, "it goes on and on");
        let shown = &stream[at..end];
        let input = match last {
            true => Input::last(shown),
            false => Input::more(shown),
        };
        let in_synch = receiver.is_in_synch();
        let written = out.len();
        let Ok(step) = receiver.step(input, &mut out);
        at += step.consumed;
        match step.next {
            Next::Event(event) => {
                assert!(!(in_synch && matches!(event, Event::Data(_))));
                assert_eq!(
                    in_synch && !receiver.is_in_synch(),
                    in_synch && matches!(event, Event::Command(Command::DM))
                );
                let shown = Shown {
                    consumed: step.consumed,
                    end: at,
                    event: Some(event),
                    written: out.len() - written,
                };
                run.step(&mut receiver, shown, &mut out);
            }
            Next::NeedMore if step.consumed > 0 => {}
            Next::NeedMore => {
                assert!(!last);
                match pieces.next() {
                    Some((len, urgent)) => {
                        if urgent {
                            receiver.urgent();
                        }
                        end += len;
                    }
                    None => last = true,
                }
            }
            Next::Done => break,
            Next::Paused => panic!("paused"),
        }
    }
    (run.out, run.consumed) = (out, at);
    run
}

/// What both readers of a raw stream must find. Negotiation is left out: the receiver answers it.
fn compare_with_items(stream: &[u8]) {
    let mut by_receiver = Run::default();
    let mut truncated = None;
    let mut receiver = Receiver::new(Config {
        nvt: false,
        max_subnegotiation: stream.len(),
        ..Config::default()
    });
    let mut out = Vec::new();
    show(&mut receiver, stream, 0, &mut out, |_, shown, _| {
        let begin = shown.end - shown.consumed;
        match shown.event {
            None | Some(Event::Declined { .. }) => {}
            Some(Event::Violation {
                offset,
                violation: Violation::Truncated,
            }) => {
                truncated = Some(offset as usize);
            }
            Some(Event::Violation { violation, .. }) => match violation {
                Violation::SbInterrupted {
                    option: Some(option),
                    payload,
                } => {
                    by_receiver.log(Event::Subnegotiation { option, payload });
                }
                _ => by_receiver.log(stray(&stream[begin..shown.end])),
            },
            Some(event) => by_receiver.log(event),
        }
    });
    let mut by_items = Run::default();
    let mut all = items(stream);
    for item in all.by_ref() {
        match item {
            Item::Data(data) => by_items.log(Event::Data(data)),
            Item::Command(command) => by_items.log(Event::Command(command)),
            Item::Subnegotiation { option, payload } | Item::Interrupted { option, payload } => {
                by_items.log(Event::Subnegotiation { option, payload });
            }
            Item::Stray(octets) => by_items.log(stray(octets)),
            _ => {}
        }
    }
    assert_eq!(by_receiver, by_items);
    let rest = all.rest().len();
    let open = (rest > 0).then(|| stream.len() - rest);
    assert_eq!(truncated, open);
}

/// A violation for the log that stands for these octets.
fn stray(octets: &[u8]) -> Event<&[u8]> {
    Event::Violation {
        offset: octets.len() as u64,
        violation: Violation::StraySe,
    }
}
