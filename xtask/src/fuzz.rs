//! `fuzz`: the targets of one crate share some minutes; what they found is minimised into git.
//!
//! libFuzzer works in `fuzz/corpus-work/TARGET` (never in git), with `fuzz/corpus/TARGET` as a second
//! source. Afterwards both are merged, and what fits into the limits replaces `fuzz/corpus/TARGET`.

use crate::Outcome;
use crate::workspace::{Workspace, shown};
use serde_json::json;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// A committed corpus holds at most this many files.
const MAX_FILES: usize = 200;
/// And at most this many octets.
const MAX_OCTETS: u64 = 1 << 20;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The crate, as in the names of its targets: `tftp` for `tftp_decode`
    #[arg(required_unless_present = "list")]
    krate: Option<String>,
    /// How long its targets run together
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// Only the targets whose name contains this
    #[arg(long)]
    target: Option<String>,
    /// Print the targets and leave
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let package = workspace.package("wirelore-fuzz")?;
    let prefix = options
        .krate
        .as_deref()
        .map(|name| format!("{}_", name.replace('-', "_")));
    let targets = package
        .targets
        .iter()
        .filter(|target| target.kind == "bin")
        .map(|target| &*target.name);
    let targets = targets.filter(|name| {
        prefix
            .as_ref()
            .is_none_or(|prefix| name.starts_with(prefix))
    });
    let wanted = options.target.as_deref().unwrap_or("");
    let targets: Vec<_> = targets.filter(|name| name.contains(wanted)).collect();
    if options.list {
        targets.iter().for_each(|name| println!("{name}"));
        return Ok(());
    }
    let name = options.krate.as_deref().unwrap_or_default();
    if targets.is_empty() {
        return Err(format!("no fuzz target {name}_*: cargo xtask fuzz --list"));
    }
    let seconds = (options.minutes * 60.0 / targets.len() as f64)
        .ceil()
        .max(1.0) as u64;
    let dictionary = workspace.root.join(format!("fuzz/dict/{name}.dict"));
    let mut failed = Vec::new();
    for target in targets {
        let fuzzer = Fuzzer {
            workspace,
            target,
            folder: workspace.root.join("fuzz"),
        };
        let run = fuzzer.run(seconds, dictionary.is_file().then_some(&*dictionary))?;
        if run.crashes == 0 && !run.ended_well {
            return Err(format!("fuzz target {target} did not run"));
        }
        let (files, octets) = fuzzer.minimise()?;
        println!(
            "{}",
            json!({
                "target": target, "runs": run.runs, "seconds": run.seconds, "crashes": run.crashes,
                "corpus_files": files, "corpus_octets": octets,
            })
        );
        if run.crashes > 0 {
            failed.push(target);
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "crashes in {}: see fuzz/artifacts",
            failed.join(", ")
        )),
    }
}

struct Fuzzer<'w> {
    workspace: &'w Workspace,
    target: &'w str,
    /// `fuzz/` in the root of the workspace.
    folder: PathBuf,
}

/// What a run of libFuzzer said.
struct Run {
    runs: u64,
    seconds: f64,
    crashes: usize,
    ended_well: bool,
}

impl Fuzzer<'_> {
    fn run(&self, seconds: u64, dictionary: Option<&Path>) -> Result<Run, String> {
        let [work, corpus, artifacts] = ["corpus-work", "corpus", "artifacts"]
            .map(|name| self.folder.join(name).join(self.target));
        for folder in [&work, &corpus, &artifacts] {
            fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let before = files(&artifacts)?.len();
        let mut command = self.libfuzzer(&[&work, &corpus]);
        command
            .arg(format!("-max_total_time={seconds}"))
            .args(["-print_final_stats=1", "-timeout=10"]);
        if let Some(dictionary) = dictionary {
            command.arg(format!("-dict={}", dictionary.display()));
        }
        let (mut runs, mut began) = (0, None);
        let ended_well = watch(&mut command, |line| {
            if let Some(number) = line.strip_prefix("stat::number_of_executed_units:") {
                runs = number.trim().parse().unwrap_or(0);
            } else if line.starts_with("INFO: Seed") {
                began = Some(Instant::now()); // it is built
            }
        })?;
        let crashes = files(&artifacts)?.len().saturating_sub(before);
        // a crash is found, not a crash repeated: without a new artifact a bad end is one crash too
        let crashes = crashes.max(usize::from(!ended_well && runs > 0));
        Ok(Run {
            runs,
            seconds: began.map_or(0.0, |began| began.elapsed().as_secs_f64().round()),
            crashes,
            ended_well,
        })
    }

    /// Merges what is known into the corpus in git; returns its number of files and of octets.
    fn minimise(&self) -> Result<(usize, u64), String> {
        let [work, corpus] =
            ["corpus-work", "corpus"].map(|name| self.folder.join(name).join(self.target));
        let merged = self.workspace.target.join("fuzz-merge").join(self.target);
        let failed = |e: io::Error| format!("{}: {e}", corpus.display());
        if merged.exists() {
            fs::remove_dir_all(&merged).map_err(failed)?;
        }
        fs::create_dir_all(&merged).map_err(failed)?;
        let mut command = self.libfuzzer(&[&merged, &corpus, &work]);
        if !watch(command.args(["-merge=1", "-timeout=10"]), |_| {})? {
            return Err(format!("the corpus of {} cannot be merged", self.target));
        }
        let kept = select(files(&merged)?);
        fs::remove_dir_all(&corpus).map_err(failed)?;
        fs::create_dir_all(&corpus).map_err(failed)?;
        for (file, _) in &kept {
            fs::copy(file, corpus.join(file.file_name().unwrap_or_default())).map_err(failed)?;
        }
        Ok((kept.len(), kept.iter().map(|(_, octets)| octets).sum()))
    }

    /// `cargo fuzz run` on plain stable: without a sanitizer, our targets behind their feature.
    fn libfuzzer(&self, folders: &[&Path]) -> Command {
        let mut command = self.workspace.cargo(&[
            "fuzz",
            "run",
            "--fuzz-dir",
            "fuzz",
            "-s",
            "none",
            "--features",
            "libfuzzer",
        ]);
        command
            .arg("--target-dir")
            .arg(self.workspace.target.join("fuzz"));
        command.arg(self.target).args(folders).arg("--");
        command
    }
}

/// How lines begin that tell of progress, of dictionary words and of absent sanitizers.
const NOISE: &[&str] = &[
    "#",
    "\"",
    "\tNEW_FUNC",
    "INFO:",
    "MERGE-",
    "WARNING: Failed to find function",
];

/// Runs libFuzzer and looks at every line it prints; those that are no progress are passed on.
fn watch(command: &mut Command, mut look: impl FnMut(&str)) -> Result<bool, String> {
    let failed = |e: io::Error| format!("{e}");
    eprintln!("{}", shown(command));
    let mut child = command
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(failed)?;
    for line in BufReader::new(child.stderr.take().expect("it is piped")).split(b'\n') {
        let line = line.map_err(failed)?;
        let line = String::from_utf8_lossy(&line);
        look(&line);
        if !NOISE.iter().any(|noise| line.starts_with(noise)) {
            eprintln!("{line}");
        }
    }
    Ok(child.wait().map_err(failed)?.success())
}

/// The files of a folder with their lengths.
fn files(folder: &Path) -> Result<Vec<(PathBuf, u64)>, String> {
    let failed = |e: io::Error| format!("{}: {e}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        files.push((entry.path(), entry.metadata().map_err(failed)?.len()));
    }
    Ok(files)
}

/// At most [`MAX_FILES`] files, evenly spaced from the shortest to the longest, without the longest
/// ones that would make them more than [`MAX_OCTETS`].
fn select(mut files: Vec<(PathBuf, u64)>) -> Vec<(PathBuf, u64)> {
    files.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    let count = files.len();
    let kept = (0..count.min(MAX_FILES)).map(|index| index * count / count.min(MAX_FILES));
    let mut octets = 0;
    kept.map(|index| files[index].clone())
        .take_while(|(_, len)| {
            octets += len;
            octets <= MAX_OCTETS
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lengths: impl IntoIterator<Item = u64>) -> Vec<(PathBuf, u64)> {
        let name = |(index, len)| (PathBuf::from(format!("{index}")), len);
        lengths.into_iter().enumerate().map(name).collect()
    }

    #[test]
    fn a_small_corpus_is_kept_whole() {
        assert_eq!(select(of([3, 1, 2])).len(), 3);
        assert_eq!(select(Vec::new()), []);
    }

    #[test]
    fn a_large_one_is_thinned_evenly() {
        let kept = select(of(0..1000));
        assert_eq!(kept.len(), MAX_FILES);
        assert_eq!((kept[0].1, kept[100].1, kept[199].1), (0, 500, 995));
    }

    #[test]
    fn a_heavy_one_loses_its_longest_files() {
        let kept = select(of([MAX_OCTETS, 5, MAX_OCTETS - 5, 6]));
        assert_eq!(kept.iter().map(|(_, len)| *len).collect::<Vec<_>>(), [5, 6]);
        assert_eq!(select(of([MAX_OCTETS])).len(), 1);
    }
}
