//! `simulate`: the simulated network of one protocol, over more seeds than an ordinary test run.
//!
//! Each protocol has an integration test `simulation`, whose function `simulation` runs the ordinary
//! mixture of networks. The functions beside it look at one class of networks each.

use crate::Outcome;
use crate::workspace::{Workspace, run as run_command, shown};
use serde_json::json;
use std::process::Stdio;
use std::time::Instant;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The protocol: `tftp` for the test `simulation` of the package `wirelore-tftp`
    protocol: String,
    /// Seeds 0 to N - 1
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    seeds: u64,
    /// Replay this one seed, with its details
    #[arg(long, value_name = "S", conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Another function than the mixture, with its modules: `classes::some_test`
    #[arg(long, value_name = "NAME", default_value = "simulation")]
    test: String,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let package = format!("wirelore-{}", options.protocol);
    workspace.package(&package)?;
    let simulation = |arguments: &[&str]| {
        let mut cargo = workspace.cargo(&["test", "--release", "--package", &package]);
        cargo.args(["--test", "simulation"]).args(arguments);
        cargo
    };
    run_command(&mut simulation(&["--no-run"]))?;
    let mut test = simulation(&["--quiet", "--", "--nocapture", "--exact", &options.test]);
    let seeds = match options.seed {
        Some(seed) => {
            test.env("WIRELORE_SEED", seed.to_string());
            1
        }
        None => {
            test.env("WIRELORE_SEEDS", options.seeds.to_string());
            options.seeds
        }
    };
    let started = Instant::now();
    let output = test
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("{}: {e}", shown(&test)))?;
    let seconds = started.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stdout);
    let passed = output.status.success();
    if passed && !said.contains("test result: ok. 1 passed") {
        return Err(format!(
            "{package} has no test simulation::{}",
            options.test
        ));
    }
    let line = json!({
        "simulation": options.protocol, "test": options.test, "seeds": seeds,
        "seconds": (seconds * 1000.0).round() / 1000.0,
        "seeds_per_second": (seeds as f64 / seconds).round(), "passed": passed,
    });
    println!("{line}");
    match passed {
        true => Ok(()),
        false => Err(format!(
            "{} failed; its replay command is above",
            options.test
        )),
    }
}
