//! The grammar of what follows an IAC, shared by all readers.

use memchr::{memchr, memchr2};

use super::code::{Command, IAC, OptionCode, Verb};

/// What begins with the IAC at the start of some octets.
pub(crate) enum Construct {
    /// More octets are needed.
    Incomplete,
    /// IAC IAC: the octet 255 as data. 2 octets.
    Escaped,
    /// 2 octets.
    Command(Command),
    /// 3 octets.
    Negotiation(Verb, OptionCode),
    /// IAC SE outside a subnegotiation. 2 octets.
    StraySe,
    /// IAC SB IAC SE. 4 octets.
    SbEmpty,
    /// IAC SB, and an IAC that belongs to something else. 2 octets.
    SbInterrupted,
    /// IAC SB option, in so many octets.
    SbStart(OptionCode, usize),
}

/// Where the first IAC stands. A search that is cheap for many octets costs more than it saves for a
/// few, and many streams come in small pieces.
#[inline]
pub(crate) fn find_iac(octets: &[u8]) -> Option<usize> {
    match octets.len() < FEW {
        true => octets.iter().position(|&o| o == IAC),
        false => memchr(IAC, octets),
    }
}

/// Where the first IAC or NUL stands.
#[inline]
pub(crate) fn find_iac_or_nul(octets: &[u8]) -> Option<usize> {
    match octets.len() < FEW {
        true => octets.iter().position(|&o| o == IAC || o == 0),
        false => memchr2(IAC, 0, octets),
    }
}

const FEW: usize = 8;

/// Reads what begins with the IAC at `octets[0]`.
#[inline]
pub(crate) fn construct(octets: &[u8]) -> Construct {
    debug_assert_eq!(octets.first(), Some(&IAC));
    let Some(&code) = octets.get(1) else {
        return Construct::Incomplete;
    };
    if code == IAC {
        return Construct::Escaped;
    }
    if code < Command::SB.0 {
        return if code == Command::SE.0 {
            Construct::StraySe
        } else {
            Construct::Command(Command(code))
        };
    }
    let Some(&option) = octets.get(2) else {
        return Construct::Incomplete;
    };
    match Verb::from_code(code) {
        Some(verb) => Construct::Negotiation(verb, OptionCode(option)),
        None if option != IAC => Construct::SbStart(OptionCode(option), 3),
        None => match octets.get(3) {
            None => Construct::Incomplete,
            // RFC 861 option 255: doubled, like any other 255 that is no command.
            Some(&IAC) => Construct::SbStart(OptionCode(IAC), 4),
            Some(&240) => Construct::SbEmpty,
            Some(_) => Construct::SbInterrupted,
        },
    }
}

/// How far the payload of a subnegotiation was searched for its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search {
    /// So many octets of the payload are no end.
    pub(crate) scanned: usize,
    /// So many of them may be, as far as is known: more when some of them are doubled.
    limit: usize,
}

/// What a search came to.
pub(crate) enum Found {
    /// More octets are needed.
    Incomplete,
    /// IAC SE stands behind the octets searched.
    End,
    /// IAC and something that cannot stand inside a payload.
    Interruption,
    /// More octets are meant than allowed.
    Overflow,
}

impl Search {
    /// Of a payload that means at most `max` octets.
    pub(crate) const fn new(max: usize) -> Self {
        Self {
            scanned: 0,
            limit: max,
        }
    }

    /// Whether there is one new octet that changes nothing, as there often is when octets come one at
    /// a time.
    #[inline]
    pub(crate) fn take_one(&mut self, payload: &[u8]) -> bool {
        let at = self.scanned;
        let is_plain = payload.get(at).is_some_and(|&octet| octet != IAC);
        if !is_plain || payload.len() != at + 1 || at >= self.limit {
            return false;
        }
        self.scanned = at + 1;
        true
    }

    /// Goes on searching. `payload` begins as it did in the calls before.
    #[inline]
    pub(crate) fn go_on(&mut self, payload: &[u8]) -> Found {
        loop {
            let rest = &payload[self.scanned..];
            let data = find_iac(rest).unwrap_or(rest.len());
            self.scanned += data;
            if self.scanned > self.limit {
                return Found::Overflow;
            }
            match rest.get(data + 1) {
                None => return Found::Incomplete,
                Some(&IAC) => {
                    self.scanned += 2;
                    self.limit = self.limit.saturating_add(1);
                }
                Some(&240) => return Found::End,
                Some(_) => return Found::Interruption,
            }
        }
    }
}
