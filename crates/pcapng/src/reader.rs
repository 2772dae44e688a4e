//! The reader: packets out of pcapng and classic pcap, from slices.

use alloc::vec::Vec;
use core::time::Duration;

use crate::block::{
    BYTE_ORDER_MARK, ENHANCED_PACKET, INTERFACE, MAGIC_MICROS, MAGIC_NANOS,
    OPTION_INTERFACE_OFFSET, OPTION_INTERFACE_RESOLUTION, Options, Order, PACKET, SECTION,
    SIMPLE_PACKET, array, padded,
};
use crate::error::Error;
use crate::packet::{LinkType, Packet};

/// What a [`Reader`] accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most octets of one block or packet record, headers included. 16 MiB by default.
    pub max_block: usize,
    /// The most interfaces of one section. 1024 by default; each costs 32 octets of memory.
    pub max_interfaces: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_block: 16 << 20,
            max_interfaces: 1024,
        }
    }
}

/// Reads a capture piece by piece: [`step`](Self::step) until it is done.
///
/// Blocks that hold no packet are skipped. The reader remembers the interfaces of the running
/// section and nothing else.
#[derive(Clone, Debug)]
pub struct Reader {
    limits: Limits,
    format: Format,
    interfaces: Vec<Interface>,
    /// Octets consumed so far.
    offset: u64,
    failed: Option<Error>,
}

/// What one [`Reader::step`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Step<'d> {
    /// How many octets of the input are done with.
    pub consumed: usize,
    /// What came out.
    pub next: Next<'d>,
}

/// What came out of a [`Reader::step`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<'d> {
    /// A packet, borrowed from the input.
    Packet(Packet<'d>),
    /// More input is needed; never when the input was the last.
    NeedMore,
    /// The capture is over; only when the input was the last.
    Done,
}

/// The packets of a whole capture, with default [`Limits`].
///
/// After an error, such as [`Error::Truncated`] for a last block that is not whole, the iterator
/// ends.
pub fn packets(capture: &[u8]) -> Packets<'_> {
    Reader::new(Limits::default()).packets(capture)
}

/// The packets of one slice: see [`packets`] and [`Reader::packets`].
#[derive(Clone, Debug)]
pub struct Packets<'d> {
    reader: Reader,
    rest: &'d [u8],
}

impl<'d> Iterator for Packets<'d> {
    type Item = Result<Packet<'d>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.failed.is_some() {
            return None;
        }
        match self.reader.step(self.rest, true) {
            Ok(step) => {
                self.rest = &self.rest[step.consumed..];
                match step.next {
                    Next::Packet(packet) => Some(Ok(packet)),
                    Next::NeedMore | Next::Done => None,
                }
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl core::iter::FusedIterator for Packets<'_> {}

impl Reader {
    /// A reader at the start of a capture.
    pub const fn new(limits: Limits) -> Self {
        let interfaces = Vec::new();
        Self {
            limits,
            format: Format::Unknown,
            interfaces,
            offset: 0,
            failed: None,
        }
    }

    /// The packets of `rest`, which is everything from the first octet not yet consumed.
    pub const fn packets(self, rest: &[u8]) -> Packets<'_> {
        Packets { reader: self, rest }
    }

    /// Reads on to the next packet.
    ///
    /// `bytes` starts with the first octet that no earlier call consumed; `last` says that nothing
    /// will follow it. [`Next::NeedMore`] may consume too.
    ///
    /// # Errors
    /// All of [`Error`] that are about captures; every later call returns the same.
    pub fn step<'d>(&mut self, bytes: &'d [u8], last: bool) -> Result<Step<'d>, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let mut consumed = 0;
        loop {
            let rest = &bytes[consumed..];
            let fresh = matches!(self.format, Format::Unknown);
            let next = match self.block(rest) {
                Ok(Block::Whole { len, packet }) => {
                    consumed += len;
                    self.offset += len as u64;
                    match packet {
                        Some(packet) => Next::Packet(packet),
                        None => continue,
                    }
                }
                Ok(Block::Short { .. }) if !last => Next::NeedMore,
                Ok(Block::Short { .. }) if rest.is_empty() && !fresh => Next::Done,
                Ok(Block::Short { needed }) => {
                    let offset = self.offset;
                    let error = Error::Truncated {
                        offset,
                        needed,
                        available: rest.len(),
                    };
                    return Err(self.failed.insert(error).clone());
                }
                Err(error) => return Err(self.failed.insert(error).clone()),
            };
            return Ok(Step { consumed, next });
        }
    }

    /// A receive buffer this large can hold whatever has to be there at once.
    pub const fn max_unconsumed(&self) -> usize {
        if self.limits.max_block < FILE_HEADER {
            FILE_HEADER
        } else {
            self.limits.max_block
        }
    }

    fn block<'d>(&mut self, bytes: &'d [u8]) -> Result<Block<'d>, Error> {
        match self.format {
            Format::Unknown => self.file_header(bytes),
            Format::Pcapng { order } => self.pcapng_block(order, bytes),
            Format::Pcap { order, nanos, link } => self.pcap_record(order, nanos, link, bytes),
        }
    }

    /// The first octets of the file. A section header stays where it is.
    fn file_header<'d>(&mut self, bytes: &'d [u8]) -> Result<Block<'d>, Error> {
        let Some(magic) = array(bytes, 0) else {
            return Ok(Block::Short { needed: 4 });
        };
        if u32::from_be_bytes(magic) == SECTION {
            self.format = Format::Pcapng {
                order: Order::Little,
            };
            return self.pcapng_block(Order::Little, bytes);
        }
        let micros = Order::of(magic, MAGIC_MICROS).map(|order| (order, false));
        let nanos = || Order::of(magic, MAGIC_NANOS).map(|order| (order, true));
        let (order, nanos) = micros.or_else(nanos).ok_or(Error::NotACapture { magic })?;
        let (Some(major), Some(link)) = (order.u16(bytes, 4), order.u32(bytes, 20)) else {
            return Ok(Block::Short {
                needed: FILE_HEADER,
            });
        };
        if major != 2 {
            return Err(Error::Version {
                offset: self.offset,
                major,
            });
        }
        // The upper half says whether frames end with a check sequence.
        self.format = Format::Pcap {
            order,
            nanos,
            link: LinkType(link as u16),
        };
        Ok(Block::Whole {
            len: FILE_HEADER,
            packet: None,
        })
    }

    fn pcap_record<'d>(
        &self,
        order: Order,
        nanos: bool,
        link: LinkType,
        bytes: &'d [u8],
    ) -> Result<Block<'d>, Error> {
        let Some(header) = bytes.get(..RECORD_HEADER) else {
            return Ok(Block::Short {
                needed: RECORD_HEADER,
            });
        };
        let [seconds, fraction, captured, original_len] =
            [0, 4, 8, 12].map(|at| order.u32(header, at).unwrap_or_default());
        let len = self.checked_len(RECORD_HEADER as u64 + u64::from(captured))?;
        let Some(data) = bytes.get(RECORD_HEADER..len) else {
            return Ok(Block::Short { needed: len });
        };
        let fraction = u64::from(fraction) * if nanos { 1 } else { 1000 };
        let timestamp = Duration::from_secs(seconds.into()) + Duration::from_nanos(fraction);
        let packet = Packet {
            interface: 0,
            link,
            timestamp: Some(timestamp),
            original_len,
            data,
            options: Options::new(&[], order),
        };
        Ok(Block::Whole {
            len,
            packet: Some(packet),
        })
    }

    fn pcapng_block<'d>(&mut self, order: Order, bytes: &'d [u8]) -> Result<Block<'d>, Error> {
        let Some(kind) = order.u32(bytes, 0) else {
            return Ok(Block::Short { needed: MIN_BLOCK });
        };
        let mut order = order;
        if kind == SECTION {
            let Some(mark) = array(bytes, 8) else {
                return Ok(Block::Short { needed: MIN_BLOCK });
            };
            order = Order::of(mark, BYTE_ORDER_MARK).ok_or(Error::ByteOrder {
                offset: self.offset,
                mark,
            })?;
        }
        let Some(claimed) = order.u32(bytes, 4) else {
            return Ok(Block::Short { needed: MIN_BLOCK });
        };
        let offset = self.offset;
        let wrong = move || Error::BlockLength {
            offset,
            len: claimed,
        };
        if claimed % 4 != 0 || claimed < MIN_BLOCK as u32 {
            return Err(wrong());
        }
        let len = self.checked_len(claimed.into())?;
        let Some(block) = bytes.get(..len) else {
            return Ok(Block::Short { needed: len });
        };
        let (body, trailer) = block[8..].split_at(len - MIN_BLOCK);
        if order.u32(trailer, 0) != Some(claimed) {
            return Err(wrong());
        }
        let packet = match kind {
            SECTION => {
                let fixed = body.get(..16).ok_or_else(wrong)?;
                let major = order.u16(fixed, 4).unwrap_or_default();
                if major != 1 {
                    return Err(Error::Version { offset, major });
                }
                self.format = Format::Pcapng { order };
                self.interfaces.clear();
                None
            }
            INTERFACE => {
                let interface = Interface::parse(order, body).ok_or_else(wrong)?;
                let max = self.limits.max_interfaces;
                if self.interfaces.len() >= max {
                    return Err(Error::TooManyInterfaces { offset, max });
                }
                self.interfaces.push(interface);
                None
            }
            ENHANCED_PACKET | PACKET => {
                // But for the number of the interface they are the same.
                let number = match kind {
                    ENHANCED_PACKET => order.u32(body, 0),
                    _ => order.u16(body, 0).map(u32::from),
                };
                let number = number.ok_or_else(wrong)?;
                let interface = self.interface(number)?;
                Some(interface.packet(order, number, body).ok_or_else(wrong)?)
            }
            SIMPLE_PACKET => {
                let interface = self.interface(0)?;
                Some(interface.simple_packet(order, body).ok_or_else(wrong)?)
            }
            _ => None,
        };
        Ok(Block::Whole { len, packet })
    }

    fn interface(&self, number: u32) -> Result<&Interface, Error> {
        let error = Error::NoSuchInterface {
            offset: self.offset,
            interface: number,
        };
        self.interfaces.get(number as usize).ok_or(error)
    }

    fn checked_len(&self, len: u64) -> Result<usize, Error> {
        let max = self.limits.max_block;
        let fits = usize::try_from(len).ok().filter(|len| *len <= max);
        fits.ok_or(Error::BlockTooLong {
            offset: self.offset,
            len,
            max,
        })
    }
}

const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
/// Type and two lengths.
const MIN_BLOCK: usize = 12;

#[derive(Clone, Copy, Debug)]
enum Format {
    Unknown,
    Pcapng {
        order: Order,
    },
    Pcap {
        order: Order,
        nanos: bool,
        link: LinkType,
    },
}

/// What stands at the start of a slice.
enum Block<'d> {
    Whole {
        len: usize,
        packet: Option<Packet<'d>>,
    },
    Short {
        needed: usize,
    },
}

/// What an Interface Description Block says.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    snaplen: u32,
    /// Ticks per second: a power of ten or of two. `None`: more than 128 bits hold.
    resolution: Option<u128>,
    /// Seconds to add.
    offset: i64,
}

impl Interface {
    fn parse(order: Order, body: &[u8]) -> Option<Self> {
        let (link, snaplen) = (order.u16(body, 0)?, order.u32(body, 4)?);
        let mut interface = Self {
            link: LinkType(link),
            snaplen,
            resolution: Some(1_000_000),
            offset: 0,
        };
        for (code, value) in Options::new(&body[8..], order) {
            match (code, value) {
                (OPTION_INTERFACE_RESOLUTION, &[exponent]) => {
                    let base = if exponent & 0x80 == 0 { 10u128 } else { 2 };
                    interface.resolution = base.checked_pow((exponent & 0x7f).into());
                }
                (OPTION_INTERFACE_OFFSET, value) => {
                    interface.offset = order.i64(value, 0).unwrap_or_default();
                }
                _ => {}
            }
        }
        Some(interface)
    }

    /// The body of an Enhanced Packet Block or an obsolete Packet Block.
    fn packet<'d>(&self, order: Order, number: u32, body: &'d [u8]) -> Option<Packet<'d>> {
        let captured = order.u32(body, 12)?;
        let original_len = order.u32(body, 16)?;
        let ticks = u64::from(order.u32(body, 4)?) << 32 | u64::from(order.u32(body, 8)?);
        let data = body[20..].get(..captured as usize)?;
        let options = body[20..].get(padded(data.len())..).unwrap_or_default();
        Some(Packet {
            interface: number,
            link: self.link,
            timestamp: Some(self.time(ticks)),
            original_len,
            data,
            options: Options::new(options, order),
        })
    }

    /// The body of a Simple Packet Block.
    fn simple_packet<'d>(&self, order: Order, body: &'d [u8]) -> Option<Packet<'d>> {
        let original_len = order.u32(body, 0)?;
        let captured = match self.snaplen {
            0 => original_len,
            snaplen => original_len.min(snaplen),
        };
        Some(Packet {
            interface: 0,
            link: self.link,
            timestamp: None,
            original_len,
            data: body[4..].get(..captured as usize)?,
            options: Options::new(&[], order),
        })
    }

    fn time(&self, ticks: u64) -> Duration {
        let (seconds, nanos) = match self.resolution {
            Some(resolution) => {
                let ticks = u128::from(ticks);
                // The remainder is below 2^64, so the product is below 2^94.
                let nanos = ticks % resolution * 1_000_000_000 / resolution;
                (ticks / resolution, nanos as u32)
            }
            None => (0, 0), // 2^64 ticks are less than a nanosecond
        };
        match i128::try_from(seconds)
            .unwrap_or(i128::MAX)
            .saturating_add(self.offset.into())
        {
            ..0 => Duration::ZERO,
            seconds => Duration::new(u64::try_from(seconds).unwrap_or(u64::MAX), nanos),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(resolution: u8, offset: i64) -> Interface {
        let mut body = [
            1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, resolution, 0, 0, 0, 14, 0, 8, 0,
        ]
        .to_vec();
        body.extend_from_slice(&offset.to_le_bytes());
        Interface::parse(Order::Little, &body).unwrap()
    }

    #[test]
    fn every_resolution_of_timestamps() {
        let time = |resolution, offset, ticks| interface(resolution, offset).time(ticks);
        assert_eq!(time(6, 0, 1_000_001), Duration::new(1, 1000));
        assert_eq!(time(9, 0, 1_000_000_001), Duration::new(1, 1));
        assert_eq!(time(0, 0, 7), Duration::from_secs(7));
        assert_eq!(time(0x80 | 10, 0, 1536), Duration::from_millis(1500));
        assert_eq!(time(12, 0, u64::MAX), Duration::new(18_446_744, 73_709_551));
        assert_eq!(time(38, 0, u64::MAX), Duration::ZERO);
        assert_eq!(time(39, 0, u64::MAX), Duration::ZERO);
        assert_eq!(time(0xff, 0, u64::MAX), Duration::ZERO);
        assert_eq!(time(6, 10, 0), Duration::from_secs(10));
        assert_eq!(time(6, -1, 1_000_001), Duration::new(0, 1000));
        assert_eq!(time(6, -2, 1_000_001), Duration::ZERO);
        assert_eq!(time(0, i64::MAX, u64::MAX), Duration::from_secs(u64::MAX));
        for resolution in 0..=255 {
            time(resolution, i64::MIN, u64::MAX);
        }
    }

    #[test]
    fn microseconds_without_the_option() {
        let interface = Interface::parse(Order::Big, &[0, 101, 0, 0, 0, 0, 0, 96]).unwrap();
        assert_eq!((interface.link, interface.snaplen), (LinkType::RAW, 96));
        assert_eq!(interface.time(1), Duration::from_micros(1));
    }
}
