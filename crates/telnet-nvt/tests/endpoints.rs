//! Server and client: what they say at the start, what they answer, and what they keep to themselves.

use wirelore_telnet_nvt::nvt::Mode;
use wirelore_telnet_nvt::{
    Client, ClientConfig, Command, EnvironmentPolicy, Event, Fact, Input, Machine, Next,
    OptionCode, OptionSet, Policy, Server, ServerConfig, Side, Typing,
};

/// Feeds everything and returns what came of it: data, and the rest in words.
fn feed<M>(machine: &mut M, octets: &[u8], out: &mut Vec<u8>) -> (Vec<u8>, Vec<String>)
where
    M: for<'i> Machine<Event<'i> = Event<&'i [u8]>>,
{
    let (mut data, mut facts) = (Vec::new(), Vec::new());
    let mut rest = octets;
    for _ in 0..100_000 {
        let Ok(step) = machine.step(Input::more(rest), out) else {
            panic!("an error");
        };
        rest = &rest[step.consumed..];
        match step.next {
            Next::Event(Event::Data(slice)) => data.extend_from_slice(slice),
            Next::Event(event) => facts.push(format!("{event:?}")),
            Next::NeedMore if step.consumed == 0 => return (data, facts),
            Next::NeedMore => {}
            next => panic!("{next:?}"),
        }
    }
    panic!("no end");
}

fn start<M: Machine>(machine: &mut M) -> Vec<u8> {
    let mut out = Vec::new();
    machine.start(&mut out);
    out
}

fn terminal() -> ClientConfig {
    ClientConfig {
        terminal_types: vec![b"XTERM".to_vec(), b"VT100".to_vec()],
        window: Some((80, 24)),
        terminal_speed: Some((38400, 38400)),
        ..ClientConfig::default()
    }
}

/// A conversation until both are silent; returns how many octets went each way.
fn converse(server: &mut Server, client: &mut Client) -> (usize, usize) {
    let mut to_client = start(server);
    let mut to_server = start(client);
    let (mut down, mut up) = (0, 0);
    for _ in 0..100 {
        if to_client.is_empty() && to_server.is_empty() {
            return (down, up);
        }
        down += to_client.len();
        up += to_server.len();
        let (mut next_up, mut next_down) = (Vec::new(), Vec::new());
        feed(client, &to_client, &mut next_up);
        feed(server, &to_server, &mut next_down);
        (to_client, to_server) = (next_down, next_up);
    }
    panic!("they go on talking");
}

#[test]
fn a_terminal_becomes_known() {
    let mut server = Server::new(ServerConfig {
        ask_terminal_speed: true,
        environment: EnvironmentPolicy::allow(["LANG", "TERM", "COLORTERM"]),
        charsets: vec![b"UTF-8".to_vec()],
        ..ServerConfig::default()
    });
    let mut client = Client::new(ClientConfig {
        environment: vec![
            (b"LANG".to_vec(), b"C".to_vec()),
            (b"TERM".to_vec(), b"../../tmp/evil".to_vec()),
            (b"SECRET".to_vec(), b"x".to_vec()),
        ],
        charsets: vec![b"ISO-8859-1".to_vec(), b"utf-8".to_vec()],
        ..terminal()
    });
    let (down, up) = converse(&mut server, &mut client);
    assert!(down < 150 && up < 200, "{down} {up}");
    assert_eq!(server.window(), Some((80, 24)));
    let types: Vec<&[u8]> = server.terminal_types().collect();
    assert_eq!(types, [&b"XTERM"[..], b"VT100"]);
    assert_eq!(server.terminal_speed(), Some((38400, 38400)));
    assert_eq!(server.environment().value(b"LANG"), Some(&b"C"[..]));
    assert_eq!(server.environment().iter().count(), 1, "TERM was a path");
    assert_eq!(server.charset(), Some(&b"UTF-8"[..]));
    assert!(server.is_character_mode() && server.echoes());
    assert_eq!(client.mode(), Mode::Character);
}

/// RFC 857 §5 one-end, RFC 1184 §2.2 echo: if both ends echo, a character goes round for ever.
#[test]
fn echo_is_never_on_at_both_ends() {
    let also = Policy {
        us: OptionSet::ALL,
        him: OptionSet::ALL,
        ..Policy::default()
    };
    let mut server = Server::new(ServerConfig {
        also,
        ..ServerConfig::default()
    });
    let mut client = Client::new(ClientConfig { also, ..terminal() });
    converse(&mut server, &mut client);
    let mut out = Vec::new();
    feed(&mut client, b"\xff\xfd\x01", &mut out);
    feed(&mut server, b"\xff\xfb\x01", &mut out);
    assert_eq!(out, b"\xff\xfc\x01\xff\xfe\x01");
}

/// Vector of a client that is asked for everything at once, as users' programs answer it.
#[test]
fn what_a_client_answers() {
    let mut client = Client::new(terminal());
    assert_eq!(start(&mut client), b"", "it waits for the server");
    let mut out = Vec::new();
    let offer = b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27\xff\xfd\x1f\xff\xfb\x03\xff\xfb\x01\xff\xfd\x03\xff\xfb\x05\xff\xfd\x00\xff\xfb\x00\xff\xfd\x2a\xff\xfd\x25";
    feed(&mut client, offer, &mut out);
    let answer = b"\xff\xfb\x18\xff\xfb\x20\xff\xfc\x23\xff\xfc\x27\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0\xff\xfd\x03\xff\xfd\x01\xff\xfb\x03\xff\xfd\x05\xff\xfb\0\xff\xfd\0\xff\xfc\x2a\xff\xfc\x25";
    assert_eq!(out, answer, "{out:02x?}");

    // RFC 1091: each name, the last one twice, and again from the first
    out.clear();
    feed(
        &mut client,
        &b"\xff\xfa\x18\x01\xff\xf0".repeat(4),
        &mut out,
    );
    let names = b"\xff\xfa\x18\0XTERM\xff\xf0\xff\xfa\x18\0VT100\xff\xf0\xff\xfa\x18\0VT100\xff\xf0\xff\xfa\x18\0XTERM\xff\xf0";
    assert_eq!(out, names);

    out.clear();
    feed(&mut client, b"\xff\xfa\x20\x01\xff\xf0", &mut out);
    assert_eq!(out, b"\xff\xfa\x20\x0038400,38400\xff\xf0");

    out.clear();
    client.resize(255, 50, &mut out);
    assert_eq!(
        out, b"\xff\xfa\x1f\0\xff\xff\0\x32\xff\xf0",
        "255 is doubled"
    );

    // RFC 860
    out.clear();
    feed(&mut client, b"\xff\xfd\x06\xff\xfd\x06", &mut out);
    assert_eq!(out, b"\xff\xfb\x06\xff\xfb\x06");
}

/// CVE-2026-32772: a client tells only what it was given to tell.
#[test]
fn a_client_tells_nothing_it_was_not_given() {
    // without anything to tell, the option is refused
    let mut client = Client::new(terminal());
    let mut out = Vec::new();
    feed(
        &mut client,
        b"\xff\xfd\x27\xff\xfa\x27\x01\xff\xf0",
        &mut out,
    );
    assert_eq!(out, b"\xff\xfc\x27");

    let mut client = Client::new(ClientConfig {
        environment: vec![(b"USER".to_vec(), b"bob".to_vec())],
        ..terminal()
    });
    out.clear();
    feed(&mut client, b"\xff\xfd\x27", &mut out);
    for (asked, told) in [
        (&b"\x01"[..], &b"\0\0USER\x01bob"[..]),
        (b"\x01\0\x03", b"\0\0USER\x01bob"),
        // USERVAR without a name: there is none
        (b"\x01\x03", b"\0"),
        // not defined (RFC 1572): the name without a value
        (b"\x01\0PATH", b"\0\0PATH"),
        (
            b"\x01\x03LD_PRELOAD\0USER",
            b"\0\x03LD_PRELOAD\0USER\x01bob",
        ),
    ] {
        out.clear();
        let mut octets = b"\xff\xfa\x27".to_vec();
        octets.extend_from_slice(asked);
        octets.extend_from_slice(b"\xff\xf0");
        feed(&mut client, &octets, &mut out);
        let mut want = b"\xff\xfa\x27".to_vec();
        want.extend_from_slice(told);
        want.extend_from_slice(b"\xff\xf0");
        assert_eq!(out, want, "{asked:?}");
    }
}

/// CVE-2019-0053: long values and many questions make no long answers.
#[test]
fn a_client_answers_within_its_limit() {
    let mut client = Client::new(ClientConfig {
        environment: vec![
            (b"LONG".to_vec(), vec![255; 65536]),
            (b"SHORT".to_vec(), b"s".to_vec()),
        ],
        max_environment: 100,
        max_subnegotiation: 65536,
        ..terminal()
    });
    let mut out = Vec::new();
    feed(&mut client, b"\xff\xfd\x27", &mut out);
    out.clear();
    feed(&mut client, b"\xff\xfa\x27\x01\xff\xf0", &mut out);
    assert_eq!(out, b"\xff\xfa\x27\0\x03SHORT\x01s\xff\xf0");
    out.clear();
    let mut asked = b"\xff\xfa\x27\x01".to_vec();
    for i in 0..5000 {
        asked.extend_from_slice(format!("\0V{i}").as_bytes());
    }
    asked.extend_from_slice(b"\xff\xf0");
    feed(&mut client, &asked, &mut out);
    assert!(out.len() < 150, "{}", out.len());
}

/// CVE-2026-24061, CVE-2026-28372, CVE-1999-0113, RFC 1572 §6, RFC 1572 §7: what a client says
/// about its environment goes nowhere by itself.
#[test]
fn a_server_lets_no_variable_through_unasked() {
    let variables: &[(&[u8], &[u8])] = &[
        (b"USER", b"-froot"),
        (b"USER", b"-f root"),
        (b"USER", b"bob\nroot"),
        (b"LD_PRELOAD", b"/tmp/x.so"),
        (b"LD_LIBRARY_PATH", b"/tmp"),
        (b"IFS", b"/"),
        (b"ENV", b"/tmp/x"),
        (b"BASH_ENV", b"/tmp/x"),
        (b"CREDENTIALS_DIRECTORY", b"/tmp"),
        (b"PATH", b"/tmp"),
        (b"TERM", b"../../tmp/evil"),
        (b"TERM", b"/tmp/evil"),
        (b"TERM", b"-f"),
        (b"LANG", b"-x"),
        (b"LANG", b"C\nX=y"),
        (b"LANG", b"C\0"),
        (b"LANG", b"\x1b[2J"),
        (b"ld_preload", b"x"),
        (b"DISPLAY", b"-x:0"),
        (b"DISPLAY", b"../../tmp/evil:0"),
        (b"", b"x"),
        (b"A=B", b"x"),
        (b"OTHER", b"x"),
    ];
    let names: Vec<&[u8]> = variables.iter().map(|(name, _)| *name).collect();
    let but_one = names.iter().filter(|n| **n != b"OTHER");
    let policy = EnvironmentPolicy::allow(but_one);
    for (name, value) in variables {
        assert!(policy.check(name, value).is_err(), "{name:?} {value:?}");
    }
    assert!(policy.check(b"TERM", b"xterm-256color").is_ok());
    assert!(policy.check(b"LANG", b"en_US.UTF-8").is_ok());
    assert!(policy.check(b"DISPLAY", b"localhost:10.0").is_ok());

    // by default the option itself is refused, and a subnegotiation without it is not heeded
    let mut server = Server::new(ServerConfig::default());
    let mut out = start(&mut server);
    out.clear();
    feed(
        &mut server,
        b"\xff\xfb\x27\xff\xfa\x27\0\0USER\x01-froot\xff\xf0",
        &mut out,
    );
    assert_eq!(out, b"\xff\xfe\x27");
    assert_eq!(server.environment().iter().count(), 0);
}

/// 5000 variables are 16 at most.
#[test]
fn a_server_keeps_few_variables() {
    let names: Vec<String> = (0..5000).map(|i| format!("V{i}")).collect();
    let mut server = Server::new(ServerConfig {
        environment: EnvironmentPolicy::allow(&names),
        max_subnegotiation: 100_000,
        ..ServerConfig::default()
    });
    let mut out = start(&mut server);
    out.clear();
    feed(&mut server, b"\xff\xfb\x27", &mut out);
    let longest = out
        .split(|&o| o == 240)
        .map(<[u8]>::len)
        .max()
        .unwrap_or_default();
    assert!(
        longest <= 245,
        "some clients take no more than 256: {longest}"
    );
    let mut told = b"\xff\xfa\x27\0".to_vec();
    for name in &names {
        told.extend_from_slice(format!("\x03{name}\x01v").as_bytes());
    }
    told.extend_from_slice(b"\xff\xf0");
    let (_, facts) = feed(&mut server, &told, &mut out);
    assert_eq!(server.environment().iter().count(), 16);
    let fact = format!(
        "{:?}",
        Event::<&[u8]>::Learned(Fact::Environment {
            taken: 16,
            barred: 4984
        })
    );
    assert_eq!(facts.last(), Some(&fact));
}

/// CVE-2022-39028: FF F7 and FF F8 as the first octets, and every other command.
#[test]
fn every_command_first() {
    for code in 0..=255_u8 {
        let mut server = Server::new(ServerConfig::default());
        let mut client = Client::new(terminal());
        let mut out = Vec::new();
        feed(&mut server, &[255, code], &mut out);
        feed(&mut client, &[255, code], &mut out);
        let answer: &[u8] = match code {
            246 => b"\r\n[Yes]\r\n",
            _ => b"",
        };
        assert_eq!(out, answer, "{code}");
    }
}

/// CVE-2011-4862: authentication and encryption are refused, and their subnegotiations only framed.
#[test]
fn encryption_is_refused() {
    let mut server = Server::new(ServerConfig::default());
    let mut out = Vec::new();
    feed(
        &mut server,
        b"\xff\xfd\x26\xff\xfb\x26\xff\xfb\x25",
        &mut out,
    );
    assert_eq!(out, b"\xff\xfc\x26\xff\xfe\x26\xff\xfe\x25");
    let mut key = b"\xff\xfa\x26\x07".to_vec();
    key.extend([b'k'; 255]);
    key.extend_from_slice(b"\xff\xf0after");
    out.clear();
    let (data, facts) = feed(&mut server, &key, &mut out);
    assert_eq!(
        (data.as_slice(), facts.len(), out.len()),
        (&b"after"[..], 1, 0)
    );
}

/// RFC 859 §5: SEND is answered with what is on.
#[test]
fn status_tells_what_is_on() {
    let mut server = Server::new(ServerConfig::default());
    let mut out = start(&mut server);
    feed(
        &mut server,
        b"\xff\xfd\x01\xff\xfd\x03\xff\xfb\x1f\xff\xfd\x05",
        &mut out,
    );
    out.clear();
    feed(&mut server, b"\xff\xfa\x05\x01\xff\xf0", &mut out);
    assert_eq!(
        out, b"\xff\xfa\x05\0\xfb\x01\xfb\x03\xfb\x05\xfd\x1f\xff\xf0",
        "{out:02x?}"
    );
}

/// RFC 1184 section 2.2, RFC 1123 section 3.3.5, and a client without LINEMODE is asked for
/// characters.
#[test]
fn linemode_and_without() {
    let config = ServerConfig {
        typing: Typing::Linemode,
        ask_window: false,
        ask_terminal_type: false,
        ..ServerConfig::default()
    };
    let mut server = Server::new(config.clone());
    assert_eq!(start(&mut server), b"\xff\xfd\x22");
    let mut out = Vec::new();
    feed(&mut server, b"\xff\xfc\x22", &mut out);
    assert_eq!(out, b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x03");

    let mut server = Server::new(config);
    let mut client = Client::new(ClientConfig {
        linemode: true,
        ..terminal()
    });
    converse(&mut server, &mut client);
    assert_eq!((server.linemode(), client.linemode()), (3, 3));
    // a mode that is confirmed is never answered
    out.clear();
    feed(&mut client, b"\xff\xfa\x22\x01\x07\xff\xf0", &mut out);
    feed(&mut server, b"\xff\xfa\x22\x01\x07\xff\xf0", &mut out);
    assert_eq!(out, b"");
}

/// CVE-2026-32746, CVE-2005-0469: however many triplets, each function is answered once.
#[test]
fn many_triplets_make_a_short_answer() {
    let mut server = Server::new(ServerConfig {
        typing: Typing::Linemode,
        max_subnegotiation: 4096,
        ..ServerConfig::default()
    });
    let mut out = start(&mut server);
    feed(&mut server, b"\xff\xfb\x22", &mut out);
    let mut slc = b"\xff\xfa\x22\x03".to_vec();
    for i in 0..500_u32 {
        slc.extend_from_slice(&[(i % 40) as u8, 2, b'a' + (i % 20) as u8]);
    }
    slc.extend_from_slice(b"\xff\xf0");
    out.clear();
    feed(&mut server, &slc, &mut out);
    assert!(out.len() <= 6 + 3 * 30, "{}", out.len());
}

/// Data is dropped from the interrupt to the timing mark, and nothing else is.
#[test]
fn a_client_flushes_until_the_mark() {
    let mut client = Client::new(terminal());
    let mut out = Vec::new();
    client.command(Command::IP, &mut out).expect("a command");
    client.flush_until_mark(&mut out);
    assert_eq!(out, b"\xff\xf4\xff\xfd\x06");
    let (data, _) = feed(&mut client, b"old\xff\xf1old\xff\xfb\x06new", &mut out);
    assert_eq!(data, b"new");
    client.flush_until_mark(&mut out);
    let (data, _) = feed(&mut client, b"old\xff\xfc\x06new", &mut out);
    assert_eq!(data, b"new");
}

/// RFC 1123 section 3.2.4, RFC 854: the mark belongs to the last octet of the Synch.
#[test]
fn a_synch_says_where_its_mark_is() {
    let mut server = Server::new(ServerConfig::default());
    let mut out = b"before".to_vec();
    let mark = server.synch(&mut out);
    assert_eq!((&out[..], mark), (&b"before\xff\xf2"[..], 7));
}

/// Servers that begin anew on an open connection are answered again.
#[test]
fn a_server_renegotiates() {
    let mut server = Server::new(ServerConfig::default());
    let offers = start(&mut server);
    let mut out = Vec::new();
    feed(
        &mut server,
        b"\xff\xfd\x01\xff\xfd\x03\xff\xfb\x18",
        &mut out,
    );
    out.clear();
    server.renegotiate(&mut out);
    assert_eq!(out, offers);
    assert!(!server.receiver().is_on(Side::Us, OptionCode::ECHO));
}

/// MCCP2: the octets behind IAC SE are another protocol's.
#[test]
fn compression_begins_right_behind_the_subnegotiation() {
    let mccp = OptionSet::of(&[OptionCode::MCCP2]);
    let mut client = Client::new(ClientConfig {
        also: Policy {
            him: mccp,
            ..Policy::default()
        },
        handoff: mccp,
        ..terminal()
    });
    let mut out = Vec::new();
    let mut rest = &b"a\xff\xfb\x56\xff\xfa\x56\xff\xf0\x78\xda\xff"[..];
    loop {
        let Ok(step) = client.step(Input::more(rest), &mut out);
        rest = &rest[step.consumed..];
        if step.next == Next::Done {
            break;
        }
        assert_ne!((step.consumed, &step.next), (0, &Next::NeedMore));
    }
    assert_eq!(rest, b"\x78\xda\xff");
    assert_eq!(out, b"\xff\xfd\x56");
    client.receiver_mut().resume();
    let (data, _) = feed(&mut client, b"text again", &mut out);
    assert_eq!(data, b"text again");
}
