//! The small servers of small machines: busybox's httpd, and Python's `http.server`. One has
//! ranges and does not look at `If-Range`, the other has neither.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use wirelore_interop::{Missing, Peer, content, find, folder, free_tcp_port, require, wait_until};

use crate::LIMIT;
use crate::copy::{User, facts};
use crate::python::FileServer;

const SIZE: usize = 1_000_000;

struct Httpd {
    port: u16,
    folder: TempDir,
    _peer: Peer,
}

impl Httpd {
    fn start() -> Result<Self, Missing> {
        let busybox = find("busybox")?;
        let (folder, port) = (folder(), free_tcp_port());
        fs::create_dir(folder.path().join("private")).unwrap();
        let config = folder.path().join("httpd.conf");
        fs::write(&config, "/private:ann:s3cret\n").unwrap();
        let mut command = Command::new(busybox);
        command.args(["httpd", "-f", "-p", &format!("127.0.0.1:{port}"), "-h"]).arg(folder.path());
        let mut peer = Peer::start(command.arg("-c").arg(config));
        peer.wait_for_tcp(port);
        Ok(Self { port, folder, _peer: peer })
    }

    fn url(&self, target: &str) -> String {
        format!("http://127.0.0.1:{}{target}", self.port)
    }

    fn served(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

/// A file as it was so many seconds ago.
fn old(file: &Path, octets: &[u8], seconds: u64) {
    fs::write(file, octets).unwrap();
    let time = SystemTime::now() - Duration::from_secs(seconds);
    File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
}

/// A part of a copy with `--continue`: how much it is.
#[track_caller]
fn part(user: &User, url: &str) -> u64 {
    let copy = user.start(&["-C", "--limit-rate", "200k", url, "f"]);
    wait_until("octets on the disk", LIMIT, || user.kept("f").filter(|kept| *kept > 0));
    copy.signal("TERM");
    copy.wait(LIMIT).expect_code(143);
    user.kept("f").expect("a part")
}

#[test]
fn busybox_serves_files() {
    let httpd = require!(Httpd::start());
    let user = User::new();
    for size in [0, 1, 65_536, SIZE] {
        fs::write(httpd.served("f"), content(size)).unwrap();
        fs::write(httpd.served("private/f"), content(size)).unwrap();
        user.gets(&[], &httpd.url("/f"), &content(size));
        let login = ["--user", "ann:s3cret"];
        user.gets(&login, &httpd.url("/private/f"), &content(size));
        user.fails(67, &["--user", "ann:wrong"], &httpd.url("/private/f"));
        user.fails(67, &[], &httpd.url("/private/f"));
        user.fails(22, &[], &httpd.url("/nothing"));
    }
}

#[test]
fn busybox_goes_on() {
    let httpd = require!(Httpd::start());
    let user = User::new();
    let url = httpd.url("/f");
    old(&httpd.served("f"), &content(SIZE), 5000);
    let kept = part(&user, &url);
    let ended = user.gets(&["-C", "--json"], &url, &content(SIZE));
    let resumed = &facts(&ended)["options"]["resumed_at"];
    assert_eq!(*resumed, kept);
}

/// The rest of another version is offered, and not taken.
#[test]
fn versions_of_small_servers_are_not_mixed() {
    let httpd = require!(Httpd::start());
    let user = User::new();
    let reversed: Vec<u8> = content(SIZE).into_iter().rev().collect();
    let python = require!(FileServer::start(httpd.folder.path(), "HTTP/1.1"));
    for url in [httpd.url("/f"), python.url("/f")] {
        for new in [&reversed[..], &reversed[..SIZE - 1], &[&reversed[..], b"more"].concat()] {
            old(&httpd.served("f"), &content(SIZE), 5000);
            part(&user, &url);
            old(&httpd.served("f"), new, 3000);
            user.gets(&["-C"], &url, new);
        }
        // the same one: whether it goes on or comes again, it is that
        old(&httpd.served("f"), &content(SIZE), 5000);
        part(&user, &url);
        user.gets(&["-C"], &url, &content(SIZE));
        // too young for a date to be a version
        fs::write(httpd.served("f"), content(SIZE)).unwrap();
        user.gets(&["-C"], &url, &content(SIZE));
    }
}
