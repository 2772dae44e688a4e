//! A person at a terminal: keys, screen and prompt.

use super::peer::Listener;
use super::rig::Person;

#[test]
fn line_by_line_until_the_server_says_otherwise() {
    let listener = Listener::new();
    let (mut person, mut peer) = Person::with_peer(&listener, &[]);
    person.types("helo\x7flo\r");
    assert_eq!(peer.expect(b"\r\n"), b"hello");
    person.sees("lo\r\n");
    peer.send(b"\x1b[1mhi\xff\xf9\r\n");
    person.sees("\x1b[1mhi\r");
    // a password
    peer.send(b"\xff\xfb\x01password: ");
    peer.expect(b"\xff\xfd\x01");
    person.works_like(true, false);
    person.sees("password: ");
    person.types("secret\r");
    assert_eq!(peer.expect(b"\r\n"), b"secret");
    peer.send(b"\xff\xfc\x01\r\n");
    peer.expect(b"\xff\xfe\x01");
    person.works_like(true, true);
    drop(peer);
    let screen = person.sees("Connection closed by foreign host.\r\n");
    assert!(!screen.contains("secret"), "{screen}");
    assert_eq!(person.leaves(), 0);
}

#[test]
fn character_by_character() {
    let listener = Listener::new();
    let (mut person, mut peer) = Person::with_peer(&listener, &[]);
    peer.send(b"\xff\xfb\x01\xff\xfb\x03");
    peer.expect(b"\xff\xfd\x01\xff\xfd\x03");
    person.works_like(false, false);
    for (keys, octets) in [
        ("a", &b"a"[..]),
        ("\x03", b"\x03"),
        ("\x1a", b"\x1a"),
        ("\x11", b"\x11"),
        ("\x7f", b"\x7f"),
        ("\n", b"\n"),
        ("\r", b"\r\n"),
        ("\x1b[A", b"\x1b[A"),
    ] {
        person.types(keys);
        assert_eq!(peer.expect(octets), b"", "{keys:?}");
    }
    peer.send(b"one\ntwo\r\0three");
    person.sees("one\ntwo\rthree");
    person.types("\x1d");
    person.sees("wirelore telnet> ");
    person.types("set crlf off\r");
    person.works_like(false, false);
    person.types("\r");
    peer.expect(b"\r\0");
    // eight bits: the key is what it is
    peer.send(b"\xff\xfd\x00");
    peer.expect(b"\xff\xfb\x00");
    person.types("\r\u{ff}");
    assert_eq!(peer.expect(b"\r\xc3\xbf"), b"");
    drop(peer);
    assert_eq!(person.leaves(), 0);
}

#[test]
fn what_the_terminal_is_and_how_large() {
    let listener = Listener::new();
    let (mut person, mut peer) = Person::with_peer(&listener, &["-v"]);
    peer.send(b"\xff\xfd\x18\xff\xfd\x1f\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27");
    peer.expect(b"\xff\xfb\x18\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0\xff\xfb\x20\xff\xfc\x23\xff\xfc\x27");
    peer.send(b"\xff\xfa\x18\x01\xff\xf0\xff\xfa\x20\x01\xff\xf0");
    peer.expect(b"\xff\xfa\x18\x00XTERM\xff\xf0\xff\xfa\x20\x0038400,38400\xff\xf0");
    person.sees("SENT SB NAWS 80x24\r\n");
    person.sees("SENT SB TTYPE IS \"XTERM\"\r\n");
    person.resizes(255, 50);
    peer.expect(b"\xff\xfa\x1f\x00\xff\xff\x00\x32\xff\xf0");
    person.types("\x1d");
    person.sees("wirelore telnet> ");
    person.types("quit\r");
    person.sees("Connection closed.\r\n");
    assert_eq!(person.leaves(), 0);
}

#[test]
fn the_prompt() {
    let listener = Listener::new();
    let (mut person, mut peer) = Person::with_peer(&listener, &[]);
    peer.send(b"\xff\xfb\x01\xff\xfb\x03");
    peer.expect(b"\xff\xfd\x01\xff\xfd\x03");
    person.works_like(false, false);
    // what is typed ahead is not lost, on neither side of the prompt
    person.types("a\x1dsta\rb");
    let screen = person.sees("Escape character is '^]'.\r\n")
        + &person.sees("Escape character is '^]'.\r\n");
    for line in [
        "Connected to 127.0.0.1 (127.0.0.1:",
        "Mode: character by character, not echoed here.",
        "Options here: none.",
        "Options there: ECHO SGA.",
        "Window: 80 columns, 24 rows.",
        "Terminal type: XTERM.",
        "Octets: 6 received, 6 sent.",
    ] {
        assert!(screen.contains(line), "{line}: {screen}");
    }
    assert_eq!(peer.expect(b"ab"), b"");
    person.types("\x1d");
    person.sees("wirelore telnet> ");
    person.is_as_before();
    // nothing of the server is shown behind the prompt
    peer.send(b"later");
    assert_eq!(person.sees_only(), "");
    person.types("no\x03");
    person.sees("wirelore telnet> ");
    for (line, answer) in [
        ("bogus\x1b[m", "not known: bogus\\x1b[m"),
        ("s", "s may be send, set, status"),
        ("help", "send something that no key sends"),
        ("? set", "the character that opens this prompt"),
        ("display crlf", "crlf        on"),
        ("send what", "not known: what"),
        ("send", "what? see: help send"),
        ("mode", "ask for a way to work"),
        ("toggle escape", "it is not on or off"),
    ] {
        person.types(&format!("{line}\r"));
        person.sees(answer);
        person.sees("wirelore telnet> ");
    }
    person.types("send ayt ip ec do status wont 200 escape synch\r");
    person.sees("WONT 200: nothing sent, it is so already\r\n");
    person.sees("later");
    assert_eq!(
        peer.expect(b"\xff\xf2"),
        b"\xff\xf6\xff\xf4\xff\xf7\xff\xfd\x05\x1d"
    );
    // the end of input is the way back
    person.works_like(false, false);
    person.types("\x1d");
    person.sees("wirelore telnet> ");
    person.types("\x04");
    person.works_like(false, false);
    person.types("c\x1d");
    person.sees("wirelore telnet> ");
    person.types("close\r");
    peer.expect(b"c");
    assert_eq!(peer.rest(), b"");
    person.sees("Connection closed.\r\n");
    assert_eq!(person.leaves(), 0);
}

/// RFC 1123 section 3.4.1: there is an escape to the prompt, and the user may choose it.
#[test]
fn the_escape_character_is_another_or_none() {
    let listener = Listener::new();
    let mut person = Person::at(&listener, &["-e", "^A"]);
    let mut peer = listener.accept();
    person.sees("Escape character is '^A'.\r\n");
    peer.send(b"\xff\xfb\x01\xff\xfb\x03");
    peer.expect(b"\xff\xfd\x03");
    person.works_like(false, false);
    person.types("\x1d\x01");
    person.sees("wirelore telnet> ");
    peer.expect(b"\x1d");
    person.types("set esc none\r");
    person.works_like(false, false);
    person.types("\x01");
    peer.expect(b"\x01");
    drop(peer);
    assert_eq!(person.leaves(), 0);

    let mut person = Person::at(&listener, &["-E"]);
    let mut peer = listener.accept();
    let screen = person.sees("Connected to 127.0.0.1.\r\n");
    peer.send(b"\xff\xfb\x01\xff\xfb\x03");
    peer.expect(b"\xff\xfd\x03");
    person.works_like(false, false);
    person.types("\x1d");
    peer.expect(b"\x1d");
    assert!(!screen.contains("Escape") && !person.sees_only().contains("Escape"));
    drop(peer);
    assert_eq!(person.leaves(), 0);
}

#[test]
fn an_interrupt_in_a_line_is_a_command_with_a_synch() {
    let listener = Listener::new();
    let (mut person, mut peer) = Person::with_peer(&listener, &[]);
    person.types("\x03");
    assert_eq!(peer.expect(b"\xff\xf4\xff\xf2"), b"");
    peer.send(b"who speaks no TELNET is not waited for\r\n");
    person.sees("waited for\r");
    peer.send(b"\xff\xf1");
    peer.send(b"one ");
    person.sees("one ");
    person.types("\x03");
    assert_eq!(peer.expect(b"\xff\xf4\xff\xf2\xff\xfd\x06"), b"");
    peer.send(b"dropped\xff\xfb\x06two");
    assert!(!person.sees("two").contains("dropped"));
    person.types("\x1c");
    assert_eq!(peer.expect(b"\xff\xf3\xff\xf2\xff\xfd\x06"), b"");
    peer.send(b"dropped\xff\xfc\x06three");
    assert!(!person.sees("three").contains("dropped"));
    person.types("\x1d");
    person.sees("wirelore telnet> ");
    person.types("toggle autosynch autoflush\r");
    person.works_like(true, true);
    person.types("\x03");
    assert_eq!(peer.expect(b"\xff\xf4"), b"");
    person.types("x\x04");
    assert_eq!(peer.expect(b"x"), b"");
    person.types("\x04");
    assert_eq!(peer.expect(b"\x04"), b"");
    drop(peer);
    assert_eq!(person.leaves(), 0);
}

#[test]
fn linemode() {
    let listener = Listener::new();
    let (mut person, mut peer) = Person::with_peer(&listener, &[]);
    peer.send(b"\xff\xfd\x22\xff\xfb\x03");
    peer.expect(b"\xff\xfb\x22\xff\xfa\x22\x03\x03\x62\x03");
    peer.expect(b"\xff\xf0\xff\xfd\x03");
    // neither EDIT nor TRAPSIG at first
    person.works_like(false, true);
    peer.send(b"\xff\xfa\x22\x01\x03\xff\xf0");
    peer.expect(b"\xff\xfa\x22\x01\x07\xff\xf0");
    person.works_like(true, true);
    person.types("ab\x7f\r");
    assert_eq!(peer.expect(b"\r\n"), b"a");
    // flushes as the characters say: input and output for IP, input for SUSP
    person.types("\x03");
    assert_eq!(peer.expect(b"\xff\xf4\xff\xf2\xff\xfd\x06"), b"");
    peer.send(b"\xff\xfb\x06");
    person.types("\x1a");
    assert_eq!(peer.expect(b"\xff\xed\xff\xf2"), b"");
    person.types("\x1c");
    assert_eq!(peer.expect(b"\xff\xee\xff\xf2\xff\xfd\x06"), b"");
    peer.send(b"\xff\xfb\x06");
    person.types("\x04");
    assert_eq!(peer.expect(b"\xff\xec"), b"");
    // the server changes the character that erases
    peer.send(b"\xff\xfa\x22\x03\x0a\x02\x23\xff\xf0");
    peer.expect(b"\xff\xfa\x22\x03\x0a\x82\x23\xff\xf0");
    let erases = || person.modes().special_codes[rustix::termios::SpecialCodeIndex::VERASE];
    for _ in 0..1000 {
        if erases() == b'#' {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    person.types("ab#c\r");
    assert_eq!(peer.expect(b"\r\n"), b"ac");
    // no longer TRAPSIG: the character is sent with the line
    peer.send(b"\xff\xfa\x22\x01\x01\xff\xf0");
    peer.expect(b"\xff\xfa\x22\x01\x05\xff\xf0");
    for _ in 0..1000 {
        if !person
            .modes()
            .local_modes
            .contains(rustix::termios::LocalModes::ISIG)
        {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    person.types("\x03\r");
    assert_eq!(peer.expect(b"\r\n"), b"\x03");
    person.types("\x1d");
    person.sees("wirelore telnet> ");
    person.types("mode character\r");
    peer.expect(b"\xff\xfc\x22\xff\xfd\x01");
    drop(peer);
    assert_eq!(person.leaves(), 0);
}
