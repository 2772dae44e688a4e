//! Fetches a resource over HTTP/1.1 with a std socket and writes it to standard output.
//!
//! cargo run --example http_get_blocking -- [-v] http://HOST[:PORT][/PATH][?QUERY]
//!
//! Exit status 1: no response, or not all of it. 2: the whole of a response with status 400 or more.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use wirelore_core::escape::escape;
use wirelore_core::{Patience, RecvBuf};
use wirelore_http1::encode::{FieldBlock, Request};
use wirelore_http1::{ClientConfig, ClientConnection, Input, Machine, Next, ResponseEvent};

fn main() -> ExitCode {
    let (options, urls): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument == "-v");
    let [url] = urls.as_slice() else {
        eprintln!("usage: http_get_blocking [-v] http://HOST[:PORT][/PATH][?QUERY]");
        return ExitCode::FAILURE;
    };
    match get(url, !options.is_empty()) {
        Ok(..400) => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("http_get_blocking: status {status}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("http_get_blocking: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the status code once everything is written.
fn get(url: &str, verbose: bool) -> io::Result<u16> {
    let rest = url.strip_prefix("http://").ok_or_else(|| other("not an http:// address"))?;
    let rest = rest.split_once('#').map_or(rest, |(before, _fragment)| before);
    let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let target = if target.starts_with('/') { target.into() } else { format!("/{target}") };
    let port = if host.ends_with(']') || !host.contains(':') { ":80" } else { "" };

    let mut client = ClientConnection::new(ClientConfig::default());
    let fields = [("Host", host), ("Connection", "close"), ("User-Agent", "http_get_blocking")];
    let fields = FieldBlock::of(fields).map_err(other)?;
    let mut out = Vec::new();
    client.request_with(&Request::get(&target, &fields), b"", &mut out).map_err(other)?;
    // only now is it known that the address is good
    let mut stream = TcpStream::connect(format!("{host}{port}"))?;
    stream.write_all(&out)?;

    let mut received = RecvBuf::new(client.max_unconsumed());
    let (mut body, mut status, mut at_end) = (io::stdout().lock(), 0, false);
    let mut waits: Option<(Patience, Instant)> = None;
    loop {
        let bytes = received.bytes();
        let input = if at_end { Input::last(bytes) } else { Input::more(bytes) };
        let step = client.step(input, &mut out).map_err(other)?;
        let consumed = step.consumed;
        match step.next {
            Next::Event(ResponseEvent::Informational(head) | ResponseEvent::Response(head)) => {
                status = head.status();
                if verbose {
                    eprintln!("{} {status} {}", head.version().as_str(), escape(head.reason()));
                    for field in head.fields() {
                        eprintln!("{}: {}", escape(field.name()), escape(&field.value()));
                    }
                }
            }
            Next::Event(ResponseEvent::Data(data)) => body.write_all(data)?,
            Next::Event(ResponseEvent::End { .. }) => return body.flush().map(|()| status),
            Next::Event(_) => {}
            // the server has closed the connection
            Next::Done | Next::Paused => return Err(ErrorKind::UnexpectedEof.into()),
            Next::NeedMore if consumed > 0 => {}
            Next::NeedMore => {
                let patience = client.patience();
                if waits.map(|(what, _)| what) != patience {
                    waits = patience.map(|what| (what, Instant::now()));
                }
                let left = waits.map(|(what, since)| what.limit.saturating_sub(since.elapsed()));
                // a timeout of zero is not allowed
                stream.set_read_timeout(left.map(|left| left.max(Duration::from_millis(1))))?;
                match stream.read(received.spare()) {
                    Ok(count) => {
                        at_end = count == 0;
                        received.fill(count);
                    }
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    // the next step fails, and says why
                    Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                        client.expired(&mut out);
                    }
                    Err(e) => return Err(e),
                }
            }
        }
        received.consume(consumed);
    }
}

fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::other(error)
}
