//! Option negotiation, both sides (RFC 2347, 2348, 2349, 7440).
//!
//! A value that is no number, or outside the range that its RFC gives, is a bad value: the server
//! leaves the option out of the OACK, as RFC 2347 has it where the option's own RFC is silent; the
//! client refuses an OACK that has one with ERROR 8. Of two options with the same name the first
//! counts.

use crate::block::Rollover;
use crate::config::{ClientConfig, ServerConfig};
use crate::sender::NETASCII_MAX_WINDOW;
use crate::wire::{
    Direction, EncodeError, Encoder, Mode, Opcode, OptionName, Options, begin_request,
    finish_request, option_value,
};
use core::time::Duration;

/// What a transfer goes by: what was negotiated, and the defaults of RFC 1350 for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// Octets in every block but the last.
    pub blksize: u16,
    /// Blocks in a window.
    pub windowsize: u16,
    /// The negotiated interval between retransmissions.
    pub timeout: Option<Duration>,
    /// The announced size of the file, in octets on the wire.
    pub tsize: Option<u64>,
    /// The number after 65535.
    pub rollover: Rollover,
}

impl Parameters {
    /// A transfer without options.
    #[must_use]
    pub const fn plain(rollover: Rollover) -> Self {
        Self {
            blksize: 512,
            windowsize: 1,
            timeout: None,
            tsize: None,
            rollover,
        }
    }

    pub(crate) fn from_values(values: &Values, rollover: Rollover) -> Self {
        let seconds = values.of(OptionName::Timeout).map(Duration::from_secs);
        let micros = values.of(OptionName::Utimeout).map(Duration::from_micros);
        // ranges were checked when the values were read
        let small = |name, default| values.of(name).map_or(default, |value| value as u16);
        Self {
            blksize: small(OptionName::Blksize, 512),
            windowsize: small(OptionName::Windowsize, 1),
            timeout: micros.or(seconds),
            tsize: values.of(OptionName::Tsize),
            rollover: match values.of(OptionName::Rollover) {
                Some(0) => Rollover::Zero,
                Some(_) => Rollover::One,
                None => rollover,
            },
        }
    }
}

/// Values of known options, and how their names were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    values: [Option<Value>; OptionName::ALL.len()],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Value {
    number: u64,
    /// Bit n: the n-th letter of the name is a capital. An OACK copies names from the request.
    capitals: u16,
}

impl Values {
    /// The good values of known options in a request.
    pub(crate) fn requested(options: Options<'_>) -> Self {
        let mut values = Self::default();
        let mut seen = [false; OptionName::ALL.len()];
        for (name, value) in options.iter() {
            let Some(known) = OptionName::of(name) else {
                continue;
            };
            if core::mem::replace(&mut seen[known as usize], true) {
                continue;
            }
            if let Some(number) = option_value(value).filter(|&number| in_range(known, number)) {
                let capitals = name.iter().enumerate().fold(0, |bits, (i, letter)| {
                    bits | u16::from(letter.is_ascii_uppercase()) << i
                });
                values.values[known as usize] = Some(Value { number, capitals });
            }
        }
        values
    }

    /// What `config` asks for; `size` is what to announce in a WRQ.
    pub(crate) fn offered(
        config: &ClientConfig,
        direction: Direction,
        mode: Mode,
        size: Option<u64>,
    ) -> Self {
        let mut values = Self::default();
        let rollover = config.rollover.unwrap_or(config.transfer.rollover);
        let windowsize = config
            .windowsize
            .map(|blocks| window_cap(mode, rollover, blocks));
        values.set(OptionName::Blksize, config.blksize.map(u64::from));
        values.set(OptionName::Windowsize, windowsize.map(u64::from));
        values.set(OptionName::Timeout, config.timeout.map(u64::from));
        values.set(OptionName::Utimeout, config.utimeout.map(u64::from));
        let size = match direction {
            Direction::Read => Some(0),
            Direction::Write => size,
        };
        values.set(OptionName::Tsize, size.filter(|_| config.tsize));
        let rollover = config.rollover.map(|rollover| match rollover {
            Rollover::Zero => 0,
            Rollover::One => 1,
        });
        values.set(OptionName::Rollover, rollover);
        values
    }

    /// What the server accepts of a request: its OACK. `size` is the file's size on the wire, if it
    /// is known; `room` how many octets may yet be in flight.
    pub(crate) fn granted(
        mut self,
        config: &ServerConfig,
        direction: Direction,
        mode: Mode,
        size: Option<u64>,
        room: u64,
    ) -> Self {
        for &name in config.ignored_options {
            self.set(name, None);
        }
        self.lower(OptionName::Blksize, u64::from(config.max_blksize.max(8)));
        let blksize = self.of(OptionName::Blksize).unwrap_or(512);
        let rollover = Parameters::from_values(&self, config.transfer.rollover).rollover;
        let window = window_cap(mode, rollover, config.max_windowsize.max(1));
        self.lower(
            OptionName::Windowsize,
            u64::from(window).min((room / blksize).max(1)),
        );
        if direction == Direction::Read && self.of(OptionName::Tsize).is_some() {
            match size {
                Some(size) => self.replace(OptionName::Tsize, size),
                None => self.set(OptionName::Tsize, None),
            }
        }
        self
    }

    /// Reads the server's OACK against what was offered; `None`: it must be refused.
    pub(crate) fn accepted(&self, oack: Options<'_>) -> Option<Self> {
        let mut accepted = Self::default();
        for (name, value) in oack.iter() {
            let known = OptionName::of(name)?;
            let offered = self.of(known)?;
            let number = option_value(value).filter(|&number| in_range(known, number))?;
            let fits = match known {
                OptionName::Blksize | OptionName::Windowsize => number <= offered,
                OptionName::Timeout | OptionName::Utimeout | OptionName::Rollover => {
                    number == offered
                }
                OptionName::Tsize => true,
            };
            if !fits {
                return None;
            }
            if accepted.of(known).is_none() {
                accepted.set(known, Some(number));
            }
        }
        Some(accepted)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }

    pub(crate) fn of(&self, name: OptionName) -> Option<u64> {
        self.values[name as usize].map(|value| value.number)
    }

    /// Name and value of every option, in the order of [`OptionName::ALL`].
    pub(crate) fn iter(&self) -> impl Iterator<Item = (WrittenName, u64)> + '_ {
        OptionName::ALL.into_iter().filter_map(|name| {
            let value = self.values[name as usize]?;
            Some((WrittenName::new(name, value.capitals), value.number))
        })
    }

    /// Writes them as an OACK.
    pub(crate) fn encode(&self, buf: &mut [u8]) -> Result<usize, EncodeError> {
        let mut encoder = Encoder::new(buf, Opcode::Oack)?;
        for (name, number) in self.iter() {
            encoder.number_option(name.as_bytes(), number)?;
        }
        Ok(encoder.len())
    }

    /// Writes them into a request.
    pub(crate) fn encode_request(
        &self,
        direction: Direction,
        filename: &[u8],
        mode_name: &[u8],
        buf: &mut [u8],
    ) -> Result<usize, EncodeError> {
        let mut encoder = begin_request(direction, filename, mode_name, buf)?;
        for (name, number) in self.iter() {
            encoder.number_option(name.as_bytes(), number)?;
        }
        finish_request(&encoder)
    }

    fn set(&mut self, name: OptionName, number: Option<u64>) {
        let number = number.filter(|&number| in_range(name, number));
        self.values[name as usize] = number.map(|number| Value {
            number,
            capitals: 0,
        });
    }

    fn lower(&mut self, name: OptionName, most: u64) {
        if let Some(value) = &mut self.values[name as usize] {
            value.number = value.number.min(most);
        }
    }

    fn replace(&mut self, name: OptionName, number: u64) {
        if let Some(value) = &mut self.values[name as usize] {
            value.number = number;
        }
    }
}

/// The largest window in which no two blocks have the same number, and a netascii sender can
/// remember where each of them begins.
fn window_cap(mode: Mode, rollover: Rollover, blocks: u16) -> u16 {
    let most = match (mode, rollover) {
        (Mode::Netascii, _) => NETASCII_MAX_WINDOW as u16,
        (_, Rollover::Zero) => 65535,
        (_, Rollover::One) => 65534,
    };
    blocks.min(most)
}

const fn in_range(name: OptionName, number: u64) -> bool {
    match name {
        OptionName::Blksize => number >= 8 && number <= 65464,
        OptionName::Windowsize => number >= 1 && number <= 65535,
        OptionName::Timeout => number >= 1 && number <= 255,
        OptionName::Utimeout => number >= 10_000 && number <= 255_000_000,
        OptionName::Tsize => true,
        OptionName::Rollover => number <= 1,
    }
}

/// The name of an option with the capitals it was requested with.
pub(crate) struct WrittenName {
    letters: [u8; 10],
    len: usize,
}

impl WrittenName {
    fn new(name: OptionName, capitals: u16) -> Self {
        let name = name.as_str().as_bytes();
        let mut letters = [0; 10];
        for (i, (to, from)) in letters.iter_mut().zip(name).enumerate() {
            *to = if capitals >> i & 1 == 1 {
                from.to_ascii_uppercase()
            } else {
                *from
            };
        }
        Self {
            letters,
            len: name.len(),
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.letters[..self.len]
    }
}
