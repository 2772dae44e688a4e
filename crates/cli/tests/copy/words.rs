//! What people see.

use super::server::{Peer, data};
use super::{Scene, content};
use std::fs;

#[test]
fn the_last_line_tells_how_it_went() {
    let scene = Scene::new();
    scene.server.has("f", &content(5000));
    let ended = scene.copy(&[&*scene.url("f"), "g"]).good();
    assert!(ended.stdout.is_empty());
    let line = ended.stderr.strip_suffix('\n').unwrap();
    assert!(
        line.starts_with("5000 bytes copied in ") && !line.contains('\n'),
        "{line}"
    );
    assert!(
        line.ends_with("/s), 0 retransmissions, blksize 1428, windowsize 16"),
        "{line}"
    );
    let quiet = scene.copy(&[&*scene.url("f"), "g", "--quiet"]).good();
    assert_eq!((quiet.text(), &*quiet.stderr), ("", ""));
}

#[test]
fn verbose_tells_what_the_sides_say() {
    let scene = Scene::new();
    scene.server.has("a\u{e9}", &content(2000));
    let ended = scene.copy(&[&*scene.url("a%C3%A9"), "g", "-v"]).good();
    let lines: Vec<_> = ended.stderr.lines().collect();
    let server = scene.server.address.to_string();
    assert!(
        lines[0].starts_with("* from 127.0.0.1:") && lines[0].ends_with(&server),
        "{lines:?}"
    );
    let wanted = [
        "> RRQ \"aé\" octet blksize 1428 windowsize 16 tsize 0",
        "< OACK blksize 1428 windowsize 16 tsize 2000",
        "* transfer with blksize 1428, windowsize 16",
    ];
    assert_eq!(lines[1..4], wanted);
    assert_eq!(lines.len(), 5, "{lines:?}");
    let ended = scene.copy(&[&*scene.url("a%C3%A9"), "g", "-vv"]).good();
    for line in [
        "> ACK 0",
        "< DATA 1, 1428 octets",
        "< DATA 2, 572 octets",
        "> ACK 2",
    ] {
        assert!(
            ended.stderr.lines().any(|found| found == line),
            "{line}: {}",
            ended.stderr
        );
    }
    let ended = scene.copy(&[&*scene.url("error-1"), "g", "-v"]);
    assert!(
        ended.stderr.contains("< ERROR 1 \"no\\x1b[31m\"\n"),
        "{}",
        ended.stderr
    );
    fs::write(scene.path("here"), content(1000)).unwrap();
    let ended = scene.copy(&["here", &*scene.url("up"), "-v"]).good();
    let wrq = "> WRQ \"up\" octet blksize 1428 windowsize 16 tsize 1000\n";
    assert!(ended.stderr.contains(wrq), "{}", ended.stderr);
}

/// Answers the second request only, and has blocks come twice.
fn clumsy() -> Peer {
    Peer::start(|index, heard| match (index, heard) {
        (0, _) => Vec::new(),
        (1, _) => vec![data(1, &[1; 512])],
        (_, [0, 4, 0, 1]) if index == 2 => vec![data(1, &[1; 512]), data(2, &[2; 5])],
        _ => Vec::new(),
    })
}

#[test]
fn what_is_out_of_the_ordinary_is_told() {
    let (scene, peer) = (Scene::new(), clumsy());
    let ended = scene
        .copy(&[&*peer.url("f"), "g", "-v", "--timeout", "400ms"])
        .good();
    for line in [
        "* no answer in time",
        "> RRQ \"f\" octet blksize 1428 windowsize 16 tsize 0, again",
        "* transfer with blksize 512, windowsize 1",
        "< DATA 1, 512 octets, again",
    ] {
        assert!(
            ended.stderr.lines().any(|found| found == line),
            "{line}: {}",
            ended.stderr
        );
    }
    assert_eq!(fs::read(scene.path("g")).unwrap().len(), 517);
    let report = scene
        .copy(&[&*clumsy().url("f"), "g", "--json", "--timeout", "400ms"])
        .good()
        .json();
    assert!(report["retransmits"].as_u64().unwrap() >= 1, "{report}");
}

#[test]
fn bangs_are_as_on_a_router() {
    let scene = Scene::new();
    scene.server.has("f", &content(35 * 512));
    let bang = ["--progress", "bang", "--no-options"];
    let marks = |arguments: &[&str]| {
        let ended = scene.copy(&[arguments, &bang[..]].concat());
        ended.stderr.lines().next().unwrap().to_owned()
    };
    assert_eq!(marks(&[&*scene.url("f"), "g"]), "!!!!");
    assert_eq!(marks(&["g", &*scene.url("up")]), "!!!!");
    assert_eq!(
        marks(&[&*clumsy().url("f"), "h", "--timeout", "400ms"]),
        ".O!"
    );
    let dead = Peer::dead();
    let short = ["--timeout", "50ms", "--retries", "1"];
    assert_eq!(
        marks(&[&[&*dead.url("f"), "h"], &short[..]].concat()),
        "..E"
    );
}

#[test]
fn help_has_examples_and_exit_codes() {
    let scene = Scene::new();
    for flag in ["--help", "-h"] {
        let help = scene.copy(&[flag]).good();
        assert!(
            help.text()
                .contains("Usage: wirelore copy [OPTIONS] <SRC> <DST>\n"),
            "{}",
            help.text()
        );
        assert!(help.text().contains("\nExamples:\n  wirelore copy tftp://"));
        assert!(help.text().contains("--help exit"));
    }
    let codes = scene.copy(&["--help", "exit"]).good();
    assert!(
        codes.text().contains("   68  TFTP: file not found"),
        "{}",
        codes.text()
    );
    let ignored = scene.copy(&["x", "y", "--help", "exit"]).good();
    assert_eq!(ignored.text(), codes.text());
}
