//! Our server behind nginx: what curl gets is what we sent.

use wirelore_http1::Version;
use wirelore_http1::wire::Framing;
use wirelore_interop::{content, find, require};

use crate::lists::value;
use crate::origin::Origin;
use crate::theirs::{Nginx, curl, curl_many};

/// Without 1xx responses, of which nginx 1.22 knows nothing.
#[test]
fn nginx_delivers_our_responses_unchanged() {
    let origin = Origin::start();
    let nginx = require!(Nginx::start(origin.port));
    let program = require!(find("curl"));
    for folder in ["/ours", "/ours10"] {
        for option in ["", "-0"] {
            for (target, status, body) in [
                ("/length/0", 200, content(0)),
                ("/length/1", 200, content(1)),
                ("/length/100000", 200, content(100_000)),
                ("/chunked/0", 200, content(0)),
                ("/chunked/1", 200, content(1)),
                ("/chunked/100000", 200, content(100_000)),
                ("/trailers", 200, b"hello".to_vec()),
                ("/status/204", 204, Vec::new()),
                ("/status/304", 304, Vec::new()),
                ("/status/404", 404, Vec::new()),
                ("/close", 200, b"goodbye\n".to_vec()),
            ] {
                let url = nginx.url(&format!("{folder}{target}"));
                let got = curl(&program, &[option], &url);
                assert_eq!(got.status, status, "{option} {url}: {got:?}");
                assert!(got.body == body, "{option} {url}: {} octets", got.body.len());
                assert_eq!(value(&got.fields, "X-Origin"), Some("ours"), "{url}: {got:?}");
                let [asked] = &origin.take_good()[..] else { panic!("one request: {url}") };
                let version = if folder == "/ours" { Version::Http11 } else { Version::Http10 };
                assert_eq!((asked.target.as_str(), asked.version), (target, version));
            }
        }
    }
}

#[test]
fn nginx_delivers_our_responses_to_head() {
    let origin = Origin::start();
    let nginx = require!(Nginx::start(origin.port));
    let program = require!(find("curl"));
    for (target, length) in [("/ours/length/100000", Some("100000")), ("/ours/chunked/9", None)] {
        let got = curl(&program, &["--head"], &nginx.url(target));
        assert_eq!((got.status, value(&got.fields, "Content-Length")), (200, length), "{got:?}");
        // nginx waits for no body, or the second one would not come
        let [asked] = &origin.take_good()[..] else { panic!("one request") };
        assert_eq!(asked.method, "HEAD");
    }
}

/// Bodies of requests arrive as well, and nginx uses one connection for all of it.
#[test]
fn nginx_keeps_our_connections_alive() {
    let origin = Origin::start();
    let nginx = require!(Nginx::start(origin.port));
    let program = require!(find("curl"));
    let body = "b".repeat(30_000);
    let urls = ["/ours/length/5", "/ours/chunked/70000", "/ours/status/204", "/ours/status/304"];
    let urls = urls.map(|target| nginx.url(target));
    let mut arguments: Vec<&str> = urls.iter().map(String::as_str).collect();
    let back = nginx.url("/ours/back");
    arguments.extend(["--next", "--data-binary", &body, &back]);
    let got = curl_many(&program, &arguments, 5);
    assert_eq!(got.iter().map(|got| got.status).collect::<Vec<_>>(), [200, 200, 204, 304, 200]);
    assert_eq!(got[0].body, content(5));
    assert!(got[1].body == content(70_000));
    assert!(got[4].body == body.as_bytes());
    let asked = origin.take_good();
    assert_eq!(asked.len(), 5);
    assert!(asked.iter().all(|asked| asked.connection == 0), "{asked:?}");
    assert_eq!(asked[4].framing, Framing::Length(30_000));
}
