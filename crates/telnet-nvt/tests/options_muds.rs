//! The options of multi-user dungeons: GMCP, MSSP and MSDP.

mod option_words;

use option_words::{encoded, is, refused, said, wrong};
use wirelore_telnet_nvt::OptionCode;
use wirelore_telnet_nvt::wire::option::*;

#[test]
fn gmcp() {
    let message = |package, json| is(Subnegotiation::Gmcp(Gmcp { package, json }));
    said("fffac9 436f72652e50696e67 fff0", message(b"Core.Ping", b""));
    said(
        "fffac9 436861722e566974616c73 20 7b226870223a20317d fff0",
        message(b"Char.Vitals", b"{\"hp\": 1}"),
    );
    let space = Gmcp::parse(b"Core.Ping ").expect("well-formed");
    assert_eq!((space.package, space.json), (&b"Core.Ping"[..], &b""[..]));
    assert_eq!(wrong(OptionCode::GMCP, b""), ("truncated", 0));
    assert_eq!(wrong(OptionCode::GMCP, b" {}"), ("empty-name", 0));
    for package in [&b"a b"[..], b"a\xff", b""] {
        refused(Subnegotiation::Gmcp(Gmcp {
            package,
            json: b"1",
        }));
    }
}

#[test]
fn mssp() {
    let many: [&[u8]; 2] = [b"4000", b""];
    let variables = [
        MsspVariable {
            name: b"NAME",
            values: MsspValues::of(&[b"Bob's"]),
        },
        MsspVariable {
            name: b"PORT",
            values: MsspValues::of(&many),
        },
    ];
    said(
        "fffa46 01 4e414d45 02 426f622773 01 504f5254 02 34303030 02 fff0",
        is(Subnegotiation::Mssp(Mssp::of(&variables))),
    );
    for (payload, kind, offset) in [
        (&b"x"[..], "misplaced", 0),
        (b"\x02x", "misplaced", 0),
        (b"\x01", "empty-name", 1),
        (b"\x01\x02x", "empty-name", 1),
        (b"\x01a", "missing-value", 2),
        (b"\x01a\x01b\x02c", "missing-value", 2),
        (b"\x01a\x02b\x01c", "missing-value", 6),
    ] {
        assert_eq!(wrong(OptionCode::MSSP, payload), (kind, offset));
    }
    let not_sent = |name, values: &[&[u8]]| {
        let values = MsspValues::of(values);
        refused(Subnegotiation::Mssp(Mssp::of(&[
            variables[0],
            MsspVariable { name, values },
        ])))
    };
    assert_eq!(not_sent(b"", &[b"x"]), EncodeError::Empty);
    assert_eq!(not_sent(b"x", &[]), EncodeError::Structure);
    let octet = |octet, at| EncodeError::Octet { octet, at };
    assert_eq!(not_sent(b"a\x02", &[b"x"]), octet(2, 1));
    assert_eq!(not_sent(b"a", &[b"x", b"\xff"]), octet(255, 0));
}

#[test]
fn msdp() {
    use MsdpEvent::{ArrayClose, ArrayOpen, TableClose, TableOpen, Text, Var};
    let events = [
        Var(b"ROOM"),
        TableOpen,
        Var(b"VNUM"),
        Text(b"6008"),
        Var(b"EXITS"),
        ArrayOpen,
        Text(b"n"),
        Text(b""),
        TableOpen,
        TableClose,
        ArrayClose,
        TableClose,
        Var(b"LIST"),
        Text(b"A"),
        Text(b"B"),
    ];
    said(
        "fffa45 01 524f4f4d 0203 01 564e554d 02 36303038 01 4558495453 0205 02 6e 02 0203 04 06 04
         01 4c495354 02 41 02 42 fff0",
        is(Subnegotiation::Msdp(Msdp::of(&events))),
    );
    for (payload, kind, offset) in [
        (&b"x"[..], "misplaced", 0),
        (b"\x02x", "misplaced", 0),
        (b"\x01\x02x", "empty-name", 1),
        (b"\x01a", "missing-value", 2),
        (b"\x01a\x01b", "missing-value", 2),
        (b"\x01a\x04", "missing-value", 2),
        (b"\x01a\x02b\x04", "misplaced", 4),
        (b"\x01a\x02\x03", "truncated", 4),
        (b"\x01a\x02\x03\x06", "misplaced", 4),
        (b"\x01a\x02\x05\x04", "misplaced", 4),
        (b"\x01a\x02\x05x", "misplaced", 4),
        (b"\x01a\x02\x05\x01b\x02c\x06", "misplaced", 4),
        (b"\x01a\x02\x03\x02b\x04", "misplaced", 4),
        (b"\x01a\x02\x03\x01b\x04", "missing-value", 6),
    ] {
        let found = wrong(OptionCode::MSDP, payload);
        assert_eq!(found, (kind, offset), "{payload:02x?}");
    }
    let not_sent = |events| refused(Subnegotiation::Msdp(Msdp::of(events)));
    assert_eq!(not_sent(&[Var(b"a")]), EncodeError::Structure);
    assert_eq!(not_sent(&[Text(b"a")]), EncodeError::Structure);
    assert_eq!(not_sent(&[Var(b"a"), ArrayOpen]), EncodeError::Structure);
    assert_eq!(not_sent(&[Var(b"")]), EncodeError::Empty);
    let octet = EncodeError::Octet { octet: 4, at: 1 };
    assert_eq!(not_sent(&[Var(b"a"), Text(b"x\x04")]), octet);
}

/// Tables in tables: the limit counts levels, and can be changed.
#[test]
fn msdp_depth() {
    let nested = |levels: usize| {
        let mut payload = b"\x01a".to_vec();
        (0..levels).for_each(|_| payload.extend_from_slice(b"\x02\x03\x01a"));
        payload.extend_from_slice(b"\x02x");
        payload.extend((0..levels).map(|_| 4));
        payload
    };
    let limit = Msdp::DEPTH as usize;
    assert!(Msdp::parse(&nested(limit)).is_ok());
    let deep = OptionError::TooDeep {
        limit: Msdp::DEPTH,
        offset: 2 + 4 * limit + 1,
    };
    assert_eq!(Msdp::parse(&nested(limit + 1)), Err(deep));
    let payload = nested(64);
    let deepest = Msdp::parse_to_depth(&payload, 1000).expect("well-formed");
    assert_eq!(encoded(Subnegotiation::Msdp(deepest)), payload);
    assert!(Msdp::parse_to_depth(&nested(65), 1000).is_err());
    assert!(Msdp::parse_to_depth(&nested(1), 0).is_err());
}
