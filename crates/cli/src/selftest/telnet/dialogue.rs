//! This very executable as `wirelore telnet`, with pipes for what is typed and what is shown.

use super::super::judge::Fault;
use super::super::stage::{PATIENCE, Stage, complaint};
use super::super::wire::{ended, find, patient, shown};
use super::PROMPT;
use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout};

/// No answer of a console is longer.
const LONGEST: usize = 1 << 20;

/// Somebody who types, and reads what is shown.
pub(super) struct Dialogue {
    child: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    unread: Vec<u8>,
    /// All that was shown.
    all: Vec<u8>,
    notes: PathBuf,
    /// As one would type it.
    pub(super) command: String,
}

impl Dialogue {
    /// Begins one; `name` is that of a file for complaints.
    pub(super) fn begin(stage: &Stage, name: &str, server: SocketAddr) -> io::Result<Self> {
        let notes = stage.path(&format!("{name}.notes"));
        let (ip, port) = (server.ip().to_string(), server.port().to_string());
        let mut child = stage
            .command()
            .args(["telnet", &ip, &port])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&notes)?)
            .spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (keys, screen) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self {
            child,
            keys,
            screen,
            unread: Vec::new(),
            all: Vec::new(),
            notes,
            command: format!("wirelore telnet {ip} {port}"),
        })
    }

    pub(super) async fn types(&mut self, line: &str) -> Result<(), Fault> {
        let line = format!("{line}\n");
        patient(
            "that it takes what is typed",
            self.keys.write_all(line.as_bytes()),
        )
        .await
    }

    /// What is shown up to this text, without it.
    pub(super) async fn sees(&mut self, text: &str) -> Result<String, Fault> {
        loop {
            if let Some(at) = find(&self.unread, text.as_bytes()) {
                let before = string(&self.unread[..at]);
                self.unread.drain(..at + text.len());
                return Ok(before);
            }
            if !self.more(text).await? {
                let said = complaint(&fs::read(&self.notes).unwrap_or_default());
                let came = format!("{}; it says: {said}", ended(&self.unread));
                return Err(Fault::new(text, came));
            }
        }
    }

    /// Types a command; what is answered, without the echo if there is one.
    pub(super) async fn asks(&mut self, line: &str) -> Result<String, Fault> {
        self.types(line).await?;
        let answer = self.sees(PROMPT).await?;
        let echo = format!("{line}\r\n");
        Ok(answer.strip_prefix(&echo).unwrap_or(&answer).to_owned())
    }

    /// The server ends it: the rest of what is shown. The command must have nothing to complain of.
    pub(super) async fn ends(&mut self) -> Result<String, Fault> {
        while self.more("the end of the session").await? {}
        let status = patient("exit code 0", self.child.wait()).await?;
        let said = fs::read(&self.notes).unwrap_or_default();
        match (status.code(), &*said) {
            (Some(0), []) => Ok(string(&std::mem::take(&mut self.unread))),
            (Some(0), said) => Err(Fault::new("nothing on stderr", shown(said))),
            _ => Err(Fault::new(
                "exit code 0",
                format!("{status}: {}", complaint(&said)),
            )),
        }
    }

    /// Whether this was shown at any time.
    pub(super) fn has_seen(&self, text: &str) -> bool {
        find(&self.all, text.as_bytes()).is_some()
    }

    async fn more(&mut self, expected: &str) -> Result<bool, Fault> {
        if self.all.len() > LONGEST {
            return Err(Fault::new(expected, "far too much"));
        }
        let mut room = [0; 4096];
        let read = tokio::time::timeout(PATIENCE, self.screen.read(&mut room)).await;
        let count = match read {
            Ok(Ok(count)) => count,
            Ok(Err(error)) => return Err(Fault::new(expected, error.to_string())),
            Err(_) if self.all.is_empty() => return Err(Fault::silence(expected)),
            Err(_) => {
                let came = format!("\"{}\" and nothing more", shown(&self.unread));
                return Err(Fault::new(expected, came));
            }
        };
        self.unread.extend(&room[..count]);
        self.all.extend(&room[..count]);
        Ok(count > 0)
    }
}

fn string(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
