//! The accept loop: who may come in, how many at a time, and how the day ends.

use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::HashMap;
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout_at};

/// So many connections that were lost before they were accepted are passed over without a pause.
const LOST_AT_ONCE: u32 = 16;
/// How long connections that were cut are waited for.
const CUT: Duration = Duration::from_secs(1);

/// What is done with each connection. Any function of a [`Connection`] that returns a future is
/// one.
pub trait Service: Send + Sync + 'static {
    /// Serves one connection, from the first octet to the last. Dropped when the time of a drain is
    /// over.
    fn serve(&self, connection: Connection) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// What a connection that is refused is told before it is closed, as far as that is possible
    /// without waiting. Default: nothing.
    fn refusal(&self, why: Refusal) -> &'static [u8] {
        let _ = why;
        b""
    }
}

impl<F, Fut> Service for F
where
    F: Fn(Connection) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    fn serve(&self, connection: Connection) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self(connection))
    }
}

/// A connection that was let in.
#[derive(Debug)]
#[non_exhaustive]
pub struct Connection {
    /// The stream, with `TCP_NODELAY`.
    pub stream: TcpStream,
    /// The other end.
    pub peer: SocketAddr,
    /// Our end.
    pub local: SocketAddr,
    /// Whether it is time to come to an end.
    pub drain: Drain,
}

/// The news that the server drains: finish what is begun, begin nothing more.
#[derive(Clone, Debug)]
pub struct Drain(Option<watch::Receiver<bool>>);

impl Drain {
    /// It never drains: for connections that come from no [`Acceptor`].
    pub const fn never() -> Self {
        Self(None)
    }

    /// Whether the server drains.
    pub fn has_begun(&self) -> bool {
        self.0.as_ref().is_some_and(|begun| *begun.borrow())
    }

    /// Waits until the server drains. Cancel safe.
    pub async fn begun(&mut self) {
        match &mut self.0 {
            // an error means that the accept loop is gone, and this connection with it
            Some(begun) => drop(begun.wait_for(|begun| *begun).await),
            None => core::future::pending().await,
        }
    }
}

/// Why a connection was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// [`AcceptConfig::connections`] are open.
    Full,
    /// [`AcceptConfig::per_peer`] of this peer are open.
    Peer,
}

/// The limits of an accept loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptConfig {
    /// The most connections at a time. Default: 1024.
    pub connections: usize,
    /// The most connections of one peer at a time. Default: 64.
    pub per_peer: usize,
    /// IPv6 addresses whose first so many bits are equal are one peer, because a single host
    /// commonly has so many addresses. Default: 64; 128 tells all addresses apart.
    pub ipv6_prefix: u8,
    /// The first and the longest pause when the system has no more descriptors or memory. It
    /// doubles from one to the other. Default: 5 ms to 1 s.
    pub back_off: (Duration, Duration),
    /// How long running connections may go on when the server drains. Default: 30 s.
    pub drain: Duration,
}

impl Default for AcceptConfig {
    fn default() -> Self {
        Self {
            connections: 1024,
            per_peer: 64,
            ipv6_prefix: 64,
            back_off: (Duration::from_millis(5), Duration::from_secs(1)),
            drain: Duration::from_secs(30),
        }
    }
}

/// Where connections come from: a TCP listener, or something that plays one in a test.
pub trait Listener: Send {
    /// The next connection.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>>;
}

impl Listener for TcpListener {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        Self::poll_accept(self, cx)
    }
}

/// What an accept loop has done so far. Shared: a log or a dashboard can look at it at any time.
#[derive(Debug, Default)]
pub struct AcceptStats {
    accepted: AtomicU64,
    open: AtomicU64,
    refused_full: AtomicU64,
    refused_peer: AtomicU64,
    errors: AtomicU64,
    panicked: AtomicU64,
}

impl AcceptStats {
    /// Connections that were let in.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Relaxed)
    }

    /// Connections that are open now.
    pub fn open(&self) -> u64 {
        self.open.load(Relaxed)
    }

    /// Connections that were refused because too many were open.
    pub fn refused_full(&self) -> u64 {
        self.refused_full.load(Relaxed)
    }

    /// Connections that were refused because their peer had too many.
    pub fn refused_peer(&self) -> u64 {
        self.refused_peer.load(Relaxed)
    }

    /// Times that the system failed to give us a connection.
    pub fn errors(&self) -> u64 {
        self.errors.load(Relaxed)
    }

    /// Connections whose service panicked. The loop goes on.
    pub fn panicked(&self) -> u64 {
        self.panicked.load(Relaxed)
    }
}

/// How an accept loop ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct AcceptReport {
    /// Connections that were still open at the end of the drain and were cut off.
    pub cut: usize,
    /// Set when the loop ended by itself: the listener is not one.
    pub error: Option<io::Error>,
}

/// Accepts TCP connections and gives each to a [`Service`], in a task of its own.
///
/// A connection above a limit is accepted and closed at once, after the words of
/// [`Service::refusal`] if there are any; it is counted in the [`stats`](Self::stats). The peer sees
/// the end of the stream, or a reset if it had sent something already. So nobody waits in the
/// system's queue for a place that may never be free.
///
/// When the system has no more descriptors or memory (`EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`), or
/// fails in another way that may pass, the loop pauses, longer each time. Connections that were lost
/// before they were accepted are passed over. Only a listener that is none ends the loop.
pub struct Acceptor<L = TcpListener> {
    listener: L,
    service: Arc<dyn Service>,
    config: AcceptConfig,
    stats: Arc<AcceptStats>,
}

impl<L: Listener> Acceptor<L> {
    /// A loop that has not begun.
    pub fn new(listener: L, service: Arc<dyn Service>, config: AcceptConfig) -> Self {
        Self {
            listener,
            service,
            config,
            stats: Arc::default(),
        }
    }

    /// What the loop has done so far.
    pub fn stats(&self) -> Arc<AcceptStats> {
        self.stats.clone()
    }

    /// Accepts connections until `shutdown` is ready. Then the listener is closed, connections are
    /// told through [`Connection::drain`], and have [`AcceptConfig::drain`] to come to an end; those
    /// that are left are cut off.
    ///
    /// Not cancel safe: to drop this future cuts all connections off.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> AcceptReport {
        let Self {
            mut listener,
            service,
            config,
            stats,
        } = self;
        let mut shutdown = pin!(shutdown);
        let (drain, drained) = watch::channel(false);
        let mut guests = Guests::new(config, stats);
        let mut pause = Pause::new(config.back_off);
        let error = loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break None,
                Some(ended) = guests.tasks.join_next_with_id() => {
                    guests.ended(ended);
                    continue;
                }
                () = pause.over() => {
                    pause.until = None;
                    continue;
                }
                accepted = poll_fn(|cx| listener.poll_accept(cx)), if pause.until.is_none() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    pause.errors = 0;
                    guests.admit(stream, peer, &service, &drained);
                }
                Err(error) => {
                    guests.stats.errors.fetch_add(1, Relaxed);
                    if is_final(&error) {
                        break Some(error);
                    }
                    pause.begin(is_lost(&error));
                }
            }
        };
        drop(listener);
        let _ = drain.send(true);
        let cut = guests.drain(config.drain).await;
        AcceptReport { cut, error }
    }
}

impl<L: fmt::Debug> fmt::Debug for Acceptor<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor")
            .field("listener", &self.listener)
            .field("config", &self.config)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

/// The connections that are open.
struct Guests {
    config: AcceptConfig,
    stats: Arc<AcceptStats>,
    tasks: JoinSet<()>,
    peers: HashMap<Id, IpAddr>,
    per_peer: HashMap<IpAddr, usize>,
}

impl Guests {
    fn new(config: AcceptConfig, stats: Arc<AcceptStats>) -> Self {
        Self {
            config,
            stats,
            tasks: JoinSet::new(),
            peers: HashMap::new(),
            per_peer: HashMap::new(),
        }
    }

    fn admit(
        &mut self,
        stream: TcpStream,
        peer: SocketAddr,
        service: &Arc<dyn Service>,
        drain: &watch::Receiver<bool>,
    ) {
        // Those who have just left make room first.
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.ended(ended);
        }
        let who = party(peer.ip(), self.config.ipv6_prefix);
        if let Some(why) = self.refuses(who) {
            let counter = match why {
                Refusal::Full => &self.stats.refused_full,
                Refusal::Peer => &self.stats.refused_peer,
            };
            counter.fetch_add(1, Relaxed);
            close(stream, service.refusal(why));
            return;
        }
        // Either fails only for a connection that is gone already.
        let (Ok(local), Ok(())) = (stream.local_addr(), stream.set_nodelay(true)) else {
            self.stats.errors.fetch_add(1, Relaxed);
            return;
        };
        let connection = Connection {
            stream,
            peer,
            local,
            drain: Drain(Some(drain.clone())),
        };
        let service = service.clone();
        let task = self
            .tasks
            .spawn(async move { service.serve(connection).await });
        self.peers.insert(task.id(), who);
        *self.per_peer.entry(who).or_default() += 1;
        self.stats.accepted.fetch_add(1, Relaxed);
        self.stats.open.fetch_add(1, Relaxed);
    }

    fn refuses(&self, who: IpAddr) -> Option<Refusal> {
        if self.tasks.len() >= self.config.connections {
            return Some(Refusal::Full);
        }
        let open = self.per_peer.get(&who).copied().unwrap_or(0);
        (open >= self.config.per_peer).then_some(Refusal::Peer)
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                let panicked = u64::from(error.is_panic());
                self.stats.panicked.fetch_add(panicked, Relaxed);
                error.id()
            }
        };
        self.stats.open.fetch_sub(1, Relaxed);
        let Some(who) = self.peers.remove(&id) else {
            return;
        };
        if let Some(open) = self.per_peer.get_mut(&who) {
            *open -= 1;
            if *open == 0 {
                self.per_peer.remove(&who);
            }
        }
    }

    /// Waits for all to leave, and cuts off those who have not after `patience`.
    async fn drain(&mut self, patience: Duration) -> usize {
        if !self.wait(patience).await {
            let cut = self.tasks.len();
            self.tasks.abort_all();
            self.wait(CUT).await;
            return cut;
        }
        0
    }

    async fn wait(&mut self, patience: Duration) -> bool {
        let Some(until) = Instant::now().checked_add(patience) else {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                self.ended(ended);
            }
            return true;
        };
        while let Ok(left) = timeout_at(until, self.tasks.join_next_with_id()).await {
            match left {
                Some(ended) => self.ended(ended),
                None => return true,
            }
        }
        self.tasks.is_empty()
    }
}

/// The pause after an error.
struct Pause {
    range: (Duration, Duration),
    /// Errors in a row.
    errors: u32,
    until: Option<Instant>,
}

impl Pause {
    const fn new(range: (Duration, Duration)) -> Self {
        Self {
            range,
            errors: 0,
            until: None,
        }
    }

    fn begin(&mut self, lost: bool) {
        self.errors = self.errors.saturating_add(1);
        if lost && self.errors <= LOST_AT_ONCE {
            return;
        }
        let (first, longest) = self.range;
        let doubled = first.saturating_mul(1 << (self.errors - 1).min(31));
        // Never without a pause, whatever was configured.
        let length = doubled.min(longest).max(Duration::from_millis(1));
        self.until = Instant::now().checked_add(length);
    }

    async fn over(&self) {
        match self.until {
            Some(until) => sleep_until(until).await,
            None => core::future::pending().await,
        }
    }
}

/// The address that a peer's connections are counted by.
fn party(ip: IpAddr, ipv6_prefix: u8) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let rest = 128 - u32::from(ipv6_prefix.min(128));
            let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
            Ipv6Addr::from_bits(ip.to_bits() & mask).into()
        }
        ip => ip,
    }
}

/// Closes a connection that was refused. Nothing waits for it.
fn close(stream: TcpStream, words: &[u8]) {
    if let Ok(mut stream) = stream.into_std()
        && !words.is_empty()
    {
        // Not blocking; what the system does not take at once is not said.
        let _ = stream.write(words);
    }
}

/// The connection was gone before it was accepted, or the network it came from.
fn is_lost(error: &io::Error) -> bool {
    use ErrorKind as E;
    matches!(
        error.kind(),
        E::ConnectionAborted
            | E::ConnectionReset
            | E::ConnectionRefused
            | E::Interrupted
            | E::NetworkDown
            | E::NetworkUnreachable
            | E::HostUnreachable
            | E::PermissionDenied
    )
}

/// The listener will never give a connection.
fn is_final(error: &io::Error) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::io::Errno;
        let never = [Errno::BADF, Errno::NOTSOCK].map(Errno::raw_os_error);
        if error
            .raw_os_error()
            .is_some_and(|code| never.contains(&code))
        {
            return true;
        }
    }
    error.kind() == ErrorKind::InvalidInput
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(a: &str, b: &str, prefix: u8) -> bool {
        party(a.parse().unwrap(), prefix) == party(b.parse().unwrap(), prefix)
    }

    #[test]
    fn peers_are_told_apart_by_address_or_prefix() {
        assert!(same("192.0.2.1", "::ffff:192.0.2.1", 64));
        assert!(!same("192.0.2.1", "192.0.2.2", 0));
        assert!(same("2001:db8::1", "2001:db8::ffff:1", 64));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1", 64));
        assert!(!same("2001:db8::1", "2001:db8::2", 128));
        assert!(!same("2001:db8::1", "2001:db8::2", 200));
        assert!(same("2001:db8::1", "fe80::2", 0));
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_the_longest_and_are_never_nothing() {
        let mut pause = Pause::new((Duration::from_millis(5), Duration::from_millis(40)));
        let lengths: Vec<_> = (0..40)
            .map(|_| {
                let now = Instant::now();
                pause.begin(false);
                pause.until.unwrap().duration_since(now)
            })
            .collect();
        assert!(
            lengths.is_sorted_by_key(|length| length.as_millis()),
            "{lengths:?}"
        );
        assert!(lengths[0] >= Duration::from_millis(5));
        let mut none = Pause::new((Duration::ZERO, Duration::ZERO));
        none.begin(false);
        assert!(none.until.is_some());
        let mut lost = Pause::new((Duration::ZERO, Duration::ZERO));
        for error in 1..=LOST_AT_ONCE + 1 {
            lost.begin(true);
            assert_eq!(lost.until.is_some(), error > LOST_AT_ONCE);
        }
    }
}
