//! Round trips: every value survives its octets, and canonical octets survive their value.

use proptest::collection::vec;
use proptest::prelude::*;
use wirelore_tftp::netascii::{Decoded, Position, encoded_len};
use wirelore_tftp::wire::{
    Ack, Data, Direction, ErrorCode, ErrorPacket, MAX_REQUEST, Packet, encode_oack, encode_request,
};

/// A string without NUL.
fn string(len: core::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    vec(1..=255u8, len)
}

/// Names and values of options.
fn options() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<u8>)>> {
    let known = prop::sample::select(vec![
        "blksize",
        "WINDOWSIZE",
        "Timeout",
        "tsize",
        "rollover",
    ]);
    let name = prop_oneof![
        known.prop_map(|name| name.as_bytes().to_vec()),
        string(1..12)
    ];
    let number = any::<u64>().prop_map(|number| number.to_string().into_bytes());
    vec((name, prop_oneof![number, string(0..12)]), 0..6)
}

fn pairs(options: &[(Vec<u8>, Vec<u8>)]) -> Vec<(&[u8], &[u8])> {
    options
        .iter()
        .map(|(name, value)| (&name[..], &value[..]))
        .collect()
}

proptest! {
    #[test]
    fn requests(
        write in any::<bool>(),
        filename in string(0..200),
        mode in prop_oneof![Just(b"octet".to_vec()), Just(b"NetASCII".to_vec()), string(0..10)],
        options in options(),
    ) {
        let direction = if write { Direction::Write } else { Direction::Read };
        let mut buf = [0xee; MAX_REQUEST];
        let len = encode_request(direction, &filename, &mode, pairs(&options), &mut buf).unwrap();
        let Ok(Packet::Request(request)) = Packet::parse(&buf[..len]) else {
            panic!("no request");
        };
        prop_assert_eq!(request.direction, direction);
        prop_assert_eq!(request.filename, filename);
        prop_assert_eq!(request.mode_name, mode);
        prop_assert_eq!(request.options.iter().collect::<Vec<_>>(), pairs(&options));
        let mut again = [0; MAX_REQUEST];
        prop_assert_eq!(Packet::Request(request).encode(&mut again), Ok(len));
        prop_assert_eq!(&again[..len], &buf[..len]);
    }

    #[test]
    fn oacks(options in options()) {
        let mut buf = [0; 300];
        let len = encode_oack(pairs(&options), &mut buf).unwrap();
        let Ok(Packet::Oack(oack)) = Packet::parse(&buf[..len]) else {
            panic!("no OACK");
        };
        prop_assert_eq!(oack.options.iter().collect::<Vec<_>>(), pairs(&options));
        prop_assert_eq!(oack.options.is_empty(), options.is_empty());
    }

    #[test]
    fn other_packets(block in any::<u16>(), payload in vec(any::<u8>(), 0..1000), message in string(0..90)) {
        let error = ErrorPacket { code: ErrorCode(block), message: &message };
        for packet in [
            Packet::Data(Data { block, payload: &payload }),
            Packet::Ack(Ack { block }),
            Packet::Error(error),
        ] {
            let mut buf = vec![0; packet.encoded_len()];
            prop_assert_eq!(packet.encode(&mut buf), Ok(buf.len()));
            prop_assert_eq!(Packet::parse(&buf), Ok(packet));
        }
    }

    /// Any octets: what can be read can be written, is no longer then, and reads the same.
    #[test]
    fn any_octets(opcode in 0..8u8, rest in vec(prop_oneof![Just(0u8), any::<u8>()], 0..100)) {
        let datagram = [&[0, opcode][..], &rest].concat();
        let Ok(packet) = Packet::parse(&datagram) else {
            return Ok(());
        };
        let mut buf = vec![0; packet.encoded_len()];
        prop_assert_eq!(packet.encode(&mut buf), Ok(buf.len()));
        prop_assert_eq!(Packet::parse(&buf), Ok(packet));
        // only an ERROR may lack its NUL
        let lacks_nul = opcode == 5 && !rest[2..].contains(&0);
        prop_assert!(buf.len() <= datagram.len() + usize::from(lacks_nul));
        prop_assert!(lacks_nul || datagram.starts_with(&buf));
    }

    /// Text in blocks of any size comes back, whatever it is.
    #[test]
    fn netascii(text in vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(0), any::<u8>()], 0..300), size in 1..80usize) {
        let (mut at, mut cr) = (Position::default(), false);
        let (mut back, mut wire) = (Vec::<u8>::new(), Vec::<u8>::new());
        loop {
            let mut block = vec![0; size];
            let rest = &text[at.offset as usize..];
            let (len, next) = at.encode(&rest[..rest.len().min(size)], &mut block);
            let (block, last) = (&block[..len], len < size);
            let decoded = Decoded::new(block, cr, last);
            prop_assert_eq!(decoded.clone().octets(), decoded.clone().flatten().count() as u64);
            back.extend(decoded.flatten());
            cr = Decoded::held(block, cr);
            wire.extend_from_slice(block);
            at = next;
            if last {
                break;
            }
        }
        prop_assert_eq!(at.offset, text.len() as u64);
        prop_assert_eq!(wire.len() as u64, encoded_len(&text));
        prop_assert_eq!(back, text);
        // every CR on the wire is half of a pair, every LF too
        for (i, &octet) in wire.iter().enumerate() {
            if octet == b'\r' {
                prop_assert!(matches!(wire.get(i + 1), Some(b'\n' | 0)));
            }
            if octet == b'\n' {
                prop_assert_eq!(wire[i - 1], b'\r');
            }
        }
    }
}
