//! A site whose every word is in the test, clients that say exactly what they are told, and the news of a
//! drain.

use bytes::Bytes;
use std::collections::HashMap;
use std::fs::File;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use wirelore_http1::Error;
use wirelore_http1::encode::{Body, FieldBlock, Response};
use wirelore_http1::wire::RequestHead;
use wirelore_tokio::http1::server::{
    Begun, Ended, Exchange, ExchangeError, Handler, Reply, ServerOptions, Transport, serve,
};
use wirelore_tokio::{AcceptConfig, Acceptor, Connection, Drain};

/// Whatever goes wrong, a test does not stand still.
pub(crate) async fn in_time<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), test)
        .await
        .expect("the test stands still")
}

/// How a target is answered.
#[derive(Clone)]
pub(crate) enum Plan {
    /// At once, with a body that is copied.
    Copied(u16, Bytes),
    /// At once, with a body that is not copied if it is long.
    Owned(u16, Bytes),
    /// At once, with a length only.
    Head(u16, Option<u64>),
    /// At once, and the connection is to end.
    Last(u16, Bytes),
    /// Not at all, although it says so.
    Nothing,
    /// By a job.
    Later(Vec<Do>),
    /// At once, and there is something to do behind it.
    Both(u16, Bytes, Vec<Do>),
}

/// What a job does.
#[derive(Clone)]
pub(crate) enum Do {
    Respond(u16, Body),
    RespondWith(u16, Bytes),
    Send(Bytes),
    /// From here on, so many octets.
    File(Arc<File>, u64, u64),
    Finish,
    Trailers,
    /// Reads the request's body to its end.
    Read,
    /// Reads one piece of it.
    Piece,
    /// Reads it, and does not mind if that fails.
    TryRead,
    Flush,
    HungUp,
    Wait(Duration),
    CloseAfter,
    /// Goes on when the test says so.
    Until(Arc<tokio::sync::Notify>),
    Fail,
}

/// What happened, a line for each thing.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn has(&self, line: &str) -> bool {
        self.lines().iter().any(|it| it == line)
    }
}

/// Targets and how they are answered. A target without a plan is answered with itself.
#[derive(Clone, Default)]
pub(crate) struct Site {
    plans: HashMap<&'static str, Plan>,
    pub(crate) log: Log,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn at(mut self, target: &'static str, plan: Plan) -> Self {
        self.plans.insert(target, plan);
        self
    }

    pub(crate) fn job(self, target: &'static str, steps: impl Into<Vec<Do>>) -> Self {
        self.at(target, Plan::Later(steps.into()))
    }

    async fn take<T: Transport>(
        &self,
        step: Do,
        exchange: &mut Exchange<'_, T>,
    ) -> Result<(), ExchangeError> {
        let fields = FieldBlock::new();
        match step {
            Do::Respond(status, body) => exchange.respond(&Response::new(status, &fields), body)?,
            Do::RespondWith(status, body) => {
                exchange.respond_with(&Response::new(status, &fields), body)?;
            }
            Do::Send(piece) => exchange.send(piece).await?,
            Do::File(file, offset, len) => {
                let mut passed = 0;
                let sent = |octets| passed += octets;
                let ended = exchange.send_file(&file, offset, len, sent).await;
                self.log.note(format!("passed {passed}"));
                ended?;
            }
            Do::Finish => exchange.finish(None)?,
            Do::Trailers => {
                exchange.finish(Some(&FieldBlock::new().with("X-Sum", "42").unwrap()))?;
            }
            Do::Read => while self.piece(exchange).await? {},
            Do::Piece => drop(self.piece(exchange).await?),
            Do::TryRead => while self.piece(exchange).await.unwrap_or(false) {},
            Do::Flush => exchange.flush().await?,
            Do::HungUp => exchange.hung_up().await?,
            Do::Wait(time) => tokio::time::sleep(time).await,
            Do::CloseAfter => exchange.close_after(),
            Do::Until(told) => {
                self.log.note("waiting");
                told.notified().await;
            }
            Do::Fail => return Err(ExchangeError::Source(io::ErrorKind::NotFound.into())),
        }
        Ok(())
    }

    async fn piece<T: Transport>(
        &self,
        exchange: &mut Exchange<'_, T>,
    ) -> Result<bool, ExchangeError> {
        let data = exchange.data().await;
        self.log.note(match &data {
            Ok(Some(data)) => format!("data {}", data.escape_ascii()),
            Ok(None) => format!("end {}", exchange.is_received()),
            Err(error) => format!("data: {error}"),
        });
        Ok(data?.is_some())
    }
}

impl Handler for Site {
    type Job = Vec<Do>;

    fn begin(&mut self, head: &RequestHead<&[u8]>, reply: &mut Reply<'_>) -> Begun<Vec<Do>> {
        let target = String::from_utf8_lossy(head.target()).into_owned();
        let method = String::from_utf8_lossy(head.method()).into_owned();
        self.log.note(format!("{method} {target}"));
        let fields = FieldBlock::new();
        let of = |status| Response::new(status, &fields);
        let answered = match self.plans.get(&target[..]).cloned() {
            None => reply.respond(&of(200), target.as_bytes()),
            Some(Plan::Copied(status, body)) => reply.respond(&of(status), &body),
            Some(Plan::Owned(status, body)) => reply.respond_owned(&of(status), body),
            Some(Plan::Head(status, length)) => reply.respond_head(&of(status), length),
            Some(Plan::Last(status, body)) => {
                reply.close_after();
                reply.respond(&of(status), &body)
            }
            Some(Plan::Nothing) => {
                assert!(reply.is_owed());
                Ok(())
            }
            Some(Plan::Later(steps)) => return Begun::Work(steps),
            Some(Plan::Both(status, body, steps)) => {
                reply.respond_owned(&of(status), body).unwrap();
                assert!(!reply.is_owed());
                return Begun::Work(steps);
            }
        };
        if let Err(misuse) = answered {
            self.log.note(format!("misuse: {misuse}"));
        }
        Begun::Answered
    }

    async fn work<T: Transport>(
        &mut self,
        steps: Vec<Do>,
        exchange: &mut Exchange<'_, T>,
    ) -> Result<(), ExchangeError> {
        let end = Left(self.log.clone(), false);
        for step in steps {
            self.take(step, exchange).await?;
        }
        std::mem::forget(end);
        Ok(())
    }

    fn refused(&mut self, error: &Error) {
        self.log.note(format!("refused {}", error.kind.name()));
    }
}
