//! What is built before anything is measured: our command, and the peers that are crates.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// This package's folder.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// Our command, built from the workspace around this one in release mode.
pub(crate) fn wirelore() -> Result<PathBuf, String> {
    let root = Path::new(HERE).join("../../..");
    let arguments = ["build", "--release", "--package", "wirelore-cli"];
    artifact(&root, &arguments, "wirelore")
}

/// The server around the crate `async-tftp`: a program of this package.
pub(crate) fn async_tftp() -> Result<PathBuf, String> {
    let name = "async-tftp-server";
    let arguments = [
        "build",
        "--release",
        "--locked",
        "--bin",
        name,
        "--features",
        "async-tftp",
    ];
    artifact(Path::new(HERE), &arguments, name)
}

/// The program of a crate, with the versions of its dependencies that its author published. It is
/// installed beside this program, once.
pub(crate) fn installed(name: &str, version: &str, options: &[&str]) -> Result<PathBuf, String> {
    let target = target()?;
    let root = target.join("peers").join(format!("{name}-{version}"));
    let program = root.join("bin").join(name);
    if !program.exists() {
        eprintln!("installing {name} {version}");
        let mut cargo = cargo(Path::new(HERE));
        cargo
            .args([
                "install",
                name,
                "--locked",
                "--version",
                &format!("={version}"),
                "--root",
            ])
            .arg(&root)
            .arg("--target-dir")
            .arg(target.join("peers/build"))
            .args(options);
        run(&mut cargo)?;
    }
    Ok(program)
}

/// Runs `cargo build` in `folder`; the program `name` that comes out of it.
fn artifact(folder: &Path, arguments: &[&str], name: &str) -> Result<PathBuf, String> {
    eprintln!("building {name}");
    let mut cargo = cargo(folder);
    cargo
        .args(arguments)
        .arg("--message-format=json-render-diagnostics");
    let messages = run(&mut cargo)?;
    let mut programs = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == name && message["target"]["kind"][0] == "bin";
        is_it.then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    programs
        .next_back()
        .ok_or_else(|| format!("cargo built no {name}"))
}

fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.arg("--quiet").current_dir(folder);
    cargo
}

/// Standard output of a cargo that succeeded, or what it complained about last.
fn run(cargo: &mut Command) -> Result<String, String> {
    let ended = cargo.stdin(Stdio::null()).output();
    let ended = ended.map_err(|e| format!("cargo: {e}"))?;
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&ended.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    let mut errors = said.lines().filter(|line| line.starts_with("error"));
    Err(errors.next_back().unwrap_or("cargo failed").to_owned())
}

/// The target folder that this program was built into: TARGET/PROFILE/tftp-peers.
fn target() -> Result<PathBuf, String> {
    let this = env::current_exe().map_err(|e| e.to_string())?;
    let target = this.ancestors().nth(2);
    target
        .map(Path::to_owned)
        .ok_or_else(|| "where was this built?".to_owned())
}
