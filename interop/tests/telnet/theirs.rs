//! Clients and servers that somebody else wrote.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use wirelore_interop::{Missing, Namespace, Peer, find, find_saying, folder, free_tcp_port};

/// The client of GNU inetutils, whoever else is called `telnet`.
pub(crate) fn inetutils_telnet() -> Result<PathBuf, Missing> {
    find("inetutils-telnet").or_else(|_| find_saying("telnet", &["--version"], "inetutils"))
}

/// Busybox, with its client.
pub(crate) fn busybox(applet: &str) -> Result<PathBuf, Missing> {
    find_saying("busybox", &["--list"], &format!("\n{applet}\n"))
}

/// The programs of telnetlib3, at the version that they were tried with.
pub(crate) fn telnetlib3(program: &str) -> Result<PathBuf, Missing> {
    find(&format!("telnetlib3-{program}"))
}

/// What telnetd starts in place of a login: it tells what it was given, and what it hears.
const PROGRAM: &str = r#"#!/bin/sh
interrupts=0
trap 'interrupts=$((interrupts + 1))' INT
env | sed 's/^/env /'
echo "size $(stty size)"
echo ready
misses=0
while test $misses -lt 100; do
    read -r line || { misses=$((misses + 1)); continue; }
    case $line in
    size) echo "size $(stty size)" ;;
    modes) echo "modes $(stty -a | tr '\n' ' ')" ;;
    interrupts) echo "interrupted $interrupts times" ;;
    bye) exit ;;
    *) echo "heard <$line>" ;;
    esac
done
"#;

/// The telnetd of GNU inetutils, for one session.
pub(crate) struct Telnetd {
    _peer: Peer,
    _folder: TempDir,
    pub(crate) port: String,
}

impl Telnetd {
    /// It accepts the variable `USER`, and no other but those that need not be allowed.
    pub(crate) fn start() -> Result<Self, Missing> {
        Self::somewhere(None)
    }

    pub(crate) fn inside(namespace: &Namespace) -> Result<Self, Missing> {
        Self::somewhere(Some(namespace))
    }

    fn somewhere(namespace: Option<&Namespace>) -> Result<Self, Missing> {
        let (telnetd, socat) = (find("telnetd")?, find("socat")?);
        let folder = folder();
        let program = script(folder.path(), "program", PROGRAM);
        // names of folders for temporary files have neither blanks nor commas
        let telnetd = format!(
            "EXEC:{} -h -a off --accept-env=USER -E {},nofork",
            telnetd.display(),
            program.display()
        );
        let port = free_tcp_port();
        let mut command = match namespace {
            Some(namespace) => namespace.command(socat),
            None => Command::new(socat),
        };
        command.arg(format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr")).arg(telnetd);
        let mut peer = Peer::start(&mut command);
        peer.wait_for_tcp(port);
        Ok(Self { _peer: peer, _folder: folder, port: port.to_string() })
    }
}

fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
    file
}
