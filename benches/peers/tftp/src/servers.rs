//! The servers: how each is found, started, and asked for a file.

use crate::builds;
use crate::network;
use crate::process::{Launch, Process};
use std::env;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Our server's name in the tables.
pub(crate) const OURS: &str = "wirelore";

/// The raw limit's.
pub(crate) const LIMIT: &str = "ping-pong";

/// The peers with a part in a bar of their own.
pub(crate) const ATFTPD: &str = "atftpd";
pub(crate) const DNSMASQ: &str = "dnsmasq";

/// Folders of daemons, which an ordinary user's `PATH` lacks.
const SYSTEM: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// A server that could be started.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    /// What it says its version is.
    pub(crate) version: String,
    launch: Launch,
    listens: Listens,
}

/// Where a server listens.
#[derive(Clone, Copy, Debug)]
enum Listens {
    /// On a port it was told.
    Port(u16),
    /// On a port that it says on its standard output.
    Says,
}

/// A server that could not be had.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) name: &'static str,
    pub(crate) why: String,
}

/// A server that listens.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
}

/// How our server is started.
#[derive(Clone, Debug)]
pub(crate) enum Ours {
    /// `wirelore serve`; built here if no program is named.
    Command(Option<PathBuf>),
    /// Another command line, in which `{dir}` stands for the folder.
    Line(String),
}

/// Our server, which serves `folder`.
pub(crate) fn ours(ours: &Ours, folder: &Path) -> Result<Plan, String> {
    let (program, arguments) = match ours {
        Ours::Command(program) => {
            let program = program.clone().map_or_else(builds::wirelore, Ok)?;
            let mut arguments: Vec<OsString> = vec!["serve".into(), folder.into()];
            let listen = ["--only", "tftp", "--listen", "tftp=127.0.0.1:0", "--json"];
            arguments.extend(listen.map(Into::into));
            (program, arguments)
        }
        Ours::Line(line) => {
            let mut words = line.split_whitespace();
            let program = words.next().ok_or("an empty command line")?;
            let word = |word| match word {
                "{dir}" => folder.into(),
                word => OsString::from(word),
            };
            (program.into(), words.map(word).collect())
        }
    };
    let version = match ours {
        Ours::Command(_) => says(&program, "--version"),
        Ours::Line(line) => line.clone(),
    };
    Ok(Plan {
        name: OURS,
        version,
        launch: Launch {
            program: program.canonicalize().unwrap_or(program),
            arguments,
            folder: folder.to_owned(),
        },
        listens: Listens::Says,
    })
}

/// The raw limit.
pub(crate) fn limit(folder: &Path) -> Result<Plan, String> {
    let program = env::current_exe().map_err(|e| e.to_string())?;
    Ok(Plan {
        name: LIMIT,
        version: "this program".into(),
        launch: Launch {
            program,
            arguments: vec!["ping-pong".into()],
            folder: folder.to_owned(),
        },
        listens: Listens::Says,
    })
}

/// All peers that can be had, and those that cannot. Each serves `folder`, read only where there is
/// a choice, says as little as it can, and admits `clients` at once where it has a limit.
pub(crate) fn peers(folder: &Path, clients: usize) -> (Vec<Plan>, Vec<Missing>) {
    let clients = clients.to_string();
    let dir = folder.to_str().unwrap_or_default();
    let peers = [
        peer(
            "tftpd-hpa",
            find("in.tftpd"),
            "-V",
            folder,
            6901,
            &[
                "-L",
                "-4",
                "-a",
                "127.0.0.1:6901",
                "-u",
                "nobody",
                "-s",
                dir,
            ],
        ),
        peer(
            ATFTPD,
            find("atftpd"),
            "--version",
            folder,
            6902,
            &[
                "--daemon",
                "--no-fork",
                "--user",
                "nobody.nogroup",
                "--port",
                "6902",
                "--bind-address",
                "127.0.0.1",
                "--logfile",
                "/dev/null",
                "--maxthread",
                &clients,
                dir,
            ],
        ),
        // The buffer for DNS is the one for TFTP too: without `--edns-packet-max` no block is
        // longer than 2263 octets.
        peer(
            DNSMASQ,
            find("dnsmasq"),
            "--version",
            folder,
            69,
            &[
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--port=0",
                "--enable-tftp",
                &format!("--tftp-root={dir}"),
                &format!("--tftp-max={clients}"),
                "--edns-packet-max=65535",
                "--listen-address=127.0.0.1",
                "--bind-interfaces",
                "--user=root",
                "--pid-file=",
                "--log-facility=/dev/null",
                "--quiet-tftp",
            ],
        ),
        peer(
            "rs-tftpd",
            builds::installed("tftpd", "1.0.0", &[]),
            "--version",
            folder,
            6904,
            &["-i", "127.0.0.1", "-p", "6904", "-d", dir, "-r", "-q"],
        ),
        peer(
            "async-tftp",
            builds::async_tftp(),
            "",
            folder,
            6905,
            &["127.0.0.1:6905", dir],
        ),
        // Serves the folder it is started in. Its default feature only adds an HTTP relay.
        peer(
            "r-tftpd",
            builds::installed("r-tftpd", "0.4.0", &["--no-default-features"]),
            "--version",
            folder,
            6907,
            &[
                "-p",
                "6907",
                "-l",
                "127.0.0.1",
                "-m",
                &clients,
                "--log-format",
                "compact",
            ],
        ),
    ];
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    for peer in peers {
        match peer {
            Ok(plan) => there.push(plan),
            Err(peer) => missing.push(peer),
        }
    }
    (there, missing)
}

impl Plan {
    /// Starts it and waits until it listens.
    pub(crate) fn start(&self, logs: &Path) -> Result<Server, Missing> {
        let start = || {
            let process = Process::start(self.name, &self.launch, logs);
            let mut process = process.map_err(|e| e.to_string())?;
            let address = process.wait_for(|output| match self.listens {
                Listens::Port(port) => {
                    let there = network::has_udp(port);
                    there.then(|| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
                }
                Listens::Says => said_address(output),
            })?;
            Ok(Server {
                name: self.name,
                address,
                process,
            })
        };
        start().map_err(|why| Missing {
            name: self.name,
            why,
        })
    }
}

fn peer(
    name: &'static str,
    program: Result<PathBuf, String>,
    version: &str,
    folder: &Path,
    port: u16,
    arguments: &[&str],
) -> Result<Plan, Missing> {
    let program = program.map_err(|why| Missing { name, why })?;
    let version = match version {
        "" => "0.4.2".to_owned(), // async-tftp is a crate without a program; this is the version locked
        version => says(&program, version),
    };
    Ok(Plan {
        name,
        version,
        launch: Launch {
            program,
            arguments: arguments.iter().map(Into::into).collect(),
            folder: folder.to_owned(),
        },
        listens: Listens::Port(port),
    })
}

/// A program in `PATH`, the system's folders of daemons, or the folder of unpacked packages that
/// `WIRELORE_PEERS` names.
fn find(name: &str) -> Result<PathBuf, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let peers = env::var_os("WIRELORE_PEERS").filter(|peers| !peers.is_empty());
    let unpacked = peers
        .iter()
        .flat_map(|peers| ["usr/sbin", "usr/bin"].map(|within| Path::new(peers).join(within)));
    env::split_paths(&path)
        .chain(SYSTEM.map(PathBuf::from))
        .chain(unpacked)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .ok_or_else(|| format!("{name} is neither installed nor in $WIRELORE_PEERS"))
}

/// The first line a program prints when it is asked for its version.
fn says(program: &Path, option: &str) -> String {
    let said = Command::new(program).arg(option).output();
    let said = said.map(|said| [said.stdout, said.stderr].concat());
    let said = said.unwrap_or_default();
    let line = said.split(|&octet| octet == b'\n').next();
    wirelore_core::escape(line.unwrap_or_default()).to_string()
}

/// The address that a server says it listens on: `{"event":"listening",...,"address":"A:P"}` or
/// `listening on A:P`. With JSON, only when it has said that it is ready.
fn said_address(output: &str) -> Option<SocketAddr> {
    let lines = || output.split_inclusive('\n').filter(|l| l.ends_with('\n'));
    let plain = lines().find_map(|line| line.trim_end().strip_prefix("listening on "));
    if let Some(address) = plain {
        return address.parse().ok();
    }
    let events = || lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    events().find(|event| event["event"] == "ready")?;
    let listening = events().find(|event| event["event"] == "listening")?;
    listening["address"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_believed_when_the_line_is_whole_and_the_server_ready() {
        let at = Some("127.0.0.1:6969".parse().unwrap());
        assert_eq!(said_address("listening on 127.0.0.1:6969"), None);
        assert_eq!(said_address("listening on 127.0.0.1:6969\ntry: it\n"), at);
        let json =
            "{\"event\":\"listening\",\"protocol\":\"tftp\",\"address\":\"127.0.0.1:6969\"}\n";
        assert_eq!(said_address(json), None);
        assert_eq!(
            said_address(&format!("{json}{{\"event\":\"ready\"}}\n")),
            at
        );
    }
}
