//! Our console and other clients: at a terminal, and in a pipe.

use std::path::Path;
use std::process::Command;

use wirelore_interop::{Ended, find, find_saying, require, run};

use crate::LIMIT;
use crate::expect::Terminal;
use crate::ours::Server;
use crate::theirs::{busybox, telnetlib3};

/// Busybox agrees to SGA and takes it back at once; it echoes nothing and sends characters.
#[test]
fn busybox_at_a_terminal() {
    let (terminal, busybox) = (require!(Terminal::new()), require!(busybox("telnet")));
    let server = Server::console();
    let mut program = Command::new(busybox);
    program.args(["telnet", "127.0.0.1", &server.port()]);
    let script = r#"
        hear "wirelore> "
        until_terminal_has {\-icanon}
        say "whx\x7fo"
        hear "whx\b \bo"
        say "\r"
        hear "(you)\r\nwirelore> "
        say "garbage\x15?\r"
        hear_without "no command" "Tab completes"
        hear "wirelore> "
        say "logout\r"
        hear "Goodbye."
        gone"#;
    // it calls the end of the connection a failure
    terminal.session(&program, "", script).expect_code(1);
    let session = server.session();
    session.is_clean();
    assert_eq!(session.option("server", "ECHO"), Some(true));
    assert_eq!(session.windows(), [(80, 24)]);
    assert_eq!(session.all("terminal-type")[0]["name"], "xterm");
}

/// telnetlib3 negotiates more than others, and shows what we echo.
#[test]
fn telnetlib3_at_a_terminal() {
    let (terminal, client) = (require!(Terminal::new()), require!(telnetlib3("client")));
    let server = Server::console();
    let mut program = Command::new(client);
    program.args(["127.0.0.1", &server.port()]);
    let script = r#"
        hear "wirelore> "
        until_terminal_has {\-icanon}
        say "whx\x7fo\r"
        hear "(you)"
        hear "wirelore> "
        say "show endpoints\r"
        hear "/tcp"
        hear "wirelore> "
        say "logout\r"
        hear "Goodbye."
        gone"#;
    terminal.session(&program, "", script).expect_success();
    let session = server.session();
    session.is_clean();
    assert_eq!(session.option("server", "ECHO"), Some(true));
    assert_eq!(session.windows(), [(80, 24)]);
}

/// Both agree to what they know, or to nothing at all, and send what a pipe gives them.
#[test]
fn curl_and_ncat_in_a_pipe() {
    let curl = require!(find_saying("curl", &["-V"], "telnet"));
    let ncat = require!(find("ncat"));
    for (program, options, address) in
        [(&curl, &["--silent", "--show-error"][..], true), (&ncat, &["-t"][..], false)]
    {
        let server = Server::console();
        let mut arguments: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
        match address {
            true => arguments.push(format!("telnet://127.0.0.1:{}", server.port())),
            false => arguments.extend(["127.0.0.1".to_owned(), server.port()]),
        }
        let ended = piped("status\r\nwho\r\nlogout\r\n", program, &arguments).expect_success();
        let said = ended.stdout();
        for text in ["wirelore> ", "errors     0", "(you)", "Goodbye."] {
            assert!(said.contains(text), "{text}: {ended}");
        }
        let session = server.session();
        session.is_clean();
    }
}

/// Runs a program with this as its standard input.
#[track_caller]
pub(crate) fn piped(input: &str, program: &Path, arguments: &[String]) -> Ended {
    let mut command = Command::new("sh");
    command.args(["-c", r#"input=$1; shift; printf %s "$input" | "$@""#, "sh", input]);
    run(command.arg(program).args(arguments), LIMIT)
}
