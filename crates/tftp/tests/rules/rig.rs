//! A machine driven by hand: packets in words, time as a number, and an application at its desk.

use crate::words::{packet, words};
use std::collections::VecDeque;
use wirelore_tftp::{
    Client, DatagramMachine, Demux, Direction, Duration, ErrorCode, Event, Grant, Instant, Misuse,
    ServerEvent, Slot, Transfer, TransferId,
};

/// Addresses: a host number in the upper half, a port in the lower.
pub(crate) const CLIENT: u32 = 0x0001_0400;
/// Where the server listens.
pub(crate) const SERVER: u32 = 0x0002_0045;
/// What the server answers from.
pub(crate) const TID: u32 = 0x0002_0800;
/// Somebody else.
pub(crate) const STRANGER: u32 = 0x0003_0007;

pub(crate) type Server = Demux<u32, (), Vec<Slot<u32, ()>>>;

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The application of every machine here.
#[derive(Debug)]
pub(crate) struct Desk {
    /// What it has to send.
    pub(crate) source: Vec<u8>,
    /// What it got.
    pub(crate) received: Vec<u8>,
    /// What it was told, but for questions that it answered.
    pub(crate) events: Vec<String>,
    /// Whether questions for blocks are answered at once.
    pub(crate) reads: bool,
    /// Whether blocks are written at once.
    pub(crate) writes: bool,
    /// How requests are answered.
    pub(crate) answer: Answer,
    /// The requests that were reported, in order.
    pub(crate) ids: Vec<TransferId>,
    /// The questions that were not answered.
    pub(crate) questions: VecDeque<(u64, usize)>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Accept(Grant),
    Deny(ErrorCode, &'static str),
    Later,
}

impl Desk {
    /// An application that answers everything at once.
    pub(crate) fn new(source: Vec<u8>) -> Self {
        Self {
            source,
            received: Vec::new(),
            events: Vec::new(),
            reads: true,
            writes: true,
            answer: Answer::Accept(Grant::default()),
            ids: Vec::new(),
            questions: VecDeque::new(),
        }
    }

    /// The octets that answer a question, and whether they are the last.
    pub(crate) fn read(&self, offset: u64, max: usize) -> (&[u8], bool) {
        let rest = &self.source[(offset as usize).min(self.source.len())..];
        (&rest[..rest.len().min(max)], rest.len() <= max)
    }

    fn transfer(
        &mut self,
        app: &mut dyn App,
        now: Instant,
        event: Event<'_>,
        sent: &mut Vec<(u32, Vec<u8>)>,
    ) {
        match event {
            Event::Started(_) => self.events.push("started".into()),
            Event::ReadBlock { offset, max } if self.reads => {
                let mut buf = vec![0; max + 4];
                let (data, last) = self.read(offset, max);
                let len = app.block(now, offset, data, last, &mut buf).unwrap();
                if len > 0 {
                    buf.truncate(len);
                    sent.push((app.peer(), buf));
                }
            }
            Event::ReadBlock { offset, max } => {
                self.events.push(format!("read {offset} {max}"));
                self.questions.push_back((offset, max));
            }
            Event::Write { offset, content } => {
                assert_eq!(offset, self.received.len() as u64, "a hole in the file");
                let octets = content.octets();
                self.received.extend(content.flatten());
                assert_eq!(octets, self.received.len() as u64 - offset);
                self.events.push(format!("write {offset} {octets}"));
                if self.writes {
                    app.written(now).unwrap();
                }
            }
            Event::Complete { octets } => self.events.push(format!("complete {octets}")),
            Event::Size(size) => self.events.push(format!("size {size:?}")),
            Event::Failed { failure, message } => {
                let message = message.escape_ascii();
                self.events.push(format!("failed: {failure}: {message}"));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The calls of the application on one transfer.
pub(crate) trait App {
    fn peer(&self) -> u32;
    fn block(
        &mut self,
        now: Instant,
        offset: u64,
        data: &[u8],
        last: bool,
        buf: &mut [u8],
    ) -> Result<usize, Misuse>;
    fn written(&mut self, now: Instant) -> Result<(), Misuse>;
}

macro_rules! app {
    ($machine:ty, |$self:ident| $peer:expr) => {
        impl App for $machine {
            fn peer(&self) -> u32 {
                let $self = self;
                $peer
            }

            fn block(
                &mut self,
                now: Instant,
                offset: u64,
                data: &[u8],
                last: bool,
                buf: &mut [u8],
            ) -> Result<usize, Misuse> {
                self.block(now, offset, data, last, buf)
            }

            fn written(&mut self, now: Instant) -> Result<(), Misuse> {
                self.written(now)
            }
        }
    };
}

app!(Client<'_, u32>, |client| client.peer().unwrap());
app!(Transfer<u32>, |transfer| Transfer::peer(transfer));

struct InSlot<'s>(&'s mut Server, TransferId);

impl App for InSlot<'_> {
    fn peer(&self) -> u32 {
        self.0.peer(self.1).unwrap()
    }

    fn block(
        &mut self,
        now: Instant,
        offset: u64,
        data: &[u8],
        last: bool,
        buf: &mut [u8],
    ) -> Result<usize, Misuse> {
        self.0.block(now, self.1, offset, data, last, buf)
    }

    fn written(&mut self, now: Instant) -> Result<(), Misuse> {
        self.0.written(now, self.1)
    }
}

/// A machine that a [`Rig`] can drive.
pub(crate) trait Driven: DatagramMachine<u32> + Sized {
    fn event(
        &mut self,
        desk: &mut Desk,
        now: Instant,
        event: Self::Event<'_>,
        sent: &mut Vec<(u32, Vec<u8>)>,
    );
}

impl Driven for Client<'_, u32> {
    fn event(
        &mut self,
        desk: &mut Desk,
        now: Instant,
        event: Event<'_>,
        sent: &mut Vec<(u32, Vec<u8>)>,
    ) {
        desk.transfer(self, now, event, sent);
    }
}

impl Driven for Transfer<u32> {
    fn event(
        &mut self,
        desk: &mut Desk,
        now: Instant,
        event: Event<'_>,
        sent: &mut Vec<(u32, Vec<u8>)>,
    ) {
        desk.transfer(self, now, event, sent);
    }
}

impl Driven for Server {
    fn event(
        &mut self,
        desk: &mut Desk,
        now: Instant,
        event: ServerEvent<'_, u32>,
        sent: &mut Vec<(u32, Vec<u8>)>,
    ) {
        match event {
            ServerEvent::Request { id, request, .. } => {
                let direction = match request.direction {
                    Direction::Read => "reads",
                    Direction::Write => "writes",
                };
                let name = request.filename.escape_ascii();
                desk.events.push(format!("{direction} {name}"));
                desk.ids.push(id);
                match desk.answer {
                    Answer::Accept(grant) => {
                        self.accept(id, (), grant).unwrap();
                    }
                    Answer::Deny(code, text) => self.deny(id, code, text).unwrap(),
                    Answer::Later => {}
                }
            }
            ServerEvent::Transfer { id, event } => {
                desk.transfer(&mut InSlot(self, id), now, event, sent);
            }
            ServerEvent::Repeated { .. } => desk.events.push("repeated".into()),
            ServerEvent::Superseded { .. } => desk.events.push("superseded".into()),
            ServerEvent::Refused { why, .. } => desk.events.push(format!("refused {why:?}")),
            other => panic!("{other:?}"),
        }
    }
}

/// A machine, its application, the time, and the peer it talks with.
#[derive(Debug)]
pub(crate) struct Rig<M> {
    pub(crate) machine: M,
    pub(crate) desk: Desk,
    pub(crate) now: Instant,
    pub(crate) peer: u32,
}

impl<M: Driven> Rig<M> {
    pub(crate) fn new(machine: M, source: Vec<u8>, peer: u32) -> Self {
        Self {
            machine,
            desk: Desk::new(source),
            now: Instant::ORIGIN + secs(1000),
            peer,
        }
    }

    /// What is sent when the peer sends this packet. What goes to others begins with their address.
    pub(crate) fn hears(&mut self, packet: &str) -> Vec<String> {
        self.hears_from(self.peer, packet)
    }

    pub(crate) fn hears_from(&mut self, from: u32, words: &str) -> Vec<String> {
        self.gets(from, &packet(words))
    }

    pub(crate) fn gets(&mut self, from: u32, datagram: &[u8]) -> Vec<String> {
        let mut sent = Vec::new();
        if let Some(event) = self.machine.handle_datagram(self.now, from, datagram) {
            (self.machine).event(&mut self.desk, self.now, event, &mut sent);
        }
        self.sent(sent)
    }

    /// What is sent without a reason from outside.
    pub(crate) fn sends(&mut self) -> Vec<String> {
        self.sent(Vec::new())
    }

    /// How long until the machine wants to be called.
    pub(crate) fn patience(&self) -> Option<Duration> {
        (self.machine.poll_timeout()).map(|deadline| deadline.since(self.now))
    }

    /// Time passes to the next timeout: how long it took, and what is sent then.
    pub(crate) fn times_out(&mut self) -> (Duration, Vec<String>) {
        let wait = self.patience().expect("nothing is awaited");
        self.now = self.now + wait;
        self.machine.handle_timeout(self.now);
        let next = self.machine.poll_timeout();
        assert!(next.is_none_or(|next| next > self.now), "rule 9");
        (wait, self.sends())
    }

    /// Time passes; what is sent meanwhile.
    pub(crate) fn passes(&mut self, time: Duration) -> Vec<String> {
        let end = self.now + time;
        let mut sent = Vec::new();
        while self.machine.poll_timeout().is_some_and(|next| next <= end) {
            sent.extend(self.times_out().1);
        }
        self.now = end;
        sent
    }

    /// What the application was told since it was last asked.
    pub(crate) fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.desk.events)
    }

    fn sent(&mut self, mut sent: Vec<(u32, Vec<u8>)>) -> Vec<String> {
        let mut buf = vec![0; self.machine.max_datagram()];
        loop {
            if let Some(event) = self.machine.poll_event() {
                (self.machine).event(&mut self.desk, self.now, event, &mut sent);
            } else if let Some(transmit) = self.machine.poll_transmit(self.now, &mut buf) {
                assert_eq!(transmit.segment, None);
                sent.push((transmit.to, buf[..transmit.len].to_vec()));
            } else {
                break;
            }
        }
        let in_words = |(to, datagram): (u32, Vec<u8>)| {
            assert!(datagram.len() <= self.machine.max_datagram());
            if to == self.peer {
                words(&datagram)
            } else {
                format!("to {to:08x}: {}", words(&datagram))
            }
        };
        sent.into_iter().map(in_words).collect()
    }
}

/// A file whose n-th block consists of the n-th letter; after `z` comes `a` again.
pub(crate) fn letters(blksize: usize, len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| b'a' + (at / blksize % 26) as u8)
        .collect()
}

/// A wait of `wait`, varied by up to a tenth.
#[track_caller]
pub(crate) fn assert_about(found: Duration, wait: Duration) {
    assert!(
        found >= wait * 9 / 10 && found <= wait * 11 / 10,
        "{found:?} is not about {wait:?}"
    );
}
