//! What a name must be before it is sent.

use super::EncodeError;

/// Refuses all but printable 7-bit ASCII, and an empty name. A space is printable.
pub(super) fn check(name: &[u8]) -> Result<(), EncodeError> {
    if name.is_empty() {
        return Err(EncodeError::Empty);
    }
    refuse(name, |octet| !matches!(octet, b' '..=b'~'))
}

/// Refuses the octets that `is_wrong` says are.
pub(super) fn refuse(text: &[u8], is_wrong: impl Fn(u8) -> bool) -> Result<(), EncodeError> {
    match text.iter().position(|&octet| is_wrong(octet)) {
        Some(at) => Err(EncodeError::Octet {
            octet: text[at],
            at,
        }),
        None => Ok(()),
    }
}
