//! Octets and what they mean, without any state of a conversation.

pub mod code;
pub mod items;
pub(crate) mod lex;
pub mod option;
pub mod payload;

use alloc::borrow::Cow;
use alloc::vec::Vec;

use memchr::memchr;

use code::IAC;

/// `octets` with every 255 doubled, borrowed when there is none.
///
/// "With the current set-up, only the IAC need be doubled to be sent as data, and the other 255
/// codes may be passed transparently" (RFC 854, TELNET COMMAND STRUCTURE; also RFC 1123 sections
/// 3.2.6 and 3.2.7). This is all that is done to data while BINARY is in effect; NVT text needs
/// [`encode_text`](crate::nvt::encode_text).
#[must_use]
pub fn escape(octets: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr(IAC, octets) else {
        return Cow::Borrowed(octets);
    };
    let mut out = Vec::with_capacity(octets.len() + 16);
    escape_from(octets, first, &mut out);
    Cow::Owned(out)
}

/// Appends `octets` with every 255 doubled; see [`escape`].
pub fn escape_into(octets: &[u8], out: &mut Vec<u8>) {
    match memchr(IAC, octets) {
        None => out.extend_from_slice(octets),
        Some(first) => escape_from(octets, first, out),
    }
}

/// The same, where the first 255 is at `at`.
fn escape_from(octets: &[u8], mut at: usize, out: &mut Vec<u8>) {
    let mut rest = octets;
    loop {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        rest = &special[1..];
        out.extend_from_slice(&[IAC, IAC]);
        if rest.first() == Some(&IAC) {
            let run = rest.iter().take_while(|octet| **octet == IAC).count();
            out.resize(out.len() + 2 * run, IAC);
            rest = &rest[run..];
        }
        let Some(next) = memchr(IAC, rest) else { break };
        at = next;
    }
    out.extend_from_slice(rest);
}
