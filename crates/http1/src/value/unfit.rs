//! What keeps a value from being written.

use core::fmt;

use super::quoted::EncodeError;

/// Why a field value cannot be written. Nothing was appended then. `part` names what is wrong in the
/// words of the document: `cookie-value`, `user-id`, `filename`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfit {
    /// An octet that may not stand there.
    Octet {
        /// In what.
        part: &'static str,
        /// Where in it.
        offset: usize,
        /// The octet.
        octet: u8,
    },
    /// It has to be a token (RFC 9110 section 5.6.2) and is not.
    NotAToken {
        /// What.
        part: &'static str,
    },
    /// It is missing or empty.
    Missing {
        /// What.
        part: &'static str,
    },
    /// A number or date that cannot be written.
    OutOfRange {
        /// What.
        part: &'static str,
    },
}

impl Unfit {
    pub(super) const fn of(part: &'static str) -> impl Fn(EncodeError) -> Self {
        move |error| match error {
            EncodeError::Forbidden { offset, octet } => Self::Octet {
                part,
                offset,
                octet,
            },
            EncodeError::NotAToken => Self::NotAToken { part },
        }
    }

    /// Refuses `octets` if one of them is not `allowed`.
    pub(super) fn check(
        part: &'static str,
        octets: &[u8],
        allowed: impl Fn(u8) -> bool,
    ) -> Result<(), Self> {
        let wrong = octets.iter().enumerate().find(|it| !allowed(*it.1));
        wrong.map_or(Ok(()), |(offset, &octet)| {
            Err(Self::Octet {
                part,
                offset,
                octet,
            })
        })
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Octet {
                part,
                offset,
                octet,
            } => write!(
                f,
                "octet {octet:#04x} at offset {offset} may not stand in a {part}"
            ),
            Self::NotAToken { part } => write!(f, "the {part} is not a token"),
            Self::Missing { part } => write!(f, "the {part} is missing"),
            Self::OutOfRange { part } => write!(f, "the {part} is out of range"),
        }
    }
}

impl core::error::Error for Unfit {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn messages_name_the_part_and_no_text() {
        let error = Unfit::check("cookie-value", b"a;b", |it| it != b';').unwrap_err();
        assert_eq!(
            error.to_string(),
            "octet 0x3b at offset 1 may not stand in a cookie-value"
        );
        assert_eq!(Unfit::check("x", b"a;b", |_| true), Ok(()));
        assert_eq!(
            Unfit::of("realm")(EncodeError::NotAToken),
            Unfit::NotAToken { part: "realm" }
        );
    }
}
