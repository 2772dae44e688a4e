//! From a route to a connection: TCP, the proxy, TLS.

use super::connection::{Connection, ConnectionFacts, HttpDriver, Transport};
use super::origin::host_port;
use super::proxy::{Proxy, Route};
use super::{ClientError, Inner, Origin, Scheme, Waiting};
use crate::{Driver, DriverError, Side, UpgradeRefusal};
use std::time::Instant;
use tokio::time::timeout;
use wirelore_http1::encode::{Body, Request};
use wirelore_http1::{ClientConnection, ErrorKind, ResponseEvent};

type Stream = Box<dyn Transport>;

/// A new connection, in the time that there is.
pub(super) async fn open(
    inner: &Inner,
    route: Route,
    origin: &Origin,
) -> Result<Connection, ClientError> {
    let mut waiting = Waiting::Connect;
    let way = way(inner, route, origin, &mut waiting);
    let opened = match inner.options.connect_timeout {
        Some(limit) => timeout(limit, way).await,
        None => Ok(way.await),
    };
    opened.unwrap_or(Err(ClientError::TimedOut(waiting)))
}

async fn way(
    inner: &Inner,
    route: Route,
    origin: &Origin,
    waiting: &mut Waiting,
) -> Result<Connection, ClientError> {
    let id = inner.table.number();
    let options = &inner.options;
    let (host, port) = route.proxy().map_or((&*origin.host, origin.port), |proxy| {
        (&*proxy.host, proxy.port)
    });
    options.observer.connecting(id, host, port);
    let failed = |error| ClientError::Connect {
        to: host_port(host, port),
        error,
    };
    let tcp = options.connector.connect(host, port).await;
    let tcp = tcp.map_err(failed)?;
    let (local, peer) = (
        tcp.local_addr().map_err(failed)?,
        tcp.peer_addr().map_err(failed)?,
    );
    options.observer.connected(id, local, peer);
    let mut stream: Stream = Box::new(tcp);
    if let Some(proxy) = route.proxy()
        && proxy.scheme == Scheme::Https
    {
        *waiting = Waiting::Tls;
        stream = secure(inner, id, Party::Proxy(proxy), stream).await?.0;
    }
    if let Route::Tunnel(proxy, origin) = &route {
        *waiting = Waiting::Tunnel;
        stream = tunnel(inner, id, proxy, origin, stream).await?;
    }
    let mut secured = Secured::default();
    if let Route::Direct(origin) | Route::Tunnel(_, origin) = &route
        && origin.scheme == Scheme::Https
    {
        *waiting = Waiting::Tls;
        (stream, secured) = secure(inner, id, Party::Origin(origin), stream).await?;
    }
    #[cfg(not(feature = "tls"))]
    let _ = secured;
    if let Some(tap) = &options.tap {
        stream = Box::new(tap.stream(stream, Side::Client, local, peer));
    }
    let facts = ConnectionFacts {
        id,
        origin: origin.clone(),
        proxy: route.proxy().map(|proxy| (proxy.host.clone(), proxy.port)),
        local,
        peer,
        since: Instant::now(),
        #[cfg(feature = "tls")]
        tls: secured,
    };
    let (table, observer) = (inner.table.clone(), options.observer.clone());
    let driver = inner.driver(stream);
    Ok(Connection::new(driver, facts, route, table, observer))
}

/// With whom TLS is spoken.
enum Party<'a> {
    Proxy(&'a Proxy),
    Origin(&'a Origin),
}

#[cfg(feature = "tls")]
type Secured = Option<crate::tls::TlsFacts>;
#[cfg(not(feature = "tls"))]
type Secured = Option<core::convert::Infallible>;

#[cfg(feature = "tls")]
async fn secure(
    inner: &Inner,
    id: u64,
    party: Party<'_>,
    stream: Stream,
) -> Result<(Stream, Secured), ClientError> {
    use crate::tls::{TlsFacts, handshake};

    let options = &inner.options;
    let (config, host, port) = match party {
        Party::Proxy(proxy) => (&options.proxy_tls, &proxy.host, proxy.port),
        Party::Origin(origin) => (&options.tls, &origin.host, origin.port),
    };
    let config = config.clone().ok_or(ClientError::NoTls)?;
    let stream = handshake(config, host, stream).await;
    let stream = stream.map_err(|error| ClientError::Tls {
        with: host_port(host, port),
        error,
    })?;
    let facts = TlsFacts::of(stream.get_ref().1);
    options.observer.secured(id, &facts);
    Ok((Box::new(stream), Some(facts)))
}

#[cfg(not(feature = "tls"))]
async fn secure(
    _: &Inner,
    _: u64,
    party: Party<'_>,
    _: Stream,
) -> Result<(Stream, Secured), ClientError> {
    let (Party::Proxy(Proxy { host, .. }) | Party::Origin(Origin { host, .. })) = party;
    let _ = host;
    Err(ClientError::NoTls)
}

/// Asks a proxy for a tunnel (RFC 9110 section 9.3.6). The machine for it ends with it.
async fn tunnel(
    inner: &Inner,
    id: u64,
    proxy: &Proxy,
    origin: &Origin,
    stream: Stream,
) -> Result<Stream, ClientError> {
    let observer = &inner.options.observer;
    let mut driver = inner.driver(stream);
    let target = host_port(&origin.host, origin.port);
    let mut fields = proxy.fields.clone();
    fields.set("Host", &target)?;
    if let Some(value) = &proxy.authorization {
        fields.set("Proxy-Authorization", value)?;
    }
    let request = Request::new("CONNECT", &target, &fields);
    driver.apply(|machine, out| {
        machine.request(&request, Body::Empty, out)?;
        observer.request(id, out);
        machine.finish(None, out)
    })?;
    loop {
        match driver.next().await {
            Ok(Some(ResponseEvent::Informational(head))) => observer.interim(id, &head),
            Ok(Some(ResponseEvent::Response(head))) => {
                observer.response(id, &head);
                if driver.machine().is_switched() {
                    break;
                }
                let head = Box::new(head);
                return Err(ClientError::ProxyRefused { head });
            }
            Ok(Some(_)) => {}
            Ok(None) => return Err(closed(None)),
            Err(DriverError::Machine(error)) if error.kind == ErrorKind::TimedOut => {
                return Err(ClientError::TimedOut(Waiting::Tunnel));
            }
            Err(DriverError::Machine(error)) => return Err(ClientError::Protocol(error)),
            Err(DriverError::Io(error)) => return Err(closed(Some(error))),
            Err(DriverError::Stuck) => return Err(closed(None)),
        }
    }
    // Whoever speaks before TLS does is not the origin.
    match driver.upgrade() {
        Ok((_, stream)) => Ok(stream),
        Err(refused) => Err(match refused.why {
            UpgradeRefusal::Received(count) => ClientError::ProxyBabbled(count),
            _ => closed(None),
        }),
    }
}

const fn closed(error: Option<std::io::Error>) -> ClientError {
    ClientError::Closed {
        reused: false,
        error,
    }
}

impl Inner {
    fn driver(&self, stream: Stream) -> HttpDriver {
        let machine = ClientConnection::new(self.options.message);
        Driver::new(machine, stream, &self.options.driver)
    }
}
