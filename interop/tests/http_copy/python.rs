//! Python: its `http.server`, and a server that is built on it and does odd things.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use wirelore_interop::{Missing, Peer, content, find, folder};

use crate::nginx::Certificate;

/// `python3 -m http.server`.
pub(crate) struct FileServer {
    pub(crate) port: u16,
    _peer: Peer,
}

impl FileServer {
    /// Serves `folder`; `protocol` is `HTTP/1.0` or `HTTP/1.1`.
    pub(crate) fn start(folder: &Path, protocol: &str) -> Result<Self, Missing> {
        let mut command = Command::new(find("python3")?);
        command.args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]);
        command.args(["--protocol", protocol, "--directory"]).arg(folder);
        let mut peer = Peer::start(&mut command);
        let said = peer.wait_for_line("Serving HTTP on 127.0.0.1 port ");
        let port = said.split(' ').next().and_then(|port| port.parse().ok());
        Ok(Self { port: port.expect("a port"), _peer: peer })
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://127.0.0.1:{}{target}", self.port)
    }
}

/// `odd.py`, over the first octets of [`content`].
pub(crate) struct Odd {
    pub(crate) port: u16,
    scheme: &'static str,
    peer: Peer,
    _folder: TempDir,
}

impl Odd {
    /// So many octets it has.
    pub(crate) const SIZE: usize = 2_000_000;

    pub(crate) fn start() -> Result<Self, Missing> {
        Self::launch("http", &[])
    }

    /// With TLS.
    pub(crate) fn secure(certificate: &Certificate) -> Result<Self, Missing> {
        Self::launch("https", &[certificate.file(), certificate.key()])
    }

    fn launch(scheme: &'static str, arguments: &[String]) -> Result<Self, Missing> {
        let python = find("python3")?;
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("odd.py"), include_str!("odd.py")).unwrap();
        fs::write(at("content"), content(Self::SIZE)).unwrap();
        let mut command = Command::new(python);
        command.arg(at("odd.py")).arg(at("content")).args(arguments);
        let mut peer = Peer::start(&mut command);
        let port = peer.wait_for_line("port ").parse().expect("a port");
        Ok(Self { port, scheme, peer, _folder: folder })
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("{}://127.0.0.1:{}{target}", self.scheme, self.port)
    }

    /// What it was asked for: `GET /x RANGE IF-RANGE`, or `-`.
    pub(crate) fn asked(&self, target: &str) -> Vec<String> {
        let said = self.peer.stdout();
        let lines = said.lines().filter(|line| line.split(' ').nth(1) == Some(target));
        lines.map(Into::into).collect()
    }

    /// How often it has said this line.
    pub(crate) fn said(&self, line: &str) -> usize {
        self.peer.stdout().lines().filter(|said| *said == line).count()
    }
}
