//! `wirelore telnet` at a terminal, and the telnetd of GNU inetutils.

use std::process::Command;

use wirelore_interop::{Ended, Peer, built_command, free_tcp_port, require};

use crate::expect::Terminal;
use crate::theirs::{Telnetd, telnetlib3};

/// Says something at the prompt, and waits until keys go to the server again.
const PROMPT: &str = r#"
proc at_prompt {line settings} {
    say "\x1d"
    hear "wirelore telnet> "
    say "$line\r"
    until_terminal_has $settings
}
"#;

/// Somebody with our client at a server.
#[track_caller]
fn session(
    terminal: &Terminal,
    port: &str,
    options: &[&str],
    environment: &[(&str, &str)],
    script: &str,
) -> Ended {
    let mut program = Command::new(built_command());
    program.arg("telnet").args(options).args(["127.0.0.1", port]);
    program.envs(environment.iter().copied());
    let end = r#"
        say "bye\r"
        hear "Connection closed by foreign host."
        gone"#;
    terminal.session(&program, "", &format!("{PROMPT}\n{script}\n{end}")).expect_success()
}

/// Characters go to the server as they are typed, are echoed there, and its terminal is of our kind
/// and size, also when ours changes.
#[test]
fn characters_the_terminal_and_its_size() {
    let terminal = require!(Terminal::new());
    let telnetd = require!(Telnetd::start());
    session(
        &terminal,
        &telnetd.port,
        &[],
        &[],
        r#"
        hear "env TERM=xterm\r\n"
        hear "size 24 80\r\n"
        hear "ready\r\n"
        until_terminal_has {\-icanon}
        say "hellx"
        hear "hellx"
        say "\x7fo"
        hear "\b \bo"
        say "\r"
        hear "heard <hello>\r\n"
        resize 101 33
        say "size\r"
        hear "size 33 101\r\n"
        say "a\x1d"
        hear "wirelore telnet> "
        say "status\r"
        hear "Mode: character by character, not echoed here."
        hear "Options here:"
        hear " NAWS"
        hear "Options there: ECHO SGA"
        hear "Window: 101 columns, 33 rows."
        until_terminal_has {\-icanon}
        say "b\r"
        hear "heard <ab>\r\n"
        at_prompt "send escape" {\-icanon}
        say "\r"
        hear "heard <\x1d>\r\n"
        "#,
    );
}

/// `^C` is a character here, and interrupts what runs there; so does IP. AYT is answered.
#[test]
fn interrupts_and_are_you_there() {
    let terminal = require!(Terminal::new());
    let telnetd = require!(Telnetd::start());
    session(
        &terminal,
        &telnetd.port,
        &[],
        &[],
        r#"
        hear "ready\r\n"
        until_terminal_has {\-icanon}
        say "\x03"
        hear "^C"
        say "interrupts\r"
        hear "interrupted 1 times\r\n"
        at_prompt "send ip" {\-icanon}
        hear "^C"
        say "interrupts\r"
        hear "interrupted 2 times\r\n"
        say "garbage"
        hear "garbage"
        at_prompt "send el" {\-icanon}
        say "hellx"
        hear "hellx"
        at_prompt "send ec" {\-icanon}
        say "o\r"
        hear "heard <hello>\r\n"
        at_prompt "send ayt" {\-icanon}
        hear {[Yes]}
        # the server drops what it has not looked at, and we lose nothing of what follows
        at_prompt "send synch" {\-icanon}
        say "hello\r"
        hear "heard <hello>\r\n"
        "#,
    );
}

/// Nothing of our environment is told but what was named, whatever the server asks for
/// (CVE-2026-32772 was a client that told everything).
#[test]
fn the_environment_stays_here() {
    let terminal = require!(Terminal::new());
    let secrets = [("SECRET", "tell-nobody"), ("USER", "alice"), ("LANG", "tell-nobody")];
    let telnetd = require!(Telnetd::start());
    let ended = session(&terminal, &telnetd.port, &["-v"], &secrets, r#"hear "ready\r\n""#);
    let said = ended.stdout();
    assert!(said.contains("RCVD DO NEW-ENVIRON") && said.contains("env TERM="), "{ended}");
    for word in ["SECRET", "tell-nobody", "alice", "env USER="] {
        assert!(!said.contains(word), "{word}: {ended}");
    }
    // asked for everything
    let telnetd = require!(Telnetd::start());
    let options = ["-v", "-l", "bob"];
    let ended = session(&terminal, &telnetd.port, &options, &secrets, r#"hear "ready\r\n""#);
    let said = ended.stdout();
    assert!(said.contains("RCVD SB NEW-ENVIRON SEND"), "{ended}");
    assert!(said.contains("env USER=bob\r"), "{ended}");
    for word in ["SECRET", "tell-nobody", "alice"] {
        assert!(!said.contains(word), "{word}: {ended}");
    }
}

/// LINEMODE: lines are edited here, signals become commands, and it can be left again.
#[test]
fn lines_are_edited_here_with_linemode() {
    let terminal = require!(Terminal::new());
    let telnetd = require!(Telnetd::start());
    session(
        &terminal,
        &telnetd.port,
        &["-v"],
        &[],
        r#"
        hear "ready\r\n"
        until_terminal_has {\-icanon}
        at_prompt "mode linemode" { icanon}
        # the server does not see what was taken back
        say "helxx\x7f\x7flo\r"
        hear "heard <hello>"
        say "garbage\x15hello\r"
        hear "heard <hello>"
        say "\x03"
        hear "RCVD WILL TIMING-MARK"
        say "interrupts\r"
        hear "interrupted 1 times"
        say "\x1d"
        hear "wirelore telnet> "
        say "status\r"
        hear "Mode: line by line, edited here; signals are sent as commands"
        hear "LINEMODE"
        resize 90 30
        say "size\r"
        hear "size 30 90"
        at_prompt "mode character" {\-icanon}
        say "hellx"
        hear "hellx"
        say "\x7fo\r"
        hear "heard <hello>\r\n"
        "#,
    );
}

/// Eight bits both ways.
#[test]
fn binary_is_eight_bits() {
    let terminal = require!(Terminal::new());
    let telnetd = require!(Telnetd::start());
    session(
        &terminal,
        &telnetd.port,
        &["-v", "-8"],
        &[],
        r#"
        # the server takes its own word back later
        hear "RCVD DO BINARY"
        hear "RCVD WILL BINARY"
        hear "ready\r\n"
        until_terminal_has {\-icanon}
        say "\u00e4\u00ff\u4e2d\r"
        hear "heard <\u00e4\u00ff\u4e2d>\r\n"
        "#,
    );
}

/// A server that asks for nearly everything there is, and that knows nothing of urgent data: what
/// follows a Synch is understood all the same.
#[test]
fn a_session_at_telnetlib3() {
    let (terminal, server) = (require!(Terminal::new()), require!(telnetlib3("server")));
    let port = free_tcp_port();
    let mut command = Command::new(server);
    let mut server = Peer::start(command.args(["127.0.0.1", &port.to_string()]));
    server.wait_for_tcp(port);
    let mut program = Command::new(built_command());
    program.args(["telnet", "-v", "127.0.0.1", &port.to_string()]);
    let script = format!(
        r#"{PROMPT}
        hear "tel:sh> "
        until_terminal_has {{\-icanon}}
        say "helx\x7fp\r"
        hear "quit"
        hear "tel:sh> "
        at_prompt "send synch do timing-mark" {{\-icanon}}
        hear "RCVD WILL TIMING-MARK"
        say "\x1d"
        hear "wirelore telnet> "
        say "quit\r"
        gone"#
    );
    terminal.session(&program, "", &script).expect_success();
}
