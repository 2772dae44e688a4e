//! `wirelore copy`, driven as a script would drive it, against servers that live in the test.

mod documentation;
mod failures;
mod http_batch;
mod http_fetch;
mod http_login;
mod http_network;
mod http_proxy;
mod http_redirect;
mod http_resume;
mod http_retry;
mod http_send;
mod http_server;
mod http_tls;
mod local;
mod records;
mod server;
mod signals;
mod through;
mod transfers;
mod words;

use serde_json::Value;
use server::Server;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use tempfile::TempDir;

/// A folder to work in, with a served one beside it.
struct Scene {
    work: TempDir,
    /// Where the command keeps what it remembers, and looks for what is the user's.
    home: TempDir,
    server: Server,
}

/// What would lead the command elsewhere.
const PROXIES: [&str; 7] = [
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// How a run ended.
struct Ended {
    code: i32,
    stdout: Vec<u8>,
    stderr: String,
}

impl Scene {
    fn new() -> Self {
        let work = tempfile::tempdir().expect("a place for files");
        Self {
            work,
            home: tempfile::tempdir().expect("a place for files"),
            server: Server::start(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    /// The URL of a file on the server.
    fn url(&self, name: &str) -> String {
        format!("tftp://{}/{name}", self.server.address)
    }

    /// `wirelore copy ARGUMENTS` in the folder.
    fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wirelore"));
        command
            .arg("copy")
            .args(arguments)
            .env_remove("CLICOLOR_FORCE")
            .envs(PROXIES.map(|name| (name, "")))
            .env("HOME", self.home.path())
            .env("XDG_STATE_HOME", self.home.path())
            .current_dir(self.work.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn copy<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ended {
        self.copy_with(arguments, b"")
    }

    /// With `input` on stdin.
    fn copy_with<A: AsRef<OsStr>>(&self, arguments: &[A], input: &[u8]) -> Ended {
        run(&mut self.command(arguments), input)
    }

    /// What is in the folder, hidden files as well.
    fn names(&self) -> Vec<String> {
        names(self.work.path())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

impl Ended {
    #[track_caller]
    fn good(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self
    }

    /// Ended with this code and one line on stderr, which is returned.
    #[track_caller]
    fn failed(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{}", self.stderr);
        let line = self.stderr.strip_suffix('\n').expect("stderr holds a line");
        assert!(!line.contains('\n'), "one line: {line}");
        line.strip_prefix("wirelore: ")
            .expect("the line says who complains")
    }

    #[track_caller]
    fn json(&self) -> Value {
        let text = str::from_utf8(&self.stdout).expect("output is text");
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(text).expect("one object")
    }

    #[track_caller]
    fn text(&self) -> &str {
        str::from_utf8(&self.stdout).expect("output is text")
    }
}

fn run(command: &mut Command, input: &[u8]) -> Ended {
    let mut child = command.spawn().expect("the command starts");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let output = thread::scope(|scope| {
        scope.spawn(move || {
            // it may end without reading all of it
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().expect("the command ends")
    });
    Ended {
        code: output.status.code().expect("no signal ended it"),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).expect("complaints are text"),
    }
}

/// Octets that compress badly and repeat late.
fn content(len: usize) -> Vec<u8> {
    (0..len as u64)
        .map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8)
        .collect()
}
