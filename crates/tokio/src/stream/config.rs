use core::time::Duration;

/// How much a [`Driver`](crate::Driver) holds, and how long it bears a peer that reads nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriverConfig {
    /// The most octets that are received and not consumed yet. Raised to what the machine must see
    /// at once, its [`max_unconsumed`](wirelore_core::Machine::max_unconsumed). Default: 65536.
    pub receive: usize,
    /// From so many unsent octets on the machine is not stepped. At least 1. Default: 65536.
    pub high: usize,
    /// It is stepped again, and [`act`](crate::Driver::act) returns, when fewer than so many wait.
    /// At least 1, at most `high`. Default: 16384.
    pub low: usize,
    /// How long a blocked stream may take not one octet before the connection counts as broken.
    /// Without a limit a peer that never reads holds its connection for ever. Default: 60 s.
    pub stall: Option<Duration>,
    /// Whether TLS that ends without saying so (no close_notify) has ended, rather than failed. Only where
    /// nothing is taken for whole because the stream ends: somebody else could have ended it. Default: no.
    pub bare_end: bool,
}

impl Default for DriverConfig {
    fn default() -> Self {
        Self {
            receive: 65_536,
            high: 65_536,
            low: 16_384,
            stall: Some(Duration::from_secs(60)),
            bare_end: false,
        }
    }
}
