//! What is said, and what is not: verbose words, traces, captures, the history.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use wirelore_interop::{content, digest, digest_of, find, require, run};

use crate::LIMIT;
use crate::copy::{User, facts};
use crate::nginx::{Nginx, PASSWORD};
use crate::proxies::{Asks, Proxy};

/// Passwords as they are written in URLs, for Basic, and in pieces.
const SECRETS: [&str; 6] = [
    "s3cret",
    "YW5uOnMzY3JldDovQCAmeA==",
    "YW5uOnMzY3JldC1vZi10aW55cHJveHk=",
    "t0ken",
    "biscuit",
    "s3cret%3A",
];

#[track_caller]
fn says_no_secret(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn passwords_are_never_shown() {
    let nginx = require!(Nginx::start());
    let proxy = require!(Proxy::tinyproxy(Asks::Basic, 443));
    let user = User::new();
    nginx.holds("f", &content(1000));
    let login = format!("ann:{PASSWORD}");
    let at_proxy = proxy.url(&format!("ann:{}@", Proxy::SIMPLE));
    let bad_proxy = proxy.url("ann:s3cret-but-wrong@");
    let in_url = nginx.url("/basic/f").replace("://", "://ann:s3cret%3A%2F%40%20%26x@");
    let wrong_url = nginx.url("/basic/f").replace("://", "://ann:s3cret-no@");
    let missing = nginx.url("/basic/nothing").replace("://", "://ann:s3cret%3A%2F%40%20%26x@");
    let dead = "http://ann:s3cret@127.0.0.1:9/f".to_owned();
    let tempting = nginx.url("/tempting");
    for (options, url, code) in [
        (&["--user", &*login][..], &nginx.url("/basic/f"), 0),
        (&["--basic", "--user", &login], &nginx.url("/basic/f"), 0),
        (&[], &in_url, 0),
        (&[], &wrong_url, 67),
        (&[], &missing, 22),
        (&["--retries", "1", "--retry-max", "10ms"], &dead, 7),
        (&["--user", &login], &tempting, 67),
        (&["--proxy", &at_proxy], &in_url, 0),
        (&["--proxy", &bad_proxy], &in_url, 67),
        (&["-H", "Cookie: a=biscuit", "-H", "X-Api-Token: t0ken"], &nginx.url("/f"), 0),
    ] {
        for how in ["-v", "-vv", "--json", "--quiet", "--progress=none"] {
            let trace = user.at("trace");
            let _ = fs::remove_file(&trace);
            let ended =
                user.fetch(&[options, &[how, "--trace", &trace]].concat(), url).expect_code(code);
            says_no_secret(&ended.stdout());
            says_no_secret(&ended.stderr());
            says_no_secret(&fs::read_to_string(&trace).unwrap_or_default());
            assert_eq!(user.names().len(), usize::from(code == 0), "{:?}", user.names());
            let _ = fs::remove_file(user.copied("f"));
        }
    }
    let history = user.run(&["--history"]).expect_success().stdout();
    says_no_secret(&history);
    let file = user.at("home/.local/state/wirelore/history.jsonl");
    says_no_secret(&fs::read_to_string(&file).unwrap());
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Wrong use is told without them, too.
#[test]
fn passwords_are_not_repeated() {
    let user = User::new();
    let mut repeated = Vec::new();
    for arguments in [
        &["http://ann:s3cret@[::1/f", "f"][..],
        &["http://ann:s3cret@127.0.0.1:99999/f", "f"],
        &["https:/ann:s3cret@127.0.0.1/f", "f"],
        &["--proxy", "ftp://ann:s3cret@127.0.0.1", "http://127.0.0.1/f", "f"],
        &["--proxy", "http://ann:s3cret@127.0.0.1:99999", "http://127.0.0.1/f", "f"],
        &["--user", ":s3cret", "http://127.0.0.1/f", "f"],
        &["--header", "Authorization Basic s3cret", "http://127.0.0.1/f", "f"],
    ] {
        let ended = user.run(arguments);
        assert!(matches!(ended.code(), Some(2 | 3)), "{ended}");
        if ended.stderr().contains("s3cret") {
            repeated.push(ended.stderr());
        }
    }
    assert!(repeated.is_empty(), "{repeated:#?}");
}

#[test]
fn the_history_has_what_was_copied() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    assert_eq!(user.run(&["--history"]).expect_success().stdout(), "");
    nginx.holds("f", &content(12_345));
    let source = user.holds("source", &content(54_321));
    user.gets(&[], &nginx.url("/f?a=b"), &content(12_345));
    user.run(&[&source, &nginx.url("/put/up")]).expect_success();
    user.fails(22, &[], &nginx.url("/nothing"));
    user.gets(&["--no-history"], &nginx.url("/f?secretly"), &content(12_345));
    let history = user.run(&["--history"]).expect_success().stdout();
    let lines: Vec<&str> = history.lines().collect();
    let wanted = [
        ["get", "200", "12345 bytes", "copied", "/f?a=b"],
        ["put", "201", "54321 bytes", "copied", "/put/up"],
        ["get", "404", "0 bytes", "failed, 22", "/nothing"],
    ];
    assert_eq!(lines.len(), wanted.len(), "{history}");
    for (line, words) in lines.iter().zip(wanted) {
        assert!(words.iter().all(|word| line.contains(word)), "{line}");
        assert!(line.ends_with(words[4]), "{line}");
    }
    for number in 0..30 {
        user.gets(&["-q"], &nginx.url(&format!("/f?{number}")), &content(12_345));
    }
    let history = user.run(&["--history"]).expect_success().stdout();
    assert_eq!(history.lines().count(), 20);
    assert!(history.trim_end().ends_with("/f?29"), "{history}");
}

#[test]
fn json_of_all_ends() {
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(3000));
    let url = nginx.url("/to/302/f");
    let digest = digest(&content(3000));
    let facts_of = facts(&user.gets(&["--json", "--digest", "sha256"], &url, &content(3000)));
    assert_eq!(facts_of["source"], url);
    assert_eq!(facts_of["bytes"], 3000);
    assert_eq!(facts_of["digest"], format!("sha256:{digest}"));
    assert_eq!((&facts_of["exit_code"], facts_of["error"].is_null()), (&0.into(), true));
    let options = &facts_of["options"];
    assert_eq!(
        (&options["status"], &options["redirects"], &options["retries"]),
        (&200.into(), &1.into(), &0.into())
    );
    let etag = options["etag"].as_str().unwrap();
    assert!(etag.contains('"'), "{etag}");
    let failed = facts(&user.fails(22, &["--json"], &nginx.url("/nothing")));
    assert_eq!(
        (&failed["exit_code"], &failed["bytes"], &failed["options"]["status"]),
        (&22.into(), &0.into(), &404.into())
    );
    assert!(failed["error"].as_str().unwrap().contains("404"));
    let failed = facts(&user.fails(7, &["--json", "--retries", "0"], "http://127.0.0.1:9/f"));
    assert_eq!(failed["exit_code"], 7);
}

/// Wireshark sees two sides that talk HTTP, and nothing odd about how.
#[test]
fn tshark_reads_captures() {
    let tshark = require!(find("tshark"));
    let nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(300_000));
    let source = user.holds("source", &content(200_000));
    for (number, arguments) in [
        ["--retries=0", &*nginx.url("/f"), "f"],
        ["--retries=0", &nginx.url("/chunked/f"), "f"],
        ["--retries=0", &source, &nginx.url("/put/f")],
        ["--retries=0", &nginx.url("/to/301/f"), "f"],
    ]
    .into_iter()
    .enumerate()
    {
        let pcap = user.at(&format!("{number}.pcap"));
        user.run(&[&["--pcap", &pcap][..], &arguments].concat()).expect_success();
        assert_eq!(fs::metadata(&pcap).unwrap().permissions().mode() & 0o777, 0o600);
        let read = |more: &[&str]| {
            let mut command = Command::new(&tshark);
            command.args(["-n", "-r", &pcap, "-d", &format!("tcp.port=={},http", nginx.port)]);
            command.args(["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]);
            run(command.args(more), LIMIT).expect_success().stdout()
        };
        let fields = ["-Y", "http", "-T", "fields", "-E", "separator=,"];
        let seen = read(
            &[&fields[..], &["-e", "http.request.method", "-e", "http.response.code"]].concat(),
        );
        let wanted = match number {
            0 | 1 => "GET,\n,200\n",
            2 => "PUT,\n,201\n",
            _ => "GET,\n,301\nGET,\n,200\n",
        };
        assert_eq!(seen, wanted);
        let objects = user.at(&format!("{number}.objects"));
        read(&["-q", "--export-objects", &format!("http,{objects}")]);
        let bodies = fs::read_dir(&objects).unwrap().map(|entry| digest_of(&entry.unwrap().path()));
        let body = content(if number == 2 { 200_000 } else { 300_000 });
        assert!(bodies.into_iter().any(|found| found == digest(&body)), "{arguments:?}");
        let odd = read(&["-Y", "_ws.malformed || tcp.checksum.status == 0 || tcp.analysis.flags"]);
        assert_eq!(odd, "");
    }
}
