//! What is sent again when nobody answers: the same, and not too often.

use wirelore_interop::content;

use crate::ours::Server;
use crate::wire::{Raw, ack, data, oack, rrq, wrq};

/// A server that soon asks again.
#[track_caller]
fn hasty(arguments: &[&str]) -> Server {
    Server::start(&[arguments, &["--tftp-timeout", "20ms"]].concat())
}

/// rs-tftpd and r-tftpd never repeat an OACK: when it is lost, so is the transfer.
#[test]
fn an_oack_is_repeated() {
    let server = hasty(&["--upload", "create"]);
    server.folder.holds("f", &content(1000));
    for request in
        [rrq("f", "octet", &[("blksize", "600")]), wrq("up", "octet", &[("blksize", "600")])]
    {
        let mut client = Raw::asking(server.address, &request);
        for _ in 0..3 {
            assert_eq!(client.hear(), oack(&[("blksize", "600")]));
        }
    }
}

/// atftpd sends the four octets of a header where a block was lost, so that the client takes the file
/// for complete. Here a block is the same each time, and so is the last one.
#[test]
fn a_repeated_block_is_the_same() {
    let server = hasty(&["--tftp-retries", "20"]);
    server.folder.holds("f", &content(1000));
    let mut client = Raw::asking(server.address, &rrq("f", "octet", &[("utimeout", "20000")]));
    assert_eq!(client.hear(), oack(&[("utimeout", "20000")]));
    client.say(&ack(0));
    let mut heard = Vec::new();
    for (acked, wanted) in [(1, data(1, &content(512))), (2, data(2, &content(1000)[512..]))] {
        // first, what may still come of before
        let fresh = |datagram: &[u8]| datagram[1] == 3 && datagram[2..4] == wanted[2..4];
        while heard.iter().filter(|datagram: &&Vec<u8>| fresh(datagram)).count() < 4 {
            heard.push(client.hear());
        }
        assert!(
            heard.iter().filter(|datagram| fresh(datagram)).all(|datagram| *datagram == wanted)
        );
        client.say(&ack(acked));
    }
    let event = server.transfer();
    assert_eq!(event["ok"], true, "{event}");
    assert!(event["retransmits"].as_u64().is_some_and(|count| count >= 6), "{event}");
}

/// A datagram with a forged sender makes others send it 6 (tftpd-hpa, rs-tftpd, r-tftpd), 7 (dnsmasq),
/// or 101 (async-tftp: 2600 times the octets) blocks. Here never more than three of the first answer.
#[test]
fn a_forged_request_is_answered_three_times_at_most() {
    let server = hasty(&["--upload", "create"]);
    server.folder.holds("f", &content(1000));
    for (request, first) in [
        (rrq("f", "octet", &[]), data(1, &content(512))),
        (rrq("f", "netascii", &[]), vec![0, 3, 0, 1]),
        (rrq("f", "octet", &[("blksize", "600")]), oack(&[("blksize", "600")])),
        (wrq("up", "octet", &[]), ack(0)),
        (wrq("up", "octet", &[("blksize", "600")]), oack(&[("blksize", "600")])),
    ] {
        let client = Raw::asking(server.address, &request);
        // until the server has given the client up
        server.transfer();
        let answers = client.waiting();
        assert!((1..=3).contains(&answers.len()), "{} answers", answers.len());
        assert!(answers.iter().all(|answer| answer.starts_with(&first)), "{answers:?}");
    }
    let client = Raw::asking(server.address, &rrq("missing", "octet", &[]));
    server.transfer();
    assert_eq!(client.waiting().len(), 1, "an ERROR is not repeated");
}

/// A window is no way round that: the first answer to a request is the OACK.
#[test]
fn a_forged_request_for_a_window_gets_no_window() {
    let server = hasty(&[]);
    server.folder.holds("f", &content(100_000));
    let client = Raw::asking(server.address, &rrq("f", "octet", &[("windowsize", "64")]));
    server.transfer();
    let answers = client.waiting();
    assert!((1..=3).contains(&answers.len()), "{} answers", answers.len());
    assert!(answers.iter().all(|answer| *answer == oack(&[("windowsize", "64")])));
}

/// opennms#8483: a WRQ that is repeated because the OACK was lost is answered with ACK 0. Here with the
/// OACK again, also when the server had already fallen silent.
#[test]
fn a_repeated_request_to_write_gets_the_oack_again() {
    let server = hasty(&["--upload", "create", "--tftp-retries", "50"]);
    let options = [("blksize", "600"), ("tsize", "3")];
    let request = wrq("up", "octet", &options);
    let mut client = Raw::asking(server.address, &request);
    for _ in 0..3 {
        // after three of them there is silence, until the client is heard again
        for _ in 0..3 {
            assert_eq!(client.hear(), oack(&options));
        }
        client.send_to(&request, server.address);
    }
    assert_eq!(client.hear(), oack(&options));
    client.say(&data(1, b"abc"));
    loop {
        match client.hear() {
            again if again == oack(&options) => {}
            answer => break assert_eq!(answer, ack(1)),
        }
    }
    assert_eq!(server.transfer()["ok"], true);
    assert_eq!(server.ends().len(), 1);
}

/// The same for RRQ (and uftpd#45: DATA in place of the OACK).
#[test]
fn a_repeated_request_to_read_gets_the_oack_again() {
    let server = hasty(&["--tftp-retries", "50"]);
    server.folder.holds("f", &content(1000));
    let options = [("blksize", "600")];
    let request = rrq("f", "octet", &options);
    let mut client = Raw::asking(server.address, &request);
    for _ in 0..3 {
        assert_eq!(client.hear(), oack(&options));
    }
    client.send_to(&request, server.address);
    assert_eq!(client.hear(), oack(&options));
}
