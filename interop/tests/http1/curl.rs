//! curl and ncat against our server.

use wirelore_http1::wire::Framing;
use wirelore_http1::{ErrorKind, Version};
use wirelore_interop::{content, find, require};

use crate::client::{Ask, reread};
use crate::lists::{latin, value};
use crate::origin::Origin;
use crate::theirs::{curl, curl_many, piped};

fn url(origin: &Origin, target: &str) -> String {
    format!("http://127.0.0.1:{}{target}", origin.port)
}

#[test]
fn curl_gets_what_we_send() {
    let program = require!(find("curl"));
    let origin = Origin::start();
    for (option, version) in [("", Version::Http11), ("--http1.0", Version::Http10)] {
        for (target, status, body) in [
            ("/length/0", 200, content(0)),
            ("/length/300000", 200, content(300_000)),
            ("/chunked/0", 200, content(0)),
            ("/chunked/300000", 200, content(300_000)),
            ("/trailers", 200, b"hello".to_vec()),
            ("/hints", 200, b"hinted\n".to_vec()),
            ("/status/204", 204, Vec::new()),
            ("/status/304", 304, Vec::new()),
            ("/status/205", 205, Vec::new()),
            ("/status/503", 503, Vec::new()),
        ] {
            let got = curl(&program, &[option], &url(&origin, target));
            assert_eq!(got.status, status, "{option} {target}");
            assert!(got.body == body, "{option} {target}: {} octets", got.body.len());
            let [asked] = &origin.take_good()[..] else { panic!("one request") };
            assert_eq!((asked.version, asked.framing), (version, Framing::None), "{asked:?}");
        }
    }
}

/// curl shows trailers behind the head.
#[test]
fn curl_gets_trailers_and_hints() {
    let program = require!(find("curl"));
    let origin = Origin::start();
    let (code, output, _) = piped(&program, &["-si", &url(&origin, "/hints")], b"");
    let text = latin(&output);
    assert_eq!(code, 0);
    assert!(
        text.starts_with("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"),
        "{text}"
    );
    assert!(text.contains("HTTP/1.1 200 OK\r\n"), "{text}");
    let arguments = ["-s", "-o", "/dev/null", "-D", "-", &url(&origin, "/trailers")];
    let (_, output, _) = piped(&program, &arguments, b"");
    let text = latin(&output);
    assert!(text.ends_with("\r\n\r\nX-Sum: 5\r\n"), "{text}");
}

#[test]
fn we_read_what_curl_sends() {
    let program = require!(find("curl"));
    let origin = Origin::start();
    let body = content(300_000);
    let input = url(&origin, "/back");
    let length = Framing::Length(300_000);
    let quiet = ["-sS", "--max-time", "30"];
    for (arguments, method, version, framing, expected) in [
        // curl waits for 100 (Continue) before what it uploads
        (&["-T", "-", "-H", "Expect:"][..], "PUT", Version::Http11, Framing::Chunked, false),
        (&["-T", "-"], "PUT", Version::Http11, Framing::Chunked, true),
        (&["-T", "/dev/stdin"], "PUT", Version::Http11, length, true),
        (&["--data-binary", "@-"], "POST", Version::Http11, length, false),
        (
            &["--data-binary", "@-", "-H", "Expect: 100-continue"],
            "POST",
            Version::Http11,
            length,
            true,
        ),
        (&["--data-binary", "@-", "-0"], "POST", Version::Http10, length, false),
        (
            &["--data-binary", "@-", "-H", "Transfer-Encoding: chunked"],
            "POST",
            Version::Http11,
            Framing::Chunked,
            false,
        ),
        (&["-X", "DELETE", "--data-binary", "@-"], "DELETE", Version::Http11, length, false),
    ] {
        let all = [&quiet, arguments, &[input.as_str()]].concat();
        let (code, output, said) = piped(&program, &all, &body);
        assert_eq!(code, 0, "{arguments:?}: {said}");
        assert!(output == body, "{arguments:?}: {} octets came back", output.len());
        let [asked] = &origin.take_good()[..] else { panic!("one request: {arguments:?}") };
        assert_eq!((asked.method.as_str(), asked.version), (method, version), "{arguments:?}");
        // curl may know the length of a file that it has as its standard input
        assert_eq!(asked.framing, framing, "{arguments:?}: {:?}", asked.fields);
        assert_eq!(asked.expected, expected, "{arguments:?}: {:?}", asked.fields);
        assert!(asked.body == body);
    }
}

/// A form, a HEAD, OPTIONS with and without a path, and an absolute-form as for a proxy.
#[test]
fn we_read_other_requests_of_curl() {
    let program = require!(find("curl"));
    let origin = Origin::start();
    let got = curl(&program, &["--data", "a=b", "--data", "c=d e"], &url(&origin, "/form"));
    assert_eq!(got.body, b"a=b&c=d e");
    let got = curl(&program, &["--head"], &url(&origin, "/length/70000"));
    assert_eq!((got.status, value(&got.fields, "Content-Length")), (200, Some("70000")));
    curl(&program, &["-X", "OPTIONS", "--request-target", "*"], &url(&origin, "/"));
    curl(&program, &["-X", "OPTIONS"], &url(&origin, "/"));
    let proxy = format!("http://127.0.0.1:{}", origin.port);
    let arguments = ["--noproxy", "nothing.invalid", "--proxy", &proxy];
    curl(&program, &arguments, "http://example.invalid/a?b");
    let asked = origin.take_good();
    let lines: Vec<String> =
        asked.iter().map(|asked| format!("{} {}", asked.method, asked.target)).collect();
    let proxied = "GET http://example.invalid/a?b";
    assert_eq!(lines, ["POST /form", "HEAD /length/70000", "OPTIONS *", "OPTIONS /", proxied]);
    assert_eq!(asked[4].field("Host"), Some("example.invalid"));
}

/// A server that wants no body says so at once: what curl still sends does no harm.
#[test]
fn a_refusal_reaches_curl() {
    let program = require!(find("curl"));
    let origin = Origin::start();
    let body = content(3_000_000);
    for expectation in ["Expect: 100-continue", "Expect:"] {
        let target = url(&origin, "/refuse");
        let arguments =
            ["-sS", "-w", "%{http_code}", "-H", expectation, "--data-binary", "@-", &target];
        let (code, output, said) = piped(&program, &arguments, &body);
        assert_eq!(latin(&output), "too much\n413", "{expectation}: {said}");
        assert_eq!(code, 0, "{expectation}: {said}");
        let (asked, faults) = origin.take();
        // a body that waits is not waited for, and of another the rest need not come
        let truncated = faults.iter().filter(|error| error.kind == ErrorKind::Truncated).count();
        assert_eq!(faults.len(), truncated, "{faults:?}");
        let most = usize::from(expectation == "Expect:");
        assert!(asked.len() + truncated <= most, "{expectation}: {asked:?} {faults:?}");
    }
}

#[test]
fn curl_keeps_our_connections_alive() {
    let program = require!(find("curl"));
    let origin = Origin::start();
    let urls = ["/length/1", "/chunked/70000", "/status/204", "/trailers", "/status/304"];
    let urls = urls.map(|target| url(&origin, target));
    let posted = url(&origin, "/posted");
    let closed = url(&origin, "/close");
    let last = url(&origin, "/length/2");
    let mut arguments: Vec<&str> = urls.iter().map(String::as_str).collect();
    arguments.extend(["--next", "--data", "x=y", &posted]);
    arguments.extend(["--next", "--head", &last, "--next", &closed, &last]);
    let got = curl_many(&program, &arguments, 9);
    let statuses: Vec<u16> = got.iter().map(|got| got.status).collect();
    assert_eq!(statuses, [200, 200, 204, 200, 304, 200, 200, 200, 200]);
    assert_eq!(got[5].body, b"x=y");
    let connects: Vec<u32> = got.iter().map(|got| got.connects).collect();
    assert_eq!(connects, [1, 0, 0, 0, 0, 0, 0, 0, 1]);
    let connections: Vec<usize> = origin.take_good().iter().map(|asked| asked.connection).collect();
    assert_eq!(connections, [0, 0, 0, 0, 0, 0, 0, 0, 1]);
    // with HTTP/1.0, too, if it is asked for
    let arguments = ["-0", "-H", "Connection: keep-alive", &urls[0], &urls[2], &urls[1]];
    let connects: Vec<u32> =
        curl_many(&program, &arguments, 3).iter().map(|got| got.connects).collect();
    assert_eq!(connects, [1, 0, 0]);
}

/// All requests at once, as no client of today sends them, and octets behind the last.
#[test]
fn ncat_pipelines() {
    let program = require!(find("ncat"));
    let origin = Origin::start();
    let text = "GET /length/3 HTTP/1.1\r\nHost: a\r\n\r\n\
        \r\n\r\nPOST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd\
        POST /two HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nef\r\n0\r\nX-T: 1\r\n\r\n\
        HEAD /length/9 HTTP/1.1\r\nHost: a\r\n\r\n\
        GET /chunked/20000 HTTP/1.1\r\nHost: a\r\n\r\n\
        GET /trailers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\n";
    let port = origin.port.to_string();
    let (code, output, said) = piped(&program, &["127.0.0.1", &port], text.as_bytes());
    assert_eq!(code, 0, "{said}");
    let asked = origin.take_good();
    let targets: Vec<&str> = asked.iter().map(|asked| asked.target.as_str()).collect();
    let all = ["/length/3", "/one", "/two", "/length/9", "/chunked/20000", "/trailers"];
    assert_eq!(targets, all);
    assert_eq!(asked[2].trailers, [("X-T".to_owned(), "1".to_owned())]);
    let asks = ["GET", "POST", "POST", "HEAD", "GET", "GET"].map(|method| Ask::new(method, "/"));
    let got = reread(&asks, &output, || 1000);
    let bodies: Vec<&[u8]> = got.iter().map(|got| &got.body[..]).collect();
    assert_eq!(bodies, [&content(3)[..], b"abcd", b"ef", b"", &content(20_000), b"hello"]);
    assert!(!got[5].keep_alive);
}

/// What cannot be read is answered with the status code that says why, and the connection ends.
#[test]
fn ncat_is_told_what_is_wrong() {
    let program = require!(find("ncat"));
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(9000));
    let big = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n", "a".repeat(66_000));
    for (text, status) in [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (&long, 414),
        (&big, 431),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ] {
        let origin = Origin::start();
        let port = origin.port.to_string();
        let (_, output, _) = piped(&program, &["127.0.0.1", &port], text.as_bytes());
        let output = latin(&output);
        assert!(output.starts_with(&format!("HTTP/1.1 {status} ")), "{text:.40}: {output}");
        assert!(output.contains("\r\nConnection: close\r\n"), "{text:.40}: {output}");
        let (asked, faults) = origin.take();
        assert_eq!((asked.len(), faults.len()), (0, 1), "{text:.40}: {faults:?}");
    }
}
