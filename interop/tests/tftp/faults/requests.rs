//! Requests that are malformed, or for something that cannot be had.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;

use wirelore_interop::{content, require, run, text};

use super::patient;
use crate::ours::Ours;
use crate::theirs::Client;
use crate::wire::{Raw, ack, data, error, error_of, oack, rrq, shown, wrq};
use crate::{LIMIT, utf8};

/// rs-tftpd, async-tftp and r-tftpd: silence for most malformed requests, so that the client waits out
/// its patience. Here each gets ERROR 4.
#[test]
fn malformed_requests_are_answered() {
    let malformed: [&[u8]; 8] = [
        b"\0\x01",
        b"\0\x01f",
        b"\0\x01f\0",
        b"\0\x01f\0octet",
        b"\0\x02f\0octet",
        b"\0\x01f\0octet\0blksize\0",
        b"\0\x01f\0octet\0blksize\x00512",
        b"\0\x07f\0octet\0",
    ];
    let server = patient(&[]);
    server.folder.holds("f", b"f");
    for datagram in malformed {
        let (code, text) = error_of(&Raw::asking(server.address, datagram).hear());
        assert_eq!(code, 4, "{}: {text}", shown(datagram));
    }
    let long = rrq(vec![b'x'; 600], "octet", &[]);
    assert_eq!(error_of(&Raw::asking(server.address, &long).hear()).0, 4);
}

/// atftpd: a request whose final NUL is missing gets an empty file. Here ERROR 4, and nothing is
/// made of such a WRQ.
#[test]
fn a_missing_final_nul_is_error_4() {
    let server = patient(&["--upload", "create"]);
    server.folder.holds("f", b"f");
    for request in [rrq("f", "octet", &[]), wrq("new", "octet", &[])] {
        let cut = &request[..request.len() - 1];
        assert_eq!(error_of(&Raw::asking(server.address, cut).hear()).0, 4);
    }
    assert_eq!(server.folder.names(), ["f"]);
}

/// atftpd and rs-tftpd serve `mail` and unknown modes as octet; async-tftp is silent. Here ERROR 4.
#[test]
fn mail_and_unknown_modes_are_refused() {
    let server = patient(&["--upload", "create"]);
    server.folder.holds("f", b"f");
    for mode in ["mail", "MAIL", "octets", "binary", ""] {
        for request in [rrq("f", mode, &[]), wrq("new", mode, &[])] {
            let (code, text) = error_of(&Raw::asking(server.address, &request).hear());
            assert_eq!(code, 4, "{mode:?}: {text}");
        }
    }
    for mode in ["octet", "OCTET", "oCtEt", "NetASCII"] {
        let mut client = Raw::asking(server.address, &rrq("f", mode, &[]));
        assert_eq!(client.hear(), data(1, b"f"), "{mode:?}");
        client.say(&ack(1));
    }
    assert_eq!(server.folder.names(), ["f"]);
}

/// atftpd: an empty file for a folder and for an empty name; rs-tftpd and r-tftpd: silence. Here
/// ERROR 2.
#[test]
fn folders_and_empty_names_are_refused() {
    let server = patient(&["--upload", "overwrite"]);
    fs::create_dir(server.folder.served("dir")).unwrap();
    for name in ["dir", "dir/", "/", ".", "", "dir/.", "dir/.."] {
        for request in [rrq(name, "octet", &[]), wrq(name, "octet", &[])] {
            let (code, text) = error_of(&Raw::asking(server.address, &request).hear());
            assert_eq!(code, 2, "{name:?}: {text}");
        }
    }
    assert_eq!(server.folder.names(), ["dir"]);
}

/// A fifo must not stop the server, nor a device fill the disk.
#[test]
fn what_is_no_regular_file_is_refused() {
    let server = patient(&["--upload", "overwrite"]);
    let fifo = server.folder.served("fifo");
    run(Command::new("mkfifo").arg(&fifo), LIMIT).expect_success();
    for request in [rrq("fifo", "octet", &[]), wrq("fifo", "octet", &[])] {
        let (code, text) = error_of(&Raw::asking(server.address, &request).hear());
        assert!(matches!(code, 2 | 6), "{code} {text}");
    }
}

/// rs-tftpd and async-tftp: silence for a name that is not UTF-8.
#[test]
fn a_name_need_not_be_utf_8() {
    let server = patient(&["--upload", "create"]);
    let name = b"caf\xe9 \xff\xfe.txt";
    fs::write(server.folder.served("").join(OsStr::from_bytes(name)), b"latin 1").unwrap();
    let mut client = Raw::asking(server.address, &rrq(name, "octet", &[]));
    assert_eq!(client.hear(), data(1, b"latin 1"));
    client.say(&ack(1));
    let event = server.transfer();
    assert_eq!((&event["ok"], &event["bytes"]), (&true.into(), &7.into()), "{event}");
    let new = b"\x80new";
    let mut client = Raw::asking(server.address, &wrq(new, "octet", &[]));
    assert_eq!(client.hear(), ack(0));
    assert_eq!(client.ask(&data(1, b"x")), ack(1));
    let kept = server.folder.served("").join(OsStr::from_bytes(new));
    assert_eq!(fs::read(kept).unwrap(), b"x");
}

/// dnsmasq and rs-tftpd: the text of an ERROR says where on the server's disk the folder is.
#[test]
fn errors_do_not_tell_where_the_folder_is() {
    let server = patient(&["--upload", "create"]);
    fs::create_dir(server.folder.served("dir")).unwrap();
    server.folder.holds("here", b"here");
    symlink("/etc/passwd", server.folder.served("link")).unwrap();
    let outside = utf8(server.folder.outside()).to_owned();
    let reads = ["missing", "dir", "../x", "link", "dir/missing", ".x", "here/x", ""];
    let writes = ["here", "dir", "../x", "link", "no/folder", ".x", "here/x", ""];
    let requests = reads.map(|name| rrq(name, "octet", &[])).into_iter();
    for request in requests.chain(writes.map(|name| wrq(name, "octet", &[]))) {
        let (_, text) = error_of(&Raw::asking(server.address, &request).hear());
        assert!(!text.is_empty() && !text.contains('/'), "{}: {text}", shown(&request));
        assert!(!text.contains(&outside) && !text.contains("os error"), "{text}");
    }
}

/// dnsmasq: a bare CR is not sent as CR NUL. tftpd-hpa: `tsize` with netascii is ERROR 8; atftpd: it
/// is 0. Here it is the size on the wire.
#[test]
fn netascii_is_that_of_rfc_764() {
    let server = patient(&[]);
    server.folder.holds("f", b"a\rb\nc\r\nd\0\r");
    let wire = b"a\r\0b\r\nc\r\0\r\nd\0\r\0";
    let size = wire.len().to_string();
    let asked = [("tsize", "0")];
    let mut client = Raw::asking(server.address, &rrq("f", "netascii", &asked));
    assert_eq!(client.hear(), oack(&[("tsize", &size)]));
    assert_eq!(client.ask(&ack(0)), data(1, wire));
    client.say(&ack(1));
    // pairs are not broken at the border of a block: a naive sender loses an octet there
    let long = server.folder.holds("long", &text(5000));
    let mut client = Raw::asking(server.address, &rrq("long", "netascii", &[("blksize", "8")]));
    assert_eq!(client.hear(), oack(&[("blksize", "8")]));
    let (mut got, mut block) = (Vec::new(), 0);
    loop {
        let datagram = client.ask(&ack(block));
        block += 1;
        assert_eq!(datagram[..4], data(block, b""));
        got.extend_from_slice(&datagram[4..]);
        if datagram.len() < 12 {
            break;
        }
    }
    client.say(&ack(block));
    assert_eq!(got, netascii(&fs::read(long).unwrap()));
}

/// RFC 764: LF is CR LF, and a CR that is none of a line's end is CR NUL.
fn netascii(text: &[u8]) -> Vec<u8> {
    let encoded = text.iter().map(|octet| match octet {
        b'\n' => &b"\r\n"[..],
        b'\r' => b"\r\0",
        other => std::slice::from_ref(other),
    });
    encoded.collect::<Vec<_>>().concat()
}

/// pin/tftp#99: stuck after a client acknowledged an ERROR, as small embedded ones do. Here the
/// server goes on, and the two do not talk for ever.
#[test]
fn an_acknowledged_error_does_no_harm() {
    let server = patient(&[]);
    let file = server.folder.holds("f", &content(1000));
    let mut client = Raw::asking(server.address, &rrq("missing", "octet", &[]));
    assert_eq!(error_of(&client.hear()).0, 1);
    for reply in [ack(0), ack(1), ack(0), error(0, "thanks"), error(5, "unknown")] {
        client.say(&reply);
    }
    assert_eq!(server.transfer()["error_code"], 1);
    let ours = Ours::new(&server.address.to_string());
    ours.gets(&file, &[]);
    // ERROR 5 for an ACK that belongs to nothing is right; an ERROR is never answered
    let answers = client.waiting();
    assert!(answers.len() <= 3, "{answers:?}");
    assert!(answers.iter().all(|answer| error_of(answer).0 == 5), "{answers:?}");
    assert_eq!(server.transfer()["ok"], true);
}

/// pin/tftp#125: the firmware of PCs (EDK2) asks for `tsize`, answers the OACK with ERROR 8, and asks
/// again. That is how it learns the size, and no failure: no event, no line.
#[test]
fn asking_for_the_size_is_no_failure() {
    let curl = require!(Client::curl());
    let server = patient(&[]);
    server.folder.holds("f", &content(1000));
    let first = [("tsize", "0"), ("blksize", "1468")];
    let mut client = Raw::asking(server.address, &rrq("f", "octet", &first));
    assert_eq!(client.hear(), oack(&[("blksize", "1468"), ("tsize", "1000")]));
    client.say(&error(8, "User aborted the transfer"));
    let second = [("blksize", "1468")];
    let mut client = Raw::asking(server.address, &rrq("f", "octet", &second));
    assert_eq!(client.hear(), oack(&second));
    assert_eq!(client.ask(&ack(0)), data(1, &content(1000)));
    client.say(&ack(1));
    assert_eq!(server.transfer()["options"]["blksize"], 1468);
    run(&mut curl.get(server.address, "f", &server.folder.copy("f")), LIMIT).expect_success();
    assert!(!server.peer().stderr().contains("failed"), "{}", server.peer().stderr());
    assert_eq!(server.ends().len(), 2);
}
