//! TFTP: packets, netascii, and whole transfers under arbitrary events.

use arbitrary::{Arbitrary, Unstructured};
use wirelore_tftp::netascii::{Decoded, Position, encoded_len};
use wirelore_tftp::wire::{EncodeError, MAX_REQUEST, Packet, ParseError, option_value};
use wirelore_tftp::{Client, ClientConfig, DatagramMachine, Demux, Direction, Duration, ErrorCode};
use wirelore_tftp::{Event, Grant, Instant, Mode, ServerConfig, ServerEvent, Slot, TransferId};

/// Any datagram: an error points into it, a packet's fields lie in it.
pub fn tftp_packet(data: &[u8]) {
    match Packet::parse(data) {
        Ok(Packet::Request(request)) => {
            assert!(data.len() <= MAX_REQUEST);
            let pairs = request.options.iter().map(|(name, value)| {
                let _ = option_value(value);
                name.len() + value.len() + 2
            });
            assert_eq!(pairs.sum::<usize>(), request.options.as_bytes().len());
        }
        Ok(Packet::Data(packet)) => assert_eq!(packet.payload.len() + 4, data.len()),
        Ok(_) => {}
        Err(error) => {
            assert!(error.offset() <= data.len(), "{error}");
            let silent = error.reply_hint().is_none();
            let is_error = data.starts_with(&[0, 5]);
            assert_eq!(silent, data.len() < 2 || is_error, "{error}");
        }
    }
}

/// What was decoded encodes to something that decodes to the same, in exactly the length announced.
pub fn tftp_roundtrip(data: &[u8]) {
    let Ok(packet) = Packet::parse(data) else {
        return;
    };
    let mut buf = vec![0; packet.encoded_len()];
    assert_eq!(packet.encode(&mut buf), Ok(buf.len()));
    assert_eq!(Packet::parse(&buf), Ok(packet));
    if let Some(short) = buf.len().checked_sub(1) {
        let too_small = EncodeError::BufferTooSmall { len: short };
        assert_eq!(packet.encode(&mut buf[..short]), Err(too_small));
    }
}

/// Text in blocks of any size: every block size gives the same octets, and they decode to the text.
/// Octet 0 is the block size.
pub fn tftp_netascii(data: &[u8]) {
    let [first, text @ ..] = data else {
        return;
    };
    let size = usize::from(*first) + 1;
    let (mut at, mut cr) = (Position::default(), false);
    let (mut wire, mut back) = (0, Vec::new());
    loop {
        let mut block = vec![0; size];
        let from = at.offset as usize;
        let (len, next) = at.encode(&text[from..text.len().min(from + size)], &mut block);
        let last = len < size;
        let block = &block[..len];
        Decoded::new(block, cr, last).for_each(|piece| back.extend_from_slice(piece));
        cr = Decoded::held(block, cr);
        wire += len as u64;
        at = next;
        if last {
            break;
        }
    }
    assert_eq!(back, text);
    assert_eq!(wire, encoded_len(text));
    // whatever is decoded is never longer than what came
    let any = Decoded::new(text, false, true);
    assert!(any.clone().octets() <= text.len() as u64);
    assert_eq!(
        any.map(|piece| piece.len() as u64).sum::<u64>(),
        Decoded::new(text, false, true).octets()
    );
}

/// What can happen to a client and a server.
#[derive(Arbitrary, Debug)]
enum Operation<'d> {
    /// Deliver the oldest datagram under way to the server, or to the client.
    Deliver {
        to_server: bool,
    },
    /// Deliver it and keep a copy under way.
    Duplicate {
        to_server: bool,
    },
    Lose {
        to_server: bool,
    },
    /// The newest one overtakes.
    Reorder {
        to_server: bool,
    },
    /// Anything from anywhere.
    Forge {
        to_server: bool,
        port: u8,
        datagram: &'d [u8],
    },
    /// Time passes, in units of 50 ms.
    Wait(u8),
    /// The application answers with what was asked for.
    Answer,
    /// Or with something else.
    Misanswer {
        offset: u16,
        len: u16,
        last: bool,
    },
    Written,
    Refuse {
        server: bool,
        code: u16,
    },
    /// Another request from the same port.
    Restart {
        write: bool,
    },
}

/// A client and a server under arbitrary operations: no panic, the rules of the contract, bounded
/// output.
pub fn tftp_transfer(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(setup) = Setup::arbitrary(&mut input) else {
        return;
    };
    let mut pair = Pair::new(&setup);
    for _ in 0..512 {
        if input.is_empty() {
            break;
        }
        let Ok(operation) = Operation::arbitrary(&mut input) else {
            break;
        };
        pair.apply(operation);
        pair.drain();
    }
}

#[derive(Arbitrary, Debug)]
struct Setup {
    write: bool,
    netascii: bool,
    blksize: Option<u8>,
    windowsize: Option<u8>,
    timeout: Option<u8>,
    rollover: bool,
    ignore_malformed: bool,
    size: u16,
    cap: u8,
}

const CLIENT: u32 = 0x0001_0400;
const SERVER: u32 = 0x0002_0045;

struct Pair {
    now: Instant,
    client: Client<'static, u32>,
    config: ClientConfig,
    mode: Mode,
    server: Demux<u32, (), [Slot<u32, ()>; 2]>,
    to_server: Vec<Vec<u8>>,
    to_client: Vec<Vec<u8>>,
    /// Questions without an answer; `None` is the client's.
    questions: Vec<(Option<TransferId>, u64, usize)>,
    /// Blocks that were not written yet.
    blocks: Vec<Option<TransferId>>,
    known: Vec<TransferId>,
    size: u64,
    packet: Vec<u8>,
}

impl Pair {
    fn new(setup: &Setup) -> Self {
        let mut config = ClientConfig::default();
        config.blksize = setup.blksize.map(|size| 8 + u16::from(size));
        config.windowsize = setup.windowsize.map(|blocks| u16::from(blocks).max(1));
        config.timeout = setup.timeout.filter(|&seconds| seconds > 0);
        config.transfer.ignore_malformed = setup.ignore_malformed;
        config.rollover = setup.rollover.then_some(wirelore_tftp::Rollover::One);
        let mut server = ServerConfig::default();
        server.max_windowsize = u16::from(setup.cap);
        server.transfer.ignore_malformed = setup.ignore_malformed;
        let mode = if setup.netascii {
            Mode::Netascii
        } else {
            Mode::Octet
        };
        let size = u64::from(setup.size % 4096);
        Self {
            now: Instant::ORIGIN,
            client: request(setup.write, mode, size, config),
            config,
            mode,
            server: Demux::new(server, Default::default()),
            to_server: Vec::new(),
            to_client: Vec::new(),
            questions: Vec::new(),
            blocks: Vec::new(),
            known: Vec::new(),
            size,
            packet: vec![0; 65468],
        }
    }

    fn apply(&mut self, operation: Operation<'_>) {
        match operation {
            Operation::Deliver { to_server } => self.deliver(to_server, false),
            Operation::Duplicate { to_server } => self.deliver(to_server, true),
            Operation::Lose { to_server } => {
                self.way(to_server).pop();
            }
            Operation::Reorder { to_server } => self.way(to_server).reverse(),
            Operation::Forge {
                to_server,
                port,
                datagram,
            } => {
                let host = if to_server { CLIENT } else { SERVER };
                self.arrive(to_server, host ^ u32::from(port & 3), datagram);
            }
            Operation::Wait(units) => {
                self.now = self.now + Duration::from_millis(50 * u64::from(units));
                let now = self.now;
                self.client.handle_timeout(now);
                self.server.handle_timeout(now);
                let timeouts = [self.client.poll_timeout(), self.server.poll_timeout()];
                for timeout in timeouts.into_iter().flatten() {
                    assert!(timeout > now, "rule 9: {timeout:?} is not after {now:?}");
                }
            }
            Operation::Answer => {
                if let Some((who, offset, max)) = self.questions.pop() {
                    let rest = self.size.saturating_sub(offset);
                    let len = rest.min(max as u64) as usize;
                    self.answer(who, offset, len, len as u64 == rest);
                }
            }
            Operation::Misanswer { offset, len, last } => {
                let who = self.known.last().copied().filter(|_| len & 1 == 1);
                self.answer(who, u64::from(offset), usize::from(len), last);
            }
            Operation::Written => {
                let _ = match self.blocks.pop().flatten() {
                    None => self.client.written(self.now),
                    Some(id) => self.server.written(self.now, id),
                };
            }
            Operation::Refuse { server, code } => match self.known.last().filter(|_| server) {
                Some(&id) => drop(self.server.refuse(id, ErrorCode(code), "no\0more")),
                None => self.client.refuse(ErrorCode(code), "enough"),
            },
            Operation::Restart { write } => {
                self.client = request(write, self.mode, self.size, self.config);
                self.questions.retain(|(who, ..)| who.is_some());
                self.blocks.retain(Option::is_some);
            }
        }
    }

    fn way(&mut self, to_server: bool) -> &mut Vec<Vec<u8>> {
        if to_server {
            &mut self.to_server
        } else {
            &mut self.to_client
        }
    }

    fn deliver(&mut self, to_server: bool, keep: bool) {
        let way = self.way(to_server);
        if way.is_empty() {
            return;
        }
        let datagram = if keep { way[0].clone() } else { way.remove(0) };
        let from = if to_server { CLIENT } else { SERVER };
        self.arrive(to_server, from, &datagram);
    }

    fn arrive(&mut self, to_server: bool, from: u32, datagram: &[u8]) {
        if !to_server {
            let event = self.client.handle_datagram(self.now, from, datagram);
            if let Some(event) = event {
                self.heard(None, &event);
            }
            return;
        }
        match self.server.handle_datagram(self.now, from, datagram) {
            Some(ServerEvent::Request { id, request, .. }) => {
                assert_eq!(self.server.peer(id), Some(from));
                let _ = match request.filename {
                    b"no" => self
                        .server
                        .deny(id, ErrorCode::FILE_NOT_FOUND, "none")
                        .err(),
                    _ if request.direction == Direction::Read => self
                        .server
                        .accept(id, (), Grant::read(Some(self.size)))
                        .err(),
                    _ => self.server.accept(id, (), Grant::write(Some(5000))).err(),
                };
                self.known.push(id);
            }
            Some(ServerEvent::Transfer { id, event }) => self.heard(Some(id), &event),
            _ => {}
        }
    }

    fn heard(&mut self, who: Option<TransferId>, event: &Event<'_>) {
        match event {
            Event::ReadBlock { offset, max } => self.questions.push((who, *offset, *max)),
            Event::Write { content, .. } => {
                assert!(content.octets() <= 65465);
                self.blocks.push(who);
            }
            _ => {}
        }
    }

    fn answer(&mut self, who: Option<TransferId>, offset: u64, len: usize, last: bool) {
        let data = vec![b'\n'; len];
        let packet = &mut self.packet;
        let (result, way) = match who {
            None => (
                self.client.block(self.now, offset, &data, last, packet),
                &mut self.to_server,
            ),
            Some(id) => (
                self.server.block(self.now, id, offset, &data, last, packet),
                &mut self.to_client,
            ),
        };
        if let Ok(len @ 1..) = result {
            assert!(matches!(Packet::parse(&packet[..len]), Ok(Packet::Data(_))));
            way.push(packet[..len].to_vec());
        }
    }

    /// Takes everything that is due. After one operation that is not much.
    fn drain(&mut self) {
        for _ in 0..64 {
            let (now, max) = (self.now, self.client.max_datagram());
            if let Some(event) = self.client.poll_event() {
                self.heard(None, &event);
            } else if let Some(out) = self.client.poll_transmit(now, &mut self.packet[..max]) {
                self.to_server.push(own(&self.packet[..out.len]));
            } else if let Some(event) = self.server.poll_event() {
                if let ServerEvent::Transfer { id, event } = event {
                    self.heard(Some(id), &event);
                }
            } else if let Some(out) = self.server.poll_transmit(now, &mut self.packet) {
                assert!(out.len <= self.server.max_datagram());
                self.to_client.push(own(&self.packet[..out.len]));
            } else {
                return;
            }
        }
        panic!("one operation caused more than 64 events and datagrams");
    }
}

/// What we send is what we read.
fn own(packet: &[u8]) -> Vec<u8> {
    let parsed: Result<_, ParseError> = Packet::parse(packet);
    assert!(parsed.is_ok(), "{parsed:?}");
    packet.to_vec()
}

fn request(write: bool, mode: Mode, size: u64, config: ClientConfig) -> Client<'static, u32> {
    let client = if write {
        Client::put(SERVER, b"file", mode, Some(size), config)
    } else {
        Client::get(SERVER, b"file", mode, config)
    };
    client.expect("a good name and mode")
}
