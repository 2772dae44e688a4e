//! Wireshark's programs as judges: tshark dissects what is written here, editcap converts it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use wirelore_pcapng::{
    Dissected, Interface, Packet, Section, Side, Stamp, TcpConfig, TcpFlow, Writer, packets,
};
use wirelore_testkit::tshark::{field, protocols};

const NOW: Duration = Duration::from_micros(1_700_000_000_123_456);
const MS: Duration = Duration::from_millis(1);
const V4: (&str, &str) = ("192.0.2.1", "192.0.2.2");
const V6: (&str, &str) = ("[2001:db8::1]", "[2001:db8::2]");

#[test]
fn tftp_over_udp() {
    if !there("tftp_over_udp", "tshark") {
        return;
    }
    for hosts in [V4, V6] {
        let mut out = Vec::new();
        let section = Section {
            hardware: "none",
            os: "some",
            application: "judge",
            comment: "c",
        };
        let mut writer = Writer::new(&section, &mut out).unwrap();
        let tap = Interface {
            name: "tap7",
            description: "a tap",
            ..Interface::default()
        };
        writer.interface(&tap, &mut out).unwrap();
        let client = format!("{}:40000", hosts.0).parse().unwrap();
        let server = format!("{}:6969", hosts.1).parse().unwrap();
        let transfer = format!("{}:40001", hosts.1).parse().unwrap();
        let stamp = Stamp::received(NOW).comment("the request");
        writer
            .udp(stamp, client, server, b"\0\x01file.txt\0octet\0", &mut out)
            .unwrap();
        let data = [b"\0\x03\0\x01".as_slice(), &[b'x'; 511]].concat();
        writer
            .udp(Stamp::sent(NOW + MS), transfer, client, &data, &mut out)
            .unwrap();
        writer
            .udp(NOW + 2 * MS, client, transfer, b"\0\x04\0\x01", &mut out)
            .unwrap();

        let packets = tshark(&out, &["-d", "udp.port==6969,tftp"]);
        assert_eq!(packets.len(), 3);
        for packet in &packets {
            sound(packet);
            assert_eq!(field(packet, "udp.checksum.status"), ["1"]);
            assert_eq!(field(packet, "frame.interface_name"), ["tap7"]);
        }
        let each = |name| packets.iter().map(|p| one(p, name)).collect::<Vec<_>>();
        assert_eq!(each("tftp.opcode"), ["1", "3", "4"]);
        assert_eq!(each("frame.time_epoch")[0], "1700000000.123456000");
        assert_eq!(each("frame.time_epoch")[2], "1700000000.125456000");
        assert_eq!(one(&packets[0], "tftp.source_file"), "file.txt");
        assert_eq!(one(&packets[0], "frame.comment"), "the request");
        assert_eq!(
            one(&packets[0], "frame.packet_flags_direction"),
            "0x00000001"
        );
        assert_eq!(
            one(&packets[1], "frame.packet_flags_direction"),
            "0x00000002"
        );
        assert!(field(&packets[2], "frame.packet_flags_direction").is_empty());
        assert!(field(&packets[2], "frame.comment").is_empty());
        assert_eq!(one(&packets[1], "udp.length"), (8 + 515).to_string());
    }
}

#[test]
fn http_over_tcp() {
    if !there("http_over_tcp", "tshark") {
        return;
    }
    for hosts in [V4, V6] {
        let mut out = Vec::new();
        let writer = Writer::ethernet("tap0", "judge", &mut out).unwrap();
        let client = format!("{}:40000", hosts.0).parse().unwrap();
        let server = format!("{}:80", hosts.1).parse().unwrap();
        let config = TcpConfig {
            client_sequence: u32::MAX - 10,
            server_sequence: u32::MAX - 100_000,
            local: Some(Side::Server),
            ..TcpConfig::default()
        };
        let mut flow = TcpFlow::open(&writer, NOW, client, server, &config, &mut out).unwrap();
        let request = b"GET /index.html HTTP/1.1\r\nHost: example.org\r\n\r\n";
        flow.data(&writer, NOW + MS, Side::Client, request, &mut out)
            .unwrap();
        let body = "0123456789".repeat(30_000);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let response = [head.as_bytes(), body.as_bytes()].concat();
        for (n, chunk) in response.chunks(70_000).enumerate() {
            let time = NOW + (n as u32 + 2) * MS;
            flow.data(&writer, time, Side::Server, chunk, &mut out)
                .unwrap();
        }
        flow.finish(&writer, NOW + 9 * MS, Side::Server, &mut out)
            .unwrap();
        flow.finish(&writer, NOW + 10 * MS, Side::Client, &mut out)
            .unwrap();

        let packets = tshark(&out, &[]);
        for packet in &packets {
            sound(packet);
            assert_eq!(field(packet, "tcp.checksum.status"), ["1"]);
            // no retransmission, no lost segment, no full window, nothing out of order
            assert!(field(packet, "tcp.analysis.flags").is_empty(), "{packet:#}");
            assert_eq!(one(packet, "tcp.stream"), "0");
        }
        // 1, 2, 4, 16: SYN, SYN-ACK, ACK, data; 8: FIN; so nothing is missing
        assert_eq!(one(packets.last().unwrap(), "tcp.completeness"), "31");
        assert_eq!(one(&packets[0], "tcp.options.mss_val"), "1460");
        let everything = |name| {
            packets
                .iter()
                .flat_map(|p| field(p, name))
                .collect::<Vec<_>>()
        };
        assert_eq!(everything("http.request.method"), ["GET"]);
        assert_eq!(everything("http.request.uri"), ["/index.html"]);
        assert_eq!(everything("http.response.code"), ["200"]);
        assert_eq!(everything("http.file_data"), [body]);
        assert_eq!(
            everything("tcp.reassembled.length"),
            [response.len().to_string()]
        );
        assert_eq!(
            everything("tcp.flags.fin")
                .iter()
                .filter(|fin| **fin == "1")
                .count(),
            2
        );
    }
}

#[test]
fn urgent_data_and_a_reset() {
    if !there("urgent_data_and_a_reset", "tshark") {
        return;
    }
    let mut out = Vec::new();
    let writer = Writer::ethernet("tap0", "judge", &mut out).unwrap();
    let (client, server) = (
        "192.0.2.1:40000".parse().unwrap(),
        "192.0.2.2:23".parse().unwrap(),
    );
    let config = TcpConfig::default();
    let mut flow = TcpFlow::open(&writer, NOW, client, server, &config, &mut out).unwrap();
    flow.urgent(&writer, NOW, Side::Client, b"\xff\xf4\xff\xf2", &mut out)
        .unwrap();
    flow.reset(&writer, NOW, Side::Server, &mut out).unwrap();

    let packets = tshark(&out, &[]);
    for packet in &packets {
        assert!(!protocols(packet).contains("malformed"), "{packet:#}");
        assert_eq!(field(packet, "tcp.checksum.status"), ["1"]);
    }
    assert_eq!(one(&packets[3], "tcp.flags.urg"), "1");
    assert_eq!(one(&packets[3], "tcp.urgent_pointer"), "4");
    assert_eq!(field(&packets[3], "telnet.cmd").len(), 2);
    assert_eq!(one(&packets[4], "tcp.flags.reset"), "1");
}

#[test]
fn the_longest_datagrams_and_a_rarp_frame() {
    if !there("the_longest_datagrams_and_a_rarp_frame", "tshark") {
        return;
    }
    let mut out = Vec::new();
    let writer = Writer::ethernet("tap0", "judge", &mut out).unwrap();
    for (hosts, len) in [(V4, 65507), (V6, 65527)] {
        let from = format!("{}:40000", hosts.0).parse().unwrap();
        let to = format!("{}:40001", hosts.1).parse().unwrap();
        writer
            .udp(NOW, from, to, &vec![0xa5; len], &mut out)
            .unwrap();
    }
    let mac = [2, 0, 0, 0, 0, 1];
    let mut request = vec![0, 1, 8, 0, 6, 4, 0, 3];
    request.extend([mac.as_slice(), &[0; 4], &mac, &[0; 4]].concat());
    writer
        .frame(NOW, [0xff; 6], mac, 0x8035, &request, &mut out)
        .unwrap();

    let packets = tshark(&out, &[]);
    for (packet, len) in packets.iter().zip([65507, 65527]) {
        sound(packet);
        assert_eq!(field(packet, "udp.checksum.status"), ["1"]);
        assert_eq!(one(packet, "data.len"), len.to_string());
    }
    sound(&packets[2]);
    assert_eq!(one(&packets[2], "arp.opcode"), "3");
    assert_eq!(one(&packets[2], "arp.src.hw_mac"), "02:00:00:00:00:01");
}

#[test]
fn editcap_converts_to_classic_files() {
    if !there("editcap_converts_to_classic_files", "editcap") {
        return;
    }
    let mut out = Vec::new();
    let mut writer = Writer::new(&Section::default(), &mut out).unwrap();
    writer
        .interface(
            &Interface {
                snaplen: 50,
                ..Interface::default()
            },
            &mut out,
        )
        .unwrap();
    let (from, to) = (
        "192.0.2.1:40000".parse().unwrap(),
        "192.0.2.2:69".parse().unwrap(),
    );
    for (n, payload) in [b"".as_slice(), b"odd", b"longer than the snap length"]
        .iter()
        .enumerate()
    {
        writer
            .udp(NOW + MS * n as u32, from, to, payload, &mut out)
            .unwrap();
    }
    let written: Vec<_> = packets(&out).collect::<Result<_, _>>().unwrap();
    assert!(matches!(written[1].dissect(), Ok(Dissected::Udp(udp)) if udp.payload == b"odd"));

    for (format, magic) in [("pcap", 0xa1b2_c3d4_u32), ("nsecpcap", 0xa1b2_3c4d)] {
        let converted = editcap(&out, format);
        assert_eq!(
            u32::from_le_bytes(converted[..4].try_into().unwrap()),
            magic
        );
        same(&written, &converted);
    }
    same(&written, &editcap(&out, "pcapng"));

    // And a file with nanoseconds that dumpcap wrote.
    let captured = include_bytes!("data/ethernet.pcapng");
    let written: Vec<_> = packets(captured).collect::<Result<_, _>>().unwrap();
    same(&written, &editcap(captured, "nsecpcap"));
}

fn same(expected: &[Packet<'_>], capture: &[u8]) {
    let strip = |p: &Packet<'_>| (p.link, p.timestamp, p.original_len, p.data.to_vec());
    let read: Vec<_> = packets(capture)
        .map(|packet| strip(&packet.unwrap()))
        .collect();
    assert_eq!(read, expected.iter().map(strip).collect::<Vec<_>>());
}

fn editcap(capture: &[u8], format: &str) -> Vec<u8> {
    let folder = folder(capture);
    let to = folder.path().join("converted");
    let from = folder.path().join("capture.pcapng");
    run(
        "editcap",
        folder.path(),
        &["-F", format, path(&from), path(&to)],
    );
    fs::read(to).unwrap()
}

/// The packets as tshark sees them, checksums verified.
fn tshark(capture: &[u8], options: &[&str]) -> Vec<Value> {
    let folder = folder(capture);
    let file = folder.path().join("capture.pcapng");
    let mut arguments = vec!["-r", path(&file), "-T", "json", "--no-duplicate-keys"];
    for preference in [
        "ip.check_checksum:TRUE",
        "udp.check_checksum:TRUE",
        "tcp.check_checksum:TRUE",
    ] {
        arguments.extend_from_slice(&["-o", preference]);
    }
    arguments.extend_from_slice(options);
    let output = run("tshark", folder.path(), &arguments);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn folder(capture: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("capture.pcapng"), capture).unwrap();
    folder
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs a program with an empty home, so that nobody's preferences count.
fn run(program: &str, home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("HOME", home)
        .env("WIRESHARK_CONFIG_DIR", home)
        .env("LC_ALL", "C");
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Whether `program` is installed; a test without it is skipped.
fn there(test: &str, program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        wirelore_testkit::skip(test, &format!("{program} is not installed"));
    }
    there
}

/// No checksum is bad, nothing is malformed, and the experts do not warn.
fn sound(packet: &Value) {
    let ipv4 = !field(packet, "ip.src").is_empty();
    let status: &[&str] = if ipv4 { &["1"] } else { &[] };
    assert_eq!(field(packet, "ip.checksum.status"), status, "{packet:#}");
    for severity in field(packet, "_ws.expert.severity") {
        // 0x200000 is chat, 0x400000 a note (who closes the connection), then come warnings.
        let severity: u32 = severity.parse().unwrap();
        assert!(severity <= 0x40_0000, "{packet:#}");
    }
}

fn one<'p>(packet: &'p Value, name: &str) -> &'p str {
    let values = field(packet, name);
    assert_eq!(values.len(), 1, "{name} in {packet:#}");
    values[0]
}
