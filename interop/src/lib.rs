#![doc = include_str!("../README.md")]
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod built;
mod content;
mod missing;
mod namespace;
mod peer;
mod port;
mod program;
mod relay;

pub use built::{built_command, built_example};
pub use content::{content, digest, digest_of, folder, text};
pub use missing::Missing;
pub use namespace::Namespace;
pub use peer::{Ended, Peer, run, wait_until};
pub use port::{free_tcp_port, free_udp_port};
pub use program::{find, find_saying};
pub use relay::Relay;
