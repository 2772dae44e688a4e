//! Receives requests, one after the other.

use alloc::vec::Vec;

use wirelore_core::{Input, Machine, Next, Step};

use crate::body::{self, Body, BodyEvent};
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::event::RequestEvent;
use crate::wire::request::{self, RequestProgress};
use crate::wire::{MethodKind, RequestHead};

/// Reads what a client sends: request after request, heads and bodies.
///
/// It sends nothing, and it does not wait for responses: [`ServerConnection`](crate::ServerConnection)
/// does. It is done with the last request of a connection (RFC 9112 section 9.6), behind CONNECT, and
/// at the end of the stream between requests; octets behind that are the caller's. The end of the
/// stream inside a request is the error [`Truncated`](ErrorKind::Truncated).
#[derive(Clone, Debug)]
pub struct RequestReceiver {
    config: Config,
    state: State,
    /// Of a head that is not all there.
    progress: Option<RequestProgress>,
    /// Whether another request may follow the one that is being read.
    goes_on: bool,
    /// Octets consumed so far.
    offset: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Head,
    Body(Body),
    Done,
    Failed(Error),
}

impl RequestReceiver {
    /// Waits for the first request.
    #[must_use]
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            state: State::Head,
            progress: None,
            goes_on: true,
            offset: 0,
        }
    }

    /// Octets consumed so far.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// `octets` of the body arrived but are not shown to `step`: they went from the transport to
    /// wherever they belong. Call it only while nothing unconsumed is there. False, and without
    /// effect, when the body, or the chunk, has fewer left.
    #[must_use]
    pub fn received_outside(&mut self, octets: u64) -> bool {
        let State::Body(body) = &mut self.state else {
            return octets == 0;
        };
        let fits = body.pass(octets, &self.config);
        if fits {
            self.offset = self.offset.saturating_add(octets);
        }
        fits
    }

    /// How many octets may be [received outside](Self::received_outside) now: the rest of a body of
    /// known length, or of a chunk; 0 outside bodies.
    #[must_use]
    pub const fn receivable_outside(&self) -> u64 {
        match &self.state {
            State::Body(body) => body.passable(&self.config),
            _ => 0,
        }
    }

    /// Whether a part of a request is there: the next octets are not the first of a message.
    pub(crate) const fn is_amid_head(&self) -> bool {
        self.progress.is_some()
    }

    /// After a CONNECT that was refused the connection is HTTP still.
    pub(crate) const fn go_on(&mut self) {
        if matches!(self.state, State::Done) {
            self.state = State::Head;
        }
    }

    /// Nothing more is wanted.
    pub(crate) const fn stop(&mut self) {
        if !matches!(self.state, State::Failed(_)) {
            self.state = State::Done;
        }
    }

    fn fail<T>(&mut self, error: Error) -> Result<T, Error> {
        let error = error.behind(self.offset);
        self.state = State::Failed(error);
        Err(error)
    }

    #[inline(always)]
    fn head<'i>(&mut self, input: Input<'i>) -> Result<Step<RequestEvent<&'i [u8]>>, Error> {
        if self.progress.is_none()
            && let Some(head) = request::quick_head(input.bytes(), &self.config)
        {
            // built where it is returned: moving it costs as much as reading ten octets
            self.offset = self.offset.saturating_add(head.raw().len() as u64);
            return Ok(self.begin(head));
        }
        let step = self.careful_head(input)?;
        self.offset = self.offset.saturating_add(step.consumed as u64);
        Ok(step)
    }

    #[inline(always)]
    fn begin<'i>(&mut self, head: RequestHead<&'i [u8]>) -> Step<RequestEvent<&'i [u8]>> {
        self.goes_on = head.keep_alive() && head.kind() != MethodKind::Connect;
        self.state = State::Body(Body::new(head.framing()));
        Step::event(head.raw().len(), RequestEvent::Request(head))
    }

    /// Any head, also one that is not all there.
    #[cold]
    #[inline(never)]
    fn careful_head<'i>(
        &mut self,
        input: Input<'i>,
    ) -> Result<Step<RequestEvent<&'i [u8]>>, Error> {
        let bytes = input.bytes();
        if let Some(progress) = &mut self.progress
            && !input.is_last()
            && progress.still_waits(bytes, &self.config)
        {
            return Ok(Step::need_more(0));
        }
        let mut progress = match self.progress {
            None => match bytes.first() {
                Some(b'\r' | b'\n') => return self.empty_lines(input),
                Some(_) => RequestProgress::default(),
                None if input.is_last() => {
                    self.state = State::Done;
                    return Ok(Step::done(0));
                }
                None => return Ok(Step::need_more(0)),
            },
            Some(progress) => progress,
        };
        match request::resume(bytes, &mut progress, &self.config) {
            Ok(Some(head)) => {
                self.progress = None;
                Ok(self.begin(head))
            }
            Ok(None) if input.is_last() => self.fail(Error::new(ErrorKind::Truncated, bytes.len())),
            Ok(None) => {
                self.progress = Some(progress);
                Ok(Step::need_more(0))
            }
            Err(error) => self.fail(error),
        }
    }

    /// Empty lines before a request line are ignored (RFC 9112 section 2.2).
    #[cold]
    fn empty_lines<'i>(&mut self, input: Input<'i>) -> Result<Step<RequestEvent<&'i [u8]>>, Error> {
        let bytes = input.bytes();
        let mut at = 0;
        loop {
            match bytes[at..] {
                [b'\r', b'\n', ..] => at += 2,
                [b'\n', ..] if self.config.lenient.bare_lf => at += 1,
                _ if at > 0 => return Ok(Step::need_more(at)),
                [b'\n', ..] => return self.fail(Error::new(ErrorKind::BareLf, 0)),
                [b'\r'] if input.is_last() => {
                    return self.fail(Error::new(ErrorKind::Truncated, 1));
                }
                [b'\r'] => return Ok(Step::need_more(0)),
                _ => return self.fail(Error::new(ErrorKind::BareCr, 0)),
            }
        }
    }
}

impl Machine for RequestReceiver {
    type Event<'i> = RequestEvent<&'i [u8]>;
    type Error = Error;

    #[inline]
    fn step<'i>(
        &mut self,
        input: Input<'i>,
        _: &mut Vec<u8>,
    ) -> Result<Step<Self::Event<'i>>, Error> {
        // Every step is built where it is returned: moving one takes as long as reading a short line.
        match &mut self.state {
            State::Head => self.head(input),
            State::Body(body) => match body.step(input, &self.config) {
                Ok(Step { consumed, next }) => {
                    self.offset = self.offset.saturating_add(consumed as u64);
                    match next {
                        Next::Event(BodyEvent::Data(data)) => {
                            Ok(Step::event(consumed, RequestEvent::Data(data)))
                        }
                        Next::Event(BodyEvent::End(trailers)) => {
                            self.state = if self.goes_on {
                                State::Head
                            } else {
                                State::Done
                            };
                            Ok(Step::event(consumed, RequestEvent::End { trailers }))
                        }
                        Next::NeedMore => Ok(Step::need_more(consumed)),
                        Next::Paused => Ok(Step::paused()),
                        Next::Done => Ok(Step::done(consumed)),
                    }
                }
                Err(error) => self.fail(error),
            },
            State::Done => Ok(Step::done(0)),
            State::Failed(error) => Err(*error),
        }
    }

    fn max_unconsumed(&self) -> usize {
        max_unconsumed(&self.config)
    }
}

/// The longest thing that has to be there as a whole: a head, trailers, or the line of a chunk.
pub(crate) fn max_unconsumed(config: &Config) -> usize {
    // Enough for an octet that shows that a limit is exceeded, whatever the limit.
    config
        .limits
        .head()
        .max(body::max_unconsumed(config))
        .max(2)
}
