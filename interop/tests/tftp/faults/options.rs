//! Options of a request, and what is said about them in the OACK.

use wirelore_interop::content;

use super::patient;
use crate::ours::Server;
use crate::wire::{Raw, ack, data, error_of, oack, rrq, wrq};

/// The first answer to a request for `f`, which has 1000 octets.
#[track_caller]
fn answer(server: &Server, options: &[(&str, &str)]) -> Vec<u8> {
    Raw::asking(server.address, &rrq("f", "octet", options)).hear()
}

/// A value that makes no sense is as good as not asked for. dnsmasq: `abc` gets `blksize 1`;
/// tftpd-hpa: `-1` gets 65464; atftpd: `-1`; dnsmasq and rs-tftpd: 7 gets 7; rs-tftpd: `abc` and `-1`
/// get silence, `windowsize 0` gets 1, `timeout` 0 and 256 get 1 and 255; r-tftpd: 0 and 256.
#[test]
fn values_that_make_no_sense_are_ignored() {
    let server = patient(&[]);
    server.folder.holds("f", &content(1000));
    let plain = data(1, &content(512));
    for (name, values) in [
        (
            "blksize",
            &["abc", "-1", "0", "1", "7", "65465", "", " 512", "+512", "512 ", "0x200"][..],
        ),
        ("windowsize", &["0", "65536", "-1", "abc", ""]),
        ("timeout", &["0", "256", "-1", "abc", "1.5", ""]),
        ("utimeout", &["0", "9999", "255000001", "-1"]),
        ("tsize", &["abc", "-1", ""]),
        ("rollover", &["2", "-1", "abc", ""]),
        ("blksize", &["99999999999999999999999999", "18446744073709552128"]),
    ] {
        for value in values {
            assert_eq!(answer(&server, &[(name, value)]), plain, "{name} {value:?}");
        }
    }
    // and does not spoil what does
    let mixed = [("blksize", "7"), ("tsize", "0"), ("windowsize", "0")];
    assert_eq!(answer(&server, &mixed), oack(&[("tsize", "1000")]));
}

/// The same in a WRQ: no OACK, but ACK 0, and blocks of 512 octets.
#[test]
fn values_that_make_no_sense_are_ignored_for_writing() {
    let server = patient(&["--upload", "overwrite"]);
    for option in [("blksize", "7"), ("windowsize", "0"), ("timeout", "256"), ("tsize", "x")] {
        let mut client = Raw::asking(server.address, &wrq("up", "octet", &[option]));
        assert_eq!(client.hear(), ack(0), "{option:?}");
        assert_eq!(client.ask(&data(1, &content(512))), ack(1));
        assert_eq!(client.ask(&data(2, b"")), ack(2));
    }
}

/// PyPXE#125, node-tftp#13: clients fail at an OACK with an option that they did not ask for.
/// tftpy#63: only `tsize` of several is answered. tftpy#45: a wrong `tsize`.
#[test]
fn an_oack_has_what_was_asked_for_and_nothing_else() {
    let server = patient(&[]);
    server.folder.holds("f", &content(1000));
    for (asked, granted) in [
        (&[("tsize", "0")][..], &[("tsize", "1000")][..]),
        (&[("blksize", "1468")], &[("blksize", "1468")]),
        (&[("windowsize", "4")], &[("windowsize", "4")]),
        (&[("timeout", "255")], &[("timeout", "255")]),
        (&[("utimeout", "250000")], &[("utimeout", "250000")]),
        (&[("rollover", "1")], &[("rollover", "1")]),
        (&[("windowsize", "65535")], &[("windowsize", "64")]),
        (&[("blksize", "8")], &[("blksize", "8")]),
        (&[("blksize", "65464")], &[("blksize", "65464")]),
        (&[("blksize", "00512")], &[("blksize", "512")]),
        (
            &[("tsize", "0"), ("blksize", "1024"), ("msftwindow", "31416")],
            &[("blksize", "1024"), ("tsize", "1000")],
        ),
        (&[("BLKSIZE", "1024"), ("TSize", "0")], &[("BLKSIZE", "1024"), ("TSize", "1000")]),
    ] {
        let (found, wanted) = (answer(&server, asked), oack(granted));
        assert_eq!(found, wanted, "{asked:?}: {}", found.escape_ascii());
    }
}

/// U-Boot with lwIP finds options only when `blksize` comes first.
#[test]
fn an_oack_begins_with_blksize() {
    let server = patient(&[]);
    server.folder.holds("f", &content(1000));
    let asked = [("tsize", "0"), ("timeout", "3"), ("windowsize", "8"), ("blksize", "1468")];
    let granted = [("blksize", "1468"), ("windowsize", "8"), ("timeout", "3"), ("tsize", "1000")];
    assert_eq!(answer(&server, &asked), oack(&granted));
}

/// All others but atftpd, async-tftp and r-tftpd: an option that was sent twice is granted twice.
#[test]
fn an_option_is_granted_once() {
    let server = patient(&[]);
    server.folder.holds("f", &content(1000));
    for (asked, granted) in [
        (&[("blksize", "600"), ("blksize", "700")][..], &[("blksize", "600")][..]),
        (&[("blksize", "600"), ("BLKSIZE", "700")], &[("blksize", "600")]),
        (&[("tsize", "0"), ("tsize", "0"), ("tsize", "5")], &[("tsize", "1000")]),
    ] {
        assert_eq!(answer(&server, asked), oack(granted), "{asked:?}");
    }
}

/// Options that nobody knows are no reason for an OACK: DATA 1, or ACK 0.
#[test]
fn unknown_options_alone_are_no_options() {
    let server = patient(&["--upload", "overwrite"]);
    server.folder.holds("f", &content(1000));
    for asked in [&[("multicast", "")][..], &[("x", "y"), ("blksize2", "1024")], &[("", "")]] {
        assert_eq!(answer(&server, asked), data(1, &content(512)), "{asked:?}");
        let mut client = Raw::asking(server.address, &wrq("up", "octet", asked));
        assert_eq!(client.hear(), ack(0), "{asked:?}");
        assert_eq!(client.ask(&data(1, b"")), ack(1));
    }
}

/// litex#1424: after the OACK to a WRQ comes DATA 1, without any ACK in between; what was announced
/// and is too large is refused at once.
#[test]
fn an_upload_with_options_begins_with_data() {
    let server = patient(&["--upload", "create", "--max-upload", "1000"]);
    let options = [("blksize", "600"), ("tsize", "700")];
    let mut client = Raw::asking(server.address, &wrq("up", "octet", &options));
    assert_eq!(client.hear(), oack(&options));
    assert_eq!(client.ask(&data(1, &content(600))), ack(1));
    assert_eq!(client.ask(&data(2, &content(100))), ack(2));
    assert_eq!(server.transfer()["bytes"], 700);
    let large = wrq("large", "octet", &[("tsize", "1001")]);
    let answer = Raw::asking(server.address, &large).hear();
    assert_eq!(error_of(&answer).0, 3);
    assert_eq!(server.folder.names(), ["up"]);
}
