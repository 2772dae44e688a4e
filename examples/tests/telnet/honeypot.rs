use crate::guest::Guest;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use telnet_honeypot::{Fingerprint, Limits};

#[path = "../../telnet_honeypot/main.rs"]
#[allow(dead_code)]
mod telnet_honeypot;

/// A log that can be read.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// The log, once so many sessions are closed.
    fn closed(&self, sessions: usize) -> Vec<Value> {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            // the last line may be half written
            let text = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
            let lines: Vec<Value> =
                text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            if lines.iter().filter(|line| line["event"] == "closed").count() >= sessions {
                return lines;
            }
            assert!(Instant::now() < until, "{text}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn server(fingerprint: &str, limits: Limits) -> (SocketAddr, Lines) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let fingerprint: Fingerprint = fingerprint.parse().unwrap();
    let lines = Lines::default();
    let log = Arc::new(Mutex::new(lines.clone()));
    thread::spawn(move || telnet_honeypot::serve(&listener, &fingerprint, limits, log));
    (address, lines)
}

/// The lines of one kind, without what all have.
fn of(lines: &[Value], event: &str) -> Vec<Value> {
    let one = |line: &Value| {
        let mut line = line.as_object().unwrap().clone();
        for key in ["time", "session", "event"] {
            line.remove(key).unwrap();
        }
        Value::Object(line)
    };
    lines.iter().filter(|line| line["event"] == event).map(one).collect()
}

#[test]
fn the_opening_is_the_one_asked_for() {
    for (fingerprint, opening) in [
        ("inetutils", "fffb25fffb26fffd18fffd20fffd23fffd27fffd24"),
        ("busybox", "fffd01fffd1ffffd21fffb01fffb03"),
        ("none", ""),
        ("fffb01fffb0341fffe22", "fffb01fffb0341fffe22"),
    ] {
        let (address, _) = server(fingerprint, Limits::default());
        let mut guest = Guest::connect(address);
        let opening = hex::decode(opening).unwrap();
        assert_eq!(guest.exactly(opening.len()), opening);
        assert_eq!(guest.until(b": "), b"login: ");
    }
    assert!("fff".parse::<Fingerprint>().is_err());
}

#[test]
fn anybody_gets_in_and_finds_nothing() {
    let (address, log) = server("none", Limits::default());
    let mut guest = Guest::connect(address);
    guest.until(b"login: ");
    guest.send(b"root\r\n");
    guest.until(b"Password: ");
    guest.send(b"xc3511\x1b\r\n");
    guest.until(b"$ ");
    guest.send(b"/bin/busybox MIRAI; id\r\n\r\n");
    assert_eq!(guest.until(b"$ "), b"sh: /bin/busybox: not found\r\n$ ");
    guest.until(b"$ ");
    drop(guest);
    let lines = log.closed(1);
    assert_eq!(of(&lines, "user"), [json!({ "name": "root" })]);
    assert_eq!(of(&lines, "password"), [json!({ "password": "xc3511\\x1b" })]);
    let shell = [json!({ "line": "/bin/busybox MIRAI; id" }), json!({ "line": "" })];
    assert_eq!(of(&lines, "shell"), shell);
    assert_eq!(of(&lines, "connected")[0]["fingerprint"], "none");
}

#[test]
fn what_is_negotiated_is_written_down_both_ways() {
    let (address, log) = server("inetutils", Limits::default());
    let mut guest = Guest::connect(address);
    guest.until(b"login: ");
    // TTYPE and NEW-ENVIRON are agreed to, TSPEED is not; STATUS is offered, and refused
    guest.send(b"\xff\xfb\x18\xff\xfb\x27\xff\xfc\x20\xff\xfb\x05");
    guest.until(b"\xff\xfa\x18\x01\xff\xf0\xff\xfa\x27\x01\xff\xf0\xff\xfe\x05");
    guest.send(b"\xff\xfa\x18\x00XTERM\xff\xf0");
    guest.until(b"\xff\xfa\x18\x01\xff\xf0");
    guest.send(b"\xff\xfa\x18\x00XTERM\xff\xf0");
    guest.send(b"\xff\xfa\x27\x00\x00USER\x01-f root\x03LD_PRELOAD\x01/tmp/\xff\xff\xff\xf0");
    guest.send(b"\xff\xf6");
    guest.until(b"[Yes]");
    drop(guest);
    let lines = log.closed(1);
    let words: Vec<String> = of(&lines, "negotiation")
        .iter()
        .map(|n| format!("{} {} {}", n["from"], n["verb"], n["option"]).replace('"', ""))
        .collect();
    let expected = [
        "server WILL AUTHENTICATION",
        "server WILL ENCRYPT",
        "server DO TTYPE",
        "server DO TSPEED",
        "server DO XDISPLOC",
        "server DO NEW-ENVIRON",
        "server DO OLD-ENVIRON",
        "client WILL TTYPE",
        "client WILL NEW-ENVIRON",
        "client WONT TSPEED",
        "client WILL STATUS",
        "server DONT STATUS",
    ];
    assert_eq!(words, expected);
    assert_eq!(of(&lines, "terminal-type"), [json!({ "name": "XTERM" })]);
    let variables = json!({ "variables": [
        { "kind": "Var", "name": "USER", "value": "-f root" },
        { "kind": "UserVar", "name": "LD_PRELOAD", "value": "/tmp/\\xff" },
    ] });
    assert_eq!(of(&lines, "environment"), [variables]);
    let subnegotiations = of(&lines, "subnegotiation");
    let environ =
        subnegotiations.iter().find(|s| s["from"] == "client" && s["code"] == 39).unwrap();
    assert_eq!(
        environ["raw"],
        "00005553455201 2d6620726f6f74 03 4c445f5052454c4f4144 01 2f746d702fffff".replace(' ', "")
    );
    assert_eq!(environ["decoded"]["verb"], "Is");
    assert_eq!(of(&lines, "command"), [json!({ "name": "AYT" })]);
}

#[test]
fn authentication_and_encryption_come_to_nothing() {
    let (address, _) = server("inetutils", Limits::default());
    let mut guest = Guest::connect(address);
    guest.until(b"login: ");
    // "do", as it was offered, and a list with one method: none of these
    guest.send(b"\xff\xfd\x25\xff\xfa\x25\x01\x02\x00\xff\xf0");
    guest.until(b"\xff\xfa\x25\x00\x00\x00\xff\xf0");
    // ciphers: no answer. The guest's own offers: no
    guest.send(b"\xff\xfd\x26\xff\xfa\x26\x01\x01\xff\xf0\xff\xfb\x25\xff\xfb\x26");
    assert_eq!(guest.exactly(6), b"\xff\xfe\x25\xff\xfe\x26");
}

#[test]
fn busybox_says_no_second_word_about_options() {
    let (address, log) = server("busybox", Limits::default());
    let mut guest = Guest::connect(address);
    guest.until(b"login: ");
    guest.send(b"\xff\xfb\x18\xff\xfb\x25\xff\xfd\x05\xff\xfd\x01\xff\xfb\x1f");
    guest.send(b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0bob\r\n");
    // echoed, as ECHO was offered and is agreed to now
    assert_eq!(guest.until(b"Password: "), b"bob\r\nPassword: ");
    drop(guest);
    let lines = log.closed(1);
    let size = json!({ "columns": 80, "rows": 24 });
    assert_eq!(of(&lines, "subnegotiation")[0]["decoded"], size);
    assert_eq!(of(&lines, "negotiation").len(), 5 + 5);
}

#[test]
fn a_password_is_not_echoed() {
    let (address, _) = server("inetutils", Limits::default());
    let mut guest = Guest::connect(address);
    guest.until(b"login: ");
    guest.send(b"bob\r\n");
    assert_eq!(guest.until(b"Password: "), b"\xff\xfb\x01Password: ");
    guest.send(b"\xff\xfd\x01secret\r\nls\r\n");
    assert_eq!(guest.until(b"found\r\n$ "), b"\r\n$ ls\r\nsh: ls: not found\r\n$ ");
}

/// Octets without sense, of every kind: the session survives them or ends by a limit, and every line
/// of the log is JSON.
#[test]
fn garbage_is_survived() {
    let limits = Limits { octets: 4096, records: 50, ..Limits::default() };
    let mut state = 1_u64;
    for fingerprint in ["inetutils", "busybox", "none", "fffd25fffaff"] {
        let (address, log) = server(fingerprint, limits);
        for session in 1..=20 {
            let mut guest = Guest::connect(address);
            let mut octets = Vec::new();
            while octets.len() < 6000 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let [kind, a, b, ..] = state.to_be_bytes();
                match kind % 4 {
                    0 => octets.extend([255, a | 0xf0, b % 50]),
                    1 => octets.extend([255, 250, b % 50, a, b]),
                    2 => octets.extend([255, 240, a]),
                    _ => octets.extend([a, b, b'\r', b'\n']),
                }
            }
            // the guest may be cut off while he talks
            guest.try_send(&octets);
            guest.rest();
            let lines = log.closed(session);
            let number = lines.last().unwrap()["session"].clone();
            let of_it = lines.iter().filter(|line| line["session"] == number).count();
            assert!(of_it <= 50 + 3, "{of_it} lines");
        }
    }
}

#[test]
fn lines_and_time_and_sessions_are_limited() {
    let limits =
        Limits { lines: 3, sessions: 1, time: Duration::from_millis(300), ..Limits::default() };
    let (address, log) = server("none", limits);
    let mut guest = Guest::connect(address);
    guest.until(b"login: ");
    guest.send(b"a\r\nb\r\nc\r\nd\r\n");
    assert!(guest.rest().ends_with(b"sh: c: not found\r\n$ "));
    let lines = log.closed(1);
    assert_eq!(of(&lines, "closed")[0]["why"], "lines");

    // One that says nothing has the only place, until its time is up.
    let mut silent = Guest::connect(address);
    silent.until(b"login: ");
    assert_eq!(Guest::connect(address).rest(), b"");
    assert_eq!(silent.rest(), b"");
    let lines = log.closed(2);
    assert_eq!(of(&lines, "closed")[1]["why"], "time");
}
