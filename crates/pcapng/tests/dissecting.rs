//! Packets spelt out in hexadecimal: every link, every header, every way to be wrong.

use wirelore_pcapng::{
    Dissected, Error, Fragment, Layer, LinkType, TcpFlags, TcpSegment, UdpDatagram, dissect,
};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| c.to_digit(16))
        .map(|d| d as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

const MACS: &str = "ffffffffffff 020000000001";
/// 192.0.2.1:1025 to 192.0.2.2:69, "hello".
const IPV4: &str = "45000021 00004000 40110000 c0000201 c0000202  04010045 000d0000 68656c6c6f";
/// 2001:db8::1 to 2001:db8::2, next header and its length left out.
const IPV6_ADDRESSES: &str = "20010db8000000000000000000000001 20010db8000000000000000000000002";
const UDP: &str = "04010045 000d0000 68656c6c6f";

fn hello(source: &str, destination: &str, packet: Result<Dissected<'_>, Error>) {
    let expected = UdpDatagram {
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        payload: b"hello",
    };
    assert_eq!(packet, Ok(Dissected::Udp(expected)));
}

fn hello4(link: LinkType, packet: &[&str]) {
    hello(
        "192.0.2.1:1025",
        "192.0.2.2:69",
        dissect(link, &hex(&packet.concat())),
    );
}

fn hello6(link: LinkType, packet: &[&str]) {
    hello(
        "[2001:db8::1]:1025",
        "[2001:db8::2]:69",
        dissect(link, &hex(&packet.concat())),
    );
}

#[test]
fn every_link() {
    let ipv6 = ["6000 0000 000d 1140", IPV6_ADDRESSES, UDP].concat();
    hello4(LinkType::ETHERNET, &[MACS, "0800", IPV4]);
    hello6(LinkType::ETHERNET, &[MACS, "86dd", &ipv6]);
    hello4(
        LinkType::ETHERNET,
        &[MACS, "88a80001 81000002 9100 0003 8100 0004 0800", IPV4],
    );
    hello4(
        LinkType::LINUX_SLL,
        &["0000 0304 0006 000000000000 0000 0800", IPV4],
    );
    hello6(
        LinkType::LINUX_SLL2,
        &["86dd 0000 00000001 0304 00 06 0000000000000000", &ipv6],
    );
    hello4(LinkType::NULL, &["02000000", IPV4]);
    hello4(LinkType::NULL, &["00000002", IPV4]);
    hello6(LinkType::NULL, &["1e000000", &ipv6]);
    hello6(LinkType::LOOP, &["00000018", &ipv6]);
    hello4(LinkType::RAW, &[IPV4]);
    hello6(LinkType::RAW, &[&ipv6]);
    hello4(LinkType::IPV4, &[IPV4]);
    hello6(LinkType::IPV6, &[&ipv6]);
    let link = LinkType(147);
    assert_eq!(dissect(link, b""), Err(Error::UnknownLink { link }));
}

#[test]
fn padding_behind_the_datagram_is_no_payload() {
    hello4(LinkType::ETHERNET, &[MACS, "0800", IPV4, "000000000000"]);
    // inside the IP datagram, behind the UDP datagram
    let longer = IPV4.replacen("45000021", "45000023", 1);
    hello4(LinkType::RAW, &[&longer, "eeee"]);
}

#[test]
fn options_and_a_total_length_of_zero() {
    let options = "47000029 00004000 40110000 c0000201 c0000202 94040000 01010101";
    hello4(LinkType::RAW, &[options, UDP]);
    let zero = IPV4.replacen("45000021", "45000000", 1);
    hello4(LinkType::RAW, &[&zero]);
    hello4(LinkType::ETHERNET, &[MACS, "0800", &zero]);
}

#[test]
fn extension_headers() {
    // hop-by-hop, routing of 16 octets, authentication of 12, an atomic fragment, destination
    let extensions = "2b00000000000000 33010000000000000000000000000000 2c01000000000000 \
                      00000000 3c000000deadbeef 1100000000000000";
    hello6(
        LinkType::IPV6,
        &["6000 0000 0041 0040", IPV6_ADDRESSES, extensions, UDP],
    );
    let eight = ["3c00000000000000".repeat(7), "1100000000000000".into()].concat();
    hello6(
        LinkType::IPV6,
        &["6000 0000 004d 3c40", IPV6_ADDRESSES, &eight, UDP],
    );
    let nine = ["3c00000000000000".repeat(8), "1100000000000000".into()].concat();
    let packet = hex(&["6000 0000 0055 3c40", IPV6_ADDRESSES, &nine, UDP].concat());
    let error = Error::TooDeep {
        layer: Layer::Ipv6Extension,
        offset: 40 + 64,
    };
    assert_eq!(dissect(LinkType::IPV6, &packet), Err(error));
}

#[test]
fn fragments_of_both_families_are_not_taken_for_datagrams() {
    let first =
        hex("45000024 beef2000 40110000 c0000201 c0000202  0401004508000000 6162636465666768");
    let Ok(Dissected::Fragment(fragment)) = dissect(LinkType::RAW, &first) else {
        panic!()
    };
    assert_eq!(
        (fragment.identification, fragment.offset, fragment.more),
        (0xbeef, 0, true)
    );
    assert_eq!((fragment.protocol, fragment.payload.len()), (17, 16));
    let last = hex("4500001c beef0002 40110000 c0000201 c0000202  6162636465666768");
    let Ok(Dissected::Fragment(fragment)) = dissect(LinkType::RAW, &last) else {
        panic!()
    };
    assert_eq!((fragment.offset, fragment.more), (16, false));
    let last = [
        "6000 0000 000c 2c40",
        IPV6_ADDRESSES,
        "1100 0010 deadbeef 61626364",
    ]
    .concat();
    let last = hex(&last);
    let Ok(Dissected::Fragment(fragment)) = dissect(LinkType::RAW, &last) else {
        panic!()
    };
    assert_eq!(
        fragment,
        Fragment {
            source: "2001:db8::1".parse().unwrap(),
            destination: "2001:db8::2".parse().unwrap(),
            protocol: 17,
            identification: 0xdead_beef,
            offset: 16,
            more: false,
            payload: b"abcd",
        }
    );
}

#[test]
fn a_tcp_segment() {
    let packet = hex("45000030 00004000 40060000 c0000201 c0000202 \
                      90000050 01020304 05060708 6038ffff 0000000a 020405b4  61626364");
    assert_eq!(
        dissect(LinkType::RAW, &packet),
        Ok(Dissected::Tcp(TcpSegment {
            source: "192.0.2.1:36864".parse().unwrap(),
            destination: "192.0.2.2:80".parse().unwrap(),
            sequence: 0x0102_0304,
            acknowledgment: 0x0506_0708,
            flags: TcpFlags::PSH | TcpFlags::ACK | TcpFlags::URG,
            window: 0xffff,
            urgent_pointer: 10,
            payload: b"abcd",
        }))
    );
}

#[test]
fn other_protocols() {
    let rarp = hex(&[MACS, "8035 0001"].concat());
    let expected = Dissected::OtherLink {
        ethertype: 0x8035,
        payload: &[0, 1],
    };
    assert_eq!(dissect(LinkType::ETHERNET, &rarp), Ok(expected));
    let icmp = hex("45000016 00004000 40010000 c0000201 c0000202 0800");
    let expected = Dissected::OtherIp {
        source: "192.0.2.1".parse().unwrap(),
        destination: "192.0.2.2".parse().unwrap(),
        protocol: 1,
        payload: &[8, 0],
    };
    assert_eq!(dissect(LinkType::RAW, &icmp), Ok(expected));
    let empty = hex("45000014 00004000 40010000 c0000201 c0000202");
    let Ok(Dissected::OtherIp { payload: b"", .. }) = dissect(LinkType::RAW, &empty) else {
        panic!("a datagram without payload is whole");
    };
}

#[test]
fn every_cut_of_a_packet_is_reported() {
    let packet = hex(&[MACS, "8100 0001 0800", IPV4].concat());
    for len in 0..packet.len() {
        let (layer, offset, needed) = match len {
            ..14 => (Layer::Link, 0, 14),
            14..18 => (Layer::Vlan, 14, 4),
            18..38 => (Layer::Ipv4, 18, 20),
            _ => (Layer::Ipv4, 18, 33),
        };
        let cut = Error::Cut {
            layer,
            offset,
            needed,
            available: len - offset,
        };
        assert_eq!(dissect(LinkType::ETHERNET, &packet[..len]), Err(cut));
    }
}

#[test]
fn headers_that_contradict_themselves() {
    let malformed = |link, packet: &str, layer, offset| {
        let error = Error::Malformed { layer, offset };
        assert_eq!(dissect(link, &hex(packet)), Err(error), "{packet}");
    };
    let ipv4 = "00004000 40110000 c0000201 c0000202";
    malformed(LinkType::RAW, &["55000014", ipv4].concat(), Layer::Ipv4, 0);
    malformed(LinkType::RAW, &["44000014", ipv4].concat(), Layer::Ipv4, 0);
    malformed(LinkType::RAW, &["45000013", ipv4].concat(), Layer::Ipv4, 0);
    malformed(
        LinkType::IPV6,
        &["4000 0000 0000 1140", IPV6_ADDRESSES].concat(),
        Layer::Ipv6,
        0,
    );
    let udp = ["4500001c", ipv4, "0401 0045 0007 0000"].concat();
    malformed(LinkType::RAW, &udp, Layer::Udp, 20);
    let tcp = "45000028 00004000 40060000 c0000201 c0000202 \
               90000050 01020304 05060708 4010ffff 00000000";
    malformed(LinkType::RAW, tcp, Layer::Tcp, 20);
    let packet = hex(&[
        MACS,
        "8100 0000 8100 0000 8100 0000 8100 0000 8100 0000 0800",
    ]
    .concat());
    let error = Error::TooDeep {
        layer: Layer::Vlan,
        offset: 30,
    };
    assert_eq!(dissect(LinkType::ETHERNET, &packet), Err(error));
    let udp = hex(&["4500001c", ipv4, "0401 0045 0009 0000"].concat());
    let cut = Error::Cut {
        layer: Layer::Udp,
        offset: 20,
        needed: 9,
        available: 8,
    };
    assert_eq!(dissect(LinkType::RAW, &udp), Err(cut));
}
