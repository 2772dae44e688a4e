//! Fields of a received message, to be sent on.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::FieldBlock;
use super::names::Class;
use crate::wire::octet::{is_field, is_tchar, is_token};

/// Which received fields are sent on. Content-Length and Transfer-Encoding never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forward {
    /// All others, for a copy of the message.
    All,
    /// What is not for the next recipient only, as a proxy has to do (RFC 9110 section 7.6.1): without
    /// Connection and the fields it names, Keep-Alive, Proxy-Connection, TE and Upgrade; also without
    /// Proxy-Authenticate, Proxy-Authentication-Info and Proxy-Authorization, which concern the proxy.
    EndToEnd,
    /// Of trailers, what may stand there and is not for the next recipient only (see [`may_be_trailer`](super::may_be_trailer)). Fields that
    /// the Connection field of the head names are the caller's to remove.
    Trailers,
}

impl FieldBlock {
    /// The fields of a received message, in their order, made so that they can be sent whatever they
    /// are: an octet that no value may have (the CR and LF of a folded line, another control
    /// character) becomes SP, whitespace at the ends of values goes, and a field whose name is no
    /// token is left out.
    ///
    /// ```
    /// use wirelore_http1::encode::{FieldBlock, Forward};
    ///
    /// let received: [(&[u8], &[u8]); 4] = [
    ///     (b"Connection", b"X-Hop, close"),
    ///     (b"X-Hop", b"1"),
    ///     (b"Content-Length", b"5"),
    ///     (b"X-Folded", b"a\r\n b "),
    /// ];
    /// let block = FieldBlock::from_received(received, Forward::EndToEnd);
    /// assert_eq!(block.as_bytes(), b"X-Folded: a   b\r\n");
    /// ```
    pub fn from_received<'f>(
        fields: impl IntoIterator<Item = (&'f [u8], &'f [u8])>,
        forward: Forward,
    ) -> Self {
        let mut block = Self::new();
        block.receive(fields, forward);
        block
    }

    /// Takes the fields of a received message in place of those it has, and keeps the memory; see
    /// [`from_received`](Self::from_received).
    pub fn receive<'f>(
        &mut self,
        fields: impl IntoIterator<Item = (&'f [u8], &'f [u8])>,
        forward: Forward,
    ) -> &mut Self {
        self.clear();
        let mut named: Vec<&[u8]> = Vec::new();
        for (name, value) in fields {
            let class = Class::of(name);
            if class.is(Class::CONNECTION) && forward == Forward::EndToEnd {
                named.extend(options(value));
            }
            if is_token(name) && passes(class, forward) {
                self.append_cleaned(name, value, class);
            }
        }
        if !named.is_empty() {
            // Sorted, so that many options and many fields are not compared each with each.
            named.sort_unstable_by(|a, b| compare(a, b));
            self.retain(|name, _| {
                // Nobody may take away what the request is for.
                Class::of(name).is(Class::HOST)
                    || named
                        .binary_search_by(|other| compare(other, name))
                        .is_err()
            });
        }
        self
    }

    fn append_cleaned(&mut self, name: &[u8], value: &[u8], class: Class) {
        if value.iter().all(|&octet| is_field(octet)) {
            self.append_line(name, value, class);
        } else {
            let cleaned = value
                .iter()
                .map(|&octet| if is_field(octet) { octet } else { b' ' });
            self.append_line(name, &cleaned.collect::<Vec<u8>>(), class);
        }
    }
}

const fn passes(class: Class, forward: Forward) -> bool {
    !class.is(Class::FRAMING)
        && match forward {
            Forward::All => true,
            Forward::EndToEnd => !class.is(Class::HOP),
            Forward::Trailers => !class.is(Class::HEAD_ONLY) && !class.is(Class::HOP),
        }
}

/// The options of a Connection field that may name other fields. Whatever is no token separates
/// them: it may be a damaged list.
fn options(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&octet| !is_tchar(octet))
        .filter(|option| !option.is_empty() && !option.eq_ignore_ascii_case(b"close"))
        .filter(|option| !Class::of(option).is(Class::HOP))
}

fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let lower = |octet: &u8| octet.to_ascii_lowercase();
    a.iter().map(lower).cmp(b.iter().map(lower))
}
