//! Many small requests: `wrk`, one thread, 64 connections.

use crate::curl;
use crate::place::{self, SMALL_OCTETS, Site};
use crate::rounds::{Spent, Trial, Unit};
use crate::servers::{Duty, Server};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Connections at once.
pub(crate) const CONNECTIONS: usize = 64;

/// How long an access log may take to be on disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// What `wrk` prints at its end beside its own words: exact numbers. It has no part in the requests.
const REPORT: &str = r#"
done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"microseconds":%d,"bytes":%d,"late":%d,' ..
        '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
        summary.requests, summary.duration, summary.bytes, latency:percentile(99),
        errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
"#;

/// One kind of small request, again and again.
pub(crate) struct Load<'a> {
    duty: Duty,
    site: &'a Site,
    /// How many requests each server has answered.
    answered: RefCell<BTreeMap<&'static str, u64>>,
}

/// What `wrk` says.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Outcome {
    requests: u64,
    took: Duration,
    octets: u64,
    late: Duration,
}

impl<'a> Load<'a> {
    pub(crate) fn new(duty: Duty, site: &'a Site) -> Self {
        Self {
            duty,
            site,
            answered: RefCell::default(),
        }
    }

    /// A second of load.
    fn wrk(&self, server: &Server) -> Result<Outcome, String> {
        let script = self.site.root().join("report.lua");
        fs::write(&script, REPORT).map_err(|e| e.to_string())?;
        let ran = Command::new("wrk")
            .args(["-t1", &format!("-c{CONNECTIONS}"), "-d1s", "-s"])
            .arg(script)
            .arg(server.url(path(self.duty)))
            .stdin(Stdio::null())
            .output();
        let ran = ran.map_err(|e| format!("wrk: {e}"))?;
        let outcome = Outcome::of(&String::from_utf8_lossy(&ran.stdout))?;
        let mut answered = self.answered.borrow_mut();
        *answered.entry(server.plan.name).or_default() += outcome.requests;
        Ok(outcome)
    }
}

impl Trial for Load<'_> {
    const UNIT: Unit = Unit {
        cost: "us/request",
        rate: "requests/s",
        costs: 1e6,
        rates: 1.0,
    };

    /// The answer is what it should be, and a second of load is over in which caches fill.
    fn verify(&self, server: &Server) -> Result<(), String> {
        verify(self.duty, self.site, server)?;
        self.wrk(server).map(|_| ())
    }

    fn turn(&self, server: &Server) -> Result<Spent, String> {
        let used = || server.process.cpu().map_err(|e| e.to_string());
        let before = used()?;
        let outcome = self.wrk(server)?;
        Ok(Spent {
            cpu: used()?.saturating_sub(before),
            took: outcome.took,
            count: outcome.requests as f64,
            octets: outcome.octets,
            late: outcome.late,
        })
    }

    /// Every request was logged.
    fn conclude(&self, server: &Server) -> Result<(), String> {
        let Some(log) = &server.plan.access_log else {
            return Ok(());
        };
        let answered = self.answered.borrow().get(server.plan.name).copied();
        let answered = answered.unwrap_or(0);
        let mut logged = 0;
        for _ in 0..PATIENCE.as_millis() / 100 {
            logged = lines(log).map_err(|e| format!("{}: {e}", log.display()))?;
            if logged >= answered {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        Err(format!(
            "{answered} requests, and {logged} lines in the access log"
        ))
    }
}

/// What is asked for.
pub(crate) fn path(duty: Duty) -> &'static str {
    match duty {
        Duty::Hello => "",
        Duty::Files | Duty::Uploads => "small.bin",
    }
}

/// One request: the status, the body, and that nothing usual is left out of the head.
pub(crate) fn verify(duty: Duty, site: &Site, server: &Server) -> Result<(), String> {
    let body = site.root().join("body");
    let answer = curl::fetch(&server.url(path(duty)), &body)?;
    if answer.octets != SMALL_OCTETS {
        return Err(format!("a body of {} octets", answer.octets));
    }
    for field in ["content-length: 1024", "date: "] {
        if !answer.head.contains(&format!("\n{field}")) {
            return Err(format!("no field {field:?} in the answer"));
        }
    }
    if answer.head.contains("\nconnection: close") {
        return Err("the connection is not kept".into());
    }
    match duty {
        Duty::Hello => Ok(()),
        Duty::Files | Duty::Uploads => match place::same(&body, &site.small()) {
            Ok(true) => Ok(()),
            Ok(false) => Err("the body is not the file".into()),
            Err(e) => Err(e.to_string()),
        },
    }
}

impl Outcome {
    /// Out of the standard output. An error of any kind is one too many.
    fn of(output: &str) -> Result<Self, String> {
        let line = output.lines().rfind(|line| line.starts_with('{'));
        let said: Value = line
            .and_then(|line| serde_json::from_str(line).ok())
            .ok_or_else(|| format!("wrk: {}", output.lines().last().unwrap_or("no report")))?;
        let number = |name: &str| said[name].as_u64().ok_or(format!("wrk: no {name}"));
        for kind in ["connect", "read", "write", "status", "timeout"] {
            if number(kind)? > 0 {
                return Err(format!("wrk: {} errors ({kind})", number(kind)?));
            }
        }
        let outcome = Self {
            requests: number("requests")?,
            took: Duration::from_micros(number("microseconds")?),
            octets: number("bytes")?,
            late: Duration::from_micros(number("late")?),
        };
        if outcome.requests == 0 || outcome.octets < outcome.requests * SMALL_OCTETS {
            return Err(format!(
                "wrk: {} octets in {} answers",
                outcome.octets, outcome.requests
            ));
        }
        Ok(outcome)
    }
}

fn lines(log: &Path) -> std::io::Result<u64> {
    let mut file = BufReader::new(File::open(log)?);
    let mut buffer = vec![0; 1 << 16];
    let mut lines = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(lines);
        }
        lines += buffer[..read]
            .iter()
            .filter(|&&octet| octet == b'\n')
            .count() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(requests: u64, bytes: u64, timeout: u64) -> Result<Outcome, String> {
        Outcome::of(&format!(
            "Running 1s test\n  Latency 1ms\n{{\"requests\":{requests},\"microseconds\":2000000,\
             \"bytes\":{bytes},\"late\":900,\"connect\":0,\"read\":0,\"write\":0,\"status\":0,\
             \"timeout\":{timeout}}}\n"
        ))
    }

    #[test]
    fn only_a_clean_report_counts() {
        let outcome = said(10, 11_000, 0).unwrap();
        assert_eq!((outcome.requests, outcome.octets), (10, 11_000));
        assert_eq!(outcome.took, Duration::from_secs(2));
        assert!(said(10, 11_000, 1).unwrap_err().contains("timeout"));
        assert!(said(0, 0, 0).is_err());
        assert!(said(10, 10_239, 0).is_err());
        assert!(Outcome::of("unable to connect to 127.0.0.1:1\n").is_err());
    }
}
