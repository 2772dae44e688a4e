//! Marks that are sent.

use crate::nvt::{DM, IAC, Nvt};
use crate::peer::{MANNERS, Manner};
use crate::peer::{bounded, connection, listen, say, synch, telnet, until};
use bytes::Bytes;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;
use wirelore_pcapng::{Dissected, Limits, Reader};
use wirelore_tokio::{ActError, Driver, DriverConfig, Side, Tap, TapConfig, UrgentStream};

/// Sends a Synch with the mark on its last octet.
fn append(_: &mut Nvt, out: &mut Vec<u8>) -> Result<usize, String> {
    out.extend_from_slice(&[IAC, DM]);
    Ok(out.len())
}

/// What the peer got when `talk` is over.
async fn heard(talk: impl AsyncFnOnce(&mut Driver<Nvt, UrgentStream>)) -> (Vec<u8>, Vec<usize>) {
    let (mut driver, peer) = telnet(&DriverConfig::default()).await;
    let listener = tokio::spawn(listen(peer));
    bounded(talk(&mut driver)).await;
    bounded(driver.shutdown()).await.unwrap();
    bounded(listener).await.unwrap()
}

#[tokio::test]
async fn the_last_octet_that_a_call_appends_is_urgent() {
    let (octets, places) = heard(async |driver| {
        driver.push(&b"before"[..]);
        driver.act_urgent(append).await.unwrap();
        assert_eq!(driver.unsent(), 0);
        driver.push(&b"behind"[..]);
        driver.flush().await.unwrap();
    })
    .await;
    assert_eq!(octets, b"before\xff\xf2behind");
    assert_eq!(places, [7]);
}

#[tokio::test]
async fn any_octet_can_be_urgent() {
    let (octets, places) = heard(async |driver| {
        // Nothing is there to be marked.
        driver.mark_urgent();
        driver.push(&b"before"[..]);
        driver.push(&[IAC][..]);
        driver.mark_urgent();
        driver.mark_urgent();
        driver.push(&[DM][..]);
        driver.push(&b"behind"[..]);
        driver.flush().await.unwrap();
        driver.mark_urgent();
        // The very first that waits.
        driver.push(&b"!"[..]);
        driver.mark_urgent();
        driver.push(&b"more"[..]);
    })
    .await;
    assert_eq!(octets, b"before\xff\xf2behind!more");
    // The first may have been merged into the second.
    assert!(places == [6, 14] || places == [14], "{places:?}");
}

#[tokio::test]
async fn a_call_that_appends_nothing_or_is_refused_marks_nothing() {
    let (octets, places) = heard(async |driver| {
        driver.push(&b"text"[..]);
        driver.act_urgent(|_, _| Ok::<_, String>(())).await.unwrap();
        driver.push(&b"more"[..]);
        let refused = driver.act_urgent(|_, _| Err::<(), _>("no")).await;
        assert!(matches!(refused, Err(ActError::Misuse("no"))));
    })
    .await;
    assert_eq!((&octets[..], places), (&b"textmore"[..], vec![]));
}

#[tokio::test]
async fn in_its_place_among_much_and_however_often_the_call_is_dropped() {
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    for chunks in [1, 5] {
        let size = body.len() / chunks;
        let (mut driver, peer) = telnet(&DriverConfig::default()).await;
        // Less than the body fits, so that much is left when the peer does not read.
        let ours = socket2::SockRef::from(driver.stream().inner());
        ours.set_send_buffer_size(50_000).unwrap();
        socket2::SockRef::from(&peer)
            .set_recv_buffer_size(50_000)
            .unwrap();
        for chunk in body.chunks(size) {
            driver.push(Bytes::copy_from_slice(chunk));
        }
        tokio::select! {
            biased;
            sent = driver.act_urgent(append) => panic!("{sent:?}"),
            () = tokio::task::yield_now() => {}
        }
        assert!(driver.unsent() > 2);
        let listener = tokio::spawn(listen(peer));
        driver.push(Bytes::copy_from_slice(&body));
        let mut drops = 0;
        while driver.unsent() > 0 {
            assert!(drops < 10_000_000);
            tokio::select! {
                biased;
                sent = driver.flush() => sent.unwrap(),
                () = tokio::task::yield_now() => drops += 1,
            }
        }
        assert!(drops > 1, "{drops}");
        bounded(driver.shutdown()).await.unwrap();
        let (octets, places) = bounded(listener).await.unwrap();
        assert!(octets == [&body[..], &[IAC, DM], &body].concat());
        assert_eq!(places, [body.len() + 1]);
    }
}

#[tokio::test]
async fn without_urgent_data_the_octets_are_simply_sent() {
    let (ours, peer) = connection().await;
    let mut driver = Driver::new(Nvt::default(), ours, &DriverConfig::default());
    let listener = tokio::spawn(listen(peer));
    bounded(driver.act_urgent(append)).await.unwrap();
    bounded(driver.shutdown()).await.unwrap();
    let (octets, places) = bounded(listener).await.unwrap();
    assert_eq!((&octets[..], places), (&[IAC, DM][..], vec![]));
}

#[tokio::test]
async fn a_peer_that_does_not_keep_it_in_line_loses_the_octet() {
    // So the octet is urgent indeed, whatever this file believes of `listen`.
    let (mut driver, peer) = telnet(&DriverConfig::default()).await;
    bounded(driver.act_urgent(append)).await.unwrap();
    driver.push(&b"text"[..]);
    bounded(driver.shutdown()).await.unwrap();
    let mut octets = Vec::new();
    let mut peer = peer;
    let read = tokio::io::AsyncReadExt::read_to_end(&mut peer, &mut octets);
    bounded(read).await.unwrap();
    assert_eq!(octets, b"\xfftext");
}

#[tokio::test]
async fn two_drivers_understand_each_other() {
    let (ours, theirs) = connection().await;
    let driver = |stream: TcpStream| {
        let stream = UrgentStream::new(stream).unwrap();
        Driver::new(Nvt::default(), stream, &DriverConfig::default()).with_urgent()
    };
    let (mut ours, mut theirs) = (driver(ours), driver(theirs));
    ours.push(&b"abc"[..]);
    bounded(ours.act_urgent(append)).await.unwrap();
    ours.push(&b"def"[..]);
    bounded(ours.flush()).await.unwrap();
    crate::peer::arrived(theirs.stream().inner(), 8).await;
    until(&mut theirs, 8).await;
    let log = &theirs.machine().log;
    assert_eq!(log, &["urgent", "drop abc", "command 242", "text def"]);
}

#[tokio::test]
async fn a_tap_sees_all_and_hides_nothing() {
    for manner in MANNERS {
        let capture = Capture::default();
        let tap = Tap::new(capture.clone(), TapConfig::default()).unwrap();
        let (ours, peer) = connection().await;
        let (local, remote) = (ours.local_addr().unwrap(), ours.peer_addr().unwrap());
        let stream = tap.stream(
            UrgentStream::new(ours).unwrap(),
            Side::Server,
            local,
            remote,
        );
        let mut driver = Driver::new(Nvt::default(), stream, &DriverConfig::default());
        driver = driver.with_urgent();
        say(&peer, b"abc");
        synch(&peer, manner);
        crate::peer::arrived(driver.stream().inner().inner(), 5).await;
        until(&mut driver, 5).await;
        assert_eq!(driver.machine().log, ["urgent", "drop abc", "command 242"]);
        let listener = tokio::spawn(listen(peer));
        driver.push(&b"before"[..]);
        match manner {
            Manner::Rfc => drop(bounded(driver.act_urgent(append)).await.unwrap()),
            Manner::Bsd => {
                driver.push(&[IAC][..]);
                driver.mark_urgent();
                driver.push(&[DM][..]);
            }
        }
        driver.push(&b"behind"[..]);
        bounded(driver.shutdown()).await.unwrap();
        let (octets, places) = bounded(listener).await.unwrap();
        assert_eq!(octets, b"before\xff\xf2behind");
        assert_eq!(places, [if manner == Manner::Rfc { 7 } else { 6 }]);
        drop(driver);
        tap.finish().await.unwrap();
        assert_eq!(capture.sent_from(remote), b"abc\xff\xf2");
        assert_eq!(capture.sent_from(local), b"before\xff\xf2behind");
    }
}

/// A capture in memory.
#[derive(Clone, Default)]
struct Capture(Arc<Mutex<Vec<u8>>>);

impl Capture {
    fn sent_from(&self, source: std::net::SocketAddr) -> Vec<u8> {
        let capture = self.0.lock().unwrap();
        let mut octets = Vec::new();
        for packet in Reader::new(Limits::default()).packets(&capture) {
            if let Dissected::Tcp(segment) = packet.unwrap().dissect().unwrap()
                && segment.source == source
            {
                octets.extend_from_slice(segment.payload);
            }
        }
        octets
    }
}

impl Write for Capture {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A driver goes to another thread, and a reference to it too, as before.
#[test]
fn it_can_be_sent() {
    fn check<T: Send + Sync + Unpin>() {}
    check::<UrgentStream>();
    check::<Driver<Nvt, UrgentStream>>();
}
