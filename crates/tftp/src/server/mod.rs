//! The server's side: requests at the listening port, and in single-port mode all transfers.
//!
//! A request takes a slot and is reported; the application looks at who wants what and answers with
//! `accept` (the transfer goes on in the slot, over the listening socket), `detach` (the transfer
//! goes on elsewhere, over a socket of its own) or `deny`.

mod slot;

use crate::config::{Config, ServerConfig};
use crate::error::{Failure, Misuse};
use crate::negotiate::{Parameters, Values};
use crate::receiver::Receiver;
use crate::retry::Retry;
use crate::sender::Sender;
use crate::strays::Strays;
use crate::transfer::{ErrorText, Event, Half, Transfer, max_datagram};
use crate::wire::{Direction, ErrorCode, ErrorPacket, Mode, Packet, ParseError, Request};
use core::marker::PhantomData;
use slot::{Asked, Entry, Stage};
use wirelore_core::{DatagramMachine, Instant, Transmit};

pub use slot::{Slot, TransferId};

/// What the application is told by a [`Demux`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent<'d, A> {
    /// A client asks for a file or offers one. Answer with [`accept`](Demux::accept),
    /// [`detach`](Demux::detach) or [`deny`](Demux::deny), now or later; until then repetitions of
    /// the request are dropped.
    Request {
        /// What the transfer is called from now on.
        id: TransferId,
        /// Who asks.
        peer: A,
        /// For what: direction, name, mode (octet or netascii), options as written.
        request: Request<'d>,
    },
    /// Something about a transfer in a slot.
    Transfer {
        /// Which one.
        id: TransferId,
        /// What.
        event: Event<'d>,
    },
    /// The client of a detached transfer sent its request again: call
    /// [`Transfer::request_repeated`].
    Repeated {
        /// Which one.
        id: TransferId,
    },
    /// The same client made another request before this transfer was over; the transfer is gone.
    Superseded {
        /// Which one.
        id: TransferId,
    },
    /// A request was not reported; for logs.
    Refused {
        /// Who asked.
        peer: A,
        /// Why.
        why: RefusedRequest,
    },
}

/// Why a request was not reported to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusedRequest {
    /// It is malformed; answered with ERROR 4, as often as
    /// [`stray_replies_per_second`](Config::stray_replies_per_second) allows.
    Malformed(ParseError),
    /// Its mode is `mail` (deprecated by RFC 1350) or unknown; answered with ERROR 4.
    Mode(Mode),
    /// Every slot is taken, or too much is in flight; dropped, the client asks again.
    Full,
}

/// What the application grants to a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// Read requests: octets of the file on the wire, the answer to `tsize`; for netascii count them
    /// with [`netascii::encoded_len`](crate::netascii::encoded_len). Unknown: `tsize` is left out.
    pub size: Option<u64>,
    /// Write requests: the most octets to take; more are refused with ERROR 3, at once where the
    /// client announces them.
    pub max_size: Option<u64>,
}

impl Grant {
    /// A file to read, of this size on the wire.
    #[must_use]
    pub const fn read(size: Option<u64>) -> Self {
        Self {
            size,
            max_size: None,
        }
    }

    /// A file to write, of at most this size on the wire.
    #[must_use]
    pub const fn write(max_size: Option<u64>) -> Self {
        Self {
            size: None,
            max_size,
        }
    }
}

/// A listening port as a machine: knows requests from repetitions, bounds the number of clients and
/// the octets in flight, and routes by peer.
///
/// `S` is the table of slots in the caller's memory (`[Slot<A, F>; N]`, `Vec<Slot<A, F>>`,
/// `&mut [Slot<A, F>]`): its length is the number of clients at a time. `F` is whatever the
/// application keeps for a transfer: an open file, a slice of a virtual one. It is dropped with the
/// slot. To decide or route by local address too, let `A` be the pair of both.
///
/// Datagrams that were sent to a broadcast address must not be given to the machine (RFC 1123
/// section 4.2.3.5): a socket bound to a unicast address receives none.
#[derive(Debug)]
pub struct Demux<A, F, S> {
    config: ServerConfig,
    slots: S,
    /// An ERROR to somebody who has no slot.
    reply: Option<(A, ErrorCode, &'static str)>,
    superseded: Option<TransferId>,
    strays: Strays<A>,
    events: Marked,
    transmits: Marked,
    transfers: u64,
    file: PhantomData<F>,
}

/// Which slots may have something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marked {
    None,
    One(usize),
    Any,
}

impl Marked {
    const fn mark(&mut self, index: usize) {
        *self = match *self {
            Self::One(other) if other == index => Self::One(index),
            Self::None => Self::One(index),
            _ => Self::Any,
        };
    }

    /// The slots to look at, of `len`.
    const fn range(self, len: usize) -> core::ops::Range<usize> {
        match self {
            Self::None => 0..0,
            Self::One(index) => index..index + 1,
            Self::Any => 0..len,
        }
    }
}

impl<A, F, S> Demux<A, F, S>
where
    A: Copy + Eq,
    S: AsRef<[Slot<A, F>]> + AsMut<[Slot<A, F>]>,
{
    /// A server with the given table of slots.
    #[must_use]
    pub const fn new(config: ServerConfig, slots: S) -> Self {
        Self {
            config,
            slots,
            reply: None,
            superseded: None,
            strays: Strays::new(config.transfer.stray_replies_per_second),
            events: Marked::None,
            transmits: Marked::None,
            transfers: 0,
            file: PhantomData,
        }
    }

    /// Accepts a reported request: the transfer goes on in its slot, over the listening socket.
    ///
    /// # Errors
    /// [`Misuse::NoSuchTransfer`] when `id` is no request without an answer.
    pub fn accept(&mut self, id: TransferId, file: F, grant: Grant) -> Result<Parameters, Misuse> {
        let transfer = self.negotiate(id, grant)?;
        let parameters = *transfer.parameters();
        let entry = self.entry_mut(id).ok_or(Misuse::NoSuchTransfer)?;
        entry.stage = Stage::Running(transfer);
        entry.file = Some(file);
        self.mark(id.index());
        Ok(parameters)
    }

    /// Accepts a reported request: the transfer is the caller's, over a socket of its own. The slot
    /// stays taken, so that repetitions of the request are known, until [`release`](Self::release).
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    pub fn detach(&mut self, id: TransferId, grant: Grant) -> Result<Transfer<A>, Misuse> {
        let transfer = self.negotiate(id, grant)?;
        let parameters = transfer.parameters();
        let octets = u64::from(parameters.blksize) * u64::from(parameters.windowsize);
        let entry = self.entry_mut(id).ok_or(Misuse::NoSuchTransfer)?;
        entry.stage = Stage::Detached { octets };
        Ok(transfer)
    }

    /// A detached transfer is over.
    ///
    /// # Errors
    /// [`Misuse::NoSuchTransfer`] when `id` is not detached.
    pub fn release(&mut self, id: TransferId) -> Result<(), Misuse> {
        match self.entry_mut(id) {
            Some(entry) if matches!(entry.stage, Stage::Detached { .. }) => {
                self.slots.as_mut()[id.index()].clear();
                Ok(())
            }
            _ => Err(Misuse::NoSuchTransfer),
        }
    }

    /// Denies a reported request with an ERROR of `code` and the first 80 octets of `text`.
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    pub fn deny(&mut self, id: TransferId, code: ErrorCode, text: &str) -> Result<(), Misuse> {
        match self.entry_mut(id) {
            Some(entry) if matches!(entry.stage, Stage::Asked(_)) => {
                entry.stage = Stage::Denied(code, ErrorText::new(text));
                self.mark(id.index());
                Ok(())
            }
            _ => Err(Misuse::NoSuchTransfer),
        }
    }

    /// The answer to [`Event::ReadBlock`], see [`Transfer::block`]: send the packet to
    /// [`peer`](Self::peer).
    ///
    /// # Errors
    /// As for [`Transfer::block`], and [`Misuse::NoSuchTransfer`].
    pub fn block(
        &mut self,
        now: Instant,
        id: TransferId,
        offset: u64,
        data: &[u8],
        last: bool,
        buf: &mut [u8],
    ) -> Result<usize, Misuse> {
        self.running(id)?.block(now, offset, data, last, buf)
    }

    /// The oldest [`Event::Write`] of the transfer without an answer was written.
    ///
    /// # Errors
    /// [`Misuse::NothingToWrite`], [`Misuse::NoSuchTransfer`].
    pub fn written(&mut self, now: Instant, id: TransferId) -> Result<(), Misuse> {
        self.running(id)?.written(now)
    }

    /// Ends a transfer, see [`Transfer::refuse`].
    ///
    /// # Errors
    /// [`Misuse::NoSuchTransfer`].
    pub fn refuse(&mut self, id: TransferId, code: ErrorCode, text: &str) -> Result<(), Misuse> {
        self.running(id)?.refuse(code, text);
        Ok(())
    }

    /// What the application keeps for the transfer; it is there from `accept` until the first
    /// `poll_*` call after the transfer is over.
    pub fn file(&mut self, id: TransferId) -> Option<&mut F> {
        self.entry_mut(id)?.file.as_mut()
    }

    /// The client of a transfer.
    #[must_use]
    pub fn peer(&self, id: TransferId) -> Option<A> {
        let slot = self.slots.as_ref().get(id.index())?;
        slot.entry(id).map(|entry| entry.peer)
    }

    /// What a transfer in a slot goes by.
    #[must_use]
    pub fn parameters(&self, id: TransferId) -> Option<&Parameters> {
        match &self.slots.as_ref().get(id.index())?.entry(id)?.stage {
            Stage::Running(transfer) => Some(transfer.parameters()),
            _ => None,
        }
    }

    /// How many slots are taken.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.slots
            .as_ref()
            .iter()
            .filter(|slot| slot.is_taken())
            .count()
    }

    /// Room for every datagram that may come in: one octet more than the largest, so that a longer
    /// one is seen to be too long.
    #[must_use]
    pub fn receive_buffer(&self) -> usize {
        max_datagram(self.config.max_blksize) + 1
    }

    fn entry_mut(&mut self, id: TransferId) -> Option<&mut Entry<A, F>> {
        self.slots.as_mut().get_mut(id.index())?.entry_mut(id)
    }

    fn running(&mut self, id: TransferId) -> Result<&mut Transfer<A>, Misuse> {
        self.mark(id.index());
        match self.entry_mut(id) {
            Some(Entry {
                stage: Stage::Running(transfer),
                ..
            }) => Ok(transfer),
            _ => Err(Misuse::NoSuchTransfer),
        }
    }

    fn mark(&mut self, index: usize) {
        if index < self.slots.as_ref().len() {
            self.events.mark(index);
            self.transmits.mark(index);
        }
    }

    fn octets_in_flight(&self) -> u64 {
        self.slots.as_ref().iter().map(Slot::octets_in_flight).sum()
    }

    fn negotiate(&mut self, id: TransferId, grant: Grant) -> Result<Transfer<A>, Misuse> {
        // what this request was counted with before is its own
        let room = (self.config.max_octets_in_flight)
            .saturating_sub(self.octets_in_flight().saturating_sub(512));
        let (peer, asked) = match self.entry_mut(id) {
            Some(Entry {
                peer,
                stage: Stage::Asked(asked),
                ..
            }) => (*peer, *asked),
            _ => return Err(Misuse::NoSuchTransfer),
        };
        let config = ServerConfig {
            max_blksize: self
                .config
                .max_blksize
                .min(u16::try_from(room).unwrap_or(u16::MAX)),
            ..self.config
        };
        let Asked {
            direction,
            mode,
            values,
        } = asked;
        let oack = values.granted(&config, direction, mode, grant.size, room);
        let parameters = Parameters::from_values(&oack, config.transfer.rollover);
        self.transfers += 1;
        let transfer_config = Config {
            seed: config
                .transfer
                .seed
                .wrapping_add(self.transfers.wrapping_mul(0x9e37_79b9)),
            ..config.transfer
        };
        let retry = Retry::new(transfer_config.timing, transfer_config.seed);
        let netascii = mode == Mode::Netascii;
        let replies = config.first_replies.max(1);
        let half = match direction {
            Direction::Read => {
                let opening = !oack.is_empty();
                Half::Sends(Sender::new(
                    parameters,
                    netascii,
                    retry,
                    opening,
                    Some(replies),
                ))
            }
            Direction::Write => Half::Receives(Receiver::new(
                parameters,
                netascii,
                retry,
                true,
                Some(replies),
                grant.max_size,
            )),
        };
        let mut transfer = Transfer::new(peer, transfer_config, parameters, half, oack, replies);
        if let (Direction::Write, Some(limit), Some(announced)) =
            (direction, grant.max_size, parameters.tsize)
            && announced > limit
        {
            transfer.fail_by_rule(Failure::TooLarge { limit });
        }
        Ok(transfer)
    }

    /// A datagram from somebody who has no slot, or a new request from somebody who has one.
    fn outsider<'d>(
        &mut self,
        now: Instant,
        from: A,
        datagram: &'d [u8],
        parsed: Result<Packet<'d>, ParseError>,
    ) -> Option<ServerEvent<'d, A>> {
        let request = match parsed {
            Ok(Packet::Request(request)) => request,
            Ok(Packet::Error(_)) => return None,
            Ok(_) => {
                if self.strays.may_reply(now) {
                    let code = ErrorCode::UNKNOWN_TRANSFER_ID;
                    self.reply = Some((from, code, "unknown transfer ID"));
                }
                return None;
            }
            Err(error) => {
                let code = error.reply_hint()?;
                if self.strays.may_reply(now) {
                    self.reply = Some((from, code, "incorrectly formed packet"));
                }
                return Some(ServerEvent::Refused {
                    peer: from,
                    why: RefusedRequest::Malformed(error),
                });
            }
        };
        let refused = |why| Some(ServerEvent::Refused { peer: from, why });
        let mode = request.mode();
        if !matches!(mode, Mode::Octet | Mode::Netascii) {
            let text = match mode {
                Mode::Mail => "mail is not supported",
                _ => "unknown mode",
            };
            self.reply = Some((from, ErrorCode::ILLEGAL_OPERATION, text));
            return refused(RefusedRequest::Mode(mode));
        }
        let in_flight = self.octets_in_flight() + 512;
        let free = self.slots.as_ref().iter().position(|slot| !slot.is_taken());
        let Some(index) = free.filter(|_| in_flight <= self.config.max_octets_in_flight) else {
            return refused(RefusedRequest::Full);
        };
        let id = self.slots.as_mut()[index].take(
            index,
            Entry {
                peer: from,
                fingerprint: slot::fingerprint(datagram),
                stage: Stage::Asked(Asked {
                    direction: request.direction,
                    mode,
                    values: Values::requested(request.options),
                }),
                file: None,
            },
        );
        Some(ServerEvent::Request {
            id,
            peer: from,
            request,
        })
    }

    /// Takes one thing from the marked slots; frees those that have nothing more to say.
    fn poll_slots<T>(
        &mut self,
        range: core::ops::Range<usize>,
        mut poll: impl FnMut(TransferId, &mut Entry<A, F>) -> Option<T>,
    ) -> Option<T> {
        for index in range {
            let slot = &mut self.slots.as_mut()[index];
            let Some((id, entry)) = slot.taken(index) else {
                continue;
            };
            if let Some(found) = poll(id, entry) {
                return Some(found);
            }
            if entry.is_over() {
                slot.clear();
            }
        }
        None
    }
}

impl<A, F, S> DatagramMachine<A> for Demux<A, F, S>
where
    A: Copy + Eq,
    S: AsRef<[Slot<A, F>]> + AsMut<[Slot<A, F>]>,
{
    type Event<'d> = ServerEvent<'d, A>;

    fn handle_datagram<'d>(
        &mut self,
        now: Instant,
        from: A,
        datagram: &'d [u8],
    ) -> Option<ServerEvent<'d, A>> {
        let parsed = Packet::parse(datagram);
        let is_from = |slot: &Slot<A, F>| slot.peer() == Some(from);
        let Some(index) = self.slots.as_ref().iter().position(is_from) else {
            return self.outsider(now, from, datagram, parsed);
        };
        self.mark(index);
        let slot = &mut self.slots.as_mut()[index];
        let (id, entry) = slot.taken(index)?;
        if let Ok(Packet::Request(_)) = parsed {
            let again = entry.fingerprint == slot::fingerprint(datagram);
            match &mut entry.stage {
                // of a complete transfer, a late duplicate: a second transfer would deny the client its
                // last ACK, and write the file anew
                Stage::Running(transfer) if again => {
                    transfer.request_repeated(now);
                    return None;
                }
                Stage::Detached { .. } if again => return Some(ServerEvent::Repeated { id }),
                Stage::Asked(_) | Stage::Denied(..) if again => return None,
                // dallying is no reason to let another request wait
                Stage::Running(transfer) if transfer.is_complete() => {}
                Stage::Denied(..) | Stage::Over => {}
                _ => self.superseded = Some(id),
            }
            self.slots.as_mut()[index].clear();
            return self.outsider(now, from, datagram, parsed);
        }
        match &mut entry.stage {
            Stage::Running(transfer) => transfer
                .handle_datagram(now, from, datagram)
                .map(|event| ServerEvent::Transfer { id, event }),
            Stage::Detached { .. } => self.outsider(now, from, datagram, parsed),
            Stage::Asked(_) | Stage::Denied(..) | Stage::Over => None,
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        for slot in self.slots.as_mut() {
            if let Some(transfer) = slot.transfer_mut() {
                transfer.handle_timeout(now);
            }
        }
        self.events = Marked::Any;
        self.transmits = Marked::Any;
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = self.slots.as_ref().iter().filter_map(Slot::deadline);
        deadlines.min()
    }

    fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Transmit<A>> {
        if let Some((to, code, text)) = self.reply.take() {
            let message = text.as_bytes();
            let len = Packet::Error(ErrorPacket { code, message })
                .encode(buf)
                .ok()?;
            return Some(Transmit::one(to, len));
        }
        let range = self.transmits.range(self.slots.as_ref().len());
        let found = self.poll_slots(range, |id, entry| {
            let transmit = entry.poll_transmit(now, buf)?;
            Some((id, transmit))
        });
        match found {
            Some((id, transmit)) => {
                // sending the last ACK completes a transfer
                self.events.mark(id.index());
                Some(transmit)
            }
            None => {
                self.transmits = Marked::None;
                None
            }
        }
    }

    fn poll_event(&mut self) -> Option<ServerEvent<'static, A>> {
        if let Some(id) = self.superseded.take() {
            return Some(ServerEvent::Superseded { id });
        }
        let range = self.events.range(self.slots.as_ref().len());
        let found = self.poll_slots(range, |id, entry| match &mut entry.stage {
            Stage::Running(transfer) => transfer
                .poll_event()
                .map(|event| ServerEvent::Transfer { id, event }),
            _ => None,
        });
        if found.is_none() {
            self.events = Marked::None;
        }
        found
    }

    fn max_datagram(&self) -> usize {
        max_datagram(self.config.max_blksize)
    }
}
