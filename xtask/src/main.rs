//! `cargo xtask`: the checks and chores of this workspace. One file per subcommand.

mod absences;
mod bars;
mod ci;
mod conformance;
mod fuzz;
mod no_std;
mod simulate;
mod source;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use workspace::Workspace;

/// What a subcommand ends with: nothing, or one line that says what is wrong.
type Outcome = Result<(), String>;

/// Checks and chores of the Wirelore workspace
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check what must not be there: dependencies that point up, I/O below the adapter, machine paths
    Absences,
    /// Run every bar of the benches and print its JSON line
    Bars {
        /// Only the bars whose name contains this
        filter: Option<String>,
    },
    /// Everything that must be clean before the tests: fmt, clippy, doc, absences, no-std, conformance
    Ci,
    /// Check the tables in docs/conformance, or mutate the code behind some of their rows
    Conformance(conformance::Options),
    /// Fuzz the targets of one crate and minimise their corpora
    Fuzz(fuzz::Options),
    /// Prove that the crates below the adapter need neither std nor, where they say so, an allocator
    NoStd,
    /// Run the simulated network of one protocol over many seeds
    Simulate(simulate::Options),
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let outcome = Workspace::find().and_then(|workspace| match command {
        Command::Absences => absences::run(&workspace),
        Command::Bars { filter } => bars::run(&workspace, filter.as_deref()),
        Command::Ci => ci::run(&workspace),
        Command::Conformance(options) => conformance::run(&workspace, &options),
        Command::Fuzz(options) => fuzz::run(&workspace, &options),
        Command::NoStd => no_std::run(&workspace),
        Command::Simulate(options) => simulate::run(&workspace, &options),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
