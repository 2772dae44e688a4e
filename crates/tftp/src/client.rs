//! The user's side: asks for a file or offers one.
//!
//! ```text
//!              OACK, DATA 1 or ACK 0
//!  Requesting -----------------------> Transferring ----> over
//!    |  ^ \                             (a Transfer)
//!    +--+  \---> over (ERROR, no answer, or the size was all that was asked for)
//!  request again: after a wait, or without options after an ERROR
//! ```

use crate::config::ClientConfig;
use crate::error::{Failure, Misuse};
use crate::negotiate::{Parameters, Values};
use crate::receiver::Receiver;
use crate::retry::Retry;
use crate::sender::Sender;
use crate::strays::Strays;
use crate::transfer::{Event, Half, Transfer, max_datagram};
use crate::wire::{
    Ack, Data, Direction, ErrorCode, ErrorPacket, MAX_REQUEST, Mode, OptionName, Packet,
};
use wirelore_core::{DatagramMachine, Instant, Transmit};

/// An address that knows which host it belongs to. A server answers from a port other than the one
/// it was asked at; the client takes the first answer from the same host.
pub trait Address: Copy + Eq {
    /// Whether the two addresses belong to one host.
    fn same_host(self, other: Self) -> bool;
}

impl Address for core::net::SocketAddr {
    fn same_host(self, other: Self) -> bool {
        self.ip().to_canonical() == other.ip().to_canonical()
    }
}

impl Address for core::net::SocketAddrV4 {
    fn same_host(self, other: Self) -> bool {
        self.ip() == other.ip()
    }
}

/// A host number in the upper half, a port in the lower; for tests and closed systems.
impl Address for u32 {
    fn same_host(self, other: Self) -> bool {
        self >> 16 == other >> 16
    }
}

/// A client's conversation with a server, from the request to the end of the transfer.
///
/// It borrows the file name, which must outlive it. Make it with [`get`](Self::get),
/// [`put`](Self::put) or [`size`](Self::size); then drain, wait and feed it as the
/// [`DatagramMachine`] contract has it, and answer [`Event::ReadBlock`] and [`Event::Write`]. It is
/// over when [`is_over`](Self::is_over) says so.
#[derive(Clone, Debug)]
pub struct Client<'n, A> {
    server: A,
    config: ClientConfig,
    purpose: Purpose,
    filename: &'n [u8],
    mode: Mode,
    offered: Values,
    stage: Stage<A>,
    retry: Retry,
    request_due: bool,
    /// This request was sent.
    requested: bool,
    /// How often a request was sent again.
    repeated: u64,
    /// An ERROR to one address, after which nothing follows.
    farewell: Option<(A, ErrorCode, &'static str)>,
    started: Option<Parameters>,
    failed: Option<Failure>,
    strays: Strays<A>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Get,
    Put,
    Size,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // a machine must not need an allocator
enum Stage<A> {
    Requesting,
    Transferring(Transfer<A>),
    Over,
}

impl<'n, A: Address> Client<'n, A> {
    /// Asks `server` (the address it listens at) for the file.
    ///
    /// # Errors
    /// [`Misuse::BadRequest`] when the name has a NUL or the request is longer than 512 octets, or
    /// the mode is not octet or netascii.
    pub fn get(
        server: A,
        filename: &'n [u8],
        mode: Mode,
        config: ClientConfig,
    ) -> Result<Self, Misuse> {
        Self::new(server, filename, mode, Purpose::Get, None, config)
    }

    /// Offers the file to `server`. `size` is its size on the wire (for netascii, count with
    /// [`netascii::encoded_len`](crate::netascii::encoded_len)); without it `tsize` is left out.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub fn put(
        server: A,
        filename: &'n [u8],
        mode: Mode,
        size: Option<u64>,
        config: ClientConfig,
    ) -> Result<Self, Misuse> {
        Self::new(server, filename, mode, Purpose::Put, size, config)
    }

    /// Asks only for the size of the file, as boot firmware does: requests it with `tsize`, reports
    /// [`Event::Size`] and ends the transfer with ERROR 8.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub fn size(
        server: A,
        filename: &'n [u8],
        mode: Mode,
        config: ClientConfig,
    ) -> Result<Self, Misuse> {
        let config = ClientConfig {
            tsize: true,
            windowsize: None,
            ..config
        };
        Self::new(server, filename, mode, Purpose::Size, None, config)
    }

    fn new(
        server: A,
        filename: &'n [u8],
        mode: Mode,
        purpose: Purpose,
        size: Option<u64>,
        config: ClientConfig,
    ) -> Result<Self, Misuse> {
        let direction = match purpose {
            Purpose::Get | Purpose::Size => Direction::Read,
            Purpose::Put => Direction::Write,
        };
        let client = Self {
            server,
            config,
            purpose,
            filename,
            mode,
            offered: Values::offered(&config, direction, mode, size),
            stage: Stage::Requesting,
            retry: Retry::new(config.transfer.timing, config.transfer.seed),
            request_due: true,
            requested: false,
            repeated: 0,
            farewell: None,
            started: None,
            failed: None,
            strays: Strays::new(config.transfer.stray_replies_per_second),
        };
        let mode_fits = matches!(mode, Mode::Octet | Mode::Netascii);
        match client.encode_request(&mut [0; MAX_REQUEST]) {
            Some(_) if mode_fits => Ok(client),
            _ => Err(Misuse::BadRequest),
        }
    }

    /// The address the transfer goes on with, once the server has answered.
    #[must_use]
    pub const fn peer(&self) -> Option<A> {
        match &self.stage {
            Stage::Transferring(transfer) => Some(transfer.peer()),
            _ => None,
        }
    }

    /// What the transfer goes by, once the server has answered.
    #[must_use]
    pub const fn parameters(&self) -> Option<&Parameters> {
        match &self.stage {
            Stage::Transferring(transfer) => Some(transfer.parameters()),
            _ => None,
        }
    }

    /// Nothing will be sent or reported any more, once what is due was polled.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.farewell.is_none()
            && self.failed.is_none()
            && match &self.stage {
                Stage::Requesting => false,
                Stage::Transferring(transfer) => transfer.is_over(),
                Stage::Over => true,
            }
    }

    /// The answer to [`Event::ReadBlock`], see [`Transfer::block`]; send the packet to
    /// [`peer`](Self::peer).
    ///
    /// # Errors
    /// As for [`Transfer::block`].
    pub fn block(
        &mut self,
        now: Instant,
        offset: u64,
        data: &[u8],
        last: bool,
        buf: &mut [u8],
    ) -> Result<usize, Misuse> {
        match &mut self.stage {
            Stage::Transferring(transfer) => transfer.block(now, offset, data, last, buf),
            _ => Ok(0),
        }
    }

    /// The answer to [`Event::ReadBlock`] without a copy, see [`Transfer::header`].
    ///
    /// # Errors
    /// As for [`Transfer::header`].
    pub fn header(
        &mut self,
        now: Instant,
        offset: u64,
        len: usize,
        last: bool,
    ) -> Result<Option<[u8; 4]>, Misuse> {
        match &mut self.stage {
            Stage::Transferring(transfer) => transfer.header(now, offset, len, last),
            _ => Ok(None),
        }
    }

    /// How many datagrams were sent that had been sent before, so far: requests too.
    #[must_use]
    pub const fn retransmissions(&self) -> u64 {
        self.repeated
            + match &self.stage {
                Stage::Transferring(transfer) => transfer.retransmissions(),
                _ => 0,
            }
    }

    /// The oldest [`Event::Write`] without an answer was written.
    ///
    /// # Errors
    /// [`Misuse::NothingToWrite`] when there is none.
    pub fn written(&mut self, now: Instant) -> Result<(), Misuse> {
        match &mut self.stage {
            Stage::Transferring(transfer) => transfer.written(now),
            _ => Err(Misuse::NothingToWrite),
        }
    }

    /// Gives up: the server gets an ERROR if it has answered already.
    pub fn refuse(&mut self, code: ErrorCode, text: &str) {
        match &mut self.stage {
            Stage::Transferring(transfer) => transfer.refuse(code, text),
            Stage::Requesting => self.fail(Failure::Refused { code }),
            Stage::Over => {}
        }
    }

    fn encode_request(&self, buf: &mut [u8]) -> Option<usize> {
        let direction = match self.purpose {
            Purpose::Get | Purpose::Size => Direction::Read,
            Purpose::Put => Direction::Write,
        };
        let mode: &[u8] = match self.mode {
            Mode::Netascii => b"netascii",
            _ => b"octet",
        };
        self.offered
            .encode_request(direction, self.filename, mode, buf)
            .ok()
    }

    fn fail(&mut self, failure: Failure) {
        self.stage = Stage::Over;
        self.retry.disarm();
        self.request_due = false;
        self.failed = Some(failure);
    }

    /// The first packet from the server's host.
    fn answer<'d>(&mut self, now: Instant, from: A, packet: Packet<'d>) -> Option<Event<'d>> {
        match (packet, self.purpose) {
            (Packet::Error(error), _) => return self.error(error),
            (Packet::Oack(oack), _) => match self.offered.accepted(oack.options) {
                // an OACK acknowledges something (RFC 2347); without requested options it is bad
                Some(values) if !self.offered.is_empty() => {
                    if self.purpose == Purpose::Size {
                        return Some(self.size_is(from, values.of(OptionName::Tsize)));
                    }
                    let size = values.of(OptionName::Tsize);
                    let limit = self.config.max_size.unwrap_or(u64::MAX);
                    if self.purpose == Purpose::Get && size > Some(limit) {
                        self.fail(Failure::TooLarge { limit });
                        self.farewell = Some((from, ErrorCode::DISK_FULL, "file too large"));
                        return None;
                    }
                    self.start(now, from, &values, true);
                }
                _ => {
                    self.fail(Failure::BadOack);
                    self.farewell = Some((from, ErrorCode::OPTIONS_REFUSED, "options refused"));
                    return None;
                }
            },
            (Packet::Data(Data { block: 1, .. }), Purpose::Size) => {
                return Some(self.size_is(from, None));
            }
            (Packet::Data(Data { block: 1, .. }), Purpose::Get) => {
                self.start(now, from, &Values::default(), false);
                if let Stage::Transferring(transfer) = &mut self.stage {
                    let event = transfer.packet(now, packet);
                    if matches!(event, Some(Event::Failed { .. })) {
                        self.started = None;
                    }
                    return event;
                }
            }
            (Packet::Ack(Ack { block: 0 }), Purpose::Put) => {
                self.start(now, from, &Values::default(), false);
            }
            _ => return None,
        }
        self.started.take().map(Event::Started)
    }

    fn error<'d>(&mut self, error: ErrorPacket<'d>) -> Option<Event<'d>> {
        let may_be_options = matches!(
            error.code,
            ErrorCode::NOT_DEFINED | ErrorCode::ILLEGAL_OPERATION | ErrorCode::OPTIONS_REFUSED
        );
        let plain_size = self.purpose == Purpose::Size;
        if self.config.fall_back && may_be_options && !self.offered.is_empty() && !plain_size {
            self.offered = Values::default();
            self.requested = false;
            self.retry.reset();
            self.request_due = true;
            return None;
        }
        let failure = Failure::Peer { code: error.code };
        self.fail(failure);
        self.failed = None;
        Some(Event::Failed {
            failure,
            message: error.message,
        })
    }

    fn size_is(&mut self, from: A, size: Option<u64>) -> Event<'static> {
        self.stage = Stage::Over;
        self.retry.disarm();
        let text = "only the size was asked for";
        self.farewell = Some((from, ErrorCode::OPTIONS_REFUSED, text));
        Event::Size(size)
    }

    fn start(&mut self, now: Instant, peer: A, values: &Values, oack: bool) {
        self.retry.progress(now);
        let retry = self.retry.clone();
        self.retry.disarm();
        self.request_due = false;
        let parameters = Parameters::from_values(values, self.config.transfer.rollover);
        let netascii = self.mode == Mode::Netascii;
        let half = match self.purpose {
            Purpose::Put => Half::Sends(Sender::new(parameters, netascii, retry, false, None)),
            _ => {
                let limit = self.config.max_size;
                Half::Receives(Receiver::new(
                    parameters, netascii, retry, oack, None, limit,
                ))
            }
        };
        self.stage = Stage::Transferring(Transfer::new(
            peer,
            self.config.transfer,
            parameters,
            half,
            Values::default(),
            0,
        ));
        self.started = Some(parameters);
    }
}

impl<A: Address> DatagramMachine<A> for Client<'_, A> {
    type Event<'d> = Event<'d>;

    fn handle_datagram<'d>(
        &mut self,
        now: Instant,
        from: A,
        datagram: &'d [u8],
    ) -> Option<Event<'d>> {
        match &mut self.stage {
            Stage::Transferring(transfer) => transfer.handle_datagram(now, from, datagram),
            Stage::Requesting => match Packet::parse(datagram) {
                Ok(packet) if from.same_host(self.server) => self.answer(now, from, packet),
                other => {
                    if !from.same_host(self.server) {
                        self.strays.came(now, from, &other);
                    }
                    None
                }
            },
            Stage::Over => None,
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        match &mut self.stage {
            Stage::Transferring(transfer) => transfer.handle_timeout(now),
            Stage::Requesting if self.retry.expired(now) => {
                if self.retry.exhausted() {
                    self.fail(Failure::TimedOut);
                } else {
                    self.request_due = true;
                }
            }
            _ => {}
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Transferring(transfer) => transfer.poll_timeout(),
            Stage::Requesting => self.retry.deadline(),
            Stage::Over => None,
        }
    }

    fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Transmit<A>> {
        if let Some((to, code, message)) = self.farewell.take() {
            let error = ErrorPacket {
                code,
                message: message.as_bytes(),
            };
            let len = Packet::Error(error).encode(buf).ok()?;
            return Some(Transmit::one(to, len));
        }
        match &mut self.stage {
            Stage::Transferring(transfer) => transfer.poll_transmit(now, buf),
            Stage::Requesting if self.request_due => {
                self.request_due = false;
                let len = self.encode_request(buf)?;
                self.repeated += u64::from(core::mem::replace(&mut self.requested, true));
                self.retry.measure(now);
                self.retry.arm(now);
                Some(Transmit::one(self.server, len))
            }
            _ => self.strays.poll_transmit(buf),
        }
    }

    fn poll_event(&mut self) -> Option<Event<'static>> {
        if let Some(parameters) = self.started.take() {
            return Some(Event::Started(parameters));
        }
        if let Some(failure) = self.failed.take() {
            return Some(Event::Failed {
                failure,
                message: &[],
            });
        }
        match &mut self.stage {
            Stage::Transferring(transfer) => transfer.poll_event(),
            _ => None,
        }
    }

    fn max_datagram(&self) -> usize {
        max_datagram(self.config.blksize.unwrap_or(512))
    }
}
