//! `wirelore serve` over HTTP and HTTPS, asked by programs that nobody here wrote: curl, wget, ab, wrk,
//! ncat, nginx as a proxy, lynx, w3m and Chromium. And what becomes of it when either side is killed, the
//! disk is full, or a file changes on its way.
#![cfg(target_os = "linux")]

mod browsers;
mod changes;
mod crashes;
mod downloads;
mod limits;
mod load;
mod logins;
mod logs;
mod mirrors;
mod names;
mod pipelines;
mod proxied;
mod ranges;
mod signals;
mod slow;
mod tls;
mod uploads;

mod clients;
mod server;

use std::time::Duration;

/// What anything that is waited for may take.
const LIMIT: Duration = Duration::from_secs(60);
