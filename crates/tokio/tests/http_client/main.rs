//! The HTTP/1 client, against servers that say exactly what the test wants, over TCP on the loopback
//! interface.

mod body;
mod early;
mod pool;
mod proxy;
mod rig;
mod stale;
mod time;
#[cfg(feature = "tls")]
mod tls;
