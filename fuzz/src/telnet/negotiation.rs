//! Two receivers that talk about options.

use arbitrary::{Arbitrary, Unstructured};
use wirelore_telnet_nvt::negotiation::State;
use wirelore_telnet_nvt::{
    Config, Event, Input, Machine, Next, OptionCode, OptionSet, Policy, Receiver, Side,
};

/// Both ends want the same few, with and without a meaning to a receiver, and 255.
const OPTIONS: [OptionCode; 4] = [
    OptionCode::BINARY,
    OptionCode::ECHO,
    OptionCode::TIMING_MARK,
    OptionCode::EXOPL,
];

#[derive(Arbitrary, Debug)]
struct Setup {
    ends: [End; 2],
}

/// What an end agrees to, as bits.
#[derive(Arbitrary, Debug)]
struct End {
    us: u8,
    him: u8,
    ask_us: u8,
    ask_him: u8,
    /// What is answered when everything else is over.
    says: bool,
    nvt: bool,
}

#[derive(Arbitrary, Debug)]
enum Operation {
    /// An application wants something.
    Request {
        end: bool,
        us: bool,
        option: u8,
        on: bool,
    },
    /// Some octets arrive.
    Deliver { end: bool, len: u8 },
    /// An application answers what it was asked first.
    Answer { end: bool, on: bool },
}

/// Two receivers with any policies, any requests at any time, and octets that arrive in order and in
/// any pieces: it ends silent, and both believe the same.
pub fn telnet_negotiation(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(setup) = Setup::arbitrary(&mut input) else {
        return;
    };
    let mut pair = setup.ends.map(Party::new);
    let mut wanted = 0;
    for _ in 0..256 {
        if input.is_empty() {
            break;
        }
        let Ok(operation) = Operation::arbitrary(&mut input) else {
            break;
        };
        match operation {
            Operation::Request {
                end,
                us,
                option,
                on,
            } => {
                let side = if us { Side::Us } else { Side::Him };
                let option = OPTIONS[usize::from(option) % OPTIONS.len()];
                let party = &mut pair[usize::from(end)];
                party.asked.retain(|asked| *asked != (side, option));
                party.receiver.request(side, option, on, &mut party.out);
                wanted += 1;
            }
            Operation::Deliver { end, len } => deliver(&mut pair, end, usize::from(len)),
            Operation::Answer { end, on } => {
                let party = &mut pair[usize::from(end)];
                if !party.asked.is_empty() {
                    let (side, option) = party.asked.remove(0);
                    party.receiver.request(side, option, on, &mut party.out);
                    wanted += 1;
                }
            }
        }
    }
    settle(&mut pair, &mut wanted);
    let said: usize = pair.iter().map(|party| party.said).sum();
    assert!(said <= 24 * wanted, "{said} octets about {wanted} wishes");
    for option in (0..=255).map(OptionCode) {
        for (one, other) in [(0, 1), (1, 0)] {
            let states = [
                pair[one].receiver.negotiation().state(Side::Us, option),
                pair[other].receiver.negotiation().state(Side::Him, option),
            ];
            let agreed = [[State::No; 2], [State::Yes; 2]].contains(&states);
            assert!(agreed, "{option}: {states:?}");
        }
    }
}

struct Party {
    receiver: Receiver,
    /// What it said, from where the other end has not heard it.
    out: Vec<u8>,
    /// How many octets of it the other end was shown, and has not consumed.
    shown: usize,
    /// What its application was asked.
    asked: Vec<(Side, OptionCode)>,
    says: bool,
    said: usize,
}

impl Party {
    fn new(end: End) -> Self {
        let set = |bits: u8| -> OptionSet {
            let options = OPTIONS.iter().enumerate();
            let chosen = options.filter(|(n, _)| bits >> n & 1 != 0);
            chosen.map(|(_, option)| *option).collect()
        };
        Self {
            receiver: Receiver::new(Config {
                policy: Policy {
                    us: set(end.us),
                    him: set(end.him),
                    ask_us: set(end.ask_us),
                    ask_him: set(end.ask_him),
                },
                nvt: end.nvt,
                ..Config::default()
            }),
            out: Vec::new(),
            shown: 0,
            asked: Vec::new(),
            says: end.says,
            said: 0,
        }
    }
}

/// The end `to` is shown so many octets more.
fn deliver(pair: &mut [Party; 2], to: bool, len: usize) {
    let [first, second] = pair;
    let (from, to) = match to {
        true => (first, second),
        false => (second, first),
    };
    from.shown = (from.shown + len).min(from.out.len());
    loop {
        let input = Input::more(&from.out[..from.shown]);
        let Ok(step) = to.receiver.step(input, &mut to.out);
        match step.next {
            Next::Event(Event::Asked { side, option }) => to.asked.push((side, option)),
            // it was asked, and the peer has changed its mind
            Next::Event(Event::Declined { side, option }) => {
                to.asked.retain(|asked| *asked != (side, option));
            }
            Next::Event(Event::Option { .. } | Event::Refused { .. }) => {}
            Next::Event(event) => panic!("{event:?} between ends that keep the rules"),
            Next::NeedMore if step.consumed == 0 => break,
            Next::NeedMore => {}
            Next::Paused | Next::Done => panic!("not before the end"),
        }
        let consumed = step.consumed;
        from.out.drain(..consumed);
        from.shown -= consumed;
        from.said += consumed;
    }
    assert!(from.shown < 3);
}

/// Delivers everything and answers every question until nobody says anything more.
fn settle(pair: &mut [Party; 2], wanted: &mut usize) {
    for _ in 0..64 {
        for to in [false, true] {
            deliver(pair, to, usize::MAX >> 1);
        }
        for party in pair.iter_mut() {
            for (side, option) in std::mem::take(&mut party.asked) {
                party
                    .receiver
                    .request(side, option, party.says, &mut party.out);
                *wanted += 1;
            }
        }
        if pair.iter().all(|party| party.out.is_empty()) {
            return;
        }
    }
    panic!("they talk and talk");
}
