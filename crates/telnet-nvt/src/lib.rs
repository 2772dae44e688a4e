#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod client;
mod config;
#[cfg(feature = "bytes")]
mod detach;
pub mod environment;
mod error;
mod event;
mod fact;
pub mod negotiation;
pub mod nvt;
mod options;
mod receiver;
mod server;
mod session;
pub mod wire;

pub use client::{Client, ClientConfig};
pub use config::Config;
pub use environment::{Environment, EnvironmentPolicy};
pub use error::Misuse;
pub use event::{Event, Violation};
pub use fact::Fact;
pub use negotiation::{Negotiation, Policy, Requested};
pub use options::OptionSet;
pub use receiver::Receiver;
pub use server::{Server, ServerConfig, Typing};
pub use wire::code::{Command, OptionCode, Side, Verb};
pub use wire::payload::Payload;

pub use wirelore_core::{Input, Machine, Next, Step};
