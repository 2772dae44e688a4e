//! Thousands of connections that say nothing, or next to nothing: others are served, each costs little,
//! and in the end all are gone.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use wirelore_interop::{Peer, built_command, find, require, wait_until};

use crate::LIMIT;
use crate::clients::Curl;
use crate::server::{Folder, Server};

/// Connections at the most; beyond it so many more are tried.
const CONNECTIONS: u64 = 5000;
const BEYOND: u64 = 100;

/// Descriptors of a process that are no connections.
const OTHERS: u64 = 200;

/// What an idle connection may cost, in octets.
const COST: u64 = 4096;

/// What a wave of connections may leave behind, in octets.
const GROWTH: u64 = 512 << 10;

/// Times that are tried for --http-idle and --http-head, in seconds: a machine that is too busy does not
/// open all connections before the first of them are over.
const TIMES: [u32; 3] = [4, 15, 40];

#[test]
fn thousands_of_slow_clients() {
    let curl = require!(Curl::new());
    let python = require!(find("python3"));
    let limit = descriptors();
    let count = CONNECTIONS.min(limit.saturating_sub(OTHERS + BEYOND));
    say(&format!("{limit} descriptors, {count} connections"));
    if count < CONNECTIONS {
        say("fewer than wanted: `ulimit -H -n` allows no more descriptors");
    }
    for seconds in TIMES {
        if let Some(house) = House::open(&python, count, seconds)
            && house.is_visited(&curl)
        {
            return;
        }
        say(&format!("connections were over before all were open, {seconds} s was too short"));
    }
    panic!("this machine opens {count} connections too slowly");
}

/// The most descriptors that a process may have, when it asks for them.
fn descriptors() -> u64 {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    let hard = line.split_ascii_whitespace().nth(4).expect("a number");
    hard.parse().unwrap_or(u64::MAX)
}

/// `program`, with as many descriptors as it may have.
fn unlimited(program: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n \"$(ulimit -H -n)\" && exec \"$@\"", "sh"]).arg(program);
    command
}

fn say(line: &str) {
    // Not `eprintln!`, which is seen only when the test fails.
    let _ = writeln!(std::io::stderr(), "slow: {line}");
}

struct House {
    server: Server,
    python: PathBuf,
    count: u64,
}

/// What the clients of a wave saw.
struct Wave {
    client: Peer,
    refused: u64,
}

impl House {
    fn open(python: &Path, count: u64, seconds: u32) -> Option<Self> {
        let time = format!("{seconds}s");
        let (most, each) = ((count + 500).to_string(), count.to_string());
        let options = [
            ["--http-connections", &most, "--http-per-peer", &each],
            ["--http-idle", &time, "--http-head", &time],
        ];
        let folder = Folder::new();
        folder.holds("f", b"here");
        let server = Server::launch(unlimited(&built_command()), folder, "http", &options.concat());
        Some(Self { server, python: python.into(), count })
    }

    /// Waves of connections; `false` when one came too slowly to tell anything.
    fn is_visited(&self, curl: &Curl) -> bool {
        let half = self.count / 2;
        for _ in 0..20 {
            self.serves(curl);
        }
        let before = self.memory();
        let wave = self.wave("127.0.0.2", self.count + BEYOND, 0);
        if wave.refused > BEYOND {
            return false;
        }
        assert_eq!(wave.refused, BEYOND, "--http-per-peer holds");
        let each = self.memory().saturating_sub(before) / self.count;
        say(&format!("{each} octets of memory for each of {} idle connections", self.count));
        let tries = self.serves(curl);
        say(&format!("another client was served after {tries} tries"));
        assert!(each <= COST, "{each} octets for an idle connection");
        let told = self.closes(wave);
        assert_eq!(told["silent_idle"], self.count, "{told}");

        // what a wave needs the next ones use again, though the system's allocator may take some more before
        // it finds that out
        let mut most = 0;
        for source in ["127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7"] {
            let wave = self.wave(source, self.count - half, half);
            if wave.refused > 0 {
                return false;
            }
            let during = self.memory();
            self.serves(curl);
            let told = self.closes(wave);
            assert_eq!(told["silent_idle"], self.count - half, "{told}");
            assert_eq!(told["late_slow"], half, "{told}");
            self.serves(curl);
            let after = self.memory();
            say(&format!("{during} octets with half of them slow, {after} when they are gone"));
            if most > 0 && after <= most + GROWTH {
                return true;
            }
            most = most.max(after);
        }
        panic!("each wave leaves more: {most} octets now, and {before} before the first");
    }

    /// Opens connections, and waits until all are.
    #[track_caller]
    fn wave(&self, source: &str, idle: u64, slow: u64) -> Wave {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/slow.py");
        let mut command = unlimited(&self.python);
        command.arg(script).args([&*self.server.port.to_string(), source]);
        command.args([&*idle.to_string(), &slow.to_string(), "1"]);
        let client = Peer::start(&mut command);
        let line = wait_until("all connections", LIMIT, || line(&client, 0));
        assert_eq!(line["opened"], idle + slow);
        Wave { refused: line["refused"].as_u64().unwrap(), client }
    }

    /// The server closes all of them.
    #[track_caller]
    fn closes(&self, wave: Wave) -> Value {
        let told = wait_until("the end of all connections", LIMIT, || line(&wave.client, 1));
        assert_eq!((&told["left"], &told["other"]), (&0.into(), &0.into()), "{told}");
        wave.client.wait(LIMIT).expect_success();
        told
    }

    /// How often another client has to try until it is served.
    #[track_caller]
    fn serves(&self, curl: &Curl) -> usize {
        let url = self.server.url("/f");
        let served = (1..=10).find(|_| {
            let (ended, got) = curl.try_many(&[], &[&url]);
            ended.code() == Some(0) && got[0].expect(200, b"here").status == 200
        });
        served.expect("served within ten tries")
    }

    /// Octets of memory that the server has in use.
    #[track_caller]
    fn memory(&self) -> u64 {
        let path = format!("/proc/{}/smaps_rollup", self.server.peer().id());
        let text = fs::read_to_string(path).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("Rss:")).expect("a size");
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }
}

/// A whole line that the clients have written.
fn line(client: &Peer, number: usize) -> Option<Value> {
    let stdout = client.stdout();
    let line = stdout.split_inclusive('\n').nth(number)?.strip_suffix('\n')?;
    Some(serde_json::from_str(line).expect(line))
}
