#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod block;
mod dissect;
mod error;
mod headers;
mod packet;
mod reader;
mod reassemble;
mod tcp;
mod writer;

pub use block::Options;
pub use dissect::{Dissected, Fragment, TcpSegment, UdpDatagram, dissect};
pub use error::{Error, Layer, Misuse};
pub use headers::TcpFlags;
pub use packet::{Direction, LinkType, Packet};
pub use reader::{Limits, Next, Packets, Reader, Step, packets};
pub use reassemble::{Datagram, DropReason, Reassembler, ReassemblyLimits};
pub use tcp::{Side, TcpConfig, TcpFlow};
pub use writer::{Interface, Section, Stamp, Writer};
