#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod bits;
mod datagram;
#[cfg(feature = "bytes")]
mod detach;
pub mod dot;
mod error;
pub mod escape;
pub mod lines;
mod machine;
mod recv;
pub mod reply;
mod send;
mod time;

pub use datagram::{DatagramMachine, Transmit};
#[cfg(feature = "bytes")]
pub use detach::Detach;
pub use error::{Error, Misuse};
pub use escape::escape;
pub use machine::{Input, Machine, Next, Patience, Step};
pub use recv::RecvBuf;
pub use send::{Chunk, SendBuf};
pub use time::Instant;

pub use core::time::Duration;
