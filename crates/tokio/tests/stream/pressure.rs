//! Much to send, little room.

use crate::protocol::{Server, io_error, machine_error, serve, talk, tight};
use bytes::Bytes;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use wirelore_tokio::{ActError, Driver, DriverConfig};

/// Far more than any of these tests needs; a deadlock ends here.
const STUCK: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_reads_fills_no_memory() {
    for owned in [false, true] {
        let (ours, mut theirs) = duplex(64);
        let config = DriverConfig {
            receive: 500,
            high: 300,
            low: 100,
            stall: None,
            bare_end: false,
        };
        let mut driver = Driver::new(Server::new(), ours, &config);
        let mut events = 0;
        let flood = async {
            for _ in 0..10_000 {
                theirs.write_all(b"ECHO 0123456789\r\n").await.unwrap();
            }
        };
        let take = async {
            if owned {
                while driver.next().await.unwrap().is_some() {
                    events += 1;
                }
            } else {
                let pump = driver.pump(|_, _, _| {
                    events += 1;
                    ControlFlow::<()>::Continue(())
                });
                pump.await.unwrap();
            }
        };
        let both = async { tokio::join!(flood, take) };
        assert!(timeout(Duration::from_secs(100), both).await.is_err());
        // 64 octets are in the pipe; above 300 no step is made.
        assert!((20..=31).contains(&events), "{events} events");
        assert!(driver.unsent() < 300 + 12, "{} unsent", driver.unsent());
        let steps = driver.machine().steps;
        let pump = driver.pump(|_, _, _| ControlFlow::<()>::Continue(()));
        assert!(timeout(Duration::from_secs(100), pump).await.is_err());
        assert_eq!(
            driver.machine().steps,
            steps,
            "stepped above the high-water mark"
        );
        assert_eq!(driver.received().len(), 500);
    }
}

#[tokio::test(start_paused = true)]
async fn patience_ends_although_the_peer_never_reads() {
    let (ours, mut theirs) = duplex(64);
    let config = DriverConfig {
        stall: Some(Duration::from_secs(50)),
        ..tight()
    };
    let mut driver = Driver::new(Server::impatient(), ours, &config);
    let start = Instant::now();
    let flood = async {
        let mut sent = 0;
        while theirs.write_all(b"ECHO 0123456789\r\n").await.is_ok() {
            sent += 1;
        }
        sent
    };
    let pump = async {
        let ended = driver.pump(|_, _, _| ControlFlow::<()>::Continue(())).await;
        drop(driver);
        ended
    };
    let (sent, ended) = tokio::join!(flood, pump);
    assert!(sent < 100, "{sent}");
    assert_eq!(machine_error(ended), crate::protocol::Failure::TooLate);
    // Told after 30 s, and the farewell waited for until nothing had moved for 50 s.
    assert_eq!(start.elapsed().as_secs(), 50);
}

/// A peer from which something can always be read, and to which nothing can be sent.
#[derive(Default)]
struct Flood {
    reads: u32,
}

impl AsyncRead for Flood {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.reads += 1;
        assert!(self.reads < 1000, "it is read for ever");
        buf.put_slice(&b"ECHO 0123456789\r\n"[..buf.remaining().min(17)]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Flood {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_from_a_peer_that_never_reads_ends() {
    let config = DriverConfig {
        stall: Some(Duration::from_secs(50)),
        ..tight()
    };
    let mut driver = Driver::new(Server::new(), Flood::default(), &config);
    let start = Instant::now();
    for _ in 0..2 {
        let ended = driver.pump(|_, _, _| ControlFlow::<()>::Continue(())).await;
        assert_eq!(io_error(ended), ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_secs(), 50);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_machine_makes_of_lost_patience_is_heard_above_the_mark() {
    let (ours, mut theirs) = duplex(64);
    let config = DriverConfig {
        stall: None,
        ..tight()
    };
    let mut driver = Driver::new(Server::impatient(), ours, &config);
    theirs.write_all(b"BIG 1000\n").await.unwrap();
    let mut steps = [0; 2];
    for steps in &mut steps {
        let pump = driver.pump(|_, _, _| ControlFlow::<()>::Continue(()));
        let seconds = Duration::from_secs(20);
        assert!(timeout(seconds, pump).await.is_err());
        *steps = driver.machine().steps;
    }
    // Before anything came, and over the command.
    assert_eq!(steps[0], 2);
    assert!(steps[1] > 2, "{steps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_blocked_stream_breaks_after_a_while_without_progress() {
    let (ours, mut theirs) = duplex(10);
    let config = DriverConfig {
        stall: Some(Duration::from_secs(20)),
        ..tight()
    };
    let mut driver = Driver::new(Server::new(), ours, &config);
    let start = Instant::now();
    let slow = async {
        // Slow, but not dead: an octet every 15 s.
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(15)).await;
            theirs.read_u8().await.unwrap();
        }
    };
    let (_, sent) = tokio::join!(slow, driver.send_owned(Bytes::from(vec![b'x'; 2000])));
    assert_eq!(sent.unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(start.elapsed().as_secs(), 170);
    // It stays broken, nothing piles up, and nothing waits.
    for _ in 0..3 {
        let acted = driver.act(|_, out| {
            out.extend_from_slice(&[b'x'; 100]);
            Ok::<_, std::fmt::Error>(())
        });
        assert!(
            matches!(acted.await, Err(ActError::Io(error)) if error.kind() == ErrorKind::TimedOut)
        );
        assert_eq!(
            driver.flush().await.unwrap_err().kind(),
            ErrorKind::TimedOut
        );
        assert_eq!(
            driver.hung_up().await.unwrap_err().kind(),
            ErrorKind::TimedOut
        );
        let pumped = driver.pump(|_, _, _| ControlFlow::<()>::Continue(())).await;
        assert_eq!(io_error(pumped), ErrorKind::TimedOut);
        assert_eq!(driver.unsent(), 0);
    }
    assert_eq!(start.elapsed().as_secs(), 170);
}

#[tokio::test]
async fn both_sides_write_before_they_read() {
    // 60 KB of commands are written before the first reply is read, while 300 KB of replies wait to
    // be sent: the server has to go on reading.
    let (ours, mut theirs) = duplex(16);
    let mut driver = Driver::new(Server::new(), ours, &DriverConfig::default());
    let client = async {
        theirs.write_all(b"BIG 300000\r\n").await.unwrap();
        for _ in 0..4000 {
            theirs.write_all(b"ECHO hello me\r\n").await.unwrap();
        }
        theirs.write_all(b"QUIT\r\n").await.unwrap();
        let mut said = Vec::new();
        theirs.read_to_end(&mut said).await.unwrap();
        said.len()
    };
    let server = async {
        let (log, end) = serve(&mut driver).await;
        end.unwrap();
        driver.shutdown().await.unwrap();
        log.len()
    };
    let both = async { tokio::join!(server, client) };
    let (events, said) = timeout(STUCK, both)
        .await
        .expect("both wait for each other");
    assert_eq!((events, said), (4002, 7 + 300_002 + 4000 * 10 + 5));
}

#[tokio::test]
async fn an_act_goes_on_reading_while_it_is_blocked() {
    let (ours, theirs) = duplex(16);
    let config = DriverConfig::default();
    let mut one = Driver::new(Server::new(), ours, &config);
    let mut two = Driver::new(Server::new(), theirs, &config);
    // Each sends 60 KB at once and consumes nothing.
    let body = Bytes::from(vec![b'b'; 60_000]);
    let both = async {
        let send = async |driver: &mut Driver<_, _>| {
            driver.send_owned(body.clone()).await.unwrap();
            driver.shutdown().await.unwrap();
            driver.hung_up().await.unwrap();
        };
        tokio::join!(send(&mut one), send(&mut two));
    };
    timeout(STUCK, both)
        .await
        .expect("both wait for each other");
    for mut driver in [one, two] {
        assert_eq!(driver.received().len(), 7 + 60_000);
        assert!(driver.received().ends_with(b"bbb"));
    }
}

#[tokio::test]
async fn a_long_body_is_a_loop_of_acts_and_never_lies_in_memory() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = async {
        let stream = TcpStream::connect(address).await.unwrap();
        talk(stream, vec![]).await.len()
    };
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut driver = Driver::new(Server::new(), stream, &DriverConfig::default());
        let mut most = 0;
        for piece in 0..1000_usize {
            if piece % 2 == 0 {
                let acted = driver.act(|_, out| {
                    out.resize(out.len() + 10_000, b'a');
                    Ok::<_, std::fmt::Error>(())
                });
                acted.await.unwrap();
            } else {
                driver
                    .send_owned(Bytes::from(vec![b'o'; 10_000]))
                    .await
                    .unwrap();
            }
            most = most.max(driver.unsent());
        }
        driver.shutdown().await.unwrap();
        most
    };
    let both = async { tokio::join!(server, client) };
    let (most, received) = timeout(STUCK, both).await.unwrap();
    assert_eq!(received, 7 + 10_000_000);
    assert!(most < DriverConfig::default().low, "{most}");
}
