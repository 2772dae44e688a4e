//! What hostile peers do, beyond what stands in `contract.rs` (urgent marks everywhere, work and
//! memory), `endpoints.rs` (variables, encryption, special characters) and `options_abuse.rs`.

use allocation_counter::{AllocationInfo, measure};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use wirelore_telnet_nvt::wire::option::{SlcFunction, SlcSetting};
use wirelore_telnet_nvt::{
    Client, ClientConfig, Config, EnvironmentPolicy, Event, Input, Machine, Next, OptionCode,
    OptionSet, Policy, Receiver, Server, ServerConfig, Side, Typing, Violation,
};

/// Gives octets in one piece and returns how many events came of them.
fn feed<M>(machine: &mut M, mut rest: &[u8], out: &mut Vec<u8>) -> usize
where
    M: for<'i> Machine<Event<'i> = Event<&'i [u8]>>,
{
    let mut events = 0;
    for _ in 0..10 * rest.len() + 10 {
        let Ok(step) = machine.step(Input::more(rest), out) else {
            panic!("an error");
        };
        rest = &rest[step.consumed..];
        match step.next {
            Next::Event(_) => events += 1,
            Next::NeedMore if step.consumed == 0 => return events,
            Next::NeedMore => {}
            next => panic!("{next:?}"),
        }
    }
    panic!("no end");
}

/// A subnegotiation of 1 GiB without an end, in pieces of 64 KiB: it is reported once, and no octet
/// of it is held.
#[test]
fn a_subnegotiation_of_a_gibibyte() {
    let piece = vec![b'x'; 65536];
    let mut receiver = Receiver::new(Config::default());
    let mut out = Vec::new();
    let mut events = 0;
    let held = measure(|| {
        events += feed(&mut receiver, b"\xff\xfa\x18", &mut out);
        for _ in 0..16384 {
            events += feed(&mut receiver, &piece, &mut out);
        }
    });
    assert_eq!(held, AllocationInfo::default());
    assert_eq!((events, out.len()), (1, 0));
    assert_eq!(feed(&mut receiver, b"\xff\xf0after", &mut out), 1);
}

/// The same in single octets, many times one after the other, and of 255 only.
#[test]
fn many_subnegotiations_that_are_too_long() {
    let mut receiver = Receiver::new(Config::default());
    let mut wire = b"\xff\xfa\x18".to_vec();
    wire.extend_from_slice(&[255; 5000]);
    wire.extend_from_slice(b"\xff\xf0x");
    let mut out = Vec::new();
    let held = measure(|| {
        for _ in 0..100 {
            assert_eq!(feed(&mut receiver, &wire, &mut out), 2);
        }
    });
    assert_eq!(held, AllocationInfo::default());
    let (mut violations, mut at) = (0, 0);
    for shown in 0..=wire.len() {
        for _ in 0..4 {
            let Ok(step) = receiver.step(Input::more(&wire[at..shown]), &mut out);
            at += step.consumed;
            assert!(shown - at <= receiver.max_unconsumed());
            let overflow = |v: &Violation<&[u8]>| matches!(v, Violation::SbOverflow { .. });
            if matches!(step.next, Next::Event(Event::Violation { violation, .. }) if overflow(&violation))
            {
                violations += 1;
            }
        }
    }
    assert_eq!((violations, at), (1, wire.len()));
}

/// A stream in which nothing is new any more allocates nothing, at either endpoint: text, keys,
/// commands, refusals, and a window that changes.
#[test]
fn a_steady_state_allocates_nothing() {
    let wire = b"a line\r\nwith\xff\xffmore\r\0\xff\xf1\xff\xf6\xff\xfd\x2a\xff\xfa\x1f\0\x50\0\x18\xff\xf0\xff\xfd\x06\xff\xfa\x05\xff\xf0";
    let mut out = Vec::with_capacity(1 << 16);
    let mut server = Server::new(ServerConfig::default());
    server.start(&mut out);
    feed(
        &mut server,
        b"\xff\xfd\x01\xff\xfd\x03\xff\xfb\x1f",
        &mut out,
    );
    let mut client = Client::new(ClientConfig::default());
    feed(&mut client, b"\xff\xfb\x01\xff\xfb\x03", &mut out);
    feed(&mut server, wire, &mut out);
    let mut events = 0;
    let allocated = measure(|| {
        for _ in 0..100 {
            out.clear();
            events += feed(&mut server, wire, &mut out);
            events += feed(&mut client, wire, &mut out);
        }
    });
    assert_eq!(allocated.count_total, 0, "{allocated:?}");
    assert!(events > 1000, "{events}");
}

/// RFC 854 GENERAL respond-limit: storms of requests. What was agreed on goes on, each endpoint
/// stops answering at its limit, and says so once.
#[test]
fn a_storm_of_requests_is_answered_up_to_the_limit() {
    let mut server = Server::new(ServerConfig::default());
    let mut client = Client::new(ClientConfig::default());
    for machine in [&mut server as &mut dyn Storm, &mut client] {
        let storm = b"\xff\xfd\xc8\xff\xfb\xc8".repeat(100_000);
        let (answered, told) = machine.suffer(&storm);
        assert_eq!((answered, told), (3 * 1000, 1001));
    }
}

trait Storm {
    fn suffer(&mut self, storm: &[u8]) -> (usize, usize);
}

impl<M: for<'i> Machine<Event<'i> = Event<&'i [u8]>>> Storm for M {
    fn suffer(&mut self, storm: &[u8]) -> (usize, usize) {
        let mut out = Vec::new();
        let told = feed(self, storm, &mut out);
        (out.len(), told)
    }
}

/// A peer that changes its mind for ever makes no more than the limit says, also where each answer
/// is a question.
#[test]
fn options_that_go_on_and_off() {
    let mut server = Server::new(ServerConfig {
        typing: Typing::Linemode,
        environment: EnvironmentPolicy::allow(["LANG"]),
        charsets: vec![b"UTF-8".to_vec()],
        ..ServerConfig::default()
    });
    let mut out = Vec::new();
    server.start(&mut out);
    out.clear();
    let toggle = b"\xff\xfb\x18\xff\xfc\x18\xff\xfb\x22\xff\xfc\x22\xff\xfb\x27\xff\xfc\x27\xff\xfd\x2a\xff\xfe\x2a";
    feed(&mut server, &toggle.repeat(10_000), &mut out);
    assert!(out.len() < 1010 * 30, "{}", out.len());
}

/// CVE-2022-39028, CVE-2020-10188: two octets FF xx at the begin, in a Synch, behind a CR and in a
/// subnegotiation, at both ends.
#[test]
fn two_octets_anywhere() {
    let places: [&[u8]; 5] = [
        b"",
        b"\r",
        b"\xff\xfa\x22\x03",
        b"\xff\xfa\xff",
        b"\xff\xfa\x27\x01\0",
    ];
    for place in places {
        for code in 0..=255_u8 {
            for urgent in [false, true] {
                let wire = [place, &[255, code]].concat();
                let mut server = Server::new(ServerConfig::default());
                let mut client = Client::new(ClientConfig {
                    linemode: true,
                    ..ClientConfig::default()
                });
                if urgent {
                    server.urgent();
                    client.urgent();
                }
                let mut out = Vec::new();
                feed(&mut server, &wire, &mut out);
                feed(&mut client, &wire, &mut out);
                assert!(out.len() <= b"\r\n[Yes]\r\n".len(), "{wire:?} {out:?}");
            }
        }
    }
}

/// All options that either end has anything to do with, and two that nobody knows.
const OPTIONS: &[u8] = &[
    0, 1, 3, 5, 6, 24, 25, 31, 32, 33, 34, 35, 36, 39, 42, 200, 255,
];

fn options() -> impl Strategy<Value = OptionSet> {
    let some = subsequence(OPTIONS, 0..=OPTIONS.len());
    some.prop_map(|some| some.into_iter().map(OptionCode).collect())
}

fn policy() -> impl Strategy<Value = Policy> {
    (options(), options(), options(), options()).prop_map(|(us, him, ask_us, ask_him)| Policy {
        us,
        him,
        ask_us,
        ask_him,
    })
}

fn names(most: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let name = prop_oneof![
        Just(b"XTERM".to_vec()),
        Just(b"utf-8".to_vec()),
        Just(b"US-ASCII".to_vec()),
        Just(b"a;b".to_vec()),
        vec(any::<u8>(), 0..50),
    ];
    vec(name, 0..most)
}

fn server() -> impl Strategy<Value = ServerConfig> {
    let typing = prop_oneof![
        Just(Typing::Character),
        Just(Typing::Line),
        Just(Typing::Linemode)
    ];
    let asks = (any::<bool>(), any::<bool>(), any::<bool>(), 0..10_usize);
    (typing, asks, names(3), names(3), policy()).prop_map(
        |(typing, asks, variables, charsets, also)| {
            let (ask_window, ask_terminal_type, ask_terminal_speed, max_terminal_types) = asks;
            ServerConfig {
                typing,
                ask_window,
                ask_terminal_type,
                max_terminal_types,
                ask_terminal_speed,
                environment: EnvironmentPolicy::allow(variables),
                charsets,
                also,
                ..ServerConfig::default()
            }
        },
    )
}

fn client() -> impl Strategy<Value = ClientConfig> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let characters = vec((1..=30_u8, 0..4_u8, any::<u8>()), 0..6);
    (flags, names(12), names(3), names(3), characters, policy()).prop_map(
        |(flags, terminal_types, variables, charsets, characters, also)| {
            let (speaks_first, linemode, binary, has_window) = flags;
            let character = |(function, level, value)| {
                let setting = match level {
                    0 => SlcSetting::NO_SUPPORT,
                    1 => SlcSetting::cant_change(value),
                    2 => SlcSetting::value(value),
                    _ => SlcSetting::DEFAULT,
                };
                (SlcFunction(function), setting)
            };
            ClientConfig {
                speaks_first,
                linemode,
                binary,
                window: has_window.then_some((80, 24)),
                terminal_speed: has_window.then_some((1, 2)),
                environment: variables
                    .into_iter()
                    .map(|name| (name, b"v".to_vec()))
                    .collect(),
                terminal_types,
                charsets,
                special_characters: characters.into_iter().map(character).collect(),
                also,
                ..ClientConfig::default()
            }
        },
    )
}

/// Gives what the peer said; questions to the application are answered as `answer` says.
fn hear<M>(
    machine: &mut M,
    mut rest: &[u8],
    mut answer: impl FnMut(&mut M, Side, OptionCode, &mut Vec<u8>),
) -> Vec<u8>
where
    M: for<'i> Machine<Event<'i> = Event<&'i [u8]>>,
{
    let mut out = Vec::new();
    for _ in 0..100_000 {
        let Ok(step) = machine.step(Input::more(rest), &mut out) else {
            panic!("an error");
        };
        rest = &rest[step.consumed..];
        match step.next {
            Next::Event(Event::Asked { side, option }) => answer(machine, side, option, &mut out),
            Next::NeedMore if step.consumed == 0 => return out,
            Next::Event(_) | Next::NeedMore => {}
            next => panic!("{next:?}"),
        }
    }
    panic!("no end");
}

proptest! {
    /// Any server and any client become silent, whatever their applications have asked for.
    #[test]
    fn two_ends_become_silent(
        server in server(),
        client in client(),
        asked in vec((any::<bool>(), any::<bool>(), subsequence(OPTIONS, 1), any::<bool>()), 0..8),
        answers in vec(any::<bool>(), 8),
    ) {
        let mut server = Server::new(server);
        let mut client = Client::new(client);
        let (mut down, mut up) = (Vec::new(), Vec::new());
        server.start(&mut down);
        client.start(&mut up);
        for (at_server, us, option, on) in asked {
            let side = if us { Side::Us } else { Side::Him };
            let option = OptionCode(option[0]);
            if at_server {
                server.request(side, option, on, &mut down);
            } else {
                client.request(side, option, on, &mut up);
            }
        }
        let mut answers = answers.into_iter().cycle();
        let mut turns = 0;
        while !(down.is_empty() && up.is_empty()) {
            turns += 1;
            prop_assert!(turns < 60, "{:?} and {:?}", down, up);
            let on = answers.next() == Some(true);
            let said = hear(&mut client, &down, |client, side, option, out| {
                client.request(side, option, on, out);
            });
            down = hear(&mut server, &up, |server, side, option, out| {
                server.request(side, option, !on, out);
            });
            up = said;
        }
    }

    /// Whatever comes to an endpoint, however it is configured: no panic, no end of memory, and the
    /// same in one piece and in single octets.
    #[test]
    fn anything_may_come(server in server(), client in client(), octets in vec(prop_oneof![Just(255_u8), 236..=255_u8, 0..4_u8, 30..43_u8, any::<u8>()], 0..300)) {
        let whole = |cut: usize| {
            let mut server = Server::new(server.clone());
            let mut client = Client::new(client.clone());
            let mut outs = (Vec::new(), Vec::new());
            server.start(&mut outs.0);
            client.start(&mut outs.1);
            in_pieces(&mut server, &octets, cut, &mut outs.0);
            in_pieces(&mut client, &octets, cut, &mut outs.1);
            outs
        };
        prop_assert_eq!(whole(1), whole(1 << 16));
    }
}

fn in_pieces<M: Machine>(machine: &mut M, octets: &[u8], cut: usize, out: &mut Vec<u8>) {
    let (mut at, mut shown) = (0, 0);
    for _ in 0..100_000 {
        let Ok(step) = machine.step(Input::more(&octets[at..shown]), out) else {
            panic!("an error");
        };
        at += step.consumed;
        if matches!(step.next, Next::NeedMore) && step.consumed == 0 {
            if shown == octets.len() {
                return;
            }
            shown = (shown + cut).min(octets.len());
        }
    }
    panic!("no end");
}
