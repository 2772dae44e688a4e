//! Packets of a transfer that come twice, late, from elsewhere, or not at all. A transfer answers in
//! the order in which it hears: when the next block is the answer to what was sent last, nothing
//! before it was answered.

use std::fs;

use wirelore_interop::{content, wait_until};

use super::{PATIENCE, patient};
use crate::LIMIT;
use crate::ours::Server;
use crate::wire::{Raw, ack, data, error, error_of, oack, rrq, shown, wrq};

/// Block `number` of the test's content.
fn block(number: u16) -> Vec<u8> {
    let start = 512 * (usize::from(number) - 1);
    data(number, &content(start + 512)[start..])
}

/// A download of 100 blocks, the first of which was heard.
#[track_caller]
fn begin(server: &Server, options: &[(&str, &str)]) -> Raw {
    server.folder.holds("f", &content(51_200));
    let options = [&[PATIENCE], options].concat();
    let mut client = Raw::asking(server.address, &rrq("f", "octet", &options));
    assert_eq!(client.hear()[..2], [0, 6]);
    assert_eq!(client.ask(&ack(0)), block(1));
    client
}

/// The Sorcerer's Apprentice (RFC 1123 section 4.2.3.1). atftpd and r-tftpd answer every repeated
/// ACK with another DATA.
#[test]
fn repeated_acks_are_not_answered_in_lockstep() {
    let server = patient(&[]);
    let mut client = begin(&server, &[]);
    for _ in 0..3 {
        client.say(&ack(0));
    }
    for _ in 0..3 {
        client.say(&ack(1));
    }
    assert_eq!(client.hear(), block(2));
    assert_eq!(client.ask(&ack(2)), block(3));
    assert_eq!(client.ask(&ack(3)), block(4));
}

/// atftpd goes on with block 8 when it hears ACK 7 after block 1: six blocks are lost and nobody
/// knows.
#[test]
fn an_ack_of_a_block_that_was_not_sent_has_no_effect() {
    let server = patient(&[]);
    let mut client = begin(&server, &[]);
    for number in [7, 2, 100, 65535, 32768] {
        client.say(&ack(number));
    }
    assert_eq!(client.ask(&ack(1)), block(2));
    let mut client = begin(&server, &[("windowsize", "2")]);
    assert_eq!(client.hear(), block(2));
    client.say(&ack(3));
    assert_eq!(client.ask(&ack(2)), block(3));
}

/// atftpd, async-tftp and r-tftpd ignore an ACK with octets after it.
#[test]
fn octets_after_an_ack_do_not_matter() {
    let server = patient(&[]);
    let mut client = begin(&server, &[]);
    assert_eq!(client.ask(&[&ack(1)[..], b"\0\0"].concat()), block(2));
    assert_eq!(client.ask(&[&ack(2)[..], &[0xff; 512]].concat()), block(3));
}

/// Of all, only dnsmasq answers a packet from an address that has no part in the transfer, as RFC
/// 1350 section 4 has it: ERROR 5, and the transfer goes on. An ERROR is never answered.
#[test]
fn strangers_get_error_5() {
    let server = patient(&["--upload", "create"]);
    let mut client = begin(&server, &[]);
    let mut stranger = Raw::new();
    for packet in [ack(1), data(1, b"x")] {
        stranger.send_to(&packet, client.peer());
        assert_eq!(error_of(&stranger.hear()).0, 5);
    }
    assert_eq!(stranger.peer(), client.peer());
    stranger.say(&error(0, "end"));
    assert_eq!(client.ask(&ack(1)), block(2));
    assert_eq!(client.ask(&ack(2)), block(3));
    assert!(stranger.waiting().is_empty(), "an ERROR was answered");
    // and into an upload they cannot write
    let mut client = Raw::asking(server.address, &wrq("up", "octet", &[PATIENCE]));
    client.hear();
    let mut stranger = Raw::new();
    stranger.send_to(&data(1, b"not mine"), client.peer());
    assert_eq!(error_of(&stranger.hear()).0, 5);
    assert_eq!(client.ask(&data(1, b"mine")), ack(1));
    assert_eq!(fs::read(server.folder.served("up")).unwrap(), b"mine");
}

/// All others make two transfers of a request that the network duplicated (two datagrams of each
/// block), or mix them up; only async-tftp makes one.
#[test]
fn a_repeated_request_makes_one_transfer() {
    let server = patient(&[]);
    server.folder.holds("f", &content(1200));
    let request = rrq("f", "octet", &[PATIENCE]);
    let mut client = Raw::asking(server.address, &request);
    for _ in 0..5 {
        client.send_to(&request, server.address);
    }
    assert_eq!(client.hear(), oack(&[PATIENCE]));
    let mut answer = ack(0);
    for number in 1..=3 {
        // `hear` sees to it that all of them come from one port
        let block = client.ask(&answer);
        assert_eq!(block[..4], data(number, b""));
        client.send_to(&request, server.address);
        // requests are heard in their order: when this one was answered, the others were heard
        let missing = Raw::asking(server.address, &rrq("missing", "octet", &[])).hear();
        assert_eq!(error_of(&missing).0, 1);
        answer = ack(number);
    }
    client.say(&answer);
    for _ in 0..3 {
        assert_eq!(server.transfer()["file"], "missing");
    }
    assert_eq!(server.transfer()["bytes"], 1200);
    let late: Vec<_> = client.waiting().iter().map(|datagram| shown(datagram)).collect();
    assert!(late.is_empty(), "{late:?}");
    assert_eq!(server.ends().len(), 4);
}

/// The same client, with another request from the same port: the first transfer is over, and the
/// client is not sent a mixture.
#[test]
fn another_request_from_the_same_port_ends_the_first() {
    let server = patient(&[]);
    server.folder.holds("f", &content(1200));
    server.folder.holds("g", b"g");
    let mut client = Raw::asking(server.address, &rrq("f", "octet", &[PATIENCE]));
    assert_eq!(client.hear(), oack(&[PATIENCE]));
    let first = client.peer();
    client.send_to(&rrq("g", "octet", &[]), server.address);
    let mut answers = Vec::new();
    for _ in 0..2 {
        client.forget();
        let answer = client.hear();
        answers.push((client.peer() == first, answer));
    }
    answers.sort();
    assert_eq!(answers[0], (false, data(1, b"g")));
    assert!(answers[1].0, "{answers:?}");
    assert_eq!(error_of(&answers[1].1).0, 0);
}

/// uftpd#44: a server that does not go back when an ACK says that the window had a gap. RFC 7440: it
/// MUST begin again after the block that was acknowledged; once for each gap.
#[test]
fn a_gap_in_a_window_is_filled_once() {
    let server = patient(&[]);
    let mut client = begin(&server, &[("windowsize", "4")]);
    for number in 2..=4 {
        assert_eq!(client.hear(), block(number));
    }
    // block 3 was lost
    client.say(&ack(2));
    for number in 3..=6 {
        assert_eq!(client.hear(), block(number));
    }
    // the ACK that was duplicated by the network says nothing new
    client.say(&ack(2));
    client.say(&ack(6));
    for number in 7..=10 {
        assert_eq!(client.hear(), block(number));
    }
}

/// tftpy#137: when the last ACK is lost, a client repeats its last block; a server that is gone by then
/// makes it report a failure although all is well. rs-tftpd and async-tftp are gone.
#[test]
fn the_last_ack_is_repeated() {
    let server = patient(&["--upload", "create"]);
    let mut client = Raw::asking(server.address, &wrq("up", "octet", &[]));
    assert_eq!(client.hear(), ack(0));
    assert_eq!(client.ask(&data(1, &content(512))), ack(1));
    assert_eq!(client.ask(&data(2, b"end")), ack(2));
    assert_eq!(server.transfer()["bytes"], 515);
    for _ in 0..2 {
        assert_eq!(client.ask(&data(2, b"end")), ack(2));
    }
    // what comes late is neither acknowledged nor written
    client.say(&data(1, b"late"));
    client.say(&data(3, b"more"));
    assert_eq!(client.ask(&data(2, b"end")), ack(2));
    assert_eq!(fs::metadata(server.folder.served("up")).unwrap().len(), 515);
    assert_eq!(server.ends().len(), 1);
}

/// A repeated DATA in the middle of an upload is acknowledged again, and written once.
#[test]
fn repeated_data_is_written_once() {
    let server = patient(&["--upload", "create"]);
    let mut client = Raw::asking(server.address, &wrq("up", "octet", &[PATIENCE]));
    assert_eq!(client.hear(), oack(&[PATIENCE]));
    for _ in 0..3 {
        assert_eq!(client.ask(&block(1)), ack(1));
    }
    assert_eq!(client.ask(&block(2)), ack(2));
    // an old one, and one that is not yet due
    client.say(&block(1));
    client.say(&block(7));
    assert_eq!(client.ask(&data(3, b"")), ack(3));
    assert_eq!(fs::read(server.folder.served("up")).unwrap(), content(1024));
}

/// curl (CVE-2019-5482) and others: a block that is larger than agreed on is not taken for a smaller
/// one: ERROR 4, and nothing is kept.
#[test]
fn a_block_that_is_too_long_ends_the_upload() {
    let server = patient(&["--upload", "create"]);
    let options = [("blksize", "16")];
    let mut client = Raw::asking(server.address, &wrq("up", "octet", &options));
    assert_eq!(client.hear(), oack(&options));
    assert_eq!(error_of(&client.ask(&data(1, &content(17)))).0, 4);
    assert_eq!(server.transfer()["ok"], false);
    wait_until("a tidy folder", LIMIT, || server.folder.names().is_empty().then_some(()));
}
