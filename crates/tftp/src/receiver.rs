//! The side that gets the file: receives DATA, sends ACK (RFC 1350, RFC 7440 section 4).
//!
//! ```text
//!              DATA in order                      last block written, ACK sent      time
//!  Receiving ----------------> Write, written ---------------------------------> Dallying ----> Over
//! ```
//! An ACK is due when a window is complete, when the last block came, when a block was skipped (once
//! per gap), when the wait for the next block is over, and when a block comes again that was
//! acknowledged before; it is sent only when everything before it has been written. With a window,
//! such a block says that the window begins there once more, and the ACK is due at its end.

use crate::error::Failure;
use crate::negotiate::Parameters;
use crate::netascii::Decoded;
use crate::retry::Retry;
use crate::wire::Data;
use wirelore_core::Instant;

#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    parameters: Parameters,
    retry: Retry,
    state: State,
    verified: bool,
    first_replies: u8,
    /// Every block up to this one was accepted, in order.
    received: u64,
    /// Every block up to this one was written by the application.
    written: u64,
    /// The last ACK's block.
    acked: u64,
    /// The sender's window begins after this block: the last ACK's, or an earlier one where that ACK
    /// was lost.
    window_start: u64,
    acked_at: Instant,
    ack_due: bool,
    /// A gap after `received` was reported.
    gap_reported: bool,
    last: Option<u64>,
    /// Text transfers: whether a CR was kept back.
    held: Option<bool>,
    /// Where the next block begins in the application's file.
    offset: u64,
    /// Octets received, as counted on the wire.
    wire_octets: u64,
    max_size: Option<u64>,
    /// ACKs, or OACKs in place of ACK 0, that were sent before.
    repeated: u64,
    answered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Receiving,
    Dallying,
    Over,
}

/// What a DATA packet or a written block led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Received<'d> {
    Nothing,
    Write { offset: u64, content: Content<'d> },
    Failed(Failure),
}

/// The octets of one received block, as the application's file has them. Iterate to get them in
/// slices, in order; an octet transfer's block is always one slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content<'d> {
    kind: Kind<'d>,
    last: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind<'d> {
    Octets(Option<&'d [u8]>),
    Text(Decoded<'d>),
}

impl<'d> Content<'d> {
    /// The octets in one slice; `None` for a netascii block, which may need several.
    #[must_use]
    pub const fn as_slice(&self) -> Option<&'d [u8]> {
        match &self.kind {
            Kind::Octets(Some(octets)) => Some(octets),
            Kind::Octets(None) => Some(&[]),
            Kind::Text(_) => None,
        }
    }

    /// Whether nothing of the file follows. `written` then tells the peer that its file is safe: sync
    /// and rename before.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.last
    }

    /// How many octets they are.
    #[must_use]
    pub fn octets(&self) -> u64 {
        match &self.kind {
            Kind::Octets(octets) => octets.map_or(0, |octets| octets.len() as u64),
            Kind::Text(text) => text.clone().octets(),
        }
    }
}

impl<'d> Iterator for Content<'d> {
    type Item = &'d [u8];

    fn next(&mut self) -> Option<&'d [u8]> {
        match &mut self.kind {
            Kind::Octets(octets) => octets.take(),
            Kind::Text(text) => text.next(),
        }
    }
}

impl Receiver {
    /// `answer_first`: an ACK 0 (or the OACK in its place) goes out before any DATA can come.
    /// `first_replies`: `None` when the peer is known to be there.
    pub(crate) fn new(
        parameters: Parameters,
        netascii: bool,
        mut retry: Retry,
        answer_first: bool,
        first_replies: Option<u8>,
        max_size: Option<u64>,
    ) -> Self {
        if let Some(interval) = parameters.timeout {
            retry.negotiated(interval);
        }
        retry.disarm();
        Self {
            parameters,
            retry,
            state: State::Receiving,
            verified: first_replies.is_none(),
            first_replies: first_replies.unwrap_or(0),
            received: 0,
            written: 0,
            acked: 0,
            window_start: 0,
            acked_at: Instant::ORIGIN,
            ack_due: answer_first,
            gap_reported: false,
            last: None,
            held: netascii.then_some(false),
            offset: 0,
            wire_octets: 0,
            max_size,
            repeated: 0,
            answered: false,
        }
    }

    pub(crate) const fn repeated(&self) -> u64 {
        self.repeated
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.retry.deadline()
    }

    /// Nothing of the file has come yet.
    pub(crate) const fn is_opening(&self) -> bool {
        self.received == 0
    }

    const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    pub(crate) fn data<'d>(&mut self, now: Instant, data: Data<'d>) -> Received<'d> {
        if self.is_over() {
            return Received::Nothing;
        }
        let blksize = self.parameters.blksize;
        let len = data.payload.len();
        let rollover = self.parameters.rollover;
        let expected = self.received + 1;
        let Some(block) = rollover.from(expected, data.block) else {
            // under `rollover 1` no block has the number 0
            return match self.state {
                State::Receiving => Received::Failed(Failure::Rollover),
                _ => Received::Nothing,
            };
        };
        if block == expected && self.last.is_none() {
            if len > usize::from(blksize) {
                return Received::Failed(Failure::BlockTooLong { len, blksize });
            }
            return self.accept(now, data.payload);
        }
        let window = u64::from(self.parameters.windowsize);
        if block - expected < window && self.last.is_none() {
            // RFC 7440 section 4: say what was received before the gap, once
            if !core::mem::replace(&mut self.gap_reported, true) {
                self.ack_due = true;
            }
            return Received::Nothing;
        }
        // the same number, one cycle earlier: a block that came before
        let Some(block) = block.checked_sub(rollover.period()) else {
            return Received::Nothing;
        };
        let acknowledged = block > 0 && block <= self.acked && self.acked - block < window;
        if !acknowledged {
            return Received::Nothing;
        }
        if window == 1 || self.last == Some(block) {
            self.ack_due = true;
        } else if self.gap_reported || now.since(self.acked_at) >= self.retry.spacing() {
            // our ACK was lost: the sender's window begins here once more, and one ACK at its end is
            // enough
            self.window_start = block - 1;
            self.gap_reported = false;
            self.ack_due |= self.received - self.window_start >= window;
        }
        Received::Nothing
    }

    /// The application wrote the oldest block it was given; `false`: there is none.
    pub(crate) fn written(&mut self, now: Instant) -> bool {
        if self.written == self.received {
            return false;
        }
        self.written += 1;
        if self.written == self.received && !self.ack_due {
            self.retry.arm(now);
        }
        true
    }

    /// The block whose ACK must be sent now; counts as sent when there is one. The second value says
    /// that the file is complete.
    pub(crate) fn take_ack(&mut self, now: Instant) -> Option<(u64, bool)> {
        if !self.ack_due || self.written != self.received || !self.may_send() {
            return None;
        }
        self.ack_due = false;
        if !self.verified {
            self.first_replies -= 1;
        }
        let repeats = self.acked == self.received && self.answered;
        self.repeated += u64::from(repeats);
        self.answered = true;
        if self.acked != self.received || self.received == 0 {
            self.retry.measure(now);
        } else {
            self.retry.spoil();
        }
        self.acked = self.received;
        self.window_start = self.received;
        self.acked_at = now;
        let complete = self.last == Some(self.received) && self.state == State::Receiving;
        if complete {
            self.state = State::Dallying;
            self.retry.dally(now);
        } else if self.state == State::Receiving {
            self.retry.arm(now);
        }
        Some((self.acked, complete))
    }

    /// Octets in the application's file.
    pub(crate) const fn octets(&self) -> u64 {
        self.offset
    }

    pub(crate) fn timeout(&mut self, now: Instant) -> Received<'static> {
        if !self.retry.expired(now) {
            return Received::Nothing;
        }
        if self.state != State::Receiving {
            self.state = State::Over;
            return Received::Nothing;
        }
        if self.retry.exhausted() {
            return Received::Failed(Failure::TimedOut);
        }
        self.gap_reported = false;
        if self.may_send() {
            self.ack_due = true;
        } else {
            self.retry.arm(now);
        }
        Received::Nothing
    }

    /// Nothing more is to be sent or awaited.
    pub(crate) const fn abandon(&mut self) {
        self.state = State::Over;
        self.ack_due = false;
        self.retry.disarm();
    }

    /// The other side sent again what our first ACK answers.
    pub(crate) fn request_repeated(&mut self, now: Instant, first_replies: u8) {
        if self.received > 0 {
            return;
        }
        if !self.verified {
            self.first_replies = first_replies;
            self.retry.reset();
        }
        if now.since(self.acked_at) >= self.retry.spacing() {
            self.ack_due = true;
        }
    }

    fn accept<'d>(&mut self, now: Instant, payload: &'d [u8]) -> Received<'d> {
        let last = payload.len() < usize::from(self.parameters.blksize);
        let wire_octets = self.wire_octets + payload.len() as u64;
        if let Some(limit) = self.max_size.filter(|&limit| wire_octets > limit) {
            return Received::Failed(Failure::TooLarge { limit });
        }
        let rolled_over = self.received >= 65535;
        if last
            && rolled_over
            && self
                .parameters
                .tsize
                .is_some_and(|size| size != wire_octets)
        {
            return Received::Failed(Failure::Rollover);
        }
        self.received += 1;
        self.verified = true;
        // the wait goes on when the application has written the block
        self.retry.progress(now);
        self.retry.disarm();
        self.wire_octets = wire_octets;
        self.gap_reported = false;
        if last {
            self.last = Some(self.received);
        }
        if last || self.received - self.window_start >= u64::from(self.parameters.windowsize) {
            self.ack_due = true;
        }
        let kind = match self.held {
            None => Kind::Octets(Some(payload)),
            Some(cr) => {
                self.held = Some(Decoded::held(payload, cr));
                Kind::Text(Decoded::new(payload, cr, last))
            }
        };
        let content = Content { kind, last };
        let offset = self.offset;
        self.offset += content.octets();
        Received::Write { offset, content }
    }

    const fn may_send(&self) -> bool {
        self.verified || self.first_replies > 0
    }
}
