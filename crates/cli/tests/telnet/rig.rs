//! A terminal, with the command as a job of a session on it.

use super::peer::{LIMIT, Listener, Peer};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{
    Pid, Signal, WaitOptions, ioctl_tiocsctty, kill_process, kill_process_group, setsid, waitpid,
};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    LocalModes, SpecialCodeIndex, Termios, Winsize, tcgetattr, tcsetpgrp, tcsetwinsize,
};
use std::env;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A person at a terminal.
pub(crate) struct Person {
    keyboard: OwnedFd,
    /// The terminal as the command sees it; kept open, so that its modes can be looked at later.
    terminal: OwnedFd,
    shell: Child,
    folder: TempDir,
    /// What was on the screen and not looked for.
    seen: Vec<u8>,
    pub(crate) before: Termios,
}

impl Person {
    /// Sits down and types `wirelore telnet FLAGS HOST PORT`.
    pub(crate) fn at(listener: &Listener, flags: &[&str]) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC);
        let keyboard = keyboard.expect("a terminal");
        grantpt(&keyboard)
            .and_then(|()| unlockpt(&keyboard))
            .expect("a terminal");
        let name = ptsname(&keyboard, Vec::new()).expect("a name");
        let terminal = open(
            &name,
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            Mode::empty(),
        );
        let terminal = terminal.expect("a terminal");
        let size = |ws_col, ws_row| Winsize {
            ws_row,
            ws_col,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal, size(80, 24)).expect("a size");
        let folder = tempfile::tempdir().expect("a place for files");
        let port = listener.port();
        let words = [flags, &["127.0.0.1", &port]].concat().join("\n");
        let shell = Command::new(env::current_exe().expect("this test"))
            .args(["--exact", "rig::shell", "--nocapture"])
            .env(
                "WIRELORE_TEST_TERMINAL",
                name.to_str().expect("a plain name"),
            )
            .env("WIRELORE_TEST_FOLDER", folder.path())
            .env("WIRELORE_TEST_WORDS", words)
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("a shell");
        let before = tcgetattr(&terminal).expect("modes");
        Self {
            keyboard,
            terminal,
            shell,
            folder,
            seen: Vec::new(),
            before,
        }
    }

    /// The same, with the server that is then connected, and its words on the screen.
    pub(crate) fn with_peer(listener: &Listener, flags: &[&str]) -> (Self, Peer) {
        let mut person = Self::at(listener, flags);
        let peer = listener.accept();
        person.sees("Connected to 127.0.0.1.\r\n");
        person.works_like(true, true);
        (person, peer)
    }

    pub(crate) fn types(&self, keys: &str) {
        let written = rustix::io::write(&self.keyboard, keys.as_bytes()).expect("a keyboard");
        assert_eq!(written, keys.len());
    }

    /// Waits until `text` is on the screen, and returns what stood before it.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            let found = self
                .seen
                .windows(text.len())
                .position(|w| w == text.as_bytes());
            if let Some(at) = found {
                let before = String::from_utf8_lossy(&self.seen[..at]).into_owned();
                self.seen.drain(..at + text.len());
                return before;
            }
            let seen = self.seen.escape_ascii();
            assert!(Instant::now() < end, "no {text:?} after \"{seen}\"");
            self.look(100);
        }
    }

    /// Looks at the screen for a while.
    fn look(&mut self, milliseconds: i64) {
        let limit = Timespec {
            tv_sec: 0,
            tv_nsec: milliseconds * 1_000_000,
        };
        let mut fds = [PollFd::new(&self.keyboard, PollFlags::IN)];
        if poll(&mut fds, Some(&limit)).expect("a poll") == 0 {
            return;
        }
        let mut piece = [0; 4096];
        let count = rustix::io::read(&self.keyboard, &mut piece).expect("a screen");
        self.seen.extend_from_slice(&piece[..count]);
    }

    /// What is on the screen after a while in which nothing is waited for.
    pub(crate) fn sees_only(&mut self) -> String {
        self.look(300);
        String::from_utf8_lossy(&std::mem::take(&mut self.seen)).into_owned()
    }

    pub(crate) fn modes(&self) -> Termios {
        tcgetattr(&self.terminal).expect("modes")
    }

    /// Waits until lines are edited, and shown, or not.
    #[track_caller]
    pub(crate) fn works_like(&self, edit: bool, echo: bool) {
        let mut modes = self.modes();
        let end = Instant::now() + LIMIT;
        while (
            modes.local_modes.contains(LocalModes::ICANON),
            modes.local_modes.contains(LocalModes::ECHO),
            modes.special_codes[SpecialCodeIndex::VEOL] == 0x1d,
        ) != (edit, echo, edit)
        {
            assert!(Instant::now() < end, "{modes:?}");
            sleep(Duration::from_millis(5));
            modes = self.modes();
        }
    }

    pub(crate) fn resizes(&self, ws_col: u16, ws_row: u16) {
        let size = Winsize {
            ws_row,
            ws_col,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&self.keyboard, size).expect("a size");
    }

    /// Sends a signal to the command.
    pub(crate) fn sends(&self, signal: Signal) {
        let pid = self.waits_for("pid");
        let pid = Pid::from_raw(pid.parse().expect("a number")).expect("a process");
        kill_process(pid, signal).expect("a process");
    }

    /// Waits until the shell says something, which it does once.
    pub(crate) fn waits_for(&self, what: &str) -> String {
        let path = self.folder.path().join(what);
        let end = Instant::now() + LIMIT;
        loop {
            match fs::read_to_string(&path) {
                Ok(text) if !text.is_empty() => return text,
                _ => assert!(Instant::now() < end, "no {what}"),
            }
            sleep(Duration::from_millis(5));
        }
    }

    /// Wakes the command after it was stopped.
    pub(crate) fn wakes(&self) {
        fs::write(self.folder.path().join("wake"), "up").expect("room");
    }

    /// Waits for the end: the exit code, after which the terminal must be as it was before.
    #[track_caller]
    pub(crate) fn leaves(&mut self) -> i32 {
        let end = Instant::now() + LIMIT;
        while self.shell.try_wait().expect("a shell").is_none() {
            assert!(Instant::now() < end, "it does not end");
            self.look(20);
        }
        self.is_as_before();
        self.waits_for("code").parse().expect("a number")
    }

    #[track_caller]
    pub(crate) fn is_as_before(&self) {
        let (now, before) = (self.modes(), &self.before);
        assert_eq!(now.local_modes, before.local_modes);
        assert_eq!(now.input_modes, before.input_modes);
        assert_eq!(now.output_modes, before.output_modes);
        for index in [
            SpecialCodeIndex::VEOL,
            SpecialCodeIndex::VMIN,
            SpecialCodeIndex::VINTR,
        ] {
            assert_eq!(now.special_codes[index], before.special_codes[index]);
        }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.folder.path().join("pid"))
            && let Some(pid) = pid.parse().ok().and_then(Pid::from_raw)
            && matches!(self.shell.try_wait(), Ok(None))
        {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// Not a test but the shell of a [`Person`], in a process of its own: it leads a session, has the
/// terminal, runs the command as a job in the foreground, and wakes it up when told.
#[test]
#[expect(
    clippy::zombie_processes,
    reason = "waitpid waits, which sees a job that is stopped too"
)]
fn shell() {
    let Some(terminal) = env::var_os("WIRELORE_TEST_TERMINAL") else {
        return;
    };
    let folder = PathBuf::from(env::var_os("WIRELORE_TEST_FOLDER").expect("a folder"));
    let words = env::var("WIRELORE_TEST_WORDS").expect("words");
    setsid().expect("a session");
    let terminal = File::options()
        .read(true)
        .write(true)
        .open(terminal)
        .expect("a terminal");
    let _ = ioctl_tiocsctty(&terminal);
    let end = || terminal.try_clone().expect("a file");
    let job = Command::new(env!("CARGO_BIN_EXE_wirelore"))
        .arg("telnet")
        .args(words.split('\n'))
        .process_group(0)
        .stdin(end())
        .stdout(end())
        .stderr(end())
        .spawn()
        .expect("the command starts");
    let pid = Pid::from_child(&job);
    tcsetpgrp(&terminal, pid).expect("a foreground");
    // it may have looked before that
    let _ = kill_process_group(pid, Signal::CONT);
    fs::write(folder.join("pid"), pid.as_raw_nonzero().to_string()).expect("room");
    let limit = Instant::now() + 3 * LIMIT;
    while Instant::now() < limit {
        let seen = waitpid(Some(pid), WaitOptions::UNTRACED | WaitOptions::NOHANG);
        let Some((_, status)) = seen.expect("a job") else {
            sleep(Duration::from_millis(5));
            continue;
        };
        if status.stopped() {
            fs::write(folder.join("stopped"), "yes").expect("room");
            while !folder.join("wake").exists() && Instant::now() < limit {
                sleep(Duration::from_millis(5));
            }
            let _ = kill_process_group(pid, Signal::CONT);
        } else {
            let code = status.exit_status().unwrap_or(-1);
            fs::write(folder.join("code"), code.to_string()).expect("room");
            return;
        }
    }
    let _ = kill_process(pid, Signal::KILL);
}
