//! What passes when it is asked for again.

use super::Scene;
use super::http_server::{HttpServer, Reply, answer};
use std::fs;
use std::time::{Duration, Instant};

const SOON: [&str; 2] = ["--retry-max", "20ms"];

#[test]
fn passing_failures_are_asked_about_again_and_others_are_not() {
    let scene = Scene::new();
    for status in [408, 429, 500, 502, 503, 504] {
        let server = HttpServer::start(move |asked| match asked.index {
            0 | 1 => answer(&format!("{status} Later"), &[], b""),
            _ => answer("200 OK", &[], b"hello"),
        });
        let report = scene
            .copy(&[&[&*server.url("f"), "g", "--json"], &SOON[..]].concat())
            .good()
            .json();
        assert_eq!(report["options"]["retries"], 2, "{status}");
        let few = [&*server.url("f"), "g", "--retries", "0"];
        assert!(scene.copy(&few).code == 0);
    }
    for status in [400, 401, 403, 404, 409, 501] {
        let server = HttpServer::start(move |_| answer(&format!("{status} No"), &[], b""));
        let ended = scene.copy(&[&[&*server.url("f"), "g"], &SOON[..]].concat());
        ended.failed(if status == 401 { 67 } else { 22 });
        assert_eq!(server.asked().len(), 1, "{status}");
    }
}

#[test]
fn tries_are_counted() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| match asked.index % 2 {
        0 => answer("503 Busy", &["Connection: close"], b""),
        _ => Reply::Cut(Vec::new()),
    });
    let few = ["--retries", "2"];
    let ended = scene.copy(&[&[&*server.url("f"), "g"], &few[..], &SOON[..]].concat());
    ended.failed(22);
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn the_server_says_when_to_come_again() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| match asked.index {
        0 => answer("503 Busy", &["Retry-After: 1"], b""),
        1 => answer(
            "429 Busy",
            &["Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"],
            b"",
        ),
        _ => answer("200 OK", &[], b"hello"),
    });
    let started = Instant::now();
    scene.copy(&[&*server.url("f"), "g"]).good();
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(fs::read(scene.path("g")).unwrap(), b"hello");
    let server = HttpServer::start(|_| answer("503 Busy", &["Retry-After: 3600"], b""));
    let ended = scene.copy(&[&*server.url("f"), "h"]);
    assert!(ended.failed(22).contains("--retry-max"), "{}", ended.stderr);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn what_is_sent_is_sent_again_where_it_can_be_read_again() {
    let scene = Scene::new();
    fs::write(scene.path("here"), "hello").unwrap();
    let server = HttpServer::start(|asked| match asked.index {
        0 => answer("503 Busy", &[], b""),
        1 => Reply::Cut(Vec::new()),
        _ => answer("204 Done", &[], b""),
    });
    let url = server.url("f");
    let arguments = [&["here", &*url], &SOON[..]].concat();
    scene.copy(&arguments).good();
    let bodies: Vec<_> = server.asked().into_iter().map(|asked| asked.body).collect();
    assert_eq!(bodies, [b"hello"; 3]);
    // a pipe is kept for a while, and not for ever
    let server = HttpServer::start(|asked| match (asked.waits, asked.index) {
        (true, _) => Reply::Proceed,
        (_, 0) => answer("503 Busy", &[], b""),
        _ => answer("204 Done", &[], b""),
    });
    let url = server.url("f");
    let arguments = [&["-", &*url], &SOON[..]].concat();
    scene.copy_with(&arguments, &vec![1; 100_000]).good();
    assert_eq!(server.asked().len(), 2);
    assert_eq!(server.asked()[1].body.len(), 100_000);
    let server = HttpServer::start(|asked| match asked.waits {
        true => Reply::Proceed,
        false => answer("503 Busy", &[], b""),
    });
    let url = server.url("f");
    let arguments = [&["-", &*url], &SOON[..]].concat();
    let ended = scene.copy_with(&arguments, &vec![1; 3_000_000]);
    assert!(ended.failed(22).contains("read again"), "{}", ended.stderr);
    assert_eq!(server.asked().len(), 1);
}
