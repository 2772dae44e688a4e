//! Which connections are kept, and which are used again.

use crate::rig::{OK, Server, begin, get, in_time, logged, plain};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use wirelore_tokio::http1::client::{ClientOptions, PoolLimits, RequestBody};
use wirelore_tokio::{Tap, TapConfig};

/// RFC 9110 §7.2.
#[tokio::test]
async fn a_connection_is_used_again() {
    in_time(async {
        let server = Server::new().await;
        let (client, log) = plain();
        let served = async {
            let mut peer = server.accept().await;
            let first = peer.answer(OK).await;
            assert_eq!(
                first,
                format!(
                    "GET /file HTTP/1.1\r\nHost: {}\r\n\r\n",
                    server.origin.authority()
                )
            );
            for _ in 0..4 {
                assert_eq!(peer.answer(OK).await, first);
            }
            server.nobody_comes().await;
        };
        let asked = async {
            for _ in 0..5 {
                assert_eq!(
                    get(&client, &server.origin).await.unwrap(),
                    (200, b"hi".to_vec())
                );
            }
            let open = client.connections();
            assert_eq!(open.len(), 1);
            assert!(open[0].idle);
            assert_eq!((open[0].requests, open[0].facts.id), (5, 1));
            assert_eq!(open[0].facts.origin, server.origin);
            assert_eq!(open[0].facts.peer.port(), server.origin.port);
            client.close_idle();
            assert!(client.connections().is_empty());
        };
        tokio::join!(served, asked);
        assert_eq!(
            log.lines()[..8],
            [
                "1 connecting",
                "1 connected",
                "1 > GET /file HTTP/1.1",
                "1 < 200",
                "1 received 2",
                "1 kept",
                "1 reused",
                "1 > GET /file HTTP/1.1",
            ]
        );
        assert!(log.has("1 closed"));
    })
    .await;
}

/// RFC 9112 §9.3.2.
#[tokio::test]
async fn so_many_connections_are_kept_and_no_more() {
    in_time(async {
        let (one, two) = (Server::new().await, Server::new().await);
        let pool = PoolLimits {
            idle: 3,
            idle_per_origin: 2,
            ..PoolLimits::default()
        };
        let (client, log) = logged(ClientOptions {
            pool,
            ..ClientOptions::default()
        });
        let mut exchanges = Vec::new();
        let mut peers = Vec::new();
        for server in [&one, &one, &one, &two, &two] {
            let mut exchange = begin(&client, &server.origin, "GET", RequestBody::Empty)
                .await
                .unwrap();
            let mut peer = server.accept().await;
            let (_, head) = tokio::join!(peer.answer(OK), exchange.response());
            head.unwrap();
            exchanges.push(exchange);
            peers.push(peer);
        }
        let open = client.connections();
        assert_eq!(open.len(), 5);
        assert!(open.iter().all(|it| !it.idle));
        for exchange in &mut exchanges {
            assert_eq!(exchange.data().await.unwrap().unwrap(), "hi");
            assert!(exchange.data().await.unwrap().is_none());
        }
        // The first of the first origin goes for its third one, the second for the second one of the
        // other origin.
        let open = client.connections();
        let kept: Vec<u64> = open.iter().map(|it| it.facts.id).collect();
        assert_eq!(kept, [3, 4, 5]);
        assert!(log.has("1 closed") && log.has("2 closed"));
        assert!(open.iter().all(|it| it.idle));
        assert_eq!(peers[0].rest().await, b"");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_kept_for_longer_than_allowed_or_where_nothing_may_be() {
    for pool in [
        PoolLimits {
            idle_time: Duration::ZERO,
            ..PoolLimits::default()
        },
        PoolLimits {
            idle_per_origin: 0,
            ..PoolLimits::default()
        },
        PoolLimits {
            idle: 0,
            ..PoolLimits::default()
        },
    ] {
        in_time(async {
            let server = Server::new().await;
            let (client, _) = logged(ClientOptions {
                pool,
                ..ClientOptions::default()
            });
            for _ in 0..2 {
                let (mut peer, exchange) = tokio::join!(
                    server.accept(),
                    begin(&client, &server.origin, "GET", RequestBody::Empty)
                );
                let mut exchange = exchange.unwrap();
                let (_, head) = tokio::join!(peer.answer(OK), exchange.response());
                head.unwrap();
                assert!(exchange.discard().await);
                assert!(!exchange.reused());
                assert!(client.connections().is_empty());
                assert_eq!(peer.rest().await, b"");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_connection_that_ends_is_not_kept() {
    for words in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        // octets behind the response
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi HTTP",
    ] {
        in_time(async {
            let server = Server::new().await;
            let (client, log) = plain();
            let served = async {
                for _ in 0..2 {
                    let mut peer = server.accept().await;
                    peer.answer(words).await;
                    assert_eq!(peer.rest().await, b"");
                }
            };
            let asked = async {
                for _ in 0..2 {
                    let got = get(&client, &server.origin).await.unwrap();
                    assert_eq!(got, (200, b"hi".to_vec()), "{words}");
                    assert!(client.connections().is_empty(), "{words}");
                }
            };
            tokio::join!(served, asked);
            assert!(!log.has("1 kept"));
        })
        .await;
    }
}

#[tokio::test]
async fn an_http10_connection_is_kept_if_the_server_says_so() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = plain();
        let words = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi";
        let served = async {
            let mut peer = server.accept().await;
            peer.answer(words).await;
            peer.answer(words).await;
        };
        let asked = async {
            for _ in 0..2 {
                get(&client, &server.origin).await.unwrap();
            }
        };
        tokio::join!(served, asked);
        assert_eq!(client.connections().len(), 1);
    })
    .await;
}

/// RFC 9112 section 9.2: octets on an idle connection are no response; and an end is an end. With POST, which
/// would not be sent again.
#[tokio::test]
async fn an_idle_connection_that_was_spoken_on_or_closed_is_not_used() {
    for closes in [false, true] {
        in_time(async {
            let server = Server::new().await;
            let (client, log) = plain();
            let mut peer = {
                let (peer, got) = tokio::join!(
                    async {
                        let mut peer = server.accept().await;
                        peer.answer(OK).await;
                        peer
                    },
                    get(&client, &server.origin)
                );
                got.unwrap();
                peer
            };
            if closes {
                peer.stream.shutdown().await.unwrap();
            } else {
                peer.say("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
                    .await;
            }
            let served = async {
                assert_eq!(peer.rest().await, b"");
                server.accept().await.answer(OK).await
            };
            let asked = async {
                let mut exchange = begin(&client, &server.origin, "POST", RequestBody::Empty)
                    .await
                    .unwrap();
                assert_eq!(exchange.response().await.unwrap().status(), 200);
                assert!(!exchange.reused());
            };
            tokio::join!(served, asked);
            assert!(log.has("1 closed"));
            assert!(!log.has("1 reused") && !log.has("1 again"));
        })
        .await;
    }
}

/// Whether the end is seen before the request is sent or only after it: with GET it makes no difference.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_that_were_closed_do_no_harm() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = plain();
        for _ in 0..50 {
            let served = async {
                let mut peer = server.accept().await;
                peer.answer(OK).await;
                peer.stream.shutdown().await.unwrap();
                peer
            };
            let (_peer, got) = tokio::join!(served, get(&client, &server.origin));
            assert_eq!(got.unwrap().0, 200);
        }
        assert!(client.connections().len() <= 1);
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_exchange_leaves_no_connection() {
    for at in ["begun", "asked", "head", "body", "failed to discard"] {
        in_time(async {
            let server = Server::new().await;
            let (client, log) = plain();
            let mut exchange = begin(&client, &server.origin, "GET", RequestBody::Empty)
                .await
                .unwrap();
            let mut peer = server.accept().await;
            if at != "begun" {
                tokio::select! {
                    biased;
                    _ = exchange.response() => panic!("nothing was said"),
                    _ = peer.head() => {}
                }
            }
            if at != "begun" && at != "asked" {
                peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\npart")
                    .await;
                exchange.response().await.unwrap();
            }
            match at {
                "body" => assert_eq!(exchange.data().await.unwrap().unwrap(), "part"),
                "failed to discard" => {
                    assert!(!exchange.discard().await);
                    assert!(client.connections().is_empty());
                }
                _ => {}
            }
            if at != "failed to discard" {
                assert_eq!(client.connections().len(), 1);
                assert!(!client.connections()[0].idle);
            }
            exchange.cancel();
            assert!(client.connections().is_empty(), "{at}");
            assert!(log.has("1 closed") && !log.has("1 kept"));
            peer.rest().await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_short_rest_is_read_and_the_connection_kept() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = plain();
        let short =
            "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        let endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let served = async {
            let mut peer = server.accept().await;
            peer.answer(short).await;
            peer.answer(endless).await;
            let chunk = format!("1000\r\n{}\r\n", "x".repeat(4096));
            for _ in 0..1000 {
                if peer.stream.write_all(chunk.as_bytes()).await.is_err() {
                    return;
                }
            }
            panic!("all was read");
        };
        let asked = async {
            for over in [true, false] {
                let mut exchange = begin(&client, &server.origin, "GET", RequestBody::Empty)
                    .await
                    .unwrap();
                exchange.response().await.unwrap();
                assert_eq!(exchange.discard().await, over);
                assert_eq!(exchange.is_over(), over);
            }
            assert!(client.connections().is_empty());
        };
        tokio::join!(served, asked);
    })
    .await;
}

/// Exchanges are sent between threads, and each has a connection of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_share_a_client() {
    in_time(async {
        let server = Arc::new(Server::new().await);
        let (client, log) = plain();
        let origin = server.origin.clone();
        let serving = tokio::spawn(async move {
            loop {
                let mut peer = server.accept().await;
                tokio::spawn(async move {
                    for _ in 0..10_000 {
                        peer.answer(OK).await;
                    }
                });
            }
        });
        let mut tasks = Vec::new();
        for _ in 0..16 {
            let (client, origin) = (client.clone(), origin.clone());
            tasks.push(tokio::spawn(async move {
                for _ in 0..20 {
                    let got = get(&client, &origin).await.unwrap();
                    assert_eq!(got, (200, b"hi".to_vec()));
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let open = client.connections();
        assert!(open.len() <= 8 && open.iter().all(|it| it.idle), "{open:?}");
        let made = log
            .lines()
            .into_iter()
            .filter(|it| it.ends_with("connecting"));
        let closed = log.lines().into_iter().filter(|it| it.ends_with("closed"));
        assert_eq!(made.count() - closed.count(), open.len());
        serving.abort();
    })
    .await;
}

#[tokio::test]
async fn a_capture_has_what_was_said() {
    in_time(async {
        let server = Server::new().await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("http.pcapng");
        let file = std::fs::File::create(&path).unwrap();
        let tap = Tap::new(file, TapConfig::default()).unwrap();
        let (client, _) = logged(ClientOptions {
            tap: Some(tap.clone()),
            ..ClientOptions::default()
        });
        let served = async { server.accept().await.answer(OK).await };
        let (got, _) = tokio::join!(get(&client, &server.origin), served);
        got.unwrap();
        client.close_idle();
        drop(client);
        tap.finish().await.unwrap();
        let capture = std::fs::read(&path).unwrap();
        let has = |octets: &[u8]| capture.windows(octets.len()).any(|it| it == octets);
        assert!(has(b"GET /file HTTP/1.1\r\nHost: 127.0.0.1:") && has(OK.as_bytes()));
    })
    .await;
}
