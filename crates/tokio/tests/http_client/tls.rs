//! TLS on both sides, and through a tunnel.

use crate::proxy::{BASIC, proxy};
use crate::rig::{Log, OK, Peer, Server, begin, get, in_time, logged, read};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use wirelore_tokio::Tap;
use wirelore_tokio::http1::client::{
    Client, ClientError, ClientOptions, Origin, Proxy, RequestBody, Scheme, Waiting,
};
use wirelore_tokio::tls::{self, TlsConfigError, rustls, tokio_rustls};

const LIMIT: Duration = Duration::from_secs(30);

struct Identity {
    root: CertificateDer<'static>,
    config: Arc<rustls::ServerConfig>,
}

fn identity(name: &str) -> Identity {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let (chain, key) = (cert.pem(), signing_key.serialize_pem());
    let config = tls::server_config(chain.as_bytes(), key.as_bytes(), tls::HTTP1).unwrap();
    Identity {
        root: tls::certificates(chain.as_bytes()).unwrap().remove(0),
        config: Arc::new(config),
    }
}

impl Identity {
    async fn accept<S>(&self, peer: Peer<S>) -> io::Result<Peer<TlsServer<S>>>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        let stream = tls::accept(self.config.clone(), peer.stream, LIMIT).await?;
        Ok(Peer::new(stream))
    }
}

type TlsServer<S> = tokio_rustls::server::TlsStream<S>;

fn verifying(root: &CertificateDer<'static>) -> ClientOptions {
    let config = tls::client_config([root.clone()], tls::HTTP1).unwrap();
    ClientOptions {
        tls: Some(Arc::new(config)),
        ..ClientOptions::default()
    }
}

fn client(options: ClientOptions) -> (Client, Log) {
    logged(options)
}

fn https(server: &Server, host: &str) -> Origin {
    Origin::new(Scheme::Https, host, server.origin.port)
}

/// RFC 9110 §4.2.2, RFC 9110 §4.3.4, RFC 9112 §9.7, RFC 9112 §9.8.
#[tokio::test]
async fn a_verified_server_is_spoken_to() {
    for name in ["localhost", "127.0.0.1"] {
        in_time(async {
            let server = Server::new().await;
            let identity = identity(name);
            let (client, log) = client(verifying(&identity.root));
            let origin = https(&server, name);
            let served = async {
                let mut peer = identity.accept(server.accept().await).await.unwrap();
                let head = peer.answer(OK).await;
                assert!(head.contains(&format!("\r\nHost: {}\r\n", origin.authority())));
                peer.answer(OK).await;
                // The client says that it ends, and does not just stop.
                peer.stream.read(&mut [0]).await.unwrap()
            };
            let asked = async {
                get(&client, &origin).await.unwrap();
                let mut exchange = begin(&client, &origin, "GET", RequestBody::Empty)
                    .await
                    .unwrap();
                assert_eq!(read(&mut exchange).await.unwrap(), (200, b"hi".to_vec()));
                assert!(exchange.reused());
                let facts = exchange.connection_facts().tls.as_ref().unwrap();
                assert_eq!(facts.version_name(), "TLSv1.3");
                assert_eq!(facts.alpn.as_deref(), Some(&b"http/1.1"[..]));
                assert!(facts.cipher_suite_name().starts_with("TLS13_"));
                assert_eq!(facts.certificates, std::slice::from_ref(&identity.root));
                client.close_idle();
            };
            assert_eq!(tokio::join!(served, asked).0, 0);
            assert!(log.has("1 secured"));
        })
        .await;
    }
}

/// What a client with `options` makes of a server with the certificate of `identity`.
async fn refused(options: ClientOptions, identity: &Identity, host: &str) -> ClientError {
    in_time(async {
        let server = Server::new().await;
        let (client, _) = client(options);
        let served = async {
            assert!(identity.accept(server.accept().await).await.is_err());
        };
        let origin = https(&server, host);
        let (failed, ()) = tokio::join!(get(&client, &origin), served);
        assert!(client.connections().is_empty());
        failed.unwrap_err()
    })
    .await
}

fn certificate_error(error: &ClientError) -> &rustls::CertificateError {
    let ClientError::Tls { error, .. } = error else {
        panic!("{error:?}");
    };
    match tls::handshake_error(error) {
        Some(rustls::Error::InvalidCertificate(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// RFC 9110 §4.3.4.
#[tokio::test]
async fn a_stranger_is_refused() {
    let (known, stranger) = (identity("localhost"), identity("localhost"));
    let failed = refused(verifying(&known.root), &stranger, "localhost").await;
    certificate_error(&failed);
    assert!(
        failed
            .to_string()
            .starts_with("the TLS handshake with localhost:")
    );
}

/// RFC 9110 §4.3.4.
#[tokio::test]
async fn another_name_is_refused() {
    let identity = identity("other.example");
    let failed = refused(verifying(&identity.root), &identity, "localhost").await;
    let error = certificate_error(&failed);
    assert!(
        matches!(
            error,
            rustls::CertificateError::NotValidForNameContext { .. }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn without_verification_anybody_is_spoken_to() {
    in_time(async {
        let server = Server::new().await;
        let identity = identity("other.example");
        let config = tls::client_config_without_verification(tls::HTTP1).unwrap();
        let (client, _) = client(ClientOptions {
            tls: Some(Arc::new(config)),
            ..ClientOptions::default()
        });
        let served = async {
            let mut peer = identity.accept(server.accept().await).await.unwrap();
            peer.answer(OK).await;
        };
        let origin = https(&server, "localhost");
        let (got, ()) = tokio::join!(get(&client, &origin), served);
        assert_eq!(got.unwrap().0, 200);
    })
    .await;
}

/// RFC 9110 §4.2.2.
#[tokio::test]
async fn tls_that_is_not_configured_or_not_there_is_an_error() {
    in_time(async {
        let server = Server::new().await;
        let origin = https(&server, "localhost");
        let failed = get(&client(ClientOptions::default()).0, &origin)
            .await
            .unwrap_err();
        assert!(matches!(failed, ClientError::NoTls), "{failed:?}");
        server.accept().await;

        let (client, _) = client(verifying(&identity("localhost").root));
        let served = async { server.accept().await.say("220 ready\r\n").await };
        let (failed, ()) = tokio::join!(get(&client, &origin), served);
        assert!(matches!(failed, Err(ClientError::Tls { .. })), "{failed:?}");
    })
    .await;
}

#[tokio::test]
async fn a_handshake_has_its_time_on_both_sides() {
    in_time(async {
        let short = Duration::from_millis(50);
        let server = Server::new().await;
        let identity = identity("localhost");
        let (client, _) = client(ClientOptions {
            connect_timeout: Some(short),
            ..verifying(&identity.root)
        });
        let failed = get(&client, &https(&server, "localhost"))
            .await
            .unwrap_err();
        assert!(
            matches!(failed, ClientError::TimedOut(Waiting::Tls)),
            "{failed:?}"
        );
        server.accept().await;

        let _silent = TcpStream::connect(("127.0.0.1", server.origin.port))
            .await
            .unwrap();
        let peer = server.accept().await;
        let failed = tls::accept(identity.config.clone(), peer.stream, short).await;
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::TimedOut);
    })
    .await;
}

/// An end without the words of TLS may be the work of somebody in between (RFC 9112 section 9.8).
#[tokio::test]
async fn a_body_that_ends_with_the_connection_needs_the_end_of_tls() {
    for polite in [true, false] {
        in_time(async {
            let server = Server::new().await;
            let identity = identity("localhost");
            let (client, _) = client(verifying(&identity.root));
            let served = async {
                let mut peer = identity.accept(server.accept().await).await.unwrap();
                peer.answer("HTTP/1.1 200 OK\r\n\r\nall of it?").await;
                if polite {
                    tokio::io::AsyncWriteExt::shutdown(&mut peer.stream)
                        .await
                        .unwrap();
                } else {
                    let (tcp, _) = peer.stream.get_mut();
                    tokio::io::AsyncWriteExt::shutdown(tcp).await.unwrap();
                }
                peer
            };
            let origin = https(&server, "localhost");
            let (got, _peer) = tokio::join!(get(&client, &origin), served);
            if polite {
                assert_eq!(got.unwrap().1, b"all of it?");
            } else {
                assert!(matches!(got, Err(ClientError::Io(_))), "{got:?}");
            }
        })
        .await;
    }
}

/// RFC 9112 §9.7.
#[tokio::test]
async fn a_tunnel_carries_tls_and_is_used_again() {
    in_time(async {
        let server = Server::new().await;
        let identity = identity("one.example");
        let proxy = proxy(&server, Some("open sesame"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("https.pcapng");
        let tap = Tap::create(&path).unwrap();
        let (client, log) = client(ClientOptions {
            proxies: Some(Arc::new(move |_| Some(proxy.clone()))),
            tap: Some(tap.clone()),
            ..verifying(&identity.root)
        });
        let served = async {
            let mut peer = server.accept().await;
            let connect = peer.answer("HTTP/1.1 200 Established\r\n\r\n").await;
            let mut peer = identity.accept(peer).await.unwrap();
            let first = peer.answer(OK).await;
            let second = peer.answer(OK).await;
            server.nobody_comes().await;
            (connect, first, second)
        };
        let asked = async {
            let origin = Origin::new(Scheme::Https, "one.example", 443);
            for _ in 0..2 {
                assert_eq!(get(&client, &origin).await.unwrap().0, 200);
            }
        };
        let ((connect, first, second), ()) = tokio::join!(served, asked);
        assert!(connect.starts_with("CONNECT one.example:443 HTTP/1.1\r\n"));
        assert!(connect.contains(BASIC));
        assert_eq!(first, "GET /file HTTP/1.1\r\nHost: one.example\r\n\r\n");
        assert_eq!(second, first);
        let facts = client.connections().remove(0).facts;
        assert_eq!(facts.proxy, Some(("127.0.0.1".into(), server.origin.port)));
        assert!(facts.tls.is_some());
        assert!(log.has("1 > CONNECT one.example:443 HTTP/1.1"));
        // The capture is taken above TLS, and has nothing of the tunnel.
        client.close_idle();
        drop(client);
        tap.finish().await.unwrap();
        let capture = std::fs::read(&path).unwrap();
        let has = |octets: &[u8]| capture.windows(octets.len()).any(|it| it == octets);
        assert!(has(first.as_bytes()) && has(OK.as_bytes()) && !has(b"CONNECT"));
    })
    .await;
}

#[tokio::test]
async fn a_proxy_can_be_reached_by_tls_itself() {
    in_time(async {
        let server = Server::new().await;
        let (outer, inner) = (identity("localhost"), identity("one.example"));
        let proxy = Proxy::new(Scheme::Https, "localhost", server.origin.port);
        let proxy_tls = tls::client_config([outer.root.clone()], tls::HTTP1).unwrap();
        let (client, log) = client(ClientOptions {
            proxies: Some(Arc::new(move |_| Some(proxy.clone()))),
            proxy_tls: Some(Arc::new(proxy_tls)),
            ..verifying(&inner.root)
        });
        let served = async {
            let mut peer = outer.accept(server.accept().await).await.unwrap();
            peer.answer("HTTP/1.1 200 Established\r\n\r\n").await;
            let mut peer = inner.accept(peer).await.unwrap();
            let tunnelled = peer.answer(OK).await;
            let mut peer = outer.accept(server.accept().await).await.unwrap();
            (tunnelled, peer.answer(OK).await)
        };
        let asked = async {
            for scheme in [Scheme::Https, Scheme::Http] {
                let origin = Origin::new(scheme, "one.example", scheme.default_port());
                assert_eq!(get(&client, &origin).await.unwrap().0, 200);
            }
        };
        let ((tunnelled, forwarded), ()) = tokio::join!(served, asked);
        assert!(tunnelled.starts_with("GET /file HTTP/1.1\r\n"));
        assert!(forwarded.starts_with("GET http://one.example/file HTTP/1.1\r\n"));
        let secured = log.lines().into_iter().filter(|line| line == "1 secured");
        assert_eq!(secured.count(), 2);
    })
    .await;
}

#[test]
fn a_configuration_says_what_is_wrong_with_it() {
    assert!(matches!(
        tls::client_config([], &[]),
        Err(TlsConfigError::NoRoots)
    ));
    let junk = CertificateDer::from(b"no certificate".to_vec());
    assert!(matches!(
        tls::client_config([junk], &[]),
        Err(TlsConfigError::NoRoots)
    ));
    let pem = |name: &str| {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        (
            cert.pem().into_bytes(),
            signing_key.serialize_pem().into_bytes(),
        )
    };
    let ((one, key), (_, other)) = (pem("one.example"), pem("two.example"));
    assert!(tls::server_config(&one, &key, tls::HTTP1).is_ok());
    assert!(
        tls::server_config(&[&one[..], &key].concat(), &[&one[..], &key].concat(), &[]).is_ok()
    );
    let refused = |chain: &[u8], key: &[u8]| tls::server_config(chain, key, &[]).unwrap_err();
    assert!(matches!(refused(b"", &key), TlsConfigError::Certificate(_)));
    assert!(matches!(refused(&one, b"nothing"), TlsConfigError::Key(_)));
    assert!(matches!(refused(&one, &other), TlsConfigError::Refused(_)));
}
