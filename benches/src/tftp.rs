//! TFTP subjects: typical packets, and a whole transfer in memory.

use std::hint::black_box;
use wirelore_tftp::wire::{Packet, encode_request, option_value};
use wirelore_tftp::{Client, ClientConfig, DatagramMachine, Demux, Event, Grant, Instant, Mode};
use wirelore_tftp::{Direction, ServerConfig, ServerEvent, Slot};

/// A DATA packet of 1428 octets.
pub static DATA: [u8; 1432] = {
    let mut packet = [0x5a; 1432];
    packet[0] = 0;
    packet[1] = 3;
    packet
};

/// An RRQ with four options.
pub static RRQ: &[u8] = b"\0\x01images/router/c7200-is-mz.bin\0octet\0\
    blksize\x001428\0windowsize\x0016\0timeout\x005\0tsize\x000\0";

/// Parses [`DATA`].
#[inline(never)]
pub fn parse_data() {
    let Ok(Packet::Data(data)) = Packet::parse(black_box(&DATA)) else {
        panic!("a DATA packet");
    };
    black_box(data);
}

/// Parses [`RRQ`] and reads the numbers of its options.
#[inline(never)]
pub fn parse_rrq() {
    let Ok(Packet::Request(request)) = Packet::parse(black_box(RRQ)) else {
        panic!("an RRQ");
    };
    black_box(request.mode());
    for (name, value) in request.options.iter() {
        black_box((name, option_value(value)));
    }
}

/// Encodes an RRQ with four options.
#[inline(never)]
pub fn encode_rrq() {
    let options: [(&[u8], &[u8]); 4] = [
        (b"blksize", b"1428"),
        (b"windowsize", b"16"),
        (b"timeout", b"5"),
        (b"tsize", b"0"),
    ];
    let mut buf = [0; 512];
    let name = b"images/router/c7200-is-mz.bin";
    let len = encode_request(Direction::Read, name, b"octet", options, &mut buf);
    black_box(len.expect("room"));
    black_box(&buf);
}

const CLIENT: u32 = 0x0001_0400;
const SERVER: u32 = 0x0002_0045;

/// Fetches `file` from a [`Demux`] with a [`Client`], both in this thread, and returns how many
/// octets came. `to_client`, `to_server` and `packet` are given, so that what the machines
/// themselves allocate can be seen.
pub fn transfer(file: &[u8], config: ClientConfig, buffers: &mut Buffers) -> usize {
    let now = Instant::ORIGIN;
    let mut client = Client::get(SERVER, b"file", Mode::Octet, config).expect("a good name");
    let slots: [Slot<u32, &[u8]>; 1] = [Slot::default()];
    let mut server = Demux::new(ServerConfig::default(), slots);
    let mut received = 0;
    let mut complete = false;
    for _ in 0..=file.len() {
        if complete {
            break;
        }
        while let Some(out) = client.poll_transmit(now, &mut buffers.packet) {
            let datagram = &buffers.packet[..out.len];
            if let Some(ServerEvent::Request { id, .. }) =
                server.handle_datagram(now, CLIENT, datagram)
            {
                let grant = Grant::read(Some(file.len() as u64));
                server.accept(id, file, grant).expect("just reported");
            }
        }
        loop {
            let len = if let Some(event) = server.poll_event() {
                let ServerEvent::Transfer { id, event } = event else {
                    continue;
                };
                let Event::ReadBlock { offset, max } = event else {
                    continue;
                };
                let rest = &file[offset as usize..];
                let data = &rest[..max.min(rest.len())];
                let last = data.len() == rest.len();
                let len = server.block(now, id, offset, data, last, &mut buffers.packet);
                len.expect("as asked for")
            } else if let Some(out) = server.poll_transmit(now, &mut buffers.packet) {
                out.len
            } else {
                break;
            };
            let datagram = &buffers.packet[..len];
            if let Some(Event::Write { content, .. }) =
                client.handle_datagram(now, SERVER, datagram)
            {
                received += content.octets() as usize;
                client.written(now).expect("a block came");
            }
        }
        while let Some(event) = client.poll_event() {
            complete |= matches!(event, Event::Complete { .. });
        }
        // the last ACK completes the client's file when it is sent
        if let Some(out) = client.poll_transmit(now, &mut buffers.packet) {
            let _ = server.handle_datagram(now, CLIENT, &buffers.packet[..out.len]);
            while let Some(event) = client.poll_event() {
                complete |= matches!(event, Event::Complete { .. });
            }
        }
    }
    received
}

/// Memory of the caller of [`transfer`].
#[derive(Debug)]
pub struct Buffers {
    packet: Vec<u8>,
}

impl Default for Buffers {
    fn default() -> Self {
        Self {
            packet: vec![0; 65468],
        }
    }
}
