//! A future may be dropped at every point where it waits; the next one goes on.

use crate::protocol::{Log, Said, Server, shown, talk, tight};
use bytes::Bytes;
use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::pin::pin;
use std::task::Poll;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use wirelore_tokio::{Driver, Pumped};

/// Polls `future` at most `times` times, then drops it without waiting any longer.
async fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// The value of a future that is made again each time it was dropped: at first after `$times`
/// polls, then after one more each time. Counts the drops.
macro_rules! again {
    ($times:expr, $drops:ident, $future:expr) => {{
        let mut times = $times;
        loop {
            match polled($future, times).await {
                Some(value) => break value,
                None => $drops += 1,
            }
            times += 1;
            // Otherwise nobody else would ever run.
            tokio::task::yield_now().await;
        }
    }};
}

const COMMANDS: &[u8] =
    b"ECHO one\r\nBIG 200\r\nPAUSE for tea\r\nUPPER two\r\nPAUSE\r\nnonsense\r\nBIG 100\r\nQUIT\r\nrest";

#[derive(Clone, Copy, Debug)]
enum Way {
    Pump,
    PumpOneByOne,
    Next,
}

/// What came of a conversation: events, octets sent, octets left over.
#[derive(Debug, PartialEq)]
struct Outcome {
    log: Log,
    said: String,
    rest: Vec<u8>,
}

async fn converse(way: Way, times: usize, pipe: usize) -> (Outcome, usize) {
    let (ours, theirs) = duplex(pipe);
    let mut drops = 0;
    let server = async {
        let mut driver = Driver::new(Server::new(), ours, &tight());
        let mut log = Log::new();
        loop {
            let answer = match way {
                Way::Pump | Way::PumpOneByOne => {
                    let ended = again!(
                        times,
                        drops,
                        driver.pump(|_, said, _| {
                            log.push(shown(said));
                            match said {
                                Said::Pause(text) => ControlFlow::Break(Some(text.to_vec())),
                                _ if matches!(way, Way::Pump) => ControlFlow::Continue(()),
                                _ => ControlFlow::Break(None),
                            }
                        })
                    );
                    match ended.unwrap() {
                        Pumped::Break(answer) => answer,
                        Pumped::Done => break,
                        Pumped::HungUp => panic!(),
                    }
                }
                Way::Next => match again!(times, drops, driver.next()).unwrap() {
                    Some(said) => {
                        log.push(shown(said.clone()));
                        match said {
                            Said::Pause(text) => Some(text.to_vec()),
                            _ => None,
                        }
                    }
                    None => break,
                },
            };
            if let Some(text) = answer {
                driver
                    .apply(|server, out| server.resume(&text, out))
                    .unwrap();
                again!(times, drops, driver.settle()).unwrap();
            }
        }
        driver.push(Bytes::from(vec![b'z'; 3000]));
        again!(times, drops, driver.settle()).unwrap();
        again!(times, drops, driver.flush()).unwrap();
        again!(times, drops, driver.shutdown()).unwrap();
        while again!(times, drops, driver.fill()).unwrap() > 0 {}
        again!(times, drops, driver.hung_up()).unwrap();
        let rest = driver.received().to_vec();
        (log, rest)
    };
    let ((log, rest), said) = tokio::join!(server, talk(theirs, vec![COMMANDS.to_vec()]));
    let said = said.escape_ascii().to_string();
    (Outcome { log, said, rest }, drops)
}

#[tokio::test]
async fn at_every_await_and_nothing_is_lost() {
    for pipe in [1, 5, 64] {
        let (want, drops) = converse(Way::Pump, 1_000_000, pipe).await;
        assert_eq!(drops, 0);
        assert_eq!(want.log.len(), 8);
        assert_eq!(want.rest, b"rest");
        let mut all = 0;
        for way in [Way::Pump, Way::PumpOneByOne, Way::Next] {
            for times in (0..24).chain([50, 100, 200, 400]) {
                let (outcome, drops) = converse(way, times, pipe).await;
                assert_eq!(
                    outcome, want,
                    "{way:?}, dropped after {times} polls, pipe {pipe}"
                );
                all += drops;
            }
        }
        assert!(all > 400, "only {all} futures were dropped");
    }
}

/// A driver that is paused, with a peer that takes 4 octets at a time.
async fn paused() -> (Driver<Server, DuplexStream>, DuplexStream) {
    let (ours, mut theirs) = duplex(4);
    let mut driver = Driver::new(Server::new(), ours, &tight());
    let mut ready = [0; 7];
    let (_, read) = tokio::join!(driver.flush(), theirs.read_exact(&mut ready));
    read.unwrap();
    let (_, pumped) = tokio::join!(
        theirs.write_all(b"PAUSE\n"),
        driver.pump(|_, _, _| ControlFlow::Break(()))
    );
    assert_eq!(pumped.unwrap(), Pumped::Break(()));
    (driver, theirs)
}

#[tokio::test]
async fn an_act_is_done_from_the_first_poll_on_and_not_before() {
    let text = b"0123456789 0123456789";
    for times in [0, 1] {
        let (mut driver, mut theirs) = paused().await;
        let acted = driver.act(|server, out| server.resume(text, out));
        assert!(polled(acted, times).await.is_none());
        assert!(polled(driver.flush(), times).await.is_none());
        // Done once: a second time would be a misuse.
        let again = driver.apply(|server, out| server.resume(text, out));
        assert_eq!(again.is_ok(), times == 0, "{times}");
        let mut said = [0; 29];
        let (flushed, read) = tokio::join!(driver.flush(), theirs.read_exact(&mut said));
        flushed.unwrap();
        read.unwrap();
        assert_eq!(&said, b"after 0123456789 0123456789\r\n");
        driver.shutdown().await.unwrap();
        assert_eq!(theirs.read(&mut said).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_chunk_is_the_drivers_from_the_first_poll_on() {
    for times in [0, 1] {
        let (mut driver, mut theirs) = paused().await;
        let chunk = Bytes::from(vec![b'c'; 2000]);
        assert!(polled(driver.send_owned(chunk), times).await.is_none());
        assert!(polled(driver.settle(), times).await.is_none());
        let mut said = Vec::new();
        let (shut, read) = tokio::join!(driver.shutdown(), theirs.read_to_end(&mut said));
        shut.unwrap();
        read.unwrap();
        assert_eq!(said, vec![b'c'; if times == 0 { 0 } else { 2000 }]);
    }
}

#[tokio::test]
async fn waiting_together_with_work_loses_nothing() {
    let (mut driver, mut theirs) = paused().await;
    theirs.write_all(b"ECHO").await.unwrap();
    // The work is done after the driver has read the first octets of the pipelined command.
    tokio::select! {
        biased;
        ended = driver.pump(|_, _, _| ControlFlow::Break(())) => panic!("{ended:?}"),
        () = tokio::task::yield_now() => {}
    }
    assert_eq!(driver.received(), b"ECHO");
    driver
        .apply(|server, out| server.resume(b"work", out))
        .unwrap();
    let mut seen = String::new();
    let (_, pumped) = tokio::join!(
        theirs.write_all(b" x\n"),
        driver.pump(|_, said, _| {
            seen = shown(said);
            ControlFlow::Break(())
        })
    );
    assert_eq!(pumped.unwrap(), Pumped::Break(()));
    assert_eq!(seen, "Echo(\"x\")");
}
