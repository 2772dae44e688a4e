//! Names and passwords.

use super::Scene;
use super::http_server::{Asked, HttpServer, Reply, answer};
use md5::{Digest as _, Md5};
use sha2::{Sha256, Sha512_256};
use std::fs;
use wirelore_http1::value::authorization::Credentials;
use wirelore_http1::value::digest::{Algorithm, DigestResponse, HashName, compute};

const BASIC: &str = "Basic dTpwOnE=";

fn basic(asked: &Asked) -> Reply {
    match asked.field("Authorization") {
        Some(BASIC) => answer("200 OK", &[], b"hello"),
        _ => answer("401 Who", &["WWW-Authenticate: Basic realm=\"x\""], b"who?"),
    }
}

/// RFC 7617 §2.
#[test]
fn basic_is_told_when_asked_for_or_at_once() {
    let scene = Scene::new();
    let server = HttpServer::start(basic);
    let url = server.url("f");
    let with_login = url.replace("//", "//u:p%3Aq@");
    scene.copy(&[&*with_login, "f"]).good();
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].field("Authorization"), None);
    assert_eq!(asked[1].connection, 0);
    scene.copy(&[&*url, "f", "-u", "u:p:q", "--basic"]).good();
    assert_eq!(server.asked().len(), 3);
    let ended = scene.copy(&[&*url, "f", "--user", "u:s3cret"]);
    let line = ended.failed(67);
    assert!(
        line.contains("does not accept") && !line.contains("s3cret"),
        "{line}"
    );
    assert_eq!(server.asked().len(), 5);
    assert!(scene.copy(&[&*url, "f"]).failed(67).contains("--user"));
    let wrong = HttpServer::start(|_| answer("401 Who", &["WWW-Authenticate: Negotiate"], b""));
    let ended = scene.copy(&[&*wrong.url("f"), "f", "-u", "u:p"]);
    assert!(
        ended.failed(67).contains("not known here"),
        "{}",
        ended.stderr
    );
}

#[test]
fn netrc_files_have_passwords() {
    let scene = Scene::new();
    let server = HttpServer::start(basic);
    let url = server.url("f");
    let text = "machine other login u password no\nmachine 127.0.0.1 login u password \"p:q\"\n";
    fs::write(scene.home.path().join(".netrc"), text).unwrap();
    scene.copy(&[&*url, "f"]).failed(67);
    scene.copy(&[&*url, "f", "--netrc"]).good();
    scene
        .copy(&[&*url.replace("//", "//u@"), "f", "--netrc"])
        .good();
    fs::write(scene.path("n"), "default login u password p:q").unwrap();
    scene.copy(&[&*url, "f", "--netrc-file", "n"]).good();
    scene
        .copy(&[&*url, "f", "--netrc-file", "missing"])
        .failed(26);
    fs::write(scene.path("n"), "machine").unwrap();
    scene.copy(&[&*url, "f", "--netrc-file", "n"]).failed(26);
}

fn hash(algorithm: Algorithm, parts: &[&[u8]]) -> Vec<u8> {
    let all = parts.concat();
    match algorithm.hash {
        HashName::Md5 => Md5::digest(all).to_vec(),
        HashName::Sha256 => Sha256::digest(all).to_vec(),
        _ => Sha512_256::digest(all).to_vec(),
    }
}

/// Whether a request has the right answer for `nonce`, with `u` and `p:q` in realm `r`.
fn is_right(asked: &Asked, nonce: &str, algorithm: &str) -> bool {
    let Some(value) = asked.field("Authorization") else {
        return false;
    };
    let credentials = Credentials::parse(value.as_bytes()).expect("a scheme");
    let response = DigestResponse::parse(&credentials).expect("a digest");
    let algorithm = Algorithm::of(algorithm.as_bytes()).expect("an algorithm");
    assert_eq!(response.algorithm, algorithm);
    assert_eq!(&*response.uri, asked.target.as_bytes());
    let hash = |parts: &[&[u8]]| hash(algorithm, parts);
    let mut secret = compute::user_secret(hash, b"u", b"r", b"p:q");
    let protection = response.protection.clone();
    if algorithm.session {
        let cnonce = &protection.as_ref().expect("qop").cnonce;
        secret = compute::session_secret(hash, &secret, nonce.as_bytes(), cnonce);
    }
    let exchange = compute::Exchange {
        secret: &secret,
        nonce: nonce.as_bytes(),
        protection,
        method: asked.method.as_bytes(),
        uri: asked.target.as_bytes(),
    };
    &*response.nonce == nonce.as_bytes()
        && exchange.response(hash, None).as_bytes() == &*response.response
}

/// RFC 7616 §3.4.2, RFC 7616 §3.6, RFC 7616 §5.6.
#[test]
fn digest_is_right_and_the_strongest_is_chosen() {
    let scene = Scene::new();
    fs::write(scene.path("here"), vec![7; 300_000]).unwrap();
    for algorithm in ["MD5", "SHA-256", "SHA-512-256", "MD5-sess", "SHA-256-sess"] {
        let server = HttpServer::start(move |asked| {
            if is_right(asked, "n1", algorithm) {
                return match asked.waits {
                    true => Reply::Proceed,
                    false => answer("200 OK", &[], b"hello"),
                };
            }
            let challenge = format!(
                "WWW-Authenticate: Basic realm=r, Digest realm=\"r\", nonce=\"n1\", \
                 qop=\"auth\", algorithm={algorithm}, opaque=\"o\""
            );
            answer("401 Who", &[&challenge], b"")
        });
        let url = server.url("f?x=y");
        scene.copy(&[&*url, "f", "-u", "u:p:q"]).good();
        scene.copy(&["here", &*url, "-u", "u:p:q"]).good();
        let asked = server.asked();
        assert_eq!(asked.len(), 4);
        // the body waited for the right answer
        assert!(
            asked[2].body.is_empty() && asked[3].body.len() == 300_000,
            "{algorithm}"
        );
        let ended = scene.copy(&[&*url, "f", "-u", "u:s3cret"]);
        assert!(!ended.failed(67).contains("s3cret"));
    }
}

/// RFC 7616 §3.3.
#[test]
fn a_nonce_that_is_too_old_is_no_refusal() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| {
        if is_right(asked, "n2", "SHA-256") {
            return answer("200 OK", &[], b"hello");
        }
        let (nonce, stale) = match asked.field("Authorization") {
            None => ("n1", "false"),
            Some(_) => ("n2", "true"),
        };
        let challenge = format!(
            "WWW-Authenticate: Digest realm=\"r\", nonce=\"{nonce}\", stale={stale}, \
             qop=\"auth\", algorithm=SHA-256"
        );
        answer("401 Who", &[&challenge], b"")
    });
    scene.copy(&[&*server.url("f"), "f", "-u", "u:p:q"]).good();
    assert_eq!(server.asked().len(), 3);
    // one that is always too old is given up
    let server = HttpServer::start(|_| {
        let challenge =
            "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", stale=true, qop=\"auth\"";
        answer("401 Who", &[challenge], b"")
    });
    scene
        .copy(&[&*server.url("f"), "f", "-u", "u:p:q"])
        .failed(67);
    assert!(server.asked().len() < 10);
}
