//! SLC, set local characters (RFC 1184 section 2.4): triplets of function, modifiers and character.

use core::fmt;

use super::OptionError;

/// What a list of triplets begins with in a payload.
pub(super) const SLC: u8 = 3;

/// A function that a character may have. 0 stands for all of them, in what only a client sends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlcFunction(pub u8);

/// How far a function is supported; a higher level is a stronger wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlcLevel {
    /// Not at all: disable it.
    NoSupport,
    /// With a character that cannot be changed.
    CantChange,
    /// With this character.
    Value,
    /// With whatever is the default at the other side.
    Default,
}

/// The second octet of a triplet: a level and flags. Bits without a name are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlcModifiers(pub u8);

/// What is said about one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SlcTriplet {
    /// Which one.
    pub function: SlcFunction,
    /// Its level, and flags.
    pub modifiers: SlcModifiers,
    /// The character.
    pub value: u8,
}

/// A list of triplets.
#[derive(Clone, Copy)]
pub struct SlcTriplets<'p>(Source<'p>);

#[derive(Clone, Copy)]
enum Source<'p> {
    Wire(&'p [[u8; 3]]),
    Listed(&'p [SlcTriplet]),
}

/// Makes the constants and the table of names, in order from 1.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        impl SlcFunction {
            $($(#[$doc])* pub const $name: Self = Self($code);)*
        }
        const NAMES: [&str; SlcFunction::COUNT] = [$(stringify!($name)),*];
    };
}

functions! {
    /// Synch.
    SYNCH = 1;
    /// Break.
    BRK = 2;
    /// Interrupt Process.
    IP = 3;
    /// Abort Output.
    AO = 4;
    /// Are You There.
    AYT = 5;
    /// End of Record.
    EOR = 6;
    /// Abort.
    ABORT = 7;
    /// End of File.
    EOF = 8;
    /// Suspend.
    SUSP = 9;
    /// Erase Character.
    EC = 10;
    /// Erase Line.
    EL = 11;
    /// Erase Word.
    EW = 12;
    /// Reprint Line.
    RP = 13;
    /// Literal Next.
    LNEXT = 14;
    /// Start Output.
    XON = 15;
    /// Stop Output.
    XOFF = 16;
    /// Forwarding character.
    FORW1 = 17;
    /// Another forwarding character, only if there is a first.
    FORW2 = 18;
    /// Move cursor one character left.
    MCL = 19;
    /// Move cursor one character right.
    MCR = 20;
    /// Move cursor one word left.
    MCWL = 21;
    /// Move cursor one word right.
    MCWR = 22;
    /// Move cursor to the beginning of the line.
    MCBOL = 23;
    /// Move cursor to the end of the line.
    MCEOL = 24;
    /// Enter insert mode.
    INSRT = 25;
    /// Enter overstrike mode.
    OVER = 26;
    /// Erase character to the right.
    ECR = 27;
    /// Erase word to the right.
    EWR = 28;
    /// Erase to the beginning of the line.
    EBOL = 29;
    /// Erase to the end of the line.
    EEOL = 30;
}

impl SlcFunction {
    /// How many there are.
    pub const COUNT: usize = 30;
    /// All of them, in a request for the server's settings.
    pub const ALL: Self = Self(0);

    /// Its name in the RFC, without `SLC_`.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.index().map(|index| NAMES[index])
    }

    /// Whether the client acts on the character itself, and does not send a command for it: EC and
    /// all after it.
    #[must_use]
    pub const fn is_local(self) -> bool {
        self.0 >= Self::EC.0 && self.0 as usize <= Self::COUNT
    }

    /// The functions, in order.
    pub fn every() -> impl Iterator<Item = Self> {
        (1..=30).map(Self)
    }

    /// Its place in a table of all functions, if it is one.
    pub(super) fn index(self) -> Option<usize> {
        let index = usize::from(self.0).checked_sub(1)?;
        (index < Self::COUNT).then_some(index)
    }
}

impl SlcModifiers {
    /// "Yes, I have changed to this." Never answered.
    pub const ACK: Self = Self(128);
    /// Whenever the function is sent, send a Synch with it.
    pub const FLUSHIN: Self = Self(64);
    /// Whenever the function is sent, drop output until it has had its effect.
    pub const FLUSHOUT: Self = Self(32);

    /// That level, without flags.
    #[must_use]
    pub const fn level_of(level: SlcLevel) -> Self {
        Self(level as u8)
    }

    /// The level.
    #[must_use]
    pub const fn level(self) -> SlcLevel {
        match self.0 & 3 {
            0 => SlcLevel::NoSupport,
            1 => SlcLevel::CantChange,
            2 => SlcLevel::Value,
            _ => SlcLevel::Default,
        }
    }

    /// Whether all bits of `bits` are set.
    #[must_use]
    pub const fn has(self, bits: Self) -> bool {
        self.0 & bits.0 == bits.0
    }

    /// The same, and `bits`.
    #[must_use]
    pub const fn with(self, bits: Self) -> Self {
        Self(self.0 | bits.0)
    }

    /// The same, without `bits`.
    #[must_use]
    pub const fn without(self, bits: Self) -> Self {
        Self(self.0 & !bits.0)
    }
}

impl SlcTriplet {
    /// A client asks the server to return to its defaults and to send them.
    pub const IMPORT_DEFAULTS: Self = Self::from_octets([0, SlcLevel::Default as u8, 0]);
    /// A client asks the server to send its settings.
    pub const IMPORT_CURRENT: Self = Self::from_octets([0, SlcLevel::Value as u8, 0]);

    /// What the three octets say.
    #[must_use]
    pub const fn from_octets(octets: [u8; 3]) -> Self {
        Self {
            function: SlcFunction(octets[0]),
            modifiers: SlcModifiers(octets[1]),
            value: octets[2],
        }
    }

    /// The three octets.
    #[must_use]
    pub const fn to_octets(self) -> [u8; 3] {
        [self.function.0, self.modifiers.0, self.value]
    }
}

impl<'p> SlcTriplets<'p> {
    /// These.
    #[must_use]
    pub const fn of(triplets: &'p [SlcTriplet]) -> Self {
        Self(Source::Listed(triplets))
    }

    /// Reads what follows SLC; `at` is where that stands in the payload.
    pub(super) fn parse(octets: &'p [u8], at: usize) -> Result<Self, OptionError> {
        match octets.as_chunks() {
            (triplets, []) => Ok(Self(Source::Wire(triplets))),
            (triplets, _) => Err(OptionError::PartialTriplet {
                offset: at + 3 * triplets.len(),
            }),
        }
    }

    /// The triplets, in order. A function may come twice, or be none that is known.
    pub fn iter(&self) -> impl Iterator<Item = SlcTriplet> + Clone + use<'p> {
        let (wire, listed) = match self.0 {
            Source::Wire(wire) => (wire, &[][..]),
            Source::Listed(listed) => (&[][..], listed),
        };
        let wire = wire.iter().map(|&octets| SlcTriplet::from_octets(octets));
        wire.chain(listed.iter().copied())
    }
}

impl fmt::Display for SlcFunction {
    /// The name, or the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl fmt::Debug for SlcFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SlcModifiers {
    /// The level and the flags in the notation of the RFC: `VALUE|FLUSHIN|ACK`; bits without a name
    /// as one number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.level() {
            SlcLevel::NoSupport => "NOSUPPORT",
            SlcLevel::CantChange => "CANTCHANGE",
            SlcLevel::Value => "VALUE",
            SlcLevel::Default => "DEFAULT",
        })?;
        let flags = [
            (Self::FLUSHIN, "FLUSHIN"),
            (Self::FLUSHOUT, "FLUSHOUT"),
            (Self::ACK, "ACK"),
        ];
        for (_, name) in flags.iter().filter(|(flag, _)| self.has(*flag)) {
            write!(f, "|{name}")?;
        }
        match self.0 & 0b0001_1100 {
            0 => Ok(()),
            rest => write!(f, "|{rest}"),
        }
    }
}

impl fmt::Debug for SlcModifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for SlcTriplets<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for SlcTriplets<'_> {}

impl fmt::Debug for SlcTriplets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
