//! Our HTTP servers and other people's, measured side by side.
//!
//! `cargo run --release --bin httpd-peers` in this folder builds what is to be built (our command and
//! our example in release mode, and the peer that is a crate), then runs for five minutes. Tables for
//! people go to standard error, a JSON line for each bar to standard output; the exit status is 1 when a
//! bar is missed, 2 when nothing could be measured. `docs/benchmarks.md` says how to read it.
//!
//! - `servers.rs`, `nginx.rs`, `builds.rs`: who takes part and how they are had and started
//! - `process.rs`, `cpu.rs` (those of the comparison of TFTP servers): a control group for each server
//! - `place.rs`: CPUs and files
//! - `load.rs`, `transfers.rs`, `curl.rs`, `calls.rs`: who asks, and what is measured
//! - `rounds.rs`, `bars.rs`, `report.rs`: what comes of it and what is said about it

mod bars;
mod builds;
mod calls;
#[path = "../../tftp/src/cpu.rs"]
mod cpu;
mod curl;
mod load;
mod nginx;
mod place;
#[path = "../../tftp/src/process.rs"]
mod process;
mod report;
mod rounds;
mod servers;
mod transfers;

use bars::Bar;
use calls::Calls;
use clap::Parser;
use load::Load;
use place::{Cpus, Site};
use process::Scratch;
use rounds::{Series, Trial, Unit};
use servers::{Built, Contestant, Duty};
use std::path::PathBuf;
use std::process::ExitCode;
use transfers::{Transfers, Way};

const MIB: u64 = 1024 * 1024;

/// Compares our HTTP servers with others. Root is needed for control groups and strace.
#[derive(Parser)]
#[command(name = "httpd-peers", max_term_width = 100)]
struct Options {
    /// Rounds; bars are meant for 7
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=99))]
    rounds: u16,
    /// Seconds of load on each server in a round, one in each turn; bars are meant for 5
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=60))]
    seconds: u16,
    /// Size in MiB of the file that is fetched and sent; bars are meant for 1024
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=4096))]
    size: u64,
    /// Only comparisons whose name contains this: hello-cpu, hello-syscalls, small-file-cpu,
    /// small-file-syscalls, download-cpu, upload-cpu
    #[arg(long, default_value = "", value_name = "NAME")]
    only: String,
    /// The peers alone, without ours and without bars
    #[arg(long)]
    baseline: bool,
    /// The `wirelore` command; without it, it is built
    #[arg(long, value_name = "PATH")]
    wirelore: Option<PathBuf>,
    /// The example `http_hello`; without it, it is built
    #[arg(long, value_name = "PATH")]
    hello: Option<PathBuf>,
    /// The CPU on which servers run
    #[arg(long, default_value_t = 0, value_name = "CPU")]
    server_cpu: usize,
    /// The CPU on which wrk and curl run
    #[arg(long, default_value_t = 1, value_name = "CPU")]
    client_cpu: usize,
}

/// What is compared.
struct Comparison {
    name: &'static str,
    what: &'static str,
    duty: Duty,
    work: Work,
    /// What ours is to be at most: times the peer's cost, or calls. Without it, it is for the record.
    wanted: Option<f64>,
}

#[derive(Clone, Copy)]
enum Work {
    /// CPU time under wrk.
    Load,
    /// System calls.
    Calls,
    /// CPU time of a large file, so many times a round.
    Transfer(Way, usize),
}

const COMPARISONS: [Comparison; 6] = [
    Comparison {
        name: "hello-cpu",
        what: "1 KiB from memory, wrk -t1 -c64",
        duty: Duty::Hello,
        work: Work::Load,
        wanted: Some(1.0),
    },
    Comparison {
        name: "hello-syscalls",
        what: "1 KiB from memory, system calls besides epoll_wait",
        duty: Duty::Hello,
        work: Work::Calls,
        wanted: Some(2.0),
    },
    Comparison {
        name: "small-file-cpu",
        what: "a file of 1 KiB, with an access log, wrk -t1 -c64",
        duty: Duty::Files,
        work: Work::Load,
        wanted: Some(0.9),
    },
    Comparison {
        name: "small-file-syscalls",
        what: "a file of 1 KiB, with an access log, system calls besides epoll_wait",
        duty: Duty::Files,
        work: Work::Calls,
        wanted: None,
    },
    Comparison {
        name: "download-cpu",
        what: "a large file, in the page cache, to curl",
        duty: Duty::Files,
        work: Work::Transfer(Way::Download, 5),
        wanted: Some(1.5),
    },
    Comparison {
        name: "upload-cpu",
        what: "a large file from curl, by PUT",
        duty: Duty::Uploads,
        work: Work::Transfer(Way::Upload, 3),
        wanted: Some(1.5),
    },
];

fn main() -> ExitCode {
    match compare(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("httpd-peers: {why}");
            ExitCode::from(2)
        }
    }
}

/// Measures everything; whether all bars were passed.
fn compare(options: &Options) -> Result<bool, String> {
    let scratch = Scratch::new().map_err(|e| e.to_string())?;
    let site = Site::new(scratch.path()).map_err(|e| e.to_string())?;
    let cpus = Cpus::pin(options.server_cpu, options.client_cpu);
    report::stage(cpus, &site);
    if (options.rounds, options.seconds, options.size) != (7, 5, 1024) {
        eprintln!("rounds, seconds or size are not those the bars are meant for");
    }
    let mut passed = Vec::new();
    for comparison in COMPARISONS
        .iter()
        .filter(|c| c.name.contains(&options.only))
    {
        if matches!(comparison.work, Work::Transfer(..)) {
            let large = site.with_large(options.size * MIB);
            large.map_err(|e| format!("{}: {e}", site.large().display()))?;
        }
        passed.push(comparison.run(options, &site, cpus)?);
    }
    match passed.is_empty() {
        true => Err(format!("nothing is called {:?}", options.only)),
        false => Ok(!passed.contains(&false)),
    }
}

impl Comparison {
    /// Whether its bar was passed, or it has none.
    fn run(&self, options: &Options, site: &Site, cpus: Cpus) -> Result<bool, String> {
        report::title(self.name, self.what);
        let built = Built {
            wirelore: options.wirelore.clone(),
            http_hello: options.hello.clone(),
        };
        let peer = servers::peer(self.duty, site, cpus);
        let contestants = match options.baseline {
            true => vec![peer],
            false => vec![servers::ours(self.duty, &built, site, cpus), peer],
        };
        report::participants(&contestants);
        if contestants
            .iter()
            .all(|contestant| contestant.server.is_err())
        {
            return Err(format!("{}: nobody is there to be measured", self.name));
        }
        let (rounds, turns) = (options.rounds.into(), self.turns(options));
        Ok(match self.work {
            Work::Calls => self.calls(site, &contestants),
            Work::Load => {
                let load = Load::new(self.duty, site);
                let all = rounds::run(&load, &contestants, rounds, turns);
                self.costs(Load::UNIT, &all)
            }
            Work::Transfer(way, _) => {
                let octets = options.size * MIB;
                let transfers = Transfers { way, site, octets };
                let all = rounds::run(&transfers, &contestants, rounds, turns);
                self.costs(Transfers::UNIT, &all)
            }
        })
    }

    fn turns(&self, options: &Options) -> usize {
        match self.work {
            Work::Calls => 1,
            Work::Load => options.seconds.into(),
            Work::Transfer(_, turns) => turns,
        }
    }

    fn costs(&self, unit: Unit, all: &[Series]) -> bool {
        report::rounds(unit, all);
        match (all, self.wanted) {
            ([ours, peer], Some(wanted)) => Bar::compare(self.name, ours, peer, wanted).print(),
            _ => all.iter().all(|peer| {
                let costs = peer.figures(|sample| sample.cost);
                bars::baseline(self.name, peer.name, unit.cost, &costs);
                peer.failure.is_none()
            }),
        }
    }

    fn calls(&self, site: &Site, contestants: &[Contestant]) -> bool {
        let count = |contestant: &Contestant| {
            let calls = contestant.on_server(|server| Calls::of(self.duty, site, server));
            (contestant.name, calls)
        };
        let all: Vec<_> = contestants.iter().map(count).collect();
        report::calls(&all);
        let figure = |of: &Result<Calls, String>| match of {
            Ok(calls) => Ok(calls.without_waiting()),
            Err(why) => Err(why.clone()),
        };
        match (&all[..], self.wanted) {
            ([(_, ours), (_, peer)], Some(wanted)) => {
                Bar::absolute(self.name, figure(ours), figure(peer).ok(), wanted).print()
            }
            ([(name, peer)], _) => {
                let figures: Vec<_> = figure(peer).into_iter().collect();
                bars::baseline(self.name, name, "calls/request", &figures);
                peer.is_ok()
            }
            _ => true,
        }
    }
}
