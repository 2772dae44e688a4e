//! HTTPS: whom the certificate stands for, versions, and that nothing is different behind it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use wirelore_interop::{content, find, require, run, wait_until};

use crate::LIMIT;
use crate::clients::{Curl, Piped};
use crate::server::{Folder, Server, utf8};

/// What the server says about its certificate: the file, its fingerprint, and a pin for curl.
#[track_caller]
fn certificate(server: &Server) -> (PathBuf, String, String) {
    server.says("--pinnedpubkey", 1);
    let said = server.peer().stderr();
    let line = said.lines().find_map(|line| line.split_once("https: our own certificate "));
    let (file, fingerprint) =
        line.and_then(|(_, rest)| rest.split_once(", SHA-256 ")).expect(&said);
    let pin = said.lines().find_map(|line| line.split_once("https: curl --pinnedpubkey "));
    (PathBuf::from(file), fingerprint.into(), pin.expect(&said).1.into())
}

#[test]
fn curl_knows_whom_it_talks_to() {
    let curl = require!(Curl::new());
    let openssl = require!(find("openssl"));
    let server = Server::secure(Folder::new(), &[]);
    server.folder.holds("f", &content(100_000));
    let (file, fingerprint, pin) = certificate(&server);
    let mut command = Command::new(openssl);
    command.args(["x509", "-noout", "-fingerprint", "-sha256", "-in", utf8(&file)]);
    let said = run(&mut command, LIMIT).expect_success().stdout();
    assert_eq!(said.trim().split_once('='), Some(("sha256 Fingerprint", &*fingerprint)));
    let trusted = ["--cacert", utf8(&file)];
    curl.get(&trusted, &server.url("/f")).expect(200, &content(100_000));
    let named = format!("https://localhost:{}/f", server.port);
    let resolve = format!("localhost:{}:127.0.0.1", server.port);
    curl.get(&["--cacert", utf8(&file), "--resolve", &resolve], &named)
        .expect(200, &content(100_000));
    // another name, or nobody who vouches for it
    let wrong = format!("https://wrong.invalid:{}/f", server.port);
    let resolve = format!("wrong.invalid:{}:127.0.0.1", server.port);
    let fails = |arguments: &[&str], url: &str, code: i32| {
        let ended = curl.run([arguments, &["-o", "/dev/null", url]].concat());
        ended.expect_code(code);
    };
    fails(&["--cacert", utf8(&file), "--resolve", &resolve], &wrong, 60);
    fails(&[], &server.url("/f"), 60);
    curl.get(&["-k"], &server.url("/f")).expect(200, &content(100_000));
    curl.get(&["-k", "--pinnedpubkey", &pin], &server.url("/f")).expect(200, &content(100_000));
    let other = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    fails(&["-k", "--pinnedpubkey", other], &server.url("/f"), 90);
    // the same after a restart
    let folder = server.folder.clone();
    server.ends();
    let server = Server::secure(folder, &[]);
    assert_eq!(certificate(&server), (file.clone(), fingerprint, pin));
    curl.get(&trusted, &server.url("/f")).expect(200, &content(100_000));
}

#[test]
fn versions_of_tls() {
    let curl = require!(Curl::new());
    let server = Server::secure(Folder::new(), &[]);
    server.folder.holds("f", &content(5000));
    for arguments in [&["--tls-max", "1.2"][..], &["--tlsv1.3"], &["--tlsv1.2"]] {
        let got = curl.get(&[arguments, &["-k"]].concat(), &server.url("/f"));
        got.expect(200, &content(5000));
    }
    for arguments in [["--tlsv1.0", "--tls-max", "1.1"], ["--tlsv1.1", "--tls-max", "1.1"]] {
        // OpenSSL itself does not offer them otherwise
        let (weak, url) = (["-k", "--ciphers", "ALL:@SECLEVEL=0"], server.url("/f"));
        curl.run([&arguments[..], &weak, &[&url]].concat()).expect_code(35);
    }
    curl.get(&["-k"], &server.url("/f")).expect(200, &content(5000));
}

/// RFC 9112 §3.3.
#[test]
fn nothing_else_is_different() {
    let curl = require!(Curl::new());
    let server = Server::secure(Folder::new(), &["--upload", "overwrite"]);
    let all = content(5 << 20);
    let source = server.folder.outside("source");
    fs::write(&source, &all).unwrap();
    for version in [&["-k", "--tls-max", "1.2"][..], &["-k", "--tlsv1.3"]] {
        let got = |arguments: &[&str], target: &str| {
            curl.get(&[version, arguments].concat(), &server.url(target))
        };
        assert!(matches!(got(&["-T", utf8(&source)], "/f").status, 201 | 204));
        assert!(fs::read(server.folder.served("f")).unwrap() == all);
        got(&[], "/f").expect(200, &all);
        got(&["--head"], "/f").expect(200, b"");
        got(&["-r", "4000000-4999999"], "/f").expect(206, &all[4_000_000..5_000_000]);
        assert!(got(&[], "/").text().contains("<a href=\"f\">f</a>"));
        let urls = ["/f", "/", "/f", "/nothing", "/f"].map(|target| server.url(target));
        let urls = urls.each_ref().map(String::as_str);
        let connects: Vec<u64> = curl.many(version, &urls).iter().map(|got| got.connects).collect();
        assert_eq!(connects, [1, 0, 0, 0, 0]);
    }
    // the page says where uploads go to
    let page = curl.get(&["-k"], &server.url("/")).text();
    assert!(page.contains(&format!("curl -T FILE {}", server.url("/"))), "{page}");
    let events = server.events("transfer");
    assert!(events.iter().all(|event| event["protocol"] == "https"));
}

/// The end of a connection is said, in TLS too, or nobody could tell it from one that was broken.
/// RFC 9112 §9.8.
#[test]
fn the_end_is_said() {
    let openssl = require!(find("openssl"));
    let server = Server::secure(Folder::new(), &[]);
    server.folder.holds("f", b"here");
    let place = format!("127.0.0.1:{}", server.port);
    for version in ["-tls1_2", "-tls1_3"] {
        let arguments = ["s_client", version, "-connect", &place, "-ign_eof", "-msg"];
        let (_, output) = Piped::start(&openssl, &arguments, b"GET /f HTTP/1.0\r\n\r\n").wait();
        let output = String::from_utf8_lossy(&output);
        assert!(output.contains("here"), "{version} {output}");
        let messages = output.split("<<< TLS").skip(1);
        let last = messages.filter_map(|rest| rest.lines().next()).last().expect("a message");
        assert!(last.ends_with("warning close_notify"), "{version} {last}");
    }
}

/// Who talks plainly, or not at all, harms nobody else.
#[test]
fn what_is_no_tls_is_refused() {
    let curl = require!(Curl::new());
    let socat = require!(find("socat"));
    let server = Server::secure(Folder::new(), &["--http-head", "300ms"]);
    server.folder.holds("f", b"here");
    let plain = format!("http://127.0.0.1:{}/f", server.port);
    let (ended, got) = curl.try_many(&[], &[&plain]);
    let is_refused = ended.code() != Some(0) || got[0].status == 400;
    assert!(is_refused && !got[0].text().contains("here"), "{ended} {got:?}");
    let place = format!("TCP:127.0.0.1:{}", server.port);
    for octets in [&b""[..], b"\x16\x03\x01", b"GET /f HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let (_, output) = Piped::open(&socat, &["-", &place], octets).wait();
        assert!(!String::from_utf8_lossy(&output).contains("here"));
    }
    // who said nothing at all is told of as well
    wait_until("errors", LIMIT, || (server.events("error").len() >= 3).then_some(()));
    curl.get(&["-k"], &server.url("/f")).expect(200, b"here");
}
