//! TFTP between real programs over a network that loses, doubles, delays and reorders, as a seed will
//! have it: each direction of each role, against a program that somebody else wrote.
#![cfg(target_os = "linux")]

use std::env;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use wirelore_interop::{
    Namespace, Peer, Relay, built_command, content, digest_of, find, find_saying, folder, require,
    run, wait_until,
};
use wirelore_testkit::net::Link;

const SEEDS: [u64; 4] = [1, 2, 3, 4];

/// What a transfer may take.
const LIMIT: Duration = Duration::from_secs(55);

/// A hundred blocks of the usual size.
const SIZE: usize = 50_000;

/// Of 1000 datagrams 20 are lost, 20 come twice and 5 once more when they are long forgotten; they
/// overtake each other. Three in a row are never lost: a peer that gives up early has no excuse.
fn bad() -> Link {
    Link {
        loss: 20,
        duplicate: 20,
        late_duplicate: 5,
        late_by: Duration::from_millis(40),
        delay: Duration::from_millis(1),
        jitter: Duration::from_millis(2),
        deliver_at_least_one_in: Some(3),
        ..Link::default()
    }
}

/// curl gets and puts files of our server, with small and with usual blocks.
#[test]
fn curl_and_our_server() {
    let curl = require!(find_saying("curl", &["-V"], "tftp"));
    let folder = folder();
    let served = folder.path().join("served");
    fs::create_dir(&served).unwrap();
    let file = served.join("f");
    fs::write(&file, content(SIZE)).unwrap();
    let mut command = Command::new(built_command());
    command.args(["serve", "--only", "tftp", "--listen", "tftp=127.0.0.1:0", "--json"]);
    command.args(["--upload", "create"]).arg(&served);
    let mut server = Peer::start(&mut command);
    let address =
        server.wait_for_line("{\"event\":\"listening\",\"protocol\":\"tftp\",\"address\":\"");
    let address = address.split('"').next().and_then(|text| text.parse().ok()).unwrap();
    thread::scope(|scope| {
        for seed in SEEDS {
            let (curl, file, served, folder) = (&curl, &file, &served, folder.path());
            scope.spawn(move || {
                through(address, seed, |relay| {
                    // curl asks for a third of what it has to connect as the wait of both sides
                    let options = match seed % 2 {
                        0 => &["--tftp-no-options"][..],
                        _ => &["--tftp-blksize", "1428"],
                    };
                    let curl = |flag: &str, local: &Path, name: &str| {
                        let mut command = Command::new(curl);
                        command.args(["--silent", "--show-error", "--connect-timeout", "3"]);
                        command.args(options).arg(flag).arg(local);
                        command.arg(format!("tftp://{relay}/{name}"));
                        run(&mut command, LIMIT).expect_success();
                    };
                    let copy = folder.join(format!("copy {seed}"));
                    curl("--output", &copy, "f");
                    assert_eq!(digest_of(&copy), digest_of(file), "seed {seed}");

                    let back = format!("back{seed}");
                    curl("--upload-file", file, &back);
                    arrives(&served.join(back), file);
                });
            });
        }
    });
}

/// atftp gets a file of our server in windows of eight blocks.
#[test]
fn atftp_and_our_server_in_windows() {
    let atftp = require!(find("atftp"));
    let folder = folder();
    let served = folder.path().join("served");
    fs::create_dir(&served).unwrap();
    let file = served.join("f");
    fs::write(&file, content(SIZE)).unwrap();
    let mut command = Command::new(built_command());
    command.args(["serve", "--only", "tftp", "--listen", "tftp=127.0.0.1:0", "--json"]);
    command.arg(&served);
    let mut server = Peer::start(&mut command);
    let address =
        server.wait_for_line("{\"event\":\"listening\",\"protocol\":\"tftp\",\"address\":\"");
    let address = address.split('"').next().and_then(|text| text.parse().ok()).unwrap();
    thread::scope(|scope| {
        for seed in SEEDS {
            let (atftp, file, folder) = (&atftp, &file, folder.path());
            scope.spawn(move || {
                through(address, seed, |relay| {
                    let copy = folder.join(format!("copy {seed}"));
                    let mut get = Command::new(atftp);
                    get.args(["--option", "windowsize 8", "--option", "timeout 1", "--get"]);
                    get.args(["-r", "f", "-l"]).arg(&copy);
                    get.arg(relay.ip().to_string()).arg(relay.port().to_string());
                    run(&mut get, LIMIT).expect_success();
                    assert_eq!(digest_of(&copy), digest_of(file), "seed {seed}");
                });
            });
        }
    });
}

/// Our client gets and puts files of tftp-hpa's server, which knows no port but 69: in a network of
/// its own, and so is the relay, which is this program once more.
#[test]
fn our_client_and_tftp_hpa() {
    let program = require!(find("in.tftpd"));
    let namespace = require!(Namespace::new());
    let served = folder();
    let file = served.path().join("f");
    fs::write(&file, content(SIZE)).unwrap();
    let mut server = namespace.command(program);
    server.args(["-L", "-4", "-c", "-T", "200000", "-a", "127.0.0.1:69", "-u", "root", "-s"]);
    let mut server = Peer::start(server.arg(served.path()));
    server.wait_for_udp(69);
    thread::scope(|scope| {
        for seed in SEEDS {
            let (namespace, served, file) = (&namespace, served.path(), &file);
            scope.spawn(move || {
                let mut relay = namespace.command(env::current_exe().unwrap());
                relay.args(["--ignored", "--exact", "--nocapture", "relay_alone"]);
                relay.env("WIRELORE_RELAY_SEED", seed.to_string());
                let mut relay = Peer::start(&mut relay);
                let at = relay.wait_for_line("relay: ");
                let copies = folder();
                let copy = copies.path().join("copy");
                let mut get = namespace.command(built_command());
                get.args(["copy", &format!("tftp://{at}/f")]).arg(&copy);
                run(&mut get, LIMIT).expect_success();
                assert_eq!(digest_of(&copy), digest_of(file), "seed {seed}");

                let back = format!("back{seed}");
                let mut put = namespace.command(built_command());
                put.arg("copy").arg(file).arg(format!("tftp://{at}/{back}"));
                run(&mut put, LIMIT).expect_success();
                arrives(&served.join(back), file);
            });
        }
    });
}

/// No test, but what `our_client_and_tftp_hpa` starts in its namespace: a relay before port 69, which
/// ends with the process.
#[test]
#[ignore = "a program that another test starts"]
fn relay_alone() {
    let seed = env::var("WIRELORE_RELAY_SEED").ok().and_then(|seed| seed.parse().ok());
    let Some(seed) = seed else { return };
    let relay = Relay::start(([127, 0, 0, 1], 69).into(), bad(), seed);
    // the harness writes the name of the test without an end of the line
    let mut out = io::stdout();
    writeln!(out, "\nrelay: {}", relay.address()).unwrap();
    out.flush().unwrap();
    thread::sleep(2 * LIMIT);
    drop(relay);
}

/// A transfer or two through a relay that must have done its worst.
fn through(server: SocketAddr, seed: u64, transfers: impl FnOnce(SocketAddr)) {
    eprintln!("seed {seed}");
    let relay = Relay::start(server, bad(), seed);
    transfers(relay.address());
    let counters = relay.stop();
    eprintln!("seed {seed}: {counters:?}");
    assert!(counters.lost + counters.duplicated > 0, "seed {seed}: {counters:?}");
}

/// Waits until an upload is there: a client may be done a moment before the server is.
#[track_caller]
fn arrives(file: &Path, sent: &Path) {
    let sent = digest_of(sent);
    wait_until(&format!("{}", file.display()), Duration::from_secs(10), || {
        (file.exists() && digest_of(file) == sent).then_some(())
    });
}
