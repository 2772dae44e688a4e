//! `wirelore telnet` and our console, as they look on a terminal.

use std::fs;

use wirelore_interop::{built_command, require};

use crate::ours::Server;
use crate::screen::Screen;

/// Banner, prompt, an edited line, pages, the prompt of the client; and the terminal is as it was
/// before.
#[test]
fn a_session_as_it_looks() {
    let screen = require!(Screen::new(80, 24));
    let server = Server::console();
    let (before, after) = (screen.file("before"), screen.file("after"));
    screen.types(&format!("stty -g > {}; clear", before.display()));
    screen.presses(&["Enter"]);
    screen.shows(&["$"]);
    screen.types(&format!(
        "clear; {} telnet 127.0.0.1 {}",
        built_command().display(),
        server.port()
    ));
    screen.presses(&["Enter"]);
    let lines = screen.shows(&["wirelore>"]);
    let banner = lines.iter().position(|line| line.ends_with("console; ? lists the commands"));
    let banner = banner.unwrap_or_else(|| panic!("no banner: {lines:#?}"));
    assert_eq!(lines[banner + 1..], ["", "wirelore>"], "{lines:#?}");
    assert_eq!(lines[banner - 1], "Escape character is '^]'.", "{lines:#?}");
    assert_eq!(screen.cursor(), (10, banner + 2));

    // in the middle of a line, with keys that send sequences
    screen.types("whxo i am");
    screen.presses(&["C-w", "C-w", "Left", "Left", "BSpace", "End", "BSpace"]);
    screen.shows(&["wirelore> who"]);
    screen.presses(&["Home", "x", "DC", "BSpace"]);
    screen.shows(&["wirelore> ho"]);
    screen.types("w");
    screen.shows(&["wirelore> who"]);
    assert_eq!(screen.cursor(), (11, banner + 2));
    screen.presses(&["Enter"]);
    let lines = screen.shows(&["wirelore>"]);
    assert_eq!(lines[banner + 2], "wirelore> who", "{lines:#?}");
    assert!(lines[banner + 3].starts_with("PROTOCOL  FROM"), "{lines:#?}");
    assert!(lines[banner + 4].ends_with("SCREEN (you)"), "{lines:#?}");
    screen.presses(&["Up"]);
    screen.shows(&["wirelore> who"]);
    screen.presses(&["C-u"]);
    screen.shows(&["wirelore>"]);

    // help has nine lines: a page, a line, and the rest
    screen.resize(70, 6);
    server.knows_window(70, 6);
    screen.types("?");
    screen.shows(&["wirelore> ?"]);
    screen.presses(&["Enter"]);
    let lines = screen.shows(&["--More--"]);
    assert!(lines.len() == 6 && lines[0].starts_with("exit "), "{lines:#?}");
    screen.presses(&["Enter"]);
    let more = screen
        .shows(&["show transfers  transfers that go on, and the latest that are over", "--More--"]);
    assert_eq!(more[..4], lines[1..5], "a line is lost or shown twice");
    screen.types("q");
    screen.shows(&["wirelore>"]);

    // back from the client's prompt
    screen.resize(80, 24);
    server.knows_window(80, 24);
    screen.presses(&["C-]"]);
    screen.shows(&["wirelore telnet>"]);
    screen.types("status");
    screen.presses(&["Enter"]);
    let lines = screen.shows(&["Escape character is '^]'."]);
    assert!(lines.contains(&"Window: 80 columns, 24 rows.".to_owned()), "{lines:#?}");
    screen.types("logout");
    screen.presses(&["Enter"]);
    screen.shows(&["Goodbye.", "Connection closed by foreign host.", "$"]);
    screen.types(&format!("stty -g > {}; clear; echo \"done\"", after.display()));
    screen.presses(&["Enter"]);
    screen.shows(&["done", "$"]);
    let (before, after) = (fs::read_to_string(before).unwrap(), fs::read_to_string(after).unwrap());
    assert!(before.contains(':') && before == after, "{before}{after}");
    let session = server.session();
    session.is_clean();
    assert_eq!(session.windows(), [(80, 24), (70, 6), (80, 24)]);
}

/// The terminal is left as it was when the server is gone, and when the client is killed by a signal
/// that it can hear.
#[test]
fn the_terminal_is_left_as_it_was() {
    let screen = require!(Screen::new(80, 24));
    let (before, after) = (screen.file("before"), screen.file("after"));
    for end in ["server", "client"] {
        let server = Server::console();
        screen.types(&format!("stty -g > {}; clear", before.display()));
        screen.presses(&["Enter"]);
        screen.shows(&["$"]);
        let command = built_command();
        screen.types(&format!("{} telnet 127.0.0.1 {}", command.display(), server.port()));
        screen.presses(&["Enter"]);
        screen.shows(&["wirelore>"]);
        // what is typed is not shown twice: the terminal is another one now
        screen.types("garbage");
        screen.shows(&["wirelore> garbage"]);
        match end {
            "server" => drop(server),
            _ => screen.kills_what_runs(),
        }
        screen.shows(&["$"]);
        screen.types(&format!("clear; stty -g > {}; echo \"done\"", after.display()));
        screen.presses(&["Enter"]);
        screen.shows(&["done", "$"]);
        let read = |file| fs::read_to_string(file).unwrap();
        assert_eq!(read(&before), read(&after), "{end}");
    }
}
