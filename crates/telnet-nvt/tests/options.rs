//! What payloads say, option by option: vectors of the RFCs and of real peers, and what is refused.

mod option_words;

use option_words::{encoded, is, refused, said, wrong};
use wirelore_telnet_nvt::wire::option::*;
use wirelore_telnet_nvt::{OptionCode, Verb};

/// RFC 1073 §2 size: "The values are each sent as two bytes, in the Internet standard byte and bit
/// order." RFC 1073 §6: the examples. RFC 1073 §2 doubled: 255 in a size.
#[test]
fn window_size() {
    let size = |columns, rows| is(Subnegotiation::Naws(Naws { columns, rows }));
    said("fffa1f 0050 0018 fff0", size(80, 24));
    said("fffa1f 0050 0040 fff0", size(80, 64));
    said("fffa1f 012c 0018 fff0", size(300, 24));
    said("fffa1f 00ffff ffffffff fff0", size(255, 65535));
    for short in 0..4 {
        let payload = &[0, 80, 0, 24][..short];
        assert_eq!(wrong(OptionCode::NAWS, payload), ("truncated", short));
    }
    let long = wrong(OptionCode::NAWS, &[0, 80, 0, 24, 0]);
    assert_eq!(long, ("trailing-octets", 4));
}

/// RFC 1073 §2 zero: "A value equal to zero is acceptable for the width (or height), and means that
/// no character width (or height) is being sent."
#[test]
fn window_size_unspecified() {
    let none = Naws::default();
    assert_eq!((none.columns, none.rows), (0, 0));
    said("fffa1f 0000 0000 fff0", is(Subnegotiation::Naws(none)));
}

/// RFC 1091 §2 send, RFC 1091 §2 is: SEND is 1, IS is 0 and a name; RFC 1091 §8 examples: a name.
/// RFC 1091 §6 longest-received: names of any length are taken.
#[test]
fn terminal_type() {
    let send = Subnegotiation::TerminalType(TerminalType::Send);
    said("fffa1801fff0", is(send));
    let name = |name| is(Subnegotiation::TerminalType(TerminalType::Is(name)));
    said("fffa1800 58544552 4d fff0", name(b"XTERM"));
    said("fffa1800 49424d2d333237382d32 fff0", name(b"IBM-3278-2"));
    assert_eq!(wrong(OptionCode::TTYPE, b""), ("truncated", 0));
    assert_eq!(wrong(OptionCode::TTYPE, b"\x02x"), ("unknown-command", 0));
    assert_eq!(wrong(OptionCode::TTYPE, b"\x01x"), ("trailing-octets", 1));
    let odd = [b"\x00".as_slice(), &[b'x'; 200], b"\x1b\r\n\x00\xff"].concat();
    assert_eq!(TerminalType::parse(&odd), Ok(TerminalType::Is(&odd[1..])));
    assert_eq!(TerminalType::parse(&[0]), Ok(TerminalType::Is(b"")));
}

/// RFC 1091 §5 nvt-ascii: "an NVT ASCII string"; RFC 1091 §6 longest: "The maximum length of a
/// terminal type name is 40 characters"; RFC 1091 §6 unknown: the name UNKNOWN.
#[test]
fn terminal_types_that_are_not_sent() {
    let not_sent = |name| refused(Subnegotiation::TerminalType(TerminalType::Is(name)));
    for (at, name) in [
        (0, b"\0xterm"),
        (5, b"xterm\r"),
        (2, b"xt\nerm"),
        (1, b"x\xffterm"),
    ] {
        let octet = name[at];
        assert_eq!(not_sent(name), EncodeError::Octet { octet, at });
    }
    assert_eq!(not_sent(&[b'x'; 41]), EncodeError::TooLong { limit: 40 });
    assert_eq!(not_sent(b""), EncodeError::Empty);
    let longest = TerminalType::Is(&[b'x'; 40]);
    assert_eq!(encoded(Subnegotiation::TerminalType(longest)).len(), 41);
    let unknown = Subnegotiation::TerminalType(TerminalType::UNKNOWN);
    assert_eq!(encoded(unknown), b"\x00UNKNOWN");
}

/// What inetutils telnetd asks, and what inetutils telnet answers.
#[test]
fn inetutils() {
    let speed = TerminalSpeed::Is {
        transmit: 38400,
        receive: 38400,
    };
    let mode = |mask| Subnegotiation::Linemode(Linemode::Mode(Mode(mask)));
    for (wire, expected) in [
        (
            "fffa2001fff0",
            Subnegotiation::TerminalSpeed(TerminalSpeed::Send),
        ),
        (
            "fffa2701fff0",
            Subnegotiation::NewEnviron(Environ::send(&[])),
        ),
        (
            "fffa1801fff0",
            Subnegotiation::TerminalType(TerminalType::Send),
        ),
        ("fffa220103fff0", mode(3)),
        ("fffa220110fff0", mode(16)),
        (
            "fffa2000 33383430302c3338343030 fff0",
            Subnegotiation::TerminalSpeed(speed),
        ),
        ("fffa2700fff0", Subnegotiation::NewEnviron(Environ::is(&[]))),
        (
            "fffa1800 585445524d fff0",
            Subnegotiation::TerminalType(TerminalType::Is(b"XTERM")),
        ),
        ("fffa220107fff0", mode(7)),
    ] {
        said(wire, is(expected));
    }
    said(
        "fffa2203 010000 036203 04020f 050000 07621c 080204 09421a 0a027f 0b0215 0c0217 0d0212
         0e0216 0f0211 100213 110000 120000 fff0",
        |said| {
            let Subnegotiation::Linemode(Linemode::Slc(triplets)) = said else {
                panic!("{said:?}");
            };
            assert_eq!(triplets.iter().count(), 16);
        },
    );
}

/// RFC 1184 §2.3 doubled, RFC 1184 §2.4 doubled, RFC 1572 §2 iac, RFC 2066 §2 quoted: 255 inside of
/// masks, triplets, values and tables. The mask is the one of RFC 1184 section 5.10.
#[test]
fn doubled_255() {
    let mask = (0..32).chain([127]).collect();
    said(
        "fffa22fd02 ffff ffff ffff ffff 0000000000000000000000 01 fff0",
        is(Subnegotiation::Linemode(Linemode::ForwardMask(
            ForwardMask::Do(mask),
        ))),
    );
    let triplet = [SlcTriplet::from_octets([3, 2, 255])];
    let triplets = SlcTriplets::of(&triplet);
    said(
        "fffa2203 0302ffff fff0",
        is(Subnegotiation::Linemode(Linemode::Slc(triplets))),
    );
    let value = [Variable::user_var(&b"A"[..], Some(b"\xff"))];
    said(
        "fffa2700 0341 01ffff fff0",
        is(Subnegotiation::NewEnviron(Environ::is(&value))),
    );
    let table = Ttable {
        version: 1,
        table: &[b';', 255, 255],
    };
    said(
        "fffa2a04 01 3b ffff ffff fff0",
        is(Subnegotiation::Charset(Charset::TtableIs(table))),
    );
}

/// RFC 1079 §2 codes, RFC 1079 §4 form: the example, and what a speed may look like.
#[test]
fn terminal_speed() {
    let speed = |transmit, receive| {
        is(Subnegotiation::TerminalSpeed(TerminalSpeed::Is {
            transmit,
            receive,
        }))
    };
    let send = Subnegotiation::TerminalSpeed(TerminalSpeed::Send);
    said("fffa2001fff0", is(send));
    said("fffa2000 33383430302c3338343030 fff0", speed(38400, 38400));
    said("fffa2000 393630302c313030 fff0", speed(9600, 100));
    said("fffa2000 302c34323934393637323935 fff0", speed(0, u32::MAX));
    for (payload, kind, offset) in [
        (&b""[..], "truncated", 0),
        (b"\x00", "not-a-number", 1),
        (b"\x009600", "truncated", 5),
        (b"\x009600,", "not-a-number", 6),
        (b"\x00,9600", "not-a-number", 1),
        (b"\x009600, 9600", "not-a-number", 6),
        (b"\x009600,9600,1", "not-a-number", 10),
        (b"\x00-1,9600", "not-a-number", 1),
        (b"\x009600,09600", "leading-zero", 6),
        (b"\x004294967296,1", "number-too-large", 1),
        (b"\x001,99999999999999999999999", "number-too-large", 3),
        (b"\x019600,9600", "trailing-octets", 1),
        (b"\x07", "unknown-command", 0),
    ] {
        assert_eq!(wrong(OptionCode::TSPEED, payload), (kind, offset));
    }
}

/// RFC 1096 §2 codes, RFC 1096 §4 form, RFC 1096 §5 host: the example, and the form
/// `<host>:<dispnum>[.<screennum>]` without spaces.
#[test]
fn x_display_location() {
    let at = |location| Subnegotiation::XDisplayLocation(XDisplayLocation::Is(location));
    said(
        "fffa2301fff0",
        is(Subnegotiation::XDisplayLocation(XDisplayLocation::Send)),
    );
    said(
        "fffa2300 5352492d4e49432e415250413a302e30 fff0",
        is(at(b"SRI-NIC.ARPA:0.0")),
    );
    assert_eq!(encoded(at(b"host:10")), b"\x00host:10");
    assert_eq!(encoded(at(b"[2001:db8::1]:0.1")), b"\x00[2001:db8::1]:0.1");
    for location in [
        &b"host"[..],
        b":0",
        b"host:",
        b"host:0.",
        b"host:x",
        b"host:0.0.0",
    ] {
        assert_eq!(refused(at(location)), EncodeError::Form);
    }
    let space = EncodeError::Octet { octet: b' ', at: 4 };
    assert_eq!(refused(at(b"host :0")), space);
    let odd = XDisplayLocation::parse(b"\x00\x1b;anything");
    assert_eq!(odd, Ok(XDisplayLocation::Is(b"\x1b;anything")));
}

/// RFC 859 §2 codes, RFC 859 §5 example.
#[test]
fn status() {
    said("fffa0501fff0", is(Subnegotiation::Status(Status::Send)));
    let entries = [
        StatusEntry::Verb(Verb::Will, OptionCode::ECHO),
        StatusEntry::Verb(Verb::Do, OptionCode::SGA),
        StatusEntry::Verb(Verb::Will, OptionCode::STATUS),
        StatusEntry::Verb(Verb::Do, OptionCode::STATUS),
    ];
    said(
        "fffa0500 fb01 fd03 fb05 fd05 fff0",
        is(Subnegotiation::Status(Status::Is(StatusEntries::of(
            &entries,
        )))),
    );
    said(
        "fffa0500fff0",
        is(Subnegotiation::Status(Status::Is(StatusEntries::of(&[])))),
    );
}

/// RFC 859 §5 sb: "SB is terminated with SE, rather than IAC SE. Transmission of SE, as a regular
/// data byte, is accomplished by doubling the byte".
#[test]
fn status_with_subnegotiations() {
    let size = Quoted::plain(&[0, 240, 0, 255]);
    let entries = [
        StatusEntry::Subnegotiation(OptionCode::NAWS, size),
        StatusEntry::Subnegotiation(OptionCode::LFLOW, Quoted::plain(&[])),
        StatusEntry::Subnegotiation(OptionCode(240), Quoted::plain(&[240, 240])),
        StatusEntry::Verb(Verb::Wont, OptionCode(240)),
        StatusEntry::Verb(Verb::Dont, OptionCode::ECHO),
    ];
    said(
        "fffa0500 fa1f00f0f000fffff0 fa21f0 faf0f0f0f0f0f0f0 fcf0f0 fe01 fff0",
        is(Subnegotiation::Status(Status::Is(StatusEntries::of(
            &entries,
        )))),
    );
    // where it can be nothing else, 240 need not come twice
    let once = Status::parse(&[0, 251, 240, 251, 1]).expect("well-formed");
    let Status::Is(once) = once else {
        panic!("{once:?}");
    };
    assert_eq!(once.iter().count(), 2);
    for (payload, kind, offset) in [
        (&[][..], "truncated", 0),
        (&[0, 251], "truncated", 2),
        (&[0, 251, 1, 7], "misplaced", 3),
        (&[0, 250], "truncated", 2),
        (&[0, 250, 31, 1, 2], "truncated", 5),
        (&[0, 250, 31, 1, 240, 240], "truncated", 6),
        (&[0, 250, 240, 1, 240], "misplaced", 2),
        (&[1, 0], "trailing-octets", 1),
        (&[2], "unknown-command", 0),
    ] {
        assert_eq!(wrong(OptionCode::STATUS, payload), (kind, offset));
    }
}

/// RFC 1372 §1 codes, RFC 1372 §5 unknown: four commands; others "should be silently ignored".
#[test]
fn flow_control() {
    let commands = [
        FlowControl::Off,
        FlowControl::On,
        FlowControl::RestartAny,
        FlowControl::RestartXon,
    ];
    for (code, command) in (0..).zip(commands) {
        said(
            &format!("fffa21{code:02x}fff0"),
            is(Subnegotiation::FlowControl(command)),
        );
    }
    let unknown = OptionError::UnknownCommand { code: 4, offset: 0 };
    assert_eq!(FlowControl::parse(&[4]), Err(unknown));
    assert_eq!(wrong(OptionCode::LFLOW, &[]), ("truncated", 0));
    assert_eq!(wrong(OptionCode::LFLOW, &[1, 1]), ("trailing-octets", 1));
}

/// RFC 2066 §2 request: separator and names; RFC 2066 §2 ttable: the version; RFC 2066 §2
/// commands: what follows each of them.
#[test]
fn charset() {
    let request = |separator, names, ttable| {
        let names = CharsetNames::of(names);
        is(Subnegotiation::Charset(Charset::Request(CharsetRequest {
            separator,
            names,
            ttable,
        })))
    };
    let names: [&[u8]; 2] = [b"UTF-8", b"ISO-8859-1"];
    said(
        "fffa2a01 3b5554462d38 3b49534f2d383835392d31 fff0",
        request(b';', &names, None),
    );
    said(
        "fffa2a01 5b5454 41424c45205d01 205554462d38 2049534f2d383835392d31 fff0",
        request(b' ', &names, Some(1)),
    );
    let answers = [
        ("02 5554462d38", Charset::Accepted(b"UTF-8")),
        ("03", Charset::Rejected),
        ("05", Charset::TtableRejected),
        ("06", Charset::TtableAck),
        ("07", Charset::TtableNak),
        (
            "04 01 3b00ffff",
            Charset::TtableIs(Ttable {
                version: 1,
                table: &[b';', 0, 255],
            }),
        ),
    ];
    for (payload, answer) in answers {
        said(
            &format!("fffa2a{payload}fff0"),
            is(Subnegotiation::Charset(answer)),
        );
    }
    // as the prose spells it, and with separators that separate nothing
    let prose = Charset::parse(b"\x01[TTABLE]\x02;;UTF-8;ISO-8859-1;").expect("well-formed");
    request(b';', &names, Some(2))(Subnegotiation::Charset(prose));
}

/// RFC 2066 §2 version-not-zero: "This field must not be zero"; RFC 2066 §2 separator: any value
/// other than IAC, in no name.
#[test]
fn charsets_that_are_wrong() {
    for (payload, kind, offset) in [
        (&b""[..], "truncated", 0),
        (b"\x00", "unknown-command", 0),
        (b"\x08", "unknown-command", 0),
        (b"\x01", "truncated", 1),
        (b"\x01;", "truncated", 2),
        (b"\x01;;", "truncated", 3),
        (b"\x01\xffUTF-8", "bad-separator", 1),
        (b"\x01[TTABLE ]", "truncated", 10),
        (b"\x01[TTABLE ]\x01", "truncated", 11),
        (b"\x01[TTABLE ]\x00;UTF-8", "zero-version", 10),
        (b"\x01[TTABLE ]\x01\xffUTF-8", "bad-separator", 11),
        (b"\x02", "truncated", 1),
        (b"\x03x", "trailing-octets", 1),
        (b"\x04", "truncated", 1),
        (b"\x04\x00", "zero-version", 1),
    ] {
        assert_eq!(wrong(OptionCode::CHARSET, payload), (kind, offset));
    }
    let not_sent = |separator, names: &[&[u8]], ttable| {
        let names = CharsetNames::of(names);
        refused(Subnegotiation::Charset(Charset::Request(CharsetRequest {
            separator,
            names,
            ttable,
        })))
    };
    let octet = |octet, at| EncodeError::Octet { octet, at };
    assert_eq!(not_sent(b'-', &[b"UTF-8"], None), octet(b'-', 3));
    assert_eq!(not_sent(b';', &[b"UTF\n8"], None), octet(b'\n', 3));
    assert_eq!(not_sent(255, &[b"UTF-8"], None), octet(255, 0));
    assert_eq!(not_sent(b';', &[], None), EncodeError::Empty);
    assert_eq!(not_sent(b';', &[b""], None), EncodeError::Empty);
    assert_eq!(not_sent(b';', &[b"x"], Some(0)), EncodeError::ZeroVersion);
    assert_eq!(not_sent(b'[', &[b"TTABLE ]x"], None), EncodeError::Form);
    let accepted = Subnegotiation::Charset(Charset::Accepted(b""));
    assert_eq!(refused(accepted), EncodeError::Empty);
    let version = Ttable {
        version: 0,
        table: b"x",
    };
    let table = Subnegotiation::Charset(Charset::TtableIs(version));
    assert_eq!(refused(table), EncodeError::ZeroVersion);
}

#[test]
fn other_options() {
    for option in [OptionCode::ECHO, OptionCode::ENCRYPT, OptionCode(200)] {
        assert_eq!(Subnegotiation::parse(option, b"\x01\xff"), Ok(None));
    }
}
