//! The command `wirelore`. One folder per verb, one file per protocol in it.

mod copy;
mod decode;
mod encode;
mod exit;
mod policy;
mod selftest;
mod serve;
#[cfg(unix)]
mod telnet;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Serves, copies and looks inside the classic Internet protocols.
#[derive(Parser)]
#[command(name = "wirelore", version, max_term_width = 100)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serves a folder to old and new devices
    Serve(Box<serve::Arguments>),
    /// Copies a file from anywhere to anywhere
    Copy(copy::Arguments),
    /// Checks on this machine that servers and clients work
    Selftest(selftest::Arguments),
    /// Says what wire bytes are: annotated hex for people, JSON for programs
    Decode(decode::Arguments),
    /// Makes wire bytes out of the events that `decode` prints
    Encode(encode::Arguments),
    /// Talks to a TELNET server, from a terminal or in a pipe
    #[cfg(unix)]
    Telnet(telnet::Arguments),
}

fn main() -> ExitCode {
    exit::code(match Command::parse().verb {
        Verb::Serve(arguments) => serve::run(&arguments),
        Verb::Copy(arguments) => return copy::run(&arguments),
        Verb::Selftest(arguments) => return selftest::run(&arguments),
        Verb::Decode(arguments) => decode::run(&arguments),
        Verb::Encode(arguments) => encode::run(&arguments),
        #[cfg(unix)]
        Verb::Telnet(arguments) => return telnet::run(&arguments),
    })
}
