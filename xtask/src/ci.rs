//! `ci`: everything that must be clean before the tests run, fastest first.

use crate::workspace::{Workspace, run as run_command};
use crate::{Outcome, absences, conformance, no_std};
use std::time::Instant;

/// One step, and the command that repeats it.
type Step = (&'static str, fn(&Workspace) -> Outcome, &'static str);

const STEPS: &[Step] = &[
    (
        "fmt",
        |w| cargo(w, &["fmt", "--all", "--check"]),
        "cargo fmt --all",
    ),
    ("absences", absences::run, "cargo xtask absences"),
    ("conformance", conformance::check, "cargo xtask conformance"),
    (
        "clippy",
        |w| {
            cargo(
                w,
                &[
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--",
                    "-D",
                    "warnings",
                ],
            )
        },
        "cargo clippy --workspace --all-targets -- -D warnings",
    ),
    (
        "doc",
        doc,
        "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps",
    ),
    ("no-std", no_std::run, "cargo xtask no-std"),
];

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let started = Instant::now();
    for (name, step, repeat) in STEPS {
        println!("== {name}");
        let began = Instant::now();
        let outcome = step(workspace);
        let seconds = began.elapsed().as_secs_f64();
        match outcome {
            Ok(()) => println!("== {name}: ok, {seconds:.1} s"),
            Err(error) => {
                eprintln!("{error}");
                return Err(format!(
                    "ci: {name} failed after {seconds:.1} s; repeat with: {repeat}"
                ));
            }
        }
    }
    println!(
        "== all {} steps ok, {:.1} s",
        STEPS.len(),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Outcome {
    run_command(&mut workspace.cargo(arguments))
}

fn doc(workspace: &Workspace) -> Outcome {
    let mut cargo = workspace.cargo(&["doc", "--workspace", "--no-deps"]);
    run_command(cargo.env("RUSTDOCFLAGS", "-D warnings"))
}
