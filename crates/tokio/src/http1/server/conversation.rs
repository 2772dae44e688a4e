//! One connection: requests are given to the handler, and replies to the driver.

use super::exchange::Exchange;
use super::reply::{Reply, dated};
use super::{Begun, ExchangeError, Handler, ServerOptions, Transport};
use crate::{Drain, Driver, DriverConfig, DriverError, Pumped};
use bytes::Bytes;
use core::future::{Future, poll_fn};
use core::ops::ControlFlow::{self, Break, Continue};
use core::pin::pin;
use core::task::{Poll, Waker};
use core::time::Duration;
use socket2::SockRef;
use std::io;
use wirelore_http1::encode::{FieldBlock, Response};
use wirelore_http1::{
    ClientState, Error, RequestEvent, ServerConfig, ServerConnection, ServerState,
};

/// How a connection came to its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum Ended {
    /// In peace: both sides were through with it.
    Closed,
    /// What the client sent could not be read. It was told so, where that is possible.
    Refused(Error),
    /// A response could not be finished, and the connection was broken off.
    Cut(ExchangeError),
    /// The connection failed.
    Io(io::Error),
}

/// Serves a connection until it ends. When `drain` begins, the request at hand is answered and no other
/// one is taken; what becomes of requests that take too long then is the caller's decision.
///
/// Not cancel safe: to drop the future is to cut the connection.
pub async fn serve<T: Transport, H: Handler>(
    stream: T,
    handler: &mut H,
    options: &ServerOptions,
    drain: Drain,
) -> Ended {
    // what cannot be read is answered here, with a date and in words
    let machine = ServerConnection::new(ServerConfig {
        farewell: false,
        ..options.machine
    });
    // a request says itself where it ends
    let config = DriverConfig {
        bare_end: true,
        ..options.driver
    };
    let mut driver = Driver::new(machine, stream, &config);
    let mut round = Round {
        handler,
        options,
        drain,
        requests: 0,
        discarded: 0,
        unsent: 0,
    };
    loop {
        // a client that reads slowly is not one that asks slowly: no patience ends meanwhile
        if driver.unsent() >= options.driver.high
            && let Err(error) = driver.settle().await
        {
            return Ended::Io(error);
        }
        round.unsent = driver.unsent();
        match round.pump(&mut driver).await {
            Ok(Pumped::Break(Next::Send(chunk))) => driver.push(chunk),
            Ok(Pumped::Break(Next::Work(job, chunk))) => {
                driver.push(chunk);
                match round.work(&mut driver, job).await {
                    Ok(()) => {}
                    Err(ExchangeError::Request(error))
                        if driver.machine().server_state() != ServerState::SendBody =>
                    {
                        bid_farewell(&mut driver, options, &error);
                        close(&mut driver, options.linger).await;
                        return Ended::Refused(error);
                    }
                    Err(error) => {
                        cut(&driver);
                        return Ended::Cut(error);
                    }
                }
            }
            Ok(Pumped::Break(Next::Unfinished)) => {
                cut(&driver);
                return Ended::Cut(ExchangeError::Unfinished);
            }
            Ok(Pumped::Break(Next::Drain)) => driver.machine_mut().close_after(),
            Ok(Pumped::Break(Next::Enough) | Pumped::Done) => {
                close(&mut driver, options.linger).await;
                return Ended::Closed;
            }
            // the machine is paused only while a response is owed, which is not the case here
            Ok(Pumped::HungUp) => {}
            Err(DriverError::Machine(error)) => {
                // of one that was answered already, nobody need hear any more
                if driver.machine().owes_response() {
                    bid_farewell(&mut driver, options, &error);
                    round.handler.refused(&error);
                }
                close(&mut driver, options.linger).await;
                return Ended::Refused(error);
            }
            Err(DriverError::Io(error)) => return Ended::Io(error),
            Err(error @ DriverError::Stuck) => return Ended::Io(io::Error::other(error)),
        }
    }
}

/// Tells the client what is wrong with its request, where a response may stand.
fn bid_farewell<T: Transport>(
    driver: &mut Driver<ServerConnection, T>,
    options: &ServerOptions,
    error: &Error,
) {
    if !options.machine.farewell || !driver.machine().owes_response() {
        return;
    }
    let mut fields = FieldBlock::new();
    let pushed = fields.push("Content-Type", "text/plain").map(drop);
    debug_assert!(pushed.is_ok(), "{pushed:?}");
    let response = Response::new(error.reply_hint(), &fields);
    let text = format!("{error}\n");
    let said = driver.apply(|machine, out| {
        machine.close_after();
        dated(options.date, &response, |response| {
            machine.respond_with(response, text.as_bytes(), out)
        })
    });
    debug_assert!(said.is_ok(), "{said:?}");
}

/// What the conversation stops for.
enum Next<J> {
    /// A chunk goes behind what is to be sent.
    Send(Bytes),
    /// The same, and there is a job.
    Work(J, Bytes),
    /// A response was begun, and is not whole.
    Unfinished,
    /// No more requests.
    Drain,
    /// More of a body came than is thrown away.
    Enough,
}

struct Round<'h, H> {
    handler: &'h mut H,
    options: &'h ServerOptions,
    drain: Drain,
    requests: u64,
    /// Octets of the present request's body that nobody wanted.
    discarded: u64,
    /// What was to be sent when the machine was last stepped: never less than what is left of it.
    unsent: usize,
}

type Pump<J> = Result<Pumped<Next<J>>, DriverError<Error>>;

impl<H: Handler> Round<'_, H> {
    /// Answers requests until something has to be done that cannot be done at once.
    async fn pump<T: Transport>(
        &mut self,
        driver: &mut Driver<ServerConnection, T>,
    ) -> Pump<H::Job> {
        if self.drain.has_begun() {
            driver.machine_mut().close_after();
            let mut pump = pin!(driver.pump(|machine, event, out| self.see(machine, event, out)));
            return pump.as_mut().await;
        }
        let (drain, mut waiting) = (self.drain.clone(), self.drain.clone());
        let mut begun = pin!(waiting.begun());
        let mut waker: Option<Waker> = None;
        let mut pump = pin!(driver.pump(|machine, event, out| self.see(machine, event, out)));
        poll_fn(|cx| {
            if let Poll::Ready(pumped) = pump.as_mut().poll(cx) {
                return Poll::Ready(pumped);
            }
            // who would be woken is: only to look whether it was for this is cheaper
            let waits = waker.as_ref().is_some_and(|it| it.will_wake(cx.waker()));
            if waits && !drain.has_begun() {
                return Poll::Pending;
            }
            waker = Some(cx.waker().clone());
            let begun = begun.as_mut().poll(cx);
            begun.map(|()| Ok(Pumped::Break(Next::Drain)))
        })
        .await
    }

    fn see(
        &mut self,
        machine: &mut ServerConnection,
        event: RequestEvent<&[u8]>,
        out: &mut Vec<u8>,
    ) -> ControlFlow<Next<H::Job>> {
        match event {
            RequestEvent::Request(head) => {
                self.requests += 1;
                self.discarded = 0;
                let last = self
                    .options
                    .requests
                    .is_some_and(|max| self.requests >= max);
                if last || self.drain.has_begun() {
                    machine.close_after();
                }
                let mut reply = Reply::new(machine, out, self.options);
                let begun = self.handler.begin(&head, &mut reply);
                let chunk = reply.chunk;
                if let Begun::Work(job) = begun {
                    return Break(Next::Work(job, chunk));
                }
                if machine.server_state() == ServerState::SendBody {
                    return Break(Next::Unfinished);
                }
                if machine.owes_response() {
                    self.fail(machine, out);
                }
                let high = self.options.driver.high;
                if chunk.is_empty() && self.unsent.saturating_add(out.len()) < high {
                    Continue(())
                } else {
                    Break(Next::Send(chunk))
                }
            }
            RequestEvent::Data(data) => {
                self.discarded += data.len() as u64;
                if self.discarded > self.options.discard {
                    Break(Next::Enough)
                } else {
                    Continue(())
                }
            }
            // an error means that the connection ends here, as the next step says
            _ => {
                let _ = machine.next_cycle();
                Continue(())
            }
        }
    }

    /// Nobody has answered.
    fn fail(&self, machine: &mut ServerConnection, out: &mut Vec<u8>) {
        machine.close_after();
        let fields = FieldBlock::new();
        dated(
            self.options.date,
            &Response::new(500, &fields),
            |response| {
                let answered = machine.respond_with(response, b"", out);
                debug_assert!(answered.is_ok(), "{answered:?}");
            },
        );
    }

    async fn work<T: Transport>(
        &mut self,
        driver: &mut Driver<ServerConnection, T>,
        job: H::Job,
    ) -> Result<(), ExchangeError> {
        let mut exchange = Exchange::new(driver, self.options, &self.drain);
        // in a box: connections that wait must not hold room for it
        let worked = Box::pin(self.handler.work(job, &mut exchange)).await;
        if driver.machine().owes_response() && worked.is_ok() {
            let failed = driver.apply(|machine, out| {
                self.fail(machine, out);
                Ok::<_, ExchangeError>(())
            });
            return failed;
        }
        worked?;
        if driver.machine().server_state() == ServerState::SendBody {
            return Err(ExchangeError::Unfinished);
        }
        if driver.machine().client_state() != ClientState::SendBody {
            // or else the rest of the request comes first
            let _ = driver.machine_mut().next_cycle();
        }
        Ok(())
    }
}

async fn close<T: Transport>(driver: &mut Driver<ServerConnection, T>, linger: Duration) {
    // that this fails says no more than that it is over
    if driver.peer_closed() {
        let _ = driver.shutdown().await;
    } else {
        let _ = driver.close(linger).await;
    }
}

/// Breaks the connection, so that nobody takes what came for the whole.
fn cut<T: Transport>(driver: &Driver<ServerConnection, T>) {
    if let Some(tcp) = driver.stream().beneath() {
        let _ = SockRef::from(tcp).set_linger(Some(Duration::ZERO));
    }
}
