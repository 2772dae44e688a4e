//! The tables for people, on standard error.

use crate::calls::{self, Calls};
use crate::place::{Cpus, Site};
use crate::rounds::{Sample, Series, Unit, median};
use crate::servers::Contestant;
use std::fs;

/// The machine.
pub(crate) fn stage(cpus: Cpus, site: &Site) {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let (root, file_system) = (site.root().display(), site.file_system());
    eprintln!("{}; load average before: {load}", cpus.describe());
    eprintln!("files in {root} ({file_system})");
}

/// What is compared.
pub(crate) fn title(name: &str, what: &str) {
    eprintln!("\n{name}: {what}");
}

/// Who takes part, and where the CPU time is from.
pub(crate) fn participants(contestants: &[Contestant]) {
    for Contestant { name, server } in contestants {
        match server {
            Ok(server) => eprintln!("{name:<11} {}", server.plan.version),
            Err(why) => eprintln!("{name:<11} MISSING: {why}"),
        }
    }
    if let Some(server) = contestants.iter().find_map(|c| c.server.as_ref().ok()) {
        eprintln!("CPU time from {}", server.process.account().describe());
    }
}

/// A row for each server.
pub(crate) fn rounds(unit: Unit, all: &[Series]) {
    let Unit { cost, rate, .. } = unit;
    eprintln!(
        "{:<11} {cost:>10} {:>15} {rate:>11} {:>15} {:>6} {:>8} {:>7}  notes",
        "server", "min-max", "min-max", "busy", "p99 ms", "octets"
    );
    for series in all {
        let (cost, costs) = spread(&series.figures(|sample| sample.cost), 3);
        let (rate, rates) = spread(&series.figures(|sample| sample.rate), 0);
        let busy = median(series.figures(|sample| sample.busy));
        let busy = busy.map_or("-".into(), |busy| format!("{:.0} %", busy * 100.0));
        let known = |of: fn(&Sample) -> f64, digits: usize| {
            let figure = median(series.figures(of)).filter(|&figure| figure > 0.0);
            figure.map_or("-".into(), |figure| format!("{figure:.digits$}"))
        };
        let (late, answer) = (
            known(|sample| sample.late, 2),
            known(|sample| sample.answer, 0),
        );
        let notes = series.failure.as_ref().map(|why| format!("FAILED: {why}"));
        let row = format!(
            "{:<11} {cost:>10} {costs:>15} {rate:>11} {rates:>15} {busy:>6} {late:>8} {answer:>7}  {}",
            series.name,
            notes.unwrap_or_default()
        );
        eprintln!("{}", row.trim_end());
    }
    if let [ours, peer] = all {
        let (ratio, ratios) = spread(&ours.ratios(peer), 3);
        eprintln!(
            "{} / {}: {ratio}, in the rounds {ratios}",
            ours.name, peer.name
        );
    }
}

/// System calls of each server.
pub(crate) fn calls(all: &[(&'static str, Result<Calls, String>)]) {
    eprintln!("counted by {}", calls::METHOD);
    for (name, calls) in all {
        match calls {
            Ok(calls) => {
                let each = calls.without_waiting();
                eprintln!("{name:<11} {each:.3} a request: {}", calls.describe());
            }
            Err(why) => eprintln!("{name:<11} FAILED: {why}"),
        }
    }
}

/// The median, and the least and the greatest.
fn spread(figures: &[f64], digits: usize) -> (String, String) {
    let Some(median) = median(figures.to_vec()) else {
        return ("-".into(), "-".into());
    };
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = figures.iter().copied().fold(0.0, f64::max);
    (
        format!("{median:.digits$}"),
        format!("{least:.digits$}-{greatest:.digits$}"),
    )
}
