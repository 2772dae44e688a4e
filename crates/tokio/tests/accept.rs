//! The accept loop over loopback TCP.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use wirelore_tokio::{
    AcceptConfig, AcceptReport, AcceptStats, Acceptor, Connection, Listener, Refusal, Service,
};

/// Longer than anything here takes.
const STUCK: Duration = Duration::from_secs(20);

/// A loop that runs.
struct Running {
    address: SocketAddr,
    stats: Arc<AcceptStats>,
    stop: oneshot::Sender<()>,
    run: JoinHandle<AcceptReport>,
}

impl Running {
    async fn start(service: impl Service, config: AcceptConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self::over(listener, address, service, config)
    }

    fn over(
        listener: impl Listener + 'static,
        address: SocketAddr,
        service: impl Service,
        config: AcceptConfig,
    ) -> Self {
        let acceptor = Acceptor::new(listener, Arc::new(service), config);
        let stats = acceptor.stats();
        let (stop, stopped) = oneshot::channel();
        let run = tokio::spawn(acceptor.run(async {
            let _ = stopped.await;
        }));
        Self {
            address,
            stats,
            stop,
            run,
        }
    }

    /// A connection that was served: it has had its answer.
    async fn served(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(b"?").await.unwrap();
        let answer = timeout(STUCK, stream.read_u8()).await.unwrap();
        assert_eq!(answer.unwrap(), b'?');
        stream
    }

    /// All that a connection is told that is not served.
    async fn refused(&self) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut told = Vec::new();
        timeout(STUCK, stream.read_to_end(&mut told))
            .await
            .unwrap()
            .unwrap();
        told
    }

    async fn open(&self, count: u64) {
        for _ in 0..2000 {
            if self.stats.open() == count {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
        panic!("{} connections are open, not {count}", self.stats.open());
    }

    async fn stop(self) -> AcceptReport {
        self.stop.send(()).unwrap();
        timeout(STUCK, self.run).await.unwrap().unwrap()
    }
}

/// Says what it hears until the end.
async fn echo(connection: Connection) {
    let Connection { mut stream, .. } = connection;
    let mut buf = [0; 100];
    while let Ok(count @ 1..) = stream.read(&mut buf).await {
        if stream.write_all(&buf[..count]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn connections_are_served_side_by_side_without_delay() {
    let running = Running::start(
        |connection: Connection| async {
            assert!(connection.stream.nodelay().unwrap());
            assert_eq!(connection.peer, connection.stream.peer_addr().unwrap());
            assert_eq!(connection.local, connection.stream.local_addr().unwrap());
            assert!(!connection.drain.has_begun());
            echo(connection).await;
        },
        AcceptConfig::default(),
    )
    .await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(running.served().await);
    }
    assert_eq!((running.stats.accepted(), running.stats.open()), (20, 20));
    drop(streams);
    running.open(0).await;
    let stats = running.stats.clone();
    let report = running.stop().await;
    assert_eq!((report.cut, report.error.is_none()), (0, true));
    assert_eq!((stats.panicked(), stats.errors()), (0, 0));
}

/// Refuses with words.
struct Polite;

impl Service for Polite {
    fn serve(
        &self,
        connection: Connection,
    ) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(echo(connection))
    }

    fn refusal(&self, why: Refusal) -> &'static [u8] {
        match why {
            Refusal::Full => b"full\r\n",
            Refusal::Peer => b"you again\r\n",
            _ => b"",
        }
    }
}

#[tokio::test]
async fn who_comes_above_the_limit_is_told_and_closed_until_somebody_leaves() {
    let config = AcceptConfig {
        connections: 2,
        ..AcceptConfig::default()
    };
    let running = Running::start(Polite, config).await;
    let (first, _second) = (running.served().await, running.served().await);
    for refused in 1..=3 {
        assert_eq!(running.refused().await, b"full\r\n");
        assert_eq!(running.stats.refused_full(), refused);
    }
    drop(first);
    running.open(1).await;
    let _third = running.served().await;
    assert_eq!(running.refused().await, b"full\r\n");
    assert_eq!(
        (running.stats.accepted(), running.stats.refused_peer()),
        (3, 0)
    );
}

#[tokio::test]
async fn one_peer_cannot_have_all_places() {
    let config = AcceptConfig {
        per_peer: 2,
        ..AcceptConfig::default()
    };
    let running = Running::start(Polite, config).await;
    let (first, _second) = (running.served().await, running.served().await);
    assert_eq!(running.refused().await, b"you again\r\n");
    // Another peer has places of its own.
    let other = async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let mut stream = socket.connect(running.address).await.unwrap();
        stream.write_all(b"!").await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'!');
        stream
    };
    let _other = timeout(STUCK, other).await.unwrap();
    drop(first);
    running.open(2).await;
    let _third = running.served().await;
    assert_eq!(running.refused().await, b"you again\r\n");
    let counts = (running.stats.refused_peer(), running.stats.refused_full());
    assert_eq!(counts, (2, 0));
}

#[tokio::test]
async fn a_service_that_panics_costs_its_connection_only() {
    let config = AcceptConfig {
        connections: 1,
        per_peer: 1,
        ..AcceptConfig::default()
    };
    let running = Running::start(
        |connection: Connection| async {
            let Connection { mut stream, .. } = connection;
            let word = stream.read_u8().await.unwrap();
            assert_eq!(word, b'?', "as it must be in this test");
            stream.write_u8(b'?').await.unwrap();
        },
        config,
    )
    .await;
    for panicked in 1..=2 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(b"!").await.unwrap();
        let mut told = Vec::new();
        // The end, or a reset.
        let _ = timeout(STUCK, stream.read_to_end(&mut told)).await.unwrap();
        running.open(0).await;
        assert_eq!(running.stats.panicked(), panicked);
    }
    running.served().await;
}

#[tokio::test]
async fn a_drain_waits_for_those_who_finish_and_lets_nobody_in() {
    let running = Running::start(
        |mut connection: Connection| async move {
            connection.stream.write_u8(b'?').await.unwrap();
            connection.drain.begun().await;
            assert!(connection.drain.has_begun());
            sleep(Duration::from_millis(50)).await;
            connection.stream.write_all(b"finished").await.unwrap();
        },
        AcceptConfig::default(),
    )
    .await;
    let address = running.address;
    let mut streams = [running.served().await, running.served().await];
    let report = running.stop().await;
    assert_eq!(report.cut, 0);
    for stream in &mut streams {
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap_or_default();
        assert_eq!(said, b"finished");
    }
    let error = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_drain_that_takes_too_long_cuts_the_rest_and_says_how_many() {
    let config = AcceptConfig {
        drain: Duration::from_millis(100),
        ..AcceptConfig::default()
    };
    let running = Running::start(
        |connection: Connection| async {
            let mut drain = connection.drain.clone();
            tokio::select! {
                () = echo(connection) => {}
                () = async { drain.begun().await; std::future::pending().await } => {}
            }
        },
        config,
    )
    .await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(running.served().await);
    }
    drop(streams.pop());
    running.open(2).await;
    let stats = running.stats.clone();
    let start = Instant::now();
    let report = running.stop().await;
    assert!(start.elapsed() >= config.drain);
    assert_eq!((report.cut, stats.open()), (2, 0));
    for mut stream in streams {
        let mut told = Vec::new();
        let _ = timeout(STUCK, stream.read_to_end(&mut told)).await.unwrap();
        assert_eq!(told, b"");
    }
}

/// A listener that fails in a given way before it works.
struct Failing {
    errors: VecDeque<io::Error>,
    /// When it was asked.
    asked: Arc<std::sync::Mutex<Vec<Instant>>>,
    then: TcpListener,
}

impl Listener for Failing {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        if let Some(error) = self.errors.pop_front() {
            self.asked.lock().unwrap().push(Instant::now());
            return Poll::Ready(Err(error));
        }
        self.then.poll_accept(cx)
    }
}

fn out_of_descriptors() -> io::Error {
    let code = if cfg!(target_os = "linux") { 24 } else { 0 };
    io::Error::from_raw_os_error(code)
}

async fn failing(errors: Vec<io::Error>, config: AcceptConfig) -> (Running, Vec<Duration>) {
    let count = errors.len();
    let then = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = then.local_addr().unwrap();
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let listener = Failing {
        errors: errors.into(),
        asked: asked.clone(),
        then,
    };
    let running = Running::over(listener, address, echo, config);
    for _ in 0..1000 {
        if asked.lock().unwrap().len() == count {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    let asked = asked.lock().unwrap();
    let pauses = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    (running, pauses)
}

#[tokio::test(start_paused = true)]
async fn without_descriptors_it_pauses_longer_each_time() {
    let config = AcceptConfig {
        back_off: (Duration::from_millis(5), Duration::from_millis(100)),
        ..AcceptConfig::default()
    };
    let errors = (0..12).map(|_| out_of_descriptors()).collect();
    let (running, pauses) = failing(errors, config).await;
    let millis: Vec<_> = pauses.iter().map(Duration::as_millis).collect();
    // The timers of tokio count milliseconds and round up.
    let want = [5, 10, 20, 40, 80, 100, 100, 100, 100, 100, 100];
    assert_eq!(millis.len(), want.len());
    for (is, want) in millis.iter().zip(want) {
        assert!((want..=want + 2).contains(is), "{millis:?}");
    }
    assert_eq!(running.stats.errors(), 12);
}

#[tokio::test]
async fn after_errors_it_goes_on() {
    let config = AcceptConfig {
        back_off: (Duration::from_millis(1), Duration::from_millis(2)),
        ..AcceptConfig::default()
    };
    let aborted = || io::Error::from(io::ErrorKind::ConnectionAborted);
    let errors = vec![
        out_of_descriptors(),
        aborted(),
        io::Error::other("who knows"),
        aborted(),
    ];
    let (running, _) = failing(errors, config).await;
    let _stream = running.served().await;
    assert_eq!((running.stats.errors(), running.stats.accepted()), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn lost_connections_cost_no_pause_but_never_a_busy_loop() {
    let errors = (0..40)
        .map(|_| io::ErrorKind::ConnectionAborted.into())
        .collect();
    let (_running, pauses) = failing(errors, AcceptConfig::default()).await;
    assert!(pauses[..15].iter().all(Duration::is_zero), "{pauses:?}");
    assert!(!pauses[16..].iter().any(Duration::is_zero), "{pauses:?}");
}

#[tokio::test]
async fn a_listener_that_is_none_ends_the_loop_after_a_drain() {
    let errors = vec![io::ErrorKind::InvalidInput.into()];
    let (running, _) = failing(errors, AcceptConfig::default()).await;
    let report = timeout(STUCK, running.run).await.unwrap().unwrap();
    assert_eq!(report.error.unwrap().kind(), io::ErrorKind::InvalidInput);
}

#[tokio::test(start_paused = true)]
async fn shutdown_is_heard_during_a_pause() {
    let config = AcceptConfig {
        back_off: (Duration::from_secs(1000), Duration::from_secs(1000)),
        ..AcceptConfig::default()
    };
    let (running, _) = failing(vec![out_of_descriptors()], config).await;
    let start = Instant::now();
    running.stop.send(()).unwrap();
    running.run.await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1000));
}
