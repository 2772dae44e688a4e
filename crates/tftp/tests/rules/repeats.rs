//! `retransmissions` counts datagrams that are sent again, whatever they are.

use crate::rig::{CLIENT, Rig, SERVER, Server, TID, letters, secs};
use crate::words::packet;
use wirelore_tftp::{
    Client, ClientConfig, DatagramMachine, Demux, Grant, Instant, Mode, ServerConfig, ServerEvent,
    Slot, Transfer,
};

fn transfer(request: &str, source: Vec<u8>) -> Rig<Transfer<u32>> {
    let mut demux: Server = Demux::new(ServerConfig::default(), vec![Slot::default()]);
    let request = packet(request);
    match demux.handle_datagram(Instant::ORIGIN, CLIENT, &request) {
        Some(ServerEvent::Request { id, .. }) => {
            Rig::new(demux.detach(id, Grant::default()).unwrap(), source, CLIENT)
        }
        other => panic!("{other:?}"),
    }
}

/// Nothing was sent twice.
#[test]
fn a_clean_transfer_repeats_nothing() {
    let mut rig = transfer("RRQ f octet", letters(512, 1030));
    rig.sends();
    for block in 1..=3 {
        rig.hears(&format!("ACK {block}"));
    }
    assert_eq!(rig.told(), ["complete 1030"]);
    assert_eq!(rig.machine.retransmissions(), 0);

    let mut rig = transfer("RRQ f octet blksize=8 windowsize=4", letters(8, 75));
    rig.sends();
    for block in [0, 4, 8, 10] {
        rig.hears(&format!("ACK {block}"));
    }
    assert_eq!(rig.told(), ["complete 75"]);
    assert_eq!(rig.machine.retransmissions(), 0);

    let mut rig = transfer("WRQ f octet", Vec::new());
    assert_eq!(rig.sends(), ["ACK 0"]);
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_eq!(rig.hears("DATA 2 \"end\""), ["ACK 2"]);
    assert_eq!(rig.machine.retransmissions(), 0);
}

/// DATA that a timeout, or the restart of a window, sends once more.
#[test]
fn data_that_is_sent_again() {
    let mut rig = transfer("RRQ f octet", letters(512, 2000));
    assert_eq!(rig.sends().len(), 1);
    for repeats in 1..=2 {
        assert_eq!(rig.times_out().1, ["DATA 1 a*512"]);
        assert_eq!(rig.machine.retransmissions(), repeats);
    }
    rig.hears("ACK 1");
    assert_eq!(rig.machine.retransmissions(), 2);
    rig.times_out();
    assert_eq!(rig.machine.retransmissions(), 3);

    let mut rig = transfer("RRQ f octet blksize=8 windowsize=4", letters(8, 1000));
    rig.sends();
    assert_eq!(rig.hears("ACK 0").len(), 4);
    // 2, 3 and 4 again, and 5 for the first time
    assert_eq!(
        rig.hears("ACK 1"),
        ["DATA 2 b*8", "DATA 3 c*8", "DATA 4 d*8", "DATA 5 e*8"]
    );
    assert_eq!(rig.machine.retransmissions(), 3);
    assert_eq!(rig.times_out().1.len(), 4);
    assert_eq!(rig.machine.retransmissions(), 7);
}

/// The OACK, in both directions.
#[test]
fn an_oack_that_is_sent_again() {
    for request in ["RRQ f octet blksize=8", "WRQ f octet blksize=8"] {
        let mut rig = transfer(request, letters(8, 100));
        assert_eq!(rig.sends(), ["OACK blksize=8"]);
        assert_eq!(rig.machine.retransmissions(), 0);
        assert_eq!(rig.times_out().1, ["OACK blksize=8"]);
        assert_eq!(rig.machine.retransmissions(), 1, "{request}");
        rig.now = rig.now + secs(1);
        rig.machine.request_repeated(rig.now);
        assert_eq!(rig.sends(), ["OACK blksize=8"]);
        assert_eq!(rig.machine.retransmissions(), 2, "{request}");
    }
}

/// ACKs: for a block that came again, after a wait, and the last one while it stays.
#[test]
fn an_ack_that_is_sent_again() {
    let mut rig = transfer("WRQ f octet", Vec::new());
    rig.sends();
    rig.hears("DATA 1 a*512");
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_eq!(rig.machine.retransmissions(), 1);
    assert_eq!(rig.times_out().1, ["ACK 1"]);
    assert_eq!(rig.machine.retransmissions(), 2);
    assert_eq!(rig.hears("DATA 2 \"end\""), ["ACK 2"]);
    assert_eq!(rig.machine.retransmissions(), 2);
    assert_eq!(rig.hears("DATA 2 \"end\""), ["ACK 2"]);
    assert_eq!(rig.machine.retransmissions(), 3);
}

/// An ACK in the middle of a window says something new, and is no repetition; said again, it is one.
#[test]
fn the_ack_of_a_gap_is_no_repetition() {
    let mut rig = transfer("WRQ f octet windowsize=4", Vec::new());
    rig.sends();
    rig.hears("DATA 1 a*512");
    assert_eq!(rig.hears("DATA 3 c*512"), ["ACK 1"]);
    assert_eq!(rig.machine.retransmissions(), 0);
    assert_eq!(rig.times_out().1, ["ACK 1"]);
    assert_eq!(rig.machine.retransmissions(), 1);
}

/// A client counts its requests, too, and goes on counting in the transfer.
#[test]
fn a_request_that_is_sent_again() {
    let client = Client::get(SERVER, b"f", Mode::Octet, ClientConfig::plain()).unwrap();
    let mut rig = Rig::new(client, Vec::new(), SERVER);
    assert_eq!(rig.sends(), ["RRQ f octet"]);
    assert_eq!(rig.machine.retransmissions(), 0);
    for repeats in 1..=2 {
        assert_eq!(rig.times_out().1, ["RRQ f octet"]);
        assert_eq!(rig.machine.retransmissions(), repeats);
    }
    rig.peer = TID;
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_eq!(rig.machine.retransmissions(), 2);
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_eq!(rig.machine.retransmissions(), 3);
    // an ERROR to a stranger is none
    rig.hears_from(TID + 1, "DATA 2 b*512");
    assert_eq!(rig.machine.retransmissions(), 3);
}
