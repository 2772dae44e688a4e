//! However the stream is cut, the conversation is the same.

use crate::protocol::{Server, serve, serve_owned, talk, tight};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};
use wirelore_testkit::{Cutting, Rng};
use wirelore_tokio::{Driver, DriverConfig};

const COMMANDS: &[u8] = b"ECHO one\r\nUPPER two\r\nPAUSE for tea\r\nECHO\r\nBIG 300\r\n\
    nonsense\r\nPAUSE\r\nPAUSE again\r\nECHO 0123456789 0123456789 0123456789 0123456789 0123456789 \
    0123456789 0123456789 0123456789 0123456789 0123456789\r\nBIG 5\nQUIT\r\n";

fn events() -> Vec<String> {
    [
        "Echo(\"one\")",
        "Upper(\"two\")",
        "Pause(\"for tea\")",
        "Echo(\"\")",
        "Big(300)",
        "Unknown(\"nonsense\")",
        "Pause(\"\")",
        "Pause(\"again\")",
        "TooLong",
        "Big(5)",
        "Quit",
    ]
    .map(String::from)
    .to_vec()
}

fn replies() -> Vec<u8> {
    let mut said = b"ready\r\none\r\nTWO\r\nafter for tea\r\n\r\n".to_vec();
    said.extend([b'x'; 300]);
    said.extend(b"\r\nwhat?\r\nafter \r\nafter again\r\ntoo long\r\nxxxxx\r\nBYE\r\n");
    said
}

fn cut(cutting: &Cutting) -> Vec<Vec<u8>> {
    cutting.pieces(COMMANDS).map(<[u8]>::to_vec).collect()
}

async fn check(cutting: &Cutting, pipe: usize, config: DriverConfig, owned: bool) {
    let (ours, theirs) = duplex(pipe);
    let mut driver = Driver::new(Server::new(), ours, &config);
    let server = async {
        let served = if owned {
            serve_owned(&mut driver).await
        } else {
            serve(&mut driver).await
        };
        driver.shutdown().await.unwrap();
        drop(driver);
        served
    };
    let ((log, end), said) = tokio::join!(server, talk(theirs, cut(cutting)));
    let case = format!("{cutting:?}, pipe {pipe}, {config:?}, owned {owned}");
    assert_eq!(log, events(), "{case}");
    assert_eq!(end, Ok(()), "{case}");
    assert_eq!(
        said.escape_ascii().to_string(),
        replies().escape_ascii().to_string(),
        "{case}"
    );
}

#[tokio::test]
async fn every_cutting_gives_the_same_events() {
    for cutting in Cutting::all(COMMANDS.len(), 1) {
        for owned in [false, true] {
            check(&cutting, 4096, tight(), owned).await;
        }
    }
}

#[tokio::test]
async fn every_size_of_pipe_and_buffer_gives_the_same_events() {
    let whole = Cutting::whole(COMMANDS.len());
    for pipe in [1, 2, 3, 7, 16, 101, 500] {
        for (receive, high, low) in [(0, 0, 0), (0, 1, 1), (150, 64, 16), (65_536, 10, 99)] {
            let config = DriverConfig {
                receive,
                high,
                low,
                ..DriverConfig::default()
            };
            for owned in [false, true] {
                check(&whole, pipe, config, owned).await;
            }
        }
    }
}

#[tokio::test]
async fn events_may_be_taken_in_both_ways_by_turns() {
    let (ours, theirs) = duplex(3);
    let mut driver = Driver::new(Server::new(), ours, &tight());
    let server = async {
        let mut log = Vec::new();
        loop {
            let event = driver.next().await.unwrap();
            let Some(event) = event else { break };
            log.push(crate::protocol::shown(event));
            if log.last().unwrap().starts_with("Pause") {
                driver
                    .act(|server, out| server.resume(b"", out))
                    .await
                    .unwrap();
            }
            let pumped = driver.pump(|server, event, out| {
                log.push(crate::protocol::shown(event));
                if log.last().unwrap().starts_with("Pause") {
                    server.resume(b"", out).unwrap();
                }
                std::ops::ControlFlow::Break(())
            });
            pumped.await.unwrap();
        }
        driver.shutdown().await.unwrap();
        log
    };
    let (log, _) = tokio::join!(server, talk(theirs, vec![COMMANDS.to_vec()]));
    assert_eq!(log, events());
}

#[tokio::test]
async fn over_tcp_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut rng = Rng::new(7);
    for round in 0..8 {
        let cutting = match round {
            0 => Cutting::whole(COMMANDS.len()),
            1 => Cutting::octets(COMMANDS.len()),
            _ => Cutting::random(COMMANDS.len(), &mut rng),
        };
        let client = async {
            let stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            talk(stream, cut(&cutting)).await
        };
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut driver = Driver::new(Server::new(), stream, &tight());
            let served = serve(&mut driver).await;
            driver.shutdown().await.unwrap();
            served
        };
        let ((log, end), said) = tokio::join!(server, client);
        assert_eq!((log, end), (events(), Ok(())), "{cutting:?}");
        assert_eq!(said, replies(), "{cutting:?}");
    }
}

#[tokio::test]
async fn pipelined_replies_leave_together() {
    let (ours, mut theirs) = duplex(4096);
    theirs
        .write_all(b"ECHO a\r\nECHO b\r\nECHO c\r\nQUIT\r\n")
        .await
        .unwrap();
    let stream = Counted {
        inner: ours,
        writes: 0,
    };
    let mut driver = Driver::new(Server::new(), stream, &DriverConfig::default());
    serve(&mut driver).await.1.unwrap();
    // The greeting, and all the rest.
    assert_eq!(driver.stream().writes, 2);
    driver.shutdown().await.unwrap();
    let mut said = Vec::new();
    theirs.read_to_end(&mut said).await.unwrap();
    assert_eq!(said, b"ready\r\na\r\nb\r\nc\r\nBYE\r\n");
}

#[tokio::test]
async fn long_chunks_leave_in_one_vectored_write() {
    let (ours, mut theirs) = duplex(100_000);
    let stream = Counted {
        inner: ours,
        writes: 0,
    };
    let mut driver = Driver::new(Server::new(), stream, &DriverConfig::default());
    let body = bytes::Bytes::from(vec![b'y'; 5000]);
    driver.push(body.clone());
    driver.push(body);
    driver
        .send_owned(bytes::Bytes::from_static(b"end\r\n"))
        .await
        .unwrap();
    assert_eq!((driver.stream().writes, driver.unsent()), (1, 0));
    driver.shutdown().await.unwrap();
    let mut said = Vec::new();
    theirs.read_to_end(&mut said).await.unwrap();
    assert_eq!(said.len(), 7 + 10_000 + 5);
    assert!(said.starts_with(b"ready\r\nyyy") && said.ends_with(b"yyyend\r\n"));
}

/// Counts the writes that took something.
struct Counted {
    inner: tokio::io::DuplexStream,
    writes: usize,
}

mod counted {
    use super::Counted;
    use std::io::{self, IoSlice};
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    impl AsyncRead for Counted {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.inner).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for Counted {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            let count = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
            self.writes += 1;
            Poll::Ready(Ok(count))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let count = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, bufs))?;
            self.writes += 1;
            Poll::Ready(Ok(count))
        }

        fn is_write_vectored(&self) -> bool {
            true
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.inner).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.inner).poll_shutdown(cx)
        }
    }
}
