//! A program that runs beside the test, and is gone when the test is.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take until it answers.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often is looked.
const TICK: Duration = Duration::from_millis(5);

/// Waits until its standard input ends, be it because it is told to or because the test's process
/// is gone. Then it asks the process group `$1` to end, and makes it end after two seconds.
const GUARD: &str = r#"
read -r _
kill -s TERM -- "-$1" || exit 0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    for _ in 1 2 3 4 5; do
        sleep 0.02
        kill -s 0 -- "-$1" || exit 0
    done
done
kill -s KILL -- "-$1"
"#;

/// A running program with all the processes it started, as long as they stay in its process group.
///
/// Dropping it ends them all: by SIGTERM, and by SIGKILL after two seconds. So does the end of the
/// test's process, however it comes. What the program wrote is shown when the test fails.
pub struct Peer {
    line: String,
    child: Child,
    status: Option<ExitStatus>,
    guard: Child,
    stdout: File,
    stderr: File,
}

/// A program that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    line: String,
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Runs `command` without input until it ends.
///
/// # Panics
/// When it cannot be started, or has not ended after `limit`.
#[track_caller]
pub fn run(command: &mut Command, limit: Duration) -> Ended {
    Peer::start(command).wait(limit)
}

/// What `look` finds, which is asked again and again.
///
/// # Panics
/// When there is nothing after `limit`; the message names `what`.
#[track_caller]
pub fn wait_until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} for {what}");
        thread::sleep(TICK);
    }
}

impl Peer {
    /// Starts `command`, without input and in a process group of its own.
    ///
    /// # Panics
    /// When that fails.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let line = format!("{command:?}");
        let file = || tempfile::tempfile().expect("a temporary file");
        let (stdout, stderr) = (file(), file());
        let copy = |file: &File| file.try_clone().expect("a descriptor");
        let child = command
            .stdin(Stdio::null())
            .stdout(copy(&stdout))
            .stderr(copy(&stderr))
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        let guard = Command::new("sh")
            .args(["-c", GUARD, "sh", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell");
        Self { line, child, status: None, guard, stdout, stderr }
    }

    /// The id of its process and of its process group.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until there is a UDP socket with the local port `port` in the peer's network: from
    /// then on no datagram for it is lost.
    ///
    /// # Panics
    /// When there is none after ten seconds, or the program ends before.
    #[track_caller]
    pub fn wait_for_udp(&mut self, port: u16) {
        self.wait_for_socket("udp", port, "07");
    }

    /// Waits until a TCP socket listens on `port` in the peer's network.
    ///
    /// # Panics
    /// When none does after ten seconds, or the program ends before.
    #[track_caller]
    pub fn wait_for_tcp(&mut self, port: u16) {
        self.wait_for_socket("tcp", port, "0A");
    }

    /// Waits for a line on standard output that starts with `start`, and returns the rest of it.
    ///
    /// # Panics
    /// When there is none after ten seconds, or the program ends before.
    #[track_caller]
    pub fn wait_for_line(&mut self, start: &str) -> String {
        let Some(rest) = self.line_or_end(start) else {
            panic!("{}: ended before it wrote {start:?}", self.line)
        };
        rest
    }

    /// Sends a signal to its process: `TERM`, `HUP`, `KILL`.
    ///
    /// # Panics
    /// When there is no such process any more.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &self.id().to_string()]);
        let status = kill.status().expect("a shell");
        assert!(status.success(), "no SIG{name} for {}", self.line);
    }

    /// Waits until the program ends.
    ///
    /// # Panics
    /// When it has not after `limit`.
    #[track_caller]
    pub fn wait(mut self, limit: Duration) -> Ended {
        let what = format!("the end of {}", self.line);
        wait_until(&what, limit, || self.has_ended().then_some(()));
        self.stop()
    }

    /// Ends the program, if it has not ended by itself.
    #[track_caller]
    pub fn stop(mut self) -> Ended {
        self.end_group();
        let status = self.status.expect("nothing survives SIGKILL");
        Ended {
            line: self.line.clone(),
            status,
            stdout: read(&self.stdout),
            stderr: read(&self.stderr),
        }
    }

    /// Standard output so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        lossy(&read(&self.stdout))
    }

    /// Standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        lossy(&read(&self.stderr))
    }

    /// As [`Self::wait_for_line`], with `None` for a program that ends before.
    #[track_caller]
    pub(crate) fn line_or_end(&mut self, start: &str) -> Option<String> {
        let what = format!("{start:?} from {}", self.line);
        wait_until(&what, PATIENCE, || {
            let ended = self.has_ended();
            let stdout = self.stdout();
            let whole = stdout.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
            let found = whole.filter_map(|line| line.strip_prefix(start)).next();
            found.map(|rest| Some(rest.into())).or(ended.then_some(None))
        })
    }

    #[track_caller]
    fn wait_for_socket(&mut self, protocol: &str, port: u16, state: &str) {
        let what = format!("{protocol} port {port} of {}", self.line);
        let tables = ["", "6"].map(|v| format!("/proc/{}/net/{protocol}{v}", self.id()));
        wait_until(&what, PATIENCE, || {
            assert!(!self.has_ended(), "{}: ended before it answered", self.line);
            let tables = tables.iter().filter_map(|table| fs::read_to_string(table).ok());
            tables
                .flat_map(|table| table.lines().filter_map(socket).collect::<Vec<_>>())
                .any(|found| found == (port, state.into()))
                .then_some(())
        });
    }

    fn has_ended(&mut self) -> bool {
        if self.status.is_none() {
            self.status = self.child.try_wait().expect("the status of a child");
        }
        self.status.is_some()
    }

    /// Ends every process of the group. (The group keeps its number from others as long as it has
    /// a member, and a child that was not waited for is one.)
    fn end_group(&mut self) {
        drop(self.guard.stdin.take());
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let ended = self.has_ended();
            if ended && self.guard.try_wait().is_ok_and(|status| status.is_some()) {
                break;
            }
            thread::sleep(TICK);
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if self.guard.stdin.is_some() {
            self.end_group();
        }
        if thread::panicking() {
            eprintln!("{}", shown(&self.line, &self.stdout(), &self.stderr()));
        }
    }
}

impl Ended {
    /// Itself, of a program that succeeded.
    ///
    /// # Panics
    /// When it did not; the message shows what it wrote.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        assert!(self.status.success(), "{self}");
        self
    }

    /// Itself, of a program that ended with the exit status `code`.
    ///
    /// # Panics
    /// When it ended differently; the message shows what it wrote.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert!(self.code() == Some(code), "wanted exit status {code}: {self}");
        self
    }

    /// The exit status, `None` when a signal ended it.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Standard output.
    #[must_use]
    pub fn stdout(&self) -> String {
        lossy(&self.stdout)
    }

    /// Standard error.
    #[must_use]
    pub fn stderr(&self) -> String {
        lossy(&self.stderr)
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let output = shown(&self.line, &self.stdout(), &self.stderr());
        write!(f, "{}\n{output}", self.status)
    }
}

fn shown(line: &str, stdout: &str, stderr: &str) -> String {
    format!("--- {line}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n---")
}

fn lossy(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// The whole of a file, without moving the place where its writer writes.
fn read(file: &File) -> Vec<u8> {
    let len = file.metadata().map_or(0, |metadata| metadata.len());
    let mut octets = vec![0; len as usize];
    file.read_exact_at(&mut octets, 0).expect("what was written");
    octets
}

/// The local port and the state of a line in `/proc/PID/net/{udp,tcp}{,6}`.
fn socket(line: &str) -> Option<(u16, String)> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (_, port) = fields.next()?.rsplit_once(':')?;
    let state = fields.nth(1)?;
    Some((u16::from_str_radix(port, 16).ok()?, state.into()))
}
