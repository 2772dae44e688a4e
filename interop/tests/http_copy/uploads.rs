//! Files are sent.

use std::fs;

use wirelore_interop::{content, digest, digest_of, require};

use crate::copy::{User, facts};
use crate::nginx::{Nginx, PASSWORD};
use crate::python::{FileServer, Odd};

#[test]
fn nginx_stores_files_and_pipes() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    for size in [0, 1, 65_535, 65_536, 1 << 20, (1 << 20) + 1, 5_000_001] {
        let source = user.holds("source", &content(size));
        let (known, piped) = (format!("known-{size}"), format!("new/piped-{size}"));
        let ended = user.run(&["--json", &source, &nginx.url(&format!("/put/{known}"))]);
        let ended = ended.expect_success();
        assert_eq!(
            (&facts(&ended)["bytes"], facts(&ended)["options"]["status"].as_u64()),
            (&size.into(), Some(201))
        );
        let [seen] = nginx.takes();
        assert_eq!((&seen["length"], &seen["coding"]), (&size.to_string().into(), &"".into()));
        // as long as it is not too much to be sent in vain
        assert_eq!(seen["expect"] == "100-continue", size > 1 << 20, "{seen}");
        user.piped(&source, &["-", &nginx.url(&format!("/put/{piped}"))]).expect_success();
        let [seen] = nginx.takes();
        assert_eq!((&seen["length"], &seen["coding"]), (&"".into(), &"chunked".into()));
        assert_eq!(seen["expect"], "100-continue");
        for name in [known, piped] {
            assert_eq!(digest_of(&nginx.stored(&name)), digest(&content(size)), "{name}");
        }
    }
    // in place of what is there, and under its own name
    let source = user.holds("known-1", b"new");
    user.run(&[&source, &nginx.url("/put/")]).expect_success();
    assert_eq!(fs::read(nginx.stored("known-1")).unwrap(), b"new");
    assert_eq!(nginx.takes::<1>()[0]["status"], 204);
    // nginx does not look at it, but it is asked
    user.run(&["--no-clobber", &source, &nginx.url("/put/fresh")]).expect_success();
    assert_eq!(nginx.takes::<1>()[0]["none_match"], "*");
}

/// 100 (Continue) has not to be waited for a second, and what is refused is not sent.
#[test]
fn the_server_is_asked_first() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    let source = user.holds("source", &content(3 << 20));
    let ended = user.run(&["-v", &source, &nginx.url("/put/f")]).expect_success();
    let said = ended.stderr();
    assert!(said.contains("> Expect: 100-continue") && said.contains("< HTTP/1.1 100"), "{ended}");
    nginx.forgets();
    let ended = user.run(&[&source, &nginx.url("/put-small/f")]).expect_code(22);
    assert!(ended.stderr().contains("413"), "{ended}");
    // not all, and the first login is without a body
    let [seen] = nginx.takes();
    assert!(seen["received"].as_u64().unwrap() < 2000, "{seen}");
    let login = format!("ann:{PASSWORD}");
    let url = nginx.url("/put-basic/g");
    user.run(&["--user", &login, &source, &url]).expect_success();
    assert_eq!(digest_of(&nginx.stored("g")), digest(&content(3 << 20)));
    let [first, second] = nginx.takes();
    assert_eq!((&first["status"], &second["status"]), (&401.into(), &201.into()));
    assert!(first["received"].as_u64().unwrap() < 2000, "{first}");
    // the same from a pipe, which can be read only once
    user.piped(&source, &["--user", &login, "-", &nginx.url("/put-basic/h")]).expect_success();
    assert_eq!(digest_of(&nginx.stored("h")), digest(&content(3 << 20)));
}

#[test]
fn uploads_are_refused() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    let source = user.holds("source", &content(2 << 20));
    for (target, codes, status) in
        [("/put-basic/f", 67, ""), ("/f", 22, "405"), ("/put-small/f", 22, "413")]
    {
        let ended = user.run(&["--retries", "0", &source, &nginx.url(target)]).expect_code(codes);
        assert!(ended.stderr().contains(status), "{ended}");
        let ended =
            user.piped(&source, &["--retries", "0", "-", &nginx.url(target)]).expect_code(codes);
        assert!(ended.stderr().contains(status), "{ended}");
    }
    assert!(!nginx.stored("f").exists());
    // a server that can only be read from
    let folder = wirelore_interop::folder();
    for protocol in ["HTTP/1.0", "HTTP/1.1"] {
        let server = require!(FileServer::start(folder.path(), protocol));
        let ended = user.run(&["--retries", "0", &source, &server.url("/f")]).expect_code(22);
        assert!(ended.stderr().contains("501"), "{ended}");
    }
    // nothing is asked when there is nothing to send
    nginx.forgets();
    user.run(&[&user.at("missing"), &nginx.url("/put/f")]).expect_code(26);
    assert!(nginx.seen(0).is_empty());
}

#[test]
fn odd_ends_of_uploads() {
    let odd = require!(Odd::start());
    let user = User::new();
    let small = user.holds("small", &content(1000));
    user.run(&["--retries", "0", &small, &odd.url("/empty")]).expect_code(52);
    user.run(&["--retries", "0", &small, &odd.url("/early/403")]).expect_code(22);
    // sent again, from its beginning, but only what can be read again
    user.run(&[&small, &odd.url("/flaky/1")]).expect_success();
    assert_eq!(odd.asked("/flaky/1").len(), 2);
    assert_eq!((odd.said("stored"), odd.said("wrong")), (2, 0));
    user.run(&["--retries", "1", &small, &odd.url("/flaky/2")]).expect_code(22);
    let large = user.holds("large", &content(Odd::SIZE));
    let ended = user.run(&["--retries", "0", &large, &odd.url("/early/507")]).expect_code(22);
    assert!(ended.stderr().contains("507"), "{ended}");
}
