//! SIGKILL on either side, and a full disk: no half of a file is ever seen under its final name, and in
//! the end nothing else is left either.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use wirelore_interop::{Missing, Peer, built_command, content, find, require, run, wait_until};

use crate::LIMIT;
use crate::changes::LARGE;
use crate::clients::{Curl, Fifo, Piped};
use crate::server::{Folder, Server, names, utf8};

/// An upload that takes a minute, and of which the server has some.
#[track_caller]
fn half_upload(curl: &Curl, server: &Server, arguments: &[&str]) -> Peer {
    let source = server.folder.outside("source");
    fs::write(&source, content(LARGE)).unwrap();
    let rate = ["--limit-rate", "600k", "-T", utf8(&source)];
    let url = server.url("/f");
    let client = Peer::start(&mut curl.command([arguments, &rate, &[&url]].concat()));
    wait_until("the unfinished upload", LIMIT, || {
        let names = server.folder.names();
        let part = names.iter().find(|name| name.ends_with(".wirelore-part"))?;
        let len = fs::metadata(server.folder.served(part)).ok()?.len();
        (len > 0 && len < LARGE as u64).then_some(())
    });
    client
}

/// What has the name is untouched, or nothing has it; the next server with uploads tidies up.
#[test]
fn a_killed_server_leaves_no_half_upload() {
    let curl = require!(Curl::new());
    for (old, arguments) in [
        (None, &["-k"][..]),
        (Some(&b"old"[..]), &["-k"]),
        (Some(b"old"), &["-k", "-H", "Transfer-Encoding: chunked"]),
    ] {
        for secure in [false, true] {
            let folder = Folder::new();
            if let Some(old) = old {
                folder.holds("f", old);
            }
            let options = ["--upload", "overwrite"];
            let server = match secure {
                true => Server::secure(folder, &options),
                false => Server::over(folder, &options),
            };
            let client = half_upload(&curl, &server, arguments);
            let folder = server.dies();
            let code = client.wait(LIMIT).code();
            assert!(matches!(code, Some(52 | 55 | 56)), "{code:?}");
            assert_eq!(fs::read(folder.served("f")).ok().as_deref(), old);
            let left: Vec<_> = folder.names().into_iter().filter(|name| name != "f").collect();
            assert!(left.len() == 1 && left[0].starts_with('.'), "{left:?}");
            // nobody sees it, and one that takes no uploads has no business there
            let server = Server::over(folder.clone(), &[]);
            assert!(!curl.get(&[], &server.url("/")).text().contains("part"));
            curl.get(&[], &server.url(&format!("/{}", left[0]))).expect_status(404);
            server.ends();
            assert!(folder.names().contains(&left[0]));
            let server = Server::over(folder, &["--upload", "overwrite"]);
            let kept = if old.is_some() { &["f"][..] } else { &[] };
            assert_eq!(server.folder.names(), kept);
            assert_eq!(fs::read(server.folder.served("f")).ok().as_deref(), old);
        }
    }
}

#[test]
fn a_killed_client_leaves_no_half_upload() {
    let curl = require!(Curl::new());
    for arguments in [&[][..], &["-H", "Transfer-Encoding: chunked"]] {
        let server = Server::start(&["--upload", "overwrite"]);
        server.folder.holds("f", b"old");
        let client = half_upload(&curl, &server, arguments);
        client.signal("KILL");
        let event = server.transfer("write", "/f");
        assert_eq!(event["ok"], false, "{event}");
        assert!(event["bytes"].as_u64().unwrap() < LARGE as u64, "{event}");
        wait_until("a tidy folder", LIMIT, || (server.folder.names() == ["f"]).then_some(()));
        curl.get(&[], &server.url("/f")).expect(200, b"old");
    }
}

/// Many of them, who were in the middle of a download: no place of theirs is held.
#[test]
fn killed_clients_are_forgotten() {
    let curl = require!(Curl::new());
    let server = Server::start(&["--http-connections", "3"]);
    server.folder.holds("f", &content(LARGE));
    server.folder.holds("small", b"small");
    for round in 1..=3 {
        let mut clients = Vec::new();
        for _ in 0..3 {
            let mut fifo = Fifo::new();
            clients.push(Peer::start(&mut curl.command(["-o", fifo.path(), &server.url("/f")])));
            fifo.begins();
            clients.last().unwrap().signal("KILL");
        }
        wait_until("failures", LIMIT, || {
            let events = server.events("transfer");
            (events.iter().filter(|event| event["ok"] == false).count() == 3 * round).then_some(())
        });
        // a place is free a moment after the event
        wait_until("a place", LIMIT, || {
            curl.try_many(&[], &[&server.url("/small")]).1.into_iter().find(|got| got.status == 200)
        });
    }
}

/// `program`, with a file system of 2 MiB as the folder `served` of its own.
fn cramped(folder: &Path, program: &Path) -> Result<Command, Missing> {
    let (unshare, mount) = (find("unshare")?, find("mount")?);
    let tried = run(Command::new(&unshare).args(["-m", "true"]), LIMIT);
    if tried.code() != Some(0) {
        return Err(Missing::Namespaces(tried.stderr().trim().into()));
    }
    let mut command = Command::new(unshare);
    let script = "\"$1\" -t tmpfs -o size=2m,mode=777 tmpfs \"$2\" && shift 2 && exec \"$@\"";
    command.args(["-m", "sh", "-c", script, "sh"]).arg(mount).arg(folder).arg(program);
    Ok(command)
}

/// 507, before the body where its length says so, and in its middle where there was no length; nothing
/// remains, what is there stays, and what fits is still taken.
#[test]
fn a_full_disk_is_told() {
    let curl = require!(Curl::new());
    let program = require!(find("curl"));
    let folder = Folder::new();
    let command = require!(cramped(&folder.served(""), &built_command()));
    let server = Server::launch(command, folder, "http", &["--upload", "overwrite"]);
    // what is mounted is seen by its processes only
    let inside = PathBuf::from(format!("/proc/{}/root", server.peer().id()));
    let inside = inside.join(server.folder.served("").strip_prefix("/").unwrap());
    let source = server.folder.outside("source");
    let put = |size: usize, arguments: &[&str]| {
        fs::write(&source, content(size)).unwrap();
        curl.get(&[arguments, &["-T", utf8(&source)]].concat(), &server.url("/f"))
    };
    put(1_000_000, &[]).expect_status(201);
    let patient = ["-H", "Expect: 100-continue", "--expect100-timeout", "40"];
    assert_eq!(put(5_000_000, &patient).expect_status(507).uploaded(), 0);
    put(5_000_000, &["-H", "Expect:"]).expect_status(507);
    let url = server.url("/g");
    for size in [1_500_000, 20_000_000] {
        let arguments = ["-q", "-sS", "-T", "-", "-w", "%{http_code}", "-o", "/dev/null", &url];
        let (ended, output) = Piped::start(&program, &arguments, &content(size)).wait();
        // what nobody reads any more may not have been sent to its end
        assert!(matches!(ended.code(), Some(0 | 55 | 56)), "{ended}");
        assert_eq!(String::from_utf8_lossy(&output), "507", "{size} {ended}");
    }
    wait_until("a tidy folder", LIMIT, || (names(&inside) == ["f"]).then_some(()));
    curl.get(&[], &server.url("/f")).expect(200, &content(1_000_000));
    put(900_000, &[]).expect_status(204);
    curl.get(&[], &server.url("/f")).expect(200, &content(900_000));
    assert_eq!(names(&inside), ["f"]);
    assert!(server.folder.names().is_empty(), "nothing beneath what is mounted");
}

/// A client that reads nothing, and one that sends nothing any more, are given up after `--http-stall`.
#[test]
fn who_stalls_is_given_up() {
    let curl = require!(Curl::new());
    let socat = require!(find("socat"));
    let server = Server::start(&["--upload", "create", "--http-stall", "700ms"]);
    server.folder.holds("f", &content(LARGE));
    let mut fifo = Fifo::new();
    let client = Peer::start(&mut curl.command(["-o", fifo.path(), &server.url("/f")]));
    fifo.begins();
    assert_eq!(server.transfer("read", "/f")["ok"], false);
    assert!(fifo.rest().len() < LARGE);
    assert_ne!(client.wait(Duration::from_secs(60)).code(), Some(0));
    let place = format!("TCP:127.0.0.1:{}", server.port);
    let request = b"PUT /new HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc";
    let (_, output) = Piped::open(&socat, &["-", &place], request).wait();
    let output = String::from_utf8_lossy(&output);
    assert!(output.starts_with("HTTP/1.1 408 "), "{output:?}");
    assert_eq!(server.transfer("write", "/new")["ok"], false);
    wait_until("a tidy folder", LIMIT, || (server.folder.names() == ["f"]).then_some(()));
}
