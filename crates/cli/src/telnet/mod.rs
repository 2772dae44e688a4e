//! `wirelore telnet`: a terminal, or a pipe, at a TELNET server.
//!
//! `session.rs` knows the connection and the screen; `interactive.rs` and `pipe.rs` are the two kinds
//! of people at its other end.

mod console;
mod ends;
mod input;
mod interactive;
mod log;
mod manner;
mod network;
mod offer;
mod pipe;
mod printer;
mod prompt;
mod run;
mod send;
mod session;
mod settings;
mod signals;
mod talker;
mod terminal;
mod wire;
mod words;

use network::{Network, Port};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  wirelore telnet 10.0.0.1
  wirelore telnet -l operator switch.example.net
  wirelore telnet -v console.example.net 2001
  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | wirelore telnet www.example.net http
  printf 'show version\\nexit\\n' | wirelore telnet -q 5 10.0.0.1 --log version.txt

^] opens a prompt: help, status, send ayt, quit. Nothing of the environment is told that was not named.

Exit codes: wirelore telnet --help exit";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES, disable_help_flag = true)]
#[command(override_usage = "wirelore telnet [OPTIONS] <HOST> [PORT]")]
pub(crate) struct Arguments {
    /// A name or an address
    #[arg(value_name = "HOST", required_unless_present = "help")]
    host: Option<String>,
    /// A number, or a name such as smtp
    #[arg(value_name = "PORT", default_value = "telnet")]
    port: Port,

    /// Tell this name as USER, and speak first
    #[arg(short = 'l', long, value_name = "NAME")]
    user: Option<String>,
    /// Tell this variable, with its value here or with another one
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Ask for eight bits without line ends, both ways
    #[arg(short = '8', long)]
    binary: bool,
    /// Ask for the same, for what is sent
    #[arg(short = 'L', long)]
    binary_output: bool,
    /// No TELNET: octets go to and fro as they are
    #[arg(long, conflicts_with_all = ["user", "env", "binary", "binary_output"])]
    raw: bool,

    /// The character that opens the prompt: ^X, X, or none
    #[arg(short, long, value_name = "CHAR", value_parser = escape_character, help_heading = "At a terminal")]
    #[arg(default_value = "^]", overrides_with = "no_escape")]
    escape: Escape,
    /// No such character
    #[arg(
        short = 'E',
        long,
        help_heading = "At a terminal",
        overrides_with = "escape"
    )]
    no_escape: bool,

    /// At the end of stdin, keep our direction open
    #[arg(long, help_heading = "In a pipe")]
    no_shutdown: bool,
    /// At the end of stdin, keep it open so long, then close the connection
    #[arg(short, long, value_name = "SECONDS", value_parser = network::seconds)]
    #[arg(help_heading = "In a pipe", conflicts_with = "no_shutdown")]
    quit_after: Option<Duration>,

    /// Tell of the negotiation, in words
    #[arg(short, long, help_heading = "What is said")]
    verbose: bool,
    /// Write what the server prints into FILE
    #[arg(long, value_name = "FILE", help_heading = "What is said")]
    log: Option<PathBuf>,
    /// Write every octet into FILE, as a capture for Wireshark
    #[arg(long, value_name = "FILE", help_heading = "What is said")]
    pcap: Option<PathBuf>,

    #[command(flatten)]
    network: Network,

    /// Print help, or with "exit" the exit codes
    #[arg(short, long, value_enum, value_name = "TOPIC", num_args = 0..=1)]
    #[arg(default_missing_value = "telnet", hide_possible_values = true)]
    help: Option<Topic>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Topic {
    #[value(hide = true)]
    Telnet,
    Exit,
}

/// The escape character, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Escape(Option<u8>);

fn escape_character(text: &str) -> Result<Escape, String> {
    settings::character(text).map(Escape)
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match arguments.help {
        None => ExitCode::from(run::run(arguments).0),
        Some(topic) => help(topic),
    }
}

fn help(topic: Topic) -> ExitCode {
    let text = match topic {
        Topic::Exit => ends::help(),
        Topic::Telnet => {
            let command = clap::Command::new("telnet")
                .bin_name("wirelore telnet")
                .about("Talks to a TELNET server, or to any other that speaks text")
                .max_term_width(100);
            let mut command = <Arguments as clap::Args>::augment_args(command);
            command.render_help().ansi().to_string()
        }
    };
    // nobody who goes away before the end of a help text is told so
    let _ = std::io::Write::write_all(&mut anstream::stdout(), text.as_bytes());
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        <Arguments as clap::Args>::augment_args(clap::Command::new("telnet")).debug_assert();
    }
}
