//! A server whose every word is in the test, and a log of what the client does.

use bytes::Bytes;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wirelore_http1::encode::{FieldBlock, Request};
use wirelore_http1::wire::ResponseHead;
use wirelore_tokio::http1::client::{
    Client, ClientError, ClientOptions, ConnectionFacts, Exchange, Observer, Origin, RequestBody,
    Scheme,
};

/// Whatever goes wrong, a test does not stand still.
pub(crate) async fn in_time<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), test)
        .await
        .expect("the test stands still")
}

pub(crate) struct Server {
    listener: TcpListener,
    pub(crate) origin: Origin,
}

impl Server {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let origin = Origin::new(Scheme::Http, "127.0.0.1", port);
        Self { listener, origin }
    }

    pub(crate) async fn accept(&self) -> Peer<TcpStream> {
        let (stream, _) = self.listener.accept().await.unwrap();
        Peer::new(stream)
    }

    /// No connection is made now, nor waits to be accepted.
    pub(crate) async fn nobody_comes(&self) {
        let quiet = Duration::from_millis(100);
        let came = tokio::time::timeout(quiet, self.listener.accept()).await;
        assert!(came.is_err(), "another connection");
    }
}

/// The server's end of a connection.
pub(crate) struct Peer<S> {
    pub(crate) stream: S,
    read: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// The next head, to the empty line.
    pub(crate) async fn head(&mut self) -> String {
        loop {
            if let Some(at) = self.read.windows(4).position(|it| it == b"\r\n\r\n") {
                let head: Vec<u8> = self.read.drain(..at + 4).collect();
                return String::from_utf8(head).unwrap();
            }
            assert_ne!(self.more().await, 0, "no head: {:?}", self.read);
        }
    }

    pub(crate) async fn octets(&mut self, count: usize) -> Vec<u8> {
        while self.read.len() < count {
            assert_ne!(self.more().await, 0, "only {} octets", self.read.len());
        }
        self.read.drain(..count).collect()
    }

    /// All that comes until the client closes.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.more().await > 0 {}
        std::mem::take(&mut self.read)
    }

    async fn more(&mut self) -> usize {
        // a reset is an end, too
        self.stream.read_buf(&mut self.read).await.unwrap_or(0)
    }

    pub(crate) async fn say(&mut self, words: impl AsRef<[u8]>) {
        self.stream.write_all(words.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Reads a request without a body, and answers.
    pub(crate) async fn answer(&mut self, words: &str) -> String {
        let head = self.head().await;
        self.say(words).await;
        head
    }
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// One line for each thing that happens.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn has(&self, line: &str) -> bool {
        self.lines().iter().any(|it| it == line)
    }
}

impl Observer for Log {
    fn connecting(&self, id: u64, _: &str, _: u16) {
        self.note(format!("{id} connecting"));
    }

    fn connected(&self, id: u64, _: SocketAddr, _: SocketAddr) {
        self.note(format!("{id} connected"));
    }

    #[cfg(feature = "tls")]
    fn secured(&self, id: u64, _: &wirelore_tokio::tls::TlsFacts) {
        self.note(format!("{id} secured"));
    }

    fn reused(&self, facts: &ConnectionFacts) {
        self.note(format!("{} reused", facts.id));
    }

    fn again(&self, id: u64) {
        self.note(format!("{id} again"));
    }

    fn request(&self, id: u64, head: &[u8]) {
        let line = String::from_utf8_lossy(head);
        self.note(format!("{id} > {}", line.lines().next().unwrap()));
    }

    fn interim(&self, id: u64, head: &ResponseHead<Bytes>) {
        self.note(format!("{id} < {}", head.status()));
    }

    fn response(&self, id: u64, head: &ResponseHead<Bytes>) {
        self.note(format!("{id} < {}", head.status()));
    }

    fn body_sent(&self, id: u64, octets: &[u8]) {
        self.note(format!("{id} sent {}", octets.len()));
    }

    fn body_received(&self, id: u64, octets: &[u8]) {
        self.note(format!("{id} received {}", octets.len()));
    }

    fn kept(&self, id: u64) {
        self.note(format!("{id} kept"));
    }

    fn closed(&self, id: u64) {
        self.note(format!("{id} closed"));
    }
}

pub(crate) fn logged(options: ClientOptions) -> (Client, Log) {
    let log = Log::default();
    let observer = Arc::new(log.clone());
    (
        Client::new(ClientOptions {
            observer,
            ..options
        }),
        log,
    )
}

pub(crate) fn plain() -> (Client, Log) {
    logged(ClientOptions::default())
}

pub(crate) async fn begin(
    client: &Client,
    origin: &Origin,
    method: &str,
    body: RequestBody,
) -> Result<Exchange, ClientError> {
    let fields = FieldBlock::new();
    let request = Request::new(method, "/file", &fields);
    client.begin(origin, &request, body).await
}

/// GET, to the end of the response.
pub(crate) async fn get(client: &Client, origin: &Origin) -> Result<(u16, Vec<u8>), ClientError> {
    let mut exchange = begin(client, origin, "GET", RequestBody::Empty).await?;
    read(&mut exchange).await
}

pub(crate) async fn read(exchange: &mut Exchange) -> Result<(u16, Vec<u8>), ClientError> {
    let status = exchange.response().await?.status();
    let mut body = Vec::new();
    while let Some(octets) = exchange.data().await? {
        body.extend_from_slice(&octets);
    }
    assert!(exchange.is_over());
    Ok((status, body))
}

/// Octets that are not alike.
pub(crate) fn pattern(len: usize) -> Bytes {
    (0..len).map(|at| (at % 251) as u8).collect()
}
