//! A server of one folder, and peers that behave badly.

use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::oneshot;
use wirelore_tokio::tftp::{
    Access, Asked, Denial, Direction, ErrorCode, Files, Mode, Report, Server as Engine,
    ServerOptions,
};
use wirelore_tokio::{Source, Target};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    folder: TempDir,
    log: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a place for files");
        let log = Arc::new(Mutex::new(Vec::new()));
        let files = Folder {
            path: folder.path().to_owned(),
            log: Arc::clone(&log),
        };
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.expect("a runtime");
            runtime.block_on(async {
                let mut options = ServerOptions::default();
                options.drain = Duration::ZERO;
                let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
                let engine = Engine::bind(loopback, options).expect("a free port");
                tell.send(engine.local_addr()).expect("the test waits");
                engine
                    .run(Arc::new(files), async { drop(stopped.await) })
                    .await;
            });
            runtime.shutdown_background();
        });
        Self {
            address: told.recv().expect("the server starts"),
            folder,
            log,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn has(&self, name: &str, octets: &[u8]) {
        fs::write(self.path(name), octets).expect("room for a file");
    }

    /// What was written to it, if it was written to the end.
    pub(crate) fn got(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.path(name)).ok()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        super::names(self.folder.path())
    }

    /// Waits until the server has reported something with all of these words in it.
    #[track_caller]
    pub(crate) fn reported(&self, words: &[&str]) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let log = self.log.lock().expect("no test failed").clone();
            let found = log
                .iter()
                .find(|line| words.iter().all(|word| line.contains(word)));
            match found {
                Some(line) => return line.clone(),
                None => assert!(Instant::now() < until, "{words:?} is not in {log:#?}"),
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Folder {
    path: PathBuf,
    log: Arc<Mutex<Vec<String>>>,
}

impl Files for Folder {
    /// `error-N` is refused with that code, `endless` never ends, `broken` fails after a while.
    fn open(&self, asked: &Asked) -> Result<Access, Denial> {
        self.say(format!(
            "asked by {} for {}",
            asked.peer,
            asked.filename.escape_ascii()
        ));
        let name = str::from_utf8(&asked.filename).unwrap_or("error-2");
        if let Some(code) = name.strip_prefix("error-") {
            let code = ErrorCode(code.parse().unwrap_or(2));
            return Err(Denial {
                code,
                text: "no\x1b[31m".into(),
                why: "a test".into(),
            });
        }
        let path = self
            .path
            .join(name.trim_start_matches('/').replace('/', "_"));
        let watch = Box::new(());
        if asked.direction == Direction::Write {
            let target = Box::new(Upload {
                path,
                octets: Vec::new(),
            });
            return Ok(Access::Write {
                target,
                max_size: None,
                watch,
            });
        }
        if let "endless" | "broken" = name {
            let source = Box::new(Endless {
                broken: name == "broken",
            });
            return Ok(Access::Read {
                source,
                size: None,
                watch,
            });
        }
        match File::open(path) {
            Ok(file) => Ok(Access::Read {
                size: file
                    .metadata()
                    .ok()
                    .map(|kind| kind.len())
                    .filter(|_| asked.mode == Mode::Octet),
                source: Box::new(file),
                watch,
            }),
            Err(error) => Err(Denial {
                code: ErrorCode::FILE_NOT_FOUND,
                text: "no such file".into(),
                why: error.to_string(),
            }),
        }
    }

    fn report(&self, report: Report) {
        self.say(match report {
            Report::Transfer(asked, summary) => {
                let name = asked.filename.escape_ascii();
                format!("{name} from {} ended: {:?}", asked.peer, summary.outcome)
            }
            other => format!("{other:?}"),
        });
    }
}

impl Folder {
    fn say(&self, line: String) {
        self.log.lock().expect("no test failed").push(line);
    }
}

/// Exists when it is complete.
struct Upload {
    path: PathBuf,
    octets: Vec<u8>,
}

impl Target for Upload {
    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        assert_eq!(offset, self.octets.len() as u64);
        self.octets.extend_from_slice(octets);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        fs::write(&self.path, &self.octets)
    }
}

struct Endless {
    broken: bool,
}

impl Source for Endless {
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(10));
        if self.broken && offset > 300_000 {
            return Err(io::Error::other("broken"));
        }
        buf.fill(b'x');
        Ok(buf.len())
    }
}

/// What a peer that is no real one does with a datagram: the answers, each sent from the port it has
/// for the transfer.
type Answers = Vec<Vec<u8>>;

/// A peer that answers the n-th datagram, counted from 0, as it is told.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    socket: UdpSocket,
    thread: Option<JoinHandle<()>>,
    heard: Arc<Mutex<usize>>,
}

impl Peer {
    pub(crate) fn start(mut answer: impl FnMut(usize, &[u8]) -> Answers + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = socket.local_addr().expect("an address");
        let own = socket.try_clone().expect("a second handle");
        let heard = Arc::new(Mutex::new(0));
        let log = Arc::clone(&heard);
        let thread = thread::spawn(move || {
            let mut buf = [0; 2048];
            for index in 0.. {
                let Ok((len, from)) = own.recv_from(&mut buf) else {
                    return;
                };
                if len == 0 {
                    return;
                }
                *log.lock().expect("no test failed") += 1;
                for packet in answer(index, &buf[..len]) {
                    let _ = own.send_to(&packet, from);
                }
            }
        });
        Self {
            address,
            socket,
            thread: Some(thread),
            heard,
        }
    }

    /// It hears and says nothing.
    pub(crate) fn dead() -> Self {
        Self::start(|_, _| Vec::new())
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("tftp://{}/{name}", self.address)
    }

    /// How many datagrams came; waits a while for `least` of them.
    pub(crate) fn heard(&self, least: usize) -> usize {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let count = *self.heard.lock().expect("no test failed");
            if count >= least || Instant::now() > until {
                return count;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // an empty datagram ends the thread
        let _ = self.socket.send_to(b"", self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// DATA number `block`.
pub(crate) fn data(block: u16, octets: &[u8]) -> Vec<u8> {
    let [high, low] = block.to_be_bytes();
    [&[0, 3, high, low], octets].concat()
}

/// Only the owner may do anything with it.
#[track_caller]
pub(crate) fn assert_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)
        .expect("it was made")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "{}", path.display());
}
