//! Traces and captures.

use super::server::assert_private;
use super::{Scene, content};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use wirelore_pcapng::{Dissected, packets};
use wirelore_tftp::wire::{Direction, Packet};

#[test]
fn a_trace_has_every_datagram() {
    let scene = Scene::new();
    scene.server.has("f", &content(2000));
    // readable for all before
    fs::write(scene.path("t"), "something").unwrap();
    fs::set_permissions(scene.path("t"), Permissions::from_mode(0o644)).unwrap();
    scene
        .copy(&[&*scene.url("f"), "g", "--trace", "t", "-q"])
        .good();
    assert_private(&scene.path("t"));
    let trace = fs::read_to_string(scene.path("t")).unwrap();
    let heads: Vec<_> = trace
        .lines()
        .filter(|line| !line.starts_with("  "))
        .collect();
    let server = scene.server.address.to_string();
    assert!(heads[0].contains("Z > 127.0.0.1:"), "{}", heads[0]);
    assert!(
        heads[0].contains(&format!(" to {server}, ")),
        "{}",
        heads[0]
    );
    let words: Vec<_> = heads
        .iter()
        .map(|head| head.split_once(": ").unwrap().1)
        .collect();
    let wanted = [
        "RRQ \"f\" octet blksize 1428 windowsize 16 tsize 0",
        "OACK blksize 1428 windowsize 16 tsize 2000",
        "ACK 0",
        "DATA 1, 1428 octets",
        "DATA 2, 572 octets",
        "ACK 2",
    ];
    assert_eq!(words, wanted);
    assert!(
        trace.contains("  0000  00 01 66 00 6f 63 74 65  74 00 "),
        "{trace}"
    );
    assert!(
        trace
            .lines()
            .any(|line| line.ends_with("  ..f.octet.blksiz")),
        "{trace}"
    );
}

#[test]
fn a_capture_has_every_datagram() {
    let scene = Scene::new();
    let octets = content(30_000);
    fs::write(scene.path("here"), &octets).unwrap();
    let ended = scene
        .copy(&["here", &*scene.url("up"), "--pcap", "c.pcapng", "-v"])
        .good();
    let local = ended.stderr.split(' ').nth(2).unwrap();
    assert_private(&scene.path("c.pcapng"));
    let capture = fs::read(scene.path("c.pcapng")).unwrap();
    let (mut found, mut requests, mut acked) = (Vec::new(), 0, 0);
    for packet in packets(&capture) {
        let packet = packet.unwrap();
        let Dissected::Udp(datagram) = packet.dissect().unwrap() else {
            panic!("only UDP")
        };
        let ours = datagram.source.to_string() == local;
        assert!(ours || datagram.destination.to_string() == local);
        match Packet::parse(datagram.payload).unwrap() {
            Packet::Request(request) => {
                requests += 1;
                assert!(ours && datagram.destination == scene.server.address);
                assert_eq!(
                    (request.direction, request.filename),
                    (Direction::Write, &b"up"[..])
                );
            }
            Packet::Data(data) => {
                assert!(ours);
                let start = (usize::from(data.block) - 1) * 1428;
                found.resize(found.len().max(start), 0);
                found.truncate(start);
                found.extend_from_slice(data.payload);
            }
            Packet::Ack(ack) => acked = acked.max(ack.block),
            Packet::Oack(_) => assert!(!ours),
            Packet::Error(_) => panic!("an error"),
        }
    }
    assert_eq!((requests, acked), (1, 22));
    assert!(found == octets);
}

#[test]
fn records_of_failures_are_whole() {
    let scene = Scene::new();
    let arguments = [&*scene.url("error-1"), "g", "--pcap", "c", "--trace", "t"];
    scene.copy(&arguments).failed(68);
    assert_eq!(packets(&fs::read(scene.path("c")).unwrap()).count(), 2);
    assert!(
        fs::read_to_string(scene.path("t"))
            .unwrap()
            .contains(": ERROR 1 \"")
    );
    assert_eq!(scene.names(), ["c", "t"]);
}

#[test]
fn records_that_cannot_be_written_are_told() {
    let scene = Scene::new();
    scene.server.has("f", &content(2000));
    for flag in ["--trace", "--pcap"] {
        let ended = scene.copy(&[&*scene.url("f"), "g", flag, "missing/x"]);
        assert!(ended.failed(23).contains("missing/x"), "{}", ended.stderr);
        assert_eq!(scene.names(), [""; 0]);
        let ended = scene.copy(&[&*scene.url("f"), "g", flag, "/dev/full"]);
        assert!(
            ended.failed(23).contains("no space left"),
            "{}",
            ended.stderr
        );
        fs::remove_file(scene.path("g")).unwrap();
    }
}
