//! `decode NAME --pcap FILE`.

use super::{command, data, run, wirelore};
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::time::Duration;
use wirelore_pcapng::Writer;

/// Captured on Debian 12 with dumpcap: curl 7.88.1 gets a file, asks for one that is not there and
/// sends one, all with in.tftpd 5.2.
const REAL: &str = "curl-in.tftpd.pcap";

#[test]
fn a_real_capture_is_explained() {
    let found = wirelore(&["decode", "tftp", "--pcap", REAL], b"");
    let wanted = r#"
    1    0.000000  192.0.2.2:47366 > 192.0.2.1:69     RRQ "hello.txt" octet, tsize 0, blksize 512, timeout 6
    2    0.002827  192.0.2.1:45550 > 192.0.2.2:47366  OACK tsize 12, blksize 512, timeout 6
    3    0.002892  192.0.2.2:47366 > 192.0.2.1:45550  ACK block 0
    4    0.002938  192.0.2.1:45550 > 192.0.2.2:47366  DATA block 1, 12 octets  (last)
    5    0.003001  192.0.2.2:47366 > 192.0.2.1:45550  ACK block 1
    6    0.014096  192.0.2.2:49116 > 192.0.2.1:69     RRQ "missing" octet
    7    0.023120  192.0.2.1:58271 > 192.0.2.2:49116  ERROR 1 (file not found) "File not found"
    8    0.031887  192.0.2.2:33276 > 192.0.2.1:69     WRQ "up.bin" octet, tsize 1500, blksize 1024, timeout 6
    9    0.034958  192.0.2.1:34882 > 192.0.2.2:33276  OACK tsize 1500, blksize 1024, timeout 6
   10    0.034991  192.0.2.2:33276 > 192.0.2.1:34882  DATA block 1, 1024 octets
   11    0.035012  192.0.2.1:34882 > 192.0.2.2:33276  ACK block 1
   12    0.035053  192.0.2.2:33276 > 192.0.2.1:34882  DATA block 2, 476 octets  (last)
   13    0.035139  192.0.2.1:34882 > 192.0.2.2:33276  ACK block 2

RRQ "hello.txt" 192.0.2.2:47366 < 192.0.2.1:45550: complete, 12 octets in 1 block, 0.003001 s
RRQ "missing" 192.0.2.2:49116 < 192.0.2.1:58271: ended by ERROR 1 (file not found), 0.009024 s
WRQ "up.bin" 192.0.2.2:33276 > 192.0.2.1:34882: complete, 1500 octets in 2 blocks, 0.003252 s
"#;
    assert_eq!(found.text(), &wanted[1..]);
    assert_eq!(found.code, 0);
}

#[test]
fn a_capture_can_come_through_stdin_and_be_annotated() {
    let capture = fs::read(data(REAL)).expect("the capture is there");
    let found = wirelore(&["decode", "tftp", "--pcap", "-", "-x"], &capture);
    let wanted = "DATA block 1, 12 octets  (last)
  0000  00 03                    opcode    DATA
  0002  00 01                    block     1
  0004  68 65 6c 6c 6f 0a 77 6f  72 6c 64 0a              hello.world.

";
    assert!(found.text().contains(wanted), "{}", found.text());
}

#[test]
fn json_is_one_result_for_each_datagram() {
    let found = wirelore(&["decode", "tftp", "--pcap", REAL, "--json"], b"");
    assert_eq!(found.code, 0);
    let first = found.text().lines().next().expect("there are lines");
    assert!(first.starts_with(concat!(
        r#"{"id":{"packet":1,"time":1795249833.631780000,"#,
        r#""from":"192.0.2.2:47366","to":"192.0.2.1:69"},"events":[{"event":"rrq","#,
    )));
    let lines = found.lines();
    assert_eq!(lines.len(), 13);
    assert_eq!(
        lines[3]["events"],
        json!([
            {"event": "data", "block": 1, "data": "68656c6c6f0a776f726c640a"}
        ])
    );
    assert_eq!(lines[3]["consumed"], 16);
}

/// A capture in which a letter is an address: `C` a client, `S` the server's well-known port, `T`
/// its port for the transfer, `X` another one of its ports, `O` somebody else.
fn capture(datagrams: &[(char, char, &[u8])]) -> Vec<u8> {
    let address = |letter| -> SocketAddr {
        let text = match letter {
            'C' => "192.0.2.9:4000",
            'S' => "192.0.2.1:69",
            'P' => "192.0.2.1:6969",
            'T' => "192.0.2.1:5000",
            'X' => "192.0.2.1:5001",
            'B' => "255.255.255.255:69",
            _ => "192.0.2.77:53",
        };
        text.parse().expect("an address")
    };
    let mut file = Vec::new();
    let writer = Writer::ethernet("test", "test", &mut file).expect("short names");
    for (n, (from, to, payload)) in datagrams.iter().enumerate() {
        let time = Duration::from_millis(1_700_000_000_000 + n as u64);
        writer
            .udp(time, address(*from), address(*to), payload, &mut file)
            .expect("a short datagram");
    }
    file
}

const RRQ: &[u8] = b"\0\x01f\0octet\0blksize\x008\0";
const OACK: &[u8] = b"\0\x06blksize\x008\0";

/// The part of every line behind the addresses.
fn words(datagrams: &[(char, char, &[u8])], flags: &[&str]) -> (Vec<String>, i32) {
    let arguments = [&["decode", "tftp", "--pcap", "-"], flags].concat();
    let found = wirelore(&arguments, &capture(datagrams));
    let words = |line: &str| match line.split_once(" > ") {
        Some((_, rest)) => rest
            .split_once("  ")
            .map_or("", |(_, words)| words.trim())
            .to_owned(),
        None => line.to_owned(),
    };
    (
        found
            .text()
            .lines()
            .map(words)
            .filter(|line| !line.is_empty())
            .collect(),
        found.code,
    )
}

#[test]
fn transfers_are_followed_to_the_ports_that_nobody_announces() {
    let (found, code) = words(
        &[
            ('O', 'C', b"\0\x04\0\x01"),
            ('C', 'S', RRQ),
            ('C', 'S', RRQ),
            ('O', 'C', OACK),
            ('O', 'C', b"\x81\x80 a name server's, perhaps"),
            ('T', 'C', OACK),
            ('X', 'C', OACK),
            ('C', 'T', b"\0\x04\0\0"),
            ('T', 'C', b"\0\x03\0\x0112345678"),
            ('T', 'C', b"\0\x03\0\x0112345678"),
            ('T', 'C', b"\0\x03\0\x0312345678"),
            ('C', 'T', b"\0\x04\0\x01"),
            ('C', 'T', b"\0\x04\0\x01"),
            ('T', 'C', b"\0\x03\0\x02"),
            ('C', 'T', b"\0\x04\0\x02"),
        ],
        &[],
    );
    let wanted = [
        r#"RRQ "f" octet, blksize 8"#,
        r#"RRQ "f" octet, blksize 8  (again)"#,
        "OACK blksize 8  (192.0.2.1 was asked)",
        "OACK blksize 8",
        "OACK blksize 8  (another port, the transfer is with 5000)",
        "ACK block 0",
        "DATA block 1, 8 octets",
        "DATA block 1, 8 octets  (again)",
        "DATA block 3, 8 octets  (block 2 is missing)",
        "ACK block 1",
        "ACK block 1  (again)",
        "DATA block 2, 0 octets  (last)",
        "ACK block 2",
        "RRQ \"f\" 192.0.2.9:4000 < 192.0.2.1:5000: complete, 8 octets in 2 blocks, 0.013000 s, \
         3 datagrams sent again",
    ];
    assert_eq!(found, wanted);
    assert_eq!(code, 0);
}

#[test]
fn another_port_is_followed_when_it_is_named() {
    let datagrams: [(char, char, &[u8]); 3] = [
        ('C', 'P', RRQ),
        ('P', 'C', OACK),
        ('S', 'C', b"\0\x04\0\x09"),
    ];
    let (found, code) = words(&datagrams, &["--port", "6969"]);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found[2].ends_with("another port, the transfer is with 6969)"));
    assert!(found[3].ends_with(": unfinished, 0.001000 s"));
    assert_eq!(code, 0);
    let (found, _) = words(&datagrams, &[]);
    assert_eq!(found, ["ACK block 9  (no request seen)"]);
}

#[test]
fn a_broadcast_is_answered_by_anybody() {
    let (found, _) = words(&[('C', 'B', RRQ), ('X', 'C', OACK)], &[]);
    assert_eq!(found[1], "OACK blksize 8");
    let (found, _) = words(&[('C', 'B', RRQ)], &[]);
    assert!(found[1].contains(" < anybody: not answered"), "{found:?}");
}

#[test]
fn a_malformed_datagram_of_a_transfer_is_shown_and_exits_with_1() {
    let (found, code) = words(&[('C', 'S', RRQ), ('T', 'C', b"\0\x03\0")], &[]);
    assert_eq!(found[1], "malformed DATA");
    assert_eq!(code, 1);
    let json = wirelore(
        &["decode", "tftp", "--pcap", "-", "--json"],
        &capture(&[('C', 'S', RRQ), ('T', 'C', b"\0\x03\0")]),
    );
    assert_eq!(json.code, 1);
    assert_eq!(json.lines()[1]["error"]["kind"], "truncated");
}

#[test]
fn what_comes_after_the_end_is_not_of_the_transfer() {
    let (found, _) = words(
        &[
            ('C', 'S', RRQ),
            ('T', 'C', b"\0\x03\0\x01"),
            ('C', 'T', b"\0\x04\0\x01"),
            ('T', 'C', b"\0\x03\0\x01"),
            ('C', 'S', RRQ),
            ('X', 'C', b"\0\x05\0\x02\0"),
            ('C', 'S', RRQ),
        ],
        &[],
    );
    let ends = found[7..]
        .iter()
        .map(|line| line.split_once(" < ").map_or("", |(_, end)| end));
    let wanted = [
        "192.0.2.1:5000: complete, 0 octets in 1 block, 0.002000 s, 1 datagram sent again",
        "192.0.2.1:5001: ended by ERROR 2 (access violation), 0.001000 s",
        "192.0.2.1: not answered, 0.000000 s",
    ];
    assert_eq!(ends.collect::<Vec<_>>(), wanted);
}

#[test]
fn block_numbers_go_round() {
    for after in [0u16, 1] {
        let mut blocks = vec![('C', 'S', RRQ.to_vec()), ('T', 'C', OACK.to_vec())];
        for number in (1..=65535).chain([after]) {
            blocks.push((
                'T',
                'C',
                [&[0, 3], &number.to_be_bytes()[..], b"12345678"].concat(),
            ));
        }
        let [high, low] = (after + 1).to_be_bytes();
        blocks.push(('T', 'C', vec![0, 3, high, low]));
        blocks.push(('C', 'T', vec![0, 4, high, low]));
        let borrowed: Vec<_> = blocks
            .iter()
            .map(|(from, to, d)| (*from, *to, &d[..]))
            .collect();
        let (found, _) = words(&borrowed, &[]);
        let end = &found[found.len() - 1];
        assert!(
            end.contains(": complete, 524288 octets in 65537 blocks, "),
            "{end}"
        );
        assert!(end.ends_with(" s"), "nothing was sent again: {end}");
    }
}

#[test]
fn lines_are_written_while_the_capture_grows() {
    let capture = capture(&[('C', 'S', RRQ), ('T', 'C', OACK)]);
    let mut child = command()
        .args(["decode", "tftp", "--pcap", "-"])
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
    let (first, rest) = capture.split_at(capture.len() - 40);
    let mut line = String::new();
    stdin.write_all(first).expect("it reads");
    stdout.read_line(&mut line).expect("it writes");
    assert!(line.contains("RRQ \"f\""), "{line}");
    line.clear();
    stdin.write_all(rest).expect("it reads");
    stdout.read_line(&mut line).expect("it writes");
    assert!(line.contains("OACK"), "{line}");
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn what_is_no_capture_exits_with_1_after_everything_that_was_there() {
    let whole = capture(&[('C', 'S', RRQ)]);
    let cut = wirelore(
        &["decode", "tftp", "--pcap", "-"],
        &whole[..whole.len() - 1],
    );
    assert_eq!((cut.code, cut.stdout.as_slice()), (1, &b""[..]));
    let more = [whole.as_slice(), b"rubbish, and enough of it for a header"].concat();
    let cut = wirelore(&["decode", "tftp", "--pcap", "-"], &more);
    assert_eq!(cut.code, 1);
    assert!(
        cut.stdout
            .starts_with(b"    1    0.000000  192.0.2.9:4000 > 192.0.2.1:69 ")
    );
    assert_eq!(cut.stderr.lines().count(), 1);
    let none = run(command().args(["decode", "tftp", "--pcap", "-"]), b"");
    assert_eq!(none.code, 1);
    none.complaint();
    let other = capture(&[('O', 'C', b"x")]);
    let none = wirelore(&["decode", "tftp", "--pcap", "-"], &other);
    assert_eq!(none.code, 1);
    assert_eq!(
        none.complaint(),
        "wirelore: -: no tftp among 1 packets, 1 of them UDP datagrams"
    );
}
