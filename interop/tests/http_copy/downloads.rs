//! What comes is what the server has, however it is sent.

use std::fs;
use std::path::Path;
use std::process::Command;

use wirelore_interop::{content, digest, find, require, run};

use crate::LIMIT;
use crate::copy::{User, facts, utf8};
use crate::nginx::Nginx;
use crate::python::{FileServer, Odd};

const SIZES: [usize; 8] = [0, 1, 1023, 65_535, 65_536, 65_537, 1 << 20, (6 << 20) + 7];

#[test]
fn files_of_all_sizes_from_nginx() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    for size in SIZES {
        let all = content(size);
        nginx.holds("f", &all);
        for place in ["", "/chunked", "/rewritten"] {
            let ended = user.gets(&["--json"], &nginx.url(&format!("{place}/f")), &all);
            let facts = facts(&ended);
            assert_eq!(
                (&facts["bytes"], &facts["exit_code"]),
                (&size.into(), &0.into()),
                "{facts}"
            );
            assert_eq!(facts["options"]["status"], 200, "{facts}");
            let [seen] = nginx.takes();
            assert_eq!(seen["method"], "GET");
            assert_eq!(seen["host"], format!("127.0.0.1:{}", nginx.port));
            assert_eq!(seen["range"], "");
        }
    }
}

#[test]
fn files_of_all_sizes_from_python() {
    let curl = require!(find("curl"));
    let user = User::new();
    for protocol in ["HTTP/1.0", "HTTP/1.1"] {
        let folder = wirelore_interop::folder();
        let server = require!(FileServer::start(folder.path(), protocol));
        for size in SIZES {
            let all = content(size);
            fs::write(folder.path().join("a b+%25.bin"), &all).unwrap();
            user.gets(&[], &server.url("/a%20b+%2525.bin"), &all);
        }
        // what is not there, and a folder
        user.fails(22, &[], &server.url("/nothing"));
        let ended = user.gets(&[], &server.url("/"), &directory(&curl, &server));
        assert!(ended.stderr().contains("bytes copied"), "{ended}");
        // without a range it all comes again
        fs::write(folder.path().join("f"), content(100_000)).unwrap();
        user.gets(&["--continue"], &server.url("/f"), &content(100_000));
    }
}

/// What curl has of the list of files.
fn directory(curl: &Path, server: &FileServer) -> Vec<u8> {
    let mut command = Command::new(curl);
    command.args(["-q", "-sS", "--noproxy", "*", &server.url("/")]);
    run(&mut command, LIMIT).expect_success().stdout().into_bytes()
}

#[test]
fn bodies_end_in_all_ways() {
    let odd = require!(Odd::start());
    let user = User::new();
    for target in [
        "/eof/N",
        "/closing/N",
        "/early/N/N",
        "/hints/N",
        "/chunked/N/1",
        "/chunked/N/7777",
        "/chunked/N/1000000",
    ] {
        for size in [0, 1, 3000, 300_000] {
            if target.ends_with("/1") && size > 3000 {
                continue;
            }
            let target = target.replace('N', &size.to_string());
            user.gets(&[], &odd.url(&target), &content(size));
            let (ended, output) = user.pipes(&["-q", &odd.url(&target), "-"]);
            ended.expect_success();
            assert_eq!(digest(&output), digest(&content(size)), "{target}");
        }
    }
}

/// nginx keeps the connection of an HTTP/1.1 origin, and cuts its body anew.
#[test]
fn chunks_through_nginx() {
    let odd = require!(Odd::start());
    let nginx = require!(Nginx::before(odd.port));
    let user = User::new();
    for target in
        ["/behind/chunked/500000/3333", "/behind/eof/500000", "/behind/early/500000/500000"]
    {
        user.gets(&[], &nginx.url(target), &content(500_000));
    }
    // nginx knows that its origin broke off, and says so by breaking off too
    user.fails(18, &["--retries", "0"], &nginx.url("/behind/early_chunked/300000"));
    user.fails(18, &["--retries", "0"], &nginx.url("/behind/early/500000/300000"));
    // nginx takes what has no head for HTTP/0.9, and passes it on
    user.fails(8, &["--retries", "0"], &nginx.url("/behind/garbage"));
}

/// nginx sends the coded form even to who does not want it.
#[test]
fn coded_files_are_kept_as_they_are() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f.gz", &content(3000));
    let ended = user.gets(&[], &nginx.url("/coded/f"), &content(3000));
    assert!(ended.stderr().contains("gzip"), "{ended}");
}

#[test]
fn announced_digests_are_compared() {
    let nginx = require!(Nginx::start());
    let openssl = require!(find("openssl"));
    let user = User::new();
    nginx.holds("f", &content(200_000));
    let sha = |file: &str| {
        let mut command = Command::new("sh");
        let script = "\"$1\" dgst -sha256 -binary <\"$2\" | \"$1\" base64 -A";
        command.args(["-c", script, "sh", utf8(&openssl), file]);
        run(&mut command, LIMIT).expect_success().stdout()
    };
    let right = sha(utf8(&nginx.served("f")));
    let wrong = sha(&user.holds("other", b"other"));
    let url = nginx.url("/announced/f");
    let announce = |digest: &str| format!("X-Announce: sha-256=:{digest}:");
    user.gets(&["-H", &announce(&right)], &url, &content(200_000));
    user.fails(90, &["-H", &announce(&wrong)], &url);
    user.fails(90, &["--continue", "-H", &announce(&wrong)], &url);
    let options = ["--no-verify=content", "-H", &announce(&wrong)];
    user.gets(&options, &url, &content(200_000));
    // an older file stays until the new one is verified
    fs::write(user.copied("f"), b"old").unwrap();
    user.fetch(&["-H", &announce(&wrong)], &url).expect_code(90);
    user.has_only("f", b"old");
    // and the one that the user knows
    let known = format!("sha256:{}", digest(&content(200_000)));
    user.gets(&["--checksum", &known], &url, &content(200_000));
    let known = format!("sha256:{}", digest(b"other"));
    user.fails(90, &["--checksum", &known], &url);
}

#[test]
fn names_of_copies() {
    let nginx = require!(Nginx::start());
    let odd = require!(Odd::start());
    let user = User::new();
    nginx.holds("sub/a b%", b"here");
    user.run(&[&nginx.url("/sub/a%20b%25?x=y"), "."]).expect_success();
    user.has_only("a b%", b"here");
    // no name, unless the server has one; and that is in this folder only
    user.run(&[&odd.url("/named/"), "."]).expect_code(2);
    assert!(user.names().is_empty());
    user.run(&["--content-disposition", &odd.url("/named/"), "."]).expect_success();
    user.has_only("a b", &content(10));
}

#[test]
fn limits_and_old_files() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(100_000));
    for place in ["/f", "/chunked/f"] {
        user.fails(63, &["--max-size", "99999"], &nginx.url(place));
        user.gets(&["--max-size", "100000"], &nginx.url(place), &content(100_000));
        fs::write(user.copied("f"), b"old").unwrap();
        user.fetch(&["--no-clobber"], &nginx.url(place)).expect_code(91);
        user.has_only("f", b"old");
    }
}
