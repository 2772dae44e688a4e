//! Option negotiation: the Q method of RFC 1143, for all options and both sides.
//!
//! ```text
//!                request on                         heard on
//!   ┌────┐ ───────────────────► ┌─────────┐ ───────────────────► ┌─────┐
//!   │ No │                      │ WantYes │                      │ Yes │
//!   └────┘ ◄─────────────────── └─────────┘                      └─────┘
//!      ▲       heard off           ▲   │ request, and again         │ request off
//!      │                           │   ▼                            ▼
//!      │                 WantYesOpposite ── heard on ──────► ┌────────┐
//!      │                                                     │ WantNo │
//!      └──────────────── heard off ◄──────────────────────── └────────┘
//!                                                               │   ▲ request, and again
//!                                                               ▼   │
//!      WantYes ◄──────── heard off ◄──────────────────── WantNoOpposite
//! ```
//!
//! A change is announced once and acknowledged once, and what is in force already is never
//! confirmed: that is why it cannot loop. Nothing here knows of octets in a stream; see
//! [`Receiver`](crate::Receiver) for that.

use alloc::vec::Vec;

use crate::wire::code::IAC;
use crate::{OptionCode, OptionSet, Side, Verb};

/// Where an option stands on one side. It is in force in the state `Yes`, and in no other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Off: how every option begins.
    #[default]
    No,
    /// On.
    Yes,
    /// We said that it shall be off, and wait for the answer.
    WantNo,
    /// The same, and the application has changed its mind since.
    WantNoOpposite,
    /// We said that it shall be on, and wait for the answer.
    WantYes,
    /// The same, and the application has changed its mind since.
    WantYesOpposite,
    /// Off. The peer wants it on, and the application has not answered yet.
    Asked,
}

/// What we say when the peer wants an option on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Agree,
    /// No.
    Decline,
    /// The application will say, by [`Negotiation::request`].
    Ask,
}

/// What something that the peer said has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: it is so already, or we have just asked for it again.
    Nothing,
    /// The option is now on.
    On,
    /// The option is now off.
    Off,
    /// The peer refused what we asked for.
    Refused,
    /// We refused what the peer asked for.
    Declined,
    /// The peer asks, and the application has to answer.
    Asked,
    /// The peer answered "off" with "on", which RFC 1143 has no room for. The option is now as `on`
    /// says.
    AnsweredWrong {
        /// Whether the option is on.
        on: bool,
    },
}

/// What became of a request of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// It was sent; the peer will answer.
    Sent,
    /// It answered the peer, and is in force.
    Answered,
    /// A negotiation is under way: it will be sent when that has ended, if it is still needed.
    Queued,
    /// It is so already, or is already being asked for.
    Already,
}

impl State {
    /// Whether the option is in force.
    #[must_use]
    pub const fn is_on(self) -> bool {
        matches!(self, Self::Yes)
    }

    /// Whether we said that it shall be on, and wait for the answer.
    #[must_use]
    pub const fn is_asked_for(self) -> bool {
        matches!(self, Self::WantYes | Self::WantYesOpposite)
    }

    /// The peer said that the option shall be on, or off. Returns what to say, if anything, and what
    /// it changed. RFC 1143 section 7, "Upon receipt".
    pub fn hear(&mut self, on: bool, answer: Answer) -> (Option<bool>, Change) {
        use State::*;
        let (next, say, change) = match (*self, on, answer) {
            (No, true, Answer::Agree) => (Yes, Some(true), Change::On),
            (No, true, Answer::Decline) => (No, Some(false), Change::Declined),
            (No, true, Answer::Ask) => (Asked, None, Change::Asked),
            (Yes | Asked, true, _) => (*self, None, Change::Nothing),
            (WantNo, true, _) => (No, None, Change::AnsweredWrong { on: false }),
            (WantNoOpposite, true, _) => (Yes, None, Change::AnsweredWrong { on: true }),
            (WantYes, true, _) => (Yes, None, Change::On),
            (WantYesOpposite, true, _) => (WantNo, Some(false), Change::Nothing),

            (No, false, _) => (No, None, Change::Nothing),
            (Yes, false, _) => (No, Some(false), Change::Off),
            (Asked, false, _) => (No, Some(false), Change::Declined),
            (WantNo, false, _) => (No, None, Change::Off),
            (WantNoOpposite, false, _) => (WantYes, Some(true), Change::Off),
            (WantYes, false, _) => (No, None, Change::Refused),
            (WantYesOpposite, false, _) => (No, None, Change::Nothing),
        };
        *self = next;
        (say, change)
    }

    /// The application wants the option on, or off. Returns what to say, if anything. RFC 1143
    /// section 7, "If we decide to ask".
    pub fn request(&mut self, on: bool) -> (Option<bool>, Requested) {
        use State::*;
        let (next, say, requested) = match (*self, on) {
            (No, true) => (WantYes, Some(true), Requested::Sent),
            (Yes, false) => (WantNo, Some(false), Requested::Sent),
            (Asked, true) => (Yes, Some(true), Requested::Answered),
            (Asked, false) => (No, Some(false), Requested::Answered),
            (WantNo, true) => (WantNoOpposite, None, Requested::Queued),
            (WantNoOpposite, false) => (WantNo, None, Requested::Queued),
            (WantYes, false) => (WantYesOpposite, None, Requested::Queued),
            (WantYesOpposite, true) => (WantYes, None, Requested::Queued),
            (No | WantNo | WantYesOpposite, false) | (Yes | WantYes | WantNoOpposite, true) => {
                (*self, None, Requested::Already)
            }
        };
        *self = next;
        (say, requested)
    }
}

/// What we agree to when the peer asks. What is in neither set of a side is refused, as it must be
/// when an option is not implemented (RFC 1143 section 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What we perform when asked (DO).
    pub us: OptionSet,
    /// What the peer may perform when it wants to (WILL).
    pub him: OptionSet,
    /// What the application is asked about, when the peer asks us to perform it (DO).
    pub ask_us: OptionSet,
    /// What the application is asked about, when the peer wants to perform it (WILL).
    pub ask_him: OptionSet,
}

impl Policy {
    /// The answer to a peer that wants `option` on.
    #[must_use]
    pub const fn answer(&self, side: Side, option: OptionCode) -> Answer {
        let (agree, ask) = match side {
            Side::Us => (&self.us, &self.ask_us),
            Side::Him => (&self.him, &self.ask_him),
        };
        if agree.contains(option) {
            Answer::Agree
        } else if ask.contains(option) {
            Answer::Ask
        } else {
            Answer::Decline
        }
    }
}

/// The states of all options on both sides: 512 octets.
#[derive(Clone, Debug)]
pub struct Negotiation {
    us: [State; 256],
    him: [State; 256],
}

impl Default for Negotiation {
    fn default() -> Self {
        Self::new()
    }
}

impl Negotiation {
    /// Everything is off.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            us: [State::No; 256],
            him: [State::No; 256],
        }
    }

    /// Where an option stands.
    #[must_use]
    pub const fn state(&self, side: Side, option: OptionCode) -> State {
        match side {
            Side::Us => self.us[option.0 as usize],
            Side::Him => self.him[option.0 as usize],
        }
    }

    /// Whether an option is in force.
    #[must_use]
    pub const fn is_on(&self, side: Side, option: OptionCode) -> bool {
        self.state(side, option).is_on()
    }

    /// The options in force on a side.
    #[must_use]
    pub fn on(&self, side: Side) -> OptionSet {
        let all = (0..=255).map(OptionCode);
        all.filter(|&option| self.is_on(side, option)).collect()
    }

    /// The application wants an option on, or off: DO and DONT on his side, WILL and WONT on ours.
    /// It is also how the application answers what it was asked about.
    pub fn request(
        &mut self,
        side: Side,
        option: OptionCode,
        on: bool,
        out: &mut Vec<u8>,
    ) -> Requested {
        let (say, requested) = self.state_mut(side, option).request(on);
        write(side, option, say, out);
        requested
    }

    /// The peer said `verb` about an option.
    #[inline]
    pub fn hear(
        &mut self,
        verb: Verb,
        option: OptionCode,
        policy: &Policy,
        out: &mut Vec<u8>,
    ) -> Change {
        let (side, on) = verb.heard();
        let answer = policy.answer(side, option);
        let (say, change) = self.state_mut(side, option).hear(on, answer);
        write(side, option, say, out);
        change
    }

    /// Forgets what was agreed on and what was asked for, without a word: the peer has begun anew and
    /// has forgotten it too, as servers do that start themselves again without closing their
    /// connections. A method without this would stay silent, and what the peer offers again would
    /// stay off.
    pub const fn assume_peer_reset(&mut self) {
        *self = Self::new();
    }

    const fn state_mut(&mut self, side: Side, option: OptionCode) -> &mut State {
        match side {
            Side::Us => &mut self.us[option.0 as usize],
            Side::Him => &mut self.him[option.0 as usize],
        }
    }
}

#[inline]
fn write(side: Side, option: OptionCode, say: Option<bool>, out: &mut Vec<u8>) {
    if let Some(on) = say {
        out.extend_from_slice(&[IAC, Verb::said(side, on).code(), option.0]);
    }
}
