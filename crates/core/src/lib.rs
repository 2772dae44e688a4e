#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(feature = "alloc")]
pub mod bits;
mod datagram;
#[cfg(feature = "bytes")]
mod detach;
#[cfg(feature = "alloc")]
pub mod dot;
#[cfg(feature = "alloc")]
mod error;
#[cfg(feature = "alloc")]
pub mod escape;
#[cfg(feature = "alloc")]
pub mod lines;
#[cfg(feature = "alloc")]
mod machine;
#[cfg(feature = "alloc")]
mod recv;
#[cfg(feature = "alloc")]
pub mod reply;
#[cfg(feature = "alloc")]
mod send;
mod time;

pub use datagram::{DatagramMachine, Transmit};
#[cfg(feature = "bytes")]
pub use detach::Detach;
#[cfg(feature = "alloc")]
pub use error::{Error, Misuse};
#[cfg(feature = "alloc")]
pub use escape::escape;
#[cfg(feature = "alloc")]
pub use machine::{Input, Machine, Next, Patience, Step};
#[cfg(feature = "alloc")]
pub use recv::RecvBuf;
#[cfg(feature = "alloc")]
pub use send::{Chunk, SendBuf};
pub use time::Instant;

pub use core::time::Duration;
