//! `wirelore copy`: from anywhere to anywhere.
//!
//! A protocol is a file or a folder here and a line in the table of `place.rs`; all of them share what
//! is local (`local.rs`), looked at (`lookout.rs`), verified (`audit.rs`) and reported.

mod audit;
mod batch;
mod codes;
mod common;
mod file;
mod http;
mod kept;
mod local;
mod lookout;
mod network;
mod output;
mod part;
mod pipe;
mod place;
mod progress;
mod remote;
mod report;
mod run;
mod signals;
mod tftp;
mod trace;

use audit::{Algorithm, Checksum};
use bytesize::ByteSize;
use network::Network;
use progress::Style;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  wirelore copy tftp://10.0.0.1/router-confg .
  wirelore copy tftp://10.0.0.1//tftpboot/ios.bin ios.bin --checksum md5:3f6b0f8a...
  wirelore copy running.cfg 'tftp://10.0.0.1/backup.cfg;mode=netascii' -v
  pg_dump db | gzip | wirelore copy - tftp://10.0.0.1/db.gz
  wirelore copy tftp://10.0.0.1/image tftp://10.0.0.2/ --progress bang
  wirelore copy tftp://10.0.0.1/motd - --quiet
  wirelore copy https://10.0.0.1/ios.bin . --continue --cacert ca.pem
  wirelore copy running.cfg http://10.0.0.1/backup/ --user admin
  wirelore copy http://10.0.0.1/image tftp://10.0.0.2/

SRC and DST are http:, https:, tftp: and file: URLs, paths, or - for stdin and stdout. A path that looks like a URL
is written ./PATH.

Durations are seconds, or have a unit: 500ms, 2s, 5m. Sizes have one too: 64k, 10M, 1GiB.

Exit codes: wirelore copy --help exit";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES, disable_help_flag = true)]
#[command(override_usage = "wirelore copy [OPTIONS] <SRC> <DST>")]
pub(crate) struct Arguments {
    /// What to copy
    #[arg(value_name = "SRC", required_unless_present_any = ["help", "batch", "history"])]
    source: Option<OsString>,
    /// Where to: a file, or a folder for a file of the same name
    #[arg(value_name = "DST", required_unless_present_any = ["help", "batch", "history"])]
    destination: Option<OsString>,

    /// Leave a file alone that exists at DST
    #[arg(short, long)]
    no_clobber: bool,
    /// Keep nothing unless the file has this digest: sha256:HEX or md5:HEX
    #[arg(long, value_name = "ALGORITHM:HEX")]
    checksum: Option<Checksum>,
    /// Print the digest of what was copied: on stdout, or on stderr where stdout is taken
    #[arg(long, value_enum, value_name = "ALGORITHM")]
    digest: Option<Algorithm>,
    /// Copy nothing that is larger
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_size: Option<u64>,
    /// Keep what came when a download fails, and go on behind it the next time
    #[arg(short = 'C', long = "continue")]
    go_on: bool,
    /// Copy what the lines of FILE say, SRC and DST on each; - is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["source", "destination"])]
    batch: Option<PathBuf>,

    /// How to show progress
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        help_heading = "What is said"
    )]
    progress: Style,
    /// One JSON object for the transfer on stdout
    #[arg(long, help_heading = "What is said")]
    json: bool,
    /// Say nothing but what went wrong
    #[arg(short, long, help_heading = "What is said", conflicts_with = "verbose")]
    quiet: bool,
    /// Say what the two sides say; -vv: every packet
    #[arg(short, long, help_heading = "What is said", action = clap::ArgAction::Count)]
    verbose: u8,
    /// Write every packet into FILE, in hex and text
    #[arg(long, value_name = "FILE", help_heading = "What is said")]
    trace: Option<PathBuf>,
    /// Write every packet into FILE, as a capture for Wireshark
    #[arg(long, value_name = "FILE", help_heading = "What is said")]
    pcap: Option<PathBuf>,

    /// Ask again so often when there is no answer, or a passing failure
    #[arg(long, value_name = "N", default_value = "5", help_heading = "Patience")]
    retries: u32,
    /// TFTP: wait exactly so long for every answer, instead of by the network's round-trip time;
    /// HTTP: give up a connection on which nothing moves for so long [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = wait, help_heading = "Patience")]
    timeout: Option<Duration>,
    /// Give up when the other side has not answered at all after so long
    #[arg(long, value_name = "DURATION", value_parser = wait, help_heading = "Patience")]
    connect_timeout: Option<Duration>,
    /// Give up after so long, whatever is going on
    #[arg(long, value_name = "DURATION", value_parser = wait, help_heading = "Patience")]
    max_time: Option<Duration>,

    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    http: Box<http::Options>,
    #[command(flatten)]
    tftp: tftp::Options,

    /// Print help, or with "exit" the exit codes
    #[arg(short, long, value_enum, value_name = "TOPIC", num_args = 0..=1)]
    #[arg(default_missing_value = "copy", hide_possible_values = true)]
    help: Option<Topic>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Topic {
    #[value(hide = true)]
    Copy,
    Exit,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match arguments.help {
        None if arguments.http.history => ExitCode::from(http::history::show().0),
        None => ExitCode::from(run::run(arguments).0),
        Some(topic) => help(topic),
    }
}

fn help(topic: Topic) -> ExitCode {
    let text = match topic {
        Topic::Exit => codes::help(),
        Topic::Copy => {
            let command = clap::Command::new("copy")
                .bin_name("wirelore copy")
                .about("Copies a file from anywhere to anywhere")
                .max_term_width(100);
            let mut command = <Arguments as clap::Args>::augment_args(command);
            command.render_help().ansi().to_string()
        }
    };
    // nobody who goes away before the end of a help text is told so
    let _ = std::io::Write::write_all(&mut anstream::stdout(), text.as_bytes());
    ExitCode::SUCCESS
}

/// Seconds, or a number with a unit.
fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    match seconds.or_else(|| humantime::parse_duration(text).ok()) {
        // what is longer is for ever, and cannot be added to the time
        Some(duration) if duration <= Duration::from_secs(1 << 32) => Ok(duration),
        _ => Err("seconds, or a number with a unit: 500ms, 2s, 5m".into()),
    }
}

/// A duration that something may take.
fn wait(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        wait if wait < Duration::from_millis(1) => Err("at least 1ms".into()),
        wait => Ok(wait),
    }
}

fn size(text: &str) -> Result<u64, String> {
    let size: ByteSize = text
        .parse()
        .map_err(|_| "bytes, or a number with a unit: 64k, 10M, 1GiB")?;
    Ok(size.as_u64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_have_units_or_not() {
        for (text, millis) in [
            ("0", 0),
            ("2", 2000),
            ("0.25", 250),
            ("500ms", 500),
            ("1m 5s", 65_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for bad in ["", "-1", "x", "nan", "inf", "1e30", "5 parsecs"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(wait("0").is_err() && wait("1ms").is_ok());
        for (text, octets) in [("0", 0), ("10", 10), ("64k", 64_000), ("1GiB", 1 << 30)] {
            assert_eq!(size(text), Ok(octets), "{text}");
        }
        assert!(size("").is_err() && size("-1").is_err() && size("x").is_err());
    }

    #[test]
    fn the_command_line_is_sound() {
        <Arguments as clap::Args>::augment_args(clap::Command::new("copy")).debug_assert();
    }
}
