use crate::guest::Guest;
use std::future::pending;
use std::net::{SocketAddr, TcpListener};
use std::thread;

#[path = "../../telnet_chat.rs"]
#[allow(dead_code)]
mod telnet_chat;

fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            telnet_chat::serve(listener, pending()).await;
        });
    });
    address
}

/// A user who is edited by the server, as most are.
fn user(server: SocketAddr, nick: &str) -> Guest {
    let mut guest = Guest::connect(server);
    guest.until(b"Who are you?\r\n> ");
    guest.send(b"\xff\xfd\x01\xff\xfd\x03");
    guest.send(format!("{nick}\r\n").as_bytes());
    guest.until(format!("welcome, {nick}; there are /who and /quit\r\n> ").as_bytes());
    guest
}

#[test]
fn messages_stand_above_the_line_that_is_typed() {
    let server = server();
    let mut anna = user(server, "anna");
    let mut bert = user(server, "bert");
    anna.until(b"* bert is here\r\n> ");
    anna.send(b"half a li");
    assert_eq!(anna.until(b"li"), b"half a li");
    bert.send("gr\u{fc}ezi\x1b[2J\r\n".as_bytes());
    // The ESC is dropped by the editor; what is left of it is text.
    let expected = "\r\0\x1b[J<bert> gr\u{fc}ezi[2J\r\n> half a li";
    assert_eq!(anna.until(b"half a li"), expected.as_bytes());
    anna.send(b"ne\r\n");
    bert.until(b"<anna> half a line\r\n> ");
    bert.send(b"/who\r\n");
    bert.until(b"* here: anna, bert\r\n> ");
    bert.send(b"/quit\r\n");
    assert!(bert.rest().ends_with(b"Goodbye.\r\n"));
    anna.until(b"* bert has left\r\n> ");
}

#[test]
fn a_long_line_is_cleared_in_all_its_rows() {
    let server = server();
    let mut anna = user(server, "anna");
    let mut bert = user(server, "bert");
    anna.until(b"bert is here\r\n> ");
    anna.send(b"\xff\xfb\x1f\xff\xfa\x1f\x00\x28\x00\x18\xff\xf0");
    let line = [b'x'; 90];
    anna.send(&line);
    anna.until(&line);
    bert.send(b"hello\r\n");
    let shown = anna.until(b"<bert> hello\r\n> ");
    assert_eq!(shown, b"\x1b[2A\r\0\x1b[J<bert> hello\r\n> ");
}

#[test]
fn a_name_is_one_word_and_taken_once() {
    let server = server();
    let _anna = user(server, "anna");
    let mut other = Guest::connect(server);
    other.until(b"Who are you?\r\n> ");
    other.send(b"two words\r\n");
    other.until(b"A name is 1 to 16 letters and digits.\r\n> ");
    other.send(b"ANNA\r\n");
    other.until(b"That name is taken.\r\n> ");
    other.send(b"bert\r\n");
    other.until(b"welcome, bert");
}

/// IP and a Synch as BSD's clients send them: the DM is the urgent octet. Where the system takes that
/// out of the stream, the IAC before it would take the `/` with it.
#[test]
fn a_synch_gives_the_line_up() {
    let server = server();
    let mut anna = user(server, "anna");
    anna.send(b"dropped");
    anna.send(b"\xff\xf4\xff");
    anna.send_urgent(0xf2);
    anna.send(b"/who\r\n");
    anna.until(b"* here: anna\r\n> ");
}

/// A hundred lines at once do not throw out those who read.
#[test]
fn who_reads_gets_all_that_is_pasted() {
    let server = server();
    let mut anna = user(server, "anna");
    let mut bert = user(server, "bert");
    let lines: String = (0..300).map(|n| format!("line {n}\r\n")).collect();
    anna.send(lines.as_bytes());
    for n in 0..300 {
        bert.until(format!("<anna> line {n}\r\n> ").as_bytes());
    }
    anna.until(b"line 299\r\n");
}

/// Somebody who reads nothing is thrown out, and the others do not wait for him.
#[test]
fn who_does_not_read_is_thrown_out() {
    const AT_ONCE: usize = 20;
    let server = server();
    let _deaf = user(server, "deaf");
    let mut anna = user(server, "anna");
    let lines = [&[b'x'; 390][..], b"\r\n"].concat().repeat(AT_ONCE);
    // What the system buffers for him is some megabytes; each line is told to him in full.
    let thrown_out = (0..5_000).any(|_| {
        anna.send(&lines);
        let mut prompts = (0..AT_ONCE).map(|_| anna.until(b"\r\n> "));
        prompts.any(|seen| seen.windows(15).any(|w| w == b"* deaf has left"))
    });
    assert!(thrown_out);
}
