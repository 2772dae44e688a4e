//! The HTTP/1 server: octet by octet over pipes in memory, in virtual time, and with files over TCP on the
//! loopback interface.

mod replies;
mod rig;
