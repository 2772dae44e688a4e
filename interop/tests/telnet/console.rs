//! Our console, and the client of GNU inetutils with somebody at a terminal.

use std::path::Path;
use std::process::Command;

use wirelore_interop::{Ended, Namespace, require};

use crate::expect::Terminal;
use crate::ours::Server;
use crate::theirs::inetutils_telnet;

/// What the client says when the server has closed the connection.
const CLOSED: &str = "Connection closed by foreign host.";

/// Opens the prompt of the client, says this there, and waits until keys go to the server again.
const PROMPT: &str = r#"
proc at_prompt {line} {
    say_escape
    say "$line\r"
    until_terminal_has {\-icanon}
}
proc say_escape {} {
    until_terminal_has {\-icanon}
    say "\x1d"
    hear "telnet> "
}
"#;

/// Somebody with the client at our console; `options` stand before the address, and with them the
/// client speaks first.
#[track_caller]
fn session(
    terminal: &Terminal,
    telnet: &Path,
    server: &Server,
    options: &[&str],
    script: &str,
) -> Ended {
    let mut program = Command::new(telnet);
    // before a port that is not 23, a hyphen makes the client speak first all the same
    let port = match options {
        [] => server.port(),
        _ => format!("-{}", server.port()),
    };
    program.args(options).args(["--", "127.0.0.1", &port]);
    let script = format!("{PROMPT}\n{script}\nsay \"logout\\r\"\nhear \"{CLOSED}\"\ngone");
    terminal.session(&program, &server.id(), &script).expect_success()
}

/// Every character is sent at once and echoed by us, and DEL takes it back.
#[test]
fn characters_are_echoed_and_edited() {
    let (terminal, telnet) = (require!(Terminal::new()), require!(inetutils_telnet()));
    let server = Server::console();
    session(
        &terminal,
        &telnet,
        &server,
        &[],
        r#"
        hear "wirelore> "
        at_prompt status
        hear "Operating in single character mode"
        hear "Remote character echo"
        say "whx"
        hear "whx"
        say "\x7f"
        hear "\b \b"
        say "o"
        hear "o"
        say "\r"
        hear "\r\nPROTOCOL"
        hear "(you)\r\n"
        hear "wirelore> "
        # history and completion are made of single characters
        say "\x10\x15sh e\t\x08"
        hear "sh endpoints \b \b"
        say "\r"
        hear "/tcp\r\nwirelore> "
        "#,
    );
    let session = server.session();
    session.is_clean();
    assert_eq!(session.option("server", "ECHO"), Some(true));
    assert_eq!(session.option("server", "SGA"), Some(true));
    assert_eq!(session.windows(), [(80, 24)]);
    assert_eq!(session.all("terminal-type")[0]["name"], "XTERM");
}

/// `mode line`: the client echoes and edits, and sends whole lines.
#[test]
fn lines_are_taken_whole() {
    let (terminal, telnet) = (require!(Terminal::new()), require!(inetutils_telnet()));
    let server = Server::console();
    session(
        &terminal,
        &telnet,
        &server,
        &[],
        r#"
        hear "wirelore> "
        say_escape
        say "mode line\r"
        until_terminal_has "eol2? = \\^\\]"
        say "whx"
        hear "whx"
        say "\x7f"
        hear "\b \b"
        say "o\r"
        # once by the client's terminal, and not again by us
        hear_without "who" "PROTOCOL"
        hear "(you)\r\n"
        hear "wirelore> "
        "#,
    );
    let session = server.session();
    session.is_clean();
    assert_eq!(session.option("server", "ECHO"), Some(false));
}

/// What `send` sends, and what it does to a line.
#[test]
fn commands_are_obeyed() {
    let (terminal, telnet) = (require!(Terminal::new()), require!(inetutils_telnet()));
    let server = Server::console();
    session(
        &terminal,
        &telnet,
        &server,
        &[],
        r#"
        hear "wirelore> "
        at_prompt "send ayt"
        hear {[Yes]}
        say "whox"
        hear "whox"
        at_prompt "send ec"
        hear "\b \b"
        say "\r"
        hear "(you)\r\nwirelore> "
        say "garbage"
        hear "garbage"
        at_prompt "send el"
        hear "       \b\b\b\b\b\b\b"
        say "?\r"
        hear_without "no command" "Tab completes"
        hear "wirelore> "
        foreach command {ip brk abort} {
            say "garbage"
            hear "garbage"
            at_prompt "send $command"
            hear "^C\r\nwirelore> "
        }
        at_prompt "send ao nop ga eor"
        say "status\r"
        hear "errors     0\r\nwirelore> "
        at_prompt "send do 6"
        say "garbage\x03"
        say "who\r"
        hear_without "no command" "(you)\r\nwirelore> "
        "#,
    );
    let session = server.session();
    session.is_clean();
    let commands = session.commands();
    for command in ["AYT", "EC", "EL", "IP", "BRK", "ABORT", "AO", "NOP", "GA", "EOR"] {
        assert!(commands.contains(&command), "{command}: {commands:?}");
    }
    assert!(!session.all("timing-mark").is_empty());
}

/// A Synch comes with its urgent octet in line, which is IAC and not DM: nothing of it is taken for
/// data, what was typed before it is dropped, and the session goes on.
#[test]
fn a_synch_drops_what_was_typed_before() {
    let (terminal, telnet) = (require!(Terminal::new()), require!(inetutils_telnet()));
    let server = Server::console();
    session(
        &terminal,
        &telnet,
        &server,
        &[],
        r#"
        hear "wirelore> "
        # what is typed waits at the server, with the command behind it
        proc behind_garbage {command} {
            global extra
            exec kill -STOP $extra
            say "garbage\r"
            at_prompt "send $command"
            say "who\r"
            at_prompt "status"
            hear "Escape character"
            exec kill -CONT $extra
        }
        behind_garbage nop
        hear "garbage"
        hear "There is no command"
        hear "(you)\r\nwirelore> "
        behind_garbage synch
        hear_without "garbage" "PROTOCOL"
        hear "(you)\r\nwirelore> "
        at_prompt "send synch"
        say "status\r"
        hear_without "no command" "errors     0\r\nwirelore> "
        at_prompt "send ayt"
        hear {[Yes]}
        "#,
    );
    let session = server.session();
    session.is_clean();
    assert_eq!(session.commands(), ["NOP", "DM", "DM", "AYT"]);
}

/// The window is told, told again when it changes, and what is longer than it stops at its end.
#[test]
fn the_window_is_followed() {
    let (terminal, telnet) = (require!(Terminal::new()), require!(inetutils_telnet()));
    let server = Server::console();
    session(
        &terminal,
        &telnet,
        &server,
        &[],
        r#"
        hear "wirelore> "
        say "?\r"
        hear_without "--More--" "Tab completes them.\r\nwirelore> "
        resize 70 5
        say "who\r"
        hear "(you)\r\nwirelore> "
        say "?\r"
        hear_without "Tab completes" "--More--"
        say " "
        hear "--More--"
        say " "
        hear "Tab completes them.\r\nwirelore> "
        "#,
    );
    let session = server.session();
    session.is_clean();
    // with one between them, when the client has looked twice
    let windows = session.windows();
    assert_eq!((windows[0], windows[windows.len() - 1]), ((80, 24), (70, 5)), "{windows:?}");
}

/// RFC 859: the client asks what is on, and shows the answer.
#[test]
fn the_status_is_told() {
    let (terminal, telnet) = (require!(Terminal::new()), require!(inetutils_telnet()));
    let server = Server::console();
    session(
        &terminal,
        &telnet,
        &server,
        &[],
        r#"
        hear "wirelore> "
        at_prompt "send do status"
        say "who\r"
        hear "(you)\r\nwirelore> "
        at_prompt "toggle options"
        at_prompt "send getstatus"
        hear "RCVD IAC SB STATUS IS"
        hear "WILL ECHO"
        hear "DO NAWS"
        "#,
    );
    let session = server.session();
    session.is_clean();
    assert_eq!(session.option("server", "STATUS"), Some(true));
}

/// Eight bits both ways, in which Return is CR alone and nobody but we begins a line at its first
/// column; and a name that is told.
#[test]
fn binary_and_a_name() {
    let (terminal, telnet) = (require!(Terminal::new()), require!(inetutils_telnet()));
    let server = Server::console();
    session(
        &terminal,
        &telnet,
        &server,
        &["-8", "-l", "bob"],
        r#"
        hear "wirelore> "
        say "who\r"
        hear "(you)\r\n"
        hear "wirelore> "
        say "\u00e4\u00ff\r"
        hear "\u00e4\u00ff"
        hear "There is no command \"\u00e4\u00ff\""
        hear "wirelore> "
        "#,
    );
    let session = server.session();
    session.is_clean();
    assert_eq!(session.option("server", "BINARY"), Some(true));
    assert_eq!(session.option("client", "BINARY"), Some(true));
    // IS VAR "USER" VALUE "bob", and nothing else
    let mut told = session.all("subnegotiation").into_iter();
    let user = told.find(|sub| sub["hex"] == "00005553455201626f62");
    assert_eq!(user.map(|sub| &sub["option"]), Some(&"NEW-ENVIRON".into()));
}

/// At port 23 the client speaks first, and offers much at once.
#[test]
fn at_port_23_the_client_speaks_first() {
    let (terminal, telnet) = (require!(Terminal::new()), require!(inetutils_telnet()));
    let namespace = require!(Namespace::new());
    let server = Server::inside(&namespace);
    let mut program = Command::new(telnet);
    program.args(["-l", "bob", "127.0.0.1"]);
    let script = format!(
        r#"{PROMPT}
        hear "wirelore> "
        at_prompt status
        hear "Remote character echo"
        say "who\r"
        hear "(you)\r\nwirelore> "
        say "logout\r"
        hear "{CLOSED}"
        gone"#
    );
    terminal.session_inside(&namespace, &program, &script).expect_success();
    let session = server.session();
    session.is_clean();
    for (side, option, on) in [
        ("server", "SGA", Some(true)),
        ("server", "ECHO", Some(true)),
        ("server", "STATUS", Some(true)),
        ("client", "NAWS", Some(true)),
        ("client", "TTYPE", Some(true)),
        ("client", "ENCRYPT", None),
        ("server", "ENCRYPT", None),
        ("client", "AUTHENTICATION", None),
    ] {
        assert_eq!(session.option(side, option), on, "{option} of the {side}");
    }
    assert_eq!(session.windows(), [(80, 24)]);
}
