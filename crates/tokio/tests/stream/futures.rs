//! The driver as a `Stream` of events and a `Sink` of octets.

use crate::protocol::{Said, Server, tight};
use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt, TryStreamExt};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex};
use tokio::time::timeout;
use wirelore_core::lines::{LineConfig, LineEvent, LineReceiver};
use wirelore_tokio::{Driver, DriverConfig};

const STUCK: Duration = Duration::from_secs(20);

#[tokio::test]
async fn events_are_a_stream_that_ends() {
    let (ours, mut theirs) = duplex(4096);
    theirs
        .write_all(b"ECHO a\nUPPER b\nQUIT\nrest")
        .await
        .unwrap();
    let mut driver = Driver::new(Server::new(), ours, &tight());
    let events: Vec<_> = (&mut driver).try_collect().await.unwrap();
    assert_eq!(
        events,
        [Said::Echo("a".into()), Said::Upper("b".into()), Said::Quit]
    );
    assert!(StreamExt::next(&mut driver).await.is_none());
    assert_eq!(driver.received(), b"rest");
}

#[tokio::test]
async fn an_error_is_the_last_item() {
    let (ours, mut theirs) = duplex(4096);
    theirs.write_all(b"ECHO a\nFAIL\nECHO b\n").await.unwrap();
    let driver = Driver::new(Server::new(), ours, &tight());
    let items: Vec<_> = driver.collect().await;
    assert_eq!(items.len(), 2);
    assert!(items[0].is_ok() && items[1].is_err());
}

#[tokio::test]
async fn long_events_are_slices_of_one_buffer() {
    let (ours, mut theirs) = duplex(4096);
    theirs
        .write_all(b"first line\r\nsecond line\r\nthird")
        .await
        .unwrap();
    let mut driver = Driver::new(
        LineReceiver::new(LineConfig::default()),
        ours,
        &DriverConfig::default(),
    );
    let mut lines = Vec::new();
    for _ in 0..2 {
        match driver.next().await.unwrap() {
            Some(LineEvent::Line { content, .. }) => lines.push(content),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(lines, ["first line", "second line"]);
    // 12 octets apart, in one piece of memory.
    assert_eq!(lines[1].as_ptr() as usize - lines[0].as_ptr() as usize, 12);
}

#[tokio::test]
async fn octets_go_into_the_sink_and_closing_it_closes() {
    let (ours, mut theirs) = duplex(16);
    let mut driver = Driver::new(Server::new(), ours, &tight());
    let write = async {
        for count in 0..100_usize {
            driver.feed(Bytes::from(vec![b'a'; count])).await.unwrap();
            assert!(driver.unsent() < 64 + 100);
        }
        SinkExt::<Bytes>::close(&mut driver).await.unwrap();
    };
    let mut said = Vec::new();
    let ((), read) = tokio::join!(write, theirs.read_to_end(&mut said));
    read.unwrap();
    assert_eq!(said.len(), 7 + 99 * 100 / 2);
    assert!(driver.send(Bytes::from_static(b"late")).await.is_err());
}

/// Two tasks share a driver: one takes events, the other sends.
#[tokio::test]
async fn both_halves_of_a_split_driver_make_progress() {
    for pipe in [1, 7, 300] {
        let (ours, theirs) = duplex(pipe);
        let driver = Driver::new(Server::new(), ours, &tight());
        let (mut sink, mut stream) = StreamExt::split(driver);
        let sender = tokio::spawn(async move {
            for _ in 0..300 {
                sink.send(Bytes::from_static(b"from the sink\r\n"))
                    .await
                    .unwrap();
            }
        });
        let receiver = tokio::spawn(async move {
            let mut events = 0;
            while let Some(event) = stream.next().await {
                event.unwrap();
                events += 1;
            }
            events
        });
        let (mut read, mut write) = tokio::io::split(theirs);
        let client = tokio::spawn(async move {
            for _ in 0..300 {
                write.write_all(b"ECHO from the machine\r\n").await.unwrap();
            }
            write.shutdown().await.unwrap();
            write
        });
        let reader = tokio::spawn(async move {
            let mut said = Vec::new();
            let want = 7 + 300 * (15 + 18);
            let mut piece = [0; 64];
            while said.len() < want {
                let count = read.read(&mut piece).await.unwrap();
                said.extend_from_slice(&piece[..count]);
            }
            String::from_utf8(said).unwrap()
        });
        let all = async {
            client.await.unwrap();
            sender.await.unwrap();
            let events = receiver.await.unwrap();
            (events, reader.await.unwrap())
        };
        let (events, said) = timeout(STUCK, all).await.expect("one half waits for ever");
        assert_eq!(events, 300);
        let lines = said.lines().skip(1);
        let (sunk, echoed): (Vec<_>, Vec<_>) = lines.partition(|line| *line == "from the sink");
        assert_eq!((sunk.len(), echoed.len()), (300, 300), "pipe {pipe}");
        assert!(echoed.iter().all(|line| *line == "from the machine"));
    }
}

/// The half that waits for events is the last that asked the stream; then its task does something
/// else. The other half must be woken all the same.
#[tokio::test]
async fn a_half_that_is_not_polled_any_more_does_not_stop_the_other() {
    let (ours, mut theirs) = duplex(8);
    let driver = Driver::new(Server::new(), ours, &tight());
    let (mut sink, mut stream) = StreamExt::split(driver);
    let sender = tokio::spawn(async move {
        sink.send(Bytes::from(vec![b's'; 5000])).await.unwrap();
        sink
    });
    tokio::task::yield_now().await;
    tokio::select! {
        biased;
        event = stream.next() => panic!("{event:?}"),
        () = tokio::task::yield_now() => {}
    }
    let mut said = vec![0; 5007];
    let read = async {
        theirs.read_exact(&mut said).await.unwrap();
        sender.await.unwrap()
    };
    let _sink = timeout(STUCK, read).await.expect("the sink waits for ever");
    assert!(said.ends_with(b"sss"));
}

/// What the sink has read concerns the stream, and a stream of octets need not wake anybody for
/// octets that it has handed out.
#[tokio::test]
async fn the_half_that_waits_is_woken_when_the_other_has_read() {
    let octets = Arc::new(Mutex::new(Vec::new()));
    let machine = LineReceiver::new(LineConfig::default());
    let mut driver = Driver::new(machine, Quiet(octets.clone()), &DriverConfig::default());
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut reader = Context::from_waker(&waker);
    assert!(Pin::new(&mut driver).poll_next(&mut reader).is_pending());
    octets.lock().unwrap().extend_from_slice(b"line\r\n");
    assert_eq!(wakes.0.load(Relaxed), 0);
    driver.push(&b"never taken"[..]);
    let mut writer = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut driver).poll_flush(&mut writer).is_pending());
    assert_eq!(wakes.0.load(Relaxed), 1);
    assert!(Pin::new(&mut driver).poll_next(&mut reader).is_ready());
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Gives what there is, takes nothing, wakes nobody.
struct Quiet(Arc<Mutex<Vec<u8>>>);

impl AsyncRead for Quiet {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let octets = std::mem::take(&mut *self.0.lock().unwrap());
        if octets.is_empty() {
            return Poll::Pending;
        }
        buf.put_slice(&octets);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Quiet {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
