//! Conversations of the RFCs, and of users' programs and servers that exist, with one side played by
//! our [`Server`] or [`Client`]: what the other side says is input, what ours says must be as it
//! stands there, and at that place, however the input is cut.

mod notation;

use notation::{Line, Who, conversation, octets, words};
use wirelore_telnet_nvt::wire::option::{SlcFunction, SlcSetting};
use wirelore_telnet_nvt::{
    Client, ClientConfig, Command, EnvironmentPolicy, Event, Input, Machine, Next, OptionCode,
    OptionSet, Policy, Server, ServerConfig, Side, Typing,
};

/// A machine with what an application may do.
trait Player: for<'i> Machine<Event<'i> = Event<&'i [u8]>> {
    fn who() -> Who;
    fn request(&mut self, side: Side, option: OptionCode, on: bool, out: &mut Vec<u8>);
    fn write(&mut self, text: &[u8], out: &mut Vec<u8>);
    fn command(&mut self, command: Command, out: &mut Vec<u8>);
    fn other(&mut self, word: &str, numbers: &[u16], out: &mut Vec<u8>);

    fn does(&mut self, what: &str, out: &mut Vec<u8>) {
        let words = words(what);
        let rest = what.split_once(' ').map_or("", |(_, rest)| rest);
        match words[0].as_str() {
            "request" => {
                let side = if words[1] == "us" {
                    Side::Us
                } else {
                    Side::Him
                };
                let option = OptionCode(notation::option(&words[2]).expect("an option"));
                self.request(side, option, words[3] == "on", out);
            }
            "write" => self.write(&octets(rest), out),
            "command" => {
                let code = octets(&format!("IAC {rest}"))[1];
                self.command(Command(code), out);
            }
            "urgent" => self.urgent(),
            other => {
                let numbers = words[1..]
                    .iter()
                    .map(|word| word.parse().expect("a number"));
                self.other(other, &numbers.collect::<Vec<_>>(), out);
            }
        }
    }
}

impl Player for Server {
    fn who() -> Who {
        Who::Server
    }

    fn request(&mut self, side: Side, option: OptionCode, on: bool, out: &mut Vec<u8>) {
        self.request(side, option, on, out);
    }

    fn write(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.write(text, out);
    }

    fn command(&mut self, command: Command, out: &mut Vec<u8>) {
        self.command(command, out).expect("a command");
    }

    fn other(&mut self, word: &str, _: &[u16], out: &mut Vec<u8>) {
        match word {
            "prompt-ends" => self.prompt_ends(out),
            "timing-mark" => self.receiver_mut().ask_timing_mark(out),
            "synch" => {
                self.synch(out);
            }
            _ => panic!("{word}"),
        }
    }
}

impl Player for Client {
    fn who() -> Who {
        Who::Client
    }

    fn request(&mut self, side: Side, option: OptionCode, on: bool, out: &mut Vec<u8>) {
        self.request(side, option, on, out);
    }

    fn write(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.write(text, out);
    }

    fn command(&mut self, command: Command, out: &mut Vec<u8>) {
        self.command(command, out).expect("a command");
    }

    fn other(&mut self, word: &str, numbers: &[u16], out: &mut Vec<u8>) {
        match (word, numbers) {
            ("resize", &[columns, rows]) => self.resize(columns, rows, out),
            ("flush-until-mark", []) => self.flush_until_mark(out),
            ("synch", []) => {
                self.synch(out);
            }
            _ => panic!("{word}"),
        }
    }
}

/// Gives `input` in pieces of `cut` octets; data is appended to `told`.
fn deliver<P: Player>(player: &mut P, input: &[u8], cut: usize, told: &mut Vec<u8>) -> Vec<u8> {
    let (mut out, mut at, mut shown) = (Vec::new(), 0, 0);
    for _ in 0..100_000 {
        let Ok(step) = player.step(Input::more(&input[at..shown]), &mut out) else {
            panic!("an error");
        };
        at += step.consumed;
        match step.next {
            Next::Event(Event::Data(data)) => told.extend_from_slice(data),
            Next::NeedMore if step.consumed == 0 && shown == input.len() => {
                assert_eq!(at, shown, "something is left");
                return out;
            }
            Next::NeedMore if step.consumed == 0 => shown = (shown + cut).min(input.len()),
            Next::NeedMore | Next::Event(_) => {}
            next => panic!("{next:?}"),
        }
    }
    panic!("no end");
}

/// Plays our side of a conversation.
fn play<P: Player>(text: &str, name: &str, new: impl Fn() -> P) {
    let lines = conversation(text, name);
    let says = |line: &Line| matches!(line, Line::Says(who, _) if *who == P::who());
    assert!(lines.iter().any(says), "{name}: we say nothing");
    for cut in [usize::MAX, 1, 2, 3, 7] {
        let cut = cut.min(1 << 20);
        let mut player = new();
        let (mut out, mut told) = (Vec::new(), Vec::new());
        player.start(&mut out);
        for (number, line) in lines.iter().enumerate() {
            let here = format!("{name}, line {number}, in pieces of {cut}: {line:?}");
            match line {
                Line::Says(who, octets) if *who == P::who() => {
                    assert!(out.starts_with(octets), "{here}\nbut we said {out:?}");
                    out.drain(..octets.len());
                }
                Line::Says(_, octets) => {
                    assert_eq!(out, b"", "{here}\nbut we said more before");
                    out = deliver(&mut player, octets, cut, &mut told);
                }
                Line::Does(who, what) if *who == P::who() => player.does(what, &mut out),
                Line::Told(who, octets) if *who == P::who() => {
                    assert_eq!(&told, octets, "{here}");
                    told.clear();
                }
                Line::Does(..) | Line::Told(..) => {}
            }
        }
        assert_eq!(out, b"", "{name} in pieces of {cut}: we said more");
    }
}

/// A server that offers and asks for nothing, and agrees to these on our side and on his.
fn quiet(us: &[OptionCode], him: &[OptionCode]) -> ServerConfig {
    ServerConfig {
        typing: Typing::Line,
        ask_window: false,
        ask_terminal_type: false,
        also: Policy {
            us: OptionSet::of(us),
            him: OptionSet::of(him),
            ..Policy::default()
        },
        ..ServerConfig::default()
    }
}

fn server(text: &str, name: &str, config: &ServerConfig) {
    play(text, name, || Server::new(config.clone()));
}

fn client(text: &str, name: &str, config: &ClientConfig) {
    play(text, name, || Client::new(config.clone()));
}

fn owned(names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let owned = |text: &str| text.as_bytes().to_vec();
    pairs.iter().map(|(n, v)| (owned(n), owned(v))).collect()
}

const OPTIONS: &str = include_str!("data/options.txt");
const LINEMODE: &str = include_str!("data/linemode.txt");
const LOOPS: &str = include_str!("data/rfc1143.txt");
const PEERS: &str = include_str!("data/peers.txt");

/// RFC 856 §2, RFC 856 §3, RFC 856 §5, RFC 856 §6: each direction by itself, and back to NVT.
#[test]
fn rfc856() {
    server(OPTIONS, "856 each-direction", &quiet(&[], &[]));
    client(
        OPTIONS,
        "856 each-direction-asked",
        &ClientConfig::default(),
    );
    client(OPTIONS, "856 commands", &ClientConfig::default());
}

/// RFC 857 §2, RFC 857 §3, RFC 857 §5: echo asked for, offered, refused, and never at both ends.
#[test]
fn rfc857() {
    server(OPTIONS, "857 asked", &quiet(&[OptionCode::ECHO], &[]));
    client(OPTIONS, "857 asked", &ClientConfig::default());
    server(OPTIONS, "857 refused", &quiet(&[], &[]));
    client(OPTIONS, "857 refused", &ClientConfig::default());
    client(OPTIONS, "857 offered", &ClientConfig::default());
    client(OPTIONS, "857 not-at-both", &ClientConfig::default());
}

/// RFC 858 §2, RFC 858 §3, RFC 858 §5, RFC 854 TRANSMISSION: GA until it is suppressed, and again
/// when it is not.
#[test]
fn rfc858() {
    server(OPTIONS, "858 go-ahead", &quiet(&[], &[]));
}

/// RFC 859 §2, RFC 859 §3, RFC 859 §5: the example. RFC 855 SB after: not before the option is on.
#[test]
fn rfc859() {
    let config = quiet(&[OptionCode::ECHO], &[OptionCode::STATUS]);
    server(OPTIONS, "859-5 example", &config);
    server(OPTIONS, "859-5 not-permitted", &config);
}

/// RFC 860 §2, RFC 860 §4, RFC 860 §5: B and C of the applications.
#[test]
fn rfc860() {
    server(OPTIONS, "860-5 type-ahead", &quiet(&[], &[]));
    client(OPTIONS, "860-5 output", &ClientConfig::default());
    client(OPTIONS, "860-5 output-refused", &ClientConfig::default());
    client(OPTIONS, "860-5 twice", &ClientConfig::default());
    client(OPTIONS, "860-2 ignored", &ClientConfig::default());
}

/// RFC 861 §2, RFC 861 §3: nothing of the list is negotiated.
#[test]
fn rfc861() {
    server(OPTIONS, "861 refused", &quiet(&[], &[]));
    client(OPTIONS, "861 refused-by-a-client", &ClientConfig::default());
}

/// RFC 885 §2, RFC 885 §3, RFC 885 §5, RFC 885 §6: EOR at the ends of records, once it was agreed
/// on.
#[test]
fn rfc885() {
    server(OPTIONS, "885 records", &quiet(&[OptionCode::EOR], &[]));
}

/// RFC 1073 §6: the four examples. RFC 1073 §2 forbidden, RFC 855 SB stop: not after DONT.
#[test]
fn rfc1073() {
    let asking = ServerConfig {
        ask_window: true,
        ..quiet(&[], &[])
    };
    let window = |columns| ClientConfig {
        window: Some((columns, 24)),
        ..ClientConfig::default()
    };
    server(OPTIONS, "1073-6.1", &asking);
    client(OPTIONS, "1073-6.1", &window(80));
    server(OPTIONS, "1073-6.2", &quiet(&[], &[OptionCode::NAWS]));
    client(OPTIONS, "1073-6.2", &window(300));
    server(OPTIONS, "1073-6.3", &quiet(&[], &[]));
    client(OPTIONS, "1073-6.3", &window(80));
    server(OPTIONS, "1073-6.4", &asking);
    client(OPTIONS, "1073-6.4", &ClientConfig::default());
    client(OPTIONS, "1073-2 forbidden-later", &window(80));
}

/// RFC 1079 §4: the example. RFC 854 GENERAL sub-after: nothing is told before the option is agreed
/// on.
#[test]
fn rfc1079() {
    let asking = ServerConfig {
        ask_terminal_speed: true,
        ..quiet(&[], &[])
    };
    server(OPTIONS, "1079-4", &asking);
    let telling = ClientConfig {
        terminal_speed: Some((1200, 1200)),
        ..ClientConfig::default()
    };
    client(OPTIONS, "1079-4", &telling);
    client(OPTIONS, "1079-4 not-asked", &telling);
}

/// RFC 1091 §8: the examples; RFC 1091 §5 case. Our server asks for all names, and then for the
/// first again (RFC 1091 §6).
#[test]
fn rfc1091() {
    let asking = ServerConfig {
        ask_terminal_type: true,
        ..quiet(&[], &[])
    };
    let terminal = |names: &[&str]| ClientConfig {
        terminal_types: owned(names),
        ..ClientConfig::default()
    };
    client(
        OPTIONS,
        "1091-8 first",
        &terminal(&["IBM-3278-2", "UNKNOWN"]),
    );
    client(
        OPTIONS,
        "1091-8 second",
        &terminal(&["ZENITH-H19", "UNKNOWN"]),
    );
    let vt = ["DEC-VT220", "DEC-VT100", "DEC-VT52"];
    client(OPTIONS, "1091-8 third", &terminal(&vt));
    server(OPTIONS, "1091-8 third", &asking);
    server(OPTIONS, "1091-6 old-client", &asking);
    server(OPTIONS, "1091-6 one-name", &asking);
    server(OPTIONS, "1091-5 case", &asking);
    let only = ServerConfig {
        max_terminal_types: 1,
        ..asking
    };
    server(OPTIONS, "1091-8 first", &only);
    let any = Policy {
        us: OptionSet::of(&[OptionCode::TTYPE]),
        ..Policy::default()
    };
    let nameless = ClientConfig {
        also: any,
        ..ClientConfig::default()
    };
    client(OPTIONS, "1091-6 unknown", &nameless);
    client(
        OPTIONS,
        "1091-6 unknown",
        &terminal(&["not\na name", "\u{7f}"]),
    );
}

/// RFC 1096 §4: the example.
#[test]
fn rfc1096() {
    let config = ClientConfig {
        x_display: Some(b"SRI-NIC.ARPA:0.0".to_vec()),
        ..ClientConfig::default()
    };
    client(OPTIONS, "1096-4", &config);
    client(OPTIONS, "1096-4 refused", &ClientConfig::default());
}

/// RFC 1372 §5, RFC 1372 §6: the example, and what is to be ignored.
#[test]
fn rfc1372() {
    client(OPTIONS, "1372-6", &ClientConfig::default());
}

/// RFC 1572 §6: the example, RFC 1572 §2 order and one-way, where our default environment is all
/// that there is, and the empty ones.
#[test]
fn rfc1572() {
    let config = ClientConfig {
        environment: pairs(&[
            ("USER", "joe"),
            ("ACCT", "kernel"),
            ("DISPLAY", "foo:0.0"),
            ("SHELL", "/bin/csh"),
        ]),
        ..ClientConfig::default()
    };
    client(OPTIONS, "1572-6 example", &config);
    let config = ClientConfig {
        environment: pairs(&[("LANG", "C")]),
        ..config
    };
    client(OPTIONS, "1572-6 empty", &config);
    let asking = ServerConfig {
        environment: EnvironmentPolicy::allow(["DISPLAY", "LANG"]),
        ..quiet(&[], &[])
    };
    server(OPTIONS, "1572-2 server", &asking);
}

/// RFC 2066 §5: the examples, RFC 2066 §2 answer, without the tables that we do not take, and both
/// sides at once.
#[test]
fn rfc2066() {
    let sets = |names: &[&str]| ClientConfig {
        charsets: owned(names),
        ..ClientConfig::default()
    };
    client(
        OPTIONS,
        "2066-5 first",
        &sets(&["Cyrillic", "EBCDIC-Cyrillic"]),
    );
    client(OPTIONS, "2066-5 table", &sets(&["Cyrillic"]));
    client(OPTIONS, "2066-5 at-once-client", &sets(&["Cyrillic"]));
    let server_sets = ServerConfig {
        charsets: owned(&["EBCDIC-Cyrillic"]),
        ..quiet(&[], &[])
    };
    server(OPTIONS, "2066-5 server", &server_sets);
    server(OPTIONS, "2066-5 at-once-server", &server_sets);
}

/// RFC 1143 §3, RFC 1143 §4, RFC 1143 §5: the loops, cut.
#[test]
fn rfc1143() {
    let ask = Policy {
        ask_us: OptionSet::of(&[OptionCode(200)]),
        ..Policy::default()
    };
    let config = ServerConfig {
        also: ask,
        ..quiet(&[], &[])
    };
    server(LOOPS, "1143-3 loop-example-1", &config);
    server(LOOPS, "1143-4 loop-example-2", &quiet(&[], &[]));
    server(LOOPS, "1143-5 queue", &quiet(&[], &[]));
}

/// RFC 1184 §5.10: the example; RFC 1184 §2.1 sides, RFC 1184 §2.2 mode, RFC 1184 §2.3 wont, RFC
/// 1184 §3 default, RFC 1184 §5.5 import, RFC 1184 §5.7 one-direction. The server's characters
/// there are not those of ours, so the client is played.
#[test]
fn rfc1184() {
    let ip = SlcSetting::value(3).flushing(true, true);
    let config = ClientConfig {
        linemode: true,
        special_characters: vec![
            (SlcFunction::SYNCH, SlcSetting::DEFAULT),
            (SlcFunction::IP, ip),
            (SlcFunction::AO, SlcSetting::value(15)),
            (SlcFunction::AYT, SlcSetting::DEFAULT),
            (
                SlcFunction::ABORT,
                SlcSetting::value(28).flushing(true, true),
            ),
            (SlcFunction::EOF, SlcSetting::value(4)),
            (
                SlcFunction::SUSP,
                SlcSetting::value(26).flushing(true, false),
            ),
            (SlcFunction::EC, SlcSetting::value(127)),
            (SlcFunction::EL, SlcSetting::value(21)),
            (SlcFunction::EW, SlcSetting::value(23)),
            (SlcFunction::RP, SlcSetting::value(18)),
            (SlcFunction::LNEXT, SlcSetting::value(22)),
            (SlcFunction::XON, SlcSetting::value(17)),
            (SlcFunction::XOFF, SlcSetting::value(19)),
        ],
        ..ClientConfig::default()
    };
    client(LINEMODE, "1184-5.10", &config);
    let import = ClientConfig {
        linemode: true,
        ..ClientConfig::default()
    };
    client(LINEMODE, "1184-5.5 import", &import);
    client(LINEMODE, "1184-2.2 client", &import);
    client(LINEMODE, "1184-2.2 not-a-server", &import);
    let asking = ServerConfig {
        typing: Typing::Linemode,
        ..quiet(&[], &[])
    };
    server(LINEMODE, "1184-2.2 server", &asking);
    server(LINEMODE, "1184-3 anew", &asking);
    client(LINEMODE, "1184-3 refused", &ClientConfig::default());
}

/// The user's program of inetutils at our server: its opening on port 23, and its answers.
#[test]
fn inetutils_telnet() {
    server(PEERS, "inetutils-telnet opening", &ServerConfig::default());
    let everything = ServerConfig {
        environment: EnvironmentPolicy::allow(["DISPLAY"]),
        ..quiet(&[], &[])
    };
    server(PEERS, "inetutils-telnet answers", &everything);
}

/// The server of inetutils at our client.
#[test]
fn inetutils_telnetd() {
    let config = ClientConfig {
        terminal_types: owned(&["XTERM"]),
        window: Some((80, 24)),
        terminal_speed: Some((38400, 38400)),
        environment: pairs(&[("LANG", "C")]),
        ..ClientConfig::default()
    };
    client(PEERS, "inetutils-telnetd", &config);
}

/// The user's program of busybox at our server: it says DONT SGA right after DO SGA.
#[test]
fn busybox_telnet() {
    server(PEERS, "busybox-telnet answers", &quiet(&[], &[]));
}

/// Every conversation is played.
#[test]
fn none_is_left_out() {
    let source = include_str!("transcripts.rs");
    for text in [OPTIONS, LINEMODE, LOOPS, PEERS] {
        for name in notation::names(text) {
            assert!(source.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
