//! The folder over HTTP and HTTPS.
//!
//! A connection is a [`Visitor`], which answers small files at once, from the [`Shelf`] or not at all;
//! `look` opens files and folders, `store` takes uploads. What is said that is no file is an `Answer`.

mod access_log;
mod account;
mod answer;
mod certificate;
mod entity;
mod facts;
mod folder;
mod look;
mod page;
mod plan;
mod shelf;
mod store;
mod users;
mod visitor;

use super::descriptors;
use super::guests::{self, Guest, Host, Limits, Visit};
use super::log::{Log, Session};
use super::{Shared, Started};
use crate::policy::{Policy, is_apart};
use access_log::{AccessLog, Writer};
use certificate::Certificate;
use folder::Presses;
use shelf::Shelf;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use users::Gate;
use visitor::Visitor;
use wirelore_core::escape;
use wirelore_http1::ErrorKind;
use wirelore_tokio::Drain;
use wirelore_tokio::http1::server::{ServerOptions, Transport, serve};
use wirelore_tokio::tls;
use wirelore_tokio::tls::tokio_rustls::server::TlsStream;

/// What responses say they come from.
const SERVER: &str = concat!("wirelore/", env!("CARGO_PKG_VERSION"));

/// What is particular to HTTP.
#[derive(Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "HTTP")]
pub(crate) struct Options {
    /// Connections at a time
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..))]
    http_connections: u32,
    /// Connections of one peer at a time
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    http_per_peer: u32,
    /// How long a connection may be idle before and between requests
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    http_idle: Duration,
    /// How long the head of a request may take
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = humantime::parse_duration)]
    http_head: Duration,
    /// How long each 4096 octets of an upload may take, and how long a client may read nothing
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    http_stall: Duration,
    /// The longest head of a request
    #[arg(long, value_name = "N", default_value_t = 16_384, value_parser = clap::value_parser!(u32).range(1024..=1_048_576))]
    http_max_head: u32,
    /// The file that stands for a folder (repeatable; default: index.html, index.htm)
    #[arg(long, value_name = "NAME")]
    http_index: Vec<String>,
    /// Do not show what is in folders
    #[arg(long)]
    http_no_listing: bool,
    /// Do not answer HTTP/0.9
    #[arg(long)]
    http_no_09: bool,
    #[command(flatten)]
    users: users::Options,
    #[command(flatten)]
    access_log: access_log::Options,
    #[command(flatten)]
    certificate: certificate::Options,
}

impl Options {
    fn index(&self) -> impl Iterator<Item = &str> {
        let given = self.http_index.iter().map(String::as_str);
        let usual = if self.http_index.is_empty() {
            &["index.html", "index.htm"][..]
        } else {
            &[]
        };
        given.chain(usual.iter().copied())
    }

    const fn lists(&self) -> bool {
        !self.http_no_listing
    }

    fn limits(&self, log: &Log) -> Limits {
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let (wanted, fitting) = (number(self.http_connections), descriptors::connections());
        if fitting < wanted {
            log.note(&format!(
                "http: {fitting} connections at a time and not {wanted}, by the limit of open files \
                 (ulimit -n)"
            ));
        }
        Limits {
            connections: wanted.min(fitting),
            per_peer: number(self.http_per_peer),
            options: "--http-connections, --http-per-peer",
            section: "http",
            told: false,
            refusal: b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\
                Content-Length: 0\r\n\r\n",
        }
    }

    fn server(&self) -> ServerOptions {
        let mut options = ServerOptions::default();
        let max_head = usize::try_from(self.http_max_head).unwrap_or(usize::MAX);
        options.machine.idle = Some(self.http_idle);
        options.machine.head = Some(self.http_head);
        options.machine.body = Some(self.http_stall);
        options.machine.message.http09 = !self.http_no_09;
        let limits = &mut options.machine.message.limits;
        limits.max_head = max_head;
        limits.max_field_line = limits.max_field_line.min(max_head);
        limits.max_request_line = limits.max_request_line.min(max_head);
        options.driver.stall = Some(self.http_stall);
        options
    }
}

/// What all connections have in common, over TLS and not.
pub(super) struct House {
    options: Options,
    server: ServerOptions,
    policy: Arc<RwLock<Arc<Policy>>>,
    log: Log,
    gate: Gate,
    shelf: Shelf,
    presses: Presses,
    access_log: Option<AccessLog>,
    writer: Mutex<Option<Writer>>,
    certificate: OnceLock<Certificate>,
}

/// There is one, made when it is needed.
pub(super) type Slot = Arc<Mutex<Option<Arc<House>>>>;

fn house(shared: &Shared) -> io::Result<Arc<House>> {
    let mut there = shared.house.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(house) = &*there {
        return Ok(Arc::clone(house));
    }
    let options = shared.http.clone();
    let policy = guests::policy(&shared.policy);
    if let Some(file) = options.users.file()
        && !is_apart(policy.root(), file)
    {
        let text = "passwords in the folder that is served can be read by everybody";
        return Err(io::Error::other(format!("{}: {text}", file.display())));
    }
    let gate = Gate::new(&options.users, policy.http_users()).map_err(io::Error::other)?;
    let (access_log, writer) = match &options.access_log.access_log {
        Some(path) => {
            if !is_apart(policy.root(), path) {
                let shown = escape(path.as_os_str().as_encoded_bytes());
                let text = format!("{shown}: the access log is in the folder, so it is served");
                shared.log.note(&text);
            }
            let log = shared.log.clone();
            let report = move |text: &str| log.error("http", text);
            let format = options.access_log.access_log_format;
            let (log, writer) = AccessLog::open(path, format, report)?;
            (Some(log), Some(writer))
        }
        None => (None, None),
    };
    let house = Arc::new(House {
        server: options.server(),
        options,
        policy: Arc::clone(&shared.policy),
        log: shared.log.clone(),
        gate,
        shelf: Shelf::default(),
        presses: Presses::default(),
        access_log,
        writer: Mutex::new(writer),
        certificate: OnceLock::new(),
    });
    *there = Some(Arc::clone(&house));
    Ok(house)
}

/// Everything is over: writes what is left of the log.
pub(super) fn finish(slot: &Slot) {
    let house = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    let writer = house.and_then(|house| {
        let mut writer = house.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.take()
    });
    if let Some(writer) = writer {
        writer.finish();
    }
}

/// The configuration was read again: so are users, certificate and key, and the log is opened again.
pub(super) fn reload(shared: &Shared) {
    let house = shared
        .house
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let Some(house) = house else {
        return;
    };
    let policy = guests::policy(&shared.policy);
    if let Err(why) = house.gate.reload(policy.http_users()) {
        house
            .log
            .error("http", &format!("users kept as they were: {why}"));
    }
    if let Some(log) = &house.access_log {
        log.reopen();
    }
    match house.certificate.get().map(Certificate::reload) {
        None | Some(Ok(false)) => {}
        Some(Ok(true)) => house.tell_certificate(),
        Some(Err(why)) => {
            let text = format!("certificate kept as it was: {why}");
            house.log.error("https", &text);
        }
    }
}

impl House {
    /// What came is no request, or came too late.
    fn refused(&self, visitor: &Visitor, error: &wirelore_http1::Error) {
        let peer = visitor.peer;
        // of those that go away, or say nothing more, there are many
        let ordinary = matches!(error.kind, ErrorKind::Truncated | ErrorKind::TimedOut);
        self.log.session(Session {
            protocol: visitor.protocol(),
            client: peer,
            what: "refused",
            text: (!ordinary)
                .then(|| format!("sent what is no request: {error}"))
                .as_deref(),
            bad: false,
            members: vec![("error", error.to_string().into())],
        });
        if let Some(log) = &self.access_log {
            log.line(&access_log::Entry {
                client: peer,
                user: None,
                method: b"",
                target: b"",
                version: wirelore_http1::Version::Http10,
                status: error.reply_hint(),
                octets: 0,
                elapsed: Duration::ZERO,
                referer: None,
                user_agent: None,
                secure: visitor.secure,
            });
        }
    }

    fn tell_certificate(&self) {
        let Some(certificate) = self.certificate.get() else {
            return;
        };
        let facts = certificate.facts();
        let file = escape(facts.file.as_os_str().as_encoded_bytes());
        let whose = if facts.own {
            "our own certificate"
        } else {
            "the certificate"
        };
        self.log.note(&format!(
            "https: {whose} {file}, SHA-256 {}",
            facts.fingerprint
        ));
        if let Some(pin) = facts.pin {
            self.log.note(&format!("https: curl --pinnedpubkey {pin}"));
        }
    }
}

pub(super) fn start(shared: &Shared, address: SocketAddr) -> io::Result<Started> {
    let house = house(shared)?;
    let limits = house.options.limits(&house.log);
    guests::serve(shared, "http", address, &limits, Plain(house))
}

pub(super) fn start_secure(shared: &Shared, address: SocketAddr) -> io::Result<Started> {
    let house = house(shared)?;
    let policy = guests::policy(&shared.policy);
    let config = match house.certificate.get() {
        Some(certificate) => certificate.config(),
        None => {
            let certificate = Certificate::open(&house.options.certificate, policy.root());
            let certificate = certificate.map_err(io::Error::other)?;
            let config = certificate.config();
            let _ = house.certificate.set(certificate);
            house.tell_certificate();
            config
        }
    };
    let limits = Limits {
        // there is no TLS yet in which it could be said
        refusal: b"",
        ..house.options.limits(&house.log)
    };
    guests::serve(shared, "https", address, &limits, Secure { house, config })
}

/// Lines for the clients that people have.
pub(super) fn clients(address: SocketAddr, file: &str) -> Vec<String> {
    let at = authority(80, address);
    vec![
        format!("http://{at}/"),
        format!("curl -O http://{at}/{file}"),
        format!("wirelore copy http://{at}/{file} ."),
    ]
}

pub(super) fn secure_clients(address: SocketAddr, file: &str) -> Vec<String> {
    let at = authority(443, address);
    vec![
        format!("https://{at}/"),
        format!("curl -k -O https://{at}/{file}"),
        format!("wirelore copy -k https://{at}/{file} ."),
    ]
}

fn authority(standard: u16, address: SocketAddr) -> String {
    if address.port() != standard {
        address.to_string()
    } else if address.is_ipv6() {
        format!("[{}]", address.ip())
    } else {
        address.ip().to_string()
    }
}

struct Plain(Arc<House>);

struct Secure {
    house: Arc<House>,
    config: Arc<rustls::ServerConfig>,
}

impl Host for Plain {
    fn receive(&self, guest: Guest) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let Guest {
            stream,
            drain,
            visit,
        } = guest;
        Box::pin(converse(&self.0, stream, drain, visit, false))
    }
}

impl Host for Secure {
    fn receive(&self, guest: Guest) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let Guest {
                stream,
                mut drain,
                visit,
            } = guest;
            // nobody has asked for anything yet; in a box, for it needs more room than what follows
            let secured = tokio::select! {
                secured = Box::pin(self.secure(stream, visit.client)) => secured,
                () = drain.begun() => None,
            };
            if let Some(stream) = secured {
                converse(&self.house, stream, drain, visit, true).await;
            }
        })
    }
}

impl Secure {
    /// The handshake.
    async fn secure(&self, stream: TcpStream, peer: SocketAddr) -> Option<TlsStream<TcpStream>> {
        let limit = self.house.options.http_head;
        let log = &self.house.log;
        if speaks_plainly(&stream, limit).await {
            log.error("https", &format!("{peer} speaks http, without TLS"));
            say_plainly(stream).await;
            return None;
        }
        match tls::accept(Arc::clone(&self.config), stream, limit).await {
            Ok(stream) => Some(stream),
            Err(error) => {
                log.error("https", &format!("{peer}: no TLS: {error}"));
                None
            }
        }
    }
}

/// Whether the first octet is a letter: a method, and no TLS.
async fn speaks_plainly(stream: &TcpStream, limit: Duration) -> bool {
    let mut first = [0];
    let peeked = tokio::time::timeout(limit, stream.peek(&mut first)).await;
    matches!(peeked, Ok(Ok(1))) && first[0].is_ascii_uppercase()
}

/// To somebody who speaks http at the port for https.
async fn say_plainly(mut stream: TcpStream) {
    let date = answer::now().to_octets();
    let words = format!(
        "HTTP/1.1 400 Bad Request\r\nDate: {}\r\nContent-Type: text/plain\r\n\
         Content-Length: 34\r\nConnection: close\r\n\r\nthis port speaks https, with TLS.\n",
        String::from_utf8_lossy(&date)
    );
    let said = async {
        stream.write_all(words.as_bytes()).await?;
        stream.shutdown().await?;
        // or a reset could destroy the words
        let mut rest = [0; 4096];
        while stream.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = tokio::time::timeout(Duration::from_secs(2), said).await;
}

/// Serves one connection.
async fn converse<T: Transport>(
    house: &Arc<House>,
    stream: T,
    drain: Drain,
    visit: Visit,
    secure: bool,
) {
    let mut visitor = Visitor {
        house: Arc::clone(house),
        peer: visit.client,
        secure,
    };
    // how it ended is in the log already, as far as it matters
    let _ = serve(stream, &mut visitor, &house.server, drain).await;
}
