//! Many transfers of one server.

use super::endpoint::Route;
use super::listener::{self, Came, Listener};
use super::run::{End, Run, Word, refusal};
use super::{Summary, Unfinished};
use crate::clock::Clock;
use crate::udp::{Port, is_nothing};
use crate::{Source, Target, Watch};
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::coop::consume_budget;
use tokio::task::{self, JoinSet};
use wirelore_tftp::{
    DatagramMachine, Demux, Direction, ErrorCode, Grant, Mode, RefusedRequest, ServerConfig,
    ServerEvent, Slot, Transfer, TransferId, netascii,
};

/// Decides about requests, and opens files.
pub trait Files: Send + Sync + 'static {
    /// Somebody asks for a file or offers one. Called where blocking is allowed.
    ///
    /// # Errors
    /// The client is told, and nothing is transferred.
    fn open(&self, asked: &Asked) -> Result<Access, Denial>;

    /// Something is over. Called from within the event loop: it must not block.
    fn report(&self, report: Report);
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// Who asks.
    pub peer: SocketAddr,
    /// The address of this host that was asked, where the system tells.
    pub local: Option<IpAddr>,
    /// Whether the client wants to read or to write.
    pub direction: Direction,
    /// The name as it was sent: any octets but NUL.
    pub filename: Vec<u8>,
    /// Octet or netascii.
    pub mode: Mode,
    /// Options as they were sent, at most 16 of them.
    pub options: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A file that is to be transferred.
pub enum Access {
    /// The answer to a read request.
    Read {
        /// The octets.
        source: Box<dyn Source>,
        /// How many they are, where that is known.
        size: Option<u64>,
        /// Who looks on.
        watch: Box<dyn Watch>,
    },
    /// The answer to a write request.
    Write {
        /// Where the octets go.
        target: Box<dyn Target>,
        /// The most octets to take; more are refused, at once where the client announces them.
        max_size: Option<u64>,
        /// Who looks on.
        watch: Box<dyn Watch>,
    },
}

/// The answer to a request that is not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The code of the ERROR.
    pub code: ErrorCode,
    /// Its text for the client, of which the first 80 octets are sent.
    pub text: String,
    /// Why, for the operator.
    pub why: String,
}

/// What is over.
#[derive(Debug)]
#[non_exhaustive]
pub enum Report {
    /// A transfer, whether it succeeded or not.
    Transfer(Asked, Summary),
    /// A request was denied.
    Denied(Asked, Denial),
    /// A request never came so far.
    Refused(SocketAddr, RefusedRequest),
    /// A request that was sent to a broadcast or multicast address was dropped.
    Broadcast(SocketAddr),
    /// Nothing can be received for a moment.
    Socket(io::Error),
}

/// How a server goes about its work.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerOptions {
    /// What it grants.
    pub config: ServerConfig,
    /// How many transfers go on at a time; further requests are dropped, and clients ask again. 500.
    pub max_transfers: usize,
    /// Ports for the transfers, for a firewall's sake. Any free one.
    pub ports: Option<RangeInclusive<u16>>,
    /// How long transfers may go on when the server is told to stop, before they are cut; those that
    /// wait for a file just then get a second more. 30 s.
    pub drain: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            config: ServerConfig::default(),
            max_transfers: 500,
            ports: None,
            drain: Duration::from_secs(30),
        }
    }
}

/// What became of the transfers when the server stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// How many ended in time.
    pub ended: usize,
    /// How many were cut: their clients got an ERROR, unless the file did not let go in time.
    pub cut: usize,
}

/// A server at one address.
pub struct Server {
    listener: Listener,
    options: ServerOptions,
}

impl Server {
    /// Listens at `address`. Port 0 takes a free one.
    ///
    /// # Errors
    /// The system's, as for any socket.
    pub fn bind(address: SocketAddr, options: ServerOptions) -> io::Result<Self> {
        let listener = Listener::bind(address)?;
        Ok(Self { listener, options })
    }

    /// Listens at a socket that is bound already.
    ///
    /// # Errors
    /// The system's.
    pub fn from_std(socket: std::net::UdpSocket, options: ServerOptions) -> io::Result<Self> {
        let listener = Listener::new(socket)?;
        Ok(Self { listener, options })
    }

    /// Where it listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Serves until `stop` is ready; then it takes no more requests, and lets the transfers that go
    /// on come to their end, or cuts them when [`ServerOptions::drain`] is over.
    ///
    /// Transfers are tasks of the runtime that this is called in: on a runtime with one thread they
    /// cost the least.
    pub async fn run(self, files: Arc<dyn Files>, stop: impl Future<Output = ()>) -> Drained {
        let slots = (0..self.options.max_transfers).map(|_| Slot::default());
        let demux = Demux::new(self.options.config, slots.collect());
        let engine = Engine {
            demux,
            listener: self.listener,
            options: self.options,
            files,
            clock: Clock::start(),
            opening: JoinSet::new(),
            running: JoinSet::new(),
            tasks: HashMap::new(),
            words: HashMap::new(),
            counts: Arc::default(),
            begun: 0,
        };
        engine.run(stop).await
    }
}

struct Engine {
    demux: Demux<Route, (), Vec<Slot<Route, ()>>>,
    listener: Listener,
    options: ServerOptions,
    files: Arc<dyn Files>,
    clock: Clock,
    opening: JoinSet<(TransferId, Asked, Result<Access, Denial>)>,
    running: JoinSet<()>,
    tasks: HashMap<task::Id, TransferId>,
    words: HashMap<TransferId, mpsc::Sender<Word>>,
    counts: Arc<Counts>,
    /// How many transfers began so far.
    begun: usize,
}

/// How long the listener rests when its socket fails.
const REST: Duration = Duration::from_millis(100);

/// How long a transfer that was told to give up may wait for its file.
const GRACE: Duration = Duration::from_secs(1);

/// Room for what a transfer is told, and for the last words that it may be told.
const WORDS: usize = 4;
const LAST_WORDS: usize = 2;

impl Engine {
    async fn run(mut self, stop: impl Future<Output = ()>) -> Drained {
        let mut stop = pin!(stop);
        let mut buf = vec![0; self.demux.receive_buffer()];
        loop {
            // a flood of requests must not keep transfers from their turn
            consume_budget().await;
            self.speak();
            let has_room = self.has_room();
            tokio::select! {
                biased;
                () = &mut stop => return self.drain().await,
                Some(ended) = self.running.join_next_with_id(), if !self.running.is_empty() => {
                    self.ended(task_of(&ended));
                }
                Some(opened) = self.opening.join_next(), if !self.opening.is_empty() => {
                    self.opened(opened);
                }
                readable = self.listener.readable(), if has_room => {
                    if let Err(error) = readable.and_then(|()| self.hear(&mut buf)) {
                        self.files.report(Report::Socket(error));
                        tokio::time::sleep(REST).await;
                    }
                }
            }
        }
    }

    /// Whether requests are listened to. Clients that change their minds leave tasks behind that wait
    /// for files: as many as there may be transfers, and no more.
    fn has_room(&self) -> bool {
        let most = self.options.max_transfers.max(1).saturating_mul(2);
        self.opening.len() + self.running.len() < most
    }

    fn hear(&mut self, buf: &mut [u8]) -> io::Result<()> {
        let (route, len) = match self.listener.receive(buf) {
            Ok(Came::For(route, len)) => (route, len),
            Ok(Came::ForEverybody(peer)) => {
                self.files.report(Report::Broadcast(peer));
                return Ok(());
            }
            Err(error) if is_nothing(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        let now = self.clock.now();
        match self.demux.handle_datagram(now, route, &buf[..len]) {
            Some(ServerEvent::Request { id, request, .. }) => {
                let own = |(name, value): (&[u8], &[u8])| (name.to_vec(), value.to_vec());
                let asked = Asked {
                    peer: route.peer,
                    local: route.local,
                    direction: request.direction,
                    filename: request.filename.to_vec(),
                    mode: request.mode(),
                    options: request.options.iter().take(16).map(own).collect(),
                };
                let files = Arc::clone(&self.files);
                self.opening
                    .spawn_blocking(move || open(&*files, id, asked));
            }
            Some(event) => self.tell(event),
            None => {}
        }
        Ok(())
    }

    fn tell(&mut self, event: ServerEvent<'_, Route>) {
        match event {
            ServerEvent::Repeated { id } => self.say(id, Word::Repeated),
            ServerEvent::Superseded { id } => self.say(id, Word::Stop),
            ServerEvent::Refused { peer, why } => {
                self.files.report(Report::Refused(peer.peer, why));
            }
            _ => {}
        }
    }

    fn say(&self, id: TransferId, word: Word) {
        let Some(words) = self.words.get(&id) else {
            return;
        };
        // a transfer that has not yet heard of one repetition need not hear of another
        if !matches!(word, Word::Repeated) || words.capacity() > LAST_WORDS {
            let _ = words.try_send(word);
        }
    }

    /// Sends what the listening socket itself has to answer.
    fn speak(&mut self) {
        let mut packet = [0; 516];
        loop {
            if let Some(event) = self.demux.poll_event() {
                self.tell(event);
            } else if let Some(out) = self.demux.poll_transmit(self.clock.now(), &mut packet) {
                self.listener.send(out.to, &packet[..out.len]);
            } else {
                return;
            }
        }
    }

    fn opened(&mut self, opened: Result<Opened, task::JoinError>) {
        let Ok((id, asked, access)) = opened else {
            return;
        };
        let begun = access.and_then(|access| self.begin(id, &asked, access));
        match begun {
            Ok(()) => {}
            Err(denial) => {
                let _ = self.demux.deny(id, denial.code, &denial.text);
                self.files.report(Report::Denied(asked, denial));
            }
        }
    }

    fn begin(&mut self, id: TransferId, asked: &Asked, access: Access) -> Result<(), Denial> {
        let socket = match self.socket(asked) {
            Ok(socket) => socket,
            Err(error) => {
                let why = format!("no socket for a transfer: {error}");
                return Err(Denial {
                    why,
                    ..denial(&error)
                });
            }
        };
        let (grant, end, watch) = match access {
            // some clients take an announced size of 0 for a failure; unannounced it is a file
            Access::Read {
                source,
                size,
                watch,
            } => (
                Grant::read(size.filter(|&size| size > 0)),
                End::source(source),
                watch,
            ),
            Access::Write {
                target,
                max_size,
                watch,
            } => (Grant::write(max_size), End::target(target), watch),
        };
        // the client may have asked for something else in the meantime
        let Ok(transfer) = self.demux.detach(id, grant) else {
            return Ok(());
        };
        let (say, words) = mpsc::channel(WORDS);
        self.words.insert(id, say);
        let served = Served {
            asked: asked.clone(),
            files: Arc::clone(&self.files),
            counts: Arc::clone(&self.counts),
            reported: false,
        };
        self.counts.running.fetch_add(1, Ordering::Relaxed);
        let task = self
            .running
            .spawn(served.run(transfer, socket, end, watch, words));
        self.tasks.insert(task.id(), id);
        Ok(())
    }

    /// A socket for one transfer, at the address that was asked.
    fn socket(&mut self, asked: &Asked) -> io::Result<UdpSocket> {
        let ip = asked.local.unwrap_or(match asked.peer {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => self.listener.local_addr().ip(),
        });
        let bind = |port| {
            let address = match (ip, asked.peer) {
                // a socket of both families shows a peer of the older one in disguise
                (IpAddr::V4(v4), SocketAddr::V6(_)) => (v4.to_ipv6_mapped(), port).into(),
                // an address that is good for one link only goes with its link
                (IpAddr::V6(v6), SocketAddr::V6(peer)) => {
                    SocketAddrV6::new(v6, port, 0, peer.scope_id()).into()
                }
                (ip, _) => (ip, port).into(),
            };
            listener::bind(address)
        };
        let socket = match &self.options.ports {
            None => bind(0)?,
            Some(ports) => {
                // no port twice in a row: what is late of one transfer must not get into the next
                let skipped = self.begun % ports.len().max(1);
                let mut found = Err(io::ErrorKind::AddrInUse.into());
                for port in ports
                    .clone()
                    .skip(skipped)
                    .chain(ports.clone().take(skipped))
                {
                    found = bind(port);
                    if found.is_ok() {
                        break;
                    }
                }
                found?
            }
        };
        self.begun = self.begun.wrapping_add(1);
        UdpSocket::from_std(socket)
    }

    /// The task of a transfer is over, whether it came to its end or panicked.
    fn ended(&mut self, task: task::Id) {
        if let Some(id) = self.tasks.remove(&task) {
            self.words.remove(&id);
            // superseded transfers are released already
            let _ = self.demux.release(id);
        }
    }

    async fn drain(mut self) -> Drained {
        // who asked a moment ago and got no answer asks again, elsewhere; what is opened for nobody is
        // dropped where it is opened
        self.opening.abort_all();
        self.opening.detach_all();
        let running = self.counts.running.load(Ordering::Relaxed);
        let cut_before = self.counts.cut.load(Ordering::Relaxed);
        self.say_all(Word::Hurry);
        let (mut told, mut aborted) = (false, false);
        let mut alarm = pin!(tokio::time::sleep(self.options.drain));
        while !self.running.is_empty() {
            tokio::select! {
                Some(ended) = self.running.join_next_with_id() => self.ended(task_of(&ended)),
                () = &mut alarm, if !aborted => {
                    if told {
                        aborted = true;
                        self.running.abort_all();
                    } else {
                        told = true;
                        alarm.as_mut().reset(tokio::time::Instant::now() + GRACE);
                        self.say_all(Word::Stop);
                    }
                }
            }
        }
        let cut = self.counts.cut.load(Ordering::Relaxed) - cut_before;
        Drained {
            ended: running.saturating_sub(cut),
            cut,
        }
    }

    fn say_all(&self, word: Word) {
        for words in self.words.values() {
            let _ = words.try_send(word);
        }
    }
}

fn task_of<T>(ended: &Result<(task::Id, T), task::JoinError>) -> task::Id {
    match ended {
        Ok((task, _)) => *task,
        Err(error) => error.id(),
    }
}

/// Shared by all transfers of a server.
#[derive(Debug, Default)]
struct Counts {
    running: AtomicUsize,
    /// How many were stopped before their end.
    cut: AtomicUsize,
}

/// A transfer on its way, and who is told how it ends.
struct Served {
    asked: Asked,
    files: Arc<dyn Files>,
    counts: Arc<Counts>,
    reported: bool,
}

impl Served {
    async fn run(
        self,
        transfer: Transfer<Route>,
        socket: UdpSocket,
        end: End,
        mut watch: Box<dyn Watch>,
        words: mpsc::Receiver<Word>,
    ) {
        let netascii = self.asked.mode == Mode::Netascii;
        let port = match Port::new(socket, &mut *watch) {
            Ok(port) => port,
            Err(error) => {
                let parameters = Some(*transfer.parameters());
                return self.ended(Summary::without(parameters, Unfinished::Socket(error)));
            }
        };
        let mut run = Run::new(transfer, port, end, netascii, Some(words));
        let summary = run.run().await;
        self.ended(summary);
        run.linger().await;
    }

    fn ended(mut self, summary: Summary) {
        self.report(summary);
    }

    /// From here on it is not one of those that go on.
    fn report(&mut self, summary: Summary) {
        self.reported = true;
        self.counts.running.fetch_sub(1, Ordering::Relaxed);
        if matches!(summary.outcome, Err(Unfinished::Stopped)) {
            self.counts.cut.fetch_add(1, Ordering::Relaxed);
        }
        self.files
            .report(Report::Transfer(self.asked.clone(), summary));
    }
}

/// However it ends, be it by a panic, or because the server is dropped.
impl Drop for Served {
    fn drop(&mut self) {
        if !self.reported {
            let why = match std::thread::panicking() {
                true => Unfinished::Panicked,
                false => Unfinished::Stopped,
            };
            self.report(Summary::without(None, why));
        }
    }
}

type Opened = (TransferId, Asked, Result<Access, Denial>);

/// A panic in there must not keep the slot taken.
fn open(files: &dyn Files, id: TransferId, asked: Asked) -> Opened {
    let access = catch_unwind(AssertUnwindSafe(|| opens(files, &asked)));
    let access = access.unwrap_or_else(|_| Err(denial(&io::Error::other("a panic"))));
    (id, asked, access)
}

fn opens(files: &dyn Files, asked: &Asked) -> Result<Access, Denial> {
    let mut access = files.open(asked);
    let tsize = |(name, _): &(Vec<u8>, _)| name.eq_ignore_ascii_case(b"tsize");
    if let Ok(Access::Read { source, size, .. }) = &mut access
        && asked.mode == Mode::Netascii
        && asked.options.iter().any(tsize)
    {
        match text_size(&mut **source) {
            Ok(octets) => *size = Some(octets),
            Err(error) => access = Err(denial(&error)),
        }
    }
    access
}

/// How many octets of netascii the source makes.
fn text_size(source: &mut dyn Source) -> io::Result<u64> {
    let mut piece = vec![0; 64 << 10];
    let (mut offset, mut size) = (0, 0);
    loop {
        let len = source.read_at(offset, &mut piece)?;
        offset += len as u64;
        size += netascii::encoded_len(&piece[..len]);
        if len < piece.len() {
            return Ok(size);
        }
    }
}

fn denial(error: &io::Error) -> Denial {
    let (code, text) = refusal(error);
    let (text, why) = (text.to_owned(), error.to_string());
    Denial { code, text, why }
}
