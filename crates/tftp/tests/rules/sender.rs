//! The side that has the file, in lockstep: RFC 1350, RFC 1123 section 4.2.3.1, RFC 2348.

use crate::rig::{CLIENT, Rig, STRANGER, Server, assert_about, letters, secs};
use wirelore_tftp::wire::DATA_HEADER;
use wirelore_tftp::{
    Client, ClientConfig, DatagramMachine, Demux, ErrorCode, Misuse, Mode, Rollover, ServerConfig,
    Slot,
};

fn server_with(config: ServerConfig, source: Vec<u8>) -> Rig<Server> {
    Rig::new(Demux::new(config, vec![Slot::default()]), source, CLIENT)
}

fn server(source: Vec<u8>) -> Rig<Server> {
    server_with(ServerConfig::default(), source)
}

/// RFC 1350 §4: "block numbers are consecutive and begin with one"; §2: each block is acknowledged
/// "before the next packet can be sent"; §6: a block of 0 to 511 octets ends the transfer.
/// Clauses: 1350-2 blocks, 1350-2 lockstep, 1350-6 end.
#[test]
fn blocks_go_one_by_one_and_a_short_one_ends_the_file() {
    let mut rig = server(letters(512, 1030));
    assert_eq!(rig.hears("RRQ f octet"), ["DATA 1 a*512"]);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);
    assert_eq!(rig.hears("ACK 2"), ["DATA 3 c*6"]);
    assert_eq!(rig.told(), ["reads f"]);
    assert!(rig.hears("ACK 3").is_empty());
    assert_eq!(rig.told(), ["complete 1030"]);
    assert_eq!(rig.machine.clients(), 0);
    assert_eq!(rig.patience(), None);
}

/// RFC 2348 Blocksize Option Specification: "If the amount of data to be transfered is an integral
/// multiple of the blocksize, an extra data packet containing no data is sent to end the transfer."
#[test]
fn a_multiple_of_the_block_size_ends_with_an_empty_block() {
    let mut rig = server(letters(512, 1024));
    assert_eq!(rig.hears("RRQ f octet"), ["DATA 1 a*512"]);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);
    assert_eq!(rig.hears("ACK 2"), ["DATA 3 \"\""]);
    assert!(rig.hears("ACK 3").is_empty());
    assert_eq!(rig.told(), ["reads f", "complete 1024"]);

    let mut rig = server(letters(8, 8));
    assert_eq!(rig.hears("RRQ f octet blksize=8"), ["OACK blksize=8"]);
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 a*8"]);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 \"\""]);
}

/// RFC 2348 Blocksize Option Specification: "If the blocksize is greater than the amount of data to
/// be transfered, the first packet is the final packet."
#[test]
fn a_file_below_the_block_size_is_one_block() {
    let mut rig = server(letters(512, 511));
    assert_eq!(rig.hears("RRQ f octet"), ["DATA 1 a*511"]);
    assert!(rig.hears("ACK 1").is_empty());
    assert_eq!(rig.told(), ["reads f", "complete 511"]);

    let mut rig = server(Vec::new());
    assert_eq!(rig.hears("RRQ f octet"), ["DATA 1 \"\""]);
    assert!(rig.hears("ACK 1").is_empty());
    assert_eq!(rig.told(), ["reads f", "complete 0"]);
}

/// RFC 1350 §6: "The host sending the last DATA must retransmit it until the packet is acknowledged
/// or the sending host times out."
/// Clauses: 1350-7 timeouts.
#[test]
fn the_last_block_is_repeated_until_it_is_acknowledged() {
    let mut rig = server(letters(512, 520));
    rig.hears("RRQ f octet");
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*8"]);
    for _ in 0..4 {
        assert_eq!(rig.times_out().1, ["DATA 2 b*8"]);
    }
    assert!(rig.hears("ACK 2").is_empty());
    assert_eq!(rig.told(), ["reads f", "complete 520"]);

    let mut rig = server(letters(512, 520));
    rig.hears("RRQ f octet");
    rig.hears("ACK 1");
    let sent = rig.passes(secs(1000));
    assert_eq!(sent, ["DATA 2 b*8"; 5]);
    assert_eq!(rig.told(), ["reads f", "failed: timed out: "]);
    assert_eq!(rig.machine.clients(), 0);
}

/// RFC 1123 §4.2.3.1 MUST: "the sender (i.e., the side originating the DATA packets) must never
/// resend the current DATA packet on receipt of a duplicate ACK." The example of that section, step
/// by step, seen by TFTP A.
#[test]
fn sorcerers_apprentice() {
    let mut rig = server(letters(512, 5000));
    rig.hears("RRQ f octet");
    // (1) receive ACK X-1, send DATA X
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);
    // (3) A times out, retransmits DATA X
    assert_eq!(rig.times_out().1, ["DATA 2 b*512"]);
    // (5) receive (delayed) ACK X, send DATA X+1
    assert_eq!(rig.hears("ACK 2"), ["DATA 3 c*512"]);
    // (7) receive ACK X again: the bug would send DATA X+1 again
    let wait = rig.patience();
    assert!(rig.hears("ACK 2").is_empty());
    assert_eq!(
        rig.patience(),
        wait,
        "a duplicate ACK is no reason to wait longer"
    );
    // (9) receive ACK X+1, send DATA X+2, once
    assert_eq!(rig.hears("ACK 3"), ["DATA 4 d*512"]);
    // (11) receive ACK X+1 again
    assert!(rig.hears("ACK 3").is_empty());
    assert!(rig.hears("ACK 3").is_empty());
    assert_eq!(rig.hears("ACK 4"), ["DATA 5 e*512"]);
}

/// The same, seen by a client that puts a file.
/// Clauses: 1123-4.2.3.1 sorcerers-apprentice.
#[test]
fn sorcerers_apprentice_in_a_client() {
    let client = Client::put(1, b"f", Mode::Octet, None, ClientConfig::plain()).unwrap();
    let mut rig = Rig::new(client, letters(512, 2000), 1);
    assert_eq!(rig.sends(), ["WRQ f octet"]);
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 a*512"]);
    assert!(rig.hears("ACK 0").is_empty());
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);
    assert!(rig.hears("ACK 1").is_empty());
    assert!(rig.hears("ACK 0").is_empty());
}

/// RFC 1350 §5: numbers "discriminate between new packets and duplicates": an ACK of a block that was
/// not sent, or of an older one, changes nothing.
#[test]
fn an_ack_outside_what_was_sent_changes_nothing() {
    let mut rig = server(letters(512, 5000));
    rig.hears("RRQ f octet");
    rig.hears("ACK 1");
    rig.hears("ACK 2");
    let wait = rig.patience();
    for stray in [0, 1, 2, 4, 5, 7, 255, 256, 32768, 65534, 65535] {
        assert!(rig.hears(&format!("ACK {stray}")).is_empty(), "{stray}");
        assert_eq!(rig.patience(), wait);
    }
    assert_eq!(rig.hears("ACK 3"), ["DATA 4 d*512"]);
}

/// RFC 1350 §4: an early ACK 0 after DATA 1, as clients send that take it for the answer to an OACK.
/// Clauses: 1350-5 first-ack-only.
#[test]
fn ack_0_after_data_1_changes_nothing() {
    let mut rig = server(letters(512, 5000));
    assert_eq!(rig.hears("RRQ f octet"), ["DATA 1 a*512"]);
    assert!(rig.hears("ACK 0").is_empty());
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);
}

/// RFC 2347 Negotiation Protocol: "an ACK (with the data block number set to 0) is sent by the client
/// to confirm the values in the server's OACK packet."
#[test]
fn data_follows_the_ack_of_the_oack() {
    let mut rig = server(letters(1432, 3000));
    assert_eq!(
        rig.hears("RRQ foofile octet blksize=1432"),
        ["OACK blksize=1432"]
    );
    // no other ACK confirms it
    for number in [1, 2, 65535] {
        assert!(rig.hears(&format!("ACK {number}")).is_empty());
    }
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 a*1432"]);
    assert!(rig.hears("ACK 0").is_empty());
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*1432"]);
    assert_eq!(rig.hears("ACK 2"), ["DATA 3 c*136"]);
    assert!(rig.hears("ACK 3").is_empty());
    assert_eq!(rig.told(), ["reads foofile", "complete 3000"]);
}

/// RFC 1350 §2: "If a packet gets lost in the network, the intended recipient will timeout and may
/// retransmit his last packet": the OACK too.
#[test]
fn the_oack_is_repeated() {
    let mut rig = server(letters(512, 600));
    assert_eq!(
        rig.hears("RRQ f octet tsize=0 blksize=600"),
        ["OACK blksize=600"]
    );
    let (wait, sent) = rig.times_out();
    assert_about(wait, secs(1));
    assert_eq!(sent, ["OACK blksize=600"]);
    assert_eq!(
        rig.hears("ACK 0"),
        ["DATA 1 \"".to_owned() + &"a".repeat(512) + &"b".repeat(88) + "\""]
    );
}

/// Block numbers have 16 bits; 0 follows 65535, or 1 where that is configured or negotiated.
#[test]
fn numbers_wrap() {
    let wrap = |request: &str, rollover: Rollover| {
        let mut config = ServerConfig::default();
        config.transfer.rollover = rollover;
        let mut rig = server_with(config, vec![b'x'; 8 * 65600]);
        rig.hears(request);
        rig.hears("ACK 0");
        for block in 1..65534 {
            assert_eq!(
                rig.hears(&format!("ACK {block}")),
                [format!("DATA {} x*8", block + 1)]
            );
        }
        let mut sent = Vec::new();
        let mut number = "65534".to_owned();
        for _ in 0..4 {
            let data = rig.hears(&format!("ACK {number}")).remove(0);
            number = data.split(' ').nth(1).unwrap().to_owned();
            sent.push(number.clone());
        }
        sent
    };
    let (zero, one) = (Rollover::Zero, Rollover::One);
    assert_eq!(
        wrap("RRQ f octet blksize=8", zero),
        ["65535", "0", "1", "2"]
    );
    assert_eq!(wrap("RRQ f octet blksize=8", one), ["65535", "1", "2", "3"]);
    assert_eq!(
        wrap("RRQ f octet blksize=8 rollover=1", zero),
        ["65535", "1", "2", "3"]
    );
    assert_eq!(
        wrap("RRQ f octet blksize=8 rollover=0", one),
        ["65535", "0", "1", "2"]
    );
}

/// RFC 1350 §7: "If a request can not be granted, or some error occurs during the transfer, then an
/// ERROR packet (opcode 5) is sent", once, and is neither acknowledged nor repeated.
/// Clauses: 1350-2 error-final.
#[test]
fn the_application_may_refuse_to_go_on() {
    let mut rig = server(letters(512, 5000));
    rig.hears("RRQ f octet");
    let id = rig.desk.ids[0];
    (rig.machine)
        .refuse(id, ErrorCode::ACCESS_VIOLATION, "no more")
        .unwrap();
    assert_eq!(rig.sends(), ["ERROR 2 \"no more\""]);
    assert_eq!(
        rig.told(),
        [
            "reads f",
            "failed: refused with error 2 (access violation): "
        ]
    );
    assert!(rig.hears("ERROR 5 \"\"").is_empty());
    assert!(rig.passes(secs(100)).is_empty());
    assert_eq!(
        rig.machine.refuse(id, ErrorCode::NOT_DEFINED, ""),
        Err(Misuse::NoSuchTransfer)
    );
}

/// RFC 1350 §2: an ERROR from the peer terminates the transfer and is not acknowledged.
#[test]
fn an_error_ends_the_transfer_in_silence() {
    for code in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 65535] {
        let mut rig = server(letters(512, 5000));
        rig.hears("RRQ f octet");
        rig.hears("ACK 1");
        assert!(rig.hears(&format!("ERROR {code} \"enough\"")).is_empty());
        let told = rig.told();
        assert!(
            told[1].starts_with(&format!("failed: error {code} (")),
            "{told:?}"
        );
        assert!(told[1].ends_with(": enough"), "{told:?}");
        assert_eq!(rig.machine.clients(), 0);
        assert!(rig.passes(secs(100)).is_empty());
    }
}

/// RFC 1350 §4: "An error packet should be sent to the source of the incorrect packet, while not
/// disturbing the transfer."
/// Clauses: 1350-2 wrong-port.
#[test]
fn a_wrong_tid_gets_error_5_and_disturbs_nothing() {
    let mut rig = server(letters(512, 5000));
    rig.hears("RRQ f octet");
    let wait = rig.patience();
    for words in ["ACK 1", "DATA 1 \"x\"", "OACK blksize=8", "ACK 0"] {
        assert_eq!(
            rig.hears_from(STRANGER, words),
            [format!(
                "to {STRANGER:08x}: ERROR 5 \"unknown transfer ID\""
            )]
        );
    }
    // an ERROR is never answered
    assert!(rig.hears_from(STRANGER, "ERROR 5 \"\"").is_empty());
    // the port matters as much as the host
    assert_eq!(rig.hears_from(CLIENT + 1, "ACK 1").len(), 1);
    assert_eq!(rig.patience(), wait);
    assert_eq!(rig.told(), ["reads f"]);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);
}

/// The calls of the application: nothing is written and nothing changes where they are wrong.
#[test]
fn misuse_while_sending() {
    let mut rig = server(letters(512, 1000));
    rig.desk.reads = false;
    let mut buf = [0xee; 516];
    assert!(rig.hears("RRQ f octet").is_empty());
    assert_eq!(rig.told(), ["reads f", "read 0 512"]);
    let (id, now) = (rig.desk.ids[0], rig.now);
    let demux = &mut rig.machine;
    let untouched = |buf: &[u8]| buf.iter().all(|&octet| octet == 0xee);

    let too_long = demux.block(now, id, 0, &[1; 513], true, &mut buf);
    assert_eq!(too_long, Err(Misuse::BlockTooLong { max: 512 }));
    let too_short = demux.block(now, id, 0, &[1; 511], false, &mut buf);
    assert_eq!(too_short, Err(Misuse::BlockTooShort { max: 512 }));
    let no_room = demux.block(now, id, 0, &[1; 512], false, &mut buf[..515]);
    assert_eq!(no_room, Err(Misuse::BufferTooSmall { needed: 516 }));
    assert_eq!(demux.written(now, id), Err(Misuse::NothingToWrite));
    // an answer to a question that is not open
    assert_eq!(demux.block(now, id, 512, &[1; 512], false, &mut buf), Ok(0));
    assert!(untouched(&buf));
    assert_eq!(demux.poll_timeout(), None, "nothing was sent");

    let good = demux.block(now, id, 0, &[1; 512], false, &mut buf);
    assert_eq!(good, Ok(DATA_HEADER + 512));
    assert_eq!(buf[..5], [0, 3, 0, 1, 1]);
    // the same answer again
    buf.fill(0xee);
    assert_eq!(demux.block(now, id, 0, &[1; 512], false, &mut buf), Ok(0));
    assert!(untouched(&buf));
}

/// The source must give the same octets again: what is seen to have changed ends the transfer.
#[test]
fn a_source_that_changes_is_noticed() {
    // the file got shorter: the last block is another one than before
    let mut rig = server(letters(512, 1500));
    rig.hears("RRQ f octet");
    rig.hears("ACK 1");
    rig.desk.source.truncate(600);
    assert_eq!(rig.times_out().1, ["ERROR 0 \"file changed\""]);
    assert_eq!(
        rig.told(),
        ["reads f", "failed: source changed while it was sent: "]
    );
    // the last block is full now
    let mut rig = server(letters(512, 600));
    rig.hears("RRQ f octet");
    rig.hears("ACK 1");
    rig.desk.source = letters(512, 5000);
    assert_eq!(rig.times_out().1, ["ERROR 0 \"file changed\""]);
    // growth before the last block was sent is no change that anybody could see
    let mut rig = server(letters(512, 1000));
    rig.hears("RRQ f octet");
    rig.desk.source = letters(512, 1100);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);
    assert_eq!(rig.hears("ACK 2"), ["DATA 3 c*76"]);
}

/// A slow source: no timer runs while the application reads, and the answer to a question that was
/// overtaken is not sent.
#[test]
fn a_slow_source_is_waited_for() {
    let mut rig = server(letters(512, 5000));
    rig.desk.reads = false;
    rig.hears("RRQ f octet");
    assert_eq!(rig.patience(), None);
    assert!(rig.passes(secs(60)).is_empty());
    let (id, mut buf) = (rig.desk.ids[0], [0; 516]);
    let octets = rig.desk.read(0, 512).0.to_vec();
    let sent = rig.machine.block(rig.now, id, 0, &octets, false, &mut buf);
    assert_eq!(sent, Ok(516));
    assert_about(rig.patience().unwrap(), secs(1));
    assert_eq!(rig.told(), ["reads f", "read 0 512"]);
    // asked again for the repetition, which the ACK overtakes
    assert!(rig.times_out().1.is_empty());
    assert_eq!(rig.told(), ["read 0 512"]);
    assert!(rig.hears("ACK 1").is_empty());
    assert_eq!(rig.told(), ["read 512 512"]);
    let late = rig.machine.block(rig.now, id, 0, &octets, false, &mut buf);
    assert_eq!(late, Ok(0));
}
