//! The second judge: RFC 1350 in lockstep with a fixed timeout, octet mode of the wire's octets, no
//! options. Nothing of our machines is in it; it reads and writes packets by hand.

use super::plan::{ClientKind, ClientPlan, File, Plan, Purpose, SERVER, ServerKind};
use super::play::Player;
use super::report::Report;
use wirelore_testkit::net::{Network, Node};
use wirelore_tftp::{Duration, Failure, Instant};

/// One transfer of a naive peer, on either side.
#[derive(Debug)]
struct Lockstep<'p> {
    me: u32,
    peer: u32,
    file: &'p File,
    sends_file: bool,
    content: bool,
    /// The last block that was sent or received.
    block: usize,
    /// What a timeout sends again.
    last_packet: Vec<u8>,
    timeout: Duration,
    tries: u32,
    tries_left: u32,
    deadline: Option<Instant>,
    ended: Option<(Instant, Result<u64, Failure>)>,
}

impl<'p> Lockstep<'p> {
    fn send(&mut self, now: Instant, net: &mut Network<u32>) {
        net.send(self.me, self.peer, &self.last_packet);
        self.deadline = Some(now + self.timeout);
    }

    fn send_block(&mut self, now: Instant, block: usize, net: &mut Network<u32>) {
        self.block = block;
        self.tries_left = self.tries;
        let wire = &self.file.wire;
        let payload = &wire[(block - 1) * 512..wire.len().min(block * 512)];
        self.last_packet = vec![0, 3, (block >> 8) as u8, block as u8];
        self.last_packet.extend_from_slice(payload);
        self.send(now, net);
    }

    fn send_ack(&mut self, now: Instant, block: usize, net: &mut Network<u32>) {
        self.block = block;
        self.tries_left = self.tries;
        self.last_packet = vec![0, 4, (block >> 8) as u8, block as u8];
        self.send(now, net);
    }

    fn packet(&mut self, now: Instant, packet: &[u8], net: &mut Network<u32>) {
        let wire = &self.file.wire;
        match *packet {
            [0, 4, high, low, ..] if self.sends_file && self.ended.is_none() => {
                if [high, low] != (self.block as u16).to_be_bytes() {
                    // an ACK of another block: never a reason to send (RFC 1123 section 4.2.3.1)
                } else if self.block > wire.len() / 512 {
                    self.end(now, Ok(wire.len() as u64));
                    self.deadline = None;
                } else {
                    self.send_block(now, self.block + 1, net);
                }
            }
            [0, 3, high, low, ref payload @ ..] if !self.sends_file => {
                let number = u16::from_be_bytes([high, low]);
                if self.ended.is_none() && number == (self.block + 1) as u16 {
                    let from = self.block * 512;
                    let wanted = &wire[from.min(wire.len())..wire.len().min(from + 512)];
                    assert!(
                        payload == wanted || !self.content,
                        "S1: block {number} is wrong"
                    );
                    self.send_ack(now, self.block + 1, net);
                    if payload.len() < 512 {
                        self.end(now, Ok(wire.len() as u64));
                        self.deadline = Some(now + self.timeout * self.tries);
                    }
                } else if number == self.block as u16 && number != 0 {
                    // our ACK was lost; while dallying the time to go stays
                    net.send(self.me, self.peer, &self.last_packet);
                }
            }
            [0, 5, _, code, ..] if self.ended.is_none() => {
                let code = wirelore_tftp::ErrorCode(u16::from(code));
                self.end(now, Err(Failure::Peer { code }));
                self.deadline = None;
            }
            _ => {}
        }
    }

    fn timeout(&mut self, now: Instant, net: &mut Network<u32>) {
        if self.deadline.is_none_or(|at| at > now) {
            return;
        }
        self.deadline = None;
        if self.ended.is_some() {
            return;
        }
        self.tries_left -= 1;
        if self.tries_left == 0 {
            self.end(now, Err(Failure::TimedOut));
        } else {
            self.send(now, net);
        }
    }

    fn end(&mut self, now: Instant, result: Result<u64, Failure>) {
        self.ended = Some((now, result));
    }

    fn is_over(&self) -> bool {
        self.ended.is_some() && self.deadline.is_none()
    }

    fn report(&self) -> Report {
        let complete = !self.sends_file && matches!(self.ended, Some((_, Ok(_))));
        Report {
            file: self.file.name.clone(),
            sends_file: self.sends_file,
            ended: self.ended,
            file_complete_at: self.ended.map(|(at, _)| at).filter(|_| complete),
            parameters: None,
            last_heard: Instant::ORIGIN,
            digest: 0,
        }
    }
}

#[derive(Debug)]
pub(crate) struct NaiveClient<'p> {
    plan: &'p ClientPlan,
    transfer: Lockstep<'p>,
    started: bool,
    answered: bool,
}

impl<'p> NaiveClient<'p> {
    pub(crate) fn new(plan: &'p Plan, n: usize) -> Self {
        let client = &plan.clients[n];
        let ClientKind::Naive { timeout, tries } = client.kind else {
            panic!("not a naive client");
        };
        let sends_file = client.purpose == Purpose::Put;
        let opcode = if sends_file { 2 } else { 1 };
        let mode = if matches!(client.file.mode, wirelore_tftp::Mode::Netascii) {
            "NetASCII"
        } else {
            "octet"
        };
        let mut request = vec![0, opcode];
        request.extend(format!("{}\0{mode}\0", client.file.name).bytes());
        let transfer = Lockstep {
            me: client.address,
            peer: SERVER,
            file: &client.file,
            sends_file,
            content: plan.promises_content(),
            block: 0,
            last_packet: request,
            timeout,
            tries,
            tries_left: tries,
            deadline: Some(client.start_at),
            ended: None,
        };
        Self {
            plan: client,
            transfer,
            started: false,
            answered: false,
        }
    }
}

impl Player for NaiveClient<'_> {
    fn reports(&self) -> Vec<Report> {
        vec![self.transfer.report()]
    }
}

impl Node<u32> for NaiveClient<'_> {
    fn owns(&self, address: u32) -> bool {
        self.started && !self.finished() && address == self.plan.address
    }

    fn datagram(
        &mut self,
        now: Instant,
        from: u32,
        to: u32,
        datagram: &[u8],
        net: &mut Network<u32>,
    ) {
        let transfer = &mut self.transfer;
        let first = if transfer.sends_file {
            [0, 4, 0, 0]
        } else {
            [0, 3, 0, 1]
        };
        let error = datagram.starts_with(&[0, 5]);
        if !self.answered && from >> 16 == SERVER >> 16 && (error || datagram.starts_with(&first)) {
            self.answered = true;
            transfer.peer = from;
        }
        if self.answered && from == transfer.peer {
            transfer.packet(now, datagram, net);
        } else if self.answered && !error {
            net.send(to, from, b"\0\x05\0\x05who are you\0");
        }
    }

    fn timeout(&mut self, now: Instant, net: &mut Network<u32>) {
        self.started = true;
        self.transfer.timeout(now, net);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.transfer.deadline
    }

    fn finished(&self) -> bool {
        self.transfer.is_over()
    }
}

#[derive(Debug)]
pub(crate) struct NaiveServer<'p> {
    plan: &'p Plan,
    transfers: Vec<Lockstep<'p>>,
    next_port: u32,
}

impl<'p> NaiveServer<'p> {
    pub(crate) const fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            transfers: Vec::new(),
            next_port: super::plan::FIRST_PORT,
        }
    }

    fn request(&mut self, now: Instant, from: u32, request: &[u8], net: &mut Network<u32>) {
        let ServerKind::Naive { timeout, tries } = self.plan.server.kind else {
            panic!("not a naive server");
        };
        let strings: Vec<&[u8]> = request[2..].split(|&octet| octet == 0).collect();
        let client = self
            .plan
            .clients
            .iter()
            .find(|c| c.file.name.as_bytes() == strings[0]);
        let (Some(client), [_, mode, rest @ ..]) = (client, &strings[..]) else {
            return;
        };
        if mode.eq_ignore_ascii_case(b"mail") {
            return net.send(SERVER, from, b"\0\x05\0\x04no mail\0");
        }
        let code = match self.plan.server.denies_options {
            Some(code) if rest.len() > 1 => Some(code),
            _ => self.plan.server.denies,
        };
        if let Some(code) = code {
            return net.send(SERVER, from, &[0, 5, 0, code.0 as u8, b'n', b'o', 0]);
        }
        if self
            .transfers
            .iter()
            .any(|t| t.peer == from && !t.is_over())
        {
            return;
        }
        let me = self.next_port;
        self.next_port += 1;
        net.set_link(me, from, self.plan.down.clone());
        net.set_link(from, me, self.plan.up.clone());
        let mut transfer = Lockstep {
            me,
            peer: from,
            file: &client.file,
            sends_file: request[1] == 1,
            content: self.plan.promises_content(),
            block: 0,
            last_packet: Vec::new(),
            timeout,
            tries,
            tries_left: tries,
            deadline: None,
            ended: None,
        };
        if transfer.sends_file {
            transfer.send_block(now, 1, net);
        } else {
            transfer.send_ack(now, 0, net);
        }
        self.transfers.push(transfer);
    }
}

impl Player for NaiveServer<'_> {
    fn reports(&self) -> Vec<Report> {
        self.transfers.iter().map(Lockstep::report).collect()
    }
}

impl Node<u32> for NaiveServer<'_> {
    fn owns(&self, address: u32) -> bool {
        address == SERVER
            || self
                .transfers
                .iter()
                .any(|t| t.me == address && !t.is_over())
    }

    fn datagram(
        &mut self,
        now: Instant,
        from: u32,
        to: u32,
        datagram: &[u8],
        net: &mut Network<u32>,
    ) {
        match self.transfers.iter_mut().find(|t| t.me == to) {
            Some(transfer) if transfer.peer == from => transfer.packet(now, datagram, net),
            Some(_) if !datagram.starts_with(&[0, 5]) => {
                net.send(to, from, b"\0\x05\0\x05who are you\0");
            }
            Some(_) => {}
            None if matches!(datagram, [0, 1 | 2, _, ..]) => self.request(now, from, datagram, net),
            None => {}
        }
    }

    fn timeout(&mut self, now: Instant, net: &mut Network<u32>) {
        for transfer in &mut self.transfers {
            transfer.timeout(now, net);
        }
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.transfers.iter().filter_map(|t| t.deadline).min()
    }

    fn finished(&self) -> bool {
        self.transfers.iter().all(Lockstep::is_over)
    }
}
