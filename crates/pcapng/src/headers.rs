//! Synthesised headers: Ethernet II, IPv4 (RFC 791), IPv6 (RFC 8200), UDP (RFC 768) and
//! TCP (RFC 9293), with their checksums (RFC 1071).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::ops::BitOr;

use crate::error::Misuse;

pub(crate) const ETHERTYPE_IPV4: u16 = 0x0800;
pub(crate) const ETHERTYPE_IPV6: u16 = 0x86dd;
pub(crate) const PROTOCOL_TCP: u8 = 6;
pub(crate) const PROTOCOL_UDP: u8 = 17;

const ETHERNET_LEN: usize = 14;
const IPV4_LEN: usize = 20;
const IPV6_LEN: usize = 40;
const UDP_LEN: usize = 8;
const TCP_LEN: usize = 20;
const HOP_LIMIT: u8 = 64;
const DONT_FRAGMENT: u16 = 0x4000;

/// The headers in front of a payload, without allocation.
pub(crate) struct Head {
    bytes: [u8; HEAD_LEN],
    len: usize,
}

/// The octets of TCP options in a SYN.
const SYN_OPTIONS: usize = 8;
const HEAD_LEN: usize = ETHERNET_LEN + IPV6_LEN + TCP_LEN + SYN_OPTIONS;

impl Head {
    /// An Ethernet header.
    pub(crate) fn ethernet(destination: [u8; 6], source: [u8; 6], ethertype: u16) -> Self {
        let mut head = Self {
            bytes: [0; HEAD_LEN],
            len: 0,
        };
        head.push(&destination);
        head.push(&source);
        head.push(&ethertype.to_be_bytes());
        head
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..][..bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn put_u16(&mut self, at: usize, value: u16) {
        self.bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
    }
}

/// A pair of addresses of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    V4 {
        source: Ipv4Addr,
        destination: Ipv4Addr,
    },
    V6 {
        source: Ipv6Addr,
        destination: Ipv6Addr,
    },
}

impl Route {
    /// IPv4-mapped addresses, as dual-stack sockets report them, count as IPv4 when both are.
    pub(crate) fn new(from: SocketAddr, to: SocketAddr) -> Result<Self, Misuse> {
        match (
            from.ip().to_canonical(),
            to.ip().to_canonical(),
            from.ip(),
            to.ip(),
        ) {
            (IpAddr::V4(source), IpAddr::V4(destination), ..) => Ok(Self::V4 {
                source,
                destination,
            }),
            (_, _, IpAddr::V6(source), IpAddr::V6(destination)) => Ok(Self::V6 {
                source,
                destination,
            }),
            _ => Err(Misuse::MixedFamilies),
        }
    }

    pub(crate) const fn reversed(self) -> Self {
        match self {
            Self::V4 {
                source,
                destination,
            } => Self::V4 {
                source: destination,
                destination: source,
            },
            Self::V6 {
                source,
                destination,
            } => Self::V6 {
                source: destination,
                destination: source,
            },
        }
    }

    /// The most octets that UDP or TCP may have, header included.
    const fn capacity(self) -> usize {
        match self {
            Self::V4 { .. } => u16::MAX as usize - IPV4_LEN,
            Self::V6 { .. } => u16::MAX as usize,
        }
    }

    /// The most payload of one TCP segment without options.
    pub(crate) const fn max_segment(self) -> usize {
        self.capacity() - TCP_LEN
    }

    /// The Ethernet and IP headers in front of `len` octets of `protocol`, and the sum of the
    /// pseudo header. `len` is at most `capacity()`.
    fn head(self, protocol: u8, len: usize) -> (Head, u64) {
        match self {
            Self::V4 {
                source,
                destination,
            } => {
                let mac = (mac_of(IpAddr::V4(destination)), mac_of(IpAddr::V4(source)));
                let mut head = Head::ethernet(mac.0, mac.1, ETHERTYPE_IPV4);
                let total = (IPV4_LEN + len) as u16;
                head.push(&[0x45, 0]);
                head.push(&total.to_be_bytes());
                head.push(&[0, 0]); // RFC 6864: no identification is needed with DF set
                head.push(&DONT_FRAGMENT.to_be_bytes());
                head.push(&[HOP_LIMIT, protocol, 0, 0]);
                head.push(&source.octets());
                head.push(&destination.octets());
                let checksum = finish(sum(&head.as_slice()[ETHERNET_LEN..]));
                head.put_u16(ETHERNET_LEN + 10, checksum);
                (
                    head,
                    pseudo_sum(source.into(), destination.into(), protocol, len),
                )
            }
            Self::V6 {
                source,
                destination,
            } => {
                let mac = (mac_of(IpAddr::V6(destination)), mac_of(IpAddr::V6(source)));
                let mut head = Head::ethernet(mac.0, mac.1, ETHERTYPE_IPV6);
                head.push(&[0x60, 0, 0, 0]);
                head.push(&(len as u16).to_be_bytes());
                head.push(&[protocol, HOP_LIMIT]);
                head.push(&source.octets());
                head.push(&destination.octets());
                (
                    head,
                    pseudo_sum(source.into(), destination.into(), protocol, len),
                )
            }
        }
    }
}

/// All headers of a UDP datagram.
pub(crate) fn udp(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Result<Head, Misuse> {
    let route = Route::new(from, to)?;
    let max = route.capacity() - UDP_LEN;
    if payload.len() > max {
        return Err(Misuse::PayloadTooLong {
            len: payload.len(),
            max,
        });
    }
    let len = UDP_LEN + payload.len();
    let (mut head, pseudo) = route.head(PROTOCOL_UDP, len);
    let start = head.len;
    head.push(&from.port().to_be_bytes());
    head.push(&to.port().to_be_bytes());
    head.push(&(len as u16).to_be_bytes());
    head.push(&[0, 0]);
    let checksum = match finish(pseudo + sum(&head.as_slice()[start..]) + sum(payload)) {
        0 => 0xffff, // 0 on the wire would mean "no checksum"
        checksum => checksum,
    };
    head.put_u16(start + 6, checksum);
    Ok(head)
}

/// What a TCP header says besides ports and checksum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TcpHeader {
    pub(crate) ports: (u16, u16),
    pub(crate) sequence: u32,
    pub(crate) acknowledgment: u32,
    pub(crate) flags: TcpFlags,
    pub(crate) window: u16,
    pub(crate) urgent: u16,
    /// The maximum segment size option, and with it the window scale option.
    pub(crate) offer: Option<(u16, u8)>,
}

/// All headers of a TCP segment; header and payload fit into `route`.
pub(crate) fn tcp(route: Route, header: &TcpHeader, payload: &[u8]) -> Head {
    let options = if header.offer.is_some() {
        SYN_OPTIONS
    } else {
        0
    };
    let (mut head, pseudo) = route.head(PROTOCOL_TCP, TCP_LEN + options + payload.len());
    let start = head.len;
    head.push(&header.ports.0.to_be_bytes());
    head.push(&header.ports.1.to_be_bytes());
    head.push(&header.sequence.to_be_bytes());
    head.push(&header.acknowledgment.to_be_bytes());
    head.push(&[((TCP_LEN + options) / 4 * 16) as u8, header.flags.0]);
    head.push(&header.window.to_be_bytes());
    head.push(&[0, 0]);
    head.push(&header.urgent.to_be_bytes());
    if let Some((mss, scale)) = header.offer {
        head.push(&[2, 4]);
        head.push(&mss.to_be_bytes());
        head.push(&[1, 3, 3, scale]);
    }
    let checksum = finish(pseudo + sum(&head.as_slice()[start..]) + sum(payload));
    head.put_u16(start + 16, checksum);
    head
}

/// The flag octet of a TCP header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment number counts.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer counts.
    pub const URG: Self = Self(0x20);

    /// Whether all flags of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for TcpFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A MAC address that depends on the IP address only: the mapped one for multicast (RFC 1112,
/// RFC 2464) and broadcast, otherwise a locally administered one. It shows an IPv4 address in
/// its last four octets, and is a hash of an IPv6 address.
fn mac_of(address: IpAddr) -> [u8; 6] {
    match address {
        IpAddr::V4(v4) => match v4.octets() {
            [255, 255, 255, 255] => [0xff; 6],
            [_, b, c, d] if v4.is_multicast() => [0x01, 0x00, 0x5e, b & 0x7f, c, d],
            [a, b, c, d] => [0x02, 0x00, a, b, c, d],
        },
        IpAddr::V6(v6) => match v6.octets() {
            [.., a, b, c, d] if v6.is_multicast() => [0x33, 0x33, a, b, c, d],
            octets => {
                // FNV-1a
                let hash = octets
                    .iter()
                    .fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
                        (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
                    });
                let [.., a, b, c, d, e] = hash.to_be_bytes();
                [0x06, a, b, c, d, e]
            }
        },
    }
}

/// The sum of the pseudo header of UDP and TCP in front of `len` octets.
pub(crate) fn pseudo_sum(source: IpAddr, destination: IpAddr, protocol: u8, len: usize) -> u64 {
    let of = |address| match address {
        IpAddr::V4(v4) => sum(&Ipv4Addr::octets(&v4)),
        IpAddr::V6(v6) => sum(&Ipv6Addr::octets(&v6)),
    };
    of(source) + of(destination) + u64::from(protocol) + len as u64
}

/// The sum of big-endian 32-bit words, zeros added at the end: it folds to the same 16 bits as
/// the sum of 16-bit words. Only the last of several slices may have an odd length.
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    words
        .iter()
        .chain([&last])
        .map(|word| u64::from(u32::from_be_bytes(*word)))
        .sum()
}

/// The checksum that belongs to a sum.
pub(crate) fn finish(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{SocketAddrV4, SocketAddrV6};
    use proptest::prelude::*;

    /// RFC 1071, section 1, taken literally.
    fn reference(bytes: &[u8]) -> u16 {
        let mut sum = 0u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }

    #[test]
    fn the_example_of_rfc_1071_section_3() {
        let data = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(finish(sum(&data)), !0xddf2);
    }

    proptest! {
        #[test]
        fn sums_agree_with_the_definition(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(finish(sum(&data)), reference(&data));
        }

        #[test]
        fn a_finished_header_sums_to_zero(
            (from, to) in prop_oneof![
                any::<(SocketAddrV4, SocketAddrV4)>().prop_map(|(a, b)| (a.into(), b.into())),
                any::<(SocketAddrV6, SocketAddrV6)>().prop_map(|(a, b)| (a.into(), b.into())),
            ],
            payload in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let head = udp(from, to, &payload).unwrap();
            let ip = &head.as_slice()[ETHERNET_LEN..];
            let (addresses, transport) = match ip[0] >> 4 {
                4 => (&ip[12..20], &ip[20..]),
                _ => (&ip[8..40], &ip[40..]),
            };
            if ip[0] >> 4 == 4 {
                prop_assert_eq!(reference(&ip[..20]), 0);
            }
            let len = (transport.len() + payload.len()) as u16;
            let mut whole = addresses.to_vec();
            whole.extend_from_slice(&[0, 17]);
            whole.extend_from_slice(&len.to_be_bytes());
            whole.extend_from_slice(transport);
            whole.extend_from_slice(&payload);
            prop_assert_eq!(reference(&whole), 0);
        }
    }

    #[test]
    fn a_udp_checksum_of_zero_is_sent_as_ones() {
        let from = SocketAddr::from(([0, 0, 0, 0], 0));
        // pseudo header 0 + 0 + 17 + 10, header 0 + 0 + 10: the payload makes it ffff
        let payload = (0xffff_u16 - 17 - 10 - 10).to_be_bytes();
        let head = udp(from, from, &payload).unwrap();
        assert_eq!(head.as_slice()[ETHERNET_LEN + IPV4_LEN + 6..], [0xff, 0xff]);
    }

    #[test]
    fn the_longest_udp_payloads() {
        let v4 = SocketAddr::from(([192, 0, 2, 1], 1));
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 1));
        for (address, max) in [(v4, 65507), (v6, 65527)] {
            let mut payload = alloc::vec![1; max];
            assert!(udp(address, address, &payload).is_ok());
            payload.push(1);
            let refused = Misuse::PayloadTooLong { len: max + 1, max };
            assert_eq!(udp(address, address, &payload).err(), Some(refused));
        }
    }

    #[test]
    fn mapped_addresses_count_as_ipv4_when_both_are() {
        let plain = SocketAddr::from(([192, 0, 2, 1], 1));
        let mapped = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 2).to_ipv6_mapped(), 2));
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 3));
        assert!(matches!(Route::new(plain, mapped), Ok(Route::V4 { .. })));
        assert!(matches!(Route::new(mapped, v6), Ok(Route::V6 { .. })));
        assert_eq!(Route::new(plain, v6), Err(Misuse::MixedFamilies));
    }

    #[test]
    fn mac_addresses() {
        let mac = |text: &str| mac_of(text.parse().unwrap());
        assert_eq!(mac("192.0.2.7"), [2, 0, 192, 0, 2, 7]);
        assert_eq!(mac("255.255.255.255"), [0xff; 6]);
        assert_eq!(mac("224.128.0.1"), [1, 0, 0x5e, 0, 0, 1]);
        assert_eq!(mac("ff02::1:2"), [0x33, 0x33, 0, 1, 0, 2]);
        assert_ne!(mac("2001:db8::1"), mac("2001:db8::2"));
        assert_eq!(
            mac("2001:db8::1")[0] & 3,
            2,
            "locally administered, not a group"
        );
    }
}
