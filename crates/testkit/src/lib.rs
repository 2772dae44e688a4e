#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod content;
pub mod contract;
mod cutting;
pub mod net;
mod rng;
pub mod seeds;
mod shown;
mod skip;
pub mod transcript;
#[cfg(feature = "tshark")]
pub mod tshark;

pub use content::{Pace, Sink, SinkError, Source};
pub use cutting::Cutting;
pub use rng::Rng;
pub use skip::skip;
