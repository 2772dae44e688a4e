//! `wirelore selftest`: servers and clients against each other, on this machine.
//!
//! A protocol is a file or a folder here and a line in the table; all of them share the processes
//! (`stage.rs`), connections of this process (`wire.rs`), what is copied (`content.rs`), the judgment
//! (`judge.rs`) and the table (`report.rs`).

mod content;
mod http;
mod interrupt;
mod judge;
mod report;
mod small;
mod stage;
mod telnet;
mod tftp;
mod wire;

use crate::exit::{self, Failure};
use interrupt::Interrupt;
use judge::Fault;
use report::{Report, Row, Shown, Story, Verdict};
use stage::Stage;
use std::future::Future;
use std::io::{self, Write};
use std::path::Path;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Instant;

/// A protocol that can be tested.
struct Protocol {
    name: &'static str,
    /// Plays every case, and tells of each when it is over.
    run: for<'s> fn(&'s Stage, Tell<'s>) -> Played<'s>,
}

/// All of them, sorted by name.
const PROTOCOLS: &[Protocol] = &[
    Protocol {
        name: "http",
        run: |stage, tell| Box::pin(http::run(stage, tell)),
    },
    Protocol {
        name: "small",
        run: |stage, tell| Box::pin(small::run(stage, tell)),
    },
    Protocol {
        name: "telnet",
        run: |stage, tell| Box::pin(telnet::run(stage, tell)),
    },
    Protocol {
        name: "tftp",
        run: |stage, tell| Box::pin(tftp::run(stage, tell)),
    },
];

/// Hears of a case that is over. It fails where it cannot be printed.
type Tell<'s> = &'s mut dyn FnMut(Row) -> Result<(), Failure>;

type Played<'s> = Pin<Box<dyn Future<Output = Result<(), Trouble>> + 's>>;

/// What ends the cases of a protocol early.
enum Trouble {
    /// The system does not give what the cases need, or a server does not start.
    Unready(io::Error),
    Failure(Failure),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Unready(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

const EXAMPLES: &str = "\
It takes some seconds, needs no network, and leaves nothing behind.

Exit codes: 0 all is right, 1 something is not, 2 wrong use, 130 ended by Ctrl-C.";

/// Checks on this machine that servers and clients work: serves, copies both ways, compares.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Test these and no others (comma-separated): http (and https), small (echo, discard, chargen,
    /// daytime, time), telnet, tftp
    #[arg(long, value_name = "PROTOCOLS", value_delimiter = ',')]
    only: Vec<String>,
    /// Print one JSON object a line on stdout: one for each case, then a summary
    #[arg(long)]
    json: bool,
    /// Say more about each case: the command, and what both sides report
    #[arg(short, long)]
    verbose: bool,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let code = chosen(arguments).and_then(|protocols| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| unready(&error))?;
        runtime.block_on(attended(arguments, &protocols))
    });
    code.unwrap_or_else(|failure| exit::code(Err(failure)))
}

fn chosen(arguments: &Arguments) -> Result<Vec<&'static Protocol>, Failure> {
    let known = |name: &str| PROTOCOLS.iter().any(|protocol| protocol.name == name);
    if let Some(unknown) = arguments.only.iter().find(|name| !known(name)) {
        let names: Vec<_> = PROTOCOLS.iter().map(|protocol| protocol.name).collect();
        let (unknown, names) = (unknown.escape_debug(), names.join(", "));
        return Err(Failure::Usage(format!(
            "no protocol \"{unknown}\" is tested here: there is {names}"
        )));
    }
    let wanted = |name| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    Ok(PROTOCOLS
        .iter()
        .filter(|protocol| wanted(protocol.name))
        .collect())
}

/// Tests until the end or a signal, and leaves nothing behind.
async fn attended(arguments: &Arguments, protocols: &[&Protocol]) -> Result<ExitCode, Failure> {
    let mut interrupt = Interrupt::listen().map_err(|error| unready(&error))?;
    let folder = tempfile::Builder::new()
        .prefix("wirelore-selftest-")
        .tempdir();
    let folder = folder.map_err(|error| unready(&error))?;
    let result = tokio::select! {
        biased;
        code = interrupt.wait() => Ok(code),
        // dropped by the other branch, it takes its processes with it
        result = all(arguments, protocols, folder.path()) => result,
    };
    // what is not removed here is tried once more when `folder` is dropped
    if let Err(error) = stage::remove(folder.path()).await {
        anstream::eprintln!(
            "wirelore: {} is left behind: {error}",
            folder.path().display()
        );
    }
    result
}

async fn all(
    arguments: &Arguments,
    protocols: &[&Protocol],
    folder: &Path,
) -> Result<ExitCode, Failure> {
    let out: Box<dyn Write> = match arguments.json {
        true => Box::new(io::stdout()),
        false => Box::new(anstream::stdout()),
    };
    let (mut report, started) = (
        Report::new(out, arguments.json, arguments.verbose),
        Instant::now(),
    );
    report.begin()?;
    for protocol in protocols {
        let mut tell = |row: Row| Ok(report.row(protocol.name, &row)?);
        let played = match Stage::new(folder.join(protocol.name)) {
            Ok(stage) => (protocol.run)(&stage, &mut tell).await,
            Err(error) => Err(error.into()),
        };
        match played {
            Ok(()) => {}
            Err(Trouble::Failure(failure)) => return Err(failure),
            Err(Trouble::Unready(error)) => tell(Row {
                group: "what is needed",
                what: "files and servers",
                shown: Shown::Answer("ready".into()),
                verdict: Verdict::Wrong(Fault::unready(&error)),
                story: Story::default(),
            })?,
        }
    }
    let good = report.end(started.elapsed())?;
    Ok(exit::code(Ok(exit::Verdict::good(good))))
}

fn unready(error: &io::Error) -> Failure {
    Failure::Input(format!("cannot begin: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(PROTOCOLS.is_sorted_by_key(|protocol| protocol.name));
    }
}
