//! What reading may cost: memory is bounded by the limits, not by what a file claims.

use std::net::IpAddr;
use std::time::Duration;

use allocation_counter::measure;
use wirelore_pcapng::{
    Dissected, DropReason, Fragment, Interface, LinkType, Reassembler, ReassemblyLimits, Section,
    Side, TcpConfig, TcpFlow, Writer, packets,
};

const NOW: Duration = Duration::from_secs(1);

#[test]
fn reading_and_dissecting_allocate_only_for_interfaces() {
    let mut out = Vec::new();
    let writer = Writer::ethernet("lo", "", &mut out).unwrap();
    let (from, to) = (
        "192.0.2.1:1".parse().unwrap(),
        "192.0.2.2:2".parse().unwrap(),
    );
    for _ in 0..1000 {
        writer.udp(NOW, from, to, &[7; 512], &mut out).unwrap();
    }
    let cost = measure(|| {
        let datagrams = packets(&out).filter(|packet| {
            matches!(packet.as_ref().unwrap().dissect(), Ok(Dissected::Udp(udp)) if udp.payload.len() == 512)
        });
        assert_eq!(datagrams.count(), 1000);
    });
    assert_eq!(cost.count_total, 1, "the interfaces");
}

#[test]
fn a_claimed_length_allocates_nothing() {
    let section = b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0\0\0\0\0\0\0\0\0\x1c\0\0\0";
    let classic = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0";
    let block = b"\x06\0\0\0\xf0\xff\xff\x00".as_slice(); // just below 16 MiB
    let record = b"\xe0\xff\xff\0\xe0\xff\xff\0";
    for capture in [
        [section.as_slice(), block].concat(),
        [classic.as_slice(), record].concat(),
    ] {
        let mut read = None;
        let cost = measure(|| read = packets(&capture).next());
        assert!(read.unwrap().is_err());
        assert_eq!(cost.count_total, 0);
    }
}

#[test]
fn interfaces_are_bounded() {
    let mut out = Vec::new();
    let mut writer = Writer::new(&Section::default(), &mut out).unwrap();
    for _ in 0..100_000 {
        writer.interface(&Interface::default(), &mut out).unwrap();
    }
    let cost = measure(|| assert!(packets(&out).next().unwrap().is_err()));
    assert!(cost.bytes_max < 200_000, "{cost:?}");
}

#[test]
fn a_flood_of_fragments_stays_within_the_limits() {
    let limits = ReassemblyLimits {
        max_octets: 100_000,
        ..ReassemblyLimits::default()
    };
    let mut reassembler = Reassembler::new(limits);
    let payload = [7; 1480];
    let cost = measure(|| {
        for identification in 0..100_000 {
            let fragment = Fragment {
                source: IpAddr::from([192, 0, 2, 1]),
                destination: IpAddr::from([192, 0, 2, 2]),
                protocol: 17,
                identification,
                offset: 64_000,
                more: true,
                payload: &payload[..8 * (identification as usize % 185 + 1)],
            };
            assert_eq!(reassembler.push(NOW, &fragment), Ok(None));
        }
    });
    assert!(reassembler.unfinished() <= 64 && reassembler.octets() <= 100_000);
    assert!(reassembler.dropped(DropReason::Evicted) >= 100_000 - 64);
    // 64 places of the queue, 64 lists of pieces of a few entries each, the octets themselves
    assert!(cost.bytes_max < 100_000 + 64 * 400, "{cost:?}");
}

#[test]
fn writing_into_a_large_enough_buffer_allocates_nothing() {
    let mut out = Vec::with_capacity(1 << 20);
    let mut header = Vec::new();
    let writer = Writer::ethernet("lo", "", &mut header).unwrap();
    let (client, server) = (
        "[2001:db8::1]:1".parse().unwrap(),
        "[2001:db8::2]:2".parse().unwrap(),
    );
    let cost = measure(|| {
        let config = TcpConfig::default();
        let mut flow = TcpFlow::open(&writer, NOW, client, server, &config, &mut out).unwrap();
        flow.data(&writer, NOW, Side::Server, &[7; 100_000], &mut out)
            .unwrap();
        flow.finish(&writer, NOW, Side::Client, &mut out).unwrap();
        writer
            .udp(NOW, client, server, &[7; 65_000], &mut out)
            .unwrap();
        writer
            .frame(NOW, [2; 6], [4; 6], 0x8035, &[7; 28], &mut out)
            .unwrap();
    });
    assert_eq!(cost.count_total, 0);
    assert_eq!(
        packets(&[header, out].concat())
            .last()
            .unwrap()
            .unwrap()
            .link,
        LinkType::ETHERNET
    );
}
