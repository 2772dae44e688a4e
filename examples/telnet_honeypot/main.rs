//! Lets everybody in, gives nobody anything, and writes down what they try.
//!
//! cargo run --example telnet_honeypot -- [--fingerprint inetutils|busybox|none|HEX] \
//!     [--sessions N] [--seconds N] [--octets N] [--lines N] [ADDRESS:PORT]
//!
//! The log is JSON Lines on standard output, behind the line that says where it listens. Nothing that a
//! guest sends is ever carried out; there is no shell, no file and no other connection.
//!
//! - `fingerprint.rs`: which server it pretends to be
//! - `session.rs`: one guest: the receiver, and the conversation
//! - `record.rs`: what is written about it

mod fingerprint;
mod record;
mod session;

use std::io::{self, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub(crate) use fingerprint::Fingerprint;
use session::Session;

/// How much a guest gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Sessions at a time; further connections are closed at once.
    pub(crate) sessions: usize,
    /// How long a session lasts at most.
    pub(crate) time: Duration,
    /// Octets that are taken from a guest.
    pub(crate) octets: usize,
    /// Lines that a guest may send.
    pub(crate) lines: usize,
    /// Lines of the log for a session, besides the first and the last.
    pub(crate) records: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 64,
            time: Duration::from_secs(120),
            octets: 64 * 1024,
            lines: 100,
            records: 2000,
        }
    }
}

/// Where the log goes.
pub(crate) type Log = Arc<Mutex<dyn Write + Send>>;

fn main() -> io::Result<()> {
    let mut limits = Limits::default();
    let mut fingerprint = Fingerprint::inetutils();
    let mut address = "127.0.0.1:2323".to_owned();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_default();
        let mut number = || value().parse().map_err(io::Error::other);
        match argument.as_str() {
            "--sessions" => limits.sessions = number()?,
            "--seconds" => limits.time = Duration::from_secs(number()? as u64),
            "--octets" => limits.octets = number()?,
            "--lines" => limits.lines = number()?,
            "--fingerprint" => fingerprint = value().parse().map_err(io::Error::other)?,
            _ => address = argument,
        }
    }
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    serve(&listener, &fingerprint, limits, Arc::new(Mutex::new(io::stdout())))
}

/// Serves for ever.
pub(crate) fn serve(
    listener: &TcpListener,
    fingerprint: &Fingerprint,
    limits: Limits,
    log: Log,
) -> io::Result<()> {
    let guests = Arc::new(());
    for number in 1.. {
        let (stream, peer) = listener.accept()?;
        let guest = guests.clone();
        let session = Session::new(number, fingerprint, limits, log.clone());
        if Arc::strong_count(&guests) > limits.sessions + 1 {
            continue;
        }
        thread::spawn(move || {
            session.run(stream, peer);
            drop(guest);
        });
    }
    Ok(())
}
