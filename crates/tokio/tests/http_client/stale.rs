//! A connection that is closed just when a request is sent on it (RFC 9110 section 9.2.2, RFC 9112 section
//! 9.3.1).

use crate::rig::{Log, OK, Server, begin, get, in_time, plain, read};
use bytes::Bytes;
use wirelore_http1::encode::{FieldBlock, Request};
use wirelore_tokio::http1::client::{Client, ClientError, Origin, RequestBody};

/// A server that closes the first connection when it sees the second request, after `words`; on the second
/// connection it answers, if one comes.
async fn with_stale<T>(
    words: &str,
    comes: bool,
    test: impl AsyncFnOnce(Client, Origin) -> T,
) -> (T, String, Log) {
    in_time(async {
        let server = Server::new().await;
        let (client, log) = plain();
        let served = async {
            let mut peer = server.accept().await;
            peer.answer(OK).await;
            peer.answer(words).await;
            drop(peer);
            if !comes {
                server.nobody_comes().await;
                return String::new();
            }
            let mut peer = server.accept().await;
            let mut request = peer.head().await;
            if request.contains("Content-Length") {
                let body = peer.octets(5).await;
                request.push_str(&String::from_utf8(body).unwrap());
            }
            peer.say(OK).await;
            request
        };
        let asked = async {
            get(&client, &server.origin).await.unwrap();
            test(client, server.origin.clone()).await
        };
        let (request, result) = tokio::join!(served, asked);
        (result, request, log)
    })
    .await
}

/// RFC 9110 §9.2.2.
#[tokio::test]
async fn get_is_sent_again() {
    let (got, request, log) = with_stale("", true, async |client, origin| {
        let mut exchange = begin(&client, &origin, "GET", RequestBody::Empty)
            .await
            .unwrap();
        assert!(exchange.reused());
        let got = read(&mut exchange).await;
        assert!(!exchange.reused());
        assert_eq!(exchange.connection_facts().id, 2);
        assert_eq!(client.connections().len(), 1);
        got
    })
    .await;
    assert_eq!(got.unwrap(), (200, b"hi".to_vec()));
    assert!(request.starts_with("GET /file HTTP/1.1\r\n"));
    let lines = log.lines();
    assert_eq!(lines.iter().filter(|it| it.ends_with("again")).count(), 1);
}

/// RFC 9110 §9.2.2.
#[tokio::test]
async fn post_is_not() {
    for body in [RequestBody::Empty, RequestBody::Whole("hello".into())] {
        let (failed, _, log) = with_stale("", false, async |client, origin| {
            let mut exchange = begin(&client, &origin, "POST", body).await.unwrap();
            let failed = exchange.response().await.unwrap_err();
            assert!(exchange.response().await.is_err());
            assert!(client.connections().is_empty());
            failed
        })
        .await;
        assert!(
            matches!(failed, ClientError::Closed { reused: true, .. }),
            "{failed:?}"
        );
        assert!(failed.to_string().ends_with("(it had been used before)"));
        assert!(!log.has("1 again"));
    }
}

#[tokio::test]
async fn a_whole_body_is_sent_again() {
    let (got, request, _) = with_stale("", true, async |client, origin| {
        let body = RequestBody::Whole("hello".into());
        let mut exchange = begin(&client, &origin, "PUT", body).await.unwrap();
        read(&mut exchange).await
    })
    .await;
    assert_eq!(got.unwrap().0, 200);
    assert!(request.starts_with("PUT /file HTTP/1.1\r\n"));
    assert!(request.ends_with("\r\n\r\nhello"));
}

#[tokio::test]
async fn a_body_that_only_the_application_has_is_not() {
    let (failed, _, _) = with_stale("", false, async |client, origin| {
        let mut exchange = begin(&client, &origin, "PUT", RequestBody::Length(5))
            .await
            .unwrap();
        exchange.send(Bytes::from_static(b"hel")).await.unwrap();
        let mut failed = exchange.send(Bytes::from_static(b"lo")).await.err();
        if failed.is_none() {
            failed = exchange.response().await.err();
        }
        failed.unwrap()
    })
    .await;
    assert!(
        matches!(failed, ClientError::Closed { reused: true, .. }),
        "{failed:?}"
    );
}

#[tokio::test]
async fn it_is_as_long_as_none_of_it_was_sent() {
    let (got, request, _) = with_stale("", true, async |client, origin| {
        let fields = FieldBlock::new().with("Expect", "100-continue").unwrap();
        let request = Request::new("PUT", "/file", &fields);
        let mut exchange = client
            .begin(&origin, &request, RequestBody::Length(5))
            .await
            .unwrap();
        exchange.proceed().await.unwrap();
        exchange.send(Bytes::from_static(b"hello")).await.unwrap();
        read(&mut exchange).await
    })
    .await;
    assert_eq!(got.unwrap().0, 200);
    assert!(request.ends_with("\r\n\r\nhello"));
}

#[tokio::test]
async fn one_octet_of_a_response_and_it_is_not_sent_again() {
    let (failed, _, _) = with_stale("H", false, async |client, origin| {
        get(&client, &origin).await.unwrap_err()
    })
    .await;
    assert!(
        matches!(failed, ClientError::Protocol(_) | ClientError::Io(_)),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_new_connection_that_is_closed_is_an_error() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = plain();
        let served = async {
            server.accept().await.head().await;
            server.nobody_comes().await;
        };
        let (failed, ()) = tokio::join!(get(&client, &server.origin), served);
        let failed = failed.unwrap_err();
        assert!(
            matches!(failed, ClientError::Closed { reused: false, .. }),
            "{failed:?}"
        );
    })
    .await;
}

/// The future is dropped while the second connection is being made, and the next call goes on.
#[tokio::test]
async fn a_call_that_is_dropped_while_the_request_is_sent_again_goes_on() {
    in_time(async {
        let server = Server::new().await;
        let (client, log) = plain();
        let served = async {
            let mut peer = server.accept().await;
            peer.answer(OK).await;
            peer.head().await;
            drop(peer);
            server.accept().await.answer(OK).await
        };
        let asked = async {
            get(&client, &server.origin).await.unwrap();
            let mut exchange = begin(&client, &server.origin, "GET", RequestBody::Empty)
                .await
                .unwrap();
            for _ in 0..100_000 {
                if exchange.is_over() {
                    break;
                }
                // polled once and dropped
                tokio::select! {
                    biased;
                    got = exchange.data() => drop(got.unwrap()),
                    () = tokio::task::yield_now() => {}
                }
            }
            read(&mut exchange).await.unwrap().0
        };
        let (_, status) = tokio::join!(served, asked);
        assert_eq!(status, 200);
        assert!(log.has("1 again") && log.has("2 kept"));
    })
    .await;
}
