//! Server and client as options come and go, and what RFC 1123 asks of them.

use wirelore_telnet_nvt::nvt::Mode;
use wirelore_telnet_nvt::wire::option::{SlcFunction, SlcLevel};
use wirelore_telnet_nvt::{
    Client, ClientConfig, Command, Event, Fact, Input, Machine, Next, OptionCode, OptionSet,
    Policy, Requested, Server, ServerConfig, Side, Typing,
};

/// Feeds everything and returns the events in words.
fn feed<M>(machine: &mut M, octets: &[u8], out: &mut Vec<u8>) -> Vec<String>
where
    M: for<'i> Machine<Event<'i> = Event<&'i [u8]>>,
{
    let (mut events, mut rest) = (Vec::new(), octets);
    for _ in 0..10_000 {
        let Ok(step) = machine.step(Input::more(rest), out) else {
            panic!("an error");
        };
        rest = &rest[step.consumed..];
        match step.next {
            Next::Event(event) => events.push(format!("{event:?}")),
            Next::NeedMore if step.consumed == 0 => return events,
            Next::NeedMore => {}
            next => panic!("{next:?}"),
        }
    }
    panic!("no end");
}

fn started<M: Machine>(mut machine: M) -> (M, Vec<u8>) {
    let mut out = Vec::new();
    machine.start(&mut out);
    (machine, out)
}

fn quiet() -> ServerConfig {
    ServerConfig {
        typing: Typing::Line,
        ask_window: false,
        ask_terminal_type: false,
        ..ServerConfig::default()
    }
}

/// RFC 1123 section 3.2.2: WILL SUPPRESS-GO-AHEAD is offered by a server that sends none, and the
/// option is accepted by both ends, in both directions (RFC 1123 section 3.3.3). RFC 1123 section
/// 3.3.4: the server begins.
#[test]
fn suppress_go_ahead() {
    let (_, offers) = started(Server::new(ServerConfig::default()));
    assert!(offers.windows(3).any(|offer| offer == b"\xff\xfb\x03"));
    let mut out = Vec::new();
    feed(
        &mut Server::new(quiet()),
        b"\xff\xfd\x03\xff\xfb\x03",
        &mut out,
    );
    let mut client = Client::new(ClientConfig::default());
    feed(&mut client, b"\xff\xfd\x03\xff\xfb\x03", &mut out);
    assert_eq!(out, b"\xff\xfb\x03\xff\xfd\x03\xff\xfb\x03\xff\xfd\x03");
}

/// RFC 1123 section 3.3.3, RFC 1123 section 3.2.5: BINARY, in both directions, at both ends;
/// STATUS, ECHO and END-OF-RECORD, where they make sense.
#[test]
fn options_that_everybody_has() {
    let mut out = Vec::new();
    let mut client = Client::new(ClientConfig::default());
    feed(
        &mut client,
        b"\xff\xfd\0\xff\xfb\0\xff\xfd\x05\xff\xfb\x05\xff\xfb\x01\xff\xfb\x19",
        &mut out,
    );
    assert_eq!(
        out,
        b"\xff\xfb\0\xff\xfd\0\xff\xfb\x05\xff\xfd\x05\xff\xfd\x01\xff\xfd\x19"
    );
    out.clear();
    let mut server = Server::new(ServerConfig::default());
    feed(
        &mut server,
        b"\xff\xfd\0\xff\xfb\0\xff\xfd\x05\xff\xfd\x01\xff\xfb\x19",
        &mut out,
    );
    assert_eq!(
        out,
        b"\xff\xfb\0\xff\xfd\0\xff\xfb\x05\xff\xfb\x01\xff\xfd\x19"
    );
}

/// RFC 1123 section 3.2.3: AO, AYT, DM, IP, NOP, SB and SE are known to both ends, AYT is answered
/// by the server, and what is not known is ignored. RFC 854 AYT: "some visible (i.e., printable)
/// evidence".
#[test]
fn control_functions() {
    let mut server = Server::new(ServerConfig::default());
    let mut client = Client::new(ClientConfig::default());
    let mut out = Vec::new();
    let wire = b"\xff\xf4\xff\xf5\xff\xf2\xff\xf1\xff\xfa\x63\xff\xf0\xff\xef\xff\x63\xff\xf3";
    let heard = feed(&mut server, wire, &mut out);
    assert_eq!(heard, feed(&mut client, wire, &mut out));
    assert_eq!(heard[0], "Command(IP)");
    assert_eq!(heard.len(), 8);
    assert_eq!(out, b"");
    feed(&mut server, b"\xff\xf6", &mut out);
    assert_eq!(out, b"\r\n[Yes]\r\n");
    let silent = ServerConfig {
        are_you_there: Vec::new(),
        ..ServerConfig::default()
    };
    out.clear();
    assert_eq!(
        feed(&mut Server::new(silent), b"\xff\xf6", &mut out),
        ["Command(AYT)"]
    );
    assert_eq!(out, b"");
}

/// RFC 1123 section 3.2.4, RFC 854 SYNCH ao, RFC 1184 §5.8 ao: AO is reported, and the answer to it
/// is a Synch whose mark is the DM.
#[test]
fn the_answer_to_abort_output() {
    let mut server = Server::new(quiet());
    let mut out = Vec::new();
    server.write(b"much output\r", &mut out);
    assert_eq!(feed(&mut server, b"\xff\xf5", &mut out), ["Command(AO)"]);
    let mark = server.synch(&mut out);
    assert_eq!(out, b"much output\r\0\xff\xf2");
    assert_eq!(out[mark], 242);
    // and at the other end, it drops what was on its way
    let mut client = Client::new(ClientConfig::default());
    client.urgent();
    let heard = feed(
        &mut client,
        &[&out[..], b"prompt"].concat(),
        &mut Vec::new(),
    );
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert_eq!(heard[0], "Command(DM)");
}

/// RFC 1123 section 3.4.5: what is dropped until a sign comes can be shown again by hand.
#[test]
fn flushing_can_be_stopped() {
    let mut client = Client::new(ClientConfig::default());
    let mut out = Vec::new();
    client.flush_until_mark(&mut out);
    assert!(feed(&mut client, b"old", &mut out).is_empty() && client.is_flushing());
    client.stop_flushing();
    assert_eq!(feed(&mut client, b"new", &mut out).len(), 1);
    // the mark comes after all, and one that nobody asked for
    out.clear();
    assert_eq!(
        feed(&mut client, b"\xff\xfb\x06x\xff\xfb\x06", &mut out).len(),
        3
    );
    assert_eq!(out, b"\xff\xfe\x06");
}

/// RFC 1123 section 3.3.4, RFC 854 GENERAL default: a client that offers nothing is a plain NVT.
#[test]
fn a_client_may_stay_silent() {
    let telling = ClientConfig {
        window: Some((80, 24)),
        terminal_types: vec![b"XTERM".to_vec()],
        ..ClientConfig::default()
    };
    let (client, out) = started(Client::new(telling.clone()));
    assert_eq!((client.mode(), &out[..]), (Mode::Line, &b""[..]));
    let (_, out) = started(Client::new(ClientConfig {
        speaks_first: true,
        ..telling
    }));
    assert_eq!(out, b"\xff\xfd\x03\xff\xfb\x18\xff\xfb\x1f");
}

/// RFC 1123 section 3.2.1: if everything is refused, what is left is an NVT; and negotiation goes
/// on working.
#[test]
fn everything_is_refused() {
    let (mut server, mut out) = started(Server::new(ServerConfig::default()));
    out.clear();
    feed(
        &mut server,
        b"\xff\xfe\x01\xff\xfe\x03\xff\xfc\x03\xff\xfc\x18\xff\xfc\x1f",
        &mut out,
    );
    assert_eq!((server.mode(), &out[..]), (Mode::Line, &b""[..]));
    server.write(b"a\n", &mut out);
    server.prompt_ends(&mut out);
    assert_eq!(out, b"a\r\n\xff\xf9");
    out.clear();
    feed(&mut server, b"\xff\xfd\x03", &mut out);
    assert_eq!(out, b"\xff\xfb\x03");
}

/// RFC 1123 section 3.2.8: any name of a terminal is accepted; those that could be something else
/// than a name are not told to applications.
#[test]
fn any_name_of_a_terminal() {
    let (mut server, mut out) = started(Server::new(ServerConfig::default()));
    feed(&mut server, b"\xff\xfb\x18", &mut out);
    for name in ["Some-Unheard.Of+Thing", "../../etc/x", "-froot", "\x1b[2J"] {
        out.clear();
        let wire = [b"\xff\xfa\x18\0", name.as_bytes(), b"\xff\xf0"].concat();
        let heard = feed(&mut server, &wire, &mut out);
        assert_eq!(heard.len(), 2, "the octets, and a name");
        assert_eq!(out, b"\xff\xfa\x18\x01\xff\xf0", "the next one");
    }
    let names: Vec<&[u8]> = server.terminal_types().collect();
    assert_eq!(names, [b"Some-Unheard.Of+Thing"]);
}

/// RFC 1372 §5 known-state: "As soon as the DO and WILL have been exchanged, the sender of the WILL
/// must enable flow control", each time; RFC 1372 §5 unknown: other commands are ignored.
#[test]
fn flow_control_begins_enabled() {
    let mut client = Client::new(ClientConfig::default());
    let mut out = Vec::new();
    feed(&mut client, b"\xff\xfd\x21", &mut out);
    assert_eq!(client.flow_control(), (true, false));
    feed(
        &mut client,
        b"\xff\xfa\x21\x02\xff\xf0\xff\xfa\x21\0\xff\xf0",
        &mut out,
    );
    assert_eq!(client.flow_control(), (false, true));
    assert_eq!(
        feed(&mut client, b"\xff\xfa\x21\x4d\xff\xf0", &mut out).len(),
        1
    );
    assert_eq!(client.flow_control(), (false, true));
    feed(&mut client, b"\xff\xfe\x21\xff\xfd\x21", &mut out);
    assert!(client.flow_control().0);
    // without the option, nothing changes
    let mut client = Client::new(ClientConfig::default());
    feed(&mut client, b"\xff\xfa\x21\0\xff\xf0", &mut out);
    assert_eq!(client.flow_control(), (true, false));
}

/// RFC 854 NVT-PRINTER pairs: nothing comes between a CR and what belongs to it, also not what a
/// subnegotiation is answered with.
#[test]
fn nothing_stands_behind_a_lone_cr() {
    let mut out = Vec::new();
    let mut client = Client::new(ClientConfig {
        terminal_types: vec![b"XTERM".to_vec()],
        ..ClientConfig::default()
    });
    feed(&mut client, b"\xff\xfd\x18", &mut out);
    out.clear();
    client.write(b"a\r", &mut out);
    feed(&mut client, b"\xff\xfa\x18\x01\xff\xf0", &mut out);
    client.write(b"\n", &mut out);
    assert_eq!(out, b"a\r\0\xff\xfa\x18\0XTERM\xff\xf0\r\n");

    let (mut server, _) = started(Server::new(ServerConfig::default()));
    let mut out = Vec::new();
    server.write(b"a\r", &mut out);
    feed(&mut server, b"\xff\xfb\x18", &mut out);
    server.write(b"b\r", &mut out);
    feed(&mut server, b"\xff\xfd\x2a", &mut out);
    assert_eq!(out, b"a\r\0\xff\xfa\x18\x01\xff\xf0b\r\0\xff\xfc\x2a");
}

/// What is asked of the application and agreed to by it has the same effect as what the policy
/// agrees to.
#[test]
fn an_option_that_the_application_agrees_to() {
    let ask = OptionSet::of(&[OptionCode::NAWS, OptionCode::TTYPE]);
    let mut client = Client::new(ClientConfig {
        also: Policy {
            ask_us: ask,
            ..Policy::default()
        },
        ..ClientConfig::default()
    });
    let mut out = Vec::new();
    assert_eq!(
        feed(&mut client, b"\xff\xfd\x1f", &mut out),
        ["Asked { side: Us, option: NAWS }"]
    );
    let requested = client.request(Side::Us, OptionCode::NAWS, true, &mut out);
    assert_eq!(requested, Requested::Answered);
    assert_eq!(out, b"\xff\xfb\x1f\xff\xfa\x1f\0\0\0\0\xff\xf0");

    let mut server = Server::new(ServerConfig {
        also: Policy {
            ask_him: ask,
            ..Policy::default()
        },
        ..quiet()
    });
    out.clear();
    feed(&mut server, b"\xff\xfb\x18", &mut out);
    server.request(Side::Him, OptionCode::TTYPE, true, &mut out);
    assert_eq!(out, b"\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0");
}

/// RFC 1184 §2.2 edit: without EDIT, the client leaves all processing to the server; RFC 1184 §3
/// mode: 0 is where it begins.
#[test]
fn characters_in_linemode() {
    let (mut server, mut out) = started(Server::new(ServerConfig {
        typing: Typing::Linemode,
        ..ServerConfig::default()
    }));
    assert!(!server.is_character_mode());
    feed(&mut server, b"\xff\xfb\x22", &mut out);
    assert!(server.is_character_mode());
    feed(&mut server, b"\xff\xfa\x22\x01\x07\xff\xf0", &mut out);
    assert!(!server.is_character_mode());
    feed(&mut server, b"\xff\xfa\x22\x01\x06\xff\xf0", &mut out);
    assert!(server.is_character_mode());
}

/// RFC 1184 §5.5 export-or-import: a client without characters of its own takes the server's.
#[test]
fn characters_of_the_server() {
    let mut server = Server::new(ServerConfig {
        typing: Typing::Linemode,
        ..quiet()
    });
    let mut client = Client::new(ClientConfig {
        linemode: true,
        ..ClientConfig::default()
    });
    let (mut down, mut up) = (Vec::new(), Vec::new());
    server.start(&mut down);
    for _ in 0..10 {
        up.clear();
        feed(&mut client, &down, &mut up);
        down.clear();
        feed(&mut server, &up, &mut down);
    }
    assert!(up.is_empty() && down.is_empty());
    let characters = client.special_characters();
    let ip = characters.current(SlcFunction::IP).expect("a function");
    assert_eq!((ip.level, ip.value), (SlcLevel::Value, 3));
    let sync = characters.current(SlcFunction::SYNCH).expect("a function");
    assert_eq!(sync.level, SlcLevel::Default, "nothing was said");
}

/// RFC 2066 §2 table-not-asked-for: the answer to a translation table is told as a rejection, and
/// the character set stays; RFC 2066 §5 unchanged.
#[test]
fn a_table_is_rejected() {
    let mut client = Client::new(ClientConfig {
        charsets: vec![b"UTF-8".to_vec()],
        ..ClientConfig::default()
    });
    let mut out = Vec::new();
    feed(
        &mut client,
        b"\xff\xfd\x2a\xff\xfa\x2a\x02utf-8\xff\xf0",
        &mut out,
    );
    assert_eq!(client.charset(), Some(&b"UTF-8"[..]));
    out.clear();
    let heard = feed(
        &mut client,
        b"\xff\xfa\x2a\x04\x01;a;\x08\0\0\0b;\x08\0\0\0\xff\xf0",
        &mut out,
    );
    let fact = Event::<&[u8]>::Learned(Fact::Charset { rejected: true });
    assert_eq!(heard.last(), Some(&format!("{fact:?}")));
    assert_eq!(out, b"\xff\xfa\x2a\x05\xff\xf0");
    // an answer to nothing, and a set that was not offered
    assert_eq!(
        feed(&mut client, b"\xff\xfa\x2a\x02X-y\xff\xf0", &mut out).len(),
        1
    );
    assert_eq!(client.charset(), Some(&b"UTF-8"[..]));
}

/// RFC 857 §5 place: "the WILL ECHO should immediately precede the first of the echoed characters".
#[test]
fn echo_begins_behind_its_will() {
    let mut server = Server::new(ServerConfig::default());
    let mut out = Vec::new();
    let mut rest = &b"a\xff\xfd\x01b"[..];
    while !rest.is_empty() {
        let Ok(step) = server.step(Input::more(rest), &mut out);
        rest = &rest[step.consumed..];
        if let Next::Event(Event::Data(typed)) = step.next {
            let echo = typed.to_vec();
            if server.echoes() {
                server.write(&echo, &mut out);
            }
        }
    }
    assert_eq!(out, b"\xff\xfb\x01b");
}

/// RFC 854 KEYBOARD extra-keys, RFC 1123 section 3.4.2: each can be sent by a client.
#[test]
fn keys_of_the_nvt() {
    let mut client = Client::new(ClientConfig::default());
    let mut out = Vec::new();
    let keys = [
        Command::BRK,
        Command::IP,
        Command::AO,
        Command::AYT,
        Command::EC,
        Command::EL,
    ];
    for key in keys {
        client.command(key, &mut out).expect("a command");
    }
    let mark = client.synch(&mut out);
    assert_eq!(
        out,
        b"\xff\xf3\xff\xf4\xff\xf5\xff\xf6\xff\xf7\xff\xf8\xff\xf2"
    );
    assert_eq!(mark, 13);
}

/// RFC 1123 section 3.2.4, RFC 1184 §5.8 order: IP, a Synch, then DO TIMING-MARK, after which
/// output is dropped until the answer.
#[test]
fn interrupt_and_flush() {
    let mut client = Client::new(ClientConfig::default());
    let mut out = Vec::new();
    client.command(Command::IP, &mut out).expect("a command");
    let mark = client.synch(&mut out);
    client.flush_until_mark(&mut out);
    assert_eq!(out, b"\xff\xf4\xff\xf2\xff\xfd\x06");
    assert_eq!(mark, 3);
    assert!(feed(&mut client, b"old", &mut out).is_empty());
    assert_eq!(feed(&mut client, b"\xff\xfc\x06new", &mut out).len(), 2);
}
