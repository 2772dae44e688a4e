//! Where servers send us, and what they are told there.

use std::fs;

use wirelore_interop::{content, digest, digest_of, require};

use crate::copy::{User, facts};
use crate::nginx::{Certificate, Nginx, PASSWORD, TLS};

#[test]
fn redirects_are_followed() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(5000));
    for status in [301, 302, 303, 307, 308] {
        for place in ["to", "away"] {
            let url = nginx.url(&format!("/{place}/{status}/f"));
            let ended = user.gets(&["--json"], &url, &content(5000));
            assert_eq!(facts(&ended)["options"]["redirects"], 1);
            let [first, second] = nginx.takes();
            assert_eq!(first["status"], status);
            let port = if place == "to" { nginx.port } else { nginx.other };
            assert_eq!(
                (&second["port"], &second["host"]),
                (&port.into(), &format!("127.0.0.1:{port}").into())
            );
            // the first connection is used again where it leads there
            assert_eq!(first["connection"] == second["connection"], place == "to");
        }
    }
    user.gets(&[], &nginx.url("/relative"), &content(5000));
    user.gets(&[], &nginx.url("/hops/xxxxxxxxx"), &content(5000));
    // the name of the copy is that of the URL that was asked for
    user.run(&[&nginx.url("/relative"), "."]).expect_success();
    user.has_only("relative", &content(5000));
}

#[test]
fn redirects_end() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", b"here");
    user.fails(47, &[], &nginx.url("/loop"));
    assert_eq!(nginx.seen(11).len(), 11);
    nginx.forgets();
    user.fails(47, &["--max-redirects", "2"], &nginx.url("/hops/xxx"));
    assert_eq!(nginx.seen(3).len(), 3);
    nginx.forgets();
    user.fails(47, &["--max-redirects", "0"], &nginx.url("/relative"));
    assert_eq!(nginx.seen(1).len(), 1);
    user.fails(1, &[], &nginx.url("/nowhere"));
}

/// Another port is somebody else.
#[test]
fn secrets_stay_at_home() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(100));
    let login = format!("ann:{PASSWORD}");
    let options = ["--basic", "--user", &login, "-H", "X-Secret: s3cret"];
    for status in [301, 307] {
        user.gets(&options, &nginx.url(&format!("/to/{status}/f")), &content(100));
        let [first, second] = nginx.takes();
        for seen in [first, second] {
            assert_eq!(seen["secret"], "s3cret");
            assert!(seen["authorization"].as_str().unwrap().starts_with("Basic "));
        }
        user.gets(&options, &nginx.url(&format!("/away/{status}/f")), &content(100));
        let [first, second] = nginx.takes();
        assert_eq!((&first["secret"], &second["port"]), (&"s3cret".into(), &nginx.other.into()));
        assert_eq!((&second["secret"], &second["authorization"]), (&"".into(), &"".into()));
    }
    // not even when it asks for them, or the redirect has some
    for target in ["/away/302/basic/f", "/tempting"] {
        let ended = user.fails(67, &options, &nginx.url(target));
        assert!(!ended.stderr().contains("stolen"), "{ended}");
        let [_, second] = nginx.takes();
        assert_eq!((&second["status"], &second["authorization"]), (&401.into(), &"".into()));
    }
    // home again, where they are needed
    user.gets(&["--user", &login], &nginx.url("/to/302/basic/f"), &content(100));
    assert_eq!(nginx.takes::<3>()[2]["status"], 200);
}

#[test]
fn tls_is_not_left() {
    let certificate = require!(Certificate::usual());
    let nginx = require!(Nginx::secure(&certificate, TLS));
    let user = User::new();
    nginx.holds("f", b"here");
    let trust = ["--cacert", &certificate.file()];
    user.fails(91, &trust, &nginx.secure_url("/downgrade"));
    assert_eq!(nginx.takes::<1>()[0]["tls"], "TLSv1.3");
    user.gets(
        &[&trust[..], &["--allow-downgrade"]].concat(),
        &nginx.secure_url("/downgrade"),
        b"here",
    );
}

#[test]
fn uploads_follow_what_they_may() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    let source = user.holds("source", &content(2 << 20));
    for place in ["to", "away"] {
        for status in [307, 308] {
            let name = format!("{place}-{status}");
            let url = nginx.url(&format!("/{place}/{status}/put/{name}"));
            user.run(&[&source, &url]).expect_success();
            assert_eq!(digest_of(&nginx.stored(&name)), digest(&content(2 << 20)));
            // the body was not sent in vain
            assert!(nginx.takes::<2>()[0]["received"].as_u64().unwrap() < 2000);
        }
        for status in [301, 302, 303] {
            let url = nginx.url(&format!("/{place}/{status}/put/no"));
            user.run(&[&source, &url]).expect_code(22);
            assert_eq!(nginx.takes::<1>()[0]["status"], status);
        }
    }
    assert_eq!(fs::read_dir(nginx.stored("")).unwrap().count(), 4);
}
