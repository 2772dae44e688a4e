//! The server's end of a conversation.

use alloc::vec::Vec;
use core::convert::Infallible;

use crate::environment::{is_terminal_name, kind};
use crate::nvt::Mode;
use crate::receiver::stands_alone;
use crate::session::Session;
use crate::wire::option::{
    Environ, EnvironCodes, EnvironVerb, Linemode, Mode as LineMask, Naws, Quoted, SlcFunction,
    SlcRole, SlcSetting, SlcTable, TerminalSpeed, TerminalType, Variable,
};
use crate::{
    Command, Config, Environment, EnvironmentPolicy, Event, Fact, Input, Machine, Misuse,
    OptionCode, OptionSet, Payload, Policy, Receiver, Requested, Side, Step,
};

/// How a server wants to be typed at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Typing {
    /// By the character, echoed by the server: WILL ECHO, WILL SUPPRESS-GO-AHEAD.
    #[default]
    Character,
    /// By the line, edited and echoed by the client: the NVT as it is, nothing is offered.
    Line,
    /// By the line, edited by the client as the server says: DO LINEMODE (RFC 1184). A client that
    /// has no LINEMODE is asked for characters instead.
    Linemode,
}

/// What a server offers and asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// How it wants to be typed at. Default: by the character.
    pub typing: Typing,
    /// Ask for the size of the window (NAWS). Default: yes.
    pub ask_window: bool,
    /// Ask for the names of the terminal (TTYPE). Default: yes.
    pub ask_terminal_type: bool,
    /// How many names of the terminal are asked for at most. Default: 8.
    pub max_terminal_types: usize,
    /// Ask for the speed of the terminal (TSPEED). Default: no.
    pub ask_terminal_speed: bool,
    /// Which variables to ask for and to let through (NEW-ENVIRON). If there are none, the option is
    /// refused. Default: none.
    pub environment: EnvironmentPolicy,
    /// Character sets to agree to, the best first (CHARSET). If there is one, it is offered. Default:
    /// none.
    pub charsets: Vec<Vec<u8>>,
    /// What AYT is answered with, as local text; RFC 854 wants something that can be seen. Empty: the
    /// application answers. Default: `[Yes]` on a line of its own.
    pub are_you_there: Vec<u8>,
    /// Further options that may be agreed to, for applications that know what they mean.
    pub also: Policy,
    /// See [`Config::handoff`]. Default: none.
    pub handoff: OptionSet,
    /// See [`Config::max_subnegotiation`]. Default: 1024.
    pub max_subnegotiation: usize,
    /// See [`Config::max_requests`]. Default: 1000.
    pub max_requests: u32,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            typing: Typing::default(),
            ask_window: true,
            ask_terminal_type: true,
            max_terminal_types: 8,
            ask_terminal_speed: false,
            environment: EnvironmentPolicy::default(),
            charsets: Vec::new(),
            are_you_there: b"\n[Yes]\n".to_vec(),
            also: Policy::default(),
            handoff: OptionSet::NONE,
            max_subnegotiation: 1024,
            max_requests: 1000,
        }
    }
}

/// So much of a terminal's name is looked at: more than one may have.
const MAX_NAME: usize = 64;

/// What a server in LINEMODE would choose for the characters that it has to do with.
const CHARACTERS: [(SlcFunction, SlcSetting); 8] = [
    (SlcFunction::IP, SlcSetting::value(3)),
    (SlcFunction::AYT, SlcSetting::value(20)),
    (SlcFunction::AO, SlcSetting::value(15)),
    (SlcFunction::EOF, SlcSetting::value(4)),
    (SlcFunction::SUSP, SlcSetting::DEFAULT),
    (SlcFunction::ABORT, SlcSetting::DEFAULT),
    (SlcFunction::EC, SlcSetting::value(127)),
    (SlcFunction::EL, SlcSetting::value(21)),
];

/// A server: makes the offers at the start, answers what options need to be answered, and knows what
/// it was told about the client's terminal.
///
/// It passes on every event of its [`Receiver`], and [`Event::Learned`] after a subnegotiation that
/// taught it something.
#[derive(Clone, Debug)]
pub struct Server {
    session: Session,
    config: ServerConfig,
    window: Option<Naws>,
    terminal_types: Vec<Vec<u8>>,
    terminals: Terminals,
    terminal_speed: Option<(u32, u32)>,
    environment: Environment,
    linemode: u8,
    characters: SlcTable,
    /// How many names were told, and the last of them.
    asked_terminals: usize,
    last_terminal: Option<Vec<u8>>,
}

/// How far the client's list of terminals was read. RFC 1091: it comes to an end when a name comes
/// twice; being asked once more, the client begins again, with the terminal it prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Terminals {
    Unknown,
    Asked,
    /// The list was read, and the client was asked to go back to its start.
    Rewinding,
    Known,
}

impl Machine for Server {
    type Event<'i> = Event<&'i [u8]>;
    type Error = Infallible;

    fn start(&mut self, out: &mut Vec<u8>) {
        match self.config.typing {
            Typing::Character => self.ask_for_characters(out),
            Typing::Line => {}
            Typing::Linemode => self.ask(Side::Him, OptionCode::LINEMODE, out),
        }
        if self.config.ask_terminal_type {
            self.ask(Side::Him, OptionCode::TTYPE, out);
        }
        if self.config.ask_window {
            self.ask(Side::Him, OptionCode::NAWS, out);
        }
        if self.config.ask_terminal_speed {
            self.ask(Side::Him, OptionCode::TSPEED, out);
        }
        if self.asks_environment() {
            self.ask(Side::Him, OptionCode::NEW_ENVIRON, out);
        }
        if !self.config.charsets.is_empty() {
            self.ask(Side::Us, OptionCode::CHARSET, out);
        }
    }

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        out: &mut Vec<u8>,
    ) -> Result<Step<Event<&'i [u8]>>, Infallible> {
        let step = self.session.step(input, out);
        if let crate::Next::Event(event) = &step.next {
            self.heed(event, out);
        }
        Ok(step)
    }

    fn max_unconsumed(&self) -> usize {
        self.session.receiver.max_unconsumed()
    }

    fn urgent(&mut self) {
        self.session.receiver.urgent();
    }
}

impl Server {
    /// A server before its first octet.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        let mut policy = config.also;
        policy.us = policy
            .us
            .with(OptionCode::SGA)
            .with(OptionCode::BINARY)
            .with(OptionCode::STATUS);
        if config.typing != Typing::Line {
            policy.us = policy.us.with(OptionCode::ECHO);
        }
        policy.him = policy
            .him
            .with(OptionCode::SGA)
            .with(OptionCode::BINARY)
            .with(OptionCode::EOR);
        let wanted = [
            (config.ask_window, OptionCode::NAWS),
            (config.ask_terminal_type, OptionCode::TTYPE),
            (config.ask_terminal_speed, OptionCode::TSPEED),
            (asks(&config.environment), OptionCode::NEW_ENVIRON),
            (!config.charsets.is_empty(), OptionCode::CHARSET),
            (config.typing == Typing::Linemode, OptionCode::LINEMODE),
        ];
        for (_, option) in wanted.iter().filter(|(wanted, _)| *wanted) {
            policy.him = policy.him.with(*option);
        }
        if !config.charsets.is_empty() {
            policy.us = policy.us.with(OptionCode::CHARSET);
        }
        // An end that echoes what the other end echoes never stops (RFC 857).
        policy.him = policy.him.without(OptionCode::ECHO);
        policy.ask_him = policy.ask_him.without(OptionCode::ECHO);
        let receiver = Receiver::new(Config {
            policy,
            max_subnegotiation: config.max_subnegotiation,
            nvt: true,
            timing_marks: true,
            handoff: config.handoff,
            max_requests: config.max_requests,
        });
        Self {
            session: Session::new(receiver, config.charsets.clone(), true),
            config,
            window: None,
            terminal_types: Vec::new(),
            terminals: Terminals::Unknown,
            terminal_speed: None,
            environment: Environment::default(),
            linemode: 0,
            characters: SlcTable::new(SlcRole::Server, &CHARACTERS),
            asked_terminals: 0,
            last_terminal: None,
        }
    }

    /// The receiver below, with the state of every option.
    #[must_use]
    pub const fn receiver(&self) -> &Receiver {
        &self.session.receiver
    }

    /// The receiver below, for what has no method here.
    pub const fn receiver_mut(&mut self) -> &mut Receiver {
        &mut self.session.receiver
    }

    /// The client's window, columns and rows, once it has said so; 0 where it does not know.
    #[must_use]
    pub fn window(&self) -> Option<(u16, u16)> {
        self.window.map(|w| (w.columns, w.rows))
    }

    /// The names of the client's terminal so far, in its order: the one it prefers is the first.
    /// Only names that [`is_terminal_name`] accepts.
    pub fn terminal_types(&self) -> impl Iterator<Item = &[u8]> {
        self.terminal_types.iter().map(Vec::as_slice)
    }

    /// The name that the client's terminal prefers.
    #[must_use]
    pub fn terminal_type(&self) -> Option<&[u8]> {
        self.terminal_types.first().map(Vec::as_slice)
    }

    /// The speeds of the client's terminal, transmitting and receiving, in bits per second.
    #[must_use]
    pub const fn terminal_speed(&self) -> Option<(u32, u32)> {
        self.terminal_speed
    }

    /// The client's variables that were let through.
    #[must_use]
    pub const fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The character set that was agreed on.
    #[must_use]
    pub fn charset(&self) -> Option<&[u8]> {
        self.session.charset.as_deref()
    }

    /// The modes of LINEMODE in effect (RFC 1184), or 0.
    #[must_use]
    pub const fn linemode(&self) -> u8 {
        self.linemode
    }

    /// How the client's keyboard works now. Whatever it says, single characters may come at any time,
    /// and whole lines too.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.session.mode(Side::Him)
    }

    /// Whether we are to echo what comes in.
    #[must_use]
    pub const fn echoes(&self) -> bool {
        self.session.is_on(Side::Us, OptionCode::ECHO)
    }

    /// Whether both ECHO and SUPPRESS-GO-AHEAD are in effect at our end, or LINEMODE without EDIT:
    /// the client sends every character at once.
    #[must_use]
    pub const fn is_character_mode(&self) -> bool {
        if self.session.is_on(Side::Him, OptionCode::LINEMODE) {
            return !LineMask(self.linemode).has(LineMask::EDIT);
        }
        matches!(self.mode(), Mode::Character)
    }

    /// Asks for an option to be on or off, at either end, or answers [`Event::Asked`].
    pub fn request(
        &mut self,
        side: Side,
        option: OptionCode,
        on: bool,
        out: &mut Vec<u8>,
    ) -> Requested {
        self.session.settle(out);
        let requested = self.session.receiver.request(side, option, on, out);
        if requested == Requested::Answered && on {
            self.heed(&Event::Option { side, option, on }, out);
        }
        requested
    }

    /// Says that we echo, or do not: on before a password is asked for by a server in line mode, which
    /// then echoes nothing, and off after it.
    pub fn set_echo(&mut self, on: bool, out: &mut Vec<u8>) -> Requested {
        self.request(Side::Us, OptionCode::ECHO, on, out)
    }

    /// Sends text: lines end with LF, or CR LF, and are sent with CR LF, while BINARY is in effect, too
    /// (then a CR alone is sent without a NUL). Text may be given in any pieces.
    pub fn write(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.session.write_lines(text, out);
    }

    /// Gives a CR that was written last its NUL. To be called before you append octets of your own to
    /// `out`, such as the echo of a [`LineEditor`](crate::nvt::LineEditor); the calls here do it.
    pub fn settle(&mut self, out: &mut Vec<u8>) {
        self.session.settle(out);
    }

    /// Sends octets as they are; only 255 is doubled.
    pub fn write_raw(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        self.session.write_raw(octets, out);
    }

    /// Sends a command of two octets: GA, EOR, NOP and so on.
    ///
    /// # Errors
    /// [`Misuse::NotACommand`].
    pub fn command(&mut self, command: Command, out: &mut Vec<u8>) -> Result<(), Misuse> {
        stands_alone(command)?;
        self.session.settle(out);
        self.session.receiver.send_command(command, out)
    }

    /// The end of a prompt: Go Ahead, unless it is suppressed (RFC 858), and End of Record, if it was
    /// agreed on (RFC 885). GA is suppressed only when the client has agreed to it, so a prompt that is
    /// sent with the opening offers has one.
    pub fn prompt_ends(&mut self, out: &mut Vec<u8>) {
        self.session.settle(out);
        self.session.prompt_ends(out);
    }

    /// Sends a Synch: what the client has not yet shown is to be dropped. Returns the place in `out` of
    /// the octet that the urgent mark belongs to.
    pub fn synch(&mut self, out: &mut Vec<u8>) -> usize {
        self.session.settle(out);
        self.session.receiver.send_synch(out)
    }

    /// The client was started anew on the same connection, or we were: forgets all that was
    /// negotiated and makes the offers of the start again.
    pub fn renegotiate(&mut self, out: &mut Vec<u8>) {
        self.session.receiver.assume_peer_reset();
        self.terminals = Terminals::Unknown;
        self.terminal_types.clear();
        self.last_terminal = None;
        self.asked_terminals = 0;
        self.linemode = 0;
        self.start(out);
    }

    fn ask(&mut self, side: Side, option: OptionCode, out: &mut Vec<u8>) {
        self.request(side, option, true, out);
    }

    fn ask_for_characters(&mut self, out: &mut Vec<u8>) {
        self.ask(Side::Us, OptionCode::ECHO, out);
        self.ask(Side::Us, OptionCode::SGA, out);
        self.ask(Side::Him, OptionCode::SGA, out);
    }

    fn asks_environment(&self) -> bool {
        asks(&self.config.environment)
    }

    /// Does what an event asks a server to do.
    fn heed(&mut self, event: &Event<&[u8]>, out: &mut Vec<u8>) {
        match *event {
            Event::Command(Command::AYT) => {
                let answer = core::mem::take(&mut self.config.are_you_there);
                self.session.write_lines(&answer, out);
                self.config.are_you_there = answer;
            }
            Event::Option {
                side: Side::Him,
                option,
                on: true,
            } => self.began(option, out),
            Event::Option {
                side: Side::Him,
                option: OptionCode::LINEMODE,
                on: false,
            } => self.linemode = 0,
            Event::Refused {
                side: Side::Him,
                option: OptionCode::LINEMODE,
            } => self.ask_for_characters(out),
            Event::Option {
                side: Side::Us,
                option: OptionCode::CHARSET,
                on: true,
            } => self.session.offer_charsets(out),
            Event::Subnegotiation { option, payload } if self.session.is_on(Side::Him, option) => {
                let fact = self.told(option, payload, out);
                self.session.learned = self.session.learned.or(fact);
            }
            _ => {}
        }
    }

    /// The client now performs an option: ask for what it has to tell.
    fn began(&mut self, option: OptionCode, out: &mut Vec<u8>) {
        match option {
            OptionCode::TTYPE => {
                self.terminals = Terminals::Asked;
                self.ask_terminal(out);
            }
            OptionCode::TSPEED => {
                self.session
                    .send(option, out, |p| TerminalSpeed::Send.encode(p));
            }
            OptionCode::NEW_ENVIRON => self.ask_for_variables(out),
            OptionCode::LINEMODE => {
                self.characters = SlcTable::new(SlcRole::Server, &CHARACTERS);
                let mode = Linemode::Mode(LineMask::EDIT.with(LineMask::TRAPSIG));
                self.session.send(option, out, |p| mode.encode(p));
            }
            _ => {}
        }
    }

    /// In pieces of at most 240 octets: some clients cannot take more.
    fn ask_for_variables(&mut self, out: &mut Vec<u8>) {
        let names: Vec<Vec<u8>> = self
            .config
            .environment
            .allowed()
            .map(<[u8]>::to_vec)
            .collect();
        let mut asked: Vec<Variable<'_>> = Vec::new();
        let mut len = 1;
        for name in &names {
            let kind = kind(name);
            if len + name.len() + 1 > 240 && !asked.is_empty() {
                self.ask_variables(&asked, out);
                asked.clear();
                len = 1;
            }
            len += name.len() + 1;
            asked.push(Variable {
                kind,
                name: Quoted::plain(name),
                value: None,
            });
        }
        // none would be a question for all
        if !asked.is_empty() {
            self.ask_variables(&asked, out);
        }
    }

    fn ask_variables(&mut self, variables: &[Variable<'_>], out: &mut Vec<u8>) {
        let environ = Environ::send(variables);
        let option = OptionCode::NEW_ENVIRON;
        self.session.send(option, out, |p| environ.encode(p));
    }

    /// What a subnegotiation says.
    fn told(
        &mut self,
        option: OptionCode,
        payload: Payload<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Option<Fact> {
        let octets = payload.into_cow();
        let told = match option {
            OptionCode::NAWS => Naws::parse(&octets).map(|window| {
                self.window = Some(window);
                let Naws { columns, rows } = window;
                Some(Fact::Window { columns, rows })
            }),
            OptionCode::TTYPE => TerminalType::parse(&octets).map(|said| match said {
                TerminalType::Is(name) => self.told_terminal(name, out),
                TerminalType::Send => None,
            }),
            OptionCode::TSPEED => TerminalSpeed::parse(&octets).map(|said| match said {
                TerminalSpeed::Is { transmit, receive } => {
                    self.terminal_speed = Some((transmit, receive));
                    Some(Fact::TerminalSpeed { transmit, receive })
                }
                TerminalSpeed::Send => None,
            }),
            OptionCode::NEW_ENVIRON => {
                Environ::parse(&octets, EnvironCodes::Rfc).map(|said| self.told_variables(&said))
            }
            OptionCode::LINEMODE => {
                Linemode::parse(&octets).map(|said| self.told_linemode(&said, out))
            }
            _ => Ok(None),
        };
        told.unwrap_or_else(|error| Some(Fact::Malformed { option, error }))
    }

    fn told_terminal(&mut self, name: &[u8], out: &mut Vec<u8>) -> Option<Fact> {
        match self.terminals {
            Terminals::Asked => {}
            // the first name again, or one that nobody asked for
            Terminals::Rewinding => {
                self.terminals = Terminals::Known;
                return None;
            }
            Terminals::Unknown | Terminals::Known => return None,
        }
        // "upper and lower case are considered equivalent"; of a long name, the begin will do
        let name = &name[..name.len().min(MAX_NAME)];
        let last = self.last_terminal.as_deref();
        if last.is_some_and(|last| last.eq_ignore_ascii_case(name)) {
            self.terminals = Terminals::Known;
            if self.asked_terminals > 1 {
                self.terminals = Terminals::Rewinding;
                self.ask_terminal(out);
            }
            return Some(Fact::TerminalType { complete: true });
        }
        let mut known = self.terminal_types.iter();
        let is_new = !known.any(|known| known.eq_ignore_ascii_case(name));
        if is_terminal_name(name) && is_new {
            self.terminal_types.push(name.to_vec());
        }
        self.asked_terminals += 1;
        self.last_terminal = Some(name.to_vec());
        if self.asked_terminals >= self.config.max_terminal_types {
            self.terminals = Terminals::Known;
            return Some(Fact::TerminalType { complete: true });
        }
        self.ask_terminal(out);
        Some(Fact::TerminalType { complete: false })
    }

    fn ask_terminal(&mut self, out: &mut Vec<u8>) {
        let option = OptionCode::TTYPE;
        self.session
            .send(option, out, |p| TerminalType::Send.encode(p));
    }

    fn told_variables(&mut self, environ: &Environ<'_>) -> Option<Fact> {
        if environ.verb == EnvironVerb::Send {
            return None;
        }
        let (mut taken, mut barred) = (0, 0);
        for variable in environ.variables.iter() {
            let name = variable.name.to_cow();
            let value = variable.value.map(|v| v.to_cow());
            let policy = &self.config.environment;
            match self.environment.take(policy, &name, value.as_deref()) {
                Ok(()) => taken += 1,
                Err(_) => barred += 1,
            }
        }
        Some(Fact::Environment { taken, barred })
    }

    /// RFC 1184 section 2.2.
    fn told_linemode(&mut self, said: &Linemode<'_>, out: &mut Vec<u8>) -> Option<Fact> {
        let option = OptionCode::LINEMODE;
        match said {
            Linemode::Mode(mode) => {
                let mask = mode.without(LineMask::ACK);
                let is_new = mask.0 != self.linemode;
                self.linemode = mask.0;
                if is_new && !mode.has(LineMask::ACK) {
                    let answer = Linemode::Mode(mask.with(LineMask::ACK));
                    self.session.send(option, out, |p| answer.encode(p));
                }
                is_new.then_some(Fact::Linemode { mask: mask.0 })
            }
            Linemode::Slc(triplets) => {
                let replies = self.characters.receive(triplets);
                if !replies.is_empty() {
                    self.session.send_with(option, out, |p| replies.encode(p));
                }
                Some(Fact::SpecialCharacters)
            }
            Linemode::ForwardMask(_) => None,
        }
    }
}

fn asks(environment: &EnvironmentPolicy) -> bool {
    environment.allowed().next().is_some()
}
