//! Programs that read a stream, and what that costs them.
//!
//! Such a program is started with the path of a stream and a number of passes. It reads the file, then
//! passes the stream through a new receiver so many times, 16 KiB at a time, and prints how many
//! nanoseconds of CPU time the passes took. With 0 passes it makes one, and prints the data.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

/// How many passes are timed.
const TIMED: u32 = 20;

/// A program that reads streams.
pub(crate) struct Reader {
    /// Which version of what.
    pub(crate) version: String,
    program: OsString,
    arguments: Vec<&'static str>,
}

impl Reader {
    /// This program, as another reader.
    pub(crate) fn own(name: &'static str, version: &str) -> Result<Self, String> {
        let this = std::env::current_exe().map_err(|e| e.to_string())?;
        Ok(Self {
            version: version.to_owned(),
            program: this.into(),
            arguments: vec!["read", name],
        })
    }

    /// A program of its own.
    pub(crate) fn new(program: &Path, version: String) -> Self {
        Self {
            version,
            program: program.into(),
            arguments: Vec::new(),
        }
    }

    /// CPU time of one pass.
    pub(crate) fn nanoseconds(&self, stream: &Path) -> Result<f64, String> {
        let (said, _) = run(Command::new(&self.program), &self.arguments, stream, TIMED)?;
        let said = String::from_utf8_lossy(&said);
        let total: f64 = said
            .trim()
            .parse()
            .map_err(|_| format!("not a time: {said}"))?;
        Ok(total / f64::from(TIMED))
    }

    /// The data of one pass.
    pub(crate) fn data(&self, stream: &Path) -> Result<Vec<u8>, String> {
        let (data, _) = run(Command::new(&self.program), &self.arguments, stream, 0)?;
        Ok(data)
    }

    /// Instructions of one pass: the difference between three passes and one, halved. What it costs to
    /// start and to read the file is in both.
    pub(crate) fn instructions(&self, stream: &Path) -> Result<f64, String> {
        let (many, few) = (self.collected(stream, 3)?, self.collected(stream, 1)?);
        Ok(many.saturating_sub(few) as f64 / 2.0)
    }

    fn collected(&self, stream: &Path, passes: u32) -> Result<u64, String> {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        valgrind.arg(&self.program);
        let (_, said) = run(valgrind, &self.arguments, stream, passes)?;
        let said = String::from_utf8_lossy(&said);
        let collected = said
            .lines()
            .find_map(|line| line.split("Collected :").nth(1));
        let collected = collected.and_then(|number| number.trim().parse().ok());
        collected.ok_or_else(|| format!("callgrind did not count: {said}"))
    }
}

/// What a reader prints, and what it says about it.
fn run(
    mut command: Command,
    arguments: &[&str],
    stream: &Path,
    passes: u32,
) -> Result<(Vec<u8>, Vec<u8>), String> {
    command.args(arguments).arg(stream).arg(passes.to_string());
    let program = command.get_program().to_string_lossy().into_owned();
    let ended = command.stdin(Stdio::null()).output();
    let ended = ended.map_err(|e| format!("{program}: {e}"))?;
    match ended.status.success() {
        true => Ok((ended.stdout, ended.stderr)),
        false => Err(format!(
            "{program}: {}",
            String::from_utf8_lossy(&ended.stderr)
        )),
    }
}
