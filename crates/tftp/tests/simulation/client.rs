//! A node with our client.

use super::end::End;
use super::plan::{ClientKind, ClientPlan, Plan, Purpose, SERVER};
use super::play::{Player, show};
use super::report::Report;
use super::strays::{Rate, Strays, deserves_error_5};
use super::watch::Watch;
use wirelore_testkit::Rng;
use wirelore_testkit::net::{Network, Node};
use wirelore_tftp::wire::Packet;
use wirelore_tftp::{
    Address, Client, ClientConfig, DatagramMachine, Direction, ErrorCode, Instant, Mode,
};

#[derive(Debug)]
pub(crate) struct ClientNode<'p> {
    plan: &'p ClientPlan,
    config: ClientConfig,
    machine: Option<Client<'p, u32>>,
    end: End<'p>,
    strays: Strays,
    rate: Rate,
    stage: Stage,
    requests: u32,
    buf: Vec<u8>,
    /// Of everything that was sent to the server's host or came from the peer.
    digest: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    Running,
    Gone,
}

impl<'p> ClientNode<'p> {
    pub(crate) fn new(plan: &'p Plan, n: usize, rng: &mut Rng) -> Self {
        let client = &plan.clients[n];
        let ClientKind::Ours(config) = &client.kind else {
            panic!("not a client of ours");
        };
        let content = plan.promises_content();
        let sends = client.purpose == Purpose::Put;
        let mut watch = Watch::new("client", sends, &client.file, false);
        watch.only_size = client.purpose == Purpose::Size;
        let (file, pace) = (&client.file, client.pace);
        Self {
            plan: client,
            config: *config,
            machine: None,
            end: End::new(watch, content, file, pace, client.fails_at, rng.fork()),
            strays: Strays::new(plan.strays, rng.fork()),
            rate: Rate::default(),
            stage: Stage::Waiting,
            requests: 0,
            buf: Vec::new(),
            digest: 0,
        }
    }

    fn begin(&mut self, now: Instant, net: &mut Network<u32>) {
        let (name, mode) = (self.plan.file.name.as_bytes(), self.plan.file.mode);
        let size = Some(self.plan.file.wire_len());
        let machine = match self.plan.purpose {
            Purpose::Get => Client::get(SERVER, name, mode, self.config),
            Purpose::Put => Client::put(SERVER, name, mode, size, self.config),
            Purpose::Size => Client::size(SERVER, name, mode, self.config),
        };
        let machine = machine.expect("the request can be encoded");
        self.buf.resize(machine.max_datagram(), 0);
        self.machine = Some(machine);
        self.stage = Stage::Running;
        self.drain(now, net);
    }

    fn drain(&mut self, now: Instant, net: &mut Network<u32>) {
        let Some(machine) = &mut self.machine else {
            return;
        };
        let me = self.plan.address;
        loop {
            let mut quiet = true;
            while let Some(event) = machine.poll_event() {
                quiet = false;
                self.end.event(now, event);
            }
            while let Some(len) = self.end.work(now, machine, &mut self.buf) {
                quiet = false;
                if len > 0 {
                    let to = machine.peer().expect("a block has an addressee");
                    let packet = Packet::parse(&self.buf[..len]).expect("DATA");
                    self.end.watch.sends(&packet, None);
                    self.digest = mix(self.digest, now, &self.buf[..len]);
                    show("client", '>', to, now, &self.buf[..len]);
                    net.send(me, to, &self.buf[..len]);
                }
            }
            while let Some(transmit) = machine.poll_transmit(now, &mut self.buf) {
                quiet = false;
                let datagram = &self.buf[..transmit.len];
                let packet = Packet::parse(datagram).expect("only TFTP is sent");
                if let Packet::Request(request) = packet {
                    self.requests += 1;
                    let most = self.config.transfer.timing.tries * 2;
                    assert!(self.requests <= most, "{} requests", self.requests);
                    assert_eq!(transmit.to, SERVER, "where requests go");
                    assert!(machine.peer().is_none(), "S10: request after the start");
                    let direction = match self.plan.purpose {
                        Purpose::Put => Direction::Write,
                        _ => Direction::Read,
                    };
                    let text = self.plan.file.mode == Mode::Netascii;
                    assert_eq!(request.direction, direction);
                    assert_eq!(request.mode() == Mode::Netascii, text);
                } else {
                    self.end.watch.sends(&packet, None);
                }
                self.digest = mix(self.digest, now, datagram);
                show("client", '>', transmit.to, now, datagram);
                net.send(me, transmit.to, datagram);
            }
            if quiet {
                break;
            }
        }
        self.end.watch.settled();
        if machine.is_over() {
            self.stage = Stage::Gone;
            assert!(self.end.watch.ended.is_some(), "over without an event");
            assert_eq!(machine.poll_timeout(), None, "a timeout when all is over");
        }
    }

    /// S6: a stranger gets one ERROR 5 or nothing, and changes nothing.
    fn stranger(&mut self, now: Instant, from: u32, datagram: &[u8], net: &mut Network<u32>) {
        let Some(machine) = &mut self.machine else {
            return;
        };
        let before = machine.poll_timeout();
        let event = machine.handle_datagram(now, from, datagram);
        assert_eq!(event, None, "S6: an event because of a stranger");
        assert_eq!(machine.poll_event(), None, "S6: an event after a stranger");
        let mut answers = 0;
        while let Some(transmit) = machine.poll_transmit(now, &mut self.buf) {
            let packet = Packet::parse(&self.buf[..transmit.len]);
            let is_error_5 = matches!(
                packet,
                Ok(Packet::Error(e)) if e.code == ErrorCode::UNKNOWN_TRANSFER_ID
            );
            assert!(
                is_error_5 && transmit.to == from,
                "S6: {packet:?} to {from:x}"
            );
            net.send(self.plan.address, from, &self.buf[..transmit.len]);
            answers += 1;
        }
        let wanted = u32::from(deserves_error_5(datagram));
        assert!(answers <= wanted, "S6: {answers} answers to one stranger");
        let limit = self.config.transfer.stray_replies_per_second as usize;
        if wanted == 1 && self.rate.is_low(now, limit) {
            assert_eq!(answers, 1, "S6: no answer to {datagram:?}");
        }
        assert_eq!(machine.poll_timeout(), before, "S6: timeout moved");
    }
}

impl Player for ClientNode<'_> {
    fn reports(&self) -> Vec<Report> {
        let mut report = Report::of(&self.end, self.plan.purpose == Purpose::Put);
        report.digest = self.digest;
        report.parameters = self.machine.as_ref().and_then(|m| m.parameters().copied());
        vec![report]
    }
}

impl Node<u32> for ClientNode<'_> {
    fn owns(&self, address: u32) -> bool {
        address == self.plan.address && self.stage == Stage::Running
    }

    fn datagram(
        &mut self,
        now: Instant,
        from: u32,
        _: u32,
        datagram: &[u8],
        net: &mut Network<u32>,
    ) {
        show("client", '<', from, now, datagram);
        let Some(machine) = &mut self.machine else {
            return;
        };
        let is_stranger = match machine.peer() {
            Some(peer) => from != peer,
            None => !from.same_host(SERVER),
        };
        if is_stranger {
            return self.stranger(now, from, datagram, net);
        }
        self.digest = mix(self.digest, now, datagram);
        let next_block = self.end.watch.received(now, datagram);
        let event = machine.handle_datagram(now, from, datagram);
        Watch::accepted(next_block, event.as_ref());
        if let Some(event) = event {
            self.end.event(now, event);
        }
        self.drain(now, net);
    }

    fn timeout(&mut self, now: Instant, net: &mut Network<u32>) {
        if self.plan.dies_at.is_some_and(|at| at <= now) {
            self.stage = Stage::Gone;
        }
        match self.stage {
            Stage::Waiting if self.plan.start_at <= now => self.begin(now, net),
            Stage::Running => {
                let machine = self.machine.as_mut().expect("it runs");
                let server = machine.peer().map(|peer| peer & 0xffff_0000);
                let me = [self.plan.address];
                if let Some((from, to, datagram)) = self.strays.come(now, server, me) {
                    net.inject(now, from, to, &datagram);
                }
                if machine.poll_timeout().is_some_and(|at| at <= now) {
                    self.end.watch.timeout();
                    machine.handle_timeout(now);
                    let next = machine.poll_timeout();
                    assert!(next.is_none_or(|next| next > now), "a timeout in the past");
                }
                self.drain(now, net);
            }
            _ => {}
        }
    }

    fn next_timeout(&self) -> Option<Instant> {
        match self.stage {
            Stage::Waiting => Some(self.plan.start_at),
            Stage::Gone => None,
            Stage::Running => {
                let machine = self
                    .machine
                    .as_ref()
                    .and_then(DatagramMachine::poll_timeout);
                [
                    machine,
                    self.end.next_due(),
                    self.strays.next_at(),
                    self.plan.dies_at,
                ]
                .into_iter()
                .flatten()
                .min()
            }
        }
    }

    fn finished(&self) -> bool {
        self.stage == Stage::Gone
    }
}

/// A digest of one more datagram.
fn mix(digest: u64, now: Instant, datagram: &[u8]) -> u64 {
    let head = datagram
        .iter()
        .take(4)
        .fold(datagram.len() as u64, |sum, &octet| {
            sum << 8 | u64::from(octet)
        });
    (digest.rotate_left(7) ^ now.as_micros() ^ head.rotate_left(20))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
