//! The writer: blocks of pcapng, little-endian, appended to the caller's buffer.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::block::{
    BYTE_ORDER_MARK, ENHANCED_PACKET, INTERFACE, OPTION_COMMENT, OPTION_INTERFACE_DESCRIPTION,
    OPTION_INTERFACE_NAME, OPTION_INTERFACE_RESOLUTION, OPTION_PACKET_FLAGS,
    OPTION_SECTION_APPLICATION, OPTION_SECTION_HARDWARE, OPTION_SECTION_OS, SECTION, padded,
};
use crate::error::Misuse;
use crate::headers::{self, Head};
use crate::packet::{Direction, LinkType};

/// The most octets of a packet that are written: Wireshark opens no larger ones.
const MAX_SNAPLEN: u32 = 262_144;
const MAX_TEXT: usize = u16::MAX as usize;
const MICROSECONDS: [u8; 1] = [6];

/// Writes one section of pcapng.
///
/// Every method appends whole blocks to `out` or, on [`Misuse`], nothing. The writer keeps what
/// it must know of each interface and nothing else; `out` may be drained between calls. Only
/// [`interface`](Self::interface) changes it, so several flows can use one writer.
#[derive(Clone, Debug)]
pub struct Writer {
    interfaces: Vec<(LinkType, u32)>,
}

/// What is said about a whole section. Empty texts are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Section<'t> {
    /// The machine.
    pub hardware: &'t str,
    /// Its operating system.
    pub os: &'t str,
    /// The program that writes.
    pub application: &'t str,
    /// Anything else.
    pub comment: &'t str,
}

/// What is said about an interface. Empty texts are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface<'t> {
    /// What its packets start with.
    pub link: LinkType,
    /// How many octets of each packet are kept. 0 and everything above 262144 mean 262144, the
    /// largest packet that Wireshark opens.
    pub snaplen: u32,
    /// Its name, as in `eth0`.
    pub name: &'t str,
    /// Anything else.
    pub description: &'t str,
}

/// What is said about a packet besides its octets. A plain [`Duration`] is a stamp as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp<'t> {
    /// Time since the Unix epoch; written in microseconds, rounded down. What 64 bits
    /// cannot hold, half a million years from now, becomes the largest value.
    pub time: Duration,
    /// Number of the interface, as [`Writer::interface`] returned it; the first one is 0.
    pub interface: u32,
    /// Whether the interface received or sent the packet.
    pub direction: Direction,
    /// Shown beside the packet. Empty: no comment.
    pub comment: &'t str,
}

impl Writer {
    /// Starts a section. Interfaces have to be described before their packets.
    ///
    /// # Errors
    /// [`Misuse::TextTooLong`].
    pub fn new(section: &Section<'_>, out: &mut Vec<u8>) -> Result<Self, Misuse> {
        let options = [
            (OPTION_SECTION_HARDWARE, section.hardware.as_bytes()),
            (OPTION_SECTION_OS, section.os.as_bytes()),
            (OPTION_SECTION_APPLICATION, section.application.as_bytes()),
            (OPTION_COMMENT, section.comment.as_bytes()),
        ];
        check_texts(&options)?;
        block(out, SECTION, |out| {
            out.extend_from_slice(&BYTE_ORDER_MARK.to_le_bytes());
            out.extend_from_slice(&[1, 0, 0, 0]); // version 1.0
            out.extend_from_slice(&[0xff; 8]); // section of unknown length
            push_options(out, &options);
        });
        Ok(Self {
            interfaces: Vec::new(),
        })
    }

    /// Starts a section and describes one Ethernet interface: number 0, nothing cut.
    ///
    /// # Errors
    /// [`Misuse::TextTooLong`].
    pub fn ethernet(name: &str, application: &str, out: &mut Vec<u8>) -> Result<Self, Misuse> {
        let interface = Interface {
            name,
            ..Interface::default()
        };
        check_texts(&[(OPTION_INTERFACE_NAME, name.as_bytes())])?;
        let mut writer = Self::new(
            &Section {
                application,
                ..Section::default()
            },
            out,
        )?;
        writer.interface(&interface, out)?;
        Ok(writer)
    }

    /// Describes one more interface and returns its number, for [`Stamp::interface`].
    ///
    /// # Errors
    /// [`Misuse::TextTooLong`].
    pub fn interface(
        &mut self,
        interface: &Interface<'_>,
        out: &mut Vec<u8>,
    ) -> Result<u32, Misuse> {
        let options = [
            (OPTION_INTERFACE_NAME, interface.name.as_bytes()),
            (
                OPTION_INTERFACE_DESCRIPTION,
                interface.description.as_bytes(),
            ),
            (OPTION_INTERFACE_RESOLUTION, MICROSECONDS.as_slice()),
        ];
        check_texts(&options)?;
        let snaplen = match interface.snaplen {
            0 => MAX_SNAPLEN,
            snaplen => snaplen.min(MAX_SNAPLEN),
        };
        block(out, INTERFACE, |out| {
            out.extend_from_slice(&interface.link.0.to_le_bytes());
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&snaplen.to_le_bytes());
            push_options(out, &options);
        });
        self.interfaces.push((interface.link, snaplen));
        Ok(self.interfaces.len() as u32 - 1)
    }

    /// Writes a packet as it is, of whatever link type the interface has: an Ethernet frame
    /// without check sequence, for instance. It is cut at the interface's snap length.
    ///
    /// # Errors
    /// [`Misuse::NoSuchInterface`], [`Misuse::TextTooLong`].
    pub fn packet<'t>(
        &self,
        stamp: impl Into<Stamp<'t>>,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        let sheet = self.sheet(stamp.into())?;
        sheet.write(&[], data, out);
        Ok(())
    }

    /// Writes an Ethernet II frame: a RARP message, for instance. It is not padded.
    ///
    /// # Errors
    /// [`Misuse::NoSuchInterface`], [`Misuse::NotEthernet`], [`Misuse::TextTooLong`].
    pub fn frame<'t>(
        &self,
        stamp: impl Into<Stamp<'t>>,
        destination: [u8; 6],
        source: [u8; 6],
        ethertype: u16,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        let sheet = self.ethernet_sheet(stamp.into())?;
        sheet.write(
            Head::ethernet(destination, source, ethertype).as_slice(),
            payload,
            out,
        );
        Ok(())
    }

    /// Writes one UDP datagram in one IP datagram in one Ethernet frame. IPv4-mapped IPv6
    /// addresses are written as IPv4 when both are such or IPv4.
    ///
    /// # Errors
    /// [`Misuse::PayloadTooLong`], [`Misuse::MixedFamilies`], [`Misuse::NoSuchInterface`],
    /// [`Misuse::NotEthernet`], [`Misuse::TextTooLong`].
    pub fn udp<'t>(
        &self,
        stamp: impl Into<Stamp<'t>>,
        from: SocketAddr,
        to: SocketAddr,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        let sheet = self.ethernet_sheet(stamp.into())?;
        sheet.write(headers::udp(from, to, payload)?.as_slice(), payload, out);
        Ok(())
    }

    /// Checks a stamp for packets of any link type.
    fn sheet<'t>(&self, stamp: Stamp<'t>) -> Result<Sheet<'t>, Misuse> {
        let interface = stamp.interface;
        let described = self.interfaces.get(interface as usize);
        let &(link, snaplen) = described.ok_or(Misuse::NoSuchInterface { interface })?;
        check_texts(&[(OPTION_COMMENT, stamp.comment.as_bytes())])?;
        Ok(Sheet {
            stamp,
            link,
            snaplen,
        })
    }

    /// Checks a stamp for packets with synthesised Ethernet headers.
    pub(crate) fn ethernet_sheet<'t>(&self, stamp: Stamp<'t>) -> Result<Sheet<'t>, Misuse> {
        let sheet = self.sheet(stamp)?;
        match sheet.link {
            LinkType::ETHERNET => Ok(sheet),
            link => Err(Misuse::NotEthernet {
                interface: stamp.interface,
                link,
            }),
        }
    }
}

/// A checked stamp: writing with it cannot fail.
#[derive(Clone, Copy)]
pub(crate) struct Sheet<'t> {
    pub(crate) stamp: Stamp<'t>,
    link: LinkType,
    snaplen: u32,
}

impl Sheet<'_> {
    /// An Enhanced Packet Block with `head` and `body`, cut at the snap length.
    pub(crate) fn write(&self, head: &[u8], body: &[u8], out: &mut Vec<u8>) {
        let snaplen = self.snaplen as usize;
        let original = u32::try_from(head.len() + body.len()).unwrap_or(u32::MAX);
        let head = &head[..head.len().min(snaplen)];
        let body = &body[..body.len().min(snaplen - head.len())];
        let micros = u64::try_from(self.stamp.time.as_micros()).unwrap_or(u64::MAX);
        let direction = match self.stamp.direction {
            Direction::Unknown => [].as_slice(),
            Direction::Inbound => &[1, 0, 0, 0],
            Direction::Outbound => &[2, 0, 0, 0],
        };
        block(out, ENHANCED_PACKET, |out| {
            out.extend_from_slice(&self.stamp.interface.to_le_bytes());
            out.extend_from_slice(&((micros >> 32) as u32).to_le_bytes());
            out.extend_from_slice(&(micros as u32).to_le_bytes());
            out.extend_from_slice(&((head.len() + body.len()) as u32).to_le_bytes());
            out.extend_from_slice(&original.to_le_bytes());
            out.extend_from_slice(head);
            out.extend_from_slice(body);
            pad(out, head.len() + body.len());
            push_options(
                out,
                &[
                    (OPTION_PACKET_FLAGS, direction),
                    (OPTION_COMMENT, self.stamp.comment.as_bytes()),
                ],
            );
        });
    }
}

impl Default for Interface<'_> {
    /// Ethernet, nothing cut, no texts.
    fn default() -> Self {
        Self {
            link: LinkType::ETHERNET,
            snaplen: MAX_SNAPLEN,
            name: "",
            description: "",
        }
    }
}

impl<'t> Stamp<'t> {
    /// A packet that was received on the first interface at `time` since the Unix epoch.
    pub fn received(time: Duration) -> Self {
        Self {
            time,
            direction: Direction::Inbound,
            ..Self::default()
        }
    }

    /// A packet that was sent on the first interface at `time` since the Unix epoch.
    pub fn sent(time: Duration) -> Self {
        Self {
            time,
            direction: Direction::Outbound,
            ..Self::default()
        }
    }

    /// The same with a comment, at most 65535 octets.
    #[must_use]
    pub fn comment(self, comment: &'t str) -> Self {
        Self { comment, ..self }
    }
}

impl From<Duration> for Stamp<'_> {
    fn from(time: Duration) -> Self {
        Self {
            time,
            ..Self::default()
        }
    }
}

/// A block: type, length, body, length.
fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    body(out);
    // A body is bounded: a packet and at most four texts.
    let len = ((out.len() - start + 4) as u32).to_le_bytes();
    out.extend_from_slice(&len);
    out[start + 4..start + 8].copy_from_slice(&len);
}

fn check_texts(options: &[(u16, &[u8])]) -> Result<(), Misuse> {
    match options
        .iter()
        .map(|(_, text)| text.len())
        .find(|len| *len > MAX_TEXT)
    {
        Some(len) => Err(Misuse::TextTooLong { len, max: MAX_TEXT }),
        None => Ok(()),
    }
}

/// The options that are not empty, and the end mark if there are any.
fn push_options(out: &mut Vec<u8>, options: &[(u16, &[u8])]) {
    let start = out.len();
    for (code, value) in options.iter().filter(|(_, value)| !value.is_empty()) {
        out.extend_from_slice(&code.to_le_bytes());
        out.extend_from_slice(&(value.len() as u16).to_le_bytes());
        out.extend_from_slice(value);
        pad(out, value.len());
    }
    if out.len() > start {
        out.extend_from_slice(&[0; 4]);
    }
}

fn pad(out: &mut Vec<u8>, len: usize) {
    out.extend_from_slice(&[0; 3][..padded(len) - len]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn the_octets_of_every_block() {
        let mut out = Vec::new();
        let writer = Writer::ethernet("lo", "", &mut out).unwrap();
        #[rustfmt::skip]
        assert_eq!(out, [
            0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28, 0, 0, 0,
            1, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 0,
            2, 0, 2, 0, b'l', b'o', 0, 0, 9, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0,
        ]);
        out.clear();
        let time = Duration::from_micros(0x0000_0001_0000_0002) + Duration::from_nanos(999);
        writer
            .packet(Stamp::sent(time).comment("hi"), b"abcde", &mut out)
            .unwrap();
        #[rustfmt::skip]
        assert_eq!(out, [
            6, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0,
            5, 0, 0, 0, 5, 0, 0, 0, b'a', b'b', b'c', b'd', b'e', 0, 0, 0,
            2, 0, 4, 0, 2, 0, 0, 0, 1, 0, 2, 0, b'h', b'i', 0, 0, 0, 0, 0, 0, 60, 0, 0, 0,
        ]);
        out.clear();
        writer.packet(Duration::MAX, b"", &mut out).unwrap();
        #[rustfmt::skip]
        assert_eq!(out, [
            6, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
            0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0,
        ]);
    }

    #[test]
    fn headers_and_payload_are_cut_together() {
        let address = SocketAddr::from(([192, 0, 2, 1], 69));
        for snaplen in [10, 42, 50] {
            let mut out = Vec::new();
            let mut writer = Writer::new(&Section::default(), &mut out).unwrap();
            let short = Interface {
                snaplen,
                ..Interface::default()
            };
            writer.interface(&short, &mut out).unwrap();
            writer
                .udp(Duration::ZERO, address, address, &[7; 100], &mut out)
                .unwrap();
            let packet = crate::packets(&out).next().unwrap().unwrap();
            assert_eq!(
                (packet.data.len(), packet.original_len),
                (snaplen as usize, 142)
            );
        }
    }

    #[test]
    fn the_longest_text() {
        let mut out = Vec::new();
        let writer = Writer::ethernet("", "", &mut out).unwrap();
        let text = String::from_utf8(alloc::vec![b'x'; 65535]).unwrap();
        writer
            .packet(Stamp::default().comment(&text), b"", &mut out)
            .unwrap();
        let packet = crate::packets(&out).next().unwrap().unwrap();
        assert!(packet.comments().eq([text.as_str()]));
    }

    #[test]
    fn misuse_writes_nothing() {
        let mut out = Vec::new();
        let mut writer = Writer::new(&Section::default(), &mut out).unwrap();
        let raw = Interface {
            link: LinkType::RAW,
            ..Interface::default()
        };
        let interface = writer.interface(&raw, &mut out).unwrap();
        let before = out.clone();
        let long = String::from_utf8(alloc::vec![b'x'; 65536]).unwrap();
        let too_long = Misuse::TextTooLong {
            len: 65536,
            max: 65535,
        };
        let stamp = Stamp {
            interface,
            ..Stamp::default()
        };
        let address = SocketAddr::from(([192, 0, 2, 1], 69));

        assert_eq!(
            Writer::ethernet(&long, "", &mut out).err(),
            Some(too_long.clone())
        );
        assert_eq!(
            Writer::ethernet("", &long, &mut out).err(),
            Some(too_long.clone())
        );
        assert_eq!(
            writer.interface(
                &Interface {
                    description: &long,
                    ..raw
                },
                &mut out
            ),
            Err(too_long.clone())
        );
        assert_eq!(
            writer.packet(stamp.comment(&long), b"", &mut out),
            Err(too_long)
        );
        assert_eq!(
            writer.packet(
                Stamp {
                    interface: 1,
                    ..stamp
                },
                b"",
                &mut out
            ),
            Err(Misuse::NoSuchInterface { interface: 1 })
        );
        let not_ethernet = Err(Misuse::NotEthernet {
            interface,
            link: LinkType::RAW,
        });
        assert_eq!(
            writer.udp(stamp, address, address, b"", &mut out),
            not_ethernet
        );
        assert_eq!(
            writer.frame(stamp, [0; 6], [0; 6], 0x8035, b"", &mut out),
            not_ethernet
        );
        assert_eq!(out, before);
    }
}
