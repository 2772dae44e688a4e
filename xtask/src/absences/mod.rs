//! `absences`: what must not be there.

mod floors;
mod hygiene;
mod words;

pub(crate) use floors::is_below_adapter;
pub(crate) use words::allocates;

use crate::Outcome;
use crate::workspace::Workspace;

/// Checks everything, prints every finding, and fails when there is one.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let mut findings = floors::check(&workspace.packages);
    for package in &workspace.packages {
        if is_below_adapter(&package.name) {
            findings.extend(words::check(package)?);
        }
    }
    let files = workspace.files()?;
    findings.extend(hygiene::check(&workspace.root, &files)?);
    for finding in &findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => {
            let (members, files) = (workspace.packages.len(), files.len());
            println!("absences: {members} packages and {files} files are clean");
            Ok(())
        }
        n => Err(format!("absences: {n} findings")),
    }
}
