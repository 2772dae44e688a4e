use crate::guest::Guest;
use std::net::{SocketAddr, TcpListener};
use std::thread;

#[path = "../../telnet_echo.rs"]
#[allow(dead_code)]
mod telnet_echo;

/// The prompt of a guest who has not agreed to do without Go Ahead.
const PROMPT: &[u8] = b"> \xff\xf9";

fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || telnet_echo::serve(&listener));
    address
}

#[test]
fn lines_come_back_and_quit_leaves() {
    let mut guest = Guest::connect(server());
    let opening = guest.until(PROMPT);
    assert!(opening.starts_with(b"\xff\xfb\x01\xff\xfb\x03"), "{opening:x?}");
    // CR LF, CR NUL and LF are ends of lines; EC erases the u
    guest.send(b"one\r\ntwo\r\0qu\xff\xf7ite\n");
    assert_eq!(guest.until(PROMPT), b"one\r\n> \xff\xf9");
    assert_eq!(guest.until(PROMPT), b"two\r\n> \xff\xf9");
    assert_eq!(guest.until(PROMPT), b"qite\r\n> \xff\xf9");
    guest.send(b"quit\r\n");
    assert!(guest.rest().ends_with(b"Goodbye.\r\n"));
}

#[test]
fn who_types_by_the_character_sees_what_he_types() {
    let mut guest = Guest::connect(server());
    guest.until(PROMPT);
    guest.send(b"\xff\xfd\x01\xff\xfd\x03");
    for octet in *b"ax\x7fb\r" {
        guest.send(&[octet]);
    }
    assert_eq!(guest.until(b"\r\n> "), b"ax\x08 \x08b\r\nab\r\n> ");
    guest.send(b"quit\r\0");
    assert_eq!(guest.rest(), b"quit\r\nGoodbye.\r\n");
}

#[test]
fn terminal_and_window_are_shown_and_the_line_is_kept() {
    let mut guest = Guest::connect(server());
    guest.until(PROMPT);
    guest.send(b"\xff\xfd\x01\xff\xfd\x03half");
    guest.until(b"half");
    guest.send(b"\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0");
    assert_eq!(guest.until(b"half"), b"\r\nYour window has 80 columns and 24 rows.\r\n> half");
    guest.send(b"\xff\xfb\x18");
    guest.until(b"\xff\xfa\x18\x01\xff\xf0");
    guest.send(b"\xff\xfa\x18\x00VT100\xff\xf0");
    guest.until(b"\xff\xfa\x18\x01\xff\xf0");
    guest.send(b"\xff\xfa\x18\x00VT100\xff\xf0");
    assert_eq!(guest.until(b"half"), b"\r\nYour terminal is VT100.\r\n> half");
}
