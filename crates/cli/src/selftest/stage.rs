//! This very executable as `wirelore serve`, as `wirelore copy` and as other verbs, in processes of
//! their own: so the command line, the JSON, the exit codes and the signals are tested too, and
//! whatever hangs or falls over does so alone.

use serde_json::Value;
use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;
use wirelore_core::escape;

/// How long a process may keep silent. Far more than any needs: only one that hangs gets there.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// Where the cases of one protocol are played.
pub(super) struct Stage {
    program: PathBuf,
    folder: PathBuf,
}

/// A server, until it is dropped.
pub(super) struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Events of sessions that came before they were asked for.
    sessions: Vec<Value>,
    /// Of the first of its protocols.
    pub(super) address: SocketAddr,
    addresses: Vec<(String, SocketAddr)>,
}

/// A copy that is over.
#[derive(Clone, Debug, Default)]
pub(super) struct Copied {
    /// Nothing where a signal or the end of our patience ended it.
    pub(super) exit_code: Option<i32>,
    /// What it printed for programs.
    pub(super) report: Option<Value>,
    /// What it complained about.
    pub(super) said: String,
}

/// How a server ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended {
    pub(super) exit_code: Option<i32>,
    /// How many transfers it says that it cut off.
    pub(super) cut: Option<u64>,
}

impl Stage {
    pub(super) fn new(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir(&folder)?;
        Ok(Self {
            program: std::env::current_exe()?,
            folder,
        })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Serves a folder of the stage on a free port of the loopback interface.
    pub(super) async fn serve(
        &self,
        protocol: &str,
        dir: &str,
        options: &[&str],
    ) -> io::Result<Server> {
        self.serve_all(&[protocol], dir, options).await
    }

    /// The same for several protocols, with one server.
    pub(super) async fn serve_all(
        &self,
        protocols: &[&str],
        dir: &str,
        options: &[&str],
    ) -> io::Result<Server> {
        let notes = self.path(&format!("{dir}.notes").replace('/', "-"));
        let only = protocols.join(",");
        let mut command = self.command();
        command.args(["serve", dir, "--quiet", "--json", "--only", &only]);
        for protocol in protocols {
            command.args(["--listen", &format!("{protocol}=127.0.0.1:0")]);
        }
        let mut child = command
            .args(options)
            .stdout(Stdio::piped())
            .stderr(File::create(&notes)?)
            .spawn()?;
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut lines = BufReader::new(stdout).lines();
        let addresses = async {
            let mut addresses = Vec::new();
            while let Some(event) = event(&mut lines).await {
                match event["event"].as_str() {
                    Some("listening") => {
                        let address = event["address"].as_str()?.parse().ok()?;
                        addresses.push((event["protocol"].as_str()?.to_owned(), address));
                    }
                    Some("ready") => return Some((addresses.first()?.1, addresses)),
                    _ => {}
                }
            }
            None
        };
        match timeout(PATIENCE, addresses).await {
            Ok(Some((address, addresses))) => Ok(Server {
                child,
                lines,
                sessions: Vec::new(),
                address,
                addresses,
            }),
            _ => {
                let said = complaint(&fs::read(&notes).unwrap_or_default());
                Err(io::Error::other(format!(
                    "wirelore serve is not ready: {said}"
                )))
            }
        }
    }

    /// Copies; paths are those of the stage.
    pub(super) async fn copy(&self, from: &str, to: &str, options: &[&str]) -> io::Result<Copied> {
        self.copy_fed(None, from, to, options).await
    }

    /// The same, with a file of the stage on stdin.
    pub(super) async fn copy_fed(
        &self,
        stdin: Option<&str>,
        from: &str,
        to: &str,
        options: &[&str],
    ) -> io::Result<Copied> {
        let mut command = self.command();
        if let Some(stdin) = stdin {
            command.stdin(File::open(self.path(stdin))?);
        }
        command
            .args([
                "copy",
                from,
                to,
                "--json",
                "--digest",
                "sha256",
                "--progress",
                "none",
            ])
            .args(options);
        Ok(match timeout(PATIENCE, command.output()).await {
            Ok(output) => {
                let output = output?;
                Copied {
                    exit_code: output.status.code(),
                    report: serde_json::from_slice(&output.stdout).ok(),
                    said: complaint(&output.stderr),
                }
            }
            Err(_) => Copied {
                said: format!("nothing for {} s, and was ended", PATIENCE.as_secs()),
                ..Copied::default()
            },
        })
    }

    /// Without its arguments. Nothing is to be typed at it, and it ends when it is dropped.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command.env_remove("CLICOLOR_FORCE");
        // Ctrl-C is for us: we end them
        #[cfg(unix)]
        command.process_group(0);
        command
    }
}

impl Copied {
    /// Nothing gets through: no answer, no way, or the socket failed.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self.exit_code, None | Some(7 | 28 | 56))
    }
}

impl Server {
    /// What the server has to say about the transfer of `file`, as soon as it is over.
    pub(super) async fn transfer(&mut self, file: &str) -> Option<Value> {
        let told = async {
            while let Some(event) = event(&mut self.lines).await {
                if event["event"] == "transfer" && event["file"] == file {
                    return Some(event);
                }
            }
            None
        };
        timeout(PATIENCE, told).await.ok().flatten()
    }

    /// Where it serves one of its protocols.
    pub(super) fn at(&self, protocol: &str) -> io::Result<SocketAddr> {
        let mut addresses = self.addresses.iter();
        let found = addresses.find(|(name, _)| name == protocol);
        found.map_or(Err(io::ErrorKind::AddrNotAvailable.into()), |found| {
            Ok(found.1)
        })
    }

    /// What it has to say next of this kind in a session of the protocol. Of one client, if that is
    /// known.
    pub(super) async fn session(
        &mut self,
        protocol: &str,
        what: &str,
        client: Option<SocketAddr>,
    ) -> Option<Value> {
        let client = client.map(|client| client.to_string());
        let is_it = |event: &Value| {
            let from = client
                .as_ref()
                .is_none_or(|client| event["client"] == **client);
            event["protocol"] == protocol && event["what"] == what && from
        };
        if let Some(at) = self.sessions.iter().position(is_it) {
            return Some(self.sessions.remove(at));
        }
        let told = async {
            while let Some(event) = event(&mut self.lines).await {
                if is_it(&event) {
                    return Some(event);
                }
                if event["event"] == "session" {
                    self.sessions.push(event);
                }
            }
            None
        };
        timeout(PATIENCE, told).await.ok().flatten()
    }

    /// Tells it to stop, and waits until it has.
    #[cfg(unix)]
    pub(super) async fn end(&mut self) -> io::Result<Ended> {
        use rustix::process::{Pid, Signal, kill_process};
        let id = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(id.try_into().ok()?));
        kill_process(id.ok_or(io::ErrorKind::NotFound)?, Signal::TERM)?;
        let last = async {
            let mut cut = None;
            while let Some(event) = event(&mut self.lines).await {
                if event["event"] == "stopped" {
                    cut = event["cut"].as_u64();
                } else if event["event"] == "session" {
                    self.sessions.push(event);
                }
            }
            io::Result::Ok(Ended {
                exit_code: self.child.wait().await?.code(),
                cut,
            })
        };
        timeout(PATIENCE, last)
            .await
            .unwrap_or_else(|_| Ok(Ended::default()))
    }
}

/// The next line, if it is JSON; nothing at the end, or where it is not.
async fn event(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<Value> {
    let line = lines.next_line().await.ok()??;
    serde_json::from_str(&line).ok()
}

/// What the command has to complain about: its last line of that form, or else the first line.
pub(super) fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let own = text
        .lines()
        .filter_map(|line| line.strip_prefix("wirelore: "))
        .next_back();
    let first = || text.lines().find(|line| !line.trim().is_empty());
    escape(own.or_else(first).unwrap_or("nothing")).to_string()
}

/// A word as one types it into a shell.
pub(super) fn typed(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:=%".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{word}'"),
    }
}

/// Removes a folder that processes which were ended a moment ago may still write into.
pub(super) async fn remove(folder: &Path) -> io::Result<()> {
    let mut tries = 20;
    loop {
        tries -= 1;
        match fs::remove_dir_all(folder) {
            Err(error) if tries > 0 && error.kind() != io::ErrorKind::NotFound => {
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_complaint_is_found() {
        for (stderr, wanted) in [
            (&b""[..], "nothing"),
            (b"\n\n", "nothing"),
            (b"wirelore: a\nwirelore: b\nc\n", "b"),
            (b"\nthread panicked\nnote: \xff\n", "thread panicked"),
            (b"wirelore: a\x1b\xff\n", "a\\x1b\u{fffd}"),
        ] {
            assert_eq!(complaint(stderr), wanted);
        }
    }

    #[test]
    fn words_can_be_typed() {
        assert_eq!(typed("tftp://[::1]:7/a"), "'tftp://[::1]:7/a'");
        assert_eq!(
            typed("tftp://127.0.0.1:7/a%20b"),
            "tftp://127.0.0.1:7/a%20b"
        );
    }
}
