//! SIGTERM, which lets downloads and uploads end, a second one, which does not, and SIGHUP, which reads
//! users again and opens the access log again.

use std::fs;

use wirelore_interop::{Peer, content, find, require, wait_until};

use crate::LIMIT;
use crate::changes::{BROKEN, LARGE};
use crate::clients::{Curl, Fifo, Piped};
use crate::server::{Folder, Server, parsed, utf8};

/// What the server says when it has heard the signal.
const DRAINING: &str = "no more requests are taken";

/// A download that is in its middle.
#[track_caller]
fn half_download(curl: &Curl, server: &Server) -> (Peer, Fifo) {
    let mut fifo = Fifo::new();
    let client = Peer::start(&mut curl.command(["-k", "-o", fifo.path(), &server.url("/f")]));
    fifo.begins();
    (client, fifo)
}

/// The download comes to its end, over TLS too; new connections are refused; then the server ends.
#[test]
fn sigterm_lets_downloads_end() {
    let curl = require!(Curl::new());
    for server in [Server::start(&[]), Server::secure(Folder::new(), &[])] {
        let all = content(LARGE);
        server.folder.holds("f", &all);
        let (client, fifo) = half_download(&curl, &server);
        server.peer().signal("TERM");
        server.says(DRAINING, 1);
        let url = server.url("/f");
        // the listener is closed a moment after that is said
        wait_until("a refusal", LIMIT, || {
            (curl.run(["-k", "-I", "-o", "/dev/null", &url]).code() == Some(7)).then_some(())
        });
        assert!(fifo.rest() == all);
        client.wait(LIMIT).expect_success();
        let ended = server.into_peer().wait(LIMIT).expect_success();
        assert_eq!(parsed(&ended.stdout(), "stopped")[0]["cut"], 0, "{ended}");
        assert!(parsed(&ended.stdout(), "transfer").iter().any(|event| event["ok"] == true));
    }
}

/// So does an upload; and who has been served and stays, or has said nothing yet, is not waited for.
#[test]
fn sigterm_lets_uploads_end() {
    let socat = require!(find("socat"));
    let server = Server::start(&["--upload", "create", "--drain", "1h"]);
    server.folder.holds("f", b"here");
    let place = format!("TCP:127.0.0.1:{}", server.port);
    let silent = Piped::open(&socat, &["-", &place], b"");
    let idle = Piped::open(&socat, &["-", &place], b"GET /f HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_until("an answer", LIMIT, || idle.output().ends_with(b"here").then_some(()));
    // its input stays open: the body has to have come by its length
    let request = b"PUT /new HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc";
    let begun = Piped::open(&socat, &["-", &place], request);
    wait_until("the unfinished upload", LIMIT, || (server.folder.names().len() == 2).then_some(()));
    server.peer().signal("TERM");
    server.says(DRAINING, 1);
    for (client, wanted) in [(silent, &b""[..]), (idle, b"here")] {
        let (ended, output) = client.wait();
        ended.expect_success();
        assert!(output.ends_with(wanted));
    }
    assert!(begun.output().is_empty());
    begun.says(b"def");
    let (ended, output) = begun.wait();
    ended.expect_success();
    let output = String::from_utf8(output).unwrap();
    assert!(output.starts_with("HTTP/1.1 201 "), "{output}");
    let folder = server.folder.clone();
    let ended = server.into_peer().wait(LIMIT).expect_success();
    assert_eq!(parsed(&ended.stdout(), "stopped")[0]["cut"], 0, "{ended}");
    assert_eq!(fs::read(folder.served("new")).unwrap(), b"abcdef");
    assert_eq!(folder.names(), ["f", "new"]);
}

/// A second SIGTERM, or the end of `--drain`, cuts: the client knows that it has not all, and an upload
/// leaves nothing.
#[test]
fn what_takes_too_long_is_cut() {
    let curl = require!(Curl::new());
    let socat = require!(find("socat"));
    for (drain, twice) in [("1h", true), ("300ms", false)] {
        let server = Server::start(&["--upload", "create", "--drain", drain]);
        server.folder.holds("f", &content(LARGE));
        let (client, fifo) = half_download(&curl, &server);
        let place = format!("TCP:127.0.0.1:{}", server.port);
        let request = b"PUT /new HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc";
        let upload = Piped::open(&socat, &["-", &place], request);
        wait_until("the unfinished upload", LIMIT, || {
            (server.folder.names().len() == 2).then_some(())
        });
        server.peer().signal("TERM");
        server.says(DRAINING, 1);
        if twice {
            server.peer().signal("TERM");
        }
        let folder = server.folder.clone();
        let ended = server.into_peer().wait(LIMIT).expect_success();
        if !twice {
            assert_eq!(parsed(&ended.stdout(), "stopped")[0]["cut"], 2, "{ended}");
        }
        assert!(fifo.rest().len() < LARGE);
        let client = client.wait(LIMIT);
        assert!(client.code().is_some_and(|code| BROKEN.contains(&code)), "{client}");
        assert!(!String::from_utf8_lossy(&upload.wait().1).contains(" 201 "));
        assert_eq!(folder.names(), ["f"], "{ended}");
    }
}

/// The log is moved away and opened again; no line is lost. Users are read again, and a file with a fault
/// changes nothing. A download that goes on is not disturbed.
#[test]
fn sighup_opens_the_log_and_reads_users_again() {
    let curl = require!(Curl::new());
    let folder = Folder::new();
    folder.holds("f", &content(LARGE));
    folder.holds("small", b"small");
    let users = folder.keeps("users", "ann:one\n");
    let log = folder.outside("access.log");
    let options =
        ["--access-log", utf8(&log), "--http-users", utf8(&users), "--http-auth", "basic"];
    let server = Server::over(folder.clone(), &options);
    let status = |login: &str| curl.get(&["-u", login], &server.url("/small")).status;
    assert_eq!((status("ann:one"), status("bob:two")), (200, 401));
    let mut fifo = Fifo::new();
    let arguments = ["-u", "ann:one", "-o", fifo.path(), &server.url("/f")];
    let client = Peer::start(&mut curl.command(arguments));
    fifo.begins();

    let moved = folder.outside("access.log.1");
    fs::rename(&log, &moved).unwrap();
    folder.keeps("users", "bob:two\n");
    server.peer().signal("HUP");
    server.says("the configuration was read again", 1);
    wait_until("a new log", LIMIT, || log.exists().then_some(()));
    assert_eq!((status("ann:one"), status("bob:two")), (401, 200));

    folder.keeps("users", "no colon\n");
    server.peer().signal("HUP");
    server.says("users kept as they were", 1);
    assert_eq!((status("ann:one"), status("bob:two")), (401, 200));

    assert!(fifo.rest() == content(LARGE));
    client.wait(LIMIT).expect_success();
    server.ends();
    let lines = |file| fs::read_to_string(file).unwrap().lines().count();
    assert_eq!((lines(&moved), lines(&log)), (2, 5));
}
