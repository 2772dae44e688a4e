//! `--sample`: change the code behind a row and see whether its test notices.
//!
//! For each drawn row its tests run once unchanged and must pass. Then the code that the row names is
//! changed in one place at a time, in random order, in a copy of the repository. A row is *proved*
//! by the first mutant that one of its tests fails on (or hangs on); it *survives*, which is a
//! failure, when [`VIABLE`] mutants that compile, or all there are, leave its tests passing.

use super::mutate::{Mutant, mutants};
use super::table::{Reference, Row};
use crate::Outcome;
use crate::source::Lexed;
use crate::workspace::{Workspace, shown};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// After so many mutants that compile and are not noticed a row is a survivor.
const VIABLE: usize = 10;
/// So many mutants are tried at most, those that do not compile included.
const TRIES: usize = 30;
/// A mutant may take this long beyond four times what the unchanged test took.
const GRACE: Duration = Duration::from_secs(20);
/// A mutant may take this much address space, in KiB: a loop without end must not eat the machine.
const MEMORY_KIB: u64 = 4 << 20;

/// How the mutants of one row ended.
#[derive(Debug, Default)]
struct Tally {
    killed_by: Option<String>,
    survivors: Vec<String>,
    did_not_compile: usize,
}

pub(crate) fn run(workspace: &Workspace, mut rows: Vec<&Row>, count: usize, seed: u64) -> Outcome {
    rows.retain(|row| !row.test.is_empty());
    let mut random = Random(seed);
    random.shuffle(&mut rows);
    rows.truncate(count);
    if rows.is_empty() {
        return Err("no row with status yes and a test to draw from".to_owned());
    }
    let copy = Copy::of(workspace)?;
    let mut survived = 0;
    for row in &rows {
        let (tally, error) = match copy.try_row(row, &mut random) {
            Ok(tally) => (tally, None),
            Err(error) => (Tally::default(), Some(error)),
        };
        let proved = tally.killed_by.is_some();
        survived += usize::from(!proved);
        let line = json!({
            "clause": row.clause, "proved": proved, "killed": tally.killed_by, "error": error,
            "unnoticed": tally.survivors, "did_not_compile": tally.did_not_compile,
        });
        println!("{line}");
    }
    println!(
        "{}",
        json!({
            "check": "conformance-sample", "seed": seed, "rows": rows.len(),
            "proved": rows.len() - survived, "survived": survived,
        })
    );
    match survived {
        0 => Ok(()),
        n => Err(format!(
            "conformance: {n} rows are not proved by their tests"
        )),
    }
}

/// A copy of the repository, kept from run to run so that it builds incrementally.
struct Copy<'w> {
    workspace: &'w Workspace,
    root: PathBuf,
    target: PathBuf,
}

impl<'w> Copy<'w> {
    fn of(workspace: &'w Workspace) -> Result<Self, String> {
        let folder = workspace.target.join("conformance");
        let copy = Self {
            workspace,
            root: folder.join("copy"),
            target: folder.join("build"),
        };
        let failed = |e: io::Error| format!("{}: {e}", copy.root.display());
        let wanted: BTreeSet<_> = workspace.files()?.into_iter().collect();
        fs::create_dir_all(&copy.root).map_err(failed)?;
        for stale in files_below(&copy.root).map_err(failed)? {
            if !stale
                .strip_prefix(&copy.root)
                .is_ok_and(|file| wanted.contains(file))
            {
                fs::remove_file(&stale).map_err(failed)?;
            }
        }
        for file in &wanted {
            let (from, to) = (workspace.root.join(file), copy.root.join(file));
            let bytes = fs::read(&from).map_err(failed)?;
            if fs::read(&to).ok().as_ref() != Some(&bytes) {
                fs::create_dir_all(to.parent().unwrap_or(&to)).map_err(failed)?;
                fs::write(&to, bytes).map_err(failed)?;
            }
        }
        Ok(copy)
    }

    fn try_row(&self, row: &Row, random: &mut Random) -> Result<Tally, String> {
        let tests = row.test.iter().map(|test| self.test(test));
        let tests: Vec<TestFunction> = tests.collect::<Result<_, _>>()?;
        for test in &tests {
            self.build(test)?; // so that the clock measures the tests alone
        }
        let started = Instant::now();
        for test in &tests {
            match self.verdict(test, Duration::from_secs(600))? {
                Verdict::Passed => {}
                other => return Err(format!("{} {other:?} unchanged", test.name)),
            }
        }
        let patience = started.elapsed() * 4 + GRACE;
        let mut candidates = Vec::new();
        for code in &row.code {
            let path = self.root.join(&code.file);
            let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", code.file))?;
            let lexed = Lexed::new(&text)?;
            let items = lexed.items(&code.item);
            let all = items.iter().flat_map(|item| mutants(&lexed, item));
            candidates.extend(all.map(|mutant| (path.clone(), code, mutant)));
        }
        if candidates.is_empty() {
            return Err(
                "its code has nothing to change: name the function that keeps the clause"
                    .to_owned(),
            );
        }
        random.shuffle(&mut candidates);
        let mut tally = Tally::default();
        for (path, code, mutant) in candidates.iter().take(TRIES) {
            self.try_mutant(path, code, mutant, &tests, patience, &mut tally)?;
            if tally.killed_by.is_some() || tally.survivors.len() == VIABLE {
                break;
            }
        }
        Ok(tally)
    }

    fn try_mutant(
        &self,
        path: &Path,
        code: &Reference,
        mutant: &Mutant,
        tests: &[TestFunction],
        patience: Duration,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let failed = |e: io::Error| format!("{}: {e}", path.display());
        let text = fs::read_to_string(path).map_err(failed)?;
        let description = format!("{}:{}", code.file, mutant.describe(&text));
        fs::write(path, mutant.apply(&text)).map_err(failed)?;
        let verdicts: Result<Vec<_>, _> = tests
            .iter()
            .map(|test| self.verdict(test, patience))
            .collect();
        fs::write(path, &text).map_err(failed)?;
        let verdicts = verdicts?;
        if verdicts.contains(&Verdict::DidNotCompile) {
            tally.did_not_compile += 1;
        } else if verdicts.iter().all(|verdict| *verdict == Verdict::Passed) {
            tally.survivors.push(description);
        } else {
            tally.killed_by = Some(description);
        }
        Ok(())
    }

    /// Where a test function of a table is built, and what the harness calls it.
    fn test(&self, reference: &Reference) -> Result<TestFunction, String> {
        let file = self.workspace.root.join(&reference.file);
        let packages = self.workspace.packages.iter();
        let package = packages
            .filter(|package| file.starts_with(&package.folder))
            .max_by_key(|package| package.folder.as_os_str().len())
            .ok_or_else(|| format!("{} is in no package", reference.file))?;
        let inner = file.strip_prefix(&package.folder).unwrap_or(&file);
        let (target, module) =
            place(inner).ok_or_else(|| format!("{} is no test", reference.file))?;
        let name = module.into_iter().chain([reference.item.clone()]);
        Ok(TestFunction {
            package: package.name.clone(),
            folder: self.root.join(
                package
                    .folder
                    .strip_prefix(&self.workspace.root)
                    .unwrap_or(&package.folder),
            ),
            target,
            in_library: package.targets.iter().any(|target| target.kind == "lib"),
            name: name.collect::<Vec<_>>().join("::"),
        })
    }

    /// Builds and runs one test.
    fn verdict(&self, test: &TestFunction, patience: Duration) -> Result<Verdict, String> {
        let Some(program) = self.build(test)? else {
            return Ok(Verdict::DidNotCompile);
        };
        let script = format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command
            .args(["-c", &script])
            .arg(program)
            .args(["--exact", &test.name])
            .current_dir(&test.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command
            .spawn()
            .map_err(|e| format!("{}: {e}", shown(&command)))?;
        // the harness prints a few lines, far less than a pipe holds
        let Some(success) = wait(&mut child, patience)? else {
            return Ok(Verdict::HungUp);
        };
        let said = child.wait_with_output().map_err(|e| e.to_string())?.stdout;
        let said = String::from_utf8_lossy(&said).into_owned();
        if success && !said.contains("\ntest result: ok. 1 passed") {
            return Err(format!("no test called {} was run", test.name));
        }
        Ok(if success {
            Verdict::Passed
        } else {
            Verdict::Failed
        })
    }

    /// The program that holds a test; `None` when it does not compile.
    fn build(&self, test: &TestFunction) -> Result<Option<PathBuf>, String> {
        let mut cargo =
            self.workspace
                .cargo(&["test", "--no-run", "--quiet", "--message-format=json"]);
        cargo.args(["--package", &test.package]);
        match &test.target {
            Some(target) => cargo.args(["--test", target]),
            None if test.in_library => cargo.arg("--lib"),
            None => cargo.arg("--bins"),
        };
        cargo
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target);
        let output = cargo
            .output()
            .map_err(|e| format!("{}: {e}", shown(&cargo)))?;
        let messages = String::from_utf8_lossy(&output.stdout);
        let messages = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let program = messages
            .filter(|message| message["profile"]["test"] == true)
            .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
            .next_back();
        Ok(program.filter(|_| output.status.success()))
    }
}

/// One test function.
#[derive(Debug)]
struct TestFunction {
    package: String,
    folder: PathBuf,
    /// The integration test; none for tests within the sources.
    target: Option<String>,
    /// Whether the sources are those of a library.
    in_library: bool,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    HungUp,
    DidNotCompile,
}

/// The integration test that a file belongs to (none: the library) and the module that it is there.
fn place(file: &Path) -> Option<(Option<String>, Vec<String>)> {
    let file = file.with_extension("");
    let mut parts: Vec<_> = file
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let folder = (!parts.is_empty()).then(|| parts.remove(0))?;
    if matches!(parts.last()?.as_str(), "mod" | "lib" | "main") {
        parts.pop();
    }
    match &*folder {
        "src" => Some((None, parts)),
        "tests" => (!parts.is_empty()).then(|| (Some(parts.remove(0)), parts)),
        _ => None,
    }
}

/// Whether a child ended well; `None` when it had to be killed.
fn wait(child: &mut Child, patience: Duration) -> Result<Option<bool>, String> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
            return Ok(Some(status.success()));
        }
        if started.elapsed() > patience {
            child
                .kill()
                .and_then(|()| child.wait())
                .map_err(|e| e.to_string())?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// splitmix64
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.next() % (last as u64 + 1);
            items.swap(last, other as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_module_of_a_test_or_of_the_library() {
        let at =
            |file: &str| place(Path::new(file)).map(|(target, module)| (target, module.join("::")));
        assert_eq!(at("src/lib.rs"), Some((None, String::new())));
        assert_eq!(at("src/wire/mod.rs"), Some((None, "wire".to_owned())));
        assert_eq!(
            at("src/wire/data.rs"),
            Some((None, "wire::data".to_owned()))
        );
        assert_eq!(
            at("tests/pair.rs"),
            Some((Some("pair".to_owned()), String::new()))
        );
        assert_eq!(
            at("tests/pair/main.rs"),
            Some((Some("pair".to_owned()), String::new()))
        );
        assert_eq!(
            at("tests/pair/bad.rs"),
            Some((Some("pair".to_owned()), "bad".to_owned()))
        );
        assert_eq!(at("README.md"), None);
        assert_eq!(at("benches/x.rs"), None);
    }

    #[test]
    fn a_shuffle_depends_on_the_seed_alone() {
        let shuffled = |seed| {
            let mut items: Vec<u8> = (0..20).collect();
            Random(seed).shuffle(&mut items);
            items
        };
        assert_eq!(shuffled(1), shuffled(1));
        assert_ne!(shuffled(1), shuffled(2));
        let mut sorted = shuffled(3);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..20).collect::<Vec<u8>>());
    }

    #[test]
    fn a_child_that_hangs_is_ended() {
        let mut child = Command::new("sleep").arg("30").spawn().unwrap();
        assert_eq!(wait(&mut child, Duration::from_millis(50)), Ok(None));
        let mut child = Command::new("false").spawn().unwrap();
        assert_eq!(wait(&mut child, Duration::from_secs(30)), Ok(Some(false)));
    }
}
