//! Users: Basic and Digest, as curl and wget do them.

use std::fs;
use std::process::Command;

use wirelore_interop::{content, find, require, run};

use crate::LIMIT;
use crate::clients::{Curl, Piped};
use crate::server::{Folder, Server, utf8};

const USERS: &str = "# who may come in\n\nann:correct horse\nbob:b:o:b\nzoë:grün\n";

/// A server with these users and a file.
fn guarded(arguments: &[&str]) -> Server {
    let folder = Folder::new();
    folder.holds("f", &content(100_000));
    let users = folder.keeps("users", USERS);
    Server::over(folder, &[&["--http-users", utf8(&users)], arguments].concat())
}

/// RFC 9110 §11.4, RFC 9110 §11.6.1, RFC 9110 §15.5.2, RFC 1945 §9.4.
/// RFC 7616 §3.4, RFC 7617 §2.
#[test]
fn curl_logs_in() {
    let curl = require!(Curl::new());
    let basic = guarded(&["--http-auth", "basic"]);
    let digest = guarded(&[]);
    let both = guarded(&["--http-auth", "digest,basic"]);
    // each wrong password is answered half a second later
    let wrong = ["ann:wrong", "ann:", "eve:correct horse", "ANN:correct horse"];
    for (server, scheme, wrong) in [
        (&basic, "--basic", &wrong[..]),
        (&digest, "--digest", &wrong[..]),
        (&both, "--basic", &wrong[..1]),
        (&both, "--digest", &wrong[..1]),
        (&basic, "--anyauth", &wrong[..1]),
        (&digest, "--anyauth", &wrong[..1]),
        (&both, "--anyauth", &wrong[..1]),
    ] {
        for user in ["ann:correct horse", "bob:b:o:b", "zoë:grün"] {
            let (ended, got) = curl.try_many(&[scheme, "-u", user], &[&server.url("/f")]);
            ended.expect_success();
            got[0].expect(200, &content(100_000));
            assert_eq!(got[0].connects, 1, "{scheme} {user}: the connection is kept for the login");
        }
        for user in wrong {
            let got = curl.try_many(&[scheme, "-u", user], &[&server.url("/f")]).1;
            assert_eq!(got[0].status, 401, "{scheme} {user}");
            assert!(got[0].body.len() < 10_000, "{scheme} {user}");
        }
    }
    // who says nothing is told how to
    for (server, schemes) in [(&basic, &["Basic"][..]), (&digest, &["Digest", "Digest"])] {
        let got = curl.get(&[], &server.url("/f"));
        let told = got.expect_status(401).all("WWW-Authenticate");
        let names: Vec<&str> = told.iter().filter_map(|value| value.split(' ').next()).collect();
        assert_eq!(names, schemes, "{told:?}");
        assert!(told.iter().all(|value| value.contains("realm=\"wirelore\"")), "{told:?}");
        for target in ["/", "/nothing", "/../f"] {
            curl.get(&["--path-as-is"], &server.url(target)).expect_status(401);
        }
    }
    // a scheme that is not offered is not taken, though the password is right
    assert_eq!(curl.get(&["--basic", "-u", "ann:correct horse"], &digest.url("/f")).status, 401);
    for server in [basic, digest, both] {
        let said = server.ends();
        let all = format!("{}{}", said.stdout(), said.stderr());
        assert!(!all.contains("correct horse") && !all.contains("b:o:b"), "{all}");
    }
}

/// One login is good for many requests, and for uploads of any kind.
#[test]
fn curl_goes_on_with_a_login() {
    let curl = require!(Curl::new());
    let server = guarded(&["--upload", "overwrite", "--http-auth", "digest,basic"]);
    let source = server.folder.outside("source");
    fs::write(&source, content(300_000)).unwrap();
    let login = |scheme| [scheme, "-u", "ann:correct horse"];
    for scheme in ["--basic", "--digest", "--anyauth"] {
        let urls = vec![server.url("/f"); 20];
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        let got = curl.many(&login(scheme), &urls);
        assert!(got.iter().all(|got| got.status == 200 && got.body == content(100_000)));
        assert_eq!(got.iter().map(|got| got.connects).sum::<u64>(), 1, "{scheme}");
        for expect in ["Expect:", "Expect: 100-continue"] {
            let url = server.url(&format!("/up{scheme}-{}", expect.len()));
            let upload = ["-H", expect, "--expect100-timeout", "40", "-T", utf8(&source)];
            let got = curl.get(&[&login(scheme)[..], &upload].concat(), &url);
            got.expect_status(201);
            let name = url.rsplit('/').next().unwrap();
            assert!(fs::read(server.folder.served(name)).unwrap() == content(300_000), "{name}");
        }
    }
    let got = curl.get(&["-T", utf8(&source)], &server.url("/f"));
    got.expect_status(401);
    assert_eq!(fs::read(server.folder.served("f")).unwrap(), content(100_000));
}

/// Who has logged in has done so for one request, and not for the connection, which a proxy may share.
/// RFC 9110 §3.3.
#[test]
fn a_login_is_for_its_request() {
    let ncat = require!(find("ncat"));
    let server = guarded(&["--http-auth", "basic"]);
    let login = "Authorization: Basic YW5uOmNvcnJlY3QgaG9yc2U=\r\n";
    let get = |login: &str| format!("GET /f HTTP/1.1\r\nHost: a\r\n{login}\r\n");
    let text = [get(login), get(""), get(login)].concat();
    let port = server.port.to_string();
    let (ended, output) = Piped::start(&ncat, &["127.0.0.1", &port], text.as_bytes()).wait();
    ended.expect_success();
    let output = String::from_utf8_lossy(&output);
    let found = output.split("HTTP/1.1 ").skip(1);
    let statuses: Vec<&str> = found.map(|rest| rest.split(' ').next().unwrap()).collect();
    assert_eq!(statuses, ["200", "401", "200"]);
}

/// A nonce that is too old costs a request, and nobody is asked again.
#[test]
fn nonces_grow_stale() {
    let curl = require!(Curl::new());
    let folder = Folder::new();
    folder.holds("f", &content(100_000));
    let (users, log) = (folder.keeps("users", USERS), folder.outside("log"));
    let options = ["--http-nonce-time", "10ms", "--http-users", utf8(&users)];
    let server = Server::over(folder, &[&options[..], &["--access-log", utf8(&log)]].concat());
    let urls = vec![server.url("/f"); 5];
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    // a tenth of a second between requests
    let login = ["--digest", "-u", "ann:correct horse", "--rate", "600/m"];
    for got in curl.many(&login, &urls) {
        assert!(got.status == 200 && got.body == content(100_000));
    }
    let _folder = server.folder.clone();
    server.ends();
    let lines = fs::read_to_string(log).unwrap();
    let count = |status: &str| lines.lines().filter(|line| line.contains(status)).count();
    assert_eq!(count("\" 200 "), 5, "{lines}");
    assert!(count("\" 401 ") >= 5, "{lines}");
    assert!(!lines.contains("correct horse"), "{lines}");
}

/// Everybody may read, and who writes is known.
#[test]
fn only_uploads_may_be_protected() {
    let curl = require!(Curl::new());
    let server = guarded(&["--upload", "overwrite", "--http-protect", "uploads"]);
    let source = server.folder.outside("source");
    fs::write(&source, b"new").unwrap();
    let url = server.url("/f");
    curl.get(&[], &url).expect(200, &content(100_000));
    curl.get(&["-T", utf8(&source)], &url).expect_status(401);
    curl.get(&["-X", "DELETE"], &url).expect_status(401);
    curl.get(&[], &url).expect(200, &content(100_000));
    let login = ["--digest", "-u", "ann:correct horse"];
    curl.get(&[&login[..], &["-T", utf8(&source)]].concat(), &url).expect_status(204);
    curl.get(&[], &url).expect(200, b"new");
    curl.get(&[&login[..], &["-X", "DELETE"]].concat(), &url).expect_status(204);
    curl.get(&[], &url).expect_status(404);
}

/// Users of the configuration, with a realm and an algorithm that old clients know.
#[test]
fn the_configuration_has_users_too() {
    let curl = require!(Curl::new());
    let wget = require!(find("wget"));
    for algorithms in
        ["[\"md5\"]", "[\"sha-256\"]", "[\"sha-256\", \"md5\"]", "[\"sha-512-256\", \"md5\"]"]
    {
        let folder = Folder::new();
        folder.holds("f", &content(3000));
        let config = folder.keeps(
            "wirelore.toml",
            &format!(
                "[http]\nrealm = \"the cellar\"\ndigest-algorithms = {algorithms}\n\
                 [[http.user]]\nname = \"ann\"\npassword = \"correct horse\"\n"
            ),
        );
        let server = Server::over(folder.clone(), &["--config", utf8(&config)]);
        let got = curl.get(&["--digest", "-u", "ann:correct horse"], &server.url("/f"));
        // curl knows SHA-512-256 only where its TLS does
        if !algorithms.contains("512") || got.status == 200 {
            got.expect(200, &content(3000));
        }
        curl.get(&[], &server.url("/f")).expect_status(401);
        // wget knows MD5 only
        if algorithms.contains("md5") {
            let copy = folder.copy("f");
            let mut command = Command::new(&wget);
            command.args(["--no-config", "-q", "--user", "ann", "--password", "correct horse"]);
            run(command.args(["-O", utf8(&copy), &server.url("/f")]), LIMIT).expect_success();
            assert_eq!(fs::read(copy).unwrap(), content(3000));
        }
    }
}
