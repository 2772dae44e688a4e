//! PUT and DELETE: what arrives, what is refused, and that nothing is left of that.

use std::fs;

use wirelore_interop::{content, digest, digest_of, find, require};

use crate::clients::{Curl, Piped};
use crate::downloads::strong_tag;
use crate::server::{Folder, Server, utf8};

/// Around the size of what is written to the disk at a time.
const SIZES: [usize; 6] = [0, 1, 65_536, 262_144, 262_145, 5 << 20];

/// What curl needs to wait for 100 (Continue) as long as it takes.
const PATIENT: [&str; 4] = ["-H", "Expect: 100-continue", "--expect100-timeout", "40"];

/// RFC 9110 §9.3.4.
/// RFC 9110 §8.7.
#[test]
fn curl_puts_files_of_all_sizes() {
    let curl = require!(Curl::new());
    let server = Server::start(&["--upload", "overwrite"]);
    let source = server.folder.outside("source");
    // where the content was before is nothing to us
    let located = ["-H", "Expect:", "-H", "Content-Location: /elsewhere"];
    for (round, options) in [&[][..], &["--http1.0"], &PATIENT, &located].iter().enumerate() {
        for (status, size) in SIZES.iter().map(|size| (201, size)).chain([(204, &7), (204, &0)]) {
            // those at the end are other contents for files that are there
            let name = format!("/{round}-{}", if status == 201 { *size } else { SIZES[5] });
            let octets = content(*size);
            fs::write(&source, &octets).unwrap();
            let got = curl.get(&[options, &["-T", utf8(&source)][..]].concat(), &server.url(&name));
            got.expect(status, b"");
            assert_eq!(got.uploaded(), *size as u64);
            assert_eq!(digest_of(&server.folder.served(&name[1..])), digest(&octets), "{name}");
            curl.get(&[], &server.url(&name)).expect(200, &octets);
        }
    }
    assert_eq!(server.folder.names().len(), 4 * SIZES.len(), "nothing else is left");
    let mut events = server.events("transfer");
    events.retain(|event| event["direction"] == "write");
    assert!(events.iter().all(|event| event["ok"] == true), "{events:?}");
    let bytes: Vec<u64> = events.iter().filter_map(|event| event["bytes"].as_u64()).collect();
    let sizes: Vec<u64> = SIZES.iter().chain(&[7, 0]).map(|&size| size as u64).collect();
    assert_eq!(bytes, sizes.repeat(4));
}

/// Nobody knows beforehand how long it is.
#[test]
fn curl_puts_its_input_in_chunks() {
    let curl = require!(find("curl"));
    let server = Server::start(&["--upload", "create"]);
    for size in SIZES {
        for (number, expect) in ["Expect:", "Expect: 100-continue"].into_iter().enumerate() {
            let name = format!("{size}-{number}");
            let url = server.url(&format!("/{name}"));
            let arguments = ["-q", "-sS", "-T", "-", "-w", "%{http_code}", "--max-time", "50"];
            let arguments =
                [&arguments[..], &["-H", expect, "--expect100-timeout", "40", &url]].concat();
            let (ended, output) = Piped::start(&curl, &arguments, &content(size)).wait();
            ended.expect_success();
            assert_eq!(output, b"201");
            assert_eq!(digest_of(&server.folder.served(&name)), digest(&content(size)), "{name}");
        }
    }
}

/// A client that asks first is told before it has sent an octet of the body, and the connection that it
/// asked on is no worse for it, or closed in order.
/// RFC 9110 §9.3.4, RFC 9110 §10.1.1, RFC 9110 §12.5.3, RFC 9110 §13.2.1, RFC 9110 §14.5.
#[test]
fn who_asks_first_sends_nothing_in_vain() {
    let curl = require!(Curl::new());
    let large = content(200_000);
    for (arguments, condition, target, status) in [
        (&[][..], "X-None: 0", "/new", 405),
        (&["--upload", "create", "--max-upload", "100000"], "X-None: 0", "/new", 413),
        (&["--upload", "create"], "X-None: 0", "/there", 409),
        (&["--upload", "overwrite"], "If-None-Match: *", "/there", 412),
        (&["--upload", "overwrite"], "If-Match: \"stale\"", "/there", 412),
        (&["--upload", "overwrite"], "If-Match: *", "/new", 412),
        (&["--upload", "create"], "X-None: 0", "/nowhere/new", 409),
        (&["--upload", "create"], "X-None: 0", "/folder", 409),
        (&["--upload", "create"], "X-None: 0", "/.hidden", 403),
        (&["--upload", "create"], "X-None: 0", "/%00", 400),
        (&["--upload", "create"], "X-None: 0", "/../new", 400),
        (&["--upload", "create"], "X-None: 0", "/new?query", 400),
        (&["--upload", "create"], "Content-Range: bytes 0-1/2", "/new", 400),
        (&["--upload", "create"], "Content-Encoding: gzip", "/new", 415),
        (&["--upload", "create", "--upload-from", "10.0.0.0/8"], "X-None: 0", "/new", 405),
        (&["--upload", "create", "--upload-folder", "folder"], "X-None: 0", "/new", 403),
    ] {
        let folder = Folder::new();
        folder.holds("there", b"old");
        folder.holds("folder/f", b"x");
        let server = Server::over(folder, arguments);
        let source = server.folder.outside("source");
        fs::write(&source, &large).unwrap();
        let upload =
            [&PATIENT[..], &["--path-as-is", "-H", condition, "-T", utf8(&source)]].concat();
        let got = curl.get(&upload, &server.url(target));
        got.expect_status(status);
        assert_eq!(got.uploaded(), 0, "{arguments:?} {condition} {target}");
        // and who does not ask is told all the same
        let upload = ["--path-as-is", "-H", condition, "-H", "Expect:", "-T", utf8(&source)];
        let got = curl.get(&upload, &server.url(target));
        got.expect_status(status);
        assert_eq!(
            server.folder.names(),
            ["folder", "there"],
            "{arguments:?} {condition} {target}"
        );
        assert_eq!(fs::read(server.folder.served("there")).unwrap(), b"old");
        assert!(!server.folder.outside("new").exists());
        curl.get(&[], &server.url("/there")).expect(200, b"old");
    }
}

/// A body that is too long is refused by its length before it comes, and in its middle where nobody
/// knew.
#[test]
fn uploads_are_limited() {
    let curl = require!(Curl::new());
    let program = require!(find("curl"));
    let server = Server::start(&["--upload", "create", "--max-upload", "1MB"]);
    let source = server.folder.outside("source");
    for (size, status) in [(1_000_000, 201), (1_000_001, 413), (20_000_000, 413)] {
        fs::write(&source, content(size)).unwrap();
        let known = format!("/known-{size}");
        let got = curl.get(&["-H", "Expect:", "-T", utf8(&source)], &server.url(&known));
        got.expect_status(status);
        assert!(size < 20_000_000 || got.uploaded() < 20_000_000, "all of it was sent");
        let url = server.url(&format!("/unknown-{size}"));
        let arguments = ["-q", "-sS", "-T", "-", "-o", "/dev/null", "-w", "%{http_code}", &url];
        let (ended, output) = Piped::start(&program, &arguments, &content(size)).wait();
        ended.expect_success();
        assert_eq!(output, status.to_string().as_bytes(), "{size}");
    }
    assert_eq!(server.folder.names(), ["known-1000000", "unknown-1000000"]);
}

/// Only what is expected is replaced: nobody's work is lost.
/// RFC 9110 §13.1.1, RFC 9110 §13.1.2, RFC 9110 §13.1.4, RFC 9110 §13.2.1.
#[test]
fn conditions_protect_what_is_there() {
    let curl = require!(Curl::new());
    let server = Server::start(&["--upload", "overwrite"]);
    let source = server.folder.outside("source");
    let url = server.url("/f");
    let put = |octets: &[u8], condition: &str| {
        fs::write(&source, octets).unwrap();
        curl.get(&["-H", condition, "-T", utf8(&source)], &url).status
    };
    let served = || fs::read(server.folder.served("f")).unwrap();
    assert_eq!(put(b"first", "If-None-Match: *"), 201);
    assert_eq!(put(b"second", "If-None-Match: *"), 412);
    assert_eq!(served(), b"first");
    let first = strong_tag(&curl, &url);
    assert_eq!(put(b"second", &format!("If-Match: {first}")), 204);
    assert_eq!(served(), b"second");
    assert_eq!(put(b"third", &format!("If-Match: {first}")), 412);
    assert_eq!(put(b"third", "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT"), 412);
    assert_eq!(served(), b"second");
    let second = strong_tag(&curl, &url);
    // a weak tag never says that it is the same
    assert_eq!(put(b"third", &format!("If-Match: W/{second}")), 412);
    assert_eq!(put(b"third", &format!("If-Match: \"x\", {second}")), 204);
    assert_eq!(served(), b"third");
    let delete = |condition: &str| curl.get(&["-X", "DELETE", "-H", condition], &url).status;
    assert_eq!(delete(&format!("If-Match: {second}")), 412);
    assert_eq!(served(), b"third");
    let third = strong_tag(&curl, &url);
    assert_eq!(delete(&format!("If-Match: {third}")), 204);
    assert_eq!(delete(&format!("If-Match: {third}")), 404);
    assert_eq!(server.folder.names(), Vec::<String>::new());
}

/// RFC 9110 §5.6.1.1, RFC 9110 §9.3.5, RFC 9110 §10.2.1, RFC 9110 §15.5.6.
#[test]
fn curl_deletes() {
    let curl = require!(Curl::new());
    let server = Server::start(&["--upload", "overwrite"]);
    server.folder.holds("f", b"x");
    server.folder.holds("folder/f", b"x");
    server.folder.holds(".hidden", b"x");
    let urls = ["/f", "/f", "/folder", "/folder/", "/.hidden", "/folder/f"];
    let urls = urls.map(|target| server.url(target));
    let urls = urls.each_ref().map(String::as_str);
    let got = curl.many(&["-X", "DELETE"], &urls);
    let statuses: Vec<u16> = got.iter().map(|got| got.status).collect();
    assert_eq!(statuses[..2], [204, 404]);
    assert!(statuses[2..5].iter().all(|status| matches!(status, 403 | 404 | 409)), "{statuses:?}");
    assert_eq!(statuses[5], 204);
    assert_eq!(server.folder.names(), [".hidden", "folder"]);
    // what may only be created may not be removed
    let server = Server::start(&["--upload", "create"]);
    server.folder.holds("f", b"x");
    let got = curl.get(&["-X", "DELETE"], &server.url("/f"));
    assert_eq!(got.expect_status(405).field("Allow"), Some("GET, HEAD, OPTIONS, PUT"));
    assert_eq!(server.folder.names(), ["f"]);
}

/// Several uploads over one connection, of which one is refused in between: where its body came all the
/// same the connection goes on, and where it was asked for nobody knows whether it will.
#[test]
fn uploads_share_a_connection() {
    let curl = require!(Curl::new());
    for (expect, connects) in [("Expect:", [1, 0, 0, 0]), ("Expect: 100-continue", [1, 0, 1, 0])] {
        let server = Server::start(&["--upload", "create"]);
        server.folder.holds("there", b"old");
        let source = server.folder.outside("source");
        fs::write(&source, content(3000)).unwrap();
        let mut arguments = vec!["-w", "%{http_code} %{num_connects}\n", "-H", expect];
        arguments.extend(["--expect100-timeout", "40"]);
        let urls = ["/a", "/there", "/b", "/c"].map(|target| server.url(target));
        for url in &urls {
            arguments.extend(["-o", "/dev/null", "-T", utf8(&source), url]);
        }
        let ended = curl.run(arguments).expect_success();
        let [a, there, b, c] = connects;
        assert_eq!(ended.stdout(), format!("201 {a}\n409 {there}\n201 {b}\n201 {c}\n"));
        for name in ["a", "b", "c"] {
            assert_eq!(fs::read(server.folder.served(name)).unwrap(), content(3000));
        }
    }
}
