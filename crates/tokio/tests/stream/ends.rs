//! How conversations end, in good order and otherwise.

use crate::protocol::{
    Failure, Said, Server, io_error, machine_error, serve, serve_owned, shown, tight,
};
use bytes::Bytes;
use std::convert::Infallible;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};
use wirelore_core::{Detach, Input, Machine, Step};
use wirelore_tokio::{Driver, DriverConfig, DriverError, Pumped};

async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
    (server.unwrap().0, client.unwrap())
}

/// Closes with a reset.
fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
}

fn on(_: &mut Server, _: Said<&[u8]>, _: &mut Vec<u8>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn off(_: &mut Server, _: Said<&[u8]>, _: &mut Vec<u8>) -> ControlFlow<()> {
    ControlFlow::Break(())
}

#[tokio::test]
async fn a_peer_that_has_said_all_still_gets_its_answers() {
    let (server, mut client) = tcp().await;
    client
        .write_all(b"ECHO a\nPAUSE b\nBIG 100000\nECHO c\n")
        .await
        .unwrap();
    client.shutdown().await.unwrap();
    let serve = async {
        let mut driver = Driver::new(Server::new(), server, &tight());
        let served = serve(&mut driver).await;
        assert!(driver.peer_closed());
        served
    };
    let mut said = Vec::new();
    let ((log, end), read) = tokio::join!(serve, client.read_to_end(&mut said));
    read.unwrap();
    assert_eq!((log.len(), end), (4, Ok(())));
    assert!(said.starts_with(b"ready\r\na\r\nafter b\r\nxxx") && said.ends_with(b"xxx\r\nc\r\n"));
}

#[tokio::test]
async fn who_has_said_all_can_still_listen() {
    let (server, mut client) = tcp().await;
    let mut driver = Driver::new(Mute, server, &DriverConfig::default());
    driver.push(&b"question"[..]);
    driver.shutdown().await.unwrap();
    driver.shutdown().await.unwrap();
    let mut said = Vec::new();
    client.read_to_end(&mut said).await.unwrap();
    assert_eq!(said, b"question");
    client.write_all(&[7; 50_000]).await.unwrap();
    drop(client);
    let mut heard = 0;
    let ended = driver.pump(|_, count, _| {
        heard += count;
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(ended.await.unwrap(), Pumped::Done);
    assert_eq!(heard, 50_000);
}

#[tokio::test]
async fn the_end_in_the_middle_of_a_line() {
    for owned in [false, true] {
        let (ours, mut theirs) = duplex(5);
        let mut driver = Driver::new(Server::new(), ours, &tight());
        let client = async {
            theirs.write_all(b"ECHO all\r\nECHO ha").await.unwrap();
            theirs.shutdown().await.unwrap();
            let mut said = Vec::new();
            theirs.read_to_end(&mut said).await.unwrap();
            said
        };
        let server = async {
            let served = match owned {
                true => serve_owned(&mut driver).await,
                false => serve(&mut driver).await,
            };
            drop(driver);
            served
        };
        let ((log, end), said) = tokio::join!(server, client);
        assert_eq!(log, ["Echo(\"all\")", "Unfinished(\"ECHO ha\")"]);
        assert_eq!(end, Ok(()));
        assert_eq!(said, b"ready\r\nall\r\n");
    }
}

#[tokio::test]
async fn words_of_farewell_are_sent_before_the_error_is_told() {
    for owned in [false, true] {
        let (ours, mut theirs) = duplex(3);
        let client = async {
            theirs
                .write_all(b"BIG 500\nFAIL\nECHO lost\n")
                .await
                .unwrap();
            let mut said = vec![0; 7 + 502 + 5];
            theirs.read_exact(&mut said).await.unwrap();
            said
        };
        let server = async {
            let mut driver = Driver::new(Server::new(), ours, &DriverConfig::default());
            let (log, end) = match owned {
                true => serve_owned(&mut driver).await,
                false => serve(&mut driver).await,
            };
            assert_eq!(driver.unsent(), 0);
            // The same error again, and nothing is said twice.
            assert_eq!(machine_error(driver.pump(on).await), Failure::Asked);
            assert_eq!(machine_error(driver.next().await), Failure::Asked);
            (log, end, driver)
        };
        let ((log, end, _driver), said) = tokio::join!(server, client);
        assert_eq!((log.len(), end), (1, Err("the peer said FAIL".into())));
        assert!(said.ends_with(b"xxx\r\nbye\r\n"));
    }
}

#[tokio::test]
async fn a_reset_is_noticed_while_paused_and_pipelined_octets_are_kept() {
    let (server, mut client) = tcp().await;
    let mut driver = Driver::new(Server::new(), server, &DriverConfig::default());
    client.write_all(b"PAUSE\nECHO later\n").await.unwrap();
    assert_eq!(driver.pump(off).await.unwrap(), Pumped::Break(()));
    let work = std::future::pending::<()>();
    let (ended, ()) = tokio::join!(
        async {
            tokio::select! {
                ended = driver.pump(on) => ended,
                () = work => unreachable!(),
            }
        },
        async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            reset(client);
        }
    );
    assert_eq!(io_error(ended), ErrorKind::ConnectionReset);
    assert_eq!(driver.received(), b"ECHO later\n");
    assert_eq!(
        driver.hung_up().await.unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
}

#[tokio::test]
async fn a_peer_that_hangs_up_while_paused_is_reported_once_and_can_be_answered() {
    let (server, mut client) = tcp().await;
    let mut driver = Driver::new(Server::new(), server, &DriverConfig::default());
    client.write_all(b"PAUSE\nECHO later\n").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(driver.pump(off).await.unwrap(), Pumped::Break(()));
    assert_eq!(driver.pump(on).await.unwrap(), Pumped::HungUp);
    driver.hung_up().await.unwrap();
    // From now on it waits, and does not spin.
    let steps = driver.machine().steps;
    let again = tokio::time::timeout(Duration::from_millis(50), driver.pump(on));
    assert!(again.await.is_err());
    let next = tokio::time::timeout(Duration::from_millis(50), driver.next());
    assert!(next.await.is_err());
    assert!(
        driver.machine().steps - steps <= 6,
        "{}",
        driver.machine().steps - steps
    );
    driver
        .act(|server, out| server.resume(b"all", out))
        .await
        .unwrap();
    let mut log = Vec::new();
    let ended = driver.pump(|_, said, _| {
        log.push(shown(said));
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(ended.await.unwrap(), Pumped::Done);
    assert_eq!(log, ["Echo(\"later\")"]);
    drop(driver);
    let mut said = Vec::new();
    client.read_to_end(&mut said).await.unwrap();
    assert_eq!(said, b"ready\r\nafter all\r\nlater\r\n");
}

#[tokio::test(start_paused = true)]
async fn while_paused_the_buffer_fills_and_then_the_peer_waits() {
    let (ours, mut theirs) = duplex(10);
    let mut driver = Driver::new(Server::new(), ours, &tight());
    let mut written = 0;
    let flood = async {
        theirs.write_all(b"PAUSE\n").await.unwrap();
        for _ in 0..1000 {
            theirs.write_all(b"\n").await.unwrap();
            written += 1;
        }
    };
    let server = async {
        assert_eq!(driver.pump(off).await.unwrap(), Pumped::Break(()));
        driver.pump(on).await
    };
    let both = async { tokio::join!(flood, server) };
    assert!(
        tokio::time::timeout(Duration::from_secs(100), both)
            .await
            .is_err()
    );
    // What the server must see at once, and what the pipe holds.
    assert_eq!((driver.received().len(), written), (102, 112));
    driver.apply(|server, out| server.resume(b"", out)).unwrap();
    let mut events = 0;
    let ended = driver.pump(|_, said, _| {
        assert_eq!(said, Said::Unknown(&b""[..]));
        events += 1;
        ControlFlow::<()>::Continue(())
    });
    let mut said = Vec::new();
    let reader = async {
        theirs.shutdown().await.unwrap();
        let mut piece = [0; 64];
        while said.len() < 7 + 8 + 112 * 7 {
            let count = theirs.read(&mut piece).await.unwrap();
            said.extend_from_slice(&piece[..count]);
        }
    };
    let (ended, ()) = tokio::join!(ended, reader);
    assert_eq!(ended.unwrap(), Pumped::Done);
    assert_eq!(events, 112);
}

#[tokio::test]
async fn what_a_lost_connection_still_carries_comes_first() {
    let (server, mut client) = tcp().await;
    let mut driver = Driver::new(Server::new(), server, &tight());
    driver.flush().await.unwrap();
    client
        .write_all(b"ECHO one\nECHO two\nPAUSE\nECHO three\n")
        .await
        .unwrap();
    reset(client);
    // The reset has arrived, the octets before it were not read yet.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let mut log = Vec::new();
    let ended = driver.pump(|_, said, _| {
        log.push(shown(said));
        ControlFlow::<()>::Continue(())
    });
    let kind = io_error(ended.await);
    assert!(
        matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
        "{kind:?}"
    );
    assert_eq!(log, ["Echo(\"one\")", "Echo(\"two\")", "Pause(\"\")"]);
    assert_eq!(driver.received(), b"ECHO three\n");
}

#[tokio::test]
async fn the_farewell_of_a_peer_that_does_not_listen_is_heard() {
    // The peer says no and goes; our own words fail, its words must arrive.
    let (ours, mut theirs) = duplex(50);
    let mut driver = Driver::new(Server::new(), ours, &tight());
    theirs.write_all(b"ECHO too busy\n").await.unwrap();
    drop(theirs);
    let mut log = Vec::new();
    let ended = driver.pump(|_, said, _| {
        log.push(shown(said));
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(io_error(ended.await), ErrorKind::BrokenPipe);
    assert_eq!(log, ["Echo(\"too busy\")"]);
}

/// Reports how many octets came, says nothing.
struct Mute;

impl Machine for Mute {
    type Event<'i> = usize;
    type Error = Infallible;

    fn step<'i>(&mut self, input: Input<'i>, _: &mut Vec<u8>) -> Result<Step<usize>, Infallible> {
        Ok(match input.bytes().len() {
            0 if input.is_last() => Step::done(0),
            0 => Step::need_more(0),
            count => Step::event(count, count),
        })
    }

    fn max_unconsumed(&self) -> usize {
        1
    }
}

/// Skips octets one at a time, and reports each `E`.
struct Skipper;

impl Machine for Skipper {
    type Event<'i> = &'i [u8];
    type Error = Infallible;

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        _: &mut Vec<u8>,
    ) -> Result<Step<&'i [u8]>, Infallible> {
        Ok(match input.bytes() {
            [] if input.is_last() => Step::done(0),
            [] => Step::need_more(0),
            [b'E', ..] => Step::event(1, &input.bytes()[..1]),
            _ => Step::need_more(1),
        })
    }

    fn max_unconsumed(&self) -> usize {
        1
    }
}

impl Detach for Skipper {
    type Owned = Bytes;

    fn detach(event: &[u8], slice: &mut dyn FnMut(&[u8]) -> Bytes) -> Bytes {
        slice(event)
    }
}

#[tokio::test]
async fn a_machine_that_skips_is_stepped_again_at_the_end_too() {
    for owned in [false, true] {
        for closed in [false, true] {
            let (ours, mut theirs) = duplex(100);
            let mut driver = Driver::new(Skipper, ours, &DriverConfig::default());
            theirs.write_all(b"..E...E...").await.unwrap();
            if closed {
                theirs.shutdown().await.unwrap();
                assert_eq!(driver.fill().await.unwrap(), 10);
                assert_eq!(driver.fill().await.unwrap(), 0);
            }
            for _ in 0..2 {
                if owned {
                    assert_eq!(driver.next().await.unwrap(), Some(Bytes::from("E")));
                } else {
                    let pumped = driver.pump(|_, event, _| ControlFlow::Break(event.to_vec()));
                    assert_eq!(pumped.await.unwrap(), Pumped::Break(b"E".to_vec()));
                }
            }
            theirs.shutdown().await.unwrap();
            assert_eq!(driver.next().await.unwrap(), None);
            assert_eq!(driver.received(), b"");
        }
    }
}

/// RFC 9112 §9.6.
#[tokio::test]
async fn last_words_arrive_although_the_peer_still_sends() {
    let (server, mut client) = tcp().await;
    let serve = async {
        let mut driver = Driver::new(Server::new(), server, &tight());
        assert_eq!(machine_error(driver.pump(on).await), Failure::Asked);
        assert!(driver.close(Duration::from_secs(20)).await.unwrap());
    };
    let talk = async {
        client.write_all(b"FAIL\n").await.unwrap();
        // More than the systems on the way hold for somebody who does not read.
        client.write_all(&[b'x'; 20_000_000]).await.unwrap();
        client.shutdown().await.unwrap();
        let mut said = Vec::new();
        client.read_to_end(&mut said).await.unwrap();
        said
    };
    let ((), said) = tokio::join!(serve, talk);
    assert_eq!(said, b"ready\r\nbye\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_closes_is_not_waited_for_long() {
    let (ours, mut theirs) = duplex(100);
    let mut driver = Driver::new(Server::new(), ours, &tight());
    let limit = Duration::from_secs(5);
    let (closed, ()) = tokio::join!(driver.close(limit), async {
        for _ in 0..4 {
            theirs.write_all(&[b'x'; 500]).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    assert!(!closed.unwrap());
}

/// Asks for more, whatever there is.
struct Greedy;

impl Machine for Greedy {
    type Event<'i> = ();
    type Error = Infallible;

    fn step<'i>(&mut self, _: Input<'i>, _: &mut Vec<u8>) -> Result<Step<()>, Infallible> {
        Ok(Step::need_more(0))
    }

    fn max_unconsumed(&self) -> usize {
        10
    }
}

#[tokio::test]
async fn a_machine_that_breaks_the_contract_does_not_hang() {
    for octets in [&b"abc"[..], &[b'x'; 20]] {
        let (ours, mut theirs) = duplex(100);
        let mut driver = Driver::new(Greedy, ours, &tight());
        theirs.write_all(octets).await.unwrap();
        if octets.len() < 10 {
            drop(theirs);
        }
        let ended = driver
            .pump(|_, (), _| ControlFlow::<()>::Continue(()))
            .await;
        assert!(matches!(ended, Err(DriverError::Stuck)), "{ended:?}");
    }
}
