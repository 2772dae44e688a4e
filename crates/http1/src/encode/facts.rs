//! What is remembered of fields, so that nobody has to look for it when they are sent.

use core::ops::Range;

use super::names::Class;
use crate::wire::Authority;
use crate::wire::octet::trim;

/// What the fields say that matters when they are sent.
#[derive(Clone, Default)]
pub(super) struct Facts {
    pub(super) seen: Class,
    pub(super) host: Host,
    pub(super) options: Options,
    pub(super) expects_continue: bool,
}

#[derive(Clone, Default)]
pub(super) enum Host {
    #[default]
    Missing,
    /// One, and here is its value.
    Once(Range<usize>),
    Bad,
    Repeated,
}

/// Options in Connection.
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) close: bool,
    pub(super) keep_alive: bool,
    pub(super) upgrade: bool,
    pub(super) te: bool,
}

impl Facts {
    pub(super) const NONE: Self = Self {
        seen: Class::NONE,
        host: Host::Missing,
        options: Options {
            close: false,
            keep_alive: false,
            upgrade: false,
            te: false,
        },
        expects_continue: false,
    };

    /// Takes note of a field whose value stands at `start`.
    pub(super) fn note(&mut self, class: Class, value: &[u8], start: usize) {
        self.seen = self.seen.and(class);
        if class.is(Class::HOST) {
            self.host = match self.host {
                Host::Missing if Authority::parse(value).is_some() => {
                    Host::Once(start..start + value.len())
                }
                Host::Missing => Host::Bad,
                _ => Host::Repeated,
            };
        } else if class.is(Class::CONNECTION) {
            for option in members(value) {
                let is = |name: &[u8]| option.eq_ignore_ascii_case(name);
                self.options.close |= is(b"close");
                self.options.keep_alive |= is(b"keep-alive");
                self.options.upgrade |= is(b"upgrade");
                self.options.te |= is(b"te");
            }
        } else if class.is(Class::EXPECT) {
            self.expects_continue |=
                members(value).any(|member| member.eq_ignore_ascii_case(b"100-continue"));
        }
    }
}

/// The members of a list of tokens. Quotes do not hide commas, since no token has any.
fn members(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&octet| octet == b',')
        .map(trim)
        .filter(|member| !member.is_empty())
}
