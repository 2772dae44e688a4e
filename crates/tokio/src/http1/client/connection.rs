//! One connection, and the list of those that are open.

use super::proxy::Route;
use super::{Observer, Origin};
use crate::Driver;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite};
use wirelore_http1::ClientConnection;

/// Whatever is under HTTP: TCP, TLS, TLS in a tunnel, with a tap or without.
pub(super) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Transport for S {}

pub(super) type HttpDriver = Driver<ClientConnection, Box<dyn Transport>>;

/// What is known about a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectionFacts {
    /// Its number. Those of a client are all different.
    pub id: u64,
    /// What it was made for. A connection to a proxy may since have carried requests to other origins.
    pub origin: Origin,
    /// Host and port of the proxy that it goes to, if any.
    pub proxy: Option<(String, u16)>,
    /// Our address.
    pub local: SocketAddr,
    /// The address of the origin or of the proxy.
    pub peer: SocketAddr,
    /// When it was there, TLS included.
    pub since: Instant,
    /// TLS with the origin.
    #[cfg(feature = "tls")]
    pub tls: Option<crate::tls::TlsFacts>,
}

/// A connection that is open now: a row of [`Client::connections`](super::Client::connections).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenConnection {
    /// What is known about it.
    pub facts: Arc<ConnectionFacts>,
    /// No exchange uses it: it waits for the next one.
    pub idle: bool,
    /// How many requests it has carried or carries.
    pub requests: u64,
}

/// The connections that are open. Not the connections themselves: each takes itself off the list.
#[derive(Default)]
pub(super) struct Table(Mutex<Rows>);

#[derive(Default)]
struct Rows {
    last: u64,
    open: BTreeMap<u64, OpenConnection>,
}

impl Table {
    pub(super) fn number(&self) -> u64 {
        let mut rows = self.rows();
        rows.last += 1;
        rows.last
    }

    pub(super) fn list(&self) -> Vec<OpenConnection> {
        self.rows().open.values().cloned().collect()
    }

    fn enter(&self, facts: &Arc<ConnectionFacts>) {
        let row = OpenConnection {
            facts: facts.clone(),
            idle: false,
            requests: 0,
        };
        self.rows().open.insert(facts.id, row);
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut OpenConnection)) {
        self.rows().open.get_mut(&id).map(change);
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection from its first octet of HTTP to its end.
pub(super) struct Connection {
    /// Taken by `drop` alone.
    driver: Option<Box<HttpDriver>>,
    pub(super) facts: Arc<ConnectionFacts>,
    pub(super) route: Route,
    table: Arc<Table>,
    observer: Arc<dyn Observer>,
}

impl Connection {
    pub(super) fn new(
        driver: HttpDriver,
        facts: ConnectionFacts,
        route: Route,
        table: Arc<Table>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let facts = Arc::new(facts);
        table.enter(&facts);
        Self {
            driver: Some(Box::new(driver)),
            facts,
            route,
            table,
            observer,
        }
    }

    pub(super) fn driver(&mut self) -> &mut HttpDriver {
        self.driver.as_mut().expect("only dropping takes it")
    }

    /// A request is about to be sent.
    pub(super) fn used(&self) {
        self.table.change(self.facts.id, |row| {
            row.idle = false;
            row.requests += 1;
        });
    }

    pub(super) fn idle(&self) {
        self.table.change(self.facts.id, |row| row.idle = true);
    }

    /// The exchange is over; whether another one may follow here.
    pub(super) fn next_cycle(&mut self) -> bool {
        let driver = self.driver();
        driver.machine_mut().next_cycle().is_ok()
            && driver.machine().keeps_alive()
            && driver.unsent() == 0
            && !driver.peer_closed()
            && driver.received().is_empty()
    }

    /// Whether nothing has come while it was idle. Octets answer no request (RFC 9112 section 9.2), and
    /// the end of the stream is one.
    pub(super) async fn is_quiet(&mut self) -> bool {
        // So that the runtime looks at its sockets. With several threads it may be too late; then the
        // request goes out, and is lost like any other.
        tokio::task::yield_now().await;
        let driver = self.driver();
        let waits = poll_fn(|cx| Poll::Ready(pin!(driver.next()).poll(cx).is_pending())).await;
        waits && driver.unsent() == 0
    }
}

impl Drop for Connection {
    /// TLS wants to be told that this is the end (RFC 9112 section 9.8), as far as it can be said without
    /// waiting.
    fn drop(&mut self) {
        let id = self.facts.id;
        self.table.rows().open.remove(&id);
        if let Some(driver) = self.driver.take() {
            let mut stream = driver.into_parts().stream;
            let mut cx = Context::from_waker(Waker::noop());
            let _ = Pin::new(&mut stream).poll_shutdown(&mut cx);
        }
        self.observer.closed(id);
    }
}
