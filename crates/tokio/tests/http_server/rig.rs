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
    tokio::time::timeout(Duration::from_secs(10), test)
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
        for step in steps {
            self.take(step, exchange).await?;
        }
        Ok(())
    }

    fn refused(&mut self, error: &Error) {
        self.log.note(format!("refused {}", error.kind.name()));
    }
}

/// How a connection ended, in a word.
pub(crate) fn shown(ended: &Ended) -> String {
    match ended {
        Ended::Closed => "closed".into(),
        Ended::Refused(error) => format!("refused {}", error.kind.name()),
        Ended::Cut(error) => format!("cut: {error}"),
        Ended::Io(error) => format!("io: {:?}", error.kind()),
        other => format!("{other:?}"),
    }
}

/// The accept loop gives the news of a drain, and nobody else: this one runs in a thread of its own.
pub(crate) struct Day {
    pub(crate) drain: Drain,
    stop: Option<oneshot::Sender<()>>,
}

impl Day {
    pub(crate) fn new() -> Self {
        let (give, given) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let service = move |connection: Connection| {
            give.send(connection.drain).unwrap();
            async {}
        };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                let config = AcceptConfig::default();
                let stopped = async { drop(stopped.await) };
                Acceptor::new(listener, Arc::new(service), config)
                    .run(stopped)
                    .await;
            });
        });
        let _call = std::net::TcpStream::connect(address).unwrap();
        let drain = given.recv_timeout(Duration::from_secs(60)).unwrap();
        Self {
            drain,
            stop: Some(stop),
        }
    }

    /// The drain begins, and whoever waits for it has been told.
    pub(crate) fn end(&mut self) {
        let _ = self.stop.take().unwrap().send(());
        for _ in 0..10_000 {
            if self.drain.has_begun() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(self.drain.has_begun());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A drain that never begins.
pub(crate) fn no_drain() -> Drain {
    static DAY: OnceLock<Day> = OnceLock::new();
    DAY.get_or_init(Day::new).drain.clone()
}

/// Without what changes from run to run.
pub(crate) fn options() -> ServerOptions {
    let mut options = ServerOptions::default();
    options.date = false;
    options
}

/// A connection in memory, and the task that serves it.
pub(crate) struct Call {
    pub(crate) client: DuplexStream,
    pub(crate) log: Log,
    served: tokio::task::JoinHandle<Ended>,
}

impl Call {
    pub(crate) fn new(site: &Site, options: &ServerOptions) -> Self {
        Self::with(site, options, no_drain(), 1 << 20)
    }

    pub(crate) fn with(site: &Site, options: &ServerOptions, drain: Drain, pipe: usize) -> Self {
        let (client, stream) = duplex(pipe);
        let log = site.log.clone();
        let served = spawn(stream, site.clone(), options.clone(), drain);
        Self {
            client,
            log,
            served,
        }
    }

    pub(crate) async fn say(&mut self, words: impl AsRef<[u8]>) {
        self.client.write_all(words.as_ref()).await.unwrap();
    }

    /// Exactly these octets come.
    pub(crate) async fn hears(&mut self, words: impl AsRef<[u8]>) {
        let words = words.as_ref();
        let mut heard = vec![0; words.len()];
        in_time(self.client.read_exact(&mut heard)).await.unwrap();
        same(&heard, words);
    }

    /// All that comes until the server closes.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        self.client.read_to_end(&mut rest).await.unwrap();
        String::from_utf8(rest).unwrap()
    }

    /// How the connection ended, without another word from the server.
    pub(crate) async fn ends(mut self) -> String {
        assert_eq!(in_time(self.rest()).await, "");
        drop(self.client);
        shown(&in_time(self.served).await.unwrap())
    }

    /// How it ended, while the client does nothing.
    pub(crate) async fn ended(self) -> String {
        let ended = self.served.await;
        drop(self.client);
        shown(&ended.unwrap())
    }

    /// How it ended once the client is gone.
    pub(crate) async fn hangs_up(self) -> String {
        drop(self.client);
        shown(&in_time(self.served).await.unwrap())
    }
}

pub(crate) fn spawn<T: Transport + 'static>(
    stream: T,
    mut site: Site,
    options: ServerOptions,
    drain: Drain,
) -> tokio::task::JoinHandle<Ended> {
    tokio::spawn(async move { serve(stream, &mut site, &options, drain).await })
}

/// All that is said to a client that says `words`, closes its side and reads to the end.
pub(crate) async fn said(site: &Site, options: &ServerOptions, words: &str) -> (String, String) {
    let mut call = Call::new(site, options);
    call.say(words).await;
    call.client.shutdown().await.unwrap();
    let rest = in_time(call.rest()).await;
    (rest, call.ends().await)
}

/// A connection over TCP, and the task that serves it.
pub(crate) async fn over_tcp(
    site: &Site,
    options: &ServerOptions,
) -> (TcpStream, tokio::task::JoinHandle<Ended>) {
    let (client, stream) = tcp().await;
    (
        client,
        spawn(stream, site.clone(), options.clone(), no_drain()),
    )
}

pub(crate) async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (stream, _) = accepted.unwrap();
    stream.set_nodelay(true).unwrap();
    (client.unwrap(), stream)
}

pub(crate) fn same(found: &[u8], wanted: &[u8]) {
    let at = found.iter().zip(wanted).position(|(a, b)| a != b);
    let at = at.unwrap_or(found.len().min(wanted.len()));
    assert!(
        found == wanted,
        "{} octets, wanted {}; from {at} on: {} instead of {}",
        found.len(),
        wanted.len(),
        found[at..found.len().min(at + 80)].escape_ascii(),
        wanted[at..wanted.len().min(at + 80)].escape_ascii(),
    );
}

/// Octets that are not alike.
pub(crate) fn pattern(len: usize) -> Bytes {
    (0..len).map(|at| (at % 251) as u8).collect()
}

/// A request without a body.
pub(crate) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// A request with this body.
pub(crate) fn post(target: &str, body: &str) -> String {
    let len = body.len();
    format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {len}\r\n\r\n{body}")
}

/// The response with this body.
pub(crate) fn ok(body: &str) -> String {
    let len = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{body}")
}

/// The same, and it is the last.
pub(crate) fn last(body: &str) -> String {
    closing("200 OK", body)
}

/// What a request that cannot be read is answered with.
pub(crate) fn farewell(status: &str, text: &str) -> String {
    closing(status, text).replace(
        "\r\nConnection",
        "\r\nContent-Type: text/plain\r\nConnection",
    )
}

/// `heard` is how a request that cannot be read is answered, whatever the words.
#[track_caller]
pub(crate) fn is_farewell(heard: &str, status: &str) {
    let (_, text) = heard.split_once("\r\n\r\n").unwrap_or_default();
    assert_eq!(heard, farewell(status, text));
    assert!(
        text.contains(" at octet ") && text.ends_with('\n'),
        "{text}"
    );
}

/// A response behind which the connection ends.
pub(crate) fn closing(status: &str, body: &str) -> String {
    let len = body.len();
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len}\r\n\r\n{body}")
}
