//! Receives responses, one after the other.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use wirelore_core::{Input, Machine, Next, Step};

use crate::body::{Body, BodyEvent};
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::event::ResponseEvent;
use crate::request::max_unconsumed;
use crate::wire::response::{self, ResponseProgress};
use crate::wire::{Framing, MethodKind, ResponseHead};

/// Reads what a server sends: interim and final responses, heads and bodies.
///
/// It has to be told which requests are outstanding, as the method decides about the body. Octets that
/// come while none is outstanding are no response (RFC 9112 section 9.2): it is done then, as it is
/// behind the last response of a connection and behind a switch of protocols. The end of the stream
/// inside a message is the error [`Truncated`](ErrorKind::Truncated), unless it ends the body.
#[derive(Clone, Debug)]
pub struct ResponseReceiver {
    config: Config,
    state: State,
    outstanding: VecDeque<MethodKind>,
    /// Of a head that is not all there.
    progress: Option<ResponseProgress>,
    /// Whether another response may follow the one that is being read.
    goes_on: bool,
    /// Whether 101 may come now.
    may_switch: bool,
    offset: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Head,
    Body(Body),
    Done,
    Failed(Error),
}

impl ResponseReceiver {
    /// Nothing is outstanding yet.
    #[must_use]
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            state: State::Head,
            outstanding: VecDeque::new(),
            progress: None,
            goes_on: true,
            may_switch: true,
            offset: 0,
        }
    }

    /// A request with `method` was sent, behind those sent before.
    pub fn expect(&mut self, method: MethodKind) {
        self.outstanding.push_back(method);
    }

    /// How many requests have not got the head of their final response yet.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.outstanding.len()
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
    /// known length, or of a chunk; 0 outside bodies. Where only the end of the stream ends the body: what
    /// [`Limits::max_body`](crate::Limits) leaves.
    #[must_use]
    pub const fn receivable_outside(&self) -> u64 {
        match &self.state {
            State::Body(body) => body.passable(&self.config),
            _ => 0,
        }
    }

    /// Whether 101 (Switching Protocols) may come now; otherwise it is an error.
    pub(crate) const fn let_switch(&mut self, may: bool) {
        self.may_switch = may;
    }

    /// Whether a part of a head is there.
    pub(crate) const fn is_amid_head(&self) -> bool {
        self.progress.is_some()
    }

    /// Whether a body is being received.
    pub(crate) const fn is_amid_body(&self) -> bool {
        matches!(self.state, State::Body(_))
    }

    fn fail<T>(&mut self, error: Error) -> Result<T, Error> {
        let error = error.behind(self.offset);
        self.state = State::Failed(error);
        Err(error)
    }

    #[inline(always)]
    fn head<'i>(&mut self, input: Input<'i>) -> Result<Step<ResponseEvent<&'i [u8]>>, Error> {
        if self.progress.is_none()
            && let Some(&method) = self.outstanding.front()
            && let Some(head) = response::quick_head(input.bytes(), method, &self.config)
            && (self.may_switch || head.status() != 101)
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
    fn begin<'i>(&mut self, head: ResponseHead<&'i [u8]>) -> Step<ResponseEvent<&'i [u8]>> {
        let consumed = head.raw().len();
        if head.is_informational() {
            return Step::event(consumed, ResponseEvent::Informational(head));
        }
        self.outstanding.pop_front();
        self.goes_on = head.keep_alive() && head.framing() != Framing::Tunnel;
        self.state = State::Body(Body::new(head.framing()));
        Step::event(consumed, ResponseEvent::Response(head))
    }

    /// Any head, also one that is not all there.
    #[cold]
    #[inline(never)]
    fn careful_head<'i>(
        &mut self,
        input: Input<'i>,
    ) -> Result<Step<ResponseEvent<&'i [u8]>>, Error> {
        let bytes = input.bytes();
        if bytes.is_empty() && !input.is_last() {
            return Ok(Step::need_more(0));
        }
        if let Some(progress) = &mut self.progress
            && !input.is_last()
            && progress.still_waits(bytes, &self.config)
        {
            return Ok(Step::need_more(0));
        }
        let Some(&method) = self.outstanding.front() else {
            self.state = State::Done;
            return Ok(Step::done(0));
        };
        let mut progress = match self.progress {
            None if bytes.is_empty() => {
                self.state = State::Done;
                return Ok(Step::done(0));
            }
            None => ResponseProgress::default(),
            Some(progress) => progress,
        };
        match response::resume(bytes, &mut progress, method, &self.config) {
            Ok(Some(head)) => {
                self.progress = None;
                if head.status() == 101 && !self.may_switch {
                    return self.fail(Error::new(ErrorKind::UnexpectedSwitch, 0));
                }
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
}

impl Machine for ResponseReceiver {
    type Event<'i> = ResponseEvent<&'i [u8]>;
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
                            Ok(Step::event(consumed, ResponseEvent::Data(data)))
                        }
                        Next::Event(BodyEvent::End(trailers)) => {
                            self.state = if self.goes_on {
                                State::Head
                            } else {
                                State::Done
                            };
                            Ok(Step::event(consumed, ResponseEvent::End { trailers }))
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
