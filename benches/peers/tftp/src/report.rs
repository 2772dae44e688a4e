//! The tables for people, on standard error.

use crate::bars::Figure;
use crate::memory::Resident;
use crate::scenarios::{Load, Scenario, Series};
use crate::servers::{LIMIT, Missing, OURS, Plan, Server};
use std::fs;

/// Who takes part, and how.
pub(crate) fn participants(plans: &[Plan], missing: &[Missing], servers: &[Server], cpu: usize) {
    for plan in plans {
        eprintln!("{:<11} {}", plan.name, plan.version);
    }
    for Missing { name, why } in missing {
        eprintln!("{name:<11} MISSING: {why}");
    }
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    eprintln!("servers and clients on CPU {cpu}; load average before: {load}");
    if let Some(server) = servers.first() {
        eprintln!("CPU time from {}", server.process.account().describe());
    }
}

/// One scenario: a row for each server.
pub(crate) fn scenario(scenario: &Scenario, all: &[Series]) {
    let passes = match scenario.load {
        Load::Single(1) => "fetched".to_owned(),
        Load::Single(passes) => format!("fetched {passes} times a round"),
        Load::Crowd(clients) => format!("fetched by {clients} clients at once (one thread, epoll)"),
    };
    let size = scenario.wanted.octets as f64 / 1024.0 / 1024.0;
    eprintln!("\n{}: {size} MiB, {passes}", scenario.name);
    eprintln!(
        "{:<11} {:>8} {:>17} {:>7} {:>15} {:>8} {:>9} {:>8}  notes",
        "server", "MiB/s", "min-max", "s/GiB", "min-max", "of limit", "ours/rate", "ours/cpu"
    );
    let find = |name| all.iter().find(|series| series.server == name);
    let (ours, limit) = (find(OURS), find(LIMIT));
    for series in all {
        let (rate, rates) = spread(series, Figure::Rate, 1);
        let (cpu, cpus) = spread(series, Figure::Cpu, 2);
        let ratio = |figure: Figure, above: Option<&Series>, below: Option<&Series>| {
            let ratio = above.zip(below).and_then(|(a, b)| figure.ratio(a, b));
            ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.3}"))
        };
        let row = format!(
            "{:<11} {rate:>8} {rates:>17} {cpu:>7} {cpus:>15} {:>8} {:>9} {:>8}  {}",
            series.server,
            ratio(Figure::Rate, Some(series), limit),
            ratio(Figure::Rate, ours, Some(series)),
            ratio(Figure::Cpu, ours, Some(series)),
            notes(scenario, series)
        );
        eprintln!("{}", row.trim_end());
    }
}

/// Resident memory during the last scenario.
pub(crate) fn memory(all: &[(&'static str, Result<Resident, String>)]) {
    eprintln!("\nresident memory in KiB, one server at a time, started anew");
    eprintln!(
        "{:<11} {:>8} {:>8} {:>8}",
        "server", "idle", "highest", "after"
    );
    for (server, resident) in all {
        match resident {
            Ok(r) => eprintln!("{server:<11} {:>8} {:>8} {:>8}", r.idle, r.highest, r.after),
            Err(why) => eprintln!("{server:<11} {why}"),
        }
    }
}

/// CPU time while nobody asked for anything.
pub(crate) fn idle(seconds: f64, all: &[(&'static str, Result<f64, String>)]) {
    eprintln!("\nCPU time in {seconds} idle seconds after a transfer, in ms");
    for (server, used) in all {
        match used {
            Ok(used) => eprintln!("{server:<11} {used:.3}"),
            Err(why) => eprintln!("{server:<11} {why}"),
        }
    }
}

/// The median, and the least and the greatest.
fn spread(series: &Series, figure: Figure, digits: usize) -> (String, String) {
    let Some(median) = series.median(|sample| figure.of(sample)) else {
        return ("-".into(), "-".into());
    };
    let figures = || series.samples.iter().map(|sample| figure.of(sample));
    let least = figures().fold(f64::INFINITY, f64::min);
    let greatest = figures().fold(0.0, f64::max);
    (
        format!("{median:.digits$}"),
        format!("{least:.digits$}-{greatest:.digits$}"),
    )
}

fn notes(scenario: &Scenario, series: &Series) -> String {
    if let Some(failure) = &series.failure {
        return format!("FAILED: {failure}");
    }
    let (asked, granted, trouble) = (scenario.wanted.sizes, series.granted, series.trouble);
    let mut notes = Vec::new();
    if granted != asked {
        let (block, window) = (granted.block, granted.window);
        notes.push(format!("granted {block} x {window}: not compared"));
    }
    for (count, what) in [
        (trouble.resent, "resent by the client"),
        (trouble.repeated, "repeated blocks"),
        (trouble.gaps, "gaps"),
    ] {
        if count > 0 {
            notes.push(format!("{count} {what}"));
        }
    }
    notes.join(", ")
}
