//! The workspace as cargo and git see it, and how other programs are run in it.

use serde_json::Value;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root, the target folder and the members.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// One member.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// The folder of its manifest.
    pub(crate) folder: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
    /// Its features, without `default`.
    pub(crate) features: Vec<String>,
}

/// One entry of a dependency table.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `normal`, `dev` or `build`.
    pub(crate) kind: String,
    /// Whether it is a path inside this workspace.
    pub(crate) ours: bool,
}

/// One thing that cargo builds of a package.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    /// `lib`, `bin`, `test`, `example`, `bench`, `custom-build`, `proc-macro`.
    pub(crate) kind: String,
    pub(crate) source: PathBuf,
}

impl Workspace {
    /// The workspace around the current folder.
    pub(crate) fn find() -> Result<Self, String> {
        let mut cargo = Command::new(cargo());
        cargo.args(["metadata", "--format-version=1", "--no-deps"]);
        let output = captured(&mut cargo)?;
        let json: Value = serde_json::from_slice(&output.stdout)
            .map_err(|e| format!("cargo metadata printed no JSON: {e}"))?;
        Ok(Self::from_metadata(&json))
    }

    fn from_metadata(json: &Value) -> Self {
        Self {
            root: path(&json["workspace_root"]),
            target: path(&json["target_directory"]),
            packages: list(&json["packages"]).map(Package::from).collect(),
        }
    }

    /// The member of this name.
    pub(crate) fn package(&self, name: &str) -> Result<&Package, String> {
        self.packages
            .iter()
            .find(|package| package.name == name)
            .ok_or_else(|| format!("no package {name} in this workspace"))
    }

    /// Every file that git tracks or would track, relative to the root.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, String> {
        let mut git = Command::new("git");
        // -c: whoever owns the checkout
        git.current_dir(&self.root).args([
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let output = captured(&mut git)?;
        let mut files: Vec<PathBuf> = String::from_utf8_lossy(&output.stdout)
            .split_terminator('\0')
            .map(PathBuf::from)
            .filter(|file| self.root.join(file).is_file())
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// `cargo ARGUMENTS` in the root of this workspace.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(cargo());
        command.args(arguments).current_dir(&self.root);
        command
    }
}

impl From<&Value> for Package {
    fn from(json: &Value) -> Self {
        let manifest = path(&json["manifest_path"]);
        Self {
            name: text(&json["name"]),
            folder: manifest.parent().map(Path::to_owned).unwrap_or_default(),
            dependencies: list(&json["dependencies"])
                .map(|dependency| Dependency {
                    name: text(&dependency["name"]),
                    kind: dependency["kind"].as_str().unwrap_or("normal").to_owned(),
                    ours: dependency["path"].is_string(),
                })
                .collect(),
            targets: list(&json["targets"])
                .map(|target| Target {
                    name: text(&target["name"]),
                    kind: text(&target["kind"][0]),
                    source: path(&target["src_path"]),
                })
                .collect(),
            features: json["features"]
                .as_object()
                .into_iter()
                .flat_map(|features| features.keys().cloned())
                .filter(|feature| feature != "default")
                .collect(),
        }
    }
}

fn list(json: &Value) -> impl Iterator<Item = &Value> {
    json.as_array().into_iter().flatten()
}

fn text(json: &Value) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

fn path(json: &Value) -> PathBuf {
    PathBuf::from(text(json))
}

fn cargo() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Runs a command with our own standard streams; an error names it unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status = command
        .status()
        .map_err(|e| format!("cannot start {}: {e}", shown(command)))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{status}: {}", shown(command))),
    }
}

/// Runs a command and keeps what it prints; an error holds its standard error unless it succeeds.
pub(crate) fn captured(command: &mut Command) -> Result<Output, String> {
    let output = command
        .output()
        .map_err(|e| format!("cannot start {}: {e}", shown(command)))?;
    match output.status.success() {
        true => Ok(output),
        false => Err(format!(
            "{}: {}\n{}",
            output.status,
            shown(command),
            String::from_utf8_lossy(&output.stderr).trim_end()
        )),
    }
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut line = program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metadata_is_read() {
        let workspace = Workspace::from_metadata(&json!({
            "workspace_root": "/w", "target_directory": "/t",
            "packages": [{
                "name": "a", "manifest_path": "/w/crates/a/Cargo.toml",
                "dependencies": [
                    {"name": "b", "kind": null, "path": "/w/crates/b"},
                    {"name": "c", "kind": "dev"},
                ],
                "targets": [{"name": "a", "kind": ["lib"], "src_path": "/w/crates/a/src/lib.rs"}],
            }],
        }));
        let package = workspace.package("a").unwrap();
        assert_eq!(package.folder, Path::new("/w/crates/a"));
        assert_eq!(package.targets[0].kind, "lib");
        let kinds: Vec<_> = package
            .dependencies
            .iter()
            .map(|d| (&*d.kind, d.ours))
            .collect();
        assert_eq!(kinds, [("normal", true), ("dev", false)]);
        assert!(workspace.package("z").is_err());
    }

    #[test]
    fn a_failing_command_is_named_with_what_it_said() {
        let mut command = Command::new("sh");
        let error = captured(command.args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        assert!(error.contains("sh -c") && error.ends_with("why"), "{error}");
        assert!(run(&mut Command::new("/nonexistent")).is_err());
    }
}
