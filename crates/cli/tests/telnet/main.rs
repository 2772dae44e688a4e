//! `wirelore telnet`, driven as a script and as a person at a terminal would drive it, against servers
//! that live in the test.

#![cfg(unix)]

mod at_terminal;
mod documentation;
mod failures;
mod modes;
mod peer;
mod pipes;
mod rig;

use peer::Listener;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread;

/// How a run ended.
struct Ended {
    code: i32,
    stdout: Vec<u8>,
    stderr: String,
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
}

/// `wirelore telnet ARGUMENTS`.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirelore"));
    command
        .arg("telnet")
        .args(arguments)
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The same with `--flags HOST PORT` of a listener.
fn command_to(listener: &Listener, flags: &[&str]) -> Command {
    let port = listener.port();
    command(&[flags, &["127.0.0.1", &port]].concat())
}

/// With `input` on stdin.
fn run(command: &mut Command, input: &[u8]) -> Ended {
    let mut child = command.spawn().expect("the command starts");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    thread::scope(|scope| {
        scope.spawn(move || {
            // it may end without reading all of it
            let _ = stdin.write_all(input);
        });
        ended(child)
    })
}

fn ended(child: Child) -> Ended {
    let output = child.wait_with_output().expect("the command ends");
    Ended {
        code: output.status.code().expect("no signal ended it"),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).expect("complaints are text"),
    }
}
