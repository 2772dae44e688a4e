//! A server whose files a closure decides about, and our client beside it.

use crate::files::{LIMIT, Shelf};
use bytes::Bytes;
use std::fmt::Debug;
use std::future::Future;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use wirelore_tokio::tftp::{
    self, Access, Asked, ClientConfig, Denial, Drained, ErrorCode, Failure, Files, Mode, Report,
    Request, Server, ServerOptions, Summary, Unfinished,
};
use wirelore_tokio::{Source, Target};

pub(crate) type Opened = Result<Access, Denial>;

/// A server that runs as a task.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    reports: mpsc::UnboundedReceiver<Report>,
    opened: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Drained>,
}

struct Scripted<F> {
    open: F,
    opened: Arc<AtomicUsize>,
    reports: mpsc::UnboundedSender<Report>,
}

impl<F: Fn(&Asked) -> Opened + Send + Sync + 'static> Files for Scripted<F> {
    fn open(&self, asked: &Asked) -> Opened {
        self.opened.fetch_add(1, Ordering::SeqCst);
        (self.open)(asked)
    }

    fn report(&self, report: Report) {
        let _ = self.reports.send(report);
    }
}

/// Serves at a free port of 127.0.0.1.
pub(crate) fn serve(open: impl Fn(&Asked) -> Opened + Send + Sync + 'static) -> Serving {
    serve_with(options(), open)
}

pub(crate) fn serve_with(
    options: ServerOptions,
    open: impl Fn(&Asked) -> Opened + Send + Sync + 'static,
) -> Serving {
    serve_at(local(), options, open)
}

pub(crate) fn serve_at(
    address: SocketAddr,
    options: ServerOptions,
    open: impl Fn(&Asked) -> Opened + Send + Sync + 'static,
) -> Serving {
    let server = Server::bind(address, options).unwrap();
    let address = server.local_addr();
    let (say, reports) = mpsc::unbounded_channel();
    let opened = Arc::new(AtomicUsize::new(0));
    let files = Scripted {
        open,
        opened: Arc::clone(&opened),
        reports: say,
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(server.run(Arc::new(files), async {
        let _ = stopped.await;
    }));
    Serving {
        address,
        reports,
        opened,
        stop: Some(stop),
        task,
    }
}

pub(crate) fn options() -> ServerOptions {
    ServerOptions::default()
}

pub(crate) fn local() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

impl Serving {
    /// How often a file was opened, or was to be.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    pub(crate) async fn report(&mut self) -> Report {
        soon("a report", self.reports.recv())
            .await
            .expect("the server is gone")
    }

    /// The next transfer that is over; what else is reported is skipped.
    pub(crate) async fn transfer(&mut self) -> (Asked, Summary) {
        loop {
            if let Report::Transfer(asked, summary) = self.report().await {
                return (asked, summary);
            }
        }
    }

    pub(crate) fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) async fn stop(mut self) -> Drained {
        self.begin_stop();
        soon("the server's end", self.task).await.unwrap()
    }

    /// Drops the server in the middle of what it does.
    pub(crate) async fn abort(&mut self) {
        self.task.abort();
        assert!(
            soon("the server's end", &mut self.task)
                .await
                .unwrap_err()
                .is_cancelled()
        );
    }
}

/// What `future` becomes, which must not take for ever.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited for {what}"),
    }
}

/// A file to read.
pub(crate) fn reading(source: impl Source) -> Opened {
    Ok(Access::Read {
        source: Box::new(source),
        size: None,
        watch: Box::new(()),
    })
}

/// Octets to read, of known size.
pub(crate) fn holding(octets: &[u8]) -> Opened {
    Ok(Access::Read {
        source: Box::new(Bytes::copy_from_slice(octets)),
        size: Some(octets.len() as u64),
        watch: Box::new(()),
    })
}

/// A file to write.
pub(crate) fn writing(target: impl Target) -> Opened {
    Ok(Access::Write {
        target: Box::new(target),
        max_size: None,
        watch: Box::new(()),
    })
}

pub(crate) fn missing() -> Opened {
    Err(Denial {
        code: ErrorCode::FILE_NOT_FOUND,
        text: "file not found".into(),
        why: "there is none".into(),
    })
}

pub(crate) fn name(asked: &Asked) -> &str {
    std::str::from_utf8(&asked.filename).unwrap()
}

/// A client that asks for this block size and window, waits as long as tests can bear, and is gone
/// with its last ACK.
pub(crate) fn asking(blksize: u16, windowsize: u16) -> ClientConfig {
    let mut config = ClientConfig::default();
    config.blksize = Some(blksize);
    config.windowsize = (windowsize > 1).then_some(windowsize);
    config.transfer.timing.dally = Duration::ZERO;
    config
}

pub(crate) fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").unwrap()
}

pub(crate) fn request(server: SocketAddr, name: &str, config: ClientConfig) -> Request<'_> {
    Request {
        server,
        name: name.as_bytes(),
        mode: Mode::Octet,
        config,
    }
}

/// A download from a socket of its own, unwatched.
pub(crate) async fn download(request: Request<'_>, target: impl Target) -> Summary {
    soon(
        "a download",
        tftp::get(socket(), request, Box::new(target), &mut ()),
    )
    .await
}

/// An upload likewise. `size` is what is announced.
pub(crate) async fn upload(
    request: Request<'_>,
    size: Option<u64>,
    source: impl Source,
) -> Summary {
    soon(
        "an upload",
        tftp::put(socket(), request, size, Box::new(source), &mut ()),
    )
    .await
}

/// Fetches a file, which must succeed.
pub(crate) async fn fetch(server: SocketAddr, name: &str, config: ClientConfig) -> Vec<u8> {
    let shelf = Shelf::default();
    let summary = download(request(server, name, config), shelf.keep(name)).await;
    assert_success(&summary);
    let octets = shelf.has(name).expect("finished");
    assert_eq!(summary.octets, octets.len() as u64);
    octets
}

/// Sends a file, which must succeed.
pub(crate) async fn send(server: SocketAddr, name: &str, config: ClientConfig, octets: &[u8]) {
    let size = Some(octets.len() as u64);
    let source = Bytes::copy_from_slice(octets);
    let summary = upload(request(server, name, config), size, source).await;
    assert_success(&summary);
    assert_eq!(summary.octets, octets.len() as u64);
}

#[track_caller]
pub(crate) fn assert_success(summary: &Summary) {
    assert!(summary.outcome.is_ok(), "{summary:?}");
    assert!(summary.parameters.is_some(), "{summary:?}");
}

/// That the peer said this code, be it to the first packet or to a later one.
#[track_caller]
pub(crate) fn assert_told(summary: &Summary, code: ErrorCode) {
    match &summary.outcome {
        Err(Unfinished::Protocol { failure, .. }) => {
            let told = [Failure::Peer { code }, Failure::OptionsDeclined { code }];
            assert!(told.contains(failure), "wanted {code:?}: {summary:?}");
        }
        _ => panic!("wanted {code:?}: {summary:?}"),
    }
}

/// That the octets are the same, without showing all of them.
#[track_caller]
pub(crate) fn assert_same(found: &[u8], wanted: &[u8], what: impl Debug) {
    let same = found.iter().zip(wanted).take_while(|(a, b)| a == b).count();
    assert!(
        found == wanted,
        "{what:?}: {} octets instead of {}, alike up to {same}",
        found.len(),
        wanted.len()
    );
}
