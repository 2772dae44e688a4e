//! Our server of the tests: the machine, with std sockets and a thread for each connection.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use wirelore_core::RecvBuf;
use wirelore_http1::encode::{Body, FieldBlock, Response};
use wirelore_http1::wire::{Framing, RequestHead};
use wirelore_http1::{
    Error, Input, Machine, Next, RequestEvent, ServerConfig, ServerConnection, Version,
};
use wirelore_interop::content;

use crate::LIMIT;
use crate::lists::{List, latin, section, value};

/// A request that our server has read.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The number of the connection it came on.
    pub(crate) connection: usize,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) version: Version,
    pub(crate) framing: Framing,
    pub(crate) fields: List,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: List,
    /// It wanted 100 (Continue).
    pub(crate) expected: bool,
}

impl Asked {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        value(&self.fields, name)
    }
}

/// Our server: a thread for each connection, at a port of 127.0.0.1. Its targets:
///
/// | | |
/// |---|---|
/// | `/length/N`, `/chunked/N` | so many octets |
/// | `/trailers` | chunks, and a field behind them |
/// | `/status/N` | no content |
/// | `/hints` | 103 first |
/// | `/refuse` | 413 before the body |
/// | `/close` | the connection ends |
/// | any other | what was received |
pub(crate) struct Origin {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    faults: Arc<Mutex<Vec<Error>>>,
}

impl Origin {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("a bound socket").port();
        let origin = Self { port, asked: Arc::default(), faults: Arc::default() };
        let (asked, faults) = (origin.asked.clone(), origin.faults.clone());
        thread::spawn(move || {
            for (number, stream) in listener.incoming().take(1000).enumerate() {
                let (asked, faults) = (asked.clone(), faults.clone());
                let Ok(stream) = stream else { return };
                thread::spawn(move || {
                    // a client may go away whenever it likes
                    let _ = serve(stream, number, &asked, &faults);
                });
            }
        });
        origin
    }

    /// What it was asked since this was called last, and what it could not read.
    pub(crate) fn take(&self) -> (Vec<Asked>, Vec<Error>) {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner));
        let faults = &mut *self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        (asked, std::mem::take(faults))
    }

    /// The same where everything was to be read.
    #[track_caller]
    pub(crate) fn take_good(&self) -> Vec<Asked> {
        let (asked, faults) = self.take();
        assert!(faults.is_empty(), "{faults:?}");
        asked
    }
}

fn serve(
    mut stream: TcpStream,
    connection: usize,
    asked: &Mutex<Vec<Asked>>,
    faults: &Mutex<Vec<Error>>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.set_nodelay(true)?;
    let mut server = ServerConnection::new(ServerConfig::default());
    let mut received = RecvBuf::new(server.max_unconsumed());
    let (mut out, mut at_end, mut present) = (Vec::new(), false, None);
    loop {
        let bytes = received.bytes();
        let input = if at_end { Input::last(bytes) } else { Input::more(bytes) };
        let step = match server.step(input, &mut out) {
            Ok(step) => step,
            Err(error) => {
                faults.lock().unwrap_or_else(PoisonError::into_inner).push(error);
                break;
            }
        };
        let consumed = step.consumed;
        match step.next {
            Next::Event(RequestEvent::Request(head)) => {
                let request = present.insert(begun(connection, &head));
                if request.target == "/refuse" {
                    let fields = FieldBlock::new();
                    let refusal = Response::new(413, &fields);
                    server.respond_with(&refusal, b"too much\n", &mut out).expect("a response");
                }
                server.proceed(&mut out);
            }
            Next::Event(RequestEvent::Data(data)) => {
                present.as_mut().expect("a head").body.extend_from_slice(data);
            }
            Next::Event(RequestEvent::End { trailers }) => {
                let mut request = present.take().expect("a head");
                request.trailers = section(&trailers);
                if server.owes_response() {
                    answer(&mut server, &request, &mut out);
                }
                asked.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                if server.keeps_alive() {
                    server.next_cycle().expect("both sides are over");
                }
            }
            Next::Event(_) => {}
            Next::NeedMore if consumed > 0 => {}
            Next::NeedMore => {
                stream.write_all(&out)?;
                out.clear();
                let count = stream.read(received.spare())?;
                at_end = count == 0;
                received.fill(count);
            }
            Next::Paused => unreachable!("every request is answered"),
            Next::Done => break,
        }
        received.consume(consumed);
    }
    stream.write_all(&out)?;
    // with unread octets in it the connection would be reset, and the response be lost (RFC 9112
    // section 9.6)
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    io::copy(&mut stream.take(1 << 30), &mut io::sink()).map(drop)
}

fn begun(connection: usize, head: &RequestHead<&[u8]>) -> Asked {
    Asked {
        connection,
        method: latin(head.method()),
        target: latin(head.target()),
        version: head.version(),
        framing: head.framing(),
        fields: head.fields().map(|field| (latin(field.name()), latin(&field.value()))).collect(),
        body: Vec::new(),
        trailers: Vec::new(),
        expected: head.expect_continue(),
    }
}

fn answer(server: &mut ServerConnection, request: &Asked, out: &mut Vec<u8>) {
    let fields = FieldBlock::new().with("X-Origin", "ours").expect("good fields");
    let path = request.target.split('?').next().unwrap_or_default();
    let number = path.rsplit('/').next().and_then(|text| text.parse::<usize>().ok());
    let ok = Response::new(200, &fields);
    let sent = match (path, number) {
        (path, Some(len)) if path.starts_with("/length/") => {
            server.respond_with(&ok, &content(len), out)
        }
        (path, Some(len)) if path.starts_with("/chunked/") => {
            server.respond(&ok, Body::Unknown, out).expect("a response");
            pieces(server, &content(len), out);
            server.finish(None, out)
        }
        (path, Some(status)) if path.starts_with("/status/") => {
            server.respond_with(&Response::new(status as u16, &fields), b"", out)
        }
        ("/trailers", _) => {
            server.respond(&ok, Body::Unknown, out).expect("a response");
            pieces(server, b"hello", out);
            let trailers = FieldBlock::new().with("X-Sum", "5").expect("good fields");
            let chunked = request.version == Version::Http11 && request.method != "HEAD";
            server.finish(chunked.then_some(&trailers), out)
        }
        ("/hints", _) => {
            if request.version == Version::Http11 {
                let link = FieldBlock::new().with("Link", "</a>; rel=preload");
                let link = link.expect("good fields");
                server.inform(&Response::new(103, &link), out).expect("a hint");
            }
            server.respond_with(&ok, b"hinted\n", out)
        }
        ("/close", _) => {
            server.close_after();
            server.respond_with(&ok, b"goodbye\n", out)
        }
        _ => server.respond_with(&ok, &request.body, out),
    };
    sent.unwrap_or_else(|misuse| panic!("{misuse}: {request:?}"));
}

/// Chunks of odd sizes, where there is a body to be sent at all.
fn pieces(server: &mut ServerConnection, mut octets: &[u8], out: &mut Vec<u8>) {
    if server.remaining() == Some(0) {
        return;
    }
    for size in [1, 7, 15, 16, 17, 255, 4096].into_iter().cycle() {
        let Some((piece, rest)) = octets.split_at_checked(size) else { break };
        server.data(piece, out).expect("a body");
        octets = rest;
    }
    server.data(octets, out).expect("a body");
}
