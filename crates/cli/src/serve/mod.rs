//! `wirelore serve`: one folder, every protocol.

mod board;
mod descriptors;
mod endpoint;
mod guests;
mod http;
mod log;
mod signal;
mod small;
mod telnet;
mod tftp;

use crate::exit::{Failure, Verdict};
use crate::policy::{self, Policy};
use endpoint::{Endpoint, Wanted};
use log::Log;
use small::Kind;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A protocol that can be served.
struct Protocol {
    name: &'static str,
    transport: &'static str,
    /// The port on this host for everybody.
    port: u16,
    /// The port that the protocol's standard gives it.
    standard_port: u16,
    /// Whether it is served when none is named.
    by_default: bool,
    /// It is also served where this one is named.
    comes_with: Option<&'static str>,
    start: fn(&Shared, SocketAddr) -> std::io::Result<Started>,
    /// Lines to paste into a client's shell, for a server at this address and a file.
    clients: fn(SocketAddr, &str) -> Vec<String>,
}

/// All of them, sorted by name.
const PROTOCOLS: &[Protocol] = &[
    Protocol {
        name: "chargen",
        transport: "tcp",
        port: 2019,
        standard_port: 19,
        by_default: false,
        comes_with: None,
        start: |shared, address| small::tcp(shared, address, Kind::Chargen),
        clients: small::tcp_clients,
    },
    Protocol {
        name: "chargen-udp",
        transport: "udp",
        port: 2019,
        standard_port: 19,
        by_default: false,
        comes_with: None,
        start: |shared, address| small::udp(shared, address, Kind::Chargen),
        clients: small::udp_clients,
    },
    Protocol {
        name: "daytime",
        transport: "tcp",
        port: 2013,
        standard_port: 13,
        by_default: false,
        comes_with: None,
        start: |shared, address| small::tcp(shared, address, Kind::Daytime),
        clients: small::tcp_clients,
    },
    Protocol {
        name: "daytime-udp",
        transport: "udp",
        port: 2013,
        standard_port: 13,
        by_default: false,
        comes_with: Some("daytime"),
        start: |shared, address| small::udp(shared, address, Kind::Daytime),
        clients: small::udp_clients,
    },
    Protocol {
        name: "discard",
        transport: "tcp",
        port: 2009,
        standard_port: 9,
        by_default: false,
        comes_with: None,
        start: |shared, address| small::tcp(shared, address, Kind::Discard),
        clients: small::tcp_clients,
    },
    Protocol {
        name: "discard-udp",
        transport: "udp",
        port: 2009,
        standard_port: 9,
        by_default: false,
        comes_with: Some("discard"),
        start: |shared, address| small::udp(shared, address, Kind::Discard),
        clients: small::udp_clients,
    },
    Protocol {
        name: "echo",
        transport: "tcp",
        port: 2007,
        standard_port: 7,
        by_default: false,
        comes_with: None,
        start: |shared, address| small::tcp(shared, address, Kind::Echo),
        clients: small::tcp_clients,
    },
    Protocol {
        name: "echo-udp",
        transport: "udp",
        port: 2007,
        standard_port: 7,
        by_default: false,
        comes_with: None,
        start: |shared, address| small::udp(shared, address, Kind::Echo),
        clients: small::udp_clients,
    },
    Protocol {
        name: "http",
        transport: "tcp",
        port: 8080,
        standard_port: 80,
        by_default: true,
        comes_with: None,
        start: http::start,
        clients: http::clients,
    },
    Protocol {
        name: "https",
        transport: "tcp",
        port: 8443,
        standard_port: 443,
        by_default: false,
        comes_with: None,
        start: http::start_secure,
        clients: http::secure_clients,
    },
    Protocol {
        name: "telnet",
        transport: "tcp",
        port: 2323,
        standard_port: 23,
        by_default: true,
        comes_with: None,
        start: telnet::start,
        clients: telnet::clients,
    },
    Protocol {
        name: "tftp",
        transport: "udp",
        port: 6969,
        standard_port: 69,
        by_default: true,
        comes_with: None,
        start: tftp::start,
        clients: tftp::clients,
    },
    Protocol {
        name: "time",
        transport: "tcp",
        port: 2037,
        standard_port: 37,
        by_default: false,
        comes_with: None,
        start: |shared, address| small::tcp(shared, address, Kind::Time),
        clients: small::tcp_clients,
    },
    Protocol {
        name: "time-udp",
        transport: "udp",
        port: 2037,
        standard_port: 37,
        by_default: false,
        comes_with: Some("time"),
        start: |shared, address| small::udp(shared, address, Kind::Time),
        clients: small::udp_clients,
    },
];

/// What all protocols have in common while they are served.
#[derive(Clone)]
struct Shared {
    policy: Arc<RwLock<Arc<Policy>>>,
    log: Log,
    /// Becomes true when the server is to stop.
    stop: watch::Receiver<bool>,
    drain: Duration,
    http: http::Options,
    house: http::Slot,
    small: small::Options,
    telnet: telnet::Options,
    tftp: tftp::Options,
}

/// A protocol that is being served.
struct Started {
    address: SocketAddr,
    /// Ready when all is over that went on when it was told to stop; how many were cut.
    served: Pin<Box<dyn Future<Output = usize> + Send>>,
}

const EXAMPLES: &str = "\
Examples:
  wirelore serve                                    this folder, for this machine only
  wirelore serve images --bind 192.168.1.5          for the network there
  wirelore serve images --standard-ports --bind 0.0.0.0
  wirelore serve images --upload create --max-upload 32MiB --allow 10.0.0.0/8
  wirelore serve images --config wirelore.toml      aliases and access lists, see docs/serve.md
  wirelore serve . --listen tftp=[::1]:0 --json     for programs

SIGTERM and Ctrl-C take no new requests and let transfers end; a second one cuts them. SIGHUP reads
the configuration again.

Exit codes: 0 stopped as it was told to, 1 a protocol could not be served, 2 wrong use.";

/// Serves a folder, read-only unless told otherwise, to old and new devices.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The folder
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Serve these protocols and no others (comma-separated): http, tftp, telnet (a console) and, only
    /// when named, https, echo, discard, chargen, daytime, time, echo-udp, chargen-udp
    #[arg(long, value_name = "PROTOCOLS", value_delimiter = ',')]
    only: Vec<String>,
    /// Where a protocol is served (repeatable); port 0 takes a free one
    #[arg(long, value_name = "PROTOCOL=ADDRESS:PORT")]
    listen: Vec<String>,
    /// The addresses of this machine to serve at (repeatable) [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    bind: Vec<IpAddr>,
    /// Use the ports of the standards (http 80, tftp 69, telnet 23), which may need a right
    #[arg(long)]
    standard_ports: bool,
    /// Print one JSON object a line on stdout
    #[arg(long)]
    json: bool,
    /// No words on stderr but errors
    #[arg(short, long)]
    quiet: bool,
    /// How long transfers may go on after SIGTERM
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    drain: Duration,
    #[command(flatten)]
    policy: policy::Options,
    #[command(flatten)]
    tftp: tftp::Options,
    #[command(flatten)]
    http: http::Options,
    #[command(flatten)]
    telnet: telnet::Options,
    #[command(flatten)]
    small: small::Options,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let wanted = endpoint::wanted(
        &arguments.only,
        &arguments.listen,
        &addresses(&arguments.bind),
        arguments.standard_ports,
    )
    .map_err(Failure::Usage)?;
    let policy = load(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // they open, read and write files; more would only wait for the same disk
        .max_blocking_threads(16)
        .build()?;
    descriptors::raise();
    let (log, writer) = Log::start(arguments.json, arguments.quiet);
    let house = http::Slot::default();
    let verdict = runtime.block_on(serve(arguments, &wanted, policy, &log, &house));
    // whatever still runs is cut now; what reads a disk that hangs is not waited for
    runtime.shutdown_timeout(Duration::from_secs(2));
    http::finish(&house);
    drop((log, house));
    writer.finish();
    verdict
}

fn addresses(bind: &[IpAddr]) -> Vec<IpAddr> {
    match bind {
        [] => vec![Ipv4Addr::LOCALHOST.into()],
        bind => bind.to_vec(),
    }
}

fn load(arguments: &Arguments) -> Result<Policy, Failure> {
    Policy::load(&arguments.dir, &arguments.policy)
        .map_err(|error| Failure::Usage(error.to_string()))
}

async fn serve(
    arguments: &Arguments,
    wanted: &[Wanted],
    policy: Policy,
    log: &Log,
    house: &http::Slot,
) -> Result<Verdict, Failure> {
    let (stop, stopped) = watch::channel(false);
    for note in policy.notes() {
        log.note(note);
    }
    let shared = Shared {
        policy: Arc::new(RwLock::new(Arc::new(policy))),
        log: log.clone(),
        stop: stopped,
        drain: arguments.drain,
        http: arguments.http.clone(),
        house: Arc::clone(house),
        small: arguments.small.clone(),
        telnet: arguments.telnet.clone(),
        tftp: arguments.tftp.clone(),
    };
    // before anything is answered: a signal must not be missed
    let mut signals = signal::Signals::listen()?;
    let mut serving = JoinSet::new();
    let mut endpoints = Vec::new();
    for wanted in wanted {
        match (wanted.protocol.start)(&shared, wanted.address) {
            Ok(Started { address, served }) => {
                endpoints.push(Endpoint {
                    protocol: wanted.protocol,
                    address,
                });
                serving.spawn(served);
            }
            Err(error) => {
                let text = wanted.explain(&error);
                if wanted.named {
                    return Err(Failure::Input(format!("{} {text}", wanted.protocol.name)));
                }
                log.error(wanted.protocol.name, &text);
            }
        }
    }
    if endpoints.is_empty() {
        return Err(Failure::Input("nothing can be served".to_owned()));
    }
    log.listening(&arguments.dir, &endpoints, &sample(&arguments.dir));
    while signals.next().await == signal::Signal::Reload {
        reload(&shared, log);
    }
    log.note("no more requests are taken; transfers come to their end");
    stop.send_replace(true);
    let mut cut = 0;
    loop {
        tokio::select! {
            served = serving.join_next() => match served {
                Some(served) => cut += served.unwrap_or(0),
                None => break,
            },
            signal = signals.next() => if signal == signal::Signal::Stop {
                log.note("cut off by a second signal");
                return Ok(Verdict::Good);
            },
        }
    }
    log.stopped(cut);
    Ok(Verdict::Good)
}

/// Reads the configuration again. What it says holds for requests from now on.
fn reload(shared: &Shared, log: &Log) {
    let Ok(mut policy) = shared.policy.write() else {
        return;
    };
    match policy.reload() {
        Ok(reloaded) => {
            log.note("the configuration was read again");
            reloaded.notes().iter().for_each(|note| log.note(note));
            *policy = Arc::new(reloaded);
            drop(policy);
            http::reload(shared);
        }
        Err(error) => log.error("configuration", &format!("kept as it was: {error}")),
    }
}

/// The name of some file in the folder, for lines to paste.
fn sample(dir: &Path) -> String {
    let entries = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .take(1000)
        .flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let names = files.filter_map(|entry| entry.file_name().into_string().ok());
    let plain = |name: &String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        name.chars().all(plain) && !name.starts_with(['.', '-'])
    };
    names
        .filter(plain)
        .min()
        .unwrap_or_else(|| "FILE".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(PROTOCOLS.is_sorted_by_key(|protocol| protocol.name));
    }
}
