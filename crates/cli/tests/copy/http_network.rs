//! Interfaces, ports, time, and signals.

use super::Scene;
use super::http_server::{HttpServer, Reply, answer, octets};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn the_local_end_is_chosen() {
    let scene = Scene::new();
    let server = HttpServer::start(|_| answer("200 OK", &[], b"hello"));
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    let own = ["--interface", "127.0.0.1", "--local-port", &*port, "-v"];
    let url = server.url("f");
    // one that is taken
    let ended = scene.copy(&[&[&*url, "f", "--retries", "0"], &own[..4]].concat());
    ended.failed(45);
    drop(free);
    let ended = scene.copy(&[&[&*url, "f"], &own[..]].concat()).good();
    let line = format!("* from 127.0.0.1:{port} to {}", server.address);
    assert!(ended.stderr.contains(&line), "{}", ended.stderr);
    scene
        .copy(&[&*url, "g", "--interface", "192.0.2.1", "--retries", "0"])
        .failed(45);
    scene.copy(&[&*url, "g", "-6", "--retries", "0"]).failed(6);
}

/// A server that sends the beginning of a file, and then nothing.
fn stuck() -> HttpServer {
    HttpServer::start(|_| {
        let mut octets = octets("200 OK", &[], &[7; 200_000]);
        octets.truncate(100_000);
        Reply::Octets(octets)
    })
}

#[test]
fn time_is_limited() {
    let (scene, server) = (Scene::new(), stuck());
    let ended = scene.copy(&[&*server.url("f"), "f", "--max-time", "300ms"]);
    assert!(ended.failed(28).contains("--max-time"), "{}", ended.stderr);
    assert_eq!(scene.names(), [""; 0]);
    // and what came is kept if that is wanted, where it can be gone on with
    let server = HttpServer::start(|_| {
        let mut octets = octets("200 OK", &["ETag: \"1\""], &[7; 200_000]);
        octets.truncate(100_000);
        Reply::Octets(octets)
    });
    scene
        .copy(&[&*server.url("f"), "f", "-C", "--max-time", "500ms"])
        .failed(28);
    assert_eq!(scene.names(), [".f.wirelore-part", ".f.wirelore-part.json"]);
}

fn send(signal: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([&format!("-{signal}"), &pid.to_string()])
        .status();
    assert!(sent.expect("kill is everywhere").success());
}

#[test]
fn a_signal_ends_a_download_and_leaves_nothing() {
    let (scene, server) = (Scene::new(), stuck());
    let mut child = scene.command(&[&*server.url("f"), "f"]).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while server.asked().is_empty() || scene.names().is_empty() {
        assert!(Instant::now() < until, "nothing was asked for");
        std::thread::sleep(Duration::from_millis(5));
    }
    send("TERM", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(scene.names(), [""; 0]);
}

#[test]
fn a_batch_tells_what_is_open_when_it_is_asked() {
    let (scene, server) = (Scene::new(), stuck());
    std::fs::write(scene.path("list"), format!("{} f\n", server.url("f"))).unwrap();
    let mut child = scene
        .command(&["--batch", "list", "--progress", "none"])
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while server.asked().is_empty() {
        assert!(Instant::now() < until, "nothing was asked for");
        std::thread::sleep(Duration::from_millis(5));
    }
    send("USR1", child.id());
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut next = || lines.next().expect("a line").expect("text");
    assert!(next().starts_with("origin"));
    let row = next();
    assert!(
        row.contains(&server.address.to_string()) && row.ends_with("in use"),
        "{row}"
    );
    send("TERM", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(143));
}
