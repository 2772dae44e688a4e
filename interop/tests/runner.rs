//! The runner itself, on real programs against real programs.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::panic;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use wirelore_interop::{
    Missing, Namespace, Peer, built_command, content, digest, digest_of, find, find_saying, folder,
    free_tcp_port, free_udp_port, require, run, wait_until,
};

const LIMIT: Duration = Duration::from_secs(20);

/// What a shell started goes with it, also when the shell does not wait for it.
#[test]
fn a_peer_ends_with_everything_it_started() {
    let mut peer = Peer::start(sh().arg("sleep 1000 & echo child $!; wait"));
    let child = peer.wait_for_line("child ");
    assert!(is_running(&child));
    drop(peer);
    wait_until("the end of the child", LIMIT, || (!is_running(&child)).then_some(()));
}

/// SIGTERM first, so that a daemon can tidy up.
#[test]
fn a_peer_is_asked_to_end() {
    let mut peer = Peer::start(
        sh().arg("trap 'echo tidy; exit 7' TERM; echo up; while :; do sleep 0.01; done"),
    );
    peer.wait_for_line("up");
    let ended = peer.stop().expect_code(7);
    assert!(ended.stdout().ends_with("tidy\n"), "{ended}");
}

/// SIGKILL after two seconds, for a program that does not want to end.
#[test]
fn a_peer_that_refuses_to_end_is_killed() {
    let mut peer = Peer::start(sh().arg("trap '' TERM; echo up; while :; do sleep 0.1; done"));
    peer.wait_for_line("up");
    let start = Instant::now();
    let ended = peer.stop();
    assert_eq!(ended.code(), None, "{ended}");
    assert!(start.elapsed() >= Duration::from_secs(2), "it had no time");
}

/// When the test's process is killed, nothing runs `Drop`: the peers end all the same.
#[test]
fn peers_do_not_outlive_a_killed_test() {
    const INNER: &str = "WIRELORE_RUNNER_INNER";
    if std::env::var_os(INNER).is_some() {
        let peer = Peer::start(sh().arg("echo $$; exec sleep 1000"));
        println!("\npeer {}", peer.id());
        thread::sleep(LIMIT);
        return;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "--nocapture", "peers_do_not_outlive_a_killed_test"]);
    // Not as a peer: that would have a guard of its own.
    let folder = folder();
    let output = folder.path().join("output");
    again.env(INNER, "1").stdout(fs::File::create(&output).unwrap());
    let mut again = again.stderr(Stdio::null()).spawn().unwrap();
    let peer = wait_until("the peer's number", LIMIT, || {
        let output = fs::read_to_string(&output).unwrap();
        let number = output.split_once("\npeer ")?.1;
        Some(number.split_once('\n')?.0.to_owned())
    });
    assert!(is_running(&peer));
    again.kill().unwrap();
    assert_eq!(again.wait().unwrap().signal(), Some(9));
    wait_until("the end of the peer", LIMIT, || (!is_running(&peer)).then_some(()));
}

/// A program that ends instead of answering is reported at once, not after the time limit, and so
/// is what it wrote.
#[test]
fn a_peer_that_does_not_answer_fails_the_test() {
    let start = Instant::now();
    let failed = |what: &dyn Fn(&mut Peer)| {
        panic::catch_unwind(panic::AssertUnwindSafe(|| {
            what(&mut Peer::start(sh().arg("echo no >&2; exit 3")));
        }))
        .unwrap_err()
    };
    for what in [&|peer: &mut Peer| peer.wait_for_udp(free_udp_port()), &|peer: &mut Peer| {
        drop(peer.wait_for_line("listening"));
    }] as [&dyn Fn(&mut Peer); 2]
    {
        let message = failed(what);
        let message = message.downcast_ref::<String>().unwrap();
        assert!(message.contains("ended before it"), "{message}");
    }
    assert!(start.elapsed() < Duration::from_secs(8));
    let ended = run(sh().arg("echo no >&2; exit 3"), LIMIT);
    let message = panic::catch_unwind(|| ended.expect_success()).unwrap_err();
    let message = message.downcast_ref::<String>().unwrap();
    assert!(
        message.contains("exit status: 3") && message.contains("--- stderr\nno\n"),
        "{message}"
    );
}

/// A client that hangs does not hang the test.
#[test]
fn a_program_is_not_waited_for_longer_than_the_limit() {
    let busybox = require!(find("busybox"));
    let start = Instant::now();
    let hangs = || run(Command::new(busybox).args(["sleep", "1000"]), Duration::from_millis(300));
    assert!(panic::catch_unwind(panic::AssertUnwindSafe(hangs)).is_err());
    assert!(start.elapsed() < Duration::from_secs(15));
}

/// A program that is not installed is an error with its name; one that is another than it should
/// be, too.
#[test]
fn programs_are_found_by_name_and_by_what_they_say() {
    let missing = |name: &str| Err(Missing::Program(name.into()));
    assert_eq!(find("wirelore-no-such-program"), missing("wirelore-no-such-program"));
    assert_eq!(find("/etc/passwd"), missing("/etc/passwd"));
    let sh = find("sh").expect("a shell");
    assert_eq!(find_saying("sh", &["-c", "echo one two"], "e t"), Ok(sh));
    assert_eq!(find_saying("sh", &["-c", "echo one"], "two"), missing("sh (two)"));
}

/// Two ports that were asked for one after the other are both free, and not the same.
#[test]
fn free_ports_are_free() {
    let (one, two) = (free_udp_port(), free_udp_port());
    assert_ne!(one, two);
    for port in [one, two] {
        std::net::UdpSocket::bind(("127.0.0.1", port)).unwrap();
    }
    std::net::TcpListener::bind(("127.0.0.1", free_tcp_port())).unwrap();
}

/// Two namespaces hold the same port at the same time, and the test's own network does not see it.
#[test]
fn namespaces_are_private() {
    let busybox = require!(find("busybox"));
    let namespaces = [require!(Namespace::new()), require!(Namespace::new())];
    let peers = namespaces.each_ref().map(|namespace| {
        let mut listen = namespace.command(&busybox);
        let mut peer =
            Peer::start(listen.args(["nc", "-ll", "-p", "69", "-e", "/bin/echo", "hello"]));
        peer.wait_for_tcp(69);
        peer
    });
    for namespace in &namespaces {
        for address in ["127.0.0.1", Namespace::ADDRESS] {
            let mut call = namespace.command(&busybox);
            let said = run(call.args(["nc", "-w", "5", address, "69"]), LIMIT);
            assert_eq!(said.stdout(), "hello\n", "{said}");
        }
    }
    let ours = fs::read_to_string("/proc/self/net/tcp6").unwrap();
    assert!(!ours.contains(":0045 00000000"), "{ours}");
    for peer in peers {
        assert_eq!(peer.stop().code(), None);
    }
}

/// curl fetches from tftp-hpa's server, on the protocol's own port.
#[test]
fn curl_against_tftp_hpa() {
    let (curl, server) = (require!(find("curl")), require!(find("in.tftpd")));
    let namespace = require!(Namespace::new());
    let (served, copies) = (folder(), folder());
    fs::write(served.path().join("f"), content(100_000)).unwrap();
    let mut server = namespace.command(server);
    server.args(["-L", "-4", "-a", "127.0.0.1:69", "-s"]).arg(served.path());
    let mut server = Peer::start(&mut server);
    server.wait_for_udp(69);
    let copy = copies.path().join("copy");
    let mut fetch = namespace.command(curl);
    fetch.args(["--silent", "--max-time", "10", "tftp://127.0.0.1/f", "-o"]).arg(&copy);
    run(&mut fetch, LIMIT).expect_success();
    assert_eq!(digest_of(&copy), digest(&content(100_000)));
}

/// atftp fetches from atftpd, on a free port; atftpd may come from an unpacked package.
#[test]
fn atftp_against_atftpd() {
    let (client, server) = (require!(find("atftp")), require!(find("atftpd")));
    let (served, copies) = (folder(), folder());
    fs::write(served.path().join("f"), content(100_000)).unwrap();
    let port = free_udp_port();
    let mut server = Command::new(server);
    server.args(["--daemon", "--no-fork", "--bind-address", "127.0.0.1", "--logfile", "-"]);
    server.args(["--port", &port.to_string()]).arg(served.path());
    let mut server = Peer::start(&mut server);
    server.wait_for_udp(port);
    let copy = copies.path().join("copy");
    let mut fetch = Command::new(client);
    fetch.args(["--get", "--remote-file", "f", "--local-file"]).arg(&copy);
    run(fetch.args(["127.0.0.1", &port.to_string()]), LIMIT).expect_success();
    assert_eq!(digest_of(&copy), digest(&content(100_000)));
}

/// The command of this repository is built, and starts.
#[test]
fn the_command_is_built() {
    run(Command::new(built_command()).arg("--help"), LIMIT).expect_success();
}

fn sh() -> Command {
    let mut sh = Command::new("sh");
    sh.arg("-c");
    sh
}

/// Whether the process is there and not only waits to be asked for its status.
fn is_running(id: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(id).join("stat"));
    stat.is_ok_and(|stat| !stat.rsplit_once(") ").unwrap().1.starts_with('Z'))
}
