//! A console over TELNET: what the server does, for people with a terminal. It is no shell, and it
//! changes nothing.
//!
//! `keys`, `prompt` and `pager` are a terminal as a peer has it, `console` the commands, and
//! `conversation` what joins these; none of them knows sockets or time. `session` does. `ear` takes
//! apart what comes over TELNET.

mod console;
mod conversation;
mod ear;
mod keys;
mod pager;
mod prompt;
mod session;
mod users;

use super::guests::{self, Guest, Host, Limits};
use super::{Shared, Started};
use crate::policy::{Policy, Telnet};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, RwLock};
use std::time::Duration;

/// What is particular to the console.
#[derive(Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Telnet console")]
pub(crate) struct Options {
    /// Connections at a time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    telnet_connections: u16,
    /// Connections of one peer at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    telnet_per_peer: u16,
    /// How long a peer may type nothing
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    telnet_idle: Duration,
    /// How long a peer may take nothing of what is sent to it
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    telnet_stall: Duration,
    /// How long a login may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    telnet_login_time: Duration,
    /// Log every option that a peer negotiates, its terminal type and its variables
    #[arg(long)]
    telnet_log_options: bool,
}

pub(super) fn start(shared: &Shared, address: SocketAddr) -> io::Result<Started> {
    let options = shared.telnet.clone();
    let limits = Limits {
        connections: options.telnet_connections.into(),
        per_peer: options.telnet_per_peer.into(),
        options: "--telnet-connections, --telnet-per-peer",
        section: "telnet",
        told: true,
        refusal: b"",
    };
    let house = House {
        options,
        policy: Arc::clone(&shared.policy),
    };
    guests::serve(shared, "telnet", address, &limits, house)
}

/// Lines for the clients that people have.
pub(super) fn clients(address: SocketAddr, _: &str) -> Vec<String> {
    let (ip, port) = (address.ip(), address.port());
    vec![match port {
        23 => format!("telnet {ip}"),
        port => format!("telnet {ip} {port}"),
    }]
}

/// What all sessions have in common.
struct House {
    options: Options,
    policy: Arc<RwLock<Arc<Policy>>>,
}

impl House {
    /// What the configuration says now.
    fn telnet(&self) -> Telnet {
        guests::policy(&self.policy).telnet().clone()
    }

    fn logs_options(&self) -> bool {
        self.options.telnet_log_options || self.telnet().log_options
    }
}

impl Host for House {
    fn receive(&self, guest: Guest) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(session::run(self, guest))
    }
}
