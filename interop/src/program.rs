//! Where installed programs are.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{Missing, run};

/// Folders of daemons, which an ordinary user's `PATH` lacks.
const SYSTEM: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Folders of an unpacked package.
const UNPACKED: [&str; 4] = ["usr/sbin", "usr/bin", "sbin", "bin"];

/// The program `name`: from `PATH`, the system's folders of daemons, or the folder that the
/// environment variable `WIRELORE_PEERS` names, where packages are unpacked that cannot be
/// installed beside each other.
///
/// # Errors
/// When it is in none of them.
pub fn find(name: &str) -> Result<PathBuf, Missing> {
    let path = env::var_os("PATH").unwrap_or_default();
    let peers = env::var_os("WIRELORE_PEERS").filter(|folder| !folder.is_empty());
    let unpacked = peers
        .iter()
        .flat_map(|folder| UNPACKED.iter().map(move |within| Path::new(folder).join(within)));
    env::split_paths(&path)
        .chain(SYSTEM.map(PathBuf::from))
        .chain(unpacked)
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file))
        .ok_or_else(|| Missing::Program(name.into()))
}

/// [`find`] for a name that several packages use: the program must say `what` when it is called
/// with `args`.
///
/// # Errors
/// When there is none, or it says something else.
pub fn find_saying(name: &str, args: &[&str], what: &str) -> Result<PathBuf, Missing> {
    let program = find(name)?;
    let said = run(Command::new(&program).args(args), Duration::from_secs(10));
    if said.stdout().contains(what) || said.stderr().contains(what) {
        Ok(program)
    } else {
        Err(Missing::Program(format!("{name} ({what})")))
    }
}

fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}
