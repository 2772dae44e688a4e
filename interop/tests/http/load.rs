//! ab and wrk: many requests at the same time, none of which may fail.

use std::collections::BTreeMap;
use std::process::Command;

use wirelore_interop::{content, find, require, run};

use crate::LIMIT;
use crate::server::Server;

/// ab reads every response to its end, and counts what is not as long as the first.
#[test]
fn ab_finds_no_fault() {
    let ab = require!(find("ab"));
    let server = Server::start(&[]);
    server.folder.holds("small", &content(1000));
    server.folder.holds("large", &content(200_000));
    for (path, size) in [("/small", 1000), ("/large", 200_000)] {
        for options in [&[][..], &["-k"], &["-i"], &["-k", "-H", "Range: bytes=10-19"]] {
            let requests = if options.contains(&"-k") { 2000 } else { 500 };
            let mut command = Command::new(&ab);
            command.args(["-q", "-c", "8", "-n", &requests.to_string()]).args(options);
            let ended = run(command.arg(server.url(path)), LIMIT).expect_success();
            let stdout = ended.stdout();
            let told: BTreeMap<&str, &str> = stdout
                .lines()
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name, value.trim()))
                .collect();
            let number = |name: &str| {
                let value = told.get(name).and_then(|value| value.split(' ').next());
                value.map(|value| value.parse::<u64>().unwrap_or_else(|_| panic!("{ended}")))
            };
            assert_eq!(number("Complete requests"), Some(requests), "{ended}");
            assert_eq!(number("Failed requests"), Some(0), "{ended}");
            assert_eq!(number("Non-2xx responses"), None, "{ended}");
            assert_eq!(number("Write errors").unwrap_or(0), 0, "{ended}");
            let len = if options.len() == 3 { 10 } else { size };
            let len = if options == ["-i"] { 0 } else { len };
            assert_eq!(number("Document Length"), Some(len), "{ended}");
            assert_eq!(number("HTML transferred"), Some(len * requests), "{ended}");
            let kept = number("Keep-Alive requests");
            let wanted = options.contains(&"-k").then_some(requests);
            assert_eq!(kept, wanted, "{ended}");
        }
    }
}

/// As many requests as it can for two seconds: another client is served all the same.
#[test]
fn wrk_finds_no_fault() {
    let wrk = require!(find("wrk"));
    let curl = require!(crate::clients::Curl::new());
    let server = Server::start(&[]);
    for n in 0..3 {
        server.folder.holds(&format!("f{n}"), &content(1000 << (4 * n)));
    }
    for n in 0..2 {
        let mut command = Command::new(&wrk);
        let path = server.url(&format!("/f{n}"));
        command.args(["-t", "1", "-c", "32", "-d", "2s", "--timeout", "30s", &path]);
        let client = wirelore_interop::Peer::start(&mut command);
        for _ in 0..10 {
            curl.get(&[], &server.url("/f2")).expect(200, &content(256_000));
        }
        let ended = client.wait(LIMIT).expect_success();
        let stdout = ended.stdout();
        assert!(!stdout.contains("Socket errors") && !stdout.contains("Non-2xx"), "{ended}");
        let line = stdout.lines().find(|line| line.contains(" requests in ")).expect("requests");
        let count: u64 = line.trim().split(' ').next().unwrap().parse().unwrap();
        assert!(count > 100, "{ended}");
    }
}
