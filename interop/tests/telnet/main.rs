//! TELNET: our console and clients that people have, `wirelore telnet` and servers that are there, the
//! small services, and Wireshark as a judge of both.
#![cfg(target_os = "linux")]

mod captures;
mod client;
mod clients;
mod console;
mod examples;
mod pictures;
mod pipes;
mod small;

mod expect;
mod ours;
mod screen;
mod theirs;

use std::time::Duration;

/// What a session, or anything else that is waited for, may take.
const LIMIT: Duration = Duration::from_secs(60);
