//! The numbers of the formats, and reading fields in either byte order.
//!
//! pcapng is <https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/>, classic pcap is
//! <https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/>.

/// Section Header Block. Reads the same in both byte orders.
pub(crate) const SECTION: u32 = 0x0a0d_0d0a;
/// Interface Description Block.
pub(crate) const INTERFACE: u32 = 1;
/// Packet Block, obsolete.
pub(crate) const PACKET: u32 = 2;
/// Simple Packet Block.
pub(crate) const SIMPLE_PACKET: u32 = 3;
/// Enhanced Packet Block.
pub(crate) const ENHANCED_PACKET: u32 = 6;

/// The mark of a section's byte order.
pub(crate) const BYTE_ORDER_MARK: u32 = 0x1a2b_3c4d;
/// The magic number of a classic file with microseconds.
pub(crate) const MAGIC_MICROS: u32 = 0xa1b2_c3d4;
/// The magic number of a classic file with nanoseconds.
pub(crate) const MAGIC_NANOS: u32 = 0xa1b2_3c4d;

pub(crate) const OPTION_COMMENT: u16 = 1;
pub(crate) const OPTION_SECTION_HARDWARE: u16 = 2;
pub(crate) const OPTION_SECTION_OS: u16 = 3;
pub(crate) const OPTION_SECTION_APPLICATION: u16 = 4;
pub(crate) const OPTION_INTERFACE_NAME: u16 = 2;
pub(crate) const OPTION_INTERFACE_DESCRIPTION: u16 = 3;
pub(crate) const OPTION_INTERFACE_RESOLUTION: u16 = 9;
pub(crate) const OPTION_INTERFACE_OFFSET: u16 = 14;
pub(crate) const OPTION_PACKET_FLAGS: u16 = 2;

/// The byte order of a section or a classic file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    Little,
    Big,
}

impl Order {
    /// The order in which `bytes` read as `value`.
    pub(crate) fn of(bytes: [u8; 4], value: u32) -> Option<Self> {
        match value {
            _ if u32::from_le_bytes(bytes) == value => Some(Self::Little),
            _ if u32::from_be_bytes(bytes) == value => Some(Self::Big),
            _ => None,
        }
    }

    pub(crate) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let field = array(bytes, at)?;
        Some(if self == Self::Little {
            u16::from_le_bytes(field)
        } else {
            u16::from_be_bytes(field)
        })
    }

    pub(crate) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let field = array(bytes, at)?;
        Some(if self == Self::Little {
            u32::from_le_bytes(field)
        } else {
            u32::from_be_bytes(field)
        })
    }

    pub(crate) fn i64(self, bytes: &[u8], at: usize) -> Option<i64> {
        let field = array(bytes, at)?;
        Some(if self == Self::Little {
            i64::from_le_bytes(field)
        } else {
            i64::from_be_bytes(field)
        })
    }
}

/// The `N` octets at `at`, if they are there.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// The next multiple of four.
pub(crate) const fn padded(len: usize) -> usize {
    len.next_multiple_of(4)
}

/// The options of a block: an iterator over (code, value), up to the end mark, the end of the
/// block or the first option that does not fit into it.
///
/// The octets of a value are given as they stand in the file; numbers in them are in the byte
/// order of the section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options<'d> {
    rest: &'d [u8],
    order: Order,
}

impl<'d> Options<'d> {
    pub(crate) const fn new(bytes: &'d [u8], order: Order) -> Self {
        Self { rest: bytes, order }
    }

    pub(crate) const fn order(&self) -> Order {
        self.order
    }
}

impl<'d> Iterator for Options<'d> {
    type Item = (u16, &'d [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = core::mem::take(&mut self.rest);
        let code = self.order.u16(rest, 0).filter(|code| *code != 0)?;
        let len = usize::from(self.order.u16(rest, 2)?);
        let value = rest.get(4..4 + len)?;
        self.rest = rest.get(4 + padded(len)..).unwrap_or_default();
        Some((code, value))
    }
}
