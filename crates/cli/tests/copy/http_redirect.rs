//! Where servers send us, and what we take along.

use super::Scene;
use super::http_server::{HttpServer, Reply, answer};
use std::fs;

/// RFC 9110 §15.4.
#[test]
fn redirects_are_followed_up_to_a_limit() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| {
        let number = asked.target.trim_start_matches('/');
        match number.parse::<u16>() {
            Ok(0) => answer("200 OK", &[], b"hello"),
            Ok(left) => {
                let status = [301, 302, 303, 307, 308][usize::from(left) % 5];
                let to = format!("Location: {}", left - 1);
                answer(&format!("{status} There"), &[&to], b"moved")
            }
            Err(_) => answer("302 Found", &["Location: /loop"], b""),
        }
    });
    let report = scene
        .copy(&[&*server.url("10"), "f", "--json"])
        .good()
        .json();
    assert_eq!(report["options"]["redirects"], 10);
    assert_eq!(fs::read(scene.path("f")).unwrap(), b"hello");
    fs::remove_file(scene.path("f")).unwrap();
    // one connection was enough
    assert!(server.asked().iter().all(|asked| asked.connection == 0));
    assert!(
        scene
            .copy(&[&*server.url("11"), "f"])
            .failed(47)
            .contains("10 redirects")
    );
    scene.copy(&[&*server.url("loop"), "f"]).failed(47);
    scene
        .copy(&[&*server.url("1"), "f", "--max-redirects", "0"])
        .failed(47);
    scene
        .copy(&[&*server.url("11"), "f", "--max-redirects", "11"])
        .good();
    fs::remove_file(scene.path("f")).unwrap();
    for (to, code) in [("ftp://h/x", 1), ("file:///etc/passwd", 1), ("http://", 1)] {
        let server =
            HttpServer::start(move |_| answer("302 Found", &[&format!("Location: {to}")], b""));
        scene.copy(&[&*server.url("f"), "f"]).failed(code);
    }
    let server = HttpServer::start(|_| answer("302 Found", &[], b""));
    scene.copy(&[&*server.url("f"), "f"]).failed(22);
    assert_eq!(scene.names(), [""; 0]);
}

/// RFC 9110 §15.4.
/// RFC 7617 §2.2, RFC 6265 §5.4, RFC 6265 §7.2.
#[test]
fn no_other_server_is_told_a_secret() {
    let scene = Scene::new();
    let netrc = scene.home.path().join(".netrc");
    fs::write(&netrc, "machine 127.0.0.1 login u password s3cret").unwrap();
    let other = HttpServer::start(|_| answer("200 OK", &[], b"hello"));
    // the same host, and another port: another origin
    let there = format!("Location: {}", other.url("x").replace("//", "//evil:e@"));
    let server = HttpServer::start(move |asked| match asked.field("Authorization") {
        None => answer("401 Who", &["WWW-Authenticate: Basic realm=x"], b""),
        Some(_) => answer("302 Found", &[&there], b""),
    });
    let url = server.url("f");
    let with_login = url.replace("//", "//u:s3cret@");
    for arguments in [
        &[&*with_login, "f"][..],
        &[&*with_login, "f", "--basic"],
        &[&*url, "f", "--user", "u:s3cret", "--basic"],
        &[&*url, "f", "--netrc"],
        &[&*url, "f", "-H", "Authorization: Bearer s3cret"],
        &[
            &*with_login,
            "f",
            "-H",
            "Cookie: s3cret",
            "-H",
            "X-Api-Key: s3cret",
        ],
    ] {
        scene.copy(arguments).good();
        let last = server.asked().pop().unwrap();
        assert!(last.field("Authorization").is_some());
    }
    for asked in other.asked() {
        for name in [
            "Authorization",
            "Cookie",
            "X-Api-Key",
            "Proxy-Authorization",
        ] {
            assert_eq!(asked.field(name), None, "{asked:?}");
        }
        let text = format!("{asked:?}");
        assert!(!text.contains("s3cret") && !text.contains("evil"), "{text}");
    }
    assert_eq!(other.asked().len(), 6);
}

#[test]
fn another_server_that_asks_gets_no_answer() {
    let scene = Scene::new();
    let other = HttpServer::start(|_| answer("401 Who", &["WWW-Authenticate: Basic realm=x"], b""));
    let there = format!("Location: {}", other.url("x"));
    let server = HttpServer::start(move |_| answer("307 There", &[&there], b""));
    let url = server.url("f").replace("//", "//u:s3cret@");
    let ended = scene.copy(&[&*url, "f"]);
    assert!(ended.failed(67).contains("redirect"), "{}", ended.stderr);
    assert_eq!(other.asked().len(), 1);
    fs::write(scene.path("here"), "1").unwrap();
    scene.copy(&["here", &*url]).failed(67);
}

/// RFC 9110 §15.4.8.
#[test]
fn what_is_sent_follows_only_what_says_so() {
    let scene = Scene::new();
    fs::write(scene.path("here"), vec![1; 2_000_000]).unwrap();
    let other = HttpServer::start(|asked| match asked.waits {
        true => Reply::Proceed,
        false => answer("201 Created", &[], b""),
    });
    for (status, follows) in [
        (301, false),
        (302, false),
        (303, false),
        (307, true),
        (308, true),
    ] {
        let there = format!("Location: {}", other.url("x"));
        let server = HttpServer::start(move |_| answer(&format!("{status} There"), &[&there], b""));
        let ended = scene.copy(&["here", &*server.url("f")]);
        if follows {
            let last = other.asked().pop().unwrap();
            assert_eq!(ended.good().code, 0);
            assert_eq!((&*last.method, last.body.len()), ("PUT", 2_000_000));
        } else {
            assert!(
                ended.failed(22).contains("nothing was sent"),
                "{}",
                ended.stderr
            );
        }
        assert_eq!(server.asked().len(), 1);
        // it was asked before, and wanted nothing
        assert!(server.asked()[0].body.is_empty());
    }
    assert_eq!(other.asked().len(), 2);
}
