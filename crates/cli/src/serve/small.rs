//! The small services: echo (RFC 862), discard (863), chargen (864), daytime (867), time (868), each
//! over TCP and UDP.
//!
//! Over UDP they are what attackers reflect datagrams with, and what two of them can keep busy for
//! ever. So a datagram from a port at which something answers by itself is not answered, one address
//! gets so many answers a second and no more, and none is larger than what was asked with, except for
//! the 4 octets of time, the line of daytime, and chargen where it is told to.

use super::guests::{self, Guest, Host, Limits, Visit};
use super::log::{Log, Session};
use super::{PROTOCOLS, Shared, Started};
use crate::policy::Asker;
use bytesize::ByteSize;
use jiff::Zoned;
use std::collections::HashMap;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};
use wirelore_tokio::Drain;

/// What is particular to the small services.
#[derive(Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Echo, discard, chargen, daytime, time")]
pub(crate) struct Options {
    /// Connections at a time, for each of the services
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    small_connections: u16,
    /// Connections of one peer at a time, for each of the services
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    small_per_peer: u16,
    /// How long a connection may last
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    small_time: Duration,
    /// How many octets may go each way over a connection
    #[arg(long, value_name = "SIZE", default_value = "100MiB")]
    small_octets: ByteSize,
    /// Answers by datagram in a second, for one peer
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    small_datagrams: u32,
    /// Let chargen-udp answer with more octets than it was asked with
    #[arg(long)]
    chargen_udp_amplifies: bool,
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Echo,
    Discard,
    Chargen,
    Daytime,
    Time,
}

impl Kind {
    const fn name(self, udp: bool) -> &'static str {
        match (self, udp) {
            (Self::Echo, false) => "echo",
            (Self::Echo, true) => "echo-udp",
            (Self::Discard, false) => "discard",
            (Self::Discard, true) => "discard-udp",
            (Self::Chargen, false) => "chargen",
            (Self::Chargen, true) => "chargen-udp",
            (Self::Daytime, false) => "daytime",
            (Self::Daytime, true) => "daytime-udp",
            (Self::Time, false) => "time",
            (Self::Time, true) => "time-udp",
        }
    }
}

/// Lines for the clients that people have.
pub(super) fn tcp_clients(address: SocketAddr, _: &str) -> Vec<String> {
    vec![format!("nc {} {}", address.ip(), address.port())]
}

/// The same over UDP.
pub(super) fn udp_clients(address: SocketAddr, _: &str) -> Vec<String> {
    vec![format!("nc -u {} {}", address.ip(), address.port())]
}

/// RFC 868: seconds since 1900, in 32 bits. They begin again at 0 on 7 February 2036.
fn time(now: &Zoned) -> [u8; 4] {
    const UNIX_EPOCH: i64 = 2_208_988_800;
    let seconds = now.timestamp().as_second() + UNIX_EPOCH;
    (seconds as u32).to_be_bytes()
}

/// RFC 867, in the first of the forms that it calls popular.
fn daytime(now: &Zoned) -> String {
    now.strftime("%A, %B %-d, %Y %H:%M:%S-%Z\r\n").to_string()
}

/// RFC 864's pattern, until it comes again: 95 lines of 72 characters, CR and LF.
fn pattern() -> Vec<u8> {
    let line = |number: u8| {
        let characters = (0..72).map(move |column| b' ' + (1 + number + column) % 95);
        characters.chain(*b"\r\n")
    };
    (0..95).flat_map(line).collect()
}

// TCP

pub(super) fn tcp(shared: &Shared, address: SocketAddr, kind: Kind) -> io::Result<Started> {
    let options = shared.small.clone();
    let limits = Limits {
        connections: options.small_connections.into(),
        per_peer: options.small_per_peer.into(),
        options: "--small-connections, --small-per-peer",
        section: kind.name(false),
        told: true,
        refusal: b"",
    };
    let service = Tcp { kind, options };
    guests::serve(shared, kind.name(false), address, &limits, service)
}

struct Tcp {
    kind: Kind,
    options: Options,
}

impl Host for Tcp {
    fn receive(&self, guest: Guest) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let Guest {
                mut stream,
                mut drain,
                mut visit,
            } = guest;
            let talk = self.talk(&mut stream, &mut drain, &mut visit);
            let ended = match timeout(self.options.small_time, talk).await {
                Ok(ended) => ended,
                Err(_) => Err("it lasted too long (--small-time)".to_owned()),
            };
            visit.end(ended);
            close(&mut stream).await;
        })
    }
}

impl Tcp {
    async fn talk(
        &self,
        stream: &mut TcpStream,
        drain: &mut Drain,
        visit: &mut Visit,
    ) -> Result<(), String> {
        let most = self.options.small_octets.0;
        match self.kind {
            Kind::Echo => echo(stream, drain, visit, most).await,
            Kind::Discard => discard(stream, drain, visit, most).await,
            Kind::Chargen => chargen(stream, drain, visit, most).await,
            Kind::Daytime => once(stream, visit, daytime(&Zoned::now()).as_bytes()).await,
            Kind::Time => once(stream, visit, &time(&Zoned::now())).await,
        }
    }
}

fn too_much() -> Result<(), String> {
    Err("as many octets as are allowed (--small-octets)".to_owned())
}

fn lost(error: &io::Error) -> String {
    format!("the connection was lost: {error}")
}

/// Everything back, also what came before the peer closed its side.
async fn echo(
    stream: &mut TcpStream,
    drain: &mut Drain,
    visit: &mut Visit,
    most: u64,
) -> Result<(), String> {
    let mut room = [0; 8192];
    while visit.received < most {
        let read = tokio::select! {
            read = stream.read(&mut room) => read,
            () = drain.begun() => return Ok(()),
        };
        let count = read.map_err(|error| lost(&error))?;
        if count == 0 {
            return Ok(());
        }
        let count = count.min(usize::try_from(most - visit.received).unwrap_or(count));
        visit.received += count as u64;
        visit.act();
        let mut left = &room[..count];
        while !left.is_empty() {
            let sent = stream.write(left).await.map_err(|error| lost(&error))?;
            visit.sent += sent as u64;
            left = &left[sent..];
        }
    }
    too_much()
}

async fn discard(
    stream: &mut TcpStream,
    drain: &mut Drain,
    visit: &mut Visit,
    most: u64,
) -> Result<(), String> {
    let mut room = [0; 8192];
    while visit.received < most {
        let read = tokio::select! {
            read = stream.read(&mut room) => read,
            () = drain.begun() => return Ok(()),
        };
        match read.map_err(|error| lost(&error))? {
            0 => return Ok(()),
            count => visit.received += count as u64,
        }
        visit.act();
    }
    too_much()
}

/// The pattern, until the peer closes, or resets: it may be rude (RFC 864).
async fn chargen(
    stream: &mut TcpStream,
    drain: &mut Drain,
    visit: &mut Visit,
    most: u64,
) -> Result<(), String> {
    let pattern = pattern();
    let (mut reader, mut writer) = stream.split();
    let mut room = [0; 8192];
    while visit.sent < most {
        let at = (visit.sent % pattern.len() as u64) as usize;
        let piece = &pattern[at..];
        let left = usize::try_from(most - visit.sent).unwrap_or(usize::MAX);
        tokio::select! {
            read = reader.read(&mut room) => match read {
                Ok(0) | Err(_) => return Ok(()),
                Ok(count) => visit.received += count as u64,
            },
            written = writer.write(&piece[..piece.len().min(left)]) => match written {
                Ok(count) => visit.sent += count as u64,
                Err(_) => return Ok(()),
            },
            () = drain.begun() => return Ok(()),
        }
    }
    too_much()
}

async fn once(stream: &mut TcpStream, visit: &mut Visit, words: &[u8]) -> Result<(), String> {
    stream
        .write_all(words)
        .await
        .map_err(|error| lost(&error))?;
    visit.sent += words.len() as u64;
    Ok(())
}

/// Closes in such a way that the peer gets what was sent: a stream that is dropped with unread
/// octets is reset, and a reset destroys what is on its way.
async fn close(stream: &mut TcpStream) {
    let mut room = [0; 8192];
    let closing = async {
        if stream.shutdown().await.is_ok() {
            while let Ok(1..) = stream.read(&mut room).await {}
        }
    };
    let _ = timeout(Duration::from_secs(1), closing).await;
}

// UDP

/// So many peers are known at a time; others must wait until one of them has been silent.
const PEERS: usize = 256;
/// A peer that was silent so long is forgotten, and told of in the log.
const SILENT: Duration = Duration::from_secs(5);
/// One that is never silent is told of so often.
const TOLD: Duration = Duration::from_secs(60);

/// Ports above 1023 at which something answers datagrams by itself. Below, that is taken for granted.
const REFLECTORS: &[u16] = &[
    1194, 1434, 1604, 1701, 1900, 3283, 3389, 3478, 3702, 4500, 5060, 5093, 5351, 5353, 5683,
    10001, 11211, 17185, 19132, 20800, 27015, 27960, 30120, 32410, 32414, 37020, 37810,
];

pub(super) fn udp(shared: &Shared, address: SocketAddr, kind: Kind) -> io::Result<Started> {
    let sockets = bind(address)?;
    let port = sockets[0].local_addr()?.port();
    let mut serving = JoinSet::new();
    for socket in sockets {
        let service = Udp {
            kind,
            port,
            shared: shared.clone(),
            pattern: pattern(),
            peers: Peers::default(),
            random: RandomState::new(),
            count: 0,
        };
        serving.spawn(service.run(socket));
    }
    let served = Box::pin(async move {
        serving.join_all().await;
        0
    });
    Ok(Started {
        address: SocketAddr::new(address.ip(), port),
        served,
    })
}

/// A socket at the address. Where that is every address, one at each that this machine has now: so
/// nothing that is sent to a broadcast or multicast address is heard, and answers come from the
/// address that was asked.
fn bind(address: SocketAddr) -> io::Result<Vec<UdpSocket>> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let to_all = |ip: IpAddr| {
        let broadcast = interfaces.iter().any(|interface| match &interface.addr {
            if_addrs::IfAddr::V4(v4) => v4.broadcast.map(IpAddr::V4) == Some(ip),
            if_addrs::IfAddr::V6(_) => false,
        });
        broadcast || ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST)
    };
    if to_all(address.ip()) {
        return Err(ErrorKind::AddrNotAvailable.into());
    }
    let ips = match address.ip() {
        ip if !ip.is_unspecified() => vec![ip],
        all => {
            let suits = |ip: &IpAddr| match ip {
                IpAddr::V4(_) => true,
                // it would need the interface, too
                IpAddr::V6(v6) => all.is_ipv6() && !v6.is_unicast_link_local(),
            };
            let mut ips: Vec<_> = interfaces.iter().map(if_addrs::Interface::ip).collect();
            ips.retain(suits);
            ips.sort_unstable();
            ips.dedup();
            ips
        }
    };
    let mut port = address.port();
    let mut sockets = Vec::new();
    for ip in ips {
        let socket = std::net::UdpSocket::bind((ip, port))?;
        socket.set_nonblocking(true)?;
        port = socket.local_addr()?.port();
        sockets.push(UdpSocket::from_std(socket)?);
    }
    match sockets.is_empty() {
        true => Err(ErrorKind::AddrNotAvailable.into()),
        false => Ok(sockets),
    }
}

struct Udp {
    kind: Kind,
    /// Our own.
    port: u16,
    shared: Shared,
    pattern: Vec<u8>,
    peers: Peers,
    random: RandomState,
    count: u64,
}

impl Udp {
    async fn run(mut self, socket: UdpSocket) {
        let mut room = vec![0; 65_536];
        let mut stop = self.shared.stop.clone();
        loop {
            let look = self.peers.known.values().map(Peer::due).min();
            let quiet = async {
                match look {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            let came = tokio::select! {
                _ = stop.wait_for(|&stop| stop) => break,
                () = quiet => {
                    self.peers.tell(&self.shared.log, self.kind, |peer| peer.due() <= Instant::now());
                    continue;
                }
                came = socket.recv_from(&mut room) => came,
            };
            match came {
                Ok((len, from)) => {
                    if let Some(answer) = self.answer(&room[..len], from) {
                        // lost is lost
                        if socket.try_send_to(&answer, from).is_ok() {
                            self.peers.answered(from, answer.len());
                        }
                    }
                }
                Err(error) => {
                    let text = format!("cannot receive for the moment: {error}");
                    self.shared.log.error(self.kind.name(true), &text);
                    sleep(Duration::from_secs(1)).await;
                }
            }
        }
        self.peers.tell(&self.shared.log, self.kind, |_| true);
    }

    fn answer(&mut self, datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
        let asker = Asker {
            protocol: self.kind.name(true),
            peer: from.ip(),
        };
        let welcome = guests::policy(&self.shared.policy).lets_in(&asker).is_ok();
        let most = self.shared.small.small_datagrams;
        let counted = self.peers.count(from, datagram.len(), most);
        if !(welcome && counted) || self.is_reflector(from) {
            return None;
        }
        match self.kind {
            Kind::Echo => Some(datagram.to_vec()),
            Kind::Discard => None,
            Kind::Chargen => {
                let most = match self.shared.small.chargen_udp_amplifies {
                    true => 512,
                    false => datagram.len().min(512),
                };
                self.count += 1;
                let random = self.random.hash_one(self.count);
                let len = (random % (most as u64 + 1)) as usize;
                Some(self.pattern[..len].to_vec())
            }
            Kind::Daytime => Some(daytime(&Zoned::now()).into_bytes()),
            Kind::Time => Some(time(&Zoned::now()).to_vec()),
        }
    }

    /// Whether something is there that would answer our answer, or that nobody is who asked.
    fn is_reflector(&self, from: SocketAddr) -> bool {
        let port = from.port();
        let ours = |port| {
            let mut known = PROTOCOLS.iter();
            known.any(|protocol| protocol.transport == "udp" && protocol.port == port)
        };
        port < 1024
            || port == self.port
            || REFLECTORS.contains(&port)
            || ours(port)
            || self.shared.log.board().has_udp_port(port)
            || from.ip().is_multicast()
            || from.ip().is_unspecified()
            || from.ip() == IpAddr::V4(Ipv4Addr::BROADCAST)
    }
}

/// Those who sent something lately.
#[derive(Default)]
struct Peers {
    known: HashMap<IpAddr, Peer>,
}

struct Peer {
    /// Where it sent from last.
    at: SocketAddr,
    since: Instant,
    last: Instant,
    /// The second that is counted, and the answers in it.
    second: (Instant, u32),
    datagrams: u64,
    received: u64,
    answers: u64,
    sent: u64,
}

impl Peer {
    /// When it is told of.
    fn due(&self) -> Instant {
        (self.last + SILENT).min(self.since + TOLD)
    }
}

impl Peers {
    /// Counts a datagram; whether it may be answered.
    fn count(&mut self, from: SocketAddr, len: usize, most: u32) -> bool {
        let now = Instant::now();
        let ip = from.ip().to_canonical();
        if self.known.len() >= PEERS && !self.known.contains_key(&ip) {
            return false;
        }
        let peer = self.known.entry(ip).or_insert_with(|| Peer {
            at: from,
            since: now,
            last: now,
            second: (now, 0),
            datagrams: 0,
            received: 0,
            answers: 0,
            sent: 0,
        });
        peer.at = from;
        peer.last = now;
        peer.datagrams += 1;
        peer.received += len as u64;
        if now.duration_since(peer.second.0) >= Duration::from_secs(1) {
            peer.second = (now, 0);
        }
        peer.second.1 = peer.second.1.saturating_add(1);
        peer.second.1 <= most
    }

    fn answered(&mut self, to: SocketAddr, len: usize) {
        if let Some(peer) = self.known.get_mut(&to.ip().to_canonical()) {
            peer.answers += 1;
            peer.sent += len as u64;
        }
    }

    /// Tells of those that are `due`, and forgets them.
    fn tell(&mut self, log: &Log, kind: Kind, due: impl Fn(&Peer) -> bool) {
        for (_, peer) in self.known.extract_if(|_, peer| due(peer)) {
            let Peer {
                at,
                datagrams,
                received,
                answers,
                sent,
                ..
            } = peer;
            let s = if datagrams == 1 { "" } else { "s" };
            let text = format!(
                "{datagrams} datagram{s} of {} answered with {answers} of {}",
                ByteSize(received).display().iec(),
                ByteSize(sent).display().iec(),
            );
            log.session(Session {
                protocol: kind.name(true),
                client: at,
                what: "datagrams",
                text: Some(&text),
                bad: false,
                members: vec![
                    ("datagrams", datagrams.into()),
                    ("received", received.into()),
                    ("answers", answers.into()),
                    ("sent", sent.into()),
                ],
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_that_of_the_rfc_and_begins_again_in_2036() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 2_208_988_800),
            ("1976-01-01T00:00:00Z", 2_398_291_200),
            ("1980-01-01T00:00:00Z", 2_524_521_600),
            ("1983-05-01T00:00:00Z", 2_629_584_000),
            ("1900-01-01T00:00:01Z", 1),
            ("2036-02-07T06:28:15Z", u32::MAX),
            ("2036-02-07T06:28:16Z", 0),
        ] {
            let now: jiff::Timestamp = text.parse().expect("a time");
            let now = now.to_zoned(jiff::tz::TimeZone::UTC);
            assert_eq!(time(&now), seconds.to_be_bytes(), "{text}");
        }
    }

    #[test]
    fn the_daytime_is_one_line() {
        let now: Zoned = "1982-02-22T17:37:43[America/Los_Angeles]"
            .parse()
            .or_else(|_| "1982-02-22T17:37:43[UTC]".parse())
            .expect("a time");
        let line = daytime(&now);
        let start = "Monday, February 22, 1982 17:37:43-";
        assert!(line.starts_with(start), "{line}");
        assert!(line.ends_with("\r\n") && line.is_ascii());
    }

    #[test]
    fn the_pattern_is_that_of_the_rfc() {
        let pattern = pattern();
        assert_eq!(pattern.len(), 95 * 74);
        let lines: Vec<_> = pattern.chunks(74).collect();
        let first =
            br##"!"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefgh"##;
        assert_eq!(lines[0], [&first[..], b"\r\n"].concat());
        assert_eq!(lines[1][..71], first[1..]);
        assert!(lines[23].ends_with(b"}~ \r\n".get(1..).unwrap_or_default()));
        assert_eq!(lines[94][0], b' ');
    }

    #[test]
    fn a_peer_gets_so_many_answers_a_second() {
        let mut peers = Peers::default();
        let from = |host: u32| SocketAddr::new(Ipv4Addr::from(host).into(), 40_000);
        let answered = (0..20).filter(|_| peers.count(from(1), 10, 5)).count();
        // a slow machine may have come into another second
        assert!((5..20).contains(&answered), "{answered}");
        assert!(peers.count(from(2), 10, 5));
        assert_eq!(peers.known[&from(1).ip()].datagrams, 20);
    }

    #[test]
    fn only_so_many_peers_are_known() {
        let mut peers = Peers::default();
        let from = |host: u32| SocketAddr::new(Ipv4Addr::from(host).into(), 40_000);
        let known = (0..PEERS as u32 * 2).filter(|&host| peers.count(from(host), 1, 5));
        assert_eq!(known.count(), PEERS);
        assert_eq!(peers.known.len(), PEERS);
        assert!(peers.count(from(0), 1, 5));
    }

    #[test]
    fn broadcast_and_multicast_addresses_are_not_served() {
        for ip in ["255.255.255.255:0", "224.0.0.1:0", "[ff02::1]:0"] {
            let error = bind(ip.parse().expect("an address")).expect_err("it is for all");
            assert_eq!(error.kind(), ErrorKind::AddrNotAvailable, "{ip}");
        }
    }
}
