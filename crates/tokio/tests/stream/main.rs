//! The driver of byte streams, with a small line protocol, over pipes in memory and over TCP on the
//! loopback interface.

mod cancelled;
mod cut;
mod ends;
mod futures;
mod handover;
mod pressure;
mod protocol;
mod time;
