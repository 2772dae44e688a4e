//! The serving side: one connection, from its first request to its last.
//!
//! A [`Handler`] belongs to one connection. [`begin`](Handler::begin) sees each request as soon as its head
//! is there, borrowed, and answers at once where it can; what needs time, the request's body or a file is
//! a job for [`work`](Handler::work). [`serve`] does the rest: it reads and writes, joins the replies to
//! pipelined requests, keeps the connection open or closes it, watches the time, and drains.
//!
//! ```no_run
//! use std::sync::Arc;
//! use wirelore_http1::wire::RequestHead;
//! use wirelore_http1::encode::{FieldBlock, Response};
//! use wirelore_tokio::http1::server::{Begun, Handler, Never, Reply, ServerOptions, serve};
//! use wirelore_tokio::{AcceptConfig, Acceptor, Connection};
//!
//! struct Hello(FieldBlock);
//!
//! impl Handler for Hello {
//!     type Job = Never;
//!
//!     fn begin(&mut self, _: &RequestHead<&[u8]>, reply: &mut Reply<'_>) -> Begun<Never> {
//!         let _ = reply.respond(&Response::new(200, &self.0), b"hello\n");
//!         Begun::Answered
//!     }
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let fields = FieldBlock::new().with("Content-Type", "text/plain")?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! let service = move |connection: Connection| {
//!     let mut hello = Hello(fields.clone());
//!     async move {
//!         let Connection { stream, drain, .. } = connection;
//!         let _ = serve(stream, &mut hello, &ServerOptions::default(), drain).await;
//!     }
//! };
//! let acceptor = Acceptor::new(listener, Arc::new(service), AcceptConfig::default());
//! acceptor.run(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```

mod conversation;
mod date;
mod exchange;
mod outside;
mod reply;
mod transport;

pub use conversation::{Ended, serve};
pub use exchange::{Exchange, ExchangeError};
pub use reply::Reply;
pub use transport::Transport;

use crate::DriverConfig;
use core::convert::Infallible;
use core::future::Future;
use core::time::Duration;
use wirelore_http1::wire::RequestHead;
use wirelore_http1::{Error, ServerConfig};

/// What is done with the requests of one connection.
pub trait Handler: Send {
    /// What [`work`](Self::work) needs to know of a request; [`Never`] where all are answered at once.
    type Job: Send;

    /// The head of a request has come. It may be answered at once, through `reply`; this is called in
    /// the event loop and must not block.
    ///
    /// A body that comes with a request that was answered is thrown away, up to
    /// [`ServerOptions::discard`]; if it is longer, the connection ends.
    fn begin(&mut self, head: &RequestHead<&[u8]>, reply: &mut Reply<'_>) -> Begun<Self::Job>;

    /// Answers a request for which [`begin`](Self::begin) gave a job. Dropped when the connection is cut.
    ///
    /// An error, or a response that was begun and not finished, breaks the connection, so that nobody takes
    /// it for whole. A request whose body cannot be read is answered by [`serve`], unless a response was
    /// under way, and [`refused`](Self::refused) is not called for it. A request that is not answered at all
    /// is answered with 500.
    fn work<T: Transport>(
        &mut self,
        job: Self::Job,
        exchange: &mut Exchange<'_, T>,
    ) -> impl Future<Output = Result<(), ExchangeError>> + Send {
        let _ = (job, exchange);
        async { Ok(()) }
    }

    /// Octets came that are no request, or a request came too late. It was answered with
    /// [`Error::reply_hint`], unless [`ServerConfig::farewell`] says no, and the connection ends. Not called of
    /// a request that had been answered before.
    fn refused(&mut self, error: &Error) {
        let _ = error;
    }
}

/// There is none of it.
pub type Never = Infallible;

/// What became of a request at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "each is dealt with")]
pub enum Begun<J> {
    /// It is answered, through [`Reply`].
    Answered,
    /// [`Handler::work`] is to answer it.
    Work(J),
}

/// How a connection is served.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerOptions {
    /// How requests are read, and how long they may take.
    pub machine: ServerConfig,
    /// The buffers, and how long a client may read nothing.
    pub driver: DriverConfig,
    /// So many octets of a request's body that nobody wants are read and thrown away, to keep the
    /// connection. Default: 65536.
    pub discard: u64,
    /// How long a connection that was closed waits for the client to close too, so that the last
    /// response is not lost (RFC 9112 section 9.6). Default: 2 s.
    pub linger: Duration,
    /// The most requests on one connection. Default: no limit.
    pub requests: Option<u64>,
    /// Whether responses get a Date (RFC 9110 section 6.6.1), unless they have one. Default: yes.
    pub date: bool,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            machine: ServerConfig::default(),
            driver: DriverConfig::default(),
            discard: 65_536,
            linger: Duration::from_secs(2),
            requests: None,
            date: true,
        }
    }
}
