//! Each way to fail has a code of its own.

use super::peer::Listener;
use super::{command, command_to, ended, run};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::net::TcpListener;
use std::process::Stdio;

#[test]
fn wrong_use() {
    for arguments in [
        &[][..],
        &["host", "no-such-service"],
        &["host", "0"],
        &["host", "1", "2"],
        &["-4", "-6", "host"],
        &["--raw", "-8", "host"],
        &["--connect-timeout", "0", "host"],
        &["-q", "1", "--no-shutdown", "host"],
        &["-e", "xx", "host"],
    ] {
        let ended = run(&mut command(arguments), b"");
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, b"");
        assert!(!ended.stderr.is_empty());
    }
    for variable in [
        "=x",
        "A B=x",
        "NO_SUCH_VARIABLE_HERE",
        "A=\u{0}".trim_end_matches('\0'),
    ] {
        let arguments = ["--env", variable, "--env", "A=2", "127.0.0.1", "1"];
        let ended = run(&mut command(&arguments), b"");
        ended.failed(2);
    }
    let long = format!("A={}", "x".repeat(5000));
    run(&mut command(&["--env", &long, "127.0.0.1", "1"]), b"").failed(2);
}

#[test]
fn a_host_that_is_not_there() {
    let ended = run(&mut command(&["host.invalid", "1"]), b"");
    assert!(ended.failed(6).starts_with("cannot resolve host.invalid: "));
    let ended = run(&mut command(&["-6", "127.0.0.1", "1"]), b"");
    assert_eq!(
        ended.failed(6),
        "127.0.0.1 has no address of the wanted family"
    );
}

/// RFC 1123 section 3.4.3: "A User Telnet program SHOULD report to the user any TCP errors"; RFC 1123
/// section 3.4.4: the port is the user's choice.
#[test]
fn a_port_that_nobody_listens_at() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let ended = run(
        &mut command(&["127.0.0.1", &address.port().to_string()]),
        b"",
    );
    assert_eq!(ended.failed(7), format!("{address}: connection refused"));
}

#[test]
fn a_local_address_that_is_not_ours() {
    let ended = run(&mut command(&["-b", "192.0.2.1", "127.0.0.1", "1"]), b"");
    assert!(ended.failed(45).starts_with("local address 192.0.2.1: "));
    let listener = Listener::new();
    let child = command_to(&listener, &["-b", "127.0.0.2"]).spawn();
    drop(listener.accept());
    ended_well(child);
}

fn ended_well(child: std::io::Result<std::process::Child>) {
    ended(child.expect("the command starts")).good();
}

#[test]
fn a_listener_that_never_answers() {
    // whoever is beyond the backlog is not answered
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let socket = socket.expect("a socket");
    let any: std::net::SocketAddr = ([127, 0, 0, 1], 0).into();
    socket.bind(&any.into()).expect("a port");
    socket.listen(0).expect("a listener");
    let address = socket
        .local_addr()
        .ok()
        .and_then(|a| a.as_socket())
        .expect("an address");
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
            let socket = socket.expect("a socket");
            socket.set_nonblocking(true).expect("a socket option");
            let _ = socket.connect(&address.into());
            socket
        })
        .collect();
    let port = address.port().to_string();
    let ended = run(
        &mut command(&["--connect-timeout", "0.3", "127.0.0.1", &port]),
        b"",
    );
    drop(waiting);
    assert_eq!(
        ended.failed(28),
        format!("127.0.0.1 port {port}: no connection in time")
    );
}

#[test]
fn a_connection_that_is_reset() {
    let listener = Listener::new();
    let child = command_to(&listener, &["--no-shutdown"]).spawn();
    let mut peer = listener.accept();
    peer.send(b"some text");
    std::thread::sleep(std::time::Duration::from_millis(200));
    peer.reset();
    let ended = ended(child.expect("the command starts"));
    assert_eq!(
        ended.failed(56),
        "the connection is lost: connection reset by peer"
    );
    assert_eq!(ended.stdout, b"some text");
}

#[test]
fn output_that_nobody_reads() {
    let listener = Listener::new();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let child = command_to(&listener, &["--no-shutdown"])
        .stdout(writer)
        .spawn();
    let mut peer = listener.accept();
    peer.send(b"some text");
    let ended = ended(child.expect("the command starts"));
    assert_eq!((ended.code, &*ended.stderr), (141, ""));
}

#[test]
fn a_full_disk() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        eprintln!("skipped: a_full_disk: no /dev/full");
        assert_ne!(std::env::var("WIRELORE_INTEROP").as_deref(), Ok("require"));
        return;
    };
    for to_log in [true, false] {
        let listener = Listener::new();
        let mut command = match to_log {
            true => command_to(&listener, &["--log", "/dev/full"]),
            false => command_to(&listener, &[]),
        };
        if !to_log {
            command.stdout(full.try_clone().expect("a file"));
        }
        let child = command.stdin(Stdio::null()).spawn();
        let mut peer = listener.accept();
        peer.send(b"some text");
        drop(peer);
        ended(child.expect("the command starts")).failed(23);
    }
}

#[test]
fn files_that_cannot_be_made() {
    for flag in ["--log", "--pcap"] {
        let listener = Listener::new();
        let ended = run(
            &mut command_to(&listener, &[flag, "/no/such/folder/f"]),
            b"",
        );
        assert_eq!(
            ended.failed(23),
            "/no/such/folder/f: no such file or directory"
        );
    }
}

#[test]
fn signals() {
    for (signal, code) in [
        (Signal::HUP, 129),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
        (Signal::TERM, 143),
    ] {
        let listener = Listener::new();
        let child = command_to(&listener, &["-v"])
            .spawn()
            .expect("the command starts");
        let mut peer = listener.accept();
        peer.send(b"\xff\xfd\x18");
        // it listens to signals when it answers
        peer.expect(b"\xff\xfc\x18");
        kill_process(Pid::from_child(&child), signal).expect("a process");
        let ended = ended(child);
        assert_eq!(ended.code, code, "{}", ended.stderr);
    }
}
