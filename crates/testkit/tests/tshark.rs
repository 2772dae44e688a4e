//! Judging a capture that was written by hand.
#![cfg(feature = "tshark")]

use std::process::Command;

use wirelore_testkit::tshark::{dissect, field, protocols};

/// A pcap file of raw IPv4 packets.
fn pcap(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 101] {
        file.extend(word.to_le_bytes());
    }
    for packet in packets {
        let len = packet.len() as u32;
        for word in [0, 0, len, len] {
            file.extend(word.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

/// A UDP datagram from 127.0.0.1:`from` to 127.0.0.1:`to`, without checksums.
fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u16;
    let mut packet = vec![0x45, 0];
    packet.extend((28 + len).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
    for word in [from, to, 8 + len, 0] {
        packet.extend(word.to_be_bytes());
    }
    packet.extend(payload);
    packet
}

#[test]
fn packets_are_dissected_as_told() {
    let request = b"\0\x01name\0octet\0blksize\x001428\0tsize\x000\0";
    let capture = pcap(&[udp(1024, 6969, request), udp(1024, 53, b"")]);
    let rules = ["udp.port==6969,tftp"];
    let Some(packets) = dissect("packets_are_dissected_as_told", &capture, &rules) else {
        return;
    };
    assert_eq!(packets.len(), 2);
    assert_eq!(protocols(&packets[0]), "raw:ip:udp:tftp");
    assert_eq!(field(&packets[0], "tftp.opcode"), ["1"]);
    assert_eq!(field(&packets[0], "tftp.option.name"), ["blksize", "tsize"]);
    assert_eq!(field(&packets[0], "tftp.option.value"), ["1428", "0"]);
    assert_eq!(field(&packets[1], "tftp.opcode"), [""; 0]);
}

#[test]
fn a_large_capture_passes_through_the_pipes() {
    let packets: Vec<Vec<u8>> = (0..500).map(|n| udp(n, 9, &[n as u8; 1000])).collect();
    let name = "a_large_capture_passes_through_the_pipes";
    if let Some(packets) = dissect(name, &pcap(&packets), &[]) {
        assert_eq!(packets.len(), 500);
        assert_eq!(field(&packets[499], "udp.srcport"), ["499"]);
    }
}

#[test]
fn a_broken_capture_is_a_failure() {
    let name = "a_broken_capture_is_a_failure";
    if dissect(name, &pcap(&[]), &[]).is_some() {
        let broken =
            std::panic::catch_unwind(|| dissect(name, b"no capture at all, but text", &[]));
        assert!(broken.is_err());
    }
}

/// Runs a test of this file where there is no tshark.
fn without_tshark(interop: &str) -> (bool, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "packets_are_dissected_as_told", "--nocapture"])
        .env("PATH", "/nonexistent")
        .env("WIRELORE_INTEROP", interop)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), text)
}

#[test]
fn a_missing_program_skips_the_test_or_fails_it() {
    let line = "skipped: packets_are_dissected_as_told: tshark is not installed";
    let (success, text) = without_tshark("");
    assert!(success && text.contains(&format!("{line}\n")), "{text}");
    let (success, text) = without_tshark("require");
    assert!(
        !success && text.contains(&format!("{line}, but WIRELORE_INTEROP=require")),
        "{text}"
    );
}
