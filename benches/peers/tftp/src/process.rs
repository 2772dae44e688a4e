//! A server's process, with all it starts: in a control group of its own, and gone when the value
//! is, or when this program is, however it ended.

use crate::cpu::Account;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// Enters the control group `$1`, if there is one, and becomes the rest of the arguments.
const ENTER: &str = r#"
if [ -n "$1" ]; then echo $$ >"$1/cgroup.procs" || exit; fi
shift
exec "$@"
"#;

/// Waits until its standard input ends, which it also does when the bench is killed. Then it ends
/// the process group `$1` and what is left in the control group `$2`, and removes that.
const GUARD: &str = r#"
read -r _
kill -s KILL -- "-$1"
[ -n "$2" ] || exit 0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    rmdir "$2" && exit 0
    while read -r pid; do kill -s KILL "$pid"; done <"$2/cgroup.procs"
    sleep 0.05
done
"#;

/// Waits until its standard input ends, and removes the folder `$1`.
const SWEEP: &str = r#"read -r _; rm -rf -- "$1""#;

/// A program to be started.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// Where it is started.
    pub(crate) folder: PathBuf,
}

pub(crate) struct Process {
    child: Child,
    guard: Child,
    account: Account,
    output: PathBuf,
    errors: PathBuf,
}

/// A folder for one run, open to all users: some servers give up being root.
pub(crate) struct Scratch {
    path: PathBuf,
    sweeper: Child,
}

impl Process {
    /// Starts it. What it prints goes to files in `logs`, so that it never waits for a reader.
    pub(crate) fn start(name: &str, launch: &Launch, logs: &Path) -> io::Result<Self> {
        let [output, errors] = ["output", "errors"].map(|of| logs.join(format!("{name}.{of}")));
        let account = Account::new(name);
        let group = account.folder().unwrap_or(Path::new("")).to_owned();
        let child = Command::new("sh")
            .args(["-c", ENTER, "sh"])
            .arg(&group)
            .arg(&launch.program)
            .args(&launch.arguments)
            .current_dir(&launch.folder)
            .stdin(Stdio::null())
            .stdout(File::create(&output)?)
            .stderr(File::create(&errors)?)
            .process_group(0)
            .spawn()?;
        let guard = waiting(GUARD, &[child.id().to_string().into(), group.into()])?;
        Ok(Self {
            child,
            guard,
            account,
            output,
            errors,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// CPU time used up to now, the ends of finished transfers included.
    pub(crate) fn cpu(&self) -> io::Result<Duration> {
        self.account.settled(self.id())
    }

    /// What `look` finds in the standard output so far, which is asked again and again. The error
    /// is what the program wrote.
    pub(crate) fn wait_for<T>(
        &mut self,
        mut look: impl FnMut(&str) -> Option<T>,
    ) -> Result<T, String> {
        let start = Instant::now();
        loop {
            let ended = self.child.try_wait().map_err(|e| e.to_string())?;
            if let (Some(found), None) = (look(&text(&self.output)), ended) {
                return Ok(found);
            }
            if ended.is_some() || start.elapsed() > PATIENCE {
                let how = ended.map_or("does not listen".into(), |status| status.to_string());
                return Err(format!("{how} {}", self.said()).trim().to_owned());
            }
            sleep(Duration::from_millis(5));
        }
    }

    /// The end of what it wrote to its standard error, or else to its output, on one line.
    fn said(&self) -> String {
        let errors = text(&self.errors);
        let said = if errors.trim().is_empty() {
            text(&self.output)
        } else {
            errors
        };
        let lines: Vec<_> = said.lines().map(str::trim).collect();
        lines[lines.len().saturating_sub(3)..].join(" | ")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
        let _ = self.child.wait();
    }
}

impl Scratch {
    pub(crate) fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("wirelore-peers-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir()?;
        let sweeper = waiting(SWEEP, &[folder.path().into()])?;
        let path = folder.keep();
        Ok(Self { path, sweeper })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.sweeper.stdin.take());
        let _ = self.sweeper.wait();
    }
}

/// A shell that reads its standard input before it does anything. It has a process group of its
/// own, so that an interrupt from the keyboard does not reach it.
fn waiting(script: &str, arguments: &[OsString]) -> io::Result<Child> {
    Command::new("sh")
        .args(["-c", script, "sh"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
}

fn text(file: &Path) -> String {
    String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_says_something_and_is_gone_afterwards() {
        let scratch = Scratch::new().unwrap();
        let launch = Launch {
            program: "sh".into(),
            arguments: ["-c", "echo ready; sleep 60"].map(Into::into).into(),
            folder: scratch.path().to_owned(),
        };
        let mut process = Process::start("test", &launch, scratch.path()).unwrap();
        let found = process.wait_for(|output| output.contains("ready").then_some(()));
        assert_eq!(found, Ok(()));
        let group = process.account().folder().map(Path::to_owned);
        let (pid, folder) = (process.id(), scratch.path().to_owned());
        drop(process);
        drop(scratch);
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
        assert!(group.is_none_or(|group| !group.exists()));
        assert!(!folder.exists());
    }

    #[test]
    fn a_program_that_ends_says_why() {
        let scratch = Scratch::new().unwrap();
        let launch = Launch {
            program: "sh".into(),
            arguments: ["-c", "echo no such option >&2; exit 3"]
                .map(Into::into)
                .into(),
            folder: scratch.path().to_owned(),
        };
        let mut process = Process::start("ends", &launch, scratch.path()).unwrap();
        let said = process.wait_for(|_| None::<()>).unwrap_err();
        assert!(said.contains("no such option"), "{said}");
    }
}
