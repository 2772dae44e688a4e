//! What can be wrong with a capture, and with a call of the writer.

use core::fmt;

use crate::packet::LinkType;

/// Why a capture could not be read, or a packet of it not be taken apart.
///
/// From [`Reader`](crate::Reader) every error is final: the place of the next block is not known.
/// From [`dissect`](crate::dissect) it concerns that one packet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The first four octets belong to no capture format that is read here.
    NotACapture {
        /// The octets as they stand in the file.
        magic: [u8; 4],
    },
    /// The capture ends inside a block, a packet record or the file header.
    Truncated {
        /// Where the unfinished block starts, in octets from the start of the capture.
        offset: u64,
        /// How many octets the block needs, as far as it says so.
        needed: usize,
        /// How many octets of it are there.
        available: usize,
    },
    /// A block is longer than [`Limits::max_block`](crate::Limits::max_block).
    BlockTooLong {
        /// Where the block starts, in octets from the start of the capture.
        offset: u64,
        /// The length that it claims, in octets.
        len: u64,
        /// The limit, in octets.
        max: usize,
    },
    /// The length of a block is too small for its kind, no multiple of four, different in front
    /// of and behind the block, or smaller than the packet inside.
    BlockLength {
        /// Where the block starts, in octets from the start of the capture.
        offset: u64,
        /// The length in front of the block, in octets.
        len: u32,
    },
    /// A section header without a byte order mark.
    ByteOrder {
        /// Where the section header block starts, in octets from the start of the capture.
        offset: u64,
        /// The four octets in the mark's place.
        mark: [u8; 4],
    },
    /// A section or a classic file of a version that is not known.
    Version {
        /// Where the section or file starts, in octets from the start of the capture.
        offset: u64,
        /// The major version found. Known are 1 (pcapng) and 2 (classic).
        major: u16,
    },
    /// A packet names an interface that the section has not described.
    NoSuchInterface {
        /// Where the packet's block starts, in octets from the start of the capture.
        offset: u64,
        /// The number of the interface.
        interface: u32,
    },
    /// A section describes more than
    /// [`Limits::max_interfaces`](crate::Limits::max_interfaces) interfaces.
    TooManyInterfaces {
        /// Where the block of the first one too many starts, in octets from the start of the
        /// capture.
        offset: u64,
        /// The limit.
        max: usize,
    },
    /// A packet of a link that [`dissect`](crate::dissect) does not know.
    UnknownLink {
        /// The link type.
        link: LinkType,
    },
    /// A packet ends before its headers say so: cut by the capture, or wrong.
    Cut {
        /// The header or body that is not whole.
        layer: Layer,
        /// Where it starts, in octets from the start of the packet.
        offset: usize,
        /// How many octets it should have.
        needed: usize,
        /// How many octets of it are there.
        available: usize,
    },
    /// A field of a header contradicts the header itself.
    Malformed {
        /// The header.
        layer: Layer,
        /// Where it starts, in octets from the start of the packet.
        offset: usize,
    },
    /// More stacked VLAN tags (4) or IPv6 extension headers (8) than are followed.
    TooDeep {
        /// Which of the two.
        layer: Layer,
        /// Where the first one too many starts, in octets from the start of the packet.
        offset: usize,
    },
}

/// A layer of a packet, as far as an [`Error`] has to name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layer {
    /// The link header: Ethernet, Linux cooked, null or loop.
    Link,
    /// A VLAN tag of an Ethernet frame.
    Vlan,
    /// The IPv4 header and what its total length spans.
    Ipv4,
    /// The IPv6 header and what its payload length spans.
    Ipv6,
    /// An IPv6 extension header.
    Ipv6Extension,
    /// The UDP header and what its length spans.
    Udp,
    /// The TCP header.
    Tcp,
}

/// A call of the writer that cannot be carried out. Nothing was written and nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The payload does not fit into one IP datagram.
    PayloadTooLong {
        /// The length of the payload, in octets.
        len: usize,
        /// The most that fits: 65507 in UDP over IPv4, 65527 in UDP over IPv6.
        max: usize,
    },
    /// One address is IPv4 and the other is IPv6.
    MixedFamilies,
    /// The stamp names an interface that the writer has not described.
    NoSuchInterface {
        /// The number in the stamp.
        interface: u32,
    },
    /// Ethernet frames were to be made for an interface of another link type.
    NotEthernet {
        /// The number in the stamp.
        interface: u32,
        /// The link type of that interface.
        link: LinkType,
    },
    /// A name, description or comment is longer than an option can be.
    TextTooLong {
        /// The length of the text, in octets.
        len: usize,
        /// The most that fits, in octets.
        max: usize,
    },
    /// The TCP flow was reset, or this side has already sent its FIN.
    FlowClosed,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACapture { magic } => {
                write!(
                    f,
                    "neither pcapng nor pcap: the file starts with {magic:02x?}"
                )
            }
            Self::Truncated {
                offset,
                needed,
                available,
            } => write!(
                f,
                "the capture ends inside the block at octet {offset}: \
                 {available} of {needed} octets are there"
            ),
            Self::BlockTooLong { offset, len, max } => {
                write!(
                    f,
                    "block of {len} octets at octet {offset}, the limit is {max}"
                )
            }
            Self::BlockLength { offset, len } => {
                write!(f, "impossible length {len} of the block at octet {offset}")
            }
            Self::ByteOrder { offset, mark } => {
                write!(
                    f,
                    "no byte order mark in the section at octet {offset}: {mark:02x?}"
                )
            }
            Self::Version { offset, major } => {
                write!(f, "unknown major version {major} at octet {offset}")
            }
            Self::NoSuchInterface { offset, interface } => {
                write!(
                    f,
                    "packet at octet {offset} is of interface {interface}, never described"
                )
            }
            Self::TooManyInterfaces { offset, max } => {
                write!(f, "more than {max} interfaces at octet {offset}")
            }
            Self::UnknownLink { link } => write!(f, "link type {} is not supported", link.0),
            Self::Cut {
                layer,
                offset,
                needed,
                available,
            } => write!(
                f,
                "{layer} at octet {offset} of the packet is cut: \
                 {available} of {needed} octets are there"
            ),
            Self::Malformed { layer, offset } => {
                write!(
                    f,
                    "malformed {layer} header at octet {offset} of the packet"
                )
            }
            Self::TooDeep { layer, offset } => {
                write!(
                    f,
                    "too many {layer} headers, the last at octet {offset} of the packet"
                )
            }
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link => "link",
            Self::Vlan => "VLAN",
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
            Self::Ipv6Extension => "IPv6 extension",
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        })
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PayloadTooLong { len, max } => {
                write!(f, "payload of {len} octets, one IP datagram holds {max}")
            }
            Self::MixedFamilies => f.write_str("one address is IPv4 and the other is IPv6"),
            Self::NoSuchInterface { interface } => write!(f, "there is no interface {interface}"),
            Self::NotEthernet { interface, link } => {
                write!(
                    f,
                    "interface {interface} has link type {}, not Ethernet",
                    link.0
                )
            }
            Self::TextTooLong { len, max } => {
                write!(f, "text of {len} octets, an option holds {max}")
            }
            Self::FlowClosed => f.write_str("this side of the TCP flow is closed"),
        }
    }
}

impl core::error::Error for Error {}
impl core::error::Error for Misuse {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn texts_name_place_and_limit() {
        let text = |error: Error| error.to_string();
        assert_eq!(
            text(Error::Truncated {
                offset: 24,
                needed: 16,
                available: 3
            }),
            "the capture ends inside the block at octet 24: 3 of 16 octets are there"
        );
        assert_eq!(
            text(Error::NotACapture { magic: *b"GET " }),
            "neither pcapng nor pcap: the file starts with [47, 45, 54, 20]"
        );
        assert_eq!(
            text(Error::Cut {
                layer: Layer::Ipv6Extension,
                offset: 54,
                needed: 8,
                available: 0
            }),
            "IPv6 extension at octet 54 of the packet is cut: 0 of 8 octets are there"
        );
        assert_eq!(
            text(Error::TooDeep {
                layer: Layer::Vlan,
                offset: 30
            }),
            "too many VLAN headers, the last at octet 30 of the packet"
        );
        assert_eq!(
            Misuse::PayloadTooLong {
                len: 65508,
                max: 65507
            }
            .to_string(),
            "payload of 65508 octets, one IP datagram holds 65507"
        );
    }
}
