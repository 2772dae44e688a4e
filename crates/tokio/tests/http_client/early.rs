//! What the server says before it has the whole request: 100 (Continue), and final responses.

use crate::rig::{OK, Server, begin, in_time, logged, pattern, plain, read};
use bytes::Bytes;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use wirelore_http1::encode::{FieldBlock, Request};
use wirelore_http1::{ClientConfig, Misuse};
use wirelore_tokio::http1::client::{
    Client, ClientError, ClientOptions, Exchange, Origin, RequestBody, Sending,
};

async fn expecting(client: &Client, origin: &Origin, body: RequestBody) -> Exchange {
    let fields = FieldBlock::new().with("Expect", "100-continue").unwrap();
    let request = Request::new("PUT", "/file", &fields);
    client.begin(origin, &request, body).await.unwrap()
}

#[tokio::test]
async fn the_body_waits_for_100() {
    for whole in [false, true] {
        in_time(async {
            let server = Server::new().await;
            let (client, log) = plain();
            let served = async {
                let mut peer = server.accept().await;
                let head = peer.head().await;
                assert!(head.contains("Expect: 100-continue\r\n"));
                peer.say("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n")
                    .await;
                peer.say("HTTP/1.1 100 Continue\r\n\r\n").await;
                assert_eq!(peer.octets(5).await, b"hello");
                peer.say(OK).await;
            };
            let asked = async {
                let body = if whole {
                    RequestBody::Whole("hello".into())
                } else {
                    RequestBody::Length(5)
                };
                let mut exchange = expecting(&client, &server.origin, body).await;
                assert!(exchange.awaits_continue());
                if !whole {
                    assert_eq!(exchange.proceed().await.unwrap(), Sending::More);
                    assert!(!exchange.awaits_continue());
                    assert_eq!(exchange.send_slice(b"hello").await.unwrap(), Sending::More);
                }
                read(&mut exchange).await.unwrap().0
            };
            assert_eq!(tokio::join!(served, asked).1, 200);
            let lines = log.lines();
            let at = |line: &str| lines.iter().position(|it| it == line).unwrap();
            assert!(at("1 < 103") < at("1 < 100") && at("1 < 100") < at("1 sent 5"));
            assert_eq!(client.connections().len(), 1);
        })
        .await;
    }
}

#[tokio::test]
async fn a_final_response_in_place_of_100_spares_the_body() {
    for call in ["proceed", "send", "response"] {
        in_time(async {
            let server = Server::new().await;
            let (client, log) = plain();
            let served = async {
                let mut peer = server.accept().await;
                peer.answer("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno")
                    .await;
                assert_eq!(peer.rest().await, b"");
            };
            let asked = async {
                let body = if call == "response" {
                    RequestBody::Whole("hello".into())
                } else {
                    RequestBody::Length(5)
                };
                let mut exchange = expecting(&client, &server.origin, body).await;
                match call {
                    "proceed" => assert_eq!(exchange.proceed().await.unwrap(), Sending::Answered),
                    "send" => {
                        let sent = exchange.send_slice(b"hello").await.unwrap();
                        assert_eq!(sent, Sending::Answered);
                        let sent = exchange.finish(None).await.unwrap();
                        assert_eq!(sent, Sending::Answered);
                    }
                    _ => {}
                }
                read(&mut exchange).await.unwrap()
            };
            assert_eq!(tokio::join!(served, asked).1, (417, b"no".to_vec()));
            // The rest of the body is owed: nothing may follow on this connection.
            assert!(client.connections().is_empty());
            assert!(!log.has("1 sent 5"));
        })
        .await;
    }
}

/// RFC 9110 §10.1.1.
#[tokio::test]
async fn without_an_answer_the_body_is_sent_after_a_while() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = logged(ClientOptions {
            message: ClientConfig {
                proceed: Some(Duration::from_millis(30)),
                ..ClientConfig::default()
            },
            ..ClientOptions::default()
        });
        let served = async {
            let mut peer = server.accept().await;
            peer.head().await;
            assert_eq!(peer.octets(5).await, b"hello");
            peer.say(OK).await;
        };
        let asked = async {
            let mut exchange = expecting(&client, &server.origin, RequestBody::Length(5)).await;
            assert_eq!(exchange.proceed().await.unwrap(), Sending::More);
            exchange.send_slice(b"hello").await.unwrap();
            read(&mut exchange).await.unwrap().0
        };
        assert_eq!(tokio::join!(served, asked).1, 200);
    })
    .await;
}

/// RFC 9112 section 9.5. The server reads no more than the head: the client would be blocked for ever.
/// RFC 1945 §9.4.
#[tokio::test]
async fn a_final_response_stops_a_long_body() {
    for (body, closes) in [
        (RequestBody::Length(1 << 30), false),
        (RequestBody::Unknown, false),
        (RequestBody::Unknown, true),
    ] {
        in_time(async {
            let server = Server::new().await;
            let (client, _) = plain();
            let served = async {
                let mut peer = server.accept().await;
                peer.head().await;
                peer.octets(100_000).await;
                peer.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nfull")
                    .await;
                if closes {
                    peer.stream.shutdown().await.unwrap();
                }
                peer
            };
            let asked = async {
                let mut exchange = begin(&client, &server.origin, "PUT", body.clone())
                    .await
                    .unwrap();
                let piece = pattern(1 << 20);
                let mut answered = false;
                for _ in 0..1024 {
                    if exchange.send(piece.clone()).await.unwrap() == Sending::Answered {
                        answered = true;
                        break;
                    }
                }
                assert!(answered);
                let got = read(&mut exchange).await.unwrap();
                // Behind the end there is nothing more to be sent.
                assert_eq!(exchange.send(piece).await.unwrap(), Sending::Answered);
                got
            };
            let (peer, got) = tokio::join!(served, asked);
            assert_eq!(got, (413, b"full".to_vec()));
            assert!(client.connections().is_empty());
            drop(peer);
        })
        .await;
    }
}

/// All octets are there, only nobody has said that this is the end.
#[tokio::test]
async fn a_response_behind_the_last_octet_is_not_early() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = plain();
        let mut exchange = begin(&client, &server.origin, "PUT", RequestBody::Length(5))
            .await
            .unwrap();
        let mut peer = server.accept().await;
        exchange.send_slice(b"hello").await.unwrap();
        peer.head().await;
        assert_eq!(peer.octets(5).await, b"hello");
        peer.say(OK).await;
        assert_eq!(read(&mut exchange).await.unwrap().0, 200);
        assert_eq!(client.connections().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_switch_is_neither_asked_for_nor_accepted() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = plain();
        let upgrade = FieldBlock::new().with("Upgrade", "websocket").unwrap();
        let none = FieldBlock::new();
        for request in [
            Request::get("/", &upgrade),
            Request::new("CONNECT", "example.org:80", &none),
        ] {
            let refused = client
                .begin(&server.origin, &request, RequestBody::Empty)
                .await;
            assert!(matches!(refused, Err(ClientError::Switch)));
        }
        server.nobody_comes().await;
        let served = async {
            let words =
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n";
            server.accept().await.answer(words).await;
        };
        let asked = async {
            let mut exchange = begin(&client, &server.origin, "GET", RequestBody::Empty)
                .await
                .unwrap();
            exchange.response().await
        };
        let failed = tokio::join!(served, asked).1.unwrap_err();
        assert!(matches!(failed, ClientError::Protocol(_)), "{failed:?}");
    })
    .await;
}

#[tokio::test]
async fn wrong_use_is_refused_and_harmless() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = plain();
        let mut exchange = begin(&client, &server.origin, "PUT", RequestBody::Length(5))
            .await
            .unwrap();
        let mut peer = server.accept().await;
        assert!(matches!(
            exchange.response().await,
            Err(ClientError::Misuse(Misuse::BodyTooShort { remaining: 5 }))
        ));
        assert!(matches!(
            exchange.send(Bytes::from_static(b"too long")).await,
            Err(ClientError::Misuse(Misuse::BodyTooLong { remaining: 5 }))
        ));
        assert!(exchange.finish(None).await.is_err());
        exchange.send_slice(b"hello").await.unwrap();
        exchange.finish(None).await.unwrap();
        exchange.finish(None).await.unwrap();
        assert!(matches!(
            exchange.send_slice(b"more").await,
            Err(ClientError::Misuse(Misuse::NotNow))
        ));
        peer.head().await;
        assert_eq!(peer.octets(5).await, b"hello");
        peer.stream.write_all(OK.as_bytes()).await.unwrap();
        assert_eq!(read(&mut exchange).await.unwrap().0, 200);

        // What the machine refuses is refused before there is a connection, or leaves it unharmed.
        let fields = FieldBlock::new().with("Expect", "100-continue").unwrap();
        let request = Request::get("/file", &fields);
        let refused = client
            .begin(&server.origin, &request, RequestBody::Empty)
            .await;
        assert!(matches!(
            refused,
            Err(ClientError::Misuse(Misuse::ExpectWithoutContent))
        ));
        assert_eq!(client.connections().len(), 1);
        let request = Request::get("no target", &fields);
        let refused = client
            .begin(&server.origin, &request, RequestBody::Empty)
            .await;
        assert!(matches!(refused, Err(ClientError::Misuse(_))));
        server.nobody_comes().await;
    })
    .await;
}
