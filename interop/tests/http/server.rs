//! `wirelore serve` for HTTP, started by a test, and the folder that it serves.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use wirelore_interop::{Ended, Peer, built_command, folder, wait_until};

use crate::LIMIT;

/// A folder with `served` in it, which a server shows, and `copies`, for what clients have.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Arc<Self> {
        let folder = folder();
        for name in ["served", "copies"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Arc::new(Self(folder))
    }

    /// The folder itself, which nobody is shown.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn served(&self, name: &str) -> PathBuf {
        self.0.path().join("served").join(name)
    }

    pub(crate) fn copy(&self, name: &str) -> PathBuf {
        self.0.path().join("copies").join(name)
    }

    /// Puts a file into what is served, and makes folders for it.
    pub(crate) fn holds(&self, name: &str, content: &[u8]) -> PathBuf {
        let file = self.served(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, content).unwrap();
        file
    }

    /// A file beside what is served, which only its owner may read.
    pub(crate) fn keeps(&self, name: &str, content: &str) -> PathBuf {
        let file = self.outside(name);
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        file
    }

    /// The names in what is served, hidden ones too, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.served(""))
    }
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub(crate) struct Server {
    pub(crate) folder: Arc<Folder>,
    /// Of HTTP, or of HTTPS if that is all there is.
    pub(crate) port: u16,
    scheme: &'static str,
    peer: Peer,
}

impl Server {
    /// Starts it with further arguments, in a new folder.
    #[track_caller]
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::over(Folder::new(), arguments)
    }

    /// Starts it over a folder that is there.
    #[track_caller]
    pub(crate) fn over(folder: Arc<Folder>, arguments: &[&str]) -> Self {
        Self::launch(Command::new(built_command()), folder, "http", arguments)
    }

    /// The same with TLS.
    #[track_caller]
    pub(crate) fn secure(folder: Arc<Folder>, arguments: &[&str]) -> Self {
        let state = folder.outside("state");
        let arguments = [arguments, &["--state", utf8(&state)]].concat();
        Self::launch(Command::new(built_command()), folder, "https", &arguments)
    }

    /// Starts `command`, which becomes `wirelore` with what is added to it.
    #[track_caller]
    pub(crate) fn launch(
        mut command: Command,
        folder: Arc<Folder>,
        scheme: &'static str,
        arguments: &[&str],
    ) -> Self {
        let listen = format!("{scheme}=127.0.0.1:0");
        command.args(["serve", "--json", "--only", scheme, "--listen", &listen]);
        if !arguments.contains(&"--bind") {
            command.args(["--bind", "127.0.0.1"]);
        }
        command.args(arguments).arg(folder.served(""));
        let mut peer = Peer::start(&mut command);
        peer.wait_for_line("{\"event\":\"ready\"");
        let listening = parsed(&peer.stdout(), "listening").swap_remove(0);
        assert_eq!(listening["protocol"], scheme);
        let address = listening["address"].as_str().expect("an address");
        let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        Self { folder, port: port.expect("a port"), scheme, peer }
    }

    /// The URL of `target`, which begins with a slash.
    pub(crate) fn url(&self, target: &str) -> String {
        format!("{}://127.0.0.1:{}{target}", self.scheme, self.port)
    }

    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// What it has said of this kind so far.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        parsed(&self.peer.stdout(), kind)
    }

    /// Waits for a transfer of `file` that is over, and how it was.
    #[track_caller]
    pub(crate) fn transfer(&self, direction: &str, file: &str) -> Value {
        wait_until(&format!("a {direction} of {file}"), LIMIT, || {
            self.events("transfer")
                .into_iter()
                .find(|event| event["file"] == file && event["direction"] == direction)
        })
    }

    /// Waits until it has said `text` to people, `count` times.
    #[track_caller]
    pub(crate) fn says(&self, text: &str, count: usize) {
        wait_until(&format!("{text:?} in {}", self.peer.stderr()), LIMIT, || {
            (self.peer.stderr().matches(text).count() >= count).then_some(())
        });
    }

    /// Asks it to end, which it does with success.
    #[track_caller]
    pub(crate) fn ends(self) -> Ended {
        self.peer.signal("TERM");
        self.peer.wait(LIMIT).expect_success()
    }

    /// The program alone.
    pub(crate) fn into_peer(self) -> Peer {
        self.peer
    }

    /// SIGKILL: it has no time for anything.
    pub(crate) fn dies(self) -> Arc<Folder> {
        self.peer.signal("KILL");
        assert_eq!(self.peer.wait(LIMIT).code(), None);
        self.folder
    }
}

/// The whole lines that are events of this kind.
pub(crate) fn parsed(stdout: &str, kind: &str) -> Vec<Value> {
    let whole = stdout.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let events = whole.map(|line| match serde_json::from_str::<Value>(line) {
        Ok(event) => event,
        Err(error) => panic!("{error}: {line}"),
    });
    events.filter(|event| event["event"] == kind).collect()
}

pub(crate) fn utf8(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
