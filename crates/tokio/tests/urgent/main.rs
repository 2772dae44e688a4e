//! Urgent data over TCP on the loopback interface: marks that come, in both manners and at every
//! time, and marks that are sent.

#![cfg(target_os = "linux")]

mod nvt;
mod peer;
mod receive;
mod send;
mod strewn;
