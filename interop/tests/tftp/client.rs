//! Our client and the servers of others: every size in both directions, options, text, refusals; and
//! ours against ours.

use std::path::Path;

use serde_json::json;
use wirelore_interop::{Namespace, content, digest_of, folder, require, text};

use crate::ours::{Ours, Server, expect_transfer, report};
use crate::theirs::{atftpd, dnsmasq, tftpd_hpa};
use crate::{NAMES, SIZES, put};

/// Every size, options, names, text and refusals with tftp-hpa's server, on port 69, which it takes
/// when the address names none. Of this server's options ours asks for all but windows.
#[test]
fn tftpd_hpa_serves_our_client() {
    let namespace = require!(Namespace::new());
    let served = folder();
    let _server = require!(tftpd_hpa(&namespace, &["-c"], served.path()));
    let ours = Ours::inside(&namespace, "127.0.0.1");
    gets_all(&ours, served.path(), &["--blksize", "512"]);
    for size in [0, 511, 512, 513, 3 * 1428, 33 << 20] {
        ours.puts(&content(size), served.path(), "up", &["--blksize", "512"]);
    }
    ours.puts(&content(5 << 20), served.path(), "up", &["--blksize", "65464"]);
    ours.puts(&content(100_000), served.path(), "up", &["--no-options"]);
    netascii_goes_both_ways(&ours, served.path());
    ours.sent_all();
    let file = put(served.path(), "f", &content(100_000));
    let json = report(&ours.gets(&file, &["--server-timeout", "1", "--json"]));
    let granted = json!({"blksize": 1428, "windowsize": 1, "timeout": 1, "tsize": 100_000});
    assert_eq!(json["options"], granted, "{json}");
    let json = report(&ours.gets(&file, &["--server-timeout", "200ms", "--json"]));
    assert_eq!(json["options"]["utimeout"], 200_000, "{json}");
}

/// Without `-c` tftp-hpa's server lets existing files be written only: ERROR 1, exit code 68.
#[test]
fn tftpd_hpa_refuses_a_new_file() {
    let namespace = require!(Namespace::new());
    let served = folder();
    let _server = require!(tftpd_hpa(&namespace, &[], served.path()));
    let ours = Ours::inside(&namespace, "127.0.0.1");
    let mine = put(served.path(), "mine", b"mine");
    let ended = ours.copies_to(&mine, ours.url("new"), &[]).expect_code(68);
    assert!(ended.stderr().contains("only take files that exist"), "{ended}");
}

/// Every size, options, names, text and refusals with atftpd, and windows of 16 blocks in both
/// directions.
#[test]
fn atftpd_serves_our_client() {
    let served = folder();
    let (_server, port) = require!(atftpd(served.path()));
    let ours = Ours::new(&format!("127.0.0.1:{port}"));
    gets_all(&ours, served.path(), &["--blksize", "512"]);
    let windows = ["--blksize", "512", "--windowsize", "16", "--json"];
    for size in SIZES {
        let content = content(size);
        let file = put(served.path(), "f", &content);
        let got = report(&ours.gets(&file, &windows));
        let sent = report(&ours.puts(&content, served.path(), "up", &windows));
        for json in [got, sent] {
            assert_eq!(json["bytes"], size, "{json}");
            let granted = (&json["options"]["blksize"], &json["options"]["windowsize"]);
            assert_eq!(granted, (&512.into(), &16.into()), "{json}");
        }
        // in lockstep the numbers wrap with the other servers
        if size < 1 << 20 {
            let lockstep = ["--blksize", "512", "--windowsize", "1"];
            ours.gets(&file, &lockstep);
            ours.puts(&content, served.path(), "up", &lockstep);
        }
    }
    // more blocks at a time than its socket has room for would be lost again and again
    let large = ["--blksize", "65464", "--windowsize", "2"];
    ours.puts(&content(5 << 20), served.path(), "up", &large);
    ours.puts(&content(100_000), served.path(), "up", &["--no-options"]);
    netascii_goes_both_ways(&ours, served.path());
    ours.sent_all();
}

/// Every size, options, names and refusals with dnsmasq, which has no port but 69 and takes nothing.
#[test]
fn dnsmasq_serves_our_client() {
    let namespace = require!(Namespace::new());
    let served = folder();
    let _server = require!(dnsmasq(&namespace, served.path()));
    let ours = Ours::inside(&namespace, "127.0.0.1:69");
    gets_all(&ours, served.path(), &["--blksize", "512"]);
    let mine = put(served.path(), "mine", b"mine");
    // it calls every WRQ an illegal operation
    ours.copies_to(&mine, ours.url("new"), &[]).expect_code(71);
    assert!(!served.path().join("new").exists());
}

/// Our client and our server understand each other: every size in both directions, text, names, and
/// what is not there.
#[test]
fn ours_against_ours() {
    let server = Server::start(&["--upload", "overwrite"]);
    let served = server.folder.served("");
    let ours = Ours::new(&server.address.to_string());
    gets_all(&ours, &served, &["--blksize", "512"]);
    for size in SIZES {
        ours.puts(&content(size), &served, "up", &["--blksize", "512"]);
    }
    netascii_goes_both_ways(&ours, &served);
    for name in NAMES {
        ours.puts(name.as_bytes(), &served, name, &[]);
    }
    ours.sent_all();
}

/// As above, with every kind of option; both sides say that the same was agreed on.
#[test]
fn ours_against_ours_agree_on_options() {
    let server = Server::start(&["--upload", "overwrite"]);
    let served = server.folder.served("");
    let ours = Ours::new(&server.address.to_string());
    for (options, agreed) in [
        (&["--json"][..], json!({"blksize": 1428, "windowsize": 16})),
        (
            &["--json", "--blksize", "8", "--windowsize", "64"],
            json!({"blksize": 8, "windowsize": 64}),
        ),
        (&["--json", "--windowsize", "65535"], json!({"blksize": 1428, "windowsize": 64})),
        (
            &["--json", "--blksize", "65464", "--windowsize", "4"],
            json!({"blksize": 65464, "windowsize": 4}),
        ),
        (
            &["--json", "--server-timeout", "1"],
            json!({"blksize": 1428, "windowsize": 16, "timeout": 1}),
        ),
        (&["--json", "--no-options"], json!({"blksize": 512})),
    ] {
        let got = ours.gets(&put(&served, "f", &content(1 << 20)), options);
        let sent = ours.puts(&content((1 << 20) + 1), &served, "up", options);
        for (ended, direction, bytes) in [(got, "read", 1 << 20), (sent, "write", (1 << 20) + 1)] {
            let (event, json) = (server.transfer(), report(&ended));
            expect_transfer(&event, direction, bytes, &[]);
            assert_eq!(event["options"], agreed, "{event}");
            assert_eq!(json["bytes"], bytes, "{json}");
            for (option, value) in agreed.as_object().unwrap() {
                assert_eq!(&json["options"][option], value, "{json}");
            }
        }
    }
    ours.sent_all();
}

/// What is refused has curl's exit codes, and leaves nothing behind on either side.
#[test]
fn what_our_server_refuses_has_exit_codes() {
    let read_only = Server::start(&[]);
    let limited = Server::start(&["--upload", "create", "--max-upload", "1000"]);
    limited.folder.holds("here", b"here");
    let mine = put(&limited.folder.copy(""), "mine", b"mine");
    let large = put(&limited.folder.copy(""), "large", &content(1001));
    let ours = Ours::new("");
    for (server, from, name, code) in [
        (&read_only, &mine, "new", 69),
        (&limited, &large, "new", 70),
        (&limited, &mine, "here", 73),
        (&limited, &mine, "no/such/folder", 68),
    ] {
        let url = Ours::new(&server.address.to_string()).url(name);
        let ended = ours.copies_to(from, url, &["--json"]).expect_code(code);
        let json = report(&ended);
        assert_eq!(json["exit_code"], code, "{json}");
        assert!(json["error"].is_string(), "{json}");
    }
    assert_eq!(read_only.folder.names(), [""; 0]);
    assert_eq!(limited.folder.names(), ["here"]);
    for (file, name, code) in [("here", "here", 0), ("here", "missing", 68), ("here", "../x", 69)] {
        let url = Ours::new(&limited.address.to_string()).url(name);
        let place = limited.folder.copy(file);
        ours.copies_to(url, &place, &[]).expect_code(code);
        assert_eq!(place.exists(), code == 0, "{name}");
    }
}

/// From one server to another, through our client, with another block size on either side.
#[test]
fn from_server_to_server() {
    let served = folder();
    let (_atftpd, port) = require!(atftpd(served.path()));
    let server = Server::start(&["--upload", "create"]);
    let file = put(served.path(), "f", &content(2_000_001));
    let from = Ours::new(&format!("127.0.0.1:{port}"));
    let to = Ours::new(&server.address.to_string());
    from.copies_to(from.url("f"), to.url("g"), &[]).expect_success();
    server.folder.receives("g", &file);
    expect_transfer(&server.transfer(), "write", 2_000_001, &[]);
}

/// Every size with the options given, then our own, then large blocks and no options, then names, and
/// a file that is not there.
#[track_caller]
fn gets_all(ours: &Ours<'_>, served: &Path, options: &[&str]) {
    for size in SIZES {
        ours.gets(&put(served, "f", &content(size)), options);
    }
    let file = put(served, "f", &content(5 << 20));
    ours.gets(&file, &[]);
    ours.gets(&file, &["--blksize", "65464"]);
    ours.gets(&file, &["--no-options"]);
    for name in NAMES {
        ours.gets(&put(served, name, name.as_bytes()), &[]);
    }
    let place = ours.place();
    let ended = ours.copies_to(ours.url("missing"), &place, &["--json"]).expect_code(68);
    assert_eq!(report(&ended)["exit_code"], 68);
    assert_eq!(ours.names(), [""; 0], "nothing remains of the attempt");
}

/// Text with bare CR, bare LF and NUL in every pair survives the conversion, in both directions.
#[track_caller]
fn netascii_goes_both_ways(ours: &Ours<'_>, served: &Path) {
    for size in [0, 1, 511, 512, 513, 200_000] {
        let content = text(size);
        ours.gets(&put(served, "f", &content), &["--mode", "netascii"]);
        ours.puts(&content, served, "up", &["--mode", "netascii"]);
        let place = ours.place();
        let url = ours.url("f") + ";mode=netascii";
        ours.copies_to(url, &place, &[]).expect_success();
        assert_eq!(digest_of(&place), digest_of(&served.join("f")));
    }
}
