//! Fetching, and what is said about it.

use super::http_server::{HttpServer, Reply, answer};
use super::{Scene, content};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use wirelore_pcapng::packets;

/// RFC 9110 §10.1.3, RFC 9110 §10.1.5, RFC 9110 §12.5.4, RFC 9112 §7.4, RFC 1945 §10.8.
/// RFC 6265 §7.2.
#[test]
fn files_are_fetched_whole() {
    let scene = Scene::new();
    for len in [0, 1, 3_000_000] {
        let octets = content(len);
        let sent = octets.clone();
        let server = HttpServer::start(move |_| answer("200 OK", &["ETag: \"a\""], &sent));
        let report = scene
            .copy(&[
                &*server.url("dir/f%20g?x=1"),
                ".",
                "--json",
                "--digest",
                "sha256",
            ])
            .good()
            .json();
        assert!(fs::read(scene.path("f g")).unwrap() == octets);
        assert_eq!(report["bytes"], len);
        assert_eq!(report["options"]["status"], 200);
        assert_eq!(report["options"]["etag"], "\"a\"");
        assert_eq!(report["destination"], "./f g");
        let asked = &server.asked()[0];
        assert_eq!((&*asked.method, &*asked.target), ("GET", "/dir/f%20g?x=1"));
        assert_eq!(asked.field("Host").unwrap(), server.address.to_string());
        assert!(asked.field("User-Agent").unwrap().starts_with("wirelore/"));
        assert_eq!(asked.field("Accept-Encoding"), Some("identity"));
        for name in [
            "Authorization",
            "Cookie",
            "Referer",
            "Accept-Language",
            "TE",
        ] {
            assert_eq!(asked.field(name), None, "{name}");
        }
        let ended = scene.copy(&[&*server.url("f"), "-", "-q"]).good();
        assert!(ended.stdout == octets);
    }
    assert_eq!(scene.names(), ["f g"]);
}

#[test]
fn chunked_and_endless_bodies_are_files_too() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| match &*asked.target {
        "/chunked" => answer(
            "200 OK",
            &["Transfer-Encoding: chunked"],
            b"5;x=y\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        ),
        "/cut" => Reply::Cut(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".to_vec(),
        ),
        "/short" => Reply::Cut(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello".to_vec()),
        _ => Reply::Cut(b"HTTP/1.0 200 OK\r\n\r\nhello world".to_vec()),
    });
    for name in ["chunked", "endless"] {
        scene.copy(&[&*server.url(name), "f"]).good();
        assert_eq!(fs::read(scene.path("f")).unwrap(), b"hello world");
        fs::remove_file(scene.path("f")).unwrap();
    }
    for name in ["cut", "short"] {
        let ended = scene.copy(&[&*server.url(name), "f", "--retries", "0"]);
        assert!(ended.failed(18).contains(name), "{}", ended.stderr);
    }
    assert_eq!(scene.names(), [""; 0]);
}

#[test]
fn refusals_have_their_code_and_are_told() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| {
        let status = asked.target.trim_start_matches('/');
        let text = ["Content-Type: text/plain; charset=utf-8"];
        answer(
            &format!("{status} So\tso"),
            &text,
            b"\r\n no \x1b[31mway \nmore",
        )
    });
    for status in [
        400, 403, 404, 405, 410, 413, 418, 451, 501, 505, 599, 300, 304,
    ] {
        let ended = scene.copy(&[&*server.url(&status.to_string()), "f"]);
        let line = ended.failed(22);
        assert!(
            line.contains(&format!("the server says {status} So")),
            "{line}"
        );
        if status >= 400 {
            assert!(line.ends_with("(\"no \\x1b[31mway\")"), "{line}");
        }
    }
    assert_eq!(scene.names(), [""; 0]);
}

#[test]
fn servers_that_are_none_are_told() {
    let scene = Scene::new();
    let none = ["--retries", "0", "--timeout", "500ms"];
    let server = HttpServer::start(|asked| match &*asked.target {
        "/closed" => Reply::Cut(Vec::new()),
        "/mute" => Reply::Nothing,
        _ => Reply::Cut(b"220 ready when you are\r\n".to_vec()),
    });
    for (path, code) in [("closed", 52), ("mute", 28), ("other", 8)] {
        let ended = scene.copy(&[&[&*server.url(path), "f"], &none[..]].concat());
        assert!(!ended.failed(code).is_empty(), "{path}");
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/f", free.local_addr().unwrap());
    drop(free);
    let ended = scene.copy(&[&[&*url, "f"], &none[..]].concat());
    assert!(ended.failed(7).contains("refused"), "{}", ended.stderr);
    scene.copy(&["http://a..b/f", "f"]).failed(6);
    for bad in ["http://", "http://h:0/x", "http:/h/x", "https://[h]/"] {
        scene.copy(&[bad, "f"]).failed(3);
    }
    assert!(
        scene
            .copy(&[&*server.url(""), "."])
            .failed(2)
            .contains("name")
    );
    assert_eq!(scene.names(), [""; 0]);
}

#[test]
fn digests_of_the_server_are_verified_unless_told_otherwise() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| {
        let good = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
        let field = match &*asked.target {
            "/repr" => format!("Repr-Digest: sha-256=:{good}:"),
            "/digest" => format!("Digest: SHA-256={good}"),
            _ => "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==".to_owned(),
        };
        let body = if asked.field("X-Bad").is_some() {
            b"hellO"
        } else {
            b"hello"
        };
        answer("200 OK", &[&*field], body)
    });
    for path in ["repr", "digest", "md5"] {
        let ended = scene.copy(&[&*server.url(path), "f", "-v"]).good();
        assert!(ended.stderr.contains(" is that of "), "{}", ended.stderr);
        fs::remove_file(scene.path("f")).unwrap();
        let bad = [&*server.url(path), "f", "-H", "X-Bad: 1"];
        assert!(scene.copy(&bad).failed(90).contains("announced"));
        for more in ["--continue", "--insecure", "--no-verify=certificate"] {
            scene.copy(&[&bad[..], &[more]].concat()).failed(90);
        }
        assert_eq!(scene.names(), [""; 0]);
        for more in ["--no-verify", "--no-verify=content"] {
            scene.copy(&[&bad[..], &[more]].concat()).good();
            assert_eq!(fs::read(scene.path("f")).unwrap(), b"hellO");
            fs::remove_file(scene.path("f")).unwrap();
        }
    }
    let wrong = format!("md5:{}", "0".repeat(32));
    scene
        .copy(&[&*server.url("repr"), "f", "--checksum", &*wrong])
        .failed(90);
    assert_eq!(scene.names(), [""; 0]);
}

#[test]
fn large_files_are_refused_before_and_while_they_come() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| match &*asked.target {
        "/known" => answer("200 OK", &[], &[7; 11]),
        _ => answer(
            "200 OK",
            &["Transfer-Encoding: chunked"],
            b"b\r\n01234567890\r\n0\r\n\r\n",
        ),
    });
    for path in ["known", "unknown"] {
        scene
            .copy(&[&*server.url(path), "f", "--max-size", "11"])
            .good();
        fs::remove_file(scene.path("f")).unwrap();
        let small = [&*server.url(path), "f", "--max-size", "10"];
        assert!(scene.copy(&small).failed(63).contains("--max-size"));
    }
    assert_eq!(scene.names(), [""; 0]);
}

/// RFC 6266 §4.3.
#[test]
fn the_server_may_name_the_file_but_not_the_folder() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| match &*asked.target {
        "/evil" => answer(
            "200 OK",
            &["Content-Disposition: attachment; filename=\"../../x/e.bin\""],
            b"1",
        ),
        "/none/" => answer("200 OK", &[], b"1"),
        _ => answer(
            "200 OK",
            &["Content-Disposition: attachment; filename=a; filename*=UTF-8''n%C3%A9"],
            b"1",
        ),
    });
    let named = |path: &str| {
        [&*server.url(path), ".", "--content-disposition", "--json"].map(str::to_owned)
    };
    let report = scene.copy(&named("evil")).good().json();
    assert_eq!(report["destination"], "./e.bin");
    scene.copy(&named("")).good();
    scene.copy(&named("none/")).failed(2);
    scene.copy(&[&*server.url("x"), "."]).good();
    assert_eq!(scene.names(), ["e.bin", "n\u{e9}", "x"]);
}

#[test]
fn verbose_tells_the_two_sides_without_secrets() {
    let scene = Scene::new();
    let server =
        HttpServer::start(|_| answer("200 OK", &["X: a\tb", "Set-Cookie: s3cret"], b"hello"));
    let url = server.url("f").replace("//", "//u:s3cret@");
    let records = ["--trace", "t", "--pcap", "p"];
    let flags = ["--basic", "-H", "X-Token: s3cret", "-vv"];
    let ended = scene
        .copy(&[&[&*url, "g"], &flags[..], &records[..]].concat())
        .good();
    for line in [
        "> GET /f HTTP/1.1",
        "> Authorization: Basic (hidden)",
        "> X-Token: (hidden)",
        "< HTTP/1.1 200 OK",
        "< Set-Cookie: (hidden)",
        "< 5 octets",
    ] {
        let mut lines = ended.stderr.lines();
        assert!(lines.any(|found| found == line), "{line}: {}", ended.stderr);
    }
    let trace = fs::read_to_string(scene.path("t")).unwrap();
    for text in [&trace, &ended.stderr] {
        assert!(
            !text.contains("s3cret") && !text.contains("czNjcmV0"),
            "{text}"
        );
    }
    assert!(trace.contains("octets: GET /f HTTP/1.1\n"), "{trace}");
    assert!(trace.contains("5 octets: body\n"), "{trace}");
    let capture = fs::read(scene.path("p")).unwrap();
    assert!(packets(&capture).count() > 4);
    assert!(capture.windows(15).any(|part| part == b"GET /f HTTP/1.1"));
    let report = scene.copy(&[&*url, "g", "--json"]).good().json();
    assert_eq!(report["source"], server.url("f"));
}

#[test]
fn what_is_coded_is_kept_with_a_note() {
    let scene = Scene::new();
    let server = HttpServer::start(|_| answer("200 OK", &["Content-Encoding: gzip"], b"\x1f\x8b"));
    let ended = scene.copy(&[&*server.url("f.gz"), "."]).good();
    assert!(ended.stderr.contains("coded (gzip)"), "{}", ended.stderr);
    assert_eq!(fs::read(scene.path("f.gz")).unwrap(), b"\x1f\x8b");
}

#[test]
fn the_rate_is_kept_to_and_slowness_noticed() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| match &*asked.target {
        "/stuck" => Reply::Octets(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1".to_vec()),
        _ => answer("200 OK", &[], &content(60_000)),
    });
    let started = std::time::Instant::now();
    let report = scene
        .copy(&[&*server.url("f"), "g", "--limit-rate", "60k", "--json"])
        .good()
        .json();
    assert_eq!(report["bytes"], 60_000);
    // never faster than that; how much slower is the machine's affair
    assert!(started.elapsed().as_millis() > 300);
    let slow = [
        "--speed-limit",
        "100",
        "--speed-time",
        "200ms",
        "--retries",
        "0",
    ];
    let ended = scene.copy(&[&[&*server.url("stuck"), "h"], &slow[..]].concat());
    assert!(
        ended.failed(28).contains("--speed-limit"),
        "{}",
        ended.stderr
    );
    let late = ["--timeout", "200ms", "--retries", "0"];
    scene
        .copy(&[&[&*server.url("stuck"), "h"], &late[..]].concat())
        .failed(28);
}

#[test]
fn the_history_is_private_and_short() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| match &*asked.target {
        "/f" => answer("200 OK", &[], b"hello"),
        _ => answer("404 Not Found", &[], b""),
    });
    let url = server.url("f").replace("//", "//u:s3cret@");
    scene.copy(&[&*url, "g"]).good();
    scene.copy(&[&*server.url("no"), "g"]).failed(22);
    scene.copy(&[&*server.url("f"), "g", "--no-history"]).good();
    scene.copy(&["g", &*server.url("f")]).good();
    let history = scene.copy(&["--history"]).good();
    let lines: Vec<_> = history.text().lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].contains("  get  200             5 bytes  "),
        "{lines:?}"
    );
    assert!(lines[0].ends_with(&server.url("f")), "{lines:?}");
    assert!(lines[1].contains("failed, 22"), "{lines:?}");
    assert!(lines[2].contains("  put  200"), "{lines:?}");
    let path = scene.home.path().join("wirelore/history.jsonl");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!fs::read_to_string(path).unwrap().contains("s3cret"));
}
