//! The built command, driven as a script would drive it.

mod capture;
mod cases;
mod documentation;
mod encode;
mod http1;
mod http1_encode;
mod http1_words;
mod telnet;
mod telnet_encode;
mod telnet_option;
mod telnet_words;
mod use_and_misuse;
mod words;

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// The folder that the tests run in.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// How a run ended.
struct Ended {
    code: i32,
    stdout: Vec<u8>,
    stderr: String,
}

impl Ended {
    /// What a run that must not complain has printed.
    fn text(&self) -> &str {
        assert_eq!(self.stderr, "");
        std::str::from_utf8(&self.stdout).expect("output is text")
    }

    /// The same as JSON Lines.
    fn lines(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).expect("every line is JSON");
        self.text().lines().map(parse).collect()
    }

    /// The single line on stderr of a run that printed nothing else.
    fn complaint(&self) -> &str {
        assert_eq!(self.stdout.escape_ascii().to_string(), "");
        let line = self.stderr.strip_suffix('\n').expect("stderr holds a line");
        assert!(!line.contains('\n'), "one line: {line}");
        line
    }
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirelore"));
    command
        .env_remove("CLICOLOR_FORCE")
        .current_dir(data(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs `wirelore ARGUMENTS` with `input` on stdin.
fn wirelore(arguments: &[&str], input: &[u8]) -> Ended {
    run(command().args(arguments), input)
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
