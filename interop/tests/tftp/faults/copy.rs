//! Faults of clients: our client, and a server that the test plays.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use wirelore_interop::{Ended, Peer, content};

use crate::LIMIT;
use crate::ours::Ours;
use crate::wire::{Raw, ack, data, error, error_of, oack, rrq, wrq};

/// Our client with a request on its way.
struct Asked {
    client: Peer,
    server: Raw,
    ours: Ours<'static>,
    place: PathBuf,
    request: Vec<u8>,
}

/// What it asks for by default.
const OPTIONS: [(&str, &str); 3] = [("blksize", "1428"), ("windowsize", "16"), ("tsize", "0")];

impl Asked {
    /// To read the file `f`.
    #[track_caller]
    fn get(options: &[&str]) -> Self {
        Self::begin(options, |ours| (ours.url("f").into(), ours.place().into()))
    }

    /// To write `content` as `f`.
    #[track_caller]
    fn put(content: &[u8], options: &[&str]) -> Self {
        Self::begin(options, |ours| {
            fs::write(ours.place(), content).unwrap();
            (ours.kept().into(), ours.url("f").into())
        })
    }

    #[track_caller]
    fn begin(options: &[&str], places: impl FnOnce(&Ours<'_>) -> (OsString, OsString)) -> Self {
        let mut server = Raw::new();
        let ours = Ours::new(&server.address().to_string());
        let (from, to) = places(&ours);
        // nothing is asked twice of its own accord
        let patience = ["--timeout", "60s"];
        let options = [&patience[..], options].concat();
        let client = Peer::start(&mut ours.command(from, to, &options));
        let request = server.hear();
        let place = ours.kept();
        Self { client, server, ours, place, request }
    }

    #[track_caller]
    fn ends(self, code: i32) -> Ended {
        let ended = self.client.wait(LIMIT).expect_code(code);
        if code != 0 {
            assert_eq!(self.ours.names(), [""; 0], "{ended}");
        }
        ended
    }
}

/// What is asked for, in one datagram.
#[test]
fn a_request_is_as_the_rfcs_have_it() {
    let asked = Asked::get(&[]);
    assert_eq!(asked.request, rrq("f", "octet", &OPTIONS));
    let asked = Asked::get(&["--no-options", "--mode", "netascii"]);
    assert_eq!(asked.request, rrq("f", "netascii", &[]));
    let asked = Asked::put(b"four", &["--windowsize", "1"]);
    assert_eq!(asked.request, wrq("f", "octet", &[("blksize", "1428"), ("tsize", "4")]));
}

/// rs-tftpd#54, tftp.net#24: when a server refuses options with an ERROR, ask again without.
#[test]
fn refused_options_are_left_out() {
    for code in [8, 4, 0] {
        let mut asked = Asked::get(&[]);
        asked.server.say(&error(code, "no options here"));
        assert_eq!(asked.server.hear(), rrq("f", "octet", &[]), "ERROR {code}");
        assert_eq!(asked.server.ask(&data(1, &content(512))), ack(1));
        assert_eq!(asked.server.ask(&data(2, b"")), ack(2));
        let place = asked.place.clone();
        let client = asked.client.wait(LIMIT).expect_success();
        assert_eq!(fs::read(place).unwrap(), content(512), "{client}");
    }
}

/// Other errors are the answer, and not asked about again.
#[test]
fn an_error_is_an_answer() {
    for (code, exit) in [(1, 68), (2, 69), (3, 70), (5, 72), (6, 73), (7, 74)] {
        let asked = Asked::get(&[]);
        asked.server.say(&error(code, "so it is"));
        let ended = asked.ends(exit);
        assert!(ended.stderr().contains("so it is"), "{ended}");
    }
}

/// What a server says is shown, but it cannot command the terminal.
#[test]
fn the_text_of_an_error_is_escaped() {
    let asked = Asked::get(&[]);
    asked.server.say(&error(1, "\x1b[2Jgone\r\nwirelore: all is well"));
    let ended = asked.ends(68);
    assert!(ended.stderr().contains(r"\x1b[2Jgone\r\nwirelore"), "{ended}");
    assert!(!ended.stderr().contains('\x1b'), "{ended}");
}

/// curl (CVE-2019-5436, -5482), and clients that believe whatever an OACK says: what was not asked
/// for, and what is larger than that, is refused with ERROR 8.
#[test]
fn an_oack_out_of_bounds_is_refused() {
    for granted in [
        ("blksize", "65464"),
        ("blksize", "1429"),
        ("blksize", "7"),
        ("blksize", "abc"),
        ("windowsize", "17"),
        ("windowsize", "0"),
        ("timeout", "3"),
        ("multicast", "224.0.0.1,1758,1"),
    ] {
        let mut asked = Asked::get(&[]);
        let answer = asked.server.ask(&oack(&[granted]));
        assert_eq!(error_of(&answer).0, 8, "{granted:?}");
        asked.ends(71);
    }
}

/// Less than was asked for is fine; an option that is left out has its default.
#[test]
fn an_oack_may_grant_less() {
    for (granted, blksize) in [
        (&[("blksize", "100")][..], 100),
        (&[("blksize", "8"), ("windowsize", "1")], 8),
        (&[("tsize", "0")], 512),
        (&[("BLKSIZE", "1428")], 1428),
    ] {
        let mut asked = Asked::get(&[]);
        assert_eq!(asked.server.ask(&oack(granted)), ack(0));
        assert_eq!(asked.server.ask(&data(1, &content(blksize))), ack(1), "{granted:?}");
        assert_eq!(asked.server.ask(&data(2, b"end")), ack(2), "{granted:?}");
        let place = asked.place.clone();
        asked.client.wait(LIMIT).expect_success();
        assert_eq!(fs::read(place).unwrap(), [&content(blksize)[..], b"end"].concat());
    }
}

/// A block that is longer than agreed on is refused with ERROR 4, not cut and not believed.
#[test]
fn a_block_that_is_too_long_is_refused() {
    let mut asked = Asked::get(&[]);
    assert_eq!(asked.server.ask(&oack(&[("blksize", "100")])), ack(0));
    assert_eq!(error_of(&asked.server.ask(&data(1, &content(101)))).0, 4);
    asked.ends(71);
}

/// litex#1424 from the other side: after the OACK to a WRQ comes DATA 1; and after ACK 0, which grants
/// no options, blocks of 512.
#[test]
fn an_upload_begins_with_data() {
    for (answer, blksize) in [
        (oack(&[("blksize", "100")]), 100),
        (oack(&[("blksize", "100"), ("windowsize", "1"), ("tsize", "600")]), 100),
        (ack(0), 512),
    ] {
        let content = content(600);
        let mut asked = Asked::put(&content, &[]);
        let mut answer = answer;
        for (number, block) in (1..).zip(content.chunks(blksize).chain([&[][..]])) {
            assert_eq!(asked.server.ask(&answer), data(number, block));
            answer = ack(number);
            if block.len() < blksize {
                break;
            }
        }
        asked.server.say(&answer);
        asked.client.wait(LIMIT).expect_success();
    }
}

/// RFC 1350 section 4: a packet from another port gets ERROR 5, and the transfer goes on.
#[test]
fn strangers_get_error_5() {
    let mut asked = Asked::get(&["--windowsize", "1"]);
    assert_eq!(asked.server.ask(&oack(&[("blksize", "8")])), ack(0));
    let mut stranger = Raw::new();
    for packet in [data(1, b"not this"), oack(&[("blksize", "8")])] {
        stranger.send_to(&packet, asked.server.peer());
        assert_eq!(error_of(&stranger.hear()).0, 5);
    }
    stranger.say(&error(0, "end"));
    assert_eq!(asked.server.ask(&data(1, b"but this")), ack(1));
    assert_eq!(asked.server.ask(&data(2, b".")), ack(2));
    let place = asked.place.clone();
    asked.client.wait(LIMIT).expect_success();
    assert_eq!(fs::read(place).unwrap(), b"but this.");
    assert!(stranger.waiting().is_empty(), "an ERROR was answered");
}

/// A server answers from a port of its own, as RFC 1350 has it, and everything else goes there.
#[test]
fn the_transfer_goes_on_where_the_answer_came_from() {
    let asked = Asked::get(&["--no-options"]);
    let mut transfer = Raw::new();
    transfer.send_to(&data(1, &content(512)), asked.server.peer());
    assert_eq!(transfer.hear(), ack(1));
    assert_eq!(transfer.ask(&data(2, b"")), ack(2));
    asked.client.wait(LIMIT).expect_success();
    assert!(asked.server.waiting().is_empty());
}

/// With windows: a gap is said once, by an ACK of what came before it (RFC 7440).
#[test]
fn a_gap_in_a_window_is_said_once() {
    let mut asked = Asked::get(&["--windowsize", "4", "--blksize", "8"]);
    assert_eq!(asked.server.ask(&oack(&[("blksize", "8"), ("windowsize", "4")])), ack(0));
    let block = |number: u16| data(number, &content(80)[8 * usize::from(number) - 8..][..8]);
    asked.server.say(&block(1));
    assert_eq!(asked.server.ask(&block(3)), ack(1));
    // more of what follows the gap says nothing new
    asked.server.say(&block(4));
    for number in [2, 3, 4] {
        asked.server.say(&block(number));
    }
    assert_eq!(asked.server.ask(&block(5)), ack(5));
    assert_eq!(asked.server.ask(&data(6, b"")), ack(6));
    let place = asked.place.clone();
    asked.client.wait(LIMIT).expect_success();
    assert_eq!(fs::read(place).unwrap(), content(40));
}

/// The Sorcerer's Apprentice, from the side that has the file.
#[test]
fn repeated_acks_are_not_answered_in_lockstep() {
    let content = content(1300);
    let mut asked = Asked::put(&content, &["--no-options"]);
    assert_eq!(asked.server.ask(&ack(0)), data(1, &content[..512]));
    for number in [0, 0, 7, 2, 65535] {
        asked.server.say(&ack(number));
    }
    assert_eq!(asked.server.ask(&ack(1)), data(2, &content[512..1024]));
    for _ in 0..3 {
        asked.server.say(&ack(1));
    }
    assert_eq!(asked.server.ask(&ack(2)), data(3, &content[1024..]));
    asked.server.say(&ack(3));
    asked.client.wait(LIMIT).expect_success();
    assert!(asked.server.waiting().is_empty());
}

/// `--dally`: the last ACK is repeated when the last block comes again, as RFC 1350 section 6
/// encourages; the file has its name by then.
#[test]
fn the_last_ack_is_repeated() {
    let mut asked = Asked::get(&["--no-options", "--dally", "1h"]);
    assert_eq!(asked.server.ask(&data(1, b"all")), ack(1));
    for _ in 0..3 {
        assert_eq!(asked.server.ask(&data(1, b"all")), ack(1));
    }
    assert_eq!(fs::read(&asked.place).unwrap(), b"all");
}

/// tftp.net#6, Indy#242, otp#965: after block 65535 comes 0 with most servers, and 1 with some, whose
/// files are damaged silently elsewhere. Here `--rollover 1` says so.
#[test]
fn blocks_may_roll_over_to_1() {
    for (rollover, octets) in [("0", 8 * 65_540 + 3), ("1", 8 * 65_540 + 3)] {
        let options = ["--rollover", rollover, "--blksize", "8", "--windowsize", "65"];
        let mut asked = Asked::get(&options);
        let content = content(octets);
        let size = octets.to_string();
        let granted = [("blksize", "8"), ("windowsize", "65"), ("tsize", &*size)];
        assert_eq!(asked.server.ask(&oack(&granted)), ack(0));
        let mut number = 0_u16;
        for window in content.chunks(8 * 65) {
            for block in window.chunks(8) {
                number = match (number, rollover) {
                    (u16::MAX, "1") => 1,
                    (number, _) => number.wrapping_add(1),
                };
                asked.server.say(&data(number, block));
            }
            assert_eq!(asked.server.hear(), ack(number));
        }
        let place = asked.place.clone();
        asked.client.wait(LIMIT).expect_success();
        assert_eq!(fs::read(place).unwrap(), content);
    }
}
