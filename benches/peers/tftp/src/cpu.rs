//! How much CPU time a server and everything it starts has used.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Where the CPU time of one server is counted.
#[derive(Debug)]
pub(crate) enum Account {
    /// A control group of version 1 with `cpuacct`: nanoseconds, and no process that ended or
    /// changed its user is missing from it.
    V1(PathBuf),
    /// A control group of version 2, whose `cpu.stat` counts microseconds, as complete.
    V2(PathBuf),
    /// No control group can be made: the threads that are there are summed, those that have ended
    /// are missing.
    Schedstat,
}

impl Account {
    /// A new account. A control group is named after `name` and this process.
    pub(crate) fn new(name: &str) -> Self {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let group = format!("wirelore-peers-{}-{name}", std::process::id());
        let make = |kind: &str, option: Option<&str>| {
            let mount = mounts.lines().find_map(|line| {
                let mut fields = line.split(' ').skip(1);
                let (at, of, options) = (fields.next()?, fields.next()?, fields.next()?);
                let has = |option| options.split(',').any(|o| o == option);
                (of == kind && option.is_none_or(has)).then(|| PathBuf::from(at))
            })?;
            let folder = mount.join(&group);
            fs::create_dir(&folder).ok().map(|()| folder)
        };
        if let Some(folder) = make("cgroup", Some("cpuacct")) {
            Self::V1(folder)
        } else if let Some(folder) = make("cgroup2", None) {
            Self::V2(folder)
        } else {
            Self::Schedstat
        }
    }

    /// The control group's folder.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Self::V1(folder) | Self::V2(folder) => Some(folder),
            Self::Schedstat => None,
        }
    }

    /// What is counted, in words.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::V1(_) => "control groups (version 1), everything a server starts included",
            Self::V2(_) => "control groups (version 2), everything a server starts included",
            Self::Schedstat => {
                "/proc/PID/task/*/schedstat, as no control group can be made: \
                 threads and processes that have ended are NOT counted"
            }
        }
    }

    /// CPU time used so far by the process `leader` and everything it started.
    pub(crate) fn used(&self, leader: u32) -> io::Result<Duration> {
        let number = |text: Option<&str>| {
            let number = text.and_then(|text| text.trim().parse().ok());
            number.ok_or_else(|| io::Error::other("a control group without CPU time"))
        };
        match self {
            Self::V1(folder) => {
                let usage = fs::read_to_string(folder.join("cpuacct.usage"))?;
                number(Some(&usage)).map(Duration::from_nanos)
            }
            Self::V2(folder) => {
                let stat = fs::read_to_string(folder.join("cpu.stat"))?;
                let usage = stat.lines().find_map(|l| l.strip_prefix("usage_usec "));
                number(usage).map(Duration::from_micros)
            }
            Self::Schedstat => {
                let used = self.processes(leader).into_iter().map(of_threads);
                Ok(used.sum())
            }
        }
    }

    /// [`Self::used`], as soon as it has stood still for a moment: a process per transfer is still
    /// ending when the client has all it wants.
    pub(crate) fn settled(&self, leader: u32) -> io::Result<Duration> {
        let start = Instant::now();
        let mut before = self.used(leader)?;
        loop {
            sleep(Duration::from_millis(10));
            let now = self.used(leader)?;
            if now == before || start.elapsed() > Duration::from_millis(500) {
                return Ok(now);
            }
            before = now;
        }
    }

    /// The process `leader` and those it started.
    pub(crate) fn processes(&self, leader: u32) -> Vec<u32> {
        let Some(folder) = self.folder() else {
            return descendants(leader);
        };
        let listed = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        listed.lines().filter_map(|pid| pid.parse().ok()).collect()
    }
}

fn of_threads(pid: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    let used = tasks.into_iter().flatten().flatten().filter_map(|task| {
        let stat = fs::read_to_string(task.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(used.sum())
}

/// A process and its children, by the parents that all processes have.
fn descendants(leader: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let parents: Vec<(u32, u32)> = entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // PID (NAME) STATE PARENT ...; the name may hold anything
            let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
            Some((pid, parent))
        })
        .collect();
    let mut found = vec![leader];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        let children = parents.iter().filter(|(_, of)| *of == parent);
        found.extend(children.map(|(pid, _)| *pid));
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_this_process_is_counted() {
        let me = std::process::id();
        let before = Account::Schedstat.used(me).unwrap();
        let mut sum = 0_u64;
        for n in 0..20_000_000_u64 {
            sum = std::hint::black_box(sum ^ n);
        }
        assert!(Account::Schedstat.used(me).unwrap() > before, "{sum}");
        assert!(Account::Schedstat.processes(me).contains(&me));
    }
}
