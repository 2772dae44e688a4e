//! SIGKILL in the middle of a transfer: nobody has the time to tidy up, and no half of a file is ever
//! seen under its final name.
//!
//! A transfer is in its middle for certain because its source is a fifo that the test holds open (for
//! atftp, which reads none, a file that would take half a minute), or because the other side is the
//! test, which falls silent.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use wirelore_interop::{Peer, content, require, run, wait_until};

use crate::ours::{Folder, Ours, Server};
use crate::theirs::Client;
use crate::wire::{Raw, ack, data, error_of, rrq};
use crate::{LIMIT, put};

/// Times after which our server has given up a silent client.
const IMPATIENT: [&str; 4] = ["--tftp-timeout", "100ms", "--tftp-retries", "3"];

/// A file that takes so long to send that whoever sends it is in the middle of it.
struct Endless {
    path: PathBuf,
    _writer: Option<File>,
}

impl Endless {
    fn new(folder: &Path, client: &Client) -> Self {
        let path = folder.join("endless");
        if !client.reads_pipes() {
            // half a minute at least; the disk has none of it
            File::create(&path).unwrap().set_len(2 << 30).unwrap();
            return Self { path, _writer: None };
        }
        run(Command::new("mkfifo").arg(&path), LIMIT).expect_success();
        // open for both, so that nobody waits for the other side
        let mut writer = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        // as much as a pipe takes without a reader
        writer.write_all(&content(65_536)).unwrap();
        Self { path, _writer: Some(writer) }
    }
}

/// A server that takes a file of that length.
const PATIENT: [&str; 4] = ["--upload", "overwrite", "--max-upload", "unlimited"];

/// Starts an upload of `f`, and waits until the server has begun to keep it.
#[track_caller]
fn begins_to_send(client: &Client, server: &Server, endless: &Endless) -> Peer {
    let peer = Peer::start(&mut client.put(server.address, "f", &endless.path));
    wait_until("the unfinished upload", LIMIT, || {
        server.folder.names().iter().any(|name| name != "f").then_some(())
    });
    peer
}

/// The server is killed in the middle of an upload: what had the name before is untouched, or nothing
/// has it. The next server with uploads tidies up what is left.
#[test]
fn a_killed_server_leaves_no_half_upload() {
    let clients = [require!(Client::curl()), require!(Client::atftp()), Client::wirelore()];
    for client in clients {
        for old in [None, Some(&b"old"[..])] {
            let folder = Folder::new();
            if let Some(old) = old {
                folder.holds("f", old);
            }
            let endless = Endless::new(folder.outside(), &client);
            let server = Server::over(folder, &PATIENT);
            let sending = begins_to_send(&client, &server, &endless);
            let folder = server.dies();
            drop(sending);
            assert_eq!(fs::read(folder.served("f")).ok().as_deref(), old, "{client:?}");
            let left: Vec<_> = folder.names().into_iter().filter(|name| name != "f").collect();
            assert!(left.len() == 1 && left[0].starts_with('.'), "{left:?}");
            // one that takes no uploads has no business there
            Server::over(folder.clone(), &[]).ends();
            assert!(folder.names().contains(&left[0]));
            let server = Server::over(folder, &["--upload", "overwrite"]);
            let names = if old.is_some() { &["f"][..] } else { &[] };
            assert_eq!(server.folder.names(), names, "{client:?}");
            assert_eq!(fs::read(server.folder.served("f")).ok().as_deref(), old, "{client:?}");
        }
    }
}

/// A server that starts beside one that is in the middle of an upload leaves its file alone.
#[test]
fn a_second_server_does_not_tidy_up_what_is_in_use() {
    let curl = require!(Client::curl());
    let folder = Folder::new();
    let endless = Endless::new(folder.outside(), &curl);
    let server = Server::over(folder, &["--upload", "overwrite"]);
    let _sending = begins_to_send(&curl, &server, &endless);
    let before = server.folder.names();
    let second = Server::over(server.folder.clone(), &["--upload", "overwrite"]);
    assert_eq!(server.folder.names(), before);
    drop(second);
}

/// A client is killed in the middle of an upload: when the server's patience is over, nothing is left
/// of it, and what had the name before is untouched.
#[test]
fn a_killed_client_leaves_no_half_upload() {
    let clients = [require!(Client::curl()), require!(Client::atftp()), Client::wirelore()];
    for client in clients {
        let folder = Folder::new();
        folder.holds("f", b"old");
        let endless = Endless::new(folder.outside(), &client);
        let arguments = [IMPATIENT, PATIENT].concat();
        let server = Server::over(folder, &arguments);
        let sending = begins_to_send(&client, &server, &endless);
        sending.signal("KILL");
        let event = server.transfer();
        assert_eq!(event["ok"], false, "{client:?} {event}");
        assert_eq!(event["direction"], "write", "{client:?} {event}");
        // the file is removed on another thread
        wait_until("a tidy folder", LIMIT, || (server.folder.names() == ["f"]).then_some(()));
        assert_eq!(fs::read(server.folder.served("f")).unwrap(), b"old");
    }
}

/// Our client in the middle of a download, of which the test sent a block and then no more.
struct HalfDownload {
    server: Raw,
    client: Peer,
    ours: Ours<'static>,
    place: PathBuf,
}

impl HalfDownload {
    #[track_caller]
    fn begin(old: Option<&[u8]>) -> Self {
        let mut server = Raw::new();
        let ours = Ours::new(&server.address().to_string());
        let place = ours.place();
        if let Some(old) = old {
            fs::write(&place, old).unwrap();
        }
        let patience = ["--timeout", "500ms", "--retries", "5"];
        let client = Peer::start(&mut ours.command(ours.url("f"), &place, &patience));
        assert_eq!(server.hear()[..2], [0, 1]);
        // a server that knows no options
        assert_eq!(server.ask(&data(1, &content(512))), ack(1));
        Self { server, client, ours, place }
    }
}

/// Our client is killed in the middle of a download: no half of the file has its name.
#[test]
fn our_killed_client_leaves_no_half_download() {
    for old in [None, Some(&b"old"[..])] {
        let half = HalfDownload::begin(old);
        half.client.signal("KILL");
        assert_eq!(half.client.wait(LIMIT).code(), None);
        assert_eq!(fs::read(&half.place).ok().as_deref(), old);
        let left: Vec<_> = half.ours.names().into_iter().filter(|name| name != "copy").collect();
        assert!(left.iter().all(|name| name.starts_with('.')), "{left:?}");
        // it is no obstacle for the next download
        let server = Server::start(&[]);
        let ours = Ours::new(&server.address.to_string());
        let file = put(&server.folder.served(""), "f", &content(1000));
        half.ours.copies_to(ours.url("f"), &half.place, &[]).expect_success();
        assert_eq!(fs::read(&half.place).unwrap(), fs::read(file).unwrap());
    }
}

/// Our client is asked to end in the middle of a download: nothing at all is left, and the exit code
/// is that of the signal. The server's next block is answered with an ERROR, if it comes soon.
#[test]
fn our_client_tidies_up_when_it_is_told_to_end() {
    let mut errors = Vec::new();
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let half = HalfDownload::begin(Some(b"old"));
        half.client.signal(signal);
        let HalfDownload { server, client, ours, place } = half;
        let ending = thread::spawn(move || client.wait(LIMIT));
        while !ending.is_finished() {
            server.say(&data(2, &content(512)));
            thread::sleep(Duration::from_millis(2));
        }
        ending.join().unwrap().expect_code(code);
        errors.extend(server.waiting().into_iter().filter(|heard| heard[1] == 5));
        assert_eq!(fs::read(&place).unwrap(), b"old");
        assert_eq!(ours.names(), ["copy"]);
    }
    // not each, should this test not have had its turn for so long
    assert!(!errors.is_empty(), "the server was not told");
    assert!(errors.iter().all(|error| error_of(error).0 == 0), "{errors:?}");
}

/// The server of a download is gone: our client gives up and leaves nothing.
#[test]
fn our_client_outlives_its_server() {
    let half = HalfDownload::begin(Some(b"old"));
    drop(half.server);
    let ended = half.client.wait(LIMIT).expect_code(28);
    assert_eq!(fs::read(&half.place).unwrap(), b"old", "{ended}");
    assert_eq!(half.ours.names(), ["copy"]);
}

/// Many killed clients leave the server as it was: nothing is held, and the next one is served.
#[test]
fn the_server_forgets_clients_that_are_gone() {
    let arguments = [&IMPATIENT[..], &["--tftp-transfers", "4"]].concat();
    let server = Server::start(&arguments);
    let file = server.folder.holds("f", &content(100_000));
    for _ in 0..3 {
        // as many as may be served at a time, none of which ever answers
        let clients: Vec<_> =
            (0..4).map(|_| Raw::asking(server.address, &rrq("f", "octet", &[]))).collect();
        for _ in &clients {
            assert_eq!(server.transfer()["ok"], false);
        }
    }
    let ours = Ours::new(&server.address.to_string());
    ours.gets(&file, &[]);
}
