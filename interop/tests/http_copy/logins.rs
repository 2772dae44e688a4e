//! Names and passwords, by Basic at nginx.

use std::fs;

use wirelore_interop::{content, require};

use crate::copy::User;
use crate::nginx::{Nginx, PASSWORD};

/// [`PASSWORD`] in a URL.
const ENCODED: &str = "s3cret%3A%2F%40%20%26x";

/// `ann` and the password, as Basic has them.
const BASIC: &str = "Basic YW5uOnMzY3JldDovQCAmeA==";

/// An answer to 401, on the same connection, wherever the password is from.
#[test]
fn nginx_knows_who_asks() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(70_000));
    let url = nginx.url("/basic/f");
    let with = |login: &str| url.replace("://", &format!("://{login}@"));
    let login = format!("ann:{PASSWORD}");
    let netrc = user.holds(
        "netrc",
        format!("machine elsewhere login bob password x\nmachine 127.0.0.1 login ann password \"{PASSWORD}\"\n")
            .as_bytes(),
    );
    for (options, url) in [
        (&["--user", &login][..], url.clone()),
        (&[], with(&format!("ann:{ENCODED}"))),
        // the URL counts more
        (&["--user", "bob:x"], with(&format!("ann:{ENCODED}"))),
        (&["--netrc-file", &netrc], url.clone()),
        (&["--netrc-file", &netrc], with("ann")),
        (&["--netrc-file", &netrc, "--user", "ann"], url.clone()),
    ] {
        user.gets(options, &url, &content(70_000));
        let [first, second] = nginx.takes();
        assert_eq!((&first["status"], &first["authorization"]), (&401.into(), &"".into()));
        assert_eq!((&second["status"], &second["authorization"]), (&200.into(), &BASIC.into()));
        assert_eq!(first["connection"], second["connection"]);
        user.gets(&[options, &["--basic"]].concat(), &url, &content(70_000));
        assert_eq!(nginx.takes::<1>()[0]["authorization"], BASIC);
    }
    fs::copy(&netrc, user.at("home/.netrc")).unwrap();
    user.gets(&["--netrc"], &url, &content(70_000));
    nginx.forgets();
    // who is not asked says nothing
    user.gets(&["--user", &login], &nginx.url("/f"), &content(70_000));
    assert_eq!(nginx.takes::<1>()[0]["authorization"], "");
}

#[test]
fn the_wrong_ones_are_refused_once() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", b"here");
    let url = nginx.url("/basic/f");
    user.fails(67, &[], &url);
    assert_eq!(nginx.takes::<1>()[0]["status"], 401);
    for wrong in ["ann:wrong", "eve:wrong"] {
        let ended = user.fails(67, &["--user", wrong], &url);
        assert!(!ended.stderr().contains("wrong"), "{ended}");
        assert_eq!(nginx.takes::<2>().map(|seen| seen["status"].clone()), [401, 401]);
        user.fails(67, &["--basic", "--user", wrong], &url);
        assert_eq!(nginx.takes::<1>()[0]["status"], 401);
    }
}

/// In a batch the server asks once.
#[test]
fn a_batch_has_learned() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", b"here");
    let url = nginx.url("/basic/f");
    let list: String = (0..5).map(|number| format!("{url} {number}\n")).collect();
    let list = user.holds("list", list.as_bytes());
    user.run(&["--user", &format!("ann:{PASSWORD}"), "--batch", &list]).expect_success();
    assert_eq!(user.names(), ["0", "1", "2", "3", "4"]);
    let seen = nginx.takes::<6>();
    assert_eq!(seen.iter().filter(|seen| seen["status"] == 401).count(), 1);
    assert!(seen.iter().all(|one| one["connection"] == seen[0]["connection"]), "{seen:?}");
}
