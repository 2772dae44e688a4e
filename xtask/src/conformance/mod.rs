//! `conformance`: do the tables in docs/conformance tell the truth?

mod links;
mod mutate;
mod sample;
mod table;

use crate::Outcome;
use crate::workspace::Workspace;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use table::{Level, Row, Status};

#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Mutate the code behind this many random rows, and fail when a row's test still passes
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Which rows and mutants: the same seed, the same choice
    #[arg(long, default_value_t = 1, requires = "sample")]
    seed: u64,
    /// Only the clauses that contain this, for example "2347-" or "unrequested"
    #[arg(long, requires = "sample", value_name = "TEXT")]
    clause: Option<String>,
}

/// The table of one RFC.
#[derive(Debug)]
struct Table {
    file: PathBuf,
    rfc: u32,
    rows: Vec<Row>,
}

/// Without a sample.
pub(crate) fn check(workspace: &Workspace) -> Outcome {
    run(workspace, &Options::default())
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let (tables, mut problems) = read(&workspace.root)?;
    for table in &tables {
        let found = links::check(&workspace.root, &table.rows);
        problems.extend(
            found
                .into_iter()
                .map(|p| format!("{}:{p}", table.file.display())),
        );
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    report(&tables, problems.len());
    if !problems.is_empty() {
        return Err(format!("conformance: {} problems", problems.len()));
    }
    match options.sample {
        None => Ok(()),
        Some(count) => {
            let wanted = options.clause.as_deref().unwrap_or("");
            let rows = tables.iter().flat_map(|table| &table.rows);
            let rows = rows.filter(|row| row.status == Status::Yes && row.clause.contains(wanted));
            sample::run(workspace, rows.collect(), count, options.seed)
        }
    }
}

/// All tables, and what is wrong with their form.
fn read(root: &Path) -> Result<(Vec<Table>, Vec<String>), String> {
    let folder = Path::new("docs/conformance");
    let entries =
        fs::read_dir(root.join(folder)).map_err(|e| format!("{}: {e}", folder.display()))?;
    let (mut tables, mut problems) = (Vec::new(), Vec::new());
    for entry in entries {
        let name = entry.map_err(|e| e.to_string())?.file_name();
        let file = folder.join(&name);
        let Some(rfc) = rfc_number(&name.to_string_lossy()) else {
            problems.push(format!("{}: not named rfcN.md", file.display()));
            continue;
        };
        let text =
            fs::read_to_string(root.join(&file)).map_err(|e| format!("{}: {e}", file.display()))?;
        let (rows, wrong) = table::parse(rfc, &text);
        problems.extend(wrong.into_iter().map(|p| format!("{}:{p}", file.display())));
        tables.push(Table { file, rfc, rows });
    }
    if tables.is_empty() {
        problems.push(format!("{}: no table", folder.display()));
    }
    tables.sort_by_key(|table| table.rfc);
    Ok((tables, problems))
}

fn rfc_number(file_name: &str) -> Option<u32> {
    file_name
        .strip_prefix("rfc")?
        .strip_suffix(".md")?
        .parse()
        .ok()
}

/// A table for people, and one JSON line.
fn report(tables: &[Table], problems: usize) {
    println!(
        "{:>7} {:>5} {:>5} {:>7} {:>5} {:>9} {:>6}",
        "", "rows", "yes", "partial", "no", "deviation", "MUSTs"
    );
    let mut total = [0; 6];
    for table in tables {
        let counts = counts(&table.rows);
        print_counts(&format!("RFC {}", table.rfc), counts);
        total
            .iter_mut()
            .zip(counts)
            .for_each(|(sum, count)| *sum += count);
    }
    print_counts("all", total);
    let [rows, yes, partial, no, deviation, musts] = total;
    println!(
        "{}",
        json!({
            "check": "conformance", "rfcs": tables.len(), "rows": rows, "yes": yes, "partial": partial,
            "no": no, "deviation": deviation, "musts": musts, "problems": problems,
        })
    );
}

fn counts(rows: &[Row]) -> [usize; 6] {
    let with = |status| rows.iter().filter(|row| row.status == status).count();
    let musts = rows
        .iter()
        .filter(|row| matches!(row.level, Level::Must | Level::MustNot));
    [
        rows.len(),
        with(Status::Yes),
        with(Status::Partial),
        with(Status::No),
        with(Status::Deviation),
        musts.count(),
    ]
}

fn print_counts(name: &str, [rows, yes, partial, no, deviation, musts]: [usize; 6]) {
    println!("{name:>7} {rows:>5} {yes:>5} {partial:>7} {no:>5} {deviation:>9} {musts:>6}");
}
