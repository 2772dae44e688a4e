//! `wirelore serve`, asked over the network as clients would ask it.

mod configuration;
mod documentation;
mod http;
mod small;
mod telnet;
mod terminal;

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take. Far more than it needs: only what hangs gets there.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server with a folder, until it is dropped.
struct Server {
    child: Child,
    folder: TempDir,
    events: Arc<Mutex<Vec<Value>>>,
    reader: Option<JoinHandle<()>>,
    /// Reads stderr, so that it never fills.
    words: Option<JoinHandle<String>>,
}

/// How a server ended, and what it said.
struct Ended {
    code: Option<i32>,
    stderr: String,
    events: Vec<Value>,
}

fn wirelore() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirelore"));
    command
        .arg("serve")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Server {
    /// Serves these protocols at free ports of 127.0.0.1.
    fn start(protocols: &[&str], arguments: &[&str]) -> Self {
        Self::with_folder(tempfile::tempdir().expect("a place"), protocols, arguments)
    }

    fn with_folder(folder: TempDir, protocols: &[&str], arguments: &[&str]) -> Self {
        let mut command = wirelore();
        command.arg(folder.path()).arg("--json");
        command.args(["--only", &protocols.join(",")]);
        for protocol in protocols {
            command.args(["--listen", &format!("{protocol}=127.0.0.1:0")]);
        }
        Self::spawn(command.args(arguments), folder)
    }

    fn spawn(command: &mut Command, folder: TempDir) -> Self {
        let mut child = command.spawn().expect("the command starts");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let events: Arc<Mutex<Vec<Value>>> = Arc::default();
        let told = Arc::clone(&events);
        let reader = thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let line = line.expect("output is text");
                let event = serde_json::from_str(&line).expect("each line is an object");
                told.lock().expect("no test failed").push(event);
            }
        });
        let mut stderr = child.stderr.take().expect("stderr is a pipe");
        let words = thread::spawn(move || {
            let mut words = String::new();
            stderr.read_to_string(&mut words).expect("words are text");
            words
        });
        let server = Self {
            child,
            folder,
            events,
            reader: Some(reader),
            words: Some(words),
        };
        server.event("ready", |_| true);
        server
    }

    fn events(&self) -> Vec<Value> {
        self.events.lock().expect("no test failed").clone()
    }

    /// Waits for an event.
    #[track_caller]
    fn event(&self, name: &str, suits: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let events = self.events();
            let mut found = events.iter().filter(|event| event["event"] == name);
            match found.find(|event| suits(event)) {
                Some(event) => return event.clone(),
                None => assert!(Instant::now() < until, "no such {name} in {events:#?}"),
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// A `session` event of this kind.
    #[track_caller]
    fn session(&self, protocol: &str, what: &str) -> Value {
        self.event("session", |event| {
            event["protocol"] == protocol && event["what"] == what
        })
    }

    /// Where a protocol is served.
    #[track_caller]
    fn address(&self, protocol: &str) -> SocketAddr {
        let event = self.event("listening", |event| event["protocol"] == protocol);
        let address = event["address"].as_str().expect("an address");
        address.parse().expect("an address")
    }

    #[track_caller]
    fn connect(&self, protocol: &str) -> TcpStream {
        connect(self.address(protocol))
    }

    /// A socket that sends to this protocol and hears only from there.
    #[track_caller]
    fn datagrams(&self, protocol: &str) -> UdpSocket {
        let socket = socket([127, 0, 0, 1].into());
        socket
            .connect(self.address(protocol))
            .expect("an address to send to");
        socket
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let kill = Command::new("kill").args([name, &id]).status();
        assert!(kill.expect("kill is there").success());
    }

    /// Waits until it has ended by itself.
    fn ended(mut self) -> Ended {
        let until = Instant::now() + PATIENCE;
        let code = loop {
            match self.child.try_wait().expect("it is our child") {
                Some(status) => break status.code(),
                None => assert!(Instant::now() < until, "it does not end"),
            }
            thread::sleep(Duration::from_millis(5));
        };
        let words = self.words.take().expect("nobody has waited yet");
        let stderr = words.join().expect("all words were read");
        let reader = self.reader.take().expect("nobody has waited yet");
        reader.join().expect("all output was read");
        Ended {
            code,
            stderr,
            events: self.events(),
        }
    }

    /// SIGTERM, and what came of it.
    fn stop(self) -> Ended {
        self.signal("-TERM");
        self.ended()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time");
    stream
}

fn socket(ip: IpAddr) -> UdpSocket {
    let socket = UdpSocket::bind((ip, 0)).expect("a free port");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time");
    socket
}

/// All that comes until the server closes.
#[track_caller]
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("it closes in the end");
    all
}

/// Sends a datagram and returns the answer.
#[track_caller]
fn ask(socket: &UdpSocket, datagram: &[u8]) -> Vec<u8> {
    socket.send(datagram).expect("it is sent");
    let mut room = [0; 65_536];
    let len = socket.recv(&mut room).expect("an answer");
    room[..len].to_vec()
}

/// Whether nothing comes for a while.
fn is_silent(socket: &UdpSocket) -> bool {
    let short = Duration::from_millis(200);
    socket.set_read_timeout(Some(short)).expect("a time");
    let heard = socket.recv(&mut [0; 2048]);
    socket.set_read_timeout(Some(PATIENCE)).expect("a time");
    match heard {
        Ok(_) => false,
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

/// Runs a server that is not expected to serve anything.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a place");
    let output = wirelore()
        .arg(folder.path())
        .args(arguments)
        .output()
        .expect("the command starts");
    let stderr = String::from_utf8(output.stderr).expect("complaints are text");
    (output.status.code(), stderr)
}

/// A configuration with these rights.
fn configuration(folder: &Path, text: &str, mode: u32) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(".wirelore.toml");
    fs::write(&path, text).expect("room for a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
    path.to_str().expect("a plain name").to_owned()
}

/// What fails only when the peer has gone.
fn send(stream: &mut TcpStream, octets: &[u8]) -> bool {
    stream.write_all(octets).is_ok()
}
