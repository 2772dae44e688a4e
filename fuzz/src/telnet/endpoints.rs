//! Servers and clients, each against anything, and against each other.

use super::show;
use arbitrary::{Arbitrary, Unstructured};
use wirelore_telnet_nvt::wire::option::{SlcFunction, SlcSetting};
use wirelore_telnet_nvt::{
    Client, ClientConfig, Command, EnvironmentPolicy, Event, Input, Machine, Next, OptionCode,
    OptionSet, Policy, Server, ServerConfig, Side, Typing,
};

#[derive(Arbitrary, Debug)]
struct Setup {
    server: ServerSetup,
    client: ClientSetup,
}

#[derive(Arbitrary, Debug)]
struct ServerSetup {
    typing: u8,
    asks: u8,
    max_terminal_types: u8,
    environment: u8,
    charsets: u8,
    also: [u8; 4],
    small: bool,
}

#[derive(Arbitrary, Debug)]
struct ClientSetup {
    tells: u8,
    terminal_types: u8,
    environment: u8,
    charsets: u8,
    characters: [(u8, u8, u8); 4],
    also: [u8; 4],
    small: bool,
}

#[derive(Arbitrary, Debug)]
enum Operation<'d> {
    /// Some octets arrive at the server, or at the client.
    Deliver {
        to_server: bool,
        len: u8,
    },
    Request {
        server: bool,
        us: bool,
        option: u8,
        on: bool,
    },
    Write {
        server: bool,
        text: &'d [u8],
    },
    Command {
        server: bool,
        code: u8,
    },
    Synch {
        server: bool,
    },
    /// The transport has seen an urgent mark.
    Urgent {
        server: bool,
    },
    Resize {
        columns: u16,
        rows: u16,
    },
    Flush,
    Echo {
        on: bool,
    },
    PromptEnds,
}

/// A server and a client that hear anything at all, and a server and a client that hear each other:
/// no panic, output in proportion, and an end to all talk.
///
/// After the configuration, either octets for both or operations.
pub fn telnet_endpoints(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(setup) = Setup::arbitrary(&mut input) else {
        return;
    };
    let server = server(&setup.server);
    let client = client(&setup.client);
    let Ok([how, cutting]) = <[u8; 2]>::arbitrary(&mut input) else {
        return;
    };
    if how & 1 == 0 {
        let stream = input.take_rest();
        alone(&server, stream, cutting);
        alone(&client, stream, cutting);
        return;
    }
    together(server, client, &mut input);
}

/// The most octets that an endpoint may say about one event, with the lists of this file.
const MOST: usize = 8192;

fn alone<M>(machine: &M, stream: &[u8], cutting: u8)
where
    M: for<'i> Machine<Event<'i> = Event<&'i [u8]>> + Clone,
{
    let run = |seed| {
        let (mut machine, mut out) = (machine.clone(), Vec::new());
        machine.start(&mut out);
        let mut log: Vec<Event<Vec<u8>>> = Vec::new();
        let consumed = show(&mut machine, stream, seed, &mut out, |_, shown, _| {
            assert!(shown.written <= MOST);
            let Some(event) = shown.event else {
                return;
            };
            match (event, log.last_mut()) {
                (Event::Data(data), Some(Event::Data(before))) => before.extend_from_slice(data),
                (event, _) => log.push(event.map(<[u8]>::to_vec)),
            }
        });
        (log, out, consumed)
    };
    let whole = run(0);
    for seed in [1, cutting] {
        assert_eq!(run(seed), whole);
    }
}

struct End<M> {
    machine: M,
    /// What the other end has not consumed.
    out: Vec<u8>,
    shown: usize,
    said: usize,
    /// What its application has not answered yet.
    asked: Vec<(Side, OptionCode)>,
}

fn together(server: Server, client: Client, input: &mut Unstructured<'_>) {
    let mut server = End::new(server);
    let mut client = End::new(client);
    let mut written = 0;
    for _ in 0..256 {
        if input.is_empty() {
            break;
        }
        let Ok(operation) = Operation::arbitrary(input) else {
            break;
        };
        match operation {
            Operation::Deliver { to_server, len } => match to_server {
                true => deliver(&mut client, &mut server, usize::from(len)),
                false => deliver(&mut server, &mut client, usize::from(len)),
            },
            Operation::Request {
                server: at_server,
                us,
                option,
                on,
            } => {
                let side = if us { Side::Us } else { Side::Him };
                let option = OptionCode(option % 48);
                // a timing mark is no option to these ends
                if option == OptionCode::TIMING_MARK {
                    continue;
                }
                match at_server {
                    true => server.machine.request(side, option, on, &mut server.out),
                    false => client.machine.request(side, option, on, &mut client.out),
                };
            }
            Operation::Write {
                server: at_server,
                text,
            } => {
                written += text.len();
                match at_server {
                    true => server.machine.write(text, &mut server.out),
                    false => client.machine.write(text, &mut client.out),
                }
            }
            Operation::Command {
                server: at_server,
                code,
            } => {
                let command = Command(code);
                let done = match at_server {
                    true => server.machine.command(command, &mut server.out),
                    false => client.machine.command(command, &mut client.out),
                };
                assert_eq!(done.is_err(), code >= 250 || code == 240);
            }
            Operation::Synch { server: true } => drop(server.machine.synch(&mut server.out)),
            Operation::Synch { server: false } => drop(client.machine.synch(&mut client.out)),
            Operation::Urgent { server: true } => server.machine.urgent(),
            Operation::Urgent { server: false } => client.machine.urgent(),
            Operation::Resize { columns, rows } => {
                client.machine.resize(columns, rows, &mut client.out);
            }
            Operation::Flush => client.machine.flush_until_mark(&mut client.out),
            Operation::Echo { on } => {
                server.machine.set_echo(on, &mut server.out);
            }
            Operation::PromptEnds => server.machine.prompt_ends(&mut server.out),
        }
    }
    settle(&mut server, &mut client);
    let said = server.said + client.said;
    assert!(said <= (1 << 18) + 8 * written, "{said} octets");
    for option in (0..=255).map(OptionCode) {
        for side in [Side::Us, Side::Him] {
            let other = match side {
                Side::Us => Side::Him,
                Side::Him => Side::Us,
            };
            assert_eq!(
                server.machine.receiver().is_on(side, option),
                client.machine.receiver().is_on(other, option),
                "{option} {side:?}"
            );
        }
    }
    assert!(!client.machine.is_flushing(), "every mark was answered");
}

/// Delivers everything, and says no to every question, until nobody says anything more.
fn settle(server: &mut End<Server>, client: &mut End<Client>) {
    for _ in 0..512 {
        deliver(client, server, usize::MAX >> 1);
        deliver(server, client, usize::MAX >> 1);
        for (side, option) in std::mem::take(&mut server.asked) {
            server.machine.request(side, option, false, &mut server.out);
        }
        for (side, option) in std::mem::take(&mut client.asked) {
            client.machine.request(side, option, false, &mut client.out);
        }
        let waits = |out: &[u8], shown| out.len() > shown;
        if !waits(&server.out, server.shown) && !waits(&client.out, client.shown) {
            return;
        }
    }
    panic!("they talk and talk");
}

impl<M: for<'i> Machine<Event<'i> = Event<&'i [u8]>>> End<M> {
    fn new(mut machine: M) -> Self {
        let mut out = Vec::new();
        machine.start(&mut out);
        Self {
            machine,
            out,
            shown: 0,
            said: 0,
            asked: Vec::new(),
        }
    }
}

/// The end `to` is shown so many octets more of what `from` said.
fn deliver<F, T>(from: &mut End<F>, to: &mut End<T>, len: usize)
where
    T: for<'i> Machine<Event<'i> = Event<&'i [u8]>>,
{
    from.shown = (from.shown + len).min(from.out.len());
    let mut at = 0;
    loop {
        let before = to.out.len();
        let Ok(step) = to
            .machine
            .step(Input::more(&from.out[at..from.shown]), &mut to.out)
        else {
            panic!("no TELNET stream is an error");
        };
        assert!(to.out.len() - before <= MOST);
        at += step.consumed;
        match step.next {
            Next::Event(Event::Asked { side, option }) => to.asked.push((side, option)),
            Next::Event(Event::Violation { violation, .. }) => {
                panic!("{violation:?} between ends that keep the rules")
            }
            Next::Event(_) => {}
            Next::NeedMore if step.consumed == 0 => break,
            Next::NeedMore => {}
            Next::Paused | Next::Done => panic!("not before the end"),
        }
    }
    from.out.drain(..at);
    from.shown -= at;
    from.said += at;
}

const NAMES: [&[u8]; 8] = [
    b"USER", b"LANG", b"DISPLAY", b"JOB", b"ACCT", b"TERM", b"EDITOR", b"PRINTER",
];
const CHARSETS: [&[u8]; 3] = [b"UTF-8", b"US-ASCII", b"ISO-8859-1"];

fn chosen<'n>(names: &'n [&[u8]], bits: u8) -> impl Iterator<Item = &'n [u8]> {
    let names = names.iter().enumerate();
    names
        .filter(move |(n, _)| bits >> n & 1 != 0)
        .map(|(_, name)| *name)
}

/// Policies about the options with the numbers 0 to 47, but for what is no option here.
fn policy(bits: [u8; 4]) -> Policy {
    let set = |bits: u8| -> OptionSet {
        let numbers = (0..48).filter(|n| bits >> (n % 8) & 1 != 0).map(OptionCode);
        numbers
            .filter(|option| *option != OptionCode::TIMING_MARK)
            .collect()
    };
    let [us, him, ask_us, ask_him] = bits.map(set);
    Policy {
        us,
        him,
        ask_us,
        ask_him,
    }
}

fn server(setup: &ServerSetup) -> Server {
    let mut config = ServerConfig {
        typing: [Typing::Character, Typing::Line, Typing::Linemode][usize::from(setup.typing % 3)],
        ask_window: setup.asks & 1 != 0,
        ask_terminal_type: setup.asks & 2 != 0,
        ask_terminal_speed: setup.asks & 4 != 0,
        max_terminal_types: usize::from(setup.max_terminal_types % 16),
        environment: EnvironmentPolicy::allow(chosen(&NAMES, setup.environment)),
        charsets: chosen(&CHARSETS, setup.charsets)
            .map(<[u8]>::to_vec)
            .collect(),
        also: policy(setup.also),
        ..ServerConfig::default()
    };
    if setup.small {
        config.max_subnegotiation = 300;
    }
    Server::new(config)
}

fn client(setup: &ClientSetup) -> Client {
    let tells = |bit: u8| setup.tells >> bit & 1 != 0;
    let environment = chosen(&NAMES, setup.environment);
    let mut config = ClientConfig {
        speaks_first: tells(0),
        terminal_types: (0..setup.terminal_types % 12)
            .map(|n| format!("VT{}", 100 + n % 5).into_bytes())
            .collect(),
        window: tells(1).then_some((255, 65535)),
        terminal_speed: tells(2).then_some((38400, 9600)),
        x_display: tells(3).then(|| b"host:0.0".to_vec()),
        environment: environment
            .map(|name| (name.to_vec(), b"a\xff\x01\x02".to_vec()))
            .collect(),
        charsets: chosen(&CHARSETS, setup.charsets)
            .map(<[u8]>::to_vec)
            .collect(),
        linemode: tells(4),
        special_characters: setup
            .characters
            .iter()
            .map(|&(function, level, value)| {
                let setting = match level % 4 {
                    0 => SlcSetting::NO_SUPPORT,
                    1 => SlcSetting::cant_change(value),
                    2 => SlcSetting::value(value),
                    _ => SlcSetting::DEFAULT,
                };
                (
                    SlcFunction(function % 32),
                    setting.flushing(level & 4 != 0, level & 8 != 0),
                )
            })
            .collect(),
        binary: tells(5),
        also: policy(setup.also),
        ..ClientConfig::default()
    };
    if setup.small {
        config.max_subnegotiation = 300;
        config.max_environment = 100;
    }
    Client::new(config)
}
