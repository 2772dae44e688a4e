//! What a user of the machines can set, with defaults that suit the Internet of today.

use crate::block::Rollover;
use crate::wire::OptionName;
use core::time::Duration;

/// How long to wait for an answer and how often to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timing {
    /// The first wait while no round-trip time is known, and the unit of the back-off. 1 s.
    pub initial: Duration,
    /// The shortest first wait once a round-trip time is known. 250 ms.
    pub minimum: Duration,
    /// The longest wait. 8 s.
    pub maximum: Duration,
    /// After how many waits without an answer the transfer is given up. 6.
    pub tries: u32,
    /// How long the receiver of a file stays after its last ACK to repeat it; at least one
    /// retransmission timeout of the other side, and longer where a long `timeout` was negotiated.
    /// Zero: not at all. 4 s.
    pub dally: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            initial: Duration::from_secs(1),
            minimum: Duration::from_millis(250),
            maximum: Duration::from_secs(8),
            tries: 6,
            dally: Duration::from_secs(4),
        }
    }
}

impl Timing {
    /// Every wait is exactly `wait`, `tries` times; for tests and for links that are known.
    #[must_use]
    pub const fn constant(wait: Duration, tries: u32) -> Self {
        Self {
            initial: wait,
            minimum: wait,
            maximum: wait,
            tries,
            dally: wait.saturating_mul(2),
        }
    }
}

/// What holds for every transfer, on either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Waits and tries.
    pub timing: Timing,
    /// The number after 65535 where `rollover` was not negotiated. Both sides must agree.
    pub rollover: Rollover,
    /// Seed of the variation of waits; give every machine another one.
    pub seed: u64,
    /// At most this many ERROR 5 a second (a server: and ERROR 4) answer what comes from addresses that
    /// have no part in a transfer and is no request. 10.
    pub stray_replies_per_second: u32,
    /// Deviation from RFC 1350 section 2: drop incorrectly formed packets of the peer instead of
    /// ending the transfer with ERROR 4. Off.
    pub ignore_malformed: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            timing: Timing::default(),
            rollover: Rollover::Zero,
            seed: 0x0074_6674_7000,
            stray_replies_per_second: 10,
            ignore_malformed: false,
        }
    }
}

/// What a server grants at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerConfig {
    /// What holds for every transfer.
    pub transfer: Config,
    /// The largest `blksize` that is granted, 8 to 65464; bounds the buffer for sending. 65464.
    pub max_blksize: u16,
    /// The largest `windowsize` that is granted. 64: there is nothing to gain above it.
    pub max_windowsize: u16,
    /// The largest sum of block size times window size over all transfers; `windowsize` is granted
    /// within what is left, and a request that does not fit with a window of one block is dropped.
    /// 64 MiB.
    pub max_octets_in_flight: u64,
    /// How often the first reply is sent for one request before the client has answered once. 3.
    pub first_replies: u8,
    /// Options that are treated as unknown.
    pub ignored_options: &'static [OptionName],
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            transfer: Config::default(),
            max_blksize: 65464,
            max_windowsize: 64,
            max_octets_in_flight: 64 << 20,
            first_replies: 3,
            ignored_options: &[],
        }
    }
}

/// What a client asks for and insists on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientConfig {
    /// What holds for the transfer.
    pub transfer: Config,
    /// `blksize` to ask for (8 to 65464), or none.
    pub blksize: Option<u16>,
    /// `windowsize` to ask for (1 to 65535), or none.
    pub windowsize: Option<u16>,
    /// `timeout` in seconds to ask for (1 to 255), or none.
    pub timeout: Option<u8>,
    /// `utimeout` in microseconds to ask for (10000 to 255000000), or none.
    pub utimeout: Option<u32>,
    /// Whether to ask for (get) or announce (put, where the size is known) `tsize`.
    pub tsize: bool,
    /// `rollover` to ask for, or none.
    pub rollover: Option<Rollover>,
    /// Whether to ask again without options when the server answers a request that has some with
    /// ERROR 0, 4 or 8 (RFC 2347).
    pub fall_back: bool,
    /// The largest file to take, in octets on the wire; a larger one is refused with ERROR 3.
    pub max_size: Option<u64>,
}

impl Default for ClientConfig {
    /// `tsize` and `blksize 1428` (an Ethernet frame without fragments), no window.
    fn default() -> Self {
        Self {
            transfer: Config::default(),
            blksize: Some(1428),
            windowsize: None,
            timeout: None,
            utimeout: None,
            tsize: true,
            rollover: None,
            fall_back: true,
            max_size: None,
        }
    }
}

impl ClientConfig {
    /// No options at all: TFTP as RFC 1350 has it.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            blksize: None,
            tsize: false,
            ..Self::default()
        }
    }
}
