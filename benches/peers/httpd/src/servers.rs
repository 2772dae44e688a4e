//! The servers: how each is found, started, and reached.

use crate::builds;
use crate::nginx;
use crate::place::{Cpus, Site};
use crate::process::{Launch, Process};
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The peer with configurations of its own.
pub(crate) const NGINX: &str = "nginx";

/// Ours.
const WIRELORE: &str = "wirelore";

/// Programs of ours that are built already.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    pub(crate) wirelore: Option<PathBuf>,
    pub(crate) http_hello: Option<PathBuf>,
}

/// What a server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Answers everything with 1 KiB from memory.
    Hello,
    /// Serves a folder and keeps an access log.
    Files,
    /// The same, and takes files for a folder of its own.
    Uploads,
}

/// Who takes part, as a server that runs or the reason why there is none.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) server: Result<Server, String>,
}

/// A server that could be started.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    /// What it says its version is.
    pub(crate) version: String,
    pub(crate) launch: Launch,
    pub(crate) listens: Listens,
    /// What it writes a line to for each request.
    pub(crate) access_log: Option<PathBuf>,
    /// Where it puts what is sent to it.
    pub(crate) uploads: Option<PathBuf>,
}

/// Where a server listens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Listens {
    /// On a port it was told.
    Port(u16),
    /// On a port that it says on its standard output.
    Says,
}

/// A server that listens.
pub(crate) struct Server {
    pub(crate) plan: Plan,
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
}

/// Ours for this duty.
pub(crate) fn ours(duty: Duty, built: &Built, site: &Site, cpus: Cpus) -> Contestant {
    let (name, plan) = match duty {
        Duty::Hello => {
            let program = built.http_hello.clone().map_or_else(builds::http_hello, Ok);
            let plan = |program| hello("http_hello", program, "example", site);
            ("http_hello", program.map(plan))
        }
        Duty::Files | Duty::Uploads => {
            let program = built.wirelore.clone().map_or_else(builds::wirelore, Ok);
            let plan = |program| wirelore(program, duty, site).map_err(|e| e.to_string());
            (WIRELORE, program.and_then(plan))
        }
    };
    Contestant::new(name, plan, site, cpus)
}

/// The peer for this duty.
pub(crate) fn peer(duty: Duty, site: &Site, cpus: Cpus) -> Contestant {
    let (name, plan) = match duty {
        Duty::Hello => {
            let plan = |program| hello("hyper", program, &locked("hyper"), site);
            ("hyper", builds::hyper_hello().map(plan))
        }
        Duty::Files | Duty::Uploads => (NGINX, nginx::plan(duty, site)),
    };
    Contestant::new(name, plan, site, cpus)
}

impl Contestant {
    fn new(name: &'static str, plan: Result<Plan, String>, site: &Site, cpus: Cpus) -> Self {
        let server = plan.and_then(|plan| plan.start(site, cpus));
        Self { name, server }
    }

    /// What is done with the server, if there is one.
    pub(crate) fn on_server<T>(
        &self,
        work: impl FnOnce(&Server) -> Result<T, String>,
    ) -> Result<T, String> {
        self.server.as_ref().map_err(Clone::clone).and_then(work)
    }
}

fn hello(name: &'static str, program: PathBuf, version: &str, site: &Site) -> Plan {
    Plan {
        name,
        version: version.into(),
        launch: Launch {
            program: absolute(program),
            arguments: vec!["127.0.0.1:0".into()],
            folder: site.root().to_owned(),
        },
        listens: Listens::Says,
        access_log: None,
        uploads: None,
    }
}

/// `--quiet`, so that the access log is all it writes; then it does not say either where it listens.
fn wirelore(program: PathBuf, duty: Duty, site: &Site) -> io::Result<Plan> {
    let program = absolute(program);
    let uploads = match duty {
        Duty::Uploads => Some(site.own("uploads-wirelore")?),
        Duty::Hello | Duty::Files => None,
    };
    let port = free_port()?;
    let access_log = site.logs().join(format!("{WIRELORE}-{port}.access"));
    let mut arguments: Vec<OsString> = vec!["serve".into()];
    arguments.push(uploads.clone().unwrap_or_else(|| site.served()).into());
    let listen = format!("http=127.0.0.1:{port}");
    arguments.extend(["--only", "http", "--listen", &listen, "--quiet"].map(Into::into));
    arguments.extend(["--access-log".into(), access_log.clone().into()]);
    if uploads.is_some() {
        let allow = ["--upload", "overwrite", "--max-upload", "unlimited"];
        arguments.extend(allow.map(Into::into));
    }
    Ok(Plan {
        name: WIRELORE,
        version: says(&program, "--version"),
        launch: Launch {
            program,
            arguments,
            folder: site.root().to_owned(),
        },
        listens: Listens::Port(port),
        access_log: Some(access_log),
        uploads,
    })
}

impl Plan {
    /// Starts it and waits until it listens.
    fn start(&self, site: &Site, cpus: Cpus) -> Result<Server, String> {
        let process = cpus.serve(|| Process::start(self.name, &self.launch, &site.logs()));
        let mut process = process.map_err(|e| e.to_string())?;
        let address = process.wait_for(|output| match self.listens {
            Listens::Port(port) => {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                TcpStream::connect(address).ok().map(|_| address)
            }
            Listens::Says => said_address(output),
        })?;
        Ok(Server {
            plan: self.clone(),
            address,
            process,
        })
    }
}

impl Server {
    pub(crate) fn url(&self, file: &str) -> String {
        format!("http://{}/{file}", self.address)
    }
}

/// A port that nobody has at the moment.
pub(crate) fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// The first line a program prints when it is asked for its version.
pub(crate) fn says(program: &Path, option: &str) -> String {
    let said = Command::new(program).arg(option).output();
    let said = said.map(|said| [said.stdout, said.stderr].concat());
    let said = said.unwrap_or_default();
    let line = said.split(|&octet| octet == b'\n').next();
    wirelore_core::escape(line.unwrap_or_default()).to_string()
}

fn absolute(program: PathBuf) -> PathBuf {
    program.canonicalize().unwrap_or(program)
}

/// The version of a crate in this workspace's lock file.
fn locked(package: &str) -> String {
    let lock = include_str!("../../Cargo.lock");
    let entry = format!("name = \"{package}\"\nversion = \"");
    let version = lock
        .split_once(&entry)
        .and_then(|(_, rest)| rest.split('"').next());
    version.unwrap_or("?").to_owned()
}

/// The address in a whole line `listening on A:P`.
fn said_address(output: &str) -> Option<SocketAddr> {
    let mut lines = output.split_inclusive('\n').filter(|l| l.ends_with('\n'));
    let line = lines.find_map(|line| line.trim_end().strip_prefix("listening on "))?;
    line.trim_start_matches("http://")
        .trim_end_matches('/')
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_believed_when_the_line_is_whole() {
        let at = Some("127.0.0.1:8080".parse().unwrap());
        assert_eq!(said_address("listening on 127.0.0.1:8080"), None);
        assert_eq!(
            said_address("hello\nlistening on 127.0.0.1:8080\ntry: it\n"),
            at
        );
        assert_eq!(said_address("listening on http://127.0.0.1:8080/\n"), at);
    }

    #[test]
    fn the_lock_file_knows_what_is_compared() {
        assert!(locked("hyper").starts_with("1."), "{}", locked("hyper"));
        assert_eq!(locked("nobody"), "?");
    }
}
