//! The driver owns the clock.

use crate::protocol::{Failure, PATIENCE, Server, machine_error, serve};
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::time::{Instant, sleep};
use wirelore_core::{Input, Machine, Patience, Step};
use wirelore_tokio::{Driver, DriverConfig, Pumped};

#[tokio::test(start_paused = true)]
async fn patience_runs_out_and_the_farewell_is_sent() {
    for owned in [false, true] {
        let (ours, mut theirs) = duplex(1000);
        let mut driver = Driver::new(Server::impatient(), ours, &DriverConfig::default());
        let start = Instant::now();
        theirs.write_all(b"ECHO half of a com").await.unwrap();
        let failure = match owned {
            true => machine_error(driver.next().await),
            false => machine_error(driver.pump(|_, _, _| ControlFlow::Break(())).await),
        };
        assert_eq!(failure, Failure::TooLate);
        assert_eq!(start.elapsed().as_secs(), PATIENCE.as_secs());
        drop(driver);
        let mut said = Vec::new();
        theirs.read_to_end(&mut said).await.unwrap();
        assert_eq!(said, b"ready\r\ntoo late\r\n");
    }
}

#[tokio::test(start_paused = true)]
async fn patience_starts_again_when_the_machine_waits_for_something_else() {
    let (ours, mut theirs) = duplex(1000);
    let mut driver = Driver::new(Server::impatient(), ours, &DriverConfig::default());
    let client = async {
        for _ in 0..3 {
            sleep(PATIENCE - Duration::from_secs(1)).await;
            theirs.write_all(b"PAUSE\n").await.unwrap();
        }
        sleep(PATIENCE - Duration::from_secs(1)).await;
        theirs.write_all(b"QUIT\n").await.unwrap();
    };
    let ((log, end), ()) = tokio::join!(serve(&mut driver), client);
    assert_eq!((log.len(), end), (4, Ok(())));
}

#[tokio::test(start_paused = true)]
async fn dropped_futures_do_not_stop_the_clock() {
    let (ours, _theirs) = duplex(1000);
    let mut driver = Driver::new(Server::impatient(), ours, &DriverConfig::default());
    let start = Instant::now();
    let mut rounds = 0;
    let failure = loop {
        tokio::select! {
            ended = driver.pump(|_, _, _| ControlFlow::Break(())) => break machine_error(ended),
            () = sleep(Duration::from_secs(7)) => rounds += 1,
        }
        assert!(rounds < 10);
    };
    assert_eq!((failure, rounds), (Failure::TooLate, 4));
    assert_eq!(start.elapsed().as_secs(), PATIENCE.as_secs());
}

#[tokio::test(start_paused = true)]
async fn what_came_in_time_is_looked_at_before_the_clock() {
    let (ours, mut theirs) = duplex(1000);
    let mut driver = Driver::new(Server::impatient(), ours, &DriverConfig::default());
    let pump = driver.pump(|_, _, _| ControlFlow::<()>::Continue(()));
    tokio::select! {
        biased;
        ended = pump => panic!("{ended:?}"),
        () = tokio::task::yield_now() => {}
    }
    // The command is there while the application is away for too long.
    theirs.write_all(b"QUIT\n").await.unwrap();
    sleep(PATIENCE * 2).await;
    let ended = driver.pump(|_, _, _| ControlFlow::<()>::Continue(())).await;
    assert_eq!(ended.unwrap(), Pumped::Done);
}

/// Waits for something, is told that time is up, and does not mind.
struct Stoic {
    told: usize,
    patience: Duration,
}

impl Machine for Stoic {
    type Event<'i> = ();
    type Error = Infallible;

    fn step<'i>(&mut self, input: Input<'i>, _: &mut Vec<u8>) -> Result<Step<()>, Infallible> {
        let len = input.bytes().len();
        Ok(match input.is_last() {
            true => Step::done(len),
            false => Step::need_more(len),
        })
    }

    fn max_unconsumed(&self) -> usize {
        1
    }

    fn patience(&self) -> Option<Patience> {
        Some(Patience::new("nothing in particular", self.patience))
    }

    fn expired(&mut self, _: &mut Vec<u8>) {
        self.told += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn a_machine_is_told_once_for_each_value() {
    for (patience, told) in [
        (Duration::from_secs(5), 1),
        (Duration::ZERO, 1),
        (Duration::MAX, 0),
    ] {
        let (ours, mut theirs) = duplex(1000);
        let mut driver = Driver::new(Stoic { told: 0, patience }, ours, &DriverConfig::default());
        let client = async {
            // Octets all the time do not keep the clock from striking.
            for _ in 0..1000 {
                sleep(Duration::from_millis(100)).await;
                theirs.write_all(b"x").await.unwrap();
            }
            drop(theirs);
        };
        let pump = driver.pump(|_, (), _| ControlFlow::<()>::Continue(()));
        let (ended, ()) = tokio::join!(pump, client);
        assert_eq!(ended.unwrap(), Pumped::Done);
        assert_eq!(driver.machine().told, told);
    }
}

#[tokio::test]
async fn a_stream_that_is_always_ready_does_not_hide_the_clock() {
    let patience = Duration::from_millis(30);
    let stream = Endless(Instant::now());
    let mut driver = Driver::new(
        Stoic { told: 0, patience },
        stream,
        &DriverConfig::default(),
    );
    let ended = driver
        .pump(|_, (), _| ControlFlow::<()>::Continue(()))
        .await;
    assert_eq!(ended.unwrap(), Pumped::Done);
    assert_eq!(driver.machine().told, 1);
}

/// Octets without end, or at least for 100 ms.
struct Endless(Instant);

mod endless {
    use super::Endless;
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Duration;
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    impl AsyncRead for Endless {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if self.0.elapsed() < Duration::from_millis(100) {
                buf.put_slice(b"x");
            }
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Endless {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(buf.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
}
