//! Faults that were measured in other programs: each test shows that ours does not have one of them,
//! by datagrams that the test writes itself.
//!
//! The programs are tftpd-hpa 5.2, atftpd 0.8.0, dnsmasq 2.90, rs-tftpd (crate `tftpd` 1.0.0),
//! async-tftp 0.4.2, r-tftpd 0.4.0, and others where a bug report is named.

mod copy;
mod options;
mod packets;
mod requests;
mod resources;
mod timing;

use crate::ours::Server;

/// So long that no block is ever sent again of its own accord.
const PATIENCE: (&str, &str) = ("timeout", "255");

/// A server that waits a minute for the first answer of a client: what comes twice was asked for
/// twice.
#[track_caller]
fn patient(arguments: &[&str]) -> Server {
    Server::start(&[arguments, &["--tftp-timeout", "60s"]].concat())
}
