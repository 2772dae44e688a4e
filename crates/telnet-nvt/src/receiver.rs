//! The incremental reader of a TELNET stream, with its negotiation.

use alloc::vec::Vec;
use core::convert::Infallible;

use crate::negotiation::Change;
use crate::wire::code::IAC;
use crate::wire::lex::{Construct, Found, Search, construct, find_iac, find_iac_or_nul};
use crate::wire::payload::write_subnegotiation;
use crate::{
    Command, Config, Event, Input, Machine, Misuse, Negotiation, OptionCode, Payload, Requested,
    Side, Step, Verb, Violation,
};

const NUL: u8 = 0;
const CR: u8 = b'\r';

/// One direction of a TELNET stream, with the negotiation of options that goes both ways.
///
/// It reads data, commands, options and subnegotiations, answers what the policy can answer, and
/// reports the rest. [`Server`](crate::Server) and [`Client`](crate::Client) stand on it; use it by
/// itself for other roles, or to look at a stream.
#[derive(Clone, Debug)]
pub struct Receiver {
    config: Config,
    negotiation: Negotiation,
    inside: Inside,
    /// The subnegotiation that the next octet stands in: its option, the offset of its IAC, and how
    /// far it was searched for its end.
    option: OptionCode,
    start: u64,
    search: Search,
    /// The last octet of data was a CR: a NUL that follows is left out, also behind a command.
    after_cr: bool,
    /// Data is dropped until a DM.
    in_synch: bool,
    /// Octets consumed so far.
    offset: u64,
    /// How many times the peer asked for something to be on.
    requests: u64,
    /// How many timing marks we have asked for and not yet received.
    marks: u32,
}

/// What the next octet stands in.
#[derive(Clone, Copy, Debug)]
enum Inside {
    Data,
    /// Behind IAC SB option.
    Subnegotiation,
    /// The rest of a subnegotiation that was too long.
    Skipped,
    /// Behind a subnegotiation after which the octets are in another form.
    HandedOff,
}

type Stepped<'i> = Step<Event<&'i [u8]>>;

impl Machine for Receiver {
    type Event<'i> = Event<&'i [u8]>;
    type Error = Infallible;

    #[inline(always)]
    fn step<'i>(&mut self, input: Input<'i>, out: &mut Vec<u8>) -> Result<Stepped<'i>, Infallible> {
        // what a stream of single octets consists of, in a few instructions
        match (self.inside, input.bytes()) {
            (Inside::Data, []) => return Ok(self.nothing(input)),
            (Inside::Data, data @ &[octet]) if octet != IAC && octet != NUL && !self.in_synch => {
                self.after_cr = octet == CR;
                return Ok(self.event(1, Event::Data(data)));
            }
            (Inside::Subnegotiation, payload)
                if !input.is_last() && self.search.take_one(payload) =>
            {
                return Ok(Step::need_more(0));
            }
            _ => {}
        }
        Ok(self.advance(input, out))
    }

    /// Twice [`Config::max_subnegotiation`], and a few.
    fn max_unconsumed(&self) -> usize {
        self.config
            .max_subnegotiation
            .saturating_mul(2)
            .saturating_add(4)
    }

    /// Synch: from here to the next DM, data and what edits it (EC, EL) is dropped, and everything
    /// else is carried out (RFC 854). To be called before the octets up to the mark are shown, any
    /// number of times, and not for a mark that is behind.
    fn urgent(&mut self) {
        self.in_synch = true;
        self.after_cr = false;
    }
}

impl Receiver {
    /// A receiver at the start of a stream, with every option off.
    #[must_use]
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            negotiation: Negotiation::new(),
            inside: Inside::Data,
            option: OptionCode(0),
            start: 0,
            search: Search::new(0),
            after_cr: false,
            in_synch: false,
            offset: 0,
            requests: 0,
            marks: 0,
        }
    }

    /// How it behaves.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Where the options stand.
    #[must_use]
    pub const fn negotiation(&self) -> &Negotiation {
        &self.negotiation
    }

    /// Whether an option is in force.
    #[must_use]
    pub const fn is_on(&self, side: Side, option: OptionCode) -> bool {
        self.negotiation.is_on(side, option)
    }

    /// Whether data is dropped until a DM comes.
    #[must_use]
    pub const fn is_in_synch(&self) -> bool {
        self.in_synch
    }

    /// Asks for an option to be on or off, at either end, or answers [`Event::Asked`].
    pub fn request(
        &mut self,
        side: Side,
        option: OptionCode,
        on: bool,
        out: &mut Vec<u8>,
    ) -> Requested {
        self.negotiation.request(side, option, on, out)
    }

    /// Whether a timing mark that we asked for has not come yet.
    pub(crate) const fn awaits_mark(&self) -> bool {
        self.marks > 0
    }

    /// Asks for a timing mark: [`Event::TimingMark`], or [`Event::Refused`], comes when the peer has
    /// processed what was sent before (RFC 860). Needs [`Config::timing_marks`].
    pub fn ask_timing_mark(&mut self, out: &mut Vec<u8>) {
        self.marks = self.marks.saturating_add(1);
        out.extend_from_slice(&[IAC, Verb::Do.code(), OptionCode::TIMING_MARK.0]);
    }

    /// Forgets every option without a word: the peer has begun anew. See
    /// [`Negotiation::assume_peer_reset`].
    pub const fn assume_peer_reset(&mut self) {
        self.negotiation.assume_peer_reset();
        self.marks = 0;
    }

    /// Goes on after [`Next::Done`](crate::Next::Done) because of [`Config::handoff`]: the octets
    /// from here on are TELNET again, after they were changed back. Without effect at any other time.
    pub const fn resume(&mut self) {
        if matches!(self.inside, Inside::HandedOff) {
            self.inside = Inside::Data;
        }
    }

    /// Sends a command of two octets.
    ///
    /// # Errors
    /// [`Misuse::NotACommand`] for IAC, SB, SE and the words of negotiation.
    pub fn send_command(&self, command: Command, out: &mut Vec<u8>) -> Result<(), Misuse> {
        stands_alone(command)?;
        out.extend_from_slice(&[IAC, command.0]);
        Ok(())
    }

    /// Sends a subnegotiation; `payload` is what is meant.
    pub fn send_subnegotiation(&self, option: OptionCode, payload: &[u8], out: &mut Vec<u8>) {
        write_subnegotiation(option, payload, out);
    }

    /// Sends a Synch (RFC 854): IAC DM. Returns the place in `out` of the DM, which the urgent pointer
    /// belongs to (RFC 1123 section 3.2.4). With sockets that is done by sending the octet before it, the
    /// IAC, as out-of-band data: by that they mean the octet before the pointer.
    pub fn send_synch(&self, out: &mut Vec<u8>) -> usize {
        out.extend_from_slice(&[IAC, Command::DM.0]);
        out.len() - 1
    }

    #[inline(never)]
    fn advance<'i>(&mut self, input: Input<'i>, out: &mut Vec<u8>) -> Stepped<'i> {
        loop {
            match self.inside {
                Inside::Data => return self.data(input, out),
                Inside::Subnegotiation => return self.subnegotiation(input),
                Inside::HandedOff => return Step::done(0),
                Inside::Skipped => {
                    if let Some(step) = self.skip(input) {
                        return step;
                    }
                }
            }
        }
    }

    /// So many octets and this event.
    #[inline(always)]
    fn event<'i>(&mut self, consumed: usize, event: Event<&'i [u8]>) -> Stepped<'i> {
        self.offset += consumed as u64;
        Step::event(consumed, event)
    }

    /// So many octets and no event.
    #[inline(always)]
    fn no_event<'i>(&mut self, consumed: usize) -> Stepped<'i> {
        self.offset += consumed as u64;
        Step::need_more(consumed)
    }

    #[inline]
    fn data<'i>(&mut self, input: Input<'i>, out: &mut Vec<u8>) -> Stepped<'i> {
        let bytes = input.bytes();
        let Some(&first) = bytes.first() else {
            return self.nothing(input);
        };
        if first == IAC {
            return self.command(input, out);
        }
        if self.in_synch {
            let dropped = find_iac(bytes).unwrap_or(bytes.len());
            return self.no_event(dropped);
        }
        let nvt = self.config.nvt && !self.is_on(Side::Him, OptionCode::BINARY);
        if self.after_cr && first == NUL && nvt {
            self.after_cr = false;
            return self.no_event(1);
        }
        self.text(bytes, nvt)
    }

    /// A fragment of data: to the next IAC that is not doubled, the first of two, or the NUL that is
    /// left out. `bytes` does not begin with any of them, or with a doubled IAC.
    #[inline]
    fn text<'i>(&mut self, bytes: &'i [u8], nvt: bool) -> Stepped<'i> {
        let mut from = 0;
        let (len, skip) = loop {
            let rest = &bytes[from..];
            // Looking for the NUL and not for the CR: lines of text have none.
            let found = if nvt {
                find_iac_or_nul(rest)
            } else {
                find_iac(rest)
            };
            let Some(at) = found.map(|at| from + at) else {
                break (bytes.len(), 0);
            };
            if bytes[at] == NUL {
                if at > 0 && bytes[at - 1] == CR {
                    break (at, 1);
                }
                from = at + 1;
            } else if bytes.get(at + 1) == Some(&IAC) {
                break (at + 1, 1);
            } else {
                break (at, 0);
            }
        };
        let data = &bytes[..len];
        self.after_cr = skip == 0 && data.last() == Some(&CR);
        self.event(len + skip, Event::Data(data))
    }

    /// `bytes[0]` is IAC.
    #[inline]
    fn command<'i>(&mut self, input: Input<'i>, out: &mut Vec<u8>) -> Stepped<'i> {
        let bytes = input.bytes();
        match construct(bytes) {
            Construct::Incomplete => self.incomplete(input, self.offset),
            Construct::Escaped if self.in_synch => self.no_event(2),
            Construct::Escaped => {
                self.after_cr = false;
                self.event(2, Event::Data(&bytes[1..2]))
            }
            Construct::Negotiation(verb, option) => self.heard(verb, option, out),
            Construct::Command(command) => self.commanded(command),
            Construct::SbStart(option, len) => {
                self.inside = Inside::Subnegotiation;
                self.option = option;
                self.start = self.offset;
                self.search = Search::new(self.config.max_subnegotiation);
                self.no_event(len)
            }
            Construct::StraySe => self.violation(2, Violation::StraySe),
            Construct::SbEmpty => self.violation(4, Violation::SbEmpty),
            Construct::SbInterrupted => {
                let violation = Violation::SbInterrupted {
                    option: None,
                    payload: Payload::from_raw(&bytes[..0]),
                };
                self.violation(2, violation)
            }
        }
    }

    fn commanded<'i>(&mut self, command: Command) -> Stepped<'i> {
        if self.in_synch {
            match command {
                Command::DM => self.in_synch = false,
                // they edit what is being dropped
                Command::EC | Command::EL => return self.no_event(2),
                _ => {}
            }
        }
        self.event(2, Event::Command(command))
    }

    #[inline]
    fn heard<'i>(&mut self, verb: Verb, option: OptionCode, out: &mut Vec<u8>) -> Stepped<'i> {
        let (side, on) = verb.heard();
        if option == OptionCode::TIMING_MARK && self.config.timing_marks {
            return self.timing_mark(verb, out);
        }
        if on && !self.negotiation.state(side, option).is_asked_for() {
            let max = u64::from(self.config.max_requests);
            self.requests += 1;
            if self.requests > max {
                return match self.requests - max {
                    1 => self.violation(3, Violation::TooManyRequests),
                    _ => self.no_event(3),
                };
            }
        }
        let change = self
            .negotiation
            .hear(verb, option, &self.config.policy, out);
        let event = match change {
            Change::Nothing => return self.no_event(3),
            Change::On => Event::Option {
                side,
                option,
                on: true,
            },
            Change::Off => Event::Option {
                side,
                option,
                on: false,
            },
            Change::Refused => Event::Refused { side, option },
            Change::Declined => Event::Declined { side, option },
            Change::Asked => Event::Asked { side, option },
            Change::AnsweredWrong { on } => {
                return self.violation(3, Violation::AnsweredWrong { side, option, on });
            }
        };
        self.event(3, event)
    }

    /// RFC 860: there is no state, only a word for a word.
    fn timing_mark<'i>(&mut self, verb: Verb, out: &mut Vec<u8>) -> Stepped<'i> {
        let option = OptionCode::TIMING_MARK;
        let event = match verb {
            Verb::Do => {
                out.extend_from_slice(&[IAC, Verb::Will.code(), option.0]);
                Event::TimingMark(Side::Us)
            }
            Verb::Dont => return self.no_event(3),
            Verb::Will if self.marks == 0 => {
                out.extend_from_slice(&[IAC, Verb::Dont.code(), option.0]);
                Event::Declined {
                    side: Side::Him,
                    option,
                }
            }
            Verb::Wont if self.marks == 0 => return self.no_event(3),
            Verb::Will | Verb::Wont => {
                self.marks -= 1;
                if verb == Verb::Will {
                    Event::TimingMark(Side::Him)
                } else {
                    Event::Refused {
                        side: Side::Him,
                        option,
                    }
                }
            }
        };
        self.event(3, event)
    }

    #[inline]
    fn subnegotiation<'i>(&mut self, input: Input<'i>) -> Stepped<'i> {
        let bytes = input.bytes();
        let found = self.search.go_on(bytes);
        if let Found::Incomplete = found {
            return self.incomplete(input, self.start);
        }
        let (len, option) = (self.search.scanned, self.option);
        let payload = Payload::from_raw(&bytes[..len]);
        self.inside = Inside::Data;
        let (offset, violation) = match found {
            Found::Incomplete | Found::End => {
                if self.config.handoff.contains(option) && self.is_on(Side::Him, option) {
                    self.inside = Inside::HandedOff;
                }
                return self.event(len + 2, Event::Subnegotiation { option, payload });
            }
            Found::Interruption => {
                let option = Some(option);
                let violation = Violation::SbInterrupted { option, payload };
                (self.offset + len as u64, violation)
            }
            Found::Overflow => {
                self.inside = Inside::Skipped;
                (self.start, Violation::SbOverflow { option })
            }
        };
        self.event(len, Event::Violation { offset, violation })
    }

    /// To IAC SE, or to a command that cannot stand in a subnegotiation; nothing when it stands here.
    fn skip<'i>(&mut self, input: Input<'i>) -> Option<Stepped<'i>> {
        let bytes = input.bytes();
        let at = find_iac(bytes).unwrap_or(bytes.len());
        let step = match bytes.get(at + 1) {
            Some(&IAC) => self.no_event(at + 2),
            Some(&code) if code == Command::SE.0 => {
                self.inside = Inside::Data;
                self.no_event(at + 2)
            }
            Some(_) => {
                self.inside = Inside::Data;
                match at {
                    0 => return None,
                    at => self.no_event(at),
                }
            }
            None if at == 0 => self.incomplete(input, self.start),
            None => self.no_event(at),
        };
        Some(step)
    }

    /// Nothing is left.
    fn nothing<'i>(&self, input: Input<'i>) -> Stepped<'i> {
        if input.is_last() {
            Step::done(0)
        } else {
            Step::need_more(0)
        }
    }

    /// What is there is the beginning of something that began at `start`.
    fn incomplete<'i>(&mut self, input: Input<'i>, start: u64) -> Stepped<'i> {
        if !input.is_last() {
            return Step::need_more(0);
        }
        self.inside = Inside::Data;
        let event = Event::Violation {
            offset: start,
            violation: Violation::Truncated,
        };
        self.event(input.bytes().len(), event)
    }

    fn violation<'i>(&mut self, len: usize, violation: Violation<&'i [u8]>) -> Stepped<'i> {
        let offset = self.offset;
        self.event(len, Event::Violation { offset, violation })
    }
}

pub(crate) fn stands_alone(command: Command) -> Result<(), Misuse> {
    match command.0 >= Command::SB.0 || command == Command::SE {
        true => Err(Misuse::NotACommand(command)),
        false => Ok(()),
    }
}
