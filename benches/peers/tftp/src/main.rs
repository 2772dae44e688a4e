//! Our TFTP server and other people's, measured side by side.
//!
//! `sudo -E cargo run --release` in this folder builds what is to be built (our command in release
//! mode, and those peers that are crates), then runs for ten to twenty minutes. Tables for people go to
//! standard error, a JSON line for each bar to standard output; the exit status is 1 when a bar is
//! missed, 2 when nothing could be measured. `docs/benchmarks.md` says how to read it.
//!
//! - `servers.rs`, `builds.rs`: who takes part and how they are had and started
//! - `process.rs`, `network.rs`: where they run: a control group each, one network, one CPU
//! - `client.rs`, `crowd.rs`, `pingpong.rs`: who asks
//! - `scenarios.rs`, `memory.rs`, `cpu.rs`: what is measured
//! - `bars.rs`, `report.rs`: what is said about it

mod bars;
mod builds;
mod client;
mod cpu;
mod crowd;
mod memory;
mod network;
mod pingpong;
mod process;
mod report;
mod scenarios;
mod servers;

use bars::{Bar, Figure, Peer, Wish};
use clap::{Parser, Subcommand};
use client::{Sizes, Wanted};
use memory::Resident;
use process::Scratch;
use scenarios::{Load, Scenario};
use servers::{ATFTPD, DNSMASQ, LIMIT, OURS, Ours, Plan, Server};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

const MIB: u64 = 1024 * 1024;

/// The files on the servers.
const LARGE: &str = "large";
const SMALL: &str = "small";

/// What each client of a crowd fetches.
const SMALL_OCTETS: u64 = MIB;

/// Block sizes in lockstep, how often a round fetches the file, and how fast we want to be.
const LOCKSTEP: [(u16, usize, f64); 4] = [
    (512, 1, 0.95),
    (1428, 2, 0.95),
    (8192, 6, 1.0),
    (65_464, 16, 1.0),
];

/// What idle servers may use: less than one tick of a clock of 1000 Hz.
const IDLE_MILLISECONDS: f64 = 1.0;

/// What the crowd may cost us in resident memory.
const CROWD_MEBIBYTES: f64 = 8.0;

/// How long servers are left with nothing to do.
const IDLE: Duration = Duration::from_secs(3);

/// Compares our TFTP server with others. Needs root, for a network namespace.
#[derive(Parser)]
#[command(name = "tftp-peers", max_term_width = 100)]
struct Options {
    /// Size in MiB of the file that is fetched; bars are meant for 64
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    size: u64,
    /// Rounds; bars are meant for 7
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=99))]
    rounds: u16,
    /// Clients at once; bars are meant for 200
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=500))]
    clients: u16,
    /// The CPU on which servers and clients run
    #[arg(long, default_value_t = 0)]
    cpu: usize,
    /// Only scenarios whose name contains this: lockstep-512, lockstep-1428, lockstep-8192,
    /// lockstep-65464, window-16, N-clients, idle
    #[arg(long, default_value = "")]
    only: String,
    /// The `wirelore` command; without it, it is built
    #[arg(long, value_name = "PATH")]
    wirelore: Option<PathBuf>,
    /// Another server in place of `wirelore serve`. It prints `listening on ADDRESS:PORT`; `{dir}`
    /// stands for the folder
    #[arg(long, value_name = "COMMAND LINE", conflicts_with = "wirelore")]
    ours_command: Option<String>,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// The other side of the raw limit
    #[command(hide = true)]
    PingPong,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match options.role {
        Some(Role::PingPong) => pingpong::serve().map(|()| true).map_err(|e| e.to_string()),
        None => compare(&options),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("tftp-peers: {why}");
            ExitCode::from(2)
        }
    }
}

/// Measures everything; whether all bars were passed.
fn compare(options: &Options) -> Result<bool, String> {
    let scratch = Scratch::new().map_err(|e| e.to_string())?;
    let (folder, logs) = (scratch.path().join("served"), scratch.path().join("logs"));
    let content = content(options.size * MIB);
    let write = || {
        fs::create_dir(&logs)?;
        fs::create_dir(&folder)?;
        fs::write(folder.join(LARGE), &content)?;
        fs::write(folder.join(SMALL), &content[..SMALL_OCTETS as usize])
    };
    write().map_err(|e| format!("{}: {e}", folder.display()))?;

    let ours = match &options.ours_command {
        Some(line) => Ours::Line(line.clone()),
        None => Ours::Command(options.wirelore.clone()),
    };
    let ours = servers::ours(&ours, &folder)?;
    // as many as come at once, and some that have not quite ended
    let (peers, mut missing) = servers::peers(&folder, usize::from(options.clients) + 300);
    network::enter()?;
    network::pin(options.cpu)?;

    let mut servers = vec![ours.start(&logs).map_err(|e| format!("ours: {}", e.why))?];
    let mut plans = vec![ours];
    for plan in peers.into_iter().chain([servers::limit(&folder)?]) {
        match plan.start(&logs) {
            Ok(server) => {
                servers.push(server);
                plans.push(plan);
            }
            Err(why) => missing.push(why),
        }
    }
    report::participants(&plans, &missing, &servers, options.cpu);
    let meant = (options.size, options.rounds, options.clients) == (64, 7, 200);
    if !meant {
        eprintln!("sizes, rounds or clients are not those the bars are meant for");
    }

    let mut passed = Vec::new();
    let mut say = |bar: Bar| passed.push(bar.print());
    for scenario in scenarios(options)
        .iter()
        .filter(|s| options.chosen(&s.name))
    {
        let content = &content[..scenario.wanted.octets as usize];
        let all = scenario.run(&servers, options.rounds.into(), content);
        report::scenario(scenario, &all);
        compared(scenario, &all).into_iter().for_each(&mut say);
    }
    if options.chosen("idle") {
        say(idle(&servers));
    }
    drop(servers);
    if options.chosen(&options.crowd()) {
        say(memory(options, &plans, &logs));
    }
    match passed.is_empty() {
        true => Err("no such scenario".into()),
        false => Ok(!passed.contains(&false)),
    }
}

impl Options {
    fn chosen(&self, scenario: &str) -> bool {
        scenario.contains(&self.only)
    }

    fn crowd(&self) -> String {
        format!("{}-clients", self.clients)
    }
}

fn scenarios(options: &Options) -> Vec<Scenario> {
    let large = |name: String, sizes: Sizes, passes: usize| Scenario {
        name,
        wanted: Wanted {
            name: LARGE.into(),
            octets: options.size * MIB,
            sizes,
        },
        load: Load::Single(passes),
    };
    let lockstep = LOCKSTEP.map(|(block, passes, _)| {
        let sizes = Sizes { block, window: 1 };
        large(format!("lockstep-{block}"), sizes, passes)
    });
    let sizes = Sizes {
        block: 1428,
        window: 16,
    };
    let mut scenarios = Vec::from(lockstep);
    scenarios.push(large("window-16".into(), sizes, 2));
    scenarios.push(Scenario {
        name: options.crowd(),
        wanted: small(),
        load: Load::Crowd(options.clients.into()),
    });
    scenarios
}

fn small() -> Wanted {
    Wanted {
        name: SMALL.into(),
        octets: SMALL_OCTETS,
        sizes: Sizes::default(),
    }
}

/// What we promise about a scenario.
fn compared(scenario: &Scenario, all: &[scenarios::Series]) -> Vec<Bar> {
    let bar = |what: &str, figure, peer, wanted| {
        let name = format!("tftp-peers-{}-{what}", scenario.name);
        Bar::compare(name, scenario, all, figure, peer, wanted)
    };
    let Sizes { block, window } = scenario.wanted.sizes;
    let rate = LOCKSTEP.iter().find(|(of, ..)| *of == block);
    match (scenario.load, rate) {
        (Load::Crowd(_), _) => {
            let peer = Peer::Named(DNSMASQ);
            vec![bar("cpu", Figure::Cpu, peer, Wish::AtMost(1.0))]
        }
        (Load::Single(_), Some((.., rate))) if window == 1 => vec![
            bar("rate", Figure::Rate, Peer::Best, Wish::AtLeast(*rate)),
            bar("cpu", Figure::Cpu, Peer::Best, Wish::AtMost(1.05)),
        ],
        (Load::Single(_), _) => {
            let peer = Peer::Named(ATFTPD);
            vec![bar("cpu", Figure::Cpu, peer, Wish::AtMost(0.6))]
        }
    }
}

/// What the servers do when there is nothing to do, all at the same time.
fn idle(servers: &[Server]) -> Bar {
    let tftp = || servers.iter().filter(|server| server.name != LIMIT);
    let used = || tftp().map(|server| server.process.cpu().map_err(|e| e.to_string()));
    let fetched: Vec<_> = tftp()
        .map(|server| client::download(server.address, &small(), |_| ()))
        .collect();
    thread::sleep(Duration::from_millis(500));
    let before: Vec<_> = used().collect();
    thread::sleep(IDLE);
    let spent = |((fetched, before), after): (
        (Result<_, String>, Result<Duration, _>),
        Result<Duration, _>,
    )| {
        let _: client::Report = fetched?;
        let spent = after?.saturating_sub(before?);
        Ok(spent.as_secs_f64() * 1000.0)
    };
    let all = fetched.into_iter().zip(before).zip(used()).map(spent);
    let all: Vec<_> = tftp().map(|server| server.name).zip(all).collect();
    report::idle(IDLE.as_secs_f64(), &all);
    let name = "tftp-peers-idle-cpu-milliseconds".to_owned();
    judged(name, &all, |spent| *spent, IDLE_MILLISECONDS)
}

/// How much memory the crowd costs each server, one after the other.
fn memory(options: &Options, plans: &[Plan], logs: &Path) -> Bar {
    let clients = options.clients.into();
    let tftp = plans.iter().filter(|plan| plan.name != LIMIT);
    let all: Vec<_> = tftp
        .map(|plan| (plan.name, memory::under_load(plan, logs, &small(), clients)))
        .collect();
    report::memory(&all);
    let name = format!("tftp-peers-{}-memory-mebibytes", options.crowd());
    judged(name, &all, Resident::growth, CROWD_MEBIBYTES)
}

/// The bar for a figure that is to be low by itself.
fn judged<T>(
    name: String,
    all: &[(&'static str, Result<T, String>)],
    figure: impl Fn(&T) -> f64,
    limit: f64,
) -> Bar {
    let of = |all: &Result<T, String>| all.as_ref().map(&figure).map_err(Clone::clone);
    let ours = all.iter().find(|(server, _)| *server == OURS);
    let ours = ours.map_or(Err("was not measured".into()), |(_, ours)| of(ours));
    let peers = all.iter().filter(|(server, _)| *server != OURS);
    let lowest = peers.filter_map(|(_, theirs)| of(theirs).ok());
    let lowest = lowest.min_by(f64::total_cmp);
    Bar::absolute(name, ours, lowest, Wish::AtMost(limit))
}

/// Octets that repeat only after a long while, so that no block passes for another.
fn content(octets: u64) -> Vec<u8> {
    let mut state = 1_u64;
    let words = (0..octets.div_ceil(8)).flat_map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state ^ (state >> 29)).to_le_bytes()
    });
    words.take(octets as usize).collect()
}
