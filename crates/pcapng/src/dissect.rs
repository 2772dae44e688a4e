//! From a captured packet to what it carries: a UDP datagram or a TCP segment.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::block::array;
use crate::error::{Error, Layer};
use crate::headers::{ETHERTYPE_IPV4, ETHERTYPE_IPV6, PROTOCOL_TCP, PROTOCOL_UDP, TcpFlags};
use crate::packet::LinkType;

const MAX_TAGS: usize = 4;
const MAX_EXTENSIONS: usize = 8;

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dissected<'d> {
    /// A whole UDP datagram.
    Udp(UdpDatagram<'d>),
    /// A whole TCP segment.
    Tcp(TcpSegment<'d>),
    /// A fragment of an IP datagram, for a [`Reassembler`](crate::Reassembler).
    Fragment(Fragment<'d>),
    /// A whole IP datagram of another protocol.
    OtherIp {
        /// Address of the sender.
        source: IpAddr,
        /// Address of the receiver.
        destination: IpAddr,
        /// The protocol number; after IPv6 extension headers that of the last one.
        protocol: u8,
        /// What follows the IP headers.
        payload: &'d [u8],
    },
    /// Something other than IP: ARP or RARP, for instance.
    OtherLink {
        /// The EtherType, behind VLAN tags if there are some. Below 1536 it is the length field
        /// of an IEEE 802.3 frame. On BSD loopback links it is the low half of the address family.
        ethertype: u16,
        /// What follows the link header, padding of the frame included.
        payload: &'d [u8],
    },
}

/// A UDP datagram (RFC 768). Its checksum was not verified: a capture on the sending machine often
/// precedes its computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpDatagram<'d> {
    /// The sender.
    pub source: SocketAddr,
    /// The receiver.
    pub destination: SocketAddr,
    /// The octets behind the header.
    pub payload: &'d [u8],
}

/// A TCP segment (RFC 9293). Its checksum was not verified, its options were skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpSegment<'d> {
    /// The sender.
    pub source: SocketAddr,
    /// The receiver.
    pub destination: SocketAddr,
    /// Number of the first octet of the payload, or of the SYN.
    pub sequence: u32,
    /// Number of the next octet expected; counts only with [`TcpFlags::ACK`].
    pub acknowledgment: u32,
    /// The flags.
    pub flags: TcpFlags,
    /// The window, as it stands in the header.
    pub window: u16,
    /// Counts only with [`TcpFlags::URG`].
    pub urgent_pointer: u16,
    /// The octets behind the header.
    pub payload: &'d [u8],
}

/// A fragment of an IPv4 (RFC 791) or IPv6 (RFC 8200) datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'d> {
    /// Address of the sender.
    pub source: IpAddr,
    /// Address of the receiver.
    pub destination: IpAddr,
    /// The protocol of the datagram. In IPv6 that of the first header after the fragment header.
    pub protocol: u8,
    /// What all fragments of the datagram share.
    pub identification: u32,
    /// Place of `payload` in the payload of the datagram, in octets: a multiple of 8, at most
    /// 65528.
    pub offset: usize,
    /// Whether more fragments follow behind this one.
    pub more: bool,
    /// The octets of this fragment.
    pub payload: &'d [u8],
}

/// Takes one packet apart. `data` starts with the link header that `link` stands for.
///
/// Known are Ethernet with up to four VLAN tags, Linux cooked (both versions), BSD loopback (both
/// byte orders) and raw IP. IPv4 options are skipped, and up to eight IPv6 extension headers. An
/// IPv4 total length of zero, as segmentation offload leaves it, means all the octets there are.
///
/// # Errors
/// [`Error::UnknownLink`], [`Error::Cut`], [`Error::Malformed`], [`Error::TooDeep`].
pub fn dissect(link: LinkType, data: &[u8]) -> Result<Dissected<'_>, Error> {
    let mut cursor = Cursor { data, at: 0 };
    match link {
        LinkType::ETHERNET => {
            let header: &[u8; 14] = cursor.header(Layer::Link)?;
            ethertype(u16_at(header, 12), cursor)
        }
        LinkType::LINUX_SLL => {
            let header: &[u8; 16] = cursor.header(Layer::Link)?;
            ethertype(u16_at(header, 14), cursor)
        }
        LinkType::LINUX_SLL2 => {
            let header: &[u8; 20] = cursor.header(Layer::Link)?;
            ethertype(u16_at(header, 0), cursor)
        }
        LinkType::NULL | LinkType::LOOP => {
            let family = u32::from_be_bytes(*cursor.header(Layer::Link)?);
            let family = if family > 0xffff {
                family.swap_bytes()
            } else {
                family
            };
            match family {
                2 => ipv4(cursor),
                24 | 28 | 30 => ipv6(cursor), // the BSDs do not agree on one number
                _ => Ok(Dissected::OtherLink {
                    ethertype: family as u16,
                    payload: cursor.rest(),
                }),
            }
        }
        LinkType::RAW => match cursor.rest().first().map(|octet| octet >> 4) {
            Some(6) => ipv6(cursor),
            _ => ipv4(cursor),
        },
        LinkType::IPV4 => ipv4(cursor),
        LinkType::IPV6 => ipv6(cursor),
        link => Err(Error::UnknownLink { link }),
    }
}

fn ethertype(mut ethertype: u16, mut cursor: Cursor<'_>) -> Result<Dissected<'_>, Error> {
    let mut tags = 0;
    while matches!(ethertype, 0x8100 | 0x88a8 | 0x9100) {
        if tags == MAX_TAGS {
            return Err(Error::TooDeep {
                layer: Layer::Vlan,
                offset: cursor.at,
            });
        }
        let tag: &[u8; 4] = cursor.header(Layer::Vlan)?;
        ethertype = u16_at(tag, 2);
        tags += 1;
    }
    match ethertype {
        ETHERTYPE_IPV4 => ipv4(cursor),
        ETHERTYPE_IPV6 => ipv6(cursor),
        _ => Ok(Dissected::OtherLink {
            ethertype,
            payload: cursor.rest(),
        }),
    }
}

fn ipv4(mut cursor: Cursor<'_>) -> Result<Dissected<'_>, Error> {
    let layer = Layer::Ipv4;
    let offset = cursor.at;
    let header: &[u8; 20] = cursor.header(layer)?;
    let header_len = usize::from(header[0] & 0x0f) * 4;
    let total = match usize::from(u16_at(header, 2)) {
        0 => cursor.data.len() - offset,
        total => total,
    };
    if header[0] >> 4 != 4 || header_len < 20 || total < header_len {
        return Err(Error::Malformed { layer, offset });
    }
    cursor.limit(layer, offset, total)?;
    cursor.at = offset + header_len;

    let source = IpAddr::V4(Ipv4Addr::from(field::<4>(header, 12)));
    let destination = IpAddr::V4(Ipv4Addr::from(field::<4>(header, 16)));
    let protocol = header[9];
    let place = u16_at(header, 6);
    let more = place & 0x2000 != 0;
    let start = usize::from(place & 0x1fff) * 8;
    if more || start > 0 {
        return Ok(Dissected::Fragment(Fragment {
            source,
            destination,
            protocol,
            identification: u16_at(header, 4).into(),
            offset: start,
            more,
            payload: cursor.rest(),
        }));
    }
    transport(source, destination, protocol, cursor)
}

fn ipv6(mut cursor: Cursor<'_>) -> Result<Dissected<'_>, Error> {
    let offset = cursor.at;
    let header: &[u8; 40] = cursor.header(Layer::Ipv6)?;
    if header[0] >> 4 != 6 {
        return Err(Error::Malformed {
            layer: Layer::Ipv6,
            offset,
        });
    }
    cursor.limit(Layer::Ipv6, offset, 40 + usize::from(u16_at(header, 4)))?;

    let source = IpAddr::V6(Ipv6Addr::from(field::<16>(header, 8)));
    let destination = IpAddr::V6(Ipv6Addr::from(field::<16>(header, 24)));
    let mut protocol = header[6];
    let layer = Layer::Ipv6Extension;
    let mut extensions = 0;
    loop {
        let offset = cursor.at;
        let unit = match protocol {
            // hop-by-hop, routing, destination, mobility, HIP, shim6: units of 8 beyond the first
            0 | 43 | 60 | 135 | 139 | 140 => |len| (len + 1) * 8,
            51 => |len| (len + 2) * 4, // authentication
            44 => |_| 8,               // fragment
            _ => return transport(source, destination, protocol, cursor),
        };
        if extensions == MAX_EXTENSIONS {
            return Err(Error::TooDeep { layer, offset });
        }
        extensions += 1;
        let header: &[u8; 8] = cursor.header(layer)?;
        if protocol == 44 {
            let place = u16_at(header, 2);
            let more = place & 1 != 0;
            let start = usize::from(place & 0xfff8);
            if more || start > 0 {
                return Ok(Dissected::Fragment(Fragment {
                    source,
                    destination,
                    protocol: header[0],
                    identification: u32::from_be_bytes(field(header, 4)),
                    offset: start,
                    more,
                    payload: cursor.rest(),
                }));
            }
        }
        protocol = header[0];
        cursor.skip_to(layer, offset, unit(usize::from(header[1])))?;
    }
}

fn transport<'d>(
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    cursor: Cursor<'d>,
) -> Result<Dissected<'d>, Error> {
    match protocol {
        PROTOCOL_UDP => udp(source, destination, cursor).map(Dissected::Udp),
        PROTOCOL_TCP => tcp(source, destination, cursor).map(Dissected::Tcp),
        _ => Ok(Dissected::OtherIp {
            source,
            destination,
            protocol,
            payload: cursor.rest(),
        }),
    }
}

/// A UDP datagram of whole `data`, its header in front.
pub(crate) fn udp_datagram(
    source: IpAddr,
    destination: IpAddr,
    data: &[u8],
) -> Result<UdpDatagram<'_>, Error> {
    udp(source, destination, Cursor { data, at: 0 })
}

fn udp<'d>(
    source: IpAddr,
    destination: IpAddr,
    mut cursor: Cursor<'d>,
) -> Result<UdpDatagram<'d>, Error> {
    let layer = Layer::Udp;
    let offset = cursor.at;
    let header: &[u8; 8] = cursor.header(layer)?;
    let len = usize::from(u16_at(header, 4));
    if len < 8 {
        return Err(Error::Malformed { layer, offset });
    }
    cursor.limit(layer, offset, len)?;
    Ok(UdpDatagram {
        source: SocketAddr::new(source, u16_at(header, 0)),
        destination: SocketAddr::new(destination, u16_at(header, 2)),
        payload: cursor.rest(),
    })
}

fn tcp<'d>(
    source: IpAddr,
    destination: IpAddr,
    mut cursor: Cursor<'d>,
) -> Result<TcpSegment<'d>, Error> {
    let layer = Layer::Tcp;
    let offset = cursor.at;
    let header: &[u8; 20] = cursor.header(layer)?;
    let header_len = usize::from(header[12] >> 4) * 4;
    if header_len < 20 {
        return Err(Error::Malformed { layer, offset });
    }
    cursor.skip_to(layer, offset, header_len)?;
    Ok(TcpSegment {
        source: SocketAddr::new(source, u16_at(header, 0)),
        destination: SocketAddr::new(destination, u16_at(header, 2)),
        sequence: u32::from_be_bytes(field(header, 4)),
        acknowledgment: u32::from_be_bytes(field(header, 8)),
        flags: TcpFlags(header[13]),
        window: u16_at(header, 14),
        urgent_pointer: u16_at(header, 18),
        payload: cursor.rest(),
    })
}

/// A place in a packet. `data` ends where the innermost header so far says.
#[derive(Clone, Copy)]
struct Cursor<'d> {
    data: &'d [u8],
    at: usize,
}

impl<'d> Cursor<'d> {
    /// Takes `N` octets.
    fn header<const N: usize>(&mut self, layer: Layer) -> Result<&'d [u8; N], Error> {
        let available = self.rest().len();
        let cut = Error::Cut {
            layer,
            offset: self.at,
            needed: N,
            available,
        };
        let header = self.rest().first_chunk().ok_or(cut)?;
        self.at += N;
        Ok(header)
    }

    /// Ends the data `len` octets behind `offset`, where a header starts that says so.
    fn limit(&mut self, layer: Layer, offset: usize, len: usize) -> Result<(), Error> {
        let available = self.data.len() - offset;
        let cut = Error::Cut {
            layer,
            offset,
            needed: len,
            available,
        };
        self.data = self.data.get(..offset + len).ok_or(cut)?;
        Ok(())
    }

    /// Goes to the end of a header of `len` octets that starts at `offset`.
    fn skip_to(&mut self, layer: Layer, offset: usize, len: usize) -> Result<(), Error> {
        let mut whole = *self;
        whole.limit(layer, offset, len)?;
        self.at = offset + len;
        Ok(())
    }

    fn rest(&self) -> &'d [u8] {
        self.data.get(self.at..).unwrap_or_default()
    }
}

/// The `N` octets at `at` of a header that is long enough.
fn field<const N: usize>(header: &[u8], at: usize) -> [u8; N] {
    array(header, at).unwrap_or([0; N])
}

fn u16_at(header: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(field(header, at))
}
