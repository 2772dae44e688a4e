//! SIGTERM, which lets transfers end, a second one, which does not, and SIGHUP, which reads the
//! configuration again.

use std::fs;

use wirelore_interop::{content, require, run, wait_until};

use crate::ours::{Folder, Ours, Server, parsed};
use crate::theirs::Client;
use crate::wire::{Raw, ack, data, error_of, oack, rrq, wrq};
use crate::{LIMIT, put, utf8};

/// So long that no block is ever sent again of its own accord.
const PATIENCE: (&str, &str) = ("timeout", "255");

/// What the server says when it has heard the signal.
const DRAINING: &str = "no more requests are taken";

/// A download and an upload that go on as the test wants.
struct Halfway {
    server: Server,
    reader: Raw,
    writer: Raw,
}

impl Halfway {
    #[track_caller]
    fn begin(arguments: &[&str]) -> Self {
        let server = Server::start(&[arguments, &["--upload", "create"]].concat());
        server.folder.holds("f", &content(1200));
        let mut reader = Raw::asking(server.address, &rrq("f", "octet", &[PATIENCE]));
        assert_eq!(reader.hear(), oack(&[PATIENCE]));
        assert_eq!(reader.ask(&ack(0)), data(1, &content(1200)[..512]));
        let mut writer = Raw::asking(server.address, &wrq("up", "octet", &[PATIENCE]));
        assert_eq!(writer.hear(), oack(&[PATIENCE]));
        assert_eq!(writer.ask(&data(1, &content(512))), ack(1));
        Self { server, reader, writer }
    }
}

/// After SIGTERM transfers go on to their end, new requests are not answered, and then the server
/// ends with success, having cut nothing.
#[test]
fn sigterm_lets_transfers_end() {
    let Halfway { server, mut reader, mut writer } = Halfway::begin(&[]);
    server.peer().signal("TERM");
    server.says(DRAINING);
    let late = Raw::asking(server.address, &rrq("f", "octet", &[]));
    assert_eq!(reader.ask(&ack(1)), data(2, &content(1200)[512..1024]));
    assert_eq!(writer.ask(&data(2, b"end")), ack(2));
    assert_eq!(server.transfer()["direction"], "write");
    assert_eq!(reader.ask(&ack(2)), data(3, &content(1200)[1024..]));
    reader.say(&ack(3));
    let folder = server.folder.clone();
    let ended = server.into_peer().wait(LIMIT).expect_success();
    assert!(late.waiting().is_empty(), "a new request was answered");
    let transfers = parsed(&ended.stdout(), "transfer");
    assert!(transfers.len() == 2 && transfers.iter().all(|event| event["ok"] == true), "{ended}");
    assert_eq!(parsed(&ended.stdout(), "stopped")[0]["cut"], 0, "{ended}");
    assert_eq!(fs::read(folder.served("up")).unwrap(), [&content(512)[..], b"end"].concat());
    assert_eq!(folder.names(), ["f", "up"]);
}

/// A second SIGTERM cuts them: the upload is gone, the events say so, and the exit code is that of a
/// server that stopped as it was told to.
#[test]
fn a_second_sigterm_cuts_transfers() {
    let Halfway { server, .. } = Halfway::begin(&["--drain", "1h"]);
    server.peer().signal("TERM");
    server.says(DRAINING);
    assert!(server.events("transfer").is_empty());
    server.peer().signal("TERM");
    let folder = server.folder.clone();
    let ended = server.into_peer().wait(LIMIT).expect_success();
    let transfers = parsed(&ended.stdout(), "transfer");
    assert!(transfers.len() == 2 && transfers.iter().all(|event| event["ok"] == false), "{ended}");
    assert_eq!(folder.names(), ["f"], "{ended}");
}

/// When `--drain` is over, what still goes on is cut: its clients get an ERROR, and nothing is left
/// of the upload.
#[test]
fn transfers_are_cut_when_the_time_is_over() {
    let Halfway { server, mut reader, mut writer } = Halfway::begin(&["--drain", "0s"]);
    server.peer().signal("TERM");
    for client in [&mut reader, &mut writer] {
        assert_eq!(error_of(&client.hear()).0, 0);
    }
    let folder = server.folder.clone();
    let ended = server.into_peer().wait(LIMIT).expect_success();
    assert_eq!(parsed(&ended.stdout(), "stopped")[0]["cut"], 2, "{ended}");
    assert_eq!(folder.names(), ["f"], "{ended}");
}

/// SIGHUP: what the file says from now on holds for the next request; a transfer that goes on is not
/// disturbed. A file with a fault changes nothing, and the server says so.
#[test]
fn sighup_reads_the_configuration_again() {
    let clients = require!(Client::exact());
    let folder = Folder::new();
    let file = folder.holds("f", &content(1200));
    let config = put(folder.outside(), "wirelore.toml", b"");
    let server = Server::over(folder, &["--config", utf8(&config)]);
    let alias =
        |name: &str| format!("upload = \"create\"\n[[file]]\npath = \"f\"\nalias = [\"{name}\"]\n");
    let find = |name: &str, code: i32| {
        for client in &clients {
            let copy = server.folder.copy("copy");
            let ended = run(&mut client.get(server.address, name, &copy), LIMIT);
            match code {
                0 => assert_eq!(fs::read(&copy).unwrap(), fs::read(&file).unwrap(), "{ended}"),
                code => client.was_refused(&ended, code),
            }
        }
    };
    find("one", 1);
    let mut reader = Raw::asking(server.address, &rrq("f", "octet", &[PATIENCE]));
    reader.hear();
    assert_eq!(reader.ask(&ack(0)), data(1, &content(1200)[..512]));

    fs::write(&config, alias("one")).unwrap();
    server.peer().signal("HUP");
    server.says("the configuration was read again");
    find("one", 0);
    let ours = Ours::new(&server.address.to_string());
    ours.puts(b"new", &server.folder.served(""), "new", &[]);
    ours.sent_all();
    assert!(server.events("error").is_empty());

    fs::write(&config, alias("two") + "no-such-key = 1\n").unwrap();
    server.peer().signal("HUP");
    let error = wait_until("an error", LIMIT, || server.events("error").pop());
    let text = error["error"].as_str().unwrap();
    assert!(text.starts_with("kept as it was: ") && text.contains("no-such-key"), "{error}");
    server.says("kept as it was: ");
    find("one", 0);
    find("two", 1);

    fs::write(&config, alias("two")).unwrap();
    server.peer().signal("HUP");
    wait_until("the second reading", LIMIT, || {
        let said = server.peer().stderr();
        (said.matches("the configuration was read again").count() == 2).then_some(())
    });
    find("one", 1);
    find("two", 0);

    assert_eq!(reader.ask(&ack(1)), data(2, &content(1200)[512..1024]));
    assert_eq!(reader.ask(&ack(2)), data(3, &content(1200)[1024..]));
}
