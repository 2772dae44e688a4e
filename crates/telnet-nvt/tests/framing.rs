//! RFC 854 TELNET COMMAND STRUCTURE and RFC 855 on the receiver: what is data, what is a command, and
//! where a subnegotiation ends; and the stateless reader, which must find the same.

mod came;

use came::Came::{self, Subnegotiation as Sb};
use came::{data, give, is, nothing};
use proptest::collection::vec;
use proptest::prelude::*;
use wirelore_telnet_nvt::wire::items::{Item, items};
use wirelore_telnet_nvt::{
    Command, Config, Event, Input, Machine, Next, OptionCode, OptionSet, Policy, Receiver,
    Violation,
};

/// RFC 854 TELNET-COMMAND-STRUCTURE codes, RFC 854 CONTROL no-operation, RFC 856 §5 undefined:
/// every code after an IAC, and what it is.
#[test]
fn every_code_behind_an_iac() {
    for code in 0..240 {
        is(
            Config::default(),
            nothing,
            &[b'a', 255, code, b'b'],
            &[data(b"a"), Came::Command(code), data(b"b")],
            b"",
        );
    }
    let stray = Came::Other("stray-se".to_owned());
    is(
        Config::default(),
        nothing,
        b"a\xff\xf0b",
        &[data(b"a"), stray, data(b"b")],
        b"",
    );
    for code in 241..250 {
        is(
            Config::default(),
            nothing,
            &[255, code],
            &[Came::Command(code)],
            b"",
        );
    }
    let names = [
        "NOP", "DM", "BRK", "IP", "AO", "AYT", "EC", "EL", "GA", "SB", "WILL", "WONT", "DO", "DONT",
    ];
    for (code, name) in (241..=254).zip(names) {
        assert_eq!(Command(code).name(), Some(name));
    }
    is(
        Config::default(),
        nothing,
        b"\xff\xff",
        &[data(b"\xff")],
        b"",
    );
}

/// RFC 854 TELNET-COMMAND-STRUCTURE doubled, RFC 1123 section 3.2.6, RFC 1123 section 3.2.5: "only
/// the IAC need be doubled to be sent as data, and the other 255 codes may be passed
/// transparently".
#[test]
fn all_codes_as_data() {
    let all: Vec<u8> = (0..=255).collect();
    let mut wire = all.clone();
    wire.push(255);
    is(Config::default(), nothing, &wire, &[data(&all)], b"");
    is(
        Config::default(),
        nothing,
        &[255; 10],
        &[data(&[255; 5])],
        b"",
    );
}

/// RFC 854 TELNET-COMMAND-STRUCTURE codes-alone: "these codes and code sequences have the indicated
/// meaning only when immediately preceded by an IAC".
#[test]
fn codes_without_an_iac_are_data() {
    let codes: Vec<u8> = (236..255).collect();
    is(Config::default(), nothing, &codes, &[data(&codes)], b"");
}

/// RFC 855 SB framing: SB, option, parameters, SE; RFC 855 SB unknown: "the receiver may locate the
/// end of a parameter string by searching for the SE command ... even if the receiver is unable to
/// parse the parameters".
#[test]
fn subnegotiations_are_framed() {
    let payload: Vec<u8> = (0..255).collect();
    let mut wire = b"a\xff\xfa\xc8".to_vec();
    wire.extend_from_slice(&payload);
    wire.extend_from_slice(b"\xff\xf0b");
    is(
        Config::default(),
        nothing,
        &wire,
        &[data(b"a"), Sb(200, payload), data(b"b")],
        b"",
    );
    is(
        Config::default(),
        nothing,
        b"\xff\xfa\x18\xff\xf0",
        &[Sb(24, Vec::new())],
        b"",
    );
    // a lone 240 is no SE
    is(
        Config::default(),
        nothing,
        b"\xff\xfa\x18\xf0\xf0\xff\xf0",
        &[Sb(24, b"\xf0\xf0".to_vec())],
        b"",
    );
}

/// RFC 855 SB doubled: "if parameters ... include a byte with a value of 255, it is necessary to
/// double this byte".
#[test]
fn a_255_in_a_subnegotiation_is_doubled() {
    is(
        Config::default(),
        nothing,
        b"\xff\xfa\x18\xff\xff\xff\xff\xf0\xff\xff\xff\xf0x",
        &[Sb(24, b"\xff\xff\xf0\xff".to_vec()), data(b"x")],
        b"",
    );
    let mut out = Vec::new();
    Receiver::new(Config::default()).send_subnegotiation(OptionCode(24), b"\xff\xf0", &mut out);
    assert_eq!(out, b"\xff\xfa\x18\xff\xff\xf0\xff\xf0");
}

/// The parts that a stateless reader finds are those of the receiver.
fn stateless(octets: &[u8]) -> (Vec<Came>, Vec<u8>) {
    let mut all: Vec<Came> = Vec::new();
    let mut items = items(octets);
    for item in items.by_ref() {
        let one = match item {
            Item::Data(octets) => {
                if let Some(Came::Data(before)) = all.last_mut() {
                    before.extend_from_slice(octets);
                    continue;
                }
                data(octets)
            }
            Item::Command(Command(code)) => Came::Command(code),
            Item::Negotiation { verb, option } => Came::Other(format!("{verb} {}", option.0)),
            Item::Subnegotiation { option, payload } => Sb(option.0, payload.to_cow().into_owned()),
            Item::Stray(octets) => match octets {
                [255, 240] => Came::Other("stray-se".to_owned()),
                [255, 250, 255, 240] => Came::Other("sb-empty".to_owned()),
                _ => Came::Other("sb-interrupted".to_owned()),
            },
            Item::Interrupted { .. } => Came::Other("sb-interrupted".to_owned()),
            _ => continue,
        };
        all.push(one);
    }
    (all, items.rest().to_vec())
}

/// Octets that are likely to mean something.
fn telnet() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![
        4 => Just(255_u8),
        3 => 240..=255_u8,
        1 => Just(13_u8),
        1 => Just(0_u8),
        2 => any::<u8>(),
    ];
    vec(octet, 0..200)
}

proptest! {
    /// `items` and the receiver agree about every stream, but for what only a state can know.
    #[test]
    fn a_reader_without_state_finds_the_same(octets in telnet(), cut in 1..9_usize) {
        let config = Config {
            nvt: false,
            max_subnegotiation: 1000,
            ..Config::default()
        };
        let mut receiver = Receiver::new(config);
        let mut out = Vec::new();
        let all = give(&mut receiver, &octets, cut, &mut out);
        let (found, _) = stateless(&octets);
        let is_plain = |came: &&Came| !matches!(came, Came::Other(text) if text.contains(' '));
        let joined = |all: &[Came]| {
            let mut joined: Vec<Came> = Vec::new();
            for came in all.iter().filter(is_plain) {
                match (joined.last_mut(), came) {
                    (Some(Came::Data(before)), Came::Data(more)) => before.extend(more),
                    _ => joined.push(came.clone()),
                }
            }
            joined
        };
        prop_assert_eq!(joined(&all), joined(&found));
        // everything is refused, once for each request
        let requests = found.iter().filter(|came| matches!(came, Came::Other(text) if text.starts_with("WILL ") || text.starts_with("DO ")));
        prop_assert_eq!(out.len(), 3 * requests.count());
    }

    /// At most three octets are answered to three, whatever comes and however it is cut.
    #[test]
    fn answers_are_no_longer_than_questions(octets in telnet(), cut in 1..9_usize, marks: bool, urgent: bool, all: bool) {
        let set = if all { OptionSet::ALL } else { OptionSet::of(&[OptionCode::SGA]) };
        let config = Config {
            policy: Policy { us: set, him: set, ..Policy::default() },
            timing_marks: marks,
            handoff: OptionSet::NONE,
            ..Config::default()
        };
        let mut receiver = Receiver::new(config);
        if urgent {
            receiver.urgent();
        }
        let mut out = Vec::new();
        give(&mut receiver, &octets, cut, &mut out);
        prop_assert!(out.len() <= octets.len(), "{} for {}", out.len(), octets.len());
        prop_assert_eq!(out.len() % 3, 0);
    }
}

/// What breaks a subnegotiation off is reported and carried out.
#[test]
fn a_subnegotiation_that_is_broken_off() {
    let broken = Came::Other("sb-interrupted".to_owned());
    is(
        Config::default(),
        nothing,
        b"\xff\xfa\x18ab\xff\xf1c",
        &[broken, Came::Command(241), data(b"c")],
        b"",
    );
    let mut receiver = Receiver::new(Config::default());
    let Ok(step) = receiver.step(Input::more(b"\xff\xfa\x18ab\xff\xf1"), &mut Vec::new());
    assert_eq!((step.consumed, step.next), (3, Next::NeedMore));
    let Ok(step) = receiver.step(Input::more(b"ab\xff\xf1"), &mut Vec::new());
    let Next::Event(Event::Violation {
        offset,
        violation: Violation::SbInterrupted { option, payload },
    }) = step.next
    else {
        panic!("{step:?}");
    };
    assert_eq!(
        (offset, option, payload.raw()),
        (5, Some(OptionCode::TTYPE), &b"ab"[..])
    );
}
