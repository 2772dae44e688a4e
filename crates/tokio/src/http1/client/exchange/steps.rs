//! What an exchange does when it is polled.

use super::super::connection::Connection;
use super::super::{ClientError, Waiting, open};
use super::{Exchange, Link, Sending};
use crate::DriverError;
use bytes::Bytes;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, ready};
use std::io::{self, ErrorKind as IoErrorKind};
use wirelore_http1::wire::ResponseHead;
use wirelore_http1::{ErrorKind, Misuse, ResponseEvent, Trailers};

/// What has happened.
pub(super) enum Seen {
    /// The request is on a new connection.
    Begun,
    Head,
    Data(Bytes),
    End,
}

impl Exchange {
    pub(super) fn connection(&mut self) -> Result<&mut Connection, Misuse> {
        match &mut self.link {
            Link::Open(connection) => Ok(connection),
            Link::Opening(_) | Link::Gone => Err(Misuse::NotNow),
        }
    }

    /// Puts the request, from its beginning, on a connection.
    pub(super) fn put_on(&mut self, mut connection: Connection) -> Result<(), ClientError> {
        let (prepared, observer) = (&self.prepared, &self.inner.options.observer);
        let id = connection.facts.id;
        let driver = connection.driver();
        self.offset = driver.machine().offset();
        let begun = driver.apply(|machine, out| {
            let before = out.len();
            machine.request(&prepared.request(), prepared.body, out)?;
            observer.request(id, &out[before..]);
            Ok::<_, Misuse>(())
        });
        if let Err(misuse) = begun {
            // It has seen nothing of it.
            self.inner.pool.put(connection);
            return Err(misuse.into());
        }
        connection.used();
        self.facts = connection.facts.clone();
        self.queue.extend(self.whole.clone());
        self.link = Link::Open(connection);
        Ok(())
    }

    /// Octets of the body, to be sent.
    pub(super) fn take(&mut self, octets: Bytes) -> Result<(), Misuse> {
        if self.whole.is_some() || self.finished {
            return Err(Misuse::NotNow);
        }
        let waiting: usize = self.queue.iter().map(Bytes::len).sum();
        let announced = match &mut self.link {
            Link::Open(connection) => connection.driver().machine().remaining(),
            Link::Opening(_) => self.prepared.length(),
            Link::Gone => return Err(Misuse::NotNow),
        };
        if let Some(remaining) = announced {
            let remaining = remaining.saturating_sub(waiting as u64);
            if octets.len() as u64 > remaining {
                return Err(Misuse::BodyTooLong { remaining });
            }
        }
        if !octets.is_empty() {
            self.queue.push_back(octets);
        }
        Ok(())
    }

    /// Why there can be no response yet.
    pub(super) fn check_finished(&mut self) -> Result<(), Misuse> {
        if self.finished {
            return Ok(());
        }
        let Link::Open(connection) = &mut self.link else {
            return Ok(());
        };
        match connection.driver().machine().remaining() {
            Some(remaining) => Err(Misuse::BodyTooShort { remaining }),
            None => Err(Misuse::NotNow),
        }
    }

    /// Ready when a response has begun, or when the driver has all that is to be sent and most of it is
    /// out.
    pub(super) fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Result<Sending, ClientError>> {
        let low = self.inner.options.driver.low;
        loop {
            if self.head.is_some() {
                return Poll::Ready(Ok(Sending::Answered));
            }
            // The driver sends while it waits for events.
            if let Poll::Ready(seen) = self.poll_seen(cx) {
                seen?;
                continue;
            }
            let Link::Open(connection) = &mut self.link else {
                return Poll::Pending;
            };
            let driver = connection.driver();
            let held_back = driver.machine().awaits_continue() && !self.queue.is_empty();
            if held_back || driver.unsent() >= low {
                return Poll::Pending;
            }
            if !self.feed()? {
                return Poll::Ready(Ok(Sending::More));
            }
        }
    }

    /// Hands one more piece of the body to the driver, or its end. False when there is nothing.
    fn feed(&mut self) -> Result<bool, Misuse> {
        let piece = self.inner.piece();
        let Link::Open(connection) = &mut self.link else {
            return Ok(false);
        };
        let id = connection.facts.id;
        let driver = connection.driver();
        if let Some(front) = self.queue.front_mut() {
            let octets = front.split_to(front.len().min(piece));
            if front.is_empty() {
                self.queue.pop_front();
            }
            driver.apply(|machine, out| machine.announce(octets.len() as u64, out))?;
            self.inner.options.observer.body_sent(id, &octets);
            self.spent |= self.whole.is_none() && !octets.is_empty();
            driver.push(octets);
            return Ok(true);
        }
        let ends = !self.finished && driver.machine().remaining() == Some(0);
        if ends {
            driver.apply(|machine, out| machine.finish(None, out))?;
            self.finished = true;
        }
        Ok(ends)
    }

    /// What happens next on the connection, while it is sent what is to be sent.
    pub(super) fn poll_seen(&mut self, cx: &mut Context<'_>) -> Poll<Result<Seen, ClientError>> {
        loop {
            let connection = match &mut self.link {
                Link::Open(connection) => connection,
                Link::Opening(opening) => {
                    let opened = ready!(opening.as_mut().poll(cx));
                    self.link = Link::Gone;
                    self.put_on(opened?)?;
                    return Poll::Ready(Ok(Seen::Begun));
                }
                Link::Gone => return Poll::Ready(Err(Misuse::NotNow.into())),
            };
            let id = connection.facts.id;
            let next = ready!(pin!(connection.driver().next()).poll(cx));
            let observer = &self.inner.options.observer;
            return Poll::Ready(match next {
                Ok(Some(ResponseEvent::Informational(head))) => {
                    observer.interim(id, &head);
                    continue;
                }
                Ok(Some(ResponseEvent::Response(head))) => {
                    observer.response(id, &head);
                    self.answered(head).map(|()| Seen::Head)
                }
                Ok(Some(ResponseEvent::Data(octets))) => {
                    observer.body_received(id, &octets);
                    Ok(Seen::Data(octets))
                }
                Ok(Some(ResponseEvent::End { trailers })) => {
                    self.end(trailers);
                    Ok(Seen::End)
                }
                Ok(Some(_)) => continue,
                Ok(None) => self.lost(None),
                Err(DriverError::Io(error)) => self.lost(Some(error)),
                Err(DriverError::Machine(error)) => {
                    self.link = Link::Gone;
                    Err(match (error.kind, &self.head) {
                        (ErrorKind::TimedOut, None) => ClientError::TimedOut(Waiting::ResponseHead),
                        (ErrorKind::TimedOut, _) => ClientError::TimedOut(Waiting::ResponseBody),
                        _ => ClientError::Protocol(error),
                    })
                }
                Err(DriverError::Stuck) => {
                    self.link = Link::Gone;
                    Err(ClientError::Io(IoErrorKind::UnexpectedEof.into()))
                }
            });
        }
    }

    /// The final response has begun.
    fn answered(&mut self, head: ResponseHead<Bytes>) -> Result<(), ClientError> {
        self.head = Some(head);
        self.whole = None;
        if !self.finished {
            let unsent = self.queue.iter().any(|octets| !octets.is_empty());
            self.queue.clear();
            let driver = self.connection()?.driver();
            if !unsent && driver.machine().remaining() == Some(0) {
                driver.apply(|machine, out| machine.finish(None, out))?;
                self.finished = true;
            } else {
                driver.machine_mut().abandon();
            }
        }
        Ok(())
    }

    /// The response is over: the connection may be used again, or is closed.
    fn end(&mut self, trailers: Trailers<Bytes>) {
        self.trailers = Some(trailers);
        self.over = true;
        if let Link::Open(mut connection) = core::mem::replace(&mut self.link, Link::Gone)
            && connection.next_cycle()
        {
            self.inner.keep(connection);
        }
    }

    /// The connection is gone. On with another one if nothing can come of it: RFC 9110 section 9.2.2.
    fn lost(&mut self, error: Option<io::Error>) -> Result<Seen, ClientError> {
        let Link::Open(mut connection) = core::mem::replace(&mut self.link, Link::Gone) else {
            return Err(Misuse::NotNow.into());
        };
        // Not the system's word, but the driver's: the peer reads nothing.
        if let Some(error) = &error
            && error.kind() == IoErrorKind::TimedOut
            && error.raw_os_error().is_none()
        {
            return Err(ClientError::TimedOut(Waiting::Sending));
        }
        let driver = connection.driver();
        let silent = driver.machine().offset() == self.offset && driver.received().is_empty();
        if self.head.is_some() || !silent {
            let error = error.unwrap_or_else(|| IoErrorKind::UnexpectedEof.into());
            return Err(ClientError::Io(error));
        }
        if !self.reused || self.spent || !self.prepared.is_idempotent() || !is_loss(&error) {
            let reused = self.reused;
            return Err(ClientError::Closed { reused, error });
        }
        drop(connection);
        self.reused = false;
        self.finished = false;
        if self.whole.is_some() {
            self.queue.clear();
        }
        let inner = self.inner.clone();
        inner.options.observer.again(self.facts.id);
        let (route, origin) = (self.route.clone(), self.origin.clone());
        self.link = Link::Opening(Box::pin(
            async move { open::open(&inner, route, &origin).await },
        ));
        Ok(Seen::Begun)
    }
}

/// Whether this is how an idle connection ends.
fn is_loss(error: &Option<io::Error>) -> bool {
    error.as_ref().is_none_or(|error| {
        matches!(
            error.kind(),
            IoErrorKind::ConnectionReset
                | IoErrorKind::ConnectionAborted
                | IoErrorKind::BrokenPipe
                | IoErrorKind::NotConnected
                | IoErrorKind::UnexpectedEof
        )
    })
}
