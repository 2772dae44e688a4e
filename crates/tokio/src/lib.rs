#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod accept;
#[cfg(feature = "tftp")]
mod clock;
mod files;
#[cfg(feature = "http1")]
pub mod http1;
mod stream;
mod tap;
#[cfg(feature = "tftp")]
pub mod tftp;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "tftp")]
mod udp;
mod urgent;
mod watch;

pub use accept::{
    AcceptConfig, AcceptReport, AcceptStats, Acceptor, Connection, Drain, Listener, Refusal,
    Service,
};
pub use files::{Source, Target};
pub use stream::{
    ActError, Driver, DriverConfig, DriverError, Parts, Pumped, UpgradeError, UpgradeRefusal,
};
pub use tap::{Tap, TapConfig, TapStream};
pub use urgent::UrgentStream;
pub use watch::Watch;
pub use wirelore_pcapng::Side;
