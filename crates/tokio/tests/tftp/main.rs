//! The TFTP drivers over real sockets of the loopback interface.
#![cfg(feature = "tftp")]

mod files;
mod raw;
mod rig;

mod addresses;
mod crowd;
mod failures;
mod requests;
mod sizes;
mod slow;
mod stop;
mod text;
mod watching;
