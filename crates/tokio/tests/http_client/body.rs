//! Bodies in both directions.

use crate::rig::{OK, Server, begin, get, in_time, logged, pattern, plain, read};
use bytes::Bytes;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use wirelore_http1::encode::{FieldBlock, Request};
use wirelore_http1::{Config, Error, ErrorKind, Version};
use wirelore_tokio::DriverConfig;
use wirelore_tokio::http1::client::{ClientError, ClientOptions, RequestBody, Sending};

async fn get_from(words: &[u8]) -> Result<(u16, Vec<u8>), ClientError> {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = plain();
        let served = async {
            let mut peer = server.accept().await;
            peer.head().await;
            peer.say(words).await;
            peer.stream.shutdown().await.unwrap();
            peer
        };
        tokio::join!(served, get(&client, &server.origin)).1
    })
    .await
}

#[tokio::test]
async fn a_body_ends_with_the_connection_where_nothing_else_ends_it() {
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        let got = get_from(format!("{version} 200 OK\r\n\r\nall of it").as_bytes()).await;
        assert_eq!(got.unwrap(), (200, b"all of it".to_vec()));
    }
}

/// RFC 9112 §8.
#[tokio::test]
async fn a_body_that_ends_too_early_is_an_error() {
    for words in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\npart",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
    ] {
        let failed = get_from(words.as_bytes()).await.unwrap_err();
        let ClientError::Protocol(Error { kind, .. }) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(kind, ErrorKind::Truncated, "{words}");
    }
}

#[tokio::test]
async fn what_is_no_response_is_an_error() {
    let failed = get_from(b"SSH-2.0-OpenSSH_9.2\r\n").await.unwrap_err();
    assert!(matches!(failed, ClientError::Protocol(_)), "{failed:?}");
    assert!(std::error::Error::source(&failed).is_some());
}

#[tokio::test]
async fn a_response_without_a_body_is_over_with_its_head() {
    for (method, words) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n",
        ),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ] {
        in_time(async {
            let server = Server::new().await;
            let (client, _) = plain();
            let mut exchange = begin(&client, &server.origin, method, RequestBody::Empty)
                .await
                .unwrap();
            let mut peer = server.accept().await;
            let (_, head) = tokio::join!(peer.answer(words), exchange.response());
            head.unwrap();
            assert!(exchange.is_over(), "{words}");
            assert!(client.connections()[0].idle, "{words}");
            assert!(exchange.data().await.unwrap().is_none());
        })
        .await;
    }
}

#[tokio::test]
async fn a_chunked_upload_has_chunks_and_trailers() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = plain();
        let served = async {
            let mut peer = server.accept().await;
            let head = peer.head().await;
            assert!(
                head.contains("\r\nTransfer-Encoding: chunked\r\n"),
                "{head}"
            );
            let body = b"5\r\nhello\r\n6\r\n world\r\n0\r\nDigest: x\r\n\r\n";
            assert_eq!(peer.octets(body.len()).await, body);
            peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                .await;
            peer.say("2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n").await;
        };
        let asked = async {
            let mut exchange = begin(&client, &server.origin, "PUT", RequestBody::Unknown)
                .await
                .unwrap();
            assert!(exchange.response().await.is_err());
            exchange.send_slice(b"hello").await.unwrap();
            exchange.send_slice(b"").await.unwrap();
            exchange.send_slice(b" world").await.unwrap();
            let trailers = FieldBlock::new().with("Digest", "x").unwrap();
            exchange.finish(Some(&trailers)).await.unwrap();
            assert!(exchange.trailers().is_none());
            assert_eq!(read(&mut exchange).await.unwrap().1, b"hi");
            let trailers = exchange.trailers().unwrap();
            assert_eq!(&*trailers.fields().value("x-sum").unwrap(), b"7");
        };
        tokio::join!(served, asked);
        assert_eq!(client.connections().len(), 1);
    })
    .await;
}

/// Every octet of a long upload arrives once and in order, whatever the marks are and however it is
/// given; what is dropped in the middle of a call is not lost.
#[tokio::test]
async fn a_long_upload_arrives_as_it_was_given() {
    let driver = |high, low| DriverConfig {
        high,
        low,
        ..DriverConfig::default()
    };
    let total = 3_000_000;
    for (driver, piece) in [
        (ClientOptions::default().driver, 1_000_000),
        (driver(1, 1), 70_000),
        (driver(65_536, 16_384), 1000),
    ] {
        in_time(async {
            let server = Server::new().await;
            let (client, log) = logged(ClientOptions {
                driver,
                ..ClientOptions::default()
            });
            let body = pattern(total);
            let served = async {
                let mut peer = server.accept().await;
                peer.head().await;
                let came = peer.octets(total).await;
                peer.say(OK).await;
                came
            };
            let asked = async {
                let length = RequestBody::Length(total as u64);
                let mut exchange = begin(&client, &server.origin, "PUT", length).await.unwrap();
                let mut rest = body.clone();
                while !rest.is_empty() {
                    let octets = rest.split_to(piece.min(rest.len()));
                    tokio::select! {
                        biased;
                        sent = exchange.send(octets) => assert_eq!(sent.unwrap(), Sending::More),
                        // the octets are the exchange's already
                        () = tokio::time::sleep(Duration::from_micros(10)) => {}
                    }
                }
                read(&mut exchange).await.unwrap()
            };
            let (came, got) = tokio::join!(served, asked);
            assert!(came == body, "other octets");
            assert_eq!(got.0, 200);
            assert_eq!(client.connections().len(), 1);
            let sent = log.lines().into_iter().filter_map(|line| {
                let octets = line.strip_prefix("1 sent ")?;
                Some(octets.parse::<usize>().unwrap())
            });
            assert_eq!(sent.sum::<usize>(), total);
        })
        .await;
    }
}

#[tokio::test]
async fn a_whole_body_is_sent_by_waiting_for_the_response() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = plain();
        let body = pattern(1_000_000);
        let served = async {
            let mut peer = server.accept().await;
            let head = peer.head().await;
            assert!(head.contains("\r\nContent-Length: 1000000\r\n"), "{head}");
            let came = peer.octets(1_000_000).await;
            peer.say(OK).await;
            came
        };
        let asked = async {
            let whole = RequestBody::Whole(body.clone());
            let mut exchange = begin(&client, &server.origin, "POST", whole).await.unwrap();
            assert!(exchange.send(Bytes::from_static(b"x")).await.is_err());
            read(&mut exchange).await.unwrap()
        };
        let (came, got) = tokio::join!(served, asked);
        assert!(came == body, "other octets");
        assert_eq!(got.0, 200);
    })
    .await;
}

/// One octet at a time, head included, and calls that are dropped in between.
#[tokio::test]
async fn a_response_in_single_octets_is_the_same_response() {
    in_time(async {
        let server = Server::new().await;
        let (client, log) = plain();
        let words = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n";
        let served = async {
            let mut peer = server.accept().await;
            peer.head().await;
            for octet in words.as_bytes() {
                peer.say([*octet]).await;
                tokio::task::yield_now().await;
            }
            peer
        };
        let asked = async {
            let mut exchange = begin(&client, &server.origin, "GET", RequestBody::Empty)
                .await
                .unwrap();
            let mut body = Vec::new();
            for _ in 0..1_000_000 {
                tokio::select! {
                    biased;
                    octets = exchange.data() => match octets.unwrap() {
                        Some(octets) => body.extend_from_slice(&octets),
                        None => break,
                    },
                    () = tokio::task::yield_now() => {}
                }
            }
            assert_eq!(exchange.head().unwrap().status(), 200);
            body
        };
        assert_eq!(tokio::join!(served, asked).1, b"abcdefg");
        assert!(log.has("1 < 102"));
        assert_eq!(client.connections().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_long_download_arrives_in_bounded_pieces() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = plain();
        let body = pattern(5_000_000);
        let served = async {
            let mut peer = server.accept().await;
            peer.head().await;
            peer.say("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n")
                .await;
            peer.say(&body).await;
        };
        let asked = async {
            let mut exchange = begin(&client, &server.origin, "GET", RequestBody::Empty)
                .await
                .unwrap();
            let mut at = 0;
            while let Some(octets) = exchange.data().await.unwrap() {
                assert!(octets.len() <= 65_536 && !octets.is_empty());
                assert!(octets == body[at..at + octets.len()]);
                at += octets.len();
            }
            at
        };
        assert_eq!(tokio::join!(served, asked).1, body.len());
        assert_eq!(client.connections().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_request_can_be_http10() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = plain();
        let fields = FieldBlock::new();
        let request = Request::get("/file", &fields).with_version(Version::Http10);
        let served = async {
            let mut peer = server.accept().await;
            peer.answer("HTTP/1.0 200 OK\r\n\r\nold").await
        };
        let asked = async {
            let mut exchange = client
                .begin(&server.origin, &request, RequestBody::Empty)
                .await
                .unwrap();
            read(&mut exchange).await.unwrap().1
        };
        let (head, body) = tokio::join!(served, asked);
        assert!(head.starts_with("GET /file HTTP/1.0\r\n"));
        assert_eq!(body, b"old");
    })
    .await;
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_an_error() {
    in_time(async {
        let server = Server::new().await;
        let mut options = ClientOptions::default();
        options.message.message = {
            let mut config = Config::default();
            config.limits.max_body = Some(100);
            config
        };
        let (client, _) = logged(options);
        let words = "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n";
        let served = async { server.accept().await.answer(words).await };
        let failed = tokio::join!(served, get(&client, &server.origin))
            .1
            .unwrap_err();
        let ClientError::Protocol(Error { kind, .. }) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(kind, ErrorKind::BodyTooLarge { limit: 100 });
    })
    .await;
}
