//! echo, discard, chargen, daytime and time.

use super::{Server, ask, configuration, connect, is_silent, refused, rest, send, socket};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Octets that repeat late, 255 and NUL among them.
fn content(len: usize) -> Vec<u8> {
    (0..len as u64)
        .map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8)
        .collect()
}

#[test]
fn echo_sends_everything_back_after_the_peer_has_closed_its_side() {
    let server = Server::start(&["echo"], &[]);
    let sent = content(3_000_000);
    let mut stream = server.connect("echo");
    let mut writer = stream.try_clone().expect("a second handle");
    let back = thread::scope(|scope| {
        scope.spawn(|| {
            writer.write_all(&sent).expect("it takes all");
            writer.shutdown(Shutdown::Write).expect("it is open");
        });
        rest(&mut stream)
    });
    assert!(back == sent, "{} of {} octets", back.len(), sent.len());
    let closed = server.session("echo", "closed");
    assert_eq!(closed["received"], 3_000_000);
    assert_eq!(closed["sent"], 3_000_000);
    assert_eq!(closed["ok"], true);
    assert!(closed["seconds"].is_f64());
}

#[test]
fn echo_answers_as_it_goes() {
    let server = Server::start(&["echo"], &[]);
    let mut stream = server.connect("echo");
    for round in 0..20_u8 {
        assert!(send(&mut stream, &[round; 3]));
        let mut back = [0; 3];
        stream.read_exact(&mut back).expect("it comes back");
        assert_eq!(back, [round; 3]);
    }
}

#[test]
fn discard_says_nothing_and_counts() {
    let server = Server::start(&["discard", "discard-udp"], &[]);
    let mut stream = server.connect("discard");
    assert!(send(&mut stream, &content(500_000)));
    stream.shutdown(Shutdown::Write).expect("it is open");
    assert_eq!(rest(&mut stream), b"");
    assert_eq!(server.session("discard", "closed")["received"], 500_000);
    let socket = server.datagrams("discard-udp");
    socket.send(b"nothing").expect("it is sent");
    assert!(is_silent(&socket));
    let told = server.stop();
    let datagrams: Vec<_> = told
        .events
        .iter()
        .filter(|event| event["what"] == "datagrams")
        .collect();
    assert_eq!(datagrams.len(), 1);
    assert_eq!(datagrams[0]["received"], 7);
    assert_eq!(datagrams[0]["answers"], 0);
}

#[test]
fn chargen_sends_the_pattern_until_the_peer_closes() {
    let server = Server::start(&["chargen"], &[]);
    let mut stream = server.connect("chargen");
    let mut octets = vec![0; 74 * 200];
    stream.read_exact(&mut octets).expect("a lot comes");
    let lines: Vec<_> = octets.chunks(74).collect();
    assert!(lines[0].starts_with(b"!\"#$%&'()*+,-./0123456789"));
    assert!(lines.iter().all(|line| line.ends_with(b"\r\n")));
    for (line, next) in lines.iter().zip(&lines[1..]) {
        assert_eq!(line[1..72], next[..71]);
    }
    // what is sent to it is thrown away
    assert!(send(&mut stream, b"never mind"));
    stream.shutdown(Shutdown::Write).expect("it is open");
    rest(&mut stream);
    let closed = server.session("chargen", "closed");
    assert_eq!(closed["ok"], true, "{closed}");
}

#[test]
fn chargen_bears_a_rude_peer() {
    let server = Server::start(&["chargen"], &[]);
    for _ in 0..3 {
        let mut stream = server.connect("chargen");
        stream.read_exact(&mut [0; 100]).expect("a lot comes");
        // what is unread makes this a reset
        drop(stream);
    }
    let closed = server.session("chargen", "closed");
    assert_eq!(closed["ok"], true, "{closed}");
    server
        .connect("chargen")
        .read_exact(&mut [0; 100])
        .expect("it goes on");
}

#[test]
fn octets_and_time_have_a_limit() {
    let server = Server::start(
        &["chargen", "echo"],
        &["--small-octets", "100kB", "--small-time", "700ms"],
    );
    assert_eq!(rest(&mut server.connect("chargen")).len(), 100_000);
    let closed = server.session("chargen", "closed");
    assert_eq!(
        (&closed["ok"], &closed["sent"]),
        (&false.into(), &100_000.into())
    );
    let mut echo = server.connect("echo");
    assert!(send(&mut echo, &content(150_000)));
    assert_eq!(rest(&mut echo).len(), 100_000);
    // and one that does nothing is not kept for ever
    let mut idle = server.connect("echo");
    assert_eq!(rest(&mut idle), b"");
    server.event("session", |event| {
        let error = event["error"].as_str().unwrap_or_default();
        event["protocol"] == "echo" && error.contains("--small-time")
    });
}

#[test]
fn only_so_many_connections_of_a_peer_are_taken() {
    let server = Server::start(&["echo"], &["--small-per-peer", "2"]);
    let mut open = [server.connect("echo"), server.connect("echo")];
    for stream in &mut open {
        assert!(send(stream, b"x"));
        stream.read_exact(&mut [0]).expect("it comes back");
    }
    let mut third = server.connect("echo");
    assert_eq!(third.read(&mut [0]).unwrap_or(0), 0);
    server.event("error", |event| {
        event["error"]
            .as_str()
            .is_some_and(|text| text.contains("--small-per-peer"))
    });
    drop(open);
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("after 1970").as_secs()
}

#[test]
fn time_is_the_seconds_since_1900_over_both() {
    let server = Server::start(&["time"], &[]);
    let before = now();
    let over_tcp = rest(&mut server.connect("time"));
    let over_udp = ask(&server.datagrams("time-udp"), b"");
    let after = now();
    for answer in [over_tcp, over_udp] {
        let seconds = u32::from_be_bytes(answer.try_into().expect("four octets"));
        let since = u64::from(seconds.wrapping_sub(2_208_988_800));
        assert!(
            (before..=after).contains(&since),
            "{before} {since} {after}"
        );
    }
}

#[test]
fn daytime_is_a_line_over_both() {
    let server = Server::start(&["daytime"], &[]);
    let over_tcp = rest(&mut server.connect("daytime"));
    let over_udp = ask(&server.datagrams("daytime-udp"), b"?");
    for answer in [over_tcp, over_udp] {
        let line = String::from_utf8(answer).expect("text");
        let line = line.strip_suffix("\r\n").expect("it has an end");
        assert!(
            line.chars().all(|c| c == ' ' || c.is_ascii_graphic()),
            "{line}"
        );
        let days = ["Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun"];
        let day = |day: &&str| line.starts_with(&format!("{day}day, "));
        assert_eq!(days.iter().filter(|name| day(name)).count(), 1, "{line}");
        assert_eq!(line.matches(':').count(), 2, "{line}");
    }
}

#[test]
fn echo_udp_sends_datagrams_back_and_chargen_udp_never_more_than_it_got() {
    let server = Server::start(&["echo-udp", "chargen-udp"], &[]);
    let echo = server.datagrams("echo-udp");
    for len in [0, 1, 512, 1400, 9000] {
        assert_eq!(ask(&echo, &content(len)), content(len));
    }
    let chargen = server.datagrams("chargen-udp");
    let mut lengths = Vec::new();
    for len in [0, 1, 10, 200, 512, 2000, 2000, 2000, 2000] {
        let answer = ask(&chargen, &content(len));
        assert!(answer.len() <= len.min(512), "{} for {len}", answer.len());
        lengths.push(answer.len());
    }
    lengths.sort_unstable();
    lengths.dedup();
    assert!(lengths.len() > 2, "at random: {lengths:?}");
}

#[test]
fn chargen_udp_may_be_told_to_answer_with_more() {
    let server = Server::start(&["chargen-udp"], &["--chargen-udp-amplifies"]);
    let chargen = server.datagrams("chargen-udp");
    let lengths: Vec<_> = (0..20).map(|_| ask(&chargen, b"").len()).collect();
    assert!(lengths.iter().all(|&len| len <= 512), "{lengths:?}");
    assert!(lengths.iter().any(|&len| len > 0), "{lengths:?}");
}

/// A socket at one of these ports, if one of them is free here and may be had.
fn bound(ports: &[u16]) -> Option<UdpSocket> {
    let mut sockets = ports
        .iter()
        .filter_map(|&port| UdpSocket::bind(("127.0.0.1", port)).ok());
    sockets.next()
}

#[test]
fn what_would_answer_the_answer_is_not_answered() {
    let server = Server::start(&["echo-udp", "time"], &[]);
    let high = [1900, 3702, 5353, 11_211, 27_960, 6969, 2007];
    let low = [7, 13, 17, 19, 37, 53, 69, 111, 123];
    let mut tried = 0;
    for socket in [bound(&high), bound(&low)].into_iter().flatten() {
        for protocol in ["echo-udp", "time-udp"] {
            let to = server.address(protocol);
            socket
                .send_to(b"around and around", to)
                .expect("it is sent");
            assert!(is_silent(&socket), "{:?} {protocol}", socket.local_addr());
        }
        tried += 1;
    }
    assert!(tried > 0, "not one of {high:?} is free");
    // who asks from elsewhere is answered
    assert_eq!(ask(&server.datagrams("echo-udp"), b"x"), b"x");
}

#[test]
fn two_of_its_services_do_not_keep_each_other_busy() {
    let server = Server::start(&["echo-udp", "chargen-udp"], &[]);
    // the one that is asked by the other must be found out by its port, for the address is all alike
    let ports = ["echo-udp", "chargen-udp"].map(|name| server.address(name).port());
    for port in ports {
        assert!(UdpSocket::bind(("127.0.0.1", port)).is_err(), "it is taken");
    }
    // so a datagram that claims to come from there cannot be made here; it is tried from an address
    // beside it, with the same port
    for (name, port) in ["echo-udp", "chargen-udp"].iter().zip(ports.iter().rev()) {
        let Ok(socket) = UdpSocket::bind(("127.0.0.2", *port)) else {
            continue;
        };
        socket
            .send_to(&[b'x'; 100], server.address(name))
            .expect("it is sent");
        assert!(is_silent(&socket), "{name}");
    }
}

#[test]
fn a_peer_gets_so_many_answers_and_no_more() {
    let server = Server::start(&["echo-udp"], &["--small-datagrams", "5"]);
    let socket = server.datagrams("echo-udp");
    for _ in 0..50 {
        socket.send(b"x").expect("it is sent");
    }
    let mut answers = 0;
    while !is_silent(&socket) {
        answers += 1;
        assert!(answers < 50, "all of them were answered");
    }
    assert!(answers >= 5, "{answers}");
}

#[test]
fn what_is_sent_to_everybody_is_not_answered() {
    let folder = tempfile::tempdir().expect("a place");
    let mut command = super::wirelore();
    command
        .arg(folder.path())
        .args(["--json", "--only", "echo-udp"]);
    let server = Server::spawn(command.args(["--listen", "echo-udp=0.0.0.0:0"]), folder);
    let port = server.address("echo-udp").port();
    let socket = socket([127, 0, 0, 1].into());
    socket.set_broadcast(true).expect("it may");
    let to = |ip: [u8; 4]| SocketAddr::from((ip, port));
    // the broadcast address of the loopback network
    socket
        .send_to(b"all", to([127, 255, 255, 255]))
        .expect("it is sent");
    assert!(is_silent(&socket));
    socket
        .send_to(b"one", to([127, 0, 0, 1]))
        .expect("it is sent");
    let mut room = [0; 10];
    let (len, from) = socket.recv_from(&mut room).expect("an answer");
    assert_eq!((&room[..len], from), (&b"one"[..], to([127, 0, 0, 1])));
    let (code, text) = refused(&["--only", "echo-udp", "--listen", "echo-udp=224.0.0.1:0"]);
    assert_eq!(code, Some(1), "{text}");
}

#[test]
fn allow_and_deny_hold_for_them_too() {
    let folder = tempfile::tempdir().expect("a place");
    let config = configuration(folder.path(), "deny = [\"127.0.0.1\"]\n", 0o644);
    let protocols = ["echo", "echo-udp"];
    let server = Server::with_folder(folder, &protocols, &["--config", &config]);
    let mut stream = server.connect("echo");
    let _ = stream.write_all(b"x");
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    let refused = server.session("echo", "refused");
    assert_eq!(refused["error"], "allow and deny do not let this peer in");
    let socket = server.datagrams("echo-udp");
    socket.send(b"x").expect("it is sent");
    assert!(is_silent(&socket));
}

#[test]
fn they_end_when_the_server_does() {
    let server = Server::start(&["chargen", "discard", "echo"], &[]);
    let mut open = ["chargen", "discard", "echo"].map(|name| server.connect(name));
    for (name, stream) in ["chargen", "discard", "echo"].iter().zip(&mut open) {
        assert!(send(stream, b"x"));
        server.session(name, "opened");
    }
    let mut reading = open[0].try_clone().expect("a second handle");
    let reader = thread::spawn(move || {
        let mut room = [0; 65_536];
        while let Ok(1..) = reading.read(&mut room) {}
    });
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let stopped = ended.events.last().expect("it says so");
    assert_eq!(
        (&stopped["event"], &stopped["cut"]),
        (&"stopped".into(), &0.into())
    );
    reader.join().expect("it read to the end");
    thread::sleep(Duration::ZERO);
    drop(open);
}

#[test]
fn they_are_not_served_unless_they_are_named() {
    let folder = tempfile::tempdir().expect("a place");
    let mut command = super::wirelore();
    let free = [
        "--listen",
        "tftp=127.0.0.1:0",
        "--listen",
        "telnet=127.0.0.1:0",
        "--listen",
        "http=127.0.0.1:0",
    ];
    let server = Server::spawn(command.arg(folder.path()).arg("--json").args(free), folder);
    let events = server.events();
    let listening = events.iter().filter(|event| event["event"] == "listening");
    let names: Vec<_> = listening.map(|event| event["protocol"].clone()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    for name in ["http", "telnet", "tftp"] {
        assert!(names.contains(&name.into()), "{names:?}");
    }
    // and the two that answer loudly not even with their services
    let server = Server::start(&["echo", "chargen"], &[]);
    let events = server.events();
    let udp = events.iter().filter(|event| event["event"] == "listening");
    assert_eq!(udp.count(), 2, "{events:?}");
    connect(server.address("echo"));
}
