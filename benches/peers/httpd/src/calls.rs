//! How many system calls a server makes for each request.

use crate::load::{self, CONNECTIONS};
use crate::place::Site;
use crate::servers::{Duty, Server};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Requests on each connection, few and many. The difference counts, so that what a connection costs to
/// take is not in it.
const FEW: usize = 20;
const MANY: usize = 120;

/// How long a step may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a server has to finish what it does after its last answer, or when a connection has ended.
const AFTERWARDS: Duration = Duration::from_millis(250);

/// How it is counted, in words.
pub(crate) const METHOD: &str = "strace -f -c on the server's processes; 64 connections, each asks again when \
     all have their answers; the difference of 120 and 20 requests on each";

/// Calls for each request, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls(BTreeMap<String, f64>);

impl Calls {
    /// Those of a server, counted now.
    pub(crate) fn of(duty: Duty, site: &Site, server: &Server) -> Result<Self, String> {
        load::verify(duty, site, server)?;
        // what memory so many connections need is had before anything is counted
        let warm = ask(server.address, load::path(duty), FEW).and_then(close);
        warm.map_err(|e| e.to_string())?;
        let few = counted(FEW, duty, site, server)?;
        let many = counted(MANY, duty, site, server)?;
        Ok(Self::difference(&few, &many))
    }

    fn difference(few: &BTreeMap<String, u64>, many: &BTreeMap<String, u64>) -> Self {
        let requests = (CONNECTIONS * (MANY - FEW)) as f64;
        let each = |(name, &many): (&String, &u64)| {
            let few = few.get(name).copied().unwrap_or(0);
            (name.clone(), (many as f64 - few as f64) / requests)
        };
        Self(many.iter().map(each).collect())
    }

    /// All but waiting, for which a server is called the less the busier it is.
    pub(crate) fn without_waiting(&self) -> f64 {
        let calls = self.0.iter().filter(|(name, _)| !is_waiting(name));
        calls.map(|(_, calls)| calls).sum()
    }

    /// The names and figures that are not next to nothing, the most frequent first.
    pub(crate) fn describe(&self) -> String {
        let mut calls: Vec<_> = self
            .0
            .iter()
            .filter(|(_, calls)| calls.abs() >= 0.001)
            .collect();
        calls.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let each = |(name, calls): (&String, &f64)| match is_waiting(name) {
            true => format!("({name} {calls:.3})"),
            false => format!("{name} {calls:.3}"),
        };
        let calls: Vec<_> = calls.into_iter().map(each).collect();
        calls.join(", ")
    }
}

fn is_waiting(name: &str) -> bool {
    matches!(name, "epoll_wait" | "epoll_pwait" | "epoll_pwait2")
}

/// Calls while each connection asks so many times.
fn counted(
    times: usize,
    duty: Duty,
    site: &Site,
    server: &Server,
) -> Result<BTreeMap<String, u64>, String> {
    let summary = site.root().join("strace");
    let processes = server.process.account().processes(server.process.id());
    let strace = Tracer::attach(&processes, &summary)?;
    let asked = ask(server.address, load::path(duty), times);
    // what comes after the last answer, such as a line in a log
    sleep(AFTERWARDS);
    strace.detach()?;
    // only now, so that their ends are in no count
    let closed = asked.and_then(close);
    closed.map_err(|e| format!("while traced: {e}"))?;
    let summary = fs::read_to_string(&summary).map_err(|e| e.to_string())?;
    parse(&summary).ok_or_else(|| "strace counted nothing".into())
}

/// strace on processes that run.
struct Tracer(Child);

impl Tracer {
    fn attach(processes: &[u32], summary: &Path) -> Result<Self, String> {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-c", "-o"]).arg(summary);
        for pid in processes {
            strace.args(["-p", &pid.to_string()]);
        }
        let strace = strace.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut strace = Self(strace.map_err(|e| format!("strace: {e}"))?);
        let start = Instant::now();
        while !processes.iter().all(|&pid| is_traced(pid)) {
            let ended = strace.0.try_wait().map_err(|e| e.to_string())?;
            if ended.is_some() || start.elapsed() > PATIENCE {
                return Err("strace could not attach (this needs root)".into());
            }
            sleep(Duration::from_millis(5));
        }
        Ok(strace)
    }

    /// Lets them go; the summary is written then.
    fn detach(mut self) -> Result<(), String> {
        let pid = i32::try_from(self.0.id()).map_err(|e| e.to_string())?;
        kill(Pid::from_raw(pid), Signal::SIGINT).map_err(|e| e.to_string())?;
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if self.0.try_wait().map_err(|e| e.to_string())?.is_some() {
                return Ok(());
            }
            sleep(Duration::from_millis(5));
        }
        Err("strace does not end".into())
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether every thread of a process has a tracer.
fn is_traced(pid: u32) -> bool {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    let mut statuses = tasks.into_iter().flatten().flatten().map(|task| {
        let status = fs::read_to_string(task.path().join("status"));
        status.unwrap_or_default()
    });
    statuses.all(|status| !status.contains("TracerPid:\t0\n"))
}

/// Calls by name: the fourth column and the last.
fn parse(summary: &str) -> Option<BTreeMap<String, u64>> {
    let calls = summary.lines().filter_map(|line| {
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        let (calls, name) = (words.get(3)?.parse().ok()?, *words.last()?);
        (name != "total").then(|| (name.to_owned(), calls))
    });
    let calls: BTreeMap<_, _> = calls.collect();
    Some(calls).filter(|calls| !calls.is_empty())
}

/// So many connections at once, each of which asks so many times: all ask, then all answers are read.
/// They are open still.
fn ask(address: SocketAddr, path: &str, times: usize) -> io::Result<Vec<TcpStream>> {
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let connect = |_| {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    };
    let connections: io::Result<Vec<TcpStream>> = (0..CONNECTIONS).map(connect).collect();
    let mut connections = connections?;
    let mut expected = None;
    for _ in 0..times {
        for connection in &mut connections {
            connection.write_all(request.as_bytes())?;
        }
        for connection in &mut connections {
            let length = match expected {
                Some(length) => whole(connection, length)?,
                None => first(connection)?,
            };
            expected = Some(length);
        }
    }
    Ok(connections)
}

/// Ends the connections, and waits until the server has done so, too.
fn close(connections: Vec<TcpStream>) -> io::Result<()> {
    for connection in &connections {
        connection.shutdown(Shutdown::Write)?;
    }
    for mut connection in connections {
        if connection.read(&mut [0])? > 0 {
            return Err(io::Error::other("more than the answers"));
        }
    }
    sleep(AFTERWARDS);
    Ok(())
}

/// An answer of which the length is not known yet; its length.
fn first(connection: &mut TcpStream) -> io::Result<usize> {
    let mut answer = Vec::new();
    let mut octet = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut octet)?;
        answer.push(octet[0]);
    }
    is_success(&answer)?;
    let head = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    let length = head.split("\r\ncontent-length:").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok());
    let length = length.ok_or_else(|| io::Error::other("an answer without a length"))?;
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(answer.len() + length)
}

/// One more answer of the same length.
fn whole(connection: &mut TcpStream, length: usize) -> io::Result<usize> {
    let mut answer = vec![0; length];
    connection.read_exact(&mut answer)?;
    is_success(&answer)?;
    Ok(length)
}

fn is_success(answer: &[u8]) -> io::Result<()> {
    match answer.starts_with(b"HTTP/1.1 200 ") {
        true => Ok(()),
        false => Err(io::Error::other("not an answer with 200")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    const SUMMARY: &str = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.001000           1      6600         4 recvfrom
 40.00    0.000500           1      3200           epoll_wait
------ ----------- ----------- --------- --------- ----------------
100.00    0.001500           1      9800         4 total
";

    #[test]
    fn calls_of_a_summary_are_known_by_name() {
        let many = parse(SUMMARY).unwrap();
        assert_eq!((many.len(), many["recvfrom"]), (2, 6600));
        let few = BTreeMap::from([("recvfrom".to_owned(), 200)]);
        let calls = Calls::difference(&few, &many);
        assert_eq!(calls.without_waiting(), 1.0);
        assert_eq!(calls.describe(), "recvfrom 1.000, (epoll_wait 0.500)");
        assert!(parse("").is_none());
    }

    #[test]
    fn answers_are_counted_to_their_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let mut answered = 0;
            let taken: Vec<_> = (0..CONNECTIONS)
                .map(|_| listener.accept().unwrap().0)
                .collect();
            for _ in 0..3 {
                for mut connection in &taken {
                    let mut request = [0; 512];
                    let read = connection.read(&mut request).unwrap();
                    answered += usize::from(request[..read].ends_with(b"\r\n\r\n"));
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
                    connection.write_all(answer).unwrap();
                }
            }
            answered
        });
        let connections = ask(address, "", 3).unwrap();
        assert_eq!(connections.len(), CONNECTIONS);
        let closed = thread::spawn(|| close(connections));
        assert_eq!(server.join().unwrap(), 3 * CONNECTIONS);
        closed.join().unwrap().unwrap();
    }
}
