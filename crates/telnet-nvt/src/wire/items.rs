//! Reading a whole buffer at once, without any state.

use memchr::memchr;

use super::code::{Command, IAC, OptionCode, Verb};
use super::lex::{Construct, Found, Search, construct};
use super::payload::Payload;

/// A part of a TELNET stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item<'o> {
    /// Data. A CR stands for itself here, and so does what follows it.
    Data(&'o [u8]),
    /// A command of two octets, known or not.
    Command(Command),
    /// WILL, WONT, DO or DONT.
    Negotiation {
        /// Which of them.
        verb: Verb,
        /// About which option.
        option: OptionCode,
    },
    /// IAC SB to IAC SE.
    Subnegotiation {
        /// About which option.
        option: OptionCode,
        /// What stands in between.
        payload: Payload<&'o [u8]>,
    },
    /// IAC SE without a beginning, or IAC SB without an option.
    Stray(&'o [u8]),
    /// A subnegotiation that a command ends which cannot stand in one. The command is the next item.
    Interrupted {
        /// About which option.
        option: OptionCode,
        /// What there is of it.
        payload: Payload<&'o [u8]>,
    },
}

/// The parts of `octets`, which begin outside of any command. Nothing is allocated and nothing is
/// remembered: where a stream comes in pieces, keep [`Items::rest`] and put it before the next piece,
/// or use a [`Receiver`](crate::Receiver), which also knows the rule for CR NUL.
///
/// ```
/// use wirelore_telnet_nvt::wire::items::{Item, items};
/// use wirelore_telnet_nvt::{Command, OptionCode, Verb};
///
/// let mut items = items(b"ab\xff\xffc\xff\xf6\xff\xfd\x01d\xff");
/// assert_eq!(items.next(), Some(Item::Data(b"ab\xff")));
/// assert_eq!(items.next(), Some(Item::Data(b"c")));
/// assert_eq!(items.next(), Some(Item::Command(Command::AYT)));
/// let echo = Item::Negotiation { verb: Verb::Do, option: OptionCode::ECHO };
/// assert_eq!(items.next(), Some(echo));
/// assert_eq!(items.next(), Some(Item::Data(b"d")));
/// assert_eq!(items.next(), None);
/// assert_eq!(items.rest(), b"\xff");
/// ```
#[must_use]
pub const fn items(octets: &[u8]) -> Items<'_> {
    Items { rest: octets }
}

/// See [`items`].
#[derive(Clone, Debug)]
pub struct Items<'o> {
    rest: &'o [u8],
}

impl<'o> Items<'o> {
    /// What no item has been made of yet. At the end: a command that is not complete.
    #[must_use]
    pub const fn rest(&self) -> &'o [u8] {
        self.rest
    }

    fn take(&mut self, len: usize) -> &'o [u8] {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        taken
    }

    fn data(&mut self, data: usize, skip: usize) -> Option<Item<'o>> {
        let data = self.take(data);
        self.take(skip);
        Some(Item::Data(data))
    }
}

impl<'o> Iterator for Items<'o> {
    type Item = Item<'o>;

    fn next(&mut self) -> Option<Item<'o>> {
        let all = self.rest;
        if all.is_empty() {
            return None;
        }
        match memchr(IAC, all) {
            None => return self.data(all.len(), 0),
            // the first of two belongs to the data, the second is left out
            Some(at) if all.get(at + 1) == Some(&IAC) => return self.data(at + 1, 1),
            Some(0) => {}
            Some(at) => return self.data(at, 0),
        }
        match construct(all) {
            Construct::Incomplete | Construct::Escaped => None,
            Construct::Command(command) => {
                self.take(2);
                Some(Item::Command(command))
            }
            Construct::Negotiation(verb, option) => {
                self.take(3);
                Some(Item::Negotiation { verb, option })
            }
            Construct::StraySe | Construct::SbInterrupted => Some(Item::Stray(self.take(2))),
            Construct::SbEmpty => Some(Item::Stray(self.take(4))),
            Construct::SbStart(option, len) => {
                let mut search = Search::new(usize::MAX);
                let found = search.go_on(&all[len..]);
                let payload = Payload::from_raw(&all[len..len + search.scanned]);
                match found {
                    Found::Incomplete | Found::Overflow => None,
                    Found::End => {
                        self.take(len + search.scanned + 2);
                        Some(Item::Subnegotiation { option, payload })
                    }
                    Found::Interruption => {
                        self.take(len + search.scanned);
                        Some(Item::Interrupted { option, payload })
                    }
                }
            }
        }
    }
}

impl core::iter::FusedIterator for Items<'_> {}
