//! Captures that dumpcap made of datagrams that Linux fragmented (tests/data/README.md).

use wirelore_pcapng::{
    Datagram, Dissected, DropReason, LinkType, Reassembler, UdpDatagram, packets,
};

fn datagrams(capture: &[u8], link: LinkType) {
    let mut reassembler = Reassembler::default();
    let mut found = Vec::new();
    let mut fragments = 0;
    for packet in packets(capture) {
        let packet = packet.unwrap();
        assert_eq!(
            (packet.link, packet.original_len as usize),
            (link, packet.data.len())
        );
        match packet.dissect().unwrap() {
            Dissected::Udp(UdpDatagram {
                source,
                destination,
                payload,
            }) => {
                found.push(Datagram {
                    source,
                    destination,
                    payload: payload.to_vec(),
                });
            }
            Dissected::Fragment(fragment) => {
                fragments += 1;
                found.extend(
                    reassembler
                        .push(packet.timestamp.unwrap(), &fragment)
                        .unwrap(),
                );
            }
            other => panic!("{other:?}"),
        }
    }
    let expected = |address: &str, port, len| Datagram {
        source: format!("{address}:{port}").parse().unwrap(),
        destination: format!("{address}:6969").parse().unwrap(),
        payload: (0..len).map(|n| (n / 7) as u8).collect(),
    };
    assert_eq!(
        found,
        [
            expected("127.0.0.1", 40001, 3000),
            expected("[::1]", 40002, 3000),
            expected("127.0.0.1", 40003, 100),
            expected("[::1]", 40004, 100),
        ]
    );
    assert_eq!((fragments, reassembler.unfinished()), (6, 0));
    assert_eq!(reassembler.dropped(DropReason::Checksum), 0);
}

#[test]
fn captured_on_a_loopback_interface() {
    datagrams(include_bytes!("data/ethernet.pcapng"), LinkType::ETHERNET);
}

#[test]
fn captured_on_any_interface() {
    datagrams(include_bytes!("data/sll.pcapng"), LinkType::LINUX_SLL);
    datagrams(include_bytes!("data/sll2.pcapng"), LinkType::LINUX_SLL2);
}
