#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

mod block;
mod client;
mod config;
mod error;
mod negotiate;
pub mod netascii;
mod receiver;
mod retry;
mod sender;
mod server;
mod strays;
mod transfer;
pub mod wire;

pub use block::Rollover;
pub use client::{Address, Client};
pub use config::{ClientConfig, Config, ServerConfig, Timing};
pub use error::{Failure, Misuse};
pub use negotiate::Parameters;
pub use receiver::Content;
pub use server::{Demux, Grant, RefusedRequest, ServerEvent, Slot, TransferId};
pub use transfer::{Event, Transfer};
pub use wire::{Direction, ErrorCode, Mode, Request};

pub use wirelore_core::{DatagramMachine, Duration, Instant, Transmit};
