//! The HTTP/1 server: octet by octet over pipes in memory, in virtual time, and with files over TCP on the
//! loopback interface.

mod cut;
mod drain;
mod ends;
mod exchange;
mod files;
mod keep;
mod memory;
mod refused;
mod replies;
mod rig;
mod time;
