#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod body;
mod client;
mod config;
#[cfg(feature = "bytes")]
mod detach;
pub mod encode;
mod error;
mod event;
#[cfg(feature = "http")]
mod http_heads;
#[cfg(feature = "http")]
pub mod http_types;
pub mod method;
mod request;
mod response;
mod server;
mod state;
pub mod status;
pub mod value;
mod version;
pub mod wire;

pub use client::{ClientConfig, ClientConnection};
pub use config::{Config, Lenient, Limits};
pub use encode::Misuse;
pub use error::{Error, ErrorKind};
pub use event::{RequestEvent, ResponseEvent, Trailers};
pub use request::RequestReceiver;
pub use response::ResponseReceiver;
pub use server::{ServerConfig, ServerConnection};
pub use state::{ClientState, ServerState};
pub use version::Version;
pub use wirelore_core::{Input, Machine, Next, Patience, Step};
