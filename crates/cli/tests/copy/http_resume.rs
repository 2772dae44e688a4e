//! Going on in the middle, and never with another file.

use super::http_server::{Asked, HttpServer, Reply, octets, ranges};
use super::{Scene, content};
use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const PART: &str = ".g.wirelore-part";
const NOTES: &str = ".g.wirelore-part.json";

/// Sends what `whole` says, but only so many octets behind the head of the first answer.
fn cut_once(whole: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static, keep: usize) -> HttpServer {
    HttpServer::start(move |asked| {
        let mut octets = whole(asked);
        if asked.index == 0 {
            let head = octets.windows(4).position(|four| four == b"\r\n\r\n");
            octets.truncate(head.unwrap() + 4 + keep);
            return Reply::Cut(octets);
        }
        Reply::Octets(octets)
    })
}

/// RFC 9110 §13.1.5, RFC 9110 §14.2, RFC 9110 §15.3.7.2.
#[test]
fn a_body_that_is_cut_is_gone_on_with() {
    let scene = Scene::new();
    let file = content(300_000);
    let sent = file.clone();
    let server = cut_once(move |asked| ranges(asked, &sent, "\"v1\""), 123_456);
    let report = scene
        .copy(&[&*server.url("f"), "g", "--retry-max", "10ms", "--json"])
        .good()
        .json();
    assert!(fs::read(scene.path("g")).unwrap() == file);
    assert_eq!(report["options"]["retries"], 1);
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].field("Range"), Some("bytes=123456-"));
    assert_eq!(asked[1].field("If-Range"), Some("\"v1\""));
    assert_eq!(scene.names(), ["g"]);
    // and into a pipe
    let sent = file.clone();
    let server = cut_once(move |asked| ranges(asked, &sent, "\"v1\""), 123_456);
    let ended = scene
        .copy(&[&*server.url("f"), "-", "--retry-max", "10ms"])
        .good();
    assert!(ended.stdout == file);
}

/// RFC 9110 §15.3.7.3.
#[test]
fn a_file_that_changes_in_between_is_never_mixed() {
    let scene = Scene::new();
    let (old, new) = (content(100_000), vec![b'n'; 90_000]);
    for honest in [true, false] {
        let (old, new, wanted) = (old.clone(), new.clone(), new.clone());
        let server = cut_once(
            move |asked| match asked.index {
                0 => ranges(asked, &old, "\"v1\""),
                // one that does not know If-Range, or pretends
                1 if !honest => {
                    let fields = ["ETag: \"v2\"", "Content-Range: bytes 50000-89999/90000"];
                    octets("206 Partial Content", &fields, &new[50_000..])
                }
                _ => ranges(asked, &new, "\"v2\""),
            },
            50_000,
        );
        scene
            .copy(&[&*server.url("f"), "g", "--retry-max", "10ms"])
            .good();
        assert!(fs::read(scene.path("g")).unwrap() == wanted, "{honest}");
        // what was written to stdout cannot be taken back
        let server = {
            let (old, new) = (content(100_000), wanted.clone());
            cut_once(
                move |asked| match asked.index {
                    0 => ranges(asked, &old, "\"v1\""),
                    _ => ranges(asked, &new, "\"v2\""),
                },
                50_000,
            )
        };
        let ended = scene.copy(&[&*server.url("f"), "-", "--retry-max", "10ms"]);
        assert!(ended.failed(33).contains("taken back"), "{}", ended.stderr);
    }
}

#[test]
fn what_was_kept_is_gone_on_with_the_next_time() {
    let scene = Scene::new();
    let file = content(300_000);
    let sent = file.clone();
    let server = cut_once(move |asked| ranges(asked, &sent, "\"v1\""), 200_000);
    let url = server.url("f");
    let go_on = [&*url, "g", "-C", "--retries", "0", "--digest", "sha256"];
    scene.copy(&go_on).failed(18);
    assert_eq!(scene.names(), [PART, NOTES]);
    assert_eq!(fs::read(scene.path(PART)).unwrap(), file[..200_000]);
    let report = scene
        .copy(&[&go_on[..], &["--json"]].concat())
        .good()
        .json();
    assert!(fs::read(scene.path("g")).unwrap() == file);
    assert_eq!(scene.names(), ["g"]);
    assert_eq!(report["bytes"], 300_000);
    assert_eq!(report["options"]["resumed_at"], 200_000);
    assert_eq!(server.asked()[1].field("Range"), Some("bytes=200000-"));
    let whole = scene
        .copy(&["g", "h", "--digest", "sha256", "--json"])
        .good();
    assert_eq!(report["digest"], whole.json()["digest"]);
}

#[test]
fn what_was_kept_of_another_version_is_not_used() {
    let scene = Scene::new();
    let (old, new) = (content(100_000), vec![b'n'; 100_000]);
    let wanted = new.clone();
    let server = cut_once(
        move |asked| match asked.index {
            0 => ranges(asked, &old, "\"v1\""),
            _ => ranges(asked, &new, "\"v2\""),
        },
        60_000,
    );
    let url = server.url("f");
    let go_on = [&*url, "g", "--continue", "--retries", "0"];
    scene.copy(&go_on).failed(18);
    scene.copy(&go_on).good();
    assert!(fs::read(scene.path("g")).unwrap() == wanted);
    assert_eq!(scene.names(), ["g"]);
}

#[test]
fn a_part_that_is_whole_only_needs_its_name() {
    let scene = Scene::new();
    let file = content(5000);
    for (etag, requests) in [("\"v1\"", 1), ("\"v2\"", 2)] {
        fs::write(scene.path(PART), &file).unwrap();
        let sent = file.clone();
        let server = HttpServer::start(move |asked| Reply::Octets(ranges(asked, &sent, etag)));
        let url = server.url("f");
        let notes = format!(
            "{{\"url\":\"{url}\",\"etag\":\"\\\"v1\\\"\",\"last_modified\":null,\"length\":5000}}"
        );
        fs::write(scene.path(NOTES), notes).unwrap();
        scene.copy(&[&*url, "g", "-C"]).good();
        assert!(fs::read(scene.path("g")).unwrap() == file);
        assert_eq!(scene.names(), ["g"]);
        let asked = server.asked();
        assert!(asked.len() <= requests, "{asked:?}");
        assert_eq!(asked[0].field("Range"), Some("bytes=5000-"));
    }
}

/// RFC 9110 §13.1.5.
#[test]
fn without_a_strong_validator_nothing_is_gone_on_with() {
    let scene = Scene::new();
    let file = content(100_000);
    for field in [
        "ETag: W/\"1\"",
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
    ] {
        let sent = file.clone();
        let server = cut_once(move |_| octets("200 OK", &[field], &sent), 50_000);
        scene
            .copy(&[&*server.url("f"), "g", "-C", "--retry-max", "10ms"])
            .good();
        assert!(fs::read(scene.path("g")).unwrap() == file);
        assert_eq!(server.asked()[1].field("Range"), None, "{field}");
    }
    assert_eq!(scene.names(), ["g"]);
}

#[test]
fn a_part_survives_being_killed_and_a_name_is_never_given() {
    let scene = Scene::new();
    let file = content(400_000);
    let sent = file.clone();
    let stuck = Arc::new(Mutex::new(true));
    let stays = Arc::clone(&stuck);
    let server = HttpServer::start(move |asked| {
        let mut octets = ranges(asked, &sent, "\"v1\"");
        if *stays.lock().unwrap() {
            octets.truncate(200_000);
        }
        Reply::Octets(octets)
    });
    let url = server.url("f");
    let mut child = scene.command(&[&*url, "g", "-C"]).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    let len = || fs::metadata(scene.path(PART)).map_or(0, |kind| kind.len());
    while len() < 100_000 {
        assert!(Instant::now() < until, "nothing was received");
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(scene.names(), [PART, NOTES]);
    *stuck.lock().unwrap() = false;
    scene.copy(&[&*url, "g", "-C"]).good();
    assert!(fs::read(scene.path("g")).unwrap() == file);
    let last = server.asked().pop().unwrap();
    assert!(last.field("Range").is_some(), "{last:?}");
}

#[test]
fn ranges_that_were_not_asked_for_are_refused() {
    let scene = Scene::new();
    let server = HttpServer::start(|_| {
        let fields = ["ETag: \"1\"", "Content-Range: bytes 0-4/5"];
        Reply::Octets(octets("206 Partial Content", &fields, b"hello"))
    });
    scene.copy(&[&*server.url("f"), "g"]).failed(33);
    let url = server.url("f");
    scene.copy(&[&*url, "-", "-C"]).failed(2);
    scene.copy(&["x", &*url, "-C"]).failed(2);
    scene.copy(&[&*scene.url("f"), "x", "-C"]).failed(2);
    assert_eq!(scene.names(), [""; 0]);
}
