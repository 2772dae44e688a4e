//! The user's end of a conversation.

use alloc::vec::Vec;
use core::convert::Infallible;

use crate::environment::kind;
use crate::nvt::Mode;
use crate::receiver::stands_alone;
use crate::session::Session;
use crate::wire::option::{
    Environ, EnvironCodes, EnvironVerb, FlowControl, ForwardMask, Linemode, Mode as LineMask, Naws,
    Quoted, SlcFunction, SlcRole, SlcSetting, SlcTable, SlcTriplet, SlcTriplets, TerminalSpeed,
    TerminalType, Variable, VariableKind, XDisplayLocation,
};
use crate::{
    Command, Config, Event, Fact, Input, Machine, Misuse, Next, OptionCode, OptionSet, Payload,
    Policy, Receiver, Requested, Side, Step,
};

/// What a client tells about itself, and what it offers. Nothing is told that does not stand here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// Speak first, as clients do on port 23: offer and ask for everything below at once. Default:
    /// no, wait for the server.
    pub speaks_first: bool,
    /// Names of the terminal, the best first (TTYPE). None: the option is refused. Default: none.
    pub terminal_types: Vec<Vec<u8>>,
    /// Columns and rows of the window (NAWS). Default: none, the option is refused.
    pub window: Option<(u16, u16)>,
    /// Transmitting and receiving, in bits per second (TSPEED). Default: none, the option is refused.
    pub terminal_speed: Option<(u32, u32)>,
    /// Host, colon, number (XDISPLOC). Default: none, the option is refused.
    pub x_display: Option<Vec<u8>>,
    /// Names and values that the server may know (NEW-ENVIRON): those, whatever it asks for, and no
    /// others. If there are none, the option is refused. Default: none.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
    /// The longest answer about the environment, in octets; variables that do not fit are left out.
    /// Default: 4096.
    pub max_environment: usize,
    /// Character sets to agree to, the best first (CHARSET). Default: none, the option is refused.
    pub charsets: Vec<Vec<u8>>,
    /// Edit lines for the server when it wants that (LINEMODE). Only for applications that do.
    /// Default: no.
    pub linemode: bool,
    /// Which characters have which function at this terminal, for LINEMODE. Default: none, the
    /// server is asked for those that it has.
    pub special_characters: Vec<(SlcFunction, SlcSetting)>,
    /// Ask for BINARY in both directions at the start. If the server asks for it, it is agreed to in
    /// any case. Default: no.
    pub binary: bool,
    /// Let the server echo (ECHO). Not for programs whose output is to have no trace of their input.
    /// Default: yes.
    pub remote_echo: bool,
    /// Further options that may be agreed to, for applications that know what they mean.
    pub also: Policy,
    /// See [`Config::handoff`]. Default: none.
    pub handoff: OptionSet,
    /// See [`Config::max_subnegotiation`]. Default: 4096.
    pub max_subnegotiation: usize,
    /// See [`Config::max_requests`]. Default: 1000.
    pub max_requests: u32,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            speaks_first: false,
            terminal_types: Vec::new(),
            window: None,
            terminal_speed: None,
            x_display: None,
            environment: Vec::new(),
            max_environment: 4096,
            charsets: Vec::new(),
            linemode: false,
            special_characters: Vec::new(),
            binary: false,
            remote_echo: true,
            also: Policy::default(),
            handoff: OptionSet::NONE,
            max_subnegotiation: 4096,
            max_requests: 1000,
        }
    }
}

/// A client: answers what the server asks about the terminal, and keeps to itself what it was not
/// told to tell.
///
/// It passes on every event of its [`Receiver`], and [`Event::Learned`] after a subnegotiation that
/// taught it something.
#[derive(Clone, Debug)]
pub struct Client {
    session: Session,
    config: ClientConfig,
    /// Which of the terminal's names is next, and how often the last one was said.
    next_terminal: usize,
    /// Data is dropped until a timing mark comes.
    flushing: bool,
    linemode: u8,
    characters: SlcTable,
    flow: (bool, bool),
}

impl Machine for Client {
    type Event<'i> = Event<&'i [u8]>;
    type Error = Infallible;

    fn start(&mut self, out: &mut Vec<u8>) {
        if self.config.speaks_first {
            self.ask(Side::Him, OptionCode::SGA, out);
            let ours = self.tells();
            for option in ours.iter() {
                self.ask(Side::Us, option, out);
            }
        }
        if self.config.binary {
            self.ask(Side::Us, OptionCode::BINARY, out);
            self.ask(Side::Him, OptionCode::BINARY, out);
        }
    }

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        out: &mut Vec<u8>,
    ) -> Result<Step<Event<&'i [u8]>>, Infallible> {
        let step = self.session.step(input, out);
        if let Next::Event(event) = &step.next {
            if self.flushing && matches!(event, Event::Data(_)) {
                return Ok(Step::need_more(step.consumed));
            }
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

impl Client {
    /// A client before its first octet.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        let mut policy = config.also;
        let always = [OptionCode::SGA, OptionCode::BINARY, OptionCode::STATUS];
        for option in always.into_iter().chain([OptionCode::LFLOW]) {
            policy.us = policy.us.with(option);
        }
        for option in always.into_iter().chain([OptionCode::EOR]) {
            policy.him = policy.him.with(option);
        }
        if config.remote_echo {
            policy.him = policy.him.with(OptionCode::ECHO);
        }
        policy.us = tells(&config).iter().fold(policy.us, OptionSet::with);
        if !config.charsets.is_empty() {
            policy.us = policy.us.with(OptionCode::CHARSET);
            policy.him = policy.him.with(OptionCode::CHARSET);
        }
        // An end that echoes what the other end echoes never stops (RFC 857).
        policy.us = policy.us.without(OptionCode::ECHO);
        policy.ask_us = policy.ask_us.without(OptionCode::ECHO);
        let mut characters = config.special_characters.clone();
        if characters.is_empty() {
            // none of our own: whatever the server has
            let any = |function| (function, SlcSetting::DEFAULT);
            characters.extend(SlcFunction::every().map(any));
        }
        let receiver = Receiver::new(Config {
            policy,
            max_subnegotiation: config.max_subnegotiation,
            nvt: true,
            timing_marks: true,
            handoff: config.handoff,
            max_requests: config.max_requests,
        });
        Self {
            session: Session::new(receiver, config.charsets.clone(), false),
            config,
            next_terminal: 0,
            flushing: false,
            linemode: 0,
            characters: SlcTable::new(SlcRole::Client, &characters),
            flow: (true, false),
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

    /// How the keyboard is to work now: who echoes, and whether lines or characters are sent.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.session.mode(Side::Us)
    }

    /// The modes of LINEMODE in effect (RFC 1184), or 0.
    #[must_use]
    pub const fn linemode(&self) -> u8 {
        self.linemode
    }

    /// Which characters have which function (RFC 1184).
    #[must_use]
    pub const fn special_characters(&self) -> &SlcTable {
        &self.characters
    }

    /// Whether XOFF is to stop output, and whether any character restarts it (RFC 1372).
    #[must_use]
    pub const fn flow_control(&self) -> (bool, bool) {
        self.flow
    }

    /// The character set that was agreed on.
    #[must_use]
    pub fn charset(&self) -> Option<&[u8]> {
        self.session.charset.as_deref()
    }

    /// Whether data is dropped until a timing mark comes.
    #[must_use]
    pub const fn is_flushing(&self) -> bool {
        self.flushing
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

    /// Sends text: lines end with LF, or CR LF. While BINARY is in effect at our end, it is sent as it
    /// is. Text may be given in any pieces.
    pub fn write(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.session.write(text, out);
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

    /// Sends a command of two octets: IP, AO, AYT, EC, EL, BRK and so on.
    ///
    /// # Errors
    /// [`Misuse::NotACommand`].
    pub fn command(&mut self, command: Command, out: &mut Vec<u8>) -> Result<(), Misuse> {
        stands_alone(command)?;
        self.session.settle(out);
        self.session.receiver.send_command(command, out)
    }

    /// Sends a Synch: what the server has not yet processed is to be dropped. Returns the place in
    /// `out` of the octet that the urgent mark belongs to. A command that shall get through (IP, AO,
    /// AYT) is sent before it.
    pub fn synch(&mut self, out: &mut Vec<u8>) -> usize {
        self.session.settle(out);
        self.session.receiver.send_synch(out)
    }

    /// Drops data until the server has processed what was sent so far: asks for a timing mark, as
    /// users' programs do after IP and AO (RFC 860). Called again, it drops data until the last mark
    /// has come.
    pub fn flush_until_mark(&mut self, out: &mut Vec<u8>) {
        self.flushing = true;
        self.session.settle(out);
        self.session.receiver.ask_timing_mark(out);
    }

    /// Shows data again although the mark has not come: "in case the Server fails to send the
    /// expected signal" (RFC 1123 section 3.4.5).
    pub const fn stop_flushing(&mut self) {
        self.flushing = false;
    }

    /// The window has another size now.
    pub fn resize(&mut self, columns: u16, rows: u16, out: &mut Vec<u8>) {
        self.config.window = Some((columns, rows));
        if self.session.is_on(Side::Us, OptionCode::NAWS) {
            self.session.settle(out);
            self.tell_window(out);
        }
    }

    fn ask(&mut self, side: Side, option: OptionCode, out: &mut Vec<u8>) {
        self.request(side, option, true, out);
    }

    fn tells(&self) -> OptionSet {
        tells(&self.config)
    }

    /// Does what an event asks a client to do.
    fn heed(&mut self, event: &Event<&[u8]>, out: &mut Vec<u8>) {
        match *event {
            Event::Option {
                side: Side::Us,
                option: OptionCode::NAWS,
                on: true,
            } => self.tell_window(out),
            Event::Option {
                side: Side::Us,
                option: OptionCode::LINEMODE,
                on,
            } => {
                self.linemode = 0;
                if on {
                    self.tell_characters(out);
                }
            }
            // "the sender of the WILL must enable flow control" (RFC 1372)
            Event::Option {
                side: Side::Us,
                option: OptionCode::LFLOW,
                ..
            } => self.flow.0 = true,
            Event::Option {
                side: Side::Us,
                option: OptionCode::CHARSET,
                on: true,
            } => self.session.offer_charsets(out),
            Event::TimingMark(Side::Him)
            | Event::Refused {
                side: Side::Him,
                option: OptionCode::TIMING_MARK,
            } => self.flushing = self.flushing && self.session.receiver.awaits_mark(),
            Event::Subnegotiation { option, payload } if self.session.is_on(Side::Us, option) => {
                let fact = self.told(option, payload, out);
                self.session.learned = self.session.learned.or(fact);
            }
            _ => {}
        }
    }

    /// RFC 1184 section 5.5: sends our characters, or asks for the server's.
    fn tell_characters(&mut self, out: &mut Vec<u8>) {
        let option = OptionCode::LINEMODE;
        let ours = self.characters.export();
        if self.config.special_characters.is_empty() {
            let import = [SlcTriplet::IMPORT_DEFAULTS];
            let import = Linemode::Slc(SlcTriplets::of(&import));
            self.session.send(option, out, |p| import.encode(p));
        } else if !ours.is_empty() {
            self.session.send_with(option, out, |p| ours.encode(p));
        }
    }

    fn tell_window(&mut self, out: &mut Vec<u8>) {
        let (columns, rows) = self.config.window.unwrap_or_default();
        let window = Naws { columns, rows };
        self.session
            .send(OptionCode::NAWS, out, |p| window.encode(p));
    }
}

impl Client {
    /// What a subnegotiation asks.
    fn told(
        &mut self,
        option: OptionCode,
        payload: Payload<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Option<Fact> {
        let octets = payload.into_cow();
        let told = match option {
            OptionCode::TTYPE => TerminalType::parse(&octets).map(|said| {
                if said == TerminalType::Send {
                    self.tell_terminal(out);
                }
                None
            }),
            OptionCode::TSPEED => TerminalSpeed::parse(&octets).map(|said| {
                if let (TerminalSpeed::Send, Some((transmit, receive))) =
                    (said, self.config.terminal_speed)
                {
                    let speed = TerminalSpeed::Is { transmit, receive };
                    self.session.send(option, out, |p| speed.encode(p));
                }
                None
            }),
            OptionCode::XDISPLOC => XDisplayLocation::parse(&octets).map(|said| {
                if let (XDisplayLocation::Send, Some(display)) = (said, &self.config.x_display) {
                    let display = display.clone();
                    let said = XDisplayLocation::Is(&display);
                    self.session.send(option, out, |p| said.encode(p));
                }
                None
            }),
            OptionCode::NEW_ENVIRON => Environ::parse(&octets, EnvironCodes::Rfc).map(|said| {
                if said.verb == EnvironVerb::Send {
                    self.tell_variables(&said, out);
                }
                None
            }),
            OptionCode::LFLOW => match FlowControl::parse(&octets) {
                Ok(said) => Ok(Some(self.told_flow(said))),
                // "must be silently ignored" (RFC 1372)
                Err(_) => Ok(None),
            },
            OptionCode::LINEMODE => {
                Linemode::parse(&octets).map(|said| self.told_linemode(&said, out))
            }
            _ => Ok(None),
        };
        told.unwrap_or_else(|error| Some(Fact::Malformed { option, error }))
    }

    /// RFC 1091: the next name each time, the last one twice, and then from the first again. For one
    /// that cannot be sent, and if there is none, UNKNOWN.
    fn tell_terminal(&mut self, out: &mut Vec<u8>) {
        let names = &self.config.terminal_types;
        let name = names.get(self.next_terminal).or(names.last());
        let said = name.map_or(TerminalType::UNKNOWN, |name| TerminalType::Is(name));
        self.next_terminal = match self.next_terminal < names.len() {
            true => self.next_terminal + 1,
            false => 0,
        };
        let mut payload = Vec::new();
        if said.encode(&mut payload).is_err() {
            payload.push(0);
            payload.extend_from_slice(b"UNKNOWN");
        }
        self.session
            .send_with(OptionCode::TTYPE, out, |p| p.extend_from_slice(&payload));
    }

    /// Those that were asked for, in that order and as often; all when none was named; of what we do
    /// not have, only that it is not defined (RFC 1572).
    fn tell_variables(&mut self, asked: &Environ<'_>, out: &mut Vec<u8>) {
        let ours = core::mem::take(&mut self.config.environment);
        let find = |name: &[u8]| ours.iter().find(|(n, _)| n == name);
        let mut told: Vec<Variable<'_>> = Vec::new();
        let mut left = self.config.max_environment;
        let everything = asked.variables.is_empty();
        let names: Vec<(VariableKind, Vec<u8>)> = if everything {
            ours.iter().map(|(n, _)| (kind(n), n.clone())).collect()
        } else {
            let asked = asked.variables.iter();
            asked
                .map(|v| (v.kind, v.name.to_cow().into_owned()))
                .collect()
        };
        let all_of = |wanted: VariableKind| ours.iter().filter(move |(n, _)| kind(n) == wanted);
        for (wanted, name) in &names {
            let mut tell: Vec<(&[u8], Option<&[u8]>)> = Vec::new();
            if name.is_empty() {
                // VAR or USERVAR alone: all of that kind
                tell.extend(all_of(*wanted).map(|(name, value)| (&name[..], Some(&value[..]))));
            } else {
                tell.push((name, find(name).map(|(_, value)| &value[..])));
            }
            for (name, value) in tell {
                let cost = cost(name) + value.map_or(0, cost);
                if cost <= left {
                    left -= cost;
                    told.push(variable(*wanted, name, value));
                }
            }
        }
        let answer = Environ::is(&told);
        self.session
            .send(OptionCode::NEW_ENVIRON, out, |p| answer.encode(p));
        drop(told);
        self.config.environment = ours;
    }

    fn told_flow(&mut self, said: FlowControl) -> Fact {
        match said {
            FlowControl::Off => self.flow.0 = false,
            FlowControl::On => self.flow.0 = true,
            FlowControl::RestartAny => self.flow.1 = true,
            FlowControl::RestartXon => self.flow.1 = false,
        }
        let (on, restart_any) = self.flow;
        Fact::FlowControl { on, restart_any }
    }

    /// RFC 1184 section 2.2.
    fn told_linemode(&mut self, said: &Linemode<'_>, out: &mut Vec<u8>) -> Option<Fact> {
        let option = OptionCode::LINEMODE;
        match said {
            Linemode::Mode(mode) if mode.has(LineMask::ACK) => None,
            Linemode::Mode(mode) => {
                let wanted = mode.0;
                if wanted == self.linemode {
                    return None;
                }
                let mode = LineMask(wanted & MODES.0);
                let is_new = mode.0 != self.linemode;
                self.linemode = mode.0;
                let answer = Linemode::Mode(mode.with(LineMask::ACK));
                self.session.send(option, out, |p| answer.encode(p));
                is_new.then_some(Fact::Linemode { mask: mode.0 })
            }
            Linemode::Slc(triplets) => {
                let replies = self.characters.receive(triplets);
                if !replies.is_empty() {
                    self.session.send_with(option, out, |p| replies.encode(p));
                }
                Some(Fact::SpecialCharacters)
            }
            Linemode::ForwardMask(ForwardMask::Do(_)) => {
                // whole lines are sent, or single characters
                let answer = Linemode::ForwardMask(ForwardMask::Wont);
                self.session.send(option, out, |p| answer.encode(p));
                None
            }
            Linemode::ForwardMask(_) => None,
        }
    }
}

/// The modes that there are.
const MODES: LineMask = LineMask::EDIT
    .with(LineMask::TRAPSIG)
    .with(LineMask::SOFT_TAB)
    .with(LineMask::LIT_ECHO);

/// The octets that a name or a value takes, with those that are escaped or doubled, and one before.
fn cost(octets: &[u8]) -> usize {
    let twice = octets.iter().filter(|octet| matches!(octet, 0..=3 | 255));
    1 + octets.len() + twice.count()
}

fn variable<'v>(kind: VariableKind, name: &'v [u8], value: Option<&'v [u8]>) -> Variable<'v> {
    Variable {
        kind,
        name: Quoted::plain(name),
        value: value.map(Quoted::plain),
    }
}

/// The options by which this client has something to tell.
fn tells(config: &ClientConfig) -> OptionSet {
    let has = [
        (!config.terminal_types.is_empty(), OptionCode::TTYPE),
        (config.window.is_some(), OptionCode::NAWS),
        (config.terminal_speed.is_some(), OptionCode::TSPEED),
        (config.x_display.is_some(), OptionCode::XDISPLOC),
        (!config.environment.is_empty(), OptionCode::NEW_ENVIRON),
        (config.linemode, OptionCode::LINEMODE),
    ];
    let has = has.into_iter().filter(|(has, _)| *has);
    has.map(|(_, option)| option).collect()
}
