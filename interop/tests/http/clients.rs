//! curl, and programs that are given their input octet by octet.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use wirelore_interop::{Ended, Missing, Peer, find, folder, run, wait_until};

use crate::LIMIT;
use crate::server::utf8;

/// Names and values, as they were sent.
pub(crate) type List = Vec<(String, String)>;

/// curl, without a configuration or a proxy of the user.
pub(crate) struct Curl(PathBuf);

/// A response as curl has it.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    /// How many connections it made.
    pub(crate) connects: u64,
    pub(crate) version: String,
    pub(crate) fields: List,
    pub(crate) body: Vec<u8>,
    /// What else curl knows: `--write-out '%{json}'`.
    pub(crate) facts: Value,
}

impl Curl {
    pub(crate) fn new() -> Result<Self, Missing> {
        find("curl").map(Self)
    }

    /// `curl` with what every test wants.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: impl AsRef<[S]>) -> Command {
        let mut command = Command::new(&self.0);
        command.args(["-q", "--silent", "--show-error", "--max-time", "50", "--noproxy", "*"]);
        command.args(arguments.as_ref());
        command
    }

    /// Runs curl with these arguments and nothing else, however it ends.
    #[track_caller]
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl AsRef<[S]>) -> Ended {
        run(&mut self.command(arguments), LIMIT)
    }

    /// One response.
    #[track_caller]
    pub(crate) fn get(&self, arguments: &[&str], url: &str) -> Got {
        self.many(arguments, &[url]).swap_remove(0)
    }

    /// One response after another, to the last of `urls`; curl succeeds.
    #[track_caller]
    pub(crate) fn many(&self, arguments: &[&str], urls: &[&str]) -> Vec<Got> {
        let (ended, got) = self.try_many(arguments, urls);
        let ended = ended.expect_success();
        assert_eq!(got.len(), urls.len(), "{ended}");
        got
    }

    /// The same, when curl may fail. A response before a login is not among them.
    #[track_caller]
    pub(crate) fn try_many(&self, arguments: &[&str], urls: &[&str]) -> (Ended, Vec<Got>) {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        let mut command = self.command(arguments);
        command.args(["--write-out", "%{json}\\n", "-D"]).arg(at("heads"));
        for (number, url) in urls.iter().enumerate() {
            command.arg("-o").arg(at(&format!("body{number}"))).arg(url);
        }
        let ended = run(&mut command, LIMIT);
        let heads = heads(&fs::read(at("heads")).unwrap_or_default());
        let mut heads = heads.into_iter().peekable();
        let stdout = ended.stdout();
        let mut got = Vec::new();
        for line in stdout.lines() {
            let facts: Value = serde_json::from_str(line).unwrap_or_else(|error| {
                panic!("{error}: {ended}");
            });
            let status = facts["http_code"].as_u64().unwrap_or(0);
            // before the last of a request there may be 100 (Continue) and 401
            let mut fields = Vec::new();
            while let Some((code, list)) = heads.next() {
                fields = list;
                let again = heads.peek().is_some_and(|_| code == 401 || code == 301);
                if u64::from(code) == status && !again && code >= 200 {
                    break;
                }
            }
            let file = facts["filename_effective"].as_str().map(Path::new);
            // curl writes the head instead
            let is_head = facts["method"] == "HEAD";
            assert!(!is_head || facts["size_download"] == 0, "{ended}");
            let file = file.filter(|_| !is_head);
            got.push(Got {
                status: u16::try_from(status).unwrap(),
                connects: facts["num_connects"].as_u64().expect("a number"),
                version: facts["http_version"].as_str().unwrap_or_default().into(),
                fields,
                // nothing is written for a response without content
                body: file.and_then(|file| fs::read(file).ok()).unwrap_or_default(),
                facts,
            });
        }
        (ended, got)
    }
}

impl Got {
    /// The value of a field, which must not stand there twice.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let first = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "two {name}: {:?}", self.fields);
        first
    }

    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let found = self.fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// That the status is this and the body is exactly that.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16, body: &[u8]) -> &Self {
        assert_eq!(self.status, status, "{:?}", self.fields);
        assert!(
            self.body == body,
            "{} octets instead of {}: {:?}",
            self.body.len(),
            body.len(),
            self.fields
        );
        self
    }

    /// That the status is this, whatever the body says.
    #[track_caller]
    pub(crate) fn expect_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{:?} {}", self.fields, self.text());
        self
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// How many octets of a body curl has sent.
    pub(crate) fn uploaded(&self) -> u64 {
        self.facts["size_upload"].as_u64().expect("a number")
    }
}

/// Status codes and fields of the heads in `octets`, of which each line must end with CR LF.
#[track_caller]
pub(crate) fn heads(octets: &[u8]) -> Vec<(u16, List)> {
    let text: String = octets.iter().map(|&octet| char::from(octet)).collect();
    let (mut heads, mut present) = (Vec::new(), None);
    for line in text.split_inclusive('\n') {
        let line = line.strip_suffix("\r\n").unwrap_or_else(|| panic!("no CR LF: {text}"));
        match (&mut present, line) {
            (None, line) => {
                let words: Vec<&str> = line.splitn(3, ' ').collect();
                let [version, code, _reason] = words[..] else { panic!("{line}") };
                assert_eq!(version, "HTTP/1.1", "{line}");
                present = Some((code.parse().expect("a status code"), List::new()));
            }
            (Some(_), "") => heads.extend(present.take()),
            (Some((_, fields)), line) => {
                let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
                assert_eq!(value.trim(), value, "{line}");
                fields.push((name.into(), value.into()));
            }
        }
    }
    assert!(present.is_none(), "no end: {text}");
    heads
}

/// A program with its input and output in files.
pub(crate) struct Piped {
    folder: TempDir,
    peer: Peer,
}

impl Piped {
    /// With `input` as its standard input, and then the end of it.
    #[track_caller]
    pub(crate) fn start(program: &Path, arguments: &[&str], input: &[u8]) -> Self {
        Self::launch(program, arguments, input, "exec \"$@\" <\"$from\" >\"$to\"")
    }

    /// The same, but the input does not end: the program itself has its fifo open for writing.
    #[track_caller]
    pub(crate) fn open(program: &Path, arguments: &[&str], input: &[u8]) -> Self {
        assert!(input.len() <= 4096, "what a pipe takes for certain");
        let script = "mkfifo \"$from.fifo\"; exec 3<>\"$from.fifo\"; cat \"$from\" >&3; \
                      exec \"$@\" 0<>\"$from.fifo\" 3>&- >\"$to\"";
        Self::launch(program, arguments, input, script)
    }

    #[track_caller]
    fn launch(program: &Path, arguments: &[&str], input: &[u8], script: &str) -> Self {
        let folder = folder();
        let from = folder.path().join("in");
        fs::write(&from, input).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", &format!("from=$1 to=$2; shift 2; {script}"), "sh"]);
        command.arg(&from).arg(folder.path().join("out"));
        command.arg(program).args(arguments);
        Self { peer: Peer::start(&mut command), folder }
    }

    /// Gives it more input, where that is [open](Self::open).
    pub(crate) fn says(&self, input: &[u8]) {
        // where its output goes is there when all that comes first is in the fifo
        let output = self.folder.path().join("out");
        wait_until("the program", LIMIT, || output.exists().then_some(()));
        let fifo = self.folder.path().join("in.fifo");
        File::options().read(true).write(true).open(fifo).unwrap().write_all(input).unwrap();
    }

    /// What it has written so far.
    pub(crate) fn output(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("out")).unwrap_or_default()
    }

    /// Waits for its end: what it wrote.
    #[track_caller]
    pub(crate) fn wait(self) -> (Ended, Vec<u8>) {
        let ended = self.peer.wait(LIMIT);
        let output = fs::read(self.folder.path().join("out")).unwrap_or_default();
        (ended, output)
    }
}

/// A fifo that a client writes a download to: as long as the test does not read, the download is in its
/// middle, and the server has sent no more than what sockets take.
pub(crate) struct Fifo {
    path: PathBuf,
    reader: File,
    read: Vec<u8>,
    _folder: TempDir,
}

impl Fifo {
    pub(crate) fn new() -> Self {
        let folder = folder();
        let path = folder.path().join("fifo");
        run(Command::new("mkfifo").arg(&path), LIMIT).expect_success();
        // so that neither side waits for the other to open it
        let reader = File::options().read(true).custom_flags(O_NONBLOCK).open(&path).unwrap();
        Self { path, reader, read: Vec::new(), _folder: folder }
    }

    pub(crate) fn path(&self) -> &str {
        utf8(&self.path)
    }

    /// Waits until the download has begun.
    #[track_caller]
    pub(crate) fn begins(&mut self) {
        wait_until("the first octets of a download", LIMIT, || {
            let mut buf = [0; 4096];
            let count = self.reader.read(&mut buf).unwrap_or(0);
            self.read.extend_from_slice(&buf[..count]);
            (count > 0).then_some(())
        });
    }

    /// Reads all that comes, until the client closes it.
    #[track_caller]
    pub(crate) fn rest(mut self) -> Vec<u8> {
        assert!(!self.read.is_empty(), "it has not begun");
        wait_until("the end of a download", LIMIT, || {
            loop {
                let mut buf = [0; 65_536];
                match self.reader.read(&mut buf) {
                    Ok(0) => return Some(()),
                    Ok(count) => self.read.extend_from_slice(&buf[..count]),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                        return None;
                    }
                }
            }
        });
        self.read
    }
}

const O_NONBLOCK: i32 = 0o4000;
