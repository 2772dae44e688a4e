//! From one server to another.

use super::server::{Peer, Server, data};
use super::{Scene, content};
use serde_json::json;

#[test]
fn octets_go_from_one_server_to_another() {
    let (scene, other) = (Scene::new(), Server::start());
    for len in [0, 5, 1_500_000] {
        let octets = content(len);
        scene.server.has("f", &octets);
        let there = format!("tftp://{}/", other.address);
        let flags = ["--json", "--digest", "sha256", "--windowsize", "3"];
        let report = scene
            .copy(&[&[&*scene.url("f"), &*there], &flags[..]].concat())
            .good()
            .json();
        assert!(other.got("f").unwrap() == octets, "{len}");
        assert_eq!(report["bytes"], len);
        assert_eq!(report["destination"], format!("{there}f"));
        let options = json!({"blksize": 1428, "windowsize": 3, "tsize": len});
        if len > 0 {
            assert_eq!(
                (&report["options"], &report["destination_options"]),
                (&options, &options)
            );
        }
    }
    assert_eq!(scene.names(), [""; 0]);
}

#[test]
fn what_cannot_be_fetched_is_not_offered_elsewhere() {
    let (scene, peer) = (Scene::new(), Peer::dead());
    let ended = scene.copy(&[&*scene.url("missing"), &*peer.url("f")]);
    ended.failed(68);
    assert_eq!(peer.heard(0), 0);
}

#[test]
fn when_one_side_refuses_the_other_is_told() {
    let (scene, other) = (Scene::new(), Server::start());
    let there = |name: &str| format!("tftp://{}/{name}", other.address);
    // the destination refuses at once
    let ended = scene.copy(&[&*scene.url("endless"), &*there("error-2")]);
    assert!(
        ended.failed(69).contains(&there("error-2")),
        "{}",
        ended.stderr
    );
    scene.server.reported(&["endless", "ended", "Peer"]);
    // the source fails in the middle
    let ended = scene.copy(&[&*scene.url("broken"), &*there("g")]);
    assert!(
        ended.failed(71).contains(&scene.url("broken")),
        "{}",
        ended.stderr
    );
    other.reported(&["g from", "ended", "Peer"]);
    assert_eq!(other.names(), [""; 0]);
}

#[test]
fn a_side_that_falls_silent_ends_both() {
    let scene = Scene::new();
    let short = ["--timeout", "100ms", "--retries", "2"];
    let deaf = Peer::start(|index, _| match index {
        0 => vec![vec![0, 4, 0, 0]],
        _ => Vec::new(),
    });
    let ended = scene.copy(&[&[&*scene.url("endless"), &*deaf.url("f")], &short[..]].concat());
    assert!(
        ended.failed(28).contains(&deaf.url("f")),
        "{}",
        ended.stderr
    );
    scene.server.reported(&["endless", "ended", "Peer"]);
    let mute = Peer::start(|index, _| match index {
        0 => vec![data(1, &[1; 512])],
        _ => Vec::new(),
    });
    let ended = scene.copy(&[&[&*mute.url("f"), &*scene.url("g")], &short[..]].concat());
    assert!(
        ended.failed(28).contains(&mute.url("f")),
        "{}",
        ended.stderr
    );
    scene.server.reported(&["g from", "ended"]);
    assert_eq!(scene.server.names(), [""; 0]);
}
