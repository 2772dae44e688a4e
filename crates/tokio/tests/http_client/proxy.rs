//! Requests through a proxy, and the tunnel. What goes through a tunnel is in `tls.rs`.

use crate::rig::{OK, Server, begin, get, in_time, logged, read};
use std::sync::Arc;
use wirelore_http1::encode::{FieldBlock, Request};
use wirelore_http1::value::basic::UserPass;
use wirelore_http1::{Misuse, Version};
use wirelore_tokio::http1::client::{
    Client, ClientError, ClientOptions, Origin, Proxy, RequestBody, Scheme,
};

pub(crate) fn proxy(server: &Server, password: Option<&str>) -> Proxy {
    let proxy = Proxy::new(Scheme::Http, "127.0.0.1", server.origin.port);
    let Some(password) = password else {
        return proxy;
    };
    let credentials = UserPass {
        user_id: b"Aladdin".to_vec(),
        password: password.into(),
    };
    proxy.with_basic(&credentials).unwrap()
}

pub(crate) const BASIC: &str = "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n";

fn through(proxy: Proxy) -> Client {
    logged(ClientOptions {
        proxies: Some(Arc::new(move |_| Some(proxy.clone()))),
        ..ClientOptions::default()
    })
    .0
}

/// RFC 9112 §C.2.2.
#[tokio::test]
async fn a_proxy_is_asked_in_absolute_form() {
    in_time(async {
        let server = Server::new().await;
        let client = through(proxy(&server, Some("open sesame")));
        let served = async {
            let mut peer = server.accept().await;
            let heads = [
                peer.answer(OK).await,
                peer.answer(OK).await,
                peer.answer(OK).await,
            ];
            server.nobody_comes().await;
            heads
        };
        let asked = async {
            // One connection to the proxy, whatever the origin.
            get(&client, &Origin::new(Scheme::Http, "one.example", 80))
                .await
                .unwrap();
            get(&client, &Origin::new(Scheme::Http, "::1", 8080))
                .await
                .unwrap();
            let fields = FieldBlock::new();
            let request = Request::new("OPTIONS", "*", &fields);
            let origin = Origin::new(Scheme::Http, "two.example", 80);
            let mut exchange = client
                .begin(&origin, &request, RequestBody::Empty)
                .await
                .unwrap();
            read(&mut exchange).await.unwrap();
            assert!(exchange.reused());
            let facts = exchange.connection_facts();
            assert_eq!(facts.proxy, Some(("127.0.0.1".into(), server.origin.port)));
        };
        let ([one, two, three], ()) = tokio::join!(served, asked);
        assert_eq!(
            one,
            format!("GET http://one.example/file HTTP/1.1\r\nHost: one.example\r\n{BASIC}\r\n")
        );
        assert_eq!(
            two,
            format!("GET http://[::1]:8080/file HTTP/1.1\r\nHost: [::1]:8080\r\n{BASIC}\r\n")
        );
        assert!(
            three.starts_with("OPTIONS http://two.example HTTP/1.1\r\n"),
            "{three}"
        );
    })
    .await;
}

#[tokio::test]
async fn credentials_for_a_proxy_go_to_no_origin() {
    in_time(async {
        let server = Server::new().await;
        let client = Client::new(ClientOptions::default());
        let fields = FieldBlock::new()
            .with("Proxy-Authorization", "Basic c2VjcmV0OnNlY3JldA==")
            .unwrap()
            .with("Authorization", "Basic YTpi")
            .unwrap();
        let request = Request::get("/", &fields);
        let served = async { server.accept().await.answer(OK).await };
        let asked = async {
            let mut exchange = client
                .begin(&server.origin, &request, RequestBody::Empty)
                .await
                .unwrap();
            read(&mut exchange).await.unwrap();
        };
        let (head, ()) = tokio::join!(served, asked);
        assert!(!head.contains("Proxy-Authorization"), "{head}");
        assert!(head.contains("\r\nAuthorization: Basic YTpi\r\n"), "{head}");
    })
    .await;
}

#[tokio::test]
async fn connections_are_kept_apart_by_route() {
    in_time(async {
        let server = Server::new().await;
        let through = |password| Some(proxy(&server, Some(password)));
        let (one, two) = (through("one"), through("two"));
        let choose = move |origin: &Origin| match &*origin.host {
            "one.example" => one.clone(),
            "two.example" => two.clone(),
            _ => None,
        };
        let (client, _) = logged(ClientOptions {
            proxies: Some(Arc::new(choose)),
            ..ClientOptions::default()
        });
        let served = async {
            let mut peers = Vec::new();
            for _ in 0..3 {
                let mut peer = server.accept().await;
                peer.answer(OK).await;
                peers.push(peer);
            }
        };
        let asked = async {
            get(&client, &Origin::new(Scheme::Http, "one.example", 80))
                .await
                .unwrap();
            get(&client, &Origin::new(Scheme::Http, "two.example", 80))
                .await
                .unwrap();
            get(&client, &server.origin).await.unwrap();
        };
        tokio::join!(served, asked);
        assert_eq!(client.connections().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn another_host_cannot_stand_in_absolute_form() {
    let client = through(Proxy::new(Scheme::Http, "127.0.0.1", 1));
    let fields = FieldBlock::new().with("Host", "other.example").unwrap();
    let origin = Origin::new(Scheme::Http, "one.example", 80);
    let request = Request::get("/", &fields).with_version(Version::Http11);
    let refused = client.begin(&origin, &request, RequestBody::Empty).await;
    assert!(matches!(
        refused,
        Err(ClientError::Misuse(Misuse::HostMismatch))
    ));
}

/// What the proxy is asked, and what comes of `words`.
async fn connect(words: &'static str) -> (String, ClientError) {
    in_time(async {
        let server = Server::new().await;
        let fields = FieldBlock::new().with("User-Agent", "test").unwrap();
        let client = through(proxy(&server, Some("open sesame")).with_connect_fields(fields));
        let served = async {
            let mut peer = server.accept().await;
            let head = peer.answer(words).await;
            (head, peer.rest().await)
        };
        let asked = async {
            let origin = Origin::new(Scheme::Https, "one.example", 443);
            let failed = begin(&client, &origin, "GET", RequestBody::Empty)
                .await
                .unwrap_err();
            assert!(client.connections().is_empty());
            failed
        };
        let ((head, rest), failed) = tokio::join!(served, asked);
        assert_eq!(rest, b"");
        (head, failed)
    })
    .await
}

#[tokio::test]
async fn a_refused_tunnel_is_an_error_with_the_proxys_words() {
    let (head, failed) = connect(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\
         Content-Length: 4\r\n\r\nwho?",
    )
    .await;
    assert_eq!(
        head,
        format!(
            "CONNECT one.example:443 HTTP/1.1\r\nHost: one.example:443\r\nUser-Agent: test\r\n{BASIC}\r\n"
        )
    );
    assert_eq!(failed.to_string(), "the proxy refuses the tunnel with 407");
    let ClientError::ProxyRefused { head } = failed else {
        panic!("{failed:?}");
    };
    let challenge = head.fields().value("proxy-authenticate").unwrap();
    assert_eq!(&*challenge, b"Basic realm=\"x\"");
}

/// They could be meant as words of the origin.
#[tokio::test]
async fn octets_behind_the_proxys_2xx_are_not_the_origins() {
    let (_, failed) = connect("HTTP/1.1 200 Established\r\n\r\nHTTP/1.1 200 OK\r\n\r\n").await;
    assert!(
        matches!(failed, ClientError::ProxyBabbled(19)),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_proxy_that_makes_no_sense_is_an_error() {
    let (_, failed) = connect("HTTP/1.1 abc\r\n\r\n").await;
    assert!(matches!(failed, ClientError::Protocol(_)), "{failed:?}");
}

/// Content-Length in a 2xx to CONNECT means nothing (RFC 9110 section 9.3.6). Behind it comes TLS, which is
/// not configured here.
#[tokio::test]
async fn a_tunnel_begins_with_the_head_of_any_2xx() {
    let (_, failed) =
        connect("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 299 Yes\r\nContent-Length: 9\r\n\r\n").await;
    assert!(matches!(failed, ClientError::NoTls), "{failed:?}");
}
