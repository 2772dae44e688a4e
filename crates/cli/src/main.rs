//! The command `wirelore`. One folder per verb, one file per protocol in it.

mod decode;
mod encode;
mod exit;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Looks inside the bytes of classic Internet protocols.
#[derive(Parser)]
#[command(name = "wirelore", version, max_term_width = 100)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Says what wire bytes are: annotated hex for people, JSON for programs
    Decode(decode::Arguments),
    /// Makes wire bytes out of the events that `decode` prints
    Encode(encode::Arguments),
}

fn main() -> ExitCode {
    exit::code(match Command::parse().verb {
        Verb::Decode(arguments) => decode::run(&arguments),
        Verb::Encode(arguments) => encode::run(&arguments),
    })
}
