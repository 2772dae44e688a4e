//! One request and its response.

mod steps;

use self::steps::Seen;
use super::connect::BoxFuture;
use super::connection::{Connection, ConnectionFacts};
use super::proxy::Route;
use super::request::Prepared;
use super::{ClientError, Inner, Origin, RequestBody};
use bytes::Bytes;
use core::fmt;
use core::future::poll_fn;
use core::task::{Poll, ready};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::time::timeout;
use wirelore_http1::Trailers;
use wirelore_http1::encode::FieldBlock;
use wirelore_http1::wire::{Framing, ResponseHead};

/// Whether the rest of the request's body is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Sending {
    /// It is.
    More,
    /// The final response has begun: [`response`](Exchange::response) has it. What was not sent of the body
    /// will not be sent, and is dropped.
    Answered,
}

/// One request and its response, from [`Client::begin`](super::Client::begin).
///
/// Where the body of the request is given piece by piece, call [`send`](Self::send) as often as needed and
/// [`finish`](Self::finish), until they say [`Sending::Answered`]. Then comes [`response`](Self::response), and
/// [`data`](Self::data) until there is none.
///
/// At the end of the response the connection goes back to the client, if another request may follow on
/// it. An exchange that is dropped before, or has failed, closes it: see [`discard`](Self::discard).
///
/// # Cancel safety
///
/// All state is in the exchange and none in the futures, also that of a connection that is being made so
/// that the request can be sent again: whichever is dropped, at whatever point it
/// waits, the same call or another one goes on from there. What is special to a method is said there.
/// After an error there is no connection any more, and every call that needs it is
/// [`Misuse::NotNow`](wirelore_http1::Misuse).
pub struct Exchange {
    inner: Arc<Inner>,
    link: Link,
    facts: Arc<ConnectionFacts>,
    origin: Origin,
    route: Route,
    prepared: Prepared,
    reused: bool,
    /// What the connection had consumed before.
    offset: u64,
    /// Of the body, what the driver does not have yet.
    queue: VecDeque<Bytes>,
    /// The whole body, as long as it may be needed again.
    whole: Option<Bytes>,
    /// Something of the request is gone that cannot be sent again.
    spent: bool,
    /// All of the request was handed to the driver.
    finished: bool,
    head: Option<ResponseHead<Bytes>>,
    trailers: Option<Trailers<Bytes>>,
    over: bool,
}

enum Link {
    Open(Connection),
    /// The first connection was closed without a response.
    Opening(BoxFuture<'static, Result<Connection, ClientError>>),
    /// The response is over, or something failed.
    Gone,
}

impl Exchange {
    /// Puts the request on a connection. None of it is sent yet.
    pub(super) fn begin(
        inner: Arc<Inner>,
        connection: Connection,
        origin: Origin,
        prepared: Prepared,
        body: RequestBody,
        reused: bool,
    ) -> Result<Self, ClientError> {
        let mut exchange = Self {
            inner,
            facts: connection.facts.clone(),
            origin,
            route: connection.route.clone(),
            link: Link::Gone,
            prepared,
            reused,
            offset: 0,
            queue: VecDeque::new(),
            whole: match body {
                RequestBody::Whole(octets) => Some(octets),
                _ => None,
            },
            spent: false,
            finished: false,
            head: None,
            trailers: None,
            over: false,
        };
        exchange.put_on(connection)?;
        Ok(exchange)
    }

    /// Sends octets of the body, in pieces of up to the high-water mark, and waits until less than the
    /// low-water mark is unsent. If the request expects 100 (Continue), it waits for that before: see
    /// [`proceed`](Self::proceed). Octets that are sent are not copied.
    ///
    /// Cancel safe in this sense: from the first poll on the octets belong to the exchange, and go out with
    /// the next call that waits.
    ///
    /// # Errors
    /// [`Misuse`](wirelore_http1::Misuse) for more octets than were announced, a body that was given as a whole, and after
    /// [`finish`](Self::finish); then nothing is taken. Otherwise what happened to the connection.
    pub async fn send(&mut self, octets: Bytes) -> Result<Sending, ClientError> {
        if self.head.is_some() {
            return Ok(Sending::Answered);
        }
        self.take(octets)?;
        poll_fn(|cx| self.poll_sent(cx)).await
    }

    /// The same with octets that are copied.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub async fn send_slice(&mut self, octets: &[u8]) -> Result<Sending, ClientError> {
        self.send(Bytes::copy_from_slice(octets)).await
    }

    /// Ends a body of unknown length, with trailers or without. A body of known length ends by itself; for
    /// it this only waits. Does not wait until all is sent: [`response`](Self::response) does.
    ///
    /// Cancel safe: the body is ended when this returns, not before; repeat it.
    ///
    /// # Errors
    /// [`Misuse`](wirelore_http1::Misuse) when octets are missing and for fields that may not be trailers. Otherwise what happened
    /// to the connection.
    pub async fn finish(&mut self, trailers: Option<&FieldBlock>) -> Result<Sending, ClientError> {
        if let Sending::Answered = poll_fn(|cx| self.poll_sent(cx)).await? {
            return Ok(Sending::Answered);
        }
        if !self.finished {
            let driver = self.connection()?.driver();
            driver.apply(|machine, out| machine.finish(trailers, out))?;
            self.finished = true;
            self.spent = true;
        }
        Ok(Sending::More)
    }

    /// Whether the body should be held back, because 100 (Continue) is expected and neither that nor a
    /// final response has come, nor is the time up ([`proceed`](wirelore_http1::ClientConfig::proceed)).
    pub fn awaits_continue(&mut self) -> bool {
        self.head.is_none()
            && match &mut self.link {
                Link::Open(connection) => connection.driver().machine().awaits_continue(),
                Link::Opening(_) => true,
                Link::Gone => false,
            }
    }

    /// Sends the head and waits until the body may be sent: for 100 (Continue), a final response, or until
    /// the time for that is up. Without `Expect: 100-continue` it does not wait.
    ///
    /// # Errors
    /// What happened to the connection.
    pub async fn proceed(&mut self) -> Result<Sending, ClientError> {
        poll_fn(|cx| {
            loop {
                if self.head.is_some() {
                    return Poll::Ready(Ok(Sending::Answered));
                }
                if let Poll::Ready(seen) = self.poll_seen(cx) {
                    seen?;
                } else if self.awaits_continue() {
                    return Poll::Pending;
                } else {
                    return Poll::Ready(Ok(Sending::More));
                }
            }
        })
        .await
    }

    /// Sends what is still to be sent and waits for the head of the final response. Interim responses are
    /// shown to the [`Observer`](super::Observer). Later calls return the same head at once.
    ///
    /// # Errors
    /// [`Misuse`](wirelore_http1::Misuse) as long as the body of the request is not complete. Otherwise what happened to the
    /// connection.
    pub async fn response(&mut self) -> Result<ResponseHead<Bytes>, ClientError> {
        poll_fn(|cx| {
            loop {
                let Some(head) = &self.head else {
                    if let Sending::More = ready!(self.poll_sent(cx))? {
                        self.check_finished()?;
                        return Poll::Pending;
                    }
                    continue;
                };
                let empty = matches!(head.framing(), Framing::None | Framing::Length(0));
                if self.over || !empty {
                    return Poll::Ready(Ok(head.clone()));
                }
                // The end of a response without a body needs no octets.
                ready!(self.poll_seen(cx))?;
            }
        })
        .await
    }

    /// The next octets of the response's body, as they came; none at its end. Waits for the head before,
    /// if nobody has.
    ///
    /// A piece is a slice of the receive buffer: one that is kept keeps all of that in memory.
    ///
    /// # Errors
    /// As for [`response`](Self::response). A body that ends too early is
    /// [`Truncated`](wirelore_http1::ErrorKind::Truncated).
    pub async fn data(&mut self) -> Result<Option<Bytes>, ClientError> {
        if self.head.is_none() {
            self.response().await?;
        }
        poll_fn(|cx| {
            loop {
                if self.over {
                    return Poll::Ready(Ok(None));
                }
                if let Seen::Data(octets) = ready!(self.poll_seen(cx))? {
                    return Poll::Ready(Ok(Some(octets)));
                }
            }
        })
        .await
    }

    /// Reads what is left of the response, if it is short
    /// ([`ClientOptions::discard`](super::ClientOptions)) and comes soon, so that the connection can be
    /// kept; otherwise closes the connection. Returns whether the response is over.
    ///
    /// Cancel safe: what was read is gone.
    pub async fn discard(&mut self) -> bool {
        let (most, time) = {
            let options = &self.inner.options;
            (options.discard, options.discard_time)
        };
        let short = !self.over && !matches!(&self.head, Some(head) if is_longer(head, most));
        let over = self.over
            || short
                && timeout(time, self.read_at_most(most))
                    .await
                    .unwrap_or(false);
        if !over {
            self.link = Link::Gone;
        }
        over
    }

    async fn read_at_most(&mut self, most: u64) -> bool {
        let mut left = most;
        loop {
            match self.data().await {
                Ok(Some(octets)) => match left.checked_sub(octets.len() as u64) {
                    Some(less) => left = less,
                    None => return false,
                },
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Closes the connection, unless the response is over.
    pub fn cancel(self) {}

    /// The head of the final response, if it has come.
    #[must_use]
    pub const fn head(&self) -> Option<&ResponseHead<Bytes>> {
        self.head.as_ref()
    }

    /// The trailers, when the response is over.
    #[must_use]
    pub const fn trailers(&self) -> Option<&Trailers<Bytes>> {
        self.trailers.as_ref()
    }

    /// Whether the response is over.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.over
    }

    /// Whether the connection had carried requests before this one.
    #[must_use]
    pub const fn reused(&self) -> bool {
        self.reused
    }

    /// What is known about the connection, or was before it was closed.
    #[must_use]
    pub fn connection_facts(&self) -> &ConnectionFacts {
        &self.facts
    }
}

fn is_longer(head: &ResponseHead<Bytes>, most: u64) -> bool {
    matches!(head.framing(), Framing::Length(length) if length > most)
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("origin", &self.origin)
            .field("connection", &self.facts.id)
            .field("reused", &self.reused)
            .field("head", &self.head)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}
