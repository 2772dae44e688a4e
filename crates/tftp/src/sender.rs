//! The side that has the file: sends DATA, receives ACK (RFC 1350, RFC 7440 section 4).
//!
//! ```text
//!            ACK 0                      ACK of the last block
//!  Opening ---------> Sending ------------------------------------> Complete
//!  (OACK out)         next <- acked + 1 at every ACK that counts and at every timeout
//! ```
//! Blocks `acked + 1 ..= acked + windowsize` may be under way. An ACK outside `acked ..= sent` changes
//! nothing. A repeated ACK is never answered with DATA in lockstep (RFC 1123 section 4.2.3.1); with a
//! window it says that the block after it was lost, and restarts the window, once.

use crate::error::{Failure, Misuse};
use crate::negotiate::Parameters;
use crate::netascii::Position;
use crate::retry::Retry;
use crate::wire::{DATA_HEADER, Data};
use wirelore_core::Instant;

/// The largest window of a netascii transfer.
pub(crate) const NETASCII_MAX_WINDOW: usize = 64;

#[derive(Clone, Debug)]
pub(crate) struct Sender {
    parameters: Parameters,
    retry: Retry,
    state: State,
    /// The peer answered something of ours.
    verified: bool,
    /// How often the first reply may yet be sent while the peer has not.
    first_replies: u8,
    oack_due: bool,
    /// Every block up to this one was acknowledged.
    acked: u64,
    /// The block to be sent next.
    next: u64,
    /// The last block that was ever sent.
    sent: u64,
    /// The final block, once it was sent.
    last: Option<u64>,
    /// The application was asked for `next`.
    asked: bool,
    /// The window was restarted because of an ACK.
    rewound: bool,
    /// When the request was repeated or the first reply sent, to space replies.
    replied_at: Instant,
    text: Option<TextPositions>,
    /// Octets of the source up to the end of the final block.
    octets: u64,
    /// Datagrams that were sent before.
    repeated: u64,
    oack_sent: bool,
}

/// Where each block of a netascii window begins.
type TextPositions = [Position; NETASCII_MAX_WINDOW + 1];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Opening,
    Sending,
    Complete,
}

/// What an ACK or the application's block led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Nothing,
    Complete { octets: u64 },
    Failed(Failure),
}

impl Sender {
    /// `opening`: an OACK goes out first. `first_replies`: `None` when the peer is known to be there.
    pub(crate) fn new(
        parameters: Parameters,
        netascii: bool,
        mut retry: Retry,
        opening: bool,
        first_replies: Option<u8>,
    ) -> Self {
        if let Some(interval) = parameters.timeout {
            retry.negotiated(interval);
        }
        retry.disarm();
        Self {
            parameters,
            retry,
            state: if opening {
                State::Opening
            } else {
                State::Sending
            },
            verified: first_replies.is_none(),
            first_replies: first_replies.unwrap_or(0),
            oack_due: opening,
            acked: 0,
            next: 1,
            sent: 0,
            last: None,
            asked: false,
            rewound: false,
            replied_at: Instant::ORIGIN,
            text: netascii.then_some([Position::default(); NETASCII_MAX_WINDOW + 1]),
            octets: 0,
            repeated: 0,
            oack_sent: false,
        }
    }

    pub(crate) const fn repeated(&self) -> u64 {
        self.repeated
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.retry.deadline()
    }

    pub(crate) const fn is_opening(&self) -> bool {
        matches!(self.state, State::Opening)
    }

    /// Whether the OACK must be sent now; counts as sent when it is.
    pub(crate) fn take_oack(&mut self, now: Instant) -> bool {
        let due = core::mem::take(&mut self.oack_due) && self.may_send();
        if due {
            self.repeated += u64::from(core::mem::replace(&mut self.oack_sent, true));
            self.first_reply_sent(now);
            self.retry.measure(now);
            self.retry.arm(now);
        }
        due
    }

    pub(crate) fn ack(&mut self, now: Instant, number: u16) -> Sent {
        match self.state {
            State::Opening if number == 0 => {
                self.state = State::Sending;
                self.answered(now);
                return Sent::Nothing;
            }
            State::Sending => {}
            State::Opening | State::Complete => return Sent::Nothing,
        }
        let block = match self.parameters.rollover.from(self.acked, number) {
            Some(block) if block <= self.sent => block,
            _ => return Sent::Nothing,
        };
        if block == self.acked {
            if self.parameters.windowsize > 1 && self.next > block + 1 && !self.rewound {
                self.rewound = true;
                self.rewind();
            }
            return Sent::Nothing;
        }
        self.rewound = self.next > block + 1;
        self.acked = block;
        if self.rewound {
            self.retry.spoil();
        }
        self.answered(now);
        if self.last == Some(block) {
            self.state = State::Complete;
            return Sent::Complete {
                octets: self.octets,
            };
        }
        if self.next != block + 1 {
            self.rewind();
        }
        Sent::Nothing
    }

    pub(crate) fn timeout(&mut self, now: Instant) -> Sent {
        if !self.retry.expired(now) {
            return Sent::Nothing;
        }
        if self.retry.exhausted() {
            return Sent::Failed(Failure::TimedOut);
        }
        if !self.may_send() {
            // silence is all an unverified peer gets from here on; the tries run out
            self.retry.arm(now);
        } else if self.state == State::Opening {
            self.oack_due = true;
        } else {
            self.rewound = false;
            self.rewind();
        }
        Sent::Nothing
    }

    /// The client sent its request again: our first reply was lost, or is late.
    pub(crate) fn request_repeated(&mut self, now: Instant, first_replies: u8) {
        if self.verified {
            return;
        }
        self.first_replies = first_replies;
        self.retry.reset();
        if now.since(self.replied_at) < self.retry.spacing() {
            return;
        }
        if self.state == State::Opening {
            self.oack_due = true;
        } else if self.sent > 0 {
            self.rewind();
        }
    }

    /// The block the application is asked for, once: its offset in the source and how many octets
    /// it may have.
    pub(crate) fn question(&mut self) -> Option<(u64, usize)> {
        let window_end = self.acked + u64::from(self.parameters.windowsize);
        if self.state != State::Sending
            || self.asked
            || self.next > window_end.min(self.last.unwrap_or(u64::MAX))
            || !self.may_send()
        {
            return None;
        }
        self.asked = true;
        Some((self.offset(), usize::from(self.parameters.blksize)))
    }

    /// The answer to [`question`](Self::question): the packet's length in `buf`, 0 when the question
    /// is no longer open.
    pub(crate) fn block(
        &mut self,
        now: Instant,
        offset: u64,
        data: &[u8],
        last: bool,
        buf: &mut [u8],
    ) -> Result<(usize, Sent), Misuse> {
        if !self.answers(offset, data.len(), last)? {
            return Ok((0, Sent::Nothing));
        }
        let needed = DATA_HEADER + usize::from(self.parameters.blksize);
        let Some((header, payload)) = buf
            .get_mut(..needed)
            .and_then(|buf| buf.split_first_chunk_mut::<DATA_HEADER>())
        else {
            return Err(Misuse::BufferTooSmall { needed });
        };
        let (len, end) = match &mut self.text {
            None => {
                payload[..data.len()].copy_from_slice(data);
                (data.len(), offset + data.len() as u64)
            }
            Some(positions) => {
                let here = positions[slot(self.next)];
                let (len, after) = here.encode(data, payload);
                positions[slot(self.next + 1)] = after;
                (len, after.offset)
            }
        };
        match self.goes_out(now, len, end) {
            Some(first) => {
                *header = first;
                Ok((DATA_HEADER + len, Sent::Nothing))
            }
            None => Ok((0, Sent::Failed(Failure::SourceChanged))),
        }
    }

    /// As [`block`](Self::block), for octets that the caller sends behind the header itself.
    pub(crate) fn header(
        &mut self,
        now: Instant,
        offset: u64,
        len: usize,
        last: bool,
    ) -> Result<(Option<[u8; DATA_HEADER]>, Sent), Misuse> {
        if self.text.is_some() {
            return Err(Misuse::Netascii);
        }
        if !self.answers(offset, len, last)? {
            return Ok((None, Sent::Nothing));
        }
        Ok(match self.goes_out(now, len, offset + len as u64) {
            None => (None, Sent::Failed(Failure::SourceChanged)),
            header => (header, Sent::Nothing),
        })
    }

    /// Whether the question is open, and answered rightly by `len` octets of the source.
    fn answers(&self, offset: u64, len: usize, last: bool) -> Result<bool, Misuse> {
        if !self.asked || offset != self.offset() {
            return Ok(false);
        }
        let max = usize::from(self.parameters.blksize);
        if len > max {
            return Err(Misuse::BlockTooLong { max });
        }
        if len < max && !last {
            return Err(Misuse::BlockTooShort { max });
        }
        Ok(true)
    }

    /// Block `next` is sent now: `len` octets on the wire, in the source up to `end`. Its header, or
    /// `None` when it cannot be what was sent under this number before.
    fn goes_out(&mut self, now: Instant, len: usize, end: u64) -> Option<[u8; DATA_HEADER]> {
        let is_final = len < usize::from(self.parameters.blksize);
        let fits = match self.last {
            Some(known) => is_final == (known == self.next),
            None => !is_final || self.sent < self.next,
        };
        if !fits {
            return None;
        }
        let header = Data::header(self.parameters.rollover.on_wire(self.next));
        if is_final {
            self.last = Some(self.next);
            self.octets = end;
        }
        self.first_reply_sent(now);
        let ends_window =
            is_final || self.next == self.acked + u64::from(self.parameters.windowsize);
        if ends_window && self.next > self.sent {
            self.retry.measure(now);
        }
        self.retry.arm(now);
        if self.next <= self.sent {
            self.repeated += 1;
        }
        self.sent = self.sent.max(self.next);
        self.next += 1;
        self.asked = false;
        Some(header)
    }

    fn answered(&mut self, now: Instant) {
        self.verified = true;
        self.oack_due = false;
        self.retry.progress(now);
        self.retry.disarm();
    }

    fn rewind(&mut self) {
        self.next = self.acked + 1;
        self.asked = false;
        self.retry.spoil();
    }

    fn offset(&self) -> u64 {
        match &self.text {
            None => (self.next - 1).saturating_mul(u64::from(self.parameters.blksize)),
            Some(positions) => positions[slot(self.next)].offset,
        }
    }

    const fn may_send(&self) -> bool {
        self.verified || self.first_replies > 0
    }

    /// Counts one more copy of the first reply, as long as that is what is sent.
    const fn first_reply_sent(&mut self, now: Instant) {
        if !self.verified {
            self.first_replies = self.first_replies.saturating_sub(1);
            self.replied_at = now;
        }
    }
}

/// Where the position of `block` is kept: one more than a window, for the block after it.
const fn slot(block: u64) -> usize {
    (block % (NETASCII_MAX_WINDOW as u64 + 1)) as usize
}
