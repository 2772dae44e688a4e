//! The server's side of a connection.

use alloc::vec::Vec;
use core::time::Duration;

use wirelore_core::{Input, Machine, Next, Patience, Step};

use crate::config::Config;
use crate::encode::{
    Body, BodyWriter, ConnectionOption, FieldBlock, Misuse, OutFraming, Response, response_framing,
    write_response_head,
};
use crate::error::{Error, ErrorKind};
use crate::event::RequestEvent;
use crate::request::RequestReceiver;
use crate::state::{Act, ClientState, Exchange, ServerState};
use crate::version::Version;
use crate::wire::{Framing, MethodKind, RequestHead};

/// How a server's side behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// How requests are read.
    pub message: Config,
    /// How long a connection may be idle before and between requests: 60 seconds.
    pub idle: Option<Duration>,
    /// How long a head may take from its first octet on: 20 seconds.
    pub head: Option<Duration>,
    /// How long each [`body_piece`](Self::body_piece) octets of a body may take: 30 seconds.
    pub body: Option<Duration>,
    /// See [`body`](Self::body): 4096 octets.
    pub body_piece: u64,
    /// Whether a request that cannot be read, or comes too late, is answered with a response without
    /// content before the connection ends: yes. If not, the application may [respond](ServerConnection::respond)
    /// itself after the error.
    pub farewell: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            message: Config::default(),
            idle: Some(Duration::from_secs(60)),
            head: Some(Duration::from_secs(20)),
            body: Some(Duration::from_secs(30)),
            body_piece: 4096,
            farewell: true,
        }
    }
}

/// The server's side of a connection: requests come in as events, responses go out by calls.
///
/// For each request: [`respond`](Self::respond), then [`data`](Self::data) or
/// [`announce`](Self::announce) as often as needed, then [`finish`](Self::finish); or
/// [`respond_with`](Self::respond_with) for all of it. A response may begin while the request's body is
/// still arriving. When both are over, [`next_cycle`](Self::next_cycle): until then the machine is
/// `Paused` and leaves pipelined requests in the caller's buffer.
///
/// The machine is `Done` when the connection is to be closed once everything is sent, and when it is
/// not HTTP any more ([`is_switched`](Self::is_switched)): unconsumed octets then belong to the new
/// protocol.
#[derive(Clone, Debug)]
pub struct ServerConnection {
    config: ServerConfig,
    receiver: RequestReceiver,
    exchange: Exchange,
    request: Asked,
    body: BodyWriter,
    /// The client waits for 100 (Continue), or for the final response.
    awaits_continue: bool,
    /// Exchanges that are over: each has its own time.
    exchanges: u64,
    /// What was begun did not come to its end in time.
    timed_out: Option<Error>,
}

impl Default for ServerConnection {
    fn default() -> Self {
        Self::new(ServerConfig::default())
    }
}

/// What of a request matters to its response.
#[derive(Clone, Copy, Debug)]
struct Asked {
    version: Version,
    kind: MethodKind,
    upgrade: bool,
}

impl Asked {
    const NOTHING: Self = Self {
        version: Version::Http11,
        kind: MethodKind::Get,
        upgrade: false,
    };
}

impl ServerConnection {
    /// A connection that was just accepted.
    #[must_use]
    pub const fn new(config: ServerConfig) -> Self {
        Self {
            config,
            receiver: RequestReceiver::new(config.message),
            exchange: Exchange::new(),
            request: Asked::NOTHING,
            body: BodyWriter::new(OutFraming::None),
            awaits_continue: false,
            exchanges: 0,
            timed_out: None,
        }
    }

    /// Where the client's side is.
    #[must_use]
    pub const fn client_state(&self) -> ClientState {
        self.exchange.client()
    }

    /// Where our side is.
    #[must_use]
    pub const fn server_state(&self) -> ServerState {
        self.exchange.server()
    }

    /// Whether a final response is owed and not begun.
    #[must_use]
    pub fn owes_response(&self) -> bool {
        self.exchange.server() == ServerState::SendResponse
    }

    /// Whether the client waits for 100 (Continue) before it sends the body: answer with
    /// [`proceed`](Self::proceed), or with a final response (RFC 9110 section 10.1.1).
    #[must_use]
    pub fn awaits_continue(&self) -> bool {
        self.awaits_continue && self.owes_response()
    }

    /// Whether the connection is not HTTP any more, after 101 or 2xx to CONNECT.
    #[must_use]
    pub fn is_switched(&self) -> bool {
        self.exchange.server() == ServerState::Switched
    }

    /// Whether the connection outlives the exchange, as far as is known.
    #[must_use]
    pub const fn keeps_alive(&self) -> bool {
        !self.exchange.is_last()
    }

    /// Octets consumed so far.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.receiver.offset()
    }

    /// How many octets of the response's body must still come; `None` when nobody knows. `Some(0)` also where
    /// there is no body at all.
    #[must_use]
    pub const fn remaining(&self) -> Option<u64> {
        self.body.remaining()
    }

    /// Whether [`finish`](Self::finish) takes trailers: only where the body is chunked.
    #[must_use]
    pub const fn may_trail(&self) -> bool {
        self.body.may_trail()
    }

    /// The connection is to end behind the present exchange, or at once between two: say it before the
    /// response, so that the response says it.
    pub fn close_after(&mut self) {
        self.exchange.end_behind();
        if self.exchange.client() == ClientState::Idle && !self.receiver.is_amid_head() {
            self.shut(true);
        }
    }

    /// Appends an interim response: 100 or 102 to 199.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was appended.
    pub fn inform(&mut self, response: &Response<'_>, out: &mut Vec<u8>) -> Result<(), Misuse> {
        if !matches!(response.status, 100 | 102..=199) {
            return Err(Misuse::BadStatus {
                status: response.status,
            });
        }
        if !self.exchange.server_may(Act::Interim) {
            return Err(Misuse::NotNow);
        }
        if self.request.version < Version::Http11 {
            let version = self.request.version;
            return Err(Misuse::NotInVersion { version });
        }
        write_response_head(response, OutFraming::None, ConnectionOption::None, out)?;
        if response.status == 100 {
            self.awaits_continue = false;
        }
        self.exchange.server_did(Act::Interim);
        Ok(())
    }

    /// Appends 100 (Continue) if the client waits for it.
    pub fn proceed(&mut self, out: &mut Vec<u8>) {
        if self.owes_response() && core::mem::take(&mut self.awaits_continue) {
            out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
    }

    /// Appends the head of the final response. `body` is what will follow: the framing is derived from
    /// it, from the request and the status code. A Connection field is added where it has to be.
    ///
    /// With 101 and an offered upgrade, or 2xx and CONNECT, the connection is not HTTP any more
    /// behind the head; the whole request must have been received.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was appended.
    pub fn respond(
        &mut self,
        response: &Response<'_>,
        body: Body,
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        let Asked {
            version,
            kind,
            upgrade,
        } = self.request;
        let status = response.status;
        let connect = kind == MethodKind::Connect && matches!(status, 200..=299);
        if connect || status == 101 {
            let offered = self.exchange.client() == ClientState::MightSwitch;
            if !offered || !(connect || upgrade) || !self.exchange.server_may(Act::Switch) {
                return Err(Misuse::NotNow);
            }
            if !matches!(body, Body::Empty | Body::Length(0)) {
                return Err(Misuse::BodyNotAllowed);
            }
            if response.version < version.max(Version::Http10) {
                let version = response.version;
                return Err(Misuse::NotInVersion { version });
            }
            if status == 101 && !response.has_upgrade() {
                return Err(Misuse::MissingUpgrade);
            }
            write_response_head(response, OutFraming::None, ConnectionOption::None, out)?;
            self.body = BodyWriter::new(OutFraming::None);
            self.exchange.server_did(Act::Switch);
            return Ok(());
        }
        if status < 200 {
            return Err(Misuse::BadStatus { status });
        }
        if !self.exchange.server_may(Act::Response) {
            return Err(Misuse::NotNow);
        }
        let simple = version == Version::Http09;
        if response.version == Version::Http09 && !simple {
            let version = response.version;
            return Err(Misuse::NotInVersion { version });
        }
        // What both understand.
        let version = version.min(response.version);
        let framing = response_framing(status, kind, version, body)?;
        let last = self.exchange.is_last()
            || response.says_close()
            || framing.head == OutFraming::UntilClose
            || framing.body == OutFraming::UntilClose
            || self.awaits_continue;
        let connection = match (last, version) {
            (true, _) => ConnectionOption::Close,
            (false, Version::Http10) => ConnectionOption::KeepAlive,
            _ => ConnectionOption::None,
        };
        let response = Response {
            version: if simple {
                Version::Http09
            } else {
                response.version
            },
            ..*response
        };
        write_response_head(&response, framing.head, connection, out)?;
        self.body = BodyWriter::new(framing.body);
        if last {
            self.exchange.end_behind();
        }
        self.exchange.server_did(Act::Response);
        Ok(())
    }

    /// Appends octets of the response's body, with what has to stand around them.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was appended.
    pub fn data(&mut self, octets: &[u8], out: &mut Vec<u8>) -> Result<(), Misuse> {
        if !self.exchange.server_may(Act::Data) {
            return Err(Misuse::NotNow);
        }
        self.body.data(octets, out)
    }

    /// Appends what has to stand before the next `octets` octets of the body, and counts them: the
    /// caller sends them itself right behind `out`, as slices of one vectored write or from a file.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was appended.
    pub fn announce(&mut self, octets: u64, out: &mut Vec<u8>) -> Result<(), Misuse> {
        if !self.exchange.server_may(Act::Data) {
            return Err(Misuse::NotNow);
        }
        self.body.announce(octets, out)
    }

    /// Appends what ends the body; `trailers` only if it is chunked.
    ///
    /// # Errors
    /// [`Misuse`], also when octets are missing; then nothing was appended.
    pub fn finish(
        &mut self,
        trailers: Option<&FieldBlock>,
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        if !self.exchange.server_may(Act::End) {
            return Err(Misuse::NotNow);
        }
        self.body.finish(trailers, out)?;
        self.exchange.server_did(Act::End);
        if self.awaits_continue {
            // The body that was not asked for need not come.
            self.shut(true);
        }
        Ok(())
    }

    /// Appends a whole response. Where the request's method or the status code forbids a body, `body`
    /// only gives the length.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was appended.
    pub fn respond_with(
        &mut self,
        response: &Response<'_>,
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        let announced = match body.len() {
            0 if matches!(response.status, 204 | 205 | 304) => Body::Empty,
            len => Body::Length(len as u64),
        };
        self.respond(response, announced, out)?;
        if self.is_switched() {
            return Ok(());
        }
        if self.body.remaining() != Some(0) {
            self.data(body, out)?;
        }
        self.finish(None, out)
    }

    /// Request and response are over: the next request may be read.
    ///
    /// # Errors
    /// [`Misuse::NotNow`] when one of them is not over, or the connection does not outlive them.
    pub fn next_cycle(&mut self) -> Result<(), Misuse> {
        if !self.exchange.next_cycle() {
            return Err(Misuse::NotNow);
        }
        self.request = Asked::NOTHING;
        self.exchanges += 1;
        self.receiver.go_on();
        Ok(())
    }

    /// `octets` of the request's body went past the machine: see
    /// [`RequestReceiver::received_outside`].
    #[must_use]
    pub fn received_outside(&mut self, octets: u64) -> bool {
        let fits = self.receiver.received_outside(octets);
        if fits && octets > 0 {
            self.awaits_continue = false;
        }
        fits
    }

    /// How many octets may go past the machine now: see [`RequestReceiver::receivable_outside`].
    #[must_use]
    pub const fn receivable_outside(&self) -> u64 {
        self.receiver.receivable_outside()
    }

    fn begin(&mut self, head: &RequestHead<&[u8]>) {
        self.exchange.client_did(Act::Request);
        self.request = Asked {
            version: head.version(),
            kind: head.kind(),
            upgrade: head.upgrade(),
        };
        self.awaits_continue =
            head.expect_continue() && !matches!(head.framing(), Framing::None | Framing::Length(0));
        if !head.keep_alive() {
            self.exchange.end_behind();
        }
        if head.upgrade() || head.kind() == MethodKind::Connect {
            self.exchange.offer();
        }
    }

    /// Answers what cannot be read, where a response may stand and the application does not want to give
    /// its own.
    fn fail(&mut self, status: u16, out: &mut Vec<u8>) {
        let free = matches!(
            self.exchange.server(),
            ServerState::Idle | ServerState::SendResponse
        );
        if self.config.farewell && free {
            let fields = FieldBlock::new();
            let response = Response::new(status, &fields);
            let framing = OutFraming::Length(0);
            let written = write_response_head(&response, framing, ConnectionOption::Close, out);
            debug_assert!(written.is_ok(), "{written:?}");
        }
        self.shut(self.config.farewell);
    }

    /// Nothing more is read.
    fn shut(&mut self, answered: bool) {
        self.awaits_continue = false;
        self.receiver.stop();
        self.exchange.client_failed(answered);
    }
}

impl Machine for ServerConnection {
    type Event<'i> = RequestEvent<&'i [u8]>;
    type Error = Error;

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        out: &mut Vec<u8>,
    ) -> Result<Step<Self::Event<'i>>, Error> {
        match self.exchange.client() {
            ClientState::Idle | ClientState::SendBody => {}
            ClientState::Failed => {
                return match self.timed_out {
                    Some(error) => Err(error),
                    None => self.receiver.step(input, out),
                };
            }
            ClientState::Closed | ClientState::Switched => return Ok(Step::done(0)),
            ClientState::Done | ClientState::MightSwitch => return Ok(Step::paused()),
            ClientState::MustClose => {
                return Ok(match self.exchange.server() {
                    ServerState::SendResponse | ServerState::SendBody => Step::paused(),
                    _ => Step::done(0),
                });
            }
        }
        let step = match self.receiver.step(input, out) {
            Ok(step) => step,
            Err(error) => {
                self.fail(error.reply_hint(), out);
                return Err(error);
            }
        };
        match &step.next {
            Next::Event(RequestEvent::Request(head)) => self.begin(head),
            Next::Event(RequestEvent::Data(_)) => {
                self.awaits_continue = false;
                self.exchange.client_did(Act::Data);
            }
            Next::Event(RequestEvent::End { .. }) => {
                self.awaits_continue = false;
                self.exchange.client_did(Act::End);
            }
            Next::Done => self.exchange.client_did(Act::Close),
            Next::NeedMore | Next::Paused => {}
        }
        Ok(step)
    }

    fn max_unconsumed(&self) -> usize {
        self.receiver.max_unconsumed()
    }

    fn patience(&self) -> Option<Patience> {
        let config = &self.config;
        match self.exchange.client() {
            ClientState::Idle if self.receiver.is_amid_head() => config
                .head
                .map(|limit| Patience::new("request head", limit).marked(self.exchanges)),
            ClientState::Idle => config
                .idle
                .map(|limit| Patience::new("request", limit).marked(self.exchanges)),
            ClientState::SendBody if !self.awaits_continue => config.body.map(|limit| {
                let pieces = self.receiver.offset() / config.body_piece.max(1);
                Patience::new("request body", limit).marked(pieces)
            }),
            _ => None,
        }
    }

    /// A request that has begun is answered with 408 (Request Timeout) if no response has begun, and is the
    /// error [`TimedOut`](ErrorKind::TimedOut) of the next step. Without one the machine is `Done`.
    fn expired(&mut self, out: &mut Vec<u8>) {
        let begun = match self.exchange.client() {
            ClientState::Idle => self.receiver.is_amid_head(),
            ClientState::SendBody => true,
            _ => return,
        };
        if begun {
            let kind = ErrorKind::TimedOut;
            self.timed_out = Some(Error {
                kind,
                offset: self.receiver.offset(),
            });
            self.fail(kind.reply_hint(), out);
        } else {
            self.shut(true);
        }
    }
}
