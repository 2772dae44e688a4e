//! libtelnet, the library in C: a program around it, compiled when this one runs.

use crate::measure::Reader;
use std::path::Path;
use std::process::Command;

/// As it is called in the output.
pub(crate) const NAME: &str = "libtelnet";

const PROGRAM: &str = include_str!("libtelnet.c");

/// Compiles the program, with the compiler and the library of the system.
pub(crate) fn build(folder: &Path) -> Result<Reader, String> {
    let (source, program) = (folder.join("libtelnet.c"), folder.join("libtelnet"));
    std::fs::write(&source, PROGRAM).map_err(|e| e.to_string())?;
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-Wall", "-Werror", "-o"]).arg(&program);
    said(cc.arg(&source).arg("-ltelnet"))?;
    let version = said(Command::new("pkg-config").args(["--modversion", "libtelnet"]));
    let version = version.unwrap_or_else(|_| "of an unknown version".to_owned());
    Ok(Reader::new(
        &program,
        format!("the library in C, {}", version.trim()),
    ))
}

fn said(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let ended = command.output().map_err(|e| format!("{name}: {e}"))?;
    match ended.status.success() {
        true => Ok(String::from_utf8_lossy(&ended.stdout).into_owned()),
        false => {
            let errors = String::from_utf8_lossy(&ended.stderr).into_owned();
            Err(errors
                .lines()
                .find(|line| line.contains("error"))
                .unwrap_or(&name)
                .to_owned())
        }
    }
}
