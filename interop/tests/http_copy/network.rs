//! Connections, addresses, and how fast it goes.

use std::collections::BTreeSet;

use serde_json::Value;
use wirelore_interop::{Ended, content, digest_of, require};

use crate::copy::{User, facts};
use crate::nginx::Nginx;

/// Copies `/f` or `/brief/f` so often in one run.
#[track_caller]
fn batch(user: &User, nginx: &Nginx, options: &[&str], targets: &[&str]) -> (Ended, Vec<Value>) {
    let lines = targets.iter().enumerate();
    let lines: String =
        lines.map(|(number, target)| format!("{} {number}\n", nginx.url(target))).collect();
    let list = user.holds("list", lines.as_bytes());
    nginx.forgets();
    let ended = user.run(&[options, &["--batch", &list]].concat());
    let seen = nginx.seen(targets.len());
    (ended, seen)
}

fn connections(seen: &[Value]) -> usize {
    seen.iter().map(|seen| seen["connection"].to_string()).collect::<BTreeSet<_>>().len()
}

#[test]
fn connections_are_used_again() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(100_000));
    let (ended, seen) = batch(&user, &nginx, &[], &["/f"; 6]);
    ended.expect_success();
    assert_eq!(connections(&seen), 1);
    assert_eq!(seen[5]["requests"], 6);
    // whatever the answers are, as long as they are read
    let targets = ["/f", "/status/404", "/chunked/f", "/nothing", "/to/301/f", "/f"];
    let (ended, seen) = batch(&user, &nginx, &["--retries", "0"], &targets);
    ended.expect_code(22);
    assert_eq!((seen.len(), connections(&seen)), (7, 1));
    assert_eq!(user.names(), ["0", "1", "2", "3", "4", "5"].map(String::from));
    let (ended, seen) = batch(&user, &nginx, &["--no-keep-alive"], &["/f"; 3]);
    ended.expect_success();
    assert_eq!(connections(&seen), 3);
    let (ended, _) = batch(&user, &nginx, &["--connections"], &["/f"; 3]);
    let said = ended.expect_success().stderr();
    let address = format!("127.0.0.1:{}", nginx.port);
    let line = said.lines().find(|line| line.contains(&address) && line.ends_with("idle"));
    assert!(line.is_some_and(|line| line.split_whitespace().any(|word| word == "3")), "{said}");
    for name in user.names() {
        assert_eq!(digest_of(&user.copied(&name)), digest_of(&nginx.served("f")), "{name}");
    }
}

/// nginx closes an idle connection; nobody notices.
#[test]
fn connections_that_were_closed_are_not_missed() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(1000));
    // a second is waited for before the third one
    let later = nginx.other_url("/status/503?after=1");
    let (first, last) = (nginx.url("/brief/f"), nginx.url("/brief/f"));
    let list = user.holds("list", format!("{first} a\n{later} b\n{last} c\n").as_bytes());
    user.run(&["--retries", "1", "--batch", &list]).expect_code(22);
    assert_eq!(user.names(), ["a", "c"]);
    let seen = nginx.seen(4);
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert_ne!(seen[0]["connection"], seen[3]["connection"]);
}

/// As many octets in a second as were allowed, more or less.
#[test]
fn the_rate_is_limited() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(600_000));
    let ended = user.gets(&["--json", "--limit-rate", "300k"], &nginx.url("/f"), &content(600_000));
    let seconds = facts(&ended)["seconds"].as_f64().unwrap();
    assert!((1.0..20.0).contains(&seconds), "{seconds}");
    let source = user.holds("source", &content(600_000));
    let ended = user.run(&["--json", "--limit-rate", "300k", &source, &nginx.url("/put/f")]);
    let seconds = facts(&ended.expect_success())["seconds"].as_f64().unwrap();
    assert!((1.0..20.0).contains(&seconds), "{seconds}");
    assert_eq!(digest_of(&nginx.stored("f")), digest_of(&nginx.served("f")));
}

#[test]
fn addresses_of_our_own() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", b"here");
    let url = nginx.url("/f");
    for (options, from) in [
        (&[][..], "127.0.0.1"),
        (&["--interface", "127.0.0.2"], "127.0.0.2"),
        (&["--interface", "127.0.0.3", "-4"], "127.0.0.3"),
    ] {
        user.gets(options, &url, b"here");
        assert_eq!(nginx.takes::<1>()[0]["from"], from);
    }
    // of documentation only: nobody has it
    user.fails(45, &["--interface", "192.0.2.1"], &url);
    user.fails(45, &["--interface", "no-such-0"], &url);
    assert!(nginx.seen(0).is_empty());
    user.gets(&["-A", "a test/1"], &url, b"here");
    assert_eq!(nginx.takes::<1>()[0]["agent"], "a test/1");
}
