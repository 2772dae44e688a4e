//! TCP connections, whatever the protocol: where they are listened for, who is let in and how many,
//! and that each is on the board and, when it is over, in the log.

use super::board::{self, Board};
use super::log::{Log, Session, shown};
use super::{Shared, Started};
use crate::policy::{Asker, Policy};
use bytesize::ByteSize;
use serde_json::Value;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use wirelore_tokio::{AcceptConfig, Acceptor, Connection, Drain, Refusal, Service};

/// So many connections wait in the system's queue until they are accepted, unless the system sets a lower
/// limit.
const BACKLOG: i32 = 1024;
/// Complaints about too many connections come no faster.
const COMPLAINT: Duration = Duration::from_secs(1);

/// What is done with a connection that was let in.
pub(super) trait Host: Send + Sync + 'static {
    fn receive(&self, guest: Guest) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// A connection that was let in.
pub(super) struct Guest {
    pub(super) stream: TcpStream,
    pub(super) drain: Drain,
    pub(super) visit: Visit,
}

/// How many may come.
pub(super) struct Limits {
    pub(super) connections: usize,
    pub(super) per_peer: usize,
    /// The options that say so, for the complaint.
    pub(super) options: &'static str,
    /// The protocol whose section of the configuration says who may come.
    pub(super) section: &'static str,
    /// Whether the log is told of each connection, or only the board.
    pub(super) told: bool,
    /// What those are told who are too many.
    pub(super) refusal: &'static [u8],
}

/// A session that is on the board, and that is in the log when it is dropped.
pub(super) struct Visit {
    log: Log,
    pin: board::Pin,
    pub(super) protocol: &'static str,
    pub(super) client: SocketAddr,
    since: Instant,
    pub(super) received: u64,
    pub(super) sent: u64,
    user: Option<String>,
    ended: Result<(), String>,
    told: bool,
}

pub(super) fn serve(
    shared: &Shared,
    protocol: &'static str,
    address: SocketAddr,
    limits: &Limits,
    host: impl Host,
) -> io::Result<Started> {
    let listener = listen(address)?;
    let address = listener.local_addr()?;
    let config = AcceptConfig {
        connections: limits.connections,
        per_peer: limits.per_peer,
        drain: shared.drain,
        ..AcceptConfig::default()
    };
    let door = Door {
        protocol,
        host,
        policy: Arc::clone(&shared.policy),
        log: shared.log.clone(),
        options: limits.options,
        section: limits.section,
        told: limits.told,
        refusal: limits.refusal,
        complained: Mutex::new(None),
    };
    let mut stop = shared.stop.clone();
    let log = shared.log.clone();
    let served = Box::pin(async move {
        let stop = async move { _ = stop.wait_for(|&stop| stop).await };
        let acceptor = Acceptor::new(listener, Arc::new(door), config);
        let report = acceptor.run(stop).await;
        if let Some(error) = report.error {
            log.error(protocol, &format!("no more connections: {error}"));
        }
        report.cut
    });
    Ok(Started { address, served })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        let _ = socket.set_only_v6(false);
    }
    // what waits for the last octets of an earlier server is in nobody's way
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&SockAddr::from(address))?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

/// Where guests come in.
struct Door<H> {
    protocol: &'static str,
    host: H,
    policy: Arc<RwLock<Arc<Policy>>>,
    log: Log,
    options: &'static str,
    section: &'static str,
    told: bool,
    refusal: &'static [u8],
    complained: Mutex<Option<Instant>>,
}

impl<H: Host> Service for Door<H> {
    fn serve(&self, connection: Connection) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let Connection {
            stream,
            peer,
            drain,
            ..
        } = connection;
        let asker = Asker {
            protocol: self.section,
            peer: peer.ip(),
        };
        if let Err(why) = policy(&self.policy).lets_in(&asker) {
            self.log.board().refused();
            let (text, error) = (format!("refused, {why}"), why.into());
            self.log.session(Session {
                protocol: self.protocol,
                client: peer,
                what: "refused",
                text: Some(&text),
                bad: true,
                members: vec![("error", error)],
            });
            return Box::pin(async {});
        }
        let visit = Visit::begin(&self.log, self.protocol, peer, self.told);
        self.host.receive(Guest {
            stream,
            drain,
            visit,
        })
    }

    fn refusal(&self, why: Refusal) -> &'static [u8] {
        self.log.board().refused();
        let mut complained = self
            .complained
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if complained.is_none_or(|at| at.elapsed() >= COMPLAINT) {
            *complained = Some(Instant::now());
            let whose = match why {
                Refusal::Peer => "its peer has as many connections as one may",
                _ => "there are as many as are allowed",
            };
            let text = format!("a connection was refused: {whose} ({})", self.options);
            self.log.error(self.protocol, &text);
        }
        self.refusal
    }
}

/// What holds now.
pub(super) fn policy(policy: &RwLock<Arc<Policy>>) -> Arc<Policy> {
    match policy.read() {
        Ok(policy) => Arc::clone(&policy),
        Err(poisoned) => Arc::clone(&poisoned.into_inner()),
    }
}

impl Visit {
    fn begin(log: &Log, protocol: &'static str, client: SocketAddr, told: bool) -> Self {
        if told {
            log.session(Session {
                protocol,
                client,
                what: "opened",
                text: None,
                bad: false,
                members: Vec::new(),
            });
        }
        Self {
            log: log.clone(),
            pin: log.board().session(protocol, client),
            protocol,
            client,
            since: Instant::now(),
            received: 0,
            sent: 0,
            user: None,
            ended: Err("cut off".to_owned()),
            told,
        }
    }

    pub(super) fn board(&self) -> &Board {
        self.log.board()
    }

    pub(super) fn log_in(&mut self, user: &str) {
        self.pin.log_in(user);
        self.user = Some(user.to_owned());
    }

    /// What the peer says of its terminal.
    pub(super) fn terminal(&self, name: &[u8]) {
        self.pin.terminal(name);
    }

    /// The peer does something.
    pub(super) fn act(&self) {
        self.pin.act();
    }

    /// How it came to an end. Without this it was cut off.
    pub(super) fn end(&mut self, ended: Result<(), String>) {
        self.ended = ended;
    }

    /// Something to be noted, beside that it is over.
    pub(super) fn note(
        &self,
        what: &'static str,
        text: &str,
        bad: bool,
        members: Vec<(&'static str, Value)>,
    ) {
        self.log.session(Session {
            protocol: self.protocol,
            client: self.client,
            what,
            text: Some(text),
            bad,
            members,
        });
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if !self.told {
            return;
        }
        let elapsed = self.since.elapsed();
        let [received, sent] =
            [self.received, self.sent].map(|octets| ByteSize(octets).display().iec());
        let mut text = format!("{received} received, {sent} sent, in {}", shown(elapsed));
        let mut members: Vec<(&'static str, Value)> = vec![
            ("seconds", elapsed.as_secs_f64().into()),
            ("received", self.received.into()),
            ("sent", self.sent.into()),
            ("ok", self.ended.is_ok().into()),
        ];
        if let Some(user) = &self.user {
            members.push(("user", user.as_str().into()));
        }
        if let Err(why) = &self.ended {
            text += &format!(", {why}");
            members.push(("error", why.as_str().into()));
        }
        self.note("closed", &text, false, members);
    }
}
