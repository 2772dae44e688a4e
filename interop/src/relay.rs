//! A bad network between two programs that know nothing of it.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wirelore_core::Instant as Moment;
use wirelore_testkit::net::{Counters, Link, Network};

/// How often threads look whether the relay has ended.
const TICK: Duration = Duration::from_millis(20);

/// The most sockets that a relay opens: one for each client, and one for each port that a server
/// answers one client from.
const SOCKETS: usize = 1000;

/// Stands at a port of 127.0.0.1 for a UDP server at another, and does to every datagram, in both
/// directions, what a [`Link`] of the simulated network does: in real time, as a seed will have it.
///
/// A server that answers from another port than it was asked at, as TFTP's do, is seen behind another
/// port of the relay, too; and it sees every client behind a port of its own.
pub struct Relay {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<Counters>>,
}

impl Relay {
    /// Starts one. The same seed makes the same decisions for the same datagrams; what programs do
    /// when they are lost is up to them. Nothing is ever changed on the way: real datagrams have
    /// checksums, which would be wrong.
    ///
    /// # Panics
    /// When there is no socket to be had.
    #[must_use]
    pub fn start(server: SocketAddr, link: Link, seed: u64) -> Self {
        let mut network = Network::new(seed);
        network.set_default_link(Link { corrupt: 0, ..link });
        let ended = Arc::new(AtomicBool::new(false));
        let (say, heard) = mpsc::channel();
        let mut wires = Wires {
            server,
            front: socket(),
            upstream: HashMap::new(),
            downstream: HashMap::new(),
            say,
            ended: Arc::clone(&ended),
            threads: Vec::new(),
        };
        let address = wires.front.local_addr().expect("a bound socket");
        wires.listen(&wires.front.clone(), End::Server(server));
        let thread = thread::spawn(move || wires.run(network, &heard));
        Self { address, ended, thread: Some(thread) }
    }

    /// Where clients find the server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it: what became of the datagrams.
    ///
    /// # Panics
    /// When the relay did.
    #[must_use]
    pub fn stop(mut self) -> Counters {
        self.ended.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it ends once");
        thread.join().expect("the relay did not panic")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// What a socket of the relay stands for.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Clients send to it what is for this address of the server.
    Server(SocketAddr),
    /// The server sends to it what is for this client.
    Client(SocketAddr),
}

struct Heard {
    at: End,
    from: SocketAddr,
    datagram: Vec<u8>,
}

struct Wires {
    server: SocketAddr,
    /// The server's well-known address, as clients see it.
    front: Arc<UdpSocket>,
    /// Each client, as the server sees it.
    upstream: HashMap<SocketAddr, Arc<UdpSocket>>,
    /// Each further address of the server, as a client sees it.
    downstream: HashMap<(SocketAddr, SocketAddr), Arc<UdpSocket>>,
    say: mpsc::Sender<Heard>,
    ended: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Wires {
    fn run(mut self, mut network: Network<SocketAddr>, heard: &mpsc::Receiver<Heard>) -> Counters {
        let start = Instant::now();
        let now = || Moment::from(start.elapsed());
        while !self.ended.load(Ordering::Relaxed) {
            let next = network.next_arrival().map_or(TICK, |at| at.since(now()));
            match heard.recv_timeout(next.min(TICK)) {
                Ok(Heard { at, from, datagram }) => {
                    network.advance(now());
                    match at {
                        End::Server(address) => network.send(from, address, &datagram),
                        End::Client(client) => network.send(from, client, &datagram),
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while let Some(arrival) = network.receive(now()) {
                self.deliver(arrival.from, arrival.to, &arrival.datagram);
                network.recycle(arrival.datagram);
            }
        }
        for thread in self.threads {
            let _ = thread.join();
        }
        network.total()
    }

    /// A datagram has made its way. Whom it is for may be gone: lost is lost.
    fn deliver(&mut self, from: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        let is_for_client = self.upstream.contains_key(&to);
        let socket = if !is_for_client {
            self.upstream(from)
        } else if from == self.server {
            Arc::clone(&self.front)
        } else {
            self.downstream(to, from)
        };
        let _ = socket.send_to(datagram, to);
    }

    fn upstream(&mut self, client: SocketAddr) -> Arc<UdpSocket> {
        if let Some(socket) = self.upstream.get(&client) {
            return Arc::clone(socket);
        }
        let socket = socket();
        self.upstream.insert(client, Arc::clone(&socket));
        self.listen(&socket, End::Client(client));
        socket
    }

    fn downstream(&mut self, client: SocketAddr, server: SocketAddr) -> Arc<UdpSocket> {
        if let Some(socket) = self.downstream.get(&(client, server)) {
            return Arc::clone(socket);
        }
        let socket = socket();
        self.downstream.insert((client, server), Arc::clone(&socket));
        self.listen(&socket, End::Server(server));
        socket
    }

    /// A thread that waits for what comes to a socket.
    fn listen(&mut self, socket: &Arc<UdpSocket>, at: End) {
        assert!(self.threads.len() < SOCKETS, "too many clients for one relay");
        let (socket, say, ended) = (Arc::clone(socket), self.say.clone(), Arc::clone(&self.ended));
        self.threads.push(thread::spawn(move || {
            let mut buf = vec![0; 65_536];
            while !ended.load(Ordering::Relaxed) {
                // a timeout, or what ICMP says of somebody who is gone
                let Ok((len, from)) = socket.recv_from(&mut buf) else { continue };
                let datagram = buf[..len].to_vec();
                if say.send(Heard { at, from, datagram }).is_err() {
                    return;
                }
            }
        }));
    }
}

fn socket() -> Arc<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(TICK)).expect("a timeout");
    Arc::new(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    fn heard(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
        let mut buf = [0; 100];
        let (len, from) = socket.recv_from(&mut buf).unwrap();
        (buf[..len].to_vec(), from)
    }

    /// Two clients, a server with an answering port for each: everybody sees as many ports as there
    /// are, and all answers find their way.
    #[test]
    fn ports_are_kept_apart() {
        let (listening, server) = bound();
        let (transfers, clients) = ([bound(), bound()], [bound(), bound()]);
        let relay = Relay::start(server, Link::default(), 1);
        let mut seen = Vec::new();
        for ((client, _), (transfer, _)) in clients.iter().zip(&transfers) {
            client.send_to(b"request", relay.address()).unwrap();
            let (request, us) = heard(&listening);
            assert_eq!(request, b"request");
            listening.send_to(b"from the listening port", us).unwrap();
            let (answer, from) = heard(client);
            assert_eq!((&answer[..], from), (&b"from the listening port"[..], relay.address()));
            for _ in 0..2 {
                transfer.send_to(b"data", us).unwrap();
                let (data, tid) = heard(client);
                assert_eq!(data, b"data");
                client.send_to(b"ack", tid).unwrap();
                assert_eq!(heard(transfer), (b"ack".to_vec(), us));
                seen.push((us, tid));
            }
        }
        assert_eq!((seen[0], seen[2]), (seen[1], seen[3]), "ports stay");
        let mut ports: Vec<_> = seen.iter().flat_map(|&(us, tid)| [us, tid]).collect();
        ports.push(relay.address());
        ports.sort();
        ports.dedup();
        assert_eq!(ports.len(), 5, "{seen:?}");
        let counters = relay.stop();
        assert_eq!((counters.sent, counters.delivered, counters.lost), (12, 12, 0));
    }

    /// The link's probabilities are those of the datagrams.
    #[test]
    fn datagrams_are_lost_and_doubled() {
        let (listening, server) = bound();
        let link = Link { loss: 300, duplicate: 300, ..Link::default() };
        let relay = Relay::start(server, link, 7);
        let (client, _) = bound();
        for n in 0..200_u8 {
            client.send_to(&[n], relay.address()).unwrap();
            thread::sleep(Duration::from_micros(200));
        }
        listening.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut buf = [0; 10];
        let mut came = Vec::new();
        while let Ok((1, _)) = listening.recv_from(&mut buf) {
            came.push(buf[0]);
        }
        let counters = relay.stop();
        assert_eq!(came.len() as u64, counters.delivered);
        assert_eq!(counters.delivered, counters.sent - counters.lost + counters.duplicated);
        assert!((20..120).contains(&counters.lost), "{counters:?}");
        assert!((20..120).contains(&counters.duplicated), "{counters:?}");
        assert_eq!(counters.corrupted, 0);
    }
}
