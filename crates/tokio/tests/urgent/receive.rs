//! Marks that come.

use crate::nvt::{DM, Heard, IAC, IP, Nvt};
use crate::peer::{
    MANNERS, Manner, arrived, bounded, connection, for_a_while, say, shout, synch, telnet, until,
};
use socket2::SockRef;
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use wirelore_tokio::{
    AcceptConfig, Acceptor, Connection, Driver, DriverConfig, Parts, Pumped, UrgentStream,
};

#[tokio::test]
async fn text_before_a_mark_is_dropped_and_text_behind_it_is_not() {
    for owned in [false, true] {
        for manner in MANNERS {
            let (mut driver, peer) = telnet(&DriverConfig::default()).await;
            say(&peer, b"abc");
            synch(&peer, manner);
            say(&peer, b"def");
            arrived(driver.stream().inner(), 8).await;
            while owned && driver.machine().consumed < 8 {
                bounded(driver.next()).await.unwrap();
            }
            until(&mut driver, 8).await;
            let log = &driver.machine().log;
            assert_eq!(
                log,
                &["urgent", "drop abc", "command 242", "text def"],
                "{manner:?}"
            );
            assert!(!driver.urgent_ahead());
        }
    }
}

#[tokio::test]
async fn a_mark_that_comes_when_the_text_before_it_was_read() {
    for manner in MANNERS {
        let (mut driver, peer) = telnet(&DriverConfig::default()).await;
        say(&peer, b"abc");
        until(&mut driver, 3).await;
        assert!(!driver.urgent_ahead());
        synch(&peer, manner);
        until(&mut driver, 5).await;
        say(&peer, b"def");
        until(&mut driver, 8).await;
        let log = &driver.machine().log;
        assert_eq!(log, &["text abc", "urgent", "command 242", "text def"]);
        // Nothing was consumed in between, so it was told once only; never behind the DM.
        assert_eq!(driver.machine().told_at, [3], "{manner:?}");
    }
}

#[tokio::test]
async fn a_driver_that_waits_is_woken_by_a_lone_mark() {
    for manner in MANNERS {
        let (mut driver, peer) = telnet(&DriverConfig::default()).await;
        for round in 1..=20 {
            // Text and mark together: the read ends in front of the mark, and nothing follows.
            let talk = async {
                tokio::task::yield_now().await;
                say(&peer, b"abc");
                synch(&peer, manner);
            };
            tokio::join!(until(&mut driver, round * 5), talk);
        }
        assert_eq!(driver.machine().idle_marks, 0);
    }
}

#[tokio::test]
async fn a_paused_machine_looks_past_what_is_held_for_it() {
    for manner in MANNERS {
        let (mut driver, peer) = telnet(&DriverConfig::default()).await;
        say(&peer, b"aPbcd");
        let pumped = driver.pump(|_, heard, _| match heard {
            Heard::Pause => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        bounded(pumped).await.unwrap();
        for_a_while(&mut driver).await;
        assert_eq!(driver.received(), b"bcd");
        let talk = async {
            tokio::task::yield_now().await;
            say(&peer, &[b'e', IAC, IP]);
            synch(&peer, manner);
            say(&peer, b"f");
        };
        tokio::join!(until(&mut driver, 11), talk);
        let log = &driver.machine().log;
        let want = "text a, pause, urgent, drop bcde, command 244, command 242, text f";
        assert_eq!(log.join(", "), want, "{manner:?}");
    }
}

#[tokio::test]
async fn a_full_buffer_hides_no_mark() {
    for manner in MANNERS {
        let config = DriverConfig {
            receive: 10,
            ..DriverConfig::default()
        };
        let (mut driver, peer) = telnet(&config).await;
        say(&peer, b"P0123456789abc");
        for_a_while(&mut driver).await;
        assert_eq!(driver.received(), b"0123456789");
        // What arrives wakes the driver, but is no mark and is not read.
        say(&peer, b"def");
        for_a_while(&mut driver).await;
        assert!(driver.machine().told_at.is_empty());
        let talk = async {
            tokio::task::yield_now().await;
            synch(&peer, manner);
            say(&peer, b"g");
        };
        tokio::join!(until(&mut driver, 20), talk);
        let log = driver.machine().log.join(", ");
        let want = "pause, urgent, drop 0123456789abcdef, command 242, text g";
        assert_eq!(log, want, "{manner:?}");
        // What was not read when the driver stopped reading comes without a mark, too.
        say(&peer, b"Phijklmnopqrstuvw");
        for_a_while(&mut driver).await;
        assert_eq!(driver.received(), b"hijklmnopq");
        driver.machine_mut().paused = false;
        until(&mut driver, 37).await;
        let want = ["text g", "pause", "text hijklmnopqrstuvw"];
        assert_eq!(driver.machine().log[4..], want);
        assert_eq!(driver.machine().idle_marks, 0);
    }
}

#[tokio::test]
async fn a_full_buffer_and_a_peer_that_closes() {
    let config = DriverConfig {
        receive: 4,
        ..DriverConfig::default()
    };
    let (mut driver, mut peer) = telnet(&config).await;
    say(&peer, b"P0123456789");
    for_a_while(&mut driver).await;
    peer.shutdown().await.unwrap();
    let steps = driver.machine().steps;
    for_a_while(&mut driver).await;
    // The end is not waited for again and again.
    assert!(driver.machine().steps < steps + 20);
    driver.machine_mut().paused = false;
    until(&mut driver, 11).await;
    let pumped = driver.pump(|_, _, _| ControlFlow::<()>::Continue(()));
    assert_eq!(bounded(pumped).await.unwrap(), Pumped::Done);
    assert_eq!(driver.machine().log, ["pause", "text 0123456789"]);
}

#[tokio::test]
async fn a_peer_that_reads_nothing_is_heard_when_it_shouts() {
    for manner in MANNERS {
        let config = DriverConfig {
            high: 1,
            low: 1,
            ..DriverConfig::default()
        };
        let (mut driver, peer) = telnet(&config).await;
        driver.push(vec![b'x'; 50_000_000]);
        say(&peer, b"abc");
        for_a_while(&mut driver).await;
        synch(&peer, manner);
        for_a_while(&mut driver).await;
        // It knows, although it was not stepped.
        assert_eq!(
            (driver.machine().consumed, &driver.machine().told_at[..]),
            (0, &[0][..]),
            "{manner:?}"
        );
        assert!(driver.urgent_ahead());
    }
}

#[tokio::test]
async fn an_application_that_only_sends_can_ask() {
    for manner in MANNERS {
        let (mut driver, peer) = telnet(&DriverConfig::default()).await;
        say(&peer, b"abc");
        arrived(driver.stream().inner(), 3).await;
        assert!(!driver.urgent_ahead());
        synch(&peer, manner);
        arrived(driver.stream().inner(), 5).await;
        assert!(driver.urgent_ahead());
        // Reading ahead does not change the answer.
        for _ in 0..2 {
            assert!(bounded(driver.fill()).await.unwrap() > 0);
            assert!(driver.urgent_ahead());
        }
        assert_eq!(driver.received().len(), 5);
        assert!(driver.machine().told_at.is_empty());
        until(&mut driver, 5).await;
        assert_eq!(driver.machine().log, ["urgent", "drop abc", "command 242"]);
        assert!(!driver.urgent_ahead());
    }
}

#[tokio::test]
async fn a_mark_without_a_dm() {
    let (mut driver, mut peer) = telnet(&DriverConfig::default()).await;
    say(&peer, b"abc");
    shout(&peer, b'!');
    say(&peer, b"def");
    arrived(driver.stream().inner(), 7).await;
    until(&mut driver, 7).await;
    assert_eq!(driver.machine().log, ["urgent", "drop abc!def"]);
    let told = driver.machine().told_at.clone();
    // A machine that has given up waiting for the DM is not told of the same mark again.
    driver.machine_mut().dropping = false;
    for letter in b"ghij" {
        say(&peer, &[*letter]);
        let consumed = driver.machine().consumed;
        until(&mut driver, consumed + 1).await;
    }
    assert_eq!(driver.machine().log.last().unwrap(), "text ghij");
    assert_eq!(driver.machine().told_at, told);
    assert!(told.iter().all(|at| *at <= 3), "{told:?}");
    // The end of the stream is no mark either.
    peer.shutdown().await.unwrap();
    let pumped = driver.pump(|_, _, _| ControlFlow::<()>::Continue(()));
    assert_eq!(bounded(pumped).await.unwrap(), Pumped::Done);
    assert_eq!(driver.machine().told_at, told);
}

#[tokio::test]
async fn a_mark_that_somebody_else_has_read() {
    let (mut driver, peer) = telnet(&DriverConfig::default()).await;
    synch(&peer, Manner::Bsd);
    arrived(driver.stream().inner(), 2).await;
    assert!(driver.urgent_ahead());
    let mut past = [0; 2];
    let ours = SockRef::from(driver.stream().inner());
    assert_eq!(Read::read(&mut &*ours, &mut past).unwrap(), 2);
    say(&peer, b"ab");
    until(&mut driver, 2).await;
    // Told of what is gone by now, but once only.
    driver.machine_mut().dropping = false;
    for letter in b"cd" {
        say(&peer, &[*letter]);
        let consumed = driver.machine().consumed;
        until(&mut driver, consumed + 1).await;
    }
    assert_eq!(driver.machine().log, ["urgent", "drop ab", "text cd"]);
    assert_eq!(driver.machine().told_at, [0]);
}

#[tokio::test]
async fn two_synchs_at_once_are_one() {
    for manner in MANNERS {
        let (mut driver, peer) = telnet(&DriverConfig::default()).await;
        for text in [b"ab", b"cd"] {
            say(&peer, text);
            synch(&peer, manner);
        }
        say(&peer, b"ef");
        arrived(driver.stream().inner(), 10).await;
        until(&mut driver, 10).await;
        // The system has merged the marks: what stands between the DMs is dropped all the same.
        let want = "urgent, drop ab, command 242, urgent, drop cd, command 242, text ef";
        assert_eq!(driver.machine().log.join(", "), want, "{manner:?}");
    }
}

#[tokio::test]
async fn two_synchs_one_after_the_other() {
    for manner in MANNERS {
        let (mut driver, peer) = telnet(&DriverConfig::default()).await;
        synch(&peer, manner);
        until(&mut driver, 2).await;
        say(&peer, b"ab");
        synch(&peer, manner);
        say(&peer, b"cd");
        arrived(driver.stream().inner(), 6).await;
        until(&mut driver, 8).await;
        let want = "urgent, command 242, urgent, drop ab, command 242, text cd";
        assert_eq!(driver.machine().log.join(", "), want, "{manner:?}");
    }
}

#[tokio::test]
async fn two_synchs_that_were_both_read_before_the_machine_could_go_on() {
    for manner in MANNERS {
        let (mut driver, peer) = telnet(&DriverConfig::default()).await;
        for text in [b"ab", b"cd"] {
            say(&peer, text);
            synch(&peer, manner);
            let held = driver.received().len();
            for _ in 0..100 {
                if driver.received().len() == held + 4 {
                    break;
                }
                bounded(driver.fill()).await.unwrap();
            }
        }
        say(&peer, b"ef");
        until(&mut driver, 10).await;
        let want = "urgent, drop ab, command 242, urgent, drop cd, command 242, text ef";
        assert_eq!(driver.machine().log.join(", "), want, "{manner:?}");
    }
}

#[tokio::test]
async fn the_end_right_behind_a_synch() {
    for manner in MANNERS {
        let (mut driver, mut peer) = telnet(&DriverConfig::default()).await;
        say(&peer, b"abc");
        synch(&peer, manner);
        peer.shutdown().await.unwrap();
        arrived(driver.stream().inner(), 5).await;
        let pumped = driver.pump(|_, _, _| ControlFlow::<()>::Continue(()));
        assert_eq!(bounded(pumped).await.unwrap(), Pumped::Done);
        assert_eq!(driver.machine().log, ["urgent", "drop abc", "command 242"]);
    }
    // In the middle of one.
    let (mut driver, mut peer) = telnet(&DriverConfig::default()).await;
    say(&peer, b"abc");
    shout(&peer, IAC);
    peer.shutdown().await.unwrap();
    arrived(driver.stream().inner(), 4).await;
    let pumped = driver.pump(|_, _, _| ControlFlow::<()>::Continue(()));
    assert_eq!(bounded(pumped).await.unwrap(), Pumped::Done);
    assert_eq!(driver.machine().log, ["urgent", "drop abc"]);
}

#[tokio::test]
async fn without_the_option_the_octet_is_lost() {
    // What the tests above would show if the octet did not stay in its place.
    for (manner, want) in [(Manner::Bsd, "\\xf2"), (Manner::Rfc, "\\xff")] {
        let (ours, mut peer) = connection().await;
        synch(&peer, manner);
        peer.shutdown().await.unwrap();
        let mut driver = Driver::new(Nvt::default(), ours, &DriverConfig::default());
        assert!(!driver.urgent_ahead());
        while bounded(driver.fill()).await.unwrap() > 0 {}
        assert_eq!(driver.received().escape_ascii().to_string(), want);
    }
}

#[tokio::test]
async fn a_driver_that_was_not_told_of_the_stream_says_nothing() {
    let (ours, peer) = connection().await;
    let ours = UrgentStream::new(ours).unwrap();
    let mut driver = Driver::new(Nvt::default(), ours, &DriverConfig::default());
    say(&peer, b"abc");
    synch(&peer, Manner::Bsd);
    arrived(driver.stream().inner(), 5).await;
    until(&mut driver, 5).await;
    assert_eq!(driver.machine().log, ["text abc", "command 242"]);
    assert!(!driver.urgent_ahead());
}

#[tokio::test]
async fn a_driver_that_is_taken_apart_and_goes_on() {
    for manner in MANNERS {
        let (mut driver, peer) = telnet(&DriverConfig::default()).await;
        say(&peer, b"abc");
        synch(&peer, manner);
        arrived(driver.stream().inner(), 5).await;
        bounded(driver.fill()).await.unwrap();
        bounded(driver.fill()).await.unwrap();
        let mut driver = Driver::resume(driver.into_parts(), &DriverConfig::default());
        assert!(driver.urgent_ahead());
        until(&mut driver, 5).await;
        assert_eq!(driver.machine().log, ["urgent", "drop abc", "command 242"]);
        // The stream knows what it knew; a driver on it has to be told of it again.
        let (machine, stream) = driver.upgrade().unwrap();
        let parts = Parts::new(machine, stream);
        let mut driver = Driver::resume(parts, &DriverConfig::default()).with_urgent();
        assert!(!driver.urgent_ahead());
        say(&peer, b"de");
        synch(&peer, manner);
        arrived(driver.stream().inner(), 4).await;
        until(&mut driver, 9).await;
        assert_eq!(
            driver.machine().log[3..],
            ["urgent", "drop de", "command 242"]
        );
    }
}

#[tokio::test]
async fn a_service_behind_an_accept_loop() {
    let (sender, mut logs) = tokio::sync::mpsc::unbounded_channel();
    let service = Arc::new(move |connection: Connection| {
        let sender = sender.clone();
        async move {
            let stream = UrgentStream::new(connection.stream).unwrap();
            let mut driver =
                Driver::new(Nvt::default(), stream, &DriverConfig::default()).with_urgent();
            while let Ok(Some(_)) = driver.next().await {}
            let _ = sender.send(driver.machine().log.clone());
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let acceptor = Acceptor::new(listener, service, AcceptConfig::default());
    let server = tokio::spawn(acceptor.run(async {
        let _ = stopped.await;
    }));
    let mut peer = tokio::net::TcpStream::connect(address).await.unwrap();
    shout(&peer, IAC);
    say(&peer, &[DM]);
    peer.shutdown().await.unwrap();
    let log = bounded(logs.recv()).await.unwrap();
    assert_eq!(log, ["urgent", "command 242"]);
    stop.send(()).unwrap();
    bounded(server).await.unwrap();
}
