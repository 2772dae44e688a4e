//! Parts of files: one range, several, a suffix, none that there is, and downloads that go on.

use std::fs;

use wirelore_interop::{content, find, require, run, wait_until};

use crate::LIMIT;
use crate::clients::{Curl, Fifo, Got};
use crate::downloads::strong_tag;
use crate::server::{Server, utf8};

/// One that is sent from memory, and one that is not.
const LENGTHS: [usize; 2] = [10_000, 300_000];

/// RFC 9110 §14.2, RFC 9110 §14.4, RFC 9110 §15.3.7, RFC 9110 §15.3.7.1, RFC 9110 §15.3.7.2.
#[test]
fn curl_gets_one_range() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    for len in LENGTHS {
        let all = content(len);
        server.folder.holds("f", &all);
        let url = server.url("/f");
        let last = len - 1;
        for (range, first, end) in [
            ("0-0".into(), 0, 1),
            ("0-499".into(), 0, 500),
            ("500-999".into(), 500, 1000),
            ("-500".into(), len - 500, len),
            ("-1".into(), last, len),
            (format!("{}-", len - 500), len - 500, len),
            (format!("{last}-{last}"), last, len),
            (format!("9000-{}", len * 2), 9000, len),
            (format!("-{}", len * 2), 0, len),
            ("0-".into(), 0, len),
            // as good as one
            ("0-99,50-149".into(), 0, 150),
            ("100-199,0-99".into(), 0, 200),
        ] {
            let got = curl.get(&["-r", &range], &url);
            got.expect(206, &all[first..end]);
            let told = format!("bytes {first}-{}/{len}", end - 1);
            assert_eq!(got.field("Content-Range"), Some(&*told), "{range}");
            assert_eq!(got.field("Content-Length"), Some(&*(end - first).to_string()));
            assert!(got.field("ETag").is_some() && got.field("Last-Modified").is_some());
            // it has a meaning for GET only
            let head = curl.get(&["--head", "-r", &range], &url);
            head.expect(200, b"");
            assert_eq!(head.field("Content-Length"), Some(&*len.to_string()), "{range}");
        }
    }
}

/// RFC 9110 §8.3.3, RFC 9110 §14.6, RFC 9110 §15.3.7.2.
#[test]
fn curl_gets_several_ranges() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    for len in LENGTHS {
        let all = content(len);
        server.folder.holds("f.txt", &all);
        let url = server.url("/f.txt");
        for (range, wanted) in [
            ("0-9,1000-1099,-5", vec![(0, 10), (1000, 1100), (len - 5, len)]),
            ("5000-5999,0-0", vec![(5000, 6000), (0, 1)]),
            ("0-0,9999-9999,4000-8000", vec![(0, 1), (9999, 10_000), (4000, 8001)]),
            // the second has nothing
            ("0-9,900000-900001,2000-2009", vec![(0, 10), (2000, 2010)]),
        ] {
            let got = curl.get(&["-r", range], &url);
            got.expect_status(206);
            assert_eq!(got.field("Content-Range"), None, "{range}");
            assert_eq!(got.field("Content-Length"), Some(&*got.body.len().to_string()));
            let parts = byteranges(&got);
            let found: Vec<(usize, usize)> =
                parts.iter().map(|part| (part.first, part.first + part.octets.len())).collect();
            // the order is that of the request, or that of the file
            let mut sorted = wanted.clone();
            sorted.sort_unstable();
            assert!(found == wanted || found == sorted, "{range}: {found:?}");
            for part in parts {
                assert_eq!(part.complete, len, "{range}");
                assert_eq!(part.kind, "text/plain");
                assert!(part.octets == &all[part.first..part.first + part.octets.len()]);
            }
        }
    }
}

/// Too many ranges, or such that cost more than the file, are as good as none.
/// RFC 9110 §14.2, RFC 9110 §17.15.
#[test]
fn ranges_that_are_ignored() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    let all = content(10_000);
    server.folder.holds("f", &all);
    server.folder.holds("empty", b"");
    let many: Vec<String> = (0..500).map(|n| format!("{0}-{0}", n * 20)).collect();
    let whole = vec!["0-"; 50].join(",");
    for range in
        [&*many.join(","), &whole, "a-b", "5-4", "1", "bytes=0-1", "--1", "0-99999999999999999999x"]
    {
        curl.get(&["-H", &format!("Range: bytes={range}")], &server.url("/f")).expect(200, &all);
    }
    curl.get(&["-H", "Range: lines=0-1"], &server.url("/f")).expect(200, &all);
    // of nothing there is no part
    let got = curl.get(&["-r", "0-"], &server.url("/empty"));
    assert_eq!(got.expect_status(416).field("Content-Range"), Some("bytes */0"));
}

/// RFC 9110 §14.2, RFC 9110 §14.4, RFC 9110 §15.5.17.
#[test]
fn a_range_that_is_not_there() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    for len in LENGTHS {
        server.folder.holds("f", &content(len));
        let url = server.url("/f");
        for range in [format!("{len}-"), format!("{}-{}", len + 5, len + 9), "-0".into()] {
            let got = curl.get(&["-r", &range], &url);
            got.expect_status(416);
            assert_eq!(got.field("Content-Range"), Some(&*format!("bytes */{len}")), "{range}");
            assert!(!got.text().contains(&server.folder.served("").display().to_string()));
        }
    }
}

/// RFC 9110 §8.8.2.2, RFC 9110 §13.1.5.
#[test]
fn if_range_decides() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    for len in LENGTHS {
        let all = content(len);
        server.folder.holds("f", &all);
        let url = server.url("/f");
        let tag = strong_tag(&curl, &url);
        let modified = curl.get(&["--head"], &url).field("Last-Modified").unwrap().to_owned();
        for (condition, partial) in [
            (tag.clone(), true),
            (format!("W/{tag}"), false),
            ("\"other\"".into(), false),
            // too young for a date to tell
            (modified, false),
            ("Sat, 01 Jan 2000 00:00:00 GMT".into(), false),
        ] {
            let got = curl.get(&["-r", "10-19", "-H", &format!("If-Range: {condition}")], &url);
            let (status, body) = if partial { (206, &all[10..20]) } else { (200, &all[..]) };
            got.expect(status, body);
        }
    }
}

/// `-C -`: a download that was cut goes on where it was, and what is whole already is left alone.
#[test]
fn curl_resumes() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    let all = content(3_000_000);
    server.folder.holds("f", &all);
    let copy = server.folder.copy("f");
    for cut in [0, 1, 4096, 2_000_000, 2_999_999] {
        fs::write(&copy, &all[..cut]).unwrap();
        curl.run(["-C", "-", "-o", utf8(&copy), &server.url("/f")]).expect_success();
        assert!(fs::read(&copy).unwrap() == all, "{cut}");
    }
    let sent: u64 = server.events("transfer").iter().filter_map(|it| it["bytes"].as_u64()).sum();
    assert_eq!(sent, 5 * 3_000_000 - (1 + 4096 + 2_000_000 + 2_999_999));
    curl.run(["-C", "-", "-o", utf8(&copy), &server.url("/f")]);
    assert!(fs::read(&copy).unwrap() == all);
}

/// A download whose client is killed in its middle, and its second half.
#[test]
fn what_was_cut_is_resumed() {
    let curl = require!(Curl::new());
    let program = require!(find("wget"));
    let server = Server::start(&[]);
    let all = content(24 << 20);
    server.folder.holds("f", &all);
    for wget in [false, true] {
        let mut fifo = Fifo::new();
        let mut command = curl.command(["-o", fifo.path(), &server.url("/f")]);
        let client = wirelore_interop::Peer::start(&mut command);
        fifo.begins();
        client.signal("KILL");
        assert_eq!(client.wait(LIMIT).code(), None);
        let half = fifo.rest();
        assert!(half.len() < all.len() && half == all[..half.len()]);
        let copy = server.folder.copy("f");
        fs::write(&copy, half).unwrap();
        if wget {
            let mut command = std::process::Command::new(&program);
            command.args(["--no-config", "-q", "-c", "-O", utf8(&copy), &server.url("/f")]);
            run(&mut command, LIMIT).expect_success();
        } else {
            curl.run(["-C", "-", "-o", utf8(&copy), &server.url("/f")]).expect_success();
        }
        assert!(fs::read(&copy).unwrap() == all, "{wget}");
    }
    // the server knows which of them did not end well
    let failed = wait_until("two failures", LIMIT, || {
        let events = server.events("transfer");
        let failed: Vec<_> = events.into_iter().filter(|event| event["ok"] == false).collect();
        (failed.len() == 2).then_some(failed)
    });
    assert!(failed.iter().all(|event| event["bytes"].as_u64() < Some(24 << 20)), "{failed:?}");
}

/// A part of a multipart body.
struct Part<'p> {
    kind: &'p str,
    first: usize,
    complete: usize,
    octets: &'p [u8],
}

/// The parts of a `multipart/byteranges` body, in which nothing may be that is not in the grammar.
#[track_caller]
fn byteranges(got: &Got) -> Vec<Part<'_>> {
    let kind = got.field("Content-Type").expect("a type");
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").expect(kind);
    assert!((1..=70).contains(&boundary.len()));
    assert!(boundary.bytes().all(|octet| octet.is_ascii_alphanumeric()), "{kind}");
    let dashes = format!("--{boundary}");
    // a line end may stand in front of the first delimiter
    let mut rest = got.body.strip_prefix(b"\r\n").unwrap_or(&got.body);
    let mut parts = Vec::new();
    loop {
        rest = rest.strip_prefix(dashes.as_bytes()).expect("a delimiter");
        if let Some(end) = rest.strip_prefix(b"--") {
            assert!(end == b"\r\n" || end.is_empty(), "{end:?}");
            return parts;
        }
        assert!(parts.len() < 1000);
        rest = rest.strip_prefix(b"\r\n").expect("the end of a line");
        let end = rest.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = std::str::from_utf8(&rest[..end]).expect("ASCII");
        let lines: Vec<&str> = head.split("\r\n").collect();
        let [kind, range] = lines[..] else { panic!("{head}") };
        let kind = kind.strip_prefix("Content-Type: ").expect(head);
        let range = range.strip_prefix("Content-Range: bytes ").expect(head);
        let (range, complete) = range.split_once('/').expect(head);
        let (first, last) = range.split_once('-').expect(head);
        let [first, last, complete] = [first, last, complete].map(|n| n.parse().expect(head));
        let (octets, behind) = rest[end + 4..].split_at(last + 1 - first);
        parts.push(Part { kind, first, complete, octets });
        rest = behind.strip_prefix(b"\r\n").expect("the end of a part");
    }
}
