//! Fetches one file over TFTP with a std socket.
//!
//! cargo run --release --example tftp_get_blocking -- tftp://HOST[:PORT]/NAME FILE \
//!     [--blksize N] [--windowsize N] [--netascii]

use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant as Clock};
use wirelore_tftp::{Client, ClientConfig, DatagramMachine, ErrorCode, Event, Instant, Mode};

fn main() -> io::Result<()> {
    let mut config = ClientConfig::default();
    // another transfer, another variation of its waits
    config.transfer.seed = u64::from(std::process::id());
    // long enough for a server that sends again after a second
    config.transfer.timing.dally = Duration::from_millis(1500);
    let mut mode = Mode::Octet;
    let mut names = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|text| text.parse().ok());
        match arg.as_str() {
            "--blksize" => config.blksize = number(),
            "--windowsize" => config.windowsize = number(),
            "--netascii" => mode = Mode::Netascii,
            _ => names.push(arg),
        }
    }
    let [url, path] = names.as_slice() else {
        return Err(io::Error::other("usage: tftp_get_blocking tftp://HOST[:PORT]/NAME FILE"));
    };
    let address = url.strip_prefix("tftp://").and_then(|rest| rest.split_once('/'));
    let (host, name) = address.ok_or_else(|| io::Error::other("not a tftp:// address"))?;
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:69") };
    let server = host.to_socket_addrs()?.next().ok_or(ErrorKind::AddrNotAvailable)?;
    let client = Client::get(server, name.as_bytes(), mode, config);
    fetch(client.map_err(io::Error::other)?, server, path)
}

fn fetch(mut client: Client<'_, SocketAddr>, server: SocketAddr, path: &str) -> io::Result<()> {
    let any = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any)?;
    let clock = Clock::now();
    let now = || Instant::from(clock.elapsed());
    let mut sent = vec![0; client.max_datagram()];
    let mut received = vec![0; client.max_datagram() + 1];
    let part = format!("{path}.part");
    let mut file = File::create(&part)?;
    let mut handle = |client: &mut Client<'_, SocketAddr>, event: Event<'_>| match event {
        Event::Write { offset, mut content } => {
            let written = file
                .seek(SeekFrom::Start(offset))
                .and_then(|_| content.try_for_each(|piece| file.write_all(piece)));
            match written {
                Ok(()) => client.written(now()).map_err(io::Error::other)?,
                Err(e) => client.refuse(ErrorCode::DISK_FULL, &e.kind().to_string()),
            }
            Ok(())
        }
        Event::Complete { octets } => {
            println!("{octets} octets in {:?}", clock.elapsed());
            std::fs::rename(&part, path)
        }
        Event::Failed { failure, message } => {
            let _ = std::fs::remove_file(&part);
            let text = String::from_utf8_lossy(message);
            Err(io::Error::other(format!("{failure}: {}", text.escape_debug())))
        }
        other => {
            println!("{other:?}");
            Ok(())
        }
    };
    // after the last block the client stays a little, to repeat its ACK where that was lost
    while !client.is_over() {
        while let Some(event) = client.poll_event() {
            handle(&mut client, event)?;
        }
        while let Some(out) = client.poll_transmit(now(), &mut sent) {
            socket.send_to(&sent[..out.len], out.to)?;
        }
        while let Some(event) = client.poll_event() {
            handle(&mut client, event)?;
        }
        let Some(at) = client.poll_timeout() else { continue };
        let wait = at.since(now()).max(Duration::from_millis(1));
        socket.set_read_timeout(Some(wait))?;
        match socket.recv_from(&mut received) {
            Ok((len, from)) => {
                if let Some(event) = client.handle_datagram(now(), from, &received[..len]) {
                    handle(&mut client, event)?;
                }
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(e) => return Err(e),
        }
        client.handle_timeout(now());
    }
    Ok(())
}
