//! Captures that a tap writes, read back.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};
use wirelore_core::lines::{LineConfig, LineReceiver};
use wirelore_pcapng::{Direction, Dissected, Limits, Reader, TcpFlags, packets};
use wirelore_tokio::{Driver, DriverConfig, Side, Tap, TapConfig, Watch};

/// Both directions of the only TCP connection in `capture`: the client's octets, the server's, and
/// what happened, in order.
#[derive(Debug, Default, PartialEq)]
struct Streams {
    client: Vec<u8>,
    server: Vec<u8>,
    flags: Vec<&'static str>,
}

fn streams(capture: &[u8], client: SocketAddr, ours: Side) -> Streams {
    let mut streams = Streams::default();
    for packet in Reader::new(Limits::default()).packets(capture) {
        let packet = packet.unwrap();
        let Dissected::Tcp(segment) = packet.dissect().unwrap() else {
            panic!("{packet:?}");
        };
        let from_client = segment.source == client;
        let direction = match from_client == (ours == Side::Client) {
            true => Direction::Outbound,
            false => Direction::Inbound,
        };
        assert_eq!(packet.direction(), direction);
        let (octets, who) = match from_client {
            true => (&mut streams.client, ["syn", "fin", "rst"]),
            false => (&mut streams.server, ["SYN", "FIN", "RST"]),
        };
        octets.extend_from_slice(segment.payload);
        for (flag, name) in [TcpFlags::SYN, TcpFlags::FIN, TcpFlags::RST]
            .into_iter()
            .zip(who)
        {
            if segment.flags.has(flag) {
                streams.flags.push(name);
            }
        }
    }
    streams
}

#[tokio::test]
async fn datagrams_in_a_file_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("datagrams.pcapng");
    std::fs::write(&path, vec![b'x'; 100_000]).unwrap();
    let before = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let tap = Tap::create(&path).unwrap();
    let local = "192.0.2.1:69".parse().unwrap();
    let peer = "192.0.2.9:2000".parse().unwrap();
    tap.clone().datagram_received(local, peer, b"request");
    tap.datagram_sent(local, peer, b"answer");
    // A socket for both families, bound to no address in particular.
    let any = "[::]:69".parse().unwrap();
    let mut watch: Box<dyn Watch> = Box::new(tap.clone());
    assert!(watch.wants_datagrams());
    watch.received(any, "[::ffff:192.0.2.9]:2000".parse().unwrap(), b"mapped");
    watch.sent(any, "[2001:db8::1]:3000".parse().unwrap(), b"v6");
    drop(watch);
    tap.finish().await.unwrap();

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }
    let capture = std::fs::read(&path).unwrap();
    let mut seen = Vec::new();
    for packet in Reader::new(Limits::default()).packets(&capture) {
        let packet = packet.unwrap();
        let stamp = packet.timestamp.unwrap();
        assert!(
            stamp + Duration::from_secs(1) >= before && stamp < before + Duration::from_secs(600)
        );
        let Dissected::Udp(datagram) = packet.dissect().unwrap() else {
            panic!("{packet:?}");
        };
        seen.push(format!(
            "{:?} {} > {}: {}",
            packet.direction(),
            datagram.source,
            datagram.destination,
            datagram.payload.escape_ascii()
        ));
    }
    assert_eq!(
        seen,
        [
            "Inbound 192.0.2.9:2000 > 192.0.2.1:69: request",
            "Outbound 192.0.2.1:69 > 192.0.2.9:2000: answer",
            "Inbound 192.0.2.9:2000 > 0.0.0.0:69: mapped",
            "Outbound [::]:69 > [2001:db8::1]:3000: v6",
        ]
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_for_its_owner_alone_too() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.pcapng");
    let tap = Tap::create(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    tap.finish().await.unwrap();
    assert_eq!(packets(&std::fs::read(&path).unwrap()).count(), 0);
    assert!(Tap::create(folder.path().join("no").join("such")).is_err());
}

#[tokio::test]
async fn a_session_over_tcp_with_the_right_sides() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (capture_c, capture_s) = (Memory::default(), Memory::default());
    let client_tap = Tap::new(capture_c.clone(), TapConfig::default()).unwrap();
    let server_tap = Tap::new(capture_s.clone(), TapConfig::default()).unwrap();
    let body: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
    let client = async {
        let stream = TcpStream::connect(address).await.unwrap();
        let local = stream.local_addr().unwrap();
        let mut stream = client_tap.tcp(stream, Side::Client).unwrap();
        assert_eq!(stream.inner().peer_addr().unwrap(), address);
        stream.write_all(b"one\r\ntwo\r\n").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        assert_eq!(said.len(), 200_003);
        local
    };
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        let stream = server_tap.tcp(stream, Side::Server).unwrap();
        let receiver = LineReceiver::new(LineConfig::default());
        let mut driver = Driver::new(receiver, stream, &DriverConfig::default());
        let mut lines = 0;
        while driver.next().await.unwrap().is_some() {
            lines += 1;
        }
        assert_eq!(lines, 2);
        // Two chunks in one vectored write.
        driver.push(&b"ok\n"[..]);
        driver.push(body.clone());
        driver.shutdown().await.unwrap();
    };
    let (client_address, ()) = tokio::join!(client, server);
    client_tap.finish().await.unwrap();
    server_tap.finish().await.unwrap();
    let mut want = Streams {
        client: b"one\r\ntwo\r\n".to_vec(),
        server: b"ok\n".to_vec(),
        flags: vec!["syn", "SYN", "fin", "FIN"],
    };
    want.server.extend(&body);
    assert!(streams(&capture_c.octets(), client_address, Side::Client) == want);
    assert!(streams(&capture_s.octets(), client_address, Side::Server) == want);
}

#[tokio::test]
async fn a_reset_and_a_stream_that_is_dropped() {
    let memory = Memory::default();
    let tap = Tap::new(memory.clone(), TapConfig::default()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (client, server) = (client.unwrap(), server.unwrap().0);
    let client_address = client.local_addr().unwrap();
    let mut server = tap.tcp(server, Side::Server).unwrap();
    server.write_all(b"hello").await.unwrap();
    socket2::SockRef::from(&client)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(client);
    let error = server.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    drop(server);
    tap.finish().await.unwrap();
    let seen = streams(&memory.octets(), client_address, Side::Server);
    assert_eq!(
        (&seen.server[..], seen.flags),
        (&b"hello"[..], vec!["syn", "SYN", "rst"])
    );

    let memory = Memory::default();
    let tap = Tap::new(memory.clone(), TapConfig::default()).unwrap();
    let (ours, mut theirs) = duplex(100);
    let local = "[2001:db8::1]:23".parse().unwrap();
    let peer = "[2001:db8::2]:999".parse().unwrap();
    let mut stream = tap.stream(ours, Side::Client, local, peer);
    theirs.write_all(b"abc").await.unwrap();
    let mut piece = [0; 2];
    stream.read_exact(&mut piece).await.unwrap();
    drop(stream);
    tap.finish().await.unwrap();
    let seen = streams(&memory.octets(), local, Side::Client);
    // What nobody read did not pass.
    assert_eq!(
        (&seen.server[..], seen.flags),
        (&b"ab"[..], vec!["syn", "SYN", "fin"])
    );
}

#[tokio::test]
async fn the_capture_is_written_without_being_finished() {
    let memory = Memory::default();
    let tap = Tap::new(memory.clone(), TapConfig::default()).unwrap();
    let address = "192.0.2.1:1".parse().unwrap();
    tap.datagram_sent(address, address, b"soon");
    memory.wait_for(1).await;
    // And what is added after a pause; then the last clone goes.
    tap.datagram_sent(address, address, b"later");
    drop(tap.clone());
    tap.datagram_sent(address, address, b"last");
    drop(tap);
    memory.wait_for(3).await;
}

#[tokio::test]
async fn a_tap_that_is_finished_takes_nothing_more() {
    let memory = Memory::default();
    let tap = Tap::new(memory.clone(), TapConfig::default()).unwrap();
    let address = "192.0.2.1:1".parse().unwrap();
    let other = tap.clone();
    tap.datagram_sent(address, address, b"first");
    tap.finish().await.unwrap();
    other.datagram_sent(address, address, b"second");
    let (ours, mut theirs) = duplex(10);
    let mut stream = other.stream(ours, Side::Server, address, address);
    stream.write_all(b"works").await.unwrap();
    theirs.read_exact(&mut [0; 5]).await.unwrap();
    drop(stream);
    other.finish().await.unwrap();
    assert_eq!(packets(&memory.octets()).count(), 1);
}

#[tokio::test]
async fn errors_end_the_capture_and_not_the_session() {
    let tap = Tap::new(Full { room: 300 }, TapConfig::default()).unwrap();
    let address = "192.0.2.1:1".parse().unwrap();
    let (ours, mut theirs) = duplex(1 << 20);
    let mut stream = tap.stream(ours, Side::Client, address, "192.0.2.2:2".parse().unwrap());
    for _ in 0..100 {
        stream.write_all(&[7; 10_000]).await.unwrap();
        theirs.read_exact(&mut [0; 10_000]).await.unwrap();
    }
    let clone = tap.clone();
    for tap in [tap, clone] {
        let error = tap.finish().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(error.to_string(), "no room");
    }
}

#[tokio::test]
async fn a_slow_disk_fills_no_memory_and_blocks_nobody() {
    let gate = Gate::default();
    let config = TapConfig {
        waiting: 100_000,
        ..TapConfig::default()
    };
    let tap = Tap::new(gate.clone(), config).unwrap();
    let address = "192.0.2.1:1".parse().unwrap();
    // Ten times as much as may wait, and nobody writes: this must come to an end all the same.
    for _ in 0..1000 {
        tap.datagram_sent(address, address, &[7; 1000]);
    }
    gate.open();
    let error = tap.finish().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    // Right up to the place where it ends, without gaps and in whole packets. At most as much as
    // may wait, twice: one part was being written.
    let capture = gate.memory.octets();
    assert!(
        (50_000..=200_000).contains(&capture.len()),
        "{}",
        capture.len()
    );
    assert!(packets(&capture).all(|packet| packet.is_ok()));
}

#[tokio::test]
async fn what_cannot_be_written_is_left_out_and_told() {
    let memory = Memory::default();
    let tap = Tap::new(memory.clone(), TapConfig::default()).unwrap();
    let (v4, v6) = (
        "192.0.2.1:1".parse().unwrap(),
        "[2001:db8::1]:1".parse().unwrap(),
    );
    tap.datagram_sent(v4, v6, b"mixed");
    tap.datagram_sent(v4, v4, b"fine");
    let error = tap.finish().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(packets(&memory.octets()).count(), 1);
}

/// A file in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn octets(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }

    async fn wait_for(&self, count: usize) {
        for _ in 0..2000 {
            if packets(&self.octets())
                .filter(|packet| packet.is_ok())
                .count()
                == count
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} octets", self.octets().len());
    }
}

impl Write for Memory {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A disk that is soon full.
struct Full {
    room: usize,
}

impl Write for Full {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let count = octets.len().min(self.room);
        self.room -= count;
        match count {
            0 => Err(io::Error::new(io::ErrorKind::StorageFull, "no room")),
            count => Ok(count),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A disk that does nothing until it is opened.
#[derive(Clone, Default)]
struct Gate {
    memory: Memory,
    open: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    fn open(&self) {
        *self.open.0.lock().unwrap() = true;
        self.open.1.notify_all();
    }
}

impl Write for Gate {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let open = self.open.0.lock().unwrap();
        drop(self.open.1.wait_while(open, |open| !*open).unwrap());
        self.memory.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
