//! `wirelore copy`, run by a user who has nothing but a folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use wirelore_interop::{Ended, Peer, built_command, digest, digest_of, folder, run, wait_until};

use crate::LIMIT;

/// What would send a copy through a proxy of the machine.
const PROXIES: [&str; 8] = [
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];

/// A user: a folder `copies`, a home, and no environment that matters.
pub(crate) struct User(TempDir);

impl User {
    pub(crate) fn new() -> Self {
        let folder = folder();
        for name in ["home", "copies"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self(folder)
    }

    /// A place beside the copies.
    pub(crate) fn at(&self, name: &str) -> String {
        utf8(&self.0.path().join(name)).into()
    }

    /// A file beside the copies, which only its owner may read.
    pub(crate) fn holds(&self, name: &str, content: &[u8]) -> String {
        let file = self.at(name);
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        file
    }

    /// The place of a copy.
    pub(crate) fn copied(&self, name: &str) -> PathBuf {
        self.0.path().join("copies").join(name)
    }

    /// What is in the folder of the copies, hidden files too.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.copied("")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The length of what has come of a copy that `--continue` keeps.
    pub(crate) fn kept(&self, name: &str) -> Option<u64> {
        let part = self.copied(&format!(".{name}.wirelore-part"));
        fs::metadata(part).ok().map(|metadata| metadata.len())
    }

    /// `wirelore copy` with these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(Command::new(built_command()), arguments)
    }

    /// The same, behind `command`, which becomes `wirelore` with what is added to it.
    pub(crate) fn command_of(&self, mut command: Command, arguments: &[&str]) -> Command {
        for name in PROXIES {
            command.env_remove(name);
        }
        command.env("HOME", self.at("home")).env_remove("XDG_STATE_HOME");
        command.current_dir(self.copied("")).arg("copy").args(arguments);
        command
    }

    /// Copies, however it ends.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(&mut self.command(arguments), LIMIT)
    }

    /// Copies the file of a URL, as `f`.
    #[track_caller]
    pub(crate) fn fetch(&self, options: &[&str], url: &str) -> Ended {
        self.run(&[options, &[url, "f"]].concat())
    }

    #[track_caller]
    pub(crate) fn start(&self, arguments: &[&str]) -> Peer {
        Peer::start(&mut self.command(arguments))
    }

    /// Fetches it, and it is that; nothing else is left.
    #[track_caller]
    pub(crate) fn gets(&self, options: &[&str], url: &str, content: &[u8]) -> Ended {
        let ended = self.fetch(options, url).expect_success();
        self.has_only("f", content);
        ended
    }

    /// Does not fetch it, with this exit code; nothing is left, and the complaint is one line.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, options: &[&str], url: &str) -> Ended {
        let ended = self.fetch(options, url).expect_code(code);
        assert!(self.names().is_empty(), "{:?}: {ended}", self.names());
        let said = ended.stderr();
        let complaints = said.lines().filter(|line| line.starts_with("wirelore: ")).count();
        assert_eq!(complaints, 1, "{ended}");
        ended
    }

    /// That there is this copy, octet for octet, and no other file; it is removed.
    #[track_caller]
    pub(crate) fn has_only(&self, name: &str, content: &[u8]) {
        assert_eq!(self.names(), [name]);
        self.has(name, content);
    }

    /// That there is this copy, octet for octet; it is removed.
    #[track_caller]
    pub(crate) fn has(&self, name: &str, content: &[u8]) {
        assert_eq!(digest_of(&self.copied(name)), digest(content), "{name}");
        fs::remove_file(self.copied(name)).unwrap();
    }

    /// Standard output of a copy, octet for octet.
    #[track_caller]
    pub(crate) fn pipes(&self, arguments: &[&str]) -> (Ended, Vec<u8>) {
        let output = self.at("stdout");
        let mut shell = Command::new("sh");
        shell.args(["-c", "to=$1; shift; exec \"$@\" >\"$to\"", "sh", &output]);
        let ended = run(&mut self.command_of_shell(shell, arguments), LIMIT);
        (ended, fs::read(output).unwrap())
    }

    /// A copy whose standard input is the file `input`.
    #[track_caller]
    pub(crate) fn piped(&self, input: &str, arguments: &[&str]) -> Ended {
        let mut shell = Command::new("sh");
        shell.args(["-c", "from=$1; shift; cat \"$from\" | \"$@\"", "sh", input]);
        run(&mut self.command_of_shell(shell, arguments), LIMIT)
    }

    fn command_of_shell(&self, mut shell: Command, arguments: &[&str]) -> Command {
        shell.arg(built_command());
        self.command_of(shell, arguments)
    }
}

/// The object of `--json`, which is all there is on stdout.
#[track_caller]
pub(crate) fn facts(ended: &Ended) -> Value {
    let stdout = ended.stdout();
    assert_eq!(stdout.lines().count(), 1, "{ended}");
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {ended}"))
}

/// Options for a copy that comes to a halt at an nginx, behind `count` octets or at most 1000 more. nginx
/// counts the head too, and adds an octet in a second.
pub(crate) fn halting(count: usize) -> [String; 4] {
    let after = format!("X-After: {}", count + 500);
    ["-H".into(), "X-Rate: 1".into(), "-H".into(), after]
}

/// Waits until a copy with `-vv` has said that so many octets came.
#[track_caller]
pub(crate) fn wait_for_octets(copy: &Peer, wanted: u64) {
    wait_until(&format!("{wanted} octets"), LIMIT, || {
        let said = copy.stderr();
        let pieces =
            said.lines().filter_map(|line| line.strip_prefix("< ")?.strip_suffix(" octets"));
        let came: u64 = pieces.map(|number| number.parse::<u64>().expect("a number")).sum();
        (came >= wanted).then_some(())
    });
}

pub(crate) fn utf8(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
