//! Sending.

use super::http_server::{HttpServer, Reply, answer};
use super::{Scene, content};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn files_are_sent_with_their_length() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| match asked.waits {
        true => Reply::Proceed,
        false => answer("201 Created", &["ETag: \"n\""], b"thanks"),
    });
    for (len, waits) in [
        (0, false),
        (1, false),
        (1 << 20, false),
        ((1 << 20) + 1, true),
    ] {
        let octets = content(len);
        fs::write(scene.path("h \u{e9}"), &octets).unwrap();
        let report = scene
            .copy(&["h \u{e9}", &*server.url("up/"), "--json"])
            .good()
            .json();
        assert_eq!(report["bytes"], len);
        assert_eq!(report["options"]["status"], 201);
        assert_eq!(report["options"]["etag"], "\"n\"");
        let asked = server.asked().pop().unwrap();
        assert_eq!((&*asked.method, &*asked.target), ("PUT", "/up/h%20%C3%A9"));
        assert_eq!(asked.field("Content-Length").unwrap(), len.to_string());
        assert_eq!(asked.field("Expect").is_some(), waits, "{len}");
        assert_eq!(asked.field("Transfer-Encoding"), None);
        assert!(asked.body == octets);
    }
}

#[test]
fn pipes_are_sent_in_chunks() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| match asked.waits {
        true => Reply::Proceed,
        false => answer("204 Done", &[], b""),
    });
    for len in [0, 5, 1_500_000] {
        let octets = content(len);
        scene
            .copy_with(
                &["-", &*server.url("f"), "--checksum", &*digest(&octets)],
                &octets,
            )
            .good();
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.field("Transfer-Encoding"), Some("chunked"));
        assert_eq!(asked.field("Content-Length"), None);
        assert!(asked.body == octets, "{len}");
    }
}

fn digest(octets: &[u8]) -> String {
    use sha2::Digest;
    format!("sha256:{}", hex::encode(sha2::Sha256::digest(octets)))
}

/// RFC 9110 §10.1.1.
#[test]
fn a_refusal_comes_before_the_body() {
    let scene = Scene::new();
    fs::write(scene.path("here"), content(5_000_000)).unwrap();
    for (status, code) in [
        ("403 No", 22),
        ("413 Large", 22),
        ("507 Full", 22),
        ("401 Who", 67),
    ] {
        let server =
            HttpServer::start(move |_| answer(status, &["Content-Type: text/plain"], b"no"));
        let ended = scene.copy(&["here", &*server.url("f"), "--retries", "0"]);
        ended.failed(code);
        assert!(server.asked()[0].body.is_empty());
    }
    // one that does not want to be asked
    let server = HttpServer::start(|asked| match asked.waits {
        true => answer("417 What", &[], b""),
        false => answer("200 OK", &[], b""),
    });
    scene.copy(&["here", &*server.url("f")]).good();
    let asked = server.asked();
    assert_eq!((asked.len(), asked[1].body.len()), (2, 5_000_000));
}

#[test]
fn files_that_exist_are_spared() {
    let scene = Scene::new();
    fs::write(scene.path("here"), "1").unwrap();
    let exists = Arc::new(AtomicBool::new(true));
    let there = Arc::clone(&exists);
    let server = HttpServer::start(move |asked| {
        match asked.field("If-None-Match") == Some("*") && there.load(Ordering::SeqCst) {
            true => answer("412 Is There", &[], b""),
            false => answer("204 Done", &[], b""),
        }
    });
    let spare = ["here", &*server.url("f"), "--no-clobber"];
    assert!(scene.copy(&spare).failed(91).contains("exists already"));
    scene.copy(&spare[..2]).good();
    exists.store(false, Ordering::SeqCst);
    scene.copy(&spare).good();
    fs::write(scene.path("g"), "old").unwrap();
    scene.copy(&[&*server.url("f"), "g", "-n"]).failed(91);
}

#[test]
fn a_wrong_checksum_stops_before_the_end() {
    let scene = Scene::new();
    fs::write(scene.path("here"), content(200_000)).unwrap();
    let server = HttpServer::start(|_| answer("204 Done", &[], b""));
    let wrong = format!("sha256:{}", "0".repeat(64));
    scene
        .copy(&["here", &*server.url("f"), "--checksum", &*wrong])
        .failed(90);
    // no request was complete
    assert!(server.asked().is_empty());
}

#[test]
fn files_go_from_one_server_to_another() {
    let scene = Scene::new();
    let file = content(2_000_000);
    let sent = file.clone();
    let source = HttpServer::start(move |asked| match &*asked.target {
        "/f" => answer("200 OK", &[], &sent),
        _ => answer("404 Not Found", &[], b""),
    });
    let target = HttpServer::start(|asked| match asked.waits {
        true => Reply::Proceed,
        false => answer("201 Created", &[], b""),
    });
    let report = scene
        .copy(&[&*source.url("f"), &*target.url("up/"), "--json"])
        .good()
        .json();
    let asked = target.asked().pop().unwrap();
    assert!(asked.body == file);
    assert_eq!(asked.field("Content-Length"), Some("2000000"));
    assert_eq!(asked.target, "/up/f");
    assert_eq!(report["destination_options"]["status"], 201);
    let ended = scene.copy(&[&*source.url("no"), &*target.url("up/")]);
    assert!(ended.failed(22).contains("404"), "{}", ended.stderr);
    assert_eq!(target.asked().len(), 1);
    let ended = scene.copy(&[&*source.url("f"), &*source.url("up/")]);
    assert!(ended.failed(22).contains("404"), "{}", ended.stderr);
    // and between protocols
    scene
        .copy(&[&*source.url("f"), &*scene.url("there")])
        .good();
    assert!(scene.server.got("there").unwrap() == file);
    scene
        .copy(&[&*scene.url("there"), &*target.url("x")])
        .good();
    assert!(target.asked().pop().unwrap().body == file);
}
