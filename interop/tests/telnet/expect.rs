//! People at a terminal: a script for `expect`, which gives a program a terminal of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use wirelore_interop::{Ended, Missing, Namespace, find, folder, run};

use crate::LIMIT;

/// What the scripts are written in, beside Tcl. `hear` waits for exactly these characters and goes on
/// after them; `gone` waits for the end of the program, and ends with its exit code.
const WORDS: &str = r#"
set timeout 15
set stty_init "rows 24 columns 80"
match_max 100000

proc fail {why} {
    puts stderr "\n$why"
    exit 99
}
proc hear {text} {
    expect {
        -ex $text {}
        timeout { fail "not heard: <$text>" }
        eof { fail "the end instead of: <$text>" }
    }
    return $expect_out(buffer)
}
# What was heard before `text`, in which `other` must not be.
proc hear_without {other text} {
    set heard [hear $text]
    if {[string first $other $heard] >= 0} { fail "heard: <$other>" }
}
proc say {text} {
    send -- $text
}
proc resize {columns rows} {
    global spawn_out
    exec stty rows $rows columns $columns < $spawn_out(slave,name)
}
# Waits until the settings of the terminal, as `stty -a` shows them, match a regular expression.
proc until_terminal_has {setting} {
    global spawn_out
    for {set tries 0} {$tries < 750} {incr tries} {
        if {[regexp -- $setting [exec stty -a < $spawn_out(slave,name)]]} return
        after 20
    }
    fail "the terminal has not: $setting"
}
proc gone {} {
    expect {
        eof {}
        timeout { fail "not gone" }
    }
    exit [lindex [wait] 3]
}
"#;

/// A terminal with 80 columns and 24 rows, and somebody before it.
pub(crate) struct Terminal {
    expect: PathBuf,
    home: TempDir,
}

impl Terminal {
    pub(crate) fn new() -> Result<Self, Missing> {
        find("stty")?;
        Ok(Self { expect: find("expect")?, home: folder() })
    }

    /// Starts `program`, does what `script` says, and waits until both have ended. The script may use
    /// `$argv`, the program and its arguments, and `$extra`.
    #[track_caller]
    pub(crate) fn session(&self, program: &Command, extra: &str, script: &str) -> Ended {
        run(&mut self.command(None, program, extra, script), LIMIT)
    }

    /// The same in a network of its own.
    #[track_caller]
    pub(crate) fn session_inside(
        &self,
        namespace: &Namespace,
        program: &Command,
        script: &str,
    ) -> Ended {
        run(&mut self.command(Some(namespace), program, "", script), LIMIT)
    }

    fn command(
        &self,
        namespace: Option<&Namespace>,
        program: &Command,
        extra: &str,
        script: &str,
    ) -> Command {
        let file = self.home.path().join("script");
        let text = format!("{WORDS}\nset extra {{{extra}}}\nspawn {{*}}$argv\n{script}\n");
        fs::write(&file, text).unwrap();
        let mut command = match namespace {
            Some(namespace) => namespace.command(&self.expect),
            None => Command::new(&self.expect),
        };
        command.arg(&file).arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        // neither the settings nor the terminal of who runs the test
        command.env("HOME", self.home.path()).env("TERM", "xterm").env_remove("DISPLAY");
        command
    }
}
