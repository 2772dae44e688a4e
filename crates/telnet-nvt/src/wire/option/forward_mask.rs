//! FORWARDMASK (RFC 1184 section 2.3): at which characters the client sends what it has buffered.

use core::fmt;

use super::OptionError;
use crate::Verb;

/// What is said about the forward mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardMask {
    /// The server asks that it be used.
    Do(CharacterMask),
    /// The server asks that none be used.
    Dont,
    /// The client uses it.
    Will,
    /// The client does not use it.
    Wont,
}

/// A set of octets, as up to 32 octets of bits: the high bit of the first one stands for 0, its low
/// bit for 7. What is left out at the end is not in the set.
///
/// ```
/// # use wirelore_telnet_nvt::wire::option::CharacterMask;
/// let controls: CharacterMask = (0..32).chain([127]).collect();
/// assert!(controls.contains(b'\t') && !controls.contains(b'a'));
/// assert_eq!(controls.as_bytes()[..5], [255, 255, 255, 255, 0]);
/// assert_eq!(controls.as_bytes().len(), 16);
/// ```
#[derive(Clone, Copy, Default)]
pub struct CharacterMask {
    octets: [u8; Self::MAX_LEN],
    len: u8,
}

impl ForwardMask {
    /// Reads what follows FORWARDMASK; `at` is where that stands in the payload.
    pub(super) fn parse(verb: Verb, mask: &[u8], at: usize) -> Result<Self, OptionError> {
        let said = match verb {
            Verb::Do => {
                let mask = CharacterMask::from_bytes(mask);
                let offset = at + CharacterMask::MAX_LEN;
                return mask
                    .map(Self::Do)
                    .ok_or(OptionError::MaskTooLong { offset });
            }
            Verb::Dont => Self::Dont,
            Verb::Will => Self::Will,
            Verb::Wont => Self::Wont,
        };
        match mask {
            [] => Ok(said),
            _ => Err(OptionError::TrailingOctets { offset: at }),
        }
    }

    /// Which of the four it is.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Do(_) => Verb::Do,
            Self::Dont => Verb::Dont,
            Self::Will => Verb::Will,
            Self::Wont => Verb::Wont,
        }
    }

    /// The mask of DO; the others have none.
    #[must_use]
    pub const fn mask(&self) -> Option<CharacterMask> {
        match *self {
            Self::Do(mask) => Some(mask),
            _ => None,
        }
    }
}

impl CharacterMask {
    /// The most octets it has.
    pub const MAX_LEN: usize = 32;
    /// How many octets count while the server does not send in BINARY: those for 7-bit ASCII.
    pub const ASCII_LEN: usize = 16;
    /// No octet.
    pub const EMPTY: Self = Self {
        octets: [0; Self::MAX_LEN],
        len: 0,
    };

    /// A mask as it stands on the wire; `None` if it has more than 32 octets.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut mask = Self::EMPTY;
        mask.octets.get_mut(..bytes.len())?.copy_from_slice(bytes);
        mask.len = u8::try_from(bytes.len()).ok()?;
        Some(mask)
    }

    /// The mask as it stands on the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }

    /// Whether `octet` is in it.
    #[must_use]
    pub const fn contains(&self, octet: u8) -> bool {
        self.octets[(octet >> 3) as usize] & (0x80 >> (octet & 7)) != 0
    }

    /// The same, and `octet`.
    #[must_use]
    pub const fn with(mut self, octet: u8) -> Self {
        let at = octet >> 3;
        self.octets[at as usize] |= 0x80 >> (octet & 7);
        if self.len <= at {
            self.len = at + 1;
        }
        self
    }

    /// What counts of it while the server does not send in BINARY: "only the first 16 octets of the
    /// mask (ASCII codes 0 through 127) are used".
    #[must_use]
    pub fn ascii(&self) -> Self {
        let bytes = self.as_bytes();
        let ascii = &bytes[..bytes.len().min(Self::ASCII_LEN)];
        Self::from_bytes(ascii).unwrap_or(Self::EMPTY)
    }

    /// The octets in it, in order.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=255).filter(|&octet| self.contains(octet))
    }
}

impl FromIterator<u8> for CharacterMask {
    fn from_iter<I: IntoIterator<Item = u8>>(octets: I) -> Self {
        octets.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl PartialEq for CharacterMask {
    /// Whether the same octets are in both.
    fn eq(&self, other: &Self) -> bool {
        self.octets == other.octets
    }
}

impl Eq for CharacterMask {}

impl fmt::Debug for CharacterMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
