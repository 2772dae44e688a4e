//! The rules for one end of one transfer, checked at every datagram that it sends or receives.
//!
//! The watcher parses what passes and counts blocks by itself, in 64 bits; of the machine it only
//! knows what was negotiated and when a timeout was due. A rule that is broken panics with its name.

use super::plan::File;
use wirelore_tftp::wire::{OptionName, Packet, ParseError, Request, option_value};
use wirelore_tftp::{Event, Failure, Instant, Parameters, Rollover};

#[derive(Debug)]
pub(crate) struct Watch<'p> {
    who: &'static str,
    sends_file: bool,
    /// The client wants no more than the size.
    pub(crate) only_size: bool,
    file: &'p File,
    blksize: u64,
    window: u64,
    rollover: Rollover,
    /// Timeouts that were due and repetitions of the request: each allows to send again.
    occasions: u64,
    pub(crate) ended: Option<(Instant, Result<u64, Failure>)>,
    errors_sent: u32,
    /// When the peer last sent anything.
    pub(crate) last_heard: Instant,

    // the sender of the file
    acked: u64,
    sent: u64,
    data_sends: u64,
    /// Different ACKs that told of a gap; the same one counts again after a timeout.
    gaps: u64,
    gap: Option<u64>,
    /// The last block was acknowledged.
    final_ack: bool,

    // the receiver of the file
    received: u64,
    pub(crate) written: u64,
    last: Option<u64>,
    ack_sends: u64,
    /// Datagrams that may be answered with an ACK.
    prompts: u64,
    gap_told: bool,

    // a server's first reply
    unanswered: Option<FirstReplies>,
}

#[derive(Debug, Default)]
struct FirstReplies {
    requests: u64,
    replies: u64,
}

impl<'p> Watch<'p> {
    /// `server`: the peer has yet to show that it is where it says it is.
    pub(crate) fn new(who: &'static str, sends_file: bool, file: &'p File, server: bool) -> Self {
        Self {
            who,
            sends_file,
            only_size: false,
            file,
            blksize: 512,
            window: 1,
            rollover: Rollover::Zero,
            occasions: 0,
            ended: None,
            errors_sent: 0,
            last_heard: Instant::ORIGIN,
            acked: 0,
            sent: 0,
            data_sends: 0,
            gaps: 0,
            gap: None,
            final_ack: false,
            received: 0,
            written: 0,
            last: None,
            ack_sends: 0,
            prompts: 1,
            gap_told: false,
            unanswered: server.then(FirstReplies::default),
        }
    }

    pub(crate) fn goes_by(&mut self, parameters: &Parameters) {
        self.blksize = u64::from(parameters.blksize);
        self.window = u64::from(parameters.windowsize);
        self.rollover = parameters.rollover;
    }

    pub(crate) fn blocks(&self) -> u64 {
        self.file.wire_len() / self.blksize + 1
    }

    pub(crate) fn succeeded(&self) -> bool {
        matches!(self.ended, Some((_, Ok(_))))
    }

    pub(crate) fn timeout(&mut self) {
        self.occasions += 1;
        self.gap = None;
        self.gap_told = false;
    }

    pub(crate) fn request_came(&mut self, now: Instant) {
        self.last_heard = now;
        self.occasions += 1;
        if let Some(first) = &mut self.unanswered {
            first.requests += 1;
        }
    }

    pub(crate) fn end(&mut self, now: Instant, result: Result<u64, Failure>) {
        assert!(
            self.ended.is_none(),
            "S10 {}: {result:?} reported after {:?}",
            self.who,
            self.ended
        );
        self.ended = Some((now, result));
    }

    /// The machine is about to be told of a datagram of its peer. Answers whether it is the next
    /// block.
    pub(crate) fn received(&mut self, now: Instant, datagram: &[u8]) -> bool {
        self.last_heard = now;
        let Ok(packet) = Packet::parse(datagram) else {
            return false;
        };
        let before = self.received;
        match packet {
            Packet::Ack(ack) => {
                self.unanswered = None;
                self.ack_came(ack.block);
            }
            Packet::Data(data) => {
                self.unanswered = None;
                let expected = self.received + 1;
                let ahead = self.block_from(expected, data.block) - expected;
                // what follows a gap is a reason to tell of it, once
                let gap = self.ended.is_none() && ahead > 0 && ahead < self.window;
                if !(gap && self.gap_told) {
                    self.prompts += 1;
                }
                self.gap_told = gap;
                if self.ended.is_none()
                    && !self.sends_file
                    && self.last.is_none()
                    && data.block == self.number(expected)
                    && data.payload.len() as u64 <= self.blksize
                {
                    self.received = expected;
                    if (data.payload.len() as u64) < self.blksize {
                        self.last = Some(expected);
                    }
                }
            }
            Packet::Oack(_) => self.prompts += 1,
            Packet::Error(_) => self.unanswered = None,
            Packet::Request(_) => {}
        }
        self.received > before
    }

    /// What the machine makes of it.
    pub(crate) fn accepted(next_block: bool, event: Option<&Event<'_>>) {
        match event {
            Some(Event::Failed { .. } | Event::Size(_)) => {}
            Some(Event::Write { .. }) => assert!(next_block, "S1: a block that is not the next"),
            other => assert!(!next_block, "S1: the next block led to {other:?}"),
        }
    }

    fn ack_came(&mut self, number: u16) {
        let block = self.block_from(self.acked, number);
        if !self.sends_file || self.ended.is_some() || block > self.sent {
            return;
        }
        self.acked = block;
        if block < self.sent && self.gap != Some(block) {
            self.gap = Some(block);
            self.gaps += 1;
        }
        self.final_ack = self.sent > 0 && block == self.sent && self.last == Some(block);
    }

    /// Everything that followed from the last datagram has been polled.
    pub(crate) fn settled(&self) {
        let (who, ended) = (self.who, self.ended);
        let success = self.succeeded();
        assert!(
            !self.final_ack || success,
            "S2 {who}: the final ACK came and the end is {ended:?}"
        );
        let errors = match ended {
            None | Some((_, Ok(_))) => u32::from(success && self.only_size),
            Some((_, Err(Failure::TimedOut))) => 0,
            Some((_, Err(Failure::Peer { .. } | Failure::OptionsDeclined { .. }))) => 0,
            // an ERROR, and be it half a one, is never answered
            Some((_, Err(Failure::Malformed(ParseError::TruncatedError { .. })))) => 0,
            Some(_) => 1,
        };
        assert_eq!(self.errors_sent, errors, "S10 {who}: ERRORs with {ended:?}");
    }

    pub(crate) fn sends(&mut self, packet: &Packet<'_>, to_request: Option<&[u8]>) {
        if let Some((_, Err(Failure::Peer { code } | Failure::OptionsDeclined { code }))) =
            self.ended
        {
            panic!("S10 {}: {packet:?} after ERROR {code}", self.who);
        }
        let is_error = matches!(packet, Packet::Error(_));
        if let Some(first) = self.unanswered.as_mut().filter(|_| !is_error) {
            first.replies += 1;
            assert!(
                first.replies <= 3 * first.requests,
                "S7 {}: {} replies to {} requests of a peer that has not answered",
                self.who,
                first.replies,
                first.requests
            );
        }
        match packet {
            Packet::Data(data) => self.sends_data(data.block, data.payload),
            Packet::Ack(ack) => self.sends_ack(ack.block),
            Packet::Oack(oack) => {
                assert!(
                    self.acked == 0 && self.sent == 0 && self.received == 0,
                    "S9 {}: OACK in the middle",
                    self.who
                );
                assert!(self.ended.is_none(), "S10 {}: OACK at the end", self.who);
                let request = to_request.expect("only servers send an OACK");
                let Ok(Packet::Request(request)) = Packet::parse(request) else {
                    panic!("S9 {}: OACK without a request", self.who);
                };
                let oack: Vec<_> = oack.options.iter().collect();
                check_oack(self.who, &request, &oack);
            }
            Packet::Error(_) => {
                self.errors_sent += 1;
                assert!(self.errors_sent == 1, "S10 {}: a second ERROR", self.who);
                let allowed = !self.succeeded() || self.only_size;
                assert!(allowed, "S10 {}: ERROR after success", self.who);
            }
            Packet::Request(_) => panic!("{}: a request inside a transfer", self.who),
        }
    }

    fn sends_data(&mut self, number: u16, payload: &[u8]) {
        let who = self.who;
        assert!(self.sends_file, "{who}: DATA from the receiver");
        assert!(self.ended.is_none(), "S10 {who}: DATA after the end");
        let block = self.block_from(self.acked + 1, number);
        assert!(
            block <= self.acked + self.window,
            "S3 {who}: DATA {number} with {} acknowledged and a window of {}",
            self.acked,
            self.window
        );
        assert!(
            block <= self.sent + 1 && block <= self.blocks(),
            "S3 {who}: DATA {block} after {} of {}",
            self.sent,
            self.blocks()
        );
        let from = (block - 1) * self.blksize;
        let until = self.file.wire_len().min(from + self.blksize);
        assert!(
            payload == &self.file.wire[from as usize..until as usize],
            "S1 {who}: DATA {block} has other octets than the file"
        );
        self.data_sends += 1;
        self.sent = self.sent.max(block);
        if block == self.blocks() {
            self.last = Some(block);
        }
        let again = if self.window == 1 {
            self.occasions
        } else {
            self.window * (self.occasions + self.gaps)
        };
        assert!(
            self.data_sends <= self.sent + again,
            "S4 {who}: DATA sent {} times for {} blocks, {} timeouts and requests, {} gaps",
            self.data_sends,
            self.sent,
            self.occasions,
            self.gaps
        );
    }

    fn sends_ack(&mut self, number: u16) {
        let who = self.who;
        assert!(!self.sends_file, "{who}: ACK from the sender");
        assert!(
            number == self.number(self.written) && self.written == self.received,
            "S2 {who}: ACK {number} with {} received and {} written",
            self.received,
            self.written
        );
        match self.ended {
            None => {}
            Some((_, Err(failure))) => panic!("S10 {who}: ACK after {failure:?}"),
            Some((_, Ok(_))) => assert!(
                self.last == Some(self.written),
                "S10 {who}: ACK {number} after success"
            ),
        }
        self.ack_sends += 1;
        assert!(
            self.ack_sends <= self.prompts + self.occasions,
            "S4 {who}: {} ACKs for {} datagrams, {} timeouts and requests",
            self.ack_sends,
            self.prompts,
            self.occasions
        );
    }

    /// The number of `block` on the wire.
    fn number(&self, block: u64) -> u16 {
        match self.rollover {
            Rollover::Zero => (block % 65536) as u16,
            Rollover::One if block == 0 => 0,
            Rollover::One => ((block - 1) % 65535 + 1) as u16,
        }
    }

    /// The first block from `from` on with this number; beyond every window if there is none.
    fn block_from(&self, from: u64, number: u16) -> u64 {
        match self.rollover {
            Rollover::Zero => from + u64::from(number.wrapping_sub(from as u16)),
            Rollover::One if number == 0 => {
                if from == 0 {
                    0
                } else {
                    u64::MAX
                }
            }
            Rollover::One => {
                let from = from.max(1);
                let here = (from - 1) % 65535 + 1;
                from + (u64::from(number) + 65535 - here) % 65535
            }
        }
    }
}

/// S9: an OACK has only what was asked for, once each, `blksize` first, and no value that the
/// request does not allow.
fn check_oack(who: &str, request: &Request<'_>, oack: &[(&[u8], &[u8])]) {
    assert!(!oack.is_empty(), "S9 {who}: an OACK of nothing");
    for (i, (name, value)) in oack.iter().enumerate() {
        let shown = String::from_utf8_lossy(name);
        let known = OptionName::of(name).unwrap_or_else(|| panic!("S9 {who}: unknown {shown}"));
        assert!(
            oack[..i].iter().all(|(other, _)| other != name),
            "S9 {who}: {shown} twice"
        );
        assert!(
            known != OptionName::Blksize || i == 0,
            "S9 {who}: blksize is not the first"
        );
        let asked = request.options.iter().find(|(asked, _)| asked == name);
        let (_, asked) = asked.unwrap_or_else(|| panic!("S9 {who}: {shown} was not asked for"));
        let (asked, value) = (option_value(asked), option_value(value));
        let (Some(asked), Some(value)) = (asked, value) else {
            panic!("S9 {who}: {shown} is no number");
        };
        let good = match known {
            OptionName::Blksize => (8..=asked.min(65464)).contains(&value),
            OptionName::Windowsize => (1..=asked.min(65535)).contains(&value),
            OptionName::Timeout => value == asked && (1..=255).contains(&value),
            OptionName::Tsize => {
                request.direction == wirelore_tftp::Direction::Read || value == asked
            }
            _ => value == asked,
        };
        assert!(good, "S9 {who}: {shown} {value} for {asked}");
    }
}
