//! A request that takes time, and its response.

use super::reply::{dated, end_if_long};
use super::{ServerOptions, Transport, outside};
use crate::{ActError, Drain, Driver, DriverError};
use bytes::Bytes;
use std::fs::File;
use std::io;
use std::sync::Arc;
use wirelore_http1::encode::{Body, FieldBlock, Misuse, Response};
use wirelore_http1::{ClientState, Error, RequestEvent, ServerConnection, ServerState};

/// A request whose answer takes time: its body comes in and the response goes out here.
///
/// [`respond`](Self::respond), then [`send`](Self::send) and [`send_file`](Self::send_file) as often as
/// needed, then [`finish`](Self::finish); or [`respond_with`](Self::respond_with). Before, between or behind
/// these, [`data`](Self::data) reads the body of the request.
///
/// Methods that wait are cancel safe in the sense of the driver's: what was begun stays begun.
#[derive(Debug)]
pub struct Exchange<'x, T> {
    driver: &'x mut Driver<ServerConnection, T>,
    options: &'x ServerOptions,
    drain: &'x Drain,
    /// The request has come to its end.
    received: bool,
}

/// Why an exchange cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The response was used wrongly.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// The request's body cannot be read.
    #[error(transparent)]
    Request(#[from] Error),
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What was to be sent cannot be read.
    #[error("cannot read what is to be sent: {0}")]
    Source(#[source] io::Error),
    /// What was to be sent is shorter than announced.
    #[error("what is to be sent ended {0} octets too early")]
    Short(u64),
    /// The response was not finished.
    #[error("the response was not finished")]
    Unfinished,
}

impl From<DriverError<Error>> for ExchangeError {
    fn from(error: DriverError<Error>) -> Self {
        match error {
            DriverError::Machine(error) => Self::Request(error),
            DriverError::Io(error) => Self::Io(error),
            DriverError::Stuck => Self::Io(io::Error::other(error)),
        }
    }
}

impl From<ActError<Misuse>> for ExchangeError {
    fn from(error: ActError<Misuse>) -> Self {
        match error {
            ActError::Misuse(misuse) => Self::Misuse(misuse),
            ActError::Io(error) => Self::Io(error),
        }
    }
}

impl<'x, T: Transport> Exchange<'x, T> {
    pub(super) const fn new(
        driver: &'x mut Driver<ServerConnection, T>,
        options: &'x ServerOptions,
        drain: &'x Drain,
    ) -> Self {
        Self {
            driver,
            options,
            drain,
            received: false,
        }
    }

    /// The stream.
    pub const fn stream(&self) -> &T {
        self.driver.stream()
    }

    /// The next piece of the request's body; none behind the last. The first call asks a client that waits
    /// for 100 (Continue) to go on.
    ///
    /// # Errors
    /// A body that cannot be read or does not come in time, and a connection that fails.
    pub async fn data(&mut self) -> Result<Option<Bytes>, ExchangeError> {
        if self.received {
            return Ok(None);
        }
        if self.driver.machine().awaits_continue() {
            let proceed = |machine: &mut ServerConnection, out: &mut Vec<u8>| {
                machine.proceed(out);
                Ok::<_, Misuse>(())
            };
            self.driver.apply(proceed)?;
        }
        match self.driver.next().await? {
            Some(RequestEvent::Data(data)) => Ok(Some(data)),
            _ => {
                self.received = true;
                Ok(None)
            }
        }
    }

    /// Whether the client waits for 100 (Continue): a final response now saves it from sending the body.
    pub fn awaits_continue(&self) -> bool {
        self.driver.machine().awaits_continue()
    }

    /// The connection is to end behind this exchange: say it before the response.
    pub fn close_after(&mut self) {
        self.driver.machine_mut().close_after();
    }

    /// Begins the response. `body` is what will follow.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was said.
    pub fn respond(&mut self, response: &Response<'_>, body: Body) -> Result<(), ExchangeError> {
        let date = self.options.date;
        if self.drain.has_begun() {
            self.close_after();
        }
        end_if_long(self.driver.machine_mut(), self.options);
        self.driver.apply(|machine, out| {
            dated(date, response, |response| {
                machine.respond(response, body, out)
            })
        })?;
        Ok(())
    }

    /// The whole response. A body that is long is not copied.
    ///
    /// # Errors
    /// [`Misuse`]; then nothing was said.
    pub fn respond_with(
        &mut self,
        response: &Response<'_>,
        body: Bytes,
    ) -> Result<(), ExchangeError> {
        let len = body.len() as u64;
        let announced = match response.status {
            204 | 205 | 304 if len == 0 => Body::Empty,
            _ => Body::Length(len),
        };
        self.respond(response, announced)?;
        if self.wants_body() {
            self.driver
                .apply(|machine, out| machine.announce(len, out))?;
            self.driver.push(body);
        }
        self.finish(None)
    }

    /// Whether there is anything to be sent: not in the response to HEAD, and where the body is empty.
    pub fn wants_body(&self) -> bool {
        self.driver.machine().server_state() == ServerState::SendBody
            && self.driver.machine().remaining() != Some(0)
    }

    /// Sends a piece of the response's body, which is not copied if it is long, and waits until most of
    /// what is to be sent is sent.
    ///
    /// # Errors
    /// [`Misuse`], and a connection that fails.
    pub async fn send(&mut self, piece: Bytes) -> Result<(), ExchangeError> {
        let len = piece.len() as u64;
        self.driver
            .apply(|machine, out| machine.announce(len, out))?;
        self.driver.send_owned(piece).await?;
        Ok(())
    }

    /// Sends `len` octets of a file, from `offset` on, as a piece of the response's body. On a bare TCP
    /// connection they do not pass through the program. `sent` is told how many more are on their way.
    ///
    /// What the system has in memory is sent from the event loop; what it has to fetch is fetched
    /// elsewhere first.
    ///
    /// # Errors
    /// [`ExchangeError::Short`] if the file has not got so many, [`Misuse`], and a connection that fails.
    pub async fn send_file(
        &mut self,
        file: &Arc<File>,
        offset: u64,
        len: u64,
        mut sent: impl FnMut(u64) + Send,
    ) -> Result<(), ExchangeError> {
        self.driver
            .apply(|machine, out| machine.announce(len, out))?;
        let stall = self.options.driver.stall;
        outside::send(self.driver, file, offset, len, stall, &mut sent).await
    }

    /// Ends the response; `trailers` only if its body is chunked.
    ///
    /// # Errors
    /// [`Misuse`], also when octets are missing.
    pub fn finish(&mut self, trailers: Option<&FieldBlock>) -> Result<(), ExchangeError> {
        self.driver
            .apply(|machine, out| machine.finish(trailers, out))?;
        Ok(())
    }

    /// Waits until all that was said is handed to the system.
    ///
    /// # Errors
    /// A connection that fails.
    pub async fn flush(&mut self) -> Result<(), ExchangeError> {
        Ok(self.driver.flush().await?)
    }

    /// Waits until the client is gone, or has closed its sending direction. For what takes long: wait for
    /// it and for this together.
    ///
    /// # Errors
    /// A connection that fails.
    pub async fn hung_up(&mut self) -> Result<(), ExchangeError> {
        Ok(self.driver.hung_up().await?)
    }

    /// Whether the request has come to its end, as far as was read.
    pub fn is_received(&self) -> bool {
        self.received || self.driver.machine().client_state() != ClientState::SendBody
    }
}
