//! What takes too long, and connections that do not come into being.

use crate::rig::{OK, Server, begin, get, in_time, logged, pattern, plain};
use std::fmt;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use wirelore_http1::ClientConfig;
use wirelore_tokio::DriverConfig;
use wirelore_tokio::http1::client::{
    BoxFuture, ClientError, ClientOptions, Connect, Origin, Proxy, RequestBody, Scheme, Waiting,
};

const SHORT: Duration = Duration::from_millis(50);

/// Never connects.
struct Never;

impl Connect for Never {
    fn connect<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<TcpStream>> {
        Box::pin(pending())
    }
}

#[tokio::test]
async fn a_connection_that_does_not_come_is_given_up() {
    in_time(async {
        let (client, log) = logged(ClientOptions {
            connect_timeout: Some(SHORT),
            connector: Arc::new(Never),
            ..ClientOptions::default()
        });
        let origin = Origin::new(Scheme::Http, "example.org", 80);
        let failed = get(&client, &origin).await.unwrap_err();
        assert!(
            matches!(failed, ClientError::TimedOut(Waiting::Connect)),
            "{failed:?}"
        );
        assert_eq!(failed.to_string(), "timed out: connecting");
        assert_eq!(log.lines(), ["1 connecting"]);
        assert!(client.connections().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_proxy_that_does_not_answer_is_given_up() {
    in_time(async {
        let server = Server::new().await;
        let proxy = Proxy::new(Scheme::Http, "127.0.0.1", server.origin.port);
        let (client, _) = logged(ClientOptions {
            connect_timeout: Some(SHORT),
            proxies: Some(Arc::new(move |_| Some(proxy.clone()))),
            ..ClientOptions::default()
        });
        let origin = Origin::new(Scheme::Https, "example.org", 443);
        let failed = get(&client, &origin).await.unwrap_err();
        assert!(
            matches!(failed, ClientError::TimedOut(Waiting::Tunnel)),
            "{failed:?}"
        );
    })
    .await;
}

/// What the command's own connector says.
#[derive(Debug, PartialEq, Eq)]
struct Code(u8);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code {}", self.0)
    }
}

impl std::error::Error for Code {}

struct Fails;

impl Connect for Fails {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<TcpStream>> {
        assert_eq!((host, port), ("::1", 8080));
        Box::pin(async { Err(io::Error::other(Code(6))) })
    }
}

#[tokio::test]
async fn the_connectors_error_comes_back_as_it_was() {
    let (client, _) = logged(ClientOptions {
        connector: Arc::new(Fails),
        ..ClientOptions::default()
    });
    let origin = Origin::new(Scheme::Http, "[::1]", 8080);
    let failed = get(&client, &origin).await.unwrap_err();
    assert_eq!(failed.to_string(), "cannot connect to [::1]:8080");
    let ClientError::Connect { error, .. } = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(error.get_ref().unwrap().downcast_ref(), Some(&Code(6)));
}

#[tokio::test]
async fn nobody_there_is_an_error() {
    in_time(async {
        let server = Server::new().await;
        let origin = server.origin.clone();
        drop(server);
        let (client, _) = plain();
        let failed = get(&client, &origin).await.unwrap_err();
        let ClientError::Connect { error, .. } = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    })
    .await;
}

#[tokio::test]
async fn a_response_that_does_not_come_is_given_up() {
    for (words, waiting) in [
        ("", Waiting::ResponseHead),
        ("HTTP/1.1 200 OK\r\nConte", Waiting::ResponseHead),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart",
            Waiting::ResponseBody,
        ),
    ] {
        in_time(async {
            let server = Server::new().await;
            let (client, _) = logged(ClientOptions {
                message: ClientConfig {
                    head: Some(SHORT),
                    body: Some(SHORT),
                    ..ClientConfig::default()
                },
                ..ClientOptions::default()
            });
            let served = async {
                let mut peer = server.accept().await;
                peer.answer(words).await;
                peer.rest().await;
            };
            let failed = tokio::join!(get(&client, &server.origin), served)
                .0
                .unwrap_err();
            let ClientError::TimedOut(late) = failed else {
                panic!("{failed:?}");
            };
            assert_eq!(late, waiting);
            assert!(client.connections().is_empty());
        })
        .await;
    }
}

/// An idle connection has all the time that the pool gives it: the wait for a head is not running.
#[tokio::test]
async fn the_time_for_a_head_begins_with_the_request() {
    in_time(async {
        let server = Server::new().await;
        let (client, log) = logged(ClientOptions {
            message: ClientConfig {
                head: Some(Duration::from_millis(400)),
                ..ClientConfig::default()
            },
            ..ClientOptions::default()
        });
        let served = async {
            let mut peer = server.accept().await;
            peer.answer(OK).await;
            peer.answer(OK).await;
        };
        let asked = async {
            get(&client, &server.origin).await.unwrap();
            tokio::time::sleep(Duration::from_millis(600)).await;
            get(&client, &server.origin).await.unwrap();
        };
        tokio::join!(served, asked);
        assert!(log.has("1 reused") && !log.has("1 again"));
    })
    .await;
}

#[tokio::test]
async fn a_server_that_reads_nothing_is_given_up() {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = logged(ClientOptions {
            driver: DriverConfig {
                stall: Some(SHORT),
                ..ClientOptions::default().driver
            },
            ..ClientOptions::default()
        });
        let whole = RequestBody::Whole(pattern(64 << 20));
        let mut exchange = begin(&client, &server.origin, "PUT", whole).await.unwrap();
        let _peer = server.accept().await;
        let failed = exchange.response().await.unwrap_err();
        assert!(
            matches!(failed, ClientError::TimedOut(Waiting::Sending)),
            "{failed:?}"
        );
        assert!(client.connections().is_empty());
    })
    .await;
}
