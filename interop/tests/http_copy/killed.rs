//! Copies that are killed, told to end, or have no room.

use std::path::Path;
use std::process::Command;

use wirelore_interop::{
    Missing, Peer, built_command, content, digest_of, find, require, run, wait_until,
};

use crate::LIMIT;
use crate::copy::{User, wait_for_octets};
use crate::nginx::{Nginx, PASSWORD};

const SIZE: usize = 2_000_000;

/// A download that stops in its middle.
#[track_caller]
fn half(user: &User, nginx: &Nginx, options: &[&str]) -> Peer {
    let slow = ["-vv", "-H", "X-Rate: 1", "-H", "X-After: 1001000"];
    let copy = user.start(&[options, &slow, &[&nginx.url("/f"), "f"]].concat());
    wait_for_octets(&copy, 1_000_000);
    copy
}

#[test]
fn a_killed_download_has_no_name() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(SIZE));
    for old in [None, Some(b"old")] {
        if let Some(old) = old {
            std::fs::write(user.copied("f"), old).unwrap();
        }
        let copy = half(&user, &nginx, &[]);
        copy.signal("KILL");
        assert_eq!(copy.wait(LIMIT).code(), None);
        assert_eq!(std::fs::read(user.copied("f")).ok().as_deref(), old.map(|old| &old[..]));
        // what may be left is hidden, and is in nobody's way
        let left: Vec<_> = user.names().into_iter().filter(|name| name != "f").collect();
        assert!(
            left.iter().all(|name| name.starts_with(".f.") && name.ends_with(".part")),
            "{left:?}"
        );
        user.fetch(&[], &nginx.url("/f")).expect_success();
        user.has("f", &content(SIZE));
        for name in left {
            std::fs::remove_file(user.copied(&name)).unwrap();
        }
        assert!(user.names().is_empty());
    }
}

#[test]
fn a_killed_download_goes_on() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(SIZE));
    let copy = half(&user, &nginx, &["--continue"]);
    // not all that came has been written
    let kept = wait_until("octets on the disk", LIMIT, || user.kept("f").filter(|kept| *kept > 0));
    copy.signal("KILL");
    assert_eq!(copy.wait(LIMIT).code(), None);
    assert!(!user.names().contains(&"f".to_owned()));
    let kept = user.kept("f").unwrap_or(kept);
    nginx.forgets();
    user.gets(&["--continue"], &nginx.url("/f"), &content(SIZE));
    let [seen] = nginx.takes();
    assert_eq!((&seen["status"], &seen["range"]), (&206.into(), &format!("bytes={kept}-").into()));
}

#[test]
fn signals_end_copies() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(SIZE));
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let copy = half(&user, &nginx, &[]);
        copy.signal(signal);
        copy.wait(LIMIT).expect_code(code);
        assert!(user.names().is_empty(), "{:?}", user.names());
        // all that came is kept, if it is to be kept
        let copy = half(&user, &nginx, &["--continue"]);
        copy.signal(signal);
        copy.wait(LIMIT).expect_code(code);
        assert!(user.kept("f").expect("a part") >= 1_000_000);
        user.gets(&["--continue"], &nginx.url("/f"), &content(SIZE));
    }
    // and two do not write to one part
    let copy = half(&user, &nginx, &["--continue"]);
    user.fetch(&["--continue"], &nginx.url("/f")).expect_code(23);
    copy.signal("TERM");
    copy.wait(LIMIT).expect_code(143);
    user.gets(&["--continue"], &nginx.url("/f"), &content(SIZE));
}

/// nginx has no half of what was sent to it.
#[test]
fn a_killed_upload() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    let source = user.holds("source", &content(SIZE));
    for signal in ["KILL", "TERM"] {
        let url = nginx.url("/put/f");
        let copy = user.start(&["-vv", "--limit-rate", "300k", &source, &url]);
        wait_until("an upload", LIMIT, || {
            let said = copy.stderr();
            let sent =
                said.lines().filter(|line| line.starts_with("> ") && line.ends_with(" octets"));
            (sent.count() > 3).then_some(())
        });
        copy.signal(signal);
        let code = copy.wait(LIMIT).code();
        assert_eq!(code, if signal == "KILL" { None } else { Some(143) });
        let [seen] = nginx.takes();
        assert_ne!(seen["status"], 201);
        assert!(!nginx.stored("f").exists());
    }
    user.run(&["--user", &format!("ann:{PASSWORD}"), &source, &nginx.url("/put-basic/f")])
        .expect_success();
    assert_eq!(digest_of(&nginx.stored("f")), digest_of(Path::new(&source)));
}

/// With a file system of 2 MiB for its copies; what is there at the end is on stdout.
fn cramped(user: &User) -> Result<Command, Missing> {
    let (unshare, mount) = (find("unshare")?, find("mount")?);
    let tried = run(Command::new(&unshare).args(["-m", "true"]), LIMIT);
    if tried.code() != Some(0) {
        return Err(Missing::Namespaces(tried.stderr().trim().into()));
    }
    let mut command = Command::new(unshare);
    let script = "\"$1\" -t tmpfs -o size=2m,mode=777 tmpfs \"$2\" && cd \"$2\" && echo old >old && \
                  shift 2 && { \"$@\"; code=$?; ls -A; exit $code; }";
    command
        .args(["-m", "sh", "-c", script, "sh"])
        .arg(mount)
        .arg(user.copied(""))
        .arg(built_command());
    Ok(command)
}

#[test]
fn a_full_disk_is_told() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(5_000_000));
    nginx.holds("small", &content(1_500_000));
    for place in ["/f", "/chunked/f"] {
        for target in ["new", "old"] {
            let url = nginx.url(place);
            let mut command = user.command_of(require!(cramped(&user)), &["-q", &url, target]);
            let ended = run(&mut command, LIMIT).expect_code(23);
            assert_eq!(ended.stdout(), "old\n", "{ended}");
            assert!(ended.stderr().to_lowercase().contains("space"), "{ended}");
        }
    }
    // asked once: the disk does not grow
    assert_eq!(nginx.seen(4).len(), 4);
    let url = nginx.url("/small");
    let mut command = user.command_of(require!(cramped(&user)), &["-q", &url, "new"]);
    assert_eq!(run(&mut command, LIMIT).expect_success().stdout(), "new\nold\n");
}

/// What came is kept, since there may be room later.
#[test]
fn a_full_disk_and_continue() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(5_000_000));
    let url = nginx.url("/f");
    let mut command = user.command_of(require!(cramped(&user)), &["-q", "-C", &url, "f"]);
    let ended = run(&mut command, LIMIT).expect_code(23);
    assert!(!ended.stdout().lines().any(|name| name == "f"), "{ended}");
}

#[test]
fn targets_that_cannot_be_written() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(5_000_000));
    let url = nginx.url("/f");
    for target in ["missing/f", "/dev/full", "/proc/f"] {
        user.run(&[&url, target]).expect_code(23);
    }
    // whoever reads stdout goes away
    let mut shell = Command::new("bash");
    shell
        .args(["-c", "\"$@\" | head -c 10 >/dev/null; exit ${PIPESTATUS[0]}", "sh"])
        .arg(built_command());
    run(&mut user.command_of(shell, &["-q", &url, "-"]), LIMIT).expect_code(23);
}
