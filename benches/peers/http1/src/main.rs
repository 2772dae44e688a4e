//! Our parser of HTTP/1 heads and other people's, measured side by side.
//!
//! `cargo run --release --bin http1-peers` in this folder takes a few seconds. A table for people goes to
//! standard error, a JSON line for each bar to standard output; the exit status is 1 when a bar is
//! missed, 2 when nothing could be measured. `docs/benchmarks.md` says how to read it.
//!
//! - `heads.rs`: the four heads
//! - `contestants.rs`: who parses them
//! - `framing.rs`: what a user of httparse writes on top of it
//! - `clock.rs`: nanoseconds, interleaved

mod clock;
mod contestants;
mod framing;
mod heads;

use clock::{Batches, Effort};
use heads::Head;
use serde_json::json;
use std::process::ExitCode;

/// How many times as fast as httparse alone ours shall be, by head.
const AGAINST_HTTPARSE: [(&str, f64); 4] = [
    ("small", 1.3),
    ("browser", 1.1),
    ("response", 0.9),
    ("big", 3.0),
];
/// The same against httparse and what its user adds, which is about what ours does.
const AGAINST_FRAMING: f64 = 1.1;
/// How many times the parser's time a machine may take for the same head.
const MACHINE_TIME: f64 = 1.25;

const USAGE: &str = "usage: http1-peers [--only HEAD] [--rounds N] [--passes N] [--json]

  --only HEAD    only the heads whose name contains this
  --rounds N     rounds in a pass, with one batch of each contestant (1500)
  --passes N     passes, of which the median counts (5)
  --json         also a JSON line for each figure";

fn main() -> ExitCode {
    let outcome = Options::from(std::env::args().skip(1)).and_then(|options| compare(&options));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("http1-peers: {why}");
            ExitCode::from(2)
        }
    }
}

struct Options {
    only: String,
    effort: Effort,
    json: bool,
}

impl Options {
    fn from(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            only: String::new(),
            effort: Effort {
                rounds: 1500,
                passes: 5,
            },
            json: false,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| USAGE.to_owned());
            match argument.as_str() {
                "--only" => options.only = value()?,
                "--rounds" => options.effort.rounds = positive(&value()?)?,
                "--passes" => options.effort.passes = positive(&value()?)?,
                "--json" => options.json = true,
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(options)
    }
}

fn positive(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| USAGE.to_owned())
}

/// Measures everything; whether all bars were passed.
fn compare(options: &Options) -> Result<bool, String> {
    let mut heads = heads::all()?;
    heads.retain(|head| head.name.contains(&options.only));
    if heads.is_empty() {
        return Err(format!("no head is called {:?}", options.only));
    }
    let mut passed = Vec::new();
    for head in &heads {
        let figures = Figures::of(head, options.effort)?;
        figures.show(head);
        if options.json {
            figures.print(head);
        }
        passed.extend(figures.bars(head));
    }
    Ok(!passed.contains(&false))
}

/// What was measured of one head, by contestant.
struct Figures(Vec<(&'static str, Batches)>);

impl Figures {
    fn of(head: &Head, effort: Effort) -> Result<Self, String> {
        let mut contestants = contestants::all(head)?;
        let batches = clock::measure(&mut contestants, effort);
        let names = contestants.iter().map(|contestant| contestant.name);
        Ok(Self(names.zip(batches).collect()))
    }

    fn show(&self, head: &Head) {
        let (octets, fields) = (head.octets.len(), head.fields);
        eprintln!(
            "{:<18} {:>8} {:>12} {:>8}   {octets} octets, {fields} fields",
            head.name, "ns", "undisturbed", "GB/s"
        );
        for (name, batches) in &self.0 {
            let (median, undisturbed) = (batches.median(), batches.undisturbed());
            let rate = octets as f64 / median;
            eprintln!("  {name:<16} {median:>8.1} {undisturbed:>12.1} {rate:>8.2}");
        }
    }

    /// One line for each bar; which of them were passed.
    fn bars(&self, head: &Head) -> Vec<bool> {
        let alone = AGAINST_HTTPARSE.iter().find(|(name, _)| *name == head.name);
        let alone = alone.map_or(f64::NAN, |(_, wanted)| *wanted);
        vec![
            self.speed(head, contestants::HTTPARSE, alone),
            self.speed(head, contestants::HTTPARSE_FRAMING, AGAINST_FRAMING),
            self.machine_time(head),
        ]
    }

    /// How many times as fast as `peer` ours is.
    fn speed(&self, head: &Head, peer: &str, wanted: f64) -> bool {
        let (ours, theirs) = (self.batches(contestants::VALUE), self.batches(peer));
        let ratio = theirs.relative_to(ours);
        let pass = ratio >= wanted;
        let line = json!({
            "bar": format!("http1-peers-{}-{peer}-speed", head.name),
            "ours": rounded(ours.median()),
            "peer": rounded(theirs.median()),
            "ratio": rounded(ratio),
            "wanted": format!(">= {wanted}"),
            "pass": pass,
        });
        println!("{line}");
        pass
    }

    /// How much longer the machine takes than the parser it is made of.
    fn machine_time(&self, head: &Head) -> bool {
        let value = self.batches(contestants::VALUE);
        let machine = self.batches(contestants::MACHINE);
        let ratio = machine.relative_to(value);
        let pass = ratio <= MACHINE_TIME;
        let line = json!({
            "bar": format!("http1-peers-{}-machine-time", head.name),
            "ours": rounded(machine.median()),
            "peer": rounded(value.median()),
            "ratio": rounded(ratio),
            "wanted": format!("<= {MACHINE_TIME}"),
            "pass": pass,
        });
        println!("{line}");
        pass
    }

    fn batches(&self, name: &str) -> &Batches {
        let found = self.0.iter().find(|(contestant, _)| *contestant == name);
        &found.expect("everybody was measured").1
    }

    fn print(&self, head: &Head) {
        for (name, batches) in &self.0 {
            let line = json!({
                "head": head.name,
                "contestant": name,
                "nanoseconds": rounded(batches.median()),
                "undisturbed": rounded(batches.undisturbed()),
                "octets_per_nanosecond": rounded(head.octets.len() as f64 / batches.median()),
            });
            println!("{line}");
        }
    }
}

fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}
