//! The rules of the contract of datagram machines, for the client, the server and a transfer with a
//! socket of its own.

#[allow(dead_code)]
mod words;

use wirelore_testkit::contract::{DatagramSubject, Log};
use wirelore_testkit::datagram_suite;
use wirelore_tftp::{
    Client, ClientConfig, DatagramMachine, Demux, ErrorCode, Event, Grant, Instant, Mode,
    ServerConfig, ServerEvent, Slot, Transfer, TransferId,
};
use words::packet;

const PEER: u32 = 0x0001_0400;
const SAME_HOST: u32 = 0x0001_0401;
const STRANGER: u32 = 0x0003_0007;

/// What an application does, decided by what it is told: it reads, writes, sometimes gets things wrong
/// and sometimes gives up.
#[derive(Clone)]
struct App {
    source: Vec<u8>,
    packet: Vec<u8>,
    /// How many events it saw.
    count: u32,
}

impl App {
    fn new() -> Self {
        Self {
            source: vec![b'\n'; 3000],
            packet: vec![0; 65_468],
            count: 0,
        }
    }

    /// Notes the event; the octets to answer a question with.
    fn told(
        &mut self,
        event: &Event<'_>,
        log: &mut Log,
    ) -> Option<(u64, std::ops::Range<usize>, bool)> {
        self.count += 1;
        match event {
            Event::ReadBlock { offset, max } => {
                log.fact(format_args!("read {offset} {max}"));
                let from = (*offset as usize).min(self.source.len());
                let to = self.source.len().min(from + max);
                Some((*offset, from..to, to - from < *max))
            }
            Event::Write { offset, content } => {
                log.fact(format_args!("write {offset} {}", content.octets()));
                None
            }
            other => {
                log.fact(format_args!("{other:?}"));
                None
            }
        }
    }

    /// Now and then a block is not answered, or answered wrongly.
    const fn is_sloppy(&self) -> bool {
        self.count % 11 == 3
    }

    const fn gives_up(&self) -> bool {
        self.count % 97 == 40
    }
}

/// Every kind of packet, good and bad, for either side.
fn datagrams() -> Vec<Vec<u8>> {
    let mut datagrams: Vec<Vec<u8>> = [
        "RRQ f octet",
        "RRQ f octet blksize=8 windowsize=4 tsize=0",
        "RRQ f netascii blksize=20 windowsize=64 timeout=1",
        "WRQ f octet",
        "WRQ f octet blksize=512 windowsize=3 utimeout=20000",
        "WRQ f netascii tsize=100 rollover=1",
        "RRQ f mail",
        "ACK 0",
        "ACK 1",
        "ACK 2",
        "ACK 3",
        "ACK 4",
        "ACK 65535",
        "DATA 1 a*512",
        "DATA 2 b*512",
        "DATA 3 \"c\\r\\n\"",
        "DATA 1 x*8",
        "DATA 2 x*8",
        "DATA 0 x*8",
        "OACK blksize=512",
        "OACK blksize=512 windowsize=4 tsize=9",
        "OACK",
        "ERROR 0 \"\"",
        "ERROR 8 \"options\"",
        "hex",
        "hex 00",
        "hex 00 09",
        "hex 00 01 66",
    ]
    .map(packet)
    .into();
    datagrams.push([&b"\0\x01f\0octet\0"[..], &[0; 600]].concat());
    datagrams
}

fn peers() -> Vec<u32> {
    vec![PEER, PEER, PEER, PEER, PEER, SAME_HOST, STRANGER]
}

#[derive(Clone)]
struct ClientSubject {
    put: bool,
    mode: Mode,
    app: App,
}

impl DatagramSubject for ClientSubject {
    type Address = u32;
    type Machine = Client<'static, u32>;

    fn machine(&mut self, _: Instant) -> Self::Machine {
        let mut config = ClientConfig::default();
        config.blksize = Some(512);
        config.windowsize = Some(4);
        if self.put {
            Client::put(PEER, b"f", self.mode, Some(6000), config).unwrap()
        } else {
            Client::get(PEER, b"f", self.mode, config).unwrap()
        }
    }

    fn peers(&self) -> Vec<u32> {
        peers()
    }

    fn datagrams(&self) -> Vec<Vec<u8>> {
        datagrams()
    }

    fn event(&mut self, client: &mut Self::Machine, now: Instant, event: Event<'_>, log: &mut Log) {
        let is_write = matches!(event, Event::Write { .. });
        if let Some((offset, octets, last)) = self.app.told(&event, log) {
            let offset = offset + u64::from(self.app.is_sloppy());
            let App { source, packet, .. } = &mut self.app;
            let sent = client.block(now, offset, &source[octets], last, packet);
            log.fact(format_args!("{sent:?}"));
        } else if is_write && !self.app.is_sloppy() {
            client.written(now).unwrap();
        }
        if self.app.gives_up() {
            client.refuse(ErrorCode::NOT_DEFINED, "enough");
        }
    }
}

#[derive(Clone)]
struct ServerSubject {
    app: App,
    last: Option<TransferId>,
}

impl DatagramSubject for ServerSubject {
    type Address = u32;
    type Machine = Demux<u32, (), [Slot<u32, ()>; 3]>;

    fn machine(&mut self, _: Instant) -> Self::Machine {
        Demux::new(ServerConfig::default(), Default::default())
    }

    fn peers(&self) -> Vec<u32> {
        peers()
    }

    fn datagrams(&self) -> Vec<Vec<u8>> {
        datagrams()
    }

    fn event(
        &mut self,
        demux: &mut Self::Machine,
        now: Instant,
        event: ServerEvent<'_, u32>,
        log: &mut Log,
    ) {
        match event {
            ServerEvent::Request { id, peer, .. } => {
                self.app.count += 1;
                log.fact(format_args!("{id:?} {peer:x}"));
                match self.app.count % 7 {
                    0 => demux.deny(id, ErrorCode::FILE_NOT_FOUND, "none").unwrap(),
                    1 => {} // forgotten
                    2 => {
                        demux.detach(id, Grant::read(Some(6000))).unwrap();
                        if let Some(last) = self.last.replace(id) {
                            let _ = demux.release(last);
                        }
                    }
                    _ => drop(demux.accept(id, (), Grant::read(Some(6000))).unwrap()),
                }
            }
            ServerEvent::Transfer { id, event } => {
                let is_write = matches!(event, Event::Write { .. });
                if let Some((offset, octets, last)) = self.app.told(&event, log) {
                    let offset = offset + u64::from(self.app.is_sloppy());
                    let App { source, packet, .. } = &mut self.app;
                    let sent = demux.block(now, id, offset, &source[octets], last, packet);
                    log.fact(format_args!("{sent:?}"));
                } else if is_write && !self.app.is_sloppy() {
                    demux.written(now, id).unwrap();
                }
                if self.app.gives_up() {
                    let _ = demux.refuse(id, ErrorCode::DISK_FULL, "full");
                }
            }
            other => log.fact(format_args!("{other:?}")),
        }
    }
}

#[derive(Clone)]
struct TransferSubject {
    request: &'static str,
    app: App,
}

impl DatagramSubject for TransferSubject {
    type Address = u32;
    type Machine = Transfer<u32>;

    fn machine(&mut self, now: Instant) -> Transfer<u32> {
        let slots = [Slot::default()];
        let mut demux: Demux<u32, (), [Slot<u32, ()>; 1]> =
            Demux::new(ServerConfig::default(), slots);
        let request = packet(self.request);
        match demux.handle_datagram(now, PEER, &request) {
            Some(ServerEvent::Request { id, .. }) => {
                demux.detach(id, Grant::read(Some(6000))).unwrap()
            }
            other => panic!("{other:?}"),
        }
    }

    fn peers(&self) -> Vec<u32> {
        peers()
    }

    fn datagrams(&self) -> Vec<Vec<u8>> {
        datagrams()
    }

    fn event(
        &mut self,
        transfer: &mut Transfer<u32>,
        now: Instant,
        event: Event<'_>,
        log: &mut Log,
    ) {
        let is_write = matches!(event, Event::Write { .. });
        if let Some((offset, octets, last)) = self.app.told(&event, log) {
            let App { source, packet, .. } = &mut self.app;
            let sent = transfer.block(now, offset, &source[octets], last, packet);
            log.fact(format_args!("{sent:?}"));
        } else if is_write && !self.app.is_sloppy() {
            transfer.written(now).unwrap();
        }
        if self.app.count % 13 == 5 {
            transfer.request_repeated(now);
        }
    }

    /// The request that [`machine`](Self::machine) is made from.
    fn heap_limit(&self) -> usize {
        256
    }
}

const fn sending(request: &'static str, app: App) -> TransferSubject {
    TransferSubject { request, app }
}

datagram_suite!(
    client_get,
    ClientSubject {
        put: false,
        mode: Mode::Octet,
        app: App::new()
    }
);
datagram_suite!(
    client_put,
    ClientSubject {
        put: true,
        mode: Mode::Octet,
        app: App::new()
    }
);
datagram_suite!(
    client_text,
    ClientSubject {
        put: true,
        mode: Mode::Netascii,
        app: App::new()
    }
);
datagram_suite!(
    server,
    ServerSubject {
        app: App::new(),
        last: None
    }
);
datagram_suite!(
    transfer_sends,
    sending("RRQ f octet blksize=8 windowsize=5", App::new())
);
datagram_suite!(transfer_sends_text, sending("RRQ f netascii", App::new()));
datagram_suite!(
    transfer_receives,
    sending("WRQ f octet windowsize=3", App::new())
);
datagram_suite!(
    transfer_receives_text,
    sending("WRQ f netascii blksize=8", App::new())
);
