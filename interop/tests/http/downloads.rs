//! curl asks for files: GET and HEAD, every version, conditions, and what a connection is good for.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use wirelore_interop::{content, find, require, wait_until};

use crate::clients::{Curl, Got, Piped};
use crate::server::{Server, utf8};

/// Around what is read at once, and around the size up to which files are sent from memory.
const SIZES: [usize; 8] = [0, 1, 4095, 4096, 65_535, 65_536, 65_537, 3 << 20];

fn holding_sizes() -> Server {
    let server = Server::start(&[]);
    for size in SIZES {
        server.folder.holds(&size.to_string(), &content(size));
    }
    server
}

/// The entity tag, once it is a strong one: a file that was just written may change within the same tick
/// of the clock.
#[track_caller]
pub(crate) fn strong_tag(curl: &Curl, url: &str) -> String {
    wait_until("a strong entity tag", crate::LIMIT, || {
        let tag = curl.get(&["--head"], url).field("ETag").map(str::to_owned)?;
        (!tag.starts_with("W/")).then_some(tag)
    })
}

/// That the fields of a response with a file are what they should be.
#[track_caller]
fn expect_fields(got: &Got, size: usize) {
    assert_eq!(got.field("Content-Length"), Some(&*size.to_string()), "{got:?}");
    assert_eq!(got.field("Accept-Ranges"), Some("bytes"));
    assert_eq!(got.field("Transfer-Encoding"), None);
    assert_eq!(got.field("Content-Encoding"), None);
    assert!(got.field("Server").is_some_and(|server| server.starts_with("wirelore/")));
    for name in ["Date", "Last-Modified"] {
        let date = got.field(name).expect(name);
        assert!(date.len() == 29 && date.ends_with(" GMT"), "{date}");
    }
    let tag = got.field("ETag").expect("ETag");
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    assert!(tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
}

/// RFC 9110 §5.3, RFC 9110 §6.6.1, RFC 9110 §8.6, RFC 9110 §8.8.2.1, RFC 9110 §9.1,
/// RFC 9110 §9.3.2, RFC 9110 §10.2.4, RFC 9110 §15.3.1, RFC 1945 §8.2.
#[test]
fn curl_gets_files_of_all_sizes() {
    let curl = require!(Curl::new());
    let server = holding_sizes();
    // twice: the second time from memory
    for options in [&[][..], &["--http1.0"], &["--compressed"], &["-H", "Connection: close"], &[]] {
        for size in SIZES {
            let url = server.url(&format!("/{size}"));
            let got = curl.get(options, &url);
            got.expect(200, &content(size));
            expect_fields(&got, size);
            assert_eq!(got.version, "1.1");
            let head = curl.get(&[options, &["--head"]].concat(), &url);
            head.expect(200, b"");
            expect_fields(&head, size);
            let told = |got: &Got| {
                let names = ["ETag", "Last-Modified", "Content-Type", "Content-Length"];
                names.map(|name| got.field(name).map(|value| value.replace("W/", "")))
            };
            assert_eq!(told(&got), told(&head), "{options:?} {size}");
        }
    }
    let reads = server.events("transfer");
    assert!(reads.iter().all(|event| event["ok"] == true), "{reads:?}");
}

/// Two URLs, one connection, unless somebody wants it otherwise.
#[test]
fn curl_keeps_connections() {
    let curl = require!(Curl::new());
    let server = holding_sizes();
    let urls = ["/65537", "/0", "/nothing", "/4096", "/3145728", "/"].map(|path| server.url(path));
    let urls = urls.each_ref().map(String::as_str);
    for (options, reused) in [
        (&[][..], true),
        (&["--head"], true),
        (&["--http1.0", "-H", "Connection: keep-alive"], true),
        (&["--http1.0"], false),
        (&["-H", "Connection: close"], false),
        (&["-X", "OPTIONS"], true),
        (&["-X", "POST"], true),
    ] {
        let got = curl.many(options, &urls);
        let connects: Vec<u64> = got.iter().map(|got| got.connects).collect();
        let expected = [1, u64::from(!reused)];
        assert_eq!(connects[0], expected[0], "{options:?}");
        assert!(
            connects[1..].iter().all(|&count| count == expected[1]),
            "{options:?} {connects:?}"
        );
        let closed = got.iter().all(|got| got.field("Connection") == Some("close"));
        assert_eq!(closed, !reused, "{options:?} {got:?}");
    }
}

/// Files are sent as they are, whatever a client could undo; a `.gz` is a file and no coding.
/// RFC 9110 §8.4, RFC 9110 §12.5.3.
#[test]
fn nothing_is_compressed() {
    let curl = require!(Curl::new());
    let gzip = require!(find("gzip"));
    let server = Server::start(&[]);
    let text = "All work and no play makes the test a dull test.\n".repeat(3000);
    let file = server.folder.holds("text.txt", text.as_bytes());
    let mut zip = std::process::Command::new(gzip);
    wirelore_interop::run(zip.args(["-9", "-k"]).arg(file), crate::LIMIT).expect_success();
    let zipped = fs::read(server.folder.served("text.txt.gz")).unwrap();
    for (name, octets) in [("/text.txt", text.as_bytes()), ("/text.txt.gz", &zipped)] {
        for options in
            [&["--compressed"][..], &["-H", "Accept-Encoding: gzip, *;q=0"], &["--tr-encoding"]]
        {
            let got = curl.get(options, &server.url(name));
            got.expect(200, octets);
            expect_fields(&got, octets.len());
        }
    }
}

/// RFC 9110 §8.3, RFC 1945 §3.4, RFC 1945 §7.2.1.
#[test]
fn types_follow_names() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    for (name, octets, kind) in [
        ("a.txt", "grün\n".as_bytes(), "text/plain; charset=utf-8"),
        ("latin.txt", b"gr\xfcn\n", "text/plain"),
        ("a.html", b"<p>a", "text/html; charset=utf-8"),
        ("a.png", b"\x89PNG", "image/png"),
        ("a.json", b"{}", "application/json"),
        ("a.gz", b"\x1f\x8b", "application/gzip"),
        ("no-ending", b"?", "application/octet-stream"),
    ] {
        server.folder.holds(name, octets);
        let got = curl.get(&[], &server.url(&format!("/{name}")));
        got.expect(200, octets);
        assert_eq!(got.field("Content-Type"), Some(kind), "{name}");
    }
}

/// HTTP/0.9: the octets of the file and nothing else, then the end. curl sends such a
/// request as a method with a line of its own, and what it adds behind it is not looked at.
/// RFC 1945 §3.1, RFC 1945 §4.1, RFC 1945 §5.
#[test]
fn files_are_sent_over_http_0_9() {
    let curl = require!(Curl::new());
    let ncat = require!(find("ncat"));
    let server = Server::start(&[]);
    for size in [0, 1, 1000, 65_537, 1 << 20] {
        server.folder.holds("f", &content(size));
        let port = server.port.to_string();
        let (ended, output) = Piped::start(&ncat, &["127.0.0.1", &port], b"GET /f\r\n").wait();
        ended.expect_success();
        assert!(output == content(size), "{size}: {} octets", output.len());
        if size > 0 {
            let copy = server.folder.copy("copy");
            let arguments = ["--http0.9", "-X", "GET /f\r\n", "-o", utf8(&copy), &server.url("/")];
            curl.run(arguments).expect_success();
            assert!(fs::read(&copy).unwrap() == content(size), "{size}");
        }
    }
    // an error has no head either, only words
    let port = server.port.to_string();
    let (_, output) = Piped::start(&ncat, &["127.0.0.1", &port], b"GET /nothing\r\n").wait();
    let text = String::from_utf8(output).unwrap();
    assert!(!text.contains("HTTP/") && text.contains("not found"), "{text}");
    let server = Server::start(&["--http-no-09"]);
    server.folder.holds("f", b"secret of the modern");
    let port = server.port.to_string();
    let (_, output) = Piped::start(&ncat, &["127.0.0.1", &port], b"GET /f\r\n").wait();
    let text = String::from_utf8(output).unwrap();
    assert!(text.starts_with("HTTP/1.1 400 ") && !text.contains("modern"), "{text}");
}

/// `-z`: If-Modified-Since and If-Unmodified-Since.
/// RFC 9110 §8.6, RFC 9110 §8.8.2.1, RFC 9110 §13.1.3, RFC 9110 §13.1.4, RFC 9110 §15.4.5,
/// RFC 1945 §9.3, RFC 1945 §10.9.
/// RFC 1945 §10.10.
#[test]
fn curl_asks_for_what_is_newer() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    let file = server.folder.holds("f", &content(100_000));
    let before = SystemTime::now() - Duration::from_secs(10_000);
    let at = |seconds: i64| {
        let since = before.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        format!("@{}", i64::try_from(since).unwrap() + seconds)
    };
    File::options().write(true).open(&file).unwrap().set_modified(before).unwrap();
    let reference = server.folder.copy("reference");
    let date = |seconds: i64| {
        let mut command = std::process::Command::new("date");
        command.env("LC_ALL", "C").args(["-u", "-d", &at(seconds), "+%a, %d %b %Y %H:%M:%S GMT"]);
        wirelore_interop::run(&mut command, crate::LIMIT).stdout().trim().to_owned()
    };
    let url = server.url("/f");
    for (seconds, changed) in [(-1, true), (0, false), (1, false), (5000, false)] {
        let got = curl.get(&["-z", &date(seconds)], &url);
        if changed {
            got.expect(200, &content(100_000));
            assert_eq!(got.field("Last-Modified"), Some(&*date(0)));
        } else {
            got.expect(304, b"");
            assert_eq!(got.field("Content-Length"), None, "{got:?}");
            assert!(got.field("ETag").is_some() && got.field("Date").is_some(), "{got:?}");
        }
        // not if it has changed since
        let got = curl.get(&["-H", &format!("If-Unmodified-Since: {}", date(seconds))], &url);
        got.expect_status(if changed { 412 } else { 200 });
    }
    // nothing was changed later than now
    let later = before + Duration::from_secs(1_000_000);
    File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
    let told = curl.get(&["--head"], &url).field("Last-Modified").unwrap().to_owned();
    assert_ne!(told, date(1_000_000));
    File::options().write(true).open(&file).unwrap().set_modified(before).unwrap();
    // with the date of a file
    fs::write(&reference, b"").unwrap();
    File::options().write(true).open(&reference).unwrap().set_modified(before).unwrap();
    curl.get(&["-z", utf8(&reference)], &url).expect(304, b"");
}

/// RFC 9110 §8.8.3, RFC 9110 §13.1.1, RFC 9110 §13.1.2, RFC 9110 §15.4.5.
#[test]
fn curl_keeps_entity_tags() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    for size in [1000, 100_000] {
        let name = format!("f{size}");
        server.folder.holds(&name, &content(size));
        let url = server.url(&format!("/{name}"));
        let tag = strong_tag(&curl, &url);
        let kept = server.folder.copy("tag");
        let _ = fs::remove_file(&kept);
        curl.get(&["--etag-save", utf8(&kept)], &url).expect(200, &content(size));
        assert_eq!(fs::read_to_string(&kept).unwrap().trim(), tag);
        let got = curl.get(&["--etag-compare", utf8(&kept), "--etag-save", utf8(&kept)], &url);
        got.expect(304, b"");
        assert_eq!(got.field("ETag"), Some(&*tag));
        // one octet is another
        let mut other = content(size);
        other[size / 2] ^= 1;
        server.folder.holds(&name, &other);
        let got = curl.get(&["--etag-compare", utf8(&kept), "--etag-save", utf8(&kept)], &url);
        got.expect(200, &other);
        for (field, status) in [
            (format!("If-None-Match: {tag}"), 200),
            ("If-None-Match: *".into(), 304),
            (format!("If-Match: {tag}"), 412),
            ("If-Match: *".into(), 200),
            (format!("If-None-Match: \"x\", W/{}", strong_tag(&curl, &url)), 304),
        ] {
            let got = curl.get(&["-H", &field], &url);
            got.expect_status(status);
            assert!(status != 200 || got.body == other);
        }
    }
}

/// A small file comes from memory, but never one that is not there any more: rewritten in place with as
/// many octets, replaced, removed.
/// RFC 9110 §8.8.3.
#[test]
fn what_is_new_is_served_at_once() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    let url = server.url("/f");
    for round in 0..25_u8 {
        let octets = [b'a' + round; 100];
        if round % 3 == 2 {
            let next = server.folder.outside("next");
            fs::write(&next, octets).unwrap();
            fs::rename(next, server.folder.served("f")).unwrap();
        } else {
            server.folder.holds("f", &octets);
        }
        for got in curl.many(&[], &[&url, &url]) {
            got.expect(200, &octets);
        }
    }
    fs::remove_file(server.folder.served("f")).unwrap();
    curl.get(&[], &url).expect_status(404);
}

/// What is no download.
/// RFC 9110 §5.6.1.1, RFC 9110 §9.1, RFC 9110 §9.2.1, RFC 9110 §9.3.7, RFC 9110 §9.3.8,
/// RFC 9110 §10.1.1, RFC 9110 §10.2.1, RFC 9110 §15.5.6, RFC 1945 §5.1.1.
#[test]
fn methods_that_are_none() {
    let curl = require!(Curl::new());
    let server = holding_sizes();
    let url = server.url("/4096");
    for (options, status) in [
        (&["-X", "OPTIONS"][..], 204),
        (&["-X", "OPTIONS", "--request-target", "*"], 204),
        (&["-d", "a=b"], 405),
        (&["-X", "DELETE"], 405),
        (&["-X", "PATCH", "-d", "x"], 405),
        (&["-X", "TRACE"], 405),
        (&["-X", "PROPFIND"], 501),
        (&["-H", "Expect: a-miracle"], 417),
        (&["--request-target", "http://elsewhere.invalid/4096"], 200),
    ] {
        let got = curl.get(options, &url);
        got.expect_status(status);
        let allow = matches!(status, 204 | 405).then_some("GET, HEAD, OPTIONS");
        assert_eq!(got.field("Allow"), allow, "{options:?} {got:?}");
        let length = (status != 204).then(|| got.body.len().to_string());
        assert_eq!(got.field("Content-Length"), length.as_deref(), "{options:?} {got:?}");
    }
    assert_eq!(fs::read(server.folder.served("4096")).unwrap(), content(4096));
}
