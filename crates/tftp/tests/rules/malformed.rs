//! Datagrams that are no TFTP packets: each has its typed error with the place where it stops making sense, and
//! from the listening port the right ERROR or silence.

use crate::rig::{CLIENT, Rig, STRANGER, Server, letters};
use crate::words::{hex, packet};
use wirelore_tftp::wire::{Field, MAX_REQUEST, Packet, ParseError};
use wirelore_tftp::{Demux, ErrorCode, ServerConfig, Slot};

fn server_with(config: ServerConfig) -> Rig<Server> {
    let demux = Demux::new(config, vec![Slot::default()]);
    Rig::new(demux, letters(512, 5000), CLIENT)
}

/// Every way to be malformed: the datagram, its error, and the offset of the error.
fn table() -> Vec<(Vec<u8>, ParseError, usize)> {
    let mut table = Vec::new();
    for len in 0..2 {
        table.push((vec![0; len], ParseError::Truncated { len }, len));
    }
    for opcode in [0u16, 7, 8, 255, 256, 0x0300, 0x0400, 65535] {
        let datagram = [&opcode.to_be_bytes()[..], b"x\0octet\0"].concat();
        table.push((datagram, ParseError::UnknownOpcode { opcode }, 0));
    }
    // DATA, ACK and ERROR within their four octets
    for opcode in [3, 4, 5] {
        for len in [2, 3] {
            let datagram = vec![0, opcode, 0][..len].to_vec();
            let error = match opcode {
                5 => ParseError::TruncatedError { len },
                _ => ParseError::Truncated { len },
            };
            table.push((datagram, error, len));
        }
    }
    let with_opcode = |opcode: u8, rest: &[u8]| [&[0, opcode][..], rest].concat();
    for opcode in [1, 2] {
        for (rest, field, offset) in [
            (&b""[..], Field::Filename, 2),
            (b"f", Field::Filename, 2),
            (b"filename", Field::Filename, 2),
            (b"f\0", Field::Mode, 4),
            (b"f\0octet", Field::Mode, 4),
            (b"\0octet", Field::Mode, 3),
            (b"f\0octet\0blksize", Field::OptionName, 10),
            (b"f\0octet\0blksize\x00512", Field::OptionValue, 18),
            (b"f\0octet\0a\0b\0c", Field::OptionName, 14),
            (b"f\0octet\0\0x", Field::OptionValue, 11),
        ] {
            let error = ParseError::Unterminated { field, offset };
            table.push((with_opcode(opcode, rest), error, offset));
        }
        for (rest, offset) in [
            (&b"f\0octet\0blksize\0"[..], 10),
            (b"f\0octet\0a\0b\0c\0", 14),
        ] {
            let error = ParseError::OptionWithoutValue { offset };
            table.push((with_opcode(opcode, rest), error, offset));
        }
        for len in [MAX_REQUEST + 1, MAX_REQUEST + 2, 1500, 65000] {
            let mut datagram = with_opcode(opcode, b"f\0octet\0blksize\x00512\0");
            datagram.resize(len, 0);
            table.push((datagram, ParseError::RequestTooLong { len }, MAX_REQUEST));
        }
    }
    for (rest, field, offset) in [
        (&b"blksize"[..], Field::OptionName, 2),
        (b"a\0b", Field::OptionValue, 4),
    ] {
        let error = ParseError::Unterminated { field, offset };
        table.push((with_opcode(6, rest), error, offset));
    }
    for (rest, offset) in [(&b"blksize\0"[..], 2), (b"a\0b\0c\0", 6)] {
        let error = ParseError::OptionWithoutValue { offset };
        table.push((with_opcode(6, rest), error, offset));
    }
    table
}

/// An ERROR, which is never answered, however badly it is formed.
const fn is_error(error: &ParseError) -> bool {
    matches!(error, ParseError::TruncatedError { .. })
}

/// Each malformed datagram has its error, and the error says where.
#[test]
fn every_malformed_datagram_has_its_error_and_offset() {
    for (datagram, error, offset) in table() {
        let shown = datagram.escape_ascii();
        assert_eq!(Packet::parse(&datagram), Err(error), "{shown}");
        assert_eq!(error.offset(), offset, "{shown}: {error}");
        let text = error.to_string();
        assert!(
            text.chars().next().is_some_and(char::is_lowercase),
            "{text}"
        );
    }
}

/// RFC 1350 §2: an error is signalled where a packet "cannot be explained by a delay or duplication in the
/// network (e.g., an incorrectly formed packet)": ERROR 4, but silence for what is too short to be anybody's
/// packet.
#[test]
fn the_listening_port_answers_malformed_datagrams() {
    for (datagram, error, _) in table() {
        let mut rig = server_with(ServerConfig::default());
        let sent = rig.gets(CLIENT, &datagram);
        if datagram.len() < 2 || is_error(&error) {
            assert!(sent.is_empty(), "{sent:?}");
            assert_eq!(error.reply_hint(), None);
            assert!(rig.told().is_empty());
        } else {
            assert_eq!(sent, ["ERROR 4 \"incorrectly formed packet\""], "{error}");
            assert_eq!(error.reply_hint(), Some(ErrorCode::ILLEGAL_OPERATION));
            assert_eq!(rig.told(), [format!("refused Malformed({error:?})")]);
        }
        assert_eq!(rig.machine.clients(), 0);
    }
}

/// RFC 1350 §2: "Most errors cause termination of the connection": an incorrectly formed packet from the peer
/// gets ERROR 4 and ends the transfer, in either direction. What is too short to be a packet does nothing.
#[test]
fn a_malformed_packet_ends_the_transfer() {
    for request in ["RRQ f octet", "WRQ f octet"] {
        for (datagram, error, _) in table() {
            let mut rig = server_with(ServerConfig::default());
            rig.hears(request);
            rig.told();
            if datagram.len() < 2 {
                assert!(rig.gets(CLIENT, &datagram).is_empty());
                assert!(rig.told().is_empty());
                assert_eq!(rig.machine.clients(), 1);
                continue;
            }
            let reply: &[_] = match is_error(&error) {
                true => &[],
                false => &["ERROR 4 \"incorrectly formed packet\""],
            };
            assert_eq!(rig.gets(CLIENT, &datagram), reply);
            assert_eq!(rig.told(), [format!("failed: malformed packet: {error}: ")]);
            assert_eq!(rig.machine.clients(), 0);
        }
    }
}

/// Deviation that can be configured: malformed packets are dropped and the transfer goes on.
/// Clauses: 1350-2 ignore-malformed.
#[test]
fn malformed_packets_may_be_ignored() {
    let mut config = ServerConfig::default();
    config.transfer.ignore_malformed = true;
    let mut rig = server_with(config);
    rig.hears("RRQ f octet");
    let wait = rig.patience();
    for (datagram, ..) in table() {
        assert!(rig.gets(CLIENT, &datagram).is_empty());
    }
    assert_eq!(rig.patience(), wait);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);
    let mut rig = server_with(config);
    rig.hears("WRQ f octet");
    for (datagram, ..) in table() {
        assert!(rig.gets(CLIENT, &datagram).is_empty());
    }
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
}

/// A malformed datagram from somebody else does not disturb the transfer.
#[test]
fn a_malformed_datagram_of_a_stranger_disturbs_nothing() {
    let mut rig = server_with(ServerConfig::default());
    rig.hears("RRQ f octet");
    let wait = rig.patience();
    for (datagram, ..) in table() {
        rig.gets(STRANGER, &datagram);
    }
    assert_eq!(rig.patience(), wait);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);
}

/// Lenient where deployed peers need it: each of these means what it seems to.
#[test]
fn harmless_oddities_are_accepted() {
    let same = |odd: &[u8], plain: &str| {
        let plain = packet(plain);
        assert_eq!(
            Packet::parse(odd),
            Packet::parse(&plain),
            "{}",
            odd.escape_ascii()
        );
    };
    // octets after an ACK
    same(b"\0\x04\0\x07\0\0\0", "ACK 7");
    same(b"\0\x04\0\x07trailing", "ACK 7");
    // an ERROR without its NUL, without text, with octets after its NUL
    same(b"\0\x05\0\x01no", "ERROR 1 \"no\"");
    same(b"\0\x05\0\x01", "ERROR 1 \"\"");
    same(b"\0\x05\0\x01no\0way\0", "ERROR 1 \"no\"");
    // NULs that pad a request or an OACK
    same(b"\0\x01f\0octet\0\0", "RRQ f octet");
    same(b"\0\x01f\0octet\0\0\0\0\0\0", "RRQ f octet");
    same(b"\0\x02f\0octet\0tsize\x005\0\0\0\0", "WRQ f octet tsize=5");
    same(b"\0\x06tsize\x005\0\0\0", "OACK tsize=5");
    same(b"\0\x06\0\0", "OACK");
    // an empty value at the end is a value, not padding
    let odd = Packet::parse(b"\0\x01f\0octet\0tsize\0\0");
    let Ok(Packet::Request(request)) = odd else {
        panic!("{odd:?}");
    };
    assert_eq!(
        request.options.iter().collect::<Vec<_>>(),
        [(&b"tsize"[..], &b""[..])]
    );
}

/// RFC 2347 Packet Formats: a request may have 512 octets, not one more, padding included.
#[test]
fn the_longest_request() {
    let mut request = packet("RRQ f octet");
    request.resize(MAX_REQUEST, 0);
    assert!(Packet::parse(&request).is_ok());
    request.push(0);
    assert_eq!(
        Packet::parse(&request),
        Err(ParseError::RequestTooLong { len: 513 })
    );
}

/// Datagrams as they stand in a file, one a line, with the answer of the listening port.
#[test]
fn the_table_of_hex_vectors() {
    let table = include_str!("../data/malformed.hex");
    let mut rows = 0;
    for line in table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let (octets, answer) = line.split_once("->").expect(line);
        let mut rig = server_with(ServerConfig::default());
        let sent = rig.gets(CLIENT, &hex(octets)).join(", ");
        assert_eq!(sent, answer.trim(), "{line}");
        rows += 1;
    }
    assert!(rows > 20, "{rows}");
}
