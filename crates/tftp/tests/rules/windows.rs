//! Windows: RFC 7440.

use crate::rig::{CLIENT, Rig, SERVER, Server, TID, assert_about, letters, millis, secs};
use wirelore_tftp::{Client, ClientConfig, Demux, Mode, ServerConfig, Slot};

fn server(source: Vec<u8>) -> Rig<Server> {
    let demux = Demux::new(ServerConfig::default(), vec![Slot::default()]);
    Rig::new(demux, source, CLIENT)
}

/// A server that has sent the first window of 4 blocks of 8 octets.
fn sending() -> (Rig<Server>, Vec<String>) {
    let mut rig = server(letters(8, 8 * 100));
    assert_eq!(
        rig.hears("RRQ f octet blksize=8 windowsize=4"),
        ["OACK blksize=8 windowsize=4"]
    );
    let sent = rig.hears("ACK 0");
    (rig, sent)
}

/// A client that gets a file in windows of 4 blocks of 8 octets.
fn receiving() -> Rig<Client<'static, u32>> {
    let mut config = ClientConfig::plain();
    config.blksize = Some(8);
    config.windowsize = Some(4);
    let client = Client::get(SERVER, b"f", Mode::Octet, config).unwrap();
    let mut rig = Rig::new(client, Vec::new(), TID);
    rig.sends();
    assert_eq!(rig.hears("OACK blksize=8 windowsize=4"), ["ACK 0"]);
    rig.told();
    rig
}

/// DATA packets of these blocks.
fn data(blocks: impl IntoIterator<Item = u8>) -> Vec<String> {
    let letter = |block: u8| char::from(b'a' + (block - 1) % 26);
    (blocks.into_iter())
        .map(|block| format!("DATA {block} {}*8", letter(block)))
        .collect()
}

/// Packets of these blocks come in; what is sent in answer.
fn hears_blocks(
    rig: &mut Rig<Client<'static, u32>>,
    blocks: impl IntoIterator<Item = u8>,
) -> Vec<String> {
    data(blocks)
        .iter()
        .flat_map(|packet| rig.hears(packet))
        .collect()
}

/// RFC 7440 §4 MUST: "The DSND MUST cyclically send to the DRCV the agreed windowsize consecutive data
/// blocks before normally stopping and waiting for the ACK of the transferred window."
#[test]
fn a_window_is_sent_at_once_and_then_its_ack_awaited() {
    let (mut rig, sent) = sending();
    assert_eq!(sent, data(1..=4));
    assert_eq!(rig.hears("ACK 4"), data(5..=8));
    assert_eq!(rig.hears("ACK 8"), data(9..=12));
}

/// RFC 7440 §4 MUST: "The DRCV MUST send to the DSND the ACK of the last data block of the window in
/// order to confirm a successful data block window reception."
#[test]
fn a_window_is_acknowledged_by_its_last_block() {
    let mut rig = receiving();
    assert!(hears_blocks(&mut rig, 1..=3).is_empty());
    assert_eq!(hears_blocks(&mut rig, [4]), ["ACK 4"]);
    assert!(hears_blocks(&mut rig, 5..=7).is_empty());
    assert_eq!(hears_blocks(&mut rig, [8]), ["ACK 8"]);
    assert_eq!(rig.desk.received, letters(8, 64));
}

/// RFC 7440 §3: "The reception of a data window with a number of blocks less than the negotiated
/// windowsize is the final window."
#[test]
fn the_final_window_may_be_short() {
    let mut rig = receiving();
    hears_blocks(&mut rig, 1..=5);
    assert_eq!(rig.hears("DATA 6 f*7"), ["ACK 6"]);
    assert_eq!(rig.told().last().unwrap(), "complete 47");

    let mut rig = server(letters(8, 47));
    rig.hears("RRQ f octet blksize=8 windowsize=4");
    assert_eq!(rig.hears("ACK 0"), data(1..=4));
    assert_eq!(
        rig.hears("ACK 4"),
        [&data([5])[..], &["DATA 6 f*7".into()]].concat()
    );
    assert!(rig.hears("ACK 6").is_empty());
    assert_eq!(rig.told().last().unwrap(), "complete 47");
}

/// RFC 7440 §3: "If the windowsize is greater than the amount of data to be transferred, the first
/// window is the final window."
#[test]
fn the_first_window_may_be_the_final_one() {
    let mut rig = server(letters(8, 16));
    rig.hears("RRQ f octet blksize=8 windowsize=64");
    let mut sent = data(1..=2);
    sent.push("DATA 3 \"\"".into());
    assert_eq!(rig.hears("ACK 0"), sent);
    assert!(rig.hears("ACK 3").is_empty());
    assert_eq!(rig.told().last().unwrap(), "complete 16");
}

/// RFC 7440 §4, the diagram, line by line, seen by the data sender; n is 4.
#[test]
fn the_diagram_of_section_4_data_sender() {
    let (mut rig, _) = sending();
    assert_eq!(rig.hears("ACK 4"), data(5..=8));
    // the diagram's n+01 to n+04
    assert_eq!(rig.hears("ACK 8"), data(9..=12));
    // n+06 was lost, and n+07 told the receiver so; n+08 had been sent when its ACK came
    assert_eq!(rig.hears("ACK 9"), data(10..=13));
    assert_eq!(rig.hears("ACK 13"), data(14..=17));
    // ACK n+10 is lost: the last received ACK sets the beginning of the next window
    assert_eq!(rig.times_out().1, data(14..=17));
    assert_eq!(rig.hears("ACK 17"), data(18..=21));
}

/// The same with a source so slow that the ACK of n+05 comes while n+07 is the last block sent, as
/// printed.
/// Clauses: 7440-4 diagram-sender.
#[test]
fn the_diagram_of_section_4_as_printed() {
    let (mut rig, _) = sending();
    rig.desk.reads = false;
    assert!(rig.hears("ACK 4").is_empty());
    let (id, mut buf) = (rig.desk.ids[0], [0; 12]);
    let mut block = |rig: &mut Rig<Server>| {
        let (offset, max) = rig.desk.questions.pop_back().unwrap();
        let (octets, last) = rig.desk.read(offset, max);
        let octets = octets.to_vec();
        let sent = rig
            .machine
            .block(rig.now, id, offset, &octets, last, &mut buf);
        assert_eq!(sent, Ok(12));
        assert!(rig.sends().is_empty());
        u16::from_be_bytes([buf[2], buf[3]])
    };
    let n = 4;
    let sent: Vec<u16> = (0..3).map(|_| block(&mut rig)).collect();
    assert_eq!(sent, [n + 1, n + 2, n + 3]);
    // n+2 got lost (the diagram's n+06): ACK of the block before it
    assert!(rig.hears("ACK 5").is_empty());
    let sent: Vec<u16> = (0..4).map(|_| block(&mut rig)).collect();
    assert_eq!(sent, [n + 2, n + 3, n + 4, n + 5]);
    assert!(rig.desk.questions.is_empty() || rig.told().len() > 4);
    // ACK n+5 comes, n+6 .. n+9 go out, their ACK is lost, they go out again
    assert!(rig.hears("ACK 9").is_empty());
    let sent: Vec<u16> = (0..4).map(|_| block(&mut rig)).collect();
    assert_eq!(sent, [n + 6, n + 7, n + 8, n + 9]);
    rig.times_out();
    let sent: Vec<u16> = (0..4).map(|_| block(&mut rig)).collect();
    assert_eq!(sent, [n + 6, n + 7, n + 8, n + 9]);
}

/// RFC 7440 §4, the diagram, line by line, seen by the data receiver; n is 4.
#[test]
fn the_diagram_of_section_4_data_receiver() {
    for timeout in [millis(100), secs(1), secs(5)] {
        let mut rig = receiving();
        hears_blocks(&mut rig, 1..=4);
        assert!(hears_blocks(&mut rig, 5..=7).is_empty());
        assert_eq!(hears_blocks(&mut rig, [8]), ["ACK 8"]);
        // n+05 comes, n+06 does not, n+07 does
        assert!(hears_blocks(&mut rig, [9]).is_empty());
        assert_eq!(hears_blocks(&mut rig, [11]), ["ACK 9"]);
        assert!(hears_blocks(&mut rig, 10..=12).is_empty());
        assert_eq!(hears_blocks(&mut rig, [13]), ["ACK 13"]);
        // n+10 comes, n+11 does not, n+12 does; the ACK gets lost
        assert!(hears_blocks(&mut rig, [14]).is_empty());
        assert_eq!(hears_blocks(&mut rig, [16]), ["ACK 14"]);
        assert!(hears_blocks(&mut rig, [17]).is_empty());
        // the sender times out and sends n+10 to n+13; ACK n+13
        rig.now = rig.now + timeout;
        assert!(hears_blocks(&mut rig, 14..=16).is_empty(), "{timeout:?}");
        assert_eq!(hears_blocks(&mut rig, [17]), ["ACK 17"], "{timeout:?}");
        assert_eq!(rig.desk.received, letters(8, 8 * 17));
    }
}

/// RFC 7440 §4 SHOULD: "In the case of a data block sequence error, the DRCV SHOULD notify the DSND by
/// sending an ACK corresponding to the last data block correctly received." Once per gap.
#[test]
fn a_gap_is_reported_once() {
    let mut rig = receiving();
    assert!(hears_blocks(&mut rig, [1]).is_empty());
    assert_eq!(hears_blocks(&mut rig, [3]), ["ACK 1"]);
    assert!(hears_blocks(&mut rig, [4]).is_empty());
    assert!(hears_blocks(&mut rig, [4, 3, 4]).is_empty());
    assert_eq!(rig.desk.received, letters(8, 8));
    // the window after block 1: four blocks from block 2 on
    assert!(hears_blocks(&mut rig, 2..=4).is_empty());
    assert_eq!(hears_blocks(&mut rig, [5]), ["ACK 5"]);

    // the first block of a window is lost
    assert_eq!(hears_blocks(&mut rig, [7]), ["ACK 5"]);
    assert!(hears_blocks(&mut rig, [8, 9]).is_empty());
    assert!(hears_blocks(&mut rig, [6, 7, 8]).is_empty());
    assert!(
        hears_blocks(&mut rig, [20]).is_empty(),
        "beyond every window"
    );
    assert_eq!(hears_blocks(&mut rig, [9]), ["ACK 9"]);
}

/// A second gap in one window is reported too.
/// Clauses: 7440-4 gap-report.
#[test]
fn every_gap_of_a_window_is_reported() {
    let mut rig = receiving();
    assert!(hears_blocks(&mut rig, [1]).is_empty());
    assert_eq!(hears_blocks(&mut rig, [3]), ["ACK 1"]);
    assert!(hears_blocks(&mut rig, [2]).is_empty());
    assert_eq!(hears_blocks(&mut rig, [4]), ["ACK 2"]);
}

/// The first window may have lost its first block: ACK 0 again.
#[test]
fn a_gap_before_the_first_block() {
    let mut rig = receiving();
    assert_eq!(hears_blocks(&mut rig, [2]), ["ACK 0"]);
    assert!(hears_blocks(&mut rig, [3, 4]).is_empty());
    assert!(hears_blocks(&mut rig, 1..=3).is_empty());
    assert_eq!(hears_blocks(&mut rig, [4]), ["ACK 4"]);
}

/// RFC 7440 §4 MUST: "The notified DSND SHOULD send a new data block window whose beginning MUST be set
/// based on the ACK received out of sequence."
/// Clauses: 1123-4.2.3.1 windows.
#[test]
fn an_ack_within_the_window_restarts_it() {
    for acked in 1..=3 {
        let (mut rig, _) = sending();
        let packet = format!("ACK {acked}");
        assert_eq!(rig.hears(&packet), data(acked + 1..=acked + 4));
        // once: a duplicate of the ACK changes nothing
        assert!(rig.hears(&packet).is_empty());
        assert!(rig.hears(&packet).is_empty());
    }
    // the first block of the window was lost: the ACK of the window before comes again
    let (mut rig, _) = sending();
    assert_eq!(rig.hears("ACK 4"), data(5..=8));
    assert_eq!(rig.hears("ACK 4"), data(5..=8));
    assert!(rig.hears("ACK 4").is_empty());
    assert_eq!(rig.hears("ACK 8"), data(9..=12));
    // and once more in this one
    assert_eq!(rig.hears("ACK 8"), data(9..=12));
    assert!(rig.hears("ACK 8").is_empty());
    // after a timeout the receiver may have lost the same again
    assert_eq!(rig.times_out().1, data(9..=12));
    assert_eq!(rig.hears("ACK 8"), data(9..=12));
}

/// RFC 7440 §4: "In the case of an expected ACK not timely reaching the DSND (timeout), the last
/// received ACK SHALL set the beginning of the next windowsize data block window to be sent."
#[test]
fn a_timeout_restarts_the_window_at_the_last_ack() {
    let (mut rig, _) = sending();
    let (wait, sent) = rig.times_out();
    assert_about(wait, millis(250));
    assert_eq!(sent, data(1..=4));
    assert_eq!(rig.hears("ACK 2"), data(3..=6));
    assert_eq!(rig.times_out().1, data(3..=6));
}

/// An ACK outside the window changes nothing.
#[test]
fn an_ack_outside_the_window_changes_nothing() {
    let (mut rig, _) = sending();
    assert_eq!(rig.hears("ACK 4"), data(5..=8));
    let wait = rig.patience();
    for stray in [0, 1, 2, 3, 9, 10, 100, 32768, 65535] {
        assert!(rig.hears(&format!("ACK {stray}")).is_empty(), "{stray}");
        assert_eq!(rig.patience(), wait);
    }
    assert_eq!(rig.hears("ACK 8"), data(9..=12));
}

/// RFC 7440 §4 MUST: "Traffic with windowsize = 1 MUST be equivalent to traffic specified by
/// [RFC1350]."
#[test]
fn a_window_of_one_block_is_lockstep() {
    let plain = |request: &str| {
        let mut rig = server(letters(512, 3000));
        let mut packets = vec![];
        if request.contains("windowsize") {
            assert_eq!(rig.hears(request), ["OACK windowsize=1"]);
            packets.extend(rig.hears("ACK 0"));
        } else {
            packets.extend(rig.hears(request));
        }
        // in order, duplicated, stale, from the future, and after a timeout
        for words in [
            "ACK 1", "ACK 1", "ACK 0", "ACK 2", "ACK 4", "ACK 1", "ACK 3",
        ] {
            packets.push(words.into());
            packets.extend(rig.hears(words));
        }
        packets.extend(rig.times_out().1);
        packets.extend(rig.hears("ACK 3"));
        packets.extend(rig.hears("ACK 4"));
        packets
    };
    assert_eq!(plain("RRQ f octet"), plain("RRQ f octet windowsize=1"));

    let receive = |request: &str| {
        let mut rig = server(Vec::new());
        let first = rig.hears(request);
        assert_eq!(first.len(), 1);
        let mut packets = vec![];
        for block in [1, 1, 2, 4, 3, 1, 2, 3, 0, 65535, 4] {
            packets.push(rig.hears(&format!("DATA {block} x*512")));
        }
        packets.push(rig.hears("DATA 5 x*1"));
        packets.push(rig.hears("DATA 5 x*1"));
        (packets, rig.desk.received)
    };
    assert_eq!(receive("WRQ f octet"), receive("WRQ f octet windowsize=1"));
}

/// A lost ACK brings the whole window again: one answer is enough.
#[test]
fn a_repeated_window_is_acknowledged_once() {
    let mut rig = receiving();
    assert_eq!(hears_blocks(&mut rig, 1..=4), ["ACK 4"]);
    rig.now = rig.now + secs(1);
    assert_eq!(hears_blocks(&mut rig, 1..=4), ["ACK 4"]);
    rig.now = rig.now + secs(2);
    assert_eq!(hears_blocks(&mut rig, 1..=4), ["ACK 4"]);
    assert_eq!(hears_blocks(&mut rig, 5..=8), ["ACK 8"]);
    assert_eq!(rig.desk.received, letters(8, 64));
}

/// The last window likewise; its last block alone is enough.
#[test]
fn a_repeated_last_block_is_acknowledged() {
    let mut rig = receiving();
    assert_eq!(hears_blocks(&mut rig, 1..=4), ["ACK 4"]);
    assert!(hears_blocks(&mut rig, [5]).is_empty());
    assert_eq!(rig.hears("DATA 6 f*3"), ["ACK 6"]);
    rig.now = rig.now + secs(1);
    assert_eq!(rig.hears("DATA 6 f*3"), ["ACK 6"]);
    let mut again = hears_blocks(&mut rig, [5]);
    again.extend(rig.hears("DATA 6 f*3"));
    assert_eq!(again, ["ACK 6"]);
}

/// The receiver repeats its ACK when the rest of a window does not come.
#[test]
fn the_receiver_asks_for_the_rest_of_a_window() {
    let mut rig = receiving();
    assert!(hears_blocks(&mut rig, 1..=2).is_empty());
    let (_, sent) = rig.times_out();
    assert_eq!(sent, ["ACK 2"]);
    // what it asks for is a new window
    assert!(hears_blocks(&mut rig, 3..=5).is_empty());
    assert_eq!(hears_blocks(&mut rig, [6]), ["ACK 6"]);
}

/// RFC 7440 §3 MUST: "The client MUST then either use the size specified in the OACK": windows of 2 where
/// 4 were asked for.
#[test]
fn the_client_uses_the_window_that_was_granted() {
    let mut config = ClientConfig::plain();
    config.windowsize = Some(4);
    let client = Client::put(SERVER, b"f", Mode::Octet, None, config).unwrap();
    let mut rig = Rig::new(client, letters(512, 5000), TID);
    rig.sends();
    assert_eq!(
        rig.hears("OACK windowsize=2"),
        ["DATA 1 a*512", "DATA 2 b*512"]
    );
    assert_eq!(rig.hears("ACK 2"), ["DATA 3 c*512", "DATA 4 d*512"]);

    let client = Client::get(SERVER, b"f", Mode::Octet, config).unwrap();
    let mut rig = Rig::new(client, Vec::new(), TID);
    rig.sends();
    assert_eq!(rig.hears("OACK windowsize=2"), ["ACK 0"]);
    assert!(rig.hears("DATA 1 a*512").is_empty());
    assert_eq!(rig.hears("DATA 2 b*512"), ["ACK 2"]);
    // not acknowledged means not used
    let client = Client::put(SERVER, b"f", Mode::Octet, None, config).unwrap();
    let mut rig = Rig::new(client, letters(512, 5000), TID);
    rig.sends();
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 a*512"]);
}

/// Numbers wrap within a window, either way.
#[test]
fn a_window_goes_over_the_wrap() {
    for (rollover, numbers, next) in [(0, "65535 0 1 2", "3"), (1, "65535 1 2 3", "4")] {
        let mut rig = server(vec![b'x'; 8 * 65600]);
        rig.hears(&format!(
            "RRQ f octet blksize=8 windowsize=4 rollover={rollover}"
        ));
        rig.hears("ACK 0");
        for block in (4..=65532).step_by(4) {
            assert_eq!(rig.hears(&format!("ACK {block}")).len(), 4);
        }
        let in_numbers = |sent: Vec<String>| {
            let number = |packet: &String| packet.split(' ').nth(1).unwrap().to_owned();
            sent.iter().map(number).collect::<Vec<_>>().join(" ")
        };
        // blocks 65533 to 65536 are under way
        let all = in_numbers(rig.hears("ACK 65534"));
        assert_eq!(
            all,
            format!("65535 {}", &numbers[6..numbers.len()]),
            "{rollover}"
        );
        let last = numbers.rsplit(' ').next().unwrap();
        let sent = in_numbers(rig.hears(&format!("ACK {last}")));
        assert!(sent.starts_with(&format!("{next} ")), "{sent}");
    }
}
