//! The client's side of a connection.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use wirelore_core::{Input, Machine, Next, Patience, Step};

use crate::config::Config;
use crate::encode::{
    Body, BodyWriter, ConnectionOption, FieldBlock, Misuse, OutFraming, Request, request_framing,
    write_request_head,
};
use crate::error::{Error, ErrorKind};
use crate::event::ResponseEvent;
use crate::response::ResponseReceiver;
use crate::state::{Act, ClientState, Exchange, ServerState};
use crate::version::Version;
use crate::wire::{Framing, MethodKind};

/// How a client's side behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// How responses are read.
    pub message: Config,
    /// How many requests may be sent ahead of the response that is being read: 64. With 0 a request
    /// waits for the end of the exchange before it.
    pub max_pipelined: usize,
    /// How long to wait for 100 (Continue) before the body may be sent without it: 1 second.
    pub proceed: Option<Duration>,
    /// How long the head of a response may take: 60 seconds.
    pub head: Option<Duration>,
    /// How long each [`body_piece`](Self::body_piece) octets of a body may take: 30 seconds.
    pub body: Option<Duration>,
    /// See [`body`](Self::body): 4096 octets.
    pub body_piece: u64,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            message: Config::default(),
            max_pipelined: 64,
            proceed: Some(Duration::from_secs(1)),
            head: Some(Duration::from_secs(60)),
            body: Some(Duration::from_secs(30)),
            body_piece: 4096,
        }
    }
}

/// The client's side of a connection: requests go out by calls, responses come in as events.
///
/// For each request: [`request`](Self::request), then [`data`](Self::data) or
/// [`announce`](Self::announce) as often as needed, then [`finish`](Self::finish); or
/// [`request_with`](Self::request_with) for all of it. The next request may follow before the response
/// has come (pipelining). After the end of each response the machine is `Paused` until
/// [`next_cycle`](Self::next_cycle).
///
/// The machine is `Done` when nothing more can come: the connection is to be closed, was closed by the
/// server, or is not HTTP any more ([`is_switched`](Self::is_switched)). If
/// [`unanswered`](Self::unanswered) is not 0 then, that many requests, the last ones, got no response.
/// A response is complete with its `End` event and not otherwise.
#[derive(Clone, Debug)]
pub struct ClientConnection {
    config: ClientConfig,
    receiver: ResponseReceiver,
    /// Of the request that is being sent, or was sent last: the client's state.
    sending: Exchange,
    /// Of the response that is being received, or is next.
    receiving: Exchange,
    /// Whether the requests that have no response yet offer an upgrade.
    upgrades: VecDeque<bool>,
    body: BodyWriter,
    /// The body is held back until 100 (Continue) comes, or the time is up.
    awaits_continue: bool,
    /// Responses that are over: each has its own time.
    responses: u64,
    failed: Option<Error>,
}

impl Default for ClientConnection {
    fn default() -> Self {
        Self::new(ClientConfig::default())
    }
}

impl ClientConnection {
    /// A connection that was just made.
    #[must_use]
    pub const fn new(config: ClientConfig) -> Self {
        Self {
            config,
            receiver: ResponseReceiver::new(config.message),
            sending: Exchange::new(),
            receiving: Exchange::new(),
            upgrades: VecDeque::new(),
            body: BodyWriter::new(OutFraming::None),
            awaits_continue: false,
            responses: 0,
            failed: None,
        }
    }

    /// Where our side is, as to the request sent last.
    #[must_use]
    pub const fn client_state(&self) -> ClientState {
        self.sending.client()
    }

    /// Where the server's side is, as to the response that is being received, or is next.
    #[must_use]
    pub const fn server_state(&self) -> ServerState {
        self.receiving.server()
    }

    /// How many requests have not got the head of their final response.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.receiver.outstanding()
    }

    /// Whether the body should be held back: the request expects 100-continue, and neither it nor a final
    /// response has come, nor is the time up. The body may be sent all the same.
    #[must_use]
    pub const fn awaits_continue(&self) -> bool {
        self.awaits_continue
    }

    /// Whether the connection is not HTTP any more, after 101 or 2xx to CONNECT.
    #[must_use]
    pub fn is_switched(&self) -> bool {
        self.receiving.server() == ServerState::Switched
    }

    /// Whether another request may be sent on this connection, now or later.
    #[must_use]
    pub fn keeps_alive(&self) -> bool {
        self.failed.is_none()
            && !self.sending.is_last()
            && !self.receiving.is_last()
            && !matches!(
                self.receiving.server(),
                ServerState::Closed | ServerState::Switched
            )
    }

    /// Octets consumed so far.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.receiver.offset()
    }

    /// How many octets of the request's body must still come; `None` when nobody knows. `Some(0)` also where
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

    /// Appends the head of a request. `body` is what will follow: the framing is derived from it.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was appended. [`Misuse::NotNow`] while the body of the request before is
    /// not finished, when too many are outstanding, behind CONNECT or an offered upgrade that has no
    /// response yet, and when the connection ends. [`Misuse::NotInVersion`] for HTTP/0.9, whose
    /// responses have no heads.
    ///
    /// Before a connection that was idle is used again, step until `NeedMore`: octets that came meanwhile
    /// answer no request, and the machine is `Done` then (RFC 9112 section 9.2). Stepped only afterwards, it
    /// cannot tell them from the response.
    pub fn request(
        &mut self,
        request: &Request<'_>,
        body: Body,
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        let ahead = self.in_flight();
        let free = match self.sending.client() {
            ClientState::Idle => true,
            ClientState::Done => ahead <= self.config.max_pipelined,
            _ => false,
        };
        if !free || !self.keeps_alive() {
            return Err(Misuse::NotNow);
        }
        if request.version == Version::Http09 {
            // Nothing would tell where its response begins.
            let version = request.version;
            return Err(Misuse::NotInVersion { version });
        }
        let framing = request_framing(request.method, request.version, body)?;
        let content = !matches!(framing, OutFraming::None | OutFraming::Length(0));
        let expects = request.fields.expects_continue() && request.version >= Version::Http11;
        if expects && !content {
            return Err(Misuse::ExpectWithoutContent);
        }
        let last = request.fields.says_close();
        let connection = match request.version {
            Version::Http10 if !last => ConnectionOption::KeepAlive,
            _ => ConnectionOption::None,
        };
        write_request_head(request, framing, connection, out)?;
        let kind = MethodKind::of(request.method);
        let upgrade = request.fields.has_upgrade() && request.version >= Version::Http11;
        self.sending = Exchange::new();
        self.sending.client_did(Act::Request);
        if last {
            self.sending.end_behind();
        }
        if upgrade || kind == MethodKind::Connect {
            self.sending.offer();
        }
        if ahead == 0 {
            self.receiving = Exchange::new();
            self.receiving.client_did(Act::Request);
        }
        self.upgrades.push_back(upgrade);
        self.receiver.expect(kind);
        self.body = BodyWriter::new(framing);
        self.awaits_continue = expects;
        Ok(())
    }

    /// Appends octets of the request's body, with what has to stand around them.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was appended.
    pub fn data(&mut self, octets: &[u8], out: &mut Vec<u8>) -> Result<(), Misuse> {
        self.may_send(Act::Data)?;
        self.body.data(octets, out)
    }

    /// Appends what has to stand before the next `octets` octets of the body, and counts them: the
    /// caller sends them itself right behind `out`, as slices of one vectored write or from a file.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was appended.
    pub fn announce(&mut self, octets: u64, out: &mut Vec<u8>) -> Result<(), Misuse> {
        self.may_send(Act::Data)?;
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
        self.may_send(Act::End)?;
        self.body.finish(trailers, out)?;
        self.awaits_continue = false;
        self.sending.client_did(Act::End);
        Ok(())
    }

    /// Appends a whole request.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was appended.
    pub fn request_with(
        &mut self,
        request: &Request<'_>,
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        let announced = match body.len() {
            0 => Body::Empty,
            len => Body::Length(len as u64),
        };
        self.request(request, announced, out)?;
        self.data(body, out)?;
        self.finish(None, out)
    }

    /// The rest of the request's body will not be sent, because a final response has come: the connection
    /// ends behind that response (RFC 9112 section 9.5).
    pub fn abandon(&mut self) {
        if self.sending.client() == ClientState::SendBody {
            self.awaits_continue = false;
            self.sending.client_failed(true);
            self.receiving.end_behind();
        }
    }

    /// The response is over: the next one may be read, and if none is outstanding the next request be
    /// sent.
    ///
    /// # Errors
    /// [`Misuse::NotNow`] when the response is not over, when its request is not, or when the connection
    /// ends behind it.
    pub fn next_cycle(&mut self) -> Result<(), Misuse> {
        let own = self.receiver.outstanding() == 0;
        if self.receiving.server() != ServerState::Done
            || own && !matches!(self.sending.client(), ClientState::Done)
        {
            return Err(Misuse::NotNow);
        }
        self.receiving = Exchange::new();
        self.responses += 1;
        if own {
            self.sending = Exchange::new();
        } else {
            self.receiving.client_did(Act::Request);
        }
        Ok(())
    }

    /// `octets` of the response's body went past the machine: see
    /// [`ResponseReceiver::received_outside`].
    #[must_use]
    pub fn received_outside(&mut self, octets: u64) -> bool {
        self.failed.is_none() && self.receiver.received_outside(octets)
    }

    /// How many octets may go past the machine now: see [`ResponseReceiver::receivable_outside`].
    #[must_use]
    pub const fn receivable_outside(&self) -> u64 {
        match self.failed {
            Some(_) => 0,
            None => self.receiver.receivable_outside(),
        }
    }

    /// Requests whose responses are not over.
    fn in_flight(&self) -> usize {
        let begun = !matches!(
            self.receiving.server(),
            ServerState::Idle | ServerState::SendResponse
        );
        self.receiver.outstanding() + usize::from(begun)
    }

    fn may_send(&self, act: Act) -> Result<(), Misuse> {
        if self.failed.is_none() && self.sending.client_may(act) {
            Ok(())
        } else {
            Err(Misuse::NotNow)
        }
    }

    fn fail<T>(&mut self, error: Error) -> Result<T, Error> {
        self.failed = Some(error);
        self.awaits_continue = false;
        Err(error)
    }

    /// Whether 101 may come now: the request that is answered next offers an upgrade, and is all sent.
    fn may_switch(&self) -> bool {
        self.upgrades.front() == Some(&true)
            && match self.sending.client() {
                ClientState::MightSwitch => true,
                // Only `finish` is missing.
                ClientState::SendBody => self.body.remaining() == Some(0),
                _ => false,
            }
    }

    /// A final response begins.
    fn begin(&mut self, framing: Framing, keep_alive: bool) {
        self.upgrades.pop_front();
        // It may be the response to the request that is still being sent.
        let own = self.receiver.outstanding() == 0;
        if own {
            self.awaits_continue = false;
        }
        if framing == Framing::Tunnel {
            self.receiving.server_did(Act::Switch);
            self.sending.server_did(Act::Switch);
            return;
        }
        if own {
            self.sending.server_did(Act::Response);
        }
        if !keep_alive || own && self.sending.is_last() {
            self.receiving.end_behind();
        }
        self.receiving.server_did(Act::Response);
    }
}

impl Machine for ClientConnection {
    type Event<'i> = ResponseEvent<&'i [u8]>;
    type Error = Error;

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        out: &mut Vec<u8>,
    ) -> Result<Step<Self::Event<'i>>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.receiving.server() {
            ServerState::Done => return Ok(Step::paused()),
            ServerState::MustClose | ServerState::Closed => return Ok(Step::done(0)),
            _ => {}
        }
        self.receiver.let_switch(self.may_switch());
        let step = match self.receiver.step(input, out) {
            Ok(step) => step,
            Err(error) => return self.fail(error),
        };
        match &step.next {
            Next::Event(ResponseEvent::Informational(head)) => {
                if head.status() == 100 && self.receiver.outstanding() == 1 {
                    self.awaits_continue = false;
                }
                self.receiving.server_did(Act::Interim);
            }
            Next::Event(ResponseEvent::Response(head)) => {
                self.begin(head.framing(), head.keep_alive());
            }
            Next::Event(ResponseEvent::Data(_)) => self.receiving.server_did(Act::Data),
            Next::Event(ResponseEvent::End { .. }) => self.receiving.server_did(Act::End),
            Next::Done if !self.is_switched() => {
                self.awaits_continue = false;
                self.receiving.server_did(Act::Close);
                self.receiving.end_behind();
            }
            Next::Done | Next::NeedMore | Next::Paused => {}
        }
        Ok(step)
    }

    fn max_unconsumed(&self) -> usize {
        self.receiver.max_unconsumed()
    }

    fn patience(&self) -> Option<Patience> {
        if self.failed.is_some() {
            return None;
        }
        let config = &self.config;
        if self.receiver.is_amid_body() {
            return config.body.map(|limit| {
                let pieces = self.receiver.offset() / config.body_piece.max(1);
                Patience::new("response body", limit).marked(pieces)
            });
        }
        if self.awaits_continue {
            return config
                .proceed
                .map(|limit| Patience::new("100 (Continue)", limit));
        }
        let waits = self.receiving.server() == ServerState::SendResponse
            && (self.receiver.is_amid_head()
                || self.sending.client() != ClientState::SendBody
                || self.receiver.outstanding() > 1);
        waits.then_some(())?;
        config
            .head
            .map(|limit| Patience::new("response head", limit).marked(self.responses))
    }

    /// Without 100 (Continue) the body may now be sent. A response that does not come, or not to its
    /// end, is the error [`TimedOut`](ErrorKind::TimedOut) of the next step.
    fn expired(&mut self, _: &mut Vec<u8>) {
        if self.patience().is_none() {
            return;
        }
        if self.awaits_continue && !self.receiver.is_amid_body() {
            self.awaits_continue = false;
            return;
        }
        self.failed = Some(Error {
            kind: ErrorKind::TimedOut,
            offset: self.receiver.offset(),
        });
    }
}
