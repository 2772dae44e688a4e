//! Which datagrams of a capture are TFTP, and how the transfers in it went.
//!
//! A transfer starts with a request to a known port and goes on between ports that nobody announces:
//! the client's is the one the request came from, the server's the one the first answer came from.

use super::super::pcap::{Follow, Seen};
use super::super::render::{count_of, quoted};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use wirelore_tftp::wire::{Direction, OptionName, Options, Packet, Request, option_value};

/// Follows transfers that are asked for at `ports`.
pub(crate) fn follow(ports: &[u16]) -> Box<dyn Follow> {
    Box::new(Transfers {
        ports: if ports.is_empty() {
            vec![69]
        } else {
            ports.to_vec()
        },
        all: Vec::new(),
        latest: HashMap::new(),
    })
}

struct Transfers {
    ports: Vec<u16>,
    /// In the order of their requests.
    all: Vec<Transfer>,
    /// By the client's address, which port of the server it may be.
    latest: HashMap<SocketAddr, usize>,
}

impl Follow for Transfers {
    fn see(&mut self, seen: &Seen<'_>) -> Option<String> {
        let packet = Packet::parse(seen.payload);
        if let (Ok(Packet::Request(request)), true) =
            (&packet, self.ports.contains(&seen.to.port()))
        {
            return Some(self.request(seen, request));
        }
        let of_client = self
            .latest
            .get(&seen.from)
            .map(|&index| (index, seen.to, true));
        let of_server = || {
            self.latest
                .get(&seen.to)
                .map(|&index| (index, seen.from, false))
        };
        if let Some((index, server, by_client)) = of_client.or_else(of_server) {
            let transfer = &mut self.all[index];
            match transfer.host.filter(|host| *host != server.ip()) {
                None => {
                    return Some(transfer.see(seen.time, server, by_client, packet.ok().as_ref()));
                }
                Some(host) if packet.is_ok() => return Some(format!("{host} was asked")),
                Some(_) => {}
            }
        }
        let at_port = |address: SocketAddr| self.ports.contains(&address.port());
        (at_port(seen.from) || at_port(seen.to)).then(|| "no request seen".into())
    }

    fn summary(&self) -> Vec<String> {
        self.all.iter().map(Transfer::summary).collect()
    }
}

impl Transfers {
    fn request(&mut self, seen: &Seen<'_>, request: &Request<'_>) -> String {
        if let Some(&index) = self.latest.get(&seen.from) {
            let transfer = &mut self.all[index];
            if transfer.request == seen.payload && transfer.next == 1 && transfer.is_open() {
                transfer.again += 1;
                return "again".into();
            }
        }
        self.latest.insert(seen.from, self.all.len());
        self.all.push(Transfer::new(seen, request));
        String::new()
    }
}

struct Transfer {
    request: Vec<u8>,
    direction: Direction,
    filename: String,
    client: SocketAddr,
    /// The server's host, unless the request was sent to many.
    host: Option<IpAddr>,
    /// Where the server answers from, once it has.
    server: Option<SocketAddr>,
    blksize: u64,
    /// Whether 65535 is followed by 1.
    rolls_to_one: bool,
    /// The block that comes next, counted from 1 without end.
    next: u64,
    octets: u64,
    /// The last block was sent.
    last: bool,
    /// The number of the last ACK.
    acked: Option<u16>,
    /// How many datagrams were sent once more.
    again: u64,
    started: Option<Duration>,
    heard: Option<Duration>,
    end: Option<String>,
}

impl Transfer {
    fn new(seen: &Seen<'_>, request: &Request<'_>) -> Self {
        // how long the network's prefix is, nobody says
        let to_many = match seen.to.ip() {
            IpAddr::V4(ip) => ip.is_broadcast() || ip.is_multicast() || ip.octets()[3] == 255,
            IpAddr::V6(ip) => ip.is_multicast(),
        };
        Self {
            request: seen.payload.to_vec(),
            direction: request.direction,
            filename: quoted(request.filename),
            client: seen.from,
            host: (!to_many).then_some(seen.to.ip()),
            server: None,
            blksize: 512,
            rolls_to_one: false,
            next: 1,
            octets: 0,
            last: false,
            acked: None,
            again: 0,
            started: seen.time,
            heard: seen.time,
            end: None,
        }
    }

    const fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Takes a datagram between the client and `server`, and says what is notable about it.
    fn see(
        &mut self,
        time: Option<Duration>,
        server: SocketAddr,
        by_client: bool,
        packet: Option<&Packet<'_>>,
    ) -> String {
        let known = *self.server.get_or_insert(server);
        if known != server {
            return format!("another port, the transfer is with {}", known.port());
        }
        if self.is_open() {
            self.heard = time;
        }
        let by_sender = by_client == (self.direction == Direction::Write);
        match packet {
            Some(Packet::Data(data)) if by_sender => self.data(data.block, data.payload.len()),
            Some(Packet::Ack(ack)) if !by_sender || self.next == 1 => self.ack(ack.block),
            Some(Packet::Oack(oack)) if !by_client => self.oack(&oack.options),
            Some(Packet::Error(error)) => {
                self.end
                    .get_or_insert(format!("ended by ERROR {}", error.code));
                String::new()
            }
            Some(_) => "from the wrong side".into(),
            None => String::new(),
        }
    }

    fn data(&mut self, block: u16, len: usize) -> String {
        if block == 1 && self.next.is_multiple_of(65536) {
            self.rolls_to_one = true;
        }
        let expected = self.on_wire(self.next);
        if block != expected || self.last {
            let ahead = block.wrapping_sub(expected);
            if ahead < 0x8000 && !self.last {
                return format!("block {expected} is missing");
            }
            self.again += 1;
            return "again".into();
        }
        self.next += 1;
        self.octets += len as u64;
        self.last = (len as u64) < self.blksize;
        if self.last {
            "last".into()
        } else {
            String::new()
        }
    }

    fn ack(&mut self, block: u16) -> String {
        if self.acked == Some(block) {
            self.again += 1;
            return "again".into();
        }
        self.acked = Some(block);
        if self.last && block == self.on_wire(self.next - 1) {
            self.end.get_or_insert("complete".into());
        }
        String::new()
    }

    fn oack(&mut self, options: &Options<'_>) -> String {
        for (name, value) in options.iter() {
            match (OptionName::of(name), option_value(value)) {
                (Some(OptionName::Blksize), Some(blksize)) => self.blksize = blksize,
                (Some(OptionName::Rollover), Some(to)) => self.rolls_to_one = to == 1,
                _ => {}
            }
        }
        String::new()
    }

    const fn on_wire(&self, block: u64) -> u16 {
        if self.rolls_to_one && block > 0 {
            ((block - 1) % 65535 + 1) as u16
        } else {
            block as u16
        }
    }

    fn summary(&self) -> String {
        let (verb, arrow) = match self.direction {
            Direction::Read => ("RRQ", "<"),
            Direction::Write => ("WRQ", ">"),
        };
        let server = match (self.server, self.host) {
            (Some(server), _) => server.to_string(),
            (None, Some(host)) => host.to_string(),
            (None, None) => "anybody".into(),
        };
        let end = match &self.end {
            Some(end) => end,
            None if self.server.is_none() => "not answered",
            None => "unfinished",
        };
        let (filename, client) = (&self.filename, self.client);
        let mut line = format!("{verb} {filename} {client} {arrow} {server}: {end}");
        if self.next > 1 {
            let blocks = count_of(self.next - 1, "block");
            line += &format!(", {} in {blocks}", count_of(self.octets, "octet"));
        }
        if let (Some(started), Some(heard)) = (self.started, self.heard) {
            line += &format!(", {:.6} s", heard.saturating_sub(started).as_secs_f64());
        }
        if self.again > 0 {
            line += &format!(", {} sent again", count_of(self.again, "datagram"));
        }
        line
    }
}
