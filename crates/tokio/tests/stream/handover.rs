//! The connection goes on under another driver.

use crate::protocol::{Said, Server, shown, tight};
use std::ops::ControlFlow;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use wirelore_core::Detach;
use wirelore_core::lines::{LineConfig, LineEvent, LineReceiver};
use wirelore_tokio::{Driver, DriverConfig, Parts, Pumped, UpgradeRefusal};

/// A driver that has heard the first of `commands`, which is QUIT, and has not answered it yet.
async fn over(commands: &[u8], owned: bool) -> (Driver<Server, DuplexStream>, DuplexStream) {
    let (ours, mut theirs) = duplex(1000);
    let mut driver = Driver::new(Server::new(), ours, &tight());
    theirs.write_all(commands).await.unwrap();
    if owned {
        assert_eq!(driver.next().await.unwrap(), Some(Said::Quit));
    } else {
        let said = driver
            .pump(|_, said, _| ControlFlow::Break(shown(said)))
            .await;
        assert_eq!(said.unwrap(), Pumped::Break("Quit".into()));
    }
    (driver, theirs)
}

#[tokio::test]
async fn an_upgrade_carries_machine_and_stream_over() {
    let (mut driver, mut theirs) = over(b"QUIT\n", false).await;
    driver.flush().await.unwrap();
    let (machine, stream) = driver.upgrade().unwrap();
    // In real life a TLS handshake stands here.
    let stream = tokio::io::BufStream::new(stream);
    let mut driver = Driver::resume(Parts::new(machine, stream), &tight());
    assert_eq!(driver.machine().starts, 1);
    assert_eq!(driver.next().await.unwrap(), None);
    driver.push(&b"through the buffer"[..]);
    driver.flush().await.unwrap();
    let mut said = [0; 7 + 5 + 18];
    theirs.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"ready\r\nBYE\r\nthrough the buffer");
}

#[tokio::test]
async fn nothing_slips_through_an_upgrade() {
    for owned in [false, true] {
        let (driver, mut theirs) = over(b"QUIT\nplain text", owned).await;
        let error = driver.upgrade().unwrap_err();
        assert_eq!(error.why, UpgradeRefusal::Received(10));
        assert!(error.to_string().starts_with("10 octets arrived"));
        // The driver is as it was.
        let mut driver = *error.driver;
        assert_eq!(driver.received(), b"plain text");
        driver.consume(6);
        assert_eq!(driver.received(), b"text");
        driver.consume(99);
        let error = driver.upgrade().unwrap_err();
        assert_eq!(error.why, UpgradeRefusal::Unsent(5));
        let mut driver = *error.driver;
        driver.flush().await.unwrap();
        driver.upgrade().unwrap();
        let mut said = [0; 12];
        theirs.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"ready\r\nBYE\r\n");
    }
}

#[tokio::test]
async fn a_broken_connection_is_not_carried_over() {
    let (mut driver, theirs) = over(b"QUIT\n", false).await;
    drop(theirs);
    driver.flush().await.unwrap_err();
    assert_eq!(driver.upgrade().unwrap_err().why, UpgradeRefusal::Broken);
}

#[tokio::test]
async fn octets_behind_the_end_belong_to_the_next_protocol() {
    for owned in [false, true] {
        let (driver, mut theirs) = over(b"QUIT\nfirst\r\nsec", owned).await;
        let receiver = LineReceiver::new(LineConfig::default());
        let (parts, old) = driver.into_parts().switch(receiver);
        assert_eq!(old.starts, 1);
        assert_eq!(parts.received, b"first\r\nsec");
        // A limit that is too small for what is there already loses nothing either.
        let config = DriverConfig {
            receive: 1,
            ..tight()
        };
        let mut driver = Driver::resume(parts, &config);
        let mut lines = Vec::new();
        let client = async {
            theirs.write_all(b"ond\r\n").await.unwrap();
            theirs.shutdown().await.unwrap();
            let mut said = [0; 12];
            theirs.read_exact(&mut said).await.unwrap();
            said
        };
        let server = async {
            while let Some(line) = driver.next().await.unwrap() {
                lines.push(line);
            }
        };
        let ((), said) = tokio::join!(server, client);
        assert_eq!(&said, b"ready\r\nBYE\r\n");
        let content = |line: &<LineReceiver as Detach>::Owned| match line {
            LineEvent::Line { content, .. } => content.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            lines.iter().map(content).collect::<Vec<_>>(),
            ["first", "second"]
        );
    }
}

#[tokio::test]
async fn a_machine_that_takes_over_says_its_first_words_after_the_last_ones() {
    let (driver, mut theirs) = over(b"QUIT\nECHO on\nQUIT\n", false).await;
    let (parts, _) = driver.into_parts().switch(Server::new());
    let mut driver = Driver::resume(parts, &tight());
    let (log, end) = crate::protocol::serve(&mut driver).await;
    assert_eq!((log.len(), end), (2, Ok(())));
    drop(driver);
    let mut said = Vec::new();
    theirs.read_to_end(&mut said).await.unwrap();
    assert_eq!(said, b"ready\r\nBYE\r\nready\r\non\r\nBYE\r\n");
}

#[tokio::test]
async fn no_octets_are_shown_by_debug() {
    let (mut driver, _theirs) = over(b"QUIT\nsecret", false).await;
    driver.push(&b"secret"[..]);
    let shown = format!("{driver:?}");
    assert!(
        shown.starts_with("Driver { received: 6, unsent: 11,"),
        "{shown}"
    );
    let parts = driver.into_parts();
    assert!(format!("{parts:?}").starts_with("Parts { received: 6, unsent: 11,"));
}
