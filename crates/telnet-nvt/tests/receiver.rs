//! RFC 854 and 856, and RFC 1123 section 3.2, on the receiver: octets in, events and octets out, in one
//! piece and in single octets.

mod came;

use came::Came::{self, Option as On, Subnegotiation as Sb};
use came::{data, give, is, nothing};
use wirelore_telnet_nvt::{
    Command, Config, Event, Machine, OptionCode, OptionSet, Policy, Receiver, Requested, Side,
};

fn agreeing() -> Config {
    let agreed = OptionSet::of(&[OptionCode::BINARY, OptionCode::SGA, OptionCode::TTYPE]);
    Config {
        policy: Policy {
            us: agreed,
            him: agreed,
            ..Policy::default()
        },
        ..Config::default()
    }
}

/// RFC 854 NVT-PRINTER nul-stripped: "a NUL received in the data stream after a CR ... should be
/// stripped out"; commands are not in the data stream (RFC 1123 section 3.2.6: "options may appear
/// at any point").
#[test]
fn the_nul_behind_a_cr() {
    let config = agreeing();
    is(config, nothing, b"a\r\0b", &[data(b"a\rb")], b"");
    is(config, nothing, b"a\r\nb", &[data(b"a\r\nb")], b"");
    is(
        config,
        nothing,
        b"\r\0\0\r\r\0\n",
        &[data(b"\r\0\r\r\n")],
        b"",
    );
    is(config, nothing, b"\0\r\0", &[data(b"\0\r")], b"");
    is(config, nothing, b"\r\xff\xff\0", &[data(b"\r\xff\0")], b"");
    let nop = Came::Command(241);
    is(
        config,
        nothing,
        b"a\r\xff\xf1\0b",
        &[data(b"a\r"), nop.clone(), data(b"b")],
        b"",
    );
    is(
        config,
        nothing,
        b"\r\xff\xf1\xff\xf1\0\0",
        &[data(b"\r"), nop.clone(), nop.clone(), data(b"\0")],
        b"",
    );
    is(
        config,
        nothing,
        b"\rx\xff\xf1\0",
        &[data(b"\rx"), nop, data(b"\0")],
        b"",
    );
    let sb = Sb(24, b"\0".to_vec());
    is(
        config,
        nothing,
        b"\r\xff\xfa\x18\0\xff\xf0\0b",
        &[data(b"\r"), sb, data(b"b")],
        b"",
    );
    // the answer to what comes in between is written at once
    let refused = Came::Other(format!(
        "{:?}",
        Event::<&[u8]>::Declined {
            side: Side::Us,
            option: OptionCode(42)
        }
    ));
    is(
        config,
        nothing,
        b"\r\xff\xfd\x2a\0b",
        &[data(b"\r"), refused, data(b"b")],
        b"\xff\xfc\x2a",
    );
}

/// RFC 856 §5 nul, RFC 1123 section 3.2.7: "8 bit binary data" has no NUL that is left out; RFC
/// 1123 section 3.2.7. In the other direction's BINARY, nothing changes.
#[test]
fn binary_data_is_not_changed() {
    let on = On(Side::Him, 0, true);
    let off = On(Side::Him, 0, false);
    is(
        agreeing(),
        nothing,
        b"\r\0\xff\xfb\0\r\0\xff\xff\xff\xfc\0\r\0",
        &[data(b"\r"), on.clone(), data(b"\r\0\xff"), off, data(b"\r")],
        b"\xff\xfd\0\xff\xfe\0",
    );
    // a CR before, a NUL of binary data
    is(
        agreeing(),
        nothing,
        b"\r\xff\xfb\0\0",
        &[data(b"\r"), on, data(b"\0")],
        b"\xff\xfd\0",
    );
    let ours = On(Side::Us, 0, true);
    is(
        agreeing(),
        nothing,
        b"\xff\xfd\0\r\0",
        &[ours, data(b"\r")],
        b"\xff\xfb\0",
    );
}

/// RFC 856 §2 both, RFC 1143 §2 no-effect: "only when one party has requested it and the other has
/// acknowledged it".
#[test]
fn binary_takes_effect_with_the_answer() {
    let ask = |receiver: &mut Receiver| {
        let mut out = Vec::new();
        let requested = receiver.request(Side::Him, OptionCode::BINARY, true, &mut out);
        assert_eq!((requested, &out[..]), (Requested::Sent, &b"\xff\xfd\0"[..]));
    };
    let on = On(Side::Him, 0, true);
    is(
        agreeing(),
        ask,
        b"\r\0\xff\xfb\0\r\0",
        &[data(b"\r"), on, data(b"\r\0")],
        b"",
    );
    let refused = Came::Other(format!(
        "{:?}",
        Event::<&[u8]>::Refused {
            side: Side::Him,
            option: OptionCode::BINARY
        }
    ));
    is(
        agreeing(),
        ask,
        b"\r\0\xff\xfc\0\r\0",
        &[data(b"\r"), refused, data(b"\r")],
        b"",
    );
}

/// RFC 854 GENERAL refuse-unknown, RFC 1123 section 3.2.1, RFC 1143 section 2: what is not
/// implemented is refused, every one of them, also late in a connection.
#[test]
fn every_option_is_refused_by_default() {
    for option in 0..=255_u8 {
        let mut receiver = Receiver::new(Config::default());
        let mut out = Vec::new();
        give(
            &mut receiver,
            &[255, 253, option, 255, 251, option],
            1,
            &mut out,
        );
        assert_eq!(out, [255, 252, option, 255, 254, option]);
        out.clear();
        give(&mut receiver, &[b'x'; 1000], 100, &mut out);
        give(
            &mut receiver,
            &[255, 254, option, 255, 252, option],
            1,
            &mut out,
        );
        assert_eq!(out, b"", "what is off already is not confirmed");
        give(&mut receiver, &[255, 253, option], 1, &mut out);
        assert_eq!(out, [255, 252, option]);
    }
}

/// RFC 854 GENERAL no-ack: "If a party receives what appears to be a request to enter some mode it
/// is already in, the request should not be acknowledged."
#[test]
fn a_mode_it_is_in_already() {
    let us = On(Side::Us, 3, true);
    let him = On(Side::Him, 3, true);
    is(
        agreeing(),
        nothing,
        b"\xff\xfd\x03\xff\xfd\x03\xff\xfb\x03\xff\xfd\x03\xff\xfb\x03",
        &[us, him],
        b"\xff\xfb\x03\xff\xfd\x03",
    );
}

/// RFC 854 GENERAL respond: "It is required that a response be sent to requests for a change of
/// mode -- even if the mode is not changed", each time; RFC 854 GENERAL disable: a request to
/// disable is never refused.
#[test]
fn requests_are_answered() {
    let declined = || {
        Came::Other(format!(
            "{:?}",
            Event::<&[u8]>::Declined {
                side: Side::Him,
                option: OptionCode(77)
            }
        ))
    };
    is(
        Config::default(),
        nothing,
        b"\xff\xfb\x4d\xff\xfb\x4d",
        &[declined(), declined()],
        b"\xff\xfe\x4d\xff\xfe\x4d",
    );
    is(
        agreeing(),
        nothing,
        b"\xff\xfb\x03\xff\xfc\x03\xff\xfd\x03\xff\xfe\x03",
        &[
            On(Side::Him, 3, true),
            On(Side::Him, 3, false),
            On(Side::Us, 3, true),
            On(Side::Us, 3, false),
        ],
        b"\xff\xfd\x03\xff\xfe\x03\xff\xfb\x03\xff\xfc\x03",
    );
}

/// RFC 854 GENERAL simultaneous: "if both parties request an option simultaneously, each will see
/// the other's request as the positive acknowledgment of its own"; RFC 854 GENERAL announce: what
/// is so already is not requested.
#[test]
fn both_ask_at_once() {
    let (mut one, mut other) = (Receiver::new(agreeing()), Receiver::new(Config::default()));
    let (mut to_other, mut to_one) = (Vec::new(), Vec::new());
    assert_eq!(
        one.request(Side::Us, OptionCode::SGA, true, &mut to_other),
        Requested::Sent
    );
    assert_eq!(
        other.request(Side::Him, OptionCode::SGA, true, &mut to_one),
        Requested::Sent
    );
    let mut out = Vec::new();
    assert_eq!(
        give(&mut one, &to_one, 1, &mut out),
        [On(Side::Us, 3, true)]
    );
    assert_eq!(
        give(&mut other, &to_other, 1, &mut out),
        [On(Side::Him, 3, true)]
    );
    assert_eq!(
        one.request(Side::Us, OptionCode::SGA, true, &mut out),
        Requested::Already
    );
    assert_eq!(out, b"");
}

/// RFC 854 GENERAL no-repeat, RFC 1143 section 2: a rejected request is not repeated.
#[test]
fn a_rejection_is_the_end_of_it() {
    let ask = |receiver: &mut Receiver| {
        receiver.request(Side::Him, OptionCode::TTYPE, true, &mut Vec::new());
        receiver.request(Side::Us, OptionCode::SGA, true, &mut Vec::new());
    };
    let refused =
        |side, option| Came::Other(format!("{:?}", Event::<&[u8]>::Refused { side, option }));
    is(
        agreeing(),
        ask,
        b"\xff\xfc\x18\xff\xfe\x03\xff\xfc\x18\xff\xfe\x03",
        &[
            refused(Side::Him, OptionCode::TTYPE),
            refused(Side::Us, OptionCode::SGA),
        ],
        b"",
    );
}

/// RFC 854 GENERAL in-place: the answer is in the stream between what was sent before and after,
/// and takes effect at its place.
#[test]
fn answers_stand_at_their_place() {
    let mut receiver = Receiver::new(agreeing());
    let mut out = b"before".to_vec();
    give(&mut receiver, b"\xff\xfd\x03", 1, &mut out);
    out.extend_from_slice(b"after");
    assert_eq!(out, b"before\xff\xfb\x03after");
}

/// RFC 854 SYNCH discard, RFC 854 SYNCH interesting, RFC 1123 section 3.2.4: data, EC and EL are
/// dropped up to the DM, other commands and options are carried out.
#[test]
fn a_synch_drops_data_and_no_commands() {
    let urgent = |receiver: &mut Receiver| receiver.urgent();
    let kept: &[u8] = &[241, 243, 244, 245, 246, 249, 239, 238, 237, 236];
    let mut wire = Vec::new();
    for code in kept {
        wire.extend_from_slice(&[
            b'a', 255, *code, b'\r', 0, 255, 247, 255, 255, b'b', 255, 248,
        ]);
    }
    wire.extend_from_slice(b"\xff\xfd\x03data\xff\xfa\x18\x01data\xff\xf0data\xff\xf2new\xff\xf7");
    let mut want: Vec<Came> = kept.iter().map(|code| Came::Command(*code)).collect();
    want.push(On(Side::Us, 3, true));
    want.push(Sb(24, b"\x01data".to_vec()));
    want.push(Came::Command(242));
    want.push(data(b"new"));
    want.push(Came::Command(247));
    is(agreeing(), urgent, &wire, &want, b"\xff\xfb\x03");
}

/// RFC 854 SYNCH until-dm: the end of urgent data is not looked at, the DM is; RFC 854 SYNCH more:
/// another mark after the DM goes on to another DM; RFC 854 SYNCH merged: marks are not counted.
#[test]
fn a_synch_ends_at_its_dm() {
    let mut receiver = Receiver::new(Config::default());
    let mut out = Vec::new();
    receiver.urgent();
    receiver.urgent();
    assert_eq!(give(&mut receiver, b"dropped", 3, &mut out), []);
    assert!(receiver.is_in_synch());
    let dm = Came::Command(242);
    assert_eq!(
        give(&mut receiver, b"\xff\xf2kept", 1, &mut out),
        [dm.clone(), data(b"kept")]
    );
    assert!(!receiver.is_in_synch());
    receiver.urgent();
    assert_eq!(
        give(&mut receiver, b"x\xff\xf2y", 1, &mut out),
        [dm, data(b"y")]
    );
}

/// RFC 854 SYNCH dm-nop: "When in normal mode, a DM is a no operation".
#[test]
fn a_dm_without_a_mark() {
    is(
        Config::default(),
        nothing,
        b"a\xff\xf2b",
        &[data(b"a"), Came::Command(242), data(b"b")],
        b"",
    );
}

/// RFC 854 SYNCH sent, RFC 1123 section 3.2.4: IAC DM, and the mark belongs to the DM, "the last
/// (or only) data octet".
#[test]
fn a_synch_that_is_sent() {
    let mut out = b"text".to_vec();
    let receiver = Receiver::new(Config::default());
    receiver
        .send_command(Command::IP, &mut out)
        .expect("a command");
    let mark = receiver.send_synch(&mut out);
    assert_eq!(out, b"text\xff\xf4\xff\xf2");
    assert_eq!((out[mark], mark + 1), (242, out.len()));
}

/// Which commands can be sent alone.
#[test]
fn commands_that_stand_alone() {
    let receiver = Receiver::new(Config::default());
    for code in 0..=255 {
        let mut out = Vec::new();
        let sent = receiver.send_command(Command(code), &mut out);
        let stands_alone = code < 250 && code != 240;
        assert_eq!(sent.is_ok(), stands_alone, "{code}");
        assert_eq!(out.len(), if stands_alone { 2 } else { 0 });
    }
}

/// RFC 860 §2: DO is answered with WILL, each time, as often as it comes; a WILL that nobody asked
/// for with DONT; the end of what was asked for is told.
#[test]
fn timing_marks() {
    let config = Config {
        timing_marks: true,
        ..Config::default()
    };
    let other = |event: Event<&[u8]>| Came::Other(format!("{event:?}"));
    let ours = || other(Event::TimingMark(Side::Us));
    let option = OptionCode::TIMING_MARK;
    is(
        config,
        nothing,
        b"a\xff\xfd\x06b\xff\xfd\x06\xff\xfe\x06",
        &[data(b"a"), ours(), data(b"b"), ours()],
        b"\xff\xfb\x06\xff\xfb\x06",
    );
    let declined = other(Event::Declined {
        side: Side::Him,
        option,
    });
    is(
        config,
        nothing,
        b"\xff\xfb\x06\xff\xfc\x06",
        &[declined],
        b"\xff\xfe\x06",
    );
    let twice = |receiver: &mut Receiver| {
        let mut out = Vec::new();
        receiver.ask_timing_mark(&mut out);
        receiver.ask_timing_mark(&mut out);
        assert_eq!(out, b"\xff\xfd\x06\xff\xfd\x06");
    };
    let refused = other(Event::Refused {
        side: Side::Him,
        option,
    });
    is(
        config,
        twice,
        b"\xff\xfb\x06\xff\xfc\x06",
        &[other(Event::TimingMark(Side::Him)), refused],
        b"",
    );
}
