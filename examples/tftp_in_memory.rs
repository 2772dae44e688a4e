//! A client and a server that talk through two vectors: no socket, no clock, no thread.
//!
//! cargo run --example tftp_in_memory

use wirelore_tftp::{Client, ClientConfig, DatagramMachine, Demux, Event, Grant, Instant, Mode};
use wirelore_tftp::{ServerConfig, ServerEvent, Slot};

/// Addresses are numbers here: the host in the upper half, the port in the lower.
const CLIENT: u32 = 0x0001_0400;
const SERVER: u32 = 0x0002_0045;

fn main() {
    let file: Vec<u8> = (0..10_000u32).flat_map(u32::to_be_bytes).collect();
    let mut copy = Vec::new();

    let mut config = ClientConfig::default();
    config.windowsize = Some(4);
    let mut client = Client::get(SERVER, b"file", Mode::Octet, config).expect("a good name");
    let slots: [Slot<u32, &[u8]>; 1] = [Slot::default()];
    let mut server = Demux::new(ServerConfig::default(), slots);

    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    let mut packet = vec![0; server.max_datagram()];
    let mut now = Instant::ORIGIN;
    let mut complete = false;
    while !complete {
        // the client says what it has to say, hears what came, and is answered
        while let Some(out) = client.poll_transmit(now, &mut packet) {
            to_server.push(packet[..out.len].to_vec());
        }
        for datagram in to_client.drain(..) {
            let datagram: Vec<u8> = datagram;
            match client.handle_datagram(now, SERVER, &datagram) {
                Some(Event::Write { content, .. }) => {
                    content.for_each(|piece| copy.extend_from_slice(piece));
                    client.written(now).expect("a block was to be written");
                }
                Some(event) => println!("client: {event:?}"),
                None => {}
            }
        }
        while let Some(event) = client.poll_event() {
            println!("client: {event:?}");
            complete |= matches!(event, Event::Complete { .. });
        }
        // so does the server
        for datagram in to_server.drain(..) {
            if let Some(ServerEvent::Request { id, request, .. }) =
                server.handle_datagram(now, CLIENT, &datagram)
            {
                println!("server: {:?} {}", request.direction, request.filename.escape_ascii());
                let grant = Grant::read(Some(file.len() as u64));
                server.accept(id, &file[..], grant).expect("it was reported just now");
            }
        }
        while let Some(event) = server.poll_event() {
            match event {
                ServerEvent::Transfer { id, event: Event::ReadBlock { offset, max } } => {
                    let rest = &server.file(id).expect("accepted with it")[offset as usize..];
                    let data = &rest[..max.min(rest.len())];
                    let last = data.len() == rest.len();
                    let len = server.block(now, id, offset, data, last, &mut packet);
                    to_client.push(packet[..len.expect("as asked for")].to_vec());
                }
                other => println!("server: {other:?}"),
            }
        }
        while let Some(out) = server.poll_transmit(now, &mut packet) {
            to_client.push(packet[..out.len].to_vec());
        }
        now = now + core::time::Duration::from_millis(1);
    }
    assert_eq!(copy, file);
    println!("{} octets, equal", copy.len());
}
