//! Stdin and stdout are pipes.

use super::peer::{Listener, Peer};
use super::{Ended, command_to, ended, run};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

/// A server in a thread that does `serve` with the first who comes.
fn with_server<R: Send>(
    flags: &[&str],
    input: &[u8],
    serve: impl FnOnce(Peer) -> R + Send,
) -> (Ended, R) {
    let listener = Listener::new();
    let mut command = command_to(&listener, flags);
    thread::scope(|scope| {
        let served = scope.spawn(|| serve(listener.accept()));
        let ended = run(&mut command, input);
        (ended, served.join().expect("the server is content"))
    })
}

#[test]
fn a_request_and_its_answer() {
    let (ended, request) = with_server(
        &[],
        b"GET / HTTP/1.0\nA: b\r\nc\rd\xff\n\r\n",
        |mut peer| {
            let request = peer.rest();
            peer.send(b"HTTP/1.0 200 OK\r\n\r\nbo\xff\xffdy\r\0\x1b[m");
            request
        },
    );
    let ended = ended.good();
    assert_eq!(
        request.escape_ascii().to_string(),
        r"GET / HTTP/1.0\r\nA: b\r\nc\r\x00d\xff\xff\r\n\r\n"
    );
    assert_eq!(ended.stdout, b"HTTP/1.0 200 OK\r\n\r\nbo\xffdy\r\x1b[m");
    assert_eq!(ended.stderr, "");
}

#[test]
fn without_telnet_octets_stay_as_they_are() {
    let (ended, request) = with_server(&["--raw"], b"a\n\xff\xfb\x01\r", |mut peer| {
        let request = peer.rest();
        peer.send(b"\xff\xfd\x18\xff\xffx\r\0");
        request
    });
    assert_eq!(request, b"a\n\xff\xfb\x01\r");
    assert_eq!(ended.good().stdout, b"\xff\xfd\x18\xff\xffx\r\0");
}

#[test]
fn a_long_echo_gets_through() {
    let text: Vec<u8> = (0..200_000)
        .flat_map(|n| format!("line {n}\r\n").into_bytes())
        .collect();
    let (ended, ()) = with_server(&[], &text, |mut peer| {
        let all = peer.rest();
        peer.send(&all);
    });
    assert!(ended.good().stdout == text);
}

#[test]
fn what_is_asked_for_is_refused_and_told_with_v() {
    let (ended, ()) = with_server(&["-v"], b"hello\n", |mut peer| {
        peer.send(b"\xff\xfd\x18\xff\xfd\x27\xff\xfb\x03\xff\xfd\xc8\xff\xfa\x18\x01\xff\xf0");
        peer.expect(b"hello\r\n");
        peer.rest();
        peer.send(b"bye\r\n");
    });
    let ended = ended.good();
    assert_eq!(ended.stdout, b"bye\r\n");
    for line in [
        "RCVD DO TTYPE",
        "RCVD DO NEW-ENVIRON",
        "RCVD WILL SGA",
        "RCVD DO 200",
        "RCVD SB TTYPE SEND",
    ] {
        assert!(
            ended.stderr.lines().any(|l| l == line),
            "{line}: {}",
            ended.stderr
        );
    }
}

#[test]
fn answers_are_sent_as_long_as_our_direction_is_open() {
    let (ended, ()) = with_server(&["-v", "--no-shutdown"], b"", |mut peer| {
        peer.send(b"\xff\xfd\x18\xff\xfd\x27\xff\xfb\x03\xff\xfd\x22");
        peer.expect(b"\xff\xfc\x18\xff\xfc\x27\xff\xfd\x03\xff\xfc\x22");
        peer.send(b"\x1b]0;evil\x07\xff\xfa\x18\x00\x1b]0;evil\x07\xff\xf0");
    });
    let ended = ended.good();
    assert!(
        ended.stderr.contains("SENT WONT TTYPE\n"),
        "{}",
        ended.stderr
    );
    assert!(
        ended
            .stderr
            .contains(r#"RCVD SB TTYPE IS "\x1b]0;evil\x07""#),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stdout, b"\x1b]0;evil\x07");
}

#[test]
fn a_server_that_negotiates_after_our_end_loses_nothing() {
    let (ended, ()) = with_server(&[], b"x\n", |mut peer| {
        assert_eq!(peer.rest(), b"x\r\n");
        peer.send(b"one\xff\xfb\x01\xff\xfd\x18");
        thread::sleep(Duration::from_millis(100));
        peer.send(b"\xff\xfb\x03two");
        thread::sleep(Duration::from_millis(100));
        peer.send(b"three");
    });
    assert_eq!(ended.good().stdout, b"onetwothree");
}

#[test]
fn the_connection_is_left_after_a_while() {
    let (ended, said) = with_server(&["-q", "0.3"], b"x\n", |mut peer| {
        peer.expect(b"x\r\n");
        peer.send(b"never over");
        peer.rest()
    });
    assert_eq!(ended.good().stdout, b"never over");
    assert_eq!(said, b"");
}

#[test]
fn a_user_and_named_variables_are_told_and_nothing_else() {
    let listener = Listener::new();
    let mut command = command_to(
        &listener,
        &[
            "-l",
            "bob",
            "--env",
            "A=1",
            "--env",
            "HERE",
            "--no-shutdown",
        ],
    );
    command
        .env("HERE", "there")
        .env("SECRET", "s3cret")
        .env("DISPLAY", ":0");
    let child = command.spawn().expect("the command starts");
    let mut peer = listener.accept();
    // it speaks first
    peer.expect(b"\xff\xfd\x03\xff\xfb\x27");
    peer.send(b"\xff\xfd\x27\xff\xfa\x27\x01\xff\xf0");
    peer.expect(b"\xff\xfa\x27\x00\x03A\x011\x03HERE\x01there\x00USER\x01bob\xff\xf0");
    peer.send(b"\xff\xfa\x27\x01\x03SECRET\x00DISPLAY\xff\xf0");
    peer.expect(b"\xff\xfa\x27\x00\x03SECRET\x00DISPLAY\xff\xf0");
    peer.send(b"\xff\xfd\x23");
    peer.expect(b"\xff\xfc\x23");
    drop(peer);
    assert_eq!(ended(child).good().stdout, b"");
}

#[test]
fn binary_is_waited_for_and_has_no_line_ends() {
    for (flag, asked, answer, shown) in [
        (
            "-8",
            &b"\xff\xfb\x00\xff\xfd\x00"[..],
            &b"\xff\xfb\x00\xff\xfd\x00"[..],
            &b"\r\0"[..],
        ),
        ("-L", b"\xff\xfb\x00", b"\xff\xfd\x00", b"\r"),
    ] {
        let (ended, ()) = with_server(&[flag], b"a\n\xff\r", |mut peer| {
            peer.expect(asked);
            peer.send(answer);
            assert_eq!(peer.rest(), b"a\n\xff\xff\r");
            peer.send(b"\r\0");
        });
        assert_eq!(ended.good().stdout, shown, "{flag}");
    }
}

#[test]
fn a_synch_drops_output_up_to_its_mark() {
    let listener = Listener::new();
    let child = command_to(&listener, &["--no-shutdown"])
        .spawn()
        .expect("the command starts");
    let mut peer = listener.accept();
    peer.send(b"one\xff\xfd\x18");
    peer.expect(b"\xff\xfc\x18");
    // so that all of it is there before any of it is read
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::STOP).expect("a process");
    peer.send(b"dropped\xff\xfd\x1fdropped\xff");
    peer.send_urgent(242);
    peer.send(b"two");
    kill_process(pid, Signal::CONT).expect("a process");
    // commands are carried out all the same
    assert_eq!(peer.expect(b"\xff\xfc\x1f"), b"");
    drop(peer);
    // what waited to be printed may be dropped as well
    let ended = ended(child).good();
    assert!(
        [&b"onetwo"[..], b"two"].contains(&&*ended.stdout),
        "{:?}",
        ended.stdout
    );
}

#[test]
fn log_and_capture_are_for_the_owner_and_hold_what_passed() {
    let folder = tempfile::tempdir().expect("a place for files");
    let path = |name: &str| {
        folder
            .path()
            .join(name)
            .to_str()
            .expect("a plain name")
            .to_owned()
    };
    let (log, pcap) = (path("log"), path("pcap"));
    fs::write(&log, "older and longer than what comes").expect("room");
    fs::set_permissions(&log, fs::Permissions::from_mode(0o644)).expect("a mode");
    let flags = ["--log", &log, "--pcap", &pcap];
    let (ended, ()) = with_server(&flags, b"x\n", |mut peer| {
        peer.expect(b"x\r\n");
        peer.send(b"ab\xff\xfd\x18\xff\xff\r\0\x1b[m\r\n");
    });
    let ended = ended.good();
    assert_eq!(fs::read(&log).expect("a log"), b"ab\xff\r\x1b[m\r\n");
    assert_eq!(ended.stdout, b"ab\xff\r\x1b[m\r\n");
    for file in [&log, &pcap] {
        let mode = fs::metadata(file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let capture = fs::read(&pcap).expect("a capture");
    assert_eq!(capture[..4], [0x0a, 0x0d, 0x0d, 0x0a]);
    let has = |octets: &[u8]| capture.windows(octets.len()).any(|w| w == octets);
    assert!(has(b"x\r\n") && has(b"ab\xff\xfd\x18\xff\xff\r\0"));
}

#[test]
fn a_slow_reader_stops_the_server() {
    let listener = Listener::new();
    let mut command = command_to(&listener, &[]);
    let mut child = command.spawn().expect("the command starts");
    let mut stdout = child.stdout.take().expect("stdout is a pipe");
    let mut peer = listener.accept();
    let sent = thread::spawn(move || {
        for _ in 0..64 {
            peer.send(&[b'x'; 1 << 20]);
        }
    });
    thread::sleep(Duration::from_millis(500));
    let blocked = !sent.is_finished();
    let copied = std::io::copy(&mut stdout, &mut std::io::sink()).expect("output");
    sent.join().expect("all is sent");
    drop(child.stdin.take());
    ended(child).good();
    assert!(blocked, "64 MiB were taken while nobody read");
    assert_eq!(copied, 64 << 20);
}

#[test]
fn stdin_may_be_a_file_or_nothing() {
    let mut file = tempfile::tempfile().expect("room for a file");
    file.write_all(b"from a file\n").expect("room");
    std::io::Seek::rewind(&mut file).expect("a file");
    for (stdin, wanted) in [(file.into(), &b"from a file\r\n"[..]), (Stdio::null(), b"")] {
        let listener = Listener::new();
        let child = command_to(&listener, &[]).stdin::<Stdio>(stdin).spawn();
        let mut peer = listener.accept();
        assert_eq!(peer.rest(), wanted);
        drop(peer);
        ended(child.expect("the command starts")).good();
    }
}
