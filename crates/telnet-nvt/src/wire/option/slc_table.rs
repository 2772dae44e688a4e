//! Which character has which function now, and how two sides come to agree on it (RFC 1184 sections
//! 2.4, 5.5 and 5.9).

use alloc::vec::Vec;

use super::slc::SLC;
use super::{SlcFunction, SlcLevel, SlcModifiers, SlcTriplet, SlcTriplets};

/// Which side of LINEMODE we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlcRole {
    /// The side that said DO LINEMODE.
    Server,
    /// The side that said WILL LINEMODE: it has the user, and the last word.
    Client,
}

/// What holds for one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SlcSetting {
    /// How far it is supported.
    pub level: SlcLevel,
    /// Send a Synch with it.
    pub flush_in: bool,
    /// Drop output after it.
    pub flush_out: bool,
    /// The character; of no meaning unless the level is `CantChange` or `Value`.
    pub value: u8,
}

/// The settings of the 30 functions at one side, and what that side would choose.
///
/// All begin at `NoSupport`, as RFC 1184 section 3 says. What we would choose says what we agree to:
///
/// | our default | we agree to |
/// |---|---|
/// | `NoSupport` | `NoSupport` only |
/// | `CantChange` | this character, and `NoSupport` |
/// | `Value` | every character; asked for our default, we name this one |
/// | `Default` | every character; we have none of our own |
///
/// An answer without ACK has a lower level than what it answers, and ACK is never answered, so two
/// tables cannot go on for ever, whatever they begin with. However many triplets come at once, there
/// is at most one reply per function: the last one that was due.
///
/// ```
/// # use wirelore_telnet_nvt::wire::option::*;
/// let backspace = SlcSetting::value(8);
/// let mut server = SlcTable::new(SlcRole::Server, &[(SlcFunction::EC, SlcSetting::value(127))]);
/// let wish = [backspace.triplet(SlcFunction::EC)];
/// let mut payload = Vec::new();
/// server.receive(&SlcTriplets::of(&wish)).encode(&mut payload);
/// assert_eq!(payload, [3, 10, 0x82, 8]); // SLC EC VALUE|ACK 8
/// assert_eq!(server.current(SlcFunction::EC), Some(backspace));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlcTable {
    role: SlcRole,
    entries: [Entry; SlcFunction::COUNT],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    current: SlcSetting,
    default: SlcSetting,
}

/// What is to be sent: at most one triplet per function, in the order of their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlcReplies([Option<SlcTriplet>; SlcFunction::COUNT]);

impl SlcSetting {
    /// Not supported.
    pub const NO_SUPPORT: Self = Self::new(SlcLevel::NoSupport, 0);
    /// As the other side likes.
    pub const DEFAULT: Self = Self::new(SlcLevel::Default, 0);

    /// That character.
    #[must_use]
    pub const fn value(value: u8) -> Self {
        Self::new(SlcLevel::Value, value)
    }

    /// That character and no other.
    #[must_use]
    pub const fn cant_change(value: u8) -> Self {
        Self::new(SlcLevel::CantChange, value)
    }

    /// The same, with the advice to drop input, output or both.
    #[must_use]
    pub const fn flushing(mut self, input: bool, output: bool) -> Self {
        (self.flush_in, self.flush_out) = (input, output);
        self
    }

    /// The triplet that says so, without ACK.
    #[must_use]
    pub const fn triplet(self, function: SlcFunction) -> SlcTriplet {
        let mut modifiers = SlcModifiers::level_of(self.level);
        if self.flush_in {
            modifiers = modifiers.with(SlcModifiers::FLUSHIN);
        }
        if self.flush_out {
            modifiers = modifiers.with(SlcModifiers::FLUSHOUT);
        }
        SlcTriplet {
            function,
            modifiers,
            value: self.value,
        }
    }

    const fn new(level: SlcLevel, value: u8) -> Self {
        Self {
            level,
            flush_in: false,
            flush_out: false,
            value,
        }
    }

    const fn said_by(triplet: SlcTriplet) -> Self {
        Self {
            level: triplet.modifiers.level(),
            flush_in: triplet.modifiers.has(SlcModifiers::FLUSHIN),
            flush_out: triplet.modifiers.has(SlcModifiers::FLUSHOUT),
            value: triplet.value,
        }
    }

    /// Whether both say the same. Without a character of their own, the level is all they say.
    fn means(self, other: Self) -> bool {
        let has_value = matches!(self.level, SlcLevel::Value | SlcLevel::CantChange);
        self.level == other.level && (!has_value || self == other)
    }
}

impl SlcTable {
    /// A table with these defaults. What they leave out is not supported; but a server leaves to the
    /// client what is the client's own affair ([`SlcFunction::is_local`]), as the RFC asks it to.
    #[must_use]
    pub fn new(role: SlcRole, defaults: &[(SlcFunction, SlcSetting)]) -> Self {
        let current = SlcSetting::NO_SUPPORT;
        let mut table = Self {
            role,
            entries: [Entry {
                current,
                default: SlcSetting::NO_SUPPORT,
            }; SlcFunction::COUNT],
        };
        let left = SlcFunction::every().filter(|f| role == SlcRole::Server && f.is_local());
        let left = left.map(|function| (function, SlcSetting::DEFAULT));
        for (function, setting) in left.chain(defaults.iter().copied()) {
            if let Some(entry) = table.entry(function) {
                entry.default = setting;
            }
        }
        table
    }

    /// What holds for a function, if it is one.
    #[must_use]
    pub fn current(&self, function: SlcFunction) -> Option<SlcSetting> {
        function.index().map(|index| self.entries[index].current)
    }

    /// What we would choose for a function, if it is one.
    #[must_use]
    pub fn default_of(&self, function: SlcFunction) -> Option<SlcSetting> {
        function.index().map(|index| self.entries[index].default)
    }

    /// Takes what the peer said, and gives what is to be answered. Functions beyond 30 are ignored.
    pub fn receive(&mut self, triplets: &SlcTriplets<'_>) -> SlcReplies {
        let mut replies = SlcReplies::default();
        for triplet in triplets.iter() {
            match triplet.function {
                SlcFunction::ALL => self.receive_for_all(triplet.modifiers.level(), &mut replies),
                function => {
                    if let Some(reply) = self.receive_one(triplet) {
                        replies.set(function, reply);
                    }
                }
            }
        }
        replies
    }

    /// Returns to our defaults and gives the triplets that say so: what a client sends when LINEMODE
    /// comes into force, unless it has no characters of its own and sends
    /// [`SlcTriplet::IMPORT_DEFAULTS`]. Functions that we do not support are left out.
    pub fn export(&mut self) -> SlcReplies {
        let mut replies = SlcReplies::default();
        self.say_all(true, &mut replies);
        replies
    }

    /// Changes what holds for a function and gives the triplet that asks the peer to do the same;
    /// `None` when nothing changes. [`SlcSetting::DEFAULT`] asks for what the peer would choose.
    pub fn change(&mut self, function: SlcFunction, setting: SlcSetting) -> Option<SlcTriplet> {
        let entry = self.entry(function)?;
        if entry.current.means(setting) {
            return None;
        }
        entry.current = setting;
        Some(setting.triplet(function))
    }

    /// `0 DEFAULT 0` and `0 VALUE 0`, which only a client may send.
    fn receive_for_all(&mut self, level: SlcLevel, replies: &mut SlcReplies) {
        match (self.role, level) {
            (SlcRole::Server, SlcLevel::Default) => self.say_all(true, replies),
            (SlcRole::Server, SlcLevel::Value) => self.say_all(false, replies),
            _ => {}
        }
    }

    /// Gives the triplets for all that is supported, after a return to the defaults or without. A
    /// function that nobody has set yet is left to the client if it can be.
    fn say_all(&mut self, to_default: bool, replies: &mut SlcReplies) {
        for function in SlcFunction::every() {
            let Some(entry) = self.entry(function) else {
                continue;
            };
            let unset = entry.current.level == SlcLevel::NoSupport;
            let ours = entry.default.level == SlcLevel::Default;
            if to_default || (unset && ours) {
                entry.current = entry.default;
            }
            if entry.current.level != SlcLevel::NoSupport {
                replies.set(function, entry.current.triplet(function));
            }
        }
    }

    /// The rules of section 5.5.
    fn receive_one(&mut self, triplet: SlcTriplet) -> Option<SlcTriplet> {
        let role = self.role;
        let entry = self.entry(triplet.function)?;
        let wish = SlcSetting::said_by(triplet);
        if entry.current.means(wish) {
            return None;
        }
        if triplet.modifiers.has(SlcModifiers::ACK) {
            // Both asked at the same time: what the client asked for holds.
            if role == SlcRole::Client && wish.level == entry.current.level {
                entry.current = wish;
            }
            return None;
        }
        match entry.default.answer(wish) {
            None => {
                entry.current = wish;
                let modifiers = triplet.modifiers.with(SlcModifiers::ACK);
                Some(SlcTriplet {
                    modifiers,
                    ..triplet
                })
            }
            Some(instead) => {
                entry.current = instead;
                Some(instead.triplet(triplet.function))
            }
        }
    }

    fn entry(&mut self, function: SlcFunction) -> Option<&mut Entry> {
        function.index().map(|index| &mut self.entries[index])
    }
}

impl SlcSetting {
    /// What a side with this default answers to a wish: `None` when it agrees, or else something of
    /// a lower level.
    fn answer(self, wish: Self) -> Option<Self> {
        use SlcLevel::{CantChange, Default, NoSupport, Value};
        match (wish.level, self.level) {
            (NoSupport, _) => None,
            (_, NoSupport) | (Default, Default) => Some(Self::NO_SUPPORT),
            (Default, _) => Some(self),
            (_, Value | Default) => None,
            (_, CantChange) if wish.value == self.value => None,
            (Value, CantChange) => Some(self),
            (CantChange, CantChange) => Some(Self::NO_SUPPORT),
        }
    }
}

impl SlcReplies {
    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The triplets.
    pub fn iter(&self) -> impl Iterator<Item = SlcTriplet> + '_ {
        self.0.iter().copied().flatten()
    }

    /// Appends the payload of the LINEMODE subnegotiation that says so; nothing when there is
    /// nothing to send. It has at most 91 octets.
    pub fn encode(&self, payload: &mut Vec<u8>) {
        if self.is_empty() {
            return;
        }
        payload.push(SLC);
        payload.extend(self.iter().flat_map(SlcTriplet::to_octets));
    }

    fn set(&mut self, function: SlcFunction, triplet: SlcTriplet) {
        if let Some(index) = function.index() {
            self.0[index] = Some(triplet);
        }
    }
}
