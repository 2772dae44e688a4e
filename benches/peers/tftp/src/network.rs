//! One network namespace and one CPU for the servers and their clients.

use nix::sched::{CloneFlags, CpuSet, sched_setaffinity, unshare};
use nix::unistd::Pid;
use std::fs;
use std::process::Command;

/// The second address inside, beside 127.0.0.1: `in.tftpd` does not start where it is the only one
/// (`AI_ADDRCONFIG`).
const ADDRESS: &str = "10.77.0.1/24";

/// Moves this process, as long as it has only one thread, and all it will start into a network
/// namespace with nothing in it but a loopback interface. There every port is free, also 69.
pub(crate) fn enter() -> Result<(), String> {
    unshare(CloneFlags::CLONE_NEWNET)
        .map_err(|e| format!("no network namespace (this needs root): {e}"))?;
    ip(&["link", "set", "lo", "up"])?;
    ip(&["address", "add", ADDRESS, "dev", "lo"])
}

/// Keeps this thread, and all that it will start, on one CPU.
pub(crate) fn pin(cpu: usize) -> Result<(), String> {
    let mut only = CpuSet::new();
    only.set(cpu)
        .and_then(|()| sched_setaffinity(Pid::from_raw(0), &only))
        .map_err(|e| format!("cannot run on CPU {cpu} only: {e}"))
}

/// Whether somebody here has a UDP socket with this local port.
pub(crate) fn has_udp(port: u16) -> bool {
    ["/proc/self/net/udp", "/proc/self/net/udp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .any(|table| table.lines().any(|line| local_port(line) == Some(port)))
}

/// The port in a line of /proc/net/udp: `SLOT: ADDRESS:PORT ...`.
fn local_port(line: &str) -> Option<u16> {
    let (_, port) = line.split_ascii_whitespace().nth(1)?.rsplit_once(':')?;
    u16::from_str_radix(port, 16).ok()
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let ip = Command::new("ip").args(arguments).output();
    let ip = ip.map_err(|e| format!("ip (package iproute2): {e}"))?;
    let said = String::from_utf8_lossy(&ip.stderr);
    match ip.status.success() {
        true => Ok(()),
        false => Err(format!("ip {}: {}", arguments.join(" "), said.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_table_has_a_port() {
        let line = " 1234: 0100007F:1B39 00000000:0000 07 00000000:00000000 00:00000000";
        assert_eq!(local_port(line), Some(6969));
        assert_eq!(local_port("  sl  local_address rem_address"), None);
    }
}
