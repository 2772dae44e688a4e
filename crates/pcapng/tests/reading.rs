//! Files spelt out octet by octet: every block, both byte orders, every error with its place.

use std::time::Duration;

use wirelore_pcapng::{Direction, Error, Limits, LinkType, Next, Packet, Reader, packets};

/// Spells a file in one byte order.
struct Spell {
    big: bool,
    out: Vec<u8>,
}

impl Spell {
    fn new(big: bool) -> Self {
        Self {
            big,
            out: Vec::new(),
        }
    }

    fn u16(&mut self, value: u16) -> &mut Self {
        self.out.extend(if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
        self
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.out.extend(if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
        self
    }

    fn octets(&mut self, octets: &[u8]) -> &mut Self {
        self.out.extend_from_slice(octets);
        self
    }

    fn block(&mut self, kind: u32, body: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::new(self.big);
        body(&mut inner);
        let len = inner.out.len() as u32 + 12;
        self.u32(kind).u32(len).octets(&inner.out).u32(len)
    }

    fn section(&mut self) -> &mut Self {
        self.block(0x0a0d_0d0a, |b| {
            b.u32(0x1a2b_3c4d).u16(1).u16(0).octets(&[0xff; 8]);
        })
    }

    fn interface(&mut self, link: u16, snaplen: u32) -> &mut Self {
        self.block(1, |b| {
            b.u16(link).u16(0).u32(snaplen);
        })
    }

    fn enhanced(&mut self, interface: u32, data: &[u8]) -> &mut Self {
        self.block(6, |b| {
            b.u32(interface)
                .u32(0)
                .u32(7)
                .u32(data.len() as u32)
                .u32(1000)
                .octets(data);
            b.octets(&[0; 3][..data.len().next_multiple_of(4) - data.len()]);
        })
    }
}

fn read(capture: &[u8]) -> Vec<Packet<'_>> {
    packets(capture).collect::<Result<_, _>>().unwrap()
}

/// The number of packets in front of the error.
fn failure(capture: &[u8]) -> (usize, Error) {
    let mut packets = packets(capture);
    let good = packets.by_ref().take_while(Result::is_ok).count();
    assert_eq!(packets.next(), None, "nothing follows an error");
    (good, self::packets(capture).nth(good).unwrap().unwrap_err())
}

#[test]
fn every_block_in_both_byte_orders() {
    for big in [false, true] {
        let mut spell = Spell::new(big);
        spell.section();
        spell.block(0x0bad, |b| _ = b.octets(b"1234")); // unknown
        spell.block(0x0bad, |_| {});
        spell.interface(101, 3);
        spell.block(1, |b| {
            b.u16(1).u16(0).u32(0);
            b.u16(9).u16(1).octets(&[9, 0, 0, 0]); // nanoseconds
            b.u16(14)
                .u16(8)
                .u32(if big { 0 } else { 100 })
                .u32(if big { 100 } else { 0 });
            b.u16(0).u16(0);
        });
        spell.block(6, |b| {
            b.u32(1).u32(1).u32(2).u32(5).u32(6).octets(b"abcde\0\0\0");
            b.u16(1).u16(3).octets(b"one\0");
            b.u16(2).u16(4).u32(0x0102);
            b.u16(1).u16(3).octets(b"\xff\xff\xff\0"); // not UTF-8
            b.u16(1).u16(3).octets(b"two\0").u16(0).u16(0);
        });
        spell.block(3, |b| _ = b.u32(9).octets(b"xyz\0"));
        spell.block(2, |b| {
            b.u16(1)
                .u16(77)
                .u32(0)
                .u32(5)
                .u32(1)
                .u32(1)
                .octets(b"p\0\0\0");
            b.u16(2).u16(4).u32(1);
        });
        spell.block(5, |b| _ = b.octets(&[0; 12])); // interface statistics

        let packets = read(&spell.out);
        assert_eq!(packets.len(), 3);
        let [enhanced, simple, old] = &packets[..] else {
            panic!()
        };

        assert_eq!((enhanced.interface, enhanced.link), (1, LinkType::ETHERNET));
        let time = Duration::from_nanos(0x1_0000_0002) + Duration::from_secs(100);
        assert_eq!(enhanced.timestamp, Some(time));
        assert_eq!(
            (enhanced.data, enhanced.original_len),
            (b"abcde".as_slice(), 6)
        );
        assert_eq!(enhanced.direction(), Direction::Outbound);
        assert_eq!(enhanced.comments().collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(enhanced.options.clone().count(), 4);

        assert_eq!((simple.interface, simple.link), (0, LinkType::RAW));
        assert_eq!(simple.timestamp, None);
        assert_eq!((simple.data, simple.original_len), (b"xyz".as_slice(), 9));
        assert_eq!(simple.direction(), Direction::Unknown);

        assert_eq!((old.interface, old.link), (1, LinkType::ETHERNET));
        assert_eq!(old.timestamp, Some(Duration::new(100, 5)));
        assert_eq!((old.data, old.original_len), (b"p".as_slice(), 1));
        assert_eq!(old.direction(), Direction::Inbound);
    }
}

#[test]
fn a_new_section_forgets_interfaces_and_byte_order() {
    let mut first = Spell::new(true);
    first
        .section()
        .interface(101, 0)
        .interface(1, 0)
        .enhanced(1, b"first");
    let mut second = Spell::new(false);
    second.section().interface(228, 0).enhanced(0, b"second");
    let capture = [first.out.as_slice(), &second.out].concat();
    let links: Vec<_> = read(&capture).iter().map(|packet| packet.link).collect();
    assert_eq!(links, [LinkType::ETHERNET, LinkType::IPV4]);
    second.enhanced(1, b"third");
    let capture = [first.out.as_slice(), &second.out].concat();
    let offset = capture.len() as u64 - 40;
    assert_eq!(
        failure(&capture),
        (
            2,
            Error::NoSuchInterface {
                offset,
                interface: 1
            }
        )
    );
}

#[test]
fn classic_files_in_both_byte_orders_with_both_fractions() {
    for (big, magic, nanos) in [
        (false, 0xa1b2_c3d4, 7_000),
        (true, 0xa1b2_c3d4, 7_000),
        (false, 0xa1b2_3c4d, 7),
        (true, 0xa1b2_3c4d, 7),
    ] {
        let mut spell = Spell::new(big);
        spell
            .u32(magic)
            .u16(2)
            .u16(4)
            .u32(0)
            .u32(0)
            .u32(65535)
            .u32(0x1400_0001);
        spell.u32(1_700_000_000).u32(7).u32(3).u32(9).octets(b"abc");
        spell.u32(u32::MAX).u32(u32::MAX).u32(0).u32(0);
        let packets = read(&spell.out);
        assert_eq!(packets.len(), 2);
        assert_eq!(packets[0].link, LinkType::ETHERNET);
        assert_eq!(
            packets[0].timestamp,
            Some(Duration::new(1_700_000_000, nanos))
        );
        assert_eq!(
            (packets[0].data, packets[0].original_len),
            (b"abc".as_slice(), 9)
        );
        assert_eq!(packets[0].direction(), Direction::Unknown);
        assert_eq!(packets[0].options.clone().next(), None);

        for len in 0..spell.out.len() {
            let (good, offset, needed) = match len {
                ..4 => (0, 0, 4),
                4..24 => (0, 0, 24),
                24 | 43 => continue, // whole
                25..40 => (0, 24, 16),
                40..43 => (0, 24, 19),
                _ => (1, 43, 16),
            };
            let available = len - offset as usize;
            let truncated = Error::Truncated {
                offset,
                needed,
                available,
            };
            assert_eq!(failure(&spell.out[..len]), (good, truncated), "{len}");
        }
    }
    let mut spell = Spell::new(false);
    spell.u32(0xa1b2_c3d4).u16(543).u16(4).octets(&[0; 16]);
    assert_eq!(
        failure(&spell.out),
        (
            0,
            Error::Version {
                offset: 0,
                major: 543
            }
        )
    );
}

#[test]
fn a_last_block_that_is_not_whole() {
    let mut spell = Spell::new(false);
    spell
        .section()
        .interface(1, 0)
        .enhanced(0, b"data")
        .enhanced(0, b"data");
    assert_eq!(spell.out.len(), 28 + 20 + 36 + 36);
    for len in 0..spell.out.len() {
        let (good, offset, needed) = match len {
            ..4 => (0, 0, 4),
            4..12 => (0, 0, 12),
            12..28 => (0, 0, 28),
            28 | 48 | 84 => continue, // whole
            29..36 => (0, 28, 12),
            36..48 => (0, 28, 20),
            49..56 => (0, 48, 12),
            56..84 => (0, 48, 36),
            85..92 => (1, 84, 12),
            _ => (1, 84, 36),
        };
        let truncated = Error::Truncated {
            offset,
            needed,
            available: len - offset as usize,
        };
        assert_eq!(failure(&spell.out[..len]), (good, truncated), "{len}");
    }
}

#[test]
fn errors_and_their_places() {
    let text = b"GET / HTTP/1.0";
    assert_eq!(failure(text), (0, Error::NotACapture { magic: *b"GET " }));

    let mut spell = Spell::new(false);
    spell.block(0x0a0d_0d0a, |b| _ = b.octets(b"MARK").octets(&[0; 12]));
    assert_eq!(
        failure(&spell.out),
        (
            0,
            Error::ByteOrder {
                offset: 0,
                mark: *b"MARK"
            }
        )
    );

    let mut spell = Spell::new(true);
    spell.block(0x0a0d_0d0a, |b| {
        b.u32(0x1a2b_3c4d).u16(2).u16(0).octets(&[0xff; 8]);
    });
    assert_eq!(
        failure(&spell.out),
        (
            0,
            Error::Version {
                offset: 0,
                major: 2
            }
        )
    );

    // Each wrong block stands behind 28 octets of section, 20 of interface and 36 of packet.
    let wrong = |block: &dyn Fn(&mut Spell), len| {
        let mut spell = Spell::new(false);
        spell.section().interface(1, 4).enhanced(0, b"good");
        block(&mut spell);
        spell.octets(&[0; 64]);
        assert_eq!(
            failure(&spell.out),
            (1, Error::BlockLength { offset: 84, len })
        );
    };
    wrong(&|s| _ = s.u32(6).u32(8), 8);
    wrong(&|s| _ = s.u32(6).u32(33), 33);
    wrong(&|s| _ = s.u32(99).u32(16).u32(0).u32(20), 16);
    wrong(
        &|s| _ = s.block(0x0a0d_0d0a, |b| _ = b.u32(0x1a2b_3c4d).u32(1).u32(0)),
        24,
    );
    wrong(&|s| _ = s.block(1, |b| _ = b.u32(1)), 16);
    wrong(&|s| _ = s.block(6, |_| {}), 12);
    wrong(&|s| _ = s.block(6, |b| _ = b.octets(&[0; 16])), 28);
    wrong(&|s| _ = s.block(2, |_| {}), 12);
    wrong(&|s| _ = s.block(3, |_| {}), 12);
    wrong(&|s| _ = s.block(3, |b| _ = b.u32(5)), 16);
    wrong(
        &|s| _ = s.block(6, |b| _ = b.u32(0).u32(0).u32(0).u32(5).u32(5).u32(0)),
        36,
    );
    wrong(
        &|s| _ = s.block(6, |b| _ = b.u32(0).u32(0).u32(0).u32(u32::MAX).u32(5)),
        32,
    );
    wrong(
        &|s| _ = s.block(2, |b| _ = b.u32(0).u32(0).u32(0).u32(5).u32(5).u32(0)),
        36,
    );

    for kind in [2, 3, 6] {
        let mut spell = Spell::new(true);
        spell.section().block(kind, |b| _ = b.octets(&[0; 20]));
        assert_eq!(
            failure(&spell.out),
            (
                0,
                Error::NoSuchInterface {
                    offset: 28,
                    interface: 0
                }
            )
        );
    }
}

#[test]
fn limits() {
    let mut spell = Spell::new(false);
    spell
        .section()
        .interface(1, 0)
        .interface(1, 0)
        .enhanced(1, b"data");
    let first = |max_block, max_interfaces| {
        let mut packets = Reader::new(Limits {
            max_block,
            max_interfaces,
        })
        .packets(&spell.out);
        packets.next().unwrap().map(|packet| packet.data)
    };
    assert_eq!(first(36, 2), Ok(b"data".as_slice()));
    assert_eq!(
        first(35, 2),
        Err(Error::BlockTooLong {
            offset: 68,
            len: 36,
            max: 35
        })
    );
    assert_eq!(
        first(36, 1),
        Err(Error::TooManyInterfaces { offset: 48, max: 1 })
    );

    // The limit counts before the octets are there, and a lying length costs nothing.
    let mut huge = Spell::new(true);
    huge.section().u32(6).u32(u32::MAX - 3);
    let too_long = Error::BlockTooLong {
        offset: 28,
        len: u64::from(u32::MAX) - 3,
        max: 16 << 20,
    };
    assert_eq!(failure(&huge.out), (0, too_long));
    let mut huge = Spell::new(true);
    huge.u32(0xa1b2_c3d4)
        .u16(2)
        .u16(4)
        .octets(&[0; 16])
        .u32(0)
        .u32(0)
        .u32(u32::MAX)
        .u32(0);
    let too_long = Error::BlockTooLong {
        offset: 24,
        len: u64::from(u32::MAX) + 16,
        max: 16 << 20,
    };
    assert_eq!(failure(&huge.out), (0, too_long));
}

#[test]
fn a_buffer_of_max_unconsumed_never_starves() {
    let mut spell = Spell::new(false);
    spell.section().interface(1, 0);
    for _ in 0..50 {
        spell.enhanced(0, b"0123456789abcdef"); // 48 octets, the longest block
        spell.block(0x0bad, |b| _ = b.u32(0));
    }
    let mut reader = Reader::new(Limits {
        max_block: 48,
        ..Limits::default()
    });
    assert_eq!(reader.max_unconsumed(), 48);
    let tiny = Limits {
        max_block: 7,
        ..Limits::default()
    };
    assert_eq!(
        Reader::new(tiny).max_unconsumed(),
        24,
        "the header of a classic file"
    );
    let (mut at, mut count) = (0, 0);
    loop {
        let end = (at + reader.max_unconsumed()).min(spell.out.len());
        let step = reader
            .step(&spell.out[at..end], end == spell.out.len())
            .unwrap();
        at += step.consumed;
        match step.next {
            Next::Packet(_) => count += 1,
            Next::NeedMore => assert!(step.consumed > 0, "starved at {at}"),
            Next::Done => break,
        }
    }
    assert_eq!((count, at), (50, spell.out.len()));
}
