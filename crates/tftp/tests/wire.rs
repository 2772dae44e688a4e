//! Packets: octets to values and back, by vectors and by hand.

mod words;

use std::time::{Duration, Instant};
use wirelore_tftp::wire::{
    Ack, DATA_HEADER, Data, Direction, EncodeError, ErrorCode, ErrorPacket, MAX_REQUEST, Mode,
    Oack, Opcode, OptionName, Options, Packet, ParseError, encode_oack, encode_request,
    option_value,
};
use words::{hex, packet, words};

/// The packet in words, made from its parsed form.
fn describe(packet: &Packet<'_>) -> String {
    let options = |options: &Options<'_>| {
        let pairs = options.iter();
        let pairs =
            pairs.map(|(name, value)| format!(" {}={}", name.escape_ascii(), value.escape_ascii()));
        pairs.collect::<String>()
    };
    match packet {
        Packet::Request(request) => {
            let kind = match request.direction {
                Direction::Read => "RRQ",
                Direction::Write => "WRQ",
            };
            let (name, mode) = (
                request.filename.escape_ascii(),
                request.mode_name.escape_ascii(),
            );
            format!("{kind} {name} {mode}{}", options(&request.options))
        }
        Packet::Data(data) => format!("DATA {} \"{}\"", data.block, data.payload.escape_ascii()),
        Packet::Ack(ack) => format!("ACK {}", ack.block),
        Packet::Error(error) => {
            format!(
                "ERROR {} \"{}\"",
                error.code.0,
                error.message.escape_ascii()
            )
        }
        Packet::Oack(oack) => format!("OACK{}", options(&oack.options)),
    }
}

fn encoded(packet: &Packet<'_>) -> Vec<u8> {
    let mut buf = vec![0xee; packet.encoded_len() + 3];
    let len = packet.encode(&mut buf).unwrap();
    assert_eq!(len, packet.encoded_len());
    assert_eq!(
        buf[len..],
        [0xee; 3],
        "nothing is written behind the packet"
    );
    buf.truncate(len);
    buf
}

/// RFC 1350 §5, RFC 1350 Appendix, RFC 2347 Packet Formats, RFC 2347 Examples, RFC 2348 Blocksize Option
/// Specification, RFC 2349 Timeout Interval Option Specification, RFC 2349 Transfer Size Option Specification,
/// RFC 7440 §3: the formats, and the examples of the RFCs to the octet.
#[test]
fn vectors() {
    let vectors = include_str!("data/packets.hex");
    let mut rows = 0;
    for line in vectors
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let at = line.find(" = ").or(line.find(" ~ ")).expect(line);
        let (octets, wanted) = (hex(&line[..at]), &line[at + 3..]);
        let parsed = Packet::parse(&octets).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(describe(&parsed), wanted);
        let again = encoded(&parsed);
        assert_eq!(again == octets, line[at..].starts_with(" = "), "{line}");
        assert_eq!(Packet::parse(&again), Ok(parsed), "{line}");
        rows += 1;
    }
    assert!(rows > 30, "{rows}");
}

/// The notation of the other tests agrees with the codec.
#[test]
fn words_and_packets_agree() {
    for text in [
        "RRQ f octet blksize=512 tsize=0",
        "WRQ name netascii",
        "DATA 3 x*512",
        "DATA 65535 \"a\\r\\n\\x00\"",
        "ACK 17",
        "ERROR 5 \"unknown transfer ID\"",
        "OACK blksize=8",
        "OACK",
        "hex 00 07 61",
    ] {
        let octets = packet(text);
        assert_eq!(words(&octets), text);
        if let Ok(parsed) = Packet::parse(&octets) {
            assert_eq!(encoded(&parsed), octets);
        }
    }
}

/// RFC 1350 §5: the opcodes.
#[test]
fn opcodes() {
    let empty = Options::default();
    let request = |direction| {
        Packet::Request(wirelore_tftp::Request {
            direction,
            filename: b"",
            mode_name: b"",
            options: empty,
        })
    };
    let error = ErrorPacket {
        code: ErrorCode(0),
        message: b"",
    };
    for (packet, opcode, number) in [
        (request(Direction::Read), Opcode::Rrq, 1),
        (request(Direction::Write), Opcode::Wrq, 2),
        (
            Packet::Data(Data {
                block: 0,
                payload: b"",
            }),
            Opcode::Data,
            3,
        ),
        (Packet::Ack(Ack { block: 0 }), Opcode::Ack, 4),
        (Packet::Error(error), Opcode::Error, 5),
        (Packet::Oack(Oack { options: empty }), Opcode::Oack, 6),
    ] {
        assert_eq!(packet.opcode(), opcode);
        assert_eq!(opcode as u16, number);
        assert_eq!(encoded(&packet)[..2], number.to_be_bytes());
    }
}

/// RFC 1350 Appendix, Error Codes, and code 8 of RFC 2347.
#[test]
fn error_codes() {
    for (code, number, meaning) in [
        (ErrorCode::NOT_DEFINED, 0, "not defined"),
        (ErrorCode::FILE_NOT_FOUND, 1, "file not found"),
        (ErrorCode::ACCESS_VIOLATION, 2, "access violation"),
        (ErrorCode::DISK_FULL, 3, "disk full or allocation exceeded"),
        (ErrorCode::ILLEGAL_OPERATION, 4, "illegal TFTP operation"),
        (ErrorCode::UNKNOWN_TRANSFER_ID, 5, "unknown transfer ID"),
        (ErrorCode::FILE_EXISTS, 6, "file already exists"),
        (ErrorCode::NO_SUCH_USER, 7, "no such user"),
        (ErrorCode::OPTIONS_REFUSED, 8, "options refused"),
        (ErrorCode(9), 9, "code without a meaning"),
    ] {
        assert_eq!((code.0, code.meaning()), (number, meaning));
        assert_eq!(code.to_string(), format!("{number} ({meaning})"));
        assert_eq!(
            format!("{code:?}"),
            format!("ErrorCode({number}: {meaning})")
        );
    }
}

/// RFC 1350 §5: modes in "any combination of upper and lower case".
#[test]
fn modes() {
    for (name, mode) in [
        ("octet", Mode::Octet),
        ("OCTET", Mode::Octet),
        ("netascii", Mode::Netascii),
        ("NetAscii", Mode::Netascii),
        ("mail", Mode::Mail),
        ("mAIL", Mode::Mail),
        ("", Mode::Other),
        ("octets", Mode::Other),
        ("binary", Mode::Other),
    ] {
        assert_eq!(Mode::of(name.as_bytes()), mode, "{name}");
    }
}

/// RFC 2347 Packet Formats: option names are "case-insensitive ASCII".
#[test]
fn option_names() {
    for name in OptionName::ALL {
        let lower = name.as_str();
        assert_eq!(OptionName::of(lower.as_bytes()), Some(name));
        assert_eq!(OptionName::of(lower.to_uppercase().as_bytes()), Some(name));
        let mut almost = lower.as_bytes().to_vec();
        for i in 0..almost.len() {
            let letter = almost[i];
            for other in [letter ^ 1, letter | 0x80, 0, b' '] {
                almost[i] = other;
                assert_eq!(OptionName::of(&almost), None, "{}", almost.escape_ascii());
            }
            almost[i] = letter;
            assert_eq!(OptionName::of(&almost[..i]), None);
        }
        almost.push(b'x');
        assert_eq!(OptionName::of(&almost), None);
    }
}

/// RFC 2348 Blocksize Option Specification: numbers are "specified in ASCII": digits and nothing else.
#[test]
fn option_values() {
    for (text, value) in [
        ("0", 0),
        ("7", 7),
        ("512", 512),
        ("000512", 512),
        ("18446744073709551615", u64::MAX),
        (
            "00000000000000000000000000000000018446744073709551615",
            u64::MAX,
        ),
    ] {
        assert_eq!(option_value(text.as_bytes()), Some(value), "{text}");
    }
    for text in [
        "",
        " ",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1.",
        "1e3",
        "0x10",
        "abc",
        "1\n",
        "²",
        "/",
        ":",
        "18446744073709551616",
        "99999999999999999999",
        "100000000000000000000000000000",
    ] {
        assert_eq!(option_value(text.as_bytes()), None, "{text}");
    }
}

/// Every packet is refused by every buffer that is too small, without a panic, and fits exactly.
#[test]
fn buffers_too_small() {
    for text in [
        "RRQ file octet blksize=512 tsize=0",
        "WRQ f netascii",
        "DATA 1 x*100",
        "ACK 1",
        "ERROR 1 \"text\"",
        "OACK windowsize=4",
    ] {
        let octets = packet(text);
        let parsed = Packet::parse(&octets).unwrap();
        for len in 0..octets.len() {
            let short = parsed.encode(&mut vec![0; len]);
            assert_eq!(short, Err(EncodeError::BufferTooSmall { len }), "{text}");
        }
        let mut exact = vec![0; octets.len()];
        assert_eq!(parsed.encode(&mut exact), Ok(octets.len()));
        assert_eq!(exact, octets);
    }
}

/// RFC 1350 §5: strings are "terminated with a zero byte": none can be written that contains one.
#[test]
fn a_nul_cannot_be_written_into_a_string() {
    let mut buf = [0; 600];
    let nul = Err(EncodeError::NulInString);
    let read = Direction::Read;
    for bad in [&b"\0"[..], b"a\0", b"\0a", b"a\0b"] {
        assert_eq!(encode_request(read, bad, b"octet", [], &mut buf), nul);
        assert_eq!(encode_request(read, b"f", bad, [], &mut buf), nul);
        assert_eq!(
            encode_request(read, b"f", b"octet", [(bad, &b"1"[..])], &mut buf),
            nul
        );
        assert_eq!(
            encode_request(read, b"f", b"octet", [(&b"a"[..], bad)], &mut buf),
            nul
        );
        assert_eq!(encode_oack([(bad, &b"1"[..])], &mut buf), nul);
        assert_eq!(encode_oack([(&b"a"[..], bad)], &mut buf), nul);
        let error = ErrorPacket {
            code: ErrorCode(0),
            message: bad,
        };
        assert_eq!(Packet::Error(error).encode(&mut buf), nul);
    }
    let nameless = [(&b""[..], &b"1"[..])];
    let empty = Err(EncodeError::EmptyOptionName);
    assert_eq!(encode_oack(nameless, &mut buf), empty);
    assert_eq!(
        encode_request(read, b"f", b"octet", nameless, &mut buf),
        empty
    );
}

/// RFC 2347 Packet Formats: "The maximum size of a request packet is 512 octets."
#[test]
fn the_longest_request() {
    let mut buf = [0; 1000];
    let name = [b'n'; 600];
    let mut write =
        |len: usize| encode_request(Direction::Write, &name[..len], b"octet", [], &mut buf);
    assert_eq!(write(503), Ok(MAX_REQUEST));
    assert_eq!(write(504), Err(EncodeError::RequestTooLong { len: 513 }));
    let option = [(&b"tsize"[..], &b"0"[..])];
    let mut write =
        |len: usize| encode_request(Direction::Write, &name[..len], b"octet", option, &mut buf);
    assert_eq!(write(495), Ok(MAX_REQUEST));
    assert_eq!(write(496), Err(EncodeError::RequestTooLong { len: 513 }));
    let mut request = packet("RRQ f octet tsize=0");
    request.resize(MAX_REQUEST, 0);
    assert!(Packet::parse(&request).is_ok());
    request.push(0);
    assert_eq!(
        Packet::parse(&request),
        Err(ParseError::RequestTooLong { len: 513 })
    );
}

/// DATA of the largest block, and its header alone.
#[test]
fn data_of_every_size() {
    for len in [0, 1, 511, 512, 513, 1428, 65464, 65531] {
        let payload = vec![0xa5; len];
        let data = Packet::Data(Data {
            block: 0x0102,
            payload: &payload,
        });
        let octets = encoded(&data);
        assert_eq!(octets[..DATA_HEADER], Data::header(0x0102));
        assert_eq!(octets.len(), DATA_HEADER + len);
        assert_eq!(Packet::parse(&octets), Ok(data));
    }
}

/// Reading takes a time in proportion to the datagram, also where it consists of empty strings.
#[test]
fn parsing_is_linear() {
    for opcode in [1, 6] {
        for filler in [0, b'x'] {
            let mut datagram = vec![filler; 65_507];
            (datagram[0], datagram[1]) = (0, opcode);
            datagram.extend(b"x\0");
            let fastest = (0..5)
                .map(|_| {
                    let began = Instant::now();
                    let _ = std::hint::black_box(Packet::parse(&datagram));
                    began.elapsed()
                })
                .min();
            // quadratic work takes half a second
            assert!(fastest < Some(Duration::from_millis(50)), "{fastest:?}");
        }
    }
}

/// Errors read like a part of a sentence.
#[test]
fn errors_in_words() {
    let mut buf = [0; 3];
    let read = |octets: &[u8]| Packet::parse(octets).unwrap_err().to_string();
    assert_eq!(read(b"\0"), "packet ends after 1 octet");
    assert_eq!(read(b"\0\x09"), "unknown opcode 9");
    assert_eq!(read(b"\0\x01f"), "filename at octet 2 has no final NUL");
    assert_eq!(read(b"\0\x01f\0octet"), "mode at octet 4 has no final NUL");
    assert_eq!(
        read(b"\0\x01f\0octet\0a"),
        "option name at octet 10 has no final NUL"
    );
    assert_eq!(
        read(b"\0\x01f\0octet\0a\0b"),
        "option value at octet 12 has no final NUL"
    );
    assert_eq!(read(b"\0\x06a\0"), "option at octet 2 has no value");
    assert_eq!(
        read(&[&b"\0\x01"[..], &[0; 511]].concat()),
        "request of 513 octets, the limit is 512"
    );
    let ack = Packet::Ack(Ack { block: 1 }).encode(&mut buf);
    assert_eq!(
        ack.unwrap_err().to_string(),
        "buffer of 3 octets is too small"
    );
}
