//! How two sides of LINEMODE agree on special characters.

use wirelore_telnet_nvt::wire::option::*;

const IP: SlcFunction = SlcFunction::IP;
const EC: SlcFunction = SlcFunction::EC;

/// Gives a table these triplets (function, modifiers, value) and returns what it answers.
fn answers(table: &mut SlcTable, octets: &[[u8; 3]]) -> Vec<[u8; 3]> {
    let triplets: Vec<_> = octets.iter().map(|&o| SlcTriplet::from_octets(o)).collect();
    octets_of(&table.receive(&SlcTriplets::of(&triplets)))
}

fn octets_of(replies: &SlcReplies) -> Vec<[u8; 3]> {
    replies.iter().map(SlcTriplet::to_octets).collect()
}

fn server(defaults: &[(SlcFunction, SlcSetting)]) -> SlcTable {
    SlcTable::new(SlcRole::Server, defaults)
}

fn client(defaults: &[(SlcFunction, SlcSetting)]) -> SlcTable {
    SlcTable::new(SlcRole::Client, defaults)
}

/// Lets two tables talk until both are silent, and returns how many messages that took.
fn talk(first: SlcReplies, to: &mut SlcTable, back: &mut SlcTable) -> usize {
    let (mut to, mut back, mut said) = (to, back, first);
    for count in 0..6 {
        if said.is_empty() {
            return count;
        }
        let triplets: Vec<_> = said.iter().collect();
        said = to.receive(&SlcTriplets::of(&triplets));
        std::mem::swap(&mut to, &mut back);
    }
    panic!("still talking: {said:?}");
}

/// RFC 1184 §5.9 responses: what each level may be answered with, by what we support.
#[test]
fn responses() {
    let mut cases = Vec::new();
    for (default, wish, reply) in [
        // our default; what comes: level, value; what is answered
        (SlcSetting::value(9), [3, 0], Some([2, 9])),
        (SlcSetting::cant_change(9), [3, 0], Some([1, 9])),
        (SlcSetting::NO_SUPPORT, [3, 5], Some([0, 0])),
        (SlcSetting::DEFAULT, [3, 5], Some([0, 0])),
        (SlcSetting::value(9), [2, 5], Some([0x82, 5])),
        (SlcSetting::DEFAULT, [2, 5], Some([0x82, 5])),
        (SlcSetting::cant_change(9), [2, 5], Some([1, 9])),
        (SlcSetting::cant_change(9), [2, 9], Some([0x82, 9])),
        (SlcSetting::NO_SUPPORT, [2, 5], Some([0, 0])),
        (SlcSetting::value(9), [1, 5], Some([0x81, 5])),
        (SlcSetting::DEFAULT, [1, 5], Some([0x81, 5])),
        (SlcSetting::cant_change(9), [1, 9], Some([0x81, 9])),
        (SlcSetting::cant_change(9), [1, 5], Some([0, 0])),
        (SlcSetting::NO_SUPPORT, [1, 5], Some([0, 0])),
        // it is so already
        (SlcSetting::value(9), [0, 5], None),
    ] {
        for role in [SlcRole::Server, SlcRole::Client] {
            let mut table = SlcTable::new(role, &[(EC, default)]);
            let expected: Vec<_> = reply.iter().map(|r| [10, r[0], r[1]]).collect();
            let answered = answers(&mut table, &[[10, wish[0], wish[1]]]);
            cases.push(
                (answered == expected)
                    .then_some(())
                    .ok_or((default, wish, answered)),
            );
        }
    }
    assert_eq!(cases.into_iter().find(Result::is_err), None);
}

/// RFC 1184 §5.9 responses: NOSUPPORT is always acknowledged.
#[test]
fn what_is_not_supported_is_acknowledged() {
    let mut table = server(&[(IP, SlcSetting::value(3))]);
    answers(&mut table, &[[3, 2, 3]]);
    assert_eq!(answers(&mut table, &[[3, 0, 7]]), [[3, 0x80, 7]]);
    assert_eq!(
        table.current(IP).map(|s| s.level),
        Some(SlcLevel::NoSupport)
    );
}

/// RFC 1184 §5.5 same: "Ignore it if it is the same as the current settings."
#[test]
fn the_same_again_is_ignored() {
    let mut table = server(&[]);
    assert_eq!(answers(&mut table, &[[10, 2, 8]]), [[10, 0x82, 8]]);
    assert!(answers(&mut table, &[[10, 2, 8]]).is_empty());
    assert!(answers(&mut table, &[[10, 0x82, 8]]).is_empty());
    // flags are a part of it
    assert_eq!(answers(&mut table, &[[10, 0x42, 8]]), [[10, 0xc2, 8]]);
}

/// RFC 1184 §2.4 ack, RFC 1184 §5.5 agree: "we switch to it and reply with the same value, but also
/// set the SLC_ACK bit".
#[test]
fn agreement_is_acknowledged() {
    let mut table = server(&[(IP, SlcSetting::value(3))]);
    assert_eq!(answers(&mut table, &[[3, 0x62, 28]]), [[3, 0xe2, 28]]);
    let current = SlcSetting::value(28).flushing(true, true);
    assert_eq!(table.current(IP), Some(current));
    assert_eq!(table.default_of(IP), Some(SlcSetting::value(3)));
}

/// RFC 1184 §5.5 disagree: "You may only disagree with a value by sending a different value at a
/// lower level." RFC 1184 §5.5 disagree-no-ack: "The SLC_ACK bit is NOT set in this case."
#[test]
fn disagreement_goes_down() {
    let settings = [
        SlcSetting::NO_SUPPORT,
        SlcSetting::cant_change(9),
        SlcSetting::value(9),
        SlcSetting::DEFAULT,
    ];
    for default in settings {
        for level in 0..4 {
            for value in [9, 5] {
                let mut table = server(&[(EC, default)]);
                for reply in answers(&mut table, &[[10, level, value]]) {
                    let modifiers = SlcModifiers(reply[1]);
                    match modifiers.has(SlcModifiers::ACK) {
                        true => assert_eq!(reply, [10, level | 0x80, value]),
                        false => assert!(modifiers.level() < SlcModifiers(level).level()),
                    }
                }
            }
        }
    }
}

/// RFC 1184 §5.5 both: with ACK and the level we have, a client changes to the value and a server
/// does not; RFC 1184 §5.9 no-response: ACK is never answered.
#[test]
fn acknowledgements_are_not_answered() {
    for (role, value) in [(SlcRole::Server, 8), (SlcRole::Client, 21)] {
        let mut table = SlcTable::new(role, &[(EC, SlcSetting::value(127))]);
        answers(&mut table, &[[10, 2, 8]]);
        assert!(answers(&mut table, &[[10, 0x82, 21]]).is_empty());
        assert_eq!(table.current(EC), Some(SlcSetting::value(value)));
    }
    for role in [SlcRole::Server, SlcRole::Client] {
        let mut table = SlcTable::new(role, &[(EC, SlcSetting::value(127))]);
        let all: Vec<_> = (0..=255).map(|m| [10, m | 0x80, 8]).collect();
        assert!(answers(&mut table, &all).is_empty());
    }
}

/// RFC 1184 §5.5 both: "they will both settle on the clients requested value".
#[test]
fn both_ask_at_once() {
    let defaults = [(EC, SlcSetting::value(127))];
    let (mut server, mut client) = (server(&defaults), client(&defaults));
    let exported = client.export();
    talk(exported, &mut server, &mut client);
    let from_server = server.change(EC, SlcSetting::value(8)).expect("a change");
    let from_client = client.change(EC, SlcSetting::value(21)).expect("a change");
    let by_server = server.receive(&SlcTriplets::of(&[from_client]));
    let by_client = client.receive(&SlcTriplets::of(&[from_server]));
    talk(by_server, &mut client, &mut server);
    talk(by_client, &mut server, &mut client);
    assert_eq!(client.current(EC), Some(SlcSetting::value(21)));
    assert_eq!(server.current(EC), client.current(EC));
}

/// RFC 1184 §2.4 import-defaults: `0 DEFAULT 0` sends the server back to its defaults, and makes it
/// say them; RFC 1184 §2.4 left-to-client: editing that the server does not do is sent as DEFAULT.
#[test]
fn import_of_the_defaults() {
    let defaults = [
        (IP, SlcSetting::value(3).flushing(true, true)),
        (EC, SlcSetting::value(127)),
        (SlcFunction::EW, SlcSetting::NO_SUPPORT),
    ];
    let mut table = server(&defaults);
    answers(&mut table, &[[10, 2, 8], [11, 2, 21]]);
    let mut expected = vec![[3, 0x62, 3], [10, 2, 127], [11, 3, 0]];
    expected.extend((13..=30).map(|function| [function, 3, 0]));
    assert_eq!(answers(&mut table, &[[0, 3, 77]]), expected);
    assert_eq!(table.current(EC), Some(SlcSetting::value(127)));
}

/// RFC 1184 §2.4 import-current: `0 VALUE 0` makes the server say its settings and changes none.
#[test]
fn import_of_the_current_settings() {
    let mut table = server(&[(IP, SlcSetting::value(3)), (EC, SlcSetting::value(127))]);
    answers(&mut table, &[[10, 2, 8]]);
    let said = answers(&mut table, &[[0, 2, 0]]);
    assert_eq!(said[..2], [[10, 2, 8], [11, 3, 0]]);
    assert_eq!(said.len(), 21);
    assert_eq!(table.current(EC), Some(SlcSetting::value(8)));
}

/// RFC 1184 §2.4 only-client: "Only the client may send an octet triplet with the first octet equal
/// to zero", and only with DEFAULT or VALUE.
#[test]
fn zero_elsewhere_is_ignored() {
    let mut client = client(&[(EC, SlcSetting::value(127))]);
    assert!(answers(&mut client, &[[0, 3, 0], [0, 2, 0]]).is_empty());
    let mut server = server(&[(EC, SlcSetting::value(127))]);
    assert!(answers(&mut server, &[[0, 0, 0], [0, 1, 0]]).is_empty());
}

/// RFC 1184 §3 default: "Character values for SLC default to SLC_NOSUPPORT."
#[test]
fn at_the_begin_nothing_is_supported() {
    let table = client(&[(EC, SlcSetting::value(127))]);
    for function in SlcFunction::every() {
        assert_eq!(table.current(function), Some(SlcSetting::NO_SUPPORT));
    }
    assert_eq!(table.current(SlcFunction(0)), None);
    assert_eq!(table.current(SlcFunction(31)), None);
}

/// RFC 1184 §5.10 export: the first exchange of special characters.
#[test]
fn the_example() {
    let value = SlcSetting::value;
    let mut client = client(&[
        (SlcFunction::SYNCH, SlcSetting::DEFAULT),
        (IP, value(3).flushing(true, true)),
        (SlcFunction::AO, value(15)),
        (SlcFunction::AYT, SlcSetting::DEFAULT),
        (SlcFunction::ABORT, value(28).flushing(true, true)),
        (SlcFunction::EOF, value(4)),
        (SlcFunction::SUSP, value(26).flushing(true, false)),
        (EC, value(127)),
        (SlcFunction::EL, value(21)),
    ]);
    let mut server = server(&[
        (IP, value(3).flushing(true, true)),
        (SlcFunction::ABORT, value(28).flushing(true, true)),
        (SlcFunction::EOF, value(4)),
        (EC, value(127)),
        (SlcFunction::EL, value(21)),
    ]);
    let exported = client.export();
    let expected = [
        [1, 3, 0],
        [3, 0x62, 3],
        [4, 2, 15],
        [5, 3, 0],
        [7, 0x62, 28],
        [8, 2, 4],
        [9, 0x42, 26],
        [10, 2, 127],
        [11, 2, 21],
    ];
    assert_eq!(octets_of(&exported), expected);
    let answered = answers(&mut server, &expected);
    let expected = [
        [1, 0, 0],
        [3, 0xe2, 3],
        [4, 0, 0],
        [5, 0, 0],
        [7, 0xe2, 28],
        [8, 0x82, 4],
        [9, 0, 0],
        [10, 0x82, 127],
        [11, 0x82, 21],
    ];
    assert_eq!(answered, expected);
    let last = answers(&mut client, &answered);
    assert_eq!(
        last,
        [[1, 0x80, 0], [4, 0x80, 0], [5, 0x80, 0], [9, 0x80, 0]]
    );
    assert!(answers(&mut server, &last).is_empty());
    for function in SlcFunction::every() {
        assert_eq!(client.current(function), server.current(function));
    }
    // the user decides to import what the server would choose: nothing changes
    let imported = answers(&mut server, &[SlcTriplet::IMPORT_DEFAULTS.to_octets()]);
    let signals: Vec<_> = imported.into_iter().filter(|t| t[0] <= 11).collect();
    assert!(answers(&mut client, &signals).is_empty());
}

#[test]
fn changes() {
    let mut table = client(&[(EC, SlcSetting::value(127))]);
    let asked = table.change(EC, SlcSetting::value(8));
    assert_eq!(asked.map(SlcTriplet::to_octets), Some([10, 2, 8]));
    assert_eq!(table.change(EC, SlcSetting::value(8)), None);
    assert_eq!(table.change(SlcFunction(0), SlcSetting::value(8)), None);
    assert_eq!(table.change(SlcFunction(31), SlcSetting::value(8)), None);
    let asked = table.change(EC, SlcSetting::DEFAULT);
    assert_eq!(asked.map(SlcTriplet::to_octets), Some([10, 3, 0]));
}

#[test]
fn replies_as_a_payload() {
    let mut table = server(&[]);
    let mut payload = Vec::new();
    SlcReplies::default().encode(&mut payload);
    assert!(payload.is_empty());
    let wish = [SlcTriplet::from_octets([10, 2, 8])];
    table.receive(&SlcTriplets::of(&wish)).encode(&mut payload);
    assert_eq!(payload, [3, 10, 0x82, 8]);
}

/// CVE-2005-0469, CVE-2026-32746, RFC 1184 §5.9 unknown-function: however many triplets come, a
/// function is answered once, with the answer to the last of them.
#[test]
fn many_triplets_have_few_answers() {
    let mut table = server(&[(IP, SlcSetting::value(3))]);
    let mut storm = Vec::new();
    for round in 0..2000u32 {
        let value = round.to_le_bytes()[0];
        storm.extend((0..=255).map(|function| [function, 2, value]));
        storm.push([0, 3, 0]);
    }
    storm.push([10, 2, 99]);
    let replies = answers(&mut table, &storm);
    let functions: Vec<_> = replies.iter().map(|reply| reply[0]).collect();
    assert!(functions.is_sorted_by(|a, b| a < b), "{functions:?}");
    assert!(functions.iter().all(|f| (1..=30).contains(f)));
    assert!(replies.contains(&[10, 0x82, 99]));
    let mut payload = Vec::new();
    let again: Vec<_> = storm.iter().map(|&o| SlcTriplet::from_octets(o)).collect();
    table.receive(&SlcTriplets::of(&again)).encode(&mut payload);
    assert!(payload.len() <= 91);
}

/// Two tables become silent, whatever both would choose and whoever begins.
#[test]
fn no_loops() {
    let settings = [
        SlcSetting::NO_SUPPORT,
        SlcSetting::cant_change(1),
        SlcSetting::cant_change(2),
        SlcSetting::value(1),
        SlcSetting::value(2).flushing(true, false),
        SlcSetting::DEFAULT,
    ];
    let mut longest = 0;
    for ours in settings {
        for theirs in settings {
            for wish in settings {
                let (mut a, mut b) = (server(&[(EC, ours)]), client(&[(EC, theirs)]));
                let exported = b.export();
                longest = longest.max(talk(exported, &mut a, &mut b));
                assert_eq!(a.current(EC), b.current(EC), "{ours:?} {theirs:?}");
                let import = [SlcTriplet::IMPORT_DEFAULTS];
                let said = a.receive(&SlcTriplets::of(&import));
                longest = longest.max(talk(said, &mut b, &mut a));
                for by_client in [true, false] {
                    let (from, to) = match by_client {
                        true => (&mut b, &mut a),
                        false => (&mut a, &mut b),
                    };
                    let asked: Vec<_> = from.change(EC, wish).into_iter().collect();
                    let said = to.receive(&SlcTriplets::of(&asked));
                    longest = longest.max(1 + talk(said, from, to));
                    let (server, client) = (a.current(EC), b.current(EC));
                    assert_eq!(server.map(|s| s.level), client.map(|s| s.level));
                }
            }
        }
    }
    assert!(longest <= 4, "{longest}");
}
