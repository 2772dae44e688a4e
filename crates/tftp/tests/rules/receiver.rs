//! The side that gets the file, in lockstep: RFC 1350, RFC 2348.

use crate::rig::{Answer, CLIENT, Rig, STRANGER, Server, assert_about, letters, millis, secs};
use wirelore_tftp::{
    DatagramMachine, Demux, ErrorCode, Grant, Misuse, Rollover, ServerConfig, Slot,
};

fn server_with(config: ServerConfig) -> Rig<Server> {
    let demux = Demux::new(config, vec![Slot::default()]);
    Rig::new(demux, Vec::new(), CLIENT)
}

fn server() -> Rig<Server> {
    server_with(ServerConfig::default())
}

/// RFC 1350 §4: the positive reply to a WRQ is "an acknowledgment packet", and "in this special case the
/// block number will be zero"; §5: "The block number in an ACK echoes the block number of the DATA packet
/// being acknowledged."
/// Clauses: 1350-5 ack-echo.
#[test]
fn every_block_is_acknowledged_by_its_number() {
    let mut rig = server();
    assert_eq!(rig.hears("WRQ f octet"), ["ACK 0"]);
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_eq!(rig.hears("DATA 2 b*512"), ["ACK 2"]);
    assert_eq!(rig.hears("DATA 3 c*6"), ["ACK 3"]);
    assert_eq!(rig.desk.received, letters(512, 1030));
    assert_eq!(
        rig.told(),
        [
            "writes f",
            "write 0 512",
            "write 512 512",
            "write 1024 6",
            "complete 1030"
        ]
    );
}

/// RFC 1350 §6: "The end of a transfer is marked by a DATA packet that contains between 0 and 511 bytes
/// of data".
/// Clauses: 1350-5 data-length, 2348-blocksize-option-specification final.
#[test]
fn any_short_block_ends_the_file() {
    for len in [0, 1, 511] {
        let mut rig = server();
        rig.hears("WRQ f octet");
        rig.hears("DATA 1 a*512");
        assert_eq!(rig.hears(&format!("DATA 2 b*{len}")), ["ACK 2"]);
        assert_eq!(
            rig.told().last().unwrap(),
            &format!("complete {}", 512 + len)
        );
    }
    // RFC 2348: "a data length less than the negotiated blocksize is the final packet"
    let mut rig = server();
    assert_eq!(rig.hears("WRQ f octet blksize=600"), ["OACK blksize=600"]);
    assert_eq!(rig.hears("DATA 1 a*600"), ["ACK 1"]);
    assert_eq!(rig.hears("DATA 2 b*599"), ["ACK 2"]);
    assert_eq!(rig.told().last().unwrap(), "complete 1199");
}

/// RFC 2347 Negotiation Protocol: "If the transfer was initiated with a Write Request, then the client
/// begins the transfer with the first DATA packet, using the negotiated values."
#[test]
fn data_1_follows_the_oack() {
    let mut rig = server();
    assert_eq!(
        rig.hears("WRQ barfile octet blksize=2048"),
        ["OACK blksize=2048"]
    );
    // an ACK 0 is not what the OACK asks for, and does no harm
    assert!(rig.hears("ACK 0").is_empty());
    assert_eq!(rig.hears("DATA 1 a*2048"), ["ACK 1"]);
    assert_eq!(rig.hears("DATA 2 b*2048"), ["ACK 2"]);
    assert_eq!(rig.hears("DATA 3 c*7"), ["ACK 3"]);
}

/// RFC 1350 §2: "losing access to a necessary resource (e.g., disk full": the ACK says that the block is
/// written, and comes only then.
#[test]
fn the_ack_waits_until_the_block_is_written() {
    let mut rig = server();
    rig.desk.writes = false;
    rig.hears("WRQ f octet");
    assert!(rig.hears("DATA 1 a*512").is_empty());
    assert_eq!(
        rig.patience(),
        None,
        "no timer runs while the application writes"
    );
    assert!(
        rig.hears("DATA 1 a*512").is_empty(),
        "a repetition changes nothing"
    );
    let (id, now) = (rig.desk.ids[0], rig.now);
    rig.machine.written(now, id).unwrap();
    assert_eq!(rig.sends(), ["ACK 1"]);
    assert_eq!(rig.machine.written(now, id), Err(Misuse::NothingToWrite));
    // the last one likewise: complete means written and acknowledged
    assert!(rig.hears("DATA 2 b*3").is_empty());
    assert_eq!(rig.told().last().unwrap(), "write 512 3");
    rig.machine.written(now, id).unwrap();
    assert_eq!(rig.sends(), ["ACK 2"]);
    assert_eq!(rig.told(), ["complete 515"]);
}

/// With a window several blocks may wait to be written; the ACK of the window waits for all of them.
#[test]
fn the_ack_of_a_window_waits_for_every_block() {
    let mut rig = server();
    rig.desk.writes = false;
    rig.hears("WRQ f octet windowsize=3 blksize=8");
    for block in 1..=3 {
        assert!(rig.hears(&format!("DATA {block} a*8")).is_empty());
    }
    let (id, now) = (rig.desk.ids[0], rig.now);
    for _ in 0..2 {
        rig.machine.written(now, id).unwrap();
        assert!(rig.sends().is_empty());
    }
    rig.machine.written(now, id).unwrap();
    assert_eq!(rig.sends(), ["ACK 3"]);
    assert_eq!(rig.machine.written(now, id), Err(Misuse::NothingToWrite));
}

/// RFC 1350 §7: an ERROR when writing fails (disk full is code 3); nothing is acknowledged.
/// Clauses: 1350-2 resource-lost.
#[test]
fn a_block_that_cannot_be_written_ends_the_transfer() {
    let mut rig = server();
    rig.desk.writes = false;
    rig.hears("WRQ f octet");
    rig.hears("DATA 1 a*512");
    let id = rig.desk.ids[0];
    (rig.machine)
        .refuse(id, ErrorCode::DISK_FULL, "disk full")
        .unwrap();
    assert_eq!(rig.sends(), ["ERROR 3 \"disk full\""]);
    assert_eq!(
        rig.told().last().unwrap(),
        "failed: refused with error 3 (disk full or allocation exceeded): "
    );
    assert!(rig.passes(secs(100)).is_empty());
    assert_eq!(rig.machine.clients(), 0);
}

/// RFC 1350 §5: numbers "discriminate between new packets and duplicates": a duplicate is acknowledged
/// again and not written again.
#[test]
fn a_duplicate_is_acknowledged_and_not_written() {
    let mut rig = server();
    rig.hears("WRQ f octet");
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_eq!(rig.hears("DATA 2 b*512"), ["ACK 2"]);
    // older than the last acknowledged one: delayed in the network, nobody waits for its ACK
    assert!(rig.hears("DATA 1 a*512").is_empty());
    assert_eq!(rig.desk.received, letters(512, 1024));
}

/// A block out of order is neither written nor acknowledged.
#[test]
fn a_block_from_the_future_changes_nothing() {
    let mut rig = server();
    rig.hears("WRQ f octet");
    rig.hears("DATA 1 a*512");
    let wait = rig.patience();
    for number in [3, 4, 100, 32768, 65535, 0] {
        assert!(
            rig.hears(&format!("DATA {number} x*512")).is_empty(),
            "{number}"
        );
        assert!(
            rig.hears(&format!("DATA {number} x*3")).is_empty(),
            "{number}"
        );
    }
    assert_eq!(rig.patience(), wait);
    assert_eq!(rig.told(), ["writes f", "write 0 512"]);
    assert_eq!(rig.hears("DATA 2 b*1"), ["ACK 2"]);
}

/// RFC 1350 §6: "dallying is encouraged. This means that the host sending the final ACK will wait for a
/// while before terminating in order to retransmit the final ACK if it has been lost."
#[test]
fn the_final_ack_is_repeated_while_dallying() {
    let mut rig = server();
    rig.hears("WRQ f octet");
    rig.hears("DATA 1 a*512");
    assert_eq!(rig.hears("DATA 2 b*3"), ["ACK 2"]);
    assert_eq!(rig.told().last().unwrap(), "complete 515");
    assert_eq!(rig.patience(), Some(secs(4)));
    for _ in 0..3 {
        rig.now = rig.now + secs(1);
        assert_eq!(rig.hears("DATA 2 b*3"), ["ACK 2"]);
    }
    // nothing else is answered
    for words in [
        "DATA 1 a*512",
        "DATA 3 c*3",
        "ACK 2",
        "ERROR 0 \"\"",
        "OACK",
        "hex 00 09",
    ] {
        assert!(rig.hears(words).is_empty(), "{words}");
    }
    assert_eq!(rig.patience(), Some(secs(1)), "it does not last longer");
    assert!(rig.told().is_empty());
    let (wait, sent) = rig.times_out();
    assert_eq!((wait, sent.len()), (secs(1), 0));
    assert_eq!(rig.machine.clients(), 0);
    assert_eq!(rig.desk.received, letters(512, 515));
}

/// It lasts at least as long as the other side waits before it sends again.
/// Clauses: 1350-6 dally.
#[test]
fn dallying_lasts_two_negotiated_timeouts() {
    let mut rig = server();
    rig.hears("WRQ f octet timeout=30");
    assert_eq!(rig.hears("DATA 1 a*3"), ["ACK 1"]);
    assert_eq!(rig.patience(), Some(secs(60)));
    let mut config = ServerConfig::default();
    config.transfer.timing.dally = secs(0);
    let mut rig = server_with(config);
    rig.hears("WRQ f octet");
    assert_eq!(rig.hears("DATA 1 a*3"), ["ACK 1"]);
    assert_eq!(rig.times_out(), (secs(0), vec![]));
    assert_eq!(rig.machine.clients(), 0);
}

/// A client that dallies is no longer waited for when it makes another request.
#[test]
fn dallying_ends_with_the_next_request() {
    let mut rig = server();
    rig.hears("WRQ f octet");
    rig.hears("DATA 1 a*3");
    rig.desk.received.clear();
    assert_eq!(rig.hears("WRQ g octet"), ["ACK 0"]);
    assert_eq!(rig.hears("DATA 1 b*4"), ["ACK 1"]);
    assert_eq!(
        rig.told(),
        [
            "writes f",
            "write 0 3",
            "complete 3",
            "writes g",
            "write 0 4",
            "complete 4"
        ]
    );
}

/// A late duplicate of the request that is done begins no second transfer: it would truncate the file.
#[test]
fn a_late_duplicate_of_the_request_begins_nothing() {
    let mut rig = server();
    rig.hears("WRQ f octet tsize=3");
    rig.hears("DATA 1 a*3");
    rig.told();
    rig.now = rig.now + secs(1);
    assert!(rig.hears("WRQ f octet tsize=3").is_empty());
    assert_eq!(rig.hears("DATA 1 a*3"), ["ACK 1"]);
    assert!(rig.told().is_empty());
    assert_eq!(rig.machine.clients(), 1);
}

/// The OACK (or ACK 0) of a WRQ goes out again when the WRQ comes again or no DATA comes; an ACK never
/// takes the OACK's place.
#[test]
fn a_repeated_write_request_gets_the_same_answer() {
    for (request, reply) in [
        ("WRQ f octet", "ACK 0"),
        (
            "WRQ f octet tsize=515 blksize=512",
            "OACK blksize=512 tsize=515",
        ),
    ] {
        let mut rig = server();
        assert_eq!(rig.hears(request), [reply]);
        let (wait, sent) = rig.times_out();
        assert_about(wait, secs(1));
        assert_eq!(sent, [reply]);
        rig.now = rig.now + secs(2);
        assert_eq!(rig.hears(request), [reply]);
        assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
        // from now on it is an old duplicate
        rig.now = rig.now + millis(100);
        assert!(rig.hears(request).is_empty());
        assert_eq!(rig.hears("DATA 2 b*3"), ["ACK 2"]);
        assert_eq!(rig.told()[0], "writes f");
        assert_eq!(rig.desk.ids.len(), 1);
    }
}

/// More octets than were agreed on cannot be explained by delay or duplication: RFC 1350 §2, ERROR 4.
#[test]
fn a_block_that_is_too_long_ends_the_transfer() {
    let mut rig = server();
    rig.hears("WRQ f octet");
    assert_eq!(
        rig.hears("DATA 1 a*513"),
        ["ERROR 4 \"incorrectly formed packet\""]
    );
    assert_eq!(
        rig.told(),
        [
            "writes f",
            "failed: block of 513 octets, 512 were agreed on: "
        ]
    );
    let mut rig = server();
    rig.hears("WRQ f octet blksize=8");
    assert_eq!(
        rig.hears("DATA 1 a*9"),
        ["ERROR 4 \"incorrectly formed packet\""]
    );
}

/// RFC 2349 Transfer Size Option Specification, code 3: the limit holds for what comes, whatever was
/// announced.
#[test]
fn more_than_the_limit_is_refused() {
    let mut rig = server();
    rig.desk.answer = Answer::Accept(Grant::write(Some(600)));
    assert_eq!(rig.hears("WRQ f octet tsize=5"), ["OACK tsize=5"]);
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_eq!(rig.hears("DATA 2 b*89"), ["ERROR 3 \"file too large\""]);
    assert_eq!(
        rig.told().last().unwrap(),
        "failed: file larger than 600 octets: "
    );
    assert_eq!(rig.desk.received.len(), 512);

    let mut rig = server();
    rig.desk.answer = Answer::Accept(Grant::write(Some(600)));
    rig.hears("WRQ f octet");
    rig.hears("DATA 1 a*512");
    assert_eq!(rig.hears("DATA 2 b*88"), ["ACK 2"]);
    assert_eq!(rig.told().last().unwrap(), "complete 600");
}

/// RFC 1350 §4: a wrong TID gets ERROR 5 and disturbs nothing, also with the very block that is awaited.
/// Clauses: 1350-2 wrong-port.
#[test]
fn a_wrong_tid_writes_nothing() {
    let mut rig = server();
    rig.hears("WRQ f octet");
    let wait = rig.patience();
    let answer = rig.hears_from(STRANGER, "DATA 1 \"evil\"");
    assert_eq!(
        answer,
        [format!(
            "to {STRANGER:08x}: ERROR 5 \"unknown transfer ID\""
        )]
    );
    assert_eq!(rig.patience(), wait);
    assert_eq!(rig.hears("DATA 1 a*3"), ["ACK 1"]);
    assert_eq!(rig.desk.received, b"aaa");
}

/// Feeds full blocks of 8 octets up to the one whose number is 65535.
fn receive_65535_blocks(request: &str, rollover: Rollover) -> Rig<Server> {
    let mut config = ServerConfig::default();
    config.transfer.rollover = rollover;
    let mut rig = server_with(config);
    rig.hears(request);
    for block in 1..=65535 {
        let ack = rig.hears(&format!("DATA {block} x*8"));
        assert_eq!(ack, [format!("ACK {block}")]);
    }
    rig.told();
    rig
}

/// Block numbers have 16 bits; 0 follows 65535, or 1 where that is configured or negotiated.
#[test]
fn numbers_wrap() {
    for (request, rollover, numbers) in [
        ("WRQ f octet blksize=8", Rollover::Zero, [0, 1, 2]),
        ("WRQ f octet blksize=8", Rollover::One, [1, 2, 3]),
        (
            "WRQ f octet blksize=8 rollover=1",
            Rollover::Zero,
            [1, 2, 3],
        ),
        ("WRQ f octet blksize=8 rollover=0", Rollover::One, [0, 1, 2]),
    ] {
        let mut rig = receive_65535_blocks(request, rollover);
        // the duplicate of the last block is told from the next one
        assert_eq!(rig.hears("DATA 65535 x*8"), ["ACK 65535"]);
        for number in numbers {
            let data = format!("DATA {number} x*8");
            assert_eq!(rig.hears(&data), [format!("ACK {number}")]);
            assert_eq!(rig.hears(&data), [format!("ACK {number}")]);
        }
        let number = numbers[2] + 1;
        assert_eq!(
            rig.hears(&format!("DATA {number} x*1")),
            [format!("ACK {number}")]
        );
        let octets = 65538 * 8 + 1;
        assert_eq!(rig.told().last().unwrap(), &format!("complete {octets}"));
        assert_eq!(rig.desk.received.len(), octets);
    }
}

/// The sides disagree about the number after 65535: noticed where the number cannot be, or where the size
/// was announced; never a file with a hole that is called complete.
#[test]
fn different_rollovers_are_noticed() {
    // it sends 0 where 1 is awaited
    let mut rig = receive_65535_blocks("WRQ f octet blksize=8", Rollover::One);
    assert_eq!(
        rig.hears("DATA 0 x*8"),
        ["ERROR 0 \"block numbers do not match\""]
    );
    assert_eq!(
        rig.told(),
        ["failed: block numbers rolled over differently: "]
    );
    // it sends 1 where 0 is awaited: that is no block to write
    let mut rig = receive_65535_blocks("WRQ f octet blksize=8", Rollover::Zero);
    assert!(rig.hears("DATA 1 y*8").is_empty());
    assert!(rig.told().is_empty());
    // block 0 lost, the size announced
    let octets = 65538 * 8;
    let request = format!("WRQ f octet blksize=8 tsize={octets}");
    let mut rig = receive_65535_blocks(&request, Rollover::One);
    assert_eq!(rig.hears("DATA 1 x*8"), ["ACK 1"]);
    assert_eq!(rig.hears("DATA 2 x*8"), ["ACK 2"]);
    assert_eq!(
        rig.hears("DATA 3 \"\""),
        ["ERROR 0 \"block numbers do not match\""]
    );
    let told = rig.told();
    assert_eq!(
        told.last().unwrap(),
        "failed: block numbers rolled over differently: "
    );
    // without a wrap a wrong announcement is the client's affair
    let mut rig = server();
    rig.hears("WRQ f octet tsize=7");
    assert_eq!(rig.hears("DATA 1 a*3"), ["ACK 1"]);
    assert_eq!(rig.told().last().unwrap(), "complete 3");
}

/// The calls that belong to the other direction.
#[test]
fn misuse_while_receiving() {
    let mut rig = server();
    rig.hears("WRQ f octet");
    let (id, now) = (rig.desk.ids[0], rig.now);
    let mut buf = [0xee; 516];
    let wait = rig.machine.poll_timeout();
    assert_eq!(
        rig.machine.block(now, id, 0, b"x", true, &mut buf),
        Err(Misuse::NoSuchTransfer)
    );
    assert_eq!(buf, [0xee; 516]);
    assert_eq!(rig.machine.written(now, id), Err(Misuse::NothingToWrite));
    assert_eq!(rig.machine.poll_timeout(), wait);
    assert!(rig.sends().is_empty());
}

/// An OACK is nothing that a server ever gets: it neither uses up the replies that are due nor keeps the
/// transfer alive.
#[test]
fn a_server_is_not_disturbed_by_an_oack() {
    let mut rig = server();
    let mut sent = rig.hears("WRQ f octet blksize=8");
    for _ in 0..40 {
        sent.extend(rig.hears("OACK blksize=9"));
        sent.extend(rig.passes(secs(1)));
    }
    assert_eq!(sent[..3], ["OACK blksize=8"; 3]);
    assert_eq!(
        sent[3], "ERROR 5 \"unknown transfer ID\"",
        "the slot is free"
    );
    assert_eq!(rig.told().last().unwrap(), "failed: timed out: ");
}
