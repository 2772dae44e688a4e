//! Small TFTP transfers over a bad simulated network, for the rate of the simulation itself.

use wirelore_testkit::net::{self, Limits, Link, Network, Node};
use wirelore_testkit::{Sink, Source};
use wirelore_tftp::{Client, ClientConfig, DatagramMachine, Demux, Duration, Event, Grant};
use wirelore_tftp::{Instant, Mode, ServerConfig, ServerEvent, Slot};

const CLIENT: u32 = 0x0001_0400;
const SERVER: u32 = 0x0002_0045;

/// One get of up to 4 KiB over a link with loss, duplication and reordering. Returns whether the
/// file came whole; the link is good enough that it should.
#[must_use]
pub fn small_transfer(seed: u64) -> bool {
    let source = Source::new(seed, seed % 4096);
    let mut net = Network::new(seed);
    net.set_default_link(Link {
        loss: 50,
        duplicate: 50,
        jitter: Duration::from_millis(5),
        deliver_at_least_one_in: Some(4),
        ..Link::default()
    });
    let mut config = ClientConfig::default();
    config.blksize = Some(512);
    config.windowsize = Some(1 + (seed % 4) as u16);
    let client = Client::get(SERVER, b"file", Mode::Octet, config).expect("a good name");
    let mut user = User {
        client,
        sink: Sink::new(source),
        buf: vec![0; 1024],
        complete: false,
    };
    let mut host = Host {
        demux: Demux::new(ServerConfig::default(), [Slot::default()]),
        buf: vec![0; 65468],
        block: vec![0; 65464],
        source,
    };
    let _ = net::run(&mut net, &mut [&mut user, &mut host], Limits::default());
    user.complete && user.sink.is_complete()
}

struct User<'n> {
    client: Client<'n, u32>,
    sink: Sink,
    buf: Vec<u8>,
    complete: bool,
}

impl User<'_> {
    fn hear(&mut self, now: Instant, event: Event<'_>) {
        match event {
            Event::Write {
                mut offset,
                content,
            } => {
                for piece in content {
                    self.sink
                        .write(offset, piece)
                        .expect("the octets that were sent");
                    offset += piece.len() as u64;
                }
                self.client.written(now).expect("a block came");
            }
            Event::Complete { .. } => self.complete = true,
            _ => {}
        }
    }

    fn drain(&mut self, now: Instant, net: &mut Network<u32>) {
        loop {
            if let Some(event) = self.client.poll_event() {
                self.hear(now, event);
            } else if net::flush(&mut self.client, CLIENT, net, &mut self.buf) == 0 {
                break;
            }
        }
    }
}

impl Node<u32> for User<'_> {
    fn owns(&self, address: u32) -> bool {
        address == CLIENT
    }

    fn start(&mut self, now: Instant, net: &mut Network<u32>) {
        self.drain(now, net);
    }

    fn datagram(&mut self, now: Instant, from: u32, _: u32, data: &[u8], net: &mut Network<u32>) {
        if let Some(event) = self.client.handle_datagram(now, from, data) {
            self.hear(now, event);
        }
        self.drain(now, net);
    }

    fn timeout(&mut self, now: Instant, net: &mut Network<u32>) {
        self.client.handle_timeout(now);
        self.drain(now, net);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.client.poll_timeout()
    }

    fn finished(&self) -> bool {
        self.client.is_over()
    }
}

struct Host {
    demux: Demux<u32, (), [Slot<u32, ()>; 1]>,
    buf: Vec<u8>,
    block: Vec<u8>,
    source: Source,
}

impl Host {
    fn hear(&mut self, now: Instant, event: ServerEvent<'_, u32>, net: &mut Network<u32>) {
        match event {
            ServerEvent::Request { id, .. } => {
                let grant = Grant::read(Some(self.source.len()));
                self.demux.accept(id, (), grant).expect("just reported");
            }
            ServerEvent::Transfer {
                id,
                event: Event::ReadBlock { offset, max },
            } => {
                let len = self.source.fill(offset, &mut self.block[..max]);
                let (data, last) = (&self.block[..len], offset + len as u64 == self.source.len());
                let packet = self.demux.block(now, id, offset, data, last, &mut self.buf);
                let packet = &self.buf[..packet.expect("as asked for")];
                if let (false, Some(peer)) = (packet.is_empty(), self.demux.peer(id)) {
                    net.send(SERVER, peer, packet);
                }
            }
            _ => {}
        }
    }

    fn drain(&mut self, now: Instant, net: &mut Network<u32>) {
        loop {
            if let Some(event) = self.demux.poll_event() {
                self.hear(now, event, net);
            } else if net::flush(&mut self.demux, SERVER, net, &mut self.buf) == 0 {
                break;
            }
        }
    }
}

impl Node<u32> for Host {
    fn owns(&self, address: u32) -> bool {
        address == SERVER
    }

    fn datagram(&mut self, now: Instant, from: u32, _: u32, data: &[u8], net: &mut Network<u32>) {
        if let Some(event) = self.demux.handle_datagram(now, from, data) {
            self.hear(now, event, net);
        }
        self.drain(now, net);
    }

    fn timeout(&mut self, now: Instant, net: &mut Network<u32>) {
        self.demux.handle_timeout(now);
        self.drain(now, net);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.demux.poll_timeout()
    }

    fn finished(&self) -> bool {
        self.demux.clients() == 0
    }
}
