//! What people see: `tmux` is the terminal, and tells what stands on it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use wirelore_interop::{Ended, Missing, Peer, find, folder, run, wait_until};

use crate::LIMIT;

/// A screen with a shell, whose prompt is `$ `.
pub(crate) struct Screen {
    tmux: PathBuf,
    folder: TempDir,
    _server: Peer,
}

impl Screen {
    #[track_caller]
    pub(crate) fn new(columns: u16, rows: u16) -> Result<Self, Missing> {
        let tmux = find("tmux")?;
        let folder = folder();
        let socket = folder.path().join("socket");
        let mut command = Command::new(&tmux);
        // in the foreground, so that it ends with the test, and with it what runs on its screen
        command.arg("-S").arg(&socket).args(["-f", "/dev/null", "-D"]);
        let server = Peer::start(&mut command);
        wait_until("tmux", LIMIT, || socket.exists().then_some(()));
        let screen = Self { tmux, folder, _server: server };
        let path = std::env::var("PATH").unwrap_or_default();
        let size = [columns.to_string(), rows.to_string()];
        screen.tmux(&["set-option", "-g", "status", "off"]);
        screen.tmux(
            &["new-session", "-d", "-x", &size[0], "-y", &size[1]]
                .into_iter()
                .chain(["env", "-i", &format!("PATH={path}"), "TERM=screen", "PS1=$ ", "sh"])
                .collect::<Vec<_>>(),
        );
        screen.shows(&["$"]);
        Ok(screen)
    }

    /// A file for what runs on the screen.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Types this.
    #[track_caller]
    pub(crate) fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Presses keys, by the names that tmux has for them.
    #[track_caller]
    pub(crate) fn presses(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    #[track_caller]
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// Ends the programs that the shell has started.
    #[track_caller]
    pub(crate) fn kills_what_runs(&self) {
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]).stdout();
        let children = format!("/proc/{0}/task/{0}/children", shell.trim());
        let children = fs::read_to_string(children).unwrap();
        let mut kill = Command::new("kill");
        run(kill.args(children.split_whitespace()), LIMIT).expect_success();
    }

    /// The lines of the screen, without the empty ones at its end.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<String> {
        let shown = self.tmux(&["capture-pane", "-p"]).stdout();
        let lines = shown.trim_end_matches('\n').lines().map(|line| line.trim_end().to_owned());
        lines.collect()
    }

    /// Column and row of the cursor, from 0.
    #[track_caller]
    pub(crate) fn cursor(&self) -> (usize, usize) {
        let said = self.tmux(&["display-message", "-p", "#{cursor_x} #{cursor_y}"]).stdout();
        let (x, y) = said.trim().split_once(' ').expect("two numbers");
        (x.parse().unwrap(), y.parse().unwrap())
    }

    /// Waits until the last lines of the screen are these.
    #[track_caller]
    pub(crate) fn shows(&self, end: &[&str]) -> Vec<String> {
        let mut seen = Vec::new();
        for _ in 0..200 {
            seen = self.lines();
            if seen.len() >= end.len() && seen[seen.len() - end.len()..] == *end {
                return seen;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("wanted at the end: {end:#?}\non the screen: {seen:#?}");
    }

    #[track_caller]
    fn tmux(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(&self.tmux);
        command.arg("-S").arg(self.file("socket")).args(arguments);
        run(&mut command, LIMIT).expect_success()
    }
}
