//! One transfer over one socket: lets the machine speak, waits for the peer or the time, and moves
//! octets between the machine and the file.

use super::endpoint::{Endpoint, Route};
use super::reader::Reader;
use super::writer::Writer;
use super::{Summary, Unfinished};
use crate::clock::Clock;
use crate::udp::Port;
use crate::{Source, Target};
use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::coop::consume_budget;
use wirelore_tftp::{ErrorCode, Event, Instant, Parameters};

/// Room for any datagram, shared by all transfers of a thread: it is only used between two points
/// where a transfer may wait.
const LARGEST: usize = 65_536;

thread_local! {
    static RECEIVED: RefCell<Vec<u8>> = RefCell::new(vec![0; 2 * LARGEST]);
}

/// The most datagrams of a window that are taken before others have their turn.
const BURST: usize = 16;

/// After so many turns the listener is heard, even if the peer is not silent in between.
const GLANCE: u32 = 32;

/// The most blocks that one call sends.
const BATCH: usize = 64;

/// The file's end of a transfer.
pub(super) enum End {
    Source(Reader),
    Target(Writer),
    /// Nothing is transferred.
    Nothing,
}

impl End {
    pub(super) fn source(source: Box<dyn Source>) -> Self {
        Self::Source(Reader::new(source))
    }

    pub(super) fn target(target: Box<dyn Target>) -> Self {
        Self::Target(Writer::new(target))
    }
}

/// What a server's listener tells a transfer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word {
    /// The client sent its request again.
    Repeated,
    /// Do not stay for the last ACK's sake.
    Hurry,
    /// Give up.
    Stop,
}

pub(super) struct Run<'w, M> {
    machine: M,
    port: Port<'w>,
    end: End,
    netascii: bool,
    clock: Clock,
    /// When this turn began, or what it waited for last was over.
    now: Instant,
    /// A datagram that came together with the one before.
    next: Option<(SocketAddr, Vec<u8>)>,
    /// Where single datagrams are made.
    packet: Vec<u8>,
    parameters: Option<Parameters>,
    size: Option<u64>,
    octets: u64,
    outcome: Option<(Result<(), Unfinished>, Duration)>,
    /// Why the machine was told to give up.
    cause: Option<Unfinished>,
    words: Option<mpsc::Receiver<Word>>,
    hurry: bool,
}

/// What a received block calls for.
enum Due {
    Nothing,
    /// The gathered octets must be written before there is room for more.
    Write,
    /// The file is complete.
    Finish,
}

impl<'w, M: Endpoint> Run<'w, M> {
    pub(super) fn new(
        machine: M,
        port: Port<'w>,
        end: End,
        netascii: bool,
        words: Option<mpsc::Receiver<Word>>,
    ) -> Self {
        let packet = vec![0; machine.max_datagram().min(1024)];
        let parameters = machine.parameters();
        let mut run = Self {
            machine,
            port,
            end,
            netascii,
            clock: Clock::start(),
            now: Instant::ORIGIN,
            next: None,
            packet,
            parameters: None,
            size: None,
            octets: 0,
            outcome: None,
            cause: None,
            words,
            hurry: false,
        };
        if let Some(parameters) = parameters {
            run.goes_by(parameters);
        }
        run
    }

    /// Runs until the outcome is known, and the peer was told whatever it has to be told.
    pub(super) async fn run(&mut self) -> Summary {
        if let Err(error) = self.turns(false).await {
            let elapsed = self.elapsed();
            let failed = Err(Unfinished::Socket(error));
            self.hurry = true;
            self.outcome.get_or_insert((failed, elapsed));
        }
        let elapsed = self.elapsed();
        let (outcome, elapsed) = self
            .outcome
            .replace((Ok(()), elapsed))
            .unwrap_or((Err(Unfinished::Stopped), elapsed));
        Summary {
            octets: self.octets,
            parameters: self.parameters,
            size: self.size,
            retransmissions: self.machine.retransmissions(),
            elapsed,
            outcome,
        }
    }

    /// Stays as long as the last ACK may have to be repeated.
    pub(super) async fn linger(mut self) {
        if !self.hurry {
            // the outcome is known: an error of the socket changes nothing
            let _ = self.turns(true).await;
        }
    }

    async fn turns(&mut self, lingering: bool) -> io::Result<()> {
        let mut alarm = pin!(tokio::time::sleep(Duration::ZERO));
        // an alarm that comes early costs less than one that is set anew for every datagram
        let mut set = None;
        let mut turn = 0;
        loop {
            // a peer that always has something to say must not keep others from being heard
            turn = (turn + 1) % GLANCE;
            if turn == 0 {
                consume_budget().await;
                if let Some(Ok(word)) = self.words.as_mut().map(mpsc::Receiver::try_recv) {
                    self.heed(Some(word));
                }
            }
            self.speak().await?;
            if self.machine.is_over() || (self.outcome.is_some() && !lingering) {
                return Ok(());
            }
            if let Some(at) = self.machine.poll_timeout()
                && set.is_none_or(|set| at < set)
            {
                alarm.as_mut().reset(self.clock.when(at));
                set = Some(at);
            }
            if let Some((peer, datagram)) = self.next.take() {
                self.handle(peer, &datagram);
                continue;
            }
            let words = &mut self.words;
            let word = async {
                match words {
                    Some(words) => words.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                readable = self.port.readable() => {
                    readable?;
                    self.now = self.clock.now();
                    self.hear().await?;
                }
                word = word => self.heed(word),
                () = &mut alarm, if set.is_some() => {
                    self.now = self.clock.now();
                    set = None;
                }
            }
            if lingering && self.hurry {
                return Ok(());
            }
            if self.machine.poll_timeout().is_some_and(|at| at <= self.now) {
                if self.outcome.is_none() {
                    self.port.watch().waited();
                }
                self.machine.handle_timeout(self.now);
            }
        }
    }

    /// Does what the listener says; without a word, it will say nothing more.
    fn heed(&mut self, word: Option<Word>) {
        match word {
            Some(Word::Repeated) => {
                self.now = self.clock.now();
                self.machine.request_repeated(self.now);
            }
            Some(Word::Hurry) => self.hurry = true,
            Some(Word::Stop) => {
                self.hurry = true;
                self.give_up(
                    ErrorCode::NOT_DEFINED,
                    "the server stopped, or was asked for another file",
                    Unfinished::Stopped,
                );
            }
            None => self.words = None,
        }
    }

    /// Lets the machine say everything it has to say.
    async fn speak(&mut self) -> io::Result<()> {
        loop {
            if let Some(event) = self.machine.poll_event() {
                match event {
                    Event::ReadBlock { offset, max } if self.netascii => {
                        self.send_text(offset, max).await?;
                    }
                    Event::ReadBlock { offset, max } => self.send_octets(offset, max).await?,
                    event => self.tell(event),
                }
            } else if let Some(transmit) = self.machine.poll_transmit(self.now, &mut self.packet) {
                let packet = [IoSlice::new(&self.packet[..transmit.len])];
                self.port.send(transmit.to.peer, &packet).await?;
            } else {
                return Ok(());
            }
        }
    }

    /// Takes what has come in.
    async fn hear(&mut self) -> io::Result<()> {
        let burst = match (&self.end, &self.parameters) {
            (End::Target(_), Some(parameters)) if parameters.windowsize > 1 => BURST,
            _ => 1,
        };
        if !matches!(self.end, End::Target(_)) {
            return RECEIVED.with_borrow_mut(|buf| self.hear_two(buf));
        }
        for _ in 0..burst {
            let due = RECEIVED.with_borrow_mut(|buf| self.datagram(buf))?;
            let Some(due) = due else { break };
            let End::Target(writer) = &mut self.end else {
                continue;
            };
            let done = match due {
                Due::Nothing => continue,
                Due::Write => writer.write().await,
                Due::Finish => writer.finish().await,
            };
            match done {
                // wrong use cannot be: a block was to be written just now
                Ok(()) => {
                    self.now = self.clock.now();
                    let _ = self.machine.written(self.now);
                }
                Err(error) => {
                    let (code, text) = refusal(&error);
                    self.give_up(code, text, Unfinished::Target(error));
                }
            }
        }
        Ok(())
    }

    /// Of a transfer that receives no octets: nothing that comes calls for a wait.
    fn hear_two(&mut self, buf: &mut [u8]) -> io::Result<()> {
        let (first, second) = buf.split_at_mut(LARGEST);
        let came = self.port.receive_two(first, second)?;
        if let Some((len, peer)) = came[0] {
            self.handle(peer, &first[..len]);
        }
        // the first one is answered before
        self.next = came[1].map(|(len, peer)| (peer, second[..len].to_vec()));
        Ok(())
    }

    fn datagram(&mut self, buf: &mut [u8]) -> io::Result<Option<Due>> {
        let came = self.port.receive(buf)?;
        Ok(came.map(|(len, peer)| self.handle(peer, &buf[..len])))
    }

    fn handle(&mut self, peer: SocketAddr, datagram: &[u8]) -> Due {
        let local = self.machine.route().and_then(|route| route.local);
        let from = Route { peer, local };
        let Some(event) = self.machine.handle_datagram(self.now, from, datagram) else {
            return Due::Nothing;
        };
        let Event::Write { offset, content } = event else {
            self.tell(event);
            return Due::Nothing;
        };
        let End::Target(writer) = &mut self.end else {
            return Due::Nothing;
        };
        let last = content.is_last();
        self.octets = offset + content.octets();
        content.for_each(|octets| writer.push(octets));
        self.port.watch().progress(self.octets);
        if last {
            Due::Finish
        } else if writer.is_full() {
            Due::Write
        } else {
            let _ = self.machine.written(self.now);
            Due::Nothing
        }
    }

    /// Sends blocks as they are in the file, from `offset` on, as many at a time as may be under way
    /// and the system takes.
    async fn send_octets(&mut self, offset: u64, max: usize) -> io::Result<()> {
        let mut headers = [[0; 4]; BATCH];
        let mut question = Some((offset, max));
        while let Some((first, max)) = question.take() {
            consume_budget().await;
            self.fetch(first, max).await;
            let End::Source(reader) = &self.end else {
                return Ok(());
            };
            let now = self.now;
            let batch = self.port.batch(max + 4).min(BATCH);
            let (mut count, mut from, mut len) = (0, 0, 0);
            let mut next = reader.at_hand(first, max).map(|_| (first, max));
            let mut other = None;
            while let Some((offset, max)) = next.take() {
                // one piece of memory, cut into blocks
                let follows = offset == first + len as u64;
                let found = reader
                    .at_hand(offset, max)
                    .filter(|_| follows && count < batch);
                let Some((range, last)) = found else {
                    question = Some((offset, max));
                    break;
                };
                match self.machine.header(now, offset, range.len(), last) {
                    Ok(Some(header)) => {
                        if count == 0 {
                            from = range.start;
                        }
                        headers[count] = header;
                        count += 1;
                        len += range.len();
                    }
                    Ok(None) => {}
                    Err(misuse) => return Err(io::Error::other(misuse)),
                }
                match self.machine.poll_event() {
                    Some(Event::ReadBlock { offset, max }) => next = Some((offset, max)),
                    event => other = event,
                }
            }
            self.octets = self.octets.max(first + len as u64);
            if let (Some(route), true) = (self.machine.route(), count > 0) {
                let octets = &reader.piece()[from..from + len];
                let sent = match count {
                    1 => {
                        let parts = [IoSlice::new(&headers[0]), IoSlice::new(octets)];
                        self.port.send(route.peer, &parts).await
                    }
                    _ => send_batch(&mut self.port, route, &headers[..count], octets, max).await,
                };
                sent?;
                self.port.watch().progress(self.octets);
            }
            if let Some(event) = other {
                self.tell(event);
            }
        }
        Ok(())
    }

    /// Sends one block as netascii.
    async fn send_text(&mut self, offset: u64, max: usize) -> io::Result<()> {
        self.fetch(offset, max).await;
        let End::Source(reader) = &self.end else {
            return Ok(());
        };
        let Some((range, last)) = reader.at_hand(offset, max) else {
            return Ok(());
        };
        let room = self.machine.max_datagram();
        if self.packet.len() < room {
            self.packet.resize(room, 0);
        }
        let now = self.now;
        let data = &reader.piece()[range];
        let sent = self
            .machine
            .block(now, offset, data, last, &mut self.packet);
        self.octets = self.octets.max(offset + data.len() as u64);
        match (sent, self.machine.route()) {
            (Ok(len @ 1..), Some(route)) => {
                let parts = [IoSlice::new(&self.packet[..len])];
                self.port.send(route.peer, &parts).await?;
                self.port.watch().progress(self.octets);
                Ok(())
            }
            (Ok(_), _) => Ok(()),
            (Err(misuse), _) => Err(io::Error::other(misuse)),
        }
    }

    /// Gets octets from the source, unless they are at hand. Where that fails the transfer is over.
    async fn fetch(&mut self, offset: u64, max: usize) {
        let End::Source(reader) = &mut self.end else {
            return;
        };
        if reader.at_hand(offset, max).is_some() {
            return;
        }
        let fetched = reader.fetch(offset, max).await;
        self.now = self.clock.now();
        if let Err(error) = fetched {
            let (code, text) = refusal(&error);
            self.give_up(code, text, Unfinished::Source(error));
        }
    }

    fn tell(&mut self, event: Event<'_>) {
        let outcome = match event {
            Event::Started(parameters) => return self.goes_by(parameters),
            Event::Size(size) => {
                self.size = size;
                Ok(())
            }
            Event::Complete { octets } => {
                self.octets = octets;
                Ok(())
            }
            Event::Failed { failure, message } => {
                Err(self.cause.take().unwrap_or_else(|| Unfinished::Protocol {
                    failure,
                    message: message.to_vec(),
                }))
            }
            _ => return,
        };
        let elapsed = self.elapsed();
        self.outcome.get_or_insert((outcome, elapsed));
    }

    fn goes_by(&mut self, parameters: Parameters) {
        self.parameters = Some(parameters);
        if let End::Source(reader) = &mut self.end {
            reader.window(parameters.blksize, parameters.windowsize);
            if parameters.windowsize > 1 && !self.netascii {
                self.port.segment(usize::from(parameters.blksize) + 4);
            }
        }
        self.port.watch().started(&parameters);
    }

    fn give_up(&mut self, code: ErrorCode, text: &str, cause: Unfinished) {
        if self.outcome.is_none() {
            self.cause = Some(cause);
            self.machine.refuse(code, text);
        }
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.clock.now().as_micros())
    }
}

async fn send_batch(
    port: &mut Port<'_>,
    route: Route,
    headers: &[[u8; 4]],
    octets: &[u8],
    max: usize,
) -> io::Result<()> {
    let mut parts = [IoSlice::new(&[]); 2 * BATCH];
    for (index, header) in headers.iter().enumerate() {
        let from = (index * max).min(octets.len());
        let to = (from + max).min(octets.len());
        parts[2 * index] = IoSlice::new(header);
        parts[2 * index + 1] = IoSlice::new(&octets[from..to]);
    }
    port.send_all(route.peer, &parts[..2 * headers.len()]).await
}

/// What the peer is told when a file cannot be read or written.
pub(super) fn refusal(error: &io::Error) -> (ErrorCode, &'static str) {
    match error.kind() {
        ErrorKind::StorageFull => (ErrorCode::DISK_FULL, "disk full"),
        ErrorKind::QuotaExceeded => (ErrorCode::DISK_FULL, "quota exceeded"),
        ErrorKind::FileTooLarge => (ErrorCode::DISK_FULL, "file too large"),
        ErrorKind::AlreadyExists => (ErrorCode::FILE_EXISTS, "file exists"),
        ErrorKind::NotFound => (ErrorCode::FILE_NOT_FOUND, "file not found"),
        ErrorKind::PermissionDenied => (ErrorCode::ACCESS_VIOLATION, "access violation"),
        _ => (ErrorCode::NOT_DEFINED, "input or output error"),
    }
}
