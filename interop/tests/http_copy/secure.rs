//! TLS, with certificates made by openssl and nginx as the server.

use wirelore_interop::{content, require};

use crate::copy::User;
use crate::nginx::{Certificate, Nginx, TLS};
use crate::python::Odd;

#[test]
fn certificates_are_verified() {
    let certificate = require!(Certificate::usual());
    let another = require!(Certificate::usual());
    let nginx = require!(Nginx::secure(&certificate, TLS));
    let user = User::new();
    nginx.holds("f", &content(200_000));
    let (url, file) = (nginx.secure_url("/f"), certificate.file());
    user.gets(&["--cacert", &file], &url, &content(200_000));
    let named = url.replace("127.0.0.1", "localhost");
    user.gets(&["--cacert", &file], &named, &content(200_000));
    for options in [&["--no-verify"][..], &["--no-verify=certificate"], &["--insecure"], &["-k"]] {
        user.gets(options, &url, &content(200_000));
    }
    nginx.forgets();
    user.fails(60, &[], &url);
    user.fails(60, &["--cacert", &another.file()], &url);
    user.fails(60, &["--no-verify=content"], &url);
    user.fails(77, &["--cacert", &user.at("missing")], &url);
    user.fails(77, &["--cacert", &user.holds("empty", b"")], &url);
    // a list of several
    let all = [certificate.file(), another.file()].map(|file| std::fs::read(file).unwrap());
    let several = user.holds("several", &all.concat());
    user.gets(&["--cacert", &several], &url, &content(200_000));
    assert_eq!(nginx.seen(1).len(), 1);
}

#[test]
fn a_certificate_for_another_host() {
    let certificate = require!(Certificate::new(
        "DNS:example.org,IP:127.0.0.9",
        &["basicConstraints=critical,CA:FALSE"]
    ));
    let nginx = require!(Nginx::secure(&certificate, TLS));
    let user = User::new();
    nginx.holds("f", b"here");
    let file = certificate.file();
    for url in [nginx.secure_url("/f"), nginx.secure_url("/f").replace("127.0.0.1", "localhost")] {
        user.fails(60, &["--cacert", &file], &url);
        user.gets(&["-k"], &url, b"here");
    }
}

/// What `openssl req -x509` makes unless told otherwise: a certificate that is an authority too. Who
/// trusts that very certificate trusts the server that has it.
#[test]
fn a_certificate_that_signed_itself() {
    let certificate = require!(Certificate::new("IP:127.0.0.1", &[]));
    let nginx = require!(Nginx::secure(&certificate, TLS));
    let user = User::new();
    nginx.holds("f", b"here");
    user.fails(60, &[], &nginx.secure_url("/f"));
    user.gets(&["-k"], &nginx.secure_url("/f"), b"here");
    user.gets(&["--cacert", &certificate.file()], &nginx.secure_url("/f"), b"here");
}

#[test]
fn versions_of_tls() {
    let certificate = require!(Certificate::usual());
    let user = User::new();
    for (protocol, works) in [("TLSv1.1", false), ("TLSv1.2", true), ("TLSv1.3", true)] {
        let nginx = require!(Nginx::secure(&certificate, protocol));
        nginx.holds("f", &content(2_000_000));
        let (url, file) = (nginx.secure_url("/f"), certificate.file());
        if works {
            let ended = user.gets(&["-v", "--cacert", &file], &url, &content(2_000_000));
            assert_eq!(nginx.takes::<1>()[0]["tls"], protocol);
            assert!(
                ended.stderr().contains(&protocol.replace("TLSv", "TLS"))
                    || ended.stderr().contains(protocol),
                "{ended}"
            );
        } else {
            user.fails(35, &["--retries", "0", "--cacert", &file], &url);
        }
    }
}

/// Neither side waits for the other.
#[test]
fn one_speaks_tls_and_the_other_does_not() {
    let certificate = require!(Certificate::usual());
    let nginx = require!(Nginx::secure(&certificate, TLS));
    let odd = require!(Odd::start());
    let user = User::new();
    let plain = nginx.url("/f").replace("http:", "https:");
    user.fails(35, &["--retries", "0", "-k"], &plain);
    let babble = odd.url("/garbage").replace("http:", "https:");
    user.fails(35, &["--retries", "0", "-k"], &babble);
    // nginx answers in plain text
    let ended =
        user.fails(22, &["--retries", "0"], &nginx.secure_url("/f").replace("https:", "http:"));
    assert!(ended.stderr().contains("400"), "{ended}");
}

/// Python closes without a word of TLS. Where the end is known otherwise, that is fine.
#[test]
fn ends_that_tls_does_not_announce() {
    let certificate = require!(Certificate::usual());
    let odd = require!(Odd::secure(&certificate));
    let user = User::new();
    let trust = ["--cacert", &certificate.file(), "--retries", "0"];
    for target in ["/early/300000/300000", "/chunked/300000/7777", "/early/0/0"] {
        let size = if target.ends_with("/0/0") { 0 } else { 300_000 };
        user.gets(&trust, &odd.url(target), &content(size));
    }
    // here anybody may have cut it
    for target in
        ["/eof/300000", "/closing/300000", "/early/300000/200000", "/early_chunked/200000"]
    {
        let ended = user.fetch(&trust, &odd.url(target));
        assert!(matches!(ended.code(), Some(18 | 56)), "{ended}");
        assert!(user.names().is_empty());
    }
}

/// Cut under TLS, it goes on too.
#[test]
fn copies_over_tls_go_on() {
    let certificate = require!(Certificate::usual());
    let mut nginx = require!(Nginx::secure(&certificate, TLS));
    let user = User::new();
    nginx.holds("f", &content(1_000_000));
    let url = nginx.secure_url("/f");
    let file = certificate.file();
    let slow = ["-H", "X-Rate: 1", "-H", "X-After: 301000", "--retries", "0"];
    let copy = user.start(&[&["-C", "-vv", "--cacert", &file][..], &slow, &[&url, "f"]].concat());
    crate::copy::wait_for_octets(&copy, 300_000);
    nginx.dies();
    // an end that TLS did not announce is no end
    let ended = copy.wait(crate::LIMIT);
    assert!(matches!(ended.code(), Some(18 | 56)), "{ended}");
    assert!(!ended.stderr().contains("rustls"), "{ended}");
    let kept = user.kept("f").expect("a part");
    nginx.returns();
    nginx.forgets();
    user.gets(&["-C", "--cacert", &file], &url, &content(1_000_000));
    assert_eq!(nginx.takes::<1>()[0]["range"], format!("bytes={kept}-"));
}
