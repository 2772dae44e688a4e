//! Over TLS.

use super::Scene;
use super::http_server::{Asked, HttpServer, Reply, answer};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::fs;
use wirelore_tokio::tls;

/// Signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }
}

/// A server that is called localhost.
pub(crate) fn server(
    authority: &Authority,
    handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
) -> HttpServer {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params
        .signed_by(&key, &authority.issuer)
        .expect("a certificate");
    let (chain, key) = (certificate.pem(), key.serialize_pem());
    let config = tls::server_config(chain.as_bytes(), key.as_bytes(), tls::HTTP1);
    HttpServer::secure(config.expect("a configuration"), handler)
}

/// RFC 9110 §4.3.4.
#[test]
fn certificates_are_verified_unless_told_otherwise() {
    let scene = Scene::new();
    let authority = Authority::new();
    fs::write(scene.path("ca.pem"), &authority.pem).unwrap();
    fs::write(scene.path("other.pem"), Authority::new().pem).unwrap();
    fs::write(scene.path("bad.pem"), "nothing").unwrap();
    let server = server(&authority, |_| answer("200 OK", &[], b"hello"));
    let port = server.address.port();
    let (named, other) = (
        format!("https://localhost:{port}/f"),
        format!("https://127.0.0.1:{port}/f"),
    );
    let trusting = ["--cacert", "ca.pem"];
    let ended = scene
        .copy(&[&[&*named, "f", "-v"], &trusting[..]].concat())
        .good();
    assert!(ended.stderr.contains("* TLSv1."), "{}", ended.stderr);
    assert_eq!(fs::read(scene.path("f")).unwrap(), b"hello");
    for (arguments, code) in [
        (&[&*named, "g", "--cacert", "other.pem"][..], 60),
        (
            &[&*named, "g", "--cacert", "other.pem", "--no-verify=content"],
            60,
        ),
        (&[&*other, "g", "--cacert", "ca.pem"], 60),
        (&[&*named, "g", "--cacert", "bad.pem"], 77),
        (&[&*named, "g", "--cacert", "missing.pem"], 77),
    ] {
        let ended = scene.copy(arguments);
        assert!(!ended.failed(code).is_empty(), "{arguments:?}");
    }
    let asked = server.asked().len();
    let untrusted = scene.copy(&[&*named, "g"]);
    assert!([35, 60].contains(&untrusted.code), "{}", untrusted.stderr);
    assert_eq!(server.asked().len(), asked);
    for flag in ["--no-verify", "--no-verify=certificate", "--insecure", "-k"] {
        scene.copy(&[&*other, "g", flag]).good();
    }
    let plain = HttpServer::start(|_| answer("200 OK", &[], b""));
    let url = plain.url("f").replace("http:", "https:");
    scene.copy(&[&*url, "h", "--retries", "0", "-k"]).failed(35);
}

#[test]
fn a_way_down_is_taken_only_on_request_and_without_secrets() {
    let scene = Scene::new();
    let authority = Authority::new();
    fs::write(scene.path("ca.pem"), &authority.pem).unwrap();
    let plain = HttpServer::start(|_| answer("200 OK", &[], b"hello"));
    let there = format!("Location: {}", plain.url("x"));
    let server = server(&authority, move |_| answer("301 Moved", &[&there], b""));
    let url = format!("https://u:s3cret@localhost:{}/f", server.address.port());
    let arguments = [&*url, "f", "--cacert", "ca.pem", "--basic"];
    let ended = scene.copy(&arguments);
    assert!(
        ended.failed(91).contains("--allow-downgrade"),
        "{}",
        ended.stderr
    );
    assert!(plain.asked().is_empty());
    scene
        .copy(&[&arguments[..], &["--allow-downgrade"]].concat())
        .good();
    assert_eq!(plain.asked()[0].field("Authorization"), None);
    assert!(server.asked()[0].field("Authorization").is_some());
}
