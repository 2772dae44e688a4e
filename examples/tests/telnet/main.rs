//! The TELNET examples, each in this process and with clients that are bare TCP sockets.

mod guest;

mod chat;
mod echo;
mod honeypot;
