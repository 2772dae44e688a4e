//! The protocol, octet by octet: what clients send that people do not, and what nobody should send.

use super::super::judge::Fault;
use super::super::stage::Server;
use super::super::wire::{Wire, shown};
use super::terminal::{Terminal, YES};
use super::{Case, PROMPT, cases, judge_status, judge_who, welcome};
use wirelore_telnet_nvt::wire::code::IAC;
use wirelore_telnet_nvt::{ClientConfig, Command, OptionCode};

const NOP: u8 = Command::NOP.0;
const AYT: u8 = Command::AYT.0;
const SB: u8 = Command::SB.0;
const SE: u8 = Command::SE.0;
const WILL: u8 = Command::WILL.0;
const WONT: u8 = Command::WONT.0;
const DO: u8 = Command::DO.0;
const DONT: u8 = Command::DONT.0;
const ECHO: u8 = OptionCode::ECHO.0;
const SGA: u8 = OptionCode::SGA.0;
const TTYPE: u8 = OptionCode::TTYPE.0;
const NAWS: u8 = OptionCode::NAWS.0;

/// An option that nobody has.
const UNKNOWN: u8 = 200;
/// Rows of a window that is too small for `help`.
const FEW: u16 = 5;

pub(super) const CASES: &[Case<Server>] = &cases! {
    "the opening" "ECHO, SGA, TTYPE, NAWS, then the prompt" opening;
    "options that nobody has" "each request refused, exactly once" refusals;
    "what is so already" "no answer, so that there is no loop" silence;
    "AYT" "[Yes] on a line of its own, the prompt again" are_you_there;
    "a doubled 255 in a line" "an octet like others; the session goes on" doubled;
    "IAC at every cut, octet by octet" "the line is understood as if it were whole" cuts;
    "terminal and window" "who has the name, pages have the height" terminal;
    "IP and a Synch with an urgent mark" "what was typed before is dropped" synch;
    "a subnegotiation without measure" "nothing of it is taken for text" too_long;
};

pub(super) const LIMITS: &[Case<Server>] = &cases! {
    "one connection more than allowed" "closed without a word; the first one stays" one_too_many;
    "after that one has gone" "the next one is let in" next_one;
};

/// What the server offers and asks for.
const OFFERS: &[u8] = &[
    IAC, WILL, ECHO, IAC, WILL, SGA, IAC, DO, SGA, IAC, DO, TTYPE, IAC, DO, NAWS,
];

/// A connection of somebody who answers nothing: an NVT, at the prompt.
async fn enter(server: &Server) -> Result<Wire, Fault> {
    let mut wire = Wire::open(server.address).await?;
    let opening = [OFFERS, welcome().as_bytes(), PROMPT.as_bytes()].concat();
    wire.gets(&opening).await?;
    Ok(wire)
}

/// These octets lead to those and to nothing else.
async fn leads_to(wire: &mut Wire, sent: &[u8], wanted: &[u8]) -> Result<(), Fault> {
    wire.sends(&[sent, &[IAC, AYT]].concat()).await?;
    wire.gets(&[wanted, YES].concat()).await
}

/// Asks for the end. The log must have it as a good one.
async fn leave(server: &mut Server, mut wire: Wire) -> Result<(), Fault> {
    let client = wire.address()?;
    wire.sends(b"exit\r\n").await?;
    let rest = wire.rest().await?;
    if !rest.ends_with(b"Goodbye.\r\n") {
        return Err(Fault::new("Goodbye.", shown(&rest)));
    }
    // the server waits for that
    drop(wire);
    match server.session("telnet", "closed", Some(client)).await {
        Some(said) if said["ok"] == true => Ok(()),
        said => {
            let came = said.unwrap_or_default().to_string();
            Err(Fault::new("a good end in the log of the server", came))
        }
    }
}

async fn opening(server: &mut Server) -> Result<(), Fault> {
    let wire = enter(server).await?;
    leave(server, wire).await
}

async fn refusals(server: &mut Server) -> Result<(), Fault> {
    let mut wire = enter(server).await?;
    let no = [IAC, DONT, UNKNOWN, IAC, WONT, UNKNOWN];
    let asked = [IAC, WILL, UNKNOWN, IAC, DO, UNKNOWN];
    leads_to(&mut wire, &asked, &no).await?;
    leads_to(&mut wire, &[asked, asked].concat(), &[no, no].concat()).await?;
    // who echoes what the other one echoes never stops
    leads_to(&mut wire, &[IAC, WILL, ECHO], &[IAC, DONT, ECHO]).await?;
    // that it is off is no news
    leads_to(&mut wire, &[IAC, WONT, UNKNOWN, IAC, DONT, UNKNOWN], b"").await?;
    leave(server, wire).await
}

fn config(rows: u16) -> ClientConfig {
    ClientConfig {
        terminal_types: vec![b"VT220".to_vec(), b"VT100".to_vec()],
        window: Some((80, rows)),
        ..ClientConfig::default()
    }
}

/// A connection of somebody who agrees to everything, when all is negotiated.
async fn enter_with(server: &Server, config: ClientConfig) -> Result<Terminal, Fault> {
    let mut terminal = Terminal::open(server.address, config).await?;
    terminal.sees(PROMPT).await?;
    terminal.settles().await?;
    Ok(terminal)
}

async fn silence(server: &mut Server) -> Result<(), Fault> {
    let mut terminal = enter_with(server, config(24)).await?;
    let agreed = [
        (DO, ECHO),
        (DO, SGA),
        (WILL, SGA),
        (WILL, TTYPE),
        (WILL, NAWS),
    ];
    let agreed = agreed.map(|(verb, option)| [IAC, verb, option]).concat();
    leads_to(&mut terminal.wire, &agreed.repeat(3), b"").await?;
    leave(server, terminal.wire).await
}

async fn are_you_there(server: &mut Server) -> Result<(), Fault> {
    let mut wire = enter(server).await?;
    leads_to(&mut wire, b"", b"").await?;
    wire.sends(&[IAC, AYT, IAC, AYT]).await?;
    wire.gets(&[YES, YES].concat()).await?;
    leave(server, wire).await
}

async fn doubled(server: &mut Server) -> Result<(), Fault> {
    let mut wire = enter(server).await?;
    // no character by itself, and so nothing of the line
    wire.sends(&[b"status", &[IAC, IAC][..], b"\r\n"].concat())
        .await?;
    answered(&mut wire).await?;
    // and an AYT after it is one
    wire.sends(&[IAC, IAC, IAC, AYT]).await?;
    wire.gets(YES).await?;
    leave(server, wire).await
}

/// The answer to `status` comes, once.
async fn answered(wire: &mut Wire) -> Result<(), Fault> {
    let text = wire.up_to(PROMPT.as_bytes()).await?;
    let text = String::from_utf8_lossy(&text);
    judge_status(text.trim_end_matches(PROMPT), "")?;
    leads_to(wire, b"", b"").await
}

async fn cuts(server: &mut Server) -> Result<(), Fault> {
    let mut wire = enter(server).await?;
    let line = b"status\r\n";
    let window = [IAC, SB, NAWS, 0, 80, 0, 24, IAC, SE];
    for (at, between) in (0..=line.len()).flat_map(|at| [(at, &[IAC, NOP][..]), (at, &window)]) {
        let (before, after) = line.split_at(at);
        for octet in [before, between, after].concat() {
            wire.sends(&[octet]).await?;
        }
        answered(&mut wire).await?;
    }
    leave(server, wire).await
}

async fn terminal(server: &mut Server) -> Result<(), Fault> {
    let mut terminal = enter_with(server, config(FEW)).await?;
    terminal.types("who\n").await?;
    let who = terminal.sees(PROMPT).await?;
    let who = who.trim_end_matches(PROMPT);
    let who = who.strip_prefix("who\r\n").unwrap_or(who);
    judge_who(who, terminal.wire.address()?, "-, VT220")?;
    terminal.types("help\n").await?;
    let more = "--More--";
    let page = terminal.sees(more).await?;
    // the echo of the command, and then one line less than the window has
    let lines = page.matches("\r\n").count();
    if lines != usize::from(FEW) {
        return Err(Fault::new(
            format!("{FEW} lines and {more}"),
            page.escape_debug().to_string(),
        ));
    }
    terminal.types("q").await?;
    terminal.sees(PROMPT).await?;
    terminal
        .does(|client, out| client.resize(80, 50, out))
        .await?;
    terminal.types("help\n").await?;
    let page = terminal.sees(PROMPT).await?;
    match page.contains(more) {
        true => Err(Fault::new(
            "all of it, in a window that has room",
            page.escape_debug().to_string(),
        )),
        false => leave(server, terminal.wire).await,
    }
}

/// Marks are seen on Linux only; elsewhere this is an interrupt.
async fn synch(server: &mut Server) -> Result<(), Fault> {
    let mut terminal = enter_with(server, config(24)).await?;
    terminal.types("unfinished").await?;
    terminal.wire.gets(b"unfinished").await?;
    #[cfg(target_os = "linux")]
    terminal.types_and_synchs(" and dropped\nwho\n").await?;
    #[cfg(not(target_os = "linux"))]
    terminal
        .wire
        .sends(&[IAC, Command::IP.0, IAC, Command::DM.0])
        .await?;
    // nothing but the answer to IP
    let answer = format!("^C\r\n{PROMPT}");
    leads_to(&mut terminal.wire, b"", answer.as_bytes()).await?;
    // characters are dropped no longer
    terminal.types("status\n").await?;
    terminal.wire.gets(b"status\r\n").await?;
    answered(&mut terminal.wire).await?;
    leave(server, terminal.wire).await
}

async fn too_long(server: &mut Server) -> Result<(), Fault> {
    let mut wire = enter(server).await?;
    for option in [NAWS, TTYPE, UNKNOWN] {
        let mut sent = vec![IAC, SB, option];
        sent.extend(b"\r\nwho\r\nexit\r\n".repeat(5000));
        sent.extend([IAC, SE]);
        leads_to(&mut wire, &sent, b"").await?;
    }
    wire.sends(b"status\r\n").await?;
    answered(&mut wire).await?;
    leave(server, wire).await
}

async fn one_too_many(server: &mut Server) -> Result<(), Fault> {
    let mut first = enter(server).await?;
    let mut second = Wire::open(server.address).await?;
    // an end, and no reset
    match &*second.rest().await? {
        [] => {}
        came => return Err(Fault::new("the end of the connection", shown(came))),
    }
    first.sends(b"status\r\n").await?;
    let text = first.up_to(PROMPT.as_bytes()).await?;
    let text = String::from_utf8_lossy(&text);
    judge_status(text.trim_end_matches(PROMPT), "1 so far, 1 now, 1 refused")?;
    leave(server, first).await
}

async fn next_one(server: &mut Server) -> Result<(), Fault> {
    let wire = enter(server).await?;
    leave(server, wire).await
}
