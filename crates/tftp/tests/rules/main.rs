//! The rules of the RFCs, clause by clause: every test feeds packets to a machine by hand and looks
//! at what it answers. No network, no clock.

#[path = "../words/mod.rs"]
mod words;

mod rig;

mod client;
mod client_options;
mod faults;
mod header;
mod limits;
mod malformed;
mod netascii;
mod options;
mod receiver;
mod repeats;
mod sender;
mod server;
mod timing;
mod windows;
