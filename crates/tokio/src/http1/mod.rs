//! HTTP/1 on sockets: a server that answers by a [`Handler`](server::Handler), and a client with a pool
//! of connections and proxies.

pub mod client;
pub mod server;
