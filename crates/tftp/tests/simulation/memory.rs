//! S8 and L4: what machines hold, and how long the receiver stays; without a network.

use std::mem::size_of;

use allocation_counter::measure;
use wirelore_tftp::wire::{Packet, encode_request};
use wirelore_tftp::{
    Client, ClientConfig, Config, DatagramMachine, Demux, Direction, Duration, Event, Grant,
    Instant, Mode, ServerConfig, ServerEvent, Slot, Transfer,
};

const SERVER: u32 = 0x0002_0045;
const CLIENT: u32 = 0x0001_0400;

/// S8: a transfer is less than 2.5 KB, whatever was negotiated: no block is ever held by a machine.
/// (Most of it is where each block of a netascii window begins.)
#[test]
fn s8_a_transfer_is_small() {
    const MOST: usize = 2560;
    type Address = std::net::SocketAddr;
    for (what, size) in [
        ("Transfer", size_of::<Transfer<Address>>()),
        ("Client", size_of::<Client<'_, Address>>()),
        ("Slot", size_of::<Slot<Address, ()>>()),
    ] {
        assert!(size <= MOST, "S8: {what} takes {size} octets");
    }
    type Table = [Slot<Address, ()>; 8];
    let demux = size_of::<Demux<Address, (), Table>>();
    assert!(
        demux <= 8 * MOST + 512,
        "S8: a table of 8 takes {demux} octets"
    );
}

/// S8: nothing is allocated in a whole transfer, either way, in either mode, with a window that a
/// peer asks 65535 blocks of 65464 octets for.
#[test]
fn s8_a_transfer_allocates_nothing() {
    for (put, mode, blksize, windowsize) in [
        (false, Mode::Octet, None, None),
        (true, Mode::Octet, Some(1428), Some(16)),
        (false, Mode::Netascii, Some(512), Some(64)),
        (true, Mode::Netascii, None, None),
        (false, Mode::Octet, Some(65464), Some(65535)),
    ] {
        let mut limits = ServerConfig::default();
        limits.max_windowsize = 65535;
        limits.max_octets_in_flight = u64::MAX;
        let mut config = ClientConfig::default();
        (config.blksize, config.windowsize) = (blksize, windowsize);
        let mut pair = Pair::new(config, limits, put, mode);
        let allocations = measure(|| pair.run());
        assert_eq!(allocations.count_total, 0, "S8: put {put}, {mode:?}");
        assert_eq!(
            pair.completed, 2,
            "put {put}, {mode:?}, {blksize:?}, {windowsize:?}"
        );
    }
}

const FILE: &[u8; 300_000] = &{
    let mut octets = [b'x'; 300_000];
    let mut at = 0;
    while at < octets.len() {
        octets[at] = if at % 70 == 0 {
            b'\n'
        } else {
            b' ' + (at % 89) as u8
        };
        at += 3;
    }
    octets
};

/// A client and a server in fixed memory, and two buffers between them.
struct Pair {
    client: Client<'static, u32>,
    server: Demux<u32, (), [Slot<u32, ()>; 2]>,
    to_server: Box<Mailbox>,
    to_client: Box<Mailbox>,
    buf: Box<[u8; 65468]>,
    written: usize,
    completed: u32,
}

/// Room for a window of datagrams.
struct Mailbox {
    octets: [u8; 400_000],
    ends: [usize; 1024],
    count: usize,
}

impl Mailbox {
    fn new() -> Box<Self> {
        Box::new(Self {
            octets: [0; 400_000],
            ends: [0; 1024],
            count: 0,
        })
    }

    fn post(&mut self, datagram: &[u8]) {
        let from = self.count.checked_sub(1).map_or(0, |last| self.ends[last]);
        let until = from + datagram.len();
        self.octets[from..until].copy_from_slice(datagram);
        self.ends[self.count] = until;
        self.count += 1;
    }

    fn letters(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.count).map(|n| {
            let from = n.checked_sub(1).map_or(0, |last| self.ends[last]);
            &self.octets[from..self.ends[n]]
        })
    }
}

impl Pair {
    fn new(config: ClientConfig, limits: ServerConfig, put: bool, mode: Mode) -> Self {
        let client = if put {
            Client::put(SERVER, b"file", mode, None, config)
        } else {
            Client::get(SERVER, b"file", mode, config)
        };
        Self {
            client: client.unwrap(),
            server: Demux::new(limits, Default::default()),
            to_server: Mailbox::new(),
            to_client: Mailbox::new(),
            buf: Box::new([0; 65468]),
            written: 0,
            completed: 0,
        }
    }

    fn run(&mut self) {
        let mut now = Instant::ORIGIN;
        while self.completed < 2 {
            now = now + Duration::from_millis(1);
            self.client_turn(now);
            self.server_turn(now);
            assert!(now < Instant::from_micros(60_000_000), "it never ends");
        }
    }

    fn client_turn(&mut self, now: Instant) {
        for letter in self.to_client.letters() {
            if let Some(event) = self.client.handle_datagram(now, SERVER, letter) {
                match event {
                    Event::Write { offset, content } => {
                        check(offset, content, &mut self.written);
                        self.client.written(now).unwrap();
                    }
                    other => self.completed += u32::from(matches!(other, Event::Complete { .. })),
                }
            }
            // an event may only be about the transfer: nothing waits for the client to answer
            while let Some(event) = self.client.poll_event() {
                match event {
                    Event::ReadBlock { offset, max } => {
                        let (data, last) = read(offset, max);
                        let len = self
                            .client
                            .block(now, offset, data, last, &mut self.buf[..]);
                        self.to_server.post(&self.buf[..len.unwrap()]);
                    }
                    other => self.completed += u32::from(matches!(other, Event::Complete { .. })),
                }
            }
        }
        self.to_client.count = 0;
        while let Some(transmit) = self.client.poll_transmit(now, &mut self.buf[..]) {
            self.to_server.post(&self.buf[..transmit.len]);
        }
        while let Some(event) = self.client.poll_event() {
            self.completed += u32::from(matches!(event, Event::Complete { .. }));
        }
    }

    fn server_turn(&mut self, now: Instant) {
        for letter in self.to_server.letters() {
            match self.server.handle_datagram(now, CLIENT, letter) {
                Some(ServerEvent::Request { id, .. }) => {
                    self.server.accept(id, (), Grant::read(None)).unwrap();
                }
                Some(ServerEvent::Transfer { id, event }) => match event {
                    Event::Write { offset, content } => {
                        check(offset, content, &mut self.written);
                        self.server.written(now, id).unwrap();
                    }
                    other => self.completed += u32::from(matches!(other, Event::Complete { .. })),
                },
                _ => {}
            }
            while let Some(event) = self.server.poll_event() {
                match event {
                    ServerEvent::Transfer {
                        id,
                        event: Event::ReadBlock { offset, max },
                    } => {
                        let (data, last) = read(offset, max);
                        let len = self
                            .server
                            .block(now, id, offset, data, last, &mut self.buf[..]);
                        self.to_client.post(&self.buf[..len.unwrap()]);
                    }
                    ServerEvent::Transfer {
                        event: Event::Complete { .. },
                        ..
                    } => self.completed += 1,
                    _ => {}
                }
            }
        }
        self.to_server.count = 0;
        while let Some(transmit) = self.server.poll_transmit(now, &mut self.buf[..]) {
            self.to_client.post(&self.buf[..transmit.len]);
        }
        while let Some(event) = self.server.poll_event() {
            if let ServerEvent::Transfer {
                event: Event::Complete { .. },
                ..
            } = event
            {
                self.completed += 1;
            }
        }
    }
}

fn read(offset: u64, max: usize) -> (&'static [u8], bool) {
    let from = (offset as usize).min(FILE.len());
    let until = FILE.len().min(from + max);
    (&FILE[from..until], until == FILE.len())
}

fn check<'d>(offset: u64, content: impl Iterator<Item = &'d [u8]>, written: &mut usize) {
    assert_eq!(offset as usize, *written);
    for piece in content {
        assert!(piece == &FILE[*written..*written + piece.len()]);
        *written += piece.len();
    }
}

/// L4: after its last ACK the receiver stays for at least two timeouts of the other side, answers
/// each repeated last DATA once and nothing else, and is gone then.
#[test]
fn l4_dallying_answers_each_repeated_last_block_once() {
    let seconds = |s: u64| Instant::from_micros(s * 1_000_000);
    let mut buf = [0; 600];
    for (timeout, dally) in [(None, 4), (Some(1), 4), (Some(5), 10)] {
        let mut config = ClientConfig::plain();
        config.timeout = timeout;
        config.transfer = Config::default();
        let mut client = Client::<u32>::get(SERVER, b"file", Mode::Octet, config).unwrap();
        let now = seconds(1);
        client.poll_transmit(now, &mut buf).unwrap();
        if let Some(timeout) = timeout {
            let oack = format!("\0\x06timeout\0{timeout}\0");
            client.handle_datagram(now, SERVER, oack.as_bytes());
            while client.poll_event().is_some() {}
            assert!(client.poll_transmit(now, &mut buf).is_some());
        }
        let last = b"\0\x03\0\x01the end";
        let event = client.handle_datagram(now, SERVER, last);
        assert!(matches!(event, Some(Event::Write { .. })));
        while client.poll_event().is_some() {}
        client.written(now).unwrap();
        let mut answers = |client: &mut Client<'_, u32>, now, datagram: &[u8]| {
            if !datagram.is_empty() {
                assert_eq!(client.handle_datagram(now, SERVER, datagram), None);
            }
            let mut answers = 0;
            while let Some(transmit) = client.poll_transmit(now, &mut buf) {
                assert_eq!(buf[..transmit.len], *b"\0\x04\0\x01");
                answers += 1;
            }
            answers
        };
        assert_eq!(answers(&mut client, now, b""), 1, "the ACK itself");
        assert!(matches!(
            client.poll_event(),
            Some(Event::Complete { octets: 7 })
        ));
        let end = now + Duration::from_secs(dally);
        assert_eq!(client.poll_timeout(), Some(end), "L4: timeout {timeout:?}");
        for n in 0..10 * dally {
            let at = now + Duration::from_millis(100 * n);
            client.handle_timeout(at);
            assert_eq!(answers(&mut client, at, last), 1, "L4: {n}");
            assert_eq!(answers(&mut client, at, b"\0\x03\0\x02"), 0, "L4: DATA 2");
            assert_eq!(answers(&mut client, at, b"\0\x05\0\0\0"), 0, "L4: ERROR");
            assert_eq!(answers(&mut client, at, b"\0\x09"), 0, "L4: no TFTP");
            assert!(!client.is_over());
        }
        client.handle_timeout(end);
        assert!(client.is_over() && client.poll_timeout().is_none());
        assert_eq!(answers(&mut client, end, last), 0, "S10: after the end");
    }
}

/// S8: `blksize 65464 windowsize 65535` costs a server no more than the limit it was given.
#[test]
fn s8_greed_is_bounded() {
    let mut limits = ServerConfig::default();
    limits.max_windowsize = 65535;
    limits.max_octets_in_flight = 1_000_000;
    let mut server: Demux<u32, (), [Slot<u32, ()>; 16]> = Demux::new(limits, Default::default());
    let mut request = [0; 512];
    let options = [(&b"blksize"[..], &b"65464"[..]), (b"windowsize", b"65535")];
    let len = encode_request(Direction::Read, b"f", b"octet", options, &mut request).unwrap();
    assert!(Packet::parse(&request[..len]).is_ok());
    let mut in_flight = 0;
    for n in 0..16 {
        let event = server.handle_datagram(Instant::ORIGIN, CLIENT + n, &request[..len]);
        if let Some(ServerEvent::Request { id, .. }) = event {
            let parameters = server.accept(id, (), Grant::read(None)).unwrap();
            in_flight += u64::from(parameters.blksize) * u64::from(parameters.windowsize);
        }
        assert!(in_flight <= 1_000_000, "S8: {in_flight} octets in flight");
    }
    assert!(in_flight > 0);
}
