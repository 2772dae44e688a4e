use super::{ServerOptions, date};
use bytes::Bytes;
use wirelore_http1::encode::{Body, Misuse, Response};
use wirelore_http1::{ClientState, ServerConnection};

/// Octets up to this number are copied behind the head.
const JOIN: usize = 4096;

/// Where a request is answered at once.
#[derive(Debug)]
pub struct Reply<'r> {
    machine: &'r mut ServerConnection,
    out: &'r mut Vec<u8>,
    options: &'r ServerOptions,
    /// What is to be sent behind `out`.
    pub(super) chunk: Bytes,
}

impl<'r> Reply<'r> {
    pub(super) const fn new(
        machine: &'r mut ServerConnection,
        out: &'r mut Vec<u8>,
        options: &'r ServerOptions,
    ) -> Self {
        Self {
            machine,
            out,
            options,
            chunk: Bytes::new(),
        }
    }

    /// Answers with `body`, which is copied. Where the method or the status code forbids a body, it only
    /// gives the length.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was said.
    pub fn respond(&mut self, response: &Response<'_>, body: &[u8]) -> Result<(), Misuse> {
        let Self { machine, out, .. } = self;
        end_if_long(machine, self.options);
        dated(self.options.date, response, |response| {
            machine.respond_with(response, body, out)
        })
    }

    /// Answers with `body`, which is not copied if it is long.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was said.
    pub fn respond_owned(&mut self, response: &Response<'_>, body: Bytes) -> Result<(), Misuse> {
        if body.len() <= JOIN {
            return self.respond(response, &body);
        }
        let Self { machine, out, .. } = self;
        let len = body.len() as u64;
        end_if_long(machine, self.options);
        dated(self.options.date, response, |response| {
            machine.respond(response, Body::Length(len), out)
        })?;
        if machine.remaining() == Some(len) {
            machine.announce(len, out)?;
            self.chunk = body;
        }
        machine.finish(None, out)
    }

    /// Answers with a length only: to HEAD, or with a status code that has no body, 304 above all.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was said, or the body is missing.
    pub fn respond_head(
        &mut self,
        response: &Response<'_>,
        length: Option<u64>,
    ) -> Result<(), Misuse> {
        let Self { machine, out, .. } = self;
        let body = length.map_or(Body::Empty, Body::Length);
        end_if_long(machine, self.options);
        dated(self.options.date, response, |response| {
            machine.respond(response, body, out)
        })?;
        machine.finish(None, out)
    }

    /// The connection is to end behind this exchange: say it before the response.
    pub fn close_after(&mut self) {
        self.machine.close_after();
    }

    /// Whether the request still owes its answer.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        self.machine.owes_response()
    }
}

/// A request whose body is not read when the response begins, and longer than what is thrown away, is the
/// last one on its connection; then the response says so.
pub(super) fn end_if_long(machine: &mut ServerConnection, options: &ServerOptions) {
    if machine.client_state() == ClientState::SendBody
        && machine.receivable_outside() > options.discard
    {
        machine.close_after();
    }
}

/// Gives the response a Date, unless it has one, or none is wanted.
pub(super) fn dated<R>(
    wanted: bool,
    response: &Response<'_>,
    send: impl FnOnce(&Response<'_>) -> R,
) -> R {
    if wanted && response.also.is_none() && !response.fields.has_date() {
        date::with(|date| send(&response.with_also(date)))
    } else {
        send(response)
    }
}
