//! Targets of `wirelore-pcapng`.

use std::net::SocketAddr;
use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use wirelore_pcapng::{
    Direction, Dissected, Interface, Limits, LinkType, Next, Reader, Reassembler, ReassemblyLimits,
    Section, Side, Stamp, TcpConfig, TcpFlags, TcpFlow, Writer, dissect, packets,
};

/// A capture of arbitrary octets: in one piece, then in small ones with the same result, then each
/// packet dissected and reassembled. The octets are also a packet of every link type.
pub fn pcapng_read(data: &[u8]) {
    let limits = Limits {
        max_block: 4096,
        max_interfaces: 4,
    };
    let whole: Vec<_> = Reader::new(limits).packets(data).collect();

    let mut reader = Reader::new(limits);
    let piece = data.len() % 13 + 1;
    let (mut start, mut end) = (0, 0);
    let mut whole_again = whole.iter();
    loop {
        let last = end == data.len();
        match reader.step(&data[start..end], last) {
            Ok(step) => {
                start += step.consumed;
                match step.next {
                    Next::Packet(packet) => {
                        assert_eq!(Some(&Ok(packet)), whole_again.next());
                    }
                    Next::NeedMore => {
                        assert!(!last && end - start < reader.max_unconsumed());
                        end = (end + piece).min(data.len());
                    }
                    Next::Done => break,
                }
            }
            Err(error) => {
                assert_eq!(Some(&Err(error)), whole_again.next());
                break;
            }
        }
    }
    assert_eq!(whole_again.next(), None);

    let limits = ReassemblyLimits {
        max_datagrams: 3,
        max_octets: 4000,
        max_fragments: 4,
        ..<_>::default()
    };
    let mut reassembler = Reassembler::new(limits);
    let links =
        [0, 1, 101, 108, 113, 228, 229, 276].map(|link| (Duration::ZERO, LinkType(link), data));
    let packets = whole
        .iter()
        .flatten()
        .map(|p| (p.timestamp.unwrap_or_default(), p.link, p.data));
    for (time, link, packet) in links.into_iter().chain(packets) {
        if let Ok(Dissected::Fragment(fragment)) = dissect(link, packet) {
            if let Ok(Some(datagram)) = reassembler.push(time, &fragment) {
                assert!(datagram.payload.len() <= limits.max_octets);
            }
            assert!(reassembler.octets() <= limits.max_octets);
            assert!(reassembler.unfinished() <= limits.max_datagrams);
        }
    }
}

/// Arbitrary calls of the writer: everything written is read back, and the streams of a TCP flow
/// are whole.
pub fn pcapng_roundtrip(data: &[u8]) {
    // Too few octets end the operations, not the test.
    let _ = roundtrip(&mut Unstructured::new(data));
}

#[derive(Debug, Arbitrary)]
enum Call<'d> {
    Packet(&'d [u8]),
    Udp {
        from: SocketAddr,
        to: SocketAddr,
        payload: &'d [u8],
    },
    Data {
        server: bool,
        urgent: bool,
        payload: &'d [u8],
    },
    Finish {
        server: bool,
    },
    Reset {
        server: bool,
    },
}

fn roundtrip(u: &mut Unstructured<'_>) -> Result<()> {
    let mut out = Vec::new();
    let section = Section {
        application: u.arbitrary()?,
        comment: u.arbitrary()?,
        ..<_>::default()
    };
    let mut writer = Writer::new(&section, &mut out).expect("texts are short");
    let snaplen = u.arbitrary::<Option<u8>>()?.unwrap_or_default().into();
    let raw = Interface {
        link: LinkType(u.arbitrary()?),
        snaplen,
        name: u.arbitrary()?,
        description: "",
    };
    writer
        .interface(&Interface::default(), &mut out)
        .expect("no texts");
    writer.interface(&raw, &mut out).expect("texts are short");

    // The flow goes to a file of its own.
    let mut tcp = out.clone();
    let client = SocketAddr::new(u.arbitrary()?, 1024);
    let server = SocketAddr::new(u.arbitrary()?, 80);
    let config = TcpConfig {
        mss: u.arbitrary()?,
        client_sequence: u.arbitrary()?,
        server_sequence: u.arbitrary()?,
        local: None,
    };
    let mut flow = TcpFlow::open(&writer, Duration::ZERO, client, server, &config, &mut tcp).ok();
    let mut sent = [Vec::new(), Vec::new()];
    let mut expected = Vec::new();
    let calls: Vec<(u64, &str, bool, Call<'_>)> = u.arbitrary()?;
    for (micros, comment, outbound, call) in &calls {
        let time = Duration::from_micros(*micros);
        let direction = if *outbound {
            Direction::Outbound
        } else {
            Direction::Inbound
        };
        let stamp = Stamp {
            time,
            interface: 0,
            direction,
            comment,
        };
        let side = |server: bool| if server { Side::Server } else { Side::Client };
        let before = (out.len(), tcp.len());
        let done = match (call, &mut flow) {
            (Call::Packet(data), _) => writer.packet(
                Stamp {
                    interface: 1,
                    ..stamp
                },
                data,
                &mut out,
            ),
            (Call::Udp { from, to, payload }, _) => {
                writer.udp(stamp, *from, *to, payload, &mut out)
            }
            (
                Call::Data {
                    server,
                    urgent: true,
                    payload,
                },
                Some(flow),
            ) => flow.urgent(&writer, stamp, side(*server), payload, &mut tcp),
            (
                Call::Data {
                    server,
                    urgent: false,
                    payload,
                },
                Some(flow),
            ) => flow.data(&writer, stamp, side(*server), payload, &mut tcp),
            (Call::Finish { server }, Some(flow)) => {
                flow.finish(&writer, stamp, side(*server), &mut tcp)
            }
            (Call::Reset { server }, Some(flow)) => {
                flow.reset(&writer, stamp, side(*server), &mut tcp)
            }
            (_, None) => continue,
        };
        match (done, call) {
            (Err(_), _) => assert_eq!((out.len(), tcp.len()), before, "misuse writes nothing"),
            (
                Ok(()),
                Call::Data {
                    server, payload, ..
                },
            ) => {
                sent[usize::from(*server)].extend_from_slice(payload);
            }
            (Ok(()), Call::Packet(_) | Call::Udp { .. }) => expected.push((stamp, call)),
            _ => {}
        }
    }

    let mut read = packets(&out).map(|packet| packet.expect("what was written is right"));
    for (stamp, call) in expected {
        let packet = read.next().expect("one packet for each call");
        assert_eq!(packet.timestamp, Some(stamp.time));
        assert_eq!(packet.direction(), stamp.direction);
        assert_eq!(packet.comments().next().unwrap_or_default(), stamp.comment);
        match call {
            Call::Packet(data) => {
                let kept = if snaplen == 0 {
                    data.len()
                } else {
                    data.len().min(snaplen as usize)
                };
                assert_eq!((packet.link, packet.data), (raw.link, &data[..kept]));
                assert_eq!(packet.original_len as usize, data.len());
            }
            Call::Udp { from, to, payload } => {
                let Ok(Dissected::Udp(udp)) = packet.dissect() else {
                    panic!("{packet:?}")
                };
                assert_eq!(udp.source.ip().to_canonical(), from.ip().to_canonical());
                assert_eq!(udp.destination.ip().to_canonical(), to.ip().to_canonical());
                assert_eq!(
                    (udp.source.port(), udp.destination.port()),
                    (from.port(), to.port())
                );
                assert_eq!(udp.payload, *payload);
            }
            other => unreachable!("{other:?} goes to the other file"),
        }
    }
    assert_eq!(read.next(), None);

    let mut received = [Vec::new(), Vec::new()];
    let mut next = [config.client_sequence, config.server_sequence];
    for packet in packets(&tcp) {
        let packet = packet.expect("what was written is right");
        let Ok(Dissected::Tcp(segment)) = packet.dissect() else {
            panic!("{packet:?}")
        };
        let from = usize::from(segment.source.port() == server.port());
        assert_eq!(segment.sequence, next[from]);
        let flags = segment.flags;
        let extra = u32::from(flags.has(TcpFlags::SYN)) + u32::from(flags.has(TcpFlags::FIN));
        next[from] = next[from].wrapping_add(extra + segment.payload.len() as u32);
        received[from].extend_from_slice(segment.payload);
    }
    assert_eq!(received, sent);
    Ok(())
}
