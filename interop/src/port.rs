//! Ports of 127.0.0.1 that are free.

use std::net::{TcpListener, UdpSocket};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that systems give to whoever asks for any, so that no other test's client
/// socket takes a port between its choice and its use.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// A UDP port of 127.0.0.1 that nobody uses, for a program that cannot choose one by itself.
///
/// # Panics
/// When all are taken.
#[must_use]
pub fn free_udp_port() -> u16 {
    free(|port| UdpSocket::bind(("127.0.0.1", port)).is_ok())
}

/// A TCP port of 127.0.0.1 that nobody uses, for a program that cannot choose one by itself.
///
/// # Panics
/// When all are taken.
#[must_use]
pub fn free_tcp_port() -> u16 {
    free(|port| TcpListener::bind(("127.0.0.1", port)).is_ok())
}

fn free(is_free: impl Fn(u16) -> bool) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that run at the same time start far apart.
    let start = process::id().wrapping_mul(61);
    (0..COUNT)
        .map(|_| u32::from(NEXT.fetch_add(1, Ordering::Relaxed)).wrapping_add(start))
        .map(|n| FIRST + (n % u32::from(COUNT)) as u16)
        .find(|&port| is_free(port))
        .expect("a free port")
}
