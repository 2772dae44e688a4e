//! Instructions per call, counted by callgrind: the same on every run of one binary.

use std::env;
use std::process::Command;

/// A named piece of work that can be repeated.
pub type Case = (&'static str, fn());

/// Runs this program again under callgrind, with few and with many calls of the case, and returns
/// the difference per call; loop and call are included. In the program that callgrind runs, this
/// function does the work and never returns.
///
/// # Panics
/// When valgrind is missing or prints no count.
#[must_use]
pub fn per_call(cases: &[Case], name: &str) -> f64 {
    let times = Times {
        few: 100,
        many: 10_100,
    };
    per_call_of(cases, name, times)
}

/// How often a case is run; what the first `few` calls cost is left out.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// In the run that is subtracted.
    pub few: u64,
    /// In the other.
    pub many: u64,
}

/// The same, for work so long that it should not be done thousands of times.
///
/// # Panics
/// As [`per_call`].
#[must_use]
pub fn per_call_of(cases: &[Case], name: &str, times: Times) -> f64 {
    let count = |calls: u64| {
        let program = env::current_exe().expect("the path of this program");
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(program)
            .args([RUN, name, &calls.to_string()])
            .output()
            .expect("valgrind, from the Debian package of that name");
        let text = String::from_utf8_lossy(&output.stderr);
        let collected = text
            .lines()
            .find_map(|line| line.split("Collected :").nth(1));
        let collected = collected.and_then(|number| number.trim().parse::<u64>().ok());
        collected.unwrap_or_else(|| panic!("callgrind did not count: {text}"))
    };
    assert!(
        cases.iter().any(|(case, _)| *case == name),
        "no case {name}"
    );
    (count(times.many) - count(times.few)) as f64 / (times.many - times.few) as f64
}

/// Does the work when callgrind runs this program; call it first in `main`.
pub fn run_if_asked(cases: &[Case]) {
    let args: Vec<String> = env::args().collect();
    let [_, run, name, calls] = args.as_slice() else {
        return;
    };
    if run != RUN {
        return;
    }
    let calls: u64 = calls.parse().expect("a number of calls");
    let (_, work) = cases
        .iter()
        .find(|(case, _)| case == name)
        .expect("a known case");
    for _ in 0..calls {
        work();
    }
    std::process::exit(0);
}

const RUN: &str = "--run-case";
