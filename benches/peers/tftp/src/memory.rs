//! How much memory a server is resident with, and how much more it takes under load.

use crate::client::Wanted;
use crate::crowd;
use crate::servers::{Missing, Plan, Server};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// How long a server is left alone before it counts as idle.
const REST: Duration = Duration::from_millis(300);

/// How often is looked. What one process takes in between is not missed (`VmHWM`).
const EVERY: Duration = Duration::from_millis(20);

/// Resident memory in KiB, all processes of a server summed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resident {
    pub(crate) idle: u64,
    pub(crate) highest: u64,
    pub(crate) after: u64,
}

impl Resident {
    /// What the load took, in MiB.
    pub(crate) fn growth(&self) -> f64 {
        self.highest.saturating_sub(self.idle) as f64 / 1024.0
    }
}

/// Starts the server anew and lets the crowd come.
pub(crate) fn under_load(
    plan: &Plan,
    logs: &Path,
    wanted: &Wanted,
    clients: usize,
) -> Result<Resident, String> {
    let server = plan.start(logs).map_err(|Missing { why, .. }| why)?;
    thread::sleep(REST);
    let idle = resident(&server, "VmRSS:");
    for pid in processes(&server) {
        // 5 resets VmHWM to VmRSS; where that is refused, starting up counts as load
        let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
    }
    let (over, highest) = (AtomicBool::new(false), AtomicU64::new(0));
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let now = resident(&server, "VmRSS:");
                highest.fetch_max(now, Ordering::Relaxed);
                thread::sleep(EVERY);
            }
        });
        let outcome = crowd::download(server.address, wanted, clients, |_, _| ());
        over.store(true, Ordering::Relaxed);
        outcome
    });
    outcome?;
    let highest = highest.into_inner().max(resident(&server, "VmHWM:"));
    thread::sleep(REST);
    let after = resident(&server, "VmRSS:");
    Ok(Resident {
        idle,
        highest,
        after,
    })
}

fn processes(server: &Server) -> Vec<u32> {
    let process = &server.process;
    process.account().processes(process.id())
}

fn resident(server: &Server, field: &str) -> u64 {
    let of = |pid| {
        field_of(
            &fs::read_to_string(format!("/proc/{pid}/status")).ok()?,
            field,
        )
    };
    processes(server).into_iter().filter_map(of).sum()
}

/// A number of KiB in /proc/PID/status.
fn field_of(status: &str, field: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(field))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_in_the_status() {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        assert!(field_of(&status, "VmRSS:").unwrap() > 0);
        assert!(field_of(&status, "VmHWM:") >= field_of(&status, "VmRSS:"));
        assert_eq!(field_of(&status, "VmNone:"), None);
    }
}
