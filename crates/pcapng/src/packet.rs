//! What a capture says about one packet.

use core::time::Duration;

use crate::block::{OPTION_COMMENT, OPTION_PACKET_FLAGS, Options};
use crate::dissect::{Dissected, dissect};
use crate::error::Error;

/// One packet of a capture, borrowed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet<'d> {
    /// Number of the interface within its section; 0 in a classic file.
    pub interface: u32,
    /// What the octets of `data` start with.
    pub link: LinkType,
    /// Time since the Unix epoch, rounded down to nanoseconds. Simple Packet Blocks have none.
    /// Times before 1970 are given as zero.
    pub timestamp: Option<Duration>,
    /// Length of the packet on the wire in octets, as the capture claims it.
    pub original_len: u32,
    /// The captured octets: the start of the packet, or all of it.
    pub data: &'d [u8],
    /// The options behind the packet; empty in a classic file.
    pub options: Options<'d>,
}

impl<'d> Packet<'d> {
    /// Whether the interface received or sent the packet.
    pub fn direction(&self) -> Direction {
        let flags = self
            .options
            .clone()
            .find(|(code, _)| *code == OPTION_PACKET_FLAGS);
        match flags
            .and_then(|(_, value)| self.options.order().u32(value, 0))
            .map(|f| f & 3)
        {
            Some(1) => Direction::Inbound,
            Some(2) => Direction::Outbound,
            _ => Direction::Unknown,
        }
    }

    /// The comments that are UTF-8, as they stand in the file: not made safe for a terminal.
    pub fn comments(&self) -> impl Iterator<Item = &'d str> {
        let comments = self
            .options
            .clone()
            .filter(|(code, _)| *code == OPTION_COMMENT);
        comments.filter_map(|(_, text)| core::str::from_utf8(text).ok())
    }

    /// [`dissect`]s the packet.
    ///
    /// # Errors
    /// Those of [`dissect`].
    pub fn dissect(&self) -> Result<Dissected<'d>, Error> {
        dissect(self.link, self.data)
    }
}

/// Where a packet went, seen from the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Not said.
    #[default]
    Unknown,
    /// Received.
    Inbound,
    /// Sent.
    Outbound,
}

/// A link type number, as registered at <https://www.tcpdump.org/linktypes.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: the address family in the byte order of the capturing machine.
    pub const NULL: Self = Self(0);
    /// Ethernet, without preamble and usually without check sequence.
    pub const ETHERNET: Self = Self(1);
    /// An IPv4 or IPv6 packet without link header.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback: the address family in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux "cooked" capture, version 1.
    pub const LINUX_SLL: Self = Self(113);
    /// An IPv4 packet without link header.
    pub const IPV4: Self = Self(228);
    /// An IPv6 packet without link header.
    pub const IPV6: Self = Self(229);
    /// Linux "cooked" capture, version 2, as made on the interface `any`.
    pub const LINUX_SLL2: Self = Self(276);
}
