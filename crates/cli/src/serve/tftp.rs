//! The folder over TFTP.

use super::board::{Pin, Running};
use super::log::{Log, Transfer};
use super::{Shared, Started};
use crate::policy::{Asker, Denied, DeniedKind, Policy, Upload};
use std::io;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};
use wirelore_core::escape;
use wirelore_tftp::wire::OptionName;
use wirelore_tokio::tftp::{
    Access, Asked, Denial, Direction, ErrorCode, Failure, Files, Mode, RefusedRequest, Report,
    Server, ServerOptions, Summary, Unfinished,
};
use wirelore_tokio::{Target, Watch};

/// What is particular to TFTP.
#[derive(Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "TFTP")]
pub(crate) struct Options {
    /// Transfers at a time; further requests wait
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..))]
    tftp_transfers: u16,
    /// Ports for the transfers, for a firewall's sake [default: any free one]
    #[arg(long, value_name = "A-B", value_parser = ports)]
    tftp_ports: Option<RangeInclusive<u16>>,
    /// The largest blksize to grant
    #[arg(long, value_name = "N", default_value_t = 65464, value_parser = clap::value_parser!(u16).range(8..=65464))]
    tftp_blksize: u16,
    /// The largest windowsize to grant
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    tftp_windowsize: u16,
    /// The first wait for an answer; each further one is longer
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = humantime::parse_duration)]
    tftp_timeout: Duration,
    /// Waits after which a client is given up
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=100))]
    tftp_retries: u32,
    /// Know no options, as RFC 1350
    #[arg(long)]
    tftp_no_options: bool,
}

/// Every option, to be taken for unknown.
const ALL_OPTIONS: &[OptionName] = &[
    OptionName::Blksize,
    OptionName::Windowsize,
    OptionName::Timeout,
    OptionName::Utimeout,
    OptionName::Tsize,
    OptionName::Rollover,
];

pub(super) fn start(shared: &Shared, address: SocketAddr) -> io::Result<Started> {
    let Options { tftp_timeout, .. } = shared.tftp;
    let mut options = ServerOptions::default();
    options.max_transfers = shared.tftp.tftp_transfers.into();
    options.ports = shared.tftp.tftp_ports.clone();
    options.drain = shared.drain;
    options.config.max_blksize = shared.tftp.tftp_blksize;
    options.config.max_windowsize = shared.tftp.tftp_windowsize;
    options.config.transfer.seed = seed();
    let timing = &mut options.config.transfer.timing;
    timing.initial = tftp_timeout;
    timing.minimum = timing.minimum.min(tftp_timeout);
    timing.maximum = timing.maximum.max(tftp_timeout);
    timing.tries = shared.tftp.tftp_retries;
    if shared.tftp.tftp_no_options {
        options.config.ignored_options = ALL_OPTIONS;
    }
    let server = Server::bind(address, options)?;
    let address = server.local_addr();
    let folder = Folder {
        policy: Arc::clone(&shared.policy),
        log: shared.log.clone(),
    };
    let mut stop = shared.stop.clone();
    let served = Box::pin(async move {
        let stop = async move { _ = stop.wait_for(|&stop| stop).await };
        server.run(Arc::new(folder), stop).await.cut
    });
    Ok(Started { address, served })
}

/// Lines for the clients that people have.
pub(super) fn clients(address: SocketAddr, file: &str) -> Vec<String> {
    let (ip, port) = (address.ip(), address.port());
    let mut lines = vec![format!("curl -O tftp://{address}/{file}")];
    if port == 69 {
        lines.push(format!("atftp --get -r {file} {ip}"));
        lines.push(format!(
            "copy tftp://{ip}/{file} flash:        (on a router)"
        ));
    } else {
        lines.push(format!("atftp --get -r {file} {ip} {port}"));
    }
    lines.push(format!("wirelore copy tftp://{address}/{file} ."));
    lines
}

/// Some number that is another one at every start; waits vary with it.
fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}

fn ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let wrong = || "two port numbers are wanted, like 40000-40999".to_owned();
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let from = from.parse().map_err(|_| wrong())?;
    let to = to.parse().map_err(|_| wrong())?;
    match from <= to && from > 0 {
        true => Ok(from..=to),
        false => Err(wrong()),
    }
}

struct Folder {
    policy: Arc<RwLock<Arc<Policy>>>,
    log: Log,
}

impl Files for Folder {
    fn open(&self, asked: &Asked) -> Result<Access, Denial> {
        let policy = match self.policy.read() {
            Ok(policy) => Arc::clone(&policy),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        };
        let asker = Asker {
            protocol: "tftp",
            peer: asked.peer.ip(),
        };
        match asked.direction {
            Direction::Read => {
                let readable = policy.read(&asker, &asked.filename).map_err(denial)?;
                Ok(Access::Read {
                    size: Some(readable.len),
                    source: Box::new(readable.file),
                    watch: self.watch(asked, Some(readable.len)),
                })
            }
            Direction::Write => {
                let upload = policy.write(&asker, &asked.filename).map_err(denial)?;
                // what is not going to fit is refused before it is sent
                if let Some(size) = announced(asked) {
                    upload.announced(size).map_err(denial)?;
                }
                Ok(Access::Write {
                    max_size: upload.max_size(),
                    target: Box::new(UploadTarget(upload)),
                    watch: self.watch(asked, announced(asked)),
                })
            }
        }
    }

    fn report(&self, report: Report) {
        match report {
            Report::Transfer(asked, summary) => self.transfer(&asked, &summary),
            Report::Denied(asked, denial) => {
                // the line has the name already
                let name = escape(&asked.filename).to_string();
                let why = denial.why.strip_prefix(&format!("\"{name}\": "));
                let why = why.unwrap_or(&denial.why).to_owned();
                self.log.transfer(&Transfer {
                    error: Some((why, Some(denial.code.0))),
                    ..transfer(&asked)
                });
            }
            Report::Refused(peer, why) => {
                let text = match why {
                    RefusedRequest::Malformed(error) => {
                        format!("{peer} sent what is no request: {error}")
                    }
                    RefusedRequest::Mode(Mode::Mail) => {
                        format!("{peer} wanted to send mail, which RFC 1350 has done away with")
                    }
                    RefusedRequest::Mode(_) => format!("{peer} asked for an unknown mode"),
                    RefusedRequest::Full => format!(
                        "{peer} must wait: as many transfers as are allowed go on already \
                         (--tftp-transfers)"
                    ),
                    other => format!("{peer} was refused: {other:?}"),
                };
                self.log.error("tftp", &text);
            }
            Report::Broadcast(peer) => {
                let text =
                    format!("{peer} asked everybody (a broadcast); nobody answers, RFC 1123");
                self.log.error("tftp", &text);
            }
            Report::Socket(error) => {
                self.log
                    .error("tftp", &format!("cannot receive for the moment: {error}"));
            }
            _ => {}
        }
    }
}

impl Folder {
    /// Puts a transfer on the board until it is over.
    fn watch(&self, asked: &Asked, size: Option<u64>) -> Box<dyn Watch> {
        let Transfer {
            protocol,
            client,
            direction,
            file,
            ..
        } = transfer(asked);
        Box::new(Shown(self.log.board().transfer(Running {
            protocol,
            client,
            direction,
            file: file.to_vec(),
            octets: Arc::default(),
            size,
            since: Instant::now(),
        })))
    }

    fn transfer(&self, asked: &Asked, summary: &Summary) {
        let error = match &summary.outcome {
            Ok(()) => None,
            // boot firmware asks for the size first and then comes again: nothing has failed
            Err(Unfinished::Protocol {
                failure:
                    Failure::OptionsDeclined {
                        code: ErrorCode::OPTIONS_REFUSED | ErrorCode::NOT_DEFINED,
                    },
                ..
            }) => return,
            Err(unfinished) => Some((words(unfinished), unfinished.code().map(|code| code.0))),
        };
        let mut options = Vec::new();
        if asked.mode == Mode::Netascii {
            options.push(("mode", "netascii".into()));
        }
        if let Some(parameters) = &summary.parameters {
            options.push(("blksize", parameters.blksize.into()));
            if parameters.windowsize > 1 {
                options.push(("windowsize", parameters.windowsize.into()));
            }
            if let Some(timeout) = parameters.timeout {
                // whole seconds look like it
                options.push(match timeout.subsec_nanos() {
                    0 => ("timeout", timeout.as_secs().into()),
                    _ => ("timeout", timeout.as_secs_f64().into()),
                });
            }
        }
        self.log.transfer(&Transfer {
            octets: summary.octets,
            elapsed: summary.elapsed,
            options,
            retransmits: summary.retransmissions,
            error,
            ..transfer(asked)
        });
    }
}

/// Why a transfer ended without success.
fn words(unfinished: &Unfinished) -> String {
    match unfinished {
        Unfinished::Protocol {
            failure: Failure::Peer { code } | Failure::OptionsDeclined { code },
            message,
        } => {
            let words = match message.is_empty() {
                true => String::new(),
                false => format!(", \"{}\"", escape(message)),
            };
            format!("the client gave up: error {code}{words}")
        }
        Unfinished::Protocol {
            failure: Failure::TimedOut,
            ..
        } => "no answer from the client any more".to_owned(),
        unfinished => unfinished.to_string(),
    }
}

/// The size of the file, where the client says it.
fn announced(asked: &Asked) -> Option<u64> {
    let tsize = asked
        .options
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(b"tsize"));
    std::str::from_utf8(&tsize?.1).ok()?.parse().ok()
}

/// A transfer before anything has happened.
fn transfer(asked: &Asked) -> Transfer<'_> {
    Transfer {
        protocol: "tftp",
        client: asked.peer,
        direction: match asked.direction {
            Direction::Read => "read",
            Direction::Write => "write",
        },
        file: &asked.filename,
        octets: 0,
        elapsed: Duration::ZERO,
        options: Vec::new(),
        retransmits: 0,
        error: None,
    }
}

fn denial(denied: Denied) -> Denial {
    let code = match denied.kind {
        DeniedKind::NotFound => ErrorCode::FILE_NOT_FOUND,
        DeniedKind::TooLarge | DeniedKind::NoSpace => ErrorCode::DISK_FULL,
        DeniedKind::Exists => ErrorCode::FILE_EXISTS,
        DeniedKind::Busy | DeniedKind::Other => ErrorCode::NOT_DEFINED,
        _ => ErrorCode::ACCESS_VIOLATION,
    };
    Denial {
        code,
        text: denied.for_peer().to_owned(),
        why: denied.why,
    }
}

/// A transfer that is on the board.
struct Shown(Pin);

impl Watch for Shown {
    fn progress(&mut self, octets: u64) {
        self.0.progress(octets);
    }
}

/// A file on its way into the folder.
struct UploadTarget(Upload);

impl Target for UploadTarget {
    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, octets)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_ports() {
        assert_eq!(ports("40000-40999"), Ok(40000..=40999));
        for wrong in ["", "1", "2-1", "0-5", "1-65536", "a-b", "1-2-3"] {
            assert!(ports(wrong).is_err(), "{wrong}");
        }
    }
}
