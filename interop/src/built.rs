//! The programs of this repository.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::run;

/// A build from nothing on a slow machine.
const BUILD_LIMIT: Duration = Duration::from_secs(900);

/// The path of an example program, which is built if need be, in the profile of the test.
///
/// # Panics
/// When it does not build.
#[must_use]
pub fn built_example(name: &str) -> PathBuf {
    built(&["--example", name], &format!("examples/{name}"))
}

/// The path of the `wirelore` command: that of the environment variable `WIRELORE_COMMAND`, to test one
/// that is installed, or else one that is built if need be, in the profile of the test.
///
/// # Panics
/// When it does not build.
#[must_use]
pub fn built_command() -> PathBuf {
    if let Some(command) = env::var_os("WIRELORE_COMMAND") {
        return command.into();
    }
    // With an example beside it, or cargo would leave out the features that tests ask for and
    // compile everything a second time.
    built(&["--bin", "wirelore", "--example", "tftpd_blocking"], "wirelore")
}

fn built(what: &[&str], file: &str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    // Held while cargo runs: tests that want the same program wait for it.
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(program) = built.get(file) {
        return program.clone();
    }
    let test = env::current_exe().expect("the path of the test");
    let (target, profile) = target_and_profile(&test).expect("TARGET/PROFILE/deps/TEST");
    let program = target.join(profile).join(file);
    let cargo = env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let mut command = Command::new(cargo);
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "--workspace"])
        .args(what)
        // The folder "debug" belongs to the profile "dev".
        .args(["--profile", if profile == "debug" { "dev" } else { profile }])
        .arg("--target-dir")
        .arg(target);
    run(&mut command, BUILD_LIMIT).expect_success();
    built.insert(file.into(), program.clone());
    program
}

/// The folders that cargo built `test` in.
fn target_and_profile(test: &Path) -> Option<(&Path, &str)> {
    let folder = test.parent()?.parent()?;
    Some((folder.parent()?, folder.file_name()?.to_str()?))
}
