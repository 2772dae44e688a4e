//! Fragments in every order, every reason to drop them, and the bounds.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use wirelore_pcapng::{DropReason, Fragment, Reassembler, ReassemblyLimits, Writer, packets};

const NOW: Duration = Duration::from_secs(1);

fn payload(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n / 7) as u8).collect()
}

/// What IP would carry: UDP header and payload.
fn udp(len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let writer = Writer::ethernet("", "", &mut out).unwrap();
    let from = SocketAddr::from(([192, 0, 2, 1], 1025));
    let to = SocketAddr::from(([192, 0, 2, 2], 69));
    writer.udp(NOW, from, to, &payload(len), &mut out).unwrap();
    packets(&out).next().unwrap().unwrap().data[34..].to_vec()
}

fn cut(udp: &[u8], identification: u32, size: usize) -> Vec<Fragment<'_>> {
    let pieces = udp.chunks(size).enumerate();
    pieces
        .map(|(n, piece)| Fragment {
            source: IpAddr::from([192, 0, 2, 1]),
            destination: IpAddr::from([192, 0, 2, 2]),
            protocol: 17,
            identification,
            offset: n * size,
            more: n * size + piece.len() < udp.len(),
            payload: piece,
        })
        .collect()
}

#[test]
fn fragments_in_any_order_and_twice() {
    let udp = udp(100);
    let fragments = cut(&udp, 7, 40);
    assert_eq!(fragments.len(), 3);
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let mut reassembler = Reassembler::default();
        assert_eq!(reassembler.push(NOW, &fragments[order[0]]), Ok(None));
        assert_eq!(reassembler.push(NOW, &fragments[order[1]]), Ok(None));
        assert_eq!(reassembler.push(NOW, &fragments[order[0]]), Ok(None));
        assert_eq!(reassembler.push(NOW, &fragments[order[1]]), Ok(None));
        let datagram = reassembler
            .push(NOW, &fragments[order[2]])
            .unwrap()
            .unwrap();
        assert_eq!(datagram.payload, payload(100));
        assert_eq!(datagram.source, SocketAddr::from(([192, 0, 2, 1], 1025)));
        assert_eq!(datagram.destination, SocketAddr::from(([192, 0, 2, 2], 69)));
        assert_eq!((reassembler.unfinished(), reassembler.octets()), (0, 0));
    }
}

#[test]
fn datagrams_are_told_apart_by_identification() {
    let (one, two) = (udp(100), udp(90));
    let mut reassembler = Reassembler::default();
    let mut whole = Vec::new();
    for (a, b) in cut(&one, 1, 56).iter().zip(&cut(&two, 2, 56)) {
        whole.extend(reassembler.push(NOW, a).unwrap());
        whole.extend(reassembler.push(NOW, b).unwrap());
    }
    let lengths: Vec<_> = whole
        .iter()
        .map(|datagram| datagram.payload.len())
        .collect();
    assert_eq!(lengths, [100, 90]);
}

#[test]
fn every_reason_to_drop() {
    let limits = ReassemblyLimits {
        max_datagrams: 2,
        max_octets: 200,
        max_fragments: 3,
        max_age: Duration::from_secs(5),
    };
    let udp = udp(100);
    let pieces = cut(&udp, 1, 40);
    let mut reassembler = Reassembler::new(limits);
    let mut refused = |fragment: Fragment<'_>, reason| {
        assert_eq!(reassembler.push(NOW, &fragment), Err(reason));
        assert_eq!(reassembler.dropped(reason), 1, "{reason:?}");
    };
    refused(
        Fragment {
            protocol: 6,
            ..pieces[0]
        },
        DropReason::NotUdp,
    );
    refused(
        Fragment {
            payload: &[0; 201],
            more: false,
            ..pieces[0]
        },
        DropReason::TooLong,
    );
    let malformed = [
        Fragment {
            payload: &[],
            ..pieces[0]
        },
        Fragment {
            payload: &[0; 39],
            ..pieces[0]
        },
        Fragment {
            payload: &[0; 8],
            offset: 65528,
            ..pieces[0]
        },
    ];
    for fragment in malformed {
        assert_eq!(reassembler.push(NOW, &fragment), Err(DropReason::Malformed));
    }
    assert_eq!(reassembler.dropped(DropReason::Malformed), 3);
    assert_eq!(reassembler.unfinished(), 0);

    // a fourth piece
    let small = cut(&udp, 2, 8);
    for fragment in &small[..3] {
        assert_eq!(reassembler.push(NOW, fragment), Ok(None));
    }
    assert_eq!(
        reassembler.push(NOW, &small[3]),
        Err(DropReason::TooManyFragments)
    );
    assert_eq!((reassembler.unfinished(), reassembler.octets()), (0, 0));

    // the third datagram, then too many octets
    for identification in 1..=3 {
        let first = cut(&udp, identification, 80)[0];
        assert_eq!(reassembler.push(NOW, &first), Ok(None));
    }
    assert_eq!(reassembler.dropped(DropReason::Evicted), 1);
    assert_eq!((reassembler.unfinished(), reassembler.octets()), (2, 160));
    let last = Fragment {
        offset: 80,
        payload: &[0; 41],
        more: false,
        ..cut(&udp, 3, 80)[0]
    };
    assert_eq!(reassembler.push(NOW, &last), Err(DropReason::Checksum));
    assert_eq!(reassembler.dropped(DropReason::Evicted), 2);
    assert_eq!((reassembler.unfinished(), reassembler.octets()), (0, 0));

    // time
    assert_eq!(reassembler.push(NOW, &pieces[0]), Ok(None));
    let later = NOW + limits.max_age;
    assert_eq!(reassembler.push(later, &pieces[1]), Ok(None));
    assert_eq!(reassembler.octets(), 80);
    let later = later + Duration::from_nanos(1);
    assert_eq!(reassembler.push(later, &pieces[2]), Ok(None));
    assert_eq!(reassembler.dropped(DropReason::Expired), 1);
    assert_eq!(
        (reassembler.unfinished(), reassembler.octets()),
        (1, pieces[2].payload.len())
    );
}

#[test]
fn a_contradiction_drops_the_old_and_keeps_the_new() {
    let udp = udp(100);
    let pieces = cut(&udp, 1, 40);
    let changed = [0xee; 40];
    let contradictions = [
        Fragment {
            payload: &changed,
            ..pieces[1]
        },
        Fragment {
            payload: &changed[..16],
            offset: 48,
            ..pieces[1]
        },
        Fragment {
            payload: &changed,
            offset: 72,
            ..pieces[1]
        },
        Fragment {
            payload: &changed,
            offset: 32,
            ..pieces[1]
        },
        Fragment {
            more: false,
            ..pieces[1]
        },
        Fragment {
            more: true,
            payload: &changed,
            offset: 80,
            ..pieces[1]
        },
        Fragment {
            more: false,
            payload: &changed,
            offset: 160,
            ..pieces[1]
        },
        Fragment {
            more: true,
            payload: &changed,
            offset: 160,
            ..pieces[1]
        },
    ];
    for contradiction in contradictions {
        let mut reassembler = Reassembler::default();
        assert_eq!(reassembler.push(NOW, &pieces[1]), Ok(None));
        assert_eq!(reassembler.push(NOW, &pieces[2]), Ok(None));
        let dropped = reassembler.push(NOW, &contradiction);
        assert_eq!(dropped, Err(DropReason::Overlap), "{contradiction:?}");
        assert_eq!(reassembler.unfinished(), 1);
        assert_eq!(reassembler.octets(), contradiction.payload.len());
    }
    // an end in front of what is there
    let mut reassembler = Reassembler::default();
    assert_eq!(reassembler.push(NOW, &pieces[1]), Ok(None));
    let early = Fragment {
        more: false,
        ..pieces[0]
    };
    assert_eq!(reassembler.push(NOW, &early), Err(DropReason::Overlap));
    // the same identification again, from the start: nothing is lost but the old
    let mut reassembler = Reassembler::default();
    let stale = Fragment {
        payload: &changed,
        ..pieces[0]
    };
    assert_eq!(reassembler.push(NOW, &stale), Ok(None));
    assert_eq!(reassembler.push(NOW, &pieces[0]), Err(DropReason::Overlap));
    assert_eq!(reassembler.push(NOW, &pieces[1]), Ok(None));
    assert!(reassembler.push(NOW, &pieces[2]).unwrap().is_some());
}

#[test]
fn ipv4_may_go_without_checksum_and_ipv6_may_not() {
    let mut data = udp(100);
    data[6..8].fill(0);
    let pieces = cut(&data, 1, 56);
    let mut reassembler = Reassembler::default();
    assert_eq!(reassembler.push(NOW, &pieces[0]), Ok(None));
    assert!(reassembler.push(NOW, &pieces[1]).unwrap().is_some());
    let (source, destination) = ([1; 16].into(), [2; 16].into());
    let six = |n: usize| Fragment {
        source,
        destination,
        ..pieces[n]
    };
    assert_eq!(reassembler.push(NOW, &six(0)), Ok(None));
    assert_eq!(reassembler.push(NOW, &six(1)), Err(DropReason::Checksum));
}

#[test]
fn a_fragment_of_just_the_limit() {
    let limits = ReassemblyLimits {
        max_octets: 40,
        ..ReassemblyLimits::default()
    };
    let mut reassembler = Reassembler::new(limits);
    for identification in 1..=2 {
        assert_eq!(
            reassembler.push(NOW, &cut(&udp(100), identification, 40)[0]),
            Ok(None)
        );
        assert_eq!(reassembler.octets(), 40);
    }
    assert_eq!(reassembler.dropped(DropReason::Evicted), 1);
}

#[test]
fn a_fragment_may_end_at_65535_octets() {
    let mut reassembler = Reassembler::default();
    let last = Fragment {
        offset: 65528,
        payload: &[7; 7],
        more: false,
        ..cut(&[0; 8], 1, 8)[0]
    };
    assert_eq!(reassembler.push(NOW, &last), Ok(None));
    assert_eq!(reassembler.octets(), 7);
}

#[test]
fn octets_behind_the_udp_length_are_no_payload() {
    let data = [udp(100), vec![0xee; 20]].concat();
    let mut reassembler = Reassembler::default();
    let pieces = cut(&data, 1, 104);
    assert_eq!(reassembler.push(NOW, &pieces[0]), Ok(None));
    let datagram = reassembler.push(NOW, &pieces[1]).unwrap().unwrap();
    assert_eq!(datagram.payload, payload(100));
}

#[test]
fn the_number_of_datagrams_is_bounded_and_at_least_one() {
    let data = udp(100);
    for (max_datagrams, held) in [(0, 1), (1, 1), (2, 2)] {
        let limits = ReassemblyLimits {
            max_datagrams,
            ..ReassemblyLimits::default()
        };
        let mut reassembler = Reassembler::new(limits);
        for identification in 1..=5 {
            let first = cut(&data, identification, 40)[0];
            assert_eq!(reassembler.push(NOW, &first), Ok(None));
        }
        assert_eq!(reassembler.unfinished(), held);
        assert_eq!(reassembler.dropped(DropReason::Evicted), 5 - held as u64);
    }
}

#[test]
fn the_longest_datagram() {
    let data = udp(65507);
    let mut reassembler = Reassembler::default();
    let mut whole = None;
    for fragment in cut(&data, 1, 1480) {
        whole = reassembler.push(NOW, &fragment).unwrap();
    }
    assert_eq!(whole.unwrap().payload, payload(65507));
}
