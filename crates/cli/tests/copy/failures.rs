//! Every way to fail has its exit code and one line, and leaves nothing behind.

use super::server::{Peer, data};
use super::{Scene, content};
use serde_json::json;
use std::fs;

/// Short waits, for peers that do not answer.
const SHORT: [&str; 4] = ["--timeout", "50ms", "--retries", "2"];

#[test]
fn arguments_that_make_no_sense_are_told() {
    let scene = Scene::new();
    let url = scene.url("f");
    for (arguments, code) in [
        (&["gopher://h/x", "y"][..], 1),
        (&["x", "gopher://h/y"], 1),
        (&[&*url, "-", "--json"], 2),
        (&["x", &*url, "-n"], 2),
        (&["-", "-", "-n"], 2),
        (&["", "x"], 2),
        (&[&*url, ""], 2),
        (&["tftp://h:0/x", "y"], 3),
        (&["tftp:x", "y"], 3),
        (&["tftp://u@h/x", "y"], 3),
        (&["tftp://h/x;mode=mail", "y"], 3),
        (&["tftp://h/x%", "y"], 3),
        (&["file://elsewhere/x", "y"], 3),
        (&["tftp://a..b/x", "y"], 6),
    ] {
        let ended = scene.copy(arguments);
        assert!(!ended.failed(code).is_empty(), "{arguments:?}");
        assert!(ended.stdout.is_empty());
    }
    for arguments in [
        &[][..],
        &["x"],
        &["x", "y", "z"],
        &["x", "y", "--blksize", "7"],
        &["x", "y", "--windowsize", "0"],
        &["x", "y", "--timeout", "0"],
        &["x", "y", "--timeout", "soon"],
        &["x", "y", "--checksum", "md5:00"],
        &["x", "y", "--digest", "crc"],
        &["x", "y", "--local-port", "0"],
        &["x", "y", "--no-options", "--blksize", "512"],
        &["x", "y", "-q", "-v"],
        &["x", "y", "-4", "-6"],
        &["x", "y", "--help", "nothing"],
    ] {
        let ended = scene.copy(arguments);
        assert_eq!(ended.code, 2, "{arguments:?}");
        assert!(
            ended.stdout.is_empty() && !ended.stderr.is_empty(),
            "{arguments:?}"
        );
    }
    assert_eq!(scene.names(), [""; 0]);
}

#[test]
fn a_name_that_no_request_can_carry_is_told() {
    let scene = Scene::new();
    let ended = scene.copy(&[&*scene.url(&"x".repeat(600)), "y"]);
    assert!(ended.failed(3).contains("512 octets"));
    scene.copy(&[&*scene.url("%00"), "y"]).failed(3);
}

#[test]
fn errors_of_the_server_have_their_codes() {
    let scene = Scene::new();
    fs::write(scene.path("here"), "1").unwrap();
    for (error, code) in [
        (0, 71),
        (1, 68),
        (2, 69),
        (3, 70),
        (4, 71),
        (5, 72),
        (6, 73),
        (7, 74),
        (8, 71),
        (99, 71),
    ] {
        let url = scene.url(&format!("error-{error}"));
        for arguments in [[&*url, "there"], ["here", &*url]] {
            let ended = scene.copy(&arguments);
            let line = ended.failed(code);
            // the server's own words, harmless
            assert!(line.contains("(\"no\\x1b[31m\")"), "{line}");
            assert!(line.contains(&url), "{line}");
        }
    }
    let report = scene
        .copy(&[&*scene.url("error-1"), "there", "--json"])
        .json();
    assert_eq!(
        (&report["exit_code"], &report["bytes"]),
        (&json!(68), &json!(0))
    );
    assert_eq!(report["options"], json!(null));
    assert!(report["error"].as_str().unwrap().contains("not found"));
    assert_eq!(scene.names(), ["here"]);
}

#[test]
fn a_server_that_is_not_there_is_a_timeout() {
    let (scene, peer) = (Scene::new(), Peer::dead());
    let url = peer.url("f");
    let ended = scene.copy(&[&[&*url, "g"], &SHORT[..]].concat());
    let line = ended.failed(28);
    assert!(
        line.contains(&peer.address.to_string()) && line.contains("3 times"),
        "{line}"
    );
    assert!(line.contains("is a TFTP server listening there"), "{line}");
    assert_eq!(peer.heard(3), 3);
    fs::write(scene.path("here"), "1").unwrap();
    let ended = scene.copy(&[&["here", &*url, "--json"], &SHORT[..]].concat());
    let report = ended.json();
    assert_eq!(
        (&report["exit_code"], &report["retransmits"]),
        (&json!(28), &json!(2))
    );
    assert_eq!(scene.names(), ["here"]);
}

#[test]
fn a_server_that_falls_silent_is_a_timeout_and_leaves_nothing() {
    let scene = Scene::new();
    let peer = Peer::start(|index, _| match index {
        0 => vec![data(1, &[7; 512])],
        _ => Vec::new(),
    });
    let ended = scene.copy(&[&[&*peer.url("f"), "g"], &SHORT[..]].concat());
    assert!(
        ended
            .failed(28)
            .contains("fell silent after 512 bytes were received")
    );
    let peer = Peer::start(|index, _| match index {
        0 => vec![vec![0, 4, 0, 0]],
        _ => Vec::new(),
    });
    let ended = scene.copy_with(
        &[&["-", &*peer.url("f")], &SHORT[..]].concat(),
        &content(5000),
    );
    assert!(ended.failed(28).contains("fell silent"), "{}", ended.stderr);
    assert_eq!(scene.names(), [""; 0]);
}

#[test]
fn patience_has_limits() {
    let (scene, peer) = (Scene::new(), Peer::dead());
    let ended = scene.copy(&[&*peer.url("f"), "g", "--connect-timeout", "200ms"]);
    assert!(
        ended.failed(28).contains("within 200 ms"),
        "{}",
        ended.stderr
    );
    let ended = scene.copy(&[&*peer.url("f"), "g", "--max-time", "200ms"]);
    assert!(ended.failed(28).contains("--max-time"), "{}", ended.stderr);
    // whoever answered has all the time there is, but for --max-time
    let limits = ["--connect-timeout", "1.5", "--max-time", "3"];
    let ended = scene.copy(&[&[&*scene.url("endless"), "g", "--json"], &limits[..]].concat());
    let report = ended.json();
    assert_eq!(report["exit_code"], 28);
    assert!(
        report["error"].as_str().unwrap().contains("--max-time"),
        "{report}"
    );
    assert!(report["bytes"].as_u64().unwrap() > 0);
    scene.server.reported(&["endless", "ended", "Peer", "0"]);
    assert_eq!(scene.names(), [""; 0]);
}

#[test]
fn a_server_that_breaks_the_protocol_is_told_from_others() {
    let scene = Scene::new();
    let peer = Peer::start(|_, _| vec![b"\0\x06blksize\x009999\0".to_vec()]);
    let ended = scene.copy(&[&*peer.url("f"), "g"]);
    assert!(
        ended.failed(71).contains("broke the protocol"),
        "{}",
        ended.stderr
    );
    assert_eq!(scene.names(), [""; 0]);
}

#[test]
fn a_server_that_fails_in_the_middle_leaves_nothing() {
    let scene = Scene::new();
    let ended = scene.copy(&[&*scene.url("broken"), "g"]);
    ended.failed(71);
    assert_eq!(scene.names(), [""; 0]);
}

#[test]
fn what_is_too_large_is_not_copied() {
    let scene = Scene::new();
    scene.server.has("f", &content(5001));
    fs::write(scene.path("here"), content(5001)).unwrap();
    let url = scene.url("f");
    let up = scene.url("up");
    for arguments in [
        &[&*url, "g"][..],
        &[&*url, "g", "--no-options"],
        &[&*url, "g", "--mode", "netascii"],
        &[&*url, "-"],
        &[&*url, &*up],
        &["here", &*up],
        &["here", "there"],
        &["-", &*up],
    ] {
        let arguments = [arguments, &["--max-size", "5000"]].concat();
        let ended = scene.copy_with(&arguments, &content(5001));
        assert!(ended.failed(63).contains("--max-size"), "{arguments:?}");
    }
    assert_eq!(
        (scene.names(), scene.server.names()),
        (vec!["here".into()], vec!["f".into()])
    );
    scene.copy(&[&*url, "g", "--max-size", "5001"]).good();
    scene.copy(&["here", &*up, "--max-size", "5001"]).good();
}

#[test]
fn a_source_that_never_ends_does_not_keep_the_command() {
    let scene = Scene::new();
    let mut child = scene
        .command(&["-", &*scene.url("error-2")])
        .spawn()
        .unwrap();
    // stdin stays open, and nothing comes
    let stdin = child.stdin.take();
    let status = child.wait().unwrap();
    drop(stdin);
    assert_eq!(status.code(), Some(69));
    let mut child = scene
        .command(&["-", &*scene.url("up"), "--max-time", "0.3"])
        .spawn()
        .unwrap();
    let stdin = child.stdin.take();
    let status = child.wait().unwrap();
    drop(stdin);
    assert_eq!(status.code(), Some(28));
}
