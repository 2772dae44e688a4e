//! The client: its request, whom it listens to, and how it ends.

use crate::rig::{CLIENT, Rig, SERVER, STRANGER, TID, assert_about, letters, millis, secs};
use wirelore_tftp::{
    Address, Client, ClientConfig, DatagramMachine, ErrorCode, Instant, Misuse, Mode,
};

type Rigged = Rig<Client<'static, u32>>;

fn get(config: ClientConfig) -> Rigged {
    let client = Client::get(SERVER, b"f", Mode::Octet, config).unwrap();
    Rig::new(client, Vec::new(), TID)
}

fn put(config: ClientConfig, source: Vec<u8>) -> Rigged {
    let size = Some(source.len() as u64);
    let client = Client::put(SERVER, b"f", Mode::Octet, size, config).unwrap();
    Rig::new(client, source, TID)
}

/// RFC 1350 appendix, "Initial Connection Protocol for reading a file": RRQ to the known port, DATA 1 from
/// a port that the server chose, and ACK to that port.
/// Clauses: 1350-4 tids-fixed.
#[test]
fn getting_a_file() {
    let mut rig = get(ClientConfig::plain());
    assert_eq!(rig.sends(), [format!("to {SERVER:08x}: RRQ f octet")]);
    assert_eq!(rig.machine.peer(), None);
    assert_eq!(rig.machine.parameters(), None);
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_eq!(rig.machine.peer(), Some(TID));
    assert_eq!(rig.machine.parameters().unwrap().blksize, 512);
    assert_eq!(rig.hears("DATA 2 b*20"), ["ACK 2"]);
    let mut told = rig.told();
    told.sort();
    assert_eq!(
        told,
        ["complete 532", "started", "write 0 512", "write 512 20"]
    );
    assert!(!rig.machine.is_over(), "it dallies");
    assert_eq!(rig.hears("DATA 2 b*20"), ["ACK 2"]);
    rig.passes(secs(4));
    assert!(rig.machine.is_over());
    assert_eq!(rig.desk.received, letters(512, 532));
}

/// RFC 1350 §4, the example of establishing a connection to write a file.
#[test]
fn putting_a_file() {
    let mut rig = put(ClientConfig::plain(), letters(512, 532));
    assert_eq!(rig.sends(), [format!("to {SERVER:08x}: WRQ f octet")]);
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 a*512"]);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*20"]);
    assert!(rig.hears("ACK 2").is_empty());
    assert_eq!(rig.told(), ["started", "complete 532"]);
    assert!(rig.machine.is_over());
    assert_eq!(rig.patience(), None);
}

/// RFC 2347 Examples, Read Request: the datagrams as printed.
#[test]
fn the_read_example_of_rfc_2347() {
    let mut config = ClientConfig::plain();
    config.blksize = Some(1432);
    let client = Client::get(TID, b"foofile", Mode::Octet, config).unwrap();
    let mut rig = Rig::new(client, Vec::new(), TID);
    assert_eq!(rig.sends(), ["RRQ foofile octet blksize=1432"]);
    assert_eq!(rig.hears("OACK blksize=1432"), ["ACK 0"]);
    assert_eq!(rig.hears("DATA 1 a*1432"), ["ACK 1"]);
    assert_eq!(rig.hears("DATA 2 b*1432"), ["ACK 2"]);
    assert_eq!(rig.hears("DATA 3 c*1431"), ["ACK 3"]);
    assert_eq!(rig.desk.received, letters(1432, 3 * 1432 - 1));
}

/// RFC 2347 Examples, Write Request: the datagrams as printed.
#[test]
fn the_write_example_of_rfc_2347() {
    let mut config = ClientConfig::plain();
    config.blksize = Some(2048);
    let client = Client::put(TID, b"barfile", Mode::Octet, None, config).unwrap();
    let mut rig = Rig::new(client, letters(2048, 3 * 2048 - 1), TID);
    assert_eq!(rig.sends(), ["WRQ barfile octet blksize=2048"]);
    assert_eq!(rig.hears("OACK blksize=2048"), ["DATA 1 a*2048"]);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*2048"]);
    assert_eq!(rig.hears("ACK 2"), ["DATA 3 c*2047"]);
    assert!(rig.hears("ACK 3").is_empty());
    assert_eq!(rig.told().last().unwrap(), "complete 6143");
}

/// RFC 1350 §4: "the hosts should make sure that the source TID matches the value that was agreed on in
/// steps 1 and 2." The example of that section: the request is duplicated, two answers come.
#[test]
fn the_second_answer_to_a_duplicated_request_is_rejected() {
    let second = TID + 1;
    let error = format!("to {second:08x}: ERROR 5 \"unknown transfer ID\"");
    let mut rig = put(ClientConfig::plain(), letters(512, 5000));
    rig.sends();
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 a*512"]);
    let wait = rig.patience();
    assert_eq!(rig.hears_from(second, "ACK 0"), [&error[..]]);
    assert_eq!(rig.hears_from(second, "ACK 1"), [&error[..]]);
    assert_eq!(rig.patience(), wait);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);

    let mut rig = get(ClientConfig::plain());
    rig.sends();
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_eq!(rig.hears_from(second, "DATA 1 a*512"), [&error[..]]);
    assert!(rig.hears_from(second, "ERROR 0 \"\"").is_empty());
    assert_eq!(rig.hears("DATA 2 b*1"), ["ACK 2"]);
    assert_eq!(rig.desk.received.len(), 513);
}

/// Before the server has answered, another host cannot answer in its place: it gets ERROR 5.
#[test]
fn only_the_server_s_host_may_answer() {
    let mut rig = get(ClientConfig::default());
    rig.sends();
    let wait = rig.patience();
    for words in ["DATA 1 \"evil\"", "OACK blksize=512", "ACK 0"] {
        assert_eq!(
            rig.hears_from(STRANGER, words),
            [format!(
                "to {STRANGER:08x}: ERROR 5 \"unknown transfer ID\""
            )]
        );
    }
    for words in ["ERROR 1 \"\"", "hex", "hex 00 09"] {
        assert!(rig.hears_from(STRANGER, words).is_empty());
    }
    assert_eq!(rig.patience(), wait);
    assert!(rig.told().is_empty());
    // any port of the right one may, also the one that was asked
    assert_eq!(
        rig.hears_from(SERVER, "OACK tsize=5"),
        [format!("to {SERVER:08x}: ACK 0")]
    );
}

/// What no answer can be is no answer: malformed packets, ACK for a get, DATA for a put, other numbers.
/// Clauses: 1350-2 malformed-first-answer.
#[test]
fn what_is_no_answer_is_dropped() {
    let junk = [
        "hex",
        "hex 00",
        "hex 00 00",
        "hex 00 07",
        "hex 00 03 00",
        "hex 00 04",
        "hex 00 05",
        "hex 00 06 41",
        "RRQ f octet",
        "WRQ f octet",
        "ACK 1",
        "DATA 2 \"x\"",
        "DATA 0 \"x\"",
    ];
    let mut rig = get(ClientConfig::default());
    rig.sends();
    let wait = rig.patience();
    for words in junk.into_iter().chain(["ACK 0"]) {
        assert!(rig.hears(words).is_empty(), "{words}");
    }
    assert_eq!(rig.patience(), wait);
    assert_eq!(rig.hears("DATA 1 \"x\""), ["ACK 1"]);

    let mut rig = put(ClientConfig::default(), letters(512, 5));
    rig.sends();
    for words in junk.into_iter().chain(["DATA 1 \"x\""]) {
        assert!(rig.hears(words).is_empty(), "{words}");
    }
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 a*5"]);
}

/// A lost request is repeated until the server answers, then the timeouts of the transfer begin.
#[test]
fn the_request_is_repeated() {
    let mut rig = get(ClientConfig::default());
    let request = rig.sends();
    assert_eq!(
        request,
        [format!("to {SERVER:08x}: RRQ f octet blksize=1428 tsize=0")]
    );
    for _ in 0..5 {
        assert_eq!(rig.times_out().1, request);
    }
    assert_eq!(rig.hears("OACK blksize=1428 tsize=4"), ["ACK 0"]);
    assert_eq!(rig.told(), ["started"]);
    // the server's OACK again: it missed our ACK 0
    assert!(
        rig.hears("OACK blksize=1428 tsize=4").is_empty(),
        "a duplicate in the network"
    );
    rig.now = rig.now + secs(7);
    assert_eq!(rig.hears("OACK blksize=1428 tsize=4"), ["ACK 0"]);
    assert_eq!(rig.hears("DATA 1 \"data\""), ["ACK 1"]);
    rig.now = rig.now + secs(1);
    assert!(
        rig.hears("OACK blksize=1428 tsize=4").is_empty(),
        "too late"
    );
}

/// The ACK 0 that answers an OACK is repeated when no DATA comes.
#[test]
fn ack_0_is_repeated() {
    let mut rig = get(ClientConfig::default());
    rig.sends();
    rig.now = rig.now + millis(100);
    assert_eq!(rig.hears("OACK blksize=1428"), ["ACK 0"]);
    let (wait, sent) = rig.times_out();
    assert_about(wait, millis(300));
    assert_eq!(sent, ["ACK 0"]);
    assert_eq!(rig.hears("DATA 1 \"data\""), ["ACK 1"]);
}

/// RFC 1350 §4: "If the reply is an error packet, then the request has been denied."
#[test]
fn a_denied_request() {
    for code in [1, 2, 3, 5, 6, 7, 9, 100] {
        let mut rig = get(ClientConfig::default());
        rig.sends();
        assert!(rig.hears(&format!("ERROR {code} \"no\"")).is_empty());
        let told = rig.told();
        assert_eq!(told.len(), 1);
        assert!(
            told[0].starts_with(&format!("failed: error {code} ")),
            "{told:?}"
        );
        assert!(told[0].ends_with(": no"));
        assert!(rig.machine.is_over());
        assert_eq!(rig.patience(), None);
    }
}

/// The application may give up at any time; the server hears of it when it has answered.
#[test]
fn giving_up() {
    let mut rig = get(ClientConfig::plain());
    rig.sends();
    rig.machine.refuse(ErrorCode::NOT_DEFINED, "stop");
    assert!(rig.sends().is_empty());
    assert_eq!(rig.told(), ["failed: refused with error 0 (not defined): "]);
    assert!(rig.machine.is_over());
    assert!(rig.hears("DATA 1 \"x\"").is_empty());

    let mut rig = get(ClientConfig::plain());
    rig.desk.writes = false;
    rig.sends();
    rig.hears("DATA 1 a*512");
    rig.machine.refuse(ErrorCode::DISK_FULL, "disk full");
    assert_eq!(rig.sends(), ["ERROR 3 \"disk full\""]);
    assert!(rig.machine.is_over());
    // nothing comes after it
    rig.machine.refuse(ErrorCode::DISK_FULL, "again");
    assert!(rig.hears("DATA 1 a*512").is_empty());
    assert!(rig.passes(secs(100)).is_empty());
}

/// What cannot be a request is refused where it is made.
#[test]
fn requests_that_cannot_be_made() {
    let make = |name: &'static [u8], mode| {
        let config = ClientConfig::default();
        let made = [
            Client::get(SERVER, name, mode, config).map(drop),
            Client::put(SERVER, name, mode, None, config).map(drop),
            Client::size(SERVER, name, mode, config).map(drop),
        ];
        assert!(made.windows(2).all(|pair| pair[0] == pair[1]));
        made[0]
    };
    let bad = Err(Misuse::BadRequest);
    assert_eq!(make(b"a\0b", Mode::Octet), bad);
    assert_eq!(make(b"f", Mode::Mail), bad);
    assert_eq!(make(b"f", Mode::Other), bad);
    assert_eq!(make(b"", Mode::Octet), Ok(()));
    assert_eq!(make(b"\xff\n", Mode::Netascii), Ok(()));

    // RFC 2347: "The maximum size of a request packet is 512 octets." RRQ, name, NUL, octet, NUL
    let name = vec![b'n'; 512];
    let plain = |len: usize| Client::get(SERVER, &name[..len], Mode::Octet, ClientConfig::plain());
    assert_eq!(plain(504).map(drop), bad);
    let mut buf = [0; 516];
    let sent = plain(503).unwrap().poll_transmit(Instant::ORIGIN, &mut buf);
    assert_eq!(sent.unwrap().len, 512);
    // with options
    let options = "blksize.1428.tsize.0.".len();
    let with = |len: usize| Client::get(SERVER, &name[..len], Mode::Octet, ClientConfig::default());
    assert_eq!(with(504 - options).map(drop), bad);
    let sent = with(503 - options)
        .unwrap()
        .poll_transmit(Instant::ORIGIN, &mut buf);
    assert_eq!(sent.unwrap().len, 512);
}

/// Calls that have nothing to refer to yet.
#[test]
fn misuse_before_the_server_has_answered() {
    let mut rig = get(ClientConfig::plain());
    let (now, mut buf) = (rig.now, [0xee; 516]);
    assert_eq!(rig.machine.written(now), Err(Misuse::NothingToWrite));
    assert_eq!(rig.machine.block(now, 0, b"", true, &mut buf), Ok(0));
    assert_eq!(buf, [0xee; 516]);
    assert_eq!(rig.sends().len(), 1);
    // and of the other direction
    rig.hears("DATA 1 a*512");
    let block = rig.machine.block(now, 0, b"", true, &mut buf);
    assert_eq!(block, Err(Misuse::NoSuchTransfer));
    assert_eq!(rig.machine.written(now), Err(Misuse::NothingToWrite));
    let mut rig = put(ClientConfig::plain(), letters(512, 5000));
    rig.sends();
    rig.hears("ACK 0");
    assert_eq!(rig.machine.written(now), Err(Misuse::NothingToWrite));
}

/// RFC 1350 §2: a block that is too long "cannot be explained by a delay or duplication": ERROR 4, also as
/// the very first answer.
#[test]
fn a_first_block_that_is_too_long() {
    let mut rig = get(ClientConfig::plain());
    rig.sends();
    assert_eq!(
        rig.hears("DATA 1 a*513"),
        ["ERROR 4 \"incorrectly formed packet\""]
    );
    assert_eq!(
        rig.told(),
        ["failed: block of 513 octets, 512 were agreed on: "]
    );
    assert!(rig.machine.is_over());
}

/// Addresses that a client can tell hosts of.
#[test]
fn hosts() {
    use std::net::{SocketAddr, SocketAddrV4};
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    let host = address("192.0.2.1:69");
    assert!(host.same_host(address("192.0.2.1:1024")));
    assert!(host.same_host(address("[::ffff:192.0.2.1]:1024")));
    assert!(!host.same_host(address("192.0.2.2:69")));
    assert!(!host.same_host(address("[2001:db8::1]:69")));
    assert!(address("[2001:db8::1]:69").same_host(address("[2001:db8::1]:4000")));
    let v4 = |text: &str| text.parse::<SocketAddrV4>().unwrap();
    assert!(v4("192.0.2.1:69").same_host(v4("192.0.2.1:70")));
    assert!(!v4("192.0.2.1:69").same_host(v4("192.0.2.3:69")));
    assert!(SERVER.same_host(TID) && !SERVER.same_host(CLIENT));
}
