//! Our server and the clients of others: every size in both directions, options, text.

use std::fs;
use std::thread;

use wirelore_interop::{content, digest_of, free_udp_port, require, run, text};

use crate::ours::{Folder, Server, expect_transfer};
use crate::theirs::Client;
use crate::wire::{Raw, rrq};
use crate::{LIMIT, SIZES, put, utf8};

/// Downloads of every size, through the wrap of the block number, are equal by digest.
#[test]
fn curl_gets_every_size() {
    gets_every_size(&require!(Client::curl()));
}

/// As above.
#[test]
fn tftp_hpa_gets_every_size() {
    gets_every_size(&require!(Client::tftp_hpa()));
}

/// As above.
#[test]
fn atftp_gets_every_size() {
    gets_every_size(&require!(Client::atftp()));
}

/// As above.
#[test]
fn busybox_gets_every_size() {
    gets_every_size(&require!(Client::busybox()));
}

/// Uploads of every size, through the wrap of the block number, are equal by digest.
#[test]
fn curl_puts_every_size() {
    puts_every_size(&require!(Client::curl()));
}

/// As above.
#[test]
fn tftp_hpa_puts_every_size() {
    puts_every_size(&require!(Client::tftp_hpa()));
}

/// As above.
#[test]
fn atftp_puts_every_size() {
    puts_every_size(&require!(Client::atftp()));
}

/// As above.
#[test]
fn busybox_puts_every_size() {
    puts_every_size(&require!(Client::busybox()));
}

/// The smallest block, a usual one, and the largest, each as curl asks for it; and a client that
/// asks for no option at all. In both directions.
#[test]
fn curl_transfers_with_block_sizes() {
    let curl = require!(Client::curl());
    let server = Server::start(&["--upload", "overwrite"]);
    for (size, blksize, option) in [
        (8 * 70_000, 8, &["--tftp-blksize", "8"][..]),
        (3 * 1428, 1428, &["--tftp-blksize", "1428"]),
        (5 << 20, 1428, &["--tftp-blksize", "1428"]),
        (5 << 20, 65464, &["--tftp-blksize", "65464"]),
        (100_000, 512, &["--tftp-no-options"]),
    ] {
        let file = server.folder.holds("f", &content(size));
        let copy = server.folder.copy("f");
        run(curl.get(server.address, "f", &copy).args(option), LIMIT).expect_success();
        assert_eq!(digest_of(&copy), digest_of(&file), "{option:?}");
        expect_transfer(&server.transfer(), "read", size, &[("blksize", blksize.into())]);
        run(curl.put(server.address, "back", &file).args(option), LIMIT).expect_success();
        server.folder.receives("back", &file);
        expect_transfer(&server.transfer(), "write", size, &[("blksize", blksize.into())]);
    }
}

/// The largest block that is granted can be set; what is asked for above it is lowered.
#[test]
fn curl_is_granted_less() {
    let curl = require!(Client::curl());
    let server = Server::start(&["--tftp-blksize", "1024"]);
    let file = server.folder.holds("f", &content(100_000));
    for (asked, granted) in [("1024", 1024), ("1025", 1024), ("65464", 1024), ("8", 8)] {
        let copy = server.folder.copy("f");
        let mut get = curl.get(server.address, "f", &copy);
        run(get.args(["--tftp-blksize", asked]), LIMIT).expect_success();
        assert_eq!(digest_of(&copy), digest_of(&file), "{asked}");
        expect_transfer(&server.transfer(), "read", 100_000, &[("blksize", granted.into())]);
    }
}

/// With `--tftp-no-options` the server is one of 1992: clients that ask for options go without.
#[test]
fn all_clients_do_without_options() {
    let clients = require!(Client::all());
    let server = Server::start(&["--tftp-no-options", "--upload", "overwrite"]);
    let file = server.folder.holds("f", &content(100_000));
    for client in clients {
        let copy = server.folder.copy("f");
        run(&mut client.get(server.address, "f", &copy), LIMIT).expect_success();
        assert_eq!(digest_of(&copy), digest_of(&file), "{client:?}");
        let mine = put(&server.folder.copy(""), "mine", &content(70_001));
        run(&mut client.put(server.address, "back", &mine), LIMIT).expect_success();
        server.folder.receives("back", &mine);
        for (direction, bytes) in [("read", 100_000), ("write", 70_001)] {
            let event = server.transfer();
            expect_transfer(&event, direction, bytes, &[("blksize", 512.into())]);
            assert!(event["options"]["windowsize"].is_null(), "{event}");
        }
    }
}

/// Windows of 16 blocks in both directions: the answer grants what was asked, and 33 MiB arrive.
#[test]
fn atftp_transfers_with_windows() {
    let atftp = require!(Client::atftp());
    let server = Server::start(&["--upload", "create"]);
    let size = 33 << 20;
    let file = server.folder.holds("f", &content(size));
    let copy = server.folder.copy("f");
    let get = atftp.get(server.address, "f", &copy);
    let put = atftp.put(server.address, "back", &file);
    for (mut command, direction) in [(get, "read"), (put, "write")] {
        command.args(["--trace", "--option", "windowsize 16", "--option", "blksize 512"]);
        let ended = run(&mut command, LIMIT).expect_success();
        let trace = ended.stderr();
        let granted = trace.lines().find(|line| line.starts_with("received OACK"));
        let granted = granted.unwrap_or_else(|| panic!("no OACK: {ended}"));
        for option in ["windowsize: 16", "blksize: 512"] {
            assert!(granted.contains(option), "{granted}");
        }
        let options = [("windowsize", 16.into()), ("blksize", 512.into())];
        expect_transfer(&server.transfer(), direction, size, &options);
    }
    assert_eq!(digest_of(&copy), digest_of(&file));
    server.folder.receives("back", &file);
}

/// Text with bare CR, bare LF and NUL in every pair survives the conversion to netascii and back,
/// in both directions. The server counts octets of the file, not of the wire.
#[test]
fn tftp_hpa_transfers_netascii() {
    let tftp = require!(Client::tftp_hpa());
    let server = Server::start(&["--upload", "overwrite"]);
    let mode = [("mode", "netascii".into())];
    for size in [0, 1, 510, 511, 512, 513, 200_000] {
        let file = server.folder.holds("f", &text(size));
        let copy = server.folder.copy("f");
        let get = ["get", "f", utf8(&copy)];
        run(&mut tftp.hpa(server.address, "ascii", &get), LIMIT).expect_success();
        assert_eq!(digest_of(&copy), digest_of(&file), "get {size}");
        expect_transfer(&server.transfer(), "read", size, &mode);
        let put = ["put", utf8(&file), "back"];
        run(&mut tftp.hpa(server.address, "ascii", &put), LIMIT).expect_success();
        server.folder.receives("back", &file);
        expect_transfer(&server.transfer(), "write", size, &mode);
    }
}

/// RFC 1350: error 1, file not found; and the event says so.
#[test]
fn a_missing_file_is_error_1() {
    let clients = require!(Client::exact());
    let server = Server::start(&[]);
    for client in clients {
        let copy = server.folder.copy("f");
        let ended = run(&mut client.get(server.address, "missing", &copy), LIMIT);
        client.was_refused(&ended, 1);
        let event = server.transfer();
        assert_eq!((&event["ok"], &event["error_code"]), (&false.into(), &1.into()), "{event}");
        assert_eq!((&event["file"], &event["bytes"]), (&"missing".into(), &0.into()), "{event}");
        assert!(event["error"].as_str().is_some_and(|error| !error.is_empty()), "{event}");
    }
}

/// Without `--upload` nothing is written: neither a new file nor over one that is there. Error 2,
/// access violation.
#[test]
fn uploads_are_refused_by_default() {
    let clients = require!(Client::exact());
    let server = Server::start(&[]);
    let here = server.folder.holds("here", b"here");
    let mine = put(&server.folder.copy(""), "mine", b"mine");
    for client in clients {
        for name in ["here", "new"] {
            let ended = run(&mut client.put(server.address, name, &mine), LIMIT);
            client.was_refused(&ended, 2);
        }
    }
    assert_eq!(fs::read(here).unwrap(), b"here");
    assert_eq!(server.folder.names(), ["here"]);
}

/// `--upload create` takes new names only: error 6, file exists. `overwrite` takes both.
#[test]
fn uploads_replace_only_where_they_may() {
    let clients = require!(Client::exact());
    let folder = Folder::new();
    let create = Server::over(folder.clone(), &["--upload", "create"]);
    let overwrite = Server::over(folder.clone(), &["--upload", "overwrite"]);
    let mine = put(&folder.copy(""), "mine", b"mine");
    for client in clients {
        let here = folder.holds("here", b"here");
        let ended = run(&mut client.put(create.address, "here", &mine), LIMIT);
        client.was_refused(&ended, 6);
        assert_eq!(fs::read(&here).unwrap(), b"here");
        run(&mut client.put(create.address, "new", &mine), LIMIT).expect_success();
        run(&mut client.put(overwrite.address, "here", &mine), LIMIT).expect_success();
        for name in ["here", "new"] {
            folder.receives(name, &mine);
            fs::remove_file(folder.served(name)).unwrap();
        }
    }
}

/// More than `--max-upload` is error 3, whether the client announces it (atftp, busybox, ours) or
/// not (tftp-hpa, and curl without options); nothing is left of it. What just fits is taken.
#[test]
fn uploads_have_a_limit() {
    let clients = require!(Client::exact());
    let server = Server::start(&["--upload", "create", "--max-upload", "10000"]);
    let large = put(&server.folder.copy(""), "large", &content(10_001));
    let fits = put(&server.folder.copy(""), "fits", &content(10_000));
    for client in clients {
        let ended = run(&mut client.put(server.address, "large", &large), LIMIT);
        client.was_refused(&ended, 3);
        let event = server.transfer();
        assert_eq!(
            (&event["ok"], &event["direction"]),
            (&false.into(), &"write".into()),
            "{event}"
        );
        run(&mut client.put(server.address, "fits", &fits), LIMIT).expect_success();
        server.folder.receives("fits", &fits);
        expect_transfer(&server.transfer(), "write", 10_000, &[]);
        assert_eq!(server.folder.names(), ["fits"]);
        fs::remove_file(server.folder.served("fits")).unwrap();
    }
}

/// Twelve clients at once, half of them uploading, do not disturb each other.
#[test]
fn many_clients_at_once() {
    let curl = require!(Client::curl());
    let server = Server::start(&["--upload", "create"]);
    let files: Vec<_> = (0..12_usize)
        .map(|n| server.folder.holds(&format!("f{n}"), &content(2_000_000 + n)))
        .collect();
    thread::scope(|scope| {
        for (n, file) in files.iter().enumerate() {
            let (curl, server) = (&curl, &server);
            scope.spawn(move || {
                let name = format!("f{n}");
                if n % 2 == 0 {
                    let copy = server.folder.copy(&name);
                    run(&mut curl.get(server.address, &name, &copy), LIMIT).expect_success();
                    assert_eq!(digest_of(&copy), digest_of(file), "{name}");
                } else {
                    let back = format!("back{n}");
                    run(&mut curl.put(server.address, &back, file), LIMIT).expect_success();
                    server.folder.receives(&back, file);
                }
            });
        }
    });
    let transfers = server.ends();
    assert_eq!(transfers.len(), 12);
    assert!(transfers.iter().all(|event| event["ok"] == true), "{transfers:?}");
}

/// Transfers use the ports that the firewall lets through.
#[test]
fn transfers_stay_within_their_ports() {
    let curl = require!(Client::curl());
    // of ten ports some may be taken; which they are is the server's business
    let first = free_udp_port();
    let ports = first..=first + 9;
    let server = Server::start(&["--tftp-ports", &format!("{first}-{}", ports.end())]);
    let file = server.folder.holds("f", &content(1000));
    for _ in 0..3 {
        let mut client = Raw::asking(server.address, &rrq("f", "octet", &[]));
        client.hear();
        assert!(ports.contains(&client.peer().port()), "{}", client.peer());
        let copy = server.folder.copy("f");
        run(&mut curl.get(server.address, "f", &copy), LIMIT).expect_success();
        assert_eq!(digest_of(&copy), digest_of(&file));
    }
}

#[track_caller]
fn gets_every_size(client: &Client) {
    let server = Server::start(&[]);
    for size in SIZES {
        let file = server.folder.holds("f", &content(size));
        let copy = server.folder.copy("f");
        let ended = run(&mut client.get(server.address, "f", &copy), LIMIT).expect_success();
        assert_eq!(digest_of(&copy), digest_of(&file), "{size} octets: {ended}");
        let event = server.transfer();
        expect_transfer(&event, "read", size, &[("blksize", 512.into())]);
        assert_eq!(event["file"], "f");
    }
    assert_eq!(server.ends().len(), SIZES.len());
}

#[track_caller]
fn puts_every_size(client: &Client) {
    let server = Server::start(&["--upload", "overwrite"]);
    for size in SIZES {
        let file = put(&server.folder.copy(""), "f", &content(size));
        run(&mut client.put(server.address, "f", &file), LIMIT).expect_success();
        server.folder.receives("f", &file);
        expect_transfer(&server.transfer(), "write", size, &[("blksize", 512.into())]);
    }
    assert_eq!(server.folder.names(), ["f"], "only the file remains");
}
