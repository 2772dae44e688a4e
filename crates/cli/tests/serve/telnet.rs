//! The console, typed at over TCP.

use super::terminal::{ECHO, IAC, Manner, NAWS, SB, SE, Terminal, WILL, WONT, settled};
use super::{PATIENCE, Server, configuration, send};
use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

#[test]
fn commands_answer() {
    let server = Server::start(&["telnet", "echo"], &[]);
    let _guest = server.connect("echo");
    server.session("echo", "opened");
    let mut terminal = Terminal::open(&server, Manner::Agrees);
    let welcome = terminal.sees("wirelore> ");
    assert!(welcome.contains("Wirelore"), "{welcome}");
    terminal.types("?\r\n");
    let help = terminal.sees("wirelore> ");
    assert!(help.contains("show transfers"), "{help}");
    terminal.types("st\r\0");
    let status = terminal.sees("wirelore> ");
    assert!(status.contains(env!("CARGO_PKG_VERSION")), "{status}");
    assert!(status.contains("2 so far, 2 now, 0 refused"), "{status}");
    terminal.types("who\r\n");
    let who = terminal.sees("wirelore> ");
    let own = terminal
        .stream
        .local_addr()
        .expect("an address")
        .to_string();
    let line = who
        .lines()
        .find(|line| line.contains(&own))
        .expect("we are here");
    assert!(line.ends_with("-, VT100 (you)"), "{line}");
    assert!(who.lines().any(|line| line.starts_with("echo ")), "{who}");
    terminal.types("sh e\r\n");
    let endpoints = terminal.sees("wirelore> ");
    let address = server.address("telnet");
    assert!(endpoints.contains(&format!("{address}/tcp")), "{endpoints}");
    terminal.types("s\r\n");
    let complaint = terminal.sees("wirelore> ");
    assert!(complaint.contains("% Ambiguous: "), "{complaint}");
    terminal.types("quit\r\n");
    assert!(terminal.ends().contains("Goodbye."));
    let closed = server.session("telnet", "closed");
    assert_eq!(closed["ok"], true);
}

#[test]
fn transfers_are_shown() {
    let server = Server::start(&["telnet", "tftp"], &[]);
    std::fs::write(server.folder.path().join("image"), [7; 700]).expect("room");
    // it gets the first block, and says no more until it was seen
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time");
    let to = server.address("tftp");
    socket
        .send_to(b"\0\x01image\0octet\0", to)
        .expect("it is sent");
    let mut room = [0; 600];
    let (len, from) = socket.recv_from(&mut room).expect("a block");
    assert_eq!(len, 516);
    let mut terminal = Terminal::open(&server, Manner::Deaf);
    terminal.sees("wirelore> ");
    terminal.types("show transfers\n");
    let shown = terminal.sees("wirelore> ");
    assert!(
        shown.contains("now ") && shown.contains("of 700 B"),
        "{shown}"
    );
    terminal.types("who\n");
    let who = terminal.sees("wirelore> ");
    assert!(who.contains("read image"), "{who}");
    for block in [1, 2] {
        socket.send_to(&[0, 4, 0, block], from).expect("it is sent");
    }
    let bad = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    bad.send_to(b"\0\x01no\x1b[31m\0octet\0", to)
        .expect("it is sent");
    server.event("transfer", |event| event["ok"] == true);
    server.event("transfer", |event| event["ok"] == false);
    terminal.types("sh tr\n");
    let shown = terminal.sees("wirelore> ");
    assert!(
        shown.contains("700 B") && !shown.contains("now "),
        "{shown}"
    );
    assert!(shown.contains(r"no\x1b[31m: failed, "), "{shown}");
    assert!(!shown.contains('\x1b'), "{shown:?}");
    terminal.types("status\n");
    assert!(
        terminal
            .sees("wirelore> ")
            .contains("1 good, 1 failed, 0 now")
    );
}

#[test]
fn lines_are_edited_and_remembered() {
    let server = Server::start(&["telnet"], &[]);
    let mut terminal = Terminal::open(&server, Manner::Agrees);
    settled(&mut terminal);
    terminal.types("statis\x1b[D\x7f\x7ftu\r");
    assert!(terminal.sees("wirelore> ").contains("version"));
    terminal.types("w\x1b[A\r");
    assert!(terminal.sees("wirelore> ").contains("version"));
    terminal.types("wh\t");
    terminal.sees("who ");
    terminal.types("\x15status\x01\x0bwho\r");
    assert!(terminal.sees("wirelore> ").contains("(you)"));
    terminal.types("not this\x03");
    assert_eq!(terminal.sees("wirelore> "), "not this^C\nwirelore> ");
    // what TELNET has for keys: EL, then EC, then IP
    terminal.sends(&[
        b'x', b'y', IAC, 248, b's', b't', b'x', IAC, 247, b'\r', b'\n',
    ]);
    assert!(terminal.sees("wirelore> ").contains("version"));
    terminal.sends(&[b'z', IAC, 244]);
    assert_eq!(terminal.sees("wirelore> "), "z^C\nwirelore> ");
    terminal.sends(&[IAC, 246]);
    terminal.sees("[Yes]");
    terminal.types("\x04");
    terminal.ends();
}

/// RFC 1123 section 3.2.4: "When it receives a Telnet AO command, a Server Telnet MUST send a Telnet
/// \"Synch\" sequence back to the user, to flush the output path."
#[cfg(target_os = "linux")]
#[test]
fn abort_output_is_answered_with_a_synch() {
    let server = Server::start(&["telnet"], &[]);
    // With the mark in the stream, both octets are there; without, the one before the pointer is not.
    for (inline, synch) in [(true, &[IAC, 242][..]), (false, &[242])] {
        let mut stream = server.connect("telnet");
        let socket = socket2::SockRef::from(&stream);
        socket.set_out_of_band_inline(inline).expect("an option");
        let mut got = Vec::new();
        // the opening, up to the prompt
        read_until(&mut stream, &mut got, b"wirelore> ");
        got.clear();
        assert!(send(&mut stream, &[IAC, 245]));
        read_until(&mut stream, &mut got, &[242]);
        assert_eq!(got, synch, "inline: {inline}");
    }
}

fn read_until(stream: &mut TcpStream, got: &mut Vec<u8>, end: &[u8]) {
    let until = Instant::now() + PATIENCE;
    let mut octet = [0];
    while !got.ends_with(end) {
        assert!(Instant::now() < until, "no {end:?} in {got:?}");
        match stream.read(&mut octet) {
            Ok(1) => got.push(octet[0]),
            Ok(_) => panic!("it closed; no {end:?} in {got:?}"),
            Err(error) => panic!("{error}; no {end:?} in {got:?}"),
        }
    }
}

#[test]
fn what_is_longer_than_the_window_waits() {
    let server = Server::start(&["telnet"], &[]);
    let mut terminal = Terminal::open(&server, Manner::Agrees).with_window(80, 4);
    settled(&mut terminal);
    terminal.types("help\r");
    let page = terminal.sees("--More--");
    // the echo of the command, and three lines
    assert_eq!(page.lines().count(), 1 + 3 + 1, "{page:?}");
    assert!(terminal.sees_nothing(), "{:?}", terminal.shown);
    terminal.types("\r");
    let line = terminal.sees("--More--");
    assert_eq!(line.lines().count(), 2, "{line:?}");
    terminal.types(" ");
    let page = terminal.sees("--More--");
    assert_eq!(page.lines().count(), 4, "{page:?}");
    terminal.types("q");
    let after = terminal.sees("wirelore> ");
    assert!(!after.contains('\n'), "{after:?}");
    // the window may change at any time
    terminal.sends(&[IAC, SB, NAWS, 0, 80, 0, 50, IAC, SE]);
    terminal.types("help\r");
    assert!(!terminal.sees("wirelore> ").contains("More"));
}

#[test]
fn a_client_that_edits_lines_itself_gets_plain_text() {
    for manner in [Manner::Refuses, Manner::Deaf] {
        let server = Server::start(&["telnet"], &[]);
        let mut terminal = Terminal::open(&server, manner);
        terminal.sees("wirelore> ");
        terminal.types("hel");
        assert!(terminal.sees_nothing(), "{:?}", terminal.shown);
        terminal.types("p\r\n");
        let answer = terminal.sees("wirelore> ");
        assert!(answer.starts_with("exit "), "{answer:?}");
        assert!(
            answer.contains("who ") && !answer.contains("More"),
            "{answer:?}"
        );
        let plain = |c: char| c == '\n' || (' '..='~').contains(&c);
        assert!(answer.chars().all(plain), "{answer:?}");
        terminal.types("logout\r\n");
        terminal.ends();
    }
}

/// A server whose console has users.
fn guarded(arguments: &[&str]) -> Server {
    let folder = tempfile::tempdir().expect("a place");
    let text = "[[telnet.user]]\nname = \"ann\"\npassword = \"se cret\"\n\
                [[telnet.user]]\nname = \"bob\"\npassword = \"öther\"\n";
    // not in what is served, and read once
    let place = tempfile::tempdir().expect("a place");
    let config = configuration(place.path(), text, 0o600);
    let arguments = [&["--config", &config], arguments].concat();
    Server::with_folder(folder, &["telnet"], &arguments)
}

#[test]
fn who_has_to_log_in_is_asked_and_the_password_is_not_shown() {
    let server = guarded(&[]);
    let mut terminal = Terminal::open(&server, Manner::Agrees);
    terminal.sees("Username: ");
    terminal.types("ann\r");
    terminal.sees("Password: ");
    terminal.types("se cret\r");
    let after = terminal.sees("wirelore> ");
    assert_eq!(after.trim(), "wirelore>", "{after:?}");
    terminal.types("who\r");
    assert!(terminal.sees("wirelore> ").contains("ann, VT100 (you)"));
    // the password is not among what was typed before
    terminal.types("\x1b[A\x1b[A\x1b[A\r");
    assert!(!terminal.sees("wirelore> ").contains("cret"));
    let login = server.session("telnet", "login");
    assert_eq!(
        (&login["user"], &login["ok"]),
        (&"ann".into(), &true.into())
    );
    terminal.types("exit\r");
    terminal.ends();
    assert_eq!(server.session("telnet", "closed")["user"], "ann");
    let ended = server.stop();
    let all = format!("{}{:?}", ended.stderr, ended.events);
    assert!(
        all.contains("logged in as ann") && !all.contains("cret"),
        "{all}"
    );
}

#[test]
fn a_client_that_echoes_is_asked_not_to_while_the_password_is_typed() {
    let server = guarded(&[]);
    let mut terminal = Terminal::open(&server, Manner::Refuses);
    terminal.sees("Username: ");
    // its refusals are on their way, and are there before this
    terminal.types("bob\r\n");
    terminal.sees("Password: ");
    assert!(terminal.sees_nothing());
    let offers = |terminal: &Terminal| {
        let offers = terminal.heard.iter().filter(|(_, option)| *option == ECHO);
        offers.map(|&(verb, _)| verb).collect::<Vec<_>>()
    };
    assert_eq!(offers(&terminal), [WILL, WILL]);
    terminal.types("öther\r\n");
    terminal.sees("wirelore> ");
    assert!(terminal.sees_nothing());
    assert_eq!(offers(&terminal), [WILL, WILL, WONT]);
    // nothing is echoed afterwards
    terminal.types("wh");
    assert!(terminal.sees_nothing(), "{:?}", terminal.shown);
}

#[test]
fn three_wrong_passwords_are_enough() {
    let server = guarded(&[]);
    let mut terminal = Terminal::open(&server, Manner::Deaf);
    let start = Instant::now();
    for (name, password) in [("ann", "wrong"), ("bob", "se cret"), ("\x1b[31mroot", "")] {
        terminal.sees("Username: ");
        terminal.types(&format!("{name}\n"));
        terminal.sees("Password: ");
        terminal.types(&format!("{password}\n"));
        terminal.sees("Login incorrect\n");
    }
    assert_eq!(terminal.ends(), "");
    // there was a pause, and it grew
    assert!(
        start.elapsed() >= Duration::from_millis(3500),
        "{:?}",
        start.elapsed()
    );
    let closed = server.session("telnet", "closed");
    assert_eq!(closed["ok"], false);
    assert_eq!(closed["user"], Value::Null);
    let ended = server.stop();
    assert_eq!(ended.stderr.matches("could not log in as").count(), 3);
    assert!(
        ended.stderr.contains("could not log in as ann"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("31mroot\x1b"), "{}", ended.stderr);
}

#[test]
fn who_types_nothing_is_sent_away() {
    let server = Server::start(&["telnet"], &["--telnet-idle", "300ms"]);
    let said = Terminal::open(&server, Manner::Deaf).ends();
    assert!(
        said.ends_with("Nothing was typed for too long. Goodbye.\n"),
        "{said:?}"
    );
    let closed = server.session("telnet", "closed");
    assert!(
        closed["error"]
            .as_str()
            .is_some_and(|why| why.contains("--telnet-idle"))
    );
    let server = guarded(&["--telnet-login-time", "500ms"]);
    let mut terminal = Terminal::open(&server, Manner::Deaf);
    terminal.sees("Username: ");
    for _ in 0..5 {
        let _ = terminal.stream.write_all(b"a\x7f");
        std::thread::sleep(Duration::from_millis(50));
    }
    let said = terminal.ends();
    assert!(
        said.ends_with("The login took too long. Goodbye.\n"),
        "{said:?}"
    );
}

#[test]
fn users_are_told_that_the_server_stops() {
    let server = Server::start(&["telnet"], &[]);
    let mut users: Vec<_> = (0..3)
        .map(|_| Terminal::open(&server, Manner::Agrees))
        .collect();
    for terminal in &mut users {
        terminal.sees("wirelore> ");
        // what came for us is answered, so that nothing is unread when we close
        assert!(terminal.sees_nothing());
    }
    server.signal("-TERM");
    for terminal in users {
        assert!(terminal.ends().ends_with("The server stops. Goodbye.\n"));
    }
    let ended = server.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        ended.events.last().map(|last| last["cut"].clone()),
        Some(0.into())
    );
}

#[test]
fn only_so_many_connections_are_taken() {
    let server = Server::start(&["telnet"], &["--telnet-per-peer", "1"]);
    let mut first = Terminal::open(&server, Manner::Deaf);
    first.sees("wirelore> ");
    let mut second = server.connect("telnet");
    assert_eq!(second.read(&mut [0]).unwrap_or(0), 0);
    server.event("error", |event| {
        event["error"]
            .as_str()
            .is_some_and(|text| text.contains("--telnet-per-peer"))
    });
    first.types("status\n");
    assert!(first.sees("wirelore> ").contains("1 refused"));
    first.types("exit\n");
    first.ends();
    let until = Instant::now() + PATIENCE;
    loop {
        let mut next = server.connect("telnet");
        if next.read(&mut [0]).unwrap_or(0) > 0 {
            break;
        }
        assert!(Instant::now() < until, "the place stays taken");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_flood_of_lines_holds_up_nobody_else() {
    let server = Server::start(&["telnet"], &[]);
    let mut flood = server.connect("telnet");
    let mut writer = flood.try_clone().expect("a second handle");
    let short = Duration::from_millis(50);
    writer.set_write_timeout(Some(short)).expect("a time");
    let mut sent = 0;
    // as much as it takes, but no more than a lot
    for _ in 0..200 {
        match writer.write(&b"status\n".repeat(1000)) {
            Ok(count) => sent += count,
            Err(error) => {
                assert!(matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut
                ));
                break;
            }
        }
    }
    assert!(sent > 7000, "{sent}");
    let mut terminal = Terminal::open(&server, Manner::Deaf);
    terminal.sees("wirelore> ");
    for _ in 0..5 {
        terminal.types("who\n");
        assert!(terminal.sees("wirelore> ").contains("(you)"));
    }
    // the flood is dealt with line by line: far from all of it by now
    let mut room = vec![0; 1 << 20];
    flood.set_read_timeout(Some(short)).expect("a time");
    let mut answers = 0;
    let until = Instant::now() + Duration::from_millis(500);
    while Instant::now() < until {
        let Ok(len @ 1..) = flood.read(&mut room) else {
            continue;
        };
        answers += room[..len]
            .windows(7)
            .filter(|text| text == b"version")
            .count();
    }
    assert!(answers >= 1, "it is answered");
    assert!(
        answers < sent / 7 / 4,
        "{answers} answers to {} lines",
        sent / 7
    );
}

#[test]
fn whatever_comes_is_survived() {
    let server = Server::start(&["telnet"], &["--telnet-log-options"]);
    let mut seed = 3_u32;
    for _ in 0..20 {
        let mut octets = Vec::new();
        for _ in 0..3000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            octets.push(match seed >> 30 {
                0 => IAC,
                1 => 240 + (seed >> 24 & 15) as u8,
                _ => (seed >> 16) as u8,
            });
        }
        let mut stream = server.connect("telnet");
        let _ = stream.write_all(&octets);
        let _ = stream.shutdown(Shutdown::Write);
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
    }
    let mut terminal = Terminal::open(&server, Manner::Agrees);
    terminal.sees("wirelore> ");
    terminal.types("logout\r");
    terminal.ends();
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    let raw = |c: char| c.is_control() && c != '\n';
    assert!(
        !ended.stderr.contains(raw),
        "only printable text in the log"
    );
}

#[test]
fn everything_that_is_negotiated_is_logged_where_that_is_asked_for() {
    let folder = tempfile::tempdir().expect("a place");
    let config = configuration(folder.path(), "[telnet]\nlog-options = true\n", 0o644);
    let server = Server::with_folder(folder, &["telnet"], &["--config", &config]);
    let mut terminal = Terminal::open(&server, Manner::Agrees);
    terminal.name = b"XTERM\x1b[2J";
    settled(&mut terminal);
    let option = server.event("session", |event| {
        event["what"] == "option" && event["option"] == "NAWS"
    });
    assert_eq!(
        (&option["side"], &option["on"]),
        (&"client".into(), &true.into())
    );
    assert_eq!(option["code"], 31);
    let window = server.session("telnet", "window");
    assert_eq!(
        (&window["columns"], &window["rows"]),
        (&80.into(), &24.into())
    );
    let name = server.session("telnet", "terminal-type");
    assert_eq!(name["hex"], "00585445524d1b5b324a");
    let variables = server.event("session", |event| {
        event["what"] == "subnegotiation" && event["code"] == 39
    });
    assert!(
        variables["hex"]
            .as_str()
            .is_some_and(|hex| hex.contains("55534552012d66726f6f74"))
    );
    terminal.sends(&[IAC, WILL, 200, IAC, 241]);
    terminal.types("exit\r");
    terminal.ends();
    let declined = server.session("telnet", "option-declined");
    assert_eq!(declined["code"], 200);
    let ended = server.stop();
    for words in [r"terminal type XTERM\x1b[2J", r"USER\x01-froot", "sent NOP"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains('\x1b'), "{}", ended.stderr);
    // and not otherwise
    let server = Server::start(&["telnet"], &[]);
    let mut terminal = Terminal::open(&server, Manner::Agrees);
    settled(&mut terminal);
    terminal.types("exit\r");
    terminal.ends();
    let ended = server.stop();
    let mut kinds = ended
        .events
        .iter()
        .filter(|event| event["event"] == "session");
    assert!(kinds.all(|event| {
        ["opened", "closed"]
            .map(Value::from)
            .contains(&event["what"])
    }));
}

#[test]
fn a_synch_is_understood() {
    let server = Server::start(&["telnet"], &[]);
    let mut terminal = Terminal::open(&server, Manner::Agrees).with_window(80, 4);
    settled(&mut terminal);
    terminal.types("help\r");
    terminal.sees("--More--");
    // IAC IP, and a DM that is not marked, as some clients send it
    terminal.sends(&[IAC, 244, IAC, 242]);
    terminal.sees("wirelore> ");
    terminal.types("status\r");
    terminal.sees("version");
}

#[test]
fn a_marked_synch_leaves_no_characters_behind() {
    let server = Server::start(&["telnet"], &[]);
    let mut terminal = Terminal::open(&server, Manner::Agrees);
    settled(&mut terminal);
    terminal.types("unfinished");
    terminal.sees("unfinished");
    // as BSD's client does it: the IAC is marked, the DM follows
    terminal.sends(&[IAC, 244]);
    let sent = socket2::SockRef::from(&terminal.stream).send_out_of_band(&[IAC]);
    assert_eq!(sent.expect("it is sent"), 1);
    terminal.sends(&[242]);
    assert_eq!(terminal.sees("wirelore> "), "^C\nwirelore> ");
    assert!(terminal.sees_nothing(), "{:?}", terminal.shown);
    terminal.types("status\r");
    assert!(terminal.sees("wirelore> ").starts_with("status\nversion"));
}

#[test]
fn who_reads_nothing_is_disconnected() {
    let server = Server::start(&["telnet"], &["--telnet-stall", "300ms"]);
    let mut stream = server.connect("telnet");
    let small = socket2::SockRef::from(&stream).set_recv_buffer_size(4096);
    small.expect("as little as there may be");
    stream
        .set_write_timeout(Some(Duration::from_millis(100)))
        .expect("a time");
    let questions = [IAC, 246].repeat(10_000);
    let until = Instant::now() + PATIENCE;
    // each question of two octets has a longer answer, which nobody reads
    while server
        .events()
        .iter()
        .all(|event| event["what"] != "closed")
    {
        assert!(Instant::now() < until, "it is kept");
        let _ = stream.write(&questions);
    }
    let closed = server.session("telnet", "closed");
    assert_eq!(closed["ok"], false, "{closed}");
    let why = closed["error"].as_str().unwrap_or_default();
    assert!(why.contains("lost"), "{closed}");
}
