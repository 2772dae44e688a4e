//! `curl`, a process of its own for each transfer.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Longer than any transfer should take.
const SECONDS: &str = "300";

/// What came of a request, of which the status was 2xx.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The head in small letters.
    pub(crate) head: String,
    /// Octets of the body, of the request's for an upload.
    pub(crate) octets: u64,
    pub(crate) took: Duration,
}

/// A body that goes to a file.
pub(crate) fn fetch(url: &str, file: &Path) -> Result<Answer, String> {
    let head = file.with_extension("head");
    let mut curl = curl("%{size_download}");
    curl.arg("--output")
        .arg(file)
        .arg("--dump-header")
        .arg(&head);
    let mut answer = run(curl.arg(url))?;
    answer.head = fs::read_to_string(head).map_err(|e| e.to_string())?;
    answer.head.make_ascii_lowercase();
    Ok(answer)
}

/// A body that goes nowhere.
pub(crate) fn discard(url: &str) -> Result<Answer, String> {
    run(curl("%{size_download}").args(["--output", "/dev/null", url]))
}

/// A file that is sent.
pub(crate) fn put(file: &Path, url: &str) -> Result<Answer, String> {
    let mut curl = curl("%{size_upload}");
    curl.arg("--upload-file").arg(file);
    run(curl.args(["--output", "/dev/null", url]))
}

fn curl(size: &str) -> Command {
    let mut curl = Command::new("curl");
    // --disable comes first: no file of somebody's own
    curl.args(["--disable", "--silent", "--show-error", "--noproxy", "*"]);
    let report = format!("%{{http_code}} {size} %{{time_total}}");
    curl.args(["--max-time", SECONDS, "--write-out", &report]);
    curl
}

fn run(curl: &mut Command) -> Result<Answer, String> {
    let ran = curl.stdin(Stdio::null()).output();
    let ran = ran.map_err(|e| format!("curl: {e}"))?;
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&ran.stdout);
    parse(&said).ok_or_else(|| format!("curl: status, size and time are {said:?}"))
}

fn parse(said: &str) -> Option<Answer> {
    let mut words = said.split(' ');
    let (status, octets, seconds) = (words.next()?, words.next()?, words.next()?);
    let took = Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?;
    let answer = Answer {
        head: String::new(),
        octets: octets.parse().ok()?,
        took,
    };
    status.starts_with('2').then_some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_success_is_an_answer() {
        let answer = parse("201 1024 0.250000").unwrap();
        assert_eq!(
            (answer.octets, answer.took),
            (1024, Duration::from_millis(250))
        );
        assert!(parse("404 1024 0.250000").is_none());
        assert!(parse("200 1024").is_none());
    }
}
