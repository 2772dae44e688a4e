//! HTTP servers that say what a test wants them to say.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use wirelore_http1::{Config, Input, Machine, Next, RequestEvent, RequestReceiver};
use wirelore_tokio::tls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request, as far as it has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The body is still to come, and only if it is wanted.
    pub(crate) waits: bool,
    /// How many requests came before it, and on which connection this one came.
    pub(crate) index: usize,
    pub(crate) connection: usize,
}

impl Asked {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut named = self
            .fields
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let found = named.next().map(|(_, value)| &**value);
        assert!(named.next().is_none(), "{name} twice: {:?}", self.fields);
        found
    }
}

pub(crate) enum Reply {
    /// These octets, and on with the connection.
    Octets(Vec<u8>),
    /// These octets, and no others.
    Cut(Vec<u8>),
    /// The body is wanted.
    Proceed,
    /// Octets go to and from another server, after these.
    Tunnel(SocketAddr),
    /// Silence.
    Nothing,
}

/// Status, fields and a body with its length.
pub(crate) fn answer(status: &str, fields: &[&str], body: &[u8]) -> Reply {
    Reply::Octets(octets(status, fields, body))
}

pub(crate) fn octets(status: &str, fields: &[&str], body: &[u8]) -> Vec<u8> {
    let mut octets = format!("HTTP/1.1 {status}\r\n");
    for field in fields {
        octets += &format!("{field}\r\n");
    }
    let length = fields
        .iter()
        .any(|field| field.starts_with("Content-Length") || field.starts_with("Transfer"));
    if !length {
        octets += &format!("Content-Length: {}\r\n", body.len());
    }
    octets += "\r\n";
    [octets.as_bytes(), body].concat()
}

pub(crate) struct HttpServer {
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<Asked>>>,
    ends: Arc<AtomicBool>,
}

type Handler = dyn Fn(&Asked) -> Reply + Send + Sync;

impl HttpServer {
    /// `handler` is asked what to say to every request; first without the body, where the client waits
    /// for leave to send it.
    pub(crate) fn start(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(None, handler)
    }

    pub(crate) fn secure(
        config: ServerConfig,
        handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::with(Some(Arc::new(config)), handler)
    }

    fn with(
        tls: Option<Arc<ServerConfig>>,
        handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (log, ends) = (Arc::new(Mutex::default()), Arc::new(AtomicBool::new(false)));
        let (seen, over, handler) = (Arc::clone(&log), Arc::clone(&ends), Arc::new(handler));
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (seen, handler, tls) = (Arc::clone(&seen), Arc::clone(&handler), tls.clone());
                thread::spawn(move || {
                    stream
                        .set_read_timeout(Some(Duration::from_secs(20)))
                        .expect("a timeout");
                    let handler: &Handler = &*handler;
                    match tls {
                        None => serve(stream, connection, &seen, handler),
                        Some(config) => {
                            let session = ServerConnection::new(config).expect("a session");
                            let stream = StreamOwned::new(session, stream);
                            serve(stream, connection, &seen, handler);
                        }
                    }
                });
            }
        });
        Self { address, log, ends }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// All requests up to now.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        lock(&self.log).clone()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

trait Stream: Read + Write {
    fn tunnel(self, to: SocketAddr);
}

impl Stream for TcpStream {
    fn tunnel(self, to: SocketAddr) {
        let there = Self::connect(to).expect("the other server");
        let pairs = [
            (self.try_clone(), there.try_clone()),
            (there.try_clone(), self.try_clone()),
        ];
        for (from, into) in pairs {
            let (mut from, mut into) = (from.expect("a socket"), into.expect("a socket"));
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut into);
                let _ = into.shutdown(std::net::Shutdown::Write);
            });
        }
    }
}

impl Stream for StreamOwned<ServerConnection, TcpStream> {
    fn tunnel(self, _: SocketAddr) {
        panic!("no tunnel in TLS");
    }
}

fn serve(mut stream: impl Stream, connection: usize, log: &Mutex<Vec<Asked>>, handler: &Handler) {
    let mut receiver = RequestReceiver::new(Config::default());
    let (mut input, mut asked) = (Vec::new(), Asked::default());
    loop {
        let step = receiver.step(Input::more(&input), &mut Vec::new());
        let Ok(step) = step else { return };
        let consumed = step.consumed;
        let (mut reply, mut wait) = (None, false);
        match step.next {
            Next::Event(RequestEvent::Request(head)) => {
                let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
                asked = Asked {
                    method: text(head.method()),
                    target: text(head.target()),
                    fields: head
                        .fields()
                        .map(|field| (text(field.name()), text(&field.value())))
                        .collect(),
                    body: Vec::new(),
                    waits: false,
                    index: lock(log).len(),
                    connection,
                };
                asked.waits = asked.field("Expect").is_some();
                if asked.waits {
                    reply = Some(handler(&asked));
                    asked.waits = false;
                    if let Some(Reply::Proceed) = reply {
                        let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
                        let _ = stream.flush();
                        reply = None;
                    } else {
                        lock(log).push(asked.clone());
                    }
                }
            }
            Next::Event(RequestEvent::Data(data)) => asked.body.extend_from_slice(data),
            Next::Event(RequestEvent::End { .. }) => {
                lock(log).push(asked.clone());
                reply = Some(handler(&asked));
            }
            Next::Event(_) | Next::Paused => {}
            Next::NeedMore => wait = consumed == 0,
            Next::Done => wait = true,
        }
        input.drain(..consumed);
        match reply {
            None => {}
            Some(Reply::Octets(octets)) => {
                let early = asked.field("Expect").is_some() && asked.body.is_empty();
                if stream
                    .write_all(&octets)
                    .and_then(|()| stream.flush())
                    .is_err()
                    || early
                {
                    return;
                }
            }
            Some(Reply::Cut(octets)) => {
                let _ = stream.write_all(&octets).and_then(|()| stream.flush());
                return;
            }
            Some(Reply::Tunnel(to)) => {
                let octets = b"HTTP/1.1 200 OK\r\n\r\n";
                let _ = stream.write_all(octets).and_then(|()| stream.flush());
                return stream.tunnel(to);
            }
            Some(Reply::Nothing) => {
                let _ = stream.read(&mut [0; 1]);
                return;
            }
            Some(Reply::Proceed) => panic!("the body is there"),
        }
        if wait {
            let mut piece = [0; 65536];
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => return,
                Ok(len) => input.extend_from_slice(&piece[..len]),
            }
        }
    }
}

/// A server of one file that knows ranges, with this entity-tag.
pub(crate) fn ranges(asked: &Asked, octets_of_file: &[u8], etag: &str) -> Vec<u8> {
    let tag = format!("ETag: {etag}");
    let matches = asked.field("If-Range").is_none_or(|it| it == etag);
    let range = asked
        .field("Range")
        .filter(|_| matches)
        .and_then(|range| range.strip_prefix("bytes="))
        .and_then(|range| range.strip_suffix('-'))
        .and_then(|first| first.parse::<usize>().ok());
    let len = octets_of_file.len();
    match range {
        Some(first) if first < len => {
            let range = format!("Content-Range: bytes {first}-{}/{len}", len - 1);
            octets(
                "206 Partial Content",
                &[&tag, &range],
                &octets_of_file[first..],
            )
        }
        Some(_) => {
            let range = format!("Content-Range: bytes */{len}");
            octets("416 Range Not Satisfiable", &[&tag, &range], b"")
        }
        None => octets("200 OK", &[&tag], octets_of_file),
    }
}
