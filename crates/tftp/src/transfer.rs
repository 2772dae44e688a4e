//! One transfer between two addresses, whichever way the file goes.

use crate::config::Config;
use crate::error::{Failure, Misuse};
use crate::negotiate::{Parameters, Values};
use crate::receiver::{Content, Received, Receiver};
use crate::sender::{Sender, Sent};
use crate::strays::Strays;
use crate::wire::{Ack, ErrorCode, ErrorPacket, Packet, ParseError};
use wirelore_core::{DatagramMachine, Instant, Transmit};

/// What the application is told about a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'d> {
    /// The server answered a client's request; the transfer goes by these parameters. Where the
    /// answer is already DATA, its [`Write`](Self::Write) comes first.
    Started(Parameters),
    /// A block is to be sent: answer with `block`. Asked again for every retransmission, and then
    /// the answer must be the same.
    ReadBlock {
        /// Where the block begins, in octets of the source.
        offset: u64,
        /// How many octets of the source to give, fewer only at its end.
        max: usize,
    },
    /// A block came in: write it, then call `written` (or `refuse`). Only then is it acknowledged.
    /// Several may come before the first `written`; the calls count in the same order.
    Write {
        /// Where the block begins, in octets of the file as the application has it.
        offset: u64,
        /// The octets; may be none.
        content: Content<'d>,
    },
    /// The file is complete: all of it was acknowledged by the peer, or written here and the last ACK
    /// sent.
    Complete {
        /// Octets of the file as the application has it.
        octets: u64,
    },
    /// The answer to a client's question for the size, see [`Client::size`](crate::Client::size).
    Size(Option<u64>),
    /// The transfer ended without success.
    Failed {
        /// Why.
        failure: Failure,
        /// The text of the peer's ERROR, empty otherwise. Escape it before showing it.
        message: &'d [u8],
    },
}

/// One transfer as a machine with a local socket of its own.
///
/// A server makes it from an accepted request ([`Demux::detach`](crate::Demux::detach)); the client
/// is a [`Client`](crate::Client). It is over when [`is_over`](Self::is_over) says so; until then,
/// after [`Event::Complete`], it may stay to repeat its last ACK.
#[derive(Clone, Debug)]
pub struct Transfer<A> {
    peer: A,
    config: Config,
    parameters: Parameters,
    half: Half,
    /// The OACK that answers the request, in a server that accepted options.
    oack: Values,
    error_due: Option<(ErrorCode, ErrorText)>,
    /// What time or the application caused, until it is polled.
    news: Option<News>,
    first_replies: u8,
    over: bool,
    strays: Strays<A>,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // a machine must not need an allocator
pub(crate) enum Half {
    Sends(Sender),
    Receives(Receiver),
}

#[derive(Clone, Copy, Debug)]
enum News {
    Complete { octets: u64 },
    Failed(Failure),
}

impl<A: Copy + Eq> Transfer<A> {
    pub(crate) fn new(
        peer: A,
        config: Config,
        parameters: Parameters,
        half: Half,
        oack: Values,
        first_replies: u8,
    ) -> Self {
        Self {
            peer,
            config,
            parameters,
            half,
            oack,
            error_due: None,
            news: None,
            first_replies,
            over: false,
            strays: Strays::new(config.stray_replies_per_second),
        }
    }

    /// The other side.
    #[must_use]
    pub const fn peer(&self) -> A {
        self.peer
    }

    /// What the transfer goes by.
    #[must_use]
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Nothing will be sent or reported any more, once what is due was polled.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let settled = self.over && self.error_due.is_none() && self.news.is_none();
        settled
            && match &self.half {
                Half::Receives(receiver) => receiver.deadline().is_none(),
                Half::Sends(_) => true,
            }
    }

    /// The file is complete, and the transfer stays only to repeat its last ACK.
    pub(crate) const fn is_complete(&self) -> bool {
        self.over
    }

    /// The answer to [`Event::ReadBlock`]: `data` are the octets of the source from `offset` on,
    /// `last` says that none follow them. Writes the DATA packet to the start of `buf` and returns
    /// its length; send it to [`peer`](Self::peer). 0: the question is no longer open.
    ///
    /// # Errors
    /// [`Misuse`] when `data` is longer than was asked for, shorter without being the last, or `buf`
    /// is smaller than [`max_datagram`](DatagramMachine::max_datagram).
    pub fn block(
        &mut self,
        now: Instant,
        offset: u64,
        data: &[u8],
        last: bool,
        buf: &mut [u8],
    ) -> Result<usize, Misuse> {
        let Half::Sends(sender) = &mut self.half else {
            return Err(Misuse::NoSuchTransfer);
        };
        if self.over {
            return Ok(0);
        }
        let (len, sent) = sender.block(now, offset, data, last, buf)?;
        self.sent(sent);
        Ok(len)
    }

    /// The answer to [`Event::ReadBlock`] without a copy, for octet transfers: the caller sends the
    /// header that is returned and right behind it, in one datagram, the `len` octets of the source
    /// from `offset` on. `None`: the question is no longer open.
    ///
    /// # Errors
    /// As for [`block`](Self::block), and [`Misuse::Netascii`].
    pub fn header(
        &mut self,
        now: Instant,
        offset: u64,
        len: usize,
        last: bool,
    ) -> Result<Option<[u8; 4]>, Misuse> {
        let Half::Sends(sender) = &mut self.half else {
            return Err(Misuse::NoSuchTransfer);
        };
        if self.over {
            return Ok(None);
        }
        let (header, sent) = sender.header(now, offset, len, last)?;
        self.sent(sent);
        Ok(header)
    }

    /// How many datagrams were sent that had been sent before, so far.
    #[must_use]
    pub const fn retransmissions(&self) -> u64 {
        match &self.half {
            Half::Sends(sender) => sender.repeated(),
            Half::Receives(receiver) => receiver.repeated(),
        }
    }

    /// The oldest [`Event::Write`] without an answer was written. Without effect when the transfer is
    /// over.
    ///
    /// # Errors
    /// [`Misuse::NothingToWrite`] when there is none.
    pub fn written(&mut self, now: Instant) -> Result<(), Misuse> {
        let written = match &mut self.half {
            Half::Receives(receiver) => self.over || receiver.written(now),
            Half::Sends(_) => false,
        };
        written.then_some(()).ok_or(Misuse::NothingToWrite)
    }

    /// Ends the transfer: the application cannot read or write. The peer gets an ERROR with `code`
    /// and the first 80 octets of `text`, [`Event::Failed`] follows.
    pub fn refuse(&mut self, code: ErrorCode, text: &str) {
        if !self.over {
            self.fail(Failure::Refused { code }, Some((code, text)));
        }
    }

    /// The client sent its request again. Until it has answered once this allows the first reply to
    /// be sent again, at once where that is not due to a duplicate in the network.
    pub fn request_repeated(&mut self, now: Instant) {
        if self.over {
            return;
        }
        match &mut self.half {
            Half::Sends(sender) => sender.request_repeated(now, self.first_replies),
            Half::Receives(receiver) => receiver.request_repeated(now, self.first_replies),
        }
    }

    /// Like [`DatagramMachine::handle_datagram`] for a packet of the peer that was already parsed.
    pub(crate) fn packet<'d>(&mut self, now: Instant, packet: Packet<'d>) -> Option<Event<'d>> {
        if self.over {
            // repeat the last ACK, nothing else
            if let (Half::Receives(receiver), Packet::Data(data)) = (&mut self.half, packet)
                && self.error_due.is_none()
            {
                let _ = receiver.data(now, data);
            }
            return None;
        }
        match (packet, &mut self.half) {
            (Packet::Error(ErrorPacket { code, message }), half) => {
                let unanswered = match half {
                    Half::Sends(sender) => sender.is_opening(),
                    Half::Receives(receiver) => receiver.is_opening(),
                };
                let failure = if unanswered && !self.oack.is_empty() {
                    Failure::OptionsDeclined { code }
                } else {
                    Failure::Peer { code }
                };
                self.fail(failure, None);
                self.news = None;
                Some(Event::Failed { failure, message })
            }
            (Packet::Ack(Ack { block }), Half::Sends(sender)) => {
                let sent = sender.ack(now, block);
                self.sent(sent);
                self.poll_news()
            }
            (Packet::Data(data), Half::Receives(receiver)) => match receiver.data(now, data) {
                Received::Nothing => None,
                Received::Write { offset, content } => Some(Event::Write { offset, content }),
                Received::Failed(failure) => {
                    self.fail_by_rule(failure);
                    self.poll_news()
                }
            },
            (Packet::Oack(_), Half::Receives(receiver)) if self.first_replies == 0 => {
                // we are the client, and the server missed our ACK 0
                receiver.request_repeated(now, 0);
                None
            }
            // what a delayed datagram of an earlier transfer between the same ports can be
            _ => None,
        }
    }

    fn sent(&mut self, sent: Sent) {
        match sent {
            Sent::Nothing => {}
            Sent::Complete { octets } => {
                self.over = true;
                self.news = Some(News::Complete { octets });
            }
            Sent::Failed(failure) => self.fail_by_rule(failure),
        }
    }

    /// Ends the transfer with the ERROR that the failure calls for.
    pub(crate) fn fail_by_rule(&mut self, failure: Failure) {
        let reply = match failure {
            // an ERROR is never answered, however badly it is formed
            Failure::Malformed(ParseError::TruncatedError { .. }) => None,
            Failure::Malformed(_) | Failure::BlockTooLong { .. } => {
                Some((ErrorCode::ILLEGAL_OPERATION, "incorrectly formed packet"))
            }
            Failure::TooLarge { .. } => Some((ErrorCode::DISK_FULL, "file too large")),
            Failure::SourceChanged => Some((ErrorCode::NOT_DEFINED, "file changed")),
            Failure::Rollover => Some((ErrorCode::NOT_DEFINED, "block numbers do not match")),
            _ => None,
        };
        self.fail(failure, reply);
    }

    fn fail(&mut self, failure: Failure, reply: Option<(ErrorCode, &str)>) {
        self.over = true;
        self.news = Some(News::Failed(failure));
        self.error_due = reply.map(|(code, text)| (code, ErrorText::new(text)));
        if let Half::Receives(receiver) = &mut self.half {
            receiver.abandon();
        }
    }

    fn poll_news(&mut self) -> Option<Event<'static>> {
        Some(match self.news.take()? {
            News::Complete { octets } => Event::Complete { octets },
            News::Failed(failure) => Event::Failed {
                failure,
                message: &[],
            },
        })
    }

    /// Writes what the half has to send: OACK or ACK.
    fn reply(&mut self, now: Instant, buf: &mut [u8]) -> Option<usize> {
        let block = match &mut self.half {
            Half::Sends(sender) => (!self.over && sender.take_oack(now)).then_some(0)?,
            Half::Receives(receiver) => {
                let (block, complete) = receiver.take_ack(now)?;
                if complete {
                    self.over = true;
                    self.news = Some(News::Complete {
                        octets: receiver.octets(),
                    });
                }
                block
            }
        };
        if block == 0 && !self.oack.is_empty() {
            return self.oack.encode(buf).ok();
        }
        let block = self.parameters.rollover.on_wire(block);
        Packet::Ack(Ack { block }).encode(buf).ok()
    }
}

impl<A: Copy + Eq> DatagramMachine<A> for Transfer<A> {
    type Event<'d> = Event<'d>;

    fn handle_datagram<'d>(
        &mut self,
        now: Instant,
        from: A,
        datagram: &'d [u8],
    ) -> Option<Event<'d>> {
        let parsed = Packet::parse(datagram);
        if from != self.peer {
            self.strays.came(now, from, &parsed);
            return None;
        }
        match parsed {
            Ok(packet) => self.packet(now, packet),
            Err(_) if self.config.ignore_malformed || self.over => None,
            // nobody's packet: as good as never sent
            Err(ParseError::Truncated { len: 0 | 1 }) => None,
            Err(error) => {
                self.fail_by_rule(Failure::Malformed(error));
                self.poll_news()
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        match &mut self.half {
            Half::Sends(sender) if !self.over => {
                let sent = sender.timeout(now);
                self.sent(sent);
            }
            Half::Sends(_) => {}
            Half::Receives(receiver) => {
                if let Received::Failed(failure) = receiver.timeout(now) {
                    self.fail_by_rule(failure);
                }
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match &self.half {
            Half::Sends(sender) if !self.over => sender.deadline(),
            Half::Sends(_) => None,
            Half::Receives(receiver) => receiver.deadline(),
        }
    }

    fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Transmit<A>> {
        if let Some((code, text)) = self.error_due.take() {
            let packet = ErrorPacket {
                code,
                message: text.as_bytes(),
            };
            return Packet::Error(packet)
                .encode(buf)
                .ok()
                .map(|len| Transmit::one(self.peer, len));
        }
        if let Some(len) = self.reply(now, buf) {
            return Some(Transmit::one(self.peer, len));
        }
        self.strays.poll_transmit(buf)
    }

    fn poll_event(&mut self) -> Option<Event<'static>> {
        if self.news.is_some() {
            return self.poll_news();
        }
        match &mut self.half {
            Half::Sends(sender) if !self.over => {
                let (offset, max) = sender.question()?;
                Some(Event::ReadBlock { offset, max })
            }
            _ => None,
        }
    }

    fn max_datagram(&self) -> usize {
        max_datagram(self.parameters.blksize)
    }
}

/// Room for DATA of this block size, and for any OACK or ERROR.
pub(crate) const fn max_datagram(blksize: u16) -> usize {
    let data = crate::wire::DATA_HEADER + blksize as usize;
    if data > 516 { data } else { 516 }
}

/// The text of an ERROR to be sent, cut to 80 octets; a NUL ends it.
#[derive(Clone, Copy)]
pub(crate) struct ErrorText {
    octets: [u8; 80],
    len: u8,
}

impl core::fmt::Debug for ErrorText {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?}", core::str::from_utf8(self.as_bytes()))
    }
}

impl ErrorText {
    pub(crate) fn new(text: &str) -> Self {
        let text = text.split('\0').next().unwrap_or("");
        let mut end = text.len().min(80);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut octets = [0; 80];
        octets[..end].copy_from_slice(&text.as_bytes()[..end]);
        Self {
            octets,
            len: end as u8,
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }
}
