//! What servers refuse, and when they are asked again.

use std::fs;

use wirelore_interop::require;

use crate::copy::{User, facts};
use crate::nginx::Nginx;
use crate::python::Odd;

#[test]
fn refusals_are_told() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    for status in [400, 403, 404, 410] {
        let url = nginx.url(&format!("/status/{status}"));
        let ended = user.fails(22, &["--json"], &url);
        // status, and the words of the server
        let said = ended.stderr();
        assert!(said.contains(&format!("out of order, says {status}")), "{ended}");
        assert!(said.contains(&url) && said.contains(&format!("says {status} ")), "{ended}");
        let facts = facts(&ended);
        assert_eq!(
            (&facts["exit_code"], &facts["options"]["status"]),
            (&22.into(), &status.into())
        );
        assert_eq!(nginx.takes::<1>()[0]["status"], status);
        // nothing is put on stdout for it
        let (ended, output) = user.pipes(&[&url, "-"]);
        ended.expect_code(22);
        assert!(output.is_empty());
        nginx.forgets();
    }
    // a page for browsers is not shown
    let ended = user.fails(22, &[], &nginx.url("/nothing"));
    assert!(ended.stderr().contains("404") && !ended.stderr().contains('<'), "{ended}");
    // what is there stays
    fs::write(user.copied("f"), b"old").unwrap();
    user.fetch(&[], &nginx.url("/nothing")).expect_code(22);
    user.has_only("f", b"old");
    // who asks whether it changed is told that it has not, and that is no file
    nginx.holds("f", b"here");
    nginx.forgets();
    let ended = user.fails(22, &["-H", "If-None-Match: *"], &nginx.url("/f"));
    assert!(ended.stderr().contains("304"), "{ended}");
    assert_eq!(nginx.takes::<1>()[0]["status"], 304);
}

#[test]
fn what_may_pass_is_asked_again() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    for status in [429, 500, 502, 503, 504] {
        let url = nginx.url(&format!("/status/{status}?after=0"));
        let ended = user.fails(22, &["--retries", "2", "--json"], &url);
        assert_eq!(facts(&ended)["options"]["retries"], 2);
        let seen = nginx.takes::<3>();
        // over one connection
        assert!(seen.iter().all(|one| one["connection"] == seen[0]["connection"]), "{seen:?}");
        user.fails(22, &["--retries", "0"], &url);
        assert_eq!(nginx.takes::<1>()[0]["status"], status);
        // nobody waits for two hours
        let ended = user.fails(22, &[], &nginx.url(&format!("/status/{status}?after=7200")));
        assert!(ended.stderr().contains("7200") || ended.stderr().contains("2h"), "{ended}");
        assert_eq!(nginx.takes::<1>()[0]["status"], status);
    }
}

/// A real limit: the third one in a second is too much, for a while.
#[test]
fn a_server_with_little_time_is_waited_for() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", b"here");
    let url = nginx.url("/rare/f");
    let list = user.holds("list", format!("{url} a\n{url} b\n{url} c\n").as_bytes());
    user.run(&["--batch", &list, "-q"]).expect_success();
    assert_eq!(user.names(), ["a", "b", "c"]);
    let seen = nginx.seen(5);
    assert!(seen.iter().filter(|seen| seen["status"] == 429).count() >= 2, "{seen:?}");
    assert_eq!(seen.iter().filter(|seen| seen["status"] == 200).count(), 3);
}

#[test]
fn a_server_that_recovers() {
    let odd = require!(Odd::start());
    let user = User::new();
    user.gets(&[], &odd.url("/flaky/3"), &wirelore_interop::content(1000));
    assert_eq!(odd.asked("/flaky/3").len(), 4);
}

/// Nothing that a server says moves the cursor of who reads it.
#[test]
fn words_of_servers_are_harmless() {
    let odd = require!(Odd::start());
    let user = User::new();
    for options in [&[][..], &["-v"], &["-vv"], &["--json"]] {
        let ended = user.fails(22, options, &odd.url("/shout"));
        let all = ended.stderr() + &ended.stdout();
        assert!(!all.contains(['\x1b', '\x07', '\u{9b}', '\u{202e}']), "{all:?}");
        assert!(ended.stderr().contains("evil"), "{ended}");
    }
    let home = user.run(&["--history"]).expect_success().stdout();
    assert!(!home.contains(['\x1b', '\x07']) && home.contains("/shout"), "{home:?}");
}
