//! A set of options.

use core::fmt;

use crate::OptionCode;

/// Any of the 256 options, as a set. Made as a constant:
///
/// ```
/// # use wirelore_telnet_nvt::{OptionCode, OptionSet};
/// const OURS: OptionSet = OptionSet::of(&[OptionCode::ECHO, OptionCode::SGA]);
/// assert!(OURS.contains(OptionCode::SGA) && !OURS.contains(OptionCode::NAWS));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct OptionSet([u64; 4]);

impl OptionSet {
    /// No option.
    pub const NONE: Self = Self([0; 4]);
    /// All 256.
    pub const ALL: Self = Self([u64::MAX; 4]);

    /// Exactly these.
    #[must_use]
    pub const fn of(options: &[OptionCode]) -> Self {
        let mut set = Self::NONE;
        let mut i = 0;
        while i < options.len() {
            set = set.with(options[i]);
            i += 1;
        }
        set
    }

    /// The same, and `option`.
    #[must_use]
    pub const fn with(mut self, option: OptionCode) -> Self {
        self.0[(option.0 >> 6) as usize] |= 1 << (option.0 & 63);
        self
    }

    /// The same, without `option`.
    #[must_use]
    pub const fn without(mut self, option: OptionCode) -> Self {
        self.0[(option.0 >> 6) as usize] &= !(1 << (option.0 & 63));
        self
    }

    /// Whether `option` is in it.
    #[must_use]
    pub const fn contains(&self, option: OptionCode) -> bool {
        self.0[(option.0 >> 6) as usize] & (1 << (option.0 & 63)) != 0
    }

    /// Its options, by number.
    pub fn iter(&self) -> impl Iterator<Item = OptionCode> + '_ {
        (0..=255).map(OptionCode).filter(|&o| self.contains(o))
    }
}

impl FromIterator<OptionCode> for OptionSet {
    fn from_iter<I: IntoIterator<Item = OptionCode>>(options: I) -> Self {
        options.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for OptionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
