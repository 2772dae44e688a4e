//! What comes of octets that are given to a receiver.

use wirelore_telnet_nvt::{Command, Config, Event, Input, Machine, Next, Receiver, Side};

/// What came of some octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Data(Vec<u8>),
    Command(u8),
    Option(Side, u8, bool),
    Other(String),
    Subnegotiation(u8, Vec<u8>),
}

pub(super) fn data(octets: &[u8]) -> Came {
    Came::Data(octets.to_vec())
}

pub(super) fn came(event: Event<&[u8]>) -> Came {
    match event {
        Event::Data(octets) => data(octets),
        Event::Command(Command(code)) => Came::Command(code),
        Event::Option { side, option, on } => Came::Option(side, option.0, on),
        Event::Subnegotiation { option, payload } => {
            Came::Subnegotiation(option.0, payload.to_cow().into_owned())
        }
        Event::Violation { violation, .. } => Came::Other(violation.kind().to_owned()),
        event => Came::Other(format!("{event:?}")),
    }
}

/// Gives octets in pieces; data that follows data is joined.
pub(super) fn give(
    receiver: &mut Receiver,
    octets: &[u8],
    cut: usize,
    out: &mut Vec<u8>,
) -> Vec<Came> {
    let (mut all, mut at, mut shown): (Vec<Came>, _, _) = (Vec::new(), 0, 0);
    for _ in 0..10 * octets.len() + 10 {
        let Ok(step) = receiver.step(Input::more(&octets[at..shown]), out);
        at += step.consumed;
        match step.next {
            Next::Event(event) => match (all.last_mut(), came(event)) {
                (Some(Came::Data(before)), Came::Data(more)) => before.extend(more),
                (_, came) => all.push(came),
            },
            Next::NeedMore if step.consumed == 0 && shown == octets.len() => return all,
            Next::NeedMore if step.consumed == 0 => shown = (shown + cut).min(octets.len()),
            Next::NeedMore => {}
            next => panic!("{next:?}"),
        }
    }
    panic!("no end");
}

/// The same events and answers, whatever the pieces; `prepare` is done before the first octet.
pub(super) fn is(
    config: Config,
    prepare: impl Fn(&mut Receiver),
    octets: &[u8],
    want: &[Came],
    said: &[u8],
) {
    for cut in [octets.len().max(1), 1, 2, 3] {
        let mut receiver = Receiver::new(config);
        prepare(&mut receiver);
        let mut out = Vec::new();
        let all = give(&mut receiver, octets, cut, &mut out);
        assert_eq!(all, want, "in pieces of {cut}: {octets:?}");
        assert_eq!(out, said, "in pieces of {cut}: {octets:?}");
    }
}

pub(super) fn nothing(_: &mut Receiver) {}
