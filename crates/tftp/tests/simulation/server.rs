//! A node with our server, over one port or with one for each transfer.

use super::end::{End, Machine, Server};
use super::plan::{ClientPlan, FIRST_PORT, Plan, SERVER, ServerKind};
use super::play::{Player, show};
use super::report::Report;
use super::strays::{Rate, Strays, deserves_error_5};
use super::watch::Watch;
use wirelore_testkit::Rng;
use wirelore_testkit::net::{Network, Node};
use wirelore_tftp::wire::Packet;
use wirelore_tftp::{
    DatagramMachine, Demux, Direction, ErrorCode, Grant, Instant, RefusedRequest, Request,
    ServerConfig, ServerEvent, Slot, Transfer, TransferId,
};

#[derive(Debug)]
pub(crate) struct ServerNode<'p> {
    plan: &'p Plan,
    config: ServerConfig,
    multi_port: bool,
    demux: Server,
    live: Vec<Live<'p>>,
    reports: Vec<Report>,
    /// Requests dropped because every slot was taken.
    full: u32,
    next_port: u32,
    strays: Strays,
    rate: Rate,
    rng: Rng,
    buf: Vec<u8>,
}

/// A transfer that was asked for and is not over.
#[derive(Debug)]
struct Live<'p> {
    id: TransferId,
    peer: u32,
    address: u32,
    request: Vec<u8>,
    answer_at: Option<Instant>,
    detached: Option<Transfer<u32>>,
    end: End<'p>,
    sends_file: bool,
    parameters: Option<wirelore_tftp::Parameters>,
}

impl<'p> ServerNode<'p> {
    pub(crate) fn new(plan: &'p Plan, rng: &mut Rng) -> Self {
        let ServerKind::Ours {
            config,
            slots,
            multi_port,
        } = &plan.server.kind
        else {
            panic!("not a server of ours");
        };
        let demux = Demux::new(
            *config,
            (0..*slots).map(|_| Slot::default()).collect::<Vec<_>>(),
        );
        let buf = vec![0; demux.max_datagram()];
        Self {
            plan,
            config: *config,
            multi_port: *multi_port,
            demux,
            live: Vec::new(),
            reports: Vec::new(),
            full: 0,
            next_port: FIRST_PORT,
            strays: Strays::new(plan.strays, rng.fork()),
            rate: Rate::default(),
            rng: rng.fork(),
            buf,
        }
    }

    fn server_event(&mut self, now: Instant, event: ServerEvent<'_, u32>, datagram: &[u8]) {
        match event {
            ServerEvent::Request { id, peer, request } => {
                self.retire(|live| live.id.index() == id.index() || live.peer == peer);
                let Some(client) = Self::wanted(self.plan, &request) else {
                    let (code, text) = (ErrorCode::FILE_NOT_FOUND, "who knows");
                    return self.demux.deny(id, code, text).expect("it was asked");
                };
                let sends_file = request.direction == Direction::Read;
                let content = self.plan.promises_content();
                let mut watch = Watch::new("server", sends_file, &client.file, true);
                watch.request_came(now);
                let (pace, fails_at) = (self.plan.server.pace, self.plan.server.fails_at);
                let rng = self.rng.fork();
                let end = End::new(watch, content, &client.file, pace, fails_at, rng);
                self.live.push(Live {
                    id,
                    peer,
                    address: SERVER,
                    request: datagram.to_vec(),
                    answer_at: Some(now + self.plan.server.answer.draw(&mut self.rng)),
                    detached: None,
                    end,
                    sends_file,
                    parameters: None,
                });
            }
            ServerEvent::Transfer { id, event } => {
                let live = self.live.iter_mut().find(|live| live.id == id);
                live.expect("an event of a known transfer")
                    .end
                    .event(now, event);
            }
            ServerEvent::Repeated { id } => {
                let live = self.live.iter_mut().find(|live| live.id == id);
                let live = live.expect("a repetition of a known request");
                let transfer = live.detached.as_mut().expect("it has a port of its own");
                transfer.request_repeated(now);
            }
            ServerEvent::Superseded { id } => self.retire(|live| live.id == id),
            ServerEvent::Refused { why, .. } => {
                self.full += u32::from(why == RefusedRequest::Full);
            }
            _ => panic!("an event that the simulation does not know: {event:?}"),
        }
    }

    /// Whose file it is; `None` for what the network has made of a request.
    fn wanted(plan: &'p Plan, request: &Request<'_>) -> Option<&'p ClientPlan> {
        let (name, mode) = (request.filename, request.mode());
        let mut clients = plan.clients.iter();
        clients.find(|c| c.file.name.as_bytes() == name && c.file.mode == mode)
    }

    /// The policy.
    fn answer(&mut self, now: Instant, index: usize, net: &mut Network<u32>) {
        let live = &mut self.live[index];
        live.answer_at = None;
        let server = &self.plan.server;
        let Ok(Packet::Request(request)) = Packet::parse(&live.request) else {
            panic!("a request was reported");
        };
        let denied = match server.denies_options {
            Some(code) if !request.options.is_empty() => Some(code),
            _ => server.denies,
        };
        let (id, peer) = (live.id, live.peer);
        if let Some(code) = denied {
            let failure = wirelore_tftp::Failure::Refused { code };
            live.end.watch.end(now, Err(failure));
            return self
                .demux
                .deny(id, code, "not today")
                .expect("it was asked");
        }
        let size = Self::wanted(self.plan, &request).map(|c| c.file.wire_len());
        let size = size.filter(|_| server.knows_size);
        let grant = if live.sends_file {
            Grant::read(size)
        } else {
            Grant::write(server.max_size)
        };
        let parameters = if self.multi_port {
            let transfer = self.demux.detach(id, grant).expect("it was asked");
            live.address = self.next_port;
            self.next_port += 1;
            net.set_link(live.address, peer, self.plan.down.clone());
            net.set_link(peer, live.address, self.plan.up.clone());
            let parameters = *transfer.parameters();
            live.detached = Some(transfer);
            parameters
        } else {
            self.demux.accept(id, (), grant).expect("it was asked")
        };
        live.end.watch.goes_by(&parameters);
        live.parameters = Some(parameters);
    }

    fn drain(&mut self, now: Instant, net: &mut Network<u32>) {
        loop {
            let mut quiet = true;
            while let Some(index) = self
                .live
                .iter()
                .position(|l| l.answer_at.is_some_and(|at| at <= now))
            {
                quiet = false;
                self.answer(now, index, net);
            }
            while let Some(event) = self.demux.poll_event() {
                quiet = false;
                self.server_event(now, event, &[]);
            }
            for live in &mut self.live {
                quiet &= !live.drain(now, &mut self.demux, &mut self.buf, net);
            }
            while let Some(transmit) = self.demux.poll_transmit(now, &mut self.buf) {
                quiet = false;
                let datagram = &self.buf[..transmit.len];
                let packet = Packet::parse(datagram).expect("only TFTP is sent");
                let live = self
                    .live
                    .iter_mut()
                    .find(|l| l.peer == transmit.to && l.detached.is_none());
                match live {
                    Some(live) => live.end.watch.sends(&packet, Some(&live.request)),
                    None => assert!(matches!(packet, Packet::Error(_)), "{packet:?} to nobody"),
                }
                show("server", '>', transmit.to, now, datagram);
                net.send(SERVER, transmit.to, datagram);
            }
            if quiet {
                break;
            }
        }
        for live in &self.live {
            live.end.watch.settled();
        }
        let (demux, mut index) = (&mut self.demux, 0);
        while index < self.live.len() {
            let live = &self.live[index];
            let gone = match &live.detached {
                Some(transfer) if transfer.is_over() => {
                    demux.release(live.id).expect("it was detached");
                    true
                }
                Some(_) => false,
                None => demux.peer(live.id).is_none(),
            };
            if gone {
                assert!(
                    live.end.watch.ended.is_some(),
                    "gone without an event: {live:?}"
                );
                self.reports.push(live.report());
                self.live.remove(index);
            } else {
                index += 1;
            }
        }
    }

    fn retire(&mut self, which: impl Fn(&Live<'p>) -> bool) {
        for live in self.live.extract_if(.., |live| which(live)) {
            self.reports.push(live.report());
        }
    }

    /// A datagram to the listening port.
    fn knock(&mut self, now: Instant, from: u32, datagram: &[u8], net: &mut Network<u32>) {
        let mut next_block = false;
        let request = matches!(Packet::parse(datagram), Ok(Packet::Request(_)));
        let mut known = false;
        if let Some(live) = self.live.iter_mut().find(|live| live.peer == from) {
            if live.request == datagram {
                live.end.watch.request_came(now);
            }
            known = live.detached.is_none();
            if known && live.parameters.is_some() {
                next_block = live.end.watch.received(now, datagram);
            }
        }
        let event = self.demux.handle_datagram(now, from, datagram);
        let of_transfer = match &event {
            Some(ServerEvent::Transfer { event, .. }) => Some(event),
            _ => None,
        };
        Watch::accepted(next_block, of_transfer);
        if let Some(event) = event {
            self.server_event(now, event, datagram);
        }
        if known || request {
            return self.drain(now, net);
        }
        // S6: nobody's datagram is answered at most once, with an ERROR, and an ERROR never is
        let before = net.counters(SERVER, from).sent;
        self.drain(now, net);
        let answers = net.counters(SERVER, from).sent - before;
        let is_error = matches!(Packet::parse(datagram), Ok(Packet::Error(_)));
        assert!(
            answers <= u64::from(!is_error),
            "S6: {answers} answers to an outsider"
        );
        let low = self
            .rate
            .is_low(now, self.config.transfer.stray_replies_per_second as usize);
        if deserves_error_5(datagram) && low {
            assert_eq!(answers, 1, "S6: no answer to {datagram:?}");
        }
    }
}

impl Live<'_> {
    /// Lets the application work and, if the transfer has a port of its own, the machine talk.
    /// Answers whether there was anything.
    fn drain(
        &mut self,
        now: Instant,
        demux: &mut Server,
        buf: &mut Vec<u8>,
        net: &mut Network<u32>,
    ) -> bool {
        let mut any = false;
        if let Some(transfer) = &mut self.detached {
            while let Some(event) = transfer.poll_event() {
                any = true;
                self.end.event(now, event);
            }
        }
        loop {
            let mut in_slot = (&mut *demux, self.id);
            let machine: &mut dyn Machine = match &mut self.detached {
                Some(transfer) => transfer,
                None => &mut in_slot,
            };
            let Some(len) = self.end.work(now, machine, buf) else {
                break;
            };
            any = true;
            if len > 0 {
                let packet = Packet::parse(&buf[..len]).expect("DATA");
                self.end.watch.sends(&packet, None);
                show("server", '>', self.peer, now, &buf[..len]);
                net.send(self.address, self.peer, &buf[..len]);
            }
        }
        if let Some(transfer) = &mut self.detached {
            while let Some(transmit) = transfer.poll_transmit(now, buf) {
                any = true;
                let packet = Packet::parse(&buf[..transmit.len]).expect("only TFTP is sent");
                if transmit.to == self.peer {
                    self.end.watch.sends(&packet, Some(&self.request));
                } else {
                    let is_error_5 = matches!(packet, Packet::Error(e) if e.code == ErrorCode::UNKNOWN_TRANSFER_ID);
                    assert!(is_error_5, "S6: {packet:?} to a stranger");
                }
                show("server", '>', transmit.to, now, &buf[..transmit.len]);
                net.send(self.address, transmit.to, &buf[..transmit.len]);
            }
        }
        any
    }

    fn report(&self) -> Report {
        let mut report = Report::of(&self.end, self.sends_file);
        report.parameters = self.parameters;
        report
    }
}

impl Player for ServerNode<'_> {
    fn reports(&self) -> Vec<Report> {
        self.reports.clone()
    }

    fn full(&self) -> u32 {
        self.full
    }
}

impl Node<u32> for ServerNode<'_> {
    fn owns(&self, address: u32) -> bool {
        address == SERVER || self.live.iter().any(|live| live.address == address)
    }

    fn datagram(
        &mut self,
        now: Instant,
        from: u32,
        to: u32,
        datagram: &[u8],
        net: &mut Network<u32>,
    ) {
        show("server", '<', from, now, datagram);
        if to == SERVER {
            return self.knock(now, from, datagram, net);
        }
        let live = self
            .live
            .iter_mut()
            .find(|live| live.address == to)
            .expect("owned");
        let transfer = live.detached.as_mut().expect("it has a port of its own");
        if from == live.peer {
            let next_block = live.end.watch.received(now, datagram);
            let event = transfer.handle_datagram(now, from, datagram);
            Watch::accepted(next_block, event.as_ref());
            if let Some(event) = event {
                live.end.event(now, event);
            }
            return self.drain(now, net);
        }
        let before = (transfer.poll_timeout(), net.counters(to, from).sent);
        let event = transfer.handle_datagram(now, from, datagram);
        assert_eq!(event, None, "S6: an event because of a stranger");
        assert_eq!(transfer.poll_timeout(), before.0, "S6: timeout moved");
        self.drain(now, net);
        let answers = net.counters(to, from).sent - before.1;
        assert_eq!(
            answers,
            u64::from(deserves_error_5(datagram)),
            "S6: answers to a stranger"
        );
    }

    fn timeout(&mut self, now: Instant, net: &mut Network<u32>) {
        let addresses = self.live.iter().map(|live| live.address).chain([SERVER]);
        if let Some((from, to, datagram)) = self.strays.come(now, Some(0x0001_0000), addresses) {
            net.inject(now, from, to, &datagram);
        }
        if self.demux.poll_timeout().is_some_and(|at| at <= now) {
            for live in &mut self.live {
                live.end.watch.timeout();
            }
            self.demux.handle_timeout(now);
            let next = self.demux.poll_timeout();
            assert!(next.is_none_or(|next| next > now), "a timeout in the past");
        }
        for live in &mut self.live {
            let Some(transfer) = &mut live.detached else {
                continue;
            };
            if transfer.poll_timeout().is_some_and(|at| at <= now) {
                live.end.watch.timeout();
                transfer.handle_timeout(now);
            }
        }
        self.drain(now, net);
    }

    fn next_timeout(&self) -> Option<Instant> {
        let busy = !self.finished();
        let strays = self.strays.next_at().filter(|_| busy);
        let live = self.live.iter().flat_map(|live| {
            let transfer = live
                .detached
                .as_ref()
                .and_then(DatagramMachine::poll_timeout);
            [live.answer_at, transfer, live.end.next_due()]
        });
        live.flatten()
            .chain(strays)
            .chain(self.demux.poll_timeout())
            .min()
    }

    fn finished(&self) -> bool {
        self.live.is_empty() && self.demux.clients() == 0
    }
}
