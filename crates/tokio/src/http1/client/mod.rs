//! The client's side: a pool of connections to origins, directly or through proxies.
//!
//! A [`Client`] makes connections and keeps those that can be used again; [`Client::begin`] puts one request on
//! one of them and gives an [`Exchange`], which sends the body, receives the response, and gives the
//! connection back.
//!
//! ```no_run
//! use wirelore_http1::encode::{FieldBlock, Request};
//! use wirelore_tokio::http1::client::{Client, ClientError, Origin, RequestBody, Scheme};
//!
//! # async fn example() -> Result<(), ClientError> {
//! let client = Client::new(Default::default());
//! let origin = Origin::new(Scheme::Http, "example.org", 80);
//! let fields = FieldBlock::new().with("Accept", "text/plain")?; // Host is added
//! let mut exchange = client
//!     .begin(&origin, &Request::get("/motd", &fields), RequestBody::Empty)
//!     .await?;
//! let head = exchange.response().await?;
//! println!("{}", head.status());
//! while let Some(octets) = exchange.data().await? {
//!     println!("{} octets", octets.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What it does:
//!
//! - Connections are kept and used again by route: origin, proxy and its credentials. One that was idle is
//!   looked at before it is used again; octets or an end that came meanwhile make it useless (RFC 9112
//!   section 9.2). One request at a time is on a connection.
//! - If a connection that had been used before ends before one octet of the response has come, the request
//!   is sent again, once and on a new connection, provided that its method is idempotent (RFC 9110 section
//!   9.2.2) and none of a body was sent that only the application has. Otherwise the error says that the
//!   connection was a used one.
//! - A final response that comes while the body is being sent ends the sending, whatever its status, and the
//!   connection ends behind it (RFC 9112 section 9.5).
//! - `http` origins behind a proxy are asked for in absolute-form, `https` origins through a tunnel.
//!   Proxy-Authorization goes to proxies only.
//! - All that waits has a limit: see [`ClientOptions`].
//!
//! What it does not do: redirects, retries other than the above, cookies, authentication to origins, content
//! codings, caching: those are the caller's. Requests are not pipelined. CONNECT and Upgrade are refused.
//! Octets go in one direction at a time: a server that answers while it still reads is not served to
//! its end.

mod connect;
mod connection;
mod error;
mod exchange;
mod observe;
mod open;
mod options;
mod origin;
mod pool;
mod proxy;
mod request;

pub use connect::{BoxFuture, Connect, Dial};
pub use connection::{ConnectionFacts, OpenConnection};
pub use error::{ClientError, Waiting};
pub use exchange::{Exchange, Sending};
pub use observe::Observer;
pub use options::{ClientOptions, PoolLimits};
pub use origin::{Origin, Scheme};
pub use proxy::{ChooseProxy, Proxy};
pub use request::RequestBody;

use self::connection::{Connection, Table};
use self::pool::Pool;
use self::proxy::Route;
use self::request::Prepared;
use core::fmt;
use std::sync::Arc;
use wirelore_http1::encode::Request;

/// Makes connections, and keeps them for the next request. A clone is the same client.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    options: ClientOptions,
    pool: Pool,
    table: Arc<Table>,
}

impl Client {
    /// A client without connections.
    #[must_use]
    pub fn new(mut options: ClientOptions) -> Self {
        let driver = &mut options.driver;
        driver.low = driver.low.max(1);
        driver.high = driver.high.max(driver.low.saturating_add(LEAST_PIECE));
        Self(Arc::new(Inner {
            pool: Pool::new(options.pool),
            table: Arc::default(),
            options,
        }))
    }

    /// Finds or makes a connection, and puts a request on it. Nothing is sent before the first call on the
    /// exchange that waits, so that head and body can go together.
    ///
    /// `request` has an origin-form target (or `*` for OPTIONS); where a proxy wants the absolute-form, it is
    /// made. Host is added where it is missing, Content-Length and Transfer-Encoding follow from `body`. A
    /// Host that differs from the origin's is sent to origins, but is a misuse where the target becomes
    /// absolute.
    ///
    /// Cancel safe in this sense: a future that is dropped has sent no request; a connection that was being
    /// made is closed.
    ///
    /// # Errors
    /// What is wrong with the request, before there is a connection; and why there is none.
    pub async fn begin(
        &self,
        origin: &Origin,
        request: &Request<'_>,
        body: RequestBody,
    ) -> Result<Exchange, ClientError> {
        let inner = &self.0;
        let choose = inner.options.proxies.as_ref();
        let route = Route::new(origin, choose.and_then(|choose| choose(origin)));
        let prepared = Prepared::new(origin, &route, request, &body)?;
        let (connection, reused) = match inner.idle(&route).await {
            Some(connection) => (connection, true),
            None => (open::open(inner, route, origin).await?, false),
        };
        if reused {
            inner.options.observer.reused(&connection.facts);
        }
        Exchange::begin(
            inner.clone(),
            connection,
            origin.clone(),
            prepared,
            body,
            reused,
        )
    }

    /// The connections that are open now, the oldest first.
    #[must_use]
    pub fn connections(&self) -> Vec<OpenConnection> {
        self.0.pool.sweep();
        self.0.table.list()
    }

    /// Closes the connections that no exchange uses.
    pub fn close_idle(&self) {
        self.0.pool.clear();
    }
}

/// The least that is handed to a driver at once.
const LEAST_PIECE: usize = 8192;

impl Inner {
    /// One that is idle and fit for use.
    async fn idle(&self, route: &Route) -> Option<Connection> {
        loop {
            let mut connection = self.pool.take(route)?;
            if connection.is_quiet().await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: Connection) {
        self.options.observer.kept(connection.facts.id);
        self.pool.put(connection);
    }

    /// How many octets of a body are handed to the driver at once. So few that it is never above its
    /// high-water mark, from which on it would look at no response.
    const fn piece(&self) -> usize {
        let driver = &self.options.driver;
        let room = driver.high - driver.low;
        // what stands around a chunk
        room - 64
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.0.options)
            .field("connections", &self.connections().len())
            .finish()
    }
}
