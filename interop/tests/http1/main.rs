//! HTTP/1.1: nginx, curl, ncat and Python's h11 and http.server, against our machines on std sockets and
//! against the examples.
#![cfg(target_os = "linux")]

mod curl;
mod examples;
mod h11;
mod proxied;
mod requests;
mod responses;

mod client;
mod lists;
mod origin;
mod theirs;

use std::time::Duration;

/// What anything that is waited for may take.
const LIMIT: Duration = Duration::from_secs(60);
