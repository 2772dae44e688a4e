//! `wirelore serve`, started by a test.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use wirelore_interop::{Namespace, Peer, built_command, folder, wait_until};

use crate::LIMIT;

/// `wirelore serve` for protocols that carry text. It writes down all that clients negotiate.
pub(crate) struct Server {
    peer: Peer,
    _folder: TempDir,
}

impl Server {
    /// The console.
    #[track_caller]
    pub(crate) fn console() -> Self {
        Self::of(&["telnet"])
    }

    /// These protocols, on free ports.
    #[track_caller]
    pub(crate) fn of(protocols: &[&str]) -> Self {
        let mut command = Command::new(built_command());
        command.args(["serve", "--only", &protocols.join(",")]);
        for protocol in protocols {
            command.args(["--listen", &format!("{protocol}=127.0.0.1:0")]);
        }
        Self::launch(command)
    }

    /// The console in a network of its own, at port 23.
    #[track_caller]
    pub(crate) fn inside(namespace: &Namespace) -> Self {
        let mut command = namespace.command(built_command());
        command.args(["serve", "--only", "telnet", "--standard-ports", "--bind", "127.0.0.1"]);
        Self::launch(command)
    }

    #[track_caller]
    fn launch(mut command: Command) -> Self {
        let folder = folder();
        command.args(["--json", "--telnet-log-options"]).arg(folder.path());
        let mut peer = Peer::start(&mut command);
        peer.wait_for_line("{\"event\":\"ready\"");
        Self { peer, _folder: folder }
    }

    /// The process.
    pub(crate) fn id(&self) -> String {
        self.peer.id().to_string()
    }

    /// Where it serves `protocol`.
    #[track_caller]
    pub(crate) fn address(&self, protocol: &str) -> SocketAddr {
        let events = events(&self.peer.stdout());
        let listening = events.iter().filter(|event| event["event"] == "listening");
        let mut found = listening.filter(|event| event["protocol"] == protocol);
        let address = found.next().and_then(|event| event["address"].as_str()?.parse().ok());
        address.expect("where it listens")
    }

    pub(crate) fn port(&self) -> String {
        self.address("telnet").port().to_string()
    }

    /// Waits until it knows of a window of this size.
    #[track_caller]
    pub(crate) fn knows_window(&self, columns: u64, rows: u64) {
        wait_until("the size of the window", LIMIT, || {
            let windows = Session(events(&self.peer.stdout())).windows();
            (windows.last() == Some(&(columns, rows))).then_some(())
        });
    }

    /// Waits until the session is over, and returns what was said of it.
    #[track_caller]
    pub(crate) fn session(&self) -> Session {
        wait_until("the end of the session", LIMIT, || {
            let events = events(&self.peer.stdout());
            let closed = events.iter().any(|event| event["what"] == "closed");
            closed.then_some(Session(events))
        })
    }
}

/// Everything that was said of the only session of a server.
pub(crate) struct Session(Vec<Value>);

impl Session {
    /// What there is to say of this kind.
    pub(crate) fn all(&self, what: &str) -> Vec<&Value> {
        self.0.iter().filter(|event| event["what"] == what).collect()
    }

    /// The names of the commands that came, in their order.
    pub(crate) fn commands(&self) -> Vec<&str> {
        self.all("command").iter().filter_map(|event| event["command"].as_str()).collect()
    }

    /// The sizes of the window, in their order.
    pub(crate) fn windows(&self) -> Vec<(u64, u64)> {
        let sizes = self.all("window").into_iter();
        sizes.filter_map(|w| Some((w["columns"].as_u64()?, w["rows"].as_u64()?))).collect()
    }

    /// Whether an option was on or off at the end; none when it was not agreed on.
    pub(crate) fn option(&self, side: &str, option: &str) -> Option<bool> {
        let changes = self.all("option").into_iter();
        let mut of_it = changes.filter(|e| e["side"] == side && e["option"] == option);
        of_it.next_back().and_then(|event| event["on"].as_bool())
    }

    /// That the peer did nothing that TELNET forbids, and that all went well.
    #[track_caller]
    pub(crate) fn is_clean(&self) {
        assert_eq!(self.all("violation"), Vec::<&Value>::new());
        let closed = self.all("closed");
        assert!(closed.len() == 1 && closed[0]["ok"] == true, "{closed:?}");
    }
}

fn events(stdout: &str) -> Vec<Value> {
    let whole = stdout.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let events = whole.map(|line| match serde_json::from_str(line) {
        Ok(event) => event,
        Err(error) => panic!("{error}: {line}"),
    });
    events.collect()
}
