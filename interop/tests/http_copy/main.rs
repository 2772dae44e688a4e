//! `wirelore copy` over HTTP and HTTPS, against servers and proxies that nobody here wrote: nginx, Python's
//! `http.server`, the httpd of busybox, squid and tinyproxy. And what becomes of a copy that is killed, cut, or has no room.
//!
//! Digest is asked for by squid only: nginx without modules, busybox and Python have none.
#![cfg(target_os = "linux")]

mod broken;
mod busybox;
mod downloads;
mod killed;
mod logins;
mod network;
mod proxied;
mod redirects;
mod refused;
mod resumed;
mod said;
mod secure;
mod uploads;

mod copy;
mod nginx;
mod proxies;
mod python;

use std::time::Duration;

/// What anything that is waited for may take.
const LIMIT: Duration = Duration::from_secs(60);
