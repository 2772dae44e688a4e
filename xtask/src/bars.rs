//! `bars`: what we promise about speed and memory, measured now.
//!
//! Every binary `bar_*` of `wirelore-benches` prints one JSON line for each thing it measures:
//! `{"bar","ours","peer","ratio","wanted","pass"}`.

use crate::Outcome;
use crate::workspace::Workspace;
use serde_json::Value;
use std::process::Stdio;

pub(crate) fn run(workspace: &Workspace, filter: Option<&str>) -> Outcome {
    let benches = workspace.package("wirelore-benches")?;
    let bars = benches
        .targets
        .iter()
        .filter(|target| target.kind == "bin" && target.name.starts_with("bar_"));
    let bars: Vec<_> = bars
        .filter(|bar| filter.is_none_or(|filter| bar.name.contains(filter)))
        .collect();
    if bars.is_empty() {
        return Err("no such bar".to_owned());
    }
    let mut missed = Vec::new();
    for bar in bars {
        let arguments = [
            "run",
            "--release",
            "--quiet",
            "--package",
            "wirelore-benches",
            "--bin",
            &bar.name,
        ];
        let mut cargo = workspace.cargo(&arguments);
        let output = cargo
            .stderr(Stdio::inherit())
            .output()
            .map_err(|e| e.to_string())?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines: Vec<_> = printed.lines().filter_map(measured).collect();
        // a bar that is missed ends badly too, but says so
        let all_pass = lines.iter().all(|(_, _, pass)| *pass);
        if lines.is_empty() || (all_pass && !output.status.success()) {
            return Err(format!("{}: {}", bar.name, output.status));
        }
        for (line, name, pass) in lines {
            println!("{line}");
            if !pass {
                missed.push(name);
            }
        }
    }
    match missed.is_empty() {
        true => Ok(()),
        false => Err(format!("bars missed: {}", missed.join(", "))),
    }
}

/// A line that is a bar: the line, its name, and whether it was reached.
fn measured(line: &str) -> Option<(&str, String, bool)> {
    let json: Value = serde_json::from_str(line).ok()?;
    let name = json["bar"].as_str()?.to_owned();
    Some((line, name, json["pass"] == true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_lines_with_a_name_are_bars() {
        assert_eq!(measured("{\"bar\":\"a\",\"pass\":true}").unwrap().1, "a");
        assert!(measured("{\"bar\":\"a\",\"pass\":true}").unwrap().2);
        assert!(!measured("{\"bar\":\"a\",\"pass\":false}").unwrap().2);
        assert!(!measured("{\"bar\":\"a\"}").unwrap().2);
        assert!(measured("{\"pass\":true}").is_none());
        assert!(measured("warming up").is_none());
    }
}
