//! A file that changes while it is on its way: a client has the old content whole, or knows that it has
//! not. curl writes to a fifo that the test does not read until the change is made, so the download is in
//! its middle for certain.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use wirelore_interop::{Ended, Peer, content, require};

use crate::LIMIT;
use crate::clients::{Curl, Fifo};
use crate::server::{Folder, Server, utf8};

/// More than sockets take when nobody reads.
pub(crate) const LARGE: usize = 24 << 20;

/// What of a broken connection curl may say: a part of the body came, or the connection was reset.
pub(crate) const BROKEN: [i32; 2] = [18, 56];

/// What a client has when the file was changed in the middle of the download.
#[track_caller]
fn download(
    server: &Server,
    curl: &Curl,
    arguments: &[&str],
    change: impl FnOnce(),
) -> (Ended, Vec<u8>) {
    let mut fifo = Fifo::new();
    let url = server.url("/f");
    let client = Peer::start(&mut curl.command([arguments, &["-o", fifo.path(), &url]].concat()));
    fifo.begins();
    change();
    let octets = fifo.rest();
    (client.wait(LIMIT), octets)
}

fn servers() -> [Server; 2] {
    [Server::start(&[]), Server::secure(Folder::new(), &[])]
}

/// Replaced by a rename, or removed: what was opened is sent to its end.
#[test]
fn a_replaced_file_is_sent_whole() {
    let curl = require!(Curl::new());
    for server in servers() {
        let all = content(LARGE);
        let file = server.folder.holds("f", &all);
        let (ended, octets) = download(&server, &curl, &["-k"], || {
            let next = server.folder.outside("next");
            fs::write(&next, b"next").unwrap();
            fs::rename(next, &file).unwrap();
        });
        ended.expect_success();
        assert!(octets == all, "{} octets", octets.len());
        curl.get(&["-k"], &server.url("/f")).expect(200, b"next");
        server.folder.holds("f", &all);
        let (ended, octets) = download(&server, &curl, &["-k"], || fs::remove_file(&file).unwrap());
        ended.expect_success();
        assert!(octets == all);
        assert!(server.events("transfer").iter().all(|event| event["ok"] == true));
    }
}

/// Cut short: the client is never told that this was all.
#[test]
fn a_truncated_file_is_noticed() {
    let curl = require!(Curl::new());
    for server in servers() {
        for len in [0, LARGE as u64 - 1] {
            let all = content(LARGE);
            let file = server.folder.holds("f", &all);
            let (ended, octets) = download(&server, &curl, &["-k"], || {
                File::options().write(true).open(&file).unwrap().set_len(len).unwrap();
            });
            assert!(ended.code().is_some_and(|code| BROKEN.contains(&code)), "{len}: {ended}");
            assert!(octets.len() < LARGE && octets == all[..octets.len()], "{len}");
            fs::remove_file(file).unwrap();
        }
        wirelore_interop::wait_until("two failures", LIMIT, || {
            let events = server.events("transfer");
            (events.len() == 2).then(|| assert!(events.iter().all(|event| event["ok"] == false)))
        });
        server.folder.holds("f", b"next");
        curl.get(&["-k"], &server.url("/f")).expect(200, b"next");
    }
}

/// Written over in place, with as many octets or with fewer at first: half of the one and half of the
/// other is nobody's file. So with a range, and over HTTP/1.0.
#[test]
fn a_rewritten_file_is_noticed() {
    let curl = require!(Curl::new());
    for server in servers() {
        for arguments in [&["-k"][..], &["-k", "-r", "1000-"], &["-k", "--http1.0"]] {
            let file = server.folder.holds("f", &content(LARGE));
            let (ended, octets) = download(&server, &curl, arguments, || {
                let file = File::options().write(true).open(&file).unwrap();
                file.write_all_at(&vec![b'x'; LARGE], 0).unwrap();
            });
            assert!(
                ended.code().is_some_and(|code| BROKEN.contains(&code)),
                "{arguments:?}: {ended}"
            );
            assert!(octets.len() < LARGE, "{arguments:?}");
            fs::remove_file(file).unwrap();
        }
        wirelore_interop::wait_until("three failures", LIMIT, || {
            (server.events("transfer").len() == 3).then_some(())
        });
        for event in server.events("transfer") {
            assert!(
                event["error"].as_str().is_some_and(|text| text.contains("changed")),
                "{event}"
            );
        }
    }
}

/// A log that is written on: what was announced is sent, and the next client gets more.
#[test]
fn a_growing_file_is_sent_as_announced() {
    let curl = require!(Curl::new());
    for server in servers() {
        let all = content(LARGE);
        let file = server.folder.holds("f", &all[..LARGE - 1000]);
        let (ended, octets) = download(&server, &curl, &["-k"], || {
            let file = File::options().write(true).open(&file).unwrap();
            file.write_all_at(&all[LARGE - 1000..], LARGE as u64 - 1000).unwrap();
        });
        ended.expect_success();
        assert!(octets == all[..LARGE - 1000], "{} octets", octets.len());
        let copy = server.folder.copy("f");
        fs::write(&copy, octets).unwrap();
        curl.run(["-k", "-C", "-", "-o", utf8(&copy), &server.url("/f")]).expect_success();
        assert!(fs::read(copy).unwrap() == all);
    }
}
