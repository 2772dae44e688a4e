//! `wirelore serve` and `wirelore copy`, started by a test.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;
use wirelore_interop::{
    Ended, Namespace, Peer, built_command, digest, digest_of, folder, run, wait_until,
};

use crate::theirs::encoded;
use crate::{LIMIT, put, utf8};

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
    pub(crate) fn outside(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn served(&self, name: &str) -> PathBuf {
        self.0.path().join("served").join(name)
    }

    /// Puts a file into what is served.
    pub(crate) fn holds(&self, name: &str, content: &[u8]) -> PathBuf {
        put(&self.served(""), name, content)
    }

    /// The names of all that is there, hidden files too.
    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.served(""))
    }

    /// A place for a client's file; what was there is gone.
    pub(crate) fn copy(&self, name: &str) -> PathBuf {
        let copy = self.0.path().join("copies").join(name);
        let _ = fs::remove_file(&copy);
        copy
    }

    /// Waits until what is served has, as `name`, what is in the file `sent`: a client may be done
    /// with an upload a moment before the server has given it its name.
    #[track_caller]
    pub(crate) fn receives(&self, name: &str, sent: &Path) {
        let (arrived, sent) = (self.served(name), digest_of(sent));
        wait_until(&format!("the upload of {name}"), LIMIT, || {
            (arrived.exists() && digest_of(&arrived) == sent).then_some(())
        });
    }
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// `wirelore serve`, for TFTP only.
pub(crate) struct Server {
    pub(crate) folder: Arc<Folder>,
    pub(crate) address: SocketAddr,
    peer: Peer,
    /// How many transfers were returned by [`Server::transfer`].
    seen: AtomicUsize,
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
        let mut command = Command::new(built_command());
        command.args(["serve", "--listen", "tftp=127.0.0.1:0"]).args(arguments);
        Self::launch(command, folder)
    }

    /// Starts it in a network of its own, on the standard's port of every address.
    #[track_caller]
    pub(crate) fn inside(namespace: &Namespace, folder: Arc<Folder>, arguments: &[&str]) -> Self {
        let mut command = namespace.command(built_command());
        command.args(["serve", "--standard-ports", "--bind", "0.0.0.0"]).args(arguments);
        Self::launch(command, folder)
    }

    #[track_caller]
    fn launch(mut command: Command, folder: Arc<Folder>) -> Self {
        command.args(["--only", "tftp", "--json"]).arg(folder.served(""));
        let mut peer = Peer::start(&mut command);
        peer.wait_for_line("{\"event\":\"ready\"");
        let listening = events(&peer, "listening").swap_remove(0);
        assert_eq!(listening["protocol"], "tftp");
        let address = listening["address"].as_str().and_then(|text| text.parse().ok());
        let address = address.expect("where it listens");
        Self { folder, address, peer, seen: AtomicUsize::new(0) }
    }

    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// What it has said of this kind so far.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        events(&self.peer, kind)
    }

    /// Waits for the next transfer that is over.
    #[track_caller]
    pub(crate) fn transfer(&self) -> Value {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        wait_until(&format!("the end of transfer {seen}: {}", self.peer.stdout()), LIMIT, || {
            self.events("transfer").get(seen).cloned()
        })
    }

    /// Waits until it has said `text` to people.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        wait_until(&format!("{text:?} in {}", self.peer.stderr()), LIMIT, || {
            self.peer.stderr().contains(text).then_some(())
        });
    }

    /// Asks it to end, which it does with success; all transfers that it reported.
    #[track_caller]
    pub(crate) fn ends(self) -> Vec<Value> {
        self.peer.signal("TERM");
        let ended = self.peer.wait(LIMIT).expect_success();
        parsed(&ended.stdout(), "transfer")
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

fn events(peer: &Peer, kind: &str) -> Vec<Value> {
    parsed(&peer.stdout(), kind)
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

/// That an event of a transfer says so; `options` are those that must be there.
#[track_caller]
pub(crate) fn expect_transfer(
    event: &Value,
    direction: &str,
    bytes: usize,
    options: &[(&str, Value)],
) {
    let told = |name: &str| &event[name];
    assert_eq!(told("protocol"), "tftp", "{event}");
    assert_eq!(told("direction"), direction, "{event}");
    assert_eq!(told("bytes"), bytes, "{event}");
    assert_eq!(told("ok"), true, "{event}");
    assert!(told("retransmits").is_u64() && told("seconds").is_number(), "{event}");
    assert!(told("error").is_null() && told("error_code").is_null(), "{event}");
    assert!(told("client").as_str().is_some_and(|client| client.starts_with("127.0.0.1:")));
    for (name, value) in options {
        assert_eq!(&told("options")[*name], value, "{event}");
    }
}

/// `wirelore copy` and a server somewhere.
pub(crate) struct Ours<'n> {
    namespace: Option<&'n Namespace>,
    server: String,
    copies: TempDir,
    /// Where each upload arrives, its digest, and what was asked for.
    sent: RefCell<Vec<(PathBuf, String, String)>>,
}

impl Drop for Ours<'_> {
    fn drop(&mut self) {
        let is_looked_at = self.sent.borrow().is_empty() || thread::panicking();
        assert!(is_looked_at, "`sent_all` was forgotten");
    }
}

impl<'n> Ours<'n> {
    pub(crate) fn new(server: &str) -> Self {
        Self::somewhere(None, server)
    }

    pub(crate) fn inside(namespace: &'n Namespace, server: &str) -> Self {
        Self::somewhere(Some(namespace), server)
    }

    fn somewhere(namespace: Option<&'n Namespace>, server: &str) -> Self {
        Self { namespace, server: server.into(), copies: folder(), sent: RefCell::default() }
    }

    /// Where the next download goes; nothing is there.
    pub(crate) fn place(&self) -> PathBuf {
        let place = self.kept();
        let _ = fs::remove_file(&place);
        place
    }

    /// The same place, with what is there.
    pub(crate) fn kept(&self) -> PathBuf {
        self.copies.path().join("copy")
    }

    /// What is in the folder that downloads go to.
    pub(crate) fn names(&self) -> Vec<String> {
        names(self.copies.path())
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("tftp://{}/{}", self.server, encoded(name))
    }

    /// Fetches `file` by its name and compares the digests.
    #[track_caller]
    pub(crate) fn gets(&self, file: &Path, options: &[&str]) -> Ended {
        let (name, place) = (utf8(Path::new(file.file_name().unwrap())), self.place());
        let ended = self.copies_to(self.url(name), &place, options).expect_success();
        assert_eq!(digest_of(&place), digest_of(file), "{options:?}: {ended}");
        ended
    }

    /// Sends `content` as `name` and a number, which the server keeps in `served`.
    #[track_caller]
    pub(crate) fn puts(
        &self,
        content: &[u8],
        served: &Path,
        name: &str,
        options: &[&str],
    ) -> Ended {
        let mut sent = self.sent.borrow_mut();
        let name = format!("{name}-{}", sent.len());
        let file = put(self.copies.path(), "sent", content);
        let ended = self.copies_to(&file, self.url(&name), options).expect_success();
        fs::remove_file(file).unwrap();
        sent.push((served.join(name), digest(content), format!("{options:?}")));
        ended
    }

    /// Waits until all that was sent has arrived, and compares the digests: some servers close a file
    /// only seconds after its last block.
    #[track_caller]
    pub(crate) fn sent_all(&self) {
        for (arrived, sent, options) in self.sent.take() {
            wait_until(&format!("{}, {options}", arrived.display()), LIMIT, || {
                (arrived.exists() && digest_of(&arrived) == sent).then_some(())
            });
        }
    }

    /// Copies from anywhere to anywhere.
    #[track_caller]
    pub(crate) fn copies_to(
        &self,
        from: impl AsRef<OsStr>,
        to: impl AsRef<OsStr>,
        options: &[&str],
    ) -> Ended {
        run(&mut self.command(from, to, options), LIMIT)
    }

    pub(crate) fn command(
        &self,
        from: impl AsRef<OsStr>,
        to: impl AsRef<OsStr>,
        options: &[&str],
    ) -> Command {
        let mut command = match self.namespace {
            Some(namespace) => namespace.command(built_command()),
            None => Command::new(built_command()),
        };
        command.arg("copy").arg(from).arg(to).args(options);
        command
    }
}

/// What `wirelore copy --json` says.
#[track_caller]
pub(crate) fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout()).unwrap_or_else(|error| panic!("{error}: {ended}"))
}
