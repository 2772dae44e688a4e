//! What is built before anything is measured: our command, our example, and the peer that is a crate.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// This package's folder.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// Our command, built from the workspace around this one in release mode.
pub(crate) fn wirelore() -> Result<PathBuf, String> {
    let arguments = ["build", "--release", "--package", "wirelore-cli"];
    artifact(&ours(), &arguments, "wirelore")
}

/// Our example of a server, built likewise.
pub(crate) fn http_hello() -> Result<PathBuf, String> {
    let name = "http_hello";
    let package = "wirelore-examples";
    let arguments = [
        "build",
        "--release",
        "--package",
        package,
        "--example",
        name,
    ];
    artifact(&ours(), &arguments, name)
}

/// The server around the crate `hyper`: a program of this package.
pub(crate) fn hyper_hello() -> Result<PathBuf, String> {
    let name = "hyper-hello";
    let arguments = [
        "build",
        "--release",
        "--locked",
        "--bin",
        name,
        "--features",
        "hyper",
    ];
    artifact(Path::new(HERE), &arguments, name)
}

fn ours() -> PathBuf {
    Path::new(HERE).join("../../..")
}

/// Runs `cargo build` in `folder`; the program `name` that comes out of it.
fn artifact(folder: &Path, arguments: &[&str], name: &str) -> Result<PathBuf, String> {
    eprintln!("building {name}");
    let built = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(arguments)
        .args(["--quiet", "--message-format=json-render-diagnostics"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output();
    let built = built.map_err(|e| format!("cargo: {e}"))?;
    if !built.status.success() {
        let said = String::from_utf8_lossy(&built.stderr);
        let mut errors = said.lines().filter(|line| line.starts_with("error"));
        return Err(errors.next_back().unwrap_or("cargo failed").to_owned());
    }
    let messages = String::from_utf8_lossy(&built.stdout);
    let mut programs = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == name;
        let program = message["executable"].as_str().map(PathBuf::from);
        program.filter(|_| is_it)
    });
    let program = programs.next_back();
    program.ok_or_else(|| format!("cargo built no {name}"))
}
