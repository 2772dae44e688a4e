//! `wirelore telnet` in a pipe, and servers that are there.

use std::process::Command;

use wirelore_interop::{Peer, built_command, free_tcp_port, require};

use crate::clients::piped;
use crate::theirs::{Telnetd, telnetlib3};

fn arguments(port: &str) -> Vec<String> {
    ["telnet", "--quit-after", "20", "127.0.0.1", port].map(str::to_owned).into()
}

/// Lines of a pipe reach a program behind telnetd, which has no window and no kind of terminal to tell
/// it of; IAC in the data is data on both ways.
#[test]
fn telnetd_hears_lines() {
    let telnetd = require!(Telnetd::start());
    let ended = piped("hello\n\u{ff}\nbye\n", &built_command(), &arguments(&telnetd.port));
    let said = ended.expect_success().stdout();
    for text in ["size 0 0", "heard <hello>", "heard <\u{ff}>"] {
        assert!(said.contains(text), "{text}: {said}");
    }
}

/// A server that waits for answers to what it asks for.
#[test]
fn telnetlib3_hears_lines() {
    let server = require!(telnetlib3("server"));
    let port = free_tcp_port();
    let mut command = Command::new(server);
    let mut server = Peer::start(command.args(["127.0.0.1", &port.to_string()]));
    server.wait_for_tcp(port);
    let ended = piped("help\nquit\n", &built_command(), &arguments(&port.to_string()));
    let said = ended.expect_success().stdout();
    for text in ["tel:sh> ", "quit", "Goodbye."] {
        assert!(said.contains(text), "{text}: {said}");
    }
}
