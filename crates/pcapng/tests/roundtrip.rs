//! What is written is read back, whatever it is; what is read never panics.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use wirelore_pcapng::{
    Direction, Dissected, Interface, Limits, LinkType, Misuse, Next, Packet, Reader, Reassembler,
    Section, Side, Stamp, TcpConfig, TcpFlags, TcpFlow, UdpDatagram, Writer, dissect, packets,
};

fn read(capture: &[u8]) -> Vec<Packet<'_>> {
    packets(capture).collect::<Result<_, _>>().unwrap()
}

fn directions() -> impl Strategy<Value = Direction> {
    prop_oneof![
        Just(Direction::Unknown),
        Just(Direction::Inbound),
        Just(Direction::Outbound)
    ]
}

fn sides() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Client), Just(Side::Server)]
}

proptest! {
    #[test]
    fn packets_of_any_link(
        section in vec(".{0,9}", 4),
        interfaces in vec((any::<u16>(), 0u32..40, ".{0,9}"), 1..4),
        written in vec(
            (any::<u32>(), any::<u64>(), directions(), ".{0,9}", vec(any::<u8>(), 0..60)),
            0..9,
        ),
    ) {
        let mut out = Vec::new();
        let [hardware, os, application, comment] = [0, 1, 2, 3].map(|n| section[n].as_str());
        let section = Section { hardware, os, application, comment };
        let mut writer = Writer::new(&section, &mut out).unwrap();
        for (number, (link, snaplen, name)) in interfaces.iter().enumerate() {
            let link = LinkType(*link);
            let interface = Interface { link, snaplen: *snaplen, name, description: name };
            prop_assert_eq!(writer.interface(&interface, &mut out), Ok(number as u32));
        }
        for (interface, micros, direction, comment, data) in &written {
            let interface = interface % interfaces.len() as u32;
            let time = Duration::from_micros(*micros);
            let stamp = Stamp { time, interface, direction: *direction, comment };
            writer.packet(stamp, data, &mut out).unwrap();
        }
        let read = read(&out);
        prop_assert_eq!(read.len(), written.len());
        for (packet, (interface, micros, direction, comment, data)) in read.iter().zip(&written) {
            let interface = interface % interfaces.len() as u32;
            let (link, snaplen, _) = &interfaces[interface as usize];
            let kept = if *snaplen == 0 { data.len() } else { data.len().min(*snaplen as usize) };
            prop_assert_eq!(packet.interface, interface);
            prop_assert_eq!(packet.link, LinkType(*link));
            prop_assert_eq!(packet.timestamp, Some(Duration::from_micros(*micros)));
            prop_assert_eq!(packet.original_len as usize, data.len());
            prop_assert_eq!(packet.data, &data[..kept]);
            prop_assert_eq!(packet.direction(), *direction);
            let comments: Vec<&str> = packet.comments().collect();
            let expected: Vec<&str> = [comment.as_str()].into_iter().filter(|c| !c.is_empty()).collect();
            prop_assert_eq!(comments, expected);
        }
    }

    #[test]
    fn udp(source: SocketAddr, destination: SocketAddr, payload in vec(any::<u8>(), 0..200)) {
        let mut out = Vec::new();
        let writer = Writer::ethernet("", "", &mut out).unwrap();
        let written = writer.udp(Duration::ZERO, source, destination, &payload, &mut out);
        let packets = read(&out);
        // Neither flow label nor scope are on the wire, and mapped addresses are IPv4 in a pair.
        let canonical = |a: SocketAddr| SocketAddr::new(a.ip().to_canonical(), a.port());
        let plain = |a: SocketAddr| SocketAddr::new(a.ip(), a.port());
        let (c, d) = (canonical(source), canonical(destination));
        let (source, destination) = match (c.is_ipv4(), d.is_ipv4()) {
            (true, true) => (c, d),
            _ if source.is_ipv6() && destination.is_ipv6() => (plain(source), plain(destination)),
            _ => {
                prop_assert_eq!(written, Err(Misuse::MixedFamilies));
                prop_assert!(packets.is_empty());
                return Ok(());
            }
        };
        prop_assert_eq!(written, Ok(()));
        let expected = UdpDatagram { source, destination, payload: &payload };
        prop_assert_eq!(packets[0].dissect(), Ok(Dissected::Udp(expected)));
    }

    #[test]
    fn both_streams_of_a_tcp_flow(
        v6: bool,
        mss in 0u16..20,
        client_sequence: u32,
        server_sequence: u32,
        chunks in vec((sides(), any::<bool>(), vec(any::<u8>(), 0..100)), 0..12),
        finish in proptest::option::of(sides()),
    ) {
        let ip = if v6 { "[2001:db8::1]" } else { "192.0.2.1" };
        let client: SocketAddr = format!("{ip}:4000").parse().unwrap();
        let server: SocketAddr = format!("{ip}:80").parse().unwrap();
        let config = TcpConfig { mss, client_sequence, server_sequence, local: None };
        let mut out = Vec::new();
        let writer = Writer::ethernet("", "", &mut out).unwrap();
        let now = Duration::ZERO;
        let mut flow = TcpFlow::open(&writer, now, client, server, &config, &mut out).unwrap();
        let mut sent = HashMap::from([(client, Vec::new()), (server, Vec::new())]);
        for (side, urgent, chunk) in &chunks {
            let from = if *side == Side::Client { client } else { server };
            sent.get_mut(&from).unwrap().extend_from_slice(chunk);
            match urgent {
                true => flow.urgent(&writer, now, *side, chunk, &mut out).unwrap(),
                false => flow.data(&writer, now, *side, chunk, &mut out).unwrap(),
            }
        }
        if let Some(side) = finish {
            flow.finish(&writer, now, side, &mut out).unwrap();
            flow.finish(&writer, now, side.peer(), &mut out).unwrap();
        }

        let mut next = HashMap::from([(client, client_sequence), (server, server_sequence)]);
        let mut received = HashMap::from([(client, Vec::new()), (server, Vec::new())]);
        for packet in read(&out) {
            let Ok(Dissected::Tcp(segment)) = packet.dissect() else { panic!("{packet:?}") };
            prop_assert!(segment.payload.len() <= usize::from(mss.max(1)));
            let syn_or_fin = segment.flags.has(TcpFlags::SYN) || segment.flags.has(TcpFlags::FIN);
            let octets = segment.payload.len() as u32 + u32::from(syn_or_fin);
            prop_assert_eq!(segment.sequence, next[&segment.source]);
            if segment.flags.has(TcpFlags::ACK) {
                prop_assert_eq!(segment.acknowledgment, next[&segment.destination]);
            }
            let sequence = next.get_mut(&segment.source).unwrap();
            *sequence = sequence.wrapping_add(octets);
            received.get_mut(&segment.source).unwrap().extend_from_slice(segment.payload);
        }
        prop_assert_eq!(received, sent);
    }

    #[test]
    fn pieces_give_what_the_whole_gives(
        tail in vec(any::<u8>(), 0..20),
        comments in vec(".{0,9}", 0..5),
        cuts in vec(1usize..90, 1..9),
    ) {
        let mut out = Vec::new();
        let writer = Writer::ethernet("lo", "", &mut out).unwrap();
        for comment in &comments {
            let stamp = Stamp::default().comment(comment);
            writer.packet(stamp, comment.as_bytes(), &mut out).unwrap();
        }
        out.extend_from_slice(&tail);
        let whole: Vec<_> = packets(&out).collect();

        let mut reader = Reader::new(Limits::default());
        let mut pieces = Vec::new();
        let (mut start, mut end) = (0, 0);
        let mut cuts = cuts.iter().cycle();
        loop {
            match reader.step(&out[start..end], end == out.len()) {
                Ok(step) => {
                    start += step.consumed;
                    match step.next {
                        Next::Packet(packet) => pieces.push(Ok(packet)),
                        Next::NeedMore => end = (end + cuts.next().unwrap()).min(out.len()),
                        Next::Done => break,
                    }
                }
                Err(error) => {
                    let again = reader.step(&[], true);
                    prop_assert_eq!(again, Err(error.clone()), "errors stay");
                    pieces.push(Err(error));
                    break;
                }
            }
        }
        prop_assert_eq!(pieces, whole);
    }

    #[test]
    fn arbitrary_octets_never_panic(start in 0usize..8, data in vec(any::<u8>(), 0..400)) {
        let starts: [&[u8]; 8] = [
            &[],
            b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0\0\0\0\0\0\0\0\0\x1c\0\0\0",
            b"\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x1c",
            &[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0],
            &[0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4],
            &[0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0],
            &[0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4],
            &[0x0a, 0x0d, 0x0d, 0x0a],
        ];
        let capture = [starts[start], &data].concat();
        for packet in packets(&capture).flatten() {
            let _ = packet.dissect();
        }
    }

    #[test]
    fn arbitrary_packets_never_panic(
        prefix in prop_oneof![
            Just(vec![]),
            Just([[0; 12].as_slice(), &[8, 0, 0x45]].concat()),
            Just([[0; 12].as_slice(), &[0x86, 0xdd, 0x60, 0, 0, 0, 0]].concat()),
        ],
        data in vec(any::<u8>(), 0..200),
    ) {
        let packet = [prefix, data].concat();
        let mut reassembler = Reassembler::default();
        for link in [0, 1, 101, 108, 113, 228, 229, 276] {
            let whole = dissect(LinkType(link), &packet);
            if let Ok(Dissected::Fragment(fragment)) = whole {
                let _ = reassembler.push(Duration::ZERO, &fragment);
            }
        }
    }
}
