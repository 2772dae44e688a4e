//! One session, from its arguments to its exit code.

use super::ends::{Code, Failure};
use super::input::Input;
use super::interactive::{Desk, End};
use super::log::Log;
use super::pipe::{self, AtEnd};
use super::printer::Printer;
use super::prompt::Facts;
use super::session::Session;
use super::settings::{Settings, shown};
use super::signals::{Signal, Signals};
use super::talker::Talker;
use super::terminal::Terminal;
use super::wire::{Line, Wire};
use super::{Arguments, console::Console, offer};
use std::io;
use std::rc::Rc;
use tokio::net::TcpStream;
use wirelore_core::escape;
use wirelore_telnet_nvt::{Client, OptionCode, Side};
use wirelore_tokio::{Driver, DriverConfig, Side as Ours, Tap, UrgentStream};

/// Converses, says how it ended, and returns the exit code.
pub(crate) fn run(arguments: &Arguments) -> Code {
    let console = Rc::new(Console::default());
    console.options.set(arguments.verbose);
    let ended = runtime().and_then(|runtime| {
        let ended = runtime.block_on(converse(arguments, &console));
        // a look-up that nobody waits for any more must not hold the program
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(()) => Code::GOOD,
        Err(Failure { code, text }) => {
            if !text.is_empty() {
                console.say(&format!("wirelore: {text}"));
            }
            code
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.map_err(|error| Failure::of(&error, Code::NETWORK, "no runtime"))
}

async fn converse(arguments: &Arguments, console: &Rc<Console>) -> Result<(), Failure> {
    let local = |error: io::Error| Failure::of(&error, Code::READING, "the terminal");
    let terminal = Terminal::stdin().map_err(local)?;
    let log = arguments.log.as_deref().map(Log::create).transpose()?;
    let tap = arguments.pcap.as_deref().map(|path| {
        let shown = escape(path.as_os_str().as_encoded_bytes());
        Tap::create(path).map_err(|error| Failure::of(&error, Code::WRITING, shown))
    });
    let tap = tap.transpose()?;
    let port = arguments.port;
    let host = arguments.host.as_deref().unwrap_or_default();
    let talker = match arguments.raw {
        true => Talker::raw(),
        false => Talker::telnet(Client::new(offer::config(
            arguments,
            port,
            terminal.as_ref(),
        )?)),
    };

    let tell = terminal.is_some() || arguments.verbose;
    let tcp = arguments.network.connect(host, port, console, tell).await?;
    let peer = tcp
        .peer_addr()
        .map_or(String::new(), |address| address.to_string());
    if tell {
        console.say(&format!("Connected to {}.", escape(host)));
    }
    let wire = Wire::new(line(tcp, tap.as_ref())?, !arguments.raw, console.clone());
    let mut driver = Driver::new(talker, wire, &driver_config()).with_urgent();
    if arguments.binary_output {
        let asked = driver.apply(|talker, out| {
            let client = talker.client_mut().ok_or(())?;
            Ok::<_, ()>(client.request(Side::Us, OptionCode::BINARY, true, out))
        });
        debug_assert!(asked.is_ok(), "not together with --raw");
    }
    let printer = Printer::stdout().map_err(|error| Failure::output(&error))?;
    let session = Session::new(driver, console.clone(), printer, log);

    let ended = match terminal {
        Some(terminal) => {
            at_terminal(arguments, terminal, session, format!("{host} ({peer})")).await
        }
        None => in_pipe(arguments, session).await,
    };
    let recorded = match tap {
        Some(tap) => tap.finish().await,
        None => Ok(()),
    };
    ended.and(recorded.map_err(|error| Failure::of(&error, Code::WRITING, "the capture")))
}

fn line(tcp: TcpStream, tap: Option<&Tap>) -> Result<Line, Failure> {
    let lost = |error: io::Error| Failure::of(&error, Code::NETWORK, "the connection is lost");
    let addresses = tcp
        .local_addr()
        .and_then(|local| Ok((local, tcp.peer_addr()?)));
    let (local, peer) = addresses.map_err(lost)?;
    let stream = UrgentStream::new(tcp).map_err(lost)?;
    Ok(match tap {
        Some(tap) => Line::Tapped(tap.stream(stream, Ours::Client, local, peer)),
        None => Line::Plain(stream),
    })
}

/// Whoever sits there decides how long a silent server is waited for.
fn driver_config() -> DriverConfig {
    DriverConfig {
        stall: None,
        ..DriverConfig::default()
    }
}

async fn at_terminal(
    arguments: &Arguments,
    terminal: Terminal,
    mut session: Session,
    peer: String,
) -> Result<(), Failure> {
    let local = |error: io::Error| Failure::of(&error, Code::READING, "the terminal");
    let console = session.console.clone();
    let escape = if arguments.no_escape {
        None
    } else {
        arguments.escape.0
    };
    let mut desk = Desk {
        input: Input::stdin().map_err(local)?,
        signals: Signals::listen(true).map_err(local)?,
        settings: Settings {
            escape,
            ..Settings::default()
        },
        facts: Facts {
            peer,
            terminal_type: offer::terminal_type(),
            window: terminal.window(),
        },
        terminal,
        typed: Vec::new(),
        prompt: None,
    };
    if let Some(octet) = escape {
        console.say(&format!("Escape character is '{}'.", shown(octet)));
    }
    let ended = desk.run(&mut session).await;
    if ended.is_err() {
        session.drop_output();
    }
    let finished = finish(session, &mut desk.signals).await;
    match ended? {
        End::There => console.say("Connection closed by foreign host."),
        End::Here => console.say("Connection closed."),
    }
    finished
}

async fn in_pipe(arguments: &Arguments, mut session: Session) -> Result<(), Failure> {
    let reading = |error: io::Error| Failure::of(&error, Code::READING, "cannot read stdin");
    let mut input = Input::stdin().map_err(reading)?;
    let mut signals = Signals::listen(false).map_err(reading)?;
    let at_end = match arguments.quit_after {
        Some(after) => AtEnd::Leave(after),
        None if arguments.no_shutdown => AtEnd::Stay,
        None => AtEnd::Shutdown,
    };
    let ended = pipe::run(&mut session, &mut input, &mut signals, at_end).await;
    let finished = finish(session, &mut signals).await;
    ended.and(finished)
}

/// Everything is printed, unless a signal comes before.
async fn finish(session: Session, signals: &mut Signals) -> Result<(), Failure> {
    let finishing = session.finish();
    let mut finishing = std::pin::pin!(finishing);
    loop {
        tokio::select! {
            finished = &mut finishing => return finished,
            signal = signals.next() => if let Some(failure) = Signal::ends(signal) {
                return Err(failure);
            },
        }
    }
}
