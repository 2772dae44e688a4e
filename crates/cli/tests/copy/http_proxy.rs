//! Through proxies.

use super::http_server::{Asked, HttpServer, Reply, answer};
use super::http_tls::{self, Authority};
use super::{Scene, run};
use std::fs;

const LOGIN: &str = "Basic dTpw";

fn forward(asked: &Asked) -> Reply {
    match asked.field("Proxy-Authorization") {
        Some(LOGIN) => answer("200 OK", &[], b"by proxy"),
        _ => answer("407 Who", &["Proxy-Authenticate: Basic realm=x"], b""),
    }
}

#[test]
fn a_proxy_is_asked_for_the_whole_url() {
    let scene = Scene::new();
    let proxy = HttpServer::start(forward);
    let with_login = format!("http://u:p@{}", proxy.address);
    let url = "http://origin.example:8080/f?x";
    scene.copy(&[url, "f", "--proxy", &*with_login]).good();
    assert_eq!(fs::read(scene.path("f")).unwrap(), b"by proxy");
    let asked = proxy.asked().pop().unwrap();
    assert_eq!(asked.target, url);
    assert_eq!(asked.field("Host"), Some("origin.example:8080"));
    fs::write(scene.path("here"), "1").unwrap();
    scene.copy(&["here", url, "-x", &*with_login]).good();
    assert_eq!(proxy.asked().pop().unwrap().method, "PUT");
    let bad = with_login.replace("u:p", "u:s3cret");
    let ended = scene.copy(&[url, "g", "--proxy", &*bad]);
    assert!(!ended.failed(67).contains("s3cret"));
    let bare = format!("{}", proxy.address);
    let ended = scene.copy(&[url, "g", "--proxy", &*bare]);
    assert!(ended.failed(67).contains("--proxy"), "{}", ended.stderr);
    scene
        .copy(&[url, "g", "--proxy", "http://a..b:1"])
        .failed(5);
    assert_eq!(scene.copy(&[url, "g", "--proxy", "socks5://h"]).code, 2);
}

#[test]
fn the_environment_names_proxies_and_exceptions() {
    let scene = Scene::new();
    let proxy = HttpServer::start(|_| answer("200 OK", &[], b"by proxy"));
    let direct = HttpServer::start(|_| answer("200 OK", &[], b"direct"));
    let through = |set: &[(&str, &str)], more: &[&str]| {
        let url = direct.url("f");
        let mut command = scene.command(&[&[&*url, "-", "-q"], more].concat());
        command.envs(set.iter().copied());
        let ended = run(&mut command, b"");
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stdout == b"by proxy"
    };
    let there = format!("http://{}", proxy.address);
    assert!(!through(&[], &[]));
    assert!(through(&[("http_proxy", &there)], &[]));
    assert!(through(&[("ALL_PROXY", &there)], &[]));
    assert!(!through(&[("HTTP_PROXY", &there)], &[]));
    assert!(!through(&[("https_proxy", &there)], &[]));
    assert!(!through(
        &[("http_proxy", &there), ("no_proxy", "127.0.0.0/8")],
        &[]
    ));
    assert!(!through(
        &[("http_proxy", &there), ("NO_PROXY", "x,*")],
        &[]
    ));
    assert!(!through(
        &[("http_proxy", &there)],
        &["--no-proxy", "127.0.0.1"]
    ));
    assert!(through(
        &[("http_proxy", &there), ("no_proxy", "*")],
        &["--no-proxy", ""]
    ));
    assert!(through(
        &[("no_proxy", "example.org")],
        &["--proxy", &there]
    ));
}

#[test]
fn https_goes_through_a_tunnel() {
    let scene = Scene::new();
    let authority = Authority::new();
    fs::write(scene.path("ca.pem"), &authority.pem).unwrap();
    let origin = http_tls::server(&authority, |_| answer("200 OK", &[], b"hello"));
    let to = origin.address;
    let proxy = HttpServer::start(move |asked| match asked.field("Proxy-Authorization") {
        _ if asked.method != "CONNECT" => answer("400 Bad", &[], b""),
        Some(LOGIN) => Reply::Tunnel(to),
        Some(_) => answer("403 Forbidden", &[], b""),
        None => answer("407 Who", &["Proxy-Authenticate: Basic realm=x"], b""),
    });
    let url = format!("https://localhost:{}/f", to.port());
    let through = |login: &str| {
        let proxy = format!("http://{login}{}", proxy.address);
        let own = [
            "-H",
            "Authorization: Bearer x",
            "--cacert",
            "ca.pem",
            "--proxy",
            &proxy,
        ];
        scene.copy(&[&[&*url, "f"], &own[..]].concat())
    };
    through("u:p@").good();
    let asked = proxy.asked().pop().unwrap();
    assert_eq!(asked.target, format!("localhost:{}", to.port()));
    // what is for the server is not for the proxy, and the other way round
    assert_eq!(asked.field("Authorization"), None);
    assert_eq!(origin.asked()[0].field("Proxy-Authorization"), None);
    through("").failed(67);
    assert!(through("u:q@").failed(97).contains("403"));
}

/// RFC 7616 §3.8.
#[test]
fn a_proxy_that_wants_digest_gets_it() {
    let scene = Scene::new();
    let authority = Authority::new();
    fs::write(scene.path("ca.pem"), &authority.pem).unwrap();
    let origin = http_tls::server(&authority, |_| answer("200 OK", &[], b"hello"));
    let to = origin.address;
    let proxy = HttpServer::start(move |asked| {
        let said = asked.field("Proxy-Authorization").unwrap_or_default();
        let uri = format!("uri=\"{}\"", asked.target);
        if !said.starts_with("Digest ") || !said.contains(&uri) {
            let challenge = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", \
                             algorithm=SHA-256";
            return answer("407 Who", &[challenge], b"");
        }
        match &*asked.method {
            "CONNECT" => Reply::Tunnel(to),
            _ => answer("200 OK", &[], b"by proxy"),
        }
    });
    let through = format!("http://u:p@{}", proxy.address);
    scene
        .copy(&["http://origin.example/f", "f", "-x", &*through])
        .good();
    assert_eq!(proxy.asked().len(), 2);
    let url = format!("https://localhost:{}/g", to.port());
    scene
        .copy(&[&*url, "g", "-x", &*through, "--cacert", "ca.pem"])
        .good();
    assert_eq!(proxy.asked().len(), 4);
}
