//! What a peer's numbers can cost: octets in flight, replies to strangers, memory.

use crate::rig::{Answer, CLIENT, Rig, STRANGER, Server, letters, millis, secs};
use wirelore_tftp::{DatagramMachine, Demux, Grant, ServerConfig, Slot};

fn server(slots: usize, max_octets_in_flight: u64) -> Rig<Server> {
    let mut config = ServerConfig::default();
    config.max_octets_in_flight = max_octets_in_flight;
    let slots = std::iter::repeat_with(Slot::default).take(slots).collect();
    Rig::new(Demux::new(config, slots), letters(512, 100_000), CLIENT)
}

fn others(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|i| STRANGER + i)
}

/// RFC 7440 §7: "care must be taken in controlling windowsize values according to data sender, data
/// receiver, and network environment capabilities."
#[test]
fn the_window_is_granted_within_what_is_left() {
    let mut rig = server(8, 100_000);
    // 1000 octets a block: 64 blocks, then 36, then one each
    let mut windows = Vec::new();
    for other in others(4) {
        let sent = rig.hears_from(other, "RRQ f octet blksize=1000 windowsize=64");
        windows.extend(sent);
    }
    assert_eq!(windows[0], "to 00030007: OACK blksize=1000 windowsize=64");
    assert_eq!(windows[1], "to 00030008: OACK blksize=1000 windowsize=36");
    assert_eq!(windows.len(), 2, "nothing is left: {windows:?}");
    assert_eq!(rig.told()[2..], ["refused Full", "refused Full"]);
    // what ends makes room
    rig.hears_from(STRANGER, "ERROR 0 \"\"");
    let sent = rig.hears_from(STRANGER + 5, "RRQ f octet blksize=1000 windowsize=64");
    assert_eq!(sent, ["to 0003000c: OACK blksize=1000 windowsize=64"]);
}

/// Block size and window together never exceed the limit, however many ask for however much, in whatever
/// order they are accepted.
#[test]
fn the_limit_holds_for_the_sum() {
    for limit in [512, 600, 1024, 5000, 65464, 100_000, 1 << 20] {
        let mut rig = server(40, limit);
        rig.desk.answer = Answer::Later;
        for (i, other) in others(40).enumerate() {
            let request = match i % 5 {
                0 => "RRQ f octet",
                1 => "RRQ f octet blksize=65464 windowsize=65535",
                2 => "WRQ f octet windowsize=65535",
                3 => "RRQ f octet blksize=8 windowsize=3",
                _ => "WRQ f octet blksize=600",
            };
            rig.hears_from(other, request);
        }
        let ids = rig.desk.ids.clone();
        assert!(!ids.is_empty());
        let mut sum = 0;
        // last come, first served
        for &id in ids.iter().rev() {
            let parameters = rig.machine.accept(id, (), Grant::default()).unwrap();
            sum += u64::from(parameters.blksize) * u64::from(parameters.windowsize);
        }
        assert!(sum <= limit, "{sum} of {limit}");
    }
}

/// The limit is enough for what it says: one block of the size that was asked for.
#[test]
fn the_last_octet_can_be_granted() {
    let mut rig = server(1, 1428);
    assert_eq!(
        rig.hears("RRQ f octet blksize=1428 windowsize=2"),
        ["OACK blksize=1428 windowsize=1"]
    );
    let mut rig = server(1, 2856);
    assert_eq!(
        rig.hears("RRQ f octet blksize=1428 windowsize=2"),
        ["OACK blksize=1428 windowsize=2"]
    );
    let mut rig = server(1, 512);
    assert_eq!(rig.hears("RRQ f octet"), ["DATA 1 a*512"]);
    let mut rig = server(1, 512);
    assert_eq!(rig.hears("RRQ f octet blksize=65464"), ["OACK blksize=512"]);
    let mut rig = server(1, 511);
    assert!(rig.hears("RRQ f octet").is_empty());
    assert_eq!(rig.told(), ["refused Full"]);
}

/// A detached transfer counts until it is released.
#[test]
fn a_detached_transfer_counts() {
    let mut rig = server(3, 2000);
    rig.desk.answer = Answer::Later;
    rig.hears("RRQ f octet blksize=1900");
    let transfer = rig
        .machine
        .detach(rig.desk.ids[0], Grant::read(None))
        .unwrap();
    assert_eq!(transfer.parameters().blksize, 1900);
    rig.told();
    rig.hears_from(STRANGER, "RRQ f octet");
    assert_eq!(rig.told(), ["refused Full"]);
    rig.machine.release(rig.desk.ids[0]).unwrap();
    rig.hears_from(STRANGER, "RRQ f octet");
    assert_eq!(rig.told(), ["reads f"]);
}

/// `blksize 65464 windowsize 65535` costs one slot: nothing is kept per block, and one question is open at
/// a time.
#[test]
fn a_large_window_costs_no_memory() {
    let mut config = ServerConfig::default();
    config.max_windowsize = 65535;
    config.max_octets_in_flight = u64::MAX;
    let mut rig: Rig<Server> = Rig::new(
        Demux::new(config, vec![Slot::default()]),
        letters(512, 1000),
        CLIENT,
    );
    rig.desk.reads = false;
    assert_eq!(
        rig.hears("RRQ f octet blksize=65464 windowsize=65535"),
        ["OACK blksize=65464 windowsize=65535"]
    );
    assert!(rig.hears("ACK 0").is_empty());
    assert_eq!(rig.told(), ["reads f", "read 0 65464"]);
    assert!(
        size_of::<Slot<u32, ()>>() < 4096,
        "{}",
        size_of::<Slot<u32, ()>>()
    );
}

/// The buffers to send and receive with are bounded by the configuration.
#[test]
fn buffers() {
    for (max_blksize, longest) in [
        (8, 516),
        (512, 516),
        (513, 517),
        (1428, 1432),
        (65464, 65468),
    ] {
        let mut config = ServerConfig::default();
        config.max_blksize = max_blksize;
        let demux: Server = Demux::new(config, Vec::new());
        assert_eq!(demux.max_datagram(), longest);
        assert_eq!(demux.receive_buffer(), longest + 1);
    }
}

/// ERROR 5 goes out at most ten times a second, or as often as is configured; the transfer is not
/// disturbed by the rest either.
/// Clauses: 1350-2 wrong-port-limit.
#[test]
fn replies_to_strangers_are_limited() {
    for limit in [0, 1, 10, 1000] {
        let mut config = ServerConfig::default();
        config.transfer.stray_replies_per_second = limit;
        let mut rig: Rig<Server> = Rig::new(
            Demux::new(config, vec![Slot::default()]),
            letters(512, 5000),
            CLIENT,
        );
        rig.hears("RRQ f octet");
        for second in 0..3 {
            let mut sent = 0;
            for other in others(2000) {
                sent += rig.hears_from(other, "ACK 1").len();
            }
            assert_eq!(
                sent, limit as usize,
                "at the listening port, second {second}"
            );
            rig.now = rig.now + millis(999);
            assert!(rig.hears_from(STRANGER, "ACK 1").is_empty());
            rig.now = rig.now + millis(1);
        }
        assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);
    }
}

/// The same for a transfer with a socket of its own.
#[test]
fn replies_to_strangers_of_a_transfer_are_limited() {
    let mut rig = server(1, 1 << 20);
    rig.desk.answer = Answer::Later;
    rig.hears("RRQ f octet");
    let transfer = rig
        .machine
        .detach(rig.desk.ids[0], Grant::read(None))
        .unwrap();
    let mut own = Rig::new(transfer, letters(512, 5000), CLIENT);
    own.sends();
    for _ in 0..3 {
        let sent: usize = others(100)
            .map(|other| own.hears_from(other, "ACK 1").len())
            .sum();
        assert_eq!(sent, 10);
        own.now = own.now + secs(1);
    }
}

/// The replies to malformed datagrams from nowhere are limited in the same way: 2 octets in must not be
/// worth 30 octets out without bound.
#[test]
fn replies_to_malformed_datagrams_are_limited() {
    let mut rig = server(1, 1 << 20);
    let sent: usize = others(2000)
        .map(|other| rig.hears_from(other, "hex 00 09").len())
        .sum();
    assert_eq!(sent, 10);
    // a request is not a stray datagram
    assert_eq!(rig.hears("RRQ f octet"), ["DATA 1 a*512"]);
}
