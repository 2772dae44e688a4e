//! Files arrive as they were, in both directions.

use super::server::Peer;
use super::{Scene, content};
use serde_json::json;
use std::fs;
use std::sync::{Arc, Mutex};

#[test]
fn files_of_all_sizes_are_fetched_and_sent() {
    let scene = Scene::new();
    for len in [
        0,
        1,
        511,
        512,
        1427,
        1428,
        1429,
        16 * 1428,
        70_000,
        1_000_000,
    ] {
        let octets = content(len);
        scene.server.has("down", &octets);
        scene.copy(&[&*scene.url("down"), "here"]).good();
        assert!(
            fs::read(scene.path("here")).unwrap() == octets,
            "{len} octets down"
        );
        scene.copy(&["here", &*scene.url("up")]).good();
        assert!(scene.server.got("up").unwrap() == octets, "{len} octets up");
    }
    assert_eq!(scene.names(), ["here"]);
}

#[test]
fn options_are_asked_for_as_told() {
    let scene = Scene::new();
    scene.server.has("f", &content(20_000));
    for (flags, options) in [
        (
            &[][..],
            json!({"blksize": 1428, "windowsize": 16, "tsize": 20_000}),
        ),
        (
            &["--blksize", "600"],
            json!({"blksize": 600, "windowsize": 16, "tsize": 20_000}),
        ),
        (
            &["--windowsize", "1"],
            json!({"blksize": 1428, "windowsize": 1, "tsize": 20_000}),
        ),
        (&["--no-options"], json!({"blksize": 512, "windowsize": 1})),
        (
            &["--server-timeout", "2"],
            json!({"blksize": 1428, "windowsize": 16, "timeout": 2, "tsize": 20_000}),
        ),
        (
            &["--server-timeout", "1500ms"],
            json!({"blksize": 1428, "windowsize": 16, "utimeout": 1_500_000, "tsize": 20_000}),
        ),
    ] {
        let url = scene.url("f");
        let ended = scene
            .copy(&[&[&*url, "g", "--json"], flags].concat())
            .good();
        let report = ended.json();
        assert_eq!(report["options"], options, "{flags:?}");
        let fields: Vec<_> = report.as_object().unwrap().keys().collect();
        let wanted = [
            "source",
            "destination",
            "bytes",
            "seconds",
            "retransmits",
            "options",
            "digest",
            "exit_code",
            "error",
        ];
        assert_eq!(fields, wanted);
        assert_eq!(
            (&report["source"], &report["destination"]),
            (&json!(url), &json!("g"))
        );
        assert_eq!(
            (&report["bytes"], &report["exit_code"]),
            (&json!(20_000), &json!(0))
        );
        assert_eq!(
            (&report["digest"], &report["error"]),
            (&json!(null), &json!(null))
        );
        assert!(report["seconds"].is_f64() && report["retransmits"].is_u64());
        assert_eq!(ended.stderr, "");
    }
}

#[test]
fn text_changes_its_line_ends_on_the_wire_only() {
    let scene = Scene::new();
    let text = b"one\ntwo\r\n\rthree\n".repeat(2000);
    fs::write(scene.path("here"), &text).unwrap();
    for (url, flags) in [
        (scene.url("up;mode=netascii"), &["-q"][..]),
        (scene.url("up"), &["-q", "--mode", "netascii"]),
    ] {
        let _ = fs::remove_file(scene.server.path("up"));
        scene.copy(&[&["here", &*url], flags].concat()).good();
        assert!(scene.server.got("up").unwrap() == text);
        scene.copy(&[&[&*url, "back"], flags].concat()).good();
        assert!(fs::read(scene.path("back")).unwrap() == text);
    }
    // what the URL says counts
    let vv = scene
        .copy(&[
            &*scene.url("up;mode=octet"),
            "back",
            "--mode",
            "netascii",
            "-v",
        ])
        .good();
    assert!(vv.stderr.contains("> RRQ \"up\" octet "), "{}", vv.stderr);
}

#[test]
fn the_size_of_text_is_announced_as_on_the_wire() {
    let scene = Scene::new();
    fs::write(scene.path("here"), b"a\nb\n").unwrap();
    let ended = scene
        .copy(&["here", &*scene.url("up"), "--mode", "netascii", "-v"])
        .good();
    assert!(ended.stderr.contains(" tsize 6\n"), "{}", ended.stderr);
}

#[test]
fn stdin_and_stdout_take_part() {
    let scene = Scene::new();
    let octets = content(3_000_000);
    scene
        .copy_with(&["-", &*scene.url("up"), "--windowsize", "5"], &octets)
        .good();
    assert!(scene.server.got("up").unwrap() == octets);
    let ended = scene.copy(&[&*scene.url("up"), "-", "-q"]).good();
    assert!(ended.stdout == octets);
    assert_eq!(ended.stderr, "");
    scene.copy_with(&["-", &*scene.url("empty")], b"").good();
    assert_eq!(scene.server.got("empty").unwrap(), b"");
}

#[test]
fn a_pipe_is_sent_again_where_blocks_are_lost() {
    let scene = Scene::new();
    let octets = content(300_000);
    let found = Arc::new(Mutex::new(Vec::new()));
    let (kept, mut expected, mut gap) = (Arc::clone(&found), 1_u16, false);
    let peer = Peer::start(move |index, heard| match heard {
        [0, 2, ..] => vec![b"\0\x06blksize\x00512\0windowsize\x004\0".to_vec()],
        _ if index % 7 == 3 => Vec::new(),
        [0, 3, high, low, data @ ..] => {
            let ack = |block: u16| vec![[&[0, 4][..], &block.to_be_bytes()].concat()];
            match u16::from_be_bytes([*high, *low]) {
                block if block == expected => {
                    kept.lock().unwrap().extend_from_slice(data);
                    (expected, gap) = (block + 1, false);
                    if block % 4 == 0 || data.len() < 512 {
                        ack(block)
                    } else {
                        Vec::new()
                    }
                }
                _ if std::mem::replace(&mut gap, true) => Vec::new(),
                _ => ack(expected - 1),
            }
        }
        _ => Vec::new(),
    });
    let flags = [
        "--blksize",
        "512",
        "--windowsize",
        "4",
        "--timeout",
        "50ms",
        "--retries",
        "20",
    ];
    let url = peer.url("up");
    let arguments = [&["-", &*url, "--json"], &flags[..]].concat();
    let report = scene.copy_with(&arguments, &octets).good().json();
    assert!(report["retransmits"].as_u64().unwrap() > 50, "{report}");
    assert!(*found.lock().unwrap() == octets);
}

#[test]
fn a_folder_takes_the_name_of_the_source() {
    let scene = Scene::new();
    scene.server.has("a_b.bin", b"ab");
    fs::create_dir(scene.path("d")).unwrap();
    for (source, destination, name) in [
        ("/a/b.bin", "d", "d/b.bin"),
        ("a/b.bin", "d/", "d/b.bin"),
        ("a%2Fb.bin;mode=octet", ".", "b.bin"),
    ] {
        let report = scene
            .copy(&[&*scene.url(source), destination, "--json"])
            .good()
            .json();
        assert_eq!(fs::read(scene.path(name)).unwrap(), b"ab");
        let shown = report["destination"]
            .as_str()
            .unwrap()
            .trim_start_matches("./");
        assert_eq!(shown, name);
    }
    scene.copy(&["d/b.bin", &*scene.url("up/")]).good();
    assert_eq!(scene.server.got("up_b.bin").unwrap(), b"ab");
    scene.copy(&["d/b.bin", &*scene.url("")]).good();
    assert_eq!(scene.server.got("b.bin").unwrap(), b"ab");
    // nothing that leaves the folder
    for source in ["..", "a/..", "a%2F..", "a%5C..", ".", "a/", ""] {
        scene.copy(&[&*scene.url(source), "d"]).failed(2);
    }
    scene.copy(&["-", "d"]).failed(2);
    assert_eq!(super::names(&scene.path("d")), ["b.bin"]);
}

#[test]
fn a_name_is_octets() {
    let scene = Scene::new();
    scene
        .copy_with(&["-", &*scene.url("%2Fx%ff%20y")], b"1")
        .failed(69);
    scene.server.reported(&["asked", "/x\\xff y"]);
    scene.copy(&[&*scene.url("/abs"), "-"]).failed(68);
    scene.server.reported(&["asked", " /abs"]);
}

#[test]
fn digests_are_printed_and_checksums_hold() {
    const MD5: &str = "md5:900150983cd24fb0d6963f7d28e17f72";
    const SHA: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let scene = Scene::new();
    scene.server.has("abc", b"abc");
    let url = scene.url("abc");
    let ended = scene.copy(&[&*url, "f", "--digest", "sha256", "-q"]).good();
    assert_eq!((ended.text(), &*ended.stderr), (&*format!("{SHA}\n"), ""));
    let ended = scene.copy(&[&*url, "-", "--digest", "md5", "-q"]).good();
    assert_eq!(
        (ended.text(), &*ended.stderr),
        ("abc", &*format!("{MD5}\n"))
    );
    let report = scene
        .copy(&[&*url, "f", "--checksum", MD5, "--json"])
        .good()
        .json();
    assert_eq!(report["digest"], MD5);
    let up = scene.url("up");
    let both = ["f", &*up, "--checksum", MD5, "--digest", "sha256", "--json"];
    assert_eq!(scene.copy(&both).good().json()["digest"], SHA);
    assert_eq!(scene.server.got("up").unwrap(), b"abc");
}

#[test]
fn a_wrong_checksum_leaves_nothing_anywhere() {
    const WRONG: &str = "md5:900150983cd24fb0d6963f7d28e17f73";
    let scene = Scene::new();
    for len in [3, 200_000] {
        scene.server.has("f", &content(len));
        let url = scene.url("f");
        let ended = scene.copy(&[&*url, "g", "--checksum", WRONG]);
        assert!(ended.failed(90).contains(WRONG));
        assert_eq!(scene.names(), [""; 0]);
        // what was there before stays
        fs::write(scene.path("old"), "old").unwrap();
        scene.copy(&[&*url, "old", "--checksum", WRONG]).failed(90);
        assert_eq!(fs::read(scene.path("old")).unwrap(), b"old");
        scene
            .copy(&["old", &*scene.url("up"), "--checksum", WRONG])
            .failed(90);
        scene
            .copy_with(
                &["-", &*scene.url("up"), "--checksum", WRONG],
                &content(len),
            )
            .failed(90);
        scene
            .copy(&[&*url, &*scene.url("up"), "--checksum", WRONG])
            .failed(90);
        assert_eq!(scene.server.names(), ["f"]);
        assert_eq!(scene.names(), ["old"]);
        fs::remove_file(scene.path("old")).unwrap();
    }
}

#[test]
fn the_local_port_and_address_are_as_told() {
    let scene = Scene::new();
    scene.server.has("f", b"1");
    // a port that is free now, and very likely still is in a moment
    let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    let (url, taken) = (scene.url("f"), port.to_string());
    let ended = scene.copy(&[&*url, "g", "--local-port", &taken]);
    assert!(ended.failed(45).contains(&taken));
    if port < u16::MAX {
        let range = format!("{port}-65535");
        let ended = scene
            .copy(&[&*url, "g", "--local-port", &range, "-v"])
            .good();
        let from = ended
            .stderr
            .lines()
            .next()
            .unwrap()
            .split(' ')
            .nth(2)
            .unwrap();
        let used: u16 = from.rsplit(':').next().unwrap().parse().unwrap();
        assert!(used > port, "{from}");
        scene
            .server
            .reported(&["asked", &format!("127.0.0.1:{used} ")]);
    }
    drop(free);
    scene
        .copy(&[
            &*url,
            "g",
            "--local-port",
            &taken,
            "--interface",
            "127.0.0.1",
        ])
        .good();
    scene
        .server
        .reported(&["asked", &format!("127.0.0.1:{taken} ")]);
    scene
        .copy(&[&*url, "g", "--interface", "nosuch0"])
        .failed(45);
    scene
        .copy(&[&*url, "g", "--interface", "192.0.2.77"])
        .failed(45);
    scene.copy(&[&*url, "g", "--interface", "::1"]).failed(6);
    scene.copy(&[&*url, "g", "-6"]).failed(6);
    scene.copy(&[&*url, "g", "-4"]).good();
}

#[test]
#[cfg(target_os = "linux")]
fn an_interface_has_a_name() {
    let scene = Scene::new();
    scene.server.has("f", b"1");
    let ended = scene.copy(&[&*scene.url("f"), "g", "--interface", "lo"]);
    if ended.code == 45 && ended.stderr.contains("not permitted") {
        eprintln!("skipped: an_interface_has_a_name: no right to bind to a device");
        return;
    }
    ended.good();
}
